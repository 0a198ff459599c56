//! The account's time zone as numbers for widget-core: its UTC offsets around now.

use super::Rules;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use widget_core::time::{DAY, SECOND, Zone};

/// How far back offsets are given: an event's own time may lie in the past.
const BACK: i64 = 40 * DAY;
/// How far ahead rules can look.
const AHEAD: i64 = 400 * DAY;

impl Rules {
    /// The account's zone around unix ms `at`.
    pub fn zone(&self, at: i64) -> Zone {
        offsets(&self.policy.calendar.timezone, at)
    }
}

/// UTC offsets of the IANA zone `name` around `at`; UTC for an unknown name, which the policy's check refuses. Asked for
/// with every event of every account, so a day's answer is kept.
fn offsets(name: &str, at: i64) -> Zone {
    static TODAY: Mutex<BTreeMap<String, (i64, Zone)>> = Mutex::new(BTreeMap::new());
    let day = at.div_euclid(DAY);
    let mut today = TODAY.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((known, zone)) = today.get(name)
        && *known == day
    {
        return zone.clone();
    }
    let place = TimeZone::get(name).unwrap_or(TimeZone::UTC);
    let begins = day.saturating_mul(DAY);
    let zone = between(&place, begins, begins.saturating_add(DAY));
    today.insert(name.to_owned(), (day, zone.clone()));
    zone
}

/// UTC offsets of `zone` for all that can be decided between unix ms `first` and `last`.
pub(super) fn between(zone: &TimeZone, first: i64, last: i64) -> Zone {
    let from = first.saturating_sub(BACK);
    let Ok(start) = Timestamp::from_millisecond(from) else {
        return Zone::fixed(0);
    };
    let mut transitions = vec![(from, zone.to_offset(start).seconds())];
    for transition in zone.following(start) {
        let when = transition.timestamp().as_second() * SECOND;
        if when > last.saturating_add(AHEAD) {
            break;
        }
        transitions.push((when, transition.offset().seconds()));
    }
    Zone { transitions }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moscow_has_one_offset_and_berlin_changes_twice_a_year() {
        let at = 1_794_988_800_000; // 2026-11-18 08:00 UTC
        assert_eq!(offsets("Europe/Moscow", at).transitions.len(), 1);
        assert_eq!(offsets("Europe/Moscow", at).offset_at(at), 10_800);
        let berlin = offsets("Europe/Berlin", at);
        assert_eq!(berlin.offset_at(at), 3_600);
        assert_eq!(berlin.offset_at(at + 200 * DAY), 7_200);
        // What was asked for a day says nothing about another.
        assert_eq!(
            offsets("Europe/Berlin", at + 200 * DAY).offset_at(at),
            7_200
        );
        assert_eq!(offsets("Europe/Berlin", at), berlin);
    }
}
