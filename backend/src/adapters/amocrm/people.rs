//! Users, and who may see which deal. Both are kept for 5 min of the business clock.

use super::AmoCrm;
use crate::adapters::json;
use crate::error::CallError;
use crate::ports::{CrmUser, DealAccess};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use widget_core::ids::{ContactId, DealId, UserId};

const KEPT_MS: i64 = 5 * 60_000;
const MOST_KEPT: usize = 10_000;

/// Answers of [`AmoCrm::access_of`] with the time they were read at, unix ms.
pub(super) type AccessCache = HashMap<(UserId, DealId), (i64, DealAccess)>;

impl AmoCrm {
    pub(super) async fn fresh_users(&self) -> Result<Arc<Vec<CrmUser>>, CallError> {
        let now = self.clock.now_ms();
        let kept = self.known(|known| known.users.clone());
        match kept {
            Some((at, users)) if now - at < KEPT_MS => Ok(users),
            _ => self.read_users().await,
        }
    }

    /// The users, however old where they cannot be read anew.
    pub(super) async fn users_if_any(&self) -> Option<Arc<Vec<CrmUser>>> {
        match self.fresh_users().await {
            Ok(users) => Some(users),
            Err(_) => self
                .known(|known| known.users.clone())
                .map(|(_, users)| users),
        }
    }

    pub(super) async fn read_users(&self) -> Result<Arc<Vec<CrmUser>>, CallError> {
        let rows = self.api.all("users", &[], 10).await?;
        let users: Arc<Vec<CrmUser>> = Arc::new(rows.iter().filter_map(user).collect());
        let now = self.clock.now_ms();
        self.known(|known| known.users = Some((now, Arc::clone(&users))));
        Ok(users)
    }

    pub(super) async fn access_of(
        &self,
        user: UserId,
        deal: DealId,
    ) -> Result<DealAccess, CallError> {
        let now = self.clock.now_ms();
        let kept = self.known(|known| known.access.get(&(user, deal)).cloned());
        if let Some((at, access)) = kept
            && now - at < KEPT_MS
        {
            return Ok(access);
        }
        let (access, is_lasting) = self.read_access(user, deal).await?;
        if is_lasting {
            self.known(|known| {
                if known.access.len() >= MOST_KEPT {
                    known.access.retain(|_, (at, _)| now - *at < KEPT_MS);
                }
                if known.access.len() < MOST_KEPT {
                    known.access.insert((user, deal), (now, access.clone()));
                }
            });
        }
        Ok(access)
    }

    /// The access, and whether the answer is worth keeping: a deal that is still to come is not.
    async fn read_access(
        &self,
        user: UserId,
        deal: DealId,
    ) -> Result<(DealAccess, bool), CallError> {
        let none = |exists: bool| DealAccess {
            allowed: false,
            exists,
            responsible: None,
            contacts: Vec::new(),
        };
        let path = format!("leads/{deal}");
        let query = [("with", "contacts".to_owned())];
        let (row, is_known) = match self.api.get_as(user, &path, &query).await {
            Err(CallError::Refused { status: 403, .. }) => return Ok((none(true), true)),
            // An unknown user and a refused token look alike; only a call without the user tells them apart.
            Err(CallError::Refused { status: 401, .. }) => (self.api.get(&path, &[]).await?, false),
            answer => (answer?, true),
        };
        let Some(row) = row.filter(|row| !json::is_true(&row["is_deleted"])) else {
            return Ok((none(false), false));
        };
        if !is_known {
            return Ok((none(true), true));
        }
        let users = self.users_if_any().await;
        let is_active = |id: UserId| {
            users
                .as_ref()
                .is_none_or(|users| users.iter().any(|user| user.id == id && user.active))
        };
        let responsible = json::id(&row["responsible_user_id"]).map(UserId);
        let contacts = row["_embedded"]["contacts"].as_array();
        let contacts = contacts.into_iter().flatten();
        let access = DealAccess {
            allowed: true,
            exists: true,
            responsible: responsible.filter(|id| is_active(*id)),
            contacts: contacts
                .filter_map(|contact| json::id(&contact["id"]).map(ContactId))
                .collect(),
        };
        Ok((access, true))
    }
}

fn user(row: &Value) -> Option<CrmUser> {
    let rights = &row["rights"];
    Some(CrmUser {
        id: UserId(json::id(&row["id"])?),
        name: row["name"].as_str().unwrap_or_default().to_owned(),
        active: json::is_true(&rights["is_active"]),
        admin: json::is_true(&rights["is_admin"]),
    })
}
