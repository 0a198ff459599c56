//! What the fuzz targets of `widget-core/fuzz` try, as plain functions: the targets call them with whatever bytes they
//! make up, and `tests/fuzz_seeds.rs` with the seeds.

// Each user of this file calls one part of it.
#![allow(dead_code)]

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::LazyLock;
use widget_core::action::Action;
use widget_core::change::Change;
use widget_core::decide::{decide, implied};
use widget_core::dialog::Dialog;
use widget_core::event::Event;
use widget_core::ids::AccountId;
use widget_core::policy::{Policy, check, diff, parse};
use widget_core::time::{Now, Zone};
use widget_core::understand as reader;

/// Wednesday 2026-11-18, days since 1970-01-01.
const TODAY: i64 = 20_775;
/// Wednesday 2026-11-18 11:00 in Moscow.
const NOON: i64 = 1_794_988_800_000;

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    parse(include_str!("../../../backend/policies/sanatorium.toml")).expect("the default policy")
});

/// A guest's text of any kind: read within bounds, the same each time, with spans that lie in the text. Answers whether
/// it was text.
///
/// # Panics
/// When it is none of that.
pub fn understand(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    let understood = reader::understand(Some(text), &[], TODAY);
    assert_eq!(understood, reader::understand(Some(text), &[], TODAY));
    let chars = text.chars().count() as u64;
    for (name, (from, length)) in &understood.spans {
        let end = u64::from(*from) + u64::from(*length);
        assert!(
            *length > 0 && end <= chars,
            "{name}: {from}+{length} of {chars}"
        );
    }
    let facts = &understood.facts;
    assert!(facts.youngest_child.is_none_or(|age| age < 18), "a child");
    assert!(facts.dates.is_none_or(|days| days.first <= days.last));
    let kept = serde_json::to_string(&understood).expect("it serialises");
    there_and_back::<reader::Understood>(&kept);
    true
}

/// A policy from somewhere: either findings, each with words, or rules that check clean and come back the same from
/// TOML. Answers whether it was a policy.
///
/// # Panics
/// When it is neither.
pub fn policy(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    let policy = match parse(text) {
        Ok(policy) => policy,
        Err(findings) => {
            assert!(!findings.is_empty(), "refused without a word");
            assert!(
                findings
                    .iter()
                    .all(|finding| !finding.problem.to_string().is_empty())
            );
            return false;
        }
    };
    assert_eq!(check(&policy), [], "a policy that was read checks clean");
    let written = toml::to_string(&policy).expect("a policy is TOML");
    let again = parse(&written).expect("what was written is read");
    assert_eq!(again, policy, "the same policy");
    assert!(diff(&policy, &again).is_empty());
    // And it can be obeyed.
    let mut dialog = Dialog::new("d".into(), AccountId(1), "c".into());
    for event in story() {
        step(&policy, &mut dialog, &event, NOON);
    }
    true
}

/// Lines of JSON from somewhere. The first may be a dialog; whatever of the rest is a change, an action or an event is
/// folded, written again or decided. Answers how many lines were one of these.
///
/// # Panics
/// When something that was read does not come back the same.
pub fn decode(data: &[u8]) -> usize {
    let Ok(text) = std::str::from_utf8(data) else {
        return 0;
    };
    let mut lines = text.lines().peekable();
    let mut known = 0;
    let mut dialog = Dialog::new("d".into(), AccountId(1), "c".into());
    if let Some(read) = lines.peek().and_then(|line| there_and_back::<Dialog>(line)) {
        dialog = read;
        lines.next();
        known += 1;
    }
    let mut at = NOON;
    for line in lines {
        at += 1_000;
        if let Some(event) = there_and_back::<Event>(line) {
            step(&POLICY, &mut dialog, &event, at);
        } else if let Some(change) = there_and_back::<Change>(line) {
            dialog.apply(&change);
        } else if let Some(action) = there_and_back::<Action>(line) {
            assert!(!action.name().is_empty());
        } else {
            continue;
        }
        known += 1;
    }
    // Whatever became of it can be stored.
    let stored = serde_json::to_string(&dialog).expect("a dialog is JSON");
    assert!(serde_json::from_str::<Dialog>(&stored).is_ok_and(|read| read == dialog));
    known
}

fn step(policy: &Policy, dialog: &mut Dialog, event: &Event, at: i64) {
    let now = Now {
        at,
        zone: Zone::fixed(10_800),
    };
    let decision = decide(policy, dialog, event, &now);
    for change in &decision.changes {
        dialog.apply(change);
    }
    dialog.seq = dialog.seq.saturating_add(1);
    dialog.last_at = at.max(dialog.last_at);
    for check in &decision.trace {
        let sentence = check.sentence();
        assert!(!sentence.ru.is_empty() && !sentence.en.is_empty());
    }
    _ = implied(dialog);
}

fn there_and_back<T: Serialize + DeserializeOwned + PartialEq>(line: &str) -> Option<T> {
    let value: T = serde_json::from_str(line).ok()?;
    let written = serde_json::to_string(&value).expect("what was read is written");
    let again: T = serde_json::from_str(&written).expect("what was written is read");
    assert!(again == value, "{written} comes back as something else");
    Some(value)
}

/// What happens to a dialog under a policy that was made up.
fn story() -> Vec<Event> {
    let lines = include_str!("../../fuzz/seeds/decode/story.jsonl").lines();
    lines
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}
