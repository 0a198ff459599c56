use super::*;
use crate::adapters::fake::{Fake, Reaction, Seen};
use crate::clock::SetClock;

const NOW: i64 = 1_795_161_605_999;
const KEY: &str = "key";

fn good() -> Value {
    json!({"replies": [{"text": "Да, бассейн есть."}], "confidence": 0.9, "kb": "hit", "intents": [], "done": ["consulted"]})
}

/// What a bot that keeps to the contract does with a call.
fn conforming(seen: &Seen) -> Reaction {
    let header = |name| seen.header(name).unwrap_or_default();
    let timestamp = header("x-estafeta-timestamp");
    let key = SecretString::from(KEY);
    if !is_signed(&key, timestamp, &seen.raw, header("x-estafeta-signature"))
        || !is_fresh(timestamp, NOW)
    {
        return Reaction::Json(401, json!({}));
    }
    if seen.body["turn_id"].is_null() {
        return Reaction::Json(400, json!({}));
    }
    Reaction::Json(200, good())
}

async fn table(fake: &Fake) -> Vec<CheckLine> {
    let check = BotCheck {
        url: format!("{}/bot", fake.url),
        secret: SecretString::from(KEY),
        clock: Arc::new(SetClock::new(NOW)),
        patience: Duration::from_millis(400),
        listener: None,
    };
    check.run().await.expect("an address in order")
}

/// The checks that failed.
fn failed(lines: &[CheckLine]) -> Vec<&'static str> {
    let failed = lines.iter().filter(|line| line.verdict == Verdict::Failed);
    failed.map(|line| line.check).collect()
}

#[tokio::test]
async fn issue_9_1_a_bot_that_keeps_to_the_contract_passes_every_check() {
    let lines = table(&Fake::new(conforming).await).await;
    let checks: Vec<_> = lines.iter().map(|line| line.check).collect();
    assert_eq!(checks, CHECKS);
    assert_eq!(failed(&lines), [""; 0], "{lines:#?}");
}

#[tokio::test]
async fn issue_9_1_each_breach_fails_its_own_line() {
    type Breach = fn(&Seen) -> Option<Reaction>;
    let rows: Vec<(&str, Breach)> = vec![
        ("content", |_| {
            Some(Reaction::Json(200, json!({"replies": []})))
        }),
        ("content", |_| {
            Some(Reaction::Json(
                200,
                json!({"replies": [{"text": "Да"}], "confidence": 90}),
            ))
        }),
        ("content", |_| {
            Some(Reaction::Json(
                200,
                json!({"silent": true, "intents": ["dancing"]}),
            ))
        }),
        ("size", |_| {
            let text = "а".repeat(MAX_TEXT + 1);
            Some(Reaction::Json(
                200,
                json!({"replies": [{"text": text}], "confidence": 1.0}),
            ))
        }),
        ("late answer", |_| Some(Reaction::Json(202, json!({})))),
        ("unknown fields", |seen| {
            let unknown = !seen.body["a_field_of_tomorrow"].is_null();
            unknown.then(|| Reaction::Json(422, json!({})))
        }),
    ];
    for (line, breach) in rows {
        let fake = Fake::new(move |seen: &Seen| match conforming(seen) {
            Reaction::Json(200, _) => breach(seen).unwrap_or_else(|| conforming(seen)),
            refused => refused,
        });
        let lines = table(&fake.await).await;
        assert_eq!(failed(&lines), [line], "{lines:#?}");
    }
}

#[tokio::test]
async fn issue_9_1_a_bot_that_takes_anything_fails_where_it_should_refuse() {
    let lines = table(&Fake::always(Reaction::Json(200, good())).await).await;
    assert_eq!(
        failed(&lines),
        ["signature", "timestamp", "no turn"],
        "{lines:#?}"
    );
}

#[tokio::test]
async fn issue_9_1_a_bot_without_an_answer_fails_once_and_is_not_asked_on() {
    for (reaction, words) in [
        (Reaction::Json(500, json!({})), "500"),
        (Reaction::Json(401, json!({})), "401"),
        (Reaction::Json(404, json!({})), "404"),
        (
            Reaction::Body(200, Vec::new(), "<html>".to_owned()),
            "no JSON",
        ),
        (Reaction::HangUp, "the connection was lost"),
        (Reaction::Silence, "no answer in time"),
    ] {
        let fake = Fake::always(reaction.clone()).await;
        let lines = table(&fake).await;
        assert_eq!(failed(&lines), ["answer"], "{reaction:?}: {lines:#?}");
        assert!(lines[0].words.contains(words), "{}", lines[0].words);
        assert_eq!(lines.len(), CHECKS.len());
        assert_eq!(fake.seen().len(), 1);
    }
}

#[tokio::test]
async fn issue_9_1_an_answer_that_changes_fails() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let fake = Fake::new(move |seen: &Seen| match conforming(seen) {
        Reaction::Json(200, mut answer) => {
            let n = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            answer["replies"][0]["text"] = json!(format!("Ответ {n}"));
            Reaction::Json(200, answer)
        }
        refused => refused,
    });
    let lines = table(&fake.await).await;
    assert_eq!(failed(&lines), ["same turn"], "{lines:#?}");
}

#[tokio::test]
async fn only_https_or_this_machine_is_asked() {
    let check = BotCheck {
        url: "http://bot.example.org".to_owned(),
        secret: SecretString::from(KEY),
        clock: Arc::new(SetClock::new(NOW)),
        patience: Duration::from_millis(400),
        listener: None,
    };
    assert!(check.run().await.is_err());
}
