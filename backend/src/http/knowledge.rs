//! `/api/v1/knowledge`: the account's knowledge base, for its settings.
//!
//! Every user of the account may read it and try questions on it: its words are for every guest. Only an administrator stores
//! a version, over the one that was seen (`If-Match`; 0 = there is none yet), and reads what guests asked in vain.

use super::bearer::Caller;
use super::error::ApiError;
use super::state::{Site, Web};
use super::versions::{Refused, asked_for, changes_by, etag, named, parsed, seen_version, users};
use crate::ports::{BaseVersion, Hit, Missed, NewBase, Origin, Replaced, StoredBase};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use widget_core::ids::TextRef;
use widget_core::knowledge::{
    BaseFile, Index, Passage, Question, confidence, grouped, is_sure, read,
};
use widget_core::wire::UserName;
use widget_core::wire::knowledge::{
    KnowledgeFiles, KnowledgeFound, KnowledgeMissed, KnowledgeQuestion, KnowledgeSaved,
    KnowledgeView, MissedGroup, PassageFound, changes,
};
use widget_core::wire::versions::{VersionAbout, VersionProblem, Versions};

/// All files of a base together, as JSON: a MiB of text may be two.
pub(super) const BODY_BYTES: usize = 2 * 1024 * 1024;
/// A preview shows so many passages.
const SHOWN: usize = 10;
/// So many questions that found nothing are looked through.
const MOST_MISSED: u32 = 1_000;
/// So many questions of a group are shown.
const OF_GROUP: usize = 5;

/// The newest version of the account's knowledge base.
#[utoipa::path(
    get,
    path = "/api/v1/knowledge",
    tag = "settings",
    security(("session" = [])),
    responses(
        (status = 200, description = "The newest version; its number is the ETag. 0 = there is none", body = KnowledgeView),
        (status = 401, description = "`session_expired`", body = VersionProblem),
    )
)]
pub(super) async fn show(State(web): State<Arc<Web>>, caller: Caller) -> Result<Response, Refused> {
    let stored = web.flow.store.base(caller.site.tenant.account, None).await;
    let stored = stored.map_err(|cause| ApiError::unavailable(&cause))?;
    Ok(view(&caller, stored))
}

/// One version of the account's knowledge base.
#[utoipa::path(
    get,
    path = "/api/v1/knowledge/versions/{version}",
    tag = "settings",
    security(("session" = [])),
    params(("version" = i64, Path, description = "The version's number")),
    responses(
        (status = 200, description = "The version; its number is the ETag", body = KnowledgeView),
        (status = 401, description = "`session_expired`", body = VersionProblem),
        (status = 404, description = "`version_not_found`", body = VersionProblem),
    )
)]
pub(super) async fn version(
    State(web): State<Arc<Web>>,
    caller: Caller,
    Path(version): Path<String>,
) -> Result<Response, Refused> {
    let account = caller.site.tenant.account;
    let stored = web
        .flow
        .store
        .base(account, Some(asked_for(&version)?))
        .await;
    let stored = stored.map_err(|cause| ApiError::unavailable(&cause))?;
    let stored = stored.ok_or_else(ApiError::version_not_found)?;
    Ok(view(&caller, Some(stored)))
}

/// All versions of the account's knowledge base, newest first, without their words.
#[utoipa::path(
    get,
    path = "/api/v1/knowledge/versions",
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
    let all = web.flow.store.bases(caller.site.tenant.account).await;
    let all = all.map_err(|cause| ApiError::unavailable(&cause))?;
    let users = users(&caller.site).await;
    let versions = all.iter().map(|version| about(version, &users));
    Ok(Json(Versions {
        versions: versions.collect(),
    }))
}

/// Stores a knowledge base as the account's newest version; the bot answers from it at the next question.
#[utoipa::path(
    put,
    path = "/api/v1/knowledge",
    tag = "settings",
    security(("session" = [])),
    request_body = KnowledgeFiles,
    params(("If-Match" = String, Header, description = "The version that this one replaces; 0 = there is none")),
    responses(
        (status = 200, description = "It is the newest version; its number is the ETag", body = KnowledgeSaved),
        (status = 400, description = "`bad_request`", body = VersionProblem),
        (status = 401, description = "`session_expired`", body = VersionProblem),
        (status = 403, description = "`admins_only`", body = VersionProblem),
        (status = 409, description = "`knowledge_stale`: there is a newer version; `changes` says what changed", body = VersionProblem),
        (status = 413, description = "`body_too_large`: more than 2 MiB", body = VersionProblem),
        (status = 422, description = "`knowledge_wrong`; `findings` says what, by file and line", body = VersionProblem),
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
    let body: KnowledgeFiles = parsed(body, BODY_BYTES)?;
    let passages = typed(&body.files)?;
    let account = caller.site.tenant.account;
    let count = passages.len();
    let base = NewBase::of(
        body.files,
        &passages,
        (Some(over), Origin::Api, Some(caller.user)),
    );
    let replaced = web.flow.store.put_base(account, base, web.now()).await;
    match replaced.map_err(|cause| ApiError::unavailable(&cause))? {
        Replaced::Stored(version) => {
            tracing::info!(%account, user = caller.user.0, version, passages = count, "a knowledge base was stored from the settings");
            let saved = KnowledgeSaved {
                version,
                passages: count,
            };
            Ok((etag(version), Json(saved)).into_response())
        }
        Replaced::Stale(_) => Err(stale(&web, &caller.site, over).await),
    }
}

/// What a question finds: in the newest version, or in files that are not stored yet.
#[utoipa::path(
    post,
    path = "/api/v1/knowledge/preview",
    tag = "settings",
    security(("session" = [])),
    request_body = KnowledgeQuestion,
    responses(
        (status = 200, description = "What it finds", body = KnowledgeFound),
        (status = 400, description = "`bad_request`", body = VersionProblem),
        (status = 401, description = "`session_expired`", body = VersionProblem),
        (status = 413, description = "`body_too_large`: more than 2 MiB", body = VersionProblem),
        (status = 422, description = "`knowledge_wrong`; `findings` says what, by file and line", body = VersionProblem),
    )
)]
pub(super) async fn preview(
    State(web): State<Arc<Web>>,
    caller: Caller,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<KnowledgeFound>, Refused> {
    let asked: KnowledgeQuestion = parsed(body, BODY_BYTES)?;
    let (version, hits) = match asked.files {
        Some(files) => {
            let passages = typed(&files)?;
            let index = Index::new(&passages);
            let found = index.rank(&index.hear(&asked.question)).into_iter();
            let hit = |found: widget_core::knowledge::Found| Hit {
                passage: passages[found.place].clone(),
                value: found.value,
            };
            (0, found.map(hit).take(SHOWN).collect())
        }
        None => match &web.librarian {
            Some(librarian) => {
                let account = caller.site.tenant.account;
                let found = librarian.find(account, &asked.question, SHOWN).await;
                let found = found.map_err(|cause| ApiError::unavailable(&cause))?;
                (found.version, found.hits)
            }
            None => (0, Vec::new()),
        },
    };
    Ok(Json(KnowledgeFound {
        version,
        answers: is_sure(hits.iter().map(|hit| hit.value)),
        found: hits.into_iter().map(shown).collect(),
    }))
}

/// Guests' questions that found nothing and would find nothing now, those that ask the same together.
#[utoipa::path(
    get,
    path = "/api/v1/knowledge/missed",
    tag = "settings",
    security(("session" = [])),
    responses(
        (status = 200, description = "The questions", body = KnowledgeMissed),
        (status = 401, description = "`session_expired`", body = VersionProblem),
        (status = 403, description = "`admins_only`: they are guests' words", body = VersionProblem),
    )
)]
pub(super) async fn missed(
    State(web): State<Arc<Web>>,
    caller: Caller,
) -> Result<Json<KnowledgeMissed>, Refused> {
    changes_by(&caller)?;
    let account = caller.site.tenant.account;
    let missed = web.flow.store.missed(account, MOST_MISSED).await;
    let missed = missed.map_err(|cause| ApiError::unavailable(&cause))?;
    let refs: Vec<TextRef> = missed.iter().flat_map(|one| &one.texts).copied().collect();
    let texts = web.flow.store.texts(account, &refs).await;
    let mut texts = texts
        .map_err(|cause| ApiError::unavailable(&cause))?
        .into_iter();
    let mut asked = |one: &Missed| {
        let words: Vec<String> = texts.by_ref().take(one.texts.len()).flatten().collect();
        Question {
            text: words.join("\n"),
            at: one.at,
        }
    };
    let questions = missed.iter().map(&mut asked).collect();
    let newest = web.flow.store.base(account, None).await;
    let newest = newest.map_err(|cause| ApiError::unavailable(&cause))?;
    let passages = newest.map_or_else(Vec::new, |base| read(&base.files).unwrap_or_default());
    let index = Index::new(&passages);
    let is_answered = |question: &Question| {
        let found = index.rank(&index.hear(&question.text));
        is_sure(found.iter().map(|found| found.value))
    };
    let mut groups = grouped(questions);
    groups.retain(|group| !group.questions.first().is_some_and(is_answered));
    let groups = groups.into_iter().map(|group| MissedGroup {
        count: group.questions.len(),
        last_at: group.questions.first().map_or(0, |newest| newest.at),
        questions: group
            .questions
            .into_iter()
            .map(|question| question.text)
            .take(OF_GROUP)
            .collect(),
    });
    Ok(Json(KnowledgeMissed {
        groups: groups.collect(),
    }))
}

/// The passages of a base that is not stored yet.
fn typed(files: &[BaseFile]) -> Result<Vec<Passage>, Refused> {
    read(files).map_err(|findings| Refused::wrong(ApiError::knowledge_wrong(), findings))
}

/// Somebody has stored a version since `over`: which, and what changed.
async fn stale(web: &Web, site: &Site, over: i64) -> Refused {
    let (store, account) = (&web.flow.store, site.tenant.account);
    let passages = async |version| {
        let stored = store.base(account, Some(version)).await.ok().flatten();
        stored.map_or_else(Vec::new, |base| read(&base.files).unwrap_or_default())
    };
    let all = store.bases(account).await.unwrap_or_default();
    let Some(newest) = all.into_iter().next() else {
        return ApiError::knowledge_stale().into();
    };
    let (seen, is) = tokio::join!(passages(over), passages(newest.version));
    let newest = about(&newest, &users(site).await);
    Refused::stale(
        ApiError::knowledge_stale(),
        Some(newest),
        changes(&seen, &is),
    )
}

fn about(version: &BaseVersion, users: &[UserName]) -> VersionAbout {
    VersionAbout {
        version: version.version,
        at: version.at,
        origin: version.origin.as_str().to_owned(),
        mode: None,
        user: named(version.user, users),
        passages: Some(version.passages),
    }
}

fn shown(hit: Hit) -> PassageFound {
    PassageFound {
        passage: hit.passage,
        confidence: f64::from(confidence(hit.value)) / 100.0,
    }
}

fn view(caller: &Caller, stored: Option<StoredBase>) -> Response {
    let (version, files) = stored.map_or((0, Vec::new()), |base| (base.version, base.files));
    let view = KnowledgeView {
        version,
        passages: read(&files).unwrap_or_default(),
        files,
        may_change: caller.admin,
    };
    (etag(version), Json(view)).into_response()
}

#[cfg(test)]
mod tests;
