//! The dispatcher: claims actions and lets them be carried out, several at a time.

use super::claim::{POLL, REST};
use super::panics::contained;
use super::{Flow, act, failpoint};
use crate::error::StoreError;
use crate::ports::{ActClaim, ClaimedAct, Finish, NewRow, Source};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use widget_core::event::Failure;

use super::inbox::Outcome;

/// How many actions are under way at once: enough that a slow bot holds back nobody else's texts.
const AT_ONCE: usize = 256;

impl Flow {
    /// Claims actions until `stop`, then waits for those under way.
    pub(super) async fn dispatch_acts(self: Arc<Self>, stop: CancellationToken) {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let running = TaskTracker::new();
        while !stop.is_cancelled() {
            let bell = self.acts_bell.notified();
            let place = tokio::select! {
                place = places.clone().acquire_owned() => place,
                () = stop.cancelled() => break,
            };
            let Ok(place) = place else { break };
            match self.store.claim_act(self.clock.now_ms()).await {
                Ok(Some(claim)) => {
                    let flow = Arc::clone(&self);
                    running.spawn(async move {
                        flow.carry_out(claim).await;
                        drop(place);
                        flow.acts_bell.notify_waiters();
                    });
                }
                Ok(None) => {
                    drop(place);
                    super::rest(bell, POLL, &stop).await;
                }
                Err(error) => {
                    tracing::error!(%error, "no action could be claimed; it is tried again");
                    tokio::time::sleep(REST).await;
                }
            }
        }
        running.close();
        running.wait().await;
    }

    async fn carry_out(&self, claim: ActClaim) {
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
                failpoint::hit("after_claim");
                let finish = if let Some(finish) = contained(Box::pin(act::run(self, &act))).await {
                    finish
                } else {
                    self.making.ends(&act.key);
                    act::after_panic(self, &act)
                };
                (act, finish)
            }
        };
        failpoint::hit("before_result");
        self.finish(&act, finish).await;
    }

    /// Ends a claim; while the store is down it is tried again, since the act itself may not be repeated lightly.
    async fn finish(&self, act: &ClaimedAct, finish: Finish) {
        loop {
            match self.store.finish_act(act, finish.clone()).await {
                Ok(()) => break,
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
        self.dialogs_bell.notify_waiters();
    }
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
