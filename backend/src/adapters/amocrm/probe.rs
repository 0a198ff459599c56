//! What the reference leaves open about amoCRM, asked of a real account: only reads, some thirty of them. Nothing of a
//! guest is told: only statuses, counts and names of fields. A phone is searched for, and not shown.

use super::AmoCrm;
use super::api::{Query, Seen, embedded};
use super::model::{ids, phones};
use crate::adapters::json;
use crate::error::CallError;
use crate::ports::{Answer, Probe, Question};
use async_trait::async_trait;
use serde_json::Value;
use std::collections::BTreeSet;

/// Contacts and deals that are looked at.
const LOOKED_AT: usize = 50;
/// No account has so many rows on a page, by the reference.
const TOO_MANY: &str = "251";

const fn asks(id: &'static str, asks: &'static str) -> Question {
    Question { id, asks }
}

const QUESTIONS: &[Question] = &[
    asks(
        "empty",
        "Is what does not exist answered by 204 or by 404? (amocrm-api §0)",
    ),
    asks(
        "page-limit",
        "Is a limit beyond 250 clipped or refused? (§0)",
    ),
    asks(
        "error-bodies",
        "Are errors JSON, and does a 429 name a pause? (§2, §15)",
    ),
    asks(
        "rate-scope",
        "Whose are the 7 requests a second: the integration's, the account's, the address's? (§2)",
    ),
    asks(
        "users",
        "May the token read the users, and do they name their chat ids? (§3)",
    ),
    asks(
        "query",
        "Does the search find a phone by its last ten digits, and nothing else? (§4)",
    ),
    asks(
        "query-spelling",
        "Does the search find a phone with its 7, with 8 and with +? (§4)",
    ),
    asks(
        "index-lag",
        "After how long does the search find what is new? (§4)",
    ),
    asks(
        "leads-of-contact",
        "In which order are a contact's deals listed, and all of them? (§4)",
    ),
    asks(
        "enum-key",
        "Is a choice's code called enum_code or enum? (§4, §9)",
    ),
    asks(
        "filters",
        "Do filters by id and stage hold without the paid package? (§4, §5)",
    ),
    asks(
        "required-statuses",
        "Has the pipeline stages that want fields filled, which may refuse a move? (§5, §9)",
    ),
    asks(
        "unsorted",
        "Does «Неразобранное» hold chats, and can their contacts be read by id? (§5, §10)",
    ),
    asks("task-types", "Is the task type of the policy there? (§7)"),
    asks(
        "task-result",
        "How is an absent result of a task written? (§7)",
    ),
    asks("fields-page", "How many custom fields are on a page? (§9)"),
    asks(
        "chat-events",
        "Do texts that the channel brings appear as events, and under whose name? (§10, §11)",
    ),
    asks(
        "outgoing-hook",
        "Does the account send add_outgoing_message, and for our own texts too? (§11, §12)",
    ),
    asks(
        "chat-deal",
        "Do chat webhooks name the deal as element_id or as entity_id? (§11)",
    ),
    asks(
        "hook-request-id",
        "Does X-Amocrm-Requestid repeat when a webhook is sent again? (§12)",
    ),
];

#[async_trait]
impl Probe for AmoCrm {
    fn questions(&self) -> &'static [Question] {
        QUESTIONS
    }

    async fn ask(&self, id: &str) -> Result<Answer, CallError> {
        match id {
            "empty" => self.what_is_missing().await,
            "page-limit" => self.beyond_the_limit().await,
            "error-bodies" => self.how_errors_look().await,
            "rate-scope" => Ok(Answer::open(
                "it is not tried, since whoever goes beyond is shut out: we stay at 5 a second in all",
                "read the API log for 429 when several integrations are at work: `estafeta log`",
            )),
            "users" => self.users_by_the_token().await,
            "query" => self.search_by_digits().await,
            "query-spelling" => self.search_by_spellings().await,
            "index-lag" => Ok(Answer::open(
                "only a new contact tells: make one by hand, search for it, and count the seconds",
                "nothing is written here; until then our own table and the webhooks bridge half a minute",
            )),
            "leads-of-contact" => self.order_of_leads().await,
            "enum-key" => self.keys_of_choices().await,
            "filters" => self.filters_that_hold().await,
            "required-statuses" => self.stages_that_want_fields().await,
            "unsorted" => self.chats_that_wait().await,
            "task-types" => self.types_of_tasks().await,
            "task-result" => self.absent_results().await,
            "fields-page" => self.pages_of_fields().await,
            "chat-events" => self.authors_of_chats().await,
            "outgoing-hook" => self.hook_of_messages().await,
            "chat-deal" => Ok(Answer::open(
                "webhooks tell: both are read",
                "write to a guest from amoCRM while the backend runs, and look whether the card shows it",
            )),
            "hook-request-id" => Ok(Answer::open(
                "only a webhook that failed tells: it is not used to tell duplicates apart",
                "stop the backend for six minutes, and compare the header in the proxy's log",
            )),
            _ => Err(CallError::refused(0, "there is no such question")),
        }
    }
}

impl AmoCrm {
    async fn what_is_missing(&self) -> Result<Answer, CallError> {
        let mut told = Vec::new();
        for path in [
            "leads/1",
            "contacts/1",
            "tasks/1",
            "users/1",
            "leads/unsorted/1",
            "nothing",
        ] {
            let seen = self.api.seen(path, &[]).await?;
            told.push(format!("{path}: {}", seen.status));
        }
        let is_known = told
            .iter()
            .all(|line| line.ends_with("204") || line.ends_with("404"));
        let words = if is_known {
            "both occur, and both are read as nothing"
        } else {
            "another status occurs: see which, and tell us"
        };
        Ok(told_if(is_known, words, told.join(", ")))
    }

    async fn beyond_the_limit(&self) -> Result<Answer, CallError> {
        let seen = self
            .api
            .seen("leads", &[("limit", TOO_MANY.to_owned())])
            .await?;
        let rows = embedded(&seen.body, "leads").len();
        let evidence = format!("GET leads?limit={TOO_MANY}: {}, {rows} rows", seen.status);
        Ok(match seen.status {
            400..=499 => Answer::settled("it is refused; we never ask for more than 250", evidence),
            _ if rows == 250 => Answer::settled("it is clipped to 250", evidence),
            _ => Answer::open(
                "there are too few deals to tell, or more than 250 came",
                evidence,
            ),
        })
    }

    async fn how_errors_look(&self) -> Result<Answer, CallError> {
        let filter = [("filter[custom_fields_values][1][]", "x".to_owned())];
        let (missing, refused) = (
            self.api.seen("nothing", &[]).await?,
            self.api.seen("contacts", &filter).await?,
        );
        let shown = |name: &str, seen: &Seen| {
            let keys = seen
                .body
                .as_object()
                .map(|body| body.keys().cloned().collect::<Vec<_>>());
            let keys = keys.map_or_else(|| "no JSON".to_owned(), |keys| keys.join(" "));
            format!("{name}: {} ({keys})", seen.status)
        };
        let evidence = [
            shown("unknown path", &missing),
            shown("filter by a field", &refused),
        ]
        .join("; ");
        let words = "so they look; a 429 is not provoked, and any body of one is understood";
        Ok(Answer::settled(words, evidence))
    }

    async fn users_by_the_token(&self) -> Result<Answer, CallError> {
        let seen = self
            .api
            .seen("users", &[("with", "amojo_id".to_owned())])
            .await?;
        let rows = embedded(&seen.body, "users");
        let named = rows
            .iter()
            .filter(|row| json::text(&row["amojo_id"]).is_some())
            .count();
        let evidence = format!(
            "GET users: {}, {} rows, {named} with a chat id",
            seen.status,
            rows.len()
        );
        Ok(match seen.status {
            200 => Answer::settled("yes", evidence),
            _ => Answer::settled(
                "no: an administrator has to give the token, and the integration has to be private",
                evidence,
            ),
        })
    }

    async fn search_by_digits(&self) -> Result<Answer, CallError> {
        let Some((contact, phone)) = self.somebody().await? else {
            return Ok(nobody());
        };
        let ten = &phone[phone.len() - 10..];
        let found = self.found_by(ten).await?;
        let own = found
            .iter()
            .filter(|row| phones(row).contains(&phone))
            .count();
        let is_there = found
            .iter()
            .any(|row| json::id(&row["id"]) == Some(contact));
        let evidence = format!("{} found, {own} of them with the phone", found.len());
        Ok(match (is_there, found.len() == own) {
            (true, true) => Answer::settled("it finds the contact, and here nobody else", evidence),
            (true, false) => {
                Answer::settled("it finds the contact, and others that we drop", evidence)
            }
            (false, _) => Answer::settled(
                "no: phones are known by our own table and the webhooks only; tell us",
                evidence,
            ),
        })
    }

    async fn search_by_spellings(&self) -> Result<Answer, CallError> {
        let Some((contact, phone)) = self.somebody().await? else {
            return Ok(nobody());
        };
        let ten = &phone[phone.len() - 10..];
        let mut told = Vec::new();
        for (name, query) in [
            ("7…", phone.clone()),
            ("+7…", format!("+{phone}")),
            ("8…", format!("8{ten}")),
        ] {
            let found = self.found_by(&query).await?;
            let is_there = found
                .iter()
                .any(|row| json::id(&row["id"]) == Some(contact));
            told.push(format!(
                "{name} {}",
                if is_there { "finds it" } else { "does not" }
            ));
        }
        let words = "so it is for one contact; we search by ten digits in any case";
        Ok(Answer::settled(words, told.join(", ")))
    }

    async fn order_of_leads(&self) -> Result<Answer, CallError> {
        let query = [
            ("with", "contacts".to_owned()),
            ("order[id]", "desc".to_owned()),
            ("limit", LOOKED_AT.to_string()),
        ];
        let page = self.api.get("leads", &query).await?.unwrap_or_default();
        let mut seen = BTreeSet::new();
        let contacts = embedded(&page, "leads")
            .iter()
            .flat_map(|row| ids(&row["_embedded"]["contacts"]));
        let twice = contacts.into_iter().find(|contact| !seen.insert(*contact));
        let Some(contact) = twice else {
            return Ok(Answer::open(
                "no contact has two of the newest deals",
                format!("{} deals looked at", embedded(&page, "leads").len()),
            ));
        };
        let with = [("with", "leads".to_owned())];
        let row = self
            .api
            .get(&format!("contacts/{contact}"), &with)
            .await?
            .unwrap_or_default();
        let listed = ids(&row["_embedded"]["leads"]);
        let mut sorted = listed.clone();
        sorted.sort_unstable();
        let order = if listed == sorted {
            "oldest first"
        } else if listed.iter().rev().eq(&sorted) {
            "newest first"
        } else {
            "in no order"
        };
        let words = format!("{order}; we sort them ourselves");
        Ok(Answer::settled(
            words,
            format!("{} deals of one contact", listed.len()),
        ))
    }

    async fn keys_of_choices(&self) -> Result<Answer, CallError> {
        let query = [
            ("order[id]", "desc".to_owned()),
            ("limit", LOOKED_AT.to_string()),
        ];
        let page = self.api.get("contacts", &query).await?.unwrap_or_default();
        let values = embedded(&page, "contacts")
            .iter()
            .flat_map(|row| json::list(&row["custom_fields_values"]))
            .flat_map(|field| json::list(&field["values"]));
        let keys: BTreeSet<String> = values
            .filter_map(Value::as_object)
            .flat_map(|value| value.keys().cloned())
            .filter(|key| key.starts_with("enum"))
            .collect();
        if keys.is_empty() {
            return Ok(Answer::open(
                "no contact has a field with choices",
                "no such key seen",
            ));
        }
        let keys = keys.into_iter().collect::<Vec<_>>().join(", ");
        Ok(Answer::settled(
            "both are read",
            format!("keys seen: {keys}"),
        ))
    }

    async fn filters_that_hold(&self) -> Result<Answer, CallError> {
        let newest = [("order[id]", "desc".to_owned()), ("limit", "2".to_owned())];
        let page = self.api.get("leads", &newest).await?.unwrap_or_default();
        let Some(lead) = embedded(&page, "leads").first() else {
            return Ok(Answer::open("there is no deal", "GET leads: nothing"));
        };
        let number = |key: &str| json::id_text(&lead[key]).unwrap_or_default();
        let (id, pipeline, status) = (number("id"), number("pipeline_id"), number("status_id"));
        let by_id = [("filter[id][]", id.clone())];
        let by_stage = [
            ("filter[statuses][0][pipeline_id]", pipeline),
            ("filter[statuses][0][status_id]", status.clone()),
            ("limit", LOOKED_AT.to_string()),
        ];
        let (by_id, by_stage) = (
            self.api.seen("leads", &by_id).await?,
            self.api.seen("leads", &by_stage).await?,
        );
        let holds = |seen: &Seen, key: &str, wanted: &str| {
            let rows = embedded(&seen.body, "leads");
            !rows.is_empty()
                && rows
                    .iter()
                    .all(|row| json::id_text(&row[key]).as_deref() == Some(wanted))
        };
        let (is_id, is_stage) = (
            holds(&by_id, "id", &id),
            holds(&by_stage, "status_id", &status),
        );
        let word = |holds: bool| if holds { "holds" } else { "does not hold" };
        let evidence = format!(
            "by id: {}, {}; by stage: {}, {}",
            by_id.status,
            word(is_id),
            by_stage.status,
            word(is_stage)
        );
        let words = if is_id {
            "the one that we use holds"
        } else {
            "no: deals are read one by one"
        };
        Ok(Answer::settled(words, evidence))
    }

    async fn stages_that_want_fields(&self) -> Result<Answer, CallError> {
        let rows = self.api.all("leads/custom_fields", &[], 40).await?;
        let wanting = rows
            .iter()
            .filter(|row| !json::list(&row["required_statuses"]).is_empty())
            .count();
        let evidence = format!("{wanting} of {} fields are required somewhere", rows.len());
        Ok(if wanting == 0 {
            Answer::settled("no: no field is required at a stage", evidence)
        } else {
            Answer::open(
                "yes: a move may be refused, and is then left to people; move a test deal by the API to see",
                evidence,
            )
        })
    }

    async fn chats_that_wait(&self) -> Result<Answer, CallError> {
        let account = self.api.get("account", &[]).await?.unwrap_or_default();
        if !json::is_true(&account["is_unsorted_on"]) {
            return Ok(Answer::settled(
                "it is switched off",
                "is_unsorted_on is false",
            ));
        }
        let query: &Query<'_> = &[
            ("filter[category][]", "chats".to_owned()),
            ("order[created_at]", "desc".to_owned()),
        ];
        let page = self
            .api
            .get("leads/unsorted", query)
            .await?
            .unwrap_or_default();
        let mut chats = embedded(&page, "unsorted").iter();
        let Some(contact) =
            chats.find_map(|row| ids(&row["_embedded"]["contacts"]).first().copied())
        else {
            return Ok(Answer::open(
                "it is on, and no chat waits: write from a new phone and ask again",
                "no chats",
            ));
        };
        let seen = self.api.seen(&format!("contacts/{contact}"), &[]).await?;
        let evidence = format!("GET contacts/* of a waiting chat: {}", seen.status);
        Ok(match seen.status {
            200 => Answer::settled(
                "yes: a new guest is recognised there and accepted",
                evidence,
            ),
            _ => Answer::settled(
                "no: only guests whom the channel calls by their phone are recognised",
                evidence,
            ),
        })
    }

    async fn types_of_tasks(&self) -> Result<Answer, CallError> {
        let (wanted, is_there, types) = self.whatsapp_type().await?;
        let evidence = format!("{types} types");
        Ok(if is_there {
            Answer::settled(format!("«{wanted}» is there"), evidence)
        } else {
            let words = format!(
                "«{wanted}» is not there, and the API makes none: make it by hand; until then «Связаться»"
            );
            Answer::settled(words, evidence)
        })
    }

    async fn absent_results(&self) -> Result<Answer, CallError> {
        let page = self
            .api
            .get("tasks", &[("limit", LOOKED_AT.to_string())])
            .await?
            .unwrap_or_default();
        let shape = |value: &Value| match value {
            Value::Null => "null",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
            _ => "something else",
        };
        let shapes: BTreeSet<&str> = embedded(&page, "tasks")
            .iter()
            .map(|row| shape(&row["result"]))
            .collect();
        if shapes.is_empty() {
            return Ok(Answer::open("there is no task", "GET tasks: nothing"));
        }
        let shapes = shapes.into_iter().collect::<Vec<_>>().join(", ");
        Ok(Answer::settled(
            "it is not read by us",
            format!("shapes of results: {shapes}"),
        ))
    }

    async fn pages_of_fields(&self) -> Result<Answer, CallError> {
        let seen = self
            .api
            .seen("leads/custom_fields", &[("limit", "250".to_owned())])
            .await?;
        let rows = embedded(&seen.body, "custom_fields").len();
        let total = json::int(&seen.body["_total_items"]).unwrap_or(0);
        let pages = json::int(&seen.body["_page_count"]).unwrap_or(0);
        let evidence = format!("{rows} rows of {total} on the first of {pages} pages");
        Ok(match pages {
            0 | 1 => Answer::settled("all are on one", evidence),
            _ => Answer::settled("all pages are read", evidence),
        })
    }

    async fn authors_of_chats(&self) -> Result<Answer, CallError> {
        let query = [
            ("filter[type][]", "outgoing_chat_message".to_owned()),
            ("limit", "100".to_owned()),
        ];
        let seen = self.api.seen("events", &query).await?;
        let rows = embedded(&seen.body, "events");
        let of_nobody = rows
            .iter()
            .filter(|row| json::id(&row["created_by"]).is_none())
            .count();
        let evidence = format!(
            "GET events: {}, {} outgoing messages, {of_nobody} of them by nobody",
            seen.status,
            rows.len()
        );
        Ok(if rows.is_empty() {
            Answer::open(
                "no message has left yet: let the bot answer a trial phone, and ask again",
                evidence,
            )
        } else {
            Answer::settled(
                "they appear; those by nobody came from the channel, a robot or us",
                evidence,
            )
        })
    }

    async fn hook_of_messages(&self) -> Result<Answer, CallError> {
        let seen = self.api.seen("webhooks", &[]).await?;
        let hooks = embedded(&seen.body, "webhooks");
        let with = hooks.iter().filter(|hook| {
            let names = json::list(&hook["settings"]);
            names
                .iter()
                .any(|name| name.as_str() == Some("add_outgoing_message"))
        });
        let evidence = format!(
            "GET webhooks: {}, {} there, {} with it",
            seen.status,
            hooks.len(),
            with.clone().count()
        );
        let words = if with.count() == 0 {
            "no webhook is subscribed to it: start the backend, and look whether it stays so"
        } else {
            "the account knows it; whether it rings for our own texts a trial tells: Pact's webhook comes first in any case"
        };
        Ok(Answer::open(words, evidence))
    }

    /// Of the newest contacts one with a phone of ten digits or more: its id, and the digits.
    async fn somebody(&self) -> Result<Option<(i64, String)>, CallError> {
        let query = [
            ("order[id]", "desc".to_owned()),
            ("limit", LOOKED_AT.to_string()),
        ];
        let page = self.api.get("contacts", &query).await?.unwrap_or_default();
        let mut rows = embedded(&page, "contacts").iter();
        Ok(rows.find_map(|row| {
            let phone = phones(row).into_iter().find(|phone| phone.len() >= 10)?;
            Some((json::id(&row["id"])?, phone))
        }))
    }

    async fn found_by(&self, query: &str) -> Result<Vec<Value>, CallError> {
        let page = self
            .api
            .get("contacts", &[("query", query.to_owned())])
            .await?;
        Ok(embedded(&page.unwrap_or_default(), "contacts").to_vec())
    }
}

fn nobody() -> Answer {
    Answer::open(
        "no contact has a phone",
        "GET contacts: no phones among the newest",
    )
}

fn told_if(is_settled: bool, words: &str, evidence: String) -> Answer {
    if is_settled {
        Answer::settled(words, evidence)
    } else {
        Answer::open(words, evidence)
    }
}
