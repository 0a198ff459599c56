//! Pact's own amoCRM integration: it shows messages in amoCRM's chats and makes a contact and a deal for a guest who
//! has none.

use serde_json::{Value, json};

use super::model::{Conversation, From, Message};
use crate::amocrm::hooks::Actor;
use crate::amocrm::model::{Contact, DEFAULT_RESPONSIBLE, FieldValue, Lead, TOKEN_USER};
use crate::amocrm::talks;
use crate::amocrm::ways::{ChatDeal, Echo};
use crate::clock::machine_ms;
use crate::faults::{Kind, Service};
use crate::http::Pairs;
use crate::state::{Happening, State};
use crate::webhooks::When;

/// The same under `late_deal`.
const LATE_MS: i64 = 90_000;
/// Messages at the end of a conversation that may still have to be shown.
const RECENT: usize = 100;

impl State {
    /// A message has come: show it in amoCRM, now or once contact and deal are there.
    pub(crate) fn bring_to_crm(&mut self, message: i64) {
        let Some(message) = self.pact.messages.get(&message) else {
            return;
        };
        let (conversation, is_income) = (message.conversation, message.is_income());
        if message.mirrored {
            return;
        }
        let Some(known) = self.pact.conversations.get(&conversation) else {
            return;
        };
        let contact = self.crm.contact_by_phone(&known.phone);
        let has_open = contact.is_some_and(|contact| self.crm.open_lead_of(contact).is_some());
        if has_open || (contact.is_some() && !is_income) {
            self.show_in_crm(conversation);
        } else if is_income && !known.mirror_pending {
            self.promise_deal(conversation);
        }
    }

    fn promise_deal(&mut self, conversation: i64) {
        if self.strike(Service::Amocrm, &[Kind::NeverDeal]).is_some() {
            return;
        }
        let late = self.strike(Service::Amocrm, &[Kind::LateDeal]);
        let is_late = late.is_some();
        let usual_s = self.pact.ways.deal_after_s;
        let due = match (late, usual_s) {
            (None, None) => return,
            (None, Some(after_s)) => When::Business(self.now + after_s * 1000),
            (Some(fault), _) => match fault.ms {
                None => When::Business(self.now + LATE_MS),
                Some(ms) => When::Machine(machine_ms() + i64::try_from(ms).unwrap_or(LATE_MS)),
            },
        };
        if let Some(conversation) = self.pact.conversations.get_mut(&conversation) {
            conversation.mirror_pending = true;
        }
        self.schedule(
            due,
            Happening::Mirror {
                conversation,
                insist: is_late,
            },
        );
    }

    /// Makes what is missing in the CRM for a conversation. A late integration does not look again whether somebody
    /// has made a deal in the meantime: it insists.
    pub(crate) fn mirror_into_crm(&mut self, conversation: i64, insist: bool) {
        let Some(known) = self.pact.conversations.get_mut(&conversation) else {
            return;
        };
        known.mirror_pending = false;
        let known = known.clone();
        let is_unsorted = self.crm.ways.unsorted;
        let there = self.crm.contact_by_phone(&known.phone);
        let there = there.map(|contact| contact.id);
        let contact = there.unwrap_or_else(|| {
            let phone = format!("+{}", known.phone);
            let contact = self.new_contact(&known.name, &phone, Actor::Robot);
            if is_unsorted {
                self.make_unsorted_contact(contact)
            } else {
                self.add_contact(contact, Actor::Robot)
            }
        });
        let has_open = self
            .crm
            .contacts
            .get(&contact)
            .is_some_and(|c| self.crm.open_lead_of(c).is_some());
        if (!has_open || insist) && is_unsorted {
            let last = known
                .last_message
                .and_then(|id| self.pact.messages.get(&id));
            let text = last.and_then(|message| message.text.clone());
            self.chat_lands_unsorted(&known, contact, &text.unwrap_or_default());
        } else if !has_open || insist {
            let pipeline = self.crm.main_pipeline();
            let lead = Lead {
                name: format!("WhatsApp: {}", known.name),
                responsible: DEFAULT_RESPONSIBLE,
                status: pipeline.stages[0].id,
                pipeline: pipeline.id,
                created_at: self.now_s(),
                contacts: vec![contact],
                ..Lead::default()
            };
            self.add_lead(lead, Actor::Robot);
        }
        self.show_in_crm(conversation);
    }

    /// A contact with one phone, spelled as given.
    pub(crate) fn make_contact(&mut self, name: &str, phone: &str, actor: Actor) -> i64 {
        let contact = self.new_contact(name, phone, actor);
        self.add_contact(contact, actor)
    }

    fn new_contact(&self, name: &str, phone: &str, actor: Actor) -> Contact {
        let mut contact = Contact {
            name: name.to_owned(),
            responsible: DEFAULT_RESPONSIBLE,
            created_by: actor.user(),
            created_at: self.now_s(),
            ..Contact::default()
        };
        let words: Vec<&str> = name.split_whitespace().collect();
        if let [first, rest @ ..] = &words[..] {
            (*first).clone_into(&mut contact.first_name);
            contact.last_name = rest.join(" ");
        }
        if let Some(field) = self.crm.field("contacts", "PHONE") {
            let mobile = field
                .enums
                .iter()
                .find(|choice| choice.value == "MOB")
                .map(|choice| choice.id);
            contact.values.insert(
                field.id,
                vec![FieldValue {
                    value: json!(phone),
                    choice: mobile,
                }],
            );
        }
        contact
    }

    /// Emits the chat hooks of what amoCRM has not shown yet.
    fn show_in_crm(&mut self, conversation: i64) {
        let Some(known) = self.pact.conversations.get(&conversation).cloned() else {
            return;
        };
        let recent = known.messages.len().saturating_sub(RECENT);
        for id in &known.messages[recent..] {
            let Some(message) = self.pact.messages.get_mut(id).filter(|m| !m.mirrored) else {
                continue;
            };
            message.mirrored = true;
            let message = message.clone();
            self.emit_chat(&known, &message);
        }
    }

    fn emit_chat(&mut self, conversation: &Conversation, message: &Message) {
        let mut user = message.crm_user;
        let mut author = message.crm_author.clone();
        if message.from == From::Bot {
            let usual = self.crm.ways.echo;
            if usual == Echo::None || self.strike(Service::Amocrm, &[Kind::EchoNone]).is_some() {
                return;
            }
            let is_user = self.strike(Service::Amocrm, &[Kind::EchoAsUser]).is_some();
            if is_user || usual == Echo::User {
                user = TOKEN_USER;
                author = self
                    .crm
                    .user(TOKEN_USER)
                    .map(|user| user.name.clone())
                    .unwrap_or_default();
            }
        }
        let income = message.is_income();
        let root = match (income, self.crm.ways.bare_message) {
            (true, false) => "message[add][0]",
            (true, true) => "add[0]",
            (false, _) => "outgoing_message[add][0]",
        };
        let contact = self.crm.contact_by_phone(&conversation.phone);
        let lead = contact
            .and_then(|contact| self.crm.open_lead_of(contact))
            .map(|lead| lead.id);
        let contact = contact.map_or(0, |contact| contact.id);
        let chat_deal = self.crm.ways.chat_deal;
        let mut pairs = Pairs::new();
        let mut put = |key: &str, value: String| pairs.push((format!("{root}[{key}]"), value));
        put("id", chat_uuid(message.id, 1));
        put("chat_id", chat_uuid(conversation.id, 2));
        put("talk_id", talks::number_of(conversation.id).to_string());
        put("contact_id", contact.to_string());
        put("text", message.text.clone().unwrap_or_default());
        put("created_at", (message.created_ms / 1000).to_string());
        put(
            "message_type",
            if message.attachments.is_empty() {
                "text"
            } else {
                "file"
            }
            .to_owned(),
        );
        put(
            "type",
            if income { "incoming" } else { "outgoing" }.to_owned(),
        );
        put("origin", "com.pact.whatsapp".to_owned());
        // Measured on live accounts: the deal is missing in about a quarter of the outgoing ones.
        if let Some(lead) = lead.filter(|_| income || message.id % 4 != 3) {
            if chat_deal != ChatDeal::Entity {
                put("element_type", "2".to_owned());
                put("element_id", lead.to_string());
            }
            if chat_deal != ChatDeal::Element {
                put("entity_type", "lead".to_owned());
                put("entity_id", lead.to_string());
            }
        }
        if income {
            put("author][id", chat_uuid(conversation.contact, 3));
            put("author][type", "external".to_owned());
            put("author][name", escaped(&conversation.name));
        } else {
            put(
                "author][id",
                self.crm
                    .user(user)
                    .map_or_else(|| chat_uuid(399, 4), |user| user.amojo_id.clone()),
            );
            put("author][user_id", user.to_string());
            put("author][type", "internal".to_owned());
            put("author][name", escaped(&author));
            put("recipient][id", chat_uuid(conversation.contact, 3));
            put("recipient][type", "external".to_owned());
            put("recipient][name", escaped(&conversation.name));
        }
        let (kind, by) = match (income, user) {
            (true, _) => ("incoming_chat_message", Actor::Robot),
            (false, 0) => ("outgoing_chat_message", Actor::Robot),
            (false, user) => ("outgoing_chat_message", Actor::User(user)),
        };
        let of = lead.map_or(("contact", contact), |lead| ("lead", lead));
        let after = json!({"message": {"id": chat_uuid(message.id, 1)}});
        self.happened(kind, of, by, (Value::Null, after));
        let setting = if income {
            "add_message"
        } else {
            "add_outgoing_message"
        };
        self.emit(setting, &format!("chat {}", conversation.id), pairs);
    }
}

/// A stable id in the form of a UUID.
pub(crate) fn chat_uuid(number: i64, kind: i64) -> String {
    format!("0d9b1e2a-000{kind}-4a6b-9a11-{number:012x}")
}

/// Names arrive HTML-escaped.
fn escaped(name: &str) -> String {
    name.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
