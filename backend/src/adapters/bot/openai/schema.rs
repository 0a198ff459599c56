//! The shape of an answer, as a JSON schema of the strict kind: every field is required, and what may be absent is null.

use serde_json::{Value, json};
use widget_core::owner::ReasonId;
use widget_core::understand::Intent;

pub(super) fn of_an_answer() -> Value {
    let intents: Vec<Value> = Intent::ALL.iter().map(|intent| json!(intent)).collect();
    let reasons: Vec<&str> = ReasonId::ALL.iter().map(|reason| reason.as_str()).collect();
    json!({
        "name": "answer",
        "strict": true,
        "schema": object(&json!({
            "replies": list(&object(&json!({"text": {"type": "string"}}))),
            "silent": {"type": "boolean"},
            "confidence": {"type": "number"},
            "kb": {"type": "string", "enum": ["hit", "miss", "none"]},
            "intents": list(&json!({"type": "string", "enum": intents})),
            "facts": object(&json!({
                "guests": or_null("integer"),
                "youngest_child": or_null("integer"),
                "rooms": or_null("integer"),
                "pet": or_null("boolean"),
                "past_stay": or_null("boolean"),
                "new_booking": or_null("boolean"),
                "dates": or_null("string"),
                "nights": or_null("integer"),
                "programme": {"type": ["string", "null"], "enum": ["treatment", "wellness", "rest", null]},
                "several_deals": or_null("boolean"),
            })),
            "handoff": {"anyOf": [
                object(&json!({
                    "reason": {"type": "string", "enum": reasons},
                    "note": {"type": "string"},
                })),
                {"type": "null"},
            ]},
            "passages": list(&json!({"type": "string"})),
            "summary": or_null("string"),
            "booking": {"anyOf": [
                object(&json!({
                    "arrival": or_null("string"),
                    "departure": or_null("string"),
                    "adults": or_null("integer"),
                    "children": list(&json!({"type": "integer"})),
                    "category": or_null("string"),
                    "programme": or_null("string"),
                })),
                {"type": "null"},
            ]},
        })),
    })
}

fn object(properties: &Value) -> Value {
    let names: Vec<String> = properties
        .as_object()
        .into_iter()
        .flat_map(|fields| fields.keys().cloned())
        .collect();
    json!({"type": "object", "properties": properties, "required": names, "additionalProperties": false})
}

fn list(items: &Value) -> Value {
    json!({"type": "array", "items": items})
}

fn or_null(kind: &str) -> Value {
    json!({"type": [kind, "null"]})
}
