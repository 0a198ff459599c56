//! Leads, which the product calls deals.

use serde_json::{Value, json};

use super::hidden_since;
use super::hooks::Actor;
use super::model::{ACCOUNT_ID, LOST, Lead, LossReason, TOKEN_USER, User, WON};
use super::{
    Invalid, batch, contacts, dictionary, fields, hal, items, link, paged, problem, request_id,
    tags,
};
use crate::faults::Service;
use crate::http::{Call, Reply, number};
use crate::state::State;

pub(super) fn loss_reasons(state: &mut State, call: &Call, rest: &[&str]) -> Reply {
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            let reasons = (1..).zip(&state.crm.loss_reasons);
            let rows: Vec<Value> = reasons
                .map(|(sort, LossReason { id, name })| {
                    json!({
                        "id": id, "name": name, "sort": sort * 1_000, "created_at": 1_700_000_000,
                        "updated_at": 1_700_000_000, "_links": link(state, &format!("leads/loss_reasons/{id}")),
                    })
                })
                .collect();
            dictionary(state, "leads/loss_reasons", "loss_reasons", &rows)
        }
        ("POST", []) => batch(state, call, "loss_reasons", |state, item| {
            let name = item["name"]
                .as_str()
                .ok_or_else(|| Invalid::missing("name"))?;
            let id = state.crm.next_id();
            let name = name.to_owned();
            state.crm.loss_reasons.push(LossReason { id, name });
            Ok(json!({"id": id}))
        }),
        ("DELETE", [id]) => {
            let before = state.crm.loss_reasons.len();
            state
                .crm
                .loss_reasons
                .retain(|one| one.id.to_string() != *id);
            let is_gone = state.crm.loss_reasons.len() < before;
            Reply::empty(if is_gone { 204 } else { 404 })
        }
        _ => problem(405, "Method Not Allowed", "Method not allowed"),
    }
}

/// Why a lead was lost, by name.
pub(crate) fn loss_reason<'a>(state: &'a State, lead: &Lead) -> Option<&'a str> {
    let id = lead.loss_reason?;
    let mut reasons = state.crm.loss_reasons.iter();
    reasons
        .find(|known| known.id == id)
        .map(|known| known.name.as_str())
}

/// Whether the user on whose behalf a call runs may see a lead.
pub(super) fn sees(user: &User, lead: &Lead) -> bool {
    user.leads == "A" || (user.leads == "M" && lead.responsible == user.id)
}

pub(super) fn list(state: &mut State, call: &Call, user: &User) -> Reply {
    let hidden_since = hidden_since(state, Service::Amocrm);
    let state: &State = state;
    let by_fields = match fields::asked(state, call) {
        Ok(asked) => asked,
        Err(reply) => return reply,
    };
    let ids = call.query_ids("filter[id]");
    let pipelines = call.query_ids("filter[pipeline_id]");
    let responsible = call.query_ids("filter[responsible_user_id]");
    let stages = asked_stages(call);
    let query = call.query("query").unwrap_or_default().to_lowercase();
    let only_deleted = call.with("only_deleted");
    let between = |name: &str, at: i64| {
        call.query_number(&format!("filter[{name}][from]"))
            .is_none_or(|from| from <= at)
            && call
                .query_number(&format!("filter[{name}][to]"))
                .is_none_or(|to| at <= to)
    };
    let mut found: Vec<&Lead> = state
        .crm
        .leads
        .values()
        .filter(|lead| lead.deleted == only_deleted)
        .filter(|lead| hidden_since.is_none_or(|since| lead.created_at * 1000 <= since))
        .filter(|lead| ids.is_empty() || ids.contains(&lead.id))
        .filter(|lead| pipelines.is_empty() || pipelines.contains(&lead.pipeline))
        .filter(|lead| responsible.is_empty() || responsible.contains(&lead.responsible))
        .filter(|lead| stages.is_empty() || stages.contains(&(lead.pipeline, lead.status)))
        .filter(|lead| {
            between("created_at", lead.created_at)
                && between("updated_at", lead.updated_at)
                && between("closed_at", lead.closed_at.unwrap_or_default())
        })
        .filter(|lead| sees(user, lead) && fields::have(&lead.values, &by_fields))
        .filter(|lead| query.is_empty() || lead.name.to_lowercase().contains(&query))
        .collect();
    if call.query("order[id]") == Some("desc") {
        found.reverse();
    }
    match call.query("order[updated_at]") {
        Some("desc") => found.sort_by_key(|lead| std::cmp::Reverse(lead.updated_at)),
        Some(_) => found.sort_by_key(|lead| lead.updated_at),
        None => {}
    }
    let found: Vec<i64> = found.iter().map(|lead| lead.id).collect();
    paged(state, call, "leads", &found, |id| {
        shown(state, &state.crm.leads[&id], call.with("contacts"))
    })
}

/// `filter[statuses][i][pipeline_id]` with `filter[statuses][i][status_id]`.
fn asked_stages(call: &Call) -> Vec<(i64, i64)> {
    (0..50)
        .filter_map(|i| {
            let number = |key: &str| call.query_number(&format!("filter[statuses][{i}][{key}]"));
            Some((number("pipeline_id")?, number("status_id")?))
        })
        .collect()
}

pub(super) fn get(state: &State, call: &Call, id: &str) -> Reply {
    match id
        .parse()
        .ok()
        .and_then(|id: i64| state.crm.leads.get(&id))
        .filter(|lead| !lead.deleted)
    {
        Some(lead) => hal(&shown(state, lead, call.with("contacts"))),
        None => Reply::empty(204),
    }
}

fn shown(state: &State, lead: &Lead, with_contacts: bool) -> Value {
    let open_tasks = state
        .crm
        .tasks
        .values()
        .filter(|task| !task.done && task.is_of("leads", lead.id));
    let mut body = json!({
        "id": lead.id, "name": lead.name, "price": lead.price, "responsible_user_id": lead.responsible, "group_id": 0,
        "status_id": lead.status, "pipeline_id": lead.pipeline, "loss_reason_id": lead.loss_reason,
        "created_by": lead.created_by, "updated_by": lead.updated_by, "created_at": lead.created_at,
        "updated_at": lead.updated_at, "closed_at": lead.closed_at,
        "closest_task_at": open_tasks.map(|task| task.complete_till).min(), "is_deleted": lead.deleted, "score": null,
        "account_id": ACCOUNT_ID, "labor_cost": null, "is_price_modified_by_robot": false,
        "custom_fields_values": fields::shown_values(&state.crm, &lead.values),
        "_links": link(state, &format!("leads/{}", lead.id)),
        "_embedded": {"tags": tags::shown_all(&state.crm, &lead.tags), "companies": []},
    });
    if with_contacts {
        body["_embedded"]["contacts"] = lead
            .contacts
            .iter()
            .enumerate()
            .map(|(place, id)| json!({"id": id, "is_main": place == 0, "_links": link(state, &format!("contacts/{id}"))}))
            .collect();
    }
    body
}

pub(super) fn create(state: &mut State, call: &Call) -> Reply {
    batch(state, call, "leads", |state, item| {
        let contacts = item["_embedded"]["contacts"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let contacts = contacts
            .iter()
            .enumerate()
            .map(|(place, contact)| {
                number(&contact["id"])
                    .filter(|id| state.crm.contacts.contains_key(id))
                    .ok_or_else(|| Invalid::choice(format!("_embedded.contacts.{place}.id")))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let id = create_one(state, item, contacts)?;
        Ok(json!({"id": id, "_links": link(state, &format!("leads/{id}"))}))
    })
}

/// Answers a bare array, unlike every other call.
pub(super) fn create_complex(state: &mut State, call: &Call) -> Reply {
    let items = match items(call) {
        Ok(items) => items,
        Err(reply) => return reply,
    };
    let mut rows = Vec::new();
    for (position, item) in items.iter().enumerate() {
        let request_id = request_id(item, position);
        let made = complex_contact(state, item).and_then(|contact| {
            let id = create_one(state, item, contact.into_iter().collect())?;
            Ok((id, contact))
        });
        match made {
            Ok((id, contact)) => rows.push(json!({
                "id": id, "contact_id": contact, "company_id": null, "request_id": [request_id], "merged": false,
            })),
            Err(invalid) => return invalid.reply(&request_id),
        }
    }
    Reply::json(200, "application/json", &Value::Array(rows))
}

fn complex_contact(state: &mut State, item: &Value) -> Result<Option<i64>, Invalid> {
    let contact = &item["_embedded"]["contacts"][0];
    if contact.is_null() {
        return Ok(None);
    }
    match number(&contact["id"]) {
        Some(id) if state.crm.contacts.contains_key(&id) => Ok(Some(id)),
        Some(_) => Err(Invalid::choice("_embedded.contacts.0.id")),
        None => contacts::create_one(state, contact).map(Some),
    }
}

fn create_one(state: &mut State, item: &Value, contacts: Vec<i64>) -> Result<i64, Invalid> {
    let main = state.crm.main_pipeline().id;
    let mut lead = Lead {
        responsible: TOKEN_USER,
        created_by: number(&item["created_by"]).unwrap_or(TOKEN_USER),
        updated_by: TOKEN_USER,
        created_at: state.now_s(),
        pipeline: number(&item["pipeline_id"]).unwrap_or(main),
        contacts,
        ..Lead::default()
    };
    let first = state
        .crm
        .pipeline(lead.pipeline)
        .ok_or_else(|| Invalid::choice("pipeline_id"))?
        .stages[0]
        .id;
    lead.status = first;
    apply(state, &mut lead, item)?;
    Ok(state.add_lead(lead, Actor::Api))
}

pub(super) fn patch_one(state: &mut State, id: i64, item: &Value) -> Result<Value, Invalid> {
    let found = state
        .crm
        .leads
        .get(&id)
        .filter(|lead| !lead.deleted)
        .cloned();
    let mut lead = found.ok_or_else(|| Invalid::choice("id"))?;
    apply(state, &mut lead, item)?;
    let (was, now) = (
        is_unsorted(state, &state.crm.leads[&id]),
        is_unsorted(state, &lead),
    );
    state.put_lead(lead, Actor::Api);
    if was && !now {
        state.leaves_unsorted(id, Actor::Api);
    }
    Ok(
        json!({"id": id, "updated_at": state.now_s(), "_links": link(state, &format!("leads/{id}"))}),
    )
}

fn apply(state: &mut State, lead: &mut Lead, item: &Value) -> Result<(), Invalid> {
    match &item["name"] {
        Value::Null => {}
        Value::String(name) => lead.name.clone_from(name),
        _ => return Err(Invalid::kind("name")),
    }
    if !item["price"].is_null() {
        lead.price = item["price"]
            .as_i64()
            .ok_or_else(|| Invalid::kind("price"))?;
    }
    if let Some(user) = number(&item["responsible_user_id"]) {
        state
            .crm
            .user(user)
            .ok_or_else(|| Invalid::choice("responsible_user_id"))?;
        lead.responsible = user;
    }
    fields::write_values(
        &state.crm,
        "leads",
        &mut lead.values,
        &item["custom_fields_values"],
    )?;
    let pipeline = number(&item["pipeline_id"]).unwrap_or(lead.pipeline);
    let first = state
        .crm
        .pipeline(pipeline)
        .ok_or_else(|| Invalid::choice("pipeline_id"))?
        .stages[0]
        .id;
    let kept = if pipeline == lead.pipeline {
        lead.status
    } else {
        first
    };
    let status = number(&item["status_id"]).unwrap_or(kept);
    let stays = (pipeline, status) == (lead.pipeline, lead.status);
    if !stays {
        let stage = state.crm.stage(pipeline, status);
        let stage = stage.ok_or_else(|| Invalid::choice("status_id"))?;
        if is_unsorted(state, lead) && !state.crm.ways.unsorted_move {
            return Err(Invalid::choice("status_id"));
        }
        let name = stage.name.clone();
        needs_filled(state, lead, &name)?;
    }
    lead.pipeline = pipeline;
    lead.status = status;
    if status != LOST && status != WON {
        lead.closed_at = None;
    }
    if let Some(reason) = number(&item["loss_reason_id"]) {
        lead.loss_reason = Some(reason);
    }
    lead.tags = tags::written(
        &mut state.crm,
        "leads",
        std::mem::take(&mut lead.tags),
        item,
    );
    Ok(())
}

fn is_unsorted(state: &State, lead: &Lead) -> bool {
    let pipeline = state.crm.pipeline(lead.pipeline);
    pipeline.is_some_and(|pipeline| pipeline.unsorted_stage() == lead.status)
}

/// Some accounts want fields to be filled before a lead stands at a stage.
fn needs_filled(state: &State, lead: &Lead, stage: &str) -> Result<(), Invalid> {
    let codes = state.crm.ways.required.get(stage);
    for code in codes.into_iter().flatten() {
        let field = state.crm.field("leads", code);
        if !field.is_some_and(|field| lead.values.contains_key(&field.id)) {
            return Err(Invalid::missing(format!("custom_fields_values.{code}")));
        }
    }
    Ok(())
}
