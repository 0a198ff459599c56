//! The backend's database, whichever it is, looked into beside the backend.
//!
//! Tests run on a file, or with `ESTAFETA_TEST_DATABASE=postgres` each in a schema of its own on the server that
//! `scripts/test` starts.

use super::World;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// Where a world's backend keeps its data.
#[derive(Debug, Clone)]
pub enum Kept {
    /// In a file of its folder.
    InAFile,
    /// In this schema of the server.
    InASchema(String),
}

/// A connection of its own.
pub enum Data {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Does the same on either database.
macro_rules! on {
    ($data:expr, $db:ident => $done:expr) => {
        match $data {
            $crate::harness::Data::Sqlite(mut $db) => $done,
            $crate::harness::Data::Postgres(mut $db) => $done,
        }
    };
}
pub(crate) use on;

/// The server that `scripts/test` has started.
pub fn server() -> PgConnectOptions {
    let url = std::env::var("ESTAFETA_TEST_POSTGRES")
        .expect("run scripts/test, or name a PostgreSQL server to use in ESTAFETA_TEST_POSTGRES");
    PgConnectOptions::from_str(&url).expect("a URL of a server")
}

impl Kept {
    /// As the environment says.
    pub async fn by_environment() -> Self {
        match std::env::var("ESTAFETA_TEST_DATABASE").as_deref() {
            Ok("postgres") => Self::in_a_new_schema().await,
            Err(_) | Ok("sqlite" | "") => Self::InAFile,
            Ok(other) => panic!("ESTAFETA_TEST_DATABASE={other}: neither postgres nor sqlite"),
        }
    }

    /// On the server.
    pub async fn in_a_new_schema() -> Self {
        let schema = format!("test_{}", uuid::Uuid::new_v4().simple());
        let mut db = server().connect().await.expect("the server");
        let create = AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
        db.execute(create).await.expect("a schema");
        Self::InASchema(schema)
    }

    /// What a backend has to be told, besides its settings.
    pub fn setting(&self) -> Option<(&'static str, String)> {
        let Self::InASchema(schema) = self else {
            return None;
        };
        let url = std::env::var("ESTAFETA_TEST_POSTGRES").expect("a server");
        let url = format!("{url}?options=-csearch_path%3D{schema}");
        Some(("ESTAFETA_SERVER__DATABASE", url))
    }
}

impl World {
    /// Where the database is, as a variable of the backend's environment; `None` = a file.
    pub fn database_setting(&self) -> Option<(&'static str, String)> {
        self.kept.setting()
    }

    /// A connection of its own.
    pub async fn data(&self) -> Data {
        match &self.kept {
            Kept::InAFile => {
                let options = SqliteConnectOptions::new()
                    .filename(self.database())
                    .busy_timeout(Duration::from_secs(20));
                Data::Sqlite(options.connect().await.expect("the backend's data"))
            }
            Kept::InASchema(schema) => {
                let options = server().options([("search_path", schema)]);
                Data::Postgres(options.connect().await.expect("the backend's data"))
            }
        }
    }

    /// The backend's database, where it is a file.
    pub fn database(&self) -> PathBuf {
        let data = self.setting("server.data");
        PathBuf::from(data.as_str().expect("a folder")).join("estafeta.sqlite")
    }
}
