//! From what is said of a date to days of the calendar.

use crate::time::{Date, Days, Local};

/// One end of a stay, as far as it is said: days of a month, which may be unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// First day of the month.
    pub from: i64,
    /// Last day of the month; `None`: the month's last.
    pub to: Option<i64>,
    pub month: Option<i64>,
    pub year: Option<i64>,
}

impl End {
    pub(super) fn day(day: i64) -> Self {
        Self::part(day, Some(day))
    }

    pub(super) fn part(from: i64, to: Option<i64>) -> Self {
        Self {
            from,
            to,
            month: None,
            year: None,
        }
    }

    /// One day, and no longer part of a month.
    pub(super) fn is_day(self) -> bool {
        self.to == Some(self.from)
    }

    pub(super) fn of(self, month: i64, year: Option<i64>) -> Self {
        Self {
            month: Some(month),
            year,
            ..self
        }
    }

    fn first_day(self, year: i64) -> Option<i64> {
        number_of(year, self.month?, self.from)
    }

    fn last_day(self, year: i64) -> Option<i64> {
        let month = self.month?;
        match self.to {
            Some(day) => number_of(year, month, day),
            None if month == 12 => number_of(year, 12, 31),
            None => Some(number_of(year, month + 1, 1)? - 1),
        }
    }
}

/// The days from one end to the other. Without a year they are the next ones that are not over at `since`.
pub(super) fn days(first: End, last: End, today: i64, since: i64) -> Option<Days> {
    let now = date_of(today);
    let (first, last) = match (first.month, last.month) {
        (None, None) => return next_month_with(first, last, today),
        (None, Some(month)) => (first.of(month_before(month, first, last), None), last),
        (Some(month), None) => (first, last.of(month_after(month, first, last), None)),
        _ => (first, last),
    };
    match (first.year, last.year) {
        (None, None) => (now.year - 1..=now.year + 1)
            .filter_map(|year| stay(first, year, last, None))
            .find(|days| days.last >= since),
        (Some(year), last_year) => stay(first, year, last, last_year),
        (None, Some(year)) => {
            stay(first, year, last, Some(year)).or_else(|| stay(first, year - 1, last, Some(year)))
        }
    }
}

/// «С 28 по 5 января» begins in December.
fn month_before(month: i64, first: End, last: End) -> i64 {
    if first.from <= last.from {
        month
    } else {
        (month + 10) % 12 + 1
    }
}

/// «С 28 мая по 5-е» ends in June.
fn month_after(month: i64, first: End, last: End) -> i64 {
    if first.from <= last.from {
        month
    } else {
        month % 12 + 1
    }
}

/// Days without a month are the next such days.
fn next_month_with(first: End, last: End, today: i64) -> Option<Days> {
    let now = date_of(today);
    let this_month = now.year * 12 + i64::from(now.month) - 1;
    (this_month..=this_month + 12)
        .filter_map(|month| {
            let year = month.div_euclid(12);
            let first = first.of(month.rem_euclid(12) + 1, Some(year));
            let next = last.of(month_after(first.month?, first, last), None);
            stay(first, year, next, None)
        })
        .find(|days| days.first >= today)
}

/// The stay that begins in `year`. One whose end names no year ends within the twelve months that follow.
fn stay(first: End, year: i64, last: End, last_year: Option<i64>) -> Option<Days> {
    let begins = first.first_day(year)?;
    let ends = match last_year {
        Some(year) => last.last_day(year)?,
        None => last
            .last_day(year)
            .filter(|ends| *ends >= begins)
            .or_else(|| last.last_day(year + 1))?,
    };
    (begins <= ends).then_some(Days {
        first: begins,
        last: ends,
    })
}

pub(super) fn date_of(day: i64) -> Date {
    Local { day, minute: 0 }.date()
}

/// Days since 1970-01-01 of a date that the calendar has.
fn number_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let date: Date = format!("{year:04}-{month:02}-{day:02}").parse().ok()?;
    Some(date.day_number())
}
