//! The `state` of an authorisation: our one-time word that a code was asked for by somebody who may.
//!
//! `account.until.nonce.HMAC-SHA256`, or `setup-number.…` for an account that is being set up: signed, so that the command line can make one without the backend; that it is used
//! once is the store's business.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use widget_core::ids::AccountId;
use widget_core::time::HOUR;

/// Life of an invitation, ms of business time.
const LIFE: i64 = 24 * HOUR;

/// Signs invitations. Made of the master key, so that all instances and the command line have it.
#[derive(Clone)]
pub struct InvitationKey([u8; 32]);

/// Before the number of a setup.
const SETUP: &str = "setup-";

/// Who is invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Invited {
    /// A tenant that is to be connected.
    Account(AccountId),
    /// An account that is being set up: which it is, amoCRM will tell.
    Setup(i64),
}

/// An invitation of ours that is not over. Whether it was used already, it does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Invitation {
    /// Who is to be connected.
    pub(super) invited: Invited,
    /// Its id, to be used once.
    pub(super) id: String,
    /// It is over at this unix ms.
    pub(super) until: i64,
}

impl InvitationKey {
    /// The key that belongs to this master key.
    pub fn derive(master_key: &[u8; 32]) -> Self {
        let tag = mac(master_key, "estafeta/invitation/1").finalize();
        Self(tag.into_bytes().into())
    }

    /// A new `state` to connect `account` with, good for a day from `now` (unix ms).
    pub fn invite(&self, account: AccountId, now: i64) -> String {
        self.signed(&account.to_string(), now)
    }

    /// The same for an account that is being set up.
    pub fn invite_to_setup(&self, setup: i64, now: i64) -> String {
        self.signed(&format!("{SETUP}{setup}"), now)
    }

    fn signed(&self, invited: &str, now: i64) -> String {
        let nonce = uuid::Uuid::new_v4().simple();
        let said = format!("{invited}.{}.{nonce}", now + LIFE);
        let tag = hex::encode(mac(&self.0, &said).finalize().into_bytes());
        format!("{said}.{tag}")
    }

    /// What a `state` says, if it is ours and not over at `now`. The tag is compared in constant time.
    pub(super) fn read(&self, state: &str, now: i64) -> Option<Invitation> {
        let (said, tag) = state.rsplit_once('.')?;
        let tag = hex::decode(tag).ok()?;
        mac(&self.0, said).verify_slice(&tag).ok()?;
        let mut parts = said.split('.');
        let invited = parts.next()?;
        let invited = match invited.strip_prefix(SETUP) {
            Some(setup) => Invited::Setup(setup.parse().ok()?),
            None => Invited::Account(AccountId(invited.parse().ok()?)),
        };
        let until = parts.next()?.parse().ok()?;
        let id = format!("invitation/{}", parts.next()?);
        (now < until).then_some(Invitation { invited, id, until })
    }
}

fn mac(key: &[u8; 32], message: &str) -> Hmac<Sha256> {
    // HMAC pads a short key with zeros to the length of a block: so the key has its type and nothing can fail.
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(message.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;
    const ONE: AccountId = AccountId(31);

    #[test]
    fn an_invitation_says_for_whom_it_is_and_ends_in_time() {
        let key = InvitationKey::derive(&[1; 32]);
        let state = key.invite(ONE, NOW);
        let read = key.read(&state, NOW + LIFE - 1).expect("it is ours");
        assert_eq!(
            (read.invited, read.until),
            (Invited::Account(ONE), NOW + LIFE)
        );
        assert_eq!(key.read(&state, NOW + LIFE), None);
        let other = key.read(&key.invite(ONE, NOW), NOW).expect("it is ours");
        assert_ne!(other.id, read.id, "each can be used once");
    }

    #[test]
    fn an_invitation_to_a_setup_is_for_no_account() {
        let key = InvitationKey::derive(&[1; 32]);
        let read = key.read(&key.invite_to_setup(31, NOW), NOW);
        assert_eq!(read.expect("it is ours").invited, Invited::Setup(31));
    }

    #[test]
    fn a_changed_or_foreign_invitation_is_none() {
        let key = InvitationKey::derive(&[1; 32]);
        let state = key.invite(ONE, NOW);
        let (_, rest) = state.split_once('.').expect("an account");
        for wrong in [
            format!("32.{rest}"),
            format!("{state}0"),
            state[..state.len() - 2].to_owned(),
            state.rsplit_once('.').expect("a tag").0.to_owned(),
            String::new(),
            "...".to_owned(),
            InvitationKey::derive(&[2; 32]).invite(ONE, NOW),
        ] {
            assert_eq!(key.read(&wrong, NOW), None, "{wrong}");
        }
    }
}
