//! `estafeta understand`: what a message says and by which words, or how well a file of labelled messages is understood.
//!
//! The labels: `widget-core/data/README.md`. The baseline beside each figure knows words alone.

mod baseline;

use super::Outcome;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use widget_core::time::Date;
use widget_core::understand::measure::{Measured, Miss, TRIGGERS, Tally};
use widget_core::understand::{Explanation, Sample, explain, understand};

/// The day of the labels in `widget-core/data`: 2026-11-18, in days since 1970-01-01.
const LABELLED_ON: i64 = 20_775;

#[derive(clap::Args)]
pub(super) struct Args {
    /// A message.
    #[arg(required_unless_present = "eval", conflicts_with = "eval")]
    text: Option<String>,
    /// Labelled messages, one JSON a line; may stand several times.
    #[arg(long, value_name = "FILE")]
    eval: Vec<PathBuf>,
    /// The day on which the messages come: ages and dates are reckoned from it. Without it today, and for labelled
    /// messages the day of their labels.
    #[arg(long, value_name = "DATE")]
    today: Option<String>,
    /// How many of the worst misses are shown.
    #[arg(long, default_value_t = 20)]
    misses: usize,
}

/// Explains a message, or measures files of them.
pub(super) fn run(args: &Args) -> Outcome {
    let today = match &args.today {
        Some(day) => day
            .parse::<Date>()
            .map_err(|()| format!("--today {day}: not a date such as 2026-11-18"))?
            .day_number(),
        None if args.eval.is_empty() => i64::from(
            jiff::Zoned::now()
                .date()
                .since(jiff::civil::date(1970, 1, 1))?
                .get_days(),
        ),
        None => LABELLED_ON,
    };
    let mut out = io::stdout().lock();
    if let Some(text) = &args.text {
        write_explanation(&mut out, &explain(text, &[], today))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut samples = Vec::new();
    for file in &args.eval {
        samples.extend(read(file)?);
    }
    evaluate(&mut out, &samples, today, args.misses)?;
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> Result<Vec<Sample>, String> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let voice = file.file_stem().unwrap_or_default().to_string_lossy();
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| {
            let mut sample: Sample = serde_json::from_str(line)
                .map_err(|error| format!("{}, line {}: {error}", file.display(), at + 1))?;
            if sample.voice.is_empty() {
                sample.voice = voice.clone().into_owned();
            }
            Ok(sample)
        })
        .collect()
}

fn write_explanation(out: &mut impl Write, explained: &Explanation) -> io::Result<()> {
    let quote = |name: &str| explained.quotes.get(name).map_or("", String::as_str);
    let facts = serde_json::to_value(&explained.understood.facts)?;
    for (name, value) in facts.as_object().into_iter().flatten() {
        writeln!(out, "{name} = {value}   «{}»", quote(name))?;
    }
    for intent in &explained.understood.intents {
        let sure = explained.sure.get(intent).copied().unwrap_or(100);
        writeln!(
            out,
            "{} {sure} %   «{}»",
            intent.name(),
            quote(intent.name())
        )?;
        for reason in explained.reasons.get(intent).into_iter().flatten() {
            writeln!(
                out,
                "    {:>4}  {}: «{}»",
                reason.weight, reason.kind, reason.words
            )?;
        }
    }
    Ok(())
}

fn evaluate(out: &mut impl Write, samples: &[Sample], today: i64, misses: usize) -> io::Result<()> {
    let by_us = |sample: &Sample| understand(Some(&sample.text), &[], today);
    let ours = Measured::of(samples, by_us);
    let words_alone = Measured::of(samples, |sample| baseline::understand(&sample.text));
    writeln!(
        out,
        "{:<22} {:>7}   precision recall F1, and of words alone",
        "class", "there"
    )?;
    let classes: BTreeSet<&String> = ours
        .classes
        .keys()
        .chain(words_alone.classes.keys())
        .collect();
    let tally =
        |measured: &Measured, name: &str| measured.classes.get(name).copied().unwrap_or_default();
    for name in classes {
        row(out, name, tally(&ours, name), tally(&words_alone, name))?;
    }
    row(out, "all triggers", ours.triggers(), words_alone.triggers())?;
    for (whose, measured) in [("", &ours), (", words alone", &words_alone)] {
        writeln!(
            out,
            "without a mistake{whose}: {} of {}",
            measured.right, measured.messages
        )?;
    }
    writeln!(out, "\n{}", ours.confusion_table())?;
    writeln!(out, "\nthe worst misses:")?;
    for miss in worst(ours.misses, today).iter().take(misses) {
        writeln!(
            out,
            "{}: {}\n    missed: {}; invented: {}",
            miss.sample.voice,
            miss.sample.text.replace('\n', " ⏎ "),
            or_none(&miss.missed),
            or_none(&miss.invented)
        )?;
    }
    Ok(())
}

fn row(out: &mut impl Write, name: &str, ours: Tally, words_alone: Tally) -> io::Result<()> {
    let there = ours.hits + ours.misses;
    writeln!(out, "{name:<22} {there:>7}   {ours}   {words_alone}")
}

fn or_none(names: &[String]) -> String {
    if names.is_empty() {
        "–".to_owned()
    } else {
        names.join(", ")
    }
}

/// Misses that hand over wrongly or not at all come first; among them those of which the model was the surest.
fn worst(mut misses: Vec<Miss>, today: i64) -> Vec<Miss> {
    misses.sort_by_cached_key(|miss| {
        let sure = explain(&miss.sample.text, &[], today).sure;
        let by_name = |name: &String| {
            let mut known = sure.iter();
            known
                .find(|(intent, _)| intent.name() == name)
                .map_or(100, |(_, sure)| i32::from(*sure))
        };
        let invented = miss.invented.iter().map(&by_name).max().unwrap_or(0);
        let missed = miss
            .missed
            .iter()
            .map(|name| 100 - by_name(name))
            .max()
            .unwrap_or(0);
        let hands_over = |name: &String| TRIGGERS.contains(&name.as_str());
        let harmless = !miss.missed.iter().chain(&miss.invented).any(hands_over);
        (harmless, -invented.max(missed))
    });
    misses
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(lines: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(lines.as_bytes()).expect("written");
        file
    }

    #[test]
    fn labelled_messages_are_measured_beside_words_alone() {
        let lines = "{\"text\": \"Нас пятеро\", \"intents\": [\"general\"], \"facts\": {\"guests\": 5}}\n\
                     {\"text\": \"как оплатить?\", \"intents\": [\"paid_notice\"], \"voice\": \"wrong\"}\n";
        let samples = read(file(lines).path()).expect("messages");
        let mut out = Vec::new();
        evaluate(&mut out, &samples, 20_775, 5).expect("in memory");
        let report = String::from_utf8(out).expect("text");
        for part in [
            "guests > 4",
            "= guests",
            "words alone",
            "there \\ seen",
            "wrong: как оплатить?",
        ] {
            assert!(report.contains(part), "{part} is missing in\n{report}");
        }
    }

    #[test]
    fn a_line_that_is_no_message_is_named() {
        let bad = file("{\"text\": \"да\", \"intents\": [\"general\"]}\n{\"text\": 5}\n");
        let error = read(bad.path()).expect_err("the second line is none");
        assert!(error.contains("line 2"), "{error}");
        assert!(read(Path::new("/nowhere/at/all")).is_err());
    }

    #[test]
    fn a_message_is_explained_with_its_words() {
        let mut out = Vec::new();
        let explained = explain("Нас пятеро, позовите менеджера", &[], 20_775);
        write_explanation(&mut out, &explained).expect("in memory");
        let shown = String::from_utf8(out).expect("text");
        assert!(shown.contains("guests = 5   «пятеро»"), "{shown}");
        assert!(shown.contains("human_request"), "{shown}");
    }
}
