//! Lists of words, or of how words begin. The slots ask them of each word many times over, and mostly in vain, so a list
//! knows at a glance the words that nothing in it fits.

/// Whole words, or beginnings of words.
pub(in super::super) struct List {
    /// By their first letters.
    all: &'static [&'static str],
    /// Where those of each first letter begin, and last where all end.
    rows: [u8; ROWS + 1],
    /// For each first letter, a bit for each second letter.
    sieve: [u32; ROWS],
}

/// As many first letters are told apart.
const ROWS: usize = 32;

/// A [`List`] of the words in brackets.
macro_rules! list {
    ($($word:literal),+ $(,)?) => {{
        use $crate::understand::reader::words::list::{List, by_letter};
        const LISTED: &[&str] = &[$($word),+];
        const SORTED: &[&str] = &by_letter::<{ LISTED.len() }>(LISTED);
        const LIST: &List = &List::of(SORTED);
        LIST
    }};
}
pub(in super::super) use list;

impl List {
    /// The list of words that [`by_letter`] sorted.
    pub(in super::super) const fn of(all: &'static [&'static str]) -> Self {
        assert!(all.len() <= u8::MAX as usize, "a list is short");
        let mut rows = [0; ROWS + 1];
        let mut sieve = [0; ROWS];
        let mut at = 0;
        while at < all.len() {
            let (first, second) = letters(all[at].as_bytes());
            // A single letter goes before every other one.
            sieve[first] |= match second {
                Some(second) => 1 << second,
                None => u32::MAX,
            };
            at += 1;
            let mut behind = first + 1;
            while behind <= ROWS {
                #[expect(clippy::cast_possible_truncation, reason = "a list is short")]
                {
                    rows[behind] = at as u8;
                }
                behind += 1;
            }
        }
        Self { all, rows, sieve }
    }

    /// Whether the word is in the list.
    #[inline]
    pub(in super::super) fn contains(&self, word: &str) -> bool {
        self.like(word).contains(&word)
    }

    /// All of them, by their first letters.
    #[cfg(test)]
    pub(in super::super) fn iter(&self) -> impl Iterator<Item = &'static str> {
        self.all.iter().copied()
    }

    /// Those with the first letter of the word, among others, in the order in which they were listed.
    pub(in super::super) fn of_letter(&self, word: &str) -> &'static [&'static str] {
        if word.is_empty() {
            return &[];
        }
        self.row(letters(word.as_bytes()).0)
    }

    /// The same; none where nothing in the list fits the word.
    #[inline]
    fn like(&self, word: &str) -> &'static [&'static str] {
        if word.is_empty() {
            return &[];
        }
        let (first, second) = letters(word.as_bytes());
        if self.sieve[first] & (1 << second.unwrap_or(0)) == 0 {
            return &[];
        }
        self.row(first)
    }

    fn row(&self, first: usize) -> &'static [&'static str] {
        &self.all[usize::from(self.rows[first])..usize::from(self.rows[first + 1])]
    }
}

/// The words by their first letters, in the order of a [`List`]; those of one letter stay in order.
pub(in super::super) const fn by_letter<const N: usize>(
    words: &[&'static str],
) -> [&'static str; N] {
    let mut sorted = [""; N];
    let (mut to, mut row) = (0, 0);
    while row < ROWS {
        let mut at = 0;
        while at < N {
            if letters(words[at].as_bytes()).0 == row {
                sorted[to] = words[at];
                to += 1;
            }
            at += 1;
        }
        row += 1;
    }
    sorted
}

/// The first two letters of a word, 0..32 each: the letters of one alphabet are told apart.
const fn letters(word: &[u8]) -> (usize, Option<u32>) {
    let first = letter(word, 0);
    let second = letter(word, first + 1);
    let number = if second < word.len() {
        Some((word[second] & 31) as u32)
    } else {
        None
    };
    ((word[first] & 31) as usize, number)
}

/// Where the byte stands that tells the letter at `at`: behind the one by which UTF-8 opens a letter that is not Latin.
const fn letter(word: &[u8], at: usize) -> usize {
    at + (at < word.len() && word[at] >= 0xc0) as usize
}

/// What words are compared with.
pub(in super::super) trait Stems {
    /// Whether the word begins with one of these, and its stem and the rest are such.
    fn any(&self, word: &str, such: impl Fn(&str, &str) -> bool) -> bool;
    /// Whether the word is one of these.
    fn has(&self, word: &str) -> bool;
}

impl Stems for List {
    #[inline]
    fn any(&self, word: &str, such: impl Fn(&str, &str) -> bool) -> bool {
        self.like(word).any(word, such)
    }

    fn has(&self, word: &str) -> bool {
        self.contains(word)
    }
}

impl Stems for [&str] {
    fn any(&self, word: &str, such: impl Fn(&str, &str) -> bool) -> bool {
        // Most stems differ from the word in their first letter already.
        let first = |text: &str| text.as_bytes().get(letter(text.as_bytes(), 0)).copied();
        let told = first(word);
        self.iter().any(|stem| {
            first(stem) == told && word.strip_prefix(stem).is_some_and(|rest| such(stem, rest))
        })
    }

    fn has(&self, word: &str) -> bool {
        self.contains(&word)
    }
}

impl<const N: usize> Stems for [&str; N] {
    fn any(&self, word: &str, such: impl Fn(&str, &str) -> bool) -> bool {
        self.as_slice().any(word, such)
    }

    fn has(&self, word: &str) -> bool {
        self.contains(&word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_finds_what_its_words_find() {
        const WORDS: [&str; 14] = [
            "р", "но", "ночь", "two-room", "i", "is", "№", "№1", "🐶", "½", "қыз", "a", "да", "10",
        ];
        const LIST: &List = &List::of(&SORTED);
        const SORTED: [&str; 14] = by_letter(&WORDS);
        let more = [
            "",
            "ноябрь",
            "рай",
            "twin",
            "б",
            "№12",
            "🐶🐶",
            "🐱",
            "it",
            "1",
            "d",
            "дом",
            "к",
            "кызым",
        ];
        for word in WORDS.iter().chain(&more) {
            assert_eq!(LIST.contains(word), WORDS.contains(word), "{word}");
            assert_eq!(
                LIST.any(word, |_, _| true),
                WORDS.any(word, |_, _| true),
                "{word}"
            );
        }
    }
}
