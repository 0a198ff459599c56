//! The decision: `(policy, dialog, event, now)` in, changes and actions out.
//!
//! Synchronous, total and deterministic. One rule family a file:
//!
//! | file | rules |
//! | --- | --- |
//! | `messages` | what arrives from the guest and what leaves towards the guest |
//! | `ownership` | who leads: take, return, field, task, auto-return (BEHAVIOUR §1) |
//! | `guard` | what keeps an answer of the bot from leaving |
//! | `handoff` | Bot → Waiting: text, task, field, note |
//! | `turns` | bursts, routing, questions to the bot and their answers (BEHAVIOUR §3) |
//! | `triggers` | what hands a dialog over (masterplan: Сценарий 2) |
//! | `inquiry` | which deal a message belongs to |
//! | `claim` | how a deal is waited for, adopted or made |
//! | `departure` | what a guest wants at «Выезд» |
//! | `stages` | moves along the funnel |
//! | `touch` | the final touch, and what becomes of a guest who does not answer it |
//! | `mute` | whom the account's mode and lists keep the bot from |
//! | `timers` | what is due |

mod claim;
mod departure;
mod guard;
mod handoff;
mod inquiry;
mod messages;
mod mute;
mod ownership;
mod stages;
#[cfg(test)]
mod tests;
mod timers;
mod touch;
mod triggers;
mod turns;

use crate::action::Action;
use crate::change::Change;
use crate::dialog::Dialog;
use crate::event::{Done, Event, FieldValue, Timer};
use crate::ids::{ActionKey, TextRef};
use crate::policy::{Mode, Policy, Span};
use crate::time::Now;
use crate::trace::Check;

pub use inquiry::is_news;
pub use mute::{excluded, muted};
pub use ownership::implied;

/// The outcome of one event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    /// What changes in the dialog, in order.
    pub changes: Vec<Change>,
    /// What is to be done, in order. The n-th has the key `dialog/seq/n` of the event's journal row.
    pub actions: Vec<Action>,
    /// Why.
    pub trace: Vec<Check>,
}

/// The moments a decision can be about, unix ms: up to the end of the year 9999, so that adding times never overflows.
const MOMENTS: std::ops::RangeInclusive<i64> = 0..=253_402_300_799_999;

/// Decides one event. The event gets the sequence number `dialog.seq + 1`; the caller applies the changes.
/// A `now` before the dialog's last decision counts as that decision's time.
pub fn decide(policy: &Policy, dialog: &Dialog, event: &Event, now: &Now) -> Decision {
    let mut draft = Draft {
        policy,
        now: Now {
            at: now
                .at
                .max(dialog.last_at)
                .clamp(*MOMENTS.start(), *MOMENTS.end()),
            zone: now.zone.clone(),
        },
        state: dialog.clone(),
        decision: Decision::default(),
        summary: None,
    };
    draft.event(event);
    if draft.decision.trace.is_empty() {
        draft.check(Check::decided("nothing"));
    }
    draft.decision
}

/// A decision in the making: the state as it will be, and what was decided so far.
struct Draft<'a> {
    policy: &'a Policy,
    now: Now,
    state: Dialog,
    decision: Decision,
    /// What the bot, whose answer is decided on, says of the dialog to a manager who gets it.
    summary: Option<TextRef>,
}

impl Draft<'_> {
    fn event(&mut self, event: &Event) {
        match event {
            Event::GuestWrote(message) => self.guest_wrote(message),
            Event::GuestEdited(message) => self.guest_edited(message),
            Event::GuestDeleted { message } => self.guest_deleted(message),
            Event::OutgoingSeen {
                message,
                author,
                at,
                text,
            } => self.outgoing_seen(message, author, *at, *text),
            Event::CrmRead(snapshot) => self.crm_read(snapshot),
            Event::BotAnswered { turn, answer } => self.bot_answered(turn, answer),
            Event::BotFailed { turn } => self.bot_failed(turn),
            Event::BotPromised { turn, at } => self.bot_promised(turn, *at),
            Event::ActionDone { action, done } => self.action_done(action, done),
            Event::ActionFailed {
                action,
                what,
                failure,
            } => self.action_failed(action, what, *failure),
            Event::ManagerTook { user } => self.took(Some(*user), "button"),
            Event::TakeUndone { user } => self.take_undone(*user),
            Event::CardOpened { user, responsible } => self.card_opened(*user, *responsible),
            Event::Returned { user, note } => self.returned(Some(*user), *note),
            Event::Dismissed { user } => self.dismissed(*user),
            Event::FieldChanged { value, by } => self.field_changed(*value, *by),
            Event::DealChanged {
                deal,
                by,
                field,
                stage,
            } => self.deal_changed(*deal, *by, *field, stage.as_ref()),
            Event::DealMoved { deal, from, to } => {
                self.move_told(*deal, from.as_ref(), to.as_ref());
            }
            Event::TaskChanged { task, done, by } => self.task_changed(*task, *done, *by),
            Event::TouchDeclined { user } => self.touch_declined(*user),
            Event::GuestExcluded { user } => self.guest_excluded(*user),
            Event::GuestIncluded { user } => self.guest_included(*user),
            Event::DeliveryFailed { message } => self.delivery_failed(message),
            Event::ServiceBack { service } => self.service_back(*service),
            Event::DayOpened { waiting } => self.day_opened(*waiting),
            Event::Unreadable => self.unreadable(),
            Event::Erased => self.erased(),
            Event::TimerFired { timer, generation } => self.timer_fired(*timer, *generation),
        }
    }

    fn action_done(&mut self, action: &ActionKey, done: &Done) {
        match done {
            Done::Sent {
                kind,
                message,
                at,
                text,
            } => self.sent(action, *kind, message, *at, *text),
            Done::TaskCreated { task } => self.task_created(action, *task),
            Done::ContactCreated { contact } => self.contact_created(*contact),
            Done::DealCreated { deal } => self.deal_created(*deal),
            Done::DealMoved { deal, to } => self.deal_moved(*deal, to),
            Done::MoveStale { deal, now } => self.move_stale(*deal, now.as_ref()),
            Done::FieldSet { deal, value } => self.field_set(*deal, *value),
            Done::Plain => self.tagged(action),
        }
    }

    /// Records a change and applies it to the state.
    fn change(&mut self, change: Change) {
        self.state.apply(&change);
        self.decision.changes.push(change);
    }

    /// Asks for an action that writes; answers its key. While the account only watches, nothing is written; nor what
    /// the account's mode and lists keep from this guest.
    fn write(&mut self, action: Action) -> Option<ActionKey> {
        if self.policy.mode == Mode::Watch {
            self.check(Check::passed("watch.skipped").with("what", action.name()));
            return None;
        }
        if let Some(rule) = self.withheld(&action) {
            self.check(Check::passed(rule));
            return None;
        }
        Some(self.act(action))
    }

    /// Asks for an action; answers its key.
    fn act(&mut self, action: Action) -> ActionKey {
        let key = ActionKey::new(&self.state.id, self.next_seq(), self.decision.actions.len());
        self.decision.actions.push(action);
        key
    }

    fn check(&mut self, check: Check) {
        self.decision.trace.push(check);
    }

    fn arm(&mut self, timer: Timer, due: i64) {
        let generation = self.state.generation.saturating_add(1);
        self.change(Change::TimerArmed {
            timer,
            due,
            generation,
        });
    }

    fn cancel(&mut self, timer: Timer) {
        if self.state.timers.contains_key(&timer) {
            self.change(Change::TimerCancelled { timer });
        }
    }

    fn at(&self) -> i64 {
        self.now.at
    }

    /// The moment `span` from now.
    fn later(&self, span: Span) -> i64 {
        self.now.at.saturating_add(span.0)
    }

    /// The journal row of this decision.
    fn next_seq(&self) -> u64 {
        self.state.seq.saturating_add(1)
    }

    fn open_now(&self) -> bool {
        self.policy.calendar.is_open(self.now.at, &self.now.zone)
    }

    /// Shows `value` in the deal's field, now or as soon as a deal is bound.
    fn show_owner(&mut self, value: FieldValue) {
        let write = |deal| Action::SetOwnerField { deal, value };
        let deal = self.state.deal;
        let pending = deal.is_some_and(|deal| self.write(write(deal)).is_some());
        self.change(Change::FieldWanted { value, pending });
    }
}
