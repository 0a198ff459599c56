//! The master key, and what is made of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// 32 bytes that seal everything kept. Never printed.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// Reads 64 hex digits, or base64 of 32 bytes.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = hex::decode(text).or_else(|_| BASE64.decode(text)).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// The key itself, for the store.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A secret for one purpose: always the same, and it tells nothing of the key.
    pub fn derive(&self, purpose: &str) -> String {
        // HMAC pads a short key with zeros to the length of a block.
        let mut block = [0; 64];
        block[..self.0.len()].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(purpose.as_bytes());
        hex::encode(&mac.finalize().into_bytes()[..16])
    }

    /// The last part of the path of amoCRM's webhook where none is given; `account`: amoCRM's number.
    pub(super) fn amocrm_hook(&self, account: i64) -> String {
        self.derive(&format!("hook/amocrm/{account}"))
    }

    /// The same of Pact's; `company`: Pact's number.
    pub(super) fn pact_hook(&self, company: i64) -> String {
        self.derive(&format!("hook/pact/{company}"))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_in_hex_and_base64_only_with_32_bytes() {
        let hex = "ab".repeat(32);
        let base64 = BASE64.encode([0xab; 32]);
        for text in [hex.as_str(), &base64, &format!(" {hex}\n")] {
            let key = MasterKey::read(text).unwrap();
            assert_eq!(key.bytes(), &[0xab; 32]);
        }
        for text in ["", "ab", &"ab".repeat(31), &"ab".repeat(33), "not a key"] {
            assert!(MasterKey::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn every_purpose_has_its_own_secret() {
        let key = MasterKey::read(&"ab".repeat(32)).unwrap();
        assert_eq!(key.derive("a"), key.derive("a"));
        assert_ne!(key.derive("a"), key.derive("b"));
    }
}
