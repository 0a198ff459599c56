//! Alerts (BEHAVIOUR §5): what is wrong with an account's connections is noticed, kept as an incident from its begin to
//! its end, shown in its cards, and told once at each of both: as a task in the CRM and to the operator's webhook.
//!
//! [`channel`] asks whether the channel is on · [`rule`] says when an incident begins and ends · `signs` gathers what is known of the causes · `words` is what people
//! read · `tell` tells it. All of an account's incidents are opened and closed here, by the instance that carries out its
//! actions; whatever anybody does twice, the store takes once.

mod channel;
mod rule;
mod signs;
mod tell;
mod words;

pub use signs::{AlertSettings, Alerts};
pub use words::Sentence;

use super::{Flow, Provider, Tenant};
use crate::error::StoreError;
use crate::ports::{AlertKind, CHANNEL_OFF, CHANNEL_ON, CauseSeen, Duty, Incident, Pulse, Way};
use rule::{LATELY, Step, calm, step};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use widget_core::ids::AccountId;

/// Whose sign it is whether the channel is on.
const CHANNEL: &str = "pact";
/// Everything is looked at so often.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long what is being told at a stop may go on.
const FINISH_WITHIN: Duration = Duration::from_secs(5);

impl Flow {
    /// Notices, keeps and tells what is wrong with the accounts, until `stop`.
    pub(super) async fn watch_over_accounts(self: Arc<Self>, stop: CancellationToken) {
        let telling = TaskTracker::new();
        while !stop.is_cancelled() {
            if let Err(error) = self.look_after_accounts(&telling).await {
                tracing::error!(%error, "what is wrong could not be looked at; it is looked at again");
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => {}
            }
        }
        telling.close();
        // What is cut off is taken up at the next start, and looked for first.
        let _ = tokio::time::timeout(FINISH_WITHIN, telling.wait()).await;
    }

    async fn look_after_accounts(
        self: &Arc<Self>,
        telling: &TaskTracker,
    ) -> Result<(), StoreError> {
        for tenant in self.tenants.values() {
            if let Some(at) = tenant.alerts.newly_heard() {
                self.store.heard(tenant.account, at).await?;
                tenant.alerts.kept(at);
            }
        }
        let now = self.clock.now_ms();
        let pulses = self.store.pulses().await?;
        let mut known: BTreeMap<AccountId, Vec<Incident>> = BTreeMap::new();
        for incident in self.store.incidents(now - LATELY).await? {
            known.entry(incident.account).or_default().push(incident);
        }
        for tenant in self.tenants.values() {
            self.ask_channel(tenant, telling, now);
            let known = known.remove(&tenant.account).unwrap_or_default();
            let pulse = pulses.get(&tenant.account).copied().unwrap_or_default();
            if self.take_steps(tenant, &known, &pulse, now).await? {
                continue;
            }
            tenant.alerts.show(known);
        }
        for (account, way) in self.store.to_tell(now).await? {
            if let Some(tenant) = self.tenant(account)
                && self.store.has(Duty::Account(account)).await?
                && let Some(turn) = tenant.alerts.begins_to_tell(way)
            {
                let (flow, tenant) = (Arc::clone(self), Arc::clone(&tenant));
                telling.spawn(async move {
                    flow.tell_all(&tenant, way).await;
                    drop(turn);
                });
            }
        }
        Ok(())
    }

    /// Opens and closes the account's incidents. Whether anything was.
    async fn take_steps(
        &self,
        tenant: &Tenant,
        known: &[Incident],
        pulse: &Pulse,
        now: i64,
    ) -> Result<bool, StoreError> {
        let mut any = false;
        for kind in AlertKind::ALL {
            let of_kind: Vec<&Incident> = known.iter().filter(|one| one.kind == *kind).collect();
            let sign = signs::of(tenant, *kind, pulse, now);
            let Some(step) = step(*kind, &of_kind, &sign, now) else {
                continue;
            };
            if !self.store.has(Duty::Account(tenant.account)).await? {
                return Ok(any);
            }
            let open = of_kind.iter().find(|incident| incident.ended.is_none());
            match (step, open) {
                (Step::Begin { calm, detail }, _) => {
                    any |= self.begin(tenant, (*kind, calm), detail, now).await?;
                }
                (Step::Seen, Some(open)) => {
                    let detail = open.detail.clone();
                    self.begin(tenant, (*kind, open.calm), detail, now).await?;
                }
                (Step::End, Some(open)) => any |= self.end(open, now).await?,
                (Step::Seen | Step::End, None) => {}
            }
        }
        Ok(any)
    }

    /// Somebody has just found out that something is wrong: an incident begins, or goes on.
    pub(super) async fn is_wrong(&self, tenant: &Tenant, kind: AlertKind, detail: String) {
        let now = self.clock.now_ms();
        let begun = async {
            let mut lately = self.store.incidents(now - LATELY).await?;
            lately.retain(|one| one.account == tenant.account && one.kind == kind);
            let known: Vec<&Incident> = lately.iter().collect();
            self.begin(tenant, (kind, calm(kind, &known)), detail, now)
                .await
        };
        if let Err(error) = begun.await {
            let account = tenant.account;
            tracing::error!(%account, kind = kind.name(), %error, "what is wrong could not be kept");
        }
    }

    /// A provider refuses the whole account. One that is connected by OAuth tells itself of a refused token.
    pub(super) async fn line_is_shut(&self, tenant: &Tenant, provider: Provider, status: u16) {
        let kind = signs::refusal(provider, status);
        if kind == AlertKind::NeedsReauth && tenant.alerts.settings.connection.is_some() {
            return;
        }
        self.is_wrong(tenant, kind, status.to_string()).await;
    }

    /// The channel's webhook says something beside the talk: perhaps that the channel itself is off, or on again.
    pub(super) async fn channel_is(&self, tenant: &Tenant, what: &str) {
        let kind = AlertKind::ChannelOff;
        match what {
            CHANNEL_OFF => {
                tenant.alerts.is_ill(kind, CHANNEL, "");
                // Another instance may be the one that looks.
                self.is_wrong(tenant, kind, String::new()).await;
            }
            CHANNEL_ON => tenant.alerts.is_well(kind, CHANNEL),
            _ => {}
        }
    }

    async fn begin(
        &self,
        tenant: &Tenant,
        (kind, calm): (AlertKind, i64),
        detail: String,
        now: i64,
    ) -> Result<bool, StoreError> {
        let account = tenant.account;
        let seen = CauseSeen {
            account,
            kind,
            detail,
            calm,
            ways: tenant.alerts.ways(),
        };
        let is_new = self.store.cause_seen(&seen, now).await?;
        if is_new {
            let problem = words::problem(kind, &seen.detail).en;
            tracing::error!(%account, kind = kind.name(), "{problem}");
        }
        Ok(is_new)
    }

    async fn end(&self, incident: &Incident, now: i64) -> Result<bool, StoreError> {
        let is_over = self.store.cause_gone(incident, now).await?;
        if is_over {
            let (account, kind) = (incident.account, incident.kind.name());
            tracing::info!(%account, kind, "in order again");
        }
        Ok(is_over)
    }

    /// What the account's cards say of its incidents, what guests feel most first.
    pub fn banners(&self, tenant: &Tenant) -> Vec<Sentence> {
        let open = tenant.alerts.open();
        if open.is_empty() {
            return Vec::new();
        }
        let zone = tenant.rules().zone(self.clock.now_ms());
        let banner = |one: &Incident| words::banner(one, &zone);
        open.iter().map(banner).collect()
    }
}

/// How an incident of an account is told.
impl Alerts {
    fn ways(&self) -> Vec<Way> {
        let task = self.settings.tech_user.map(|_| Way::Task);
        let webhook = self.settings.hook.as_ref().map(|_| Way::Webhook);
        task.into_iter().chain(webhook).collect()
    }
}
