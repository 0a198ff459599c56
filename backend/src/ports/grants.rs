//! What a CRM gave an account that is connected by OAuth, where it is kept, and how an account is connected
//! (reference: amoCRM API §1).

use crate::error::StoreError;
use async_trait::async_trait;
use secrecy::SecretString;
use std::collections::BTreeMap;
use widget_core::ids::AccountId;

/// A pair of tokens. The second one is exchanged for a new pair exactly once.
#[derive(Debug, Clone)]
pub struct Pair {
    /// Where the account is, such as `https://hotel.amocrm.ru`.
    pub endpoint: String,
    /// Opens the API.
    pub access: SecretString,
    /// Is exchanged for the next pair.
    pub refresh: SecretString,
    /// When `access` is over, business unix ms.
    pub expires_at: i64,
    /// When the pair is to be renewed, business unix ms.
    pub renew_at: i64,
}

/// What an account was given.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Grows with every pair, and when one is forgotten.
    pub version: i64,
    /// The pair; `None` = there is none, or it opens nothing any more.
    pub pair: Option<Pair>,
    /// Why a person has to connect the account anew. The pair, where there is one, serves until it is over.
    pub trouble: Option<String>,
}

/// What became of a pair that was not renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setback {
    /// Nothing: it is tried again.
    Later,
    /// It will not be renewed, and serves until it is over. Why, without a secret.
    NotRenewed(String),
    /// It opens nothing any more. Why, without a secret.
    Dead(String),
}

/// What accounts were given: sealed, durable, and renewed by one at a time, however many tasks and instances there are.
#[async_trait]
pub trait Grants: Send + Sync {
    /// What the account was given; `None` = it was never connected.
    async fn grant(&self, account: AccountId) -> Result<Option<Grant>, StoreError>;

    /// What all accounts were given: one look for all of them. One that cannot be opened is left out.
    async fn grants(&self) -> Result<BTreeMap<AccountId, Grant>, StoreError>;

    /// Keeps a new pair; its version. With `after`: only in the place of that version, `None` = there is another one by
    /// now, and this pair is not kept. All trouble is over with it.
    async fn put_grant(
        &self,
        account: AccountId,
        pair: &Pair,
        after: Option<i64>,
    ) -> Result<Option<i64>, StoreError>;

    /// The right to renew this version, to one caller until it puts a pair or tells of a setback, at most for `ms` of the
    /// database's clock. `false`: somebody else renews it, or it is not the pair any more.
    async fn begin_renewal(
        &self,
        account: AccountId,
        version: i64,
        ms: i64,
    ) -> Result<bool, StoreError>;

    /// Tells what became of a pair and ends its renewal; nothing happens if there is another version by now.
    async fn set_back(
        &self,
        account: AccountId,
        version: i64,
        setback: Setback,
    ) -> Result<(), StoreError>;

    /// Forgets the pair: the account is not connected any more.
    async fn forget_grant(&self, account: AccountId) -> Result<(), StoreError>;
}

/// How an account stands with its CRM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has connected it.
    NotConnected,
    /// It is connected.
    Connected,
    /// A person has to connect it anew.
    NeedsReauth {
        /// Why, a sentence.
        why: String,
        /// Until when calls are taken all the same, business unix ms; `None` = no more.
        until: Option<i64>,
    },
}

/// An account that is connected by OAuth, as the web meets it.
pub trait Connection: Send + Sync {
    /// Where a code is exchanged that comes from the CRM's `host`; `None`: it is none of the CRM's, and nothing may be
    /// sent there. Without an invitation of ours only the account's own host counts.
    fn door(&self, host: &str, invited: bool) -> Option<String>;

    /// Exchanges a code at that door, beside the caller. What comes of it is logged and shown as the standing. Anybody may
    /// bring codes without an invitation: of those one a minute is tried, so that nobody makes us a nuisance to the CRM.
    fn connect(&self, door: String, code: SecretString, invited: bool);

    /// Forgets the tokens, beside the caller: the CRM says that they are over.
    fn disconnect(&self);

    /// How the account stands.
    fn standing(&self) -> Standing;
}
