//! Whole runs of words that were written for others than the guest: notes of staff, a manager's note to the bot, and a
//! prompt's instructions.

use super::{FOR_GUESTS, Ground, Internal, normal};
use std::collections::BTreeSet;

/// So many words of a note in a row are no chance.
const OF_A_NOTE: usize = 5;
/// The note to the bot is there to be gone by, so dates and guests may be named as it names them: of its runs only those
/// count that hold so many different words with so many letters.
const TELLING_WORDS: usize = 3;
const TELLING_LETTERS: usize = 4;
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
        let to_the_bot: Vec<&str> = ground.return_note.into_iter().collect();
        let mut notes: BTreeSet<String> = only(&to_the_bot, OF_A_NOTE);
        notes.retain(|run| is_telling(run));
        notes.extend(only(&ground.notes, OF_A_NOTE));
        Self {
            notes,
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

/// «с 10 по 17 марта» says nothing about who wrote it.
fn is_telling(run: &str) -> bool {
    let is_long =
        |word: &&str| word.chars().filter(|c| c.is_alphabetic()).count() >= TELLING_LETTERS;
    run.split(' ')
        .filter(is_long)
        .collect::<BTreeSet<_>>()
        .len()
        >= TELLING_WORDS
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
