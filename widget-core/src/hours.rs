//! Working hours.

use crate::time::{DAY, Local, MINUTE, SECOND, Zone};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A minute of the day, 0..=1440; in files `09:00`, `24:00` for the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DayTime(pub u16);

/// Weekly hours with exceptions. Intervals are half-open: at 18:00 sharp `09:00-18:00` is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// IANA name of the time zone. The caller turns it into [`Zone`].
    pub timezone: String,
    /// Monday first; each day a list such as `["09:00-18:00"]`.
    pub week: [Vec<Hours>; 7],
    /// Closed dates: `MM-DD` every year, or `YYYY-MM-DD`.
    #[serde(default)]
    pub closed: Vec<String>,
    /// Dates with hours of their own, such as a shortened eve of a holiday; they win over `week` and `closed`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub special: BTreeMap<String, Vec<Hours>>,
}

/// An interval of a day; in files `09:00-18:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hours {
    /// First minute.
    pub from: DayTime,
    /// The minute after the last.
    pub to: DayTime,
}

/// How far ahead an opening is looked for, ms.
const HORIZON: i64 = 400 * DAY;

impl Calendar {
    /// Whether unix ms `at` lies within the working hours.
    pub fn is_open(&self, at: i64, zone: &Zone) -> bool {
        let local = zone.local(at);
        self.hours_on(local)
            .iter()
            .any(|hours| hours.holds(local.minute))
    }

    /// When the working day of unix ms `at` began, if it has: its first opening, while the hours still run.
    pub fn day_opened_at(&self, at: i64, zone: &Zone) -> Option<i64> {
        let local = zone.local(at);
        let first = self.hours_on(local).iter().map(|hours| hours.from).min()?;
        let midnight = local.day * DAY - i64::from(zone.offset_at(at)) * SECOND;
        let opened_at = midnight + first.ms();
        (self.is_open(at, zone) && opened_at <= at).then_some(opened_at)
    }

    /// The first unix ms from `at` on that lies within the working hours: `at` itself when it does.
    /// `None` if there is none within 400 days.
    pub fn next_open(&self, at: i64, zone: &Zone) -> Option<i64> {
        let limit = at.saturating_add(HORIZON);
        self.next_stretch(at, limit, zone).map(|(start, _)| start)
    }

    /// The unix ms at which `span_ms` of working time have passed since `at`. A span that ends with the working day
    /// ends at its closing time. Plain addition when 400 days don't hold so much working time.
    pub fn add_working(&self, at: i64, span_ms: i64, zone: &Zone) -> i64 {
        let limit = at.saturating_add(HORIZON);
        let (mut from, mut rest) = (at, span_ms);
        if rest <= 0 {
            return at;
        }
        while let Some((start, end)) = self.next_stretch(from, limit, zone) {
            if rest <= end - start {
                return start + rest;
            }
            rest -= end - start;
            from = end;
        }
        at.saturating_add(span_ms)
    }

    /// The first open stretch `[start, end)` from `from` on, in unix ms. A stretch lies within one day and under one
    /// UTC offset, so the wall clock runs straight in it: this is what makes a change of the clocks come out right.
    fn next_stretch(&self, from: i64, limit: i64, zone: &Zone) -> Option<(i64, i64)> {
        let mut at = from;
        while at < limit {
            let local = zone.local(at);
            let offset = i64::from(zone.offset_at(at)) * SECOND;
            let midnight = local.day * DAY - offset;
            let until = zone
                .transitions
                .iter()
                .map(|(change, _)| *change)
                .find(|change| *change > at)
                .map_or(midnight + DAY, |change| change.min(midnight + DAY));
            let open_today = self.hours_on(local).iter().filter_map(|hours| {
                let start = (midnight + hours.from.ms()).max(at);
                let end = (midnight + hours.to.ms()).min(until);
                (start < end).then_some((start, end))
            });
            if let Some(stretch) = open_today.min() {
                return Some(stretch);
            }
            at = until;
        }
        None
    }

    /// The hours of a day: its own, none when it is closed, else those of its weekday. A date with a year wins over
    /// the same date of every year.
    fn hours_on(&self, local: Local) -> &[Hours] {
        let week = &self.week[local.weekday()];
        if self.closed.is_empty() && self.special.is_empty() {
            return week;
        }
        let date = local.date();
        let yearly = format!("{:02}-{:02}", date.month, date.day);
        let once = format!("{:04}-{yearly}", date.year);
        for day in [&once, &yearly] {
            if let Some(hours) = self.special.get(day) {
                return hours;
            }
            if self.closed.contains(day) {
                return &[];
            }
        }
        week
    }
}

impl Hours {
    fn holds(self, minute: i64) -> bool {
        (i64::from(self.from.0)..i64::from(self.to.0)).contains(&minute)
    }
}

impl DayTime {
    /// Since midnight, ms.
    pub fn ms(self) -> i64 {
        i64::from(self.0) * MINUTE
    }
}

impl fmt::Display for DayTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for DayTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |part: &str| {
            let digits = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse::<u16>().ok()).flatten()
        };
        text.trim()
            .split_once(':')
            .and_then(|(hours, minutes)| {
                let minutes = number(minutes).filter(|m| *m < 60 && minutes.len() == 2)?;
                Some(number(hours)? * 60 + minutes)
            })
            .filter(|minute| *minute <= 1_440)
            .map(DayTime)
            .ok_or_else(|| format!("«{text}» — не время. Время в виде 09:00"))
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

impl FromStr for Hours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (from, to) = from_to(text)?;
        if from < to {
            Ok(Self { from, to })
        } else {
            Err(format!("«{text}» кончается не позже, чем начинается"))
        }
    }
}

/// Both ends of `09:00-18:00`, in any order.
pub(crate) fn from_to(text: &str) -> Result<(DayTime, DayTime), String> {
    let (from, to) = text
        .split_once(['-', '–', '—'])
        .ok_or_else(|| format!("«{text}» — не промежуток. Время в виде 09:00-18:00"))?;
    Ok((from.parse()?, to.parse()?))
}

/// Lets a type stand in files as a string, through `FromStr` and `Display`.
macro_rules! string_in_files {
    ($($name:ty),*) => {$(
        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.to_string()
            }
        }
    )*};
}
pub(crate) use string_in_files;

string_in_files!(DayTime, Hours);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Quiet;
    use crate::time::HOUR;

    const MOSCOW: i32 = 10_800;

    fn moscow() -> Zone {
        Zone::fixed(MOSCOW)
    }

    /// Days from 1970-01-01 to a date, found by walking: slow, and independent of the code under test.
    fn day_number(year: i64, month: u32, day: u32) -> i64 {
        let leap = |y: i64| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
        let lengths = |y| {
            [
                31,
                if leap(y) { 29 } else { 28 },
                31,
                30,
                31,
                30,
                31,
                31,
                30,
                31,
                30,
                31,
            ]
        };
        let years: i64 = (1970..year).map(|y| if leap(y) { 366 } else { 365 }).sum();
        let months: i64 = lengths(year)[..month as usize - 1].iter().sum();
        years + months + i64::from(day) - 1
    }

    fn msk(year: i64, month: u32, day: u32, time: &str) -> i64 {
        day_number(year, month, day) * DAY + time.parse::<DayTime>().unwrap().ms()
            - i64::from(MOSCOW) * SECOND
    }

    fn daily(hours: &[&str], closed: &[&str]) -> Calendar {
        let day: Vec<Hours> = hours.iter().map(|text| text.parse().unwrap()).collect();
        Calendar {
            timezone: "Europe/Moscow".into(),
            week: std::array::from_fn(|_| day.clone()),
            special: BTreeMap::new(),
            closed: closed.iter().map(ToString::to_string).collect(),
        }
    }

    fn sanatorium() -> Calendar {
        daily(&["09:00-18:00"], &["01-01", "01-02"])
    }

    #[test]
    fn masterplan_scenario_2_working_hours_are_half_open() {
        for (time, open) in [
            ("08:59", false),
            ("09:00", true),
            ("17:59", true),
            ("18:00", false),
            ("00:00", false),
            ("23:59", false),
        ] {
            assert_eq!(
                sanatorium().is_open(msk(2026, 11, 18, time), &moscow()),
                open,
                "masterplan: Сценарий 2, рабочее время, {time}"
            );
        }
        let last_ms = msk(2026, 11, 18, "18:00") - 1;
        assert!(sanatorium().is_open(last_ms, &moscow()));
    }

    #[test]
    fn closed_dates_are_closed_every_year_or_once() {
        let calendar = daily(&["09:00-18:00"], &["01-01", "2026-11-18"]);
        for (year, month, day, open) in [
            (2026, 1, 1, false),
            (2027, 1, 1, false),
            (2027, 1, 2, true),
            (2026, 11, 18, false),
            (2027, 11, 18, true),
        ] {
            assert_eq!(
                calendar.is_open(msk(year, month, day, "12:00"), &moscow()),
                open,
                "{year}-{month}-{day}"
            );
        }
    }

    #[test]
    fn the_next_opening_is_now_or_the_next_working_morning() {
        let next = |at| sanatorium().next_open(at, &moscow());
        let noon = msk(2026, 11, 18, "12:00");
        assert_eq!(next(noon), Some(noon));
        assert_eq!(
            next(msk(2026, 11, 18, "08:59")),
            Some(msk(2026, 11, 18, "09:00"))
        );
        assert_eq!(
            next(msk(2026, 11, 18, "18:00")),
            Some(msk(2026, 11, 19, "09:00"))
        );
        assert_eq!(
            next(msk(2026, 11, 30, "18:00")),
            Some(msk(2026, 12, 1, "09:00")),
            "month end"
        );
        assert_eq!(
            next(msk(2026, 12, 31, "18:00")),
            Some(msk(2027, 1, 3, "09:00")),
            "1 and 2 January are closed"
        );
    }

    #[test]
    fn working_time_stands_still_off_hours() {
        let add = |at, span| sanatorium().add_working(at, span, &moscow());
        assert_eq!(
            add(msk(2026, 11, 18, "12:00"), 30 * MINUTE),
            msk(2026, 11, 18, "12:30")
        );
        assert_eq!(
            add(msk(2026, 11, 18, "17:50"), 30 * MINUTE),
            msk(2026, 11, 19, "09:20"),
            "over night"
        );
        assert_eq!(
            add(msk(2026, 11, 18, "17:30"), 30 * MINUTE),
            msk(2026, 11, 18, "18:00"),
            "ends with the day"
        );
        assert_eq!(
            add(msk(2026, 12, 31, "22:00"), 4 * HOUR),
            msk(2027, 1, 3, "13:00"),
            "over the holidays"
        );
        assert_eq!(
            add(msk(2026, 11, 18, "12:00"), 20 * HOUR),
            msk(2026, 11, 20, "14:00"),
            "over several days"
        );
        assert_eq!(add(1_234, 0), 1_234);
    }

    #[test]
    fn a_break_and_overlapping_intervals_count_once() {
        let with_break = daily(&["13:00-18:00", "09:00-12:00"], &[]);
        assert!(!with_break.is_open(msk(2026, 11, 18, "12:00"), &moscow()));
        assert_eq!(
            with_break.add_working(msk(2026, 11, 18, "11:30"), HOUR, &moscow()),
            msk(2026, 11, 18, "13:30")
        );
        let overlapping = daily(&["09:00-12:00", "10:00-11:00"], &[]);
        assert_eq!(
            overlapping.add_working(msk(2026, 11, 18, "09:00"), 4 * HOUR, &moscow()),
            msk(2026, 11, 19, "10:00")
        );
    }

    #[test]
    fn a_calendar_that_never_opens_adds_plainly() {
        let never = daily(&[], &[]);
        assert_eq!(never.next_open(0, &moscow()), None);
        assert_eq!(never.add_working(5, HOUR, &moscow()), 5 + HOUR);
    }

    #[test]
    fn around_the_clock_runs_through_midnight() {
        let always = daily(&["00:00-24:00"], &[]);
        let late = msk(2026, 11, 18, "23:59");
        assert!(always.is_open(late, &moscow()));
        assert_eq!(always.add_working(late, HOUR, &moscow()), late + HOUR);
    }

    #[test]
    fn a_change_of_the_clocks_moves_the_opening_but_not_the_span() {
        // Berlin, 2026-03-29 02:00 → 03:00 local at 01:00 UTC, and back on 2026-10-25 at 01:00 UTC.
        let spring = day_number(2026, 3, 29) * DAY + HOUR;
        let autumn = day_number(2026, 10, 25) * DAY + HOUR;
        let berlin = Zone {
            transitions: vec![(0, 3_600), (spring, 7_200), (autumn, 3_600)],
        };
        let calendar = daily(&["09:00-18:00"], &[]);
        let saturday_evening = day_number(2026, 3, 28) * DAY + 18 * HOUR;
        assert_eq!(
            calendar.next_open(saturday_evening, &berlin),
            Some(day_number(2026, 3, 29) * DAY + 7 * HOUR)
        );
        let night = daily(&["01:30-04:00"], &[]);
        let half_past_one = spring - 30 * MINUTE;
        assert_eq!(
            night.add_working(half_past_one, 90 * MINUTE, &berlin),
            half_past_one + 90 * MINUTE,
            "half an hour before the gap, an hour after it"
        );
        let in_the_gap = daily(&["02:00-02:30"], &[]);
        assert_eq!(
            in_the_gap.next_open(spring - HOUR, &berlin),
            Some(day_number(2026, 3, 30) * DAY),
            "02:00 does not exist on that day"
        );
    }

    #[test]
    fn a_working_day_begins_with_its_first_opening() {
        let split = daily(&["09:00-12:00", "13:00-18:00"], &["11-19"]);
        let at = |time| split.day_opened_at(msk(2026, 11, 18, time), &moscow());
        let nine = Some(msk(2026, 11, 18, "09:00"));
        assert_eq!((at("09:00"), at("17:59")), (nine, nine));
        assert_eq!((at("08:59"), at("12:30"), at("18:00")), (None, None, None));
        let closed = split.day_opened_at(msk(2026, 11, 19, "10:00"), &moscow());
        assert_eq!(closed, None);
    }

    #[test]
    fn quiet_hours_cross_midnight() {
        let quiet: Quiet = "20:00-10:00".parse().unwrap();
        for (time, holds) in [
            ("19:59", false),
            ("20:00", true),
            ("00:00", true),
            ("09:59", true),
            ("10:00", false),
        ] {
            assert_eq!(
                quiet.contains(msk(2026, 11, 18, time), &moscow()),
                holds,
                "{time}"
            );
        }
        let noon: Quiet = "12:00-13:00".parse().unwrap();
        assert!(noon.contains(msk(2026, 11, 18, "12:30"), &moscow()));
        assert!(!noon.contains(msk(2026, 11, 18, "13:00"), &moscow()));
        let none: Quiet = "12:00-12:00".parse().unwrap();
        assert!(!none.contains(msk(2026, 11, 18, "12:00"), &moscow()));
    }

    #[test]
    fn times_read_and_print() {
        for text in ["00:00", "09:05", "24:00"] {
            assert_eq!(text.parse::<DayTime>().unwrap().to_string(), text);
        }
        for text in [
            "24:01", "9", "9:5", "09:60", "-1:00", "+9:00", "", "09:00:00",
        ] {
            assert!(text.parse::<DayTime>().is_err(), "{text}");
        }
        for text in ["18:00-09:00", "09:00-09:00", "09:00", "a-b"] {
            assert!(text.parse::<Hours>().is_err(), "{text}");
        }
    }
}
