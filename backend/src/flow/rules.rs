//! The rules in force for an account: one version of its policy, swapped as a whole while the backend runs.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use widget_core::policy::Policy;

/// One version of an account's policy.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Its version in the store.
    pub version: i64,
    /// The account's epoch under this version: a text that was decided under an older one may not leave.
    pub account_epoch: i64,
    /// The policy.
    pub policy: Policy,
}

/// The rules in force. Whoever begins something takes them once and ends it under them.
#[derive(Debug)]
pub struct InForce(RwLock<(Arc<Rules>, Instant)>);

/// The bot answers within so long, so a turn that was asked under other rules was asked no earlier.
const LATELY: Duration = Duration::from_mins(10);

impl InForce {
    /// These rules are in force.
    pub fn new(rules: Rules) -> Self {
        Self(RwLock::new((Arc::new(rules), Instant::now())))
    }

    /// The rules in force at this moment.
    pub fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// Whether they came into force so lately that a turn may have been asked under others.
    pub fn are_new(&self) -> bool {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .elapsed()
            < LATELY
    }

    /// From now on these rules are in force.
    pub fn put(&self, rules: Rules) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = (Arc::new(rules), Instant::now());
    }
}
