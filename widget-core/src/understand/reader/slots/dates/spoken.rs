//! Dates that are reckoned from today or named by a season or a holiday: «завтра», «на майские», «летом».

use super::super::{back, word};
use super::calendar::{End, date_of, days};
use super::names::weekday;
use crate::time::Days;
use crate::understand::reader::words::Token;

/// A season is the coming one when fewer of its days are left than these.
const SEASON_LEFT: i64 = 21;

/// Days that the tokens up to `to` name.
pub(super) struct Spoken {
    pub days: Days,
    pub to: usize,
    /// Seldom a date of a stay, unless the sentence is about one.
    pub weak: bool,
}

/// The days that are named from token `at` on, if any.
pub(super) fn spoken_at(tokens: &[Token], at: usize, today: i64) -> Option<Spoken> {
    let named = |days: Option<Days>, weak| {
        days.map(|days| Spoken {
            days,
            to: at + 1,
            weak,
        })
    };
    if let Some(holidays) = holidays(tokens, at, today) {
        return named(Some(holidays), false);
    }
    if let Some(season) = season(tokens, at, today) {
        return named(Some(season), true);
    }
    next_week_or_month(tokens, at, today)
        .or_else(|| weekend(tokens, at, today))
        .or_else(|| weekdays(tokens, at, today))
        .or_else(|| day_ahead(tokens, at, today))
}

/// The next days from one day of a year to another.
fn next(from: (i64, i64), to: End, today: i64, since: i64) -> Option<Days> {
    let (day, month) = from;
    days(End::day(day).of(month, None), to, today, since)
}

/// «На майские», «в новогодние праздники», «на новый год».
fn holidays(tokens: &[Token], at: usize, today: i64) -> Option<Days> {
    let here = word(tokens, at);
    let before = back(tokens, at, 1);
    let after = word(tokens, at + 1);
    let free_days = || {
        super::super::begins(
            after,
            &[
                "праздн",
                "выходн",
                "каникул",
                "дни",
                "дням",
                "днях",
                "holiday",
            ],
        )
    };
    let onto = matches!(
        before,
        "на" | "в" | "во" | "эти" | "этих" | "ближайшие" | "for" | "over"
    );
    let may = matches!(
        here,
        "майские" | "маиские" | "майских" | "майский" | "майским"
    ) && (onto || free_days())
        || here == "may" && free_days();
    if may {
        return next((1, 5), End::day(10).of(5, None), today, today);
    }
    let of_new_year = matches!(here, "новогодние" | "новогодних") && (onto || free_days());
    let new_year = matches!(here, "новый" | "new")
        && matches!(after, "год" | "годик" | "year" | "year's" | "years")
        && (onto || matches!(before, "под" | "встретить" | "встречать"));
    let short = here == "нг" && onto;
    if of_new_year || new_year || short {
        return next((30, 12), End::day(8).of(1, None), today, today);
    }
    None
}

fn season(tokens: &[Token], at: usize, today: i64) -> Option<Days> {
    let onto = matches!(
        back(tokens, at, 1),
        "на" | "это" | "эту" | "in" | "this" | "for" | "the" | "next" | "будущее"
    );
    let (first, last) = match word(tokens, at) {
        "летом" => (6, 8),
        "осенью" => (9, 11),
        "зимой" | "зимою" => (12, 2),
        "весной" | "весною" => (3, 5),
        "лето" | "summer" if onto => (6, 8),
        "осень" | "autumn" if onto => (9, 11),
        "зиму" | "winter" if onto => (12, 2),
        "весну" | "spring" if onto => (3, 5),
        _ => return None,
    };
    let last = End::part(1, None).of(last, None);
    next((1, first), last, today, today + SEASON_LEFT)
}

/// «На следующей неделе», «в следующем месяце».
fn next_week_or_month(tokens: &[Token], at: usize, today: i64) -> Option<Spoken> {
    let here = word(tokens, at);
    let next = here.starts_with("следующ") || matches!(here, "след" | "next" | "будущей");
    let noun = at + 1 + usize::from(here == "след" && word(tokens, at + 1) == ".");
    let days = match word(tokens, noun) {
        "неделе" | "неделю" | "неделя" | "недельке" | "week" if next => {
            let monday = coming(0, today);
            Days {
                first: monday,
                last: monday + 6,
            }
        }
        "месяце" | "месяц" | "month" if next => {
            let month = i64::from(date_of(today).month) % 12 + 1;
            let month = End::part(1, None).of(month, None);
            days(month, month, today, today)?
        }
        _ => return None,
    };
    Some(Spoken {
        days,
        to: noun + 1,
        weak: true,
    })
}

/// «На выходные», «на этих выходных», «this weekend»: Saturday and Sunday.
fn weekend(tokens: &[Token], at: usize, today: i64) -> Option<Spoken> {
    let onto = matches!(
        back(tokens, at, 1),
        "на" | "в"
            | "эти"
            | "этих"
            | "ближайшие"
            | "ближайших"
            | "the"
            | "this"
            | "for"
            | "coming"
    );
    let named = matches!(
        word(tokens, at),
        "выходные" | "выходных" | "выхи" | "выходныe" | "weekend"
    );
    let sunday = coming(6, today - 1);
    (onto && named).then_some(Spoken {
        days: Days {
            first: (sunday - 1).max(today),
            last: sunday,
        },
        to: at + 1,
        weak: true,
    })
}

/// «В субботу», «с пятницы по воскресенье».
fn weekdays(tokens: &[Token], at: usize, today: i64) -> Option<Spoken> {
    let here = word(tokens, at);
    let first = coming(weekday(here)?, today);
    let onto = matches!(
        back(tokens, at, 1),
        "в" | "во" | "с" | "со" | "на" | "к" | "эту" | "этот" | "это" | "ближайшую" | "ближайший"
    );
    let english = here.is_ascii() && here.len() > 3;
    if !(onto || english) {
        return None;
    }
    let until = matches!(
        word(tokens, at + 1),
        "по" | "до" | "-" | "–" | "—" | "to" | "till" | "until"
    );
    let second = weekday(word(tokens, at + 2)).filter(|_| until);
    Some(match second {
        Some(second) => Spoken {
            days: Days {
                first,
                last: coming(second, first),
            },
            to: at + 3,
            weak: true,
        },
        None => Spoken {
            days: Days::one(first),
            to: at + 1,
            weak: true,
        },
    })
}

/// «Сегодня» of an arrival, «завтра», «послезавтра».
fn day_ahead(tokens: &[Token], at: usize, today: i64) -> Option<Spoken> {
    let near = [back(tokens, at, 1), word(tokens, at + 1)];
    let arrives = |word: &&str| {
        super::super::begins(
            word,
            &[
                "заезж",
                "заезд",
                "заед",
                "заехат",
                "приед",
                "прибы",
                "засел",
                "arriv",
            ],
        )
    };
    let (ahead, to) = match word(tokens, at) {
        "day" if word(tokens, at + 1) == "after" && word(tokens, at + 2) == "tomorrow" => {
            (2, at + 3)
        }
        "послезавтра" => (2, at + 1),
        "завтра" | "завтрашнего" | "завтрашний" | "tomorrow" => {
            (1, at + 1)
        }
        "сегодня" | "сегодняшний" | "today" | "tonight"
            if near.iter().any(arrives) || matches!(near[0], "на" | "с" | "for") =>
        {
            (0, at + 1)
        }
        _ => return None,
    };
    Some(Spoken {
        days: Days::one(today + ahead),
        to,
        weak: true,
    })
}

/// The next such weekday after `day`; 0 = Monday.
fn coming(weekday: i64, day: i64) -> i64 {
    let ahead = (weekday - (day + 3)).rem_euclid(7);
    day + if ahead == 0 { 7 } else { ahead }
}
