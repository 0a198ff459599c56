//! A guest on `WhatsApp`.

use super::World;
use serde_json::{Value, json};

/// Who wrote a line of a transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    Guest,
    Bot,
    Manager,
    Bulk,
    Robot,
}

/// A message as it reached the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub from: From,
    pub text: String,
    pub id: i64,
}

/// A guest by phone.
#[derive(Clone, Copy)]
pub struct Guest<'a> {
    pub(super) world: &'a World,
    pub(super) phone: &'a str,
}

impl Guest<'_> {
    /// The guest writes; Pact's id of the message.
    pub async fn writes(&self, text: &str) -> i64 {
        self.sends(&json!({"text": text})).await
    }

    /// A message in the control surface's words: `{text, name?, attachments?, provider_time?}`.
    pub async fn sends(&self, message: &Value) -> i64 {
        let path = format!("guests/{}/messages", self.phone);
        let made = self.world.play(&path, message).await;
        made["id"].as_i64().expect("an id")
    }

    /// Writes, and the quiet time of a burst passes.
    pub async fn asks(&self, text: &str) -> i64 {
        let id = self.writes(text).await;
        self.world.advance_s(6).await;
        id
    }

    /// All that was written, in order.
    pub async fn transcript(&self) -> Vec<Line> {
        let path = format!("guests/{}/transcript", self.phone);
        let lines = self.world.look(&path).await.expect("a transcript");
        let line = |line: &Value| Line {
            from: match line["from"].as_str() {
                Some("guest") => From::Guest,
                Some("bot") => From::Bot,
                Some("manager") => From::Manager,
                Some("bulk") => From::Bulk,
                Some("robot") => From::Robot,
                other => panic!("nobody is called {other:?}"),
            },
            text: line["text"].as_str().unwrap_or_default().to_owned(),
            id: line["id"].as_i64().expect("an id"),
        };
        lines.as_array().expect("a list").iter().map(line).collect()
    }

    /// What our side sent, the bot's answers and the policy's texts.
    pub async fn heard_from_bot(&self) -> Vec<String> {
        let lines = self.transcript().await.into_iter();
        lines
            .filter(|line| line.from == From::Bot)
            .map(|line| line.text)
            .collect()
    }

    /// Waits for the n-th text of ours, counted from 1; fails if there are more.
    pub async fn hears(&self, n: usize) -> String {
        let heard = self
            .world
            .eventually(&format!("text {n} for the guest"), async || {
                let heard = self.heard_from_bot().await;
                (heard.len() >= n).then_some(heard)
            })
            .await;
        assert_eq!(heard.len(), n, "more than was due: {heard:#?}");
        heard.into_iter().next_back().unwrap_or_default()
    }

    /// How many texts answer a message: the sandbox's bot names the messages of its turn.
    pub async fn answers_to(&self, message: i64) -> usize {
        let id = message.to_string();
        let heard = self.heard_from_bot().await;
        heard.iter().filter(|text| text.contains(&id)).count()
    }

    /// `{company_id, conversation_id, contact_id}` as Pact knows them.
    pub async fn in_pact(&self) -> Value {
        let path = format!("guests/{}", self.phone);
        self.world.look(&path).await.expect("Pact knows the guest")
    }
}
