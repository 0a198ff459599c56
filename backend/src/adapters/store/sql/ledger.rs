//! What of ours can echo, and the sealed texts.

use super::super::common::{Held, to_json, to_word};
use super::super::seal::Purpose;
use super::SqlStore;
use super::dialect::{Connection, hold, listed};
use crate::error::StoreError;
use crate::ports::{Echo, Ledger, Source};
use async_trait::async_trait;
use std::collections::HashMap;
use widget_core::ids::{AccountId, ActionKey, DialogId, MessageId, TextRef};

/// How long a text of ours can come back, ms.
pub(super) const ECHO_WINDOW: i64 = 2 * 60 * 60 * 1000;

/// A message that left towards a guest.
struct Seen {
    account: AccountId,
    dialog: DialogId,
    source: String,
    message: Option<MessageId>,
    /// Look-up key of its text, when that may decide.
    text: Option<Vec<u8>>,
}

impl Seen {
    /// The message's id in its source; empty when it has none.
    fn name(&self) -> &str {
        self.message.as_ref().map_or("", |message| &message.0)
    }
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
        self.write(seen, move |db, seen| Box::pin(recognise(db, seen, now)))
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
        let body = keys.seal(Purpose::Text, text.as_bytes())?;
        let text = (account, dialog.clone(), body, same, keys.echo(text));
        self.write_at_once(text, |db, (account, dialog, body, same, echo)| {
            Box::pin(async move {
                // Somebody else may have been first: then the row is answered as it is.
                let id = sqlx::query_scalar(
                    "INSERT INTO text (account, dialog, body, same, echo) VALUES ($1, $2, $3, $4, $5) \
                     ON CONFLICT (account, dialog, same) DO UPDATE SET same = excluded.same RETURNING id",
                )
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

async fn recognise(db: &mut Connection, seen: &Seen, now: i64) -> Result<Echo, StoreError> {
    hold(db, Held::Dialog(seen.account, &seen.dialog)).await?;
    let mut ours = None;
    if let Some(message) = &seen.message {
        ours = by_id(db, seen, message).await?;
    }
    if ours.is_none()
        && let Some(text) = &seen.text
    {
        ours = by_text(db, seen, text, now).await?;
    }
    if let Some((id, key)) = ours {
        mark_matched(db, id, seen).await?;
        return Ok(Echo::Ours(ActionKey(key)));
    }
    if seen.text.is_none() && is_pending(db, seen).await? {
        return Ok(Echo::Pending);
    }
    Ok(Echo::Foreign)
}

async fn by_id(
    db: &mut Connection,
    seen: &Seen,
    message: &MessageId,
) -> Result<Option<(i64, String)>, StoreError> {
    let found = sqlx::query_as(
        "SELECT id, key FROM ledger WHERE account = $1 AND dialog = $2 AND message = $3 \
         ORDER BY id DESC LIMIT 1",
    )
    .bind(seen.account.0)
    .bind(&seen.dialog.0)
    .bind(&message.0)
    .fetch_optional(db)
    .await?;
    Ok(found)
}

/// By its text, once per source. Pact's own id, where we know it, says more than a text: an equal one under another id is
/// somebody else's.
async fn by_text(
    db: &mut Connection,
    seen: &Seen,
    text: &[u8],
    now: i64,
) -> Result<Option<(i64, String)>, StoreError> {
    let found = sqlx::query_as(
        "SELECT id, key FROM ledger WHERE account = $1 AND dialog = $2 AND text_hash = $3 \
         AND claimed_at >= $4 \
         AND ($5 <> 'pact' OR message IS NULL) \
         AND COALESCE(CASE $5 WHEN 'pact' THEN matched_pact WHEN 'amocrm' THEN matched_amocrm END, $6) = $6 \
         ORDER BY id DESC LIMIT 1",
    )
    .bind(seen.account.0)
    .bind(&seen.dialog.0)
    .bind(text)
    .bind(now - ECHO_WINDOW)
    .bind(&seen.source)
    .bind(seen.name())
    .fetch_optional(db)
    .await?;
    Ok(found)
}

/// The message is remembered with its source: when it is looked at again after a crash it is still ours.
async fn mark_matched(db: &mut Connection, id: i64, seen: &Seen) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE ledger SET \
         matched_pact = CASE WHEN $2 = 'pact' THEN $3 ELSE matched_pact END, \
         matched_amocrm = CASE WHEN $2 = 'amocrm' THEN $3 ELSE matched_amocrm END WHERE id = $1",
    )
    .bind(id)
    .bind(&seen.source)
    .bind(seen.name())
    .execute(db)
    .await?;
    Ok(())
}

async fn is_pending(db: &mut Connection, seen: &Seen) -> Result<bool, StoreError> {
    let pending = sqlx::query(
        "SELECT 1 FROM ledger WHERE account = $1 AND dialog = $2 AND state = 'pending' LIMIT 1",
    )
    .bind(seen.account.0)
    .bind(&seen.dialog.0)
    .fetch_optional(db)
    .await?;
    Ok(pending.is_some())
}
