//! What the reference leaves open about Pact (§14, "to verify"), asked of a real company: only reads, of a handful of
//! conversations. Nothing of a guest is told: only counts, names of fields, and values of closed lists.

use super::inspect::Line;
use super::{Pact, rows};
use crate::adapters::http::Effect;
use crate::adapters::json;
use crate::error::CallError;
use crate::ports::{Answer, Probe, Question};
use async_trait::async_trait;
use reqwest::{Method, Url};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::OnceCell;
use widget_core::phone;

/// Conversations whose messages are looked at: Pact allows 20 lists of messages a minute.
const CONVERSATIONS: usize = 6;

const fn asks(id: &'static str, asks: &'static str) -> Question {
    Question { id, asks }
}

const QUESTIONS: &[Question] = &[
    asks(
        "header-auth",
        "Is the token in the header alone enough? (pact-api §1)",
    ),
    asks(
        "channels",
        "Which channels has the company, in which states, and how many numbers? (§3, §14.7)",
    ),
    asks(
        "webhooks",
        "How many webhooks has the company, and how many of them are active? (§6.1)",
    ),
    asks(
        "list-order",
        "In which order are conversations and messages listed? (§4, §5)",
    ),
    asks(
        "paging",
        "How many rows has a page, and does entries_count agree with them? (§4)",
    ),
    asks(
        "sender-ids",
        "How are phones and provider's ids spelled, and may they be missing? (§4, §11)",
    ),
    asks(
        "open-sets",
        "Which statuses and states occur beyond those of the lists? (§4, §5, §11)",
    ),
    asks(
        "fields",
        "Which fields are missing or null, and which are unknown to us? (§5, §11)",
    ),
    asks(
        "outgoing-authors",
        "Do messages of the company differ by contact_id and external_id? (§12.4, §14.1)",
    ),
    asks(
        "failed-details",
        "What stands in `details` of a send that failed? (§5, §14.4)",
    ),
    asks("reactions", "Of which shape are reactions? (§5, §14.5)"),
    asks(
        "deletions",
        "How are deleted messages listed? (§6.5, §14.5)",
    ),
    asks(
        "attachments",
        "Which files come, from which hosts, and can they be downloaded without the token, also old ones? (§5)",
    ),
    asks(
        "templates",
        "Which templates are there, and how many gaps have they? (§5)",
    ),
    asks("refusal-body", "What is the body of a 404? (§8, §14.4)"),
    asks(
        "send-status",
        "With which status is a send accepted, and is its id that of the webhook? (§5, §14.2)",
    ),
    asks(
        "old-events",
        "Do events of the old API reach the address of v2, and is there a header like a signature? (§6.6, §14.3)",
    ),
    asks(
        "edits",
        "By which events come edits, deletions and reactions, stickers and places? (§6.5, §14.5)",
    ),
    asks(
        "crm-mirror",
        "What does Pact's integration make in amoCRM, where, for whom, and how soon? (§9, §14.6)",
    ),
];

/// A company of Pact that is asked.
pub struct PactProbe {
    pact: Pact,
    seen: OnceCell<Seen>,
}

/// What was read.
struct Seen {
    lines: Vec<Line>,
    conversations: Value,
    /// The answers with the messages of the first conversations.
    messages: Vec<Value>,
}

impl PactProbe {
    /// Asks this company. Nothing is called yet.
    pub fn new(pact: Pact) -> Self {
        let seen = OnceCell::new();
        Self { pact, seen }
    }

    async fn seen(&self) -> Result<&Seen, CallError> {
        self.seen.get_or_try_init(|| self.look()).await
    }

    async fn look(&self) -> Result<Seen, CallError> {
        let pact = &self.pact;
        let lines = pact.lines().await?;
        let request = pact.of_company(&["conversations"]);
        let conversations = pact.read("conversations", request).await?;
        let mut messages = Vec::new();
        for conversation in rows(&conversations, "conversations")
            .iter()
            .take(CONVERSATIONS)
        {
            if let Some(id) = json::id_text(&conversation["id"]) {
                let request = pact.of_company(&["conversations", &id, "messages"]);
                messages.push(pact.read("messages", request).await?);
            }
        }
        Ok(Seen {
            lines,
            conversations,
            messages,
        })
    }

    async fn webhooks(&self) -> Result<Answer, CallError> {
        let company = self.pact.company.to_string();
        let path = ["companies", &company, "webhooks"];
        let request = self.pact.http.request(Method::GET, &path);
        let list = self.pact.read("list webhooks", request).await?;
        let all = rows(&list, "webhooks");
        let active = all
            .iter()
            .filter(|hook| json::is_true(&hook["active"]))
            .count();
        let answer = format!(
            "{active} of {} webhooks are active; five are allowed.",
            all.len()
        );
        Ok(Answer::settled(answer, "GET companies/{id}/webhooks"))
    }

    async fn refusal_body(&self) -> Result<Answer, CallError> {
        const WHAT: &str = "conversation";
        let request = self.pact.of_company(&["conversations", "0"]);
        let said = self.pact.http.send(WHAT, Effect::Read, request).await?;
        let body = said
            .json()
            .map_or_else(|| "no JSON".to_owned(), |body| shape(&body));
        let answer = format!(
            "A conversation that is not there: status {}, body {body}.",
            said.status
        );
        Ok(Answer::settled(answer, "GET conversations/0"))
    }

    async fn templates(&self) -> Result<Answer, CallError> {
        let request = self.pact.http.request(Method::GET, &["waba_templates"]);
        let request = request.query(&[("company_ids[]", self.pact.company)]);
        let list = self.pact.read("templates", request).await?;
        let all = rows(&list, "waba_templates");
        let gaps = counted(all.iter().map(|row| row["substitutions_count"].to_string()));
        let answer = format!("{} templates; by number of gaps: {gaps}.", all.len());
        let evidence = all
            .first()
            .map_or_else(|| "GET waba_templates".to_owned(), shape);
        Ok(Answer::settled(answer, evidence))
    }

    async fn attachments(&self, seen: &Seen) -> Result<Answer, CallError> {
        let mut files: Vec<(&str, &Value)> = seen
            .all_messages()
            .flat_map(|message| {
                let at = message["created_at"].as_str().unwrap_or_default();
                json::list(&message["attachments"])
                    .iter()
                    .map(move |file| (at, file))
            })
            .collect();
        if files.is_empty() {
            return Ok(Answer::open(
                "No file has come yet: send one.",
                "no attachments",
            ));
        }
        files.sort_by_key(|(at, _)| *at);
        let address = |file: &Value| {
            file["attachment_url"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let hosts = counted(files.iter().map(|(_, file)| {
            let url = Url::parse(&address(file)).ok();
            let host = url.and_then(|url| url.host_str().map(str::to_owned));
            host.unwrap_or_else(|| "none".to_owned())
        }));
        let kinds = counted(files.iter().map(|(_, file)| {
            let voice = if json::is_true(&file["push_to_talk"]) {
                " (voice)"
            } else {
                ""
            };
            format!("{}{voice}", file["mime_type"].as_str().unwrap_or("none"))
        }));
        let mut told = Vec::new();
        for (which, place) in [("newest", files.last()), ("oldest", files.first())] {
            if let Some((at, file)) = place {
                let day = at.get(..10).unwrap_or("an unknown day");
                let said = match self.pact.download(&address(file)).await {
                    Ok(bytes) => format!("{} bytes, {} announced", bytes.len(), file["size"]),
                    Err(error) => error.to_string(),
                };
                told.push(format!("the {which}, of {day}, without the token: {said}"));
            }
        }
        let answer = format!("{}. Hosts: {hosts}.", told.join("; "));
        Ok(Answer::settled(answer, kinds))
    }
}

#[async_trait]
impl Probe for PactProbe {
    fn questions(&self) -> &'static [Question] {
        QUESTIONS
    }

    async fn ask(&self, id: &str) -> Result<Answer, CallError> {
        match id {
            "webhooks" => return self.webhooks().await,
            "refusal-body" => return self.refusal_body().await,
            "templates" => return self.templates().await,
            _ => {}
        }
        if let Some(answer) = only_live(id) {
            return Ok(answer);
        }
        let is_known = QUESTIONS.iter().any(|question| question.id == id);
        if !is_known {
            return Err(CallError::refused(0, format!("Pact is not asked `{id}`")));
        }
        let seen = self.seen().await?;
        Ok(match id {
            "attachments" => self.attachments(seen).await?,
            "header-auth" => {
                Answer::settled("Yes.", "GET auths and conversations with the header alone")
            }
            "channels" => seen.channels(),
            "list-order" => seen.order(),
            "paging" => seen.paging(),
            "sender-ids" => seen.sender_ids(),
            "open-sets" => seen.open_sets(),
            "fields" => seen.fields(),
            "outgoing-authors" => seen.outgoing_authors(),
            "failed-details" => {
                let failed = seen.all_messages().filter(|row| row["status"] == "error");
                shapes(
                    failed.map(|row| &row["details"]),
                    "No send has failed among those read",
                )
            }
            "reactions" => {
                let lists = seen
                    .all_messages()
                    .flat_map(|row| json::list(&row["reactions"]));
                shapes(
                    lists,
                    "Nobody has reacted to a message among those read: react to one",
                )
            }
            _ => seen.deletions(),
        })
    }
}

/// What cannot be read afterwards: only somebody who does it and looks into the stored webhooks can tell.
fn only_live(id: &str) -> Option<Answer> {
    let todo = match id {
        "send-status" => {
            "Let the bot answer one message in mode `trial`, and see `estafeta log`: status and id of the send."
        }
        "old-events" => {
            "See the counter estafeta_hooks_ignored_total{why=\"v1\"} after a day; headers and source addresses stand in the log of the proxy."
        }
        "edits" => {
            "From the test phone: edit, delete, react, send a sticker and a place; then see what the card shows of each."
        }
        "crm-mirror" => {
            "Write from a new number and look into amoCRM: contact, deal or «Неразобранное», pipeline, responsible, seconds until it is there."
        }
        _ => return None,
    };
    Some(Answer::open(todo, "nothing was called"))
}

impl Seen {
    fn all_messages(&self) -> impl Iterator<Item = &Value> {
        self.messages
            .iter()
            .flat_map(|answer| rows(answer, "messages"))
    }

    fn all_conversations(&self) -> &[Value] {
        rows(&self.conversations, "conversations")
    }

    fn channels(&self) -> Answer {
        let lines = counted(
            self.lines
                .iter()
                .map(|line| format!("{} {}", line.provider, line.state)),
        );
        let answer = format!("{} channels: {lines}.", self.lines.len());
        Answer::settled(answer, "GET companies/{id}/auths")
    }

    fn order(&self) -> Answer {
        let of = |rows: &[Value], key: &str| {
            let times: Vec<&str> = rows.iter().filter_map(|row| row[key].as_str()).collect();
            direction(&times)
        };
        let conversations = of(self.all_conversations(), "last_updated_at");
        let messages: Vec<&str> = self
            .messages
            .iter()
            .map(|answer| of(rows(answer, "messages"), "external_created_at"))
            .collect();
        let clear = messages.iter().find(|direction| **direction != UNCLEAR);
        let messages = clear.copied().unwrap_or(UNCLEAR);
        let answer = format!("Conversations: {conversations}; messages: {messages}.");
        if [conversations, messages].contains(&UNCLEAR) {
            return Answer::open(answer, "too few rows");
        }
        Answer::settled(answer, "order of last_updated_at and external_created_at")
    }

    fn paging(&self) -> Answer {
        let of = |answer: &Value, name: &str| {
            format!(
                "{name}: {} rows, meta {}",
                rows(answer, name).len(),
                answer["meta"]
            )
        };
        let mut told = vec![of(&self.conversations, "conversations")];
        told.extend(self.messages.first().map(|answer| of(answer, "messages")));
        let agrees = std::iter::once((&self.conversations, "conversations"))
            .chain(self.messages.iter().map(|answer| (answer, "messages")))
            .all(|(answer, name)| {
                let counted = json::int(&answer["meta"]["entries_count"]);
                counted.and_then(|n| usize::try_from(n).ok()) == Some(rows(answer, name).len())
            });
        let answer = if agrees {
            "entries_count is the number of rows on the page."
        } else {
            "entries_count is not the number of rows on the page."
        };
        Answer::settled(answer, told.join("; "))
    }

    fn sender_ids(&self) -> Answer {
        let kinds = counted(self.all_conversations().iter().map(|row| {
            let phone = match &row["sender_phone"] {
                Value::Null => "no phone",
                Value::String(text) if text.starts_with('+') => "phone with +",
                Value::String(_) => "phone as digits",
                _ => "phone as something else",
            };
            let digits = |value: &Value| json::id_text(value).and_then(|text| phone::digits(&text));
            let phone_digits = digits(&row["sender_phone"]);
            let same = phone_digits.is_some() && phone_digits == digits(&row["sender_external_id"]);
            let group = if json::is_true(&row["group"]) {
                ", group"
            } else {
                ""
            };
            format!(
                "{phone}, external id {}{group}",
                if same { "the same" } else { "another" }
            )
        }));
        Answer::settled(
            format!(
                "Of {} conversations: {kinds}.",
                self.all_conversations().len()
            ),
            "GET conversations",
        )
    }

    fn open_sets(&self) -> Answer {
        let of = |rows: &mut dyn Iterator<Item = &Value>, key: &str| {
            format!(
                "{key}: {}",
                counted(rows.map(|row| row[key].as_str().unwrap_or("none").to_owned()))
            )
        };
        let mut told = Vec::new();
        for key in ["provider", "operational_state", "replied_state"] {
            told.push(of(&mut self.all_conversations().iter(), key));
        }
        told.push(of(&mut self.all_messages(), "status"));
        Answer::settled(told.join("; "), "GET conversations and their messages")
    }

    fn fields(&self) -> Answer {
        const KNOWN: &[&str] = &[
            "id",
            "external_id",
            "company_id",
            "conversation_id",
            "contact_id",
            "replied_to_id",
            "created_at",
            "external_created_at",
            "income",
            "status",
            "message",
            "reactions",
            "details",
            "attachments",
            "delivery",
            "deleted",
        ];
        let all: Vec<&Value> = self.all_messages().collect();
        let of = |holds: &dyn Fn(Option<&Value>) -> bool| {
            let fields = KNOWN
                .iter()
                .filter(|key| all.iter().any(|row| holds(row.get(**key))));
            fields.copied().collect::<Vec<_>>().join(", ")
        };
        let missing = of(&|value| value.is_none());
        let null = of(&|value| value.is_some_and(Value::is_null));
        let unknown: BTreeSet<&str> = all
            .iter()
            .filter_map(|row| row.as_object())
            .flat_map(|row| row.keys().map(String::as_str))
            .filter(|key| !KNOWN.contains(key))
            .collect();
        let unknown = unknown.into_iter().collect::<Vec<_>>().join(", ");
        let answer = format!(
            "Sometimes missing: [{missing}]; sometimes null: [{null}]; unknown: [{unknown}]."
        );
        Answer::settled(answer, format!("{} messages", all.len()))
    }

    fn outgoing_authors(&self) -> Answer {
        let out: Vec<&Value> = self
            .all_messages()
            .filter(|row| row["income"] == false)
            .collect();
        if out.is_empty() {
            return Answer::open(
                "The company has written nothing yet.",
                "no message with income = false",
            );
        }
        let authors: BTreeSet<String> = out
            .iter()
            .map(|row| row["contact_id"].to_string())
            .collect();
        let unsent = out
            .iter()
            .filter(|row| row["external_id"].is_null())
            .count();
        let bulk = out
            .iter()
            .filter(|row| json::is_true(&row["delivery"]))
            .count();
        let named = out.iter().filter(|row| row["contact"].is_object()).count();
        let answer = format!(
            "{} messages of the company carry {} different contact_id; {unsent} have no external_id, {bulk} are of a mailing.",
            out.len(),
            authors.len()
        );
        Answer::settled(
            answer,
            format!("{named} of them name a contact in the list"),
        )
    }

    fn deletions(&self) -> Answer {
        let deleted = self
            .all_messages()
            .filter(|row| json::is_true(&row["deleted"]));
        let (with_text, all) = deleted.fold((0, 0), |(with_text, all), row| {
            (
                with_text + usize::from(json::text(&row["message"]).is_some()),
                all + 1,
            )
        });
        if all == 0 {
            return Answer::open(
                "No message was deleted among those read: delete one.",
                "no deleted = true",
            );
        }
        Answer::settled(
            format!("{all} deleted messages are listed, {with_text} with their text."),
            "deleted = true",
        )
    }
}

const UNCLEAR: &str = "unclear";

fn direction(times: &[&str]) -> &'static str {
    let (mut rises, mut falls) = (false, false);
    for pair in times.windows(2) {
        rises |= pair[0] < pair[1];
        falls |= pair[0] > pair[1];
    }
    match (rises, falls) {
        (true, false) => "the oldest first",
        (false, true) => "the newest first",
        (true, true) => "neither way",
        (false, false) => UNCLEAR,
    }
}

/// `3 × a, 1 × b`.
fn counted(all: impl Iterator<Item = String>) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for one in all {
        *counts.entry(one).or_default() += 1;
    }
    if counts.is_empty() {
        return "none".to_owned();
    }
    let counts = counts.into_iter().map(|(what, n)| format!("{n} × {what}"));
    counts.collect::<Vec<_>>().join(", ")
}

fn shapes<'a>(values: impl Iterator<Item = &'a Value>, none: &str) -> Answer {
    let found: Vec<String> = values.map(shape).collect();
    if found.is_empty() {
        return Answer::open(format!("{none}."), "none");
    }
    Answer::settled(counted(found.into_iter()), "shapes only, no values")
}

/// Names and types of a value, nothing of its content.
fn shape(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        Value::Number(_) => "number".to_owned(),
        Value::String(_) => "text".to_owned(),
        Value::Array(list) => format!("[{}]", list.first().map_or_else(String::new, shape)),
        Value::Object(map) => {
            let fields = map
                .iter()
                .map(|(key, value)| format!("{key}: {}", shape(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::pact;
    use super::*;
    use crate::adapters::fake::{Fake, Reaction};
    use serde_json::json;

    async fn company() -> Fake {
        Fake::new(|seen| {
            let path = seen.target.split('?').next().unwrap_or_default().to_owned();
            let host = seen.header("host").unwrap_or_default().to_owned();
            match path.as_str() {
                "/api/p2/companies/5001/auths" => Reaction::Json(
                    200,
                    json!({"auths": [{"provider": "whatsapp", "state": "enabled", "phone_number": "79000000000"}]}),
                ),
                "/api/p2/companies/5001/webhooks" => {
                    Reaction::Json(200, json!({"webhooks": [{"id": 1, "active": true}, {"id": 2, "active": false}]}))
                }
                "/api/p2/conversations" => Reaction::Json(
                    200,
                    json!({"meta": {"entries_count": 3, "per_page": 25, "page": 1}, "conversations": [
                        {"id": 1, "sender_phone": "+79000000001", "sender_external_id": "79000000001", "sender_name": "Анна",
                         "provider": "whatsapp", "operational_state": "active", "last_updated_at": "2026-11-20T09:00:00Z"},
                        {"id": 2, "sender_phone": null, "sender_external_id": "4f1c", "sender_name": "Пётр", "group": true,
                         "provider": "whatsapp", "operational_state": "open", "last_updated_at": "2026-11-20T08:00:00Z"}]}),
                ),
                "/api/p2/conversations/1/messages" => Reaction::Json(
                    200,
                    json!({"messages": [
                        {"id": 11, "income": true, "status": "created", "message": "Секрет", "contact_id": 5,
                         "created_at": "2026-11-20T08:00:00Z", "external_created_at": "2026-11-20T08:00:00Z",
                         "reactions": [{"emoji": "👍"}],
                         "attachments": [{"mime_type": "audio/ogg", "push_to_talk": true, "size": 4,
                            "attachment_url": format!("http://{host}/voice")}]},
                        {"id": 12, "income": false, "status": "error", "message": "Секрет", "contact_id": 77,
                         "details": {"reason": "Секрет"}, "external_id": null, "later": 1,
                         "external_created_at": "2026-11-20T08:00:05Z"}]}),
                ),
                "/voice" => Reaction::Body(200, Vec::new(), "Oggs".to_owned()),
                "/api/p2/conversations/0" => Reaction::Json(404, json!({"errors": [{"status": 404}]})),
                _ => Reaction::Json(200, json!({"messages": [], "waba_templates": []})),
            }
        })
        .await
    }

    #[tokio::test]
    async fn every_question_is_answered_or_says_what_to_do_and_nothing_is_changed_or_told() {
        let fake = company().await;
        let probe = PactProbe::new(pact(&fake.url));
        let mut told = Vec::new();
        for question in probe.questions() {
            let answer = probe.ask(question.id).await.unwrap();
            assert!(
                !answer.answer.is_empty() && !answer.evidence.is_empty(),
                "{}",
                question.id
            );
            assert!(question.asks.contains('§'), "{}", question.asks);
            told.push(format!(
                "{}: {} ({})",
                question.id, answer.answer, answer.evidence
            ));
        }
        let told = told.join("\n");
        for hidden in ["Секрет", "Анна", "Пётр", "7900", "4f1c", "secret-token"] {
            assert!(!told.contains(hidden), "{hidden}: {told}");
        }
        for found in [
            "1 × whatsapp enabled",
            "1 of 2 webhooks are active",
            "Conversations: the newest first; messages: the oldest first",
            "entries_count is not the number of rows",
            "1 × phone with +, external id the same",
            "1 × no phone, external id another, group",
            "operational_state: 1 × active, 1 × open",
            "unknown: [later]",
            "1 × {reason: text}",
            "1 × {emoji: text}",
            "the newest, of 2026-11-20, without the token: 4 bytes, 4 announced",
            "status 404, body {errors: [{status: number}]}",
        ] {
            assert!(told.contains(found), "{found}: {told}");
        }
        assert!(
            fake.seen().iter().all(|seen| seen.method == "GET"),
            "read-only"
        );
        let unknown = probe.ask("weather").await;
        assert!(matches!(unknown, Err(CallError::Refused { status: 0, .. })));
    }

    #[tokio::test]
    async fn what_was_read_once_is_not_read_for_each_question() {
        let fake = company().await;
        let probe = PactProbe::new(pact(&fake.url));
        for question in probe.questions() {
            probe.ask(question.id).await.unwrap();
        }
        let lists = fake
            .log()
            .into_iter()
            .filter(|call| call.contains("/messages?"));
        assert_eq!(lists.count(), 2, "one of each conversation");
    }
}
