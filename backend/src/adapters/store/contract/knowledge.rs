//! What every store has to hold about knowledge bases and the questions that found nothing.

use super::{Bench, ONE, T, TWO, begun, dialog};
use crate::ports::{Candidates, Erasure, Missed, NewBase, Origin, Progress, Replaced, Store};
use std::sync::Arc;
use widget_core::ids::{AccountId, TurnId, UserId};
use widget_core::knowledge::{BaseFile, Index, read};

/// A base of a file with these headings, each with its own text.
fn base(headings: &[&str], over: Option<i64>, origin: Origin) -> NewBase {
    let text: Vec<String> = headings
        .iter()
        .map(|heading| format!("## {heading}\nОтвет: {heading}.\n"))
        .collect();
    let files = vec![BaseFile {
        name: "base.md".to_owned(),
        text: text.join("\n"),
    }];
    let passages = read(&files).unwrap();
    NewBase::of(files, &passages, (over, origin, Some(UserId(9_001))))
}

async fn put(store: &Arc<dyn Store>, account: AccountId, base: NewBase) -> Replaced {
    store.put_base(account, base, T).await.unwrap()
}

/// What a question's words find.
async fn found(store: &Arc<dyn Store>, account: AccountId, question: &str) -> (i64, Vec<String>) {
    let terms = widget_core::knowledge::terms(question);
    let Candidates { version, names } = store.passages_with(account, &terms).await.unwrap();
    (version, names)
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub(in super::super) async fn issue_9_3_passages_are_found_by_any_of_the_terms<B: Bench>() {
    let mut bench = B::start().await;
    let store = bench.store();
    assert_eq!(found(&store, ONE, "бассейн").await, (0, Vec::new()));
    let headings = ["Бассейн", "Сауна и бассейн", "Wi-Fi", "Парковка"];
    put(&store, ONE, base(&headings, Some(0), Origin::Api)).await;
    bench.crash().await;
    let store = bench.store();
    let both = names(&["бассейн", "сауна-и-бассейн"]);
    assert_eq!(found(&store, ONE, "есть бассейн?").await, (1, both));
    let others = names(&["сауна-и-бассейн", "wi-fi"]);
    assert_eq!(found(&store, ONE, "сауны, интернет").await, (1, others));
    assert_eq!(found(&store, ONE, "вертолёт").await, (1, Vec::new()));
    // What is no term is not asked for: nothing of the databases' own languages of queries gets through.
    for hostile in [
        "'",
        "\"",
        "a OR b",
        "бассейн*",
        "NEAR(",
        "a:b",
        "",
        "!x",
        "a & b",
    ] {
        let terms = [hostile.to_owned()];
        let candidates = store.passages_with(ONE, &terms).await.unwrap();
        assert_eq!(candidates.names, Vec::<String>::new(), "{hostile}");
    }
    let many: Vec<String> = (0..400).map(|n| "бв".repeat(1 + n % 40)).collect();
    assert!(store.passages_with(ONE, &many).await.is_ok());
}

pub(in super::super) async fn a_base_gets_a_version_when_it_changes_and_the_newest_is_searched<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    let first = base(&["Бассейн"], Some(0), Origin::File);
    assert_eq!(put(&store, ONE, first.clone()).await, Replaced::Stored(1));
    let second = base(&["Сауна"], Some(1), Origin::Api);
    assert_eq!(put(&store, ONE, second.clone()).await, Replaced::Stored(2));
    let stale = base(&["Парковка"], Some(1), Origin::Api);
    assert_eq!(put(&store, ONE, stale).await, Replaced::Stale(2));
    assert_eq!(found(&store, ONE, "бассейн").await, (2, Vec::new()));
    assert_eq!(found(&store, ONE, "сауна").await, (2, names(&["сауна"])));
    // What was stored by hand is not undone by a folder that did not change, and the same is no new version.
    let again = NewBase {
        over: None,
        ..first.clone()
    };
    assert_eq!(put(&store, ONE, again).await, Replaced::Stored(2));
    let same = NewBase {
        over: Some(2),
        ..second
    };
    assert_eq!(put(&store, ONE, same).await, Replaced::Stored(2));
    let restored = NewBase {
        over: Some(2),
        origin: Origin::Cli,
        ..first.clone()
    };
    assert_eq!(put(&store, ONE, restored).await, Replaced::Stored(3));
    assert_eq!(
        found(&store, ONE, "бассейн").await,
        (3, names(&["бассейн"]))
    );
    let versions = store.bases(ONE).await.unwrap();
    let told: Vec<_> = versions
        .iter()
        .map(|base| (base.version, base.origin, base.passages, base.user))
        .collect();
    let olga = Some(UserId(9_001));
    assert_eq!(
        told,
        [
            (3, Origin::Cli, 1, olga),
            (2, Origin::Api, 1, olga),
            (1, Origin::File, 1, olga)
        ]
    );
    let old = store.base(ONE, Some(1)).await.unwrap().unwrap();
    assert_eq!(old.files, first.files);
    assert_eq!(store.base(ONE, Some(9)).await.unwrap(), None);
}

pub(in super::super) async fn issue_9_3_both_databases_choose_all_that_the_core_would_rank<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    let new = base(
        &[
            "Бассейн",
            "Детский бассейн",
            "Санаторно-курортная карта",
            "Питомцы",
            "Wi-Fi",
        ],
        None,
        Origin::Cli,
    );
    let passages = read(&new.files).unwrap();
    put(&store, ONE, new).await;
    let index = Index::new(&passages);
    for question in [
        "басейн для детей",
        "с собачкой можно?",
        "вай-фай",
        "санаторна курортная карта",
        "вертолёт",
    ] {
        let query = index.hear(question);
        let chosen = store
            .passages_with(ONE, &query.terms())
            .await
            .unwrap()
            .names;
        let among = index.rank_among(&query, |name| chosen.iter().any(|one| one == name));
        assert_eq!(among, index.rank(&query), "{question}");
    }
}

async fn missed(store: &Arc<dyn Store>, account: AccountId, name: &str, turn: &str, at: i64) {
    let text = store.put_text(account, &dialog(name), "барокамера?").await;
    let missed = Missed {
        account,
        dialog: dialog(name),
        turn: TurnId(turn.to_owned()),
        texts: vec![text.unwrap()],
        at,
    };
    store.miss(&missed).await.unwrap();
}

/// `(dialog, turn)` of what was missed, and whether its words are still there.
async fn all_missed(store: &Arc<dyn Store>, account: AccountId) -> Vec<(String, String, bool)> {
    let mut all = Vec::new();
    for one in store.missed(account, 10).await.unwrap() {
        let texts = store.texts(account, &one.texts).await.unwrap();
        let is_there = texts.iter().any(Option::is_some);
        all.push((one.dialog.0, one.turn.0, is_there));
    }
    all
}

pub(in super::super) async fn privacy_a_question_that_found_nothing_goes_with_its_guest<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    for name in ["a", "b"] {
        begun(&store, ONE, name, &[], &[]).await;
    }
    missed(&store, ONE, "a", "t1", T).await;
    missed(&store, ONE, "a", "t1", T + 1).await;
    missed(&store, ONE, "b", "t1", T + 2).await;
    let of = |name: &str| (name.to_owned(), "t1".to_owned(), true);
    assert_eq!(all_missed(&store, ONE).await, [of("b"), of("a")]);
    let guest = Erasure::Guest(dialog("a"));
    erase(&store, &guest).await;
    assert_eq!(all_missed(&store, ONE).await, [of("b")]);
}

async fn erase(store: &Arc<dyn Store>, erasure: &Erasure) {
    store.wish(ONE, erasure, T).await.unwrap();
    let wish = store.wishes().await.unwrap().remove(0);
    let notice = super::row(ONE, "a", "erased", T);
    while store.erase(&wish, notice.clone(), true).await.unwrap() != Progress::Done {}
}

pub(in super::super) async fn promise_6_separate_a_base_and_its_questions_are_their_accounts<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    for account in [ONE, TWO] {
        begun(&store, account, "a", &[], &[]).await;
        put(&store, account, base(&["Бассейн"], None, Origin::Cli)).await;
        missed(&store, account, "a", "t1", T).await;
    }
    put(&store, TWO, base(&["Бассейн", "Сауна"], None, Origin::Cli)).await;
    assert_eq!(found(&store, ONE, "сауна").await, (1, Vec::new()));
    assert_eq!(found(&store, ONE, "бассейн").await.1.len(), 1);
    // A term of one account, spelled as the index has it, finds nothing in another's name.
    let foreign = [format!("a{TWO}xсауна")];
    let candidates = store.passages_with(ONE, &foreign).await.unwrap();
    assert!(candidates.names.is_empty());
    let before = store.base(TWO, None).await.unwrap();

    erase(&store, &Erasure::Account).await;
    assert_eq!(store.base(ONE, None).await.unwrap(), None);
    assert!(store.bases(ONE).await.unwrap().is_empty());
    assert_eq!(found(&store, ONE, "бассейн").await, (0, Vec::new()));
    assert!(store.missed(ONE, 10).await.unwrap().is_empty());
    assert_eq!(store.base(TWO, None).await.unwrap(), before);
    assert_eq!(found(&store, TWO, "сауна").await, (2, names(&["сауна"])));
    assert_eq!(all_missed(&store, TWO).await.len(), 1);
}
