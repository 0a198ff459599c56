//! Reading what a bot says (DESIGN §5.8).

use crate::adapters::json;
use crate::ports::BotReply;
use serde::de::DeserializeOwned;
use serde_json::Value;
use widget_core::booking::Stay;
use widget_core::event::Kb;
use widget_core::knowledge::is_id;
use widget_core::text::for_staff;
use widget_core::understand::Facts;

/// No more names of passages go into a trace.
const MOST_NAMES: usize = 10;
/// A summary is cut to so many characters.
const SUMMARY: usize = 600;

/// Reads an answer leniently. What is missing or odd is read so that a person gets the dialog.
pub(super) fn read(answer: &Value) -> BotReply {
    BotReply {
        replies: json::list(&answer["replies"])
            .iter()
            .filter_map(reply_text)
            .collect(),
        silent: json::is_true(&answer["silent"]),
        confidence: percent(&answer["confidence"]),
        kb: match &answer["kb"] {
            Value::Null => Kb::None,
            word => known(word).unwrap_or(Kb::Miss),
        },
        intents: known_all(&answer["intents"]),
        facts: facts(&answer["facts"]),
        done: known_all(&answer["done"]),
        handoff: handoff(&answer["handoff"]),
        passages: json::list(&answer["passages"])
            .iter()
            .filter_map(passage)
            .collect(),
        cited: json::list(&answer["passages"])
            .iter()
            .filter_map(name)
            .take(MOST_NAMES)
            .collect(),
        summary: json::text(&answer["summary"]).map(|text| for_staff(text, SUMMARY)),
        booking: answer["booking"]
            .is_object()
            .then(|| Box::new(stay(&answer["booking"]))),
    }
}

/// A stay. A number that is none is one that no booking takes.
fn stay(value: &Value) -> Stay {
    let word = |key: &str| json::text(&value[key]).map(str::to_owned);
    let number = |value: &Value| json::int(value).unwrap_or(-1);
    Stay {
        arrival: word("arrival"),
        departure: word("departure"),
        adults: Some(&value["adults"])
            .filter(|it| !it.is_null())
            .map(number),
        children: match &value["children"] {
            Value::Null => Vec::new(),
            Value::Array(ages) => ages.iter().map(number).collect(),
            other => vec![number(other)],
        },
        category: word("category"),
        programme: word("programme"),
    }
}

/// `{text}`, `{file_url, name}`, or a bare text. A file goes as its address.
fn reply_text(row: &Value) -> Option<String> {
    let text = json::text(row).or_else(|| json::text(&row["text"]));
    text.or_else(|| {
        json::text(&row["file_url"])
            .filter(|url| url.starts_with("https://") || url.starts_with("http://"))
    })
    .map(str::to_owned)
}

/// `{text}`, or a bare text.
fn passage(row: &Value) -> Option<String> {
    let text = json::text(row).or_else(|| json::text(&row["text"]));
    text.map(str::to_owned)
}

/// The name of a passage. It goes into the trace, so nothing but a name may be one.
fn name(row: &Value) -> Option<String> {
    let name = json::text(&row["id"]).filter(|name| is_id(name));
    name.map(str::to_owned)
}

/// 0..1 as 0..=100, rounded down. What is no such number is no confidence.
fn percent(value: &Value) -> u8 {
    let number = value
        .as_f64()
        .or_else(|| value.as_str()?.trim().parse().ok())
        .filter(|number| (0.0..=1.0).contains(number))
        .unwrap_or(0.0);
    // 0.29 * 100 is a hair below 29.
    let hundredths = (number * 100.0 + 1e-6).floor();
    (0..=100_u8)
        .rev()
        .find(|percent| f64::from(*percent) <= hundredths)
        .unwrap_or(0)
}

fn known<T: DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

fn known_all<T: DeserializeOwned>(value: &Value) -> Vec<T> {
    json::list(value).iter().filter_map(known).collect()
}

fn facts(value: &Value) -> Facts {
    let number = |key: &str| json::int(&value[key]).and_then(|n| u32::try_from(n).ok());
    let flag = |key: &str| value[key].as_bool();
    Facts {
        guests: number("guests"),
        youngest_child: number("youngest_child"),
        rooms: number("rooms"),
        pet: flag("pet"),
        past_stay: flag("past_stay"),
        new_booking: flag("new_booking"),
        dates: value["dates"].as_str().and_then(|days| days.parse().ok()),
        nights: number("nights"),
        programme: known(&value["programme"]),
        several_deals: flag("several_deals"),
    }
}

/// `{reason, note}`, a bare reason, or `true`.
fn handoff(value: &Value) -> Option<(String, Option<String>)> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Object(_) => {
            let word = |key: &str| json::text(&value[key]).map(str::to_owned);
            Some((word("reason").unwrap_or_default(), word("note")))
        }
        other => Some((other.as_str().unwrap_or_default().to_owned(), None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{BotAnswerBody, BotPassage, BotText, BotWish};
    use serde_json::json;
    use widget_core::event::BotDone;
    use widget_core::understand::Intent;

    #[test]
    fn a_whole_answer() {
        let reply = read(&json!({
            "replies": [{"text": "Смотрите"}, {"file_url": "https://x/a.pdf", "name": "a.pdf"}, "и вот"],
            "silent": false, "confidence": 0.9, "kb": "hit", "intents": ["how_to_pay", "unheard_of", 7],
            "facts": {"guests": 2, "youngest_child": "3", "pet": true, "rooms": -1, "mood": "good"},
            "passages": [{"id": "prices", "text": "Люкс: 7 500"}, "Бассейн", {"id": 1}, {"id": "Мария, +7 900"}],
            "done": ["consulted", "danced"], "handoff": {"reason": "complaint", "note": "шумно"},
        }));
        assert_eq!(reply.replies, ["Смотрите", "https://x/a.pdf", "и вот"]);
        assert_eq!((reply.confidence, reply.kb), (90, Kb::Hit));
        assert_eq!(reply.intents, [Intent::HowToPay]);
        assert_eq!(reply.facts.guests, Some(2));
        assert_eq!(reply.facts.youngest_child, Some(3));
        assert_eq!((reply.facts.rooms, reply.facts.pet), (None, Some(true)));
        assert_eq!(reply.done, [BotDone::Consulted]);
        assert_eq!(reply.passages, ["Люкс: 7 500", "Бассейн"]);
        assert_eq!(reply.cited, ["prices"], "a sentence is no name");
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
            let reply = read(&odd);
            assert!(
                reply.replies.is_empty() && !reply.silent && reply.handoff.is_none(),
                "{odd}"
            );
            assert_eq!(reply.confidence, 0);
        }
        assert_eq!(read(&json!({"kb": "maybe"})).kb, Kb::Miss);
        assert_eq!(read(&json!({})).kb, Kb::None);
        assert_eq!(
            read(&json!({"handoff": true})).handoff,
            Some((String::new(), None))
        );
        assert_eq!(
            read(&json!({"handoff": "complaint"})).handoff,
            Some(("complaint".to_owned(), None))
        );
    }

    #[test]
    fn issue_9_1_the_published_answer_is_read_whole() {
        let body = BotAnswerBody {
            replies: vec![BotText {
                text: Some("Да".to_owned()),
                file_url: None,
                name: None,
            }],
            silent: true,
            confidence: 0.9,
            kb: Kb::Hit,
            intents: vec![Intent::Greeting],
            facts: Facts {
                guests: Some(2),
                dates: "2027-03-10/2027-03-17".parse().ok(),
                ..Facts::default()
            },
            done: vec![BotDone::PaymentLinkSent],
            handoff: Some(BotWish {
                reason: "complaint".to_owned(),
                note: Some("шумно".to_owned()),
            }),
            passages: vec![BotPassage {
                id: Some("pool".to_owned()),
                text: "Бассейн".to_owned(),
            }],
            summary: Some("Спросили о бассейне".to_owned()),
            booking: Some(Stay {
                arrival: Some("2027-03-10".to_owned()),
                departure: Some("2027-03-17".to_owned()),
                adults: Some(2),
                children: vec![5],
                category: Some("люкс".to_owned()),
                programme: Some("rest".to_owned()),
            }),
        };
        let read = read(&serde_json::to_value(&body).unwrap());
        assert_eq!(read.replies, ["Да"]);
        assert!(read.silent);
        assert_eq!((read.confidence, read.kb), (90, body.kb));
        assert_eq!(
            (read.intents, read.facts, read.done),
            (body.intents, body.facts, body.done)
        );
        assert_eq!(
            read.handoff,
            Some(("complaint".to_owned(), Some("шумно".to_owned())))
        );
        assert_eq!(read.passages, ["Бассейн"]);
        assert_eq!(read.booking.as_deref(), body.booking.as_ref());
        assert_eq!(read.summary, body.summary);
    }

    #[test]
    fn issue_9_5_what_is_odd_in_a_stay_is_what_no_booking_takes() {
        let booking = |value: Value| read(&json!({"booking": value})).booking;
        assert_eq!(booking(json!(null)), None);
        assert_eq!(booking(json!("люкс")), None);
        assert_eq!(booking(json!({})).as_deref(), Some(&Stay::default()));
        let odd = json!({"arrival": 20_270_310, "adults": "two", "children": [5, null, "7"], "category": ["люкс"]});
        let odd = booking(odd).unwrap();
        assert_eq!((odd.arrival, odd.category), (None, None));
        assert_eq!((odd.adults, odd.children), (Some(-1), vec![5, -1, 7]));
        assert_eq!(booking(json!({"children": "no"})).unwrap().children, [-1]);
    }

    #[test]
    fn issue_9_7_a_summary_is_one_line_of_a_bounded_length() {
        let long = format!("Гость\n\tхочет\u{202e} люкс. {}", "а".repeat(2_000));
        let read = read(&json!({"summary": long})).summary.unwrap();
        assert!(read.starts_with("Гость хочет люкс. а"), "{read}");
        assert_eq!(read.chars().count(), SUMMARY);
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
}
