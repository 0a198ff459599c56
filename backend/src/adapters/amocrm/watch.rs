//! Deals and tasks as they stand, told as the webhooks tell them: for when those may have been lost.

use super::AmoCrm;
use super::api::{embedded, is_bad_request};
use super::hook;
use crate::adapters::json;
use crate::error::CallError;
use crate::ports::{Envelope, Watch};
use async_trait::async_trait;
use serde_json::{Map, Value, json};
use widget_core::ids::{DealId, TaskId};

/// Ids in one request: longer lists make URLs that servers cut.
const IDS_AT_ONCE: usize = 50;

#[async_trait]
impl Watch for AmoCrm {
    async fn deals(&self, deals: &[DealId]) -> Result<Vec<Envelope>, CallError> {
        let ids: Vec<i64> = deals.iter().map(|deal| deal.0).collect();
        let rows = self.rows_of("leads", &ids).await?;
        let places: Vec<(i64, i64)> = rows
            .iter()
            .filter_map(|row| {
                Some((
                    json::int(&row["pipeline_id"])?,
                    json::int(&row["status_id"])?,
                ))
            })
            .collect();
        self.learn_statuses(&places).await?;
        let told = ids.iter().map(|id| {
            let row = rows.iter().find(|row| json::id(&row["id"]) == Some(*id));
            match row.filter(|row| !json::is_true(&row["is_deleted"])) {
                Some(row) => self.told("leads.update", &self.deal_item(row)),
                None => self.told("leads.delete", &json!({"id": id.to_string()})),
            }
        });
        Ok(told.collect())
    }

    async fn closed_tasks(&self, tasks: &[TaskId]) -> Result<Vec<Envelope>, CallError> {
        let ids: Vec<i64> = tasks.iter().map(|task| task.0).collect();
        let rows = self.rows_of("tasks", &ids).await?;
        let closed = rows
            .iter()
            .filter(|row| json::is_true(&row["is_completed"]))
            .map(|row| self.told("task.update", &task_item(row)));
        Ok(closed.collect())
    }

    async fn link_late(&self, deals: &[DealId]) -> Result<usize, CallError> {
        self.link_late_chats(deals).await
    }
}

impl AmoCrm {
    fn told(&self, kind: &str, item: &Value) -> Envelope {
        hook::envelope(Some(self.account), kind, item)
    }

    /// Rows of a list by their ids; those that are gone are missing.
    async fn rows_of(&self, list: &str, ids: &[i64]) -> Result<Vec<Value>, CallError> {
        let mut rows = Vec::new();
        for some in ids.chunks(IDS_AT_ONCE) {
            let mut query: Vec<_> = some
                .iter()
                .map(|id| ("filter[id][]", id.to_string()))
                .collect();
            query.push(("limit", "250".to_owned()));
            let page = self.api.get(list, &query).await;
            if is_bad_request(&page) {
                // The account refuses to filter.
                for id in some {
                    rows.extend(self.api.get(&format!("{list}/{id}"), &[]).await?);
                }
                continue;
            }
            rows.extend_from_slice(embedded(&page?.unwrap_or_default(), list));
        }
        // A filter that the server ignores answers everybody's.
        rows.retain(|row| json::id(&row["id"]).is_some_and(|id| ids.contains(&id)));
        Ok(rows)
    }

    /// A lead with the one field that is ours, as its webhook has them.
    fn deal_item(&self, row: &Value) -> Value {
        let ours = json::list(&row["custom_fields_values"])
            .iter()
            .find(|field| {
                self.map.with(|map| {
                    map.is_owner_field(
                        json::id(&field["field_id"]),
                        field["field_code"].as_str(),
                        field["field_name"].as_str(),
                    )
                })
            });
        let mut item = Map::new();
        for (name, of) in [
            ("id", "id"),
            ("pipeline_id", "pipeline_id"),
            ("status_id", "status_id"),
            ("modified_user_id", "updated_by"),
            ("updated_at", "updated_at"),
        ] {
            if let Some(value) = json::id_text(&row[of]) {
                item.insert(name.to_owned(), value.into());
            }
        }
        if let Some(field) = ours {
            let value = json::list(&field["values"]).first();
            let value = value.cloned().unwrap_or_default();
            let filled = json!({
                "id": json::id_text(&field["field_id"]), "code": field["field_code"], "name": field["field_name"],
                "values": {"0": {"value": value["value"], "enum": json::id_text(&value["enum_id"])}},
            });
            item.insert("custom_fields".to_owned(), json!({"0": filled}));
        }
        Value::Object(item)
    }
}

/// A closed task as its webhook has it.
fn task_item(row: &Value) -> Value {
    json!({
        "id": json::id_text(&row["id"]), "status": "1",
        "element_id": json::id_text(&row["entity_id"]), "element_type": row["entity_type"],
        "modified_user_id": json::id_text(&row["updated_by"]), "updated_at": json::id_text(&row["updated_at"]),
    })
}
