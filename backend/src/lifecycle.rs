//! How the process ends: softly at the first signal (finish what was begun), at once at the second.

use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What was begun is finished within this time.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The wish to stop. Clones share it.
#[derive(Debug, Clone)]
pub struct Stop {
    soft: CancellationToken,
    hard: CancellationToken,
}

impl Default for Stop {
    fn default() -> Self {
        let hard = CancellationToken::new();
        Self {
            soft: hard.child_token(),
            hard,
        }
    }
}

impl Stop {
    /// Nobody wishes to stop yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when nothing new should begin.
    pub fn soft(&self) -> CancellationToken {
        self.soft.clone()
    }

    /// Cancelled when nothing is waited for any more.
    pub fn hard(&self) -> CancellationToken {
        self.hard.clone()
    }

    /// The first wish stops softly, a second one at once.
    pub fn ask(&self) {
        if self.soft.is_cancelled() {
            self.hard.cancel();
        } else {
            self.soft.cancel();
        }
    }

    /// Takes every SIGTERM and SIGINT for a wish, from now on.
    ///
    /// # Errors
    /// The system does not let us hear signals.
    pub fn on_signals(&self) -> std::io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let stop = self.clone();
        tokio::spawn(async move {
            while !stop.hard.is_cancelled() {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                tracing::info!("asked to stop");
                stop.ask();
            }
        });
        Ok(())
    }

    /// Waits for `work`, which should end soon after a soft stop: at most [`PATIENCE`], not at all after a hard one.
    /// `false`: it was left unfinished.
    pub async fn finish(&self, work: impl Future<Output = ()>) -> bool {
        tokio::select! {
            () = work => true,
            () = self.hard.cancelled() => false,
            () = tokio::time::sleep(PATIENCE) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_second_wish_is_hard() {
        let stop = Stop::new();
        stop.ask();
        assert!(stop.soft().is_cancelled() && !stop.hard().is_cancelled());
        stop.ask();
        assert!(stop.hard().is_cancelled());
        assert!(!stop.finish(std::future::pending()).await);
    }

    #[tokio::test]
    async fn work_that_ends_is_waited_for() {
        assert!(Stop::new().finish(async {}).await);
    }
}
