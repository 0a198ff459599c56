//! The policy: versioned data that [`crate::decide`] obeys. The documented default: `backend/policies/sanatorium.toml`.

mod check;
#[cfg(feature = "policy-file")]
mod diff;
mod difference;
#[cfg(feature = "policy-file")]
mod file;
#[cfg(feature = "policy-file")]
mod leaf;
mod problem;
mod together;
#[cfg(feature = "policy-toml")]
mod toml;

#[cfg(feature = "policy-toml")]
pub use self::toml::parse;
pub use check::{Finding, check, is_own_reason};
#[cfg(feature = "policy-file")]
pub use diff::{Change, diff};
pub use difference::Difference;
#[cfg(feature = "policy-file")]
pub use file::{read, unreadable};
#[cfg(feature = "policy-file")]
pub use leaf::{Leaf, Misfit};
pub use problem::{Hint, Name, Problem, Row, Wanted};

use crate::guard::Internal;
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
    /// In the mode `trial` the bot answers these phones only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trial_phones: Vec<String>,
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
    /// What the bot may do.
    pub bot: BotRules,
    /// Guests whom the bot leaves alone.
    #[serde(default)]
    pub exclude: Exclusions,
    /// `{review_url}` in the texts: where a guest may leave a review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_url: Option<String>,
    /// Where a guest books; absent = the bot sends no booking link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking: Option<BookingPage>,
    /// Texts for the guest, by key.
    pub texts: BTreeMap<String, String>,
    /// Which fields of a deal hold the booking.
    #[serde(default)]
    pub fields: DealFields,
    /// The stages of the funnel, in order. A stage or pipeline that is not listed belongs to people.
    pub stages: Vec<Stage>,
    /// What the guest's deals make of a message.
    pub inquiry: Inquiry,
    /// What hands a dialog over, most pressing first: the first that fires is the reason of the handoff.
    pub triggers: Vec<Trigger>,
    /// What a guest wants at a stage with the role `intent`. The first row that holds decides.
    pub departure: Vec<DepartureRow>,
    /// What another robot of the account does. The bot leaves it alone.
    #[serde(default)]
    pub robot_zone: RobotZone,
}

/// What the account does at all (BEHAVIOUR §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The bot answers everyone.
    On,
    /// The bot answers the phones of [`Policy::trial_phones`]; for others nothing is decided.
    Trial,
    /// Everything is decided and journaled, nothing is written.
    Watch,
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
    /// The responsible is reminded of a waiting guest after so much working time.
    pub waiting_reminder: Span,
    /// `tasks.escalate_to` learns of a waiting guest after so much working time.
    pub waiting_escalation: Span,
    /// The final touch, so long after the guest's last message …
    pub final_touch_after: Span,
    /// … or after so long, where the channel takes no free text 24 hours after the guest's last message.
    pub final_touch_window: Span,
    /// What becomes of a guest who does not answer the final touch is decided so long after it.
    pub after_touch: Span,
    /// A bot that promised its answer has so long for it.
    #[serde(default = "late_answer")]
    pub late_answer: Span,
    /// The bot writes nothing unasked within these hours.
    pub quiet: Quiet,
}

/// What policies that say nothing of it give a bot that promised its answer (DESIGN §5.8).
const fn late_answer() -> Span {
    Span(120 * SECOND)
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
    /// The first unix ms from `at` on that lies outside the span.
    pub fn end_after(self, at: i64, zone: &Zone) -> i64 {
        let mut at = at;
        while self.contains(at, zone) {
            let rest = (i64::from(self.to.0) - zone.local(at).minute).rem_euclid(DAY / MINUTE);
            let minute_began = at.saturating_sub(at.rem_euclid(MINUTE));
            let end = minute_began.saturating_add(rest * MINUTE);
            let mut changes = zone.transitions.iter().map(|(change, _)| *change);
            // The wall clock runs straight only up to the next change of the clocks.
            match changes.find(|change| *change > at && *change < end) {
                Some(change) => at = change,
                None => return end,
            }
        }
        at
    }

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
    /// Who learns of a guest whom nobody answers; absent = nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalate_to: Option<UserId>,
    /// Who sees to what is urgent, at any hour; absent = whoever a task is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duty_user: Option<UserId>,
    /// `{duty_phone}` in the texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duty_phone: Option<String>,
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

/// What the bot may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BotRules {
    /// How often the bot may ask back in an episode.
    pub clarify_max: u32,
    /// What makes «consulted».
    pub consulted_when: ConsultedWhen,
    /// What keeps an answer of the bot from leaving.
    #[serde(default)]
    pub guard: Guard,
}

/// Where a guest books: what becomes of `{booking_link}` in an answer of the bot ([`crate::booking`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookingPage {
    /// The address, with a place for each part of a stay ([`crate::booking::PLACES`]).
    pub url: String,
    /// No more grown-up guests than these book by themselves.
    #[serde(default = "max_adults")]
    pub max_adults: u32,
    /// The categories of rooms: a name, and what the address calls it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub categories: BTreeMap<String, String>,
    /// The programmes: a name, and what the address calls it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub programmes: BTreeMap<String, String>,
}

/// More than four guests are a person's (masterplan: Сценарий 2).
const fn max_adults() -> u32 {
    4
}

/// What the bot's answers are held against before they are sent: what does not pass goes to a manager.
#[expect(clippy::struct_excessive_bools, reason = "independent rules")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Guard {
    /// Characters of one message.
    pub max_chars: u32,
    /// A guest who writes in Cyrillic is not answered in other letters.
    pub language: bool,
    /// Kinds of text that are not meant for guests.
    pub internal: Vec<Internal>,
    /// Links lead to these hosts and what lies below them; absent = anywhere over https.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_hosts: Option<Vec<String>>,
    /// A link that stands in a passage that the bot names, letter by letter, may lead elsewhere too.
    pub passage_links: bool,
    /// Amounts and promises that nothing known holds.
    pub prices: Prices,
    /// What counts as a promise: beginnings of words, lower case.
    pub promises: Vec<String>,
    /// The same text is not said twice in an episode.
    pub repeats: bool,
    /// No phone, e-mail address, card or booking number that nobody gave in this dialog.
    pub personal: bool,
}

impl Default for Guard {
    fn default() -> Self {
        let promises = [
            "гаранти",
            "скидк",
            "бесплатн",
            "вернём деньги",
            "обеща",
            "guarantee",
            "discount",
            "for free",
        ];
        Self {
            max_chars: 1_000,
            language: true,
            internal: Internal::ALL.to_vec(),
            link_hosts: None,
            passage_links: true,
            prices: Prices::WithPassages,
            promises: promises.map(str::to_owned).to_vec(),
            repeats: true,
            personal: true,
        }
    }
}

/// When amounts and promises are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prices {
    /// When the bot names the passages it answers from: without them nobody knows what a price stands on.
    WithPassages,
    /// Always.
    Always,
    /// Never.
    Never,
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
    /// What the bot is to find out here: names of facts and deal fields, passed on to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub collect: Vec<String>,
    /// Text of the final touch; absent = a silent guest is left alone here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touch: Option<String>,
    /// Where a deal goes whose guest does not answer the final touch; absent = a task «Связаться».
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_reply_to: Option<StageKey>,
    /// Why a deal that we move here is lost, as the CRM names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_reason: Option<String>,
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
    /// The task is due after so much working time instead of `tasks.whatsapp.due`; `0s` = at once, at any hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Span>,
    /// For whom the task is, instead of `tasks.assign`. `duty` also says nothing of working hours to the guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assign: Option<TriggerAssign>,
    /// `tasks.escalate_to` learns of it after so long, at any hour, instead of `timers.waiting_escalation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalate_after: Option<Span>,
    /// Instead of a handoff the bot repeats, once in an episode, what this field of the deal says, if it says anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<RepeatField>,
}

/// For whom the task of a trigger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerAssign {
    /// For `tasks.duty_user`.
    Duty,
}

/// A field of the deal that the bot may repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepeatField {
    /// `fields.payment`.
    Payment,
    /// `fields.refund`.
    Refund,
}

/// Which fields of a deal hold the booking, by the names that the CRM shows. What is absent is not read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DealFields {
    /// Date of arrival.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrival: Option<String>,
    /// Date of departure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub departure: Option<String>,
    /// Room category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Who travels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guests: Option<String>,
    /// Status of the payment, as the bot may repeat it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<String>,
    /// Status of the refund, as the bot may repeat it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<String>,
}

/// Guests whom the bot leaves alone: no text, contact, deal or task of ours.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusions {
    /// Phones, in any spelling.
    #[serde(default)]
    pub phones: Vec<String>,
    /// Tags of the contact in the CRM.
    #[serde(default)]
    pub contact_tags: Vec<String>,
}

/// What another robot of the account does (masterplan: «Открытые вопросы», 3). The bot leaves it alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RobotZone {
    /// Moves from stage to stage that only the robot makes.
    #[serde(default)]
    pub moves: Vec<[StageKey; 2]>,
    /// Task types that the bot neither makes nor closes.
    #[serde(default)]
    pub tasks: Vec<String>,
    /// Texts that the robot sends to guests: they never take a dialog.
    #[serde(default)]
    pub texts: Vec<String>,
}

impl RobotZone {
    /// Whether only the robot moves a deal so.
    pub fn owns_move(&self, from: &StageKey, to: &StageKey) -> bool {
        self.moves.iter().any(|[a, b]| a == from && b == to)
    }
}

/// What the guest's deals make of a message (masterplan: Сценарий 1, «гибридная логика»). Looked at in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inquiry {
    /// The only open deal stands in a pipeline or at a stage that is not listed.
    pub unmapped: InquiryAct,
    /// Several are open, and it is not clear which one is meant.
    pub several: InquiryAct,
    /// The deal stands before the booking is paid: `booking = false`.
    pub early: InquiryAct,
    /// The deal stands at a stage with `booking = true`.
    pub booking: InquiryAct,
    /// The only open deal stands at a stage with the role `intent`.
    pub departure: InquiryAct,
    /// The guest asks about a booking, and the number has no deal at all.
    pub booking_not_found: InquiryAct,
    /// The newest deal stands at a stage with the role `reopen`, and no other is open.
    pub refused: InquiryAct,
    /// There is no open deal.
    pub none: InquiryAct,
}

/// What follows from the guest's deals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InquiryAct {
    /// The bot answers, on this deal.
    Bot,
    /// The bot answers, on a new deal.
    NewDeal,
    /// The bot asks which one; asked once, then a person.
    Clarify,
    /// The rows of [`Policy::departure`].
    Table,
    /// A person answers.
    People,
}

impl InquiryAct {
    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::NewDeal => "new_deal",
            Self::Clarify => "clarify",
            Self::Table => "table",
            Self::People => "people",
        }
    }
}

/// One row of what a guest may want at «Выезд» (masterplan: «Особая логика для этапа "Выезд"»).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepartureRow {
    /// Its name in traces.
    pub id: String,
    /// When it holds.
    pub when: Condition,
    /// What is done.
    pub then: DepartureAct,
    /// And the dialog is handed over for this reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonId>,
    /// A text of the policy said: with `accept_review` the answer, with a reason the handoff's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What is done for a guest at «Выезд».
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DepartureAct {
    /// The review is taken: a thank-you with the link, and a note.
    AcceptReview,
    /// The bot answers on the current deal.
    Answer,
    /// A new deal; the current one stays where it is.
    NewDeal,
    /// The bot asks what it is about; asked once, then a person.
    Clarify,
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
    /// Intents are there, and each is one of these.
    OnlyIntents(Vec<Intent>),
    /// An attachment of one of these kinds.
    AttachmentIn(Vec<AttachmentKind>),
    /// The texts have at most so many characters in all.
    TextAtMost(u32),
    /// Several deals are meant at once.
    SeveralDealsMeant(bool),
    /// More open deals than this.
    OpenDealsOver(u32),
    /// What is meant is unclear, and nothing else was recognised.
    MeaningUnclear(bool),
    /// The bot found nothing in the knowledge base.
    KbMiss(bool),
    /// The bot's confidence in its answer (0..=100) is below this.
    BotUnsure(u8),
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

    /// The text of a key, if there is one that says anything.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.texts
            .get(key)
            .map(String::as_str)
            .filter(|text| !text.trim().is_empty())
    }

    /// The first stage: where new deals stand.
    pub fn first_stage(&self) -> Option<&Stage> {
        self.stages.first()
    }
}
