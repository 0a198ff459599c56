//! The contract with Pact's API v2, as far as reading goes: what our adapter relies on. By default it is held against
//! the sandbox. With
//!
//! ```text
//! ESTAFETA_CONTRACT_PACT_TOKEN=…  ESTAFETA_CONTRACT_PACT_COMPANY=52000
//! ```
//!
//! in the environment it is held against that company instead: `cargo test -p backend --test it contract_pact`. Nothing
//! is written there, and some fifteen requests are made. What the reference leaves open is asked by `estafeta probe`.

use crate::harness::World;
use backend::adapters::pact::probe::PactProbe;
use backend::adapters::pact::{Pact, PactConfig};
use backend::ports::{Channel, ChannelState, Probe};
use reqwest::Client;
use secrecy::SecretString;
use serde_json::{Value, json};

const ENDPOINT: &str = "https://api.pact.im/api/p2";
const TOKEN: &str = "ESTAFETA_CONTRACT_PACT_TOKEN";
const COMPANY: &str = "ESTAFETA_CONTRACT_PACT_COMPANY";

/// A company to read from.
struct Company {
    endpoint: String,
    number: i64,
    token: String,
    client: Client,
    /// The stand-in, where no real company is named.
    world: Option<World>,
}

impl Company {
    async fn of_the_environment() -> Self {
        let set = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        if let (Some(token), Some(company)) = (set(TOKEN), set(COMPANY)) {
            return Self {
                endpoint: ENDPOINT.to_owned(),
                number: company.parse().expect("the company's number"),
                token,
                client: Client::new(),
                world: None,
            };
        }
        let world = World::without_backend().await;
        let voice =
            json!({"text": "Есть ли места?", "name": "Анна", "attachments": [{"type": "voice"}]});
        world.guest("79000000001").sends(&voice).await;
        let hello = json!({"phone": "79000000002", "text": "Здравствуйте", "via": "pact"});
        world.play("managers/9002/messages", &hello).await;
        let setting = |path: &str| world.setting(&format!("accounts.0.pact.{path}"));
        let words = |path: &str| setting(path).as_str().expect("words").to_owned();
        Self {
            endpoint: words("endpoint"),
            number: setting("company_id").as_i64().expect("a number"),
            token: words("token"),
            client: Client::builder().no_proxy().build().expect("a client"),
            world: Some(world),
        }
    }

    async fn asks(&self, path: &str, token: &str) -> (u16, Value) {
        let request = self.client.get(format!("{}/{path}", self.endpoint));
        let answer = request.header("X-Private-Api-Token", token).send().await;
        let answer = answer.expect("Pact answers");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    async fn reads(&self, path: &str, name: &str) -> Vec<Value> {
        let (status, body) = self.asks(path, &self.token).await;
        assert_eq!(status, 200, "GET {path}");
        let rows = body[name].as_array();
        rows.unwrap_or_else(|| panic!("GET {path}: no {name}"))
            .clone()
    }

    fn adapter(&self) -> Pact {
        Pact::new(PactConfig {
            endpoint: self.endpoint.clone(),
            company: self.number,
            token: SecretString::from(self.token.clone()),
        })
        .expect("an adapter")
    }
}

#[tokio::test]
async fn contract_pact_lists_have_what_we_read() {
    let company = Company::of_the_environment().await;
    let number = company.number;
    let hooks = format!("companies/{number}/webhooks");
    for hook in company.reads(&hooks, "webhooks").await {
        assert!(hook["id"].is_i64() && hook["url"].is_string() && hook["active"].is_boolean());
    }
    let channels = company
        .reads(&format!("companies/{number}/auths"), "auths")
        .await;
    assert!(!channels.is_empty(), "a company has a channel");
    for channel in &channels {
        assert!(channel["provider"].is_string() && channel["state"].is_string());
    }
    let path = format!("conversations?company_id={number}");
    let conversations = company.reads(&path, "conversations").await;
    assert!(!conversations.is_empty(), "somebody has written");
    for conversation in &conversations {
        assert!(conversation["id"].is_i64() && conversation["provider"].is_string());
        let phone = &conversation["sender_phone"];
        assert!(
            phone.is_string() || phone.is_null(),
            "a phone is digits, or none"
        );
    }
    let id = &conversations[0]["id"];
    let path = format!("conversations/{id}/messages?company_id={number}");
    for message in company.reads(&path, "messages").await {
        assert!(
            message["id"].is_i64()
                && message["income"].is_boolean()
                && message["status"].is_string()
        );
        assert!(message["message"].is_string() || message["message"].is_null());
        assert!(message["created_at"].is_string() && message["external_created_at"].is_string());
    }
}

#[tokio::test]
async fn contract_pact_refusals_have_a_status_of_their_own() {
    let company = Company::of_the_environment().await;
    let (status, body) = company.asks("auths", "not-a-token").await;
    assert_eq!(status, 401);
    assert_eq!(body["errors"][0]["code"], "unauthorized");
    let nothing = format!("conversations/0?company_id={}", company.number);
    assert_eq!(company.asks(&nothing, &company.token).await.0, 404);
}

#[tokio::test]
async fn contract_pact_our_adapter_reads_it() {
    let company = Company::of_the_environment().await;
    let pact = company.adapter();
    assert_eq!(pact.is_on().await, Ok(true), "WhatsApp is connected");
    let page = pact.threads(1).await.expect("conversations");
    let thread = page
        .rows
        .iter()
        .find(|thread| !thread.group)
        .expect("a guest");
    assert!(thread.changed_at > 0);
    let written = pact.written(thread, 1).await.expect("messages");
    assert!(
        written
            .rows
            .iter()
            .all(|row| row.at > 0 && !row.told.is_empty())
    );
    let guest = pact.guest(&thread.id).await.expect("a conversation");
    assert_eq!(guest, thread.guest);
    let messages = pact.messages(&thread.id).await.expect("messages");
    assert!(
        messages
            .iter()
            .all(|message| message.conversation == thread.id)
    );
    for checked in pact
        .inspect("https://nobody.example.test/hooks/pact/none")
        .await
    {
        let is_hook = checked.what.contains("webhook");
        assert_eq!(checked.is_well(), !is_hook, "{checked:?}");
    }
}

#[tokio::test]
async fn contract_pact_every_open_question_can_be_asked_and_nothing_is_changed() {
    let company = Company::of_the_environment().await;
    let probe = PactProbe::new(company.adapter());
    for question in probe.questions() {
        let answer = probe.ask(question.id).await;
        let answer = answer.unwrap_or_else(|error| panic!("{}: {error}", question.id));
        for hidden in ["Анна", "79000000001", "Есть ли места"] {
            let told = format!("{} {}", answer.answer, answer.evidence);
            assert!(!told.contains(hidden), "{}: {told}", question.id);
        }
    }
    if let Some(world) = &company.world {
        let calls = world.calls("pact").await;
        assert!(
            calls.iter().all(|(call, _)| call.starts_with("GET")),
            "{calls:#?}"
        );
        let file = probe.ask("attachments").await.expect("an answer");
        assert!(
            file.answer.contains("39185 bytes, 39185 announced"),
            "{}",
            file.answer
        );
    }
}
