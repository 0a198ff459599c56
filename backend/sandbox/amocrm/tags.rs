//! Tags of deals and contacts.

use serde_json::{Value, json};

use super::model::{Crm, Tag};
use super::{Invalid, dictionary, problem};
use crate::http::{Call, Reply, number};
use crate::state::State;

pub(super) fn answer(state: &mut State, call: &Call, entity: &str) -> Reply {
    match call.method.as_str() {
        "GET" => {
            let wanted = call.query("query").or_else(|| call.query("filter[name]"));
            let tags = state.crm.tags.iter().filter(|tag| tag.entity == entity);
            let rows: Vec<Value> = tags
                .filter(|tag| wanted.is_none_or(|name| tag.name.contains(name)))
                .map(shown)
                .collect();
            dictionary(state, &format!("{entity}/tags"), "tags", &rows)
        }
        "POST" => {
            let entity = entity.to_owned();
            super::batch(state, call, "tags", |state, item| {
                let name = item["name"]
                    .as_str()
                    .ok_or_else(|| Invalid::missing("name"))?;
                let id = named(&mut state.crm, &entity, name);
                Ok(json!({"id": id, "name": name}))
            })
        }
        _ => problem(405, "Method Not Allowed", "Method not allowed"),
    }
}

fn shown(tag: &Tag) -> Value {
    json!({"id": tag.id, "name": tag.name, "color": null})
}

pub(super) fn shown_all(crm: &Crm, ids: &[i64]) -> Vec<Value> {
    crm.tags
        .iter()
        .filter(|tag| ids.contains(&tag.id))
        .map(shown)
        .collect()
}

/// The id of the tag with this name, made if need be.
pub(crate) fn named(crm: &mut Crm, entity: &str, name: &str) -> i64 {
    if let Some(tag) = crm
        .tags
        .iter()
        .find(|tag| tag.entity == entity && tag.name == name)
    {
        return tag.id;
    }
    let id = crm.next_id();
    crm.tags.push(Tag {
        id,
        entity: entity.to_owned(),
        name: name.to_owned(),
    });
    id
}

/// Applies `_embedded.tags` (replaces the set), `tags_to_add` and `tags_to_delete` of a write.
pub(super) fn written(crm: &mut Crm, entity: &str, mut tags: Vec<i64>, item: &Value) -> Vec<i64> {
    let embedded = item
        .get("_embedded")
        .and_then(|embedded| embedded.get("tags"));
    if let Some(set) = embedded {
        tags = ids(crm, entity, set);
    }
    for id in ids(crm, entity, &item["tags_to_add"]) {
        if !tags.contains(&id) {
            tags.push(id);
        }
    }
    let gone = ids(crm, entity, &item["tags_to_delete"]);
    tags.retain(|id| !gone.contains(id));
    tags
}

fn ids(crm: &mut Crm, entity: &str, list: &Value) -> Vec<i64> {
    let rows = list.as_array().map(Vec::as_slice).unwrap_or_default();
    rows.iter()
        .filter_map(|row| match (number(&row["id"]), row["name"].as_str()) {
            (Some(id), _) => Some(id),
            (None, Some(name)) => Some(named(crm, entity, name)),
            _ => None,
        })
        .collect()
}
