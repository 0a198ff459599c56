//! Business clocks that come from a sandbox: shared with the one in this process, or read from one beside it.

use crate::clock::{Clock, SetClock};
use serde::Deserialize;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// A sandbox's clock is read so often.
const EVERY: Duration = Duration::from_millis(200);
/// One reading takes no longer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The clock of the sandbox in this process.
pub(super) struct Shared(pub(super) sandbox::Clock);

impl Clock for Shared {
    fn now_ms(&self) -> i64 {
        self.0.now_ms()
    }
}

#[derive(Deserialize)]
struct Face {
    /// RFC 3339.
    now: String,
}

/// Why a clock could not be read.
type Unread = Box<dyn std::error::Error + Send + Sync>;

/// A clock that shows what `source` shows. The first reading is waited for, however long it takes.
///
/// # Errors
/// No HTTP client can be made.
pub(super) async fn follow(source: String) -> Result<SetClock, reqwest::Error> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .build()?;
    let mut told = false;
    let first = loop {
        match read(&client, &source).await {
            Ok(now) => break now,
            Err(cause) if !told => {
                told = true;
                tracing::warn!(%cause, "waiting for the clock in [clock] source");
            }
            Err(_) => {}
        }
        sleep(EVERY).await;
    };
    let clock = SetClock::new(first);
    tokio::spawn(keep_reading(client, source, clock.clone()));
    Ok(clock)
}

async fn keep_reading(client: reqwest::Client, source: String, clock: SetClock) {
    let mut beat = interval(EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut silent = false;
    loop {
        beat.tick().await;
        match read(&client, &source).await {
            Ok(now) => {
                clock.set(now);
                silent = false;
            }
            Err(cause) if !silent => {
                silent = true;
                tracing::warn!(%cause, "the clock in [clock] source is silent: business time stands still");
            }
            Err(_) => {}
        }
    }
}

/// Unix ms.
async fn read(client: &reqwest::Client, source: &str) -> Result<i64, Unread> {
    let answer = client.get(source).send().await?.error_for_status()?;
    let face: Face = answer.json().await?;
    Ok(face.now.parse::<jiff::Timestamp>()?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use axum::{Json, Router};
    use serde_json::json;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn the_first_reading_is_waited_for_and_the_clock_then_follows() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let face = move || {
            let turn = count.fetch_add(1, Ordering::SeqCst);
            async move {
                let second = turn.saturating_sub(1);
                let face =
                    json!({ "now": format!("2026-11-18T11:00:{second:02}+03:00"), "speed": 1.0 });
                if turn == 0 {
                    Err(axum::http::StatusCode::BAD_GATEWAY)
                } else {
                    Ok(Json(face))
                }
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let source = format!("http://{}/clock", listener.local_addr().unwrap());
        let server = axum::serve(listener, Router::new().route("/clock", get(face)));
        tokio::spawn(server.into_future());
        let clock = follow(source).await.unwrap();
        let began = clock.now_ms();
        assert_eq!(began, 1_794_988_800_000);
        while clock.now_ms() == began {
            tokio::task::yield_now().await;
        }
        assert!(clock.now_ms() > began && asked.load(Ordering::SeqCst) > 2);
    }
}
