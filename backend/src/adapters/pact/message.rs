//! Pact's message object, read leniently: the documentation contradicts itself on nulls, enums and types.

use super::json;
use crate::ports::{ChannelMessage, Guest};
use jiff::Timestamp;
use serde_json::Value;
use widget_core::ids::{ConversationId, MessageId};
use widget_core::phone;
use widget_core::understand::AttachmentKind;

/// Reads a message object; `of` is its conversation where the object need not name it. `None` without ids or
/// direction.
pub(super) fn read(object: &Value, of: Option<&ConversationId>) -> Option<ChannelMessage> {
    let income = object["income"].as_bool()?;
    read_as(object, of, income)
}

pub(super) fn read_as(
    object: &Value,
    of: Option<&ConversationId>,
    income: bool,
) -> Option<ChannelMessage> {
    let conversation = conversation_id(object).or_else(|| of.cloned())?;
    let sender = if income {
        &object["contact"]
    } else {
        &Value::Null
    };
    Some(ChannelMessage {
        id: MessageId(json::id_text(&object["id"])?),
        conversation,
        income,
        text: json::text(&object["message"]).map(str::to_owned),
        attachments: json::list(&object["attachments"])
            .iter()
            .map(kind)
            .collect(),
        at: time(&object["external_created_at"])
            .or_else(|| time(&object["created_at"]))
            .unwrap_or(0),
        bulk: json::is_true(&object["delivery"]),
        // Whoever writes in a group has a phone too.
        guest: guest(&object["conversation"], sender).filter(|_| names_its_talk(object)),
    })
}

/// Whether a message of ours failed for good.
pub(super) fn is_undelivered(object: &Value) -> bool {
    object["income"].as_bool() == Some(false) && object["status"].as_str() == Some("error")
}

/// The thread that a message object names.
pub(super) fn conversation_id(object: &Value) -> Option<ConversationId> {
    json::id_text(&object["conversation_id"])
        .or_else(|| json::id_text(&object["conversation"]["id"]))
        .map(ConversationId)
}

/// Whether a message object says of what kind its conversation is: a group, or a talk with one guest.
pub(super) fn names_its_talk(object: &Value) -> bool {
    let conversation = &object["conversation"];
    let says = |key: &str| !matches!(&conversation[key], Value::Null);
    // A group has a title in the place of a phone.
    conversation.is_object() && (says("group") || says("sender_phone"))
}

/// The guest of a conversation object, with the sender of an incoming message as a second witness. `None` without a
/// phone: the provider's ids are never read as one.
pub(super) fn guest(conversation: &Value, sender: &Value) -> Option<Guest> {
    let phone_of = |value: &Value| phone::digits(&json::id_text(value)?);
    let phone = phone_of(&conversation["sender_phone"]).or_else(|| phone_of(&sender["phone"]))?;
    let name = json::text(&conversation["sender_name"]).or_else(|| json::text(&sender["name"]));
    // WhatsApp gives the bare phone where the guest has no name.
    let name = name.filter(|name| name.chars().any(char::is_alphabetic));
    Some(Guest {
        phone,
        name: name.map(|name| name.trim().to_owned()),
        provider: conversation["provider"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    })
}

fn kind(attachment: &Value) -> AttachmentKind {
    let word = |key: &str| attachment[key].as_str().unwrap_or_default().to_lowercase();
    let (mime, name, named) = (word("mime_type"), word("file_name"), word("type"));
    let mime = mime.split(';').next().unwrap_or_default().trim();
    if json::is_true(&attachment["push_to_talk"]) {
        return AttachmentKind::Voice;
    }
    // A sticker is a webp picture; a picture of that type with another name may be a receipt.
    if named == "sticker" || (mime == "image/webp" && name.contains("sticker")) {
        return AttachmentKind::Sticker;
    }
    match (mime.split('/').next().unwrap_or_default(), mime) {
        (_, "text/vcard" | "text/x-vcard" | "text/directory") => AttachmentKind::Contact,
        ("image", _) => AttachmentKind::Image,
        ("audio", _) => AttachmentKind::Voice,
        ("video", _) => AttachmentKind::Video,
        (_, "application/octet-stream") => AttachmentKind::Other,
        ("application" | "text", _) => AttachmentKind::Document,
        _ => match named.as_str() {
            "location" => AttachmentKind::Location,
            "contact" => AttachmentKind::Contact,
            _ => AttachmentKind::Other,
        },
    }
}

/// ISO times with and without ms, the old `2026-11-20 08:00:05 UTC`, and unix seconds.
pub(super) fn time(value: &Value) -> Option<i64> {
    if let Some(seconds) = json::int(value).filter(|seconds| *seconds > 0) {
        return Some(seconds.saturating_mul(1000));
    }
    let text = value.as_str()?.trim();
    let iso = text
        .strip_suffix(" UTC")
        .map(|plain| format!("{}Z", plain.replace(' ', "T")));
    let time: Timestamp = iso.as_deref().unwrap_or(text).parse().ok()?;
    Some(time.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_in_every_spelling() {
        for (value, ms) in [
            (json!("2026-11-20T08:00:05.514Z"), 1_795_161_605_514),
            (json!("2026-11-20T08:00:05Z"), 1_795_161_605_000),
            (json!("2026-11-20T11:00:05+03:00"), 1_795_161_605_000),
            (json!("2026-11-20 08:00:05 UTC"), 1_795_161_605_000),
            (json!(1_795_161_605), 1_795_161_605_000),
        ] {
            assert_eq!(time(&value), Some(ms), "{value}");
        }
        for none in [json!(null), json!("yesterday"), json!([]), json!(-1)] {
            assert_eq!(time(&none), None, "{none}");
        }
    }

    #[test]
    fn attachments_by_mime() {
        use AttachmentKind as K;
        for (attachment, expected) in [
            (
                json!({"mime_type": "audio/ogg", "push_to_talk": true}),
                K::Voice,
            ),
            (json!({"mime_type": "audio/ogg; codecs=opus"}), K::Voice),
            (json!({"mime_type": "image/jpeg"}), K::Image),
            (
                json!({"mime_type": "image/webp", "file_name": "sticker.webp"}),
                K::Sticker,
            ),
            (
                json!({"mime_type": "image/webp", "file_name": "check.webp"}),
                K::Image,
            ),
            (json!({"mime_type": "application/pdf"}), K::Document),
            (json!({"mime_type": "video/mp4"}), K::Video),
            (json!({"mime_type": "text/vcard"}), K::Contact),
            (json!({"mime_type": null}), K::Other),
            (json!("?"), K::Other),
        ] {
            assert_eq!(kind(&attachment), expected, "{attachment}");
        }
    }
}
