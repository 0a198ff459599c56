//! An account's knowledge base: taken in from its folder at the start.

use crate::config::Account;
use crate::error::StoreError;
use crate::ports::{NewBase, Origin, Store};
use widget_core::ids::AccountId;
use widget_core::knowledge::read;

/// Stores the folder of the settings as the account's newest base, if it is news.
pub(super) async fn take_in(
    store: &dyn Store,
    account: &Account,
    now: i64,
) -> Result<(), StoreError> {
    let Some(files) = account.knowledge.clone() else {
        return Ok(());
    };
    // The settings were checked: there is nothing wrong with it.
    let passages = read(&files).unwrap_or_default();
    let base = NewBase::of(files, &passages, (None, Origin::File, None));
    store
        .put_base(AccountId(account.id), base, now)
        .await
        .map(|_| ())
}
