//! `GET` and `PUT /api/v1/policy`, and `GET /api/v1/policy/versions`: the account's rules, for its settings.
//!
//! Every user of the account may read them; only an administrator stores a version, and only over the one that was seen
//! (`If-Match`). An old version is restored by storing its text again: versions only ever grow.

use super::bearer::Caller;
use super::error::ApiError;
use super::state::{Site, Web};
use crate::ports::{News, PolicyVersion, Replaced};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use widget_core::policy::{Policy, diff, parse};
use widget_core::wire::UserName;
use widget_core::wire::policy::{
    PolicyAbout, PolicyProblem, PolicySaved, PolicyText, PolicyVersions, PolicyView, nameless,
};

/// A policy is far shorter.
pub(super) const BODY_BYTES: usize = 256 * 1024;
/// A version comes into force within so long, or the answer says that it has not yet.
const PATIENCE: Duration = Duration::from_secs(3);
/// The CRM names its users within so long, or they are shown by number.
const PATIENCE_FOR_NAMES: Duration = Duration::from_secs(3);

/// A refusal with what the settings need to explain it.
#[derive(Debug)]
pub(super) struct Refused(Box<PolicyProblem>);

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self(Box::new(PolicyProblem::from(
            widget_core::wire::Problem::from(error),
        )))
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

/// The newest version of the account's policy.
#[utoipa::path(
    get,
    path = "/api/v1/policy",
    tag = "settings",
    security(("session" = [])),
    responses(
        (status = 200, description = "The newest version; its number is the ETag", body = PolicyView),
        (status = 401, description = "`session_expired`", body = PolicyProblem),
        (status = 404, description = "`version_not_found`: the backend has not served the account yet", body = PolicyProblem),
    )
)]
pub(super) async fn show(State(web): State<Arc<Web>>, caller: Caller) -> Result<Response, Refused> {
    view(&web, &caller, None).await
}

/// One version of the account's policy.
#[utoipa::path(
    get,
    path = "/api/v1/policy/versions/{version}",
    tag = "settings",
    security(("session" = [])),
    params(("version" = i64, Path, description = "The version's number")),
    responses(
        (status = 200, description = "The version; its number is the ETag", body = PolicyView),
        (status = 401, description = "`session_expired`", body = PolicyProblem),
        (status = 404, description = "`version_not_found`", body = PolicyProblem),
    )
)]
pub(super) async fn version(
    State(web): State<Arc<Web>>,
    caller: Caller,
    Path(version): Path<String>,
) -> Result<Response, Refused> {
    let version = version.parse().map_err(|_| ApiError::version_not_found())?;
    view(&web, &caller, Some(version)).await
}

/// All versions of the account's policy, newest first, without their texts.
#[utoipa::path(
    get,
    path = "/api/v1/policy/versions",
    tag = "settings",
    security(("session" = [])),
    responses(
        (status = 200, description = "The versions", body = PolicyVersions),
        (status = 401, description = "`session_expired`", body = PolicyProblem),
    )
)]
pub(super) async fn versions(
    State(web): State<Arc<Web>>,
    caller: Caller,
) -> Result<Json<PolicyVersions>, Refused> {
    let all = stored_versions(&web, &caller.site).await?;
    let users = users(&caller.site).await;
    let versions = all.into_iter().map(|version| about(version, &users));
    Ok(Json(PolicyVersions {
        versions: versions.collect(),
    }))
}

/// Stores a policy as the account's newest version; every instance decides under it within seconds.
#[utoipa::path(
    put,
    path = "/api/v1/policy",
    tag = "settings",
    security(("session" = [])),
    request_body = PolicyText,
    params(("If-Match" = String, Header, description = "The version that this one replaces")),
    responses(
        (status = 200, description = "It is the newest version; its number is the ETag", body = PolicySaved),
        (status = 400, description = "`bad_request`", body = PolicyProblem),
        (status = 401, description = "`session_expired`", body = PolicyProblem),
        (status = 403, description = "`admins_only`", body = PolicyProblem),
        (status = 409, description = "`policy_stale`: there is a newer version; `changes` says what changed", body = PolicyProblem),
        (status = 413, description = "`body_too_large`: more than 256 KiB", body = PolicyProblem),
        (status = 422, description = "`policy_wrong`; `findings` says what, by field", body = PolicyProblem),
        (status = 428, description = "`version_needed`: without If-Match", body = PolicyProblem),
    )
)]
pub(super) async fn change(
    State(web): State<Arc<Web>>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refused> {
    if !caller.admin {
        return Err(ApiError::admins_only().into());
    }
    let body = body.map_err(|refused| match refused.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::body_too_large(BODY_BYTES),
        _ => ApiError::bad_request("the body cannot be read"),
    })?;
    let over = seen_version(&headers)?;
    let text: PolicyText = serde_json::from_slice(&body)
        .map_err(|_| ApiError::bad_request("the body is not {\"toml\": text}"))?;
    // Who saw an older version hears of that first: what is wrong may have been put right in the newer one.
    let store = &web.flow.store;
    let account = caller.site.tenant.account;
    let newest = store.policy(account, None).await;
    let newest = newest.map_err(|cause| ApiError::unavailable(&cause))?;
    if newest.is_none_or(|newest| newest.version != over) {
        return Err(stale(&web, &caller.site, over).await);
    }
    if let Err(findings) = parse(&text.toml) {
        let mut refused = Refused::from(ApiError::policy_wrong());
        refused.0.findings = findings.into_iter().map(Into::into).collect();
        return Err(refused);
    }
    let replaced = store
        .replace_policy(account, over, &text.toml, caller.user, web.now())
        .await
        .map_err(|cause| ApiError::unavailable(&cause))?;
    let Replaced::Stored(version) = replaced else {
        return Err(stale(&web, &caller.site, over).await);
    };
    tracing::info!(%account, user = caller.user.0, version, "a policy was stored from the settings");
    store.tell(vec![News::Rules(account)]);
    let in_force = comes_into_force(&web, &caller.site, version).await;
    let saved = PolicySaved { version, in_force };
    Ok((etag(version), Json(saved)).into_response())
}

/// The version in `If-Match`.
pub(super) fn seen_version(headers: &HeaderMap) -> Result<i64, ApiError> {
    let value = headers.get(IF_MATCH).ok_or_else(ApiError::version_needed)?;
    let text = value.to_str().unwrap_or_default().trim();
    text.trim_matches('"')
        .parse()
        .map_err(|_| ApiError::bad_request("If-Match is not a version"))
}

pub(super) fn etag(version: i64) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&format!("\"{version}\"")) {
        headers.insert(ETAG, value);
    }
    headers
}

async fn view(web: &Web, caller: &Caller, version: Option<i64>) -> Result<Response, Refused> {
    let site = &caller.site;
    let stored = web.flow.store.policy(site.tenant.account, version).await;
    let stored = stored
        .map_err(|cause| ApiError::unavailable(&cause))?
        .ok_or_else(ApiError::version_not_found)?;
    let all = stored_versions(web, site).await?;
    let found = all
        .into_iter()
        .find(|known| known.version == stored.version);
    let found = found.ok_or_else(ApiError::version_not_found)?;
    let users = users(site).await;
    let view = PolicyView {
        about: about(found, &users),
        toml: stored.toml,
        now: web.now(),
        in_force: site.tenant.rules().version,
        from_file: site.policy_file,
        may_change: caller.admin,
        users,
    };
    Ok((etag(view.about.version), Json(view)).into_response())
}

async fn stored_versions(web: &Web, site: &Site) -> Result<Vec<PolicyVersion>, ApiError> {
    let all = web.flow.store.policies(site.tenant.account).await;
    all.map_err(|cause| ApiError::unavailable(&cause))
}

fn about(version: PolicyVersion, users: &[UserName]) -> PolicyAbout {
    let named = |id| users.iter().find(|user| user.id == id).cloned();
    PolicyAbout {
        version: version.version,
        at: version.at,
        origin: version.origin.as_str().to_owned(),
        mode: version.mode,
        user: version
            .user
            .map(|id| named(id).unwrap_or_else(|| nameless(id))),
    }
}

/// The account's active users; none while the CRM does not answer.
pub(super) async fn users(site: &Site) -> Vec<UserName> {
    let asked = timeout(PATIENCE_FOR_NAMES, site.tenant.crm.users()).await;
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

/// Somebody has stored a version since `over`: which, and what changed.
async fn stale(web: &Web, site: &Site, over: i64) -> Refused {
    let mut refused = Refused::from(ApiError::policy_stale());
    let Ok(all) = stored_versions(web, site).await else {
        return refused;
    };
    let Some(newest) = all.into_iter().next() else {
        return refused;
    };
    let (seen, is) = tokio::join!(typed(web, site, over), typed(web, site, newest.version));
    if let (Some(seen), Some(is)) = (seen, is) {
        refused.0.changes = diff(&seen, &is).into_iter().map(Into::into).collect();
    }
    refused.0.newest = Some(about(newest, &users(site).await));
    refused
}

/// A version, if there is one that can be read.
async fn typed(web: &Web, site: &Site, version: i64) -> Option<Policy> {
    let stored = web.flow.store.policy(site.tenant.account, Some(version));
    parse(&stored.await.ok()??.toml).ok()
}

/// Whether this instance decides under a version, waited for.
async fn comes_into_force(web: &Web, site: &Site, version: i64) -> bool {
    let began = Instant::now();
    web.flow.bells.rules_are_stored();
    loop {
        if site.tenant.rules().version >= version {
            return true;
        }
        if began.elapsed() >= PATIENCE {
            return false;
        }
        sleep(Duration::from_millis(10)).await;
    }
}

#[cfg(test)]
mod tests;
