//! Labelled messages: what `widget-core/data/*.jsonl` and `estafeta understand --eval` hold, one JSON object a line.

use super::{Facts, Intent};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A message and what a careful reader sees in it. The labels: `widget-core/data/README.md`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// The message.
    pub text: String,
    /// What the guest wants.
    #[serde(default)]
    pub intents: BTreeSet<Intent>,
    /// The facts that the message states.
    #[serde(default)]
    pub facts: Facts,
    /// Who wrote it. In files of one voice it is the file's name.
    #[serde(default)]
    pub voice: String,
}
