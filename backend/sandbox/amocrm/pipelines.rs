//! Pipelines and their stages, as an administrator changes them.

use serde_json::{Value, json};

use super::account::{shown_pipeline, shown_stages};
use super::hooks::Actor;
use super::model::{LOST, Pipeline, Stage, WON};
use super::{Invalid, batch, dictionary, hal, object, problem};
use crate::http::{Call, Reply, number};
use crate::state::State;

const MOST: usize = 50;
const MOST_STAGES: usize = 100;
/// The only colours that a stage may have.
const COLOURS: [&str; 21] = [
    "#fffeb2", "#fffd7f", "#fff000", "#ffeab2", "#ffdc7f", "#ffce5a", "#ffdbdb", "#ffc8c8",
    "#ff8f92", "#d6eaff", "#c1e0ff", "#98cbff", "#ebffb1", "#deff81", "#87f2c0", "#f9deff",
    "#f3beff", "#ccc8f9", "#eb93ff", "#f2f3f4", "#e6e8ea",
];

pub(super) fn answer(state: &mut State, call: &Call, rest: &[&str]) -> Reply {
    let place = |state: &State, id: &str| {
        let mut all = state.crm.pipelines.iter();
        all.position(|pipeline| pipeline.id.to_string() == id)
    };
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            let all = (1..).zip(&state.crm.pipelines);
            let rows: Vec<Value> = all
                .map(|(sort, one)| shown_pipeline(state, one, sort))
                .collect();
            dictionary(state, "leads/pipelines", "pipelines", &rows)
        }
        ("POST", []) => create(state, call),
        (method, [id, rest @ ..]) => {
            let Some(place) = place(state, id) else {
                return problem(404, "Not Found", "Pipeline not found");
            };
            match (method, rest) {
                ("GET", []) => hal(&shown_pipeline(state, &state.crm.pipelines[place], 1)),
                ("PATCH", []) => update(state, call, place),
                ("DELETE", []) => delete(state, place),
                (_, ["statuses", rest @ ..]) => stages(state, call, place, rest),
                _ => problem(405, "Method Not Allowed", "Method not allowed"),
            }
        }
        _ => problem(405, "Method Not Allowed", "Method not allowed"),
    }
}

fn create(state: &mut State, call: &Call) -> Reply {
    if state.crm.pipelines.len() >= MOST {
        return problem(422, "Unprocessable Entity", "Too many pipelines");
    }
    batch(state, call, "pipelines", |state, item| {
        let name = item["name"]
            .as_str()
            .ok_or_else(|| Invalid::missing("name"))?;
        for key in ["sort", "is_main", "is_unsorted_on"] {
            if item[key].is_null() {
                return Err(Invalid::missing(key));
            }
        }
        let id = state
            .crm
            .pipelines
            .iter()
            .map(|p| p.id)
            .max()
            .unwrap_or_default()
            + 1;
        state.crm.add_pipeline(id, name, false, &[]);
        let given = item["_embedded"]["statuses"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        for row in &given {
            if let Err(invalid) = add_stage(state, id, row) {
                state.crm.pipelines.retain(|pipeline| pipeline.id != id);
                return Err(invalid);
            }
        }
        if item["is_main"] == true {
            becomes_main(state, id);
        }
        let made = state.crm.pipeline(id).expect("it was made just now");
        Ok(shown_pipeline(state, made, 1))
    })
}

fn becomes_main(state: &mut State, id: i64) {
    for pipeline in &mut state.crm.pipelines {
        pipeline.is_main = pipeline.id == id;
    }
}

fn colour(row: &Value) -> Result<String, Invalid> {
    match row["color"].as_str() {
        None => Ok("#98cbff".to_owned()),
        Some(colour) if COLOURS.contains(&colour) => Ok(colour.to_owned()),
        Some(_) => Err(Invalid::choice("color")),
    }
}

/// A stage before the two closed ones; those can only be renamed.
fn add_stage(state: &mut State, pipeline: i64, row: &Value) -> Result<i64, Invalid> {
    let name = row["name"]
        .as_str()
        .ok_or_else(|| Invalid::missing("name"))?
        .to_owned();
    let closed = number(&row["id"]).filter(|id| [WON, LOST].contains(id));
    if closed.is_none() && row["sort"].is_null() {
        return Err(Invalid::missing("sort"));
    }
    let color = colour(row)?;
    let id = closed.unwrap_or_else(|| state.crm.next_id());
    let mut all = state.crm.pipelines.iter_mut();
    let pipeline = all
        .find(|one| one.id == pipeline)
        .ok_or_else(|| Invalid::choice("id"))?;
    if let Some(stage) = pipeline.stages.iter_mut().find(|stage| stage.id == id) {
        stage.name = name;
        return Ok(id);
    }
    if pipeline.stages.len() >= MOST_STAGES - 1 {
        return Err(Invalid::choice("statuses"));
    }
    let before_the_closed = pipeline.stages.len() - 2;
    pipeline
        .stages
        .insert(before_the_closed, Stage { id, name, color });
    Ok(id)
}

fn update(state: &mut State, call: &Call, place: usize) -> Reply {
    let item = match object(call) {
        Ok(item) => item,
        Err(reply) => return reply,
    };
    let pipeline = &mut state.crm.pipelines[place];
    if let Some(name) = item["name"].as_str() {
        name.clone_into(&mut pipeline.name);
    }
    let id = pipeline.id;
    if item["is_main"] == true {
        becomes_main(state, id);
    }
    hal(&shown_pipeline(state, &state.crm.pipelines[place], 1))
}

fn delete(state: &mut State, place: usize) -> Reply {
    let id = state.crm.pipelines[place].id;
    let has_leads = state
        .crm
        .leads
        .values()
        .any(|lead| lead.pipeline == id && !lead.deleted);
    if state.crm.pipelines.len() == 1 || has_leads {
        return problem(
            422,
            "Unprocessable Entity",
            "The pipeline cannot be deleted",
        );
    }
    state.crm.pipelines.remove(place);
    Reply::empty(204)
}

fn stages(state: &mut State, call: &Call, place: usize, rest: &[&str]) -> Reply {
    let pipeline = state.crm.pipelines[place].id;
    let path = format!("leads/pipelines/{pipeline}/statuses");
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            let rows = shown_stages(state, &state.crm.pipelines[place]);
            dictionary(state, &path, "statuses", &rows)
        }
        ("POST", []) => batch(state, call, "statuses", |state, item| {
            let id = add_stage(state, pipeline, item)?;
            Ok(json!({"id": id, "name": item["name"], "pipeline_id": pipeline}))
        }),
        (method, [id]) => {
            let known = &state.crm.pipelines[place];
            let Some(at) = known.stages.iter().position(|s| s.id.to_string() == *id) else {
                return problem(404, "Not Found", "Status not found");
            };
            match method {
                "GET" => hal(&one(state, place, at)),
                "PATCH" => {
                    let item = call.json();
                    if let Err(invalid) = colour(&item) {
                        return invalid.reply("0");
                    }
                    let stage = &mut state.crm.pipelines[place].stages[at];
                    if let Some(name) = item["name"].as_str() {
                        name.clone_into(&mut stage.name);
                    }
                    if let Some(color) = item["color"].as_str() {
                        color.clone_into(&mut stage.color);
                    }
                    hal(&one(state, place, at))
                }
                "DELETE" => delete_stage(state, place, at),
                _ => problem(405, "Method Not Allowed", "Method not allowed"),
            }
        }
        _ => problem(405, "Method Not Allowed", "Method not allowed"),
    }
}

fn one(state: &State, place: usize, at: usize) -> Value {
    let pipeline: &Pipeline = &state.crm.pipelines[place];
    let id = pipeline.stages[at].id;
    let rows = shown_stages(state, pipeline);
    rows.into_iter()
        .find(|row| row["id"] == id)
        .unwrap_or_default()
}

/// Its leads go to the first stage.
fn delete_stage(state: &mut State, place: usize, at: usize) -> Reply {
    let pipeline = &mut state.crm.pipelines[place];
    let gone = pipeline.stages[at].id;
    if [WON, LOST].contains(&gone) || pipeline.stages.len() == 3 {
        return problem(422, "Unprocessable Entity", "The status cannot be deleted");
    }
    pipeline.stages.remove(at);
    let (pipeline, first) = (pipeline.id, pipeline.stages[0].id);
    let leads: Vec<_> = state.crm.leads.values().cloned().collect();
    for mut lead in leads {
        if (lead.pipeline, lead.status) == (pipeline, gone) {
            lead.status = first;
            state.put_lead(lead, Actor::Api);
        }
    }
    Reply::empty(204)
}
