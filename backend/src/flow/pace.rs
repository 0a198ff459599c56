//! A share of a provider's limit: so many calls within so long, by the business clock.

use std::collections::VecDeque;

/// Calls made lately, and how many there may be.
#[derive(Debug)]
pub(super) struct Pace {
    most: usize,
    within: i64,
    made_at: VecDeque<i64>,
}

impl Pace {
    /// At most `most` calls within any `within` ms.
    pub(super) fn new(most: usize, within: i64) -> Self {
        Self {
            most,
            within,
            made_at: VecDeque::new(),
        }
    }

    /// Takes a place for a call at unix ms `now`; `Err` names the moment at which there is one.
    pub(super) fn take(&mut self, now: i64) -> Result<(), i64> {
        while self
            .made_at
            .front()
            .is_some_and(|at| at + self.within <= now)
        {
            self.made_at.pop_front();
        }
        if self.made_at.len() >= self.most
            && let Some(oldest) = self.made_at.front()
        {
            return Err(oldest + self.within);
        }
        self.made_at.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_window_holds_more_than_its_share() {
        let mut pace = Pace::new(2, 100);
        assert_eq!(pace.take(0), Ok(()));
        assert_eq!(pace.take(60), Ok(()));
        assert_eq!(pace.take(70), Err(100));
        assert_eq!(pace.take(100), Ok(()));
        assert_eq!(pace.take(101), Err(160));
        assert_eq!(pace.take(1_000), Ok(()));
    }
}
