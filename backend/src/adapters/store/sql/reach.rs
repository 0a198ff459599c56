//! How far accounts have caught up.

use super::super::common::from_json;
use super::SqlStore;
use crate::error::StoreError;
use crate::ports::{Reach, Reaches};
use async_trait::async_trait;
use widget_core::dialog::Dialog;
use widget_core::ids::AccountId;

#[async_trait]
impl Reaches for SqlStore {
    async fn reach(&self, account: AccountId, now: i64) -> Result<Reach, StoreError> {
        // The account's row has to stand before the one that names it.
        self.keys(account).await?;
        self.write((), move |db, ()| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO reach (account, activated_at, caught_up_to) VALUES ($1, $2, $2) \
                     ON CONFLICT (account) DO NOTHING",
                )
                .bind(account.0)
                .bind(now)
                .execute(&mut *db)
                .await?;
                let (activated_at, caught_up_to) = sqlx::query_as(
                    "SELECT activated_at, caught_up_to FROM reach WHERE account = $1",
                )
                .bind(account.0)
                .fetch_one(db)
                .await?;
                Ok(Reach {
                    activated_at,
                    caught_up_to,
                })
            })
        })
        .await
    }

    async fn caught_up(&self, account: AccountId, to: i64) -> Result<(), StoreError> {
        self.write((), move |db, ()| {
            Box::pin(async move {
                sqlx::query(
                    "UPDATE reach SET caught_up_to = $2 WHERE account = $1 AND caught_up_to < $2",
                )
                .bind(account.0)
                .bind(to)
                .execute(db)
                .await?;
                Ok(())
            })
        })
        .await
    }

    async fn open_dialogs(
        &self,
        account: AccountId,
        since: i64,
    ) -> Result<Vec<Dialog>, StoreError> {
        let states: Vec<String> = sqlx::query_scalar(
            "SELECT state FROM dialog WHERE account = $1 AND deal IS NOT NULL AND state IS NOT NULL \
             AND (owner_kind <> 'bot' OR last_at >= $2) ORDER BY id",
        )
        .bind(account.0)
        .bind(since)
        .fetch_all(self.readers())
        .await?;
        // A dialog that does not read must not hide the others.
        let read = states.iter().filter_map(|state| {
            from_json("state of a dialog", state)
                .inspect_err(|error| tracing::error!(%error, "an open dialog is left out"))
                .ok()
        });
        Ok(read.collect())
    }
}
