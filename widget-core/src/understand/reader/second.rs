//! The second look: each class in the light of all of them and of what the grammar read.
//!
//! A linear score knows no «unless». Here the score of each class is taken once as it is and once cut off where it is
//! sure enough, and weighed anew for every class, beside what the grammar saw: an animal that both the grammar and the
//! model see travels, a complaint in what is surely praise is none.

use super::Facts;
use super::intents::Said;
use super::model::COUNT;

/// What is seen at a glance: see [`Hints::of`].
const HINTS: usize = 14;
/// What the second look weighs: each score twice, and the hints.
pub(super) const INPUTS: usize = 2 * COUNT + HINTS;
/// A score counts in parts of what lies between its 10 and 90 %.
pub(super) const ONE: i32 = 256;
/// As far from even a score counts, and where it is sure enough.
const FAR: i32 = 4 * ONE;
const SURE: i32 = ONE / 2;

/// What the grammar sees in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hints([bool; HINTS]);

impl Hints {
    /// `facts`: what the grammar read.
    pub(super) fn of(facts: &Facts, said: &Said) -> Self {
        Self([
            facts.guests.is_some_and(|guests| guests > 4),
            facts.guests.is_some(),
            facts.youngest_child.is_some_and(|years| years <= 3),
            facts.youngest_child.is_some(),
            facts.rooms.is_some_and(|rooms| rooms > 1),
            facts.rooms == Some(1),
            facts.pet == Some(true),
            facts.pet == Some(false),
            facts.past_stay == Some(true),
            facts.past_stay == Some(false),
            facts.several_deals == Some(true),
            said.nobody,
            said.called.is_some(),
            said.ordered,
        ])
    }
}

/// Where a class's first score is even, and what lies between its 10 and 90 %.
pub(super) type Middle = (i32, i32);

/// What the second look weighs.
pub(super) fn inputs(
    scores: &[i32; COUNT],
    middles: &[Middle; COUNT],
    hints: &Hints,
) -> [i32; INPUTS] {
    let mut inputs = [0; INPUTS];
    for (class, (score, (even, width))) in scores.iter().zip(middles).enumerate() {
        let above =
            (i64::from(*score) - i64::from(*even)) * i64::from(ONE) / i64::from((*width).max(1));
        let far = i64::from(FAR);
        let above = i32::try_from(above.clamp(-far, far)).unwrap_or(FAR);
        inputs[class] = above;
        inputs[COUNT + class] = above.clamp(-SURE, SURE);
    }
    for (input, hint) in inputs[2 * COUNT..].iter_mut().zip(hints.0) {
        *input = if hint { ONE } else { 0 };
    }
    inputs
}

/// The score of a class at the second look.
pub(super) fn score(inputs: &[i32; INPUTS], weights: &[i16; INPUTS]) -> i32 {
    let products = inputs.iter().zip(weights);
    let sum: i64 = products
        .map(|(input, weight)| i64::from(*input) * i64::from(*weight))
        .sum();
    i32::try_from(sum / i64::from(ONE)).unwrap_or(if sum < 0 { i32::MIN } else { i32::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_counts_as_it_is_and_cut_off_and_neither_without_end() {
        let middles = [(100, 50); COUNT];
        let hints = Hints::of(
            &Facts {
                guests: Some(5),
                ..Facts::default()
            },
            &Said::default(),
        );
        let of = |score: i32| inputs(&[score; COUNT], &middles, &hints);
        for (score, as_it_is, cut_off) in [
            (100, 0, 0),
            (110, 51, 51),
            (150, ONE, SURE),
            (-150, -FAR, -SURE),
            (i32::MAX, FAR, SURE),
        ] {
            let inputs = of(score);
            assert_eq!((inputs[3], inputs[COUNT + 3]), (as_it_is, cut_off));
        }
        let hints = of(0)[2 * COUNT..].iter().sum::<i32>();
        assert_eq!(hints, 2 * ONE, "many travel, and how many is said");
    }

    #[test]
    fn a_hint_tips_the_scale() {
        let mut inputs = [0; INPUTS];
        let mut weights = [0; INPUTS];
        weights[2 * COUNT] = 300;
        assert_eq!(score(&inputs, &weights), 0);
        inputs[2 * COUNT] = ONE;
        assert_eq!(score(&inputs, &weights), 300);
    }
}
