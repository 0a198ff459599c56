//! The policy: versioned data that [`crate::decide`] obeys. The documented default: `backend/policies/sanatorium.toml`.

mod check;
#[cfg(feature = "policy-file")]
mod file;

pub use check::{Finding, check};
#[cfg(feature = "policy-file")]
pub use file::parse;

use crate::hours::{Calendar, DayTime, from_to, string_in_files};
use crate::ids::{StageKey, UserId};
use crate::owner::ReasonId;
use crate::time::{DAY, HOUR, MINUTE, SECOND, Zone};
use crate::understand::{AttachmentKind, Intent};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// All rules of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Version of this format: 1.
    pub schema: u32,
    /// What the account does at all.
    pub mode: Mode,
    /// What `{bot_name}` stands for in the texts.
    pub bot_name: String,
    /// What `{organisation}` stands for in the texts, in the genitive.
    pub organisation: String,
    /// Working hours, for texts and due times.
    pub calendar: Calendar,
    /// Durations.
    pub timers: Timers,
    /// How a dialog is taken and returned.
    pub ownership: Ownership,
    /// Tasks for managers.
    pub tasks: Tasks,
    /// When the bot's answer is good enough, and when it moves a deal.
    pub bot: BotRules,
    /// Texts for the guest, by key.
    pub texts: BTreeMap<String, String>,
    /// The stages of the funnel, in order. A stage or pipeline that is not listed belongs to people.
    pub stages: Vec<Stage>,
    /// What hands a dialog over, in order of priority.
    pub triggers: Vec<Trigger>,
}

/// What the account does at all (BEHAVIOUR §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The bot answers everyone.
    On,
    /// Everything waits for a manager.
    People,
    /// Nothing is decided and nothing written.
    Off,
}

/// Durations, each written like `40m`, `24h`, `4s`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timers {
    /// So long without a further message, and the guest's burst is over.
    pub burst_quiet: Span,
    /// A burst lasts no longer than this.
    pub burst_max: Span,
    /// A turn is superseded by newer messages for no longer than this …
    pub supersede_for: Span,
    /// … and no more often than this.
    pub supersede_max: u32,
    /// Back to the bot so long after the last human signal.
    pub auto_return_after: Span,
    /// A guest's message in this last stretch moves the auto-return once, by the same stretch.
    pub auto_return_grace: Span,
    /// How long an automatic take can be undone.
    pub undo_for: Span,
    /// An episode ends after so long without a message while the bot leads.
    pub episode_idle: Span,
    /// Time for the CRM to make the deal by itself.
    pub claim_grace: Span,
    /// A snapshot of the CRM serves for so long.
    pub snapshot_ttl: Span,
    /// When the CRM is down, a snapshot up to this age still serves.
    pub snapshot_max_age: Span,
    /// No intro of its own is sent within these hours.
    pub quiet: Quiet,
}

/// A duration in ms; in files a string such as `40m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(pub i64);

/// A span of the day that may cross midnight; in files a string such as `20:00-10:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Quiet {
    /// First minute.
    pub from: DayTime,
    /// The minute after the last.
    pub to: DayTime,
}

/// The units of a [`Span`] in files, longest first.
const UNITS: [(&str, i64); 5] = [
    ("d", DAY),
    ("h", HOUR),
    ("m", MINUTE),
    ("s", SECOND),
    ("ms", 1),
];

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, ms) = UNITS
            .into_iter()
            .find(|(_, ms)| self.0 != 0 && self.0 % ms == 0)
            .unwrap_or(("s", SECOND));
        write!(f, "{}{unit}", self.0 / ms)
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (digits, unit) = text.split_at(text.bytes().take_while(u8::is_ascii_digit).count());
        let ms = UNITS
            .into_iter()
            .find(|(name, _)| *name == unit)
            .map(|(_, ms)| ms);
        digits
            .parse::<i64>()
            .ok()
            .zip(ms)
            .and_then(|(count, ms)| count.checked_mul(ms))
            .map(Span)
            .ok_or_else(|| format!("«{text}» — не срок. Срок в виде 4s, 40m, 24h или 2d"))
    }
}

impl Quiet {
    /// Whether the wall clock at unix ms `at` lies within the span. Half-open; equal ends hold nothing.
    pub fn contains(self, at: i64, zone: &Zone) -> bool {
        let minute = zone.local(at).minute;
        let (from, to) = (i64::from(self.from.0), i64::from(self.to.0));
        if from <= to {
            (from..to).contains(&minute)
        } else {
            minute >= from || minute < to
        }
    }
}

impl fmt::Display for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

impl FromStr for Quiet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (from, to) = from_to(text)?;
        Ok(Self { from, to })
    }
}

string_in_files!(Span, Quiet);

/// How a dialog is taken and returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ownership {
    /// Name of the deal's field.
    pub field: String,
    /// Its values.
    pub values: FieldNames,
    /// When the responsible opens the deal.
    pub take_on_open: TakeOnOpen,
    /// When a person closes the task of a handoff while a manager leads.
    pub on_task_done: OnTaskDone,
}

/// The values of the field «Ведёт диалог», as the CRM shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldNames {
    /// The bot leads.
    pub bot: String,
    /// A guest waits.
    pub waiting: String,
    /// A manager leads.
    pub manager: String,
}

/// What the opening of a deal by its responsible does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TakeOnOpen {
    /// Takes any dialog.
    Always,
    /// Takes only a waiting dialog.
    Waiting,
    /// Takes nothing.
    Off,
}

/// What the closing of the task by a person does while a manager leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnTaskDone {
    /// The manager goes on.
    Keep,
    /// The bot leads again.
    Return,
}

/// Tasks for managers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tasks {
    /// The task of a handoff.
    pub whatsapp: TaskRules,
    /// Follow-ups and escalations.
    pub contact: TaskRules,
    /// For whom.
    pub assign: Assign,
    /// For whom when the deal has no active responsible; absent = as the CRM does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<UserId>,
    /// Who learns of a guest who was taken and never answered; absent = nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalate_to: Option<UserId>,
}

/// One kind of task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskRules {
    /// Name of the task type in the CRM.
    #[serde(rename = "type")]
    pub kind: String,
    /// Due after so much working time.
    pub due: Span,
}

/// For whom a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assign {
    /// For the deal's active responsible, else for the fallback.
    DealResponsible,
    /// As the CRM distributes.
    Crm,
}

/// When the bot's answer is good enough, and when it moves a deal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BotRules {
    /// Below this confidence (0..=100) a person answers.
    pub confidence_min: u8,
    /// How often the bot may ask back in an episode.
    pub clarify_max: u32,
    /// What makes «consulted».
    pub consulted_when: ConsultedWhen,
}

/// What makes «consulted».
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsultedWhen {
    /// The first answer of the bot that is accepted for sending.
    FirstAnswer,
    /// The bot reports it.
    Reported,
}

/// A stage of the funnel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// The policy's name of it.
    pub key: StageKey,
    /// The CRM's name of it.
    pub name: String,
    /// What the bot does there.
    pub role: StageRole,
    /// The guest has a booking: questions are about it.
    #[serde(default)]
    pub booking: bool,
    /// Where «consulted» moves the deal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consulted_to: Option<StageKey>,
    /// Where «payment link sent» moves the deal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_link_to: Option<StageKey>,
}

/// What the bot does at a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageRole {
    /// Answers, and moves the deal on.
    Drive,
    /// Answers only.
    Answer,
    /// Works out what the guest wants first («Выезд»).
    Intent,
    /// A guest who writes begins anew, with a new deal («Отказ»).
    Reopen,
}

/// What hands a dialog over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// Its name in traces.
    pub id: String,
    /// When it fires.
    pub when: Condition,
    /// The reason of the handoff.
    pub reason: ReasonId,
    /// A text of the policy said instead of `handoff`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A typed condition on the guest's unanswered messages and the facts of the episode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// More guests than this.
    GuestsOver(u32),
    /// The youngest child has completed at most so many years.
    ChildAtMost(u32),
    /// More rooms than this.
    RoomsOver(u32),
    /// A pet travels (or, `false`, none does).
    Pet(bool),
    /// The guest stayed before.
    PastStay(bool),
    /// A new booking is wanted.
    NewBooking(bool),
    /// One of these intents.
    IntentIn(Vec<Intent>),
    /// An attachment of one of these kinds.
    AttachmentIn(Vec<AttachmentKind>),
    /// The texts have at most so many characters in all.
    TextAtMost(u32),
    /// The deal stands at one of these stages.
    StageIn(Vec<StageKey>),
    /// All of these.
    All(Vec<Condition>),
    /// Any of these.
    Any(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
}

impl Policy {
    /// The stage of a key.
    pub fn stage(&self, key: &StageKey) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.key == *key)
    }

    /// The first stage: where new deals stand.
    pub fn first_stage(&self) -> Option<&Stage> {
        self.stages.first()
    }
}
