//! Amounts of money and percents in a text, and the numbers that may stand behind them. Numbers in words are not read.

use std::collections::BTreeSet;

/// What makes a number an amount, when it follows it: beginnings of words, the longest first.
const UNITS: &[&str] = &[
    "руб",
    "р.",
    "р",
    "₽",
    "$",
    "€",
    "₸",
    "usd",
    "eur",
    "долл",
    "евро",
    "тенге",
    "%",
    "процент",
];
/// What makes a number an amount, when it stands before it.
const SIGNS: [char; 4] = ['₽', '$', '€', '₸'];
/// What may stand between the groups of three digits.
const GROUPS: [char; 7] = [' ', '\u{a0}', '\u{202f}', '.', ',', '\'', '’'];
/// What may stand between the two ends of a range.
const RANGES: &[&str] = &["-", "–", "—", "до ", "и до "];

/// A number in a text.
struct Number {
    /// Its whole part, thousands written out, as digits.
    value: String,
    /// It is money or percents.
    is_amount: bool,
    /// A percent.
    is_percent: bool,
    /// It begins a range whose end follows at once.
    begins_range: bool,
}

/// The amounts of a text: `4500`, `15%`.
pub(super) fn of_money(text: &str) -> BTreeSet<String> {
    let mut amounts = BTreeSet::new();
    let mut unit = None;
    for number in scan(text).into_iter().rev() {
        if number.is_amount {
            unit = Some(number.is_percent);
        } else if !number.begins_range {
            unit = None;
        }
        if let Some(is_percent) = unit {
            let sign = if is_percent { "%" } else { "" };
            amounts.insert(format!("{}{sign}", number.value));
        }
    }
    amounts
}

/// All numbers of texts, each as an amount and as percents: what the guest or a passage names is known either way.
pub(super) fn numbers<'a>(texts: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    texts
        .flat_map(scan)
        .flat_map(|number| [format!("{}%", number.value), number.value])
        .collect()
}

fn scan(text: &str) -> Vec<Number> {
    let text = text.to_lowercase();
    let mut found = Vec::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let before = rest[..start].trim_end().chars().next_back();
        let (value, fraction, after) = number(&rest[start..]);
        let (value, after) = in_thousands(value, &fraction, after);
        let unit = after.trim_start_matches([' ', '\u{a0}', '\u{202f}']);
        let word = UNITS.iter().find(|word| is_unit(unit, word));
        found.push(Number {
            value,
            is_amount: word.is_some() || before.is_some_and(|sign| SIGNS.contains(&sign)),
            is_percent: word.is_some_and(|word| *word == "%" || *word == "процент"),
            begins_range: RANGES.iter().any(|between| {
                let end = unit.strip_prefix(between);
                end.is_some_and(|end| {
                    end.trim_start()
                        .starts_with(|c: char| c.is_ascii_digit() || SIGNS.contains(&c))
                })
            }),
        });
        rest = after;
    }
    found
}

/// A unit that is one letter must stand alone: «5 р», not «5 раз».
fn is_unit(text: &str, word: &str) -> bool {
    let Some(after) = text.strip_prefix(word) else {
        return false;
    };
    word != "р" || !after.starts_with(char::is_alphabetic)
}

/// Digits of a number with its groups of three joined, its fraction, and what follows.
fn number(text: &str) -> (String, String, &str) {
    let (mut value, mut rest) = digits(text);
    if value.len() <= 3 {
        while let Some((group, after)) = group(rest) {
            value.push_str(group);
            rest = after;
        }
    }
    let mut fraction = String::new();
    let mut chars = rest.chars();
    if matches!(chars.next(), Some('.' | ',')) {
        let (part, after) = digits(chars.as_str());
        if (1..=2).contains(&part.len()) {
            fraction = part;
            rest = after;
        }
    }
    let value = value.trim_start_matches('0').to_owned();
    (
        if value.is_empty() {
            "0".to_owned()
        } else {
            value
        },
        fraction,
        rest,
    )
}

/// A separator and three digits, and what follows.
fn group(text: &str) -> Option<(&str, &str)> {
    let group = text.strip_prefix(GROUPS)?;
    let end = group
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(group.len());
    (end == 3).then(|| group.split_at(end))
}

fn digits(text: &str) -> (String, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    (text[..end].to_owned(), &text[end..])
}

/// «4,5 тыс.» is 4500.
fn in_thousands<'a>(value: String, fraction: &str, after: &'a str) -> (String, &'a str) {
    let word = after.trim_start_matches([' ', '\u{a0}', '\u{202f}']);
    let Some(rest) = word.strip_prefix("тыс") else {
        return (value, after);
    };
    let rest = rest.trim_start_matches(|c: char| c.is_alphabetic() || c == '.');
    (format!("{value}{fraction:0<3}"), rest)
}
