//! `/metrics` in Prometheus' text format, and what is counted of every request. Labels carry the route's pattern, never
//! the path: paths hold secrets.

use super::state::Web;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Instant;

/// Everything counted so far.
pub(super) async fn show(State(web): State<Arc<Web>>) -> impl IntoResponse {
    let kind = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, web.metrics.render())
}

/// Counts a request and how long it took.
pub(super) async fn count(request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str)
        .to_owned();
    let method = request.method().to_string();
    let began = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    ::metrics::histogram!("estafeta_http_seconds", "route" => route.clone())
        .record(began.elapsed().as_secs_f64());
    ::metrics::counter!("estafeta_http_requests_total", "route" => route, "method" => method, "status" => status)
        .increment(1);
    response
}
