//! Several instances that share one store: what only one of them does, and what they tell each other.

use super::Lane;
use crate::error::StoreError;
use async_trait::async_trait;
use std::fmt;
use widget_core::ids::{AccountId, DealId};

/// What only one instance does at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Duty {
    /// Everything that takes from an account's places with its providers: so their limits and its order are kept in one
    /// place.
    Account(AccountId),
    /// Giving hints of the CRM to their dialogs, in order.
    Hints,
    /// Retention and erasures.
    Chores,
}

impl fmt::Display for Duty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(account) => write!(f, "account/{account}"),
            Self::Hints => f.write_str("hints"),
            Self::Chores => f.write_str("chores"),
        }
    }
}

/// What another instance has done that concerns this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum News {
    /// There are actions to carry out.
    Acts(AccountId, Lane),
    /// Something that cards of this deal show has changed.
    Deal(AccountId, DealId),
    /// A version of the account's rules was stored.
    Rules(AccountId),
}

/// The instances that share a store. A store for one process has one, which does everything and hears nothing.
#[async_trait]
pub trait Instances: Send + Sync {
    /// This instance carries out actions from now on. One that has only joined gets no duty beside those that do.
    fn serve(&self);

    /// Whether this instance is the one to do this now; it takes what nobody does. Whoever had it before may still be
    /// finishing something: what must not happen twice is fenced by itself.
    async fn has(&self, duty: Duty) -> Result<bool, StoreError>;

    /// Waits for news. They only save time: whatever they tell of is found without them too.
    async fn hear(&self) -> News;

    /// Tells the other instances, soon and without a promise.
    fn tell(&self, news: Vec<News>);
}
