//! What a long-lived token says of itself.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// When a long-lived token ends, unix ms; `None` = it does not say. It is read, not trusted: amoCRM alone knows whether it
/// opens anything.
pub fn token_ends(token: &SecretString) -> Option<i64> {
    let claims = token.expose_secret().trim().split('.').nth(1)?;
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    claims["exp"].as_i64()?.checked_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> SecretString {
        let claims = URL_SAFE_NO_PAD.encode(claims);
        SecretString::from(format!("eyJ0eXAiOiJKV1QifQ.{claims}.c2ln"))
    }

    #[test]
    fn a_long_lived_token_says_when_it_ends() {
        let ends = token_ends(&token(r#"{"aud":"x","exp":1800000000}"#));
        assert_eq!(ends, Some(1_800_000_000_000));
        for silent in [
            "{}",
            r#"{"exp":"soon"}"#,
            r#"{"exp":9223372036854775807}"#,
            "nonsense",
        ] {
            assert_eq!(token_ends(&token(silent)), None, "{silent}");
        }
        for nonsense in ["", "a", "a.b", "a.%.c", "sandbox-token"] {
            assert_eq!(
                token_ends(&SecretString::from(nonsense)),
                None,
                "{nonsense}"
            );
        }
    }
}
