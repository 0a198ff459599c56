//! The house as the design draws it: every `use` of another room is an arrow of the drawing, and no manifest knows more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Who may use whom within the backend and among the packages. `main → cli → app → {http, flow, adapters} → ports`.
const ARROWS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    ("cli", &["app", "sandbox", "widget_archive", "widget_core"]),
    (
        "app",
        &[
            "http",
            "flow",
            "adapters",
            "config",
            "lifecycle",
            "telemetry",
            "widget_archive",
        ],
    ),
    ("http", &["ports", "widget_core", "error", "clock"]),
    ("flow", &["ports", "widget_core", "error", "clock"]),
    ("adapters", &["ports", "widget_core", "error", "clock"]),
    ("ports", &["widget_core"]),
];

/// What the drawing leaves out because it goes without saying: a module's own words for what it hands on or starts.
const UNDRAWN: &[(&str, &[&str])] = &[
    // Reads settings, makes the clock, starts the log and the wish to stop, and hands them to `app`.
    ("cli", &["config", "clock", "lifecycle", "telemetry"]),
    // Puts ports together: so it names them, their errors, the clock and the policy.
    ("app", &["ports", "error", "clock", "widget_core"]),
    // A request is handed to the flow; nothing is decided in a handler.
    ("http", &["flow"]),
    // A port speaks of its failures and of the clock, which is one.
    ("ports", &["error", "clock"]),
    // A policy is checked where the settings are.
    ("config", &["widget_core"]),
];

const PACKAGES: [&str; 3] = ["sandbox", "widget_archive", "widget_core"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .expect("the workspace")
}

/// All `.rs` files below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The source without comments and without the words in its strings, so that only code counts.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source");
    let without_comments = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    without_comments.collect::<Vec<_>>().join("\n")
}

/// The names that follow `prefix` in the code: `crate::flow::x` → `flow`, `crate::{a, b::c}` → `a`, `b`.
fn named_after(code: &str, prefix: &str) -> BTreeSet<String> {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        if code[..at].chars().next_back().is_some_and(is_word) {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.insert(rest.chars().take_while(|letter| is_word(*letter)).collect());
            continue;
        };
        let mut depth = 1;
        let mut name = String::new();
        let mut fresh = true;
        for letter in group.chars() {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 1 && fresh && is_word(letter) {
                name.push(letter);
            } else if !name.is_empty() {
                names.insert(std::mem::take(&mut name));
                fresh = false;
            }
            if depth == 0 {
                break;
            }
            if depth == 1 && letter == ',' {
                fresh = true;
            }
        }
    }
    names
}

/// Room of the backend → what it uses, with the files that do.
fn arrows() -> BTreeMap<(String, String), BTreeSet<String>> {
    let src = root().join("backend/src");
    let mut arrows: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for file in sources(&src) {
        let inside = file.strip_prefix(&src).expect("below src").to_path_buf();
        let room = inside
            .components()
            .next()
            .expect("a name")
            .as_os_str()
            .to_string_lossy();
        let room = room.trim_end_matches(".rs").to_owned();
        if room == "lib" {
            continue;
        }
        let code = code(&file);
        let prefix = if room == "main" {
            "backend::"
        } else {
            "crate::"
        };
        let mut used = named_after(&code, prefix);
        for package in PACKAGES {
            let is_named = !named_after(&code, &format!("{package}::")).is_empty();
            if is_named {
                used.insert(package.to_owned());
            }
        }
        for name in used.into_iter().filter(|name| *name != room) {
            let files = arrows.entry((room.clone(), name)).or_default();
            files.insert(inside.display().to_string());
        }
    }
    arrows
}

fn allows(table: &[(&str, &[&str])], from: &str, to: &str) -> bool {
    table
        .iter()
        .any(|(room, targets)| *room == from && targets.contains(&to))
}

#[test]
fn every_use_is_an_arrow_of_the_drawing() {
    let arrows = arrows();
    assert!(arrows.len() > 10, "the sources were read: {arrows:#?}");
    let wrong: Vec<_> = arrows
        .iter()
        .filter(|((from, to), _)| !allows(ARROWS, from, to) && !allows(UNDRAWN, from, to))
        .collect();
    assert!(
        wrong.is_empty(),
        "arrows that the drawing does not have: {wrong:#?}"
    );
}

#[test]
fn only_app_names_adapters() {
    let arrows = arrows();
    let users: BTreeSet<_> = arrows
        .keys()
        .filter(|(_, to)| to == "adapters")
        .map(|(from, _)| from)
        .collect();
    assert_eq!(users, BTreeSet::from([&"app".to_owned()]));
}

#[test]
fn only_the_command_line_knows_the_sandbox() {
    let arrows = arrows();
    let users: BTreeSet<_> = arrows
        .keys()
        .filter(|(_, to)| to == "sandbox")
        .map(|(from, _)| from)
        .collect();
    assert_eq!(users, BTreeSet::from([&"cli".to_owned()]));
}

#[test]
fn the_reader_of_uses_reads_them() {
    let names = |code: &str| named_after(code, "crate::").into_iter().collect::<Vec<_>>();
    assert_eq!(names("use crate::flow::{Flow, press};"), ["flow"]);
    assert_eq!(
        names("use crate::{error::{A, B}, flow, ports::Store};"),
        ["error", "flow", "ports"]
    );
    assert_eq!(names("fn f(x: crate::http::Web) {}"), ["http"]);
    assert_eq!(names("use mycrate::flow;"), Vec::<String>::new());
}

// --- packages -----------------------------------------------------------------------------------------------------------

/// Names of the packages that a manifest depends on, in any table.
/// Everything that a package names, for its tests too.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut names = dependencies_in(manifest, "dependencies");
    names.extend(dependencies_in(manifest, "build-dependencies"));
    names.extend(dependencies_in(manifest, "dev-dependencies"));
    names
}

fn dependencies_in(manifest: &str, kind: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(manifest)).expect("a manifest");
    let table: toml::Table = text.parse().expect("TOML");
    let mut names = BTreeSet::new();
    let mut add = |table: &toml::Table| {
        for (name, value) in table {
            if name == kind {
                names.extend(value.as_table().expect("a table").keys().cloned());
            }
        }
    };
    add(&table);
    for target in table
        .get("target")
        .and_then(toml::Value::as_table)
        .into_iter()
        .flatten()
    {
        add(target.1.as_table().expect("a table"));
    }
    names
}

fn ours_in(manifest: &str) -> Vec<String> {
    ours_of(&dependencies(manifest))
}

fn ours_of(known: &BTreeSet<String>) -> Vec<String> {
    let ours = [
        "backend",
        "sandbox",
        "widget-archive",
        "widget-core",
        "widget-ui",
    ];
    ours.into_iter()
        .filter(|name| known.contains(*name))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_packages_depend_on_each_other_as_drawn() {
    // The core knows none of the others; its tests build it once more, with the trainer of the model.
    for kind in ["dependencies", "build-dependencies"] {
        assert_eq!(
            ours_of(&dependencies_in("widget-core/Cargo.toml", kind)),
            Vec::<String>::new()
        );
    }
    assert_eq!(ours_in("widget-core/Cargo.toml"), ["widget-core"]);
    assert_eq!(ours_in("backend/sandbox/Cargo.toml"), Vec::<String>::new());
    // The archive knows none of the others; its tests hold the core in the browser against the core on the server.
    for kind in ["dependencies", "build-dependencies"] {
        let built_of = ours_of(&dependencies_in("Cargo.toml", kind));
        assert_eq!(built_of, Vec::<String>::new(), "{kind}");
    }
    assert_eq!(ours_in("Cargo.toml"), ["widget-core"]);
    assert_eq!(ours_in("widget-ui/Cargo.toml"), ["widget-core"]);
    assert_eq!(
        ours_in("backend/Cargo.toml"),
        ["sandbox", "widget-archive", "widget-core"]
    );
}

#[test]
fn widget_core_does_nothing_but_think() {
    let impure = [
        "tokio",
        "reqwest",
        "axum",
        "sqlx",
        "rand",
        "getrandom",
        "jiff",
        "chrono",
        "web-sys",
        "js-sys",
        "futures",
    ];
    let known = dependencies("widget-core/Cargo.toml");
    for name in impure {
        assert!(!known.contains(name), "widget-core depends on {name}");
    }
    // Its tests may read files and settings: they are not in the crate that runs.
    let is_test = |file: &PathBuf| file.components().any(|part| part.as_os_str() == "tests");
    let src = sources(&root().join("widget-core/src"));
    for file in src.into_iter().filter(|file| !is_test(file)) {
        let code = code(&file);
        for word in [
            "std::fs",
            "std::net",
            "std::env",
            "std::thread",
            "std::process",
            "SystemTime",
            "Instant::now",
            "async fn",
            ".await",
            "println!",
            "thread_local!",
            "static mut",
            "unsafe ",
        ] {
            assert!(!code.contains(word), "{}: {word}", file.display());
        }
    }
}

#[test]
fn the_house_has_the_rooms_of_the_design_and_no_others() {
    let allowed = [
        "Cargo.toml",
        "Cargo.lock",
        "widget-core",
        "widget-ui",
        "backend",
        "widget-shell",
        "build.rs",
        "scripts",
        "README.md",
        // Not in the repository: what a build and a demo leave behind.
        "target",
        "data",
    ];
    let entries = fs::read_dir(root()).expect("the workspace").flatten();
    let others: Vec<_> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| {
            !name.starts_with('.')
                && !name.starts_with("LICENSE")
                && !allowed.contains(&name.as_str())
        })
        .collect();
    assert!(others.is_empty(), "{others:?}");
}

#[test]
fn every_line_of_the_threat_model_is_held_by_a_test() {
    let page = fs::read_to_string(root().join("backend/src/threats.md")).expect("the page");
    let rooms = [
        "backend/src",
        "backend/tests",
        "widget-shell",
        "widget-core/src",
    ];
    let files = rooms.iter().flat_map(|room| sources(&root().join(room)));
    let all: String = files
        .map(|file| fs::read_to_string(file).expect("a source"))
        .collect();
    let lines = page.lines().filter(|line| line.starts_with("| "));
    let mut held = 0;
    for line in lines.filter(|line| !line.starts_with("| threat") && !line.starts_with("| ---")) {
        let tests = line.rsplit('|').nth(1).expect("a column of tests");
        let names: Vec<&str> = tests
            .split('`')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect();
        assert!(!names.is_empty(), "nothing holds: {line}");
        for name in names {
            let is_there = ["(", "<"]
                .iter()
                .any(|after| all.contains(&format!("fn {name}{after}")));
            assert!(is_there, "{name} is no test: {line}");
        }
        held += 1;
    }
    assert!(held > 25, "{held} lines");
}
