//! A panic stays where it happens: it is a failure like any other of the one row, timer or action that met it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

/// Runs `work` to its end; `None` if it panicked. What it panicked about is in the log already.
pub(super) async fn contained<T>(
    mut work: Pin<Box<dyn Future<Output = T> + Send + '_>>,
) -> Option<T> {
    let done = std::future::poll_fn(|context| {
        // What a panic leaves half done is thrown away with the future.
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(done)) => Poll::Ready(Some(done)),
            Err(_) => Poll::Ready(None),
        }
    })
    .await;
    if done.is_none() {
        metrics::counter!("estafeta_panics_total").increment(1);
    }
    done
}
