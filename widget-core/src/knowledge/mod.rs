//! The knowledge base: what the house says to its guests, written as Markdown or as a table, and found by search.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `markdown`, `table` | files of the house → passages |
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
mod search;
mod table;
mod terms;
#[cfg(test)]
mod tests;

pub use groups::{Group, Question, grouped};
pub use search::{Found, Index, Query, SURE, confidence, is_sure};
pub use terms::{sentences, terms};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of [`terms()`]: it grows when the same text yields other terms, so that what was stored under another version
/// is not looked up by these.
pub const FORMAT: i64 = 1;
/// The most passages of a base.
pub const MOST_PASSAGES: usize = 2_000;
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

/// Something wrong with a file of the base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BaseFinding {
    /// Where, such as `rooms.md:12`; empty = the whole base.
    pub place: String,
    /// What is wrong and what to do, a sentence in Russian.
    pub problem: String,
}

/// The passages of a base, in the order of its files.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(files: &[BaseFile]) -> Result<Vec<Passage>, Vec<BaseFinding>> {
    let mut findings = Vec::new();
    let mut written = Vec::new();
    for file in files {
        match file.name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("md") => written.extend(markdown::read(file)),
            Some("csv") => written.extend(table::read(file, &mut findings)),
            _ => findings.push(BaseFinding {
                place: file.name.clone(),
                problem: "Файл базы знаний — это .md или .csv.".to_owned(),
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
        let mut wrong = |problem: String| {
            findings.push(BaseFinding {
                place: place.clone(),
                problem,
            });
        };
        let length = passage.text.chars().count();
        if passage.text.is_empty() {
            wrong("Под заголовком нет ответа: напишите его или удалите запись.".to_owned());
        }
        if length > LONGEST_TEXT {
            wrong(format!(
                "В ответе {length} знаков, а одно сообщение гостю — до {LONGEST_TEXT}: сократите или разделите запись."
            ));
        }
        if !is_id(&passage.id) {
            wrong(format!(
                "Имя записи «{}» не подходит: до {LONGEST_ID} букв, цифр и знаков - _ . /.",
                passage.id
            ));
        }
        if let Some(first) = places.insert(passage.id.clone(), place.clone()) {
            wrong(format!(
                "Имя записи «{}» уже занято в {first}: дайте другое, например «## Заголовок {{#imya}}».",
                passage.id
            ));
        }
        passages.push(passage);
    }
    if passages.len() > MOST_PASSAGES {
        findings.push(BaseFinding {
            place: String::new(),
            problem: format!("Записей {}, а поместится {MOST_PASSAGES}.", passages.len()),
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
