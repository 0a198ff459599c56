//! Rooms that are not counted, but told apart: «ещё один номер», «маме отдельный», «каждому свой».

use super::{ASKS, WISH, is_kind, is_plain};
use crate::understand::reader::numbers::{Form, number_at};
use crate::understand::reader::slots::{
    Found, around, back, begins, has, has_word, is_stop, span, word,
};
use crate::understand::reader::words::Token;
use crate::understand::reader::words::list::{List, list};

/// Those of the family for whom a separate room is a second one.
#[rustfmt::skip]
const RELATIVES: &List = list![
    "родител", "мам", "пап", "мат", "отц", "бабуш", "бабул", "дедуш", "деду", "детей", "детям", "дете", "ребен",
    "ребят", "сын", "доч", "внук", "внуч", "внуков", "сестр",
];

/// Others for whom it is one.
#[rustfmt::skip]
const OTHERS: &List = list![
    "брат", "друз", "друг", "подруг", "тещ", "свекр",
    "тест", "нян", "им", "них", "ней", "него", "ему", "ей", "семь", "тет", "дяд", "коллег", "водител", "старш",
    "молод", "parents", "mother", "father", "kids", "children", "son", "daughter", "them", "friend", "brother",
    "sister", "grand", "nanny", "her", "him",
];

#[rustfmt::skip]
const MORE: &List = list![
    "дополнительный", "дополнительную", "another", "additional", "extra", "second",
];

#[rustfmt::skip]
const NEEDED: &List = list![
    "надо", "нуж", "возьм", "берем", "итого", "есть", "ест", "просим", "значит", "голубушка", "лучше", "сразу",
];

#[rustfmt::skip]
const A_ROOM: &List = list!["номер", "номерок", "комнату", "комната", "room"];

#[rustfmt::skip]
const SOME_ROOMS: &List = list!["номера", "номерах", "номерам", "комнаты", "комнатах", "комнатам", "rooms"];

/// «Для родителей», «маме», "for the kids".
#[rustfmt::skip]
const FOR_OTHERS: &List = list!["родителям", "маме", "детям", "сыну", "дочери", "дочке", "бабушке", "свекрови", "теще", "им"];

const EACH: &List = list!["кажд", "семь", "семе", "пар", "всем", "each", "every"];

fn two(sentence: &[Token], from: usize, to: usize) -> Found<u32> {
    Found {
        value: 2,
        span: span(sentence, from, to.min(sentence.len())),
    }
}

fn is_room(word: &str) -> bool {
    is_plain(word) || is_kind(word)
}

fn is_other(word: &str) -> bool {
    begins(word, RELATIVES) || begins(word, OTHERS)
}

fn has_others(words: &[Token]) -> bool {
    has(words, RELATIVES) || has(words, OTHERS)
}

fn has_room(words: &[Token]) -> bool {
    words.iter().any(|token| is_room(&token.word))
}

/// A second room: «ещё один номер», «отдельный номер для родителей», «нам один, маме второй».
pub(super) fn a_second_one(sentence: &[Token]) -> Option<Found<u32>> {
    (0..sentence.len())
        .find(|at| {
            is_one_more(sentence, *at) || is_apart(sentence, *at) || is_the_second(sentence, *at)
        })
        .map(|at| two(sentence, at, at + 2))
}

/// «Ещё один номер», «дополнительную комнату», «номер нам и ещё один маме».
fn is_one_more(sentence: &[Token], at: usize) -> bool {
    let here = word(sentence, at);
    let next = word(sentence, at + 1);
    let before = back(sentence, at, 1);
    let one_more = matches!(
        (before, here),
        ("еще" | "и", "один" | "одну" | "еще") | ("one", "more")
    );
    let more =
        MORE.contains(here) || one_more && before != "и" || here == "еще" && A_ROOM.contains(next);
    let wanted = || has(sentence, WISH) || has_others(sentence);
    let of_a_room = more && is_room(next) && wanted() && !has(sentence, &["этаж", "ночь", "сутки"]);
    let for_others = one_more
        && (is_other(next) || next == "для" && is_other(word(sentence, at + 2)))
        && has_word(around(sentence, at, 12, 0), A_ROOM);
    of_a_room || for_others
}

/// «Маме отдельный номер», «свекровь в отдельный одноместный», «отдельная комната для детей».
fn is_apart(sentence: &[Token], at: usize) -> bool {
    let next = word(sentence, at + 1);
    let own = begins(
        word(sentence, at),
        &["отдельн", "свой", "свою", "own", "separate"],
    );
    if !own
        || !(A_ROOM.contains(next) || is_kind(next))
        || has_word(sentence, &["или", "or", "номере", "люксе", "нем"])
    {
        return false;
    }
    let whose = if back(sentence, at, 1) == "в" {
        back(sentence, at, 2)
    } else {
        back(sentence, at, 1)
    };
    let in_it = back(sentence, at, 1) == "в";
    let dative = is_other(whose) && (in_it || !matches!(whose, "мама" | "сын" | "дочь"));
    let after = (at + 2..at + 5).any(|index| {
        let here = word(sentence, index);
        FOR_OTHERS.contains(here)
            || matches!(here, "для" | "for") && has_others(around(sentence, index, 0, 3))
    });
    dative || after
}

/// «Нам один номер, маме второй», «второй номер для родителей».
fn is_the_second(sentence: &[Token], at: usize) -> bool {
    let here = word(sentence, at);
    let next = word(sentence, at + 1);
    let before = &sentence[..at];
    let second = begins(here, &["второй", "вторая", "вторую", "втором"]);
    let other = begins(here, &["другой", "другая", "другую", "другом"])
        && has(before, &["один", "одна", "одну", "одном", "одной", "адном"]);
    if !second && !other {
        return false;
    }
    let a_second_room = A_ROOM.contains(next) && second;
    let alone = !next.starts_with(char::is_alphanumeric)
        || matches!(next, "для" | "на")
        || begins(next, RELATIVES)
        || is_dative(next) && is_other(next);
    let wanted = has(sentence, WISH) || has(sentence, &["бабул", "родител", "маме", "мама"]);
    (a_second_room || alone) && (has_room(before) || is_plain(next)) && wanted
}

/// «Молодым», «тёще», «свекрови», «брату».
fn is_dative(word: &str) -> bool {
    ["ым", "ам", "ям", "им", "е", "и", "у"]
        .iter()
        .any(|ending| word.ends_with(ending))
}

/// «По номеру на каждую семью», «каждому свой номер», «в разных номерах»: one room for each, at least two.
pub(super) fn a_room_each(sentence: &[Token]) -> Option<Found<u32>> {
    let at =
        (0..sentence.len()).find(|at| is_one_each(sentence, *at) || are_apart(sentence, *at))?;
    Some(Found {
        value: how_many(sentence).unwrap_or(2),
        ..two(sentence, at, at + 2)
    })
}

/// «Три семьи», «нас трое»: as many rooms if each gets one.
fn how_many(sentence: &[Token]) -> Option<u32> {
    (0..sentence.len()).find_map(|at| {
        let number = number_at(sentence, at).filter(|number| (2..10).contains(&number.value))?;
        let noun = word(sentence, at + number.tokens);
        let families = begins(noun, &["семьи", "семей", "пар", "families", "couples"]);
        let people = number.form == Form::Collective
            && has(sentence, &["кажд"])
            && !has(sentence, &["семь", "пар"]);
        (families || people).then_some(number.value)
    })
}

/// «По номеру на семью», «каждому своя комната», "a room each".
fn is_one_each(sentence: &[Token], at: usize) -> bool {
    let here = word(sentence, at);
    let noun = at + 1 + usize::from(begins(word(sentence, at + 1), &["одном", "отдельн"]));
    let by_room =
        here == "по" && matches!(word(sentence, noun), "номеру" | "комнате" | "номерочку");
    let own = begins(
        here,
        &["свой", "своя", "свою", "свое", "отдельн", "own", "separate"],
    ) && is_plain(word(sentence, at + 1))
        && has(around(sentence, at, 6, 5), &["кажд", "each", "every"]);
    let each = is_plain(here) && word(sentence, at + 1) == "each";
    (by_room && has(sentence, EACH) || own || each) && !has(sentence, ASKS)
}

/// «Жить в разных номерах», «расселите по отдельным комнатам», "separate rooms".
fn are_apart(sentence: &[Token], at: usize) -> bool {
    let apart = begins(
        word(sentence, at),
        &["разны", "раздельны", "separate", "different"],
    ) || begins(word(sentence, at), &["отдельны"])
        && matches!(back(sentence, at, 1), "в" | "по");
    let wanted = || has(sentence, WISH) || has(sentence, &["рассел", "развед"]);
    apart && SOME_ROOMS.contains(word(sentence, at + 1)) && wanted() && !has(sentence, ASKS)
}

/// «В одну комнату не влезем, надо две», «не один номер, а два».
pub(super) fn bare_number(sentence: &[Token], talked_of_rooms: bool) -> Option<Found<u32>> {
    (0..sentence.len()).find_map(|at| {
        let number = number_at(sentence, at)
            .filter(|number| number.form == Form::Cardinal && (2..10).contains(&number.value))?;
        let end = at + number.tokens;
        let stops = end >= sentence.len() || is_stop(word(sentence, end));
        let before = back(sentence, at, 1);
        let instead = before == "а" && has_word(around(sentence, at, 8, 0), &["не"]);
        let needed = instead || begins(before, NEEDED);
        let of_rooms =
            talked_of_rooms && at < 4 || sentence[..at].iter().any(|token| is_plain(&token.word));
        (stops && needed && of_rooms).then(|| Found {
            value: number.value,
            span: span(sentence, at, end),
        })
    })
}
