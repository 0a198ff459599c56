//! At most five requests a second of one account: amoCRM takes seven and bans whoever goes on beyond (reference:
//! amoCRM API §2).

use crate::ports::Clock;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Requests within [`SECOND`].
const MOST: usize = 5;
/// A second of the business clock and a little, since requests may overtake each other on their way, ms.
const SECOND: i64 = 1_200;
/// The business clock may run faster than the machine's, so it is looked at so often.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Counts an account's requests.
pub(super) struct Pace {
    clock: Arc<dyn Clock>,
    counted: Mutex<Counted>,
    /// Who came first goes first.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Counted {
    lately: VecDeque<i64>,
    paused_until: i64,
}

/// The right to make one request.
pub(super) struct Place(());

impl Pace {
    /// A second before this one may have been full: a restart gives no places.
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let lately = VecDeque::from(vec![clock.now_ms(); MOST]);
        Self {
            clock,
            counted: Mutex::new(Counted {
                lately,
                paused_until: 0,
            }),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Waits until one more request may leave.
    pub(super) async fn place(&self) -> Place {
        let _first = self.turn.lock().await;
        while !self.take() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Place(())
    }

    /// amoCRM has enough: nothing leaves for so many ms.
    pub(super) fn pause(&self, ms: i64) {
        let until = self.clock.now_ms() + ms;
        let mut counted = self.counted();
        counted.paused_until = counted.paused_until.max(until);
    }

    fn take(&self) -> bool {
        let now = self.clock.now_ms();
        let mut counted = self.counted();
        while counted.lately.front().is_some_and(|at| at + SECOND <= now) {
            counted.lately.pop_front();
        }
        let free = counted.lately.len() < MOST && now >= counted.paused_until;
        if free {
            counted.lately.push_back(now);
        }
        free
    }

    fn counted(&self) -> std::sync::MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SetClock;

    #[test]
    fn five_a_second_and_none_at_once_after_a_restart() {
        let clock = SetClock::new(0);
        let pace = Pace::new(Arc::new(clock.clone()));
        assert!(
            !pace.take(),
            "the second before the restart was full, perhaps"
        );
        clock.set(SECOND);
        for n in 0..MOST {
            assert!(pace.take(), "{n}");
        }
        assert!(!pace.take());
        clock.set(2 * SECOND - 1);
        assert!(!pace.take());
        clock.set(2 * SECOND);
        assert!(pace.take());
        pace.pause(3 * SECOND);
        clock.set(4 * SECOND);
        assert!(!pace.take(), "amoCRM has asked for a pause");
        clock.set(5 * SECOND);
        assert!(pace.take());
    }
}
