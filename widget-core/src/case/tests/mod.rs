//! What becomes of a case, rule by rule, under the policy of the repository.

mod deals;
mod examples;
mod format;
mod outcomes;
mod past;
mod stages;
mod words;

use super::{Case, Verdict, judge};
use crate::policy::{Policy, parse};
use crate::time::Zone;
use serde_json::{Value, json};

const SANATORIUM: &str = include_str!("../../../../backend/policies/sanatorium.toml");

fn policy() -> Policy {
    parse(SANATORIUM).unwrap()
}

fn moscow(_at: i64) -> Zone {
    Zone::fixed(10_800)
}

fn judged(policy: &Policy, case: Value) -> Verdict {
    let case: Case = serde_json::from_value(case).unwrap();
    judge(policy, &case, moscow)
}

/// A case at a stage, with what differs from a plain question to the bot.
#[expect(
    clippy::needless_pass_by_value,
    reason = "contexts are written where they are used"
)]
fn case(stage: Option<&str>, text: &str, context: Value) -> Value {
    json!({"id": "c", "stage": stage, "text": text, "context": context})
}

fn verdict(stage: Option<&str>, text: &str, context: Value) -> Verdict {
    judged(&policy(), case(stage, text, context))
}

/// The same, with the field `test`.
fn tested(stage: Option<&str>, text: &str, context: Value, test: Value) -> Verdict {
    let mut case = case(stage, text, context);
    case["test"] = test;
    judged(&policy(), case)
}

/// A verdict in a line: action, then, reason, deal, effects.
fn line(verdict: &Verdict) -> String {
    let value = serde_json::to_value(verdict).unwrap();
    let word = |name: &str| value[name].as_str().unwrap_or("-").to_owned();
    let effects: Vec<_> = value["effects"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    format!(
        "{} {} {} {} [{}]",
        word("action"),
        word("then"),
        word("reason"),
        word("deal"),
        effects.join(" ")
    )
}

const ANSWER: &str = "answer - - current [send_message]";
const CLARIFY: &str = "clarify - - current [send_message]";
const SILENT: &str = "silent - - any []";

fn handoff(reason: &str) -> String {
    format!("handoff - {reason} current [send_message create_task]")
}

fn new_deal_handoff(reason: &str) -> String {
    format!("new_deal handoff {reason} new [create_deal send_message create_task]")
}

const NEW_DEAL_ANSWER: &str = "new_deal answer - new [create_deal send_message]";
const NEW_DEAL_CLARIFY: &str = "new_deal clarify - new [create_deal send_message]";
