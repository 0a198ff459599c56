//! Contacts and leads, read leniently.

use super::map::{AccountMap, LOST, WON};
use super::person::given_name;
use crate::adapters::{json, phone};
use crate::ports::CrmContact;
use serde_json::Value;
use widget_core::event::{DealFacts, FieldValue};
use widget_core::ids::{ContactId, DealId, UserId};

/// A contact as the API shows it.
#[derive(Debug, Clone)]
pub(super) struct Contact {
    pub(super) id: i64,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) phones: Vec<String>,
    pub(super) leads: Vec<i64>,
    given: (Option<String>, Option<String>),
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
            given: given_name(word("name"), word("first_name")),
        })
    }

    pub(super) fn has_phone(&self, digits: &str) -> bool {
        self.phones.iter().any(|own| own == digits)
    }

    pub(super) fn shown(self, notes: Vec<String>) -> CrmContact {
        CrmContact {
            id: ContactId(self.id),
            name: self.given.0,
            patronymic: self.given.1,
            notes,
        }
    }
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
        }
    }
}
