//! A connection for a transaction.
//!
//! What is dropped in the middle of a `BEGIN` (its caller has hung up, or it took too long) would leave the transaction open
//! in the pool: sqlx rolls back only what it knows to have begun. Whoever got that connection next would be told of a commit
//! that there was not.

use crate::error::StoreError;
use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres};

/// A pool's connection, which goes back only when its transaction is over, and is closed otherwise.
pub(super) struct Lent {
    pub(super) db: PoolConnection<Postgres>,
    /// No transaction is open on it.
    pub(super) is_clean: bool,
}

impl Lent {
    pub(super) async fn by(pool: &PgPool) -> Result<Self, StoreError> {
        Ok(Self {
            db: pool.acquire().await?,
            is_clean: false,
        })
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if !self.is_clean {
            self.db.close_on_drop();
        }
    }
}
