//! At opening: one task that names how many guests have waited since before it (BEHAVIOUR §4, waiting reminder).

use super::inbox::Outcome;
use super::{Flow, Tenant};
use crate::error::StoreError;
use crate::ports::{NewRow, Source};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use widget_core::dialog::Dialog;
use widget_core::ids::AccountId;
use widget_core::owner::Owner;
use widget_core::time::HOUR;

/// The clock is looked at so often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// So long after the opening it is no news any more, ms.
const MORNING: i64 = HOUR;
/// One guest has a task already; a list begins with two.
const LIST: usize = 2;

impl Flow {
    pub(super) async fn greet_mornings(self: Arc<Self>, stop: CancellationToken) {
        let mut greeted: HashMap<AccountId, i64> = HashMap::new();
        while !stop.is_cancelled() {
            for tenant in self.tenants.values() {
                let Some(opened_at) = self.opened_lately(tenant) else {
                    continue;
                };
                if greeted.get(&tenant.account) == Some(&opened_at) {
                    continue;
                }
                match self.greet_morning(tenant, opened_at).await {
                    Ok(()) => _ = greeted.insert(tenant.account, opened_at),
                    Err(error) => {
                        let account = tenant.account;
                        tracing::error!(%account, %error, "who waits since the night is not known; it is looked at again");
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// When the account's working day began, if that was just now.
    fn opened_lately(&self, tenant: &Tenant) -> Option<i64> {
        let now = self.clock.now_ms();
        let rules = tenant.rules();
        let opened_at = rules.policy.calendar.day_opened_at(now, &rules.zone(now))?;
        (now - opened_at < MORNING).then_some(opened_at)
    }

    async fn greet_morning(&self, tenant: &Tenant, opened_at: i64) -> Result<(), StoreError> {
        let mut waiting = self.store.waiting(tenant.account, None).await?;
        waiting.retain(|dialog| waits_since(dialog).is_some_and(|since| since < opened_at));
        if waiting.len() < LIST {
            return Ok(());
        }
        let count = u32::try_from(waiting.len()).unwrap_or(u32::MAX);
        // The task stands on a deal.
        let Some(longest) = waiting.into_iter().find(|dialog| dialog.deal.is_some()) else {
            return Ok(());
        };
        let body = serde_json::to_vec(&Outcome::Morning { waiting: count })
            .map_err(|error| StoreError::Unreadable(error.to_string()))?;
        let row = NewRow {
            account: tenant.account,
            dialog: Some(longest.id),
            conversation: Some(longest.conversation),
            source: Source::Act,
            dedup_key: format!("morning:{opened_at}"),
            body,
            at: self.clock.now_ms(),
        };
        self.store.ingest(vec![row]).await?;
        self.bells.dialog_is_ready();
        Ok(())
    }
}

fn waits_since(dialog: &Dialog) -> Option<i64> {
    match dialog.view.owner {
        Owner::Waiting { since, .. } => Some(since),
        Owner::Bot | Owner::Manager { .. } => None,
    }
}
