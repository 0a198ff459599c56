//! Trains the model of intents: a linear support vector machine per class, by dual coordinate descent; and from what
//! these make of messages that they have not heard, the second look (`together`).
//!
//! Our own, because the result must be the same bytes on every machine (a test holds the embedded weights against it)
//! and must learn from the very features that the model reads. Only sums, products, quotients and roots are taken, all
//! of which IEEE 754 fixes to the bit.

#![expect(
    clippy::cast_possible_truncation,
    reason = "whole weights are at most 127, there are 29 classes, and features are far fewer than 2^32"
)]

use super::coding::Encoder;
use super::features;
use super::intents::{Said, is_for_a_person};
use super::lexicon::Lexicon;
use super::model::{CLASSES, COUNT, Class, Head, KNOTS, Model, SCALE, UNITS, norm, squares};
use super::sample::Sample;
use super::second::{self, Hints, INPUTS};
use super::weights::{self, Row};
use super::{Understood, slots, spelling, understand_with, words};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use together::Together;

mod together;

/// Wed 2026-11-18, the day of the messages' labels.
pub const TODAY: i64 = 20_775;
/// The model's file is no larger than this, bytes.
pub const LARGEST: usize = 300_000;
/// It is no larger than this before the weights are learnt anew by the features that were kept, and a little larger then.
const LARGEST_AT_FIRST: usize = LARGEST - 7_500;
/// How much an error costs against large weights.
const COST: f64 = 2.0;
/// What fewer voices use is a mannerism.
const VOICES: usize = 3;
/// Passes over the examples.
const PASSES: usize = 12;
/// The voices are cut into so many parts, each judged by a model that has not heard it.
const PARTS: usize = 3;
/// So many steps of its unit a weight has at most ([`UNITS`]).
const STEPS: i32 = 4;
/// Weights are whole numbers up to this.
const TOP: f64 = 127.0;

/// Messages as the trainer sees them.
struct Corpus {
    hashes: Vec<u32>,
    /// The features of each message with their worth, and the squares of all that it has.
    messages: Vec<(Vec<(u32, u8)>, u32)>,
    /// Of each message: by what a worth is multiplied so that all of them have the length 1, and the square of the length
    /// of what is known of it, with the constant that every message has.
    sizes: Vec<(f64, f64)>,
    labels: Vec<[bool; COUNT]>,
    parts: Vec<usize>,
    /// What the grammar sees in each message that is as it was written.
    hints: Vec<Hints>,
    /// So many messages are as they were written; the rest are the same with slips of the thumb.
    clean: usize,
}

/// A model beside the embedded one.
pub struct Trained(Model);

impl Trained {
    /// The model of a file that [`train`] made. `None`: it is none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        Model::read(bytes).map(Self)
    }

    /// What [`super::understand`] would say with this model.
    pub fn understand(&self, text: &str, today: i64) -> Understood {
        understand_with(&self.0, Some(text), &[], today)
    }
}

/// A model that has learnt from these messages.
pub fn learn(samples: &[Sample]) -> Trained {
    Trained(Model::read(&train(samples)).expect("what is written can be read"))
}

/// The bytes of a model that has learnt from these messages.
pub fn train(samples: &[Sample]) -> Vec<u8> {
    let corpus = Corpus::of(samples);
    let learnt = corpus.learn_all();
    file(&corpus.hashes, &learnt.whole, &learnt.head)
}

/// The voices in parts, each part with a model that has not heard it: what a change is worth, in one run.
pub fn parted(samples: &[Sample]) -> Vec<(Trained, Vec<Sample>)> {
    let corpus = Corpus::of(samples);
    let Learnt { head, parts, .. } = corpus.learn_all();
    let part = |(part, weights)| {
        let bytes = file(&corpus.hashes, weights, &head);
        let unheard = (0..corpus.clean).filter(|at| corpus.parts[*at] == part);
        let model = Model::read(&bytes).expect("what is written can be read");
        (
            Trained(model),
            unheard.map(|at| samples[at].clone()).collect(),
        )
    };
    parts.iter().enumerate().map(part).collect()
}

/// Weights: a row a class, a column a feature.
type Rows = Vec<Vec<i8>>;

/// What was learnt of all classes.
struct Learnt {
    whole: Rows,
    head: Head,
    /// What was learnt without each of the parts.
    parts: Vec<Rows>,
}

/// What a class is learnt from.
struct Lesson<'a> {
    messages: Vec<Example<'a>>,
}

/// A message as a class sees it.
struct Example<'a> {
    features: Cow<'a, [(u32, u8)]>,
    /// By what a worth is multiplied.
    unit: f64,
    /// The square of the length of what is known of it, with the constant that every message has.
    length: f64,
    /// Whether the class is there.
    there: bool,
}

impl Corpus {
    /// A feature counts when [`VOICES`] use it.
    fn of(samples: &[Sample]) -> Self {
        let lexicon = Lexicon::new();
        let voices: BTreeSet<&str> = samples.iter().map(|sample| sample.voice.as_str()).collect();
        let voice = |sample: &Sample| voices.iter().position(|voice| *voice == sample.voice);
        let mut users: BTreeMap<u32, BTreeSet<Option<usize>>> = BTreeMap::new();
        let mut all = Vec::new();
        let mut random = Random(0x2F0E_14F3);
        let slipped: Vec<Sample> = samples
            .iter()
            .map(|sample| Sample {
                text: slips(&sample.text, &mut random),
                ..sample.clone()
            })
            .collect();
        let clean = samples.len();
        let hints = samples.iter().map(hints_of);
        let hints = hints.collect();
        let samples = &[samples, &slipped].concat();
        for sample in samples {
            let hashes: Vec<(u32, u8)> = features::all(&words::tokens(&sample.text), &lexicon)
                .into_iter()
                .map(|(hash, kind, _)| (hash, kind.worth()))
                .collect();
            let user = voice(sample);
            for (hash, _) in &hashes {
                let users = users.entry(*hash).or_default();
                if users.len() < VOICES {
                    users.insert(user);
                }
            }
            all.push(hashes);
        }
        let hashes: Vec<u32> = users
            .into_iter()
            .filter(|(_, users)| users.len() >= VOICES)
            .map(|(hash, _)| hash)
            .collect();
        let messages: Vec<(Vec<(u32, u8)>, u32)> = all
            .into_iter()
            .map(|own| {
                let squares = squares(own.iter().map(|(_, worth)| *worth));
                let known = own.iter().filter_map(|(hash, worth)| {
                    Some((hashes.binary_search(hash).ok()? as u32, *worth))
                });
                (known.collect(), squares)
            })
            .collect();
        let size = |(features, all): &(Vec<(u32, u8)>, u32)| {
            let unit = 1.0 / f64::from(*all).sqrt().max(1.0);
            let known = squares(features.iter().map(|(_, worth)| *worth));
            (unit, f64::from(known) * unit * unit + 1.0)
        };
        Self {
            sizes: messages.iter().map(size).collect(),
            messages,
            labels: samples
                .iter()
                .map(|sample| CLASSES.map(|class| is_there(class, sample)))
                .collect(),
            parts: samples
                .iter()
                .map(|sample| voice(sample).unwrap_or(0) % PARTS)
                .collect(),
            hashes,
            hints,
            clean,
        }
    }

    /// Every class, in their order. The parts, which only tell how much a score is worth, choose their own features: by
    /// those that all of them chose together, a message would be told that has been heard after all.
    fn learn_all(&self) -> Learnt {
        let everything: Vec<usize> = (0..self.messages.len()).collect();
        let (whole, tops) = self.weights(&everything, &self.telling(&everything), None);
        let parts: Vec<Rows> = (0..PARTS).map(|part| self.part(part, &tops)).collect();
        let scores: Vec<[i32; COUNT]> = (0..self.clean)
            .map(|at| {
                let weights = parts[self.parts[at]].iter();
                let mut scores = [0; COUNT];
                for (score, weights) in scores.iter_mut().zip(weights) {
                    *score = i32::try_from(self.score(weights, at)).unwrap_or(i32::MAX);
                }
                scores
            })
            .collect();
        Learnt {
            head: self.head(&scores),
            whole,
            parts,
        }
    }

    /// The weights of a model that has not heard the part.
    fn part(&self, part: usize, tops: &[f64]) -> Rows {
        let heard = self.without(part);
        self.weights(&heard, &self.telling(&heard), Some(tops)).0
    }

    /// How much the first scores are worth, one by one and together.
    fn head(&self, scores: &[[i32; COUNT]]) -> Head {
        let mut head = Head::EMPTY;
        let labels = |class: usize| self.labels[..self.clean].iter().map(move |own| own[class]);
        for (class, middle) in head.middles.iter_mut().enumerate() {
            let scored = scores.iter().map(|own| i64::from(own[class]));
            let knots = knots_of(scored.zip(labels(class)).collect());
            *middle = (knots[KNOTS / 2], knots[KNOTS - 1] - knots[0]);
        }
        let inputs: Vec<[i32; INPUTS]> = scores
            .iter()
            .zip(&self.hints)
            .map(|(scores, hints)| second::inputs(scores, &head.middles, hints))
            .collect();
        let lesson = Together::of(&inputs);
        for class in 0..COUNT {
            let there: Vec<bool> = labels(class).collect();
            let weights = lesson.learn(&there);
            let scored = inputs
                .iter()
                .map(|inputs| i64::from(second::score(inputs, &weights)));
            head.knots[class] = knots_of(scored.zip(there.iter().copied()).collect());
            head.second[class] = weights;
        }
        head
    }

    /// The messages of the other parts.
    fn without(&self, part: usize) -> Vec<usize> {
        let all = 0..self.messages.len();
        all.filter(|at| self.parts[*at] != part).collect()
    }

    /// For each class the features that the file has room for: those that weigh most where all of them are learnt.
    fn telling(&self, chosen: &[usize]) -> Vec<Vec<bool>> {
        let rows: Rows = (0..COUNT)
            .map(|class| {
                let weights = learn_class(&self.lesson(class, chosen, None), self.hashes.len());
                whole(&weights, largest(&weights))
            })
            .collect();
        let bar = bar(&self.hashes, &rows);
        let reaches = |(weight, hash): (&i8, &u32)| bar.is_reached(*weight, *hash);
        let kept = |row: &Vec<i8>| row.iter().zip(&self.hashes).map(reaches).collect();
        rows.iter().map(kept).collect()
    }

    /// The weights of every class, learnt anew by the features `kept`, so that these carry what the others did; and the
    /// largest of each class, which is counted as `tops` where these are given.
    fn weights(
        &self,
        chosen: &[usize],
        kept: &[Vec<bool>],
        tops: Option<&[f64]>,
    ) -> (Rows, Vec<f64>) {
        let learnt: Vec<Vec<f64>> = (0..COUNT)
            .map(|class| {
                let lesson = self.lesson(class, chosen, Some(&kept[class]));
                learn_class(&lesson, self.hashes.len())
            })
            .collect();
        let own = || learnt.iter().map(|weights| largest(weights)).collect();
        let tops = tops.map_or_else(own, <[f64]>::to_vec);
        let rows = learnt.iter().zip(&tops);
        let rows = rows.map(|(weights, top)| whole(weights, *top)).collect();
        (coarse(rows), tops)
    }

    /// The messages `chosen`, with the features that are `kept`.
    fn lesson(&self, class: usize, chosen: &[usize], kept: Option<&[bool]>) -> Lesson<'_> {
        let messages = chosen.iter().map(|at| {
            let features = &self.messages[*at].0;
            let (unit, length) = self.sizes[*at];
            let there = self.labels[*at][class];
            let Some(kept) = kept else {
                return Example {
                    features: features.as_slice().into(),
                    unit,
                    length,
                    there,
                };
            };
            let features = features.iter().copied();
            let features: Vec<(u32, u8)> = features.filter(|(f, _)| kept[*f as usize]).collect();
            let known = squares(features.iter().map(|(_, worth)| *worth));
            Example {
                features: features.into(),
                unit,
                length: f64::from(known) * unit * unit + 1.0,
                there,
            }
        });
        Lesson {
            messages: messages.collect(),
        }
    }

    /// The score that the model would give.
    fn score(&self, weights: &[i8], message: usize) -> i64 {
        let (features, all) = &self.messages[message];
        let sum: i64 = features
            .iter()
            .map(|(feature, worth)| i64::from(weights[*feature as usize]) * i64::from(*worth))
            .sum();
        sum * SCALE / norm(*all)
    }
}

/// The weights that tell a class from the others: one of each of the `features`.
fn learn_class(lesson: &Lesson<'_>, features: usize) -> Vec<f64> {
    let mut weights = vec![0.0; features];
    let mut bias = 0.0;
    let mut alphas = vec![0.0; lesson.messages.len()];
    let mut order: Vec<usize> = (0..lesson.messages.len()).collect();
    let mut random = Random(0x5DEE_CE66);
    let slack = 1.0 / (2.0 * COST);
    // What lies far on its own side teaches nothing, and is left out until the last pass.
    let (mut active, mut far) = (order.len(), f64::INFINITY);
    for pass in 0..PASSES {
        if pass + 1 == PASSES {
            (active, far) = (order.len(), f64::INFINITY);
        }
        random.shuffle(&mut order[..active]);
        let (mut place, mut farthest) = (0, 0.0_f64);
        while place < active {
            let at = order[place];
            let Example {
                features,
                unit,
                length,
                there,
            } = &lesson.messages[at];
            let sign = if *there { 1.0 } else { -1.0 };
            let sum: f64 = features
                .iter()
                .map(|(feature, worth)| weights[*feature as usize] * f64::from(*worth))
                .sum();
            let gradient = sign * (sum * unit + bias) - 1.0 + slack * alphas[at];
            if alphas[at] == 0.0 && gradient > far {
                active -= 1;
                order.swap(place, active);
                continue;
            }
            place += 1;
            farthest = farthest.max(if alphas[at] == 0.0 {
                -gradient
            } else {
                gradient.abs()
            });
            let alpha: f64 = (alphas[at] - gradient / (length + slack)).max(0.0);
            let step = (alpha - alphas[at]) * sign;
            if step == 0.0 {
                continue;
            }
            alphas[at] = alpha;
            bias += step;
            for (feature, worth) in features.iter() {
                weights[*feature as usize] += step * unit * f64::from(*worth);
            }
        }
        far = if farthest > 0.0 {
            farthest
        } else {
            f64::INFINITY
        };
    }
    weights
}

/// The largest of the weights.
fn largest(weights: &[f64]) -> f64 {
    weights
        .iter()
        .fold(f64::MIN_POSITIVE, |top, weight| top.max(weight.abs()))
}

/// The weights in whole numbers: `top` is the largest.
fn whole(weights: &[f64], top: f64) -> Vec<i8> {
    let scaled = weights.iter().map(|weight| weight * (TOP / top));
    scaled.map(|w| w.clamp(-TOP, TOP).round() as i8).collect()
}

/// The weights as the file can say them: each feature has one unit for all classes ([`UNITS`]), and up to
/// [`STEPS`] of it either way.
fn coarse(mut rows: Rows) -> Rows {
    for at in 0..rows[0].len() {
        let top = rows.iter().map(|row| row[at].unsigned_abs()).max();
        let unit = i32::from(UNITS[unit_of(top.unwrap_or(0))]);
        for row in &mut rows {
            let steps = (2 * i32::from(row[at]).abs() + unit) / (2 * unit);
            let weight = steps.min(STEPS) * unit * i32::from(row[at]).signum();
            row[at] = i8::try_from(weight).unwrap_or(if weight > 0 { i8::MAX } else { i8::MIN });
        }
    }
    rows
}

/// Which of the units reaches the largest weight.
fn unit_of(top: u8) -> usize {
    let reaches = |unit: &u8| i32::from(*unit) * STEPS >= i32::from(top);
    UNITS.iter().position(reaches).unwrap_or(UNITS.len() - 1)
}

/// What a feature must weigh to be kept.
#[derive(Clone, Copy)]
struct Bar {
    least: u8,
    /// Of those that weigh just the least so many in [`Bar::STEPS`] are left out, any.
    out: u32,
}

impl Bar {
    const STEPS: u32 = 16;

    fn of(height: u32) -> Self {
        Self {
            least: (height / Self::STEPS) as u8,
            out: height % Self::STEPS,
        }
    }

    fn is_reached(self, weight: i8, hash: u32) -> bool {
        let size = weight.unsigned_abs();
        size > self.least || size == self.least && hash % Self::STEPS >= self.out
    }
}

/// The lowest bar at which the file has room.
fn bar(hashes: &[u32], rows: &Rows) -> Bar {
    let fits = |height: &u32| {
        let bar = Bar::of(*height);
        let kept = |(weight, hash): (&i8, &u32)| {
            if bar.is_reached(*weight, *hash) {
                *weight
            } else {
                0
            }
        };
        let rows = rows
            .iter()
            .map(|row| row.iter().zip(hashes).map(kept).collect());
        file(hashes, &rows.collect(), &Head::EMPTY).len() <= LARGEST_AT_FIRST
    };
    let heights: Vec<u32> = (Bar::STEPS..128 * Bar::STEPS).collect();
    Bar::of(Bar::STEPS + heights.partition_point(|height| !fits(height)) as u32)
}

/// What the grammar sees in a message.
fn hints_of(sample: &Sample) -> Hints {
    let tokens = words::tokens(&sample.text);
    let read = slots::read(&spelling::corrected(&tokens), TODAY, &mut BTreeMap::new());
    Hints::of(&read, &Said::of(&tokens))
}

/// Whether a careful reader sees the class in the message.
fn is_there(class: Class, sample: &Sample) -> bool {
    match class {
        Class::Intent(intent) => sample.intents.contains(&intent),
        Class::PastStay => sample.facts.past_stay == Some(true),
        Class::Pet => sample.facts.pet == Some(true),
        Class::SeveralDeals => sample.facts.several_deals == Some(true),
        Class::HandsOver => sample.intents.iter().any(|intent| is_for_a_person(*intent)),
        Class::ManyGuests => sample.facts.guests.is_some_and(|guests| guests > 4),
        Class::SmallChild => sample.facts.youngest_child.is_some_and(|years| years <= 3),
        Class::SeveralRooms => sample.facts.rooms.is_some_and(|rooms| rooms > 1),
    }
}

/// The scores at which an intent is 10, 20 … 90 % probable: isotonic regression over judged messages, lightly smoothed.
fn knots_of(mut scored: Vec<(i64, bool)>) -> [i32; KNOTS] {
    scored.sort_unstable();
    // Blocks of equal probability: score of the first, hits, messages.
    let mut blocks: Vec<(i64, f64, f64)> = Vec::new();
    for (score, hit) in scored {
        blocks.push((score, f64::from(u8::from(hit)), 1.0));
        while let [.., before, last] = blocks.as_slice()
            && before.1 * last.2 >= last.1 * before.2
        {
            let (hits, messages) = (last.1, last.2);
            blocks.pop();
            if let Some(before) = blocks.last_mut() {
                before.1 += hits;
                before.2 += messages;
            }
        }
    }
    let highest = blocks.last().map_or(0, |block| block.0);
    let mut knots = [0; KNOTS];
    let mut lowest = i64::from(i32::MIN / 2);
    for (at, knot) in (1_u8..).zip(&mut knots) {
        let share = f64::from(at) / 10.0;
        let reached = blocks
            .iter()
            .find(|(_, hits, messages)| hits / (messages + 1.0) >= share);
        lowest = reached.map_or(highest + 1, |block| block.0).max(lowest + 1);
        *knot = i32::try_from(lowest).unwrap_or(i32::MAX);
    }
    knots
}

/// The model's file; what has no weight is left out.
fn file(hashes: &[u32], rows: &Rows, head: &Head) -> Vec<u8> {
    let mut bytes = vec![COUNT as u8];
    for knot in head.knots.iter().flatten() {
        bytes.extend(knot.to_le_bytes());
    }
    for (even, width) in head.middles {
        bytes.extend(even.to_le_bytes());
        bytes.extend(width.to_le_bytes());
    }
    for weight in head.second.iter().flatten() {
        bytes.extend(weight.to_le_bytes());
    }
    let head = bytes.len();
    let (mut features, mut before) = (0_u32, 0);
    bytes.extend(features.to_le_bytes());
    let (mut coder, mut written) = (Encoder::new(), weights::Rows::new());
    for (at, hash) in hashes.iter().enumerate() {
        let row = rows.iter().map(|row| row[at]).zip(0_u8..);
        let row: Vec<(i8, u8)> = row.filter(|(weight, _)| *weight != 0).collect();
        let Some(top) = row.iter().map(|(weight, _)| weight.unsigned_abs()).max() else {
            continue;
        };
        features += 1;
        let unit = unit_of(top);
        let steps = |weight: i8| {
            let steps = u32::from(weight.unsigned_abs()).div_ceil(u32::from(UNITS[unit]));
            steps.clamp(1, STEPS as u32) as i8 * weight.signum()
        };
        let row = Row {
            distance: hash - before,
            unit: unit as u8,
            steps: row
                .iter()
                .map(|(weight, class)| (*class, steps(*weight)))
                .collect(),
        };
        before = *hash;
        written.row(&mut coder, &row);
    }
    bytes[head..head + 4].copy_from_slice(&features.to_le_bytes());
    bytes.extend(coder.finish());
    bytes
}

/// Letters that stand side by side on a phone's keyboard.
const ROWS: [&str; 3] = ["йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"];
/// One word in so many gets a slip.
const SLIPS: usize = 4;

/// The text as a hasty thumb would write it.
fn slips(text: &str, random: &mut Random) -> String {
    let word = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        if letters.len() < 4 || random.below(SLIPS) != 0 {
            return word.to_owned();
        }
        let at = 1 + random.below(letters.len() - 2);
        match random.below(4) {
            0 => {
                letters.remove(at);
            }
            1 => letters.swap(at, at + 1),
            2 => letters.insert(at, letters[at]),
            _ => {
                let row: Option<Vec<char>> = ROWS
                    .iter()
                    .find(|row| row.contains(letters[at]))
                    .map(|row| row.chars().collect());
                if let Some(row) = row
                    && let Some(place) = row.iter().position(|key| *key == letters[at])
                {
                    letters[at] = row[if place == 0 { 1 } else { place - 1 }];
                }
            }
        }
        letters.into_iter().collect()
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// A linear congruential generator: the order of the examples is the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn shuffle(&mut self, order: &mut [usize]) {
        for at in (1..order.len()).rev() {
            order.swap(at, self.below(at + 1));
        }
    }
}
