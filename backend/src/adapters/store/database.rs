//! Which database it is: a file of this machine, or a server.

use super::{PostgresHistory, PostgresStore, SqliteHistory, SqliteStore};
use crate::clock::{Clock, SystemClock};
use crate::error::StoreError;
use crate::ports::{History, Store};
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

/// The database's name in the data folder.
const FILE: &str = "estafeta.sqlite";

/// Where a database lies.
#[derive(Debug, Clone)]
pub enum Place {
    /// In this file.
    File(PathBuf),
    /// On a server.
    Server {
        /// Its `postgres://` URL, which may hold a password.
        url: SecretString,
        /// What an instance keeps beside it, on its machine.
        folder: PathBuf,
    },
}

impl Place {
    /// The server's database if there is one, otherwise the file in the data folder.
    pub fn of(folder: &Path, server: Option<&SecretString>) -> Self {
        match server {
            Some(url) => Self::Server {
                url: url.clone(),
                folder: folder.to_owned(),
            },
            None => Self::File(folder.join(FILE)),
        }
    }

    /// How to connect to the server.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where there is none.
    pub(super) fn server(&self) -> Result<PgConnectOptions, StoreError> {
        match self {
            Self::Server { url, .. } => server(url),
            Self::File(_) => Err(StoreError::Refused("it is a file".to_owned())),
        }
    }

    /// Whether the database may be there: a file that is missing was never made.
    pub fn may_exist(&self) -> bool {
        match self {
            Self::File(file) => file.exists(),
            Self::Server { .. } => true,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => file.display().fmt(f),
            Self::Server { .. } => f.write_str("the database of server.database"),
        }
    }
}

/// An open database.
#[derive(Clone)]
pub enum Database {
    /// `SQLite`, for one process.
    Sqlite(SqliteStore),
    /// `PostgreSQL`, for several.
    Postgres(PostgresStore),
}

impl Database {
    /// Opens it to serve: makes it if it is missing and brings it up to date.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when it is for one process and another has it open; see [`SqliteStore::open`] and
    /// [`PostgresStore::join`].
    pub async fn open(place: &Place, master_key: &[u8; 32]) -> Result<Self, StoreError> {
        Ok(match place {
            Place::File(file) => Self::Sqlite(SqliteStore::open(file, master_key).await?),
            Place::Server { url, folder } => {
                let machine = Arc::new(SystemClock);
                Self::Postgres(
                    PostgresStore::join(&server(url)?, master_key, folder, machine).await?,
                )
            }
        })
    }

    /// Opens it for changes in the place of the backend.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while a backend runs.
    pub async fn open_alone(place: &Place, master_key: &[u8; 32]) -> Result<Self, StoreError> {
        Ok(match place {
            Place::File(file) => Self::Sqlite(SqliteStore::open(file, master_key).await?),
            Place::Server { url, folder } => {
                Self::Postgres(PostgresStore::join_alone(&server(url)?, master_key, folder).await?)
            }
        })
    }

    /// Opens it to read, beside a backend that runs or without one.
    ///
    /// # Errors
    /// [`StoreError::Empty`] before a server's first start. [`StoreError::Database`] when there is none, or one of another
    /// version of Estafeta.
    pub async fn open_to_read(place: &Place, master_key: &[u8; 32]) -> Result<Self, StoreError> {
        Ok(match place {
            Place::File(file) => Self::Sqlite(SqliteStore::open_to_read(file, master_key).await?),
            Place::Server { url, .. } => {
                Self::Postgres(PostgresStore::connect(&server(url)?, master_key).await?)
            }
        })
    }

    /// Opens it beside a backend that runs, to leave it a wish.
    ///
    /// # Errors
    /// [`StoreError::Database`] when there is none, or one of another version of Estafeta.
    pub async fn open_beside(place: &Place, master_key: &[u8; 32]) -> Result<Self, StoreError> {
        Ok(match place {
            Place::File(file) => Self::Sqlite(SqliteStore::open_beside(file, master_key).await?),
            Place::Server { url, .. } => {
                Self::Postgres(PostgresStore::connect(&server(url)?, master_key).await?)
            }
        })
    }

    /// What the flow works with.
    pub fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Sqlite(store) => Arc::new(store.clone()),
            Self::Postgres(store) => Arc::new(store.clone()),
        }
    }

    /// The time by which everybody goes who serves it: the machine's, or where there are several machines the database's.
    pub fn clock(&self, machine: Arc<dyn Clock>) -> Arc<dyn Clock> {
        match self {
            Self::Sqlite(_) => machine,
            Self::Postgres(store) => Arc::new(store.clock()),
        }
    }

    /// Whether no other instance serves it.
    pub fn is_alone(&self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            Self::Postgres(store) => store.is_alone(),
        }
    }

    /// Finishes what is being written and closes it. Later calls fail.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(store) => store.close().await,
        }
    }
}

/// Opens all journals to read, for `readers` at once, beside a backend that runs or without one.
///
/// # Errors
/// [`StoreError::Database`] when there are none, or they are of another version of Estafeta.
pub async fn history(place: &Place, readers: u32) -> Result<Arc<dyn History>, StoreError> {
    Ok(match place {
        Place::File(file) => Arc::new(SqliteHistory::open(file, readers).await?),
        Place::Server { url, .. } => Arc::new(PostgresHistory::open(&server(url)?, readers).await?),
    })
}

/// The error never repeats the URL: it may hold a password.
fn server(url: &SecretString) -> Result<PgConnectOptions, StoreError> {
    PgConnectOptions::from_str(url.expose_secret()).map_err(|_| {
        let why = "server.database is no URL of a PostgreSQL database";
        StoreError::Database(why.to_owned())
    })
}
