//! What the machine can do at best: the same web server that only answers, or that makes one durable insert each.

use crate::Failure;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::path::Path;

/// Which baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Answers 200.
    Bare,
    /// Inserts the body in a commit of its own, synced to the disk, then answers 200.
    Insert,
}

/// Serves a baseline until it is killed.
pub async fn serve(kind: Kind, port: u16, folder: &Path) -> Result<(), Failure> {
    let routes = match kind {
        Kind::Bare => Router::new().route("/hook", post(async |_: Bytes| StatusCode::OK)),
        Kind::Insert => Router::new()
            .route("/hook", post(insert))
            .with_state(database(folder).await?),
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("ready http://127.0.0.1:{port}");
    Ok(axum::serve(listener, routes).await?)
}

async fn database(folder: &Path) -> Result<SqlitePool, Failure> {
    let options = SqliteConnectOptions::new()
        .filename(folder.join("baseline.sqlite"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await?;
    sqlx::query("CREATE TABLE inbox (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")
        .execute(&pool)
        .await?;
    Ok(pool)
}

async fn insert(State(pool): State<SqlitePool>, body: Bytes) -> StatusCode {
    let inserted = sqlx::query("INSERT INTO inbox (body) VALUES ($1)")
        .bind(body.as_ref())
        .execute(&pool)
        .await;
    match inserted {
        Ok(_) => StatusCode::OK,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
