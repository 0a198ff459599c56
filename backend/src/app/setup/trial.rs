//! How far the message of the trial has come: read off the journal, like everything else that is shown.

use crate::error::StoreError;
use crate::ports::{JournalRow, Store, Tick, TrialNews};
use serde_json::Value;
use widget_core::dialog::{Dialog, TaskState};
use widget_core::ids::AccountId;
use widget_core::trace::Check;
use widget_core::wire::WhyMark;

/// So many rows of a dialog are looked at.
const DEPTH: u32 = 60;

/// What came of the newest message of one of `phones` since then (business unix ms).
pub(super) async fn news(
    store: &dyn Store,
    account: AccountId,
    phones: &[String],
    since: i64,
) -> Result<TrialNews, StoreError> {
    let is_of_trial = |phone: &str| {
        phones
            .iter()
            .any(|wanted| widget_core::phone::same(wanted, phone))
    };
    let mut newest: Option<Dialog> = None;
    for known in store.known(account).await? {
        let guest = known.guest.filter(|guest| is_of_trial(&guest.phone));
        if guest.is_none() {
            continue;
        }
        let dialog = store.dialog(account, &known.dialog).await?;
        let is_newer = |dialog: &Dialog| {
            newest
                .as_ref()
                .is_none_or(|other| other.last_at < dialog.last_at)
        };
        if let Some(dialog) = dialog.filter(is_newer) {
            newest = Some(dialog);
        }
    }
    let Some(dialog) = newest else {
        return Ok(TrialNews::default());
    };
    let rows = store.newest(account, &dialog.id, DEPTH).await?;
    let rows: Vec<JournalRow> = rows.into_iter().filter(|row| row.at >= since).collect();
    Ok(told(&dialog, &rows))
}

/// `rows`: newest first.
fn told(dialog: &Dialog, rows: &[JournalRow]) -> TrialNews {
    let mut news = TrialNews::default();
    let mut see = |tick: Tick, is_so: bool| {
        if is_so {
            news.ticks.insert(tick);
        }
    };
    let events: Vec<Value> = rows
        .iter()
        .filter_map(|row| serde_json::from_str(&row.event).ok())
        .collect();
    let came = events.iter().any(|event| event["type"] == "guest_wrote");
    let done = |what: &str| {
        let is_done =
            |event: &Value| event["type"] == "action_done" && event["done"]["done"] == what;
        events.iter().any(is_done)
    };
    let decided = rows.iter().find_map(decided);
    see(Tick::Arrived, came);
    see(Tick::Contact, came && dialog.contact.is_some());
    see(Tick::Deal, came && dialog.deal.is_some());
    see(Tick::Decided, decided.is_some());
    see(
        Tick::Task,
        done("task_created") || (came && matches!(dialog.task, TaskState::Open { .. })),
    );
    see(
        Tick::Field,
        came && dialog.deal.is_some() && dialog.field.settled > 0 && !dialog.field.pending,
    );
    see(Tick::Answered, done("sent"));
    news.why = decided;
    news
}

/// What a row's decision was about, in Russian and in English.
fn decided(row: &JournalRow) -> Option<(String, String)> {
    let trace: Vec<Check> = serde_json::from_str(&row.trace).ok()?;
    let check = trace.iter().find(|check| {
        check.mark == WhyMark::Decided
            && [
                "trigger",
                "handoff",
                "bot.answer",
                "inquiry",
                "clarify",
                "mode.",
            ]
            .iter()
            .any(|family| check.rule.starts_with(family))
    })?;
    let line = check.sentence();
    Some((line.ru, line.en))
}
