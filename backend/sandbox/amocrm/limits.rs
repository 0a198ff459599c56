//! How many requests amoCRM takes, and what becomes of whoever goes on beyond.

use std::collections::VecDeque;

use super::problem;
use super::ways::Body;
use crate::http::Reply;
use crate::state::State;

/// Requests a second of one integration, and of all integrations of an account.
const OF_INTEGRATION: usize = 7;
const OF_ACCOUNT: usize = 50;
const SECOND_MS: i64 = 1000;
/// Refusals are counted over so long.
const COUNTED_MS: i64 = 60_000;

/// Who has gone too far.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    /// Business ms of the refusals of the last minute.
    refusals: VecDeque<i64>,
    closed_until: i64,
}

/// The answer to a request that is one too many.
pub(super) fn refusal(state: &mut State) -> Option<Reply> {
    if state.now < state.patience.closed_until {
        return Some(problem(403, "Forbidden", "Access to the API is denied"));
    }
    let ours = OF_INTEGRATION.saturating_sub(state.crm.ways.others_per_s);
    let has_place = state.take_place("amocrm", ours, SECOND_MS).is_ok()
        && state
            .take_place("amocrm account", OF_ACCOUNT, SECOND_MS)
            .is_ok();
    if has_place {
        return None;
    }
    let (now, ways) = (state.now, state.crm.ways.clone());
    let refusals = &mut state.patience.refusals;
    refusals.push_back(now);
    while refusals.front().is_some_and(|at| at + COUNTED_MS <= now) {
        refusals.pop_front();
    }
    if refusals.len() > ways.ban_after {
        refusals.clear();
        state.patience.closed_until = now + ways.ban_minutes * 60_000;
    }
    let mut reply = match ways.too_many {
        Body::Json => problem(429, "Too Many Requests", "Too many requests"),
        Body::Html => Reply::html(429, "<html><body>429 Too Many Requests</body></html>"),
    };
    reply.retry_after_s = ways.retry_after_s;
    Some(reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday, and nobody lets the clock go on.
    const NOW: i64 = 1_795_000_000_000;

    fn account() -> State {
        let mut state = State::new(NOW, 0.0, "limits");
        state.env.limited = true;
        state
    }

    /// So many requests of ours: how many were answered, and the status of the first that was not.
    fn ask(state: &mut State, requests: usize) -> (usize, Option<u16>) {
        let refused: Vec<_> = (0..requests).filter_map(|_| refusal(state)).collect();
        (
            requests - refused.len(),
            refused.first().map(|no| no.status),
        )
    }

    /// So many requests of other integrations of the account.
    fn others_ask(state: &mut State, requests: usize) -> usize {
        let places = (0..requests).filter(|_| {
            state
                .take_place("amocrm account", OF_ACCOUNT, SECOND_MS)
                .is_ok()
        });
        places.count()
    }

    #[test]
    fn seven_a_second_of_an_integration_and_fifty_of_an_account() {
        let mut state = account();
        assert_eq!(ask(&mut state, 8), (7, Some(429)));
        // Others of the account are no part of our seven, and we are one of their fifty.
        assert_eq!(others_ask(&mut state, 50), 43);
        state.now += SECOND_MS - 1;
        assert_eq!(ask(&mut state, 1), (0, Some(429)));
        state.now += 1;
        assert_eq!(others_ask(&mut state, 46), 46);
        assert_eq!(ask(&mut state, 7), (4, Some(429)), "the account is full");
    }

    #[test]
    fn what_is_refused_takes_no_place_of_the_account() {
        let mut state = account();
        ask(&mut state, 30);
        assert_eq!(others_ask(&mut state, 50), 43);
    }
}
