//! Databases of before: what they kept in plain is sealed.

use super::super::seal::{MasterKey, Purpose};
use crate::error::StoreError;
use sqlx::SqliteConnection;
use widget_core::ids::AccountId;

/// Seals the policies of a database that was made when they were kept in plain.
pub(super) async fn seal_policies(
    db: &mut SqliteConnection,
    master: &MasterKey,
) -> Result<(), StoreError> {
    let plain: Vec<(i64, i64, String, Vec<u8>)> = sqlx::query_as(
        "SELECT p.account, p.version, p.toml, a.key FROM policy p JOIN account a ON a.id = p.account \
         WHERE p.body IS NULL",
    )
    .fetch_all(&mut *db)
    .await?;
    if plain.is_empty() {
        return Ok(());
    }
    for (account, version, toml, key) in plain {
        let keys = master.account_keys(AccountId(account), &key)?;
        sqlx::query("UPDATE policy SET toml = '', body = $3 WHERE account = $1 AND version = $2")
            .bind(account)
            .bind(version)
            .bind(keys.seal(Purpose::Policy, toml.as_bytes())?)
            .execute(&mut *db)
            .await?;
    }
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(db)
        .await?;
    Ok(())
}
