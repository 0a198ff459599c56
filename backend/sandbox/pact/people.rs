//! Messages that people write: guests on `WhatsApp`, managers and robots of the sanatorium.

use serde_json::{Value, json};

use super::model::{Draft, From};
use super::ways::{Deletion, PhoneApp, Sender};
use crate::amocrm::hooks::Actor;
use crate::state::State;
use crate::webhooks::When;

/// Imported history: a message older than this makes no deal and rings nowhere in amoCRM.
const OLD_MS: i64 = 10 * 60 * 1000;
/// Pact's user who stands for the company.
const COMPANY_USER: i64 = 85_000;

/// The way by which somebody of the company answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    Amocrm,
    Pact,
    Phone,
    Salesbot,
    Bulk,
}

impl Via {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "amocrm" => Self::Amocrm,
            "pact" => Self::Pact,
            "phone" => Self::Phone,
            "salesbot" => Self::Salesbot,
            "bulk" => Self::Bulk,
            _ => return None,
        })
    }
}

/// What a guest writes.
#[derive(Default)]
pub(crate) struct Writing {
    pub name: Option<String>,
    pub text: String,
    pub attachments: Vec<Value>,
    /// The provider's time where it differs from now, Unix ms.
    pub provider_ms: Option<i64>,
    /// The provider's id of the message that it answers.
    pub replied_to: Option<String>,
    /// Title of the group chat it is written in.
    pub group: Option<String>,
}

impl State {
    /// A guest writes. Returns Pact's id of the message.
    pub(crate) fn guest_writes(&mut self, phone: &str, writing: Writing) -> i64 {
        let now = self.now;
        let (conversation, is_new) = match &writing.group {
            Some(title) => self.pact.open_group(phone, title, now),
            None => self
                .pact
                .open_conversation(phone, writing.name.as_deref(), now),
        };
        let is_old = writing.provider_ms.is_some_and(|at| at < now - OLD_MS);
        let text = if writing.text.is_empty() && !writing.attachments.is_empty() {
            None
        } else {
            Some(writing.text)
        };
        let mut draft = Draft::new(From::Guest, text);
        draft.attachments = writing.attachments;
        draft.provider_ms = writing.provider_ms;
        draft.replied_to = writing.replied_to;
        draft.to_crm = !is_old && writing.group.is_none();
        let id = self.pact.add_message(conversation, draft, now);
        if !is_old || self.pact.ways.history_told {
            self.emit_message(id, is_new);
        }
        self.bring_to_crm(id);
        id
    }

    /// A guest edits a message.
    pub(crate) fn guest_edits(&mut self, message: i64, text: &str) {
        if let Some(message) = self.pact.messages.get_mut(&message) {
            message.text = Some(text.to_owned());
        }
        if self.pact.ways.edits_told {
            self.emit_update(message, "update", When::Machine(0), true);
        }
    }

    /// Somebody reacts to a message.
    pub(crate) fn reacted(&mut self, message: i64, emoji: &str) {
        if let Some(message) = self.pact.messages.get_mut(&message) {
            message.reactions.push(json!({"emoji": emoji}));
        }
        self.emit_update(message, "update", When::Machine(0), true);
    }

    /// A message is taken back.
    pub(crate) fn taken_back(&mut self, message: i64) {
        if let Some(message) = self.pact.messages.get_mut(&message) {
            message.deleted = true;
        }
        let event = match self.pact.ways.deletion {
            Deletion::Update => "update",
            Deletion::Delete => "delete",
        };
        self.emit_update(message, event, When::Machine(0), true);
    }

    /// Somebody of the company writes. Returns Pact's id of the message.
    pub(crate) fn company_writes(&mut self, user: i64, phone: &str, text: &str, via: Via) -> i64 {
        let now = self.now;
        let (conversation, is_new) = self.pact.open_conversation(phone, None, now);
        let from = match via {
            Via::Salesbot => From::Robot,
            Via::Bulk => From::Bulk,
            Via::Amocrm | Via::Pact | Via::Phone => From::Manager,
        };
        if via == Via::Amocrm && self.crm.contact_by_phone(phone).is_none() {
            // Whoever writes from amoCRM has the guest's contact open.
            let phone = format!("+{phone}");
            self.make_contact(&phone, &phone, Actor::User(user));
        }
        let name = self
            .crm
            .user(user)
            .map(|user| user.name.clone())
            .unwrap_or_default();
        let mut draft = Draft::new(from, Some(text.to_owned()));
        draft.external = via == Via::Phone;
        let of_user = COMPANY_USER + user % 1000;
        draft.internal = match via {
            Via::Phone => None,
            Via::Pact => Some(of_user),
            Via::Amocrm => internal(self.pact.ways.amocrm_sender, of_user),
            Via::Salesbot | Via::Bulk => Some(COMPANY_USER),
        };
        draft.crm_user = if via == Via::Amocrm { user } else { 0 };
        draft.crm_author = match via {
            Via::Amocrm => name,
            Via::Salesbot => "Salesbot".to_owned(),
            _ => "WhatsApp".to_owned(),
        };
        let id = self.pact.add_message(conversation, draft, now);
        if via != Via::Phone || self.pact.ways.phone_app == PhoneApp::Told {
            self.emit_message(id, is_new);
        }
        self.bring_to_crm(id);
        id
    }
}

/// Pact's user as whom a message goes.
pub(crate) fn internal(sender: Sender, user: i64) -> Option<i64> {
    match sender {
        Sender::User => Some(user),
        Sender::Company => Some(COMPANY_USER),
        Sender::None => None,
    }
}
