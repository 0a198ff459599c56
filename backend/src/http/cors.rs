//! CORS: only pages of active installs may call: of accounts that are connected, or that have to be connected anew; and
//! of those that are being set up, so that their widget can be seen. No credentials: the bearer is a header.

use super::state::{Site, Web};
use crate::ports::Standing;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, IF_MATCH, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, Method};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tower_http::cors::{AllowOrigin, CorsLayer};

/// A browser asks again after so long.
const PREFLIGHT_LIFE: Duration = Duration::from_mins(10);

/// The layer for the accounts of `web`.
pub(super) fn layer(web: &Arc<Web>) -> CorsLayer {
    let mut pages: HashMap<HeaderValue, Vec<Arc<Site>>> = HashMap::new();
    for site in web.sites.all() {
        for origin in site.origins.iter().filter_map(|origin| origin.parse().ok()) {
            pages.entry(origin).or_default().push(Arc::clone(site));
        }
    }
    let (web, pages) = (Arc::clone(web), Arc::new(pages));
    CorsLayer::new()
        .allow_origin(AllowOrigin::async_predicate(move |origin, _| {
            let theirs = pages.get(&origin);
            let may_call = theirs.is_some_and(|sites| sites.iter().any(|site| is_active(site)));
            async move { may_call || is_being_set_up(&web, &origin).await }
        }))
        .allow_methods([Method::GET, Method::POST, Method::PUT])
        .allow_headers([
            HeaderName::from_static("x-auth-token"),
            AUTHORIZATION,
            CONTENT_TYPE,
            IF_MATCH,
            HeaderName::from_static("last-event-id"),
        ])
        .expose_headers([RETRY_AFTER, HeaderName::from_static("x-request-id")])
        .max_age(PREFLIGHT_LIFE)
}

/// Whether the account uses the integration: one that nobody has connected, or that was disconnected, does not.
fn is_active(site: &Site) -> bool {
    let connection = site.connection.as_ref();
    connection.is_none_or(|connection| connection.standing() != Standing::NotConnected)
}

async fn is_being_set_up(web: &Web, origin: &HeaderValue) -> bool {
    let Some(setup) = &web.setup else {
        return false;
    };
    let installs = setup.desk.installs().await;
    let mut pages = installs.iter().flat_map(|install| &install.origins);
    pages.any(|page| page.as_bytes() == origin.as_bytes())
}

#[cfg(test)]
mod tests {
    use crate::http::fake::{self, PAGE, World, call, get, post, with};
    use crate::ports::Connection as _;
    use axum::body::Body;
    use axum::http::Request;

    fn preflight(path: &str, origin: &str) -> Request<Body> {
        let request = Request::options(path)
            .body(Body::empty())
            .expect("a request");
        let request = with(request, "origin", origin);
        let request = with(request, "access-control-request-method", "POST");
        with(
            request,
            "access-control-request-headers",
            "x-auth-token,if-match",
        )
    }

    #[tokio::test]
    async fn the_pages_of_connected_accounts_may_call() {
        let world = World::new();
        for path in [
            "/api/v1/session",
            "/api/v1/dialogs/d/take",
            "/widget/card-0.wasm",
        ] {
            let answer = call(&world, preflight(path, PAGE)).await;
            assert_eq!(answer.status(), 200, "{path}");
            let headers = answer.headers();
            assert_eq!(headers["access-control-allow-origin"], PAGE);
            let allowed = headers["access-control-allow-headers"].to_str().unwrap();
            for name in ["x-auth-token", "authorization", "content-type", "if-match"] {
                assert!(allowed.contains(name), "{allowed}");
            }
            assert!(!headers.contains_key("access-control-allow-credentials"));
        }
    }

    #[tokio::test]
    async fn cors_the_pages_of_an_account_that_was_disconnected_may_not_call() {
        let world = World::new();
        let may_call = async |page: &str| {
            let answer = call(&world, preflight("/api/v1/session", page)).await;
            answer.headers().contains_key("access-control-allow-origin")
        };
        assert!(
            may_call(PAGE).await,
            "it has to be connected anew: its card says so"
        );
        world.connection.disconnect();
        assert!(!may_call(PAGE).await);
        assert!(
            may_call("https://other.amocrm.ru").await,
            "another account's"
        );
    }

    #[tokio::test]
    async fn refusals_can_be_read_by_the_page_too() {
        let world = World::new();
        let request = with(post("/api/v1/session", Vec::new()), "origin", PAGE);
        let answer = call(&world, request).await;
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.headers()["access-control-allow-origin"], PAGE);
    }

    #[tokio::test]
    async fn other_pages_and_other_routes_get_no_permission() {
        let world = World::new();
        for (path, origin) in [
            ("/api/v1/session", "https://evil.example.org"),
            ("/api/v1/session", "null"),
            (fake::PACT_HOOK, PAGE),
        ] {
            let answer = call(&world, preflight(path, origin)).await;
            let granted = answer.headers().contains_key("access-control-allow-origin");
            assert!(!granted, "{path} {origin}");
        }
        let answer = call(&world, with(get("/metrics"), "origin", PAGE)).await;
        assert!(!answer.headers().contains_key("access-control-allow-origin"));
    }
}
