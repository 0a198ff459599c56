//! The model: one linear score per class over the features of a text, in whole numbers, so that server and
//! browser come to the same result.
//!
//! `scripts/train` writes `weights.bin`; a test holds the two together. The file, little-endian:
//!
//! ```text
//! u8  number of classes, in the order of [`CLASSES`]; then for each of them
//!     9 × i32, the scores of 10, 20 … 90 %
//!     i32, i32: then for each, where its first score is even, and what lies between 10 and 90 % of it
//!     72 × i16: then for each, what each input of [`super::second`] weighs for it
//! u32 number of features; then the rows of [`super::weights`], in ascending order of their hashes, as
//!     [`super::coding`] writes them: the distance from the hash before; which of the [`UNITS`] the weights are
//!     counted in; how many there are; and for each its class, its sign, and so many steps of the unit
//! ```

use super::coding::Decoder;
use super::features::{self, HASH_BITS, Kind};
use super::intents::Said;
use super::lexicon::Lexicon;
use super::second::{self, Hints, INPUTS, Middle};
use super::weights::{Row, Rows};
use super::words::Token;
use super::{Facts, Intent};
use std::cmp::Reverse;
use std::ops::Range;
use std::sync::OnceLock;

/// What the model tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Intent(Intent),
    /// The writer stayed here before.
    PastStay,
    /// An animal is to travel along.
    Pet,
    /// Several bookings are meant at once.
    SeveralDeals,
    /// An intent that hands the dialog over, whichever.
    HandsOver,
    /// More than four travel.
    ManyGuests,
    /// A child of three or younger travels.
    SmallChild,
    /// More than one room is wanted.
    SeveralRooms,
}

/// The classes that the model knows, in the order of its file.
#[rustfmt::skip]
pub(super) const CLASSES: [Class; 29] = [
    Class::Intent(Intent::PaymentStatus), Class::Intent(Intent::RefundStatus), Class::Intent(Intent::PaymentCheck),
    Class::Intent(Intent::PaymentLinkAgain), Class::Intent(Intent::RefundLinkAgain), Class::Intent(Intent::PaidNotice),
    Class::Intent(Intent::ReceiptSent), Class::Intent(Intent::ExtensionCost), Class::Intent(Intent::ExtraServiceCost),
    Class::Intent(Intent::HumanRequest), Class::Intent(Intent::Complaint), Class::Intent(Intent::Review),
    Class::Intent(Intent::PastVisit), Class::Intent(Intent::ThanksOnly), Class::Intent(Intent::OptOut),
    Class::Intent(Intent::HowToPay), Class::Intent(Intent::Urgent), Class::Intent(Intent::NewBooking),
    Class::Intent(Intent::OwnBooking), Class::Intent(Intent::Greeting), Class::Intent(Intent::General),
    Class::Intent(Intent::Unclear),  Class::PastStay, Class::Pet, Class::SeveralDeals, Class::HandsOver,
    Class::ManyGuests, Class::SmallChild, Class::SeveralRooms,
];
/// How many classes the model knows.
pub(super) const COUNT: usize = CLASSES.len();
/// Scores are known for 10, 20 … 90 %.
pub(super) const KNOTS: usize = 9;
/// Scores are multiplied by this before they are divided by the root of the number of features.
pub(super) const SCALE: i64 = 1 << 10;

/// What the weights of a feature are counted in, up to four times over: the smallest that reaches the largest of them.
pub(super) const UNITS: [u8; 8] = [2, 3, 5, 7, 10, 15, 22, 32];
/// The file of the embedded model; empty in a build that loads it: see [`take_in`].
#[cfg(feature = "weights")]
pub static WEIGHTS: &[u8] = include_bytes!("weights.bin");
#[cfg(not(feature = "weights"))]
static WEIGHTS: &[u8] = &[];

/// What is known of the classes beside the features.
#[derive(Clone)]
pub(super) struct Head {
    /// The scores of 10, 20 … 90 % at the second look.
    pub knots: [[i32; KNOTS]; COUNT],
    pub middles: [Middle; COUNT],
    /// What each input of the second look weighs for a class.
    pub second: [[i16; INPUTS]; COUNT],
}

impl Head {
    /// Nothing is known.
    pub(super) const EMPTY: Self = Self {
        knots: [[0; KNOTS]; COUNT],
        middles: [(0, 0); COUNT],
        second: [[0; INPUTS]; COUNT],
    };
}

/// A trained model.
pub(super) struct Model {
    head: Head,
    /// In the order of their hashes, and behind them one that is none: where the weights of the last end.
    features: Vec<Feature>,
    /// Where the features begin whose hashes have the same upper bits: most drawers hold one or two.
    drawers: Vec<u32>,
    weights: Vec<(u8, i8)>,
    /// The notions of words.
    pub lexicon: Lexicon,
}

/// A feature that the model weighs.
struct Feature {
    hash: u32,
    /// Where its weights begin.
    start: u32,
}

/// A feature of a text that the model weighs.
struct Seen {
    feature: usize,
    kind: Kind,
    tokens: Range<usize>,
}

/// What the model makes of a text.
pub(super) struct Judged {
    /// How probable each class is, 0..=100, in the order of [`CLASSES`].
    sure: [u8; COUNT],
    /// How far each is above the score of 50 %, in thousandths of what lies between 10 and 90 %: tells apart what is as
    /// improbable.
    above: [i64; COUNT],
    seen: Vec<Seen>,
}

impl Judged {
    /// How probable a class is, 0..=100.
    pub(super) fn sure(&self, class: Class) -> u8 {
        place(class).map_or(0, |at| self.sure[at])
    }

    /// The likeliest of these intents.
    pub(super) fn likeliest(&self, of: impl Fn(Intent) -> bool) -> Option<Intent> {
        let intents = CLASSES
            .iter()
            .zip(self.above)
            .filter_map(|(class, above)| match class {
                Class::Intent(intent) if of(*intent) => Some((*intent, above)),
                _ => None,
            });
        intents
            .max_by_key(|(_, above)| *above)
            .map(|(intent, _)| intent)
    }

    /// How probable each intent is, 0..=100.
    pub(super) fn intents(&self) -> impl Iterator<Item = (Intent, u8)> {
        CLASSES
            .iter()
            .zip(self.sure)
            .filter_map(|(class, sure)| match class {
                Class::Intent(intent) => Some((*intent, sure)),
                _ => None,
            })
    }
}

/// Where a class stands in [`CLASSES`].
fn place(class: Class) -> Option<usize> {
    CLASSES.iter().position(|known| *known == class)
}

static MODEL: OnceLock<Model> = OnceLock::new();

/// The embedded model, or the one that was [taken in](take_in): without any, no text is read in another way.
pub(super) fn model() -> &'static Model {
    MODEL.get_or_init(|| Model::read(WEIGHTS).expect("checked by a test, or taken in before"))
}

/// Takes in the model's file where none is embedded, before any text is read. `false`: it is none of this version.
pub fn take_in(weights: &[u8]) -> bool {
    Model::read(weights).is_some_and(|model| MODEL.set(model).is_ok() || MODEL.get().is_some())
}

impl Model {
    /// Reads a model's file. `None`: it is none.
    pub(super) fn read(mut bytes: &[u8]) -> Option<Self> {
        let mut take = |length: usize| {
            let (head, rest) = bytes.split_at_checked(length)?;
            bytes = rest;
            Some(head)
        };
        let count = usize::from(take(1)?[0]);
        if count != COUNT {
            return None;
        }
        let mut head = Head::EMPTY;
        for knot in head.knots.iter_mut().flatten() {
            *knot = i32::from_le_bytes(take(4)?.try_into().ok()?);
        }
        for (even, width) in &mut head.middles {
            *even = i32::from_le_bytes(take(4)?.try_into().ok()?);
            *width = i32::from_le_bytes(take(4)?.try_into().ok()?);
        }
        for weight in head.second.iter_mut().flatten() {
            *weight = i16::from_le_bytes(take(2)?.try_into().ok()?);
        }
        let features = u32::from_le_bytes(take(4)?.try_into().ok()?);
        if features > 1 << HASH_BITS {
            return None;
        }
        let mut coder = Decoder::new(bytes);
        let mut rows = Rows::new();
        let mut known = Vec::new();
        let mut weights: Vec<(u8, i8)> = Vec::new();
        let mut hash = 0_u32;
        for _ in 0..features {
            let row = rows.row(&mut coder, &Row::default());
            hash = hash.checked_add(row.distance)?;
            let start = u32::try_from(weights.len()).ok()?;
            known.push(Feature { hash, start });
            let unit = i32::from(UNITS[usize::from(row.unit)]);
            weights.extend(row.steps.into_iter().map(|(class, steps)| {
                let weight = unit * i32::from(steps);
                let most = if weight < 0 { i8::MIN } else { i8::MAX };
                (class, i8::try_from(weight).unwrap_or(most))
            }));
        }
        let drawers = drawers(&known);
        known.push(Feature {
            hash: u32::MAX,
            start: u32::try_from(weights.len()).ok()?,
        });
        (hash < 1 << HASH_BITS).then(|| Self {
            head,
            features: known,
            drawers,
            weights,
            lexicon: Lexicon::new(),
        })
    }

    /// Which of the features it is, if it is one.
    fn find(&self, hash: u32) -> Option<usize> {
        let drawer = (hash >> DRAWER_BITS) as usize;
        let (from, to) = (*self.drawers.get(drawer)?, *self.drawers.get(drawer + 1)?);
        let (from, to) = (from as usize, to as usize);
        let within = self.features[from..to]
            .iter()
            .position(|known| known.hash == hash)?;
        Some(from + within)
    }

    /// How probable each class is. `facts`: what the grammar read.
    pub(super) fn judge(&self, tokens: &[Token], facts: &Facts, said: &Said) -> Judged {
        let Head {
            knots,
            middles,
            second,
        } = &self.head;
        let (scores, seen) = self.score(tokens);
        let hints = Hints::of(facts, said);
        let inputs = second::inputs(&scores, middles, &hints);
        let scores = second
            .each_ref()
            .map(|weights| second::score(&inputs, weights));
        let mut sure = [0; COUNT];
        for ((sure, score), knots) in sure.iter_mut().zip(scores).zip(knots) {
            *sure = percent(score, knots);
        }
        let mut above = [0; COUNT];
        for ((above, score), knots) in above.iter_mut().zip(scores).zip(knots) {
            let width = i64::from(knots[KNOTS - 1]) - i64::from(knots[0]);
            *above = (i64::from(score) - i64::from(knots[KNOTS / 2])) * 1000 / width.max(1);
        }
        Judged { sure, above, seen }
    }

    /// The first score of each class, and the features that it comes from.
    fn score(&self, tokens: &[Token]) -> ([i32; COUNT], Vec<Seen>) {
        let met = features::all(tokens, &self.lexicon);
        let known = |(hash, kind, tokens): &(u32, Kind, Range<usize>)| {
            let feature = self.find(*hash)?;
            Some(Seen {
                feature,
                kind: *kind,
                tokens: tokens.clone(),
            })
        };
        let seen: Vec<Seen> = met.iter().filter_map(known).collect();
        let mut sums = [0_i64; COUNT];
        for seen in &seen {
            for (class, weight) in self.weights_of(seen.feature) {
                sums[usize::from(*class)] += i64::from(*weight) * i64::from(seen.kind.worth());
            }
        }
        let root = norm(squares(met.iter().map(|(_, kind, _)| kind.worth())));
        let scores = sums.map(|sum| i32::try_from(sum * SCALE / root).unwrap_or(i32::MAX));
        (scores, seen)
    }

    fn weights_of(&self, feature: usize) -> &[(u8, i8)] {
        let begins = |feature: usize| self.features[feature].start as usize;
        &self.weights[begins(feature)..begins(feature + 1)]
    }

    /// The features that speak most for a class, the weightiest first.
    pub(super) fn reasons(&self, judged: &Judged, class: Class, most: usize) -> Vec<Weighty> {
        let Some(place) = place(class) else {
            return Vec::new();
        };
        let mut reasons: Vec<(i8, &Seen)> = Vec::with_capacity(most + 1);
        for seen in &judged.seen {
            let mut weights = self.weights_of(seen.feature).iter();
            let Some((_, weight)) = weights.find(|(class, _)| usize::from(*class) == place) else {
                continue;
            };
            let rank = |weight: i8, seen: &Seen| (Reverse(weight), seen.tokens.start);
            let own = rank(*weight, seen);
            let at = reasons.partition_point(|(weight, seen)| rank(*weight, seen) <= own);
            if *weight > 0 && at < most {
                reasons.truncate(most - 1);
                reasons.insert(at, (*weight, seen));
            }
        }
        let weighty = |(weight, seen): (i8, &Seen)| Weighty {
            weight,
            kind: seen.kind,
            tokens: seen.tokens.clone(),
        };
        reasons.into_iter().map(weighty).collect()
    }
}

/// Hashes that differ in so many of their lowest bits alone lie in one drawer.
const DRAWER_BITS: u32 = 6;

/// Where each drawer begins, and where the last one ends.
#[expect(
    clippy::cast_possible_truncation,
    reason = "there are at most 2^22 hashes"
)]
fn drawers(known: &[Feature]) -> Vec<u32> {
    let begins =
        |drawer: u32| known.partition_point(|feature| feature.hash >> DRAWER_BITS < drawer) as u32;
    (0..=1 << (HASH_BITS - DRAWER_BITS)).map(begins).collect()
}

/// A feature that speaks for a class.
pub(super) struct Weighty {
    /// How much, 1..=127.
    pub weight: i8,
    pub kind: Kind,
    /// The tokens that it was read from.
    pub tokens: Range<usize>,
}

/// The sum of the squares of what features are worth.
pub(super) fn squares(worths: impl Iterator<Item = u8>) -> u32 {
    worths.map(|worth| u32::from(worth).pow(2)).sum()
}

/// The length of a text in the space of its features, times 32: a long text is judged like a short one.
pub(super) fn norm(squares: u32) -> i64 {
    (i64::from(squares) << 10).isqrt().max(1)
}

/// How probable a score is: straight lines between the knots.
fn percent(score: i32, knots: &[i32; KNOTS]) -> u8 {
    let score = i64::from(score);
    let step = |at: usize| i64::try_from(at + 1).unwrap_or(0) * 10;
    let above = knots.iter().position(|knot| score < i64::from(*knot));
    let (low, high, from) = match above {
        // Beyond the ends the line goes on.
        Some(0) => (
            i64::from(knots[0]) - i64::from(knots[1] - knots[0]).max(1),
            i64::from(knots[0]),
            0,
        ),
        Some(at) => (i64::from(knots[at - 1]), i64::from(knots[at]), step(at - 1)),
        None => {
            let (before, last) = (i64::from(knots[KNOTS - 2]), i64::from(knots[KNOTS - 1]));
            (last, last + (last - before).max(1), 90)
        }
    };
    let within = (score - low) * 10 / (high - low).max(1);
    u8::try_from((from + within.clamp(0, 10)).clamp(0, 100)).unwrap_or(100)
}
