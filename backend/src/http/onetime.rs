//! amoCRM's one-time token: a JWT, HS256, signed with the integration's secret.
//!
//! jsonwebtoken checks algorithm and signature. The times are checked here, because they go by the business clock and
//! the library knows the machine's only.

use super::error::ApiError;
use super::sites::Sites;
use super::state::Site;
use crate::ports::Install;
use axum::http::Uri;
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::sync::Arc;
use widget_core::ids::UserId;
use widget_core::time::SECOND;

/// How far two clocks may be apart, ms.
const LEEWAY: i64 = 60 * SECOND;

/// A token that passed every check but its single use.
pub(super) struct Proven {
    /// The account it belongs to.
    pub(super) site: Arc<Site>,
    /// The CRM user.
    pub(super) user: UserId,
    /// An administrator; false when the token does not say.
    pub(super) admin: bool,
    /// Its id, to be used once.
    pub(super) id: String,
    /// Its id may be forgotten at this unix ms: the token is over for good.
    pub(super) until: i64,
}

/// Numbers are read as floats: some of amoCRM's tokens carry fractions of a second.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    jti: String,
    iat: f64,
    nbf: f64,
    exp: f64,
    account_id: i64,
    user_id: i64,
    client_uuid: String,
    #[serde(default)]
    is_admin: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn names(&self, place: &Place) -> bool {
        match self {
            Self::One(one) => Place::of(one).as_ref() == Some(place),
            Self::Many(many) => many
                .iter()
                .any(|one| Place::of(one).as_ref() == Some(place)),
        }
    }
}

/// Scheme and host; the port does not count, as in the provider's own library.
#[derive(PartialEq, Eq)]
struct Place {
    scheme: String,
    host: String,
}

impl Place {
    fn of(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        Some(Self {
            scheme: uri.scheme_str()?.to_ascii_lowercase(),
            host: uri.host()?.to_ascii_lowercase(),
        })
    }
}

/// Checks everything about a token but its single use.
///
/// # Errors
/// 401 `token_refused` or `clock_skew`; 403 `account_unknown` when a good token names an account that is not connected.
pub(super) fn prove(
    token: &str,
    sites: &Sites,
    public_url: &str,
    now: i64,
) -> Result<Proven, ApiError> {
    let client = client_of(token)?;
    let integration = sites
        .integration(&client)
        .ok_or_else(|| ApiError::token_refused("unknown integration"))?;
    let claims = signed_claims(token, &integration.client_secret)?;
    let site = sites
        .installed(&claims.client_uuid, claims.account_id)
        .ok_or_else(ApiError::account_unknown)?;
    check(&claims, &site.origins, public_url, now)?;
    Ok(Proven {
        site: Arc::clone(site),
        user: UserId(claims.user_id),
        admin: claims.is_admin,
        until: millis(claims.exp) + LEEWAY,
        id: claims.jti,
    })
}

/// Which of these accounts a token belongs to, if it is a good one, and whether an administrator shows it.
pub(super) fn prove_install<'a>(
    token: &str,
    installs: &'a [Install],
    public_url: &str,
    now: i64,
) -> Option<(&'a Install, bool)> {
    let client = client_of(token).ok()?;
    let mut likely = installs.iter().filter(|one| one.client_id == client);
    likely.find_map(|one| {
        let claims = signed_claims(token, &one.client_secret).ok()?;
        check(&claims, &one.origins, public_url, now).ok()?;
        (claims.account_id == one.account.0).then_some((one, claims.is_admin))
    })
}

/// Checks everything that the signature does not say.
fn check(claims: &Claims, origins: &[String], public_url: &str, now: i64) -> Result<(), ApiError> {
    check_times(claims, now)?;
    if !Place::of(public_url).is_some_and(|here| claims.aud.names(&here)) {
        return Err(ApiError::token_refused("the audience is not this server"));
    }
    let issuer = Place::of(&claims.iss);
    if issuer.is_none() || !origins.iter().any(|origin| Place::of(origin) == issuer) {
        return Err(ApiError::token_refused(
            "the issuer is not the account's address",
        ));
    }
    if claims.jti.is_empty() {
        return Err(ApiError::token_refused("the token has no id"));
    }
    Ok(())
}

/// Which integration signed a token, as it says itself: only to find the key.
fn client_of(token: &str) -> Result<String, ApiError> {
    #[derive(Deserialize)]
    struct Client {
        client_uuid: String,
    }
    insecure_decode_claims::<Client>(token)
        .map(|claims| claims.client_uuid)
        .map_err(|_| ApiError::token_refused("not a token"))
}

fn signed_claims(token: &str, secret: &SecretString) -> Result<Claims, ApiError> {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.required_spec_claims.clear();
    rules.validate_exp = false;
    rules.validate_nbf = false;
    rules.validate_aud = false;
    let key = DecodingKey::from_secret(secret.expose_secret().as_bytes());
    decode::<Claims>(token, &key, &rules)
        .map(|token| token.claims)
        .map_err(|error| match error.kind() {
            jsonwebtoken::errors::ErrorKind::InvalidSignature => {
                ApiError::token_refused("the signature is wrong")
            }
            jsonwebtoken::errors::ErrorKind::InvalidAlgorithm => {
                ApiError::token_refused("the algorithm is not HS256")
            }
            _ => ApiError::token_refused("claims are missing"),
        })
}

fn check_times(claims: &Claims, now: i64) -> Result<(), ApiError> {
    if ![claims.iat, claims.nbf, claims.exp]
        .iter()
        .all(|time| time.is_finite())
    {
        return Err(ApiError::token_refused("a time is not a number"));
    }
    if now >= millis(claims.exp) + LEEWAY {
        return Err(ApiError::token_refused("the token is over"));
    }
    if now < millis(claims.nbf.max(claims.iat)) - LEEWAY {
        return Err(ApiError::clock_skew());
    }
    Ok(())
}

/// Unix ms of unix seconds. Far beyond any date it stays finite.
#[expect(
    clippy::cast_possible_truncation,
    reason = "clamped to what fits an i64"
)]
fn millis(seconds: f64) -> i64 {
    (seconds * 1_000.0).clamp(0.0, 4e15) as i64
}
