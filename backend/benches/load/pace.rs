//! An open load: everything leaves when it is due, and what it took counts from there.

use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// What a rate came to.
pub struct Rung {
    began: Instant,
    ended: Instant,
    took: Vec<Duration>,
    /// Requests without a 200.
    pub failed: usize,
}

/// Typical, bad and worst.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spread {
    pub p50: Duration,
    pub p99: Duration,
    pub max: Duration,
}

impl Spread {
    /// Of these durations.
    pub fn of(mut took: Vec<Duration>) -> Self {
        took.sort_unstable();
        let at = |percent: usize| {
            let index = (took.len() * percent / 100).min(took.len().saturating_sub(1));
            took.get(index).copied().unwrap_or_default()
        };
        Self {
            p50: at(50),
            p99: at(99),
            max: at(100),
        }
    }
}

impl Rung {
    /// Done a second, from the first schedule to the last answer.
    pub fn done_per_s(&self) -> f64 {
        let count = u32::try_from(self.took.len()).unwrap_or(u32::MAX);
        f64::from(count) / (self.ended - self.began).as_secs_f64()
    }

    pub fn spread(&self) -> Spread {
        Spread::of(self.took.clone())
    }
}

/// Sends `rate` a second for `seconds`. `send` gets the number and the due moment, and says whether it was taken.
pub async fn keep<F>(rate: u32, seconds: u32, send: impl Fn(usize, Instant) -> F) -> Rung
where
    F: Future<Output = bool> + Send + 'static,
{
    let began = Instant::now() + Duration::from_millis(20);
    let mut flying = JoinSet::new();
    for number in 0..rate * seconds {
        let due = began + Duration::from_secs(1) * number / rate;
        sleep_until(due).await;
        let sent = send(usize::try_from(number).unwrap_or_default(), due);
        flying.spawn(async move {
            let taken = sent.await;
            (taken, due.elapsed(), Instant::now())
        });
    }
    let mut rung = Rung {
        began,
        ended: began,
        took: Vec::new(),
        failed: 0,
    };
    for (taken, took, at) in flying.join_all().await {
        if taken {
            rung.took.push(took);
            rung.ended = rung.ended.max(at);
        } else {
            rung.failed += 1;
        }
    }
    rung
}
