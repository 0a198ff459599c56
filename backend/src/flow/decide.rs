//! Decisions on a leased dialog, gathered into one commit (DESIGN §5.3).

use super::{Flow, Rules, Tenant, failpoint, render};
use crate::error::StoreError;
use crate::ports::{Commit, Guest, JournalRow, Lane, Lease, NewAct, News};
use serde::Serialize;
use std::sync::Arc;
use widget_core::action::Action;
use widget_core::decide::{Decision, decide, implied};
use widget_core::dialog::Dialog;
use widget_core::event::{Event, Timer};
use widget_core::ids::{ActionKey, DealId, TurnId};
use widget_core::time::{Now, Zone};
use widget_core::trace::Check;

/// A turn's question lies among so many of the newest journal rows.
const ASKED_WITHIN: u32 = 30;

/// A leased dialog being worked on.
#[derive(Clone)]
pub(super) struct Work<'a> {
    flow: &'a Flow,
    tenant: &'a Tenant,
    /// All of this work is decided under the rules that were in force when it began.
    rules: Arc<Rules>,
    zone: Zone,
    lease: Lease,
    /// The deal before anything was decided.
    was_bound_to: Option<DealId>,
    /// The state after what was decided so far.
    pub state: Dialog,
    /// Its guest, as far as anybody has named one.
    pub guest: Option<Guest>,
    journal: Vec<JournalRow>,
    acts: Vec<NewAct>,
    consumed: Vec<i64>,
    parked: Vec<(i64, i64)>,
}

impl<'a> Work<'a> {
    pub fn new(
        flow: &'a Flow,
        tenant: &'a Tenant,
        lease: Lease,
        state: Dialog,
        guest: Option<Guest>,
    ) -> Self {
        let rules = tenant.rules();
        let zone = rules.zone(flow.clock.now_ms());
        Self {
            flow,
            tenant,
            rules,
            zone,
            lease,
            was_bound_to: state.deal,
            state,
            guest,
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
        let mut decision = decide(&self.rules.policy, &self.state, event, &now);
        if let Event::BotAnswered { turn, .. } = event
            && let Some(asked_under) = self.asked_under(turn).await?
        {
            let both = Check::passed("policy.changed")
                .with("asked", asked_under)
                .with("now", self.rules.version);
            decision.trace.insert(0, both);
        }
        if breaks_a_promise(event, &decision) {
            self.flow.bot_has_failed(self.tenant).await;
        }
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
                    let (flow, rules) = (self.flow, &self.rules);
                    let said = render::message(flow, self.tenant, rules, &self.state, *kind, parts);
                    Some(said.await?)
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

    /// The version of the policy under which a turn was asked, if it is not the one in force: the trace names both.
    async fn asked_under(&self, turn: &TurnId) -> Result<Option<i64>, StoreError> {
        if !self.tenant.in_force.are_new() {
            return Ok(None);
        }
        let (store, account) = (&self.flow.store, self.tenant.account);
        let rows = store.newest(account, &self.state.id, ASKED_WITHIN).await?;
        let question = format!("\"turn\":\"{turn}\"");
        let asks = |row: &&JournalRow| row.actions.contains(&question);
        let asked = rows.iter().find(asks).map(|row| row.policy_version);
        Ok(asked.filter(|version| *version != self.rules.version))
    }

    fn journal_row(&self, event: &Event, decision: &Decision) -> Result<JournalRow, StoreError> {
        Ok(JournalRow {
            seq: self.state.seq,
            at: self.state.last_at,
            policy_version: self.rules.version,
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

    /// Commits everything, keeps the lease and begins anew.
    pub async fn commit_and_go_on(self) -> Result<Self, StoreError> {
        let (flow, tenant, lease) = (self.flow, self.tenant, self.lease.clone());
        let guest = self.guest.clone();
        let idle = self.journal.is_empty() && self.consumed.is_empty() && self.parked.is_empty();
        if idle {
            return Ok(self);
        }
        let state = self.commit_and_keep().await?;
        Ok(Self::new(flow, tenant, lease, state, guest))
    }

    /// Commits everything and keeps the lease.
    pub async fn commit_and_keep(self) -> Result<Dialog, StoreError> {
        self.commit_and(false).await
    }

    async fn commit_and(self, release: bool) -> Result<Dialog, StoreError> {
        let decided: Vec<Action> = self.acts.iter().map(|act| act.action.clone()).collect();
        failpoint::hit_for("after_decide", &decided);
        let state = self.state.clone();
        let shown_anew = !self.journal.is_empty();
        let ready_at = self
            .flow
            .store
            .commit(Commit {
                lease: self.lease,
                account_epoch: self.rules.account_epoch,
                state: self.state,
                journal: self.journal,
                acts: self.acts,
                consumed: self.consumed,
                parked: self.parked,
                release,
            })
            .await?;
        failpoint::hit_for("after_commit", &decided);
        if release && ready_at.is_some_and(|at| at <= self.flow.clock.now_ms()) {
            // What came meanwhile found the dialog taken.
            self.flow.bells.dialog_is_ready();
        }
        for action in &decided {
            if !self.tenant.lane_bells.ring(Lane::of(action)) {
                self.flow.bells.lane_is_needed();
            }
        }
        if shown_anew {
            self.flow.tell_cards(&state, self.was_bound_to);
        }
        Ok(state)
    }
}

impl Flow {
    /// Tells the cards of the dialog's deal, here and at other instances, and those of the deal that it was bound to.
    fn tell_cards(&self, dialog: &Dialog, was_bound_to: Option<DealId>) {
        let before = was_bound_to.filter(|before| Some(*before) != dialog.deal);
        let deals = dialog.deal.into_iter().chain(before);
        let news = deals.map(|deal| News::Deal(dialog.account, deal));
        self.store.tell(news.collect());
        for deal in dialog.deal.into_iter().chain(before) {
            self.bells.cards.deal_changed(dialog.account, deal);
        }
    }
}

/// Whether a late answer that the bot had promised is given up.
fn breaks_a_promise(event: &Event, decision: &Decision) -> bool {
    let overdue = matches!(
        event,
        Event::TimerFired {
            timer: Timer::LateAnswer,
            ..
        }
    );
    overdue
        && decision
            .trace
            .iter()
            .any(|check| check.rule == "bot.failed")
}

fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unreadable(error.to_string()))
}
