//! `estafeta probe`: the questions that the references leave open, asked of the real accounts; nothing is changed.

use super::{Outcome, asked, link, say, settings};
use crate::app::{self, Probed, Verdict};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Args)]
pub(super) struct Args {
    /// The backend's settings, TOML. The backend may run meanwhile, and need not.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// One JSON object a line instead of a report for people.
    #[arg(long)]
    json: bool,
}

/// Prints the report; a failure when something could not be asked.
pub(super) fn run(args: &Args) -> Outcome {
    let config = settings(&args.config)?;
    let all = asked(async {
        let now = link::now(&config).await?;
        Ok(app::probe(&config, now).await?)
    })?;
    for probed in &all {
        say(if args.json {
            line(probed)
        } else {
            paragraph(probed)
        });
    }
    let count = |verdict: Verdict| {
        all.iter()
            .filter(|probed| probed.verdict == verdict)
            .count()
    };
    if !args.json {
        say(format!(
            "{} answered, {} to be looked at by a person, {} could not be asked",
            count(Verdict::Settled),
            count(Verdict::Open),
            count(Verdict::Failed)
        ));
    }
    Ok(if count(Verdict::Failed) == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn line(probed: &Probed) -> String {
    let verdict = match probed.verdict {
        Verdict::Settled => "settled",
        Verdict::Open => "open",
        Verdict::Failed => "failed",
    };
    json!({
        "of": probed.of, "id": probed.id, "asks": probed.asks, "verdict": verdict, "answer": probed.answer,
        "evidence": probed.evidence,
    })
    .to_string()
}

fn paragraph(probed: &Probed) -> String {
    let mark = match probed.verdict {
        Verdict::Settled => "ok  ",
        Verdict::Open => "?   ",
        Verdict::Failed => "FAIL",
    };
    let Probed {
        of,
        id,
        asks,
        answer,
        evidence,
        ..
    } = probed;
    let seen = if evidence.is_empty() {
        String::new()
    } else {
        format!("\n      ({evidence})")
    };
    format!("{mark}  {of}, {id}: {asks}\n      {answer}{seen}")
}
