//! «Неразобранное»: where amoCRM keeps the chat of a guest whom nobody has accepted yet. It names no phone, and its new
//! contact is in no list, so such a guest looks like nobody (reference: amoCRM API §10). Whoever is about to make a
//! contact or a deal looks here first and accepts what is the guest's; a chat that comes later is linked to our deal.

use super::AmoCrm;
use super::api::embedded;
use super::model::{Contact, ids};
use crate::adapters::{json, phone};
use crate::error::CallError;
use reqwest::Method;
use serde_json::{Value, json};
use widget_core::ids::DealId;

/// A chat that waits longer is not of this inquiry, ms.
const FRESH_MS: i64 = 24 * 60 * 60_000;
/// Waiting chats that are looked at, newest first: each may cost a request.
const MOST: usize = 10;

/// A chat that waits to be accepted.
struct Chat {
    uid: String,
    pipeline: Option<i64>,
    contacts: Vec<i64>,
    leads: Vec<i64>,
    /// The channel calls a guest without a name by the phone.
    called: Option<String>,
}

/// What was accepted.
pub(super) struct Accepted {
    pub(super) contact: i64,
    pub(super) lead: Option<i64>,
}

impl AmoCrm {
    /// Accepts the waiting chat of a guest with this phone, if there is one.
    pub(super) async fn adopt_by_phone(&self, phone: &str) -> Result<Option<Accepted>, CallError> {
        for chat in self.waiting_chats().await? {
            for id in &chat.contacts {
                let is_guest = match self.contact(*id).await? {
                    Some(contact) => contact.has_phone(phone),
                    // It cannot be read before it is accepted: then only the name can tell.
                    None => chat.called.as_deref() == Some(phone),
                };
                if is_guest {
                    return self.accept(&chat, *id).await;
                }
            }
        }
        Ok(None)
    }

    /// Accepts the waiting chat of this contact, if there is one.
    pub(super) async fn adopt_of_contact(
        &self,
        contact: i64,
    ) -> Result<Option<Accepted>, CallError> {
        let chats = self.waiting_chats().await?;
        match chats.iter().find(|chat| chat.contacts.contains(&contact)) {
            Some(chat) => self.accept(chat, contact).await,
            None => Ok(None),
        }
    }

    /// Links chats that came late to the deals of their guests: how many there were.
    pub(super) async fn link_late_chats(&self, deals: &[DealId]) -> Result<usize, CallError> {
        let chats = self.waiting_chats().await?;
        if chats.is_empty() {
            return Ok(0);
        }
        let deals = deals.iter().map(|deal| deal.0).collect();
        let mut leads = self.leads(deals).await?;
        leads.retain(|lead| !lead.is_closed() && !self.is_unsorted(lead.pipeline, lead.status));
        let mut known: Vec<Contact> = Vec::new();
        for lead in &leads {
            for id in &lead.contacts {
                if known.iter().all(|contact| contact.id != *id) {
                    known.extend(self.contact(*id).await?);
                }
            }
        }
        let mut linked = 0;
        for chat in chats {
            let phones = self.phones_of(&chat).await?;
            let guest = known.iter().find(|contact| {
                chat.contacts.contains(&contact.id)
                    || phones.iter().any(|phone| contact.has_phone(phone))
            });
            let lead = guest.and_then(|guest| {
                let mut leads = leads.iter();
                let lead = leads.find(|lead| lead.contacts.contains(&guest.id))?;
                Some((lead.id, guest.id))
            });
            if let Some((lead, contact)) = lead {
                self.link(&chat, lead, contact).await?;
                linked += 1;
            }
        }
        Ok(linked)
    }

    /// The chats that came lately and that nobody has accepted, newest first.
    async fn waiting_chats(&self) -> Result<Vec<Chat>, CallError> {
        if !self.known(|known| known.has_unsorted) {
            return Ok(Vec::new());
        }
        let query = [
            ("filter[category][]", "chats".to_owned()),
            ("order[created_at]", "desc".to_owned()),
            ("limit", "50".to_owned()),
        ];
        let page = self.api.get("leads/unsorted", &query).await?;
        let page = page.unwrap_or_default();
        let since = (self.clock.now_ms() - FRESH_MS).div_euclid(1000);
        let mut rows: Vec<&Value> = embedded(&page, "unsorted").iter().collect();
        // A filter that the server ignores answers calls and forms too.
        rows.retain(|row| {
            let created = json::int(&row["created_at"]).unwrap_or(0);
            row["category"].as_str() == Some("chats") && created >= since
        });
        rows.sort_by_key(|row| std::cmp::Reverse(json::int(&row["created_at"])));
        Ok(rows.into_iter().take(MOST).filter_map(chat).collect())
    }

    /// Makes a lead at the policy's first stage of a chat. Somebody may have been faster: then it is there as well.
    async fn accept(&self, chat: &Chat, contact: i64) -> Result<Option<Accepted>, CallError> {
        self.learn_statuses(&[]).await?;
        let place = self.map.with(super::map::AccountMap::first_place);
        let Some((_, status)) = place.filter(|(pipeline, _)| chat.pipeline == Some(*pipeline))
        else {
            // Another pipeline is people's.
            return Ok(None);
        };
        let path = format!("leads/unsorted/{}/accept", chat.uid);
        let body = json!({"status_id": status});
        match self.api.write(Method::POST, &path, &body).await {
            Ok(_) | Err(CallError::Refused { status: 404, .. }) => {}
            Err(error) => return Err(error),
        }
        Ok(Some(Accepted {
            contact,
            lead: chat.leads.first().copied(),
        }))
    }

    async fn link(&self, chat: &Chat, lead: i64, contact: i64) -> Result<(), CallError> {
        let path = format!("leads/unsorted/{}/link", chat.uid);
        let to =
            json!({"entity_id": lead, "entity_type": "leads", "metadata": {"contact_id": contact}});
        let body = json!({"link": to});
        match self.api.write(Method::POST, &path, &body).await {
            Ok(_) | Err(CallError::Refused { status: 404, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn phones_of(&self, chat: &Chat) -> Result<Vec<String>, CallError> {
        let mut phones: Vec<String> = chat.called.iter().cloned().collect();
        for id in &chat.contacts {
            let contact = self.contact(*id).await?;
            phones.extend(contact.into_iter().flat_map(|contact| contact.phones));
        }
        Ok(phones)
    }

    pub(super) fn is_unsorted(&self, pipeline: i64, status: i64) -> bool {
        self.map.with(|map| map.is_unsorted(pipeline, status))
    }
}

fn chat(row: &Value) -> Option<Chat> {
    let called = row["metadata"]["client"]["name"]
        .as_str()
        .or_else(|| row["metadata"]["from"].as_str());
    Some(Chat {
        uid: row["uid"].as_str()?.to_owned(),
        pipeline: json::id(&row["pipeline_id"]),
        contacts: ids(&row["_embedded"]["contacts"]),
        leads: ids(&row["_embedded"]["leads"]),
        called: called.and_then(|called| phone::all(called).next()),
    })
}
