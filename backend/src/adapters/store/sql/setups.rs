//! The accounts of the setup page, sealed with the master key: a fence of versions, and the links that were used.

use super::SqlStore;
use crate::error::StoreError;
use crate::ports::{KeptSetup, SeenWidget, Setups, Widgets};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use widget_core::ids::AccountId;

/// A row: id, account, whether it is served, version, sealed body.
type SetupRow = (i64, Option<i64>, i64, i64, Vec<u8>);

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "SELECT id, account, served, version, body FROM setup",
            $rest
        )
    };
}

#[async_trait]
impl Setups for SqlStore {
    async fn setups(&self) -> Result<Vec<KeptSetup>, StoreError> {
        let rows: Vec<SetupRow> = sqlx::query_as(columns!(" ORDER BY account, id"))
            .fetch_all(self.readers())
            .await?;
        let opened = rows.into_iter().filter_map(|row| {
            let id = row.0;
            self.opened(row)
                .inspect_err(|error| {
                    tracing::error!(id, %error, "an account of the setup page is left out");
                })
                .ok()
        });
        Ok(opened.collect())
    }

    async fn setup(&self, id: i64) -> Result<Option<KeptSetup>, StoreError> {
        let row: Option<SetupRow> = sqlx::query_as(columns!(" WHERE id = $1"))
            .bind(id)
            .fetch_optional(self.readers())
            .await?;
        row.map(|row| self.opened(row)).transpose()
    }

    async fn put_setup(&self, setup: &KeptSetup) -> Result<bool, StoreError> {
        let body = setup.body.expose_secret().as_bytes();
        let sealed = self.0.master.seal_setup(setup.id, body)?;
        let (id, version) = (setup.id, setup.version + 1);
        let account = setup.account.map(|account| account.0);
        let served = i64::from(setup.served);
        self.write(sealed, move |db, sealed| {
            Box::pin(async move {
                let put = if version == 1 {
                    "INSERT INTO setup (id, account, served, version, body) VALUES ($1, $2, $3, $4, $5) \
                     ON CONFLICT DO NOTHING"
                } else {
                    "UPDATE setup SET account = $2, served = $3, version = $4, body = $5 \
                     WHERE id = $1 AND version = $4 - 1 \
                     AND NOT EXISTS (SELECT 1 FROM setup WHERE account = $2 AND id <> $1)"
                };
                let put = sqlx::query(put)
                    .bind(id)
                    .bind(account)
                    .bind(served)
                    .bind(version)
                    .bind(sealed.as_slice())
                    .execute(db)
                    .await?;
                Ok(put.rows_affected() == 1)
            })
        })
        .await
    }

    async fn at_work(&self) -> Result<Vec<(i64, i64)>, StoreError> {
        Ok(
            sqlx::query_as("SELECT id, version FROM setup WHERE served = 1 ORDER BY id")
                .fetch_all(self.readers())
                .await?,
        )
    }

    async fn use_link(&self, id: &str, until: i64, now: i64) -> Result<bool, StoreError> {
        self.write(id.to_owned(), move |db, id| {
            Box::pin(async move {
                sqlx::query("DELETE FROM setup_link WHERE until < $1")
                    .bind(now)
                    .execute(&mut *db)
                    .await?;
                let used = sqlx::query(
                    "INSERT INTO setup_link (id, until) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
                )
                .bind(id)
                .bind(until)
                .execute(db)
                .await?;
                Ok(used.rows_affected() == 1)
            })
        })
        .await
    }
}

#[async_trait]
impl Widgets for SqlStore {
    async fn widget_seen(&self, account: AccountId, seen: &SeenWidget) -> Result<(), StoreError> {
        self.keys(account).await?;
        let at = seen.at;
        self.write(seen.version.clone(), move |db, version| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO widget (account, seen_at, version) VALUES ($1, $2, $3) \
                     ON CONFLICT (account) DO UPDATE SET seen_at = excluded.seen_at, version = excluded.version \
                     WHERE widget.seen_at <= excluded.seen_at",
                )
                .bind(account.0)
                .bind(at)
                .bind(version.as_deref())
                .execute(db)
                .await?;
                Ok(())
            })
        })
        .await
    }

    async fn widget(&self, account: AccountId) -> Result<Option<SeenWidget>, StoreError> {
        let row: Option<(i64, Option<String>)> =
            sqlx::query_as("SELECT seen_at, version FROM widget WHERE account = $1")
                .bind(account.0)
                .fetch_optional(self.readers())
                .await?;
        Ok(row.map(|(at, version)| SeenWidget { at, version }))
    }
}

impl SqlStore {
    fn opened(
        &self,
        (id, account, served, version, body): SetupRow,
    ) -> Result<KeptSetup, StoreError> {
        let body = self.0.master.open_setup(id, &body)?;
        Ok(KeptSetup {
            id,
            account: account.map(AccountId),
            served: served == 1,
            version,
            body: SecretString::from(body),
        })
    }
}
