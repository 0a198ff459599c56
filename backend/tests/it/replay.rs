//! `estafeta replay` beside a running backend, on the journal that it writes (promise 7).

use crate::harness::{HANDOFF, World};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const PHONE: &str = "79000000001";

/// The account's rules with a change, as a file of its own.
fn rules(world: &World, folder: &TempDir, from: &str, to: &str) -> PathBuf {
    let named = world.setting("accounts.0.policy");
    let own = std::fs::read_to_string(named.as_str().expect("a file")).expect("the policy");
    assert!(own.contains(from), "the policy has no {from}");
    let file = folder.path().join(format!("{to}.toml"));
    std::fs::write(&file, own.replace(from, to)).expect("a file");
    file
}

fn replay(world: &World, rules: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_estafeta"));
    if let Some(database) = world.database_setting() {
        command.args(["replay", "--config"]);
        command.arg(world.settings()).envs([database]);
    } else {
        let data = world.setting("server.data");
        command.args(["replay", "--data", data.as_str().expect("a folder")]);
    }
    command
        .arg("--policy")
        .arg(rules)
        .args(more)
        .output()
        .expect("the binary starts")
}

fn text_of(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    assert!(error.is_empty(), "no terminal, no bar: {error}");
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn lines_of(output: &Output) -> Vec<Value> {
    let lines = text_of(output);
    let lines = lines.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// Five guests, handed over under the default rules.
async fn handed_over() -> World {
    let world = World::new().await;
    world.guest(PHONE).asks("Нас будет пятеро").await;
    assert_eq!(world.guest(PHONE).hears(1).await, HANDOFF);
    world
}

#[tokio::test]
async fn promise_7_replayable_other_rules_are_tried_on_what_a_running_backend_recorded() {
    let world = handed_over().await;
    let folder = TempDir::new().expect("a folder");

    let same = rules(&world, &folder, "guests_over = 4", "guests_over = 4");
    let told = text_of(&replay(&world, &same, &[]));
    assert!(told.starts_with("Диалогов: 1, событий: "), "{told}");
    assert!(told.contains("решаются иначе: 0"), "{told}");

    let for_five = rules(&world, &folder, "guests_over = 4", "guests_over = 5");
    let told = text_of(&replay(&world, &for_five, &[]));
    for part in [
        "было: передача менеджеру («Гостей: 5, больше 4»); ",
        "гостю: «handoff» + «work_hours»",
        "стало: ",
        "вопрос боту, сообщений: 1",
        "почему было: Гостей: 5, больше 4. Нужен менеджер",
        "решаются иначе: 1",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }

    let lines = lines_of(&replay(&world, &for_five, &["--format", "json"]));
    let [difference, total] = &lines[..] else {
        panic!("one difference and the summary: {lines:#?}");
    };
    assert_eq!(
        difference["account"],
        world.setting("accounts.0.amocrm.account_id")
    );
    let waits = |decision: &Value| {
        let changes = decision["changes"].as_array().expect("changes");
        changes
            .iter()
            .any(|change| change["to"]["owner"]["kind"] == "waiting")
    };
    assert!(waits(&difference["recorded"]), "{difference:#}");
    assert!(!waits(&difference["other"]), "{difference:#}");
    // Whichever came last: the guest's pause, or the read of the CRM.
    let event = difference["event"].as_str().expect("a name");
    assert!(["crm_read", "timer_fired"].contains(&event), "{event}");
    let kind = difference["kind"].as_str().expect("a kind");
    assert!(kind.ends_with(" вместо передачи"), "{kind}");
    assert_eq!(total["summary"]["dialogs"], 1);
    assert_eq!(total["summary"]["differ"], 1);
    assert_eq!(total["summary"]["kinds"][kind], 1);
    assert_eq!(total["summary"]["events"], difference["seq"]);

    for narrower in [["--account", "7"], ["--since", "2027-01-01"]] {
        let told = text_of(&replay(&world, &for_five, &narrower));
        assert_eq!(told, "Диалогов: 0, событий: 0, решаются иначе: 0\n");
    }
    // The backend has not noticed.
    world.guest(PHONE).asks("И собака").await;
    let told = text_of(&replay(&world, &same, &[]));
    assert!(told.contains("решаются иначе: 0"), "{told}");
}

#[tokio::test]
async fn what_cannot_be_replayed_is_told() {
    let world = World::without_backend().await;
    let folder = TempDir::new().expect("a folder");
    let good = rules(&world, &folder, "guests_over = 4", "guests_over = 4");
    let output = replay(&world, &good, &[]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("--data"), "{told}");

    let bad = rules(&world, &folder, "guests_over = 4", "guest_over = 4");
    let output = replay(&world, &bad, &[]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("guest_over"), "{told}");
}
