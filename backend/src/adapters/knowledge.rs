//! Finding passages: the database says which of an account's passages have a term of the question, and the core says what
//! they are worth. The newest version of a base is kept ready in memory; a newer one is noticed at the next question.

use crate::error::StoreError;
use crate::ports::{Candidates, Hit, Hits, Knowledge, Librarian};
use async_trait::async_trait;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use widget_core::ids::AccountId;
use widget_core::knowledge::{FORMAT, Found, Index, Passage, Query, read};

/// So often a base may be replaced while it is asked.
const TRIES: u32 = 4;

/// All accounts' bases, ready to be asked.
pub struct Library {
    store: Arc<dyn Knowledge>,
    ready: Mutex<HashMap<AccountId, Arc<Ready>>>,
}

/// One version of a base.
#[derive(Default)]
struct Ready {
    version: i64,
    /// Its terms in the database are this version's of Estafeta; otherwise the database cannot choose by them.
    is_current: bool,
    passages: Vec<Passage>,
    index: Index,
}

impl Library {
    /// The bases in `store`.
    pub fn new(store: Arc<dyn Knowledge>) -> Self {
        Self {
            store,
            ready: Mutex::new(HashMap::new()),
        }
    }

    fn known(&self, account: AccountId) -> Option<Arc<Ready>> {
        let ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        ready.get(&account).cloned()
    }

    /// The newest version, made ready.
    async fn newest(&self, account: AccountId) -> Result<Arc<Ready>, StoreError> {
        let Some(stored) = self.store.base(account, None).await? else {
            return Ok(Arc::default());
        };
        // It was good when it was stored. What this version of Estafeta reads otherwise is left out, not guessed.
        let passages = read(&stored.files).unwrap_or_else(|findings| {
            tracing::error!(%account, findings = findings.len(), "the knowledge base cannot be read any more; store it anew");
            Vec::new()
        });
        let ready = Arc::new(Ready {
            version: stored.version,
            is_current: stored.format == FORMAT,
            index: Index::new(&passages),
            passages,
        });
        let mut known = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(account, Arc::clone(&ready));
        Ok(ready)
    }
}

#[async_trait]
impl Librarian for Library {
    async fn find(
        &self,
        account: AccountId,
        question: &str,
        most: usize,
    ) -> Result<Hits, StoreError> {
        let mut ready = match self.known(account) {
            Some(ready) => ready,
            None => self.newest(account).await?,
        };
        for _ in 0..TRIES {
            let query = ready.index.hear(question);
            let candidates = self.store.passages_with(account, &query.terms()).await?;
            if candidates.version == ready.version {
                return Ok(ready.hits(&query, &candidates, most));
            }
            ready = self.newest(account).await?;
        }
        Err(StoreError::Database(
            "the knowledge base was replaced again and again while it was asked".to_owned(),
        ))
    }
}

impl Ready {
    fn hits(&self, query: &Query, candidates: &Candidates, most: usize) -> Hits {
        let names: BTreeSet<&str> = candidates.names.iter().map(String::as_str).collect();
        let among = |name: &str| !self.is_current || names.contains(name);
        let found = self.index.rank_among(query, among).into_iter().take(most);
        let hit = |found: Found| {
            let passage = self.passages.get(found.place)?.clone();
            Some(Hit {
                passage,
                value: found.value,
            })
        };
        Hits {
            version: self.version,
            hits: found.filter_map(hit).collect(),
        }
    }
}

/// One base that lies in memory alone, whatever account asks.
pub struct Shelf {
    passages: Vec<Passage>,
    index: Index,
}

impl Shelf {
    /// A base of these passages.
    pub fn new(passages: Vec<Passage>) -> Self {
        Self {
            index: Index::new(&passages),
            passages,
        }
    }
}

#[async_trait]
impl Librarian for Shelf {
    async fn find(&self, _: AccountId, question: &str, most: usize) -> Result<Hits, StoreError> {
        let found = self.index.rank(&self.index.hear(question)).into_iter();
        let hit = |found: Found| {
            let passage = self.passages.get(found.place)?.clone();
            Some(Hit {
                passage,
                value: found.value,
            })
        };
        Ok(Hits {
            version: 0,
            hits: found.filter_map(hit).take(most).collect(),
        })
    }
}
