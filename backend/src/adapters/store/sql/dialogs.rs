//! Leased dialogs and their commits.

use super::super::common::{Work, deliver, from_big, from_json, soonest};
use super::SqlStore;
use super::changes::apply;
use super::dialect::{
    Connection, DbRow, db_now, for_update, json_number, json_text, lease, leasing, skip_held,
};
use super::inbox::{TRIES, read_row};
use super::registry::{if_readable, read_guest};
use crate::error::StoreError;
use crate::ports::{Claimed, Commit, Dialogs, DueTimer, Lane, Lease, Waiting};
use async_trait::async_trait;
use sqlx::Row;
use widget_core::dialog::{Dialog, FORMAT};
use widget_core::ids::{AccountId, ConversationId, DealId, DialogId};
use widget_core::owner::ReasonId;

/// A dialog whose state this version cannot read is looked at again so much later, ms: an upgrade may read it.
const UNREADABLE_PAUSE: i64 = 60_000;

/// A fencing token that no lease of the dialog ever had, also none that a failed server has forgotten.
macro_rules! next_token {
    () => {
        concat!(
            "CASE WHEN token < ",
            db_now!(),
            " THEN ",
            db_now!(),
            " ELSE token + 1 END"
        )
    };
}

/// A dialog that was just leased, still sealed.
pub(super) struct Leased {
    pub(super) lease: Lease,
    conversation: String,
    state: Option<String>,
    due_at: Option<i64>,
    guest: Option<Vec<u8>>,
    pub(super) another_is_ready: bool,
}

/// What a claim found, still sealed.
struct Found {
    leased: Leased,
    rows: Vec<DbRow>,
}

#[async_trait]
impl Dialogs for SqlStore {
    async fn claim(&self, now: i64) -> Result<Option<Claimed>, StoreError> {
        let store = self.clone();
        let claim = async move {
            let found = store
                .write_passing((store.holder(), now), |db, (holder, now)| {
                    Box::pin(lease_oldest(db, *holder, *now))
                })
                .await?;
            store.holds(found.as_ref().map(|found| &found.leased.lease));
            store.open_claim(found, now).await
        };
        deliver(claim, self.taker_back()).await
    }

    async fn lease(
        &self,
        account: AccountId,
        dialog: &DialogId,
        now: i64,
    ) -> Result<Option<Claimed>, StoreError> {
        let (store, dialog) = (self.clone(), dialog.clone());
        let claim = async move {
            let wanted = (store.holder(), account, dialog, now);
            let found = store
                .write_passing(wanted, |db, (holder, account, dialog, now)| {
                    Box::pin(lease_this(db, *holder, *account, dialog, *now))
                })
                .await?;
            store.holds(found.as_ref().map(|found| &found.leased.lease));
            store.open_claim(found, now).await
        };
        deliver(claim, self.taker_back()).await
    }

    async fn commit(&self, commit: Commit) -> Result<Option<i64>, StoreError> {
        let account = commit.lease.account;
        let lanes: Vec<Lane> = commit
            .acts
            .iter()
            .map(|act| Lane::of(&act.action))
            .collect();
        let given_back = commit.release.then(|| commit.lease.clone());
        let ready_at = self
            .write_passing((commit, self.holder()), |db, (commit, holder)| {
                Box::pin(apply(db, commit, *holder))
            })
            .await?;
        self.lets_go(given_back.as_ref());
        self.tell_of_acts(account, &lanes);
        Ok(ready_at)
    }

    async fn release(
        &self,
        lease: &Lease,
        failed: &[i64],
        again_at: i64,
    ) -> Result<Vec<i64>, StoreError> {
        let released = (lease.clone(), failed.to_vec(), again_at);
        let poison = self
            .write(released, |db, (lease, failed, again_at)| {
                Box::pin(release(db, lease, failed, *again_at))
            })
            .await;
        if matches!(poison, Ok(_) | Err(StoreError::LeaseLost)) {
            self.lets_go(Some(lease));
        }
        poison
    }

    async fn dialog(
        &self,
        account: AccountId,
        dialog: &DialogId,
    ) -> Result<Option<Dialog>, StoreError> {
        let row: Option<(String, Option<String>)> =
            sqlx::query_as("SELECT conversation, state FROM dialog WHERE account = $1 AND id = $2")
                .bind(account.0)
                .bind(&dialog.0)
                .fetch_optional(self.readers())
                .await?;
        row.map(|(conversation, state)| read_state(account, dialog, conversation, state.as_deref()))
            .transpose()
    }

    async fn dialogs_of_deal(
        &self,
        account: AccountId,
        deal: DealId,
    ) -> Result<Vec<Dialog>, StoreError> {
        let states: Vec<String> = sqlx::query_scalar(
            "SELECT state FROM dialog WHERE account = $1 AND deal = $2 AND state IS NOT NULL \
             ORDER BY last_at DESC, id",
        )
        .bind(account.0)
        .bind(deal.0)
        .fetch_all(self.readers())
        .await?;
        // A dialog that does not read must not hide the others of its deal.
        let read = states.iter().filter_map(|state| {
            from_json("state of a dialog", state)
                .inspect_err(|error| tracing::error!(%error, "a dialog of a deal is left out"))
                .ok()
        });
        Ok(read.collect())
    }
}

#[async_trait]
impl Waiting for SqlStore {
    async fn waiting(
        &self,
        account: AccountId,
        reason: Option<ReasonId>,
    ) -> Result<Vec<Dialog>, StoreError> {
        let states: Vec<String> = sqlx::query_scalar(concat!(
            "SELECT state FROM dialog WHERE account = $1 AND owner_kind = 'waiting' AND ($2 IS NULL OR ",
            json_text!("state", "view", "owner", "reason", "id"),
            " = $2) ORDER BY ",
            json_number!("state", "view", "owner", "since"),
            ", id"
        ))
        .bind(account.0)
        .bind(reason.map(ReasonId::as_str))
        .fetch_all(self.readers())
        .await?;
        // A dialog that does not read must not hide the others.
        let read = states.iter().filter_map(|state| {
            from_json("state of a dialog", state)
                .inspect_err(|error| tracing::error!(%error, "a waiting dialog is left out"))
                .ok()
        });
        Ok(read.collect())
    }
}

impl SqlStore {
    /// Gives back a lease that nobody took.
    fn taker_back(&self) -> impl FnOnce(Claimed) -> Work<'static, ()> + Send + 'static {
        let store = self.clone();
        move |claimed| {
            Box::pin(async move { store.release(&claimed.lease, &[], 0).await.map(|_| ()) })
        }
    }

    /// Opens what a claim found. If that fails the lease is given back, and the dialog is put off: it does not stop the
    /// others.
    async fn open_claim(
        &self,
        found: Option<Found>,
        now: i64,
    ) -> Result<Option<Claimed>, StoreError> {
        let Some(found) = found else {
            return Ok(None);
        };
        let lease = found.leased.lease.clone();
        let opened = self.open_found(found, now).await;
        if opened.is_err() {
            self.put_off(lease, now + UNREADABLE_PAUSE).await?;
        }
        opened.map(Some)
    }

    async fn open_found(&self, found: Found, now: i64) -> Result<Claimed, StoreError> {
        let Leased {
            lease,
            conversation,
            state,
            due_at,
            guest,
            another_is_ready,
        } = found.leased;
        let keys = self.keys(lease.account).await?;
        let opened: Result<Vec<_>, _> = found.rows.iter().map(|row| read_row(row, &keys)).collect();
        let state = read_state(lease.account, &lease.dialog, conversation, state.as_deref())?;
        Ok(Claimed {
            due: match due_at {
                Some(due_at) if due_at <= now => due_timers(&state, now),
                _ => Vec::new(),
            },
            rows: opened?,
            guest: if_readable(read_guest(&keys, guest))?,
            state,
            lease,
            another_is_ready,
        })
    }

    async fn put_off(&self, lease: Lease, until: i64) -> Result<(), StoreError> {
        self.lets_go(Some(&lease));
        self.write((lease, until), |db, (lease, until)| {
            Box::pin(async move {
                sqlx::query(
                    "UPDATE dialog SET leased = 0, ready_at = $4 \
                     WHERE account = $1 AND id = $2 AND token = $3 AND leased <> 0",
                )
                .bind(lease.account.0)
                .bind(&lease.dialog.0)
                .bind(lease.token)
                .bind(until)
                .execute(db)
                .await?;
                Ok(())
            })
        })
        .await
    }
}

async fn lease_oldest(
    db: &mut Connection,
    holder: i64,
    now: i64,
) -> Result<Option<Found>, StoreError> {
    let query = sqlx::query(leasing!(concat!(
        "UPDATE dialog SET leased = $2, token = ",
        next_token!(),
        " WHERE (account, id) = ( \
             SELECT account, id FROM dialog WHERE leased = 0 AND ready_at <= $1 AND format <= $3 \
             ORDER BY ready_at, account, id LIMIT 1",
        skip_held!(),
        ")"
    )));
    let leased = lease(db, query.bind(now).bind(holder).bind(FORMAT), now).await?;
    Ok(leased.map(|(leased, rows)| Found { leased, rows }))
}

async fn lease_this(
    db: &mut Connection,
    holder: i64,
    account: AccountId,
    dialog: &DialogId,
    now: i64,
) -> Result<Option<Found>, StoreError> {
    let query = sqlx::query(leasing!(concat!(
        "UPDATE dialog SET leased = $2, token = ",
        next_token!(),
        " WHERE account = $4 AND id = $5 AND leased = 0 AND format <= $3"
    )));
    let query = query.bind(now).bind(holder).bind(FORMAT).bind(account.0);
    match lease(db, query.bind(&dialog.0), now).await? {
        Some((leased, rows)) => Ok(Some(Found { leased, rows })),
        None if exists(db, account, &dialog.0).await? => Ok(None),
        None => Err(StoreError::LeaseLost),
    }
}

async fn exists(db: &mut Connection, account: AccountId, dialog: &str) -> Result<bool, StoreError> {
    let found = sqlx::query("SELECT 1 FROM dialog WHERE account = $1 AND id = $2")
        .bind(account.0)
        .bind(dialog)
        .fetch_optional(db)
        .await?;
    Ok(found.is_some())
}

/// Reads a row of what was leased.
pub(super) fn read_leased(row: &DbRow) -> Result<Leased, StoreError> {
    Ok(Leased {
        lease: Lease {
            account: AccountId(row.try_get("leased_account")?),
            dialog: DialogId(row.try_get("leased_dialog")?),
            token: row.try_get("leased_token")?,
        },
        conversation: row.try_get("leased_conversation")?,
        state: row.try_get("leased_state")?,
        due_at: row.try_get("leased_due_at")?,
        guest: row.try_get("leased_guest")?,
        another_is_ready: false,
    })
}

fn read_state(
    account: AccountId,
    dialog: &DialogId,
    conversation: String,
    state: Option<&str>,
) -> Result<Dialog, StoreError> {
    match state {
        Some(state) => from_json("state of a dialog", state),
        None => Ok(Dialog::new(
            dialog.clone(),
            account,
            ConversationId(conversation),
        )),
    }
}

/// Soonest first.
fn due_timers(state: &Dialog, now: i64) -> Vec<DueTimer> {
    let due = state.timers.iter().filter(|(_, armed)| armed.due <= now);
    let mut due: Vec<_> = due
        .map(|(timer, armed)| DueTimer {
            timer: *timer,
            generation: armed.generation,
            due: armed.due,
        })
        .collect();
    due.sort_by_key(|timer| (timer.due, timer.timer));
    due
}

/// The dialog's last seq and its deal, if the lease still holds.
pub(super) async fn hold(
    db: &mut Connection,
    lease: &Lease,
) -> Result<(u64, Option<i64>), StoreError> {
    let held: Option<(i64, Option<i64>)> = sqlx::query_as(concat!(
        "SELECT seq, deal FROM dialog WHERE account = $1 AND id = $2 AND token = $3 AND leased <> 0",
        for_update!()
    ))
    .bind(lease.account.0)
    .bind(&lease.dialog.0)
    .bind(lease.token)
    .fetch_optional(db)
    .await?;
    let (seq, deal) = held.ok_or(StoreError::LeaseLost)?;
    Ok((from_big("seq of a dialog", seq)?, deal))
}

async fn release(
    db: &mut Connection,
    lease: &Lease,
    failed: &[i64],
    again_at: i64,
) -> Result<Vec<i64>, StoreError> {
    hold(db, lease).await?;
    let mut poison = Vec::new();
    for id in failed {
        let state: Option<String> = sqlx::query_scalar(
            "UPDATE inbox SET tries = tries + 1, \
             state = CASE WHEN tries + 1 >= $4 THEN 'poison' ELSE state END \
             WHERE id = $3 AND account = $1 AND dialog = $2 AND state = 'new' RETURNING state",
        )
        .bind(lease.account.0)
        .bind(&lease.dialog.0)
        .bind(id)
        .bind(TRIES)
        .fetch_optional(&mut *db)
        .await?;
        if state.as_deref() == Some("poison") {
            poison.push(*id);
        }
    }
    sqlx::query(concat!(
        "UPDATE dialog SET leased = 0, ready_at = (SELECT CASE WHEN soon < $3 THEN $3 ELSE soon END FROM (SELECT ",
        soonest!("due_at"),
        " AS soon) AS next) WHERE account = $1 AND id = $2"
    ))
    .bind(lease.account.0)
    .bind(&lease.dialog.0)
    .bind(again_at)
    .execute(db)
    .await?;
    Ok(poison)
}
