//! What keeps an answer of the bot from leaving: it goes to a manager with what the bot wanted to say.
//!
//! The answer's texts were measured when it came ([`crate::guard`]); here the policy says what of that counts.

use super::Draft;
use super::handoff::Cause;
use crate::event::BotAnswer;
use crate::guard::Measured;
use crate::owner::{Reason, ReasonId};
use crate::policy::{Guard, Prices};
use crate::trace::Check;

/// The first thing wrong with an answer: the rule, by which the manager's reason is worded too, and its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Objection {
    rule: &'static str,
    values: Vec<(&'static str, String)>,
}

impl Objection {
    fn new(rule: &'static str) -> Self {
        Self {
            rule,
            values: Vec::new(),
        }
    }

    fn with(mut self, name: &'static str, value: &impl ToString) -> Self {
        self.values.push((name, value.to_string()));
        self
    }
}

impl Draft<'_> {
    /// Hands the dialog over if something is wrong with the answer. `true`: it did.
    pub(super) fn stopped_by_guard(&mut self, answer: &BotAnswer) -> bool {
        let Some(measured) = &answer.measured else {
            return false;
        };
        let links = self.policy.review_url.as_deref();
        let Some(objection) = judge(&self.policy.bot.guard, links, measured) else {
            self.check(Check::passed("guard.passed"));
            return false;
        };
        let mut check = Check::decided(&format!("guard.{}", objection.rule));
        for (name, value) in &objection.values {
            check = check.with(name, value);
        }
        self.check(check);
        let reason = Reason::from(ReasonId::ReplyBlocked).with("kind", objection.rule);
        self.hand_off(Cause {
            wanted: answer.replies.clone(),
            ..reason.into()
        });
        true
    }
}

/// What the policy objects to, worst first. A link to `own`, the policy's own address, is always good.
fn judge(guard: &Guard, own: Option<&str>, measured: &Measured) -> Option<Objection> {
    let internal = guard
        .internal
        .iter()
        .find(|kind| measured.internal.contains(kind));
    if let Some(kind) = internal {
        return Some(Objection::new("internal").with("what", &kind.name()));
    }
    if let Some(kind) = measured.personal.first().filter(|_| guard.personal) {
        return Some(Objection::new("personal").with("what", &kind.name()));
    }
    if measured.odd_link {
        return Some(Objection::new("link"));
    }
    if let Some(host) = measured
        .hosts
        .iter()
        .find(|host| !may_lead_to(guard, own, host))
    {
        return Some(Objection::new("link").with("host", &host));
    }
    let priced = match guard.prices {
        Prices::WithPassages => measured.has_passages,
        Prices::Always => true,
        Prices::Never => false,
    };
    if let Some(amount) = measured.amounts.first().filter(|_| priced) {
        return Some(Objection::new("price").with("value", &amount));
    }
    if let Some(promise) = measured
        .promises
        .iter()
        .find(|word| priced && guard.promises.contains(word))
    {
        return Some(Objection::new("promise").with("word", &promise));
    }
    if guard.language && measured.other_letters {
        return Some(Objection::new("language"));
    }
    if measured.chars > guard.max_chars {
        let length = Objection::new("length").with("value", &measured.chars);
        return Some(length.with("limit", &guard.max_chars));
    }
    (guard.repeats && measured.repeated).then(|| Objection::new("repeated"))
}

fn may_lead_to(guard: &Guard, own: Option<&str>, host: &str) -> bool {
    let Some(allowed) = &guard.link_hosts else {
        return true;
    };
    let below = |allowed: &str| {
        host.strip_suffix(allowed)
            .is_some_and(|sub| sub.is_empty() || sub.ends_with('.'))
    };
    let own = own.and_then(|url| url.split_once("://")).map(|(_, rest)| {
        let end = rest.find(['/', '?', '#', ':']).unwrap_or(rest.len());
        rest[..end].to_lowercase()
    });
    own.is_some_and(|own| own == host) || allowed.iter().any(|allowed| below(allowed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::{Internal, Personal};

    fn objected(guard: &Guard, measured: &Measured) -> Option<&'static str> {
        judge(guard, Some("https://reviews.example.org/x"), measured)
            .map(|objection| objection.rule)
    }

    fn set<T: Ord>(item: T) -> std::collections::BTreeSet<T> {
        [item].into()
    }

    type Row = (Measured, &'static str, fn(&mut Guard));

    /// What is measured, what is objected to, and the policy under which it passes.
    #[test]
    fn issue_9_6_every_rule_of_the_guard_and_the_policy_that_lets_it_pass() {
        let rows: Vec<Row> = vec![
            (
                Measured {
                    internal: set(Internal::Json),
                    ..Measured::default()
                },
                "internal",
                |guard| guard.internal = vec![Internal::TurnId],
            ),
            (
                Measured {
                    personal: set(Personal::Phone),
                    ..Measured::default()
                },
                "personal",
                |guard| guard.personal = false,
            ),
            (
                Measured {
                    has_passages: true,
                    amounts: set("4500".to_owned()),
                    ..Measured::default()
                },
                "price",
                |guard| guard.prices = Prices::Never,
            ),
            (
                Measured {
                    has_passages: true,
                    promises: set("скидк".to_owned()),
                    ..Measured::default()
                },
                "promise",
                |guard| guard.promises.clear(),
            ),
            (
                Measured {
                    other_letters: true,
                    ..Measured::default()
                },
                "language",
                |guard| guard.language = false,
            ),
            (
                Measured {
                    chars: 1_001,
                    ..Measured::default()
                },
                "length",
                |guard| guard.max_chars = 1_001,
            ),
            (
                Measured {
                    repeated: true,
                    ..Measured::default()
                },
                "repeated",
                |guard| guard.repeats = false,
            ),
        ];
        for (measured, rule, lets_pass) in rows {
            let mut guard = Guard::default();
            assert_eq!(objected(&guard, &measured), Some(rule));
            lets_pass(&mut guard);
            assert_eq!(objected(&guard, &measured), None, "{rule}");
        }
        let fine = Measured {
            chars: 1_000,
            ..Measured::default()
        };
        assert_eq!(objected(&Guard::default(), &fine), None);
    }

    #[test]
    fn issue_9_6_links_lead_to_allowed_hosts_only() {
        let lead = |allowed: Option<&[&str]>, host: &str| {
            let guard = Guard {
                link_hosts: allowed
                    .map(|hosts| hosts.iter().map(|host| (*host).to_owned()).collect()),
                ..Guard::default()
            };
            let measured = Measured {
                hosts: set(host.to_owned()),
                ..Measured::default()
            };
            objected(&guard, &measured).is_none()
        };
        assert!(lead(None, "anywhere.example"), "no list");
        assert!(!lead(Some(&[]), "anywhere.example"), "an empty list");
        let pay: Option<&[&str]> = Some(&["pay.example.org"]);
        for (host, may) in [
            ("pay.example.org", true),
            ("m.pay.example.org", true),
            ("example.org", false),
            ("notpay.example.org", false),
            ("pay.example.org.evil.example", false),
            ("reviews.example.org", true),
        ] {
            assert_eq!(lead(pay, host), may, "{host}");
        }
        let odd = Measured {
            odd_link: true,
            ..Measured::default()
        };
        assert_eq!(
            objected(&Guard::default(), &odd),
            Some("link"),
            "whatever the list"
        );
    }

    #[test]
    fn issue_9_6_prices_of_a_bot_without_passages_are_looked_at_only_when_the_policy_says_always() {
        let measured = Measured {
            amounts: set("4500".to_owned()),
            ..Measured::default()
        };
        let guard = |prices| Guard {
            prices,
            ..Guard::default()
        };
        assert_eq!(objected(&guard(Prices::WithPassages), &measured), None);
        assert_eq!(objected(&guard(Prices::Always), &measured), Some("price"));
    }
}
