//! What accounts were given by their CRM, sealed. A pair is fenced by its version, its renewal by a lease: whoever comes
//! late with a good pair still gets it kept, unless there is another one by then.

use super::super::common::{from_json, to_json};
use super::super::seal::{AccountKeys, Purpose};
use super::SqlStore;
use super::dialect::db_now;
use crate::error::StoreError;
use crate::ports::{Grant, Grants, Pair, Setback};
use async_trait::async_trait;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use widget_core::ids::AccountId;

/// A pair as it is sealed.
#[derive(Serialize, Deserialize)]
struct Body {
    endpoint: String,
    access: String,
    refresh: String,
    expires_at: i64,
    renew_at: i64,
}

/// A row: version, sealed body, trouble.
type GrantRow = (i64, Option<Vec<u8>>, Option<String>);

#[async_trait]
impl Grants for SqlStore {
    async fn grant(&self, account: AccountId) -> Result<Option<Grant>, StoreError> {
        let Some(keys) = self.known_keys(account).await? else {
            return Ok(None);
        };
        let row: Option<GrantRow> =
            sqlx::query_as("SELECT version, body, trouble FROM crm_grant WHERE account = $1")
                .bind(account.0)
                .fetch_optional(self.readers())
                .await?;
        row.map(|row| opened(&keys, row)).transpose()
    }

    async fn grants(&self) -> Result<BTreeMap<AccountId, Grant>, StoreError> {
        let rows: Vec<(i64, i64, Option<Vec<u8>>, Option<String>)> =
            sqlx::query_as("SELECT account, version, body, trouble FROM crm_grant")
                .fetch_all(self.readers())
                .await?;
        let mut grants = BTreeMap::new();
        for (account, version, body, trouble) in rows {
            let account = AccountId(account);
            let Some(keys) = self.known_keys(account).await? else {
                continue;
            };
            match opened(&keys, (version, body, trouble)) {
                Ok(grant) => _ = grants.insert(account, grant),
                Err(error) => tracing::error!(%account, %error, "what the CRM gave it is left out"),
            }
        }
        Ok(grants)
    }

    async fn put_grant(
        &self,
        account: AccountId,
        pair: &Pair,
        after: Option<i64>,
    ) -> Result<Option<i64>, StoreError> {
        let keys = self.keys(account).await?;
        let body = Body {
            endpoint: pair.endpoint.clone(),
            access: pair.access.expose_secret().to_owned(),
            refresh: pair.refresh.expose_secret().to_owned(),
            expires_at: pair.expires_at,
            renew_at: pair.renew_at,
        };
        let sealed = keys.seal(Purpose::Grant, to_json(&body)?.as_bytes())?;
        self.write(sealed, move |db, sealed| {
            Box::pin(async move {
                let put = match after {
                    Some(_) => {
                        "UPDATE crm_grant SET version = version + 1, body = $2, trouble = NULL, renewing = 0 \
                         WHERE account = $1 AND version = $3 RETURNING version"
                    }
                    None => {
                        "INSERT INTO crm_grant (account, version, body) VALUES ($1, 1, $2) \
                         ON CONFLICT (account) DO UPDATE SET version = crm_grant.version + 1, \
                         body = excluded.body, trouble = NULL, renewing = 0 RETURNING version"
                    }
                };
                let mut put = sqlx::query_scalar(put).bind(account.0).bind(sealed.as_slice());
                if let Some(version) = after {
                    put = put.bind(version);
                }
                Ok(put.fetch_optional(db).await?)
            })
        })
        .await
    }

    async fn begin_renewal(
        &self,
        account: AccountId,
        version: i64,
        ms: i64,
    ) -> Result<bool, StoreError> {
        let holder = self.holder();
        self.write((), move |db, ()| {
            Box::pin(async move {
                let begun = sqlx::query(concat!(
                    "UPDATE crm_grant SET renewing = ",
                    db_now!(),
                    " + $3, holder = $4 WHERE account = $1 AND version = $2 AND body IS NOT NULL AND trouble IS NULL \
                     AND renewing <= ",
                    db_now!()
                ))
                .bind(account.0)
                .bind(version)
                .bind(ms)
                .bind(holder)
                .execute(db)
                .await?;
                Ok(begun.rows_affected() == 1)
            })
        })
        .await
    }

    async fn set_back(
        &self,
        account: AccountId,
        version: i64,
        setback: Setback,
    ) -> Result<(), StoreError> {
        let (trouble, is_dead) = match setback {
            Setback::Later => (None, false),
            Setback::NotRenewed(why) => (Some(why), false),
            Setback::Dead(why) => (Some(why), true),
        };
        self.write(trouble, move |db, trouble| {
            Box::pin(async move {
                sqlx::query(
                    "UPDATE crm_grant SET renewing = 0, trouble = COALESCE($3, trouble), \
                     body = CASE WHEN $4 THEN NULL ELSE body END WHERE account = $1 AND version = $2",
                )
                .bind(account.0)
                .bind(version)
                .bind(trouble.as_deref())
                .bind(is_dead)
                .execute(db)
                .await?;
                Ok(())
            })
        })
        .await
    }

    async fn forget_grant(&self, account: AccountId) -> Result<(), StoreError> {
        self.write((), move |db, ()| {
            Box::pin(async move {
                sqlx::query(
                    "UPDATE crm_grant SET version = version + 1, body = NULL, trouble = NULL, renewing = 0 \
                     WHERE account = $1",
                )
                .bind(account.0)
                .execute(db)
                .await?;
                Ok(())
            })
        })
        .await
    }
}

fn opened(keys: &AccountKeys, (version, body, trouble): GrantRow) -> Result<Grant, StoreError> {
    let pair = match body {
        None => None,
        Some(sealed) => {
            let body: Body = from_json("a pair of tokens", &keys.open_grant(&sealed)?)?;
            Some(Pair {
                endpoint: body.endpoint,
                access: body.access.into(),
                refresh: body.refresh.into(),
                expires_at: body.expires_at,
                renew_at: body.renew_at,
            })
        }
    };
    Ok(Grant {
        version,
        pair,
        trouble,
    })
}
