//! OAuth 2: a one-time code for a pair of tokens, and a refresh that kills the old pair at once.

use serde_json::{Value, json};

use super::model::{ACCOUNT_ID, SUBDOMAIN};
use crate::http::{Call, Reply};
use crate::state::State;

const CODE_LIFE_MS: i64 = 20 * 60 * 1000;
const ACCESS_LIFE_MS: i64 = 86_400 * 1000;
const REFRESH_LIFE_MS: i64 = 90 * 86_400 * 1000;

pub(super) fn answer(state: &mut State, call: &Call) -> Reply {
    match (call.method.as_str(), &call.segments()[..]) {
        ("POST", ["oauth2", "access_token"]) => token(state, &call.json()),
        ("POST", ["oauth2", "authorize"]) => authorize(state),
        ("GET", ["oauth2", "account", "current", "subdomain"]) => Reply::json(
            200,
            "application/json",
            &json!({"id": ACCOUNT_ID, "subdomain": SUBDOMAIN, "domain": format!("{SUBDOMAIN}.amocrm.ru"), "top_level_domain": "ru"}),
        ),
        _ => super::problem(404, "Not Found", "Not found"),
    }
}

/// The admin's consent: issues a code, as the window of the integration shows it.
fn authorize(state: &mut State) -> Reply {
    let code = format!("code-{}", uuid::Uuid::new_v4().simple());
    state
        .crm
        .oauth
        .codes
        .insert(code.clone(), state.now + CODE_LIFE_MS);
    Reply::json(200, "application/json", &json!({"code": code}))
}

fn token(state: &mut State, body: &Value) -> Reply {
    let text = |key: &str| body[key].as_str().unwrap_or_default();
    if text("client_id") != state.secrets.client_id
        || text("client_secret") != state.secrets.client_secret
    {
        return refused("Check the `client_id` parameter");
    }
    if text("redirect_uri").is_empty() {
        return refused("Check the `redirect_uri` parameter");
    }
    let now = state.now;
    let (end, gone) = match text("grant_type") {
        "authorization_code" => (
            state.crm.oauth.codes.remove(text("code")),
            "Authorization code has been revoked",
        ),
        "refresh_token" => (
            state.crm.oauth.refresh.remove(text("refresh_token")),
            "Token has been revoked",
        ),
        _ => return refused("Check the `grant_type` parameter"),
    };
    match end {
        None => return refused(gone),
        Some(end) if end <= now => return refused("Authorization code has expired"),
        Some(_) => {}
    }
    let fresh = || uuid::Uuid::new_v4().simple().to_string();
    let (access, refresh) = (
        format!("access-{}", fresh()),
        format!("refresh-{}", fresh()),
    );
    state.crm.oauth.access.clear();
    state
        .crm
        .oauth
        .access
        .insert(access.clone(), now + ACCESS_LIFE_MS);
    state
        .crm
        .oauth
        .refresh
        .insert(refresh.clone(), now + REFRESH_LIFE_MS);
    Reply::json(
        200,
        "application/json",
        &json!({
            "token_type": "Bearer", "expires_in": ACCESS_LIFE_MS / 1000, "server_time": now / 1000,
            "access_token": access, "refresh_token": refresh,
        }),
    )
}

fn refused(hint: &str) -> Reply {
    Reply::json(
        400,
        "application/problem+json",
        &json!({
            "hint": hint, "title": "Некорректный запрос", "type": "https://developers.amocrm.ru/v3/errors/OAuthProblemJson",
            "status": 400, "detail": "В запросе отсутствует ряд параметров или параметры невалидны",
        }),
    )
}
