//! Retention: what is handled goes after a while, the oldest first, a few rows at a time, so that nobody waits long for
//! the writer.

use super::SqlStore;
use super::dialect::{Connection, Pool};
use crate::error::StoreError;

/// How many rows of a table go in one commit.
const BATCH: i64 = 200;

/// What is said to one table. Its ids grow with its times, so no index on the times is needed.
struct Table {
    /// The lowest and the highest id.
    ends: &'static str,
    /// The first row from this id on.
    from: &'static str,
    /// Takes rows away: up to this id, older than this, so many.
    delete: &'static str,
}

macro_rules! table {
    ($table:literal, $at:literal, $over:literal) => {
        Table {
            ends: concat!("SELECT MIN(id), MAX(id) FROM ", $table),
            from: concat!(
                "SELECT id, ",
                $at,
                " FROM ",
                $table,
                " WHERE id >= $1 ORDER BY id LIMIT 1"
            ),
            delete: concat!(
                "DELETE FROM ",
                $table,
                " WHERE id IN (SELECT id FROM ",
                $table,
                " WHERE id <= $1 AND ",
                $at,
                " < $2 AND ",
                $over,
                " ORDER BY id LIMIT $3)"
            ),
        }
    };
}

const TABLES: [Table; 3] = [
    table!("inbox", "at", "state <> 'new'"),
    table!("outbox", "created_at", "state = 'done'"),
    table!("ledger", "claimed_at", "state <> 'pending'"),
];

impl SqlStore {
    pub(super) async fn prune_before(&self, before: i64) -> Result<u64, StoreError> {
        let mut gone = 0;
        for table in &TABLES {
            if let Some(last) = last_before(self.readers(), table, before).await? {
                gone += self
                    .write((), move |db, ()| Box::pin(delete(db, table, last, before)))
                    .await?;
            }
        }
        Ok(gone)
    }
}

async fn delete(
    db: &mut Connection,
    table: &Table,
    last: i64,
    before: i64,
) -> Result<u64, StoreError> {
    let deleted = sqlx::query(table.delete)
        .bind(last)
        .bind(before)
        .bind(BATCH)
        .execute(db)
        .await?;
    Ok(deleted.rows_affected())
}

/// The highest id of a row older than `before`, found by halving; `None` = there is none.
async fn last_before(db: &Pool, table: &Table, before: i64) -> Result<Option<i64>, StoreError> {
    let ends: (Option<i64>, Option<i64>) = sqlx::query_as(table.ends).fetch_one(db).await?;
    let (Some(mut low), Some(mut high)) = ends else {
        return Ok(None);
    };
    let mut last = None;
    while low <= high {
        let middle = low + (high - low) / 2;
        let found: Option<(i64, i64)> = sqlx::query_as(table.from)
            .bind(middle)
            .fetch_optional(db)
            .await?;
        match found {
            Some((id, at)) if at < before => {
                last = Some(id);
                low = id + 1;
            }
            _ => high = middle - 1,
        }
    }
    Ok(last)
}
