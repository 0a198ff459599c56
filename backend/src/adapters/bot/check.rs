//! The conformance suite of the bot contract (DESIGN §5.8): asks a bot as the product does, and in ways in which others
//! might, and says of each what came of it and what its author is to do.

#[cfg(test)]
mod tests;

use super::http::MOST_BYTES;
use super::mailbox::{Arrived, Mailbox};
use super::sign::{SIGNATURE, TIMESTAMP, is_fresh, is_signed, signature};
use crate::adapters::http::{Answer, Effect, Http};
use crate::error::CallError;
use crate::ports::Clock;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use widget_core::text::MAX_TEXT;

/// An answer is read up to so many bytes, to tell one that is too long from one that never comes.
const READ_BYTES: usize = 8 * MOST_BYTES;
/// A timestamp of a call that somebody repeats later, s before now.
const LONG_AGO: i64 = 600;
/// A promised answer may take so many times the patience for one at once: 120 s to 30 s.
const LATE_FACTOR: u32 = 4;

/// What a bot is checked with.
pub struct BotCheck {
    /// Turns are posted to `{url}/turns`. https, or http on loopback.
    pub url: String,
    /// Key of the signature.
    pub secret: SecretString,
    /// Dates the signatures.
    pub clock: Arc<dyn Clock>,
    /// How long an answer may take before the product asks once more: 30 s.
    pub patience: Duration,
    /// Where promised answers arrive; `None` = nowhere.
    pub listener: Option<TcpListener>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As the contract says.
    Passed,
    /// Not as the contract says.
    Failed,
    /// There was nothing to look at.
    Skipped,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckLine {
    /// What was looked at.
    pub check: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What was seen; of a failure also what to do.
    pub words: String,
}

/// All checks, in the order of the table.
pub const CHECKS: [&str; 10] = [
    "answer",
    "time",
    "late answer",
    "content",
    "size",
    "same turn",
    "signature",
    "timestamp",
    "unknown fields",
    "no turn",
];

/// How a call of the suite is signed.
#[derive(Clone, Copy)]
enum Signed {
    Rightly,
    WithAnotherKey,
    Never,
    LongAgo,
}

/// What came of a call.
struct Heard {
    answer: Answer,
    took: Duration,
}

struct Suite {
    http: Http,
    secret: SecretString,
    clock: Arc<dyn Clock>,
    patience: Duration,
    mailbox: Option<Mailbox>,
    run: String,
    lines: Vec<CheckLine>,
}

impl BotCheck {
    /// Runs all checks.
    ///
    /// # Errors
    /// The URL is neither https nor loopback.
    pub async fn run(self) -> Result<Vec<CheckLine>, CallError> {
        let http = Http::new(&self.url, self.patience * 2, None)?.at_most(READ_BYTES);
        let mut number = [0_u8; 8];
        let _ = getrandom::fill(&mut number);
        let suite = Suite {
            http,
            secret: self.secret,
            clock: self.clock,
            patience: self.patience,
            mailbox: self.listener.map(Mailbox::open),
            run: hex::encode(number),
            lines: Vec::new(),
        };
        Ok(suite.run().await)
    }
}

impl Suite {
    async fn run(mut self) -> Vec<CheckLine> {
        let turn = self.turn(1, "Здравствуйте! Есть ли у вас бассейн?");
        let heard = self.ask(&turn, Signed::Rightly).await;
        let Some(heard) = self.note_answer(heard) else {
            for check in &CHECKS[1..] {
                self.skip(check, "there was no answer to look at");
            }
            return self.lines;
        };
        self.note_time(&heard);
        let said = self.said(&turn, &heard).await;
        self.note_content(said.as_ref());
        self.note_size(&heard, said.as_ref());
        self.same_turn(&turn, said.as_ref()).await;
        self.signature().await;
        self.timestamp().await;
        self.unknown_fields().await;
        self.no_turn().await;
        self.lines
    }

    fn note_answer(&mut self, heard: Result<Heard, CallError>) -> Option<Heard> {
        const CHECK: &str = "answer";
        let heard = match heard {
            Ok(heard) => heard,
            Err(error) => {
                let words = format!(
                    "{error}. Answer POST {{url}}/turns within {} s",
                    self.patience.as_secs()
                );
                self.fail(CHECK, words);
                return None;
            }
        };
        let is_object = heard.answer.json().is_some_and(|json| json.is_object());
        match heard.answer.status {
            202 => self.pass(CHECK, "202: the answer comes later"),
            200 if is_object => self.pass(CHECK, "200 and a JSON object"),
            200 => {
                self.fail(CHECK, "200, but no JSON object. Answer {\"replies\": [{\"text\": \"…\"}], \"confidence\": 0.9, \"kb\": \"hit\"}");
                return None;
            }
            status @ (401 | 403) => {
                self.fail(CHECK, format!("{status}: a right signature is refused. Compare the secret, sign `{{timestamp}}.{{body}}` over the raw body, and check the clock"));
                return None;
            }
            404 => {
                self.fail(CHECK, "404. Give the address below which /turns lies");
                return None;
            }
            status => {
                self.fail(CHECK, format!("{status} to a turn in order. 5xx is asked once more, 4xx never: the guest gets a manager"));
                return None;
            }
        }
        Some(heard)
    }

    fn note_time(&mut self, heard: &Heard) {
        let (took, most) = (heard.took.as_secs_f64(), self.patience.as_secs_f64());
        if heard.took > self.patience {
            self.fail("time", format!("{took:.1} s. The product asks once more after {most:.0} s: answer 202 and bring the answer later"));
        } else {
            self.pass("time", format!("{took:.1} s of {most:.0}"));
        }
    }

    /// The answer of a call, at once or later.
    async fn said(&mut self, turn: &Value, heard: &Heard) -> Option<Value> {
        const CHECK: &str = "late answer";
        if heard.answer.status != 202 {
            self.skip(CHECK, "the bot answers at once");
            return heard.answer.json();
        }
        let patience = self.patience * LATE_FACTOR;
        let Some(mailbox) = &self.mailbox else {
            self.fail(CHECK, "promised, and nobody listens. Give --listen ADDRESS:PORT, and let the bot bring its answers to http://ADDRESS:PORT/api/v1/bot/turns/{turn id}");
            return None;
        };
        let id = turn["turn_id"].as_str().unwrap_or_default();
        let Some(arrived) = mailbox.wait_for(id, patience).await else {
            let words = format!(
                "promised, and not brought within {} s. POST it to /api/v1/bot/turns/{{turn id}}",
                patience.as_secs()
            );
            self.fail(CHECK, words);
            return None;
        };
        match self.late(&arrived) {
            Ok(said) => {
                self.pass(CHECK, "brought, signed and readable");
                Some(said)
            }
            Err(problem) => {
                self.fail(CHECK, problem);
                None
            }
        }
    }

    fn late(&self, arrived: &Arrived) -> Result<Value, &'static str> {
        let Arrived {
            timestamp,
            signature,
            body,
            ..
        } = arrived;
        if !is_signed(&self.secret, timestamp, body, signature) {
            return Err(
                "brought with a wrong signature. Sign `{timestamp}.{body}` of this call with the same secret",
            );
        }
        if !is_fresh(timestamp, self.clock.now_ms()) {
            return Err("brought with a timestamp more than 5 minutes off. Sign each try anew");
        }
        let said: Option<Value> = serde_json::from_slice(body).ok();
        said.filter(Value::is_object)
            .ok_or("brought, but no JSON object. Its body is that of an answer at once")
    }

    fn note_content(&mut self, said: Option<&Value>) {
        const CHECK: &str = "content";
        let Some(said) = said else {
            self.skip(CHECK, "there was no answer to look at");
            return;
        };
        let problems = problems(said);
        if problems.is_empty() {
            self.pass(CHECK, "says something, with known words");
        } else {
            self.fail(CHECK, problems.join(". "));
        }
    }

    fn note_size(&mut self, heard: &Heard, said: Option<&Value>) {
        const CHECK: &str = "size";
        let longest = said.map_or(0, |said| {
            texts(said)
                .map(|text| text.chars().count())
                .max()
                .unwrap_or(0)
        });
        let bytes = heard.answer.body.len();
        if bytes > MOST_BYTES {
            self.fail(CHECK, format!("{bytes} bytes. Longer than {MOST_BYTES} is not read, and the guest gets a manager"));
        } else if longest > MAX_TEXT {
            self.fail(CHECK, format!("a text of {longest} characters. Keep each below {MAX_TEXT}: a longer one goes to a manager"));
        } else if said.is_none() {
            self.skip(CHECK, "there was no answer to look at");
        } else {
            self.pass(
                CHECK,
                format!("{bytes} bytes, the longest text {longest} characters"),
            );
        }
    }

    async fn same_turn(&mut self, turn: &Value, said: Option<&Value>) {
        const CHECK: &str = "same turn";
        let Some(said) = said else {
            self.skip(CHECK, "there was no answer to compare with");
            return;
        };
        let again = match self.ask(turn, Signed::Rightly).await {
            Ok(again) if again.answer.status == 202 => {
                let id = turn["turn_id"].as_str().unwrap_or_default();
                let patience = self.patience * LATE_FACTOR;
                match &self.mailbox {
                    Some(mailbox) => match mailbox.wait_for(id, patience).await {
                        Some(arrived) => self.late(&arrived).ok(),
                        None => None,
                    },
                    None => None,
                }
            }
            Ok(again) => again.answer.json(),
            Err(_) => None,
        };
        match again {
            Some(again) if again == *said => self.pass(CHECK, "asked twice, answered the same"),
            Some(_) => self.fail(CHECK, "asked twice, answered differently. Remember answers by turn_id: after a lost connection the same turn comes again"),
            None => self.fail(CHECK, "asked twice, answered once. The same turn_id must be answered again, with the same answer"),
        }
    }

    async fn signature(&mut self) {
        let mut taken = Vec::new();
        for (signed, how) in [
            (Signed::WithAnotherKey, "another key"),
            (Signed::Never, "no signature"),
        ] {
            let turn = self.turn(2, "Чужой ход");
            if let Some(status) = self.refusal_missed(&turn, signed).await {
                taken.push(format!("{how}: {status}"));
            }
        }
        self.judge_refusals("signature", &taken, "Answer 401 unless X-Estafeta-Signature is the HMAC-SHA256 of `{timestamp}.{body}`, or anybody can ask your bot");
    }

    async fn timestamp(&mut self) {
        let turn = self.turn(3, "Давний ход");
        let taken = self.refusal_missed(&turn, Signed::LongAgo).await;
        let taken: Vec<_> = taken
            .map(|status| format!("signed 10 minutes ago: {status}"))
            .into_iter()
            .collect();
        self.judge_refusals("timestamp", &taken, "Answer 401 when X-Estafeta-Timestamp is more than 5 minutes off, or a call that somebody recorded works for ever");
    }

    /// What the bot answered where it had to refuse.
    async fn refusal_missed(&self, turn: &Value, signed: Signed) -> Option<String> {
        match self.ask(turn, signed).await {
            Ok(heard) if matches!(heard.answer.status, 401 | 403) => None,
            Ok(heard) => Some(heard.answer.status.to_string()),
            Err(error) => Some(error.to_string()),
        }
    }

    fn judge_refusals(&mut self, check: &'static str, taken: &[String], what_to_do: &str) {
        if taken.is_empty() {
            self.pass(check, "refused");
        } else {
            self.fail(check, format!("{}. {what_to_do}", taken.join(", ")));
        }
    }

    async fn unknown_fields(&mut self) {
        const CHECK: &str = "unknown fields";
        let mut turn = self.turn(4, "Есть ли парковка?");
        turn["a_field_of_tomorrow"] = json!({"x": 1});
        turn["messages"][0]["a_field_of_tomorrow"] = json!(true);
        match self.ask(&turn, Signed::Rightly).await {
            Ok(heard) if matches!(heard.answer.status, 200 | 202) => {
                self.pass(CHECK, "ignored, as new versions of the contract need it");
            }
            Ok(heard) => {
                let status = heard.answer.status;
                self.fail(
                    CHECK,
                    format!(
                        "{status}. Ignore fields that you do not know: the contract grows by them"
                    ),
                );
            }
            Err(error) => self.fail(CHECK, error.to_string()),
        }
    }

    async fn no_turn(&mut self) {
        const CHECK: &str = "no turn";
        match self.ask(&json!({}), Signed::Rightly).await {
            Ok(heard) if (400..500).contains(&heard.answer.status) => {
                self.pass(CHECK, format!("{}: refused", heard.answer.status));
            }
            Ok(heard) => {
                let status = heard.answer.status;
                self.fail(CHECK, format!("{status} to a body without turn_id and messages. Answer 400: a 5xx is asked once more"));
            }
            Err(error) => self.fail(CHECK, error.to_string()),
        }
    }

    async fn ask(&self, turn: &Value, signed: Signed) -> Result<Heard, CallError> {
        let body = turn.to_string().into_bytes();
        let now = self.clock.now_ms().div_euclid(1000);
        let timestamp = match signed {
            Signed::LongAgo => now - LONG_AGO,
            _ => now,
        }
        .to_string();
        let key = match signed {
            Signed::WithAnotherKey => SecretString::from("estafeta bot-check: another key"),
            _ => self.secret.clone(),
        };
        let mut request = self
            .http
            .request(Method::POST, &["turns"])
            .header("Content-Type", "application/json");
        if !matches!(signed, Signed::Never) {
            request = request
                .header(SIGNATURE, signature(&key, &timestamp, &body))
                .header(TIMESTAMP, timestamp);
        }
        let began = Instant::now();
        let answer = self
            .http
            .send("bot", Effect::Read, request.body(body))
            .await?;
        Ok(Heard {
            answer,
            took: began.elapsed(),
        })
    }

    /// A whole turn, as the product sends it.
    fn turn(&self, number: u32, text: &str) -> Value {
        let dialog = format!("check{}", &self.run[..11]);
        json!({
            "turn_id": format!("{dialog}-t{number}"),
            "dialog": dialog,
            "introduce": number == 1,
            "messages": [{"id": format!("m{number}"), "text": text, "attachments": [], "at": "2026-11-18T08:00:00Z"}],
            "contact": {"name": "Мария", "patronymic": null, "notes": []},
            "deal": null,
            "facts": {},
            "history": [],
            "policy": {"texts": {}, "triggers": [], "collect": ["dates", "guests"]},
        })
    }

    fn pass(&mut self, check: &'static str, words: impl Into<String>) {
        self.line(check, Verdict::Passed, words.into());
    }

    fn fail(&mut self, check: &'static str, words: impl Into<String>) {
        self.line(check, Verdict::Failed, words.into());
    }

    fn skip(&mut self, check: &'static str, words: &str) {
        self.line(check, Verdict::Skipped, words.to_owned());
    }

    fn line(&mut self, check: &'static str, verdict: Verdict, words: String) {
        self.lines.push(CheckLine {
            check,
            verdict,
            words,
        });
    }
}

/// The texts of an answer.
fn texts(said: &Value) -> impl Iterator<Item = &str> {
    let replies = said["replies"].as_array().into_iter().flatten();
    replies.filter_map(|reply| reply.as_str().or_else(|| reply["text"].as_str()))
}

/// What an answer lacks, or says in words that the product does not know. It would read such an answer so that a manager
/// gets the guest.
fn problems(said: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let read = super::answer::read(said);
    if read.replies.is_empty() && !read.silent && read.handoff.is_none() {
        problems.push(
            "it has neither replies, nor silent, nor handoff: the guest gets a manager".to_owned(),
        );
    }
    let in_range = |n: f64| (0.0..=1.0).contains(&n);
    if !read.replies.is_empty() && !said["confidence"].as_f64().is_some_and(in_range) {
        problems.push(
            "confidence is no number from 0 to 1, and so counts as 0: the guest gets a manager"
                .to_owned(),
        );
    }
    if !matches!(said["kb"].as_str(), None | Some("hit" | "miss" | "none")) {
        problems.push("kb is none of hit, miss, none, and so counts as miss".to_owned());
    }
    let listed = |key: &str| said[key].as_array().map_or(0, Vec::len);
    for (key, known) in [("intents", read.intents.len()), ("done", read.done.len())] {
        if listed(key) > known {
            problems.push(format!(
                "{key} has words that the contract does not know; they are dropped"
            ));
        }
    }
    if listed("replies") > read.replies.len() {
        problems.push(
            "replies has entries without text and without an https file_url; they are dropped"
                .to_owned(),
        );
    }
    problems
}
