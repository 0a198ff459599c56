//! What travels between the card and the backend. JSON, snake case; times are unix ms of the business clock.
//! Golden files in `tests/golden` keep both sides in step.

#[cfg(feature = "understand")]
pub mod knowledge;
pub mod policy;
pub mod versions;

use crate::ids::{DealId, DialogId, UserId};
use crate::owner::{OwnerView, Reason};
use crate::understand::Facts;
use serde::{Deserialize, Serialize};

/// Answer of `POST /api/v1/session`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// Bearer for every further call.
    pub token: String,
    /// Unix ms.
    pub expires_at: i64,
    /// The CRM user whom the one-time token named.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub user: UserId,
    /// Whether that user is an administrator of the account.
    pub admin: bool,
    /// [`crate::PROTOCOL_VERSION`] of the backend; another one means the card is out of date.
    pub protocol: u32,
}

/// Answer of `GET /api/v1/deals/{id}/dialogs`: all that the card of one deal shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DealDialogs {
    /// The backend's business clock, unix ms. The card counts on from here, so that its own clock may be wrong.
    pub now: i64,
    /// The account's UTC offset, seconds.
    pub utc_offset: i32,
    /// The dialogs of the deal, newest first, then those of its contacts that belong to other deals. Empty: the deal has no WhatsApp chat.
    pub dialogs: Vec<DialogView>,
    /// Names of the users whom `dialogs` mention.
    pub users: Vec<UserName>,
    /// Empty because the deal has no contact.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_contact: bool,
    /// What is wrong with the whole account, what guests feel most first. Finished sentences, in the shape of those that
    /// the card reads anyway: every byte of it counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<WhyLine>,
}

/// A user's name for display.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserName {
    /// The CRM user.
    #[cfg_attr(feature = "openapi", schema(value_type = i64))]
    pub id: UserId,
    /// As the CRM shows it.
    pub name: String,
}

/// One dialog as the card shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialogView {
    /// Its id in the API.
    pub id: DialogId,
    /// The deal it is bound to; `None` until one is found or made.
    pub deal: Option<DealId>,
    /// The guest's phone with the middle hidden, such as `+7 900 … 01`.
    pub phone: String,
    /// Owner and epoch. `If-Match` of an action carries the epoch.
    #[serde(flatten)]
    pub view: OwnerView,
    /// The bot is preparing an answer now.
    pub bot_busy: bool,
    /// Unix ms of the bot's last answer.
    pub bot_last: Option<i64>,
    /// Unix ms of the guest's last message.
    pub guest_last: Option<i64>,
    /// Unix ms since which a message of the guest has no answer.
    pub unanswered_since: Option<i64>,
    /// Unix ms at which the dialog goes back to the bot by itself.
    pub return_at: Option<i64>,
    /// Unix ms until which an automatic take can be undone.
    pub undo_until: Option<i64>,
    /// The last handoff's reason, kept while a manager leads.
    pub handoff: Option<Reason>,
    /// The guest was told that the answer comes in working hours.
    pub off_hours: bool,
    /// The guest's last message, cut to 200 characters.
    pub guest_text: Option<String>,
    /// What the bot wanted to answer when its answer did not pass the checks: the cause of the last handoff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot_wanted: Option<String>,
    /// Of a dialog that people have: what was asked, what is known, what is missing; by the bot, else put together. Russian.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The last decision, readable: what «Почему так» shows.
    pub why: Vec<WhyLine>,
    /// What the guest has told in this episode.
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    pub facts: Facts,
    /// What the bot has asked the guest back; `None` = nothing, or it is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_back: Option<AskedBack>,
    /// Unix ms of the final touch to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touch_at: Option<i64>,
    /// Why the bot says nothing to this guest, though nobody took the dialog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mute: Option<Mute>,
    /// Only managers talk to this guest, whoever leads now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excluded: Option<ExcludedBy>,
    /// The stage of the dialog's deal, as the CRM shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// The dialog's deal is closed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deal_closed: bool,
    /// The deal's responsible, once the guest has waited so long that they are reminded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminded: Option<UserId>,
}

/// What the bot asks back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedBack {
    /// Which of several deals is meant.
    Deal,
    /// What it is about.
    Kind,
}

/// Why the bot says nothing to a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mute {
    /// The account's lists or the contact's tags name the guest.
    Excluded,
    /// The account's mode is `trial`, and the phone is none of its own.
    Trial,
    /// The account's mode is `people`.
    Paused,
    /// The account's mode is `off` or `watch`.
    Off,
}

/// What says that only managers talk to a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExcludedBy {
    /// The policy's list of phones: the card cannot change it.
    List,
    /// A manager's click, or a tag of the contact.
    Hand,
}

/// Answer of `GET /api/v1/dialogs/{id}/history`: who led, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The changes of the owner.
    pub entries: Vec<HistoryEntry>,
    /// Names of the users whom `entries` mention.
    pub users: Vec<UserName>,
}

/// One change of the owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// Unix ms.
    pub at: i64,
    /// How it came about.
    pub how: How,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// Of a handoff: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Of a return by itself: after so many minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<i64>,
}

macro_rules! hows {
    ($($(#[$doc:meta])* $name:ident = $id:literal),* $(,)?) => {
        /// How the owner changed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum How {
            $($(#[$doc])* #[serde(rename = $id)] $name),*
        }

        impl How {
            /// Every way.
            pub const ALL: &'static [How] = &[$(How::$name),*];

            /// The stable id, as on the wire and in the texts `hist.*`.
            pub const fn as_str(self) -> &'static str {
                match self { $(How::$name => $id),* }
            }
        }
    };
}

hows! {
    /// It went to the bot.
    Bot = "bot",
    /// Handed over.
    Waiting = "waiting",
    /// «Взять диалог».
    Button = "button",
    /// The responsible opened the deal.
    Opened = "opened",
    /// A person wrote to the guest.
    Wrote = "wrote",
    /// Somebody unknown wrote, as from the phone.
    Phone = "phone",
    /// The field «Ведёт диалог».
    Field = "field",
    /// The «WhatsApp» task was closed.
    Task = "task",
    /// Back to the bot by itself.
    Auto = "auto",
    /// «Вернуть боту».
    Return = "return",
    /// «Ответ не нужен».
    Dismiss = "dismiss",
    /// «Отменить».
    Undo = "undo",
    /// «Не отвечать ботом».
    Exclude = "exclude",
    /// «Включить бота».
    Include = "include",
}

/// One line of «Почему так».
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhyLine {
    /// How the check ended.
    pub mark: WhyMark,
    /// The sentence, in Russian.
    pub ru: String,
    /// The sentence, in English.
    pub en: String,
}

/// How one check of a decision ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyMark {
    /// ✓ Looked at, did not decide.
    Passed,
    /// ● Decided.
    Decided,
    /// – Not asked.
    Skipped,
}

/// Body of `POST /api/v1/dialogs/{id}/return`. The other actions take no body.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReturnRequest {
    /// What the bot should know; the guest never sees it. At most 500 characters.
    #[serde(default)]
    pub note: Option<String>,
}

/// Answer of `POST /api/v1/dialogs/{id}/take · return · undo · dismiss · no_touch · exclude · include`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionAnswer {
    /// The dialog after the action.
    pub dialog: DialogView,
    /// A text of the bot was already on its way to the guest and could not be held back.
    pub left_meanwhile: bool,
}

/// `application/problem+json` (RFC 9457), with what the card needs of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Stable code of the error: the keys of the card's texts `error.*`.
    pub code: String,
    /// A sentence for people, English.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What exactly, English; never a secret, a phone or a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// 409 only: the dialog as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialog: Option<Box<DialogView>>,
    /// `account_unknown` only, for administrators of an account that is being set up: what is left to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup: Option<Unfinished>,
}

/// What is left of an account's setup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    /// How many steps are left.
    pub left: u32,
    /// Address of the page where it goes on.
    pub page: String,
}

impl DialogView {
    /// Whether `user` leads the dialog.
    pub fn is_led_by(&self, user: UserId) -> bool {
        self.view.owner.leader() == Some(user)
    }
}
