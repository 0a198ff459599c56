use super::*;
use crate::adapters::fake::{Fake, Reaction, Seen};
use crate::clock::SetClock;
use crate::ports::{BotContact, BotPolicy};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use widget_core::event::BotDone;
use widget_core::ids::{DialogId, TurnId};
use widget_core::understand::Intent;

fn bot(url: &str) -> HttpBot {
    let config = BotConfig {
        url: format!("{url}/bot"),
        secret: SecretString::from("key"),
        timeout_ms: 2000,
        retry_within_ms: 300,
    };
    HttpBot::new(config, Arc::new(SetClock::new(1_795_161_605_999))).unwrap()
}

fn turn() -> BotRequest {
    BotRequest {
        turn_id: TurnId::from("t-1"),
        dialog: DialogId::from("d-1"),
        introduce: true,
        manager_note: None,
        messages: Vec::new(),
        contact: BotContact::default(),
        deal: None,
        facts: Facts::default(),
        history: Vec::new(),
        policy: BotPolicy {
            texts: std::collections::BTreeMap::new(),
            triggers: Vec::new(),
            collect: Vec::new(),
        },
    }
}

fn good() -> Value {
    json!({"replies": [{"text": "Да"}], "confidence": 0.9, "kb": "hit"})
}

/// A bot that reacts to the first call in one way and to later ones in another.
async fn first_then(first: Reaction, later: Reaction) -> Fake {
    let calls = AtomicUsize::new(0);
    Fake::new(move |_: &Seen| match calls.fetch_add(1, Ordering::SeqCst) {
        0 => first.clone(),
        _ => later.clone(),
    })
    .await
}

#[tokio::test]
async fn a_turn_is_signed_over_timestamp_and_body() {
    let fake = Fake::always(Reaction::Json(200, good())).await;
    bot(&fake.url).turn(&turn()).await.unwrap();
    let seen = &fake.seen()[0];
    assert!(seen.is("POST", "/bot/turns"));
    assert_eq!(seen.body["turn_id"], json!("t-1"));
    assert_eq!(seen.header("x-estafeta-timestamp"), Some("1795161605"));
    let mut mac = Hmac::<Sha256>::new_from_slice(b"key").unwrap();
    mac.update(b"1795161605.");
    mac.update(&seen.raw);
    let expected = hex::encode(mac.finalize().into_bytes());
    assert_eq!(seen.header("x-estafeta-signature"), Some(expected.as_str()));
}

#[tokio::test]
async fn a_failed_try_is_made_once_more_with_the_same_turn() {
    for failure in [
        Reaction::Json(500, json!({})),
        Reaction::Body(503, Vec::new(), "<html>".to_owned()),
        Reaction::Body(200, Vec::new(), "<html>".to_owned()),
        Reaction::HangUp,
        Reaction::Silence,
    ] {
        let fake = first_then(failure.clone(), Reaction::Json(200, good())).await;
        let reply = bot(&fake.url).turn(&turn()).await.unwrap();
        assert_eq!(reply.replies, ["Да"], "{failure:?}");
        let seen = fake.seen();
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0].raw, seen[1].raw);
    }
}

#[tokio::test]
async fn two_failed_tries_are_the_end() {
    for failure in [
        Reaction::Json(500, json!({})),
        Reaction::HangUp,
        Reaction::Silence,
    ] {
        let fake = Fake::always(failure.clone()).await;
        let error = bot(&fake.url).turn(&turn()).await.unwrap_err();
        assert!(matches!(error, CallError::Unknown { .. }), "{failure:?}");
        assert_eq!(fake.seen().len(), 2, "{failure:?}");
    }
    let nobody = bot(&Fake::nobody().await).turn(&turn()).await;
    assert!(matches!(nobody, Err(CallError::Unknown { .. })));
}

#[tokio::test]
async fn a_refusal_is_not_repeated() {
    for status in [202, 302, 400, 401, 404, 422, 429] {
        let fake = Fake::always(Reaction::Json(status, json!({}))).await;
        let error = bot(&fake.url).turn(&turn()).await.unwrap_err();
        assert!(
            matches!(error, CallError::Refused { status: s, .. } if s == status),
            "{error}"
        );
        assert_eq!(fake.seen().len(), 1);
    }
}

#[test]
fn a_whole_answer() {
    let reply = reply(&json!({
        "replies": [{"text": "Смотрите"}, {"file_url": "https://x/a.pdf", "name": "a.pdf"}, "и вот"],
        "silent": false, "confidence": 0.9, "kb": "hit", "intents": ["how_to_pay", "unheard_of", 7],
        "facts": {"guests": 2, "youngest_child": "3", "pet": true, "rooms": -1, "mood": "good"},
        "done": ["consulted", "danced"], "handoff": {"reason": "complaint", "note": "шумно"},
    }));
    assert_eq!(reply.replies, ["Смотрите", "https://x/a.pdf", "и вот"]);
    assert_eq!((reply.confidence, reply.kb), (90, Kb::Hit));
    assert_eq!(reply.intents, [Intent::HowToPay]);
    assert_eq!(reply.facts.guests, Some(2));
    assert_eq!(reply.facts.youngest_child, Some(3));
    assert_eq!((reply.facts.rooms, reply.facts.pet), (None, Some(true)));
    assert_eq!(reply.done, [BotDone::Consulted]);
    assert_eq!(
        reply.handoff,
        Some(("complaint".to_owned(), Some("шумно".to_owned())))
    );
}

#[test]
fn promise_4_in_doubt_a_person_an_odd_answer_carries_nothing_to_say() {
    for odd in [
        json!({}),
        json!({"replies": null, "silent": null, "handoff": null}),
        json!({"replies": [{}, {"text": " "}, {"file_url": "javascript:1"}, 5], "silent": "no"}),
        json!({"replies": {"text": "x"}, "handoff": false}),
    ] {
        let reply = reply(&odd);
        assert!(
            reply.replies.is_empty() && !reply.silent && reply.handoff.is_none(),
            "{odd}"
        );
        assert_eq!(reply.confidence, 0);
    }
    assert_eq!(reply(&json!({"kb": "maybe"})).kb, Kb::Miss);
    assert_eq!(reply(&json!({})).kb, Kb::None);
    assert_eq!(
        reply(&json!({"handoff": true})).handoff,
        Some((String::new(), None))
    );
    assert_eq!(
        reply(&json!({"handoff": "complaint"})).handoff,
        Some(("complaint".to_owned(), None))
    );
}

#[test]
fn confidence_is_rounded_down() {
    for (value, expected) in [
        (json!(0), 0),
        (json!(0.29), 29),
        (json!(0.57), 57),
        (json!(0.699), 69),
        (json!(0.7), 70),
        (json!(1), 100),
        (json!("0.8"), 80),
        (json!(90), 0),
        (json!(-0.1), 0),
        (json!("NaN"), 0),
        (json!(null), 0),
    ] {
        assert_eq!(percent(&value), expected, "{value}");
    }
}
