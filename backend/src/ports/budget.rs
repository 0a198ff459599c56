//! How much a provider takes from one account, and who goes first when that is not enough for all (DESIGN §5.4).

use crate::error::StoreError;
use async_trait::async_trait;
use widget_core::action::SendKind;
use widget_core::ids::AccountId;

/// A kind of request that Pact counts by itself (reference: Pact API §7, per token).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Sends to guests: 5 a second and 30 a minute.
    Send,
    /// Reads of messages: 20 a minute.
    Messages,
    /// Reads of one conversation: 10 a minute.
    Conversation,
    /// Reads of the list of conversations: 10 a minute.
    Conversations,
}

/// So many requests within a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// At most so many.
    pub most: i64,
    /// Within so many ms of the business clock.
    pub within: i64,
}

/// Who goes first. Stored as a number, so an old one never changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// A guest gets an answer.
    Answer,
    /// A guest learns that a person will come.
    Handoff,
    /// The bot introduces itself.
    Intro,
    /// A silent guest is reminded.
    Touch,
}

/// A request counted at one end may arrive so much later at the other: windows are kept longer than the provider's, ms.
const ON_ITS_WAY: i64 = 1_000;
/// The same for the windows of a minute, ms.
const ON_ITS_WAY_LONG: i64 = 2_000;

const MINUTE: i64 = 60_000 + ON_ITS_WAY_LONG;
const SENDS: [Window; 2] = [
    Window {
        most: 5,
        within: 1_000 + ON_ITS_WAY,
    },
    Window {
        most: 30,
        within: MINUTE,
    },
];
const MESSAGES: [Window; 1] = [Window {
    most: 20,
    within: MINUTE,
}];
const CONVERSATIONS: [Window; 1] = [Window {
    most: 10,
    within: MINUTE,
}];

impl Class {
    /// Its name in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Messages => "messages",
            Self::Conversation => "conversation",
            Self::Conversations => "conversations",
        }
    }

    /// The provider's limits.
    pub const fn windows(self) -> &'static [Window] {
        match self {
            Self::Send => &SENDS,
            Self::Messages => &MESSAGES,
            Self::Conversation | Self::Conversations => &CONVERSATIONS,
        }
    }
}

impl Rank {
    /// All, the first one first.
    pub const ALL: [Self; 4] = [Self::Answer, Self::Handoff, Self::Intro, Self::Touch];

    /// The rank of a text.
    pub const fn of(kind: SendKind) -> Self {
        match kind {
            SendKind::Handoff | SendKind::Hours => Self::Handoff,
            SendKind::Answer | SendKind::Clarify | SendKind::Ack => Self::Answer,
            SendKind::Intro => Self::Intro,
            SendKind::Touch => Self::Touch,
        }
    }

    /// As the store has it.
    pub const fn number(self) -> i64 {
        match self {
            Self::Answer => 0,
            Self::Handoff => 1,
            Self::Intro => 2,
            Self::Touch => 3,
        }
    }

    /// How many of a window's places this rank may fill: what is not urgent leaves some free for what is.
    pub const fn share(self, window: Window) -> i64 {
        match self {
            Self::Answer | Self::Handoff => window.most,
            Self::Intro => window.most - window.most / 6,
            Self::Touch => window.most - window.most / 3,
        }
    }
}

/// What an account has left of a provider's limits. Durable: a restart gives nobody new places.
#[async_trait]
pub trait Budgets: Send + Sync {
    /// Takes a place for one request at business time `now`. `Some` = there is none for so many ms more.
    async fn take(
        &self,
        account: AccountId,
        class: Class,
        now: i64,
    ) -> Result<Option<i64>, StoreError>;

    /// The provider takes no request of this kind before `until`, business unix ms.
    async fn pause(&self, account: AccountId, class: Class, until: i64) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_numbered_in_their_order_and_leave_room_for_those_before() {
        let numbers = Rank::ALL.map(Rank::number);
        assert!(numbers.is_sorted(), "{numbers:?}");
        for window in Class::Send.windows() {
            let shares = Rank::ALL.map(|rank| rank.share(*window));
            assert!(shares.is_sorted_by(|a, b| a >= b), "{shares:?}");
            assert!(shares[0] == window.most && shares[3] < shares[0] && shares[3] > 0);
        }
        assert_eq!(Rank::of(SendKind::Handoff), Rank::Handoff);
        assert!(Rank::of(SendKind::Answer) < Rank::of(SendKind::Hours));
        assert!(Rank::of(SendKind::Handoff) < Rank::of(SendKind::Intro));
    }
}
