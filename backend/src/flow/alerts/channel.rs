//! Whether the channel itself is on. Its webhook says when that changes, and the channel is asked now and then besides:
//! a webhook may be lost, and it may come to an instance that does not look after the account.

use super::CHANNEL;
use crate::flow::{Flow, Tenant};
use crate::ports::{AlertKind, Duty};
use std::sync::Arc;
use tokio_util::task::TaskTracker;
use widget_core::time::MINUTE;

/// The channel is asked so often, ms.
const ASK_EVERY: i64 = 5 * MINUTE;

impl Flow {
    /// Asks the account's channel, when it is time, beside everything else that is looked at.
    pub(super) fn ask_channel(
        self: &Arc<Self>,
        tenant: &Arc<Tenant>,
        asking: &TaskTracker,
        now: i64,
    ) {
        let Some(turn) = tenant.alerts.begins_to_ask(now, ASK_EVERY) else {
            return;
        };
        let (flow, tenant) = (Arc::clone(self), Arc::clone(tenant));
        asking.spawn(async move {
            flow.learn_of_channel(&tenant).await;
            drop(turn);
        });
    }

    async fn learn_of_channel(&self, tenant: &Tenant) {
        let (alerts, kind) = (&tenant.alerts, AlertKind::ChannelOff);
        let Some(channel) = &alerts.settings.channel else {
            return;
        };
        let is_ours = self.store.has(Duty::Account(tenant.account)).await;
        if !is_ours.unwrap_or(false) {
            // Whoever looks after the account learns more; what was heard here may be over meanwhile.
            return alerts.forget(kind, CHANNEL);
        }
        match channel.is_on().await {
            Ok(true) => alerts.is_well(kind, CHANNEL),
            Ok(false) => alerts.is_ill(kind, CHANNEL, ""),
            Err(_) => alerts.forget(kind, CHANNEL),
        }
    }
}
