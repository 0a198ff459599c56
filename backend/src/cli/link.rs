//! `estafeta connect`: the link by which an administrator connects an account by OAuth.

use super::account::chosen;
use super::{Failure, Outcome, asked, clock, say, settings};
use crate::app;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// A sandbox's clock answers within this time.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(clap::Args)]
pub(super) struct Args {
    /// The backend's settings, TOML. The backend has to run when the link is opened, not now.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The account, where there are several.
    #[arg(long, value_name = "ID")]
    account: Option<i64>,
}

/// Prints the link, and nothing else, on stdout.
pub(super) fn run(args: &Args) -> Outcome {
    let config = settings(&args.config)?;
    let account = chosen(&config, args.account)?;
    let now = asked(now(&config))?;
    let link = app::link(&config, account, now).ok_or_else(|| {
        format!(
            "account {} has a long-lived token and needs no link; take `token` out of its settings to connect it by OAuth",
            account.id
        )
    })?;
    say(link);
    eprintln!(
        "Open it as an administrator of the account while the backend runs: it is good for a day and one time.\n\
         The integration's redirect URI has to be {}",
        app::redirect_uri(&config)
    );
    Ok(ExitCode::SUCCESS)
}

/// The backend's time, unix ms.
pub(super) async fn now(config: &Config) -> Result<i64, Failure> {
    Ok(match config.clock_source.clone() {
        None => SystemClock.now_ms(),
        Some(source) => tokio::time::timeout(PATIENCE, clock::follow(source))
            .await
            .map_err(|_| "the clock in [clock] source does not answer; start the sandbox")??
            .now_ms(),
    })
}
