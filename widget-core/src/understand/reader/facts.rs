//! Facts that guests state in more ways than a grammar holds: where it saw none, the model may be sure of one.

use super::Facts;
use super::model::{Class, Judged, Model};
use super::slots::{Found, Span, candidates, span};
use super::words::Token;
use std::collections::BTreeMap;

/// A fact is taken from the model from this probability on, 0..=100.
const ENOUGH: u8 = 78;
/// A number that fits is taken from this probability on.
const ENOUGH_FOR_A_NUMBER: u8 = 50;
/// So many features are looked at for the words to quote.
const WEIGHTIEST: usize = 4;

/// Adds what the model is sure of.
pub(super) fn add(
    facts: &mut Facts,
    tokens: &[Token],
    model: &Model,
    judged: &Judged,
    spans: &mut BTreeMap<String, Span>,
) {
    let mut hear = |class: Class, name: &str, fact: &mut Option<bool>| {
        let sure = judged.sure(class);
        if fact.is_some() || sure < ENOUGH {
            return;
        }
        *fact = Some(true);
        let reasons = model.reasons(judged, class, WEIGHTIEST);
        let at = reasons
            .first()
            .map_or(0..tokens.len(), |reason| reason.tokens.clone());
        spans.insert(name.to_owned(), span(tokens, at.start, at.end));
    };
    hear(Class::PastStay, "past_stay", &mut facts.past_stay);
    hear(Class::Pet, "pet", &mut facts.pet);
    hear(
        Class::SeveralDeals,
        "several_deals",
        &mut facts.several_deals,
    );
    add_numbers(facts, tokens, judged, spans);
}

/// The model hears that many travel, that a child is small, that several rooms are wanted; which number says so is
/// looked for among those of the text. None that fits: nothing is made up.
fn add_numbers(
    facts: &mut Facts,
    tokens: &[Token],
    judged: &Judged,
    spans: &mut BTreeMap<String, Span>,
) {
    let mut hear = |class: Class, name: &str, fact: &mut Option<u32>, fits: Option<Found<u32>>| {
        let heard = fact.is_none() && judged.sure(class) >= ENOUGH_FOR_A_NUMBER;
        if let Some(found) = fits.filter(|_| heard) {
            *fact = Some(found.value);
            spans.insert(name.to_owned(), found.span);
        }
    };
    let candidate = |find: fn(&[Token]) -> Option<Found<u32>>| find(tokens);
    hear(
        Class::ManyGuests,
        "guests",
        &mut facts.guests,
        candidate(candidates::many_guests),
    );
    hear(
        Class::SmallChild,
        "youngest_child",
        &mut facts.youngest_child,
        candidate(candidates::small_child),
    );
    hear(
        Class::SeveralRooms,
        "rooms",
        &mut facts.rooms,
        candidate(candidates::several_rooms),
    );
}
