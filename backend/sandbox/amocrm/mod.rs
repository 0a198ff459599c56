//! amoCRM: the API v4 with its envelopes and errors. Each file below answers for one kind of entity.

mod account;
pub(crate) mod consent;
mod contacts;
pub(crate) mod events;
pub(crate) mod fields;
pub(crate) mod hooks;
pub(crate) mod leads;
pub(crate) mod limits;
mod links;
pub(crate) mod model;
mod notes;
pub(crate) mod oauth;
mod pipelines;
pub(crate) mod tags;
pub(crate) mod talks;
mod tasks;
pub(crate) mod unsorted;
pub(crate) mod ways;
pub(crate) mod writes;

use serde_json::{Value, json};

use crate::faults::{Kind, Service};
use crate::http::{Call, Reply, number};
use crate::pact::integration::chat_uuid;
use crate::state::{LASTING_TOKEN_ENDS, State};
use model::{TOKEN_USER, User};
use ways::BigLimit;

const HAL: &str = "application/hal+json";
const PROBLEM: &str = "application/problem+json";

/// Answers one request of the API.
pub(crate) fn answer(state: &mut State, call: &Call) -> Reply {
    let path = call.segments();
    if path.first() == Some(&"oauth2") {
        return oauth::answer(state, call);
    }
    let user = match authorised(state, call) {
        Ok(user) => user,
        Err(reply) => return reply,
    };
    if let Some(reply) = limits::refusal(state) {
        return reply;
    }
    if let Some(reply) = refusal(state, call, &user) {
        return reply;
    }
    let method = call.method.as_str();
    match (method, &path[..]) {
        ("GET", ["account"]) => account::account(state, call),
        ("GET", ["users"]) => account::users(state, call),
        ("GET", ["users", id]) => account::user(state, call, id),
        (_, ["leads", "pipelines", rest @ ..]) => pipelines::answer(state, call, rest),
        (_, ["leads", "loss_reasons", rest @ ..]) => leads::loss_reasons(state, call, rest),
        (_, ["leads", "unsorted", rest @ ..]) => unsorted::answer(state, call, rest),
        (_, ["talks", rest @ ..]) => talks::answer(state, call, rest),
        ("GET", ["events", rest @ ..]) => events::answer(state, call, rest),
        (_, ["webhooks"]) => hooks::subscriptions(state, call),
        ("GET", ["contacts"]) => contacts::list(state, call),
        ("POST", ["contacts"]) => contacts::create(state, call),
        ("PATCH", ["contacts"]) => patch_many(state, call, "contacts", contacts::patch_one),
        ("GET", ["leads"]) => leads::list(state, call, &user),
        ("POST", ["leads"]) => leads::create(state, call),
        ("POST", ["leads", "complex"]) => leads::create_complex(state, call),
        ("PATCH", ["leads"]) => patch_many(state, call, "leads", leads::patch_one),
        (_, [entity @ ("leads" | "contacts"), "custom_fields", rest @ ..]) => {
            fields::answer(state, call, entity, rest)
        }
        (_, [entity @ ("leads" | "contacts"), "tags"]) => tags::answer(state, call, entity),
        (_, [entity @ ("leads" | "contacts"), "notes"]) => notes::answer(state, call, entity, None),
        (_, [entity @ ("leads" | "contacts"), id, "notes", rest @ ..]) if is_id(id) => {
            notes::answer_of(state, call, entity, id, rest)
        }
        (
            _,
            [
                entity @ ("leads" | "contacts"),
                id,
                verb @ ("links" | "link" | "unlink"),
            ],
        ) if is_id(id) => links::answer(state, call, entity, id, verb),
        ("GET", ["contacts", id]) if is_id(id) => contacts::get(state, call, id),
        ("PATCH", ["contacts", id]) if is_id(id) => patch(state, call, id, contacts::patch_one),
        ("GET", ["leads", id]) if is_id(id) => leads::get(state, call, id),
        ("PATCH", ["leads", id]) if is_id(id) => patch(state, call, id, leads::patch_one),
        ("GET", ["tasks"]) => tasks::list(state, call),
        ("GET", ["tasks", id]) if is_id(id) => tasks::get(state, id),
        ("POST", ["tasks"]) => tasks::create(state, call),
        ("PATCH", ["tasks"]) => patch_many(state, call, "tasks", tasks::patch_one),
        ("PATCH", ["tasks", id]) if is_id(id) => patch(state, call, id, tasks::patch_one),
        (_, ["leads" | "contacts" | "tasks" | "account" | "users", ..]) if path.len() < 3 => {
            problem(405, "Method Not Allowed", "Method not allowed")
        }
        _ => problem(404, "Not Found", "Not found"),
    }
}

/// Requests of a batch that amoCRM manages at once.
const MANAGED_AT_ONCE: usize = 50;
/// An account that is not paid can be read for so long, business ms.
const READ_UNPAID_MS: i64 = 30 * 86_400_000;

/// What neither the limits nor the request's own words decide: rights, payment, and how much amoCRM manages.
fn refusal(state: &mut State, call: &Call, user: &User) -> Option<Reply> {
    let path = call.segments();
    let is_dictionary = matches!(
        path[..],
        ["leads", "pipelines", ..] | ["leads" | "contacts", "custom_fields", ..]
    );
    let is_for_admins = matches!(path[..], ["webhooks" | "users", ..]);
    if !user.is_admin && (is_for_admins || (is_dictionary && !call.is_read())) {
        let words = "Only an administrator may do this";
        return Some(problem(403, "Forbidden", words));
    }
    let unpaid_since = state.fault_since(Kind::Unpaid);
    if unpaid_since.is_some_and(|since| !call.is_read() || since + READ_UNPAID_MS <= state.now) {
        state.strike(Service::Amocrm, &[Kind::Unpaid]);
        return Some(problem(402, "Payment Required", "Account is not paid"));
    }
    let lead = match path[..] {
        ["leads", id, ..] => id.parse().ok(),
        _ => None,
    };
    let lead = lead.and_then(|id: i64| state.crm.leads.get(&id));
    let is_hidden = lead.is_some_and(|lead| !leads::sees(user, lead));
    let names_one = path.iter().any(|segment| is_id(segment));
    if is_hidden || (names_one && state.strike(Service::Amocrm, &[Kind::NoRights]).is_some()) {
        return Some(problem(403, "Forbidden", "No rights on the entity"));
    }
    let items = call.json().as_array().map_or(0, Vec::len);
    if items > MANAGED_AT_ONCE && state.strike(Service::Amocrm, &[Kind::Overload]).is_some() {
        return Some(Reply::html(
            504,
            "<html><body>504 Gateway Time-out</body></html>",
        ));
    }
    None
}

/// How long what is fresh cannot be found while the index lags, business ms.
const INDEX_LAG_MS: i64 = 30_000;

/// While the index lags: what was changed after this (Unix ms) is not found yet.
pub(crate) fn hidden_since(state: &mut State, service: Service) -> Option<i64> {
    let lag = state.strike(service, &[Kind::IndexLag])?;
    let ms = lag.ms.and_then(|ms| i64::try_from(ms).ok());
    Some(state.now - ms.unwrap_or(INDEX_LAG_MS))
}

fn is_id(segment: &str) -> bool {
    segment.parse::<i64>().is_ok()
}

/// The user on whose behalf the call runs.
fn authorised(state: &State, call: &Call) -> Result<model::User, Reply> {
    let token = call
        .header("authorization")
        .and_then(|header| header.strip_prefix("Bearer "))
        .unwrap_or_default();
    let oauth = &state.crm.oauth;
    let is_lasting =
        token == state.secrets.amocrm_token && !oauth.is_off && state.now_s() < LASTING_TOKEN_ENDS;
    let known = is_lasting || oauth.opens(token, state.now);
    if !(known && oauth::is_here(state, call)) {
        return Err(problem(
            401,
            "Unauthorized",
            "Token is missing, expired or revoked",
        ));
    }
    let context = match call.header("x-context-user-id") {
        None => TOKEN_USER,
        Some(text) => text.trim().parse().unwrap_or_default(),
    };
    let user = state
        .crm
        .user(context)
        .ok_or_else(|| problem(401, "Unauthorized", "Unknown user"))?;
    if call.header("x-context-user-id").is_some() && !user.is_active {
        return Err(problem(403, "Forbidden", "The user is not active"));
    }
    Ok(user.clone())
}

/// An error body as amoCRM shapes it.
pub(crate) fn problem(status: u16, title: &str, detail: &str) -> Reply {
    let body = json!({
        "title": title, "type": format!("https://httpstatus.es/{status}"), "status": status, "detail": detail,
    });
    Reply::json(status, PROBLEM, &body)
}

/// A field that was refused.
pub(crate) struct Invalid {
    code: &'static str,
    path: String,
}

impl Invalid {
    pub(crate) fn choice(path: impl Into<String>) -> Self {
        Self {
            code: "NotSupportedChoice",
            path: path.into(),
        }
    }

    pub(crate) fn kind(path: impl Into<String>) -> Self {
        Self {
            code: "InvalidType",
            path: path.into(),
        }
    }

    pub(crate) fn missing(path: impl Into<String>) -> Self {
        Self {
            code: "FieldMissing",
            path: path.into(),
        }
    }

    /// The reply for the item that asked for it.
    pub(crate) fn reply(&self, request_id: &str) -> Reply {
        let detail = match self.code {
            "NotSupportedChoice" => "The value you selected is not a valid choice.",
            "FieldMissing" => "This field is missing.",
            _ => "This value has a wrong type.",
        };
        let body = json!({
            "validation-errors": [{"request_id": request_id, "errors": [{"code": self.code, "path": self.path, "detail": detail}]}],
            "title": "Bad Request", "type": "https://httpstatus.es/400", "status": 400, "detail": "Request validation failed",
        });
        Reply::json(400, PROBLEM, &body)
    }
}

/// `https://…/api/v4/{path}`.
pub(crate) fn link(state: &State, path: &str) -> Value {
    json!({"self": {"href": format!("{}/api/v4/{path}", state.env.public)}})
}

pub(crate) fn hal(body: &Value) -> Reply {
    Reply::json(200, HAL, body)
}

/// Rows on a page at most.
const ON_PAGE: usize = 250;

/// A page of a long list; 204 when there is nothing on it.
fn paged(
    state: &State,
    call: &Call,
    name: &str,
    ids: &[i64],
    show: impl Fn(i64) -> Value,
) -> Reply {
    paged_at_most(state, call, (name, ON_PAGE), ids, show)
}

/// The same of a list with shorter pages.
fn paged_at_most(
    state: &State,
    call: &Call,
    (name, most): (&str, usize),
    ids: &[i64],
    show: impl Fn(i64) -> Value,
) -> Reply {
    let count = |key: &str| {
        call.query_number(key)
            .and_then(|n| usize::try_from(n).ok())
            .filter(|n| *n > 0)
    };
    let limit = count("limit").unwrap_or(50.min(most));
    if limit > most && state.crm.ways.big_limit == BigLimit::Refuse {
        return Invalid::kind("limit").reply("0");
    }
    let limit = limit.min(most);
    let page = count("page").unwrap_or(1);
    let rows: Vec<Value> = ids
        .iter()
        .skip((page - 1) * limit)
        .take(limit)
        .map(|id| show(*id))
        .collect();
    if rows.is_empty() {
        return Reply::empty(204);
    }
    let mut links = json!({"self": {"href": format!("{}{}?{}", state.env.public, call.whole_path, call.raw_query)}});
    if ids.len() > page * limit {
        let others = call.query.iter().filter(|(key, _)| key != "page").cloned();
        let next: Vec<_> = others
            .chain([("page".to_owned(), (page + 1).to_string())])
            .collect();
        links["next"] = json!({"href": format!("{}{}?{}", state.env.public, call.whole_path, crate::http::form(&next))});
    }
    hal(&json!({"_page": page, "_links": links, "_embedded": {name: rows}}))
}

/// A short list that comes whole.
fn dictionary(state: &State, path: &str, name: &str, rows: &[Value]) -> Reply {
    if rows.is_empty() {
        return Reply::empty(204);
    }
    hal(&json!({
        "_total_items": rows.len(), "_page": 1, "_page_count": 1,
        "_links": link(state, path), "_embedded": {name: rows},
    }))
}

/// The items of a batch; a single object counts as one.
fn items(call: &Call) -> Result<Vec<Value>, Reply> {
    match call.json() {
        Value::Array(items) if !items.is_empty() => Ok(items),
        _ => Err(problem(
            400,
            "Bad Request",
            "Request body must be a non-empty array",
        )),
    }
}

fn object(call: &Call) -> Result<Value, Reply> {
    match call.json() {
        body @ Value::Object(_) => Ok(body),
        _ => Err(problem(
            400,
            "Bad Request",
            "Request body must be an object",
        )),
    }
}

/// The caller's `request_id`, else the position.
fn request_id(item: &Value, position: usize) -> String {
    match &item["request_id"] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => position.to_string(),
    }
}

/// Runs `write` over a batch and wraps what it answers.
fn batch(
    state: &mut State,
    call: &Call,
    name: &str,
    mut write: impl FnMut(&mut State, &Value) -> Result<Value, Invalid>,
) -> Reply {
    let items = match items(call) {
        Ok(items) => items,
        Err(reply) => return reply,
    };
    let mut rows = Vec::new();
    for (position, item) in items.iter().enumerate() {
        let request_id = request_id(item, position);
        match write(state, item) {
            Ok(mut row) => {
                row["request_id"] = json!(request_id);
                rows.push(row);
            }
            Err(invalid) => return invalid.reply(&request_id),
        }
    }
    hal(&json!({"_links": link(state, &call.path.join("/")), "_embedded": {name: rows}}))
}

/// Changes one entity; answers what the API shows of it.
type Patch = fn(&mut State, i64, &Value) -> Result<Value, Invalid>;

/// `PATCH …/{id}`: the body is the entity.
fn patch(state: &mut State, call: &Call, id: &str, one: Patch) -> Reply {
    let item = match object(call) {
        Ok(item) => item,
        Err(reply) => return reply,
    };
    match one(state, id.parse().unwrap_or_default(), &item) {
        Ok(row) => hal(&row),
        Err(invalid) => invalid.reply("0"),
    }
}

/// `PATCH` of a list: each item names its `id`.
fn patch_many(state: &mut State, call: &Call, name: &str, one: Patch) -> Reply {
    batch(state, call, name, |state, item| {
        one(state, number(&item["id"]).unwrap_or_default(), item)
    })
}
