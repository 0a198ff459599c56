//! The contract with amoCRM's API v4, as far as reading goes: what our adapter relies on. By default it is held against
//! the sandbox. With
//!
//! ```text
//! ESTAFETA_CONTRACT_AMOCRM_URL=https://hotel.amocrm.ru  ESTAFETA_CONTRACT_AMOCRM_TOKEN=…
//! ```
//!
//! in the environment it is held against that account instead: `cargo test -p backend --test it contract`. Nothing is
//! written there, some forty requests are made, no more than five a second. What differs from account to account is
//! asked by `estafeta probe`.

use crate::harness::World;
use backend::adapters::amocrm::{Access, AmoConfig, AmoCrm, FieldNames, Names, TaskTypes};
use backend::clock::SystemClock;
use backend::ports::{Crm, GuestLookup, Probe};
use reqwest::Client;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use widget_core::ids::StageKey;

const URL: &str = "ESTAFETA_CONTRACT_AMOCRM_URL";
const TOKEN: &str = "ESTAFETA_CONTRACT_AMOCRM_TOKEN";
/// Nobody's number.
const NOBODY: &str = "79000000998";

/// An account to read from.
struct Account {
    url: String,
    token: String,
    client: Client,
    /// The stand-in, where no real account is named.
    world: Option<World>,
}

impl Account {
    async fn of_the_environment() -> Self {
        let set = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let client = Client::builder().no_proxy();
        if let (Some(url), Some(token)) = (set(URL), set(TOKEN)) {
            return Self {
                url: url.trim_end_matches('/').to_owned(),
                token,
                client: Client::new(),
                world: None,
            };
        }
        let world = World::without_backend().await;
        let deal = json!({"phone": "79000000001", "name": "Бронирование", "stage": "Новая заявка"});
        world.play("deals", &deal).await;
        let token = world.setting("accounts.0.amocrm.token");
        Self {
            url: world.sandbox_url.clone(),
            token: token.as_str().expect("a token").to_owned(),
            client: client.build().expect("a client"),
            world: Some(world),
        }
    }

    async fn asks(&self, path: &str, token: &str) -> (u16, String, Value) {
        // Five a second at most: whoever goes beyond is shut out.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let url = format!("{}/api/v4/{path}", self.url);
        let answer = self.client.get(url).bearer_auth(token).send().await;
        let answer = answer.expect("amoCRM answers");
        let kind = answer.headers().get("content-type");
        let kind = kind.map(|kind| kind.to_str().expect("words").to_owned());
        let status = answer.status().as_u16();
        (
            status,
            kind.unwrap_or_default(),
            answer.json().await.unwrap_or_default(),
        )
    }

    async fn reads(&self, path: &str) -> Value {
        let (status, kind, body) = self.asks(path, &self.token).await;
        assert_eq!(status, 200, "GET {path}");
        assert!(
            kind.starts_with("application/hal+json"),
            "GET {path}: {kind}"
        );
        body
    }

    async fn status(&self, path: &str) -> u16 {
        self.asks(path, &self.token).await.0
    }

    async fn adapter(&self) -> AmoCrm {
        let id = self.reads("account").await["id"].as_i64().expect("an id");
        let config = AmoConfig {
            endpoint: self.url.clone(),
            account: id,
            access: Access::Token(SecretString::from(self.token.clone())),
            pipeline: None,
            names: Names {
                stages: vec![(StageKey::from("refused"), "Отказ".to_owned())],
                first_stage: StageKey::from("refused"),
                field_name: "Ведёт диалог".to_owned(),
                field_values: FieldNames {
                    bot: "Бот".to_owned(),
                    waiting: "Ждёт менеджера".to_owned(),
                    manager: "Менеджер".to_owned(),
                },
                task_types: TaskTypes {
                    whatsapp: "WhatsApp".to_owned(),
                    contact: "Связаться".to_owned(),
                },
            },
            limited: true,
        };
        AmoCrm::new(config, Arc::new(SystemClock)).expect("an adapter")
    }
}

fn rows<'a>(body: &'a Value, name: &str) -> &'a [Value] {
    body["_embedded"][name]
        .as_array()
        .map_or(&[], Vec::as_slice)
}

#[tokio::test]
async fn contract_a_token_opens_the_account_and_nothing_else_does() {
    let account = Account::of_the_environment().await;
    let shown = account
        .reads("account?with=task_types,is_api_filter_enabled")
        .await;
    assert!(shown["id"].is_i64() && shown["subdomain"].is_string());
    assert!(shown["is_unsorted_on"].is_boolean() || shown["is_unsorted_on"].is_i64());
    let types = rows(&shown, "task_types");
    assert!(
        types.iter().any(|kind| kind["id"] == 1),
        "the type that all accounts have"
    );
    let (status, kind, _) = account.asks("account", "no-token-at-all").await;
    assert_eq!(status, 401);
    assert!(kind.contains("json"), "{kind}");
}

#[tokio::test]
async fn contract_what_is_missing_is_204_or_404_and_lists_have_pages() {
    let account = Account::of_the_environment().await;
    for path in ["contacts/1", "leads/1", "tasks/1", "no-such-thing"] {
        let status = account.status(path).await;
        assert!(matches!(status, 204 | 404), "GET {path}: {status}");
    }
    assert_eq!(
        account
            .status(&format!("contacts?query={}", &NOBODY[1..]))
            .await,
        204
    );
    assert_eq!(account.status("leads?limit=1&page=9999").await, 204);
    let page = account.reads("leads?limit=1").await;
    assert_eq!((rows(&page, "leads").len(), &page["_page"]), (1, &json!(1)));
    assert!(page["_links"]["self"]["href"].is_string());
}

#[tokio::test]
async fn contract_pipelines_users_and_fields_are_as_the_adapter_reads_them() {
    let account = Account::of_the_environment().await;
    let pipelines = account.reads("leads/pipelines").await;
    let main = rows(&pipelines, "pipelines")
        .iter()
        .filter(|one| one["is_main"] == true);
    assert_eq!(main.count(), 1);
    for pipeline in rows(&pipelines, "pipelines") {
        let statuses = rows(pipeline, "statuses");
        for closed in [142, 143] {
            assert!(
                statuses.iter().any(|status| status["id"] == closed),
                "{closed}"
            );
        }
        let unsorted = statuses.iter().filter(|status| status["type"] == 1);
        assert_eq!(unsorted.count(), 1, "one stage of «Неразобранное»");
    }
    let users = account.reads("users").await;
    for user in rows(&users, "users") {
        let rights = &user["rights"];
        assert!(user["id"].is_i64() && user["name"].is_string());
        assert!(rights["is_active"].is_boolean() && rights["is_admin"].is_boolean());
    }
    let fields = account.reads("contacts/custom_fields").await;
    let phone = rows(&fields, "custom_fields")
        .iter()
        .find(|field| field["code"] == "PHONE");
    let phone = phone.expect("every account has it");
    assert!(
        phone["enums"]
            .as_array()
            .is_some_and(|enums| enums.iter().any(|one| one["value"] == "MOB"))
    );
}

#[tokio::test]
async fn contract_contacts_and_deals_are_as_the_adapter_reads_them() {
    let account = Account::of_the_environment().await;
    let contacts = account
        .reads("contacts?limit=50&with=leads&order[id]=desc")
        .await;
    for contact in rows(&contacts, "contacts") {
        assert!(contact["id"].is_i64() && contact["updated_at"].is_i64());
        assert!(contact["_embedded"]["leads"].is_array());
        let values = &contact["custom_fields_values"];
        assert!(values.is_null() || values.is_array());
        for field in values.as_array().into_iter().flatten() {
            assert!(field["field_id"].is_i64() && field["values"].is_array());
        }
    }
    let leads = account
        .reads("leads?limit=50&with=contacts&order[id]=desc")
        .await;
    let ids: Vec<i64> = rows(&leads, "leads")
        .iter()
        .map(|lead| lead["id"].as_i64().expect("an id"))
        .collect();
    assert!(
        ids.is_sorted_by(|one, next| one > next),
        "the order that was asked for"
    );
    for lead in rows(&leads, "leads") {
        assert!(lead["pipeline_id"].is_i64() && lead["status_id"].is_i64());
        let is_closed = matches!(lead["status_id"].as_i64(), Some(142 | 143));
        assert_eq!(lead["closed_at"].is_i64(), is_closed, "closed_at");
        assert!(lead["_embedded"]["contacts"].is_array());
    }
    let newest = ids.first().expect("a deal");
    let found = account.reads(&format!("leads?filter[id][]={newest}")).await;
    assert_eq!(
        rows(&found, "leads").len(),
        1,
        "the filter that the adapter uses holds"
    );
}

#[tokio::test]
async fn contract_the_adapter_itself_reads_and_writes_nothing() {
    let account = Account::of_the_environment().await;
    let amo = account.adapter().await;
    assert!(
        amo.users()
            .await
            .expect("users")
            .iter()
            .any(|user| user.active && user.admin)
    );
    let nobody = GuestLookup {
        phone: NOBODY.to_owned(),
        contact: None,
        with_notes: true,
        fields: Vec::new(),
        tags: Vec::new(),
    };
    assert_eq!(amo.read(&nobody).await.expect("an answer").contact, None);
    for question in amo.questions() {
        let answer = amo.ask(question.id).await;
        assert!(answer.is_ok(), "{}: {answer:?}", question.id);
    }
    assert!(amo.ask("no such question").await.is_err());
    if let Some(world) = &account.world {
        let calls = world.calls("amocrm").await;
        let writes: Vec<_> = calls
            .iter()
            .filter(|(name, _)| !name.starts_with("GET"))
            .collect();
        assert!(writes.is_empty(), "{writes:?}");
    }
}
