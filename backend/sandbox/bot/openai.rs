//! An OpenAI-compatible endpoint that answers by a script: what models and their servers do to a caller.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Sandbox;
use crate::http::{Call, Reply};

const JSON: &str = "application/json";
/// Questions kept for `GET /sandbox/openai`.
const ASKED_KEPT: usize = 100;
/// A huge answer, characters.
const HUGE_CHARS: usize = 400_000;

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Model {
    /// What the next answers are, one each; then the model answers well.
    pub script: VecDeque<Step>,
    /// Without a script it answers from its first passage and cites it; without passages it has none and says so.
    #[serde(default)]
    pub cites: bool,
    /// The last questions, oldest first, as they came.
    #[serde(skip)]
    pub asked: VecDeque<Value>,
}

/// One answer of the script.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Step {
    /// The structured answer with these fields beside those of a good one.
    Answer { content: Value },
    /// Text that is no JSON.
    Malformed,
    /// The model refuses.
    Refusal,
    /// A call of a tool that nobody gave it.
    ToolCalls,
    /// 429 with Retry-After.
    RateLimited { retry_after_s: u64 },
    /// The connection is cut.
    Cut,
    /// A very long answer.
    Huge,
    /// Broken off at the limit of tokens.
    Length,
    /// Another status.
    Status { status: u16 },
}

/// What becomes of a question.
pub(crate) enum Completion {
    Answered(Reply),
    Cut,
}

/// Answers `POST /openai/v1/chat/completions`.
pub(crate) fn answer(sandbox: &Sandbox, call: &Call) -> Completion {
    if call.method != "POST" || call.segments() != ["v1", "chat", "completions"] {
        return problem(404, "there is nothing here");
    }
    let key = sandbox.with(|state| format!("Bearer {}", state.secrets.bot_secret));
    if call.header("authorization") != Some(key.as_str()) {
        return problem(401, "Incorrect API key provided");
    }
    let question = call.json();
    if question["model"].as_str().is_none() || !question["messages"].is_array() {
        return problem(400, "you must provide a model and messages");
    }
    let step = sandbox.change(|state| {
        let model = &mut state.bot.model;
        model.asked.push_back(question.clone());
        if model.asked.len() > ASKED_KEPT {
            model.asked.pop_front();
        }
        (model.script.pop_front(), model.cites)
    });
    let (step, cites) = step;
    let stop = |content: String| {
        completed(
            "stop",
            &json!({"role": "assistant", "content": content, "refusal": null}),
        )
    };
    match step {
        None if cites => stop(cited(&question).to_string()),
        None => stop(good(&question).to_string()),
        Some(Step::Answer { content }) => {
            let mut said = good(&question);
            for (key, value) in content.as_object().into_iter().flatten() {
                said[key] = value.clone();
            }
            stop(said.to_string())
        }
        Some(Step::Malformed) => stop("Конечно! Вот ответ: {\"replies\": [".to_owned()),
        Some(Step::Refusal) => completed(
            "stop",
            &json!({"role": "assistant", "content": null, "refusal": "I'm sorry, I can't help with that."}),
        ),
        Some(Step::ToolCalls) => completed(
            "tool_calls",
            &json!({"role": "assistant", "content": null, "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "send_payment_link", "arguments": "{}"}}]}),
        ),
        Some(Step::Huge) => {
            let mut said = good(&question);
            said["replies"] = json!([{"text": "много слов ".repeat(HUGE_CHARS / 11)}]);
            stop(said.to_string())
        }
        Some(Step::Length) => completed(
            "length",
            &json!({"role": "assistant", "content": "{\"replies\": [{\"text\": \"Да, и", "refusal": null}),
        ),
        Some(Step::RateLimited { retry_after_s }) => {
            let mut reply = refusal(429, "Rate limit reached");
            reply.retry_after_s = Some(retry_after_s);
            Completion::Answered(reply)
        }
        Some(Step::Status { status }) => problem(status, "as the script says"),
        Some(Step::Cut) => Completion::Cut,
    }
}

/// A structured answer that names what was asked last.
fn good(question: &Value) -> Value {
    let asked = data(question);
    let last = asked["messages"]
        .as_array()
        .and_then(|messages| messages.last());
    let text = last
        .and_then(|message| message["text"].as_str())
        .unwrap_or_default();
    let quoted: String = text.chars().take(60).collect();
    json!({
        "replies": [{"text": format!("Ответ модели на «{quoted}»")}], "silent": false, "confidence": 0.9, "kb": "hit",
        "intents": [], "facts": {}, "handoff": null, "passages": [], "summary": null, "booking": null,
    })
}

/// A structured answer from the first passage of the question, or that there is none.
fn cited(question: &Value) -> Value {
    let mut said = good(question);
    let asked = data(question);
    if let Some(passage) = asked["passages"].get(0) {
        said["replies"] = json!([{"text": passage["text"]}]);
        said["passages"] = json!([passage["id"]]);
    } else {
        said["replies"] = json!([]);
        said["kb"] = json!("miss");
    }
    said
}

/// The JSON in the last message of a question: what stands from its first brace on.
fn data(question: &Value) -> Value {
    let messages = question["messages"].as_array();
    let last = messages.and_then(|messages| messages.last());
    let content = last
        .and_then(|message| message["content"].as_str())
        .unwrap_or_default();
    let json = content.find('{').map_or("", |at| &content[at..]);
    serde_json::from_str(json).unwrap_or_default()
}

fn completed(finish: &str, message: &Value) -> Completion {
    let body = json!({
        "id": "chatcmpl-sandbox", "object": "chat.completion", "model": "sandbox",
        "choices": [{"index": 0, "finish_reason": finish, "message": message}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    });
    Completion::Answered(Reply::json(200, JSON, &body))
}

fn problem(status: u16, message: &str) -> Completion {
    Completion::Answered(refusal(status, message))
}

fn refusal(status: u16, message: &str) -> Reply {
    Reply::json(
        status,
        JSON,
        &json!({"error": {"message": message, "type": "sandbox", "code": null}}),
    )
}
