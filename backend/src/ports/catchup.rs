//! What catching up needs: what the channel and the CRM have by now, and how far an account has come.

use super::{Envelope, Guest};
use crate::error::{CallError, StoreError};
use async_trait::async_trait;
use widget_core::dialog::Dialog;
use widget_core::ids::{AccountId, ConversationId, DealId, MessageId, TaskId};

/// How far an account has caught up with its channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// When it was first served, unix ms: nothing older is answered.
    pub activated_at: i64,
    /// Everything that the channel had before this has come in, unix ms.
    pub caught_up_to: i64,
}

/// How far accounts have caught up, and with what they still have to.
#[async_trait]
pub trait Reaches: Send + Sync {
    /// How far the account has come; from its first call on it is active since `now` (unix ms).
    async fn reach(&self, account: AccountId, now: i64) -> Result<Reach, StoreError>;

    /// Everything that the channel had before `to` (unix ms) has come in. Never goes back.
    async fn caught_up(&self, account: AccountId, to: i64) -> Result<(), StoreError>;

    /// The dialogs with a deal that a person leads or is to lead, and those of the bot in which something was decided at
    /// `since` (unix ms) or later.
    async fn open_dialogs(&self, account: AccountId, since: i64)
    -> Result<Vec<Dialog>, StoreError>;
}

/// A page of a list, in whatever order its owner keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// There is no page after it.
    pub last: bool,
}

/// A conversation in the channel's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// Its id.
    pub id: ConversationId,
    /// When it last changed, unix ms; 0 = never.
    pub changed_at: i64,
    /// Its newest message, where the channel names it.
    pub newest: Option<MessageId>,
    /// The guest.
    pub guest: Option<Guest>,
    /// Several people talk in it: it is none of ours.
    pub group: bool,
}

/// A message in the channel's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its id.
    pub id: MessageId,
    /// When it was written, by the provider's clock, unix ms.
    pub at: i64,
    /// When it came to the channel, unix ms.
    pub came_at: i64,
    /// What the channel's webhooks tell of such a message, oldest first: bodies that the webhooks' reader reads.
    pub told: Vec<Vec<u8>>,
}

/// What the CRM has of the things we watch over. Told as its webhooks tell it.
#[async_trait]
pub trait Watch: Send + Sync {
    /// These deals as they stand now; one that is gone is told as deleted.
    async fn deals(&self, deals: &[DealId]) -> Result<Vec<Envelope>, CallError>;

    /// Those of these tasks that are closed.
    async fn closed_tasks(&self, tasks: &[TaskId]) -> Result<Vec<Envelope>, CallError>;

    /// Links chats of the CRM's own that came after we had made a deal to the deals of their guests, among these; how
    /// many there were. May be repeated at will.
    async fn link_late(&self, deals: &[DealId]) -> Result<usize, CallError>;
}
