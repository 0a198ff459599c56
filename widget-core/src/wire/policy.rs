//! What travels between the settings and the backend.

use super::{Problem, UserName};
use crate::ids::UserId;
use crate::policy::{Difference, Finding};
use crate::trace::Lang;
use serde::{Deserialize, Serialize};

/// `GET /api/v1/policy`, and one version of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicyView {
    /// The version, and who stored it.
    #[serde(flatten)]
    pub about: PolicyAbout,
    /// The policy, TOML, comments included.
    pub toml: String,
    /// The backend's business clock, unix ms.
    pub now: i64,
    /// The version that this instance decides under at this moment.
    pub in_force: i64,
    /// The settings of the server name a policy file: what is stored here holds until the file changes next.
    pub from_file: bool,
    /// Whether the caller may store a version: administrators may.
    pub may_change: bool,
    /// The account's active users, for whom tasks can be; empty while the CRM does not say.
    pub users: Vec<UserName>,
}

/// A version of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicyAbout {
    /// From 1 without gaps.
    pub version: i64,
    /// Stored when, unix ms.
    pub at: i64,
    /// Where it came from: `default`, `file`, `cli` or `api`.
    pub origin: String,
    /// The mode that it names, if it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Who stored it, where it was a user of the CRM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserName>,
}

/// `GET /api/v1/policy/versions`, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicyVersions {
    /// The versions.
    pub versions: Vec<PolicyAbout>,
}

/// The body of `PUT /api/v1/policy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicyText {
    /// The whole policy, TOML.
    pub toml: String,
}

/// The answer to `PUT /api/v1/policy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicySaved {
    /// The newest version now.
    pub version: i64,
    /// Whether this instance decides under it already; others follow within seconds.
    pub in_force: bool,
}

/// Why a policy was not stored: a [`Problem`] with what the settings need to explain it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicyProblem {
    /// `policy_stale`, `policy_wrong`, `version_needed`, `admins_only` …
    pub code: String,
    /// A sentence for people, English.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What exactly, English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// 422 only: everything that is wrong, by field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FieldFinding>,
    /// 409 only: the version that is the newest now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<PolicyAbout>,
    /// 409 only: what changed between the version that the caller saw and the newest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<FieldChange>,
}

impl From<Problem> for PolicyProblem {
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

/// Something wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldFinding {
    /// Where, such as `stages[2].role`; empty = the whole.
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

/// One difference between two policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldChange {
    /// Where, such as `triggers[guests_over_4].when.guests_over`.
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

/// `GET /api/v1/checks`: whether everything that the account needs is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Checks {
    /// The looks, in their order.
    pub checks: Vec<Check>,
}

/// A look at one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Check {
    /// Of which part: `data`, `amocrm`, `pact`, `bot`.
    pub part: String,
    /// What was looked at, such as `webhook`.
    pub what: String,
    /// Nothing has to be done.
    #[serde(rename = "well")]
    pub is_well: bool,
    /// What was found and, where something has to be done, what; English.
    pub words: String,
}

/// A user of the account by number, where the CRM does not name them.
pub fn nameless(id: UserId) -> UserName {
    UserName {
        id,
        name: String::new(),
    }
}
