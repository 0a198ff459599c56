//! How fast `estafeta replay` is, beside the mere reading of the same rows: `cargo bench -p backend --bench replay --
//! [DIALOGS] [EVENTS]`, 100,000 dialogs of 20 events unless told otherwise.
//!
//! The store is made for the run. Its conversations are decided by the real rules, and the rows of many dialogs are mixed
//! as they come in life. The replay's rules are those of the record, so that every event is judged.

mod store;

use backend::app::replay::{Place, Scope};
use backend::config::DEFAULT_POLICY;
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use widget_core::ids::AccountId;

const ACCOUNT: AccountId = AccountId(1);

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut numbers = std::env::args().filter_map(|word| word.parse().ok());
    let dialogs = numbers.next().unwrap_or(100_000);
    let events = numbers.next().unwrap_or(20);
    let folder = tempfile::tempdir()?;
    let policy =
        widget_core::policy::parse(DEFAULT_POLICY).map_err(|findings| format!("{findings:?}"))?;
    let file = folder.path().join("estafeta.sqlite");
    store::fill(&file, &[7; 32], ACCOUNT, (dialogs, events), &policy).await?;

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
    let history = backend::app::replay::open(&Place::of(folder, None), 1).await?;
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
