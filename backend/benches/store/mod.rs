//! Fills a store with conversations decided by the real rules, as fast as the disk allows: material for benches.

#[allow(dead_code, reason = "the benches of widget-core use the rest")]
#[path = "../../../widget-core/benches/talk/mod.rs"]
mod talk;

use backend::adapters::store::SqliteStore;
use backend::ports::Registry;
use serde::Serialize;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, QueryBuilder, SqliteConnection};
use std::path::Path;
use talk::Talk;
use widget_core::ids::AccountId;
use widget_core::owner::Owner;
use widget_core::policy::Policy;
use widget_core::replay::Row;
use widget_core::time::Zone;

/// So many dialogs are under way at once.
const AT_ONCE: u64 = 2_000;
/// Rows in one statement.
const ROWS: usize = 500;

type Failure = Box<dyn std::error::Error>;

/// Makes the store `file` of an account under a master key, with `dialogs` of `events` journal rows each. The rows of
/// many dialogs are mixed as they come in life.
pub async fn fill(
    file: &Path,
    master_key: &[u8; 32],
    account: AccountId,
    (dialogs, events): (u64, u64),
    policy: &Policy,
) -> Result<(), Failure> {
    let mut db = open(file, master_key, account).await?;
    for first in (0..dialogs).step_by(usize::try_from(AT_ONCE)?) {
        let seeds = first..dialogs.min(first + AT_ONCE);
        write_talks(&mut db, account, seeds, events, policy).await?;
    }
    Ok(db.close().await?)
}

/// A new store with an account, to be filled by hand: the store's own way syncs every commit to the disk.
async fn open(
    file: &Path,
    master_key: &[u8; 32],
    account: AccountId,
) -> Result<SqliteConnection, Failure> {
    let store = SqliteStore::open(file, master_key).await?;
    store.use_once(account, "makes the account", 0, 0).await?;
    store.close().await;
    let options = SqliteConnectOptions::new()
        .filename(file)
        .foreign_keys(false)
        .synchronous(SqliteSynchronous::Off);
    Ok(options.connect().await?)
}

async fn write_talks(
    db: &mut SqliteConnection,
    account: AccountId,
    seeds: std::ops::Range<u64>,
    events: u64,
    policy: &Policy,
) -> Result<(), Failure> {
    let zone = Zone::fixed(10_800);
    let mut transaction = db.begin().await?;
    let mut talks: Vec<Talk> = seeds.map(|seed| Talk::new(account, seed)).collect();
    for _ in 0..events {
        for some in talks.chunks_mut(ROWS) {
            let rows: Vec<Row> = some
                .iter_mut()
                .map(|talk| talk.row(policy, 1, &zone))
                .collect();
            write_rows(&mut transaction, account, some, &rows).await?;
        }
    }
    for talk in &talks {
        write_dialog(&mut transaction, account, talk).await?;
    }
    Ok(transaction.commit().await?)
}

async fn write_rows(
    db: &mut SqliteConnection,
    account: AccountId,
    talks: &[Talk],
    rows: &[Row],
) -> Result<(), Failure> {
    let mut insert = QueryBuilder::new(
        "INSERT INTO journal (account, dialog, seq, at, policy_version, core_version, event, changes, actions, trace) ",
    );
    insert.push_values(talks.iter().zip(rows), |mut values, (talk, row)| {
        let (event, actions) = row.judged.as_ref().expect("every row of a talk is judged");
        values
            .push_bind(account.0)
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

async fn write_dialog(
    db: &mut SqliteConnection,
    account: AccountId,
    talk: &Talk,
) -> Result<(), Failure> {
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
    .bind(account.0)
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
