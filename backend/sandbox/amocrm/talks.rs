//! Talks: what amoCRM shows of a chat, without a word of it. There is no list of them.

use serde_json::{Value, json};

use super::model::ACCOUNT_ID;
use super::{hal, link, problem};
use crate::http::{Call, Reply};
use crate::pact::model::Conversation;
use crate::state::State;

/// A talk's number is its conversation's less this.
const BELOW: i64 = 700_000;

/// The talk of a conversation.
pub(crate) fn number_of(conversation: i64) -> i64 {
    conversation - BELOW
}

pub(super) fn answer(state: &mut State, call: &Call, rest: &[&str]) -> Reply {
    let [id, rest @ ..] = rest else {
        return problem(404, "Not Found", "Not found");
    };
    let conversation = id.parse().ok().map(|id: i64| id + BELOW);
    let known = conversation.and_then(|id| state.pact.conversations.get(&id).cloned());
    let Some(known) = known else {
        return problem(404, "Not Found", "Talk not found");
    };
    match (call.method.as_str(), rest) {
        ("GET", []) => hal(&shown(state, &known)),
        ("POST", ["close"]) => {
            let last = known.last_message.unwrap_or_default();
            if state.crm.closed_talks.insert(known.id, last) == Some(last) {
                return problem(422, "Unprocessable Entity", "The talk is closed already");
            }
            Reply::empty(202)
        }
        _ => problem(405, "Method Not Allowed", "Method not allowed"),
    }
}

fn shown(state: &State, known: &Conversation) -> Value {
    let contact = state.crm.contact_by_phone(&known.phone);
    let lead = contact
        .and_then(|contact| state.crm.open_lead_of(contact))
        .map(|lead| lead.id);
    let contact = contact.map(|contact| contact.id);
    // A message after the closing opens a talk again.
    let last = known.last_message.unwrap_or_default();
    let is_in_work = state.crm.closed_talks.get(&known.id) != Some(&last);
    let rows = |id: Option<i64>| -> Vec<Value> { id.iter().map(|id| json!({"id": id})).collect() };
    json!({
        "talk_id": number_of(known.id), "created_at": known.created_ms / 1000,
        "updated_at": known.updated_ms.unwrap_or(known.created_ms) / 1000, "rate": 0, "contact_id": contact,
        "chat_id": super::chat_uuid(known.id, 2), "entity_id": lead, "entity_type": lead.map(|_| "lead"),
        "is_in_work": is_in_work, "is_read": known.replied != "unreplied", "origin": "com.pact.whatsapp",
        "missed_at": null, "account_id": ACCOUNT_ID,
        "_links": link(state, &format!("talks/{}", number_of(known.id))),
        "_embedded": {"contacts": rows(contact), "leads": rows(lead), "customers": []},
    })
}
