//! Writing first, and the window of 24 h that Meta's `WhatsApp` has: within it any text goes, outside it a template.

use serde_json::{Value, json};

use super::model::From;
use super::ways::{Known, Template};
use super::{Answer, alone, error, meta, ok, send};
use crate::http::{Call, Reply, phone_digits};
use crate::state::State;

const WINDOW_MS: i64 = 24 * 60 * 60 * 1000;
/// A template has no more gaps.
const MOST_GAPS: usize = 20;
/// To whom one may write first.
const PROVIDERS: &[&str] = &[
    "max",
    "whatsapp",
    "telegram_personal",
    "whatsapp_business",
    "vkontakte_direct",
];

/// `GET /waba_templates`.
pub(super) fn templates(state: &State, call: &Call) -> Reply {
    let known = if state.pact.ways.has_window() {
        state.pact.ways.templates.as_slice()
    } else {
        &[]
    };
    let rows: Vec<Value> = known.iter().map(shown_template).collect();
    let meta = meta(state, call, rows.len(), 25);
    ok(&json!({"waba_templates": rows, "meta": meta}))
}

fn shown_template(template: &Template) -> Value {
    json!({
        "id": template.id, "name": format!("template_{}", template.id), "body": template.body,
        "waba_id": waba_id(template.id), "substitutions_count": gaps(&template.body), "header": null,
        "header_content_type": null, "namespace": "sandbox", "company_id": super::COMPANY_ID,
        "created_at": "2026-11-01T08:00:00.000Z", "position": 1,
    })
}

/// What a template is called when it is sent: not its id.
fn waba_id(template: i64) -> String {
    format!("waba-{template}")
}

/// How many gaps a template has: `{{1}}` to `{{n}}`.
fn gaps(body: &str) -> usize {
    let highest = (1..=MOST_GAPS).rev().find(|n| body.contains(&gap(*n)));
    highest.unwrap_or_default()
}

fn gap(n: usize) -> String {
    format!("{{{{{n}}}}}")
}

/// `POST /messages`.
pub(super) fn write(state: &mut State, body: &Value) -> Answer {
    let phone = phone_digits(body["phone"].as_str().unwrap_or_default());
    let provider = body["provider"].as_str().unwrap_or_default();
    if !PROVIDERS.contains(&provider) || phone.len() < 10 {
        return alone(bad("provider and phone are required"));
    }
    if provider != state.pact.ways.provider {
        return alone(bad("The company has no such channel"));
    }
    let mut body = body.clone();
    if let Some(id) = body["waba_id"].as_str() {
        match filled(state, id, &body["substitutions"]) {
            Ok(text) => body["text"] = text.into(),
            Err(why) => return alone(bad(why)),
        }
    }
    let known = state.pact.conversation_of(&phone).is_some();
    if known && state.pact.ways.known_guest == Known::Refused {
        return alone(bad("The conversation exists already"));
    }
    let now = state.now;
    let (conversation, is_new) = state.pact.open_conversation(&phone, None, now);
    send(state, conversation, is_new, &body)
}

fn bad(why: &str) -> Reply {
    error(400, "bad_request", why)
}

/// A template with its gaps filled.
fn filled(state: &State, id: &str, substitutions: &Value) -> Result<String, &'static str> {
    let known = state.pact.ways.templates.iter();
    let template = known
        .filter(|_| state.pact.ways.has_window())
        .find(|template| waba_id(template.id) == id)
        .ok_or("There is no such template")?;
    let given: Vec<&str> = substitutions
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if given.len() != gaps(&template.body) {
        return Err("substitutions do not fit the template");
    }
    let mut text = template.body.clone();
    for (n, words) in given.iter().enumerate() {
        text = text.replace(&gap(n + 1), words);
    }
    Ok(text)
}

/// Whether the guest's last message is too old for a free text.
pub(super) fn is_late(state: &State, conversation: i64) -> bool {
    if !state.pact.ways.has_window() {
        return false;
    }
    let messages = state.pact.messages.values();
    let last = messages
        .filter(|m| m.conversation == conversation && m.from == From::Guest)
        .map(|m| m.external_ms)
        .max();
    last.is_none_or(|at| state.now - at >= WINDOW_MS)
}
