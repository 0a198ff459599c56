//! Whether a provider takes an account's calls at all. A refusal of one call (401, 402, 403) may concern that call
//! alone; when the account as a whole is refused, the line is shut: its actions are held, not failed, it is said aloud,
//! and somebody asks now and then whether it is over (DESIGN §5.4, BEHAVIOUR §5).

use super::{Flow, Tenant};
use crate::error::CallError;
use crate::ports::Lane;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use widget_core::time::MINUTE;

/// A provider behind a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// The CRM.
    Amocrm,
    /// The channel.
    Pact,
}

/// One account's lines.
#[derive(Debug, Default)]
pub struct Lines {
    amocrm: Line,
    pact: Line,
}

/// How a provider takes an account's calls.
#[derive(Debug, Default)]
pub struct Line {
    shut: Mutex<Option<Shut>>,
    /// One question at a time whether everything is refused.
    asking: tokio::sync::Mutex<()>,
}

/// A line that is shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shut {
    /// The status that said so.
    pub status: u16,
    /// Since when, unix ms.
    pub since: i64,
    ask_at: i64,
}

/// What a refusal concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Concerns {
    /// This call alone.
    TheCall,
    /// The whole account.
    TheAccount,
    /// Nobody could tell.
    Unknown,
}

/// An account that is not paid may still read, so nothing harmless tells of it.
const NOT_PAID: u16 = 402;
/// The clock is looked at so often.
const LOOK_EVERY: Duration = Duration::from_millis(500);

impl Provider {
    /// Its name in logs, metrics and `/readyz`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Amocrm => "amocrm",
            Self::Pact => "pact",
        }
    }

    /// Both.
    pub const ALL: [Self; 2] = [Self::Amocrm, Self::Pact];

    /// How often a shut line is asked whether it is open again, ms. amoCRM bans whoever goes on calling
    /// (reference: amoCRM API, errors).
    const fn ask_every(self) -> i64 {
        match self {
            Self::Amocrm => 15 * MINUTE,
            Self::Pact => MINUTE,
        }
    }

    /// The provider that carries out a lane. The bot has its own health.
    pub(super) const fn of(lane: Lane) -> Option<Self> {
        match lane {
            Lane::Send => Some(Self::Pact),
            Lane::Read | Lane::Crm => Some(Self::Amocrm),
            Lane::Bot => None,
        }
    }
}

impl Lines {
    /// The line to a provider.
    pub fn to(&self, provider: Provider) -> &Line {
        match provider {
            Provider::Amocrm => &self.amocrm,
            Provider::Pact => &self.pact,
        }
    }
}

impl Line {
    /// Why nothing is taken, if nothing is.
    pub fn shut(&self) -> Option<Shut> {
        *self.state()
    }

    /// Somebody knows that it may be open again: it is asked at once.
    pub fn ask_soon(&self) {
        if let Some(shut) = self.state().as_mut() {
            shut.ask_at = i64::MIN;
        }
    }

    fn shut_at(&self, provider: Provider, status: u16, now: i64) {
        let mut shut = self.state();
        let since = shut.map_or(now, |shut| shut.since);
        *shut = Some(Shut {
            status,
            since,
            ask_at: now + provider.ask_every(),
        });
    }

    fn open(&self) {
        *self.state() = None;
    }

    fn state(&self) -> std::sync::MutexGuard<'_, Option<Shut>> {
        self.shut.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a status may mean that everything is refused: not authorised, not paid, forbidden.
pub(super) const fn may_concern_all(status: u16) -> bool {
    matches!(status, 401..=403)
}

impl Flow {
    /// A call was refused with `status`: does that concern the account? The provider is asked something harmless.
    pub(super) async fn concerns(
        &self,
        tenant: &Tenant,
        provider: Provider,
        status: u16,
    ) -> Concerns {
        let line = tenant.lines.to(provider);
        let _one_asks = line.asking.lock().await;
        if line.shut().is_some() {
            return Concerns::TheAccount;
        }
        let asked = if status == NOT_PAID {
            Err(CallError::refused(status, "not paid"))
        } else {
            ask(tenant, provider).await
        };
        match asked {
            Ok(()) => Concerns::TheCall,
            Err(CallError::Refused { status: all, .. }) if may_concern_all(all) => {
                let account = tenant.account;
                line.shut_at(provider, all, self.clock.now_ms());
                tracing::error!(%account, provider = provider.name(), status, "everything is refused: actions are held until that is over");
                tell(tenant, provider, true);
                self.line_is_shut(tenant, provider, all).await;
                Concerns::TheAccount
            }
            Err(_) => Concerns::Unknown,
        }
    }

    /// Asks behind shut lines whether they are open again, until `stop`.
    pub(super) async fn watch_lines(self: Arc<Self>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            self.ask_where_shut().await;
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Asks behind each shut line whose time has come.
    pub async fn ask_where_shut(&self) {
        for tenant in self.tenants.values() {
            for provider in Provider::ALL {
                let due = |shut: Shut| self.clock.now_ms() >= shut.ask_at;
                if tenant.lines.to(provider).shut().is_some_and(due) {
                    self.ask_again(tenant, provider).await;
                }
            }
        }
    }

    async fn ask_again(&self, tenant: &Tenant, provider: Provider) {
        let line = tenant.lines.to(provider);
        let (account, name) = (tenant.account, provider.name());
        match ask(tenant, provider).await {
            Ok(()) => {
                line.open();
                tracing::warn!(%account, provider = name, "calls are taken again: held actions go on");
                tell(tenant, provider, false);
                tenant.lane_bells.ring_all();
            }
            Err(why) => {
                let status = line.shut().map_or(0, |shut| shut.status);
                line.shut_at(provider, status, self.clock.now_ms());
                tracing::warn!(%account, provider = name, %why, "calls are still refused");
            }
        }
    }
}

/// Preparing looks before it writes, so it may be repeated at will, and it needs the rights that everything else needs.
async fn ask(tenant: &Tenant, provider: Provider) -> Result<(), CallError> {
    let (crm_hook, channel_hook) = &tenant.hook_urls;
    let asked = match provider {
        Provider::Amocrm => tenant.crm.prepare(crm_hook).await,
        Provider::Pact => tenant.channel.prepare(channel_hook).await,
    };
    tenant.alerts.prepared(provider, &asked);
    asked.map(|_| ())
}

fn tell(tenant: &Tenant, provider: Provider, shut: bool) {
    let account = tenant.account.to_string();
    metrics::gauge!("estafeta_line_shut", "account" => account, "provider" => provider.name())
        .set(if shut { 1.0 } else { 0.0 });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behaviour_5_a_shut_line_says_since_when_and_is_asked_in_its_own_time() {
        let lines = Lines::default();
        let line = lines.to(Provider::Amocrm);
        assert_eq!(line.shut(), None);
        line.shut_at(Provider::Amocrm, 403, 1_000);
        line.shut_at(Provider::Amocrm, 403, 5_000);
        let shut = line.shut().expect("shut");
        assert_eq!((shut.status, shut.since), (403, 1_000));
        assert_eq!(shut.ask_at, 5_000 + 15 * MINUTE);
        assert_eq!(lines.to(Provider::Pact).shut(), None, "each its own");
        line.ask_soon();
        let asked = line.shut().expect("still shut");
        assert_eq!((asked.since, asked.ask_at), (1_000, i64::MIN));
        line.open();
        line.ask_soon();
        assert_eq!(line.shut(), None);
    }

    #[test]
    fn only_refusals_of_a_whole_account_are_asked_about() {
        let asked: Vec<u16> = (400..=422).filter(|s| may_concern_all(*s)).collect();
        assert_eq!(asked, [401, 402, 403]);
    }
}
