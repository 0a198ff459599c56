//! The bot: answers turns by rules, or with a text that names the turn and its messages.

pub(crate) mod openai;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
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
    /// What is wrong with this bot.
    #[serde(default)]
    pub flaws: BTreeSet<Flaw>,
    /// Answers by turn id: the same turn is answered the same way.
    pub answered: BTreeMap<String, Value>,
    /// The model behind the OpenAI-compatible endpoint.
    #[serde(default)]
    pub model: openai::Model,
    /// The last questions, oldest first, as they came.
    #[serde(skip)]
    pub asked: VecDeque<Value>,
}

/// What may be wrong with a bot: each makes one check of `estafeta bot-check` fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Flaw {
    /// Takes any signature.
    Trusting,
    /// Takes any timestamp.
    Timeless,
    /// Answers the same turn anew each time.
    Forgetful,
    /// Refuses a turn with fields that it does not know.
    Strict,
    /// Says nothing: no replies, no silence, no handoff.
    Empty,
    /// Says very much.
    Huge,
    /// Breaks at what is no turn, with a 500.
    Brittle,
    /// Promises a late answer, which never comes.
    Breaks,
    /// Promises a late answer, and signs it with another key.
    Missigns,
}

/// A signature is good for so long, s.
const FRESH_FOR: i64 = 300;
/// Texts of a bot that says very much, in characters.
const HUGE_CHARS: usize = 400_000;
/// What a turn may have: a strict bot knows no more.
const FIELDS: [&str; 10] = [
    "turn_id",
    "dialog",
    "introduce",
    "manager_note",
    "messages",
    "contact",
    "deal",
    "facts",
    "history",
    "policy",
];
/// How often a late answer is brought, and the pause between.
const LATE_TRIES: usize = 5;
const LATE_PAUSE: Duration = Duration::from_millis(500);

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
    pub passages: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
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
    let refused = sandbox.with(|state| {
        let has = |flaw| state.bot.flaws.contains(&flaw);
        if !has(Flaw::Trusting) && !is_signed(&state.secrets.bot_secret, call) {
            return Some("the signature does not match");
        }
        (!has(Flaw::Timeless) && !is_fresh(state, call))
            .then_some("the timestamp is more than 5 minutes off")
    });
    if let Some(why) = refused {
        return Reply::json(401, JSON, &json!({"error": why}));
    }
    let turn = call.json();
    if !turn["turn_id"].is_string() || !turn["messages"].is_array() {
        let brittle = sandbox.with(|state| state.bot.flaws.contains(&Flaw::Brittle));
        return Reply::json(
            if brittle { 500 } else { 400 },
            JSON,
            &json!({"error": "a turn has a turn_id and messages"}),
        );
    }
    let unknown = turn
        .as_object()
        .into_iter()
        .flatten()
        .find(|(key, _)| !FIELDS.contains(&key.as_str()));
    if unknown.is_some() && sandbox.with(|state| state.bot.flaws.contains(&Flaw::Strict)) {
        return Reply::json(400, JSON, &json!({"error": "a field that I do not know"}));
    }
    let pause = Duration::from_millis(sandbox.change(|state| {
        state.bot.remember(&turn);
        state.bot.delay_ms
    }));
    let promises = sandbox.with(|state| {
        let late = [Flaw::Breaks, Flaw::Missigns]
            .iter()
            .any(|flaw| state.bot.flaws.contains(flaw));
        late || rule(state, &turn).and_then(|rule| rule.status) == Some(202)
    });
    if promises {
        tokio::spawn(answer_late(sandbox.clone(), turn, pause));
        return Reply::json(202, JSON, &json!({}));
    }
    tokio::time::sleep(pause).await;
    sandbox.change(|state| think(state, &turn))
}

/// Promised with a 202: the answer goes to the backend by a call of the bot's own, signed like the backend's. Each try is
/// signed anew; a backend that does not want it any more says so with a 409.
async fn answer_late(sandbox: Sandbox, turn: Value, pause: Duration) {
    tokio::time::sleep(pause).await;
    if sandbox.with(|state| state.bot.flaws.contains(&Flaw::Breaks)) {
        return;
    }
    for _ in 0..LATE_TRIES {
        match bring(&sandbox, &turn).await {
            Ok(status) if status < 300 || status == 409 => return,
            Ok(status) => tracing::warn!(status, "the bot's late answer is not taken"),
            Err(error) => tracing::warn!(%error, "the bot's late answer is not taken"),
        }
        tokio::time::sleep(LATE_PAUSE).await;
    }
}

/// One try to bring a late answer: the status of the backend.
async fn bring(sandbox: &Sandbox, turn: &Value) -> reqwest::Result<u16> {
    let (backend, secret, timestamp, body) = sandbox.change(|state| {
        let body = thought(state, turn).to_string();
        let secret = if state.bot.flaws.contains(&Flaw::Missigns) {
            "another key".to_owned()
        } else {
            state.secrets.bot_secret.clone()
        };
        (
            state.env.backend.clone(),
            secret,
            state.now_s().to_string(),
            body,
        )
    });
    let signature = signature(&secret, &timestamp, body.as_bytes())
        .map(|mac| hex::encode(mac.finalize().into_bytes()))
        .unwrap_or_default();
    let id = turn["turn_id"].as_str().unwrap_or_default();
    let sent = sandbox
        .client()
        .post(format!("{backend}/api/v1/bot/turns/{id}"))
        .header("Content-Type", JSON)
        .header("X-Estafeta-Timestamp", timestamp)
        .header("X-Estafeta-Signature", signature)
        .timeout(Duration::from_secs(10))
        .body(body)
        .send()
        .await?;
    Ok(sent.status().as_u16())
}

/// A turn is signed now. While the clock is being set forward, now is all that it went through; a clock that runs fast is
/// read by the caller a little while ago.
fn is_fresh(state: &State, call: &Call) -> bool {
    let signed_at = call
        .header("x-estafeta-timestamp")
        .and_then(|at| at.trim().parse::<i64>().ok());
    let lag = state.lag_ms();
    let earliest = (state.jumped_from().min(state.now) - lag) / 1000 - FRESH_FOR;
    signed_at.is_some_and(|at| (earliest..=state.now_s() + FRESH_FOR).contains(&at))
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
    let forgetful = state.bot.flaws.contains(&Flaw::Forgetful);
    if let Some(answer) = state.bot.answered.get(id).filter(|_| !forgetful) {
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
            ("passages", json!(rule.passages)),
            ("booking", json!(rule.booking)),
            ("summary", json!(rule.summary)),
            ("kb", json!(rule.kb)),
            ("intents", json!(rule.intents)),
            ("facts", json!(rule.facts)),
            ("done", json!(rule.done)),
        ];
        for (key, value) in given.into_iter().filter(|(_, value)| !value.is_null()) {
            answer[key] = value;
        }
    }
    if forgetful {
        let times = state.bot.asked.len();
        answer["replies"] = json!([{"text": format!("Ответ номер {times}")}]);
    }
    if state.bot.flaws.contains(&Flaw::Empty) {
        answer = json!({"replies": [], "confidence": 0.9, "kb": "hit"});
    }
    if state.bot.flaws.contains(&Flaw::Huge) {
        answer["replies"] = json!([{"text": "много слов ".repeat(HUGE_CHARS / 11)}]);
    }
    state.bot.answered.insert(id.to_owned(), answer.clone());
    answer
}
