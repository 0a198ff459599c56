//! Links between deals and contacts.

use serde_json::{Value, json};

use super::hooks::Actor;
use super::{Invalid, hal, link, problem};
use crate::http::{Call, Reply, number};
use crate::state::State;

pub(super) fn answer(state: &mut State, call: &Call, entity: &str, id: &str, verb: &str) -> Reply {
    let id = id.parse().unwrap_or_default();
    if !state.crm.has(entity, id) {
        return problem(404, "Not Found", "Entity not found");
    }
    match (call.method.as_str(), verb) {
        ("GET", "links") => list(state, call, entity, id),
        ("POST", "link" | "unlink") => write(state, call, entity, id, verb == "link"),
        _ => problem(405, "Method Not Allowed", "Method not allowed"),
    }
}

fn list(state: &State, call: &Call, entity: &str, id: i64) -> Reply {
    let others = if entity == "leads" {
        &state.crm.leads[&id].contacts
    } else {
        &state.crm.contacts[&id].leads
    };
    let kind = if entity == "leads" {
        "contacts"
    } else {
        "leads"
    };
    let wanted = call.query_all("filter[to_entity_type]");
    let rows: Vec<Value> = others
        .iter()
        .enumerate()
        .filter(|_| wanted.is_empty() || wanted.contains(&kind))
        .map(|(place, other)| {
            let metadata = if kind == "contacts" {
                json!({"main_contact": place == 0})
            } else {
                Value::Null
            };
            json!({"to_entity_id": other, "to_entity_type": kind, "metadata": metadata})
        })
        .collect();
    if rows.is_empty() {
        return Reply::empty(204);
    }
    hal(&json!({
        "_total_items": rows.len(), "_links": link(state, &format!("{entity}/{id}/links")), "_embedded": {"links": rows},
    }))
}

fn write(state: &mut State, call: &Call, entity: &str, id: i64, join: bool) -> Reply {
    let rows = match super::items(call) {
        Ok(rows) => rows,
        Err(reply) => return reply,
    };
    for (position, row) in rows.iter().enumerate() {
        let kind = row["to_entity_type"].as_str().unwrap_or_default();
        let other = number(&row["to_entity_id"]).unwrap_or_default();
        let is_pair = matches!(
            (entity, kind),
            ("leads", "contacts") | ("contacts", "leads")
        );
        if !is_pair || !state.crm.has(kind, other) {
            return Invalid::choice("to_entity_id").reply(&position.to_string());
        }
        let (lead, contact) = if entity == "leads" {
            (id, other)
        } else {
            (other, id)
        };
        let is_main = row["metadata"]["is_main"].as_bool().unwrap_or(false);
        state.join(lead, contact, join, is_main);
        let lead = state.crm.leads[&lead].clone();
        state.put_lead(lead, Actor::Api);
    }
    if !join {
        return Reply::empty(204);
    }
    hal(
        &json!({"_links": link(state, &format!("{entity}/{id}/link")), "_embedded": {"links": rows}}),
    )
}
