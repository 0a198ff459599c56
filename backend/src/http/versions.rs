//! What the settings' two texts have in common over HTTP, the policy and the knowledge base: who may store a version, over
//! which one, and how a refusal is told. An old version is restored by storing it again: versions only ever grow.

use super::bearer::Caller;
use super::error::ApiError;
use super::state::Site;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::time::timeout;
use widget_core::ids::UserId;
use widget_core::wire::versions::{
    FieldChange, FieldFinding, VersionAbout, VersionProblem, nameless,
};
use widget_core::wire::{Problem, UserName};

/// The CRM names its users within so long, or they are shown by number.
const PATIENCE: Duration = Duration::from_secs(3);

/// A refusal with what the settings need to explain it.
#[derive(Debug)]
pub(super) struct Refused(Box<VersionProblem>);

impl Refused {
    /// The text is wrong.
    pub(super) fn wrong(
        error: ApiError,
        findings: impl IntoIterator<Item = impl Into<FieldFinding>>,
    ) -> Self {
        let mut refused = Self::from(error);
        refused.0.findings = findings.into_iter().map(Into::into).collect();
        refused
    }

    /// There is a newer version than the one that was seen, and this changed in it.
    pub(super) fn stale(
        error: ApiError,
        newest: Option<VersionAbout>,
        changes: Vec<FieldChange>,
    ) -> Self {
        let mut refused = Self::from(error);
        (refused.0.newest, refused.0.changes) = (newest, changes);
        refused
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self(Box::new(VersionProblem::from(Problem::from(error))))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = HeaderValue::from_static("application/problem+json");
        (status, [(CONTENT_TYPE, kind)], Json(self.0)).into_response()
    }
}

/// Whether the caller may change anything.
pub(super) fn changes_by(caller: &Caller) -> Result<(), ApiError> {
    caller.admin.then_some(()).ok_or_else(ApiError::admins_only)
}

/// A body of at most so many bytes, as JSON.
pub(super) fn parsed<T: DeserializeOwned>(
    body: Result<Bytes, BytesRejection>,
    most: usize,
) -> Result<T, ApiError> {
    let body = body.map_err(|refused| match refused.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::body_too_large(most),
        _ => ApiError::bad_request("the body cannot be read"),
    })?;
    serde_json::from_slice(&body)
        .map_err(|_| ApiError::bad_request("the body is not as the description says"))
}

/// The version in a path.
pub(super) fn asked_for(version: &str) -> Result<i64, ApiError> {
    version.parse().map_err(|_| ApiError::version_not_found())
}

/// The version in `If-Match`.
pub(super) fn seen_version(headers: &HeaderMap) -> Result<i64, ApiError> {
    let value = headers.get(IF_MATCH).ok_or_else(ApiError::version_needed)?;
    let text = value.to_str().unwrap_or_default().trim();
    text.trim_matches('"')
        .parse()
        .map_err(|_| ApiError::bad_request("If-Match is not a version"))
}

/// The header that names a version.
pub(super) fn etag(version: i64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&format!("\"{version}\"")) {
        headers.insert(ETAG, value);
    }
    headers
}

/// The account's active users; none while the CRM does not answer.
pub(super) async fn users(site: &Site) -> Vec<UserName> {
    let asked = timeout(PATIENCE, site.tenant.crm.users()).await;
    let Ok(Ok(users)) = asked else {
        tracing::warn!("the CRM does not name its users");
        return Vec::new();
    };
    let active = users.into_iter().filter(|user| user.active);
    active
        .map(|user| UserName {
            id: user.id,
            name: user.name,
        })
        .collect()
}

/// Whoever stored a version, by name where the CRM says it.
pub(super) fn named(user: Option<UserId>, users: &[UserName]) -> Option<UserName> {
    let known = |id| users.iter().find(|user| user.id == id).cloned();
    user.map(|id| known(id).unwrap_or_else(|| nameless(id)))
}
