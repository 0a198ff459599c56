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
