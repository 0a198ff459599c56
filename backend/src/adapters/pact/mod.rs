//! Pact.im as the channel, API v2.

mod attachment;
mod backlog;
mod farewell;
pub(super) mod hook;
mod inspect;
mod message;
pub mod probe;
mod survey;
mod template;

#[cfg(test)]
mod tests;

use super::api_log::CallLog;
use super::http::{Answer, Effect, Http, secret_value};
use super::json;
use crate::error::CallError;
use crate::ports::{
    Budgets, Channel, ChannelMessage, Class, Clock, Guest, HookFound, Page, Thread, Written,
};
use async_trait::async_trait;
use reqwest::header::HeaderName;
use reqwest::{Method, RequestBuilder};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use widget_core::ids::{AccountId, ConversationId, MessageId};

const TOTAL: Duration = Duration::from_secs(20);
/// The pause after a 429 that names none, s.
const PAUSE_S: i64 = 60;
/// Rows on a page of messages, where the answer does not say.
const PAGE: usize = 150;
/// Pages read at most where the oldest messages come first.
const MOST_PAGES: usize = 8;

/// How a company is reached.
#[derive(Debug, Clone)]
pub struct PactConfig {
    /// `https://api.pact.im/api/p2`; http on loopback only.
    pub endpoint: String,
    /// Pact's number of the company.
    pub company: i64,
    /// The private token of a Pact user of our own.
    pub token: SecretString,
}

/// A company in Pact.
pub struct Pact {
    http: Http,
    company: i64,
    /// The WABA templates of the final touch.
    touch_templates: Vec<i64>,
    /// `None` = no limits hold.
    reads: Option<Reads>,
}

/// What an account may read of Pact. Its sends are counted where they are claimed.
pub struct Reads {
    /// Counts the places.
    pub budgets: Arc<dyn Budgets>,
    /// Whose they are.
    pub account: AccountId,
    /// The business clock.
    pub clock: Arc<dyn Clock>,
}

impl Pact {
    /// A company behind `config`. Nothing is called yet.
    ///
    /// # Errors
    /// [`CallError::Refused`] with status 0: the endpoint is neither https nor loopback, or the token is not one.
    pub fn new(config: PactConfig) -> Result<Self, CallError> {
        let PactConfig {
            endpoint,
            company,
            token,
        } = config;
        let name = HeaderName::from_static("x-private-api-token");
        let secret = (name, secret_value("", &token)?);
        let http = Http::new(&endpoint, TOTAL, Some(secret))?;
        Ok(Self {
            http,
            company,
            touch_templates: Vec::new(),
            reads: None,
        })
    }

    /// Reads no more than Pact takes.
    #[must_use]
    pub fn within(mut self, reads: Reads) -> Self {
        self.reads = Some(reads);
        self
    }

    /// Every call is noted in `log` from now on.
    pub fn log_to(&mut self, log: CallLog) {
        self.http.log_to(log);
    }

    /// A read that Pact does not count.
    async fn read(&self, what: &str, request: RequestBuilder) -> Result<Value, CallError> {
        self.call(what, Effect::Read, request).await
    }

    async fn call(
        &self,
        what: &str,
        effect: Effect,
        request: RequestBuilder,
    ) -> Result<Value, CallError> {
        let answer = self.http.send(what, effect, request).await?;
        let answer = answer.judged(what, effect, wait_ms)?;
        if answer.body.is_empty() {
            return Ok(Value::Null);
        }
        answer
            .json()
            .ok_or_else(|| effect.lost(format!("{what}: the answer is not JSON")))
    }

    /// A read that Pact counts as one of this class. Without a place it is not made, and may be later.
    async fn counted(
        &self,
        class: Class,
        what: &str,
        request: RequestBuilder,
    ) -> Result<Value, CallError> {
        let Some(reads) = &self.reads else {
            return self.read(what, request).await;
        };
        reads.place(class, what).await?;
        let answer = self.read(what, request).await;
        if let Err(CallError::Retry {
            after_ms: Some(wish),
            ..
        }) = &answer
        {
            reads.pause(class, *wish).await;
        }
        answer
    }

    fn of_company(&self, segments: &[&str]) -> RequestBuilder {
        self.http
            .request(Method::GET, segments)
            .query(&[("company_id", self.company)])
    }

    async fn write_hook(
        &self,
        method: Method,
        id: Option<&str>,
        body: &Value,
    ) -> Result<Value, CallError> {
        let company = self.company.to_string();
        let mut segments = vec!["companies", company.as_str(), "webhooks"];
        segments.extend(id);
        let request = self.http.request(method, &segments).json(body);
        // A webhook that stands twice is found by the next look, so this may be repeated.
        self.call("set webhook", Effect::Read, request).await
    }
}

impl Reads {
    async fn place(&self, class: Class, what: &str) -> Result<(), CallError> {
        let now = self.clock.now_ms();
        let wait = self.budgets.take(self.account, class, now).await;
        match wait.map_err(|error| CallError::retry(error.to_string()))? {
            None => Ok(()),
            after_ms => Err(CallError::Retry {
                after_ms,
                why: format!("{what}: no place within the limit"),
            }),
        }
    }

    async fn pause(&self, class: Class, wish: i64) {
        let until = self.clock.now_ms() + wish;
        if let Err(error) = self.budgets.pause(self.account, class, until).await {
            tracing::warn!(%error, "a pause that Pact asked for could not be stored");
        }
    }
}

#[async_trait]
impl Channel for Pact {
    async fn prepare(&self, hook_url: &str) -> Result<HookFound, CallError> {
        let company = self.company.to_string();
        let list = self
            .http
            .request(Method::GET, &["companies", &company, "webhooks"]);
        let list = self.read("list webhooks", list).await?;
        let known = rows(&list, "webhooks")
            .iter()
            .find(|hook| hook["url"].as_str() == Some(hook_url));
        let found = known.map_or(HookFound::Missing, |_| HookFound::Off);
        let made;
        let hook = match known {
            Some(hook) if json::is_true(&hook["active"]) => return Ok(HookFound::Active),
            Some(hook) => hook,
            None => {
                made = self
                    .write_hook(Method::POST, None, &json!({"url": hook_url}))
                    .await?;
                object(&made, "webhook")
            }
        };
        let id = json::id_text(&hook["id"])
            .ok_or_else(|| CallError::retry("set webhook: no id in the answer"))?;
        let active = json!({"active": true});
        self.write_hook(Method::PUT, Some(&id), &active).await?;
        Ok(found)
    }

    async fn send(
        &self,
        conversation: &ConversationId,
        text: &str,
    ) -> Result<MessageId, CallError> {
        let body = json!({"company_id": self.company, "text": text, "send_to_crm": true});
        let segments = ["conversations", conversation.0.as_str(), "messages"];
        let request = self.http.request(Method::POST, &segments).json(&body);
        let answer = self.call("send", Effect::Write, request).await?;
        json::id_text(&object(&answer, "message")["id"])
            .map(MessageId)
            .ok_or_else(|| CallError::unknown("send: no id in the answer"))
    }

    async fn messages(
        &self,
        conversation: &ConversationId,
    ) -> Result<Vec<ChannelMessage>, CallError> {
        let segments = ["conversations", conversation.0.as_str(), "messages"];
        let mut kept = Vec::new();
        for page in 1..=MOST_PAGES {
            let mut request = self.of_company(&segments);
            if page > 1 {
                request = request.query(&[("page", page)]);
            }
            let answer = self.counted(Class::Messages, "messages", request).await?;
            let found = rows(&answer, "messages");
            let full = json::int(&answer["meta"]["per_page"])
                .and_then(|rows| usize::try_from(rows).ok())
                .filter(|rows| *rows > 0)
                .unwrap_or(PAGE);
            let read: Vec<(&Value, ChannelMessage)> = found
                .iter()
                .filter_map(|row| Some((row, message::read(row, Some(conversation))?)))
                .collect();
            // The order is not documented. Where the oldest come first, the newest are on the last page.
            let is_oldest_first = match (read.first(), read.last()) {
                (Some((_, first)), Some((_, last))) => first.at < last.at,
                _ => false,
            };
            // What never reached the guest must not be found as sent.
            kept.extend(
                read.into_iter()
                    .filter(|(row, _)| !message::is_undelivered(row))
                    .map(|(_, message)| message),
            );
            if !is_oldest_first || found.len() < full {
                break;
            }
        }
        Ok(kept)
    }

    async fn guest(&self, conversation: &ConversationId) -> Result<Option<Guest>, CallError> {
        let request = self.of_company(&["conversations", conversation.0.as_str()]);
        let answer = self
            .counted(Class::Conversation, "conversation", request)
            .await?;
        let conversation = object(&answer, "conversation");
        if json::is_true(&conversation["group"]) {
            return Ok(None);
        }
        Ok(message::guest(conversation, &Value::Null))
    }

    async fn threads(&self, page: u32) -> Result<Page<Thread>, CallError> {
        self.threads_on(page).await
    }

    async fn written(&self, thread: &Thread, page: u32) -> Result<Page<Written>, CallError> {
        self.written_on(thread, page).await
    }
}

/// The pause that a 429 asks for stands only in the words of `detail`: its first number, seconds.
fn wait_ms(answer: &Answer) -> i64 {
    let body = answer.json().unwrap_or_default();
    let detail = body["errors"][0]["detail"].as_str().unwrap_or_default();
    let number = detail
        .split(|c: char| !c.is_ascii_digit())
        .find(|digits| !digits.is_empty())
        .and_then(|digits| digits.parse::<i64>().ok());
    number.unwrap_or(PAUSE_S).clamp(1, 3600) * 1000
}

/// The object under its name, under `data`, or bare.
fn object<'a>(answer: &'a Value, name: &str) -> &'a Value {
    [&answer[name], &answer["data"][name], &answer["data"]]
        .into_iter()
        .find(|value| value.is_object())
        .unwrap_or(answer)
}

/// The list under its name, under `data`, or bare.
fn rows<'a>(answer: &'a Value, name: &str) -> &'a [Value] {
    [
        &answer[name],
        &answer["data"][name],
        &answer["data"],
        answer,
    ]
    .into_iter()
    .find_map(Value::as_array)
    .map_or(&[], Vec::as_slice)
}
