//! How far the message of the trial has come: read off the journal, like everything else that is shown.

use crate::error::StoreError;
use crate::ports::{JournalRow, Store, Tick, TrialNews, Voices};
use serde_json::Value;
use widget_core::dialog::{Dialog, TaskState};
use widget_core::event::{Author, Event};
use widget_core::ids::{AccountId, TextRef};
use widget_core::time::SECOND;
use widget_core::trace::Check;
use widget_core::wire::WhyMark;

/// So many rows of a dialog are looked at.
const DEPTH: u32 = 60;
/// No person answers a guest so fast, ms.
const HASTE: i64 = 10 * SECOND;
/// Whoever answers by himself has done so after this time, ms.
const PATIENCE: i64 = 30 * SECOND;

/// What came of the newest message of one of `phones` between two times (business unix ms).
pub(super) async fn news(
    store: &dyn Store,
    account: AccountId,
    phones: &[String],
    (since, now): (i64, i64),
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
    let mut news = told(&dialog, &rows);
    news.voices = match voices(&rows, now) {
        Heard::Nothing => Voices::Unknown,
        Heard::OursAlone => Voices::OursAlone,
        Heard::Stranger(text) => {
            let refs: Vec<TextRef> = text.into_iter().collect();
            let said = store.texts(account, &refs).await?;
            Voices::Stranger(said.into_iter().flatten().next().unwrap_or_default())
        }
    };
    Ok(news)
}

/// Who was heard beside us.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Nothing,
    OursAlone,
    Stranger(Option<TextRef>),
}

/// Whether somebody answers guests by himself: a robot, or whoever is faster than a person. `rows`: newest first.
fn voices(rows: &[JournalRow], now: i64) -> Heard {
    let events = rows.iter().rev();
    let events = events.filter_map(|row| serde_json::from_str::<Event>(&row.event).ok());
    let mut asked_at = None;
    let mut heard = Heard::Nothing;
    for event in events {
        match event {
            Event::GuestWrote(message) => asked_at = Some(message.at),
            Event::OutgoingSeen {
                author, at, text, ..
            } => {
                let is_hasty = asked_at.is_some_and(|asked| (0..=HASTE).contains(&(at - asked)));
                if is_strange(&author, is_hasty) {
                    heard = Heard::Stranger(text);
                }
            }
            _ => {}
        }
    }
    if heard == Heard::Nothing && asked_at.is_some_and(|asked| now - asked >= PATIENCE) {
        return Heard::OursAlone;
    }
    heard
}

const fn is_strange(author: &Author, is_hasty: bool) -> bool {
    match author {
        Author::Bot { .. } => false,
        Author::Robot => true,
        // A mailing is nobody's answer, unless it comes as one.
        Author::Person { .. } | Author::Bulk => is_hasty,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use widget_core::event::{GuestMessage, Listed};
    use widget_core::ids::{ActionKey, UserId};
    use widget_core::understand::Understood;

    const T: i64 = 1_800_000_000_000;

    fn row(seq: u64, event: &Event) -> JournalRow {
        JournalRow {
            seq,
            at: T,
            policy_version: 1,
            core_version: String::new(),
            event: serde_json::to_string(event).unwrap(),
            changes: String::new(),
            actions: String::new(),
            trace: String::new(),
        }
    }

    /// A guest asks at `T`, somebody answers after so many seconds, and then we look.
    fn heard(answer: Option<(&Author, i64)>, now_s: i64) -> Heard {
        let asked = Event::GuestWrote(GuestMessage {
            id: "m1".into(),
            at: T,
            text: None,
            understood: Understood::default(),
            listed: Listed::default(),
            window_until: None,
        });
        let answered = answer.map(|(author, after_s)| Event::OutgoingSeen {
            message: "m2".into(),
            author: author.clone(),
            at: T + after_s * SECOND,
            text: Some(TextRef(7)),
        });
        let mut rows = vec![row(1, &asked)];
        rows.extend(answered.iter().map(|event| row(2, event)));
        rows.reverse();
        voices(&rows, T + now_s * SECOND)
    }

    #[test]
    fn a_robot_and_whoever_is_faster_than_a_person_is_a_stranger() {
        let stranger = Heard::Stranger(Some(TextRef(7)));
        let unknown = Author::Person { user: None };
        let anna = Author::Person {
            user: Some(UserId(9002)),
        };
        for (author, after_s) in [
            (&Author::Robot, 2),
            (&Author::Robot, 300),
            (&unknown, 0),
            (&unknown, 10),
            (&anna, 3),
            (&Author::Bulk, 1),
        ] {
            let heard = heard(Some((author, after_s)), 60);
            assert_eq!(heard, stranger, "{author:?} after {after_s} s");
        }
        let ours = Author::Bot {
            action: ActionKey("d/1/0".to_owned()),
        };
        for (author, after_s) in [(&ours, 2), (&unknown, 11), (&anna, 40), (&Author::Bulk, 60)] {
            let heard = heard(Some((author, after_s)), 60);
            assert_eq!(heard, Heard::OursAlone, "{author:?} after {after_s} s");
        }
    }

    #[test]
    fn that_nobody_else_speaks_is_said_only_after_a_while() {
        assert_eq!(heard(None, 29), Heard::Nothing);
        assert_eq!(heard(None, 30), Heard::OursAlone);
        assert_eq!(voices(&[], T), Heard::Nothing, "nobody has asked");
    }
}
