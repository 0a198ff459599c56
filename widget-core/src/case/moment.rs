//! When the message of a case comes.

use crate::hours::{DayTime, string_in_files};
use crate::time::{DAY, Date, Local, MINUTE, SECOND, Zone};
use std::fmt;
use std::str::FromStr;

/// Wed 2026-11-18, as days since 1970-01-01: the day of a case that names none.
const BASE_DAY: i64 = 20_775;

/// Names of the days, Monday first.
const WEEKDAYS: [[&str; 4]; 7] = [
    ["пн", "понедельник", "mon", "monday"],
    ["вт", "вторник", "tue", "tuesday"],
    ["ср", "среда", "wed", "wednesday"],
    ["чт", "четверг", "thu", "thursday"],
    ["пт", "пятница", "fri", "friday"],
    ["сб", "суббота", "sat", "saturday"],
    ["вс", "воскресенье", "sun", "sunday"],
];

/// A moment on the account's clock; in cases `2026-11-18T11:00`, `2026-11-18 11:00:30`, `11:00` (then Wed 2026-11-18),
/// `сб 20:30` and `sat 20:30` (the first such day from then on), or RFC 3339 with an offset of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LocalTime {
    /// Days since 1970-01-01.
    day: i64,
    /// Since midnight, ms.
    since_midnight: i64,
    /// Offset from UTC in minutes, where the text has one; else the account's.
    offset: Option<i64>,
}

impl Default for LocalTime {
    fn default() -> Self {
        Self {
            day: BASE_DAY,
            since_midnight: 11 * 60 * MINUTE,
            offset: None,
        }
    }
}

impl LocalTime {
    /// The moment as unix ms. `zone` answers the account's UTC offsets around a moment.
    pub(super) fn unix_ms(self, zone: &impl Fn(i64) -> Zone) -> i64 {
        let wall = self.day * DAY + self.since_midnight;
        if let Some(minutes) = self.offset {
            return wall - minutes * MINUTE;
        }
        let to_utc = |at: i64| wall - i64::from(zone(at).offset_at(at)) * SECOND;
        // The offset is that of the moment itself, which the first look only comes near to.
        to_utc(to_utc(wall))
    }
}

impl FromStr for LocalTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        read(text).ok_or_else(|| {
            format!("«{text}» — не время. Время в виде 2026-11-18T11:00, 11:00 или сб 20:30")
        })
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = self.day;
        let date = Local { day, minute: 0 }.date();
        let seconds = self.since_midnight / SECOND;
        let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        write!(f, "{date}T{hours:02}:{minutes:02}:{seconds:02}")?;
        match self.offset {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                let minutes = minutes.abs();
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

string_in_files!(LocalTime);

fn read(text: &str) -> Option<LocalTime> {
    let text = text.trim();
    let (weekday, rest) = match text.split_once(char::is_whitespace) {
        Some((first, rest)) if weekday(first).is_some() => (weekday(first), rest.trim()),
        _ => (None, text),
    };
    let dated = rest
        .split_once(['T', 't', ' '])
        .and_then(|(date, time)| Some((date.parse::<Date>().ok()?.day_number(), time)));
    let (day, time) = match dated {
        Some((day, time)) => {
            // A weekday that is not the date's contradicts it.
            let right = weekday.is_none_or(|weekday| Local { day, minute: 0 }.weekday() == weekday);
            right.then_some((day, time))?
        }
        None => (first_from_base(weekday), rest),
    };
    let (time, offset) = without_offset(time.trim())?;
    Some(LocalTime {
        day,
        since_midnight: since_midnight(time)?,
        offset,
    })
}

fn weekday(word: &str) -> Option<usize> {
    let word = word.trim_end_matches(['.', ',']).to_lowercase();
    WEEKDAYS
        .iter()
        .position(|names| names.contains(&word.as_str()))
}

fn first_from_base(weekday: Option<usize>) -> i64 {
    let is_it = |day: &i64| {
        let day = Local {
            day: *day,
            minute: 0,
        };
        weekday.is_none_or(|weekday| day.weekday() == weekday)
    };
    (BASE_DAY..BASE_DAY + 7).find(is_it).unwrap_or(BASE_DAY)
}

/// The time, and its offset from UTC in minutes if it has one.
fn without_offset(time: &str) -> Option<(&str, Option<i64>)> {
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return Some((time, Some(0)));
    }
    let Some(at) = time.find(['+', '-']) else {
        return Some((time, None));
    };
    let ahead: DayTime = time[at + 1..].parse().ok()?;
    let sign = if time.as_bytes()[at] == b'-' { -1 } else { 1 };
    Some((&time[..at], Some(sign * i64::from(ahead.0))))
}

/// `11:00`, `11:00:30` or `11:00:30.5`, ms.
fn since_midnight(time: &str) -> Option<i64> {
    let (minute, seconds) = match time.match_indices(':').nth(1) {
        Some((at, _)) => (&time[..at], &time[at + 1..]),
        None => (time, "00"),
    };
    let minute: DayTime = minute.parse().ok()?;
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let right = digits(whole) && whole.len() == 2 && digits(fraction) && minute.0 < 1_440;
    let whole: i64 = whole.parse().ok().filter(|whole| right && *whole < 60)?;
    Some(minute.ms() + whole * SECOND)
}
