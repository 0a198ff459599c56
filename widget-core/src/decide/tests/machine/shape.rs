//! The shape of a stored dialog and of the actions that it asks for, as random lives show them, against
//! `tests/golden/dialog.txt`.

use super::steps::{rule, step};
use super::{Life, RngSeed};
use crate::dialog::FORMAT;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

const LIVES: usize = 200;
/// Objects whose keys are data, not names of fields.
const MAPS: [&str; 3] = [".in_flight", ".timers", ".values"];

/// Notes the path of every field.
fn note(paths: &mut BTreeSet<String>, path: &str, value: &Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = if MAPS.iter().any(|map| path.ends_with(map)) {
                    "*"
                } else {
                    name
                };
                let path = format!("{path}.{name}");
                note(paths, &path, value);
                paths.insert(path);
            }
        }
        Value::Array(values) => {
            for value in values {
                note(paths, &format!("{path}[]"), value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn paths_of_random_lives() -> BTreeSet<String> {
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
    let mut paths = BTreeSet::new();
    for _ in 0..LIVES {
        let life = lives.new_tree(&mut runner).expect("a life");
        let (known, rules, steps) = life.current();
        let mut life = Life::new(known, false, &rules);
        for step in &steps {
            life.step(step);
            let dialog = serde_json::to_value(&life.scene.state).expect("JSON");
            note(&mut paths, "", &dialog);
        }
        let judged = life.rows.iter().filter_map(|row| row.judged.as_ref());
        for action in judged.flat_map(|(_, actions)| actions) {
            let fields = serde_json::to_value(action).expect("JSON");
            note(&mut paths, action.name(), &fields);
        }
    }
    paths
}

#[test]
fn promise_7_replayable_a_state_or_an_action_with_a_field_more_is_of_a_newer_format() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/dialog.txt");
    let seen = paths_of_random_lives();
    if std::env::var_os("GOLDEN_WRITE").is_some() {
        let fields: Vec<&str> = seen.iter().map(String::as_str).collect();
        let text = format!("format {FORMAT}\n{}\n", fields.join("\n"));
        std::fs::write(&path, text).expect("the file can be written");
    }
    let golden = std::fs::read_to_string(&path).expect("the file is there");
    let (format, known) = golden.split_once('\n').expect("lines");
    assert_eq!(
        format,
        format!("format {FORMAT}"),
        "GOLDEN_WRITE=1 writes the file anew"
    );
    let known: BTreeSet<&str> = known.lines().collect();
    let more: Vec<&String> = seen
        .iter()
        .filter(|path| !known.contains(path.as_str()))
        .collect();
    assert!(
        more.is_empty(),
        "an older version would lose {more:?}, or could not carry it out: raise dialog::FORMAT, and GOLDEN_WRITE=1 writes the file anew"
    );
}
