//! What hands a dialog over (masterplan: Сценарий 2; BEHAVIOUR §3).

use super::Draft;
use super::handoff::{Cause, settles};
use super::turns::Freshness;
use crate::event::{BotAnswer, Kb};
use crate::ids::{StageKey, TextRef};
use crate::owner::{Reason, ReasonId};
use crate::policy::{Condition, Policy, RepeatField, Trigger};
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
    /// How many deals are open.
    pub open_deals: u32,
    /// What the knowledge base had for the bot, and how sure it is (0..=100), once it has answered.
    pub bot: Option<(Kb, u8)>,
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
        known.several_deals = known.several_deals.max(facts.several_deals);
        known.dates = facts.dates.or(known.dates);
        known.nights = facts.nights.or(known.nights);
        known.programme = facts.programme.or(known.programme);
        self.intents.extend(intents);
    }

    /// Adds what the bot saw, and how it answers.
    pub fn hear(&mut self, answer: &BotAnswer) {
        // That a text is nothing in particular is the weakest thing that we say of it, and gives way to the bot.
        let says_something =
            |intent: &&Intent| !matches!(intent, Intent::Greeting | Intent::ThanksOnly);
        if answer.intents.iter().any(|intent| says_something(&intent)) {
            self.intents.remove(&Intent::General);
        }
        // What is unclear to one side and plain to the other is plain.
        if !answer.intents.is_empty() && !answer.intents.contains(&Intent::Unclear) {
            self.intents.remove(&Intent::Unclear);
        }
        // What needs no person either way is taken from the guest's own words first.
        let (dates, nights, programme) =
            (self.facts.dates, self.facts.nights, self.facts.programme);
        self.add(&answer.facts, &answer.intents);
        self.facts.dates = dates.or(self.facts.dates);
        self.facts.nights = nights.or(self.facts.nights);
        self.facts.programme = programme.or(self.facts.programme);
        self.bot = Some((answer.kb, answer.confidence));
    }

    /// Where the bot read another fact than we did: of the two the one that needs a person is taken.
    pub fn differences(&self, answer: &BotAnswer) -> Vec<Check> {
        let mut taken = self.clone();
        taken.add(&answer.facts, &BTreeSet::new());
        let (text, bot, taken) = (&self.facts, &answer.facts, &taken.facts);
        let number = |rule, text: Option<u32>, bot: Option<u32>, taken: Option<u32>| {
            let (text, bot, taken) = (text?, bot?, taken?);
            let check = Check::passed(rule).with("text", text).with("bot", bot);
            (text != bot).then(|| check.with("taken", taken))
        };
        let flag = |rule, text: Option<bool>, bot: Option<bool>| {
            let differ = text.is_some() && bot.is_some() && text != bot;
            differ.then(|| Check::passed(rule))
        };
        let (age, age_bot) = (text.youngest_child, bot.youngest_child);
        [
            number("differ.guests", text.guests, bot.guests, taken.guests),
            number("differ.child", age, age_bot, taken.youngest_child),
            number("differ.rooms", text.rooms, bot.rooms, taken.rooms),
            flag("differ.pet", text.pet, bot.pet),
            flag("differ.past_stay", text.past_stay, bot.past_stay),
            flag(
                "differ.several_deals",
                text.several_deals,
                bot.several_deals,
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Whether it cannot be told what is meant, and nothing else was recognised.
    pub fn is_unclear(&self) -> bool {
        self.intents.iter().eq([&Intent::Unclear])
            && self.facts == Facts::default()
            && self.attachments.is_empty()
    }
}

/// What the triggers make of what was said.
pub(super) enum Fired {
    /// The dialog is handed over.
    HandOff(Cause),
    /// The bot repeats what a field of the deal says.
    Repeat {
        /// The trigger.
        rule: String,
        /// The policy's text.
        text: &'static str,
        /// What the field says.
        value: TextRef,
    },
}

impl Draft<'_> {
    /// What hands the dialog over: the first trigger that fires and is not settled. One that only asks for what a field
    /// of the deal says gives way to any other.
    pub(super) fn first_trigger(&mut self, said: &Said) -> Option<Fired> {
        let policy = self.policy;
        let mut repeat = None;
        for trigger in &policy.triggers {
            let Some(held) = holds(&trigger.when, said) else {
                continue;
            };
            let reason = reason_of(trigger, &held, said);
            let settled = self
                .state
                .episode
                .as_ref()
                .is_some_and(|episode| episode.settled.contains(&settles(&reason)));
            // What the guest wants in this turn fires anew; only a fact that a person dealt with stays settled.
            if settled && !held.of_this_turn {
                self.check(
                    Check::passed("trigger.settled")
                        .with("id", &trigger.id)
                        .with("reason", trigger.reason.as_str())
                        .with("value", &held.value)
                        .with("limit", &held.limit),
                );
                continue;
            }
            if let Some(known) = self.repeatable(trigger) {
                repeat = repeat.or(Some(known));
                continue;
            }
            self.check(
                Check::decided("trigger")
                    .with("id", &trigger.id)
                    .with("reason", trigger.reason.as_str())
                    .with("value", &held.value)
                    .with("limit", &held.limit),
            );
            return Some(Fired::HandOff(Cause {
                reason,
                text: trigger.text.clone(),
                bot_note: None,
                trigger: Some(trigger.id.clone()),
                wanted: Vec::new(),
            }));
        }
        if repeat.is_none() {
            self.check(Check::passed("trigger.none").with("checked", policy.triggers.len()));
        }
        repeat
    }

    /// What the deal's field says that this trigger asks about, unless it was said before in this episode
    /// (masterplan: Сценарий 2, «уточнить есть ли эта инф-ия в CRM»).
    fn repeatable(&self, trigger: &Trigger) -> Option<Fired> {
        // Of which deal it is must be clear, and what was read of it must be new.
        let episode = self.state.episode.as_ref()?;
        let unclear = episode.several && !episode.settled.contains(ReasonId::MultiDeal.as_str());
        if unclear || !self.snapshot_serves(Freshness::Fresh) {
            return None;
        }
        let booking = &self.state.deal_facts()?.booking;
        let (text, value) = match trigger.repeat? {
            RepeatField::Payment => ("repeat_payment", booking.payment?),
            RepeatField::Refund => ("repeat_refund", booking.refund?),
        };
        let said_before = self
            .state
            .episode
            .as_ref()
            .is_none_or(|episode| episode.repeated.contains(&trigger.id));
        (!said_before && self.policy.text(text).is_some()).then(|| Fired::Repeat {
            rule: trigger.id.clone(),
            text,
            value,
        })
    }

    /// The trigger that hands an urgent message to whoever is on duty, if one does.
    pub(super) fn urgent(&self, said: &Said) -> Option<Cause> {
        let urgent = |trigger: &&Trigger| trigger.assign.is_some();
        let policy = self.policy;
        policy.triggers.iter().filter(urgent).find_map(|trigger| {
            let held = holds(&trigger.when, said)?;
            Some(Cause {
                reason: reason_of(trigger, &held, said),
                text: trigger.text.clone(),
                bot_note: None,
                trigger: Some(trigger.id.clone()),
                wanted: Vec::new(),
            })
        })
    }
}

/// The highest confidence that a trigger of the policy asks of the bot.
pub(super) fn confidence_asked(policy: &Policy) -> Option<u8> {
    fn of(condition: &Condition) -> Option<u8> {
        match condition {
            Condition::BotUnsure(limit) => Some(*limit),
            Condition::All(inner) | Condition::Any(inner) => inner.iter().filter_map(of).max(),
            _ => None,
        }
    }
    policy.triggers.iter().filter_map(|t| of(&t.when)).max()
}

/// A condition that holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    /// The number it looked at; empty when there is none to name.
    value: String,
    /// The number it is compared with.
    limit: String,
    /// It rests on what the guest wants or sends in this turn, not on a fact.
    of_this_turn: bool,
}

fn reason_of(trigger: &Trigger, held: &Held, said: &Said) -> Reason {
    let reason = Reason::from(trigger.reason);
    match trigger.reason {
        ReasonId::AttachmentOnly => match said.attachments.first() {
            Some(kind) => reason.with("kind", kind.name()),
            None => reason,
        },
        _ if held.value.is_empty() => reason,
        ReasonId::ChildLe3 => reason.with("age", &held.value).with("max", &held.limit),
        _ => reason.with("n", &held.value).with("max", &held.limit),
    }
}

/// Whether a condition holds, and by which values.
pub(super) fn holds(condition: &Condition, said: &Said) -> Option<Held> {
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
        Condition::OnlyIntents(intents) => of_this_turn(
            !said.intents.is_empty() && said.intents.iter().all(|i| intents.contains(i)),
        ),
        Condition::AttachmentIn(kinds) => {
            of_this_turn(said.attachments.iter().any(|kind| kinds.contains(kind)))
        }
        Condition::TextAtMost(limit) => plain(said.chars <= *limit),
        Condition::SeveralDealsMeant(wanted) => of_this_turn(facts.several_deals == Some(*wanted)),
        Condition::OpenDealsOver(limit) => {
            number(Some(said.open_deals).filter(|n| n > limit), *limit)
        }
        Condition::MeaningUnclear(wanted) => of_this_turn(said.is_unclear() == *wanted),
        Condition::KbMiss(wanted) => {
            of_this_turn(said.bot.is_some_and(|(kb, _)| (kb == Kb::Miss) == *wanted))
        }
        Condition::BotUnsure(limit) => {
            said.bot
                .filter(|(_, confidence)| confidence < limit)
                .map(|(_, confidence)| Held {
                    value: confidence.to_string(),
                    limit: limit.to_string(),
                    of_this_turn: true,
                })
        }
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
