//! The only ways in which the CRM changes: each keeps the derived fields right and emits the hooks.

use super::hooks::Actor;
use super::model::{Contact, Crm, LOST, Lead, Note, Task, WON};
use crate::state::State;
use serde_json::{Value, json};

/// An event that has no values.
const NOTHING: (Value, Value) = (Value::Null, Value::Null);

impl Crm {
    /// Whether a living entity of this kind exists.
    pub(crate) fn has(&self, entity: &str, id: i64) -> bool {
        match entity {
            "leads" => self.leads.get(&id).is_some_and(|lead| !lead.deleted),
            "contacts" => self
                .contacts
                .get(&id)
                .is_some_and(|contact| !contact.deleted),
            _ => false,
        }
    }
}

impl State {
    pub(crate) fn add_contact(&mut self, mut contact: Contact, actor: Actor) -> i64 {
        let id = self.crm.next_id();
        contact.id = id;
        contact.updated_at = self.now_s();
        contact.updated_by = actor.user();
        self.crm.store_contact(&mut contact);
        self.happened("contact_added", ("contact", id), actor, NOTHING);
        self.emit_contact("add", &contact, actor);
        id
    }

    pub(crate) fn put_contact(&mut self, mut contact: Contact, actor: Actor) {
        contact.updated_at = self.now_s();
        contact.updated_by = actor.user();
        self.crm.store_contact(&mut contact);
        let action = if contact.deleted { "delete" } else { "update" };
        self.emit_contact(action, &contact, actor);
    }

    pub(crate) fn add_lead(&mut self, mut lead: Lead, actor: Actor) -> i64 {
        let id = self.crm.next_id();
        lead.id = id;
        if lead.name.is_empty() {
            lead.name = format!("Сделка #{id}");
        }
        lead.updated_at = self.now_s();
        lead.updated_by = actor.user();
        self.close_or_open(&mut lead);
        for contact in lead.contacts.clone() {
            if let Some(contact) = self.crm.contacts.get_mut(&contact) {
                contact.leads.push(id);
            }
        }
        self.crm.leads.insert(id, lead.clone());
        self.happened("lead_added", ("lead", id), actor, NOTHING);
        self.emit_lead("add", &lead, actor, &[]);
        id
    }

    /// Replaces a lead and emits what the difference means.
    pub(crate) fn put_lead(&mut self, mut lead: Lead, actor: Actor) {
        let Some(old) = self.crm.leads.get(&lead.id).cloned() else {
            return;
        };
        lead.updated_at = self.now_s();
        lead.updated_by = actor.user();
        self.close_or_open(&mut lead);
        self.crm.leads.insert(lead.id, lead.clone());
        self.lead_changed(&old, &lead, actor);
        if old.deleted && !lead.deleted {
            self.happened("lead_restored", ("lead", lead.id), actor, NOTHING);
            self.emit_lead("restore", &lead, actor, &[]);
            return;
        }
        if lead.deleted && !old.deleted {
            self.happened("lead_deleted", ("lead", lead.id), actor, NOTHING);
            self.emit_lead("delete", &lead, actor, &[]);
            return;
        }
        if lead.status != old.status || lead.pipeline != old.pipeline {
            let before = [
                ("old_status_id", old.status),
                ("old_pipeline_id", old.pipeline),
            ];
            self.emit_lead("status", &lead, actor, &before);
        }
        if lead.responsible != old.responsible {
            self.emit_lead(
                "responsible",
                &lead,
                actor,
                &[("old_responsible_user_id", old.responsible)],
            );
        }
        self.emit_lead("update", &lead, actor, &[]);
    }

    fn close_or_open(&self, lead: &mut Lead) {
        let is_closed = lead.status == WON || lead.status == LOST;
        lead.closed_at = if is_closed {
            lead.closed_at.or(Some(self.now_s()))
        } else {
            None
        };
    }

    pub(crate) fn add_task(&mut self, mut task: Task, actor: Actor) -> i64 {
        let id = self.crm.next_id();
        task.id = id;
        task.updated_at = self.now_s();
        task.updated_by = actor.user();
        self.crm.tasks.insert(id, task.clone());
        self.happened("task_added", ("task", id), actor, NOTHING);
        self.emit_task("add", &task, actor, &[]);
        id
    }

    pub(crate) fn put_task(&mut self, mut task: Task, actor: Actor) {
        let Some(old) = self.crm.tasks.get(&task.id).cloned() else {
            return;
        };
        task.updated_at = self.now_s();
        task.updated_by = actor.user();
        self.crm.tasks.insert(task.id, task.clone());
        if task.done && !old.done {
            self.happened("task_completed", ("task", task.id), actor, NOTHING);
        }
        if task.responsible != old.responsible {
            self.emit_task(
                "responsible",
                &task,
                actor,
                &[("old_responsible_user_id", old.responsible)],
            );
        }
        self.emit_task("update", &task, actor, &[]);
    }

    pub(crate) fn add_note(&mut self, note: &Note, actor: Actor) -> i64 {
        let id = note.id;
        self.crm.notes.insert(id, note.clone());
        let kind = if note.kind == "common" {
            "common_note_added"
        } else {
            "service_note_added"
        };
        let entity = note.entity.trim_end_matches('s');
        let after = json!({"note": {"id": id}});
        self.happened(kind, (entity, note.entity_id), actor, (Value::Null, after));
        self.emit_note(note, actor);
        id
    }

    /// Joins or parts a lead and a contact, without hooks.
    pub(crate) fn join(&mut self, lead: i64, contact: i64, join: bool, is_main: bool) {
        if let Some(lead) = self.crm.leads.get_mut(&lead) {
            let known = lead.contacts.contains(&contact);
            if !known || !join || is_main {
                lead.contacts.retain(|id| *id != contact);
            }
            if join && is_main {
                lead.contacts.insert(0, contact);
            } else if join && !known {
                lead.contacts.push(contact);
            }
        }
        if let Some(contact) = self.crm.contacts.get_mut(&contact) {
            contact.leads.retain(|id| *id != lead);
            if join {
                contact.leads.push(lead);
            }
        }
    }

    /// Merges contact `from` into `into`: its deals and values move over, it is deleted.
    pub(crate) fn merge_contacts(&mut self, into: i64, from: i64, actor: Actor) {
        let leads = self
            .crm
            .contacts
            .get(&from)
            .map(|contact| contact.leads.clone())
            .unwrap_or_default();
        for lead in &leads {
            let was_main = self
                .crm
                .leads
                .get(lead)
                .and_then(|lead| lead.contacts.first())
                == Some(&from);
            self.join(*lead, from, false, false);
            self.join(*lead, into, true, was_main);
        }
        let (Some(mut target), Some(mut source)) = (
            self.crm.contacts.get(&into).cloned(),
            self.crm.contacts.get(&from).cloned(),
        ) else {
            return;
        };
        for (field, values) in &source.values {
            let own = target.values.entry(*field).or_default();
            let fresh: Vec<_> = values
                .iter()
                .filter(|value| !own.contains(value))
                .cloned()
                .collect();
            own.extend(fresh);
        }
        source.deleted = true;
        self.happened("entity_merged", ("contact", into), actor, NOTHING);
        self.put_contact(target, actor);
        self.put_contact(source, actor);
        for lead in leads {
            if let Some(lead) = self.crm.leads.get(&lead).cloned() {
                self.put_lead(lead, actor);
            }
        }
    }

    /// Merges lead `from` into `into`: its contacts and tasks move over, it is deleted.
    pub(crate) fn merge_leads(&mut self, into: i64, from: i64, actor: Actor) {
        let (Some(mut target), Some(mut source)) = (
            self.crm.leads.get(&into).cloned(),
            self.crm.leads.get(&from).cloned(),
        ) else {
            return;
        };
        for contact in &source.contacts {
            self.join(into, *contact, true, false);
            if !target.contacts.contains(contact) {
                target.contacts.push(*contact);
            }
        }
        for task in self.crm.tasks.values_mut() {
            if task.is_of("leads", from) {
                task.entity_id = Some(into);
            }
        }
        source.deleted = true;
        self.happened("entity_merged", ("lead", into), actor, NOTHING);
        self.put_lead(source, actor);
        self.put_lead(target, actor);
    }
}
