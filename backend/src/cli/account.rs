//! `estafeta account …`.

use super::language::of_terminal;
use super::policy::told;
use super::{Failure, Outcome, asked, erase, say, settings};
use crate::app::{AppError, Desk};
use crate::clock::{Clock, SystemClock};
use crate::config::{Account, Config, mode_of, with_mode};
use clap::Subcommand;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use widget_core::policy::parse;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Lists the accounts with their modes. The backend may run meanwhile.
    List {
        /// The backend's settings, TOML.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Erases an account for good: what was said, who the guests are, journals, policies, the log of calls, its key.
    Erase {
        /// The account; it need not stand in the settings any more.
        id: i64,
        /// The backend's settings, TOML.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Without this it is only told what would be erased.
        #[arg(long)]
        yes: bool,
    },
    /// Changes the mode of an account; while the backend runs, within 5 s, unless its policy is a file. Unsent texts of
    /// before are refused.
    Mode {
        /// The account; `estafeta account list` lists them.
        id: i64,
        /// The mode, as in the policy.
        mode: String,
        /// The backend's settings, TOML.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

/// Runs a command on accounts.
pub(super) fn run(command: &Command) -> Outcome {
    match command {
        Command::List { config } => list(&settings(config)?),
        Command::Erase { id, config, yes } => {
            let config = settings(config)?;
            asked(erase::account(&config, *id, *yes))
        }
        Command::Mode { id, mode, config } => {
            let config = settings(config)?;
            let account = chosen(&config, Some(*id))?;
            asked(change_mode(&config, account, mode))
        }
    }
}

/// The account of that id, or the only one.
pub(super) fn chosen(config: &Config, id: Option<i64>) -> Result<&Account, Failure> {
    let mut accounts = config.accounts.iter();
    let found = match (id, &config.accounts[..]) {
        (None, [only]) => Some(only),
        (None, _) => None,
        (Some(id), _) => accounts.find(|account| account.id == id),
    };
    found.ok_or_else(|| {
        let ids = config.accounts.iter().map(|account| account.id.to_string());
        let ids = ids.collect::<Vec<_>>().join(", ");
        match id {
            Some(id) => format!("there is no account {id} in the settings; there are {ids}").into(),
            None => format!("there are several accounts; say which with --account: {ids}").into(),
        }
    })
}

/// What is said of an account that the backend has never served.
pub(super) fn no_version(account: i64) -> Failure {
    format!("account {account} has no policy version yet; start the backend once").into()
}

/// A time of the business clock for people: RFC 3339, seconds, UTC.
pub(super) fn since(at: i64) -> String {
    jiff::Timestamp::from_second(at.div_euclid(1_000))
        .map_or_else(|_| "?".to_owned(), |time| time.to_string())
}

fn list(config: &Config) -> Outcome {
    let lines = asked(async {
        let desk = Desk::to_read(config).await?;
        let mut lines = Vec::new();
        for account in &config.accounts {
            let Account { id, name, .. } = account;
            let newest = desk.policies(*id).await?.into_iter().next();
            lines.push(match newest {
                None => format!("{id}  {name}: not served yet"),
                Some(policy) => format!(
                    "{id}  {name}: mode {}, policy {} ({}) since {}",
                    policy.mode.as_deref().unwrap_or("?"),
                    policy.version,
                    policy.origin.as_str(),
                    since(policy.at),
                ),
            });
        }
        Ok(lines)
    })?;
    for line in lines {
        say(line);
    }
    Ok(ExitCode::SUCCESS)
}

async fn change_mode(config: &Config, account: &Account, mode: &str) -> Outcome {
    let desk = match Desk::to_change(config).await {
        Ok(desk) => desk,
        // Whoever serves looks at the newest version again and again; a file would be in its way.
        Err(AppError::InUse { .. }) if account.policy_file.is_none() => {
            Desk::beside(config).await?
        }
        Err(AppError::InUse { .. }) => return Err(while_it_runs(account)),
        Err(error) => return Err(error.into()),
    };
    let changed = change_mode_in(&desk, account, mode).await;
    desk.close().await;
    let (id, version) = (account.id, changed?);
    say(format_args!("account {id}: mode {mode}, policy {version}"));
    if let (Some(file), Some(said)) = (&account.policy_file, mode_of(&account.policy))
        && said != mode
    {
        let file = file.display();
        say(format_args!(
            "{file} still says mode \"{said}\": that comes into force when the file changes next"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

async fn change_mode_in(desk: &Desk, account: &Account, mode: &str) -> Result<i64, Failure> {
    // An account that was never served begins with what the settings say.
    let newest = desk.policy(account.id, None).await?;
    let text = newest.map_or_else(|| account.policy.clone(), |newest| newest.toml);
    let text = with_mode(&text, mode)?;
    parse(&text).map_err(|findings| told(&findings, mode, of_terminal()).join("\n"))?;
    let now = SystemClock.now_ms();
    Ok(desk.put_policy(account.id, &text, now).await?)
}

/// What to do instead while a backend runs that reads a policy file.
fn while_it_runs(account: &Account) -> Failure {
    let file = account.policy_file.as_deref().unwrap_or(Path::new(""));
    format!(
        "the backend is running: change `mode` in {}, it is read again within 5 s",
        file.display()
    )
    .into()
}
