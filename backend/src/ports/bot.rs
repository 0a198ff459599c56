//! The bot: what it is asked, what it says, and how it says it (DESIGN §5.8).

use crate::error::CallError;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use widget_core::booking::Stay;
use widget_core::event::{BotDone, Kb};
use widget_core::ids::{DealId, DialogId, MessageId, StageKey, TurnId};
use widget_core::understand::{AttachmentKind, Facts, Intent};

/// `POST {bot}/turns` (DESIGN §5.8).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BotRequest {
    /// The same turn is the same question.
    #[schema(value_type = String)]
    pub turn_id: TurnId,
    /// Our id of the dialog.
    #[schema(value_type = String)]
    pub dialog: DialogId,
    /// Our intro will stand before the answer.
    pub introduce: bool,
    /// What a manager wants the bot to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manager_note: Option<String>,
    /// The guest's unanswered messages, oldest first.
    pub messages: Vec<BotMessage>,
    /// The contact.
    pub contact: BotContact,
    /// The deal.
    pub deal: Option<BotDeal>,
    /// Facts stated so far.
    pub facts: Facts,
    /// The last 20 messages before these.
    pub history: Vec<BotHistory>,
    /// What the policy says that the bot should know.
    pub policy: BotPolicy,
}

/// A guest's message for the bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BotMessage {
    /// The channel's id.
    #[schema(value_type = String)]
    pub id: MessageId,
    /// The text, empty for none.
    pub text: String,
    /// Kinds of attachments.
    pub attachments: Vec<AttachmentKind>,
    /// RFC 3339.
    pub at: String,
}

/// The contact for the bot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct BotContact {
    /// Given name.
    pub name: Option<String>,
    /// Patronymic.
    pub patronymic: Option<String>,
    /// At most five notes of at most 500 characters; untrusted.
    pub notes: Vec<String>,
}

/// The deal for the bot. What no field holds is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BotDeal {
    /// The CRM's id.
    #[schema(value_type = i64)]
    pub id: DealId,
    /// The policy's key of the stage.
    #[schema(value_type = Option<String>)]
    pub stage: Option<StageKey>,
    /// `YYYY-MM-DD`.
    pub arrival: Option<String>,
    /// `YYYY-MM-DD`.
    pub departure: Option<String>,
    /// Room category.
    pub category: Option<String>,
    /// Whole units of currency.
    pub amount: Option<i64>,
    /// Who travels, as the deal's field says.
    pub guests: Option<String>,
}

/// One line of the history for the bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BotHistory {
    /// `guest`, `bot`, `manager` or `bulk`.
    pub from: String,
    /// The text.
    pub text: String,
    /// RFC 3339.
    pub at: String,
}

/// The policy for the bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BotPolicy {
    /// The policy's texts by key.
    pub texts: BTreeMap<String, String>,
    /// Ids of the triggers that hand over.
    pub triggers: Vec<String>,
    /// What is to be found out at the deal's stage.
    pub collect: Vec<String>,
    /// How the bot calls itself.
    #[serde(default)]
    pub bot_name: String,
    /// For whom it speaks, in the genitive.
    #[serde(default)]
    pub organisation: String,
    /// What may stand in `booking`; absent: an answer must not hold `{booking_link}`, because nothing is booked so, or the
    /// guest has a link already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking: Option<BotBooking>,
}

/// What may stand in the bot's `booking`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BotBooking {
    /// No more grown-up guests than these.
    pub max_adults: u32,
    /// The names of the categories of rooms.
    pub categories: Vec<String>,
    /// The names of the programmes.
    pub programmes: Vec<String>,
}

/// The answer to a turn as a bot writes it. All fields but one of `replies`, `silent` and `handoff` may be left out, and
/// unknown ones are ignored. Read leniently: what is odd is read so that a person gets the dialog.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BotAnswerBody {
    /// What to send, in order.
    #[schema(required = false)]
    pub replies: Vec<BotText>,
    /// Nothing needs to be said.
    #[schema(required = false)]
    pub silent: bool,
    /// 0 to 1; without it 0. Below the policy's limit (0.7) a manager gets the dialog.
    #[schema(required = false, minimum = 0, maximum = 1)]
    pub confidence: f64,
    /// What the knowledge base had; a miss goes to a manager.
    #[schema(required = false)]
    pub kb: Kb,
    /// What the guest wants.
    #[schema(required = false)]
    pub intents: Vec<Intent>,
    /// Facts that the guest states.
    #[schema(required = false)]
    pub facts: Facts,
    /// What was done with this answer; takes effect when its text has left.
    #[schema(required = false)]
    pub done: Vec<BotDone>,
    /// A manager is needed.
    pub handoff: Option<BotWish>,
    /// What the answer stands on: prices and promises are held against it.
    #[schema(required = false)]
    pub passages: Vec<BotPassage>,
    /// For the manager who gets the dialog: what was asked, what is known, what is missing; at most 600 characters, no links.
    /// Read whenever the dialog goes to a manager, whatever the cause.
    pub summary: Option<String>,
    /// The stay that `{booking_link}` in a text stands for.
    pub booking: Option<Stay>,
}

/// A text for the guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BotText {
    /// The text, at most 1000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Instead of a text: an https address of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_url: Option<String>,
    /// The file's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A bot's wish for a manager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BotWish {
    /// One of the reasons of the product, such as `complaint`; any other counts as `unknown`.
    pub reason: String,
    /// For the manager.
    pub note: Option<String>,
}

/// A piece of the bot's knowledge base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BotPassage {
    /// Its name.
    pub id: Option<String>,
    /// Its words.
    pub text: String,
}

/// The bot's answer with plain texts; the flow seals them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct BotReply {
    /// Texts to send, in order. A file is sent as its URL.
    pub replies: Vec<String>,
    /// Nothing needs to be said.
    pub silent: bool,
    /// 0..=100.
    pub confidence: u8,
    /// What the knowledge base had.
    pub kb: Kb,
    /// Known intents; unknown names are dropped.
    pub intents: Vec<Intent>,
    /// Facts.
    pub facts: Facts,
    /// What was done.
    pub done: Vec<BotDone>,
    /// A wish for a person: reason and note.
    pub handoff: Option<(String, Option<String>)>,
    /// The passages that the answer stands on.
    #[serde(default)]
    pub passages: Vec<String>,
    /// The names of those that have one, for the trace.
    #[serde(default)]
    pub cited: Vec<String>,
    /// The dialog in a few words, for a manager.
    #[serde(default)]
    pub summary: Option<String>,
    /// The stay that the place for a booking link stands for.
    #[serde(default)]
    pub booking: Option<Box<Stay>>,
}

/// What a bot says to a turn.
#[derive(Debug, Clone, PartialEq)]
pub enum BotSaid {
    /// Its answer.
    Answer(Box<BotReply>),
    /// The answer comes later, by a call of the bot's own.
    Later,
}

/// A call of a bot that brings a late answer, as it came.
#[derive(Debug, Clone, Copy)]
pub struct LateCall<'a> {
    /// Unix seconds, as the bot wrote them.
    pub timestamp: &'a str,
    /// Hex HMAC-SHA256 over `{timestamp}.{body}`.
    pub signature: &'a str,
    /// JSON of the answer.
    pub body: &'a [u8],
}

/// Why a late answer is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LateRefusal {
    /// This bot did not sign it.
    NotSigned,
    /// This bot signed it, but not now: its timestamp is more than 5 minutes off.
    Stale,
    /// This bot signed it, but it is no answer.
    Unreadable,
}

/// The bot.
#[async_trait]
pub trait Bot: Send + Sync {
    /// Asks one turn: at most 60 s in all, one retry after a 5xx or a timeout, with the same turn id.
    async fn turn(&self, request: &BotRequest) -> Result<BotSaid, CallError>;

    /// Reads a late answer, if this bot signed it. The comparison takes the same time whatever the signature.
    ///
    /// # Errors
    /// Why it is none of this bot's answers.
    fn late(&self, call: LateCall<'_>) -> Result<BotReply, LateRefusal>;

    /// Whether its answers name their turns on purpose, as the sandbox's do, so that people and tests see what answers
    /// what.
    fn marks_turns(&self) -> bool {
        false
    }

    /// The prompt, where a language model answers: it may be talked into anything, so all that it says is held against what
    /// the house wrote.
    fn prompt(&self) -> Option<&str> {
        None
    }
}
