//! The knowledge base: what the house says to its guests, in versions, and the guests' questions that found nothing in it.

use super::{Origin, Replaced};
use crate::error::StoreError;
use async_trait::async_trait;
use widget_core::ids::{AccountId, DialogId, TextRef, TurnId, UserId};
use widget_core::knowledge::{BaseFile, Index, Passage};

/// A base to store, known to be good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBase {
    /// Its files, as the house wrote them.
    pub files: Vec<BaseFile>,
    /// Its passages' names, each with the terms that it is found by: letters alone.
    pub passages: Vec<(String, Vec<String>)>,
    /// The version that was seen and is to be replaced; `None` = whatever stands there.
    pub over: Option<i64>,
    /// Where it comes from.
    pub origin: Origin,
    /// The user of the CRM who stores it, where it is one.
    pub user: Option<UserId>,
}

impl NewBase {
    /// A base of these files, whose passages are `passages`, as it is stored.
    pub fn of(
        files: Vec<BaseFile>,
        passages: &[Passage],
        (over, origin, user): (Option<i64>, Origin, Option<UserId>),
    ) -> Self {
        let index = Index::new(passages);
        let indexed = passages.iter().enumerate().map(|(place, passage)| {
            let terms = index.terms_of(place).map(str::to_owned);
            (passage.id.clone(), terms.collect())
        });
        Self {
            passages: indexed.collect(),
            files,
            over,
            origin,
            user,
        }
    }
}

/// A version of a base, without its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseVersion {
    /// From 1 without gaps.
    pub version: i64,
    /// Since when, business unix ms.
    pub at: i64,
    /// Where it came from.
    pub origin: Origin,
    /// The user of the CRM who stored it, where it came from one.
    pub user: Option<UserId>,
    /// How many passages it has.
    pub passages: u32,
}

/// A version of a base with its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBase {
    /// From 1 without gaps.
    pub version: i64,
    /// Version of the terms that its passages are found by ([`widget_core::knowledge::FORMAT`]).
    pub format: i64,
    /// Its files.
    pub files: Vec<BaseFile>,
}

/// The passages that have one of some terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidates {
    /// The version that they belong to, the newest; 0 = there is none.
    pub version: i64,
    /// Their names, in the base's order.
    pub names: Vec<String>,
}

/// A guest's question that found nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// The tenant.
    pub account: AccountId,
    /// The guest's dialog.
    pub dialog: DialogId,
    /// The question to the bot.
    pub turn: TurnId,
    /// The guest's messages in it: sealed texts, which go with the guest.
    pub texts: Vec<TextRef>,
    /// When, business unix ms.
    pub at: i64,
}

/// The accounts' knowledge bases: versions that only ever grow. The house's words lie open, guests' are sealed.
#[async_trait]
pub trait Knowledge: Send + Sync {
    /// Stores a base as the account's newest version, and makes it the one that is searched. The files of the newest version
    /// are no new version, nor are those of the folder's last import, for a base that comes from a folder.
    async fn put_base(
        &self,
        account: AccountId,
        base: NewBase,
        now: i64,
    ) -> Result<Replaced, StoreError>;

    /// All versions, newest first.
    async fn bases(&self, account: AccountId) -> Result<Vec<BaseVersion>, StoreError>;

    /// One version; `None` = the newest. `Ok(None)` when there is none.
    async fn base(
        &self,
        account: AccountId,
        version: Option<i64>,
    ) -> Result<Option<StoredBase>, StoreError>;

    /// The passages of the newest version that have at least one of these terms: letters alone, at most 400.
    async fn passages_with(
        &self,
        account: AccountId,
        terms: &[String],
    ) -> Result<Candidates, StoreError>;

    /// Remembers a question that found nothing; the same turn is remembered once.
    async fn miss(&self, missed: &Missed) -> Result<(), StoreError>;

    /// The newest `most` questions that found nothing, newest first.
    async fn missed(&self, account: AccountId, most: u32) -> Result<Vec<Missed>, StoreError>;
}

/// A passage that a question found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The passage.
    pub passage: Passage,
    /// How much speaks for it, 0..=1; from [`widget_core::knowledge::SURE`] on it is an answer.
    pub value: f64,
}

/// What a question found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hits {
    /// In which version of the base; 0 = there is none.
    pub version: i64,
    /// The passages, best first.
    pub hits: Vec<Hit>,
}

/// Finds passages in an account's base.
#[async_trait]
pub trait Librarian: Send + Sync {
    /// The `most` passages that answer the question best.
    async fn find(
        &self,
        account: AccountId,
        question: &str,
        most: usize,
    ) -> Result<Hits, StoreError>;
}
