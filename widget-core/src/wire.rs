//! What travels between the card and the backend. JSON, snake case; times are unix ms of the business clock.
//! Golden files in `tests/golden` keep both sides in step.

use crate::ids::{DealId, DialogId, UserId};
use crate::owner::{OwnerView, Reason};
use serde::{Deserialize, Serialize};

/// Answer of `POST /api/v1/session`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Bearer for every further call.
    pub token: String,
    /// Unix ms.
    pub expires_at: i64,
    /// The CRM user whom the one-time token named.
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
    /// The dialogs of the deal, newest first. Empty: the deal has no WhatsApp chat.
    pub dialogs: Vec<DialogView>,
    /// Names of the users whom `dialogs` mention.
    pub users: Vec<UserName>,
}

/// A user's name for display.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserName {
    /// The CRM user.
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
    /// The last decision, readable: what «Почему так» shows.
    pub why: Vec<WhyLine>,
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

/// Answer of `POST /api/v1/dialogs/{id}/take · return · undo · dismiss`.
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
}

impl DialogView {
    /// Whether `user` leads the dialog.
    pub fn is_led_by(&self, user: UserId) -> bool {
        self.view.owner.leader() == Some(user)
    }
}
