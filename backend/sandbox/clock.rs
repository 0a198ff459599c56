//! The business clock: what the sandbox and the product under test call "now".
//!
//! It starts at a chosen moment and runs with the machine's clock, faster, or not at all. It never goes back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};

/// The shared business clock; clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Mutex<Face>>);

#[derive(Debug)]
struct Face {
    shown_ms: i64,
    since: Instant,
    speed: f64,
}

impl Face {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds of one run fit"
    )]
    fn now_ms(&self) -> i64 {
        self.shown_ms + (self.since.elapsed().as_secs_f64() * 1000.0 * self.speed) as i64
    }

    fn rebase(&mut self, at_ms: i64) {
        self.shown_ms = at_ms;
        self.since = Instant::now();
    }
}

impl Clock {
    /// A clock that shows `now_ms` and runs `speed` times as fast as the machine's (0 = frozen).
    pub(crate) fn new(now_ms: i64, speed: f64) -> Self {
        Self(Arc::new(Mutex::new(Face {
            shown_ms: now_ms,
            since: Instant::now(),
            speed,
        })))
    }

    fn face(&self) -> MutexGuard<'_, Face> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Business time, Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.face().now_ms()
    }

    /// How many business seconds pass in one second of the machine.
    pub fn speed(&self) -> f64 {
        self.face().speed
    }

    pub(crate) fn set_speed(&self, speed: f64) {
        let mut face = self.face();
        let now = face.now_ms();
        face.rebase(now);
        face.speed = speed;
    }

    /// Moves forward to `to_ms`; a moment already passed changes nothing.
    pub(crate) fn forward_to(&self, to_ms: i64) {
        let mut face = self.face();
        if to_ms > face.now_ms() {
            face.rebase(to_ms);
        }
    }
}

/// The machine's clock, Unix milliseconds.
pub(crate) fn machine_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|passed| i64::try_from(passed.as_millis()).ok())
        .unwrap_or_default()
}

/// Unix milliseconds of an RFC 3339 text.
pub(crate) fn parse_rfc3339(text: &str) -> Option<i64> {
    text.parse::<Timestamp>()
        .ok()
        .map(Timestamp::as_millisecond)
}

/// RFC 3339 in the account's zone, e.g. `2026-11-18T11:00:00+03:00`; milliseconds only where there are some.
pub(crate) fn moscow(ms: i64) -> String {
    let format = if ms % 1000 == 0 {
        "%Y-%m-%dT%H:%M:%S%:z"
    } else {
        "%Y-%m-%dT%H:%M:%S%.3f%:z"
    };
    zoned(ms).strftime(format).to_string()
}

/// `2026-11-18 11:00:00` in the account's zone, as amoCRM's hooks print times.
pub(crate) fn moscow_plain(ms: i64) -> String {
    zoned(ms).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `2026-11-18` in the account's zone.
pub(crate) fn moscow_date(ms: i64) -> String {
    zoned(ms).date().to_string()
}

/// Unix seconds of the midnight that begins a day (`2026-11-18`) in the account's zone.
pub(crate) fn moscow_midnight_s(day: &str) -> Option<i64> {
    let date: jiff::civil::Date = day.parse().ok()?;
    let midnight = date.to_zoned(TimeZone::fixed(offset(3))).ok()?;
    Some(midnight.timestamp().as_second())
}

/// `2026-11-18T08:00:00.120Z`, as Pact prints times.
pub(crate) fn utc(ms: i64) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or_default();
    at.to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
        .to_string()
}

fn zoned(ms: i64) -> jiff::Zoned {
    Timestamp::from_millisecond(ms)
        .unwrap_or_default()
        .to_zoned(TimeZone::fixed(offset(3)))
}
