//! What `SQLite` says otherwise than `PostgreSQL`: everything else in `../sql` is the same text for both.

use crate::error::StoreError;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection, SqlitePool, SqliteRow};
use std::future::{Ready, ready};

use super::super::common::{Held, insert_row, most_rows};
use super::dialogs::{Leased, read_leased};
use super::inbox::{SealedRow, insert, make_ready, row_columns};
use widget_core::dialog::FORMAT;

pub(super) type Connection = SqliteConnection;
pub(super) type Pool = SqlitePool;
pub(super) type DbRow = SqliteRow;

/// A text or truth in a JSON column, by its path.
macro_rules! json_text {
    ($column:literal $(, $key:literal)+) => { concat!("json_extract(", $column, ", '$" $(, ".", $key)+, "')") };
}
pub(super) use json_text;

/// A number in a JSON column, by its path.
macro_rules! json_number {
    ($column:literal $(, $key:literal)+) => { $crate::adapters::store::sqlite::dialect::json_text!($column $(, $key)+) };
}
pub(super) use json_number;

/// The numbers of a JSON list, to be found `IN`.
macro_rules! listed {
    ($list:literal) => {
        concat!("(SELECT value FROM json_each(", $list, "))")
    };
}
pub(super) use listed;

/// Whether a passage has one of the terms of [`any_of`].
macro_rules! has_terms {
    ($terms:literal) => {
        concat!(
            "id IN (SELECT rowid FROM passage_terms WHERE passage_terms MATCH ",
            $terms,
            ")"
        )
    };
}
pub(super) use has_terms;

/// Any of these terms, letters and digits alone, as [`has_terms!`] reads it.
pub(super) fn any_of(terms: &[String]) -> String {
    if terms.is_empty() {
        // There is no such term.
        return "\"\"".to_owned();
    }
    let quoted: Vec<String> = terms.iter().map(|term| format!("\"{term}\"")).collect();
    quoted.join(" OR ")
}

/// Where a row lies.
macro_rules! row_id {
    () => {
        "rowid"
    };
}
pub(super) use row_id;

/// The machine's time, unix ms.
macro_rules! db_now {
    () => {
        "CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)"
    };
}
pub(super) use db_now;

/// An empty blob.
macro_rules! empty {
    () => {
        "x''"
    };
}
pub(super) use empty;

/// One writer: a look beside it costs less than a change that finds nothing.
pub(super) const LOOKS_FIRST: bool = true;

/// The end of a query whose rows nobody else may change before the transaction is over: the one writer is alone.
macro_rules! for_update {
    () => {
        ""
    };
}
pub(super) use for_update;

/// The same for a query that passes over what somebody else holds.
macro_rules! skip_held {
    () => {
        ""
    };
}
pub(super) use skip_held;

/// Seals a text `$3` unless the dialog has the same one already, and answers its id: somebody else may have been first, then
/// the row is answered as it is.
macro_rules! put_text {
    () => {
        "INSERT INTO text (account, dialog, body, same, echo) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (account, dialog, same) DO UPDATE SET same = excluded.same RETURNING id"
    };
}
pub(super) use put_text;

/// The dialog that a change leases.
macro_rules! leasing {
    ($change:expr) => {
        concat!(
            $change,
            " RETURNING ",
            $crate::adapters::store::common::leased_columns!()
        )
    };
}
pub(super) use leasing;

/// Leases a dialog by a [`leasing!`], and finds its rows that are ready at `now`, oldest first, and whether another dialog
/// is.
pub(super) async fn lease(
    db: &mut Connection,
    lease: Query<'_, Sqlite, SqliteArguments>,
    now: i64,
) -> Result<Option<(Leased, Vec<DbRow>)>, StoreError> {
    let Some(leased) = lease.fetch_optional(&mut *db).await? else {
        return Ok(None);
    };
    let mut leased = read_leased(&leased)?;
    let rows = sqlx::query(concat!(
        "SELECT ",
        row_columns!(),
        " FROM inbox WHERE account = $1 AND dialog = $2 AND state = 'new' \
         AND (parked_until IS NULL OR parked_until <= $3) ORDER BY id LIMIT ",
        most_rows!()
    ))
    .bind(leased.lease.account.0)
    .bind(&leased.lease.dialog.0)
    .bind(now)
    .fetch_all(&mut *db)
    .await?;
    let another =
        "SELECT EXISTS (SELECT 1 FROM dialog WHERE leased = 0 AND ready_at <= $1 AND format <= $2)";
    let another = sqlx::query_scalar(another).bind(now).bind(FORMAT);
    leased.another_is_ready = another.fetch_one(db).await?;
    Ok(Some((leased, rows)))
}

/// Makes others wait for what this transaction looks at: the one writer is alone.
pub(super) fn hold(_: &mut Connection, _: Held<'_>) -> Ready<Result<(), StoreError>> {
    ready(Ok(()))
}

/// Stores a row that may make its dialog, and wakes it. Whether the row is new.
pub(super) async fn store_and_wake(
    db: &mut Connection,
    row: &SealedRow,
    part: i64,
    (dialog, conversation): (&str, &str),
) -> Result<bool, StoreError> {
    if !insert(db, insert_row!("new"), row, part).await? {
        return Ok(false);
    }
    sqlx::query(make_ready!("VALUES ($1, $2, $3, $4)"))
        .bind(row.account)
        .bind(dialog)
        .bind(conversation)
        .bind(row.at)
        .execute(db)
        .await?;
    Ok(true)
}
