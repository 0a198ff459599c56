//! Errors that say what the caller should do, not only what happened.

use thiserror::Error;

/// The store failed. Nothing of the failed call took effect.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Another holder has the lease, or this one's was lost: drop what was decided and claim again.
    #[error("the lease on the dialog is lost")]
    LeaseLost,
    /// Another process has the database open.
    #[error("{0}")]
    InUse(String),
    /// Nothing was ever stored there.
    #[error("the database holds no data yet: start the backend once")]
    Empty,
    /// The database failed; the call may be repeated.
    #[error("the database failed: {0}")]
    Database(String),
    /// The database refused the change for now, and has undone it for certain; the call may be repeated.
    #[error("the database refused the change: {0}")]
    Undone(String),
    /// Another transaction stood in its way; the call may be repeated at once.
    #[error("another change stood in the way of this one")]
    Collided,
    /// What was to be written breaks a rule of the store: repeating it changes nothing.
    #[error("refused: {0}")]
    Refused(String),
    /// A sealed value or a row could not be read back: the key is wrong or the data is damaged.
    #[error("stored data could not be read: {0}")]
    Unreadable(String),
}

/// What is wrong with a JSON text, without a word of it: serde's own sentence quotes values, and those may be a
/// guest's.
pub fn unquoted(what: &str, error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    format!(
        "{what}: {:?} error at line {line}, column {column}",
        error.classify()
    )
}

/// A call to amoCRM, Pact or the bot did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CallError {
    /// Nothing took effect; repeat, not before `after_ms` from now when the other side said so.
    #[error("not done, may be repeated: {why}")]
    Retry {
        /// Wait at least so long, ms.
        after_ms: Option<i64>,
        /// What happened; no secret, no personal data.
        why: String,
    },
    /// It may have taken effect: look before repeating (DESIGN §5.4).
    #[error("outcome unknown: {why}")]
    Unknown {
        /// What happened.
        why: String,
    },
    /// It will never succeed as it is: do not repeat.
    #[error("refused with status {status}: {why}")]
    Refused {
        /// The HTTP status; 0 when there was none.
        status: u16,
        /// What happened.
        why: String,
    },
}

impl CallError {
    /// A repeatable failure without a wish for a pause.
    pub fn retry(why: impl Into<String>) -> Self {
        Self::Retry {
            after_ms: None,
            why: why.into(),
        }
    }

    /// A failure whose outcome is unknown.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown { why: why.into() }
    }

    /// A failure for good.
    pub fn refused(status: u16, why: impl Into<String>) -> Self {
        Self::Refused {
            status,
            why: why.into(),
        }
    }
}
