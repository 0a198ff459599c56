//! Stays in the past that are told in English.

use super::{ELSEWHERE, is_own_deed};
use crate::understand::reader::slots::{around, has, has_word, word};
use crate::understand::reader::words::Token;
use crate::understand::reader::words::list::{List, list};

/// The words of each phrase, `/` between those that may stand for one another.
#[rustfmt::skip]
const PHRASES: &[&str] = &[
    "second/third/fourth/fifth time with/at you/yours/your", "departed", "years/year/months/weeks ago", "same room/suite/doctor/place last", "same room/suite as",
    "my/our/the last/previous/recent visit/stay/holiday", "our/my stay in/last/was", "from/for/after/during/of my/our stay",
    "as/like last time/year/summer", "like the last time", "as in 2022/2023/2024/2025",
    "regular/returning/loyal/former guest/guests/client/clients", "come/coming every/each year/summer", "coming/come to you again",
    "coming/come again", "my review", "it was lovely/great/perfect/terrible/awful/wonderful/splendid/nice/superb", "last time",
    "best/worst/lovely/superb/splendid/wonderful/great/terrible/fantastic/excellent/nice/perfect stay/holiday/holidays/vacation/fortnight/time",
    "invoice/bill/certificate from/for/of last/our/my", "final/checkout bill/invoice", "again/back at home", "back home", "just got/been home/back",
];

/// Phrases that "I" or "we" must be near.
#[rustfmt::skip]
const OWN_PHRASES: &[&str] = &[
    "stayed with/at/in you/your/ur", "stayed here/last/there", "was/were/been with/to/at/in you/your/yours", "been/were/was here/there",
    "came/come to you/your/ur", "went/get home", "visited you/your", "was/were treated at/with", "came/come in 2022/2023/2024/2025",
    "treatment we/i/taken had/got/in/received/took", "left my/our", "left/checked on/yesterday/from/out", "already two/three/twice",
    "got/arrived/came/come/returned home/back", "only been home",
];

/// The words that a phrase opens with.
#[rustfmt::skip]
const OPENERS: &List = list![
    "second", "third", "fourth", "fifth", "departed", "years", "year", "months", "weeks", "same", "my", "our", "the", "from", "for", "after", "during", "of", "as",
    "like", "in", "regular", "returning", "loyal", "former", "come", "coming", "it", "last", "best", "worst", "lovely", "superb",
    "splendid", "wonderful", "great", "terrible", "fantastic", "excellent", "nice", "perfect", "invoice", "bill", "certificate",
    "final", "checkout", "again", "back", "just", "stayed", "was", "were", "been", "came", "went", "get", "visited",
    "treatment", "left", "already", "got", "arrived", "returned", "only", "checked",
];

/// Not yet, or never.
#[rustfmt::skip]
const NOT_YET: &List = list![
    "if", "hope", "will", "never", "not", "extend", "upcoming", "future", "would", "have", "come", "whether", "when",
];

/// "We stayed with you", "our last visit", "like last time".
pub(super) fn says_so_in_english(sentence: &[Token], at: usize) -> bool {
    if !OPENERS.contains(word(sentence, at)) {
        return false;
    }
    let said = |phrases: &[&str]| phrases.iter().any(|phrase| is_phrase(sentence, at, phrase));
    let near = around(sentence, at, 9, 8);
    let nights = word(sentence, at) == "stayed" && has(near, &["night", "last", "week", "202"]);
    let told = said(PHRASES)
        || (nights || said(OWN_PHRASES)) && has_word(near, &["i", "we", "i've", "we've", "we're"]);
    let yet = has_word(&sentence[at.saturating_sub(4)..at], NOT_YET)
        && !is_phrase(sentence, at, "departed");
    told && !yet && !has(near, ELSEWHERE) && is_own_deed(sentence, at)
}

fn is_phrase(sentence: &[Token], at: usize, phrase: &str) -> bool {
    let mut words = phrase.split(' ').enumerate();
    words.all(|(index, words)| {
        words
            .split('/')
            .any(|one| one == word(sentence, at + index))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_open_with_openers() {
        for phrase in PHRASES.iter().chain(OWN_PHRASES) {
            let first = phrase.split(' ').next().unwrap_or_default();
            for word in first.split('/') {
                assert!(OPENERS.contains(word), "{word}");
            }
        }
    }
}
