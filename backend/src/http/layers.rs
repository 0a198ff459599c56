//! What surrounds every route: request id, trace, panics, time limit. From outside to inside in this order.

use super::error::ApiError;
use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use std::any::Any;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{
    MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer,
};
use tower_http::trace::{DefaultOnFailure, TraceLayer};
use tracing::{Level, Span};

/// A request takes no longer. `take` may wait 2 s for a text that is being sent, and the CRM may be slow.
const PATIENCE: Duration = Duration::from_secs(20);

/// The routes with everything around them.
pub(super) fn around(routes: Router) -> Router {
    routes
        .layer(from_fn(in_time))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(span)
                .on_request(())
                .on_response(answered)
                .on_failure(DefaultOnFailure::new().level(Level::DEBUG)),
        )
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
}

async fn in_time(request: Request, next: Next) -> Response {
    tokio::time::timeout(PATIENCE, next.run(request))
        .await
        .unwrap_or_else(|_| ApiError::timeout().into_response())
}

/// The message of a panic may hold anything: it stays in the panic hook's log.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    ApiError::internal().into_response()
}

/// The pattern of the route stands for the path, which may hold a secret.
fn span(request: &Request<Body>) -> Span {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str);
    let id = request
        .extensions()
        .get::<RequestId>()
        .and_then(|id| id.header_value().to_str().ok())
        .unwrap_or_default();
    tracing::info_span!("http", method = %request.method(), route, id)
}

fn answered<B>(response: &Response<B>, took: Duration, _: &Span) {
    let status = response.status().as_u16();
    if status >= 500 {
        tracing::warn!(status, ms = took.as_millis(), "answered");
    } else {
        tracing::debug!(status, ms = took.as_millis(), "answered");
    }
}
