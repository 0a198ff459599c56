//! The one writer: every change of the database is a job, and jobs that wait together share one commit.
//!
//! `SQLite` has one writer, and a transaction of its own for every job would cost more than the jobs. So the jobs that
//! gathered during one commit go into the next one together. When one of them fails, all are undone and each is done
//! again alone: a job that fails leaves nothing and disturbs no other. A savepoint for each would do the same at the
//! price of two more statements a job, and a statement's way to the connection's thread and back is what costs most.
//! Nobody is answered before the commit, with its fsync, is over.
//!
//! What arrives from outside has a queue of its own, so that a backlog of our own work keeps no provider waiting; when
//! even that queue is full the provider is told so at once and comes again.

use super::super::common::Work;
use crate::error::StoreError;
use async_trait::async_trait;
use sqlx::{Connection, Row, SqliteConnection};
use std::fs::File;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// How many jobs of each queue share a commit at most.
const TOGETHER: usize = 256;
/// How many jobs of each queue may wait.
const WAITING: usize = 4096;

/// How long the log waits to be emptied, ms: meanwhile nobody writes.
const EMPTYING: &str = "PRAGMA busy_timeout = 100";

enum Message {
    Job(Box<dyn Job>),
    EmptyLog(oneshot::Sender<Result<bool, StoreError>>),
    Close,
}

/// Takes jobs and brings their results.
#[derive(Clone)]
pub(super) struct Writer {
    arrivals: mpsc::Sender<Message>,
    own: mpsc::Sender<Message>,
}

/// The other ends of a writer.
struct Queues {
    arrivals: mpsc::Receiver<Message>,
    own: mpsc::Receiver<Message>,
}

impl Writer {
    /// Starts the writer on its connection. `lock`, if it has one, is let go when the connection is closed.
    pub(super) fn start(db: SqliteConnection, lock: Option<File>) -> (Self, JoinHandle<()>) {
        let (writer, queues) = queues(WAITING);
        (writer, tokio::spawn(serve(db, queues, lock)))
    }

    /// A writer that takes no jobs.
    pub(super) fn none() -> Self {
        queues(1).0
    }

    /// Does `work` in a transaction and answers after its commit. A failed work is rolled back. Where too many jobs
    /// wait, this waits for a place.
    pub(super) async fn write<I, T, F>(&self, input: I, work: F) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'c> Fn(&'c mut SqliteConnection, &'c I) -> Work<'c, T> + Send + 'static,
    {
        let (job, answer) = job(input, work);
        self.own.send(job).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// The same for what arrives from outside: it waits behind nothing else, and where too much of it waits already it
    /// fails at once.
    pub(super) async fn write_arrival<I, T, F>(&self, input: I, work: F) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'c> Fn(&'c mut SqliteConnection, &'c I) -> Work<'c, T> + Send + 'static,
    {
        let (job, answer) = job(input, work);
        self.arrivals.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                StoreError::Database("too many events wait to be stored".to_owned())
            }
            mpsc::error::TrySendError::Closed(_) => closed(),
        })?;
        answer.await.map_err(|_| closed())?
    }

    /// Copies the log into the database and empties it. `false`: a reader still needs it.
    pub(super) async fn empty_log(&self) -> Result<bool, StoreError> {
        let (reply, answer) = oneshot::channel();
        let message = Message::EmptyLog(reply);
        self.own.send(message).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Ends the writer after the jobs that wait already.
    pub(super) async fn close(&self) {
        // An error means that it has ended already.
        let _ = self.own.send(Message::Close).await;
    }
}

fn queues(waiting: usize) -> (Writer, Queues) {
    let (arrivals, arriving) = mpsc::channel(waiting);
    let (own, waiting) = mpsc::channel(waiting);
    let queues = Queues {
        arrivals: arriving,
        own: waiting,
    };
    (Writer { arrivals, own }, queues)
}

type Answer<T> = oneshot::Receiver<Result<T, StoreError>>;

fn job<I, T, F>(input: I, work: F) -> (Message, Answer<T>)
where
    I: Send + Sync + 'static,
    T: Send + 'static,
    F: for<'c> Fn(&'c mut SqliteConnection, &'c I) -> Work<'c, T> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    let job = Waiting {
        input,
        work,
        result: None,
        reply,
    };
    (Message::Job(Box::new(job)), answer)
}

fn closed() -> StoreError {
    StoreError::Database("the store is closed".to_owned())
}

#[async_trait]
trait Job: Send {
    /// Does the work and keeps its result. `false`: undo what it wrote.
    async fn run(&mut self, db: &mut SqliteConnection) -> bool;

    /// Tells the result, or why the commit failed.
    fn answer(self: Box<Self>, committed: Result<(), String>);
}

struct Waiting<I, T, F> {
    input: I,
    work: F,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

#[async_trait]
impl<I, T, F> Job for Waiting<I, T, F>
where
    I: Send + Sync,
    T: Send,
    F: for<'c> Fn(&'c mut SqliteConnection, &'c I) -> Work<'c, T> + Send,
{
    async fn run(&mut self, db: &mut SqliteConnection) -> bool {
        let done = (self.work)(db, &self.input);
        self.result = Some(done.await);
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

impl Queues {
    /// Waits for jobs of either queue and takes what is there of both, arrivals first. Answers how many.
    async fn take(&mut self, messages: &mut Vec<Message>) -> usize {
        let first = tokio::select! {
            biased;
            Some(arrival) = self.arrivals.recv() => arrival,
            Some(own) = self.own.recv() => own,
            else => return 0,
        };
        messages.push(first);
        for queue in [&mut self.arrivals, &mut self.own] {
            for _ in 0..TOGETHER {
                match queue.try_recv() {
                    Ok(message) => messages.push(message),
                    Err(_) => break,
                }
            }
        }
        messages.len()
    }
}

async fn serve(mut db: SqliteConnection, mut queues: Queues, lock: Option<File>) {
    let mut messages = Vec::with_capacity(2 * TOGETHER);
    let mut open = true;
    while open && queues.take(&mut messages).await > 0 {
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
        do_all(&mut db, jobs).await;
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

/// Does the jobs and answers each.
async fn do_all(db: &mut SqliteConnection, mut jobs: Vec<Box<dyn Job>>) {
    if jobs.len() > 1 {
        let committed = match in_one_transaction(db, &mut jobs).await {
            Ok(Committed::Yes) => Some(Ok(())),
            Ok(Committed::OneFailed) => None,
            Err(error) => Some(Err(error.to_string())),
        };
        if let Some(committed) = committed {
            for job in jobs {
                job.answer(committed.clone());
            }
            return;
        }
    }
    for mut job in jobs {
        let done = in_one_transaction(db, std::slice::from_mut(&mut job)).await;
        job.answer(done.map(|_| ()).map_err(|error| error.to_string()));
    }
}

enum Committed {
    Yes,
    /// Nothing is.
    OneFailed,
}

async fn in_one_transaction(
    db: &mut SqliteConnection,
    jobs: &mut [Box<dyn Job>],
) -> Result<Committed, sqlx::Error> {
    let mut transaction = db.begin_with("BEGIN IMMEDIATE").await?;
    for job in jobs {
        if !job.run(&mut transaction).await {
            transaction.rollback().await?;
            return Ok(Committed::OneFailed);
        }
    }
    transaction.commit().await?;
    Ok(Committed::Yes)
}

async fn execute(db: &mut SqliteConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(db).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::ConnectOptions;
    use sqlx::sqlite::SqliteConnectOptions;

    fn nothing() -> std::future::Ready<Result<(), StoreError>> {
        std::future::ready(Ok(()))
    }

    #[tokio::test]
    async fn promise_2_nothing_lost_a_full_queue_of_our_own_work_blocks_no_arrival() {
        let (writer, queues) = queues(2);
        let mut own = Vec::new();
        for _ in 0..4 {
            let writer = writer.clone();
            own.push(tokio::spawn(async move {
                writer.write((), |_, ()| Box::pin(nothing())).await
            }));
        }
        while writer.own.capacity() > 0 {
            tokio::task::yield_now().await;
        }
        let mut arriving = Vec::new();
        for _ in 0..2 {
            let writer = writer.clone();
            arriving.push(tokio::spawn(async move {
                writer.write_arrival((), |_, ()| Box::pin(nothing())).await
            }));
        }
        while writer.arrivals.capacity() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = writer.write_arrival((), |_, ()| Box::pin(nothing())).await;
        assert!(
            matches!(refused, Err(StoreError::Database(_))),
            "it is told at once: {refused:?}"
        );

        let db = SqliteConnectOptions::new().filename(":memory:");
        let db = db.connect().await.unwrap();
        let serving = tokio::spawn(serve(db, queues, None));
        for job in arriving.into_iter().chain(own) {
            job.await.unwrap().unwrap();
        }
        writer.close().await;
        serving.await.unwrap();
    }

    #[tokio::test]
    async fn arrivals_go_first_and_our_own_work_is_not_forgotten() {
        let (writer, mut queues) = queues(3);
        let (arrival, _answer) = job((), |_, ()| Box::pin(nothing()));
        writer.own.try_send(Message::Close).map_err(|_| ()).unwrap();
        writer.arrivals.try_send(arrival).map_err(|_| ()).unwrap();
        let mut taken = Vec::new();
        assert_eq!(queues.take(&mut taken).await, 2);
        assert!(matches!(taken[..], [Message::Job(_), Message::Close]));
    }
}
