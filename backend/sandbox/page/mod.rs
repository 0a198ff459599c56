//! The pages a person opens: the demo's control page, the imitation of amoCRM's card, and what they load.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as Segments, Query, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_http::services::ServeDir;

use crate::Sandbox;
use crate::amocrm::model::{ACCOUNT_ID, AMOJO_ID, DEFAULT_RESPONSIBLE, SUBDOMAIN};
use crate::control::shown_deal;
use crate::state::State;

const PLACEHOLDER: &str = "<!--SANDBOX-STATE-->";
const TOKEN_LIFE_S: i64 = 30 * 60;
const DEALS_SHOWN: usize = 100;

macro_rules! files {
    ($($name:literal),* $(,)?) => { &[$(($name, include_bytes!($name).as_slice())),*] };
}

/// The page's own files, part of the binary.
const FILES: &[(&str, &[u8])] = files![
    "demo.html",
    "demo.js",
    "demo.css",
    "card.html",
    "card.js",
    "card.css",
    "host.js",
    "host-app.js",
    "host-panel.js",
    "host-settings.js",
    "host-widget.js",
    "icon.svg",
];

/// The widget's archive, unzipped.
#[derive(Default)]
pub(crate) struct Archive {
    entries: BTreeMap<String, Bytes>,
    version: String,
}

impl Archive {
    /// Unzips; an empty archive has no entries.
    pub(crate) fn unzipped(zip: Vec<u8>) -> std::io::Result<Self> {
        if zip.is_empty() {
            return Ok(Self::default());
        }
        let mut zip = zip::ZipArchive::new(Cursor::new(zip)).map_err(std::io::Error::other)?;
        let mut entries = BTreeMap::new();
        for place in 0..zip.len() {
            let mut entry = zip.by_index(place).map_err(std::io::Error::other)?;
            if !entry.is_dir() {
                let name = entry.name().map_err(std::io::Error::other)?.into_owned();
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes)?;
                entries.insert(name, Bytes::from(bytes));
            }
        }
        let manifest: Value = entries
            .get("manifest.json")
            .and_then(|bytes| serde_json::from_slice(bytes).ok())
            .unwrap_or_default();
        let version = manifest["widget"]["version"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        Ok(Self { entries, version })
    }
}

/// Routes of the pages, without state.
pub(crate) fn routes(assets: &Path) -> Router<Sandbox> {
    Router::new()
        .route("/", get(|| async { file("demo.html") }))
        .route(
            "/page/{file}",
            get(|Segments(name): Segments<String>| async move { file(&name) }),
        )
        .route("/leads/detail/{id}", get(card))
        .route("/leads/list", get(list))
        .route("/settings/widgets/{code}/", get(settings))
        .route("/ajax/state/{lead}", get(ajax_state))
        .route(
            "/ajax/v2/integrations/{client}/disposable_token",
            get(disposable_token),
        )
        .route("/upl/{code}/{number}/widget/{*path}", get(archived))
        .nest_service(
            "/npm",
            ServeDir::new(assets).append_index_html_on_directories(false),
        )
}

fn file(name: &str) -> Response {
    match FILES.iter().find(|(known, _)| *known == name) {
        Some((_, bytes)) => ([(header::CONTENT_TYPE, kind_of(name))], *bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "wasm" => "application/wasm",
        "twig" | "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

async fn archived(
    Shared(sandbox): Shared<Sandbox>,
    Segments((code, _, path)): Segments<(String, String, String)>,
) -> Response {
    let is_ours = sandbox.with(|state| state.secrets.widget_code == code);
    match sandbox.archive().entries.get(&path).filter(|_| is_ours) {
        Some(bytes) => ([(header::CONTENT_TYPE, kind_of(&path))], bytes.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[derive(Deserialize)]
struct Viewer {
    user: Option<i64>,
    /// What is wrong with the one-time token: `expired`, `audience`, `account` or `secret`.
    flaw: Option<String>,
}

impl Viewer {
    fn id(&self) -> i64 {
        self.user.unwrap_or(DEFAULT_RESPONSIBLE)
    }
}

async fn card(
    Shared(sandbox): Shared<Sandbox>,
    Segments(id): Segments<String>,
    Query(viewer): Query<Viewer>,
) -> Response {
    let view = sandbox.with(|state| view(state, sandbox.archive(), id.parse().ok(), &viewer));
    match view {
        Some(view) if !view["lead"].is_null() => page_with(&view),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn list(Shared(sandbox): Shared<Sandbox>, Query(viewer): Query<Viewer>) -> Response {
    match sandbox.with(|state| view(state, sandbox.archive(), None, &viewer)) {
        Some(view) => page_with(&view),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The page of a widget's own settings.
async fn settings(
    Shared(sandbox): Shared<Sandbox>,
    Segments(code): Segments<String>,
    Query(viewer): Query<Viewer>,
) -> Response {
    let view = sandbox.with(|state| {
        let is_ours = state.secrets.widget_code == code;
        is_ours.then(|| view(state, sandbox.archive(), None, &viewer))?
    });
    match view {
        Some(view) => page_with(&view),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn ajax_state(
    Shared(sandbox): Shared<Sandbox>,
    Segments(id): Segments<String>,
    Query(viewer): Query<Viewer>,
) -> Response {
    match sandbox.with(|state| view(state, sandbox.archive(), id.parse().ok(), &viewer)) {
        Some(view) => axum::Json(view).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn page_with(view: &Value) -> Response {
    let Some((_, html)) = FILES.iter().find(|(name, _)| *name == "card.html") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let json = view.to_string().replace("</", "<\\/");
    let script = format!("<script type=\"application/json\" id=\"sandbox-state\">{json}</script>");
    let html = String::from_utf8_lossy(html).replace(PLACEHOLDER, &script);
    ([(header::CONTENT_TYPE, kind_of("card.html"))], html).into_response()
}

/// What the card page knows; `None` for an unknown user.
fn view(state: &State, archive: &Archive, lead: Option<i64>, viewer: &Viewer) -> Option<Value> {
    let user = state.crm.user(viewer.id())?;
    let shown_user = |user: &crate::amocrm::model::User| json!({"id": user.id, "name": user.name, "is_admin": user.is_admin, "is_active": user.is_active});
    let living = lead
        .and_then(|id| state.crm.leads.get(&id))
        .filter(|lead| !lead.deleted);
    let shown_lead = living.map(|lead| {
        let mut shown = shown_deal(state, lead.id);
        shown["status_id"] = json!(lead.status);
        shown["pipeline_id"] = json!(lead.pipeline);
        shown["price"] = json!(lead.price);
        shown
    });
    let deals = state
        .crm
        .leads
        .values()
        .rev()
        .filter(|lead| !lead.deleted)
        .take(DEALS_SHOWN);
    let pipelines = state.crm.pipelines.iter().map(|pipeline| {
        let stages: Vec<Value> =
            pipeline.stages.iter().map(|s| json!({"id": s.id, "name": s.name, "color": s.color})).collect();
        json!({"id": pipeline.id, "name": pipeline.name, "is_main": pipeline.is_main, "statuses": stages})
    });
    let code = &state.secrets.widget_code;
    Some(json!({
        "area": if living.is_some() { "lcard" } else { "llist" },
        "lead": shown_lead,
        "deals": deals.map(|lead| json!({"id": lead.id, "name": lead.name})).collect::<Vec<_>>(),
        "account": {
            "id": ACCOUNT_ID, "name": "Санаторий", "subdomain": SUBDOMAIN, "timezone": "Europe/Moscow",
            "language": "ru", "country": "RU", "currency": "RUB", "top_level_domain": "ru", "amojo_id": AMOJO_ID,
        },
        "user": shown_user(user),
        "users": state.crm.users.iter().map(shown_user).collect::<Vec<_>>(),
        "pipelines": pipelines.collect::<Vec<_>>(),
        "widget": {
            "code": code, "path": format!("/upl/{code}/1/widget"), "version": archive.version,
            "client_uuid": state.secrets.client_id,
        },
    }))
}

/// The one-time token that amoCRM gives a widget for its own backend.
async fn disposable_token(
    Shared(sandbox): Shared<Sandbox>,
    Segments(client): Segments<String>,
    Query(viewer): Query<Viewer>,
) -> Response {
    match sandbox.with(|state| token(state, &client, &viewer)) {
        Some(token) => axum::Json(json!({"token": token})).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn token(state: &State, client: &str, viewer: &Viewer) -> Option<String> {
    let user = state
        .crm
        .user(viewer.id())
        .filter(|_| client == state.secrets.client_id)?;
    let now = state.now_s();
    let mut claims = json!({
        "iss": state.env.public, "aud": without_port(&state.env.backend), "jti": uuid::Uuid::new_v4().to_string(),
        "iat": now, "nbf": now, "exp": now + TOKEN_LIFE_S, "account_id": ACCOUNT_ID, "user_id": user.id,
        "client_uuid": client, "subdomain": SUBDOMAIN, "is_admin": user.is_admin,
    });
    let mut secret = state.secrets.client_secret.clone();
    match viewer.flaw.as_deref() {
        None => {}
        Some("expired") => {
            for key in ["iat", "nbf"] {
                claims[key] = json!(now - 2 * TOKEN_LIFE_S);
            }
            claims["exp"] = json!(now - TOKEN_LIFE_S);
        }
        Some("audience") => claims["aud"] = json!("https://elsewhere.example.org"),
        Some("account") => claims["account_id"] = json!(ACCOUNT_ID + 1),
        Some("secret") => secret.push('x'),
        Some(_) => return None,
    }
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::new(Algorithm::HS256), &claims, &key).ok()
}

/// `scheme://host` of a URL.
fn without_port(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let host = rest.split('/').next().unwrap_or_default();
    let host = match host.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => host,
    };
    format!("{scheme}://{host}")
}
