//! Who leads (BEHAVIOUR §1): what people do with a dialog, and what time does.

use super::Draft;
use super::inquiry::{owner_value, same_owner};
use super::turns::Freshness;
use crate::action::{Action, TaskKind, TaskResult, TaskText};
use crate::change::Change;
use crate::dialog::{BeforeTake, DealWork, Dialog, From, Handoff, Lead, TaskState};
use crate::event::{Changer, Event, FieldValue, Timer};
use crate::ids::{DealId, MessageId, TaskId, TextRef, UserId};
use crate::owner::{Owner, OwnerView, ReasonId, Signal, next};
use crate::policy::{OnTaskDone, TakeOnOpen};
use crate::time::MINUTE;
use crate::trace::Check;

/// The event that a fresh read of the CRM implies: the field «Ведёт диалог» is not what we wrote, so somebody set it.
/// To be asked after each [`Event::CrmRead`].
pub fn implied(dialog: &Dialog) -> Option<Event> {
    let read = dialog.crm.as_ref()?.action.seq();
    let field = dialog.deal_facts()?.field;
    let wish = dialog.field;
    // While our first write since then is under way, only what it found or what it writes is ours.
    let ours = same_owner(field, wish.value)
        || same_owner(field, wish.shown)
        || wish.pending && wish.overtaken;
    if read < wish.settled || ours {
        return None;
    }
    Some(Event::FieldChanged {
        value: field,
        by: dialog.hint.map_or(Changer::Unknown, |(by, _)| by),
    })
}

impl Draft<'_> {
    /// «Взять диалог», by the button or the field. `by` names the way in the trace.
    pub(super) fn took(&mut self, user: Option<UserId>, by: &str) {
        let view = next(&self.state.view, &Signal::Took, user, self.at());
        if view == self.state.view {
            self.check(Check::decided("owner.manager").with("user", user.map_or(0, |u| u.0)));
            return;
        }
        self.check(
            Check::decided("owner.taken")
                .with("user", user.map_or(0, |u| u.0))
                .with("how", by),
        );
        self.begin_lead(view, None, self.at());
    }

    /// A manager leads from now on: the bot falls silent, the task is theirs, the auto-return runs since the human signal.
    fn begin_lead(&mut self, view: OwnerView, undo: Option<Owner>, signal_at: i64) {
        self.change(Change::OwnerSet(view));
        self.stop_bot();
        self.no_more_touches();
        self.stop_watching_over();
        self.change(Change::LeadSet(Some(Lead {
            signal_at,
            deferred_once: false,
            undo,
        })));
        self.arm_auto_return(signal_at);
        self.assign_task();
        self.show_owner(FieldValue::Manager);
        if self.state.deal.is_none() {
            // The card of the guest's deal is to show who leads: what is missing is waited for, and made.
            if self.is_new_inquiry() {
                self.claim_deal();
            }
            self.start_reading();
        }
    }

    /// Whether a guest has begun an episode for which no deal was made.
    fn is_new_inquiry(&self) -> bool {
        let episode = self.state.episode.as_ref();
        episode.is_some_and(|episode| !episode.deal_made) && self.muted().is_none()
    }

    fn arm_auto_return(&mut self, signal_at: i64) {
        let due = signal_at.saturating_add(self.policy.timers.auto_return_after.0);
        self.arm(Timer::AutoReturn, due.max(self.at()));
    }

    /// A person wrote to the guest: that takes the dialog, and it answers whatever was open. `at` is when they wrote: the
    /// message may have been found late.
    pub(super) fn person_wrote(&mut self, user: Option<UserId>, message: &MessageId, at: i64) {
        let signal_at = at.min(self.at());
        if self.is_lead_over(signal_at) {
            self.answered_long_ago(user, signal_at);
            return;
        }
        let before = BeforeTake {
            message: message.clone(),
            owner: self.state.view.owner.clone(),
            unanswered: self.state.unanswered.clone(),
            handoff: self.state.handoff.clone(),
            person_wrote: self.state.episode.as_ref().is_some_and(|e| e.person_wrote),
            lead: self.state.lead.clone(),
            return_due: self.state.timers.get(&Timer::AutoReturn).map(|t| t.due),
        };
        self.check(Check::decided("owner.wrote").with("by", user.map_or(0, |u| u.0)));
        self.answered_by_person(signal_at);
        let new = |e: &crate::dialog::Episode| !e.person_wrote;
        if self.state.episode.as_ref().is_some_and(new) {
            self.change(Change::PersonWrote);
        }
        let led_before = matches!(self.state.view.owner, Owner::Manager { .. });
        let view = next(&self.state.view, &Signal::PersonWrote, user, self.at());
        if !led_before {
            self.begin_lead(view, None, signal_at);
            if user.is_none() {
                self.change(Change::TakenByMessage(before));
            }
            return;
        }
        self.name_leader(user);
        let known = self.state.lead.as_ref().map_or(signal_at, |l| l.signal_at);
        let signal_at = signal_at.max(known);
        self.change(Change::LeadSet(Some(Lead {
            signal_at,
            deferred_once: false,
            undo: None,
        })));
        self.arm_auto_return(signal_at);
        if user.is_none() {
            self.change(Change::TakenByMessage(before));
        }
    }

    /// Whether a lead that began with this signal would be the bot's again by now.
    fn is_lead_over(&self, signal_at: i64) -> bool {
        let led_for = self.policy.timers.auto_return_after.0;
        self.state.view.owner == Owner::Bot && signal_at.saturating_add(led_for) <= self.at()
    }

    /// A person's message that was found so late that the bot would lead again: it answered what the guest had written
    /// before it, and nothing else changes.
    fn answered_long_ago(&mut self, user: Option<UserId>, at: i64) {
        self.check(Check::decided("owner.wrote").with("by", user.map_or(0, |u| u.0)));
        self.answered_until(at);
        if self.state.episode.as_ref().is_some_and(|e| !e.person_wrote) {
            self.change(Change::PersonWrote);
        }
        self.no_more_touches();
        if self.state.unanswered.is_empty() {
            self.stop_bot();
        } else {
            self.ask_again();
        }
    }

    /// What the channel reported as anybody's message was a robot's: a robot never takes (BEHAVIOUR §2).
    pub(super) fn robot_did_not_take(&mut self, message: &MessageId) {
        let Some(before) = self.state.before_take.clone() else {
            return;
        };
        if before.message != *message {
            return;
        }
        self.check(Check::decided("owner.robot"));
        self.change(Change::TakenByRobot);
        if let Owner::Manager { .. } = before.owner {
            self.change(Change::LeadSet(before.lead));
            match before.return_due {
                Some(due) => self.arm(Timer::AutoReturn, due.max(self.at())),
                None => self.cancel(Timer::AutoReturn),
            }
            return;
        }
        let signal = Signal::TakeUndone {
            previous: before.owner,
        };
        let view = next(&self.state.view, &signal, None, self.at());
        let value = owner_value(&view.owner);
        self.change(Change::OwnerSet(view));
        self.change(Change::LeadSet(None));
        self.cancel(Timer::AutoReturn);
        self.show_owner(value);
        match self.state.view.owner {
            Owner::Waiting { .. } => self.watch_over_waiting(),
            Owner::Bot if !self.state.unanswered.is_empty() => self.route(Freshness::Fresh),
            Owner::Bot | Owner::Manager { .. } => {}
        }
    }

    /// A leader whom nobody knew by name gets one.
    pub(super) fn name_leader(&mut self, user: Option<UserId>) {
        if matches!(self.state.view.owner, Owner::Manager { user: None, .. }) {
            let view = next(&self.state.view, &Signal::PersonWrote, user, self.at());
            if view != self.state.view {
                self.change(Change::OwnerSet(view));
                self.assign_task();
            }
        }
    }

    /// What the guest wrote later is not answered by a message that was only learnt of after it.
    pub(super) fn answered_until(&mut self, at: i64) {
        let recent = &self.state.recent;
        let later = |id: &MessageId| recent.iter().any(|seen| seen.id == *id && seen.at > at);
        let unanswered = self.state.unanswered.iter().map(|m| m.id.clone());
        let messages: Vec<_> = unanswered.filter(|id| !later(id)).collect();
        if !messages.is_empty() {
            self.change(Change::Answered { messages });
        }
    }

    fn answered_by_person(&mut self, at: i64) {
        self.answered_until(at);
        if let Some(handoff) = self.state.handoff.clone().filter(|h| !h.answered) {
            self.change(Change::HandoffSet(Some(Handoff {
                answered: true,
                ..handoff
            })));
        }
    }

    pub(super) fn card_opened(&mut self, user: UserId, responsible: bool) {
        let takes = responsible
            && !self.state.undone_by.contains(&user)
            && matches!(
                (self.policy.ownership.take_on_open, &self.state.view.owner),
                (TakeOnOpen::Always, Owner::Bot)
                    | (
                        TakeOnOpen::Always | TakeOnOpen::Waiting,
                        Owner::Waiting { .. }
                    )
            );
        if !takes {
            self.check(Check::decided("nothing"));
            return;
        }
        self.check(Check::decided("owner.opened").with("by", user));
        let before = self.state.view.owner.clone();
        let view = next(&self.state.view, &Signal::Opened, Some(user), self.at());
        self.begin_lead(view, Some(before), self.at());
    }

    pub(super) fn take_undone(&mut self, user: UserId) {
        let undo = self.state.lead.as_ref().and_then(|lead| {
            let since = self.at().saturating_sub(lead.signal_at);
            let within = since <= self.policy.timers.undo_for.0;
            lead.undo.clone().filter(|_| within)
        });
        let Some(previous) = undo else {
            self.check(Check::decided("nothing"));
            return;
        };
        self.check(Check::decided("owner.undone").with("by", user));
        let signal = Signal::TakeUndone { previous };
        let view = next(&self.state.view, &signal, Some(user), self.at());
        let value = owner_value(&view.owner);
        self.change(Change::OwnerSet(view));
        self.change(Change::LeadSet(None));
        self.cancel(Timer::AutoReturn);
        self.change(Change::TakeUndoneBy { user });
        self.show_owner(value);
        match self.state.view.owner {
            Owner::Waiting { .. } => {
                // The take may have closed it.
                if self.state.task == TaskState::None {
                    self.work_on_deal(DealWork::Task);
                }
                self.watch_over_waiting();
            }
            Owner::Bot if !self.state.unanswered.is_empty() => self.route(Freshness::Fresh),
            _ => {}
        }
    }

    /// «Вернуть боту», by the button or the field (masterplan: Сценарий 4).
    pub(super) fn returned(&mut self, user: Option<UserId>, note: Option<TextRef>) {
        if self.state.view.owner == Owner::Bot {
            self.check(Check::decided("owner.bot"));
            return;
        }
        self.check(Check::decided("owner.returned").with("by", user.map_or(0, |u| u.0)));
        self.change(Change::ManagerNote(note));
        self.leave_to_bot();
        let view = next(&self.state.view, &Signal::Returned, user, self.at());
        self.back_to_bot(view, TaskResult::Returned, self.at());
        self.take_up_again();
    }

    /// A person who returns a dialog has dealt with its handoff: the same messages and facts are the bot's now, and
    /// don't come straight back.
    fn leave_to_bot(&mut self) {
        if let Some(handoff) = self.state.handoff.clone() {
            self.change(Change::HandedBack {
                messages: handoff.messages.clone(),
            });
            self.change(Change::HandoffSet(Some(Handoff {
                answered: true,
                ..handoff
            })));
        }
    }

    pub(super) fn dismissed(&mut self, user: UserId) {
        if self.state.view.owner == Owner::Bot {
            self.check(Check::decided("owner.bot"));
            return;
        }
        self.check(Check::decided("owner.dismissed").with("by", user));
        let messages: Vec<_> = self.state.unanswered.iter().map(|m| m.id.clone()).collect();
        self.change(Change::Answered { messages });
        let view = next(&self.state.view, &Signal::Dismissed, Some(user), self.at());
        self.back_to_bot(view, TaskResult::Dismissed, self.at());
    }

    /// The bot leads again since `at`: an older signal of a person comes too late.
    pub(super) fn back_to_bot(&mut self, view: OwnerView, result: TaskResult, at: i64) {
        self.change(Change::OwnerSet(view));
        self.change(Change::BackToBot { at });
        self.change(Change::LeadSet(None));
        self.change(Change::HandoffSet(None));
        self.change(Change::DeferredCleared);
        self.cancel(Timer::AutoReturn);
        self.stop_watching_over();
        if self.state.episode.is_some() {
            self.change(Change::IntroWanted);
            self.stay_awake();
        }
        self.complete_task(result);
        self.show_owner(FieldValue::Bot);
    }

    /// The bot leads again: an unanswered message is routed exactly once, else the bot introduces itself.
    fn take_up_again(&mut self) {
        if !self.state.unanswered.is_empty() {
            self.route(Freshness::Fresh);
            return;
        }
        if self.state.episode.is_none() {
            return;
        }
        let last_was_thanks = self
            .state
            .recent
            .last()
            .is_some_and(|seen| seen.from == From::Guest);
        self.introduce_alone(last_was_thanks);
    }

    /// The field «Ведёт диалог» says what we did not write (masterplan: «Механизм переключения», вариант 1).
    pub(super) fn field_changed(&mut self, value: FieldValue, by: Changer) {
        self.change(Change::Hinted(None));
        let seq = self.next_seq();
        self.change(Change::FieldSettled { value, seq });
        self.check(
            Check::passed("owner.field")
                .with("value", field_name(value))
                .with("by", by.user().map_or(0, |u| u.0)),
        );
        if by == Changer::Robot {
            return;
        }
        match (value, &self.state.view.owner) {
            // Who leads already is not made unknown by a change that names nobody.
            (FieldValue::Manager, Owner::Manager { .. }) if by.user().is_none() => {}
            (FieldValue::Manager, _) => self.took(by.user(), "field"),
            (FieldValue::Bot | FieldValue::Empty, _) => self.returned(by.user(), None),
            (FieldValue::Waiting, Owner::Bot) => {
                self.hand_off(ReasonId::ByHand);
            }
            (FieldValue::Waiting, Owner::Waiting { .. }) => {}
            (FieldValue::Waiting, Owner::Manager { .. }) => {
                let signal = Signal::Requeued(ReasonId::ByHand);
                self.requeue(&signal, ReasonId::ByHand.into(), by.user());
            }
        }
    }

    pub(super) fn field_set(&mut self, deal: DealId, value: FieldValue) {
        if self.state.deal != Some(deal) {
            return;
        }
        if value == self.state.field.value {
            let seq = self.next_seq();
            self.change(Change::FieldSettled { value, seq });
            self.follow_hint();
        } else {
            self.change(Change::FieldShown { value });
        }
    }

    /// The field could not be written. The next read of the CRM shows it, and it is written again.
    pub(super) fn field_failed(&mut self, deal: DealId) {
        if self.state.deal == Some(deal) {
            let value = self.state.field.value;
            self.change(Change::FieldWanted {
                value,
                pending: false,
            });
            self.follow_hint();
        }
    }

    /// A hint that came while our own write was under way is looked into.
    fn follow_hint(&mut self) {
        if self.state.hint.is_some() {
            self.start_reading();
        }
    }

    /// A person closed the «WhatsApp» task in the CRM.
    pub(super) fn task_changed(&mut self, task: TaskId, done: bool, by: Changer) {
        let ours = self.state.task == TaskState::Open { id: task };
        if !ours || !done || by == Changer::Robot {
            self.check(Check::decided("nothing"));
            return;
        }
        self.change(Change::TaskSet(TaskState::None));
        self.check(Check::decided("owner.task_closed").with("by", by.user().map_or(0, |u| u.0)));
        match self.state.view.owner {
            Owner::Bot => {}
            Owner::Waiting { .. } => {
                self.answered_by_person(self.at());
                let view = next(&self.state.view, &Signal::TaskClosed, by.user(), self.at());
                self.begin_lead(view, None, self.at());
            }
            Owner::Manager { .. } => {
                if self.policy.ownership.on_task_done == OnTaskDone::Return {
                    self.returned(by.user(), None);
                }
            }
        }
    }

    /// No human signal for long enough: back to the bot, or, if the guest never got an answer, back to waiting. It counts
    /// since it was `due`, however late it is looked at: what a person wrote meanwhile takes the dialog again.
    pub(super) fn auto_return(&mut self, due: i64) {
        let unanswered = self.state.handoff.clone().filter(|h| !h.answered);
        let signal = Signal::AutoReturnDue {
            unanswered_handoff: unanswered.as_ref().map(|h| (h.since, h.reason.clone())),
        };
        let view = next(&self.state.view, &signal, None, self.at());
        if view == self.state.view {
            self.check(Check::decided("timer.stale"));
            return;
        }
        // Nobody but a manager answers this guest: with the bot, what waits would be forgotten.
        if self.muted().is_some() && !self.state.unanswered.is_empty() && unanswered.is_none() {
            self.check(Check::decided("owner.stays_for_excluded"));
            let due = self.later(self.policy.timers.auto_return_after);
            self.arm(Timer::AutoReturn, due);
            return;
        }
        let minutes = self.policy.timers.auto_return_after.0 / MINUTE;
        let Some(handoff) = unanswered else {
            self.check(Check::decided("owner.auto_return").with("minutes", minutes));
            self.back_to_bot(view, TaskResult::Returned, due);
            self.take_up_again();
            return;
        };
        self.check(Check::decided("owner.auto_requeued").with("minutes", minutes));
        self.change(Change::OwnerSet(view));
        self.change(Change::LeadSet(None));
        self.show_owner(FieldValue::Waiting);
        self.work_on_deal(DealWork::Task);
        let deal_is_known = self.state.deal.is_some();
        if deal_is_known {
            self.change(Change::Escalated);
            self.escalate(&handoff);
        }
        self.watch_over_waiting();
        if !deal_is_known && self.escalates_to().is_some() {
            // It is due now, and waits for the deal.
            self.arm(Timer::WaitingEscalation, self.at());
        }
    }

    /// Who learns of a guest whom nobody answers.
    pub(super) fn escalates_to(&self) -> Option<UserId> {
        self.policy.tasks.escalate_to
    }

    /// One task for whom the policy names: a guest waits, and nobody sees to it.
    pub(super) fn escalate(&mut self, handoff: &Handoff) {
        if let (Some(deal), Some(assignee)) = (self.state.deal, self.escalates_to()) {
            let due_at = self.due_in(self.policy.tasks.contact.due);
            self.write(Action::CreateTask {
                deal,
                kind: TaskKind::Contact,
                text: TaskText {
                    reason: handoff.reason.clone(),
                    messages: handoff.messages.clone(),
                },
                due_at,
                assignee: Some(assignee),
            });
        }
    }
}

fn field_name(value: FieldValue) -> &'static str {
    match value {
        FieldValue::Empty => "empty",
        FieldValue::Bot => "bot",
        FieldValue::Waiting => "waiting",
        FieldValue::Manager => "manager",
    }
}
