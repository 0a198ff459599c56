//! Whole runs of words that were written for others than the guest: notes of staff, and a prompt's instructions.

use super::{FOR_GUESTS, Ground, Internal, normal};
use std::collections::BTreeSet;

/// So many words of a note in a row are no chance.
const OF_A_NOTE: usize = 5;
/// Of a prompt it takes more: it says how guests are spoken to.
const OF_A_PROMPT: usize = 8;

/// Runs of words that may not stand in a text for a guest.
pub(super) struct Secrets {
    notes: BTreeSet<String>,
    prompt: BTreeSet<String>,
}

impl Secrets {
    /// The runs of notes and prompt but for those that stand in what the house `stated` or the guest `named` too.
    pub(super) fn of(ground: &Ground<'_>, stated: &[&str], named: &[&str]) -> Self {
        let said = |words: usize| runs(named.iter().chain(stated).copied(), words);
        let only = |texts: &[&str], words: usize| {
            let own = runs(texts.iter().copied(), words);
            own.difference(&said(words)).cloned().collect()
        };
        // Without the heading nobody knows which part is for guests.
        let prompt = ground
            .prompt
            .and_then(|prompt| prompt.split_once(FOR_GUESTS));
        let rules: Vec<&str> = prompt.map(|(rules, _)| rules).into_iter().collect();
        Self {
            notes: only(&ground.notes, OF_A_NOTE),
            prompt: only(&rules, OF_A_PROMPT),
        }
    }

    /// What of them stands in a text.
    pub(super) fn found(&self, text: &str) -> impl Iterator<Item = Internal> {
        let holds = |secret: &BTreeSet<String>, words: usize| {
            !secret.is_empty() && !runs([text].into_iter(), words).is_disjoint(secret)
        };
        let note = holds(&self.notes, OF_A_NOTE).then_some(Internal::Note);
        let prompt = holds(&self.prompt, OF_A_PROMPT).then_some(Internal::Prompt);
        note.into_iter().chain(prompt)
    }
}

/// All runs of so many words.
fn runs<'a>(texts: impl Iterator<Item = &'a str>, words: usize) -> BTreeSet<String> {
    let mut runs = BTreeSet::new();
    for text in texts {
        let normal = normal(text);
        let all: Vec<&str> = normal.split(' ').collect();
        runs.extend(all.windows(words).map(|run| run.join(" ")));
    }
    runs
}
