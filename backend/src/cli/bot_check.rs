//! `estafeta bot-check`: whether a bot keeps to the contract of `backend/BOT.md`.

use super::url::{self, Local};
use super::{Failure, Outcome, asked, clock, say};
use crate::app::bot_check::{BotCheck, CheckLine, Verdict};
use crate::clock::{Clock, SystemClock};
use secrecy::SecretString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The bot's address: turns are posted to URL/turns.
    url: String,
    /// File with the key of the signature; without it the variable `ESTAFETA_BOT_SECRET`.
    #[arg(long)]
    secret_file: Option<PathBuf>,
    #[arg(
        long,
        value_parser = url::local,
        help = "Where promised answers arrive, such as http://127.0.0.1:8099: the bot brings them to …/api/v1/bot/turns/{turn id}"
    )]
    listen: Option<Local>,
    /// How long an answer may take, seconds.
    #[arg(long, default_value_t = 30)]
    patience: u64,
    /// Only for the sandbox's bot: the sandbox's clock.
    #[arg(long, value_name = "URL")]
    clock: Option<String>,
}

/// Where the key is looked for without a file.
const SECRET: &str = "ESTAFETA_BOT_SECRET";

/// Prints the table; exit code 1 when a check fails.
pub(super) fn run(args: &Args) -> Outcome {
    let lines = asked(check(args))?;
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

async fn check(args: &Args) -> Result<Vec<CheckLine>, Failure> {
    let clock: Arc<dyn Clock> = match &args.clock {
        Some(source) => Arc::new(clock::follow(source.clone()).await?),
        None => Arc::new(SystemClock),
    };
    let listener = match &args.listen {
        Some(local) => Some(TcpListener::bind(local.listen).await.map_err(|error| {
            format!(
                "{} cannot be used: {error}; choose another address with --listen",
                local.url
            )
        })?),
        None => None,
    };
    let check = BotCheck {
        url: args.url.clone(),
        secret: secret(args)?,
        clock,
        patience: Duration::from_secs(args.patience.max(1)),
        listener,
    };
    check.run().await.map_err(|cause| {
        format!("{cause}; give the bot's address as https://…, or http on this machine").into()
    })
}

fn secret(args: &Args) -> Result<SecretString, Failure> {
    let text = match &args.secret_file {
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
