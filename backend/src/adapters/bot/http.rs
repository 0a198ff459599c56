//! A bot behind HTTP (DESIGN §5.8).

use super::answer;
use super::sign::{SIGNATURE, TIMESTAMP, is_fresh, is_signed, signature};
use crate::adapters::api_log::CallLog;
use crate::adapters::http::{Effect, Http};
use crate::error::CallError;
use crate::ports::{Bot, BotReply, BotRequest, BotSaid, Clock, LateCall, LateRefusal};
use async_trait::async_trait;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A breath before the second try.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest answer, bytes: as much as a late one may have.
pub(super) const MOST_BYTES: usize = 256 * 1024;

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
    /// Its answers name their turns on purpose.
    pub marks_turns: bool,
}

/// A bot behind HTTP.
pub struct HttpBot {
    http: Http,
    secret: SecretString,
    total: Duration,
    retry_within: Duration,
    clock: Arc<dyn Clock>,
    marks_turns: bool,
}

impl HttpBot {
    /// A bot behind `config`. `clock` dates the signatures.
    ///
    /// # Errors
    /// [`CallError::Refused`] with status 0: the URL is neither https nor loopback.
    pub fn new(config: BotConfig, clock: Arc<dyn Clock>) -> Result<Self, CallError> {
        let total = Duration::from_millis(config.timeout_ms);
        Ok(Self {
            http: Http::new(&config.url, total, None)?.at_most(MOST_BYTES),
            secret: config.secret,
            total,
            retry_within: Duration::from_millis(config.retry_within_ms),
            clock,
            marks_turns: config.marks_turns,
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
    async fn once(&self, body: &[u8], timeout: Duration) -> Result<Option<BotSaid>, CallError> {
        let timestamp = self.clock.now_ms().div_euclid(1000).to_string();
        let request = self
            .http
            .request(Method::POST, &["turns"])
            .header("Content-Type", "application/json")
            .header(TIMESTAMP, timestamp.as_str())
            .header(SIGNATURE, signature(&self.secret, &timestamp, body))
            .timeout(timeout)
            .body(body.to_vec());
        let answer = match self.http.send("bot", Effect::Read, request).await {
            Ok(answer) => answer,
            Err(CallError::Retry { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        match answer.status {
            202 => Ok(Some(BotSaid::Later)),
            200..=299 => Ok(answer
                .json()
                .filter(Value::is_object)
                .map(|said| BotSaid::Answer(Box::new(answer::read(&said))))),
            500..=599 => Ok(None),
            status => Err(CallError::refused(status, "bot: refused")),
        }
    }
}

#[async_trait]
impl Bot for HttpBot {
    async fn turn(&self, request: &BotRequest) -> Result<BotSaid, CallError> {
        let body = serde_json::to_vec(request)
            .map_err(|_| CallError::refused(0, "bot: the turn could not be written"))?;
        let start = Instant::now();
        let first = self.retry_within.min(self.total);
        if let Some(said) = self.once(&body, first).await? {
            return Ok(said);
        }
        tokio::time::sleep(PAUSE.min(self.total)).await;
        let left = self.total.saturating_sub(start.elapsed());
        if !left.is_zero()
            && let Some(said) = self.once(&body, left).await?
        {
            return Ok(said);
        }
        Err(CallError::unknown("bot: no answer"))
    }

    fn late(&self, call: LateCall<'_>) -> Result<BotReply, LateRefusal> {
        if !is_signed(&self.secret, call.timestamp, call.body, call.signature) {
            return Err(LateRefusal::NotSigned);
        }
        if !is_fresh(call.timestamp, self.clock.now_ms()) {
            return Err(LateRefusal::Stale);
        }
        serde_json::from_slice(call.body)
            .ok()
            .filter(Value::is_object)
            .map(|said| answer::read(&said))
            .ok_or(LateRefusal::Unreadable)
    }

    fn marks_turns(&self) -> bool {
        self.marks_turns
    }
}

#[cfg(test)]
mod tests;
