//! Writing to a guest whom the provider no longer lets be written to freely.

use super::Guest;
use crate::error::CallError;
use async_trait::async_trait;
use widget_core::ids::MessageId;

/// A channel with a text that its provider has approved for guests who have been silent for long.
#[async_trait]
pub trait WriteFirst: Send + Sync {
    /// Sends `text` as the approved text; the channel's id of the accepted message.
    ///
    /// # Errors
    /// [`CallError::Refused`] where `text` is not the approved one: nothing has left.
    async fn write_first(&self, guest: &Guest, text: &str) -> Result<MessageId, CallError>;
}
