//! What is done now and then beside the dialogs: what somebody wants erased is erased, and what is kept long enough goes.

use super::inbox::Outcome;
use crate::error::StoreError;
use crate::ports::{
    ApiLog, Clock, Duty, Erasure, Instances, NewRow, Privacy, Progress, Source, Wish,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use widget_core::ids::{AccountId, DialogId};
use widget_core::time::MINUTE;

/// Wishes are looked for so often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Every so many looks what is too old is looked for.
const PRUNE_EVERY: u32 = 5;
/// Between two commits everybody else has the writer for so long.
const BREATH: Duration = Duration::from_millis(50);
/// A text on its way is waited for so long, ms of the business clock; then the guest is erased all the same.
const PATIENCE: i64 = 15 * MINUTE;

/// Does the chores of one process.
pub struct Chores {
    /// The store.
    pub store: Arc<dyn Privacy>,
    /// Who shares it.
    pub instances: Arc<dyn Instances>,
    /// The log of calls.
    pub log: Arc<dyn ApiLog>,
    /// The business clock.
    pub clock: Arc<dyn Clock>,
    /// How long raw bodies, handled actions and the log of calls are kept, ms.
    pub keep: i64,
    /// Accounts at work: none of them is erased.
    pub served: Vec<AccountId>,
}

impl Chores {
    /// Does them until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let mut since = HashMap::new();
        for look in 0_u32.. {
            if let Err(error) = self.look(look, &mut since).await {
                tracing::error!(%error, "a chore failed; it is done again");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    async fn look(&self, look: u32, since: &mut HashMap<i64, i64>) -> Result<(), StoreError> {
        // Each instance has a log of its own.
        if look.is_multiple_of(PRUNE_EVERY) {
            self.prune_log().await;
        }
        if !self.instances.has(Duty::Chores).await? {
            return Ok(());
        }
        self.erase_what_is_wished(since).await?;
        if look.is_multiple_of(PRUNE_EVERY) {
            self.prune().await?;
        }
        Ok(())
    }

    /// Erases what can be erased now. `since`: when a wish was first seen.
    async fn erase_what_is_wished(&self, since: &mut HashMap<i64, i64>) -> Result<(), StoreError> {
        let wishes = self.store.wishes().await?;
        since.retain(|id, _| wishes.iter().any(|wish| wish.id == *id));
        for wish in wishes {
            if wish.erasure == Erasure::Account && self.served.contains(&wish.account) {
                continue;
            }
            let now = self.clock.now_ms();
            let waits_since = *since.entry(wish.id).or_insert(now);
            let anyway = now - waits_since > PATIENCE;
            if let Err(error) = self.carry_out(&wish, anyway).await {
                tracing::error!(wish = wish.id, %error, "an erasure failed; it is tried again");
            }
        }
        self.store.settle().await.map(|_| ())
    }

    /// Erases everything that is wished, in the place of a backend: nobody else is at work. `false`: somebody reads the
    /// data, and the log beside the database still holds traces.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails; what is left is erased when the backend starts.
    pub async fn erase_all(&self) -> Result<bool, StoreError> {
        for wish in self.store.wishes().await? {
            self.carry_out(&wish, true).await?;
        }
        self.store.settle().await
    }

    /// Ends the erasures of accounts that were begun: none may be served half.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn finish_accounts(&self) -> Result<(), StoreError> {
        for wish in self.store.wishes().await? {
            if wish.erasure == Erasure::Account {
                self.carry_out(&wish, true).await?;
            }
        }
        self.store.settle().await.map(|_| ())
    }

    async fn carry_out(&self, wish: &Wish, anyway: bool) -> Result<(), StoreError> {
        let now = self.clock.now_ms();
        let mut progress = Progress::More;
        while progress == Progress::More {
            progress = self.store.erase(wish, notice(wish, now)?, anyway).await?;
            if !anyway {
                tokio::time::sleep(BREATH).await;
            }
        }
        let account = wish.account;
        if wish.erasure == Erasure::Account
            && let Err(error) = self.log.erase(account).await
        {
            tracing::error!(%account, %error, "the log of calls could not be erased; remove its folder");
        }
        if progress == Progress::Done {
            tracing::info!(%account, wish = wish.id, "erased");
        }
        Ok(())
    }

    async fn prune(&self) -> Result<(), StoreError> {
        let before = self.clock.now_ms() - self.keep;
        while self.store.prune(before).await? > 0 {
            tokio::time::sleep(BREATH).await;
        }
        Ok(())
    }

    async fn prune_log(&self) {
        let before = self.clock.now_ms() - self.keep;
        if let Err(error) = self.log.prune(before).await {
            tracing::error!(%error, "old logs of calls could not be removed; it is tried again");
        }
    }
}

/// The row that tells a dialog that its guest is erased.
fn notice(wish: &Wish, now: i64) -> Result<NewRow, StoreError> {
    let body = serde_json::to_vec(&Outcome::Erased)
        .map_err(|error| StoreError::Unreadable(error.to_string()))?;
    Ok(NewRow {
        account: wish.account,
        dialog: dialog(&wish.erasure),
        conversation: None,
        source: Source::Act,
        dedup_key: format!("erased:{}", wish.id),
        body,
        at: now,
    })
}

fn dialog(erasure: &Erasure) -> Option<DialogId> {
    match erasure {
        Erasure::Account => None,
        Erasure::Guest(dialog) | Erasure::Message(dialog, _) => Some(dialog.clone()),
    }
}
