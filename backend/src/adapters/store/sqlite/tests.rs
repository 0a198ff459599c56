//! The contract on `SQLite`, and what only `SQLite` has: its file, its lock, its key.

use super::outbox::Unread;
use super::{SqliteHistory, SqliteStore};
use crate::adapters::store::contract::{Bench, contract, with_a_parked_row};
use crate::error::StoreError;
use crate::ports::{
    ActClaim, Commit, Dialogs, Erasure, Guest, History, Inbox, JournalRow, Lane, Ledger, NewAct,
    NewRow, Origin, Outbox, Policies, Privacy, Progress, Registry, Source, Store, Wanted,
};
use async_trait::async_trait;
use sqlx::{ConnectOptions, SqliteConnection};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use widget_core::action::Action;
use widget_core::ids::{AccountId, ActionKey, ContactId, DialogId};

const MASTER: [u8; 32] = [42; 32];
const ACCOUNT: AccountId = AccountId(1);
const T: i64 = 1_800_000_000_000;

struct OnDisk {
    folder: TempDir,
    store: SqliteStore,
}

fn file_in(folder: &TempDir) -> PathBuf {
    folder.path().join("data").join("estafeta.db")
}

async fn open(folder: &TempDir) -> SqliteStore {
    SqliteStore::open(&file_in(folder), &MASTER).await.unwrap()
}

/// Ends the writer where it stands, with whatever transaction is open.
async fn kill(store: &SqliteStore) {
    if let Some(writing) = store.take_writing() {
        writing.abort();
        assert!(writing.await.unwrap_err().is_cancelled());
    }
}

async fn raw(folder: &TempDir) -> SqliteConnection {
    sqlx::sqlite::SqliteConnectOptions::new()
        .filename(file_in(folder))
        .connect()
        .await
        .unwrap()
}

#[async_trait]
impl Bench for OnDisk {
    async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let store = open(&folder).await;
        Self { folder, store }
    }

    fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.store.clone())
    }

    async fn crash(&mut self) {
        kill(&self.store).await;
        self.store = open(&self.folder).await;
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
        Arc::new(
            SqliteHistory::open(&file_in(&self.folder), 2)
                .await
                .unwrap(),
        )
    }
}

contract! { OnDisk }

fn row(name: &str, key: &str, body: &str) -> NewRow {
    NewRow {
        account: ACCOUNT,
        dialog: Some(DialogId::from(name)),
        conversation: Some("thread".into()),
        source: Source::Pact,
        dedup_key: key.to_owned(),
        body: body.as_bytes().to_vec(),
        at: T,
    }
}

/// Handles the next dialog's rows and asks for `actions`.
async fn handle_next(store: &SqliteStore, actions: Vec<Action>) {
    let claimed = store.claim(T).await.unwrap().unwrap();
    let mut state = claimed.state;
    state.seq += 1;
    let journal = JournalRow {
        seq: state.seq,
        at: T,
        policy_version: 1,
        core_version: "test".to_owned(),
        event: "{}".to_owned(),
        changes: "[]".to_owned(),
        actions: "[]".to_owned(),
        trace: "[]".to_owned(),
    };
    let acts = actions
        .into_iter()
        .enumerate()
        .map(|(index, action)| NewAct {
            key: ActionKey::new(&state.id, state.seq, index),
            action,
            text: None,
        });
    let commit = Commit {
        lease: claimed.lease,
        account_epoch: 0,
        journal: vec![journal],
        acts: acts.collect(),
        consumed: claimed.rows.iter().map(|row| row.id).collect(),
        parked: Vec::new(),
        release: true,
        state,
    };
    store.commit(commit).await.unwrap();
}

async fn change(folder: &TempDir, sql: &'static str) {
    let changed = sqlx::query(sql)
        .execute(&mut raw(folder).await)
        .await
        .unwrap();
    assert_eq!(changed.rows_affected(), 1);
}

#[tokio::test]
async fn a_second_process_is_told_that_the_database_is_in_use() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    let second = SqliteStore::open(&file_in(&folder), &MASTER).await.err();
    let Some(StoreError::InUse(why)) = second else {
        panic!("expected a refusal, got {second:?}");
    };
    assert!(why.contains("in use by another process"), "{why}");
    store.close().await;
    let store = open(&folder).await;
    store.ingest(vec![row("a", "m1", "")]).await.unwrap();
}

#[tokio::test]
async fn whoever_only_reads_needs_no_lock_and_cannot_write() {
    let folder = TempDir::new().unwrap();
    let read = async || SqliteStore::open_to_read(&file_in(&folder), &MASTER).await;
    let missing = read().await.err();
    assert!(matches!(missing, Some(StoreError::Database(_))));
    let store = open(&folder).await;
    let put = async |store: &SqliteStore, toml: &str| {
        store.put_policy(ACCOUNT, toml, Origin::Cli, T).await
    };
    put(&store, "mode = 'on'").await.unwrap();
    let beside = read().await.unwrap();
    put(&store, "mode = 'off'").await.unwrap();
    assert_eq!(beside.policies(ACCOUNT).await.unwrap().len(), 2);
    let written = put(&beside, "mode = 'people'").await;
    assert!(
        matches!(written, Err(StoreError::Database(_))),
        "{written:?}"
    );
    beside.close().await;
    store.close().await;
    let alone = read().await.unwrap();
    let newest = alone.policy(ACCOUNT, None).await.unwrap().unwrap();
    assert_eq!(newest.toml, "mode = 'off'");
}

/// A database as the first version made it, with a policy.
async fn first_version(folder: &TempDir, policy: &str) {
    let file = file_in(folder);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let mut db = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .connect()
        .await
        .unwrap();
    let first = super::migrations(&super::MIGRATIONS[..1]);
    first.run_direct(None, &mut db, false).await.unwrap();
    let key = super::MasterKey::new(&MASTER).new_account_key(ACCOUNT);
    sqlx::query("INSERT INTO account (id, key) VALUES ($1, $2)")
        .bind(ACCOUNT.0)
        .bind(key.unwrap())
        .execute(&mut db)
        .await
        .unwrap();
    sqlx::query("INSERT INTO policy (account, version, toml, at) VALUES ($1, 1, $2, $3)")
        .bind(ACCOUNT.0)
        .bind(policy)
        .bind(T)
        .execute(&mut db)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_database_of_the_first_version_is_brought_up_to_date_and_not_read_before() {
    let folder = TempDir::new().unwrap();
    first_version(&folder, "mode = 'on'").await;
    let early = SqliteStore::open_to_read(&file_in(&folder), &MASTER).await;
    assert!(matches!(early.err(), Some(StoreError::Database(_))));
    let store = open(&folder).await;
    let known = store.policies(ACCOUNT).await.unwrap();
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].origin, Origin::Default);
    assert_eq!(known[0].mode.as_deref(), Some("on"));
}

#[tokio::test]
async fn privacy_the_phones_of_a_policy_that_was_kept_in_plain_are_sealed() {
    let folder = TempDir::new().unwrap();
    let policy = "trial_phones = [\"79000000042\"]";
    first_version(&folder, policy).await;
    assert!(holds(&files(&folder), b"79000000042"));
    let store = open(&folder).await;
    let stored = store.policy(ACCOUNT, None).await.unwrap().unwrap();
    assert_eq!(stored.toml, policy);
    assert!(!holds(&files(&folder), b"79000000042"));
}

/// All bytes of the database and of what lies beside it.
fn files(folder: &TempDir) -> Vec<u8> {
    let data = file_in(folder);
    let files = std::fs::read_dir(data.parent().unwrap()).unwrap();
    let read = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
    read.flatten().collect()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn privacy_what_was_erased_is_not_in_the_file_nor_in_its_wal_not_even_sealed() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    let (dialog, long) = (DialogId::from("a"), "тайна ".repeat(2_000));
    store.ingest(vec![row("a", "m1", &long)]).await.unwrap();
    store.put_text(ACCOUNT, &dialog, &long).await.unwrap();
    let guest = Guest {
        phone: "79000000042".to_owned(),
        name: None,
        provider: "whatsapp".to_owned(),
    };
    store.put_guest(ACCOUNT, &dialog, &guest).await.unwrap();
    handle_next(&store, vec![]).await;
    let sealed = async || {
        let all = "SELECT body FROM text UNION ALL SELECT body FROM inbox UNION ALL SELECT key FROM account";
        let sealed: Vec<Vec<u8>> = sqlx::query_scalar(all)
            .fetch_all(store.readers())
            .await
            .unwrap();
        sealed
    };
    let erase = async |erasure: Erasure| {
        store.wish(ACCOUNT, &erasure, T).await.unwrap();
        let wish = store.wishes().await.unwrap().remove(0);
        let notice = row("a", "erased", "");
        while store.erase(&wish, notice.clone(), false).await.unwrap() != Progress::Done {}
        assert!(store.settle().await.unwrap());
    };
    let before = sealed().await;
    assert_eq!(before.len(), 4);
    let (bodies, key) = before.split_at(3);
    // The end of a value lies on a page of its own.
    let end = |value: &Vec<u8>| value[value.len() - 40..].to_vec();
    let left = |values: &[Vec<u8>]| {
        let bytes = files(&folder);
        values
            .iter()
            .filter(|value| holds(&bytes, &end(value)))
            .count()
    };
    assert_eq!((left(bodies), left(key)), (3, 1));
    erase(Erasure::Guest(dialog)).await;
    assert_eq!((left(bodies), left(key)), (0, 1));
    erase(Erasure::Account).await;
    assert_eq!((left(bodies), left(key)), (0, 0));
}

#[tokio::test]
async fn privacy_a_wish_is_left_beside_the_running_store() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    store.ingest(vec![row("a", "m1", "")]).await.unwrap();
    let beside = SqliteStore::open_beside(&file_in(&folder), &MASTER).await;
    let beside = beside.unwrap();
    let erasure = Erasure::Guest(DialogId::from("a"));
    beside.wish(ACCOUNT, &erasure, T).await.unwrap();
    let wishes = store.wishes().await.unwrap();
    assert_eq!(wishes[0].erasure, erasure);
    let notice = row("a", "erased", "");
    let done = store.erase(&wishes[0], notice, false).await.unwrap();
    assert_eq!(done, Progress::Done);
    assert!(beside.wishes().await.unwrap().is_empty());
    beside.close().await;
    store.ingest(vec![row("a", "m2", "")]).await.unwrap();
}

#[tokio::test]
async fn a_closed_store_finishes_what_waits_and_refuses_the_rest() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    store.ingest(vec![row("a", "m0", "")]).await.unwrap();
    let (written, ()) = tokio::join!(store.ingest(vec![row("a", "m1", "")]), store.close());
    assert_eq!(written.unwrap(), [true]);
    let late = store.ingest(vec![row("a", "m2", "")]).await;
    assert!(matches!(late, Err(StoreError::Database(_))), "{late:?}");
    let store = open(&folder).await;
    assert_eq!(store.claim(T).await.unwrap().unwrap().rows.len(), 2);
}

#[tokio::test]
async fn a_wrong_master_key_is_noticed_when_the_store_opens() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    store.ingest(vec![row("a", "m1", "")]).await.unwrap();
    store.close().await;
    let wrong = SqliteStore::open(&file_in(&folder), &[43; 32]).await.err();
    let Some(StoreError::Unreadable(why)) = wrong else {
        panic!("expected a refusal, got {wrong:?}");
    };
    assert!(why.contains("master key"), "{why}");
    let store = open(&folder).await;
    assert!(
        store.claim(T).await.unwrap().is_some(),
        "nothing was harmed"
    );
}

#[tokio::test]
async fn privacy_neither_the_database_nor_its_wal_holds_a_plain_text_name_or_phone() {
    const PLAIN: [&str; 4] = [
        "Здравствуйте, тайна",
        "79000000042",
        "Аполлинария",
        "сырое тело",
    ];
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    let dialog = DialogId::from("a");
    store.ingest(vec![row("a", "m1", PLAIN[3])]).await.unwrap();
    store.put_text(ACCOUNT, &dialog, PLAIN[0]).await.unwrap();
    let guest = Guest {
        phone: PLAIN[1].to_owned(),
        name: Some(PLAIN[2].to_owned()),
        provider: "whatsapp".to_owned(),
    };
    store.put_guest(ACCOUNT, &dialog, &guest).await.unwrap();
    handle_next(&store, vec![Action::ReadCrm]).await;
    let wanted = Wanted {
        account: ACCOUNT,
        lane: Lane::Read,
        limited: false,
    };
    let claimed = store.claim_acts(wanted, 1, T).await.unwrap();
    let [ActClaim::Run(read)] = claimed.as_slice() else {
        panic!("{claimed:?}");
    };
    let found = store.put_contact(read, PLAIN[1], ContactId(5)).await;
    found.unwrap();
    let known = store.contact(ACCOUNT, PLAIN[1]).await.unwrap();
    assert_eq!(known, Some(ContactId(5)));

    let found = |expect_wal: bool| {
        let mut all = Vec::new();
        let mut wal = 0;
        for file in std::fs::read_dir(file_in(&folder).parent().unwrap()).unwrap() {
            let path = file.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            if path.to_string_lossy().ends_with("-wal") {
                wal = bytes.len();
            }
            all.extend(bytes);
        }
        assert_eq!(wal > 0, expect_wal);
        // What is not sealed is found, so that a text would be.
        assert!(all.windows(6).any(|bytes| bytes == b"thread"));
        PLAIN.map(|plain| {
            all.windows(plain.len())
                .any(|bytes| bytes == plain.as_bytes())
        })
    };
    assert_eq!(found(true), [false; 4]);
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(&mut raw(&folder).await)
        .await
        .unwrap();
    assert_eq!(found(false), [false; 4]);
}

#[tokio::test]
async fn a_damaged_row_is_handed_on_as_what_it_is_and_hides_no_other() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    store
        .ingest(vec![row("a", "bad", ""), row("a", "good", "")])
        .await
        .unwrap();
    change(
        &folder,
        "UPDATE inbox SET body = x'00' WHERE dedup_key = 'bad'",
    )
    .await;
    let claimed = store.claim(T).await.unwrap().unwrap();
    let seen: Vec<_> = claimed
        .rows
        .iter()
        .map(|row| (row.row.dedup_key.as_str(), row.damaged))
        .collect();
    assert_eq!(seen, [("bad", true), ("good", false)]);
}

#[tokio::test]
async fn promise_4_a_damaged_guest_does_not_keep_the_dialog_from_being_handled_and_is_written_anew()
{
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    store.ingest(vec![row("a", "good", "")]).await.unwrap();
    let claimed = store.claim(T).await.unwrap().unwrap();
    let guest = Guest {
        phone: "79000000001".to_owned(),
        name: None,
        provider: "whatsapp".to_owned(),
    };
    let (account, dialog) = (claimed.lease.account, claimed.lease.dialog.clone());
    store.put_guest(account, &dialog, &guest).await.unwrap();
    store.release(&claimed.lease, &[], 0).await.unwrap();
    change(&folder, "UPDATE text SET body = x'00'").await;
    let claimed = store.lease(account, &dialog, T).await.unwrap().unwrap();
    assert_eq!((claimed.guest, claimed.rows.len()), (None, 1));
    store.put_guest(account, &dialog, &guest).await.unwrap();
    assert_eq!(store.guest(account, &dialog).await.unwrap(), Some(guest));
}

#[tokio::test]
async fn a_damaged_row_without_a_dialog_does_not_stand_in_the_way_of_the_others() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    let unrouted = |key| NewRow {
        dialog: None,
        ..row("", key, "")
    };
    store
        .ingest(vec![unrouted("bad"), unrouted("good")])
        .await
        .unwrap();
    change(
        &folder,
        "UPDATE inbox SET body = x'00' WHERE dedup_key = 'bad'",
    )
    .await;
    let waiting = store.unrouted(10).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].row.dedup_key, "good");
    assert_eq!(store.unrouted(1).await.unwrap()[0].row.dedup_key, "good");
}

#[tokio::test]
async fn a_state_of_a_newer_version_does_not_stop_other_dialogs() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    store.ingest(vec![row("new", "m1", "")]).await.unwrap();
    handle_next(&store, vec![]).await;
    store
        .ingest(vec![row("new", "m2", ""), row("other", "m3", "")])
        .await
        .unwrap();
    change(
        &folder,
        "UPDATE dialog SET state = '{\"later\":1}' WHERE id = 'new'",
    )
    .await;
    let claimed = store.claim(T).await;
    assert!(
        matches!(claimed, Err(StoreError::Unreadable(_))),
        "{claimed:?}"
    );
    let claimed = store.claim(T).await.unwrap().unwrap();
    assert_eq!(claimed.lease.dialog, DialogId::from("other"));
    assert!(store.claim(T).await.unwrap().is_none());
    let later = store.claim(T + 60_000).await;
    assert!(matches!(later, Err(StoreError::Unreadable(_))), "{later:?}");
}

#[tokio::test]
async fn an_action_of_a_newer_version_does_not_stop_other_actions() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    store.ingest(vec![row("a", "m1", "")]).await.unwrap();
    handle_next(&store, vec![Action::CreateContact, Action::ReadCrm]).await;
    change(
        &folder,
        "UPDATE outbox SET action = '{\"action\":\"later\"}' WHERE lane = 'crm'",
    )
    .await;
    let wanted = |lane| Wanted {
        account: ACCOUNT,
        lane,
        limited: true,
    };
    let claimed = store.claim_acts(wanted(Lane::Crm), 5, T).await;
    assert!(claimed.unwrap().is_empty());
    let other = store.claim_acts(wanted(Lane::Read), 5, T).await;
    assert_eq!(other.unwrap().len(), 1);
    change(
        &folder,
        "UPDATE outbox SET action = '{\"action\":\"create_contact\"}' WHERE lane = 'crm'",
    )
    .await;
    let put_off = store.claim_acts(wanted(Lane::Crm), 5, T).await;
    assert!(put_off.unwrap().is_empty(), "it is looked at again later");
    let later = store.claim_acts(wanted(Lane::Crm), 5, T + 60_000).await;
    assert_eq!(later.unwrap().len(), 1);
}

#[tokio::test]
async fn promise_4_what_can_be_carried_out_does_not_wait_for_what_cannot_be_read() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    for name in ["a", "b"] {
        store.ingest(vec![row(name, name, "")]).await.unwrap();
        handle_next(&store, vec![Action::CreateContact]).await;
    }
    change(
        &folder,
        "UPDATE outbox SET action = '{\"action\":\"later\"}' WHERE dialog = 'a'",
    )
    .await;
    let wanted = Wanted {
        account: ACCOUNT,
        lane: Lane::Crm,
        limited: true,
    };
    let claimed = store.claim_acts(wanted, 5, T).await.unwrap();
    let [ActClaim::Run(act)] = claimed.as_slice() else {
        panic!("{claimed:?}");
    };
    assert_eq!(act.dialog, DialogId::from("b"));
    let mut db = raw(&folder).await;
    let is_put_off =
        "SELECT COUNT(*) FROM outbox WHERE dialog = 'a' AND claimed = 0 AND not_before > $1";
    loop {
        let put_off = sqlx::query_scalar(is_put_off).bind(T);
        let put_off: i64 = put_off.fetch_one(&mut db).await.unwrap();
        if put_off == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_send_that_cannot_be_read_holds_back_no_parked_row() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    let shared: Arc<dyn Store> = Arc::new(store.clone());
    let sending = with_a_parked_row(&shared, None).await;
    let id = sqlx::query_scalar("SELECT id FROM outbox WHERE key = $1")
        .bind(&sending.key.0)
        .fetch_one(&mut raw(&folder).await)
        .await
        .unwrap();
    assert!(store.claim(T).await.unwrap().is_none(), "it is parked");
    let unread = Unread {
        account: sending.account,
        dialog: sending.dialog.clone(),
        id,
        token: sending.token,
    };
    store.clone().put_off_acts(vec![unread], T).await;
    let claimed = store.claim(T).await.unwrap().expect("no echo can come");
    assert_eq!(claimed.rows[0].parked_until, None);
}

#[tokio::test]
async fn the_database_is_made_durable_by_every_commit() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    let (journal, synchronous): (String, i64) = store
        .write((), |db, ()| {
            Box::pin(async move {
                let journal = sqlx::query_scalar("PRAGMA journal_mode")
                    .fetch_one(&mut *db)
                    .await?;
                let synchronous = sqlx::query_scalar("PRAGMA synchronous")
                    .fetch_one(db)
                    .await?;
                Ok((journal, synchronous))
            })
        })
        .await
        .unwrap();
    assert_eq!((journal.as_str(), synchronous), ("wal", 2), "2 = FULL");
}

#[tokio::test]
async fn a_job_that_fails_leaves_nothing_and_disturbs_no_other_of_its_commit() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder).await;
    store.ingest(vec![row("a", "m0", "")]).await.unwrap();
    let orphan = NewRow {
        dialog: Some("nowhere".into()),
        conversation: None,
        ..row("", "orphan", "")
    };
    // On one thread the three wait together before the writer runs.
    let (first, second, third) = tokio::join!(
        store.ingest(vec![row("a", "m1", "")]),
        store.ingest(vec![row("a", "m2", ""), orphan]),
        store.ingest(vec![row("a", "m3", "")]),
    );
    assert_eq!((first.unwrap(), third.unwrap()), (vec![true], vec![true]));
    assert!(matches!(second, Err(StoreError::Database(_))), "{second:?}");
    let rows = store.claim(T).await.unwrap().unwrap().rows;
    let keys: Vec<_> = rows.iter().map(|row| row.row.dedup_key.as_str()).collect();
    assert_eq!(keys, ["m0", "m1", "m3"]);
}

#[tokio::test]
async fn the_claims_use_their_indexes() {
    let folder = TempDir::new().unwrap();
    let _store = open(&folder).await;
    let mut db = raw(&folder).await;
    let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(
        "EXPLAIN QUERY PLAN SELECT account, id FROM dialog WHERE leased = 0 AND ready_at <= 1 \
         ORDER BY ready_at, account, id LIMIT 1",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    assert!(
        plan.iter().any(|step| step.3.contains("dialog_ready")),
        "{plan:?}"
    );
    for (query, is_send) in [
        (super::outbox::CLAIM_NEXT, false),
        (super::sends::NEXT_SEND, true),
    ] {
        let explained = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}"));
        let explained = sqlx::query_as(explained).bind(1_i64);
        let explained = if is_send {
            explained.bind(1_i64).bind(1_i64).bind(1_i64)
        } else {
            let explained = explained.bind("crm").bind(1_i64).bind(1_i64);
            explained.bind(1_i64).bind(1_i64)
        };
        let plan: Vec<(i64, i64, i64, String)> = explained.fetch_all(&mut db).await.unwrap();
        let steps = |name: &str| plan.iter().any(|step| step.3.contains(name));
        assert!(steps("outbox_next") && steps("outbox_lane"), "{plan:?}");
        assert!(
            !is_send || steps("inbox_dialog") && steps("place_window"),
            "{plan:?}"
        );
    }
}

#[test]
fn the_lock_lies_beside_the_database() {
    let lock = super::lock_path(Path::new("/data/estafeta.db"));
    assert_eq!(lock, Path::new("/data/estafeta.db.lock"));
}

#[tokio::test]
async fn journals_are_read_without_a_trace() {
    let folder = TempDir::new().unwrap();
    let nothing = SqliteHistory::open(&file_in(&folder), 1).await.err();
    assert!(nothing.is_some_and(|error| error.to_string().contains("there is no")));
    let store = open(&folder).await;
    let history = SqliteHistory::open(&file_in(&folder), 1).await.unwrap();
    let refused = sqlx::query("UPDATE dialog SET leased = 1")
        .execute(history.pool())
        .await;
    assert!(refused.unwrap_err().to_string().contains("readonly"));
    store.close().await;
    drop(history);
    // The backend starts as if nobody had read.
    open(&folder).await.close().await;
}
