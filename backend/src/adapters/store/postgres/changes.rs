//! The changes of several statements: each is a function of the database, one way there and back. What they do stands in
//! `migrations/postgres/0019_changes.sql` and the migrations after it.

use super::super::common::{SLACK, check, owner_kind, to_big, to_json};
use super::dialect::Connection;
use super::inbox::SealedRow;
use super::ledger::{ECHO_WINDOW, Seen};
use crate::error::StoreError;
use crate::ports::{ClaimedAct, Commit, Echo, Lane, NewAct, Rank};
use widget_core::action::Action;
use widget_core::ids::{ActionKey, MessageId};

/// What was decided on a dialog that this life of the instance has leased. Answers when it is ready next.
pub(super) async fn apply(
    db: &mut Connection,
    commit: &Commit,
    holder: i64,
) -> Result<Option<i64>, StoreError> {
    let Commit {
        lease,
        state,
        journal,
        acts,
        ..
    } = commit;
    let before = before(commit)?;
    let read_at = state.crm.as_ref().map_or(0, |crm| crm.at);
    let (parked, until): (Vec<i64>, Vec<i64>) = commit.parked.iter().copied().unzip();
    let ready_at = sqlx::query_scalar(
        "SELECT commit_dialog_2($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, \
         $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34)",
    )
    .bind(lease.account.0)
    .bind(&lease.dialog.0)
    .bind(lease.token)
    .bind(to_big(before)?)
    .bind(each(journal, |row| to_big(row.seq))?)
    .bind(each(journal, |row| Ok(row.at))?)
    .bind(each(journal, |row| Ok(row.policy_version))?)
    .bind(texts(journal, |row| &row.core_version))
    .bind(texts(journal, |row| &row.event))
    .bind(texts(journal, |row| &row.changes))
    .bind(texts(journal, |row| &row.actions))
    .bind(texts(journal, |row| &row.trace))
    .bind(texts(acts, |act| &act.key.0))
    .bind(each(acts, |act| Ok(Lane::of(&act.action).name()))?)
    .bind(each(acts, |act| to_json(&act.action))?)
    .bind(each(acts, |act| Ok(act.text.map(|text| text.0)))?)
    .bind(each(acts, epoch)?)
    .bind(each(acts, |act| Ok(rank(act)))?)
    .bind(commit.account_epoch)
    .bind(&commit.consumed)
    .bind(parked)
    .bind(until)
    .bind(read_at - SLACK)
    .bind(to_json(state)?)
    .bind(to_big(state.seq)?)
    .bind(state.last_at)
    .bind(owner_kind(&state.view.owner))
    .bind(to_big(state.view.epoch)?)
    .bind(state.deal.map(|deal| deal.0))
    .bind(state.contact.map(|contact| contact.0))
    .bind(state.timers.values().map(|armed| armed.due).min())
    .bind(state.format())
    .bind(commit.release)
    .bind(holder)
    .fetch_one(db)
    .await?;
    Ok(ready_at)
}

/// The journal's last row that the commit stands on.
fn before(commit: &Commit) -> Result<u64, StoreError> {
    let rows = u64::try_from(commit.journal.len()).unwrap_or(u64::MAX);
    let before = commit.state.seq.saturating_sub(rows);
    check(commit, before)?;
    Ok(before)
}

fn each<R, T>(
    rows: &[R],
    column: impl Fn(&R) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    rows.iter().map(column).collect()
}

fn texts<R>(rows: &[R], column: impl Fn(&R) -> &String) -> Vec<&str> {
    rows.iter().map(|row| column(row).as_str()).collect()
}

fn epoch(act: &NewAct) -> Result<Option<i64>, StoreError> {
    match &act.action {
        Action::Send { epoch, .. } => to_big(*epoch).map(Some),
        _ => Ok(None),
    }
}

fn rank(act: &NewAct) -> i64 {
    match &act.action {
        Action::Send { kind, .. } => Rank::of(*kind).number(),
        _ => Rank::Answer.number(),
    }
}

/// Ends an action with its result. `message`: the channel's id of a send that left.
pub(super) async fn end(
    db: &mut Connection,
    act: &ClaimedAct,
    result: &SealedRow,
    message: Option<&MessageId>,
) -> Result<(), StoreError> {
    sqlx::query("SELECT end_act($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
        .bind(act.account.0)
        .bind(&act.dialog.0)
        .bind(&act.key.0)
        .bind(act.token)
        .bind(matches!(act.action, Action::Send { .. }))
        .bind(message.map(|message| &message.0))
        .bind(act.sought_from.is_some())
        .bind(&result.conversation)
        .bind(&result.source)
        .bind(&result.dedup_key)
        .bind(&result.body)
        .bind(result.at)
        .execute(db)
        .await?;
    Ok(())
}

/// Replaces rows without a dialog, each by rows that have one, or by none.
pub(super) async fn route(
    db: &mut Connection,
    routed: &[(i64, Vec<SealedRow>)],
) -> Result<(), StoreError> {
    let ids: Vec<i64> = routed.iter().map(|(id, _)| *id).collect();
    let copies = || {
        let of = |(id, rows): &(i64, Vec<SealedRow>)| vec![*id; rows.len()];
        let of = routed.iter().flat_map(of);
        of.zip(routed.iter().flat_map(|(_, rows)| rows))
    };
    sqlx::query("SELECT route($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(ids)
        .bind(copies().map(|(of, _)| of).collect::<Vec<_>>())
        .bind(column(copies(), |row| row.account))
        .bind(column(copies(), |row| row.dialog.as_deref()))
        .bind(column(copies(), |row| row.conversation.as_deref()))
        .bind(column(copies(), |row| row.source.as_str()))
        .bind(column(copies(), |row| row.dedup_key.as_str()))
        .bind(column(copies(), |row| row.body.as_slice()))
        .bind(column(copies(), |row| row.at))
        .execute(db)
        .await?;
    Ok(())
}

fn column<'a, C>(
    copies: impl Iterator<Item = (i64, &'a SealedRow)>,
    column: impl Fn(&'a SealedRow) -> C,
) -> Vec<C> {
    copies.map(|(_, row)| column(row)).collect()
}

/// Whose a message is that left towards a guest (DESIGN §5.5).
pub(super) async fn recognise(
    db: &mut Connection,
    seen: &Seen,
    now: i64,
) -> Result<Echo, StoreError> {
    let key: Option<String> = sqlx::query_scalar("SELECT recognise($1, $2, $3, $4, $5, $6)")
        .bind(seen.account.0)
        .bind(&seen.dialog.0)
        .bind(&seen.source)
        .bind(seen.message.as_ref().map(|message| &message.0))
        .bind(&seen.text)
        .bind(now - ECHO_WINDOW)
        .fetch_one(db)
        .await?;
    Ok(match key {
        Some(key) if key.is_empty() => Echo::Pending,
        Some(key) => Echo::Ours(ActionKey(key)),
        None => Echo::Foreign,
    })
}
