//! What every store has to hold about what CRMs gave accounts.

use super::{Bench, ONE, T, TWO};
use crate::ports::{Erasure, Grant, Pair, Setback, Store};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use tokio::task::JoinSet;
use widget_core::ids::AccountId;

/// Longer than a test takes, ms.
const LONG: i64 = 600_000;

fn pair(name: &str) -> Pair {
    Pair {
        endpoint: format!("https://{name}.amocrm.ru"),
        access: SecretString::from(format!("access of {name}")),
        refresh: SecretString::from(format!("refresh of {name}")),
        expires_at: T + 8,
        renew_at: T + 6,
    }
}

async fn grant(store: &Arc<dyn Store>, account: AccountId) -> Grant {
    store.grant(account).await.unwrap().expect("a grant")
}

/// `(version, whose pair, trouble)`.
fn plainly(grant: &Grant) -> (i64, Option<String>, Option<&str>) {
    let whose = grant.pair.as_ref().map(|pair| {
        let access = pair.access.expose_secret();
        let name = access.strip_prefix("access of ").unwrap().to_owned();
        assert_eq!(pair.refresh.expose_secret(), format!("refresh of {name}"));
        assert_eq!(pair.endpoint, format!("https://{name}.amocrm.ru"));
        assert_eq!((pair.expires_at, pair.renew_at), (T + 8, T + 6));
        name
    });
    (grant.version, whose, grant.trouble.as_deref())
}

pub(in super::super) async fn promise_6_separate_a_pair_of_tokens_is_its_accounts_alone<
    B: Bench,
>() {
    let mut bench = B::start().await;
    let store = bench.store();
    assert!(store.grant(ONE).await.unwrap().is_none());
    let put = store.put_grant(ONE, &pair("one"), None).await.unwrap();
    assert_eq!(put, Some(1));
    assert!(store.grant(TWO).await.unwrap().is_none());
    let two = pair("two");
    assert_eq!(store.put_grant(TWO, &two, Some(1)).await.unwrap(), None);
    assert!(!store.begin_renewal(TWO, 1, LONG).await.unwrap());
    let dead = Setback::Dead("no".to_owned());
    store.set_back(TWO, 1, dead.clone()).await.unwrap();
    store.forget_grant(TWO).await.unwrap();
    let of_one = (1, Some("one".to_owned()), None);
    assert_eq!(plainly(&grant(&store, ONE).await), of_one);

    assert_eq!(store.put_grant(TWO, &two, None).await.unwrap(), Some(1));
    store.set_back(TWO, 1, dead).await.unwrap();
    let all = store.grants().await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(plainly(&all[&ONE]), of_one);
    assert_eq!(plainly(&all[&TWO]), (1, None, Some("no")));

    drop((store, all));
    bench.crash().await;
    assert_eq!(plainly(&grant(&bench.store(), ONE).await), of_one);
}

pub(in super::super) async fn promise_3_nothing_twice_a_pair_is_renewed_by_one_of_many<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    store.put_grant(ONE, &pair("first"), None).await.unwrap();
    let mut renewing = JoinSet::new();
    for _ in 0..20 {
        let store = Arc::clone(&store);
        renewing.spawn(async move { store.begin_renewal(ONE, 1, LONG).await.unwrap() });
    }
    let begun = renewing.join_all().await;
    assert_eq!(begun.iter().filter(|begun| **begun).count(), 1);

    // Two pairs for the same one: of two that were renewed by different callers, one is kept.
    let mut putting = JoinSet::new();
    for name in ["winner", "winner", "winner"] {
        let store = Arc::clone(&store);
        let put = async move { store.put_grant(ONE, &pair(name), Some(1)).await.unwrap() };
        putting.spawn(put);
    }
    let mut put = putting.join_all().await;
    put.sort_unstable();
    assert_eq!(put, [None, None, Some(2)]);
    assert!(
        !store.begin_renewal(ONE, 1, LONG).await.unwrap(),
        "it is gone"
    );
    assert!(store.begin_renewal(ONE, 2, LONG).await.unwrap());
    store.set_back(ONE, 2, Setback::Later).await.unwrap();
    assert!(store.begin_renewal(ONE, 2, 0).await.unwrap());
    assert!(
        store.begin_renewal(ONE, 2, LONG).await.unwrap(),
        "the first one took too long"
    );
}

pub(in super::super) async fn a_refused_renewal_is_trouble_until_somebody_brings_a_pair<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    store.put_grant(ONE, &pair("first"), None).await.unwrap();
    let refused = || Setback::NotRenewed("refused".to_owned());
    store.set_back(ONE, 1, refused()).await.unwrap();
    let troubled = (1, Some("first".to_owned()), Some("refused"));
    assert_eq!(plainly(&grant(&store, ONE).await), troubled);
    store.set_back(ONE, 1, Setback::Later).await.unwrap();
    assert_eq!(plainly(&grant(&store, ONE).await), troubled);
    assert!(!store.begin_renewal(ONE, 1, LONG).await.unwrap());

    // An instance that stood still had renewed it: what it got is good.
    let late = store.put_grant(ONE, &pair("late"), Some(1)).await.unwrap();
    assert_eq!(late, Some(2));
    store.set_back(ONE, 1, refused()).await.unwrap();
    let healed = (2, Some("late".to_owned()), None);
    assert_eq!(plainly(&grant(&store, ONE).await), healed);

    let dead = Setback::Dead("dead".to_owned());
    store.set_back(ONE, 2, dead).await.unwrap();
    assert_eq!(plainly(&grant(&store, ONE).await), (2, None, Some("dead")));
    let anew = store.put_grant(ONE, &pair("anew"), None).await.unwrap();
    assert_eq!(anew, Some(3));
    store.forget_grant(ONE).await.unwrap();
    assert_eq!(plainly(&grant(&store, ONE).await), (4, None, None));
    let late = store.put_grant(ONE, &pair("late"), Some(3)).await.unwrap();
    assert_eq!(late, None, "what was forgotten does not come back");
}

pub(in super::super) async fn privacy_tokens_are_sealed_and_go_with_their_account<B: Bench>() {
    let bench = B::start().await;
    let store = bench.store();
    store.put_grant(ONE, &pair("one"), None).await.unwrap();
    store.put_grant(TWO, &pair("two"), None).await.unwrap();
    let kept = bench.grant_bodies().await;
    assert_eq!(kept.len(), 2);
    for body in &kept {
        let text = String::from_utf8_lossy(body);
        assert!(
            !text.contains("access") && !text.contains("amocrm"),
            "{text}"
        );
    }
    store.wish(ONE, &Erasure::Account, T).await.unwrap();
    let wish = store.wishes().await.unwrap().remove(0);
    let notice = super::row(ONE, "a", "erased", T);
    while store.erase(&wish, notice.clone(), true).await.unwrap() != crate::ports::Progress::Done {}
    assert!(store.grant(ONE).await.unwrap().is_none());
    assert_eq!(bench.grant_bodies().await.len(), 1);
    assert_eq!(grant(&store, TWO).await.version, 1);
}
