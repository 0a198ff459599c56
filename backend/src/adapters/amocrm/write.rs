//! Writes.

use super::AmoCrm;
use super::api::{embedded, is_bad_request};
use super::map::{AccountMap, is_same};
use super::pace::Place;
use crate::adapters::json;
use crate::error::CallError;
use crate::ports::CrmWrite;
use serde_json::{Value, json};
use widget_core::action::TaskKind;
use widget_core::event::Done;
use widget_core::ids::{ContactId, DealId, StageKey, TaskId, UserId};

/// The type that every account has: «Связаться».
pub(super) const FOLLOW_UP: i64 = 1;
const SERVICE: &str = "Эстафета";
/// What a look at a deal saw counts for less than this, ms: after that a person may have moved it (DESIGN §5.4).
const LOOK_HOLDS: i64 = 1_000;
/// So often a deal is looked at before its move is put off.
const LOOKS: u32 = 3;

impl AmoCrm {
    pub(super) async fn carry_out(&self, write: &CrmWrite) -> Result<Done, CallError> {
        match write {
            CrmWrite::CreateTask {
                deal,
                kind,
                text,
                marker,
                due_at,
                assignee,
            } => {
                let task = json!({
                    "task_type_id": self.task_type(*kind).await?,
                    "text": marked(text, marker),
                    "complete_till": due_at.div_euclid(1000),
                    "entity_id": deal,
                    "entity_type": "leads",
                });
                self.create_task(task, *assignee).await
            }
            CrmWrite::CreateAlert {
                to,
                text,
                marker,
                due_at,
            } => {
                let task = json!({
                    "task_type_id": FOLLOW_UP,
                    "text": marked(text, marker),
                    "complete_till": due_at.div_euclid(1000),
                });
                self.create_task(task, Some(*to)).await
            }
            CrmWrite::SetTaskText { task, text, marker } => {
                let change = json!({"text": marked(text, marker)});
                self.patch_task(*task, change).await
            }
            CrmWrite::CompleteTask { task, result } => self.complete_task(*task, result).await,
            CrmWrite::AssignTask { task, to } => {
                self.patch_task(*task, json!({"responsible_user_id": to}))
                    .await
            }
            CrmWrite::MoveDeal {
                deal,
                from,
                to,
                loss_reason,
            } => {
                self.move_deal(*deal, from, to, loss_reason.as_deref())
                    .await
            }
            CrmWrite::CreateContact { phone, name } => {
                self.create_contact(phone, name.as_deref()).await
            }
            CrmWrite::CreateDeal { contact, name } => self.create_deal(*contact, name).await,
            CrmWrite::SetOwnerField { deal, value } => {
                let fields = self.map.with(|map| map.written(*value));
                let change = json!({"custom_fields_values": fields});
                self.api.patch(&format!("leads/{deal}"), change).await?;
                Ok(Done::FieldSet {
                    deal: *deal,
                    value: *value,
                })
            }
            CrmWrite::TagContact {
                contact,
                add,
                remove,
            } => {
                let named = |names: &[String]| -> Vec<Value> {
                    names.iter().map(|name| json!({"name": name})).collect()
                };
                let change = json!({"tags_to_add": named(add), "tags_to_delete": named(remove)});
                self.api
                    .patch(&format!("contacts/{contact}"), change)
                    .await?;
                Ok(Done::Plain)
            }
            CrmWrite::AddNote { deal, text, marker } => {
                self.add_note(*deal, &marked(text, marker)).await
            }
        }
    }

    async fn create_task(&self, task: Value, assignee: Option<UserId>) -> Result<Done, CallError> {
        let mut assigned = task.clone();
        if let Some(user) = assignee {
            assigned["responsible_user_id"] = json!(user);
        }
        let mut made = self.api.create("tasks", assigned).await;
        // The user may have left the account meanwhile: better nobody's task than none.
        if assignee.is_some() && is_bad_request(&made) {
            made = self.api.create("tasks", task).await;
        }
        Ok(Done::TaskCreated {
            task: TaskId(made?),
        })
    }

    async fn task_type(&self, kind: TaskKind) -> Result<i64, CallError> {
        let types = match self.known(|known| known.task_types.clone()) {
            Some(types) => types,
            None => self.read_account().await?,
        };
        let name = self.map.with(|map| map.task_type(kind).to_owned());
        let is_meant = |(id, own): &&(i64, String)| is_same(own, &name) || id.to_string() == name;
        let known = types.iter().find(is_meant);
        Ok(known.map_or(FOLLOW_UP, |(id, _)| *id))
    }

    async fn patch_task(&self, task: TaskId, change: Value) -> Result<Done, CallError> {
        self.api.patch(&format!("tasks/{task}"), change).await?;
        Ok(Done::Plain)
    }

    /// Closes a task. One that is closed already is as it should be.
    async fn complete_task(&self, task: TaskId, result: &str) -> Result<Done, CallError> {
        let change = json!({"is_completed": true, "result": {"text": result}});
        let tried = self.patch_task(task, change).await;
        if !is_bad_request(&tried) {
            return tried;
        }
        let row = self.api.get(&format!("tasks/{task}"), &[]).await?;
        match row {
            Some(row) if json::is_true(&row["is_completed"]) => Ok(Done::Plain),
            _ => tried,
        }
    }

    /// Moves a deal. One that stands there already is as it should be: an earlier try may have moved it.
    async fn move_deal(
        &self,
        deal: DealId,
        from: &StageKey,
        to: &StageKey,
        loss_reason: Option<&str>,
    ) -> Result<Done, CallError> {
        let reason = match loss_reason {
            Some(name) => self.loss_reason(name).await,
            None => None,
        };
        self.learn_statuses(&[]).await?;
        let Some((pipeline, status)) = self.map.with(|map| map.place(to)) else {
            return Err(CallError::refused(0, "the pipeline has no such stage"));
        };
        // Both ids: 142 and 143 exist in every pipeline.
        let mut change = json!({"pipeline_id": pipeline, "status_id": status});
        if let Some(reason) = reason {
            change["loss_reason_id"] = reason.into();
        }
        let moved = Done::DealMoved {
            deal,
            to: to.clone(),
        };
        for _ in 0..LOOKS {
            // Both places are taken before the look, so that nothing but its answer lies between it and the move.
            let (look, place) = (self.api.place().await, self.api.place().await);
            let looked_at = self.clock.now_ms();
            let Some(now) = self.stage_in(look, deal).await? else {
                return Err(CallError::refused(404, "the deal is not there"));
            };
            if now.as_ref() == Some(to) {
                return Ok(moved);
            }
            if now.as_ref() != Some(from) {
                return Ok(Done::MoveStale { deal, now });
            }
            if self.clock.now_ms() - looked_at < LOOK_HOLDS {
                let path = format!("leads/{deal}");
                self.api.patch_in(place, &path, change).await?;
                return Ok(moved);
            }
        }
        Err(CallError::retry(
            "no look at the deal was answered within a second",
        ))
    }

    /// The account's reason of a loss by its name. A deal without a reason is lost all the same, so nothing fails here.
    async fn loss_reason(&self, name: &str) -> Option<i64> {
        let page = self.api.get("leads/loss_reasons", &[]).await.ok()??;
        embedded(&page, "loss_reasons")
            .iter()
            .find(|row| row["name"].as_str().is_some_and(|own| is_same(own, name)))
            .and_then(|row| json::id(&row["id"]))
    }

    /// The policy's stage of a deal as of now; the outer `None` = the deal is not there.
    pub(super) async fn stage_of(
        &self,
        deal: DealId,
    ) -> Result<Option<Option<StageKey>>, CallError> {
        let place = self.api.place().await;
        self.stage_in(place, deal).await
    }

    /// The same in a place that was taken before.
    async fn stage_in(
        &self,
        place: Option<Place>,
        deal: DealId,
    ) -> Result<Option<Option<StageKey>>, CallError> {
        let Some(lead) = self.lead_in(place, deal.0).await? else {
            return Ok(None);
        };
        let stage = self
            .map
            .with(|map| map.stage(lead.pipeline, lead.status)?.key.clone());
        Ok(Some(stage))
    }

    /// The guest may wait in «Неразобранное» already.
    async fn create_contact(&self, phone: &str, name: Option<&str>) -> Result<Done, CallError> {
        if let Some(accepted) = self.adopt_by_phone(phone).await? {
            let contact = ContactId(accepted.contact);
            return Ok(Done::ContactCreated { contact });
        }
        let named = name
            .map(str::trim)
            .filter(|name| name.chars().any(char::is_alphabetic));
        let name = named.map_or_else(|| format!("Гость +{phone}"), str::to_owned);
        let value = json!({"value": format!("+{phone}"), "enum_code": "MOB"});
        let contact = json!({
            "name": name,
            "custom_fields_values": [{"field_code": "PHONE", "values": [value]}],
        });
        let id = self.api.create("contacts", contact).await?;
        Ok(Done::ContactCreated {
            contact: ContactId(id),
        })
    }

    /// A deal at the first stage. The responsible is left to the account's own rules.
    async fn create_deal(&self, contact: ContactId, name: &str) -> Result<Done, CallError> {
        let accepted = self.adopt_of_contact(contact.0).await?;
        if let Some(lead) = accepted.and_then(|accepted| accepted.lead) {
            return Ok(Done::DealCreated { deal: DealId(lead) });
        }
        self.learn_statuses(&[]).await?;
        let Some((pipeline, status)) = self.map.with(AccountMap::first_place) else {
            return Err(CallError::refused(0, "the pipeline has no first stage"));
        };
        let deal = json!({
            "name": name, "pipeline_id": pipeline, "status_id": status,
            "_embedded": {"contacts": [{"id": contact, "is_main": true}]},
        });
        let id = self.api.create("leads", deal).await?;
        Ok(Done::DealCreated { deal: DealId(id) })
    }

    /// A note that the feed folds away; a common one where the account refuses those.
    async fn add_note(&self, deal: DealId, text: &str) -> Result<Done, CallError> {
        let path = format!("leads/{deal}/notes");
        let folded = json!({
            "note_type": "extended_service_message",
            "params": {"service": SERVICE, "text": text},
            "is_need_to_trigger_digital_pipeline": false,
        });
        let mut made = self.api.create(&path, folded).await;
        if is_bad_request(&made) {
            let common = json!({"note_type": "common", "params": {"text": text}});
            made = self.api.create(&path, common).await;
        }
        made.map(|_| Done::Plain)
    }
}

/// A text with the marker as its last line.
fn marked(text: &str, marker: &str) -> String {
    if marker.is_empty() {
        text.to_owned()
    } else {
        format!("{}\n{marker}", text.trim_end())
    }
}
