//! The providers' limits: everybody is served, no limit is broken, and a provider that refuses the whole account fails
//! nothing.

use crate::harness::{HANDOFF, World};
use serde_json::json;
use std::time::Duration;

const GUESTS: usize = 60;
/// Every third guest asks for a person.
const PERSON: usize = 3;

fn phone(n: usize) -> String {
    format!("790000020{n:02}")
}

/// The clock goes on, and what falls due has its effect before it goes on again.
async fn a_moment_passes(world: &World) {
    world.advance_s(2).await;
    // The backend reads the clock now and then.
    tokio::time::sleep(Duration::from_millis(250)).await;
    // A text that is claimed but has not arrived when the clock goes on would count for a later moment than its place.
    let (mut seen, mut quiet) = (usize::MAX, 0);
    while quiet < 4 {
        let calls = world.look("calls").await.expect("calls");
        let calls = calls.as_array().expect("a list").len();
        quiet = if calls == seen { quiet + 1 } else { 0 };
        seen = calls;
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
}

/// Texts that reached guests.
async fn sent(world: &World) -> usize {
    world
        .count("pact", "POST /api/p2/conversations", "/messages")
        .await
}

/// The calls that Pact refused because there were too many.
async fn refused_for_its_rate(world: &World) -> Vec<String> {
    let calls = world.calls("pact").await.into_iter();
    calls
        .filter(|(_, status)| *status == Some(429))
        .map(|(call, _)| call)
        .collect()
}

#[tokio::test]
async fn promise_2_sixty_guests_are_served_within_pacts_limits_although_the_backend_dies() {
    let world = World::with_limits("real").await;
    world.serve(&[]).await;
    world.play("clock", &json!({"speed": 0})).await;
    for n in 0..GUESTS {
        let words = if n % PERSON == 0 {
            "Нас будет пятеро"
        } else {
            "Сколько стоит номер?"
        };
        world.guest(&phone(n)).writes(words).await;
    }
    let mut died = false;
    let mut moments = 0;
    while sent(&world).await < GUESTS {
        a_moment_passes(&world).await;
        moments += 1;
        assert!(
            moments < 200,
            "{} of {GUESTS} are served",
            sent(&world).await
        );
        if !died && sent(&world).await >= 20 {
            died = true;
            world.kills_the_backend();
            world.start(&[]);
        }
    }
    assert!(died);
    assert_eq!(
        refused_for_its_rate(&world).await,
        Vec::<String>::new(),
        "no limit is broken"
    );
    for n in 0..GUESTS {
        let heard = world.guest(&phone(n)).heard_from_bot().await;
        assert_eq!(heard.len(), 1, "guest {n}: {heard:?}");
        assert_eq!(
            n % PERSON == 0,
            heard[0].contains(HANDOFF),
            "guest {n}: {heard:?}"
        );
    }
}

#[tokio::test]
async fn promise_4_a_channel_that_refuses_everything_holds_the_texts_and_says_so() {
    const PHONE: &str = "79000000001";
    let world = World::new().await;
    world.lasting_fault("pact", "http_403").await;
    let guest = world.guest(PHONE);
    let message = guest.asks("Сколько стоит номер?").await;
    let refused = async || {
        let url = format!("{}/readyz", world.serve_url);
        let ready = world.client.get(url).send().await.expect("it answers");
        assert_eq!(ready.status(), 200, "events are taken all the same");
        let ready: serde_json::Value = ready.json().await.expect("JSON");
        ready["accounts"][0]["refused"].clone()
    };
    world
        .eventually("the refusal is told", async || {
            (refused().await["pact"]["status"] == 403).then_some(())
        })
        .await;
    world.comes_to_rest().await;
    assert!(guest.heard_from_bot().await.is_empty());
    world.clears_faults().await;
    world.advance_s(61).await;
    guest.hears(1).await;
    assert_eq!(guest.answers_to(message).await, 1, "held, not failed");
    world
        .eventually("it is over", async || {
            refused()
                .await
                .as_object()
                .is_some_and(serde_json::Map::is_empty)
                .then_some(())
        })
        .await;
}

#[tokio::test]
async fn promise_6_a_bot_that_hangs_holds_back_no_text_and_no_write() {
    let world = World::new().await;
    world.bot(&json!({"delay_ms": 600_000})).await;
    for n in 0..40 {
        world.guest(&phone(n)).writes("Сколько стоит номер?").await;
    }
    world
        .eventually("the bot is asked by all", async || {
            (world.turns().await >= 40).then_some(())
        })
        .await;
    let guest = world.guest("79000000001");
    guest.asks("Нас будет пятеро").await;
    assert!(guest.hears(1).await.contains(HANDOFF));
    world
        .deal_where("79000000001", "its task stands", |deal| {
            !crate::harness::open_tasks(deal).is_empty()
        })
        .await;
}
