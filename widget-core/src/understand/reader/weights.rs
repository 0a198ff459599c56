//! The file of the weights: see the head of [`super::model`].

#![expect(
    clippy::cast_possible_truncation,
    reason = "a row has at most 31 weights, and each of its numbers at most five bits"
)]

use super::coding::{Chance, Coder};
use super::features::HASH_BITS;
use super::model::{COUNT, UNITS};

/// A feature with its weights.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Row {
    /// From the hash before to this one.
    pub distance: u32,
    /// Which of the [`UNITS`] its weights are counted in.
    pub unit: u8,
    /// By class, in ascending order: so many steps of the unit, -4..=4, never 0.
    pub steps: Vec<(u8, i8)>,
}

/// What is known of the rows before: how likely each bit of the next is.
pub(super) struct Rows {
    distance_length: [Chance; 32],
    distance: [[Chance; 8]; 32],
    count: [Chance; 32],
    unit: [[Chance; 8]; 4],
    /// By the class before.
    class: [[Chance; 32]; COUNT + 1],
    /// By class, and whether it is the only one.
    negative: [[Chance; 2]; COUNT],
    /// By unit, and whether a larger one must still come.
    steps: [[[Chance; 4]; 2]; UNITS.len()],
}

impl Rows {
    pub(super) fn new() -> Self {
        let even = Chance::EVEN;
        Self {
            distance_length: [even; 32],
            distance: [[even; 8]; 32],
            count: [even; 32],
            unit: [[even; 8]; 4],
            class: [[even; 32]; COUNT + 1],
            negative: [[even; 2]; COUNT],
            steps: [[[even; 4]; 2]; UNITS.len()],
        }
    }

    /// Writes a row, or reads one in its stead.
    pub(super) fn row(&mut self, coder: &mut impl Coder, row: &Row) -> Row {
        let distance = self.distance(coder, row.distance);
        let count = coder.number(&mut self.count, 5, row.steps.len() as u32);
        let units = &mut self.unit[(count as usize).min(3)];
        let unit = coder.number(units, 3, row.unit.into());
        let (mut before, mut large) = (COUNT, false);
        let mut steps = Vec::with_capacity(count as usize);
        for at in 0..count as usize {
            let (class, step) = row.steps.get(at).copied().unwrap_or_default();
            let class = coder.number(&mut self.class[before], 5, class.into());
            // Of a file that is none: another class than those that are known.
            before = (class as usize).min(COUNT - 1);
            let alone = usize::from(count == 1);
            let negative = coder.bit(&mut self.negative[before][alone], step < 0);
            let known = &mut self.steps[unit as usize][usize::from(large)];
            let size = coder.number(known, 2, u32::from(step.unsigned_abs().max(1)) - 1) as i8 + 1;
            large |= size > 2;
            steps.push((before as u8, if negative { -size } else { size }));
        }
        Row {
            distance,
            unit: unit as u8,
            steps,
        }
    }

    /// How many bits it has, then those below the first; the last of many are as often 0 as 1.
    fn distance(&mut self, coder: &mut impl Coder, distance: u32) -> u32 {
        let length = coder.number(
            &mut self.distance_length,
            5,
            HASH_BITS.min(distance.checked_ilog2().map_or(0, |log| log + 1)),
        );
        let mut read = u32::from(length > 0);
        for at in (1..length).rev() {
            let bit = distance >> (at - 1) & 1 == 1;
            let mut even = Chance::EVEN;
            let chance = match length - at {
                1 => &mut self.distance[length as usize][1],
                2 => &mut self.distance[length as usize][2 + (read & 1) as usize],
                _ => &mut even,
            };
            read = read << 1 | u32::from(coder.bit(chance, bit));
        }
        read
    }
}
