//! Trains the model of intents: a linear support vector machine per intent, by dual coordinate descent.
//!
//! Our own, because the result must be the same bytes on every machine (a test holds the embedded weights against it)
//! and must learn from the very features that the model reads. Only sums, products, quotients and roots are taken, all
//! of which IEEE 754 fixes to the bit.

#![expect(
    clippy::cast_possible_truncation,
    reason = "whole weights are at most 127, there are 26 classes, and features are far fewer than 2^32"
)]

use super::features;
use super::intents::is_for_a_person;
use super::lexicon::Lexicon;
use super::model::{CLASSES, COUNT, Class, KNOTS, Model, SCALE, norm, squares};
use super::sample::Sample;
use super::{Understood, understand_with, words};
use std::collections::{BTreeMap, BTreeSet};

/// The model's file is no larger than this, bytes.
pub const LARGEST: usize = 300_000;
/// How much an error costs against large weights.
const COST: f64 = 2.0;
/// What fewer voices use is a mannerism.
const VOICES: usize = 3;
/// Passes over the examples.
const PASSES: usize = 12;
/// The voices are cut into so many parts, each judged by a model that has not heard it.
const PARTS: usize = 6;
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
    /// So many messages are as they were written; the rest are the same with slips of the thumb.
    clean: usize,
}

/// A model beside the embedded one.
pub struct Trained(Model);

impl Trained {
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
    let classes = corpus.learn_all();
    let weights = classes.iter().map(|class| class.weights.as_slice());
    file(
        &corpus.hashes,
        &weights.collect::<Vec<_>>(),
        &knots(&classes),
    )
}

/// The voices in parts, each part with a model that has not heard it: what a change is worth, in one run.
pub fn parted(samples: &[Sample]) -> Vec<(Trained, Vec<Sample>)> {
    let corpus = Corpus::of(samples);
    let classes = corpus.learn_all();
    let part = |part: usize| {
        let weights = classes.iter().map(|class| class.parts[part].as_slice());
        let bytes = file(
            &corpus.hashes,
            &weights.collect::<Vec<_>>(),
            &knots(&classes),
        );
        let unheard = (0..corpus.clean).filter(|at| corpus.parts[*at] == part);
        let model = Model::read(&bytes).expect("what is written can be read");
        (
            Trained(model),
            unheard.map(|at| samples[at].clone()).collect(),
        )
    };
    (0..PARTS).map(part).collect()
}

/// What was learnt of one class.
struct Learnt {
    weights: Vec<i8>,
    /// The weights without what each part teaches.
    parts: Vec<Vec<i8>>,
    knots: [i32; KNOTS],
}

fn knots(classes: &[Learnt]) -> Vec<[i32; KNOTS]> {
    classes.iter().map(|class| class.knots).collect()
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
            clean,
        }
    }

    /// Every class, in their order.
    fn learn_all(&self) -> Vec<Learnt> {
        (0..COUNT).map(|class| self.learn_class(class)).collect()
    }

    fn learn_class(&self, class: usize) -> Learnt {
        let everything: Vec<usize> = (0..self.messages.len()).collect();
        let full = self.learn(class, &everything);
        let top = full
            .iter()
            .fold(0.0_f64, |top, weight| top.max(weight.abs()));
        let whole = |weights: &[f64]| -> Vec<i8> {
            let scale = TOP / top.max(f64::MIN_POSITIVE);
            weights
                .iter()
                .map(|weight| (weight * scale).clamp(-TOP, TOP).round() as i8)
                .collect()
        };
        let mut scored: Vec<(i64, bool)> = Vec::new();
        let mut parts = Vec::new();
        for part in 0..PARTS {
            let (held, heard): (Vec<usize>, Vec<usize>) =
                everything.iter().partition(|at| self.parts[**at] == part);
            let weights = whole(&self.learn(class, &heard));
            let clean = held.iter().filter(|at| **at < self.clean);
            scored.extend(clean.map(|at| (self.score(&weights, *at), self.labels[*at][class])));
            parts.push(weights);
        }
        Learnt {
            weights: whole(&full),
            parts,
            knots: knots_of(scored),
        }
    }

    /// The weights that tell one intent from the others in the messages `chosen`.
    fn learn(&self, intent: usize, chosen: &[usize]) -> Vec<f64> {
        let mut weights = vec![0.0; self.hashes.len()];
        let mut bias = 0.0;
        let mut alphas = vec![0.0; chosen.len()];
        let mut order: Vec<usize> = (0..chosen.len()).collect();
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
                let message = chosen[at];
                let features = &self.messages[message].0;
                let sign = if self.labels[message][intent] {
                    1.0
                } else {
                    -1.0
                };
                let (unit, length) = self.sizes[message];
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
                for (feature, worth) in features {
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

/// Whether a careful reader sees the class in the message.
fn is_there(class: Class, sample: &Sample) -> bool {
    match class {
        Class::Intent(intent) => sample.intents.contains(&intent),
        Class::PastStay => sample.facts.past_stay == Some(true),
        Class::Pet => sample.facts.pet == Some(true),
        Class::SeveralDeals => sample.facts.several_deals == Some(true),
        Class::HandsOver => sample.intents.iter().any(|intent| is_for_a_person(*intent)),
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

/// The model's file, cut down to its size by leaving out the smallest weights.
fn file(hashes: &[u32], weights: &[&[i8]], knots: &[[i32; KNOTS]]) -> Vec<u8> {
    (1..=127_u8)
        .map(|least| file_of(hashes, weights, knots, least))
        .find(|bytes| bytes.len() <= LARGEST)
        .unwrap_or_default()
}

fn file_of(hashes: &[u32], weights: &[&[i8]], knots: &[[i32; KNOTS]], least: u8) -> Vec<u8> {
    let mut bytes = vec![COUNT as u8];
    for knot in knots.iter().flatten() {
        bytes.extend(knot.to_le_bytes());
    }
    let head = bytes.len();
    let (mut features, mut before) = (0_u32, 0);
    bytes.extend(features.to_le_bytes());
    for (at, hash) in hashes.iter().enumerate() {
        let row = weights.iter().map(|weights| weights[at]).zip(0_u8..);
        let row: Vec<(i8, u8)> = row
            .filter(|(weight, _)| weight.unsigned_abs() >= least)
            .collect();
        if row.is_empty() {
            continue;
        }
        features += 1;
        let mut distance = hash - before;
        before = *hash;
        while distance >= 0x80 {
            bytes.push(distance as u8 | 0x80);
            distance >>= 7;
        }
        bytes.extend([distance as u8, row.len() as u8]);
        bytes.extend(
            row.iter()
                .flat_map(|(weight, class)| [*class, weight.to_le_bytes()[0]]),
        );
    }
    bytes[head..head + 4].copy_from_slice(&features.to_le_bytes());
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
