//! The link that opens the page, once, and the session that comes of it. Both are signed, so that every instance and the
//! command line can make and read them; that a link is used once is the store's business.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use widget_core::time::HOUR;

/// A link is good for so long, ms of business time.
const LINK_LIFE: i64 = 24 * HOUR;
/// A session lasts so long, ms of business time.
const SESSION_LIFE: i64 = 12 * HOUR;
/// The session's cookie.
const SESSION: &str = "estafeta_setup";

/// Signs links and sessions. Made of the master key.
#[derive(Clone)]
pub struct SetupKey([u8; 32]);

/// A link of ours that is not over. Whether it was used already, it does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// Its id, to be used once.
    pub(super) id: String,
    /// It is over at this unix ms.
    pub(super) until: i64,
}

/// Somebody who came by a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Session {
    /// The word that every form carries: another site cannot know it.
    pub(super) form_word: String,
    /// It is over at this unix ms.
    pub(super) until: i64,
}

impl SetupKey {
    /// The key that belongs to this master key.
    pub fn derive(master_key: &[u8; 32]) -> Self {
        Self(mac(master_key, "estafeta/setup/1"))
    }

    /// A new word for a link, good for a day from `now` (unix ms).
    pub fn link(&self, now: i64) -> String {
        self.signed("link", now + LINK_LIFE)
    }

    /// What a link's word says, if it is ours and not over at `now`.
    pub(super) fn read_link(&self, word: &str, now: i64) -> Option<Link> {
        let (until, nonce) = self.read("link", word, now)?;
        Some(Link { id: nonce, until })
    }

    /// `Set-Cookie` of a new session; `secure`: it travels over https alone. Not `Strict`: the card's link to the page,
    /// which stands on amoCRM's site, would find no session. A form needs its session's word besides.
    pub(super) fn cookie(&self, now: i64, secure: bool) -> String {
        let word = self.signed("session", now + SESSION_LIFE);
        let secure = if secure { "; Secure" } else { "" };
        let seconds = SESSION_LIFE / 1_000;
        format!("{SESSION}={word}; Path=/setup; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
    }

    /// The session of a request, if it has one that is not over at `now`.
    pub(super) fn session(&self, headers: &HeaderMap, now: i64) -> Option<Session> {
        let word = cookie(headers, SESSION)?;
        let (until, nonce) = self.read("session", word, now)?;
        let form_word = hex::encode(mac(&self.0, &format!("form.{until}.{nonce}")));
        Some(Session { form_word, until })
    }

    fn signed(&self, purpose: &str, until: i64) -> String {
        let said = format!("{until}.{}", uuid::Uuid::new_v4().simple());
        let tag = hex::encode(mac(&self.0, &format!("{purpose}.{said}")));
        format!("{said}.{tag}")
    }

    /// The tag is compared in constant time.
    fn read(&self, purpose: &str, word: &str, now: i64) -> Option<(i64, String)> {
        use subtle::ConstantTimeEq as _;
        let (said, tag) = word.rsplit_once('.')?;
        let expected = hex::encode(mac(&self.0, &format!("{purpose}.{said}")));
        if !bool::from(expected.as_bytes().ct_eq(tag.as_bytes())) {
            return None;
        }
        let (until, nonce) = said.split_once('.')?;
        let until = until.parse().ok()?;
        (now < until).then(|| (until, nonce.to_owned()))
    }
}

impl Session {
    /// Whether a form is one of ours. Compared in constant time.
    pub(super) fn has_made(&self, form_word: &str) -> bool {
        use subtle::ConstantTimeEq as _;
        bool::from(self.form_word.as_bytes().ct_eq(form_word.as_bytes()))
    }
}

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|line| line.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

fn mac(key: &[u8; 32], message: &str) -> [u8; 32] {
    // HMAC pads a short key with zeros to the length of a block: so the key has its type and nothing can fail.
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn with_cookie(set: &str) -> HeaderMap {
        let pair = set.split(';').next().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, format!("other=1; {pair}").parse().unwrap());
        headers
    }

    #[test]
    fn a_link_is_ours_and_ends_in_time() {
        let key = SetupKey::derive(&[1; 32]);
        let word = key.link(NOW);
        let link = key.read_link(&word, NOW + LINK_LIFE - 1).unwrap();
        assert_eq!(link.until, NOW + LINK_LIFE);
        assert_eq!(key.read_link(&word, NOW + LINK_LIFE), None);
        let (rest, _) = word.rsplit_once('.').unwrap();
        let later = word.replacen(&link.until.to_string(), &(link.until + 1).to_string(), 1);
        for wrong in [
            "",
            "..",
            rest,
            &format!("{word}0"),
            &later,
            &SetupKey::derive(&[2; 32]).link(NOW),
            // A session's word is no link.
            &key.signed("session", NOW + HOUR),
        ] {
            assert_eq!(key.read_link(wrong, NOW), None, "{wrong}");
        }
    }

    #[test]
    fn a_session_knows_its_own_forms_and_ends_in_time() {
        let key = SetupKey::derive(&[1; 32]);
        let one = with_cookie(&key.cookie(NOW, true));
        let other = with_cookie(&key.cookie(NOW, true));
        let session = |headers: &HeaderMap| key.session(headers, NOW).unwrap();
        let word = session(&one).form_word;
        assert!(session(&one).has_made(&word));
        assert!(!session(&other).has_made(&word));
        assert!(!session(&one).has_made(""));
        assert_eq!(key.session(&one, NOW + SESSION_LIFE), None);
        assert_eq!(key.session(&HeaderMap::new(), NOW), None);
        // A link's word is no session.
        let link = with_cookie(&format!("{SESSION}={}", key.link(NOW)));
        assert_eq!(key.session(&link, NOW), None);
    }

    #[test]
    fn the_cookie_is_for_this_page_alone() {
        let key = SetupKey::derive(&[1; 32]);
        for wanted in ["HttpOnly", "SameSite=Lax", "Path=/setup", "Secure"] {
            assert!(key.cookie(NOW, true).contains(wanted), "{wanted}");
        }
        assert!(!key.cookie(NOW, false).contains("Secure"));
    }
}
