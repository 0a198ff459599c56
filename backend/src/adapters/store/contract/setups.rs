//! What every store has to hold about the accounts of the setup page.

use super::{Bench, ONE, T, TWO};
use crate::ports::{Erasure, KeptSetup, SeenWidget, Store};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use widget_core::ids::AccountId;

fn fresh(id: i64) -> KeptSetup {
    KeptSetup {
        id,
        account: None,
        served: false,
        version: 0,
        body: SecretString::from(format!("secrets of {id}")),
    }
}

async fn kept(store: &Arc<dyn Store>, id: i64) -> KeptSetup {
    store.setup(id).await.unwrap().expect("it was kept")
}

/// The setup as it is kept, with that tenant.
async fn of(store: &Arc<dyn Store>, id: i64, account: AccountId) -> KeptSetup {
    KeptSetup {
        account: Some(account),
        ..kept(store, id).await
    }
}

pub(in super::super) async fn a_setup_is_kept_in_the_place_of_its_version_alone<B: Bench>() {
    let mut bench = B::start().await;
    let store = bench.store();
    assert!(store.setups().await.unwrap().is_empty());
    assert!(store.put_setup(&fresh(7)).await.unwrap());
    assert!(!store.put_setup(&fresh(7)).await.unwrap(), "it is there");
    let first = kept(&store, 7).await;
    assert_eq!(
        (first.version, first.served, first.account),
        (1, false, None)
    );
    assert_eq!(first.body.expose_secret(), "secrets of 7");

    let changed = KeptSetup {
        served: true,
        body: SecretString::from("others"),
        ..first.clone()
    };
    assert!(store.put_setup(&changed).await.unwrap());
    assert!(!store.put_setup(&first).await.unwrap(), "it is stale");
    assert_eq!(store.at_work().await.unwrap(), [(7, 2)]);
    bench.crash().await;
    let store = bench.store();
    assert_eq!(kept(&store, 7).await.body.expose_secret(), "others");
}

pub(in super::super) async fn promise_6_separate_a_tenant_is_set_up_once_and_goes_with_its_account<
    B: Bench,
>() {
    let bench = B::start().await;
    let store = bench.store();
    for id in [7, 8] {
        assert!(store.put_setup(&fresh(id)).await.unwrap());
    }
    let one = of(&store, 7, ONE).await;
    assert!(store.put_setup(&one).await.unwrap());
    let same = of(&store, 8, ONE).await;
    assert!(!store.put_setup(&same).await.unwrap(), "it is another's");
    let two = of(&store, 8, TWO).await;
    assert!(store.put_setup(&two).await.unwrap());

    store.wish(ONE, &Erasure::Account, T).await.unwrap();
    let wish = store.wishes().await.unwrap().remove(0);
    let notice = super::row(ONE, "a", "erased", T);
    while store.erase(&wish, notice.clone(), false).await.unwrap() != crate::ports::Progress::Done {
    }
    let left: Vec<i64> = store
        .setups()
        .await
        .unwrap()
        .iter()
        .map(|left| left.id)
        .collect();
    assert_eq!(left, [8]);
}

pub(in super::super) async fn a_link_is_used_once<B: Bench>() {
    let mut bench = B::start().await;
    let store = bench.store();
    assert!(store.use_link("a", T + 10, T).await.unwrap());
    assert!(!store.use_link("a", T + 10, T + 5).await.unwrap());
    assert!(store.use_link("b", T + 10, T + 5).await.unwrap());
    bench.crash().await;
    assert!(!bench.store().use_link("b", T + 10, T + 6).await.unwrap());
}

pub(in super::super) async fn a_widget_is_kept_as_it_was_last_seen_and_goes_with_its_account<
    B: Bench,
>() {
    let mut bench = B::start().await;
    let store = bench.store();
    let seen = |at: i64, version: Option<&str>| SeenWidget {
        at,
        version: version.map(str::to_owned),
    };
    assert_eq!(store.widget(ONE).await.unwrap(), None);
    store.widget_seen(ONE, &seen(T, None)).await.unwrap();
    let newer = seen(T + 5, Some("0.2.0"));
    store.widget_seen(ONE, &newer).await.unwrap();
    store.widget_seen(ONE, &seen(T + 1, None)).await.unwrap();
    store.widget_seen(TWO, &seen(T, None)).await.unwrap();
    bench.crash().await;
    let store = bench.store();
    assert_eq!(store.widget(ONE).await.unwrap(), Some(newer));

    store.wish(ONE, &Erasure::Account, T).await.unwrap();
    let wish = store.wishes().await.unwrap().remove(0);
    let notice = super::row(ONE, "a", "erased", T);
    while store.erase(&wish, notice.clone(), false).await.unwrap() != crate::ports::Progress::Done {
    }
    assert_eq!(store.widget(ONE).await.unwrap(), None);
    assert_eq!(store.widget(TWO).await.unwrap(), Some(seen(T, None)));
}
