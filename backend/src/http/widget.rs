//! `GET /widget/{file}`: the card's module for a browser that could not unpack the one in the archive. Names carry a
//! hash, so a file may be kept for ever.

use super::error;
use super::state::Web;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// One file of the widget.
pub(super) async fn file(State(web): State<Arc<Web>>, Path(name): Path<String>) -> Response {
    match web.widget.iter().find(|file| file.name == name) {
        Some(file) => {
            let headers = [
                (CONTENT_TYPE, kind(&file.name)),
                (CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ];
            (headers, file.bytes.clone()).into_response()
        }
        None => error::not_found().await,
    }
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "wasm")) => "application/wasm",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        _ => "application/octet-stream",
    }
}
