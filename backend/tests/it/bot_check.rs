//! `estafeta bot-check` against the sandbox's bot, whole and broken, and against the example for authors of bots.

use crate::harness::{Said, World, free_port, said, until_some};
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Child, Command, Stdio};

const CHECKS: usize = 10;

/// The table for the sandbox's bot, whose late answers go to the backend's address.
fn checked(world: &World) -> Said {
    let url = world.setting("accounts.0.bot.url");
    let secret = world.setting("accounts.0.bot.secret");
    let clock = format!("{}/sandbox/clock", world.sandbox_url);
    let arguments = [
        "bot-check",
        url.as_str().expect("an address"),
        "--clock",
        &clock,
        "--listen",
        &world.serve_url,
        "--patience",
        "2",
    ];
    let secret = secret.as_str().expect("a key").to_owned();
    said(&arguments, Some(("ESTAFETA_BOT_SECRET", secret)))
}

/// The checks that failed, by their names.
fn failed(said: &Said) -> Vec<String> {
    let lines = said.out.lines().filter(|line| line.contains("  FAILED  "));
    lines
        .map(|line| line.split("  ").next().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn issue_9_1_the_sandboxs_bot_keeps_to_the_contract_at_once_and_late() {
    let world = World::without_backend().await;
    let said = checked(&world);
    assert_eq!((said.code, failed(&said)), (Some(0), vec![]), "{said:#?}");
    assert_eq!(said.out.lines().count(), CHECKS + 1, "{}", said.out);
    world
        .bot(&json!({"rules": [{"contains": "бассейн", "status": 202}]}))
        .await;
    let late = checked(&world);
    assert_eq!((late.code, failed(&late)), (Some(0), vec![]), "{late:#?}");
    assert!(
        late.out.contains("brought, signed and readable"),
        "{}",
        late.out
    );
}

/// The table for the bot of the settings.
fn checked_by_settings(world: &World, more: &[&str]) -> Said {
    let mut arguments = vec!["bot-check", "--patience", "2"];
    arguments.extend(more);
    world.asks(&arguments)
}

#[tokio::test]
async fn issue_9_1_the_bots_of_settings_keep_to_the_contract_whatever_they_are() {
    const BASE: &str = "## Бассейн\n- Есть ли у вас бассейн?\nБассейн открыт с 8 до 22.\n";
    let passed = |said: &Said| said.out.matches("  passed  ").count();
    let world = World::without_backend().await;
    let http = checked_by_settings(&world, &["--listen", &world.serve_url]);
    assert_eq!(
        (http.code, passed(&http)),
        (Some(0), CHECKS - 1),
        "{http:#?}"
    );
    // Within the process there is nobody to sign for.
    let within = 5;
    world.has_a_base(BASE);
    world.has_a_model();
    let model = checked_by_settings(&world, &[]);
    assert_eq!(
        (model.code, passed(&model)),
        (Some(0), within),
        "{model:#?}"
    );
    assert_eq!(model.out.lines().count(), CHECKS + 1, "{}", model.out);
    world
        .model_says(json!([{"kind": "malformed"}, {"kind": "malformed"}]))
        .await;
    let broken = checked_by_settings(&world, &[]);
    assert_eq!(
        (broken.code, failed(&broken)),
        (Some(1), vec!["answer".to_owned()]),
        "{broken:#?}"
    );
    let long = json!({"replies": [{"text": "много слов ".repeat(1_000)}]});
    let answer = json!({"kind": "answer", "content": long});
    world.model_says(json!([answer, answer])).await;
    let long = checked_by_settings(&world, &[]);
    assert_eq!(failed(&long), ["size"], "{}", long.out);
    world
        .model_says(json!([{"kind": "answer", "content": {"replies": []}}]))
        .await;
    let empty = checked_by_settings(&world, &[]);
    assert_eq!(failed(&empty), ["content"], "{}", empty.out);
    world.has_the_faq_bot();
    let faq = checked_by_settings(&world, &[]);
    assert_eq!((faq.code, passed(&faq)), (Some(0), within), "{faq:#?}");
}

#[tokio::test]
async fn issue_9_1_each_broken_bot_fails_its_own_line() {
    let world = World::without_backend().await;
    for (behaviour, line) in [
        (json!({"flaws": ["trusting"]}), "signature"),
        (json!({"flaws": ["timeless"]}), "timestamp"),
        (json!({"flaws": ["forgetful"]}), "same turn"),
        (json!({"flaws": ["strict"]}), "unknown fields"),
        (json!({"flaws": ["empty"]}), "content"),
        (json!({"flaws": ["huge"]}), "size"),
        (json!({"flaws": ["brittle"]}), "no turn"),
        (json!({"flaws": ["breaks"]}), "late answer"),
        (json!({"flaws": ["missigns"]}), "late answer"),
        (
            json!({"flaws": [], "rules": [{"contains": "бассейн", "status": 500}]}),
            "answer",
        ),
        (
            json!({"rules": [{"contains": "бассейн", "status": 404}]}),
            "answer",
        ),
        (
            json!({"rules": [{"contains": "бассейн", "confidence": 7.0}]}),
            "content",
        ),
        (json!({"rules": [], "delay_ms": 2_500}), "time"),
    ] {
        world.bot(&behaviour).await;
        let said = checked(&world);
        assert_eq!(said.code, Some(1), "{behaviour}: {said:#?}");
        assert_eq!(failed(&said), [line], "{behaviour}: {}", said.out);
    }
    world.bot(&json!({"delay_ms": 0})).await;
    for kind in ["http_500", "html_body", "refuse"] {
        world.lasting_fault("bot", kind).await;
        let said = checked(&world);
        assert_eq!(failed(&said), ["answer"], "{kind}: {}", said.out);
        world.clears_faults().await;
    }
}

#[tokio::test]
async fn a_wrong_use_says_what_to_do() {
    let without = said(&["bot-check", "http://127.0.0.1:1"], None);
    assert_eq!(without.code, Some(1));
    assert!(without.err.contains("--secret-file"), "{}", without.err);
    let secret = Some(("ESTAFETA_BOT_SECRET", "x".to_owned()));
    let unsafe_url = said(&["bot-check", "http://bot.example.org"], secret);
    assert_eq!(unsafe_url.code, Some(1));
    assert!(unsafe_url.err.contains("https://"), "{}", unsafe_url.err);
}

/// The example of `BOT.md`, running.
struct Example(Child);

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Example {
    /// `None` on a machine without Python.
    async fn start(port: u16, environment: &[(&str, &str)]) -> Option<Self> {
        let page = include_str!("../../BOT.md");
        let (_, code) = page.split_once("```python\n").expect("an example");
        let (code, _) = code.split_once("```").expect("its end");
        let child = Command::new("python3")
            .args(["-", &port.to_string()])
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .spawn();
        let Ok(mut child) = child else {
            eprintln!("not tested: there is no python3");
            return None;
        };
        let mut program = child.stdin.take().expect("a program is read");
        program
            .write_all(code.as_bytes())
            .expect("the program is read");
        drop(program);
        let example = Self(child);
        until_some("the example serves", async || {
            tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .ok()
        })
        .await;
        Some(example)
    }
}

#[tokio::test]
async fn issue_9_1_the_example_in_python_keeps_to_the_contract_at_once_and_late() {
    let (port, listen) = (free_port(), format!("http://127.0.0.1:{}", free_port()));
    let url = format!("http://127.0.0.1:{port}");
    let check = || {
        let arguments = ["bot-check", &url, "--listen", &listen, "--patience", "5"];
        said(
            &arguments,
            Some(("ESTAFETA_BOT_SECRET", "a key".to_owned())),
        )
    };
    for late in [false, true] {
        let mut environment = vec![("BOT_SECRET", "a key")];
        environment.extend(late.then_some(("ESTAFETA", listen.as_str())));
        let Some(_example) = Example::start(port, &environment).await else {
            return;
        };
        let said = check();
        assert_eq!((said.code, failed(&said)), (Some(0), vec![]), "{said:#?}");
        assert_eq!(said.out.contains("brought, signed"), late, "{}", said.out);
    }
}

#[test]
fn the_examples_words_are_those_of_the_contract() {
    let published: Value = serde_json::from_str(include_str!("../../openapi.json")).expect("JSON");
    let answer = &published["components"]["schemas"]["BotAnswerBody"]["properties"];
    let page = include_str!("../../BOT.md");
    for field in answer.as_object().expect("fields").keys() {
        assert!(
            page.contains(&format!("`{field}`")),
            "BOT.md does not tell of {field}"
        );
    }
}
