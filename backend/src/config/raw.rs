//! The settings as they are written, before anything is checked. Numbers and names only have their types here.

use secrecy::SecretString;
use serde::Deserialize;
use std::path::PathBuf;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Server {
    pub(super) listen: Option<String>,
    pub(super) public_url: Option<String>,
    pub(super) data: Option<PathBuf>,
    pub(super) database: Option<SecretString>,
    pub(super) database_file: Option<PathBuf>,
    pub(super) retention_days: Option<u16>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Secrets {
    pub(super) master_key: Option<SecretString>,
    pub(super) master_key_file: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Clock {
    pub(super) source: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) hold: Option<bool>,
}

/// An account without its tables, which are read one by one, so that one table's fault hides no other's.
#[derive(Deserialize, Default)]
pub(super) struct Account {
    pub(super) id: Option<i64>,
    pub(super) name: Option<String>,
    pub(super) policy: Option<PathBuf>,
    pub(super) knowledge: Option<PathBuf>,
    pub(super) mode: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Amocrm {
    pub(super) endpoint: Option<String>,
    pub(super) subdomain: Option<String>,
    pub(super) origins: Option<Vec<String>>,
    pub(super) account_id: Option<i64>,
    pub(super) token: Option<SecretString>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<SecretString>,
    pub(super) client_secret_file: Option<PathBuf>,
    pub(super) webhook_secret: Option<SecretString>,
    pub(super) webhook_secret_file: Option<PathBuf>,
    pub(super) pipeline: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Pact {
    pub(super) endpoint: Option<String>,
    pub(super) company_id: Option<i64>,
    pub(super) touch_templates: Option<Vec<i64>>,
    pub(super) token: Option<SecretString>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) webhook_secret: Option<SecretString>,
    pub(super) webhook_secret_file: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Alerts {
    pub(super) tech_user: Option<i64>,
    pub(super) webhook: Option<String>,
    pub(super) webhook_secret: Option<SecretString>,
    pub(super) webhook_secret_file: Option<PathBuf>,
    pub(super) silence_minutes: Option<u16>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Bot {
    pub(super) kind: Option<String>,
    pub(super) marks_turns: Option<bool>,
    pub(super) key: Option<SecretString>,
    pub(super) key_file: Option<PathBuf>,
    pub(super) model: Option<String>,
    pub(super) prompt: Option<PathBuf>,
    pub(super) url: Option<String>,
    pub(super) secret: Option<SecretString>,
    pub(super) secret_file: Option<PathBuf>,
    pub(super) timeout_ms: Option<u64>,
    pub(super) retry_within_ms: Option<u64>,
}
