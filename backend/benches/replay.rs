//! How fast `estafeta replay` is, beside the mere reading of the same rows: `cargo bench -p backend --bench replay --
//! [DIALOGS] [EVENTS]`, 100,000 dialogs of 20 events unless told otherwise.
//!
//! The store is made for the run. Its conversations are decided by the real rules, and the rows of many dialogs are mixed
//! as they come in life. The replay's rules are those of the record, so that every event is judged.

#[allow(dead_code, reason = "the benches of widget-core use the rest")]
#[path = "../../widget-core/benches/talk/mod.rs"]
mod talk;

use backend::adapters::store::SqliteStore;
use backend::app::replay::Scope;
use backend::config::DEFAULT_POLICY;
use backend::ports::Registry;
use serde::Serialize;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, QueryBuilder, SqliteConnection};
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use talk::Talk;
use widget_core::ids::AccountId;
use widget_core::owner::Owner;
use widget_core::policy::Policy;
use widget_core::replay::Row;
use widget_core::time::Zone;

const ACCOUNT: AccountId = AccountId(1);
/// So many dialogs are under way at once.
const AT_ONCE: u64 = 2_000;
/// Rows in one statement.
const ROWS: usize = 500;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut numbers = std::env::args().filter_map(|word| word.parse().ok());
    let dialogs = numbers.next().unwrap_or(100_000);
    let events = numbers.next().unwrap_or(20);
    let folder = tempfile::tempdir()?;
    let policy =
        widget_core::policy::parse(DEFAULT_POLICY).map_err(|findings| format!("{findings:?}"))?;
    let mut db = open(&folder.path().join("estafeta.sqlite")).await?;
    for first in (0..dialogs).step_by(usize::try_from(AT_ONCE)?) {
        let seeds = first..dialogs.min(first + AT_ONCE);
        write_talks(&mut db, seeds, events, &policy).await?;
    }
    db.close().await?;

    let began = Instant::now();
    let rows = read_all(folder.path()).await?;
    report(&format!("baseline: reading {rows} rows"), began);
    let began = Instant::now();
    replay(folder.path())?;
    report(
        &format!("replay: {dialogs} dialogs of {events} events"),
        began,
    );
    Ok(())
}

/// A line as criterion writes it.
fn report(name: &str, began: Instant) {
    let seconds = began.elapsed().as_secs_f64();
    println!("{name}\n    time:   [{seconds:.2} s {seconds:.2} s {seconds:.2} s]");
}

/// Reads every journal as the replay does, one after the other.
async fn read_all(folder: &Path) -> Result<usize, Failure> {
    let history = backend::app::replay::open(folder, 1).await?;
    let all = Scope {
        account: None,
        since: i64::MIN,
    };
    let mut rows = 0;
    let mut page = history.dialogs(all, None, 64).await?;
    while let Some(last) = page.last().cloned() {
        for dialog in &page {
            rows += history.rows(dialog).await?.len();
        }
        page = history.dialogs(all, Some(&last), 64).await?;
    }
    Ok(rows)
}

fn replay(folder: &Path) -> Result<(), Failure> {
    let rules = folder.join("rules.toml");
    std::fs::write(&rules, DEFAULT_POLICY)?;
    let output = Command::new(env!("CARGO_BIN_EXE_estafeta"))
        .args(["replay", "--data"])
        .arg(folder)
        .arg("--policy")
        .arg(rules)
        .output()?;
    let told = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() || !told.contains("решаются иначе: 0") {
        return Err(format!("{told}{}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(())
}

/// A new store with an account, to be filled by hand: the store's own way syncs every commit to the disk.
async fn open(file: &Path) -> Result<SqliteConnection, Failure> {
    let store = SqliteStore::open(file, &[7; 32]).await?;
    store.use_once(ACCOUNT, "makes the account", 0, 0).await?;
    store.close().await;
    let options = SqliteConnectOptions::new()
        .filename(file)
        .foreign_keys(false)
        .synchronous(SqliteSynchronous::Off);
    Ok(options.connect().await?)
}

async fn write_talks(
    db: &mut SqliteConnection,
    seeds: std::ops::Range<u64>,
    events: u64,
    policy: &Policy,
) -> Result<(), Failure> {
    let zone = Zone::fixed(10_800);
    let mut transaction = db.begin().await?;
    let mut talks: Vec<Talk> = seeds.map(|seed| Talk::new(ACCOUNT, seed)).collect();
    for _ in 0..events {
        for some in talks.chunks_mut(ROWS) {
            let rows: Vec<Row> = some
                .iter_mut()
                .map(|talk| talk.row(policy, 1, &zone))
                .collect();
            write_rows(&mut transaction, some, &rows).await?;
        }
    }
    for talk in &talks {
        write_dialog(&mut transaction, talk).await?;
    }
    Ok(transaction.commit().await?)
}

async fn write_rows(
    db: &mut SqliteConnection,
    talks: &[Talk],
    rows: &[Row],
) -> Result<(), Failure> {
    let mut insert = QueryBuilder::new(
        "INSERT INTO journal (account, dialog, seq, at, policy_version, core_version, event, changes, actions, trace) ",
    );
    insert.push_values(talks.iter().zip(rows), |mut values, (talk, row)| {
        let (event, actions) = row.judged.as_ref().expect("every row of a talk is judged");
        values
            .push_bind(ACCOUNT.0)
            .push_bind(talk.dialog.id.0.clone())
            .push_bind(i64::try_from(row.seq).expect("a small number"))
            .push_bind(row.at)
            .push_bind(row.policy_version)
            .push_bind(env!("CARGO_PKG_VERSION"))
            .push_bind(json(event))
            .push_bind(json(&row.changes))
            .push_bind(json(actions))
            .push_bind(json(&row.trace));
    });
    insert.build().execute(db).await?;
    Ok(())
}

fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("it serialises")
}

async fn write_dialog(db: &mut SqliteConnection, talk: &Talk) -> Result<(), Failure> {
    let dialog = &talk.dialog;
    let owner = match dialog.view.owner {
        Owner::Bot => "bot",
        Owner::Waiting { .. } => "waiting",
        Owner::Manager { .. } => "manager",
    };
    sqlx::query(
        "INSERT INTO dialog (account, id, conversation, state, seq, last_at, owner_kind, epoch, deal) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(ACCOUNT.0)
    .bind(&dialog.id.0)
    .bind(&dialog.conversation.0)
    .bind(json(dialog))
    .bind(i64::try_from(dialog.seq)?)
    .bind(dialog.last_at)
    .bind(owner)
    .bind(i64::try_from(dialog.view.epoch)?)
    .bind(dialog.deal.map(|deal| deal.0))
    .execute(db)
    .await?;
    Ok(())
}
