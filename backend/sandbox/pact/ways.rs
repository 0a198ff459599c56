//! The ways in which a company in Pact may differ from another, where the reference says "unknown" or contradicts
//! itself. A test switches them by `POST /sandbox/pact`, and whoever talks to Pact has to get along with each.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::CHANNEL;
use super::model::COMPANY_ID;
use crate::clock::utc;
use crate::control::{Refused, bad};
use crate::state::State;
use crate::webhooks::When;

/// In which order conversations and messages are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    NewFirst,
    OldFirst,
}

/// What the `update` of a message carries beside the message itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Update {
    /// Neither contact nor conversation.
    Bare,
    /// Both, as the `create` does.
    Full,
}

/// Whose `internal_id` the contact of a message of the company carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sender {
    /// That of a Pact user of its own.
    User,
    /// The one that stands for the company in all messages.
    Company,
    /// Nobody's.
    None,
}

/// What Pact tells of a message from the hotel's own phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PhoneApp {
    Told,
    /// No webhook; it stands in the list only.
    Untold,
}

/// Fields over which the documentation contradicts itself (section 11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Noise {
    Plain,
    /// What is empty is null.
    Null,
    /// What is empty is left out.
    Absent,
    /// Other spellings, values outside the lists, unknown fields.
    Odd,
}

/// By which event a deletion is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Deletion {
    Update,
    Delete,
}

/// What becomes of a free text after the window of 24 h has closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LateText {
    /// It is accepted, and its verdict is `error`.
    Undelivered,
    /// 400 at once.
    Refused,
}

/// What writing first to a guest comes to who has a conversation already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Known {
    /// The message goes into that conversation.
    Reused,
    Refused,
}

/// The body of a 400 or 404.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Refusal {
    /// `{errors: […]}` like that of the others.
    Errors,
    /// `{status: "errored"}` as in the first version.
    First,
    Html,
}

/// Who may download an attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cdn {
    Open,
    /// Nobody without a sign-in.
    Closed,
    /// Nobody any more.
    Expired,
}

/// A text that Meta has approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Template {
    pub id: i64,
    /// With `{{1}}`, `{{2}}` … for what is filled in.
    pub body: String,
}

/// How this company is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Ways {
    /// `whatsapp` or `whatsapp_business`.
    pub provider: String,
    /// `enabled`, `disabled`, or another state; a change is told by an event.
    pub channel: String,
    pub order: Order,
    /// The status of a send that was accepted: 200 or 201.
    pub sent_status: u16,
    pub update: Update,
    /// A guest's reading of a message is one more `update`.
    pub read_marks: bool,
    pub api_sender: Sender,
    pub amocrm_sender: Sender,
    pub phone_app: PhoneApp,
    /// Each message is told in the shape of the old API too.
    pub v1_twins: bool,
    pub noise: Noise,
    /// `details` of a message that failed.
    pub details: Value,
    pub deletion: Deletion,
    /// An edit is told by an `update`.
    pub edits_told: bool,
    pub late_text: LateText,
    pub known_guest: Known,
    /// Imported history comes by webhooks.
    pub history_told: bool,
    pub refusal: Refusal,
    pub cdn: Cdn,
    pub templates: Vec<Template>,
    /// How soon the integration with amoCRM makes contact and deal, business s; null = never.
    pub deal_after_s: Option<i64>,
    /// How long Pact waits for the answer to a webhook, machine ms.
    pub hook_timeout_ms: u64,
}

impl Default for Ways {
    fn default() -> Self {
        Self {
            provider: "whatsapp".to_owned(),
            channel: "enabled".to_owned(),
            order: Order::NewFirst,
            sent_status: 200,
            update: Update::Bare,
            read_marks: false,
            api_sender: Sender::User,
            amocrm_sender: Sender::Company,
            phone_app: PhoneApp::Told,
            v1_twins: false,
            noise: Noise::Plain,
            details: json!({"result": "NOT DELIVERED"}),
            deletion: Deletion::Update,
            edits_told: true,
            late_text: LateText::Undelivered,
            known_guest: Known::Reused,
            history_told: true,
            refusal: Refusal::Errors,
            cdn: Cdn::Open,
            templates: vec![Template {
                id: 8101,
                body: "{{1}}, вы ещё выбираете номер?".to_owned(),
            }],
            deal_after_s: Some(2),
            hook_timeout_ms: 10_000,
        }
    }
}

impl Ways {
    /// The provider takes free text only for a day after the guest's last message.
    pub(crate) fn has_window(&self) -> bool {
        self.provider == "whatsapp_business"
    }
}

/// `POST /sandbox/pact`: the ways that are named; the others stay. Answers them all.
pub(crate) fn change(state: &mut State, named: &Value) -> Result<Value, Refused> {
    let mut all = json!(state.pact.ways);
    for (name, value) in named.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    let ways: Ways =
        serde_json::from_value(all).map_err(|error| bad(format!("Pact is not so: {error}.")))?;
    let has_turned = ways.channel != state.pact.ways.channel;
    state.pact.ways = ways;
    if has_turned {
        let event = json!({"event": "update", "type": "auth", "object": shown_channel(state)});
        state.post_to_all(&event, "auth", When::Machine(0), false);
    }
    Ok(json!(state.pact.ways))
}

/// The channel as the API and its events show it.
pub(crate) fn shown_channel(state: &State) -> Value {
    let at = utc(state.now);
    let ways = &state.pact.ways;
    let phone = if ways.noise == Noise::Odd {
        json!(79_000_000_000_i64)
    } else {
        json!("79000000000")
    };
    json!({
        "id": CHANNEL, "company_id": COMPANY_ID, "provider": ways.provider, "state": ways.channel,
        "phone_number": phone, "username": null, "created_at": at, "updated_at": at, "sync_messages_at": null,
        "pages": [],
    })
}

/// A conversation with the noise of this company.
pub(crate) fn noisy_conversation(ways: &Ways, mut object: Value) -> Value {
    match ways.noise {
        Noise::Plain => {}
        Noise::Null => {
            for field in ["group", "sender_external_public_id", "replied_state"] {
                if object[field] != json!(true) {
                    object[field] = Value::Null;
                }
            }
        }
        Noise::Absent => leave_out(
            &mut object,
            &["avatar_url", "sender_external_public_id", "group"],
        ),
        Noise::Odd => {
            object["operational_state"] = json!("active");
            object["sender_external_id"] = json!("4f1c-not-a-phone");
            object["created_at"] = without_ms(&object["created_at"]);
            object["last_updated_at"] = without_ms(&object["last_updated_at"]);
            object["unheard_of"] = json!({"deep": [1, null]});
            if let Some(phone) = object["sender_phone"]
                .as_str()
                .filter(|p| !p.starts_with('+'))
            {
                object["sender_phone"] = json!(format!("+{phone}"));
            }
        }
    }
    object
}

/// A message with the noise of this company.
pub(crate) fn noisy_message(ways: &Ways, mut object: Value) -> Value {
    const MAY_LACK: &[&str] = &[
        "reactions",
        "details",
        "attachments",
        "delivery",
        "deleted",
        "replied_to_id",
    ];
    match ways.noise {
        Noise::Plain => {}
        Noise::Null => {
            for field in MAY_LACK {
                if is_empty(&object[*field]) {
                    object[*field] = Value::Null;
                }
            }
        }
        Noise::Absent => leave_out(&mut object, MAY_LACK),
        Noise::Odd => {
            if object["income"] == json!(true) {
                object["status"] = json!("delivered");
            }
            for field in ["reactions", "details"] {
                if is_empty(&object[field]) {
                    object[field] = json!(false);
                }
            }
            object["created_at"] = without_ms(&object["created_at"]);
            object["unheard_of"] = json!(["?"]);
        }
    }
    object
}

/// Leaves out those of these fields in which nothing stands.
fn leave_out(object: &mut Value, fields: &[&str]) {
    if let Some(object) = object.as_object_mut() {
        object.retain(|name, value| !(fields.contains(&name.as_str()) && is_empty(value)));
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

/// `2026-11-20T08:00:05.514Z` as `2026-11-20T08:00:05Z`.
fn without_ms(time: &Value) -> Value {
    match time.as_str().and_then(|time| time.split_once('.')) {
        Some((seconds, _)) => json!(format!("{seconds}Z")),
        None => time.clone(),
    }
}
