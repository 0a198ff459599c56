//! What the company has in Pact: conversations and messages, each told as the webhooks tell it, so that it is read and
//! known again as if it had come that way.

use super::message::{self, conversation_id, is_undelivered};
use super::{PAGE, Pact, rows};
use crate::adapters::json;
use crate::error::CallError;
use crate::ports::{Class, Page, Thread, Written};
use serde_json::{Value, json};
use widget_core::ids::{ConversationId, MessageId};

/// Conversations on a page, where the answer does not say.
const THREADS: usize = 25;

impl Pact {
    pub(super) async fn threads_on(&self, page: u32) -> Result<Page<Thread>, CallError> {
        let request = self.of_company(&["conversations"]).query(&[("page", page)]);
        let answer = self
            .counted(Class::Conversations, "conversations", request)
            .await?;
        let found = rows(&answer, "conversations");
        Ok(Page {
            rows: found.iter().filter_map(thread).collect(),
            last: is_last(&answer, found.len(), THREADS),
        })
    }

    pub(super) async fn written_on(
        &self,
        thread: &Thread,
        page: u32,
    ) -> Result<Page<Written>, CallError> {
        let segments = ["conversations", thread.id.0.as_str(), "messages"];
        let request = self.of_company(&segments).query(&[("page", page)]);
        let answer = self.counted(Class::Messages, "messages", request).await?;
        let found = rows(&answer, "messages");
        let written = found.iter().filter_map(|row| self.written_as(row, thread));
        Ok(Page {
            rows: written.collect(),
            last: is_last(&answer, found.len(), PAGE),
        })
    }

    fn written_as(&self, row: &Value, thread: &Thread) -> Option<Written> {
        let read = message::read(row, Some(&thread.id))?;
        let mut object = row.clone();
        object["company_id"] = self.company.into();
        object["conversation"] = self.named(thread);
        if conversation_id(row).is_none() {
            object["conversation_id"] = thread.id.0.clone().into();
        }
        let mut told = vec![body("create", &object)];
        if is_undelivered(row) {
            told.push(body("update", &object));
        }
        Some(Written {
            id: read.id,
            at: read.at,
            came_at: message::time(&row["created_at"]).unwrap_or(read.at),
            told,
        })
    }

    /// The conversation as a message's webhook names it.
    fn named(&self, thread: &Thread) -> Value {
        let guest = thread.guest.as_ref();
        json!({
            "id": thread.id, "company_id": self.company, "group": thread.group,
            "sender_phone": guest.map(|guest| &guest.phone), "sender_name": guest.and_then(|guest| guest.name.as_ref()),
            "provider": guest.map(|guest| &guest.provider),
        })
    }
}

fn thread(row: &Value) -> Option<Thread> {
    Some(Thread {
        id: ConversationId(json::id_text(&row["id"])?),
        changed_at: message::time(&row["last_updated_at"])
            .or_else(|| message::time(&row["created_at"]))
            .unwrap_or(0),
        newest: json::id_text(&row["last_message_id"]).map(MessageId),
        guest: message::guest(row, &Value::Null),
        group: json::is_true(&row["group"]),
    })
}

fn body(event: &str, object: &Value) -> Vec<u8> {
    let told = json!({"event": event, "type": "message", "object": object});
    told.to_string().into_bytes()
}

/// A page that is not full is the last one.
fn is_last(answer: &Value, found: usize, usual: usize) -> bool {
    let full = json::int(&answer["meta"]["per_page"])
        .and_then(|rows| usize::try_from(rows).ok())
        .filter(|rows| *rows > 0);
    found < full.unwrap_or(usual)
}
