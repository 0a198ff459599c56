//! Which number of a text could be a fact of which the model is sure: looked at only then, so that a candidate need not
//! prove what it counts, only that it counts nothing else.

use super::ages::said::ages_at;
use super::ages::whose::implied;
use super::guests::{counts_things, elsewhere};
use super::{Found, Span, back, begins, span, word};
use crate::understand::reader::numbers::{Form, Number, number_at};
use crate::understand::reader::words::Token;

/// No party is larger; a larger number counts something else.
const MOST_GUESTS: u32 = 60;
/// No guest books more rooms.
const MOST_ROOMS: u32 = 30;
/// A child of so many months is still three.
const SMALL: u32 = 48;

/// The number of guests, where more than four travel: the largest that may count people.
pub(in super::super) fn many_guests(tokens: &[Token]) -> Option<Found<u32>> {
    let elsewhere = elsewhere(tokens);
    numbers(tokens)
        .filter(|(at, number)| {
            !elsewhere[*at]
                && back(tokens, *at, 1) != "не"
                && (5..=MOST_GUESTS).contains(&number.value)
                && !counts_rooms(tokens, at + number.tokens)
                && !counts_no_heads(tokens, at + number.tokens)
                && (counts_people(number.form) || !counts_things(tokens, at + number.tokens))
        })
        .max_by_key(|(at, number)| (number.value, std::cmp::Reverse(*at)))
        .map(|(at, number)| found(tokens, at, number))
}

/// The age of a child of three or younger: the smallest that may be one.
pub(in super::super) fn small_child(tokens: &[Token]) -> Option<Found<u32>> {
    let said = (0..tokens.len()).filter_map(|at| {
        let ages = ages_at(tokens, at)?;
        let age = ages.list.into_iter().min_by_key(|age| age.months)?;
        Some((age.months, age.from, age.to))
    });
    let meant =
        (0..tokens.len()).filter_map(|at| Some((implied(word(tokens, at))? * 12, at, at + 1)));
    let (months, from, to) = said
        .chain(meant)
        .filter(|(months, _, to)| *months < SMALL && !counts_rooms(tokens, *to))
        .min()?;
    Some(Found {
        value: months / 12,
        span: span(tokens, from, to),
    })
}

/// The number of rooms, where several are wanted: the last that may count them.
pub(in super::super) fn several_rooms(tokens: &[Token]) -> Option<Found<u32>> {
    let fits = |number: &Number| (2..=MOST_ROOMS).contains(&number.value);
    let plain = |at: usize, number: &Number| {
        !counts_people(number.form) && !counts_things(tokens, at + number.tokens)
    };
    numbers(tokens)
        .filter(|(at, number)| {
            let heads = counts_people(number.form) && number.form != Form::Collective;
            fits(number)
                && !heads
                && (counts_rooms(tokens, at + number.tokens) || plain(*at, number))
        })
        .max_by_key(|(at, number)| (counts_rooms(tokens, at + number.tokens), *at))
        .map(|(at, number)| found(tokens, at, number))
}

/// Whether what was read from the span does not stand there as a number: «2 семьи по 4 человека», «мы с мамой и папой».
pub(in super::super) fn is_reckoned(tokens: &[Token], (from, len): Span, read: u32) -> bool {
    let within = |at: usize| (from..from + len).contains(&tokens[at].from);
    !numbers(tokens).any(|(at, number)| within(at) && number.value == read)
}

fn numbers(tokens: &[Token]) -> impl Iterator<Item = (usize, Number)> {
    (0..tokens.len()).filter_map(|at| Some((at, number_at(tokens, at)?)))
}

fn found(tokens: &[Token], at: usize, number: Number) -> Found<u32> {
    Found {
        value: number.value,
        span: span(tokens, at, at + number.tokens),
    }
}

fn counts_people(form: Form) -> bool {
    matches!(form, Form::Collective | Form::Adverb)
}

/// «Пятеро суток», «пять семей»: no people one by one.
fn counts_no_heads(tokens: &[Token], end: usize) -> bool {
    begins(
        word(tokens, end),
        &["сут", "дн", "день", "недел", "ноч", "лет", "мес", "семей"],
    )
}

/// «Четыре номерка», «две горницы», «6 твинов».
fn counts_rooms(tokens: &[Token], end: usize) -> bool {
    begins(
        word(tokens, end),
        &[
            "номер",
            "комнат",
            "люкс",
            "стандарт",
            "твин",
            "горниц",
            "хат",
            "апарт",
            "студи",
            "двухмест",
            "одномест",
            "трехмест",
            "room",
            "twin",
            "double",
            "single",
            "zimmer",
        ],
    )
}
