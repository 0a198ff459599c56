//! The card's session: a bearer of our own, good for 15 minutes of business time.
//!
//! `base64url(claims).base64url(HMAC-SHA256)`. No library: one algorithm, one key, nothing to negotiate.

use super::error::ApiError;
use super::state::{Site, Web};
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::sync::Arc;
use widget_core::ids::{AccountId, UserId};
use widget_core::time::MINUTE;

/// Life of a session, ms.
const LIFE: i64 = 15 * MINUTE;

/// Signs sessions. Made of the master key, so that sessions survive a restart.
#[derive(Clone)]
pub struct SessionKey([u8; 32]);

/// Who a bearer says is calling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    /// The tenant.
    pub(super) account: AccountId,
    /// The CRM user.
    pub(super) user: UserId,
    /// An administrator of the account.
    pub(super) admin: bool,
    /// Unix ms of business time.
    pub(super) exp: i64,
}

impl Claims {
    /// Claims of a session that begins at `now`.
    pub(super) fn new(account: AccountId, user: UserId, admin: bool, now: i64) -> Self {
        Self {
            account,
            user,
            admin,
            exp: now + LIFE,
        }
    }
}

impl SessionKey {
    /// The key that belongs to this master key.
    pub fn derive(master_key: &[u8; 32]) -> Self {
        let tag = mac(master_key, b"estafeta/session/1").finalize();
        Self(tag.into_bytes().into())
    }

    /// The bearer that says `claims`.
    pub(super) fn sign(&self, claims: &Claims) -> String {
        let said = BASE64.encode(serde_json::to_vec(claims).unwrap_or_default());
        let tag = mac(&self.0, said.as_bytes()).finalize().into_bytes();
        format!("{said}.{}", BASE64.encode(tag))
    }

    /// What a bearer says, if it is ours and not over at `now`.
    pub(super) fn read(&self, bearer: &str, now: i64) -> Option<Claims> {
        let (said, tag) = bearer.split_once('.')?;
        let tag = BASE64.decode(tag).ok()?;
        mac(&self.0, said.as_bytes()).verify_slice(&tag).ok()?;
        let claims: Claims = serde_json::from_slice(&BASE64.decode(said).ok()?).ok()?;
        (now < claims.exp).then_some(claims)
    }
}

fn mac(key: &[u8; 32], message: &[u8]) -> Hmac<Sha256> {
    // HMAC pads a short key with zeros to the length of a block: so the key has its type and nothing can fail.
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(message);
    mac
}

/// Whoever calls with a good bearer.
pub(super) struct Caller {
    /// The account.
    pub(super) site: Arc<Site>,
    /// The CRM user.
    pub(super) user: UserId,
    /// An administrator of the account.
    pub(super) admin: bool,
    /// When the session is over, unix ms of business time.
    pub(super) until: i64,
}

impl FromRequestParts<Arc<Web>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, ApiError> {
        let claims = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .and_then(|bearer| web.session_key.read(bearer.trim(), web.now()))
            .ok_or_else(ApiError::session_expired)?;
        let site = web
            .site(claims.account)
            .ok_or_else(ApiError::account_unknown)?;
        Ok(Self {
            site: Arc::clone(site),
            user: claims.user,
            admin: claims.admin,
            until: claims.exp,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims::new(AccountId(1), UserId(9002), false, 1_000)
    }

    #[test]
    fn a_bearer_is_good_for_fifteen_minutes() {
        let key = SessionKey::derive(&[7; 32]);
        let bearer = key.sign(&claims());
        assert_eq!(key.read(&bearer, 1_000 + LIFE - 1), Some(claims()));
        assert_eq!(key.read(&bearer, 1_000 + LIFE), None);
    }

    #[test]
    fn a_changed_or_foreign_bearer_is_refused() {
        let key = SessionKey::derive(&[7; 32]);
        let bearer = key.sign(&claims());
        assert_eq!(SessionKey::derive(&[8; 32]).read(&bearer, 1_000), None);
        let (_, tag) = bearer.split_once('.').unwrap();
        let promoted = Claims {
            admin: true,
            ..claims()
        };
        let said = BASE64.encode(serde_json::to_vec(&promoted).unwrap());
        assert_eq!(key.read(&format!("{said}.{tag}"), 1_000), None);
        for broken in ["", ".", "a.b", &bearer[..bearer.len() - 2]] {
            assert_eq!(key.read(broken, 1_000), None, "{broken}");
        }
    }
}
