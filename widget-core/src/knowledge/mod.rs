//! The knowledge base: what the house says to its guests, written as Markdown or as a table, and found by search.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `markdown`, `table`, `problem` | files of the house → passages, or what is wrong with them |
//! | `terms`, `lexicon` | a text → the terms that it is found by: stems, and one word for what guests call in many ways |
//! | `search` | a question → the passages that may answer it, each with how sure that is |
//! | [`measure`] | how well labelled questions find their passages, beside a plain baseline |
//!
//! Pure, so that both databases, the bot and a preview find the same: a database only says which passages hold one of a
//! question's terms; what they are worth is reckoned here.

mod groups;
mod lexicon;
mod markdown;
pub mod measure;
mod problem;
mod search;
mod table;
mod terms;
#[cfg(test)]
mod tests;

pub use groups::{Group, Question, grouped};
pub use problem::{BaseFinding, BaseProblem};
pub use search::{Found, Index, Query, SURE, confidence, is_sure};
pub use terms::{sentences, terms};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of [`terms()`]: it grows when the same text yields other terms, so that what was stored under another version
/// is not looked up by these.
pub const FORMAT: i64 = 1;
/// The most passages of a base.
pub const MOST_PASSAGES: usize = 2_000;
/// The largest base, bytes of all files together.
pub const MOST_BYTES: usize = 1024 * 1024;
/// The longest text of a passage, characters: it is sent as one message, and the guard lets no longer one out by default.
pub const LONGEST_TEXT: usize = 1_000;
/// The longest id of a passage, characters.
pub const LONGEST_ID: usize = 64;

/// A file of the base, as the house wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BaseFile {
    /// Its name with `.md` or `.csv` at the end, such as `rooms.md`.
    pub name: String,
    /// Its words.
    pub text: String,
}

/// A piece of the base that an answer may stand on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Passage {
    /// Its name: letters, digits, `-`, `_`, `.` and `/`.
    pub id: String,
    /// What it is about: a heading, or a question.
    pub title: String,
    /// How guests ask for it, besides the title.
    pub questions: Vec<String>,
    /// What is said to a guest: plain text of at most [`LONGEST_TEXT`] characters.
    pub text: String,
}

/// The passages of a base, in the order of its files.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(files: &[BaseFile]) -> Result<Vec<Passage>, Vec<BaseFinding>> {
    if files.iter().map(|file| file.text.len()).sum::<usize>() > MOST_BYTES {
        return Err(vec![BaseFinding {
            place: String::new(),
            problem: BaseProblem::TooLarge,
        }]);
    }
    let mut findings = Vec::new();
    let mut written = Vec::new();
    for file in files {
        match file.name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("md") => written.extend(markdown::read(file)),
            Some("csv") => written.extend(table::read(file, &mut findings)),
            _ => findings.push(BaseFinding {
                place: file.name.clone(),
                problem: BaseProblem::Ending,
            }),
        }
    }
    let passages = checked(written, &mut findings);
    if findings.is_empty() {
        Ok(passages)
    } else {
        Err(findings)
    }
}

/// A passage as it was written, and where.
struct Written {
    passage: Passage,
    place: String,
}

fn checked(written: Vec<Written>, findings: &mut Vec<BaseFinding>) -> Vec<Passage> {
    let mut places: BTreeMap<String, String> = BTreeMap::new();
    let mut passages = Vec::with_capacity(written.len());
    for Written { passage, place } in written {
        let mut wrong = |problem: BaseProblem| {
            findings.push(BaseFinding {
                place: place.clone(),
                problem,
            });
        };
        let length = passage.text.chars().count();
        if passage.text.is_empty() {
            wrong(BaseProblem::NoAnswer);
        }
        if length > LONGEST_TEXT {
            wrong(BaseProblem::TooLong(length));
        }
        if !is_id(&passage.id) {
            wrong(BaseProblem::Name(passage.id.clone()));
        }
        if let Some(first) = places.insert(passage.id.clone(), place.clone()) {
            wrong(BaseProblem::Taken {
                name: passage.id.clone(),
                first,
            });
        }
        passages.push(passage);
    }
    if passages.len() > MOST_PASSAGES {
        findings.push(BaseFinding {
            place: String::new(),
            problem: BaseProblem::TooMany(passages.len()),
        });
    }
    passages
}

/// Whether this may name a passage. Names stand in journals: none of them can hold a sentence.
pub fn is_id(name: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    !name.is_empty() && name.chars().count() <= LONGEST_ID && name.chars().all(fits)
}

/// A name made of a heading: its words in lower case, with hyphens between them.
fn slug(heading: &str) -> String {
    let lower = heading.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric());
    let mut slug = String::new();
    for word in words.filter(|word| !word.is_empty()) {
        if slug.chars().count() + word.chars().count() >= LONGEST_ID {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(word);
    }
    slug
}
