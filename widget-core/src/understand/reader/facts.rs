//! Facts that guests state in more ways than a grammar holds: where it saw none, the model may be sure of one.

use super::Facts;
use super::model::{Class, Judged, Model};
use super::slots::{Span, span};
use super::words::Token;
use std::collections::BTreeMap;

/// A fact is taken from the model from this probability on, 0..=100.
const ENOUGH: u8 = 65;
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
}
