//! `GET /api/v1/deals/{id}/dialogs` and `POST /api/v1/deals/{id}/opened`: what one deal's card shows, and that it was
//! looked at.

use super::access;
use super::bearer::Caller;
use super::error::ApiError;
use super::state::{Site, Web};
use super::view;
use crate::flow::Sentence;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::Arc;
use widget_core::dialog::Dialog;
use widget_core::ids::{DealId, UserId};
use widget_core::wire::{DealDialogs, DialogView, UserName, WhyLine, WhyMark};

/// Everything the card of a deal shows.
pub(super) async fn dialogs(
    State(web): State<Arc<Web>>,
    caller: Caller,
    Path(deal): Path<String>,
) -> Result<Json<DealDialogs>, ApiError> {
    let deal = deal_id(&deal)?;
    let found = Found::read(&web, &caller, deal).await?;
    Ok(Json(found.shown(&web, &caller.site).await?))
}

/// What there is to show of a deal.
pub(super) struct Found {
    /// The deal's dialogs, then those of its contacts in other deals that the caller may see; newest first.
    pub(super) dialogs: Vec<Dialog>,
    /// The deal has no contact: nobody could write.
    pub(super) no_contact: bool,
}

impl Found {
    /// # Errors
    /// 404 for no such deal, 403 without rights to it, 503 while the store or the CRM does not say.
    pub(super) async fn read(web: &Web, caller: &Caller, deal: DealId) -> Result<Self, ApiError> {
        let access = access::check(&caller.site, caller.user, deal).await?;
        let unavailable = |cause| ApiError::unavailable(&cause);
        let (tenant, store) = (&caller.site.tenant, &web.flow.store);
        let mut dialogs = web
            .flow
            .dialogs_of_deal(tenant, deal)
            .await
            .map_err(unavailable)?;
        for contact in &access.contacts {
            let theirs = store.dialogs_of_contact(tenant.account, *contact).await;
            for dialog in theirs.map_err(unavailable)? {
                let is_known = dialogs.iter().any(|known| known.id == dialog.id);
                if !is_known && may_see(caller, deal, &dialog).await? {
                    dialogs.push(dialog);
                }
            }
        }
        Ok(Self {
            no_contact: access.contacts.is_empty(),
            dialogs,
        })
    }

    /// As the card shows it.
    ///
    /// # Errors
    /// 503 when the store fails.
    pub(super) async fn shown(&self, web: &Web, site: &Site) -> Result<DealDialogs, ApiError> {
        let mut dialogs = Vec::with_capacity(self.dialogs.len());
        for dialog in &self.dialogs {
            dialogs.push(view::of(web, site, dialog).await?);
        }
        Ok(DealDialogs {
            now: web.now(),
            utc_offset: utc_offset(site, web.now()),
            users: names(site, &leaders(&dialogs)).await,
            no_contact: self.no_contact && dialogs.is_empty(),
            alerts: alerts(web, site),
            dialogs,
        })
    }
}

/// What is wrong with the whole account.
fn alerts(web: &Web, site: &Site) -> Vec<WhyLine> {
    let banners = web.flow.banners(&site.tenant).into_iter();
    banners
        .map(|Sentence { ru, en }| WhyLine {
            mark: WhyMark::Decided,
            ru,
            en,
        })
        .collect()
}

/// Whether a dialog of one of the deal's contacts is for the caller's eyes too: it may belong to a deal that is not.
async fn may_see(caller: &Caller, deal: DealId, dialog: &Dialog) -> Result<bool, ApiError> {
    let Some(other) = dialog.deal.filter(|other| *other != deal) else {
        return Ok(true);
    };
    let access = caller.site.tenant.crm.access(caller.user, other).await;
    let access = access.map_err(|cause| ApiError::crm_unavailable(&cause))?;
    Ok(access.exists && access.allowed)
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

/// The deal that a path names.
///
/// # Errors
/// 404: it names none.
pub(super) fn deal_id(text: &str) -> Result<DealId, ApiError> {
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

fn leaders(dialogs: &[DialogView]) -> Vec<UserId> {
    let leaders = dialogs
        .iter()
        .filter_map(|dialog| dialog.view.owner.leader());
    leaders.collect()
}

/// Names of these people. Without the CRM the card says «другой менеджер».
pub(super) async fn names(site: &Site, people: &[UserId]) -> Vec<UserName> {
    if people.is_empty() {
        return Vec::new();
    }
    match site.tenant.crm.users().await {
        Ok(users) => users
            .into_iter()
            .filter(|user| people.contains(&user.id))
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
