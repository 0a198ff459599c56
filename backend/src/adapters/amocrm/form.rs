//! amoCRM's webhook bodies: forms with PHP's nested keys. Public input, so pairs and depth are capped.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

const MOST_PAIRS: usize = 20_000;
const MOST_DEPTH: usize = 10;
const MOST_ITEMS: usize = 500;

/// One item of a body: what happened, and to what. All scalars are texts; lists are objects with their indices as keys.
#[derive(Debug, PartialEq)]
pub(crate) struct Item {
    /// `leads.update`, `outgoing_message.add`, …
    pub(crate) kind: String,
    pub(crate) value: Value,
}

/// The account's id in the body's trailer, if it names one, and the items in order.
pub(crate) fn items(body: &[u8]) -> Result<(Option<i64>, Vec<Item>), String> {
    let tree = tree(body)?;
    let account = crate::adapters::json::id(&tree["account"]["id"]);
    let Value::Object(roots) = tree else {
        return Err("no pairs".to_owned());
    };
    let mut items = Vec::new();
    for (root, actions) in roots {
        match (root.as_str(), actions) {
            ("account", _) => {}
            // Seen without the root `message`.
            ("add", list) => collect("message.add", list, &mut items),
            (root, Value::Object(actions)) => {
                for (action, list) in actions {
                    collect(&format!("{root}.{action}"), list, &mut items);
                }
            }
            _ => {}
        }
    }
    match items.len() {
        0 => Err("no item".to_owned()),
        1..=MOST_ITEMS => Ok((account, items)),
        _ => Err("too many items".to_owned()),
    }
}

/// A list of items; some bodies have one more level of indices.
fn collect(kind: &str, list: Value, items: &mut Vec<Item>) {
    let is_index = |key: &String| !key.is_empty() && key.bytes().all(|b| b.is_ascii_digit());
    let Value::Object(map) = list else {
        return;
    };
    if map.keys().all(is_index) {
        let mut rows: Vec<(u64, Value)> = map
            .into_iter()
            .map(|(key, value)| (key.parse().unwrap_or(u64::MAX), value))
            .collect();
        rows.sort_by_key(|(index, _)| *index);
        for (_, row) in rows {
            collect(kind, row, items);
        }
    } else {
        items.push(Item {
            kind: kind.to_owned(),
            value: Value::Object(map),
        });
    }
}

/// The whole form as nested objects.
fn tree(body: &[u8]) -> Result<Value, String> {
    if body.split(|byte| *byte == b'&').count() > MOST_PAIRS {
        return Err("too many pairs".to_owned());
    }
    let body = with_upper_case_brackets(body);
    let config = serde_qs::Config::new()
        .max_depth(MOST_DEPTH)
        .use_form_encoding(true);
    let node: Node = config
        .deserialize_bytes(&body)
        .map_err(|_| "not a form".to_owned())?;
    Ok(node.0)
}

/// The parser knows `%5B` and `%5D`, not `%5b` and `%5d`.
fn with_upper_case_brackets(body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    for at in 2..body.len() {
        if body[at - 2] == b'%' && body[at - 1] == b'5' && matches!(body[at], b'b' | b'd') {
            body[at].make_ascii_uppercase();
        }
    }
    body
}

/// A value of the form. Asked for as a map, so that gaps in indices are no error; a text then comes as a map with the
/// empty key.
struct Node(Value);

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NodeVisitor).map(Node)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a map or a text")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        let mut text = None;
        while let Some(key) = map.next_key::<String>()? {
            if key.is_empty() {
                text = Some(map.next_value_seed(Leaf)?);
            } else {
                let Node(value) = map.next_value()?;
                values.insert(key, value);
            }
        }
        Ok(match text {
            Some(text) if values.is_empty() => Value::String(text),
            None if values.is_empty() => Value::String(String::new()),
            _ => Value::Object(values),
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(Node(value)) = seq.next_element()? {
            values.insert(values.len().to_string(), value);
        }
        // A key that stands twice: the last one counts, as in PHP.
        let is_all_text = values.values().all(Value::is_string);
        match values.values().next_back() {
            Some(last) if is_all_text => Ok(last.clone()),
            _ => Ok(Value::Object(values)),
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::String(String::new()))
    }
}

/// A text, read lossily: one broken character must not cost the event.
struct Leaf;

impl<'de> DeserializeSeed<'de> for Leaf {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl<'de> Visitor<'de> for Leaf {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<String, E> {
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    fn visit_unit<E: Error>(self) -> Result<String, E> {
        Ok(String::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<String, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(String::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<String, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(String::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parsed(body: &str) -> (Option<i64>, Vec<Item>) {
        items(body.as_bytes()).unwrap()
    }

    #[test]
    fn several_items_come_in_order_of_their_indices_gaps_allowed() {
        let body =
            "leads[update][10][id]=3&leads[update][2][id]=2&leads[update][0][id]=1&account[id]=31";
        let (account, items) = parsed(body);
        assert_eq!(account, Some(31));
        let ids: Vec<_> = items.iter().map(|item| item.value["id"].clone()).collect();
        assert_eq!(ids, [json!("1"), json!("2"), json!("3")]);
        assert!(items.iter().all(|item| item.kind == "leads.update"));
    }

    #[test]
    fn brackets_may_be_encoded_in_either_case() {
        for body in [
            "leads%5Bstatus%5D%5B0%5D%5Bid%5D=7",
            "leads%5bstatus%5d%5b0%5d%5bid%5d=7",
            "leads[status][0][id]=7",
        ] {
            let (_, items) = parsed(body);
            assert_eq!(items[0].kind, "leads.status", "{body}");
            assert_eq!(items[0].value, json!({"id": "7"}), "{body}");
        }
    }

    #[test]
    fn deep_lists_keep_their_shape() {
        let body = "leads[update][0][id]=1&leads[update][0][custom_fields][2][values][0][value]=%D0%91%D0%BE%D1%82";
        let (_, items) = parsed(body);
        assert_eq!(
            items[0].value["custom_fields"]["2"]["values"]["0"]["value"],
            json!("Бот")
        );
    }

    #[test]
    fn one_more_level_of_indices_is_unwrapped() {
        let (_, items) = parsed("task[update][0][0][id]=5&task[update][0][1][id]=6");
        assert_eq!(items.len(), 2);
        assert_eq!(items[1].value, json!({"id": "6"}));
    }

    #[test]
    fn a_message_without_its_root_is_a_message() {
        let (_, items) = parsed("add[0][id]=m1&add[0][text]=a+b");
        assert_eq!(items[0].kind, "message.add");
        assert_eq!(items[0].value["text"], json!("a b"));
    }

    #[test]
    fn odd_values_are_texts() {
        let body = "a[b][0][id]=1&a[b][0][empty]=&a[b][0][bare]&a[b][0][tags][]=x&a[b][0][id]=2";
        let (_, items) = parsed(body);
        let value = &items[0].value;
        assert_eq!(value["id"], json!("2"), "the last of two counts");
        assert_eq!(value["empty"], json!(""));
        assert_eq!(value["bare"], json!(""));
        assert_eq!(value["tags"], json!("x"));
    }

    #[test]
    fn invalid_utf8_costs_a_character_not_the_event() {
        let mut body = b"message[add][0][id]=m1&message[add][0][text]=a".to_vec();
        body.extend([0xff, b'b']);
        let (_, items) = items(&body).unwrap();
        assert_eq!(items[0].value["text"], json!("a\u{fffd}b"));
        assert!(super::items(b"message[add][0][text]=%FF%FE&message[add][0][id]=1").is_ok());
    }

    #[test]
    fn hostile_bodies_are_errors_or_items_and_never_a_panic() {
        let deep = format!("leads{}=1", "[0]".repeat(5000));
        let wide = "a[b][0][c]=1&".repeat(MOST_PAIRS + 1);
        let many: Vec<String> = (0..=MOST_ITEMS)
            .map(|i| format!("leads[update][{i}][id]=1"))
            .collect();
        let many = many.join("&");
        assert!(items(wide.as_bytes()).is_err());
        assert!(items(many.as_bytes()).is_err());
        for body in [
            "",
            "&&&",
            "=",
            "[",
            "]",
            "[]=",
            "a",
            "a[",
            "a[b",
            "a[b]",
            "a[b]c=1",
            "a[]=1&a[b]=2",
            "a=1&a[b]=2",
            "account[id]=1",
            "account=1",
            "%",
            "%5",
            "%5b",
            "leads[update]=x",
            "leads[update][99999999999999999999][id]=1",
            "leads[update][-1][id]=1",
            "\u{0}[\u{0}]=\u{0}",
            deep.as_str(),
        ] {
            let _ = items(body.as_bytes());
        }
        assert!(items(b"").is_err());
        assert!(items(b"account[id]=1").is_err());
    }

    #[test]
    fn random_bytes_never_panic() {
        let alphabet = b"a0[]=&%5BD+\xff;leads.";
        let mut state = 1_u64;
        for _ in 0..20_000 {
            let mut body = Vec::new();
            for _ in 0..24 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let at = usize::try_from(state >> 33).unwrap_or(0) % alphabet.len();
                body.push(alphabet[at]);
            }
            let _ = items(&body);
        }
    }
}
