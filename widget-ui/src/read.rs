//! Reads the wire types from any tree of JSON. In the browser that is a `JsValue`, in the tests a
//! `serde_json::Value` of the golden files.
//!
//! Why not serde here: its code for tagged and flattened types is a third of the card's weight. Unknown fields are
//! passed over, missing optional ones are `None`; anything else that does not fit makes the whole answer `None`.

use std::collections::BTreeMap;
use widget_core::ids::{DealId, DialogId, UserId};
use widget_core::owner::{Owner, OwnerView, Reason, ReasonId};
use widget_core::time::{Date, Days};
use widget_core::understand::{Facts, Programme};
use widget_core::wire::{
    ActionAnswer, AskedBack, DealDialogs, DialogView, ExcludedBy, History, HistoryEntry, How, Mute,
    Problem, Session, Unfinished, UserName, WhyLine, WhyMark,
};

/// A place in a tree of JSON.
pub trait Node: Sized {
    /// The field of an object; `None` if it is missing or null.
    fn get(&self, name: &str) -> Option<Self>;
    /// A string.
    fn text(&self) -> Option<String>;
    /// A number.
    fn number(&self) -> Option<f64>;
    /// A boolean.
    fn flag(&self) -> Option<bool>;
    /// The items of an array.
    fn items(&self) -> Option<Vec<Self>>;
    /// The strings of an object, by field; other values are left out.
    fn texts(&self) -> BTreeMap<String, String>;
}

/// The wire's `Session`.
pub fn session(node: &impl Node) -> Option<Session> {
    Some(Session {
        token: text(node, "token")?,
        expires_at: whole(node, "expires_at")?,
        user: UserId(whole(node, "user")?),
        admin: flag(node, "admin")?,
        protocol: u32::try_from(whole(node, "protocol")?).ok()?,
    })
}

/// The wire's `DealDialogs`.
pub fn deal_dialogs(node: &impl Node) -> Option<DealDialogs> {
    Some(DealDialogs {
        now: whole(node, "now")?,
        utc_offset: i32::try_from(whole(node, "utc_offset")?).ok()?,
        dialogs: list(node, "dialogs", dialog)?,
        users: list(node, "users", user)?,
        no_contact: flag(node, "no_contact").unwrap_or(false),
        alerts: list(node, "alerts", why_line).unwrap_or_default(),
    })
}

/// The wire's `ActionAnswer`.
pub fn action_answer(node: &impl Node) -> Option<ActionAnswer> {
    Some(ActionAnswer {
        dialog: dialog(&node.get("dialog")?)?,
        left_meanwhile: flag(node, "left_meanwhile")?,
    })
}

/// The wire's `Problem`.
pub fn problem(node: &impl Node) -> Option<Problem> {
    Some(Problem {
        code: text(node, "code")?,
        title: text(node, "title")?,
        status: u16::try_from(whole(node, "status")?).ok()?,
        detail: text(node, "detail"),
        dialog: node
            .get("dialog")
            .and_then(|node| dialog(&node))
            .map(Box::new),
        setup: unfinished(node),
    })
}

/// What a refusal says of the account's setup.
pub fn unfinished(node: &impl Node) -> Option<Unfinished> {
    let setup = node.get("setup")?;
    Some(Unfinished {
        left: whole(&setup, "left")?.try_into().ok()?,
        page: text(&setup, "page")?,
    })
}

fn dialog<N: Node>(node: &N) -> Option<DialogView> {
    Some(DialogView {
        id: DialogId(text(node, "id")?),
        deal: whole(node, "deal").map(DealId),
        phone: text(node, "phone")?,
        view: OwnerView {
            owner: owner(&node.get("owner")?)?,
            epoch: u64::try_from(whole(node, "epoch")?).ok()?,
        },
        bot_busy: flag(node, "bot_busy")?,
        bot_last: whole(node, "bot_last"),
        guest_last: whole(node, "guest_last"),
        unanswered_since: whole(node, "unanswered_since"),
        return_at: whole(node, "return_at"),
        undo_until: whole(node, "undo_until"),
        handoff: node.get("handoff").and_then(|node| reason(&node)),
        off_hours: flag(node, "off_hours")?,
        guest_text: text(node, "guest_text"),
        bot_wanted: text(node, "bot_wanted"),
        summary: text(node, "summary"),
        why: list(node, "why", why_line)?,
        facts: node
            .get("facts")
            .map_or_else(Facts::default, |node| facts(&node)),
        asked_back: match text(node, "asked_back").as_deref() {
            Some("deal") => Some(AskedBack::Deal),
            Some("kind") => Some(AskedBack::Kind),
            _ => None,
        },
        touch_at: whole(node, "touch_at"),
        mute: match text(node, "mute").as_deref() {
            Some("excluded") => Some(Mute::Excluded),
            Some("trial") => Some(Mute::Trial),
            Some("paused") => Some(Mute::Paused),
            Some(_) => Some(Mute::Off),
            None => None,
        },
        excluded: text(node, "excluded").map(|by| match by.as_str() {
            "hand" => ExcludedBy::Hand,
            _ => ExcludedBy::List,
        }),
        stage: text(node, "stage"),
        deal_closed: flag(node, "deal_closed").unwrap_or(false),
        reminded: whole(node, "reminded").map(UserId),
    })
}

/// What a card shows of the facts; it needs no others.
fn facts(node: &impl Node) -> Facts {
    let count = |name| whole(node, name).and_then(|count| u32::try_from(count).ok());
    Facts {
        guests: count("guests"),
        youngest_child: count("youngest_child"),
        rooms: count("rooms"),
        nights: count("nights"),
        pet: flag(node, "pet"),
        dates: text(node, "dates").and_then(|text| days(&text)),
        programme: match text(node, "programme").as_deref() {
            Some("treatment") => Some(Programme::Treatment),
            Some("wellness") => Some(Programme::Wellness),
            Some("rest") => Some(Programme::Rest),
            _ => None,
        },
        ..Facts::default()
    }
}

/// `2027-03-10/2027-03-20`, or one day. Not `Days::from_str`, whose sentences about mistakes the card does not need.
fn days(text: &str) -> Option<Days> {
    let (first, last) = text.split_once('/').unwrap_or((text, text));
    Some(Days {
        first: day(first)?,
        last: day(last)?,
    })
}

fn day(text: &str) -> Option<i64> {
    let mut parts = text.split('-').map(str::parse::<u32>);
    let date = Date {
        year: parts.next()?.ok()?.into(),
        month: parts.next()?.ok()?,
        day: parts.next()?.ok()?,
    };
    // The words of its month are looked up by it.
    (1..=12).contains(&date.month).then(|| date.day_number())
}

/// The wire's `History`.
pub fn history(node: &impl Node) -> Option<History> {
    Some(History {
        entries: list(node, "entries", history_entry)?,
        users: list(node, "users", user)?,
    })
}

/// A way that only a newer backend knows reads as the plainest one.
fn history_entry<N: Node>(node: &N) -> Option<HistoryEntry> {
    let how = text(node, "how")?;
    let known = How::ALL.iter().find(|known| known.as_str() == how);
    Some(HistoryEntry {
        at: whole(node, "at")?,
        how: known.copied().unwrap_or(How::Field),
        user: whole(node, "user").map(UserId),
        reason: node.get("reason").and_then(|node| reason(&node)),
        minutes: whole(node, "minutes"),
    })
}

fn owner(node: &impl Node) -> Option<Owner> {
    match text(node, "kind")?.as_str() {
        "bot" => Some(Owner::Bot),
        "waiting" => Some(Owner::Waiting {
            since: whole(node, "since")?,
            reason: reason(&node.get("reason")?)?,
        }),
        "manager" => Some(Owner::Manager {
            user: whole(node, "user").map(UserId),
            since: whole(node, "since")?,
        }),
        _ => None,
    }
}

/// A reason that only a newer backend knows reads as `unknown`: the dialog is shown all the same.
fn reason(node: &impl Node) -> Option<Reason> {
    let id = text(node, "id")?;
    let known = ReasonId::ALL.iter().find(|known| known.as_str() == id);
    Some(Reason {
        id: known.copied().unwrap_or(ReasonId::Unknown),
        values: node
            .get("values")
            .map_or_else(BTreeMap::new, |node| node.texts()),
    })
}

fn user<N: Node>(node: &N) -> Option<UserName> {
    Some(UserName {
        id: UserId(whole(node, "id")?),
        name: text(node, "name")?,
    })
}

fn why_line<N: Node>(node: &N) -> Option<WhyLine> {
    Some(WhyLine {
        mark: match text(node, "mark")?.as_str() {
            "passed" => WhyMark::Passed,
            "decided" => WhyMark::Decided,
            "skipped" => WhyMark::Skipped,
            _ => return None,
        },
        ru: text(node, "ru")?,
        en: text(node, "en")?,
    })
}

fn text(node: &impl Node, name: &str) -> Option<String> {
    node.get(name)?.text()
}

fn flag(node: &impl Node, name: &str) -> Option<bool> {
    node.get(name)?.flag()
}

#[allow(clippy::cast_possible_truncation)] // ids and times are far below 2^53
fn whole(node: &impl Node, name: &str) -> Option<i64> {
    let number = node.get(name)?.number()?;
    Some(number as i64)
}

fn list<N: Node, T>(node: &N, name: &str, read: fn(&N) -> Option<T>) -> Option<Vec<T>> {
    node.get(name)?.items()?.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    impl Node for Value {
        fn get(&self, name: &str) -> Option<Self> {
            Value::get(self, name)
                .filter(|field| !field.is_null())
                .cloned()
        }
        fn text(&self) -> Option<String> {
            self.as_str().map(str::to_owned)
        }
        fn number(&self) -> Option<f64> {
            self.as_f64()
        }
        fn flag(&self) -> Option<bool> {
            self.as_bool()
        }
        fn items(&self) -> Option<Vec<Self>> {
            self.as_array().cloned()
        }
        fn texts(&self) -> BTreeMap<String, String> {
            let fields = self.as_object().into_iter().flatten();
            fields
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect()
        }
    }

    macro_rules! golden {
        ($name:literal) => {
            serde_json::from_str::<Value>(include_str!(concat!(
                "../../widget-core/tests/golden/",
                $name,
                ".json"
            )))
            .unwrap()
        };
    }

    /// What serde reads, the card reads.
    #[test]
    fn every_golden_file_is_read_as_the_backend_means_it() {
        fn same<T: serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(
            read: Option<T>,
            file: &Value,
        ) {
            assert_eq!(
                read,
                Some(serde_json::from_value::<T>(file.clone()).unwrap())
            );
        }
        let file = golden!("session");
        same(session(&file), &file);
        for file in [golden!("deal_dialogs"), golden!("deal_dialogs_empty")] {
            same(deal_dialogs(&file), &file);
        }
        let file = golden!("history");
        same(history(&file), &file);
        let file = golden!("action_answer");
        same(action_answer(&file), &file);
        for file in [
            golden!("problem"),
            golden!("problem_conflict"),
            golden!("problem_setup"),
        ] {
            same(problem(&file), &file);
        }
    }

    #[test]
    fn what_a_newer_backend_adds_is_passed_over() {
        let mut file = golden!("deal_dialogs");
        file["brand_new"] = true.into();
        file["dialogs"][1]["owner"]["reason"]["id"] = "brand_new".into();
        let read = deal_dialogs(&file).unwrap();
        let Owner::Waiting { reason, .. } = &read.dialogs[1].view.owner else {
            panic!("waiting in the file");
        };
        assert_eq!(reason.id, ReasonId::Unknown);
    }

    #[test]
    fn what_does_not_fit_is_no_answer() {
        for (path, wrong) in [
            ("/now", Value::Null),
            ("/dialogs", "none".into()),
            ("/dialogs/0/owner/kind", "ghost".into()),
            ("/dialogs/0/epoch", (-1).into()),
            ("/dialogs/1/why/0/mark", "odd".into()),
        ] {
            let mut file = golden!("deal_dialogs");
            *file.pointer_mut(path).unwrap() = wrong;
            assert_eq!(deal_dialogs(&file), None, "{path}");
        }
    }

    #[test]
    fn dates_that_do_not_read_are_no_dates() {
        assert_eq!(
            days("2026-12-12/2026-12-15"),
            "2026-12-12/2026-12-15".parse().ok()
        );
        assert_eq!(days("2026-12-12"), "2026-12-12".parse().ok());
        for odd in ["", "2026-12", "2026-13-01", "2026-12-x", "2026-12-12/"] {
            assert_eq!(days(odd), None, "{odd}");
        }
    }

    /// `widget_ui::api` writes this body by hand.
    #[test]
    fn the_body_of_a_return_is_an_object_with_a_note() {
        let file = golden!("return_request");
        assert_eq!(
            file.as_object().unwrap().keys().collect::<Vec<_>>(),
            ["note"]
        );
    }
}
