//! The seeds of the fuzz targets (`widget-core/fuzz`), on every toolchain. What the fuzzer finds joins them.

mod fuzzed;
#[allow(dead_code)]
#[path = "../benches/talk/mod.rs"]
mod talk;

use std::fs;
use std::path::PathBuf;
use widget_core::ids::AccountId;
use widget_core::policy::parse;
use widget_core::time::Zone;

fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(target);
    let files = fs::read_dir(&folder).expect("a folder of seeds");
    let mut seeds: Vec<_> = files
        .map(|file| file.expect("a file").path())
        .map(|path| (path.clone(), fs::read(path).expect("readable")))
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "no seeds in {}", folder.display());
    seeds
}

#[test]
fn a_policy_is_refused_with_words_or_checks_clean_and_comes_back_the_same() {
    let default = include_bytes!("../../backend/policies/sanatorium.toml");
    assert!(fuzzed::policy(default), "the default policy is one");
    for (path, seed) in seeds("policy") {
        let good = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("good"));
        assert_eq!(fuzzed::policy(&seed), good, "{}", path.display());
    }
}

#[test]
fn what_is_read_from_the_store_is_decided_and_folded_without_a_panic() {
    for (path, seed) in seeds("decode") {
        let lines = seed.split(|byte| *byte == b'\n').count();
        let known = fuzzed::decode(&seed);
        let torn = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("torn"));
        assert!(
            torn || known + 1 >= lines,
            "{}: {known} of {lines}",
            path.display()
        );
    }
}

#[test]
fn a_text_is_understood_within_bounds() {
    for (path, seed) in seeds("understand") {
        assert!(fuzzed::understand(&seed), "{}", path.display());
        let chars: Vec<char> = String::from_utf8_lossy(&seed).chars().collect();
        for cut in 0..chars.len() {
            fuzzed::understand(chars[cut..].iter().collect::<String>().as_bytes());
            fuzzed::understand(chars[..cut].iter().rev().collect::<String>().as_bytes());
        }
    }
}

/// Every prefix and every changed byte of a real journal row, a real policy.
#[test]
fn what_is_cut_short_or_spoiled_is_no_panic() {
    let story = fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/fuzz/seeds/decode/story.jsonl"
    ))
    .expect("a seed");
    for (n, _) in story.iter().enumerate().step_by(7) {
        fuzzed::decode(&story[..n]);
        let mut spoiled = story.clone();
        spoiled[n] = b"0\"{}[]-9\n"[n % 9];
        fuzzed::decode(&spoiled);
    }
    let policy = include_bytes!("../../backend/policies/sanatorium.toml");
    for n in (0..policy.len()).step_by(97) {
        fuzzed::policy(&policy[..n]);
        let mut spoiled = policy.to_vec();
        spoiled[n] = b"0\"{}[]-9\n"[n % 9];
        fuzzed::policy(&spoiled);
    }
}

/// Writes the seeds of journals anew when `GOLDEN_WRITE=1` asks for it.
#[test]
fn make_the_seeds() {
    if std::env::var_os("GOLDEN_WRITE").is_none() {
        return;
    }
    let policy = parse(include_str!("../../backend/policies/sanatorium.toml")).expect("good");
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/decode");
    for seed in 1..=4 {
        let rows = talk::journal(&policy, &Zone::fixed(10_800), seed, 24);
        let mut lines = Vec::new();
        let mut dialog = talk::begin(AccountId(1), seed);
        for row in rows {
            let (event, actions) = row.judged.expect("every row of a talk is judged");
            lines.push(json(&event));
            if seed > 1 {
                lines.extend(actions.iter().map(json));
                lines.extend(row.changes.iter().map(json));
            }
            dialog = dialog.fold([(row.seq, row.at, &row.changes[..])]);
        }
        if seed > 2 {
            lines.truncate(40);
            lines.insert(0, json(&dialog));
        }
        let name = if seed == 1 {
            "story.jsonl".to_owned()
        } else {
            format!("journal-{seed}.jsonl")
        };
        fs::write(folder.join(name), lines.join("\n")).expect("written");
    }
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("it serialises")
}
