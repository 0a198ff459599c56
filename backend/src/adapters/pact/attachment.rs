//! Files of messages. They lie on a host of the provider's own, which has no business with our token, and whoever wrote
//! the message chose what lies there: so the host is checked, the token stays here, and a long file is not read on.

use super::Pact;
use crate::adapters::http::{Answer, Effect, Http, is_loopback};
use crate::error::CallError;
use reqwest::Url;
use std::time::Duration;

/// A longer file is none.
const MOST_BYTES: usize = 16 * 1024 * 1024;
const TOTAL: Duration = Duration::from_secs(30);
/// Files lie here or below.
const HOST: &str = "pact.im";

impl Pact {
    /// Downloads a file that a message names.
    ///
    /// # Errors
    /// [`CallError::Refused`] with status 0 where the address is not one of the provider's, with another where it does
    /// not give the file; [`CallError::Retry`] where it broke off or is longer than 16 MiB.
    pub async fn download(&self, address: &str) -> Result<Vec<u8>, CallError> {
        self.downloaded(address, MOST_BYTES).await
    }

    pub(super) async fn downloaded(
        &self,
        address: &str,
        most_bytes: usize,
    ) -> Result<Vec<u8>, CallError> {
        const WHAT: &str = "attachment";
        let url = self.checked(address)?;
        let mut origin = url.clone();
        origin.set_path("");
        origin.set_query(None);
        origin.set_fragment(None);
        let http = Http::new(origin.as_str(), TOTAL, None)?.at_most(most_bytes);
        let answer = http.send(WHAT, Effect::Read, http.request_to(url)).await?;
        let pause = |answer: &Answer| answer.retry_after_ms.unwrap_or(1_000);
        Ok(answer.judged(WHAT, Effect::Read, pause)?.body)
    }

    /// An address of the provider's, over https; beside a stand-in on this machine, one of this machine.
    fn checked(&self, address: &str) -> Result<Url, CallError> {
        let url = Url::parse(address.trim()).ok();
        let is_theirs = |url: &Url| {
            let host = url.host_str().unwrap_or_default();
            let below = host
                .strip_suffix(HOST)
                .is_some_and(|sub| sub.is_empty() || sub.ends_with('.'));
            let plain = url.username().is_empty() && url.password().is_none();
            let public = url.scheme() == "https" && below && url.port().is_none();
            let beside = self.http.is_local() && is_loopback(url);
            plain && (public || beside)
        };
        url.filter(is_theirs)
            .ok_or_else(|| CallError::refused(0, "attachment: its address is not one of Pact's"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::pact;
    use super::*;
    use crate::adapters::fake::{Fake, Reaction};
    use serde_json::json;

    #[test]
    fn only_https_addresses_of_the_provider_are_visited() {
        let far = pact("https://api.pact.im");
        for good in [
            "https://cdn.pact.im/x/voice.ogg",
            "https://pact.im/a?b=c",
            "https://a.b.pact.im/",
        ] {
            assert!(far.checked(good).is_ok(), "{good}");
        }
        for bad in [
            "http://cdn.pact.im/x",
            "https://cdn.pact.im:8443/x",
            "https://evilpact.im/x",
            "https://cdn.pact.im.example.org/x",
            "https://pact.im@example.org/x",
            "https://u:p@cdn.pact.im/x",
            "https://169.254.169.254/latest",
            "http://127.0.0.1/x",
            "file:///etc/passwd",
            "//cdn.pact.im/x",
            "",
        ] {
            assert!(
                matches!(far.checked(bad), Err(CallError::Refused { status: 0, .. })),
                "{bad}"
            );
        }
        let near = pact("http://127.0.0.1:1");
        assert!(
            near.checked("http://127.0.0.1:2/x").is_ok(),
            "beside a stand-in"
        );
        assert!(near.checked("http://192.0.2.1/x").is_err());
    }

    #[tokio::test]
    async fn a_file_comes_without_the_token_having_gone_there() {
        let fake = Fake::always(Reaction::Body(200, Vec::new(), "Ogg".to_owned())).await;
        let file = format!("{}/x/voice.ogg?sign=1", fake.url);
        assert_eq!(pact(&fake.url).download(&file).await, Ok(b"Ogg".to_vec()));
        let seen = &fake.seen()[0];
        assert!(seen.is("GET", "/x/voice.ogg") && seen.target.ends_with("?sign=1"));
        assert_eq!(seen.header("x-private-api-token"), None);
        assert_eq!(seen.header("authorization"), None);
    }

    #[tokio::test]
    async fn a_file_that_is_too_long_or_gone_or_elsewhere_is_none() {
        let fake = Fake::always(Reaction::Body(200, Vec::new(), "x".repeat(1000))).await;
        let long = pact(&fake.url).downloaded(&fake.url, 999).await;
        assert!(matches!(long, Err(CallError::Retry { .. })), "{long:?}");
        assert!(pact(&fake.url).downloaded(&fake.url, 1000).await.is_ok());
        let gone = Fake::always(Reaction::Json(410, json!({}))).await;
        let answer = pact(&gone.url).download(&gone.url).await;
        assert!(matches!(
            answer,
            Err(CallError::Refused { status: 410, .. })
        ));
        let there = vec![("Location", fake.url.clone())];
        let moved = Fake::always(Reaction::Body(302, there, String::new())).await;
        let answer = pact(&moved.url).download(&moved.url).await;
        assert!(
            matches!(answer, Err(CallError::Refused { status: 302, .. })),
            "no redirect is followed"
        );
        assert_eq!(fake.seen().len(), 2);
    }
}
