//! What hands a dialog over (masterplan: Сценарий 2; BEHAVIOUR §3).

use super::Draft;
use super::handoff::settles;
use crate::ids::StageKey;
use crate::owner::{Reason, ReasonId};
use crate::policy::{Condition, Trigger};
use crate::trace::Check;
use crate::understand::{AttachmentKind, Facts, Intent, Understood};
use std::collections::BTreeSet;

/// What the conditions look at: the guest's unanswered messages, and what the bot saw in them.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    /// Facts of these messages only: a fact known from before is not a new one.
    pub facts: Facts,
    /// Intents of these messages.
    pub intents: BTreeSet<Intent>,
    /// Attachments of these messages.
    pub attachments: Vec<AttachmentKind>,
    /// Characters of text in all.
    pub chars: u32,
    /// Where the deal stands.
    pub stage: Option<StageKey>,
}

impl Said {
    /// What these messages say together. Of numbers that contradict each other the one that needs a person counts.
    pub fn of<'a>(messages: impl IntoIterator<Item = &'a Understood>) -> Self {
        let mut said = Said::default();
        for message in messages {
            said.add(&message.facts, &message.intents);
            said.attachments.extend(&message.attachments);
            said.chars = said.chars.saturating_add(message.chars);
        }
        said
    }

    /// Adds another witness: a trigger fires if either side sees it.
    pub fn add(&mut self, facts: &Facts, intents: &BTreeSet<Intent>) {
        let known = &mut self.facts;
        known.guests = known.guests.max(facts.guests);
        known.rooms = known.rooms.max(facts.rooms);
        known.youngest_child = match (known.youngest_child, facts.youngest_child) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        known.pet = known.pet.max(facts.pet);
        known.past_stay = known.past_stay.max(facts.past_stay);
        known.new_booking = known.new_booking.max(facts.new_booking);
        self.intents.extend(intents);
    }
}

impl Draft<'_> {
    /// The first trigger that fires and is not settled, with the reason and the text to say.
    pub(super) fn first_trigger(&mut self, said: &Said) -> Option<(Reason, Option<String>)> {
        let policy = self.policy;
        for trigger in &policy.triggers {
            let Some(held) = holds(&trigger.when, said) else {
                continue;
            };
            let reason = reason_of(trigger, &held);
            let settled = self
                .state
                .episode
                .as_ref()
                .is_some_and(|episode| episode.settled.contains(&settles(&reason)));
            // What the guest wants in this turn fires anew; only a fact that a person dealt with stays settled.
            if settled && !held.of_this_turn {
                self.check(Check::passed("trigger.settled").with("id", &trigger.id));
                continue;
            }
            self.check(
                Check::decided("trigger")
                    .with("id", &trigger.id)
                    .with("reason", trigger.reason.as_str())
                    .with("value", &held.value)
                    .with("limit", &held.limit),
            );
            return Some((reason, trigger.text.clone()));
        }
        self.check(Check::passed("trigger.none").with("checked", policy.triggers.len()));
        None
    }
}

/// A condition that holds.
#[derive(Debug, Clone, Default)]
struct Held {
    /// The number it looked at; empty when there is none to name.
    value: String,
    /// The number it is compared with.
    limit: String,
    /// It rests on what the guest wants or sends in this turn, not on a fact.
    of_this_turn: bool,
}

fn reason_of(trigger: &Trigger, held: &Held) -> Reason {
    let reason = Reason::from(trigger.reason);
    if held.value.is_empty() {
        return reason;
    }
    let name = match trigger.reason {
        ReasonId::ChildLe3 => "age",
        _ => "n",
    };
    reason.with(name, &held.value).with("max", &held.limit)
}

fn holds(condition: &Condition, said: &Said) -> Option<Held> {
    let facts = &said.facts;
    match condition {
        Condition::GuestsOver(limit) => number(facts.guests.filter(|n| n > limit), *limit),
        Condition::RoomsOver(limit) => number(facts.rooms.filter(|n| n > limit), *limit),
        Condition::ChildAtMost(limit) => {
            number(facts.youngest_child.filter(|age| age <= limit), *limit)
        }
        Condition::Pet(wanted) => plain(facts.pet == Some(*wanted)),
        Condition::PastStay(wanted) => plain(facts.past_stay == Some(*wanted)),
        Condition::NewBooking(wanted) => plain(facts.new_booking == Some(*wanted)),
        Condition::IntentIn(intents) => {
            of_this_turn(said.intents.iter().any(|i| intents.contains(i)))
        }
        Condition::AttachmentIn(kinds) => {
            of_this_turn(said.attachments.iter().any(|kind| kinds.contains(kind)))
        }
        Condition::TextAtMost(limit) => plain(said.chars <= *limit),
        Condition::StageIn(stages) => plain(
            said.stage
                .as_ref()
                .is_some_and(|stage| stages.contains(stage)),
        ),
        Condition::All(all) => together(all, said),
        Condition::Any(any) => any.iter().find_map(|one| holds(one, said)),
        Condition::Not(one) => plain(holds(one, said).is_none()),
    }
}

fn together(all: &[Condition], said: &Said) -> Option<Held> {
    let held: Vec<Held> = all
        .iter()
        .map(|one| holds(one, said))
        .collect::<Option<_>>()?;
    let of_this_turn = held.iter().any(|one| one.of_this_turn);
    let named = held.into_iter().find(|one| !one.value.is_empty());
    Some(Held {
        of_this_turn,
        ..named.unwrap_or_default()
    })
}

fn number(value: Option<u32>, limit: u32) -> Option<Held> {
    value.map(|value| Held {
        value: value.to_string(),
        limit: limit.to_string(),
        of_this_turn: false,
    })
}

fn plain(holds: bool) -> Option<Held> {
    holds.then(Held::default)
}

fn of_this_turn(holds: bool) -> Option<Held> {
    holds.then(|| Held {
        of_this_turn: true,
        ..Held::default()
    })
}
