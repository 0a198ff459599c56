//! Tasks.

use serde_json::{Value, json};

use super::hooks::Actor;
use super::model::{ACCOUNT_ID, TOKEN_USER, Task};
use super::{Invalid, batch, hal, hidden_since, link, paged};
use crate::faults::Service;
use crate::http::{Call, Reply, number};
use crate::state::State;

impl Task {
    pub(crate) fn is_of(&self, entity: &str, id: i64) -> bool {
        self.entity.as_deref() == Some(entity) && self.entity_id == Some(id)
    }
}

pub(super) fn list(state: &mut State, call: &Call) -> Reply {
    let hidden_since = hidden_since(state, Service::Amocrm);
    let state: &State = state;
    let responsible = call.query_ids("filter[responsible_user_id]");
    let kinds = call.query_ids("filter[task_type]");
    let ids = call.query_ids("filter[id]");
    let entity_ids = call.query_ids("filter[entity_id]");
    let entities = call.query_all("filter[entity_type]");
    let done = call
        .query("filter[is_completed]")
        .map(|text| matches!(text, "1" | "true"));
    let from = call.query_number("filter[updated_at][from]");
    let to = call.query_number("filter[updated_at][to]");
    let mut found: Vec<&Task> = state
        .crm
        .tasks
        .values()
        .filter(|task| hidden_since.is_none_or(|since| task.created_at * 1000 <= since))
        .filter(|task| responsible.is_empty() || responsible.contains(&task.responsible))
        .filter(|task| kinds.is_empty() || kinds.contains(&task.kind))
        .filter(|task| ids.is_empty() || ids.contains(&task.id))
        .filter(|task| {
            entity_ids.is_empty() || task.entity_id.is_some_and(|id| entity_ids.contains(&id))
        })
        .filter(|task| {
            entities.is_empty()
                || task
                    .entity
                    .as_deref()
                    .is_some_and(|entity| entities.contains(&entity))
        })
        .filter(|task| done.is_none_or(|done| task.done == done))
        .filter(|task| {
            from.is_none_or(|from| from <= task.updated_at)
                && to.is_none_or(|to| task.updated_at <= to)
        })
        .collect();
    if ["order[id]", "order[created_at]"]
        .iter()
        .any(|key| call.query(key) == Some("desc"))
    {
        found.reverse();
    }
    let found: Vec<i64> = found.iter().map(|task| task.id).collect();
    paged(state, call, "tasks", &found, |id| {
        shown(state, &state.crm.tasks[&id])
    })
}

pub(super) fn get(state: &State, id: &str) -> Reply {
    match id.parse().ok().and_then(|id: i64| state.crm.tasks.get(&id)) {
        Some(task) => hal(&shown(state, task)),
        None => Reply::empty(204),
    }
}

fn shown(state: &State, task: &Task) -> Value {
    // An absent result is an empty array, as PHP serialises an empty map.
    let result = task
        .result
        .as_ref()
        .map_or_else(|| json!([]), |text| json!({"text": text}));
    json!({
        "id": task.id, "created_by": task.created_by, "updated_by": task.updated_by, "created_at": task.created_at,
        "updated_at": task.updated_at, "responsible_user_id": task.responsible, "group_id": 0,
        "entity_id": task.entity_id, "entity_type": task.entity, "duration": task.duration, "is_completed": task.done,
        "task_type_id": task.kind, "text": task.text, "result": result, "complete_till": task.complete_till,
        "account_id": ACCOUNT_ID, "_links": link(state, &format!("tasks/{}", task.id)),
    })
}

pub(super) fn create(state: &mut State, call: &Call) -> Reply {
    batch(state, call, "tasks", |state, item| {
        let mut task = Task {
            kind: 1,
            responsible: TOKEN_USER,
            created_by: number(&item["created_by"]).unwrap_or(TOKEN_USER),
            created_at: state.now_s(),
            ..Task::default()
        };
        if !item["text"].is_string() {
            return Err(Invalid::missing("text"));
        }
        if number(&item["complete_till"]).is_none() {
            return Err(Invalid::missing("complete_till"));
        }
        apply(state, &mut task, item)?;
        let id = state.add_task(task, Actor::Api);
        Ok(json!({"id": id, "_links": link(state, &format!("tasks/{id}"))}))
    })
}

pub(super) fn patch_one(state: &mut State, id: i64, item: &Value) -> Result<Value, Invalid> {
    let mut task = state
        .crm
        .tasks
        .get(&id)
        .cloned()
        .ok_or_else(|| Invalid::choice("id"))?;
    apply(state, &mut task, item)?;
    state.put_task(task, Actor::Api);
    Ok(
        json!({"id": id, "updated_at": state.now_s(), "_links": link(state, &format!("tasks/{id}"))}),
    )
}

fn apply(state: &State, task: &mut Task, item: &Value) -> Result<(), Invalid> {
    match &item["text"] {
        Value::Null => {}
        Value::String(text) => task.text.clone_from(text),
        _ => return Err(Invalid::kind("text")),
    }
    if let Some(at) = number(&item["complete_till"]) {
        task.complete_till = at;
    }
    if let Some(duration) = number(&item["duration"]) {
        task.duration = duration;
    }
    if let Some(kind) = number(&item["task_type_id"]) {
        if !state.crm.task_types.iter().any(|known| known.id == kind) {
            return Err(Invalid::choice("task_type_id"));
        }
        task.kind = kind;
    }
    if let Some(user) = number(&item["responsible_user_id"]) {
        state
            .crm
            .user(user)
            .ok_or_else(|| Invalid::choice("responsible_user_id"))?;
        task.responsible = user;
    }
    if let Some(id) = number(&item["entity_id"]) {
        let entity = item["entity_type"]
            .as_str()
            .ok_or_else(|| Invalid::missing("entity_type"))?;
        if !state.crm.has(entity, id) {
            return Err(Invalid::choice("entity_id"));
        }
        task.entity_id = Some(id);
        task.entity = Some(entity.to_owned());
    }
    if let Some(done) = item["is_completed"].as_bool() {
        task.done = done;
    }
    if let Some(text) = item["result"]["text"].as_str() {
        task.result = Some(text.to_owned());
    }
    Ok(())
}
