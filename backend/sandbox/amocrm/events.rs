//! What has happened in the account: the list that `GET /events` reads. A chat message stands there without its text.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::hooks::Actor;
use super::model::{ACCOUNT_ID, Lead};
use super::{hal, link, paged_at_most, problem};
use crate::http::{Call, Reply};
use crate::state::State;

/// Kept, the newest.
const KEPT: usize = 2_000;
const ON_PAGE: usize = 100;
/// Values of one filter at most.
const AT_ONCE: usize = 10;

/// Something that happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Event {
    id: i64,
    kind: String,
    entity: String,
    entity_id: i64,
    by: i64,
    at: i64,
    after: Value,
    before: Value,
}

pub(super) fn answer(state: &State, call: &Call, rest: &[&str]) -> Reply {
    match rest {
        [] => list(state, call),
        ["types"] => {
            let types = [
                "lead_added",
                "lead_deleted",
                "lead_restored",
                "lead_status_changed",
                "entity_responsible_changed",
                "contact_added",
                "task_added",
                "task_completed",
                "common_note_added",
                "service_note_added",
                "custom_field_value_changed",
                "incoming_chat_message",
                "outgoing_chat_message",
                "entity_merged",
            ];
            let rows: Vec<Value> = types
                .iter()
                .map(|key| json!({"key": key, "type": 0, "lang": key}))
                .collect();
            hal(
                &json!({"_total_items": rows.len(), "_links": link(state, "events/types"),
                "_embedded": {"events_types": rows}}),
            )
        }
        [id] => match found(state, id) {
            Some(event) => hal(&shown(state, event)),
            None => Reply::empty(204),
        },
        _ => problem(404, "Not Found", "Not found"),
    }
}

fn found<'a>(state: &'a State, id: &str) -> Option<&'a Event> {
    let mut events = state.crm.events.iter();
    events.find(|event| name_of(event) == id)
}

/// A change of a field goes by its own name and by that of all fields.
fn is_of_kind(event: &Event, kind: &str) -> bool {
    let is_of_a_field = event.kind.starts_with("custom_field_");
    event.kind == kind || (is_of_a_field && kind == "custom_field_value_changed")
}

/// Ids of events are texts.
fn name_of(event: &Event) -> String {
    format!("01e{:023}", event.id)
}

fn list(state: &State, call: &Call) -> Reply {
    let kinds = call.query_all("filter[type]");
    let entities = call.query_all("filter[entity]");
    let ids = call.query_ids("filter[entity_id]");
    let authors = call.query_ids("filter[created_by]");
    if ids.len() > AT_ONCE || authors.len() > AT_ONCE {
        return problem(400, "Bad Request", "Too many values of a filter");
    }
    if !ids.is_empty() && entities.len() != 1 {
        return problem(
            400,
            "Bad Request",
            "filter[entity_id] needs exactly one entity",
        );
    }
    let edge = |key: &str| call.query_number(&format!("filter[created_at][{key}]"));
    let (from, to) = (edge("from"), edge("to"));
    let events = state.crm.events.iter().rev();
    let ids: Vec<i64> = events
        .filter(|event| kinds.is_empty() || kinds.iter().any(|kind| is_of_kind(event, kind)))
        .filter(|event| entities.is_empty() || entities.contains(&event.entity.as_str()))
        .filter(|event| ids.is_empty() || ids.contains(&event.entity_id))
        .filter(|event| authors.is_empty() || authors.contains(&event.by))
        .filter(|event| {
            from.is_none_or(|from| from <= event.at) && to.is_none_or(|to| event.at <= to)
        })
        .map(|event| event.id)
        .collect();
    paged_at_most(state, call, ("events", ON_PAGE), &ids, |id| {
        let mut events = state.crm.events.iter();
        let event = events.find(|event| event.id == id);
        event.map_or(Value::Null, |event| shown(state, event))
    })
}

fn shown(state: &State, event: &Event) -> Value {
    let listed = |value: &Value| match value {
        Value::Null => json!([]),
        value => json!([value]),
    };
    json!({
        "id": name_of(event), "type": event.kind, "entity_id": event.entity_id, "entity_type": event.entity,
        "created_by": event.by, "created_at": event.at, "value_after": listed(&event.after),
        "value_before": listed(&event.before), "account_id": ACCOUNT_ID,
        "_links": link(state, &format!("events/{}", name_of(event))),
    })
}

impl State {
    /// Remembers that something has happened to `entity`, such as `lead`.
    pub(crate) fn happened(
        &mut self,
        kind: &str,
        (entity, entity_id): (&str, i64),
        by: Actor,
        (before, after): (Value, Value),
    ) {
        let event = Event {
            id: self.crm.next_id(),
            kind: kind.to_owned(),
            entity: entity.to_owned(),
            entity_id,
            by: by.user(),
            at: self.now_s(),
            after,
            before,
        };
        let events: &mut VecDeque<Event> = &mut self.crm.events;
        events.push_back(event);
        if events.len() > KEPT {
            events.pop_front();
        }
    }

    /// Remembers what has changed in a lead.
    pub(super) fn lead_changed(&mut self, old: &Lead, lead: &Lead, by: Actor) {
        let of = ("lead", lead.id);
        if (lead.status, lead.pipeline) != (old.status, old.pipeline) {
            let place = |lead: &Lead| json!({"lead_status": {"id": lead.status, "pipeline_id": lead.pipeline}});
            self.happened("lead_status_changed", of, by, (place(old), place(lead)));
        }
        if lead.responsible != old.responsible {
            let user = |lead: &Lead| json!({"responsible_user": {"id": lead.responsible}});
            self.happened(
                "entity_responsible_changed",
                of,
                by,
                (user(old), user(lead)),
            );
        }
        let mut fields: Vec<i64> = lead
            .values
            .keys()
            .chain(old.values.keys())
            .copied()
            .collect();
        fields.sort_unstable();
        fields.dedup();
        for field in fields {
            let value = |lead: &Lead| {
                let first = lead.values.get(&field).and_then(|values| values.first());
                first.map_or(Value::Null, |value| {
                    json!({"custom_field_value": {"field_id": field, "enum_id": value.choice, "text": value.value}})
                })
            };
            if value(old) != value(lead) {
                let kind = format!("custom_field_{field}_value_changed");
                self.happened(&kind, of, by, (value(old), value(lead)));
            }
        }
    }
}
