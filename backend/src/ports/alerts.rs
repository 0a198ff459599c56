//! What is wrong with an account's connections (BEHAVIOUR §5, alerts): kept from its begin to its end, and told once at
//! each of them.

use crate::error::{CallError, StoreError};
use async_trait::async_trait;
use std::collections::BTreeMap;
use widget_core::ids::{AccountId, TaskId};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $id:literal),* $(,)?) => {
        /// What may be wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum AlertKind {
            $($(#[$doc])* $name),*
        }

        impl AlertKind {
            /// All of them, what guests feel most first.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its stable name: in the store, in the webhook and in metrics.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $id),* }
            }
        }
    };
}

kinds! {
    /// The channel itself is switched off: `WhatsApp` is not connected in Pact.
    ChannelOff = "channel_off",
    /// Pact refuses the whole account: 401, 402 or 403.
    PactRefused = "pact_refused",
    /// amoCRM has to be connected anew.
    NeedsReauth = "needs_reauth",
    /// amoCRM refuses the whole account: 402 or 403. Its breaker is open.
    AmocrmRefused = "amocrm_refused",
    /// The bot does not answer. Its breaker is open.
    BotDown = "bot_down",
    /// A text to a guest failed for good.
    SendFailed = "send_failed",
    /// A part of a handoff failed for good: a guest waits, and perhaps nobody knows.
    HandoffFailed = "handoff_failed",
    /// Something has waited in the outbox for more than five minutes.
    OutboxLate = "outbox_late",
    /// A provider had switched our webhook off.
    HookOff = "hook_off",
    /// The channel's webhook has brought nothing for long in working hours.
    NoEvents = "no_events",
    /// The token of amoCRM ends within 14 days.
    TokenEnds = "token_ends",
}

impl AlertKind {
    /// The kind of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

/// Something that is or was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// Its id.
    pub id: i64,
    /// The tenant.
    pub account: AccountId,
    /// What is wrong.
    pub kind: AlertKind,
    /// More of it, such as a status. Never a secret, nothing of a guest.
    pub detail: String,
    /// Since when, business unix ms.
    pub begun: i64,
    /// When its cause was last seen, business unix ms.
    pub seen: i64,
    /// It is over when its cause was not seen for so long, ms.
    pub calm: i64,
    /// When it was over, business unix ms; `None` = it is not.
    pub ended: Option<i64>,
}

/// How somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A task in the CRM.
    Task,
    /// A call to an address of the operator's.
    Webhook,
}

impl Way {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Task, Self::Webhook];

    /// Its name in the store and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Webhook => "webhook",
        }
    }
}

/// What of an incident is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// That it has begun.
    Begin,
    /// That it is over.
    End,
}

impl Part {
    /// Its name in the store and in the webhook.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::End => "end",
        }
    }
}

/// Something that is to be told now, by whoever has claimed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// Its id.
    pub id: i64,
    /// Fencing token of this claim.
    pub token: i64,
    /// Of what.
    pub incident: Incident,
    /// How.
    pub way: Way,
    /// Which part.
    pub part: Part,
    /// The CRM's task that told the begin.
    pub task: Option<TaskId>,
    /// How often it was tried before.
    pub tries: u32,
    /// Since when it may have been told already, business unix ms: it is looked for first.
    pub unsure: Option<i64>,
}

/// What a claimed telling came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It is told; by which task of the CRM.
    Done(Option<TaskId>),
    /// Begin and end are told with one: it was over already.
    Whole(Option<TaskId>),
    /// Not yet: not before this time (business unix ms) again; whether it may have been told all the same.
    Later {
        /// Business unix ms.
        not_before: i64,
        /// Since when it may have been told, business unix ms.
        unsure: Option<i64>,
    },
}

/// Incidents, and what is to be told of them.
#[async_trait]
pub trait Incidents: Send + Sync {
    /// The incidents of all accounts that are not over, or were not at `since` (unix ms): one look for all accounts.
    async fn incidents(&self, since: i64) -> Result<Vec<Incident>, StoreError>;

    /// A cause was seen at `now` (unix ms): an incident of its kind begins, with one telling for each way; if one is open
    /// already, it was seen now. Whether it is new.
    async fn cause_seen(&self, seen: &CauseSeen, now: i64) -> Result<bool, StoreError>;

    /// An incident is over, which is to be told in every way in which its begin is. Whether it was not before.
    async fn cause_gone(&self, incident: &Incident, now: i64) -> Result<bool, StoreError>;

    /// Of which accounts there is something to tell in which way at `now` (unix ms): one look for all accounts.
    async fn to_tell(&self, now: i64) -> Result<Vec<(AccountId, Way)>, StoreError>;

    /// Claims what is to be told next of an account in this way at business time `now`, for `ms` of the database's clock.
    /// An end only after its begin.
    async fn claim_telling(
        &self,
        account: AccountId,
        way: Way,
        now: i64,
        ms: i64,
    ) -> Result<Option<Telling>, StoreError>;

    /// Ends a claim. [`StoreError::LeaseLost`] if the token is stale.
    async fn told(&self, telling: &Telling, told: Told) -> Result<(), StoreError>;
}

/// A cause that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CauseSeen {
    /// The tenant.
    pub account: AccountId,
    /// What is wrong.
    pub kind: AlertKind,
    /// More of it.
    pub detail: String,
    /// A new incident is over when its cause was not seen for so long, ms.
    pub calm: i64,
    /// How its begin and its end are told.
    pub ways: Vec<Way>,
}

/// How an account's work goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pulse {
    /// When the channel's webhook last brought something, unix ms.
    pub heard_at: Option<i64>,
    /// When the account was first served, unix ms.
    pub activated_at: Option<i64>,
    /// When the oldest text or write that waits was decided, unix ms, and whether it is a text to a guest.
    pub oldest: Option<(i64, bool)>,
}

/// How the accounts' work goes on.
#[async_trait]
pub trait Pulses: Send + Sync {
    /// The channel's webhook brought something at `at` (unix ms). Never goes back.
    async fn heard(&self, account: AccountId, at: i64) -> Result<(), StoreError>;

    /// How the work of each account goes on: one look for all accounts.
    async fn pulses(&self) -> Result<BTreeMap<AccountId, Pulse>, StoreError>;
}

/// Where the operator wants to be told.
#[async_trait]
pub trait AlertHook: Send + Sync {
    /// Tells it; `now`: business unix ms. A body that was told already may be told again: it names itself.
    async fn tell(&self, body: Vec<u8>, now: i64) -> Result<(), CallError>;
}

/// Whether the channel itself is on, asked of it.
#[async_trait]
pub trait ChannelState: Send + Sync {
    /// Whether guests can be written to at all.
    async fn is_on(&self) -> Result<bool, CallError>;
}

/// How a provider's webhook to us was found when the provider was prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookFound {
    /// As it should be.
    Active,
    /// Switched off; it is on again now.
    Off,
    /// Not there; it is now.
    Missing,
}
