//! The health of bot and CRM as their answers show it: after three failures of the bot in a row the guests are not made
//! to wait for it, and when bot or CRM answer again, those whom nobody took go back to the bot (BEHAVIOUR §4, bot).

use super::inbox::Outcome;
use super::{Flow, Tenant};
use crate::error::StoreError;
use crate::ports::{AlertKind, NewRow, Source};
use std::sync::{Mutex, PoisonError};
use widget_core::event::Service;
use widget_core::owner::ReasonId;

/// So many failures in a row open the breaker.
const FAILURES: u32 = 3;
/// While it is open, one turn in so long is a trial, ms.
const TRIAL_EVERY: i64 = 3_000;

/// A CRM that answers is back only when none of its reads has failed for good for so long, ms: guests are not handed to
/// and fro while it comes and goes.
const CALM: i64 = 60_000;

/// How an account's CRM has answered lately.
#[derive(Debug, Default)]
pub struct CrmHealth(Mutex<CrmLately>);

#[derive(Debug, Default)]
struct CrmLately {
    /// When a read last failed for good, unix ms.
    failed_at: Option<i64>,
    /// It has answered since.
    answers: bool,
    /// Those who waited for it know.
    told: bool,
}

impl CrmHealth {
    /// The CRM was read.
    pub fn answered(&self) {
        self.lately().answers = true;
    }

    /// The CRM could not be read for so long that a dialog goes on without it, at unix ms `now`.
    pub fn failed(&self, now: i64) {
        *self.lately() = CrmLately {
            failed_at: Some(now),
            ..CrmLately::default()
        };
    }

    /// Whether it answers again at unix ms `now`, and those who waited are to be told: since the process began nobody knows
    /// who does.
    fn is_back(&self, now: i64) -> bool {
        let lately = self.lately();
        let calm = lately.failed_at.is_none_or(|at| now - at >= CALM);
        lately.answers && !lately.told && calm
    }

    fn told(&self) {
        self.lately().told = true;
    }

    fn lately(&self) -> std::sync::MutexGuard<'_, CrmLately> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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

    /// Whether the breaker is open; `None` = nothing is known since the process began.
    pub fn is_down(&self) -> Option<bool> {
        let lately = self.lately();
        let is_down = lately.failures >= FAILURES;
        (is_down || lately.known_well).then_some(is_down)
    }

    /// The bot took a turn and answers later. It can be reached, which closes an open breaker for now; one promise that is
    /// not kept opens it again.
    pub fn promised(&self) {
        let mut lately = self.lately();
        lately.failures = lately.failures.min(FAILURES - 1);
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
    /// The bot has answered a turn: those who waited for it are told, if they did.
    pub(super) async fn bot_has_answered(&self, tenant: &Tenant) -> Result<(), StoreError> {
        if tenant.bot_health.was_down() {
            self.bot_is_back(tenant).await?;
        }
        tenant.bot_health.answered();
        Ok(())
    }

    /// The bot has not answered a turn.
    pub(super) async fn bot_has_failed(&self, tenant: &Tenant) {
        metrics::counter!("estafeta_bot_failed_total").increment(1);
        if tenant.bot_health.failed(self.clock.now_ms()) {
            let account = tenant.account;
            tracing::error!(%account, "the bot does not answer: guests go to managers until it does");
            // Another instance may be the one that looks by now.
            self.is_wrong(tenant, AlertKind::BotDown, String::new())
                .await;
        }
    }

    /// Tells every dialog that waits because of the bot that it works again.
    async fn bot_is_back(&self, tenant: &Tenant) -> Result<(), StoreError> {
        self.is_back(tenant, Service::Bot, ReasonId::BotUnavailable)
            .await
    }

    /// Tells every dialog that waits because of the CRM that it works again, once it does.
    pub(super) async fn tell_if_crm_is_back(&self, tenant: &Tenant) {
        if !tenant.crm_health.is_back(self.clock.now_ms()) {
            return;
        }
        tenant.crm_health.told();
        if let Err(error) = self.is_back(tenant, Service::Crm, ReasonId::CrmDown).await {
            let account = tenant.account;
            tracing::error!(%account, %error, "who waits for the CRM is not known; it is looked at again");
            tenant.crm_health.failed(self.clock.now_ms());
            tenant.crm_health.answered();
        }
    }

    async fn is_back(
        &self,
        tenant: &Tenant,
        service: Service,
        blamed: ReasonId,
    ) -> Result<(), StoreError> {
        let waiting = self.store.waiting(tenant.account, Some(blamed)).await?;
        let account = tenant.account;
        if waiting.is_empty() {
            return Ok(());
        }
        tracing::info!(%account, dialogs = waiting.len(), ?service, "it answers again");
        let now = self.clock.now_ms();
        let outcome = Outcome::Back { service };
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
        self.bells.dialog_is_ready();
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

    #[test]
    fn behaviour_4_a_promise_closes_the_breaker_for_a_trial_and_a_broken_one_opens_it_again() {
        let health = BotHealth::default();
        health.answered();
        health.promised();
        assert!(!health.failed(0) && !health.failed(0) && health.failed(0));
        health.promised();
        assert!(health.may_ask(0), "it can be reached");
        assert!(health.failed(0), "and breaks its promise");
        assert!(!health.may_ask(0));
    }

    #[test]
    fn behaviour_4_the_crm_is_back_when_it_has_been_calm_for_a_while() {
        let health = CrmHealth::default();
        assert!(!health.is_back(0), "it has not answered yet");
        health.answered();
        assert!(health.is_back(0), "before a restart it may have been down");
        health.told();
        assert!(!health.is_back(1), "it is told once");
        health.failed(10);
        assert!(!health.is_back(10 + CALM), "and still down");
        health.answered();
        assert!(!health.is_back(9 + CALM), "it may be gone again");
        health.failed(20);
        health.answered();
        assert!(!health.is_back(10 + CALM) && health.is_back(20 + CALM));
    }
}
