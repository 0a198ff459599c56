//! The bot's health as its turns show it: after three failures in a row the guests are not made to wait for it, and
//! when it answers again, those whom nobody took go back to it (BEHAVIOUR §4, bot).

use super::inbox::Outcome;
use super::{Flow, Tenant};
use crate::error::StoreError;
use crate::ports::{NewRow, Source};
use std::sync::{Mutex, PoisonError};
use widget_core::event::Service;
use widget_core::owner::ReasonId;

/// So many failures in a row open the breaker.
const FAILURES: u32 = 3;
/// While it is open, one turn in so long is a trial, ms.
const TRIAL_EVERY: i64 = 3_000;

/// How an account's bot has answered lately.
#[derive(Debug, Default)]
pub struct BotHealth(Mutex<Lately>);

#[derive(Debug, Default)]
struct Lately {
    /// It has answered since the process began: what was before is looked after.
    known_well: bool,
    failures: u32,
    next_trial_at: i64,
}

impl BotHealth {
    /// Whether the bot may be asked at unix ms `now`: always, but while the breaker is open only for a trial.
    pub fn may_ask(&self, now: i64) -> bool {
        let mut lately = self.lately();
        if lately.failures < FAILURES {
            return true;
        }
        let trial = now >= lately.next_trial_at;
        if trial {
            lately.next_trial_at = now.saturating_add(TRIAL_EVERY);
        }
        trial
    }

    /// Whether an answer is news: the breaker is open, or nothing is known yet since the process began.
    pub fn was_down(&self) -> bool {
        let lately = self.lately();
        lately.failures >= FAILURES || !lately.known_well
    }

    /// The bot answered, and those who waited for it know.
    pub fn answered(&self) {
        let mut lately = self.lately();
        lately.failures = 0;
        lately.known_well = true;
    }

    /// The bot gave no answer by unix ms `now`. Whether the breaker opens with it.
    pub fn failed(&self, now: i64) -> bool {
        let mut lately = self.lately();
        lately.failures = lately.failures.saturating_add(1);
        lately.next_trial_at = now.saturating_add(TRIAL_EVERY);
        lately.failures == FAILURES
    }

    fn lately(&self) -> std::sync::MutexGuard<'_, Lately> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flow {
    /// Tells every dialog that waits because of the bot that it works again.
    pub(super) async fn bot_is_back(&self, tenant: &Tenant) -> Result<(), StoreError> {
        let waiting = self
            .store
            .waiting(tenant.account, Some(ReasonId::BotUnavailable))
            .await?;
        let account = tenant.account;
        if waiting.is_empty() {
            return Ok(());
        }
        tracing::info!(%account, dialogs = waiting.len(), "the bot answers again");
        let now = self.clock.now_ms();
        let outcome = Outcome::Back {
            service: Service::Bot,
        };
        let body = serde_json::to_vec(&outcome)
            .map_err(|error| StoreError::Unreadable(error.to_string()))?;
        let rows = waiting
            .into_iter()
            .map(|dialog| NewRow {
                account,
                source: Source::Act,
                dedup_key: format!("back:{}:{}", dialog.id, dialog.view.epoch),
                conversation: Some(dialog.conversation),
                dialog: Some(dialog.id),
                body: body.clone(),
                at: now,
            })
            .collect();
        self.store.ingest(rows).await?;
        self.dialogs_bell.notify_waiters();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behaviour_4_three_failures_in_a_row_open_the_breaker_and_one_answer_closes_it() {
        let health = BotHealth::default();
        assert!(health.was_down(), "before a restart it may have been");
        health.answered();
        assert!(!health.failed(0) && !health.failed(0));
        assert!(!health.was_down(), "two are not three");
        health.answered();
        assert!(!health.failed(0) && !health.failed(0) && health.failed(0));
        assert!(!health.failed(10), "it is told once");
        assert!(!health.may_ask(10 + TRIAL_EVERY - 1));
        assert!(health.may_ask(10 + TRIAL_EVERY), "a trial");
        assert!(!health.may_ask(10 + TRIAL_EVERY), "and no second one");
        assert!(health.was_down(), "it is open");
        health.answered();
        assert!(health.may_ask(0) && !health.was_down());
    }
}
