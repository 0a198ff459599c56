//! Everything that can happen to a dialog. Persisted: a variant is never changed, only added beside the old one.

use crate::action::{Action, SendKind};
use crate::booking::Filled;
use crate::guard::Measured;
use crate::ids::{
    ActionKey, ContactId, DealId, MessageId, StageKey, TaskId, TextRef, TurnId, UserId,
};
use crate::time::Days;
use crate::understand::{Facts, Intent, Understood};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One event of one dialog. Times named `at` are the event's own time, unix ms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The guest wrote.
    GuestWrote(GuestMessage),
    /// The guest changed a message.
    GuestEdited(GuestMessage),
    /// The guest deleted a message.
    GuestDeleted {
        /// Which.
        message: MessageId,
    },
    /// A message left towards the guest, and it is known who wrote it.
    OutgoingSeen {
        /// The channel's id.
        message: MessageId,
        /// Who wrote it (BEHAVIOUR §2).
        author: Author,
        /// When.
        at: i64,
        /// Its text; `None` when it has none.
        text: Option<TextRef>,
    },
    /// The CRM was read.
    CrmRead(CrmSnapshot),
    /// The bot answered a turn.
    BotAnswered {
        /// Which turn.
        turn: TurnId,
        /// What.
        answer: BotAnswer,
    },
    /// The bot gave no answer to a turn.
    BotFailed {
        /// Which turn.
        turn: TurnId,
    },
    /// The bot took a turn and promised to answer it by a call of its own.
    BotPromised {
        /// Which turn.
        turn: TurnId,
        /// When it promised, unix ms.
        at: i64,
    },
    /// An action of ours was carried out.
    ActionDone {
        /// Which.
        action: ActionKey,
        /// With what result.
        done: Done,
    },
    /// An action of ours failed for good.
    ActionFailed {
        /// Which.
        action: ActionKey,
        /// What it was.
        what: Box<Action>,
        /// Why.
        failure: Failure,
    },
    /// The button «Взять диалог».
    ManagerTook {
        /// By whom.
        user: UserId,
    },
    /// The button «Отменить» after an automatic take.
    TakeUndone {
        /// By whom.
        user: UserId,
    },
    /// Somebody opened the deal's card and stayed.
    CardOpened {
        /// Who.
        user: UserId,
        /// Whether this is the deal's active responsible.
        responsible: bool,
    },
    /// The button «Вернуть боту».
    Returned {
        /// By whom.
        user: UserId,
        /// What the bot should know.
        note: Option<TextRef>,
    },
    /// «Ответ не нужен».
    Dismissed {
        /// By whom.
        user: UserId,
    },
    /// The field «Ведёт диалог» is not what we wrote.
    FieldChanged {
        /// What it says now.
        value: FieldValue,
        /// Who changed it.
        by: Changer,
    },
    /// A hint that the deal changed in the CRM.
    DealChanged {
        /// Which deal.
        deal: DealId,
        /// Who changed it, if the hint says so.
        by: Changer,
        /// What the hint says of the field, if anything.
        field: Option<FieldValue>,
        /// The stage that the hint names; `None` also for a stage that is not mapped.
        stage: Option<StageKey>,
    },
    /// The CRM reports that the deal went from one stage to another.
    DealMoved {
        /// Which deal.
        deal: DealId,
        /// The stage it left; `None` = one that is not mapped.
        from: Option<StageKey>,
        /// Where it stands now; `None` = a stage that is not mapped.
        to: Option<StageKey>,
    },
    /// A task of ours was changed in the CRM.
    TaskChanged {
        /// Which.
        task: TaskId,
        /// Whether it is closed.
        done: bool,
        /// By whom.
        by: Changer,
    },
    /// The button «Не отправлять»: no final touch in this episode.
    TouchDeclined {
        /// By whom.
        user: UserId,
    },
    /// The button «Не отвечать ботом»: from now on only managers talk to this guest.
    GuestExcluded {
        /// By whom.
        user: UserId,
    },
    /// The button «Включить бота».
    GuestIncluded {
        /// By whom.
        user: UserId,
    },
    /// A text of ours that the channel had accepted did not reach the guest.
    DeliveryFailed {
        /// Which.
        message: MessageId,
    },
    /// What a handoff was blamed on works again.
    ServiceBack {
        /// What.
        service: Service,
    },
    /// The working day begins, and guests have waited since before: told of the one who has waited longest.
    DayOpened {
        /// How many wait.
        waiting: u32,
    },
    /// An event of this dialog could not be read, three times over; it is set aside.
    Unreadable,
    /// All that was known of the guest was erased.
    Erased,
    /// An armed timer is due.
    TimerFired {
        /// Which.
        timer: Timer,
        /// The generation under which it was armed; another one means it was re-armed or cancelled meanwhile.
        generation: u64,
    },
}

/// A guest's message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestMessage {
    /// The channel's id.
    pub id: MessageId,
    /// When the guest wrote, by the channel's clock.
    pub at: i64,
    /// The text; `None` when there is only an attachment.
    pub text: Option<TextRef>,
    /// What it says.
    pub understood: Understood,
    /// What the account's lists say of the guest.
    #[serde(default, skip_serializing_if = "Listed::is_empty")]
    pub listed: Listed,
    /// Unix ms until which the channel takes free text for this guest; `None` = without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_until: Option<i64>,
}

/// Whether the guest's phone stands in the lists of the policy in force. The phone itself stands nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Listed {
    /// In `trial_phones`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub trial: bool,
    /// In `exclude.phones`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub excluded: bool,
}

impl Listed {
    /// Whether it stands in none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a technical reason of a handoff is blamed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// The bot.
    Bot,
    /// The CRM.
    Crm,
}

/// How the id of a message begins that the CRM reports: its ids are others than the channel's.
pub const CRM_MESSAGE: &str = "crm:";

/// Who wrote a message that left towards the guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "author", rename_all = "snake_case")]
pub enum Author {
    /// We did; the ledger knows it.
    Bot {
        /// The action that sent it.
        action: ActionKey,
    },
    /// A person; unattributed counts as one.
    Person {
        /// Who, when the CRM says so.
        user: Option<UserId>,
    },
    /// A bulk mailing.
    Bulk,
    /// Another robot.
    Robot,
}

/// Who changed something in the CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "changer", content = "user", rename_all = "snake_case")]
pub enum Changer {
    /// A user.
    Person(UserId),
    /// A robot of the CRM.
    Robot,
    /// Not said. Counts as a person.
    Unknown,
}

impl Changer {
    /// The user, if it is one.
    pub fn user(self) -> Option<UserId> {
        match self {
            Changer::Person(user) => Some(user),
            Changer::Robot | Changer::Unknown => None,
        }
    }
}

/// The deal's field «Ведёт диалог».
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldValue {
    /// Not set: means the same as `Bot`.
    Empty,
    /// «Бот».
    Bot,
    /// «Ждёт менеджера».
    Waiting,
    /// «Менеджер».
    Manager,
}

/// The guest's contact and deals as the CRM has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmSnapshot {
    /// When it was read.
    pub at: i64,
    /// The action that read it.
    pub action: ActionKey,
    /// The contact; `None` = the CRM has none for this phone.
    pub contact: Option<ContactFacts>,
    /// The contact's deals that are not deleted, newest first.
    pub deals: Vec<DealFacts>,
}

/// A contact, reduced to what routing and texts need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactFacts {
    /// The CRM's id.
    pub id: ContactId,
    /// The given name.
    pub name: Option<TextRef>,
    /// The patronymic.
    pub patronymic: Option<TextRef>,
    /// The newest notes on the contact, at most five, each at most 500 characters. Untrusted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<TextRef>,
    /// Those of the contact's tags that the policy names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// A deal, reduced to what routing needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DealFacts {
    /// The CRM's id.
    pub id: DealId,
    /// The policy's stage; `None` = unlisted pipeline or unmapped stage.
    pub stage: Option<StageKey>,
    /// The stage as the CRM shows it.
    pub stage_name: String,
    /// Won, or lost.
    pub closed: bool,
    /// The responsible user.
    pub responsible: Option<UserId>,
    /// Whether the responsible is an active user.
    pub responsible_active: bool,
    /// The field «Ведёт диалог».
    pub field: FieldValue,
    /// Unix ms.
    pub created_at: i64,
    /// Price, whole units of the account's currency.
    #[serde(default)]
    pub amount: Option<i64>,
    /// What the mapped fields say of the booking.
    #[serde(default, skip_serializing_if = "Booking::is_empty")]
    pub booking: Booking,
    /// A task stands open on it. Our «WhatsApp» is closed while the bot leads, so then it is a person's, another robot's,
    /// or an escalation of ours.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_task: bool,
}

/// What the mapped fields of a deal say of the booking; absent = not mapped, or not filled in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Booking {
    /// From arrival to departure; one of them alone is one day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<Days>,
    /// Room category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<TextRef>,
    /// Who travels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guests: Option<TextRef>,
    /// Status of the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<TextRef>,
    /// Status of the refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund: Option<TextRef>,
}

impl Booking {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What the bot says to a turn (DESIGN §5.8), with its texts sealed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BotAnswer {
    /// What to send, in order.
    pub replies: Vec<TextRef>,
    /// Nothing needs to be said.
    #[serde(default)]
    pub silent: bool,
    /// 0..=100.
    pub confidence: u8,
    /// What the knowledge base had.
    pub kb: Kb,
    /// Intents the bot saw.
    #[serde(default)]
    pub intents: BTreeSet<Intent>,
    /// Facts the bot saw.
    #[serde(default)]
    pub facts: Facts,
    /// What the bot did with this answer. Takes effect only when the answer's send is accepted.
    #[serde(default)]
    pub done: BTreeSet<BotDone>,
    /// The bot asks for a person.
    pub handoff: Option<BotHandoff>,
    /// The names of the passages that it stands on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cited: Vec<String>,
    /// What its texts hold; `None` = there are none, or it is of a time before they were measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Box<Measured>>,
    /// The bot's summary of the dialog, for a manager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<TextRef>,
    /// What became of the place for a booking link; `None` = there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Filled>,
}

/// What the knowledge base had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kb {
    /// The answer stands on it.
    Hit,
    /// Nothing found.
    Miss,
    /// Not asked.
    #[default]
    None,
}

/// What the bot reports as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BotDone {
    /// The guest was consulted.
    Consulted,
    /// The answer holds a payment link.
    PaymentLinkSent,
    /// The answer holds a link for a review.
    ReviewLinkSent,
}

/// The bot's wish for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BotHandoff {
    /// One of our reasons, or `None` when the bot names another.
    pub reason: Option<crate::owner::ReasonId>,
    /// For the manager's eyes.
    pub note: Option<TextRef>,
}

/// The result of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "done", rename_all = "snake_case")]
pub enum Done {
    /// The channel accepted a text.
    Sent {
        /// Which kind.
        kind: SendKind,
        /// The channel's id.
        message: MessageId,
        /// When, unix ms.
        at: i64,
        /// The text as it was sent.
        text: TextRef,
    },
    /// A task stands.
    TaskCreated {
        /// Its id.
        task: TaskId,
    },
    /// A contact stands.
    ContactCreated {
        /// Its id.
        contact: ContactId,
    },
    /// A deal stands, at the first stage of the policy.
    DealCreated {
        /// Its id.
        deal: DealId,
    },
    /// A deal moved.
    DealMoved {
        /// Which deal.
        deal: DealId,
        /// To which stage.
        to: StageKey,
    },
    /// A deal was not at the expected stage and stays.
    MoveStale {
        /// Which deal.
        deal: DealId,
        /// Where it stands; `None` = a stage that is not mapped.
        now: Option<StageKey>,
    },
    /// The field says this.
    FieldSet {
        /// Which deal.
        deal: DealId,
        /// What was written.
        value: FieldValue,
    },
    /// Done, with nothing to remember.
    Plain,
}

/// Why an action failed for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The owner changed before the claim; nothing left.
    Fenced,
    /// The other side refuses it.
    Refused,
    /// The other side did not answer within the policy's patience.
    Unreachable,
    /// What it was to change is not there any more.
    Gone,
}

/// The timers of a dialog (BEHAVIOUR §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timer {
    /// The guest's burst of messages is over.
    Burst,
    /// Time to look again for the deal that the CRM may have made, and in the end to make one.
    ClaimGrace,
    /// Back to the bot without a human signal.
    AutoReturn,
    /// The episode ends in silence.
    EpisodeIdle,
    /// The guest waits: the responsible is reminded.
    WaitingReminder,
    /// The guest still waits: somebody else learns of it.
    WaitingEscalation,
    /// A silent guest is written to once more.
    FinalTouch,
    /// The guest did not answer the final touch.
    AfterTouch,
    /// The answer that the bot promised has not come.
    LateAnswer,
}
