//! Contacts: the search by phone with all its looseness, reading, writing.

use serde_json::{Value, json};

use super::hooks::Actor;
use super::model::{ACCOUNT_ID, Contact, TOKEN_USER};
use super::ways::{Order, Query};
use super::{Invalid, batch, fields, hal, hidden_since, link, paged, tags};
use crate::faults::Service;
use crate::http::{Call, Reply, number};
use crate::state::State;

pub(super) fn list(state: &mut State, call: &Call) -> Reply {
    let by_fields = match fields::asked(state, call) {
        Ok(asked) => asked,
        Err(reply) => return reply,
    };
    let query = call
        .query("query")
        .filter(|_| state.crm.ways.query == Query::Works)
        .unwrap_or_default()
        .trim()
        .to_lowercase();
    let lag = state.crm.ways.index_lag_ms;
    let hidden_since = if query.is_empty() {
        None
    } else {
        hidden_since(state, Service::Amocrm).or((lag > 0).then_some(state.now - lag))
    };
    let ids = call.query_ids("filter[id]");
    let found: Vec<i64> = state
        .crm
        .contacts
        .values()
        .filter(|contact| !contact.deleted && !contact.is_unsorted)
        .filter(|contact| fields::have(&contact.values, &by_fields))
        .filter(|contact| hidden_since.is_none_or(|since| contact.updated_at * 1000 <= since))
        .filter(|contact| ids.is_empty() || ids.contains(&contact.id))
        .filter(|contact| query.is_empty() || matches(contact, &query))
        .map(|contact| contact.id)
        .collect();
    let state: &State = state;
    paged(state, call, "contacts", &found, |id| {
        shown(state, &state.crm.contacts[&id], call.with("leads"))
    })
}

/// A substring of any filled field; a query of digits also meets the digits of every field, formatting ignored.
fn matches(contact: &Contact, query: &str) -> bool {
    let is_number = query
        .chars()
        .all(|c| c.is_ascii_digit() || " +-()".contains(c));
    let digits: String = query.chars().filter(char::is_ascii_digit).collect();
    contact.search_text.contains(query)
        || (is_number && !digits.is_empty() && contact.search_digits.contains(&digits))
}

pub(super) fn get(state: &State, call: &Call, id: &str) -> Reply {
    match id
        .parse()
        .ok()
        .and_then(|id: i64| state.crm.contacts.get(&id))
        .filter(|contact| !contact.deleted)
        .filter(|contact| !contact.is_unsorted || state.crm.ways.unsorted_contact)
    {
        Some(contact) => hal(&shown(state, contact, call.with("leads"))),
        None => Reply::empty(204),
    }
}

fn shown(state: &State, contact: &Contact, with_leads: bool) -> Value {
    let mut body = json!({
        "id": contact.id, "name": contact.name, "first_name": contact.first_name, "last_name": contact.last_name,
        "responsible_user_id": contact.responsible, "group_id": 0, "created_by": contact.created_by,
        "updated_by": contact.updated_by, "created_at": contact.created_at, "updated_at": contact.updated_at,
        "is_deleted": contact.deleted, "is_unsorted": contact.is_unsorted, "closest_task_at": null,
        "custom_fields_values": fields::shown_values(&state.crm, &contact.values), "account_id": ACCOUNT_ID,
        "_links": link(state, &format!("contacts/{}", contact.id)),
        "_embedded": {"tags": tags::shown_all(&state.crm, &contact.tags), "companies": []},
    });
    if with_leads {
        let leads = contact
            .leads
            .iter()
            .filter(|id| state.crm.leads.get(id).is_some_and(|lead| !lead.deleted));
        let mut leads: Vec<Value> = leads
            .map(|id| json!({"id": id, "_links": link(state, &format!("leads/{id}"))}))
            .collect();
        if state.crm.ways.leads_of_contact == Order::NewFirst {
            leads.reverse();
        }
        body["_embedded"]["leads"] = leads.into();
    }
    body
}

pub(super) fn create(state: &mut State, call: &Call) -> Reply {
    batch(state, call, "contacts", |state, item| {
        let id = create_one(state, item)?;
        Ok(json!({"id": id, "is_deleted": false, "_links": link(state, &format!("contacts/{id}"))}))
    })
}

/// Makes a contact as the API says.
pub(super) fn create_one(state: &mut State, item: &Value) -> Result<i64, Invalid> {
    let mut contact = Contact {
        responsible: TOKEN_USER,
        created_by: number(&item["created_by"]).unwrap_or(TOKEN_USER),
        updated_by: TOKEN_USER,
        created_at: state.now_s(),
        ..Contact::default()
    };
    apply(state, &mut contact, item)?;
    Ok(state.add_contact(contact, Actor::Api))
}

pub(super) fn patch_one(state: &mut State, id: i64, item: &Value) -> Result<Value, Invalid> {
    let found = state
        .crm
        .contacts
        .get(&id)
        .filter(|contact| !contact.deleted)
        .cloned();
    let mut contact = found.ok_or_else(|| Invalid::choice("id"))?;
    apply(state, &mut contact, item)?;
    let (name, updated_at) = (contact.name.clone(), state.now_s());
    state.put_contact(contact, Actor::Api);
    Ok(
        json!({"id": id, "name": name, "updated_at": updated_at, "_links": link(state, &format!("contacts/{id}"))}),
    )
}

fn apply(state: &mut State, contact: &mut Contact, item: &Value) -> Result<(), Invalid> {
    for (key, field) in [
        ("name", &mut contact.name),
        ("first_name", &mut contact.first_name),
        ("last_name", &mut contact.last_name),
    ] {
        match &item[key] {
            Value::Null => {}
            Value::String(text) => field.clone_from(text),
            _ => return Err(Invalid::kind(key)),
        }
    }
    if contact.name.is_empty() {
        let whole = format!("{} {}", contact.first_name, contact.last_name);
        whole.trim().clone_into(&mut contact.name);
    }
    if let Some(user) = number(&item["responsible_user_id"]) {
        state
            .crm
            .user(user)
            .ok_or_else(|| Invalid::choice("responsible_user_id"))?;
        contact.responsible = user;
    }
    fields::write_values(
        &state.crm,
        "contacts",
        &mut contact.values,
        &item["custom_fields_values"],
    )?;
    contact.tags = tags::written(
        &mut state.crm,
        "contacts",
        std::mem::take(&mut contact.tags),
        item,
    );
    Ok(())
}
