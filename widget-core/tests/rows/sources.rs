//! The sources of the workspace, as far as rows name them: test functions, modules and items.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Where modules live that a rule may name, `decide::touch` among them.
const HOUSES: [&str; 2] = ["widget-core/src", "backend/src"];
const PACKAGES: [&str; 4] = ["widget-core", "backend", "widget-ui", "widget-shell"];

/// The workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("a workspace")
}

/// Every Rust file of the workspace.
pub fn files() -> Vec<PathBuf> {
    let mut found = vec![root().join("build.rs")];
    for package in PACKAGES {
        collect(&root().join(package), &mut found);
    }
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if name != "node_modules" && name != "target" {
                collect(&path, found);
            }
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
}

/// The names of the tests of a file: functions under `#[test]` or `#[tokio::test]`, and what a `contract! { … }` lists.
pub fn tests_of(source: &str) -> BTreeSet<&str> {
    let mut tests = BTreeSet::new();
    let (mut is_test, mut is_contract) = (false, false);
    for line in source.lines() {
        let line = line.trim();
        if line.ends_with("contract! { $bench:") {
            is_contract = true;
        } else if line == "}" {
            is_contract = false;
        } else if is_contract {
            tests.insert(line.trim_end_matches(','));
        }
        if line == "#[test]" || line.starts_with("#[tokio::test") {
            is_test = true;
        }
        let code = line.trim_start_matches("async ");
        if let Some(rest) = code.strip_prefix("fn ") {
            if is_test {
                tests.insert(rest.split(['(', '<']).next().unwrap_or_default());
            }
            is_test = false;
        }
    }
    tests
}

/// Whether a module, or an item of one, is there: `flow::claim`, `owner::next`.
pub fn has_place(path: &str) -> bool {
    let steps: Vec<&str> = path.split("::").collect();
    let (item, module) = steps.split_last().expect("a name");
    file_of(&steps).is_some() || file_of(module).is_some_and(|file| defines(&file, item))
}

fn file_of(module: &[&str]) -> Option<PathBuf> {
    let module = module.join("/");
    let files = HOUSES.iter().flat_map(|house| {
        let house = root().join(house);
        [
            house.join(format!("{module}.rs")),
            house.join(&module).join("mod.rs"),
        ]
    });
    files.into_iter().find(|file| file.is_file())
}

fn defines(file: &Path, item: &str) -> bool {
    let source = fs::read_to_string(file).expect("a source");
    let kinds = ["fn", "struct", "enum", "trait"];
    let mut heads = kinds.iter().map(|kind| format!("pub {kind} {item}"));
    let ends = |rest: &str| !rest.starts_with(|c: char| c == '_' || c.is_alphanumeric());
    heads.any(|head| source.split(&head).skip(1).any(ends))
}

#[test]
fn tests_are_told_from_other_functions() {
    let source = "\
fn helper() {}

#[test]
#[ignore = \"slow\"]
fn one() {}

fn other() {}

    #[tokio::test]
    async fn two<B>() {}

macro_rules! contract {
    ($bench:ty) => {
        $crate::contract! { $bench:
            three,
        }
    };
}
";
    let found: Vec<_> = tests_of(source).into_iter().collect();
    assert_eq!(found, ["one", "three", "two"]);
}

#[test]
fn places_are_told_from_nothing() {
    assert!(has_place("decide") && has_place("decide::touch") && has_place("owner::next"));
    assert!(!has_place("decide::nothing") && !has_place("owner::nex") && !has_place("nothing"));
}
