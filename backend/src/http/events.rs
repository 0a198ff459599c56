//! `GET /api/v1/deals/{id}/events`: what the card of a deal shows, as often as it changes, until the session is over.
//!
//! Server-sent events, answered to a `fetch` with the bearer. Each carries all that `…/dialogs` answers, so that a card
//! that has missed some is as right as one that has not. `id` names the state that the card then shows: with it in
//! `Last-Event-ID` nothing is sent again that the card knows. `event: renew` ends the stream when its session is over.
//!
//! Whatever changes a dialog rings [`OpenCard`], at other instances too. A look now and then finds what nobody rang for.

use super::access;
use super::bearer::Caller;
use super::card::{Found, deal_id};
use super::error::ApiError;
use super::state::Web;
use crate::flow::OpenCard;
use crate::ports::Incident;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use widget_core::dialog::Dialog;
use widget_core::ids::DealId;

/// A look without a ring comes after so long, and up to a quarter more, so that streams don't march in step: what a card
/// shows is never older than 2 s.
const POLL: Duration = Duration::from_millis(1_500);
/// A comment keeps proxies from closing a quiet stream, and tells the card that it is still there.
const ALIVE: Duration = Duration::from_secs(10);
/// The business clock may be so far from where the card takes it to be, ms; then the card is told anew.
const DRIFT: i64 = 1_500;
const LAST_EVENT_ID: &str = "last-event-id";

/// Opens a stream.
///
/// # Errors
/// As for the dialogs; 429 when too many cards of the account listen.
pub(super) async fn stream(
    State(web): State<Arc<Web>>,
    caller: Caller,
    Path(deal): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let deal = deal_id(&deal)?;
    access::check(&caller.site, caller.user, deal).await?;
    let account = caller.site.tenant.account;
    let card = web.flow.bells.cards.open(account, deal);
    let card = card.ok_or_else(ApiError::too_many_streams)?;
    let known = headers
        .get(LAST_EVENT_ID)
        .and_then(|id| id.to_str().ok())
        .map(str::to_owned);
    ::metrics::gauge!("estafeta_card_streams").increment(1.0);
    let told = Telling {
        web,
        caller,
        deal,
        card,
        known,
        counts_from: None,
        is_over: false,
    };
    let events = stream::unfold(told, |mut told| async move {
        let event = told.next().await?;
        Some((Ok::<_, Infallible>(event), told))
    });
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    let events = Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE));
    Ok((unbuffered, events).into_response())
}

/// One stream.
struct Telling {
    web: Arc<Web>,
    caller: Caller,
    deal: DealId,
    card: OpenCard,
    /// The state that the card shows.
    known: Option<String>,
    /// The business clock as it was last told, and when: the card counts on from there.
    counts_from: Option<(i64, Instant)>,
    is_over: bool,
}

impl Telling {
    /// The next event; `None` ends the stream.
    async fn next(&mut self) -> Option<Event> {
        while !self.is_over && !self.web.closing.is_cancelled() {
            if self.web.now() >= self.caller.until {
                self.is_over = true;
                return Some(Event::default().event("renew").data("{}"));
            }
            // Whoever is refused in the middle hears why when asking again.
            if let Some(event) = self.look().await.ok()? {
                return Some(event);
            }
            self.rest().await;
        }
        None
    }

    /// What is new for the card.
    async fn look(&mut self) -> Result<Option<Event>, ApiError> {
        let begins = self.counts_from.is_none();
        let found = Found::read(&self.web, &self.caller, self.deal).await?;
        let open = self.caller.site.tenant.alerts.open();
        let state = state_of(&found.dialogs, &open);
        if self.known.as_ref() == Some(&state) && self.counts_right() {
            // A card that has come back hears at once that it is listened to.
            return Ok(begins.then(|| Event::default().comment("as known")));
        }
        let place = self.web.stream_reads.acquire().await;
        let dialogs = found.shown(&self.web, &self.caller.site).await?;
        drop(place);
        self.counts_from = Some((dialogs.now, Instant::now()));
        self.known = Some(state.clone());
        let data = serde_json::to_string(&dialogs).map_err(|_| ApiError::internal())?;
        Ok(Some(Event::default().id(state).data(data)))
    }

    /// Whether the business clock is where the card takes it to be; one that has just come has asked for it.
    fn counts_right(&mut self) -> bool {
        let now = self.web.now();
        let (told, at) = *self.counts_from.get_or_insert((now, Instant::now()));
        let passed = i64::try_from(at.elapsed().as_millis()).unwrap_or(i64::MAX);
        (now - told - passed).abs() <= DRIFT
    }

    /// Until the deal may have changed.
    async fn rest(&mut self) {
        let mut byte = [0_u8; 1];
        let _ = getrandom::fill(&mut byte);
        let jitter = POLL.mul_f32(f32::from(byte[0]) / 1024.0);
        tokio::select! {
            () = self.card.changed() => {}
            () = sleep(POLL + jitter) => {}
            () = self.web.closing.cancelled() => {}
        }
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        ::metrics::gauge!("estafeta_card_streams").decrement(1.0);
    }
}

/// Names what a card of these dialogs shows: the journal's length of each and when its last row was decided, and what is wrong
/// with the account. The length alone would not tell a row from one that a failed server has forgotten.
fn state_of(dialogs: &[Dialog], open: &[Incident]) -> String {
    let mut state = String::new();
    if dialogs.is_empty() {
        state.push_str("none");
    }
    for dialog in dialogs {
        let apart = if state.is_empty() { "" } else { "," };
        // Writing into a text cannot fail.
        let _ = write!(
            state,
            "{apart}{}:{}:{}",
            dialog.id, dialog.seq, dialog.last_at
        );
    }
    for incident in open {
        let _ = write!(state, "!{}", incident.id);
    }
    state
}

#[cfg(test)]
mod tests {
    use super::state_of;
    use crate::http::fake::{self, NOW, OURS, World, call, get, json, with};
    use axum::body::BodyDataStream;
    use axum::response::Response;
    use futures_util::StreamExt as _;
    use std::sync::atomic::Ordering;
    use widget_core::dialog::Dialog;
    use widget_core::ids::{AccountId, ConversationId, DealId, DialogId};
    use widget_core::time::MINUTE;

    const MANAGER: i64 = 9_002;

    async fn opened(world: &World, user: i64, deal: i64, known: Option<&str>) -> Response {
        let request = get(&format!("/api/v1/deals/{deal}/events"));
        let request = with(request, "authorization", &world.bearer(OURS, user));
        let request = match known {
            Some(known) => with(request, "last-event-id", known),
            None => request,
        };
        call(world, request).await
    }

    async fn stream(world: &World, known: Option<&str>) -> BodyDataStream {
        let response = opened(world, MANAGER, fake::DEAL, known).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        response.into_body().into_data_stream()
    }

    async fn next(stream: &mut BodyDataStream) -> Option<String> {
        let piece = stream.next().await?.expect("no error");
        Some(String::from_utf8(piece.to_vec()).expect("a text"))
    }

    #[tokio::test]
    async fn whoever_may_not_see_the_dialogs_hears_nothing_of_them() {
        let world = World::new();
        for (user, deal, expected) in [
            (fake::STRANGER, fake::DEAL, (403, "forbidden")),
            (MANAGER, fake::NO_DEAL, (404, "deal_not_found")),
        ] {
            let refusal = opened(&world, user, deal, None).await;
            assert_eq!(refusal.status(), expected.0);
            assert_eq!(json(refusal).await["code"], expected.1);
        }
        let path = format!("/api/v1/deals/{}/events", fake::DEAL);
        assert_eq!(call(&world, get(&path)).await.status(), 401);
        world.crm.down.store(true, Ordering::SeqCst);
        let down = opened(&world, MANAGER, fake::DEAL, None).await;
        assert_eq!(json(down).await["code"], "crm_unavailable");
    }

    #[tokio::test]
    async fn the_state_comes_first_unless_the_card_knows_it() {
        let world = World::new();
        let mut fresh = stream(&world, None).await;
        let first = next(&mut fresh).await.expect("an event");
        assert!(first.contains("id: none\n"), "{first}");
        assert!(first.contains("\"dialogs\":[]"), "{first}");
        let mut knows = stream(&world, Some("none")).await;
        assert_eq!(next(&mut knows).await.as_deref(), Some(": as known\n\n"));
        let mut stale = stream(&world, Some("d:1")).await;
        let first = next(&mut stale).await.expect("an event");
        assert!(first.contains("\"dialogs\":[]"), "{first}");
    }

    #[tokio::test]
    async fn a_session_that_is_over_is_to_be_renewed_and_ends_the_stream() {
        let world = World::new();
        let mut events = stream(&world, None).await;
        next(&mut events).await.expect("the state");
        world.clock.set(NOW + 15 * MINUTE);
        let cards = &world.web.flow.bells.cards;
        cards.deal_changed(AccountId(OURS), DealId(fake::DEAL));
        let renew = next(&mut events).await.expect("an event");
        assert_eq!(renew, "event: renew\ndata: {}\n\n");
        assert_eq!(next(&mut events).await, None);
    }

    #[test]
    fn what_is_decided_anew_after_a_server_forgot_it_is_told_anew() {
        let mut shown = Dialog::new(
            DialogId::from("a"),
            AccountId(OURS),
            ConversationId("1".to_owned()),
        );
        (shown.seq, shown.last_at) = (7, NOW);
        let mut again = shown.clone();
        assert_eq!(
            state_of(&[shown.clone()], &[]),
            state_of(&[again.clone()], &[])
        );
        again.last_at = NOW + 1;
        assert_ne!(state_of(&[shown], &[]), state_of(&[again], &[]));
    }

    #[tokio::test]
    async fn a_business_clock_that_leaps_is_told() {
        let world = World::new();
        let mut events = stream(&world, None).await;
        next(&mut events).await.expect("the state");
        world.clock.set(NOW + MINUTE);
        let cards = &world.web.flow.bells.cards;
        cards.deal_changed(AccountId(OURS), DealId(fake::DEAL));
        let told = next(&mut events).await.expect("an event");
        assert!(
            told.contains(&format!("\"now\":{}", NOW + MINUTE)),
            "{told}"
        );
    }

    #[tokio::test]
    async fn rights_that_are_taken_away_end_the_stream() {
        let world = World::new();
        let mut events = stream(&world, None).await;
        next(&mut events).await.expect("the state");
        world.crm.down.store(true, Ordering::SeqCst);
        world.clock.set(NOW + MINUTE);
        let cards = &world.web.flow.bells.cards;
        cards.deal_changed(AccountId(OURS), DealId(fake::DEAL));
        assert_eq!(next(&mut events).await, None);
    }

    #[tokio::test]
    async fn streams_end_when_the_server_closes_and_give_their_places_back() {
        let world = World::new();
        let mut events = stream(&world, None).await;
        next(&mut events).await.expect("the state");
        let cards = world.web.flow.bells.cards.clone();
        assert_eq!(cards.count(AccountId(OURS)), 1);
        world.web.closing.cancel();
        assert_eq!(next(&mut events).await, None);
        drop(events);
        assert_eq!(cards.count(AccountId(OURS)), 0);
    }

    #[tokio::test]
    async fn one_account_cannot_have_all_streams() {
        let world = World::new();
        let cards = &world.web.flow.bells.cards;
        let mut open = Vec::new();
        while let Some(card) = cards.open(AccountId(OURS), DealId(1)) {
            open.push(card);
        }
        let refusal = opened(&world, MANAGER, fake::DEAL, None).await;
        assert_eq!(refusal.status(), 429);
        assert_eq!(json(refusal).await["code"], "too_many_streams");
        assert!(cards.open(AccountId(fake::OTHER), DealId(1)).is_some());
    }
}
