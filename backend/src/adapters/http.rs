//! The way out: one client per destination, and what a failed call means for the caller (promise 3, *nothing twice*).

use super::api_log::CallLog;
use crate::error::CallError;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, Url};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

const CONNECT: Duration = Duration::from_secs(5);
/// A connection that was idle longer may be half dead, and a write lost on it is an unknown outcome.
const IDLE: Duration = Duration::from_secs(15);
const MOST_BYTES: usize = 8 * 1024 * 1024;
const USER_AGENT: &str = concat!("Estafeta/", env!("CARGO_PKG_VERSION"));

/// Whether a call changes something on the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It may be repeated at will.
    Read,
    /// Once it has left, only a look tells whether it took effect.
    Write,
}

impl Effect {
    /// The call left, and no usable answer came back.
    pub(super) fn lost(self, why: String) -> CallError {
        match self {
            Self::Read => CallError::retry(why),
            Self::Write => CallError::unknown(why),
        }
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after_ms: Option<i64>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body; `None` when it is not JSON.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Sorts the statuses that are no success. `wait_ms` is the pause after a 429.
    pub(super) fn judged(
        self,
        what: &str,
        effect: Effect,
        wait_ms: impl FnOnce(&Self) -> i64,
    ) -> Result<Self, CallError> {
        let status = self.status;
        match status {
            200..=299 => Ok(self),
            429 => Err(CallError::Retry {
                after_ms: Some(wait_ms(&self)),
                why: format!("{what}: too many requests"),
            }),
            408 | 500..=599 => Err(effect.lost(format!("{what}: status {status}"))),
            _ => Err(CallError::refused(status, format!("{what}: refused"))),
        }
    }
}

/// What all clients share: the machine's roots of trust are read once, and not kept for each account anew. `None` where
/// they cannot be read: then every client tries for itself and says what is wrong.
static TLS: LazyLock<Option<ClientConfig>> = LazyLock::new(|| {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier);
    Some(config.ok()?.with_no_client_auth())
});

/// A client of one destination.
pub(super) struct Http {
    client: Client,
    base: Url,
    log: CallLog,
    most_bytes: usize,
}

impl Http {
    /// A client for everything below `endpoint`. `secret` goes along as a header with every request.
    pub(super) fn new(
        endpoint: &str,
        total: Duration,
        secret: Option<(HeaderName, HeaderValue)>,
    ) -> Result<Self, CallError> {
        let base = safe_endpoint(endpoint)?;
        let mut client = Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT)
            .timeout(total)
            .pool_idle_timeout(IDLE)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .default_headers(HeaderMap::from_iter(secret));
        if is_loopback(&base) {
            client = client.no_proxy();
        }
        if let Some(tls) = TLS.as_ref() {
            client = client.tls_backend_preconfigured(tls.clone());
        }
        let client = client
            .build()
            .map_err(|_| CallError::refused(0, "the HTTP client could not be built"))?;
        Ok(Self {
            client,
            base,
            log: CallLog::default(),
            most_bytes: MOST_BYTES,
        })
    }

    /// A longer answer is none from now on.
    pub(super) fn at_most(mut self, bytes: usize) -> Self {
        self.most_bytes = bytes;
        self
    }

    /// Every call is noted in `log` from now on.
    pub(super) fn log_to(&mut self, log: CallLog) {
        self.log = log;
    }

    /// A request to `segments` below the endpoint.
    pub(super) fn request(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        self.client.request(method, url)
    }

    /// A request to an address that somebody else named; whoever calls has looked where it leads.
    pub(super) fn request_to(&self, url: Url) -> RequestBuilder {
        self.client.get(url)
    }

    /// Whether the destination is this machine.
    pub(super) fn is_local(&self) -> bool {
        is_loopback(&self.base)
    }

    /// Sends a request: the one place where calls leave. An error never holds what was sent: URLs carry phones.
    pub(super) async fn send(
        &self,
        what: &str,
        effect: Effect,
        request: RequestBuilder,
    ) -> Result<Answer, CallError> {
        let began = Instant::now();
        let answer = exchange(what, effect, request, self.most_bytes).await;
        self.log.note(what, &answer, began.elapsed());
        answer
    }
}

async fn exchange(
    what: &str,
    effect: Effect,
    request: RequestBuilder,
    most_bytes: usize,
) -> Result<Answer, CallError> {
    let response = request.send().await.map_err(|error| {
        if error.is_connect() {
            CallError::retry(format!("{what}: no connection"))
        } else if error.is_builder() {
            CallError::refused(0, format!("{what}: the request could not be built"))
        } else if error.is_timeout() {
            effect.lost(format!("{what}: no answer in time"))
        } else {
            effect.lost(format!("{what}: the connection was lost"))
        }
    })?;
    let mut answer = Answer {
        status: response.status().as_u16(),
        retry_after_ms: retry_after_ms(response.headers()),
        body: Vec::new(),
    };
    match whole_body(response, most_bytes).await {
        Some(body) => answer.body = body,
        None if answer.is_success() => {
            return Err(effect.lost(format!("{what}: the answer broke off")));
        }
        None => {}
    }
    Ok(answer)
}

async fn whole_body(mut response: Response, most_bytes: usize) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > most_bytes {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body)
}

fn retry_after_ms(headers: &HeaderMap) -> Option<i64> {
    let seconds: i64 = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    (0..=3600)
        .contains(&seconds)
        .then_some((seconds * 1000).max(1))
}

/// A token as a header value that is not shown in logs.
pub(super) fn secret_value(prefix: &str, secret: &SecretString) -> Result<HeaderValue, CallError> {
    let mut value = HeaderValue::from_str(&format!("{prefix}{}", secret.expose_secret()))
        .map_err(|_| CallError::refused(0, "the token has characters that a header cannot hold"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// https, or http to this machine: a token never travels in the clear.
fn safe_endpoint(endpoint: &str) -> Result<Url, CallError> {
    let refused = |why: &str| CallError::refused(0, format!("endpoint: {why}"));
    let url = Url::parse(endpoint.trim()).map_err(|_| refused("not a URL"))?;
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(refused("only scheme, host, port and path are allowed"));
    }
    match url.scheme() {
        "https" if url.has_host() => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err(refused("https is needed, or http on loopback")),
    }
}

/// Whether a URL leads to this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url
        .host_str()
        .unwrap_or_default()
        .trim_matches(['[', ']'])
        .to_owned();
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_share_the_roots_of_trust() {
        assert!(TLS.is_some());
        let far = "https://hotel.amocrm.ru";
        assert!(Http::new(far, Duration::from_secs(1), None).is_ok());
    }

    #[test]
    fn header_injection_a_token_with_a_line_break_is_no_header() {
        for hostile in ["a\r\nX-Admin: 1", "a\nb", "a\rb", "a\0b", "\u{7f}"] {
            let value = secret_value("Bearer ", &SecretString::from(hostile));
            let Err(CallError::Refused { status: 0, why }) = value else {
                panic!("{hostile:?} is a header");
            };
            assert!(!why.contains(hostile), "{why}");
        }
    }

    #[test]
    fn only_https_or_loopback_is_an_endpoint() {
        for good in [
            "https://hotel.amocrm.ru",
            "https://api.pact.im/api/p2",
            "http://127.0.0.1:8080",
            "http://localhost:1/x",
            "http://[::1]:80",
        ] {
            assert!(safe_endpoint(good).is_ok(), "{good}");
        }
        for bad in [
            "http://hotel.amocrm.ru",
            "http://127.0.0.1.example.org",
            "ftp://localhost",
            "https://u:p@example.org",
            "https://example.org/?token=1",
            "nonsense",
            "",
        ] {
            assert!(
                matches!(
                    safe_endpoint(bad),
                    Err(CallError::Refused { status: 0, .. })
                ),
                "{bad}"
            );
        }
    }

    use crate::adapters::fake::{Fake, Reaction};

    async fn called(url: &str, effect: Effect) -> Result<Answer, CallError> {
        let http = Http::new(url, Duration::from_millis(300), None).unwrap();
        let request = http.request(Method::POST, &["x"]).body("{}");
        http.send("call", effect, request)
            .await?
            .judged("call", effect, |_| 7000)
    }

    fn class(result: &Result<Answer, CallError>) -> &'static str {
        match result {
            Ok(_) => "ok",
            Err(CallError::Retry { .. }) => "retry",
            Err(CallError::Unknown { .. }) => "unknown",
            Err(CallError::Refused { .. }) => "refused",
        }
    }

    #[tokio::test]
    async fn promise_3_nothing_twice_a_write_that_left_is_unknown_and_a_read_may_be_repeated() {
        let status = |status| Reaction::Body(status, Vec::new(), "<html>".to_owned());
        for (reaction, read, write) in [
            (status(200), "ok", "ok"),
            (status(204), "ok", "ok"),
            (status(302), "refused", "refused"),
            (status(400), "refused", "refused"),
            (status(401), "refused", "refused"),
            (status(402), "refused", "refused"),
            (status(403), "refused", "refused"),
            (status(404), "refused", "refused"),
            (status(408), "retry", "unknown"),
            (status(422), "refused", "refused"),
            (status(429), "retry", "retry"),
            (status(500), "retry", "unknown"),
            (status(502), "retry", "unknown"),
            (status(503), "retry", "unknown"),
            (status(504), "retry", "unknown"),
            (Reaction::HangUp, "retry", "unknown"),
            (Reaction::Silence, "retry", "unknown"),
            (Reaction::BreakOff, "retry", "unknown"),
        ] {
            let fake = Fake::always(reaction.clone()).await;
            for (effect, expected) in [(Effect::Read, read), (Effect::Write, write)] {
                let result = called(&fake.url, effect).await;
                assert_eq!(
                    class(&result),
                    expected,
                    "{effect:?} {reaction:?}: {result:?}"
                );
            }
            assert_eq!(
                fake.seen().len(),
                2,
                "no call is repeated behind the caller's back"
            );
        }
    }

    #[tokio::test]
    async fn promise_3_nothing_twice_a_write_that_never_left_may_be_repeated() {
        for url in [
            Fake::nobody().await,
            "https://no-such-host.invalid".to_owned(),
        ] {
            let result = called(&url, Effect::Write).await;
            assert_eq!(class(&result), "retry", "{url}: {result:?}");
        }
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let other = Fake::always(Reaction::Json(200, Value::Null)).await;
        let to = vec![("location", other.url.clone())];
        let fake = Fake::always(Reaction::Body(307, to, String::new())).await;
        assert_eq!(class(&called(&fake.url, Effect::Write).await), "refused");
        assert!(other.seen().is_empty(), "the token must not leave the host");
    }

    #[tokio::test]
    async fn the_client_names_itself() {
        let fake = Fake::always(Reaction::Json(200, Value::Null)).await;
        called(&fake.url, Effect::Read).await.unwrap();
        let agent = fake.seen()[0].header("user-agent").unwrap().to_owned();
        assert_eq!(agent, format!("Estafeta/{}", env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn retry_after_is_read_in_seconds_only() {
        let headers = |value: &'static str| {
            HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))])
        };
        assert_eq!(retry_after_ms(&headers("3")), Some(3000));
        assert_eq!(retry_after_ms(&headers("0")), Some(1));
        assert_eq!(
            retry_after_ms(&headers("Wed, 18 Nov 2026 08:00:00 GMT")),
            None
        );
        assert_eq!(retry_after_ms(&headers("-5")), None);
        assert_eq!(retry_after_ms(&headers("99999999")), None);
    }

    #[test]
    fn a_token_is_not_shown() {
        let value = secret_value("Bearer ", &SecretString::from("abc")).unwrap();
        assert!(!format!("{value:?}").contains("abc"));
        assert!(secret_value("", &SecretString::from("a\nb")).is_err());
    }
}
