//! How well labelled questions find their passages, beside a plain baseline that knows whole words alone.

use super::{Index, Passage, is_sure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A question with what it is to find, as a line of a file says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Labelled {
    /// As a guest writes.
    pub question: String,
    /// The passages that answer it, any of them; `"none"` = the base has none.
    #[serde(default)]
    pub expected: Expected,
    /// What a bot is to do with it: `answer`, `silent`, `handoff`, or `miss`: hand over as the base holds no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// Kept apart: the search was not tuned on it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
}

/// What a question is to find.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Expected {
    /// Any of these passages.
    Any(Vec<String>),
    /// This passage, or `none`.
    One(String),
    /// Nothing is said about it.
    #[default]
    Unsaid,
}

impl Expected {
    /// The passages that answer the question.
    pub fn passages(&self) -> Vec<&str> {
        match self {
            Self::Any(ids) => ids.iter().map(String::as_str).collect(),
            Self::One(id) if id != "none" => vec![id],
            Self::One(_) | Self::Unsaid => Vec::new(),
        }
    }
}

/// What a search makes of a question: the best passages, and whether the first of them is an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// Names of passages, best first.
    pub ranked: Vec<String>,
    /// It answers with the first.
    pub answers: bool,
}

impl Labelled {
    /// Whether that is not what the question is to find.
    pub fn is_wrong(&self, seen: &Seen) -> bool {
        let expected = self.expected.passages();
        let first = seen.ranked.first().map(String::as_str);
        match self.expected {
            Expected::Unsaid => false,
            _ if expected.is_empty() => seen.answers,
            _ => !(seen.answers && first.is_some_and(|first| expected.contains(&first))),
        }
    }
}

/// What was measured on a set of questions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Figures {
    /// How many questions.
    pub questions: usize,
    /// To how many of them the base has an answer.
    pub answerable: usize,
    /// How many of these find it in the first place, sure or not.
    pub hit_1: usize,
    /// … or among the first three.
    pub hit_3: usize,
    /// How many of them are answered, and rightly.
    pub answered: usize,
    /// How many questions of all get an answer that is none.
    pub wrong: usize,
    /// How many questions without an answer get none.
    pub rightly_missed: usize,
}

impl Figures {
    /// Measures a search on questions.
    pub fn of<'a>(
        questions: impl IntoIterator<Item = &'a Labelled>,
        search: impl Fn(&str) -> Seen,
    ) -> Self {
        let mut figures = Self::default();
        for labelled in questions {
            figures.look_at(labelled, &search(&labelled.question));
        }
        figures
    }

    /// Adds a question.
    pub fn look_at(&mut self, labelled: &Labelled, seen: &Seen) {
        if labelled.expected == Expected::Unsaid {
            return;
        }
        let expected = labelled.expected.passages();
        let fits = |id: &String| expected.contains(&id.as_str());
        let right = seen.ranked.first().is_some_and(fits);
        self.questions += 1;
        if expected.is_empty() {
            self.rightly_missed += usize::from(!seen.answers);
        } else {
            self.answerable += 1;
            self.hit_1 += usize::from(right);
            self.hit_3 += usize::from(seen.ranked.iter().take(3).any(fits));
            self.answered += usize::from(right && seen.answers);
        }
        self.wrong += usize::from(seen.answers && !right);
    }

    /// The share of answerable questions that find their passage in the first place, 0..=1.
    pub fn hit_at_1(&self) -> f64 {
        share(self.hit_1, self.answerable)
    }

    /// … or among the first three.
    pub fn hit_at_3(&self) -> f64 {
        share(self.hit_3, self.answerable)
    }

    /// The share of answerable questions that are answered rightly.
    pub fn answered_rightly(&self) -> f64 {
        share(self.answered, self.answerable)
    }

    /// The share of all questions that get a wrong answer.
    pub fn wrong_answers(&self) -> f64 {
        share(self.wrong, self.questions)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of questions")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// What our search makes of a question.
pub fn by_search(index: &Index, question: &str) -> Seen {
    let found = index.rank(&index.hear(question));
    Seen {
        answers: is_sure(found.iter().map(|found| found.value)),
        ranked: found.into_iter().map(|found| found.id).collect(),
    }
}

/// What a plain search makes of it: passages by how many of the question's words they hold as they stand; an answer as
/// soon as there are two, or the only one.
pub fn by_words_alone(passages: &[Passage], question: &str) -> Seen {
    let asked = whole_words(question);
    let mut counted: Vec<(usize, &str)> = passages
        .iter()
        .map(|passage| {
            let ways = passage.questions.join(" ");
            let all = format!("{} {ways} {}", passage.title, passage.text);
            let shared = whole_words(&all).intersection(&asked).count();
            (shared, passage.id.as_str())
        })
        .filter(|(shared, _)| *shared > 0)
        .collect();
    counted.sort_by_key(|(shared, _)| std::cmp::Reverse(*shared));
    let enough = asked.len().min(2);
    Seen {
        answers: counted.first().is_some_and(|(shared, _)| *shared >= enough),
        ranked: counted.into_iter().map(|(_, id)| id.to_owned()).collect(),
    }
}

/// Words of four letters or more, in lower case: shorter ones are mostly the language's own.
fn whole_words(text: &str) -> BTreeSet<String> {
    let lower = text.to_lowercase();
    lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().count() > 3)
        .map(str::to_owned)
        .collect()
}
