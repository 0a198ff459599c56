//! Bits written in less than a bit each, by how likely they were so far: an adaptive binary range coder, LZMA's.
//!
//! Our own, because the model's file must be the same bytes on every machine and be read in the browser: crates for it
//! reckon with floats or bring a whole archive format.

/// How likely a bit is 0, learnt from those before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chance {
    /// In 2^15ths.
    zero: u16,
    /// Bits seen, up to [`STEADY`].
    seen: u16,
}

const ONE: u16 = 1 << 15;
/// From so many bits on a chance follows those to come no faster.
const STEADY: u16 = 250;
/// Below this the range is widened by a byte.
const NARROW: u32 = 1 << 24;

impl Chance {
    /// Nothing is known.
    pub(super) const EVEN: Self = Self {
        zero: ONE / 2,
        seen: 0,
    };

    /// Where a range is parted: what lies below is 0.
    fn bound(self, range: u32) -> u32 {
        (range >> 15) * u32::from(self.zero)
    }

    fn learn(&mut self, bit: bool) {
        self.seen = (self.seen + 1).min(STEADY);
        let weight = self.seen + 1;
        if bit {
            self.zero -= self.zero / weight;
        } else {
            self.zero += (ONE - self.zero) / weight;
        }
        self.zero = self.zero.clamp(32, ONE - 32);
    }
}

/// Reads or writes bits: one description of a file serves both ways.
pub(super) trait Coder {
    /// Writes the bit, or reads one in its stead.
    fn bit(&mut self, chance: &mut Chance, bit: bool) -> bool;

    /// A number of so many bits, the highest first, each in the light of those above it. There is a chance for each of
    /// the numbers below `2^bits`.
    fn number(&mut self, chances: &mut [Chance], bits: u32, number: u32) -> u32 {
        let mut above = 1;
        for at in (0..bits).rev() {
            let bit = self.bit(&mut chances[above as usize], number >> at & 1 == 1);
            above = above << 1 | u32::from(bit);
        }
        above - (1 << bits)
    }
}

/// Reads what [`Encoder`] wrote. Of bytes that are something else it makes numbers without a meaning, and no more.
pub(super) struct Decoder<'a> {
    bytes: std::slice::Iter<'a, u8>,
    range: u32,
    code: u32,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self {
            bytes: bytes.iter(),
            range: u32::MAX,
            code: 0,
        };
        (0..5).for_each(|_| decoder.shift());
        decoder
    }

    /// Behind the end there are zeros.
    fn shift(&mut self) {
        self.code = self.code << 8 | u32::from(self.bytes.next().copied().unwrap_or_default());
    }
}

impl Coder for Decoder<'_> {
    fn bit(&mut self, chance: &mut Chance, _: bool) -> bool {
        let bound = chance.bound(self.range);
        let bit = self.code >= bound;
        if bit {
            self.code -= bound;
            self.range -= bound;
        } else {
            self.range = bound;
        }
        chance.learn(bit);
        while self.range < NARROW {
            self.range <<= 8;
            self.shift();
        }
        bit
    }
}

/// Writes bits.
#[cfg(feature = "train")]
pub(super) struct Encoder {
    bytes: Vec<u8>,
    low: u64,
    range: u32,
    /// A byte that a carry may still raise, and how many of 0xFF stand behind it.
    held: u8,
    full: usize,
}

#[cfg(feature = "train")]
impl Encoder {
    pub(super) fn new() -> Self {
        Self {
            bytes: Vec::new(),
            low: 0,
            range: u32::MAX,
            held: 0,
            full: 0,
        }
    }

    fn shift(&mut self) {
        let carry = u8::from(self.low > u64::from(u32::MAX));
        if self.low < 0xFF00_0000 || carry == 1 {
            self.bytes.push(self.held.wrapping_add(carry));
            let full = std::mem::take(&mut self.full);
            let raised = 0xFF_u8.wrapping_add(carry);
            self.bytes.extend(std::iter::repeat_n(raised, full));
            self.held = self.low.to_le_bytes()[3];
        } else {
            self.full += 1;
        }
        self.low = self.low << 8 & u64::from(u32::MAX);
    }

    /// Everything that was written.
    pub(super) fn finish(mut self) -> Vec<u8> {
        (0..5).for_each(|_| self.shift());
        self.bytes
    }
}

#[cfg(feature = "train")]
impl Coder for Encoder {
    fn bit(&mut self, chance: &mut Chance, bit: bool) -> bool {
        let bound = chance.bound(self.range);
        if bit {
            self.low += u64::from(bound);
            self.range -= bound;
        } else {
            self.range = bound;
        }
        chance.learn(bit);
        while self.range < NARROW {
            self.range <<= 8;
            self.shift();
        }
        bit
    }
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let numbers: Vec<u32> = (0..20_000).map(|at| at * 7 % 9).collect();
        let through = |coder: &mut dyn FnMut(&mut [Chance], u32) -> u32| -> Vec<u32> {
            let mut chances = [Chance::EVEN; 16];
            let numbers = numbers.iter();
            numbers.map(|number| coder(&mut chances, *number)).collect()
        };
        let mut encoder = Encoder::new();
        through(&mut |chances, number| encoder.number(chances, 4, number));
        let bytes = encoder.finish();
        let mut decoder = Decoder::new(&bytes);
        let read = through(&mut |chances, _| decoder.number(chances, 4, 0));
        assert!(read == numbers);
        // Nine numbers, each about as likely: 3.2 bits.
        assert!((7_800..8_200).contains(&bytes.len()), "{}", bytes.len());
    }

    #[test]
    fn a_bit_that_seldom_changes_costs_next_to_nothing() {
        let mut encoder = Encoder::new();
        let mut chance = Chance::EVEN;
        (0..10_000).for_each(|at| {
            encoder.bit(&mut chance, at % 1_000 == 0);
        });
        assert!(encoder.finish().len() < 60);
    }

    #[test]
    fn carries_reach_the_bytes_before() {
        // Ones against all odds push the low end up to the brim.
        let bits: Vec<bool> = (0..3_000).map(|at| at % 7 != 0 || at % 3 == 0).collect();
        let mut encoder = Encoder::new();
        let mut chances = [Chance::EVEN; 5];
        for (at, bit) in bits.iter().enumerate() {
            encoder.bit(&mut chances[at % 5], *bit);
        }
        let bytes = encoder.finish();
        let mut decoder = Decoder::new(&bytes);
        let mut chances = [Chance::EVEN; 5];
        for (at, bit) in bits.iter().enumerate() {
            assert_eq!(decoder.bit(&mut chances[at % 5], false), *bit, "{at}");
        }
    }

    #[test]
    fn bytes_of_anything_are_read_without_harm() {
        for bytes in [&[][..], &[0xFF; 9], &[0; 3]] {
            let mut decoder = Decoder::new(bytes);
            let mut chances = [Chance::EVEN; 32];
            assert!((0..1_000).all(|_| decoder.number(&mut chances, 5, 0) < 32));
        }
    }
}
