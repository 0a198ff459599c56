//! The bot: answers turns by rules, or with a text that names the turn and its messages.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::Sandbox;
use crate::http::{Call, Reply};
use crate::state::State;

const JSON: &str = "application/json";
const QUOTED_CHARS: usize = 60;

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Bot {
    /// Pause before every answer, machine ms.
    pub delay_ms: u64,
    pub rules: Vec<Rule>,
    /// Answers by turn id: the same turn is answered the same way.
    pub answered: BTreeMap<String, Value>,
    /// The last questions, oldest first, as they came.
    #[serde(skip)]
    pub asked: VecDeque<Value>,
}

/// Questions kept for `GET /sandbox/bot`.
const ASKED_KEPT: usize = 100;

impl Bot {
    fn remember(&mut self, turn: &Value) {
        self.asked.push_back(turn.clone());
        if self.asked.len() > ASKED_KEPT {
            self.asked.pop_front();
        }
    }
}

/// A rule fires if any message of the turn contains `contains`; what it does not name keeps its default.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub contains: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kb: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intents: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handoff: Option<Value>,
    /// HTTP status to answer with instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// Answers `POST /bot/turns`.
pub(crate) async fn answer(sandbox: &Sandbox, call: &Call) -> Reply {
    if call.method != "POST" || call.segments() != ["turns"] {
        return Reply::json(
            404,
            JSON,
            &json!({"error": "the bot knows POST /turns only"}),
        );
    }
    if !sandbox.with(|state| is_signed(&state.secrets.bot_secret, call)) {
        return Reply::json(401, JSON, &json!({"error": "the signature does not match"}));
    }
    let turn = call.json();
    if !turn["turn_id"].is_string() || !turn["messages"].is_array() {
        return Reply::json(
            400,
            JSON,
            &json!({"error": "a turn has a turn_id and messages"}),
        );
    }
    let pause = Duration::from_millis(sandbox.change(|state| {
        state.bot.remember(&turn);
        state.bot.delay_ms
    }));
    if sandbox.with(|state| rule(state, &turn).and_then(|rule| rule.status)) == Some(202) {
        tokio::spawn(answer_late(sandbox.clone(), turn, pause));
        return Reply::json(202, JSON, &json!({}));
    }
    tokio::time::sleep(pause).await;
    sandbox.change(|state| think(state, &turn))
}

/// Promised with a 202: the answer goes to the backend by a call of the bot's own, signed like the backend's.
async fn answer_late(sandbox: Sandbox, turn: Value, pause: Duration) {
    tokio::time::sleep(pause).await;
    let (backend, secret, timestamp, body) = sandbox.change(|state| {
        let body = thought(state, &turn).to_string();
        (
            state.env.backend.clone(),
            state.secrets.bot_secret.clone(),
            state.now_s().to_string(),
            body,
        )
    });
    let Some(signature) = signature(&secret, &timestamp, body.as_bytes()) else {
        return;
    };
    let id = turn["turn_id"].as_str().unwrap_or_default();
    let sent = sandbox
        .client()
        .post(format!("{backend}/api/v1/bot/turns/{id}"))
        .header("Content-Type", JSON)
        .header("X-Estafeta-Timestamp", timestamp)
        .header(
            "X-Estafeta-Signature",
            hex::encode(signature.finalize().into_bytes()),
        )
        .timeout(Duration::from_secs(10))
        .body(body)
        .send()
        .await;
    if let Err(error) = sent {
        tracing::warn!(%error, "the bot's late answer is not taken");
    }
}

/// Hex HMAC-SHA256 over `{timestamp}.{body}`.
fn is_signed(secret: &str, call: &Call) -> bool {
    let (Some(timestamp), Some(signature)) = (
        call.header("x-estafeta-timestamp"),
        call.header("x-estafeta-signature"),
    ) else {
        return false;
    };
    let given = hex::decode(signature);
    let expected = self::signature(secret, timestamp, &call.body);
    expected
        .zip(given.ok())
        .is_some_and(|(mac, given)| mac.verify_slice(&given).is_ok())
}

fn signature(secret: &str, timestamp: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac)
}

fn messages(turn: &Value) -> &[Value] {
    turn["messages"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn text(message: &Value) -> &str {
    message["text"].as_str().unwrap_or_default()
}

/// The first rule that fires on a turn.
fn rule<'a>(state: &'a State, turn: &Value) -> Option<&'a Rule> {
    state.bot.rules.iter().find(|rule| {
        messages(turn)
            .iter()
            .any(|message| text(message).contains(&rule.contains))
    })
}

fn think(state: &mut State, turn: &Value) -> Reply {
    let id = turn["turn_id"].as_str().unwrap_or_default();
    let status = rule(state, turn)
        .and_then(|rule| rule.status)
        .filter(|status| *status != 200);
    match status.filter(|_| !state.bot.answered.contains_key(id)) {
        Some(status) => Reply::json(status, JSON, &json!({"error": "as the rule says"})),
        None => Reply::json(200, JSON, &thought(state, turn)),
    }
}

/// The answer to a turn; the same as before if it was answered.
fn thought(state: &mut State, turn: &Value) -> Value {
    let id = turn["turn_id"].as_str().unwrap_or_default();
    if let Some(answer) = state.bot.answered.get(id) {
        return answer.clone();
    }
    let ids: Vec<String> = messages(turn)
        .iter()
        .map(|m| {
            m["id"]
                .as_str()
                .map_or_else(|| m["id"].to_string(), str::to_owned)
        })
        .collect();
    let last: String = messages(turn)
        .last()
        .map(text)
        .unwrap_or_default()
        .chars()
        .take(QUOTED_CHARS)
        .collect();
    let mut answer = json!({
        "replies": [{"text": format!("Ответ на «{last}» [{id}: {}]", ids.join(", "))}],
        "confidence": 0.9, "kb": "hit", "intents": [], "facts": {}, "done": ["consulted"],
    });
    if let Some(rule) = rule(state, turn) {
        let given = [
            (
                "replies",
                rule.reply
                    .as_ref()
                    .map_or(Value::Null, |reply| json!([{"text": reply}])),
            ),
            ("confidence", json!(rule.confidence)),
            ("handoff", json!(rule.handoff)),
            ("kb", json!(rule.kb)),
            ("intents", json!(rule.intents)),
            ("facts", json!(rule.facts)),
            ("done", json!(rule.done)),
        ];
        for (key, value) in given.into_iter().filter(|(_, value)| !value.is_null()) {
            answer[key] = value;
        }
    }
    state.bot.answered.insert(id.to_owned(), answer.clone());
    answer
}
