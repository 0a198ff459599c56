//! The backend dies and is started again: the path goes on, nothing is sent twice (promises 2 and 3).
//!
//! Deterministic deaths at the named failpoints need the feature `failpoints`; `kill -9` and lost responses do not.

use crate::harness::{ANNA, HANDOFF, INTRO, World, until, whatsapp_tasks};
use serde_json::json;
use widget_core::owner::Owner;

const PHONE: &str = "79000000001";
/// The signal of `abort`.
const SIGABRT: i32 = 6;

/// What the guest writes, and what has to come of it exactly once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Story {
    Answer,
    Handoff,
}

impl Story {
    /// The kind of the send that ends it.
    fn send(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Handoff => "handoff",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Answer => "Сколько стоит номер?",
            Self::Handoff => "Нас будет пятеро",
        }
    }
}

/// Whether the binary can crash at will; says so where it cannot.
fn has_failpoints() -> bool {
    if !cfg!(feature = "failpoints") {
        eprintln!("not tested: run with --features backend/failpoints");
    }
    cfg!(feature = "failpoints")
}

/// Everything came to its end, once.
async fn is_told_once(world: &World, phone: &str, story: Story, message: i64) {
    let guest = world.guest(phone);
    let text = guest.hears(1).await;
    let (stage, field) = match story {
        Story::Answer => ("Проведена консультация", "Бот"),
        Story::Handoff => ("Новая заявка", "Ждёт менеджера"),
    };
    world
        .deal_where(phone, "it shows where the path has led", |deal| {
            deal["stage"] == stage
                && deal["owner_field"] == field
                && (story == Story::Answer || whatsapp_tasks(deal).len() == 1)
        })
        .await;
    world.comes_to_rest().await;
    assert_eq!(
        guest.heard_from_bot().await,
        std::slice::from_ref(&text),
        "exactly one text"
    );
    let deal = world.deal_of(phone).await.expect("exactly one deal");
    let notes = deal["notes"].as_array().expect("notes");
    let card = world.manager(ANNA).dialog_of(phone).await;
    match story {
        Story::Answer => {
            assert!(text.contains(INTRO), "{text}");
            assert_eq!(guest.answers_to(message).await, 1);
            assert!(whatsapp_tasks(&deal).is_empty(), "{deal:#}");
            assert_eq!(card.view.owner, Owner::Bot);
            assert_eq!((card.unanswered_since, card.bot_busy), (None, false));
        }
        Story::Handoff => {
            assert_eq!(text, HANDOFF);
            assert_eq!(whatsapp_tasks(&deal).len(), 1, "{deal:#}");
            let handoffs = notes.iter().filter(|note| {
                note.as_str()
                    .is_some_and(|note| note.starts_with("Передано менеджеру"))
            });
            assert_eq!(handoffs.count(), 1, "{deal:#}");
            assert!(
                matches!(card.view.owner, Owner::Waiting { .. }),
                "{card:#?}"
            );
        }
    }
}

/// Dies at the first time that the failpoint is passed after the guest has written.
async fn dies_at(point: &str, story: Story) {
    if !has_failpoints() {
        return;
    }
    let world = World::new().await;
    world.kills_the_backend();
    let failpoint = format!("{point}:abort");
    world.serve(&[("ESTAFETA_FAILPOINT", &failpoint)]).await;
    let message = world.guest(PHONE).writes(story.words()).await;
    world
        .eventually("the backend dies", async || {
            (!world.is_alive()).then_some(())
        })
        .await;
    assert_eq!(world.dies().await, Some(SIGABRT));
    world.serve(&[]).await;
    // Pact repeats after a minute what was not acknowledged.
    world.advance_s(61).await;
    is_told_once(&world, PHONE, story, message).await;
}

macro_rules! deaths {
    ($($answer:ident $handoff:ident $point:literal,)*) => {$(
        #[tokio::test]
        async fn $answer() {
            dies_at($point, Story::Answer).await;
        }

        #[tokio::test]
        async fn $handoff() {
            dies_at($point, Story::Handoff).await;
        }
    )*};
}

deaths! {
    promise_2_an_answer_survives_a_death_after_ack promise_2_a_handoff_survives_a_death_after_ack "after_ack",
    promise_2_an_answer_survives_a_death_after_decide promise_2_a_handoff_survives_a_death_after_decide "after_decide",
    promise_2_an_answer_survives_a_death_after_claim promise_2_a_handoff_survives_a_death_after_claim "after_claim",
    promise_2_an_answer_survives_a_death_after_call promise_2_a_handoff_survives_a_death_after_call "after_call",
    promise_2_an_answer_survives_a_death_before_result promise_2_a_handoff_survives_a_death_before_result "before_result",
}

/// The CRM's catalogue is read at the start: the backend dies there, and the guest writes to nobody.
async fn dies_after_refresh(story: Story) {
    if !has_failpoints() {
        return;
    }
    let world = World::new().await;
    world.kills_the_backend();
    world.start(&[("ESTAFETA_FAILPOINT", "after_refresh:abort")]);
    assert_eq!(world.dies().await, Some(SIGABRT));
    let message = world.guest(PHONE).writes(story.words()).await;
    world.serve(&[]).await;
    world.advance_s(61).await;
    is_told_once(&world, PHONE, story, message).await;
}

#[tokio::test]
async fn promise_2_an_answer_survives_a_death_after_refresh() {
    dies_after_refresh(Story::Answer).await;
}

#[tokio::test]
async fn promise_2_a_handoff_survives_a_death_after_refresh() {
    dies_after_refresh(Story::Handoff).await;
}

/// Dies at the send to the guest itself: everything before it is done and Pact takes nothing, then the backend is
/// started anew with the failpoint, and the send is the first thing it does.
async fn dies_at_the_send(point: &str, story: Story, has_left: bool) {
    if !has_failpoints() {
        return;
    }
    let world = World::new().await;
    let guest = world.guest(PHONE);
    world.has_a_deal(PHONE).await;
    world.lasting_fault("pact", "http_429").await;
    let message = guest.asks(story.words()).await;
    world
        .eventually("Pact takes no text", async || {
            let calls = world.calls("pact").await;
            let refused = |(name, status): &(String, Option<u64>)| {
                name.starts_with("POST") && name.ends_with("/messages") && *status == Some(429)
            };
            calls.iter().any(refused).then_some(())
        })
        .await;
    world
        .deal_where(PHONE, "the CRM is written", |deal| {
            let waits = deal["owner_field"] == "Ждёт менеджера"
                && !deal["notes"].as_array().is_some_and(Vec::is_empty);
            match story {
                Story::Answer => deal["owner_field"] == "Бот",
                Story::Handoff => waits && whatsapp_tasks(deal).len() == 1,
            }
        })
        .await;
    until("the CRM has answered", async || {
        world
            .calls("amocrm")
            .await
            .iter()
            .all(|(_, status)| status.is_some())
    })
    .await;
    world.kills_the_backend();
    world.clears_faults().await;
    assert!(guest.heard_from_bot().await.is_empty());

    // Of the send alone: something of the CRM's may still wait for its result.
    let failpoint = format!("{point}@{}:abort", story.send());
    world.start(&[("ESTAFETA_FAILPOINT", &failpoint)]);
    world
        .eventually("the backend dies", async || {
            (!world.is_alive()).then_some(())
        })
        .await;
    assert_eq!(world.dies().await, Some(SIGABRT));
    assert_eq!(
        !guest.heard_from_bot().await.is_empty(),
        has_left,
        "it died at the send"
    );
    world.serve(&[]).await;
    is_told_once(&world, PHONE, story, message).await;
}

#[tokio::test]
async fn promise_3_an_answer_claimed_and_not_sent_is_sent_once() {
    dies_at_the_send("after_claim", Story::Answer, false).await;
}

#[tokio::test]
async fn promise_3_an_answer_sent_and_not_noted_is_not_sent_again() {
    dies_at_the_send("after_call", Story::Answer, true).await;
}

#[tokio::test]
async fn promise_3_an_answer_whose_result_is_lost_is_not_sent_again() {
    dies_at_the_send("before_result", Story::Answer, true).await;
}

#[tokio::test]
async fn promise_3_a_handoff_claimed_and_not_sent_is_sent_once() {
    dies_at_the_send("after_claim", Story::Handoff, false).await;
}

#[tokio::test]
async fn promise_3_a_handoff_sent_and_not_noted_is_not_sent_again() {
    dies_at_the_send("after_call", Story::Handoff, true).await;
}

#[tokio::test]
async fn promise_3_a_text_whose_response_is_lost_is_not_sent_again() {
    for story in [Story::Answer, Story::Handoff] {
        let world = World::new().await;
        world.fault("pact", "lost_response").await;
        let message = world.guest(PHONE).asks(story.words()).await;
        is_told_once(&world, PHONE, story, message).await;
    }
}

#[tokio::test]
async fn promise_3_writes_to_the_crm_whose_responses_are_lost_are_not_made_again() {
    let lost = json!({"service": "amocrm", "kind": "lost_response", "count": 6});
    let world = World::new().await;
    world.has_a_deal(PHONE).await;
    world.play("faults", &lost).await;
    let message = world.guest(PHONE).asks(Story::Handoff.words()).await;
    is_told_once(&world, PHONE, Story::Handoff, message).await;
}

#[tokio::test]
async fn promise_3_a_contact_and_a_deal_whose_responses_are_lost_are_not_made_again() {
    let lost = json!({"service": "amocrm", "kind": "lost_response", "count": 4});
    let world = World::new().await;
    world.lasting_fault("amocrm", "never_deal").await;
    world.play("faults", &lost).await;
    let message = world.guest(PHONE).asks(Story::Answer.words()).await;
    is_told_once(&world, PHONE, Story::Answer, message).await;
}

/// Rounds of `kill -9` at a moment that differs from round to round and is the same in every run of the test.
#[tokio::test]
async fn promise_2_and_3_hold_through_kills_at_any_moment() {
    let world = World::new().await;
    let mut dice: u64 = 0x5EED_1E57_AFE7_A001;
    for round in 0..5 {
        let phone = format!("7900000001{round}");
        let story = if round % 2 == 0 {
            Story::Answer
        } else {
            Story::Handoff
        };
        let message = world.guest(&phone).writes(story.words()).await;
        world.advance_s(4).await;
        dice = dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let pause = std::time::Duration::from_millis((dice >> 33) % 1_200);
        tokio::time::sleep(pause).await;
        world.kills_the_backend();
        world.serve(&[]).await;
        world.advance_s(61).await;
        is_told_once(&world, &phone, story, message).await;
    }
}

#[tokio::test]
async fn a_take_that_was_answered_survives_a_kill() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    let anna = world.manager(ANNA);
    world.has_a_deal(PHONE).await;
    world.bot(&json!({"delay_ms": 3000})).await;
    guest.asks(Story::Answer.words()).await;
    world
        .eventually("the bot thinks", async || {
            (world.turns().await == 1).then_some(())
        })
        .await;
    anna.takes(PHONE).await;
    world.kills_the_backend();
    world.bot(&json!({"delay_ms": 0})).await;
    world.serve(&[]).await;
    world.comes_to_rest().await;
    assert!(guest.heard_from_bot().await.is_empty());
    let card = anna.dialog_of(PHONE).await;
    assert!(
        matches!(card.view.owner, Owner::Manager { .. }),
        "{card:#?}"
    );
    world
        .deal_where(PHONE, "the field follows", |deal| {
            deal["owner_field"] == "Менеджер"
        })
        .await;
}
