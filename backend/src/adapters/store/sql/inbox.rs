//! Raw input.

use super::super::common::{from_big, from_word, insert_row, to_word};
use super::super::seal::{AccountKeys, Purpose};
use super::SqlStore;
use super::changes::route;
use super::dialect::{Connection, DbRow, store_and_wake};
use crate::error::StoreError;
use crate::ports::{Inbox, InboxRow, NewRow, Source};
use async_trait::async_trait;
use sqlx::Row;
use widget_core::ids::{AccountId, ConversationId, DialogId};

/// A failed row is out of the way after so many tries.
pub(super) const TRIES: i64 = 3;

/// The columns that [`read_row`] reads.
macro_rules! row_columns {
    () => {
        "id, account, dialog, conversation, source, dedup_key, body, at, tries, parked_until"
    };
}
pub(super) use row_columns;

/// Makes a dialog ready when it was not so earlier, or makes it: `$values` are its account, id, conversation and the time.
macro_rules! make_ready {
    ($values:literal) => {
        concat!(
            "INSERT INTO dialog (account, id, conversation, ready_at) ",
            $values,
            " ON CONFLICT (account, id) DO UPDATE SET ready_at = CASE \
             WHEN dialog.ready_at < excluded.ready_at THEN dialog.ready_at ELSE excluded.ready_at END"
        )
    };
}
pub(super) use make_ready;

/// A row ready to be stored.
pub(super) struct SealedRow {
    pub(super) account: i64,
    pub(super) dialog: Option<String>,
    pub(super) conversation: Option<String>,
    pub(super) source: String,
    pub(super) dedup_key: String,
    pub(super) body: Vec<u8>,
    pub(super) at: i64,
}

impl SealedRow {
    /// Whether nothing can go wrong once it is stored.
    fn is_stored_at_once(&self) -> bool {
        self.dialog.is_none() || self.conversation.is_some()
    }
}

impl SqlStore {
    pub(super) async fn seal_row(&self, row: NewRow) -> Result<SealedRow, StoreError> {
        let keys = self.keys(row.account).await?;
        Ok(SealedRow {
            account: row.account.0,
            dialog: row.dialog.map(|dialog| dialog.0),
            conversation: row.conversation.map(|conversation| conversation.0),
            source: to_word(&row.source)?,
            dedup_key: row.dedup_key,
            body: keys.seal(Purpose::Inbox, &row.body)?,
            at: row.at,
        })
    }

    async fn seal_rows(&self, rows: Vec<NewRow>) -> Result<Vec<SealedRow>, StoreError> {
        let mut sealed = Vec::with_capacity(rows.len());
        for row in rows {
            sealed.push(self.seal_row(row).await?);
        }
        Ok(sealed)
    }
}

#[async_trait]
impl Inbox for SqlStore {
    async fn ingest(&self, rows: Vec<NewRow>) -> Result<Vec<bool>, StoreError> {
        let rows = self.seal_rows(rows).await?;
        let [row] = rows.as_slice() else {
            return self
                .write_arrival(rows, |db, rows| Box::pin(store_all(db, rows)))
                .await;
        };
        if row.is_stored_at_once() {
            self.write_arrival_at_once(rows, |db, rows| Box::pin(store_all(db, rows)))
                .await
        } else {
            self.write_arrival(rows, |db, rows| Box::pin(store_all(db, rows)))
                .await
        }
    }

    async fn file(&self, row: NewRow) -> Result<bool, StoreError> {
        let row = self.seal_row(row).await?;
        self.write_arrival_at_once(row, |db, row| {
            Box::pin(insert(db, insert_row!("done"), row, 0))
        })
        .await
    }

    async fn unrouted(&self, limit: u32) -> Result<Vec<InboxRow>, StoreError> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            row_columns!(),
            " FROM inbox WHERE state = 'new' AND dialog IS NULL ORDER BY id LIMIT $1"
        ))
        .bind(i64::from(limit))
        .fetch_all(self.readers())
        .await?;
        let mut opened = Vec::with_capacity(rows.len());
        for row in rows {
            let account = AccountId(row.try_get("account")?);
            let row = read_row(&row, &*self.keys(account).await?)?;
            if row.damaged {
                // It must not stand in the way of all others, and nobody knows whom it concerns.
                metrics::counter!("estafeta_events_unreadable_total").increment(1);
                self.set_aside(row.id).await?;
            } else {
                opened.push(row);
            }
        }
        Ok(opened)
    }

    async fn route(&self, routed: Vec<(i64, Vec<NewRow>)>) -> Result<(), StoreError> {
        let mut sealed = Vec::with_capacity(routed.len());
        for (id, rows) in routed {
            sealed.push((id, self.seal_rows(rows).await?));
        }
        self.write_passing(sealed, |db, sealed| Box::pin(route(db, sealed)))
            .await
    }
}

impl SqlStore {
    async fn set_aside(&self, id: i64) -> Result<(), StoreError> {
        self.write(id, |db, id| {
            Box::pin(async move {
                sqlx::query(
                    "UPDATE inbox SET state = 'poison', tries = $2 WHERE id = $1 AND state = 'new'",
                )
                .bind(id)
                .bind(TRIES)
                .execute(db)
                .await?;
                Ok(())
            })
        })
        .await
    }
}

async fn store_all(db: &mut Connection, rows: &[SealedRow]) -> Result<Vec<bool>, StoreError> {
    let mut new = Vec::with_capacity(rows.len());
    for row in rows {
        new.push(store(db, row, 0).await?);
    }
    Ok(new)
}

/// Stores a row unless it is a duplicate, and wakes its dialog. Whether it is new.
pub(super) async fn store(
    db: &mut Connection,
    row: &SealedRow,
    part: i64,
) -> Result<bool, StoreError> {
    if let (Some(dialog), Some(conversation)) = (&row.dialog, &row.conversation) {
        return store_and_wake(db, row, part, (dialog, conversation)).await;
    }
    if !insert(db, insert_row!("new"), row, part).await? {
        return Ok(false);
    }
    let Some(dialog) = &row.dialog else {
        return Ok(true);
    };
    if wake(db, row.account, dialog, row.at).await? {
        Ok(true)
    } else {
        // A row of a dialog that does not exist would never be handled.
        Err(StoreError::Database(
            "the row names a dialog that does not exist, and no conversation".to_owned(),
        ))
    }
}

/// Stores a row by `statement`. `false`: it is a duplicate.
pub(super) async fn insert(
    db: &mut Connection,
    statement: &'static str,
    row: &SealedRow,
    part: i64,
) -> Result<bool, StoreError> {
    let stored = sqlx::query(statement)
        .bind(row.account)
        .bind(row.dialog.as_deref())
        .bind(row.conversation.as_deref())
        .bind(&row.source)
        .bind(&row.dedup_key)
        .bind(part)
        .bind(row.body.as_slice())
        .bind(row.at)
        .execute(&mut *db)
        .await?;
    Ok(stored.rows_affected() > 0)
}

/// Makes a dialog ready at `at`, unless it is so earlier. Whether it exists.
pub(super) async fn wake(
    db: &mut Connection,
    account: i64,
    dialog: &str,
    at: i64,
) -> Result<bool, StoreError> {
    let woken = sqlx::query(
        "UPDATE dialog SET ready_at = CASE WHEN ready_at < $3 THEN ready_at ELSE $3 END \
         WHERE account = $1 AND id = $2",
    )
    .bind(account)
    .bind(dialog)
    .bind(at)
    .execute(db)
    .await?;
    Ok(woken.rows_affected() == 1)
}

/// Opens a row of [`row_columns`]. One that does not open is handed on as damaged: whoever handles it knows what its
/// guest needs.
pub(super) fn read_row(row: &DbRow, keys: &AccountKeys) -> Result<InboxRow, StoreError> {
    let id = row.try_get("id")?;
    let sealed: Vec<u8> = row.try_get("body")?;
    let source = from_word("source of a row", row.try_get("source")?);
    let opened = source.and_then(|source| Ok((source, keys.open(Purpose::Inbox, &sealed)?)));
    let damaged = opened.is_err();
    let (source, body) = opened.unwrap_or_else(|error| {
        tracing::error!(row = id, %error, "an inbox row does not open");
        (Source::Act, Vec::new())
    });
    Ok(InboxRow {
        id,
        row: NewRow {
            account: AccountId(row.try_get("account")?),
            dialog: row.try_get::<Option<_>, _>("dialog")?.map(DialogId),
            conversation: row
                .try_get::<Option<_>, _>("conversation")?
                .map(ConversationId),
            source,
            dedup_key: row.try_get("dedup_key")?,
            body,
            at: row.try_get("at")?,
        },
        tries: from_big("tries of a row", row.try_get("tries")?)?,
        parked_until: row.try_get("parked_until")?,
        damaged,
    })
}
