//! The stand-ins over a real listener, seen as the product under test sees them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::http::parse_pairs;
use crate::{Connection, Limits, Options, Sandbox};

mod amocrm;
mod oauth;
mod pact;

const PHONE: &str = "79000000001";

/// A sandbox that listens, and a subscriber that keeps what it is told.
struct Stage {
    sandbox: Sandbox,
    url: String,
    hook_url: String,
    heard: Arc<Mutex<Vec<String>>>,
    refuse: Arc<Mutex<u32>>,
    client: reqwest::Client,
    connection: Connection,
    stop: CancellationToken,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn options(public: &str) -> Options {
    Options {
        public: public.to_owned(),
        backend: public.to_owned(),
        data: None,
        now: None,
        limits: Limits::Off,
        archive: Vec::new(),
        assets: std::path::PathBuf::from("node_modules"),
        sample_data: false,
    }
}

impl Stage {
    async fn set() -> Self {
        Self::set_with(|_| {}).await
    }

    async fn set_with(change: impl FnOnce(&mut Options)) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let refuse = Arc::new(Mutex::new(0));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut options = options(&url);
        options.backend = url.replace("127.0.0.1", "localhost");
        change(&mut options);
        let sandbox = Sandbox::new(options).unwrap();
        let (listened, refusing) = (heard.clone(), refuse.clone());
        let subscriber = Router::new().route(
            "/hook",
            post(move |body: Bytes| async move {
                let mut left = refusing.lock().unwrap();
                if *left > 0 {
                    *left -= 1;
                    return StatusCode::SERVICE_UNAVAILABLE;
                }
                listened
                    .lock()
                    .unwrap()
                    .push(String::from_utf8_lossy(&body).into_owned());
                StatusCode::OK
            }),
        );
        let late = heard.clone();
        let subscriber = subscriber.route(
            "/api/v1/bot/turns/{id}",
            post(move |body: String| async move { late.lock().unwrap().push(body) }),
        );
        let app = sandbox.router().merge(subscriber);
        let stop = CancellationToken::new();
        tokio::spawn(async move { axum::serve(listener, app).await });
        let (running, stopped) = (sandbox.clone(), stop.clone());
        tokio::spawn(async move { running.run(stopped).await });
        let connection = sandbox.connection();
        let hook_url = format!("{url}/hook");
        Self {
            sandbox,
            url,
            hook_url,
            heard,
            refuse,
            client: reqwest::Client::new(),
            connection,
            stop,
        }
    }

    async fn control(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let method = method.parse().unwrap();
        let request = self
            .client
            .request(method, format!("{}/sandbox/{path}", self.url));
        let request = if body.is_null() {
            request
        } else {
            request.json(&body)
        };
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.control("GET", path, Value::Null).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, body) = self.control("POST", path, body).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn fault(&self, service: &str, kind: &str) {
        self.post(
            "faults",
            json!({"service": service, "kind": kind, "count": 1}),
        )
        .await;
    }

    async fn crm(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let request = self
            .client
            .request(
                method.parse().unwrap(),
                format!("{}/api/v4/{path}", self.url),
            )
            .bearer_auth(&self.connection.amocrm_token);
        let request = if body.is_null() {
            request
        } else {
            request.json(&body)
        };
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    fn pact(&self, method: &str, path: &str, body: &Value) -> reqwest::RequestBuilder {
        let url = format!("{}/{path}", self.connection.pact_endpoint);
        let request = self.client.request(method.parse().unwrap(), url);
        request
            .header("X-Private-Api-Token", &self.connection.pact_token)
            .json(body)
    }

    async fn listen_to_pact(&self) {
        let made = self
            .pact(
                "POST",
                "companies/5001/webhooks",
                &json!({"url": self.hook_url}),
            )
            .send()
            .await
            .unwrap();
        assert_eq!(made.status(), 201);
        let made: Value = made.json().await.unwrap();
        assert_eq!(made["webhook"]["active"], false);
        let path = format!("companies/5001/webhooks/{}", made["webhook"]["id"]);
        let on = self
            .pact("PUT", &path, &json!({"active": true}))
            .send()
            .await
            .unwrap();
        assert_eq!(on.status(), 200);
        self.heard.lock().unwrap().clear();
    }

    async fn listen_to_amocrm(&self, settings: &[&str]) {
        let body = json!({"destination": self.hook_url, "settings": settings});
        let (status, _) = self.crm("POST", "webhooks", body).await;
        assert_eq!(status, 201);
    }

    /// Waits until the subscriber has heard something that satisfies, and returns it.
    async fn hears(&self, what: impl Fn(&str) -> bool) -> String {
        for _ in 0..1000 {
            if let Some(found) = self.heard.lock().unwrap().iter().find(|body| what(body)) {
                return found.clone();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("never heard; heard were {:#?}", self.heard.lock().unwrap());
    }

    async fn hears_message(&self, event: &str, text: &str) -> Value {
        let wanted = |body: &str| {
            let body: Value = serde_json::from_str(body).unwrap_or_default();
            body["type"] == "message" && body["event"] == event && body["object"]["message"] == text
        };
        serde_json::from_str(&self.hears(wanted).await).unwrap()
    }

    fn count(&self, what: impl Fn(&str) -> bool) -> usize {
        self.heard
            .lock()
            .unwrap()
            .iter()
            .filter(|body| what(body))
            .count()
    }

    async fn advance(&self, seconds: i64) {
        self.post("clock", json!({"advance_s": seconds})).await;
    }

    async fn writes(&self, text: &str) -> i64 {
        let made = self
            .post(
                &format!("guests/{PHONE}/messages"),
                json!({"text": text, "name": "Анна"}),
            )
            .await;
        made["id"].as_i64().unwrap()
    }

    async fn conversation(&self) -> i64 {
        self.get(&format!("guests/{PHONE}")).await["conversation_id"]
            .as_i64()
            .unwrap()
    }

    async fn send(&self, text: &str) -> reqwest::Result<reqwest::Response> {
        let path = format!("conversations/{}/messages", self.conversation().await);
        self.pact("POST", &path, &json!({"company_id": 5001, "text": text}))
            .send()
            .await
    }

    async fn texts(&self) -> Vec<(String, String)> {
        let transcript = self.get(&format!("guests/{PHONE}/transcript")).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        transcript
            .as_array()
            .unwrap()
            .iter()
            .map(|m| (text(&m["from"]), text(&m["text"])))
            .collect()
    }
}

fn is_form(body: &str, key: &str, value: &str) -> bool {
    parse_pairs(body)
        .iter()
        .any(|(k, v)| k == key && v == value)
}

fn form_value(body: &str, key: &str) -> Option<String> {
    parse_pairs(body)
        .into_iter()
        .find(|(k, _)| k == key)
        .map(|(_, v)| v)
}

#[tokio::test]
async fn a_guest_writes_and_the_bot_answers() {
    let stage = Stage::set().await;
    stage.listen_to_pact().await;
    let id = stage.writes("Здравствуйте").await;
    let heard = stage.hears_message("create", "Здравствуйте").await;
    assert_eq!(heard["object"]["id"], id);
    assert_eq!(heard["object"]["contact"]["phone"], PHONE);
    assert!(heard["object"]["contact"]["internal_id"].is_null());
    let sent: Value = stage
        .send("Добрый день")
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(sent["message"]["status"], "sent");
    assert!(sent["message"]["external_id"].is_null());
    let heard = stage.hears_message("update", "Добрый день").await;
    assert_eq!(heard["object"]["status"], "delivered");
    assert_eq!(heard["object"]["id"], sent["message"]["id"]);
    let wanted = [("guest", "Здравствуйте"), ("bot", "Добрый день")]
        .map(|(f, t)| (f.to_owned(), t.to_owned()));
    assert_eq!(stage.texts().await, wanted);
}

#[tokio::test]
async fn pact_makes_contact_and_deal_by_itself() {
    let stage = Stage::set().await;
    stage.post("clock", json!({"speed": 0})).await;
    stage
        .listen_to_amocrm(&["add_message", "add_lead", "add_contact"])
        .await;
    stage.writes("Хочу номер").await;
    assert_eq!(stage.get(&format!("deals?phone={PHONE}")).await, json!([]));
    stage.advance(3).await;
    let deals = stage.get("deals?phone=89000000001").await;
    let deal = &deals[0];
    assert_eq!(deal["stage"], "Новая заявка");
    assert_eq!(deal["owner_field"], Value::Null);
    assert_eq!(deal["responsible"], 9002);
    assert_eq!(deal["contact"]["name"], "Анна");
    let hook = stage
        .hears(|body| is_form(body, "message[add][0][text]", "Хочу номер"))
        .await;
    assert_eq!(
        form_value(&hook, "message[add][0][element_id]"),
        Some(deal["id"].to_string())
    );
    assert_eq!(
        form_value(&hook, "account[id]").as_deref(),
        Some("31000001")
    );
    let (status, found) = stage
        .crm("GET", "contacts?query=9000000001&with=leads", Value::Null)
        .await;
    assert_eq!(status, 200);
    assert_eq!(
        found["_embedded"]["contacts"][0]["_embedded"]["leads"][0]["id"],
        deal["id"]
    );
}

#[tokio::test]
async fn deal_faults_delay_or_prevent_it() {
    let stage = Stage::set().await;
    stage.post("clock", json!({"speed": 0})).await;
    stage.fault("amocrm", "late_deal").await;
    stage.writes("Раз").await;
    stage.advance(60).await;
    assert_eq!(stage.get(&format!("deals?phone={PHONE}")).await, json!([]));
    stage.advance(31).await;
    assert_eq!(
        stage
            .get(&format!("deals?phone={PHONE}"))
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
    stage.fault("amocrm", "never_deal").await;
    stage
        .post("guests/79000000002/messages", json!({"text": "Два"}))
        .await;
    stage.advance(300).await;
    assert_eq!(stage.get("deals?phone=79000000002").await, json!([]));
    let (status, _) = stage
        .crm("GET", "contacts?query=9000000002", Value::Null)
        .await;
    assert_eq!(status, 204);
}

#[tokio::test]
async fn pact_comes_again_five_times_a_minute_apart() {
    let stage = Stage::set().await;
    stage.listen_to_pact().await;
    stage.post("clock", json!({"speed": 0})).await;
    *stage.refuse.lock().unwrap() = 2;
    stage.writes("Повторите").await;
    for _ in 0..1000 {
        if *stage.refuse.lock().unwrap() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stage.advance(59).await;
    assert_eq!(
        stage.count(|body| body.contains("\"create\"") && body.contains("Повторите")),
        0
    );
    stage.advance(2).await;
    stage.hears_message("create", "Повторите").await;
}

#[tokio::test]
async fn changes_of_a_deal_ring_with_their_author() {
    let stage = Stage::set().await;
    stage
        .listen_to_amocrm(&[
            "update_lead",
            "status_lead",
            "responsible_lead",
            "update_task",
        ])
        .await;
    let made = json!({"phone": "8 (900) 000-00-01", "name": "Бронь", "stage": "Новая заявка"});
    let deal = stage.post("deals", made).await;
    assert_eq!(deal["contact"]["phone"], "8 (900) 000-00-01");
    let path = format!("deals/{}", deal["id"]);
    let changed = stage
        .post(
            &path,
            json!({"owner_field": "Менеджер", "by": "user", "user": 9003}),
        )
        .await;
    assert_eq!(changed["owner_field"], "Менеджер");
    let hook = stage
        .hears(|body| is_form(body, "leads[update][0][modified_user_id]", "9003"))
        .await;
    assert_eq!(
        form_value(&hook, "leads[update][0][custom_fields][0][code]").as_deref(),
        Some("DIALOG_OWNER")
    );
    assert_eq!(
        form_value(
            &hook,
            "leads[update][0][custom_fields][0][values][0][value]"
        )
        .as_deref(),
        Some("Менеджер")
    );
    let old = stage
        .crm("GET", &format!("leads/{}", deal["id"]), Value::Null)
        .await
        .1["status_id"]
        .to_string();
    stage
        .post(&path, json!({"stage": "Заезд", "by": "robot"}))
        .await;
    let hook = stage
        .hears(|body| is_form(body, "leads[status][0][modified_user_id]", "0"))
        .await;
    assert_eq!(
        form_value(&hook, "leads[status][0][old_status_id]"),
        Some(old)
    );
    let patch = json!({"custom_fields_values": [{"field_code": "DIALOG_OWNER", "values": [{"enum_code": "bot"}]}]});
    let (status, _) = stage
        .crm("PATCH", &format!("leads/{}", deal["id"]), patch)
        .await;
    assert_eq!(status, 200);
    stage
        .hears(|body| is_form(body, "leads[update][0][modified_user_id]", "9001"))
        .await;
    assert_eq!(stage.get(&path).await["owner_field"], "Бот");
    let (status, error) = stage
        .crm(
            "PATCH",
            &format!("leads/{}", deal["id"]),
            json!({"status_id": 1}),
        )
        .await;
    assert_eq!(
        (status, &error["validation-errors"][0]["errors"][0]["code"]),
        (400, &json!("NotSupportedChoice"))
    );
    assert_eq!(
        stage
            .post(&path, json!({"closed": "lost", "by": "user"}))
            .await["stage"],
        "Отказ"
    );
    stage
        .post(&path, json!({"closed": "deleted", "by": "user"}))
        .await;
    assert_eq!(
        stage
            .crm("GET", &format!("leads/{}", deal["id"]), Value::Null)
            .await
            .0,
        204
    );
}

#[tokio::test]
async fn tasks_and_notes_stand_in_the_deal() {
    let stage = Stage::set().await;
    let deal = stage
        .post(
            "deals",
            json!({"phone": PHONE, "name": "Бронь", "stage": "Заезд"}),
        )
        .await;
    let id = deal["id"].as_i64().unwrap();
    let (_, account) = stage
        .crm("GET", "account?with=task_types", Value::Null)
        .await;
    let kinds = account["_embedded"]["task_types"].as_array().unwrap();
    let kind = kinds
        .iter()
        .find(|kind| kind["name"] == "WhatsApp")
        .unwrap()["id"]
        .clone();
    let task = json!([{"text": "Ответить", "complete_till": 1_795_000_000, "task_type_id": kind, "entity_id": id,
        "entity_type": "leads", "responsible_user_id": 9002}]);
    let (status, made) = stage.crm("POST", "tasks", task).await;
    assert_eq!(status, 200);
    let (status, _) = stage
        .crm("POST", "tasks", json!([{"text": "без срока"}]))
        .await;
    assert_eq!(status, 400);
    let note = json!([{"note_type": "common", "params": {"text": "Заметка"}}]);
    assert_eq!(
        stage
            .crm("POST", &format!("leads/{id}/notes"), note)
            .await
            .0,
        200
    );
    let deal = stage.get(&format!("deals/{id}")).await;
    assert_eq!(deal["notes"], json!(["Заметка"]));
    assert_eq!(deal["tasks"][0]["type"], "WhatsApp");
    let task = made["_embedded"]["tasks"][0]["id"].as_i64().unwrap();
    let done = stage
        .post(
            &format!("tasks/{task}"),
            json!({"done": true, "by": "user", "user": 9002}),
        )
        .await;
    assert_eq!(done["done"], true);
    let open =
        format!("tasks?filter[entity_type]=leads&filter[entity_id]={id}&filter[is_completed]=0");
    assert_eq!(stage.crm("GET", &open, Value::Null).await.0, 204);
}

#[tokio::test]
async fn a_deal_has_fields_and_its_contact_tags() {
    let stage = Stage::set().await;
    let made = json!({"phone": PHONE, "name": "Бронь", "stage": "Заезд", "tags": ["без бота"],
        "fields": {"Дата заезда": "2027-02-02", "Категория номера": "Люкс", "Состав гостей": 2}});
    let deal = stage.post("deals", made).await;
    let kept =
        json!({"Дата заезда": "2027-02-02", "Категория номера": "Люкс", "Состав гостей": "2"});
    assert_eq!(deal["fields"], kept);
    assert_eq!(deal["contact"]["tags"], json!(["без бота"]));

    let (id, contact) = (&deal["id"], &deal["contact"]["id"]);
    let (_, lead) = stage.crm("GET", &format!("leads/{id}"), Value::Null).await;
    let values = lead["custom_fields_values"].as_array().unwrap();
    let arrival = values
        .iter()
        .find(|field| field["field_code"] == "ARRIVAL")
        .unwrap();
    assert_eq!(arrival["field_type"], "date");
    // Midnight in Moscow.
    assert_eq!(arrival["values"][0]["value"], 1_801_515_600);
    let (_, contact) = stage
        .crm("GET", &format!("contacts/{contact}"), Value::Null)
        .await;
    assert_eq!(contact["_embedded"]["tags"][0]["name"], "без бота");

    let path = format!("deals/{id}");
    let changed = json!({"fields": {"Дата заезда": null, "Статус оплаты": "оплачено"}, "tags": []});
    let deal = stage.post(&path, changed).await;
    assert_eq!(deal["fields"]["Дата заезда"], Value::Null);
    assert_eq!(deal["fields"]["Статус оплаты"], "оплачено");
    assert_eq!(deal["contact"]["tags"], json!([]));
    for wrong in [
        json!({"fields": {"Дата заезда": "завтра"}}),
        json!({"fields": {"Погода": "ясно"}}),
        json!({"fields": []}),
        json!({"tags": "vip"}),
        json!({"tags": [1]}),
    ] {
        let (status, _) = stage.control("POST", &path, wrong.clone()).await;
        assert_eq!(status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn robots_and_people_set_tasks() {
    let stage = Stage::set().await;
    stage.listen_to_amocrm(&["add_task"]).await;
    let deal = json!({"phone": PHONE, "name": "Бронь", "stage": "Заезд", "responsible": 9003});
    let deal = stage.post("deals", deal).await;
    let task = json!({"deal": deal["id"], "type": "Проверить оплату", "by": "robot"});
    let task = stage.post("tasks", task).await;
    assert_eq!(
        (&task["type"], &task["responsible"], &task["done"]),
        (&json!("Проверить оплату"), &json!(9003), &json!(false))
    );
    stage
        .hears(|body| is_form(body, "task[add][0][modified_user_id]", "0"))
        .await;
    let shown = stage.get(&format!("deals/{}", deal["id"])).await;
    assert_eq!(shown["tasks"], json!([task]));
    let (status, _) = stage
        .control("POST", "tasks", json!({"deal": 1, "type": "WhatsApp"}))
        .await;
    assert_eq!(status, 404);
    let unknown = json!({"deal": deal["id"], "type": "Погулять"});
    assert_eq!(stage.control("POST", "tasks", unknown).await.0, 400);
}

#[tokio::test]
async fn every_way_of_a_manager_has_its_shape() {
    let stage = Stage::set().await;
    stage.listen_to_pact().await;
    stage.listen_to_amocrm(&["add_outgoing_message"]).await;
    stage
        .post(
            "deals",
            json!({"phone": PHONE, "name": "Бронь", "stage": "Заезд"}),
        )
        .await;
    for (via, from, user) in [
        ("amocrm", "manager", "9002"),
        ("pact", "manager", "0"),
        ("phone", "manager", "0"),
        ("salesbot", "robot", "0"),
        ("bulk", "bulk", "0"),
    ] {
        stage
            .post(
                "managers/9002/messages",
                json!({"phone": PHONE, "text": via, "via": via}),
            )
            .await;
        let heard = stage.hears_message("create", via).await;
        let object = &heard["object"];
        assert_eq!(object["income"], false);
        assert_eq!(object["contact"]["internal_id"].is_null(), via == "phone");
        assert_eq!(object["external_id"].is_null(), via != "phone");
        assert_eq!(object["delivery"], via == "bulk");
        let hook = stage
            .hears(|body| is_form(body, "outgoing_message[add][0][text]", via))
            .await;
        assert_eq!(
            form_value(&hook, "outgoing_message[add][0][author][user_id]").as_deref(),
            Some(user)
        );
        assert_eq!(stage.texts().await.last().unwrap().0, from);
    }
}

#[tokio::test]
async fn request_faults_strike_once() {
    let stage = Stage::set().await;
    stage.writes("Привет").await;
    for (kind, status) in [
        ("http_500", 500),
        ("http_429", 429),
        ("http_403", 403),
        ("html_body", 200),
    ] {
        stage.fault("pact", kind).await;
        let response = stage.send("не дойдёт").await.unwrap();
        assert_eq!(response.status(), status, "{kind}");
        assert!(
            response
                .json::<Value>()
                .await
                .is_ok_and(|body| body["errors"].is_array())
                || kind == "html_body"
        );
    }
    for kind in ["refuse", "timeout"] {
        stage
            .post(
                "faults",
                json!({"service": "pact", "kind": kind, "count": 1, "ms": 10}),
            )
            .await;
        assert!(stage.send("не дойдёт").await.is_err(), "{kind}");
    }
    stage.fault("amocrm", "token_revoked").await;
    assert_eq!(stage.crm("GET", "account", Value::Null).await.0, 401);
    assert_eq!(stage.crm("GET", "account", Value::Null).await.0, 200);
    stage
        .post(
            "faults",
            json!({"service": "pact", "kind": "slow", "count": 1, "ms": 20}),
        )
        .await;
    assert_eq!(stage.send("дойдёт").await.unwrap().status(), 200);
    assert_eq!(stage.texts().await.len(), 2);
    let (status, error) = stage
        .control("POST", "faults", json!({"service": "pact", "kind": "rain"}))
        .await;
    assert_eq!(status, 400);
    assert!(error["error"].as_str().unwrap().contains("lost_response"));
}

#[tokio::test]
async fn a_lost_response_is_a_sent_message() {
    let stage = Stage::set().await;
    stage.writes("Привет").await;
    stage.fault("pact", "lost_response").await;
    assert!(stage.send("дойдёт").await.is_err());
    assert_eq!(
        stage.texts().await.last().unwrap(),
        &("bot".to_owned(), "дойдёт".to_owned())
    );
    let path = format!(
        "conversations/{}/messages?company_id=5001",
        stage.conversation().await
    );
    let list: Value = stage
        .pact("GET", &path, &Value::Null)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(list["messages"][0]["message"], "дойдёт");
    let calls = stage.get("calls?service=pact").await;
    assert!(
        calls
            .as_array()
            .unwrap()
            .iter()
            .any(|call| call["method"] == "POST" && call["status"].is_null())
    );
}

#[tokio::test]
async fn the_hook_may_come_before_the_response() {
    let stage = Stage::set().await;
    stage.listen_to_pact().await;
    stage.writes("Привет").await;
    stage.fault("pact", "hook_before_response").await;
    stage.send("раньше").await.unwrap();
    assert_eq!(
        stage.count(|body| body.contains("\"create\"") && body.contains("раньше")),
        1
    );
}

#[tokio::test]
async fn hook_faults_drop_double_delay_and_reorder() {
    let stage = Stage::set().await;
    stage.listen_to_pact().await;
    let is_create =
        |text: &'static str| move |body: &str| body.contains("\"create\"") && body.contains(text);
    stage.fault("pact", "hook_drop").await;
    stage.writes("пропавшее").await;
    stage.fault("pact", "hook_dup").await;
    stage.writes("двойное").await;
    stage
        .post(
            "faults",
            json!({"service": "pact", "kind": "hook_reorder", "count": 1, "ms": 100}),
        )
        .await;
    stage.writes("первое").await;
    stage.writes("второе").await;
    stage.hears_message("create", "первое").await;
    assert_eq!(stage.count(is_create("пропавшее")), 0);
    assert_eq!(stage.count(is_create("двойное")), 2);
    let heard = stage.heard.lock().unwrap().clone();
    let place = |text: &'static str| heard.iter().position(|body| is_create(text)(body)).unwrap();
    assert!(place("второе") < place("первое"));
    stage.fault("pact", "v1_twin").await;
    stage.writes("близнец").await;
    stage
        .hears(|body| body.contains("\"new\"") && body.contains("близнец"))
        .await;
}

#[tokio::test]
async fn echoes_of_our_own_texts_may_mislead() {
    let stage = Stage::set().await;
    stage.listen_to_amocrm(&["add_outgoing_message"]).await;
    stage
        .post(
            "deals",
            json!({"phone": PHONE, "name": "Бронь", "stage": "Заезд"}),
        )
        .await;
    stage.writes("Привет").await;
    let author = "outgoing_message[add][0][author][user_id]";
    stage.send("как есть").await.unwrap();
    let hook = stage
        .hears(|body| is_form(body, "outgoing_message[add][0][text]", "как есть"))
        .await;
    assert_eq!(form_value(&hook, author).as_deref(), Some("0"));
    stage.fault("amocrm", "echo_as_user").await;
    stage.send("как человек").await.unwrap();
    let hook = stage
        .hears(|body| is_form(body, "outgoing_message[add][0][text]", "как человек"))
        .await;
    assert_eq!(form_value(&hook, author).as_deref(), Some("9001"));
    stage.fault("amocrm", "echo_none").await;
    stage.send("без эха").await.unwrap();
    stage.send("с эхом").await.unwrap();
    stage
        .hears(|body| is_form(body, "outgoing_message[add][0][text]", "с эхом"))
        .await;
    assert_eq!(
        stage.count(|body| is_form(body, "outgoing_message[add][0][text]", "без эха")),
        0
    );
}

#[tokio::test]
async fn the_index_may_lag() {
    let stage = Stage::set().await;
    stage
        .post(
            "deals",
            json!({"phone": PHONE, "name": "Бронь", "stage": "Заезд"}),
        )
        .await;
    let look = "contacts?query=9000000001";
    stage.fault("amocrm", "index_lag").await;
    assert_eq!(stage.crm("GET", look, Value::Null).await.0, 204);
    assert_eq!(stage.crm("GET", look, Value::Null).await.0, 200);
    stage
        .post(
            "faults",
            json!({"service": "amocrm", "kind": "index_lag", "for_s": 600}),
        )
        .await;
    assert_eq!(stage.crm("GET", look, Value::Null).await.0, 204);
    stage.advance(31).await;
    assert_eq!(stage.crm("GET", look, Value::Null).await.0, 200);
}

#[tokio::test]
async fn what_was_made_just_now_may_not_be_found_yet() {
    let stage = Stage::set().await;
    let deal = json!({"phone": PHONE, "name": "Бронь", "stage": "Заезд"});
    let deal = stage.post("deals", deal).await["id"].clone();
    let task = json!([{"text": "x", "complete_till": 1_800_000_000, "entity_id": deal, "entity_type": "leads"}]);
    assert_eq!(stage.crm("POST", "tasks", task).await.0, 200);
    let notes = format!("leads/{deal}/notes");
    let note = json!([{"note_type": "common", "params": {"text": "x"}}]);
    assert_eq!(stage.crm("POST", &notes, note).await.0, 200);
    for look in ["tasks", &notes, "leads"] {
        stage.fault("amocrm", "index_lag").await;
        assert_eq!(stage.crm("GET", look, Value::Null).await.0, 204, "{look}");
        assert_eq!(stage.crm("GET", look, Value::Null).await.0, 200, "{look}");
    }
}

#[tokio::test]
async fn the_clock_only_goes_forward() {
    let stage = Stage::set().await;
    stage.post("clock", json!({"speed": 0})).await;
    let start = stage.get("clock").await;
    assert!(
        start["now"]
            .as_str()
            .unwrap()
            .starts_with("2026-11-18T11:00")
    );
    let (status, error) = stage
        .control("POST", "clock", json!({"set": "2026-11-18T10:00:00+03:00"}))
        .await;
    assert_eq!(status, 400);
    assert!(error["error"].is_string());
    let set = stage
        .post("clock", json!({"set": "2026-11-18T12:00:00+03:00"}))
        .await;
    assert_eq!(
        set,
        json!({"now": "2026-11-18T12:00:00+03:00", "speed": 0.0})
    );
}

#[tokio::test]
async fn limits_are_those_of_the_providers() {
    let stage = Stage::set_with(|options| options.limits = Limits::Real).await;
    stage.post("clock", json!({"speed": 0})).await;
    stage.writes("Привет").await;
    for _ in 0..7 {
        assert_eq!(stage.crm("GET", "account", Value::Null).await.0, 200);
    }
    assert_eq!(stage.crm("GET", "account", Value::Null).await.0, 429);
    for _ in 0..5 {
        assert_eq!(stage.send("раз").await.unwrap().status(), 200);
    }
    let refused = stage.send("лишний").await.unwrap();
    assert_eq!(refused.status(), 429);
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["errors"][0]["detail"], "Please wait for 1 seconds");
}

#[tokio::test]
async fn rights_and_envelopes() {
    let stage = Stage::set().await;
    let bare = stage
        .client
        .get(format!("{}/api/v4/account", stage.url))
        .send()
        .await
        .unwrap();
    assert_eq!(bare.status(), 401);
    assert_eq!(bare.headers()["content-type"], "application/problem+json");
    assert_eq!(stage.crm("GET", "leads", Value::Null).await.0, 204);
    assert_eq!(stage.crm("GET", "leads/1", Value::Null).await.0, 204);
    assert_eq!(stage.crm("GET", "nothing", Value::Null).await.0, 404);
    assert_eq!(stage.crm("DELETE", "leads/1", Value::Null).await.0, 405);
    for n in 0..3 {
        let item = json!([{"name": format!("Сделка {n}"), "request_id": "мой"}]);
        let (status, made) = stage.crm("POST", "leads", item).await;
        assert_eq!(
            (status, &made["_embedded"]["leads"][0]["request_id"]),
            (200, &json!("мой"))
        );
    }
    let (_, page) = stage.crm("GET", "leads?limit=2", Value::Null).await;
    assert_eq!(page["_embedded"]["leads"].as_array().unwrap().len(), 2);
    assert!(
        page["_links"]["next"]["href"]
            .as_str()
            .unwrap()
            .contains("page=2")
    );
    stage.post("users/9003", json!({"is_active": false})).await;
    for (user, status) in [("9002", 200), ("9003", 403), ("1", 401)] {
        let request = stage.client.get(format!("{}/api/v4/account", stage.url));
        let request = request
            .bearer_auth(&stage.connection.amocrm_token)
            .header("X-Context-User-ID", user);
        assert_eq!(request.send().await.unwrap().status(), status);
    }
}

#[tokio::test]
async fn the_bot_answers_signed_turns_only() {
    use hmac::{KeyInit, Mac};
    let stage = Stage::set().await;
    let rules = json!([{"contains": "счёт", "reply": "Счёт", "confidence": 0.4}, {"contains": "сбой", "status": 503},
        {"contains": "позже", "status": 202}]);
    stage.post("bot", json!({"rules": rules})).await;
    let ask = async |turn: &str, text: &str, secret: &str| {
        let message = json!([{"id": "m1", "text": "раньше"}, {"id": "m2", "text": text}]);
        let body = json!({"turn_id": turn, "messages": message}).to_string();
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("1794988800.{body}").as_bytes());
        let response = stage
            .client
            .post(format!("{}/turns", stage.connection.bot_url))
            .header("X-Estafeta-Timestamp", "1794988800")
            .header(
                "X-Estafeta-Signature",
                hex::encode(mac.finalize().into_bytes()),
            )
            .body(body)
            .send()
            .await
            .unwrap();
        (
            response.status().as_u16(),
            response.json::<Value>().await.unwrap(),
        )
    };
    let secret = stage.connection.bot_secret.as_str();
    assert_eq!(ask("t1", "Есть места?", "другой").await.0, 401);
    let (status, answer) = ask("t1", "Есть места?", secret).await;
    assert_eq!(status, 200);
    assert_eq!(
        answer["replies"][0]["text"],
        "Ответ на «Есть места?» [t1: m1, m2]"
    );
    assert_eq!(
        (&answer["kb"], &answer["done"]),
        (&json!("hit"), &json!(["consulted"]))
    );
    assert_eq!(ask("t2", "Нужен счёт", secret).await.1["confidence"], 0.4);
    assert_eq!(ask("t3", "сбой", secret).await.0, 503);
    stage.post("bot", json!({"rules": []})).await;
    assert_eq!(
        ask("t2", "Нужен счёт", secret).await.1["replies"][0]["text"],
        "Счёт"
    );
}

#[tokio::test]
async fn the_archive_is_served_below_its_path() {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let entries = [
        ("manifest.json", r#"{"widget":{"version":"1.2.3"}}"#),
        ("i18n/ru.json", "{}"),
        ("script.js", "define()"),
    ];
    for (name, text) in entries {
        zip.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    let archive = zip.finish().unwrap().into_inner();
    let stage = Stage::set_with(|options| options.archive = archive).await;
    let state: Value = stage
        .client
        .get(format!("{}/ajax/state/0", stage.url))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(state["widget"]["version"], "1.2.3");
    let base = format!("{}{}", stage.url, state["widget"]["path"].as_str().unwrap());
    let script = stage
        .client
        .get(format!("{base}/script.js?v=1.2.3"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        script.headers()["content-type"],
        "text/javascript; charset=utf-8"
    );
    assert_eq!(script.text().await.unwrap(), "define()");
    assert_eq!(
        stage
            .client
            .get(format!("{base}/i18n/ru.json"))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(
        stage
            .client
            .get(format!("{base}/none.js"))
            .send()
            .await
            .unwrap()
            .status(),
        404
    );
}

#[tokio::test]
async fn raw_payloads_pass_as_they_stand() {
    let stage = Stage::set().await;
    let post = async |body: &'static str| {
        let url = format!("{}/sandbox/guests/{PHONE}/raw", stage.url);
        let response = stage.client.post(url).body(body).send().await.unwrap();
        (
            response.status().as_u16(),
            response.json::<Value>().await.unwrap(),
        )
    };
    assert_eq!(post("{}").await.0, 409);
    stage.listen_to_pact().await;
    let broken = "{ \"event\":\"create\", ";
    assert_eq!(post(broken).await, (200, json!({"status": 200})));
    stage.hears(|body| body == broken).await;
}

#[tokio::test]
async fn contacts_merge() {
    let stage = Stage::set().await;
    let one = stage
        .post(
            "deals",
            json!({"phone": PHONE, "name": "Раз", "stage": "Заезд"}),
        )
        .await;
    let two = stage
        .post(
            "deals",
            json!({"phone": PHONE, "name": "Два", "stage": "Заезд", "new_contact": true}),
        )
        .await;
    assert_ne!(one["contact"]["id"], two["contact"]["id"]);
    stage
        .post(
            "contacts/merge",
            json!({"into": one["contact"]["id"], "from": two["contact"]["id"]}),
        )
        .await;
    let merged = stage.get(&format!("deals/{}", two["id"])).await;
    assert_eq!(merged["contact"]["id"], one["contact"]["id"]);
    assert_eq!(
        stage
            .crm(
                "GET",
                &format!("contacts/{}", two["contact"]["id"]),
                Value::Null
            )
            .await
            .0,
        204
    );
}

#[tokio::test]
async fn the_data_folder_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::set_with(|options| options.data = Some(folder.path().to_owned())).await;
    stage.writes("Запомните").await;
    stage.advance(3600).await;
    let mut again = options("http://127.0.0.1:1");
    again.data = Some(folder.path().to_owned());
    let again = Sandbox::new(again).unwrap();
    assert_eq!(again.connection().pact_token, stage.connection.pact_token);
    assert!(again.clock().now_ms() >= stage.sandbox.clock().now_ms() - 60_000);
    let request = Request::get(format!("/sandbox/guests/{PHONE}/transcript"))
        .body(Body::empty())
        .unwrap();
    let response = again.router().oneshot(request).await.unwrap();
    let body = axum::body::to_bytes(response.into_body(), 100_000)
        .await
        .unwrap();
    let transcript: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(transcript[0]["text"], "Запомните");
}

#[tokio::test]
async fn the_card_page_carries_its_state_and_a_token() {
    let stage = Stage::set().await;
    let deal = stage
        .post(
            "deals",
            json!({"phone": PHONE, "name": "</script>", "stage": "Заезд"}),
        )
        .await;
    let html = stage
        .client
        .get(format!(
            "{}/leads/detail/{}?user=9001",
            stage.url, deal["id"]
        ))
        .send()
        .await
        .unwrap();
    assert_eq!(html.status(), 200);
    let state: Value = stage
        .client
        .get(format!("{}/ajax/state/{}?user=9001", stage.url, deal["id"]))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(state["user"]["is_admin"], true);
    let uuid = state["widget"]["client_uuid"].as_str().unwrap();
    let url = format!(
        "{}/ajax/v2/integrations/{uuid}/disposable_token?user=9001",
        stage.url
    );
    let token: Value = stage
        .client
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let key = jsonwebtoken::DecodingKey::from_secret(stage.connection.client_secret.as_bytes());
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
    validation.set_audience(&["http://localhost"]);
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode::<Value>(token["token"].as_str().unwrap(), &key, &validation)
        .unwrap()
        .claims;
    assert_eq!(claims["user_id"], 9001);
    assert_eq!(claims["iss"], stage.url);
}
