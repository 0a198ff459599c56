//! The accounts' keys, sealed with the master key.

use super::super::seal::{AccountKeys, MasterKey};
use super::SqlStore;
use super::dialect::Connection;
use crate::error::StoreError;
use std::sync::{Arc, PoisonError};
use widget_core::ids::AccountId;

impl SqlStore {
    /// The account's keys; makes the account if this is its first use.
    pub(super) async fn keys(&self, account: AccountId) -> Result<Arc<AccountKeys>, StoreError> {
        if let Some(keys) = self.known_keys(account).await? {
            return Ok(keys);
        }
        let new = self.0.master.new_account_key(account)?;
        let sealed: Vec<u8> = self
            .write(new, move |db, new| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO account (id, key) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
                    )
                    .bind(account.0)
                    .bind(new.as_slice())
                    .execute(&mut *db)
                    .await?;
                    // Somebody else may have been first.
                    Ok(sqlx::query_scalar("SELECT key FROM account WHERE id = $1")
                        .bind(account.0)
                        .fetch_one(db)
                        .await?)
                })
            })
            .await?;
        self.remember_keys(account, &sealed)
    }

    /// The account's keys, if the account was ever used.
    pub(super) async fn known_keys(
        &self,
        account: AccountId,
    ) -> Result<Option<Arc<AccountKeys>>, StoreError> {
        let known = {
            let keys = self.0.keys.lock().unwrap_or_else(PoisonError::into_inner);
            keys.get(&account).cloned()
        };
        if known.is_some() {
            return Ok(known);
        }
        let sealed: Option<Vec<u8>> = sqlx::query_scalar("SELECT key FROM account WHERE id = $1")
            .bind(account.0)
            .fetch_optional(self.readers())
            .await?;
        sealed
            .map(|sealed| self.remember_keys(account, &sealed))
            .transpose()
    }

    /// The account has no keys any more.
    pub(super) fn forget_keys(&self, account: AccountId) {
        let mut keys = self.0.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.remove(&account);
    }

    fn remember_keys(
        &self,
        account: AccountId,
        sealed: &[u8],
    ) -> Result<Arc<AccountKeys>, StoreError> {
        let opened = Arc::new(self.0.master.account_keys(account, sealed)?);
        let mut keys = self.0.keys.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(keys.entry(account).or_insert(opened)))
    }
}

/// A wrong key is noticed at the start, not at the first guest.
pub(super) async fn check_master_key(
    db: &mut Connection,
    master: &MasterKey,
) -> Result<(), StoreError> {
    let account: Option<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT id, key FROM account ORDER BY id LIMIT 1")
            .fetch_optional(db)
            .await?;
    match account {
        Some((id, sealed)) => master.account_keys(AccountId(id), &sealed).map(|_| ()),
        None => Ok(()),
    }
}
