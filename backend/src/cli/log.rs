//! `estafeta log`.

use super::account::chosen;
use super::{Outcome, say, settings};
use crate::app::Desk;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The backend's settings, TOML.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The account; may be left out where there is but one.
    #[arg(long, value_name = "ID")]
    account: Option<i64>,
    /// How many calls are shown: the newest ones.
    #[arg(long, value_name = "N", default_value_t = 50)]
    lines: usize,
    /// Only calls to this one.
    #[arg(long, value_name = "amocrm|pact|bot|alerts", value_parser = ["amocrm", "pact", "bot", "alerts"])]
    service: Option<String>,
    /// Only calls from this time on, such as 2026-11-18 or 2026-11-18T08:00:00Z; UTC.
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<String>,
    /// Only calls that did not succeed.
    #[arg(long)]
    errors: bool,
}

/// Prints the newest calls. The backend may run meanwhile.
pub(super) fn run(args: &Args) -> Outcome {
    let config = settings(&args.config)?;
    let account = chosen(&config, args.account)?.id;
    let mut newest: Vec<String> = Vec::new();
    for file in Desk::log_files(&config, account)?.iter().rev() {
        let text = std::fs::read_to_string(file)?;
        let lines = text.lines().rev().filter(|line| args.wants(line));
        newest.extend(lines.take(args.lines - newest.len()).map(str::to_owned));
    }
    for line in newest.iter().rev() {
        say(line);
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    /// Whether a line of the log is asked for. One that is being written just now is none.
    fn wants(&self, line: &str) -> bool {
        let Ok(call) = serde_json::from_str::<serde_json::Value>(line) else {
            return false;
        };
        let is = |key: &str, wanted: &str| call[key].as_str() == Some(wanted);
        let is_its = self.service.as_ref().is_none_or(|name| is("service", name));
        let at = call["at"].as_str().unwrap_or_default();
        let is_late = self.since.as_ref().is_none_or(|since| at >= since.as_str());
        let succeeded = call["status"].as_u64().is_some_and(|status| status < 400);
        is_its && is_late && !(self.errors && succeeded)
    }
}

/// A time as the log writes it, or a day: both compare as texts. A day is read last, for it would read from a time too.
fn time(text: &str) -> Result<String, String> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(at.to_string());
    }
    let day = text.parse::<jiff::civil::Date>();
    day.map(|day| day.to_string()).map_err(|_| {
        "is neither a day such as 2026-11-18 nor a time such as 2026-11-18T08:00:00Z".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> Args {
        Args {
            config: PathBuf::new(),
            account: None,
            lines: 50,
            service: None,
            since: None,
            errors: false,
        }
    }

    #[test]
    fn calls_are_chosen_by_service_time_and_outcome() {
        let good =
            r#"{"at":"2026-11-18T08:00:00Z","service":"pact","call":"send","status":200,"ms":12}"#;
        let refused = r#"{"at":"2026-11-18T09:00:00Z","service":"amocrm","call":"GET account","status":403,"ms":1}"#;
        let lost = r#"{"at":"2026-11-19T00:00:00Z","service":"bot","call":"bot","error":"no answer in time","ms":9}"#;
        let all = [good, refused, lost];
        let chosen = |args: &Args| all.map(|line| args.wants(line));
        assert_eq!(chosen(&args()), [true, true, true]);
        let service = Some("pact".to_owned());
        assert_eq!(chosen(&Args { service, ..args() }), [true, false, false]);
        assert_eq!(
            chosen(&Args {
                errors: true,
                ..args()
            }),
            [false, true, true]
        );
        for (since, expected) in [
            ("2026-11-18", [true, true, true]),
            ("2026-11-18T09:00:00Z", [false, true, true]),
            ("2026-11-18T12:00:00+03:00", [false, true, true]),
            ("2026-11-19", [false, false, true]),
        ] {
            let since = Some(time(since).unwrap());
            assert_eq!(chosen(&Args { since, ..args() }), expected);
        }
        assert!(time("yesterday").is_err());
        assert!(!args().wants(r#"{"at":"2026-11-"#), "half a line");
    }
}
