//! `estafeta doctor`: says what is wrong and what to do, and changes nothing.

use crate::harness::{Said, World};
use serde_json::json;
use std::time::{Duration, Instant};

fn line_of(said: &Said, what: &str) -> String {
    let lines: Vec<&str> = said
        .out
        .lines()
        .filter(|line| line.contains(what))
        .collect();
    assert_eq!(lines.len(), 1, "one line of {what}: {}", said.out);
    lines[0].to_owned()
}

fn is_wrong(said: &Said, what: &str, words: &str) {
    let line = line_of(said, what);
    assert!(line.starts_with("FAIL") && line.contains(words), "{line}");
    assert_eq!(said.code, Some(1), "{}", said.out);
}

/// Requests that change something.
async fn writes(world: &World) -> usize {
    let calls = world.look("calls").await.expect("calls");
    let calls = calls.as_array().expect("a list").iter();
    calls.filter(|call| call["method"] != "GET").count()
}

#[tokio::test]
async fn a_healthy_backend_has_nothing_to_do() {
    let world = World::new().await;
    let before = writes(&world).await;
    let said = world.asks(&["doctor"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(
        said.out.lines().all(|line| line.starts_with("ok")),
        "{}",
        said.out
    );
    for what in [
        "settings",
        "public_url",
        "reachable: http://localhost",
        "database",
        "master key",
        ", account:",
        "rights",
        "pipeline and stages",
        "owner field",
        "task type",
        ", webhook:",
        "token, company and webhook",
        "bot of",
    ] {
        line_of(&said, what);
    }
    assert_eq!(writes(&world).await, before, "it changed something");
}

/// amoCRM bans whoever asks more than seven times a second: a look takes its turn, as all else that we ask.
#[tokio::test]
async fn a_look_asks_amocrm_no_faster_than_it_may() {
    let world = World::with_limits("real").await;
    let asked = async || {
        let calls = world.look("calls?service=amocrm").await.expect("calls");
        calls.as_array().expect("a list").len()
    };
    let (before, began) = (asked().await, Instant::now());
    let said = world.asks(&["doctor"]);
    let (took, calls) = (began.elapsed(), asked().await - before);
    line_of(&said, ", webhook:");
    assert!(calls > 5, "{calls}: it has to wait at least once");
    let least = Duration::from_millis(1_200) * u32::try_from(calls.div_ceil(5)).expect("few");
    assert!(took >= least, "{calls} calls within {took:?}");
}

#[tokio::test]
async fn what_is_wrong_is_said_with_what_to_do() {
    let world = World::new().await;
    world.fault("amocrm", "token_revoked").await;
    world.fault("pact", "token_revoked").await;
    world.fault("bot", "refuse").await;
    let said = world.asks(&["doctor"]);
    is_wrong(&said, ", account:", "«Ключи и доступы»");
    is_wrong(&said, "token, company and webhook", "app.pact.im");
    is_wrong(&said, "bot of", "start the bot");
    world.kills_the_backend();
    let said = world.asks(&["doctor"]);
    is_wrong(&said, "reachable: http://localhost", "start the backend");
}

#[tokio::test]
async fn another_master_key_is_noticed() {
    let world = World::new().await;
    let file = world.setting("secrets.master_key_file");
    let file = file.as_str().expect("a file");
    std::fs::write(file, "ab".repeat(32)).expect("another key");
    is_wrong(&world.asks(&["doctor"]), "master key", "not the master key");
}

#[tokio::test]
async fn a_backend_that_never_ran_lacks_its_webhooks() {
    let world = World::without_backend().await;
    let said = world.asks(&["doctor"]);
    is_wrong(&said, ", webhook:", "at its start");
    is_wrong(&said, "token, company and webhook", "at its start");
    assert!(line_of(&said, "database").starts_with("ok"));
}

#[tokio::test]
async fn an_account_that_is_not_connected_is_told_how() {
    let world = World::without_a_token().await;
    world.serve(&[]).await;
    is_wrong(&world.asks(&["doctor"]), "connection", "estafeta connect");
    world.is_connected_by_an_administrator().await;
    world
        .eventually("all is well", async || {
            (world.asks(&["doctor"]).code == Some(0)).then_some(())
        })
        .await;
    world.integration(json!({"installed": false})).await;
    world.stands("not_connected").await;
    is_wrong(&world.asks(&["doctor"]), "connection", "estafeta connect");
}
