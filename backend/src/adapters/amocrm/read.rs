//! Reading a guest's contact and deals: two requests for a known contact, one more for notes.

use super::AmoCrm;
use super::api::{embedded, is_bad_request};
use super::model::{Contact, Lead};
use super::pace::Place;
use crate::adapters::json;
use crate::error::CallError;
use crate::ports::{CrmFound, GuestLookup};
use widget_core::ids::{DealId, UserId};

/// Ids in one request: longer lists make URLs that servers cut.
const IDS_AT_ONCE: usize = 50;
/// A contact's deals that are read at most, newest first.
const MOST_DEALS: usize = 200;
/// Deals that are read one by one where the account refuses to filter.
const MOST_SINGLE: usize = 20;
const NOTES: usize = 5;
const NOTE_CHARS: usize = 500;

impl AmoCrm {
    pub(super) async fn read_guest(&self, lookup: &GuestLookup) -> Result<CrmFound, CallError> {
        let (found, users) = tokio::join!(self.contact_with_leads(lookup), self.users_if_any());
        let Some((contact, leads, notes)) = found? else {
            return Ok(CrmFound::default());
        };
        let statuses: Vec<_> = leads.iter().map(|l| (l.pipeline, l.status)).collect();
        self.learn_statuses(&statuses).await?;
        // What nobody has accepted is no deal yet: it is accepted where a deal would be made.
        let leads: Vec<Lead> = leads
            .into_iter()
            .filter(|lead| !self.is_unsorted(lead.pipeline, lead.status))
            .collect();
        // Without a list of users the responsible counts as active: better his task than nobody's.
        let is_active = |id: UserId| {
            users
                .as_ref()
                .is_none_or(|users| users.iter().any(|user| user.id == id && user.active))
        };
        let deals = self
            .map
            .with(|map| leads.iter().map(|l| l.shown(map, is_active)).collect());
        let fields = leads
            .iter()
            .map(|lead| (DealId(lead.id), lead.said(&lookup.fields)))
            .collect();
        Ok(CrmFound {
            contact: Some(contact.shown(
                notes,
                &lookup.tags,
                (NOTES, NOTE_CHARS),
                lookup.with_notes,
            )),
            deals,
            fields,
        })
    }

    async fn contact_with_leads(
        &self,
        lookup: &GuestLookup,
    ) -> Result<Option<(Contact, Vec<Lead>, Vec<String>)>, CallError> {
        let known = match lookup.contact {
            Some(id) => self.contact(id.0).await?,
            None => None,
        };
        if let Some(contact) = known {
            let leads = self.leads(contact.leads.clone());
            let (leads, notes) = tokio::join!(leads, self.notes(contact.id, lookup.with_notes));
            return Ok(Some((contact.clone(), own(leads?, &contact), notes)));
        }
        let candidates = self.contacts_by_phone(&lookup.phone).await?;
        let ids = candidates.iter().flat_map(|c| c.leads.clone()).collect();
        let leads = self.leads(ids).await?;
        let has_open = |contact: &Contact| {
            let is_open = |lead: &Lead| !lead.is_closed();
            leads
                .iter()
                .any(|lead| contact.leads.contains(&lead.id) && is_open(lead))
        };
        if candidates.len() > 1 {
            let count = candidates.len();
            tracing::info!(
                account = self.account,
                count,
                "several contacts have the guest's phone"
            );
        }
        let best = candidates
            .into_iter()
            .max_by_key(|c| (has_open(c), c.updated_at, c.id));
        let Some(contact) = best else {
            return Ok(None);
        };
        let notes = self.notes(contact.id, lookup.with_notes).await;
        let leads = own(leads, &contact);
        Ok(Some((contact, leads, notes)))
    }

    /// A contact with the ids of its leads; `None` when it is deleted or merged away.
    pub(super) async fn contact(&self, id: i64) -> Result<Option<Contact>, CallError> {
        let query = [("with", "leads".to_owned())];
        let row = self.api.get(&format!("contacts/{id}"), &query).await?;
        Ok(row.as_ref().and_then(Contact::read))
    }

    /// Contacts with exactly this phone: those that the search finds, or else those that webhooks told of lately.
    pub(super) async fn contacts_by_phone(&self, phone: &str) -> Result<Vec<Contact>, CallError> {
        let ten = phone.len().saturating_sub(10);
        let last_ten = phone.get(ten..).unwrap_or(phone);
        // How numbers of other countries are searched is not known, so theirs go whole first.
        let is_russian = phone.len() == 11 && phone.starts_with('7');
        let mut queries = vec![last_ten];
        if !is_russian && last_ten != phone {
            queries.insert(0, phone);
        }
        for digits in queries {
            let found = self.searched(digits, phone).await?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        let mut heard = Vec::new();
        for id in self.map.with(|map| map.heard_with(phone)) {
            heard.extend(self.contact(id).await?);
        }
        heard.retain(|contact| contact.has_phone(phone));
        Ok(heard)
    }

    /// The search finds every field with these digits somewhere in it.
    async fn searched(&self, digits: &str, phone: &str) -> Result<Vec<Contact>, CallError> {
        if digits.is_empty() {
            return Ok(Vec::new()); // an empty query would answer the whole account
        }
        let query = [("query", digits.to_owned()), ("with", "leads".to_owned())];
        let rows = self.api.all("contacts", &query, 2).await?;
        let contacts = rows.iter().filter_map(Contact::read);
        Ok(contacts.filter(|c| c.has_phone(phone)).collect())
    }

    /// Leads by id, newest first, without deleted ones.
    pub(super) async fn leads(&self, mut ids: Vec<i64>) -> Result<Vec<Lead>, CallError> {
        ids.sort_unstable_by(|a, b| b.cmp(a));
        ids.dedup();
        ids.truncate(MOST_DEALS);
        let mut leads = Vec::new();
        for some in ids.chunks(IDS_AT_ONCE) {
            let mut query: Vec<_> = some
                .iter()
                .map(|id| ("filter[id][]", id.to_string()))
                .collect();
            query.push(("with", "contacts".to_owned()));
            query.push(("limit", "250".to_owned()));
            let page = self.api.get("leads", &query).await;
            if is_bad_request(&page) {
                return self.leads_one_by_one(&ids).await;
            }
            let page = page?.unwrap_or_default();
            let read = embedded(&page, "leads").iter().filter_map(Lead::read);
            // A filter that the server ignores answers everybody's leads.
            leads.extend(read.filter(|lead| some.contains(&lead.id)));
        }
        leads.sort_by_key(|lead| std::cmp::Reverse((lead.created_at, lead.id)));
        Ok(leads)
    }

    async fn leads_one_by_one(&self, ids: &[i64]) -> Result<Vec<Lead>, CallError> {
        let mut leads = Vec::new();
        for id in ids.iter().take(MOST_SINGLE) {
            leads.extend(self.lead(*id).await?);
        }
        leads.sort_by_key(|lead| std::cmp::Reverse((lead.created_at, lead.id)));
        Ok(leads)
    }

    /// One lead; `None` when it is deleted.
    async fn lead(&self, id: i64) -> Result<Option<Lead>, CallError> {
        let place = self.api.place().await;
        self.lead_in(place, id).await
    }

    /// The same in a place that was taken before.
    pub(super) async fn lead_in(
        &self,
        place: Option<Place>,
        id: i64,
    ) -> Result<Option<Lead>, CallError> {
        let query = [("with", "contacts".to_owned())];
        let path = format!("leads/{id}");
        let row = self.api.get_in(place, &path, &query).await?;
        Ok(row.as_ref().and_then(Lead::read))
    }

    /// The newest notes that people wrote on a contact. They only inform the bot: without them the read stands.
    async fn notes(&self, contact: i64, wanted: bool) -> Vec<String> {
        if !wanted {
            return Vec::new();
        }
        let query = [
            ("filter[note_type][]", "common".to_owned()),
            ("order[id]", "desc".to_owned()),
            ("limit", "50".to_owned()),
        ];
        let page = self
            .api
            .get(&format!("contacts/{contact}/notes"), &query)
            .await;
        let page = page.ok().flatten().unwrap_or_default();
        let mut rows: Vec<_> = embedded(&page, "notes").iter().collect();
        rows.retain(|row| row["note_type"].as_str() == Some("common"));
        rows.sort_by_key(|row| {
            std::cmp::Reverse((json::int(&row["created_at"]), json::int(&row["id"])))
        });
        rows.into_iter()
            .filter_map(|row| json::text(&row["params"]["text"]))
            .take(NOTES)
            .map(|text| text.chars().take(NOTE_CHARS).collect())
            .collect()
    }
}

/// The leads that hang on this contact. One that names only other contacts is not this guest's to see.
fn own(leads: Vec<Lead>, contact: &Contact) -> Vec<Lead> {
    let is_own = |lead: &Lead| {
        contact.leads.contains(&lead.id)
            && (lead.contacts.is_empty() || lead.contacts.contains(&contact.id))
    };
    leads.into_iter().filter(is_own).collect()
}
