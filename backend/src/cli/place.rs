//! An account of a backend, whose policy or knowledge base is meant, and how its versions are listed.

use super::account::{chosen, since};
use super::{Failure, say, settings};
use crate::config::Config;
use std::fmt::Display;
use std::path::PathBuf;

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

impl Place {
    /// The settings, and the account's id.
    pub(super) fn find(&self) -> Result<(Config, i64), Failure> {
        let config = settings(&self.config)?;
        let id = chosen(&config, self.account)?.id;
        Ok((config, id))
    }
}

impl MaybePlace {
    /// The place, if one is named.
    pub(super) fn place(&self) -> Option<Place> {
        let config = self.config.clone()?;
        let account = self.account;
        Some(Place { config, account })
    }
}

/// A line of a list of versions; `more` is what else is known of it.
pub(super) fn say_version(version: i64, at: i64, origin: &str, more: impl Display) {
    let at = since(at);
    say(format_args!("{version:>4}  {at}  {origin:<7}  {more}"));
}
