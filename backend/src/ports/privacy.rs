//! What is kept no longer than it is needed, and what is erased for good.

use super::{Guest, NewRow};
use crate::error::StoreError;
use async_trait::async_trait;
use widget_core::ids::{AccountId, ConversationId, DialogId, MessageId};

/// What is to be erased for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Erasure {
    /// Everything of the account, its key included.
    Account,
    /// Everything that was said in a dialog and that is known of its guest. The dialog begins anew.
    Guest(DialogId),
    /// The texts of one message, unless another one says the same.
    Message(DialogId, MessageId),
}

/// An erasure that somebody asked for and that is not on the disk yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Its id; ids grow in the order of asking.
    pub id: i64,
    /// The tenant.
    pub account: AccountId,
    /// What is to be erased.
    pub erasure: Erasure,
    /// When it was asked for, business unix ms.
    pub asked_at: i64,
}

/// How far an erasure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing is left; [`Privacy::settle`] takes it off the disk.
    Done,
    /// A part is erased: call again.
    More,
    /// Somebody works on the dialog, or a text of ours is on its way: call again later.
    Busy,
}

/// A dialog and who its guest is, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The dialog.
    pub dialog: DialogId,
    /// The channel's thread.
    pub conversation: ConversationId,
    /// The guest.
    pub guest: Option<Guest>,
}

/// Retention and erasure.
#[async_trait]
pub trait Privacy: Send + Sync {
    /// Removes some of what is handled and older than `before` (business unix ms): raw bodies, actions, ledger rows. How
    /// many rows went; 0 = there are no more.
    async fn prune(&self, before: i64) -> Result<u64, StoreError>;

    /// Remembers a wish, so that no crash loses it. The same wish twice is one.
    async fn wish(&self, account: AccountId, erasure: &Erasure, now: i64)
    -> Result<(), StoreError>;

    /// The wishes that are not carried out yet, oldest first.
    async fn wishes(&self) -> Result<Vec<Wish>, StoreError>;

    /// Carries out a wish, or a part of it. `notice`: the inbox row that tells the dialog of its guest's erasure, stored
    /// in the same commit; its time is that of the erasure. `anyway`: not even a text on its way is waited for.
    async fn erase(
        &self,
        wish: &Wish,
        notice: NewRow,
        anyway: bool,
    ) -> Result<Progress, StoreError>;

    /// Takes what was erased out of the log beside the database too, and forgets the wishes that are carried out.
    /// `false`: somebody reads what was before; call again later.
    async fn settle(&self) -> Result<bool, StoreError>;

    /// All dialogs of an account with their guests.
    async fn known(&self, account: AccountId) -> Result<Vec<Known>, StoreError>;
}

/// The log of calls to amoCRM, Pact and the bots.
#[async_trait]
pub trait ApiLog: Send + Sync {
    /// Removes what was logged on days that were over before `before`, business unix ms.
    async fn prune(&self, before: i64) -> std::io::Result<()>;

    /// Removes an account's log.
    async fn erase(&self, account: AccountId) -> std::io::Result<()>;
}
