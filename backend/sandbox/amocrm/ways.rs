//! The ways in which a real account may differ from another, where the reference says "unknown" or tells of two. A test
//! switches them by `POST /sandbox/amocrm`, and whoever talks to amoCRM has to get along with each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::control::{Refused, bad};
use crate::state::State;

/// What a page of more than 250 rows that is asked for comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BigLimit {
    Clip,
    Refuse,
}

/// The body of a 429.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Body {
    Json,
    Html,
}

/// In which order a contact's deals are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    OldFirst,
    NewFirst,
}

/// By which keys a chat message names its deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChatDeal {
    /// `element_id`, `element_type=2` and `entity_id`, `entity_type=lead`.
    Both,
    /// The first pair only, as amoCRM's own page has it.
    Element,
    /// The second pair only, as Kommo's has it.
    Entity,
}

/// What amoCRM tells of a text of ours that comes through the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Echo {
    /// A hook with `user_id` 0.
    Robot,
    /// A hook with the user of the token.
    User,
    /// No hook.
    None,
}

/// What becomes of the parameter `query`, which is announced to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Query {
    Works,
    /// Unknown parameters are not rejected: everybody comes back.
    Ignored,
}

/// How this account is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Ways {
    /// A guest who is nobody's yet lands in «Неразобранное».
    pub unsorted: bool,
    /// The contact of an item there can be read by its id before anybody has accepted it.
    pub unsorted_contact: bool,
    /// A lead there can be moved out by PATCH.
    pub unsorted_move: bool,
    pub big_limit: BigLimit,
    /// Rows on a page of custom fields: 250 in one revision of the pages, 50 in another.
    pub fields_on_page: usize,
    /// The package for filters by custom fields is paid.
    pub api_filter: bool,
    pub too_many: Body,
    /// `Retry-After` of a 429, seconds.
    pub retry_after_s: Option<u64>,
    /// Requests a second that other integrations take of our seven, should the limit be the account's.
    pub others_per_s: usize,
    /// So many refusals within a minute, and the API is closed to us for `ban_minutes`.
    pub ban_after: usize,
    pub ban_minutes: i64,
    /// Stage by name → codes of fields that have to be filled to stand there.
    pub required: BTreeMap<String, Vec<String>>,
    pub leads_of_contact: Order,
    pub chat_deal: ChatDeal,
    /// The incoming message stands at the root: `add[0]` instead of `message[add][0]`.
    pub bare_message: bool,
    /// One more level of indices: `task[update][0][0]`.
    pub nested_index: bool,
    /// `values[k]` is the value itself, and not `{value, enum}`.
    pub plain_values: bool,
    /// Rows name a choice's code `enum` instead of `enum_code`.
    pub enum_is_code: bool,
    pub echo: Echo,
    pub query: Query,
    /// Names of webhooks that this account does not know.
    pub unknown_hooks: Vec<String>,
    /// The status of a subscription that was made: 201, or 200.
    pub subscribed_status: u16,
    /// Retries of a webhook carry the request id of the first attempt.
    pub same_request_id: bool,
    /// How long what is fresh is not found, business ms: 3 s are usual, 30 s were seen. 0 unless it is asked for: most
    /// stories are told step by step on a clock that stands still, and those of the lag ask for it.
    pub index_lag_ms: i64,
}

impl Default for Ways {
    fn default() -> Self {
        Self {
            unsorted: false,
            unsorted_contact: false,
            unsorted_move: false,
            big_limit: BigLimit::Clip,
            fields_on_page: 250,
            api_filter: false,
            too_many: Body::Json,
            retry_after_s: None,
            others_per_s: 0,
            ban_after: 50,
            ban_minutes: 15,
            required: BTreeMap::new(),
            leads_of_contact: Order::OldFirst,
            chat_deal: ChatDeal::Both,
            bare_message: false,
            nested_index: false,
            plain_values: false,
            enum_is_code: false,
            echo: Echo::Robot,
            query: Query::Works,
            unknown_hooks: Vec::new(),
            subscribed_status: 201,
            same_request_id: false,
            index_lag_ms: 0,
        }
    }
}

impl Ways {
    /// Where an item of a webhook stands: `leads[update][0]`.
    pub(crate) fn root(&self, kind: &str, action: &str) -> String {
        if self.nested_index {
            format!("{kind}[{action}][0][0]")
        } else {
            format!("{kind}[{action}][0]")
        }
    }
}

/// `POST /sandbox/amocrm`: the ways that are named; the others stay. Answers them all.
pub(crate) fn change(state: &mut State, named: &Value) -> Result<Value, Refused> {
    let mut all = json!(state.crm.ways);
    for (name, value) in named.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    state.crm.ways = serde_json::from_value(all)
        .map_err(|error| bad(format!("An account is not so: {error}.")))?;
    Ok(json!(state.crm.ways))
}
