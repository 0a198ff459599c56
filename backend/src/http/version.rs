//! `GET /api/v1/version`.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// What runs here.
#[derive(Serialize, ToSchema)]
pub(super) struct Version {
    /// The build.
    version: &'static str,
    /// The version of the card's protocol.
    protocol: u32,
}

/// The build, and the version of the card's protocol.
#[utoipa::path(
    get,
    path = "/api/v1/version",
    tag = "operator",
    responses((status = 200, description = "What runs here", body = Version))
)]
pub(super) async fn show() -> Json<Version> {
    Json(Version {
        version: env!("CARGO_PKG_VERSION"),
        protocol: widget_core::PROTOCOL_VERSION,
    })
}
