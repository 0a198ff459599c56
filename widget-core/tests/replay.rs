//! Promise 7, *replayable*, on whole made-up conversations.

#[path = "../benches/talk/mod.rs"]
mod talk;

use proptest::prelude::*;
use widget_core::decide::Decision;
use widget_core::event::Event;
use widget_core::ids::AccountId;
use widget_core::policy::{Condition, Policy, Span, parse};
use widget_core::replay::{Replayed, Row, replay};
use widget_core::time::Zone;

const EVENTS: usize = 60;

fn policy() -> Policy {
    parse(include_str!("../../backend/policies/sanatorium.toml"))
        .expect("the default policy is good")
}

fn judged(seed: u64, rows: Vec<Row>, policy: &Policy) -> Replayed {
    replay(
        talk::begin(AccountId(1), seed),
        rows,
        i64::MIN,
        policy,
        &Zone::fixed(10_800),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn promise_7_replayable_the_rules_of_the_record_never_differ(seed: u64) {
        let rows = talk::journal(&policy(), &Zone::fixed(10_800), seed, EVENTS);
        let replayed = judged(seed, rows, &policy());
        prop_assert_eq!(replayed, Replayed { events: EVENTS as u64, ..Replayed::default() });
    }

    #[test]
    fn promise_7_replayable_a_journal_survives_json(seed: u64) {
        let rows = talk::journal(&policy(), &Zone::fixed(10_800), seed, EVENTS);
        let stored = rows.into_iter().map(through_json).collect();
        let replayed = judged(seed, stored, &policy());
        prop_assert_eq!(replayed, Replayed { events: EVENTS as u64, ..Replayed::default() });
    }

    #[test]
    fn a_difference_is_the_first_event_that_comes_out_differently(seed: u64) {
        let mut other = policy();
        for trigger in &mut other.triggers {
            if let Condition::BotUnsure(limit) = &mut trigger.when {
                *limit = 90;
            }
        }
        other.timers.auto_return_after = Span(20 * 60_000);
        let rows = talk::journal(&policy(), &Zone::fixed(10_800), seed, EVENTS);
        let replayed = judged(seed, rows.clone(), &other);
        let Some(difference) = replayed.difference else { return Ok(()) };
        prop_assert_eq!(replayed.events, difference.seq);
        prop_assert!(differs(&difference.recorded, &difference.other));
        let before = rows.into_iter().filter(|row| row.seq < difference.seq).collect();
        prop_assert_eq!(judged(seed, before, &other).difference, None);
    }
}

fn differs(recorded: &Decision, other: &Decision) -> bool {
    recorded.changes != other.changes || recorded.actions != other.actions
}

fn through_json(row: Row) -> Row {
    fn there_and_back<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
        let json = serde_json::to_string(value).expect("it serialises");
        serde_json::from_str(&json).expect("it reads back")
    }
    Row {
        judged: row
            .judged
            .map(|(event, actions)| (there_and_back(&event), there_and_back(&actions))),
        changes: there_and_back(&row.changes),
        trace: there_and_back(&row.trace),
        ..row
    }
}

/// The conversations are worth replaying: every way that a dialog can go occurs in them.
#[test]
fn the_made_up_conversations_are_varied() {
    let mut kinds = std::collections::BTreeSet::new();
    for seed in 0..200 {
        for row in talk::journal(&policy(), &Zone::fixed(10_800), seed, EVENTS) {
            let (event, actions) = row.judged.expect("every row of a talk is judged");
            kinds.insert(tag(&event, "type"));
            kinds.extend(actions.iter().map(|action| tag(action, "action")));
            kinds.extend(row.changes.iter().map(|change| tag(change, "change")));
            if matches!(event, Event::FieldChanged { .. }) {
                kinds.insert("implied".to_owned());
            }
        }
    }
    for kind in [
        "guest_wrote",
        "crm_read",
        "bot_answered",
        "bot_failed",
        "action_done",
        "manager_took",
        "returned",
        "dismissed",
        "card_opened",
        "timer_fired",
        "implied",
        "ask_bot",
        "send",
        "create_task",
        "complete_task",
        "move_deal",
        "create_contact",
        "create_deal",
        "set_owner_field",
        "add_note",
        "handoff_set",
        "episode_ended",
    ] {
        assert!(kinds.contains(kind), "{kind} does not occur in {kinds:?}");
    }
}

fn tag<T: serde::Serialize>(value: &T, key: &str) -> String {
    let json = serde_json::to_value(value).expect("it serialises");
    json[key].as_str().unwrap_or_default().to_owned()
}
