//! The lines of "Simulator checklist" in the reference of amoCRM's API, in their order: each test is named after its line.

use super::*;

/// An answer with its head.
struct Heard {
    status: u16,
    kind: String,
    retry_after: Option<String>,
    request_id: String,
    body: Value,
}

impl Stage {
    /// A request with these headers and no token of its own.
    async fn asks(
        &self,
        method: &str,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> Heard {
        let url = format!("{}/{path}", self.url);
        let mut request = self.client.request(method.parse().unwrap(), url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let header = |name: &str| {
            let value = response.headers().get(name);
            value.map(|value| value.to_str().unwrap().to_owned())
        };
        Heard {
            status: response.status().as_u16(),
            kind: header("content-type").unwrap_or_default(),
            retry_after: header("retry-after"),
            request_id: header("x-request-id").unwrap_or_default(),
            body: response.json().await.unwrap_or_default(),
        }
    }

    async fn ways(&self, ways: Value) {
        self.post("amocrm", ways).await;
    }

    async fn read(&self, path: &str) -> Value {
        let (status, body) = self.crm("GET", path, Value::Null).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn status(&self, method: &str, path: &str, body: Value) -> u16 {
        self.crm(method, path, body).await.0
    }

    /// Makes one entity by the API; its row.
    async fn makes(&self, path: &str, item: Value) -> Value {
        let (status, body) = self.crm("POST", path, json!([item])).await;
        assert!(status == 200 || status == 201, "{path}: {status} {body}");
        let rows = body["_embedded"].as_object().unwrap().values();
        rows.into_iter().next().unwrap()[0].clone()
    }

    async fn deal(&self, phone: &str, stage: &str) -> Value {
        let deal = json!({"phone": phone, "name": "Бронь", "stage": stage});
        self.post("deals", deal).await
    }

    /// The code of the first validation error, and its path.
    async fn refused(&self, method: &str, path: &str, body: Value) -> (String, String) {
        let (status, body) = self.crm(method, path, body).await;
        assert_eq!(status, 400, "{path}: {body}");
        let error = &body["validation-errors"][0]["errors"][0];
        let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
        (text("code"), text("path"))
    }

    async fn fault_for(&self, kind: &str, ms: u64) {
        let fault = json!({"service": "amocrm", "kind": kind, "count": 1, "ms": ms});
        self.post("faults", fault).await;
    }
}

fn ids(body: &Value, name: &str) -> Vec<i64> {
    let rows = body["_embedded"][name].as_array().unwrap();
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

// --- 1: auth ------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn amocrm_checklist_01_auth() {
    let stage = Stage::set().await;
    for headers in [&[][..], &[("authorization", "Bearer nonsense")]] {
        let heard = stage
            .asks("GET", "api/v4/account", &Value::Null, headers)
            .await;
        assert_eq!(heard.status, 401);
        assert_eq!(heard.kind, "application/problem+json");
        assert_eq!(heard.body["status"], 401);
        assert_eq!(heard.request_id.len(), 32, "every answer has its id");
    }
    let bearer = format!("Bearer {}", stage.connection.amocrm_token);
    let own = ("authorization", bearer.as_str());
    let mut request_ids = Vec::new();
    for (kind, status) in [
        ("token_revoked", 401),
        ("http_403", 403),
        ("http_429", 429),
        ("http_500", 500),
    ] {
        stage.fault("amocrm", kind).await;
        let heard = stage
            .asks("GET", "api/v4/account", &Value::Null, &[own])
            .await;
        assert_eq!(heard.status, status, "{kind}");
        assert_eq!(heard.request_id.len(), 32, "{kind}");
        request_ids.push(heard.request_id);
    }
    request_ids.dedup();
    assert_eq!(request_ids.len(), 4);
    let heard = stage
        .asks("GET", "api/v4/account", &Value::Null, &[own])
        .await;
    assert_eq!(
        (heard.status, heard.kind.as_str()),
        (200, "application/hal+json")
    );

    let of_anna = [own, ("x-context-user-id", "9002")];
    let nothing = json!([]);
    for (method, path, body) in [
        ("GET", "users", &Value::Null),
        ("GET", "webhooks", &Value::Null),
        ("POST", "leads/custom_fields", &nothing),
        ("POST", "leads/pipelines", &nothing),
    ] {
        let heard = stage
            .asks(method, &format!("api/v4/{path}"), body, &of_anna)
            .await;
        assert_eq!(heard.status, 403, "{path} is for administrators");
        assert_eq!(heard.kind, "application/problem+json");
    }
    for path in ["account", "leads/custom_fields", "leads/pipelines"] {
        let heard = stage
            .asks("GET", &format!("api/v4/{path}"), &Value::Null, &of_anna)
            .await;
        assert_eq!(heard.status, 200, "{path}");
    }
}

#[tokio::test]
async fn amocrm_checklist_01_the_access_token_looks_like_a_jwt() {
    use base64::Engine as _;
    let stage = Stage::set().await;
    let code = stage.code().await;
    let (_, pair) = stage.takes_code(&code).await;
    let token = pair["access_token"].as_str().unwrap();
    let claims = token.split('.').nth(1).unwrap();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(claims)
        .unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["account_id"], 31_000_001);
    assert_eq!(
        claims["api_domain"].as_str().unwrap(),
        &stage.url["http://".len()..]
    );
    let end = claims["exp"].as_i64().unwrap() - stage.sandbox.clock().now_ms() / 1000;
    assert!((86_390..=86_400).contains(&end), "{end}");
}

// --- 2: tokens (the rest of the line: tests/oauth.rs) ---------------------------------------------------------------

#[tokio::test]
async fn amocrm_checklist_02_a_slow_exchange_exposes_a_double_refresh() {
    let stage = Stage::set().await;
    let pair = stage.pair().await;
    let old = &pair["refresh_token"];
    let slow = json!({"service": "amocrm", "kind": "slow", "count": 2, "ms": 300});
    stage.post("faults", slow).await;
    let (one, two) = tokio::join!(stage.refreshes(old), stage.refreshes(old));
    let mut statuses = [one.0, two.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400], "a refresh token is exchanged once");
}

// --- 3: limits ----------------------------------------------------------------------------------------------------

#[tokio::test]
async fn amocrm_checklist_03_seven_a_second_then_429_in_every_shape() {
    let stage = Stage::set_with(|options| options.limits = Limits::Real).await;
    stage.post("clock", json!({"speed": 0})).await;
    let bearer = format!("Bearer {}", stage.connection.amocrm_token);
    let own = [("authorization", bearer.as_str())];
    let look = async || {
        stage
            .asks("GET", "api/v4/account", &Value::Null, &own)
            .await
    };
    for _ in 0..7 {
        assert_eq!(look().await.status, 200);
    }
    let heard = look().await;
    assert_eq!(
        (heard.status, heard.kind.as_str()),
        (429, "application/problem+json")
    );
    assert_eq!(heard.retry_after, None);
    stage
        .ways(json!({"too_many": "html", "retry_after_s": 2}))
        .await;
    let heard = look().await;
    assert_eq!(
        (heard.status, heard.kind.as_str()),
        (429, "text/html; charset=utf-8")
    );
    assert_eq!(heard.retry_after.as_deref(), Some("2"));
    stage.advance(1).await;
    assert_eq!(look().await.status, 200, "another second");
    stage.advance(1).await;
    stage.ways(json!({"others_per_s": 3})).await;
    for _ in 0..4 {
        assert_eq!(look().await.status, 200);
    }
    assert_eq!(
        look().await.status,
        429,
        "others of the account have taken three"
    );
}

#[tokio::test]
async fn amocrm_checklist_03_whoever_goes_on_is_shut_out_for_a_while() {
    let stage = Stage::set_with(|options| options.limits = Limits::Real).await;
    stage.post("clock", json!({"speed": 0})).await;
    stage.ways(json!({"ban_after": 2, "ban_minutes": 10})).await;
    for expected in [200, 200, 200, 200, 200, 200, 200, 429, 429, 429, 403, 403] {
        assert_eq!(stage.status("GET", "account", Value::Null).await, expected);
    }
    stage.advance(599).await;
    assert_eq!(stage.status("GET", "account", Value::Null).await, 403);
    stage.advance(2).await;
    assert_eq!(stage.status("GET", "account", Value::Null).await, 200);
}

// --- 4: envelopes -------------------------------------------------------------------------------------------------

#[tokio::test]
async fn amocrm_checklist_04_envelopes() {
    let stage = Stage::set().await;
    assert_eq!(
        stage.status("GET", "leads", Value::Null).await,
        204,
        "an empty list"
    );
    for path in ["leads/1", "contacts/1"] {
        assert_eq!(stage.status("GET", path, Value::Null).await, 204, "{path}");
    }
    assert_eq!(
        stage.status("GET", "nothing/at/all", Value::Null).await,
        404
    );
    for path in ["leads/1", "contacts/1", "tasks/1"] {
        assert_eq!(
            stage.status("DELETE", path, Value::Null).await,
            405,
            "{path}"
        );
    }
    let made = stage
        .crm(
            "POST",
            "leads",
            json!([{"name": "А", "request_id": "мой"}, {"name": "Б"}, {}]),
        )
        .await
        .1;
    let rows = made["_embedded"]["leads"].as_array().unwrap();
    let echoed: Vec<_> = rows
        .iter()
        .map(|row| row["request_id"].as_str().unwrap())
        .collect();
    assert_eq!(echoed, ["мой", "1", "2"]);
    assert!(rows[0]["_links"]["self"]["href"].is_string() && rows[0]["name"].is_null());
    assert_eq!(
        stage.status("POST", "leads", json!({"name": "один"})).await,
        400,
        "a batch is an array"
    );
    let one = format!("leads/{}", rows[0]["id"]);
    assert_eq!(
        stage.status("PATCH", &one, json!([{"name": "один"}])).await,
        400,
        "one is an object"
    );

    let page = stage.read("leads?limit=2").await;
    assert_eq!(page["_page"], 1);
    assert!(page["_total_items"].is_null(), "only dictionaries count");
    let next = page["_links"]["next"]["href"].as_str().unwrap();
    let path = next.split("/api/v4/").nth(1).unwrap();
    let last = stage.read(path).await;
    assert_eq!(ids(&last, "leads").len(), 1);
    assert!(last["_links"]["next"].is_null());
    assert_eq!(
        stage
            .status("GET", "leads?limit=2&page=3", Value::Null)
            .await,
        204
    );
    let pipelines = stage.read("leads/pipelines").await;
    assert_eq!(pipelines["_total_items"], 2);
}

#[tokio::test]
async fn amocrm_checklist_04_a_limit_beyond_250_is_clipped_or_refused() {
    let stage = Stage::set().await;
    let many: Vec<Value> = (0..251)
        .map(|n| json!({"name": format!("Сделка {n}")}))
        .collect();
    assert_eq!(stage.status("POST", "leads", many.into()).await, 200);
    assert_eq!(
        ids(&stage.read("leads?limit=500").await, "leads").len(),
        250
    );
    stage.ways(json!({"big_limit": "refuse"})).await;
    assert_eq!(
        stage.status("GET", "leads?limit=251", Value::Null).await,
        400
    );
    assert_eq!(
        stage.status("GET", "leads?limit=250", Value::Null).await,
        200
    );
}

// --- 5: account and users -----------------------------------------------------------------------------------------

#[tokio::test]
async fn amocrm_checklist_05_account_and_users_show_what_they_are_asked_for() {
    let stage = Stage::set().await;
    let bare = stage.read("account").await;
    let asked = "amojo_id,amojo_rights,users_groups,task_types,version,entity_names,datetime_settings,drive_url,\
                 is_api_filter_enabled,invoices_settings";
    let full = stage.read(&format!("account?with={asked}")).await;
    for name in ["amojo_id", "version", "drive_url", "is_api_filter_enabled"] {
        assert!(bare[name].is_null() && !full[name].is_null(), "{name}");
    }
    for name in [
        "amojo_rights",
        "users_groups",
        "task_types",
        "entity_names",
        "datetime_settings",
        "invoices_settings",
    ] {
        assert!(
            bare["_embedded"][name].is_null() && !full["_embedded"][name].is_null(),
            "{name}"
        );
    }
    assert_eq!(full["is_api_filter_enabled"], false);
    assert_eq!(
        full["_embedded"]["datetime_settings"]["timezone"],
        "Europe/Moscow"
    );
    assert_eq!(full["_embedded"]["task_types"][0]["code"], "FOLLOW_UP");

    stage.post("users/9003", json!({"is_active": false})).await;
    let users = stage.read("users?with=amojo_id,group,role").await;
    assert_eq!(users["_total_items"], 3);
    let users = users["_embedded"]["users"].as_array().unwrap().clone();
    let rights = |place: usize, name: &str| users[place]["rights"][name].clone();
    assert_eq!(
        (rights(0, "is_admin"), rights(1, "is_admin")),
        (json!(true), json!(false))
    );
    assert_eq!(
        (rights(1, "is_active"), rights(2, "is_active")),
        (json!(true), json!(false))
    );
    assert!(users[0]["amojo_id"].is_string() && users[0]["_embedded"]["groups"].is_array());
    assert!(stage.read("users/9001").await["amojo_id"].is_null());
    assert_eq!(stage.status("GET", "users/1", Value::Null).await, 404);
}

// --- 6: contacts --------------------------------------------------------------------------------------------------

fn phone(number: &str) -> Value {
    json!([{"field_code": "PHONE", "values": [{"value": number, "enum_code": "MOB"}]}])
}

#[tokio::test]
async fn amocrm_checklist_06_a_query_finds_any_spelling_and_more_than_it_should() {
    let stage = Stage::set().await;
    let mut made = Vec::new();
    for number in ["+7 (900) 000-00-01", "8 900 000 00 01", "9000000001"] {
        let item = json!({"name": "Анна", "custom_fields_values": phone(number)});
        made.push(stage.makes("contacts", item).await["id"].as_i64().unwrap());
    }
    let notes =
        json!([{"field_code": "GUEST_NOTES", "values": [{"value": "звонить на 900 000 00 01"}]}]);
    let other = json!({"name": "Борис", "custom_fields_values": notes});
    made.push(stage.makes("contacts", other).await["id"].as_i64().unwrap());
    let found = stage.read("contacts?query=9000000001").await;
    assert_eq!(
        ids(&found, "contacts"),
        made,
        "three duplicates and a false hit"
    );
    assert_eq!(
        ids(&stage.read("contacts?query=БОРИС").await, "contacts"),
        made[3..]
    );
    assert_eq!(
        ids(&stage.read("contacts?query=").await, "contacts").len(),
        4,
        "an empty query is everybody"
    );
    assert_eq!(
        stage
            .status("GET", "contacts?query=9000000777", Value::Null)
            .await,
        204
    );
    stage.ways(json!({"query": "ignored"})).await;
    assert_eq!(
        ids(&stage.read("contacts?query=9000000777").await, "contacts").len(),
        4
    );
}

#[tokio::test]
async fn amocrm_checklist_06_what_is_fresh_is_found_after_a_while() {
    let stage = Stage::set().await;
    stage.post("clock", json!({"speed": 0})).await;
    stage.ways(json!({"index_lag_ms": 3000})).await;
    let item = json!({"name": "Анна", "custom_fields_values": phone("+79000000001")});
    let id = stage.makes("contacts", item).await["id"].clone();
    let look = "contacts?query=9000000001";
    assert_eq!(stage.status("GET", look, Value::Null).await, 204);
    assert_eq!(
        stage
            .status("GET", &format!("contacts/{id}"), Value::Null)
            .await,
        200,
        "by its id at once"
    );
    stage.advance(2).await;
    assert_eq!(stage.status("GET", look, Value::Null).await, 204);
    stage.advance(1).await;
    assert_eq!(stage.status("GET", look, Value::Null).await, 200);
    let renamed = json!({"name": "Анна Петрова"});
    assert_eq!(
        stage
            .status("PATCH", &format!("contacts/{id}"), renamed)
            .await,
        200
    );
    assert_eq!(
        stage.status("GET", look, Value::Null).await,
        204,
        "what has changed is fresh too"
    );
    stage.advance(3).await;
    stage.fault("amocrm", "index_lag").await;
    assert_eq!(
        stage.status("GET", look, Value::Null).await,
        204,
        "up to thirty seconds, by the fault"
    );
}

#[tokio::test]
async fn amocrm_checklist_06_contacts_as_they_are_shown_and_written() {
    let stage = Stage::set().await;
    let id = stage.makes("contacts", json!({"first_name": "Анна"})).await["id"].clone();
    let path = format!("contacts/{id}");
    let shown = stage.read(&path).await;
    assert_eq!(
        shown["custom_fields_values"],
        Value::Null,
        "nothing is filled"
    );
    assert_eq!(shown["name"], "Анна");
    assert!(shown["_embedded"]["leads"].is_null());
    for numbers in [&["+79000000001", "+79000000002"][..], &["+79000000003"]] {
        let values: Vec<Value> = numbers
            .iter()
            .map(|n| json!({"value": n, "enum_code": "MOB"}))
            .collect();
        let change = json!({"custom_fields_values": [{"field_code": "PHONE", "values": values}]});
        assert_eq!(stage.status("PATCH", &path, change).await, 200);
        let shown = stage.read(&path).await;
        let kept = shown["custom_fields_values"][0]["values"]
            .as_array()
            .unwrap()
            .clone();
        let kept: Vec<_> = kept
            .iter()
            .map(|value| value["value"].as_str().unwrap())
            .collect();
        assert_eq!(kept, numbers, "the set is replaced");
        assert_eq!(
            shown["custom_fields_values"][0]["values"][0]["enum_code"],
            "MOB"
        );
    }
    for name in ["А", "Б"] {
        let lead = json!({"name": name, "_embedded": {"contacts": [{"id": id}]}});
        stage.makes("leads", lead).await;
    }
    let with = format!("{path}?with=leads");
    let leads = stage.read(&with).await["_embedded"]["leads"].clone();
    assert!(
        leads[0]["id"].is_i64() && leads[0]["status_id"].is_null(),
        "ids only"
    );
    stage
        .ways(json!({"leads_of_contact": "new_first", "enum_is_code": true}))
        .await;
    let turned = stage.read(&with).await;
    assert_eq!(turned["_embedded"]["leads"][0], leads[1]);
    let value = &turned["custom_fields_values"][0]["values"][0];
    assert_eq!(
        (&value["enum"], &value["enum_code"]),
        (&json!("MOB"), &Value::Null)
    );
}

#[tokio::test]
async fn amocrm_checklist_06_contacts_of_what_nobody_has_accepted_are_hidden() {
    let stage = Stage::set().await;
    stage.ways(json!({"unsorted": true})).await;
    stage.writes("Есть места?").await;
    stage.advance(3).await;
    let item = stage.read("leads/unsorted").await["_embedded"]["unsorted"][0].clone();
    let contact = format!("contacts/{}", item["_embedded"]["contacts"][0]["id"]);
    let look = "contacts?query=9000000001";
    assert_eq!(stage.status("GET", look, Value::Null).await, 204);
    assert_eq!(stage.status("GET", &contact, Value::Null).await, 204);
    stage.ways(json!({"unsorted_contact": true})).await;
    assert_eq!(
        stage.status("GET", &contact, Value::Null).await,
        200,
        "or readable by its id"
    );
    assert_eq!(stage.status("GET", look, Value::Null).await, 204);
    let accept = format!("leads/unsorted/{}/accept", item["uid"].as_str().unwrap());
    assert_eq!(stage.status("POST", &accept, Value::Null).await, 200);
    assert_eq!(stage.status("GET", look, Value::Null).await, 200);
}

// --- 7: filters ---------------------------------------------------------------------------------------------------

#[tokio::test]
async fn amocrm_checklist_07_filters() {
    let stage = Stage::set().await;
    stage.post("clock", json!({"speed": 0})).await;
    let old = stage.deal(PHONE, "Новая заявка").await["id"]
        .as_i64()
        .unwrap();
    stage.advance(3600).await;
    let new =
        json!({"phone": "79000000002", "name": "Бронь", "stage": "Заезд", "responsible": 9003});
    let new = stage.post("deals", new).await["id"].as_i64().unwrap();
    let between = stage.sandbox.clock().now_ms() / 1000 - 1800;
    let lead = stage.read(&format!("leads/{new}")).await;
    let (pipeline, status) = (&lead["pipeline_id"], &lead["status_id"]);
    let pair = format!(
        "filter[statuses][0][pipeline_id]={pipeline}&filter[statuses][0][status_id]={status}"
    );
    for (filter, expected) in [
        (format!("filter[id][]={old}"), vec![old]),
        (
            format!("filter[id][]={old}&filter[id][]={new}"),
            vec![old, new],
        ),
        (format!("filter[pipeline_id][]={pipeline}"), vec![old, new]),
        (pair, vec![new]),
        (format!("filter[created_at][from]={between}"), vec![new]),
        (format!("filter[updated_at][to]={between}"), vec![old]),
        ("filter[responsible_user_id][]=9003".to_owned(), vec![new]),
        ("filter[weather]=fine".to_owned(), vec![old, new]),
        ("order[id]=desc".to_owned(), vec![new, old]),
    ] {
        let found = stage.read(&format!("leads?{filter}")).await;
        assert_eq!(ids(&found, "leads"), expected, "{filter}");
    }
    let by_field = "leads?filter[custom_fields_values][3304][]=Люкс";
    let (status, refused) = stage.crm("GET", by_field, Value::Null).await;
    assert_eq!(
        (status, &refused["detail"]),
        (400, &json!("Invalid filter for current account"))
    );
    stage.ways(json!({"api_filter": true})).await;
    assert_eq!(
        stage.read("account?with=is_api_filter_enabled").await["is_api_filter_enabled"],
        true
    );
    assert_eq!(stage.status("GET", by_field, Value::Null).await, 204);
    stage
        .post(
            &format!("deals/{new}"),
            json!({"fields": {"Категория номера": "Люкс"}}),
        )
        .await;
    assert_eq!(ids(&stage.read(by_field).await, "leads"), [new]);
}

// --- 8: leads -----------------------------------------------------------------------------------------------------

#[tokio::test]
async fn amocrm_checklist_08_leads_are_made_and_changed() {
    let stage = Stage::set().await;
    let made = stage
        .makes("leads", json!({"name": "А", "created_by": 0}))
        .await["id"]
        .clone();
    let path = format!("leads/{made}");
    let shown = stage.read(&path).await;
    assert_eq!(
        (&shown["created_by"], &shown["pipeline_id"]),
        (&json!(0), &json!(5_100_001))
    );
    assert_eq!(
        shown["status_id"], 40_100_002,
        "the first stage of the main pipeline"
    );
    assert_eq!(shown["closed_at"], Value::Null);
    let complex = json!([{"name": "Б", "request_id": "msg-78", "_embedded": {"contacts": [
        {"name": "Анна", "custom_fields_values": phone("+79000000001")}]}}]);
    let (status, bare) = stage.crm("POST", "leads/complex", complex).await;
    assert_eq!(status, 200);
    assert_eq!(bare[0]["request_id"], json!(["msg-78"]), "a bare array");
    assert!(bare[0]["contact_id"].is_i64() && bare[0]["merged"] == false);
    let second = bare[0]["id"].clone();

    stage.advance(60).await;
    let wrong = json!({"pipeline_id": 5_100_002, "status_id": 40_100_003});
    let choice = ("NotSupportedChoice".to_owned(), "status_id".to_owned());
    assert_eq!(stage.refused("PATCH", &path, wrong).await, choice);
    for (status, is_closed) in [(143, true), (40_100_003, false), (142, true)] {
        let change =
            json!({"pipeline_id": 5_100_001, "status_id": status, "loss_reason_id": 8_802});
        assert_eq!(stage.status("PATCH", &path, change).await, 200);
        let lead = stage.read(&path).await;
        assert_eq!(lead["closed_at"].is_i64(), is_closed, "{status}");
        assert!(lead["updated_at"].as_i64() > shown["updated_at"].as_i64());
        assert_eq!(lead["loss_reason_id"], 8_802);
    }
    let both = json!([{"id": made, "price": 5}, {"id": second, "price": 6}]);
    assert_eq!(stage.status("PATCH", "leads", both).await, 200);
    assert_eq!(stage.read(&format!("leads/{second}")).await["price"], 6);
    let (code, at) = stage
        .refused("PATCH", &path, json!({"price": "много"}))
        .await;
    assert_eq!((code.as_str(), at.as_str()), ("InvalidType", "price"));
    let elsewhere = json!({"_embedded": {"contacts": [{"id": bare[0]["contact_id"]}]}});
    assert_eq!(stage.status("PATCH", &path, elsewhere).await, 200);
    let contacts = &stage.read(&format!("{path}?with=contacts")).await["_embedded"]["contacts"];
    assert_eq!(contacts, &json!([]), "a patch joins nobody");
}

#[tokio::test]
async fn amocrm_checklist_08_tags_loss_reasons_and_fields_that_have_to_be_filled() {
    let stage = Stage::set().await;
    let id = stage
        .makes("leads", json!({"tags_to_add": [{"name": "whatsapp"}]}))
        .await["id"]
        .clone();
    let path = format!("leads/{id}");
    let tags = async || {
        let lead = stage.read(&path).await;
        let tags = lead["_embedded"]["tags"].as_array().unwrap().clone();
        let names = tags
            .iter()
            .map(|tag| tag["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>().join(" ")
    };
    for (change, expected) in [
        (json!({"tags_to_add": [{"name": "vip"}]}), "whatsapp vip"),
        (json!({"tags_to_delete": [{"name": "whatsapp"}]}), "vip"),
        (
            json!({"_embedded": {"tags": [{"name": "третий"}]}}),
            "третий",
        ),
        (json!({"_embedded": {"tags": null}}), ""),
    ] {
        assert_eq!(stage.status("PATCH", &path, change).await, 200);
        assert_eq!(tags().await, expected);
    }
    let reason = stage
        .makes("leads/loss_reasons", json!({"name": "Передумал"}))
        .await["id"]
        .clone();
    assert_eq!(
        ids(&stage.read("leads/loss_reasons").await, "loss_reasons").len(),
        3
    );
    let reason = format!("leads/loss_reasons/{reason}");
    assert_eq!(stage.status("DELETE", &reason, Value::Null).await, 204);
    assert_eq!(
        stage.status("PATCH", &reason, json!({"name": "x"})).await,
        405,
        "no update"
    );

    stage
        .ways(json!({"required": {"Заезд": ["ARRIVAL"]}}))
        .await;
    let arrives = json!({"pipeline_id": 5_100_001, "status_id": 40_100_006});
    let (code, at) = stage.refused("PATCH", &path, arrives.clone()).await;
    assert_eq!(
        (code.as_str(), at.as_str()),
        ("FieldMissing", "custom_fields_values.ARRIVAL")
    );
    let fields = stage.read("leads/custom_fields/3302").await;
    assert_eq!(fields["required_statuses"], json!([arrives]));
    let mut filled = arrives;
    filled["custom_fields_values"] =
        json!([{"field_code": "ARRIVAL", "values": [{"value": 1_800_000_000}]}]);
    assert_eq!(stage.status("PATCH", &path, filled).await, 200);
}

// --- 9: pipelines -------------------------------------------------------------------------------------------------

#[tokio::test]
async fn amocrm_checklist_09_pipelines_and_their_stages() {
    let stage = Stage::set().await;
    let main = stage.read("leads/pipelines/5100001").await;
    let statuses = main["_embedded"]["statuses"].as_array().unwrap().clone();
    let kinds = (
        &statuses[0]["type"],
        &statuses[0]["is_editable"],
        &statuses[1]["type"],
    );
    assert_eq!(kinds, (&json!(1), &json!(false), &json!(0)));
    let last: Vec<_> = statuses[statuses.len() - 2..]
        .iter()
        .map(|s| s["id"].as_i64().unwrap())
        .collect();
    assert_eq!(last, [142, 143]);

    let list = "leads/pipelines";
    for key in ["name", "sort", "is_main", "is_unsorted_on"] {
        let mut item = json!({"name": "Лето", "sort": 2, "is_main": false, "is_unsorted_on": true});
        item.as_object_mut().unwrap().remove(key);
        let (code, at) = stage.refused("POST", list, json!([item])).await;
        assert_eq!((code.as_str(), at.as_str()), ("FieldMissing", key));
    }
    let item = json!({"name": "Лето", "sort": 2, "is_main": true, "is_unsorted_on": true, "_embedded": {"statuses": [
        {"name": "Первый", "sort": 10, "color": "#fffeb2"}, {"id": 143, "name": "Не приедет"}]}});
    let mut ugly = item.clone();
    ugly["_embedded"]["statuses"][0]["color"] = json!("#123456");
    assert_eq!(
        stage.refused("POST", list, json!([ugly])).await.0,
        "NotSupportedChoice"
    );
    let made = stage.makes(list, item).await;
    let id = made["id"].as_i64().unwrap();
    let names: Vec<_> = made["_embedded"]["statuses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "Неразобранное",
            "Первый",
            "Успешно реализовано",
            "Не приедет"
        ]
    );
    assert_eq!(
        stage.read("leads/pipelines/5100001").await["is_main"],
        false,
        "the flag has gone over"
    );

    let path = format!("{list}/{id}");
    assert_eq!(
        stage.status("PATCH", &path, json!({"name": "Осень"})).await,
        200
    );
    assert_eq!(stage.read(&path).await["name"], "Осень");
    let stages = format!("{path}/statuses");
    let second = stage
        .makes(&stages, json!({"name": "Второй", "sort": 20}))
        .await["id"]
        .clone();
    let one = format!("{stages}/{second}");
    assert_eq!(
        stage
            .status("PATCH", &one, json!({"name": "Другой", "color": "#ff8f92"}))
            .await,
        200
    );
    assert_eq!(stage.read(&one).await["name"], "Другой");
    let lead = stage
        .makes("leads", json!({"pipeline_id": id, "status_id": second}))
        .await["id"]
        .clone();
    assert_eq!(
        stage.status("DELETE", &path, Value::Null).await,
        422,
        "it has leads"
    );
    assert_eq!(
        stage
            .status("DELETE", &format!("{stages}/142"), Value::Null)
            .await,
        422
    );
    assert_eq!(stage.status("DELETE", &one, Value::Null).await, 204);
    let moved = stage.read(&format!("leads/{lead}")).await;
    assert_eq!(
        moved["status_id"], made["_embedded"]["statuses"][1]["id"],
        "to the first stage"
    );
    assert_eq!(
        stage
            .status("DELETE", "leads/pipelines/5100002", Value::Null)
            .await,
        204
    );
    assert_eq!(
        stage
            .status("GET", "leads/pipelines/5100002", Value::Null)
            .await,
        404
    );
}

// --- 10: tasks ----------------------------------------------------------------------------------------------------

#[tokio::test]
async fn amocrm_checklist_10_tasks() {
    let stage = Stage::set().await;
    let deal = stage.deal(PHONE, "Заезд").await["id"].clone();
    for (item, at) in [
        (json!({"complete_till": 1_800_000_000}), "text"),
        (json!({"text": "Ответить"}), "complete_till"),
    ] {
        let (code, path) = stage.refused("POST", "tasks", json!([item])).await;
        assert_eq!((code.as_str(), path.as_str()), ("FieldMissing", at));
    }
    let item = json!({"text": "Ответить", "complete_till": 1_800_000_000, "entity_id": deal, "entity_type": "leads",
        "task_type_id": 2_400_001, "responsible_user_id": 9002});
    let mut strange = item.clone();
    strange["task_type_id"] = json!(7);
    assert_eq!(
        stage.refused("POST", "tasks", json!([strange])).await.1,
        "task_type_id",
        "types are the account's"
    );
    let id = stage.makes("tasks", item).await["id"].clone();
    let path = format!("tasks/{id}");
    assert_eq!(
        stage.read(&path).await["result"],
        json!([]),
        "an absent result, as PHP has it"
    );
    for (filter, status) in [
        ("filter[responsible_user_id]=9002", 200),
        ("filter[responsible_user_id]=9003", 204),
        ("filter[is_completed]=0", 200),
        ("filter[is_completed]=1", 204),
        ("filter[task_type]=2400001", 200),
        ("filter[entity_type]=contacts", 204),
    ] {
        let path = format!("tasks?{filter}");
        assert_eq!(
            stage.status("GET", &path, Value::Null).await,
            status,
            "{filter}"
        );
    }
    let done = json!({"is_completed": true, "result": {"text": "Ответили"}});
    assert_eq!(stage.status("PATCH", &path, done).await, 200);
    let task = stage.read(&path).await;
    assert_eq!(
        (&task["is_completed"], &task["result"]["text"]),
        (&json!(true), &json!("Ответили"))
    );
    assert_eq!(
        stage
            .status("GET", "tasks?filter[is_completed]=1", Value::Null)
            .await,
        200
    );
}

// --- 11: notes ----------------------------------------------------------------------------------------------------

#[tokio::test]
async fn amocrm_checklist_11_notes() {
    let stage = Stage::set().await;
    let deal = stage.deal(PHONE, "Заезд").await;
    let of_lead = format!("leads/{}/notes", deal["id"]);
    let of_contact = format!("contacts/{}/notes", deal["contact"]["id"]);
    for (path, text) in [(&of_lead, "о сделке"), (&of_contact, "о госте")] {
        let note = json!({"note_type": "common", "params": {"text": text}});
        stage.makes(path, note).await;
        let notes = stage.read(path).await["_embedded"]["notes"].clone();
        assert_eq!(
            (notes.as_array().unwrap().len(), &notes[0]["params"]["text"]),
            (1, &json!(text))
        );
    }
    for (kind, params, missing) in [
        ("common", json!({}), "params.text"),
        ("service_message", json!({"text": "x"}), "params.service"),
        (
            "extended_service_message",
            json!({"service": "x"}),
            "params.text",
        ),
        (
            "call_in",
            json!({"uniq": "1", "source": "x", "link": "y"}),
            "params.phone",
        ),
        ("sms_out", json!({"text": "x"}), "params.phone"),
        (
            "geolocation",
            json!({"text": "x", "address": "y", "longitude": "1"}),
            "params.latitude",
        ),
        ("message_cashier", json!({"text": "x"}), "params.status"),
        ("attachment", json!({"file_uuid": "x"}), "params.file_name"),
    ] {
        let note = json!([{"note_type": kind, "params": params}]);
        let (code, at) = stage.refused("POST", &of_lead, note).await;
        assert_eq!(
            (code.as_str(), at.as_str()),
            ("FieldMissing", missing),
            "{kind}"
        );
    }
    let poem = json!([{"note_type": "poem", "params": {"text": "x"}}]);
    assert_eq!(stage.refused("POST", &of_lead, poem).await.1, "note_type");
    let nowhere = json!([{"note_type": "common", "params": {"text": "x"}}]);
    assert_eq!(
        stage.refused("POST", "leads/1/notes", nowhere).await.1,
        "entity_id"
    );
    let kinds = format!("{of_lead}?filter[note_type][]=service_message");
    assert_eq!(stage.status("GET", &kinds, Value::Null).await, 204);
}

// --- 12: fields ---------------------------------------------------------------------------------------------------

#[tokio::test]
async fn amocrm_checklist_12_custom_fields_and_groups() {
    let stage = Stage::set().await;
    let list = "leads/custom_fields";
    let field = json!({"name": "Корпус", "type": "select", "code": "HOUSE", "enums": [
        {"value": "Первый", "sort": 1, "code": "one"}, {"value": "Второй", "sort": 2}]});
    let (status, made) = stage.crm("POST", list, json!([field])).await;
    assert_eq!(status, 201);
    let made = made["_embedded"]["custom_fields"][0].clone();
    let one = format!("{list}/{}", made["id"]);
    assert_eq!(
        stage
            .refused("POST", list, json!([{"name": "x", "type": "select"}]))
            .await
            .1,
        "enums"
    );
    let bare = json!([{"name": "x", "type": "select", "enums": [{"value": "y"}]}]);
    assert_eq!(stage.refused("POST", list, bare).await.1, "enums.0.sort");
    let deal = format!("leads/{}", stage.deal(PHONE, "Заезд").await["id"]);
    let first = &made["enums"][0];
    for value in [
        json!({"enum_id": first["id"]}),
        json!({"enum_code": "one"}),
        json!({"value": "Первый"}),
    ] {
        let write = json!({"custom_fields_values": [{"field_id": made["id"], "values": [value]}]});
        assert_eq!(stage.status("PATCH", &deal, write).await, 200, "{value}");
        let shown = stage.read(&deal).await["custom_fields_values"][0]["values"][0].clone();
        assert_eq!(
            (&shown["value"], &shown["enum_id"]),
            (&json!("Первый"), &first["id"])
        );
        let cleared = json!({"custom_fields_values": [{"field_code": "HOUSE", "values": null}]});
        assert_eq!(stage.status("PATCH", &deal, cleared).await, 200);
        assert_eq!(stage.read(&deal).await["custom_fields_values"], Value::Null);
    }
    for row in [
        json!({"field_id": 1, "values": [{"value": "x"}]}),
        json!({"field_code": "HOUSE", "values": [{"value": "Третий"}]}),
        json!({"field_code": "HOUSE", "values": [{"enum_id": 1}]}),
    ] {
        let write = json!({"custom_fields_values": [row]});
        let (code, at) = stage.refused("PATCH", &deal, write).await;
        assert!(
            code == "NotSupportedChoice" && at.starts_with("custom_fields_values.0"),
            "{row}: {at}"
        );
    }
    assert_eq!(
        stage.status("PATCH", &one, json!({"name": "Дом"})).await,
        200
    );
    assert_eq!(stage.read(&one).await["name"], "Дом");

    let groups = format!("{list}/groups");
    assert_eq!(stage.status("GET", &groups, Value::Null).await, 204);
    let (status, group) = stage
        .crm("POST", &groups, json!([{"name": "Эстафета", "sort": 5}]))
        .await;
    assert_eq!(status, 201);
    let group = group["_embedded"]["custom_field_groups"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("{groups}/{group}");
    let with = json!({"name": "Диалог", "fields": [made["id"]]});
    assert_eq!(stage.status("PATCH", &path, with).await, 200);
    assert_eq!(stage.read(&one).await["group_id"], json!(group));
    assert_eq!(stage.status("DELETE", &path, Value::Null).await, 204);
    assert_eq!(stage.status("GET", &path, Value::Null).await, 404);
    assert_eq!(stage.status("DELETE", &one, Value::Null).await, 204);
    assert_eq!(stage.status("GET", &one, Value::Null).await, 404);

    stage.ways(json!({"fields_on_page": 4})).await;
    let page = stage.read(list).await;
    assert_eq!(
        (&page["_page_count"], ids(&page, "custom_fields").len()),
        (&json!(2), 4)
    );
    assert!(
        page["_links"]["next"]["href"]
            .as_str()
            .unwrap()
            .ends_with("page=2")
    );
}

// --- 13: links, tags, unsorted, talks, events -----------------------------------------------------------------------

#[tokio::test]
async fn amocrm_checklist_13_links_and_tags() {
    let stage = Stage::set().await;
    let deal = stage.deal(PHONE, "Заезд").await;
    let lead = format!("leads/{}", deal["id"]);
    let other = stage.makes("contacts", json!({"name": "Борис"})).await["id"].clone();
    let link = json!([{"to_entity_id": other, "to_entity_type": "contacts", "metadata": {"is_main": true}}]);
    assert_eq!(
        stage
            .status("POST", &format!("{lead}/link"), link.clone())
            .await,
        200
    );
    let links = stage.read(&format!("{lead}/links")).await["_embedded"]["links"].clone();
    let first = (
        &links[0]["to_entity_id"],
        &links[0]["metadata"]["main_contact"],
    );
    assert_eq!(
        first,
        (&other, &json!(true)),
        "read under another name than written"
    );
    assert_eq!(
        stage.status("POST", &format!("{lead}/unlink"), link).await,
        204
    );
    let links = stage
        .read(&format!("{lead}/links?filter[to_entity_type]=contacts"))
        .await;
    assert_eq!(
        links["_embedded"]["links"][0]["to_entity_id"],
        deal["contact"]["id"]
    );
    let nobody = json!([{"to_entity_id": 1, "to_entity_type": "contacts"}]);
    assert_eq!(
        stage.status("POST", &format!("{lead}/link"), nobody).await,
        400
    );

    assert_eq!(stage.status("GET", "leads/tags", Value::Null).await, 204);
    let tag = stage.makes("leads/tags", json!({"name": "vip"})).await["id"].clone();
    assert_eq!(
        stage.makes("leads/tags", json!({"name": "vip"})).await["id"],
        tag,
        "the same again"
    );
    assert_ne!(
        stage.makes("contacts/tags", json!({"name": "vip"})).await["id"],
        tag,
        "of another kind"
    );
    assert_eq!(
        stage.read("leads/tags?query=vi").await["_embedded"]["tags"][0]["id"],
        tag
    );
}

#[tokio::test]
async fn amocrm_checklist_13_an_unsorted_chat_is_accepted_declined_or_linked() {
    let stage = Stage::set().await;
    stage.post("clock", json!({"speed": 0})).await;
    stage.ways(json!({"unsorted": true})).await;
    stage
        .listen_to_amocrm(&["add_unsorted", "delete_unsorted", "add_message"])
        .await;
    let mut uids = Vec::new();
    for last in 1..=3 {
        let path = format!("guests/7900000000{last}/messages");
        stage
            .post(
                &path,
                json!({"text": format!("Место {last}?"), "name": "Анна"}),
            )
            .await;
        stage.advance(3).await;
        let items = stage.read("leads/unsorted?filter[category][]=chats").await;
        let item = items["_embedded"]["unsorted"][last - 1].clone();
        assert_eq!(
            item["metadata"]["last_message_text"],
            json!(format!("Место {last}?"))
        );
        assert!(item["metadata"]["origin"]["chat_id"].is_string());
        uids.push((
            item["uid"].as_str().unwrap().to_owned(),
            item["_embedded"]["leads"][0]["id"].clone(),
        ));
    }
    let hook = stage
        .hears(|body| {
            is_form(
                body,
                "unsorted[add][0][source_data][data][0][text]",
                "Место 1?",
            )
        })
        .await;
    assert_eq!(
        form_value(&hook, "unsorted[add][0][category]").as_deref(),
        Some("chats")
    );
    let message = stage
        .hears(|body| is_form(body, "message[add][0][text]", "Место 1?"))
        .await;
    assert_eq!(
        form_value(&message, "message[add][0][element_id]"),
        Some(uids[0].1.to_string())
    );
    assert_eq!(
        stage.read("leads/unsorted/summary").await["categories"]["chats"]["total"],
        3
    );

    let lead = format!("leads/{}", uids[0].1);
    assert_eq!(stage.read(&lead).await["status_id"], 40_100_001);
    let away = json!({"pipeline_id": 5_100_001, "status_id": 40_100_003});
    assert_eq!(
        stage.status("PATCH", &lead, away.clone()).await,
        400,
        "it cannot be moved out"
    );
    let accept = format!("leads/unsorted/{}/accept", uids[0].0);
    assert_eq!(
        stage
            .refused("POST", &accept, json!({"status_id": 7}))
            .await
            .1,
        "status_id"
    );
    let (status, accepted) = stage
        .crm(
            "POST",
            &accept,
            json!({"user_id": 9002, "status_id": 40_100_003}),
        )
        .await;
    assert_eq!(
        (status, &accepted["_embedded"]["leads"][0]["id"]),
        (200, &uids[0].1)
    );
    assert_eq!(stage.read(&lead).await["status_id"], 40_100_003);
    assert_eq!(
        stage.status("POST", &accept, Value::Null).await,
        404,
        "once only"
    );
    stage
        .hears(|body| is_form(body, "unsorted[delete][0][action]", "accept"))
        .await;

    let decline = format!("leads/unsorted/{}/decline", uids[1].0);
    assert_eq!(stage.status("DELETE", &decline, Value::Null).await, 200);
    assert_eq!(
        stage
            .status("GET", &format!("leads/{}", uids[1].1), Value::Null)
            .await,
        204
    );
    stage
        .hears(|body| is_form(body, "unsorted[delete][0][action]", "decline"))
        .await;

    let link = format!("leads/unsorted/{}/link", uids[2].0);
    let nowhere = json!({"link": {"entity_id": 1, "entity_type": "leads"}});
    assert_eq!(stage.status("POST", &link, nowhere).await, 400);
    let ours = json!({"link": {"entity_id": uids[0].1, "entity_type": "leads"}});
    assert_eq!(stage.status("POST", &link, ours).await, 200);
    assert_eq!(
        stage.status("GET", "leads/unsorted", Value::Null).await,
        204,
        "nothing is left"
    );

    stage.ways(json!({"unsorted_move": true})).await;
    stage
        .post(
            "guests/79000000004/messages",
            json!({"text": "И мне", "name": "Глеб"}),
        )
        .await;
    stage.advance(3).await;
    let item = stage.read("leads/unsorted").await["_embedded"]["unsorted"][0].clone();
    let lead = format!("leads/{}", item["_embedded"]["leads"][0]["id"]);
    assert_eq!(stage.status("PATCH", &lead, away).await, 200, "or it can");
    assert_eq!(
        stage
            .status("GET", "contacts?query=9000000004", Value::Null)
            .await,
        200
    );
}

#[tokio::test]
async fn amocrm_checklist_13_unsorted_forms_and_calls_are_made_by_the_api() {
    let stage = Stage::set().await;
    let form = json!({"source_name": "Сайт", "source_uid": "1", "metadata": {"form_id": "1", "form_name": "Заявка",
        "form_page": "https://example.org", "ip": "127.0.0.1", "form_sent_at": 1_795_000_000, "referer": "x"},
        "_embedded": {"leads": [{"name": "С сайта"}]}});
    let mut partial = form.clone();
    partial["metadata"].as_object_mut().unwrap().remove("ip");
    assert_eq!(
        stage
            .refused("POST", "leads/unsorted/forms", json!([partial]))
            .await
            .1,
        "metadata.ip"
    );
    let made = stage.makes("leads/unsorted/forms", form).await;
    let uid = made["uid"].as_str().unwrap();
    assert_eq!(
        stage.read(&format!("leads/unsorted/{uid}")).await["category"],
        "forms"
    );
    let link =
        json!({"link": {"entity_id": made["_embedded"]["leads"][0]["id"], "entity_type": "leads"}});
    let path = format!("leads/unsorted/{uid}/link");
    assert_eq!(
        stage.status("POST", &path, link).await,
        400,
        "only chats are linked"
    );
    assert_eq!(
        stage
            .status("POST", "leads/unsorted/chats", json!([{}]))
            .await,
        404,
        "chats come by themselves"
    );
}

#[tokio::test]
async fn amocrm_checklist_13_talks_are_read_and_closed_and_not_listed() {
    let stage = Stage::set().await;
    stage.listen_to_amocrm(&["add_message"]).await;
    stage.deal(PHONE, "Заезд").await;
    stage.writes("Добрый день").await;
    let hook = stage
        .hears(|body| is_form(body, "message[add][0][text]", "Добрый день"))
        .await;
    let talk = form_value(&hook, "message[add][0][talk_id]").unwrap();
    let path = format!("talks/{talk}");
    let shown = stage.read(&path).await;
    assert_eq!(
        Some(shown["chat_id"].as_str().unwrap().to_owned()),
        form_value(&hook, "message[add][0][chat_id]")
    );
    assert_eq!(
        (&shown["is_in_work"], &shown["is_read"]),
        (&json!(true), &json!(false))
    );
    assert!(shown["text"].is_null());
    let close = format!("{path}/close");
    assert_eq!(
        stage
            .status("POST", &close, json!({"force_close": true}))
            .await,
        202
    );
    assert_eq!(stage.read(&path).await["is_in_work"], false);
    assert_eq!(
        stage
            .status("POST", &close, json!({"force_close": true}))
            .await,
        422
    );
    stage.writes("Ещё вопрос").await;
    assert_eq!(
        stage.read(&path).await["is_in_work"],
        true,
        "another message opens it"
    );
    assert_eq!(stage.status("GET", "talks/999999", Value::Null).await, 404);
    assert_eq!(stage.status("GET", "talks", Value::Null).await, 404);
}

#[tokio::test]
async fn amocrm_checklist_13_events_tell_who_did_what_and_no_text() {
    let stage = Stage::set().await;
    let deal = stage.deal(PHONE, "Новая заявка").await["id"].clone();
    stage.writes("Тайный вопрос").await;
    stage
        .post(
            "managers/9002/messages",
            json!({"phone": PHONE, "text": "Тайный ответ", "via": "amocrm"}),
        )
        .await;
    stage
        .post(
            &format!("deals/{deal}"),
            json!({"stage": "Заезд", "by": "user", "user": 9003}),
        )
        .await;
    let all = stage.read("events?limit=500").await;
    assert!(!all.to_string().contains("Тайный"));
    let kinds = |body: &Value| -> Vec<(String, i64)> {
        let rows = body["_embedded"]["events"].as_array().unwrap().clone();
        let kind = |row: &Value| {
            (
                row["type"].as_str().unwrap().to_owned(),
                row["created_by"].as_i64().unwrap(),
            )
        };
        rows.iter().map(kind).collect()
    };
    let of_lead = stage
        .read(&format!(
            "events?filter[entity][]=lead&filter[entity_id][]={deal}"
        ))
        .await;
    let expected = [
        ("lead_status_changed", 9003),
        ("outgoing_chat_message", 9002),
        ("incoming_chat_message", 0),
        ("lead_added", 9002),
    ];
    assert_eq!(
        kinds(&of_lead),
        expected.map(|(kind, by)| (kind.to_owned(), by))
    );
    let chat = stage
        .read("events?filter[type][]=outgoing_chat_message")
        .await["_embedded"]["events"][0]
        .clone();
    assert!(chat["value_after"][0]["message"]["id"].is_string() && chat["id"].is_string());
    let one = format!("events/{}", chat["id"].as_str().unwrap());
    assert_eq!(stage.read(&one).await["type"], "outgoing_chat_message");
    assert_eq!(
        stage
            .status("GET", "events?filter[entity_id][]=1", Value::Null)
            .await,
        400,
        "needs its entity"
    );
    stage
        .post(
            &format!("deals/{deal}"),
            json!({"owner_field": "Бот", "by": "robot"}),
        )
        .await;
    let changed = stage
        .read("events?filter[type][]=custom_field_value_changed")
        .await;
    assert_eq!(
        kinds(&changed),
        [("custom_field_3301_value_changed".to_owned(), 0)]
    );
    let many: Vec<Value> = (0..101).map(|n| json!({"name": format!("{n}")})).collect();
    assert_eq!(stage.status("POST", "leads", many.into()).await, 200);
    let page = stage.read("events?limit=250").await;
    assert_eq!(kinds(&page).len(), 100, "at most");
    assert!(page["_links"]["next"]["href"].is_string());
}

// --- 14: subscriptions --------------------------------------------------------------------------------------------

#[tokio::test]
async fn amocrm_checklist_14_subscriptions() {
    let stage = Stage::set().await;
    let hook = |url: &str, settings: &[&str]| json!({"destination": url, "settings": settings});
    let url = "https://us.example.org/hooks";
    assert_eq!(
        stage
            .status("POST", "webhooks", hook(url, &["update_lead", "add_lead"]))
            .await,
        201
    );
    let (status, again) = stage
        .crm("POST", "webhooks", hook(url, &["add_message"]))
        .await;
    assert_eq!(
        (status, &again["settings"]),
        (201, &json!(["add_message"])),
        "replaced, and not added to"
    );
    let listed = stage
        .read(&format!("webhooks?filter[destination]={url}"))
        .await;
    assert_eq!(listed["_total_items"], 1);
    assert_eq!(listed["_embedded"]["webhooks"][0]["disabled"], false);
    assert_eq!(
        stage
            .status("POST", "webhooks", hook(url, &["add_rain"]))
            .await,
        400
    );
    stage
        .ways(json!({"unknown_hooks": ["update_task"], "subscribed_status": 200}))
        .await;
    assert_eq!(
        stage
            .status("POST", "webhooks", hook(url, &["update_task"]))
            .await,
        400,
        "not in every account"
    );
    assert_eq!(
        stage
            .status("POST", "webhooks", hook(url, &["add_lead"]))
            .await,
        200,
        "or 200"
    );
    stage.fault("amocrm", "invalid_url").await;
    let (status, body) = stage
        .crm("POST", "webhooks", hook(url, &["add_lead"]))
        .await;
    assert_eq!(
        (status, &body["detail"]),
        (400, &json!("Invalid URL")),
        "a name that is not known yet"
    );
    for n in 1..100 {
        let url = format!("https://us.example.org/{n}");
        assert_eq!(
            stage
                .status("POST", "webhooks", hook(&url, &["add_lead"]))
                .await,
            200
        );
    }
    let hundred_first = hook("https://us.example.org/100", &["add_lead"]);
    assert_eq!(stage.status("POST", "webhooks", hundred_first).await, 422);
    assert_eq!(
        stage
            .status("DELETE", "webhooks", json!({"destination": url}))
            .await,
        204
    );
    assert_eq!(
        stage
            .status("DELETE", "webhooks", json!({"destination": url}))
            .await,
        404
    );
}

// --- 15: delivery -------------------------------------------------------------------------------------------------

/// A subscriber that keeps heads too, and answers with a status of the test's.
struct Ear {
    url: String,
    heard: Arc<Mutex<Vec<(axum::http::HeaderMap, String)>>>,
    answer: Arc<Mutex<StatusCode>>,
}

impl Ear {
    async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (heard, answer) = (Arc::default(), Arc::new(Mutex::new(StatusCode::OK)));
        let (keeps, says) = (Arc::clone(&heard), Arc::clone(&answer));
        let app = Router::new().route(
            "/hook",
            post(
                move |head: axum::http::HeaderMap, body: String| async move {
                    let keeps: &Mutex<Vec<_>> = &keeps;
                    keeps.lock().unwrap().push((head, body));
                    *says.lock().unwrap()
                },
            ),
        );
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, heard, answer }
    }

    fn says(&self, status: StatusCode) {
        *self.answer.lock().unwrap() = status;
    }

    fn count(&self) -> usize {
        self.heard.lock().unwrap().len()
    }

    /// Waits until so many have come.
    async fn hears(&self, count: usize) -> Vec<(axum::http::HeaderMap, String)> {
        for _ in 0..1000 {
            if self.count() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let heard = self.heard.lock().unwrap().clone();
        assert_eq!(heard.len(), count);
        heard
    }
}

impl Stage {
    async fn tells(&self, ear: &Ear, settings: &[&str]) {
        let body = json!({"destination": ear.url, "settings": settings});
        assert_eq!(self.status("POST", "webhooks", body).await, 201);
    }

    async fn is_disabled(&self, ear: &Ear) -> bool {
        let listed = self
            .read(&format!("webhooks?filter[destination]={}", ear.url))
            .await;
        listed["_embedded"]["webhooks"][0]["disabled"] == true
    }
}

#[tokio::test]
async fn amocrm_checklist_15_a_delivery_has_amocrms_form_and_head() {
    let stage = Stage::set().await;
    let ear = Ear::new().await;
    stage.tells(&ear, &["add_lead"]).await;
    stage.deal(PHONE, "Заезд").await;
    let (head, body) = ear.hears(1).await.remove(0);
    assert_eq!(head["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(head["user-agent"], "amoCRM-Webhooks/3.0");
    assert_eq!(head["x-amocrm-requestid"].to_str().unwrap().len(), 36);
    assert!(body.starts_with("leads%5Badd%5D%5B0%5D%5Bid%5D="), "{body}");
    assert_eq!(
        form_value(&body, "account[id]").as_deref(),
        Some("31000001")
    );
    assert_eq!(
        form_value(&body, "account[subdomain]").as_deref(),
        Some("sanatorium")
    );
    assert_eq!(
        form_value(&body, "account[_links][self]"),
        Some(stage.url.clone())
    );
}

#[tokio::test]
async fn amocrm_checklist_15_the_ladder_of_retries_on_the_business_clock() {
    for (status, pauses) in [
        (StatusCode::NOT_FOUND, vec![300, 900]),
        (StatusCode::SERVICE_UNAVAILABLE, vec![300, 900, 900, 3600]),
    ] {
        for same in [false, true] {
            let stage = Stage::set().await;
            stage.post("clock", json!({"speed": 0})).await;
            stage.ways(json!({"same_request_id": same})).await;
            let ear = Ear::new().await;
            ear.says(status);
            stage.tells(&ear, &["add_lead"]).await;
            stage.deal(PHONE, "Заезд").await;
            ear.hears(1).await;
            for (done, pause) in (1..).zip(&pauses) {
                stage.advance(pause - 1).await;
                assert_eq!(ear.count(), done, "{status}");
                stage.advance(1).await;
                ear.hears(done + 1).await;
            }
            stage.advance(86_400).await;
            let heard = ear.hears(pauses.len() + 1).await;
            let mut names: Vec<_> = heard
                .iter()
                .map(|(head, _)| head["x-amocrm-requestid"].clone())
                .collect();
            names.dedup();
            assert_eq!(names.len() == 1, same, "the id repeats, or does not");
            assert!(heard.iter().all(|(_, body)| *body == heard[0].1));
        }
    }
}

#[tokio::test]
async fn amocrm_checklist_15_a_subscriber_that_is_silent_for_two_seconds_has_failed() {
    let stage = Stage::set().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let came = Arc::new(tokio::sync::Notify::new());
    let coming = Arc::clone(&came);
    let app = Router::new().route(
        "/hook",
        post(move || async move {
            coming.notify_one();
            std::future::pending::<()>().await;
        }),
    );
    tokio::spawn(async move { axum::serve(listener, app).await });
    let body = json!({"destination": url, "settings": ["add_lead"]});
    assert_eq!(stage.status("POST", "webhooks", body).await, 201);
    stage.deal(PHONE, "Заезд").await;
    came.notified().await;
    // The attempt ends by itself, and the next is five minutes away.
    for _ in 0..1000 {
        if stage
            .sandbox
            .with(|state| state.queue.next_business_due())
            .is_some()
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let now = stage.sandbox.clock().now_ms();
    let due = stage
        .sandbox
        .with(|state| state.queue.next_business_due())
        .unwrap();
    assert!((240_000..=300_000).contains(&(due - now)), "{}", due - now);
}

#[tokio::test]
async fn amocrm_checklist_15_a_hundred_and_one_failures_in_two_hours_switch_it_off() {
    let stage = Stage::set().await;
    stage.post("clock", json!({"speed": 0})).await;
    let ear = Ear::new().await;
    ear.says(StatusCode::NOT_FOUND);
    stage.tells(&ear, &["add_lead"]).await;
    let make = async |count: usize| {
        let before = ear.count();
        let many: Vec<Value> = (0..count)
            .map(|n| json!({"name": format!("{n}")}))
            .collect();
        assert_eq!(stage.status("POST", "leads", many.into()).await, 200);
        ear.hears(before + count).await;
    };
    make(100).await;
    assert!(!stage.is_disabled(&ear).await);
    ear.says(StatusCode::OK);
    make(1).await;
    assert!(!stage.is_disabled(&ear).await, "the last one was good");
    ear.says(StatusCode::NOT_FOUND);
    make(1).await;
    for _ in 0..200 {
        if stage.is_disabled(&ear).await {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(stage.is_disabled(&ear).await);
    let before = ear.count();
    stage.deal(PHONE, "Заезд").await;
    assert_eq!(ear.count(), before, "nothing leaves any more");
    stage.tells(&ear, &["add_lead"]).await;
    assert!(
        !stage.is_disabled(&ear).await,
        "subscribed again, it is on again"
    );
}

#[tokio::test]
async fn amocrm_checklist_15_deliveries_come_twice_turned_late_together_or_never() {
    let stage = Stage::set().await;
    let ear = Ear::new().await;
    stage.tells(&ear, &["add_lead"]).await;
    let make = async |name: &str| {
        stage.makes("leads", json!({"name": name})).await;
    };
    let names = async |count: usize| -> Vec<String> {
        let heard = ear.hears(count).await;
        let name = |body: &str| form_value(body, "leads[add][0][name]").unwrap();
        heard.iter().map(|(_, body)| name(body)).collect()
    };
    stage.fault("amocrm", "hook_drop").await;
    make("пропала").await;
    stage.fault("amocrm", "hook_dup").await;
    make("дважды").await;
    assert_eq!(names(2).await, ["дважды", "дважды"]);
    stage.fault_for("hook_reorder", 200).await;
    make("первая").await;
    make("вторая").await;
    assert_eq!(names(4).await[2..], ["вторая", "первая"]);
    stage.fault_for("hook_delay", 200).await;
    make("поздняя").await;
    make("ранняя").await;
    assert_eq!(names(6).await[4..], ["ранняя", "поздняя"]);
    let batch = json!({"service": "amocrm", "kind": "hook_batch", "count": 3, "ms": 200});
    stage.post("faults", batch).await;
    for name in ["раз", "два", "три"] {
        make(name).await;
    }
    let together = ear.hears(7).await.remove(6).1;
    for (place, name) in ["раз", "два", "три"].iter().enumerate() {
        assert!(
            is_form(&together, &format!("leads[add][{place}][name]"), name),
            "{together}"
        );
    }
}

// --- 16: echo -----------------------------------------------------------------------------------------------------

#[tokio::test]
async fn amocrm_checklist_16_every_write_of_ours_rings() {
    let stage = Stage::set().await;
    stage
        .listen_to_amocrm(&[
            "add_lead",
            "update_lead",
            "status_lead",
            "responsible_lead",
            "add_task",
            "update_task",
            "note_lead",
            "add_contact",
            "update_contact",
            "responsible_task",
        ])
        .await;
    let contact = stage.makes("contacts", json!({"name": "Анна"})).await["id"].clone();
    let lead = stage
        .makes(
            "leads",
            json!({"name": "А", "_embedded": {"contacts": [{"id": contact}]}}),
        )
        .await["id"]
        .clone();
    let change =
        json!({"pipeline_id": 5_100_001, "status_id": 40_100_003, "responsible_user_id": 9003});
    assert_eq!(
        stage
            .status("PATCH", &format!("leads/{lead}"), change)
            .await,
        200
    );
    assert_eq!(
        stage
            .status(
                "PATCH",
                &format!("contacts/{contact}"),
                json!({"name": "Анна П."})
            )
            .await,
        200
    );
    let task = json!({"text": "x", "complete_till": 1_800_000_000, "entity_id": lead, "entity_type": "leads"});
    let task = stage.makes("tasks", task).await["id"].clone();
    let done = json!({"is_completed": true, "responsible_user_id": 9002});
    assert_eq!(
        stage.status("PATCH", &format!("tasks/{task}"), done).await,
        200
    );
    stage
        .makes(
            &format!("leads/{lead}/notes"),
            json!({"note_type": "common", "params": {"text": "x"}}),
        )
        .await;
    for root in [
        "contacts[add][0]",
        "contacts[update][0]",
        "leads[add][0]",
        "leads[update][0]",
        "leads[status][0]",
        "leads[responsible][0]",
        "task[add][0]",
        "task[update][0]",
        "task[responsible][0]",
    ] {
        let key = format!("{root}[modified_user_id]");
        stage.hears(|body| is_form(body, &key, "9001")).await;
    }
    stage
        .hears(|body| is_form(body, "leads[note][0][note][modified_by]", "9001"))
        .await;
    let moved = stage
        .hears(|body| body.starts_with("leads%5Bstatus%5D"))
        .await;
    assert_eq!(
        form_value(&moved, "leads[status][0][old_status_id]").as_deref(),
        Some("40100002")
    );
    let given = stage
        .hears(|body| body.starts_with("leads%5Bresponsible%5D"))
        .await;
    assert_eq!(
        form_value(&given, "leads[responsible][0][old_responsible_user_id]").as_deref(),
        Some("9001")
    );
}

#[tokio::test]
async fn amocrm_checklist_16_items_and_values_have_old_shapes_too() {
    let stage = Stage::set().await;
    stage
        .ways(json!({"nested_index": true, "plain_values": true}))
        .await;
    stage.listen_to_amocrm(&["update_lead"]).await;
    let deal = stage.deal(PHONE, "Заезд").await["id"].clone();
    stage
        .post(
            &format!("deals/{deal}"),
            json!({"owner_field": "Бот", "by": "user"}),
        )
        .await;
    let hook = stage
        .hears(|body| body.starts_with("leads%5Bupdate%5D%5B0%5D%5B0%5D%5Bid%5D"))
        .await;
    let value = form_value(&hook, "leads[update][0][0][custom_fields][0][values][0]");
    assert_eq!(value.as_deref(), Some("Бот"));
}

// --- 17: chats ----------------------------------------------------------------------------------------------------

#[tokio::test]
async fn amocrm_checklist_17_who_wrote_as_amocrm_tells_it() {
    let stage = Stage::set().await;
    stage
        .listen_to_amocrm(&["add_message", "add_outgoing_message"])
        .await;
    stage.deal(PHONE, "Заезд").await;
    let guest = json!({"text": "Добрый день", "name": "Анна <& Ко>"});
    stage.post(&format!("guests/{PHONE}/messages"), guest).await;
    let heard = stage
        .hears(|body| is_form(body, "message[add][0][text]", "Добрый день"))
        .await;
    let value = |body: &str, key: &str| form_value(body, key).unwrap_or_default();
    assert_eq!(
        value(&heard, "message[add][0][author][name]"),
        "Анна &lt;&amp; Ко&gt;"
    );
    assert_eq!(value(&heard, "message[add][0][type]"), "incoming");
    for (via, user, name) in [
        ("amocrm", "9002", "Анна"),
        ("phone", "0", "WhatsApp"),
        ("pact", "0", "WhatsApp"),
        ("salesbot", "0", "Salesbot"),
    ] {
        let message = json!({"phone": PHONE, "text": via, "via": via});
        stage.post("managers/9002/messages", message).await;
        let heard = stage
            .hears(|body| is_form(body, "outgoing_message[add][0][text]", via))
            .await;
        let author = |key: &str| value(&heard, &format!("outgoing_message[add][0][author][{key}]"));
        assert_eq!(
            (author("user_id").as_str(), author("name").as_str()),
            (user, name),
            "{via}"
        );
        assert_eq!(author("type"), "internal");
    }
}

#[tokio::test]
async fn amocrm_checklist_17_an_echo_of_our_texts_is_told_as_each_account_may() {
    for (way, expected) in [("robot", Some("0")), ("user", Some("9001")), ("none", None)] {
        let stage = Stage::set().await;
        stage.ways(json!({"echo": way})).await;
        stage.listen_to_amocrm(&["add_outgoing_message"]).await;
        stage.deal(PHONE, "Заезд").await;
        stage.writes("Привет").await;
        stage.send("наш ответ").await.unwrap();
        // What follows shows that nothing is on its way any more.
        stage
            .post(
                "managers/9002/messages",
                json!({"phone": PHONE, "text": "после", "via": "amocrm"}),
            )
            .await;
        stage
            .hears(|body| is_form(body, "outgoing_message[add][0][text]", "после"))
            .await;
        let heard = stage.heard.lock().unwrap().clone();
        let ours = heard
            .iter()
            .find(|body| is_form(body, "outgoing_message[add][0][text]", "наш ответ"));
        let user =
            ours.and_then(|body| form_value(body, "outgoing_message[add][0][author][user_id]"));
        assert_eq!(user.as_deref(), expected, "{way}");
    }
}

#[tokio::test]
async fn amocrm_checklist_17_a_chat_names_its_deal_in_either_way_and_every_fourth_time_in_none() {
    for (way, element, entity) in [
        ("both", true, true),
        ("element", true, false),
        ("entity", false, true),
    ] {
        let stage = Stage::set().await;
        stage
            .ways(json!({"chat_deal": way, "bare_message": true}))
            .await;
        stage
            .listen_to_amocrm(&["add_message", "add_outgoing_message"])
            .await;
        let deal = stage.deal(PHONE, "Заезд").await["id"].to_string();
        stage.writes("Привет").await;
        stage
            .hears(|body| is_form(body, "add[0][text]", "Привет"))
            .await;
        let (mut named, mut bare) = (0, 0);
        for n in 0..8 {
            let text = format!("ответ {n}");
            let message = json!({"phone": PHONE, "text": text, "via": "amocrm"});
            stage.post("managers/9002/messages", message).await;
            let heard = stage
                .hears(|body| is_form(body, "outgoing_message[add][0][text]", &text))
                .await;
            let value = |key: &str| form_value(&heard, &format!("outgoing_message[add][0][{key}]"));
            if value("element_id").or(value("entity_id")).is_none() {
                bare += 1;
                continue;
            }
            named += 1;
            assert_eq!(
                value("element_id").is_some_and(|id| id == deal),
                element,
                "{way}"
            );
            assert_eq!(
                value("entity_id").is_some_and(|id| id == deal),
                entity,
                "{way}"
            );
            assert_eq!(value("element_type").as_deref(), element.then_some("2"));
            assert_eq!(value("entity_type").as_deref(), entity.then_some("lead"));
        }
        assert_eq!((named, bare), (6, 2), "{way}: a quarter names none");
    }
}

// --- 18: people ---------------------------------------------------------------------------------------------------

#[tokio::test]
async fn amocrm_checklist_18_what_people_do_by_hand_rings_and_is_an_event() {
    let stage = Stage::set().await;
    stage
        .listen_to_amocrm(&[
            "update_lead",
            "status_lead",
            "responsible_lead",
            "delete_lead",
            "restore_lead",
        ])
        .await;
    let deal = stage.deal(PHONE, "Новая заявка").await["id"].clone();
    let other = json!({"phone": "79000000002", "name": "Вторая", "stage": "Заезд"});
    let other = stage.post("deals", other).await["id"].clone();
    let path = format!("deals/{deal}");
    let by = |mut change: Value| {
        change["by"] = json!("user");
        change["user"] = json!(9003);
        change
    };
    for (change, hook, event) in [
        (
            json!({"owner_field": "Менеджер"}),
            "update",
            "custom_field_value_changed",
        ),
        (json!({"stage": "Заезд"}), "status", "lead_status_changed"),
        (
            json!({"responsible": 9003}),
            "responsible",
            "entity_responsible_changed",
        ),
        (json!({"closed": "deleted"}), "delete", "lead_deleted"),
        (json!({"closed": "restored"}), "restore", "lead_restored"),
    ] {
        stage.post(&path, by(change)).await;
        let root = format!("leads[{hook}][0][id]");
        stage
            .hears(|body| is_form(body, &root, &deal.to_string()))
            .await;
        let found = stage
            .read(&format!(
                "events?filter[type][]={event}&filter[created_by][]=9003"
            ))
            .await;
        assert_eq!(
            found["_embedded"]["events"][0]["entity_id"], deal,
            "{event}"
        );
    }
    stage
        .post("deals/merge", json!({"into": other, "from": deal}))
        .await;
    assert_eq!(
        stage
            .status("GET", &format!("leads/{deal}"), Value::Null)
            .await,
        204
    );
    let merged = stage.read(&format!("leads/{other}?with=contacts")).await;
    assert_eq!(merged["_embedded"]["contacts"].as_array().unwrap().len(), 2);
    let found = stage.read("events?filter[type][]=entity_merged").await;
    assert_eq!(found["_embedded"]["events"][0]["entity_id"], other);
}

// --- 19: the widget's token ---------------------------------------------------------------------------------------

#[tokio::test]
async fn amocrm_checklist_19_the_one_time_token_and_the_ways_it_may_be_wrong() {
    let stage = Stage::set().await;
    let uuid = stage.connection.client_id.clone();
    let path = |flaw: &str| format!("ajax/v2/integrations/{uuid}/disposable_token?user=9002{flaw}");
    let decoded = async |flaw: &str| {
        let heard = stage.asks("GET", &path(flaw), &Value::Null, &[]).await;
        let token = heard.body["token"].as_str().unwrap().to_owned();
        let key = jsonwebtoken::DecodingKey::from_secret(stage.connection.client_secret.as_bytes());
        let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
        validation.validate_exp = false;
        validation.validate_aud = false;
        jsonwebtoken::decode::<Value>(token, &key, &validation).map(|data| data.claims)
    };
    let now = stage.sandbox.clock().now_ms() / 1000;
    let good = decoded("").await.unwrap();
    assert_eq!(
        (&good["user_id"], &good["account_id"]),
        (&json!(9002), &json!(31_000_001))
    );
    assert_eq!(
        good["exp"].as_i64().unwrap() - good["iat"].as_i64().unwrap(),
        1800
    );
    assert_ne!(
        good["jti"],
        decoded("").await.unwrap()["jti"],
        "each is another"
    );
    assert!(
        decoded("&flaw=expired").await.unwrap()["exp"]
            .as_i64()
            .unwrap()
            < now
    );
    assert_ne!(decoded("&flaw=audience").await.unwrap()["aud"], good["aud"]);
    assert_ne!(
        decoded("&flaw=account").await.unwrap()["account_id"],
        good["account_id"]
    );
    assert!(decoded("&flaw=secret").await.is_err());
    let heard = stage
        .asks("GET", &path("&flaw=odd"), &Value::Null, &[])
        .await;
    assert_eq!(heard.status, 404);
}

// --- 20: trouble --------------------------------------------------------------------------------------------------

#[tokio::test]
async fn amocrm_checklist_20_an_unpaid_account_refuses_writes_and_a_month_later_reads() {
    let stage = Stage::set().await;
    stage.post("clock", json!({"speed": 0})).await;
    let fault = json!({"service": "amocrm", "kind": "unpaid", "for_s": 90 * 86_400});
    stage.post("faults", fault).await;
    let lead = json!([{"name": "А"}]);
    assert_eq!(stage.status("POST", "leads", lead.clone()).await, 402);
    assert_eq!(stage.status("GET", "account", Value::Null).await, 200);
    stage.advance(31 * 86_400).await;
    assert_eq!(stage.status("GET", "account", Value::Null).await, 402);
    assert_eq!(stage.control("DELETE", "faults", Value::Null).await.0, 200);
    assert_eq!(stage.status("POST", "leads", lead).await, 200, "it is paid");
}

#[tokio::test]
async fn amocrm_checklist_20_rights_end_at_an_entity() {
    let stage = Stage::set().await;
    let own = json!({"phone": PHONE, "name": "Своя", "stage": "Заезд", "responsible": 9003});
    let own = stage.post("deals", own).await["id"].as_i64().unwrap();
    let foreign = json!({"phone": "79000000002", "name": "Чужая", "stage": "Заезд"});
    let foreign = stage.post("deals", foreign).await["id"].as_i64().unwrap();
    let bearer = format!("Bearer {}", stage.connection.amocrm_token);
    let headers = [
        ("authorization", bearer.as_str()),
        ("x-context-user-id", "9003"),
    ];
    let look = async |path: String| {
        stage
            .asks("GET", &format!("api/v4/{path}"), &Value::Null, &headers)
            .await
    };
    for (right, sees_own, sees_foreign) in [("A", 200, 200), ("M", 200, 403), ("D", 403, 403)] {
        stage.post("users/9003", json!({"leads": right})).await;
        assert_eq!(
            look(format!("leads/{own}")).await.status,
            sees_own,
            "{right}"
        );
        assert_eq!(
            look(format!("leads/{foreign}?with=contacts")).await.status,
            sees_foreign,
            "{right}"
        );
    }
    stage.post("users/9003", json!({"leads": "M"})).await;
    assert_eq!(ids(&look("leads".to_owned()).await.body, "leads"), [own]);
    stage.fault("amocrm", "no_rights").await;
    assert_eq!(
        stage.status("GET", "account", Value::Null).await,
        200,
        "that is no entity"
    );
    assert_eq!(
        stage
            .status("GET", &format!("leads/{foreign}"), Value::Null)
            .await,
        403
    );
    assert_eq!(
        stage
            .status("GET", &format!("leads/{foreign}"), Value::Null)
            .await,
        200
    );
}

#[tokio::test]
async fn amocrm_checklist_20_overload_slowness_and_a_connection_lost_after_the_write() {
    let stage = Stage::set().await;
    let many = |count: usize| -> Value {
        (0..count)
            .map(|n| json!({"name": format!("{n}")}))
            .collect()
    };
    stage.fault("amocrm", "overload").await;
    assert_eq!(stage.status("POST", "leads", many(50)).await, 200);
    assert_eq!(stage.status("POST", "leads", many(51)).await, 504);
    assert_eq!(ids(&stage.read("leads?limit=250").await, "leads").len(), 50);
    stage.fault("amocrm", "http_500").await;
    assert_eq!(stage.status("GET", "account", Value::Null).await, 500);
    stage.fault("amocrm", "html_body").await;
    assert_eq!(
        stage.crm("GET", "account", Value::Null).await,
        (200, Value::Null),
        "a page, and no JSON"
    );
    stage.fault_for("slow", 50).await;
    assert_eq!(stage.status("GET", "account", Value::Null).await, 200);
    for kind in ["lost_response", "refuse"] {
        stage.fault("amocrm", kind).await;
        let sent = stage
            .client
            .post(format!("{}/api/v4/leads", stage.url))
            .bearer_auth(&stage.connection.amocrm_token)
            .json(&json!([{"name": kind}]))
            .send()
            .await;
        assert!(sent.is_err(), "{kind}");
    }
    let found = stage.read("leads?query=lost_response").await;
    assert_eq!(ids(&found, "leads").len(), 1, "it has taken effect");
    assert_eq!(
        stage.status("GET", "leads?query=refuse", Value::Null).await,
        204,
        "it has not"
    );
}
