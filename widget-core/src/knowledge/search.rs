//! A question → the passages that may answer it, and how sure that is.
//!
//! Three things speak for a passage. How much of the question it *covers*: rare words count for more, and a word that only
//! stands in its text for less than one of its heading or questions. How *close* the question comes to one of the ways to
//! ask for it. And BM25 over all its words, which tells apart what the other two leave equal. A word that the base does
//! not know may be a slip of the pen or another form of one that it does.

use super::{Passage, lexicon, terms};
use std::collections::{BTreeMap, BTreeSet};

/// From this value on, 0..=1, a passage is an answer and not only the best guess.
pub const SURE: f64 = 0.42;

/// Two passages that differ by less than this answer different questions as well as each other: nobody knows which is meant.
const TIE: f64 = 0.02;
/// What covering the question, coming close to a way to ask, and BM25 count; together 1.
const COVERING: f64 = 0.40;
const CLOSENESS: f64 = 0.50;
const RARITY: f64 = 0.10;
/// What a word counts that stands only in the text of a passage.
const IN_TEXT: f64 = 0.55;
/// What a word of the question counts that nothing in the base is like, of what one counts that one passage has.
const UNKNOWN: f64 = 1.0;
/// What is left of a passage's value for a question of which nothing is known to the base.
const STRANGE: f64 = 0.5;
/// What a word loses with every letter that it differs by from the one that is taken for it.
const SLIP: f64 = 0.15;
/// What is left of a word that is only another form of the one that is taken for it.
const FORM: f64 = 0.75;
/// Shorter words are not taken for others, letters: «корт» is not «карт».
const SHORTEST_SLIP: usize = 5;
/// From this length on two letters may differ.
const TWO_SLIPS: usize = 8;
/// Two forms of a word share at least so many letters, and differ by no more than this many at the end of one.
const FORM_SHARED: usize = 4;
const FORM_ENDING: usize = 3;
/// BM25's usual constants: how fast repeating a word stops counting, and how much long passages pay for their length.
const SATURATION: f64 = 1.2;
const LENGTH: f64 = 0.75;
/// In BM25 a word of the heading or of a question counts as often as this.
const HEADING: f64 = 3.0;

/// A base made ready for search.
#[derive(Debug, Clone, Default)]
pub struct Index {
    passages: Vec<Indexed>,
    /// Every term of the base, with how many passages have it.
    vocabulary: BTreeMap<String, usize>,
    /// The mean length of a passage, terms.
    mean: f64,
}

#[derive(Debug, Clone)]
struct Indexed {
    id: String,
    /// The heading and the questions, each for itself.
    asked: Vec<BTreeSet<String>>,
    /// How often each term counts.
    often: BTreeMap<String, f64>,
    length: f64,
}

/// A question, made ready for a base.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    words: Vec<Word>,
}

/// A word of a question.
#[derive(Debug, Clone, PartialEq)]
struct Word {
    weight: f64,
    /// The base's terms that it may stand for, with what is left of it then.
    terms: Vec<(String, f64)>,
}

/// A passage that may answer a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its place among the base's passages.
    pub place: usize,
    /// Its name.
    pub id: String,
    /// How much speaks for it, 0..=1; from [`SURE`] on it is an answer.
    pub value: f64,
}

impl Index {
    /// The passages, ready for search.
    pub fn new(passages: &[Passage]) -> Self {
        let passages: Vec<Indexed> = passages.iter().map(Indexed::new).collect();
        let mut vocabulary = BTreeMap::new();
        for term in passages.iter().flat_map(|passage| passage.often.keys()) {
            *vocabulary.entry(term.clone()).or_insert(0) += 1;
        }
        let whole: f64 = passages.iter().map(|passage| passage.length).sum();
        let mean = if passages.is_empty() {
            1.0
        } else {
            whole / count(passages.len())
        };
        Self {
            passages,
            vocabulary,
            mean: mean.max(1.0),
        }
    }

    /// The terms by which a passage is looked up in a database.
    pub fn terms_of(&self, place: usize) -> impl Iterator<Item = &str> {
        let passage = self.passages.get(place);
        passage
            .into_iter()
            .flat_map(|passage| passage.often.keys().map(String::as_str))
    }

    /// A question as this base hears it.
    pub fn hear(&self, question: &str) -> Query {
        let words: BTreeSet<String> = terms(question).into_iter().collect();
        let words = words.into_iter().map(|word| {
            if let Some(passages) = self.vocabulary.get(&word) {
                return Word {
                    weight: self.rarity(*passages),
                    terms: vec![(word, 1.0)],
                };
            }
            let terms = self.meant(&word);
            let rarest = terms
                .iter()
                .map(|(term, _)| self.rarity(self.vocabulary[term]));
            let weight = rarest.reduce(f64::max);
            Word {
                weight: weight.unwrap_or(UNKNOWN * self.rarity(1)),
                terms,
            }
        });
        Query {
            words: words.collect(),
        }
    }

    /// The passages that have one of the question's words, best first. Of equals the one that stands first in the base.
    pub fn rank(&self, query: &Query) -> Vec<Found> {
        self.rank_among(query, |_| true)
    }

    /// The same among some of them, by their names.
    pub fn rank_among(&self, query: &Query, among: impl Fn(&str) -> bool) -> Vec<Found> {
        let whole: f64 = query.words.iter().map(|word| word.weight).sum();
        if whole <= 0.0 {
            return Vec::new();
        }
        let candidates = self.passages.iter().enumerate();
        let mut found: Vec<Found> = candidates
            .filter(|(_, passage)| among(&passage.id))
            .map(|(place, passage)| Found {
                place,
                id: passage.id.clone(),
                value: self.value(query, whole, passage),
            })
            .filter(|found| found.value > 0.0)
            .collect();
        found.sort_by(|one, other| other.value.total_cmp(&one.value));
        found
    }

    fn value(&self, query: &Query, whole: f64, passage: &Indexed) -> f64 {
        let covered: f64 = query.words.iter().map(|word| passage.covers(word)).sum();
        if covered <= 0.0 {
            return 0.0;
        }
        let closest = passage
            .asked
            .iter()
            .map(|asked| self.closeness(query, whole, asked));
        let closest = closest.fold(0.0, f64::max);
        let most = whole * (SATURATION + 1.0);
        let rarity = self.bm25(query, passage) / most;
        let known: f64 = query.words.iter().map(Word::known).sum();
        let familiar = STRANGE + (1.0 - STRANGE) * known / whole;
        familiar * (COVERING * covered / whole + CLOSENESS * closest + RARITY * rarity)
    }

    /// Dice's measure of question and a way to ask, by the weight of their words.
    fn closeness(&self, query: &Query, whole: f64, asked: &BTreeSet<String>) -> f64 {
        let theirs: f64 = asked
            .iter()
            .map(|term| self.rarity(self.vocabulary.get(term).copied().unwrap_or(1)))
            .sum();
        let shared: f64 = query
            .words
            .iter()
            .map(|word| word.weight * word.among(|term| f64::from(asked.contains(term))))
            .sum();
        2.0 * shared / (whole + theirs)
    }

    fn bm25(&self, query: &Query, passage: &Indexed) -> f64 {
        let by_length = SATURATION * (1.0 - LENGTH + LENGTH * passage.length / self.mean);
        let of_word = |word: &Word| {
            let often = word.among(|term| passage.often.get(term).copied().unwrap_or(0.0));
            word.weight * often * (SATURATION + 1.0) / (often + by_length)
        };
        query.words.iter().map(of_word).sum()
    }

    /// How telling a term is that so many passages have.
    fn rarity(&self, passages: usize) -> f64 {
        let (all, have) = (count(self.passages.len()), count(passages));
        (1.0 + (all - have + 0.5) / (have + 0.5)).ln()
    }

    /// The terms that a word may stand for which the base does not have: the nearest ones.
    fn meant(&self, word: &str) -> Vec<(String, f64)> {
        let length = word.chars().count();
        if length < SHORTEST_SLIP {
            return Vec::new();
        }
        let most = if length < TWO_SLIPS { 1 } else { 2 };
        let mut meant: Vec<(String, f64)> = Vec::new();
        for term in self.vocabulary.keys() {
            let theirs = term.chars().count();
            if theirs < SHORTEST_SLIP - 1 || theirs.abs_diff(length) > FORM_ENDING {
                continue;
            }
            let slips = if theirs.abs_diff(length) <= most {
                strsim::osa_distance(term, word)
            } else {
                usize::MAX
            };
            if slips <= most {
                meant.push((term.clone(), 1.0 - SLIP * count(slips)));
            } else if is_form(term, word) {
                meant.push((term.clone(), FORM));
            }
        }
        let slips = lexicon::nearly(word).filter(|one| self.vocabulary.contains_key(*one));
        meant.extend(slips.map(|one| (one.to_owned(), 1.0 - SLIP)));
        let best = meant.iter().map(|(_, left)| *left).fold(0.0, f64::max);
        meant.retain(|(_, left)| *left >= best);
        meant
    }
}

impl Indexed {
    fn new(passage: &Passage) -> Self {
        let ways = std::iter::once(&passage.title).chain(&passage.questions);
        let asked: Vec<BTreeSet<String>> = ways
            .map(|way| terms(way).into_iter().collect())
            .filter(|asked: &BTreeSet<String>| !asked.is_empty())
            .collect();
        let mut often: BTreeMap<String, f64> = BTreeMap::new();
        for term in terms(&passage.text) {
            *often.entry(term).or_insert(0.0) += 1.0;
        }
        let heading: BTreeSet<&String> = asked.iter().flatten().collect();
        for term in heading {
            *often.entry(term.clone()).or_insert(0.0) += HEADING;
        }
        let length = often.values().sum();
        Self {
            id: passage.id.clone(),
            asked,
            often,
            length,
        }
    }

    /// How much of a word's weight the passage covers.
    fn covers(&self, word: &Word) -> f64 {
        let place = |term: &str| {
            if self.asked.iter().any(|asked| asked.contains(term)) {
                1.0
            } else if self.often.contains_key(term) {
                IN_TEXT
            } else {
                0.0
            }
        };
        word.weight * word.among(place)
    }
}

impl Word {
    /// Its weight, if the base has anything like it.
    fn known(&self) -> f64 {
        if self.terms.is_empty() {
            0.0
        } else {
            self.weight
        }
    }

    /// The most that one of its terms comes to, with what is left of the word then.
    fn among(&self, worth: impl Fn(&str) -> f64) -> f64 {
        self.terms
            .iter()
            .map(|(term, left)| left * worth(term))
            .fold(0.0, f64::max)
    }
}

impl Query {
    /// The base's terms that the question's words may stand for: what a database looks for.
    pub fn terms(&self) -> Vec<String> {
        let terms: BTreeSet<&String> = self
            .words
            .iter()
            .flat_map(|word| word.terms.iter().map(|(term, _)| term))
            .collect();
        terms.into_iter().cloned().collect()
    }

    /// Whether there is nothing in it to look for.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

/// Whether one is the other with an ending.
fn is_form(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() < other.len() {
        (one, other)
    } else {
        (other, one)
    };
    short.chars().count() >= FORM_SHARED && long.starts_with(short)
}

#[expect(clippy::cast_precision_loss, reason = "counts of passages and letters")]
fn count(number: usize) -> f64 {
    number as f64
}

/// Whether the best passage of a question is an answer: enough speaks for it, and as much for no other one. `values`: best
/// first.
pub fn is_sure(values: impl IntoIterator<Item = f64>) -> bool {
    let mut values = values.into_iter();
    let first = values.next().unwrap_or(0.0);
    first >= SURE && values.next().is_none_or(|second| first - second >= TIE)
}

/// The bot's confidence in a passage, 0..=100: 70, where the policy's own limit stands, is [`SURE`].
pub fn confidence(value: f64) -> u8 {
    const AT_THE_LIMIT: f64 = 70.0;
    let value = value.clamp(0.0, 1.0);
    let percent = if value < SURE {
        AT_THE_LIMIT * value / SURE
    } else {
        AT_THE_LIMIT + (100.0 - AT_THE_LIMIT) * (value - SURE) / (1.0 - SURE)
    };
    (0..=100_u8)
        .rev()
        .find(|whole| f64::from(*whole) <= percent + 1e-9)
        .unwrap_or(0)
}
