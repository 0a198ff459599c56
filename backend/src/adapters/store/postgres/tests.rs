//! The contract on `PostgreSQL`, and what only `PostgreSQL` has: several instances.
//!
//! `scripts/test` starts a server for it; `ESTAFETA_TEST_POSTGRES` names one to use instead. Every test has a schema of
//! its own there.

use super::{PostgresHistory, PostgresStore};
use crate::adapters::store::SqliteStore;
use crate::adapters::store::contract::{Bench, answer, contract};
use crate::clock::{Clock, SetClock, SystemClock};
use crate::error::StoreError;
use crate::ports::{
    ActClaim, Again, Claimed, Commit, Dialogs, Duty, Finish, History, Inbox, Instances, JournalRow,
    Knowledge, Lane, NewAct, NewBase, NewRow, News, Origin, Outbox, Phase, Registry, Replaced,
    Source, Store, Wanted,
};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Executor};
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::pin;
use std::str::FromStr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinSet;
use widget_core::action::Action;
use widget_core::dialog::FORMAT;
use widget_core::ids::{AccountId, ActionKey, ConversationId, DialogId};
use widget_core::knowledge::{self, BaseFile};

const MASTER: [u8; 32] = [42; 32];
const ACCOUNT: AccountId = AccountId(1);
const T: i64 = 1_800_000_000_000;

/// One schema of the server, served by one instance.
struct InSchema {
    options: PgConnectOptions,
    folder: TempDir,
    store: PostgresStore,
}

/// A new schema and how to connect to it.
async fn schema() -> PgConnectOptions {
    let url = url_of_a_new_schema().await;
    PgConnectOptions::from_str(url.expose_secret()).unwrap()
}

/// The same as the operator names it.
pub(crate) async fn url_of_a_new_schema() -> SecretString {
    let url = std::env::var("ESTAFETA_TEST_POSTGRES")
        .expect("run scripts/test, or name a PostgreSQL server to use in ESTAFETA_TEST_POSTGRES");
    let options = PgConnectOptions::from_str(&url).unwrap();
    let schema = format!("test_{}", uuid::Uuid::new_v4().simple());
    let mut db = options.connect().await.unwrap();
    let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
    db.execute(create).await.unwrap();
    format!("{url}?options=-csearch_path%3D{schema}").into()
}

/// An instance in a folder of its own.
async fn join(options: &PgConnectOptions) -> PostgresStore {
    let folder = TempDir::new().unwrap().keep();
    let joined = PostgresStore::join(options, &MASTER, &folder, Arc::new(SystemClock)).await;
    std::fs::remove_dir_all(folder).unwrap();
    joined.unwrap()
}

/// Ends the instance without a goodbye, as the end of its process would.
fn kill(store: &PostgresStore) {
    drop(store.beating().take());
    store.0.instance.lose_seat();
}

#[async_trait]
impl Bench for InSchema {
    async fn start() -> Self {
        let options = schema().await;
        let folder = TempDir::new().unwrap();
        let store = PostgresStore::join(&options, &MASTER, folder.path(), Arc::new(SystemClock))
            .await
            .unwrap();
        Self {
            options,
            folder,
            store,
        }
    }

    fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.store.clone())
    }

    async fn crash(&mut self) {
        kill(&self.store);
        self.store = PostgresStore::join(
            &self.options,
            &MASTER,
            self.folder.path(),
            Arc::new(SystemClock),
        )
        .await
        .unwrap();
    }

    async fn journal(&self, account: AccountId, dialog: &DialogId) -> Vec<(u64, i64, String)> {
        let rows: Vec<(i64, i64, String)> = sqlx::query_as(
            "SELECT seq, at, changes FROM journal WHERE account = $1 AND dialog = $2 ORDER BY seq",
        )
        .bind(account.0)
        .bind(&dialog.0)
        .fetch_all(self.store.readers())
        .await
        .unwrap();
        let unsigned =
            |(seq, at, changes): (i64, i64, String)| (seq.try_into().unwrap(), at, changes);
        rows.into_iter().map(unsigned).collect()
    }

    async fn grant_bodies(&self) -> Vec<Vec<u8>> {
        sqlx::query_scalar("SELECT body FROM crm_grant WHERE body IS NOT NULL")
            .fetch_all(self.store.readers())
            .await
            .unwrap()
    }

    async fn history(&self) -> Arc<dyn History> {
        Arc::new(PostgresHistory::open(&self.options, 2).await.unwrap())
    }
}

contract! { InSchema }

/// The database's clock goes past the instance's time.
async fn dies(options: &PgConnectOptions, number: i64) {
    let mut db = options.connect().await.unwrap();
    sqlx::query("UPDATE instance SET alive_until = 0 WHERE id = $1")
        .bind(number)
        .execute(&mut db)
        .await
        .unwrap();
}

fn event(dialog: &str, key: &str) -> NewRow {
    NewRow {
        account: ACCOUNT,
        dialog: Some(DialogId::from(dialog)),
        conversation: Some(ConversationId(dialog.to_owned())),
        source: Source::Pact,
        dedup_key: key.to_owned(),
        body: b"body".to_vec(),
        at: T,
    }
}

/// A commit that changes nothing but gives actions to carry out.
fn decided(claimed: &Claimed, acts: &[Action]) -> Commit {
    let mut state = claimed.state.clone();
    state.seq += 1;
    state.last_at = T;
    let new = |(n, action): (usize, &Action)| NewAct {
        key: ActionKey(format!("{}/{}/{n}", state.id, state.seq)),
        action: action.clone(),
        text: None,
    };
    Commit {
        lease: claimed.lease.clone(),
        account_epoch: 0,
        journal: vec![JournalRow {
            seq: state.seq,
            at: T,
            policy_version: 1,
            core_version: "test".to_owned(),
            event: "{}".to_owned(),
            changes: "[]".to_owned(),
            actions: "[]".to_owned(),
            trace: "[]".to_owned(),
        }],
        acts: acts.iter().enumerate().map(new).collect(),
        consumed: claimed.rows.iter().map(|row| row.id).collect(),
        parked: Vec::new(),
        release: true,
        state,
    }
}

fn wanted(lane: Lane) -> Wanted {
    Wanted {
        account: ACCOUNT,
        lane,
        limited: false,
    }
}

async fn leaders(options: &PgConnectOptions) -> Vec<(String, i64)> {
    let mut db = options.connect().await.unwrap();
    sqlx::query_as("SELECT duty, holder FROM leader ORDER BY duty")
        .fetch_all(&mut db)
        .await
        .unwrap()
}

#[tokio::test]
async fn promise_1_one_voice_a_dialog_is_leased_by_one_instance_at_a_time() {
    let options = schema().await;
    let (one, two) = (join(&options).await, join(&options).await);
    let rows = (0..40).map(|n| event(&format!("d{n}"), &format!("e{n}")));
    one.ingest(rows.collect()).await.unwrap();
    let mut claims = JoinSet::new();
    for n in 0..60 {
        let store = if n % 2 == 0 { one.clone() } else { two.clone() };
        claims.spawn(async move { store.claim(T).await.unwrap() });
    }
    let mut dialogs = BTreeSet::new();
    let mut claimed = 0;
    while let Some(claim) = claims.join_next().await {
        if let Some(claim) = claim.unwrap() {
            claimed += 1;
            dialogs.insert(claim.lease.dialog.0);
        }
    }
    assert_eq!(claimed, 40, "one passes over what the other holds");
    assert_eq!(dialogs.len(), 40, "none is leased twice");
}

#[tokio::test]
async fn promise_2_nothing_lost_what_a_dead_instance_held_goes_to_another_and_its_late_writes_bounce()
 {
    let options = schema().await;
    let (one, two) = (join(&options).await, join(&options).await);
    one.ingest(vec![event("a", "e1")]).await.unwrap();
    let held = one.claim(T).await.unwrap().unwrap();
    two.0.instance.beat(&two.0.own).await.unwrap();
    assert!(two.claim(T).await.unwrap().is_none(), "one lives");

    dies(&options, one.holder()).await;
    two.0.instance.beat(&two.0.own).await.unwrap();
    let taken = two.claim(T).await.unwrap().expect("one is dead");
    assert_eq!(taken.lease.dialog, held.lease.dialog);
    assert!(taken.lease.token > held.lease.token);
    let late = one.commit(decided(&held, &[])).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
    let late = one.release(&held.lease, &[], T).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
    two.commit(decided(&taken, &[])).await.unwrap();
}

#[tokio::test]
async fn promise_2_a_lease_that_is_taken_back_bounces_late_writes_though_nobody_leased_the_dialog_since()
 {
    let options = schema().await;
    let (one, two) = (join(&options).await, join(&options).await);
    one.ingest(vec![event("a", "e1")]).await.unwrap();
    let held = one.claim(T).await.unwrap().unwrap();
    dies(&options, one.holder()).await;
    two.0.instance.beat(&two.0.own).await.unwrap();
    let late = one.commit(decided(&held, &[])).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
}

#[tokio::test]
async fn promise_2_a_lease_that_a_failed_server_has_forgotten_bounces_though_the_dialog_is_leased_again()
 {
    let options = schema().await;
    let one = join(&options).await;
    one.ingest(vec![event("a", "e1")]).await.unwrap();
    let forgotten = one.claim(T).await.unwrap().unwrap();
    // What a server does not have after it failed: the change of the row that is the lease.
    let before = "UPDATE dialog SET leased = 0, token = 0";
    let mut db = options.connect().await.unwrap();
    sqlx::query(before).execute(&mut db).await.unwrap();
    let again = one.claim(T).await.unwrap().expect("nobody has it");
    let late = one.commit(decided(&forgotten, &[])).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
    one.commit(decided(&again, &[])).await.unwrap();
}

#[tokio::test]
async fn promise_2_nothing_is_committed_under_what_was_held_before_a_doubt() {
    let options = schema().await;
    let one = join(&options).await;
    one.ingest(vec![event("a", "e1")]).await.unwrap();
    let held = one.claim(T).await.unwrap().unwrap();
    one.0.instance.doubt();
    let doubted = one.commit(decided(&held, &[])).await;
    assert!(doubted.is_err(), "{doubted:?}");
    one.0.instance.beat(&one.0.own).await.unwrap();
    let late = one.commit(decided(&held, &[])).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
    let journal = "SELECT COUNT(*) FROM journal";
    let rows: i64 = sqlx::query_scalar(journal)
        .fetch_one(&mut options.connect().await.unwrap())
        .await
        .unwrap();
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn promise_2_who_loses_the_connection_does_not_know_what_it_holds_and_begins_a_new_life() {
    // A database of its own: only there may connections be cut.
    let name = format!("test_{}", uuid::Uuid::new_v4().simple());
    let mut server = schema().await.connect().await.unwrap();
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    server.execute(create).await.unwrap();
    let one = join(
        &schema()
            .await
            .options([("search_path", "public")])
            .database(&name),
    )
    .await;
    let before = one.holder();
    let hearing = tokio::spawn({
        let one = one.clone();
        async move { one.hear().await }
    });
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = $1 AND query LIKE 'LISTEN%'";
    let has_a_new_life = async {
        while one.holder() == before {
            sqlx::query(cut)
                .bind(&name)
                .execute(&mut server)
                .await
                .unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), has_a_new_life).await;
    assert!(waited.is_ok(), "it still lives under its old number");
    hearing.abort();
}

#[tokio::test]
async fn promise_2_only_a_change_that_may_have_taken_effect_ends_the_life_of_an_instance() {
    let options = schema().await;
    let store = join(&options).await;
    store.ingest(vec![event("a", "e1")]).await.unwrap();
    let mut db = options.connect().await.unwrap();
    let mut is_doubted = async |how: &str| {
        let fails = sqlx::AssertSqlSafe(format!(
            "CREATE OR REPLACE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {how}; RETURN NEW; END $$; \
             CREATE OR REPLACE TRIGGER fails BEFORE UPDATE ON dialog FOR EACH ROW EXECUTE FUNCTION fails()"
        ));
        db.execute(fails).await.unwrap();
        // The server tells of a failure before it lets the row go, and a claim passes over what is held.
        let claimed = loop {
            match store.claim(T).await {
                Ok(None) => tokio::time::sleep(Duration::from_millis(1)).await,
                claimed => break claimed,
            }
        };
        assert!(claimed.is_err(), "{claimed:?}");
        let is_unsure = store.0.instance.is_unsure();
        store.0.instance.begin(&store.0.own).await.unwrap();
        is_unsure
    };
    for code in [
        "55P03", "57014", "40001", "40P01", "53100", "42P01", "25006",
    ] {
        let raise = format!("RAISE EXCEPTION USING ERRCODE = '{code}'");
        assert!(!is_doubted(&raise).await, "{code}");
    }
    for unknown in ["08006", "40003"] {
        let raise = format!("RAISE EXCEPTION USING ERRCODE = '{unknown}'");
        assert!(is_doubted(&raise).await, "{unknown}");
    }
    let ends = "PERFORM pg_terminate_backend(pg_backend_pid())";
    assert!(is_doubted(ends).await, "the connection ended");
}

#[tokio::test]
async fn promise_2_nothing_lost_a_change_that_is_dropped_as_it_begins_leaves_no_transaction_open() {
    let options = schema().await;
    let store = join(&options).await;
    store.ingest(vec![event("a", "m1")]).await.unwrap();
    // Meanwhile the connection goes back to its pool.
    let mut db = options.connect().await.unwrap();
    let mut kept = vec!["m1".to_owned()];
    for n in 0.. {
        assert!(n < 20, "the call is too quick to be dropped");
        let two = [format!("m2-{n}"), format!("m3-{n}")];
        let events = two.iter().map(|key| event("a", key)).collect();
        let mut dropped = pin!(store.ingest(events));
        let step = poll_fn(|context| Poll::Ready(dropped.as_mut().poll(context).is_ready()));
        if !step.await {
            break;
        }
        // On a busy machine the server may answer before the step is over.
        kept.extend(two);
    }
    assert_eq!(store.ingest(vec![event("a", "m4")]).await.unwrap(), [true]);
    kept.push("m4".to_owned());
    let stored: Vec<String> = sqlx::query_scalar("SELECT dedup_key FROM inbox ORDER BY id")
        .fetch_all(&mut db)
        .await
        .unwrap();
    assert_eq!(stored, kept);
}

#[tokio::test]
async fn instances_that_start_at_once_on_an_empty_database_agree_on_it() {
    let options = schema().await;
    let mut joining = JoinSet::new();
    for _ in 0..4 {
        let options = options.clone();
        joining.spawn(async move { join(&options).await });
    }
    let joined = joining.join_all().await;
    let numbers: BTreeSet<i64> = joined.iter().map(PostgresStore::holder).collect();
    assert_eq!(numbers.len(), 4);
}

#[tokio::test]
async fn who_only_looks_changes_nothing_in_a_database_of_another_version() {
    let options = schema().await;
    let looked = PostgresStore::connect(&options, &MASTER).await;
    assert!(matches!(looked, Err(StoreError::Empty)));
    let mut db = options.connect().await.unwrap();
    let tables: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema()",
    )
    .fetch_one(&mut db)
    .await
    .unwrap();
    assert_eq!(tables, 0);
}

#[tokio::test]
async fn an_instance_that_finds_itself_dead_begins_a_new_life() {
    let options = schema().await;
    let one = join(&options).await;
    one.ingest(vec![event("a", "e1")]).await.unwrap();
    let before = one.holder();
    one.claim(T).await.unwrap().unwrap();
    dies(&options, before).await;
    one.0.instance.beat(&one.0.own).await.unwrap();
    assert_ne!(one.holder(), before);
    let again = one.claim(T).await.unwrap().expect("it took back its own");
    one.commit(decided(&again, &[])).await.unwrap();
}

#[tokio::test]
async fn an_instance_that_does_not_know_what_it_holds_begins_a_new_life_and_the_old_one_runs_out() {
    let options = schema().await;
    let one = join(&options).await;
    one.ingest(vec![event("a", "e1")]).await.unwrap();
    let before = one.holder();
    one.claim(T).await.unwrap().unwrap();
    one.0.instance.doubt();
    one.0.instance.beat(&one.0.own).await.unwrap();
    assert_ne!(one.holder(), before);
    assert!(
        one.claim(T).await.unwrap().is_none(),
        "the old life is not over"
    );
    dies(&options, before).await;
    one.0.instance.beat(&one.0.own).await.unwrap();
    assert!(one.claim(T).await.unwrap().is_some());
}

#[tokio::test]
async fn promise_2_nothing_lost_a_lease_whose_claim_never_arrived_is_given_back() {
    let options = schema().await;
    let one = join(&options).await;
    one.ingest(vec![event("a", "e1"), event("b", "e2")])
        .await
        .unwrap();
    let lost = one.claim(T).await.unwrap().unwrap();
    let kept = one.claim(T).await.unwrap().unwrap();
    one.0.instance.held().remove(&lost.lease);
    for _ in 0..2 {
        assert!(one.claim(T).await.unwrap().is_none());
        one.0.instance.beat(&one.0.own).await.unwrap();
    }
    let again = one.claim(T).await.unwrap().unwrap();
    assert_eq!(again.lease.dialog, lost.lease.dialog);
    assert!(one.claim(T).await.unwrap().is_none());
    one.commit(decided(&kept, &[])).await.unwrap();
    one.commit(decided(&again, &[])).await.unwrap();
}

#[tokio::test]
async fn promise_3_nothing_twice_an_accounts_actions_are_carried_out_by_one_instance() {
    let options = schema().await;
    let (one, two) = (join(&options).await, join(&options).await);
    one.0.instance.beat(&one.0.own).await.unwrap();
    one.ingest(vec![event("a", "e1"), event("b", "e2")])
        .await
        .unwrap();
    for _ in 0..2 {
        let claimed = one.claim(T).await.unwrap().unwrap();
        one.commit(decided(&claimed, &[Action::ReadCrm]))
            .await
            .unwrap();
    }
    let by_one = one.claim_acts(wanted(Lane::Read), 8, T).await.unwrap();
    let by_two = two.claim_acts(wanted(Lane::Read), 8, T).await.unwrap();
    assert_eq!(
        (by_one.len().max(by_two.len()), by_one.len() * by_two.len()),
        (2, 0)
    );
    let (leader, other, acts) = if by_one.is_empty() {
        (&two, &one, by_two)
    } else {
        (&one, &two, by_one)
    };
    assert_eq!(
        leaders(&options).await,
        [(format!("account/{ACCOUNT}"), leader.holder())]
    );

    dies(&options, leader.holder()).await;
    other.0.instance.beat(&other.0.own).await.unwrap();
    let again = other.claim_acts(wanted(Lane::Read), 8, T).await.unwrap();
    assert_eq!(again.len(), 2, "the other takes over");
    let ActClaim::Run(late) = &acts[0] else {
        panic!("it runs")
    };
    let finish = Finish::Again {
        phase: Phase::Call,
        not_before: T,
        why: Again::Waiting,
    };
    let late = leader.finish_act(late, finish).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
}

#[tokio::test]
async fn a_new_instance_gets_its_share_of_the_accounts_once_nothing_of_them_is_under_way() {
    let options = schema().await;
    let one = join(&options).await;
    let accounts: Vec<AccountId> = (1..=20).map(AccountId).collect();
    for account in &accounts {
        let row = NewRow {
            account: *account,
            ..event("a", "e")
        };
        one.ingest(vec![row]).await.unwrap();
        let claimed = one.claim(T).await.unwrap().unwrap();
        one.commit(decided(&claimed, &[Action::ReadCrm]))
            .await
            .unwrap();
    }
    let of = |account: &AccountId| Wanted {
        account: *account,
        ..wanted(Lane::Read)
    };
    let mut under_way = Vec::new();
    for account in &accounts {
        under_way.extend(one.claim_acts(of(account), 1, T).await.unwrap());
    }
    assert_eq!(under_way.len(), 20, "one has them all");

    let two = join(&options).await;
    one.0.instance.beat(&one.0.own).await.unwrap();
    let not_yet = leaders(&options).await;
    assert!(
        not_yet.iter().all(|(_, holder)| *holder == one.holder()),
        "{not_yet:?}"
    );
    for claim in &under_way {
        let ActClaim::Run(act) = claim else {
            panic!("it runs")
        };
        let finish = Finish::Again {
            phase: Phase::Call,
            not_before: T,
            why: Again::Waiting,
        };
        one.finish_act(act, finish).await.unwrap();
    }
    one.0.instance.beat(&one.0.own).await.unwrap();
    let mut shares = [0, 0];
    for account in &accounts {
        for (share, store) in shares.iter_mut().zip([&one, &two]) {
            *share += store.claim_acts(of(account), 1, T).await.unwrap().len();
        }
    }
    assert_eq!(shares[0] + shares[1], 20);
    assert!(shares.iter().all(|share| *share >= 4), "{shares:?}");
}

#[tokio::test]
async fn a_one_time_token_is_used_once_across_instances() {
    let options = schema().await;
    let (one, two) = (join(&options).await, join(&options).await);
    let mut uses = JoinSet::new();
    for store in [&one, &two, &one, &two] {
        let store = store.clone();
        uses.spawn(async move {
            store
                .use_once(ACCOUNT, "token", T + 1_000, T)
                .await
                .unwrap()
        });
    }
    assert_eq!(
        uses.join_all().await.iter().filter(|used| **used).count(),
        1
    );
}

#[tokio::test]
async fn a_duty_is_one_instances_at_a_time_and_goes_on_with_another() {
    let options = schema().await;
    let (one, two) = (join(&options).await, join(&options).await);
    one.0.instance.beat(&one.0.own).await.unwrap();
    for duty in [Duty::Chores, Duty::Hints, Duty::Account(ACCOUNT)] {
        let has = [one.has(duty).await.unwrap(), two.has(duty).await.unwrap()];
        assert!(has[0] != has[1], "{duty}: {has:?}");
    }
    one.close().await;
    two.0.instance.beat(&two.0.own).await.unwrap();
    for duty in [Duty::Chores, Duty::Hints, Duty::Account(ACCOUNT)] {
        assert!(two.has(duty).await.unwrap(), "{duty}");
    }
}

#[tokio::test]
async fn an_instance_hears_of_actions_that_another_has_decided_for_it() {
    let options = schema().await;
    let (one, two) = (join(&options).await, join(&options).await);
    one.0.instance.beat(&one.0.own).await.unwrap();
    let (leader, other) = if one.serves(ACCOUNT) {
        (&one, &two)
    } else {
        (&two, &one)
    };
    let ear = leader.clone();
    let heard = tokio::spawn(async move { ear.hear().await });
    // Whoever listens too late hears nothing: it is told again.
    let mut n = 0;
    while !heard.is_finished() {
        n += 1;
        other
            .ingest(vec![event("a", &format!("e{n}"))])
            .await
            .unwrap();
        let claimed = other.claim(T).await.unwrap().unwrap();
        other
            .commit(decided(&claimed, &[Action::ReadCrm]))
            .await
            .unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // Tests share the server, and so do their news.
    assert!(matches!(heard.await.unwrap(), News::Acts(_, Lane::Read)));
}

#[tokio::test]
async fn an_instance_that_leaves_gives_everything_back_at_once() {
    let options = schema().await;
    let (one, two) = (join(&options).await, join(&options).await);
    one.ingest(vec![event("a", "e1")]).await.unwrap();
    one.claim(T).await.unwrap().unwrap();
    one.close().await;
    assert!(two.claim(T).await.unwrap().is_some());
}

#[tokio::test]
async fn changes_in_the_place_of_the_backend_wait_until_no_instance_serves() {
    let options = schema().await;
    let one = join(&options).await;
    let folder = TempDir::new().unwrap();
    let refused = PostgresStore::join_alone(&options, &MASTER, folder.path()).await;
    assert!(matches!(refused, Err(StoreError::InUse(_))));
    one.close().await;
    let alone = PostgresStore::join_alone(&options, &MASTER, folder.path()).await;
    alone.expect("nobody serves it").close().await;
}

#[tokio::test]
async fn promise_6_separate_another_master_key_opens_nothing() {
    let options = schema().await;
    let one = join(&options).await;
    one.ingest(vec![event("a", "e1")]).await.unwrap();
    let refused = PostgresStore::join(
        &options,
        &[43; 32],
        TempDir::new().unwrap().path(),
        Arc::new(SystemClock),
    )
    .await;
    assert!(matches!(refused, Err(StoreError::Unreadable(_))));
}

#[tokio::test]
async fn machines_whose_clocks_differ_by_minutes_go_by_the_same_time() {
    let options = schema().await;
    let mut times = Vec::new();
    for minutes in [-5, 0, 5] {
        let machine = SetClock::new(SystemClock.now_ms() + minutes * 60_000);
        let folder = TempDir::new().unwrap();
        let store = PostgresStore::join(&options, &MASTER, folder.path(), Arc::new(machine))
            .await
            .unwrap();
        times.push(store.clock().now_ms() - SystemClock.now_ms());
    }
    // The machines of this test stand still, so what they show falls back.
    let apart = times.iter().max().unwrap() - times.iter().min().unwrap();
    assert!(apart < 60_000, "{times:?}");
}

/// A column: its table, name, kind of value, whether it may be NULL, and its default.
type Column = (String, String, String, bool, Option<String>);

/// Kinds of values and defaults as one word, whatever each database calls them.
fn plainly((table, name, kind, nullable, default): Column) -> Column {
    let kind = match kind.to_ascii_lowercase().as_str() {
        "bigint" | "integer" => "number",
        "blob" | "bytea" => "bytes",
        "text" => "text",
        other => panic!("{table}.{name}: {other}"),
    };
    let default = default.map(|default| default.replace("::text", ""));
    (table, name, kind.to_owned(), nullable, default)
}

/// Both databases have the same tables with the same columns and the same keys, but for those that only several
/// instances need, and for an index of words, which `SQLite` keeps in a virtual table and its shadows.
#[tokio::test]
async fn the_logical_schema_is_that_of_sqlite() {
    let options = schema().await;
    join(&options).await.close().await;
    let mut db = options.connect().await.unwrap();
    let of_postgres: Vec<Column> = sqlx::query_as(
        "SELECT table_name::text, column_name::text, data_type::text, is_nullable = 'YES', column_default::text \
         FROM information_schema.columns WHERE table_schema = current_schema() \
         AND table_name NOT IN ('_sqlx_migrations', 'instance', 'leader') ORDER BY 1, 2",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    let keys_of_postgres: Vec<(String, String)> = sqlx::query_as(
        "SELECT c.table_name::text, string_agg(k.column_name::text, ' ' ORDER BY k.column_name::text) \
         FROM information_schema.table_constraints c JOIN information_schema.key_column_usage k \
         USING (constraint_schema, constraint_name) WHERE c.table_schema = current_schema() \
         AND c.constraint_type IN ('PRIMARY KEY', 'UNIQUE') \
         AND c.table_name NOT IN ('_sqlx_migrations', 'instance', 'leader') \
         GROUP BY c.table_name, c.constraint_name ORDER BY 1, 2",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();

    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("estafeta.sqlite");
    SqliteStore::open(&file, &MASTER)
        .await
        .unwrap()
        .close()
        .await;
    let mut db = SqliteConnectOptions::new()
        .filename(&file)
        .connect()
        .await
        .unwrap();
    let of_sqlite: Vec<Column> = sqlx::query_as(
        "SELECT t.name, c.name, c.type, NOT (c.\"notnull\" OR c.pk > 0), c.dflt_value \
         FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name <> '_sqlx_migrations' \
         AND EXISTS (SELECT 1 FROM pragma_table_list l WHERE l.name = t.name AND l.type = 'table') ORDER BY 1, 2",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    let mut keys_of_sqlite: Vec<(String, String)> = sqlx::query_as(
        "SELECT t.name, (SELECT group_concat(name, ' ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY name)) \
         FROM sqlite_schema t JOIN pragma_index_list(t.name) i \
         WHERE t.type = 'table' AND i.\"unique\" AND t.name <> '_sqlx_migrations' \
         AND EXISTS (SELECT 1 FROM pragma_table_list l WHERE l.name = t.name AND l.type = 'table') \
         UNION SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name <> '_sqlx_migrations' AND c.pk = 1 \
         AND EXISTS (SELECT 1 FROM pragma_table_list l WHERE l.name = t.name AND l.type = 'table') \
         AND (SELECT MAX(pk) FROM pragma_table_info(t.name)) = 1 ORDER BY 1, 2",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    keys_of_sqlite.sort();
    let plain = |columns: Vec<Column>| columns.into_iter().map(plainly).collect::<Vec<_>>();
    assert_eq!(plain(of_postgres), plain(of_sqlite));
    assert_eq!(keys_of_postgres, keys_of_sqlite);
}

// --- a database whose clock steps ---------------------------------------------------------------------------------------

/// A database whose clock can be set.
struct Clockwork {
    options: PgConnectOptions,
}

impl Clockwork {
    async fn new() -> Self {
        let options = schema().await;
        join(&options).await.close().await;
        let mut db = options.connect().await.unwrap();
        let schema = sqlx::query_scalar("SELECT current_schema()::text");
        let schema: String = schema.fetch_one(&mut db).await.unwrap();
        let clock = sqlx::AssertSqlSafe(format!(
            "CREATE SCHEMA {schema}_clock; \
             CREATE TABLE {schema}_clock.step AS SELECT 0::bigint AS seconds; \
             CREATE FUNCTION {schema}_clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS \
             'SELECT pg_catalog.clock_timestamp() + seconds * interval ''1 second'' FROM {schema}_clock.step'"
        ));
        db.execute(clock).await.unwrap();
        // What is found first hides what the database itself has under the same name.
        let path = format!("{schema}_clock,pg_catalog,{schema}");
        Self {
            options: options.options([("search_path", path)]),
        }
    }

    /// An instance that beats when the test says so.
    async fn instance(&self) -> PostgresStore {
        let store = PostgresStore::open(&self.options, &MASTER, Arc::new(SystemClock));
        store.0.instance.begin(&store.0.own).await.unwrap();
        beats(&store).await;
        store
    }

    /// The clock goes wrong by so much.
    async fn steps(&self, seconds: i64) {
        let mut db = self.options.connect().await.unwrap();
        sqlx::query("UPDATE step SET seconds = $1")
            .bind(seconds)
            .execute(&mut db)
            .await
            .unwrap();
    }
}

async fn beats(store: &PostgresStore) {
    store.0.instance.beat(&store.0.own).await.unwrap();
}

#[tokio::test]
async fn promise_2_where_the_databases_clock_steps_back_the_dead_are_not_waited_for_longer_than_a_life()
 {
    let clock = Clockwork::new().await;
    let (one, two) = (clock.instance().await, clock.instance().await);
    let rows = vec![event("a", "e1"), event("b", "e2")];
    one.ingest(rows).await.unwrap();
    let of_two = two.claim(T).await.unwrap().unwrap();
    let of_one = one.claim(T).await.unwrap().unwrap();
    // One dies; two lives on.
    clock.steps(-30).await;
    beats(&two).await;
    clock.steps(-21).await;
    beats(&two).await;
    assert!(two.claim(T).await.unwrap().is_none(), "one may still live");
    clock.steps(-19).await;
    beats(&two).await;
    let taken = two.claim(T).await.unwrap().expect("one is dead");
    assert_eq!(taken.lease.dialog, of_one.lease.dialog);
    two.commit(decided(&of_two, &[])).await.unwrap();
    let late = one.commit(decided(&of_one, &[])).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
}

#[tokio::test]
async fn promise_1_one_voice_where_the_databases_clock_steps_forward_whoever_seems_dead_writes_nothing_more()
 {
    let clock = Clockwork::new().await;
    let (one, two) = (clock.instance().await, clock.instance().await);
    one.ingest(vec![event("a", "e1")]).await.unwrap();
    let held = one.claim(T).await.unwrap().unwrap();
    clock.steps(60).await;
    beats(&two).await;
    let taken = two.claim(T).await.unwrap().expect("one seems dead");
    let late = one.commit(decided(&held, &[])).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
    two.commit(decided(&taken, &[])).await.unwrap();
    // One goes on under another number.
    let before = one.holder();
    beats(&one).await;
    assert_ne!(one.holder(), before);
    one.ingest(vec![event("b", "e2")]).await.unwrap();
    let again = one.claim(T).await.unwrap().unwrap();
    one.commit(decided(&again, &[])).await.unwrap();
}

// --- two versions beside each other -------------------------------------------------------------------------------------

#[tokio::test]
async fn promise_7_replayable_a_dialog_of_a_newer_format_is_left_to_the_newer_version() {
    let options = schema().await;
    let store = join(&options).await;
    let arrived = NewRow {
        account: ACCOUNT,
        dialog: Some(DialogId("d".to_owned())),
        conversation: Some(ConversationId("thread".to_owned())),
        source: Source::Pact,
        dedup_key: "m1".to_owned(),
        body: Vec::new(),
        at: T,
    };
    store.ingest(vec![arrived]).await.unwrap();
    let format = async |number: i64| {
        let mut db = options.connect().await.unwrap();
        let change = sqlx::AssertSqlSafe(format!("UPDATE dialog SET format = {number}"));
        db.execute(change).await.unwrap();
    };
    format(FORMAT + 1).await;
    assert!(store.claim(T).await.unwrap().is_none());
    let id = DialogId("d".to_owned());
    assert!(store.lease(ACCOUNT, &id, T).await.unwrap().is_none());
    format(FORMAT).await;
    assert!(store.claim(T).await.unwrap().is_some());
}

#[tokio::test]
async fn an_older_instance_begins_anew_beside_a_newer_one() {
    let options = schema().await;
    let newer = join(&options).await;
    let mut db = options.connect().await.unwrap();
    db.execute(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'of a newer version', true, '', 0)",
    )
    .await
    .unwrap();
    join(&options).await.close().await;
    newer.close().await;
}

#[tokio::test]
async fn what_is_decided_under_a_newer_format_is_carried_out_by_a_newer_instance() {
    let options = schema().await;
    let store = join(&options).await;
    store.ingest(vec![event("a", "e1")]).await.unwrap();
    let claimed = store.claim(T).await.unwrap().unwrap();
    let decided = decided(&claimed, &[Action::ReadCrm, answer(0)]);
    let format = decided.state.format();
    store.commit(decided).await.unwrap();
    let mut db = options.connect().await.unwrap();
    let stored = sqlx::query_scalar("SELECT format FROM dialog");
    let stored: i64 = stored.fetch_one(&mut db).await.unwrap();
    assert_eq!(stored, format, "the least that holds the state");
    let mut of_format = async |format: i64| {
        let change = sqlx::AssertSqlSafe(format!("UPDATE dialog SET format = {format}"));
        db.execute(change).await.unwrap();
        let mut claimed = Vec::new();
        for lane in [Lane::Read, Lane::Send] {
            claimed.push(store.claim_acts(wanted(lane), 8, T).await.unwrap().len());
        }
        claimed
    };
    assert_eq!(of_format(FORMAT + 1).await, [0, 0]);
    assert_eq!(of_format(FORMAT).await, [1, 1]);
}

#[tokio::test]
async fn while_versions_are_replaced_those_of_the_newest_format_have_all_duties() {
    let options = schema().await;
    let (older, newer) = (join(&options).await, join(&options).await);
    let duties: Vec<Duty> = (1..=20).map(|n| Duty::Account(AccountId(n))).collect();
    let beats = async || {
        for store in [&older, &newer] {
            store.0.instance.beat(&store.0.own).await.unwrap();
        }
    };
    beats().await;
    for duty in &duties {
        let has = [
            older.has(*duty).await.unwrap(),
            newer.has(*duty).await.unwrap(),
        ];
        assert!(has[0] != has[1], "{duty}: {has:?}");
    }
    older.serve();
    newer.0.instance.serves(FORMAT + 1);
    // Each hears of the other at the beat after that one's.
    beats().await;
    beats().await;
    for duty in &duties {
        assert!(!older.has(*duty).await.unwrap(), "{duty}");
        assert!(newer.has(*duty).await.unwrap(), "{duty}");
    }
    newer.close().await;
    older.0.instance.beat(&older.0.own).await.unwrap();
    assert!(older.has(duties[0]).await.unwrap(), "nobody else is left");
}

#[tokio::test]
async fn promise_4_an_instance_that_has_joined_has_no_duty_beside_one_that_serves() {
    let options = schema().await;
    let (one, two) = (join(&options).await, join(&options).await);
    let duties: Vec<Duty> = (1..=20).map(|n| Duty::Account(AccountId(n))).collect();
    let shares = async || {
        // What one leaves to another it knows at its next beat.
        for store in [&one, &two, &one] {
            beats(store).await;
        }
        let mut shares = [0, 0];
        for duty in &duties {
            for (share, store) in shares.iter_mut().zip([&one, &two]) {
                *share += usize::from(store.has(*duty).await.unwrap());
            }
        }
        shares
    };
    let of_nobody_who_serves = shares().await;
    assert_eq!(of_nobody_who_serves.iter().sum::<usize>(), 20);
    assert!(
        of_nobody_who_serves.iter().all(|share| *share > 0),
        "{of_nobody_who_serves:?}"
    );
    one.serve();
    assert_eq!(shares().await, [20, 0]);
    two.serve();
    beats(&two).await;
    assert_eq!(shares().await, of_nobody_who_serves);
}

#[tokio::test]
async fn an_instance_that_begins_anew_tells_its_format_if_it_serves() {
    let options = schema().await;
    let store = join(&options).await;
    let mut db = options.connect().await.unwrap();
    let mut told_anew = async || {
        let before = store.holder();
        dies(&options, before).await;
        beats(&store).await;
        assert_ne!(store.holder(), before);
        let told = sqlx::query_scalar("SELECT format FROM instance WHERE id = $1");
        let told: i64 = told.bind(store.holder()).fetch_one(&mut db).await.unwrap();
        told
    };
    assert_eq!(told_anew().await, 0);
    store.serve();
    assert_eq!(told_anew().await, FORMAT);
}

#[tokio::test]
async fn what_a_newer_version_has_left_is_counted_while_nobody_who_lives_can_read_it() {
    let options = schema().await;
    let store = join(&options).await;
    store.ingest(vec![event("a", "e1")]).await.unwrap();
    let claimed = store.claim(T).await.unwrap().unwrap();
    let acts = [Action::ReadCrm, answer(0)];
    store.commit(decided(&claimed, &acts)).await.unwrap();
    store.ingest(vec![event("a", "e2")]).await.unwrap();
    let left = async || store.0.instance.left_by_newer(&store.0.own).await.unwrap();
    assert_eq!(left().await, (0, 0));
    let mut db = options.connect().await.unwrap();
    sqlx::query("UPDATE dialog SET ready_at = 0, format = $1")
        .bind(FORMAT + 1)
        .execute(&mut db)
        .await
        .unwrap();
    assert_eq!(left().await, (1, 2));
    store.0.instance.serves(FORMAT + 1);
    beats(&store).await;
    assert_eq!(left().await, (0, 0), "a newer version is here");
}

#[tokio::test]
async fn an_action_that_could_not_be_put_off_at_first_is_put_off_later() {
    let options = schema().await;
    let store = join(&options).await;
    store.ingest(vec![event("a", "e1")]).await.unwrap();
    let claimed = store.claim(T).await.unwrap().unwrap();
    let commit = decided(&claimed, &[Action::ReadCrm]);
    store.commit(commit).await.unwrap();
    let mut db = options.connect().await.unwrap();
    db.execute(
        "UPDATE outbox SET action = '{\"action\":\"later\"}'; \
         CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN RAISE EXCEPTION USING ERRCODE = '55P03'; END $$; \
         CREATE TRIGGER fails BEFORE UPDATE ON outbox FOR EACH ROW WHEN (NEW.claimed = 0) EXECUTE FUNCTION fails()",
    )
    .await
    .unwrap();
    let claims = store.claim_acts(wanted(Lane::Read), 8, T).await.unwrap();
    assert!(claims.is_empty(), "nobody can read it");
    let mut is_claimed = async || {
        let claimed = sqlx::query_scalar("SELECT claimed <> 0 FROM outbox");
        let claimed: bool = claimed.fetch_one(&mut db).await.unwrap();
        claimed
    };
    assert!(is_claimed().await);
    let mut other = options.connect().await.unwrap();
    other.execute("DROP TRIGGER fails ON outbox").await.unwrap();
    let is_put_off = async {
        while is_claimed().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let put_off = tokio::time::timeout(Duration::from_secs(20), is_put_off).await;
    assert!(put_off.is_ok(), "the account cannot be handed over");
}

#[tokio::test]
async fn a_knowledge_base_of_a_newer_format_is_not_replaced_by_an_older_versions_folder() {
    let options = schema().await;
    let store = join(&options).await;
    let base = |text: &str, origin| {
        let name = "base.md".to_owned();
        let files = vec![BaseFile {
            name,
            text: format!("## Сауна\n{text}\n"),
        }];
        let passages = knowledge::read(&files).unwrap();
        NewBase::of(files, &passages, (None, origin, None))
    };
    let put = async |base| store.put_base(ACCOUNT, base, T).await.unwrap();
    assert_eq!(put(base("До 22.", Origin::Api)).await, Replaced::Stored(1));
    let mut db = options.connect().await.unwrap();
    db.execute("UPDATE knowledge SET format = format + 1")
        .await
        .unwrap();
    assert_eq!(put(base("До 21.", Origin::File)).await, Replaced::Stored(1));
    assert_eq!(put(base("До 20.", Origin::Api)).await, Replaced::Stored(2));
}
