//! A list of the channel read back to a moment, page by page. Its order is documented nowhere, so none is trusted: only
//! where a page runs from newer to older do later pages hold nothing new.

use crate::ports::{Page, Thread, Written};
use std::collections::HashSet;

/// A row of such a list.
pub(super) trait Row {
    /// What tells it from others.
    fn id(&self) -> &str;
    /// By what the list is sorted, unix ms.
    fn at(&self) -> i64;
}

impl Row for Thread {
    fn id(&self) -> &str {
        &self.id.0
    }

    fn at(&self) -> i64 {
        self.changed_at
    }
}

impl Row for Written {
    fn id(&self) -> &str {
        &self.id.0
    }

    fn at(&self) -> i64 {
        self.at
    }
}

/// What was read so far.
pub(super) struct Listing<T> {
    since: i64,
    seen: HashSet<String>,
    rows: Vec<T>,
    pages: u32,
    newest_first: bool,
    over: bool,
}

impl<T: Row> Listing<T> {
    /// Nothing yet of what happened at unix ms `since` or later.
    pub(super) fn since(since: i64) -> Self {
        Self {
            since,
            seen: HashSet::new(),
            rows: Vec::new(),
            pages: 0,
            newest_first: true,
            over: false,
        }
    }

    /// The page to read next, counted from 1; `None` = there is no need of more.
    pub(super) fn next_page(&self) -> Option<u32> {
        (!self.over).then_some(self.pages + 1)
    }

    /// Takes in the next page.
    pub(super) fn add(&mut self, page: Page<T>) {
        self.pages += 1;
        let falls = page.rows.windows(2).all(|two| two[0].at() >= two[1].at());
        let differs = page.rows.first().map(Row::at) != page.rows.last().map(Row::at);
        let is_old = page.rows.iter().all(|row| row.at() < self.since);
        self.newest_first &= falls;
        let mut brings_new = false;
        for row in page.rows {
            if self.seen.insert(row.id().to_owned()) {
                brings_new = true;
                self.rows.push(row);
            }
        }
        // A list that gives the same page for ever is at its end too.
        self.over = page.last || !brings_new || (self.newest_first && differs && is_old);
    }

    /// Whether a row may have slipped past: where the oldest come first, whatever changes after unix ms `began` moves to
    /// the end and pulls the others forward, over the edge of a page that was read already.
    pub(super) fn may_lack_some(&self, began: i64) -> bool {
        self.pages > 1 && !self.newest_first && self.rows.iter().any(|row| row.at() >= began)
    }

    /// All rows that were read, in no order.
    pub(super) fn rows(self) -> Vec<T> {
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct At(String, i64);

    impl Row for At {
        fn id(&self) -> &str {
            &self.0
        }

        fn at(&self) -> i64 {
            self.1
        }
    }

    /// Reads a list of these times, two a page; what was read, and after how many pages.
    fn read(times: &[i64], since: i64) -> (Vec<i64>, u32) {
        let mut listing = Listing::since(since);
        while let Some(page) = listing.next_page() {
            let first = (page as usize - 1) * 2;
            let rows = times.iter().enumerate().skip(first).take(2);
            let rows: Vec<At> = rows.map(|(n, at)| At(n.to_string(), *at)).collect();
            let last = rows.len() < 2;
            listing.add(Page { rows, last });
        }
        let pages = listing.pages;
        let mut read: Vec<i64> = listing.rows().iter().map(Row::at).collect();
        read.retain(|at| *at >= since);
        read.sort_unstable();
        (read, pages)
    }

    #[test]
    fn design_5_6_nothing_is_missed_in_whatever_order_a_list_comes() {
        let newest_first = [9, 8, 7, 6, 5, 4, 3, 2, 1];
        assert_eq!(
            read(&newest_first, 7),
            (vec![7, 8, 9], 3),
            "and no more pages than need be"
        );
        let oldest_first = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        assert_eq!(read(&oldest_first, 7).0, [7, 8, 9]);
        let in_no_order = [3, 9, 1, 2, 7, 4, 8, 5, 6];
        assert_eq!(read(&in_no_order, 7).0, [7, 8, 9]);
        let at_once = [1, 1, 1, 1, 9];
        assert_eq!(read(&at_once, 7).0, [9], "equal times tell no order");
        assert_eq!(read(&[], 7), (vec![], 1));
    }

    #[test]
    fn a_list_that_gives_the_same_page_for_ever_ends() {
        let mut listing = Listing::since(0);
        let same = || Page {
            rows: vec![At("a".to_owned(), 1), At("b".to_owned(), 2)],
            last: false,
        };
        listing.add(same());
        assert_eq!(listing.next_page(), Some(2));
        listing.add(same());
        assert_eq!(listing.next_page(), None);
    }

    #[test]
    fn a_list_that_moves_under_the_reader_is_not_trusted() {
        let read_as = |times: [i64; 3]| {
            let mut listing = Listing::since(0);
            let [a, b, c] = times.map(|at| At(at.to_string(), at));
            listing.add(Page {
                rows: vec![a, b],
                last: false,
            });
            listing.add(Page {
                rows: vec![c],
                last: true,
            });
            listing.may_lack_some(9)
        };
        assert!(read_as([1, 2, 10]), "somebody wrote while it was read");
        assert!(!read_as([1, 2, 3]));
        assert!(
            !read_as([10, 2, 1]),
            "the newest first: the others only come later"
        );
    }
}
