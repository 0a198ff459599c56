//! What else comes to the same URL: events of the old API, events of other things, and what is no event at all.

use serde_json::{Value, json};

use super::CHANNEL;
use super::model::COMPANY_ID;
use crate::clock::utc;
use crate::control::{Given, Refused, bad};
use crate::state::State;
use crate::webhooks::When;

const KINDS: &[&str] = &[
    "v1_conversation",
    "v1_ack",
    "v1_group",
    "job",
    "system",
    "qr_code",
    "unknown_type",
    "foreign",
    "malformed",
];

/// `POST /sandbox/pact/events`: `{kind}`, to every active webhook.
pub(crate) fn tell(state: &mut State, given: &Given) -> Result<Value, Refused> {
    let kind = given.needed_text("kind")?;
    let Some(body) = body(state, kind) else {
        return Err(bad(format!("`kind` is one of {}.", KINDS.join(", "))));
    };
    state.post_text(&body, "odd", When::Machine(0), false);
    Ok(json!({"kind": kind}))
}

fn body(state: &State, kind: &str) -> Option<String> {
    let (at, seconds) = (utc(state.now), state.now / 1000);
    let channel = json!({"id": CHANNEL, "type": "whatsapp"});
    let told = match kind {
        "v1_conversation" => json!({"type": "conversation", "event": "new", "data": {
            "external_id": 700_999, "name": "Анна", "avatar_url": null, "channel_id": CHANNEL,
            "channel_type": "whatsapp", "created_at": "2026-11-18 08:00:00 UTC", "created_at_timestamp": seconds,
            "last_message_at": seconds, "last_income_message_at": 0, "sender_external_id": "79000000099"}}),
        "v1_ack" => json!({"type": "message", "event": "ack", "data": {
            "external_id": 1_400_000_999, "channel": channel, "conversation_id": 700_999, "ack": 3}}),
        "v1_group" => json!({"type": "group_message", "event": "new", "data": {
            "external_id": 1_400_000_998, "conversation_id": 700_998, "message": "Всем привет", "income": true}}),
        "job" => json!({"type": "job", "event": "executed", "data": {
            "id": 18, "result": "NOT DELIVERED", "reason": "not registered", "message_id": null, "date": seconds}}),
        "system" => json!({"type": "system", "severity": "critical", "data": {
            "message": "phone offline", "date": at, "date_timestamp": seconds, "timestamp": seconds,
            "details": {"entity": "channel", "entity_id": CHANNEL}}}),
        "qr_code" => {
            json!({"type": "qr_code", "event": "new", "company_id": COMPANY_ID, "channel_id": CHANNEL,
            "data": "aGVsbG8="})
        }
        "unknown_type" => {
            json!({"type": "weather", "event": "create", "object": {"id": 5, "company_id": COMPANY_ID}})
        }
        "foreign" => json!({"type": "message", "event": "create", "object": {
            "id": 1_400_000_997, "company_id": COMPANY_ID + 1, "conversation_id": 700_997, "income": true,
            "status": "created", "message": "Чужое", "created_at": at, "external_created_at": at,
            "conversation": {"id": 700_997, "company_id": COMPANY_ID + 1, "sender_phone": "79000000098",
                "provider": "whatsapp", "group": false}}}),
        "malformed" => return Some("{\"event\":\"create\",\"type\":\"mess".to_owned()),
        _ => return None,
    };
    Some(told.to_string())
}
