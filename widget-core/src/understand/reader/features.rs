//! What the model of intents looks at: words, their stems and pieces, neighbours, and the notions behind them.

use super::lexicon::{self, Lexicon};
use super::numbers::number_at;
use super::words::list::{List, list};
use super::words::{self, Token};
use std::ops::Range;

/// What kind of feature it is; part of its identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word as it stands.
    Word,
    /// The stem of a word.
    Stem,
    /// Two stems side by side.
    Pair,
    /// Two stems with one between them.
    Skip,
    /// Letters in a row, with `^` before a word and `$` behind it.
    Piece,
    /// A notion.
    Notion,
    /// Two notions in one clause, in this order.
    Notions,
    /// A notion in a question.
    Asked,
    /// The word that a message begins with.
    First,
    /// How long the message is.
    Length,
    /// A number by its size, alone and with the word before or behind it.
    Amount,
}

impl Kind {
    /// How much it counts: notions are few and telling, pieces of words are many.
    pub(super) const fn worth(self) -> u8 {
        match self {
            Self::Piece => 1,
            Self::Word | Self::Pair | Self::Skip | Self::First | Self::Length => 2,
            Self::Stem | Self::Amount => 3,
            Self::Notions | Self::Asked => 4,
            Self::Notion => 5,
        }
    }

    /// A letter for it: part of a feature's identity.
    const fn letter(self) -> u8 {
        match self {
            Self::Word => b'w',
            Self::Stem => b's',
            Self::Pair => b'b',
            Self::Skip => b'k',
            Self::Piece => b'c',
            Self::Notion => b'n',
            Self::Notions => b'm',
            Self::Asked => b'q',
            Self::First => b'f',
            Self::Length => b'l',
            Self::Amount => b'a',
        }
    }
}

/// Notions stand in one relation no further apart than this, in words.
const NEAR: usize = 7;
/// A piece of a word has 3 to 5 letters.
const PIECES: Range<usize> = 3..6;

/// Every feature of the words once, by its hash, with the first tokens that it was read from.
#[expect(
    clippy::cast_possible_truncation,
    reason = "either half of a place has 32 bits"
)]
pub(super) fn all(tokens: &[Token], lexicon: &Lexicon) -> Vec<(u32, Kind, Range<usize>)> {
    let mut met = Vec::with_capacity(tokens.len() * 32);
    // Each hash with the place of its feature among those met: light to sort.
    let mut order: Vec<u64> = Vec::with_capacity(met.capacity());
    each(tokens, lexicon, |kind, parts, tokens| {
        order.push(u64::from(hash(kind, parts)) << 32 | met.len() as u64);
        met.push((kind, tokens));
    });
    order.sort_unstable();
    order.dedup_by_key(|place| *place >> 32);
    let feature = |place: u64| {
        let (kind, tokens) = met[(place & u64::from(u32::MAX)) as usize].clone();
        ((place >> 32) as u32, kind, tokens)
    };
    order.into_iter().map(feature).collect()
}

/// Names every feature of the words: its kind, its parts, and the tokens that it was read from.
pub(super) fn each(
    tokens: &[Token],
    lexicon: &Lexicon,
    mut sink: impl FnMut(Kind, &[&str], Range<usize>),
) {
    if tokens.is_empty() {
        return;
    }
    let words: Vec<&str> = tokens.iter().map(|token| shown(&token.word)).collect();
    let stems: Vec<&str> = words.iter().map(|word| stem(word)).collect();
    let notions = lexicon.read(&words);
    let ends = clause_ends(&words);
    let asks = asking(&words, &ends);
    let mut padded = String::new();
    for (at, word) in words.iter().enumerate() {
        sink(Kind::Word, &[word], at..at + 1);
        if word.starts_with(char::is_alphabetic) {
            sink(Kind::Stem, &[stems[at]], at..at + 1);
            pieces(word, &mut padded, |piece| {
                sink(Kind::Piece, &[piece], at..at + 1);
            });
        }
        if at + 1 < words.len() {
            sink(Kind::Pair, &[stems[at], stems[at + 1]], at..at + 2);
        }
        if at + 2 < words.len() {
            sink(Kind::Skip, &[stems[at], stems[at + 2]], at..at + 3);
        }
        if let Some(number) = number_at(tokens, at) {
            let size = size(number.value);
            let behind = at + number.tokens;
            sink(Kind::Amount, &[size], at..behind);
            if let Some(next) = stems.get(behind) {
                sink(Kind::Amount, &[size, next], at..behind + 1);
            }
            if let Some(before) = at.checked_sub(1) {
                sink(Kind::Amount, &[stems[before], size], before..behind);
            }
        }
        let end = ends[at];
        for notion in notions[at] {
            let here = lexicon::name(*notion);
            sink(Kind::Notion, &[here], at..at + 1);
            if words.get(end) == Some(&"?") || asks[at] {
                sink(Kind::Asked, &[here], at..at + 1);
            }
            for (next, there) in notions
                .iter()
                .enumerate()
                .take(end.min(at + NEAR))
                .skip(at + 1)
            {
                for there in *there {
                    sink(Kind::Notions, &[here, lexicon::name(*there)], at..next + 1);
                }
            }
        }
    }
    if let Some(first) = stems
        .iter()
        .position(|stem| stem.starts_with(char::is_alphabetic))
    {
        sink(Kind::First, &[stems[first]], first..first + 1);
    }
    let length = match words.len() {
        0..=1 => "1",
        2..=3 => "3",
        4..=7 => "7",
        8..=20 => "20",
        _ => "more",
    };
    sink(Kind::Length, &[length], 0..tokens.len());
}

/// For each word, whether its clause asks by a word of its own.
fn asking(words: &[&str], ends: &[usize]) -> Vec<bool> {
    #[rustfmt::skip]
    const ASKING: &List = list![
        "сколько", "скок", "скока", "скоко", "сколька", "почем", "когда", "где", "как", "куда", "какая", "какой", "какие", "какую", "каков",
        "какова", "можно", "есть", "ли", "чем", "кто", "что", "зачем", "почему", "what", "how", "when", "where", "who", "is", "are", "do", "does", "can", "could", "has", "did",
    ];
    let mut asks = vec![false; words.len()];
    let mut from = 0;
    while from < words.len() {
        let to = ends[from].max(from + 1).min(words.len());
        let asking = words[from..to].iter().any(|word| ASKING.contains(word));
        asks[from..to].fill(asking);
        from = to;
    }
    asks
}

/// Features are told apart by so many bits: each bit more costs a bit of every feature in the model's file, each bit
/// less doubles how many strangers pass for one of them, now one in 45.
pub(super) const HASH_BITS: u32 = 22;

/// Identifies a feature (FNV-1a, folded: the model's file holds it).
fn hash(kind: Kind, parts: &[&str]) -> u32 {
    let mut hash: u32 = 0x811c_9dc5;
    let mut eat = |byte: u8| hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    eat(kind.letter());
    for part in parts {
        eat(0);
        part.bytes().for_each(&mut eat);
    }
    (hash >> HASH_BITS) ^ (hash & ((1 << HASH_BITS) - 1))
}

/// Numbers differ in what they count, not in their digits.
fn shown(word: &str) -> &str {
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return word;
    }
    match word.len() {
        1 => "1",
        2 => "12",
        3 => "123",
        4 => "1234",
        _ => "12345",
    }
}

/// How large a number is, as far as it matters for people, ages and rooms.
const fn size(value: u32) -> &'static str {
    match value {
        0..=1 => "one",
        2..=3 => "two or three",
        4 => "four",
        5..=9 => "five to nine",
        10..=30 => "ten to thirty",
        _ => "more",
    }
}

/// For each word, where its clause ends: at the mark, or behind the last word.
fn clause_ends(words: &[&str]) -> Vec<usize> {
    let is_end = |word: &str| matches!(word, "." | "!" | "?" | ";" | "\n" | "…" | ")");
    let mut ends = vec![words.len(); words.len()];
    let mut end = words.len();
    for at in (0..words.len()).rev() {
        if is_end(words[at]) {
            end = at;
        }
        ends[at] = end;
    }
    ends
}

fn pieces(word: &str, padded: &mut String, mut sink: impl FnMut(&str)) {
    padded.clear();
    padded.push('^');
    padded.push_str(word);
    padded.push('$');
    let mut starts: Vec<usize> = padded.char_indices().map(|(at, _)| at).collect();
    starts.push(padded.len());
    for length in PIECES {
        for window in starts.windows(length + 1) {
            sink(&padded[window[0]..window[length]]);
        }
    }
}

/// Endings of Russian words with this last letter, the longest first.
#[rustfmt::skip]
const fn endings(last: char) -> &'static [&'static str] {
    match last {
        'а' => &["ала", "яла", "ила", "ела", "ыла", "а"],
        'в' => &["ов", "ев"],
        'е' => &["ейшие", "ете", "ите", "ое", "ее", "ие", "ые", "е"],
        'и' => &["иями", "ями", "ами", "ыми", "ими", "али", "яли", "или", "ели", "ыли", "и"],
        'й' => &["ейший", "ой", "ей", "ий", "ый", "ай", "уй", "й"],
        'л' => &["ал", "ял", "ил", "ел", "ыл", "л"],
        'м' => &["ием", "аем", "яем", "уем", "ом", "ем", "им", "ым", "ам", "ям"],
        'о' => &["ого", "его", "ало", "яло", "ило", "ело", "ыло", "о"],
        'т' => &["ают", "яют", "ует", "уют", "ает", "яет", "ет", "ит", "ут", "ют", "ат", "ят"],
        'у' => &["ому", "ему", "у"],
        'х' => &["иях", "ах", "ях", "их", "ых"],
        'ы' => &["ы"],
        'ь' => &["ившись", "ывшись", "вшись", "ать", "ять", "ить", "еть", "ыть", "уть", "ешь", "ишь", "ть", "ь"],
        'ю' => &["ую", "юю", "ию", "ью", "ю"],
        'я' => &["ая", "яя", "ия", "ья", "я"],
        _ => &[],
    }
}

/// A word without its ending: enough to see «оплата» and «оплату» as one. A full stemmer tells a learner no more.
pub(crate) fn stem(word: &str) -> &str {
    if !word.starts_with(words::is_cyrillic) {
        return word
            .strip_suffix('s')
            .filter(|rest| rest.len() > 2)
            .unwrap_or(word);
    }
    let base = ["ся", "сь"]
        .iter()
        .find_map(|back| word.strip_suffix(back))
        .unwrap_or(word);
    let long_enough = |stem: &&str| stem.chars().nth(2).is_some();
    let last = base.chars().next_back().unwrap_or(' ');
    endings(last)
        .iter()
        .filter_map(|ending| base.strip_suffix(ending))
        .find(long_enough)
        .unwrap_or(base)
}
