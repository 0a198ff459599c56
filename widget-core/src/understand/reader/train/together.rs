//! What the second look learns: few inputs, all of them in every message, so that Newton's steps reach the best weights.

use crate::understand::reader::second::{INPUTS, ONE};

/// How much an error costs against large weights.
const COST: f64 = 0.05;
/// Steps at most.
const STEPS: usize = 12;
/// Less of what is lost no longer counts.
const LITTLE: f64 = 1e-6;
/// A weight of 1 in the model's file.
const WHOLE: f64 = 1024.0;
/// How large the constant is that every message has.
const CONSTANT: f64 = 3.0;
/// The inputs with the constant.
const ALL: usize = INPUTS + 1;

/// The inputs of each message.
pub(super) struct Together(Vec<[f64; ALL]>);

/// A place among the weights, as far as it is known: what is lost there, and in which direction it goes down.
struct Place {
    lost: f64,
    slope: [f64; ALL],
    /// The messages on the wrong side of the margin.
    wrong: Vec<usize>,
}

impl Together {
    pub(super) fn of(inputs: &[[i32; INPUTS]]) -> Self {
        let message = |inputs: &[i32; INPUTS]| {
            let mut all = [CONSTANT; ALL];
            for (own, input) in all.iter_mut().zip(inputs) {
                *own = f64::from(*input) / f64::from(ONE);
            }
            all
        };
        Self(inputs.iter().map(message).collect())
    }

    /// The weights that tell the messages where a class is `there` from the others: a linear support vector machine.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a weight is held within 16 bits"
    )]
    pub(super) fn learn(&self, there: &[bool]) -> [i16; INPUTS] {
        let mut weights = [0.0; ALL];
        let mut place = self.place(&weights, there);
        for _ in 0..STEPS {
            let step = solved(self.bend(&place.wrong), place.slope);
            let mut length = 1.0;
            let before = place.lost;
            loop {
                let mut next = weights;
                for (next, step) in next.iter_mut().zip(step) {
                    *next -= length * step;
                }
                let reached = self.place(&next, there);
                if reached.lost < before {
                    (weights, place) = (next, reached);
                    break;
                }
                length /= 2.0;
                if length < 1e-3 {
                    break;
                }
            }
            if before - place.lost <= LITTLE * before {
                break;
            }
        }
        let mut whole = [0; INPUTS];
        for (whole, weight) in whole.iter_mut().zip(weights) {
            let most = f64::from(i16::MAX);
            *whole = (weight * WHOLE).round().clamp(-most, most) as i16;
        }
        whole
    }

    fn place(&self, weights: &[f64; ALL], there: &[bool]) -> Place {
        let mut place = Place {
            lost: dot(weights, weights) / 2.0,
            slope: *weights,
            wrong: Vec::new(),
        };
        for (at, (inputs, there)) in self.0.iter().zip(there).enumerate() {
            let sign = if *there { 1.0 } else { -1.0 };
            let short = 1.0 - sign * dot(weights, inputs);
            if short > 0.0 {
                place.lost += COST * short * short;
                place.wrong.push(at);
                let much = 2.0 * COST * short * sign;
                for (slope, input) in place.slope.iter_mut().zip(inputs) {
                    *slope -= much * input;
                }
            }
        }
        place
    }

    /// How the slope changes with the weights.
    fn bend(&self, wrong: &[usize]) -> Vec<[f64; ALL]> {
        let mut bend = vec![[0.0; ALL]; ALL];
        for at in wrong {
            let inputs = &self.0[*at];
            for (row, own) in bend.iter_mut().zip(inputs) {
                let own = 2.0 * COST * own;
                for (cell, input) in row.iter_mut().zip(inputs) {
                    *cell += own * input;
                }
            }
        }
        for (at, row) in bend.iter_mut().enumerate() {
            row[at] += 1.0;
        }
        bend
    }
}

fn dot(one: &[f64; ALL], other: &[f64; ALL]) -> f64 {
    // Four sums side by side: the order is fixed, and quick.
    let mut sums = [0.0; 4];
    for (at, (one, other)) in one.iter().zip(other).enumerate() {
        sums[at % 4] += one * other;
    }
    sums.iter().sum()
}

/// What `rows` times it is `right`: the rows are symmetric and positive.
fn solved(mut rows: Vec<[f64; ALL]>, mut right: [f64; ALL]) -> [f64; ALL] {
    for pivot in 0..ALL {
        let row = rows[pivot];
        for below in pivot + 1..ALL {
            let share = rows[below][pivot] / row[pivot];
            if share == 0.0 {
                continue;
            }
            for (cell, above) in rows[below].iter_mut().zip(row).skip(pivot) {
                *cell -= share * above;
            }
            right[below] -= share * right[pivot];
        }
    }
    for pivot in (0..ALL).rev() {
        let known: f64 = (pivot + 1..ALL).map(|at| rows[pivot][at] * right[at]).sum();
        right[pivot] = (right[pivot] - known) / rows[pivot][pivot];
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_input_tells_is_learnt() {
        let inputs: Vec<[i32; INPUTS]> = (0..400)
            .map(|at| {
                let mut inputs = [0; INPUTS];
                inputs[7] = if at % 3 == 0 { ONE } else { -ONE };
                inputs[9] = at % 5 * ONE;
                inputs
            })
            .collect();
        let there: Vec<bool> = (0..400).map(|at| at % 3 == 0).collect();
        let weights = Together::of(&inputs).learn(&there);
        assert!(weights[7] > 800, "{weights:?}");
        assert!(weights[9].abs() < 20, "{weights:?}");
        assert_eq!(weights[3], 0);
    }
}
