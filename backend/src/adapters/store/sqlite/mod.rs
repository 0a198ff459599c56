//! The store on `SQLite`: one file, one process, one writer, several readers.
//!
//! sqlx because the same statements serve `PostgreSQL`. WAL with `synchronous=FULL`: what was answered is on the disk.

mod budget;
mod dialogs;
mod erase;
mod history;
mod inbox;
mod journal;
mod kin;
mod ledger;
mod outbox;
mod policies;
mod prune;
mod reach;
mod registry;
#[cfg(test)]
mod tests;
mod writer;

use super::seal::{AccountKeys, MasterKey};
use crate::error::{StoreError, unquoted};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqlSafeStr, SqliteConnection, SqlitePool};
use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use widget_core::ids::AccountId;
use writer::{Work, Writer};

pub use history::SqliteHistory;

/// Connections that read beside the writer.
const READERS: u32 = 4;
/// How long a statement waits for another connection of this process.
const BUSY: Duration = Duration::from_secs(10);
/// [`BUSY`] as `SQLite` is told it.
const BUSY_TIMEOUT: &str = "PRAGMA busy_timeout = 10000";
/// The WAL file is cut back to this after a checkpoint, bytes.
const WAL_LIMIT: &str = "67108864";

/// `(number, name, statements)`, oldest first. One that was released never changes.
const MIGRATIONS: [(i64, &str, &str); 7] = [
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
        sqlx::query("UPDATE dialog SET leased = 0 WHERE leased = 1")
            .execute(&mut db)
            .await?;
        let master = MasterKey::new(master_key);
        check_master_key(&mut db, &master).await?;
        policies::seal_plain(&mut db, &master).await?;
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

    fn readers(&self) -> &SqlitePool {
        &self.0.readers
    }

    /// The account's keys; makes the account if this is its first use.
    async fn keys(&self, account: AccountId) -> Result<Arc<AccountKeys>, StoreError> {
        if let Some(keys) = self.known_keys(account).await? {
            return Ok(keys);
        }
        let new = self.0.master.new_account_key(account)?;
        let sealed: Vec<u8> = self
            .write(new, move |db, new| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT INTO account (id, key) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
                    )
                    .bind(account.0)
                    .bind(new.as_slice())
                    .execute(&mut *db)
                    .await?;
                    // Somebody else may have been first.
                    Ok(sqlx::query_scalar("SELECT key FROM account WHERE id = $1")
                        .bind(account.0)
                        .fetch_one(db)
                        .await?)
                })
            })
            .await?;
        self.remember_keys(account, &sealed)
    }

    /// The account's keys, if the account was ever used.
    async fn known_keys(&self, account: AccountId) -> Result<Option<Arc<AccountKeys>>, StoreError> {
        let known = {
            let keys = self.0.keys.lock().unwrap_or_else(PoisonError::into_inner);
            keys.get(&account).cloned()
        };
        if known.is_some() {
            return Ok(known);
        }
        let sealed: Option<Vec<u8>> = sqlx::query_scalar("SELECT key FROM account WHERE id = $1")
            .bind(account.0)
            .fetch_optional(self.readers())
            .await?;
        sealed
            .map(|sealed| self.remember_keys(account, &sealed))
            .transpose()
    }

    /// The account has no keys any more.
    fn forget_keys(&self, account: AccountId) {
        let mut keys = self.0.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.remove(&account);
    }

    fn remember_keys(
        &self,
        account: AccountId,
        sealed: &[u8],
    ) -> Result<Arc<AccountKeys>, StoreError> {
        let opened = Arc::new(self.0.master.account_keys(account, sealed)?);
        let mut keys = self.0.keys.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(keys.entry(account).or_insert(opened)))
    }
}

/// Runs a claim to its end even if the caller is dropped meanwhile, and then gives back what nobody took: on `SQLite` a
/// lease does not run out.
async fn deliver<T, B>(
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

fn migrations(all: &[(i64, &'static str, &'static str)]) -> Migrator {
    Migrator::with_migrations(
        all.iter()
            .map(|(version, name, sql)| {
                let kind = MigrationType::Simple;
                Migration::new(*version, (*name).into(), kind, (*sql).into_sql_str(), false)
            })
            .collect(),
    )
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

/// A wrong key is noticed at the start, not at the first guest.
async fn check_master_key(db: &mut SqliteConnection, master: &MasterKey) -> Result<(), StoreError> {
    let account: Option<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT id, key FROM account ORDER BY id LIMIT 1")
            .fetch_optional(db)
            .await?;
    match account {
        Some((id, sealed)) => master.account_keys(AccountId(id), &sealed).map(|_| ()),
        None => Ok(()),
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        StoreError::Database(error.to_string())
    }
}

fn to_json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Database(format!("a value does not serialise: {error}")))
}

fn from_json<T: DeserializeOwned>(what: &str, json: &str) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(|error| StoreError::Unreadable(unquoted(what, &error)))
}

/// A unit variant's stable name.
fn to_word<T: Serialize>(value: &T) -> Result<String, StoreError> {
    Ok(to_json(value)?.trim_matches('"').to_owned())
}

fn from_word<T: DeserializeOwned>(what: &str, word: &str) -> Result<T, StoreError> {
    from_json(what, &format!("\"{word}\""))
}

/// A counter as the database has it.
fn to_big(count: u64) -> Result<i64, StoreError> {
    i64::try_from(count).map_err(|_| StoreError::Database(format!("{count} is out of range")))
}

fn from_big<N: TryFrom<i64>>(what: &str, number: i64) -> Result<N, StoreError> {
    N::try_from(number).map_err(|_| StoreError::Unreadable(format!("{what}: {number}")))
}
