//! The documented examples: `backend/policies/cases.jsonl` and what becomes of them.

use super::*;
use crate::case::Verb;
use std::path::Path;

const CASES: &str = include_str!("../../../../backend/policies/cases.jsonl");

fn verdicts() -> String {
    let policy = policy();
    let judged = CASES.lines().map(|line| {
        let case: Case =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        serde_json::to_string(&judge(&policy, &case, moscow)).unwrap() + "\n"
    });
    judged.collect()
}

/// `GOLDEN_WRITE=1` writes the file anew: look at the difference before you keep it.
#[test]
fn what_becomes_of_the_examples_is_what_the_file_says() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../backend/policies/cases.expected.jsonl"
    );
    let path = Path::new(path);
    let verdicts = verdicts();
    if std::env::var_os("GOLDEN_WRITE").is_some() {
        std::fs::write(path, &verdicts).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap();
    for (line, expected) in verdicts.lines().zip(expected.lines()) {
        assert_eq!(line, expected);
    }
    assert_eq!(verdicts.lines().count(), expected.lines().count());
}

#[test]
fn the_examples_show_every_action_and_have_names_of_their_own() {
    let verdicts: Vec<Verdict> = verdicts()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for verb in [
        Verb::Answer,
        Verb::Handoff,
        Verb::Clarify,
        Verb::NewDeal,
        Verb::AcceptReview,
        Verb::Silent,
    ] {
        assert!(
            verdicts.iter().any(|verdict| verdict.action == verb),
            "{verb:?}"
        );
    }
    for (n, verdict) in verdicts.iter().enumerate() {
        let again = verdicts[..n].iter().any(|other| other.id == verdict.id);
        assert!(!again, "{:?}", verdict.id);
    }
}
