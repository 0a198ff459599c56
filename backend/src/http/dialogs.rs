//! `POST /api/v1/dialogs/{id}/take · return · undo · dismiss · no_touch · exclude · include`: the card's buttons.
//!
//! `If-Match` carries the epoch that the manager saw; without it the click is unconditional.

use super::access;
use super::bearer::Caller;
use super::error::ApiError;
use super::state::Web;
use super::view;
use crate::flow::{Press, PressError};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::IF_MATCH;
use axum::routing::{MethodRouter, post};
use std::sync::Arc;
use widget_core::dialog::Dialog;
use widget_core::ids::{DialogId, UserId};
use widget_core::owner::Owner;
use widget_core::wire::{ActionAnswer, ReturnRequest};

/// The longest note for the bot, characters.
const NOTE_MAX: usize = 500;

type Answer = Result<Json<ActionAnswer>, ApiError>;

/// A button that says nothing but that it was clicked.
pub(super) fn button(click: Press) -> MethodRouter<Arc<Web>> {
    post(
        move |State(web): State<Arc<Web>>,
              caller: Caller,
              Path(dialog): Path<String>,
              headers: HeaderMap| {
            let (click, dialog) = (click.clone(), DialogId(dialog));
            Box::pin(async move { press(&web, &caller, &dialog, &headers, click).await })
        },
    )
}

/// «Вернуть боту».
pub(super) async fn return_to_bot(
    State(web): State<Arc<Web>>,
    caller: Caller,
    Path(dialog): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let press_return = Press::Return(note(&body)?);
    Box::pin(press(
        &web,
        &caller,
        &DialogId(dialog),
        &headers,
        press_return,
    ))
    .await
}

async fn press(
    web: &Web,
    caller: &Caller,
    id: &DialogId,
    headers: &HeaderMap,
    press: Press,
) -> Answer {
    let epoch = seen_epoch(headers)?;
    may_see(web, caller, id).await?;
    let tenant = &caller.site.tenant;
    match web.flow.press(tenant, id, press, caller.user, epoch).await {
        Ok(pressed) => Ok(Json(ActionAnswer {
            dialog: view::of(web, &caller.site, &pressed.dialog).await?,
            left_meanwhile: pressed.left_meanwhile,
        })),
        Err(PressError::NotFound) => Err(ApiError::dialog_not_found()),
        Err(PressError::Stale(dialog)) => {
            let shown = view::of(web, &caller.site, &dialog).await?;
            if led_by_another(&dialog, caller.user) {
                Err(ApiError::owner_changed(shown))
            } else {
                Err(ApiError::epoch_stale(shown))
            }
        }
        Err(PressError::Store(cause)) => Err(ApiError::unavailable(&cause)),
    }
}

/// Promise 6: the dialog is looked up within the caller's account, and its deal must be open to the caller. A dialog
/// without a deal is open to every user of the account.
///
/// # Errors
/// 404 for no such dialog, 403 without rights to its deal, 503 while the store or the CRM does not say.
pub(super) async fn may_see(web: &Web, caller: &Caller, id: &DialogId) -> Result<(), ApiError> {
    let dialog = web
        .flow
        .store
        .dialog(caller.site.tenant.account, id)
        .await
        .map_err(|cause| ApiError::unavailable(&cause))?
        .ok_or_else(ApiError::dialog_not_found)?;
    match dialog.deal {
        Some(deal) => access::check(&caller.site, caller.user, deal)
            .await
            .map(|_| ()),
        None => Ok(()),
    }
}

fn led_by_another(dialog: &Dialog, me: UserId) -> bool {
    matches!(dialog.view.owner, Owner::Manager { user, .. } if user != Some(me))
}

/// The epoch in `If-Match`, with or without the quotes of an entity tag; `*` asks for nothing.
fn seen_epoch(headers: &HeaderMap) -> Result<Option<u64>, ApiError> {
    let Some(value) = headers.get(IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    text.trim_matches('"')
        .parse()
        .map(Some)
        .map_err(|_| ApiError::bad_request("If-Match is not an epoch"))
}

/// What the bot should know; an absent body and an empty note are no note.
fn note(body: &[u8]) -> Result<Option<String>, ApiError> {
    if body.is_empty() {
        return Ok(None);
    }
    let request: ReturnRequest = serde_json::from_slice(body)
        .map_err(|_| ApiError::bad_request("the body is not {\"note\": text}"))?;
    let note = request.note.unwrap_or_default().trim().to_owned();
    let length = note.chars().count();
    if length > NOTE_MAX {
        return Err(ApiError::too_long(length, NOTE_MAX));
    }
    Ok((!note.is_empty()).then_some(note))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::fake::{self, call, json, post};
    use axum::http::HeaderValue;

    fn if_match(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(IF_MATCH, HeaderValue::from_static(value))])
    }

    #[test]
    fn an_epoch_may_be_quoted_and_a_missing_one_is_unconditional() {
        assert_eq!(seen_epoch(&HeaderMap::new()).unwrap(), None);
        assert_eq!(seen_epoch(&if_match("*")).unwrap(), None);
        assert_eq!(seen_epoch(&if_match("3")).unwrap(), Some(3));
        assert_eq!(seen_epoch(&if_match("\"3\"")).unwrap(), Some(3));
        assert!(seen_epoch(&if_match("three")).is_err());
    }

    #[test]
    fn a_note_is_counted_in_characters() {
        let said = |note: &str| note.to_owned();
        let body = |note: &str| {
            serde_json::to_vec(&ReturnRequest {
                note: Some(said(note)),
            })
            .unwrap()
        };
        assert_eq!(note(b"").unwrap(), None);
        assert_eq!(note(b"{}").unwrap(), None);
        assert_eq!(note(&body("  ")).unwrap(), None);
        assert_eq!(note(&body(" ждём даты ")).unwrap(), Some(said("ждём даты")));
        assert!(note(&body(&"ы".repeat(NOTE_MAX))).is_ok());
        assert!(note(&body(&"ы".repeat(NOTE_MAX + 1))).is_err());
        assert!(note(b"not json").is_err());
    }

    #[tokio::test]
    async fn promise_6_a_dialog_of_another_account_is_not_found() {
        let world = fake::World::new();
        let bearer = world.bearer(fake::OTHER, 9_002);
        let request = post(
            &format!("/api/v1/dialogs/{}/take", fake::DIALOG),
            Vec::new(),
        );
        let response = call(&world, fake::with(request, "authorization", &bearer)).await;
        assert_eq!(response.status(), 404);
        assert_eq!(json(response).await["code"], "dialog_not_found");
    }

    #[tokio::test]
    async fn a_user_without_rights_to_the_deal_presses_nothing() {
        let world = fake::World::new();
        let bearer = world.bearer(fake::OURS, fake::STRANGER);
        let request = post(
            &format!("/api/v1/dialogs/{}/take", fake::DIALOG),
            Vec::new(),
        );
        let response = call(&world, fake::with(request, "authorization", &bearer)).await;
        assert_eq!(response.status(), 403);
        assert_eq!(json(response).await["code"], "forbidden");
    }

    #[tokio::test]
    async fn a_note_that_is_too_long_is_refused_before_anything_happens() {
        let world = fake::World::new();
        let bearer = world.bearer(fake::OURS, 9_002);
        let long = serde_json::json!({ "note": "а".repeat(501) }).to_string();
        let request = post(
            &format!("/api/v1/dialogs/{}/return", fake::DIALOG),
            long.into_bytes(),
        );
        let response = call(&world, fake::with(request, "authorization", &bearer)).await;
        assert_eq!(response.status(), 422);
        assert_eq!(json(response).await["code"], "too_long");
    }
}
