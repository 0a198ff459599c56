//! `POST /api/v1/session`: a one-time token of amoCRM for a bearer of ours.

use super::bearer::Claims;
use super::error::ApiError;
use super::installed;
use super::onetime;
use super::state::Web;
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use std::sync::Arc;
use widget_core::PROTOCOL_VERSION;
use widget_core::wire::Session;

/// The header that amoCRM's `$authorizedAjax` sets.
const HEADER: &str = "x-auth-token";

/// Opens a session of the card: a one-time token of amoCRM for a bearer of 15 minutes.
#[utoipa::path(
    post,
    path = "/api/v1/session",
    tag = "card",
    params(
        ("X-Auth-Token" = String, Header, description = "The one-time token of amoCRM, HS256"),
        ("v" = Option<String>, Query, description = "The widget's version"),
    ),
    responses(
        (status = 200, description = "The session", body = Session),
        (status = 401, description = "`token_refused`, `token_replayed` or `clock_skew`"),
        (status = 403, description = "`account_unknown`"),
    )
)]
pub(super) async fn open(
    State(web): State<Arc<Web>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<Session>, ApiError> {
    let token = headers
        .get(HEADER)
        .and_then(|value| value.to_str().ok())
        .ok_or_else(|| ApiError::token_refused("no X-Auth-Token"))?;
    let now = web.now();
    let version = installed::version(query.as_deref());
    let proven = match onetime::prove(token, &web.sites, &web.public_url, now) {
        Ok(proven) => proven,
        Err(refusal) => {
            let instead = installed::seen_early(&web, token, version).await;
            return Err(instead.unwrap_or(refusal));
        }
    };
    let account = proven.site.tenant.account;
    let fresh = web
        .flow
        .store
        .use_once(account, &proven.id, proven.until, now)
        .await
        .map_err(|cause| ApiError::unavailable(&cause))?;
    if !fresh {
        return Err(ApiError::token_replayed());
    }
    installed::seen(&web, account, version).await;
    let claims = Claims::new(account, proven.user, proven.admin, now);
    Ok(Json(Session {
        token: web.session_key.sign(&claims),
        expires_at: claims.exp,
        user: proven.user,
        admin: proven.admin,
        protocol: PROTOCOL_VERSION,
    }))
}

#[cfg(test)]
mod tests {
    use crate::http::fake::{self, NOW, OURS, World, call, claims, json, post, token, with};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use hmac::{Hmac, KeyInit as _, Mac as _};
    use jsonwebtoken::Algorithm;
    use serde_json::{Value, json as object};
    use sha2::Sha256;
    use std::sync::atomic::Ordering;
    use widget_core::time::{MINUTE, SECOND};

    const SECRET: &str = "client-secret-1";

    /// Status and code of opening a session with these claims.
    async fn opening(world: &World, claims: &Value) -> (u16, String) {
        opening_with(world, &token(claims, SECRET, Algorithm::HS256)).await
    }

    async fn opening_with(world: &World, token: &str) -> (u16, String) {
        let request = with(post("/api/v1/session", Vec::new()), "x-auth-token", token);
        let response = call(world, request).await;
        let status = response.status().as_u16();
        let body = json(response).await;
        let code = body["code"].as_str().unwrap_or_default().to_owned();
        (status, code)
    }

    fn but(name: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[name] = value;
        claims
    }

    fn refused() -> (u16, String) {
        (401, "token_refused".to_owned())
    }

    #[tokio::test]
    async fn a_good_token_opens_a_session_for_fifteen_minutes() {
        let world = World::new();
        let given = token(&but("is_admin", object!(true)), SECRET, Algorithm::HS256);
        let request = with(post("/api/v1/session", Vec::new()), "x-auth-token", &given);
        let body = json(call(&world, request).await).await;
        assert_eq!(body["user"], 9_002);
        assert_eq!(body["admin"], true);
        assert_eq!(body["expires_at"], NOW + 15 * MINUTE);
        assert_eq!(body["protocol"], widget_core::PROTOCOL_VERSION);
        let bearer = body["token"].as_str().unwrap();
        let session = world.web.session_key.read(bearer, NOW).unwrap();
        assert_eq!((session.account.0, session.user.0), (OURS, 9_002));
    }

    #[tokio::test]
    async fn a_token_is_used_once() {
        let world = World::new();
        assert_eq!(opening(&world, &claims()).await.0, 200);
        let replayed = (401, "token_replayed".to_owned());
        assert_eq!(opening(&world, &claims()).await, replayed);
        assert_eq!(opening(&world, &but("jti", object!("two"))).await.0, 200);
    }

    #[tokio::test]
    async fn a_token_of_another_algorithm_or_key_is_refused() {
        let world = World::new();
        let other_algorithm = token(&claims(), SECRET, Algorithm::HS512);
        assert_eq!(opening_with(&world, &other_algorithm).await, refused());
        let other_key = token(&claims(), "client-secret-2", Algorithm::HS256);
        assert_eq!(opening_with(&world, &other_key).await, refused());
        let unsigned = other_key.rsplit_once('.').unwrap().0.to_owned() + ".";
        assert_eq!(opening_with(&world, &unsigned).await, refused());
        for nonsense in ["", "x", "a.b.c"] {
            assert_eq!(opening_with(&world, nonsense).await, refused());
        }
        let without = call(&world, post("/api/v1/session", Vec::new())).await;
        assert_eq!(without.status(), 401);
    }

    /// A token whose head says what it likes, signed with HMAC under our key or not at all.
    fn headed(head: &Value, claims: &Value, signed: bool) -> String {
        let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let body = format!("{}.{}", part(head), part(claims));
        if !signed {
            return format!("{body}.");
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        format!("{body}.{signature}")
    }

    #[tokio::test]
    async fn hostile_tokens_that_name_another_algorithm_are_refused_however_they_are_signed() {
        let world = World::new();
        let good = headed(&object!({"alg": "HS256", "typ": "JWT"}), &claims(), true);
        for head in [
            object!({"alg": "none"}),
            object!({"alg": "None", "typ": "JWT"}),
            object!({"alg": ""}),
            object!({"typ": "JWT"}),
            object!({"alg": "RS256", "typ": "JWT"}),
            object!({"alg": "ES256"}),
            object!({"alg": "PS256"}),
            object!({"alg": "EdDSA"}),
            object!({"alg": "HS384"}),
            object!({"alg": "HS512"}),
            object!({"alg": "hs256"}),
            object!({"alg": ["HS256"]}),
        ] {
            for signed in [true, false] {
                let hostile = headed(&head, &claims(), signed);
                assert_eq!(opening_with(&world, &hostile).await, refused(), "{head}");
            }
        }
        let unsigned = headed(&object!({"alg": "HS256"}), &claims(), false);
        assert_eq!(opening_with(&world, &unsigned).await, refused());
        assert_eq!(
            opening_with(&world, &good).await.0,
            200,
            "none of them used it up"
        );
    }

    #[tokio::test]
    async fn hostile_times_and_ids_open_nothing() {
        let world = World::new();
        for (name, value) in [
            ("exp", object!("soon")),
            ("exp", object!(null)),
            ("exp", object!(-1.5)),
            ("exp", object!(0)),
            ("iat", object!("1794988799")),
            ("nbf", object!([1])),
            ("jti", object!("")),
            ("jti", object!(5)),
            ("user_id", object!("9002")),
            ("user_id", object!(9_002.5)),
            ("account_id", object!("31")),
            ("aud", object!([])),
            ("aud", object!({"host": "bot.example.org"})),
            ("aud", object!("https://bot.example.org.evil.example.org")),
            ("aud", object!("https://bot.example.org@evil.example.org")),
            ("iss", object!("https://ours.amocrm.ru.evil.example.org")),
        ] {
            assert_eq!(
                opening(&world, &but(name, value.clone())).await,
                refused(),
                "{name} {value}"
            );
        }
        let skew = (401, "clock_skew".to_owned());
        for far in [object!(1e300), object!(9.2e18)] {
            assert_eq!(
                opening(&world, &but("iat", far.clone())).await,
                skew,
                "{far}"
            );
        }
        for missing in [
            "exp",
            "iat",
            "nbf",
            "jti",
            "aud",
            "iss",
            "user_id",
            "account_id",
        ] {
            let mut claims = claims();
            claims.as_object_mut().unwrap().remove(missing);
            assert_eq!(opening(&world, &claims).await, refused(), "{missing}");
        }
    }

    #[tokio::test]
    async fn a_token_for_another_server_or_from_another_page_is_refused() {
        let world = World::new();
        for aud in [
            "https://evil.example.org",
            "http://bot.example.org",
            "bot.example.org",
        ] {
            assert_eq!(
                opening(&world, &but("aud", object!(aud))).await,
                refused(),
                "{aud}"
            );
        }
        let with_port = but("aud", object!("https://bot.example.org:1234"));
        assert_eq!(
            opening(&world, &with_port).await.0,
            200,
            "the port is not compared"
        );
        for iss in ["https://other.amocrm.ru", "https://evil.example.org", ""] {
            assert_eq!(
                opening(&world, &but("iss", object!(iss))).await,
                refused(),
                "{iss}"
            );
        }
    }

    #[tokio::test]
    async fn a_token_of_an_account_that_is_not_connected_is_told_so() {
        let world = World::new();
        let unknown = (403, "account_unknown".to_owned());
        assert_eq!(
            opening(&world, &but("account_id", object!(99))).await,
            unknown
        );
        // The other account's id under this integration's key.
        let foreign = but("account_id", object!(fake::OTHER));
        assert_eq!(opening(&world, &foreign).await, unknown);
        let integration = but("client_uuid", object!("client-9"));
        assert_eq!(opening(&world, &integration).await, refused());
    }

    #[tokio::test]
    async fn times_go_by_the_business_clock_with_a_minute_of_leeway() {
        let world = World::new();
        let seconds = |ms: i64| ms / SECOND;
        let end = seconds(NOW);
        let just = but("exp", object!(end - 59));
        assert_eq!(opening(&world, &just).await.0, 200);
        assert_eq!(
            opening(&world, &but("exp", object!(end - 60))).await,
            refused()
        );
        let skew = (401, "clock_skew".to_owned());
        for time in ["nbf", "iat"] {
            let mut early = but(time, object!(seconds(NOW) + 60));
            early["jti"] = object!(time);
            assert_eq!(opening(&world, &early).await.0, 200, "{time}");
            assert_eq!(
                opening(&world, &but(time, object!(end + 61))).await,
                skew,
                "{time}"
            );
        }
        let mut fractional = but("iat", object!(1_794_988_799.25));
        fractional["jti"] = object!("fraction");
        assert_eq!(opening(&world, &fractional).await.0, 200);
        world.clock.set(NOW + 32 * MINUTE);
        let over = but("jti", object!("late"));
        assert_eq!(opening(&world, &over).await, refused());
    }

    #[tokio::test]
    async fn a_store_that_fails_opens_nothing() {
        let world = World::new();
        world.store.broken.store(true, Ordering::SeqCst);
        let unavailable = (503, "unavailable".to_owned());
        assert_eq!(opening(&world, &claims()).await, unavailable);
    }
}
