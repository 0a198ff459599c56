//! Estafeta's decision core: who speaks to the guest, and why.
//!
//! Pure: no I/O, no clock, no randomness, no async. The backend decides with it; the card predicts with it what a
//! click will change. Time comes in as [`time::Now`], texts come in understood ([`understand`]) and sealed
//! ([`ids::TextRef`]), and what is to be done goes out as data ([`action::Action`]).
//!
//! # The map
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`owner`] | who leads a dialog, and [`owner::next`]: the state machine of takes and returns |
//! | [`dialog`] | the state of a dialog; [`dialog::Dialog::apply`] is the only thing that changes it |
//! | [`event`], [`change`], [`action`] | what happens, what changes, what is to be done: persisted, so only ever added to |
//! | [`decide`] | `(policy, dialog, event, now)` → changes, actions, trace; one rule family a file |
//! | [`policy`], [`hours`], [`text`] | the account's rules as data, its working hours, its texts |
//! | [`understand`] | facts and intents in a guest's text |
//! | [`booking`] | the link under which a guest finds the stay to book |
//! | [`guard`] | what stands in the bot's texts that a guest should not read |
//! | [`knowledge`] | what the house says to guests: passages, and the search for the one that answers |
//! | [`case`] | a dialog and a message in a few words, judged by the real machine: `estafeta decide`, the what-if panel |
//! | [`summary`] | what a manager has to know of a dialog that was handed over |
//! | [`trace`] | why a decision came out so, readable in Russian and English |
//! | [`wire`] | what travels between the card and the backend |
//!
//! # How to add …
//!
//! **an event**: a variant in [`event`], its line in `decide/mod.rs`, its rule in the file of its family, a row in that
//! family's tests named after its line in BEHAVIOUR. The compiler shows the rest.
//!
//! **an action**: a variant in [`action`], its result in [`event::Done`], how it is carried out in the backend's
//! `flow/act.rs`, and what happens after an unknown outcome (DESIGN §5.4). [`dialog::FORMAT`] is raised: beside a newer
//! version an older one leaves the dialogs alone that may ask for it.
//!
//! **a change**: a variant in [`change`] that states its whole effect, and its arm in [`dialog::Dialog::apply`].
//!
//! **a rule**: a trigger is data ([`policy::Trigger`]); anything else is a function on the draft in `decide/`, with a
//! check in the trace for every way it can end.
//!
//! Persisted variants are never changed: a new meaning gets a new variant beside the old one.
//!
//! Which rule and which tests stand behind every row of the requirements: `ROWS.md`, kept true by `tests/rows`.

pub mod action;
pub mod booking;
#[cfg(feature = "understand")]
pub mod case;
pub mod change;
pub mod decide;
pub mod dialog;
pub mod event;
pub mod guard;
pub mod hours;
pub mod ids;
#[cfg(feature = "understand")]
pub mod knowledge;
pub mod owner;
pub mod phone;
pub mod policy;
pub mod replay;
pub mod summary;
pub mod text;
pub mod time;
pub mod trace;
pub mod understand;
pub mod wire;

/// Version of [`wire`]. The backend serves this version and the one before.
pub const PROTOCOL_VERSION: u32 = 1;
