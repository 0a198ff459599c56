//! The final touch, and what becomes of a guest who does not answer it (masterplan: Сценарий 5; BEHAVIOUR §4).

use super::Draft;
use crate::action::{Action, Note, SendKind, TaskKind, TaskText, TextPart};
use crate::change::Change;
use crate::dialog::{DealWork, From, OwnMove, SeenMessage, SentText};
use crate::event::Timer;
use crate::ids::{DealId, StageKey, TextRef, UserId};
use crate::owner::{Owner, Reason, ReasonId};
use crate::policy::{Span, Stage};
use crate::time::MINUTE;
use crate::trace::Check;

/// While the CRM is down, a touch is tried again so often: nobody waits for it.
const CRM_RETRY: Span = Span(30 * MINUTE);

impl Draft<'_> {
    /// Arms, moves or cancels the final touch by what is known now.
    pub(super) fn review_touch(&mut self) {
        let armed = self.state.timers.get(&Timer::FinalTouch).map(|t| t.due);
        match (self.touch_due(), armed) {
            (Ok(due), armed) if armed != Some(due) => {
                self.check(Check::passed("touch.planned"));
                self.arm(Timer::FinalTouch, due);
            }
            (Err(why), Some(_)) => {
                self.cancel(Timer::FinalTouch);
                self.check(Check::passed("touch.none").with("why", why));
            }
            _ => {}
        }
    }

    /// The guest or a person has spoken: there is nothing to remind of.
    pub(super) fn no_more_touches(&mut self) {
        self.cancel(Timer::FinalTouch);
        self.cancel(Timer::AfterTouch);
        if self.state.touch_wanted {
            self.change(Change::TouchWanted(false));
        }
    }

    /// When the guest is written to once more, or why never.
    fn touch_due(&self) -> Result<i64, &'static str> {
        if let Some(why) = self.touch_forbidden() {
            return Err(why);
        }
        let written = |from| self.state.recent.iter().rev().find(|m| m.from == from);
        let guest = written(From::Guest).ok_or("nobody_wrote")?;
        // A guest's clock that runs ahead must not put the touch off.
        let last = guest.at.min(self.at());
        let timers = &self.policy.timers;
        let after = match self.state.window_until {
            Some(_) => timers.final_touch_after.min(timers.final_touch_window),
            None => timers.final_touch_after,
        };
        let due = last.saturating_add(after.0);
        let due = timers.quiet.end_after(due, &self.now.zone);
        match self.state.window_until {
            Some(until) if due >= until => Err("window"),
            _ => Ok(due),
        }
    }

    /// Why the guest is not to be reminded, if so.
    fn touch_forbidden(&self) -> Option<&'static str> {
        let Some(episode) = &self.state.episode else {
            return Some("over");
        };
        let deal = self.state.deal_facts();
        let last_is_ours = self
            .state
            .recent
            .last()
            .is_some_and(|m| m.from == From::Bot);
        if self.state.view.owner != Owner::Bot || episode.person_wrote {
            Some("person")
        } else if self.is_silenced() {
            Some("mode")
        } else if episode.touched {
            Some("once")
        } else if self.state.opted_out {
            Some("opt_out")
        } else if deal.is_some_and(|deal| deal.closed) {
            Some("closed")
        } else if deal.is_some_and(|deal| deal.has_task) {
            Some("task")
        } else if deal.is_some() && self.touch_stage().is_none() {
            Some("stage")
        } else if !self.state.unanswered.is_empty() || !last_is_ours {
            Some("guest_waits")
        } else {
            None
        }
    }

    /// The deal's stage, if a silent guest is reminded there.
    fn touch_stage(&self) -> Option<&Stage> {
        let stage = self.policy.stage(self.state.stage()?)?;
        stage.touch.is_some().then_some(stage)
    }

    pub(super) fn final_touch(&mut self) {
        if let Some(why) = self.touch_forbidden() {
            self.check(Check::decided("touch.none").with("why", why));
            return;
        }
        // Somebody may have worked on the deal since: the CRM has the last word.
        if !self.snapshot_serves(super::turns::Freshness::Fresh) {
            self.change(Change::TouchWanted(true));
            self.start_reading();
            return;
        }
        self.send_touch();
    }

    /// Goes on with a touch that waited for the CRM.
    pub(super) fn resume_touch(&mut self) {
        if self.state.touch_wanted && self.state.reading.is_none() {
            self.change(Change::TouchWanted(false));
            if self.is_touched() {
                self.after_touch();
            } else {
                self.final_touch();
            }
        }
    }

    /// Whether the final touch of the episode is behind it: what waits then is what comes after it.
    fn is_touched(&self) -> bool {
        self.state.episode.as_ref().is_some_and(|e| e.touched)
    }

    /// The CRM could not be read: the touch waits for it.
    pub(super) fn touch_without_crm(&mut self) {
        if self.state.touch_wanted {
            self.change(Change::TouchWanted(false));
            let due = self.later(CRM_RETRY);
            if self.is_touched() {
                self.arm(Timer::AfterTouch, due);
                return;
            }
            let quiet = self.policy.timers.quiet;
            self.arm(Timer::FinalTouch, quiet.end_after(due, &self.now.zone));
        }
    }

    fn send_touch(&mut self) {
        let closed = self.is_window_closed();
        let text = self.touch_stage().and_then(|stage| stage.touch.clone());
        let Some(text) = text.filter(|_| !closed) else {
            let why = if closed { "window" } else { "stage" };
            self.check(Check::decided("touch.none").with("why", why));
            return;
        };
        if self.policy.timers.quiet.contains(self.at(), &self.now.zone) {
            let due = self
                .policy
                .timers
                .quiet
                .end_after(self.at(), &self.now.zone);
            self.check(Check::decided("touch.quiet"));
            self.arm(Timer::FinalTouch, due);
            return;
        }
        self.check(Check::decided("touch.sent"));
        self.change(Change::TouchSettled);
        self.send(
            SendKind::Touch,
            vec![TextPart::Policy(text)],
            SentText::plain,
        );
    }

    /// The provider takes no free text any more until the guest writes.
    pub(super) fn is_window_closed(&self) -> bool {
        let until = self.state.window_until;
        until.is_some_and(|until| self.at() >= until)
    }

    /// The touch was accepted for sending at unix ms `at`: from now on the guest has time to answer it, unless somebody
    /// spoke meanwhile.
    pub(super) fn touch_accepted(&mut self, at: i64, text: TextRef) {
        let since = |m: &SeenMessage| m.from == From::Guest && m.at > at;
        let silent = self.state.unanswered.is_empty()
            && !self.state.recent.iter().any(since)
            && !self.state.opted_out;
        if silent && self.state.view.owner == Owner::Bot && self.state.episode.is_some() {
            let due = self.later(self.policy.timers.after_touch);
            self.arm(Timer::AfterTouch, due);
        }
        self.work_on_deal(DealWork::Note(Note::Touched { text }));
    }

    pub(super) fn touch_declined(&mut self, user: UserId) {
        let due = self.state.touch_wanted && !self.is_touched();
        let planned = due || self.state.timers.contains_key(&Timer::FinalTouch);
        if !planned {
            self.check(Check::decided("nothing"));
            return;
        }
        self.check(Check::decided("touch.declined").with("by", user));
        self.no_more_touches();
        self.change(Change::TouchSettled);
    }

    /// Still no answer: where no person had a hand in it, the deal goes where the policy says; else a person follows up.
    pub(super) fn after_touch(&mut self) {
        let Some(deal) = self.state.deal else {
            self.check(Check::decided("touch.none").with("why", "over"));
            return;
        };
        if self.is_silenced() {
            self.check(Check::decided("touch.none").with("why", "mode"));
            return;
        }
        // Two days have passed: somebody may have worked on the deal, or the guest may have paid.
        if !self.snapshot_serves(super::turns::Freshness::Fresh) {
            self.change(Change::TouchWanted(true));
            self.start_reading();
            return;
        }
        let stage = self.touch_stage().cloned();
        let Some(stage) = stage.filter(|_| self.state.view.owner == Owner::Bot) else {
            self.check(Check::decided("touch.none").with("why", "stage"));
            return;
        };
        let to = stage.no_reply_to.clone();
        match to.filter(|to| !self.has_a_hand_in_it(&stage.key, to)) {
            Some(to) => self.refuse(deal, stage.key, to),
            None => self.follow_up(deal, &stage.name),
        }
    }

    /// Moves the deal to where those go who don't answer.
    fn refuse(&mut self, deal: DealId, from: StageKey, to: StageKey) {
        self.check(Check::decided("no_reply.moved").with("to", self.stage_name(&to)));
        let loss_reason = self.policy.stage(&to).and_then(|to| to.loss_reason.clone());
        self.ask_to_move(OwnMove { deal, from, to }, loss_reason);
    }

    /// A task for a person: the guest does not answer.
    fn follow_up(&mut self, deal: DealId, stage: &str) {
        self.check(Check::decided("no_reply.task").with("stage", stage));
        let due_at = self.due_in(self.policy.tasks.contact.due);
        let assignee = self.assignee();
        self.write(Action::CreateTask {
            deal,
            kind: TaskKind::Contact,
            text: TaskText {
                reason: Reason::from(ReasonId::NoReply).with("stage", stage),
                messages: Vec::new(),
            },
            due_at,
            assignee,
        });
    }

    /// Whether a person, or another robot, has worked on the deal in this episode.
    fn has_a_hand_in_it(&self, from: &StageKey, to: &StageKey) -> bool {
        let episode = self.state.episode.as_ref();
        episode.is_none_or(|episode| episode.person_wrote || episode.moved_by_others)
            || self.state.deal_facts().is_some_and(|deal| deal.has_task)
            || self.policy.robot_zone.owns_move(from, to)
    }
}
