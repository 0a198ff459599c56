//! A bot behind HTTP (DESIGN §5.8).

use crate::adapters::api_log::CallLog;
use crate::adapters::http::{Effect, Http};
use crate::adapters::json;
use crate::error::CallError;
use crate::ports::{Bot, BotReply, BotRequest, Clock};
use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::Sha256;
use std::sync::Arc;
use std::time::{Duration, Instant};
use widget_core::event::Kb;
use widget_core::understand::Facts;

/// A breath before the second try.
const PAUSE: Duration = Duration::from_millis(250);

/// How a bot is reached.
#[derive(Debug, Clone)]
pub struct BotConfig {
    /// Turns are posted to `{url}/turns`. https, or http on loopback.
    pub url: String,
    /// Key of the signature.
    pub secret: SecretString,
    /// For both tries together, ms; 60 000 by default of the policy.
    pub timeout_ms: u64,
    /// A try that has failed within this time is made once more, ms; 30 000. The first try gets no longer than that.
    pub retry_within_ms: u64,
}

/// A bot behind HTTP.
pub struct HttpBot {
    http: Http,
    secret: SecretString,
    total: Duration,
    retry_within: Duration,
    clock: Arc<dyn Clock>,
}

impl HttpBot {
    /// A bot behind `config`. `clock` dates the signatures.
    ///
    /// # Errors
    /// [`CallError::Refused`] with status 0: the URL is neither https nor loopback.
    pub fn new(config: BotConfig, clock: Arc<dyn Clock>) -> Result<Self, CallError> {
        let total = Duration::from_millis(config.timeout_ms);
        Ok(Self {
            http: Http::new(&config.url, total, None)?,
            secret: config.secret,
            total,
            retry_within: Duration::from_millis(config.retry_within_ms),
            clock,
        })
    }

    /// Whether anybody answers where turns are posted, whatever they say: nothing is asked.
    ///
    /// # Errors
    /// Nobody does.
    pub async fn reach(&self) -> Result<(), CallError> {
        let request = self.http.request(Method::GET, &["turns"]);
        self.http.send("reach", Effect::Read, request).await?;
        Ok(())
    }

    /// Every call is noted in `log` from now on.
    pub fn log_to(&mut self, log: CallLog) {
        self.http.log_to(log);
    }

    /// One try. `Ok(None)` = worth another: a 5xx, no answer, or an answer of somebody else.
    async fn once(&self, body: &[u8], timeout: Duration) -> Result<Option<Value>, CallError> {
        let timestamp = self.clock.now_ms().div_euclid(1000).to_string();
        let request = self
            .http
            .request(Method::POST, &["turns"])
            .header("Content-Type", "application/json")
            .header("X-Estafeta-Timestamp", timestamp.as_str())
            .header("X-Estafeta-Signature", self.signature(&timestamp, body))
            .timeout(timeout)
            .body(body.to_vec());
        let answer = match self.http.send("bot", Effect::Read, request).await {
            Ok(answer) => answer,
            Err(CallError::Retry { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        match answer.status {
            202 => Err(CallError::refused(
                202,
                "late answers are not supported yet",
            )),
            200..=299 => Ok(answer.json().filter(Value::is_object)),
            500..=599 => Ok(None),
            status => Err(CallError::refused(status, "bot: refused")),
        }
    }

    /// Hex HMAC-SHA256 over `{timestamp}.{body}`.
    fn signature(&self, timestamp: &str, body: &[u8]) -> String {
        let key = self.secret.expose_secret().as_bytes();
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
            return String::new(); // HMAC takes keys of any length
        };
        mac.update(timestamp.as_bytes());
        mac.update(b".");
        mac.update(body);
        hex::encode(mac.finalize().into_bytes())
    }
}

#[async_trait]
impl Bot for HttpBot {
    async fn turn(&self, request: &BotRequest) -> Result<BotReply, CallError> {
        let body = serde_json::to_vec(request)
            .map_err(|_| CallError::refused(0, "bot: the turn could not be written"))?;
        let start = Instant::now();
        let first = self.retry_within.min(self.total);
        if let Some(answer) = self.once(&body, first).await? {
            return Ok(reply(&answer));
        }
        tokio::time::sleep(PAUSE.min(self.total)).await;
        let left = self.total.saturating_sub(start.elapsed());
        if !left.is_zero()
            && let Some(answer) = self.once(&body, left).await?
        {
            return Ok(reply(&answer));
        }
        Err(CallError::unknown("bot: no answer"))
    }
}

/// Reads an answer leniently. What is missing or odd is read so that a person gets the dialog.
fn reply(answer: &Value) -> BotReply {
    BotReply {
        replies: json::list(&answer["replies"])
            .iter()
            .filter_map(reply_text)
            .collect(),
        silent: json::is_true(&answer["silent"]),
        confidence: percent(&answer["confidence"]),
        kb: match &answer["kb"] {
            Value::Null => Kb::None,
            word => known(word).unwrap_or(Kb::Miss),
        },
        intents: known_all(&answer["intents"]),
        facts: facts(&answer["facts"]),
        done: known_all(&answer["done"]),
        handoff: handoff(&answer["handoff"]),
    }
}

/// `{text}`, `{file_url, name}`, or a bare text. A file goes as its address.
fn reply_text(row: &Value) -> Option<String> {
    let text = json::text(row).or_else(|| json::text(&row["text"]));
    text.or_else(|| {
        json::text(&row["file_url"])
            .filter(|url| url.starts_with("https://") || url.starts_with("http://"))
    })
    .map(str::to_owned)
}

/// 0..1 as 0..=100, rounded down. What is no such number is no confidence.
fn percent(value: &Value) -> u8 {
    let number = value
        .as_f64()
        .or_else(|| value.as_str()?.trim().parse().ok())
        .filter(|number| (0.0..=1.0).contains(number))
        .unwrap_or(0.0);
    // 0.29 * 100 is a hair below 29.
    let hundredths = (number * 100.0 + 1e-6).floor();
    (0..=100_u8)
        .rev()
        .find(|percent| f64::from(*percent) <= hundredths)
        .unwrap_or(0)
}

fn known<T: DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

fn known_all<T: DeserializeOwned>(value: &Value) -> Vec<T> {
    json::list(value).iter().filter_map(known).collect()
}

fn facts(value: &Value) -> Facts {
    let number = |key: &str| json::int(&value[key]).and_then(|n| u32::try_from(n).ok());
    let flag = |key: &str| value[key].as_bool();
    Facts {
        guests: number("guests"),
        youngest_child: number("youngest_child"),
        rooms: number("rooms"),
        pet: flag("pet"),
        past_stay: flag("past_stay"),
        new_booking: flag("new_booking"),
        dates: value["dates"].as_str().and_then(|days| days.parse().ok()),
        nights: number("nights"),
        programme: known(&value["programme"]),
        several_deals: flag("several_deals"),
    }
}

/// `{reason, note}`, a bare reason, or `true`.
fn handoff(value: &Value) -> Option<(String, Option<String>)> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Object(_) => {
            let word = |key: &str| json::text(&value[key]).map(str::to_owned);
            Some((word("reason").unwrap_or_default(), word("note")))
        }
        other => Some((other.as_str().unwrap_or_default().to_owned(), None)),
    }
}

#[cfg(test)]
mod tests;
