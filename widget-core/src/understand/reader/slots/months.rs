//! The names of the months.

use super::begins;
use crate::understand::reader::words::list::{List, list};

/// How guests write a month.
struct Month {
    /// In short, or in full where more words begin so.
    names: &'static List,
    /// The beginnings of its name in every case, with common typos.
    stems: &'static List,
    /// The beginnings of its name written out, and of its adjective: «январь», «январский».
    full: &'static List,
}

#[rustfmt::skip]
const MONTHS: [Month; 12] = [
    Month {
        names: list!["jan"],
        stems: list!["янв", "генв", "januar"],
        full: list!["январ", "генвар", "januar"],
    },
    Month {
        names: list!["feb"],
        stems: list!["фев", "февр", "februar"],
        full: list!["феврал", "феврл", "februar"],
    },
    Month {
        names: list!["март", "марта", "марте", "марту", "мартом", "мартa", "мар", "march", "mar"],
        stems: list!["мартя"],
        full: list!["март", "march"],
    },
    Month {
        names: list!["апр", "apr"],
        stems: list!["апре", "апри", "april"],
        full: list!["апрел", "april"],
    },
    Month {
        names: list!["май", "мая", "мае", "маю", "маем", "маи", "маия", "may"],
        stems: list!["маййя"],
        full: list!["майск"],
    },
    Month {
        names: list!["юня", "jun", "june"],
        stems: list!["июн"],
        full: list!["июн", "june"],
    },
    Month {
        names: list!["jul", "july"],
        stems: list!["июл"],
        full: list!["июл", "july"],
    },
    Month {
        names: list!["авг", "aug"],
        stems: list!["авгус", "авгст", "august"],
        full: list!["август", "august"],
    },
    Month {
        names: list!["сен", "сент", "sep", "sept"],
        stems: list!["сентя", "сенте", "сенти", "сентб", "septem"],
        full: list!["сентябр", "septem"],
    },
    Month {
        names: list!["окт", "oct"],
        stems: list!["октя", "окте", "окти", "октб", "octob"],
        full: list!["октябр", "octo"],
    },
    Month {
        names: list!["ноя", "nov"],
        stems: list!["нояб", "ноеб", "ноиа", "novem"],
        full: list!["ноябр", "novem"],
    },
    Month {
        names: list!["дек", "dec"],
        stems: list!["декаб", "декоб", "дикаб", "декбр", "decem"],
        full: list!["декабр", "decem"],
    },
];

/// How all of them begin.
#[rustfmt::skip]
const BEGINNINGS: &List = list![
    "ян", "ге", "фе", "ма", "ап", "ию", "юн", "ав", "се", "ок", "но", "де", "ди", "ja", "fe", "ma", "ap", "ju", "au", "se",
    "oc", "no", "de",
];

/// The month that the word names, 1..=12. «Июньский» names none.
pub(super) fn named(word: &str) -> Option<i64> {
    if !begins(word, BEGINNINGS) || word.contains("ск") || word.contains('-') {
        return None;
    }
    (1..)
        .zip(&MONTHS)
        .find(|(_, month)| month.names.contains(word) || begins(word, month.stems))
        .map(|(number, _)| number)
}

/// The month that the word speaks of, written out, 1..=12; also as «январская».
pub(super) fn spoken_of(word: &str) -> Option<u32> {
    if !begins(word, BEGINNINGS) {
        return None;
    }
    if matches!(word, "май" | "мая" | "мае" | "маю" | "may") {
        return Some(5);
    }
    (1..)
        .zip(&MONTHS)
        .find(|(_, month)| begins(word, month.full))
        .map(|(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_as_they_are_told_to() {
        for (number, month) in (1..).zip(&MONTHS) {
            for word in month.names.iter().chain(month.stems.iter()) {
                assert_eq!(named(word), Some(number), "{word}");
            }
            for word in month.full.iter() {
                assert_eq!(spoken_of(word).map(i64::from), Some(number), "{word}");
            }
        }
    }
}
