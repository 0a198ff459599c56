//! Data of a person in a text: they may stand there only if they were given in this dialog.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A kind of data of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Personal {
    /// A phone number.
    Phone,
    /// An e-mail address.
    Email,
    /// The number of a bank card.
    Card,
    /// The number of a booking, a deal or an order.
    Booking,
}

impl Personal {
    /// Its name in traces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Card => "card",
            Self::Booking => "booking",
        }
    }
}

/// Digits of a card.
const CARD: usize = 16;
/// Digits of a phone with its country code.
const PHONE: std::ops::RangeInclusive<usize> = 10..=15;
/// A shorter number after «№» is that of a room or a floor.
const BOOKING: usize = 4;

/// What of a person stands in a text, and in none of the sources.
pub(super) fn found(text: &str, sources: &[&str]) -> BTreeSet<Personal> {
    let known: BTreeSet<String> = sources
        .iter()
        .flat_map(|text| runs(text))
        .map(|run| run.digits)
        .collect();
    let spelled = |digits: &str| [digits.to_owned(), with_country(digits)];
    let is_known = |digits: &str| {
        let own = spelled(digits);
        known
            .iter()
            .any(|known| spelled(known).iter().any(|known| own.contains(known)))
    };
    let mut found = BTreeSet::new();
    for run in runs(text) {
        let kind = match run.digits.len() {
            CARD if matches!(run.groups[..], [CARD] | [4, 4, 4, 4]) => Some(Personal::Card),
            length if PHONE.contains(&length) && run.is_phone() => Some(Personal::Phone),
            length if length >= BOOKING && run.numbered => Some(Personal::Booking),
            _ => None,
        };
        found.extend(kind.filter(|_| !is_known(&run.digits)));
    }
    let lower: Vec<String> = sources.iter().map(|text| text.to_lowercase()).collect();
    let is_given = |address: &String| lower.iter().any(|text| text.contains(address.as_str()));
    if emails(text).any(|address| !is_given(&address)) {
        found.insert(Personal::Email);
    }
    found
}

/// Digits that belong together, as in `+7 (900) 000-00-01` or `2200 0000 0000 0000`.
struct Run {
    digits: String,
    plus: bool,
    /// It stands after «№» or «#».
    numbered: bool,
    /// The lengths of its groups.
    groups: Vec<usize>,
}

impl Run {
    /// Numbers with a plus, and Russian ones of eleven digits. Two dates side by side are none.
    fn is_phone(&self) -> bool {
        let russian = self.digits.len() == 11 && self.digits.starts_with(['7', '8']);
        self.plus
            || russian
                && self
                    .groups
                    .first()
                    .is_some_and(|first| matches!(first, 1 | 4 | 11))
    }
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let before_run = rest[..start].chars().next_back();
        let before = rest[..start].trim_end_matches(['(', ' ', '\u{a0}']);
        let mut run = Run {
            digits: String::new(),
            plus: before.ends_with('+'),
            numbered: before.ends_with(['№', '#']),
            groups: Vec::new(),
        };
        rest = &rest[start..];
        loop {
            let end = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            run.digits.push_str(&rest[..end]);
            run.groups.push(end);
            rest = &rest[end..];
            let next = rest.trim_start_matches([' ', '\u{a0}', '-', '(', ')']);
            let gap = rest.len() - next.len();
            if gap == 0 || gap > 3 || !next.starts_with(|c: char| c.is_ascii_digit()) {
                break;
            }
            rest = next;
        }
        // Digits within a word are an id's.
        let glued =
            before_run.is_some_and(char::is_alphabetic) || rest.starts_with(char::is_alphabetic);
        runs.extend((!glued).then_some(run));
    }
    runs
}

/// A Russian number in its one form with the country code.
fn with_country(digits: &str) -> String {
    match digits.len() {
        11 if digits.starts_with('8') => format!("7{}", &digits[1..]),
        10 => format!("7{digits}"),
        _ => digits.to_owned(),
    }
}

fn emails(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| c.is_whitespace() || ",;()<>«»\"".contains(c))
        .map(|word| word.trim_matches(['.', ':', '!', '?']).to_lowercase())
        .filter(|word| {
            let parts = word.split_once('@');
            parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
        })
}
