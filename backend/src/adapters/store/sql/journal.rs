//! Reading the journal.

use super::super::common::from_big;
use super::SqlStore;
use super::dialect::DbRow;
use crate::error::StoreError;
use crate::ports::{Journal, JournalRow};
use async_trait::async_trait;
use sqlx::Row;
use widget_core::ids::{AccountId, DialogId};

#[async_trait]
impl Journal for SqlStore {
    async fn newest(
        &self,
        account: AccountId,
        dialog: &DialogId,
        limit: u32,
    ) -> Result<Vec<JournalRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT seq, at, policy_version, core_version, event, changes, actions, trace FROM journal \
             WHERE account = $1 AND dialog = $2 ORDER BY seq DESC LIMIT $3",
        )
        .bind(account.0)
        .bind(&dialog.0)
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(journal_row).collect()
    }
}

/// A row of the journal as the database has it.
pub(super) fn journal_row(row: &DbRow) -> Result<JournalRow, StoreError> {
    Ok(JournalRow {
        seq: from_big("seq of a row", row.try_get("seq")?)?,
        at: row.try_get("at")?,
        policy_version: row.try_get("policy_version")?,
        core_version: row.try_get("core_version")?,
        event: row.try_get("event")?,
        changes: row.try_get("changes")?,
        actions: row.try_get("actions")?,
        trace: row.try_get("trace")?,
    })
}
