//! When the card listens to the backend's stream, and when it asks now and then instead. Pure: part of [`crate::store`].

use widget_core::time::{MINUTE, SECOND};

/// A stream that has said nothing for so long is dead: the backend gives a sign of life every 10 s.
const SILENT: i64 = 25 * SECOND;
/// The first word must come within this time, or something between here and the backend keeps the words back.
const MUTE: i64 = 8 * SECOND;
/// The next try after a stream that was kept back.
const MUTE_FOR: i64 = 10 * MINUTE;
/// The longest pause between two tries.
const TRY_AT_MOST: i64 = 15 * SECOND;
/// A stream that lived so long was a good one.
const GOOD: i64 = 10 * SECOND;

/// The stream of one card. Clocks are those of the page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stream {
    now: Now,
    /// How many were opened.
    pub number: u32,
    /// The state that the last event named.
    pub known: Option<String>,
    failures: u32,
    next_try: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Now {
    #[default]
    Closed,
    /// Asked for at that time.
    Opening(i64),
    /// It speaks.
    Open { since: i64, heard: i64 },
}

/// What to do about the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Open one.
    Listen,
    /// Close it.
    Hush,
}

impl Stream {
    /// Whether the backend tells by itself what changes.
    pub fn speaks(&self) -> bool {
        matches!(self.now, Now::Open { .. })
    }

    /// Whether a stream of this number is listened to.
    pub fn is(&self, number: u32) -> bool {
        self.number == number && self.now != Now::Closed
    }

    /// A second of a visible card passed.
    pub fn tick(&mut self, clock: i64) -> Option<Step> {
        match self.now {
            Now::Closed if clock >= self.next_try => Some(self.open(clock)),
            Now::Opening(since) if clock - since > MUTE => {
                self.now = Now::Closed;
                self.next_try = clock + MUTE_FOR;
                Some(Step::Hush)
            }
            Now::Open { heard, .. } if clock - heard > SILENT => {
                self.ended(clock, 0);
                Some(Step::Hush)
            }
            _ => None,
        }
    }

    /// Nobody looks any more.
    pub fn close(&mut self) -> Option<Step> {
        let was = std::mem::take(&mut self.now);
        (was != Now::Closed).then_some(Step::Hush)
    }

    /// Somebody looks again, or the machine woke: what was open may be dead without knowing it.
    pub fn anew(&mut self, clock: i64) -> Option<Step> {
        self.failures = 0;
        self.next_try = clock;
        self.close()
    }

    /// It said something.
    pub fn heard(&mut self, clock: i64) {
        self.now = match self.now {
            Now::Open { since, .. } => Now::Open {
                since,
                heard: clock,
            },
            _ => Now::Open {
                since: clock,
                heard: clock,
            },
        };
    }

    /// Its session is over: the next one follows at once, unless they end as soon as they begin.
    pub fn renew(&mut self, clock: i64, dice: u8) -> Option<Step> {
        self.ended(clock, dice);
        (self.failures == 1).then(|| self.open(clock))
    }

    /// It ended or never began. `dice` spreads the next tries of many cards.
    pub fn ended(&mut self, clock: i64, dice: u8) {
        if matches!(self.now, Now::Open { since, .. } if clock - since >= GOOD) {
            self.failures = 0;
        }
        self.now = Now::Closed;
        self.failures += 1;
        let pause = (SECOND << self.failures.min(5)).min(TRY_AT_MOST);
        self.next_try = clock + pause / 2 + pause / 2 * i64::from(dice) / 256;
    }

    fn open(&mut self, clock: i64) -> Step {
        self.now = Now::Opening(clock);
        self.number += 1;
        Step::Listen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(clock: i64) -> Stream {
        let mut stream = Stream::default();
        assert_eq!(stream.tick(clock), Some(Step::Listen));
        stream.heard(clock);
        stream
    }

    #[test]
    fn a_quiet_stream_is_given_up_and_tried_again() {
        let mut stream = open(0);
        assert_eq!(stream.tick(SILENT), None);
        stream.heard(SILENT);
        assert_eq!(stream.tick(2 * SILENT), None);
        assert_eq!(stream.tick(2 * SILENT + 1), Some(Step::Hush));
        assert!(!stream.speaks());
        assert_eq!(stream.tick(2 * SILENT + 2), None);
        assert_eq!(stream.tick(2 * SILENT + 2 * SECOND), Some(Step::Listen));
        assert_eq!(stream.number, 2);
    }

    #[test]
    fn a_stream_that_is_kept_back_is_not_tried_again_soon() {
        let mut stream = Stream::default();
        stream.tick(0);
        assert_eq!(stream.tick(MUTE), None);
        assert_eq!(stream.tick(MUTE + 1), Some(Step::Hush));
        assert_eq!(stream.tick(5 * MINUTE), None);
        assert_eq!(stream.tick(MUTE + 1 + MUTE_FOR), Some(Step::Listen));
    }

    #[test]
    fn tries_become_rarer_never_rare_and_are_spread() {
        let mut stream = Stream::default();
        let mut pauses = vec![];
        for _ in 0..6 {
            stream.ended(0, 255);
            pauses.push(stream.next_try);
        }
        assert_eq!(pauses, [1_996, 3_992, 7_984, 14_970, 14_970, 14_970]);
        stream.ended(0, 0);
        assert_eq!(stream.next_try, TRY_AT_MOST / 2);
    }

    #[test]
    fn a_session_that_is_over_is_followed_by_the_next_at_once_but_not_for_ever() {
        let mut stream = open(0);
        assert_eq!(stream.renew(GOOD, 0), Some(Step::Listen));
        stream.heard(GOOD);
        assert_eq!(stream.renew(2 * GOOD, 0), Some(Step::Listen));
        stream.heard(2 * GOOD);
        assert_eq!(stream.renew(2 * GOOD, 0), None);
        assert!(stream.next_try > 2 * GOOD);
    }

    #[test]
    fn waking_begins_anew_whatever_seemed_open() {
        let mut stream = open(0);
        assert_eq!(stream.anew(100), Some(Step::Hush));
        assert_eq!(stream.tick(100), Some(Step::Listen));
        assert_eq!(stream.close(), Some(Step::Hush));
        assert_eq!(stream.close(), None);
    }
}
