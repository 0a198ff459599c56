//! The cards that look at a deal just now, and the word to them that something they show may have changed.
//!
//! Like a bell it only saves time: whoever shows a deal looks for itself now and then.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use widget_core::ids::{AccountId, DealId};

/// So many cards of one account may listen to this process at once; the others ask now and then.
pub const CARDS_AT_MOST: usize = 200;

/// All cards that listen. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct OpenCards(Arc<Mutex<Places>>);

#[derive(Debug, Default)]
struct Places {
    deals: HashMap<(AccountId, DealId), watch::Sender<()>>,
    taken: HashMap<AccountId, usize>,
}

/// One card that listens, until dropped.
#[derive(Debug)]
pub struct OpenCard {
    cards: OpenCards,
    account: AccountId,
    deal: DealId,
    word: watch::Receiver<()>,
}

impl OpenCards {
    /// A card of this deal listens from now on. `None`: too many of the account do already.
    pub fn open(&self, account: AccountId, deal: DealId) -> Option<OpenCard> {
        let mut places = self.places();
        let taken = places.taken.entry(account).or_default();
        if *taken >= CARDS_AT_MOST {
            return None;
        }
        *taken += 1;
        let word = places.deals.entry((account, deal)).or_default().subscribe();
        Some(OpenCard {
            cards: self.clone(),
            account,
            deal,
            word,
        })
    }

    /// Something that cards of this deal show may have changed.
    pub fn deal_changed(&self, account: AccountId, deal: DealId) {
        if let Some(cards) = self.places().deals.get(&(account, deal)) {
            cards.send_replace(());
        }
    }

    /// How many cards of an account listen.
    pub fn count(&self, account: AccountId) -> usize {
        self.places().taken.get(&account).copied().unwrap_or(0)
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenCard {
    /// Until the deal may have changed since the last call; a word that came meanwhile is not lost.
    pub async fn changed(&mut self) {
        // The sender lives as long as this card does.
        let _ = self.word.changed().await;
    }
}

impl Drop for OpenCard {
    fn drop(&mut self) {
        let mut places = self.cards.places();
        let key = (self.account, self.deal);
        // This one still counts.
        if places.deals.get(&key).map(watch::Sender::receiver_count) == Some(1) {
            places.deals.remove(&key);
        }
        if let Some(taken) = places.taken.get_mut(&self.account) {
            *taken -= 1;
            if *taken == 0 {
                places.taken.remove(&self.account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    const OURS: AccountId = AccountId(1);

    #[test]
    fn only_the_cards_of_the_deal_hear_and_a_word_before_they_listen_is_kept() {
        let cards = OpenCards::default();
        let mut one = cards.open(OURS, DealId(1)).expect("a place");
        let mut same = cards.open(OURS, DealId(1)).expect("a place");
        let mut other = cards.open(OURS, DealId(2)).expect("a place");
        let mut foreign = cards.open(AccountId(2), DealId(1)).expect("a place");
        cards.deal_changed(OURS, DealId(1));
        assert!(one.changed().now_or_never().is_some());
        assert!(one.changed().now_or_never().is_none(), "once");
        assert!(same.changed().now_or_never().is_some());
        assert!(other.changed().now_or_never().is_none());
        assert!(foreign.changed().now_or_never().is_none());
    }

    #[test]
    fn places_are_bounded_by_account_and_given_back() {
        let cards = OpenCards::default();
        let mut open: Vec<_> = (0..CARDS_AT_MOST)
            .map(|_| cards.open(OURS, DealId(1)).expect("a place"))
            .collect();
        assert!(cards.open(OURS, DealId(2)).is_none());
        assert!(cards.open(AccountId(2), DealId(2)).is_some());
        open.pop();
        let mut last = cards.open(OURS, DealId(1)).expect("a place again");
        drop(open);
        cards.deal_changed(OURS, DealId(1));
        assert!(last.changed().now_or_never().is_some(), "it still hears");
        drop(last);
        assert_eq!(cards.count(OURS), 0);
        assert!(cards.places().deals.is_empty());
    }
}
