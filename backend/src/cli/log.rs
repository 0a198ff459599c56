//! `estafeta log`.

use super::account::chosen;
use super::{Outcome, say};
use crate::app::Desk;
use crate::config::Config;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The backend's settings, TOML.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The account; may be left out where there is but one.
    #[arg(long, value_name = "ID")]
    account: Option<i64>,
    /// How many calls are shown.
    #[arg(long, value_name = "N", default_value_t = 50)]
    lines: usize,
}

/// Prints the newest calls. The backend may run meanwhile.
pub(super) fn run(args: &Args) -> Outcome {
    let config = Config::load(&args.config)?;
    let account = chosen(&config, args.account)?.id;
    let mut newest: Vec<String> = Vec::new();
    for file in Desk::log_files(&config, account)?.iter().rev() {
        let text = std::fs::read_to_string(file)?;
        let lines = text.lines().rev().take(args.lines - newest.len());
        newest.extend(lines.map(str::to_owned));
    }
    for line in newest.iter().rev() {
        say(line);
    }
    Ok(ExitCode::SUCCESS)
}
