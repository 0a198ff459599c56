//! `estafeta policy …`. All but `validate` and the files of `diff` read a backend's data, which may run meanwhile.

use super::account;
use super::language::Language;
use super::place::{MaybePlace, Place, say_version};
use super::{Failure, Outcome, asked, say};
use crate::app::Desk;
use crate::config::DEFAULT_POLICY;
use clap::Subcommand;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use widget_core::policy::{self, Finding, Policy};
use widget_core::trace::Lang;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Says what is wrong with a policy.
    Validate {
        /// The policy, TOML.
        file: PathBuf,
        #[command(flatten)]
        language: Language,
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
        #[command(flatten)]
        language: Language,
    },
}

/// Runs a command on policies.
pub(super) fn run(command: &Command) -> Outcome {
    match command {
        Command::Validate { file, language } => validate(file, language.get()),
        Command::Show { place, version } => show(place.place().as_ref(), *version),
        Command::List(place) => list(place),
        Command::Diff {
            old,
            new,
            place,
            language,
        } => {
            let differ = diff(old, new, place.place().as_ref(), language.get());
            Ok(differ.unwrap_or_else(|failure| {
                eprintln!("{failure}");
                ExitCode::from(2)
            }))
        }
    }
}

fn validate(file: &Path, lang: Lang) -> Outcome {
    let Err(findings) = policy::parse(&read(file)?) else {
        return Ok(ExitCode::SUCCESS);
    };
    for line in told(&findings, &file.display().to_string(), lang) {
        say(line);
    }
    Ok(ExitCode::FAILURE)
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file)
        .map_err(|error| format!("{} cannot be read: {error}", file.display()).into())
}

/// A line for each finding; one that names no field names the whole, `of`.
pub(super) fn told(findings: &[Finding], of: &str, lang: Lang) -> Vec<String> {
    let line = |finding: &Finding| match finding.path.as_str() {
        "" => format!("{of}: {}", finding.text(lang)),
        _ => finding.text(lang),
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
    let (config, account) = place.find()?;
    let versions = asked(async {
        let desk = Desk::to_read(&config).await?;
        Ok(desk.policies(account).await?)
    })?;
    if versions.is_empty() {
        return Err(account::no_version(account));
    }
    for policy in versions {
        let mode = policy.mode.as_deref().unwrap_or("?");
        say_version(policy.version, policy.at, policy.origin.as_str(), mode);
    }
    Ok(ExitCode::SUCCESS)
}

/// The text of a version; `None` = of the newest.
fn stored(place: &Place, version: Option<i64>) -> Result<String, Failure> {
    let (config, id) = place.find()?;
    let found = asked(async {
        let desk = Desk::to_read(&config).await?;
        Ok(desk.policy(id, version).await?)
    })?;
    match (found, version) {
        (Some(found), _) => Ok(found.toml),
        (None, None) => Err(account::no_version(id)),
        (None, Some(version)) => Err(format!(
            "account {id} has no policy version {version}; `estafeta policy list` lists them"
        )
        .into()),
    }
}

fn diff(old: &str, new: &str, place: Option<&Place>, lang: Lang) -> Outcome {
    let (old, new) = (side(old, place, lang)?, side(new, place, lang)?);
    let changes = policy::diff(&old, &new);
    for change in &changes {
        say(change.text(lang));
    }
    Ok(ExitCode::from(u8::from(!changes.is_empty())))
}

/// One side of a comparison: a version where a backend is named and this is a number, else a file.
fn side(name: &str, place: Option<&Place>, lang: Lang) -> Result<Policy, Failure> {
    let text = match (place, name.parse()) {
        (Some(place), Ok(version)) => stored(place, Some(version))?,
        _ => read(Path::new(name))?,
    };
    policy::parse(&text).map_err(|findings| told(&findings, name, lang).join("\n").into())
}
