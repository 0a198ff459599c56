//! `GET /api/v1/version`.

use axum::Json;
use serde_json::{Value, json};

/// The build, and the version of the card's protocol.
pub(super) async fn show() -> Json<Value> {
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "protocol": widget_core::PROTOCOL_VERSION,
    }))
}
