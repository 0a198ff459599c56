//! Sealing at rest, and keys to look sealed things up by.
//!
//! Each account has a random key of its own, itself sealed with the master key, so that erasing one row erases an
//! account. XChaCha20-Poly1305 because its nonces are long enough to be drawn at random; the account and the purpose
//! are authenticated with every value, so that a value moved elsewhere does not open.

use crate::error::StoreError;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use widget_core::ids::{AccountId, DialogId};

const KEY: usize = 32;
const NONCE: usize = 24;

/// What a sealed value is; it opens as nothing else.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// An account's key.
    AccountKey,
    /// A row of `crm_grant`.
    Grant,
    /// A row of `inbox`.
    Inbox,
    /// A row of `policy`.
    Policy,
    /// A row of `setup`.
    Setup,
    /// A row of `text`.
    Text,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Purpose::AccountKey => "account key",
            Purpose::Grant => "grant",
            Purpose::Inbox => "inbox",
            Purpose::Policy => "policy",
            Purpose::Setup => "setup",
            Purpose::Text => "text",
        }
    }
}

/// The key from the environment. Seals accounts' keys, and what has no account yet.
#[derive(Clone)]
pub(super) struct MasterKey([u8; KEY]);

impl MasterKey {
    pub(super) fn new(key: &[u8; KEY]) -> Self {
        Self(*key)
    }

    /// A new account's random key, sealed.
    pub(super) fn new_account_key(&self, account: AccountId) -> Result<Vec<u8>, StoreError> {
        let key = random::<KEY>()?;
        seal(&self.0, account, Purpose::AccountKey, &key)
    }

    /// What is kept of a setup, sealed; `id`: which one.
    pub(super) fn seal_setup(&self, id: i64, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        seal(&self.0, AccountId(id), Purpose::Setup, plain)
    }

    /// What a sealed setup says.
    pub(super) fn open_setup(&self, id: i64, sealed: &[u8]) -> Result<String, StoreError> {
        let opened = open(&self.0, AccountId(id), Purpose::Setup, sealed)?;
        String::from_utf8(opened)
            .map_err(|_| StoreError::Unreadable("a setup is not UTF-8".to_owned()))
    }

    /// What an account's sealed key opens.
    pub(super) fn account_keys(
        &self,
        account: AccountId,
        sealed: &[u8],
    ) -> Result<AccountKeys, StoreError> {
        let key = open(&self.0, account, Purpose::AccountKey, sealed).map_err(|_| {
            StoreError::Unreadable(format!(
                "the key of account {account} does not open: this is not the master key that the database was made with"
            ))
        })?;
        Ok(AccountKeys {
            account,
            sealing: hmac(&key, &[b"sealing"]),
            look_up: hmac(&key, &[b"look-up"]),
        })
    }
}

/// Seals, opens and looks up the values of one account.
pub(super) struct AccountKeys {
    account: AccountId,
    sealing: [u8; KEY],
    look_up: [u8; KEY],
}

impl AccountKeys {
    pub(super) fn seal(&self, purpose: Purpose, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        seal(&self.sealing, self.account, purpose, plain)
    }

    pub(super) fn open(&self, purpose: Purpose, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        open(&self.sealing, self.account, purpose, sealed)
    }

    pub(super) fn open_text(&self, sealed: &[u8]) -> Result<String, StoreError> {
        self.open_words(Purpose::Text, sealed)
    }

    pub(super) fn open_grant(&self, sealed: &[u8]) -> Result<String, StoreError> {
        self.open_words(Purpose::Grant, sealed)
    }

    pub(super) fn open_policy(&self, sealed: &[u8]) -> Result<String, StoreError> {
        self.open_words(Purpose::Policy, sealed)
    }

    fn open_words(&self, purpose: Purpose, sealed: &[u8]) -> Result<String, StoreError> {
        String::from_utf8(self.open(purpose, sealed)?)
            .map_err(|_| StoreError::Unreadable("a sealed text is not UTF-8".to_owned()))
    }

    /// Look-up key of a phone, in digits.
    pub(super) fn phone(&self, digits: &str) -> Vec<u8> {
        hmac(&self.look_up, &[b"phone", digits.as_bytes()]).to_vec()
    }

    /// Look-up key of a text within its dialog: equal only for the very same text.
    pub(super) fn same_text(&self, dialog: &DialogId, text: &str) -> Vec<u8> {
        let parts = [b"text".as_slice(), dialog.0.as_bytes(), text.as_bytes()];
        hmac(&self.look_up, &parts).to_vec()
    }

    /// Look-up key of the row that says who the guest of a dialog is; never that of a text.
    pub(super) fn guest_of(&self, dialog: &DialogId) -> Vec<u8> {
        hmac(&self.look_up, &[b"guest", dialog.0.as_bytes()]).to_vec()
    }

    /// Look-up key of a text that may come back as an echo: providers touch white space and line ends.
    pub(super) fn echo(&self, text: &str) -> Vec<u8> {
        hmac(&self.look_up, &[b"echo", normalised(text).as_bytes()]).to_vec()
    }
}

/// The text with white space trimmed and runs of it collapsed, line by line.
fn normalised(text: &str) -> String {
    let unix = text.replace("\r\n", "\n").replace('\r', "\n");
    unix.lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

fn seal(
    key: &[u8; KEY],
    account: AccountId,
    purpose: Purpose,
    plain: &[u8],
) -> Result<Vec<u8>, StoreError> {
    let nonce = random::<NONCE>()?;
    let aad = bound_to(account, purpose);
    let payload = Payload {
        msg: plain,
        aad: aad.as_bytes(),
    };
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| StoreError::Database("a value could not be sealed".to_owned()))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn open(
    key: &[u8; KEY],
    account: AccountId,
    purpose: Purpose,
    sealed: &[u8],
) -> Result<Vec<u8>, StoreError> {
    let unreadable =
        || StoreError::Unreadable(format!("a sealed value ({}) does not open", purpose.name()));
    let (nonce, body) = sealed.split_first_chunk::<NONCE>().ok_or_else(unreadable)?;
    let aad = bound_to(account, purpose);
    let payload = Payload {
        msg: body,
        aad: aad.as_bytes(),
    };
    XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(*nonce), payload)
        .map_err(|_| unreadable())
}

fn bound_to(account: AccountId, purpose: Purpose) -> String {
    format!("{account}/{}", purpose.name())
}

/// HMAC-SHA256 over the parts, each after its length, so that no two lists of parts read the same.
fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; KEY] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| StoreError::Database(format!("no randomness: {error}")))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(account: i64) -> AccountKeys {
        let master = MasterKey::new(&[7; KEY]);
        let account = AccountId(account);
        let sealed = master.new_account_key(account).unwrap();
        master.account_keys(account, &sealed).unwrap()
    }

    #[test]
    fn a_sealed_value_opens_only_for_its_purpose_and_account() {
        let keys = keys(1);
        let sealed = keys.seal(Purpose::Text, "привет".as_bytes()).unwrap();
        assert_eq!(keys.open_text(&sealed).unwrap(), "привет");
        assert!(keys.open(Purpose::Inbox, &sealed).is_err());
        let elsewhere = AccountKeys {
            account: AccountId(2),
            ..keys
        };
        assert!(elsewhere.open(Purpose::Text, &sealed).is_err());
    }

    #[test]
    fn a_damaged_or_cut_value_does_not_open() {
        let keys = keys(1);
        let mut sealed = keys.seal(Purpose::Text, b"text").unwrap();
        assert!(keys.open(Purpose::Text, &sealed[..10]).is_err());
        *sealed.last_mut().unwrap() ^= 1;
        assert!(keys.open(Purpose::Text, &sealed).is_err());
    }

    #[test]
    fn an_echo_is_equal_but_for_white_space() {
        let keys = keys(1);
        let sent = keys.echo("Добрый день!\nЖдём  вас.");
        assert_eq!(sent, keys.echo("  Добрый день! \r\n\r\nЖдём вас.\n"));
        assert_ne!(sent, keys.echo("Добрый день! Ждём нас."));
    }

    #[test]
    fn look_up_keys_differ_between_accounts_and_dialogs() {
        let (one, other) = (keys(1), keys(1));
        assert_ne!(one.phone("79000000001"), other.phone("79000000001"));
        let (a, b) = (DialogId::from("a"), DialogId::from("b"));
        assert_ne!(one.same_text(&a, "да"), one.same_text(&b, "да"));
        assert_ne!(one.same_text(&a, "да"), one.same_text(&a, "да "));
    }
}
