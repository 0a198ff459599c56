//! Dates as they stand in a calendar: «10.03», «с 3 по 12 мая», «третьего мая», «в начале июня», «2027-03-10».

use super::super::{back, months, word};
use super::calendar::End;
use super::names::{day_in_words, two_months, weekday};
use crate::understand::reader::words::Token;
use crate::understand::reader::words::list::{List, list};

/// Days that the tokens `from..to` name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    pub first: End,
    pub last: End,
    pub from: usize,
    pub to: usize,
    /// Surely a date: it names a month or is an ordinal. A mere number is none.
    pub sure: bool,
}

/// A date within the days.
struct Point {
    end: End,
    to: usize,
    sure: bool,
}

/// How two dates are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    /// A dash.
    Dash,
    /// «По», «to»; also «выезд».
    Until,
    /// «До», which also bounds hours and ages.
    UpTo,
    /// «С 5 на 6 мая».
    Onto,
    And,
    Or,
}

/// May stand between two dates and says nothing of them.
#[rustfmt::skip]
const BETWEEN: &List = list![
    ",", "(", ")", "заезд", "заезжаем", "приезд", "утра", "утром", "вечера", "включительно", "числа", "число", "the",
    "где-то", "примерно",
];

/// Follows a date and counts nothing: «с 5 по 10 есть места?».
#[rustfmt::skip]
const AFTER: &List = list![
    "заезд", "выезд", "есть", "будет", "будут", "можно", "на", "с", "со", "для", "и", "в", "мы", "нас", "нам", "у",
    "свободно", "включительно", "примерно", "заезжаем", "приедем", "приеду", "хочу", "хотим", "как", "сколько", "или",
    "утром", "вечером", "из", "по", "до", "to", "till", "for", "with", "we", "and", "or", "if", "is", "are", "in",
    "свободные", "а", "но", "номер", "места", "мне",
];

/// Follows a sum of money.
const MONEY: &List = list![
    "руб",
    "рублей",
    "рубля",
    "р",
    "тыс",
    "тысяч",
    "₽",
    "т",
    "$",
    "€",
    "евро",
];

/// What a decimal or a range of numbers measures, when it is no date.
#[rustfmt::skip]
const UNITS: &List = list![
    "%", "кг", "м", "км", "лет", "год", "года", "годика",
    "годик", "мес", "месяца", "месяцев", "часов", "часа", "час", "ч", "утра", "вечера", "дня", "ночи", "мин", "минут",
    "градуса", "градусов", "балла", "баллов", "звезд", "эт", "этаж", "литра", "л", "г", "процента", "млн", "years", "am",
    "pm", "hours", "kg", "°", "тысячи", "раза", "недели", "суток", "ночей", "дней",
];

/// The days that stand from token `at` on, if any.
pub(super) fn written_at(tokens: &[Token], at: usize) -> Option<Written> {
    let (found, whole) = days_at(tokens, at)?;
    let within = (!whole).then(|| within_month(tokens, &found)).flatten();
    Some(within.unwrap_or(found))
}

/// Days without those of a month named before them, and whether both their ends are said.
fn days_at(tokens: &[Token], at: usize) -> Option<(Written, bool)> {
    if let Some((first, last)) = two_months(word(tokens, at)) {
        let both = Written {
            first: End::part(1, None).of(first, None),
            last: End::part(1, None).of(last, None),
            from: at,
            to: at + 1,
            sure: true,
        };
        return Some((both, true));
    }
    let first = point_at(tokens, at)?;
    let alone = Written {
        first: first.end,
        last: first.end,
        from: at,
        to: first.to,
        sure: first.sure,
    };
    let Some((link, next)) = next_point(tokens, first.to) else {
        return Some((alone, false));
    };
    Some((
        joined(tokens, &alone, &first, link, &next).unwrap_or(alone),
        true,
    ))
}

/// «В мае, с 3 по 12», «на апрель, с 4 числа»: days of a month that is named before them.
fn within_month(tokens: &[Token], whole: &Written) -> Option<Written> {
    let month = whole.first.month?;
    if whole.first != End::part(1, None).of(month, whole.first.year) {
        return None;
    }
    let from = whole.to + usize::from(word(tokens, whole.to) == ",");
    let from = from
        + usize::from(matches!(
            word(tokens, from),
            "где-то" | "примерно" | "числа"
        ));
    if !matches!(word(tokens, from), "с" | "со" | "from") {
        return None;
    }
    let (days, _) = days_at(tokens, from + 1)?;
    let (first, last) = (days.first, days.last);
    let bare = first.month.is_none() && last.month.is_none() && days.sure;
    let ends = if first.from <= last.from {
        month
    } else {
        month % 12 + 1
    };
    bare.then(|| Written {
        first: first.of(month, whole.first.year),
        last: last.of(ends, None),
        from: whole.from,
        ..days
    })
}

/// Two dates as one: days from the first to the second.
fn joined(
    tokens: &[Token],
    alone: &Written,
    first: &Point,
    link: Link,
    next: &Point,
) -> Option<Written> {
    let both = Written {
        last: next.end,
        to: next.to,
        sure: true,
        ..*alone
    };
    let only_next = Written {
        first: next.end,
        ..both
    };
    let opened = matches!(
        back(tokens, alone.from, 1),
        "с" | "со" | "c" | "from" | "between"
    );
    let bare = |point: &Point| point.end.month.is_none();
    let clear_end = next.sure || ends_there(tokens, next.to);
    let rises = first.end.from < next.end.from;
    let follows = next.end.from == first.end.from + 1;
    let nights = next.end.is_day() && first.end.is_day();
    let moved = back(tokens, alone.from, 1) == "from"
        && (2..=5).any(|steps| {
            super::super::begins(
                back(tokens, alone.from, steps),
                &["change", "move", "shift", "resched"],
            )
        });
    match link {
        Link::Until if moved && nights => Some(only_next),
        Link::Dash | Link::And | Link::Or if bare(first) && bare(next) => None,
        Link::Dash if bare(next) => (rises && clear_end).then_some(both),
        Link::Dash => Some(both),
        Link::Until if bare(first) && bare(next) => {
            let dates = opened || (first.sure && next.sure);
            (dates && clear_end).then_some(both)
        }
        Link::UpTo if bare(first) && bare(next) => {
            (opened && first.sure && next.sure && ends_there(tokens, next.to)).then_some(both)
        }
        Link::Until | Link::UpTo => clear_end.then_some(both),
        Link::Onto if !opened || !next.sure || !nights => None,
        Link::Onto if follows && bare(first) && !bare(next) => Some(both),
        Link::Onto => (!bare(next)).then_some(only_next),
        Link::And if nights && follows => Some(both),
        // «5 или 6 мая»: nobody knows.
        Link::And | Link::Or if bare(first) => Some(Written {
            sure: false,
            to: next.to,
            ..*alone
        }),
        Link::And | Link::Or => None,
    }
}

/// The date that follows what ends before `at`, and how it is joined.
fn next_point(tokens: &[Token], at: usize) -> Option<(Link, Point)> {
    let mut link = None;
    for index in at..at + 6 {
        let here = word(tokens, index);
        if let Some(said) = link_of(here) {
            link = Some(said);
        } else if let Some(point) = point_at(tokens, index).filter(|_| index > at) {
            let leaves = is_departure(word(tokens, point.to)) && point.sure;
            let link = link.or(leaves.then_some(Link::Until))?;
            return Some((link, point));
        } else if !(BETWEEN.contains(here) || weekday(here).is_some()) {
            return None;
        }
    }
    None
}

fn link_of(word: &str) -> Option<Link> {
    match word {
        "-" | "–" | "—" | "/" => Some(Link::Dash),
        "по" | "to" | "till" | "until" | "through" | "thru" | "til" => Some(Link::Until),
        "до" => Some(Link::UpTo),
        "на" => Some(Link::Onto),
        "и" | "and" | "&" => Some(Link::And),
        "или" | "либо" | "or" => Some(Link::Or),
        _ if is_departure(word) => Some(Link::Until),
        _ => None,
    }
}

/// «Выезд», «уезжаем», «отъезд».
pub(super) fn is_departure(word: &str) -> bool {
    if word.starts_with("выездн") {
        return false;
    }
    super::super::begins(
        word,
        &[
            "выезд",
            "выезж",
            "выед",
            "отъезд",
            "уезж",
            "уед",
            "съезж",
            "убыт",
            "убыв",
            "обратно",
            "leav",
            "depart",
            "checkout",
            "check-out",
        ],
    )
}

fn ends_there(tokens: &[Token], at: usize) -> bool {
    let next = word(tokens, at);
    let letters = next.starts_with(char::is_alphanumeric);
    (!letters || AFTER.contains(next)) && !matches!(next, "%" | "₽" | "$" | "€")
}

fn point_at(tokens: &[Token], at: usize) -> Option<Point> {
    if follows_digits(tokens, at) {
        return None;
    }
    whole_date(tokens, at)
        .or_else(|| dotted(tokens, at))
        .or_else(|| part_of_month(tokens, at))
        .or_else(|| day_of_month(tokens, at))
        .or_else(|| month_and_day(tokens, at))
        .or_else(|| whole_month(tokens, at))
}

/// A number inside of a longer one: a phone, a time, a price.
fn follows_digits(tokens: &[Token], at: usize) -> bool {
    let glued = |index: usize| tokens.get(index).is_some_and(|token| token.glued);
    at >= 2
        && glued(at)
        && glued(at - 1)
        && matches!(word(tokens, at - 1), "." | "," | ":")
        && digits(tokens, at - 2).is_some()
        || at >= 4
            && glued(at)
            && is_dash(word(tokens, at - 1))
            && is_dash(word(tokens, at - 3))
            && glued(at - 2)
            && digits(tokens, at - 2).is_some()
}

fn is_dash(word: &str) -> bool {
    matches!(word, "-" | "–" | "—")
}

/// A number in digits, and how many digits it has.
fn digits(tokens: &[Token], at: usize) -> Option<(i64, usize)> {
    let here = word(tokens, at);
    let number = here.parse().ok().filter(|number| *number < 10_000)?;
    here.starts_with(|c: char| c.is_ascii_digit())
        .then_some((number, here.len()))
}

fn glued_mark(tokens: &[Token], at: usize, marks: &[&str]) -> bool {
    let glued = |index: usize| tokens.get(index).is_some_and(|token| token.glued);
    glued(at) && glued(at + 1) && marks.contains(&word(tokens, at))
}

/// «2027-03-10»
fn whole_date(tokens: &[Token], at: usize) -> Option<Point> {
    let (year, 4) = digits(tokens, at)? else {
        return None;
    };
    if !glued_mark(tokens, at + 1, &["-"]) || !glued_mark(tokens, at + 3, &["-"]) {
        return None;
    }
    let (month, 2) = digits(tokens, at + 2)? else {
        return None;
    };
    let (day, 2) = digits(tokens, at + 4)? else {
        return None;
    };
    Some(Point {
        end: End::day(day).of(month, Some(year)),
        to: at + 5,
        sure: true,
    })
}

/// «10.03», «10.03.27», «10/03/2027»
fn dotted(tokens: &[Token], at: usize) -> Option<Point> {
    const MARKS: &[&str] = &[".", "/"];
    let (day, _) = digits(tokens, at).filter(|(day, length)| is_day(*day) && *length < 3)?;
    if !glued_mark(tokens, at + 1, MARKS) {
        return None;
    }
    let (month, month_digits) = digits(tokens, at + 2).filter(|(month, length)| {
        (1..=12).contains(month) && *length < 3 && !(day == 24 && word(tokens, at + 2) == "7")
    })?;
    let before = back(tokens, at, 1);
    let (year, to) = match digits(tokens, at + 4) {
        Some((year, length)) if glued_mark(tokens, at + 3, MARKS) && matches!(length, 2 | 4) => {
            (Some(full_year(year)), at + 5)
        }
        _ => (None, at + 3),
    };
    let part_of_more =
        glued_mark(tokens, to, &[".", ",", ":", "/"]) && digits(tokens, to + 1).is_some();
    // «10/10» is a mark.
    let padded = word(tokens, at).starts_with('0') || word(tokens, at + 2).starts_with('0');
    let mark = year.is_none() && word(tokens, at + 1) == "/" && !padded;
    let time = year.is_none() && day < 24 && matches!(before, "в" | "at" | "около");
    let decimal = month_digits == 1
        && year.is_none()
        && !matches!(before, "с" | "со" | "по" | "до" | "-" | "–" | "—");
    let measured = year.is_none() && is_unit(word(tokens, to));
    let counted = matches!(before, "№" | "#" | "$" | "€" | "+");
    // «2027-03-10/2027-03-20» is two dates; «01.02/5» none.
    let two_dates = word(tokens, to) == "/" && word(tokens, to + 1).len() == 4;
    let other = mark || time || decimal || measured || counted || (part_of_more && !two_dates);
    (!other).then_some(Point {
        end: End::day(day).of(month, year),
        to,
        sure: true,
    })
}

fn is_unit(word: &str) -> bool {
    UNITS.contains(word) || MONEY.contains(word)
}

fn is_day(day: i64) -> bool {
    (1..=31).contains(&day)
}

fn full_year(year: i64) -> i64 {
    if year < 100 { 2_000 + year } else { year }
}

/// «В начале июня», «конец мая», «mid may»
fn part_of_month(tokens: &[Token], at: usize) -> Option<Point> {
    let part = match word(tokens, at) {
        "начале" | "начало" | "началу" | "начала" | "beginning" | "start" | "early" => {
            End::part(1, Some(10))
        }
        "середине" | "середину" | "середины" | "середина" | "mid" | "middle" => {
            End::part(11, Some(20))
        }
        "конце" | "конец" | "концу" | "конца" | "end" | "late" => {
            End::part(21, None)
        }
        _ => return None,
    };
    let next = at + 1 + usize::from(matches!(word(tokens, at + 1), "of" | "-"));
    let (month, to, year) = month_and_year(tokens, next)?;
    Some(Point {
        end: part.of(month, year),
        to,
        sure: true,
    })
}

/// «3 мая», «3-го», «третьего мая 2027», «5-го числа», or a mere number.
fn day_of_month(tokens: &[Token], at: usize) -> Option<Point> {
    let (day, mut to, mut sure) = day_number(tokens, at)?;
    // «3. May until 12. May»
    let ordinal_dot = word(tokens, to) == "."
        && tokens[to].glued
        && (months::named(word(tokens, to + 1)).is_some()
            || matches!(word(tokens, to + 1), "to" | "until" | "till" | "and"));
    if ordinal_dot {
        to += 1;
    }
    if matches!(word(tokens, to), "числа" | "число" | "of" | "day") {
        to += 1;
        sure |= word(tokens, to - 1).starts_with("числ");
    }
    let dated = month_and_year(tokens, to).filter(|_| !is_modal(tokens, to));
    Some(match dated {
        Some((month, to, year)) => Point {
            end: End::day(day).of(month, year),
            to,
            sure: true,
        },
        None => Point {
            end: End::day(day),
            to,
            sure,
        },
    })
}

/// The number of a day, where it ends, and whether it is an ordinal.
fn day_number(tokens: &[Token], at: usize) -> Option<(i64, usize, bool)> {
    let Some((day, length)) = digits(tokens, at) else {
        return day_in_words(tokens, at).map(|(day, to)| (day, to, true));
    };
    let inside =
        glued_mark(tokens, at + 1, &[".", ",", ":", "/"]) && digits(tokens, at + 2).is_some();
    if length > 2 || !is_day(day) || inside {
        return None;
    }
    let suffix = suffix_end(tokens, at + 1);
    Some((day, suffix.unwrap_or(at + 1), suffix.is_some()))
}

/// «3-го», «3го», «3rd»: where the suffix ends.
fn suffix_end(tokens: &[Token], at: usize) -> Option<usize> {
    let suffix = if glued_mark(tokens, at, &["-", "–"]) {
        at + 1
    } else {
        at
    };
    let token = tokens.get(suffix).filter(|token| token.glued)?;
    let ordinal = matches!(
        token.word.as_str(),
        "го" | "ого"
            | "ва"
            | "ова"
            | "е"
            | "ое"
            | "ье"
            | "му"
            | "ому"
            | "th"
            | "st"
            | "nd"
            | "rd"
    );
    ordinal.then_some(suffix + 1)
}

/// «May 3», «may the 3rd»
fn month_and_day(tokens: &[Token], at: usize) -> Option<Point> {
    let here = word(tokens, at);
    let month = months::named(here).filter(|_| here.is_ascii())?;
    let day_at = at + 1 + usize::from(word(tokens, at + 1) == "the");
    let (day, length) = digits(tokens, day_at)?;
    if !is_day(day) || length > 2 {
        return None;
    }
    let to = suffix_end(tokens, day_at + 1).unwrap_or(day_at + 1);
    let (year, to) = year_at(tokens, to).map_or((None, to), |(year, to)| (Some(year), to));
    ends_there(tokens, to).then_some(Point {
        end: End::day(day).of(month, year),
        to,
        sure: true,
    })
}

/// «В мае», «июнь 2027»
fn whole_month(tokens: &[Token], at: usize) -> Option<Point> {
    let before = back(tokens, at, 1);
    let said = match word(tokens, at) {
        "may" => matches!(
            before,
            "in" | "for" | "of" | "during" | "next" | "this" | "early" | "mid" | "late" | "from"
        ),
        // Short for something else too.
        "мар" | "mar" | "сен" => false,
        _ => true,
    };
    let (month, to, year) = month_and_year(tokens, at).filter(|_| said)?;
    Some(Point {
        end: End::part(1, None).of(month, year),
        to,
        sure: true,
    })
}

/// «We 2 may come»
fn is_modal(tokens: &[Token], at: usize) -> bool {
    word(tokens, at) == "may"
        && matches!(
            word(tokens, at + 1),
            "be" | "come" | "have" | "need" | "want" | "not" | "i" | "we" | "arrive" | "stay"
        )
}

/// A month, where it ends, and its year.
fn month_and_year(tokens: &[Token], at: usize) -> Option<(i64, usize, Option<i64>)> {
    let month = months::named(word(tokens, at))?;
    let to = at + 1 + usize::from(begins_with_month(word(tokens, at + 1)));
    Some(match year_at(tokens, to) {
        Some((year, to)) => (month, to, Some(year)),
        None => (month, to, None),
    })
}

/// «В мае месяце»
fn begins_with_month(word: &str) -> bool {
    matches!(word, "месяце" | "месяц" | "месяца")
}

/// «2027», «2027 года», «27 г.»
fn year_at(tokens: &[Token], at: usize) -> Option<(i64, usize)> {
    let at = at + usize::from(word(tokens, at) == "," && word(tokens, at + 1).starts_with("20"));
    let (year, length) = digits(tokens, at)?;
    let named = matches!(
        word(tokens, at + 1),
        "г" | "год" | "года" | "году" | "годе" | "гг"
    );
    let is_year = match length {
        4 => (1_900..2_100).contains(&year) && !MONEY.contains(word(tokens, at + 1)),
        2 => named && (20..60).contains(&year),
        _ => false,
    };
    is_year.then_some((full_year(year), at + 1 + usize::from(named)))
}
