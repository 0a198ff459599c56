//! The workers that claim dialogs: one dialog, one worker, its events in order.
//!
//! The queue per dialog is our own: no queue library keeps the order per key *and* commits the consumed message, the
//! new state, its timers and the follow-up actions in one transaction of our database.

use super::decide::Work;
use super::inbox::Meaning;
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
/// How long a worker rests after a failure of the store.
pub(super) const REST: Duration = Duration::from_millis(500);

impl Flow {
    /// Claims and handles dialogs until `stop`.
    pub(super) async fn work_on_dialogs(self: Arc<Self>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let bell = self.dialogs_bell.notified();
            match self.handle_next_dialog().await {
                Ok(true) => {}
                Ok(false) => super::rest(bell, POLL, &stop).await,
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
            let bell = self.dialogs_bell.notified();
            match self.route_hints().await {
                Ok(true) => {}
                Ok(false) => super::rest(bell, POLL, &stop).await,
                Err(error) => {
                    tracing::error!(%error, "hints could not be routed; they are tried again");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    async fn handle_next_dialog(&self) -> Result<bool, StoreError> {
        let Some(claimed) = self.store.claim(self.clock.now_ms()).await? else {
            return Ok(false);
        };
        let lease = claimed.lease.clone();
        let rows: Vec<i64> = claimed.rows.iter().map(|row| row.id).collect();
        let Some(tenant) = self.tenant(lease.account) else {
            // An account that is not configured now keeps its rows for when it is.
            self.store.release(&lease, &[]).await?;
            return Ok(false);
        };
        match self.handle(&tenant, claimed).await {
            Ok(()) | Err(StoreError::LeaseLost) => Ok(true),
            Err(error) => {
                let poison = self.store.release(&lease, &rows).await?;
                if !poison.is_empty() {
                    self.set_aside(&tenant, &lease, &poison).await?;
                }
                Err(error)
            }
        }
    }

    /// Events that failed three times are out of the way; the guest gets a person.
    async fn set_aside(
        &self,
        tenant: &Tenant,
        lease: &Lease,
        poison: &[i64],
    ) -> Result<(), StoreError> {
        tracing::error!(dialog = %lease.dialog, rows = ?poison, "events failed three times and are set aside");
        metrics::counter!("estafeta_events_unreadable_total").increment(poison.len() as u64);
        let now = self.clock.now_ms();
        let Some(claimed) = self.store.lease(lease.account, &lease.dialog, now).await? else {
            return Ok(());
        };
        let mut work = Work::new(self, tenant, claimed.lease, claimed.state);
        work.event(&Event::Unreadable).await?;
        work.commit().await?;
        Ok(())
    }

    async fn handle(&self, tenant: &Tenant, claimed: Claimed) -> Result<(), StoreError> {
        let mut due: VecDeque<DueTimer> = claimed.due.into();
        let mut rows: VecDeque<InboxRow> = claimed.rows.into();
        let mut work = Work::new(self, tenant, claimed.lease, claimed.state);
        loop {
            let timer_first = match (due.front(), rows.front()) {
                (Some(timer), Some(row)) => timer.due < row.row.at,
                (timer, _) => timer.is_some(),
            };
            if timer_first && let Some(timer) = due.pop_front() {
                work.event(&Event::TimerFired {
                    timer: timer.timer,
                    generation: timer.generation,
                })
                .await?;
            } else if let Some(row) = rows.pop_front() {
                self.handle_row(tenant, &mut work, &row).await?;
            } else {
                break;
            }
        }
        work.commit().await?;
        Ok(())
    }

    async fn handle_row(
        &self,
        tenant: &Tenant,
        work: &mut Work<'_>,
        row: &InboxRow,
    ) -> Result<(), StoreError> {
        match self.meaning(tenant, &work.state, row).await? {
            Meaning::Events(events) => {
                for event in &events {
                    work.event(event).await?;
                }
                work.consume(row.id);
            }
            Meaning::Park(until) => work.park(row.id, until),
            Meaning::Unreadable(why) => {
                tracing::error!(row = row.id, why, "a stored result could not be read");
                metrics::counter!("estafeta_events_unreadable_total").increment(1);
                work.event(&Event::Unreadable).await?;
                work.consume(row.id);
            }
        }
        Ok(())
    }
}
