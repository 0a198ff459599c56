//! `estafeta migrate`: all data from the file of one machine to a `PostgreSQL` database. A move that was cut off goes on
//! when it is asked for again.

use super::{Failure, Outcome, asked, say};
use crate::app::moving::{Move, is_fold};
use crate::app::replay::{Place, Scope};
use crate::config::Config;
use indicatif::{ProgressBar, ProgressStyle};
use secrecy::SecretString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Dialogs in one look.
const PAGE: u32 = 256;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The backend's settings, TOML. They name the data folder, the server's database and the master key.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// `sqlite://` and a file, instead of the one in the data folder.
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// `postgres://…` instead of server.database.
    #[arg(long, value_name = "URL")]
    to: Option<SecretString>,
}

/// Moves everything, and verifies that every dialog's state is the fold of its journal.
pub(super) fn run(args: &Args) -> Outcome {
    let config = Config::load(&args.config)?;
    let folder = &config.server.data;
    let from = match &args.from {
        None => folder.join("estafeta.sqlite"),
        Some(url) => {
            let path = url.strip_prefix("sqlite://");
            PathBuf::from(path.ok_or("--from is sqlite:// and a file")?)
        }
    };
    let to = args.to.as_ref().or(config.server.database.as_ref());
    let to = to.ok_or("nobody says where to: set server.database, or say --to postgres://…")?;
    if !from.exists() {
        return Err(format!("there is no {}", from.display()).into());
    }
    asked(carry(
        &from,
        &Place::of(folder, Some(to)),
        config.master_key.bytes(),
    ))?;
    Ok(ExitCode::SUCCESS)
}

async fn carry(from: &Path, to: &Place, master_key: &[u8; 32]) -> Result<(), Failure> {
    let mut moving = Move::begin(from, to, master_key).await?;
    let bar = bar(moving.so_far().await?.of, "rows");
    while let Some(moved) = moving.go_on().await? {
        bar.set_position(moved.rows);
    }
    let rows = moving.so_far().await?.rows;
    bar.finish_and_clear();
    let dialogs = verify(&moving).await?;
    moving.finish().await?;
    say(format_args!(
        "moved: {rows} rows; the state of each of {dialogs} dialogs is the fold of its journal"
    ));
    say("set server.database, start the backend, and keep the file until you trust it");
    Ok(())
}

async fn verify(moving: &Move) -> Result<u64, Failure> {
    let history = moving.history();
    let all = Scope {
        account: None,
        since: i64::MIN,
    };
    let count = history.count(all).await?;
    let bar = bar(count, "dialogs verified");
    let mut page = history.dialogs(all, None, PAGE).await?;
    while let Some(last) = page.last().cloned() {
        for dialog in &page {
            let state = moving.state(dialog).await?;
            let journal = history.rows(dialog).await?;
            let holds = match &state {
                Some(state) => is_fold(state, &journal)?,
                None => false,
            };
            if !holds {
                let (account, id) = (dialog.account, &dialog.dialog);
                return Err(format!(
                    "account {account}, dialog {id}: its state is not the fold of its journal; the data stay where they were"
                )
                .into());
            }
            bar.inc(1);
        }
        page = history.dialogs(all, Some(&last), PAGE).await?;
    }
    bar.finish_and_clear();
    Ok(count)
}

fn bar(of: u64, what: &str) -> ProgressBar {
    let style = format!("{{bar:40}} {{human_pos}}/{{human_len}} {what}, {{per_sec}}, {{eta}} left");
    ProgressBar::new(of).with_style(
        ProgressStyle::with_template(&style).unwrap_or_else(|_| ProgressStyle::default_bar()),
    )
}
