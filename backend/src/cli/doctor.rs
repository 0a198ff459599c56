//! `estafeta doctor`: one line for each thing that can be checked, and what to do about it.

use super::{Outcome, asked, link, say};
use crate::app;
use crate::config::Config;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The backend's settings, TOML. The backend may run meanwhile.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Prints what was found; a failure when something has to be done.
pub(super) fn run(args: &Args) -> Outcome {
    let mut config = Config::load(&args.config)?;
    say("ok    settings: every value can be used");
    let examined = asked(async {
        // Data that cannot be read are told of below.
        if let Ok(set_up) = app::set_up(&config).await {
            config.accounts.extend(set_up);
        }
        let now = link::now(&config).await?;
        Ok(app::examine(&config, now).await)
    })?;
    let mut is_well = true;
    for app::Examined { of, checked } in examined {
        is_well &= checked.is_well();
        let mark = if checked.is_well() { "ok  " } else { "FAIL" };
        say(format!("{mark}  {of}, {}: {}", checked.what, checked.words));
    }
    Ok(if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
