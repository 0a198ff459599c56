//! Places within the providers' limits, kept in the database so that a restart forgets none.

use super::super::common::Held;
use super::SqlStore;
use super::dialect::{Connection, hold};
use crate::error::StoreError;
use crate::ports::{Budgets, Class};
use async_trait::async_trait;
use widget_core::ids::{AccountId, DialogId};

/// Places older than this are in no window any more, ms.
pub(super) const FORGOTTEN_AFTER: i64 = 120_000;

#[async_trait]
impl Budgets for SqlStore {
    async fn take(
        &self,
        account: AccountId,
        class: Class,
        now: i64,
    ) -> Result<Option<i64>, StoreError> {
        let wanted = (account, class, now);
        self.write(wanted, |db, (account, class, now)| {
            Box::pin(take(db, *account, *class, *now))
        })
        .await
    }

    async fn pause(&self, account: AccountId, class: Class, until: i64) -> Result<(), StoreError> {
        let paused = (account, class, until);
        self.write(paused, |db, (account, class, until)| {
            Box::pin(pause(db, *account, *class, *until))
        })
        .await
    }
}

async fn take(
    db: &mut Connection,
    account: AccountId,
    class: Class,
    now: i64,
) -> Result<Option<i64>, StoreError> {
    hold(db, Held::Budget(account, class)).await?;
    let mut free_at = paused_until(db, account, class).await?.unwrap_or(now);
    for window in class.windows() {
        // The place that has to leave the window first.
        let oldest: Option<i64> = sqlx::query_scalar(
            "SELECT at FROM place WHERE account = $1 AND class = $2 AND at > $3 \
             ORDER BY at DESC LIMIT 1 OFFSET $4",
        )
        .bind(account.0)
        .bind(class.name())
        .bind(now - window.within)
        .bind(window.most - 1)
        .fetch_optional(&mut *db)
        .await?;
        free_at = free_at.max(oldest.map_or(now, |at| at + window.within));
    }
    if free_at > now {
        return Ok(Some(free_at - now));
    }
    occupy(db, account, class, None, now).await?;
    Ok(None)
}

pub(super) async fn paused_until(
    db: &mut Connection,
    account: AccountId,
    class: Class,
) -> Result<Option<i64>, StoreError> {
    let until = sqlx::query_scalar("SELECT until FROM pause WHERE account = $1 AND class = $2")
        .bind(account.0)
        .bind(class.name())
        .fetch_optional(db)
        .await?;
    Ok(until)
}

/// Fills a place, and forgets those that are in no window any more.
pub(super) async fn occupy(
    db: &mut Connection,
    account: AccountId,
    class: Class,
    dialog: Option<&DialogId>,
    now: i64,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM place WHERE account = $1 AND class = $2 AND at <= $3")
        .bind(account.0)
        .bind(class.name())
        .bind(now - FORGOTTEN_AFTER)
        .execute(&mut *db)
        .await?;
    sqlx::query("INSERT INTO place (account, class, dialog, at) VALUES ($1, $2, $3, $4)")
        .bind(account.0)
        .bind(class.name())
        .bind(dialog.map(|dialog| &dialog.0))
        .bind(now)
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn pause(
    db: &mut Connection,
    account: AccountId,
    class: Class,
    until: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO pause (account, class, until) VALUES ($1, $2, $3) \
         ON CONFLICT (account, class) DO UPDATE SET until = \
         CASE WHEN pause.until > excluded.until THEN pause.until ELSE excluded.until END",
    )
    .bind(account.0)
    .bind(class.name())
    .bind(until)
    .execute(db)
    .await?;
    Ok(())
}
