//! What `PostgreSQL` says otherwise than `SQLite`: everything else in `../sql` is the same text for both.
//!
//! `SQLite` has one writer, so nothing changes between two statements of a transaction. Here others write at the same
//! time, and a transaction that judges by what it reads makes them wait: whoever changes or judges what belongs to a
//! dialog holds the dialog's row first.

use super::super::common::Held;
use super::super::common::insert_row;
use super::dialogs::{Leased, read_leased};
use super::inbox::{SealedRow, make_ready};
use crate::error::StoreError;
use sqlx::Row;
use sqlx::postgres::{PgArguments, PgConnection, PgPool, PgRow, Postgres};
use sqlx::query::Query;

pub(super) type Connection = PgConnection;
pub(super) type Pool = PgPool;
pub(super) type DbRow = PgRow;

/// A text or truth in a JSON column, by its path.
macro_rules! json_text {
    ($column:literal, $first:literal $(, $key:literal)*) => {
        concat!("(", $column, "::jsonb #>> '{", $first $(, ",", $key)*, "}')")
    };
}
pub(super) use json_text;

/// A number in a JSON column, by its path.
macro_rules! json_number {
    ($column:literal $(, $key:literal)+) => {
        concat!($crate::adapters::store::postgres::dialect::json_text!($column $(, $key)+), "::bigint")
    };
}
pub(super) use json_number;

/// The numbers of a JSON list, to be found `IN`.
macro_rules! listed {
    ($list:literal) => {
        concat!(
            "(SELECT value::bigint FROM jsonb_array_elements_text(",
            $list,
            "::jsonb))"
        )
    };
}
pub(super) use listed;

/// Whether a passage has one of the terms of [`any_of`].
macro_rules! has_terms {
    ($terms:literal) => {
        concat!(
            "array_to_tsvector(string_to_array(terms, ' ')) @@ (",
            $terms,
            ")::tsquery"
        )
    };
}
pub(super) use has_terms;

/// Any of these terms, letters and digits alone, as [`has_terms!`] reads it.
pub(super) fn any_of(terms: &[String]) -> String {
    let quoted: Vec<String> = terms.iter().map(|term| format!("'{term}'")).collect();
    quoted.join(" | ")
}

/// Where a row lies.
macro_rules! row_id {
    () => {
        "ctid"
    };
}
pub(super) use row_id;

/// The database's time, unix ms.
macro_rules! db_now {
    () => {
        "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint"
    };
}
pub(super) use db_now;

/// An empty blob.
macro_rules! empty {
    () => {
        "''::bytea"
    };
}
pub(super) use empty;

/// A change that finds nothing costs no more than a look.
pub(super) const LOOKS_FIRST: bool = false;

/// The end of a query whose rows nobody else may change before the transaction is over.
macro_rules! for_update {
    () => {
        " FOR UPDATE"
    };
}
pub(super) use for_update;

/// The same for a query that passes over what somebody else holds.
macro_rules! skip_held {
    () => {
        " FOR UPDATE SKIP LOCKED"
    };
}
pub(super) use skip_held;

/// Seals a text `$3` unless the dialog has the same one already, and answers its id: somebody else may have been first, then
/// the row is answered as it is. The look for it is part of the statement: one way to the server and back.
macro_rules! put_text {
    () => {
        "WITH known AS (SELECT id FROM text WHERE account = $1 AND dialog = $2 AND same = $4), \
         new AS (INSERT INTO text (account, dialog, body, same, echo) SELECT $1, $2, $3, $4, $5 \
                 WHERE NOT EXISTS (SELECT 1 FROM known) \
                 ON CONFLICT (account, dialog, same) DO UPDATE SET same = excluded.same RETURNING id) \
         SELECT id FROM known UNION ALL SELECT id FROM new"
    };
}
pub(super) use put_text;

/// The dialog that a change leases, with its rows that are ready at `$1`, oldest first, and whether another dialog of
/// format `$3` is: in one way to the server and back.
/// A row that arrives at the same moment may be missed: its dialog is ready again after the commit.
macro_rules! leasing {
    ($change:expr) => {
        concat!(
            "WITH leased AS (",
            $change,
            " RETURNING ",
            $crate::adapters::store::common::leased_columns!(),
            ") SELECT leased.*, EXISTS (SELECT 1 FROM dialog WHERE leased = 0 AND ready_at <= $1 AND format <= $3 \
             AND (account, id) <> (leased_account, leased_dialog)) AS another_is_ready, inbox.* FROM leased LEFT JOIN LATERAL (SELECT ",
            $crate::adapters::store::postgres::inbox::row_columns!(),
            " FROM inbox WHERE account = leased_account AND dialog = leased_dialog AND state = 'new' \
             AND (parked_until IS NULL OR parked_until <= $1) ORDER BY id LIMIT ",
            $crate::adapters::store::common::most_rows!(),
            ") AS inbox ON TRUE ORDER BY inbox.id"
        )
    };
}
pub(super) use leasing;

/// Leases a dialog by a [`leasing!`].
pub(super) async fn lease(
    db: &mut Connection,
    lease: Query<'_, Postgres, PgArguments>,
    _now: i64,
) -> Result<Option<(Leased, Vec<DbRow>)>, StoreError> {
    let mut rows = lease.fetch_all(db).await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let mut leased = read_leased(first)?;
    leased.another_is_ready = first.try_get("another_is_ready")?;
    if first.try_get::<Option<i64>, _>("id")?.is_none() {
        rows.clear();
    }
    Ok(Some((leased, rows)))
}

/// Makes others wait for what this transaction looks at.
pub(super) async fn hold(db: &mut Connection, held: Held<'_>) -> Result<(), StoreError> {
    let name = match held {
        Held::Dialog(account, dialog) => {
            sqlx::query("SELECT 1 FROM dialog WHERE account = $1 AND id = $2 FOR UPDATE")
                .bind(account.0)
                .bind(&dialog.0)
                .execute(db)
                .await?;
            return Ok(());
        }
        Held::Deal(account, deal) => format!("deal/{account}/{deal}"),
        Held::Policy(account) => format!("policy/{account}"),
        Held::Knowledge(account) => format!("knowledge/{account}"),
        Held::Budget(account, class) => format!("budget/{account}/{}", class.name()),
    };
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(name)
        .execute(db)
        .await?;
    Ok(())
}

/// Stores a row that may make its dialog, and wakes it, in one statement. Whether the row is new.
pub(super) async fn store_and_wake(
    db: &mut Connection,
    row: &SealedRow,
    part: i64,
    (dialog, conversation): (&str, &str),
) -> Result<bool, StoreError> {
    let woken = sqlx::query(concat!(
        "WITH stored AS (",
        insert_row!("new"),
        " RETURNING at) ",
        make_ready!("SELECT $1, $2, $3, at FROM stored")
    ))
    .bind(row.account)
    .bind(dialog)
    .bind(conversation)
    .bind(&row.source)
    .bind(&row.dedup_key)
    .bind(part)
    .bind(row.body.as_slice())
    .bind(row.at)
    .execute(db)
    .await?;
    Ok(woken.rows_affected() > 0)
}
