//! What travels about the knowledge base between its settings and the backend.

use super::versions::FieldChange;
use crate::knowledge::{BaseFile, Passage};
use serde::{Deserialize, Serialize};

/// `GET /api/v1/knowledge`, and one version of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KnowledgeView {
    /// From 1 without gaps; 0 = there is no base yet.
    pub version: i64,
    /// Its files, as the house wrote them.
    pub files: Vec<BaseFile>,
    /// The passages in them.
    pub passages: Vec<Passage>,
    /// Whether the caller may store a version: administrators may.
    pub may_change: bool,
}

/// The body of `PUT /api/v1/knowledge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KnowledgeFiles {
    /// All files of the base: what is not among them is in it no longer.
    pub files: Vec<BaseFile>,
}

/// The answer to `PUT /api/v1/knowledge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KnowledgeSaved {
    /// The newest version now. Every instance answers from it at the next question.
    pub version: i64,
    /// How many passages it has.
    pub passages: usize,
}

/// The body of `POST /api/v1/knowledge/preview`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KnowledgeQuestion {
    /// As a guest writes.
    pub question: String,
    /// Files to look in that are not stored yet; without them the newest version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Vec<BaseFile>>,
}

/// What a question finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KnowledgeFound {
    /// In which version; 0 = in files that are not stored, or there is no base.
    pub version: i64,
    /// The best of them is an answer; otherwise the guest gets a person.
    pub answers: bool,
    /// The passages, best first, ten at most.
    pub found: Vec<PassageFound>,
}

/// A passage that a question found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PassageFound {
    /// The passage.
    pub passage: Passage,
    /// How sure a bot is that answers with it, 0 to 1; from 0.7 on it is an answer.
    pub confidence: f64,
}

/// `GET /api/v1/knowledge/missed`: what guests asked and the base did not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KnowledgeMissed {
    /// Questions that ask the same, together; those asked most often first.
    pub groups: Vec<MissedGroup>,
}

/// Questions that ask the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MissedGroup {
    /// How often it was asked.
    pub count: usize,
    /// When last, unix ms.
    pub last_at: i64,
    /// The guests' words, the newest first, five at most.
    pub questions: Vec<String>,
}

/// What differs between two bases, entry by entry: the place is the entry's title.
pub fn changes(old: &[Passage], new: &[Passage]) -> Vec<FieldChange> {
    let of = |all: &[Passage], id: &str| all.iter().find(|one| one.id == id).cloned();
    let mut changes: Vec<FieldChange> = old
        .iter()
        .filter_map(|old| match of(new, &old.id) {
            None => Some(change(&old.title, Some(&old.text), None)),
            Some(new) if new == *old => None,
            Some(new) if new.text != old.text => {
                Some(change(&new.title, Some(&old.text), Some(&new.text)))
            }
            Some(new) => Some(change(&new.title, Some(&asked(old)), Some(&asked(&new)))),
        })
        .collect();
    let added = new.iter().filter(|new| of(old, &new.id).is_none());
    changes.extend(added.map(|new| change(&new.title, None, Some(&new.text))));
    changes
}

fn change(title: &str, old: Option<&str>, new: Option<&str>) -> FieldChange {
    FieldChange {
        path: title.to_owned(),
        old: old.map(str::to_owned),
        new: new.map(str::to_owned),
        moved: false,
    }
}

/// How an entry is asked for.
fn asked(passage: &Passage) -> String {
    let title = std::iter::once(passage.title.as_str());
    let all = title.chain(passage.questions.iter().map(String::as_str));
    all.collect::<Vec<_>>().join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::read;

    fn base(text: &str) -> Vec<Passage> {
        let file = BaseFile {
            name: "base.md".to_owned(),
            text: text.to_owned(),
        };
        read(&[file]).unwrap()
    }

    #[test]
    fn entries_that_came_went_or_say_something_else_are_told() {
        let old = base("## Бассейн\nДо 22.\n## Сауна\nЕсть.\n## Лифт\n- Есть лифт?\n\nДа.\n");
        let new = base("## Лифт\n- Где лифт?\n\nДа.\n## Бассейн\nДо 21.\n## Пляж\nСвой.\n");
        let told = changes(&old, &new);
        let told: Vec<_> = told
            .iter()
            .map(|one| (&*one.path, one.old.as_deref(), one.new.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                ("Бассейн", Some("До 22."), Some("До 21.")),
                ("Сауна", Some("Есть."), None),
                ("Лифт", Some("Лифт | Есть лифт?"), Some("Лифт | Где лифт?")),
                ("Пляж", None, Some("Свой.")),
            ]
        );
        assert_eq!(changes(&old, &old), []);
    }
}
