//! The store on `SQLite`: one file, one process, one writer, several readers.
//!
//! sqlx because the same statements serve `PostgreSQL`. WAL with `synchronous=FULL`: what was answered is on the disk.

mod changes;
mod dialect;
mod plain;
mod sends;
#[cfg(test)]
mod tests;
mod writer;

// The statements stand in `../sql`, once for both databases, and are compiled for each.
#[path = "../sql/budget.rs"]
mod budget;
#[path = "../sql/dialogs.rs"]
mod dialogs;
#[path = "../sql/erase.rs"]
mod erase;
#[path = "../sql/grants.rs"]
mod grants;
#[path = "../sql/history.rs"]
mod history;
#[path = "../sql/inbox.rs"]
mod inbox;
#[path = "../sql/incidents.rs"]
mod incidents;
#[path = "../sql/journal.rs"]
mod journal;
#[path = "../sql/keys.rs"]
mod keys;
#[path = "../sql/kin.rs"]
mod kin;
#[path = "../sql/knowledge.rs"]
mod knowledge;
#[path = "../sql/ledger.rs"]
mod ledger;
#[path = "../sql/outbox.rs"]
mod outbox;
#[path = "../sql/policies.rs"]
mod policies;
#[path = "../sql/prune.rs"]
mod prune;
#[path = "../sql/reach.rs"]
mod reach;
#[path = "../sql/registry.rs"]
mod registry;
#[path = "../sql/setups.rs"]
mod setups;

use super::common::{Work, migrations};
use super::seal::{AccountKeys, MasterKey};
use crate::error::StoreError;
use crate::ports::{Duty, Instances, Lane, Lease, News};
use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection, SqlitePool};
use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use widget_core::ids::AccountId;
use writer::Writer;

use SqliteStore as SqlStore;
pub use history::SqlHistory as SqliteHistory;

/// The only instance's number.
const HOLDER: i64 = 1;
/// Connections that read beside the writer.
const READERS: u32 = 4;
/// How long a statement waits for another connection of this process.
const BUSY: Duration = Duration::from_secs(10);
/// [`BUSY`] as `SQLite` is told it.
const BUSY_TIMEOUT: &str = "PRAGMA busy_timeout = 10000";
/// The WAL file is cut back to this after a checkpoint, bytes.
const WAL_LIMIT: &str = "67108864";

/// `(number, name, statements)`, oldest first. One that was released never changes.
const MIGRATIONS: [(i64, &str, &str); 17] = [
    (
        1,
        "start",
        include_str!("../../../../migrations/sqlite/0001_start.sql"),
    ),
    (
        2,
        "policy_origin",
        include_str!("../../../../migrations/sqlite/0002_policy_origin.sql"),
    ),
    (
        3,
        "budgets",
        include_str!("../../../../migrations/sqlite/0003_budgets.sql"),
    ),
    (
        4,
        "privacy",
        include_str!("../../../../migrations/sqlite/0004_privacy.sql"),
    ),
    (
        5,
        "reach",
        include_str!("../../../../migrations/sqlite/0005_reach.sql"),
    ),
    (
        6,
        "hints",
        include_str!("../../../../migrations/sqlite/0006_hints.sql"),
    ),
    (
        7,
        "timers",
        include_str!("../../../../migrations/sqlite/0007_timers.sql"),
    ),
    (
        8,
        "holders",
        include_str!("../../../../migrations/sqlite/0008_holders.sql"),
    ),
    (
        9,
        "grants",
        include_str!("../../../../migrations/sqlite/0009_grants.sql"),
    ),
    (
        11,
        "dialog_ids",
        include_str!("../../../../migrations/sqlite/0011_dialog_ids.sql"),
    ),
    (
        12,
        "format",
        include_str!("../../../../migrations/sqlite/0012_format.sql"),
    ),
    (
        13,
        "setup",
        include_str!("../../../../migrations/sqlite/0013_setup.sql"),
    ),
    (
        17,
        "alerts",
        include_str!("../../../../migrations/sqlite/0017_alerts.sql"),
    ),
    (
        21,
        "widget",
        include_str!("../../../../migrations/sqlite/0021_widget.sql"),
    ),
    (
        25,
        "policy_user",
        include_str!("../../../../migrations/sqlite/0025_policy_user.sql"),
    ),
    (
        26,
        "knowledge",
        include_str!("../../../../migrations/sqlite/0026_knowledge.sql"),
    ),
    (
        40,
        "edition",
        include_str!("../../../../migrations/sqlite/0040_edition.sql"),
    ),
];

/// Estafeta's store in one `SQLite` file. Clones share it.
#[derive(Clone)]
pub struct SqliteStore(Arc<Shared>);

struct Shared {
    writer: Writer,
    writing: Mutex<Option<JoinHandle<()>>>,
    readers: SqlitePool,
    master: MasterKey,
    keys: Mutex<HashMap<AccountId, Arc<AccountKeys>>>,
}

impl SqliteStore {
    /// Opens the database at `path`, makes it and its folder if missing, brings it up to date, and takes back the
    /// leases of the process that had it before.
    ///
    /// `master_key` opens the accounts' keys; the database cannot be read without it.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has the database open (it holds the lock on `<path>.lock`).
    /// [`StoreError::Database`] when the database cannot be opened. [`StoreError::Unreadable`] when `master_key` is not the one that the
    /// database was made with.
    pub async fn open(path: &Path, master_key: &[u8; 32]) -> Result<Self, StoreError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| {
                StoreError::Database(format!("cannot make {}: {error}", folder.display()))
            })?;
        }
        let lock = take_lock(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .statement_cache_capacity(256)
            .pragma("journal_size_limit", WAL_LIMIT)
            // What is deleted is overwritten, not only forgotten.
            .pragma("secure_delete", "ON");
        let mut db = options.connect().await?;
        migrations(&MIGRATIONS)
            // `run` wants a connection of every lifetime at once, which a future that is `Send` cannot give.
            .run_direct(None, &mut db, false)
            .await
            .map_err(|error| StoreError::Database(format!("migration: {error}")))?;
        // A move to a server that has begun with the file as it was does not go on with what it becomes now.
        sqlx::query("PRAGMA user_version = 0")
            .execute(&mut db)
            .await?;
        for left_behind in [
            "UPDATE dialog SET leased = 0 WHERE leased <> 0",
            "UPDATE crm_grant SET renewing = 0 WHERE renewing <> 0",
            "UPDATE telling SET held_until = 0, token = token + 1 WHERE held_until <> 0",
        ] {
            sqlx::query(left_behind).execute(&mut db).await?;
        }
        let master = MasterKey::new(master_key);
        keys::check_master_key(&mut db, &master).await?;
        plain::seal_policies(&mut db, &master).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options.pragma("query_only", "ON"))
            .await?;
        let (writer, writing) = Writer::start(db, Some(lock));
        Ok(Self(Arc::new(Shared {
            writer,
            writing: Mutex::new(Some(writing)),
            readers,
            master,
            keys: Mutex::new(HashMap::new()),
        })))
    }

    /// Opens the database at `path` beside the process that has it open, to leave it a wish.
    ///
    /// # Errors
    /// [`StoreError::Database`] when there is no database yet, or one of another version of Estafeta.
    pub async fn open_beside(path: &Path, master_key: &[u8; 32]) -> Result<Self, StoreError> {
        let store = Self::open_to_read(path, master_key).await?;
        let db = SqliteConnectOptions::new()
            .filename(path)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY)
            .pragma("secure_delete", "ON")
            .connect()
            .await?;
        let (writer, writing) = Writer::start(db, None);
        Ok(Self(Arc::new(Shared {
            writer,
            writing: Mutex::new(Some(writing)),
            readers: store.0.readers.clone(),
            master: MasterKey::new(master_key),
            keys: Mutex::new(HashMap::new()),
        })))
    }

    /// Opens the database at `path` for reading, beside a process that has it open or without one. What would write
    /// fails.
    ///
    /// # Errors
    /// [`StoreError::Database`] when there is no database yet, or one of another version of Estafeta.
    pub async fn open_to_read(path: &Path, master_key: &[u8; 32]) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(BUSY)
            .pragma("query_only", "ON");
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options)
            .await?;
        check_version(&readers).await?;
        Ok(Self(Arc::new(Shared {
            writer: Writer::none(),
            writing: Mutex::new(None),
            readers,
            master: MasterKey::new(master_key),
            keys: Mutex::new(HashMap::new()),
        })))
    }

    /// Finishes the writes that wait, closes the database and lets go of its lock. Later calls fail.
    pub async fn close(&self) {
        self.0.readers.close().await;
        self.0.writer.close().await;
        if let Some(writing) = self.take_writing() {
            // It ends by itself; if it panicked there is nothing left to close.
            let _ = writing.await;
        }
    }

    fn take_writing(&self) -> Option<JoinHandle<()>> {
        let mut writing = self
            .0
            .writing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        writing.take()
    }

    /// Does `work` on `input` in a transaction of the one writer; answers after its commit. It may be done twice, when
    /// what was done beside it is undone.
    async fn write<I, T, F>(&self, input: I, work: F) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'c> Fn(&'c mut SqliteConnection, &'c I) -> Work<'c, T> + Send + 'static,
    {
        self.0.writer.write(input, work).await
    }

    /// The same for what arrives from outside; it waits behind nothing else.
    async fn write_arrival<I, T, F>(&self, input: I, work: F) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'c> Fn(&'c mut SqliteConnection, &'c I) -> Work<'c, T> + Send + 'static,
    {
        self.0.writer.write_arrival(input, work).await
    }

    /// As [`Self::write`], for one change with nothing but reads after it.
    async fn write_at_once<I, T, F>(&self, input: I, work: F) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'c> Fn(&'c mut SqliteConnection, &'c I) -> Work<'c, T> + Send + 'static,
    {
        self.write(input, work).await
    }

    /// As [`Self::write_at_once`]: with one writer that shares its fsyncs, lasting costs nothing more.
    async fn write_passing<I, T, F>(&self, input: I, work: F) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'c> Fn(&'c mut SqliteConnection, &'c I) -> Work<'c, T> + Send + 'static,
    {
        self.write(input, work).await
    }

    /// As [`Self::write_arrival`], for one change.
    async fn write_arrival_at_once<I, T, F>(&self, input: I, work: F) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'c> Fn(&'c mut SqliteConnection, &'c I) -> Work<'c, T> + Send + 'static,
    {
        self.write_arrival(input, work).await
    }

    fn readers(&self) -> &SqlitePool {
        &self.0.readers
    }

    /// The number of this instance.
    #[expect(clippy::unused_self, reason = "other databases have several instances")]
    fn holder(&self) -> i64 {
        HOLDER
    }

    /// Whether this instance is the one to carry out the account's actions.
    #[expect(clippy::unused_self, reason = "other databases have several instances")]
    fn serves(&self, _: AccountId) -> bool {
        true
    }

    /// Somebody of this process works under this lease from now on.
    #[expect(clippy::unused_self, reason = "other databases ask whether it is so")]
    fn holds(&self, _: Option<&Lease>) {}

    /// Nobody works under this lease any more.
    #[expect(clippy::unused_self, reason = "other databases ask whether it is so")]
    fn lets_go(&self, _: Option<&Lease>) {}

    /// Tells other instances that an account has actions in these lanes.
    #[expect(clippy::unused_self, reason = "other databases have several instances")]
    fn tell_of_acts(&self, _: AccountId, _: &[Lane]) {}

    /// Takes up the actions that the process before has left behind.
    async fn take_up(&self) -> Result<(), StoreError> {
        self.write((), |db, ()| {
            Box::pin(async move {
                outbox::forget_failures(db).await?;
                outbox::take_back(db, HOLDER).await
            })
        })
        .await
    }

    /// Takes what was erased out of the log beside the database. `false`: a reader still needs it.
    async fn empty_log(&self) -> Result<bool, StoreError> {
        self.0.writer.empty_log().await
    }
}

fn take_lock(path: &Path) -> Result<File, StoreError> {
    let lock = lock_path(path);
    let failed = |error: &dyn std::fmt::Display| format!("cannot lock {}: {error}", lock.display());
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock)
        .map_err(|error| StoreError::Database(failed(&error)))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(format!(
            "{} is in use by another process: it holds {}",
            path.display(),
            lock.display()
        ))),
        Err(TryLockError::Error(error)) => Err(StoreError::Database(failed(&error))),
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

/// Whoever only reads cannot bring the database up to date.
async fn check_version(db: &SqlitePool) -> Result<(), StoreError> {
    let theirs: Option<i64> = sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations")
        .fetch_one(db)
        .await?;
    let ours = MIGRATIONS.last().map(|(version, _, _)| *version);
    if theirs == ours {
        return Ok(());
    }
    let why = "the data are of another version of Estafeta: start this version's backend once";
    Err(StoreError::Database(why.to_owned()))
}

#[async_trait]
impl Instances for SqliteStore {
    fn serve(&self) {}

    async fn has(&self, _: Duty) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn hear(&self) -> News {
        std::future::pending().await
    }

    fn tell(&self, _: Vec<News>) {}
}

impl SqliteHistory {
    /// Opens the database at `path` beside the process that writes it: no lock, no migration, no write. Up to `readers`
    /// read at once.
    ///
    /// # Errors
    /// [`StoreError::Database`] when there is none, or one of another version of Estafeta.
    pub async fn open(path: &Path, readers: u32) -> Result<Self, StoreError> {
        if !path.exists() {
            let why = format!("there is no {}", path.display());
            return Err(StoreError::Database(why));
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .busy_timeout(BUSY);
        let pool = SqlitePoolOptions::new()
            .max_connections(readers)
            .connect_with(options)
            .await?;
        check_version(&pool).await?;
        Ok(Self(pool))
    }

    #[cfg(test)]
    fn pool(&self) -> &SqlitePool {
        &self.0
    }
}
