//! Pact's API v2.

pub(crate) mod cdn;
mod events;
pub(crate) mod integration;
pub(crate) mod model;
pub(crate) mod odd;
pub(crate) mod people;
pub(crate) mod ways;
mod write_first;

use std::time::Duration;

use serde_json::{Value, json};

use crate::Sandbox;
use crate::amocrm::hidden_since;
use crate::faults::Service;
use crate::http::{Call, Reply, number, parse_pairs};
use crate::state::State;
use crate::webhooks::When;
use events::lane_of;
use model::{COMPANY_ID, Conversation, Draft, From, Hook, Message};
use people::internal;
use ways::{Noise, Order, Refusal, shown_channel};

const JSON: &str = "application/json";
const MOST_HOOKS: usize = 5;
const MOST_DELETED: usize = 100;
const MINUTE_MS: i64 = 60_000;
/// Pact's user who owns the token.
const TOKEN_OWNER: i64 = 85_999;
/// Auth (channel) of the ordinary `WhatsApp`.
const CHANNEL: i64 = 399;

/// An answer, and the deliveries that have to arrive before it.
type Answer = (Reply, Vec<u64>);

/// Answers one request of the API.
pub(crate) async fn answer(sandbox: &Sandbox, call: &Call) -> Reply {
    let body = body(call);
    if let Err(reply) = sandbox.with(|state| authorised(state, call, &body)) {
        return reply;
    }
    if let ("POST" | "PUT", ["companies", _, "webhooks", rest @ ..]) =
        (call.method.as_str(), &call.segments()[..])
    {
        return set_hook(sandbox, rest.first().copied(), &body).await;
    }
    let answered = |state: &mut State| {
        let (reply, first) = dispatch(state, call, &body);
        (in_its_way(state.pact.ways.refusal, reply), first)
    };
    let (reply, first) = if call.is_read() {
        sandbox.with(answered)
    } else {
        sandbox.change(answered)
    };
    if !first.is_empty() {
        sandbox.deliver_first(&first).await;
    }
    reply
}

/// JSON, or a form, or the text parts of a multipart upload.
fn body(call: &Call) -> Value {
    let kind = call.header("content-type").unwrap_or_default();
    if kind.starts_with("application/x-www-form-urlencoded") {
        let pairs = parse_pairs(std::str::from_utf8(&call.body).unwrap_or_default());
        return pairs
            .into_iter()
            .map(|(key, value)| (key, Value::String(value)))
            .collect::<serde_json::Map<_, _>>()
            .into();
    }
    if kind.starts_with("multipart/form-data") {
        return multipart(&call.body);
    }
    call.json()
}

fn multipart(body: &[u8]) -> Value {
    let text = String::from_utf8_lossy(body);
    let after = |mark: &str, end: char| {
        let at = text.find(mark)? + mark.len();
        text[at..].split(end).next().map(str::to_owned)
    };
    json!({
        "file_name": after("filename=\"", '"'), "mime_type": after("Content-Type: ", '\r'), "size": body.len(),
        "company_id": after("name=\"company_id\"\r\n\r\n", '\r'),
    })
}

fn authorised(state: &State, call: &Call, body: &Value) -> Result<(), Reply> {
    let token = call
        .header("x-private-api-token")
        .or_else(|| call.query("private_api_token"))
        .or_else(|| body["private_api_token"].as_str());
    if token == Some(state.secrets.pact_token.as_str()) {
        return Ok(());
    }
    Err(error(
        401,
        "unauthorized",
        "Private API token is missing or invalid",
    ))
}

fn dispatch(state: &mut State, call: &Call, body: &Value) -> Answer {
    let path = call.segments();
    let method = call.method.as_str();
    if let ["companies", company, ..] = path[..]
        && company.parse() != Ok(COMPANY_ID)
    {
        return alone(error(404, "not_found", "Company not found"));
    }
    if matches!(path[..], ["conversations" | "messages", ..]) {
        let company = number(&body["company_id"]).or_else(|| call.query_number("company_id"));
        if company != Some(COMPANY_ID) {
            return alone(error(
                if company.is_none() { 400 } else { 404 },
                "bad_company",
                "company_id is missing or unknown",
            ));
        }
    }
    let limits: &[(usize, i64)] = match (method, &path[..]) {
        ("POST", ["conversations", _, "messages"] | ["messages" | "attachments"]) => {
            &[(5, 1000), (30, MINUTE_MS)]
        }
        ("GET", ["conversations", _, "messages"] | ["conversations", _, "messages", _]) => {
            &[(20, MINUTE_MS)]
        }
        ("GET", ["conversations", ..]) => &[(10, MINUTE_MS)],
        ("GET", ["waba_templates"]) => &[(20, MINUTE_MS)],
        _ => &[],
    };
    for (most, window_ms) in limits {
        if let Err(wait_ms) = state.take_place(
            &format!("pact {method} {}", endpoint(&path)),
            *most,
            *window_ms,
        ) {
            let wait_s = (wait_ms + 999) / 1000;
            return alone(error(
                429,
                "too_many_requests",
                &format!("Please wait for {wait_s} seconds"),
            ));
        }
    }
    match (method, &path[..]) {
        ("GET", ["companies", _, "webhooks"]) => alone(hooks(state)),
        ("DELETE", ["companies", _, "webhooks", id]) => alone(drop_hook(state, id)),
        ("GET", ["auths"] | ["companies", _, "auths"]) => {
            alone(ok(&json!({"auths": [shown_channel(state)]})))
        }
        ("GET", ["waba_templates"]) => alone(write_first::templates(state, call)),
        ("GET", ["conversations"]) => alone(conversations(state, call)),
        ("GET", ["conversations", id]) => alone(conversation(state, id)),
        ("PUT", ["conversations", id]) => alone(put_conversation(state, id, body)),
        ("GET", ["conversations", id, "messages"]) => alone(messages(state, call, id)),
        ("GET", ["conversations", id, "messages", number]) => alone(message(state, id, number)),
        ("POST", ["conversations", id, "messages"]) => match known(state, id) {
            Some(conversation) => send(state, conversation, false, body),
            None => alone(not_found()),
        },
        ("DELETE", ["conversations", id, "messages"]) => alone(delete_messages(state, id, body)),
        ("POST", ["messages"]) => write_first::write(state, body),
        ("POST", ["attachments"]) => alone(upload(state, body)),
        _ => alone(not_found()),
    }
}

fn alone(reply: Reply) -> Answer {
    (reply, Vec::new())
}

/// The endpoint without ids: what a limit counts by.
fn endpoint(path: &[&str]) -> String {
    path.iter()
        .map(|segment| {
            if segment.parse::<i64>().is_ok() {
                "*"
            } else {
                segment
            }
        })
        .collect::<Vec<_>>()
        .join("/")
}

fn ok(body: &Value) -> Reply {
    Reply::json(200, JSON, body)
}

/// An error body as Pact shapes it.
pub(crate) fn error(status: u16, code: &str, detail: &str) -> Reply {
    let title = code.replace('_', " ");
    Reply::json(
        status,
        JSON,
        &json!({"errors": [{"status": status, "code": code, "title": title, "detail": detail}]}),
    )
}

fn not_found() -> Reply {
    error(404, "not_found", "Not found")
}

/// What a refusal's body looks like is known of few statuses.
fn in_its_way(refusal: Refusal, reply: Reply) -> Reply {
    match (reply.status, refusal) {
        (status @ (400 | 404), Refusal::First) => {
            Reply::json(status, JSON, &json!({"status": "errored", "data": null}))
        }
        (status @ (400 | 404), Refusal::Html) => Reply::html(status, "<html>No.</html>"),
        _ => reply,
    }
}

fn known(state: &State, id: &str) -> Option<i64> {
    id.parse()
        .ok()
        .filter(|id| state.pact.conversations.contains_key(id))
}

// --- webhooks -----------------------------------------------------------------------------------------------------

fn shown_hook(hook: &Hook) -> Value {
    json!({"id": hook.id, "url": hook.url, "active": hook.active})
}

fn hooks(state: &State) -> Reply {
    let rows: Vec<Value> = state.pact.hooks.iter().map(shown_hook).collect();
    ok(&json!({"webhooks": rows}))
}

fn drop_hook(state: &mut State, id: &str) -> Reply {
    let before = state.pact.hooks.len();
    state.pact.hooks.retain(|hook| hook.id.to_string() != id);
    if state.pact.hooks.len() == before {
        not_found()
    } else {
        Reply::empty(204)
    }
}

/// Creates or changes a webhook. A new address and an activation are tried with a test call first.
async fn set_hook(sandbox: &Sandbox, id: Option<&str>, body: &Value) -> Reply {
    let old = match id {
        None => None,
        Some(id) => {
            match sandbox.with(|state| {
                state
                    .pact
                    .hooks
                    .iter()
                    .find(|hook| hook.id.to_string() == id)
                    .cloned()
            }) {
                None => return not_found(),
                hook => hook,
            }
        }
    };
    if old.is_none() && sandbox.with(|state| state.pact.hooks.len()) >= MOST_HOOKS {
        return error(400, "bad_request", "A company may have 5 webhooks");
    }
    let Some(url) = body["url"]
        .as_str()
        .map(str::to_owned)
        .or_else(|| old.as_ref().map(|hook| hook.url.clone()))
    else {
        return error(400, "bad_request", "url is missing");
    };
    // A new webhook is inactive until it is switched on by a change.
    let active = old
        .as_ref()
        .is_some_and(|hook| body["active"].as_bool().unwrap_or(hook.active));
    let is_same = old
        .as_ref()
        .is_some_and(|hook| hook.url == url && (hook.active || !active));
    if !is_same && !answers_test(sandbox, &url).await {
        return error(
            400,
            "bad_request",
            "The webhook does not answer 200 to the test request",
        );
    }
    let status = if old.is_some() { 200 } else { 201 };
    sandbox.change(|state| {
        let id = old.map_or_else(|| state.pact.next_id(3000), |hook| hook.id);
        let hook = Hook { id, url, active };
        let shown = json!({"webhook": shown_hook(&hook)});
        state.pact.hooks.retain(|other| other.id != id);
        state.pact.hooks.push(hook);
        Reply::json(status, JSON, &shown)
    })
}

async fn answers_test(sandbox: &Sandbox, url: &str) -> bool {
    let request = sandbox
        .client()
        .post(url)
        .header("Content-Type", JSON)
        .timeout(Duration::from_secs(10))
        .body(json!({"source": "pact.im", "operation": "test"}).to_string());
    request
        .send()
        .await
        .is_ok_and(|response| response.status() == 200)
}

// --- reading ------------------------------------------------------------------------------------------------------

fn paging(call: &Call, per_page: usize) -> (usize, usize) {
    let number = |key: &str| {
        call.query_number(key)
            .and_then(|n| usize::try_from(n).ok())
            .filter(|n| *n > 0)
    };
    (
        number("page").unwrap_or(1),
        number("per_page").unwrap_or(per_page).min(per_page),
    )
}

fn meta(state: &State, call: &Call, count: usize, per_page: usize) -> Value {
    let (page, per_page) = paging(call, per_page);
    // In one sample there is a row less than counted.
    let count = count + usize::from(state.pact.ways.noise == Noise::Odd);
    json!({"page": page, "entries_count": count, "per_page": per_page})
}

fn conversations(state: &State, call: &Call) -> Reply {
    let wanted = call
        .query("search_string")
        .unwrap_or_default()
        .trim_start_matches(['+', '@', ' '])
        .to_lowercase();
    let mut found: Vec<&Conversation> = state
        .pact
        .conversations
        .values()
        .filter(|c| {
            wanted.is_empty()
                || c.phone.contains(&wanted)
                || c.shown_external().to_lowercase().contains(&wanted)
                || c.name.to_lowercase().contains(&wanted)
        })
        .collect();
    found.sort_by_key(|c| (c.updated_ms.unwrap_or(c.created_ms), c.id));
    if state.pact.ways.order == Order::NewFirst {
        found.reverse();
    }
    let (page, per_page) = paging(call, 25);
    let rows: Vec<Value> = found
        .into_iter()
        .skip((page - 1) * per_page)
        .take(per_page)
        .map(|conversation| state.pact.shown_conversation(conversation))
        .collect();
    let meta = meta(state, call, rows.len(), 25);
    ok(&json!({"conversations": rows, "meta": meta}))
}

fn conversation(state: &State, id: &str) -> Reply {
    match known(state, id) {
        Some(id) => {
            let shown = state
                .pact
                .shown_conversation(&state.pact.conversations[&id]);
            ok(&json!({"conversation": shown}))
        }
        None => not_found(),
    }
}

fn put_conversation(state: &mut State, id: &str, body: &Value) -> Reply {
    let Some(conversation) = known(state, id).and_then(|id| state.pact.conversations.get_mut(&id))
    else {
        return not_found();
    };
    if let Some(text) = body["operational_state"].as_str() {
        text.clone_into(&mut conversation.operational);
    }
    if let Some(text) = body["replied_state"].as_str() {
        text.clone_into(&mut conversation.replied);
    }
    let conversation = conversation.clone();
    let shown = state.pact.shown_conversation(&conversation);
    let event = json!({"event": "update", "type": "conversation", "object": shown});
    state.post_to_all(
        &event,
        &lane_of(conversation.id),
        When::after_response(),
        false,
    );
    ok(&json!({"conversation": shown}))
}

fn messages(state: &mut State, call: &Call, id: &str) -> Reply {
    let Some(id) = known(state, id) else {
        return not_found();
    };
    let hidden_since = hidden_since(state, Service::Pact);
    let ids = &state.pact.conversations[&id].messages;
    let mut found: Vec<&Message> = ids
        .iter()
        .filter_map(|id| state.pact.messages.get(id))
        .filter(|message| hidden_since.is_none_or(|since| message.external_ms <= since))
        .collect();
    found.sort_by_key(|m| (m.external_ms / 1000, m.id));
    if state.pact.ways.order == Order::NewFirst {
        found.reverse();
    }
    let (page, per_page) = paging(call, 150);
    let rows: Vec<Value> = found
        .into_iter()
        .skip((page - 1) * per_page)
        .take(per_page)
        .map(|message| state.pact.shown_message(message))
        .collect();
    let meta = meta(state, call, rows.len(), 150);
    ok(&json!({"messages": rows, "meta": meta}))
}

fn message(state: &State, conversation: &str, id: &str) -> Reply {
    let found = id
        .parse()
        .ok()
        .and_then(|id: i64| state.pact.messages.get(&id));
    match found.filter(|message| message.conversation.to_string() == conversation) {
        Some(message) => ok(&json!({"message": state.pact.shown_message(message)})),
        None => not_found(),
    }
}

// --- writing ------------------------------------------------------------------------------------------------------

fn send(state: &mut State, conversation: i64, is_new: bool, body: &Value) -> Answer {
    let text = body["text"].as_str().unwrap_or_default();
    let list = body["attachment_ids"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    if list.len() > 1 {
        return alone(error(400, "bad_request", "One attachment per message"));
    }
    let attachments: Vec<Value> = list
        .iter()
        .filter_map(|id| state.pact.attachments.get(&number(id)?))
        .cloned()
        .collect();
    if attachments.len() != list.len() {
        return alone(error(400, "bad_request", "Attachment not found"));
    }
    if text.is_empty() && attachments.is_empty() {
        return alone(error(
            400,
            "bad_request",
            "text or attachment_ids is required",
        ));
    }
    let is_late = write_first::is_late(state, conversation) && body["waba_id"].is_null();
    if is_late && state.pact.ways.late_text == ways::LateText::Refused {
        return alone(error(
            400,
            "bad_request",
            "The 24-hour window is closed, use a template",
        ));
    }
    let mut draft = Draft::new(From::Bot, Some(text.to_owned()));
    draft.attachments = attachments;
    draft.replied_to = body["replied_to_id"].as_str().map(str::to_owned);
    draft.lost = is_late;
    draft.internal = internal(state.pact.ways.api_sender, TOKEN_OWNER);
    draft.to_crm = body["send_to_crm"]
        .as_bool()
        .unwrap_or(body["send_to_crm"] != "false");
    "WhatsApp".clone_into(&mut draft.crm_author);
    let now = state.now;
    let id = state.pact.add_message(conversation, draft, now);
    let shown = state.pact.shown_message(&state.pact.messages[&id]);
    let creates = state.emit_message(id, is_new);
    state.bring_to_crm(id);
    let first = if state.hook_comes_first() {
        creates
    } else {
        Vec::new()
    };
    let status = state.pact.ways.sent_status;
    (Reply::json(status, JSON, &json!({"message": shown})), first)
}

fn delete_messages(state: &mut State, conversation: &str, body: &Value) -> Reply {
    let ids = body["message_ids"].as_array().cloned().unwrap_or_default();
    if ids.is_empty() || ids.len() > MOST_DELETED {
        return error(400, "bad_request", "message_ids holds 1 to 100 ids");
    }
    for id in ids.iter().filter_map(number) {
        let message = state.pact.messages.get(&id);
        if message.is_some_and(|m| m.conversation.to_string() == conversation) {
            state.taken_back(id);
        }
    }
    ok(&json!({"status": "ok"}))
}

fn upload(state: &mut State, body: &Value) -> Reply {
    let address = body["file_url"].as_str();
    let name = address
        .and_then(|url| url.rsplit('/').next())
        .or_else(|| body["file_name"].as_str());
    let Some(name) = name.map(str::to_owned) else {
        return error(400, "bad_request", "file or file_url is required");
    };
    let id = state.pact.next_id(30_000);
    let attachment = attachment(
        &state.env.public,
        id,
        &name,
        body["mime_type"]
            .as_str()
            .unwrap_or("application/octet-stream"),
        false,
    );
    state.pact.attachments.insert(id, attachment.clone());
    ok(&json!({"attachment": attachment}))
}

/// An attachment as messages carry it.
pub(crate) fn attachment(
    public: &str,
    id: i64,
    name: &str,
    mime: &str,
    push_to_talk: bool,
) -> Value {
    json!({
        "id": id, "message_id": null, "file_name": name, "mime_type": mime, "size": cdn::SIZE,
        "attachment_url": format!("{public}/cdn/{id}/{name}"), "preview_url": null,
        "aspect_ratio": null, "push_to_talk": push_to_talk,
    })
}
