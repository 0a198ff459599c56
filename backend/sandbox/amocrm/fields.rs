//! Custom fields: the dictionary, and reading and writing of values.

use serde_json::{Value, json};

use super::model::{ACCOUNT_ID, Choice, Crm, Field, FieldGroup, FieldValue, Values};
use super::{Invalid, dictionary, hal, link, problem};
use crate::http::{Call, Reply, number};
use crate::state::State;

pub(super) fn answer(state: &mut State, call: &Call, entity: &str, rest: &[&str]) -> Reply {
    let base = format!("{entity}/custom_fields");
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            let fields = state
                .crm
                .fields
                .iter()
                .filter(|field| field.entity == entity);
            let rows: Vec<Value> = fields.map(|field| shown_field(state, field)).collect();
            on_pages(state, call, &base, &rows)
        }
        ("POST", []) => {
            let entity = entity.to_owned();
            let mut reply = super::batch(state, call, "custom_fields", |state, item| {
                create(state, &entity, item)
            });
            if reply.status == 200 {
                reply.status = 201;
            }
            reply
        }
        (_, ["groups", rest @ ..]) => groups(state, call, entity, rest),
        (method, [id]) => {
            let Some(place) = state
                .crm
                .fields
                .iter()
                .position(|f| f.entity == entity && f.id.to_string() == *id)
            else {
                return problem(404, "Not Found", "Field not found");
            };
            match method {
                "GET" => hal(&shown_field(state, &state.crm.fields[place])),
                "PATCH" => {
                    if let Err(invalid) = update(&mut state.crm, place, &call.json()) {
                        return invalid.reply("0");
                    }
                    hal(&shown_field(state, &state.crm.fields[place]))
                }
                "DELETE" => {
                    state.crm.fields.remove(place);
                    Reply::empty(204)
                }
                _ => problem(405, "Method Not Allowed", "Method not allowed"),
            }
        }
        _ => problem(404, "Not Found", "Not found"),
    }
}

fn create(state: &mut State, entity: &str, item: &Value) -> Result<Value, Invalid> {
    let text = |key: &str| item[key].as_str().map(str::to_owned);
    let name = text("name").ok_or_else(|| Invalid::missing("name"))?;
    let kind = text("type").ok_or_else(|| Invalid::missing("type"))?;
    let code = text("code");
    if code
        .as_ref()
        .is_some_and(|code| state.crm.field(entity, code).is_some())
    {
        return Err(Invalid::choice("code"));
    }
    let id = state.crm.next_id();
    let mut field = Field {
        id,
        entity: entity.to_owned(),
        name,
        code,
        kind,
        sort: number(&item["sort"]).unwrap_or(500),
        enums: Vec::new(),
        is_api_only: item["is_api_only"].as_bool().unwrap_or(false),
        is_predefined: false,
        group: item["group_id"].as_str().map(str::to_owned),
    };
    field.enums = choices(&mut state.crm, &item["enums"])?;
    if matches!(
        field.kind.as_str(),
        "select" | "multiselect" | "radiobutton"
    ) && field.enums.is_empty()
    {
        return Err(Invalid::missing("enums"));
    }
    let shown = shown_field(state, &field);
    state.crm.fields.push(field);
    Ok(shown)
}

fn update(crm: &mut Crm, place: usize, item: &Value) -> Result<(), Invalid> {
    let enums = if item["enums"].is_array() {
        Some(choices(crm, &item["enums"])?)
    } else {
        None
    };
    let field = &mut crm.fields[place];
    if let Some(name) = item["name"].as_str() {
        name.clone_into(&mut field.name);
    }
    if let Some(sort) = number(&item["sort"]) {
        field.sort = sort;
    }
    if let Some(code) = item["code"].as_str() {
        field.code = Some(code.to_owned());
    }
    if let Some(only) = item["is_api_only"].as_bool() {
        field.is_api_only = only;
    }
    if let Some(enums) = enums {
        field.enums = enums;
    }
    Ok(())
}

/// Choices sent without an id are new ones.
fn choices(crm: &mut Crm, list: &Value) -> Result<Vec<Choice>, Invalid> {
    let rows = list.as_array().map(Vec::as_slice).unwrap_or_default();
    rows.iter()
        .enumerate()
        .map(|(place, row)| {
            let value = row["value"]
                .as_str()
                .ok_or_else(|| Invalid::missing(format!("enums.{place}.value")))?;
            Ok(Choice {
                id: number(&row["id"]).unwrap_or_else(|| crm.next_id()),
                value: value.to_owned(),
                sort: number(&row["sort"])
                    .ok_or_else(|| Invalid::missing(format!("enums.{place}.sort")))?,
                code: row["code"].as_str().map(str::to_owned),
            })
        })
        .collect()
}

fn shown_field(state: &State, field: &Field) -> Value {
    let choice = |c: &Choice| json!({"id": c.id, "value": c.value, "sort": c.sort, "code": c.code});
    let enums: Option<Vec<Value>> = if field.enums.is_empty() {
        None
    } else {
        Some(field.enums.iter().map(choice).collect())
    };
    json!({
        "id": field.id, "name": field.name, "code": field.code, "sort": field.sort, "type": field.kind,
        "entity_type": field.entity, "group_id": field.group, "is_computed": false, "is_predefined": field.is_predefined,
        "is_deletable": !field.is_predefined, "is_visible": true, "is_required": false, "is_api_only": field.is_api_only,
        "remind": null, "settings": [], "enums": enums, "required_statuses": required_at(&state.crm, field), "hidden_statuses": [],
        "chained_lists": null, "currency": null, "account_id": ACCOUNT_ID,
        "_links": link(state, &format!("{}/custom_fields/{}", field.entity, field.id)),
    })
}

/// `custom_fields_values` of an entity: `null` when nothing is filled.
pub(super) fn shown_values(crm: &Crm, values: &Values) -> Value {
    let rows: Vec<Value> = values
        .iter()
        .filter_map(|(id, values)| {
            let field = crm.fields.iter().find(|field| field.id == *id)?;
            let shown = |v: &FieldValue| {
                let choice = v.choice.and_then(|id| field.enums.iter().find(|choice| choice.id == id));
                match choice {
                    Some(choice) if crm.ways.enum_is_code => {
                        json!({"value": v.value, "enum_id": choice.id, "enum": choice.code})
                    }
                    Some(choice) => json!({"value": v.value, "enum_id": choice.id, "enum_code": choice.code}),
                    None => json!({"value": v.value}),
                }
            };
            Some(json!({
                "field_id": field.id, "field_name": field.name, "field_code": field.code, "field_type": field.kind,
                "values": values.iter().map(shown).collect::<Vec<_>>(),
            }))
        })
        .collect();
    if rows.is_empty() {
        Value::Null
    } else {
        Value::Array(rows)
    }
}

/// Applies `custom_fields_values` of a write. Returns whether anything changed.
pub(crate) fn write_values(
    crm: &Crm,
    entity: &str,
    into: &mut Values,
    written: &Value,
) -> Result<bool, Invalid> {
    let rows = match written {
        Value::Null => return Ok(false),
        Value::Array(rows) => rows,
        _ => return Err(Invalid::kind("custom_fields_values")),
    };
    let mut changed = false;
    for (place, row) in rows.iter().enumerate() {
        let path = format!("custom_fields_values.{place}.field_id");
        let field = crm
            .fields
            .iter()
            .filter(|field| field.entity == entity)
            .find(|field| match number(&row["field_id"]) {
                Some(id) => field.id == id,
                None => field.code.is_some() && field.code.as_deref() == row["field_code"].as_str(),
            })
            .ok_or_else(|| Invalid::choice(path))?;
        let sent = row["values"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let values = sent
            .iter()
            .enumerate()
            .filter(|(_, value)| !is_cleared(value))
            .map(|(index, value)| {
                read_value(
                    field,
                    value,
                    &format!("custom_fields_values.{place}.values.{index}"),
                )
            })
            .collect::<Result<Vec<_>, _>>()?;
        let old = if values.is_empty() {
            into.remove(&field.id)
        } else {
            into.insert(field.id, values)
        };
        changed |= old.as_ref() != into.get(&field.id);
    }
    Ok(changed)
}

fn is_cleared(value: &Value) -> bool {
    let has_choice = number(&value["enum_id"]).is_some() || value["enum_code"].is_string();
    !has_choice && (value["value"].is_null() || value["value"] == "")
}

fn read_value(field: &Field, sent: &Value, path: &str) -> Result<FieldValue, Invalid> {
    let is_list = matches!(
        field.kind.as_str(),
        "select" | "multiselect" | "radiobutton"
    );
    let choice = field.enums.iter().find(|choice| {
        if let Some(id) = number(&sent["enum_id"]) {
            choice.id == id
        } else if let Some(code) = sent["enum_code"].as_str().or_else(|| sent["enum"].as_str()) {
            choice.code.as_deref() == Some(code)
        } else {
            is_list && sent["value"].as_str() == Some(choice.value.as_str())
        }
    });
    if is_list {
        let choice = choice.ok_or_else(|| Invalid::choice(path))?;
        return Ok(FieldValue {
            value: json!(choice.value),
            choice: Some(choice.id),
        });
    }
    let value = &sent["value"];
    let value = match field.kind.as_str() {
        "numeric" => match value {
            Value::Number(n) => json!(n.to_string()),
            Value::String(text) if text.parse::<f64>().is_ok() => value.clone(),
            _ => return Err(Invalid::kind(path)),
        },
        "date" | "date_time" | "birthday" => {
            let seconds = number(value).or_else(|| {
                value
                    .as_str()
                    .and_then(crate::clock::parse_rfc3339)
                    .map(|ms| ms / 1000)
            });
            json!(seconds.ok_or_else(|| Invalid::kind(path))?)
        }
        "checkbox" => json!(value.as_bool().ok_or_else(|| Invalid::kind(path))?),
        _ => match value {
            Value::String(_) => value.clone(),
            Value::Number(n) => json!(n.to_string()),
            _ => return Err(Invalid::kind(path)),
        },
    };
    Ok(FieldValue {
        value,
        choice: choice
            .map(|choice| choice.id)
            .or_else(|| field.enums.first().map(|c| c.id)),
    })
}

/// The dictionary, by pages of the account's size.
fn on_pages(state: &State, call: &Call, base: &str, rows: &[Value]) -> Reply {
    let size = state.crm.ways.fields_on_page;
    if rows.len() <= size {
        return dictionary(state, base, "custom_fields", rows);
    }
    let page = call.query_number("page").unwrap_or(1).max(1);
    let before = usize::try_from(page - 1).unwrap_or_default() * size;
    let some: Vec<&Value> = rows.iter().skip(before).take(size).collect();
    if some.is_empty() {
        return Reply::empty(204);
    }
    let mut links = link(state, base);
    if before + size < rows.len() {
        let next = format!("{}/api/v4/{base}?page={}", state.env.public, page + 1);
        links["next"] = json!({"href": next});
    }
    hal(&json!({
        "_total_items": rows.len(), "_page": page, "_page_count": rows.len().div_ceil(size), "_links": links,
        "_embedded": {"custom_fields": some},
    }))
}

/// The tabs of fields.
fn groups(state: &mut State, call: &Call, entity: &str, rest: &[&str]) -> Reply {
    let base = format!("{entity}/custom_fields/groups");
    let shown = |group: &FieldGroup| json!({"id": group.id, "name": group.name, "sort": group.sort, "entity_type": group.entity});
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            let all = state.crm.field_groups.iter();
            let rows: Vec<Value> = all.filter(|one| one.entity == entity).map(shown).collect();
            dictionary(state, &base, "custom_field_groups", &rows)
        }
        ("POST", []) => {
            let entity = entity.to_owned();
            let mut reply = super::batch(state, call, "custom_field_groups", |state, item| {
                let name = item["name"].as_str();
                let name = name.ok_or_else(|| Invalid::missing("name"))?.to_owned();
                let group = FieldGroup {
                    id: format!("leads_{}", state.crm.next_id()),
                    entity: entity.clone(),
                    name,
                    sort: number(&item["sort"]).unwrap_or(500),
                };
                let row = shown(&group);
                state.crm.field_groups.push(group);
                Ok(row)
            });
            if reply.status == 200 {
                reply.status = 201;
            }
            reply
        }
        (method, [id]) => {
            let mut all = state.crm.field_groups.iter();
            let Some(place) = all.position(|one| one.entity == entity && one.id == *id) else {
                return problem(404, "Not Found", "Group not found");
            };
            match method {
                "GET" => hal(&shown(&state.crm.field_groups[place])),
                "PATCH" => {
                    let item = call.json();
                    let moved = item["fields"].as_array().cloned().unwrap_or_default();
                    let moved: Vec<i64> = moved.iter().filter_map(number).collect();
                    for field in &mut state.crm.fields {
                        if moved.contains(&field.id) {
                            field.group = Some((*id).to_owned());
                        }
                    }
                    let group = &mut state.crm.field_groups[place];
                    if let Some(name) = item["name"].as_str() {
                        name.clone_into(&mut group.name);
                    }
                    hal(&shown(&state.crm.field_groups[place]))
                }
                "DELETE" => {
                    state.crm.field_groups.remove(place);
                    Reply::empty(204)
                }
                _ => problem(405, "Method Not Allowed", "Method not allowed"),
            }
        }
        _ => problem(404, "Not Found", "Not found"),
    }
}

/// The stages that a field has to be filled at.
fn required_at(crm: &Crm, field: &Field) -> Vec<Value> {
    let code = field.code.as_deref().unwrap_or_default();
    let stages = crm.pipelines.iter().flat_map(|pipeline| {
        let stages = pipeline.stages.iter();
        stages.map(move |stage| (pipeline.id, stage))
    });
    let wants = |name: &str| {
        let codes = crm.ways.required.get(name);
        codes.is_some_and(|codes| codes.iter().any(|wanted| wanted == code))
    };
    stages
        .filter(|(_, stage)| field.entity == "leads" && wants(&stage.name))
        .map(|(pipeline, stage)| json!({"pipeline_id": pipeline, "status_id": stage.id}))
        .collect()
}

/// The values of fields that a list is filtered by; a refusal where the account has not paid for that.
pub(super) fn asked(state: &State, call: &Call) -> Result<Vec<(i64, String)>, Reply> {
    const KEY: &str = "filter[custom_fields_values][";
    let filters = call.query.iter();
    let filters: Vec<(i64, String)> = filters
        .filter_map(|(key, value)| {
            let field = key.strip_prefix(KEY)?.split(']').next()?;
            Some((field.parse().unwrap_or_default(), value.clone()))
        })
        .collect();
    if !filters.is_empty() && !state.crm.ways.api_filter {
        let words = "Invalid filter for current account";
        return Err(problem(400, "Bad Request", words));
    }
    Ok(filters)
}

/// Whether an entity has one of the values that are asked for, of every field.
pub(super) fn have(values: &Values, asked: &[(i64, String)]) -> bool {
    asked.iter().all(|(field, _)| {
        let of_field = asked.iter().filter(|(other, _)| other == field);
        let mut wanted = of_field.map(|(_, value)| value);
        let own = values.get(field);
        wanted.any(|wanted| {
            own.into_iter().flatten().any(|value| {
                let shown = value.value.as_str().map(str::to_owned);
                shown.unwrap_or_else(|| value.value.to_string()) == *wanted
            })
        })
    })
}
