//! `estafeta decide`: what becomes of cases under a policy. What a case and a verdict are: [`widget_core::case`].

use super::Outcome;
use crate::config::DEFAULT_POLICY;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use widget_core::case::{Case, judge};
use widget_core::policy::{self, Policy};
use widget_core::time::Zone;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The policy, TOML; without it the default one.
    #[arg(long)]
    policy: Option<PathBuf>,
}

/// Judges the cases on stdin, one JSON a line, and writes one line for each as soon as it is known.
pub(super) fn run(args: &Args) -> Outcome {
    let text = match &args.policy {
        Some(file) => std::fs::read_to_string(file)
            .map_err(|error| format!("{} cannot be read: {error}", file.display()))?,
        None => DEFAULT_POLICY.to_owned(),
    };
    let policy = match policy::parse(&text) {
        Ok(policy) => policy,
        Err(findings) => {
            for finding in findings {
                eprintln!("{}: {}", finding.path, finding.problem);
            }
            return Ok(ExitCode::FAILURE);
        }
    };
    let all_judged = judge_lines(&policy, io::stdin().lock(), io::stdout().lock())?;
    Ok(if all_judged {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A line for each line that is not blank; answers whether each was a case.
fn judge_lines(policy: &Policy, cases: impl BufRead, mut out: impl Write) -> io::Result<bool> {
    let zone = TimeZone::get(&policy.calendar.timezone).unwrap_or(TimeZone::UTC);
    let zone = |at| offset(&zone, at);
    let mut all_judged = true;
    for line in cases.split(b'\n') {
        let line = line?;
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        match case_of(line) {
            Ok(case) => write_line(&mut out, &judge(policy, &case, zone))?,
            Err(error) => {
                all_judged = false;
                write_line(&mut out, &refusal(line, &error))?;
            }
        }
    }
    Ok(all_judged)
}

fn case_of(line: &[u8]) -> Result<Case, serde_json::Error> {
    // A list would be read as the fields in their order.
    if line.starts_with(b"[") {
        return Err(serde::de::Error::custom("a case is an object"));
    }
    serde_json::from_slice(line)
}

fn refusal(line: &[u8], error: &serde_json::Error) -> Value {
    let id = serde_json::from_slice::<Value>(line).map_or(Value::Null, |line| line["id"].clone());
    json!({"id": id, "error": error.to_string()})
}

fn write_line(out: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// The offset that holds at unix ms `at`: a verdict looks no further.
fn offset(zone: &TimeZone, at: i64) -> Zone {
    let at = Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
    Zone::fixed(zone.to_offset(at).seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(cases: &[u8]) -> (bool, Vec<Value>) {
        let policy = policy::parse(DEFAULT_POLICY).expect("the default policy");
        let mut out = Vec::new();
        let all_judged = judge_lines(&policy, cases, &mut out).expect("in memory");
        let lines = out.split(|byte| *byte == b'\n');
        let lines = lines
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).expect("JSON"));
        (all_judged, lines.collect())
    }

    #[test]
    fn each_case_gets_a_line_in_order() {
        let (all_judged, lines) = judged(
            "{\"id\":\"a\",\"stage\":\"Заезд\",\"text\":\"Нас будет пятеро\"}\n\n\
             {\"id\":2,\"text\":\"спасибо\"}"
                .as_bytes(),
        );
        assert!(all_judged);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["id"], json!("a"));
        assert_eq!(lines[0]["reason"], json!("guests_over_4"));
        assert_eq!(lines[1]["id"], json!(2));
        assert_eq!(lines[1]["action"], json!("silent"));
    }

    #[test]
    fn a_bad_line_is_named_and_the_others_are_judged() {
        let (all_judged, lines) = judged(
            b"{\"id\":\"a\",\"satge\":null}\nnot json\n\xff\n[1]\n{\"id\":\"b\",\"text\":\"?\"}\n",
        );
        assert!(!all_judged);
        assert_eq!(lines.len(), 5);
        assert_eq!(lines[0]["id"], json!("a"));
        let error = lines[0]["error"].as_str().expect("a sentence");
        assert!(error.contains("satge"), "{error}");
        for bad in &lines[1..4] {
            assert_eq!(bad["id"], Value::Null);
            assert!(bad["error"].is_string(), "{bad}");
        }
        assert_eq!(lines[4]["action"], json!("new_deal"));
    }

    #[test]
    fn the_hours_are_those_of_the_policys_zone() {
        let text = DEFAULT_POLICY.replace("Europe/Moscow", "Asia/Vladivostok");
        let policy = policy::parse(&text).expect("a policy");
        let mut out = Vec::new();
        let case = r#"{"id":1,"stage":"Заезд","text":"Нас пятеро","context":{"local_time":"2026-11-18T11:00:00+03:00"}}"#;
        judge_lines(&policy, case.as_bytes(), &mut out).expect("in memory");
        let line: Value = serde_json::from_slice(&out).expect("JSON");
        assert_eq!(
            line["text_variant"],
            json!("off_hours"),
            "11:00 in Moscow is 18:00 there"
        );
    }
}
