//! Budgets: who gets a place, in which order, and what a restart remembers.

use super::{Bench, ONE, SECOND, T, TWO, answer, begun, claim_one, finish, goes_on, send, waiting};
use crate::ports::{ActClaim, Again, ClaimedAct, Class, Finish, Lane, Phase, Store, Wanted};
use std::sync::Arc;
use widget_core::action::SendKind;
use widget_core::ids::AccountId;

const MINUTE: i64 = 60 * SECOND;
/// A minute as budgets count it.
const WINDOW: i64 = 62 * SECOND;

async fn claim_send(
    store: &Arc<dyn Store>,
    account: AccountId,
    now: i64,
) -> Option<Box<ClaimedAct>> {
    let wanted = Wanted {
        account,
        lane: Lane::Send,
        limited: true,
    };
    match claim_one(store, wanted, now).await.unwrap() {
        Some(ActClaim::Run(act)) => Some(act),
        None => None,
        Some(ActClaim::Refused(act)) => panic!("refused: {act:?}"),
    }
}

/// Sends all that may leave now; the dialogs, in order.
async fn sends(store: &Arc<dyn Store>, now: i64) -> Vec<String> {
    let mut sent = Vec::new();
    while let Some(act) = claim_send(store, ONE, now).await {
        finish(store, &act, Some(&format!("p{}", act.key))).await;
        sent.push(act.dialog.0.clone());
    }
    sent
}

async fn many(store: &Arc<dyn Store>, prefix: &str, count: usize, kind: SendKind) {
    for n in 0..count {
        begun(
            store,
            ONE,
            &format!("{prefix}{n:02}"),
            &[],
            &[(send(kind, 0), None)],
        )
        .await;
    }
}

pub(in super::super) async fn sends_keep_within_five_a_second_and_thirty_a_minute<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    many(&store, "h", 40, SendKind::Handoff).await;
    let mut at = Vec::new();
    for second in 0..180 {
        let now = T + second * SECOND;
        at.extend(sends(&store, now).await.iter().map(|_| now));
    }
    assert_eq!(at.len(), 40, "all are served");
    for (most, within) in [(5, SECOND), (30, MINUTE)] {
        let crowded = at.windows(most + 1).find(|few| few[most] - few[0] < within);
        assert_eq!(crowded, None, "more than {most} within {within} ms");
    }
    assert!(at[29] <= T + 10 * SECOND, "and nobody waits without need");
}

pub(in super::super) async fn design_5_4_answers_go_first_then_handoffs_then_touches<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    many(&store, "t", 3, SendKind::Touch).await;
    many(&store, "a", 3, SendKind::Answer).await;
    many(&store, "h", 3, SendKind::Handoff).await;
    let mut order = Vec::new();
    for second in 0..10 {
        order.extend(sends(&store, T + second * SECOND).await);
    }
    let expected = [
        "a00", "a01", "a02", "h00", "h01", "h02", "t00", "t01", "t02",
    ];
    assert_eq!(order, expected);
}

pub(in super::super) async fn touches_leave_room_for_a_handoff_that_comes_later<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    many(&store, "t", 40, SendKind::Touch).await;
    for second in 0..30 {
        sends(&store, T + second * SECOND).await;
    }
    many(&store, "h", 1, SendKind::Handoff).await;
    assert_eq!(sends(&store, T + 30 * SECOND).await, ["h00"]);
}

pub(in super::super) async fn a_talkative_dialog_takes_no_place_from_the_others<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    let five: Vec<_> = (0..5).map(|_| (answer(0), None)).collect();
    begun(&store, ONE, "talkative", &[], &five).await;
    many(&store, "z", 3, SendKind::Answer).await;
    let order = sends(&store, T).await;
    assert_eq!(order[..4], ["talkative", "z00", "z01", "z02"]);
}

pub(in super::super) async fn promise_6_separate_an_account_takes_no_place_of_another<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    many(&store, "h", 6, SendKind::Handoff).await;
    begun(&store, TWO, "x", &[], &[(answer(0), None)]).await;
    assert_eq!(sends(&store, T).await.len(), 5);
    assert!(claim_send(&store, TWO, T).await.is_some());
}

pub(in super::super) async fn promise_2_nothing_lost_a_restart_gives_nobody_new_places<B: Bench>() {
    let mut bench = B::start().await;
    let store = bench.store();
    many(&store, "h", 31, SendKind::Handoff).await;
    for second in 0..20 {
        sends(&store, T + second * SECOND).await;
    }
    for _ in 0..10 {
        assert_eq!(store.take(ONE, Class::Conversation, T).await.unwrap(), None);
    }
    drop(store);
    bench.crash().await;

    let store = bench.store();
    assert!(sends(&store, T + 30 * SECOND).await.is_empty());
    let wait = store.take(ONE, Class::Conversation, T + SECOND).await;
    assert_eq!(wait.unwrap(), Some(WINDOW - SECOND));
    assert_eq!(sends(&store, T + WINDOW).await, ["h30"]);
}

pub(in super::super) async fn a_pause_of_the_channel_holds_for_the_whole_account<B: Bench>() {
    let mut bench = B::start().await;
    let store = bench.store();
    many(&store, "h", 2, SendKind::Handoff).await;
    let first = claim_send(&store, ONE, T).await.unwrap();
    let busy = Finish::Again {
        phase: Phase::Call,
        not_before: T + MINUTE,
        why: Again::Paused,
    };
    store.finish_act(&first, busy).await.unwrap();
    drop(store);
    bench.crash().await;
    let store = bench.store();
    assert!(sends(&store, T + MINUTE - 1).await.is_empty());
    assert_eq!(sends(&store, T + MINUTE).await.len(), 2);
}

pub(in super::super) async fn each_class_of_reads_has_places_of_its_own<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    for _ in 0..20 {
        assert_eq!(store.take(ONE, Class::Messages, T).await.unwrap(), None);
    }
    let full = store.take(ONE, Class::Messages, T).await.unwrap();
    assert_eq!(full, Some(WINDOW));
    assert_eq!(store.take(TWO, Class::Messages, T).await.unwrap(), None);
    assert_eq!(
        store.take(ONE, Class::Conversations, T).await.unwrap(),
        None
    );
    assert_eq!(
        store.take(ONE, Class::Messages, T + WINDOW).await.unwrap(),
        None
    );
    let paused = T + 10 * MINUTE;
    store.pause(ONE, Class::Messages, paused).await.unwrap();
    let wait = store.take(ONE, Class::Messages, T + 2 * WINDOW).await;
    assert_eq!(wait.unwrap(), Some(10 * MINUTE - 2 * WINDOW));
}

pub(in super::super) async fn a_text_that_may_not_leave_any_more_stands_before_no_handoff<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    begun(&store, ONE, "a", &[], &[(answer(0), None)]).await;
    let act = claim_send(&store, ONE, T).await.unwrap();
    let later = Finish::Again {
        phase: Phase::Call,
        not_before: T + MINUTE,
        why: Again::Failing { at: T },
    };
    store.finish_act(&act, later).await.unwrap();
    let handoff = (send(SendKind::Handoff, 1), None);
    goes_on(&store, "a", &[waiting(1)], &[handoff]).await;
    let wanted = Wanted {
        account: ONE,
        lane: Lane::Send,
        limited: true,
    };
    let refused = claim_one(&store, wanted, T + 2 * SECOND).await.unwrap();
    let Some(ActClaim::Refused(refused)) = refused else {
        panic!("the old answer is refused at once: {refused:?}");
    };
    assert_eq!(refused.key, act.key);
    finish(&store, &refused, None).await;
    assert_eq!(
        sends(&store, T + 2 * SECOND).await,
        ["a"],
        "the handoff text"
    );
}

pub(in super::super) async fn failures_are_counted_from_the_first_and_held_ones_anew<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    begun(&store, ONE, "a", &[], &[(answer(0), None)]).await;
    let whys = [
        (Again::Waiting, None),
        (Again::Failing { at: T + 2 }, Some(T + 2)),
        (Again::Failing { at: T + 3 }, Some(T + 2)),
        (Again::Paused, Some(T + 2)),
        (Again::Held, None),
    ];
    for (n, (why, since)) in (1_i64..).zip(whys) {
        let now = T + n * WINDOW;
        let act = claim_send(&store, ONE, now).await.unwrap();
        let again = Finish::Again {
            phase: Phase::Call,
            not_before: now,
            why,
        };
        store.finish_act(&act, again).await.unwrap();
        let act = claim_send(&store, ONE, now + 10 * SECOND).await.unwrap();
        assert_eq!(act.failing_since, since, "{why:?}");
        assert_eq!(act.sought_from, None);
        let put_back = Finish::Again {
            phase: Phase::Call,
            not_before: now,
            why: Again::Waiting,
        };
        store.finish_act(&act, put_back).await.unwrap();
    }
    let last = T + 10 * WINDOW;
    let act = claim_send(&store, ONE, last).await.unwrap();
    let unknown = Finish::Again {
        phase: Phase::Check(0),
        not_before: last,
        why: Again::Failing { at: last },
    };
    store.finish_act(&act, unknown).await.unwrap();
    let check = claim_send(&store, ONE, last).await.unwrap();
    assert_eq!(check.sought_from, Some(last));
    let call = Finish::Again {
        phase: Phase::Call,
        not_before: last,
        why: Again::Failing { at: last },
    };
    store.finish_act(&check, call).await.unwrap();
    let again = claim_send(&store, ONE, last + WINDOW).await.unwrap();
    assert_eq!(again.claimed_at, last + WINDOW);
    assert_eq!(
        again.sought_since(),
        last,
        "the first call may have arrived"
    );
}
