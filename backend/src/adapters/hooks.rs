//! Raw webhooks, read. Public input: whatever comes, the answer is a value and never a panic.

use super::amocrm::{SharedMap, form, hook};
use super::pact;
use crate::ports::{ChannelHook, CrmHook, Envelope, Hooks};
use serde_json::Value;

/// Reads the webhooks of every account.
#[derive(Debug, Clone, Default)]
pub struct WebhookReader {
    maps: Vec<SharedMap>,
}

impl WebhookReader {
    /// A reader that knows what these accounts call their stages.
    pub fn new(maps: Vec<SharedMap>) -> Self {
        Self { maps }
    }

    fn map_of(&self, account: Option<i64>) -> Option<&SharedMap> {
        match (account, &self.maps[..]) {
            (Some(id), maps) => maps.iter().find(|map| map.with(|map| map.account() == id)),
            // A body that names no account can only be told apart where there is but one.
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }
}

impl Hooks for WebhookReader {
    fn pact_envelope(&self, body: &[u8]) -> Result<Envelope, String> {
        pact::hook::envelope(body)
    }

    fn pact(&self, body: &[u8]) -> ChannelHook {
        pact::hook::read(body)
    }

    fn amocrm_envelopes(&self, body: &[u8]) -> Result<Vec<Envelope>, String> {
        let (tenant, items) = form::items(body)?;
        if let Some(map) = self.map_of(tenant) {
            for item in &items {
                if let Some((contact, phones)) = hook::contact(&item.kind, &item.value) {
                    map.change(|map| map.heard_of(contact, phones.into_iter()));
                }
            }
        }
        let envelopes = items
            .into_iter()
            .map(|item| hook::envelope(tenant, &item.kind, &item.value));
        Ok(envelopes.collect())
    }

    fn amocrm(&self, item: &[u8]) -> CrmHook {
        let Ok(stored) = serde_json::from_slice::<Value>(item) else {
            return CrmHook::Other;
        };
        let kind = stored["kind"].as_str().unwrap_or_default();
        let item = &stored["item"];
        match self.map_of(stored["account"].as_i64()) {
            Some(map) => map.with(|map| hook::read(kind, item, Some(map))),
            None => hook::read(kind, item, None),
        }
    }
}

#[cfg(test)]
mod tests;
