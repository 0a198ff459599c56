//! The shape of a stored dialog and of the actions that it asks for, as random lives show them, against
//! `tests/golden/dialog.txt`.

use super::steps::{rule, step};
use super::{Life, RngSeed};
use crate::dialog::FORMAT;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const LIVES: usize = 200;
/// Objects whose keys are data, not names of fields.
const MAPS: [&str; 3] = [".in_flight", ".timers", ".values"];

/// Of those, the ones whose keys are names all the same: of variants.
const NAMED: [&str; 1] = [".timers"];
/// Strings that are names of variants; all others are texts, ids, and what the policy calls things.
const VARIANTS: [&str; 8] = [
    ".attachments[]",
    ".changer",
    ".intents[]",
    ".kind",
    ".reason.id",
    ".recent[].from",
    ".task.task",
    ".work",
];

/// The path of every field, and of every variant that is a name, with the least format of the states that had it.
type Paths = BTreeMap<String, i64>;

/// Notes the path of every field and variant.
fn note(paths: &mut Paths, format: i64, path: &str, value: &Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if NAMED.iter().any(|map| path.ends_with(map)) {
                    see(paths, format, format!("{path}={name}"));
                }
                let name = if MAPS.iter().any(|map| path.ends_with(map)) {
                    "*"
                } else {
                    name
                };
                let path = format!("{path}.{name}");
                note(paths, format, &path, value);
                see(paths, format, path);
            }
        }
        Value::Array(values) => {
            for value in values {
                note(paths, format, &format!("{path}[]"), value);
            }
        }
        Value::String(name) if VARIANTS.iter().any(|variant| path.ends_with(variant)) => {
            see(paths, format, format!("{path}={name}"));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn see(paths: &mut Paths, format: i64, path: String) {
    let least = paths.entry(path).or_insert(format);
    *least = format.min(*least);
}

fn paths_of_random_lives() -> Paths {
    let config = Config {
        rng_seed: RngSeed::Fixed(20_261_118),
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let lives = (
        any::<bool>(),
        proptest::collection::vec(rule(), 0..4),
        proptest::collection::vec(step(), 1..100),
    );
    let mut paths = Paths::new();
    for _ in 0..LIVES {
        let life = lives.new_tree(&mut runner).expect("a life");
        let (known, rules, steps) = life.current();
        let mut life = Life::new(known, false, &rules);
        for step in &steps {
            let before = life.rows.len();
            life.step(step);
            let format = life.scene.state.format();
            let dialog = serde_json::to_value(&life.scene.state).expect("JSON");
            note(&mut paths, format, "", &dialog);
            let judged = life.rows[before..].iter();
            let judged = judged.filter_map(|row| row.judged.as_ref());
            for action in judged.flat_map(|(_, actions)| actions) {
                let fields = serde_json::to_value(action).expect("JSON");
                note(&mut paths, format, action.name(), &fields);
            }
        }
    }
    paths
}

#[test]
fn promise_7_replayable_a_state_or_an_action_with_a_field_or_a_variant_more_is_of_a_newer_format() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/dialog.txt");
    let seen = paths_of_random_lives();
    let golden = std::fs::read_to_string(&path).expect("the file is there");
    let lines = golden.lines().map(|line| line.split_once(' '));
    let mut known: Paths = lines
        .map(|line| line.expect("a format and a path"))
        .map(|(format, path)| (path.to_owned(), format.parse().expect("a number")))
        .collect();
    if std::env::var_os("GOLDEN_WRITE").is_some() {
        for path in seen.keys() {
            known.entry(path.clone()).or_insert(FORMAT);
        }
        let lines = known
            .iter()
            .map(|(path, format)| format!("{format} {path}\n"));
        std::fs::write(&path, lines.collect::<String>()).expect("the file can be written");
    }
    let more: Vec<_> = seen
        .keys()
        .filter(|path| !known.contains_key(*path))
        .collect();
    assert!(
        more.is_empty(),
        "an older version would lose {more:?}, or could not carry it out: raise dialog::FORMAT, let Dialog::format answer it \
         for states that have that, and GOLDEN_WRITE=1 adds it to the file"
    );
    let early: Vec<_> = seen
        .iter()
        .filter(|(path, format)| known[*path] > **format)
        .collect();
    assert!(
        early.is_empty(),
        "Dialog::format lets versions read {early:?} that do not know it"
    );
    assert_eq!(
        known.values().max(),
        Some(&FORMAT),
        "no field is of this format"
    );
}
