//! Pact's objects as its API and its webhooks show them, and the sending of the webhooks.

use serde_json::{Value, json};

use super::model::{COMPANY_ID, Conversation, From, Message, external_id};
use crate::clock::{machine_ms, utc};
use crate::faults::{Kind, Service};
use crate::state::State;
use crate::webhooks::{Delivery, When};

/// The verdict follows a send by this many machine ms.
const VERDICT_MS: i64 = 60;

pub(crate) fn shown_conversation(c: &Conversation) -> Value {
    json!({
        "id": c.id, "company_id": COMPANY_ID, "sender_name": c.name, "sender_phone": c.phone,
        "sender_external_id": c.phone, "sender_external_public_id": c.phone, "provider": "whatsapp", "avatar_url": null,
        "created_at": utc(c.created_ms), "last_updated_at": c.updated_ms.map(utc), "last_message_id": c.last_message,
        "operational_state": c.operational, "replied_state": c.replied, "group": false,
    })
}

pub(crate) fn shown_message(m: &Message) -> Value {
    json!({
        "id": m.id, "external_id": m.external_id, "company_id": COMPANY_ID, "conversation_id": m.conversation,
        "contact_id": m.contact, "replied_to_id": m.replied_to, "created_at": utc(m.created_ms),
        "external_created_at": utc(m.external_ms / 1000 * 1000), "income": m.is_income(), "status": m.status,
        "message": m.text, "reactions": [], "details": null, "attachments": m.attachments,
        "delivery": m.from == From::Bulk, "deleted": m.deleted,
    })
}

impl State {
    /// Sends the webhooks of a new message: its `create`, the conversation's event, later the verdict.
    /// Returns the queue's ids of the `create`s.
    pub(crate) fn emit_message(&mut self, id: i64, is_new_conversation: bool) -> Vec<u64> {
        let Some(message) = self.pact.messages.get(&id).cloned() else {
            return Vec::new();
        };
        let Some(conversation) = self.pact.conversations.get(&message.conversation).cloned() else {
            return Vec::new();
        };
        let mut object = shown_message(&message);
        object["contact"] = shown_sender(&message, &conversation);
        object["conversation"] = shown_conversation(&conversation);
        let about_message = json!({"event": "create", "type": "message", "object": object});
        let event = if is_new_conversation {
            "create"
        } else {
            "update"
        };
        let about_conversation = json!({"event": event, "type": "conversation", "object": shown_conversation(&conversation)});
        let due = if message.is_income() {
            When::Machine(0)
        } else {
            When::after_response()
        };
        let lane = format!("conversation {}", conversation.id);
        // Pact promises no order; which of the two leaves first depends on the id alone, so runs repeat.
        let message_first = (id.wrapping_mul(2_654_435_761) >> 7) & 1 == 0;
        let mut ids = Vec::new();
        if message_first {
            ids = self.post_to_all(&about_message, &lane, due, true);
        }
        self.post_to_all(&about_conversation, &lane, due, false);
        if !message_first {
            ids = self.post_to_all(&about_message, &lane, due, true);
        }
        if self.strike(Service::Pact, &[Kind::V1Twin]).is_some() {
            self.post_to_all(&v1_twin(&message, &conversation), &lane, due, false);
        }
        if !message.is_income() && message.external_id.is_none() {
            self.emit_verdict(id, &lane);
        }
        ids
    }

    /// The provider has taken the message.
    fn emit_verdict(&mut self, id: i64, lane: &str) {
        let Some(message) = self.pact.messages.get_mut(&id) else {
            return;
        };
        "delivered".clone_into(&mut message.status);
        message.external_id = Some(external_id(id));
        let object = shown_message(message);
        let body = json!({"event": "update", "type": "message", "object": object});
        self.post_to_all(&body, lane, When::Machine(machine_ms() + VERDICT_MS), false);
    }

    /// Tells every active webhook.
    pub(crate) fn post_to_all(
        &mut self,
        body: &Value,
        lane: &str,
        due: When,
        may_fail: bool,
    ) -> Vec<u64> {
        let hooks: Vec<_> = self
            .pact
            .hooks
            .iter()
            .filter(|hook| hook.active)
            .cloned()
            .collect();
        let delivery = |hook: super::model::Hook| Delivery {
            service: Service::Pact,
            hook: hook.id,
            url: hook.url,
            body: body.to_string(),
            lane: lane.to_owned(),
            due,
            attempts: 0,
            flying: false,
        };
        hooks
            .into_iter()
            .flat_map(|hook| self.enqueue(delivery(hook), may_fail))
            .collect()
    }
}

/// Guests carry the provider's ids, people of the company an internal one, the hotel's phone neither.
fn shown_sender(message: &Message, conversation: &Conversation) -> Value {
    if message.is_income() {
        return json!({
            "id": conversation.contact, "external_id": conversation.phone, "external_public_id": conversation.phone,
            "name": conversation.name, "avatar_url": null, "phone": conversation.phone,
        });
    }
    let mut sender = json!({"id": message.contact, "name": "Санаторий", "avatar_url": null});
    if let Some(internal) = message.internal {
        sender["internal_id"] = json!(internal);
    }
    sender
}

/// The same message in the shape of the old API.
fn v1_twin(message: &Message, conversation: &Conversation) -> Value {
    json!({"type": "message", "event": "new", "data": {
        "external_id": message.id, "external_public_id": message.external_id, "channel_id": 399,
        "channel_type": "whatsapp", "channel": {"id": 399, "type": "whatsapp"}, "conversation_id": conversation.id,
        "message": message.text, "location": null, "income": message.is_income(),
        "created_at": utc(message.created_ms), "created_at_timestamp": message.created_ms / 1000, "ack": 1,
        "attachments": [], "job_id": null,
    }})
}
