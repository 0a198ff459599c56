//! OAuth of the stand-in: what the documents say, and what goes wrong with it.

use super::{Stage, json};
use serde_json::Value;

const DAY: i64 = 86_400;

impl Stage {
    /// Status and body of an exchange.
    async fn exchanges(&self, change: impl FnOnce(&mut Value)) -> (u16, Value) {
        let mut body = json!({
            "client_id": self.connection.client_id, "client_secret": self.connection.client_secret,
            "redirect_uri": format!("{}/oauth/amocrm/callback", self.url.replace("127.0.0.1", "localhost")),
        });
        change(&mut body);
        let request = self
            .client
            .post(format!("{}/oauth2/access_token", self.url));
        let answer = request.json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub(super) async fn takes_code(&self, code: &str) -> (u16, Value) {
        let change = |body: &mut Value| {
            body["grant_type"] = json!("authorization_code");
            body["code"] = json!(code);
        };
        self.exchanges(change).await
    }

    pub(super) async fn refreshes(&self, token: &Value) -> (u16, Value) {
        let change = |body: &mut Value| {
            body["grant_type"] = json!("refresh_token");
            body["refresh_token"] = token.clone();
        };
        self.exchanges(change).await
    }

    pub(super) async fn code(&self) -> String {
        let made = self.post("integration/codes", Value::Null).await;
        made["code"].as_str().unwrap().to_owned()
    }

    pub(super) async fn pair(&self) -> Value {
        let (status, pair) = self.takes_code(&self.code().await).await;
        assert_eq!(status, 200, "{pair}");
        pair
    }

    /// The status of the API under an access token.
    async fn opens(&self, token: &Value) -> u16 {
        let request = self.client.get(format!("{}/api/v4/account", self.url));
        let request = request.bearer_auth(token.as_str().unwrap());
        request.send().await.unwrap().status().as_u16()
    }
}

fn hint((status, body): &(u16, Value)) -> (u16, &str) {
    assert_eq!(body["status"], *status);
    (*status, body["hint"].as_str().unwrap())
}

#[tokio::test]
async fn a_code_is_good_for_twenty_minutes_and_one_time() {
    let stage = Stage::set().await;
    let code = stage.code().await;
    let (status, pair) = stage.takes_code(&code).await;
    assert_eq!((status, &pair["expires_in"]), (200, &json!(DAY)));
    assert_eq!(pair["token_type"], "Bearer");
    assert_eq!(stage.opens(&pair["access_token"]).await, 200);
    let again = stage.takes_code(&code).await;
    assert_eq!(hint(&again), (400, "Authorization code has been revoked"));
    let late = stage.code().await;
    stage.advance(20 * 60).await;
    let late = stage.takes_code(&late).await;
    assert_eq!(hint(&late), (400, "Authorization code has expired"));
    let unknown = stage.takes_code("code-1").await;
    let words = "Cannot decrypt the authorization code";
    assert_eq!(hint(&unknown), (400, words));
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_once_and_the_old_access_token_goes_on_to_its_end() {
    let stage = Stage::set().await;
    let first = stage.pair().await;
    stage.advance(3600).await;
    let (status, second) = stage.refreshes(&first["refresh_token"]).await;
    assert_eq!(status, 200);
    let again = stage.refreshes(&first["refresh_token"]).await;
    assert_eq!(hint(&again), (400, "Token has been revoked"));
    for pair in [&first, &second] {
        assert_eq!(stage.opens(&pair["access_token"]).await, 200);
    }
    stage.advance(DAY - 3600).await;
    assert_eq!(stage.opens(&first["access_token"]).await, 401);
    assert_eq!(stage.opens(&second["access_token"]).await, 200);
    stage.advance(3600).await;
    assert_eq!(stage.opens(&second["access_token"]).await, 401);
    stage.advance(90 * DAY).await;
    let over = stage.refreshes(&second["refresh_token"]).await;
    assert_eq!(hint(&over), (400, "Token has expired"));
    let unknown = stage.refreshes(&json!("refresh-1")).await;
    assert_eq!(hint(&unknown), (400, "Cannot decrypt the refresh token"));
}

#[tokio::test]
async fn a_wrong_secret_or_redirect_uri_is_refused_and_uses_nothing_up() {
    let stage = Stage::set().await;
    let code = stage.code().await;
    for (key, word) in [
        ("client_id", "client_id"),
        ("client_secret", "client_id"),
        ("redirect_uri", "redirect_uri"),
        ("grant_type", "grant_type"),
    ] {
        let refused = stage
            .exchanges(|body| {
                body["grant_type"] = json!("authorization_code");
                body["code"] = json!(code);
                body[key] = json!("https://example.org/");
            })
            .await;
        let said = format!("Check the `{word}` parameter");
        assert_eq!(hint(&refused), (400, said.as_str()), "{key}");
    }
    assert_eq!(stage.takes_code(&code).await.0, 200);
}

#[tokio::test]
async fn some_stacks_refuse_with_401() {
    let stage = Stage::set().await;
    stage.post("integration", json!({"refusal": 401})).await;
    let refused = stage.takes_code("code-1").await;
    assert_eq!(hint(&refused).0, 401);
}

#[tokio::test]
async fn a_revoked_token_and_a_lost_answer_strike_exchanges_too() {
    let stage = Stage::set().await;
    let pair = stage.pair().await;
    stage.fault("amocrm", "token_revoked").await;
    assert_eq!(stage.opens(&pair["access_token"]).await, 401);
    assert_eq!(stage.opens(&pair["access_token"]).await, 200);
    stage.fault("amocrm", "lost_response").await;
    let url = format!("{}/oauth2/access_token", stage.url);
    let body = json!({
        "client_id": stage.connection.client_id, "client_secret": stage.connection.client_secret,
        "grant_type": "refresh_token", "refresh_token": pair["refresh_token"],
        "redirect_uri": format!("{}/oauth/amocrm/callback", stage.url.replace("127.0.0.1", "localhost")),
    });
    let lost = stage.client.post(url).json(&body).send().await;
    assert!(lost.is_err(), "the pair is made, and nobody has it");
    let again = stage.refreshes(&pair["refresh_token"]).await;
    assert_eq!(hint(&again), (400, "Token has been revoked"));
}

#[tokio::test]
async fn a_renamed_account_is_found_by_its_token_and_nowhere_else_known() {
    let stage = Stage::set().await;
    let pair = stage.pair().await;
    let new = stage.url.replace("http://127.0.0.1", "localhost");
    stage.post("integration", json!({ "host": new })).await;
    assert_eq!(stage.opens(&pair["access_token"]).await, 401);
    assert_eq!(stage.refreshes(&pair["refresh_token"]).await.0, 401);
    let claims = pair["access_token"].as_str().unwrap();
    let claims = jsonwebtoken::dangerous::insecure_decode_claims::<Value>(claims).unwrap();
    let api = format!("http://{}", claims["api_domain"].as_str().unwrap());
    assert_eq!(
        (claims["account_id"].as_i64(), &api),
        (Some(31_000_001), &stage.url)
    );
    let asked = async |token: &str| {
        let url = format!("{api}/oauth2/account/current/subdomain");
        let request = stage.client.get(url).header("X-Refresh-Token", token);
        let answer = request.send().await.unwrap();
        (
            answer.status().as_u16(),
            answer.json::<Value>().await.unwrap(),
        )
    };
    let (status, found) = asked(pair["refresh_token"].as_str().unwrap()).await;
    assert_eq!((status, &found["domain"]), (200, &json!(new)));
    assert_eq!(asked("refresh-1").await.0, 401);
    let there = stage.client.get(format!("http://{new}/api/v4/account"));
    let there = there.bearer_auth(pair["access_token"].as_str().unwrap());
    assert_eq!(there.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_integration_that_is_switched_off_opens_nothing_until_it_is_installed_again() {
    let stage = Stage::set().await;
    let pair = stage.pair().await;
    let shown = stage.post("integration", json!({"installed": false})).await;
    assert_eq!(shown["installed"], false);
    assert_eq!(stage.opens(&pair["access_token"]).await, 401);
    assert_eq!(
        stage.opens(&json!(stage.connection.amocrm_token)).await,
        401
    );
    let refused = stage.refreshes(&pair["refresh_token"]).await;
    assert_eq!(hint(&refused), (400, "Token has been revoked"));
    stage.post("integration", json!({"installed": true})).await;
    assert_eq!(
        stage.opens(&json!(stage.connection.amocrm_token)).await,
        200
    );
    assert_eq!(stage.opens(&pair["access_token"]).await, 401);
}

#[tokio::test]
async fn the_administrator_allows_or_refuses_on_a_page() {
    let stage = Stage::set().await;
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let at = |path: &str, id: &str| format!("{}{path}?client_id={id}&state=s%3D1", stage.url);
    let id = &stage.connection.client_id;
    let page = client.get(at("/oauth", id)).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("/oauth/allow?") && page.contains("/oauth/deny?"));
    let to = async |path: &str| {
        let answer = client.get(at(path, id)).send().await.unwrap();
        assert_eq!(answer.status(), 302);
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    let allowed = to("/oauth/allow").await;
    let host = stage.url.trim_start_matches("http://");
    let host = crate::http::form(&[("referer".to_owned(), host.to_owned())]);
    assert!(
        allowed.contains("/oauth/amocrm/callback?code=code-"),
        "{allowed}"
    );
    assert!(
        allowed.contains(&host) && allowed.contains("state=s%3D1"),
        "{allowed}"
    );
    assert!(allowed.contains("platform=1") && !allowed.contains("from_widget"));
    let denied = to("/oauth/deny").await;
    assert!(
        denied.ends_with("?error=access_denied&state=s%3D1"),
        "{denied}"
    );
    for path in ["/oauth", "/oauth/allow"] {
        let stranger = client.get(at(path, "stranger")).send().await.unwrap();
        assert_eq!(stranger.status(), 404);
    }
}
