//! A recorded dialog judged again under other rules (promise 7, *replayable*).
//!
//! Event by event, from the state that was recorded: what would [`decide`] say? The first event that comes out
//! differently is the answer. What would have followed is not invented: the guest and the bot never said it.

use crate::action::Action;
use crate::change::Change;
use crate::decide::{Decision, decide};
use crate::dialog::Dialog;
use crate::event::Event;
use crate::policy::Policy;
use crate::time::{Now, Zone};
use crate::trace::Check;

/// A row of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Sequence number within the dialog, from 1 without gaps.
    pub seq: u64,
    /// When it was decided, unix ms.
    pub at: i64,
    /// Version of the policy it was decided under.
    pub policy_version: i64,
    /// What happened and what was asked for; `None` = of a kind that this version of the core does not know: such a
    /// row changes the state, and is not judged.
    pub judged: Option<(Event, Vec<Action>)>,
    /// What changed.
    pub changes: Vec<Change>,
    /// Why.
    pub trace: Vec<Check>,
}

/// What came out of the replay of one dialog.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Replayed {
    /// Events judged, the one that differs included.
    pub events: u64,
    /// Events that could not be judged: see [`Row::judged`].
    pub skipped: u64,
    /// A row is missing before this sequence number: what follows could not be judged.
    pub gap: Option<u64>,
    /// The first difference; nothing after it was looked at.
    pub difference: Option<Difference>,
}

/// An event that other rules decide differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its journal row.
    pub seq: u64,
    /// When it was decided, unix ms.
    pub at: i64,
    /// Under which version of the policy.
    pub policy_version: i64,
    /// What happened.
    pub event: Event,
    /// How it was decided.
    pub recorded: Decision,
    /// How it is decided under the other rules.
    pub other: Decision,
}

/// Judges a dialog's journal under `policy`. `dialog` is its state before the first row; `zone` covers the journal's
/// times. Rows before `since` (unix ms) only make the state. A difference is one of changes or actions: another way to
/// the same outcome is none.
pub fn replay(
    mut dialog: Dialog,
    rows: impl IntoIterator<Item = Row>,
    since: i64,
    policy: &Policy,
    zone: &Zone,
) -> Replayed {
    let mut replayed = Replayed::default();
    let mut now = Now {
        at: 0,
        zone: zone.clone(),
    };
    for row in rows {
        if row.seq != dialog.seq.saturating_add(1) {
            replayed.gap = Some(row.seq);
            break;
        }
        if row.at >= since {
            let Some((event, actions)) = row.judged else {
                replayed.skipped += 1;
                advance(&mut dialog, row.seq, row.at, &row.changes);
                continue;
            };
            now.at = row.at;
            let other = decide(policy, &dialog, &event, &now);
            replayed.events += 1;
            if other.changes != row.changes || other.actions != actions {
                replayed.difference = Some(Difference {
                    seq: row.seq,
                    at: row.at,
                    policy_version: row.policy_version,
                    event,
                    recorded: Decision {
                        changes: row.changes,
                        actions,
                        trace: row.trace,
                    },
                    other,
                });
                break;
            }
        }
        advance(&mut dialog, row.seq, row.at, &row.changes);
    }
    replayed
}

/// One row of the fold, in place: see [`Dialog::fold`].
fn advance(dialog: &mut Dialog, seq: u64, at: i64, changes: &[Change]) {
    dialog.seq = seq;
    dialog.last_at = at;
    for change in changes {
        dialog.apply(change);
    }
}

#[cfg(all(test, feature = "policy-toml"))]
mod tests {
    use super::*;
    use crate::action::TextPart;
    use crate::event::{CrmSnapshot, GuestMessage, Timer};
    use crate::ids::{AccountId, TextRef};
    use crate::owner::Owner;
    use crate::policy::Condition;
    use crate::understand::Understood;

    /// Wednesday 2026-11-18 11:00 in Moscow.
    const NOON: i64 = 1_794_988_800_000;

    fn policy() -> Policy {
        crate::policy::parse(include_str!("../../backend/policies/sanatorium.toml")).unwrap()
    }

    /// The bot books for five too.
    fn for_five() -> Policy {
        let mut policy = policy();
        for trigger in &mut policy.triggers {
            if let Condition::GuestsOver(limit) = &mut trigger.when {
                *limit = 5;
            }
        }
        policy
    }

    fn begin() -> Dialog {
        Dialog::new("d1".into(), AccountId(1), "c1".into())
    }

    fn wrote(id: &str, guests: u32) -> Event {
        let mut understood = Understood {
            chars: 20,
            ..Understood::default()
        };
        understood.facts.guests = Some(guests);
        Event::GuestWrote(GuestMessage {
            id: id.into(),
            at: NOON,
            text: Some(TextRef(1)),
            understood,
            listed: crate::event::Listed::default(),
            window_until: None,
        })
    }

    fn burst_over(dialog: &Dialog) -> Event {
        Event::TimerFired {
            timer: Timer::Burst,
            generation: dialog.timers[&Timer::Burst].generation,
        }
    }

    fn no_contact(dialog: &Dialog) -> Event {
        Event::CrmRead(CrmSnapshot {
            at: dialog.last_at,
            action: dialog.reading.clone().expect("the CRM is being read"),
            contact: None,
            deals: Vec::new(),
        })
    }

    /// Five guests are handed over at row 3, and a sixth writes at row 4.
    fn recorded(policy: &Policy) -> Vec<Row> {
        let mut dialog = begin();
        let mut rows = Vec::new();
        let steps: [&dyn Fn(&Dialog) -> Event; 4] =
            [&|_| wrote("m1", 5), &burst_over, &no_contact, &|_| {
                wrote("m2", 6)
            }];
        for (minute, step) in (0..).zip(steps) {
            let event = step(&dialog);
            let now = Now {
                at: NOON + minute * 60_000,
                zone: Zone::fixed(10_800),
            };
            let decision = decide(policy, &dialog, &event, &now);
            let seq = dialog.seq + 1;
            advance(&mut dialog, seq, now.at, &decision.changes);
            rows.push(Row {
                seq,
                at: now.at,
                policy_version: 1,
                judged: Some((event, decision.actions)),
                changes: decision.changes,
                trace: decision.trace,
            });
        }
        assert!(matches!(dialog.view.owner, Owner::Waiting { .. }));
        rows
    }

    fn judged(rows: Vec<Row>, since: i64, policy: &Policy) -> Replayed {
        replay(begin(), rows, since, policy, &Zone::fixed(10_800))
    }

    #[test]
    fn the_rules_of_the_record_say_the_same_again() {
        let replayed = judged(recorded(&policy()), i64::MIN, &policy());
        assert_eq!(
            replayed,
            Replayed {
                events: 4,
                ..Replayed::default()
            }
        );
    }

    #[test]
    fn the_first_difference_is_told_and_nothing_after_it_is_looked_at() {
        let rows = recorded(&policy());
        let looked_at = std::cell::Cell::new(0);
        let counted = rows
            .into_iter()
            .inspect(|_| looked_at.set(looked_at.get() + 1));
        let replayed = replay(
            begin(),
            counted,
            i64::MIN,
            &for_five(),
            &Zone::fixed(10_800),
        );
        assert_eq!(looked_at.get(), 3);
        assert_eq!(replayed.events, 3);
        let difference = replayed.difference.unwrap();
        assert_eq!((difference.seq, difference.at), (3, NOON + 120_000));
        assert!(matches!(difference.event, Event::CrmRead(_)));
        let waits = |decision: &Decision| {
            decision.changes.iter().any(|change| {
                matches!(change, Change::OwnerSet(view) if matches!(view.owner, Owner::Waiting { .. }))
            })
        };
        assert!(waits(&difference.recorded));
        assert!(!waits(&difference.other));
        assert!(!difference.recorded.trace.is_empty() && !difference.other.trace.is_empty());
    }

    #[test]
    fn another_way_to_the_same_outcome_is_no_difference() {
        let mut rows = recorded(&policy());
        for row in &mut rows {
            row.trace = vec![Check::passed("nothing")];
        }
        assert_eq!(judged(rows, i64::MIN, &policy()).difference, None);
    }

    #[test]
    fn another_action_alone_is_a_difference() {
        let mut rows = recorded(&policy());
        let (_, actions) = rows[2].judged.as_mut().unwrap();
        let said = actions.iter_mut().find_map(|action| match action {
            Action::Send { parts, .. } => Some(parts),
            _ => None,
        });
        said.unwrap().push(TextPart::Policy("off_hours".to_owned()));
        assert_eq!(judged(rows, i64::MIN, &policy()).difference.unwrap().seq, 3);
    }

    #[test]
    fn a_row_of_an_unknown_kind_makes_the_state_and_is_not_judged() {
        let mut rows = recorded(&policy());
        rows[2].judged = None;
        let replayed = judged(rows, i64::MIN, &for_five());
        // Row 4 is judged from the recorded handoff: there is no continuation under the other rules.
        assert_eq!(
            (replayed.events, replayed.skipped, replayed.difference),
            (3, 1, None)
        );
    }

    #[test]
    fn rows_before_the_asked_time_make_the_state_and_are_not_judged() {
        let replayed = judged(recorded(&policy()), NOON + 180_000, &for_five());
        assert_eq!(
            (replayed.events, replayed.skipped, replayed.difference),
            (1, 0, None)
        );
    }

    #[test]
    fn a_missing_row_ends_the_replay() {
        let mut rows = recorded(&policy());
        rows.remove(1);
        let replayed = judged(rows, i64::MIN, &policy());
        assert_eq!((replayed.events, replayed.gap), (1, Some(3)));
    }
}
