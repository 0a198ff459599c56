//! «Неразобранное»: leads that nobody has accepted. Until then their new contacts are in no list.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::hooks::Actor;
use super::model::{ACCOUNT_ID, Contact, DEFAULT_RESPONSIBLE, Lead, Pipeline};
use super::{Invalid, batch, chat_uuid, contacts, hal, link, paged, problem};
use crate::http::{Call, Pairs, Reply, number};
use crate::pact::model::Conversation;
use crate::state::State;

/// An item that waits for somebody.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Unsorted {
    uid: String,
    /// `chats`, `forms` or `sip`.
    category: String,
    pub lead: i64,
    contact: Option<i64>,
    pipeline: i64,
    created_at: i64,
    source_name: String,
    source_uid: String,
    metadata: Value,
    /// The last message of a chat.
    text: String,
}

impl Pipeline {
    /// The stage «Неразобранное».
    pub(crate) fn unsorted_stage(&self) -> i64 {
        40_100_000 + (self.id - 5_100_001) * 100 + 1
    }
}

pub(super) fn answer(state: &mut State, call: &Call, rest: &[&str]) -> Reply {
    match (call.method.as_str(), rest) {
        ("GET", []) => list(state, call),
        ("GET", ["summary"]) => summary(state),
        ("POST", [category @ ("forms" | "sip")]) => create(state, call, category),
        ("GET", [uid]) => match find(state, uid) {
            Some(item) => hal(&shown(state, &item)),
            None => problem(404, "Not Found", "Unsorted not found"),
        },
        ("POST", [uid, "accept"]) => accept(state, call, uid),
        ("DELETE", [uid, "decline"]) => decline(state, call, uid),
        ("POST", [uid, "link"]) => join(state, call, uid),
        _ => problem(404, "Not Found", "Not found"),
    }
}

fn find(state: &State, uid: &str) -> Option<Unsorted> {
    let mut items = state.crm.unsorted.iter();
    items.find(|item| item.uid == uid).cloned()
}

fn list(state: &State, call: &Call) -> Reply {
    let uids = call.query_all("filter[uid]");
    let categories = call.query_all("filter[category]");
    let pipelines = call.query_ids("filter[pipeline_id]");
    let items = state.crm.unsorted.iter();
    let mut found: Vec<i64> = items
        .filter(|item| uids.is_empty() || uids.contains(&item.uid.as_str()))
        .filter(|item| categories.is_empty() || categories.contains(&item.category.as_str()))
        .filter(|item| pipelines.is_empty() || pipelines.contains(&item.pipeline))
        .map(|item| item.lead)
        .collect();
    let is_desc = ["order[created_at]", "order[updated_at]"]
        .iter()
        .any(|key| call.query(key) == Some("desc"));
    if is_desc {
        found.reverse();
    }
    paged(state, call, "unsorted", &found, |lead| {
        let mut items = state.crm.unsorted.iter();
        let item = items.find(|item| item.lead == lead);
        item.map_or(Value::Null, |item| shown(state, item))
    })
}

fn summary(state: &State) -> Reply {
    let total = state.crm.unsorted.len();
    let of = |category: &str| {
        let items = state.crm.unsorted.iter();
        let total = items.filter(|item| item.category == category).count();
        json!({"total": total})
    };
    hal(&json!({
        "total": total, "accepted": 0, "declined": 0, "average_sort_time": 0,
        "categories": {"forms": of("forms"), "chats": of("chats"), "sip": of("sip"), "mail": of("mail")},
        "_links": link(state, "leads/unsorted/summary"),
    }))
}

fn shown(state: &State, item: &Unsorted) -> Value {
    json!({
        "uid": item.uid, "source_uid": item.source_uid, "source_name": item.source_name,
        "category": item.category, "pipeline_id": item.pipeline, "created_at": item.created_at,
        "metadata": item.metadata, "account_id": ACCOUNT_ID,
        "_links": link(state, &format!("leads/unsorted/{}", item.uid)),
        "_embedded": {
            "leads": [{"id": item.lead, "_links": link(state, &format!("leads/{}", item.lead))}],
            "contacts": rows(item.contact), "companies": [],
        },
    })
}

fn rows(id: Option<i64>) -> Vec<Value> {
    id.iter().map(|id| json!({"id": id})).collect()
}

/// What an item of this category has to have.
fn needed(category: &str) -> &'static [&'static str] {
    match category {
        "sip" => &[
            "phone",
            "call_responsible",
            "called_at",
            "duration",
            "link",
            "service_code",
        ],
        _ => &[
            "form_id",
            "form_name",
            "form_page",
            "ip",
            "form_sent_at",
            "referer",
        ],
    }
}

fn create(state: &mut State, call: &Call, category: &str) -> Reply {
    let category = category.to_owned();
    batch(state, call, "unsorted", |state, item| {
        for key in ["source_name", "source_uid"] {
            if !item[key].is_string() {
                return Err(Invalid::missing(key));
            }
        }
        for key in needed(&category) {
            if item["metadata"][key].is_null() {
                return Err(Invalid::missing(format!("metadata.{key}")));
            }
        }
        let contact = &item["_embedded"]["contacts"][0];
        let contact = if contact.is_null() {
            None
        } else {
            Some(contacts::create_one(state, contact)?)
        };
        if let Some(contact) = contact.and_then(|id| state.crm.contacts.get_mut(&id)) {
            contact.is_unsorted = true;
        }
        let name = item["_embedded"]["leads"][0]["name"].as_str();
        let text = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
        let fresh = Unsorted {
            uid: String::new(),
            category: category.clone(),
            lead: 0,
            contact,
            pipeline: number(&item["pipeline_id"]).unwrap_or(state.crm.main_pipeline().id),
            created_at: number(&item["created_at"]).unwrap_or(state.now_s()),
            source_name: text("source_name"),
            source_uid: text("source_uid"),
            metadata: item["metadata"].clone(),
            text: String::new(),
        };
        if state.crm.pipeline(fresh.pipeline).is_none() {
            return Err(Invalid::choice("pipeline_id"));
        }
        let item = state.add_unsorted(fresh, name.unwrap_or("Новая заявка"));
        Ok(shown(state, &item))
    })
}

fn known_user(state: &State, id: &Value) -> Result<Actor, Invalid> {
    match number(id) {
        None => Ok(Actor::Api),
        Some(id) => match state.crm.user(id) {
            Some(user) => Ok(Actor::User(user.id)),
            None => Err(Invalid::choice("user_id")),
        },
    }
}

fn accept(state: &mut State, call: &Call, uid: &str) -> Reply {
    let Some(item) = find(state, uid) else {
        return problem(404, "Not Found", "Unsorted not found");
    };
    let body = call.json();
    let Some(pipeline) = state.crm.pipeline(item.pipeline) else {
        return problem(404, "Not Found", "Pipeline not found");
    };
    let status = number(&body["status_id"]).unwrap_or(pipeline.stages[0].id);
    if state.crm.stage(item.pipeline, status).is_none() {
        return Invalid::choice("status_id").reply("0");
    }
    let actor = match known_user(state, &body["user_id"]) {
        Ok(actor) => actor,
        Err(invalid) => return invalid.reply("0"),
    };
    state.accept(&item, status, actor);
    hal(&outcome(state, &item))
}

/// What accepting and declining answer.
fn outcome(state: &State, item: &Unsorted) -> Value {
    json!({
        "uid": item.uid, "pipeline_id": item.pipeline, "category": item.category, "created_at": item.created_at,
        "_links": link(state, &format!("leads/unsorted/{}", item.uid)),
        "_embedded": {"leads": rows(Some(item.lead)), "contacts": rows(item.contact), "companies": []},
    })
}

fn decline(state: &mut State, call: &Call, uid: &str) -> Reply {
    let Some(item) = find(state, uid) else {
        return problem(404, "Not Found", "Unsorted not found");
    };
    let actor = match known_user(state, &call.json()["user_id"]) {
        Ok(actor) => actor,
        Err(invalid) => return invalid.reply("0"),
    };
    state.crm.unsorted.retain(|other| other.uid != item.uid);
    state.drops(&item, actor);
    state.emit_unsorted("delete", &item, Some("decline"));
    hal(&outcome(state, &item))
}

/// Hangs a chat on a lead that is there already.
fn join(state: &mut State, call: &Call, uid: &str) -> Reply {
    let Some(item) = find(state, uid) else {
        return problem(404, "Not Found", "Unsorted not found");
    };
    let to = &call.json()["link"];
    let lead = number(&to["entity_id"]).filter(|id| state.crm.has("leads", *id));
    let contact = number(&to["metadata"]["contact_id"]);
    let contact_fits = contact.is_none_or(|id| state.crm.has("contacts", id));
    let Some(lead) =
        lead.filter(|_| item.category == "chats" && to["entity_type"] == "leads" && contact_fits)
    else {
        return Invalid::choice("link.entity_id").reply("0");
    };
    state.crm.unsorted.retain(|other| other.uid != item.uid);
    state.drops(&item, Actor::Api);
    state.emit_unsorted("delete", &item, Some("link"));
    if let Some(lead) = state.crm.leads.get(&lead).cloned() {
        state.put_lead(lead, Actor::Api);
    }
    let mut answer = outcome(state, &item);
    answer["_embedded"] =
        json!({"leads": rows(Some(lead)), "contacts": rows(contact), "companies": []});
    hal(&answer)
}

impl State {
    fn add_unsorted(&mut self, mut item: Unsorted, name: &str) -> Unsorted {
        let stage = self
            .crm
            .pipeline(item.pipeline)
            .map_or(0, Pipeline::unsorted_stage);
        let lead = Lead {
            name: name.to_owned(),
            responsible: DEFAULT_RESPONSIBLE,
            status: stage,
            pipeline: item.pipeline,
            created_at: self.now_s(),
            contacts: item.contact.into_iter().collect(),
            ..Lead::default()
        };
        item.lead = self.add_lead(lead, Actor::Robot);
        item.uid = format!("{:032x}", item.lead);
        self.crm.unsorted.push(item.clone());
        self.emit_unsorted("add", &item, None);
        item
    }

    /// A guest whom nobody knows has written: a chat waits in «Неразобранное».
    pub(crate) fn chat_lands_unsorted(&mut self, known: &Conversation, contact: i64, text: &str) {
        let pipeline = self.crm.main_pipeline().id;
        let now = self.now_s();
        let item = Unsorted {
            uid: String::new(),
            category: "chats".to_owned(),
            lead: 0,
            contact: Some(contact),
            pipeline,
            created_at: now,
            source_name: "Pact".to_owned(),
            source_uid: chat_uuid(known.id, 2),
            metadata: json!({
                "from": known.name, "to": "Санаторий", "received_at": now, "service": "com.pact.whatsapp",
                "client": {"name": known.name, "avatar": null},
                "origin": {"chat_id": chat_uuid(known.id, 2), "ref": null, "visitor_uid": null},
                "last_message_text": text, "source_name": "Pact",
            }),
            text: text.to_owned(),
        };
        self.add_unsorted(item, &format!("WhatsApp: {}", known.name));
    }

    /// A new contact that is in no list until its lead is accepted; it rings nowhere.
    pub(crate) fn make_unsorted_contact(&mut self, contact: Contact) -> i64 {
        let id = self.crm.next_id();
        let mut contact = Contact {
            id,
            is_unsorted: true,
            updated_at: self.now_s(),
            ..contact
        };
        self.crm.store_contact(&mut contact);
        id
    }

    fn accept(&mut self, item: &Unsorted, status: i64, actor: Actor) {
        self.crm.unsorted.retain(|other| other.uid != item.uid);
        let contact = item.contact.and_then(|id| self.crm.contacts.get(&id));
        if let Some(mut contact) = contact.filter(|contact| contact.is_unsorted).cloned() {
            contact.is_unsorted = false;
            contact.updated_at = self.now_s();
            self.crm.store_contact(&mut contact);
            self.emit_contact("add", &contact, actor);
        }
        if let Some(mut lead) = self.crm.leads.get(&item.lead).cloned() {
            lead.status = status;
            if let Actor::User(id) = actor {
                lead.responsible = id;
            }
            self.put_lead(lead, actor);
        }
        self.emit_unsorted("delete", item, Some("accept"));
    }

    /// A lead has left «Неразобранное» by another way than an acceptance.
    pub(crate) fn leaves_unsorted(&mut self, lead: i64, actor: Actor) {
        let mut items = self.crm.unsorted.iter();
        let Some(item) = items.find(|item| item.lead == lead).cloned() else {
            return;
        };
        let status = self.crm.leads.get(&lead).map_or(0, |lead| lead.status);
        self.accept(&item, status, actor);
    }

    /// What came with an item goes with it.
    fn drops(&mut self, item: &Unsorted, actor: Actor) {
        if let Some(mut lead) = self.crm.leads.get(&item.lead).cloned() {
            lead.deleted = true;
            self.put_lead(lead, actor);
        }
        if let Some(contact) = item.contact.and_then(|id| self.crm.contacts.get_mut(&id))
            && contact.is_unsorted
        {
            contact.deleted = true;
        }
    }

    fn emit_unsorted(&mut self, action: &str, item: &Unsorted, done: Option<&str>) {
        let root = self.crm.ways.root("unsorted", action);
        let mut pairs = Pairs::new();
        let mut put = |key: &str, value: String| pairs.push((format!("{root}[{key}]"), value));
        put("uid", item.uid.clone());
        put("category", item.category.clone());
        put("pipeline_id", item.pipeline.to_string());
        put("created_at", item.created_at.to_string());
        put("lead_id", item.lead.to_string());
        put("data][leads][0][id", item.lead.to_string());
        if let Some(contact) = item.contact {
            put("data][contacts][0][id", contact.to_string());
        }
        if item.category == "chats" {
            put("source_data][data][0][text", item.text.clone());
            put("source_data][origin][chat_id", item.source_uid.clone());
            put("source_data][service", "com.pact.whatsapp".to_owned());
        }
        if let Some(done) = done {
            put("action", done.to_owned());
            put(&format!("{done}_result][leads][0"), item.lead.to_string());
        }
        let setting = format!("{action}_unsorted");
        self.emit(&setting, &format!("unsorted {}", item.lead), pairs);
    }
}
