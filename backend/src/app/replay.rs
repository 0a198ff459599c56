//! Where the journals are read for a replay.

use crate::adapters::store;
use crate::error::StoreError;
use crate::ports::History;
use std::sync::Arc;

pub use crate::adapters::store::Place;
pub use crate::flow::{Judged, Trial};
pub use crate::ports::Scope;

/// Opens the journals that lie in `place` for `readers` at once, beside a backend that runs or without one.
///
/// # Errors
/// When there are none, or they are of another version of Estafeta.
pub async fn open(place: &Place, readers: u32) -> Result<Arc<dyn History>, StoreError> {
    store::history(place, readers).await
}
