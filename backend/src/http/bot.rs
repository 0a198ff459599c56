//! `POST /api/v1/bot/turns/{turn}`: the answer that a bot promised with a 202 (DESIGN §5.8).

use super::error::ApiError;
use super::state::{Site, Web};
use crate::flow::LateAnswer;
use crate::ports::{BotAnswerBody, LateCall, LateRefusal};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use widget_core::ids::TurnId;

/// The longest body, bytes.
pub(super) const BODY_BYTES: usize = 256 * 1024;
/// The time of the call, unix seconds.
const TIMESTAMP: &str = "x-estafeta-timestamp";
/// Hex HMAC-SHA256 over `{timestamp}.{body}`.
const SIGNATURE: &str = "x-estafeta-signature";
/// Whether another account has such a turn is none of the caller's business (promise 6).
const NO_KEY: &str = "no account that has this turn signed so";

/// The answer that a bot promised with a 202. The same answer may come again and again: it takes effect once.
#[utoipa::path(
    post,
    path = "/api/v1/bot/turns/{turn}",
    tag = "bot",
    params(
        ("turn" = String, Path, description = "The turn's id"),
        ("X-Estafeta-Timestamp" = String, Header, description = "Unix seconds"),
        ("X-Estafeta-Signature" = String, Header, description = "Hex HMAC-SHA256 over `{timestamp}.{body}`"),
    ),
    request_body = BotAnswerBody,
    responses(
        (status = 202, description = "Taken, now or before"),
        (status = 400, description = "`bad_request`: no JSON object"),
        (status = 401, description = "`signature_refused`: not signed now by the turn's account"),
        (status = 409, description = "`turn_over`: it needs no answer any more; do not repeat"),
        (status = 413, description = "`body_too_large`: more than 256 KiB"),
        (status = 503, description = "`unavailable`: not stored; repeat"),
    )
)]
pub(super) async fn late(
    State(web): State<Arc<Web>>,
    Path(turn): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::body_too_large(BODY_BYTES),
        _ => ApiError::bad_request("the body broke off"),
    })?;
    let turn = TurnId(turn);
    let mut refusal = ApiError::signature_refused(NO_KEY);
    for site in asking(&web, &turn).await? {
        let reply = match site.tenant.bot.late(call(&headers, &body)) {
            Ok(reply) => reply,
            Err(why) => {
                refusal = refused(why);
                continue;
            }
        };
        match web
            .flow
            .receive_late_answer(&site.tenant, &turn, reply)
            .await
        {
            Ok(LateAnswer::Taken) => return Ok((StatusCode::ACCEPTED, Json(json!({})))),
            Ok(LateAnswer::Over) => return Err(ApiError::turn_over()),
            Ok(LateAnswer::Unknown) => {}
            Err(cause) => return Err(ApiError::unavailable(&cause)),
        }
    }
    Err(refusal)
}

/// The accounts whose bot may have been asked this turn: by its dialog, so that nobody's key is tried in vain.
async fn asking<'a>(web: &'a Web, turn: &TurnId) -> Result<Vec<&'a Arc<Site>>, ApiError> {
    let Some(dialog) = turn.dialog() else {
        return Ok(Vec::new());
    };
    let accounts = web.flow.store.accounts_of(&dialog).await;
    let accounts = accounts.map_err(|cause| ApiError::unavailable(&cause))?;
    Ok(accounts
        .into_iter()
        .filter_map(|account| web.site(account))
        .collect())
}

fn call<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> LateCall<'a> {
    let header = |name| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    LateCall {
        timestamp: header(TIMESTAMP),
        signature: header(SIGNATURE),
        body,
    }
}

fn refused(why: LateRefusal) -> ApiError {
    match why {
        LateRefusal::NotSigned => ApiError::signature_refused(NO_KEY),
        LateRefusal::Stale => ApiError::signature_refused(
            "the timestamp is more than 5 minutes off: check the clock, and sign each try anew",
        ),
        LateRefusal::Unreadable => ApiError::bad_request("the body is no JSON object"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::fake::{self, LATE_ANSWER, NOW, World, json, post, with};
    use std::sync::atomic::Ordering;

    const TURN: &str = "dialog-1-t2";

    /// Status and code of bringing an answer to a turn, signed so.
    async fn bringing(world: &World, turn: &str, signature: &str, body: &str) -> (u16, String) {
        bringing_at(world, turn, signature, "1", body).await
    }

    async fn bringing_at(
        world: &World,
        turn: &str,
        signature: &str,
        timestamp: &str,
        body: &str,
    ) -> (u16, String) {
        let path = format!("/api/v1/bot/turns/{turn}");
        let request = with(post(&path, body.into()), TIMESTAMP, timestamp);
        let response = fake::call(world, with(request, SIGNATURE, signature)).await;
        let status = response.status().as_u16();
        let body = json(response).await;
        (status, body["code"].as_str().unwrap_or_default().to_owned())
    }

    fn refused() -> (u16, String) {
        (401, "signature_refused".to_owned())
    }

    #[tokio::test]
    async fn design_5_8_a_late_answer_is_taken_and_taken_again() {
        let world = World::new();
        for _ in 0..2 {
            assert_eq!(bringing(&world, TURN, "bot-1", "{}").await.0, 202);
        }
    }

    #[tokio::test]
    async fn promise_6_a_late_answer_is_refused_unless_the_turns_own_account_signed_it() {
        let world = World::new();
        assert_eq!(
            bringing(&world, TURN, "bot-2", "{}").await,
            refused(),
            "another account"
        );
        assert_eq!(bringing(&world, TURN, "", "{}").await, refused());
        assert_eq!(bringing(&world, TURN, "bot-3", "{}").await, refused());
        // The same for a turn that is not there: nobody learns which are.
        assert_eq!(
            bringing(&world, "dialog-9-t1", "bot-2", "{}").await,
            refused()
        );
        assert_eq!(bringing(&world, "nonsense", "bot-1", "{}").await, refused());
        assert_eq!(
            bringing(&world, "dialog-1-t3", "bot-1", "{}").await,
            refused(),
            "never asked"
        );
        assert_eq!(
            bringing_at(&world, TURN, "bot-1", "0", "{}").await,
            refused(),
            "long ago"
        );
        let bare = fake::call(
            &world,
            post("/api/v1/bot/turns/dialog-1-t2", b"{}".to_vec()),
        )
        .await;
        assert_eq!(bare.status(), 401);
    }

    #[tokio::test]
    async fn design_5_8_what_comes_for_an_old_turn_or_too_late_is_over() {
        let world = World::new();
        let over = (409, "turn_over".to_owned());
        assert_eq!(bringing(&world, "dialog-1-t1", "bot-1", "{}").await, over);
        world.clock.set(NOW + LATE_ANSWER);
        assert_eq!(
            bringing(&world, TURN, "bot-1", "{}").await.0,
            202,
            "the last moment"
        );
        world.clock.set(NOW + LATE_ANSWER + 1);
        assert_eq!(bringing(&world, TURN, "bot-1", "{}").await, over);
    }

    #[tokio::test]
    async fn what_is_no_answer_or_too_long_or_cannot_be_stored_says_so() {
        let world = World::new();
        assert_eq!(
            bringing(&world, TURN, "bot-1", "[]").await,
            (400, "bad_request".to_owned())
        );
        let huge = format!("{{\"x\": \"{}\"}}", "x".repeat(BODY_BYTES));
        assert_eq!(
            bringing(&world, TURN, "bot-1", &huge).await,
            (413, "body_too_large".to_owned())
        );
        world.store.broken.store(true, Ordering::SeqCst);
        assert_eq!(
            bringing(&world, TURN, "bot-1", "{}").await,
            (503, "unavailable".to_owned())
        );
    }
}
