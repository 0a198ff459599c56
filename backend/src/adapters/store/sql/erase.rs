//! Erasing for good: rows go, and then each database takes its traces of them off the disk.

use super::super::common::{Held, from_json};
use super::SqlStore;
use super::dialect::{Connection, empty, hold, json_number, json_text, row_id};
use super::inbox::store;
use super::ledger::ECHO_WINDOW;
use crate::error::StoreError;
use crate::ports::{Erasure, Known, NewRow, Privacy, Progress, Registry, Wish};
use async_trait::async_trait;
use widget_core::ids::{AccountId, ConversationId, DialogId, MessageId};

/// How many rows of an account go in one commit.
const BATCH: i64 = 500;

/// A wish as the database has it: id, account, dialog, message, time.
type WishRow = (i64, i64, Option<String>, Option<String>, i64);

macro_rules! of_account {
    ($table:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE ",
            row_id!(),
            " IN (SELECT ",
            row_id!(),
            " FROM ",
            $table,
            " WHERE account = $1 LIMIT $2)"
        )
    };
}

/// Rows of an account, those first that others do not point to.
const OF_ACCOUNT: [&str; 20] = [
    of_account!("journal"),
    of_account!("text"),
    of_account!("inbox"),
    of_account!("outbox"),
    of_account!("ledger"),
    of_account!("contact_phone"),
    of_account!("jti"),
    of_account!("policy"),
    of_account!("place"),
    of_account!("pause"),
    of_account!("reach"),
    of_account!("crm_grant"),
    of_account!("telling"),
    of_account!("incident"),
    of_account!("setup"),
    of_account!("widget"),
    of_account!("missed"),
    of_account!("passage"),
    of_account!("knowledge"),
    of_account!("dialog"),
];

/// What goes with a guest: `$1` account, `$2` dialog. The dialog's ids, counters and journal stay.
const OF_GUEST: [&str; 6] = [
    "DELETE FROM text WHERE account = $1 AND dialog = $2",
    "DELETE FROM missed WHERE account = $1 AND dialog = $2",
    "UPDATE dialog SET guest = NULL, due_at = NULL WHERE account = $1 AND id = $2",
    concat!(
        "UPDATE inbox SET body = ",
        empty!(),
        ", state = CASE state WHEN 'new' THEN 'done' ELSE state END, \
         parked_until = NULL, holds_sends = 0 WHERE account = $1 AND dialog = $2"
    ),
    "DELETE FROM outbox WHERE account = $1 AND dialog = $2 AND state = 'open'",
    // The place itself stays: what has left still counts.
    "UPDATE place SET dialog = NULL WHERE account = $1 AND dialog = $2",
];

/// The texts of a message that no other message of the dialog has too: `$1` account, `$2` dialog, `$3` message.
const OF_MESSAGE: &str = concat!(
    "DELETE FROM text WHERE account = $1 AND dialog = $2 AND id IN (SELECT ",
    json_number!("event", "text"),
    " FROM journal WHERE account = $1 AND dialog = $2 AND ",
    json_text!("event", "type"),
    " IN ('guest_wrote', 'guest_edited') AND ",
    json_text!("event", "id"),
    " = $3 EXCEPT SELECT ",
    json_number!("event", "text"),
    " FROM journal WHERE account = $1 AND dialog = $2 AND COALESCE(",
    json_text!("event", "id"),
    ", ",
    json_text!("event", "message"),
    ", '') <> $3 EXCEPT SELECT ",
    json_number!("event", "done", "text"),
    " FROM journal WHERE account = $1 AND dialog = $2 \
     EXCEPT SELECT text FROM outbox WHERE account = $1 AND dialog = $2 AND state = 'open')"
);

#[async_trait]
impl Privacy for SqlStore {
    async fn prune(&self, before: i64) -> Result<u64, StoreError> {
        self.prune_before(before).await
    }

    async fn wish(
        &self,
        account: AccountId,
        erasure: &Erasure,
        now: i64,
    ) -> Result<(), StoreError> {
        let (dialog, message) = match erasure.clone() {
            Erasure::Account => (None, None),
            Erasure::Guest(dialog) => (Some(dialog.0), None),
            Erasure::Message(dialog, message) => (Some(dialog.0), Some(message.0)),
        };
        let wish = (account, dialog, message, now);
        self.write(wish, |db, (account, dialog, message, now)| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO erasure (account, dialog, message, asked_at) \
                     SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT 1 FROM erasure \
                     WHERE done = 0 AND account = $1 AND dialog IS NOT DISTINCT FROM $2 AND message IS NOT DISTINCT FROM $3)",
                )
                .bind(account.0)
                .bind(dialog)
                .bind(message)
                .bind(now)
                .execute(db)
                .await?;
                Ok(())
            })
        })
        .await
    }

    async fn wishes(&self) -> Result<Vec<Wish>, StoreError> {
        let rows: Vec<WishRow> = sqlx::query_as(
            "SELECT id, account, dialog, message, asked_at FROM erasure WHERE done = 0 ORDER BY id",
        )
        .fetch_all(self.readers())
        .await?;
        Ok(rows.into_iter().map(read_wish).collect())
    }

    async fn erase(
        &self,
        wish: &Wish,
        notice: NewRow,
        anyway: bool,
    ) -> Result<Progress, StoreError> {
        let (id, account) = (wish.id, wish.account);
        let dialog = match wish.erasure.clone() {
            Erasure::Account => return self.erase_account(id, account).await,
            Erasure::Message(dialog, message) => {
                let of = (id, account, dialog, message);
                let erased = self.write(of, |db, (id, account, dialog, message)| {
                    Box::pin(erase_message(db, *id, *account, dialog, message))
                });
                return erased.await;
            }
            Erasure::Guest(dialog) => dialog,
        };
        let mut phone = None;
        if let Some(keys) = self.known_keys(account).await? {
            let guest = self.guest(account, &dialog).await?;
            phone = guest.map(|guest| keys.phone(&guest.phone));
        }
        let now = notice.at;
        let notice = self.seal_row(notice).await?;
        let of = (dialog, phone, notice);
        self.write(of, move |db, (dialog, phone, notice)| {
            Box::pin(async move {
                hold(db, Held::Dialog(account, dialog)).await?;
                if is_busy(db, account, dialog, anyway).await? {
                    return Ok(Progress::Busy);
                }
                erase_guest(db, account, dialog, phone.as_deref(), now).await?;
                store(db, notice, 0).await?;
                mark_done(db, id).await
            })
        })
        .await
    }

    async fn settle(&self) -> Result<bool, StoreError> {
        // What is done after this look is not taken off the disk by this checkpoint.
        let done: Vec<i64> = sqlx::query_scalar("SELECT id FROM erasure WHERE done = 1")
            .fetch_all(self.readers())
            .await?;
        if done.is_empty() {
            return Ok(true);
        }
        if !self.empty_log().await? {
            return Ok(false);
        }
        self.write(done, |db, done| {
            Box::pin(async move {
                for id in done {
                    sqlx::query("DELETE FROM erasure WHERE id = $1")
                        .bind(id)
                        .execute(&mut *db)
                        .await?;
                }
                Ok(true)
            })
        })
        .await
    }

    async fn known(&self, account: AccountId) -> Result<Vec<Known>, StoreError> {
        let Some(keys) = self.known_keys(account).await? else {
            return Ok(Vec::new());
        };
        let rows: Vec<(String, String, Option<Vec<u8>>)> = sqlx::query_as(
            "SELECT d.id, d.conversation, t.body FROM dialog d \
             LEFT JOIN text t ON t.account = d.account AND t.id = d.guest WHERE d.account = $1",
        )
        .bind(account.0)
        .fetch_all(self.readers())
        .await?;
        let known = rows.into_iter().map(|(dialog, conversation, sealed)| {
            let guest = sealed.map(|sealed| from_json("a guest", &keys.open_text(&sealed)?));
            Ok(Known {
                dialog: DialogId(dialog),
                conversation: ConversationId(conversation),
                guest: guest.transpose()?,
            })
        });
        known.collect()
    }
}

impl SqlStore {
    async fn erase_account(&self, id: i64, account: AccountId) -> Result<Progress, StoreError> {
        let progress = self
            .write((), move |db, ()| Box::pin(erase_some(db, id, account)))
            .await?;
        if progress == Progress::Done {
            self.forget_keys(account);
        }
        Ok(progress)
    }
}

fn read_wish((id, account, dialog, message, asked_at): WishRow) -> Wish {
    let erasure = match (dialog, message) {
        (None, _) => Erasure::Account,
        (Some(dialog), None) => Erasure::Guest(DialogId(dialog)),
        (Some(dialog), Some(message)) => Erasure::Message(DialogId(dialog), MessageId(message)),
    };
    Wish {
        id,
        account: AccountId(account),
        erasure,
        asked_at,
    }
}

/// Whether somebody holds the dialog, an action of it is being carried out, or a text may have left.
async fn is_busy(
    db: &mut Connection,
    account: AccountId,
    dialog: &DialogId,
    anyway: bool,
) -> Result<bool, StoreError> {
    let busy = sqlx::query(
        "SELECT 1 FROM dialog WHERE account = $1 AND id = $2 AND leased <> 0 \
         UNION ALL SELECT 1 FROM outbox WHERE NOT $3 AND account = $1 AND dialog = $2 AND state = 'open' \
         AND (claimed <> 0 OR (lane = 'send' AND phase = 'check')) LIMIT 1",
    )
    .bind(account.0)
    .bind(&dialog.0)
    .bind(anyway)
    .fetch_optional(db)
    .await?;
    Ok(busy.is_some())
}

async fn erase_guest(
    db: &mut Connection,
    account: AccountId,
    dialog: &DialogId,
    phone: Option<&[u8]>,
    now: i64,
) -> Result<(), StoreError> {
    for sql in OF_GUEST {
        sqlx::query(sql)
            .bind(account.0)
            .bind(&dialog.0)
            .execute(&mut *db)
            .await?;
    }
    // Hints of the CRM that belong to no dialog may name anybody. One that waits for its deal waits no more: catching up
    // finds what it told of.
    sqlx::query(concat!(
        "UPDATE inbox SET body = ",
        empty!(),
        ", state = CASE state WHEN 'unclaimed' THEN 'done' ELSE state END \
         WHERE account = $1 AND dialog IS NULL AND state <> 'new'"
    ))
    .bind(account.0)
    .execute(&mut *db)
    .await?;
    sqlx::query("DELETE FROM contact_phone WHERE account = $1 AND phone = $2")
        .bind(account.0)
        .bind(phone)
        .execute(&mut *db)
        .await?;
    // A text that left just now may still come back as an echo: its look-up key goes with the row, by retention.
    sqlx::query(
        "UPDATE ledger SET text_hash = NULL WHERE account = $1 AND dialog = $2 AND claimed_at < $3",
    )
    .bind(account.0)
    .bind(&dialog.0)
    .bind(now - ECHO_WINDOW)
    .execute(&mut *db)
    .await?;
    sqlx::query("DELETE FROM ledger WHERE account = $1 AND dialog = $2 AND state = 'pending'")
        .bind(account.0)
        .bind(&dialog.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Once all that speaks of the message is handled. The handled bodies of its dialog go too: nobody reads them again.
async fn erase_message(
    db: &mut Connection,
    id: i64,
    account: AccountId,
    dialog: &DialogId,
    message: &MessageId,
) -> Result<Progress, StoreError> {
    hold(db, Held::Dialog(account, dialog)).await?;
    let unhandled = sqlx::query(
        "SELECT 1 FROM inbox WHERE account = $1 AND dialog = $2 AND state = 'new' LIMIT 1",
    )
    .bind(account.0)
    .bind(&dialog.0)
    .fetch_optional(&mut *db)
    .await?;
    if unhandled.is_some() {
        return Ok(Progress::Busy);
    }
    sqlx::query(OF_MESSAGE)
        .bind(account.0)
        .bind(&dialog.0)
        .bind(&message.0)
        .execute(&mut *db)
        .await?;
    sqlx::query(concat!(
        "UPDATE inbox SET body = ",
        empty!(),
        " WHERE account = $1 AND dialog = $2 AND state <> 'new'"
    ))
    .bind(account.0)
    .bind(&dialog.0)
    .execute(&mut *db)
    .await?;
    mark_done(db, id).await
}

async fn erase_some(
    db: &mut Connection,
    id: i64,
    account: AccountId,
) -> Result<Progress, StoreError> {
    for sql in OF_ACCOUNT {
        let gone = sqlx::query(sql)
            .bind(account.0)
            .bind(BATCH)
            .execute(&mut *db)
            .await?;
        if gone.rows_affected() > 0 {
            return Ok(Progress::More);
        }
    }
    // The key last: until then a crash leaves an erasure that can go on.
    for sql in [
        "DELETE FROM account WHERE id = $1",
        "DELETE FROM erasure WHERE account = $1 AND dialog IS NOT NULL",
    ] {
        sqlx::query(sql).bind(account.0).execute(&mut *db).await?;
    }
    mark_done(db, id).await
}

async fn mark_done(db: &mut Connection, id: i64) -> Result<Progress, StoreError> {
    sqlx::query("UPDATE erasure SET done = 1 WHERE id = $1")
        .bind(id)
        .execute(db)
        .await?;
    Ok(Progress::Done)
}
