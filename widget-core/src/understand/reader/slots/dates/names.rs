//! Names of weekdays, pairs of months, and numbers of days in words.

use super::super::{months, word};
use crate::understand::reader::numbers::begins_an_ordinal;
use crate::understand::reader::words::Token;
use crate::understand::reader::words::list::{List, list};

/// «Май-июнь» is one word.
pub(super) fn two_months(word: &str) -> Option<(i64, i64)> {
    let (first, last) = word.split_once('-')?;
    Some((months::named(first)?, months::named(last)?))
}

#[rustfmt::skip]
const WEEKDAYS: [&List; 7] = [
    list!["понедельник", "понедельника", "понедельнику", "пн", "monday", "mon"],
    list!["вторник", "вторника", "вторнику", "вт", "tuesday"],
    list!["среду", "среды", "среда", "среде", "ср", "wednesday"],
    list!["четверг", "четверга", "четвергу", "чт", "thursday"],
    list!["пятницу", "пятницы", "пятница", "пятнице", "пт", "friday"],
    list!["субботу", "субботы", "суббота", "субботе", "сб", "saturday"],
    list!["воскресенье", "воскресенья", "воскресенью", "воскресение", "воскресения", "вс", "sunday"],
];

/// The weekday that the word names, 0 = Monday.
pub(super) fn weekday(word: &str) -> Option<i64> {
    (0..)
        .zip(WEEKDAYS)
        .find(|(_, names)| names.contains(word))
        .map(|(weekday, _)| weekday)
}

/// Stems of «первого», «второе» and so on up to «двадцатого».
#[rustfmt::skip]
const ORDINALS: [&str; 20] = [
    "перв", "втор", "трет", "четверт", "пят", "шест", "седьм", "восьм", "девят", "десят", "одиннадцат", "двенадцат",
    "тринадцат", "четырнадцат", "пятнадцат", "шестнадцат", "семнадцат", "восемнадцат", "девятнадцат", "двадцат",
];

#[rustfmt::skip]
const ENGLISH_ORDINALS: [&str; 10] = [
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
];

/// «Пятого», «пятое», «пятому», and as they are misspelt.
const ENDINGS: [&str; 9] = [
    "ого", "ова", "ово", "ое", "ому", "ье", "ьего", "ьева", "ьему",
];

/// The day that words name from `at` on, and where they end: «двадцать пятого», «третье».
pub(super) fn day_in_words(tokens: &[Token], at: usize) -> Option<(i64, usize)> {
    let here = word(tokens, at);
    let tens = match here {
        "двадцать" => 20,
        "тридцать" => 30,
        _ => return ordinal(here).map(|day| (day, at + 1)),
    };
    let unit = ordinal(word(tokens, at + 1)).filter(|unit| *unit < 10 && tens + unit <= 31)?;
    Some((tens + unit, at + 2))
}

fn ordinal(word: &str) -> Option<i64> {
    let is = |stem: &str| {
        word.strip_prefix(stem)
            .is_some_and(|ending| ENDINGS.contains(&ending))
    };
    if !begins_an_ordinal(word) {
        let mut english = (1..).zip(ENGLISH_ORDINALS);
        return english.find(|(_, name)| *name == word).map(|(day, _)| day);
    }
    (1..)
        .zip(ORDINALS)
        .find(|(_, stem)| is(stem))
        .map(|(day, _)| day)
        .or_else(|| is("тридцат").then_some(30))
}
