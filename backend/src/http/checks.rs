//! `GET /api/v1/checks`: whether everything that the account needs is there, for its settings. What `estafeta doctor`
//! says at the command line.

use super::bearer::Caller;
use super::error::ApiError;
use super::state::Web;
use axum::Json;
use axum::extract::State;
use std::sync::Arc;
use widget_core::wire::policy::{Check, Checks};

/// Looks at amoCRM, Pact and the bot of the account, and changes nothing. What was seen serves for half a minute.
#[utoipa::path(
    get,
    path = "/api/v1/checks",
    tag = "settings",
    security(("session" = [])),
    responses(
        (status = 200, description = "What was found", body = Checks),
        (status = 401, description = "`session_expired`"),
        (status = 403, description = "`admins_only`"),
    )
)]
pub(super) async fn show(
    State(web): State<Arc<Web>>,
    caller: Caller,
) -> Result<Json<Checks>, ApiError> {
    if !caller.admin {
        return Err(ApiError::admins_only());
    }
    let account = caller.site.tenant.account;
    let found = match &web.checkups {
        Some(checkups) => checkups.examine(account).await,
        None => None,
    };
    let found = found.ok_or_else(ApiError::account_unknown)?.into_iter();
    let checks = found.map(|(part, checked)| Check {
        part,
        what: checked.what.to_owned(),
        is_well: checked.is_well(),
        words: checked.words,
    });
    Ok(Json(Checks {
        checks: checks.collect(),
    }))
}

#[cfg(test)]
mod tests {
    use crate::http::fake::{OTHER, OURS, World, call, get, json, with};
    use crate::ports::{Checked, Checkups, Finding};
    use async_trait::async_trait;
    use std::sync::Arc;
    use widget_core::ids::AccountId;

    /// Knows one account.
    struct Looks;

    #[async_trait]
    impl Checkups for Looks {
        async fn examine(&self, account: AccountId) -> Option<Vec<(String, Checked)>> {
            let found = || {
                (
                    "amocrm".to_owned(),
                    Checked::wrong("task type", Finding::NoTaskType("x".to_owned()), "make it"),
                )
            };
            (account.0 == OURS).then(|| vec![found()])
        }
    }

    async fn asked(world: &World, bearer: &str) -> (u16, serde_json::Value) {
        let request = with(get("/api/v1/checks"), "authorization", bearer);
        let answer = call(world, request).await;
        (answer.status().as_u16(), json(answer).await)
    }

    #[tokio::test]
    async fn promise_6_an_administrator_sees_the_checks_of_their_own_account_alone() {
        let mut world = World::new();
        let web = Arc::get_mut(&mut world.web).expect("nobody else has it");
        web.checkups = Some(Arc::new(Looks));
        let (status, seen) = asked(&world, &world.admins_bearer(OURS, 9_001)).await;
        assert_eq!(status, 200);
        assert_eq!(seen["checks"][0]["what"], "task type");
        assert_eq!(seen["checks"][0]["well"], false);
        let (status, problem) = asked(&world, &world.bearer(OURS, 9_002)).await;
        assert_eq!((status, &problem["code"]), (403, &"admins_only".into()));
        let (status, problem) = asked(&world, &world.admins_bearer(OTHER, 9_001)).await;
        assert_eq!((status, &problem["code"]), (403, &"account_unknown".into()));
    }
}
