//! `GET /api/v1/dialogs/{id}/history`: who led a dialog, for whoever may see its deal.

use super::bearer::Caller;
use super::card::names;
use super::dialogs::may_see;
use super::error::ApiError;
use super::state::Web;
use axum::Json;
use axum::extract::{Path, State};
use std::sync::Arc;
use widget_core::ids::DialogId;
use widget_core::wire::History;

/// The changes of the owner, newest first.
pub(super) async fn show(
    State(web): State<Arc<Web>>,
    caller: Caller,
    Path(dialog): Path<String>,
) -> Result<Json<History>, ApiError> {
    let dialog = DialogId(dialog);
    may_see(&web, &caller, &dialog).await?;
    let entries = web
        .flow
        .owners(&caller.site.tenant, &dialog)
        .await
        .map_err(|cause| ApiError::unavailable(&cause))?;
    let people: Vec<_> = entries.iter().filter_map(|entry| entry.user).collect();
    Ok(Json(History {
        users: names(&caller.site, &people).await,
        entries,
    }))
}

#[cfg(test)]
mod tests {
    use crate::http::fake::{self, World, call, get, json, with};

    async fn asked(world: &World, account: i64, user: i64) -> (u16, String) {
        let path = format!("/api/v1/dialogs/{}/history", fake::DIALOG);
        let bearer = world.bearer(account, user);
        let response = call(world, with(get(&path), "authorization", &bearer)).await;
        let status = response.status().as_u16();
        let code = &json(response).await["code"];
        (status, code.as_str().unwrap_or_default().to_owned())
    }

    #[tokio::test]
    async fn promise_6_only_who_may_see_the_deal_reads_who_led() {
        let world = World::new();
        let stranger = asked(&world, fake::OURS, fake::STRANGER).await;
        assert_eq!(stranger, (403, "forbidden".to_owned()));
        let foreign = asked(&world, fake::OTHER, 9_002).await;
        assert_eq!(foreign, (404, "dialog_not_found".to_owned()));
        assert_eq!(asked(&world, fake::OURS, 9_002).await.0, 200);
    }
}
