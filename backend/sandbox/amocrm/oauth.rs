//! OAuth 2 as documented: a one-time code for a pair of tokens, and a refresh token that is exchanged exactly once. An old
//! access token goes on until its own end. All times are of the business clock.

use std::collections::{BTreeMap, BTreeSet};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::model::{ACCOUNT_ID, SUBDOMAIN, TOKEN_USER};
use crate::http::{Call, Reply};
use crate::state::State;

const CODE_LIFE_MS: i64 = 20 * 60 * 1000;
const ACCESS_LIFE_MS: i64 = 86_400 * 1000;
const REFRESH_LIFE_MS: i64 = 90 * 86_400 * 1000;

/// One-time codes and rotating tokens beside the long-lived one.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct OAuth {
    codes: Once,
    refresh: Once,
    /// Access token → business ms of its end.
    access: BTreeMap<String, i64>,
    /// Where the account is after a change of its subdomain: nowhere else it is known any more.
    pub host: Option<String>,
    /// The integration is switched off: nothing opens the API.
    pub is_off: bool,
    /// The status of a refusal; some stacks say 401 with the same body.
    pub refusal: Option<u16>,
}

/// What can be exchanged once.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Once {
    /// Business ms of its end.
    good: BTreeMap<String, i64>,
    used: BTreeSet<String>,
}

/// Why something is not exchanged.
enum Refusal {
    Unknown,
    Used,
    Over,
}

impl Once {
    fn issue(&mut self, name: &str, until: i64) -> String {
        let token = format!("{name}-{}", uuid::Uuid::new_v4().simple());
        self.good.insert(token.clone(), until);
        token
    }

    fn exchange(&mut self, token: &str, now: i64) -> Result<(), Refusal> {
        if self.used.contains(token) {
            return Err(Refusal::Used);
        }
        match self.good.get(token) {
            None => Err(Refusal::Unknown),
            Some(end) if *end <= now => Err(Refusal::Over),
            Some(_) => {
                self.good.remove(token);
                self.used.insert(token.to_owned());
                Ok(())
            }
        }
    }

    fn revoke(&mut self) {
        self.used.extend(std::mem::take(&mut self.good).into_keys());
    }
}

impl OAuth {
    /// A code of an administrator's consent, which also switches the integration on.
    pub(crate) fn consent(&mut self, now: i64) -> String {
        self.is_off = false;
        self.codes.issue("code", now + CODE_LIFE_MS)
    }

    /// The integration is switched off: everything it was given is over.
    pub(crate) fn switch_off(&mut self) {
        self.is_off = true;
        self.codes.revoke();
        self.refresh.revoke();
        self.access.clear();
    }

    /// Whether a token opens the API.
    pub(super) fn opens(&self, token: &str, now: i64) -> bool {
        !self.is_off && self.access.get(token).is_some_and(|end| *end > now)
    }
}

/// The account's host, as `referer` and the look-up of the subdomain name it.
pub(crate) fn host(state: &State) -> String {
    let public = state.env.public.split("://").last().unwrap_or_default();
    state.crm.oauth.host.clone().unwrap_or(public.to_owned())
}

/// Whether a request comes to where the account is.
pub(super) fn is_here(state: &State, call: &Call) -> bool {
    let moved = state.crm.oauth.host.as_deref();
    moved.is_none_or(|host| call.header("host") == Some(host))
}

/// The redirect URI that the integration names.
pub(crate) fn redirect_uri(state: &State) -> String {
    format!("{}/oauth/amocrm/callback", state.env.backend)
}

pub(super) fn answer(state: &mut State, call: &Call) -> Reply {
    match (call.method.as_str(), &call.segments()[..]) {
        ("POST", ["oauth2", "access_token"]) => token(state, call),
        ("GET", ["oauth2", "account", "current", "subdomain"]) => subdomain(state, call),
        _ => super::problem(404, "Not Found", "Not found"),
    }
}

fn token(state: &mut State, call: &Call) -> Reply {
    let body = call.json();
    let text = |key: &str| body[key].as_str().unwrap_or_default();
    if !is_here(state, call) {
        return super::problem(401, "Unauthorized", "Account not found");
    }
    let status = state.crm.oauth.refusal.unwrap_or(400);
    let known = &state.secrets;
    if text("client_id") != known.client_id || text("client_secret") != known.client_secret {
        return refused(status, "Check the `client_id` parameter");
    }
    if text("redirect_uri") != redirect_uri(state) {
        return refused(status, "Check the `redirect_uri` parameter");
    }
    let now = state.now;
    let (exchanged, [unknown, used, over]) = match text("grant_type") {
        "authorization_code" => (
            state.crm.oauth.codes.exchange(text("code"), now),
            [
                "Cannot decrypt the authorization code",
                "Authorization code has been revoked",
                "Authorization code has expired",
            ],
        ),
        "refresh_token" => (
            state.crm.oauth.refresh.exchange(text("refresh_token"), now),
            [
                "Cannot decrypt the refresh token",
                "Token has been revoked",
                "Token has expired",
            ],
        ),
        _ => return refused(status, "Check the `grant_type` parameter"),
    };
    match exchanged {
        Ok(()) => pair(state),
        Err(Refusal::Unknown) => refused(status, unknown),
        Err(Refusal::Used) => refused(status, used),
        Err(Refusal::Over) => refused(status, over),
    }
}

/// A new pair. The access token before it goes on until its end.
fn pair(state: &mut State) -> Reply {
    let now = state.now;
    let access = access_token(state, now + ACCESS_LIFE_MS);
    let oauth = &mut state.crm.oauth;
    oauth.access.retain(|_, end| *end > now);
    oauth.access.insert(access.clone(), now + ACCESS_LIFE_MS);
    let refresh = oauth.refresh.issue("refresh", now + REFRESH_LIFE_MS);
    Reply::json(
        200,
        "application/json",
        &json!({
            "token_type": "Bearer", "expires_in": ACCESS_LIFE_MS / 1000, "server_time": now / 1000,
            "access_token": access, "refresh_token": refresh,
        }),
    )
}

/// A JWT that says where the account's API is, whatever the account is called.
fn access_token(state: &State, end: i64) -> String {
    let id = uuid::Uuid::new_v4().simple().to_string();
    let now = state.now / 1000;
    let claims = json!({
        "aud": state.secrets.client_id, "jti": id, "iat": now, "nbf": now, "exp": end / 1000,
        "sub": TOKEN_USER.to_string(), "grant_type": "", "account_id": ACCOUNT_ID, "version": 2,
        "base_domain": "amocrm.ru", "scopes": ["crm", "notifications"],
        "api_domain": state.env.public.split("://").last().unwrap_or_default(),
    });
    let key = EncodingKey::from_secret(state.secrets.client_secret.as_bytes());
    encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap_or(id)
}

/// Where the account is now: asked with the refresh token, which stays good.
fn subdomain(state: &State, call: &Call) -> Reply {
    let token = call.header("x-refresh-token").unwrap_or_default();
    let good = state.crm.oauth.refresh.good.get(token);
    if good.is_none_or(|end| *end <= state.now) {
        return super::problem(401, "Unauthorized", "Token is missing, expired or revoked");
    }
    let found: Value = json!({
        "id": ACCOUNT_ID, "subdomain": SUBDOMAIN, "domain": host(state), "top_level_domain": "ru",
    });
    Reply::json(200, "application/json", &found)
}

fn refused(status: u16, hint: &str) -> Reply {
    Reply::json(
        status,
        "application/problem+json",
        &json!({
            "hint": hint, "title": "Некорректный запрос", "type": "https://developers.amocrm.ru/v3/errors/OAuthProblemJson",
            "status": status, "detail": "В запросе отсутствует ряд параметров или параметры невалидны",
        }),
    )
}
