//! Dialogs that have a contact or a deal in common, and hints that wait for a deal to be bound.

use super::super::common::{Held, from_json};
use super::SqlStore;
use super::dialect::hold;
use crate::error::StoreError;
use crate::ports::Kin;
use async_trait::async_trait;
use widget_core::dialog::Dialog;
use widget_core::ids::{AccountId, ActionKey, ContactId, DealId};

#[async_trait]
impl Kin for SqlStore {
    async fn dialogs_of_contact(
        &self,
        account: AccountId,
        contact: ContactId,
    ) -> Result<Vec<Dialog>, StoreError> {
        let states: Vec<String> = sqlx::query_scalar(
            "SELECT state FROM dialog WHERE account = $1 AND contact = $2 AND state IS NOT NULL \
             ORDER BY last_at DESC, id",
        )
        .bind(account.0)
        .bind(contact.0)
        .fetch_all(self.readers())
        .await?;
        // A dialog that does not read must not hide the others of its contact.
        let read = states.iter().filter_map(|state| {
            from_json("state of a dialog", state)
                .inspect_err(|error| tracing::error!(%error, "a dialog of a contact is left out"))
                .ok()
        });
        Ok(read.collect())
    }

    async fn keep_for_deal(&self, row: i64, deal: DealId) -> Result<(), StoreError> {
        self.write((row, deal), |db, (row, deal)| {
            Box::pin(async move {
                let account: Option<i64> =
                    sqlx::query_scalar("SELECT account FROM inbox WHERE id = $1")
                        .bind(row)
                        .fetch_optional(&mut *db)
                        .await?;
                let Some(account) = account else {
                    return Ok(());
                };
                hold(db, Held::Deal(AccountId(account), *deal)).await?;
                // A dialog that was bound meanwhile gets it by the usual way: then the row stays as it is.
                sqlx::query(
                    "UPDATE inbox SET state = 'unclaimed', deal = $2 \
                     WHERE id = $1 AND state = 'new' AND dialog IS NULL AND NOT EXISTS ( \
                         SELECT 1 FROM dialog d WHERE d.account = inbox.account AND d.deal = $2)",
                )
                .bind(row)
                .bind(deal.0)
                .execute(db)
                .await?;
                Ok(())
            })
        })
        .await
    }

    async fn is_older(
        &self,
        account: AccountId,
        action: &ActionKey,
        other: &ActionKey,
    ) -> Result<bool, StoreError> {
        let older = sqlx::query(
            "SELECT 1 FROM outbox a JOIN outbox b ON b.account = a.account \
             WHERE a.account = $1 AND a.key = $2 AND b.key = $3 AND a.id < b.id",
        )
        .bind(account.0)
        .bind(&action.0)
        .bind(&other.0)
        .fetch_optional(self.readers())
        .await?;
        Ok(older.is_some())
    }
}
