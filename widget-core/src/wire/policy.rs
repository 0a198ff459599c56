//! What travels between the settings and the backend.

use super::UserName;
use super::versions::VersionAbout;
use serde::{Deserialize, Serialize};

/// `GET /api/v1/policy`, and one version of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicyView {
    /// The version, and who stored it.
    #[serde(flatten)]
    pub about: VersionAbout,
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
