//! The policy as it is edited: its TOML text, changed in place. Comments, order and everything that the settings do not
//! know stay as somebody wrote them.

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value};
pub use widget_core::policy::Leaf;
use widget_core::policy::{Finding, Policy, read, unreadable};

/// The policy of a text.
///
/// # Errors
/// Everything that is wrong.
pub fn policy(text: &str) -> Result<Policy, Vec<Finding>> {
    Doc::parse(text)
        .map_err(|finding| vec![finding])
        .and_then(|doc| doc.policy())
}

/// The text of a policy, parsed.
#[derive(Debug, Clone)]
pub struct Doc(DocumentMut);

/// One step of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl Doc {
    /// A document without anything.
    pub fn empty() -> Self {
        Self(DocumentMut::new())
    }

    /// The document of a text.
    ///
    /// # Errors
    /// It is not TOML.
    pub fn parse(text: &str) -> Result<Self, Finding> {
        let doc = text.parse::<DocumentMut>();
        doc.map(Self).map_err(|error| {
            let at = error.span().map(|span| span.start);
            unreadable(text, at, error.message())
        })
    }

    /// The policy.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn policy(&self) -> Result<Policy, Vec<Finding>> {
        read(&of_table(self.0.as_table()))
    }

    /// The text.
    pub fn text(&self) -> String {
        self.0.to_string()
    }

    /// What stands at a path such as `stages[2].name`; `None` = nothing.
    pub fn get(&self, path: &str) -> Option<Leaf> {
        let steps = steps(path);
        let Some((Step::Key(first), rest)) = steps.split_first() else {
            return None;
        };
        of_item(self.0.get(first)?, rest)
    }

    /// How many rows a list has.
    pub fn count(&self, path: &str) -> usize {
        match self.get(path) {
            Some(Leaf::List(rows)) => rows.len(),
            _ => 0,
        }
    }

    /// Puts a value at a path, or takes away what stands there. A table on the way that is missing is made; a row of a
    /// list must be there.
    pub fn set(&mut self, path: &str, new: Option<Leaf>) {
        if self.get(path) == new {
            return;
        }
        set_in_table(self.0.as_table_mut(), &steps(path), new.map(value));
        // The one table that says something by being there.
        if self.get("booking") == Some(Leaf::Table(Vec::new())) {
            self.0.remove("booking");
        }
    }

    /// Puts a row at the end of a list.
    pub fn add_row(&mut self, list: &str, row: Vec<(String, Leaf)>) {
        let made = || Item::ArrayOfTables(ArrayOfTables::new());
        match self.0.entry(list).or_insert_with(made) {
            Item::ArrayOfTables(rows) => {
                let mut table = Table::new();
                for (key, leaf) in row {
                    table.insert(&key, Item::Value(value(leaf)));
                }
                rows.push(table);
            }
            Item::Value(Value::Array(rows)) => rows.push(value(Leaf::Table(row))),
            _ => {}
        }
    }

    /// Takes a row away.
    pub fn remove_row(&mut self, list: &str, row: usize) {
        self.arrange(list, |rows| {
            if row < rows.len() {
                rows.remove(row);
            }
        });
    }

    /// Puts a row before the one that stands at `to`, or behind it if that comes later.
    pub fn move_row(&mut self, list: &str, row: usize, to: usize) {
        self.arrange(list, |rows| {
            if row < rows.len() && to < rows.len() {
                let moved = rows.remove(row);
                rows.insert(to, moved);
            }
        });
    }

    fn arrange(&mut self, list: &str, change: impl Fn(&mut Vec<usize>)) {
        let mut order: Vec<usize> = (0..self.count(list)).collect();
        change(&mut order);
        match self.0.get_mut(list) {
            Some(Item::ArrayOfTables(rows)) => arrange_tables(rows, &order),
            Some(Item::Value(Value::Array(rows))) => {
                let known: Vec<Value> = rows.iter().cloned().collect();
                rows.clear();
                for row in order {
                    rows.push_formatted(known[row].clone());
                }
            }
            _ => {}
        }
    }
}

/// Puts the rows into an order. Each keeps its own comment; what stands above the first of them, apart from it by an
/// empty line, is about all and stays above.
fn arrange_tables(rows: &mut ArrayOfTables, order: &[usize]) {
    let mut known: Vec<Table> = rows.iter().cloned().collect();
    let mut places = Vec::new();
    for row in &mut known {
        take_places(row, &mut places);
    }
    places.sort_unstable();
    let above = known
        .first_mut()
        .map(take_what_is_above)
        .unwrap_or_default();
    let mut places = places.into_iter();
    let mut arranged: Vec<Table> = order.iter().map(|row| known[*row].clone()).collect();
    for (at, row) in arranged.iter_mut().enumerate() {
        give_places(row, &mut places);
        if at == 0 {
            let own = prefix(row).trim_start_matches('\n').to_owned();
            row.decor_mut().set_prefix(format!("{above}{own}"));
        } else if !prefix(row).starts_with('\n') {
            let own = prefix(row).to_owned();
            row.decor_mut().set_prefix(format!("\n{own}"));
        }
    }
    *rows = arranged.into_iter().collect();
}

fn prefix(row: &Table) -> &str {
    let prefix = row.decor().prefix();
    prefix.and_then(|prefix| prefix.as_str()).unwrap_or("\n")
}

/// What stands above a row and is not its own.
fn take_what_is_above(row: &mut Table) -> String {
    let whole = prefix(row).to_owned();
    let cut = whole.rfind("\n\n").map_or(whole.len().min(1), |at| at + 2);
    let (above, own) = whole.split_at(cut);
    row.decor_mut().set_prefix(own);
    above.to_owned()
}

/// Where a table and those inside it stand in the file.
fn take_places(table: &mut Table, places: &mut Vec<isize>) {
    places.extend(table.position());
    for (_, item) in table.iter_mut() {
        match item {
            Item::Table(inner) => take_places(inner, places),
            Item::ArrayOfTables(rows) => rows.iter_mut().for_each(|row| take_places(row, places)),
            _ => {}
        }
    }
}

fn give_places(table: &mut Table, places: &mut impl Iterator<Item = isize>) {
    if table.position().is_some() {
        table.set_position(places.next());
    }
    for (_, item) in table.iter_mut() {
        match item {
            Item::Table(inner) => give_places(inner, places),
            Item::ArrayOfTables(rows) => rows.iter_mut().for_each(|row| give_places(row, places)),
            _ => {}
        }
    }
}

fn steps(path: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let (key, indexes) = part.split_once('[').unwrap_or((part, ""));
        steps.push(Step::Key(key));
        let indexes = indexes.split('[').map(|index| index.trim_end_matches(']'));
        steps.extend(indexes.filter_map(|index| index.parse().ok().map(Step::Index)));
    }
    steps
}

fn of_item(item: &Item, steps: &[Step<'_>]) -> Option<Leaf> {
    match (item, steps.split_first()) {
        (Item::Value(value), _) => of_value(value, steps),
        (Item::Table(table), None) => Some(of_table(table)),
        (Item::Table(table), Some((Step::Key(key), rest))) => of_item(table.get(key)?, rest),
        (Item::ArrayOfTables(rows), None) => {
            Some(Leaf::List(rows.iter().map(|row| of_table(row)).collect()))
        }
        (Item::ArrayOfTables(rows), Some((Step::Index(index), rest))) => {
            let row = rows.get(*index)?;
            match rest.split_first() {
                None => Some(of_table(row)),
                Some((Step::Key(key), rest)) => of_item(row.get(key)?, rest),
                Some(_) => None,
            }
        }
        _ => None,
    }
}

fn of_value(value: &Value, steps: &[Step<'_>]) -> Option<Leaf> {
    match (value, steps.split_first()) {
        (Value::String(text), None) => Some(Leaf::Text(text.value().clone())),
        (Value::Integer(number), None) => Some(Leaf::Number(*number.value())),
        (Value::Boolean(flag), None) => Some(Leaf::Flag(*flag.value())),
        (Value::Array(list), None) => {
            let items = list.iter().filter_map(|item| of_value(item, &[]));
            Some(Leaf::List(items.collect()))
        }
        (Value::Array(list), Some((Step::Index(index), rest))) => of_value(list.get(*index)?, rest),
        (Value::InlineTable(table), None) => Some(of_table(table)),
        (Value::InlineTable(table), Some((Step::Key(key), rest))) => {
            of_value(table.get(key)?, rest)
        }
        (odd, None) => Some(Leaf::Odd(odd.to_string().trim().to_owned())),
        _ => None,
    }
}

fn of_table(table: &dyn TableLike) -> Leaf {
    let fields = table.iter().filter_map(|(key, item)| {
        let leaf = of_item(item, &[])?;
        Some((key.to_owned(), leaf))
    });
    Leaf::Table(fields.collect())
}

fn set_in_table(table: &mut dyn TableLike, steps: &[Step<'_>], new: Option<Value>) {
    match (steps, new) {
        ([Step::Key(key)], None) => _ = table.remove(key),
        ([Step::Key(key)], Some(new)) => match table.get_mut(key).and_then(Item::as_value_mut) {
            Some(known) => replace(known, new),
            None => _ = table.insert(key, Item::Value(new)),
        },
        ([Step::Key(key), rest @ ..], new) if new.is_some() || table.contains_key(key) => {
            let item = table.entry(key).or_insert_with(toml_edit::table);
            set_in_item(item, rest, new);
        }
        _ => {}
    }
}

fn set_in_item(item: &mut Item, steps: &[Step<'_>], new: Option<Value>) {
    match (item, steps) {
        (Item::Value(value), steps) => set_in_value(value, steps, new),
        (Item::Table(table), steps) => set_in_table(table, steps, new),
        (Item::ArrayOfTables(rows), [Step::Index(index), rest @ ..]) => {
            if let Some(row) = rows.get_mut(*index) {
                set_in_table(row, rest, new);
            }
        }
        _ => {}
    }
}

fn set_in_value(value: &mut Value, steps: &[Step<'_>], new: Option<Value>) {
    match (value, steps) {
        (value, []) => {
            if let Some(new) = new {
                replace(value, new);
            }
        }
        (Value::Array(list), [Step::Index(index), rest @ ..]) => {
            if let Some(item) = list.get_mut(*index) {
                set_in_value(item, rest, new);
            }
        }
        (Value::InlineTable(table), steps) => set_in_table(table, steps, new),
        _ => {}
    }
}

/// Puts a value in the place of another; the comment beside it stays. Lists that were spread over lines stay spread.
fn replace(known: &mut Value, mut new: Value) {
    *new.decor_mut() = known.decor().clone();
    if let (Value::Array(old), Value::Array(list)) = (&*known, &mut new)
        && old
            .trailing()
            .as_str()
            .is_some_and(|text| text.contains('\n'))
    {
        for item in list.iter_mut() {
            item.decor_mut().set_prefix("\n  ");
        }
        list.set_trailing("\n");
        list.set_trailing_comma(true);
    }
    *known = new;
}

fn value(leaf: Leaf) -> Value {
    match leaf {
        Leaf::Text(text) | Leaf::Odd(text) => Value::from(text),
        Leaf::Number(number) => Value::from(number),
        Leaf::Flag(flag) => Value::from(flag),
        Leaf::List(items) => Value::from(items.into_iter().map(value).collect::<Array>()),
        Leaf::Table(fields) => {
            let mut table = InlineTable::new();
            for (key, leaf) in fields {
                table.insert(&key, value(leaf));
            }
            Value::from(table)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::SANATORIUM;

    fn doc() -> Doc {
        Doc::parse(SANATORIUM).unwrap()
    }

    fn text(text: &str) -> Option<Leaf> {
        Some(Leaf::Text(text.to_owned()))
    }

    /// The lines that differ after a change.
    fn differing(path: &str, new: Option<Leaf>) -> Vec<String> {
        let mut doc = doc();
        doc.set(path, new.clone());
        assert_eq!(doc.get(path), new, "{path}");
        let after = doc.text();
        let before: Vec<&str> = SANATORIUM.lines().collect();
        let new = after.lines().filter(|line| !before.contains(line));
        new.map(str::to_owned).collect()
    }

    #[test]
    fn a_text_that_nobody_changed_stays_letter_by_letter() {
        assert_eq!(doc().text(), SANATORIUM);
        let mut same = doc();
        same.set("timers.auto_return_after", text("40m"));
        same.set("calendar.closed", same.get("calendar.closed"));
        same.set("tasks.fallback", None);
        same.set("no.such.table", None);
        assert_eq!(same.text(), SANATORIUM);
    }

    #[test]
    fn everything_is_reached_by_its_path() {
        let doc = doc();
        assert_eq!(doc.get("mode"), text("on"));
        assert_eq!(doc.get("ownership.values.waiting"), text("Ждёт менеджера"));
        assert_eq!(
            doc.get("calendar.week[5]"),
            Some(Leaf::List(vec![Leaf::Text("09:00-18:00".to_owned())]))
        );
        assert_eq!(doc.get("calendar.week[5][0]"), text("09:00-18:00"));
        assert_eq!(doc.get("calendar.special.12-31[0]"), text("09:00-15:00"));
        assert_eq!(doc.get("stages[1].name"), text("Проведена консультация"));
        assert_eq!(
            doc.get("triggers[3].when.all[2].text_at_most"),
            Some(Leaf::Number(40))
        );
        assert_eq!(doc.get("stages[3].booking"), Some(Leaf::Flag(true)));
        assert_eq!((doc.count("stages"), doc.count("mode")), (9, 0));
        for nothing in [
            "",
            "no",
            "mode.no",
            "stages[99].name",
            "stages.name",
            "texts[0]",
            "[0]",
        ] {
            assert_eq!(doc.get(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn one_line_changes_and_its_comment_stays() {
        for (path, new, line) in [
            (
                "timers.auto_return_after",
                text("60m"),
                "auto_return_after = \"60m\"             # back to the bot so long after the last sign of a manager",
            ),
            (
                "triggers[3].when.all[2].text_at_most",
                Some(Leaf::Number(50)),
                "  { text_at_most = 50 },",
            ),
            (
                "ownership.values.bot",
                text("Робот"),
                "values = { bot = \"Робот\", waiting = \"Ждёт менеджера\", manager = \"Менеджер\" }",
            ),
            (
                "tasks.fallback",
                Some(Leaf::Number(9001)),
                "fallback = 9001",
            ),
            ("stages[1].touch", None, ""),
            (
                "calendar.special.01-03",
                Some(Leaf::List(vec![Leaf::Text("10:00-12:00".to_owned())])),
                "01-03 = [\"10:00-12:00\"]",
            ),
            ("calendar.week[6]", Some(Leaf::List(Vec::new())), "  [],"),
        ] {
            let lines = differing(path, new);
            let wanted: &[&str] = if line.is_empty() { &[] } else { &[line] };
            assert_eq!(lines, wanted, "{path}");
        }
    }

    #[test]
    fn a_text_of_several_lines_and_quotes_comes_back_as_it_was_typed() {
        let mut doc = doc();
        let words = "Здравствуйте{, name}!\nЯ «бот» \"умный\" \\ вот.";
        doc.set("texts.intro", text(words));
        let again = Doc::parse(&doc.text()).unwrap();
        assert_eq!(again.get("texts.intro"), text(words));
    }

    fn ids(doc: &Doc) -> Vec<String> {
        let id = |row: usize| {
            let leaf = doc.get(&format!("triggers[{row}].id")).unwrap();
            leaf.text().unwrap().to_owned()
        };
        (0..doc.count("triggers")).map(id).collect()
    }

    #[test]
    fn rows_come_go_and_move_and_the_rest_stays_letter_by_letter() {
        let mut doc = doc();
        let before = ids(&doc);
        doc.move_row("triggers", 0, 1);
        let text = doc.text();
        assert_eq!(ids(&doc)[..2], [before[1].clone(), before[0].clone()]);
        assert_eq!(ids(&Doc::parse(&text).unwrap()), ids(&doc), "as it is read");
        let about = "# What hands a dialog over, most pressing first";
        let place = |what: &str| text.find(what).unwrap();
        assert!(
            place(about) < place(&format!("id = \"{}\"", before[1])),
            "{text}"
        );
        assert_eq!(text.matches("[[triggers]]").count(), before.len());
        doc.move_row("triggers", 1, 0);
        assert_eq!(doc.text(), SANATORIUM, "there and back");
        for (row, to) in [(3, 9), (9, 3), (before.len() - 1, 0), (0, before.len() - 1)] {
            doc.move_row("triggers", row, to);
        }
        assert_eq!(doc.text(), SANATORIUM, "there and back again");

        doc.add_row(
            "triggers",
            vec![
                ("id".to_owned(), Leaf::Text("late".to_owned())),
                (
                    "when".to_owned(),
                    Leaf::Table(vec![("pet".to_owned(), Leaf::Flag(true))]),
                ),
            ],
        );
        let last = before.len();
        assert_eq!(doc.get(&format!("triggers[{last}].id")), self::text("late"));
        let again = Doc::parse(&doc.text()).unwrap();
        assert_eq!(again.get("triggers"), doc.get("triggers"));
        assert_eq!(again.get("departure"), doc.get("departure"));
        doc.remove_row("triggers", last);
        assert_eq!(doc.text(), SANATORIUM, "come and gone");
        doc.remove_row("triggers", 0);
        assert_eq!(ids(&doc), before[1..]);
        doc.remove_row("triggers", 99);
        doc.move_row("triggers", 0, 99);
        assert_eq!(ids(&doc), before[1..], "there is no such row");
    }

    #[test]
    fn rows_are_arranged_however_they_are_written() {
        let inline = "stages = [\n  { key = \"a\" },\n  { key = \"b\" },\n]\n";
        let mut doc = Doc::parse(inline).unwrap();
        doc.move_row("stages", 1, 0);
        assert_eq!(doc.get("stages[0].key"), text("b"));
        doc.add_row(
            "stages",
            vec![("key".to_owned(), Leaf::Text("c".to_owned()))],
        );
        doc.remove_row("stages", 1);
        assert_eq!(doc.get("stages[1].key"), text("c"));
        assert!(Doc::parse(&doc.text()).is_ok());
        let nested = "[[triggers]]\nid = \"a\"\n[triggers.when]\npet = true\n\n[[triggers]]\nid = \"b\"\n[triggers.when]\nkb_miss = true\n";
        let mut doc = Doc::parse(nested).unwrap();
        doc.move_row("triggers", 1, 0);
        let again = Doc::parse(&doc.text()).unwrap();
        assert_eq!(
            again.get("triggers[0].when.kb_miss"),
            Some(Leaf::Flag(true)),
            "{}",
            doc.text()
        );
        assert_eq!(again.get("triggers[1].id"), text("a"));
        let mut none = Doc::empty();
        none.add_row(
            "stages",
            vec![("key".to_owned(), Leaf::Text("c".to_owned()))],
        );
        assert_eq!(none.get("stages[0].key"), text("c"));
    }

    #[test]
    fn what_is_no_toml_is_told() {
        assert!(Doc::parse("mode = ").is_err());
    }
}
