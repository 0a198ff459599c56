//! Webhooks of the account: subscriptions, and the form-encoded shape of every event.

use serde_json::{Value, json};

use super::model::{
    ACCOUNT_ID, Contact, FieldValue, Lead, Note, SUBDOMAIN, Subscription, TOKEN_USER, Task, Values,
};
use super::{hal, link, problem, tags};
use crate::clock::moscow_plain;
use crate::faults::{Kind, Service};
use crate::http::{Call, Pairs, Reply, form};
use crate::state::State;
use crate::webhooks::{Delivery, When, later};

const SETTINGS: &[&str] = &[
    "add_lead",
    "update_lead",
    "delete_lead",
    "restore_lead",
    "status_lead",
    "responsible_lead",
    "note_lead",
    "add_contact",
    "update_contact",
    "delete_contact",
    "restore_contact",
    "responsible_contact",
    "note_contact",
    "add_company",
    "update_company",
    "delete_company",
    "restore_company",
    "responsible_company",
    "note_company",
    "add_customer",
    "update_customer",
    "delete_customer",
    "responsible_customer",
    "note_customer",
    "add_task",
    "update_task",
    "delete_task",
    "responsible_task",
    "add_talk",
    "update_talk",
    "add_chat_template_review",
    "add_message",
    "add_outgoing_message",
    "add_unsorted",
    "update_unsorted",
    "delete_unsorted",
];
const MOST_SUBSCRIPTIONS: usize = 100;
/// A webhook that takes others along waits for them, machine ms.
const BATCH_MS: u64 = 300;

/// On whose behalf something changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    /// The integration, through its token.
    Api,
    /// A person in the interface.
    User(i64),
    /// A robot of the account, or another integration.
    Robot,
}

impl Actor {
    /// `modified_user_id` of what this actor does.
    pub(crate) fn user(self) -> i64 {
        match self {
            Self::Api => TOKEN_USER,
            Self::User(id) => id,
            Self::Robot => 0,
        }
    }
}

/// `GET`, `POST` (upsert by destination), `DELETE /webhooks`.
pub(super) fn subscriptions(state: &mut State, call: &Call) -> Reply {
    match call.method.as_str() {
        "GET" => {
            let wanted = call.query("filter[destination]");
            let all = state.crm.subscriptions.iter();
            let rows: Vec<Value> = all
                .filter(|s| wanted.is_none_or(|url| s.destination == url))
                .map(shown)
                .collect();
            if rows.is_empty() {
                return Reply::empty(204);
            }
            hal(
                &json!({"_total_items": rows.len(), "_links": link(state, "webhooks"), "_embedded": {"webhooks": rows}}),
            )
        }
        "POST" => subscribe(state, &call.json()),
        "DELETE" => {
            let body = call.json();
            let before = state.crm.subscriptions.len();
            state
                .crm
                .subscriptions
                .retain(|s| Some(s.destination.as_str()) != body["destination"].as_str());
            if state.crm.subscriptions.len() == before {
                return problem(404, "Not Found", "Webhook not found");
            }
            Reply::empty(204)
        }
        _ => problem(405, "Method Not Allowed", "Method not allowed"),
    }
}

fn subscribe(state: &mut State, body: &Value) -> Reply {
    let destination = body["destination"].as_str().unwrap_or_default();
    let is_url = destination.starts_with("http://") || destination.starts_with("https://");
    if !is_url || state.strike(Service::Amocrm, &[Kind::InvalidUrl]).is_some() {
        return problem(400, "Bad Request", "Invalid URL");
    }
    let settings: Vec<String> = body["settings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|s| s.as_str().map(str::to_owned))
        .collect();
    if settings.is_empty()
        || settings.iter().any(|name| {
            !SETTINGS.contains(&name.as_str()) || state.crm.ways.unknown_hooks.contains(name)
        })
    {
        return super::Invalid::choice("settings").reply("0");
    }
    let (now, made) = (state.now_s(), state.crm.ways.subscribed_status);
    if let Some(known) = state
        .crm
        .subscriptions
        .iter_mut()
        .find(|s| s.destination == destination)
    {
        known.settings = settings;
        known.disabled = false;
        known.failures.clear();
        known.updated_at = now;
        return Reply::json(made, "application/hal+json", &shown(known));
    }
    if state.crm.subscriptions.len() >= MOST_SUBSCRIPTIONS {
        return problem(422, "Unprocessable Entity", "Too many webhooks");
    }
    let subscription = Subscription {
        id: state.crm.next_id(),
        destination: destination.to_owned(),
        settings,
        disabled: false,
        created_at: now,
        updated_at: now,
        failures: std::collections::VecDeque::new(),
    };
    let reply = Reply::json(made, "application/hal+json", &shown(&subscription));
    state.crm.subscriptions.push(subscription);
    reply
}

fn shown(s: &Subscription) -> Value {
    json!({
        "id": s.id, "destination": s.destination, "created_at": s.created_at, "updated_at": s.updated_at,
        "account_id": ACCOUNT_ID, "created_by": TOKEN_USER, "sort": 1, "disabled": s.disabled, "settings": s.settings,
    })
}

impl State {
    /// Sends an event to everyone who subscribed to `setting`.
    pub(crate) fn emit(&mut self, setting: &str, lane: &str, mut pairs: Pairs) {
        pairs.push(("account[subdomain]".into(), SUBDOMAIN.into()));
        pairs.push(("account[id]".into(), ACCOUNT_ID.to_string()));
        pairs.push(("account[_links][self]".into(), self.env.public.clone()));
        let body = form(&pairs);
        let wanting: Vec<(i64, String)> = self
            .crm
            .subscriptions
            .iter()
            .filter(|s| !s.disabled && s.settings.iter().any(|name| name == setting))
            .map(|s| (s.id, s.destination.clone()))
            .collect();
        let batch = self.strike(Service::Amocrm, &[Kind::HookBatch]);
        for (hook, url) in wanting {
            if batch.is_some() && self.queue.joins(hook, &body) {
                continue;
            }
            let due = match &batch {
                Some(fault) => later(fault.ms.unwrap_or(BATCH_MS)),
                None => When::after_response(),
            };
            let delivery = Delivery {
                service: Service::Amocrm,
                hook,
                url,
                body: body.clone(),
                lane: lane.to_owned(),
                due,
                attempts: 0,
                flying: false,
            };
            self.enqueue(delivery, true);
        }
    }

    pub(crate) fn emit_lead(
        &mut self,
        action: &str,
        lead: &Lead,
        actor: Actor,
        extra: &[(&str, i64)],
    ) {
        let root = self.crm.ways.root("leads", action);
        let mut pairs = Pairs::new();
        let mut put = |key: &str, value: String| pairs.push((format!("{root}[{key}]"), value));
        put("id", lead.id.to_string());
        put("name", lead.name.clone());
        put("status_id", lead.status.to_string());
        for (key, value) in extra {
            put(key, value.to_string());
        }
        put("price", lead.price.to_string());
        put("responsible_user_id", lead.responsible.to_string());
        put("last_modified", lead.updated_at.to_string());
        put("modified_user_id", actor.user().to_string());
        put("created_user_id", lead.created_by.to_string());
        put("date_create", lead.created_at.to_string());
        put("pipeline_id", lead.pipeline.to_string());
        put("account_id", ACCOUNT_ID.to_string());
        put("created_at", lead.created_at.to_string());
        put("updated_at", lead.updated_at.to_string());
        for (place, tag) in tags::shown_all(&self.crm, &lead.tags).iter().enumerate() {
            put(&format!("tags][{place}][id"), tag["id"].to_string());
            let name = tag["name"].as_str().unwrap_or_default();
            put(&format!("tags][{place}][name"), name.to_owned());
        }
        self.put_fields(&mut pairs, &root, &lead.values);
        let setting = format!("{action}_lead");
        self.emit(&setting, &format!("lead {}", lead.id), pairs);
    }

    pub(crate) fn emit_contact(&mut self, action: &str, contact: &Contact, actor: Actor) {
        let root = self.crm.ways.root("contacts", action);
        let mut pairs = Pairs::new();
        let mut put = |key: &str, value: String| pairs.push((format!("{root}[{key}]"), value));
        put("id", contact.id.to_string());
        put("name", contact.name.clone());
        put("responsible_user_id", contact.responsible.to_string());
        put("date_create", contact.created_at.to_string());
        put("last_modified", contact.updated_at.to_string());
        put("created_user_id", contact.created_by.to_string());
        put("modified_user_id", actor.user().to_string());
        put("account_id", ACCOUNT_ID.to_string());
        put("created_at", contact.created_at.to_string());
        put("updated_at", contact.updated_at.to_string());
        put("type", "contact".to_owned());
        for lead in &contact.leads {
            put(&format!("linked_leads_id][{lead}][ID"), lead.to_string());
        }
        self.put_fields(&mut pairs, &root, &contact.values);
        let setting = format!("{action}_contact");
        self.emit(&setting, &format!("contact {}", contact.id), pairs);
    }

    fn put_fields(&self, pairs: &mut Pairs, root: &str, values: &Values) {
        let filled = values.iter().filter_map(|(id, values)| {
            let field = self.crm.fields.iter().find(|field| field.id == *id)?;
            Some((field, values))
        });
        for (place, (field, values)) in filled.enumerate() {
            let root = format!("{root}[custom_fields][{place}]");
            pairs.push((format!("{root}[id]"), field.id.to_string()));
            pairs.push((format!("{root}[name]"), field.name.clone()));
            if let Some(code) = &field.code {
                pairs.push((format!("{root}[code]"), code.clone()));
            }
            for (index, FieldValue { value, choice }) in values.iter().enumerate() {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                if self.crm.ways.plain_values {
                    pairs.push((format!("{root}[values][{index}]"), text));
                    continue;
                }
                pairs.push((format!("{root}[values][{index}][value]"), text));
                if let Some(choice) = choice {
                    pairs.push((format!("{root}[values][{index}][enum]"), choice.to_string()));
                }
            }
        }
    }

    pub(crate) fn emit_task(
        &mut self,
        action: &str,
        task: &Task,
        actor: Actor,
        extra: &[(&str, i64)],
    ) {
        let root = self.crm.ways.root("task", action);
        let mut pairs = Pairs::new();
        let mut put = |key: &str, value: String| pairs.push((format!("{root}[{key}]"), value));
        put("id", task.id.to_string());
        put("element_id", task.entity_id.unwrap_or_default().to_string());
        put(
            "element_type",
            if task.entity.as_deref() == Some("contacts") {
                "1"
            } else {
                "2"
            }
            .to_owned(),
        );
        put("task_type", task.kind.to_string());
        put("text", task.text.clone());
        put("status", i64::from(task.done).to_string());
        put("action_close", i64::from(task.done).to_string());
        if let Some(result) = &task.result {
            put("result][id", task.id.to_string());
            put("result][text", result.clone());
        }
        for (key, value) in extra {
            put(key, value.to_string());
        }
        put("responsible_user_id", task.responsible.to_string());
        put("created_user_id", task.created_by.to_string());
        put("modified_user_id", actor.user().to_string());
        put("complete_till", moscow_plain(task.complete_till * 1000));
        put("date_create", moscow_plain(task.created_at * 1000));
        put("last_modified", moscow_plain(task.updated_at * 1000));
        put("account_id", ACCOUNT_ID.to_string());
        put("created_at", task.created_at.to_string());
        put("updated_at", task.updated_at.to_string());
        let setting = format!("{action}_task");
        self.emit(&setting, &format!("task {}", task.id), pairs);
    }

    pub(crate) fn emit_note(&mut self, note: &Note, actor: Actor) {
        let root = format!("{}[note][0][note]", note.entity);
        let kind = if note.kind == "common" { "4" } else { "25" };
        let element_type = if note.entity == "leads" { "2" } else { "1" };
        let text = note.params["text"].as_str().unwrap_or_default();
        let pairs = [
            ("id", note.id.to_string()),
            ("note_type", kind.to_owned()),
            ("text", text.to_owned()),
            ("element_id", note.entity_id.to_string()),
            ("element_type", element_type.to_owned()),
            ("created_by", note.created_by.to_string()),
            ("modified_by", actor.user().to_string()),
            ("created_at", note.created_at.to_string()),
            ("account_id", ACCOUNT_ID.to_string()),
        ];
        let pairs = pairs
            .into_iter()
            .map(|(key, value)| (format!("{root}[{key}]"), value))
            .collect();
        let setting = if note.entity == "leads" {
            "note_lead"
        } else {
            "note_contact"
        };
        self.emit(setting, &format!("note {}", note.id), pairs);
    }
}
