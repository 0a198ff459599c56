//! The backend's own records, read from its database beside it: what it decided and what it still has to do.

use super::World;
use serde_json::Value;
use sqlx::Row;
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use widget_core::change::Change;
use widget_core::dialog::Dialog;

/// Timers that are due so soon count as work to do, ms of the business clock.
const SOON: i64 = 25_000;
/// How long a world may take to settle, of the machine's time: a hang becomes a failure.
const SETTLES_WITHIN: Duration = Duration::from_mins(5);

/// One row of a journal.
pub struct Page {
    pub seq: u64,
    pub at: i64,
    pub event: Value,
    pub changes: Vec<Change>,
    pub actions: Value,
    pub trace: Value,
}

/// All that the backend has of one dialog.
pub struct Book {
    /// As it is stored.
    pub state: Dialog,
    /// Oldest first.
    pub journal: Vec<Page>,
    /// The channel's ids of texts that the ledger says were accepted.
    pub accepted: Vec<String>,
    /// Actions that are not done: `key phase`.
    pub open: Vec<String>,
    /// Rows of the inbox that are not done: `source key state`.
    pub unhandled: Vec<String>,
}

impl Book {
    /// The journal as lines for people.
    pub fn told(&self) -> String {
        let mut told = String::new();
        for page in &self.journal {
            let rules = page.trace.as_array().into_iter().flatten();
            let rules: Vec<_> = rules.filter_map(|check| check["rule"].as_str()).collect();
            let _ = writeln!(told, "#{} at {}: {}", page.seq, page.at, page.event);
            let _ = writeln!(told, "    {}", rules.join(" "));
            if page.actions.as_array().is_some_and(|list| !list.is_empty()) {
                let _ = writeln!(told, "    -> {}", page.actions);
            }
        }
        let _ = writeln!(told, "accepted: {:?}", self.accepted);
        let _ = writeln!(told, "open: {:?}", self.open);
        let _ = writeln!(told, "unhandled: {:?}", self.unhandled);
        let _ = write!(told, "owner: {:?}", self.state.view);
        told
    }
}

impl World {
    /// The book of the dialog of a conversation, if the backend knows one.
    pub async fn book(&self, conversation: &str) -> Option<Book> {
        let mut database = self.data().await;
        let row =
            sqlx::query("SELECT id, state FROM dialog WHERE conversation = $1 AND state NOT NULL")
                .bind(conversation)
                .fetch_optional(&mut database)
                .await
                .expect("a dialog")?;
        let (id, state): (String, String) = (row.get(0), row.get(1));
        let pages = sqlx::query(
            "SELECT seq, at, event, changes, actions, trace FROM journal WHERE dialog = $1 \
             ORDER BY seq",
        )
        .bind(&id)
        .fetch_all(&mut database)
        .await
        .expect("a journal");
        let json = |text: &str| serde_json::from_str(text).expect("JSON");
        let page = |row: &sqlx::sqlite::SqliteRow| Page {
            seq: row.get::<i64, _>(0).unsigned_abs(),
            at: row.get(1),
            event: json(row.get(2)),
            changes: serde_json::from_str(row.get(3)).expect("changes"),
            actions: json(row.get(4)),
            trace: json(row.get(5)),
        };
        let list = |query: &'static str| {
            sqlx::query_scalar::<sqlx::Sqlite, String>(query).bind(id.clone())
        };
        Some(Book {
            state: serde_json::from_str(&state).expect("a state"),
            journal: pages.iter().map(page).collect(),
            accepted: list(
                "SELECT message FROM ledger WHERE dialog = $1 AND state = 'done' AND kind = 'send' \
                 AND message NOT NULL",
            )
            .fetch_all(&mut database)
            .await
            .expect("a ledger"),
            open: list(
                "SELECT key || ' ' || phase || ' ' || action FROM outbox \
                 WHERE dialog = $1 AND state = 'open'",
            )
            .fetch_all(&mut database)
            .await
            .expect("an outbox"),
            unhandled: list(
                "SELECT source || ' ' || dedup_key || ' ' || state FROM inbox \
                 WHERE dialog = $1 AND state <> 'done'",
            )
            .fetch_all(&mut database)
            .await
            .expect("an inbox"),
        })
    }

    /// How much the backend still has to do, and how much it has decided.
    async fn work(&self, now: i64) -> (i64, i64) {
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM outbox WHERE state = 'open') \
                  + (SELECT COUNT(*) FROM inbox WHERE state = 'new') \
                  + (SELECT COUNT(*) FROM dialog WHERE due_at <= $1), \
                    (SELECT COUNT(*) FROM journal)",
        )
        .bind(now + SOON)
        .fetch_one(&mut self.data().await)
        .await
        .expect("the backend's data");
        (row.get(0), row.get(1))
    }

    /// Lets the clock go on until the backend has nothing left to do: no event, no action, no timer that is about to
    /// be due.
    pub async fn settles(&self) {
        let began = Instant::now();
        let (mut decided, mut quiet) = (0, 0);
        while quiet < 3 {
            assert!(began.elapsed() < SETTLES_WITHIN, "it never settles");
            self.advance_s(20).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
            let clock = self.look("clock").await.expect("a clock");
            let now: jiff::Timestamp = clock["now"]
                .as_str()
                .and_then(|now| now.parse().ok())
                .expect("RFC 3339");
            let (left, rows) = self.work(now.as_millisecond()).await;
            quiet = if left == 0 && rows == decided {
                quiet + 1
            } else {
                0
            };
            decided = rows;
        }
    }
}
