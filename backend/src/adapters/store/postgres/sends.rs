//! The claim of sends: a function of the database, one way there and back. What it does stands in
//! `migrations/postgres/0041_versions.sql`, and the same contract tests hold it and what `SQLite` does instead.

use super::budget::FORGOTTEN_AFTER;
use super::dialect::{Connection, DbRow};
use crate::error::StoreError;
use crate::ports::{Class, Rank, Wanted, Window};
use widget_core::action::SendKind;
use widget_core::dialog::FORMAT;

/// Claims up to `most` sends, each with what its fence and its limit say at that moment.
pub(super) async fn claim_sends(
    db: &mut Connection,
    holder: i64,
    wanted: Wanted,
    most: usize,
    now: i64,
) -> Result<Vec<DbRow>, StoreError> {
    let windows: &[Window] = if wanted.limited {
        Class::Send.windows()
    } else {
        &[]
    };
    let shares = |window: &Window| Rank::ALL.map(|rank| rank.share(*window));
    let without_a_bot = SendKind::ALL.into_iter().filter(|kind| !kind.needs_bot());
    let claimed = sqlx::query("SELECT * FROM claim_sends_2($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(wanted.account.0)
        .bind(holder)
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .bind(now)
        .bind(without_a_bot.map(SendKind::name).collect::<Vec<_>>())
        .bind(
            windows
                .iter()
                .map(|window| window.within)
                .collect::<Vec<_>>(),
        )
        .bind(windows.iter().flat_map(shares).collect::<Vec<_>>())
        .bind(now - FORGOTTEN_AFTER)
        .bind(FORMAT)
        .fetch_all(db)
        .await?;
    Ok(claimed)
}
