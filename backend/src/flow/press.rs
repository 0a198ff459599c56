//! A click in the card: decided and committed before it is answered (DESIGN §5.3).

use super::decide::Work;
use super::{Flow, Press, PressError, Pressed, Tenant};
use crate::error::StoreError;
use crate::ports::Claimed;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use widget_core::decide::excluded;
use widget_core::dialog::Dialog;
use widget_core::event::{Event, Timer};
use widget_core::ids::{DealId, DialogId, UserId};
use widget_core::owner::Owner;
use widget_core::policy::Policy;

/// How long a click waits for a worker that holds the dialog: workers hold it for milliseconds.
const LEASE_PATIENCE: Duration = Duration::from_secs(5);
/// How long a click waits for a text of ours that is on its way.
const SEND_PATIENCE: Duration = Duration::from_secs(2);
/// The pause between two looks.
const LOOK: Duration = Duration::from_millis(10);

impl Flow {
    /// Carries out a click of `user`. `if_match`: the epoch that the card saw; `None` = whatever it is now.
    ///
    /// # Errors
    /// [`PressError`], and then nothing changed.
    pub async fn press(
        self: &Arc<Self>,
        tenant: &Arc<Tenant>,
        dialog: &DialogId,
        press: Press,
        user: UserId,
        if_match: Option<u64>,
    ) -> Result<Pressed, PressError> {
        let (flow, tenant, dialog) = (Arc::clone(self), Arc::clone(tenant), dialog.clone());
        finish_anyway(async move {
            Box::pin(flow.press_now(&tenant, &dialog, press, user, if_match)).await
        })
        .await
        .map_err(PressError::Store)?
    }

    async fn press_now(
        &self,
        tenant: &Tenant,
        dialog: &DialogId,
        press: Press,
        user: UserId,
        if_match: Option<u64>,
    ) -> Result<Pressed, PressError> {
        let known = self.store.dialog(tenant.account, dialog).await;
        if known.map_err(PressError::Store)?.is_none() {
            return Err(PressError::NotFound);
        }
        let event = self
            .press_event(tenant, dialog, &press, user)
            .await
            .map_err(PressError::Store)?;
        let claimed = self
            .lease_caught_up(tenant, dialog)
            .await
            .map_err(PressError::Store)?;
        let state = claimed.state.clone();
        if if_match.is_some_and(|epoch| epoch != state.view.epoch) {
            self.give_back(&claimed.lease, &[], 0).await;
            return if fulfilled(&press, &tenant.rules().policy, &state, user) {
                Ok(Pressed {
                    dialog: state,
                    left_meanwhile: false,
                })
            } else {
                Err(PressError::Stale(Box::new(state)))
            };
        }
        let epoch = state.view.epoch;
        let dialog = self
            .decide_on(tenant, claimed, &event)
            .await
            .map_err(PressError::Store)?;
        // The click is committed: what is not known now is only whether a text had left before.
        let left_meanwhile =
            dialog.view.epoch > epoch && self.wait_for_sends(&dialog).await.unwrap_or(true);
        Ok(Pressed {
            dialog,
            left_meanwhile,
        })
    }

    /// The card of a deal was opened by `user` and stayed visible for 3 s.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn opened(
        self: &Arc<Self>,
        tenant: &Arc<Tenant>,
        deal: DealId,
        user: UserId,
        responsible: bool,
    ) -> Result<(), StoreError> {
        let (flow, tenant) = (Arc::clone(self), Arc::clone(tenant));
        finish_anyway(
            async move { Box::pin(flow.opened_now(&tenant, deal, user, responsible)).await },
        )
        .await?
    }

    async fn opened_now(
        &self,
        tenant: &Tenant,
        deal: DealId,
        user: UserId,
        responsible: bool,
    ) -> Result<(), StoreError> {
        for dialog in self.store.dialogs_of_deal(tenant.account, deal).await? {
            if matches!(dialog.view.owner, Owner::Manager { .. }) {
                continue;
            }
            let claimed = self.lease_caught_up(tenant, &dialog.id).await?;
            self.decide_on(tenant, claimed, &Event::CardOpened { user, responsible })
                .await?;
        }
        Ok(())
    }

    /// The event of a click. A note is sealed here, before the dialog is leased.
    async fn press_event(
        &self,
        tenant: &Tenant,
        dialog: &DialogId,
        press: &Press,
        user: UserId,
    ) -> Result<Event, StoreError> {
        Ok(match press {
            Press::Take => Event::ManagerTook { user },
            Press::Return(None) => Event::Returned { user, note: None },
            Press::Return(Some(note)) => {
                let note = self.store.put_text(tenant.account, dialog, note).await?;
                Event::Returned {
                    user,
                    note: Some(note),
                }
            }
            Press::Undo => Event::TakeUndone { user },
            Press::Dismiss => Event::Dismissed { user },
            Press::NoTouch => Event::TouchDeclined { user },
            Press::Exclude => Event::GuestExcluded { user },
            Press::Include => Event::GuestIncluded { user },
        })
    }

    /// Decides one event on a leased dialog and gives the lease back, come what may.
    async fn decide_on(
        &self,
        tenant: &Tenant,
        claimed: Claimed,
        event: &Event,
    ) -> Result<Dialog, StoreError> {
        let lease = claimed.lease.clone();
        let mut work = Work::new(self, tenant, claimed.lease, claimed.state, claimed.guest);
        let decided = match work.event(event).await {
            Ok(()) => work.commit().await,
            Err(error) => Err(error),
        };
        if decided.is_err() {
            self.give_back(&lease, &[], 0).await;
            // What came meanwhile found the dialog taken.
            self.bells.dialog_is_ready();
        }
        decided
    }

    /// Leases a dialog in which nothing waits that came before the click. What cannot be handled now is left to the
    /// workers: a person's click does not wait for it.
    async fn lease_caught_up(
        &self,
        tenant: &Tenant,
        dialog: &DialogId,
    ) -> Result<Claimed, StoreError> {
        let patience = Instant::now() + LEASE_PATIENCE;
        let mut tried = None;
        loop {
            let claimed = self.wait_for_lease(tenant, dialog).await?;
            let first = (
                claimed.rows.first().map(|row| row.id),
                claimed.due.first().copied(),
            );
            let caught_up = first == (None, None);
            if caught_up || tried == Some(first) || Instant::now() > patience {
                return Ok(claimed);
            }
            tried = Some(first);
            self.handle_claimed(tenant, claimed).await;
        }
    }

    async fn wait_for_lease(
        &self,
        tenant: &Tenant,
        dialog: &DialogId,
    ) -> Result<Claimed, StoreError> {
        let patience = Instant::now() + LEASE_PATIENCE;
        loop {
            let now = self.clock.now_ms();
            if let Some(claimed) = self.store.lease(tenant.account, dialog, now).await? {
                return Ok(claimed);
            }
            if Instant::now() > patience {
                return Err(StoreError::Database("the dialog stays busy".to_owned()));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Whether a text of an older epoch has left; waits until its fate is known, at most 2 s. One whose fate is not
    /// known by then may have left.
    async fn wait_for_sends(&self, dialog: &Dialog) -> Result<bool, StoreError> {
        let (account, epoch) = (dialog.account, dialog.view.epoch);
        let patience = Instant::now() + SEND_PATIENCE;
        let mut awaited = Vec::new();
        while let Some(send) = self
            .store
            .send_in_flight(account, &dialog.id, epoch)
            .await?
        {
            if Instant::now() > patience {
                return Ok(true);
            }
            if !awaited.contains(&send) {
                awaited.push(send);
            }
            tokio::time::sleep(LOOK).await;
        }
        for send in &awaited {
            if self.store.has_left(account, send).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Runs to its end even if the caller hangs up meanwhile: a leased dialog must be given back.
async fn finish_anyway<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::spawn(work)
        .await
        .map_err(|error| StoreError::Database(format!("a click was not carried out: {error}")))
}

/// Whether the dialog already is as the click wants it.
fn fulfilled(press: &Press, policy: &Policy, dialog: &Dialog, user: UserId) -> bool {
    match press {
        Press::Take => {
            matches!(dialog.view.owner, Owner::Manager { user: Some(leader), .. } if leader == user)
        }
        Press::Return(_) | Press::Dismiss => dialog.view.owner == Owner::Bot,
        Press::NoTouch => !dialog.timers.contains_key(&Timer::FinalTouch),
        Press::Exclude => excluded(policy, dialog).is_some(),
        Press::Include => excluded(policy, dialog).is_none(),
        Press::Undo => false,
    }
}
