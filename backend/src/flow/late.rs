//! A late answer of the bot into the inbox (DESIGN §5.8).

use super::inbox::Outcome;
use super::{Flow, Tenant, failpoint};
use crate::error::{StoreError, unquoted};
use crate::ports::{BotReply, NewRow, Source};
use widget_core::dialog::Dialog;
use widget_core::event::{Event, Timer};
use widget_core::ids::TurnId;

/// A turn that was answered is found among so many of its dialog's newest journal rows.
const ANSWERED_WITHIN: u32 = 30;

/// What becomes of a late answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LateAnswer {
    /// It is stored, now or before.
    Taken,
    /// The turn needs no answer any more: it was superseded, its time is over, or a person has the dialog.
    Over,
    /// The account has no such turn.
    Unknown,
}

impl Flow {
    /// Stores the answer to a turn that the bot promised to answer. Whether it still counts is decided with the dialog
    /// leased; what can be seen to be too late before is not stored.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be stored: the caller must not acknowledge it.
    pub async fn receive_late_answer(
        &self,
        tenant: &Tenant,
        turn: &TurnId,
        reply: BotReply,
    ) -> Result<LateAnswer, StoreError> {
        let Some(id) = turn.dialog() else {
            return Ok(LateAnswer::Unknown);
        };
        let Some(dialog) = self.store.dialog(tenant.account, &id).await? else {
            return Ok(LateAnswer::Unknown);
        };
        if turn.number().is_none_or(|n| n == 0 || n > dialog.turns) {
            return Ok(LateAnswer::Unknown);
        }
        let now = self.clock.now_ms();
        if !awaits(&dialog, turn, now) {
            return Ok(if self.was_answered(tenant, &dialog, turn).await? {
                LateAnswer::Taken
            } else {
                LateAnswer::Over
            });
        }
        let outcome = Outcome::Answered {
            turn: turn.clone(),
            reply,
            late: true,
        };
        let body = serde_json::to_vec(&outcome)
            .map_err(|error| StoreError::Unreadable(unquoted("late answer", &error)))?;
        let row = NewRow {
            account: tenant.account,
            dialog: Some(id),
            conversation: Some(dialog.conversation),
            source: Source::Act,
            dedup_key: format!("late:{turn}"),
            body,
            at: now,
        };
        let new = self.store.ingest(vec![row]).await?;
        if new.contains(&true) {
            failpoint::hit_of("after_ack", "bot");
        }
        self.bells.dialog_is_ready();
        Ok(LateAnswer::Taken)
    }

    async fn was_answered(
        &self,
        tenant: &Tenant,
        dialog: &Dialog,
        turn: &TurnId,
    ) -> Result<bool, StoreError> {
        let rows = self
            .store
            .newest(tenant.account, &dialog.id, ANSWERED_WITHIN)
            .await?;
        Ok(rows.iter().any(|row| {
            serde_json::from_str(&row.event).is_ok_and(
                |event| matches!(event, Event::BotAnswered { turn: answered, .. } if answered == *turn),
            )
        }))
    }
}

/// Whether the answer to a turn is awaited at unix ms `now`. Before the promise itself is on record there is no deadline.
fn awaits(dialog: &Dialog, turn: &TurnId, now: i64) -> bool {
    let current = dialog
        .turn
        .as_ref()
        .is_some_and(|asked| asked.id == *turn && !asked.stale);
    let deadline = dialog.timers.get(&Timer::LateAnswer);
    current && deadline.is_none_or(|armed| now <= armed.due)
}
