//! Where the answers arrive that a bot has promised: the route of the product, with nothing behind it.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// A late answer, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    pub(crate) turn: String,
    pub(crate) timestamp: String,
    pub(crate) signature: String,
    pub(crate) body: Vec<u8>,
}

/// Takes every late answer.
pub(crate) struct Mailbox {
    post: Arc<Post>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Post {
    arrived: Mutex<Vec<Arrived>>,
    bell: Notify,
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Mailbox {
    pub(crate) fn open(listener: TcpListener) -> Self {
        let post = Arc::new(Post::default());
        let routes = Router::new()
            .route("/api/v1/bot/turns/{turn}", axum::routing::post(take))
            .with_state(Arc::clone(&post));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, routes).await {
                tracing::error!(%error, "late answers cannot be taken");
            }
        });
        Self { post, server }
    }

    /// The next answer to a turn, taken out of the box; `None` when it does not come within `patience`.
    pub(crate) async fn wait_for(&self, turn: &str, patience: Duration) -> Option<Arrived> {
        let arrives = async {
            loop {
                let bell = self.post.bell.notified();
                if let Some(arrived) = self.post.take_out(turn) {
                    return arrived;
                }
                bell.await;
            }
        };
        tokio::time::timeout(patience, arrives).await.ok()
    }
}

impl Post {
    fn take_out(&self, turn: &str) -> Option<Arrived> {
        let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        let at = arrived.iter().position(|late| late.turn == turn)?;
        Some(arrived.remove(at))
    }
}

async fn take(
    State(post): State<Arc<Post>>,
    Path(turn): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let header = |name| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    post.arrived
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Arrived {
            turn,
            timestamp: header("x-estafeta-timestamp"),
            signature: header("x-estafeta-signature"),
            body: body.into(),
        });
    post.bell.notify_one();
    StatusCode::ACCEPTED
}
