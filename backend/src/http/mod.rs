//! The backend's HTTP side: what providers, the card and the operator reach. One resource a file.
//!
//! A handler reads the request, asks the flow or a port, and puts the answer into the words of `widget_core::wire`.
//! Nothing is decided here. Errors: [`error`].

mod access;
mod bearer;
mod bot;
mod card;
mod checks;
mod cors;
mod dialogs;
mod error;
mod events;
#[cfg(test)]
mod fake;
mod health;
mod history;
mod installed;
mod invitation;
mod knowledge;
mod layers;
mod metrics;
mod oauth;
mod onetime;
mod openapi;
mod policy;
mod session;
mod setup;
mod sites;
mod state;
mod version;
mod versions;
mod view;
mod webhooks;
mod widget;

pub use bearer::SessionKey;
pub use error::not_found;
pub use invitation::InvitationKey;
pub use setup::{Setup, SetupKey};
pub use sites::Sites;
pub use state::{Site, Web, WidgetFile};

use crate::flow::Press;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use std::sync::Arc;

/// Where amoCRM sends codes: the path of an integration's redirect URI.
pub const OAUTH_CALLBACK: &str = "/oauth/amocrm/callback";
/// Where amoCRM says that the integration was switched off: the path of the integration's hook.
pub const OAUTH_FAREWELL: &str = "/oauth/amocrm/disconnect";
/// The card's calls carry at most a note.
const API_BODY_BYTES: usize = 16 * 1024;

/// All routes, without a fallback, so that another router can be merged in.
pub fn router(web: Arc<Web>) -> Router {
    let api = Router::new()
        .route("/api/v1/version", get(version::show))
        .route("/api/v1/openapi.json", get(openapi::show))
        .route("/api/v1/session", post(session::open))
        .route("/api/v1/deals/{deal}/dialogs", get(card::dialogs))
        .route("/api/v1/deals/{deal}/opened", post(card::opened))
        .route("/api/v1/deals/{deal}/events", get(events::stream))
        .route(
            "/api/v1/dialogs/{dialog}/take",
            dialogs::button(Press::Take),
        )
        .route(
            "/api/v1/dialogs/{dialog}/return",
            post(dialogs::return_to_bot),
        )
        .route("/api/v1/dialogs/{dialog}/history", get(history::show))
        .route(
            "/api/v1/dialogs/{dialog}/undo",
            dialogs::button(Press::Undo),
        )
        .route(
            "/api/v1/dialogs/{dialog}/dismiss",
            dialogs::button(Press::Dismiss),
        )
        .route(
            "/api/v1/dialogs/{dialog}/no_touch",
            dialogs::button(Press::NoTouch),
        )
        .route(
            "/api/v1/dialogs/{dialog}/exclude",
            dialogs::button(Press::Exclude),
        )
        .route(
            "/api/v1/dialogs/{dialog}/include",
            dialogs::button(Press::Include),
        )
        .layer(DefaultBodyLimit::max(API_BODY_BYTES));
    let rules = Router::new()
        .route("/api/v1/checks", get(checks::show))
        .route("/api/v1/policy", get(policy::show).put(policy::change))
        .route("/api/v1/policy/versions", get(policy::versions))
        .route("/api/v1/policy/versions/{version}", get(policy::version))
        .layer(DefaultBodyLimit::max(policy::BODY_BYTES));
    let base = Router::new()
        .route(
            "/api/v1/knowledge",
            get(knowledge::show).put(knowledge::change),
        )
        .route("/api/v1/knowledge/versions", get(knowledge::versions))
        .route(
            "/api/v1/knowledge/versions/{version}",
            get(knowledge::version),
        )
        .route("/api/v1/knowledge/preview", post(knowledge::preview))
        .route("/api/v1/knowledge/missed", get(knowledge::missed))
        .layer(DefaultBodyLimit::max(knowledge::BODY_BYTES));
    let browser = api
        .merge(rules)
        .merge(base)
        .route("/widget/{file}", get(widget::file))
        .layer(cors::layer(&web));
    let hooks = Router::new()
        .route("/hooks/pact/{secret}", post(webhooks::pact))
        .route("/hooks/amocrm/{secret}", post(webhooks::amocrm))
        .layer(DefaultBodyLimit::max(webhooks::BODY_BYTES));
    let oauth = Router::new()
        .route(OAUTH_CALLBACK, get(oauth::callback))
        .route(OAUTH_FAREWELL, get(oauth::disconnect));
    let bots = Router::new()
        .route("/api/v1/bot/turns/{turn}", post(bot::late))
        .layer(DefaultBodyLimit::max(bot::BODY_BYTES));
    let operator = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::show));
    let routes = browser
        .merge(hooks)
        .merge(bots)
        .merge(oauth)
        .merge(setup::routes())
        .merge(operator);
    let routes = routes.with_state(web);
    layers::around(routes.layer(from_fn(metrics::count)))
}
