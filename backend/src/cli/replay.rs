//! `estafeta replay`: recorded dialogs judged again under another policy. Reads a data folder beside a running backend
//! and changes nothing.
//!
//! indicatif because it redraws in time and hides by itself where there is no terminal.

mod totals;
mod words;

use super::{Failure, Outcome};
use crate::app::replay::{self, Judged, Place, Scope, Trial};
use crate::config::Config;
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::json;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::runtime::Runtime;
use totals::Totals;
use widget_core::decide::Decision;
use widget_core::ids::AccountId;
use widget_core::policy::{self, Policy};
use widget_core::replay::Difference;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The other policy, TOML.
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The backend's settings: they name its data folder.
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    config: Option<PathBuf>,
    /// The backend's data folder.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// One account instead of all.
    #[arg(long, value_name = "ID")]
    account: Option<i64>,
    /// Judge what was decided since then: 2026-11-18, in the policy's time zone, or 2026-11-18T11:00:00+03:00.
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// For people, or one JSON value a line with a summary as the last.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Replays, and prints what would have come out differently.
pub(super) fn run(args: &Args) -> Outcome {
    let Some(policy) = read_policy(&args.policy)? else {
        return Ok(ExitCode::FAILURE);
    };
    let zone = TimeZone::get(&policy.calendar.timezone)?;
    let scope = Scope {
        account: args.account.map(AccountId),
        since: since(args.since.as_deref(), &zone)?,
    };
    let place = match &args.config {
        Some(file) => {
            let server = Config::load(file)?.server;
            Place::of(&server.data, server.database.as_ref())
        }
        None => Place::of(&args.data, None),
    };
    Runtime::new()?.block_on(judge(
        &place,
        policy,
        scope,
        Printer::new(args.format, zone),
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// The policy; what is wrong with it is printed.
fn read_policy(file: &Path) -> Result<Option<Policy>, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    match policy::parse(&text) {
        Ok(policy) => Ok(Some(policy)),
        Err(findings) => {
            for finding in findings {
                let place = match finding.path.as_str() {
                    "" => file.display().to_string(),
                    path => path.to_owned(),
                };
                println!("{place}: {}", finding.problem);
            }
            Ok(None)
        }
    }
}

async fn judge(
    place: &Place,
    policy: Policy,
    scope: Scope,
    mut printer: Printer,
) -> Result<(), Failure> {
    let unusable = |error| {
        format!(
            "{place} has no journals to read: {error}; name the backend's data folder with --data or its settings with --config"
        )
    };
    // While one is judged, the next is read.
    let workers = 2 * std::thread::available_parallelism().map_or(1, usize::from);
    let history = replay::open(place, u32::try_from(workers).unwrap_or(u32::MAX))
        .await
        .map_err(unusable)?;
    let bar = progress(history.count(scope).await?);
    let mut written = Ok(());
    let trial = Trial {
        history,
        policy,
        scope,
    };
    trial
        .judge(workers, |judged| {
            bar.inc(1);
            written = if judged.replayed.difference.is_some() {
                bar.suspend(|| printer.dialog(&judged))
            } else {
                printer.dialog(&judged)
            };
            if written.is_ok() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })
        .await?;
    bar.finish_and_clear();
    match written.and_then(|()| printer.end()) {
        // Whoever reads has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// A bar on stderr; hidden where that is no terminal.
fn progress(dialogs: u64) -> ProgressBar {
    let style = "{bar:40} {human_pos}/{human_len} dialogs, {per_sec}, {eta} left";
    ProgressBar::new(dialogs).with_style(
        ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
    )
}

/// The moment that is asked for, unix ms.
fn since(text: Option<&str>, zone: &TimeZone) -> Result<i64, Failure> {
    let Some(text) = text else {
        return Ok(i64::MIN);
    };
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment.as_millisecond());
    }
    let day: Date = text.parse().map_err(|_| {
        format!("«{text}» is no moment; write --since 2026-11-18 or 2026-11-18T11:00:00+03:00")
    })?;
    Ok(day.to_zoned(zone.clone())?.timestamp().as_millisecond())
}

/// Prints differences as they are found, and the totals.
struct Printer {
    format: Format,
    zone: TimeZone,
    totals: Totals,
    out: BufWriter<io::Stdout>,
}

impl Printer {
    fn new(format: Format, zone: TimeZone) -> Self {
        Self {
            format,
            zone,
            totals: Totals::default(),
            out: BufWriter::new(io::stdout()),
        }
    }

    fn dialog(&mut self, judged: &Judged) -> io::Result<()> {
        let kind = judged.replayed.difference.as_ref().map(words::kind);
        if let (Some(difference), Some(kind)) = (&judged.replayed.difference, &kind) {
            match self.format {
                Format::Text => {
                    let told = words::told(judged, difference, kind, &self.zone);
                    writeln!(self.out, "{told}")?;
                }
                Format::Json => {
                    let told = self.as_json(judged, difference, kind);
                    writeln!(self.out, "{told}")?;
                }
            }
        }
        self.totals.add(judged, kind);
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        match self.format {
            Format::Text => write!(self.out, "{}", self.totals)?,
            Format::Json => writeln!(self.out, "{}", json!({"summary": self.totals}))?,
        }
        self.out.flush()
    }

    fn as_json(&self, judged: &Judged, difference: &Difference, kind: &str) -> serde_json::Value {
        json!({
            "account": judged.dialog.account,
            "dialog": judged.dialog.dialog,
            "seq": difference.seq,
            "at": local(difference.at, &self.zone).map(|at| at.strftime("%FT%T%.f%:z").to_string()),
            "policy_version": difference.policy_version,
            "event": words::tag(&difference.event, "type"),
            "kind": kind,
            "recorded": decision(&difference.recorded),
            "other": decision(&difference.other),
        })
    }
}

fn decision(decision: &Decision) -> serde_json::Value {
    json!({"changes": decision.changes, "actions": decision.actions, "trace": decision.trace})
}

/// Unix ms as the account's clock shows it.
fn local(at: i64, zone: &TimeZone) -> Option<Zoned> {
    let moment = Timestamp::from_millisecond(at).ok()?;
    Some(moment.to_zoned(zone.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_in_the_policys_zone_and_a_moment_stands_for_itself() {
        let moscow = TimeZone::get("Europe/Moscow").unwrap();
        let at = |text| since(Some(text), &moscow).unwrap();
        assert_eq!(at("2026-11-18"), 1_794_949_200_000);
        assert_eq!(at("2026-11-18T11:00:00+03:00"), 1_794_988_800_000);
        assert_eq!(since(None, &moscow).unwrap(), i64::MIN);
        assert!(since(Some("вчера"), &moscow).is_err());
    }
}
