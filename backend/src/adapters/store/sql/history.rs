//! Reading all journals beside the process that writes them: no lock, no migration, no write.

use super::super::common::from_big;
use super::dialect::Pool;
use super::journal::journal_row;
use crate::error::StoreError;
use crate::ports::{History, JournalRow, Recorded, Scope};
use async_trait::async_trait;
use sqlx::Row;
use widget_core::ids::{AccountId, ConversationId, DialogId};

/// All journals of a database. Short reads one after the other, so that nothing has to wait for the end of a long one.
pub struct SqlHistory(pub(super) Pool);

#[async_trait]
impl History for SqlHistory {
    async fn count(&self, scope: Scope) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar(
            "SELECT COUNT(*) FROM dialog \
             WHERE seq > 0 AND last_at >= $1 AND ($2 IS NULL OR account = $2)",
        )
        .bind(scope.since)
        .bind(scope.account.map(|account| account.0))
        .fetch_one(&self.0)
        .await?;
        from_big("number of dialogs", count)
    }

    async fn dialogs(
        &self,
        scope: Scope,
        after: Option<&Recorded>,
        limit: u32,
    ) -> Result<Vec<Recorded>, StoreError> {
        // No account and no id is below these.
        let (account, dialog) =
            after.map_or((i64::MIN, ""), |after| (after.account.0, &after.dialog.0));
        let rows = sqlx::query(
            "SELECT account, id, conversation FROM dialog \
             WHERE (account, id) > ($3, $4) AND seq > 0 AND last_at >= $1 AND ($2 IS NULL OR account = $2) \
             ORDER BY account, id LIMIT $5",
        )
        .bind(scope.since)
        .bind(scope.account.map(|account| account.0))
        .bind(account)
        .bind(dialog)
        .bind(i64::from(limit))
        .fetch_all(&self.0)
        .await?;
        let recorded = rows.iter().map(|row| {
            Ok(Recorded {
                account: AccountId(row.try_get("account")?),
                dialog: DialogId(row.try_get("id")?),
                conversation: ConversationId(row.try_get("conversation")?),
            })
        });
        recorded.collect()
    }

    async fn rows(&self, dialog: &Recorded) -> Result<Vec<JournalRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT seq, at, policy_version, core_version, event, changes, actions, trace FROM journal \
             WHERE account = $1 AND dialog = $2 ORDER BY seq",
        )
        .bind(dialog.account.0)
        .bind(&dialog.dialog.0)
        .fetch_all(&self.0)
        .await?;
        rows.iter().map(journal_row).collect()
    }
}
