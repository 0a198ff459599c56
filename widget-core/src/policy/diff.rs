//! What differs between two policies, field by field, for people to read.
//!
//! Rows of a list that have a name of their own (`id` or `key`) are the same row wherever they stand; a row that stands
//! elsewhere among the others is told as moved. Other rows are compared by their place.

use super::{Difference, Leaf, Policy};
use crate::trace::Lang;

/// What differs at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where, such as `triggers[guests_over_4].when.guests_over`.
    pub path: String,
    /// What, values as in a file.
    pub what: Difference,
}

impl Change {
    /// As it is told to whoever knows the file.
    pub fn text(&self, lang: Lang) -> String {
        let path = &self.path;
        let (added, removed) = lang.of(("добавлено", "убрано, было"), ("added", "removed, was"));
        match &self.what {
            Difference::Changed { old, new } => format!("{path}: {old} → {new}"),
            Difference::Added(new) => format!("{path}: {added} {new}"),
            Difference::Removed(old) => format!("{path}: {removed} {old}"),
            Difference::Moved { from, to } => {
                let place = lang.of("место", "place");
                format!("{path}: {place} {from} → {place} {to}")
            }
        }
    }
}

/// Everything that differs.
pub fn diff(old: &Policy, new: &Policy) -> Vec<Change> {
    let mut changes = Vec::new();
    if let (Some(old), Some(new)) = (Leaf::of(old), Leaf::of(new)) {
        compare("", &old, &new, &mut changes);
    }
    changes
}

fn compare(path: &str, old: &Leaf, new: &Leaf, changes: &mut Vec<Change>) {
    match (old, new) {
        _ if old == new => {}
        (Leaf::Table(_), Leaf::Table(_)) => compare_tables(path, old, new, changes),
        (Leaf::List(old), Leaf::List(new)) => {
            if let (Some(old), Some(new)) = (named(old), named(new)) {
                compare_named(path, &old, &new, changes);
            } else if is_of_rows(old) && is_of_rows(new) {
                compare_places(path, old, new, changes);
            } else {
                changes.push(changed(path, words_of(old), words_of(new)));
            }
        }
        _ => changes.push(changed(path, words(old), words(new))),
    }
}

fn change(path: &str, what: Difference) -> Change {
    Change {
        path: path.to_owned(),
        what,
    }
}

fn changed(path: &str, old: String, new: String) -> Change {
    change(path, Difference::Changed { old, new })
}

/// Tables by their keys, as [`Leaf::of`] sorts them.
fn compare_tables(path: &str, old: &Leaf, new: &Leaf, changes: &mut Vec<Change>) {
    let (Leaf::Table(fields), Leaf::Table(other)) = (old, new) else {
        return;
    };
    let added = other.iter().filter(|(key, _)| old.get(key).is_none());
    for (key, _) in fields.iter().chain(added) {
        let here = match path {
            "" => key.clone(),
            path => format!("{path}.{key}"),
        };
        compare_maybe(&here, old.get(key), new.get(key), changes);
    }
}

fn compare_maybe(path: &str, old: Option<&Leaf>, new: Option<&Leaf>, changes: &mut Vec<Change>) {
    match (old, new) {
        (Some(old), Some(new)) => compare(path, old, new, changes),
        (Some(old), None) => changes.push(change(path, Difference::Removed(words(old)))),
        (None, Some(new)) => changes.push(change(path, Difference::Added(words(new)))),
        (None, None) => {}
    }
}

fn compare_places(path: &str, old: &[Leaf], new: &[Leaf], changes: &mut Vec<Change>) {
    for place in 0..old.len().max(new.len()) {
        let here = format!("{path}[{place}]");
        compare_maybe(&here, old.get(place), new.get(place), changes);
    }
}

/// A list of rows, each with its name.
type Named<'a> = Vec<(&'a str, &'a Leaf)>;

/// The rows with their names; `None` unless each row has one of its own.
fn named(rows: &[Leaf]) -> Option<Named<'_>> {
    let mut named: Named<'_> = Vec::with_capacity(rows.len());
    for row in rows {
        let name = row.get("id").or_else(|| row.get("key"))?.text()?;
        if named.iter().any(|(known, _)| *known == name) {
            return None;
        }
        named.push((name, row));
    }
    Some(named)
}

fn compare_named(path: &str, old: &Named<'_>, new: &Named<'_>, changes: &mut Vec<Change>) {
    let place = |rows: &Named<'_>, name: &str| rows.iter().position(|(own, _)| *own == name);
    // Where each of the new rows stood, as far as it stood anywhere.
    let stayed: Vec<usize> = new
        .iter()
        .filter_map(|(name, _)| place(old, name))
        .collect();
    let in_order = longest_rise(&stayed);
    for (was, (name, row)) in old.iter().enumerate() {
        let here = format!("{path}[{name}]");
        let Some(is) = place(new, name) else {
            changes.push(change(&here, Difference::Removed(words(row))));
            continue;
        };
        if !in_order.contains(&was) {
            let (from, to) = (was + 1, is + 1);
            changes.push(change(&here, Difference::Moved { from, to }));
        }
        compare(&here, row, new[is].1, changes);
    }
    for (name, row) in new {
        if place(old, name).is_none() {
            let here = format!("{path}[{name}]");
            changes.push(change(&here, Difference::Added(words(row))));
        }
    }
}

/// A longest rising part of different numbers: what kept its order. The rest was moved.
fn longest_rise(numbers: &[usize]) -> Vec<usize> {
    let mut best: Vec<Vec<usize>> = Vec::with_capacity(numbers.len());
    for (at, number) in numbers.iter().enumerate() {
        let before = best[..at].iter().filter(|rise| rise.last() < Some(number));
        let mut rise = before
            .max_by_key(|rise| rise.len())
            .cloned()
            .unwrap_or_default();
        rise.push(*number);
        best.push(rise);
    }
    best.into_iter().max_by_key(Vec::len).unwrap_or_default()
}

/// Whether a list is one of tables or lists, not of plain values.
fn is_of_rows(list: &[Leaf]) -> bool {
    list.iter()
        .all(|item| matches!(item, Leaf::Table(_) | Leaf::List(_)))
}

/// A value as it could stand in a file, on one line.
fn words(value: &Leaf) -> String {
    match value {
        Leaf::Text(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        Leaf::List(list) => words_of(list),
        Leaf::Table(table) => {
            let fields = table
                .iter()
                .map(|(key, value)| format!("{key} = {}", words(value)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        Leaf::Number(number) => number.to_string(),
        Leaf::Flag(flag) => flag.to_string(),
        Leaf::Odd(text) => text.clone(),
    }
}

fn words_of(list: &[Leaf]) -> String {
    let items = list.iter().map(words);
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Condition, Mode, parse};

    const SANATORIUM: &str = include_str!("../../../backend/policies/sanatorium.toml");

    fn default_policy() -> Policy {
        parse(SANATORIUM).expect("the default policy is good")
    }

    /// What is told of a change of the default policy.
    fn told(change: impl FnOnce(&mut Policy)) -> Vec<String> {
        let old = default_policy();
        let mut new = old.clone();
        change(&mut new);
        let changes = diff(&old, &new);
        changes.iter().map(|change| change.text(Lang::Ru)).collect()
    }

    fn position(policy: &Policy, id: &str) -> usize {
        let mut triggers = policy.triggers.iter();
        triggers
            .position(|trigger| trigger.id == id)
            .expect("a trigger of the default policy")
    }

    #[test]
    fn equal_policies_do_not_differ() {
        assert_eq!(told(|_| {}), [""; 0]);
    }

    #[test]
    fn a_row_is_found_by_its_name_and_its_field_by_its_path() {
        let lines = told(|policy| {
            let at = position(policy, "guests_over_4");
            policy.triggers[at].when = Condition::GuestsOver(5);
        });
        assert_eq!(lines, ["triggers[guests_over_4].when.guests_over: 4 → 5"]);
    }

    #[test]
    fn plain_fields_lists_and_texts_are_told_as_they_stand_in_a_file() {
        let lines = told(|policy| {
            policy.mode = Mode::People;
            policy.calendar.closed.clear();
            policy.texts.insert(
                "work_hours".to_owned(),
                "Ответим «скоро», \"да\".".to_owned(),
            );
            policy.timers.burst_max = "20s".parse().unwrap();
        });
        assert_eq!(
            lines,
            [
                r#"calendar.closed: ["01-01", "01-02"] → []"#,
                r#"mode: "on" → "people""#,
                r#"texts.work_hours: "Вам ответит первый освободившийся менеджер." → "Ответим «скоро», \"да\".""#,
                r#"timers.burst_max: "12s" → "20s""#,
            ]
        );
    }

    #[test]
    fn one_day_of_the_week_is_told_alone() {
        let lines = told(|policy| policy.calendar.week[5].clear());
        assert_eq!(lines, [r#"calendar.week[5]: ["09:00-18:00"] → []"#]);
    }

    #[test]
    fn a_condition_of_another_kind_is_one_gone_and_one_come() {
        let lines = told(|policy| {
            let at = position(policy, "guests_over_4");
            policy.triggers[at].when = Condition::RoomsOver(2);
        });
        assert_eq!(
            lines,
            [
                "triggers[guests_over_4].when.guests_over: убрано, было 4",
                "triggers[guests_over_4].when.rooms_over: добавлено 2",
            ]
        );
    }

    #[test]
    fn rows_that_come_and_go_are_told_whole_and_move_nobody() {
        let lines = told(|policy| {
            let first = policy.triggers.remove(0);
            policy.triggers.push(super::super::Trigger {
                id: "fire".to_owned(),
                ..first
            });
        });
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(
            lines[0].starts_with("triggers[urgent]: убрано, было { ")
                && lines[0].contains("id = \"urgent\""),
            "{lines:?}"
        );
        assert!(
            lines[1].starts_with("triggers[fire]: добавлено { ")
                && lines[1].contains("id = \"fire\""),
            "{lines:?}"
        );
    }

    #[test]
    fn a_moved_row_is_told_and_those_that_made_room_are_not() {
        let lines = told(|policy| {
            let pet = policy.triggers.remove(position(policy, "pet"));
            policy.triggers.insert(1, pet);
        });
        let was = position(&default_policy(), "pet") + 1;
        assert_eq!(lines, [format!("triggers[pet]: место {was} → место 2")]);
    }

    #[test]
    fn a_row_that_moved_and_changed_is_told_twice() {
        let lines = told(|policy| {
            let mut last = policy.stages.pop().expect("stages");
            last.name = "Архив".to_owned();
            policy.stages.insert(0, last);
        });
        let stages = default_policy().stages;
        let (count, last) = (stages.len(), &stages[stages.len() - 1]);
        assert_eq!(
            lines,
            [
                format!("stages[{}]: место {count} → место 1", last.key),
                format!("stages[{}].name: \"{}\" → \"Архив\"", last.key, last.name),
            ]
        );
    }

    #[test]
    fn what_kept_its_order_is_the_most_that_can_have_kept_it() {
        for (numbers, kept) in [
            (&[][..], &[][..]),
            (&[0, 1, 2], &[0, 1, 2]),
            (&[2, 0, 1], &[0, 1]),
            (&[1, 2, 3, 0], &[1, 2, 3]),
            (&[3, 1, 2, 0], &[1, 2]),
        ] {
            assert_eq!(longest_rise(numbers), kept, "{numbers:?}");
        }
    }
}
