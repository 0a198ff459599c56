//! The workers that claim dialogs: one dialog, one worker, its events in order.
//!
//! The queue per dialog is our own: no queue library keeps the order per key *and* commits the consumed message, the
//! new state, its timers and the follow-up actions in one transaction of our database.

use super::decide::Work;
use super::inbox::{Meaning, ROUTE_BATCH};
use super::panics::contained;
use super::{Flow, Tenant};
use crate::error::StoreError;
use crate::ports::{Claimed, DueTimer, InboxRow, Lease};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use widget_core::event::Event;

/// How often the store is asked when no bell rings: truth does not depend on a bell.
pub(super) const POLL: Duration = Duration::from_millis(200);
/// How often those look for whom a bell rings, in case one was not heard.
pub(super) const SELDOM: Duration = Duration::from_secs(5);
/// After hints were given away, others may gather for so long: each of our own writes comes back as one, and those of a
/// dialog are handled together.
const GATHER: Duration = Duration::from_millis(100);
/// How long a worker rests after a failure of the store.
pub(super) const REST: Duration = Duration::from_millis(500);
/// How long a dialog is left alone after a failure, ms of the business clock.
const BREAK: i64 = 1_000;
/// How long a dialog of an account that is not configured is left alone, ms of the business clock.
const LONG_BREAK: i64 = 60_000;
/// How long a dialog with such a result is left to an instance of that version, ms.
const NEWER_BREAK: i64 = 2_000;
/// How long a result of a newer version waits for an upgrade before a person sees to the guest, ms.
const NEWER_PATIENCE: i64 = 600_000;
/// A row that failed so often is set aside.
const TRIES: u32 = 3;

impl Flow {
    /// Claims and handles dialogs until `stop`: one for each ring, and looks for them every so often when no bell rings.
    /// Who finds another one that is ready rings for it. One who looks often is enough.
    pub(super) async fn work_on_dialogs(
        self: Arc<Self>,
        look_every: Duration,
        stop: CancellationToken,
    ) {
        while !stop.is_cancelled() {
            let bell = self.bells.for_dialogs();
            match self.handle_next_dialog().await {
                Ok(()) => super::rest(bell, look_every, &stop).await,
                Err(error) => {
                    tracing::error!(%error, "a dialog could not be handled; it is tried again");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    /// Gives hints of the CRM to their dialogs until `stop`.
    pub(super) async fn route_all_hints(self: Arc<Self>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let bell = self.bells.for_hints();
            match self.route_hints().await {
                Ok(0) => super::rest(bell, POLL, &stop).await,
                Ok(some) if some < ROUTE_BATCH as usize => tokio::time::sleep(GATHER).await,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "hints could not be routed; they are tried again");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    async fn handle_next_dialog(&self) -> Result<(), StoreError> {
        let now = self.clock.now_ms();
        let Some(claimed) = self.store.claim(now).await? else {
            return Ok(());
        };
        if claimed.another_is_ready {
            self.bells.dialog_is_ready();
        }
        let Some(tenant) = self.tenant(claimed.lease.account) else {
            // An account that is not configured now keeps its rows for when it is.
            self.give_back(&claimed.lease, &[], now + LONG_BREAK).await;
            return Ok(());
        };
        self.handle_claimed(&tenant, claimed).await;
        Ok(())
    }

    /// Handles what waits in a leased dialog, and gives it back whatever happens.
    pub(super) async fn handle_claimed(&self, tenant: &Tenant, claimed: Claimed) {
        let lease = claimed.lease.clone();
        let rows: Vec<i64> = claimed.rows.iter().map(|row| row.id).collect();
        let handled = contained(Box::pin(self.handle(tenant, claimed))).await;
        let suspects = match handled.unwrap_or_else(|| Err(panicked())) {
            Ok(()) => return,
            Err(error) => {
                tracing::error!(dialog = %lease.dialog, %error, "a dialog could not be handled; it is tried again");
                // One of them is the cause: next time each has a commit of its own.
                match error {
                    StoreError::Refused(_) => rows.as_slice(),
                    _ => &[],
                }
            }
        };
        let again_at = self.clock.now_ms() + BREAK;
        for row in self.give_back(&lease, suspects, again_at).await {
            tracing::error!(dialog = %lease.dialog, row, "an event is set aside");
            metrics::counter!("estafeta_events_unreadable_total").increment(1);
        }
    }

    /// Gives a lease back whatever it takes: a dialog whose lease nobody holds or returns would be dead. Answers the
    /// rows that were set aside.
    pub(super) async fn give_back(&self, lease: &Lease, failed: &[i64], again_at: i64) -> Vec<i64> {
        loop {
            match self.store.release(lease, failed, again_at).await {
                Ok(poison) => return poison,
                Err(StoreError::LeaseLost) => return Vec::new(),
                Err(error) => {
                    tracing::error!(dialog = %lease.dialog, %error, "a dialog could not be given back; it is tried again");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    async fn handle(&self, tenant: &Tenant, claimed: Claimed) -> Result<(), StoreError> {
        let lease = claimed.lease.clone();
        let mut due: VecDeque<DueTimer> = claimed.due.into();
        let mut rows: VecDeque<InboxRow> = claimed.rows.into();
        let mut work = Work::new(self, tenant, claimed.lease, claimed.state, claimed.guest);
        let mut broken_timer = false;
        loop {
            let timer_first = match (due.front(), rows.front()) {
                (Some(timer), Some(row)) => timer.due < row.row.at,
                (timer, _) => timer.is_some(),
            };
            if timer_first && let Some(timer) = due.pop_front() {
                let before = work.clone();
                let fired = Event::TimerFired {
                    timer: timer.timer,
                    generation: timer.generation,
                };
                if let Some(handled) = contained(Box::pin(work.event(&fired))).await {
                    handled?;
                } else {
                    // It stays armed, and must not stand in the way of what the guest writes.
                    tracing::error!(dialog = %lease.dialog, timer = ?timer.timer, "a timer could not be handled");
                    broken_timer = true;
                    work = before;
                    work.event(&Event::Unreadable).await?;
                }
            } else if let Some(row) = rows.pop_front() {
                if row.tries > 0 {
                    // A row that has failed before stands or falls alone.
                    work = work.commit_and_go_on().await?;
                }
                let before = work.clone();
                match self.handle_row(tenant, work, &row).await {
                    Ok(Handled::Done(after)) => work = *after,
                    Ok(Handled::Later(until)) => {
                        before.commit_and_keep().await?;
                        self.give_back(&lease, &[], until).await;
                        return Ok(());
                    }
                    Err(StoreError::LeaseLost) => return Err(StoreError::LeaseLost),
                    Err(error) => {
                        tracing::error!(dialog = %lease.dialog, row = row.id, %error, "an event could not be handled");
                        return self.row_failed(before, &lease, &row).await;
                    }
                }
            } else {
                break;
            }
        }
        if broken_timer {
            work.commit_and_keep().await?;
            let again_at = self.clock.now_ms() + LONG_BREAK;
            self.give_back(&lease, &[], again_at).await;
        } else {
            work.commit().await?;
        }
        Ok(())
    }

    /// A row failed: what came before it is committed. The third time the row is set aside, and in the same commit
    /// the guest gets a person.
    async fn row_failed(
        &self,
        mut before: Work<'_>,
        lease: &Lease,
        row: &InboxRow,
    ) -> Result<(), StoreError> {
        if row.tries + 1 >= TRIES {
            metrics::counter!("estafeta_events_unreadable_total").increment(1);
            before.event(&Event::Unreadable).await?;
            before.consume(row.id);
            before.commit().await?;
        } else {
            before.commit_and_keep().await?;
            self.give_back(lease, &[row.id], self.clock.now_ms() + BREAK)
                .await;
        }
        Ok(())
    }

    async fn handle_row<'a>(
        &self,
        tenant: &Tenant,
        work: Work<'a>,
        row: &InboxRow,
    ) -> Result<Handled<'a>, StoreError> {
        let handled = contained(Box::pin(self.work_off(tenant, work, row))).await;
        match handled.unwrap_or_else(|| Err(panicked()))? {
            Handled::Done(work) if row.tries > 0 => {
                let work = work.commit_and_go_on().await?;
                Ok(Handled::Done(Box::new(work)))
            }
            handled => Ok(handled),
        }
    }

    async fn work_off<'a>(
        &self,
        tenant: &Tenant,
        mut work: Work<'a>,
        row: &InboxRow,
    ) -> Result<Handled<'a>, StoreError> {
        match self
            .meaning(tenant, &work.state, &mut work.guest, row)
            .await?
        {
            Meaning::Events(events) => {
                for event in &events {
                    work.event(event).await?;
                }
                work.consume(row.id);
            }
            Meaning::Park(until) => work.park(row.id, until),
            Meaning::Newer if self.clock.now_ms() - row.row.at < NEWER_PATIENCE => {
                tracing::warn!(
                    row = row.id,
                    "a result of a newer version waits for an upgrade"
                );
                return Ok(Handled::Later(self.clock.now_ms() + NEWER_BREAK));
            }
            Meaning::Newer => {
                let why = "it is of a newer version";
                self.unreadable(&mut work, row, why).await?;
            }
            Meaning::Unreadable(why) => self.unreadable(&mut work, row, &why).await?,
        }
        Ok(Handled::Done(Box::new(work)))
    }

    /// Nobody will ever read it: the guest gets a person (promise 4).
    async fn unreadable(
        &self,
        work: &mut Work<'_>,
        row: &InboxRow,
        why: &str,
    ) -> Result<(), StoreError> {
        tracing::error!(row = row.id, why, "a stored event could not be read");
        metrics::counter!("estafeta_events_unreadable_total").increment(1);
        work.event(&Event::Unreadable).await?;
        work.consume(row.id);
        Ok(())
    }
}

/// What became of a row.
enum Handled<'a> {
    /// It is worked off, or parked.
    Done(Box<Work<'a>>),
    /// The dialog waits with it until this unix ms.
    Later(i64),
}

/// A panic, as the failure that it is.
fn panicked() -> StoreError {
    StoreError::Refused("it panicked".to_owned())
}
