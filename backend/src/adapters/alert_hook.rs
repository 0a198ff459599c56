//! The operator's webhook for alerts: JSON, signed as every call between us and a bot is.

use super::api_log::CallLog;
use super::bot::sign::{SIGNATURE, TIMESTAMP, signature};
use super::http::{Effect, Http};
use crate::error::CallError;
use crate::ports::AlertHook;
use async_trait::async_trait;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use secrecy::SecretString;
use std::time::Duration;

const TOTAL: Duration = Duration::from_secs(15);
/// Nobody reads the answer.
const MOST_BYTES: usize = 64 * 1024;
/// The pause after a 429 that names none, ms.
const PAUSE_MS: i64 = 60_000;

/// Where the operator wants to be told.
pub struct SignedHook {
    http: Http,
    secret: SecretString,
}

impl SignedHook {
    /// A webhook at `url`, signed with `secret`.
    ///
    /// # Errors
    /// [`CallError::Refused`] with status 0: the URL is neither https nor loopback, or has more than scheme, host, port and
    /// path.
    pub fn new(url: &str, secret: SecretString) -> Result<Self, CallError> {
        let http = Http::new(url, TOTAL, None)?.at_most(MOST_BYTES);
        Ok(Self { http, secret })
    }

    /// Every call is noted in `log` from now on.
    pub fn log_to(&mut self, log: CallLog) {
        self.http.log_to(log);
    }
}

#[async_trait]
impl AlertHook for SignedHook {
    async fn tell(&self, body: Vec<u8>, now: i64) -> Result<(), CallError> {
        const WHAT: &str = "alert";
        let timestamp = now.div_euclid(1000).to_string();
        let signed = signature(&self.secret, &timestamp, &body);
        let request = self
            .http
            .request(Method::POST, &[])
            .header(CONTENT_TYPE, "application/json")
            .header(TIMESTAMP, timestamp)
            .header(SIGNATURE, signed)
            .body(body);
        // It may be repeated: the body names itself.
        let answer = self.http.send(WHAT, Effect::Read, request).await?;
        answer
            .judged(WHAT, Effect::Read, |answer| {
                answer.retry_after_ms.unwrap_or(PAUSE_MS)
            })
            .map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::bot::sign::is_signed;
    use crate::adapters::fake::{Fake, Reaction};
    use serde_json::json;

    #[tokio::test]
    async fn an_alert_is_posted_once_to_the_address_as_it_stands_and_signed() {
        let fake = Fake::always(Reaction::Json(200, json!({}))).await;
        let url = format!("{}/estafeta/alerts", fake.url);
        let key = SecretString::from("key");
        let hook = SignedHook::new(&url, key.clone()).unwrap();
        hook.tell(b"{}".to_vec(), 1_795_161_605_999).await.unwrap();
        assert_eq!(fake.log(), ["POST /estafeta/alerts"]);
        let seen = fake.seen().remove(0);
        assert_eq!(seen.header("x-estafeta-timestamp"), Some("1795161605"));
        assert_eq!(seen.header("content-type"), Some("application/json"));
        let signed = seen.header("x-estafeta-signature").unwrap();
        assert!(is_signed(&key, "1795161605", b"{}", signed));
    }

    #[tokio::test]
    async fn ssrf_a_redirect_of_the_alerts_address_is_not_followed() {
        let inside = Fake::always(Reaction::Json(200, json!({}))).await;
        let to = vec![("location", inside.url.clone())];
        let moved = Fake::always(Reaction::Body(302, to, String::new())).await;
        let hook = SignedHook::new(&moved.url, SecretString::from("key")).unwrap();
        let refused = hook.tell(Vec::new(), 0).await;
        assert!(
            matches!(refused, Err(CallError::Refused { status: 302, .. })),
            "{refused:?}"
        );
        assert!(inside.seen().is_empty());
    }

    #[tokio::test]
    async fn an_alert_that_nobody_takes_may_be_told_again() {
        let down = Fake::always(Reaction::Json(503, json!({}))).await;
        let silent = Fake::always(Reaction::HangUp).await;
        for url in [&down.url, &silent.url, &Fake::nobody().await] {
            let hook = SignedHook::new(url, SecretString::from("key")).unwrap();
            let later = hook.tell(Vec::new(), 0).await;
            assert!(matches!(later, Err(CallError::Retry { .. })), "{later:?}");
        }
    }

    #[test]
    fn ssrf_an_alert_never_leaves_in_the_clear_nor_to_an_address_with_more_than_a_path() {
        for bad in [
            "http://ops.example.org/alerts",
            "http://169.254.169.254/latest/meta-data",
            "https://user:password@ops.example.org",
            "https://ops.example.org/?token=1",
            "file:///etc/passwd",
            "gopher://127.0.0.1:70",
        ] {
            let hook = SignedHook::new(bad, SecretString::from("key"));
            assert!(
                matches!(hook, Err(CallError::Refused { status: 0, .. })),
                "{bad}"
            );
        }
    }
}
