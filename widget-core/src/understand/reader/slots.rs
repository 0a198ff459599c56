//! The facts of a booking in a text: a small grammar over its words, one kind of fact a file.
//!
//! Each rule rather stays silent than guesses; what it does not see, the bot may still report.

mod ages;
pub(super) mod candidates;
mod dates;
mod guests;
mod months;
mod past_stay;
mod pets;
mod programme;
mod rooms;
mod several_deals;

pub(crate) use dates::days_alone;

use super::Facts;
use super::words::Token;
use super::words::list::Stems;
use std::collections::BTreeMap;

/// Where in a text something was read: `(first, length)` in characters.
pub(super) type Span = (u32, u32);

/// In tokens.
const LONGEST_SENTENCE: usize = 100;

/// A fact, and where it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found<T> {
    pub value: T,
    pub span: Span,
}

/// The facts that the words state, and where. `today`: days since 1970-01-01.
pub(super) fn read(tokens: &[Token], today: i64, spans: &mut BTreeMap<String, Span>) -> Facts {
    let mut noted = Noted(spans);
    Facts {
        guests: noted.take("guests", guests::guests(tokens)),
        youngest_child: noted.take("youngest_child", ages::youngest_child(tokens, today)),
        rooms: noted.take("rooms", rooms::rooms(tokens)),
        pet: noted.take("pet", pets::pet(tokens)),
        past_stay: noted.take("past_stay", past_stay::past_stay(tokens)),
        new_booking: None,
        dates: noted.take("dates", dates::days(tokens, today)),
        nights: noted.take("nights", dates::nights(tokens, today)),
        programme: noted.take("programme", programme::programme(tokens)),
        several_deals: noted.take("several_deals", several_deals::several_deals(tokens)),
    }
}

/// Keeps where each fact was read.
struct Noted<'a>(&'a mut BTreeMap<String, Span>);

impl Noted<'_> {
    fn take<T>(&mut self, name: &str, found: Option<Found<T>>) -> Option<T> {
        let found = found?;
        self.0.insert(name.to_owned(), found.span);
        Some(found.value)
    }
}

/// Where the tokens `from..to` stand.
pub(super) fn span(tokens: &[Token], from: usize, to: usize) -> Span {
    let first = &tokens[from];
    let last = &tokens[to - 1];
    (first.from, last.from + last.len - first.from)
}

/// The word at `at`; empty where there is none.
pub(super) fn word(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| token.word.as_str())
}

/// The word `steps` before `at`; empty where there is none.
fn back(tokens: &[Token], at: usize, steps: usize) -> &str {
    at.checked_sub(steps)
        .map_or("", |index| word(tokens, index))
}

/// Whether a sentence or a part of it ends here.
fn is_stop(word: &str) -> bool {
    matches!(word, "." | "!" | "?" | ";" | "\n" | "," | "…" | "(" | ")")
}

/// Whether the word begins with one of these stems.
fn begins(word: &str, stems: &(impl Stems + ?Sized)) -> bool {
    stems.any(word, |_, _| true)
}

/// The sentences of a text; an endless one is cut, so that each word is compared with few others.
fn sentences(tokens: &[Token]) -> impl Iterator<Item = &[Token]> {
    tokens
        .split_inclusive(|token| {
            is_stop(&token.word) && !matches!(token.word.as_str(), "," | "(" | ")")
        })
        .flat_map(|sentence| sentence.chunks(LONGEST_SENTENCE))
}

/// Whether one of the words begins with one of these stems.
fn has(words: &[Token], stems: &(impl Stems + ?Sized)) -> bool {
    words.iter().any(|token| begins(&token.word, stems))
}

/// Whether one of the words is in the list.
fn has_word(words: &[Token], list: &(impl Stems + ?Sized)) -> bool {
    words.iter().any(|token| list.has(&token.word))
}

/// The words up to `before` before and `after` behind `at`, with the one at `at`.
fn around(tokens: &[Token], at: usize, before: usize, after: usize) -> &[Token] {
    &tokens[at.saturating_sub(before)..(at + after + 1).min(tokens.len())]
}

/// The part between commas around `at`, with no more than `near` words on each side.
fn clause(sentence: &[Token], at: usize, near: usize) -> &[Token] {
    let low = at.saturating_sub(near);
    let high = (at + near).min(sentence.len());
    let stops = |index: &usize| is_stop(word(sentence, *index));
    let from = (low..at).rev().find(stops).map_or(low, |index| index + 1);
    &sentence[from..(at..high).find(stops).unwrap_or(high)]
}
