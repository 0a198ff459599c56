//! Getting an account ready: dictionaries, the owner field, the webhook.

use super::AmoCrm;
use super::api::{embedded, is_bad_request};
use super::map::OWNER_CODE;
use crate::adapters::json;
use crate::error::CallError;
use crate::ports::HookFound;
use reqwest::Method;
use serde_json::{Value, json};

/// Pipelines are read again for an unknown status at most this often, ms.
const REFRESH_MS: i64 = 60_000;

const NEEDED_HOOKS: [&str; 8] = [
    "update_lead",
    "status_lead",
    "responsible_lead",
    "delete_lead",
    "restore_lead",
    "add_lead",
    "update_contact",
    "add_contact",
];
/// Names that some accounts do not know.
const OPTIONAL_HOOKS: [&str; 3] = ["add_outgoing_message", "add_message", "update_task"];

impl AmoCrm {
    pub(super) async fn prepare_account(&self, hook_url: &str) -> Result<HookFound, CallError> {
        self.read_account().await?;
        self.read_pipelines().await?;
        self.read_users().await?;
        self.ensure_field().await?;
        self.ensure_hook(hook_url).await
    }

    /// The account's task types; also makes sure that the token is for this account.
    pub(super) async fn read_account(&self) -> Result<Vec<(i64, String)>, CallError> {
        let query = [("with", "task_types".to_owned())];
        let account = self.api.get("account", &query).await?.unwrap_or_default();
        match json::int(&account["id"]) {
            Some(id) if id == self.account => {}
            Some(_) => {
                self.api.is_of_another_account().await;
                return Err(CallError::refused(0, "the token is of another account"));
            }
            None => return Err(CallError::refused(0, "the account could not be read")),
        }
        let types: Vec<(i64, String)> = embedded(&account, "task_types")
            .iter()
            .filter_map(|row| Some((json::id(&row["id"])?, row["name"].as_str()?.to_owned())))
            .collect();
        let has_unsorted = json::is_true(&account["is_unsorted_on"]);
        self.known(|known| {
            known.task_types = Some(types.clone());
            known.has_unsorted = has_unsorted;
        });
        Ok(types)
    }

    async fn read_pipelines(&self) -> Result<(), CallError> {
        let rows = self.api.all("leads/pipelines", &[], 4).await?;
        let listed = self.pipeline.as_deref();
        let missing = self.map.change(|map| map.learn_pipelines(rows, listed));
        let now = self.clock.now_ms();
        self.known(|known| known.pipelines_at = Some(now));
        match missing {
            None => Err(CallError::refused(0, "the listed pipeline is not there")),
            Some(missing) => {
                if !missing.is_empty() {
                    let account = self.account;
                    tracing::warn!(
                        account,
                        ?missing,
                        "stages of the policy are not in the pipeline"
                    );
                }
                Ok(())
            }
        }
    }

    /// Makes sure that the pipelines are known, and reads them again when one of these statuses is not.
    pub(super) async fn learn_statuses(&self, statuses: &[(i64, i64)]) -> Result<(), CallError> {
        let (is_empty, is_strange) = self.map.with(|map| {
            let strange = |(pipeline, status): &(i64, i64)| map.stage(*pipeline, *status).is_none();
            (map.is_empty(), statuses.iter().any(strange))
        });
        let now = self.clock.now_ms();
        let read_at = self.known(|known| known.pipelines_at);
        let may_again = read_at.is_none_or(|at| now - at >= REFRESH_MS);
        if is_empty {
            return self.read_pipelines().await;
        }
        if is_strange && may_again {
            // What is known is good enough: an unknown status reads as unmapped.
            let account = self.account;
            if let Err(error) = self.read_pipelines().await {
                tracing::warn!(account, %error, "the pipelines could not be read again");
            }
        }
        Ok(())
    }

    async fn ensure_field(&self) -> Result<(), CallError> {
        let field = match self.owner_field().await? {
            Some(field) => field,
            None => self.make_field().await?,
        };
        let lacking = self.map.change(|map| map.learn_field(&field));
        if lacking.is_empty() {
            return Ok(());
        }
        self.add_choices(&field, &lacking).await?;
        let field = self.owner_field().await?.unwrap_or_default();
        let lacking = self.map.change(|map| map.learn_field(&field));
        if lacking.is_empty() {
            return Ok(());
        }
        Err(CallError::refused(0, "the owner field lacks a choice"))
    }

    async fn owner_field(&self) -> Result<Option<Value>, CallError> {
        let rows = self.api.all("leads/custom_fields", &[], 40).await?;
        Ok(self.map.with(|map| map.find_field(&rows).cloned()))
    }

    async fn make_field(&self) -> Result<Value, CallError> {
        let (name, choices) = self
            .map
            .with(|map| (map.field_name().to_owned(), map.choices()));
        let enums: Vec<Value> = (1..)
            .zip(&choices)
            .map(|(sort, (code, name))| json!({"value": name, "sort": sort, "code": code}))
            .collect();
        let field = json!({"name": name, "type": "select", "code": OWNER_CODE, "sort": 500, "enums": enums});
        self.api.create("leads/custom_fields", field).await?;
        let made = self.owner_field().await?;
        made.ok_or_else(|| CallError::retry("the owner field is not there yet"))
    }

    /// Adds choices to a field that somebody made by hand. Existing ones keep their ids, or old values lose them.
    async fn add_choices(
        &self,
        field: &Value,
        lacking: &[(&str, String)],
    ) -> Result<(), CallError> {
        let Some(id) = json::id(&field["id"]) else {
            return Err(CallError::refused(0, "the owner field has no id"));
        };
        let mut enums = json::list(&field["enums"]).to_vec();
        let last = enums.iter().filter_map(|row| json::int(&row["sort"])).max();
        for ((code, name), sort) in lacking.iter().zip(last.unwrap_or(0) + 1..) {
            enums.push(json!({"value": name, "sort": sort, "code": code}));
        }
        let path = format!("leads/custom_fields/{id}");
        self.api.patch(&path, json!({"enums": enums})).await
    }

    /// Subscribes the webhook. The same address replaces its settings, so the list always goes whole.
    async fn ensure_hook(&self, url: &str) -> Result<HookFound, CallError> {
        let wanted = [&NEEDED_HOOKS[..], &OPTIONAL_HOOKS].concat();
        let query = [("filter[destination]", url.to_owned())];
        let rows = self.api.get("webhooks", &query).await?.unwrap_or_default();
        let mine = embedded(&rows, "webhooks")
            .iter()
            .find(|hook| hook["destination"].as_str() == Some(url));
        if mine.is_some_and(|hook| is_whole(hook, &wanted)) {
            return Ok(HookFound::Active);
        }
        let found = match mine {
            None => HookFound::Missing,
            Some(hook) if json::is_true(&hook["disabled"]) => HookFound::Off,
            Some(_) => HookFound::Active,
        };
        let all = self.subscribe(url, &wanted).await;
        if !is_bad_request(&all) {
            return all.map(|()| found);
        }
        let mut accepted = NEEDED_HOOKS.to_vec();
        self.subscribe(url, &accepted).await?;
        for name in OPTIONAL_HOOKS {
            accepted.push(name);
            let tried = self.subscribe(url, &accepted).await;
            if is_bad_request(&tried) {
                accepted.pop();
                tracing::warn!(
                    account = self.account,
                    name,
                    "the account has no such webhook"
                );
            } else {
                tried?;
            }
        }
        Ok(found)
    }

    /// Takes the webhook to `url` away; one that is not there is away.
    ///
    /// # Errors
    /// [`CallError`] where amoCRM does not take it away.
    pub async fn take_hook_away(&self, url: &str) -> Result<(), CallError> {
        let body = json!({"destination": url});
        match self.api.write(Method::DELETE, "webhooks", &body).await {
            Ok(_) | Err(CallError::Refused { status: 404, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn subscribe(&self, url: &str, settings: &[&str]) -> Result<(), CallError> {
        let body = json!({"destination": url, "settings": settings});
        self.api
            .write(Method::POST, "webhooks", &body)
            .await
            .map(|_| ())
    }
}

fn is_whole(hook: &Value, wanted: &[&str]) -> bool {
    !json::is_true(&hook["disabled"]) && wanted.iter().all(|name| tells(hook, name))
}

/// What is needed and a webhook does not tell.
pub(super) fn lacks_of_hook(hook: &Value) -> Vec<&'static str> {
    let lacks = NEEDED_HOOKS.into_iter().filter(|name| !tells(hook, name));
    lacks.collect()
}

fn tells(hook: &Value, name: &str) -> bool {
    let settings = json::list(&hook["settings"]);
    settings.iter().any(|known| known.as_str() == Some(name))
}
