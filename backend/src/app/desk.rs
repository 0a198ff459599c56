//! What the command line may know and change of a backend's data.

use super::{API_LOG, AppError, chores, place};
use crate::adapters::api_log::{self, CallLogs};
use crate::adapters::store::Database;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::StoreError;
use crate::ports::{
    BaseVersion, Known, NewBase, Origin, PolicyVersion, Replaced, Store, StoredBase, StoredPolicy,
};
use std::path::PathBuf;
use std::sync::Arc;
use widget_core::ids::AccountId;
use widget_core::knowledge::{BaseFile, read};

pub use crate::ports::Erasure;

/// The data of one backend.
pub struct Desk {
    database: Database,
    pub(super) store: Arc<dyn Store>,
}

impl From<Database> for Desk {
    fn from(database: Database) -> Self {
        let store = database.store();
        Self { database, store }
    }
}

impl Desk {
    /// Opens the data for reading; the backend may run meanwhile.
    ///
    /// # Errors
    /// [`AppError::NoData`] before the backend's first start; [`AppError::Store`] when the data are of another version
    /// of Estafeta.
    pub async fn to_read(config: &Config) -> Result<Self, AppError> {
        let place = place(config);
        if !place.may_exist() {
            let folder = config.server.data.display().to_string();
            return Err(AppError::NoData { folder });
        }
        let opened = Database::open_to_read(&place, config.master_key.bytes()).await;
        opened.map(Self::from).map_err(|cause| match cause {
            StoreError::Empty => AppError::NoData {
                folder: place.to_string(),
            },
            cause => AppError::store(config)(cause),
        })
    }

    /// Opens the data for changes, in the place of the backend.
    ///
    /// # Errors
    /// [`AppError::InUse`] while the backend runs.
    pub async fn to_change(config: &Config) -> Result<Self, AppError> {
        let opened = Database::open_alone(&place(config), config.master_key.bytes()).await;
        opened.map(Self::from).map_err(|cause| match cause {
            StoreError::InUse(_) => AppError::InUse {
                folder: config.server.data.display().to_string(),
            },
            cause => AppError::store(config)(cause),
        })
    }

    /// Opens the data beside the backend that runs, to leave it a wish.
    ///
    /// # Errors
    /// [`AppError::Store`] when the data are of another version of Estafeta.
    pub async fn beside(config: &Config) -> Result<Self, AppError> {
        Database::open_beside(&place(config), config.master_key.bytes())
            .await
            .map(Self::from)
            .map_err(AppError::store(config))
    }

    /// All dialogs of an account with their guests.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn known(&self, account: i64) -> Result<Vec<Known>, StoreError> {
        self.store.known(AccountId(account)).await
    }

    /// Asks for an erasure. `now`: unix ms.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn wish(&self, account: i64, erasure: &Erasure, now: i64) -> Result<(), StoreError> {
        self.store.wish(AccountId(account), erasure, now).await
    }

    /// Erases all that is wished, in the place of the backend. `false`: somebody reads the data meanwhile, and the log
    /// beside the database still holds traces.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn erase_all(
        &self,
        config: &Config,
        clock: Arc<dyn Clock>,
    ) -> Result<bool, StoreError> {
        let logs = CallLogs::open(config.server.data.join(API_LOG), Arc::clone(&clock));
        let served = config.accounts.iter().map(|account| AccountId(account.id));
        chores(config, served.collect(), &self.store, &logs, &clock)
            .erase_all()
            .await
    }

    /// Whether the backend has carried out these wishes for an account.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn are_erased(&self, account: i64, erasures: &[Erasure]) -> Result<bool, StoreError> {
        let wishes = self.store.wishes().await?;
        let is_left = wishes
            .iter()
            .any(|wish| wish.account.0 == account && erasures.contains(&wish.erasure));
        Ok(!is_left && self.store.settle().await?)
    }

    /// All versions of an account's policy, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn policies(&self, account: i64) -> Result<Vec<PolicyVersion>, StoreError> {
        self.store.policies(AccountId(account)).await
    }

    /// One version of an account's policy; `None` = the newest.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn policy(
        &self,
        account: i64,
        version: Option<i64>,
    ) -> Result<Option<StoredPolicy>, StoreError> {
        self.store.policy(AccountId(account), version).await
    }

    /// Stores a policy, known to be good, as somebody's at the command line; answers its version. `now`: unix ms.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn put_policy(&self, account: i64, toml: &str, now: i64) -> Result<i64, StoreError> {
        self.store
            .put_policy(AccountId(account), toml, Origin::Cli, now)
            .await
    }

    /// All versions of an account's knowledge base, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn bases(&self, account: i64) -> Result<Vec<BaseVersion>, StoreError> {
        self.store.bases(AccountId(account)).await
    }

    /// The newest version of an account's knowledge base.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn base(&self, account: i64) -> Result<Option<StoredBase>, StoreError> {
        self.store.base(AccountId(account), None).await
    }

    /// Stores a knowledge base, known to be good, as somebody's at the command line; answers its version. `now`: unix ms.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn put_base(
        &self,
        account: i64,
        files: &[BaseFile],
        now: i64,
    ) -> Result<i64, StoreError> {
        let passages = read(files).unwrap_or_default();
        let base = NewBase::of(files.to_vec(), &passages, (None, Origin::Cli, None));
        let replaced = self.store.put_base(AccountId(account), base, now).await?;
        let (Replaced::Stored(version) | Replaced::Stale(version)) = replaced;
        Ok(version)
    }

    /// The files of an account's log of calls, oldest first. The backend may run meanwhile.
    ///
    /// # Errors
    /// They cannot be listed.
    pub fn log_files(config: &Config, account: i64) -> std::io::Result<Vec<PathBuf>> {
        api_log::files(&config.server.data.join(API_LOG), AccountId(account))
    }

    /// Closes the data.
    pub async fn close(self) {
        self.database.close().await;
    }
}
