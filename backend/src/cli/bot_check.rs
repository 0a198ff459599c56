//! `estafeta bot-check`: whether a bot keeps to the contract of `backend/BOT.md`.

use super::account::chosen;
use super::url::{self, Local};
use super::{Failure, Outcome, asked, clock, say, settings};
use crate::app::bot_check::{BotCheck, CheckLine, Verdict};
use crate::app::bot_eval::Examinee;
use crate::clock::{Clock, SystemClock};
use crate::config::{BotKind, Config};
use secrecy::SecretString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The bot's address: turns are posted to URL/turns.
    #[arg(required_unless_present = "config")]
    url: Option<String>,
    /// The backend's settings, TOML: the bot of the account is checked, of any kind.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["url", "secret_file", "clock"])]
    config: Option<PathBuf>,
    /// The account; may be left out where there is but one.
    #[arg(long, value_name = "ID", requires = "config")]
    account: Option<i64>,
    /// File with the key of the signature; without it the variable `ESTAFETA_BOT_SECRET`.
    #[arg(long)]
    secret_file: Option<PathBuf>,
    #[command(flatten)]
    promised: Promised,
    /// How long an answer may take, seconds.
    #[arg(long, default_value_t = 30)]
    patience: u64,
    /// Only for the sandbox's bot: the sandbox's clock.
    #[arg(long, value_name = "URL")]
    clock: Option<String>,
}

// Where promised answers arrive. No doc comment: clap would take it for the command's own.
#[derive(clap::Args)]
pub(super) struct Promised {
    #[arg(
        long,
        value_parser = url::local,
        help = "Where promised answers arrive, such as http://127.0.0.1:8099: the bot brings them to …/api/v1/bot/turns/{turn id}"
    )]
    listen: Option<Local>,
}

/// Where the key is looked for without a file.
const SECRET: &str = "ESTAFETA_BOT_SECRET";

/// Prints the table; exit code 1 when a check fails.
pub(super) fn run(args: &Args) -> Outcome {
    let config = args.config.as_deref().map(settings).transpose()?;
    let lines = asked(check(args, config.as_ref()))?;
    for line in table(&lines) {
        say(line);
    }
    let failed = lines
        .iter()
        .filter(|line| line.verdict == Verdict::Failed)
        .count();
    say(match failed {
        0 => "The bot keeps to the contract.".to_owned(),
        n => format!("Checks failed: {n}."),
    });
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn check(args: &Args, config: Option<&Config>) -> Result<Vec<CheckLine>, Failure> {
    let patience = Duration::from_secs(args.patience.max(1));
    let account = config.map(|config| chosen(config, args.account));
    let account = account.transpose()?;
    let (url, secret, source) = if let (Some(config), Some(account)) = (config, account) {
        let source = config.clock_source.as_deref();
        let BotKind::Http { secret, .. } = &account.bot.kind else {
            let clock = clock_of(source).await?;
            let bot = Examinee::of_account(config, account, None, clock).await?;
            return Ok(bot.checked(patience).await);
        };
        (account.bot.url.clone(), secret.clone(), source)
    } else {
        let url = args.url.clone().unwrap_or_default();
        let secret = secret(args.secret_file.as_deref())?;
        (url, secret, args.clock.as_deref())
    };
    let check = BotCheck {
        url,
        secret,
        clock: clock_of(source).await?,
        patience,
        listener: args.promised.listener().await?,
    };
    check.run().await.map_err(bad_address)
}

/// The clock that dates the signatures: the sandbox's, if one is named.
pub(super) async fn clock_of(source: Option<&str>) -> Result<Arc<dyn Clock>, Failure> {
    Ok(match source {
        Some(source) => Arc::new(clock::follow(source.to_owned()).await?),
        None => Arc::new(SystemClock),
    })
}

impl Promised {
    pub(super) async fn listener(&self) -> Result<Option<TcpListener>, Failure> {
        let Some(local) = &self.listen else {
            return Ok(None);
        };
        let listener = TcpListener::bind(local.listen).await.map_err(|error| {
            format!(
                "{} cannot be used: {error}; choose another address with --listen",
                local.url
            )
        })?;
        Ok(Some(listener))
    }
}

/// A bot's address that is not asked.
pub(super) fn bad_address(cause: impl std::fmt::Display) -> Failure {
    format!("{cause}; give the bot's address as https://…, or http on this machine").into()
}

/// The key of the signature.
pub(super) fn secret(file: Option<&Path>) -> Result<SecretString, Failure> {
    let text = match file {
        Some(file) => std::fs::read_to_string(file)
            .map_err(|error| format!("{} cannot be read: {error}", file.display()))?,
        None => std::env::var(SECRET)
            .map_err(|_| format!("the key is missing: give --secret-file FILE or {SECRET}"))?,
    };
    Ok(SecretString::from(text.trim().to_owned()))
}

fn table(lines: &[CheckLine]) -> Vec<String> {
    let widest = lines.iter().map(|line| line.check.len()).max().unwrap_or(0);
    lines
        .iter()
        .map(|line| {
            let verdict = match line.verdict {
                Verdict::Passed => "passed",
                Verdict::Failed => "FAILED",
                Verdict::Skipped => "–",
            };
            format!("{:widest$}  {verdict:6}  {}", line.check, line.words)
        })
        .collect()
}
