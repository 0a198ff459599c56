//! Waits that end when their condition holds. The limit only turns a hang into a failure.

use std::time::{Duration, Instant};

/// How long a condition is waited for.
pub const LIMIT: Duration = Duration::from_mins(1);

const PAUSE: Duration = Duration::from_millis(50);
const NUDGE_EVERY: Duration = Duration::from_millis(700);

/// Waits until `holds`.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    until_some(what, async || holds().await.then_some(())).await;
}

/// Waits until `look` finds something.
pub async fn until_some<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    until_nudged(what, look, async || {}).await
}

/// Waits until `look` finds something, with a `nudge` now and then.
pub(super) async fn until_nudged<T>(
    what: &str,
    mut look: impl AsyncFnMut() -> Option<T>,
    mut nudge: impl AsyncFnMut(),
) -> T {
    let began = Instant::now();
    let mut nudged = began;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < LIMIT, "waited in vain: {what}");
        if nudged.elapsed() > NUDGE_EVERY {
            nudge().await;
            nudged = Instant::now();
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Carries out everything side by side.
pub async fn together<F: Future<Output = ()>>(all: impl IntoIterator<Item = F>) {
    let mut running: Vec<_> = all.into_iter().map(Box::pin).collect();
    std::future::poll_fn(|context| {
        running.retain_mut(|one| one.as_mut().poll(context).is_pending());
        if running.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}
