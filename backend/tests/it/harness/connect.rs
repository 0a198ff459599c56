//! An administrator of amoCRM, who connects the account.

use super::World;
use serde_json::{Value, json};

impl World {
    /// The link that `estafeta connect` prints.
    pub fn link(&self) -> String {
        let said = self.asks(&["connect"]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        said.out.trim().to_owned()
    }

    /// The one-time word in a link.
    pub fn state_in(link: &str) -> &str {
        let (_, rest) = link.split_once("state=").expect("a state");
        rest.split('&').next().unwrap_or(rest)
    }

    /// Opens a link as an administrator and presses `allow` or `deny`; the status of the page that our server shows.
    pub async fn presses(&self, button: &str, link: &str) -> u16 {
        let page = self.client.get(link).send().await.expect("a page");
        let page = page.text().await.expect("words");
        assert!(page.contains(&format!("/oauth/{button}?")), "{page}");
        let pressed = link.replacen("/oauth?", &format!("/oauth/{button}?"), 1);
        let shown = self.client.get(pressed).send().await.expect("our page");
        shown.status().as_u16()
    }

    /// The administrator connects the account.
    pub async fn is_connected_by_an_administrator(&self) {
        let link = self.link();
        assert_eq!(self.presses("allow", &link).await, 200);
        self.stands("connected").await;
    }

    /// What `/readyz` says of the account and amoCRM.
    pub async fn standing(&self) -> Value {
        self.readiness(&self.serve_url).await["amocrm"].clone()
    }

    async fn readiness(&self, url: &str) -> Value {
        let url = format!("{url}/readyz");
        let answer = self.client.get(url).send().await.expect("the backend");
        let ready: Value = answer.json().await.expect("JSON");
        ready["accounts"][0].clone()
    }

    /// Waits until the account stands so; a connected one also until its calls are taken.
    pub async fn stands(&self, so: &str) -> Value {
        self.stands_at(&self.serve_url, so).await
    }

    /// The same, as one of several instances sees it.
    pub async fn stands_at(&self, url: &str, so: &str) -> Value {
        self.eventually(&format!("amoCRM is {so}"), async || {
            let account = self.readiness(url).await;
            let is_open = account["prepared"] == true && account["refused"]["amocrm"].is_null();
            let standing = account["amocrm"].clone();
            (standing["connection"] == so && (is_open || so != "connected")).then_some(standing)
        })
        .await
    }

    /// Calls our server as amoCRM would; the status.
    pub async fn amocrm_calls(&self, path: &str) -> u16 {
        let url = format!("{}{path}", self.serve_url);
        let answer = self.client.get(url).send().await.expect("the backend");
        answer.status().as_u16()
    }

    /// The integration in amoCRM's window: `{installed?, host?, refusal?}`.
    pub async fn integration(&self, change: Value) -> Value {
        self.play("integration", &change).await
    }

    /// Statuses of the exchanges of codes and tokens, oldest first.
    pub async fn exchanges(&self) -> Vec<Option<u64>> {
        let calls = self.calls("amocrm").await.into_iter();
        calls
            .filter(|(name, _)| name == "POST /oauth2/access_token")
            .map(|(_, status)| status)
            .collect()
    }

    /// Everything secret that amoCRM has given: codes and tokens.
    pub fn given(&self) -> Vec<String> {
        let data = self.folder.path().join("sandbox").join("sandbox.json");
        let text = std::fs::read_to_string(data).expect("the sandbox's data");
        let kept: Value = serde_json::from_str(&text).expect("JSON");
        let oauth = &kept["crm"]["oauth"];
        let names = |of: &Value| match of {
            Value::Object(map) => map.keys().cloned().collect(),
            Value::Array(list) => list
                .iter()
                .filter_map(|t| t.as_str().map(str::to_owned))
                .collect(),
            _ => Vec::new(),
        };
        let places = [
            "/access",
            "/refresh/good",
            "/refresh/used",
            "/codes/good",
            "/codes/used",
        ];
        let given = places
            .iter()
            .flat_map(|place| names(oauth.pointer(place).unwrap_or(&json!(null))));
        given.collect()
    }
}
