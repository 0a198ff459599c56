//! Which texts leave in one message: together they have to fit into one.

use super::Policy;
use crate::text::MAX_TEXT;

/// A group of texts that is too long, by the one that is best made shorter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong<'a> {
    /// The longest of them.
    pub(super) key: &'a str,
    /// The others.
    pub(super) with: Vec<&'a str>,
}

/// The groups that do not fit, each text named once.
pub(super) fn too_long(policy: &Policy) -> Vec<TooLong<'_>> {
    let mut found: Vec<TooLong<'_>> = Vec::new();
    for group in groups(policy) {
        let length = |key: &&str| policy.text(key).map_or(0, |text| text.chars().count());
        // One that is too long alone is told as that.
        if group.iter().any(|key| length(key) > MAX_TEXT) {
            continue;
        }
        let all: usize = group.iter().map(length).sum();
        // A space or a line's end between two.
        if all + group.len() - 1 <= MAX_TEXT {
            continue;
        }
        let Some(key) = group.iter().copied().max_by_key(length) else {
            continue;
        };
        if found.iter().all(|known| known.key != key) {
            let with = group.into_iter().filter(|other| *other != key).collect();
            found.push(TooLong { key, with });
        }
    }
    found
}

fn groups(policy: &Policy) -> Vec<Vec<&str>> {
    let triggers = policy.triggers.iter().filter_map(|t| t.text.as_deref());
    let rows: Vec<&str> = policy
        .departure
        .iter()
        .filter_map(|row| row.text.as_deref())
        .collect();
    let handoffs = triggers.chain(rows.iter().copied()).chain(["handoff"]);
    let mut groups: Vec<Vec<&str>> = handoffs
        .flat_map(|text| ["work_hours", "off_hours"].map(|hours| vec![text, hours]))
        .collect();
    for text in [
        "clarify_kind",
        "clarify_deal",
        "clarify_deal_plain",
        "clarify_departure",
        "repeat_payment",
        "repeat_refund",
    ] {
        groups.push(vec!["intro", text]);
    }
    for thanks in rows.into_iter().chain(["review_thanks"]) {
        groups.push(vec!["intro", thanks, "review_link"]);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sanatorium() -> Policy {
        let file = include_str!("../../../backend/policies/sanatorium.toml");
        super::super::parse(file).unwrap()
    }

    fn with(texts: &[(&str, usize)]) -> Policy {
        let mut policy = sanatorium();
        for (key, chars) in texts {
            policy.texts.insert((*key).to_owned(), "я".repeat(*chars));
        }
        policy
    }

    #[test]
    fn texts_of_one_message_fit_into_it_together() {
        assert_eq!(too_long(&sanatorium()), []);
        assert_eq!(
            too_long(&with(&[
                ("handoff", 499),
                ("work_hours", 500),
                ("off_hours", 500)
            ])),
            []
        );
        let one = with(&[("handoff", 500), ("work_hours", 500), ("off_hours", 10)]);
        let found = too_long(&one);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].key, &found[0].with[..]),
            ("work_hours", &["handoff"][..])
        );
        let intro = with(&[("intro", 700), ("clarify_kind", 400)]);
        assert_eq!(too_long(&intro)[0].key, "intro");
        // Alone it is too long already, and told as that.
        assert_eq!(too_long(&with(&[("work_hours", 1_001)])), []);
    }
}
