//! Notes in the feeds of deals and contacts.

use serde_json::{Value, json};

use super::hooks::Actor;
use super::model::{ACCOUNT_ID, Note, TOKEN_USER};
use super::{Invalid, batch, hal, hidden_since, link, paged, problem};
use crate::faults::Service;
use crate::http::{Call, Reply, number};
use crate::state::State;

pub(super) fn answer_of(
    state: &mut State,
    call: &Call,
    entity: &str,
    id: &str,
    rest: &[&str],
) -> Reply {
    let entity_id = id.parse().unwrap_or_default();
    match (call.method.as_str(), rest) {
        (_, []) => answer(state, call, entity, Some(entity_id)),
        ("GET", [note]) => {
            let note = note
                .parse()
                .ok()
                .and_then(|id: i64| state.crm.notes.get(&id));
            note.map_or_else(|| Reply::empty(204), |note| hal(&shown(state, note)))
        }
        ("PATCH", [note]) => {
            let id: i64 = note.parse().unwrap_or_default();
            let now = state.now_s();
            let Some(note) = state.crm.notes.get_mut(&id) else {
                return Invalid::choice("id").reply("0");
            };
            if let Some(text) = call.json()["params"]["text"].as_str() {
                note.params["text"] = json!(text);
            }
            note.updated_at = now;
            hal(&json!({"id": id, "updated_at": now}))
        }
        _ => problem(404, "Not Found", "Not found"),
    }
}

/// `…/{entity}/notes`, or those of one entity.
pub(super) fn answer(state: &mut State, call: &Call, entity: &str, of: Option<i64>) -> Reply {
    match call.method.as_str() {
        "GET" => list(state, call, entity, of),
        "POST" => {
            let entity = entity.to_owned();
            batch(state, call, "notes", |state, item| {
                let entity_id = of
                    .or_else(|| number(&item["entity_id"]))
                    .ok_or_else(|| Invalid::missing("entity_id"))?;
                create(state, &entity, entity_id, item)
            })
        }
        _ => problem(405, "Method Not Allowed", "Method not allowed"),
    }
}

fn list(state: &mut State, call: &Call, entity: &str, of: Option<i64>) -> Reply {
    let hidden_since = hidden_since(state, Service::Amocrm);
    let state: &State = state;
    let ids = call.query_ids("filter[id]");
    let entities = call.query_ids("filter[entity_id]");
    let kinds = call.query_all("filter[note_type]");
    let mut found: Vec<i64> = state
        .crm
        .notes
        .values()
        .filter(|note| note.entity == entity && of.is_none_or(|id| note.entity_id == id))
        .filter(|note| hidden_since.is_none_or(|since| note.created_at * 1000 <= since))
        .filter(|note| ids.is_empty() || ids.contains(&note.id))
        .filter(|note| entities.is_empty() || entities.contains(&note.entity_id))
        .filter(|note| kinds.is_empty() || kinds.contains(&note.kind.as_str()))
        .map(|note| note.id)
        .collect();
    if ["order[id]", "order[updated_at]"]
        .iter()
        .any(|key| call.query(key) == Some("desc"))
    {
        found.reverse();
    }
    paged(state, call, "notes", &found, |id| {
        shown(state, &state.crm.notes[&id])
    })
}

fn shown(state: &State, note: &Note) -> Value {
    json!({
        "id": note.id, "entity_id": note.entity_id, "created_by": note.created_by, "updated_by": note.created_by,
        "created_at": note.created_at, "updated_at": note.updated_at, "responsible_user_id": note.responsible,
        "group_id": 0, "note_type": note.kind, "params": note.params, "account_id": ACCOUNT_ID,
        "_links": link(state, &format!("{}/{}/notes/{}", note.entity, note.entity_id, note.id)),
    })
}

fn create(state: &mut State, entity: &str, entity_id: i64, item: &Value) -> Result<Value, Invalid> {
    if !state.crm.has(entity, entity_id) {
        return Err(Invalid::choice("entity_id"));
    }
    let kind = item["note_type"]
        .as_str()
        .ok_or_else(|| Invalid::missing("note_type"))?;
    let wanted: &[&str] = match kind {
        "common" => &["text"],
        "service_message" | "extended_service_message" => &["service", "text"],
        "call_in" | "call_out" => &["uniq", "source", "link", "phone"],
        "sms_in" | "sms_out" => &["text", "phone"],
        "geolocation" => &["text", "address", "longitude", "latitude"],
        "message_cashier" => &["status", "text"],
        "attachment" => &["file_uuid", "file_name"],
        _ => return Err(Invalid::choice("note_type")),
    };
    for key in wanted {
        if !item["params"][key].is_string() {
            return Err(Invalid::missing(format!("params.{key}")));
        }
    }
    let note = Note {
        id: state.crm.next_id(),
        entity: entity.to_owned(),
        entity_id,
        kind: kind.to_owned(),
        params: item["params"].clone(),
        created_by: number(&item["created_by"]).unwrap_or(TOKEN_USER),
        responsible: number(&item["responsible_user_id"]).unwrap_or(TOKEN_USER),
        created_at: state.now_s(),
        updated_at: state.now_s(),
    };
    let id = state.add_note(&note, Actor::Api);
    Ok(json!({
        "id": id, "entity_id": entity_id, "_links": link(state, &format!("{entity}/{entity_id}/notes/{id}")),
    }))
}
