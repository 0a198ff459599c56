//! A card that is open shows what is true without being asked: over the stream of its deal.

use crate::harness::{ANNA, Events, Fleet, IGOR, Manager, OLGA, Server, World, answer, until};
use serde_json::{Value, json};
use widget_core::ids::UserId;
use widget_core::owner::Owner;
use widget_core::wire::{ActionAnswer, DialogView};

const PHONE: &str = "79000000001";

/// A guest whom somebody has to answer, and the deal.
async fn handed_over(world: &World) -> Value {
    world.guest(PHONE).asks("Нас будет пятеро").await;
    world.guest(PHONE).hears(1).await;
    let waits = |dialog: &DialogView| matches!(dialog.view.owner, Owner::Waiting { .. });
    world
        .manager(OLGA)
        .sees_where(PHONE, "waiting", waits)
        .await;
    world.deal_of(PHONE).await.expect("the deal")
}

async fn listening(manager: &Manager<'_>, deal: &Value) -> Events {
    let mut events = manager.listens(deal, None).await.expect("a stream");
    events.tell_of("what is", |_| true).await;
    events
}

#[tokio::test]
async fn a_take_is_told_to_everybody_who_looks_at_the_deal() {
    let world = World::new().await;
    let deal = handed_over(&world).await;
    let (anna, igor) = (world.manager(ANNA), world.manager(IGOR));
    let (mut annas, mut igors) = tokio::join!(listening(&anna, &deal), listening(&igor, &deal));
    world.freezes_the_clock().await;
    anna.takes(PHONE).await;
    for events in [&mut annas, &mut igors] {
        let told = events.tell_of("taken", |d| d.is_led_by(UserId(ANNA))).await;
        let shown = told.dialogs();
        let asked = anna.sees(&deal).await.expect("the same by asking");
        assert_eq!(shown.dialogs[0].view, asked.dialogs[0].view);
        assert_eq!(shown.users, asked.users);
        assert!(shown.users.iter().any(|user| user.name.contains("Анна")));
    }
    // The guest's next message, though it changes no owner.
    world.guest(PHONE).writes("А бассейн есть?").await;
    let asks = |d: &DialogView| d.guest_text.as_deref() == Some("А бассейн есть?");
    igors.tell_of("the question", asks).await;
}

#[tokio::test]
async fn a_card_that_comes_back_is_told_only_what_it_does_not_know() {
    let world = World::new().await;
    let deal = handed_over(&world).await;
    let anna = world.manager(ANNA);
    world.comes_to_rest().await;
    world.freezes_the_clock().await;
    let mut events = anna.listens(&deal, None).await.expect("a stream");
    let told = events.event().await.expect("the state");
    drop(events);
    let mut again = anna.listens(&deal, Some(&told.id)).await.expect("a stream");
    assert_eq!(again.block().await.as_deref(), Some(": as known"));
    anna.takes(PHONE).await;
    let taken = again.tell_of("taken", |d| d.is_led_by(UserId(ANNA))).await;
    assert_ne!(taken.id, told.id);
    // Whoever was away meanwhile is told at once.
    let mut late = anna.listens(&deal, Some(&told.id)).await.expect("a stream");
    let first = late.event().await.expect("an event");
    assert!(first.dialogs().dialogs[0].is_led_by(UserId(ANNA)));
}

#[tokio::test]
async fn a_dialog_that_begins_while_the_card_is_open_is_told() {
    let world = World::new().await;
    let anna = world.manager(ANNA);
    world.has_a_deal(PHONE).await;
    let deal = world.deal_of(PHONE).await.expect("the deal");
    let mut events = anna.listens(&deal, None).await.expect("a stream");
    let empty = events.event().await.expect("an event");
    assert_eq!(empty.dialogs().dialogs, []);
    world.guest(PHONE).asks("Сколько стоит номер?").await;
    events
        .tell_of("the bot leads", |d| d.view.owner == Owner::Bot)
        .await;
}

#[tokio::test]
async fn promise_6_nobody_listens_to_a_deal_that_is_not_theirs() {
    let world = World::new().await;
    let other = World::new().await;
    let deal = handed_over(&world).await;
    let anna = world.manager(ANNA);
    let refusal = async |manager: &Manager<'_>, deal: &Value| {
        let refusal = manager.listens(deal, None).await.err();
        let refusal = refusal.expect("refused");
        (refusal.status.as_u16(), refusal.problem.code)
    };
    // A deal of another account is none of this one's.
    let missing = refusal(&anna, &json!({"id": 1})).await;
    assert_eq!(missing, (404, "deal_not_found".to_owned()));
    // A user whom the account has let go.
    world
        .play(&format!("users/{IGOR}"), &json!({"is_active": false}))
        .await;
    let igor = world.manager(IGOR);
    let gone = refusal(&igor, &deal).await;
    assert_eq!(gone, (403, "forbidden".to_owned()));
    let foreign = other.manager(ANNA).bearer().await;
    let url = format!("{}/api/v1/deals/{}/events", world.serve_url, deal["id"]);
    for bearer in ["", "x", &foreign] {
        let request = world.client.get(&url).bearer_auth(bearer);
        let refusal = answer::<Value>(request).await.expect_err("refused");
        assert_eq!(refusal.status, 401);
        assert_eq!(refusal.problem.code, "session_expired");
    }
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_the_next_one_goes_on() {
    let world = World::new().await;
    let deal = handed_over(&world).await;
    let anna = world.manager(ANNA);
    let mut events = listening(&anna, &deal).await;
    world.advance_s(16 * 60).await;
    let mut last = events.event().await.expect("an event");
    while last.name.is_empty() {
        last = events.event().await.expect("an event");
    }
    assert_eq!(last.name, "renew");
    assert_eq!(events.block().await, None);
    let again = world.manager(ANNA);
    listening(&again, &deal).await;
}

#[tokio::test]
async fn a_server_that_stops_ends_its_streams_at_once() {
    let world = World::new().await;
    let deal = handed_over(&world).await;
    let anna = world.manager(ANNA);
    let mut events = listening(&anna, &deal).await;
    world.freezes_the_clock().await;
    world.asks_the_backend_to_stop();
    while events.block().await.is_some() {}
    let log = world.ends().await;
    assert!(!log.contains("unfinished"), "{log}");
}

#[tokio::test]
async fn many_streams_keep_no_other_request_waiting() {
    const STREAMS: usize = 200;
    let world = World::new().await;
    let deal = handed_over(&world).await;
    let anna = world.manager(ANNA);
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        streams.push(anna.listens(&deal, None).await.expect("a stream"));
    }
    let refusal = anna.listens(&deal, None).await.err().expect("refused");
    assert_eq!(refusal.status, 429);
    assert_eq!(refusal.problem.code, "too_many_streams");
    // Clicks and questions are answered, and all that listen hear of them.
    anna.takes(PHONE).await;
    for events in &mut streams {
        events.tell_of("taken", |d| d.is_led_by(UserId(ANNA))).await;
    }
    // A place that was left is free again.
    drop(streams.pop());
    until("a place", async || anna.listens(&deal, None).await.is_ok()).await;
}

#[tokio::test]
async fn what_one_instance_commits_the_streams_of_the_other_tell() {
    let server = Server::started();
    let world = World::for_a_fleet(&server).await;
    let fleet = Fleet::of(&world, 2).await;
    for instance in 0..fleet.len() {
        fleet.serves(instance).await;
    }
    let deal = handed_over(&world).await;
    let (anna, igor) = (world.manager(ANNA), world.manager(IGOR));
    let (one, other) = (fleet.url(0), fleet.url(1));
    let mut here = igor.listens_at(&one, &deal, None).await.expect("a stream");
    let mut there = igor
        .listens_at(&other, &deal, None)
        .await
        .expect("a stream");
    for (url, action, holds) in [
        (&one, "take", true),
        (&other, "return", false),
        (&other, "take", true),
    ] {
        let dialog = anna.dialog_of(PHONE).await;
        let request = format!("{url}/api/v1/dialogs/{}/{action}", dialog.id);
        let request = world.client.post(request).bearer_auth(anna.bearer().await);
        let done: ActionAnswer = answer(request).await.expect("done");
        let epoch = done.dialog.view.epoch;
        for events in [&mut here, &mut there] {
            let told = events.tell_of(action, |d| d.view.epoch >= epoch).await;
            let led = told.dialogs().dialogs[0].is_led_by(UserId(ANNA));
            assert_eq!(led, holds, "{action}");
        }
    }
    // An instance that stops ends its own streams; the card goes on at the other one.
    fleet.kills(0);
    while here.block().await.is_some() {}
    let mut again = igor
        .listens_at(&other, &deal, None)
        .await
        .expect("a stream");
    let first = again.event().await.expect("an event");
    assert!(first.dialogs().dialogs[0].is_led_by(UserId(ANNA)));
}

#[tokio::test]
async fn a_dialog_that_changes_deals_is_told_to_the_cards_of_both() {
    let world = World::new().await;
    world
        .bot_knows(json!([
            {"contains": "счёт", "intents": ["past_visit"], "reply": "Счёт пришлём на почту"},
            {"contains": "ещё раз", "intents": ["new_booking"], "facts": {"new_booking": true}, "reply": "На май есть номера"},
        ]))
        .await;
    let old = world.has_a_deal_at(PHONE, "Выезд").await;
    world.guest(PHONE).asks("Пришлите счёт за проживание").await;
    world.guest(PHONE).hears(1).await;
    let anna = world.manager(ANNA);
    let mut left = listening(&anna, &old).await;
    world.guest(PHONE).asks("Хотим ещё раз на май").await;
    let new = world.new_deal_beside(PHONE, &old).await;
    world
        .eventually("the dialog is told as another deal's", async || {
            let told = left.event().await.expect("an event").dialogs();
            let deal = told.dialogs[0].deal.map(|deal| deal.0);
            (deal == new["id"].as_i64()).then_some(())
        })
        .await;
    listening(&anna, &new).await;
}

#[tokio::test]
async fn the_responsible_who_looks_is_reminded_of_a_guest_who_waits() {
    let world = World::new().await;
    world.has_a_deal(PHONE).await;
    let deal = handed_over(&world).await;
    let anna = world.manager(ANNA);
    assert_eq!(deal["responsible"], ANNA);
    let mut events = anna.listens(&deal, None).await.expect("a stream");
    let first = events.event().await.expect("an event");
    assert_eq!(first.dialogs().dialogs[0].reminded, None);
    world.advance_s(16 * 60).await;
    let again = world.manager(ANNA);
    let mut events = again.listens(&deal, None).await.expect("a stream");
    events
        .tell_of("reminded", |d| d.reminded == Some(UserId(ANNA)))
        .await;
    again.takes(PHONE).await;
    let taken = |d: &DialogView| d.is_led_by(UserId(ANNA)) && d.reminded.is_none();
    events.tell_of("taken", taken).await;
}

#[tokio::test]
async fn what_nobody_rang_for_is_found_by_looking() {
    let world = World::new().await;
    let deal = handed_over(&world).await;
    world.comes_to_rest().await;
    let anna = world.manager(ANNA);
    let mut events = listening(&anna, &deal).await;
    // As where the word of another instance was lost.
    world
        .changes_data("UPDATE dialog SET deal = NULL, contact = NULL")
        .await;
    while !events
        .event()
        .await
        .expect("an event")
        .dialogs()
        .dialogs
        .is_empty()
    {}
}
