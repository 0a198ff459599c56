//! The operator's side: a server that takes alerts, and the tasks of whoever sees to the connections.

use super::World;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use tokio::task::JoinHandle;

const SECRET: &str = "alert-secret-value";

/// Takes alerts, and believes only signed ones.
pub struct Ops {
    url: String,
    inner: Arc<Inner>,
    serving: JoinHandle<()>,
}

struct Inner {
    news: Mutex<Vec<Value>>,
    answer: AtomicU16,
}

impl Drop for Ops {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Ops {
    /// Listens on a port of its own.
    pub async fn listening() -> Self {
        let inner = Arc::new(Inner {
            news: Mutex::default(),
            answer: AtomicU16::new(204),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let url = format!("http://{}/alerts", listener.local_addr().expect("a port"));
        let routes = Router::new()
            .route("/alerts", post(take))
            .with_state(Arc::clone(&inner));
        let serving = tokio::spawn(async move {
            axum::serve(listener, routes).await.expect("it serves");
        });
        Self {
            url,
            inner,
            serving,
        }
    }

    /// From now on it answers so; only what it answers with 204 counts as told.
    pub fn answers(&self, status: u16) {
        self.inner.answer.store(status, Ordering::SeqCst);
    }

    /// What was told of a kind, `(part, body)`.
    pub fn told_of(&self, kind: &str) -> Vec<(String, Value)> {
        let news = self.inner.news.lock().expect("no panic");
        let of_kind = news.iter().filter(|news| news["kind"] == kind);
        of_kind
            .map(|news| {
                (
                    news["part"].as_str().expect("a part").to_owned(),
                    news.clone(),
                )
            })
            .collect()
    }

    /// The kinds that something was told of.
    pub fn kinds(&self) -> Vec<String> {
        let news = self.inner.news.lock().expect("no panic");
        let mut kinds: Vec<String> = news
            .iter()
            .filter_map(|news| news["kind"].as_str().map(str::to_owned))
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

async fn take(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key");
    mac.update(header("x-estafeta-timestamp").as_bytes());
    mac.update(b".");
    mac.update(&body);
    let signed = hex::decode(header("x-estafeta-signature")).unwrap_or_default();
    if mac.verify_slice(&signed).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    let status = StatusCode::from_u16(inner.answer.load(Ordering::SeqCst)).expect("a status");
    if status.is_success() {
        let news = serde_json::from_slice(&body).expect("JSON");
        inner.news.lock().expect("no panic").push(news);
    }
    status
}

impl World {
    /// The settings name who learns of what is wrong: Ольга by a task, and this webhook. Before the backend starts.
    pub fn tells(&self, ops: &Ops, more: &str) {
        let settings = std::fs::read_to_string(self.settings()).expect("the settings");
        let settings = format!(
            "{settings}\n[accounts.alerts]\ntech_user = 9001\nwebhook = \"{}\"\nwebhook_secret = \"{SECRET}\"\n{more}\n",
            ops.url
        );
        std::fs::write(self.settings(), settings).expect("the settings");
    }

    /// The tasks that stand on no deal, oldest first, whose text holds these words.
    pub async fn alert_tasks(&self, words: &str) -> Vec<Value> {
        let tasks = self.look("tasks").await.expect("tasks");
        let tasks = tasks.as_array().expect("a list").iter();
        let theirs = tasks.filter(|task| {
            let text = task["text"].as_str().unwrap_or_default();
            text.starts_with("Эстафета: ") && text.contains(words)
        });
        theirs.cloned().collect()
    }

    /// Waits until an incident of this kind was told as begun in both ways; the task, whose text holds these words.
    pub async fn alert_begins(&self, ops: &Ops, kind: &str, words: &str) -> Value {
        self.eventually(&format!("{kind} begins"), async || {
            (!ops.told_of(kind).is_empty()).then_some(())
        })
        .await;
        let task = self
            .eventually(&format!("a task for {kind}"), async || {
                self.alert_tasks(words).await.pop()
            })
            .await;
        assert_eq!(task["responsible"], 9001, "{task}");
        let told = ops.told_of(kind);
        assert_eq!(told[0].0, "begin", "{told:?}");
        task
    }

    /// Waits until it was told as over; everything was told once.
    pub async fn alert_ends(&self, ops: &Ops, kind: &str, words: &str) {
        self.eventually(&format!("{kind} is over"), async || {
            let told = ops.told_of(kind);
            told.iter().any(|(part, _)| part == "end").then_some(())
        })
        .await;
        self.eventually(&format!("the task for {kind} is closed"), async || {
            let tasks = self.alert_tasks(words).await;
            // One that was made when it was over already says so, and waits for its reader.
            let says_it_all = |task: &Value| {
                let text = task["text"].as_str().unwrap_or_default();
                task["done"] == true || text.contains(", прошло в ")
            };
            tasks.iter().all(says_it_all).then_some(())
        })
        .await;
        self.comes_to_rest().await;
        self.alert_was_told_once(ops, kind, words).await;
    }

    /// One task, one begin, one end.
    pub async fn alert_was_told_once(&self, ops: &Ops, kind: &str, words: &str) {
        let parts: Vec<String> = ops
            .told_of(kind)
            .into_iter()
            .map(|(part, _)| part)
            .collect();
        assert_eq!(parts, ["begin", "end"], "{kind}");
        let tasks = self.alert_tasks(words).await;
        assert_eq!(tasks.len(), 1, "{kind}: {tasks:?}");
    }
}
