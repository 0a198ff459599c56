//! Moving all data from a file to a server, so that users who outgrow one machine change one setting.
//!
//! Rows are copied as they are, sealed values included, in batches; each batch notes in the same statement how far it
//! came, so a move that was cut off goes on where it stopped. A server that holds half of the data serves nobody, and a
//! file that was served meanwhile is not gone on with: the rows that were moved would be old.

use super::postgres::MOVING;
use super::{Place, PostgresStore, SqliteStore};
use crate::error::StoreError;
use crate::ports::{History, Outbox};
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};
use std::path::Path;
use std::sync::Arc;
use widget_core::change::Change;
use widget_core::dialog::Dialog;

/// Rows in one statement.
const BATCH: i64 = 500;

/// Every table, those first to which others point.
const TABLES: [&str; 23] = [
    "account",
    "dialog",
    "journal",
    "text",
    "inbox",
    "outbox",
    "ledger",
    "contact_phone",
    "jti",
    "policy",
    "place",
    "pause",
    "erasure",
    "reach",
    "crm_grant",
    "incident",
    "telling",
    "setup",
    "setup_link",
    "widget",
    "knowledge",
    "passage",
    "missed",
];
/// Under this name the server keeps the mark of the file.
const MARK: &str = "the file's mark";
/// Those whose ids the database gives.
const NUMBERED: [&str; 9] = [
    "text", "inbox", "outbox", "ledger", "place", "erasure", "incident", "telling", "passage",
];

/// How far a move is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Rows on the server.
    pub rows: u64,
    /// Rows in the file.
    pub of: u64,
}

/// A move that can go on.
pub struct Move {
    from: SqliteConnection,
    to: PgConnection,
    /// Keeps the file for us.
    file: SqliteStore,
    server: PostgresStore,
}

impl Move {
    /// Opens both. The file is brought up to date and what its last process had claimed is taken back, as at a start.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while a backend runs on either side. [`StoreError::Refused`] when the server holds data that
    /// no move has brought there, or what a move brought there before the file was served again.
    pub async fn begin(from: &Path, to: &Place, master_key: &[u8; 32]) -> Result<Self, StoreError> {
        let mark = mark_of(from).await?;
        let file = SqliteStore::open(from, master_key).await?;
        file.recover().await?;
        PostgresStore::prepare(&to.server()?).await?;
        let server = PostgresStore::connect(&to.server()?, master_key).await?;
        let mut begun = Self {
            from: SqliteConnectOptions::new().filename(from).connect().await?,
            server,
            file,
            to: to.server()?.connect().await?,
        };
        begun.start(mark).await?;
        begun.check_columns().await?;
        Ok(begun)
    }

    /// Moves the next rows; `None` when all are there.
    ///
    /// # Errors
    /// [`StoreError`] when either database fails; what was moved stays.
    pub async fn go_on(&mut self) -> Result<Option<Moved>, StoreError> {
        for table in TABLES {
            if self.move_some(table).await? > 0 {
                return Ok(Some(self.so_far().await?));
            }
        }
        Ok(None)
    }

    /// How far it is.
    ///
    /// # Errors
    /// [`StoreError`] when either database fails.
    pub async fn so_far(&mut self) -> Result<Moved, StoreError> {
        let mut of = 0;
        for table in TABLES {
            let count = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
            let count: i64 = sqlx::query_scalar(count).fetch_one(&mut self.from).await?;
            of += count.unsigned_abs();
        }
        let rows = AssertSqlSafe(format!(
            "SELECT COALESCE(SUM(rows), 0)::bigint FROM {MOVING}"
        ));
        let rows: i64 = sqlx::query_scalar(rows).fetch_one(&mut self.to).await?;
        Ok(Moved {
            rows: rows.unsigned_abs(),
            of,
        })
    }

    /// All journals on the server, to be verified with [`is_fold`].
    pub fn history(&self) -> Arc<dyn History> {
        Arc::new(self.server.history())
    }

    /// The state of a dialog on the server.
    ///
    /// # Errors
    /// [`StoreError`] when the server fails.
    pub async fn state(&self, of: &crate::ports::Recorded) -> Result<Option<Dialog>, StoreError> {
        crate::ports::Dialogs::dialog(&self.server, of.account, &of.dialog).await
    }

    /// Everything is there and verified: the server may serve.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when rows are missing.
    pub async fn finish(mut self) -> Result<(), StoreError> {
        for table in TABLES {
            let count = || AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
            let theirs: i64 = sqlx::query_scalar(count())
                .fetch_one(&mut self.from)
                .await?;
            let ours: i64 = sqlx::query_scalar(count()).fetch_one(&mut self.to).await?;
            if theirs != ours {
                return Err(StoreError::Refused(format!(
                    "{table}: {theirs} rows in the file, {ours} on the server"
                )));
            }
        }
        for table in NUMBERED {
            let last: Option<i64> =
                sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = $1")
                    .bind(table)
                    .fetch_optional(&mut self.from)
                    .await?;
            // No id is given twice, not even one whose row has gone.
            sqlx::query("SELECT setval(pg_get_serial_sequence($1, 'id'), $2)")
                .bind(table)
                .bind(last.unwrap_or(0).max(1))
                .execute(&mut self.to)
                .await?;
        }
        let over = AssertSqlSafe(format!("DROP TABLE {MOVING}"));
        sqlx::query(over).execute(&mut self.to).await?;
        self.from.close().await?;
        self.to.close().await?;
        self.file.close().await;
        self.server.close().await;
        Ok(())
    }

    /// Notes on both sides that a move has begun, if none has; otherwise makes sure that the file is as it was then.
    /// `mark`: of which move the file said that it is, when it was opened.
    async fn start(&mut self, mark: i32) -> Result<(), StoreError> {
        let begun = is_begun(&mut self.to).await?;
        let mark = if begun {
            let marked = AssertSqlSafe(format!("SELECT last FROM {MOVING} WHERE name = $1"));
            let marked: Option<i64> = sqlx::query_scalar(marked)
                .bind(MARK)
                .fetch_optional(&mut self.to)
                .await?;
            if marked != Some(i64::from(mark)) {
                let why = "the file was opened by a backend after this move began, so what is on the server is old: \
                           give server.database an empty database and move again";
                return Err(StoreError::Refused(why.to_owned()));
            }
            mark
        } else {
            new_mark()?
        };
        let keep = AssertSqlSafe(format!("PRAGMA user_version = {mark}"));
        sqlx::query(keep).execute(&mut self.from).await?;
        if begun {
            return Ok(());
        }
        // Sent as one: the table is there with its mark, or not at all.
        let name = MARK.replace('\'', "''");
        let create = AssertSqlSafe(format!(
            "CREATE TABLE {MOVING} (name TEXT PRIMARY KEY, last BIGINT NOT NULL, rows BIGINT NOT NULL); \
             INSERT INTO {MOVING} (name, last, rows) VALUES ('{name}', {mark}, 0)"
        ));
        sqlx::raw_sql(create).execute(&mut self.to).await?;
        Ok(())
    }

    async fn check_columns(&mut self) -> Result<(), StoreError> {
        for table in TABLES {
            self.columns(table).await?;
        }
        Ok(())
    }

    /// A table's columns, by name, with what they hold.
    async fn columns(&mut self, table: &str) -> Result<Vec<(String, Kind)>, StoreError> {
        let columns: Vec<(String, String)> = sqlx::query_as(
            "SELECT column_name::text, data_type::text FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position",
        )
        .bind(table)
        .fetch_all(&mut self.to)
        .await?;
        let columns = columns.into_iter().map(|(name, kind)| match kind.as_str() {
            "bigint" => Ok((name, Kind::Number)),
            "text" => Ok((name, Kind::Text)),
            "bytea" => Ok((name, Kind::Bytes)),
            other => Err(StoreError::Refused(format!("{table}.{name} is a {other}"))),
        });
        columns.collect()
    }

    /// Moves some rows of a table; answers how many.
    async fn move_some(&mut self, table: &str) -> Result<usize, StoreError> {
        let columns = self.columns(table).await?;
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(", ");
        let last = AssertSqlSafe(format!("SELECT last FROM {MOVING} WHERE name = $1"));
        let last: Option<i64> = sqlx::query_scalar(last)
            .bind(table)
            .fetch_optional(&mut self.to)
            .await?;
        let rows = AssertSqlSafe(format!(
            "SELECT rowid AS moved_up_to, {names} FROM {table} WHERE rowid > $1 ORDER BY rowid LIMIT $2"
        ));
        let rows = sqlx::query(rows)
            .bind(last.unwrap_or(i64::MIN))
            .bind(BATCH)
            .fetch_all(&mut self.from)
            .await?;
        let Some(end) = rows.last() else {
            return Ok(0);
        };
        let end: i64 = end.try_get("moved_up_to")?;
        let arrays: Vec<String> = (1..)
            .zip(&columns)
            .map(|(n, (_, kind))| format!("${n}::{}[]", kind.name()))
            .collect();
        // One statement: rows are there with the note of how far the move came, or not at all.
        let (table_at, end_at, rows_at) = (arrays.len() + 1, arrays.len() + 2, arrays.len() + 3);
        let insert = AssertSqlSafe(format!(
            "WITH moved AS (INSERT INTO {table} ({names}) SELECT * FROM UNNEST({})) \
             INSERT INTO {MOVING} (name, last, rows) VALUES (${table_at}, ${end_at}, ${rows_at}) \
             ON CONFLICT (name) DO UPDATE SET last = excluded.last, rows = {MOVING}.rows + excluded.rows",
            arrays.join(", ")
        ));
        let mut query = sqlx::query(insert);
        for (name, kind) in &columns {
            let name = name.as_str();
            query = match kind {
                Kind::Number => query.bind(column::<i64>(&rows, name)?),
                Kind::Text => query.bind(column::<String>(&rows, name)?),
                Kind::Bytes => query.bind(column::<Vec<u8>>(&rows, name)?),
            };
        }
        query
            .bind(table)
            .bind(end)
            .bind(i64::try_from(rows.len()).unwrap_or(i64::MAX))
            .execute(&mut self.to)
            .await?;
        Ok(rows.len())
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Number,
    Text,
    Bytes,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Number => "bigint",
            Self::Text => "text",
            Self::Bytes => "bytea",
        }
    }
}

fn column<'r, T>(
    rows: &'r [sqlx::sqlite::SqliteRow],
    name: &str,
) -> Result<Vec<Option<T>>, StoreError>
where
    T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    let values = rows.iter().map(|row| row.try_get::<Option<T>, _>(name));
    Ok(values.collect::<Result<_, _>>()?)
}

/// Of which move a file says that it is; 0 = of none. Whoever opens it to serve takes that away.
async fn mark_of(file: &Path) -> Result<i32, StoreError> {
    let mut db = SqliteConnectOptions::new().filename(file).connect().await?;
    let mark = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut db)
        .await?;
    db.close().await?;
    Ok(mark)
}

fn new_mark() -> Result<i32, StoreError> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes)
        .map_err(|_| StoreError::Database("the machine has no randomness".to_owned()))?;
    Ok((i32::from_le_bytes(bytes) & i32::MAX).max(1))
}

/// Whether a move to this server has begun.
async fn is_begun(to: &mut PgConnection) -> Result<bool, StoreError> {
    let begun: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(MOVING)
        .fetch_one(&mut *to)
        .await?;
    let holds_data = "SELECT EXISTS (SELECT 1 FROM account) OR EXISTS (SELECT 1 FROM erasure)";
    if !begun && sqlx::query_scalar(holds_data).fetch_one(to).await? {
        let why = "the server holds data already, and a move begins with an empty database";
        return Err(StoreError::Refused(why.to_owned()));
    }
    Ok(begun)
}

/// Whether a state is the fold of a journal (promise 7).
///
/// # Errors
/// [`StoreError::Unreadable`] when a row cannot be read.
pub fn is_fold(state: &Dialog, journal: &[crate::ports::JournalRow]) -> Result<bool, StoreError> {
    let mut rows = Vec::with_capacity(journal.len());
    for row in journal {
        let changes: Vec<Change> = super::common::from_json("changes of a row", &row.changes)?;
        rows.push((row.seq, row.at, changes));
    }
    let fresh = Dialog::new(state.id.clone(), state.account, state.conversation.clone());
    let folded = fresh.fold(
        rows.iter()
            .map(|(seq, at, changes)| (*seq, *at, changes.as_slice())),
    );
    Ok(folded == *state)
}

#[cfg(test)]
mod tests {
    use super::super::contract::{begun, dialog};
    use super::super::postgres::tests::url_of_a_new_schema;
    use super::*;
    use crate::clock::SystemClock;
    use crate::ports::{Dialogs, JournalRow, Store};
    use std::time::Duration;
    use tempfile::TempDir;
    use tokio::time::timeout;
    use widget_core::ids::AccountId;

    const MASTER: [u8; 32] = [42; 32];
    const ACCOUNT: AccountId = AccountId(1);
    const DIALOGS: usize = 3;

    /// A file with a few dialogs, and an empty place on a server.
    async fn before() -> (TempDir, std::path::PathBuf, Place) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("estafeta.sqlite");
        let file = SqliteStore::open(&path, &MASTER).await.unwrap();
        let store: Arc<dyn Store> = Arc::new(file.clone());
        for n in 0..DIALOGS {
            begun(&store, ACCOUNT, &format!("d{n}"), &[], &[]).await;
        }
        file.close().await;
        let place = Place::Server {
            url: url_of_a_new_schema().await,
            folder: folder.path().join("instance"),
        };
        (folder, path, place)
    }

    async fn join(place: &Place) -> Result<PostgresStore, StoreError> {
        let folder = TempDir::new().unwrap();
        let options = place.server()?;
        PostgresStore::join(&options, &MASTER, folder.path(), Arc::new(SystemClock)).await
    }

    /// Moves one batch and dies.
    async fn cut_off(path: &Path, place: &Place) -> Moved {
        let mut moving = Move::begin(path, place, &MASTER).await.unwrap();
        let moved = moving.go_on().await.unwrap().unwrap();
        assert!(moved.rows > 0 && moved.rows < moved.of, "{moved:?}");
        // The lock of the file goes with the process.
        moving.file.close().await;
        moved
    }

    #[tokio::test]
    async fn promise_2_nothing_lost_a_move_that_was_cut_off_goes_on_where_it_stopped() {
        let (_folder, path, place) = before().await;
        let halfway = cut_off(&path, &place).await;
        let early = join(&place).await.map(|_| ());
        assert!(matches!(early, Err(StoreError::Refused(_))), "{early:?}");

        let mut moving = Move::begin(&path, &place, &MASTER).await.unwrap();
        assert_eq!(moving.so_far().await.unwrap(), halfway);
        while moving.go_on().await.unwrap().is_some() {}
        moving.finish().await.unwrap();

        let server = join(&place).await.unwrap();
        for n in 0..DIALOGS {
            let id = dialog(&format!("d{n}"));
            let moved = server.dialog(ACCOUNT, &id).await.unwrap().unwrap();
            assert_eq!(moved.seq, 1);
        }
        server.close().await;
    }

    #[tokio::test]
    async fn promise_2_nothing_lost_wherever_a_move_is_dropped_it_goes_on() {
        let (_folder, path, place) = before().await;
        let mut moving = Move::begin(&path, &place, &MASTER).await.unwrap();
        let mut patience = Duration::ZERO;
        loop {
            let moved = timeout(patience, moving.go_on()).await;
            if matches!(moved, Ok(Ok(None))) {
                break;
            }
            assert!(!matches!(moved, Ok(Err(_))), "{moved:?}");
            patience += Duration::from_millis(1);
        }
        let Moved { rows, of } = moving.so_far().await.unwrap();
        assert_eq!(rows, of);
        moving.finish().await.unwrap();
        join(&place).await.unwrap().close().await;
    }

    #[tokio::test]
    async fn promise_2_nothing_lost_a_file_that_was_served_meanwhile_is_not_gone_on_with() {
        let (_folder, path, place) = before().await;
        cut_off(&path, &place).await;
        let served = SqliteStore::open(&path, &MASTER).await.unwrap();
        let store: Arc<dyn Store> = Arc::new(served.clone());
        begun(&store, ACCOUNT, "late", &[], &[]).await;
        served.close().await;

        let again = Move::begin(&path, &place, &MASTER).await.map(|_| ());
        assert!(matches!(again, Err(StoreError::Refused(_))), "{again:?}");
        let early = join(&place).await.map(|_| ());
        assert!(matches!(early, Err(StoreError::Refused(_))), "{early:?}");
    }

    #[tokio::test]
    async fn a_server_that_holds_data_takes_none_from_a_file() {
        let (_folder, path, place) = before().await;
        let server = join(&place).await.unwrap();
        let store: Arc<dyn Store> = Arc::new(server.clone());
        begun(&store, ACCOUNT, "theirs", &[], &[]).await;
        server.close().await;
        let moved = Move::begin(&path, &place, &MASTER).await.map(|_| ());
        assert!(matches!(moved, Err(StoreError::Refused(_))), "{moved:?}");
    }

    #[test]
    fn promise_7_replayable_a_state_that_is_not_the_fold_of_its_journal_is_seen() {
        let fresh = Dialog::new(dialog("a"), ACCOUNT, "thread".into());
        let row = JournalRow {
            seq: 1,
            at: 5,
            policy_version: 1,
            core_version: "test".to_owned(),
            event: "{}".to_owned(),
            changes: "[]".to_owned(),
            actions: "[]".to_owned(),
            trace: "[]".to_owned(),
        };
        let none: &[Change] = &[];
        let folded = fresh.clone().fold([(1, 5, none)]);
        let journal = [row];
        assert!(is_fold(&folded, &journal).unwrap());
        assert!(
            !is_fold(&fresh, &journal).unwrap(),
            "a row is missing in the state"
        );
        assert!(
            !is_fold(&folded, &[]).unwrap(),
            "a row is missing in the journal"
        );
    }
}
