//! `estafeta policy …`.

use super::Outcome;
use clap::Subcommand;
use std::path::PathBuf;
use std::process::ExitCode;
use widget_core::policy;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Says what is wrong with a policy.
    Validate {
        /// The policy, TOML.
        file: PathBuf,
    },
}

/// Runs a command on policies.
pub(super) fn run(command: &Command) -> Outcome {
    let Command::Validate { file } = command;
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let Err(findings) = policy::parse(&text) else {
        return Ok(ExitCode::SUCCESS);
    };
    for finding in findings {
        let place = if finding.path.is_empty() {
            file.display().to_string()
        } else {
            finding.path
        };
        println!("{place}: {}", finding.problem);
    }
    Ok(ExitCode::FAILURE)
}
