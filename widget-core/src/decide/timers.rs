//! What is due, and what failed for good.

use super::Draft;
use super::turns::Freshness;
use crate::action::Action;
use crate::change::Change;
use crate::event::{Failure, Timer};
use crate::ids::ActionKey;
use crate::owner::Owner;
use crate::trace::Check;

impl Draft<'_> {
    pub(super) fn timer_fired(&mut self, timer: Timer, generation: u64) {
        let armed = self.state.timers.get(&timer).copied();
        if armed.is_none_or(|armed| armed.generation != generation) {
            self.check(Check::decided("timer.stale"));
            return;
        }
        self.change(Change::TimerCancelled { timer });
        match timer {
            Timer::Burst => self.route(Freshness::Fresh),
            Timer::ClaimGrace => self.start_reading(),
            Timer::AutoReturn => self.auto_return(),
            Timer::EpisodeIdle => self.episode_idle(),
        }
    }

    /// Silence ends an episode only while the bot leads and nothing is open.
    fn episode_idle(&mut self) {
        if self.state.view.owner == Owner::Bot && self.state.unanswered.is_empty() {
            self.change(Change::EpisodeEnded);
        } else {
            self.stay_awake();
        }
    }

    pub(super) fn action_failed(&mut self, key: &ActionKey, what: &Action, failure: Failure) {
        match what {
            Action::Send { kind, .. } => self.send_failed(key, *kind, failure),
            Action::ReadCrm => self.reading_failed(key),
            Action::AskBot { turn, .. } => self.bot_failed(turn),
            Action::CreateContact | Action::CreateDeal { .. } => self.claim_failed(failure),
            Action::MoveDeal { .. } => self.change(Change::Moving(None)),
            Action::CreateTask { .. } => self.task_failed(key),
            Action::SetOwnerField { deal, .. } => self.field_failed(*deal),
            Action::SetTaskText { .. }
            | Action::CompleteTask { .. }
            | Action::AssignTask { .. }
            | Action::AddNote { .. } => {}
        }
        if self.decision.trace.is_empty() {
            self.check(Check::decided("action.failed").with("what", action_name(what)));
        }
    }
}

fn action_name(action: &Action) -> &'static str {
    match action {
        Action::ReadCrm => "read_crm",
        Action::AskBot { .. } => "ask_bot",
        Action::Send { .. } => "send",
        Action::CreateTask { .. } => "create_task",
        Action::SetTaskText { .. } => "set_task_text",
        Action::CompleteTask { .. } => "complete_task",
        Action::AssignTask { .. } => "assign_task",
        Action::MoveDeal { .. } => "move_deal",
        Action::CreateContact => "create_contact",
        Action::CreateDeal { .. } => "create_deal",
        Action::SetOwnerField { .. } => "set_owner_field",
        Action::AddNote { .. } => "add_note",
    }
}
