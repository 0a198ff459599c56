//! The token endpoint: a code or a refresh token for a pair, and where an account is that has moved (reference: amoCRM
//! API §1). Nothing is kept here.

use super::door::Doors;
use crate::adapters::api_log::CallLog;
use crate::adapters::http::{Effect, Http, secret_value};
use crate::adapters::json;
use crate::error::CallError;
use crate::ports::Pair;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::time::Duration;

/// A call takes no longer.
pub(super) const TOTAL: Duration = Duration::from_secs(20);
/// The pause after a 429 that names none, ms.
const PAUSE_MS: i64 = 1_000;
/// The shortest and the longest life of an access token that is believed, s.
const LIFE: std::ops::RangeInclusive<i64> = 60..=5 * 366 * 86_400;
/// A pair is renewed when so much of its life is left, as a divisor. A pair that is lost on its way to us leaves the old
/// access token: the more of its life is left, the longer people have to connect the account anew.
const LAST_PART: i64 = 4;

/// What amoCRM knows us by.
#[derive(Debug, Clone)]
pub struct Integration {
    /// Its id.
    pub id: String,
    /// Its secret key.
    pub secret: SecretString,
    /// Where codes are sent; exactly as the integration says.
    pub redirect_uri: String,
}

/// What is exchanged for a pair.
pub(super) enum Exchanged<'a> {
    /// The code of an administrator's consent.
    Code(&'a SecretString),
    /// The refresh token of the pair before.
    Refresh(&'a SecretString),
}

impl Integration {
    /// A new pair from `door`; `now`: unix ms of the business clock.
    pub(super) async fn exchange(
        &self,
        door: &str,
        exchanged: Exchanged<'_>,
        now: i64,
        log: &CallLog,
    ) -> Result<Pair, CallError> {
        let (what, grant, key, value) = match exchanged {
            Exchanged::Code(code) => ("exchange of a code", "authorization_code", "code", code),
            Exchanged::Refresh(token) => {
                ("renewal of tokens", "refresh_token", "refresh_token", token)
            }
        };
        let body = json!({
            "client_id": self.id,
            "client_secret": self.secret.expose_secret(),
            "grant_type": grant,
            key: value.expose_secret(),
            "redirect_uri": self.redirect_uri,
        });
        let mut http = Http::new(door, TOTAL, None)?;
        http.log_to(log.clone());
        let request = http.request(Method::POST, &["oauth2", "access_token"]);
        let answer = http.send(what, Effect::Write, request.json(&body)).await?;
        let hint = hint(&answer.json().unwrap_or_default());
        let answer = answer
            .judged(what, Effect::Write, |answer| {
                answer.retry_after_ms.unwrap_or(PAUSE_MS)
            })
            .map_err(|error| match error {
                CallError::Refused { status, why } => {
                    CallError::refused(status, format!("{why}{hint}"))
                }
                error => error,
            })?;
        let pair = answer.json().and_then(|body| pair(door, &body, now));
        pair.ok_or_else(|| Effect::Write.lost(format!("{what}: the answer holds no tokens")))
    }
}

/// Where the account of this pair is now, where amoCRM tells; never at a host that may not be called.
pub(super) async fn moved(
    pair: &Pair,
    doors: &Doors,
    log: &CallLog,
) -> Result<Option<String>, CallError> {
    let said = claims(&pair.access);
    let Some(door) = said["api_domain"].as_str().and_then(|host| doors.at(host)) else {
        return Ok(None);
    };
    let token = secret_value("", &pair.refresh)?;
    let mut http = Http::new(&door, TOTAL, None)?;
    http.log_to(log.clone());
    let path = ["oauth2", "account", "current", "subdomain"];
    let request = http.request(Method::GET, &path);
    let request = request.header("X-Refresh-Token", token);
    let what = "look-up of the account's address";
    let answer = http.send(what, Effect::Read, request).await?;
    let answer = answer.judged(what, Effect::Read, |_| PAUSE_MS)?;
    let body = answer.json().unwrap_or_default();
    let door = body["domain"].as_str().and_then(|host| doors.at(host));
    Ok(door.filter(|door| *door != pair.endpoint))
}

/// The account that an access token says it is of; whoever says so is not proven.
pub(super) fn account_of(pair: &Pair) -> Option<i64> {
    json::id(&claims(&pair.access)["account_id"])
}

fn pair(endpoint: &str, body: &Value, now: i64) -> Option<Pair> {
    let token = |key: &str| body[key].as_str().filter(|token| !token.is_empty());
    let life = json::int(&body["expires_in"]).filter(|life| LIFE.contains(life))? * 1_000;
    Some(Pair {
        endpoint: endpoint.to_owned(),
        access: SecretString::from(token("access_token")?),
        refresh: SecretString::from(token("refresh_token")?),
        expires_at: now + life,
        renew_at: now + life - life / LAST_PART,
    })
}

/// What a token says of itself, unproven; `Null` where it is no JWT.
fn claims(token: &SecretString) -> Value {
    let claims = token.expose_secret().split('.').nth(1);
    claims
        .and_then(|claims| URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok())
        .and_then(|claims| serde_json::from_slice(&claims).ok())
        .unwrap_or_default()
}

/// amoCRM's own words on why it refuses, as far as they are words and nothing else.
fn hint(body: &Value) -> String {
    let is_plain = |text: &&str| {
        text.len() <= 80
            && text
                .chars()
                .all(|c| c.is_ascii_alphabetic() || " `'_.,-".contains(c))
            && text.split(' ').all(|word| word.len() <= 20)
    };
    let hint = body["hint"].as_str().filter(is_plain);
    hint.map_or_else(String::new, |hint| format!(" ({hint})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::fake::{Fake, Reaction};

    const NOW: i64 = 1_800_000_000_000;

    fn integration() -> Integration {
        Integration {
            id: "client".to_owned(),
            secret: SecretString::from("very-secret"),
            redirect_uri: "https://bot.example.org/oauth/amocrm/callback".to_owned(),
        }
    }

    fn tokens() -> Value {
        json!({"token_type": "Bearer", "expires_in": 86_400, "access_token": "a", "refresh_token": "r"})
    }

    async fn exchanged(reaction: Reaction) -> (Result<Pair, CallError>, Fake) {
        let fake = Fake::always(reaction).await;
        let code = SecretString::from("the-code");
        let log = CallLog::default();
        let exchanged = Exchanged::Code(&code);
        let pair = integration()
            .exchange(&fake.url, exchanged, NOW, &log)
            .await;
        (pair, fake)
    }

    #[tokio::test]
    async fn a_code_is_exchanged_as_documented() {
        let (pair, fake) = exchanged(Reaction::Json(200, tokens())).await;
        let pair = pair.unwrap();
        assert_eq!(pair.endpoint, fake.url);
        assert_eq!(pair.expires_at, NOW + 86_400_000);
        assert_eq!(pair.renew_at, NOW + 64_800_000);
        let seen = &fake.seen()[0];
        assert!(seen.is("POST", "/oauth2/access_token"));
        let expected = json!({"client_id": "client", "client_secret": "very-secret", "code": "the-code",
            "grant_type": "authorization_code", "redirect_uri": "https://bot.example.org/oauth/amocrm/callback"});
        assert_eq!(seen.body, expected);
    }

    #[tokio::test]
    async fn a_refusal_says_why_in_amocrms_words_and_without_a_secret() {
        let body = json!({"hint": "Authorization code has expired", "status": 400});
        let (refused, _) = exchanged(Reaction::Json(400, body)).await;
        let refused = refused.unwrap_err();
        assert!(matches!(refused, CallError::Refused { status: 400, .. }));
        let said = refused.to_string();
        assert!(said.contains("(Authorization code has expired)"), "{said}");
        for odd in ["the-code 123", "eyJhbGciOiJIUzIxNiIsInR5cCI", "слово"] {
            assert_eq!(hint(&json!({"hint": odd})), "", "{odd}");
        }
    }

    #[tokio::test]
    async fn a_success_without_tokens_is_no_pair_and_its_outcome_is_unknown() {
        for body in [
            json!({}),
            json!({"expires_in": 86_400, "access_token": "a"}),
            json!({"expires_in": 0, "access_token": "a", "refresh_token": "r"}),
            json!({"expires_in": i64::MAX, "access_token": "a", "refresh_token": "r"}),
            json!({"expires_in": 86_400, "access_token": "", "refresh_token": "r"}),
        ] {
            let (pair, _) = exchanged(Reaction::Json(200, body.clone())).await;
            let unknown = matches!(pair, Err(CallError::Unknown { .. }));
            assert!(unknown, "{body}: {pair:?}");
        }
        let page = Reaction::Body(200, Vec::new(), "<html>".to_owned());
        assert!(matches!(
            exchanged(page).await.0,
            Err(CallError::Unknown { .. })
        ));
    }

    fn pair_that_says(claims: &Value) -> Pair {
        let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
        let mut pair = pair("https://hotel.amocrm.ru", &tokens(), NOW).unwrap();
        pair.access = SecretString::from(format!("head.{claims}.signature"));
        pair
    }

    #[tokio::test]
    async fn a_moved_account_is_looked_for_where_its_token_says_and_only_there() {
        let found = json!({"id": 31, "subdomain": "new", "domain": "new.amocrm.ru", "top_level_domain": "ru"});
        let fake = Fake::always(Reaction::Json(200, found)).await;
        let doors = Doors::new(&fake.url).unwrap();
        let host = fake.url.trim_start_matches("http://");
        let log = CallLog::default();
        let pair = pair_that_says(&json!({"api_domain": host, "account_id": 31}));
        assert_eq!(account_of(&pair), Some(31));
        let door = moved(&pair, &doors, &log).await.unwrap();
        assert_eq!(door.as_deref(), Some("https://new.amocrm.ru"));
        let seen = &fake.seen()[0];
        assert!(seen.is("GET", "/oauth2/account/current/subdomain"));
        assert_eq!(seen.header("x-refresh-token"), Some("r"));

        let hostile = Fake::always(Reaction::Json(200, json!({}))).await;
        let host = hostile.url.trim_start_matches("http://");
        let pair = pair_that_says(&json!({ "api_domain": host }));
        assert_eq!(moved(&pair, &doors, &log).await.unwrap(), None);
        assert!(hostile.seen().is_empty());
        let no_jwt = super::pair("https://hotel.amocrm.ru", &tokens(), NOW).unwrap();
        assert_eq!(moved(&no_jwt, &doors, &log).await.unwrap(), None);
        assert_eq!(account_of(&no_jwt), None);
    }
}
