//! Pact's webhooks. Only the v2 shape (`object`) takes effect; its twins of v1 (`data`) may come to the same URL.

use super::message::{conversation_id, is_undelivered, names_its_talk, read_as};
use crate::adapters::json::{digest, id_text, int, is_true};
use crate::ports::{CHANNEL_OFF, CHANNEL_ON, ChannelHook, ChannelMessage, Envelope, UNTOLD};
use serde_json::Value;
use widget_core::understand::AttachmentKind;

/// What has to be known of a body before it is acknowledged.
pub(crate) fn envelope(raw: &[u8]) -> Result<Envelope, String> {
    let body: Value = serde_json::from_slice(raw).map_err(|_| "not JSON".to_owned())?;
    if !body.is_object() {
        return Err("not an object".to_owned());
    }
    let object = &body["object"];
    let (kind, event) = (word(&body, "type"), word(&body, "event"));
    let dedup_key = match id_text(&object["id"]) {
        Some(id) if event == "update" => {
            format!(
                "{kind}/{event}/{id}/{}",
                digest(&[object.to_string().as_bytes()])
            )
        }
        // What is known of it later comes under its own key.
        Some(id) if is_untold(kind, event, object) => format!("untold/{kind}/{event}/{id}"),
        Some(id) => format!("{kind}/{event}/{id}"),
        None => format!("raw/{}", digest(&[raw])),
    };
    let is_talk = kind == "message" && !is_group(object) && !is_untold(kind, event, object);
    Ok(Envelope {
        tenant: int(&object["company_id"])
            .or_else(|| int(&object["conversation"]["company_id"]))
            .or_else(|| int(&body["company_id"])),
        dedup_key,
        conversation: conversation_id(object).filter(|_| is_talk),
        body: raw.to_vec(),
    })
}

/// What a stored body says.
pub(crate) fn read(raw: &[u8]) -> ChannelHook {
    let ignored = |label: &str| ChannelHook::Ignored(label.to_owned());
    let Ok(body) = serde_json::from_slice::<Value>(raw) else {
        return ignored("malformed");
    };
    let object = &body["object"];
    if !object.is_object() {
        return ignored(match &body {
            body if body["operation"].as_str() == Some("test") => "test",
            body if body["data"].is_object() => "v1",
            _ => "malformed",
        });
    }
    match word(&body, "type") {
        "message" => message(word(&body, "event"), object),
        "conversation" => ignored("conversation"),
        "auth" if is_of_whatsapp(object) => match word(object, "state") {
            "disabled" => ignored(CHANNEL_OFF),
            "enabled" => ignored(CHANNEL_ON),
            _ => ignored("auth"),
        },
        "auth" => ignored("auth"),
        _ => ignored("type"),
    }
}

fn message(event: &str, object: &Value) -> ChannelHook {
    let ignored = |label: &str| ChannelHook::Ignored(label.to_owned());
    if is_group(object) {
        return ignored("group");
    }
    // What is gone may come without its direction; a message of ours that we do not know deleted changes nothing.
    let direction = object["income"].as_bool();
    let is_gone = event == "delete" || is_true(&object["deleted"]);
    let Some(income) = direction.or(is_gone.then_some(true)) else {
        return ignored("incomplete");
    };
    let Some(message) = read_as(object, None, income) else {
        return ignored("incomplete");
    };
    if is_untold("message", event, object) {
        return ignored(UNTOLD);
    }
    match (event, income) {
        ("create" | "update" | "delete", true) if is_gone => ChannelHook::GuestDeleted(message),
        ("create", true) => ChannelHook::Guest(never_empty(message)),
        ("create", false) => ChannelHook::Outgoing(message),
        ("update", true) if message.text.is_some() => ChannelHook::GuestEdited(message),
        ("update", false) if is_undelivered(object) => ChannelHook::Undelivered(message),
        ("update" | "delete", _) => ignored("status"),
        _ => ignored("event"),
    }
}

/// A message of nothing is a place, a card or whatever else Pact does not carry: a person has to look.
fn never_empty(mut message: ChannelMessage) -> ChannelMessage {
    if message.text.is_none() && message.attachments.is_empty() {
        message.attachments.push(AttachmentKind::Other);
    }
    message
}

/// A channel that does not say of which provider it is may be the one.
fn is_of_whatsapp(object: &Value) -> bool {
    let provider = word(object, "provider");
    provider.is_empty() || provider.starts_with("whatsapp")
}

fn is_group(object: &Value) -> bool {
    is_true(&object["conversation"]["group"])
}

/// A new message that does not say whether it is of a group.
fn is_untold(kind: &str, event: &str, object: &Value) -> bool {
    kind == "message" && event == "create" && !names_its_talk(object)
}

fn word<'a>(body: &'a Value, key: &str) -> &'a str {
    body[key].as_str().unwrap_or_default()
}
