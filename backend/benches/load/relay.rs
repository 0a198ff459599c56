//! A reverse proxy between the stand-ins and the backend that notes what passes: webhooks with the time of their ack,
//! and texts sent to guests.

use crate::Failure;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// The running proxy.
pub struct Relay {
    seen: Arc<Mutex<Seen>>,
    serving: JoinHandle<()>,
}

/// What has passed.
#[derive(Default)]
pub struct Seen {
    /// How long acks of webhooks took.
    pub acks: Vec<Duration>,
    /// When the webhook of a guest's message came, by the message's id.
    pub hooks: HashMap<i64, Instant>,
    /// Texts to guests, in order of arrival.
    pub sends: Vec<Sent>,
    /// The path and body of a webhook of a guest's message.
    pub sample: Option<(String, Value)>,
}

/// A text on its way to a guest.
pub struct Sent {
    pub at: Instant,
    /// The path, which names the conversation.
    pub conversation: String,
    /// The guest's messages that it answers; none if it is no answer of the bot.
    pub answers: Vec<i64>,
}

/// Where the two sides are.
struct Way {
    backends: Vec<String>,
    /// Whose turn it is.
    next: AtomicUsize,
    sandbox: String,
    client: reqwest::Client,
    seen: Arc<Mutex<Seen>>,
}

impl Relay {
    /// Serves on `listener` between the two sides.
    pub fn start(listener: TcpListener, backends: &[u16], sandbox: u16) -> Result<Self, Failure> {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let way = Arc::new(Way {
            backends: backends
                .iter()
                .map(|port| format!("http://127.0.0.1:{port}"))
                .collect(),
            next: AtomicUsize::new(0),
            sandbox: format!("http://127.0.0.1:{sandbox}"),
            client: reqwest::Client::builder().no_proxy().build()?,
            seen: Arc::clone(&seen),
        });
        let routes = Router::new().fallback(pass).with_state(way);
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, routes).await {
                eprintln!("the relay failed: {error}");
            }
        });
        Ok(Self { seen, serving })
    }

    /// What has passed since it was taken last.
    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }
}

impl Way {
    fn backend(&self) -> &str {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        &self.backends[turn % self.backends.len()]
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn pass(
    State(way): State<Arc<Way>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let began = Instant::now();
    let path = uri.path();
    let to_pact = path.starts_with("/api/p2/");
    if to_pact && method == Method::POST && path.ends_with("/messages") {
        note_send(&way, began, path, &body);
    }
    if path.starts_with("/hooks/pact/") {
        note_hook(&way, began, path, &body);
    }
    let side = if to_pact { &way.sandbox } else { way.backend() };
    let answer = forward(&way.client, side, method, &uri, headers, body).await;
    if path.starts_with("/hooks/") {
        lock(&way.seen).acks.push(began.elapsed());
    }
    answer.unwrap_or_else(|_| StatusCode::BAD_GATEWAY.into_response())
}

async fn forward(
    client: &reqwest::Client,
    side: &str,
    method: Method,
    uri: &Uri,
    headers: HeaderMap,
    body: Bytes,
) -> reqwest::Result<Response> {
    let answer = client
        .request(method, format!("{side}{uri}"))
        .headers(end_to_end(headers))
        .body(body)
        .send()
        .await?;
    let (status, headers) = (answer.status(), end_to_end(answer.headers().clone()));
    Ok((status, headers, answer.bytes().await?).into_response())
}

/// Without what belongs to one connection.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    for name in [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    headers
}

fn note_send(way: &Way, at: Instant, path: &str, body: &[u8]) {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let sent = Sent {
        at,
        conversation: path.to_owned(),
        answers: answered(body["text"].as_str().unwrap_or_default()),
    };
    lock(&way.seen).sends.push(sent);
}

fn note_hook(way: &Way, at: Instant, path: &str, body: &[u8]) {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let is_guests =
        body["type"] == "message" && body["event"] == "create" && body["object"]["income"] == true;
    let Some(id) = body["object"]["id"].as_i64().filter(|_| is_guests) else {
        return;
    };
    let mut seen = lock(&way.seen);
    seen.hooks.entry(id).or_insert(at);
    seen.sample
        .get_or_insert_with(|| (path.to_owned(), body.clone()));
}

/// The sandbox's bot ends its answer with `[turn: message, message]`.
fn answered(text: &str) -> Vec<i64> {
    let named = text
        .trim_end()
        .strip_suffix(']')
        .and_then(|text| text.rsplit_once('['))
        .and_then(|(_, turn)| turn.rsplit_once(": "));
    let ids = named.map_or("", |(_, ids)| ids).split(", ");
    ids.filter_map(|id| id.parse().ok()).collect()
}
