//! What every store has to hold about retention and erasure.

use super::{
    Bench, HOUR, ONE, SECOND, T, TWO, answer, begun, claim, contact_is_found, decided, dialog,
    goes_on, ingest, keys, nothing_to_claim, nothing_to_run, over, owner_field, row, run_next,
    unrouted,
};
use crate::ports::{
    Again, Class, Erasure, Finish, Guest, NewRow, Origin, Phase, Progress, Source, Store,
    StoredPolicy, Wish,
};
use std::sync::Arc;
use widget_core::action::Action;
use widget_core::change::Change;
use widget_core::dialog::{Dialog, From, SeenMessage};
use widget_core::ids::{AccountId, ContactId, DealId, TextRef};

const PHONE: &str = "79000000001";
const DAY: i64 = 24 * HOUR;

fn guest() -> Guest {
    Guest {
        phone: PHONE.to_owned(),
        name: Some("Аполлинария".to_owned()),
        provider: "whatsapp".to_owned(),
    }
}

/// The row that tells the dialog, at `at`.
fn notice(account: AccountId, name: &str, at: i64) -> NewRow {
    NewRow {
        source: Source::Act,
        conversation: None,
        ..row(account, name, "erased", at)
    }
}

async fn wished(store: &Arc<dyn Store>, account: AccountId, erasure: Erasure) -> Wish {
    store.wish(account, &erasure, T).await.unwrap();
    let wishes = store.wishes().await.unwrap();
    wishes.into_iter().next_back().expect("it is remembered")
}

async fn erase_guest(store: &Arc<dyn Store>, name: &str, at: i64, anyway: bool) -> Progress {
    let wish = wished(store, ONE, Erasure::Guest(dialog(name))).await;
    let notice = notice(ONE, name, at);
    store.erase(&wish, notice, anyway).await.unwrap()
}

/// A dialog with a guest, a contact, a text on its way, a task to make, and a message that nobody handled.
async fn talking(store: &Arc<dyn Store>, account: AccountId, name: &str) -> TextRef {
    let text = store.put_text(account, &dialog(name), "тайна").await;
    let text = text.unwrap();
    let seen = Change::Seen(SeenMessage {
        id: "m1".into(),
        from: From::Guest,
        at: T,
        text: Some(text),
    });
    let bound = Change::Bound {
        contact: Some(ContactId(5)),
        deal: Some(DealId(7)),
    };
    let acts = [(answer(0), Some(text)), (owner_field(), None)];
    begun(store, account, name, &[seen, bound], &acts).await;
    let name = dialog(name);
    store.put_guest(account, &name, &guest()).await.unwrap();
    contact_is_found(store, account, &name.0, (PHONE, ContactId(5))).await;
    text
}

async fn texts(store: &Arc<dyn Store>, account: AccountId, text: TextRef) -> Option<String> {
    let texts = store.texts(account, &[text]).await.unwrap();
    texts.into_iter().next().flatten()
}

pub(in super::super) async fn privacy_an_erased_guest_leaves_ids_and_a_state_that_is_the_fold<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    let text = talking(&store, ONE, "a").await;
    let others = talking(&store, ONE, "b").await;
    ingest(&store, vec![row(ONE, "a", "late", T)]).await;
    let name = dialog("a");
    let known = store.known(ONE).await.unwrap();
    let of_a = known.iter().find(|known| known.dialog == name).unwrap();
    assert_eq!(of_a.guest, Some(guest()));

    assert_eq!(erase_guest(&store, "a", T, false).await, Progress::Done);
    assert!(store.wishes().await.unwrap().is_empty());
    assert!(store.settle().await.unwrap());
    assert_eq!(texts(&store, ONE, text).await, None);
    assert_eq!(store.guest(ONE, &name).await.unwrap(), None);
    assert_eq!(store.contact(ONE, PHONE).await.unwrap(), None);
    let told = claim(&store, T).await;
    assert_eq!(keys(&told), ["erased"], "what nobody handled is gone");
    assert!(told.due.is_empty());
    let forgotten = Change::Forgotten { at: T };
    store
        .commit(decided(&told, &[forgotten], &[]))
        .await
        .unwrap();
    nothing_to_claim(&store, T + HOUR).await;

    // The other dialog's action is the only one left.
    assert_eq!(run_next(&store, T).await.dialog, dialog("b"));
    assert_eq!(run_next(&store, T).await.dialog, dialog("b"));
    nothing_to_run(&store, T + HOUR).await;
    assert_eq!(texts(&store, ONE, others).await.as_deref(), Some("тайна"));

    let journal = bench.journal(ONE, &name).await;
    let rows: Vec<(u64, i64, Vec<Change>)> = journal
        .iter()
        .map(|(seq, at, changes)| (*seq, *at, serde_json::from_str(changes).unwrap()))
        .collect();
    let rows = rows
        .iter()
        .map(|(seq, at, changes)| (*seq, *at, changes.as_slice()));
    let folded = Dialog::new(name.clone(), ONE, "thread of a".into()).fold(rows);
    assert_eq!(store.dialog(ONE, &name).await.unwrap(), Some(folded));

    // The same text, said again, is a text like any other.
    let again = store.put_text(ONE, &name, "тайна").await.unwrap();
    assert_ne!(again, text);
    assert_eq!(texts(&store, ONE, again).await.as_deref(), Some("тайна"));
}

pub(in super::super) async fn privacy_a_guest_is_not_erased_while_the_dialog_is_worked_on<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    let text = talking(&store, ONE, "a").await;
    let lease = store.lease(ONE, &dialog("a"), T).await.unwrap().unwrap();
    assert_eq!(erase_guest(&store, "a", T, true).await, Progress::Busy);
    store.release(&lease.lease, &[], 0).await.unwrap();
    let act = run_next(&store, T).await;
    assert_eq!(erase_guest(&store, "a", T, false).await, Progress::Busy);
    let check = Finish::Again {
        phase: Phase::Check(0),
        not_before: T + 5 * SECOND,
        why: Again::Waiting,
    };
    store.finish_act(&act, check).await.unwrap();
    assert_eq!(erase_guest(&store, "a", T, false).await, Progress::Busy);
    let waiting = store.wishes().await.unwrap();
    assert_eq!(waiting.len(), 1, "the same wish is one: {waiting:?}");
    assert_eq!(texts(&store, ONE, text).await.as_deref(), Some("тайна"));
    assert_eq!(erase_guest(&store, "a", T, true).await, Progress::Done);
    assert_eq!(texts(&store, ONE, text).await, None);
}

pub(in super::super) async fn privacy_what_is_found_of_a_guest_who_was_erased_meanwhile_is_not_kept<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    talking(&store, ONE, "a").await;
    // A call that hangs: the erasure does not wait for it for ever.
    let act = run_next(&store, T).await;
    assert_eq!(erase_guest(&store, "a", T, true).await, Progress::Done);
    let late = store.put_contact(&act, PHONE, ContactId(6));
    late.await.unwrap();
    assert_eq!(store.contact(ONE, PHONE).await.unwrap(), None);
    // The guest writes again: what was asked before is not about them.
    store.put_guest(ONE, &dialog("a"), &guest()).await.unwrap();
    let late = store.put_contact(&act, PHONE, ContactId(6));
    late.await.unwrap();
    assert_eq!(store.contact(ONE, PHONE).await.unwrap(), None);
}

pub(in super::super) async fn privacy_a_guest_who_was_erased_before_an_action_found_them_does_not_come_back<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    begun(&store, ONE, "a", &[], &[(Action::ReadCrm, None)]).await;
    let hangs = run_next(&store, T).await;
    begun(&store, ONE, "b", &[], &[(Action::ReadCrm, None)]).await;
    let answers = run_next(&store, T).await;
    assert_eq!(erase_guest(&store, "a", T, true).await, Progress::Done);
    for act in [&hangs, &answers] {
        store.put_found_guest(act, &guest()).await.unwrap();
    }
    assert_eq!(store.guest(ONE, &dialog("a")).await.unwrap(), None);
    assert_eq!(store.guest(ONE, &dialog("b")).await.unwrap(), Some(guest()));
    store
        .put_contact(&hangs, PHONE, ContactId(6))
        .await
        .unwrap();
    assert_eq!(store.contact(ONE, PHONE).await.unwrap(), None);
    store
        .put_contact(&answers, PHONE, ContactId(5))
        .await
        .unwrap();
    assert_eq!(store.contact(ONE, PHONE).await.unwrap(), Some(ContactId(5)));
}

pub(in super::super) async fn privacy_a_deleted_messages_text_goes_unless_another_says_the_same<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    let name = dialog("a");
    let (once, twice) = (
        store.put_text(ONE, &name, "тайна").await.unwrap(),
        store.put_text(ONE, &name, "да").await.unwrap(),
    );
    begun(&store, ONE, "a", &[], &[]).await;
    for (id, text) in [("m1", once), ("m2", twice), ("m3", twice)] {
        let claimed = store.lease(ONE, &name, T).await.unwrap().unwrap();
        let mut commit = decided(&claimed, &[], &[]);
        commit.journal[0].event =
            format!(r#"{{"type":"guest_wrote","id":"{id}","text":{}}}"#, text.0);
        store.commit(commit).await.unwrap();
    }
    let delete = async |id: &str| {
        let wish = wished(&store, ONE, Erasure::Message(name.clone(), id.into())).await;
        let notice = notice(ONE, "a", T);
        store.erase(&wish, notice, false).await.unwrap()
    };
    ingest(&store, vec![row(ONE, "a", "delete m1", T)]).await;
    assert_eq!(delete("m1").await, Progress::Busy, "it is not decided yet");
    goes_on(&store, "a", &[], &[]).await;
    assert_eq!(delete("m1").await, Progress::Done);
    assert_eq!(delete("m2").await, Progress::Done);
    assert_eq!(texts(&store, ONE, once).await, None);
    assert_eq!(texts(&store, ONE, twice).await.as_deref(), Some("да"));
    nothing_to_claim(&store, T).await;
}

pub(in super::super) async fn promise_6_separate_an_erased_account_takes_nothing_of_another<
    B: Bench,
>() {
    let mut bench = B::start().await;
    let store = bench.store();
    let of_one = talking(&store, ONE, "a").await;
    let of_two = talking(&store, TWO, "a").await;
    for account in [ONE, TWO] {
        let put = store.put_policy(account, "mode = 'on'", Origin::Cli, T);
        put.await.unwrap();
        assert!(store.use_once(account, "token", T + HOUR, T).await.unwrap());
        store.reach(account, T).await.unwrap();
        let places = store.take(account, Class::Messages, T).await.unwrap();
        assert_eq!(places, None);
        store
            .pause(account, Class::Messages, T + DAY)
            .await
            .unwrap();
    }
    ingest(&store, vec![unrouted("h1", T)]).await;
    let wish = wished(&store, ONE, Erasure::Account).await;
    let one = async |store: &Arc<dyn Store>| {
        store
            .erase(&wish, notice(ONE, "a", T), false)
            .await
            .unwrap()
    };
    assert_eq!(one(&store).await, Progress::More);
    bench.crash().await;
    let store = bench.store();
    assert_eq!(store.wishes().await.unwrap()[0], wish, "not lost");
    while one(&store).await == Progress::More {}
    assert!(store.settle().await.unwrap());
    assert!(store.wishes().await.unwrap().is_empty());

    assert!(store.known(ONE).await.unwrap().is_empty());
    assert_eq!(store.policy(ONE, None).await.unwrap(), None);
    assert_eq!(store.dialog(ONE, &dialog("a")).await.unwrap(), None);
    assert_eq!(texts(&store, ONE, of_one).await, None);
    assert!(store.unrouted(10).await.unwrap().is_empty());

    assert_eq!(texts(&store, TWO, of_two).await.as_deref(), Some("тайна"));
    assert_eq!(store.known(TWO).await.unwrap().len(), 1);
    assert_eq!(
        store.policy(TWO, None).await.unwrap(),
        Some(StoredPolicy {
            version: 1,
            toml: "mode = 'on'".to_owned(),
            account_epoch: 0
        })
    );
    assert!(!store.use_once(TWO, "token", T + HOUR, T).await.unwrap());
    let paused = store.take(TWO, Class::Messages, T).await.unwrap();
    assert_eq!(paused, Some(DAY));
    assert_eq!(store.reach(TWO, T + 1).await.unwrap().activated_at, T);
    assert_eq!(run_next(&store, T).await.account, TWO);

    // The account may begin anew, under another key.
    assert_eq!(store.reach(ONE, T + 1).await.unwrap().activated_at, T + 1);
    let free = store.take(ONE, Class::Messages, T).await.unwrap();
    assert_eq!(free, None);
    let anew = talking(&store, ONE, "a").await;
    assert_eq!(texts(&store, ONE, anew).await.as_deref(), Some("тайна"));
    assert_eq!(texts(&store, ONE, of_one).await, None);
}

pub(in super::super) async fn what_is_handled_goes_in_time_and_what_waits_stays<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    // A row of an account that nobody serves stands before all others.
    ingest(&store, vec![row(TWO, "z", "waits", T - DAY)]).await;
    for n in 0..300 {
        let at = T + n * SECOND;
        ingest(&store, vec![row(ONE, "a", &format!("m{n}"), at)]).await;
    }
    let name = dialog("a");
    let handle = async |acts: &[(Action, Option<TextRef>)]| {
        while let Some(claimed) = store.lease(ONE, &name, T + DAY).await.unwrap() {
            let last = claimed.rows.is_empty();
            let commit = decided(&claimed, &[], if last { acts } else { &[] });
            store.commit(commit).await.unwrap();
            if last {
                break;
            }
        }
    };
    let text = store.put_text(ONE, &name, "тайна").await.unwrap();
    handle(&[(answer(0), Some(text)), (owner_field(), None)]).await;
    let sent = run_next(&store, T + DAY).await;
    let over = over(&sent, Some("p1"), T + DAY);
    store.finish_act(&sent, over).await.unwrap();
    handle(&[]).await;

    let before = T + 100 * SECOND;
    let mut gone = 0;
    while let some @ 1.. = store.prune(before).await.unwrap() {
        gone += some;
    }
    // The send was decided at T too; the task of the CRM is not done yet.
    assert_eq!(gone, 101);
    let known = ingest(
        &store,
        vec![row(ONE, "a", "m100", T), row(ONE, "a", "m99", T)],
    )
    .await;
    assert_eq!(
        known,
        [false, true],
        "a duplicate is known as long as it is kept"
    );
    let used = store.used_messages(ONE, &name).await.unwrap();
    assert_eq!(used, ["p1".into()]);

    while store.prune(T + 9 * DAY).await.unwrap() > 0 {}
    let used = store.used_messages(ONE, &name).await.unwrap();
    assert!(used.is_empty(), "{used:?}");
    assert_eq!(run_next(&store, T + 9 * DAY).await.action, owner_field());
    assert_eq!(keys(&claim(&store, T + 9 * DAY).await), ["waits"]);
    assert_eq!(keys(&claim(&store, T + 9 * DAY).await), ["m99"]);
    assert_eq!(texts(&store, ONE, text).await.as_deref(), Some("тайна"));
}
