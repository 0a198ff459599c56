//! The changes of several statements. On `PostgreSQL` each is a function of the database, one way there and back.

use super::super::common::{Held, SLACK, check, owner_kind, soonest, to_big, to_json};
use super::dialect::{Connection, hold as hold_all};
use super::dialogs::hold;
use super::inbox::{SealedRow, store};
use super::outbox::{forget_echo, still_held, unpark};
use crate::error::StoreError;
use crate::ports::{ClaimedAct, Commit, JournalRow, Lane, Lease, NewAct, Rank};
use widget_core::action::Action;
use widget_core::dialog::FORMAT;
use widget_core::ids::MessageId;

/// What was decided on a leased dialog.
pub(super) async fn apply(db: &mut Connection, commit: &Commit) -> Result<(), StoreError> {
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

/// Gives the hints about the dialog's deal to the dialog, if they came after the CRM was read for it.
async fn claim_hints(db: &mut Connection, commit: &Commit) -> Result<(), StoreError> {
    let Some(deal) = commit.state.deal else {
        return Ok(());
    };
    hold_all(db, Held::Deal(commit.lease.account, deal)).await?;
    let read_at = commit.state.crm.as_ref().map_or(0, |crm| crm.at);
    sqlx::query(
        "UPDATE inbox SET state = 'new', dialog = $2 \
         WHERE account = $1 AND deal = $3 AND state = 'unclaimed' AND at >= $4",
    )
    .bind(commit.lease.account.0)
    .bind(&commit.lease.dialog.0)
    .bind(deal.0)
    .bind(read_at - SLACK)
    .execute(db)
    .await?;
    Ok(())
}

/// Ends an action with its result. `message`: the channel's id of a send that left.
pub(super) async fn end(
    db: &mut Connection,
    act: &ClaimedAct,
    result: &SealedRow,
    message: Option<&MessageId>,
) -> Result<(), StoreError> {
    let ended = sqlx::query(
        "UPDATE outbox SET state = 'done', claimed = 0 \
         WHERE account = $1 AND key = $2 AND token = $3 AND state = 'open' AND claimed <> 0",
    )
    .bind(act.account.0)
    .bind(&act.key.0)
    .bind(act.token)
    .execute(&mut *db)
    .await?;
    still_held(ended.rows_affected())?;
    // This wakes the dialog, and so holds it until the ledger is right too.
    store(db, result, 0).await?;
    if !matches!(act.action, Action::Send { .. }) {
        return Ok(());
    }
    match message {
        Some(message) => {
            sqlx::query(
                "UPDATE ledger SET state = 'done', message = $3 WHERE account = $1 AND key = $2",
            )
            .bind(act.account.0)
            .bind(&act.key.0)
            .bind(&message.0)
            .execute(&mut *db)
            .await?;
        }
        None => forget_echo(db, act).await?,
    }
    unpark(db, act, result.at).await
}
