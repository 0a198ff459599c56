//! Which rule and which tests stand behind every row of the customer's requirements and of the product's behaviour.
//!
//! The rows are data, in [`masterplan`] and [`behaviour`]; this test holds them against the sources and the default
//! policy, and renders `widget-core/ROWS.md` from them. `GOLDEN_WRITE=1` writes the file anew.

mod behaviour;
mod masterplan;
mod sources;

use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use widget_core::policy::{Policy, parse};

const SANATORIUM: &str = include_str!("../../../backend/policies/sanatorium.toml");

/// One row, and what stands behind it.
pub struct Row {
    /// `A031`, `B3.trigger.pet`: stable.
    id: &'static str,
    /// What it asks for, in a few words.
    what: &'static str,
    /// `policy: triggers[pet]`, a place in the default policy; or `decide::touch`, a place in the code.
    rules: &'static [&'static str],
    /// `path/of/file.rs::name_of_the_test`.
    tests: &'static [&'static str],
    /// What of it is not there yet, and what it comes with.
    later: Option<&'static str>,
    /// Why there is nothing to write.
    not_code: Option<&'static str>,
}

impl Row {
    /// A row that code obeys and tests hold.
    const fn code(
        id: &'static str,
        what: &'static str,
        rules: &'static [&'static str],
        tests: &'static [&'static str],
    ) -> Self {
        Self {
            id,
            what,
            rules,
            tests,
            later: None,
            not_code: None,
        }
    }

    /// The same row, of which a part is not there yet.
    const fn and_later(self, later: &'static str) -> Self {
        Self {
            later: Some(later),
            ..self
        }
    }

    /// A row of which nothing is there yet.
    const fn later(id: &'static str, what: &'static str, later: &'static str) -> Self {
        Self::code(id, what, &[], &[]).and_later(later)
    }

    /// A row that needs no code.
    const fn not_code(id: &'static str, what: &'static str, why: &'static str) -> Self {
        Self {
            not_code: Some(why),
            ..Self::code(id, what, &[], &[])
        }
    }
}

fn all() -> impl Iterator<Item = &'static Row> {
    masterplan::ROWS.iter().chain(behaviour::ROWS)
}

// --- complete -----------------------------------------------------------------------------------------------------------

#[test]
fn the_requirements_are_a001_to_a121() {
    let ids: Vec<_> = masterplan::ROWS.iter().map(|row| row.id).collect();
    let expected: Vec<_> = (1..=121).map(|n| format!("A{n:03}")).collect();
    assert_eq!(ids, expected);
}

#[test]
fn the_behaviour_is_whole() {
    let ids: Vec<_> = behaviour::ROWS.iter().map(|row| row.id).collect();
    assert_eq!(ids, behaviour::IDS);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
}

#[test]
fn a_row_is_held_by_tests_or_says_why_not() {
    for row in all() {
        let Row { id, .. } = row;
        assert!(!row.what.is_empty(), "{id}");
        match (row.tests, row.later, row.not_code) {
            ([], None, None) => panic!("{id} has neither tests nor a reason"),
            ([], ..) => assert_eq!(row.rules, [] as [&str; 0], "{id}: a rule without a test"),
            (_, _, Some(_)) => panic!("{id} has tests, and is said to be no code"),
            _ => assert!(!row.rules.is_empty(), "{id}: tests of no rule"),
        }
        assert!(row.later.is_none() || row.not_code.is_none(), "{id}");
    }
}

/// What a policy decides, by the lists whose every entry somebody asked for.
#[test]
fn every_rule_of_the_default_policy_belongs_to_a_row() {
    let policy = json(&policy());
    let named: BTreeSet<_> = all()
        .flat_map(|row| row.rules)
        .filter_map(|rule| rule.strip_prefix("policy: "))
        .collect();
    let mut places = Vec::new();
    for list in ["triggers", "departure", "stages"] {
        let rows = policy[list].as_array().expect(list);
        places.extend(rows.iter().map(|row| format!("{list}[{}]", name_of(row))));
    }
    for table in ["timers", "inquiry", "texts"] {
        let keys = policy[table].as_object().expect(table).keys();
        places.extend(keys.map(|key| format!("{table}.{key}")));
    }
    let is_named = |place: &String| named.iter().any(|rule| rule.starts_with(place.as_str()));
    let forgotten: Vec<_> = places.iter().filter(|place| !is_named(place)).collect();
    assert!(forgotten.is_empty(), "{forgotten:#?}");
}

// --- true ---------------------------------------------------------------------------------------------------------------

#[test]
fn every_test_that_is_named_is_there() {
    for row in all() {
        for test in row.tests {
            let (file, name) = test.split_once("::").expect("path::test");
            let path = sources::root().join(file);
            let source =
                fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {file}: {e}", row.id));
            assert!(
                sources::tests_of(&source).contains(name),
                "{}: {file} has no test {name}",
                row.id
            );
        }
    }
}

#[test]
fn every_rule_that_is_named_is_there() {
    let policy = json(&policy());
    for row in all() {
        for rule in row.rules {
            let is_there = match rule.strip_prefix("policy: ") {
                Some(place) => is_in(&policy, place),
                None => sources::has_place(rule),
            };
            assert!(is_there, "{}: {rule}", row.id);
        }
    }
}

/// Requirement A001: the customer's name stands in the policy alone.
#[test]
fn no_source_names_the_customer() {
    let organisation = policy().organisation;
    let (_, name) = organisation.split_once('«').expect("a name in «»");
    let name = name.trim_end_matches('»').to_lowercase();
    assert!(name.chars().count() > 3, "{organisation}");
    let spelled_with_e = name.replace('ё', "е");
    let files = sources::files();
    assert!(files.len() > 100, "{}", files.len());
    for file in files {
        let source = fs::read_to_string(&file).unwrap().to_lowercase();
        assert!(
            !source.contains(&name) && !source.contains(&spelled_with_e),
            "{}",
            file.display()
        );
    }
}

/// What the default policy shows as examples only: in comments, `# key = …`.
const EXAMPLES: [&str; 7] = [
    "review_url",
    "fallback",
    "escalate_to",
    "duty_user",
    "duty_phone",
    "payment",
    "refund",
];

/// The default policy, its examples filled in.
fn policy() -> Policy {
    let mut text = SANATORIUM
        .replace("https://…", "https://example.org/review")
        .replace("trial_phones = []", "trial_phones = [\"+7 900 000-00-01\"]");
    for key in EXAMPLES {
        let example = format!("\n# {key} = ");
        assert_eq!(text.matches(&example).count(), 1, "{key}");
        text = text.replace(&example, &format!("\n{key} = "));
    }
    parse(&text).expect("the default policy is good")
}

fn json(policy: &Policy) -> Value {
    serde_json::to_value(policy).expect("a policy is JSON")
}

fn name_of(row: &Value) -> &str {
    row["id"].as_str().or(row["key"].as_str()).unwrap_or("?")
}

/// Whether a place such as `stages[new].touch` is in the policy.
fn is_in(policy: &Value, place: &str) -> bool {
    let mut at = policy;
    for step in place.split('.') {
        let (key, name) = match step.trim_end_matches(']').split_once('[') {
            Some((key, name)) => (key, Some(name)),
            None => (step, None),
        };
        let Some(next) = at.get(key) else {
            return false;
        };
        let rows = next.as_array().into_iter().flatten();
        at = match name {
            None => next,
            Some(name) => match rows.into_iter().find(|row| name_of(row) == name) {
                Some(row) => row,
                None => return false,
            },
        };
    }
    true
}

// --- readable -----------------------------------------------------------------------------------------------------------

const HEAD: &str = "\
# Every row, its rule and its tests

Made by `cargo test -p widget-core --test rows` from `widget-core/tests/rows/`, and checked by it: a test or a rule that
is named here is there, no row is missing, and no rule of the default policy is without a row.
`GOLDEN_WRITE=1` writes this page anew.

`policy: …` is a place in [`sanatorium.toml`](../backend/policies/sanatorium.toml); any other rule is a module or an item
of `widget-core` or `backend`. A row that says *later* beside tests is there but for what it says.
";

#[test]
fn the_page_says_the_same() {
    let page = page();
    let path = sources::root().join("widget-core/ROWS.md");
    if std::env::var_os("GOLDEN_WRITE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let checked_in = fs::read_to_string(&path).unwrap_or_default();
    for (line, expected) in checked_in.lines().zip(page.lines()) {
        assert_eq!(line, expected, "GOLDEN_WRITE=1 writes ROWS.md anew");
    }
    assert!(checked_in == page, "GOLDEN_WRITE=1 writes ROWS.md anew");
}

fn page() -> String {
    let parts = [
        (
            "The customer's requirements",
            "In the order of the masterplan.",
            masterplan::ROWS,
        ),
        ("The behaviour", "What happens when.", behaviour::ROWS),
    ];
    let mut page = HEAD.to_owned();
    for (title, about, rows) in parts {
        let _ = write!(page, "\n## {title}\n\n{about}\n\n");
        page += "| row | what | rule | tests | beside |\n| --- | --- | --- | --- | --- |\n";
        page.extend(rows.iter().map(line));
    }
    page += "\n## In all\n\n";
    page += "| | rows | with a rule | with tests | a part later | wholly later | no code |\n";
    page += "| --- | --- | --- | --- | --- | --- | --- |\n";
    for (title, _, rows) in parts {
        page += &totals(title, rows);
    }
    let tests: BTreeSet<_> = all().flat_map(|row| row.tests).collect();
    let _ = writeln!(page, "\n{} different tests are named.\n", tests.len());
    for row in all().filter(|row| row.tests.is_empty()) {
        let _ = writeln!(page, "- {} {}: {}", row.id, row.what, beside(row));
    }
    page
}

fn line(row: &Row) -> String {
    let rules: Vec<_> = row.rules.iter().map(|rule| format!("`{rule}`")).collect();
    let tests: Vec<_> = row.tests.iter().map(|test| link(test)).collect();
    let (rules, tests) = (rules.join("<br>"), tests.join("<br>"));
    format!(
        "| {} | {} | {rules} | {tests} | {} |\n",
        row.id,
        row.what,
        beside(row)
    )
}

fn beside(row: &Row) -> String {
    let later = row.later.map(|later| format!("*later:* {later}"));
    let not_code = row.not_code.map(|why| format!("*no code:* {why}"));
    later.or(not_code).unwrap_or_default()
}

/// The test's name, leading to its file.
fn link(test: &str) -> String {
    let (file, name) = test.split_once("::").expect("path::test");
    let here = file.strip_prefix("widget-core/");
    let file = here.map_or_else(|| format!("../{file}"), str::to_owned);
    format!("[`{name}`]({file})")
}

fn totals(title: &str, rows: &[Row]) -> String {
    let count = |which: fn(&&Row) -> bool| rows.iter().filter(which).count();
    format!(
        "| {title} | {} | {} | {} | {} | {} | {} |\n",
        rows.len(),
        count(|row| !row.rules.is_empty()),
        count(|row| !row.tests.is_empty()),
        count(|row| row.later.is_some() && !row.tests.is_empty()),
        count(|row| row.later.is_some() && row.tests.is_empty()),
        count(|row| row.not_code.is_some()),
    )
}
