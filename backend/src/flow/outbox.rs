//! The dispatcher: claims actions and lets them be carried out, several at a time.

use super::claim::{POLL, REST};
use super::line::Provider;
use super::panics::contained;
use super::{Flow, Tenant, act, failpoint, patience};
use crate::error::StoreError;
use crate::ports::{ActClaim, ClaimedAct, Finish, Lane, NewRow, Source, Wanted};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use widget_core::event::Failure;

use super::inbox::Outcome;

/// How long actions under way at a stop may go on. Together with what the process still has to store and to close it
/// stays below the stop's own patience.
const FINISH_WITHIN: Duration = Duration::from_secs(7);

/// A process that stood still for longer than this between a claim and its call does not call: what it claimed may be
/// another instance's by now. Shorter than any lease of the store, and counted by a clock that goes on meanwhile.
const CLAIM_IS_FRESH: Duration = Duration::from_secs(5);

/// How many actions of one account and lane are under way at once. A lane that hangs fills its own places only. Under
/// amoCRM's limit the places are shares too: what an answer waits for goes before notes and fields.
const fn places(lane: Lane) -> usize {
    match lane {
        Lane::Send => 32,
        Lane::Read => 8,
        Lane::Crm => 4,
        Lane::Bot => 128,
    }
}

impl Flow {
    /// Claims actions until `stop`, then waits for those under way; what takes too long is handed back.
    pub(super) async fn dispatch_acts(self: Arc<Self>, stop: CancellationToken) {
        let running = TaskTracker::new();
        let give_up = CancellationToken::new();
        let lanes = TaskTracker::new();
        for tenant in self.tenants.values() {
            // A dispatcher that a panic has ended left its lanes so.
            tenant.lane_bells.leave();
        }
        self.store.serve();
        while !stop.is_cancelled() {
            let bell = self.bells.for_lanes();
            match self.store.open_lanes(self.clock.now_ms()).await {
                Ok(open) => {
                    for (account, lane) in open {
                        let Some(tenant) = self.tenant(account) else {
                            continue;
                        };
                        tenant.lane_bells.ring(lane);
                        if tenant.lane_bells.man(lane) {
                            let (flow, running) = (Arc::clone(&self), running.clone());
                            let (give_up, stop) = (give_up.clone(), stop.clone());
                            lanes.spawn(async move {
                                flow.dispatch_lane(&tenant, lane, &running, &give_up, &stop)
                                    .await;
                            });
                        }
                    }
                    super::rest(bell, POLL, &stop).await;
                }
                Err(error) => {
                    tracing::error!(%error, "nobody knows which actions wait; it is looked again");
                    tokio::time::sleep(REST).await;
                }
            }
        }
        lanes.close();
        lanes.wait().await;
        running.close();
        if tokio::time::timeout(FINISH_WITHIN, running.wait())
            .await
            .is_err()
        {
            tracing::warn!(actions = running.len(), "actions under way are handed back");
            give_up.cancel();
            running.wait().await;
        }
    }

    async fn dispatch_lane(
        self: Arc<Self>,
        tenant: &Arc<Tenant>,
        lane: Lane,
        running: &TaskTracker,
        give_up: &CancellationToken,
        stop: &CancellationToken,
    ) {
        let free = Arc::new(Semaphore::new(places(lane)));
        let wanted = Wanted {
            account: tenant.account,
            lane,
            limited: self.limited,
        };
        while !stop.is_cancelled() {
            let bell = tenant.lane_bells.hears(lane);
            if is_held(tenant, lane) {
                super::rung(bell, stop).await;
                continue;
            }
            let place = tokio::select! {
                place = free.clone().acquire_owned() => place,
                () = stop.cancelled() => break,
            };
            let Ok(place) = place else { break };
            // Nobody else takes places, and those that end meanwhile only add some.
            let most = free.available_permits() + 1;
            drop(place);
            let asked = Instant::now();
            match self
                .store
                .claim_acts(wanted, most, self.clock.now_ms())
                .await
            {
                Ok(claims) if claims.is_empty() => super::rung(bell, stop).await,
                Ok(claims) => {
                    for claim in claims {
                        let Ok(place) = free.clone().acquire_owned().await else {
                            break;
                        };
                        let (flow, tenant) = (Arc::clone(&self), Arc::clone(tenant));
                        let give_up = give_up.clone();
                        running.spawn(async move {
                            flow.carry_out(claim, asked, &give_up).await;
                            drop(place);
                            // The next one of its dialog waits for it.
                            tenant.lane_bells.ring(lane);
                        });
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "no action could be claimed; it is tried again");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    /// Claims and carries out one action. `false` = there is none now.
    #[cfg(test)]
    pub async fn carry_out_one(&self, wanted: Wanted) -> Result<bool, StoreError> {
        let now = self.clock.now_ms();
        let Some(claim) = self.store.claim_acts(wanted, 1, now).await?.pop() else {
            return Ok(false);
        };
        let asked = Instant::now();
        self.carry_out(claim, asked, &CancellationToken::new())
            .await;
        Ok(true)
    }

    /// `asked`: when the claim was asked for.
    async fn carry_out(&self, claim: ActClaim, asked: Instant, give_up: &CancellationToken) {
        let (act, finish) = match claim {
            ActClaim::Refused(act) => {
                let finish = over(
                    self,
                    &act,
                    &Outcome::Failed {
                        action: act.key.clone(),
                        what: Box::new(act.action.clone()),
                        failure: Failure::Fenced,
                    },
                );
                (act, finish)
            }
            ActClaim::Run(act) => {
                failpoint::hit_for("after_claim", [&act.action]);
                if asked.elapsed() > CLAIM_IS_FRESH {
                    tracing::warn!(action = %act.key, "this process stood still after a claim: nothing is called");
                    let finish = patience::not_begun(&act, self.clock.now_ms());
                    self.finish(&act, finish).await;
                    return;
                }
                let running = contained(Box::pin(act::run(self, &act)));
                let finish = tokio::select! {
                    finish = running => finish.unwrap_or_else(|| act::after_panic(self, &act)),
                    () = give_up.cancelled() => patience::handed_back(&act, self.clock.now_ms()),
                };
                (act, finish)
            }
        };
        failpoint::hit_for("before_result", [&act.action]);
        self.finish(&act, finish).await;
    }

    /// Ends a claim; while the store is down it is tried again, since the act itself may not be repeated lightly.
    async fn finish(&self, act: &ClaimedAct, finish: Finish) {
        loop {
            match self.store.finish_act(act, finish.clone()).await {
                Ok(()) => {
                    failpoint::hit_for("after_result", [&act.action]);
                    break;
                }
                Err(StoreError::LeaseLost) => {
                    tracing::warn!(action = %act.key, "the result of an action came after its claim was lost");
                    break;
                }
                Err(error) => {
                    tracing::error!(%error, action = %act.key, "the result of an action could not be stored; it is tried again");
                    tokio::time::sleep(REST).await;
                }
            }
        }
        self.bells.dialog_is_ready();
    }
}

/// Whether nothing of a lane is tried now. A read of the CRM fails rather than waits: a guest waits for it.
fn is_held(tenant: &Tenant, lane: Lane) -> bool {
    let shut = |provider| tenant.lines.to(provider).shut().is_some();
    lane != Lane::Read && Provider::of(lane).is_some_and(shut)
}

/// Ends an action with its result for the inbox.
pub(super) fn over(flow: &Flow, act: &ClaimedAct, outcome: &Outcome) -> Finish {
    let message = match outcome {
        Outcome::Sent { message, .. } => Some(message.clone()),
        _ => None,
    };
    Finish::Over {
        result: NewRow {
            account: act.account,
            dialog: Some(act.dialog.clone()),
            conversation: None,
            source: Source::Act,
            dedup_key: act.key.to_string(),
            body: serde_json::to_vec(outcome).unwrap_or_default(),
            at: flow.clock.now_ms(),
        },
        message,
    }
}
