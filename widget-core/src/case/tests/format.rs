//! The JSON of cases.

use super::*;
use crate::case::LocalTime;

fn refused(case: Value) -> String {
    serde_json::from_value::<Case>(case)
        .unwrap_err()
        .to_string()
}

#[test]
fn a_case_of_one_field_is_a_case() {
    let verdict = judged(&policy(), json!({"id": 7}));
    let value = serde_json::to_value(&verdict).unwrap();
    assert_eq!(value["id"], json!(7));
    assert_eq!(value["action"], json!("new_deal"));
}

#[test]
fn a_field_that_is_not_known_is_refused_by_its_name() {
    for (name, case) in [
        ("stagе", json!({"id": "1", "stagе": "Заезд"})),
        ("expected", json!({"id": "1", "expected": {}})),
        ("ownr", json!({"id": "1", "context": {"ownr": "bot"}})),
        (
            "mime",
            json!({"id": "1", "context": {"attachments": [{"type": "x", "mime": 1}]}}),
        ),
        ("guest", json!({"id": "1", "test": {"facts": {"guest": 5}}})),
        ("kb", json!({"id": "1", "test": {"bot": {"kb": "hit"}}})),
        (
            "guest",
            json!({"id": "1", "test": {"bot": {"facts": {"guest": 5}}}}),
        ),
        ("id", json!({"stage": null})),
    ] {
        let error = refused(case);
        assert!(error.contains(&format!("field `{name}`")), "{error}");
    }
    let wrong = refused(json!({"id": "1", "context": {"owner": "nobody"}}));
    assert!(wrong.contains("nobody"), "{wrong}");
    let wrong = refused(json!({"id": "1", "test": {"intents": ["paymnt"]}}));
    assert!(wrong.contains("paymnt"), "{wrong}");
    let wrong = refused(json!({"id": "1", "context": {"local_time": "утром"}}));
    assert!(wrong.contains("утром"), "{wrong}");
}

#[test]
fn cases_and_verdicts_come_back_as_they_were() {
    let case = json!({
        "id": "a", "stage": "Заезд", "text": "…",
        "context": {"owner": "manager", "local_time": "сб 20:30", "kb": "miss", "open_deals": 2,
            "deals": ["Заезд: в мае"], "attachments": [{"type": "ptt", "seconds": 5}],
            "open_whatsapp_task": true, "contact_known": true, "just_returned": true,
            "last_manager_message_min_ago": 3},
        "test": {"facts": {"dates": "2027-03-10/2027-03-20"}, "intents": ["review"],
            "bot": {"confidence": 50, "handoff": {"reason": "no_kb"}}},
    });
    let case: Case = serde_json::from_value(case).unwrap();
    let again: Case = serde_json::from_value(serde_json::to_value(&case).unwrap()).unwrap();
    assert_eq!(again, case);
    let verdict = judge(&policy(), &case, moscow);
    let again: Verdict = serde_json::from_value(serde_json::to_value(&verdict).unwrap()).unwrap();
    assert_eq!(again, verdict);
}

#[test]
fn the_local_time_is_read_in_every_spelling() {
    for (text, time) in [
        ("2026-11-18T11:00", "2026-11-18T11:00:00"),
        ("2026-11-18 11:00", "2026-11-18T11:00:00"),
        ("2026-11-18T11:00:30.250", "2026-11-18T11:00:30"),
        ("2026-11-18T11:00:00+03:00", "2026-11-18T11:00:00+03:00"),
        ("2026-11-18T08:00:00Z", "2026-11-18T08:00:00Z"),
        ("2026-11-18T08:00:00-05:30", "2026-11-18T08:00:00-05:30"),
        ("11:00", "2026-11-18T11:00:00"),
        (" 9:05 ", "2026-11-18T09:05:00"),
        ("ср 11:00", "2026-11-18T11:00:00"),
        ("сб 20:30", "2026-11-21T20:30:00"),
        ("Сб. 20:30", "2026-11-21T20:30:00"),
        ("sat 20:30", "2026-11-21T20:30:00"),
        ("Tuesday, 20:30", "2026-11-24T20:30:00"),
        ("воскресенье 00:00", "2026-11-22T00:00:00"),
        ("Wed 2026-11-18 11:00", "2026-11-18T11:00:00"),
    ] {
        let read: LocalTime = text.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(read.to_string(), time, "{text}");
        assert_eq!(time.parse(), Ok(read), "{text}");
    }
    assert_eq!(LocalTime::default(), "2026-11-18 11:00".parse().unwrap());
    for wrong in [
        "",
        "утром",
        "24:00",
        "11",
        "11:60",
        "2026-02-30 11:00",
        "сб",
        "сб 2026-11-18 11:00",
        "2026-11-18",
        "11:00:61",
        "11:00+3",
        "11:00:0x",
    ] {
        assert!(wrong.parse::<LocalTime>().is_err(), "{wrong}");
    }
}

#[test]
fn a_time_is_the_accounts_unless_it_says_otherwise() {
    const CHANGE: i64 = 1_792_890_000_000; // Sun 2026-10-25 01:00 UTC, from +2 to +1.
    let berlin = |_| Zone {
        transitions: vec![(0, 7_200), (CHANGE, 3_600)],
    };
    let ms = |text: &str| text.parse::<LocalTime>().unwrap().unix_ms(&berlin);
    assert_eq!(ms("2026-10-25 01:30"), ms("2026-10-24T23:30:00Z"));
    assert_eq!(ms("2026-10-25 04:00"), ms("2026-10-25T03:00:00Z"));
    assert_eq!(ms("2026-10-25 04:00"), ms("2026-10-25T06:00:00+03:00"));
}
