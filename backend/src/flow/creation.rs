//! Contacts and deals that we make: once per account, phone and episode (promise 3). Before one is made, it is looked
//! for: another integration, or another dialog of the same phone, may have been faster.

use super::{Flow, Tenant};
use crate::error::{CallError, StoreError};
use crate::ports::{ClaimedAct, CrmFound, GuestLookup};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use widget_core::action::Action;
use widget_core::dialog::Dialog;
use widget_core::event::Done;
use widget_core::ids::{AccountId, ActionKey, ContactId};

/// Which phones something is being made for, and by which action.
#[derive(Debug, Default)]
pub struct Making(Mutex<HashMap<(AccountId, String), ActionKey>>);

impl Making {
    /// Whether nobody else makes something for this phone; then `action` does, until [`Self::ends`].
    fn begins(&self, account: AccountId, phone: &str, action: &ActionKey) -> bool {
        let mut making = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let maker = making
            .entry((account, phone.to_owned()))
            .or_insert_with(|| action.clone());
        maker == action
    }

    /// `action` makes nothing any more.
    pub(super) fn ends(&self, action: &ActionKey) {
        let mut making = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        making.retain(|_, maker| maker != action);
    }
}

/// What there is before something is made.
pub(super) enum Before {
    /// Nothing: it is made.
    Nothing,
    /// It is there already.
    There(Done),
    /// Somebody else is making it, or it cannot be told: later.
    Later,
    /// It will never be known.
    Refused(CallError),
}

impl Flow {
    /// Looks for what an action would make.
    pub(super) async fn before_creation(
        &self,
        tenant: &Tenant,
        act: &ClaimedAct,
        dialog: &Dialog,
    ) -> Result<Before, StoreError> {
        let contact = match act.action {
            Action::CreateContact => None,
            Action::CreateDeal { contact } => Some(contact),
            _ => return Ok(Before::Nothing),
        };
        let Some(guest) = act.at_hand.guest.clone() else {
            return Ok(Before::Nothing);
        };
        if !self.making.begins(act.account, &guest.phone, &act.key) {
            return Ok(Before::Later);
        }
        let known = match contact {
            Some(contact) => Some(contact),
            None => self.store.contact(act.account, &guest.phone).await?,
        };
        let lookup = GuestLookup {
            phone: guest.phone,
            contact: known,
            with_notes: false,
            fields: Vec::new(),
            tags: Vec::new(),
        };
        Ok(match tenant.crm.read(&lookup).await {
            Ok(found) => match there(&found, contact, dialog) {
                Some(done) => Before::There(done),
                None => Before::Nothing,
            },
            Err(error @ CallError::Refused { .. }) => Before::Refused(error),
            Err(_) => Before::Later,
        })
    }
}

/// The contact; or, for a known contact, an open deal that the dialog has not seen yet.
fn there(found: &CrmFound, contact: Option<ContactId>, dialog: &Dialog) -> Option<Done> {
    let now = found.contact.as_ref()?.id;
    if contact.is_none() {
        return Some(Done::ContactCreated { contact: now });
    }
    let seen = dialog.crm.iter().flat_map(|crm| &crm.deals);
    let seen: Vec<_> = seen.map(|deal| deal.id).collect();
    let new = found
        .deals
        .iter()
        .find(|deal| !deal.closed && !seen.contains(&deal.id))?;
    Some(Done::DealCreated { deal: new.id })
}
