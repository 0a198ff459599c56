//! The accounts' policies and their versions.

use super::super::mode_of;
use super::{SqliteStore, from_word, to_word};
use crate::error::StoreError;
use crate::ports::{Origin, Policies, PolicyVersion, StoredPolicy};
use async_trait::async_trait;
use sqlx::SqliteConnection;
use widget_core::ids::AccountId;

#[async_trait]
impl Policies for SqliteStore {
    async fn put_policy(
        &self,
        account: AccountId,
        toml: &str,
        origin: Origin,
        now: i64,
    ) -> Result<i64, StoreError> {
        self.keys(account).await?;
        let toml = toml.to_owned();
        self.write(move |db| Box::pin(async move { put(db, account, &toml, origin, now).await }))
            .await
    }

    async fn policies(&self, account: AccountId) -> Result<Vec<PolicyVersion>, StoreError> {
        let rows: Vec<(i64, i64, String, String)> = sqlx::query_as(
            "SELECT version, at, origin, toml FROM policy WHERE account = $1 ORDER BY version DESC",
        )
        .bind(account.0)
        .fetch_all(self.readers())
        .await?;
        rows.into_iter()
            .map(|(version, at, origin, toml)| {
                Ok(PolicyVersion {
                    version,
                    at,
                    origin: from_word("origin of a policy", &origin)?,
                    mode: mode_of(&toml),
                })
            })
            .collect()
    }

    async fn policy(
        &self,
        account: AccountId,
        version: Option<i64>,
    ) -> Result<Option<StoredPolicy>, StoreError> {
        let found: Option<(i64, String, i64)> = sqlx::query_as(
            "SELECT p.version, p.toml, a.epoch FROM policy p JOIN account a ON a.id = p.account \
             WHERE p.account = $1 AND ($2 IS NULL OR p.version = $2) ORDER BY p.version DESC LIMIT 1",
        )
        .bind(account.0)
        .bind(version)
        .fetch_optional(self.readers())
        .await?;
        Ok(found.map(|(version, toml, account_epoch)| StoredPolicy {
            version,
            toml,
            account_epoch,
        }))
    }
}

/// The newest version, as a new one is compared with it.
struct Known {
    version: i64,
    toml: String,
    origin: String,
}

async fn put(
    db: &mut SqliteConnection,
    account: AccountId,
    toml: &str,
    origin: Origin,
    now: i64,
) -> Result<i64, StoreError> {
    let newest = newest(db, account).await?;
    if let Some(newest) = &newest
        && !is_new(db, account, toml, origin, newest).await?
    {
        return Ok(newest.version);
    }
    let version = newest.as_ref().map_or(0, |newest| newest.version) + 1;
    sqlx::query(
        "INSERT INTO policy (account, version, toml, at, origin) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(account.0)
    .bind(version)
    .bind(toml)
    .bind(now)
    .bind(to_word(&origin)?)
    .execute(&mut *db)
    .await?;
    if newest.is_some_and(|newest| mode_of(&newest.toml) != mode_of(toml)) {
        sqlx::query("UPDATE account SET epoch = epoch + 1 WHERE id = $1")
            .bind(account.0)
            .execute(db)
            .await?;
    }
    Ok(version)
}

async fn newest(
    db: &mut SqliteConnection,
    account: AccountId,
) -> Result<Option<Known>, StoreError> {
    let found: Option<(i64, String, String)> = sqlx::query_as(
        "SELECT version, toml, origin FROM policy WHERE account = $1 ORDER BY version DESC LIMIT 1",
    )
    .bind(account.0)
    .fetch_optional(db)
    .await?;
    Ok(found.map(|(version, toml, origin)| Known {
        version,
        toml,
        origin,
    }))
}

/// Whether a text is something new to the account, by where it comes from.
async fn is_new(
    db: &mut SqliteConnection,
    account: AccountId,
    toml: &str,
    origin: Origin,
    newest: &Known,
) -> Result<bool, StoreError> {
    match origin {
        Origin::Cli | Origin::Api => Ok(newest.toml != toml),
        Origin::Default => Ok(newest.origin == to_word(&origin)? && newest.toml != toml),
        Origin::File => {
            let imported: Option<String> = sqlx::query_scalar(
                "SELECT toml FROM policy WHERE account = $1 AND origin = $2 ORDER BY version DESC LIMIT 1",
            )
            .bind(account.0)
            .bind(to_word(&origin)?)
            .fetch_optional(db)
            .await?;
            Ok(imported.is_none_or(|imported| imported != toml))
        }
    }
}
