//! `estafeta knowledge …`. The backend may run meanwhile: it answers from a new version at the next question.

use super::place::{Place, say_version};
use super::{Failure, Outcome, asked, say};
use crate::app::Desk;
use crate::clock::{Clock, SystemClock};
use crate::config::base_in;
use clap::Subcommand;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use widget_core::knowledge::{BaseFile, Index, confidence, is_sure, read};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Says what is wrong with a knowledge base, or how many passages it has.
    Check {
        /// Folder of its .md and .csv files.
        folder: PathBuf,
    },
    /// What a question finds in a folder, best first.
    Ask {
        /// Folder of its .md and .csv files.
        folder: PathBuf,
        /// As a guest writes.
        question: String,
    },
    /// Stores a folder as the newest version of an account's knowledge base.
    Put {
        /// Folder of its .md and .csv files.
        folder: PathBuf,
        #[command(flatten)]
        place: Place,
    },
    /// Lists the versions of an account's knowledge base, newest first.
    List(#[command(flatten)] Place),
}

/// Runs a command on knowledge bases.
pub(super) fn run(command: &Command) -> Outcome {
    match command {
        Command::Check { folder } => {
            let passages = read(&base(folder)?).unwrap_or_default();
            say(format_args!("passages: {}", passages.len()));
        }
        Command::Ask { folder, question } => ask(&base(folder)?, question),
        Command::Put { folder, place } => put(&base(folder)?, place)?,
        Command::List(place) => list(place)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The files of a folder.
///
/// # Errors
/// Everything that is wrong with them, a line each.
pub(super) fn base(folder: &Path) -> Result<Vec<BaseFile>, Failure> {
    base_in(folder).map_err(|findings| {
        let lines = findings.into_iter().map(|(place, problem)| {
            if place.is_empty() {
                problem
            } else {
                format!("{place}: {problem}")
            }
        });
        lines.collect::<Vec<_>>().join("\n").into()
    })
}

fn ask(files: &[BaseFile], question: &str) {
    const SHOWN: usize = 3;
    let passages = read(files).unwrap_or_default();
    let index = Index::new(&passages);
    let found = index.rank(&index.hear(question));
    if !is_sure(found.iter().map(|found| found.value)) {
        say("No answer: a person gets the dialog. The nearest:");
    }
    for found in found.iter().take(SHOWN) {
        let passage = &passages[found.place];
        say(format_args!(
            "{:>3} %  {}  {}\n{}\n",
            confidence(found.value),
            passage.id,
            passage.title,
            passage.text
        ));
    }
}

fn put(files: &[BaseFile], place: &Place) -> Result<(), Failure> {
    let (config, account) = place.find()?;
    let now = SystemClock.now_ms();
    let version = asked(async {
        let desk = Desk::beside(&config).await?;
        let version = desk.put_base(account, files, now).await?;
        desk.close().await;
        Ok(version)
    })?;
    say(format_args!(
        "account {account}: version {version} of the knowledge base"
    ));
    Ok(())
}

fn list(place: &Place) -> Result<(), Failure> {
    let (config, account) = place.find()?;
    let versions = asked(async {
        let desk = Desk::to_read(&config).await?;
        Ok(desk.bases(account).await?)
    })?;
    for base in versions {
        let more = format_args!("passages: {}", base.passages);
        say_version(base.version, base.at, base.origin.as_str(), more);
    }
    Ok(())
}
