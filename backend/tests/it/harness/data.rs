//! The backend's database, whichever it is, looked into beside the backend.
//!
//! Tests run on a file, or with `ESTAFETA_TEST_DATABASE=postgres` each in a schema of its own on the server that
//! `scripts/test` starts.

use super::World;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};
use std::ops::Deref;
use std::path::PathBuf;
use std::process::Command;
use std::str::FromStr;
use std::time::Duration;

/// Where a world's backend keeps its data.
#[derive(Debug, Clone)]
pub enum Kept {
    /// In a file of its folder.
    InAFile,
    /// In this schema of a server.
    InASchema { server: Server, schema: String },
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

/// A server of databases.
#[derive(Debug, Clone)]
pub struct Server {
    url: String,
    /// The folder of one that was started for a test alone.
    own: Option<String>,
}

impl Server {
    /// The one that `scripts/test` has started.
    fn of_the_environment() -> Self {
        let url = std::env::var("ESTAFETA_TEST_POSTGRES").expect(
            "run scripts/test, or name a PostgreSQL server to use in ESTAFETA_TEST_POSTGRES",
        );
        Self { url, own: None }
    }

    /// One for a test alone, for as long as the value lives.
    pub fn started() -> OwnServer {
        let said = script(
            "",
            "start_postgres fsync=off full_page_writes=off; echo $ESTAFETA_TEST_POSTGRES $postgres_folder",
        );
        let (url, folder) = said.trim().split_once(' ').expect("a URL and a folder");
        OwnServer(Self {
            url: url.to_owned(),
            own: Some(folder.to_owned()),
        })
    }

    /// It is killed and started again: what was committed is there, connections are not.
    pub fn crashes(&self) {
        script(self.folder(), "crash_postgres");
    }

    /// How to connect to it.
    pub fn options(&self) -> PgConnectOptions {
        PgConnectOptions::from_str(&self.url).expect("a URL of a server")
    }

    fn folder(&self) -> &str {
        self.own.as_deref().expect("a server of the test's own")
    }
}

/// A server that ends with its test.
pub struct OwnServer(Server);

impl Deref for OwnServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        script(self.folder(), "stop_postgres");
    }
}

/// Does something of `scripts/postgres`; what it says.
fn script(folder: &str, what: &str) -> String {
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/postgres");
    let command = format!("set -e; . {scripts}; postgres_folder={folder}; {what}");
    let done = Command::new("bash")
        .args(["-c", &command])
        .output()
        .expect("bash");
    assert!(done.status.success(), "{what}: {done:?}");
    String::from_utf8(done.stdout).expect("UTF-8")
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

    /// On the server that the environment names.
    pub async fn in_a_new_schema() -> Self {
        Self::in_a_schema_of(Server::of_the_environment()).await
    }

    /// On this server.
    pub async fn in_a_schema_of(server: Server) -> Self {
        let schema = format!("test_{}", uuid::Uuid::new_v4().simple());
        let mut db = server.options().connect().await.expect("the server");
        let create = AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
        db.execute(create).await.expect("a schema");
        Self::InASchema { server, schema }
    }

    /// What a backend has to be told, besides its settings.
    pub fn setting(&self) -> Option<(&'static str, String)> {
        let Self::InASchema { server, schema } = self else {
            return None;
        };
        let url = format!("{}?options=-csearch_path%3D{schema}", server.url);
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
            Kept::InASchema { server, schema } => {
                let options = server.options().options([("search_path", schema)]);
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
