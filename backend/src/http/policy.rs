//! `GET` and `PUT /api/v1/policy`, and `GET /api/v1/policy/versions`: the account's rules, for its settings.
//!
//! Every user of the account may read them; only an administrator stores a version, and only over the one that was seen
//! (`If-Match`).

use super::bearer::Caller;
use super::error::ApiError;
use super::state::{Site, Web};
use super::versions::{Refused, asked_for, changes_by, etag, named, parsed, seen_version, users};
use crate::ports::{News, PolicyVersion, Replaced};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use widget_core::policy::{Policy, diff, parse};
use widget_core::wire::UserName;
use widget_core::wire::policy::{PolicySaved, PolicyText, PolicyView};
use widget_core::wire::versions::{VersionAbout, VersionProblem, Versions};

/// A policy is far shorter.
pub(super) const BODY_BYTES: usize = 256 * 1024;
/// A version comes into force within so long, or the answer says that it has not yet.
const PATIENCE: Duration = Duration::from_secs(3);

/// The newest version of the account's policy.
#[utoipa::path(
    get,
    path = "/api/v1/policy",
    tag = "settings",
    security(("session" = [])),
    responses(
        (status = 200, description = "The newest version; its number is the ETag", body = PolicyView),
        (status = 401, description = "`session_expired`", body = VersionProblem),
        (status = 404, description = "`version_not_found`: the backend has not served the account yet", body = VersionProblem),
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
        (status = 401, description = "`session_expired`", body = VersionProblem),
        (status = 404, description = "`version_not_found`", body = VersionProblem),
    )
)]
pub(super) async fn version(
    State(web): State<Arc<Web>>,
    caller: Caller,
    Path(version): Path<String>,
) -> Result<Response, Refused> {
    view(&web, &caller, Some(asked_for(&version)?)).await
}

/// All versions of the account's policy, newest first, without their texts.
#[utoipa::path(
    get,
    path = "/api/v1/policy/versions",
    tag = "settings",
    security(("session" = [])),
    responses(
        (status = 200, description = "The versions", body = Versions),
        (status = 401, description = "`session_expired`", body = VersionProblem),
    )
)]
pub(super) async fn versions(
    State(web): State<Arc<Web>>,
    caller: Caller,
) -> Result<Json<Versions>, Refused> {
    let all = stored_versions(&web, &caller.site).await?;
    let users = users(&caller.site).await;
    let versions = all.into_iter().map(|version| about(version, &users));
    Ok(Json(Versions {
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
        (status = 400, description = "`bad_request`", body = VersionProblem),
        (status = 401, description = "`session_expired`", body = VersionProblem),
        (status = 403, description = "`admins_only`", body = VersionProblem),
        (status = 409, description = "`policy_stale`: there is a newer version; `changes` says what changed", body = VersionProblem),
        (status = 413, description = "`body_too_large`: more than 256 KiB", body = VersionProblem),
        (status = 422, description = "`policy_wrong`; `findings` says what, by field", body = VersionProblem),
        (status = 428, description = "`version_needed`: without If-Match", body = VersionProblem),
    )
)]
pub(super) async fn change(
    State(web): State<Arc<Web>>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refused> {
    changes_by(&caller)?;
    let over = seen_version(&headers)?;
    let text: PolicyText = parsed(body, BODY_BYTES)?;
    // Who saw an older version hears of that first: what is wrong may have been put right in the newer one.
    let store = &web.flow.store;
    let account = caller.site.tenant.account;
    let newest = store.policy(account, None).await;
    let newest = newest.map_err(|cause| ApiError::unavailable(&cause))?;
    if newest.is_none_or(|newest| newest.version != over) {
        return Err(stale(&web, &caller.site, over).await);
    }
    if let Err(findings) = parse(&text.toml) {
        return Err(Refused::wrong(ApiError::policy_wrong(), findings));
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

fn about(version: PolicyVersion, users: &[UserName]) -> VersionAbout {
    VersionAbout {
        version: version.version,
        at: version.at,
        origin: version.origin.as_str().to_owned(),
        mode: version.mode,
        user: named(version.user, users),
        passages: None,
    }
}

/// Somebody has stored a version since `over`: which, and what changed.
async fn stale(web: &Web, site: &Site, over: i64) -> Refused {
    let all = stored_versions(web, site).await.unwrap_or_default();
    let Some(newest) = all.into_iter().next() else {
        return ApiError::policy_stale().into();
    };
    let changes = match tokio::join!(typed(web, site, over), typed(web, site, newest.version)) {
        (Some(seen), Some(is)) => diff(&seen, &is).into_iter().map(Into::into).collect(),
        _ => Vec::new(),
    };
    let newest = about(newest, &users(site).await);
    Refused::stale(ApiError::policy_stale(), Some(newest), changes)
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
