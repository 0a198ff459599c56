//! The claim of sends, each with what its fence and its limit say at that moment. On `PostgreSQL` it is a function of the
//! database, one way there and back.

use super::super::common::{claimed_columns, from_json, is_first, to_big};
use super::budget::{occupy, paused_until};
use super::dialect::{Connection, DbRow};
use super::outbox::REFUSED;
use crate::error::StoreError;
use crate::ports::{Class, Rank, Wanted, Window};
use sqlx::Row;
use widget_core::action::Action;
use widget_core::dialog::FORMAT;
use widget_core::ids::{AccountId, DialogId};

/// How the database marks a claim that lets its send leave.
const RUNS: i64 = 1;

/// What is read of a send for its fence, in dialogs of formats up to `$3`.
macro_rules! send {
    () => {
        "SELECT o.id, o.dialog, o.key, o.action, o.text, o.phase, o.account_epoch, \
                d.epoch AS dialog_epoch, d.owner_kind, a.epoch AS epoch_of_account \
         FROM outbox o \
         JOIN dialog d ON d.account = o.account AND d.id = o.dialog \
         JOIN account a ON a.id = o.account \
         WHERE o.state = 'open' AND o.claimed = 0 AND o.account = $1 AND o.lane = 'send' AND d.format <= $3"
    };
}

/// A dialog's lane is as urgent as the most urgent text in it.
macro_rules! urgency {
    () => {
        "(SELECT MIN(p.rank) FROM outbox p WHERE p.state = 'open' AND p.account = o.account \
          AND p.dialog = o.dialog AND p.lane = o.lane)"
    };
}

/// The next runnable send. A parked row stands before a call, but not before a check: that is what may explain the row.
/// `$4` is the last rank that there is a place for. Of equally urgent dialogs that one goes first which got less lately.
pub(super) const NEXT_SEND: &str = concat!(
    send!(),
    " AND o.not_before <= $2",
    is_first!(),
    " AND (o.phase <> 'call' OR (",
    urgency!(),
    " <= $4 AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.state = 'new' AND i.dialog IS NOT NULL \
           AND i.account = o.account AND i.dialog = o.dialog AND i.holds_sends = 1))) \
      ORDER BY ",
    urgency!(),
    ", (SELECT COUNT(*) FROM place b WHERE b.account = o.account AND b.class = 'send' \
        AND b.at > $2 - 60000 AND b.dialog = o.dialog), o.not_before, o.id LIMIT 1"
);

/// A send that may not leave any more: it is refused whatever it waits for, since what is decided under the new epoch
/// stands behind it. Only one that was never tried keeps its pause: this version may be unable to read it.
const NEXT_FENCED: &str = concat!(
    send!(),
    " AND o.phase = 'call' AND (d.epoch <> o.epoch OR a.epoch <> o.account_epoch) \
          AND (o.not_before <= $2 OR o.tries > 0) ORDER BY o.id LIMIT 1"
);

/// Claims up to `most` sends.
pub(super) async fn claim_sends(
    db: &mut Connection,
    holder: i64,
    wanted: Wanted,
    most: usize,
    now: i64,
) -> Result<Vec<DbRow>, StoreError> {
    let mut claimed = Vec::new();
    while claimed.len() < most
        && let Some(row) = look_up(db, wanted, now).await?
    {
        claimed.push(claim(db, holder, wanted, now, &row).await?);
    }
    Ok(claimed)
}

/// The row of the next send to claim.
async fn look_up(
    db: &mut Connection,
    wanted: Wanted,
    now: i64,
) -> Result<Option<DbRow>, StoreError> {
    let account = wanted.account.0;
    let fenced = sqlx::query(NEXT_FENCED).bind(account).bind(now);
    if let Some(row) = fenced.bind(FORMAT).fetch_optional(&mut *db).await? {
        return Ok(Some(row));
    }
    let last_rank = if wanted.limited {
        last_rank(db, wanted.account, now).await?
    } else {
        Some(Rank::Touch)
    };
    let last_rank = last_rank.map_or(-1, Rank::number);
    let next = sqlx::query(NEXT_SEND).bind(account).bind(now);
    Ok(next.bind(FORMAT).bind(last_rank).fetch_optional(db).await?)
}

async fn claim(
    db: &mut Connection,
    holder: i64,
    wanted: Wanted,
    now: i64,
    row: &DbRow,
) -> Result<DbRow, StoreError> {
    let is_call = row.try_get::<String, _>("phase")? == "call";
    let is_refused = is_call && is_fenced(row)?;
    if is_call && !is_refused {
        expect_echo(db, wanted.account, row, now).await?;
        if wanted.limited {
            let dialog = DialogId(row.try_get("dialog")?);
            occupy(db, wanted.account, Class::Send, Some(&dialog), now).await?;
        }
    }
    let claimed = sqlx::query(concat!(
        "UPDATE outbox SET claimed = $2, token = token + 1, holder = $3, \
         claimed_at = CASE WHEN phase = 'call' THEN $4 ELSE claimed_at END WHERE id = $1 RETURNING ",
        claimed_columns!()
    ))
    .bind(row.try_get::<i64, _>("id")?)
    .bind(if is_refused { REFUSED } else { RUNS })
    .bind(holder)
    .bind(now)
    .fetch_one(db)
    .await?;
    Ok(claimed)
}

/// Promise 1: whether a send may not leave, by what the transaction that claims it sees. What nobody can read is refused:
/// the claim of it is undone.
fn is_fenced(row: &DbRow) -> Result<bool, StoreError> {
    let action: Result<Action, _> = from_json("an action", row.try_get("action")?);
    let Ok(Action::Send { kind, epoch, .. }) = action else {
        return Ok(true);
    };
    let owner: String = row.try_get("owner_kind")?;
    let same_epoch = row.try_get::<i64, _>("dialog_epoch")? == to_big(epoch)?
        && row.try_get::<i64, _>("epoch_of_account")? == row.try_get::<i64, _>("account_epoch")?;
    let allowed = match owner.as_str() {
        "bot" => true,
        "waiting" => !kind.needs_bot(),
        _ => false,
    };
    Ok(!same_epoch || !allowed)
}

/// Writes the pending ledger row of a send.
async fn expect_echo(
    db: &mut Connection,
    account: AccountId,
    row: &DbRow,
    now: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO ledger (account, dialog, key, kind, state, text_hash, claimed_at) VALUES \
         ($1, $2, $3, 'send', 'pending', \
          (SELECT echo FROM text WHERE account = $1 AND dialog = $2 AND id = $4), $5) \
         ON CONFLICT (account, key) DO UPDATE SET \
         state = 'pending', text_hash = excluded.text_hash, claimed_at = excluded.claimed_at",
    )
    .bind(account.0)
    .bind(row.try_get::<String, _>("dialog")?)
    .bind(row.try_get::<String, _>("key")?)
    .bind(row.try_get::<Option<i64>, _>("text")?)
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// The last rank that may still send; `None` = nobody.
async fn last_rank(
    db: &mut Connection,
    account: AccountId,
    now: i64,
) -> Result<Option<Rank>, StoreError> {
    let paused = paused_until(db, account, Class::Send).await?;
    if paused.is_some_and(|until| until > now) {
        return Ok(None);
    }
    let mut last = Some(Rank::Touch);
    for window in Class::Send.windows() {
        let taken = taken(db, account, *window, now).await?;
        let has_place = |rank: &Rank| taken < rank.share(*window);
        last = last.min(Rank::ALL.into_iter().rfind(has_place));
    }
    Ok(last)
}

async fn taken(
    db: &mut Connection,
    account: AccountId,
    window: Window,
    now: i64,
) -> Result<i64, StoreError> {
    let taken = sqlx::query_scalar(
        "SELECT COUNT(*) FROM place WHERE account = $1 AND class = 'send' AND at > $2",
    )
    .bind(account.0)
    .bind(now - window.within)
    .fetch_one(db)
    .await?;
    Ok(taken)
}
