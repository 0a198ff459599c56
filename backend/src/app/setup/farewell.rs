//! What is taken back when an account is disconnected: the webhooks that were put up for it. As far as amoCRM and Pact
//! let us; the account is disconnected in any case.

use crate::adapters::amocrm::AmoCrm;
use crate::app::{doctor, hook_urls};
use crate::config::Account;
use crate::error::CallError;
use std::time::Duration;
use tokio::time::timeout;

/// Who disconnects waits no longer than this.
const PATIENCE: Duration = Duration::from_secs(5);

/// Takes the account's webhooks away; `crm`: as it could still be reached, if it could.
pub(super) async fn take_hooks_away(crm: Option<AmoCrm>, account: &Account, public_url: &str) {
    let (crm_hook, channel_hook) = hook_urls(account, public_url);
    let amocrm = async {
        match &crm {
            Some(crm) => crm.take_hook_away(&crm_hook).await,
            None => Err(CallError::refused(0, "nothing opens the account")),
        }
    };
    let pact = async { doctor::pact(account)?.take_hook_away(&channel_hook).await };
    let (amocrm, pact) = tokio::join!(timeout(PATIENCE, amocrm), timeout(PATIENCE, pact));
    for (who, taken) in [("amoCRM", amocrm), ("Pact", pact)] {
        let taken = taken.unwrap_or_else(|_| Err(CallError::retry("it does not answer")));
        if let Err(why) = taken {
            let account = account.id;
            tracing::warn!(account, who, %why, "its webhook stays there: remove it by hand");
        }
    }
}
