//! What one item of a webhook says.

use super::map::{AccountMap, OWNER_CODE};
use crate::adapters::json::{digest, id, id_text, int, text};
use crate::adapters::phone;
use crate::ports::{CrmHook, Envelope, Left};
use serde_json::{Value, json};
use widget_core::event::FieldValue;
use widget_core::ids::{ContactId, DealId, TaskId};

/// An item as it is stored: the same content is the same event.
pub(crate) fn envelope(account: Option<i64>, kind: &str, item: &Value) -> Envelope {
    let stored = json!({"account": account, "kind": kind, "item": item});
    let content = item.to_string();
    Envelope {
        tenant: account,
        dedup_key: digest(&[kind.as_bytes(), content.as_bytes()]),
        conversation: None,
        body: stored.to_string().into_bytes(),
    }
}

/// Reads an item. Without a map (another account's, or none yet) stages stay unknown.
pub(crate) fn read(kind: &str, item: &Value, map: Option<&AccountMap>) -> CrmHook {
    let read = match kind.split_once('.') {
        Some(("leads", "add" | "update" | "status" | "responsible")) => deal(item, map),
        // Merged, deleted or back again: the deal has to be looked at.
        Some(("leads", "delete" | "restore")) => deal(item, None),
        Some(("task", "add" | "update" | "responsible")) => task(item),
        Some(("outgoing_message", _)) => outgoing(item),
        Some(("message", _)) if item["type"].as_str() == Some("outgoing") => outgoing(item),
        _ => None,
    };
    read.unwrap_or(CrmHook::Other)
}

/// A contact that a webhook tells of, with the digits of its phones.
pub(crate) fn contact(kind: &str, item: &Value) -> Option<(i64, Vec<String>)> {
    if !matches!(kind, "contacts.add" | "contacts.update") || item["type"] == "company" {
        return None;
    }
    let fields = item["custom_fields"].as_object()?.values();
    let values = fields
        .filter(|field| field["code"].as_str() == Some("PHONE"))
        .filter_map(|field| field["values"].as_object());
    let phones = values
        .flat_map(|values| values.values())
        .filter_map(|value| value.as_str().or_else(|| value["value"].as_str()))
        .flat_map(|text| phone::all(text).collect::<Vec<_>>());
    Some((id(&item["id"])?, phones.collect()))
}

fn deal(item: &Value, map: Option<&AccountMap>) -> Option<CrmHook> {
    let stage_at = |pipeline: &Value, status: &Value| {
        let place = (int(pipeline)?, int(status)?);
        map?.stage(place.0, place.1)?.key.clone()
    };
    let stage = stage_at(&item["pipeline_id"], &item["status_id"]);
    let old_pipeline = match &item["old_pipeline_id"] {
        Value::Null => &item["pipeline_id"],
        named => named,
    };
    // What the stages are called has to be known, or every move would seem to come from an unmapped one.
    let left = map
        .zip(id(&item["old_status_id"]))
        .map(|_| Left(stage_at(old_pipeline, &item["old_status_id"])));
    Some(CrmHook::Deal {
        deal: DealId(id(&item["id"])?),
        by: int(&item["modified_user_id"]),
        // A deal without any filled field has no `custom_fields` at all: ours is empty then too.
        field: map.map(|map| {
            let filled = item["custom_fields"].as_object();
            field(filled.into_iter().flat_map(|fields| fields.values()), map)
        }),
        stage,
        left,
    })
}

/// The owner field among the filled ones; one that is not among them is empty.
fn field<'a>(fields: impl Iterator<Item = &'a Value>, map: &AccountMap) -> FieldValue {
    let mut fields = fields;
    let ours = fields.find(|field| {
        let code = field["code"].as_str();
        code == Some(OWNER_CODE)
            || map.is_owner_field(id(&field["id"]), code, field["name"].as_str())
    });
    let Some(values) = ours.map(|field| &field["values"]) else {
        return FieldValue::Empty;
    };
    let first = values
        .as_object()
        .and_then(|values| values.values().next())
        .unwrap_or(values);
    // Old shape: the value itself instead of `{value, enum}`.
    let shown = first.as_str().or_else(|| first["value"].as_str());
    map.field_value(id(&first["enum"]), None, shown)
}

fn task(item: &Value) -> Option<CrmHook> {
    let is_of_deal = matches!(item["element_type"].as_str(), Some("2" | "lead" | "leads"));
    Some(CrmHook::Task {
        task: TaskId(id(&item["id"])?),
        deal: id(&item["element_id"]).filter(|_| is_of_deal).map(DealId),
        done: int(&item["status"]) == Some(1),
        by: int(&item["modified_user_id"]),
    })
}

fn outgoing(item: &Value) -> Option<CrmHook> {
    let of_deal = |kind: &str, key: &str| {
        let is_deal = matches!(item[kind].as_str(), Some("2" | "lead" | "leads"));
        id(&item[key]).filter(|_| is_deal).map(DealId)
    };
    let author = &item["author"];
    Some(CrmHook::Outgoing {
        message: id_text(&item["id"])?,
        deal: of_deal("element_type", "element_id").or_else(|| of_deal("entity_type", "entity_id")),
        contact: id(&item["contact_id"]).map(ContactId),
        user: id(&author["user_id"]).unwrap_or(0),
        author: unescaped(text(&author["name"]).unwrap_or_default()),
        text: item["text"].as_str().unwrap_or_default().to_owned(),
        at: int(&item["created_at"]).unwrap_or(0).saturating_mul(1000),
    })
}

/// Names arrive HTML-escaped.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let entity = rest.get(1..).and_then(|after| after.split_once(';'));
        let known = entity.and_then(|(name, after)| Some((character(name)?, after)));
        let (c, after) = known.unwrap_or(('&', &rest[1..]));
        plain.push(c);
        rest = after;
    }
    plain.push_str(rest);
    plain
}

fn character(entity: &str) -> Option<char> {
    let code = match entity {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        "nbsp" => return Some(' '),
        "laquo" => return Some('«'),
        "raquo" => return Some('»'),
        _ => entity.strip_prefix('#')?,
    };
    let number = match code.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => code.parse(),
    };
    char::from_u32(number.ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_entities_and_nothing_else() {
        for (escaped, plain) in [
            ("Анна &amp; Ко", "Анна & Ко"),
            ("&quot;A&#039;&#x27;&lt;b&gt;", "\"A''<b>"),
            ("A & B; C &unknown; &", "A & B; C &unknown; &"),
            ("&#99999999;&;", "&#99999999;&;"),
            ("", ""),
        ] {
            assert_eq!(unescaped(escaped), plain);
        }
    }
}
