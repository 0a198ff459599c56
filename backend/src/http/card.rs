//! `GET /api/v1/deals/{id}/dialogs` and `POST /api/v1/deals/{id}/opened`: what one deal's card shows, and that it was
//! looked at.

use super::access;
use super::bearer::Caller;
use super::error::ApiError;
use super::state::{Site, Web};
use super::view;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::Arc;
use widget_core::ids::{DealId, UserId};
use widget_core::owner::Owner;
use widget_core::wire::{DealDialogs, DialogView, UserName};

/// Everything the card of a deal shows.
pub(super) async fn dialogs(
    State(web): State<Arc<Web>>,
    caller: Caller,
    Path(deal): Path<String>,
) -> Result<Json<DealDialogs>, ApiError> {
    let deal = deal_id(&deal)?;
    access::check(&caller.site, caller.user, deal).await?;
    let found = web
        .flow
        .dialogs_of_deal(&caller.site.tenant, deal)
        .await
        .map_err(|cause| ApiError::unavailable(&cause))?;
    let mut dialogs = Vec::with_capacity(found.len());
    for dialog in &found {
        dialogs.push(view::of(&web, &caller.site, dialog).await?);
    }
    Ok(Json(DealDialogs {
        now: web.now(),
        utc_offset: utc_offset(&caller.site, web.now()),
        users: names(&caller.site, &dialogs).await,
        dialogs,
    }))
}

/// The card was visible and focused for 3 s.
pub(super) async fn opened(
    State(web): State<Arc<Web>>,
    caller: Caller,
    Path(deal): Path<String>,
) -> Result<StatusCode, ApiError> {
    let deal = deal_id(&deal)?;
    let access = access::check(&caller.site, caller.user, deal).await?;
    let responsible = access.responsible == Some(caller.user);
    web.flow
        .opened(&caller.site.tenant, deal, caller.user, responsible)
        .await
        .map_err(|cause| ApiError::unavailable(&cause))?;
    Ok(StatusCode::NO_CONTENT)
}

fn deal_id(text: &str) -> Result<DealId, ApiError> {
    text.parse()
        .map(DealId)
        .map_err(|_| ApiError::deal_not_found())
}

/// Seconds ahead of UTC where the account lives.
fn utc_offset(site: &Site, now: i64) -> i32 {
    let Ok(at) = Timestamp::from_millisecond(now) else {
        return 0;
    };
    TimeZone::get(&site.tenant.rules().policy.calendar.timezone)
        .map_or(0, |zone| zone.to_offset(at).seconds())
}

/// Names of those who lead. Without the CRM the card says «другой менеджер».
async fn names(site: &Site, dialogs: &[DialogView]) -> Vec<UserName> {
    let leaders: Vec<UserId> = dialogs
        .iter()
        .filter_map(|dialog| match dialog.view.owner {
            Owner::Manager { user, .. } => user,
            _ => None,
        })
        .collect();
    if leaders.is_empty() {
        return Vec::new();
    }
    match site.tenant.crm.users().await {
        Ok(users) => users
            .into_iter()
            .filter(|user| leaders.contains(&user.id))
            .map(|user| UserName {
                id: user.id,
                name: user.name,
            })
            .collect(),
        Err(cause) => {
            tracing::warn!(%cause, "the CRM does not name its users");
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::http::fake::{self, NOW, OURS, World, call, get, json, with};
    use std::sync::atomic::Ordering;
    use widget_core::time::MINUTE;

    async fn asked(world: &World, user: i64, deal: i64) -> (u16, String) {
        let path = format!("/api/v1/deals/{deal}/dialogs");
        let bearer = world.bearer(OURS, user);
        let response = call(world, with(get(&path), "authorization", &bearer)).await;
        let status = response.status().as_u16();
        let code = json(response).await["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        (status, code)
    }

    #[tokio::test]
    async fn the_crm_decides_who_may_see_a_deal() {
        let world = World::new();
        let refusal = asked(&world, fake::STRANGER, fake::DEAL).await;
        assert_eq!(refusal, (403, "forbidden".to_owned()));
        let missing = asked(&world, 9_002, fake::NO_DEAL).await;
        assert_eq!(missing, (404, "deal_not_found".to_owned()));
        world.crm.down.store(true, Ordering::SeqCst);
        let down = asked(&world, 9_002, fake::DEAL).await;
        assert_eq!(down, (503, "crm_unavailable".to_owned()));
    }

    #[tokio::test]
    async fn without_a_session_nothing_is_shown() {
        let world = World::new();
        let path = format!("/api/v1/deals/{}/dialogs", fake::DEAL);
        let bearer = world.bearer(OURS, 9_002);
        for value in ["", "Bearer ", "Bearer a.b", "Basic eA=="] {
            let response = call(&world, with(get(&path), "authorization", value)).await;
            assert_eq!(response.status(), 401, "{value}");
            assert_eq!(json(response).await["code"], "session_expired");
        }
        world.clock.set(NOW + 15 * MINUTE);
        let response = call(&world, with(get(&path), "authorization", &bearer)).await;
        assert_eq!(response.status(), 401);
    }
}
