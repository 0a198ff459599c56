//! Requests to the API v4: its envelopes, its empty answers, its errors.

use super::Access;
use super::keyring::{Keyring, Opened};
use super::pace::{Pace, Place};
use crate::adapters::api_log::CallLog;
use crate::adapters::http::{Answer, Effect, Http, secret_value};
use crate::adapters::json;
use crate::error::CallError;
use reqwest::header::AUTHORIZATION;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use widget_core::ids::UserId;

const TOTAL: Duration = Duration::from_secs(20);
/// The pause after a 429 that names none, ms.
const PAUSE_MS: i64 = 1000;
const PAGE: usize = 250;
/// The key is over or revoked, or the user is unknown.
const UNAUTHORISED: u16 = 401;

/// Query parameters.
pub(super) type Query<'a> = [(&'a str, String)];

/// What a read answered.
pub(super) struct Seen {
    pub(super) status: u16,
    /// Null where it is no JSON.
    pub(super) body: Value,
}

/// The API of one account.
pub(super) struct Api {
    lock: Lock,
    /// `None` = no limits hold.
    pace: Option<Pace>,
}

/// What opens the API.
enum Lock {
    /// One token for years, at one address.
    Token(Arc<Http>),
    /// The key that is in force.
    Keyring(Keyring),
}

impl Api {
    pub(super) fn new(
        endpoint: &str,
        access: Access,
        pace: Option<Pace>,
    ) -> Result<Self, CallError> {
        let lock = match access {
            Access::Token(token) => {
                let bearer = secret_value("Bearer ", &token)?;
                let endpoint = format!("{}/api/v4", endpoint.trim().trim_end_matches('/'));
                let http = Http::new(&endpoint, TOTAL, Some((AUTHORIZATION, bearer)))?;
                Lock::Token(Arc::new(http))
            }
            Access::Keyring(keyring) => Lock::Keyring(keyring),
        };
        Ok(Self { lock, pace })
    }

    /// Waits for a place for one request. To be taken before a read whose answer a request must follow at once.
    pub(super) async fn place(&self) -> Option<Place> {
        match &self.pace {
            Some(pace) => Some(pace.place().await),
            None => None,
        }
    }

    /// The pause after a 429; it holds for everything of the account.
    fn pause(&self, answer: &Answer) -> i64 {
        let wait = answer.retry_after_ms.unwrap_or(PAUSE_MS);
        if let Some(pace) = &self.pace {
            pace.pause(wait);
        }
        wait
    }

    /// Every call is noted in `log` from now on; a keyring has its own.
    pub(super) fn log_to(&mut self, log: CallLog) {
        if let Lock::Token(http) = &mut self.lock
            && let Some(http) = Arc::get_mut(http)
        {
            http.log_to(log);
        }
    }

    /// The account behind the key is another one: nobody calls it again.
    pub(super) async fn is_of_another_account(&self) {
        if let Lock::Keyring(keyring) = &self.lock
            && let Ok(opened) = keyring.open().await
        {
            keyring.is_dead(&opened, "it is another account").await;
        }
    }

    /// Sends what `make` makes of a client. A key that is refused is renewed, once, and the call made again: what was
    /// refused has not taken effect. `for_user`: it may be the user who is refused, and not the key.
    async fn send(
        &self,
        what: &str,
        effect: Effect,
        for_user: bool,
        make: impl Fn(&Http) -> RequestBuilder,
    ) -> Result<Answer, CallError> {
        let keyring = match &self.lock {
            Lock::Token(http) => return http.send(what, effect, make(http)).await,
            Lock::Keyring(keyring) => keyring,
        };
        let send = async |opened: &Opened| {
            let http = &opened.http;
            http.send(what, effect, make(http)).await
        };
        let opened = keyring.open().await?;
        let answer = send(&opened).await?;
        if answer.status != UNAUTHORISED || for_user {
            return Ok(answer);
        }
        let Some(next) = keyring.after_refusal(&opened).await? else {
            return Ok(answer);
        };
        let _place = self.place().await;
        let answer = send(&next).await?;
        if answer.status == UNAUTHORISED {
            let why = "amoCRM refuses a token that it has just given; is the integration on?";
            keyring.is_dead(&next, why).await;
        }
        Ok(answer)
    }

    /// Reads `path`; `None` = there is no such thing, or the list is empty.
    pub(super) async fn get(
        &self,
        path: &str,
        query: &Query<'_>,
    ) -> Result<Option<Value>, CallError> {
        let place = self.place().await;
        self.get_in(place, path, query).await
    }

    /// The same in a place that was taken before.
    pub(super) async fn get_in(
        &self,
        place: Option<Place>,
        path: &str,
        query: &Query<'_>,
    ) -> Result<Option<Value>, CallError> {
        self.read(place, path, query, None).await
    }

    /// The same with the rights of `user`.
    pub(super) async fn get_as(
        &self,
        user: UserId,
        path: &str,
        query: &Query<'_>,
    ) -> Result<Option<Value>, CallError> {
        let place = self.place().await;
        self.read(place, path, query, Some(user)).await
    }

    /// What a read answers, whatever that is.
    pub(super) async fn seen(&self, path: &str, query: &Query<'_>) -> Result<Seen, CallError> {
        let _place = self.place().await;
        let what = named("GET", path);
        let make = |http: &Http| request(http, Method::GET, path).query(query);
        let answer = self.send(&what, Effect::Read, false, make).await?;
        if answer.status == 429 {
            let wait = self.pause(&answer);
            return Err(CallError::Retry {
                after_ms: Some(wait),
                why: format!("{what}: too many requests"),
            });
        }
        Ok(Seen {
            status: answer.status,
            body: answer.json().unwrap_or_default(),
        })
    }

    async fn read(
        &self,
        _place: Option<Place>,
        path: &str,
        query: &Query<'_>,
        user: Option<UserId>,
    ) -> Result<Option<Value>, CallError> {
        let what = named("GET", path);
        let make = |http: &Http| {
            let request = request(http, Method::GET, path).query(query);
            match user {
                Some(user) => request.header("X-Context-User-ID", user.0),
                None => request,
            }
        };
        let answer = self.send(&what, Effect::Read, user.is_some(), make);
        let answer = answer.await?;
        if answer.status == 404 {
            return Ok(None);
        }
        let answer = self.judged(answer, &what, Effect::Read)?;
        if answer.status == 204 || answer.body.is_empty() {
            return Ok(None);
        }
        let not_json = || Effect::Read.lost(format!("{what}: the answer is not JSON"));
        answer.json().map(Some).ok_or_else(not_json)
    }

    /// All rows of a list, at most `pages` pages of it.
    pub(super) async fn all(
        &self,
        path: &str,
        query: &Query<'_>,
        pages: usize,
    ) -> Result<Vec<Value>, CallError> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let mut rows = Vec::new();
        for page in 1..=pages {
            let mut query = query.to_vec();
            query.push(("limit", PAGE.to_string()));
            query.push(("page", page.to_string()));
            let Some(body) = self.get(path, &query).await? else {
                break;
            };
            rows.extend_from_slice(embedded(&body, name));
            let last = json::int(&body["_page_count"])
                .is_none_or(|count| usize::try_from(count).is_ok_and(|count| count <= page));
            if body["_links"]["next"].is_null() && last {
                break;
            }
        }
        Ok(rows)
    }

    /// Writes.
    pub(super) async fn write(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Value, CallError> {
        let place = self.place().await;
        self.write_in(place, method, path, body).await
    }

    async fn write_in(
        &self,
        _place: Option<Place>,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Value, CallError> {
        let what = named(method.as_str(), path);
        let make = |http: &Http| request(http, method.clone(), path).json(body);
        let answer = self.send(&what, Effect::Write, false, make).await?;
        let answer = self.judged(answer, &what, Effect::Write)?;
        if answer.body.is_empty() {
            return Ok(Value::Null);
        }
        // A success that is no JSON is somebody else's page: whether ours was reached, nobody knows.
        let not_json = || Effect::Write.lost(format!("{what}: the answer is not JSON"));
        answer.json().ok_or_else(not_json)
    }

    /// Creates one entity; its id.
    pub(super) async fn create(&self, path: &str, item: Value) -> Result<i64, CallError> {
        let name = path.rsplit('/').next().unwrap_or_default();
        let answer = self
            .write(Method::POST, path, &Value::Array(vec![item]))
            .await?;
        let made = embedded(&answer, name).first();
        made.and_then(|row| json::id(&row["id"])).ok_or_else(|| {
            Effect::Write.lost(format!("{}: no id in the answer", named("POST", path)))
        })
    }

    /// Changes one entity.
    pub(super) async fn patch(&self, path: &str, change: Value) -> Result<(), CallError> {
        self.write(Method::PATCH, path, &change).await.map(|_| ())
    }

    /// The same in a place that was taken before.
    pub(super) async fn patch_in(
        &self,
        place: Option<Place>,
        path: &str,
        change: Value,
    ) -> Result<(), CallError> {
        self.write_in(place, Method::PATCH, path, &change)
            .await
            .map(|_| ())
    }

    fn judged(&self, answer: Answer, what: &str, effect: Effect) -> Result<Answer, CallError> {
        let refusal = if answer.status == 400 {
            refusals(&answer.json().unwrap_or_default())
        } else {
            String::new()
        };
        answer
            .judged(what, effect, |answer| self.pause(answer))
            .map_err(|error| match error {
                CallError::Refused { status, why } if !refusal.is_empty() => {
                    CallError::refused(status, format!("{why} ({refusal})"))
                }
                error => error,
            })
    }
}

fn request(http: &Http, method: Method, path: &str) -> RequestBuilder {
    let segments: Vec<&str> = path.split('/').collect();
    http.request(method, &segments)
}

/// The rows of an envelope.
pub(super) fn embedded<'a>(body: &'a Value, name: &str) -> &'a [Value] {
    json::list(&body["_embedded"][name])
}

/// Whether this is the account's refusal of a filter that is sold apart.
pub(super) fn is_bad_request<T>(result: &Result<T, CallError>) -> bool {
    matches!(result, Err(CallError::Refused { status: 400, .. }))
}

/// `GET leads/*`: a call without its ids.
fn named(method: &str, path: &str) -> String {
    let plain = |part: &str| match part.parse::<i64>() {
        Ok(_) => "*".to_owned(),
        Err(_) => part.to_owned(),
    };
    let parts: Vec<String> = path.split('/').map(plain).collect();
    format!("{method} {}", parts.join("/"))
}

/// Codes and paths of a validation error, the only words of a body that hold nobody's data.
fn refusals(body: &Value) -> String {
    let is_plain = |text: &&str| {
        text.len() <= 64
            && text.chars().all(|c| {
                c.is_ascii_lowercase() || c.is_ascii_uppercase() || "._0123456789".contains(c)
            })
            && text
                .split(|c: char| !c.is_ascii_digit())
                .all(|digits| digits.len() <= 3)
    };
    let errors = json::list(&body["validation-errors"])
        .iter()
        .flat_map(|item| json::list(&item["errors"]));
    let told = errors.filter_map(|error| {
        let code = error["code"].as_str().filter(is_plain)?;
        let path = error["path"].as_str().filter(is_plain).unwrap_or("?");
        Some(format!("{code} at {path}"))
    });
    told.take(3).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_refusal_names_codes_and_nothing_of_the_guest() {
        let body = json!({"detail": "bad +79000000001", "validation-errors": [{"errors": [
            {"code": "NotSupportedChoice", "path": "custom_fields_values.0.field_id", "detail": "Anna"},
            {"code": "Odd", "path": "79000000001"},
            {"code": "with space", "path": "name"},
        ]}]});
        assert_eq!(
            refusals(&body),
            "NotSupportedChoice at custom_fields_values.0.field_id, Odd at ?"
        );
    }

    #[test]
    fn a_call_is_named_without_ids() {
        assert_eq!(named("GET", "leads/501/notes"), "GET leads/*/notes");
    }
}
