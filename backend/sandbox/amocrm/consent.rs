//! The administrator and the integration: the page where rights are given, and what amoCRM calls when the integration is
//! installed or switched off.

use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

use super::model::ACCOUNT_ID;
use super::oauth::{host, redirect_uri};
use crate::Sandbox;
use crate::http::form;
use crate::state::State;

/// amoCRM waits so long for an answer to its own calls, and never calls again.
const PATIENCE: Duration = Duration::from_secs(3);

/// What the link to the page says.
#[derive(Clone, Deserialize)]
struct Asked {
    client_id: String,
    #[serde(default)]
    state: String,
}

/// Routes of the page.
pub(crate) fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/oauth", get(page))
        .route("/oauth/allow", get(allow))
        .route("/oauth/deny", get(deny))
}

async fn page(Shared(sandbox): Shared<Sandbox>, Query(asked): Query<Asked>) -> Response {
    if !sandbox.with(|state| state.secrets.client_id == asked.client_id) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let query = form(&[
        ("client_id".to_owned(), asked.client_id),
        ("state".to_owned(), asked.state),
    ]);
    let page = format!(
        "<!DOCTYPE html><html lang=\"ru\"><meta charset=\"utf-8\"><title>amoCRM</title>\
         <h1>Эстафета просит доступ к аккаунту</h1>\
         <p><a href=\"/oauth/allow?{query}\">Разрешить</a></p><p><a href=\"/oauth/deny?{query}\">Отказать</a></p></html>"
    );
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

async fn allow(Shared(sandbox): Shared<Sandbox>, Query(asked): Query<Asked>) -> Response {
    let to = sandbox.change(|state| {
        let is_known = state.secrets.client_id == asked.client_id;
        is_known.then(|| {
            callback(
                state,
                &[("state", asked.state), ("platform", "1".to_owned())],
            )
        })
    });
    sandbox.keep().await;
    sent(to)
}

async fn deny(Shared(sandbox): Shared<Sandbox>, Query(asked): Query<Asked>) -> Response {
    let to = sandbox.with(|state| {
        let refused = [
            ("error".to_owned(), "access_denied".to_owned()),
            ("state".to_owned(), asked.state),
        ];
        format!("{}?{}", redirect_uri(state), form(&refused))
    });
    sent(Some(to))
}

fn sent(to: Option<String>) -> Response {
    match to {
        Some(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The integration's redirect URI with a fresh code.
fn callback(state: &mut State, more: &[(&str, String)]) -> String {
    let now = state.now;
    let mut query = vec![
        ("code".to_owned(), state.crm.oauth.consent(now)),
        ("referer".to_owned(), host(state)),
        ("client_id".to_owned(), state.secrets.client_id.clone()),
    ];
    let more = more
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.clone()));
    query.extend(more);
    format!("{}?{}", redirect_uri(state), form(&query))
}

/// `POST /sandbox/integration`: `installed` switches it on or off as amoCRM's window does, `host` renames the account,
/// `refusal` is the status of refused exchanges.
pub(crate) async fn change(
    sandbox: &Sandbox,
    installed: Option<bool>,
    host: Option<String>,
    refusal: Option<u16>,
) -> Value {
    let hook = sandbox.change(|state| {
        let oauth = &mut state.crm.oauth;
        oauth.host = host.or(oauth.host.take());
        oauth.refusal = refusal.or(oauth.refusal);
        match installed {
            None => None,
            Some(true) => Some(callback(state, &[("from_widget", "1".to_owned())])),
            Some(false) => {
                oauth.switch_off();
                Some(farewell(state))
            }
        }
    });
    sandbox.keep().await;
    let mut status = None;
    if let Some(url) = hook {
        let answer = sandbox.client().get(url).timeout(PATIENCE).send().await;
        status = answer.ok().map(|answer| answer.status().as_u16());
    }
    let mut shown = sandbox.with(|state| show(state));
    shown["hook"] = json!(status);
    shown
}

/// The integration's address for the news that it was switched off.
fn farewell(state: &State) -> String {
    let client = &state.secrets.client_id;
    let signature = Hmac::<Sha256>::new_from_slice(state.secrets.client_secret.as_bytes())
        .map(|mut mac| {
            mac.update(format!("{client}|{ACCOUNT_ID}").as_bytes());
            hex::encode(mac.finalize().into_bytes())
        })
        .unwrap_or_default();
    let query = [
        ("account_id".to_owned(), ACCOUNT_ID.to_string()),
        ("client_uuid".to_owned(), client.clone()),
        ("signature".to_owned(), signature),
    ];
    format!(
        "{}/oauth/amocrm/disconnect?{}",
        state.env.backend,
        form(&query)
    )
}

/// The integration as the control surface shows it.
pub(crate) fn show(state: &State) -> Value {
    json!({ "installed": !state.crm.oauth.is_off, "host": host(state), "client_id": state.secrets.client_id })
}

/// `POST /sandbox/integration/codes`: a code as the integration's window shows it.
pub(crate) fn code(state: &mut State) -> Value {
    let now = state.now;
    json!({ "code": state.crm.oauth.consent(now), "referer": host(state) })
}
