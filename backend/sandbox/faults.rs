//! Faults that a test switches on: which service, what goes wrong, how often or for how long.

use serde::{Deserialize, Serialize};

/// One of the three stand-ins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Service {
    Amocrm,
    Pact,
    Bot,
}

macro_rules! kinds {
    ($($kind:ident = $name:literal,)*) => {
        /// What goes wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub(crate) enum Kind { $($kind,)* }

        impl Kind {
            pub(crate) const NAMES: &[&str] = &[$($name,)*];

            pub(crate) fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$kind),)* _ => None }
            }
        }
    };
}

kinds! {
    Slow = "slow",
    Timeout = "timeout",
    Refuse = "refuse",
    Http500 = "http_500",
    Http429 = "http_429",
    Http403 = "http_403",
    HtmlBody = "html_body",
    LostResponse = "lost_response",
    HookBeforeResponse = "hook_before_response",
    HookDup = "hook_dup",
    HookReorder = "hook_reorder",
    HookDrop = "hook_drop",
    HookDelay = "hook_delay",
    TokenRevoked = "token_revoked",
    LateDeal = "late_deal",
    NeverDeal = "never_deal",
    EchoAsUser = "echo_as_user",
    EchoNone = "echo_none",
    V1Twin = "v1_twin",
    Undelivered = "undelivered",
    Http402 = "http_402",
    IndexLag = "index_lag",
    Unpaid = "unpaid",
    NoRights = "no_rights",
    Overload = "overload",
    InvalidUrl = "invalid_url",
    HookBatch = "hook_batch",
}

impl Kind {
    /// Faults that any request of a service may meet.
    pub(crate) const OF_REQUESTS: &[Self] = &[
        Self::Refuse,
        Self::Timeout,
        Self::Slow,
        Self::Http500,
        Self::Http429,
        Self::Http403,
        Self::Http402,
        Self::HtmlBody,
        Self::TokenRevoked,
    ];

    /// Faults that exist in one place only, so that the service named with them does not matter.
    fn has_one_place(self) -> bool {
        matches!(
            self,
            Self::LateDeal
                | Self::NeverDeal
                | Self::EchoAsUser
                | Self::EchoNone
                | Self::V1Twin
                | Self::Undelivered
        )
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Fault {
    pub service: Service,
    pub kind: Kind,
    /// How many times more.
    pub left: Option<u32>,
    /// Business time of the end.
    pub until_ms: Option<i64>,
    /// Business time of the beginning.
    #[serde(default)]
    pub since_ms: i64,
    /// Strength in machine milliseconds, where the kind has one.
    pub ms: Option<u64>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Since when (business ms) a fault of this kind is on; it is not used up.
    pub(crate) fn since(&self, kind: Kind, now_ms: i64) -> Option<i64> {
        let mut on = self.0.iter().filter(|fault| {
            fault.left != Some(0) && fault.until_ms.is_none_or(|until| now_ms < until)
        });
        on.find(|fault| fault.kind == kind)
            .map(|fault| fault.since_ms)
    }

    /// Uses up one occurrence of the first fault of these kinds, if one is on.
    pub(crate) fn strike(
        &mut self,
        service: Service,
        kinds: &[Kind],
        now_ms: i64,
    ) -> Option<Fault> {
        self.0.retain(|fault| {
            fault.left != Some(0) && fault.until_ms.is_none_or(|until| now_ms < until)
        });
        let fault = self.0.iter_mut().find(|fault| {
            kinds.contains(&fault.kind) && (fault.service == service || fault.kind.has_one_place())
        })?;
        fault.left = fault.left.map(|left| left - 1);
        Some(fault.clone())
    }
}
