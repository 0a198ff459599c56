//! Contacts and leads, read leniently.

use super::map::{AccountMap, LOST, WON, is_same};
use super::person::given_name;
use crate::adapters::{json, phone};
use crate::ports::{CrmContact, FieldText};
use serde_json::Value;
use std::collections::BTreeMap;
use widget_core::event::{Booking, DealFacts, FieldValue};
use widget_core::ids::{ContactId, DealId, UserId};

/// A contact as the API shows it.
#[derive(Debug, Clone)]
pub(super) struct Contact {
    pub(super) id: i64,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) phones: Vec<String>,
    pub(super) leads: Vec<i64>,
    tags: Vec<String>,
    given: (Option<String>, Option<String>),
    /// What somebody wrote into a field for notes.
    note: Option<String>,
}

impl Contact {
    /// `None` for a deleted one, and for what is no contact.
    pub(super) fn read(row: &Value) -> Option<Self> {
        if json::is_true(&row["is_deleted"]) {
            return None;
        }
        let word = |key: &str| row[key].as_str().unwrap_or_default();
        Some(Self {
            id: json::id(&row["id"])?,
            created_at: json::int(&row["created_at"]).unwrap_or(0),
            updated_at: json::int(&row["updated_at"]).unwrap_or(0),
            phones: phones(row),
            leads: ids(&row["_embedded"]["leads"]),
            tags: json::list(&row["_embedded"]["tags"])
                .iter()
                .filter_map(|tag| tag["name"].as_str().map(str::to_owned))
                .collect(),
            given: match (
                given_name(word("name"), word("first_name")),
                own_word(row, PATRONYMIC),
            ) {
                // A field of its own tells better than the order of words.
                ((Some(given), _), Some(patronymic)) => (Some(given), Some(patronymic)),
                (given, _) => given,
            },
            note: own_word(row, NOTES),
        })
    }

    pub(super) fn has_phone(&self, digits: &str) -> bool {
        self.phones.iter().any(|own| own == digits)
    }

    /// `most`: notes, and the characters of each.
    pub(super) fn shown(
        self,
        mut notes: Vec<String>,
        of_interest: &[String],
        most: (usize, usize),
        with_notes: bool,
    ) -> CrmContact {
        if let Some(note) = self.note.filter(|_| with_notes) {
            notes.insert(0, note.chars().take(most.1).collect());
            notes.truncate(most.0);
        }
        let mut tags = self.tags;
        tags.retain(|tag| of_interest.iter().any(|other| is_same(tag, other)));
        CrmContact {
            id: ContactId(self.id),
            name: self.given.0,
            patronymic: self.given.1,
            notes,
            tags,
        }
    }
}

/// Fields of a contact that some accounts have: their code, and the beginning of their name.
const PATRONYMIC: (&str, &str) = ("PATRONYMIC", "отчество");
const NOTES: (&str, &str) = ("GUEST_NOTES", "заметки");

/// The text of a contact's field.
fn own_word(row: &Value, (code, name): (&str, &str)) -> Option<String> {
    let fields = json::list(&row["custom_fields_values"]).iter();
    let mut named = fields.filter(|field| {
        let own = field["field_name"].as_str().unwrap_or_default();
        field["field_code"].as_str() == Some(code) || own.trim().to_lowercase().starts_with(name)
    });
    let value = json::list(&named.next()?["values"]).first()?;
    json::text(&value["value"]).map(|text| text.trim().to_owned())
}

/// Digits of a contact's phones.
pub(super) fn phones(row: &Value) -> Vec<String> {
    json::list(&row["custom_fields_values"])
        .iter()
        .filter(|field| field["field_code"].as_str() == Some("PHONE"))
        .flat_map(|field| json::list(&field["values"]))
        .filter_map(|value| json::id_text(&value["value"]))
        .flat_map(|text| phone::all(&text).collect::<Vec<_>>())
        .collect()
}

/// Ids of embedded rows.
pub(super) fn ids(rows: &Value) -> Vec<i64> {
    json::list(rows)
        .iter()
        .filter_map(|row| json::id(&row["id"]))
        .collect()
}

/// A lead as the API shows it.
#[derive(Debug, Clone)]
pub(super) struct Lead {
    pub(super) id: i64,
    pub(super) pipeline: i64,
    pub(super) status: i64,
    pub(super) created_at: i64,
    pub(super) responsible: Option<i64>,
    pub(super) contacts: Vec<i64>,
    price: Option<i64>,
    has_task: bool,
    fields: Vec<Value>,
}

impl Lead {
    /// `None` for a deleted one, and for what is no lead.
    pub(super) fn read(row: &Value) -> Option<Self> {
        if json::is_true(&row["is_deleted"]) {
            return None;
        }
        Some(Self {
            id: json::id(&row["id"])?,
            pipeline: json::int(&row["pipeline_id"]).unwrap_or(0),
            status: json::int(&row["status_id"]).unwrap_or(0),
            created_at: json::int(&row["created_at"]).unwrap_or(0),
            responsible: json::id(&row["responsible_user_id"]),
            contacts: ids(&row["_embedded"]["contacts"]),
            price: json::int(&row["price"]),
            has_task: json::int(&row["closest_task_at"]).is_some_and(|at| at > 0),
            fields: json::list(&row["custom_fields_values"]).to_vec(),
        })
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.status, WON | LOST)
    }

    /// The owner field.
    pub(super) fn field(&self, map: &AccountMap) -> FieldValue {
        let ours = self.fields.iter().find(|field| {
            map.is_owner_field(
                json::id(&field["field_id"]),
                field["field_code"].as_str(),
                field["field_name"].as_str(),
            )
        });
        let Some(value) = ours.and_then(|field| json::list(&field["values"]).first()) else {
            return FieldValue::Empty;
        };
        map.field_value(
            json::id(&value["enum_id"]),
            json::text(&value["enum_code"]).or_else(|| json::text(&value["enum"])),
            value["value"].as_str(),
        )
    }

    pub(super) fn shown(&self, map: &AccountMap, is_active: impl Fn(UserId) -> bool) -> DealFacts {
        let stage = map.stage(self.pipeline, self.status);
        let responsible = self.responsible.map(UserId);
        DealFacts {
            id: DealId(self.id),
            stage: stage.and_then(|stage| stage.key.clone()),
            stage_name: stage.map(|stage| stage.name.clone()).unwrap_or_default(),
            closed: self.is_closed(),
            responsible,
            responsible_active: responsible.is_some_and(is_active),
            field: self.field(map),
            created_at: self.created_at.saturating_mul(1000),
            amount: self.price,
            booking: Booking::default(),
            has_task: self.has_task,
        }
    }

    /// What these fields say, by the names that they were asked for by.
    pub(super) fn said(&self, names: &[String]) -> BTreeMap<String, FieldText> {
        let said = |name: &String| {
            let field = self.fields.iter().find(|field| {
                field["field_name"]
                    .as_str()
                    .is_some_and(|own| is_same(own, name))
            })?;
            Some((name.clone(), field_text(field)?))
        };
        names.iter().filter_map(said).collect()
    }
}

/// The value of a field: several choices in a row, a date as a date.
fn field_text(field: &Value) -> Option<FieldText> {
    let values = json::list(&field["values"]);
    let is_date = matches!(
        field["field_type"].as_str(),
        Some("date" | "date_time" | "birthday")
    );
    if is_date {
        let value = &values.first()?["value"];
        let seconds = json::int(value).or_else(|| {
            let time: jiff::Timestamp = value.as_str()?.parse().ok()?;
            Some(time.as_second())
        })?;
        return Some(FieldText::Date(seconds.saturating_mul(1000)));
    }
    let words: Vec<String> = values
        .iter()
        .filter_map(|value| json::id_text(&value["value"]))
        .collect();
    (!words.is_empty()).then(|| FieldText::Text(words.join(", ")))
}
