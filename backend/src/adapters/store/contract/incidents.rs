//! What every store has to hold about incidents and what is told of them.

use super::{Bench, ONE, T, TWO, begun, finish, owner_field, question, run_next};
use crate::error::StoreError;
use crate::ports::{
    AlertKind, CauseSeen, Erasure, Incident, NewRow, Part, Progress, Pulse, Source, Store, Telling,
    Told, Way,
};
use std::sync::Arc;
use tokio::task::JoinSet;
use widget_core::action::Action;
use widget_core::ids::{AccountId, DialogId, TaskId};

/// Longer than a test takes, ms.
const LONG: i64 = 600_000;
const CALM: i64 = 300_000;

fn cause(account: AccountId, kind: AlertKind) -> CauseSeen {
    CauseSeen {
        account,
        kind,
        detail: "403".to_owned(),
        calm: CALM,
        ways: vec![Way::Task, Way::Webhook],
    }
}

async fn open_one(store: &Arc<dyn Store>, account: AccountId) -> Incident {
    let all = store.incidents(i64::MAX).await.unwrap();
    let mut its = all
        .into_iter()
        .filter(|incident| incident.account == account);
    its.next().expect("an open incident")
}

async fn pulse(store: &Arc<dyn Store>, account: AccountId) -> Pulse {
    let mut all = store.pulses().await.unwrap();
    all.remove(&account).unwrap_or_default()
}

async fn claimed(store: &Arc<dyn Store>, way: Way, now: i64) -> Option<Telling> {
    store.claim_telling(ONE, way, now, LONG).await.unwrap()
}

pub(in super::super) async fn behaviour_5_alerts_an_incident_begins_once_however_many_see_its_cause<
    B: Bench,
>() {
    let mut bench = B::start().await;
    let store = bench.store();
    let mut seeing = JoinSet::new();
    for n in 0..20 {
        let store = Arc::clone(&store);
        seeing.spawn(async move {
            let seen = cause(ONE, AlertKind::PactRefused);
            store.cause_seen(&seen, T + n).await.unwrap()
        });
    }
    let new = seeing.join_all().await;
    assert_eq!(new.iter().filter(|new| **new).count(), 1);
    drop(store);
    bench.crash().await;
    let store = bench.store();
    let again = cause(ONE, AlertKind::PactRefused);
    assert!(!store.cause_seen(&again, T + 100).await.unwrap());
    assert!(!store.cause_seen(&again, T + 50).await.unwrap());
    let open = open_one(&store, ONE).await;
    assert_eq!(
        (open.seen, open.calm),
        (T + 100, CALM),
        "the latest look counts"
    );
    assert_eq!(open.detail, "403");
    assert!(store.cause_gone(&open, T + 200).await.unwrap());
    assert!(
        !store.cause_gone(&open, T + 300).await.unwrap(),
        "it is over once"
    );
    assert!(store.incidents(T + 200).await.unwrap().is_empty());
    let lately = store.incidents(T + 199).await.unwrap();
    assert_eq!(lately[0].ended, Some(T + 200));
    assert!(
        store.cause_seen(&again, T + 400).await.unwrap(),
        "a new one"
    );
    assert!(open_one(&store, ONE).await.id > open.id);
}

pub(in super::super) async fn promise_3_nothing_twice_an_incident_is_told_by_one_of_many_and_once<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    let seen = cause(ONE, AlertKind::BotDown);
    store.cause_seen(&seen, T).await.unwrap();
    let mut telling = JoinSet::new();
    for _ in 0..20 {
        let store = Arc::clone(&store);
        telling.spawn(async move { claimed(&store, Way::Task, T).await });
    }
    let mut claims = telling.join_all().await.into_iter().flatten();
    let first = claims.next().expect("somebody tells it");
    assert_eq!(claims.next(), None);
    assert_eq!(
        (first.part, first.tries, first.unsure),
        (Part::Begin, 0, None)
    );
    // Nobody knew what became of it: it is looked for.
    let later = Told::Later {
        not_before: T + 10,
        unsure: Some(T),
    };
    store.told(&first, later).await.unwrap();
    assert_eq!(claimed(&store, Way::Task, T + 9).await, None);
    let second = claimed(&store, Way::Task, T + 10).await.expect("again");
    assert_eq!((second.tries, second.unsure), (1, Some(T)));
    let late = store.told(&first, Told::Done(None)).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
    store
        .told(&second, Told::Done(Some(TaskId(7))))
        .await
        .unwrap();
    assert_eq!(claimed(&store, Way::Task, T + LONG).await, None);

    let other = claimed(&store, Way::Webhook, T)
        .await
        .expect("the other way");
    let open = open_one(&store, ONE).await;
    store.cause_gone(&open, T + 20).await.unwrap();
    let end = claimed(&store, Way::Task, T + 20).await.expect("the end");
    assert_eq!((end.part, end.task), (Part::End, Some(TaskId(7))));
    assert_eq!(end.incident.ended, Some(T + 20));
    assert_eq!(
        claimed(&store, Way::Webhook, T + 20).await,
        None,
        "an end waits for its begin"
    );
    store.told(&other, Told::Whole(None)).await.unwrap();
    assert_eq!(
        claimed(&store, Way::Webhook, T + 20).await,
        None,
        "all is said"
    );
}

pub(in super::super) async fn promise_2_nothing_lost_what_was_being_told_at_a_crash_is_looked_for<
    B: Bench,
>() {
    let mut bench = B::start().await;
    let store = bench.store();
    let seen = cause(ONE, AlertKind::HookOff);
    store.cause_seen(&seen, T).await.unwrap();
    assert_eq!(store.to_tell(T - 1).await.unwrap(), []);
    let mut ways = store.to_tell(T).await.unwrap();
    ways.sort_by_key(|(_, way)| way.name());
    assert_eq!(ways, [(ONE, Way::Task), (ONE, Way::Webhook)]);
    let first = claimed(&store, Way::Task, T + 1).await.expect("it is told");
    drop(store);
    bench.crash().await;
    let store = bench.store();
    let again = claimed(&store, Way::Task, T + 2).await.expect("taken back");
    assert_eq!((again.id, again.unsure), (first.id, Some(T + 1)));
}

pub(in super::super) async fn promise_6_separate_incidents_and_their_tellings_are_their_accounts<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    for account in [ONE, TWO] {
        let seen = cause(account, AlertKind::NoEvents);
        assert!(store.cause_seen(&seen, T).await.unwrap());
        store.heard(account, T + account.0).await.unwrap();
    }
    let of_one = claimed(&store, Way::Task, T).await.expect("its own");
    assert_eq!(of_one.incident.account, ONE);
    assert_eq!(claimed(&store, Way::Task, T).await, None, "and no other's");
    let stolen = Incident {
        account: TWO,
        ..of_one.incident.clone()
    };
    assert!(!store.cause_gone(&stolen, T).await.unwrap());
    let stolen = Telling {
        incident: stolen,
        ..of_one.clone()
    };
    assert!(store.told(&stolen, Told::Done(None)).await.is_err());

    store.wish(ONE, &Erasure::Account, T).await.unwrap();
    let wish = store.wishes().await.unwrap().remove(0);
    let notice = || NewRow {
        account: ONE,
        dialog: Some(DialogId("none".to_owned())),
        conversation: None,
        source: Source::Act,
        dedup_key: "erased".to_owned(),
        body: Vec::new(),
        at: T,
    };
    while store.erase(&wish, notice(), true).await.unwrap() == Progress::More {}
    let left = store.incidents(0).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].account, TWO);
    assert_eq!(pulse(&store, ONE).await, Pulse::default());
    assert_eq!(pulse(&store, TWO).await.heard_at, Some(T + 2));
}

pub(in super::super) async fn when_the_channel_was_last_heard_is_kept_and_never_goes_back<
    B: Bench,
>() {
    let mut bench = B::start().await;
    let store = bench.store();
    assert_eq!(pulse(&store, ONE).await, Pulse::default());
    store.reach(ONE, T).await.unwrap();
    let first = pulse(&store, ONE).await;
    assert_eq!((first.activated_at, first.heard_at), (Some(T), None));
    store.heard(ONE, T + 5).await.unwrap();
    store.heard(ONE, T + 3).await.unwrap();
    drop(store);
    bench.crash().await;
    let kept = pulse(&bench.store(), ONE).await;
    assert_eq!((kept.activated_at, kept.heard_at), (Some(T), Some(T + 5)));
    assert_eq!(kept.oldest, None);
}

pub(in super::super) async fn the_oldest_text_or_write_that_waits_is_known<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    begun(&store, ONE, "a", &[], &[(question("turn"), None)]).await;
    assert_eq!(
        pulse(&store, ONE).await.oldest,
        None,
        "the bot has its own time"
    );
    begun(&store, ONE, "b", &[], &[(owner_field(), None)]).await;
    assert_eq!(pulse(&store, ONE).await.oldest, Some((T, false)));
    assert_eq!(pulse(&store, TWO).await.oldest, None);
    let act = loop {
        let act = run_next(&store, T).await;
        if matches!(act.action, Action::SetOwnerField { .. }) {
            break act;
        }
    };
    finish(&store, &act, None).await;
    assert_eq!(pulse(&store, ONE).await.oldest, None);
}
