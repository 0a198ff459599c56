//! Of two accounts of one backend neither sees or changes the other's knowledge base (promise 6), over HTTP.

use crate::api::{claims_of, secret, signed};
use crate::harness::{HANDOFF, OLGA, World};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

const PHONE: &str = "79000000001";
const OURS: &str = "## Домофон {#code}\n- Какой код домофона?\nКод домофона 4417.\n";
const THEIRS: &str = "## Сауна {#sauna}\n- Какая цена сауны?\nСауна стоит 900 ₽.\n";
const QUESTION: &str = "Какой код домофона?";
const MISSED: &str = "Есть ли вертолётная площадка?";

/// An administrator of one of the accounts.
struct Admin<'w> {
    world: &'w World,
    bearer: String,
}

impl<'w> Admin<'w> {
    /// Of the account with this number: amoCRM signs for all accounts of an integration alike.
    async fn of(world: &'w World, account: i64) -> Self {
        let olga = world.manager(OLGA);
        let mut claims = claims_of(&olga.one_time_token().await);
        claims["account_id"] = json!(account);
        let token = signed(&claims, &secret(world));
        let session = olga.opens_session(&token).await.expect("a session");
        assert!(session.admin);
        Self {
            world,
            bearer: session.token,
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/api/v1/knowledge{path}", self.world.serve_url);
        let request = self.world.client.request(method, url);
        request.bearer_auth(&self.bearer)
    }

    async fn reads(&self, path: &str) -> (u16, Value) {
        said(self.request(Method::GET, path)).await
    }

    async fn puts(&self, text: &str, over: i64) -> (u16, Value) {
        let files = json!({"files": [{"name": "base.md", "text": text}]});
        let request = self.request(Method::PUT, "");
        said(request.header("If-Match", over.to_string()).json(&files)).await
    }

    /// The version that was asked, and the passages that were found.
    async fn finds(&self, question: &str) -> (i64, Vec<Value>) {
        let asked = json!({"question": question});
        let (status, found) = said(self.request(Method::POST, "/preview").json(&asked)).await;
        assert_eq!(status, 200, "{found:#}");
        let version = found["version"].as_i64().expect("a number");
        let hits = found["found"].as_array().expect("a list").iter();
        (
            version,
            hits.map(|hit| hit["passage"]["id"].clone()).collect(),
        )
    }
}

async fn said(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.json().await.expect("JSON"))
}

/// Nothing of the first account's base, nor of what its guests asked.
fn is_theirs_alone(answer: &Value) {
    let words = answer.to_string();
    for word in ["4417", "омофон", "ертол"] {
        assert!(!words.contains(word), "{word}: {answer:#}");
    }
}

#[tokio::test]
async fn promise_6_an_administrator_of_one_account_gets_nothing_of_anothers_knowledge() {
    let world = World::without_backend().await;
    let (account, other) = (world.account(), world.has_another_account());
    world.serve(&[]).await;
    let ours = Admin::of(&world, account).await;
    let theirs = Admin::of(&world, other).await;
    assert_eq!(ours.puts(OURS, 0).await.0, 200);
    assert_eq!(ours.puts(&format!("{OURS}\n"), 1).await.0, 200);
    world
        .bot_knows(json!([{"contains": "вертол", "kb": "miss"}]))
        .await;
    let guest = world.guest(PHONE);
    guest.asks(MISSED).await;
    assert_eq!(guest.hears(1).await, HANDOFF);
    let (_, missed) = ours.reads("/missed").await;
    assert!(missed.to_string().contains(MISSED), "{missed:#}");

    // Reading: there is nothing, whatever is asked.
    let (status, view) = theirs.reads("").await;
    assert_eq!((status, &view["version"]), (200, &json!(0)), "{view:#}");
    is_theirs_alone(&view);
    let (status, versions) = theirs.reads("/versions").await;
    assert_eq!((status, &versions["versions"]), (200, &json!([])));
    for version in [1, 2] {
        let (status, refusal) = theirs.reads(&format!("/versions/{version}")).await;
        assert_eq!(status, 404, "{refusal:#}");
        is_theirs_alone(&refusal);
    }
    assert_eq!(theirs.reads("/missed").await.1["groups"], json!([]));
    assert_eq!(theirs.finds(QUESTION).await, (0, vec![]));

    // Writing: over the other's version it is refused without a word of it, and over the own none it is the own first.
    let (status, refusal) = theirs.puts(THEIRS, 2).await;
    assert_eq!((status, &refusal["code"]), (409, &json!("knowledge_stale")));
    is_theirs_alone(&refusal);
    let (status, saved) = theirs.puts(THEIRS, 0).await;
    assert_eq!((status, &saved["version"]), (200, &json!(1)), "{saved:#}");
    assert_eq!(
        theirs.finds("Какая цена сауны?").await,
        (1, vec![json!("sauna")])
    );
    let (_, found) = theirs.finds(QUESTION).await;
    assert!(!found.contains(&json!("code")), "{found:?}");

    // The first account has lost nothing and got nothing.
    let (_, view) = ours.reads("").await;
    assert_eq!(view["version"], 2);
    assert_eq!(view["files"][0]["text"], format!("{OURS}\n"));
    assert_eq!(ours.finds(QUESTION).await, (2, vec![json!("code")]));
    let (_, found) = ours.finds("Какая цена сауны?").await;
    assert!(!found.contains(&json!("sauna")), "{found:?}");
}
