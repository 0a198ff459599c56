//! `estafeta guest …`.

use super::account::chosen;
use super::{Outcome, asked, erase, settings};
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Erases a guest for good: what was said, name, phone. The backend may run meanwhile. amoCRM and Pact keep theirs.
    Erase {
        #[command(flatten)]
        whom: Whom,
        /// The backend's settings, TOML.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The account; may be left out where there is but one.
        #[arg(long, value_name = "ID")]
        account: Option<i64>,
    },
}

/// Who is erased.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct Whom {
    /// All dialogs with this phone.
    #[arg(long)]
    pub(super) phone: Option<String>,
    /// The dialog of this conversation in Pact.
    #[arg(long, value_name = "ID")]
    pub(super) conversation: Option<String>,
    /// The dialog of this id, as logs and replays name it.
    #[arg(long, value_name = "ID")]
    pub(super) dialog: Option<String>,
}

/// Runs a command on guests.
pub(super) fn run(command: &Command) -> Outcome {
    let Command::Erase {
        whom,
        config,
        account,
    } = command;
    let config = settings(config)?;
    let account = chosen(&config, *account)?.id;
    asked(erase::guest(&config, account, whom))
}
