//! The one writer: every change of the database is a job, and jobs that wait together share one commit.
//!
//! `SQLite` has one writer and an fsync costs more than the writing. So the jobs that gathered during one commit go
//! into the next one together, each within a savepoint of its own: a job that fails leaves nothing and disturbs no
//! other. Nobody is answered before the commit, with its fsync, is over.

use crate::error::StoreError;
use async_trait::async_trait;
use sqlx::{Connection, Row, SqliteConnection};
use std::fs::File;
use std::pin::Pin;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// How many jobs share a commit at most.
const TOGETHER: usize = 256;
/// How many jobs may wait; whoever comes then waits for a place.
const WAITING: usize = 4096;

/// What a job does on the writer's connection.
pub(super) type Work<'c, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'c>>;

/// How long the log waits to be emptied, ms: meanwhile nobody writes.
const EMPTYING: &str = "PRAGMA busy_timeout = 100";

enum Message {
    Job(Box<dyn Job>),
    EmptyLog(oneshot::Sender<Result<bool, StoreError>>),
    Close,
}

/// Takes jobs and brings their results.
#[derive(Clone)]
pub(super) struct Writer(mpsc::Sender<Message>);

impl Writer {
    /// Starts the writer on its connection. `lock`, if it has one, is let go when the connection is closed.
    pub(super) fn start(db: SqliteConnection, lock: Option<File>) -> (Self, JoinHandle<()>) {
        let (sender, queue) = mpsc::channel(WAITING);
        (Self(sender), tokio::spawn(serve(db, queue, lock)))
    }

    /// A writer that takes no jobs.
    pub(super) fn none() -> Self {
        Self(mpsc::channel(1).0)
    }

    /// Does `work` in a transaction and answers after its commit. A failed work is rolled back.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> Work<'c, T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Waiting {
            work: Some(work),
            result: None,
            reply,
        };
        let closed = || StoreError::Database("the store is closed".to_owned());
        self.0
            .send(Message::Job(Box::new(job)))
            .await
            .map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Copies the log into the database and empties it. `false`: a reader still needs it.
    pub(super) async fn empty_log(&self) -> Result<bool, StoreError> {
        let (reply, answer) = oneshot::channel();
        let closed = || StoreError::Database("the store is closed".to_owned());
        let message = Message::EmptyLog(reply);
        self.0.send(message).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Ends the writer after the jobs that wait already.
    pub(super) async fn close(&self) {
        // An error means that it has ended already.
        let _ = self.0.send(Message::Close).await;
    }
}

#[async_trait]
trait Job: Send {
    /// Does the work and keeps its result. `false`: undo what it wrote.
    async fn run(&mut self, db: &mut SqliteConnection) -> bool;

    /// Tells the result, or why the commit failed.
    fn answer(self: Box<Self>, committed: Result<(), String>);
}

struct Waiting<T, F> {
    work: Option<F>,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

#[async_trait]
impl<T, F> Job for Waiting<T, F>
where
    T: Send,
    F: for<'c> FnOnce(&'c mut SqliteConnection) -> Work<'c, T> + Send,
{
    async fn run(&mut self, db: &mut SqliteConnection) -> bool {
        if let Some(work) = self.work.take() {
            self.result = Some(work(db).await);
        }
        matches!(self.result, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, committed: Result<(), String>) {
        let result = match (committed, self.result) {
            (Ok(()), Some(result)) => result,
            // The job's own error says more than that of the commit.
            (Err(_), Some(Err(error))) => Err(error),
            (Err(why), _) => Err(StoreError::Database(why)),
            (Ok(()), None) => Err(StoreError::Database("the job was not run".to_owned())),
        };
        // Whoever asked may have gone; what was committed stays.
        let _ = self.reply.send(result);
    }
}

async fn serve(mut db: SqliteConnection, mut queue: mpsc::Receiver<Message>, lock: Option<File>) {
    let mut messages = Vec::with_capacity(TOGETHER);
    let mut open = true;
    while open && queue.recv_many(&mut messages, TOGETHER).await > 0 {
        let mut jobs = Vec::with_capacity(messages.len());
        let mut emptied = Vec::new();
        for message in messages.drain(..) {
            match message {
                Message::Job(job) if open => jobs.push(job),
                Message::EmptyLog(reply) if open => emptied.push(reply),
                Message::Job(_) | Message::EmptyLog(_) => {}
                Message::Close => open = false,
            }
        }
        let committed = commit_together(&mut db, &mut jobs)
            .await
            .map_err(|error| error.to_string());
        for job in jobs {
            job.answer(committed.clone());
        }
        for reply in emptied {
            // Whoever asked may have gone.
            let _ = reply.send(empty_log(&mut db).await);
        }
    }
    if let Err(error) = db.close().await {
        tracing::warn!(%error, "the database did not close cleanly");
    }
    drop(lock);
}

async fn empty_log(db: &mut SqliteConnection) -> Result<bool, StoreError> {
    execute(db, EMPTYING).await?;
    let emptied = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
        .fetch_one(&mut *db)
        .await
        .and_then(|row| row.try_get::<i64, _>(0));
    execute(db, super::BUSY_TIMEOUT).await?;
    Ok(emptied? == 0)
}

async fn commit_together(
    db: &mut SqliteConnection,
    jobs: &mut [Box<dyn Job>],
) -> Result<(), sqlx::Error> {
    if jobs.is_empty() {
        return Ok(());
    }
    let mut transaction = db.begin_with("BEGIN IMMEDIATE").await?;
    if let [job] = jobs {
        return if job.run(&mut transaction).await {
            transaction.commit().await
        } else {
            transaction.rollback().await
        };
    }
    for job in jobs {
        execute(&mut transaction, "SAVEPOINT job").await?;
        if !job.run(&mut transaction).await {
            // Fails when SQLite gave up the whole transaction (a full disk): then nothing of it may be answered as done.
            execute(&mut transaction, "ROLLBACK TO job").await?;
        }
        execute(&mut transaction, "RELEASE job").await?;
    }
    transaction.commit().await
}

async fn execute(db: &mut SqliteConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(db).await.map(|_| ())
}
