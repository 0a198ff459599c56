//! Questions that ask the same, together: by their terms, so that slips and other words for a thing do not part them.

use super::terms;
use std::collections::BTreeSet;

/// Two questions that share this part of their terms, 0..=1, ask the same.
const ALIKE: f64 = 0.6;

/// A question, and when it was asked, unix ms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// A guest's words.
    pub text: String,
    /// Unix ms.
    pub at: i64,
}

/// Questions that ask the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The questions, the newest first.
    pub questions: Vec<Question>,
}

/// Groups questions, those asked most often first, then the newest. What says nothing is left out.
pub fn grouped(mut questions: Vec<Question>) -> Vec<Group> {
    questions.sort_by_key(|question| std::cmp::Reverse(question.at));
    let mut groups: Vec<(BTreeSet<String>, Group)> = Vec::new();
    for question in questions {
        let asked: BTreeSet<String> = terms(&question.text).into_iter().collect();
        if asked.is_empty() {
            continue;
        }
        let same = groups
            .iter_mut()
            .find(|(first, _)| are_alike(first, &asked));
        match same {
            Some((_, group)) => group.questions.push(question),
            None => groups.push((
                asked,
                Group {
                    questions: vec![question],
                },
            )),
        }
    }
    let mut groups: Vec<Group> = groups.into_iter().map(|(_, group)| group).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.questions.len()));
    groups
}

/// Jaccard's measure of their terms.
#[expect(clippy::cast_precision_loss, reason = "counts of words")]
fn are_alike(one: &BTreeSet<String>, other: &BTreeSet<String>) -> bool {
    let shared = one.intersection(other).count() as f64;
    let all = one.union(other).count() as f64;
    shared / all >= ALIKE
}
