//! `estafeta policy …`. All but `validate` and the files of `diff` read a backend's data, which may run meanwhile.

use super::account::{self, chosen, since};
use super::{Failure, Outcome, asked, say, settings};
use crate::app::Desk;
use crate::config::{Account, DEFAULT_POLICY};
use clap::Subcommand;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use widget_core::policy::{self, Finding, Policy};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Says what is wrong with a policy.
    Validate {
        /// The policy, TOML.
        file: PathBuf,
    },
    /// Prints a policy, TOML: the newest version of an account's, or without --config the default.
    Show {
        #[command(flatten)]
        place: MaybePlace,
        /// Another version than the newest.
        #[arg(long, value_name = "N", requires = "config")]
        version: Option<i64>,
    },
    /// Lists the versions of an account's policy, newest first.
    List(#[command(flatten)] Place),
    /// Tells what differs between two policies: exit code 0 = nothing, 1 = something, 2 = they cannot be compared.
    Diff {
        /// A file, or with --config a version.
        old: String,
        /// A file, or with --config a version.
        new: String,
        #[command(flatten)]
        place: MaybePlace,
    },
}

/// An account of a backend.
#[derive(clap::Args)]
pub(super) struct Place {
    /// The backend's settings, TOML.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The account; may be left out where there is but one.
    #[arg(long, value_name = "ID")]
    account: Option<i64>,
}

/// An account of a backend, where one is asked.
#[derive(clap::Args)]
pub(super) struct MaybePlace {
    /// The backend's settings, TOML.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The account; may be left out where there is but one.
    #[arg(long, value_name = "ID", requires = "config")]
    account: Option<i64>,
}

impl MaybePlace {
    fn place(&self) -> Option<Place> {
        let config = self.config.clone()?;
        let account = self.account;
        Some(Place { config, account })
    }
}

/// Runs a command on policies.
pub(super) fn run(command: &Command) -> Outcome {
    match command {
        Command::Validate { file } => validate(file),
        Command::Show { place, version } => show(place.place().as_ref(), *version),
        Command::List(place) => list(place),
        Command::Diff { old, new, place } => Ok(diff(old, new, place.place().as_ref())
            .unwrap_or_else(|failure| {
                eprintln!("{failure}");
                ExitCode::from(2)
            })),
    }
}

fn validate(file: &Path) -> Outcome {
    let Err(findings) = policy::parse(&read(file)?) else {
        return Ok(ExitCode::SUCCESS);
    };
    for line in told(&findings, &file.display().to_string()) {
        say(line);
    }
    Ok(ExitCode::FAILURE)
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file)
        .map_err(|error| format!("{} cannot be read: {error}", file.display()).into())
}

/// A line for each finding; one that names no field names the whole, `of`.
pub(super) fn told(findings: &[Finding], of: &str) -> Vec<String> {
    let line = |finding: &Finding| match finding.path.as_str() {
        "" => format!("{of}: {}", finding.problem),
        path => format!("{path}: {}", finding.problem),
    };
    findings.iter().map(line).collect()
}

fn show(place: Option<&Place>, version: Option<i64>) -> Outcome {
    let text = match place {
        None => DEFAULT_POLICY.to_owned(),
        Some(place) => stored(place, version)?,
    };
    say(text.trim_end_matches('\n'));
    Ok(ExitCode::SUCCESS)
}

fn list(place: &Place) -> Outcome {
    let config = settings(&place.config)?;
    let account = chosen(&config, place.account)?.id;
    let versions = asked(async {
        let desk = Desk::to_read(&config).await?;
        Ok(desk.policies(account).await?)
    })?;
    if versions.is_empty() {
        return Err(account::no_version(account));
    }
    for policy in versions {
        say(format_args!(
            "{:>4}  {}  {:<7}  {}",
            policy.version,
            since(policy.at),
            policy.origin.as_str(),
            policy.mode.as_deref().unwrap_or("?"),
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// The text of a version; `None` = of the newest.
fn stored(place: &Place, version: Option<i64>) -> Result<String, Failure> {
    let config = settings(&place.config)?;
    let Account { id, .. } = chosen(&config, place.account)?;
    let found = asked(async {
        let desk = Desk::to_read(&config).await?;
        Ok(desk.policy(*id, version).await?)
    })?;
    match (found, version) {
        (Some(found), _) => Ok(found.toml),
        (None, None) => Err(account::no_version(*id)),
        (None, Some(version)) => Err(format!(
            "account {id} has no policy version {version}; `estafeta policy list` lists them"
        )
        .into()),
    }
}

fn diff(old: &str, new: &str, place: Option<&Place>) -> Outcome {
    let (old, new) = (side(old, place)?, side(new, place)?);
    let changes = policy::diff(&old, &new);
    for change in &changes {
        say(change);
    }
    Ok(ExitCode::from(u8::from(!changes.is_empty())))
}

/// One side of a comparison: a version where a backend is named and this is a number, else a file.
fn side(name: &str, place: Option<&Place>) -> Result<Policy, Failure> {
    let text = match (place, name.parse()) {
        (Some(place), Ok(version)) => stored(place, Some(version))?,
        _ => read(Path::new(name))?,
    };
    policy::parse(&text).map_err(|findings| told(&findings, name).join("\n").into())
}
