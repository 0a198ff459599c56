//! `estafeta bot-eval`: how well a bot answers labelled questions. The labels: `backend/KNOWLEDGE.md`.

use super::account::chosen;
use super::bot_check::{Promised, bad_address, clock_of, secret};
use super::knowledge::base;
use super::{Failure, Outcome, asked, say, settings};
use crate::app::bot_eval::{Examinee, Said};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use widget_core::knowledge::Index;
use widget_core::knowledge::measure::{Figures, Labelled, by_search, by_words_alone};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Labelled questions, one JSON a line: {"question", "expected": id, [ids] or "none", "decision"?, "held"?}.
    file: PathBuf,
    /// The backend's settings, TOML: the bot of the account is asked, of any kind. Without it and without `--bot-url` the
    /// bot that needs no network.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["knowledge", "bot_url"])]
    config: Option<PathBuf>,
    /// Address of a bot that keeps to the contract of `backend/BOT.md`, asked as it is, without an account.
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    bot_url: Option<String>,
    /// File with the key of that bot's signature; without it the variable `ESTAFETA_BOT_SECRET`.
    #[arg(long, value_name = "FILE", requires = "bot_url")]
    secret_file: Option<PathBuf>,
    /// Only for the sandbox's bot behind `--bot-url`: the sandbox's clock.
    #[arg(long, value_name = "URL", requires = "bot_url")]
    clock: Option<String>,
    #[command(flatten)]
    promised: Promised,
    /// The account; may be left out where there is but one.
    #[arg(long, value_name = "ID", requires = "config")]
    account: Option<i64>,
    /// Folder of the knowledge base; without it the account's.
    #[arg(long, value_name = "FOLDER")]
    knowledge: Option<PathBuf>,
    /// Only the questions that the search was not tuned on.
    #[arg(long)]
    held: bool,
    /// JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// How many of the questions that went wrong are shown.
    #[arg(long, default_value_t = 10)]
    misses: usize,
}

/// What is printed as JSON.
#[derive(Serialize)]
struct Report {
    /// Which kind of bot was asked: `http`, `openai` or `faq`.
    kind: &'static str,
    /// The bot's figures.
    bot: Figures,
    /// Questions with a decision, and how many were decided so.
    decisions: (usize, usize),
    /// Questions to which the bot gave no answer in time: in `bot` as handed over.
    failed: usize,
    /// What the search alone finds.
    search: Option<Figures>,
    /// What a plain search of whole words finds.
    words_alone: Option<Figures>,
    /// The questions that went wrong.
    wrong: Vec<Wrong>,
}

/// A question that went wrong.
#[derive(Serialize)]
struct Wrong {
    question: String,
    expected: Vec<String>,
    /// Which decision was expected, if one was.
    wanted: Option<String>,
    cited: Vec<String>,
    decision: String,
}

/// Asks all questions and prints what came of them.
pub(super) fn run(args: &Args) -> Outcome {
    let questions = read(&args.file, args.held)?;
    let files = args.knowledge.as_deref().map(base).transpose()?;
    let config = args.config.as_deref().map(settings).transpose()?;
    let report = asked(async {
        let mut examinee = match (&config, &args.bot_url) {
            (Some(config), _) => {
                let account = chosen(config, args.account)?;
                let clock = clock_of(config.clock_source.as_deref()).await?;
                Examinee::of_account(config, account, files, clock).await?
            }
            (None, Some(url)) => {
                let secret = secret(args.secret_file.as_deref())?;
                let clock = clock_of(args.clock.as_deref()).await?;
                Examinee::behind(url.clone(), secret, clock, &files.unwrap_or_default())
                    .map_err(bad_address)?
            }
            (None, None) => Examinee::of_files(&files.unwrap_or_default()),
        };
        if let Some(listener) = args.promised.listener().await? {
            examinee.listen(listener);
        }
        Ok(examine(&examinee, &questions).await)
    })?;
    if args.json {
        say(serde_json::to_string_pretty(&report)?);
    } else {
        for line in table(&report, args.misses) {
            say(line);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path, held: bool) -> Result<Vec<Labelled>, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let mut questions = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let labelled: Labelled = serde_json::from_str(line)
            .map_err(|error| format!("{}, line {number}: {error}", file.display()))?;
        if labelled.held || !held {
            questions.push(labelled);
        }
    }
    if questions.is_empty() {
        return Err(format!("{} holds no question", file.display()).into());
    }
    Ok(questions)
}

async fn examine(examinee: &Examinee, questions: &[Labelled]) -> Report {
    let (mut bot, mut decisions, mut failed, mut wrong) =
        (Figures::default(), (0, 0), 0, Vec::new());
    for (number, labelled) in questions.iter().enumerate() {
        let said = match examinee.ask(&labelled.question, number).await {
            Ok(said) => said,
            Err(error) => {
                failed += 1;
                eprintln!("question {}: {error}", number + 1);
                Said::nothing()
            }
        };
        bot.look_at(labelled, &said.seen);
        let mut is_wrong = labelled.is_wrong(&said.seen);
        if let Some(decision) = &labelled.decision {
            decisions.0 += 1;
            let is_so = said.is_decided(decision);
            decisions.1 += usize::from(is_so);
            is_wrong |= !is_so;
        }
        if is_wrong {
            wrong.push(Wrong {
                question: labelled.question.clone(),
                expected: labelled
                    .expected
                    .passages()
                    .into_iter()
                    .map(str::to_owned)
                    .collect(),
                cited: said.seen.ranked,
                wanted: labelled.decision.clone(),
                decision: said.decision.to_owned(),
            });
        }
    }
    let passages = &examinee.passages;
    let index = Index::new(passages);
    let of =
        |search: &dyn Fn(&str) -> _| (!passages.is_empty()).then(|| Figures::of(questions, search));
    Report {
        kind: examinee.kind,
        bot,
        decisions,
        failed,
        search: of(&|question| by_search(&index, question)),
        words_alone: of(&|question| by_words_alone(passages, question)),
        wrong,
    }
}

fn table(report: &Report, misses: usize) -> Vec<String> {
    let mut lines = vec![format!(
        "{:<12} {:>9} {:>7} {:>7} {:>9} {:>7} {:>15}",
        "", "questions", "hit@1", "hit@3", "answered", "wrong", "none, rightly"
    )];
    let bot = format!("bot: {}", report.kind);
    let rows = [
        (bot.as_str(), Some(&report.bot)),
        ("search", report.search.as_ref()),
        ("words alone", report.words_alone.as_ref()),
    ];
    for (name, figures) in rows {
        let Some(figures) = figures else { continue };
        lines.push(format!(
            "{name:<12} {:>9} {:>6.1}% {:>6.1}% {:>8.1}% {:>6.1}% {:>8} of {:<3}",
            figures.questions,
            100.0 * figures.hit_at_1(),
            100.0 * figures.hit_at_3(),
            100.0 * figures.answered_rightly(),
            100.0 * figures.wrong_answers(),
            figures.rightly_missed,
            figures.questions - figures.answerable,
        ));
    }
    if report.decisions.0 > 0 {
        let (all, so) = report.decisions;
        lines.push(format!("decided as expected: {so} of {all}"));
    }
    if report.failed > 0 {
        lines.push(format!("without an answer of the bot: {}", report.failed));
    }
    for wrong in report.wrong.iter().take(misses) {
        let passages = if wrong.expected.is_empty() {
            "none".to_owned()
        } else {
            wrong.expected.join(" or ")
        };
        let expected = match &wrong.wanted {
            Some(wanted) => format!("{passages}, {wanted}"),
            None => passages,
        };
        lines.push(format!(
            "  «{}»: expected {expected}; it was {} {}",
            wrong.question,
            wrong.decision,
            wrong.cited.join(", ")
        ));
    }
    lines
}
