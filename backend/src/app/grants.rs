//! Accounts that are connected by OAuth: their keys, kept current while the backend runs, and the link by which an
//! administrator connects one. A pair that another instance has brought, or a person, is in force here within seconds.

use super::AppError;
use super::rules::Keeper;
use crate::adapters::amocrm::{Integration, Keyring, KeyringConfig, invitation};
use crate::adapters::api_log::CallLogs;
use crate::clock::Clock;
use crate::config::{Account, Config};
use crate::flow::{Provider, Tenant, failpoint};
use crate::http::{InvitationKey, OAUTH_CALLBACK};
use crate::ports::{Connection as _, Grants, Standing, Store};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use widget_core::ids::AccountId;

/// The store is looked at so often, by the machine's clock.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// An account whose keys are kept current.
pub(super) struct Kept {
    pub(super) keyring: Keyring,
    pub(super) keeper: Arc<Keeper>,
    pub(super) tenant: Arc<Tenant>,
    endpoint: String,
    client_id: String,
}

/// The redirect URI that the integration has to name.
pub fn redirect_uri(config: &Config) -> String {
    format!("{}{OAUTH_CALLBACK}", config.server.public_url)
}

/// The link by which an administrator connects an account, good for a day from `now` (business unix ms) and for one time;
/// `None` = the account has a long-lived token.
pub fn link(config: &Config, account: &Account, now: i64) -> Option<String> {
    let amocrm = &account.amocrm;
    if amocrm.token.is_some() {
        return None;
    }
    let key = InvitationKey::derive(config.master_key.bytes());
    let state = key.invite(AccountId(account.id), now);
    invitation(&amocrm.endpoint, &amocrm.client_id, &state)
}

/// The keys of an account; `None` = it has a long-lived token.
pub(super) fn keyring(
    account: &Account,
    config: &Config,
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
    logs: &Arc<CallLogs>,
    bell: &Arc<Notify>,
) -> Result<Option<Keyring>, AppError> {
    let amocrm = &account.amocrm;
    if amocrm.token.is_some() {
        return Ok(None);
    }
    let id = AccountId(account.id);
    let keyring = KeyringConfig {
        account: id,
        amocrm_account: amocrm.account_id,
        endpoint: amocrm.endpoint.clone(),
        integration: Integration {
            id: amocrm.client_id.clone(),
            secret: amocrm.client_secret.clone(),
            redirect_uri: redirect_uri(config),
        },
        log: logs.of(id, "amocrm"),
        answered: || failpoint::hit_of("after_refresh", "tokens"),
    };
    let store = Arc::clone(store) as Arc<dyn Grants>;
    let made = Keyring::new(keyring, store, Arc::clone(clock), Arc::clone(bell));
    made.map(Some).map_err(|cause| AppError::Settings {
        account: account.name.clone(),
        cause,
    })
}

impl Kept {
    pub(super) fn new(
        account: &Account,
        keyring: Keyring,
        keeper: &Arc<Keeper>,
        tenant: &Arc<Tenant>,
    ) -> Self {
        Self {
            keyring,
            keeper: Arc::clone(keeper),
            tenant: Arc::clone(tenant),
            endpoint: account.amocrm.endpoint.clone(),
            client_id: account.amocrm.client_id.clone(),
        }
    }

    /// The account stands otherwise than before: what it lacked may be there now.
    fn has_changed(&self) {
        self.keeper.prepare_again();
        self.tenant.lines.to(Provider::Amocrm).ask_soon();
    }

    /// Tells who may connect the account how, where that is needed.
    fn invite(&self, key: &InvitationKey, now: i64) {
        if self.keyring.standing() == Standing::Connected {
            return;
        }
        let account = self.keyring.account();
        let state = key.invite(account, now);
        let link = invitation(&self.endpoint, &self.client_id, &state);
        let link = link.unwrap_or_default();
        tracing::warn!(%account, link, "to connect amoCRM, open this link as an administrator of the account: it is good for a day and one time");
    }
}

/// Keeps the keys of all accounts current until `stop`. One look at the store serves them all, however many they are.
pub(super) async fn keep_current(
    kept: Vec<Kept>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    (key, bell): (InvitationKey, Arc<Notify>),
    stop: CancellationToken,
) {
    if kept.is_empty() {
        return;
    }
    let mut told = vec![None; kept.len()];
    while !stop.is_cancelled() {
        match store.grants().await {
            Ok(mut grants) => {
                for (kept, told) in kept.iter().zip(&mut told) {
                    kept.keyring.look(grants.remove(&kept.keyring.account()));
                    let stands = Some(kept.keyring.state());
                    if *told == stands {
                        continue;
                    }
                    if told.is_some() {
                        kept.has_changed();
                    }
                    *told = stands;
                    kept.invite(&key, clock.now_ms());
                }
            }
            Err(error) => {
                tracing::error!(%error, "the accounts' tokens could not be looked at; they are looked at again");
            }
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = bell.notified() => {}
            () = sleep(LOOK_EVERY) => {}
        }
    }
}
