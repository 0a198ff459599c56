//! Time without a clock: the caller says what time it is and how far local time is from UTC.

use crate::hours::string_in_files;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Milliseconds in a second.
pub const SECOND: i64 = 1_000;
/// Milliseconds in a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Milliseconds in an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Milliseconds in a day of 24 hours.
pub const DAY: i64 = 24 * HOUR;

/// The moment of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Now {
    /// Unix time, ms.
    pub at: i64,
    /// The account's time zone, as far ahead as the rules can look.
    pub zone: Zone,
}

/// UTC offsets of a time zone over a span of time: the caller's time zone database, reduced to numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// `(from, offset)`: since unix ms `from` local time is UTC plus `offset` seconds. Sorted; the first entry
    /// also serves for earlier times.
    pub transitions: Vec<(i64, i32)>,
}

/// A wall-clock moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    /// Days since 1970-01-01.
    pub day: i64,
    /// Minutes since midnight, 0..1440.
    pub minute: i64,
}

/// A calendar date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// Year, for example 2026.
    pub year: i64,
    /// Month, 1..=12.
    pub month: u32,
    /// Day of the month, 1..=31.
    pub day: u32,
}

/// Days in a row, both ends included; in files `2027-03-10/2027-03-20`, one day `2027-03-10`, a whole
/// month `2027-03`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Days {
    /// The first, as days since 1970-01-01.
    pub first: i64,
    /// The last, as days since 1970-01-01; never before the first.
    pub last: i64,
}

impl Days {
    /// One day.
    pub fn one(day: i64) -> Self {
        Self {
            first: day,
            last: day,
        }
    }

    /// A whole month: `2027-03`.
    fn month(text: &str) -> Option<Self> {
        let first: Date = format!("{text}-01").parse().ok()?;
        let next = Date {
            year: first.year + i64::from(first.month / 12),
            month: first.month % 12 + 1,
            day: 1,
        };
        Some(Self {
            first: first.day_number(),
            last: next.day_number() - 1,
        })
    }

    /// As Russian texts write it: `10.03.2027–20.03.2027`.
    pub fn in_russian(self) -> String {
        let date = |day| {
            let date = Local { day, minute: 0 }.date();
            format!("{:02}.{:02}.{}", date.day, date.month, date.year)
        };
        if self.first == self.last {
            date(self.first)
        } else {
            format!("{}–{}", date(self.first), date(self.last))
        }
    }

    /// Whether both share a day.
    pub fn meet(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = |day| Local { day, minute: 0 }.date();
        write!(f, "{}", date(self.first))?;
        if self.last != self.first {
            write!(f, "/{}", date(self.last))?;
        }
        Ok(())
    }
}

impl FromStr for Days {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(month) = Self::month(text) {
            return Ok(month);
        }
        let (first, last) = text.split_once('/').unwrap_or((text, text));
        let day = |text: &str| {
            text.parse::<Date>()
                .map(Date::day_number)
                .map_err(|()| format!("«{text}» — не дата. Дата в виде 2027-03-10"))
        };
        let (first, last) = (day(first)?, day(last)?);
        if first <= last {
            Ok(Self { first, last })
        } else {
            Err(format!("«{text}» кончается раньше, чем начинается"))
        }
    }
}

string_in_files!(Days);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.trim().splitn(3, '-');
        let mut number = |digits: usize| {
            let part = parts.next().ok_or(())?;
            let right = part.len() == digits && part.bytes().all(|b| b.is_ascii_digit());
            right.then(|| part.parse::<u32>().ok()).flatten().ok_or(())
        };
        let date = Date {
            year: i64::from(number(4)?),
            month: number(2)?,
            day: number(2)?,
        };
        // A date that the calendar does not have comes back as another one.
        let local = Local {
            day: date.day_number(),
            minute: 0,
        };
        if local.date() == date {
            Ok(date)
        } else {
            Err(())
        }
    }
}

impl Date {
    /// Days since 1970-01-01 (the inverse of [`Local::date`]).
    pub fn day_number(self) -> i64 {
        let month = i64::from(self.month);
        let shifted_year = self.year - i64::from(month <= 2);
        let era = shifted_year.div_euclid(400);
        let year_of_era = shifted_year.rem_euclid(400);
        let shifted_month = (month + 9) % 12;
        let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }
}

impl Zone {
    /// A zone that never changes its offset.
    pub fn fixed(offset_seconds: i32) -> Self {
        Self {
            transitions: vec![(i64::MIN, offset_seconds)],
        }
    }

    /// Seconds to add to UTC at unix ms `at`.
    pub fn offset_at(&self, at: i64) -> i32 {
        self.transitions
            .iter()
            .rev()
            .find(|(from, _)| *from <= at)
            .or(self.transitions.first())
            .map_or(0, |(_, offset)| *offset)
    }

    /// The wall clock at unix ms `at`.
    pub fn local(&self, at: i64) -> Local {
        let shifted = at.saturating_add(i64::from(self.offset_at(at)) * SECOND);
        Local {
            day: shifted.div_euclid(DAY),
            minute: shifted.rem_euclid(DAY) / MINUTE,
        }
    }
}

impl Local {
    /// 0 = Monday … 6 = Sunday.
    pub fn weekday(self) -> usize {
        usize::try_from((self.day + 3).rem_euclid(7)).unwrap_or(0)
    }

    /// The calendar date (proleptic Gregorian; the civil-from-days construction over 400-year eras).
    pub fn date(self) -> Date {
        let shifted = self.day + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        Date {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: u32::try_from(month).unwrap_or(1),
            day: u32::try_from(day_of_year - (153 * shifted_month + 2) / 5 + 1).unwrap_or(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_changes_its_offset_at_the_transition() {
        let zone = Zone {
            transitions: vec![(0, 3_600), (1_000, 7_200)],
        };
        assert_eq!(zone.offset_at(-5), 3_600);
        assert_eq!(zone.offset_at(999), 3_600);
        assert_eq!(zone.offset_at(1_000), 7_200);
    }

    #[test]
    fn dates_and_weekdays_are_those_of_the_calendar() {
        // 2026-11-18 11:00 in Moscow is a Wednesday; 08:00 UTC.
        let local = Zone::fixed(10_800).local(1_794_988_800_000);
        assert_eq!(
            local.date(),
            Date {
                year: 2026,
                month: 11,
                day: 18
            }
        );
        assert_eq!((local.weekday(), local.minute), (2, 11 * 60));
        let leap = Local {
            day: 19_782,
            minute: 0,
        };
        assert_eq!(
            leap.date(),
            Date {
                year: 2024,
                month: 2,
                day: 29
            }
        );
    }
}
