//! What travels about the knowledge base between its settings and the backend.

use super::UserName;
use crate::knowledge::{BaseFile, BaseFinding, Passage};
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

/// `GET /api/v1/knowledge/versions`, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KnowledgeVersions {
    /// The versions.
    pub versions: Vec<KnowledgeAbout>,
}

/// A version of the base, without its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KnowledgeAbout {
    /// From 1 without gaps.
    pub version: i64,
    /// Stored when, unix ms.
    pub at: i64,
    /// Where it came from: `file`, `cli` or `api`.
    pub origin: String,
    /// Who stored it, where it was a user of the CRM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserName>,
    /// How many passages it has.
    pub passages: u32,
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

/// Why a base was not stored, or not looked in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KnowledgeProblem {
    /// `knowledge_stale`, `knowledge_wrong`, `version_needed`, `admins_only` …
    pub code: String,
    /// A sentence for people, English.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What exactly, English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// 422 only: everything that is wrong, by file and line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<BaseFinding>,
    /// 409 only: the newest version now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<i64>,
}

impl From<super::Problem> for KnowledgeProblem {
    fn from(problem: super::Problem) -> Self {
        Self {
            code: problem.code,
            title: problem.title,
            status: problem.status,
            detail: problem.detail,
            findings: Vec::new(),
            newest: None,
        }
    }
}
