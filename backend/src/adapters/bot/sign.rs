//! The signature under every call between us and a bot, in both directions: hex HMAC-SHA256 over `{timestamp}.{body}`,
//! the timestamp in unix seconds.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// The header with the time of the call, unix seconds.
pub(in crate::adapters) const TIMESTAMP: &str = "X-Estafeta-Timestamp";
/// The header with the signature.
pub(in crate::adapters) const SIGNATURE: &str = "X-Estafeta-Signature";
/// A call whose timestamp is further off may be a repeated one of somebody who listened, s.
pub(super) const FRESH_FOR: i64 = 300;

/// The signature of a call.
pub(in crate::adapters) fn signature(
    secret: &SecretString,
    timestamp: &str,
    body: &[u8],
) -> String {
    mac(secret, timestamp, body)
        .map_or_else(String::new, |mac| hex::encode(mac.finalize().into_bytes()))
}

/// Whether the signature is right. Takes the same time whatever it is.
pub(in crate::adapters) fn is_signed(
    secret: &SecretString,
    timestamp: &str,
    body: &[u8],
    signature: &str,
) -> bool {
    let given = hex::decode(signature.trim()).unwrap_or_default();
    mac(secret, timestamp, body).is_some_and(|mac| mac.verify_slice(&given).is_ok())
}

/// Whether a timestamp is that of a call made now, unix ms.
pub(super) fn is_fresh(timestamp: &str, now_ms: i64) -> bool {
    let now = now_ms.div_euclid(1000);
    timestamp
        .trim()
        .parse::<i64>()
        .is_ok_and(|at| now.abs_diff(at) <= FRESH_FOR.unsigned_abs())
}

/// `None` never: HMAC takes keys of any length.
fn mac(secret: &SecretString, timestamp: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).ok()?;
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_key_time_and_body_alone() {
        let key = SecretString::from("key");
        let signed = signature(&key, "1795161605", b"{}");
        assert!(is_signed(&key, "1795161605", b"{}", &signed));
        assert!(is_signed(&key, "1795161605", b"{}", &signed.to_uppercase()));
        assert!(!is_signed(
            &SecretString::from("other"),
            "1795161605",
            b"{}",
            &signed
        ));
        assert!(!is_signed(&key, "1795161606", b"{}", &signed));
        assert!(!is_signed(&key, "1795161605", b"{ }", &signed));
        for nonsense in ["", "zz", "00", &signed[..62]] {
            assert!(
                !is_signed(&key, "1795161605", b"{}", nonsense),
                "{nonsense}"
            );
        }
    }

    #[test]
    fn a_timestamp_is_at_most_five_minutes_off() {
        let now = 1_795_161_605_999;
        for (timestamp, fresh) in [
            ("1795161605", true),
            ("1795161305", true),
            ("1795161304", false),
            ("1795161905", true),
            ("1795161906", false),
            ("1795161605000", false),
            ("-9223372036854775808", false),
            ("now", false),
            ("", false),
        ] {
            assert_eq!(is_fresh(timestamp, now), fresh, "{timestamp}");
        }
    }
}
