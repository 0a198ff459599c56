//! What Pact remembers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ways::Ways;
use crate::http::phone_digits;

pub(crate) const COMPANY_ID: i64 = 5001;
/// Contact that stands for the company in outgoing messages.
const COMPANY_CONTACT: i64 = 77;

/// Who wrote a message, as the transcript tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum From {
    Guest,
    Bot,
    Manager,
    Bulk,
    Robot,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    pub id: i64,
    /// The provider's id.
    pub external_id: Option<String>,
    pub conversation: i64,
    pub contact: i64,
    pub replied_to: Option<String>,
    pub created_ms: i64,
    pub external_ms: i64,
    pub status: String,
    pub text: Option<String>,
    pub attachments: Vec<Value>,
    #[serde(default)]
    pub reactions: Vec<Value>,
    /// Why it could not be delivered.
    #[serde(default)]
    pub details: Value,
    pub deleted: bool,
    /// It will never be delivered.
    #[serde(default)]
    pub lost: bool,
    pub from: From,
    /// Pact's user who sent it; None for guests and for the hotel's phone.
    pub internal: Option<i64>,
    /// amoCRM's user as its hook names him (0 = none).
    pub crm_user: i64,
    /// The author's name in amoCRM's hook.
    pub crm_author: String,
    /// Shown in amoCRM already, or never to be.
    pub mirrored: bool,
}

impl Message {
    pub(crate) fn is_income(&self) -> bool {
        self.from == From::Guest
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Conversation {
    pub id: i64,
    pub phone: String,
    pub name: String,
    pub contact: i64,
    pub created_ms: i64,
    pub updated_ms: Option<i64>,
    pub last_message: Option<i64>,
    pub operational: String,
    pub replied: String,
    pub messages: Vec<i64>,
    /// Pact's integration is about to bring it into the CRM.
    pub mirror_pending: bool,
    /// Several people talk in it.
    #[serde(default)]
    pub group: bool,
    /// How Pact shows the guest, where not by the digits of the phone.
    #[serde(default)]
    pub shown: Shown,
}

/// How Pact shows a guest.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Shown {
    /// The phone as it is spelled.
    pub phone: Option<String>,
    /// The provider tells of no phone.
    pub no_phone: bool,
    /// The provider's id.
    pub external: Option<String>,
}

impl Conversation {
    /// The guest's phone as Pact shows it.
    pub(crate) fn shown_phone(&self) -> Option<&str> {
        let spelled = self.shown.phone.as_deref().unwrap_or(&self.phone);
        Some(spelled).filter(|_| !self.shown.no_phone && !self.group)
    }

    /// The guest's id at the provider.
    pub(crate) fn shown_external(&self) -> &str {
        self.shown.external.as_deref().unwrap_or(&self.phone)
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Hook {
    pub id: i64,
    pub url: String,
    pub active: bool,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Pact {
    pub hooks: Vec<Hook>,
    pub conversations: BTreeMap<i64, Conversation>,
    pub by_phone: BTreeMap<String, i64>,
    pub messages: BTreeMap<i64, Message>,
    pub attachments: BTreeMap<i64, Value>,
    #[serde(default)]
    pub ways: Ways,
    next: i64,
}

impl Pact {
    /// A fresh number above `base`, unique among everything of Pact.
    pub(crate) fn next_id(&mut self, base: i64) -> i64 {
        self.next += 1;
        base + self.next
    }

    pub(crate) fn conversation_of(&self, phone: &str) -> Option<&Conversation> {
        self.by_phone
            .get(&phone_digits(phone))
            .and_then(|id| self.conversations.get(id))
    }

    /// The conversation with this phone, and whether it is new.
    pub(crate) fn open_conversation(
        &mut self,
        phone: &str,
        name: Option<&str>,
        now_ms: i64,
    ) -> (i64, bool) {
        let phone = phone_digits(phone);
        if let Some(id) = self.by_phone.get(&phone) {
            if let (Some(name), Some(conversation)) = (name, self.conversations.get_mut(id)) {
                name.clone_into(&mut conversation.name);
            }
            return (*id, false);
        }
        let id = self.add_conversation(&phone, name.unwrap_or(&phone), now_ms);
        self.by_phone.insert(phone, id);
        (id, true)
    }

    /// The group chat in which this guest writes, and whether it is new.
    pub(crate) fn open_group(&mut self, phone: &str, title: &str, now_ms: i64) -> (i64, bool) {
        let place = format!("group of {phone}");
        if let Some(id) = self.by_phone.get(&place) {
            return (*id, false);
        }
        let id = self.add_conversation(phone, title, now_ms);
        if let Some(conversation) = self.conversations.get_mut(&id) {
            conversation.group = true;
        }
        self.by_phone.insert(place, id);
        (id, true)
    }

    fn add_conversation(&mut self, phone: &str, name: &str, now_ms: i64) -> i64 {
        let id = self.next_id(700_000);
        let contact = self.next_id(440_000);
        self.conversations.insert(
            id,
            Conversation {
                id,
                name: name.to_owned(),
                phone: phone.to_owned(),
                contact,
                created_ms: now_ms,
                updated_ms: None,
                last_message: None,
                operational: "open".to_owned(),
                replied: "initialized".to_owned(),
                messages: Vec::new(),
                mirror_pending: false,
                group: false,
                shown: Shown::default(),
            },
        );
        id
    }

    /// Puts a message into its conversation and returns its id.
    pub(crate) fn add_message(&mut self, conversation: i64, draft: Draft, now_ms: i64) -> i64 {
        let id = self.next_id(1_400_000_000);
        let income = draft.from == From::Guest;
        let contact = self
            .conversations
            .get(&conversation)
            .map_or(0, |c| c.contact);
        let mut attachments = draft.attachments;
        for attachment in &mut attachments {
            attachment["message_id"] = id.into();
        }
        self.messages.insert(
            id,
            Message {
                id,
                external_id: draft.external.then(|| external_id(id)),
                conversation,
                contact: if income { contact } else { COMPANY_CONTACT },
                replied_to: draft.replied_to,
                created_ms: now_ms,
                external_ms: draft.provider_ms.unwrap_or(now_ms),
                status: if income { "created" } else { "sent" }.to_owned(),
                text: draft.text,
                attachments,
                reactions: Vec::new(),
                details: Value::Null,
                deleted: false,
                lost: draft.lost,
                from: draft.from,
                internal: draft.internal,
                crm_user: draft.crm_user,
                crm_author: draft.crm_author,
                mirrored: !draft.to_crm,
            },
        );
        if let Some(conversation) = self.conversations.get_mut(&conversation) {
            conversation.messages.push(id);
            conversation.last_message = Some(id);
            conversation.updated_ms = Some(now_ms);
            let replied = if income { "unreplied" } else { "replied" };
            replied.clone_into(&mut conversation.replied);
        }
        id
    }
}

/// The provider's id of a message.
pub(crate) fn external_id(message: i64) -> String {
    format!("3EB0{message:012X}")
}

/// A message about to be put into a conversation.
pub(crate) struct Draft {
    pub from: From,
    pub text: Option<String>,
    pub attachments: Vec<Value>,
    pub replied_to: Option<String>,
    /// The provider's time where it differs from now, Unix ms.
    pub provider_ms: Option<i64>,
    /// The provider's id is known at once.
    pub external: bool,
    pub internal: Option<i64>,
    pub crm_user: i64,
    pub crm_author: String,
    /// Shown in amoCRM.
    pub to_crm: bool,
    /// It will never be delivered.
    pub lost: bool,
}

impl Draft {
    pub(crate) fn new(from: From, text: Option<String>) -> Self {
        Self {
            from,
            text,
            attachments: Vec::new(),
            replied_to: None,
            provider_ms: None,
            external: from == From::Guest,
            internal: None,
            crm_user: 0,
            crm_author: String::new(),
            to_crm: true,
            lost: false,
        }
    }
}
