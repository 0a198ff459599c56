//! What the control surface fills in of a deal beside its place: the deal's fields, and the tags of its contact.

use serde_json::{Map, Value, json};

use crate::amocrm::fields::write_values;
use crate::amocrm::hooks::Actor;
use crate::amocrm::model::{Contact, Field, Lead};
use crate::amocrm::tags::named;
use crate::clock::{moscow_date, moscow_midnight_s};
use crate::control::{Given, Refused, bad};
use crate::state::State;

/// Fills in `fields: {name: value}`; a date is written `YYYY-MM-DD`, null empties a field.
pub(crate) fn fill(state: &State, lead: &mut Lead, body: &Given) -> Result<(), Refused> {
    let given = match &body.0["fields"] {
        Value::Null => return Ok(()),
        Value::Object(given) => given,
        _ => return Err(bad("`fields` is an object of names and values.")),
    };
    for (name, value) in given {
        let mut fields = state.crm.fields.iter();
        let field = fields
            .find(|field| field.entity == "leads" && field.name == *name)
            .ok_or_else(|| bad(format!("A deal has no field «{name}».")))?;
        let value = stored(field, value)?;
        let row = json!([{"field_id": field.id, "values": [{"value": value}]}]);
        write_values(&state.crm, "leads", &mut lead.values, &row)
            .map_err(|_| bad(format!("«{name}» does not take {value}.")))?;
    }
    Ok(())
}

/// A value as amoCRM keeps it: of a date, the seconds of its midnight in the account's zone.
fn stored(field: &Field, value: &Value) -> Result<Value, Refused> {
    match value.as_str() {
        Some(text) if field.kind == "date" => moscow_midnight_s(text)
            .map(Value::from)
            .ok_or_else(|| bad(format!("«{}» is a date: YYYY-MM-DD.", field.name))),
        _ => Ok(value.clone()),
    }
}

/// The filled fields of a deal by name, as [`fill`] takes them.
pub(crate) fn fields(state: &State, lead: &Lead) -> Value {
    let shown = state.crm.fields.iter().filter_map(|field| {
        let value = &lead.values.get(&field.id)?.first()?.value;
        let date = value.as_i64().filter(|_| field.kind == "date");
        let value = date.map_or_else(|| value.clone(), |at| json!(moscow_date(at * 1000)));
        Some((field.name.clone(), value))
    });
    Value::Object(shown.collect::<Map<_, _>>())
}

/// Gives the deal's main contact `tags: [name]` and no others.
pub(crate) fn tag(
    state: &mut State,
    lead: &Lead,
    body: &Given,
    actor: Actor,
) -> Result<(), Refused> {
    let names = match &body.0["tags"] {
        Value::Null => return Ok(()),
        Value::Array(names) => names,
        _ => return Err(bad("`tags` is a list of names.")),
    };
    let names: Vec<&str> = names
        .iter()
        .map(|name| name.as_str().ok_or_else(|| bad("A tag is a name.")))
        .collect::<Result<_, _>>()?;
    let main = lead
        .contacts
        .first()
        .and_then(|id| state.crm.contacts.get(id));
    let mut contact = main
        .cloned()
        .ok_or_else(|| bad("The deal has no contact to tag."))?;
    contact.tags = names
        .into_iter()
        .map(|name| named(&mut state.crm, "contacts", name))
        .collect();
    state.put_contact(contact, actor);
    Ok(())
}

/// The names of a contact's tags.
pub(crate) fn tags<'a>(state: &'a State, contact: &Contact) -> Vec<&'a str> {
    let all = state.crm.tags.iter();
    all.filter(|tag| contact.tags.contains(&tag.id))
        .map(|tag| tag.name.as_str())
        .collect()
}
