//! The control surface: by it people and tests play the guests, the managers, the robots and the weather.
//! It is never faulty itself. Errors are `{error: "a sentence"}`.

use std::collections::BTreeSet;

use axum::body::{Body, to_bytes};
use axum::extract::State as Shared;
use axum::http::Request;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::Sandbox;
use crate::amocrm::consent;
use crate::amocrm::hooks::Actor;
use crate::amocrm::leads;
use crate::amocrm::model::{
    DEFAULT_RESPONSIBLE, FieldValue, LOST, Lead, OWNER_CODE, Task, User, WON,
};
use crate::amocrm::ways;
use crate::bot::{Flaw, Rule};
use crate::clock::{moscow, parse_rfc3339};
use crate::details;
use crate::faults::{Fault, Kind, Service};
use crate::gates;
use crate::http::{Call, Reply, phone_digits};
use crate::pact::model::{COMPANY_ID, From, Shown};
use crate::pact::people::{Via, Writing};
use crate::pact::{odd, ways as pact_ways};
use crate::state::State;

const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// A refusal: HTTP status and a sentence.
pub(crate) struct Refused(u16, String);

type Answer = Result<Value, Refused>;

pub(crate) fn bad(sentence: impl Into<String>) -> Refused {
    Refused(400, sentence.into())
}

pub(crate) fn missing(sentence: impl Into<String>) -> Refused {
    Refused(404, sentence.into())
}

/// Serves `/sandbox/…`.
pub(crate) async fn handle(Shared(sandbox): Shared<Sandbox>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let answer = match to_bytes(body, BODY_LIMIT).await {
        Ok(body) => answer(&sandbox, &Call::new(parts, body, "/sandbox")).await,
        Err(_) => Err(Refused(413, "The body is too large.".to_owned())),
    };
    let reply = match answer {
        Ok(body) => Reply::json(200, "application/json", &body),
        Err(Refused(status, sentence)) => {
            Reply::json(status, "application/json", &json!({"error": sentence}))
        }
    };
    reply.into_response()
}

async fn answer(sandbox: &Sandbox, call: &Call) -> Answer {
    if let ("POST", ["guests", _, "raw"]) = (call.method.as_str(), &call.segments()[..]) {
        return deliver_raw(sandbox, call).await;
    }
    let body = Given::read(call)?;
    match (call.method.as_str(), &call.segments()[..]) {
        ("GET", ["clock"]) => {}
        ("POST", ["clock"]) => set_clock(sandbox, &body).await?,
        ("POST", ["integration"]) => return change_integration(sandbox, &body).await,
        ("GET", _) => return sandbox.with(|state| read(state, call)),
        _ => {
            let result = sandbox.change(|state| write(state, call, &body));
            sandbox.keep().await;
            return result;
        }
    }
    let clock = sandbox.clock();
    Ok(json!({"now": moscow(clock.now_ms()), "speed": clock.speed()}))
}

fn read(state: &State, call: &Call) -> Answer {
    match &call.segments()[..] {
        ["users"] => Ok(state.crm.users.iter().map(shown_user).collect()),
        ["guests", phone] => guest(state, phone),
        ["guests", phone, "transcript"] => Ok(transcript(state, phone)),
        ["deals"] => Ok(deals(state, call.query("phone"))),
        ["deals", id] => deal_id(state, id).map(|id| shown_deal(state, id)),
        ["integration"] => Ok(consent::show(state)),
        ["amocrm"] => Ok(json!(state.crm.ways)),
        ["bot"] => Ok(json!({"asked": state.bot.asked})),
        ["openai"] => Ok(json!({"asked": state.bot.model.asked})),
        ["tasks"] => Ok(tasks_of_no_deal(state)),
        ["gates", id] => gates::show(state, id),
        ["pact"] => Ok(json!(state.pact.ways)),
        ["calls"] => calls(state, call.query("service")),
        _ => Err(missing(format!("There is no GET {}.", call.whole_path))),
    }
}

fn write(state: &mut State, call: &Call, body: &Given) -> Answer {
    match (call.method.as_str(), &call.segments()[..]) {
        ("POST", ["users", id]) => change_user(state, id, body),
        ("POST", ["guests", phone]) => show_guest_as(state, phone, body),
        ("POST", ["guests", phone, "messages"]) => guest_writes(state, phone, body),
        ("POST", ["guests", phone, "messages", id]) => change_message(state, phone, id, body),
        ("POST", ["pact"]) => pact_ways::change(state, &body.0),
        ("POST", ["pact", "events"]) => odd::tell(state, body),
        ("POST", ["managers", user, "messages"]) => manager_writes(state, user, body),
        ("POST", ["deals"]) => create_deal(state, body),
        ("POST", ["deals", "merge"]) => merge_deals(state, body),
        ("POST", ["deals", id]) => change_deal(state, id, body),
        ("POST", ["amocrm"]) => ways::change(state, &body.0),
        ("POST", ["tasks"]) => create_task(state, body),
        ("POST", ["tasks", id]) => change_task(state, id, body),
        ("POST", ["contacts", "merge"]) => merge_contacts(state, body),
        ("POST", ["bot"]) => set_bot(state, body),
        ("POST", ["openai"]) => set_model(state, body),
        ("POST", ["faults"]) => add_fault(state, body),
        ("POST", ["integration", "codes"]) => Ok(consent::code(state)),
        ("POST", ["gates"]) => gates::close(state, body),
        ("DELETE", ["gates", id]) => gates::open(state, id),
        ("DELETE", ["faults"]) => {
            state.faults.clear();
            Ok(json!({}))
        }
        _ => Err(missing(format!(
            "There is no {} {}.",
            call.method, call.whole_path
        ))),
    }
}

/// The JSON body of a request, read key by key.
pub(crate) struct Given(pub(crate) Value);

impl Given {
    fn read(call: &Call) -> Result<Self, Refused> {
        if call.body.is_empty() {
            return Ok(Self(json!({})));
        }
        match serde_json::from_slice(&call.body) {
            Ok(body @ Value::Object(_)) => Ok(Self(body)),
            _ => Err(bad("The body is not a JSON object.")),
        }
    }

    pub(crate) fn text(&self, key: &str) -> Result<Option<&str>, Refused> {
        match &self.0[key] {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text)),
            _ => Err(bad(format!("`{key}` is a text."))),
        }
    }

    pub(crate) fn needed_text(&self, key: &str) -> Result<&str, Refused> {
        self.text(key)?
            .ok_or_else(|| bad(format!("`{key}` is missing.")))
    }

    pub(crate) fn number(&self, key: &str) -> Result<Option<i64>, Refused> {
        match &self.0[key] {
            Value::Null => Ok(None),
            value => value
                .as_i64()
                .map(Some)
                .ok_or_else(|| bad(format!("`{key}` is an integer."))),
        }
    }

    fn count(&self, key: &str) -> Result<Option<u64>, Refused> {
        let number = self.number(key)?;
        number
            .map(|n| u64::try_from(n).map_err(|_| bad(format!("`{key}` is not negative."))))
            .transpose()
    }

    fn flag(&self, key: &str) -> Result<Option<bool>, Refused> {
        match &self.0[key] {
            Value::Null => Ok(None),
            value => value
                .as_bool()
                .map(Some)
                .ok_or_else(|| bad(format!("`{key}` is true or false."))),
        }
    }

    fn has(&self, key: &str) -> bool {
        self.0.get(key).is_some()
    }
}

// --- clock --------------------------------------------------------------------------------------------------------

async fn set_clock(sandbox: &Sandbox, body: &Given) -> Result<(), Refused> {
    let clock = sandbox.clock();
    let now = clock.now_ms();
    let value = |key: &str| {
        if !body.has(key) {
            return Ok(None);
        }
        let number = body.0[key].as_f64().filter(|n| n.is_finite());
        number
            .map(Some)
            .ok_or_else(|| bad(format!("`{key}` is a number.")))
    };
    let (advance_s, speed, set) = (value("advance_s")?, value("speed")?, body.text("set")?);
    if advance_s.is_none() && speed.is_none() && set.is_none() {
        return Err(bad("Give `advance_s`, `set` or `speed`."));
    }
    if advance_s.is_some_and(|s| s < 0.0) {
        return Err(bad("Time only goes forward."));
    }
    if speed.is_some_and(|speed| !(0.0..=100_000.0).contains(&speed)) {
        return Err(bad("`speed` is between 0 and 100000."));
    }
    let target = match (advance_s, set) {
        (Some(advance_s), _) => Some(now + milliseconds(advance_s)),
        (None, Some(set)) => {
            let target = parse_rfc3339(set).ok_or_else(|| bad("`set` is an RFC 3339 time."))?;
            if target < now {
                return Err(bad("Time only goes forward."));
            }
            Some(target)
        }
        (None, None) => None,
    };
    if let Some(speed) = speed {
        clock.set_speed(speed);
    }
    if let Some(target) = target {
        sandbox.advance(target).await;
    }
    sandbox.change(|state| state.speed = clock.speed());
    sandbox.keep().await;
    Ok(())
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "centuries in milliseconds fit"
)]
fn milliseconds(seconds: f64) -> i64 {
    (seconds.min(1e10) * 1000.0) as i64
}

// --- people -------------------------------------------------------------------------------------------------------

fn shown_user(user: &User) -> Value {
    json!({"id": user.id, "name": user.name, "is_admin": user.is_admin, "is_active": user.is_active})
}

fn user_id(state: &State, text: &str) -> Result<i64, Refused> {
    let id = text.parse().map_err(|_| bad("A user is an integer."))?;
    known_user(state, id)
}

fn known_user(state: &State, id: i64) -> Result<i64, Refused> {
    state
        .crm
        .user(id)
        .map(|user| user.id)
        .ok_or_else(|| missing(format!("There is no user {id}.")))
}

async fn change_integration(sandbox: &Sandbox, body: &Given) -> Answer {
    let installed = body.flag("installed")?;
    let host = body.text("host")?.map(str::to_owned);
    let refusal = body.number("refusal")?;
    let refusal = refusal
        .map(|status| u16::try_from(status).map_err(|_| bad("`refusal` is an HTTP status.")))
        .transpose()?;
    Ok(consent::change(sandbox, installed, host, refusal).await)
}

fn change_user(state: &mut State, id: &str, body: &Given) -> Answer {
    let id = user_id(state, id)?;
    let is_active = body.flag("is_active")?;
    let leads = body.text("leads")?;
    if leads.is_some_and(|leads| !["A", "M", "D"].contains(&leads)) {
        return Err(bad("`leads` is A, M or D."));
    }
    let user = state.crm.users.iter_mut().find(|user| user.id == id);
    let user = user.ok_or_else(|| missing(format!("There is no user {id}.")))?;
    user.is_active = is_active.unwrap_or(user.is_active);
    if let Some(leads) = leads {
        leads.clone_into(&mut user.leads);
    }
    Ok(shown_user(user))
}

fn checked_phone(phone: &str) -> Result<String, Refused> {
    let digits = phone_digits(phone);
    if digits.len() < 7 {
        Err(bad("A phone is digits without +."))
    } else {
        Ok(digits)
    }
}

fn guest_writes(state: &mut State, phone: &str, body: &Given) -> Answer {
    let phone = checked_phone(phone)?;
    let text = body.text("text")?.unwrap_or_default();
    let name = body.text("name")?.map(str::to_owned);
    let replied_to = match body.number("reply_to")? {
        None => None,
        Some(id) => Some(answered(state, id)?),
    };
    let group = body.text("group")?.map(str::to_owned);
    let provider_ms = match body.text("provider_time")? {
        None => None,
        Some(time) => {
            Some(parse_rfc3339(time).ok_or_else(|| bad("`provider_time` is an RFC 3339 time."))?)
        }
    };
    let attachments = match &body.0["attachments"] {
        Value::Null => Vec::new(),
        Value::Array(list) => list
            .iter()
            .map(|given| attachment(state, given))
            .collect::<Result<Vec<_>, Refused>>()?,
        _ => return Err(bad("`attachments` is a list of {type, name}.")),
    };
    if text.is_empty() && attachments.is_empty() {
        return Err(bad("Give `text` or `attachments`."));
    }
    // Pact carries one attachment a message: the further ones follow as messages of their own.
    let mut rest = attachments.into_iter();
    let first: Vec<Value> = rest.by_ref().take(1).collect();
    let writing = Writing {
        name,
        text: text.to_owned(),
        attachments: first,
        provider_ms,
        replied_to,
        group: group.clone(),
    };
    let id = state.guest_writes(&phone, writing);
    for attachment in rest {
        let writing = Writing {
            attachments: vec![attachment],
            provider_ms,
            group: group.clone(),
            ..Writing::default()
        };
        state.guest_writes(&phone, writing);
    }
    Ok(json!({"id": id}))
}

/// The provider's id of a message that is answered.
fn answered(state: &State, id: i64) -> Result<String, Refused> {
    let message = state.pact.messages.get(&id);
    message
        .and_then(|message| message.external_id.clone())
        .ok_or_else(|| missing(format!("There is no message {id} at the provider.")))
}

/// The guest edits a message, reacts to one of anybody's, or takes one back.
fn change_message(state: &mut State, phone: &str, id: &str, body: &Given) -> Answer {
    let conversation = state.pact.conversation_of(phone).map(|known| known.id);
    let id: i64 = id.parse().map_err(|_| bad("A message is an integer."))?;
    let known = state.pact.messages.get(&id);
    if known.is_none_or(|message| Some(message.conversation) != conversation) {
        return Err(missing(format!("The guest has no message {id}.")));
    }
    if let Some(text) = body.text("text")? {
        state.guest_edits(id, text);
    }
    if let Some(emoji) = body.text("reaction")? {
        state.reacted(id, emoji);
    }
    if body.flag("deleted")? == Some(true) {
        state.taken_back(id);
    }
    Ok(json!({"id": id}))
}

/// How Pact shows a guest: `{phone: "+7…" | null, external_id}`.
fn show_guest_as(state: &mut State, phone: &str, body: &Given) -> Answer {
    let phone = checked_phone(phone)?;
    let now = state.now;
    let shown = Shown {
        phone: body.text("phone")?.map(str::to_owned),
        no_phone: body.has("phone") && body.0["phone"].is_null(),
        external: body.text("external_id")?.map(str::to_owned),
    };
    let (id, _) = state.pact.open_conversation(&phone, None, now);
    if let Some(conversation) = state.pact.conversations.get_mut(&id) {
        conversation.shown = shown;
    }
    guest(state, &phone)
}

fn attachment(state: &mut State, given: &Value) -> Result<Value, Refused> {
    let kind = given["type"]
        .as_str()
        .ok_or_else(|| bad("An attachment has a `type`."))?;
    let (mime, usual_name) = match kind {
        "image" | "photo" => ("image/jpeg", "photo.jpg"),
        "voice" => ("audio/ogg", "voice.ogg"),
        "audio" => ("audio/mpeg", "audio.mp3"),
        "video" => ("video/mp4", "video.mp4"),
        "sticker" => ("image/webp", "sticker.webp"),
        "document" | "file" | "pdf" => ("application/pdf", "document.pdf"),
        kind if kind.contains('/') => (kind, "file"),
        _ => ("application/octet-stream", "file"),
    };
    let name = given["name"]
        .as_str()
        .unwrap_or(usual_name)
        .replace(['/', '\\'], "_");
    let id = state.pact.next_id(30_000);
    let public = state.env.public.clone();
    Ok(crate::pact::attachment(
        &public,
        id,
        &name,
        mime,
        kind == "voice",
    ))
}

fn guest(state: &State, phone: &str) -> Answer {
    let conversation = state
        .pact
        .conversation_of(phone)
        .ok_or_else(|| missing("Pact does not know this guest."))?;
    Ok(
        json!({"company_id": COMPANY_ID, "conversation_id": conversation.id, "contact_id": conversation.contact}),
    )
}

fn transcript(state: &State, phone: &str) -> Value {
    let ids = state
        .pact
        .conversation_of(phone)
        .map(|conversation| conversation.messages.as_slice())
        .unwrap_or_default();
    ids.iter()
        .filter_map(|id| state.pact.messages.get(id))
        .filter(|message| message.status != "error")
        .map(|message| {
            let from = match message.from {
                From::Guest => "guest",
                From::Bot => "bot",
                From::Manager => "manager",
                From::Bulk => "bulk",
                From::Robot => "robot",
            };
            let text = message.text.as_deref().unwrap_or_default();
            json!({"from": from, "text": text, "at": moscow(message.created_ms), "id": message.id})
        })
        .collect()
}

/// Delivers any payload to the first active webhook, as it stands.
async fn deliver_raw(sandbox: &Sandbox, call: &Call) -> Answer {
    let url = sandbox.with(|state| {
        state
            .pact
            .hooks
            .iter()
            .find(|hook| hook.active)
            .map(|hook| hook.url.clone())
    });
    let url =
        url.ok_or_else(|| Refused(409, "Pact has no active webhook to deliver to.".to_owned()))?;
    let request = sandbox
        .client()
        .post(url)
        .header("Content-Type", "application/json")
        .body(call.body.clone());
    match request
        .timeout(std::time::Duration::from_secs(10))
        .send()
        .await
    {
        Ok(response) => Ok(json!({"status": response.status().as_u16()})),
        Err(error) => Err(Refused(
            502,
            format!("The webhook does not answer: {error}."),
        )),
    }
}

fn manager_writes(state: &mut State, user: &str, body: &Given) -> Answer {
    let user = user_id(state, user)?;
    let phone = checked_phone(body.needed_text("phone")?)?;
    let via = Via::parse(body.needed_text("via")?)
        .ok_or_else(|| bad("`via` is amocrm, pact, phone, salesbot or bulk."))?;
    let id = state.company_writes(user, &phone, body.needed_text("text")?, via);
    Ok(json!({"id": id}))
}

// --- deals --------------------------------------------------------------------------------------------------------

fn deal_id(state: &State, text: &str) -> Result<i64, Refused> {
    let id = text
        .parse()
        .map_err(|_| bad("A deal's id is an integer."))?;
    if state.crm.leads.contains_key(&id) {
        Ok(id)
    } else {
        Err(missing(format!("There is no deal {id}.")))
    }
}

fn deals(state: &State, phone: Option<&str>) -> Value {
    let wanted = phone.map(phone_digits);
    let has_phone = |lead: &Lead| {
        let contacts = lead
            .contacts
            .iter()
            .filter_map(|id| state.crm.contacts.get(id));
        let mut phones = contacts
            .flat_map(|contact| state.crm.phones(contact))
            .map(phone_digits);
        wanted
            .as_ref()
            .is_none_or(|wanted| phones.any(|phone| phone == *wanted))
    };
    let found = state
        .crm
        .leads
        .values()
        .filter(|lead| !lead.deleted && has_phone(lead));
    found.map(|lead| shown_deal(state, lead.id)).collect()
}

/// A deal as amoCRM shows it.
pub(crate) fn shown_deal(state: &State, id: i64) -> Value {
    let lead = &state.crm.leads[&id];
    let owner = state
        .crm
        .field("leads", OWNER_CODE)
        .and_then(|field| lead.values.get(&field.id)?.first());
    let contact = lead.contacts.first().and_then(|id| state.crm.contacts.get(id)).map(|contact| {
        let tags = details::tags(state, contact);
        json!({"id": contact.id, "name": contact.name, "phone": state.crm.phones(contact).first(), "tags": tags})
    });
    let tasks = state
        .crm
        .tasks
        .values()
        .filter(|task| task.is_of("leads", id))
        .map(|task| shown_task(state, task));
    let notes = state
        .crm
        .notes
        .values()
        .filter(|note| note.entity == "leads" && note.entity_id == id);
    let closed = match lead.status {
        _ if lead.deleted => Some("deleted"),
        WON => Some("won"),
        LOST => Some("lost"),
        _ => None,
    };
    json!({
        "id": id, "name": lead.name, "pipeline": state.crm.pipeline(lead.pipeline).map(|p| &p.name),
        "stage": state.crm.stage_name(lead.pipeline, lead.status),
        "owner_field": owner.map(|value| &value.value), "responsible": lead.responsible, "closed": closed,
        "loss_reason": leads::loss_reason(state, lead), "fields": details::fields(state, lead), "contact": contact, "tasks": tasks.collect::<Vec<_>>(),
        "notes": notes.map(|note| note.params["text"].clone()).collect::<Vec<_>>(),
    })
}

/// The tasks that stand on nothing, oldest first.
fn tasks_of_no_deal(state: &State) -> Value {
    let all = state.crm.tasks.values();
    let alone = all.filter(|task| task.entity_id.is_none());
    alone.map(|task| shown_task(state, task)).collect()
}

fn shown_task(state: &State, task: &Task) -> Value {
    let kind = state
        .crm
        .task_types
        .iter()
        .find(|kind| kind.id == task.kind)
        .map(|kind| &kind.name);
    json!({
        "id": task.id, "type": kind, "text": task.text, "done": task.done, "responsible": task.responsible,
        "due": moscow(task.complete_till * 1000),
    })
}

fn create_deal(state: &mut State, body: &Given) -> Answer {
    let phone = body.needed_text("phone")?.to_owned();
    checked_phone(&phone)?;
    let name = body.needed_text("name")?.to_owned();
    let (pipeline, status) = place(
        state,
        body.text("pipeline")?,
        Some(body.needed_text("stage")?),
        None,
    )?;
    let responsible = match body.number("responsible")? {
        Some(id) => known_user(state, id)?,
        None => DEFAULT_RESPONSIBLE,
    };
    let is_new = body.flag("new_contact")?.unwrap_or(false);
    let known = state
        .crm
        .contact_by_phone(&phone)
        .filter(|_| !is_new)
        .map(|contact| contact.id);
    let contact = known.unwrap_or_else(|| {
        let guest = state
            .pact
            .conversation_of(&phone)
            .map(|conversation| conversation.name.clone());
        state.make_contact(
            &guest.unwrap_or_else(|| "Гость".to_owned()),
            &phone,
            Actor::User(responsible),
        )
    });
    let mut lead = Lead {
        name,
        responsible,
        status,
        pipeline,
        created_by: responsible,
        created_at: state.now_s(),
        contacts: vec![contact],
        ..Lead::default()
    };
    details::fill(state, &mut lead, body)?;
    details::tag(state, &lead, body, Actor::User(responsible))?;
    let id = state.add_lead(lead, Actor::User(responsible));
    Ok(shown_deal(state, id))
}

/// Ids of a pipeline and a stage by their names. A pipeline unknown so far is made, with that stage, as an admin of
/// the account would; the stages of «Бронирования» are fixed.
fn place(
    state: &mut State,
    pipeline: Option<&str>,
    stage: Option<&str>,
    now_in: Option<(i64, i64)>,
) -> Result<(i64, i64), Refused> {
    let id = match pipeline {
        None => now_in.map_or_else(|| state.crm.main_pipeline().id, |(pipeline, _)| pipeline),
        Some(name) => pipeline_named(state, name, stage),
    };
    let Some(pipeline) = state.crm.pipelines.iter_mut().find(|p| p.id == id) else {
        return Err(missing("There is no such pipeline."));
    };
    let Some(stage) = stage else {
        let kept = now_in
            .filter(|(pipeline, _)| *pipeline == id)
            .map(|(_, status)| status);
        return Ok((id, kept.unwrap_or(pipeline.stages[0].id)));
    };
    if let Some(stage) = pipeline.stages.iter().find(|s| s.name == stage) {
        return Ok((id, stage.id));
    }
    let names: Vec<&str> = pipeline.stages.iter().map(|s| s.name.as_str()).collect();
    Err(bad(format!(
        "There is no stage «{stage}» in «{}»; there are: {}.",
        pipeline.name,
        names.join(", ")
    )))
}

fn pipeline_named(state: &mut State, name: &str, stage: Option<&str>) -> i64 {
    if let Some(pipeline) = state.crm.pipelines.iter().find(|p| p.name == name) {
        return pipeline.id;
    }
    let id = state
        .crm
        .pipelines
        .iter()
        .map(|p| p.id)
        .max()
        .unwrap_or_default()
        + 1;
    state
        .crm
        .add_pipeline(id, name, false, &[stage.unwrap_or("Первичный контакт")]);
    id
}

fn actor(state: &State, body: &Given) -> Result<Actor, Refused> {
    match (body.text("by")?, body.number("user")?) {
        (Some("robot"), _) => Ok(Actor::Robot),
        (Some("user") | None, Some(user)) => known_user(state, user).map(Actor::User),
        (Some("user") | None, None) => Ok(Actor::User(DEFAULT_RESPONSIBLE)),
        _ => Err(bad("`by` is user or robot.")),
    }
}

fn change_deal(state: &mut State, id: &str, body: &Given) -> Answer {
    let id = deal_id(state, id)?;
    let actor = actor(state, body)?;
    let mut lead = state.crm.leads[&id].clone();
    let now_in = (lead.pipeline, lead.status);
    let (pipeline, stage) = (body.text("pipeline")?, body.text("stage")?);
    (lead.pipeline, lead.status) = place(state, pipeline, stage, Some(now_in))?;
    if let Some(user) = body.number("responsible")? {
        lead.responsible = known_user(state, user)?;
    }
    match body.text("closed")? {
        None => {}
        Some("won") => lead.status = WON,
        Some("lost") => lead.status = LOST,
        Some("deleted") => lead.deleted = true,
        Some("restored") => lead.deleted = false,
        Some(_) => return Err(bad("`closed` is won, lost, deleted or restored.")),
    }
    if body.has("owner_field") {
        let field = state
            .crm
            .field("leads", OWNER_CODE)
            .ok_or_else(|| missing("The field «Ведёт диалог» is gone."))?;
        match body.text("owner_field")?.unwrap_or_default() {
            "" => {
                lead.values.remove(&field.id);
            }
            name => {
                let choice = field.enums.iter().find(|choice| choice.value == name);
                let choice = choice.ok_or_else(|| {
                    bad("`owner_field` is Бот, Ждёт менеджера, Менеджер or empty.")
                })?;
                lead.values.insert(
                    field.id,
                    vec![FieldValue {
                        value: json!(choice.value),
                        choice: Some(choice.id),
                    }],
                );
            }
        }
    }
    details::fill(state, &mut lead, body)?;
    details::tag(state, &lead, body, actor)?;
    let leaves = (lead.pipeline, lead.status) != now_in;
    state.put_lead(lead, actor);
    if leaves {
        state.leaves_unsorted(id, actor);
    }
    Ok(shown_deal(state, id))
}

/// A person or a robot sets a task on a deal.
fn create_task(state: &mut State, body: &Given) -> Answer {
    let deal = body
        .number("deal")?
        .filter(|id| state.crm.has("leads", *id))
        .ok_or_else(|| missing("`deal` names no deal."))?;
    let name = body.needed_text("type")?;
    let mut kinds = state.crm.task_types.iter();
    let kind = kinds
        .find(|kind| kind.name == name)
        .ok_or_else(|| bad(format!("There is no task type «{name}».")))?
        .id;
    let actor = actor(state, body)?;
    let responsible = match body.number("responsible")? {
        Some(id) => known_user(state, id)?,
        None => state.crm.leads[&deal].responsible,
    };
    let task = Task {
        text: body.text("text")?.unwrap_or_default().to_owned(),
        kind,
        entity_id: Some(deal),
        entity: Some("leads".to_owned()),
        responsible,
        complete_till: state.now_s() + 3600,
        created_by: actor.user(),
        created_at: state.now_s(),
        ..Task::default()
    };
    let id = state.add_task(task, actor);
    Ok(shown_task(state, &state.crm.tasks[&id]))
}

fn change_task(state: &mut State, id: &str, body: &Given) -> Answer {
    let id: i64 = id.parse().map_err(|_| bad("A task's id is an integer."))?;
    let actor = actor(state, body)?;
    let mut task = state
        .crm
        .tasks
        .get(&id)
        .cloned()
        .ok_or_else(|| missing(format!("There is no task {id}.")))?;
    if let Some(done) = body.flag("done")? {
        task.done = done;
    }
    if let Some(user) = body.number("responsible")? {
        task.responsible = known_user(state, user)?;
    }
    let shown = shown_task(state, &task);
    state.put_task(task, actor);
    Ok(shown)
}

fn merge_contacts(state: &mut State, body: &Given) -> Answer {
    let contact = |key: &str| {
        let id = body
            .number(key)?
            .ok_or_else(|| bad(format!("`{key}` is missing.")))?;
        if state.crm.has("contacts", id) {
            Ok(id)
        } else {
            Err(missing(format!("There is no contact {id}.")))
        }
    };
    let (into, from) = (contact("into")?, contact("from")?);
    if into == from {
        return Err(bad("A contact cannot be merged into itself."));
    }
    state.merge_contacts(into, from, Actor::User(DEFAULT_RESPONSIBLE));
    Ok(json!({"into": into, "from": from}))
}

fn merge_deals(state: &mut State, body: &Given) -> Answer {
    let deal = |key: &str| {
        body.number(key)?
            .filter(|id| state.crm.has("leads", *id))
            .ok_or_else(|| missing(format!("`{key}` names no deal.")))
    };
    let (into, from) = (deal("into")?, deal("from")?);
    if into == from {
        return Err(bad("A deal cannot be merged into itself."));
    }
    state.merge_leads(into, from, Actor::User(DEFAULT_RESPONSIBLE));
    Ok(json!({"into": into, "from": from}))
}

// --- weather ------------------------------------------------------------------------------------------------------

/// What the model does to its next questions.
fn set_model(state: &mut State, body: &Given) -> Answer {
    let script = serde_json::from_value(body.0["script"].clone())
        .map_err(|error| bad(format!("`script`: {error}.")))?;
    state.bot.model.script = script;
    state.bot.model.cites = body.0["cites"].as_bool().unwrap_or(false);
    Ok(json!({"script": state.bot.model.script, "cites": state.bot.model.cites}))
}

fn set_bot(state: &mut State, body: &Given) -> Answer {
    let delay_ms = body.count("delay_ms")?;
    let rules: Option<Vec<Rule>> = match &body.0["rules"] {
        Value::Null => None,
        rules => Some(
            serde_json::from_value(rules.clone())
                .map_err(|error| bad(format!("`rules`: {error}.")))?,
        ),
    };
    let flaws: Option<BTreeSet<Flaw>> = match &body.0["flaws"] {
        Value::Null => None,
        flaws => Some(
            serde_json::from_value(flaws.clone())
                .map_err(|error| bad(format!("`flaws`: {error}.")))?,
        ),
    };
    if let Some(delay_ms) = delay_ms {
        state.bot.delay_ms = delay_ms;
    }
    if let Some(flaws) = flaws {
        state.bot.flaws = flaws;
    }
    if let Some(rules) = rules {
        state.bot.rules = rules;
    }
    Ok(json!({"delay_ms": state.bot.delay_ms, "rules": state.bot.rules, "flaws": state.bot.flaws}))
}

pub(crate) fn service(name: &str) -> Result<Service, Refused> {
    match name {
        "amocrm" => Ok(Service::Amocrm),
        "pact" => Ok(Service::Pact),
        "bot" => Ok(Service::Bot),
        _ => Err(bad("`service` is amocrm, pact or bot.")),
    }
}

fn add_fault(state: &mut State, body: &Given) -> Answer {
    let name = body.needed_text("kind")?;
    let kind = Kind::parse(name).ok_or_else(|| {
        bad(format!(
            "There is no fault `{name}`; there are: {}.",
            Kind::NAMES.join(", ")
        ))
    })?;
    let service = service(body.needed_text("service")?)?;
    let count = body
        .count("count")?
        .map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    let for_s = body
        .count("for_s")?
        .map(|s| i64::try_from(s).unwrap_or(i64::MAX / 4000));
    // Neither a count nor a time: once.
    let left = if count.is_none() && for_s.is_none() {
        Some(1)
    } else {
        count
    };
    let until_ms = for_s.map(|s| state.now + s * 1000);
    let ms = body.count("ms")?;
    state.faults.add(Fault {
        service,
        kind,
        left,
        until_ms,
        since_ms: state.now,
        ms,
    });
    Ok(json!({"service": service, "kind": name, "count": left, "for_s": for_s, "ms": ms}))
}

fn calls(state: &State, wanted: Option<&str>) -> Answer {
    let wanted = wanted.map(service).transpose()?;
    let calls = state
        .calls
        .iter()
        .filter(|call| wanted.is_none_or(|wanted| call.service == wanted));
    Ok(calls
        .map(|call| {
            json!({
                "at": moscow(call.at), "method": call.method, "path": call.path, "query": call.query,
                "status": call.status, "service": call.service,
            })
        })
        .collect())
}
