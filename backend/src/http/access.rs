//! Who may see which deal: the CRM decides, and its adapter remembers the answer for 5 min.

use super::error::ApiError;
use super::state::Site;
use crate::ports::DealAccess;
use widget_core::ids::{DealId, UserId};

/// Lets `user` at `deal`, or says why not.
///
/// # Errors
/// 404 for no such deal, 403 without rights to it, 503 while the CRM does not say.
pub(super) async fn check(site: &Site, user: UserId, deal: DealId) -> Result<DealAccess, ApiError> {
    let access = site
        .tenant
        .crm
        .access(user, deal)
        .await
        .map_err(|cause| ApiError::crm_unavailable(&cause))?;
    match access {
        DealAccess { exists: false, .. } => Err(ApiError::deal_not_found()),
        DealAccess { allowed: false, .. } => Err(ApiError::forbidden()),
        access => Ok(access),
    }
}
