//! Bot → Waiting: one message, one task, the field, a note (BEHAVIOUR §1).

use super::Draft;
use super::triggers::Said;
use crate::action::{Action, Note, SendKind, TaskKind, TaskText, TextPart};
use crate::change::Change;
use crate::dialog::{DealWork, Handoff, SentText, TaskState};
use crate::event::{Failure, FieldValue, Timer};
use crate::ids::{ActionKey, DealId, TaskId, TextRef, UserId};
use crate::owner::{Owner, Reason, ReasonId, Signal, next};
use crate::policy::{Assign, Mode, Span, Trigger};
use crate::trace::Check;

/// Why a dialog is handed over, and how.
pub(super) struct Cause {
    /// What the manager reads.
    pub reason: Reason,
    /// A text of the policy said instead of `handoff`.
    pub text: Option<String>,
    /// The bot's own words for the manager.
    pub bot_note: Option<TextRef>,
    /// The trigger that fired.
    pub trigger: Option<String>,
    /// What the bot wanted to say, where that is the cause.
    pub wanted: Vec<TextRef>,
}

impl From<Reason> for Cause {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            text: None,
            bot_note: None,
            trigger: None,
            wanted: Vec::new(),
        }
    }
}

impl From<ReasonId> for Cause {
    fn from(reason: ReasonId) -> Self {
        Reason::from(reason).into()
    }
}

impl Draft<'_> {
    /// Hands the dialog over: one message to the guest, one task, the field, a note.
    /// What is urgent in what the guest said comes before any other cause: it does not wait for working hours because the
    /// bot or the CRM is down.
    pub(super) fn hand_off(&mut self, cause: impl Into<Cause>) {
        let cause = self.urgent_or(cause.into());
        if self.stopped_by_mute() {
            return;
        }
        self.begin_episode();
        self.name_cause(&cause.reason);
        let off_hours = !self.open_now();
        let signal = Signal::HandedOff(cause.reason.clone());
        self.begin_waiting(&signal, &cause, None, off_hours);
        let duty = self.says_duty(&cause);
        let hours = if off_hours {
            self.check(Check::passed("hours.off"));
            "off_hours"
        } else {
            self.check(Check::passed("hours.on"));
            "work_hours"
        };
        let mut parts = vec![self.handoff_text(&cause)];
        if !duty {
            parts.push(TextPart::Policy(hours.to_owned()));
        }
        self.send(SendKind::Handoff, parts, SentText::plain);
        self.tell_people(cause);
    }

    fn urgent_or(&self, cause: Cause) -> Cause {
        let new = self.state.unanswered.iter().filter(|m| !m.handed_back);
        let said = Said::of(new.map(|m| &m.understood));
        match self.urgent(&said) {
            Some(urgent) => Cause {
                bot_note: cause.bot_note,
                wanted: cause.wanted,
                ..urgent
            },
            None => cause,
        }
    }

    /// Every handoff names its reason (promise 5), unless the rule that fired has just done so.
    fn name_cause(&mut self, reason: &Reason) {
        let named = |check: &Check| ["trigger", "bot.handoff"].contains(&check.rule.as_str());
        if self.decision.trace.iter().any(named) {
            return;
        }
        let check = Check::decided("handoff").with("reason", reason.id.as_str());
        let values = reason.values.iter();
        self.check(values.fold(check, |check, (name, value)| check.with(name, value)));
    }

    /// Whether the guest is told of the duty phone, and so nothing of working hours.
    fn says_duty(&self, cause: &Cause) -> bool {
        let duty = self.trigger(cause.trigger.as_deref());
        duty.is_some_and(|trigger| trigger.assign.is_some())
            && cause.text.is_some()
            && self.policy.tasks.duty_phone.is_some()
    }

    fn handoff_text(&self, cause: &Cause) -> TextPart {
        let duty = self.trigger(cause.trigger.as_deref());
        let without_phone =
            duty.is_some_and(|trigger| trigger.assign.is_some()) && !self.says_duty(cause);
        let own = cause.text.clone().filter(|_| !without_phone);
        TextPart::Policy(own.unwrap_or_else(|| "handoff".to_owned()))
    }

    pub(super) fn trigger(&self, id: Option<&str>) -> Option<&Trigger> {
        let id = id?;
        self.policy.triggers.iter().find(|t| t.id == id)
    }

    /// The trigger of the present handoff.
    fn handoff_trigger(&self) -> Option<&Trigger> {
        self.trigger(self.state.handoff.as_ref()?.trigger.as_deref())
    }

    /// Waiting without a text to the guest: a manager's dialog requeued by hand.
    pub(super) fn requeue(&mut self, signal: &Signal, reason: Reason, by: Option<UserId>) {
        let cause = reason.into();
        self.begin_waiting(signal, &cause, by, false);
        self.tell_people(cause);
    }

    /// Task, field and note, in the order of what would be missed most.
    fn tell_people(&mut self, cause: Cause) {
        self.work_on_deal(DealWork::Task);
        self.show_owner(FieldValue::Waiting);
        let message = self.state.unanswered.last().map(|m| m.id.clone());
        self.work_on_deal(DealWork::Note(Note::Handoff {
            reason: cause.reason,
            message,
            bot_note: cause.bot_note,
            wanted: cause.wanted,
            summary: self.summary,
        }));
    }

    fn begin_waiting(
        &mut self,
        signal: &Signal,
        cause: &Cause,
        by: Option<UserId>,
        told_off_hours: bool,
    ) {
        let view = next(&self.state.view, signal, by, self.at());
        self.change(Change::OwnerSet(view));
        self.change(Change::HandoffSet(Some(Handoff {
            since: self.at(),
            reason: cause.reason.clone(),
            settles: settles(&cause.reason),
            messages: self.state.unanswered.iter().map(|m| m.id.clone()).collect(),
            told_off_hours,
            answered: false,
            reminded: false,
            escalated: false,
            trigger: cause.trigger.clone(),
            wanted: cause.wanted.clone(),
            summary: self.summary,
        })));
        self.change(Change::LeadSet(None));
        self.stop_bot();
        self.cancel(Timer::AutoReturn);
        self.no_more_touches();
        self.watch_over_waiting();
    }

    /// Arms what is due while nobody takes the dialog. Off hours both stand still, except what a trigger wants at any
    /// hour. Counted from the handoff, so that a take undone changes nothing.
    pub(super) fn watch_over_waiting(&mut self) {
        let Some(handoff) = self.state.handoff.clone() else {
            return;
        };
        let timers = &self.policy.timers;
        let working = |span: Span| {
            let calendar = &self.policy.calendar;
            calendar.add_working(handoff.since, span.0, &self.now.zone)
        };
        let remind_at = working(timers.waiting_reminder);
        let escalate_at = match self.handoff_trigger().and_then(|t| t.escalate_after) {
            Some(span) => handoff.since.saturating_add(span.0),
            None => working(timers.waiting_escalation),
        };
        if !handoff.reminded {
            self.arm(Timer::WaitingReminder, remind_at.max(self.at()));
        }
        if !handoff.escalated && self.escalates_to().is_some() {
            self.arm(Timer::WaitingEscalation, escalate_at.max(self.at()));
        }
    }

    /// Nobody waits any more.
    pub(super) fn stop_watching_over(&mut self) {
        self.cancel(Timer::WaitingReminder);
        self.cancel(Timer::WaitingEscalation);
    }

    /// The bot stops what it is doing: no burst, no turn, no routing.
    pub(super) fn stop_bot(&mut self) {
        if self.state.turn.is_some() {
            self.set_turn(None);
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
                self.write(Action::AddNote { deal, note });
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
                let own = self.handoff_trigger().and_then(|trigger| trigger.due);
                let due_at = self.due_in(own.unwrap_or(self.policy.tasks.whatsapp.due));
                let assignee = self.assignee();
                let asked = self.write(Action::CreateTask {
                    deal,
                    kind: TaskKind::Whatsapp,
                    text,
                    due_at,
                    assignee,
                });
                if let Some(action) = asked {
                    self.change(Change::TaskAsked { action, messages });
                }
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
            self.write(Action::SetTaskText { task: id, text });
        }
    }

    /// The moment at which so much working time has passed; at once for none at all.
    pub(super) fn due_in(&self, span: Span) -> i64 {
        let calendar = &self.policy.calendar;
        calendar.add_working(self.at(), span.0, &self.now.zone)
    }

    fn task_text(&self) -> Option<TaskText> {
        let handoff = self.state.handoff.as_ref()?;
        Some(TaskText {
            reason: handoff.reason.clone(),
            messages: handoff.messages.clone(),
        })
    }

    /// Who gets a task: the manager who leads, else whoever is on duty for what is urgent, else the deal's active
    /// responsible, else the fallback.
    pub(super) fn assignee(&self) -> Option<UserId> {
        if let Some(leader) = self.state.view.owner.leader() {
            return Some(leader);
        }
        let urgent = self.handoff_trigger().is_some_and(|t| t.assign.is_some());
        if let Some(duty) = self.policy.tasks.duty_user.filter(|_| urgent) {
            return Some(duty);
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

    /// The open task could not be written. Where somebody deleted it, a guest who waits gets another one.
    pub(super) fn rewriting_failed(&mut self, task: TaskId, failure: Failure) {
        if failure != Failure::Gone || self.state.task != (TaskState::Open { id: task }) {
            return;
        }
        self.change(Change::TaskSet(TaskState::None));
        if matches!(self.state.view.owner, Owner::Waiting { .. }) {
            self.work_on_deal(DealWork::Task);
        }
    }

    /// The closing of a task did not reach the CRM in all that time. The next handoff does not rely on a task that may be
    /// closed after all, so this one is closed later.
    pub(super) fn closing_failed(&mut self, task: TaskId, failure: Failure) {
        let mut tasks = self.state.left_open.clone();
        if failure == Failure::Unreachable && !tasks.contains(&task) {
            tasks.push(task);
            self.change(Change::TasksLeftOpen { tasks });
        }
    }

    /// The CRM answers again: what could not be closed is (promise 3: one open task).
    pub(super) fn close_tasks_again(&mut self) {
        let tasks = self.state.left_open.clone();
        if tasks.is_empty() || self.muted().is_some() || self.policy.mode == Mode::Watch {
            return;
        }
        self.change(Change::TasksLeftOpen { tasks: Vec::new() });
        for task in tasks {
            let result = crate::action::TaskResult::Returned;
            self.write(Action::CompleteTask { task, result });
        }
    }

    /// Gives the open task to the manager who leads.
    pub(super) fn assign_task(&mut self) {
        if let (TaskState::Open { id }, Some(to)) =
            (self.state.task, self.state.view.owner.leader())
        {
            self.write(Action::AssignTask { task: id, to });
        }
    }

    /// Closes the open task. One that is still being made is closed when it stands.
    pub(super) fn complete_task(&mut self, result: crate::action::TaskResult) {
        // A task that may not be closed now stays open, and the next handoff finds it.
        if let TaskState::Open { id } = self.state.task
            && self
                .write(Action::CompleteTask { task: id, result })
                .is_some()
        {
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
