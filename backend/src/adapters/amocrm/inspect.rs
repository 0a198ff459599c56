//! Whether an account is as it has to be: looked at, and changed in nothing.

use super::AmoCrm;
use super::api::embedded;
use super::prepare::lacks_of_hook;
use crate::adapters::json;
use crate::error::CallError;
use crate::ports::{Checked, Finding};
use serde_json::Value;
use widget_core::action::TaskKind;

const ACCOUNT: &str = "account";
const RIGHTS: &str = "rights";
const STAGES: &str = "pipeline and stages";
const FIELD: &str = "owner field";
const TASKS: &str = "task type";
const HOOK: &str = "webhook";

impl AmoCrm {
    /// Looks at everything that `prepare` needs; `hook_url` is where amoCRM sends its webhooks.
    pub async fn inspect(&self, hook_url: &str) -> Vec<Checked> {
        let account = self.inspect_account().await;
        let mut all = vec![account];
        if !all[0].is_well() {
            return all;
        }
        all.push(said(RIGHTS, self.inspect_rights().await));
        all.push(said(STAGES, self.inspect_stages().await));
        all.push(said(FIELD, self.inspect_field().await));
        all.push(said(TASKS, self.inspect_tasks().await));
        all.push(said(HOOK, self.inspect_hook(hook_url).await));
        all
    }

    async fn inspect_account(&self) -> Checked {
        match self.read_account().await {
            Ok(_) => Checked::well(ACCOUNT, format!("{} answers", self.account)),
            Err(CallError::Refused { status: 401, .. }) => Checked::wrong(
                ACCOUNT,
                Finding::AmocrmToken,
                "the token is refused: make a new long-lived token on the tab «Ключи и доступы», or open the link of `estafeta connect`; and look whether the integration is on",
            ),
            Err(CallError::Refused { status: 402, .. }) => Checked::wrong(
                ACCOUNT,
                Finding::AmocrmUnpaid,
                "amoCRM says that it is not paid: the API needs a paid tariff with webhooks",
            ),
            Err(CallError::Refused { status: 403, .. }) => Checked::wrong(
                ACCOUNT,
                Finding::AmocrmBanned,
                "amoCRM refuses every call: it may have banned the account's API for a while, or allow other addresses only",
            ),
            Err(error) => Checked::wrong(
                ACCOUNT,
                Finding::AmocrmSilent,
                format!("{error}; check `subdomain`, `account_id` and the way to amoCRM"),
            ),
        }
    }

    async fn inspect_rights(&self) -> Result<Checked, CallError> {
        match self.read_users().await {
            Ok(users) => {
                let active = users.iter().filter(|user| user.active).count();
                Ok(Checked::well(RIGHTS, format!("{active} active users")))
            }
            Err(CallError::Refused { status: 403, .. }) => Ok(Checked::wrong(
                RIGHTS,
                Finding::NotAdmin,
                "the token is not an administrator's: an administrator has to give it",
            )),
            Err(error) => Err(error),
        }
    }

    async fn inspect_stages(&self) -> Result<Checked, CallError> {
        let rows = self.api.all("leads/pipelines", &[], 4).await?;
        let listed = self.pipeline.as_deref();
        let missing = self.map.change(|map| map.learn_pipelines(rows, listed));
        Ok(match missing {
            None => {
                let name = listed.unwrap_or("(main)");
                Checked::wrong(
                    STAGES,
                    Finding::NoPipeline(name.to_owned()),
                    format!("there is no pipeline «{name}»: correct `pipeline`"),
                )
            }
            Some(missing) if missing.is_empty() => Checked::well(STAGES, "all stages are there"),
            Some(missing) => {
                let names = format!("«{}»", missing.join("», «"));
                let words = format!(
                    "the pipeline lacks {names}: rename a stage, or name it otherwise in the policy; deals at other stages go to people"
                );
                Checked::wrong(STAGES, Finding::StagesMissing(names), words)
            }
        })
    }

    async fn inspect_field(&self) -> Result<Checked, CallError> {
        let rows = self.api.all("leads/custom_fields", &[], 40).await?;
        let field: Option<Value> = self.map.with(|map| map.find_field(&rows).cloned());
        let Some(field) = field else {
            let words = "it is not there yet: the backend makes it at its start";
            return Ok(Checked::well(FIELD, words));
        };
        let lacking = self.map.change(|map| map.learn_field(&field));
        Ok(if lacking.is_empty() {
            Checked::well(FIELD, "it is there with its choices")
        } else {
            let lacking: Vec<_> = lacking.into_iter().map(|(_, name)| name).collect();
            let words = format!(
                "«{}» is missing: the backend adds it at its start",
                lacking.join("», «")
            );
            Checked::well(FIELD, words)
        })
    }

    /// What the task type of handoffs is called, by name or number; whether the account has it, and among how many.
    pub(super) async fn whatsapp_type(&self) -> Result<(String, bool, usize), CallError> {
        let types = self.read_account().await?;
        let wanted = self
            .map
            .with(|map| map.task_type(TaskKind::Whatsapp).to_owned());
        let is_there = types
            .iter()
            .any(|(id, name)| super::map::is_same(name, &wanted) || id.to_string() == wanted);
        Ok((wanted, is_there, types.len()))
    }

    async fn inspect_tasks(&self) -> Result<Checked, CallError> {
        let (wanted, is_there, _) = self.whatsapp_type().await?;
        Ok(if is_there {
            Checked::well(TASKS, format!("«{wanted}» is there"))
        } else {
            let words = format!(
                "there is no «{wanted}»: make it in amoCRM (Настройки → Задачи); until then tasks are of the type «Связаться»"
            );
            Checked::wrong(TASKS, Finding::NoTaskType(wanted), words)
        })
    }

    async fn inspect_hook(&self, url: &str) -> Result<Checked, CallError> {
        let query = [("filter[destination]", url.to_owned())];
        let rows = self.api.get("webhooks", &query).await?.unwrap_or_default();
        let mine = embedded(&rows, "webhooks")
            .iter()
            .find(|hook| hook["destination"].as_str() == Some(url));
        let Some(hook) = mine else {
            let words =
                "it is not subscribed: the backend does that at its start; if it runs, see its log";
            return Ok(Checked::wrong(HOOK, Finding::AmocrmHookMissing, words));
        };
        if json::is_true(&hook["disabled"]) {
            let words = "amoCRM has switched it off after too many errors: the backend switches it on within ten minutes; see whether amoCRM reaches server.public_url";
            return Ok(Checked::wrong(HOOK, Finding::AmocrmHookOff, words));
        }
        let lacks = lacks_of_hook(hook);
        Ok(if lacks.is_empty() {
            Checked::well(HOOK, "it is subscribed to everything that is needed")
        } else {
            let lacks = lacks.join(", ");
            let words = format!("it lacks {lacks}: the backend subscribes them within ten minutes");
            Checked::wrong(HOOK, Finding::AmocrmHookLacks(lacks), words)
        })
    }
}

fn said(what: &'static str, looked: Result<Checked, CallError>) -> Checked {
    looked.unwrap_or_else(|error| {
        let words = format!("it could not be read: {error}");
        Checked::wrong(what, Finding::AmocrmUnread, words)
    })
}
