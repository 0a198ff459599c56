use crate::http::fake::{OTHER, OURS, World, call, get, json, post, with};
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json as object};

/// Ольга, an administrator, and Анна, a manager.
const OLGA: i64 = 9_001;
const ANNA: i64 = 9_002;
const PATH: &str = "/api/v1/knowledge";

fn files(text: &str) -> Value {
    object!({"files": [{"name": "pool.md", "text": text}]})
}

fn put(body: &Value, over: &str) -> Request<Body> {
    let request = Request::put(PATH).body(Body::from(body.to_string()));
    with(request.expect("a request"), "if-match", over)
}

fn preview(body: &Value) -> Request<Body> {
    post("/api/v1/knowledge/preview", body.to_string().into_bytes())
}

/// Status and body of a call with this bearer.
async fn asked(world: &World, bearer: &str, request: Request<Body>) -> (u16, Value) {
    let answer = call(world, with(request, "authorization", bearer)).await;
    (answer.status().as_u16(), json(answer).await)
}

#[tokio::test]
async fn issue_9_4_an_administrator_stores_a_base_over_the_version_that_was_seen() {
    let world = World::new();
    let olga = world.admins_bearer(OURS, OLGA);
    let (status, none) = asked(&world, &olga, get(PATH)).await;
    assert_eq!((status, &none["version"]), (200, &object!(0)));
    let base = files("## Бассейн\n- Есть бассейн?\nЕсть.\n");
    let (status, saved) = asked(&world, &olga, put(&base, "\"0\"")).await;
    assert_eq!(
        (status, saved),
        (200, object!({"version": 1, "passages": 1}))
    );

    let answer = call(&world, with(get(PATH), "authorization", &olga)).await;
    assert_eq!(answer.headers()["etag"], "\"1\"");
    let seen = json(answer).await;
    assert_eq!(seen["files"], base["files"]);
    assert_eq!(seen["passages"][0]["questions"][0], "Есть бассейн?");
    assert_eq!(seen["may_change"], true);

    let (status, stale) = asked(&world, &olga, put(&base, "0")).await;
    assert_eq!(
        (status, &stale["code"], &stale["newest"]["version"]),
        (409, &object!("knowledge_stale"), &object!(1))
    );
    assert_eq!(stale["newest"]["user"]["id"], OLGA);
    assert_eq!(
        stale["changes"],
        object!([{"path": "Бассейн", "new": "Есть."}])
    );
    let (_, versions) = asked(&world, &olga, get("/api/v1/knowledge/versions")).await;
    assert_eq!(versions["versions"][0]["user"]["id"], OLGA);
    assert_eq!(versions["versions"][0]["passages"], 1);
    let (status, _) = asked(&world, &olga, get("/api/v1/knowledge/versions/1")).await;
    assert_eq!(status, 200);
    let (status, _) = asked(&world, &olga, get("/api/v1/knowledge/versions/2")).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn issue_9_4_everything_wrong_with_a_base_is_told_and_nothing_is_stored() {
    let world = World::new();
    let olga = world.admins_bearer(OURS, OLGA);
    let wrong = files("## Бассейн\n- Есть бассейн?\n");
    let (status, problem) = asked(&world, &olga, put(&wrong, "0")).await;
    assert_eq!(
        (status, &problem["code"]),
        (422, &object!("knowledge_wrong"))
    );
    assert_eq!(problem["findings"][0]["path"], "pool.md:1");
    let words = |language: &str| {
        problem["findings"][0][language]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(words("problem").starts_with("Под заголовком нет ответа"));
    assert!(words("english").starts_with("There is no answer"));
    let without = Request::put(PATH)
        .body(Body::from(wrong.to_string()))
        .unwrap();
    let (status, problem) = asked(&world, &olga, without).await;
    assert_eq!(
        (status, &problem["code"]),
        (428, &object!("version_needed"))
    );
    let (status, _) = asked(&world, &olga, put(&object!({"toml": ""}), "0")).await;
    assert_eq!(status, 400);
    let (_, none) = asked(&world, &olga, get(PATH)).await;
    assert_eq!(none["version"], 0);
}

#[tokio::test]
async fn promise_6_separate_a_base_is_its_accounts_and_only_administrators_change_it() {
    let world = World::new();
    let base = files("## Бассейн\nЕсть.\n");
    let anna = world.bearer(OURS, ANNA);
    for request in [put(&base, "0"), get("/api/v1/knowledge/missed")] {
        let (status, problem) = asked(&world, &anna, request).await;
        assert_eq!((status, &problem["code"]), (403, &object!("admins_only")));
    }
    let olga = world.admins_bearer(OURS, OLGA);
    assert_eq!(asked(&world, &olga, put(&base, "0")).await.0, 200);
    let (_, seen) = asked(&world, &anna, get(PATH)).await;
    assert_eq!(
        (&seen["version"], &seen["may_change"]),
        (&object!(1), &object!(false))
    );
    let theirs = world.admins_bearer(OTHER, OLGA);
    let (_, other) = asked(&world, &theirs, get(PATH)).await;
    assert_eq!(other["version"], 0);
    let answer = call(&world, get(PATH)).await;
    assert_eq!(answer.status(), 401);
}

#[tokio::test]
async fn issue_9_4_a_preview_says_what_a_question_would_find_before_it_is_stored() {
    let world = World::new();
    let anna = world.bearer(OURS, ANNA);
    let mut body = files("## Бассейн\n- До скольки бассейн?\nДо 22.\n\n## Парковка\nУ ворот.\n");
    body["question"] = object!("до скольки работает басейн");
    let (status, found) = asked(&world, &anna, preview(&body)).await;
    assert_eq!(
        (status, &found["answers"]),
        (200, &object!(true)),
        "{found}"
    );
    assert_eq!(found["found"][0]["passage"]["text"], "До 22.");
    assert!(found["found"][0]["confidence"].as_f64().unwrap() >= 0.7);
    body["question"] = object!("вертолётная площадка");
    let (_, found) = asked(&world, &anna, preview(&body)).await;
    assert_eq!(
        (&found["answers"], &found["found"]),
        (&object!(false), &object!([]))
    );
    body["files"][0]["name"] = object!("pool.exe");
    assert_eq!(asked(&world, &anna, preview(&body)).await.0, 422);
}
