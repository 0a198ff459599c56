//! The backend is asked to stop: nothing new begins, what is under way ends or is handed back, and the next start goes
//! on with it.

use crate::harness::{World, until};
use serde_json::json;

const PHONE: &str = "79000000001";
const NEVER_MS: i64 = 600_000;

/// A guest has asked, and the bot thinks for ever.
async fn while_the_bot_thinks() -> (World, i64) {
    let world = World::new().await;
    world.bot(&json!({"delay_ms": NEVER_MS})).await;
    let message = world.guest(PHONE).asks("Сколько стоит номер?").await;
    world
        .eventually("the bot is asked", async || {
            (world.turns().await == 1).then_some(())
        })
        .await;
    (world, message)
}

async fn is_answered_once(world: &World, message: i64) {
    world.bot(&json!({"delay_ms": 0})).await;
    world.serve(&[]).await;
    let guest = world.guest(PHONE);
    guest.hears(1).await;
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await.len(), 1);
    assert_eq!(guest.answers_to(message).await, 1);
}

#[tokio::test]
async fn promise_2_nothing_lost_a_stop_hands_back_a_question_that_takes_too_long() {
    let (world, message) = while_the_bot_thinks().await;
    world.asks_the_backend_to_stop();
    let log = world.ends().await;
    assert!(log.contains("handed back") && !log.contains("unfinished"));
    let questions: Vec<_> = world.open_acts().await;
    let questions: Vec<_> = questions.iter().filter(|act| act.0 == "bot").collect();
    assert_eq!(questions, [&("bot".to_owned(), "call".to_owned(), false)]);
    let wal = world.database().with_extension("sqlite-wal");
    let left = std::fs::metadata(&wal).map_or(0, |wal| wal.len());
    assert_eq!(left, 0, "the database was closed with a checkpoint");
    is_answered_once(&world, message).await;
}

#[tokio::test]
async fn promise_3_nothing_twice_a_stop_hands_back_a_send_to_be_looked_for() {
    let world = World::new().await;
    let slow = json!({"service": "pact", "kind": "slow", "count": 1, "ms": NEVER_MS});
    let message = world.guest(PHONE).writes("Сколько стоит номер?").await;
    world.play("faults", &slow).await;
    world
        .eventually("the answer is on its way", async || {
            let open = world.open_acts().await;
            open.iter()
                .any(|act| act.0 == "send" && act.2)
                .then_some(())
        })
        .await;
    world.asks_the_backend_to_stop();
    world.ends().await;
    let open = world.open_acts().await;
    let send = ("send".to_owned(), "check".to_owned(), false);
    assert!(open.contains(&send), "{open:?}");
    assert!(
        open.iter().all(|act| !act.2),
        "nothing stays claimed: {open:?}"
    );
    is_answered_once(&world, message).await;
}

#[tokio::test]
async fn promise_2_nothing_lost_a_second_signal_stops_at_once() {
    let (world, message) = while_the_bot_thinks().await;
    world.asks_the_backend_to_stop();
    until("it is stopping", async || world.log().contains("stopping")).await;
    world.asks_the_backend_to_stop();
    let log = world.ends().await;
    assert!(log.contains("unfinished") && !log.contains("handed back"));
    let open = world.open_acts().await;
    let question = ("bot".to_owned(), "call".to_owned(), true);
    assert!(open.contains(&question), "nothing was waited for: {open:?}");
    is_answered_once(&world, message).await;
}
