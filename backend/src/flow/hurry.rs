//! Which accounts are to be caught up with at once: something came of which only the channel itself can tell more.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use widget_core::ids::AccountId;

/// The accounts that are in a hurry.
#[derive(Debug, Default)]
pub struct Hurry(Mutex<BTreeSet<AccountId>>);

impl Hurry {
    /// This one is.
    pub fn up(&self, account: AccountId) {
        self.wishes().insert(account);
    }

    /// Whether this one was; it is not any more.
    pub(super) fn take(&self, account: AccountId) -> bool {
        self.wishes().remove(&account)
    }

    /// Those that are.
    pub(super) fn all(&self) -> Vec<AccountId> {
        self.wishes().iter().copied().collect()
    }

    fn wishes(&self) -> std::sync::MutexGuard<'_, BTreeSet<AccountId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
