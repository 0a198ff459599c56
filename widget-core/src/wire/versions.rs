//! What the settings' two texts have in common, the policy and the knowledge base: versions of them, what is wrong with one,
//! and what differs between two.

use super::{Problem, UserName};
use crate::ids::UserId;
use crate::policy::{Difference, Finding};
use crate::trace::Lang;
use serde::{Deserialize, Serialize};

/// A version of a text that the settings store: of the policy, or of the knowledge base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VersionAbout {
    /// From 1 without gaps.
    pub version: i64,
    /// Stored when, unix ms.
    pub at: i64,
    /// Where it came from: `default`, `file`, `cli` or `api`.
    pub origin: String,
    /// Of the policy: the mode that it names, if it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Who stored it, where it was a user of the CRM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserName>,
    /// Of the knowledge base: how many passages it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passages: Option<u32>,
}

/// `GET /api/v1/policy/versions` and `GET /api/v1/knowledge/versions`, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Versions {
    /// The versions.
    pub versions: Vec<VersionAbout>,
}

/// Why a version was not stored: a [`Problem`] with what the settings need to explain it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VersionProblem {
    /// `policy_stale`, `knowledge_wrong`, `version_needed`, `admins_only` …
    pub code: String,
    /// A sentence for people, English.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What exactly, English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// 422 only: everything that is wrong, by its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FieldFinding>,
    /// 409 only: the version that is the newest now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<VersionAbout>,
    /// 409 only: what changed between the version that the caller saw and the newest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<FieldChange>,
}

impl From<Problem> for VersionProblem {
    fn from(problem: Problem) -> Self {
        Self {
            code: problem.code,
            title: problem.title,
            status: problem.status,
            detail: problem.detail,
            findings: Vec::new(),
            newest: None,
            changes: Vec::new(),
        }
    }
}

/// Something wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldFinding {
    /// Where, such as `stages[2].role` or `rooms.md:12`; empty = the whole.
    pub path: String,
    /// What is wrong, a sentence in Russian.
    pub problem: String,
    /// The same in English.
    #[serde(default)]
    pub english: String,
}

impl From<Finding> for FieldFinding {
    fn from(finding: Finding) -> Self {
        Self {
            path: finding.path,
            problem: finding.problem.text(Lang::Ru),
            english: finding.problem.text(Lang::En),
        }
    }
}

#[cfg(feature = "understand")]
impl From<crate::knowledge::BaseFinding> for FieldFinding {
    fn from(finding: crate::knowledge::BaseFinding) -> Self {
        Self {
            path: finding.place,
            problem: finding.problem.text(Lang::Ru),
            english: finding.problem.text(Lang::En),
        }
    }
}

/// One difference between two versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldChange {
    /// Where, such as `triggers[guests_over_4].when.guests_over`; of the knowledge base the title of the entry.
    pub path: String,
    /// What was there, as in the file; absent = nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// The row is the same and stands elsewhere: `old` and `new` are its places, from 1.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moved: bool,
}

impl FieldChange {
    /// What differs; `None` = it says nothing that this version knows.
    pub fn what(&self) -> Option<Difference> {
        Some(match (self.old.clone(), self.new.clone()) {
            (Some(old), Some(new)) if self.moved => Difference::Moved {
                from: old.parse().ok()?,
                to: new.parse().ok()?,
            },
            (Some(old), Some(new)) => Difference::Changed { old, new },
            (None, Some(new)) => Difference::Added(new),
            (Some(old), None) => Difference::Removed(old),
            (None, None) => return None,
        })
    }
}

#[cfg(feature = "policy-file")]
impl From<crate::policy::Change> for FieldChange {
    fn from(change: crate::policy::Change) -> Self {
        let moved = matches!(change.what, Difference::Moved { .. });
        let (old, new) = match change.what {
            Difference::Changed { old, new } => (Some(old), Some(new)),
            Difference::Added(new) => (None, Some(new)),
            Difference::Removed(old) => (Some(old), None),
            Difference::Moved { from, to } => (Some(from.to_string()), Some(to.to_string())),
        };
        Self {
            path: change.path,
            old,
            new,
            moved,
        }
    }
}

/// A user of the account by number, where the CRM does not name them.
pub fn nameless(id: UserId) -> UserName {
    UserName {
        id,
        name: String::new(),
    }
}
