//! When a child was born: «12.03.2023», «2023 г.р.», «в мае 2024-го».

use crate::time::{Date, Local};
use crate::understand::reader::numbers::{begins_an_ordinal, word_number};
use crate::understand::reader::slots::{back, begins, months, word};
use crate::understand::reader::words::Token;

/// A day, month or year that may be one of birth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Birth {
    /// Completed years since, as of today.
    pub years: u32,
    /// A word of birth stands by: «родилась», «г.р.», «born».
    pub said: bool,
    pub from: usize,
    pub to: usize,
}

/// The birth that begins at token `at`, of somebody under 18.
pub(super) fn birth_at(tokens: &[Token], at: usize, now: Date) -> Option<Birth> {
    if let Some((date, to)) = date_at(tokens, at, now) {
        return birth(tokens, date, now, at, to);
    }
    if let Some((year, to)) = year_at(tokens, at, now) {
        let to = after_year_word(tokens, to);
        let month = month_near(tokens, at, to);
        // Of a month alone its last day, so that a small child stays small; of a year alone its middle.
        let date = Date {
            year,
            month: month.unwrap_or(7),
            day: if month.is_some() { 28 } else { 1 },
        };
        return birth(tokens, date, now, at, to);
    }
    let this_year = matches!(
        (word(tokens, at), word(tokens, at + 1)),
        ("этого", "года") | ("этом", "году") | ("this", "year")
    );
    if this_year && is_birth_near(tokens, at, at + 2) {
        return Some(Birth {
            years: 0,
            said: true,
            from: at,
            to: at + 2,
        });
    }
    None
}

fn birth(tokens: &[Token], date: Date, now: Date, from: usize, to: usize) -> Option<Birth> {
    let had_birthday = (date.month, date.day) <= (now.month, now.day);
    let years = now.year - date.year - i64::from(!had_birthday);
    let said = is_birth_near(tokens, from, to);
    // Whoever is born in the months to come of a year that is half over was born already.
    let years = if years < 0 && said && date.year == now.year {
        0
    } else {
        years
    };
    let years = u32::try_from(years).ok().filter(|years| *years < 18)?;
    Some(Birth {
        years,
        said,
        from,
        to,
    })
}

fn is_birth_near(tokens: &[Token], from: usize, to: usize) -> bool {
    let near = from.saturating_sub(5)..(to + 4).min(tokens.len());
    let mut said = false;
    for index in near {
        let ends = matches!(word(tokens, index), "!" | "?" | "\n" | ";");
        if ends && index < from {
            said = false;
        } else if ends && index >= to {
            break;
        }
        said |= is_birth_word(tokens, index);
    }
    said
}

fn is_birth_word(tokens: &[Token], at: usize) -> bool {
    let here = word(tokens, at);
    let next = word(tokens, at + 1);
    begins(here, &["рожд", "родил", "родив", "рожен", "birth", "born"])
        || (months::spoken_of(here).is_some() && here.contains("ск") && !here.starts_with("ма"))
        || matches!(here, "гр" | "др" | "dob" | "г-р" | "д-р")
        || matches!((here, next), ("г" | "д", "р"))
        || matches!(
            (here, next, word(tokens, at + 2)),
            ("г" | "д", "." | "/", "р")
        )
        || (matches!(here, "года" | "год") && matches!(next, "р" | "рож"))
}

/// Behind «года рождения», «г.р.».
fn after_year_word(tokens: &[Token], at: usize) -> usize {
    let mut at = at;
    if matches!(word(tokens, at), "г" | "год" | "года" | "году" | "гр") {
        at += 1;
    }
    if word(tokens, at) == "." && matches!(word(tokens, at + 1), "р" | "рожд") {
        at += 1;
    }
    if word(tokens, at) == "р" || begins(word(tokens, at), &["рожд", "родил"]) {
        at += 1;
    }
    at
}

/// «12.03.2023», «12.03.23», «2023-03-12», «12 марта 2023», «марта 2023».
fn date_at(tokens: &[Token], at: usize, now: Date) -> Option<(Date, usize)> {
    if let Some((day, month, year, to)) = figures(tokens, at) {
        return date(year, month, day, now).map(|date| (date, to));
    }
    let day = number(tokens, at).filter(|day| (1..=31).contains(day));
    let suffix = usize::from(day.is_some());
    let at_month = at + suffix + usize::from(suffix == 1 && word(tokens, at + 1) == "-") * 2;
    let month = months::spoken_of(word(tokens, at_month))?;
    let comma = usize::from(word(tokens, at_month + 1) == ",");
    let (year, to) = year_at(tokens, at_month + 1 + comma, now)?;
    let to = after_year_word(tokens, to);
    let day_known = day.unwrap_or(28).min(28);
    date(year, month, day.unwrap_or(day_known), now).map(|date| (date, to))
}

fn figures(tokens: &[Token], at: usize) -> Option<(u32, u32, i64, usize)> {
    let first = number(tokens, at)?;
    let mark = word(tokens, at + 1);
    if !matches!(mark, "." | "/" | "-" | ",") || word(tokens, at + 3) != mark {
        return None;
    }
    if matches!(back(tokens, at, 1), "." | "/" | "-") && tokens.get(at).is_some_and(|t| t.glued) {
        return None;
    }
    let (second, third) = (number(tokens, at + 2)?, number(tokens, at + 4)?);
    let is_long = |index: usize| word(tokens, index).len() == 4;
    let is_short = |index: usize| word(tokens, index).len() <= 2;
    let glued = (1..5).all(|step| tokens.get(at + step).is_some_and(|token| token.glued));
    if is_long(at) && is_short(at + 2) && is_short(at + 4) {
        return Some((third, second, i64::from(first), at + 5));
    }
    let two_digits = word(tokens, at + 4).len() == 2 && glued && mark != ",";
    if is_long(at + 4) && mark != "," {
        Some((first, second, i64::from(third), at + 5))
    } else if two_digits && word(tokens, at + 2).len() == 2 {
        Some((first, second, 2_000 + i64::from(third), at + 5))
    } else {
        None
    }
}

/// A day of the calendar that is not to come.
fn date(year: i64, month: u32, day: u32, now: Date) -> Option<Date> {
    let fits = (1..=12).contains(&month) && (1..=31).contains(&day);
    let date = Date { year, month, day };
    // A day that the calendar does not have comes back as another one.
    let real = Local {
        day: date.day_number(),
        minute: 0,
    }
    .date()
        == date;
    (fits && real && date.day_number() <= now.day_number().saturating_add(31)).then_some(date)
}

fn number(tokens: &[Token], at: usize) -> Option<u32> {
    let here = word(tokens, at);
    here.starts_with(|c: char| c.is_ascii_digit())
        .then(|| here.parse().ok())
        .flatten()
}

/// A year in which children are born: «2023», «2023-го», «23 г.р.», «две тысячи двадцать третьего».
fn year_at(tokens: &[Token], at: usize, now: Date) -> Option<(i64, usize)> {
    let recent = |year: i64| (now.year - 18..=now.year).contains(&year);
    let glued_before = tokens.get(at).is_some_and(|token| token.glued)
        && matches!(back(tokens, at, 1), "." | "/" | "-" | ":");
    if let Some(year) = number(tokens, at) {
        let to = after_ending(tokens, at + 1);
        let year = i64::from(year);
        if recent(year) && !glued_before {
            return Some((year, to));
        }
        let short = word(tokens, at).len() == 2
            && matches!(word(tokens, to), "г" | "года" | "год" | "гр")
            && is_birth_near(tokens, to, to + 1)
            && recent(2_000 + year);
        return (short && !glued_before).then_some((2_000 + year, to));
    }
    let thousands = word_number(word(tokens, at)).is_some_and(|number| number.value == 2)
        && begins(word(tokens, at + 1), &["тысяч", "тыщ"]);
    let (year, to) = ordinal(tokens, if thousands { at + 2 } else { at })?;
    let named = thousands || matches!(word(tokens, to), "года" | "год" | "г" | "году");
    let year = 2_000 + i64::from(year);
    (named && recent(year) && (thousands || is_birth_near(tokens, to, to + 1)))
        .then_some((year, to))
}

/// Behind «-го», «й».
fn after_ending(tokens: &[Token], at: usize) -> usize {
    let dash = usize::from(word(tokens, at) == "-");
    let ending = matches!(
        word(tokens, at + dash),
        "го" | "ого" | "его" | "й" | "м" | "ом"
    );
    at + if ending { dash + 1 } else { 0 }
}

/// «девятнадцатого», «двадцать третий», as a number.
fn ordinal(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    const UNITS: [(&str, u32); 19] = [
        ("перв", 1),
        ("втор", 2),
        ("трет", 3),
        ("четверт", 4),
        ("пят", 5),
        ("шест", 6),
        ("седьм", 7),
        ("восьм", 8),
        ("девят", 9),
        ("десят", 10),
        ("одиннадцат", 11),
        ("двенадцат", 12),
        ("тринадцат", 13),
        ("четырнадцат", 14),
        ("пятнадцат", 15),
        ("шестнадцат", 16),
        ("семнадцат", 17),
        ("восемнадцат", 18),
        ("девятнадцат", 19),
    ];
    const ENDINGS: [&str; 9] = ["ого", "ий", "ый", "ьего", "ом", "ьем", "ой", "ый", "его"];
    let unit = |word: &str| {
        UNITS.iter().find_map(|(stem, value)| {
            let ending = word.strip_prefix(stem)?;
            ENDINGS.contains(&ending).then_some(*value)
        })
    };
    let here = word(tokens, at);
    if !begins_an_ordinal(here) {
        return None;
    }
    if here == "двадцать" {
        let value = unit(word(tokens, at + 1)).filter(|value| *value < 10)?;
        return Some((20 + value, at + 2));
    }
    if let Some(ending) = here.strip_prefix("двадцат") {
        return ENDINGS.contains(&ending).then_some((20, at + 1));
    }
    Some((unit(here)?, at + 1))
}

/// The year of life that has begun: «третий годик пошёл», «идёт четвёртый год».
pub(super) fn year_of_life(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    let (nth, to) = ordinal(tokens, at)?;
    let is_year = matches!(word(tokens, to), "год" | "годик" | "годок" | "годочек");
    let goes = |index: usize| matches!(word(tokens, index), "пошел" | "идет" | "пойдет" | "шел");
    let said =
        goes(to + 1) || at.checked_sub(1).is_some_and(goes) || at.checked_sub(2).is_some_and(goes);
    (is_year && said && nth > 0).then_some((nth - 1, to + 1))
}

/// The month of a birth right before or behind its year.
fn month_near(tokens: &[Token], from: usize, to: usize) -> Option<u32> {
    let behind = to..(to + 3).min(tokens.len());
    let before = from.saturating_sub(3)..from;
    let close = |index: &usize| !matches!(word(tokens, *index), "!" | "?" | ";" | "\n");
    before
        .rev()
        .take_while(close)
        .chain(behind.take_while(close))
        .find_map(|index| months::spoken_of(word(tokens, index)))
}
