//! When an action of unknown outcome is looked for, and how long one that fails is tried (DESIGN §5.4). Times as
//! arguments, decisions as values.

use crate::ports::{Again, ClaimedAct, Finish, Lane, Phase};
use widget_core::action::Action;
use widget_core::time::{HOUR, MINUTE, SECOND};

/// When a send of unknown outcome is looked for, counted from its claim.
pub(super) const LOOK_FOR_SEND: [i64; 3] = [5 * SECOND, 15 * SECOND, 45 * SECOND];
/// When a created thing of unknown outcome is looked for, counted from its claim.
pub(super) const LOOK_FOR_WRITE: [i64; 2] = [0, 45 * SECOND];
/// Between two looks lies at least this, however late the first one was: after a long stop they do not all see the
/// same moment.
const BETWEEN_LOOKS: i64 = 5 * SECOND;
/// A look that failed is repeated after this, if the other side names no time.
const LOOK_AGAIN: i64 = 5 * SECOND;
/// How long a read of the CRM is tried before the dialog goes on without it.
const READ_PATIENCE: i64 = 30 * SECOND;
/// How long a send is tried while the channel takes nothing.
const SEND_PATIENCE: i64 = 10 * MINUTE;
/// How long a write to the CRM is tried: it keeps later writes of its dialog waiting.
const WRITE_PATIENCE: i64 = 15 * MINUTE;
/// The longest pause between two tries.
const LONGEST_PAUSE: i64 = MINUTE;
/// The longest pause that a provider may ask for.
const LONGEST_WISH: i64 = HOUR;

/// How long an action is tried, counted from its first failure.
fn patience(lane: Lane) -> i64 {
    match lane {
        Lane::Read | Lane::Bot => READ_PATIENCE,
        Lane::Send => SEND_PATIENCE,
        Lane::Crm => WRITE_PATIENCE,
    }
}

/// Whether an action has failed for so long that it is given up.
pub(super) fn is_given_up(act: &ClaimedAct, now: i64) -> bool {
    let patience = patience(Lane::of(&act.action));
    act.failing_since
        .is_some_and(|since| now - since >= patience)
}

/// The same call or look once more. `after_ms`: the other side has enough for now, which is no failure of this action,
/// unless a guest waits for it; without it the pause doubles with each call. `None` = it has been tried long enough.
pub(super) fn once_more(act: &ClaimedAct, now: i64, after_ms: Option<i64>) -> Option<Finish> {
    let pause = after_ms.map_or_else(|| pause_of(act), |wish| wish.clamp(200, LONGEST_WISH));
    let why = match (after_ms, act.phase) {
        (Some(_), _) if Lane::of(&act.action) == Lane::Read => Again::Failing { at: now },
        (Some(_), Phase::Call) => Again::Paused,
        (Some(_), Phase::Check(_)) => Again::Waiting,
        (None, _) => Again::Failing { at: now },
    };
    let again = |pause, why| Finish::Again {
        phase: act.phase,
        not_before: now + pause,
        why,
    };
    let failing = matches!(why, Again::Failing { .. });
    if !failing || !is_given_up(act, now) {
        return Some(again(pause, why));
    }
    // Given up, what may have been made would be made a second time by whoever needs it next: it is looked for until
    // the other side answers.
    let may_be_made = matches!(act.phase, Phase::Check(_)) && makes_something(&act.action);
    may_be_made.then(|| again(LONGEST_PAUSE, Again::Held))
}

/// Whether a second call would make a second one in the CRM.
pub(super) fn makes_something(action: &Action) -> bool {
    matches!(
        action,
        Action::CreateTask { .. }
            | Action::AddNote { .. }
            | Action::CreateContact
            | Action::CreateDeal { .. }
    )
}

fn pause_of(act: &ClaimedAct) -> i64 {
    match act.phase {
        Phase::Call => (SECOND << act.tries.min(6)).min(LONGEST_PAUSE),
        Phase::Check(_) => LOOK_AGAIN,
    }
}

/// The first look after a call of unknown outcome.
pub(super) fn first_look(schedule: &[i64], act: &ClaimedAct, now: i64) -> Finish {
    Finish::Again {
        phase: Phase::Check(0),
        not_before: act.claimed_at + schedule.first().unwrap_or(&0),
        why: Again::Failing { at: now },
    }
}

/// After the `n`-th look in vain: the next one; after the last, a new call at once. `None` = the action has been tried
/// long enough.
pub(super) fn after_a_miss(schedule: &[i64], n: u32, act: &ClaimedAct, now: i64) -> Option<Finish> {
    let why = Again::Failing { at: now };
    if let Some(after_claim) = schedule.get(n as usize + 1) {
        return Some(Finish::Again {
            phase: Phase::Check(n + 1),
            not_before: (act.claimed_at + after_claim).max(now + BETWEEN_LOOKS),
            why,
        });
    }
    (!is_given_up(act, now)).then_some(Finish::Again {
        phase: Phase::Call,
        not_before: now,
        why,
    })
}

/// The provider refuses the whole account: the action waits as it is until that is over.
pub(super) fn held(act: &ClaimedAct, now: i64) -> Finish {
    Finish::Again {
        phase: act.phase,
        not_before: now,
        why: Again::Held,
    }
}

/// Nothing was called under this claim.
pub(super) fn not_begun(act: &ClaimedAct, now: i64) -> Finish {
    Finish::Again {
        phase: act.phase,
        not_before: now,
        why: Again::Waiting,
    }
}

/// The process stops before the action is over: what it may have done is looked for, what only reads is repeated.
pub(super) fn handed_back(act: &ClaimedAct, now: i64) -> Finish {
    let (phase, not_before) = match (Lane::of(&act.action), act.phase) {
        (Lane::Read | Lane::Bot, _) => (Phase::Call, now),
        (_, Phase::Check(n)) => (Phase::Check(n), now),
        (Lane::Send, Phase::Call) => (Phase::Check(0), act.claimed_at + LOOK_FOR_SEND[0]),
        (Lane::Crm, Phase::Call) => (Phase::Check(0), now),
    };
    Finish::Again {
        phase,
        not_before,
        why: Again::Waiting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::AtHand;
    use std::sync::Arc;
    use widget_core::action::SendKind;
    use widget_core::dialog::Dialog;
    use widget_core::ids::{AccountId, ActionKey, ConversationId, DialogId, TurnId};

    const T: i64 = 1_800_000_000_000;

    fn act(action: Action, phase: Phase) -> ClaimedAct {
        ClaimedAct {
            account: AccountId(1),
            dialog: DialogId::from("a"),
            key: ActionKey("a/1/0".to_owned()),
            action,
            text: None,
            phase,
            tries: 0,
            claimed_at: T,
            sought_from: None,
            failing_since: None,
            created_at: T,
            token: 1,
            at_hand: Arc::new(AtHand {
                dialog: Dialog::new(
                    DialogId::from("a"),
                    AccountId(1),
                    ConversationId("1".to_owned()),
                ),
                guest: None,
                words: None,
            }),
        }
    }

    fn send(phase: Phase) -> ClaimedAct {
        let action = Action::Send {
            kind: SendKind::Answer,
            parts: Vec::new(),
            epoch: 0,
        };
        act(action, phase)
    }

    fn again(finish: &Finish) -> (Phase, i64, Again) {
        match finish {
            Finish::Again {
                phase,
                not_before,
                why,
            } => (*phase, *not_before - T, *why),
            Finish::Over { .. } => panic!("it is not over"),
        }
    }

    #[test]
    fn promise_3_a_stop_hands_back_reads_to_be_repeated_and_the_rest_to_be_looked_for() {
        let question = Action::AskBot {
            turn: TurnId::from("t"),
            messages: Vec::new(),
            introduce: false,
            manager_note: None,
        };
        let now = T + SECOND;
        for (act, phase, after) in [
            (act(Action::ReadCrm, Phase::Call), Phase::Call, SECOND),
            (act(question, Phase::Call), Phase::Call, SECOND),
            (
                act(Action::CreateContact, Phase::Call),
                Phase::Check(0),
                SECOND,
            ),
            (
                act(Action::CreateContact, Phase::Check(1)),
                Phase::Check(1),
                SECOND,
            ),
            (send(Phase::Call), Phase::Check(0), 5 * SECOND),
            (send(Phase::Check(2)), Phase::Check(2), SECOND),
        ] {
            let handed = handed_back(&act, now);
            assert_eq!(again(&handed), (phase, after, Again::Waiting), "{act:?}");
        }
    }

    #[test]
    fn patience_counts_failures_and_no_waiting() {
        let mut act = send(Phase::Call);
        assert!(!is_given_up(&act, T + 100 * HOUR), "it has only waited");
        act.failing_since = Some(T);
        assert!(!is_given_up(&act, T + SEND_PATIENCE - 1));
        assert!(is_given_up(&act, T + SEND_PATIENCE));
        act.failing_since = None;
        let after = |act: &ClaimedAct, wish| once_more(act, T, wish).map(|finish| again(&finish));
        let wish = Some(50 * SECOND);
        let paused = (Phase::Call, 50 * SECOND, Again::Paused);
        assert_eq!(after(&act, wish), Some(paused));
        act.tries = 3;
        let failed = Again::Failing { at: T };
        assert_eq!(after(&act, None), Some((Phase::Call, 8 * SECOND, failed)));
        act.tries = 60;
        assert_eq!(
            after(&act, None),
            Some((Phase::Call, LONGEST_PAUSE, failed))
        );
        act.failing_since = Some(T - SEND_PATIENCE);
        assert_eq!(after(&act, None), None);
        assert_eq!(after(&act, wish), Some(paused));
        act.phase = Phase::Check(1);
        let waits = (Phase::Check(1), 50 * SECOND, Again::Waiting);
        assert_eq!(after(&act, wish), Some(waits));
        act.action = Action::ReadCrm;
        assert_eq!(after(&act, wish), None, "a guest waits for a read");
    }

    #[test]
    fn design_5_4_the_last_miss_is_a_new_call_or_the_end_of_patience() {
        let mut act = send(Phase::Check(2));
        let now = T + 45 * SECOND;
        let call = after_a_miss(&LOOK_FOR_SEND, 2, &act, now).map(|finish| again(&finish));
        let failed = Again::Failing { at: now };
        assert_eq!(call, Some((Phase::Call, 45 * SECOND, failed)));
        act.failing_since = Some(now - SEND_PATIENCE);
        assert!(after_a_miss(&LOOK_FOR_SEND, 2, &act, now).is_none());
        assert!(
            after_a_miss(&LOOK_FOR_SEND, 1, &act, now).is_some(),
            "all looks are made"
        );
    }
}
