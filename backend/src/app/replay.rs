//! Where the journals of a data folder are read for a replay.

use super::DATABASE;
use crate::adapters::store::SqliteHistory;
use crate::error::StoreError;
use crate::ports::History;
use std::path::Path;
use std::sync::Arc;

pub use crate::flow::{Judged, Trial};
pub use crate::ports::Scope;

/// Opens the journals in `folder` for `readers` at once, beside a backend that runs or without one.
///
/// # Errors
/// When there are none, or they are of another version of Estafeta.
pub async fn open(folder: &Path, readers: u32) -> Result<Arc<dyn History>, StoreError> {
    let history = SqliteHistory::open(&folder.join(DATABASE), readers).await?;
    Ok(Arc::new(history))
}
