//! Newtypes for identifiers, so that a deal is never taken for a contact.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! number_id {
    ($(#[$doc:meta] $name:ident),* $(,)?) => {$(
        #[$doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

macro_rules! text_id {
    ($(#[$doc:meta] $name:ident),* $(,)?) => {$(
        #[$doc]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )*};
}

number_id! {
    /// An amoCRM account: one tenant.
    AccountId,
    /// A user of the CRM.
    UserId,
    /// A deal in the CRM.
    DealId,
    /// A contact in the CRM.
    ContactId,
    /// A task in the CRM.
    TaskId,
    /// A sealed text in the store's table `text`. Journal, state and outbox hold this, never the text.
    TextRef,
}

text_id! {
    /// Our aggregate: one conversation with its owner, deal and timers.
    DialogId,
    /// The channel's thread with one guest on one provider.
    ConversationId,
    /// A message, as the channel names it.
    MessageId,
    /// One question to the bot. The bot answers the same turn with the same answer.
    TurnId,
    /// The policy's name of a stage, such as `new`. The CRM's own ids stay in its adapter.
    StageKey,
}

impl TurnId {
    /// The `n`-th turn of a dialog, from 1.
    pub fn new(dialog: &DialogId, n: u64) -> Self {
        Self(format!("{dialog}-t{n}"))
    }

    /// The dialog that the turn belongs to; `None` for a name of another shape.
    pub fn dialog(&self) -> Option<DialogId> {
        self.0.rsplit_once("-t").map(|(dialog, _)| dialog.into())
    }

    /// Which of its dialog's turns it is, from 1; `None` for a name of another shape.
    pub fn number(&self) -> Option<u64> {
        self.0.rsplit_once("-t")?.1.parse().ok()
    }
}

/// Names one action for ever: `dialog/seq/index`. Repeating an action repeats its key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionKey(pub String);

impl ActionKey {
    /// The key of the `index`-th action that the journal row `seq` of `dialog` decided.
    pub fn new(dialog: &DialogId, seq: u64, index: usize) -> Self {
        Self(format!("{dialog}/{seq}/{index}"))
    }

    /// The sequence number of the journal row that decided the action; 0 for a key of another shape.
    pub fn seq(&self) -> u64 {
        let mut parts = self.0.rsplit('/');
        parts.next();
        parts.next().and_then(|seq| seq.parse().ok()).unwrap_or(0)
    }
}

impl fmt::Display for ActionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
