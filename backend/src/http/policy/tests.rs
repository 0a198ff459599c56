use crate::flow::Rules;
use crate::http::fake::{self, OTHER, OURS, SANATORIUM, World, call, get, json, with};
use crate::ports::Policies as _;
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json as object};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use widget_core::policy::parse;

/// Ольга, an administrator, and Анна, a manager.
const OLGA: i64 = 9_001;
const ANNA: i64 = 9_002;

const FOR_FIVE: (&str, &str) = ("guests_over = 4", "guests_over = 5");
const AFTER_AN_HOUR: (&str, &str) = ("auto_return_after = \"40m\"", "auto_return_after = \"60m\"");

/// A world in which what is stored comes into force.
fn world() -> World {
    let world = World::new();
    let (web, store) = (Arc::clone(&world.web), Arc::clone(&world.store));
    tokio::spawn(async move {
        loop {
            web.flow.bells.for_rules().await;
            for (account, tenant) in &web.flow.tenants {
                let newest = store.policy(*account, None).await.unwrap().unwrap();
                tenant.in_force.put(Rules {
                    version: newest.version,
                    account_epoch: newest.account_epoch,
                    policy: parse(&newest.toml).unwrap(),
                });
            }
        }
    });
    world
}

fn changed((from, to): (&str, &str)) -> String {
    assert_eq!(SANATORIUM.matches(from).count(), 1, "{from}");
    SANATORIUM.replace(from, to)
}

fn put(toml: &str, over: &str) -> Request<Body> {
    let body = object!({"toml": toml}).to_string();
    let request = Request::put("/api/v1/policy").body(Body::from(body));
    with(request.expect("a request"), "if-match", over)
}

/// Status and body of a call with this bearer.
async fn asked(world: &World, bearer: &str, request: Request<Body>) -> (u16, Value) {
    let answer = call(world, with(request, "authorization", bearer)).await;
    (answer.status().as_u16(), json(answer).await)
}

async fn newest(world: &World, account: i64) -> Value {
    let bearer = world.admins_bearer(account, OLGA);
    let (status, view) = asked(world, &bearer, get("/api/v1/policy")).await;
    assert_eq!(status, 200, "{view}");
    view
}

#[tokio::test]
async fn an_administrator_stores_a_version_over_the_one_that_was_seen() {
    let world = world();
    let olga = world.admins_bearer(OURS, OLGA);
    let answer = call(&world, with(get("/api/v1/policy"), "authorization", &olga)).await;
    assert_eq!(answer.headers()["etag"], "\"1\"");
    let seen = json(answer).await;
    assert_eq!(
        (&seen["version"], &seen["toml"]),
        (&object!(1), &object!(SANATORIUM))
    );
    assert_eq!(
        (&seen["may_change"], &seen["from_file"]),
        (&object!(true), &object!(false))
    );

    let text = changed(AFTER_AN_HOUR);
    let (status, saved) = asked(&world, &olga, put(&text, "\"1\"")).await;
    assert_eq!(
        (status, &saved),
        (200, &object!({"version": 2, "in_force": true}))
    );
    let is = newest(&world, OURS).await;
    assert_eq!((&is["version"], &is["toml"]), (&object!(2), &object!(text)));
    assert_eq!(is["user"]["id"], OLGA);
    assert_eq!(is["origin"], "api");

    // Back to what was: the old text as a new version.
    let (_, old) = asked(&world, &olga, get("/api/v1/policy/versions/1")).await;
    let (status, _) = asked(&world, &olga, put(old["toml"].as_str().unwrap(), "2")).await;
    assert_eq!(status, 200);
    let (_, listed) = asked(&world, &olga, get("/api/v1/policy/versions")).await;
    let numbers: Vec<_> = listed["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["version"].clone())
        .collect();
    assert_eq!(numbers, [3, 2, 1]);
    assert_eq!(newest(&world, OURS).await["toml"], SANATORIUM);
}

#[tokio::test]
async fn whoever_saw_an_older_version_is_told_what_changed_and_by_whom() {
    let world = world();
    let olga = world.admins_bearer(OURS, OLGA);
    let other = world.admins_bearer(OURS, 9_004);
    assert_eq!(
        asked(&world, &olga, put(&changed(FOR_FIVE), "1")).await.0,
        200
    );
    let (status, problem) = asked(&world, &other, put(&changed(AFTER_AN_HOUR), "1")).await;
    assert_eq!((status, &problem["code"]), (409, &object!("policy_stale")));
    assert_eq!(problem["newest"]["version"], 2);
    assert_eq!(problem["newest"]["user"]["id"], OLGA);
    let change =
        object!([{"path": "triggers[guests_over_4].when.guests_over", "old": "4", "new": "5"}]);
    assert_eq!(problem["changes"], change);
    assert_eq!(
        newest(&world, OURS).await["version"],
        2,
        "nothing was stored"
    );
}

#[tokio::test]
async fn what_is_wrong_is_named_by_its_field_and_nothing_is_stored() {
    let world = world();
    let olga = world.admins_bearer(OURS, OLGA);
    for (change, path) in [
        (
            (
                "auto_return_after = \"40m\"",
                "auto_return_after = \"soon\"",
            ),
            "timers.auto_return_after",
        ),
        (
            ("burst_max = \"12s\"", "burst_max = \"1s\""),
            "timers.burst_max",
        ),
        (
            ("{ guests_over = 4 }", "{ guests_ower = 4 }"),
            "triggers[13].when",
        ),
        (
            (
                "Передаю ваше обращение менеджеру.\"\nwork",
                "{naem}\"\nwork",
            ),
            "texts.handoff",
        ),
        (("schema = 1 ", "schema = "), ""),
    ] {
        let (status, problem) = asked(&world, &olga, put(&changed(change), "1")).await;
        assert_eq!(
            (status, &problem["code"]),
            (422, &object!("policy_wrong")),
            "{problem}"
        );
        let findings = problem["findings"].as_array().unwrap();
        let at = |finding: &Value| finding["path"].as_str().unwrap().starts_with(path);
        assert!(findings.iter().any(at), "{path}: {findings:?}");
    }
    assert_eq!(newest(&world, OURS).await["version"], 1);
}

#[tokio::test]
async fn a_manager_reads_the_policy_and_may_not_store_one() {
    let world = world();
    let anna = world.bearer(OURS, ANNA);
    let (status, view) = asked(&world, &anna, get("/api/v1/policy")).await;
    assert_eq!((status, &view["may_change"]), (200, &object!(false)));
    for over in ["1", "7", "*"] {
        let (status, problem) = asked(&world, &anna, put(&changed(FOR_FIVE), over)).await;
        assert_eq!((status, &problem["code"]), (403, &object!("admins_only")));
    }
    assert_eq!(newest(&world, OURS).await["version"], 1);
}

#[tokio::test]
async fn promise_6_an_administrator_neither_reads_nor_changes_another_accounts_policy() {
    let world = world();
    let theirs = world.admins_bearer(OTHER, OLGA);
    let ours = world.admins_bearer(OURS, OLGA);
    assert_eq!(
        asked(&world, &ours, put(&changed(FOR_FIVE), "1")).await.0,
        200
    );
    // Their newest is still their first, whatever number they name.
    let is = newest(&world, OTHER).await;
    assert_eq!(
        (&is["version"], &is["toml"]),
        (&object!(1), &object!(SANATORIUM))
    );
    assert_eq!(is["from_file"], true);
    let (status, _) = asked(&world, &theirs, get("/api/v1/policy/versions/2")).await;
    assert_eq!(status, 404);
    let (_, listed) = asked(&world, &theirs, get("/api/v1/policy/versions")).await;
    assert_eq!(listed["versions"].as_array().unwrap().len(), 1);
    let (status, problem) = asked(&world, &theirs, put(&changed(AFTER_AN_HOUR), "2")).await;
    assert_eq!((status, &problem["newest"]["version"]), (409, &object!(1)));
    assert!(problem.get("changes").is_none(), "{problem}");
    assert_eq!(
        asked(&world, &theirs, put(&changed(AFTER_AN_HOUR), "1"))
            .await
            .0,
        200
    );
    let ours = newest(&world, OURS).await;
    assert_eq!(
        (&ours["version"], &ours["toml"]),
        (&object!(2), &object!(changed(FOR_FIVE)))
    );
}

#[tokio::test]
async fn calls_that_say_too_little_or_too_much_are_refused() {
    let world = world();
    let olga = world.admins_bearer(OURS, OLGA);
    let bare = Request::put("/api/v1/policy")
        .body(Body::from("{}"))
        .expect("a request");
    assert_eq!(asked(&world, &olga, bare).await.0, 428);
    assert_eq!(asked(&world, &olga, put(SANATORIUM, "first")).await.0, 400);
    let odd = Request::put("/api/v1/policy")
        .body(Body::from("toml"))
        .expect("a request");
    assert_eq!(
        asked(&world, &olga, with(odd, "if-match", "1")).await.0,
        400
    );
    let (status, problem) = asked(&world, &olga, put(&"#".repeat(300_000), "1")).await;
    assert_eq!(
        (status, &problem["code"]),
        (413, &object!("body_too_large"))
    );
    for path in [
        "/api/v1/policy/versions/0",
        "/api/v1/policy/versions/9",
        "/api/v1/policy/versions/x",
    ] {
        assert_eq!(asked(&world, &olga, get(path)).await.0, 404, "{path}");
    }
    for request in [
        get("/api/v1/policy"),
        get("/api/v1/policy/versions"),
        put(SANATORIUM, "1"),
    ] {
        let answer = call(&world, request).await;
        assert_eq!(answer.status(), 401);
    }
}

#[tokio::test]
async fn a_store_that_fails_is_told_and_nothing_is_said_of_it() {
    let world = world();
    let olga = world.admins_bearer(OURS, OLGA);
    world.store.broken.store(true, Ordering::SeqCst);
    for request in [
        get("/api/v1/policy"),
        get("/api/v1/policy/versions"),
        put(SANATORIUM, "1"),
    ] {
        let (status, problem) = asked(&world, &olga, request).await;
        assert_eq!((status, &problem["code"]), (503, &object!("unavailable")));
        assert!(!problem.to_string().contains("disk"), "{problem}");
    }
}

#[tokio::test]
async fn the_settings_page_may_put() {
    let world = world();
    let request = Request::options("/api/v1/policy")
        .body(Body::empty())
        .expect("a request");
    let request = with(request, "origin", fake::PAGE);
    let request = with(request, "access-control-request-method", "PUT");
    let answer = call(
        &world,
        with(request, "access-control-request-headers", "if-match"),
    )
    .await;
    let allowed = answer.headers()["access-control-allow-methods"]
        .to_str()
        .unwrap();
    assert!(allowed.contains("PUT"), "{allowed}");
}
