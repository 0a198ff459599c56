//! What the account calls the policy's stages and the owner field. Filled by `prepare`, shared with the reader of
//! webhooks.

use super::{AmoConfig, Names};
use crate::adapters::json;
use serde_json::Value;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};
use widget_core::action::TaskKind;
use widget_core::event::FieldValue;
use widget_core::ids::StageKey;

/// «Успешно реализовано», in every pipeline.
pub(super) const WON: i64 = 142;
/// «Закрыто и не реализовано», in every pipeline: the policy's «Отказ».
pub(super) const LOST: i64 = 143;
/// The stage's name that stands for [`LOST`], whatever the account calls it.
const REFUSED: &str = "Отказ";
/// Code of the field «Ведёт диалог».
pub(super) const OWNER_CODE: &str = "DIALOG_OWNER";

/// Contacts of webhooks that are remembered.
const MOST_FRESH: usize = 500;

/// One account's map, shared between the adapter and the reader of webhooks.
#[derive(Debug, Clone)]
pub struct SharedMap(Arc<RwLock<AccountMap>>);

impl SharedMap {
    pub(super) fn new(config: &AmoConfig) -> Self {
        Self(Arc::new(RwLock::new(AccountMap::new(config))))
    }

    /// Looks something up.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&AccountMap) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes what is known.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut AccountMap) -> T) -> T {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A status of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stage {
    /// As the account shows it.
    pub(crate) name: String,
    /// The policy's key; `None` = not mapped.
    pub(crate) key: Option<StageKey>,
}

/// What the account calls things.
#[derive(Debug)]
pub(crate) struct AccountMap {
    account: i64,
    names: Names,
    /// As they were read last, to be looked through again under other names.
    pipelines: Vec<Value>,
    stages: HashMap<(i64, i64), Stage>,
    places: HashMap<StageKey, (i64, i64)>,
    /// Stages of «Неразобранное» that the policy does not name.
    unsorted: HashSet<(i64, i64)>,
    /// Contacts that webhooks told of lately, by the digest of a phone: the search finds them only later.
    fresh: VecDeque<(String, i64)>,
    values: [(FieldValue, &'static str, String); 3],
    field: Option<i64>,
    enums: HashMap<i64, FieldValue>,
}

impl AccountMap {
    fn new(config: &AmoConfig) -> Self {
        let names = config.names.clone();
        Self {
            account: config.account,
            values: choices_of(&names),
            names,
            pipelines: Vec::new(),
            stages: HashMap::new(),
            places: HashMap::new(),
            unsorted: HashSet::new(),
            fresh: VecDeque::new(),
            field: None,
            enums: HashMap::new(),
        }
    }

    /// Takes other names, and looks for them in what is known of the account. The field and its choices keep their
    /// meaning until the account is prepared again. `true` when the names are others than before.
    pub(super) fn rename(&mut self, names: Names, listed: Option<&str>) -> bool {
        if names == self.names {
            return false;
        }
        self.values = choices_of(&names);
        self.names = names;
        let pipelines = std::mem::take(&mut self.pipelines);
        self.learn_pipelines(pipelines, listed);
        true
    }

    /// What the policy calls things.
    #[cfg(test)]
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// Name of the type of a task.
    pub(super) fn task_type(&self, kind: TaskKind) -> &str {
        let types = &self.names.task_types;
        match kind {
            TaskKind::Whatsapp => &types.whatsapp,
            TaskKind::Contact => &types.contact,
        }
    }

    /// Where new deals stand: pipeline and status.
    pub(super) fn first_place(&self) -> Option<(i64, i64)> {
        self.place(&self.names.first_stage)
    }

    /// The account's id.
    pub(crate) fn account(&self) -> i64 {
        self.account
    }

    /// The stage that a status stands for; `None` = the account has no such status, as far as we know.
    pub(crate) fn stage(&self, pipeline: i64, status: i64) -> Option<&Stage> {
        self.stages.get(&(pipeline, status))
    }

    /// Where a stage of the policy lies: pipeline and status.
    pub(super) fn place(&self, key: &StageKey) -> Option<(i64, i64)> {
        self.places.get(key).copied()
    }

    /// Whether a lead there waits for somebody to accept it.
    pub(super) fn is_unsorted(&self, pipeline: i64, status: i64) -> bool {
        self.unsorted.contains(&(pipeline, status))
    }

    /// A webhook tells of a contact with these phones.
    pub(crate) fn heard_of(&mut self, contact: i64, phones: impl Iterator<Item = String>) {
        for phone in phones {
            let one = (named(&phone), contact);
            self.fresh.retain(|known| *known != one);
            self.fresh.push_back(one);
        }
        while self.fresh.len() > MOST_FRESH {
            self.fresh.pop_front();
        }
    }

    /// Contacts with this phone that webhooks told of lately, newest first.
    pub(super) fn heard_with(&self, phone: &str) -> Vec<i64> {
        let phone = named(phone);
        let fresh = self.fresh.iter().rev();
        fresh
            .filter(|(known, _)| *known == phone)
            .map(|(_, contact)| *contact)
            .collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }

    /// Learns all pipelines. The policy's stages are looked for in the pipeline `listed`, or else in the main one.
    /// Answers the names of stages that are not there; `None` = the pipeline itself is not there.
    pub(super) fn learn_pipelines(
        &mut self,
        pipelines: Vec<Value>,
        listed: Option<&str>,
    ) -> Option<Vec<String>> {
        let ours = pipelines.iter().find(|pipeline| match listed {
            Some(name) => is_same(pipeline["name"].as_str().unwrap_or_default(), name),
            None => json::is_true(&pipeline["is_main"]),
        })?;
        let ours = json::id(&ours["id"])?;
        self.stages.clear();
        self.places.clear();
        self.unsorted.clear();
        for pipeline in &pipelines {
            let Some(id) = json::id(&pipeline["id"]) else {
                continue;
            };
            for status in json::list(&pipeline["_embedded"]["statuses"]) {
                if let Some(status_id) = json::id(&status["id"]) {
                    self.learn_status(id, id == ours, status_id, &status["name"]);
                    let is_mapped = self.stage(id, status_id).is_some_and(|s| s.key.is_some());
                    if json::int(&status["type"]) == Some(1) && !is_mapped {
                        self.unsorted.insert((id, status_id));
                    }
                }
            }
        }
        self.pipelines = pipelines;
        let wanted = self.names.stages.iter();
        let missing = wanted.filter(|(key, _)| !self.places.contains_key(key));
        Some(missing.map(|(_, name)| name.clone()).collect())
    }

    fn learn_status(&mut self, pipeline: i64, is_ours: bool, status: i64, name: &Value) {
        let name = name.as_str().unwrap_or_default();
        let key = self
            .names
            .stages
            .iter()
            .find(|(_, wanted)| {
                is_same(wanted, name) || (status == LOST && is_same(wanted, REFUSED))
            })
            .filter(|_| is_ours)
            .map(|(key, _)| key.clone());
        if let Some(key) = &key {
            // A stage of that name beside the system's own one is read as the same, but never moved to.
            if status == LOST || !self.places.contains_key(key) {
                self.places.insert(key.clone(), (pipeline, status));
            }
        }
        let name = name.to_owned();
        self.stages.insert((pipeline, status), Stage { name, key });
    }

    /// Finds the owner field among the account's fields, by its code or else by its name.
    pub(super) fn find_field<'a>(&self, fields: &'a [Value]) -> Option<&'a Value> {
        fields
            .iter()
            .find(|field| field["code"].as_str() == Some(OWNER_CODE))
            .or_else(|| {
                fields.iter().find(|field| {
                    is_same(
                        field["name"].as_str().unwrap_or_default(),
                        &self.names.field_name,
                    ) && !json::list(&field["enums"]).is_empty()
                })
            })
    }

    /// Learns the owner field. Answers the choices that it lacks, as `(code, name)`.
    pub(super) fn learn_field(&mut self, field: &Value) -> Vec<(&'static str, String)> {
        self.field = json::id(&field["id"]);
        self.enums = json::list(&field["enums"])
            .iter()
            .filter_map(|choice| {
                let value = self.known_value(choice["code"].as_str(), choice["value"].as_str())?;
                Some((json::id(&choice["id"])?, value))
            })
            .collect();
        let known: Vec<FieldValue> = self.enums.values().copied().collect();
        let lacking = self
            .values
            .iter()
            .filter(|(value, _, _)| !known.contains(value));
        lacking
            .map(|(_, code, name)| (*code, name.clone()))
            .collect()
    }

    /// The choices of the owner field, as `(code, name)`.
    pub(super) fn choices(&self) -> Vec<(&'static str, String)> {
        self.values
            .iter()
            .map(|(_, code, name)| (*code, name.clone()))
            .collect()
    }

    pub(super) fn field_name(&self) -> &str {
        &self.names.field_name
    }

    /// `custom_fields_values` that set the owner field.
    pub(super) fn written(&self, value: FieldValue) -> Value {
        let named = |mut row: Value| {
            match self.field {
                Some(id) => row["field_id"] = id.into(),
                None => row["field_code"] = OWNER_CODE.into(),
            }
            Value::Array(vec![row])
        };
        if value == FieldValue::Empty {
            return named(serde_json::json!({"values": null}));
        }
        let known = self.enums.iter().find(|(_, known)| **known == value);
        let choice = if let Some((id, _)) = known {
            serde_json::json!({"enum_id": id})
        } else {
            let code = self.values.iter().find(|(known, _, _)| *known == value);
            serde_json::json!({"enum_code": code.map(|(_, code, _)| code)})
        };
        named(serde_json::json!({"values": [choice]}))
    }

    /// Whether these words name the owner field.
    pub(crate) fn is_owner_field(
        &self,
        id: Option<i64>,
        code: Option<&str>,
        name: Option<&str>,
    ) -> bool {
        if self.field.is_some() && id.is_some() {
            return self.field == id;
        }
        code == Some(OWNER_CODE) || name.is_some_and(|name| is_same(name, &self.names.field_name))
    }

    /// What a value of the owner field means. A choice that somebody added means a person: in doubt, the bot is silent.
    pub(crate) fn field_value(
        &self,
        choice: Option<i64>,
        code: Option<&str>,
        text: Option<&str>,
    ) -> FieldValue {
        let text = text.filter(|text| !text.trim().is_empty());
        if let Some(value) = choice.and_then(|id| self.enums.get(&id)) {
            return *value;
        }
        if choice.is_none() && code.is_none() && text.is_none() {
            return FieldValue::Empty;
        }
        self.known_value(code, text).unwrap_or(FieldValue::Manager)
    }

    fn known_value(&self, code: Option<&str>, name: Option<&str>) -> Option<FieldValue> {
        let is_named = |own: &str| name.is_some_and(|name| is_same(name, own));
        self.values
            .iter()
            .find(|(_, own, _)| code == Some(*own))
            .or_else(|| self.values.iter().find(|(_, _, own)| is_named(own)))
            .map(|(value, _, _)| *value)
    }
}

/// A phone as it is remembered: nobody's number lies about.
fn named(phone: &str) -> String {
    json::digest(&[phone.as_bytes()])
}

/// The owner field's choices: what they mean, their code, their name.
fn choices_of(names: &Names) -> [(FieldValue, &'static str, String); 3] {
    let values = &names.field_values;
    [
        (FieldValue::Bot, "bot", values.bot.clone()),
        (FieldValue::Waiting, "waiting", values.waiting.clone()),
        (FieldValue::Manager, "manager", values.manager.clone()),
    ]
}

/// Names typed by people: case, spaces at the ends and ё do not count.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.trim().to_lowercase().replace('ё', "е");
    plain(one) == plain(other)
}
