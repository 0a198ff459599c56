//! Facts that guests state in more ways than a grammar holds, and words that state none though a grammar reads them so:
//! the model, which knows what the grammar saw, has the last word where it is sure.

use super::Facts;
use super::model::{Class, Judged, Model};
use super::slots::{Found, Span, candidates, span};
use super::words::Token;
use std::collections::BTreeMap;

/// A fact is taken from the model from this probability on, 0..=100.
const ENOUGH: u8 = 50;
/// Another number than the grammar's is taken from this probability on.
const ENOUGH_AGAINST: u8 = 70;
/// What the grammar read is dropped below this probability.
const NOT_MEANT: u8 = 25;
/// So many features are looked at for the words to quote.
const WEIGHTIEST: usize = 4;

/// Adds what the model is sure of, and drops what it is sure against.
pub(super) fn add(
    facts: &mut Facts,
    tokens: &[Token],
    model: &Model,
    judged: &Judged,
    spans: &mut BTreeMap<String, Span>,
) {
    let mut hear = |class: Class, name: &str, fact: &mut Option<bool>| {
        let sure = judged.sure(class);
        match fact {
            Some(true) if sure < NOT_MEANT => {
                *fact = None;
                spans.remove(name);
            }
            None if sure >= ENOUGH => {
                *fact = Some(true);
                let reasons = model.reasons(judged, class, WEIGHTIEST);
                let at = reasons
                    .first()
                    .map_or(0..tokens.len(), |reason| reason.tokens.clone());
                spans.insert(name.to_owned(), span(tokens, at.start, at.end));
            }
            _ => {}
        }
    };
    hear(Class::PastStay, "past_stay", &mut facts.past_stay);
    hear(Class::Pet, "pet", &mut facts.pet);
    hear(
        Class::SeveralDeals,
        "several_deals",
        &mut facts.several_deals,
    );
    hear_number(
        &Heard {
            name: "guests",
            sure: judged.sure(Class::ManyGuests),
            meant: |guests| guests > 4,
            find: candidates::many_guests,
        },
        &mut facts.guests,
        tokens,
        spans,
    );
    hear_number(
        &Heard {
            name: "youngest_child",
            sure: judged.sure(Class::SmallChild),
            meant: |years| years <= 3,
            find: candidates::small_child,
        },
        &mut facts.youngest_child,
        tokens,
        spans,
    );
    hear_number(
        &Heard {
            name: "rooms",
            sure: judged.sure(Class::SeveralRooms),
            meant: |rooms| rooms > 1,
            find: candidates::several_rooms,
        },
        &mut facts.rooms,
        tokens,
        spans,
    );
}

/// The model hears that many travel, that a child is small, that several rooms are wanted.
struct Heard {
    name: &'static str,
    /// How probable that is.
    sure: u8,
    /// Which numbers say so.
    meant: fn(u32) -> bool,
    /// The number of the text that could say so.
    find: fn(&[Token]) -> Option<Found<u32>>,
}

/// Which number says what is heard is looked for among those of the text. None that fits: nothing is made up. A number
/// that the grammar took as it stands is dropped where the rest hardly fits it: «будет 30 человек, но дома».
fn hear_number(
    heard: &Heard,
    fact: &mut Option<u32>,
    tokens: &[Token],
    spans: &mut BTreeMap<String, Span>,
) {
    let enough = match *fact {
        Some(number) if (heard.meant)(number) => {
            let span = spans.get(heard.name);
            let reckoned = span.is_some_and(|span| candidates::is_reckoned(tokens, *span, number));
            if heard.sure < NOT_MEANT && !reckoned {
                *fact = None;
                spans.remove(heard.name);
            }
            return;
        }
        Some(_) => ENOUGH_AGAINST,
        None => ENOUGH,
    };
    if heard.sure >= enough
        && let Some(found) = (heard.find)(tokens)
    {
        *fact = Some(found.value);
        spans.insert(heard.name.to_owned(), found.span);
    }
}
