//! Whether a bot keeps to the contract: somebody's behind HTTP, or one within this process.

use super::bot_eval::Examinee;
use crate::ports::{Bot, BotReply, BotRequest, BotSaid};
use std::time::{Duration, Instant};
use widget_core::text::MAX_TEXT;

pub use crate::adapters::bot::check::{BotCheck, CHECKS, CheckLine, Verdict};

/// What only a bot behind HTTP can do wrong: the last lines of the table.
const OVER_HTTP: &str = "it is within this process: nobody else can ask it";

impl Examinee {
    /// The lines of the table for a bot that is asked within this process.
    pub async fn checked(&self, patience: Duration) -> Vec<CheckLine> {
        let request = self.turn("Здравствуйте! Есть ли у вас бассейн?", 1);
        let began = Instant::now();
        let mut lines =
            match reply(self.bot(), &request).await {
                Err(error) => {
                    let mut lines = vec![line("answer", Verdict::Failed, error)];
                    let others = CHECKS[1..6].iter();
                    lines.extend(others.map(|check| {
                        line(check, Verdict::Skipped, "there was no answer to look at")
                    }));
                    lines
                }
                Ok(said) => {
                    let took = began.elapsed();
                    let again = reply(self.bot(), &request).await;
                    vec![
                        line("answer", Verdict::Passed, "an answer that can be read"),
                        time(took, patience),
                        line("late answer", Verdict::Skipped, "the bot answers at once"),
                        content(&said),
                        size(&said),
                        same(&said, again),
                    ]
                }
            };
        let others = CHECKS[6..].iter();
        lines.extend(others.map(|check| line(check, Verdict::Skipped, OVER_HTTP)));
        lines
    }
}

async fn reply(bot: &dyn Bot, request: &BotRequest) -> Result<BotReply, String> {
    match bot.turn(request).await {
        Ok(BotSaid::Answer(said)) => Ok(*said),
        Ok(BotSaid::Later) => {
            Err("it promises a late answer, which only a bot behind HTTP brings".to_owned())
        }
        Err(error) => Err(format!(
            "{error}. Check [accounts.bot]; the guest gets a manager"
        )),
    }
}

fn time(took: Duration, patience: Duration) -> CheckLine {
    let words = format!("{:.1} s of {}", took.as_secs_f64(), patience.as_secs());
    line("time", verdict(took <= patience), words)
}

fn content(said: &BotReply) -> CheckLine {
    let says = !said.replies.is_empty() || said.silent || said.handoff.is_some();
    let words = if says {
        "says something, with known words"
    } else {
        "it has neither replies, nor silent, nor handoff: the guest gets a manager"
    };
    line("content", verdict(says), words)
}

fn size(said: &BotReply) -> CheckLine {
    let longest = said.replies.iter().map(|text| text.chars().count()).max();
    let longest = longest.unwrap_or(0);
    let words = format!("the longest text {longest} characters of {MAX_TEXT}");
    line("size", verdict(longest <= MAX_TEXT), words)
}

/// A model may say the same in other words: an answer of this process is recorded, and never asked for again.
fn same(said: &BotReply, again: Result<BotReply, String>) -> CheckLine {
    match again {
        Ok(again) if again == *said => line(
            "same turn",
            Verdict::Passed,
            "asked twice, answered the same",
        ),
        Ok(_) => line(
            "same turn",
            Verdict::Skipped,
            "asked twice, worded differently: the guest gets the first",
        ),
        Err(error) => line(
            "same turn",
            Verdict::Failed,
            format!("asked twice, answered once: {error}"),
        ),
    }
}

fn verdict(is_so: bool) -> Verdict {
    if is_so {
        Verdict::Passed
    } else {
        Verdict::Failed
    }
}

fn line(check: &'static str, verdict: Verdict, words: impl Into<String>) -> CheckLine {
    CheckLine {
        check,
        verdict,
        words: words.into(),
    }
}
