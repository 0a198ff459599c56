//! Accounts' small facts.

use super::super::common::{Held, from_json, to_json};
use super::super::seal::{AccountKeys, Purpose};
use super::SqlStore;
use super::dialect::{Connection, hold};
use super::outbox::stands;
use crate::error::StoreError;
use crate::ports::{ClaimedAct, Guest, Registry};
use async_trait::async_trait;
use widget_core::ids::{AccountId, ContactId, DialogId};

#[async_trait]
impl Registry for SqlStore {
    async fn put_guest(
        &self,
        account: AccountId,
        dialog: &DialogId,
        guest: &Guest,
    ) -> Result<(), StoreError> {
        // Every message names its guest, and most say nothing new.
        if if_readable(self.guest(account, dialog).await)?.as_ref() == Some(guest) {
            return Ok(());
        }
        let keys = self.keys(account).await?;
        let body = keys.seal(Purpose::Text, to_json(guest)?.as_bytes())?;
        let same = keys.guest_of(dialog);
        let guest = (dialog.clone(), body, same);
        self.write(guest, move |db, (dialog, body, same)| {
            Box::pin(store_guest(db, account, dialog, body, same))
        })
        .await
    }

    async fn put_found_guest(&self, act: &ClaimedAct, guest: &Guest) -> Result<(), StoreError> {
        // An account without keys was erased.
        let Some(keys) = self.known_keys(act.account).await? else {
            return Ok(());
        };
        let body = keys.seal(Purpose::Text, to_json(guest)?.as_bytes())?;
        let same = keys.guest_of(&act.dialog);
        self.write((act.clone(), body, same), |db, (act, body, same)| {
            Box::pin(async move {
                hold(db, Held::Dialog(act.account, &act.dialog)).await?;
                if !stands(db, act).await? {
                    return Ok(());
                }
                store_guest(db, act.account, &act.dialog, body, same).await
            })
        })
        .await
    }

    async fn guest(
        &self,
        account: AccountId,
        dialog: &DialogId,
    ) -> Result<Option<Guest>, StoreError> {
        let Some(keys) = self.known_keys(account).await? else {
            return Ok(None);
        };
        let sealed: Option<Option<Vec<u8>>> = sqlx::query_scalar(
            "SELECT t.body FROM dialog d JOIN text t ON t.account = d.account AND t.id = d.guest \
             WHERE d.account = $1 AND d.id = $2",
        )
        .bind(account.0)
        .bind(&dialog.0)
        .fetch_optional(self.readers())
        .await?;
        read_guest(&keys, sealed.flatten())
    }

    async fn put_contact(
        &self,
        act: &ClaimedAct,
        phone: &str,
        contact: ContactId,
    ) -> Result<(), StoreError> {
        if self.contact(act.account, phone).await? == Some(contact) {
            return Ok(());
        }
        let Some(keys) = self.known_keys(act.account).await? else {
            return Ok(());
        };
        let found = (act.clone(), keys.phone(phone));
        self.write(found, move |db, (act, phone)| {
            Box::pin(async move {
                hold(db, Held::Dialog(act.account, &act.dialog)).await?;
                if !stands(db, act).await? {
                    return Ok(());
                }
                sqlx::query(
                    "INSERT INTO contact_phone (account, phone, contact) \
                     SELECT account, $3, $4 FROM dialog WHERE account = $1 AND id = $2 AND guest IS NOT NULL \
                     ON CONFLICT (account, phone) DO UPDATE SET contact = excluded.contact",
                )
                .bind(act.account.0)
                .bind(&act.dialog.0)
                .bind(phone.as_slice())
                .bind(contact.0)
                .execute(db)
                .await?;
                Ok(())
            })
        })
        .await
    }

    async fn contact(
        &self,
        account: AccountId,
        phone: &str,
    ) -> Result<Option<ContactId>, StoreError> {
        let Some(keys) = self.known_keys(account).await? else {
            return Ok(None);
        };
        let contact: Option<i64> = sqlx::query_scalar(
            "SELECT contact FROM contact_phone WHERE account = $1 AND phone = $2",
        )
        .bind(account.0)
        .bind(keys.phone(phone))
        .fetch_optional(self.readers())
        .await?;
        Ok(contact.map(ContactId))
    }

    async fn accounts_of(&self, dialog: &DialogId) -> Result<Vec<AccountId>, StoreError> {
        let accounts: Vec<i64> =
            sqlx::query_scalar("SELECT account FROM dialog WHERE id = $1 ORDER BY account")
                .bind(&dialog.0)
                .fetch_all(self.readers())
                .await?;
        Ok(accounts.into_iter().map(AccountId).collect())
    }

    async fn use_once(
        &self,
        account: AccountId,
        token_id: &str,
        until: i64,
        now: i64,
    ) -> Result<bool, StoreError> {
        self.keys(account).await?;
        self.write(token_id.to_owned(), move |db, token_id| {
            Box::pin(async move {
                sqlx::query("DELETE FROM jti WHERE account = $1 AND until < $2")
                    .bind(account.0)
                    .bind(now)
                    .execute(&mut *db)
                    .await?;
                let used = sqlx::query(
                    "INSERT INTO jti (account, id, until) VALUES ($1, $2, $3) \
                     ON CONFLICT (account, id) DO NOTHING",
                )
                .bind(account.0)
                .bind(token_id)
                .bind(until)
                .execute(db)
                .await?;
                Ok(used.rows_affected() == 1)
            })
        })
        .await
    }
}

async fn store_guest(
    db: &mut Connection,
    account: AccountId,
    dialog: &DialogId,
    body: &[u8],
    same: &[u8],
) -> Result<(), StoreError> {
    // One row of a dialog: a guest's new name replaces the old one.
    let text: i64 = sqlx::query_scalar(
        "INSERT INTO text (account, dialog, body, same) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (account, dialog, same) DO UPDATE SET body = excluded.body RETURNING id",
    )
    .bind(account.0)
    .bind(&dialog.0)
    .bind(body)
    .bind(same)
    .fetch_one(&mut *db)
    .await?;
    let told = sqlx::query("UPDATE dialog SET guest = $3 WHERE account = $1 AND id = $2")
        .bind(account.0)
        .bind(&dialog.0)
        .bind(text)
        .execute(db)
        .await?;
    if told.rows_affected() == 0 {
        return Err(StoreError::Database(
            "a guest of a dialog that does not exist".to_owned(),
        ));
    }
    Ok(())
}

/// What does not open is as good as not there: what does not need it must go on, and what does hands the dialog over.
pub(super) fn if_readable<T>(read: Result<Option<T>, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Err(error @ StoreError::Unreadable(_)) => {
            tracing::error!(%error, "a sealed text does not open");
            Ok(None)
        }
        read => read,
    }
}

/// Opens who the guest of a dialog is.
pub(super) fn read_guest(
    keys: &AccountKeys,
    sealed: Option<Vec<u8>>,
) -> Result<Option<Guest>, StoreError> {
    let opened = sealed.map(|sealed| keys.open_text(&sealed)).transpose()?;
    opened.map(|guest| from_json("a guest", &guest)).transpose()
}
