//! One case in, one result out, both JSON: compiled for the server and for the browser alike, so that what one says can
//! be held against what the other says.

use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use widget_core::decide::{decide, implied};
use widget_core::dialog::Dialog;
use widget_core::event::Event;
use widget_core::ids::UserId;
use widget_core::owner::{Owner, OwnerView, Reason, ReasonId, Signal, next};
use widget_core::policy::Policy;
use widget_core::time::{Now, Zone};

/// What is to be judged.
#[derive(Serialize, Deserialize)]
pub enum Case {
    /// A life begins: this dialog, under this policy. Answers the dialog.
    Life {
        /// The rules.
        policy: Box<Policy>,
        /// The account's zone.
        zone: Zone,
        /// The state.
        dialog: Box<Dialog>,
    },
    /// What `decide` says of an event at unix ms `at`; with `happens` the dialog goes on from there. Answers changes,
    /// actions, trace, and the event implied by the state after it.
    Event {
        /// The event.
        event: Box<Event>,
        /// Unix ms.
        at: i64,
        /// Whether the state follows.
        happens: bool,
    },
    /// The state now.
    State,
    /// What `owner::next` says.
    Owner {
        /// Who leads.
        view: OwnerView,
        /// What happens.
        signal: Told,
        /// By whom.
        me: Option<UserId>,
        /// Unix ms.
        at: i64,
    },
}

/// [`Signal`] as JSON.
#[derive(Serialize, Deserialize)]
pub enum Told {
    HandedOff(Reason),
    Took,
    PersonWrote,
    Opened,
    TaskClosed,
    Returned,
    Dismissed,
    Requeued(ReasonId),
    TakeUndone(Owner),
    AutoReturnDue(Option<(i64, Reason)>),
}

impl From<Told> for Signal {
    fn from(told: Told) -> Self {
        match told {
            Told::HandedOff(reason) => Signal::HandedOff(reason),
            Told::Took => Signal::Took,
            Told::PersonWrote => Signal::PersonWrote,
            Told::Opened => Signal::Opened,
            Told::TaskClosed => Signal::TaskClosed,
            Told::Returned => Signal::Returned,
            Told::Dismissed => Signal::Dismissed,
            Told::Requeued(reason) => Signal::Requeued(reason),
            Told::TakeUndone(previous) => Signal::TakeUndone { previous },
            Told::AutoReturnDue(unanswered_handoff) => Signal::AutoReturnDue { unanswered_handoff },
        }
    }
}

struct Life {
    policy: Policy,
    zone: Zone,
    dialog: Dialog,
}

thread_local! {
    static LIFE: RefCell<Option<Life>> = const { RefCell::new(None) };
}

/// Judges one case.
pub fn judge(case: &str) -> String {
    let case: Case = serde_json::from_str(case).expect("a case");
    let result = match case {
        Case::Owner {
            view,
            signal,
            me,
            at,
        } => serde_json::to_string(&next(&view, &signal.into(), me, at)),
        case => LIFE.with_borrow_mut(|life| of_life(case, life)),
    };
    result.expect("a result is JSON")
}

fn of_life(case: Case, life: &mut Option<Life>) -> serde_json::Result<String> {
    let (event, at, happens) = match case {
        Case::Life {
            policy,
            zone,
            dialog,
        } => {
            let begun = serde_json::to_string(&dialog);
            *life = Some(Life {
                policy: *policy,
                zone,
                dialog: *dialog,
            });
            return begun;
        }
        Case::Event { event, at, happens } => (event, at, happens),
        Case::State | Case::Owner { .. } => {
            return serde_json::to_string(&life.as_ref().map(|life| &life.dialog));
        }
    };
    let life = life.as_mut().expect("a life begins first");
    let now = Now {
        at,
        zone: life.zone.clone(),
    };
    let said = decide(&life.policy, &life.dialog, &event, &now);
    let row = (life.dialog.seq + 1, at, said.changes.as_slice());
    let after = life.dialog.clone().fold([row]);
    let implied = implied(&after);
    if happens {
        life.dialog = after;
    }
    serde_json::to_string(&(said.changes, said.actions, said.trace, implied))
}
