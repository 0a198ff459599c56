//! `estafeta bot-eval` for each kind of bot: one behind HTTP, a language model, and the one that needs no network (issue 9.8).

use crate::harness::{Said, World, said};
use serde_json::{Value, json};
use std::path::PathBuf;

const BASE: &str = "## Бассейн {#pool}\n- Есть ли у вас бассейн?\nБассейн открыт с 8 до 22.\n\n\
                    ## Сауна {#sauna}\n- Сколько стоит сауна?\nСауна стоит 1 500 ₽ за час.\n";

/// Two that the base answers, one that it does not, and one that is a person's.
const QUESTIONS: &str = r#"
{"question": "Есть ли у вас бассейн?", "expected": "pool", "decision": "answer"}
{"question": "Сколько стоит сауна?", "expected": ["sauna", "spa"], "decision": "answer", "held": true}
{"question": "Вертолётная площадка имеется?", "expected": "none", "decision": "miss"}
{"question": "Позовите управляющего", "decision": "handoff"}
"#;

fn questions(world: &World) -> PathBuf {
    let file = world.settings().with_file_name("questions.jsonl");
    std::fs::write(&file, QUESTIONS).expect("questions");
    file
}

/// `bot-eval` of the account's bot, as JSON.
fn report(world: &World, more: &[&str]) -> Value {
    let file = questions(world).display().to_string();
    let mut arguments = vec!["bot-eval", &file, "--json"];
    arguments.extend(more);
    read(&world.asks(&arguments))
}

fn read(said: &Said) -> Value {
    assert_eq!(said.code, Some(0), "{said:#?}");
    serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:#?}"))
}

/// What is said of the bot, of decisions and of questions without an answer.
fn figures(report: &Value) -> Value {
    let bot = &report["bot"];
    json!([
        report["kind"],
        [
            bot["questions"],
            bot["answerable"],
            bot["hit_1"],
            bot["answered"],
            bot["wrong"],
            bot["rightly_missed"]
        ],
        report["decisions"],
        report["failed"],
    ])
}

/// What the sandbox's bot says to these questions.
fn rules(pool: &str) -> Value {
    let passage = |id: &str| json!([{"id": id, "text": "Бассейн открыт с 8 до 22."}]);
    json!([
        {"contains": "бассейн", "reply": "Бассейн открыт с 8 до 22.", "passages": passage(pool)},
        {"contains": "сауна", "reply": "Не знаю точно", "passages": passage("sauna"), "confidence": 0.4},
        {"contains": "Вертолётная", "kb": "miss"},
        {"contains": "Позовите", "handoff": {"reason": "human_request"}},
    ])
}

#[tokio::test]
async fn issue_9_8_a_bot_behind_http_is_asked_anew_each_time() {
    let world = World::without_backend().await;
    world.has_a_base(BASE);
    world.bot_knows(rules("pool")).await;
    let first = report(&world, &[]);
    // The unsure answer cites rightly, and is no answer.
    assert_eq!(
        figures(&first),
        json!(["http", [3, 2, 2, 1, 0, 1], [4, 3], 0])
    );
    let wrong = first["wrong"].as_array().expect("a list");
    assert_eq!(wrong.len(), 1, "{first:#}");
    assert_eq!(wrong[0]["question"], "Сколько стоит сауна?");
    assert_eq!(wrong[0]["decision"], "handoff");
    assert_eq!(first["search"]["hit_1"], 2, "beside it the search alone");
    // The bot is another one now; it remembers what it has answered to a turn.
    world.bot_knows(rules("sauna")).await;
    let second = report(&world, &[]);
    assert_eq!(
        figures(&second),
        json!(["http", [3, 2, 1, 0, 1, 1], [4, 3], 0])
    );
    let held = report(&world, &["--held"]);
    assert_eq!(held["bot"]["questions"], 1);
}

#[tokio::test]
async fn issue_9_8_a_bot_behind_http_is_asked_without_settings_and_may_answer_late() {
    let world = World::without_backend().await;
    let file = questions(&world).display().to_string();
    let url = world.setting("accounts.0.bot.url");
    let key = world.setting("accounts.0.bot.secret");
    let clock = format!("{}/sandbox/clock", world.sandbox_url);
    let asks = |more: &[&str]| {
        let url = url.as_str().expect("an address");
        let mut arguments = vec![
            "bot-eval",
            &file,
            "--json",
            "--bot-url",
            url,
            "--clock",
            &clock,
        ];
        arguments.extend(more);
        let key = key.as_str().expect("a key").to_owned();
        said(&arguments, Some(("ESTAFETA_BOT_SECRET", key)))
    };
    let mut late = rules("pool");
    late[0]["status"] = json!(202);
    world.bot_knows(late).await;
    let unheard = asks(&[]);
    let report = read(&unheard);
    assert_eq!(report["failed"], 1, "{report:#}");
    assert!(unheard.err.contains("--listen"), "{}", unheard.err);
    let heard = read(&asks(&["--listen", &world.serve_url]));
    assert_eq!(
        figures(&heard),
        json!(["http", [3, 2, 2, 1, 0, 1], [4, 3], 0])
    );
    assert_eq!(heard["search"], Value::Null, "no base was given");
    // A bot that is down fails each question, and says so.
    world.lasting_fault("bot", "http_500").await;
    let down = read(&asks(&["--held"]));
    assert_eq!(
        (&down["failed"], &down["bot"]["answered"]),
        (&json!(1), &json!(0))
    );
}

#[tokio::test]
async fn issue_9_8_a_language_model_is_asked_with_the_passages_of_its_base() {
    let world = World::without_backend().await;
    world.has_a_base(BASE);
    world.has_a_model();
    let answer = |text: &str, passages: &[&str]| json!({"kind": "answer", "content": {"replies": [{"text": text}], "passages": passages}});
    world
        .model_says(json!([
            answer("Бассейн открыт с 8 до 22.", &["pool"]),
            answer("Сауна стоит 1 500 ₽ за час.", &["pool"]),
            {"kind": "answer", "content": {"replies": [], "kb": "miss"}},
            {"kind": "refusal"},
        ]))
        .await;
    let report = report(&world, &[]);
    // The model named the pool for the sauna; but what it was not given it cannot cite.
    assert_eq!(
        figures(&report),
        json!(["openai", [3, 2, 1, 1, 1, 1], [4, 4], 0])
    );
    let asked = world.asked_of_the_model().await;
    assert_eq!(asked.len(), 4);
    let data = asked[0]["messages"][1]["content"].as_str().expect("data");
    assert!(data.contains("Бассейн открыт с 8 до 22."), "{data}");
}

#[tokio::test]
async fn issue_9_8_the_bot_of_the_base_is_asked_from_settings_and_from_a_folder() {
    let world = World::without_backend().await;
    world.has_the_faq_bot();
    world.has_a_base(BASE);
    let expected = json!(["faq", [3, 2, 2, 2, 0, 1], [4, 4], 0]);
    assert_eq!(figures(&report(&world, &[])), expected);
    let (file, folder) = (questions(&world), world.settings().with_file_name("base"));
    let (file, folder) = (file.display().to_string(), folder.display().to_string());
    let alone = said(&["bot-eval", &file, "--knowledge", &folder, "--json"], None);
    assert_eq!(figures(&read(&alone)), expected);
    let table = said(&["bot-eval", &file, "--knowledge", &folder], None);
    for words in ["bot: faq", "words alone", "decided as expected: 4 of 4"] {
        assert!(table.out.contains(words), "{}", table.out);
    }
}

#[tokio::test]
async fn a_wrong_use_of_bot_eval_says_what_to_do() {
    let world = World::without_backend().await;
    let file = questions(&world).display().to_string();
    let nothing = said(&["bot-eval", &file], None);
    assert_eq!(nothing.code, Some(2), "{nothing:#?}");
    let without_key = said(
        &["bot-eval", &file, "--bot-url", "http://127.0.0.1:1"],
        None,
    );
    assert_eq!(without_key.code, Some(1));
    assert!(
        without_key.err.contains("--secret-file"),
        "{}",
        without_key.err
    );
    std::fs::write(&file, "{\"expected\": 1}").expect("a file");
    let unread = said(&["bot-eval", &file, "--knowledge", "."], None);
    assert_eq!(unread.code, Some(1));
    assert!(unread.err.contains("line 1"), "{}", unread.err);
}
