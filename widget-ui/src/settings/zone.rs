//! A time zone as the decision core wants it: the moments at which the clocks change. The browser only answers how far
//! local time is from UTC at one moment.

use widget_core::time::{DAY, SECOND, Zone};

/// The core looks so far ahead.
const AHEAD: i64 = 401 * DAY;
/// No zone changes its clocks twice within this.
const STRIDE: i64 = 7 * DAY;

/// The zone around `at`, unix ms. `offset` answers the seconds ahead of UTC at a moment.
pub fn around(at: i64, offset: impl Fn(i64) -> i32) -> Zone {
    let begin = at.saturating_sub(2 * DAY);
    let mut transitions = vec![(begin, offset(begin))];
    let mut from = begin;
    while from < at.saturating_add(AHEAD) {
        let to = from.saturating_add(STRIDE);
        let (before, after) = (offset(from), offset(to));
        if before != after {
            transitions.push((change(from, to, after, &offset), after));
        }
        from = to;
    }
    Zone { transitions }
}

/// The first second between `from` and `to` that has the offset `after`.
fn change(from: i64, to: i64, after: i32, offset: &impl Fn(i64) -> i32) -> i64 {
    let (mut from, mut to) = (from, to);
    while to - from > SECOND {
        let middle = from + (to - from) / 2 / SECOND * SECOND;
        if offset(middle) == after {
            to = middle;
        } else {
            from = middle;
        }
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2027-03-28 01:00 and 2027-10-31 01:00 UTC: Central Europe's summer.
    const SUMMER: (i64, i64) = (1_806_195_600_000, 1_824_944_400_000);

    #[test]
    fn the_clocks_change_at_the_very_second() {
        let offset = |at| {
            if (SUMMER.0..SUMMER.1).contains(&at) {
                7_200
            } else {
                3_600
            }
        };
        let begin = SUMMER.0 - 100 * DAY - 12_345_000;
        let zone = around(begin, offset);
        assert_eq!(
            zone.transitions[1..],
            [(SUMMER.0, 7_200), (SUMMER.1, 3_600)]
        );
        assert_eq!(zone.offset_at(begin), 3_600);
        assert_eq!(around(begin, |_| 10_800).transitions.len(), 1);
    }
}
