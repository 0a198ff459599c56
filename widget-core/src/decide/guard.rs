//! What keeps an answer of the bot from leaving: it goes to a manager with what the bot wanted to say.
//!
//! The answer's texts were measured when it came ([`crate::guard`]); here the policy says what of that counts.

use super::Draft;
use super::handoff::Cause;
use crate::booking::{self, Filled};
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
    /// Hands the dialog over if the answer has a place for a booking link, and no link may stand there. `true`: it did.
    /// A link is never made twice (masterplan: Сценарий 2).
    pub(super) fn has_no_link(&mut self, answer: &BotAnswer) -> bool {
        let is_linked = booking::is_linked(self.policy, &self.state);
        let reason: Reason = match answer.link {
            None => return false,
            Some(Filled::Made { .. }) if !is_linked => {
                self.check(Check::passed("booking.made"));
                return false;
            }
            Some(Filled::Made { .. } | Filled::Again) => {
                self.check(Check::decided("booking.again"));
                ReasonId::PaymentLinkAgain.into()
            }
            Some(Filled::Refused { why }) => {
                self.check(Check::decided("booking.refused").with("link", why.name()));
                Reason::from(ReasonId::ReplyBlocked).with("kind", "booking")
            }
        };
        self.hand_off(Cause {
            wanted: answer.replies.clone(),
            ..reason.into()
        });
        true
    }

    /// Hands the dialog over if something is wrong with the answer. `true`: it did.
    pub(super) fn stopped_by_guard(&mut self, answer: &BotAnswer) -> bool {
        let Some(measured) = &answer.measured else {
            return false;
        };
        // A model that writes such an address itself has made it up.
        let is_made = matches!(answer.link, Some(Filled::Made { .. }));
        let booking = self.policy.booking.as_ref();
        let booking = booking.filter(|_| is_made || !measured.by_model);
        let booking = booking.map(|page| page.url.as_str());
        let own: Vec<String> = [self.policy.review_url.as_deref(), booking]
            .into_iter()
            .flatten()
            .filter_map(booking::host)
            .collect();
        let Some(objection) = judge(&self.policy.bot.guard, &own, measured) else {
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

/// What the policy objects to, worst first. Links to `own`, the hosts of the policy's own addresses, are always good.
fn judge(guard: &Guard, own: &[String], measured: &Measured) -> Option<Objection> {
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
    let cited = measured.cited_hosts.iter();
    let hosts = measured.hosts.iter();
    if let Some(host) = hosts
        .chain(cited.filter(|_| !(guard.passage_links && measured.by_model)))
        .find(|host| !own.contains(host) && !may_lead_to(guard, measured.by_model, host))
    {
        return Some(Objection::new("link").with("host", &host));
    }
    let priced = match guard.prices {
        Prices::WithPassages => measured.has_passages || measured.by_model,
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

/// Without a list a bot may link to where it likes; a model, which does what it reads, to nowhere.
fn may_lead_to(guard: &Guard, by_model: bool, host: &str) -> bool {
    let Some(allowed) = &guard.link_hosts else {
        return !by_model;
    };
    let below = |allowed: &str| {
        host.strip_suffix(allowed)
            .is_some_and(|sub| sub.is_empty() || sub.ends_with('.'))
    };
    allowed.iter().any(|allowed| below(allowed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::{Internal, Personal};

    fn objected(guard: &Guard, measured: &Measured) -> Option<&'static str> {
        judge(guard, &["reviews.example.org".to_owned()], measured).map(|objection| objection.rule)
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
    fn issue_9_6_a_link_of_a_cited_passage_leads_anywhere_unless_the_policy_says_otherwise() {
        let cited = Measured {
            by_model: true,
            has_passages: true,
            cited_hosts: set("pool.example.org".to_owned()),
            ..Measured::default()
        };
        let guard = |passage_links, hosts: Option<&str>| Guard {
            passage_links,
            link_hosts: hosts.map(|host| vec![host.to_owned()]),
            ..Guard::default()
        };
        for (guard, objection) in [
            (Guard::default(), None),
            (guard(true, Some("pay.example.org")), None),
            (guard(false, None), Some("link")),
            (guard(false, Some("pay.example.org")), Some("link")),
            (guard(false, Some("example.org")), None),
        ] {
            assert_eq!(objected(&guard, &cited), objection, "{guard:?}");
        }
        let brought = Measured {
            by_model: false,
            ..cited.clone()
        };
        let fenced = objected(&guard(true, Some("pay.example.org")), &brought);
        assert_eq!(fenced, Some("link"), "a bot brings its own passages");
        let beside = Measured {
            hosts: set("pool.example.org".to_owned()),
            ..cited
        };
        let other = objected(&Guard::default(), &beside);
        assert_eq!(other, Some("link"), "another link to that host");
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
        let by_model = Measured {
            by_model: true,
            ..measured
        };
        let with_passages = guard(Prices::WithPassages);
        assert_eq!(objected(&with_passages, &by_model), Some("price"));
        assert_eq!(objected(&guard(Prices::Never), &by_model), None);
    }

    #[test]
    fn issue_9_6_without_a_list_a_model_links_to_nowhere_but_the_houses_own_addresses() {
        let leads = |by_model: bool, host: &str| {
            let measured = Measured {
                by_model,
                hosts: set(host.to_owned()),
                ..Measured::default()
            };
            objected(&Guard::default(), &measured).is_none()
        };
        assert!(leads(false, "anywhere.example"));
        assert!(!leads(true, "anywhere.example"));
        assert!(leads(true, "reviews.example.org"));
    }
}
