//! Decisions on a leased dialog, gathered into one commit (DESIGN §5.3).

use super::{Flow, Tenant, failpoint, render};
use crate::error::StoreError;
use crate::ports::{Commit, JournalRow, Lease, NewAct};
use serde::Serialize;
use widget_core::action::Action;
use widget_core::decide::{Decision, decide, implied};
use widget_core::dialog::Dialog;
use widget_core::event::Event;
use widget_core::ids::ActionKey;
use widget_core::time::{Now, Zone};

/// A leased dialog being worked on.
#[derive(Clone)]
pub(super) struct Work<'a> {
    flow: &'a Flow,
    tenant: &'a Tenant,
    zone: Zone,
    lease: Lease,
    /// The state after what was decided so far.
    pub state: Dialog,
    journal: Vec<JournalRow>,
    acts: Vec<NewAct>,
    consumed: Vec<i64>,
    parked: Vec<(i64, i64)>,
}

impl<'a> Work<'a> {
    pub fn new(flow: &'a Flow, tenant: &'a Tenant, lease: Lease, state: Dialog) -> Self {
        let zone = tenant.zone(flow.clock.now_ms());
        Self {
            flow,
            tenant,
            zone,
            lease,
            state,
            journal: Vec::new(),
            acts: Vec::new(),
            consumed: Vec::new(),
            parked: Vec::new(),
        }
    }

    /// Decides an event, and what a fresh read of the CRM implies.
    pub async fn event(&mut self, event: &Event) -> Result<(), StoreError> {
        self.one_event(event).await?;
        if matches!(event, Event::CrmRead(_))
            && let Some(implied) = implied(&self.state)
        {
            self.one_event(&implied).await?;
        }
        Ok(())
    }

    async fn one_event(&mut self, event: &Event) -> Result<(), StoreError> {
        let now = Now {
            at: self.flow.clock.now_ms().max(self.state.last_at),
            zone: self.zone.clone(),
        };
        let decision = decide(&self.tenant.policy, &self.state, event, &now);
        let seq = self.state.seq + 1;
        for change in &decision.changes {
            self.state.apply(change);
        }
        self.state.seq = seq;
        self.state.last_at = now.at;
        self.journal.push(self.journal_row(event, &decision)?);
        for (index, action) in decision.actions.into_iter().enumerate() {
            let text = match &action {
                Action::Send { kind, parts, .. } => {
                    Some(render::message(self.flow, self.tenant, &self.state, *kind, parts).await?)
                }
                _ => None,
            };
            self.acts.push(NewAct {
                key: ActionKey::new(&self.state.id, seq, index),
                action,
                text,
            });
        }
        Ok(())
    }

    fn journal_row(&self, event: &Event, decision: &Decision) -> Result<JournalRow, StoreError> {
        Ok(JournalRow {
            seq: self.state.seq,
            at: self.state.last_at,
            policy_version: self.tenant.policy_version,
            core_version: env!("CARGO_PKG_VERSION").to_owned(),
            event: json(event)?,
            changes: json(&decision.changes)?,
            actions: json(&decision.actions)?,
            trace: json(&decision.trace)?,
        })
    }

    /// The row is handled.
    pub fn consume(&mut self, row: i64) {
        self.consumed.push(row);
    }

    /// The row waits.
    pub fn park(&mut self, row: i64, until: i64) {
        self.parked.push((row, until));
    }

    /// Commits everything and gives the lease back.
    pub async fn commit(self) -> Result<Dialog, StoreError> {
        self.commit_and(true).await
    }

    /// Commits everything and keeps the lease.
    pub async fn commit_and_keep(self) -> Result<Dialog, StoreError> {
        self.commit_and(false).await
    }

    async fn commit_and(self, release: bool) -> Result<Dialog, StoreError> {
        failpoint::hit("after_decide");
        let acts = !self.acts.is_empty();
        let state = self.state.clone();
        self.flow
            .store
            .commit(Commit {
                lease: self.lease,
                state: self.state,
                journal: self.journal,
                acts: self.acts,
                consumed: self.consumed,
                parked: self.parked,
                release,
            })
            .await?;
        self.flow.dialogs_bell.notify_waiters();
        if acts {
            self.flow.acts_bell.notify_waiters();
        }
        Ok(state)
    }
}

fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unreadable(error.to_string()))
}
