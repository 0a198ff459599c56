//! What is due, and what failed for good.

use super::Draft;
use super::turns::Freshness;
use crate::action::{Action, TaskKind, TaskText};
use crate::change::Change;
use crate::dialog::{Claim, DealWork, TaskState};
use crate::event::{Failure, Timer};
use crate::ids::ActionKey;
use crate::owner::{Owner, Reason, ReasonId};
use crate::policy::{Mode, Span};
use crate::time::MINUTE;
use crate::trace::Check;

/// An escalation that finds no deal yet is tried again so soon.
const ESCALATION_RETRY: Span = Span(MINUTE);
/// … and so late, where the CRM refused to make one, or could not be told for long.
const LATE_RETRY: Span = Span(30 * MINUTE);

impl Draft<'_> {
    pub(super) fn timer_fired(&mut self, timer: Timer, generation: u64) {
        let armed = self.state.timers.get(&timer).copied();
        let Some(armed) = armed.filter(|armed| armed.generation == generation) else {
            self.check(Check::decided("timer.stale"));
            return;
        };
        self.change(Change::TimerCancelled { timer });
        match timer {
            Timer::Burst => self.route(Freshness::Fresh),
            Timer::ClaimGrace => self.start_reading(),
            Timer::AutoReturn => self.auto_return(armed.due.min(self.at())),
            Timer::EpisodeIdle => self.episode_idle(),
            Timer::WaitingReminder => self.remind_of_waiting(),
            Timer::WaitingEscalation => self.escalate_waiting(),
            Timer::FinalTouch => self.final_touch(),
            Timer::AfterTouch => self.after_touch(),
            Timer::LateAnswer => self.late_answer_is_overdue(),
        }
    }

    /// The responsible's open cards show it (BEHAVIOUR §1, reminder due).
    fn remind_of_waiting(&mut self) {
        if !matches!(self.state.view.owner, Owner::Waiting { .. }) {
            self.check(Check::decided("timer.stale"));
            return;
        }
        self.check(Check::decided("waiting.reminder").with("minutes", self.waiting_minutes()));
        self.change(Change::Reminded);
    }

    fn escalate_waiting(&mut self) {
        let Some(handoff) = self.state.handoff.clone() else {
            self.check(Check::decided("timer.stale"));
            return;
        };
        if !matches!(self.state.view.owner, Owner::Waiting { .. }) {
            self.check(Check::decided("timer.stale"));
            return;
        }
        if self.state.deal.is_none() && self.policy.mode != Mode::Watch {
            // The escalation needs the deal. One that could not be made is tried again.
            let refused = self.state.claim == Claim::Idle;
            self.claim_deal();
            let retry = if refused {
                LATE_RETRY
            } else {
                ESCALATION_RETRY
            };
            self.arm(Timer::WaitingEscalation, self.later(retry));
            self.check(Check::decided("deals.none"));
            return;
        }
        self.check(Check::decided("waiting.escalated").with("minutes", self.waiting_minutes()));
        self.change(Change::Escalated);
        self.escalate(&handoff);
        if self.state.deal.is_some() && self.state.task == TaskState::None {
            // It could not be made at the handoff.
            self.work_on_deal(DealWork::Task);
        }
    }

    /// The escalation of a guest who still waits did not reach the CRM in all that time: it is made again, later. What
    /// the CRM refuses it would refuse again.
    fn escalation_failed(&mut self, told: &TaskText, failure: Failure) {
        let waits = matches!(self.state.view.owner, Owner::Waiting { .. });
        let handoff = self.state.handoff.as_ref().filter(|_| waits);
        let of_it = handoff.is_some_and(|handoff| handoff.reason == told.reason);
        if of_it && failure == Failure::Unreachable {
            self.arm(Timer::WaitingEscalation, self.later(LATE_RETRY));
        }
    }

    /// The working day begins with guests waiting: one task that names how many, on the deal of the one who has waited
    /// longest (BEHAVIOUR §4, waiting reminder and escalation).
    pub(super) fn day_opened(&mut self, waiting: u32) {
        let still = matches!(self.state.view.owner, Owner::Waiting { .. });
        let (Some(deal), Some(assignee), Some(handoff)) = (
            self.state.deal,
            self.escalates_to(),
            self.state.handoff.clone(),
        ) else {
            self.check(Check::decided("nothing"));
            return;
        };
        if !still {
            self.check(Check::decided("nothing"));
            return;
        }
        self.check(Check::decided("waiting.morning").with("n", waiting));
        let due_at = self.due_in(self.policy.tasks.whatsapp.due);
        self.write(Action::CreateTask {
            deal,
            kind: TaskKind::Contact,
            text: TaskText {
                reason: Reason::from(ReasonId::MorningList).with("n", waiting),
                messages: handoff.messages,
            },
            due_at,
            assignee: Some(assignee),
        });
    }

    fn waiting_minutes(&self) -> i64 {
        match self.state.view.owner {
            Owner::Waiting { since, .. } => self.at().saturating_sub(since) / MINUTE,
            _ => 0,
        }
    }

    /// Silence ends an episode only while the bot leads, nothing is open, and no touch is pending.
    fn episode_idle(&mut self) {
        let waits_for_crm = self.state.touch_wanted.then(|| self.at());
        let touch = [Timer::FinalTouch, Timer::AfterTouch]
            .iter()
            .filter_map(|timer| self.state.timers.get(timer))
            .map(|armed| armed.due)
            .chain(waits_for_crm)
            .max();
        if let Some(due) = touch {
            self.check(Check::decided("episode.waits_for_touch"));
            self.arm(Timer::EpisodeIdle, due.saturating_add(MINUTE));
        } else if self.state.view.owner == Owner::Bot
            && self.state.unanswered.is_empty()
            && self.state.in_flight.is_empty()
        {
            self.check(Check::decided("episode.ended"));
            self.change(Change::EpisodeEnded);
        } else {
            self.stay_awake();
            self.check(Check::decided("episode.goes_on"));
        }
    }

    pub(super) fn action_failed(&mut self, key: &ActionKey, what: &Action, failure: Failure) {
        match what {
            Action::Send { kind, .. } => self.send_failed(key, *kind, failure),
            Action::ReadCrm => self.reading_failed(key),
            Action::AskBot { turn, .. } => self.bot_failed(turn),
            Action::CreateContact | Action::CreateDeal { .. } => self.claim_failed(failure),
            Action::MoveDeal { .. } => self.move_given_up(),
            Action::CreateTask {
                kind: TaskKind::Whatsapp,
                ..
            } => self.task_failed(key),
            Action::CreateTask { text, .. } => self.escalation_failed(text, failure),
            Action::CompleteTask { task, .. } => self.closing_failed(*task, failure),
            Action::SetOwnerField { deal, .. } => self.field_failed(*deal),
            Action::SetTaskText { task, .. } => self.rewriting_failed(*task, failure),
            Action::TagContact { .. } => self.tagging_failed(key, failure),
            Action::AssignTask { .. } | Action::AddNote { .. } => {}
        }
        if self.decision.trace.is_empty() {
            self.check(Check::decided("action.failed").with("what", what.name()));
        }
    }
}
