//! A look into the backend's data, for what no surface shows: which rows wait, and how a decision came about.

use super::wait::until;
use super::{World, on};
use serde_json::Value;
use sqlx::Connection;

/// A row of a journal.
#[derive(Debug, Clone)]
pub struct Decided {
    /// The event.
    pub event: Value,
    /// The checks.
    pub trace: Value,
}

impl Decided {
    /// The check of this rule, if the decision came by it.
    pub fn check(&self, rule: &str) -> Option<&Value> {
        let checks = self.trace.as_array().expect("checks");
        checks.iter().find(|check| check["rule"] == rule)
    }
}

impl World {
    async fn counts(&self, what: &'static str) -> i64 {
        on!(self.data().await, data => {
            let count = sqlx::query_scalar(what).fetch_one(&mut data).await;
            data.close().await.expect("closed");
            count
        })
        .expect("a number")
    }

    /// All decisions, oldest first, dialog by dialog.
    pub async fn decisions(&self) -> Vec<Decided> {
        let query = "SELECT event, trace FROM journal ORDER BY account, dialog, seq";
        let rows: Vec<(String, String)> = on!(self.data().await, data => {
            let rows = sqlx::query_as(query).fetch_all(&mut data).await;
            data.close().await.expect("closed");
            rows
        })
        .expect("a journal");
        let read = |text: &str| serde_json::from_str(text).expect("JSON");
        rows.iter()
            .map(|(event, trace)| Decided {
                event: read(event),
                trace: read(trace),
            })
            .collect()
    }

    /// Waits until a decision came by this rule.
    pub async fn decides_by(&self, rule: &str) -> Decided {
        self.eventually(&format!("a decision by {rule}"), async || {
            let decisions = self.decisions().await;
            decisions.into_iter().find(|one| one.check(rule).is_some())
        })
        .await
    }

    /// Waits until a possible echo is parked.
    pub async fn parks_a_row(&self) {
        let parked = "SELECT COUNT(*) FROM inbox WHERE state = 'new' AND holds_sends = 1";
        until("a parked row", async || self.counts(parked).await > 0).await;
    }

    /// While `story` runs and after it, what arrives is stored and no worker looks at it: a click does, or
    /// [`Self::somebody_looks`].
    pub async fn while_nobody_looks(&self, story: impl AsyncFnOnce()) {
        let leased = "UPDATE dialog SET leased = -1 WHERE leased = 0";
        self.changes_data(leased).await;
        story().await;
        let waits = "SELECT COUNT(*) FROM inbox WHERE state = 'new' AND dialog IS NOT NULL";
        until("something waits", async || self.counts(waits).await > 0).await;
        self.changes_data("UPDATE dialog SET leased = 0, ready_at = NULL")
            .await;
    }

    /// The workers look at all dialogs.
    pub async fn somebody_looks(&self) {
        self.changes_data("UPDATE dialog SET ready_at = 0").await;
    }

    /// Changes rows behind the backend's back.
    pub async fn changes_data(&self, how: &'static str) {
        let changed = on!(self.data().await, data => {
            let changed = sqlx::query(how).execute(&mut data).await.expect("changed");
            data.close().await.expect("closed");
            changed.rows_affected()
        });
        assert!(changed > 0, "{how}");
    }
}
