//! The changes of several statements. On `PostgreSQL` each is a function of the database, one way there and back.

use super::super::common::{Held, SLACK, check, owner_kind, soonest, to_big, to_json};
use super::dialect::{Connection, hold as hold_all};
use super::dialogs::hold;
use super::inbox::{SealedRow, store};
use super::ledger::{ECHO_WINDOW, Seen};
use super::outbox::{forget_echo, still_held, unpark};
use crate::error::StoreError;
use crate::ports::{ClaimedAct, Commit, Echo, JournalRow, Lane, Lease, NewAct, Rank};
use widget_core::action::Action;
use widget_core::ids::{ActionKey, MessageId};

/// What was decided on a leased dialog. Answers when it is ready next.
pub(super) async fn apply(
    db: &mut Connection,
    commit: &Commit,
    _holder: i64,
) -> Result<Option<i64>, StoreError> {
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

async fn store_state(db: &mut Connection, commit: &Commit) -> Result<Option<i64>, StoreError> {
    let Commit { lease, state, .. } = commit;
    let ready_at = sqlx::query_scalar(concat!(
        "UPDATE dialog SET state = $3, seq = $4, last_at = $5, owner_kind = $6, epoch = $7, deal = $8, format = $12, \
         leased = CASE WHEN $9 THEN 0 ELSE leased END, contact = $10, due_at = $11, ready_at = ",
        soonest!("$11"),
        " WHERE account = $1 AND id = $2 RETURNING ready_at"
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
    .bind(state.format())
    .fetch_one(db)
    .await?;
    Ok(ready_at)
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
    unpark(db, act.account, &act.dialog, result.at).await
}

/// Replaces rows without a dialog, each by rows that have one, or by none.
pub(super) async fn route(
    db: &mut Connection,
    routed: &[(i64, Vec<SealedRow>)],
) -> Result<(), StoreError> {
    for (id, rows) in routed {
        route_one(db, *id, rows).await?;
    }
    Ok(())
}

async fn route_one(db: &mut Connection, id: i64, rows: &[SealedRow]) -> Result<(), StoreError> {
    // The row itself stays, done, so that its duplicates are still known.
    let routed: Option<(i64, String, String)> = sqlx::query_as(
        "UPDATE inbox SET state = 'done' WHERE id = $1 AND state = 'new' AND dialog IS NULL \
         RETURNING account, source, dedup_key",
    )
    .bind(id)
    .fetch_optional(&mut *db)
    .await?;
    let (account, source, dedup_key) = routed.ok_or(StoreError::LeaseLost)?;
    let mut parts = 0;
    for row in rows {
        if row.account != account {
            return Err(StoreError::Refused(
                "a row may not be routed to another account".to_owned(),
            ));
        }
        let under_its_own_key = row.source == source && row.dedup_key == dedup_key;
        if under_its_own_key {
            parts += 1;
        }
        store(db, row, if under_its_own_key { parts } else { 0 }).await?;
    }
    Ok(())
}

/// Whose a message is that left towards a guest (DESIGN §5.5).
pub(super) async fn recognise(
    db: &mut Connection,
    seen: &Seen,
    now: i64,
) -> Result<Echo, StoreError> {
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
    .bind(name(seen))
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
    .bind(name(seen))
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

/// The message's id in its source; empty when it has none.
fn name(seen: &Seen) -> &str {
    seen.message.as_ref().map_or("", |message| &message.0)
}
