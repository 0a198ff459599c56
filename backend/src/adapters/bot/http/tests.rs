use super::*;
use crate::adapters::fake::{Fake, Reaction, Seen};
use crate::clock::SetClock;
use crate::ports::{BotContact, BotPolicy};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use widget_core::ids::{DialogId, TurnId};
use widget_core::understand::Facts;

/// The clock of these tests, unix ms.
const NOW: i64 = 1_795_161_605_999;

fn bot(url: &str) -> HttpBot {
    let config = BotConfig {
        url: format!("{url}/bot"),
        secret: SecretString::from("key"),
        timeout_ms: 2000,
        retry_within_ms: 300,
        marks_turns: false,
    };
    HttpBot::new(config, Arc::new(SetClock::new(NOW))).unwrap()
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
            bot_name: String::new(),
            organisation: String::new(),
            booking: None,
        },
    }
}

/// The texts of an answer that came at once.
fn replies(said: BotSaid) -> Vec<String> {
    match said {
        BotSaid::Answer(reply) => reply.replies,
        BotSaid::Later => panic!("it comes later"),
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
    let expected = signature(&SecretString::from("key"), "1795161605", &seen.raw);
    assert_eq!(seen.header("x-estafeta-signature"), Some(expected.as_str()));
}

#[tokio::test]
async fn a_failed_try_is_made_once_more_with_the_same_turn() {
    for failure in [
        Reaction::Json(500, json!({})),
        Reaction::Body(503, Vec::new(), "<html>".to_owned()),
        Reaction::Body(200, Vec::new(), "<html>".to_owned()),
        Reaction::Json(200, json!({"replies": [{"text": "а".repeat(MOST_BYTES)}]})),
        Reaction::HangUp,
        Reaction::Silence,
    ] {
        let fake = first_then(failure.clone(), Reaction::Json(200, good())).await;
        let said = bot(&fake.url).turn(&turn()).await.unwrap();
        assert_eq!(replies(said), ["Да"], "{failure:?}");
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
    for status in [302, 400, 401, 404, 422, 429] {
        let fake = Fake::always(Reaction::Json(status, json!({}))).await;
        let error = bot(&fake.url).turn(&turn()).await.unwrap_err();
        assert!(
            matches!(error, CallError::Refused { status: s, .. } if s == status),
            "{error}"
        );
        assert_eq!(fake.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_202_is_a_promise_and_no_answer() {
    let fake = Fake::always(Reaction::Json(202, json!({}))).await;
    let said = bot(&fake.url).turn(&turn()).await.unwrap();
    assert_eq!(said, BotSaid::Later);
    assert_eq!(fake.seen().len(), 1);
}

#[test]
fn a_late_answer_is_the_bots_own_fresh_and_readable() {
    let bot = bot("http://127.0.0.1:1");
    let late = |key: &str, timestamp: &str, body: &str| {
        let signature = signature(&SecretString::from(key), timestamp, body.as_bytes());
        bot.late(LateCall {
            timestamp,
            signature: &signature,
            body: body.as_bytes(),
        })
    };
    let body = good().to_string();
    let taken = late("key", "1795161605", &body).unwrap();
    assert_eq!(taken.replies, ["Да"]);
    assert_eq!(
        late("other", "1795161605", &body),
        Err(LateRefusal::NotSigned)
    );
    assert_eq!(late("key", "1795161304", &body), Err(LateRefusal::Stale));
    assert_eq!(
        late("key", "1795161605", "[]"),
        Err(LateRefusal::Unreadable)
    );
    assert_eq!(
        late("key", "1795161605", "<html>"),
        Err(LateRefusal::Unreadable)
    );
}
