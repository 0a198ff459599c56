//! Pact's objects as its API and its webhooks show them, and the sending of the webhooks.

use serde_json::{Value, json};

use super::model::{COMPANY_ID, Conversation, From, Message, Pact, external_id};
use super::ways::{Update, noisy_conversation, noisy_message};
use crate::clock::{machine_ms, utc};
use crate::faults::{Kind, Service};
use crate::state::State;
use crate::webhooks::{Delivery, When};

/// The verdict follows a send by this many machine ms.
const VERDICT_MS: i64 = 60;

impl Pact {
    pub(crate) fn shown_conversation(&self, c: &Conversation) -> Value {
        let object = json!({
            "id": c.id, "company_id": COMPANY_ID, "sender_name": c.name, "sender_phone": c.shown_phone(),
            "sender_external_id": c.shown_external(), "sender_external_public_id": c.shown_external(),
            "provider": self.ways.provider, "avatar_url": null, "created_at": utc(c.created_ms),
            "last_updated_at": c.updated_ms.map(utc), "last_message_id": c.last_message,
            "operational_state": c.operational, "replied_state": c.replied, "group": c.group,
        });
        noisy_conversation(&self.ways, object)
    }

    pub(crate) fn shown_message(&self, m: &Message) -> Value {
        let object = json!({
            "id": m.id, "external_id": m.external_id, "company_id": COMPANY_ID, "conversation_id": m.conversation,
            "contact_id": m.contact, "replied_to_id": m.replied_to, "created_at": utc(m.created_ms),
            "external_created_at": utc(m.external_ms / 1000 * 1000), "income": m.is_income(), "status": m.status,
            "message": m.text, "reactions": m.reactions, "details": m.details, "attachments": m.attachments,
            "delivery": m.from == From::Bulk, "deleted": m.deleted,
        });
        noisy_message(&self.ways, object)
    }

    /// A message as its events carry it: with who wrote it, and where.
    fn told_message(&self, m: &Message, c: &Conversation) -> Value {
        let mut object = self.shown_message(m);
        object["contact"] = shown_sender(m, c);
        object["conversation"] = self.shown_conversation(c);
        object
    }
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
        let object = self.pact.told_message(&message, &conversation);
        let about_message = json!({"event": "create", "type": "message", "object": object});
        let event = if is_new_conversation {
            "create"
        } else {
            "update"
        };
        let object = self.pact.shown_conversation(&conversation);
        let about_conversation = json!({"event": event, "type": "conversation", "object": object});
        let due = if message.is_income() {
            When::Machine(0)
        } else {
            When::after_response()
        };
        let lane = lane_of(conversation.id);
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
        if self.pact.ways.v1_twins || self.strike(Service::Pact, &[Kind::V1Twin]).is_some() {
            self.post_to_all(&v1_twin(&message, &conversation), &lane, due, false);
        }
        if !message.is_income() && message.external_id.is_none() {
            let is_lost = self.strike(Service::Pact, &[Kind::Undelivered]).is_some();
            self.emit_verdict(id, is_lost || message.lost);
        }
        ids
    }

    /// The provider has taken the message, and perhaps the guest reads it; or it cannot be delivered.
    fn emit_verdict(&mut self, id: i64, is_lost: bool) {
        let (details, read_marks) = (self.pact.ways.details.clone(), self.pact.ways.read_marks);
        let at = machine_ms() + VERDICT_MS;
        let Some(message) = self.pact.messages.get_mut(&id) else {
            return;
        };
        if is_lost {
            "error".clone_into(&mut message.status);
            message.details = details;
        } else {
            "delivered".clone_into(&mut message.status);
            message.external_id = Some(external_id(id));
        }
        self.emit_update(id, "update", When::Machine(at), false);
        if read_marks && !is_lost {
            self.change_status(id, "read");
            self.emit_update(id, "update", When::Machine(at + VERDICT_MS), false);
        }
    }

    fn change_status(&mut self, id: i64, status: &str) {
        if let Some(message) = self.pact.messages.get_mut(&id) {
            status.clone_into(&mut message.status);
        }
    }

    /// Tells that a message has changed (`update`) or is gone (`delete`).
    pub(crate) fn emit_update(&mut self, id: i64, event: &str, due: When, may_fail: bool) {
        let Some(message) = self.pact.messages.get(&id) else {
            return;
        };
        let conversation = self.pact.conversations.get(&message.conversation);
        let object = match (self.pact.ways.update, conversation) {
            (Update::Full, Some(conversation)) => self.pact.told_message(message, conversation),
            _ => self.pact.shown_message(message),
        };
        let lane = lane_of(message.conversation);
        let body = json!({"event": event, "type": "message", "object": object});
        self.post_to_all(&body, &lane, due, may_fail);
    }

    /// Tells every active webhook.
    pub(crate) fn post_to_all(
        &mut self,
        body: &Value,
        lane: &str,
        due: When,
        may_fail: bool,
    ) -> Vec<u64> {
        self.post_text(&body.to_string(), lane, due, may_fail)
    }

    /// Tells every active webhook something that need not be JSON.
    pub(crate) fn post_text(
        &mut self,
        body: &str,
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
            body: body.to_owned(),
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

/// Events of one conversation go one after another.
pub(crate) fn lane_of(conversation: i64) -> String {
    format!("conversation {conversation}")
}

/// Guests carry the provider's ids, people of the company an internal one, the hotel's phone neither.
fn shown_sender(message: &Message, conversation: &Conversation) -> Value {
    if message.is_income() {
        return json!({
            "id": conversation.contact, "external_id": conversation.shown_external(),
            "external_public_id": conversation.shown_external(), "name": conversation.name, "avatar_url": null,
            "phone": conversation.shown_phone(),
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
