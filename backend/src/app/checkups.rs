//! A look at everything of one account, for its settings: what the doctor does at the command line, beside the backend
//! that runs.

use super::doctor::{Examined, Way, examine_account};
use crate::adapters::amocrm::AmoCrm;
use crate::clock::Clock;
use crate::config::Account;
use crate::ports::{Checked, Checkups, Store};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use widget_core::ids::AccountId;

/// What was seen serves for so long: a look asks amoCRM and Pact several times each.
const SERVES: Duration = Duration::from_secs(30);

/// When, and what.
type Seen = Option<(Instant, Vec<(String, Checked)>)>;

/// Looks at the accounts that are served here.
pub(super) struct Checker {
    accounts: BTreeMap<AccountId, (Served, Mutex<Seen>)>,
    public_url: String,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

/// An account, and its way to amoCRM: a look takes its turn there among everything else that goes out.
pub(super) type Served = (Account, Arc<AmoCrm>);

impl Checker {
    pub(super) fn new(
        accounts: Vec<Served>,
        public_url: &str,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let numbered = accounts.into_iter();
        let numbered = numbered.map(|served| (AccountId(served.0.id), (served, Mutex::default())));
        Self {
            accounts: numbered.collect(),
            public_url: public_url.to_owned(),
            store,
            clock,
        }
    }
}

#[async_trait]
impl Checkups for Checker {
    async fn examine(&self, account: AccountId) -> Option<Vec<(String, Checked)>> {
        let ((account, crm), seen) = self.accounts.get(&account)?;
        // Whoever asks meanwhile waits for the same look.
        let mut seen = seen.lock().await;
        if let Some((at, found)) = &*seen
            && at.elapsed() < SERVES
        {
            return Some(found.clone());
        }
        let (store, now) = (Some(&self.store), self.clock.now_ms());
        let found = examine_account(account, &self.public_url, store, Way::Served(crm), now).await;
        let part = |of: &str| of.split(' ').next().unwrap_or_default().to_lowercase();
        let found = found.into_iter();
        let found: Vec<_> = found
            .map(|Examined { of, checked }| (part(&of), checked))
            .collect();
        *seen = Some((Instant::now(), found.clone()));
        Some(found)
    }
}
