//! What a decision asks for. Persisted in the outbox: a variant is never changed, only added beside the old one.
//!
//! An action names texts by reference and by the policy's keys; its words are put together when it is carried out.

use crate::event::FieldValue;
use crate::ids::{ContactId, DealId, MessageId, StageKey, TaskId, TextRef, TurnId, UserId};
use crate::owner::Reason;
use serde::{Deserialize, Serialize};

/// One act on the CRM, the channel or the bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Read the guest's contact and deals.
    ReadCrm,
    /// Ask the bot.
    AskBot {
        /// The turn; the same turn is the same question.
        turn: TurnId,
        /// The guest's unanswered messages.
        messages: Vec<MessageId>,
        /// Our intro will stand before the answer, so the bot need not greet.
        introduce: bool,
        /// What a manager wants the bot to know.
        manager_note: Option<TextRef>,
    },
    /// Write to the guest.
    Send {
        /// What kind of text.
        kind: SendKind,
        /// What it is made of.
        parts: Vec<TextPart>,
        /// The owner's epoch under which it was decided; under a later one it is refused.
        epoch: u64,
    },
    /// Put a task on the deal.
    CreateTask {
        /// On which deal.
        deal: DealId,
        /// Which kind.
        kind: TaskKind,
        /// What it says.
        text: TaskText,
        /// Unix ms.
        due_at: i64,
        /// For whom; `None` = as the CRM distributes.
        assignee: Option<UserId>,
    },
    /// Set the whole text of a task anew.
    SetTaskText {
        /// Which task.
        task: TaskId,
        /// What it says now.
        text: TaskText,
    },
    /// Close a task.
    CompleteTask {
        /// Which task.
        task: TaskId,
        /// With which result.
        result: TaskResult,
    },
    /// Give a task to somebody.
    AssignTask {
        /// Which task.
        task: TaskId,
        /// To whom.
        to: UserId,
    },
    /// Move the deal along the funnel, only from the expected stage.
    MoveDeal {
        /// Which deal.
        deal: DealId,
        /// Where it must stand.
        from: StageKey,
        /// Where it goes.
        to: StageKey,
        /// Why it is lost, as the CRM names it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        loss_reason: Option<String>,
    },
    /// Make a contact for the guest's phone.
    CreateContact,
    /// Make a deal at the policy's first stage.
    CreateDeal {
        /// For this contact.
        contact: ContactId,
    },
    /// Show the owner in the deal's field. What is written is the owner as of the call.
    SetOwnerField {
        /// On which deal.
        deal: DealId,
        /// The owner as of the decision.
        value: FieldValue,
    },
    /// Put tags on a contact and take others off.
    TagContact {
        /// Which contact.
        contact: ContactId,
        /// Names of those to put on.
        add: Vec<String>,
        /// Names of those to take off, as the CRM writes them.
        remove: Vec<String>,
    },
    /// Put a note on the deal.
    AddNote {
        /// On which deal.
        deal: DealId,
        /// What it says.
        note: Note,
    },
}

impl Action {
    /// Its name in traces.
    pub const fn name(&self) -> &'static str {
        match self {
            Action::ReadCrm => "read_crm",
            Action::AskBot { .. } => "ask_bot",
            Action::Send { .. } => "send",
            Action::CreateTask { .. } => "create_task",
            Action::SetTaskText { .. } => "set_task_text",
            Action::CompleteTask { .. } => "complete_task",
            Action::AssignTask { .. } => "assign_task",
            Action::MoveDeal { .. } => "move_deal",
            Action::CreateContact => "create_contact",
            Action::CreateDeal { .. } => "create_deal",
            Action::SetOwnerField { .. } => "set_owner_field",
            Action::TagContact { .. } => "tag_contact",
            Action::AddNote { .. } => "add_note",
        }
    }
}

/// What kind of text goes to the guest, and with it under which owner it may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendKind {
    /// The bot's answer. Only while the bot leads.
    Answer,
    /// A question back. Only while the bot leads.
    Clarify,
    /// The intro standing alone. Only while the bot leads.
    Intro,
    /// «Передаю…» with the hours text.
    Handoff,
    /// The hours text once more, off hours, once per waiting span.
    Hours,
    /// An acknowledgement, such as of an opt-out.
    Ack,
    /// The final touch. Only while the bot leads.
    Touch,
}

impl SendKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Answer,
        Self::Clarify,
        Self::Intro,
        Self::Handoff,
        Self::Hours,
        Self::Ack,
        Self::Touch,
    ];

    /// Its name in traces.
    pub const fn name(self) -> &'static str {
        match self {
            SendKind::Answer => "answer",
            SendKind::Clarify => "clarify",
            SendKind::Intro => "intro",
            SendKind::Handoff => "handoff",
            SendKind::Hours => "hours",
            SendKind::Ack => "ack",
            SendKind::Touch => "touch",
        }
    }

    /// Whether the text may leave only while the bot leads (promise 1, *one voice*).
    pub fn needs_bot(self) -> bool {
        matches!(
            self,
            SendKind::Answer | SendKind::Clarify | SendKind::Intro | SendKind::Touch
        )
    }
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextPart {
    /// A text of the policy, by its key, with its placeholders filled on rendering.
    Policy(String),
    /// The same, with `{deal_field}` filled by a sealed text.
    PolicyWith {
        /// The policy's key.
        key: String,
        /// What a field of the deal says.
        deal_field: TextRef,
    },
    /// A sealed text.
    Stored(TextRef),
}

/// The kinds of tasks the product makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// «WhatsApp»: a guest waits for a manager. One open per deal.
    Whatsapp,
    /// «Связаться»: a follow-up or an escalation.
    Contact,
}

/// What a task says; rendered when it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskText {
    /// Why.
    pub reason: Reason,
    /// The guest's messages since the handoff's cause, oldest first.
    pub messages: Vec<MessageId>,
}

/// With what result we close a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskResult {
    /// «Диалог у бота».
    Returned,
    /// «Ответ не нужен».
    Dismissed,
    /// «Бот снова работает и ответит сам».
    BotIsBack,
}

/// What a note says; rendered when it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum Note {
    /// The dialog was handed over.
    Handoff {
        /// Why.
        reason: Reason,
        /// The message that caused it.
        message: Option<MessageId>,
        /// The bot's own words for the manager.
        bot_note: Option<TextRef>,
        /// What the bot wanted to say to the guest, where that was the cause.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        wanted: Vec<TextRef>,
        /// The bot's summary of the dialog.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        summary: Option<TextRef>,
    },
    /// The bot moved the deal.
    Moved {
        /// From this stage.
        from: StageKey,
        /// To this stage.
        to: StageKey,
    },
    /// The bot did not make a move that it had earned.
    NotMoved {
        /// To this stage.
        to: StageKey,
        /// Why, as in the trace.
        why: String,
    },
    /// The bot moved the deal a moment after a person had: the person's move was lost.
    MovedOver {
        /// The stage that the person had chosen; `None` = one that is not mapped.
        stage: Option<StageKey>,
        /// The stage that the bot put in its place.
        to: StageKey,
    },
    /// The guest left a review.
    Review {
        /// The messages it stands in.
        messages: Vec<MessageId>,
    },
    /// The final touch was sent.
    Touched {
        /// Its text.
        text: TextRef,
    },
    /// A text did not reach the guest.
    Undelivered {
        /// The message.
        message: MessageId,
    },
    /// Somebody else made a deal for the guest after we had made one: it is left alone.
    ForeignDeal {
        /// That deal.
        deal: DealId,
    },
    /// The dialog goes on here: its former deal is gone.
    Rebound {
        /// The former deal.
        from: DealId,
    },
}
