//! The accounts' policies and their versions, sealed: they can name phones.

use super::super::common::{Held, from_word, to_word};
use super::super::mode_of;
use super::super::seal::{AccountKeys, Purpose};
use super::SqlStore;
use super::dialect::{Connection, hold};
use crate::error::StoreError;
use crate::ports::{Origin, Policies, PolicyVersion, Replaced, StoredPolicy};
use async_trait::async_trait;
use std::collections::BTreeMap;
use widget_core::ids::{AccountId, UserId};

#[async_trait]
impl Policies for SqlStore {
    async fn put_policy(
        &self,
        account: AccountId,
        toml: &str,
        origin: Origin,
        now: i64,
    ) -> Result<i64, StoreError> {
        let keys = self.keys(account).await?;
        self.write((keys, toml.to_owned()), move |db, (keys, toml)| {
            Box::pin(put(db, account, keys, toml, origin, now))
        })
        .await
    }

    async fn put_default(
        &self,
        account: AccountId,
        toml: &str,
        edition: i64,
        now: i64,
    ) -> Result<i64, StoreError> {
        let keys = self.keys(account).await?;
        self.write((keys, toml.to_owned()), move |db, (keys, toml)| {
            Box::pin(put_edition(db, account, keys, (toml, edition), now))
        })
        .await
    }

    async fn replace_policy(
        &self,
        account: AccountId,
        over: i64,
        toml: &str,
        user: UserId,
        now: i64,
    ) -> Result<Replaced, StoreError> {
        let keys = self.keys(account).await?;
        self.write((keys, toml.to_owned()), move |db, (keys, toml)| {
            Box::pin(replace(db, account, keys, over, (toml, user), now))
        })
        .await
    }

    async fn newest_versions(&self) -> Result<BTreeMap<AccountId, i64>, StoreError> {
        let newest: Vec<(i64, i64)> =
            sqlx::query_as("SELECT account, MAX(version) FROM policy GROUP BY account")
                .fetch_all(self.readers())
                .await?;
        let newest = newest.into_iter();
        Ok(newest
            .map(|(account, version)| (AccountId(account), version))
            .collect())
    }

    async fn policies(&self, account: AccountId) -> Result<Vec<PolicyVersion>, StoreError> {
        let Some(keys) = self.known_keys(account).await? else {
            return Ok(Vec::new());
        };
        let rows: Vec<(i64, i64, String, Vec<u8>, Option<i64>)> = sqlx::query_as(
            "SELECT version, at, origin, body, by_user FROM policy WHERE account = $1 \
             ORDER BY version DESC",
        )
        .bind(account.0)
        .fetch_all(self.readers())
        .await?;
        rows.into_iter()
            .map(|(version, at, origin, body, user)| {
                Ok(PolicyVersion {
                    version,
                    at,
                    origin: from_word("origin of a policy", &origin)?,
                    mode: mode_of(&keys.open_policy(&body)?),
                    user: user.map(UserId),
                })
            })
            .collect()
    }

    async fn policy(
        &self,
        account: AccountId,
        version: Option<i64>,
    ) -> Result<Option<StoredPolicy>, StoreError> {
        let Some(keys) = self.known_keys(account).await? else {
            return Ok(None);
        };
        let found: Option<(i64, Vec<u8>, i64)> = sqlx::query_as(
            "SELECT p.version, p.body, a.epoch FROM policy p JOIN account a ON a.id = p.account \
             WHERE p.account = $1 AND ($2 IS NULL OR p.version = $2) ORDER BY p.version DESC LIMIT 1",
        )
        .bind(account.0)
        .bind(version)
        .fetch_optional(self.readers())
        .await?;
        found
            .map(|(version, body, account_epoch)| {
                Ok(StoredPolicy {
                    version,
                    toml: keys.open_policy(&body)?,
                    account_epoch,
                })
            })
            .transpose()
    }
}

/// The newest version, as a new one is compared with it.
struct Known {
    version: i64,
    toml: String,
    origin: String,
    edition: i64,
}

/// A version that is to be stored.
struct Fresh<'a> {
    toml: &'a str,
    origin: Origin,
    user: Option<UserId>,
    edition: i64,
}

async fn put(
    db: &mut Connection,
    account: AccountId,
    keys: &AccountKeys,
    toml: &str,
    origin: Origin,
    now: i64,
) -> Result<i64, StoreError> {
    hold(db, Held::Policy(account)).await?;
    let newest = newest(db, account, keys).await?;
    if let Some(newest) = &newest
        && !is_new(db, account, keys, toml, origin, newest).await?
    {
        return Ok(newest.version);
    }
    let fresh = Fresh {
        toml,
        origin,
        user: None,
        edition: 0,
    };
    insert(db, account, keys, newest, fresh, now).await
}

async fn put_edition(
    db: &mut Connection,
    account: AccountId,
    keys: &AccountKeys,
    (toml, edition): (&str, i64),
    now: i64,
) -> Result<i64, StoreError> {
    let origin = Origin::Default;
    hold(db, Held::Policy(account)).await?;
    let newest = newest(db, account, keys).await?;
    if let Some(newest) = &newest {
        if newest.origin != to_word(&origin)? || newest.edition >= edition {
            return Ok(newest.version);
        }
        if newest.toml == toml {
            sqlx::query("UPDATE policy SET edition = $3 WHERE account = $1 AND version = $2")
                .bind(account.0)
                .bind(newest.version)
                .bind(edition)
                .execute(db)
                .await?;
            return Ok(newest.version);
        }
    }
    let fresh = Fresh {
        toml,
        origin,
        user: None,
        edition,
    };
    insert(db, account, keys, newest, fresh, now).await
}

async fn replace(
    db: &mut Connection,
    account: AccountId,
    keys: &AccountKeys,
    over: i64,
    (toml, user): (&str, UserId),
    now: i64,
) -> Result<Replaced, StoreError> {
    hold(db, Held::Policy(account)).await?;
    let newest = newest(db, account, keys).await?;
    let is = newest.as_ref().map_or(0, |newest| newest.version);
    if is != over {
        return Ok(Replaced::Stale(is));
    }
    if newest.as_ref().is_some_and(|newest| newest.toml == toml) {
        return Ok(Replaced::Stored(is));
    }
    let fresh = Fresh {
        toml,
        origin: Origin::Api,
        user: Some(user),
        edition: 0,
    };
    let version = insert(db, account, keys, newest, fresh, now).await?;
    Ok(Replaced::Stored(version))
}

/// The version after `newest`.
async fn insert(
    db: &mut Connection,
    account: AccountId,
    keys: &AccountKeys,
    newest: Option<Known>,
    fresh: Fresh<'_>,
    now: i64,
) -> Result<i64, StoreError> {
    let version = newest.as_ref().map_or(0, |newest| newest.version) + 1;
    sqlx::query(
        "INSERT INTO policy (account, version, toml, body, at, origin, by_user, edition) \
         VALUES ($1, $2, '', $3, $4, $5, $6, $7)",
    )
    .bind(account.0)
    .bind(version)
    .bind(keys.seal(Purpose::Policy, fresh.toml.as_bytes())?)
    .bind(now)
    .bind(to_word(&fresh.origin)?)
    .bind(fresh.user.map(|user| user.0))
    .bind(fresh.edition)
    .execute(&mut *db)
    .await?;
    if newest.is_some_and(|newest| mode_of(&newest.toml) != mode_of(fresh.toml)) {
        sqlx::query("UPDATE account SET epoch = epoch + 1 WHERE id = $1")
            .bind(account.0)
            .execute(db)
            .await?;
    }
    Ok(version)
}

async fn newest(
    db: &mut Connection,
    account: AccountId,
    keys: &AccountKeys,
) -> Result<Option<Known>, StoreError> {
    let found: Option<(i64, Vec<u8>, String, i64)> = sqlx::query_as(
        "SELECT version, body, origin, edition FROM policy WHERE account = $1 ORDER BY version DESC LIMIT 1",
    )
    .bind(account.0)
    .fetch_optional(db)
    .await?;
    found
        .map(|(version, body, origin, edition)| {
            Ok(Known {
                version,
                toml: keys.open_policy(&body)?,
                origin,
                edition,
            })
        })
        .transpose()
}

/// Whether a text is something new to the account, by where it comes from.
async fn is_new(
    db: &mut Connection,
    account: AccountId,
    keys: &AccountKeys,
    toml: &str,
    origin: Origin,
    newest: &Known,
) -> Result<bool, StoreError> {
    match origin {
        Origin::Cli | Origin::Api | Origin::Default => Ok(newest.toml != toml),
        Origin::File => {
            let imported: Option<Vec<u8>> = sqlx::query_scalar(
                "SELECT body FROM policy WHERE account = $1 AND origin = $2 ORDER BY version DESC LIMIT 1",
            )
            .bind(account.0)
            .bind(to_word(&origin)?)
            .fetch_optional(db)
            .await?;
            let imported = imported.map(|body| keys.open_policy(&body)).transpose()?;
            Ok(imported.is_none_or(|imported| imported != toml))
        }
    }
}
