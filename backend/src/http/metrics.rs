//! `/metrics` in Prometheus' text format, and what is counted of every request. Labels carry the route's pattern, never
//! the path: paths hold secrets.

use super::state::Web;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Instant;

const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT",
];

/// Everything counted so far.
pub(super) async fn show(State(web): State<Arc<Web>>) -> impl IntoResponse {
    let kind = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, web.metrics.render())
}

/// The method as a label. Callers may invent methods, and every label is kept for ever.
fn label(method: &Method) -> &'static str {
    METHODS
        .into_iter()
        .find(|known| *known == method.as_str())
        .unwrap_or("other")
}

/// Counts a request and how long it took.
pub(super) async fn count(request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str)
        .to_owned();
    let method = label(request.method());
    let began = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    ::metrics::histogram!("estafeta_http_seconds", "route" => route.clone())
        .record(began.elapsed().as_secs_f64());
    ::metrics::counter!("estafeta_http_requests_total", "route" => route, "method" => method, "status" => status)
        .increment(1);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_methods_of_the_standard_become_labels() {
        for known in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] {
            assert_eq!(label(&known.parse().unwrap()), known);
        }
        for odd in ["get", "BREW", "X1"] {
            assert_eq!(label(&odd.parse().unwrap()), "other");
        }
    }
}
