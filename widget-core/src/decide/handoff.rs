//! Bot → Waiting: one message, one task, the field, a note (BEHAVIOUR §1).

use super::Draft;
use crate::action::{Action, Note, SendKind, TaskKind, TaskText, TextPart};
use crate::change::Change;
use crate::dialog::{DealWork, Handoff, SentText, TaskState};
use crate::event::{FieldValue, Timer};
use crate::ids::{ActionKey, DealId, TaskId, TextRef, UserId};
use crate::owner::{Owner, Reason, Signal, next};
use crate::policy::Assign;
use crate::trace::Check;

impl Draft<'_> {
    /// Hands the dialog over. `text`: the policy's text said instead of `handoff`.
    pub(super) fn hand_off(
        &mut self,
        reason: Reason,
        text: Option<&str>,
        bot_note: Option<TextRef>,
    ) {
        let off_hours = !self.open_now();
        self.begin_waiting(&Signal::HandedOff(reason.clone()), &reason, None, off_hours);
        let hours = if off_hours {
            self.check(Check::passed("hours.off"));
            "off_hours"
        } else {
            self.check(Check::passed("hours.on"));
            "work_hours"
        };
        self.send(
            SendKind::Handoff,
            vec![
                TextPart::Policy(text.unwrap_or("handoff").to_owned()),
                TextPart::Policy(hours.to_owned()),
            ],
            SentText::plain,
        );
        self.tell_people(reason, bot_note);
    }

    /// Waiting without a text to the guest: a manager's dialog requeued by hand.
    pub(super) fn requeue(&mut self, signal: &Signal, reason: Reason, by: Option<UserId>) {
        self.begin_waiting(signal, &reason, by, false);
        self.tell_people(reason, None);
    }

    /// Task, field and note, in the order of what would be missed most.
    fn tell_people(&mut self, reason: Reason, bot_note: Option<TextRef>) {
        self.work_on_deal(DealWork::Task);
        self.show_owner(FieldValue::Waiting);
        let message = self.state.unanswered.last().map(|m| m.id.clone());
        self.work_on_deal(DealWork::Note(Note::Handoff {
            reason,
            message,
            bot_note,
        }));
    }

    fn begin_waiting(
        &mut self,
        signal: &Signal,
        reason: &Reason,
        by: Option<UserId>,
        told_off_hours: bool,
    ) {
        let view = next(&self.state.view, signal, by, self.at());
        self.change(Change::OwnerSet(view));
        self.change(Change::HandoffSet(Some(Handoff {
            since: self.at(),
            reason: reason.clone(),
            settles: settles(reason),
            messages: self.state.unanswered.iter().map(|m| m.id.clone()).collect(),
            told_off_hours,
            answered: false,
        })));
        self.change(Change::LeadSet(None));
        self.stop_bot();
        self.cancel(Timer::AutoReturn);
    }

    /// The bot stops what it is doing: no burst, no turn, no routing.
    pub(super) fn stop_bot(&mut self) {
        if self.state.turn.is_some() {
            self.change(Change::TurnSet(None));
        }
        if self.state.route_wanted {
            self.change(Change::RouteWanted(false));
        }
        self.cancel(Timer::Burst);
    }

    /// Does the work on the bound deal, or keeps it until one is found or made.
    pub(super) fn work_on_deal(&mut self, work: DealWork) {
        match (self.state.deal, work) {
            (None, work) => {
                if !self.state.deferred.contains(&work) {
                    self.change(Change::Deferred(work));
                }
                self.claim_deal();
            }
            (Some(deal), DealWork::Note(note)) => {
                self.act(Action::AddNote { deal, note });
            }
            (Some(deal), DealWork::Task) => self.task_on_deal(deal),
        }
    }

    /// Releases the work that waited for a deal.
    pub(super) fn release_deferred(&mut self) {
        if self.state.deferred.is_empty() {
            return;
        }
        let works = self.state.deferred.clone();
        self.change(Change::DeferredCleared);
        for work in works {
            self.work_on_deal(work);
        }
    }

    /// One open «WhatsApp» task per deal: a new one, or the open one's text set anew (promise 3).
    fn task_on_deal(&mut self, deal: DealId) {
        match self.state.task {
            TaskState::None => {
                let Some(text) = self.task_text() else { return };
                let messages = text.messages.len();
                let due_at = self.policy.calendar.add_working(
                    self.at(),
                    self.policy.tasks.whatsapp.due.0,
                    &self.now.zone,
                );
                let assignee = self.assignee();
                let action = self.act(Action::CreateTask {
                    deal,
                    kind: TaskKind::Whatsapp,
                    text,
                    due_at,
                    assignee,
                });
                self.change(Change::TaskAsked { action, messages });
            }
            TaskState::Making => {}
            TaskState::Open { .. } => {
                self.check(Check::passed("task.reused"));
                self.rewrite_task();
            }
        }
    }

    /// Sets the text of the open task anew; a task that is still being made gets its text when it stands.
    pub(super) fn rewrite_task(&mut self) {
        if let (TaskState::Open { id }, Some(text)) = (self.state.task, self.task_text()) {
            self.act(Action::SetTaskText { task: id, text });
        }
    }

    fn task_text(&self) -> Option<TaskText> {
        let handoff = self.state.handoff.as_ref()?;
        Some(TaskText {
            reason: handoff.reason.clone(),
            messages: handoff.messages.clone(),
        })
    }

    /// Who gets a task: the manager who leads, else the deal's active responsible, else the fallback.
    pub(super) fn assignee(&self) -> Option<UserId> {
        if let Owner::Manager {
            user: Some(user), ..
        } = self.state.view.owner
        {
            return Some(user);
        }
        match self.policy.tasks.assign {
            Assign::Crm => None,
            Assign::DealResponsible => self
                .state
                .deal_facts()
                .filter(|deal| deal.responsible_active)
                .and_then(|deal| deal.responsible)
                .or(self.policy.tasks.fallback),
        }
    }

    pub(super) fn task_created(&mut self, action: &ActionKey, task: TaskId) {
        if self.state.task_action.as_ref() != Some(action) {
            return;
        }
        self.check(Check::decided("task.created"));
        self.change(Change::TaskSet(TaskState::Open { id: task }));
        // What happened while the task was being made is caught up with.
        match self.state.view.owner {
            Owner::Bot => self.complete_task(crate::action::TaskResult::Returned),
            Owner::Manager { .. } => {
                self.assign_task();
            }
            Owner::Waiting { .. } => {
                let named = self.state.task_messages;
                let handoff = self.state.handoff.as_ref();
                if handoff.is_some_and(|handoff| handoff.messages.len() != named) {
                    self.rewrite_task();
                }
            }
        }
    }

    /// The making of a task failed for good: the next cause makes a new one.
    pub(super) fn task_failed(&mut self, action: &ActionKey) {
        if self.state.task_action.as_ref() == Some(action) {
            self.change(Change::TaskSet(TaskState::None));
        }
    }

    /// Gives the open task to the manager who leads.
    pub(super) fn assign_task(&mut self) {
        if let (
            TaskState::Open { id },
            Owner::Manager {
                user: Some(user), ..
            },
        ) = (self.state.task, &self.state.view.owner)
        {
            let to = *user;
            self.act(Action::AssignTask { task: id, to });
        }
    }

    /// Closes the open task. One that is still being made is closed when it stands.
    pub(super) fn complete_task(&mut self, result: crate::action::TaskResult) {
        if let TaskState::Open { id } = self.state.task {
            self.act(Action::CompleteTask { task: id, result });
            self.change(Change::TaskSet(TaskState::None));
        }
    }
}

/// The key under which a reason is settled once a person has answered: the reason, and its value if it has one.
pub(super) fn settles(reason: &Reason) -> String {
    let value = reason.values.get("n").or_else(|| reason.values.get("age"));
    match value {
        Some(value) => format!("{}:{value}", reason.id.as_str()),
        None => reason.id.as_str().to_owned(),
    }
}
