//! Leased dialogs and their commits.

use super::super::common::{Work, deliver, from_big, from_json, to_big, to_json};
use super::SqlStore;
use super::dialect::{Connection, DbRow, for_update, json_number, json_text, skip_held};
use super::inbox::{TRIES, read_row, row_columns};
use super::kin::claim_hints;
use crate::error::StoreError;
use crate::ports::{
    Claimed, Commit, Dialogs, DueTimer, JournalRow, Lane, Lease, NewAct, Rank, Waiting,
};
use async_trait::async_trait;
use sqlx::Row;
use widget_core::action::Action;
use widget_core::dialog::{Dialog, FORMAT};
use widget_core::ids::{AccountId, ConversationId, DealId, DialogId};
use widget_core::owner::{Owner, ReasonId};

/// A dialog whose state this version cannot read is looked at again so much later, ms: an upgrade may read it.
const UNREADABLE_PAUSE: i64 = 60_000;

macro_rules! leased_columns {
    () => {
        "account, id, conversation, token, state, due_at"
    };
}

/// When a dialog's next row is ready, or its next timer, which is due at `$due`.
macro_rules! soonest {
    ($due:literal) => {
        concat!(
            "(SELECT MIN(soon) FROM ( \
                 SELECT MIN(COALESCE(parked_until, at)) AS soon FROM inbox \
                 WHERE account = $1 AND dialog = $2 AND state = 'new' \
                 UNION ALL SELECT ",
            $due,
            " AS soon) AS soonest)"
        )
    };
}

/// What a claim found, still sealed.
struct Found {
    lease: Lease,
    conversation: String,
    state: Option<String>,
    rows: Vec<DbRow>,
    due_at: Option<i64>,
}

#[async_trait]
impl Dialogs for SqlStore {
    async fn claim(&self, now: i64) -> Result<Option<Claimed>, StoreError> {
        let store = self.clone();
        let claim = async move {
            let found = store
                .write_at_once((store.holder(), now), |db, (holder, now)| {
                    Box::pin(lease_oldest(db, *holder, *now))
                })
                .await?;
            store.holds(found.as_ref().map(|found| &found.lease));
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
                .write_at_once(wanted, |db, (holder, account, dialog, now)| {
                    Box::pin(lease_this(db, *holder, *account, dialog, *now))
                })
                .await?;
            store.holds(found.as_ref().map(|found| &found.lease));
            store.open_claim(found, now).await
        };
        deliver(claim, self.taker_back()).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        let account = commit.lease.account;
        let lanes: Vec<Lane> = commit
            .acts
            .iter()
            .map(|act| Lane::of(&act.action))
            .collect();
        let given_back = commit.release.then(|| commit.lease.clone());
        self.write(commit, |db, commit| Box::pin(apply(db, commit)))
            .await?;
        self.lets_go(given_back.as_ref());
        self.tell_of_acts(account, &lanes);
        Ok(())
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
        let lease = found.lease.clone();
        let opened = self.open_found(found, now).await;
        if opened.is_err() {
            self.put_off(lease, now + UNREADABLE_PAUSE).await?;
        }
        opened.map(Some)
    }

    async fn open_found(&self, found: Found, now: i64) -> Result<Claimed, StoreError> {
        let Found { lease, rows, .. } = found;
        let keys = self.keys(lease.account).await?;
        let opened: Result<Vec<_>, _> = rows.iter().map(|row| read_row(row, &keys)).collect();
        let state = found.state.as_deref();
        let state = read_state(lease.account, &lease.dialog, found.conversation, state)?;
        Ok(Claimed {
            due: match found.due_at {
                Some(due_at) if due_at <= now => due_timers(&state, now),
                _ => Vec::new(),
            },
            rows: opened?,
            state,
            lease,
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
    let leased = sqlx::query(concat!(
        "UPDATE dialog SET leased = $2, token = token + 1 WHERE (account, id) = ( \
             SELECT account, id FROM dialog WHERE leased = 0 AND ready_at <= $1 AND format <= $3 \
             ORDER BY ready_at, account, id LIMIT 1",
        skip_held!(),
        ") RETURNING ",
        leased_columns!()
    ))
    .bind(now)
    .bind(holder)
    .bind(FORMAT)
    .fetch_optional(&mut *db)
    .await?;
    match leased {
        Some(leased) => find_work(db, &leased, now).await.map(Some),
        None => Ok(None),
    }
}

async fn lease_this(
    db: &mut Connection,
    holder: i64,
    account: AccountId,
    dialog: &DialogId,
    now: i64,
) -> Result<Option<Found>, StoreError> {
    let leased = sqlx::query(concat!(
        "UPDATE dialog SET leased = $3, token = token + 1 \
         WHERE account = $1 AND id = $2 AND leased = 0 AND format <= $4 RETURNING ",
        leased_columns!()
    ))
    .bind(account.0)
    .bind(&dialog.0)
    .bind(holder)
    .bind(FORMAT)
    .fetch_optional(&mut *db)
    .await?;
    match leased {
        Some(leased) => find_work(db, &leased, now).await.map(Some),
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

async fn find_work(db: &mut Connection, leased: &DbRow, now: i64) -> Result<Found, StoreError> {
    let lease = Lease {
        account: AccountId(leased.try_get("account")?),
        dialog: DialogId(leased.try_get("id")?),
        token: leased.try_get("token")?,
    };
    let rows = sqlx::query(concat!(
        "SELECT ",
        row_columns!(),
        " FROM inbox WHERE account = $1 AND dialog = $2 AND state = 'new' \
         AND (parked_until IS NULL OR parked_until <= $3) ORDER BY id LIMIT 50"
    ))
    .bind(lease.account.0)
    .bind(&lease.dialog.0)
    .bind(now)
    .fetch_all(&mut *db)
    .await?;
    Ok(Found {
        lease,
        conversation: leased.try_get("conversation")?,
        state: leased.try_get("state")?,
        due_at: leased.try_get("due_at")?,
        rows,
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

async fn apply(db: &mut Connection, commit: &Commit) -> Result<(), StoreError> {
    let (seq, deal) = hold(db, &commit.lease).await?;
    check(commit, seq)?;
    for row in &commit.journal {
        append(db, &commit.lease, row).await?;
    }
    for act in &commit.acts {
        enqueue(db, commit, act).await?;
    }
    for id in &commit.consumed {
        consume(db, &commit.lease, *id).await?;
    }
    for (id, until) in &commit.parked {
        park(db, &commit.lease, *id, *until).await?;
    }
    if commit.state.deal.map(|deal| deal.0) != deal {
        claim_hints(db, commit).await?;
    }
    store_state(db, commit).await
}

/// The dialog's last seq and its deal, if the lease still holds.
async fn hold(db: &mut Connection, lease: &Lease) -> Result<(u64, Option<i64>), StoreError> {
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

/// Refuses what would break *state is the fold of the journal*, or would write to another dialog.
fn check(commit: &Commit, mut seq: u64) -> Result<(), StoreError> {
    let refuse = |why: String| Err(StoreError::Refused(why));
    let Commit { lease, state, .. } = commit;
    if state.account != lease.account || state.id != lease.dialog {
        return refuse("the state is of another dialog than the lease".to_owned());
    }
    for row in &commit.journal {
        if row.seq != seq + 1 {
            return refuse(format!("journal row {} after {seq}", row.seq));
        }
        seq = row.seq;
    }
    if state.seq != seq {
        return refuse(format!(
            "state of row {} with a journal up to {seq}",
            state.seq
        ));
    }
    Ok(())
}

async fn append(db: &mut Connection, lease: &Lease, row: &JournalRow) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO journal \
         (account, dialog, seq, at, policy_version, core_version, event, changes, actions, trace) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(lease.account.0)
    .bind(&lease.dialog.0)
    .bind(to_big(row.seq)?)
    .bind(row.at)
    .bind(row.policy_version)
    .bind(&row.core_version)
    .bind(&row.event)
    .bind(&row.changes)
    .bind(&row.actions)
    .bind(&row.trace)
    .execute(db)
    .await?;
    Ok(())
}

async fn enqueue(db: &mut Connection, commit: &Commit, act: &NewAct) -> Result<(), StoreError> {
    let (epoch, rank) = match &act.action {
        Action::Send { epoch, kind, .. } => (Some(to_big(*epoch)?), Rank::of(*kind)),
        _ => (None, Rank::Answer),
    };
    sqlx::query(
        "INSERT INTO outbox \
         (account, dialog, key, lane, action, text, epoch, account_epoch, not_before, created_at, rank) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)",
    )
    .bind(commit.lease.account.0)
    .bind(&commit.lease.dialog.0)
    .bind(&act.key.0)
    .bind(Lane::of(&act.action).name())
    .bind(to_json(&act.action)?)
    .bind(act.text.map(|text| text.0))
    .bind(epoch)
    .bind(commit.account_epoch)
    .bind(commit.state.last_at)
    .bind(rank.number())
    .execute(db)
    .await?;
    Ok(())
}

async fn consume(db: &mut Connection, lease: &Lease, id: i64) -> Result<(), StoreError> {
    let consumed = sqlx::query(
        "UPDATE inbox SET state = 'done', parked_until = NULL \
         WHERE id = $3 AND account = $1 AND dialog = $2 AND state = 'new'",
    )
    .bind(lease.account.0)
    .bind(&lease.dialog.0)
    .bind(id)
    .execute(db)
    .await?;
    was_waiting(consumed.rows_affected(), id)
}

/// Parks a row, unless the send that it waited for has ended meanwhile: then nothing would wake it before its time.
async fn park(db: &mut Connection, lease: &Lease, id: i64, until: i64) -> Result<(), StoreError> {
    let parked = sqlx::query(
        "UPDATE inbox SET holds_sends = 1, parked_until = CASE WHEN EXISTS ( \
             SELECT 1 FROM ledger WHERE account = $1 AND dialog = $2 AND state = 'pending' \
         ) THEN $4 ELSE NULL END \
         WHERE id = $3 AND account = $1 AND dialog = $2 AND state = 'new'",
    )
    .bind(lease.account.0)
    .bind(&lease.dialog.0)
    .bind(id)
    .bind(until)
    .execute(db)
    .await?;
    was_waiting(parked.rows_affected(), id)
}

fn was_waiting(rows: u64, id: i64) -> Result<(), StoreError> {
    if rows == 1 {
        return Ok(());
    }
    Err(StoreError::Refused(format!(
        "inbox row {id} does not wait in this dialog"
    )))
}

async fn store_state(db: &mut Connection, commit: &Commit) -> Result<(), StoreError> {
    let Commit { lease, state, .. } = commit;
    sqlx::query(concat!(
        "UPDATE dialog SET state = $3, seq = $4, last_at = $5, owner_kind = $6, epoch = $7, deal = $8, format = $12, \
         leased = CASE WHEN $9 THEN 0 ELSE leased END, contact = $10, due_at = $11, ready_at = ",
        soonest!("$11"),
        " WHERE account = $1 AND id = $2"
    ))
    .bind(lease.account.0)
    .bind(&lease.dialog.0)
    .bind(to_json(state)?)
    .bind(to_big(state.seq)?)
    .bind(state.last_at)
    .bind(owner_kind(&state.view.owner))
    .bind(to_big(state.view.epoch)?)
    .bind(state.deal.map(|deal| deal.0))
    .bind(commit.release)
    .bind(state.contact.map(|contact| contact.0))
    .bind(state.timers.values().map(|armed| armed.due).min())
    .bind(FORMAT)
    .execute(db)
    .await?;
    Ok(())
}

fn owner_kind(owner: &Owner) -> &'static str {
    match owner {
        Owner::Bot => "bot",
        Owner::Waiting { .. } => "waiting",
        Owner::Manager { .. } => "manager",
    }
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
