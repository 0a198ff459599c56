//! `estafeta setup-link`: a new link to the setup page.

use super::{Outcome, asked, link, say};
use crate::app;
use crate::config::Config;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The backend's settings, TOML. The backend has to run when the link is opened, not now.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Prints the link, and nothing else, on stdout.
pub(super) fn run(args: &Args) -> Outcome {
    let config = Config::load(&args.config)?;
    let now = asked(link::now(&config))?;
    say(app::setup_link(&config, now));
    eprintln!("Open it while the backend runs: it is good for a day and one time.");
    Ok(ExitCode::SUCCESS)
}
