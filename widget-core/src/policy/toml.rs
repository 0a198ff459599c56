//! A policy in TOML.

use super::file::{read, unreadable};
use super::{Finding, Leaf, Policy};
use toml::{Table, Value};

/// Reads and checks a policy.
///
/// # Errors
/// Everything that is wrong, as [`read`] tells it, or where the text stops to be TOML.
pub fn parse(toml: &str) -> Result<Policy, Vec<Finding>> {
    read(&leaf(toml).map_err(|finding| vec![finding])?)
}

/// The values of a file.
pub(super) fn leaf(toml: &str) -> Result<Leaf, Finding> {
    let table: Result<Table, _> = toml.parse();
    let table = table.map_err(|error| {
        let at = error.span().map(|span| span.start);
        unreadable(toml, at, error.message())
    })?;
    Ok(of_table(table))
}

fn of_table(table: Table) -> Leaf {
    let fields = table.into_iter().map(|(key, value)| (key, of_value(value)));
    Leaf::Table(fields.collect())
}

fn of_value(value: Value) -> Leaf {
    match value {
        Value::String(text) => Leaf::Text(text),
        Value::Integer(number) => Leaf::Number(number),
        Value::Boolean(flag) => Leaf::Flag(flag),
        Value::Array(items) => Leaf::List(items.into_iter().map(of_value).collect()),
        Value::Table(table) => of_table(table),
        Value::Float(number) => Leaf::Odd(number.to_string()),
        Value::Datetime(time) => Leaf::Odd(time.to_string()),
    }
}
