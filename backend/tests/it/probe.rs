//! `estafeta probe`: every question is answered or says what has to be done first; nothing is changed, nobody is named.

use crate::harness::{ANNA, Said, World};
use serde_json::{Value, json};

const PHONE: &str = "79000000001";

/// The report's lines by the names of the questions.
fn lines(said: &Said) -> Vec<(String, Value)> {
    let lines = said.out.lines().map(|line| {
        let line: Value = serde_json::from_str(line).expect("JSON");
        (line["id"].as_str().expect("a name").to_owned(), line)
    });
    lines.collect()
}

fn line<'a>(lines: &'a [(String, Value)], id: &str) -> &'a Value {
    let mut found = lines.iter().filter(|(name, _)| name == id);
    &found.next().unwrap_or_else(|| panic!("no {id}")).1
}

async fn writes(world: &World) -> usize {
    let calls = world.look("calls").await.expect("calls");
    let calls = calls.as_array().expect("a list").iter();
    calls.filter(|call| call["method"] != "GET").count()
}

#[tokio::test]
async fn an_account_at_work_answers_and_nothing_is_changed_or_told_of_anybody() {
    let world = World::new().await;
    let deal = json!({"phone": PHONE, "name": "Бронирование", "stage": "Новая заявка"});
    world.play("deals", &deal).await;
    world.play("deals", &deal).await;
    world.guest(PHONE).asks("Тайный вопрос").await;
    world.guest(PHONE).hears(1).await;
    world
        .manager(ANNA)
        .writes(PHONE, "Тайный ответ", "amocrm")
        .await;
    world.comes_to_rest().await;
    let before = writes(&world).await;
    let said = world.asks(&["probe", "--json"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert_eq!(writes(&world).await, before, "it changed something");
    let report = lines(&said);
    for hidden in ["Тайный", "9000000001", "Гость", "Бронирование"] {
        assert!(!said.out.contains(hidden), "{hidden} is told");
    }
    for (id, verdict, words) in [
        ("empty", "settled", "leads/1: 204"),
        ("page-limit", "open", "2 rows"),
        ("error-bodies", "settled", "filter by a field: 400"),
        ("rate-scope", "open", "estafeta log"),
        ("users", "settled", "3 rows, 3 with a chat id"),
        ("query", "settled", "1 found, 1 of them"),
        ("query-spelling", "settled", "7… finds it"),
        ("leads-of-contact", "settled", "2 deals of one contact"),
        ("enum-key", "settled", "enum_code, enum_id"),
        (
            "filters",
            "settled",
            "by id: 200, holds; by stage: 200, holds",
        ),
        ("required-statuses", "settled", "0 of 6 fields"),
        ("unsorted", "settled", "is_unsorted_on is false"),
        ("task-types", "settled", "5 types"),
        ("fields-page", "settled", "6 rows of 6"),
        (
            "chat-events",
            "settled",
            "2 outgoing messages, 1 of them by nobody",
        ),
        ("outgoing-hook", "open", "1 there, 1 with it"),
        ("failed-details", "open", "none"),
        ("channels", "settled", "GET companies/{id}/auths"),
    ] {
        let line = line(&report, id);
        let evidence = line["evidence"].as_str().expect("words");
        assert_eq!(line["verdict"], verdict, "{line}");
        assert!(evidence.contains(words), "{line}");
    }
    let read = world.asks(&["probe"]);
    assert_eq!(read.code, Some(0));
    assert!(read.out.contains("answered, "), "{}", read.out);
    assert!(read.out.contains("0 could not be asked"), "{}", read.out);
}

#[tokio::test]
async fn another_account_answers_otherwise() {
    let world = World::without_backend().await;
    let ways = json!({"big_limit": "refuse", "leads_of_contact": "new_first", "enum_is_code": true, "fields_on_page": 4,
        "query": "ignored", "unsorted": true, "required": {"Заезд": ["ARRIVAL"]}});
    world.play("amocrm", &ways).await;
    for phone in [PHONE, PHONE, "79000000002"] {
        let deal = json!({"phone": phone, "name": "Бронирование", "stage": "Новая заявка"});
        world.play("deals", &deal).await;
    }
    world.guest("79000000003").asks("Есть места?").await;
    let said = world.asks(&["probe", "--json"]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let report = lines(&said);
    for (id, verdict, words) in [
        ("page-limit", "settled", "400, 0 rows"),
        ("query", "settled", "2 found, 1 of them"),
        ("leads-of-contact", "settled", "newest first"),
        ("enum-key", "settled", "keys seen: enum, enum_id"),
        (
            "fields-page",
            "settled",
            "4 rows of 6 on the first of 2 pages",
        ),
        ("required-statuses", "open", "1 of 6 fields"),
        ("unsorted", "settled", "of a waiting chat: 204"),
        ("chat-events", "open", "0 outgoing messages"),
        ("outgoing-hook", "open", "0 there"),
    ] {
        let line = line(&report, id);
        assert_eq!(line["verdict"], verdict, "{line}");
        assert!(line.to_string().contains(words), "{line}");
    }
}

#[tokio::test]
async fn an_account_that_refuses_says_so_and_one_that_is_not_connected_is_told_how() {
    let world = World::without_backend().await;
    world.lasting_fault("amocrm", "token_revoked").await;
    let said = world.asks(&["probe"]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(
        said.out.lines().any(|line| line.starts_with("FAIL")),
        "{}",
        said.out
    );
    let world = World::without_a_token().await;
    let said = world.asks(&["probe"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("estafeta connect"), "{}", said.err);
}
