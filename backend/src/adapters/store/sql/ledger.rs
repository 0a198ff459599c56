//! What of ours can echo, and the sealed texts.

use super::super::common::{to_json, to_word};
use super::super::seal::Purpose;
use super::SqlStore;
use super::changes::recognise;
use super::dialect::{LOOKS_FIRST, listed, put_text};
use crate::error::StoreError;
use crate::ports::{Echo, Ledger, Source};
use async_trait::async_trait;
use std::collections::HashMap;
use widget_core::ids::{AccountId, DialogId, MessageId, TextRef};

/// How long a text of ours can come back, ms.
pub(super) const ECHO_WINDOW: i64 = 2 * 60 * 60 * 1000;

/// A message that left towards a guest.
pub(super) struct Seen {
    pub(super) account: AccountId,
    pub(super) dialog: DialogId,
    pub(super) source: String,
    pub(super) message: Option<MessageId>,
    /// Look-up key of its text, when that may decide.
    pub(super) text: Option<Vec<u8>>,
}

#[async_trait]
impl Ledger for SqlStore {
    async fn echo(
        &self,
        account: AccountId,
        dialog: &DialogId,
        source: Source,
        message: Option<&MessageId>,
        by_text: Option<&str>,
        now: i64,
    ) -> Result<Echo, StoreError> {
        let keys = self.keys(account).await?;
        let seen = Seen {
            account,
            dialog: dialog.clone(),
            source: to_word(&source)?,
            message: message.cloned(),
            text: by_text.map(|text| keys.echo(text)),
        };
        self.write_passing(seen, move |db, seen| Box::pin(recognise(db, seen, now)))
            .await
    }

    async fn used_messages(
        &self,
        account: AccountId,
        dialog: &DialogId,
    ) -> Result<Vec<MessageId>, StoreError> {
        let used: Vec<String> = sqlx::query_scalar(
            "SELECT message FROM ledger \
             WHERE account = $1 AND dialog = $2 AND message IS NOT NULL ORDER BY id",
        )
        .bind(account.0)
        .bind(&dialog.0)
        .fetch_all(self.readers())
        .await?;
        Ok(used.into_iter().map(MessageId).collect())
    }

    async fn put_text(
        &self,
        account: AccountId,
        dialog: &DialogId,
        text: &str,
    ) -> Result<TextRef, StoreError> {
        let keys = self.keys(account).await?;
        let same = keys.same_text(dialog, text);
        if LOOKS_FIRST {
            let known: Option<i64> = sqlx::query_scalar(
                "SELECT id FROM text WHERE account = $1 AND dialog = $2 AND same = $3",
            )
            .bind(account.0)
            .bind(&dialog.0)
            .bind(same.as_slice())
            .fetch_optional(self.readers())
            .await?;
            if let Some(id) = known {
                return Ok(TextRef(id));
            }
        }
        let body = keys.seal(Purpose::Text, text.as_bytes())?;
        let text = (account, dialog.clone(), body, same, keys.echo(text));
        // It lasts: the reference to a text that was lost would be given to another one.
        self.write_at_once(text, |db, (account, dialog, body, same, echo)| {
            Box::pin(async move {
                // Somebody else may have been first: then the row is answered as it is.
                let id = sqlx::query_scalar(put_text!())
                    .bind(account.0)
                    .bind(&dialog.0)
                    .bind(body.as_slice())
                    .bind(same.as_slice())
                    .bind(echo.as_slice())
                    .fetch_one(db)
                    .await?;
                Ok(TextRef(id))
            })
        })
        .await
    }

    async fn texts(
        &self,
        account: AccountId,
        refs: &[TextRef],
    ) -> Result<Vec<Option<String>>, StoreError> {
        let Some(keys) = self.known_keys(account).await? else {
            return Ok(vec![None; refs.len()]);
        };
        let ids: Vec<i64> = refs.iter().map(|text| text.0).collect();
        let found: Vec<(i64, Option<Vec<u8>>)> = sqlx::query_as(concat!(
            "SELECT id, body FROM text WHERE account = $1 AND id IN ",
            listed!("$2")
        ))
        .bind(account.0)
        .bind(to_json(&ids)?)
        .fetch_all(self.readers())
        .await?;
        let found: HashMap<i64, Option<Vec<u8>>> = found.into_iter().collect();
        let text = |id| {
            let sealed = found.get(id).and_then(Option::as_ref);
            sealed.map(|sealed| keys.open_text(sealed)).transpose()
        };
        ids.iter().map(text).collect()
    }
}
