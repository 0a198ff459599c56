//! What both databases' modules share that is no statement.

use crate::error::{StoreError, unquoted};
use crate::ports::{Class, Commit};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgDatabaseError, PgSeverity};
use std::pin::Pin;
use tokio::sync::oneshot;
use widget_core::ids::{AccountId, DealId, DialogId};
use widget_core::owner::Owner;

/// `PostgreSQL` has undone one of two transactions that wait for each other.
const DEADLOCK: &str = "40P01";
/// `PostgreSQL` has undone a transaction that saw what is not so any more.
const NOT_SERIALISABLE: &str = "40001";
/// The server does not know whether a statement took effect: its connection to another one failed in between, say.
const UNKNOWN: [&str; 2] = ["08", "40003"];
/// A function of ours found that the caller may not write any more.
const LEASE_LOST: &str = "ES001";
/// `PostgreSQL`'s class of values that a column cannot hold.
const UNFIT: &str = "22";
/// `PostgreSQL`'s class of rows that break a rule of their table.
const BROKEN_RULE: &str = "23";
/// A function of ours refused what would break a promise.
const REFUSED: &str = "ES002";

/// A hint can be about what a read of the CRM missed that began so long after it, ms: two clocks are compared.
pub(super) const SLACK: i64 = 2_000;

/// What a job does on a connection, in a transaction of its own.
pub(super) type Work<'c, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'c>>;

/// Stores a row in this state, if it is none that is there already.
macro_rules! insert_row {
    ($state:literal) => {
        concat!(
            "INSERT INTO inbox (account, dialog, conversation, source, dedup_key, part, body, at, state) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '",
            $state,
            "') ON CONFLICT (account, source, dedup_key, part) DO NOTHING"
        )
    };
}
pub(super) use insert_row;

/// When a dialog's next row is ready, or its next timer, which is due at `$due`.
macro_rules! soonest {
    ($due:literal) => {
        concat!(
            "(SELECT MIN(soon) FROM ( \
                 SELECT MIN(COALESCE(parked_until, at)) AS soon FROM inbox \
                 WHERE account = $1 AND dialog = $2 AND state = 'new' \
                 UNION ALL SELECT ",
            $due,
            " AS soon) AS soonest)"
        )
    };
}
pub(super) use soonest;

/// What is read of a dialog that was just leased.
macro_rules! leased_columns {
    () => {
        "account AS leased_account, id AS leased_dialog, conversation AS leased_conversation, \
         token AS leased_token, state AS leased_state, due_at AS leased_due_at, \
         (SELECT t.body FROM text t WHERE t.account = dialog.account AND t.id = dialog.guest) AS leased_guest"
    };
}
pub(super) use leased_columns;

/// What is read of an action that was just claimed, with what carrying it out needs: still sealed.
macro_rules! claimed_columns {
    () => {
        "id, account, dialog, key, lane, action, text, phase, checks, tries, claimed, claimed_at, created_at, sought_from, \
         failing_since, token, not_before, \
         (SELECT d.state FROM dialog d WHERE d.account = outbox.account AND d.id = outbox.dialog) AS dialog_state, \
         (SELECT t.body FROM dialog d JOIN text t ON t.account = d.account AND t.id = d.guest \
          WHERE d.account = outbox.account AND d.id = outbox.dialog) AS guest, \
         (SELECT t.body FROM text t WHERE t.account = outbox.account AND t.id = outbox.text) AS words"
    };
}
pub(super) use claimed_columns;

/// No earlier open action of its dialog and lane stands before it.
macro_rules! is_first {
    () => {
        " AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.state = 'open' AND p.account = o.account \
              AND p.dialog = o.dialog AND p.lane = o.lane AND p.id < o.id)"
    };
}
pub(super) use is_first;

/// A claim takes so many rows.
macro_rules! most_rows {
    () => {
        "50"
    };
}
pub(super) use most_rows;

/// What a transaction makes others wait for.
pub(super) enum Held<'a> {
    /// All that belongs to a dialog.
    Dialog(AccountId, &'a DialogId),
    /// Which dialogs are bound to a deal.
    Deal(AccountId, DealId),
    /// An account's rules.
    Policy(AccountId),
    /// An account's knowledge base.
    Knowledge(AccountId),
    /// What is left of a provider's limit.
    Budget(AccountId, Class),
}

/// Runs a claim to its end even if the caller is dropped meanwhile, and then gives back what nobody took: on `SQLite` a
/// lease does not run out while its process lives.
pub(super) async fn deliver<T, B>(
    claim: impl Future<Output = Result<Option<T>, StoreError>> + Send + 'static,
    give_back: B,
) -> Result<Option<T>, StoreError>
where
    T: Send + 'static,
    B: FnOnce(T) -> Work<'static, ()> + Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    tokio::spawn(async move {
        if let Err(Ok(Some(untaken))) = sender.send(claim.await)
            && let Err(error) = give_back(untaken).await
        {
            tracing::error!(%error, "a claim that nobody took could not be given back");
        }
    });
    receiver
        .await
        .map_err(|_| StoreError::Database("the store is shutting down".to_owned()))?
}

/// `(number, name, statements)`, oldest first, as sqlx runs them.
pub(super) fn migrations(all: &[(i64, &'static str, &'static str)]) -> Migrator {
    Migrator::with_migrations(
        all.iter()
            .map(|(version, name, sql)| {
                let kind = MigrationType::Simple;
                Migration::new(*version, (*name).into(), kind, (*sql).into_sql_str(), false)
            })
            .collect(),
    )
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code);
        match code.as_deref() {
            Some(DEADLOCK | NOT_SERIALISABLE) => StoreError::Collided,
            Some(LEASE_LOST) => StoreError::LeaseLost,
            // What does not fit is undone for certain, and will not fit the next time either.
            Some(code)
                if code.len() == 5
                    && (code.starts_with(UNFIT) || code.starts_with(BROKEN_RULE)) =>
            {
                StoreError::Refused(error.to_string())
            }
            Some(REFUSED) => StoreError::Refused(error.to_string()),
            _ if is_undone(&error) => StoreError::Undone(error.to_string()),
            _ => StoreError::Database(error.to_string()),
        }
    }
}

/// Whether the server has undone what failed, for certain: it says why, and goes on with the connection. A lock that was not to
/// be had (55P03), a statement that was cancelled (57014), a disk that is full (53100), a table that is not there (42P01).
/// Where it ends the connection, or says nothing any more, a commit may have been on its way.
fn is_undone(error: &sqlx::Error) -> bool {
    let error = error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    error.is_some_and(|error| {
        let is_unknown = UNKNOWN.iter().any(|code| error.code().starts_with(code));
        error.severity() == PgSeverity::Error && !is_unknown
    })
}

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Database(format!("a value does not serialise: {error}")))
}

pub(super) fn from_json<T: DeserializeOwned>(what: &str, json: &str) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|error| StoreError::Unreadable(unquoted(what, &error)))
}

/// A unit variant's stable name.
pub(super) fn to_word<T: Serialize>(value: &T) -> Result<String, StoreError> {
    Ok(to_json(value)?.trim_matches('"').to_owned())
}

pub(super) fn from_word<T: DeserializeOwned>(what: &str, word: &str) -> Result<T, StoreError> {
    from_json(what, &format!("\"{word}\""))
}

/// A counter as the database has it.
pub(super) fn to_big(count: u64) -> Result<i64, StoreError> {
    i64::try_from(count).map_err(|_| StoreError::Database(format!("{count} is out of range")))
}

pub(super) fn from_big<N: TryFrom<i64>>(what: &str, number: i64) -> Result<N, StoreError> {
    N::try_from(number).map_err(|_| StoreError::Unreadable(format!("{what}: {number}")))
}

/// Refuses what would break *state is the fold of the journal*, whose last row is `seq`, or would write to another dialog.
pub(super) fn check(commit: &Commit, mut seq: u64) -> Result<(), StoreError> {
    let refuse = |why: String| Err(StoreError::Refused(why));
    let Commit { lease, state, .. } = commit;
    if state.account != lease.account || state.id != lease.dialog {
        return refuse("the state is of another dialog than the lease".to_owned());
    }
    for row in &commit.journal {
        if row.seq != seq + 1 {
            return refuse(format!("journal row {} after {seq}", row.seq));
        }
        seq = row.seq;
    }
    if state.seq != seq {
        return refuse(format!(
            "state of row {} with a journal up to {seq}",
            state.seq
        ));
    }
    Ok(())
}

/// What kind of owner leads a dialog, as the store names it.
pub(super) fn owner_kind(owner: &Owner) -> &'static str {
    match owner {
        Owner::Bot => "bot",
        Owner::Waiting { .. } => "waiting",
        Owner::Manager { .. } => "manager",
    }
}
