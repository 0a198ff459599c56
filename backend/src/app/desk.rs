//! What the command line may know and change of a backend's data.

use super::{AppError, DATABASE};
use crate::adapters::store::SqliteStore;
use crate::config::Config;
use crate::error::StoreError;
use crate::ports::{Origin, Policies as _, PolicyVersion, StoredPolicy};
use widget_core::ids::AccountId;

/// The data of one backend.
pub struct Desk(SqliteStore);

impl Desk {
    /// Opens the data for reading; the backend may run meanwhile.
    ///
    /// # Errors
    /// [`AppError::NoData`] before the backend's first start; [`AppError::Store`] when the data are of another version
    /// of Estafeta.
    pub async fn to_read(config: &Config) -> Result<Self, AppError> {
        let file = config.server.data.join(DATABASE);
        if !file.exists() {
            let folder = config.server.data.display().to_string();
            return Err(AppError::NoData { folder });
        }
        SqliteStore::open_to_read(&file, config.master_key.bytes())
            .await
            .map(Self)
            .map_err(AppError::store(config))
    }

    /// Opens the data for changes, in the place of the backend.
    ///
    /// # Errors
    /// [`AppError::InUse`] while the backend runs.
    pub async fn to_change(config: &Config) -> Result<Self, AppError> {
        let file = config.server.data.join(DATABASE);
        let opened = SqliteStore::open(&file, config.master_key.bytes()).await;
        opened.map(Self).map_err(|cause| match cause {
            StoreError::InUse(_) => AppError::InUse {
                folder: config.server.data.display().to_string(),
            },
            cause => AppError::store(config)(cause),
        })
    }

    /// All versions of an account's policy, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn policies(&self, account: i64) -> Result<Vec<PolicyVersion>, StoreError> {
        self.0.policies(AccountId(account)).await
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
        self.0.policy(AccountId(account), version).await
    }

    /// Stores a policy, known to be good, as somebody's at the command line; answers its version. `now`: unix ms.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn put_policy(&self, account: i64, toml: &str, now: i64) -> Result<i64, StoreError> {
        self.0
            .put_policy(AccountId(account), toml, Origin::Cli, now)
            .await
    }

    /// Closes the data.
    pub async fn close(self) {
        self.0.close().await;
    }
}
