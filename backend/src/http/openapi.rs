//! `GET /api/v1/openapi.json`: the contract with bots, and what else is stable. Checked in as `backend/openapi.json`.

use super::{bot, checks, knowledge, policy, session, version};
use crate::ports::{BotAnswerBody, BotRequest};
use axum::Json;
use serde_json::{Value, json};
use utoipa::OpenApi;

/// Where the description of a bot's own route stands before it becomes a webhook.
const TURN: &str = "/turns";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Estafeta",
        description = "Who speaks to a guest: a bot or a manager. The page for authors of bots: backend/BOT.md.",
    ),
    paths(
        turn,
        bot::late,
        session::open,
        checks::show,
        policy::show,
        policy::change,
        policy::versions,
        policy::version,
        knowledge::show,
        knowledge::change,
        knowledge::versions,
        knowledge::version,
        knowledge::preview,
        knowledge::missed,
        version::show
    ),
    components(schemas(BotRequest, BotAnswerBody))
)]
struct Api;

/// What a bot answers: the guest's unanswered messages with what is known. The same turn is the same question.
#[utoipa::path(
    post,
    path = "/turns",
    tag = "bot",
    request_body = BotRequest,
    params(
        ("X-Estafeta-Timestamp" = String, Header, description = "Unix seconds"),
        ("X-Estafeta-Signature" = String, Header, description = "Hex HMAC-SHA256 over `{timestamp}.{body}`"),
    ),
    responses(
        (status = 200, description = "The answer", body = BotAnswerBody),
        (status = 202, description = "The answer comes within 120 s, by POST /api/v1/bot/turns/{turn}"),
        (status = 401, description = "The signature is wrong, or more than 5 minutes old"),
    )
)]
#[expect(
    dead_code,
    reason = "bots answer it; here it only describes what they answer"
)]
fn turn() {}

/// The description.
pub(super) async fn show() -> Json<Value> {
    Json(document())
}

/// The description, with the bot's own route as the webhook that it is.
fn document() -> Value {
    let mut document = serde_json::to_value(Api::openapi()).unwrap_or_default();
    let turn = document["paths"]
        .as_object_mut()
        .and_then(|paths| paths.remove(TURN));
    document["webhooks"] = json!({"turn": turn});
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::fake::{self, call, get};

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

    #[tokio::test]
    async fn issue_9_1_the_checked_in_description_is_what_is_served() {
        let world = fake::World::new();
        let response = call(&world, get("/api/v1/openapi.json")).await;
        assert_eq!(response.status(), 200);
        let served = fake::json(response).await;
        let text = format!("{}\n", serde_json::to_string_pretty(&served).unwrap());
        if std::env::var_os("GOLDEN_WRITE").is_some() {
            std::fs::write(FILE, &text).unwrap();
        }
        let known = std::fs::read_to_string(FILE).unwrap_or_default();
        assert!(
            known == text,
            "backend/openapi.json is not what is served; GOLDEN_WRITE=1 writes it anew"
        );
    }

    #[test]
    fn every_reference_is_there() {
        let document = document();
        let text = document.to_string();
        for (at, _) in text.match_indices("#/components/schemas/") {
            let name = text[at..].split('"').next().unwrap();
            let pointer = name.trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{name}");
        }
        assert!(document["webhooks"]["turn"]["post"].is_object());
        for path in [
            "/api/v1/bot/turns/{turn}",
            "/api/v1/session",
            "/api/v1/version",
        ] {
            assert!(document["paths"][path].is_object(), "{path}");
        }
    }
}
