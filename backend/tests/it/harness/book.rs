//! The backend's own records, read from its database beside it: what it decided and what it still has to do.

use super::{World, on};
use serde_json::Value;
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

/// A row of a journal as the database has it.
type Row = (i64, i64, String, String, String, String);

fn page((seq, at, event, changes, actions, trace): Row) -> Page {
    let json = |text: &str| serde_json::from_str(text).expect("JSON");
    Page {
        seq: seq.unsigned_abs(),
        at,
        event: json(&event),
        changes: serde_json::from_str(&changes).expect("changes"),
        actions: json(&actions),
        trace: json(&trace),
    }
}

const ACCEPTED: &str = "SELECT message FROM ledger WHERE dialog = $1 AND state = 'done' AND kind = 'send' \
     AND message IS NOT NULL";
const OPEN: &str =
    "SELECT key || ' ' || phase || ' ' || action FROM outbox WHERE dialog = $1 AND state = 'open'";
const UNHANDLED: &str = "SELECT source || ' ' || dedup_key || ' ' || state FROM inbox WHERE dialog = $1 AND state <> 'done'";
/// `$1`: what is due until then counts.
const WORK: &str = "SELECT (SELECT COUNT(*) FROM outbox WHERE state = 'open') \
          + (SELECT COUNT(*) FROM inbox WHERE state = 'new') \
          + (SELECT COUNT(*) FROM dialog WHERE due_at <= $1), \
            (SELECT COUNT(*) FROM journal)";

impl World {
    /// The book of the dialog of a conversation, if the backend knows one.
    pub async fn book(&self, conversation: &str) -> Option<Book> {
        on!(self.data().await, database => {
            let (id, state): (String, String) = sqlx::query_as(
                "SELECT id, state FROM dialog WHERE conversation = $1 AND state IS NOT NULL",
            )
            .bind(conversation)
            .fetch_optional(&mut database)
            .await
            .expect("a dialog")?;
            let pages: Vec<Row> = sqlx::query_as(
                "SELECT seq, at, event, changes, actions, trace FROM journal WHERE dialog = $1 ORDER BY seq",
            )
            .bind(&id)
            .fetch_all(&mut database)
            .await
            .expect("a journal");
            let mut lists = Vec::new();
            for query in [ACCEPTED, OPEN, UNHANDLED] {
                let list: Vec<String> = sqlx::query_scalar(query)
                    .bind(&id)
                    .fetch_all(&mut database)
                    .await
                    .expect("a list");
                lists.push(list);
            }
            let mut lists = lists.into_iter();
            let mut next = || lists.next().unwrap_or_default();
            Some(Book {
                state: serde_json::from_str(&state).expect("a state"),
                journal: pages.into_iter().map(page).collect(),
                accepted: next(),
                open: next(),
                unhandled: next(),
            })
        })
    }

    /// How much the backend still has to do, and how much it has decided.
    async fn work(&self, now: i64) -> (i64, i64) {
        on!(self.data().await, database => {
            sqlx::query_as(WORK).bind(now + SOON).fetch_one(&mut database).await
        })
        .expect("the backend's data")
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
