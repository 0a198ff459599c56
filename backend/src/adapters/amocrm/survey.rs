//! What the setup page asks of an account that is not served yet: whose a token is, a first pair for a code, and what
//! the account calls things. Nothing is changed.

use super::AmoCrm;
use super::api::embedded;
use super::door::Doors;
use super::oauth::{Exchanged, Integration, TOTAL};
use crate::adapters::api_log::CallLog;
use crate::adapters::http::{Effect, Http, secret_value};
use crate::adapters::json;
use crate::error::CallError;
use crate::ports::{Pair, SeenField, SeenPipeline, SeenStage, Survey};
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use secrecy::SecretString;
use serde_json::Value;

/// The pause after a 429 that names none, ms.
const PAUSE_MS: i64 = 1_000;
/// amoCRM's kind of the stage for what is unsorted: it is none of the funnel's.
const UNSORTED: i64 = 1;

/// Whose a token is: amoCRM's number of the account, and its name.
///
/// # Errors
/// [`CallError::Refused`] with 401 when the token opens nothing, 402 and 403 when the account may not use the API.
pub async fn account_behind(
    endpoint: &str,
    token: &SecretString,
) -> Result<(i64, String), CallError> {
    let bearer = secret_value("Bearer ", token)?;
    let below = format!("{endpoint}/api/v4");
    let http = Http::new(&below, TOTAL, Some((AUTHORIZATION, bearer)))?;
    let request = http.request(Method::GET, &["account"]);
    let answer = http.send("account", Effect::Read, request).await?;
    let answer = answer.judged("account", Effect::Read, |_| PAUSE_MS)?;
    let account = answer.json().unwrap_or_default();
    let id = json::id(&account["id"]);
    let id = id.ok_or_else(|| CallError::refused(0, "the account could not be read"))?;
    let name = json::text(&account["name"]).or(json::text(&account["subdomain"]));
    Ok((id, name.unwrap_or_default().to_owned()))
}

/// The first pair of an account, for a code that came from `host`; `configured`: its address as a person wrote it.
/// `None`: the host is none of amoCRM's, and nothing was sent there.
pub async fn first_pair(
    integration: &Integration,
    configured: &str,
    host: &str,
    code: &SecretString,
    now: i64,
) -> Option<Result<Pair, CallError>> {
    let door = Doors::new(configured)?.at(host)?;
    let log = CallLog::default();
    let pair = integration.exchange(&door, Exchanged::Code(code), now, &log);
    Some(pair.await)
}

impl AmoCrm {
    /// What the account calls things.
    ///
    /// # Errors
    /// [`CallError::Refused`] with 403 when the token is not an administrator's.
    pub async fn survey(&self) -> Result<Survey, CallError> {
        let task_types = self.read_account().await?;
        let pipelines = self.api.all("leads/pipelines", &[], 4).await?;
        let fields = self.api.all("leads/custom_fields", &[], 40).await?;
        let users = self.read_users().await?;
        let archived = |row: &&Value| json::is_true(&row["is_archive"]);
        Ok(Survey {
            pipelines: pipelines
                .iter()
                .filter(|row| !archived(row))
                .filter_map(pipeline)
                .collect(),
            fields: fields.iter().filter_map(field).collect(),
            users: users.to_vec(),
            task_types: task_types.into_iter().map(|(_, name)| name).collect(),
        })
    }

    /// Whether webhooks can be had: they need an administrator and a tariff with them.
    ///
    /// # Errors
    /// [`CallError::Refused`] when not.
    pub async fn may_have_webhooks(&self) -> Result<(), CallError> {
        self.api.get("webhooks", &[]).await.map(|_| ())
    }
}

fn pipeline(row: &Value) -> Option<SeenPipeline> {
    let stages = embedded(row, "statuses").iter();
    Some(SeenPipeline {
        id: json::id(&row["id"])?,
        name: json::text(&row["name"])?.to_owned(),
        is_main: json::is_true(&row["is_main"]),
        stages: stages
            .filter(|row| json::int(&row["type"]) != Some(UNSORTED))
            .filter_map(|row| {
                Some(SeenStage {
                    id: json::id(&row["id"])?,
                    name: json::text(&row["name"])?.to_owned(),
                })
            })
            .collect(),
    })
}

fn field(row: &Value) -> Option<SeenField> {
    Some(SeenField {
        name: json::text(&row["name"])?.to_owned(),
        kind: json::text(&row["type"])?.to_owned(),
    })
}
