//! What amoCRM remembers, and the account as it stands at the beginning.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::events::Event;
use super::oauth::OAuth;
use super::unsorted::Unsorted;
use super::ways::Ways;
use crate::http::phone_digits;

pub(crate) const ACCOUNT_ID: i64 = 31_000_001;
pub(crate) const SUBDOMAIN: &str = "sanatorium";
pub(crate) const AMOJO_ID: &str = "7b1c0f7e-5d2a-4c61-9a0b-3f1e2d4c5b6a";
/// The integration's token acts as the admin who granted it, so an echo of an API write looks like a person's act.
pub(crate) const TOKEN_USER: i64 = 9001;
/// Whom Pact's integration makes responsible for a new deal.
pub(crate) const DEFAULT_RESPONSIBLE: i64 = 9002;
pub(crate) const WON: i64 = 142;
pub(crate) const LOST: i64 = 143;
/// Code of the field «Ведёт диалог».
pub(crate) const OWNER_CODE: &str = "DIALOG_OWNER";
const MAIN_PIPELINE: i64 = 5_100_001;
const MAIN_STAGES: &[&str] = &[
    "Новая заявка",
    "Проведена консультация",
    "Предварительная бронь",
    "Предоплата получена",
    "Заезд",
    "Проживающие",
    "Выезд",
];
const TASK_TYPES: &[(i64, &str, Option<&str>)] = &[
    (1, "Связаться", Some("FOLLOW_UP")),
    (2, "Встреча", Some("MEETING")),
    (2_400_001, "WhatsApp", None),
    (2_400_002, "Проверить оплату", None),
    (2_400_003, "Трансфер", None),
];

/// Custom field values by field id.
pub(crate) type Values = BTreeMap<i64, Vec<FieldValue>>;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct User {
    pub id: i64,
    pub name: String,
    pub is_admin: bool,
    pub is_active: bool,
    pub amojo_id: String,
    /// Which deals this user sees: `A` all, `M` own, `D` none.
    #[serde(default = "all_deals")]
    pub leads: String,
}

fn all_deals() -> String {
    "A".to_owned()
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Pipeline {
    pub id: i64,
    pub name: String,
    pub is_main: bool,
    pub stages: Vec<Stage>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Stage {
    pub id: i64,
    pub name: String,
    pub color: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TaskType {
    pub id: i64,
    pub name: String,
    pub code: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Field {
    pub id: i64,
    /// `leads` or `contacts`.
    pub entity: String,
    pub name: String,
    pub code: Option<String>,
    pub kind: String,
    pub sort: i64,
    pub enums: Vec<Choice>,
    pub is_api_only: bool,
    pub is_predefined: bool,
    #[serde(default)]
    pub group: Option<String>,
}

/// A tab of fields in the card.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FieldGroup {
    pub id: String,
    pub entity: String,
    pub name: String,
    pub sort: i64,
}

/// Why a deal is lost.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LossReason {
    pub id: i64,
    pub name: String,
}

fn usual_loss_reasons() -> Vec<LossReason> {
    [(8_801, "Дорого"), (8_802, "Не отвечает")]
        .map(|(id, name)| LossReason {
            id,
            name: name.to_owned(),
        })
        .into()
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Choice {
    pub id: i64,
    pub value: String,
    pub sort: i64,
    pub code: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FieldValue {
    pub value: Value,
    pub choice: Option<i64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Tag {
    pub id: i64,
    pub entity: String,
    pub name: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Contact {
    pub id: i64,
    pub name: String,
    pub first_name: String,
    pub last_name: String,
    pub responsible: i64,
    pub created_by: i64,
    pub updated_by: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub deleted: bool,
    /// Of a lead that nobody has accepted: it is in no list.
    #[serde(default)]
    pub is_unsorted: bool,
    pub values: Values,
    pub leads: Vec<i64>,
    pub tags: Vec<i64>,
    /// Name and values in lower case, one a line: what a search looks through.
    pub search_text: String,
    /// The digits of each, one a line.
    pub search_digits: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Lead {
    pub id: i64,
    pub name: String,
    pub price: i64,
    pub responsible: i64,
    pub status: i64,
    pub pipeline: i64,
    pub loss_reason: Option<i64>,
    pub created_by: i64,
    pub updated_by: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub closed_at: Option<i64>,
    pub deleted: bool,
    pub values: Values,
    /// The main one first.
    pub contacts: Vec<i64>,
    pub tags: Vec<i64>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Task {
    pub id: i64,
    pub text: String,
    pub kind: i64,
    pub entity_id: Option<i64>,
    pub entity: Option<String>,
    pub responsible: i64,
    pub complete_till: i64,
    pub duration: i64,
    pub done: bool,
    pub result: Option<String>,
    pub created_by: i64,
    pub updated_by: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Note {
    pub id: i64,
    pub entity: String,
    pub entity_id: i64,
    pub kind: String,
    pub params: Value,
    pub created_by: i64,
    pub responsible: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Subscription {
    pub id: i64,
    pub destination: String,
    pub settings: Vec<String>,
    pub disabled: bool,
    pub created_at: i64,
    pub updated_at: i64,
    /// Business ms of the failures of the last two hours.
    pub failures: VecDeque<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Crm {
    pub users: Vec<User>,
    pub pipelines: Vec<Pipeline>,
    pub task_types: Vec<TaskType>,
    pub fields: Vec<Field>,
    pub tags: Vec<Tag>,
    pub contacts: BTreeMap<i64, Contact>,
    /// Digits of a phone → contacts that have or had it.
    by_phone: BTreeMap<String, BTreeSet<i64>>,
    pub leads: BTreeMap<i64, Lead>,
    pub tasks: BTreeMap<i64, Task>,
    pub notes: BTreeMap<i64, Note>,
    pub subscriptions: Vec<Subscription>,
    pub oauth: OAuth,
    #[serde(default)]
    pub ways: Ways,
    #[serde(default)]
    pub unsorted: Vec<Unsorted>,
    #[serde(default)]
    pub events: VecDeque<Event>,
    /// Conversation → its last message when the talk was closed.
    #[serde(default)]
    pub closed_talks: BTreeMap<i64, i64>,
    #[serde(default)]
    pub field_groups: Vec<FieldGroup>,
    #[serde(default = "usual_loss_reasons")]
    pub loss_reasons: Vec<LossReason>,
    next: i64,
}

impl Crm {
    /// The account of the sanatorium, empty of guests.
    pub(crate) fn furnished() -> Self {
        let user = |id, name: &str, is_admin| User {
            id,
            name: name.to_owned(),
            is_admin,
            is_active: true,
            leads: all_deals(),
            amojo_id: format!("5a7e0000-0000-4000-8000-00000000{id}"),
        };
        let mut crm = Self {
            users: vec![
                user(9001, "Ольга", true),
                user(9002, "Анна", false),
                user(9003, "Игорь", false),
            ],
            pipelines: Vec::new(),
            task_types: TASK_TYPES
                .iter()
                .map(|(id, name, code)| TaskType {
                    id: *id,
                    name: (*name).to_owned(),
                    code: code.map(str::to_owned),
                })
                .collect(),
            fields: Vec::new(),
            tags: Vec::new(),
            contacts: BTreeMap::new(),
            by_phone: BTreeMap::new(),
            leads: BTreeMap::new(),
            tasks: BTreeMap::new(),
            notes: BTreeMap::new(),
            subscriptions: Vec::new(),
            oauth: OAuth::default(),
            ways: Ways::default(),
            unsorted: Vec::new(),
            events: VecDeque::new(),
            closed_talks: BTreeMap::new(),
            field_groups: Vec::new(),
            loss_reasons: usual_loss_reasons(),
            next: 0,
        };
        crm.add_pipeline(MAIN_PIPELINE, "Бронирования", true, MAIN_STAGES);
        crm.add_pipeline(
            MAIN_PIPELINE + 1,
            "Корпоративные заявки",
            false,
            &["Первичный контакт", "Переговоры"],
        );
        crm.add_field(
            1101,
            "contacts",
            "Телефон",
            Some("PHONE"),
            "multitext",
            &[
                ("WORK", "WORK"),
                ("WORKDD", "WORKDD"),
                ("MOB", "MOB"),
                ("FAX", "FAX"),
                ("HOME", "HOME"),
                ("OTHER", "OTHER"),
            ],
        );
        crm.add_field(
            1102,
            "contacts",
            "Email",
            Some("EMAIL"),
            "multitext",
            &[("WORK", "WORK"), ("PRIV", "PRIV"), ("OTHER", "OTHER")],
        );
        crm.add_field(1103, "contacts", "Должность", Some("POSITION"), "text", &[]);
        crm.add_field(
            1104,
            "contacts",
            "Отчество",
            Some("PATRONYMIC"),
            "text",
            &[],
        );
        crm.add_field(
            1105,
            "contacts",
            "Заметки о госте",
            Some("GUEST_NOTES"),
            "textarea",
            &[],
        );
        crm.add_field(
            3301,
            "leads",
            "Ведёт диалог",
            Some(OWNER_CODE),
            "select",
            &[
                ("Бот", "bot"),
                ("Ждёт менеджера", "waiting"),
                ("Менеджер", "manager"),
            ],
        );
        crm.add_field(3302, "leads", "Дата заезда", Some("ARRIVAL"), "date", &[]);
        crm.add_field(3303, "leads", "Дата выезда", Some("DEPARTURE"), "date", &[]);
        crm.add_field(
            3304,
            "leads",
            "Категория номера",
            Some("ROOM_CATEGORY"),
            "text",
            &[],
        );
        crm.add_field(
            3305,
            "leads",
            "Состав гостей",
            Some("GUESTS"),
            "numeric",
            &[],
        );
        crm.add_field(3306, "leads", "Статус оплаты", Some("PAYMENT"), "text", &[]);
        for field in &mut crm.fields {
            field.is_predefined =
                matches!(field.code.as_deref(), Some("PHONE" | "EMAIL" | "POSITION"));
        }
        crm
    }

    /// A fresh number, unique among everything of the account.
    pub(crate) fn next_id(&mut self) -> i64 {
        self.next += 1;
        70_000_000 + self.next
    }

    /// Adds a pipeline with these stages and the two closed ones.
    pub(crate) fn add_pipeline(&mut self, id: i64, name: &str, is_main: bool, stages: &[&str]) {
        let first = 40_100_000 + (id - MAIN_PIPELINE) * 100;
        let numbers = first + 2..;
        let stage = |id, name: &str, color: &str| Stage {
            id,
            name: name.to_owned(),
            color: color.to_owned(),
        };
        let mut all: Vec<Stage> = numbers
            .zip(stages)
            .map(|(id, name)| stage(id, name, "#98cbff"))
            .collect();
        all.push(stage(WON, "Успешно реализовано", "#CCFF66"));
        all.push(stage(LOST, "Отказ", "#D5D8DB"));
        self.pipelines.push(Pipeline {
            id,
            name: name.to_owned(),
            is_main,
            stages: all,
        });
    }

    fn add_field(
        &mut self,
        id: i64,
        entity: &str,
        name: &str,
        code: Option<&str>,
        kind: &str,
        enums: &[(&str, &str)],
    ) {
        let first = id * 10;
        let enums = (1..)
            .zip(enums)
            .map(|(sort, (value, code))| Choice {
                id: first + sort,
                value: (*value).to_owned(),
                sort,
                code: Some((*code).to_owned()),
            })
            .collect();
        self.fields.push(Field {
            id,
            entity: entity.to_owned(),
            name: name.to_owned(),
            code: code.map(str::to_owned),
            kind: kind.to_owned(),
            sort: 500,
            enums,
            is_api_only: false,
            is_predefined: false,
            group: None,
        });
    }

    pub(crate) fn user(&self, id: i64) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub(crate) fn pipeline(&self, id: i64) -> Option<&Pipeline> {
        self.pipelines.iter().find(|pipeline| pipeline.id == id)
    }

    pub(crate) fn main_pipeline(&self) -> &Pipeline {
        self.pipelines
            .iter()
            .find(|pipeline| pipeline.is_main)
            .unwrap_or(&self.pipelines[0])
    }

    pub(crate) fn stage(&self, pipeline: i64, status: i64) -> Option<&Stage> {
        self.pipeline(pipeline)?
            .stages
            .iter()
            .find(|stage| stage.id == status)
    }

    /// The name that a stage is shown by.
    pub(crate) fn stage_name(&self, pipeline: i64, status: i64) -> Option<&str> {
        let pipeline = self.pipeline(pipeline)?;
        if pipeline.unsorted_stage() == status {
            return Some("Неразобранное");
        }
        let mut stages = pipeline.stages.iter();
        stages
            .find(|stage| stage.id == status)
            .map(|stage| stage.name.as_str())
    }

    pub(crate) fn field(&self, entity: &str, code: &str) -> Option<&Field> {
        self.fields
            .iter()
            .find(|field| field.entity == entity && field.code.as_deref() == Some(code))
    }

    /// The phones of a contact, as spelled.
    pub(crate) fn phones<'a>(&self, contact: &'a Contact) -> Vec<&'a str> {
        let id = self.field("contacts", "PHONE").map_or(0, |field| field.id);
        contact
            .values
            .get(&id)
            .into_iter()
            .flatten()
            .filter_map(|v| v.value.as_str())
            .collect()
    }

    /// The living contact with this phone, whatever its spelling; of several the one touched last.
    pub(crate) fn contact_by_phone(&self, phone: &str) -> Option<&Contact> {
        let wanted = phone_digits(phone);
        self.by_phone
            .get(&wanted)?
            .iter()
            .filter_map(|id| self.contacts.get(id))
            .filter(|contact| !contact.deleted)
            .filter(|contact| {
                self.phones(contact)
                    .iter()
                    .any(|phone| phone_digits(phone) == wanted)
            })
            .max_by_key(|contact| (contact.updated_at, contact.id))
    }

    /// Stores a contact and keeps what finds it.
    pub(crate) fn store_contact(&mut self, contact: &mut Contact) {
        let texts = contact
            .values
            .values()
            .flatten()
            .filter_map(|value| value.value.as_str());
        let lines: Vec<&str> = std::iter::once(contact.name.as_str())
            .chain(texts)
            .collect();
        contact.search_text = lines.join("\n").to_lowercase();
        contact.search_digits = lines
            .join("\n")
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == '\n')
            .collect();
        for digits in self
            .phones(contact)
            .into_iter()
            .map(phone_digits)
            .collect::<Vec<_>>()
        {
            self.by_phone.entry(digits).or_default().insert(contact.id);
        }
        self.contacts.insert(contact.id, contact.clone());
    }

    /// The newest open deal of a contact.
    pub(crate) fn open_lead_of(&self, contact: &Contact) -> Option<&Lead> {
        contact
            .leads
            .iter()
            .filter_map(|id| self.leads.get(id))
            .filter(|lead| lead.is_open())
            .max_by_key(|lead| lead.id)
    }

    /// Books a webhook subscriber's answer; more than a hundred failures in two hours switch it off.
    pub(crate) fn note_hook_answer(&mut self, hook: i64, now_ms: i64, good: bool) {
        let Some(subscription) = self.subscriptions.iter_mut().find(|s| s.id == hook) else {
            return;
        };
        if good {
            return;
        }
        subscription.failures.push_back(now_ms);
        while subscription
            .failures
            .front()
            .is_some_and(|at| at + 2 * 3_600_000 < now_ms)
        {
            subscription.failures.pop_front();
        }
        if subscription.failures.len() > 100 {
            subscription.disabled = true;
        }
    }
}

impl Lead {
    pub(crate) fn is_open(&self) -> bool {
        !self.deleted && self.status != WON && self.status != LOST
    }
}
