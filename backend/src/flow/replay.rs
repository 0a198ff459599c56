//! Recorded dialogs judged again under other rules: on all cores, in the order of the store, and with no more in memory
//! than is being judged.

use super::zone;
use crate::error::StoreError;
use crate::ports::{History, JournalRow, Recorded, Scope};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use widget_core::dialog::Dialog;
use widget_core::policy::Policy;
use widget_core::replay::{Replayed, Row, replay};

/// Dialogs judged by one worker at a time.
const PAGE: u32 = 64;

/// The rules on trial, and the dialogs they are tried on.
pub struct Trial {
    /// Where the journals are.
    pub history: Arc<dyn History>,
    /// The other rules.
    pub policy: Policy,
    /// Which dialogs, and since when their events are judged.
    pub scope: Scope,
}

/// A dialog judged under the other rules.
#[derive(Debug)]
pub struct Judged {
    /// Which.
    pub dialog: Recorded,
    /// What came out.
    pub replayed: Replayed,
    /// A row of its journal could not be read: what follows was not judged.
    pub unreadable: bool,
    /// Rows that another version of widget-core decided: they may differ for that reason too.
    pub other_core: u64,
}

impl Trial {
    /// Judges all dialogs with `workers` at once and hands them to `each` in order, until it breaks off.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn judge(
        self,
        workers: usize,
        mut each: impl FnMut(Judged) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let (trial, pages) = (Arc::new(self), Arc::new(Mutex::new(Pages::default())));
        let (sender, mut judged_pages) = mpsc::channel(workers);
        let mut working = JoinSet::new();
        for _ in 0..workers {
            let (trial, pages) = (Arc::clone(&trial), Arc::clone(&pages));
            working.spawn(trial.work(pages, sender.clone()));
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut next = 0;
        while let Some((number, page)) = judged_pages.recv().await {
            early.insert(number, page);
            while let Some(page) = early.remove(&next) {
                next += 1;
                for judged in page {
                    if each(judged).is_break() {
                        return Ok(());
                    }
                }
            }
        }
        while let Some(ended) = working.join_next().await {
            ended.map_err(|error| StoreError::Database(format!("a worker died: {error}")))??;
        }
        Ok(())
    }

    async fn work(
        self: Arc<Self>,
        pages: Arc<Mutex<Pages>>,
        judged: mpsc::Sender<(u64, Vec<Judged>)>,
    ) -> Result<(), StoreError> {
        loop {
            let (number, page) = pages.lock().await.next(&self).await?;
            if page.is_empty() {
                return Ok(());
            }
            let mut done = Vec::with_capacity(page.len());
            for dialog in page {
                let rows = self.history.rows(&dialog).await?;
                done.push(self.judge_one(dialog, rows));
            }
            if judged.send((number, done)).await.is_err() {
                return Ok(());
            }
        }
    }

    fn judge_one(&self, dialog: Recorded, rows: Vec<JournalRow>) -> Judged {
        let name = &self.policy.calendar.timezone;
        let (first, last) = (rows.first(), rows.last());
        let zone = zone::between(
            &TimeZone::get(name).unwrap_or(TimeZone::UTC),
            first.map_or(0, |row| row.at),
            last.map_or(0, |row| row.at),
        );
        let start = Dialog::new(
            dialog.dialog.clone(),
            dialog.account,
            dialog.conversation.clone(),
        );
        let (mut unreadable, mut other_core) = (false, 0);
        let rows = rows.into_iter().map_while(|row| {
            other_core += u64::from(row.core_version != env!("CARGO_PKG_VERSION"));
            let row = typed(&row);
            unreadable |= row.is_none();
            row
        });
        let replayed = replay(start, rows, self.scope.since, &self.policy, &zone);
        Judged {
            dialog,
            replayed,
            unreadable,
            other_core,
        }
    }
}

/// The next dialogs to be judged.
#[derive(Default)]
struct Pages {
    after: Option<Recorded>,
    number: u64,
}

impl Pages {
    /// A page and its number, from 0; empty = that was all.
    async fn next(&mut self, trial: &Trial) -> Result<(u64, Vec<Recorded>), StoreError> {
        let (scope, after) = (trial.scope, self.after.as_ref());
        let page = trial.history.dialogs(scope, after, PAGE).await?;
        let number = self.number;
        if let Some(last) = page.last() {
            self.after = Some(last.clone());
            self.number += 1;
        }
        Ok((number, page))
    }
}

/// A stored row; `None` when this version cannot read its changes.
fn typed(row: &JournalRow) -> Option<Row> {
    let event = serde_json::from_str(&row.event);
    let actions = serde_json::from_str(&row.actions);
    Some(Row {
        seq: row.seq,
        at: row.at,
        policy_version: row.policy_version,
        judged: event.ok().zip(actions.ok()),
        changes: serde_json::from_str(&row.changes).ok()?,
        trace: serde_json::from_str(&row.trace).unwrap_or_default(),
    })
}
