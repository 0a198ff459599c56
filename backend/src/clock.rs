//! The business clock, as a port: what rules, provider limits, retries and token expiry go by. Leases, HTTP timeouts
//! and polls go by the machine's own clock instead (DESIGN §7).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Two clocks that differ by less are the same, as far as can be measured, ms.
const MEASURED: i64 = 250;

/// Says what time it is.
pub trait Clock: Send + Sync + 'static {
    /// Unix time, ms.
    fn now_ms(&self) -> i64;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|since| i64::try_from(since.as_millis()).ok())
            .unwrap_or(0)
    }
}

/// A clock that is set right by so much, ms, as often as somebody measures it.
#[derive(Clone)]
pub struct CorrectedClock {
    machine: Arc<dyn Clock>,
    behind: Arc<AtomicI64>,
}

impl CorrectedClock {
    /// A clock that is right.
    pub fn new(machine: Arc<dyn Clock>) -> Self {
        Self {
            machine,
            behind: Arc::default(),
        }
    }

    /// The right time was `right_ms` when the machine's clock showed `machine_ms`. Small differences are those of the
    /// measurement.
    pub fn correct(&self, machine_ms: i64, right_ms: i64) {
        let behind = right_ms - machine_ms;
        if (behind - self.behind.load(Ordering::Relaxed)).abs() > MEASURED {
            tracing::warn!(
                ms = behind,
                "this machine's clock is corrected by that of the database"
            );
            self.behind.store(behind, Ordering::Relaxed);
        }
    }

    /// What the machine's own clock shows.
    pub fn machine_ms(&self) -> i64 {
        self.machine.now_ms()
    }
}

impl Clock for CorrectedClock {
    fn now_ms(&self) -> i64 {
        self.machine.now_ms() + self.behind.load(Ordering::Relaxed)
    }
}

/// A clock that somebody else sets: tests, or the reader of a sandbox's clock. Never runs backwards.
#[derive(Debug, Clone, Default)]
pub struct SetClock(Arc<AtomicI64>);

impl SetClock {
    /// A clock that shows `now_ms`.
    pub fn new(now_ms: i64) -> Self {
        Self(Arc::new(AtomicI64::new(now_ms)))
    }

    /// Shows `now_ms` from now on, unless it shows a later time already.
    pub fn set(&self, now_ms: i64) {
        self.0.fetch_max(now_ms, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}
