//! The simulator checklist of `reference/pact-api.md` §13: one test a line, in the order of the list.

use serde_json::{Value, json};

use super::{PHONE, Stage, form_value, is_form};
use crate::Limits;

/// An answer of Pact's API: status and body.
type Said = (u16, Value);

impl Stage {
    async fn pact_asks(&self, method: &str, path: &str, body: Value) -> Said {
        let response = self.pact(method, path, &body).send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    async fn pact_reads(&self, path: &str) -> Value {
        let (status, body) = self.pact_asks("GET", path, Value::Null).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn is_so(&self, ways: Value) {
        self.post("pact", ways).await;
    }

    async fn guest_sends(&self, message: Value) -> i64 {
        let path = format!("guests/{PHONE}/messages");
        self.post(&path, message).await["id"].as_i64().unwrap()
    }

    async fn changes(&self, message: i64, change: Value) {
        let path = format!("guests/{PHONE}/messages/{message}");
        self.post(&path, change).await;
    }

    /// Waits for an event whose object is so.
    async fn hears_event(&self, kind: &str, event: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let wanted = |body: &str| {
            let body: Value = serde_json::from_str(body).unwrap_or_default();
            body["type"] == kind && body["event"] == event && holds(&body["object"])
        };
        let heard: Value = serde_json::from_str(&self.hears(wanted).await).unwrap();
        heard["object"].clone()
    }

    async fn manager(&self, text: &str, via: &str) {
        let body = json!({"phone": PHONE, "text": text, "via": via});
        self.post("managers/9002/messages", body).await;
    }

    /// Everything that was heard, as JSON, in order.
    fn told(&self) -> Vec<Value> {
        let heard = self.heard.lock().unwrap();
        heard
            .iter()
            .map(|body| serde_json::from_str(body).unwrap_or_default())
            .collect()
    }
}

fn texts(list: &Value) -> Vec<&str> {
    let rows = list["messages"].as_array().unwrap();
    rows.iter()
        .map(|row| row["message"].as_str().unwrap_or_default())
        .collect()
}

#[tokio::test]
async fn pact_checklist_1_auth_in_header_query_or_body_and_refusals() {
    let stage = Stage::set().await;
    let (url, token) = (
        format!("{}/auths", stage.connection.pact_endpoint),
        stage.connection.pact_token.clone(),
    );
    let in_header = stage.client.get(&url).header("X-Private-Api-Token", &token);
    let in_query = stage.client.get(format!("{url}?private_api_token={token}"));
    let in_body = stage
        .client
        .get(&url)
        .json(&json!({"private_api_token": token}));
    for request in [in_header, in_query, in_body] {
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    for request in [
        stage.client.get(&url),
        stage.client.get(&url).header("X-Private-Api-Token", "odd"),
    ] {
        let refused = request.send().await.unwrap();
        assert_eq!(refused.status(), 401);
        let body: Value = refused.json().await.unwrap();
        let error = &body["errors"][0];
        assert_eq!(
            (&error["status"], &error["code"]),
            (&json!(401), &json!("unauthorized"))
        );
        assert!(error["detail"].is_string() && error["title"].is_string());
    }
    for (kind, status) in [("http_402", 402), ("http_403", 403), ("token_revoked", 401)] {
        stage.fault("pact", kind).await;
        let (said, body) = stage.pact_asks("GET", "auths", Value::Null).await;
        assert_eq!(
            (said, &body["errors"][0]["status"]),
            (status, &json!(status))
        );
    }
    assert_eq!(stage.pact_asks("GET", "auths", Value::Null).await.0, 200);
}

#[tokio::test]
async fn pact_checklist_2_webhooks_five_at_most_inactive_first_and_tested() {
    let stage = Stage::set().await;
    let list = "companies/5001/webhooks";
    let pings = || {
        let told = stage.told();
        let ping = json!({"operation": "test", "source": "pact.im"});
        told.iter().filter(|body| **body == ping).count()
    };
    let hook = json!({"url": stage.hook_url});
    let (status, made) = stage.pact_asks("POST", list, hook.clone()).await;
    assert_eq!((status, &made["webhook"]["active"]), (201, &json!(false)));
    assert_eq!(pings(), 1, "a new address is tried");
    stage.writes("ещё не слышно").await;
    let path = format!("{list}/{}", made["webhook"]["id"]);
    let (status, on) = stage.pact_asks("PUT", &path, json!({"active": true})).await;
    assert_eq!((status, &on["webhook"]["active"]), (200, &json!(true)));
    assert_eq!(pings(), 2, "and again when it is switched on");
    let id = stage.writes("слышно").await;
    stage.hears_message("create", "слышно").await;
    stage
        .hears_event("conversation", "update", |object| {
            object["last_message_id"] == id
        })
        .await;
    assert_eq!(stage.count(|body| body.contains("ещё не слышно")), 0);
    // Whoever does not answer 200 is not taken.
    *stage.refuse.lock().unwrap() = 1;
    assert_eq!(stage.pact_asks("POST", list, hook.clone()).await.0, 400);
    let nobody = json!({"url": format!("{}/nobody", stage.url)});
    assert_eq!(stage.pact_asks("PUT", &path, nobody).await.0, 400);
    for _ in 0..4 {
        assert_eq!(stage.pact_asks("POST", list, hook.clone()).await.0, 201);
    }
    assert_eq!(
        stage.pact_asks("POST", list, hook).await.0,
        400,
        "a sixth one"
    );
    assert_eq!(
        stage.pact_reads(list).await["webhooks"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    assert_eq!(stage.pact_asks("DELETE", &path, Value::Null).await.0, 204);
    assert_eq!(stage.pact_asks("DELETE", &path, Value::Null).await.0, 404);
}

#[tokio::test]
async fn pact_checklist_3_conversations_are_found_read_and_changed() {
    let stage = Stage::set().await;
    stage.listen_to_pact().await;
    stage.writes("Привет").await;
    stage
        .post(
            "guests/79000000002/messages",
            json!({"text": "И я", "name": "Пётр"}),
        )
        .await;
    let found = async |search: &str| {
        let path = format!("conversations?company_id=5001&search_string={search}");
        let list = stage.pact_reads(&path).await;
        assert_eq!(list["meta"]["per_page"], 25);
        list["conversations"].as_array().unwrap().clone()
    };
    assert_eq!(found("").await.len(), 2);
    for search in [
        "%2B79000000001",
        "%4079000000001",
        "9000000001",
        "%D0%90%D0%BD%D0%BD%D0%B0",
    ] {
        let rows = found(search).await;
        assert_eq!(rows.len(), 1, "{search}");
        assert_eq!(rows[0]["sender_phone"], PHONE);
    }
    let path = format!("conversations/{}", stage.conversation().await);
    let known = stage.pact_reads(&format!("{path}?company_id=5001")).await["conversation"].clone();
    assert_eq!(known["replied_state"], "unreplied");
    for absent in ["meta", "channel_id", "assignee_id"] {
        assert!(known.get(absent).is_none(), "{absent}");
    }
    let change = json!({"company_id": 5001, "operational_state": "archived", "replied_state": "replied", "assignee_id": 7});
    let (status, changed) = stage.pact_asks("PUT", &path, change).await;
    assert_eq!(
        (status, &changed["conversation"]["operational_state"]),
        (200, &json!("archived"))
    );
    assert!(
        changed["conversation"].get("assignee_id").is_none(),
        "it is not echoed"
    );
    stage
        .hears_event("conversation", "update", |object| {
            object["operational_state"] == "archived"
        })
        .await;
    assert_eq!(
        stage.pact_asks("GET", &path, Value::Null).await.0,
        400,
        "company_id is needed"
    );
    assert_eq!(
        stage
            .pact_asks("GET", "conversations/1?company_id=5001", Value::Null)
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn pact_checklist_4_messages_attachments_templates_and_channels() {
    let stage = Stage::set().await;
    let first = stage.writes("Привет").await;
    let list = format!("conversations/{}/messages", stage.conversation().await);
    let (status, sent) = stage
        .pact_asks(
            "POST",
            &list,
            json!({"company_id": "5001", "text": "Добрый день"}),
        )
        .await;
    assert_eq!(status, 200);
    let read = stage.pact_reads(&format!("{list}?company_id=5001")).await;
    assert_eq!(texts(&read), ["Добрый день", "Привет"]);
    assert_eq!(read["meta"]["per_page"], 150);
    let one = stage
        .pact_reads(&format!("{list}/{first}?company_id=5001"))
        .await;
    assert_eq!(one["message"]["id"], first);
    // A file: uploaded, then sent by its id, one a message.
    let upload = json!({"company_id": 5001, "file_url": "https://files.example.test/a.pdf"});
    let (status, file) = stage.pact_asks("POST", "attachments/", upload).await;
    assert_eq!(
        (status, &file["attachment"]["message_id"]),
        (200, &Value::Null)
    );
    let id = &file["attachment"]["id"];
    let two = json!({"company_id": 5001, "attachment_ids": [id, id]});
    assert_eq!(stage.pact_asks("POST", &list, two).await.0, 400);
    let with_file = json!({"company_id": 5001, "attachment_ids": [id]});
    let (_, with_file) = stage.pact_asks("POST", &list, with_file).await;
    let url = with_file["message"]["attachments"][0]["attachment_url"].clone();
    let bytes = stage
        .client
        .get(url.as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(bytes.bytes().await.unwrap().len(), crate::pact::cdn::SIZE);
    // What is taken back stays in the list as deleted.
    let id = &sent["message"]["id"];
    let gone = json!({"company_id": 5001, "message_ids": [id]});
    assert_eq!(stage.pact_asks("DELETE", &list, gone).await.0, 200);
    let many = json!({"company_id": 5001, "message_ids": vec![1; 101]});
    assert_eq!(stage.pact_asks("DELETE", &list, many).await.0, 400);
    let one = stage
        .pact_reads(&format!("{list}/{id}?company_id=5001"))
        .await;
    assert_eq!(one["message"]["deleted"], true);
    // Writing first makes the conversation.
    let first = json!({"company_id": 5001, "provider": "whatsapp", "phone": "79000000005", "text": "Добрый день"});
    let (status, first) = stage.pact_asks("POST", "messages", first).await;
    assert_eq!(status, 200);
    let known = stage.get("guests/79000000005").await;
    assert_eq!(
        first["message"]["conversation_id"],
        known["conversation_id"]
    );
    let elsewhere =
        json!({"company_id": 5001, "provider": "sms", "phone": "79000000005", "text": "Да"});
    assert_eq!(stage.pact_asks("POST", "messages", elsewhere).await.0, 400);
    let channels = stage.pact_reads("companies/5001/auths").await;
    assert_eq!(channels["auths"][0]["provider"], "whatsapp");
    assert_eq!(channels["auths"][0]["state"], "enabled");
    assert_eq!(
        stage.pact_reads("waba_templates").await["waba_templates"],
        json!([])
    );
}

#[tokio::test]
async fn pact_checklist_4_a_template_opens_a_closed_window() {
    let stage = Stage::set().await;
    stage.is_so(json!({"provider": "whatsapp_business"})).await;
    let templates = stage.pact_reads("waba_templates?company_ids[]=5001").await;
    let template = &templates["waba_templates"][0];
    assert_eq!(template["substitutions_count"], 1);
    stage.writes("Привет").await;
    stage.advance(25 * 60 * 60).await;
    stage.send("свободный текст").await.unwrap();
    assert_eq!(stage.texts().await.len(), 1, "it has not reached the guest");
    let late = json!({"company_id": 5001, "provider": "whatsapp_business", "phone": PHONE, "waba_id": template["waba_id"],
        "substitutions": ["Анна"]});
    let (status, sent) = stage.pact_asks("POST", "messages", late.clone()).await;
    assert_eq!(
        (status, sent["message"]["message"].as_str()),
        (200, Some("Анна, вы ещё выбираете номер?"))
    );
    assert_eq!(stage.texts().await.len(), 2);
    for (key, odd) in [
        ("substitutions", json!([])),
        ("waba_id", json!("8101")),
        ("provider", json!("whatsapp")),
    ] {
        let mut body = late.clone();
        body[key] = odd;
        assert_eq!(
            stage.pact_asks("POST", "messages", body).await.0,
            400,
            "{key}"
        );
    }
    stage.is_so(json!({"late_text": "refused"})).await;
    assert_eq!(stage.send("свободный текст").await.unwrap().status(), 400);
    stage.writes("Ещё выбираю").await;
    assert_eq!(stage.send("открыто снова").await.unwrap().status(), 200);
}

#[tokio::test]
async fn pact_checklist_5_limits_say_how_long_to_wait_in_words() {
    let stage = Stage::set_with(|options| options.limits = Limits::Real).await;
    stage.post("clock", json!({"speed": 0})).await;
    stage.writes("Привет").await;
    let one = format!("conversations/{}", stage.conversation().await);
    let wait = |body: &Value| {
        let detail = body["errors"][0]["detail"].as_str().unwrap().to_owned();
        assert_eq!(body["errors"][0]["code"], "too_many_requests");
        detail
    };
    for (path, most) in [
        (format!("{one}/messages?company_id=5001"), 20),
        (format!("{one}?company_id=5001"), 10),
        ("conversations?company_id=5001".to_owned(), 10),
        ("waba_templates".to_owned(), 20),
    ] {
        for n in 0..most {
            assert_eq!(
                stage.pact_asks("GET", &path, Value::Null).await.0,
                200,
                "{path}, {n}"
            );
        }
        let (status, body) = stage.pact_asks("GET", &path, Value::Null).await;
        assert_eq!(
            (status, wait(&body).as_str()),
            (429, "Please wait for 60 seconds"),
            "{path}"
        );
    }
    for second in 0..6 {
        for _ in 0..5 {
            assert_eq!(stage.send("раз").await.unwrap().status(), 200, "{second}");
        }
        let (status, body) = {
            let refused = stage.send("лишний").await.unwrap();
            (refused.status(), refused.json().await.unwrap())
        };
        assert_eq!(status, 429);
        let seconds = if second < 5 { 1 } else { 55 };
        let wanted = format!("Please wait for {seconds} seconds");
        if second < 5 {
            assert_eq!(wait(&body), wanted);
        }
        stage.advance(1).await;
    }
    let refused = stage.send("тридцать первый").await.unwrap();
    assert_eq!(refused.status(), 429, "thirty a minute");
    let off = Stage::set().await;
    off.writes("Привет").await;
    for _ in 0..40 {
        assert_eq!(off.send("раз").await.unwrap().status(), 200, "switched off");
    }
}

#[tokio::test]
async fn pact_checklist_6_a_send_is_sent_then_created_then_delivered_then_read() {
    let stage = Stage::set().await;
    stage.listen_to_pact().await;
    stage
        .is_so(json!({"read_marks": true, "sent_status": 201}))
        .await;
    stage.writes("Привет").await;
    let sent = stage.send("Добрый день").await.unwrap();
    assert_eq!(
        sent.status(),
        201,
        "the status of success is not documented"
    );
    let sent: Value = sent.json().await.unwrap();
    assert_eq!(sent["message"]["status"], "sent");
    assert!(sent["message"]["external_id"].is_null());
    let id = sent["message"]["id"].clone();
    let is_read = |object: &Value| object["id"] == id && object["status"] == "read";
    stage.hears_event("message", "update", is_read).await;
    let told = stage.told();
    let of_it: Vec<&Value> = told
        .iter()
        .filter(|body| body["type"] == "message" && body["object"]["id"] == id)
        .collect();
    let statuses: Vec<_> = of_it
        .iter()
        .map(|body| (&body["event"], &body["object"]["status"]))
        .collect();
    let (create, update) = (json!("create"), json!("update"));
    let wanted = [json!("sent"), json!("delivered"), json!("read")];
    assert_eq!(
        statuses,
        [
            (&create, &wanted[0]),
            (&update, &wanted[1]),
            (&update, &wanted[2])
        ]
    );
    assert!(of_it[1]["object"]["external_id"].is_string());
    assert!(
        of_it[1]["object"].get("conversation").is_none(),
        "bare, as in the sample of 2025"
    );
    assert!(
        told.iter()
            .any(|body| body["type"] == "conversation" && body["object"]["last_message_id"] == id)
    );
    stage.is_so(json!({"update": "full"})).await;
    stage.send("И ещё").await.unwrap();
    let full = stage
        .hears_event("message", "update", |object| object["message"] == "И ещё")
        .await;
    assert_eq!(full["conversation"]["provider"], "whatsapp");
}

#[tokio::test]
async fn pact_checklist_6_message_and_conversation_come_in_either_order() {
    let stage = Stage::set().await;
    stage.listen_to_pact().await;
    let mut orders = std::collections::BTreeSet::new();
    for n in 0..12 {
        let text = format!("№ {n}");
        let id = stage.writes(&text).await;
        stage.hears_message("create", &text).await;
        stage
            .hears_event(
                "conversation",
                if n == 0 { "create" } else { "update" },
                |object| object["last_message_id"] == id,
            )
            .await;
        let told = stage.told();
        let place = |kind: &str, key: &str| {
            told.iter()
                .position(|body| body["type"] == kind && body["object"][key] == id)
                .unwrap()
        };
        orders.insert(place("message", "id") < place("conversation", "last_message_id"));
    }
    assert_eq!(orders.len(), 2, "both orders occur");
}

#[tokio::test]
async fn pact_checklist_7_webhook_before_response_and_response_lost() {
    let stage = Stage::set().await;
    stage.listen_to_pact().await;
    stage.writes("Привет").await;
    stage.fault("pact", "hook_before_response").await;
    stage.send("раньше ответа").await.unwrap();
    assert_eq!(
        stage.count(|body| body.contains("\"create\"") && body.contains("раньше ответа")),
        1
    );
    stage.fault("pact", "lost_response").await;
    assert!(stage.send("без ответа").await.is_err());
    stage.hears_message("update", "без ответа").await;
    assert_eq!(stage.texts().await.last().unwrap().1, "без ответа");
}

#[tokio::test]
async fn pact_checklist_8_a_send_that_fails_has_details_of_any_shape() {
    let stage = Stage::set().await;
    stage.listen_to_pact().await;
    stage.writes("Привет").await;
    for (n, details) in [
        Value::Null,
        json!("number is not registered"),
        json!({"result": "NOT DELIVERED", "reason": {"code": 131_047}}),
        json!([{"code": 470}]),
        json!(false),
    ]
    .into_iter()
    .enumerate()
    {
        stage.is_so(json!({"details": details})).await;
        stage.fault("pact", "undelivered").await;
        let text = format!("не дойдёт {n}");
        let sent: Value = stage.send(&text).await.unwrap().json().await.unwrap();
        assert_eq!(sent["message"]["status"], "sent", "accepted all the same");
        let verdict = stage
            .hears_event("message", "update", |object| object["message"] == *text)
            .await;
        assert_eq!(
            (&verdict["status"], &verdict["details"]),
            (&json!("error"), &details)
        );
        assert!(verdict["external_id"].is_null());
    }
    assert_eq!(
        stage.texts().await.len(),
        1,
        "nothing has reached the guest"
    );
    stage.send("дойдёт").await.unwrap();
    assert_eq!(stage.texts().await.len(), 2);
}

#[tokio::test]
async fn pact_checklist_9_what_guests_send() {
    let stage = Stage::set().await;
    stage.listen_to_pact().await;
    let first = stage.writes("Привет").await;
    let heard = stage.hears_message("create", "Привет").await["object"].clone();
    assert!(heard["contact"].get("internal_id").is_none());
    // Attachments: empty text, voice, PDF.
    for (kind, mime, voice) in [
        ("image", "image/jpeg", false),
        ("voice", "audio/ogg", true),
        ("pdf", "application/pdf", false),
    ] {
        let id = stage
            .guest_sends(json!({"attachments": [{"type": kind}]}))
            .await;
        let object = stage
            .hears_event("message", "create", |object| object["id"] == id)
            .await;
        let file = &object["attachments"][0];
        assert_eq!(
            (
                &object["message"],
                &file["mime_type"],
                &file["push_to_talk"]
            ),
            (&Value::Null, &json!(mime), &json!(voice))
        );
    }
    // A reply names the provider's id of what it answers.
    let reply = stage
        .guest_sends(json!({"text": "Вот это", "reply_to": first}))
        .await;
    let object = stage
        .hears_event("message", "create", |object| object["id"] == reply)
        .await;
    assert_eq!(object["replied_to_id"], heard["external_id"]);
    // Five in a row.
    for n in 0..5 {
        stage.writes(&format!("очередь {n}")).await;
    }
    for n in 0..5 {
        stage.hears_message("create", &format!("очередь {n}")).await;
    }
    // Reaction, edit, deletion by either event.
    stage.changes(first, json!({"reaction": "👍"})).await;
    let object = stage
        .hears_event("message", "update", |object| object["id"] == first)
        .await;
    assert_eq!(object["reactions"].as_array().unwrap().len(), 1);
    stage.changes(first, json!({"text": "Добрый день"})).await;
    stage.hears_message("update", "Добрый день").await;
    stage.changes(first, json!({"deleted": true})).await;
    stage
        .hears_event("message", "update", |object| object["deleted"] == true)
        .await;
    stage
        .is_so(json!({"deletion": "delete", "edits_told": false}))
        .await;
    stage.changes(reply, json!({"text": "не слышно"})).await;
    stage.changes(reply, json!({"deleted": true})).await;
    stage
        .hears_event("message", "delete", |object| object["id"] == reply)
        .await;
    assert_eq!(
        stage.count(|body| body.contains("\"update\"") && body.contains("не слышно")),
        0
    );
    // History.
    let old = json!({"text": "давно", "provider_time": "2026-11-01T10:00:00+03:00"});
    stage.guest_sends(old.clone()).await;
    let object = stage.hears_message("create", "давно").await["object"].clone();
    assert!(
        object["external_created_at"].as_str().unwrap() < object["created_at"].as_str().unwrap()
    );
    stage.is_so(json!({"history_told": false})).await;
    let mut old = old;
    old["text"] = json!("давно и тихо");
    stage.guest_sends(old).await;
    stage.writes("потом").await;
    stage.hears_message("create", "потом").await;
    assert_eq!(
        stage.count(|body| body.contains("давно и тихо") && body.contains("\"message\",")),
        0
    );
}

#[tokio::test]
async fn pact_checklist_9_group_chats_and_odd_senders() {
    let stage = Stage::set().await;
    stage.listen_to_pact().await;
    let id = stage
        .guest_sends(json!({"text": "Всем привет", "group": "Семья"}))
        .await;
    let object = stage
        .hears_event("message", "create", |object| object["id"] == id)
        .await;
    let group = &object["conversation"];
    assert_eq!(
        (
            &group["group"],
            &group["sender_name"],
            &group["sender_phone"]
        ),
        (&json!(true), &json!("Семья"), &Value::Null)
    );
    stage.advance(5).await;
    assert_eq!(
        stage.get(&format!("deals?phone={PHONE}")).await,
        json!([]),
        "no deal of a group"
    );
    for (shown, phone, external) in [
        (
            json!({"phone": "+7 900 000-00-01"}),
            json!("+7 900 000-00-01"),
            json!(PHONE),
        ),
        (json!({"phone": null}), Value::Null, json!(PHONE)),
        (
            json!({"external_id": "4f1c-guest"}),
            json!(PHONE),
            json!("4f1c-guest"),
        ),
    ] {
        stage.post(&format!("guests/{PHONE}"), shown).await;
        let id = stage.writes("Привет").await;
        let object = stage
            .hears_event("message", "create", |object| object["id"] == id)
            .await;
        assert_eq!(object["conversation"]["sender_phone"], phone);
        assert_eq!(object["contact"]["phone"], phone);
        assert_eq!(object["conversation"]["sender_external_id"], external);
    }
}

#[tokio::test]
async fn pact_checklist_10_every_way_of_the_company_has_its_shape() {
    let stage = Stage::set().await;
    stage.listen_to_pact().await;
    stage.writes("Привет").await;
    let sender = async |text: &str| {
        let heard = stage.hears_message("create", text).await["object"].clone();
        assert!(heard["contact"].get("external_id").is_none(), "{text}");
        (
            heard["contact"]["internal_id"].clone(),
            heard["external_id"].is_string(),
            heard["delivery"].clone(),
        )
    };
    stage.manager("из Pact", "pact").await;
    assert_eq!(
        sender("из Pact").await,
        (json!(85_002), false, json!(false))
    );
    for (way, internal) in [
        ("user", json!(85_002)),
        ("company", json!(85_000)),
        ("none", Value::Null),
    ] {
        stage.is_so(json!({"amocrm_sender": way})).await;
        let text = format!("из amoCRM, {way}");
        stage.manager(&text, "amocrm").await;
        assert_eq!(sender(&text).await.0, internal, "{way}");
    }
    stage.manager("с телефона", "phone").await;
    assert_eq!(
        sender("с телефона").await,
        (Value::Null, true, json!(false))
    );
    stage.manager("рассылка", "bulk").await;
    assert_eq!(sender("рассылка").await.2, json!(true));
    for (way, internal) in [
        ("user", json!(85_999)),
        ("company", json!(85_000)),
        ("none", Value::Null),
    ] {
        stage.is_so(json!({"api_sender": way})).await;
        let text = format!("бот, {way}");
        stage.send(&text).await.unwrap();
        assert_eq!(sender(&text).await.0, internal, "{way}");
    }
    // A person writes what the bot has written.
    stage.send("Добрый день").await.unwrap();
    stage.manager("Добрый день", "pact").await;
    for _ in 0..1000 {
        if stage.count(|body| body.contains("\"create\"") && body.contains("Добрый день")) == 2
        {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(
        stage.count(|body| body.contains("\"create\"") && body.contains("Добрый день")),
        2
    );
    // The hotel's phone may be told of in the list only.
    stage.is_so(json!({"phone_app": "untold"})).await;
    stage.manager("тихо с телефона", "phone").await;
    stage.manager("потом", "pact").await;
    stage.hears_message("create", "потом").await;
    assert_eq!(stage.count(|body| body.contains("тихо с телефона")), 0);
    let path = format!(
        "conversations/{}/messages?company_id=5001",
        stage.conversation().await
    );
    assert!(texts(&stage.pact_reads(&path).await).contains(&"тихо с телефона"));
}

#[tokio::test]
async fn pact_checklist_11_retries_duplicates_disorder_and_a_long_outage() {
    let stage = Stage::set().await;
    stage.post("clock", json!({"speed": 0})).await;
    stage.listen_to_pact().await;
    let heard = |text: &'static str| {
        let told = stage.told();
        let is_made = |body: &&Value| {
            let object = &body["object"];
            body["event"] == "create" && object["message"] == text && object["income"].is_boolean()
        };
        told.iter().filter(is_made).count()
    };
    // Duplicates and disorder on demand.
    stage.fault("pact", "hook_dup").await;
    stage.writes("дважды").await;
    stage
        .post(
            "faults",
            json!({"service": "pact", "kind": "hook_reorder", "count": 1, "ms": 100}),
        )
        .await;
    stage.writes("первое").await;
    stage.writes("второе").await;
    stage.hears_message("create", "первое").await;
    assert_eq!(heard("дважды"), 2);
    let told = stage.told();
    let place = |text: &str| {
        told.iter()
            .position(|body| body["object"]["message"] == text)
            .unwrap()
    };
    assert!(place("второе") < place("первое"));
    // The first attempt and five more, a minute apart, and then never again: each event of its own.
    *stage.refuse.lock().unwrap() = u32::MAX;
    stage.writes("пропало").await;
    stage.advance(6 * 60).await;
    let tried = u32::MAX - *stage.refuse.lock().unwrap();
    assert_eq!(
        tried, 12,
        "six attempts for the message, six for its conversation"
    );
    *stage.refuse.lock().unwrap() = 0;
    stage.advance(60 * 60).await;
    assert_eq!(heard("пропало"), 0, "given up for good");
    let path = format!(
        "conversations/{}/messages?company_id=5001",
        stage.conversation().await
    );
    assert!(
        texts(&stage.pact_reads(&path).await).contains(&"пропало"),
        "but it can be read"
    );
    // A shorter outage is survived.
    *stage.refuse.lock().unwrap() = 4;
    stage.writes("поздно").await;
    stage.advance(4 * 60).await;
    stage.hears_message("create", "поздно").await;
}

#[tokio::test]
async fn pact_checklist_12_old_shapes_other_types_and_no_events_at_all() {
    let stage = Stage::set().await;
    stage.listen_to_pact().await;
    let kinds = [
        ("v1_conversation", "\"new\""),
        ("v1_ack", "\"ack\":3"),
        ("v1_group", "group_message"),
        ("job", "\"executed\""),
        ("system", "phone offline"),
        ("qr_code", "qr_code"),
        ("unknown_type", "weather"),
        ("foreign", "5002"),
        ("malformed", "\"mess"),
    ];
    for (kind, mark) in kinds {
        stage.post("pact/events", json!({"kind": kind})).await;
        let is_it =
            |body: &str| body.contains(mark) && (kind != "malformed" || body.ends_with(mark));
        let body = stage.hears(is_it).await;
        let is_json = serde_json::from_str::<Value>(&body).is_ok();
        assert_eq!(is_json, kind != "malformed", "{kind}");
    }
    assert_eq!(
        stage
            .control("POST", "pact/events", json!({"kind": "rain"}))
            .await
            .0,
        400
    );
    let is_twin =
        |text: &'static str| move |body: &str| body.contains("\"data\"") && body.contains(text);
    stage.fault("pact", "v1_twin").await;
    let id = stage.writes("близнец").await;
    let twin: Value = serde_json::from_str(&stage.hears(is_twin("близнец")).await).unwrap();
    assert_eq!(
        (&twin["event"], &twin["data"]["external_id"]),
        (&json!("new"), &json!(id))
    );
    stage.writes("один").await;
    stage.is_so(json!({"v1_twins": true})).await;
    stage.writes("всегда двое").await;
    stage.hears(is_twin("всегда двое")).await;
    assert_eq!(stage.count(is_twin("один")), 0);
}

#[tokio::test]
async fn pact_checklist_13_a_channel_goes_off_and_on() {
    let stage = Stage::set().await;
    stage.listen_to_pact().await;
    for state in ["disabled", "enabled", "initial"] {
        stage.is_so(json!({"channel": state})).await;
        let object = stage
            .hears_event("auth", "update", |object| object["state"] == state)
            .await;
        assert_eq!(object["company_id"], 5001);
        assert_eq!(
            stage.pact_reads("companies/5001/auths").await["auths"][0]["state"],
            state
        );
    }
    stage.is_so(json!({"channel": "initial"})).await;
    stage.writes("потом").await;
    stage.hears_message("create", "потом").await;
    assert_eq!(
        stage.count(|body| body.contains("\"auth\"")),
        3,
        "no change, no event"
    );
}

#[tokio::test]
async fn pact_checklist_14_fields_are_null_absent_or_odd() {
    let stage = Stage::set().await;
    stage.listen_to_pact().await;
    let mut heard = Vec::new();
    for noise in ["plain", "null", "absent", "odd"] {
        stage.is_so(json!({"noise": noise})).await;
        let id = stage.writes("Привет").await;
        heard.push(
            stage
                .hears_event("message", "create", |object| object["id"] == id)
                .await,
        );
    }
    let [plain, null, absent, odd] = &heard[..] else {
        panic!("four");
    };
    assert_eq!(plain["reactions"], json!([]));
    for field in ["reactions", "attachments", "delivery", "deleted", "details"] {
        assert_eq!(null.get(field), Some(&Value::Null), "{field}");
        assert_eq!(absent.get(field), None, "{field}");
    }
    assert!(
        null["conversation"]["group"].is_null() && absent["conversation"].get("group").is_none()
    );
    assert_eq!(
        (&odd["status"], &odd["reactions"]),
        (&json!("delivered"), &json!(false))
    );
    assert_eq!(odd["conversation"]["operational_state"], "active");
    assert_eq!(odd["conversation"]["sender_phone"], format!("+{PHONE}"));
    assert!(!odd["created_at"].as_str().unwrap().contains('.'));
    assert!(odd.get("unheard_of").is_some());
    let path = format!(
        "conversations/{}/messages?company_id=5001",
        stage.conversation().await
    );
    let list = stage.pact_reads(&path).await;
    let rows = list["messages"].as_array().unwrap().len();
    assert_eq!(
        list["meta"]["entries_count"],
        rows + 1,
        "one more than there are"
    );
    assert!(stage.pact_reads("auths").await["auths"][0]["phone_number"].is_i64());
    // Sort directions are unstated.
    stage
        .is_so(json!({"order": "old_first", "noise": "plain"}))
        .await;
    let ids = |list: &Value| -> Vec<i64> {
        let rows = list["messages"].as_array().unwrap();
        rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
    };
    let mut newest_first = ids(&list);
    newest_first.reverse();
    assert_eq!(ids(&stage.pact_reads(&path).await), newest_first);
    // The bodies of refusals are undocumented.
    for (way, is_json) in [("errors", true), ("first", true), ("html", false)] {
        stage.is_so(json!({"refusal": way})).await;
        let request = stage.pact("GET", "conversations/1?company_id=5001", &Value::Null);
        let refused = request.send().await.unwrap();
        assert_eq!(refused.status(), 404);
        let body = refused.text().await.unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&body).is_ok(),
            is_json,
            "{way}"
        );
    }
}

#[tokio::test]
async fn pact_checklist_15_what_goes_to_the_crm_and_how_soon_a_deal_follows() {
    for (after, early, late) in [
        (json!(0), 1, 1),
        (json!(5), 0, 1),
        (json!(90), 0, 1),
        (Value::Null, 0, 0),
    ] {
        let stage = Stage::set().await;
        stage.post("clock", json!({"speed": 0})).await;
        stage.is_so(json!({"deal_after_s": after})).await;
        stage.writes("Хочу номер").await;
        let deals = async || {
            stage
                .get(&format!("deals?phone={PHONE}"))
                .await
                .as_array()
                .unwrap()
                .len()
        };
        stage.advance(1).await;
        assert_eq!(deals().await, early, "{after}");
        let seconds = after.as_i64().unwrap_or(200);
        stage.advance(seconds).await;
        assert_eq!(deals().await, late, "{after}");
    }
    // Only what is to go to the CRM is shown there.
    let stage = Stage::set().await;
    stage.listen_to_amocrm(&["add_outgoing_message"]).await;
    stage
        .post(
            "deals",
            json!({"phone": PHONE, "name": "Бронь", "stage": "Заезд"}),
        )
        .await;
    stage.writes("Привет").await;
    let path = format!("conversations/{}/messages", stage.conversation().await);
    let hidden = json!({"company_id": 5001, "text": "только в WhatsApp", "send_to_crm": false});
    stage.pact_asks("POST", &path, hidden).await;
    stage.send("и в amoCRM").await.unwrap();
    let key = "outgoing_message[add][0][text]";
    let hook = stage.hears(|body| is_form(body, key, "и в amoCRM")).await;
    assert!(form_value(&hook, "outgoing_message[add][0][contact_id]").is_some());
    assert_eq!(
        stage.count(|body| is_form(body, key, "только в WhatsApp")),
        0
    );
    assert_eq!(stage.texts().await.len(), 3, "both have reached the guest");
}

#[tokio::test]
async fn attachments_are_no_place_for_a_token() {
    let stage = Stage::set().await;
    let url = format!("{}/cdn/1/voice.ogg", stage.url);
    assert_eq!(stage.client.get(&url).send().await.unwrap().status(), 200);
    let with_token = stage.client.get(&url).header("X-Private-Api-Token", "x");
    assert_eq!(with_token.send().await.unwrap().status(), 400);
    for (way, status) in [("closed", 403), ("expired", 410)] {
        stage.is_so(json!({"cdn": way})).await;
        assert_eq!(
            stage.client.get(&url).send().await.unwrap().status(),
            status
        );
    }
    let (status, error) = stage.control("POST", "pact", json!({"sky": "blue"})).await;
    assert_eq!(status, 400);
    assert!(error["error"].as_str().unwrap().contains("sky"));
}
