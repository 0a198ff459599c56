//! Rules change while guests write: requirement A111, and the mode of an account at the command line.

use crate::harness::{ANNA, HANDOFF, INTRO, World, until};
use std::path::Path;
use widget_core::owner::Owner;

const SANATORIUM: &str = include_str!("../../policies/sanatorium.toml");
const LIMIT_OF_FOUR: &str = "when = { guests_over = 4 }";
const LIMIT_OF_SIX: &str = "when = { guests_over = 6 }";

fn write(file: &Path, policy: &str) {
    std::fs::write(file, policy).expect("the policy file");
}

async fn is_in_force(world: &World, version: i64) {
    let line = format!("policy {version} in force for account");
    until(&line, async || world.log().contains(&line)).await;
}

/// Five guests ask; whether the bot answers them.
async fn the_bot_answers_five(world: &World, phone: &str) -> bool {
    let guest = world.guest(phone);
    guest.asks("Нас будет пятеро").await;
    let heard = guest.hears(1).await;
    assert!(heard == HANDOFF || heard.contains(INTRO), "{heard}");
    heard != HANDOFF
}

#[tokio::test]
async fn policy_reload() {
    let world = World::without_backend().await;
    assert_eq!(SANATORIUM.matches(LIMIT_OF_FOUR).count(), 1);
    let file = world.has_a_policy_file(SANATORIUM);
    world.serve(&[]).await;
    assert!(!the_bot_answers_five(&world, "79000000001").await);

    let for_six = SANATORIUM.replace(LIMIT_OF_FOUR, LIMIT_OF_SIX);
    write(&file, &for_six);
    is_in_force(&world, 2).await;
    assert!(the_bot_answers_five(&world, "79000000002").await);

    let refusals = || world.log().matches("the policy file is refused").count();
    write(
        &file,
        &for_six.replace("guests_over = 6", "guests_ower = 6"),
    );
    until("the broken file is refused", async || refusals() == 1).await;
    assert!(the_bot_answers_five(&world, "79000000003").await);

    // Back to the first rules, without a restart.
    write(&file, SANATORIUM);
    is_in_force(&world, 3).await;
    assert!(!the_bot_answers_five(&world, "79000000004").await);
    assert_eq!(refusals(), 1, "it was told once");

    let mut versions = world.policy_versions().await;
    versions.sort_unstable();
    versions.dedup();
    assert_eq!(versions, [1, 2, 3], "each row names its rules");
    the_command_line_tells_of_them(&world, &file);
}

/// What a person at the terminal reads of the three versions while the backend runs.
fn the_command_line_tells_of_them(world: &World, file: &Path) {
    let listed = world.asks(&["policy", "list"]);
    let lines: Vec<Vec<&str>> = listed
        .out
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line[0], line[2], line[3]))
        .collect();
    let version = |number| (number, "file", "on");
    assert_eq!(told, [version("3"), version("2"), version("1")]);

    let shown = world.asks(&["policy", "show", "--version", "1"]);
    assert_eq!((shown.code, shown.out.as_str()), (Some(0), SANATORIUM));
    let differ = world.asks(&["policy", "diff", "1", "2"]);
    let line = "triggers[guests_over_4].when.guests_over: 4 → 6\n";
    assert_eq!((differ.code, differ.out.as_str()), (Some(1), line));
    let same = world.asks(&["policy", "diff", "3", &file.display().to_string()]);
    assert_eq!((same.code, same.out.as_str()), (Some(0), ""));
    let missing = world.asks(&["policy", "diff", "1", "9"]);
    assert_eq!(missing.code, Some(2), "{missing:?}");

    // In the reader's language.
    let wrong = file.with_file_name("wrong.toml");
    let text = SANATORIUM.replace(
        "auto_return_after = \"40m\"",
        "auto_return_after = \"soon\"",
    );
    std::fs::write(&wrong, text).expect("a file");
    let wrong = wrong.display().to_string();
    for (lang, words) in [("ru", "Срок в виде"), ("en", "A duration is written like")] {
        let told = world.asks(&["policy", "diff", &wrong, "1", "--lang", lang]);
        assert_eq!(told.code, Some(2), "{told:?}");
        let line = told.err.strip_prefix("timers.auto_return_after: ");
        assert!(line.is_some_and(|line| line.contains(words)), "{told:?}");
    }

    let account = world.account().to_string();
    let accounts = world.asks(&["account", "list"]);
    assert_eq!(accounts.code, Some(0));
    let line = format!("{account}  sanatorium: mode on, policy 3 (file) since ");
    assert!(accounts.out.starts_with(&line), "{accounts:?}");
    let refused = world.asks(&["account", "mode", &account, "people"]);
    assert_eq!(refused.code, Some(1));
    assert_eq!(refused.err.lines().count(), 1, "{refused:?}");
    let advice = format!("change `mode` in {}", file.display());
    assert!(refused.err.contains(&advice), "{refused:?}");
}

#[tokio::test]
async fn account_mode_stops_the_bot_and_refuses_what_it_had_not_said() {
    let world = World::new().await;
    let guest = world.guest("79000000001");
    world.has_a_deal("79000000001").await;
    world.lasting_fault("pact", "http_429").await;
    guest.asks("Сколько стоит номер?").await;
    let tries = async || {
        let calls = world.calls("pact").await.into_iter();
        calls.filter(|(_, status)| *status == Some(429)).count()
    };
    world
        .eventually("the answer is tried", async || {
            (tries().await > 0).then_some(())
        })
        .await;
    world.kills_the_backend();
    world.clears_faults().await;

    let account = world.account().to_string();
    let unknown = world.asks(&["account", "mode", &account, "paused"]);
    assert_eq!(unknown.code, Some(1), "{unknown:?}");
    assert!(unknown.err.contains("mode"), "{unknown:?}");
    let changed = world.asks(&["account", "mode", &account, "people"]);
    let line = format!("account {account}: mode people, policy 2\n");
    assert_eq!(changed.code, Some(0), "{changed:?}");
    let hint = changed.out.strip_prefix(&line).expect("what is in force");
    assert!(hint.contains("still says mode \"on\""), "{hint}");
    let again = world.asks(&["account", "mode", &account, "people"]);
    assert!(again.out.contains("policy 2"), "{again:?}");
    let comments = world.asks(&["policy", "show"]).out;
    assert!(
        comments.contains("mode = \"people\"  "),
        "the comment stays"
    );

    world.serve(&[]).await;
    // The answer of before never leaves; the guest gets a person instead, as the new mode wants it.
    assert_eq!(guest.hears(1).await, HANDOFF);
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await, [HANDOFF]);
    let card = world.manager(ANNA).dialog_of("79000000001").await;
    assert!(
        matches!(card.view.owner, Owner::Waiting { .. }),
        "{card:#?}"
    );

    // The file, unchanged, doesn't undo it, however often the backend starts.
    world.kills_the_backend();
    world.serve(&[]).await;
    let listed = world.asks(&["policy", "list"]);
    assert_eq!(listed.out.lines().count(), 2, "{listed:?}");
    assert!(
        listed
            .out
            .lines()
            .next()
            .is_some_and(|line| line.ends_with("cli      people"))
    );
}
