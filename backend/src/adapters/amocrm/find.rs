//! After an unknown outcome: did the write take effect?

use super::AmoCrm;
use super::api::Query;
use super::write::FOLLOW_UP;
use crate::adapters::json;
use crate::error::CallError;
use crate::ports::CrmWrite;
use serde_json::Value;
use widget_core::event::Done;
use widget_core::ids::{ContactId, DealId, TaskId};

/// Clocks differ by this much at most, ms.
const SLACK_MS: i64 = 60_000;
const PAGES: usize = 4;

impl AmoCrm {
    /// The write's result, if it took effect. Writes that may simply be repeated are never "found".
    pub(super) async fn find_effect(
        &self,
        write: &CrmWrite,
        since: i64,
    ) -> Result<Option<Done>, CallError> {
        match write {
            CrmWrite::CreateTask { deal, marker, .. } => {
                let query = [
                    ("filter[entity_type]", "leads".to_owned()),
                    ("filter[entity_id]", deal.to_string()),
                    ("order[id]", "desc".to_owned()),
                ];
                let row = self
                    .marked_row("tasks", &query, "/text", Some(*deal), marker)
                    .await?;
                let task = row.as_ref().and_then(|row| json::id(&row["id"]));
                Ok(task.map(|id| Done::TaskCreated { task: TaskId(id) }))
            }
            CrmWrite::CreateAlert { to, marker, .. } => {
                let query = [
                    ("filter[responsible_user_id]", to.to_string()),
                    ("filter[task_type]", FOLLOW_UP.to_string()),
                    ("order[id]", "desc".to_owned()),
                ];
                let row = self
                    .marked_row("tasks", &query, "/text", None, marker)
                    .await?;
                let task = row.as_ref().and_then(|row| json::id(&row["id"]));
                Ok(task.map(|id| Done::TaskCreated { task: TaskId(id) }))
            }
            CrmWrite::AddNote { deal, marker, .. } => {
                let query = [("order[id]", "desc".to_owned())];
                let path = format!("leads/{deal}/notes");
                let row = self
                    .marked_row(&path, &query, "/params/text", Some(*deal), marker)
                    .await?;
                Ok(row.map(|_| Done::Plain))
            }
            CrmWrite::CreateContact { phone, .. } => {
                let contacts = self.contacts_by_phone(phone).await?;
                let newest = contacts
                    .iter()
                    .filter(|contact| is_since(contact.created_at, since))
                    .max_by_key(|contact| (contact.created_at, contact.id));
                Ok(newest.map(|contact| Done::ContactCreated {
                    contact: ContactId(contact.id),
                }))
            }
            CrmWrite::CreateDeal { contact, .. } => {
                let Some(contact) = self.contact(contact.0).await? else {
                    return Ok(None);
                };
                let leads = self.leads(contact.leads).await?;
                let newest = leads
                    .first()
                    .filter(|lead| is_since(lead.created_at, since));
                Ok(newest.map(|lead| Done::DealCreated {
                    deal: DealId(lead.id),
                }))
            }
            CrmWrite::MoveDeal { deal, to, .. } => {
                self.learn_statuses(&[]).await?;
                let stage = self.stage_of(*deal).await?.flatten();
                Ok((stage.as_ref() == Some(to)).then(|| Done::DealMoved {
                    deal: *deal,
                    to: to.clone(),
                }))
            }
            CrmWrite::SetTaskText { .. }
            | CrmWrite::CompleteTask { .. }
            | CrmWrite::AssignTask { .. }
            | CrmWrite::TagContact { .. }
            | CrmWrite::SetOwnerField { .. } => Ok(None),
        }
    }

    /// The row, of this deal where one is named, whose text, at this pointer, ends with the marker.
    async fn marked_row(
        &self,
        path: &str,
        query: &Query<'_>,
        text: &str,
        deal: Option<DealId>,
        marker: &str,
    ) -> Result<Option<Value>, CallError> {
        if marker.is_empty() {
            return Ok(None);
        }
        let rows = self.api.all(path, query, PAGES).await?;
        let is_ours = |row: &&Value| {
            let stands_on = json::id(&row["entity_id"]);
            deal.is_none_or(|deal| stands_on.is_none_or(|id| id == deal.0))
                && row
                    .pointer(text)
                    .and_then(Value::as_str)
                    .is_some_and(|text| ends_with_line(text, marker))
        };
        Ok(rows.iter().find(is_ours).cloned())
    }
}

fn ends_with_line(text: &str, line: &str) -> bool {
    text.trim_end().lines().next_back().map(str::trim) == Some(line.trim())
}

fn is_since(created_s: i64, since_ms: i64) -> bool {
    created_s.saturating_mul(1000) >= since_ms.saturating_sub(SLACK_MS)
}
