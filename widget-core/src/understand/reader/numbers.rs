//! Numbers among the words of a text, in digits and in words.

use super::words::Token;
use super::words::list::{List, Stems, list};

/// How a number is said, which tells what it can count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// 5
    Digits,
    /// «пять», «пяти», «five»
    Cardinal,
    /// «пятеро»: people and animals only.
    Collective,
    /// «пятерых», «5-х»: after a preposition.
    Oblique,
    /// «впятером»: people only.
    Adverb,
}

/// A number in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    pub value: u32,
    pub form: Form,
    /// How many tokens it takes.
    pub tokens: usize,
}

/// The number that begins at token `at`, if it can count something: no part of a date, time, price, phone number
/// or room number, and no ordinal. Of a range («4-5») the upper end is the number.
pub(super) fn number_at(tokens: &[Token], at: usize) -> Option<Number> {
    let word = tokens.get(at)?.word.as_str();
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        return digits_at(tokens, at);
    }
    let mut number = word_number(word)?;
    if number.form == Form::Cardinal
        && number.value >= 20
        && number.value % 10 == 0
        && let Some(unit) = tokens.get(at + 1).and_then(|unit| word_number(&unit.word))
        && unit.form == Form::Cardinal
        && unit.value < 10
    {
        number.value += unit.value;
        number.tokens = 2;
    }
    Some(number)
}

fn digits_at(tokens: &[Token], at: usize) -> Option<Number> {
    let is_digits = |index: usize| {
        tokens
            .get(index)
            .is_some_and(|token| token.word.starts_with(|c: char| c.is_ascii_digit()))
    };
    let mark = |index: usize| tokens.get(index).map(|token| token.word.as_str());
    let glued = |index: usize| tokens.get(index).is_some_and(|token| token.glued);
    let value: u32 = tokens[at]
        .word
        .parse()
        .ok()
        .filter(|n| (1..1_000).contains(n))?;
    let before = at.checked_sub(1);
    if before.is_some_and(|before| matches!(mark(before), Some("№" | "#" | "$" | "€"))) {
        return None;
    }
    // 5.05, 5,5, 5:30, 5/7: a date, a price, a time.
    let inner = |index: usize| matches!(mark(index), Some("." | "," | ":" | "/")) && glued(index);
    if inner(at + 1) && glued(at + 2) && is_digits(at + 2) {
        return None;
    }
    if before
        .is_some_and(|before| inner(before) && glued(at) && before > 0 && is_digits(before - 1))
    {
        return None;
    }
    let dash = |index: usize| matches!(mark(index), Some("-" | "–" | "—"));
    if dash(at + 1) && is_digits(at + 2) {
        return None;
    }
    // The upper end of a range; of a longer chain, such as 00-00-01, nothing.
    let in_chain = at >= 4 && dash(at - 1) && dash(at - 3) && is_digits(at - 4);
    if in_chain {
        return None;
    }
    let suffix_at = if dash(at + 1) && glued(at + 1) && glued(at + 2) {
        at + 2
    } else {
        at + 1
    };
    let suffix = tokens
        .get(suffix_at)
        .filter(|token| token.glued)
        .map_or("", |token| token.word.as_str());
    let form = match suffix {
        "го" | "й" | "ый" | "ий" | "ая" | "я" | "му" | "ое" | "ой" | "ом" | "th" | "st" | "nd"
        | "rd" => return None,
        "ро" | "е" => Form::Collective,
        "х" | "ых" | "и" => Form::Oblique,
        "ти" | "ми" | "м" => Form::Cardinal,
        _ => {
            return Some(Number {
                value,
                form: Form::Digits,
                tokens: 1,
            });
        }
    };
    Some(Number {
        value,
        form,
        tokens: suffix_at + 1 - at,
    })
}

/// Forms of 2 to 10 that count people: «двое», «двоих» (with «двоим», «двоими»), «вдвоём».
const PEOPLE: [(u32, &str, &str, &str); 9] = [
    (2, "двое", "двои", "вдвоем"),
    (3, "трое", "трои", "втроем"),
    (4, "четверо", "четверы", "вчетвером"),
    (5, "пятеро", "пятеры", "впятером"),
    (6, "шестеро", "шестеры", "вшестером"),
    (7, "семеро", "семеры", "всемером"),
    (8, "восьмеро", "восьмеры", "ввосьмером"),
    (9, "девятеро", "девятеры", "вдевятером"),
    (10, "десятеро", "десятеры", "вдесятером"),
];

/// How all these and those begin.
#[rustfmt::skip]
const BEGINNINGS: &List = list![
    "од", "дв", "вд", "тр", "вт", "че", "вч", "пя", "вп", "ше", "вш", "се", "вс", "во", "вв", "де", "со", "on", "tw",
    "th", "fo", "fi", "si", "se", "ei", "ni", "te", "el", "дю",
];

/// How «первого», «второе» and so on up to «тридцатого» begin.
#[rustfmt::skip]
const ORDINALS: &List = list![
    "перв", "втор", "трет", "четверт", "пят", "шест", "седьм", "восьм", "девят", "десят", "одиннадцат", "двенадцат",
    "тринадцат", "четырнадцат", "пятнадцат", "шестнадцат", "семнадцат", "восемнадцат", "девятнадцат", "двадцат",
    "тридцат",
];

/// Whether the word may be an ordinal, or open one: most words are none.
pub(super) fn begins_an_ordinal(word: &str) -> bool {
    ORDINALS.any(word, |_, _| true)
}

/// «семью» is left out: it is mostly the family.
const CARDINALS: [(u32, &[&str]); 24] = [
    (
        1,
        &[
            "один",
            "одна",
            "одно",
            "одного",
            "одной",
            "одному",
            "одним",
            "одну",
            "one",
        ],
    ),
    (2, &["два", "две", "двух", "двум", "двумя", "two"]),
    (3, &["три", "трех", "трем", "тремя", "three"]),
    (4, &["четыре", "четырех", "четырем", "четырьмя", "four"]),
    (5, &["пять", "пяти", "пятью", "five"]),
    (6, &["шесть", "шести", "шестью", "six"]),
    (7, &["семь", "семи", "seven"]),
    (8, &["восемь", "восьми", "восемью", "eight"]),
    (9, &["девять", "девяти", "девятью", "nine"]),
    (10, &["десять", "десяти", "десятью", "ten"]),
    (11, &["одиннадцать", "одиннадцати", "eleven"]),
    (12, &["двенадцать", "двенадцати", "twelve"]),
    (12, &["дюжина", "дюжину", "дюжиной"]),
    (13, &["тринадцать", "тринадцати", "thirteen"]),
    (14, &["четырнадцать", "четырнадцати", "fourteen"]),
    (15, &["пятнадцать", "пятнадцати", "fifteen"]),
    (16, &["шестнадцать", "шестнадцати", "sixteen"]),
    (17, &["семнадцать", "семнадцати", "seventeen"]),
    (18, &["восемнадцать", "восемнадцати", "eighteen"]),
    (19, &["девятнадцать", "девятнадцати", "nineteen"]),
    (20, &["двадцать", "двадцати", "twenty"]),
    (30, &["тридцать", "тридцати", "thirty"]),
    (40, &["сорок", "сорока", "forty"]),
    (50, &["пятьдесят", "пятидесяти", "fifty"]),
];

pub(super) fn word_number(word: &str) -> Option<Number> {
    // Most words are no numbers.
    if !BEGINNINGS.any(word, |_, _| true) {
        return None;
    }
    let number = |value, form| {
        Some(Number {
            value,
            form,
            tokens: 1,
        })
    };
    for (value, collective, stem, adverb) in PEOPLE {
        if word == collective {
            return number(value, Form::Collective);
        }
        // «Впятером», and «пятером»
        if adverb
            .strip_suffix(word)
            .is_some_and(|before| matches!(before, "" | "в"))
        {
            return number(value, Form::Adverb);
        }
        if let Some("х" | "м" | "ми") = word.strip_prefix(stem) {
            return number(value, Form::Oblique);
        }
    }
    CARDINALS
        .iter()
        .find(|(_, forms)| forms.contains(&word))
        .and_then(|(value, _)| number(*value, Form::Cardinal))
}

#[cfg(test)]
mod tests {
    use super::super::words::tokens;
    use super::*;

    fn first(text: &str) -> Option<(u32, Form)> {
        let tokens = tokens(text);
        (0..tokens.len())
            .find_map(|at| number_at(&tokens, at))
            .map(|number| (number.value, number.form))
    }

    #[test]
    fn numbers_are_read_in_every_form() {
        for (text, value, form) in [
            ("5 человек", 5, Form::Digits),
            ("4-х", 4, Form::Oblique),
            ("4х", 4, Form::Oblique),
            ("5-ти", 5, Form::Cardinal),
            ("5-ро", 5, Form::Collective),
            ("4-5", 5, Form::Digits),
            ("пять", 5, Form::Cardinal),
            ("двадцать пять", 25, Form::Cardinal),
            ("ЧЕТЫРЁХ", 4, Form::Cardinal),
            ("шестеро", 6, Form::Collective),
            ("троими", 3, Form::Oblique),
            ("вдвоём", 2, Form::Adverb),
            ("пятером", 5, Form::Adverb),
            ("дюжина", 12, Form::Cardinal),
            ("five", 5, Form::Cardinal),
            ("a boy of thirteen", 13, Form::Cardinal),
        ] {
            assert_eq!(first(text), Some((value, form)), "{text}");
        }
    }

    #[test]
    fn every_number_in_words_is_read() {
        for (value, collective, stem, adverb) in PEOPLE {
            let oblique = format!("{stem}х");
            for word in [collective, adverb, &oblique] {
                assert_eq!(
                    word_number(word).map(|number| number.value),
                    Some(value),
                    "{word}"
                );
            }
        }
        for (value, forms) in CARDINALS {
            for word in forms {
                assert_eq!(
                    word_number(word).map(|number| number.value),
                    Some(value),
                    "{word}"
                );
            }
        }
    }

    #[test]
    fn what_counts_nothing_is_no_number() {
        for text in [
            "5.05",
            "5,5",
            "5:30",
            "5-го",
            "5-й",
            "№5",
            "№ 5",
            "0",
            "2026",
            "00-00-05",
            "5th",
            "семью",
            "пятница",
            "одинаково",
        ] {
            assert_eq!(first(text), None, "{text}");
        }
    }
}
