//! Who may see which deal. The CRM decides; while it is down, what it said not long ago still holds, so that a manager
//! keeps the card during an outage.

use super::error::ApiError;
use super::state::{Site, Web};
use crate::error::CallError;
use crate::ports::DealAccess;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use widget_core::ids::{AccountId, DealId, UserId};
use widget_core::time::MINUTE;

/// An answer of the CRM serves an outage for so long, ms of business time.
const KEPT: i64 = 30 * MINUTE;
/// At most so many answers are kept.
const MOST: usize = 10_000;

type Key = (AccountId, UserId, DealId);

/// The CRM's last answers.
#[derive(Default)]
pub(super) struct KnownAccess(Mutex<HashMap<Key, (i64, DealAccess)>>);

impl KnownAccess {
    fn remember(&self, key: Key, now: i64, access: &DealAccess) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, (at, _)| now - *at < KEPT);
        }
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key, (now, access.clone()));
    }

    fn recall(&self, key: &Key, now: i64) -> Option<DealAccess> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, access) = known.get(key)?;
        (now - at < KEPT).then(|| access.clone())
    }
}

/// Lets `user` at `deal`, or says why not.
///
/// # Errors
/// 404 for no such deal, 403 without rights to it, 503 while the CRM does not say and never said before.
pub(super) async fn check(
    web: &Web,
    site: &Site,
    user: UserId,
    deal: DealId,
) -> Result<DealAccess, ApiError> {
    let access = ask(web, site, user, deal)
        .await
        .map_err(|cause| ApiError::crm_unavailable(&cause))?;
    match access {
        DealAccess { exists: false, .. } => Err(ApiError::deal_not_found()),
        DealAccess { allowed: false, .. } => Err(ApiError::forbidden()),
        access => Ok(access),
    }
}

async fn ask(web: &Web, site: &Site, user: UserId, deal: DealId) -> Result<DealAccess, CallError> {
    let key = (site.tenant.account, user, deal);
    match site.tenant.crm.access(user, deal).await {
        Ok(access) => {
            web.access.remember(key, web.now(), &access);
            Ok(access)
        }
        Err(cause) => web.access.recall(&key, web.now()).ok_or(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed() -> DealAccess {
        DealAccess {
            allowed: true,
            exists: true,
            responsible: None,
            phones: Vec::new(),
        }
    }

    #[test]
    fn an_answer_serves_an_outage_for_half_an_hour_and_only_its_own_user_deal_and_account() {
        let known = KnownAccess::default();
        let key = (AccountId(1), UserId(2), DealId(3));
        known.remember(key, 0, &allowed());
        assert_eq!(known.recall(&key, KEPT - 1), Some(allowed()));
        assert_eq!(known.recall(&key, KEPT), None);
        for other in [
            (AccountId(9), UserId(2), DealId(3)),
            (AccountId(1), UserId(9), DealId(3)),
            (AccountId(1), UserId(2), DealId(9)),
        ] {
            assert_eq!(known.recall(&other, 1), None);
        }
    }

    #[test]
    fn the_memory_is_bounded() {
        let known = KnownAccess::default();
        for deal in 0..=i64::try_from(MOST).unwrap() {
            known.remember((AccountId(1), UserId(1), DealId(deal)), 0, &allowed());
        }
        assert!(known.0.lock().unwrap().len() <= MOST);
    }
}
