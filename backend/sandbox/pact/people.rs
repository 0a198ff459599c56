//! Messages that people write: guests on `WhatsApp`, managers and robots of the sanatorium.

use serde_json::Value;

use super::model::{Draft, From};
use crate::amocrm::hooks::Actor;
use crate::state::State;

/// Imported history: a message older than this makes no deal and rings nowhere in amoCRM.
const OLD_MS: i64 = 10 * 60 * 1000;

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

impl State {
    /// A guest writes. Returns Pact's id of the message.
    pub(crate) fn guest_writes(
        &mut self,
        phone: &str,
        name: Option<&str>,
        text: &str,
        attachments: Vec<Value>,
        provider_ms: Option<i64>,
    ) -> i64 {
        let now = self.now;
        let (conversation, is_new) = self.pact.open_conversation(phone, name, now);
        let is_old = provider_ms.is_some_and(|at| at < now - OLD_MS);
        let text = if text.is_empty() && !attachments.is_empty() {
            None
        } else {
            Some(text.to_owned())
        };
        let mut draft = Draft::new(From::Guest, text);
        draft.attachments = attachments;
        draft.provider_ms = provider_ms;
        draft.to_crm = !is_old;
        let id = self.pact.add_message(conversation, draft, now);
        self.emit_message(id, is_new);
        self.bring_to_crm(id);
        id
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
        draft.internal = match via {
            Via::Phone => None,
            Via::Pact => Some(85_000 + user % 1000),
            _ => Some(85_000),
        };
        draft.crm_user = if via == Via::Amocrm { user } else { 0 };
        draft.crm_author = match via {
            Via::Amocrm => name,
            Via::Salesbot => "Salesbot".to_owned(),
            _ => "WhatsApp".to_owned(),
        };
        let id = self.pact.add_message(conversation, draft, now);
        self.emit_message(id, is_new);
        self.bring_to_crm(id);
        id
    }
}
