//! The dialog about a booking: what is to be found out at the deal's stage is asked for, one thing at a time, and never
//! more than twice. When all is known the guest gets the link to book it, or a manager takes over with a list of it.

use super::asked::Asked;
use super::{OF_ITSELF, words};
use crate::ports::{BotBooking, BotReply, BotRequest};
use widget_core::booking::Stay;
use widget_core::time::{Date, Days, Local};
use widget_core::understand::{Facts, Programme};

/// What comes next.
pub(super) enum Next {
    /// This question.
    Ask(String),
    /// The link to this stay.
    Offer(Stay),
    /// A person, with this note.
    Person(String),
}

/// What a booking needs, by the policy's word for it.
struct Slot {
    key: &'static str,
    /// In the accusative, for the manager.
    what: &'static str,
    /// The first and the second time it is asked for.
    questions: [&'static str; 2],
    said: fn(&Known) -> Option<String>,
}

/// What is known of the stay.
struct Known {
    facts: Facts,
    category: Option<String>,
}

const SLOTS: &[Slot] = &[
    Slot {
        key: "dates",
        what: "даты",
        questions: [
            "Подскажите, на какие даты планируете поездку: день заезда и день выезда?",
            "С какого по какое число вам было бы удобно?",
        ],
        said: dates,
    },
    Slot {
        key: "guests",
        what: "число гостей",
        questions: [
            "Сколько человек поедет? Если с детьми, напишите их возраст.",
            "Сколько будет взрослых и детей?",
        ],
        said: guests,
    },
    Slot {
        key: "programme",
        what: "программу",
        questions: [
            "Какую программу выбираете: с лечением, оздоровление или отдых без процедур?",
            "Поедете лечиться, оздоровиться или просто отдохнуть?",
        ],
        said: programme,
    },
    Slot {
        key: "room_category",
        what: "категорию номера",
        questions: [
            "Номер какой категории хотите?",
            "Какую категорию номера для вас посмотреть?",
        ],
        said: category,
    },
];

/// What guests call categories of rooms, as beginnings of words, and the category.
const CATEGORIES: &[(&str, &str)] = &[
    ("полулюкс", "полулюкс"),
    ("полу-люкс", "полулюкс"),
    ("джуниор", "полулюкс"),
    ("люкс", "люкс"),
    ("апартамент", "апартаменты"),
    ("семейн", "семейный"),
    ("двухкомнатн", "двухкомнатный"),
    ("комфорт", "комфорт"),
    ("стандарт", "стандарт"),
    ("эконом", "эконом"),
];

/// What comes next in the dialog about a booking; `None` = there is none.
pub(super) fn next(request: &BotRequest, asked: &Asked) -> Option<Next> {
    let slots: Vec<&Slot> = SLOTS
        .iter()
        .filter(|slot| request.policy.collect.iter().any(|key| key == slot.key))
        .collect();
    if slots.is_empty() || !is_about_a_booking(request, asked, &slots) {
        return None;
    }
    let known = Known {
        facts: asked.facts(&request.facts),
        category: category_of(request, asked),
    };
    let missing = slots.iter().find(|slot| (slot.said)(&known).is_none());
    Some(match missing {
        None => {
            let said: Vec<String> = slots
                .iter()
                .filter_map(|slot| (slot.said)(&known))
                .collect();
            let stay = stay(request.policy.booking.as_ref(), &known);
            stay.map_or_else(|| Next::Person(words::all_is_known(&said)), Next::Offer)
        }
        Some(slot) => match slot.questions.get(times_asked(request, slot)) {
            Some(question) => Next::Ask((*question).to_owned()),
            None => Next::Person(words::not_said(slot.what)),
        },
    })
}

/// The guest wants to book, states something about a stay, or answers a question of ours.
fn is_about_a_booking(request: &BotRequest, asked: &Asked, slots: &[&Slot]) -> bool {
    asked.wants_to_book() || asked.states() || is_answer(request, slots.iter().copied())
}

/// Whether the bot's last words asked for something that a booking needs.
pub(super) fn we_asked(request: &BotRequest) -> bool {
    is_answer(request, SLOTS.iter())
}

fn is_answer<'a>(request: &BotRequest, slots: impl IntoIterator<Item = &'a Slot>) -> bool {
    let last = request.history.iter().rev().find(|line| line.from == "bot");
    let mut questions = slots.into_iter().flat_map(|slot| slot.questions);
    last.is_some_and(|line| questions.any(|question| line.text.contains(question)))
}

fn times_asked(request: &BotRequest, slot: &Slot) -> usize {
    let of_bot = request.history.iter().filter(|line| line.from == "bot");
    of_bot
        .filter(|line| {
            slot.questions
                .iter()
                .any(|question| line.text.contains(question))
        })
        .count()
}

impl Next {
    /// As an answer of its own.
    pub(super) fn reply(self) -> BotReply {
        match self {
            Self::Ask(question) => BotReply {
                replies: vec![question],
                confidence: OF_ITSELF,
                ..BotReply::default()
            },
            Self::Offer(stay) => BotReply {
                replies: vec![words::link()],
                confidence: OF_ITSELF,
                booking: Some(Box::new(stay)),
                ..BotReply::default()
            },
            Self::Person(note) => BotReply {
                handoff: Some((String::new(), Some(note))),
                confidence: OF_ITSELF,
                ..BotReply::default()
            },
        }
    }
}

/// The stay to book by a link, if all of it is known and the policy has it. Ages of all children are asked nowhere, so with
/// a child a person sees to it.
fn stay(page: Option<&BotBooking>, known: &Known) -> Option<Stay> {
    let page = page?;
    let facts = &known.facts;
    let days = facts.dates.filter(|days| !is_a_month(*days))?;
    let departure = match (days.last > days.first, facts.nights) {
        (true, _) => days.last,
        (false, nights) => days.first + i64::from(nights?),
    };
    let adults = facts.guests.filter(|_| facts.youngest_child.is_none())?;
    let programme = facts.programme.and_then(|programme| {
        let name = serde_json::to_value(programme).ok()?;
        name.as_str().map(str::to_owned)
    });
    Some(Stay {
        arrival: Some(date(days.first).to_string()),
        departure: Some(date(departure).to_string()),
        adults: Some(i64::from(adults)).filter(|adults| *adults <= i64::from(page.max_adults)),
        children: Vec::new(),
        category: known.category.clone(),
        programme,
    })
    .filter(|stay| {
        stay.adults.is_some()
            && has(&page.categories, stay.category.as_ref())
            && has(&page.programmes, stay.programme.as_ref())
    })
}

/// Whether a list has a name; an empty list asks for none.
fn has(names: &[String], said: Option<&String>) -> bool {
    let is = |name: &String| said.is_some_and(|said| said.to_lowercase() == name.to_lowercase());
    names.is_empty() || names.iter().any(is)
}

/// The category that the guest named last; else the deal's.
fn category_of(request: &BotRequest, asked: &Asked) -> Option<String> {
    let earlier = request
        .history
        .iter()
        .rev()
        .filter(|line| line.from == "guest");
    let texts = std::iter::once(asked.text()).chain(earlier.map(|line| line.text.clone()));
    let named = texts.into_iter().find_map(|text| named_category(&text));
    let of_deal = request.deal.as_ref().and_then(|deal| deal.category.clone());
    named.or(of_deal)
}

/// The category of rooms that a text names.
pub(super) fn named_category(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric() && c != '-');
    let named = words.find_map(|word| {
        let fits = |(beginning, _): &&(&str, &str)| word.starts_with(beginning);
        CATEGORIES.iter().find(fits)
    });
    named.map(|(_, category)| (*category).to_owned())
}

fn dates(known: &Known) -> Option<String> {
    let days = known.facts.dates.filter(|days| !is_a_month(*days))?;
    let day = |day: i64| {
        let date = date(day);
        format!("{:02}.{:02}.{}", date.day, date.month, date.year)
    };
    match (days.last > days.first, known.facts.nights) {
        (true, _) => Some(format!("{} – {}", day(days.first), day(days.last))),
        (false, Some(nights)) => Some(format!("с {}, ночей: {nights}", day(days.first))),
        (false, None) => None,
    }
}

/// «В марте» names no days.
fn is_a_month(days: Days) -> bool {
    date(days.first).day == 1 && date(days.last + 1).day == 1
}

fn date(day: i64) -> Date {
    Local { day, minute: 0 }.date()
}

fn guests(known: &Known) -> Option<String> {
    known.facts.guests.map(|guests| format!("гостей: {guests}"))
}

fn programme(known: &Known) -> Option<String> {
    known.facts.programme.map(|programme| {
        match programme {
            Programme::Treatment => "с лечением",
            Programme::Wellness => "оздоровление",
            Programme::Rest => "отдых без лечения",
        }
        .to_owned()
    })
}

fn category(known: &Known) -> Option<String> {
    known
        .category
        .as_ref()
        .map(|category| format!("номер: {category}"))
}
