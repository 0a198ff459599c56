//! amoCRM as the CRM. Only here deals are leads and stages are statuses.
//!
//! `api` speaks HTTP · `keyring`, `oauth` and `door` hold what opens it · `map` knows what the account calls things · `prepare`, `read`, `write`, `find` and `people` are
//! the port's calls · `unsorted` knows chats that nobody has accepted · `inspect` looks and changes nothing, and `probe` asks what the reference leaves open · `form` and `hook` read the webhooks.

mod api;
mod door;
mod find;
pub(super) mod form;
pub(super) mod hook;
mod inspect;
mod keyring;
mod map;
mod model;
mod oauth;
mod pace;
mod people;
mod person;
mod prepare;
mod probe;
mod read;
mod survey;
mod token;
mod unsorted;
mod watch;
mod write;

#[cfg(test)]
mod tests;

pub use keyring::{Keyring, KeyringConfig, invitation};
pub use map::SharedMap;
pub use oauth::Integration;
pub use survey::{account_behind, first_pair};
pub use token::token_ends;

use super::api_log::CallLog;
use crate::error::CallError;
use crate::ports::{Clock, Crm, CrmFound, CrmUser, CrmWrite, DealAccess, GuestLookup, HookFound};
use api::Api;
use async_trait::async_trait;
use pace::Pace;
use secrecy::SecretString;
use std::sync::{Arc, Mutex};
use widget_core::event::Done;
use widget_core::ids::{DealId, StageKey, UserId};

/// What opens an account.
#[derive(Clone)]
pub enum Access {
    /// Long-lived token of an admin.
    Token(SecretString),
    /// Pairs of tokens, by OAuth.
    Keyring(Keyring),
}

/// How an account is reached, and what it calls things.
#[derive(Clone)]
pub struct AmoConfig {
    /// `https://hotel.amocrm.ru`; http on loopback only. A keyring knows better.
    pub endpoint: String,
    /// The account's id: a token of another account is refused.
    pub account: i64,
    /// What opens it.
    pub access: Access,
    /// Name of the pipeline that the policy's stages lie in; `None` = the main one.
    pub pipeline: Option<String>,
    /// What the policy calls things.
    pub names: Names,
    /// amoCRM's limits hold.
    pub limited: bool,
}

/// What the policy calls things in the account. Can change while the account is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The policy's stages and their names in the pipeline. «Отказ» is the system's status 143 by any name.
    pub stages: Vec<(StageKey, String)>,
    /// The stage of new deals.
    pub first_stage: StageKey,
    /// Name of the owner field, «Ведёт диалог».
    pub field_name: String,
    /// Names of its choices.
    pub field_values: FieldNames,
    /// Names of the task types.
    pub task_types: TaskTypes,
}

/// Names of the owner field's choices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldNames {
    /// «Бот».
    pub bot: String,
    /// «Ждёт менеджера».
    pub waiting: String,
    /// «Менеджер».
    pub manager: String,
}

/// Names of the task types. One that the account lacks is replaced by its type 1, «Связаться».
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskTypes {
    /// «`WhatsApp`».
    pub whatsapp: String,
    /// «Связаться».
    pub contact: String,
}

/// An amoCRM account.
pub struct AmoCrm {
    api: Api,
    account: i64,
    pipeline: Option<String>,
    map: SharedMap,
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
    /// Of two that prepare at once, each might make the owner field.
    preparing: tokio::sync::Mutex<()>,
}

/// What was read of the account and is kept for a while.
#[derive(Default)]
struct Known {
    task_types: Option<Vec<(i64, String)>>,
    users: Option<(i64, Arc<Vec<CrmUser>>)>,
    access: people::AccessCache,
    pipelines_at: Option<i64>,
    /// The account keeps new chats in «Неразобранное».
    has_unsorted: bool,
}

impl AmoCrm {
    /// An account behind `config`. Nothing is called yet.
    ///
    /// # Errors
    /// [`CallError::Refused`] with status 0: the endpoint is neither https nor loopback, or the token is not one.
    pub fn new(config: AmoConfig, clock: Arc<dyn Clock>) -> Result<Self, CallError> {
        let pace = config.limited.then(|| Pace::new(Arc::clone(&clock)));
        Ok(Self {
            api: Api::new(&config.endpoint, config.access.clone(), pace)?,
            account: config.account,
            map: SharedMap::new(&config),
            pipeline: config.pipeline,
            clock,
            known: Mutex::default(),
            preparing: tokio::sync::Mutex::default(),
        })
    }

    /// Every call is noted in `log` from now on.
    pub fn log_to(&mut self, log: CallLog) {
        self.api.log_to(log);
    }

    /// What the account calls things, for the reader of its webhooks.
    pub fn map(&self) -> SharedMap {
        self.map.clone()
    }

    /// The policy calls things by these names from now on. `true` when they are others than before: then the account
    /// has to be prepared again, for it may lack some of them.
    pub fn rename(&self, names: Names) -> bool {
        let listed = self.pipeline.as_deref();
        self.map.change(|map| map.rename(names, listed))
    }

    fn known<T>(&self, access: impl FnOnce(&mut Known) -> T) -> T {
        access(
            &mut self
                .known
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }
}

#[async_trait]
impl Crm for AmoCrm {
    async fn prepare(&self, hook_url: &str) -> Result<HookFound, CallError> {
        let _one_at_a_time = self.preparing.lock().await;
        self.prepare_account(hook_url)
            .await
            .map_err(|error| match error {
                // Every step looks before it writes, so the whole may simply be repeated.
                CallError::Unknown { why } => CallError::retry(why),
                error => error,
            })
    }

    async fn read(&self, lookup: &GuestLookup) -> Result<CrmFound, CallError> {
        self.read_guest(lookup).await
    }

    async fn write(&self, write: &CrmWrite) -> Result<Done, CallError> {
        self.carry_out(write).await
    }

    async fn find(&self, write: &CrmWrite, since: i64) -> Result<Option<Done>, CallError> {
        self.find_effect(write, since).await
    }

    async fn users(&self) -> Result<Vec<CrmUser>, CallError> {
        self.fresh_users().await.map(|users| users.to_vec())
    }

    async fn access(&self, user: UserId, deal: DealId) -> Result<DealAccess, CallError> {
        self.access_of(user, deal).await
    }
}
