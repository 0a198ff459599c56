//! The link under which a guest finds the stay to book: built from the policy's address, every part of it checked. The
//! bot names the stay, never the address, so no link is made up; and a link is made once (masterplan: «Воронка и
//! этапы», Сценарий 2).

use crate::dialog::Dialog;
use crate::event::BotDone;
use crate::ids::DealId;
use crate::policy::{BookingPage, Policy};
use crate::time::Date;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What stands in the bot's answer where the link goes.
pub const PLACEHOLDER: &str = "{booking_link}";

/// What the policy's address may name.
pub const PLACES: [&str; 7] = [
    "arrival",
    "departure",
    "nights",
    "adults",
    "children",
    "category",
    "programme",
];

/// More children than these travel in no booking.
const MOST_CHILDREN: usize = 10;
/// Who is older is no child, years.
const OLDEST_CHILD: i64 = 17;
/// What stays as it is in an address.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// A stay as the bot names it; what it does not say is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Stay {
    /// Day of arrival, `2027-03-10`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrival: Option<String>,
    /// Day of departure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub departure: Option<String>,
    /// Grown-up guests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adults: Option<i64>,
    /// The age of each child, years.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<i64>,
    /// One of the policy's categories of rooms, by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// One of the policy's programmes, by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub programme: Option<String>,
}

/// What became of the place for a link in an answer of the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "link", rename_all = "snake_case")]
pub enum Filled {
    /// The link stands in this reply of the answer.
    Made {
        /// Its place among the replies, from 0.
        reply: usize,
    },
    /// The guest has a link already: a second one is a person's.
    Again,
    /// There is none.
    Refused {
        /// Why.
        why: Refusal,
    },
}

/// Why there is no link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The policy has no `[booking]`.
    Off,
    /// The bot names no stay.
    NoStay,
    /// A day is missing, or is none.
    Dates,
    /// The departure is not after the arrival.
    Order,
    /// The arrival is over.
    Past,
    /// Nobody grown up, or more than may book.
    Adults,
    /// An age that no child has, or too many children.
    Children,
    /// No such category, or none where the address needs one.
    Category,
    /// No such programme, or none where the address needs one.
    Programme,
    /// An answer holds one link.
    Twice,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Off,
        Self::NoStay,
        Self::Dates,
        Self::Order,
        Self::Past,
        Self::Adults,
        Self::Children,
        Self::Category,
        Self::Programme,
        Self::Twice,
    ];

    /// Its name in traces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::NoStay => "no_stay",
            Self::Dates => "dates",
            Self::Order => "order",
            Self::Past => "past",
            Self::Adults => "adults",
            Self::Children => "children",
            Self::Category => "category",
            Self::Programme => "programme",
            Self::Twice => "twice",
        }
    }
}

/// The link for a stay. `today`: days since 1970-01-01, by the account's wall clock.
///
/// # Errors
/// The first thing that keeps the stay from being booked so.
pub fn link(page: &BookingPage, stay: &Stay, today: i64) -> Result<String, Refusal> {
    let (arrival, departure) = (day(stay.arrival.as_ref())?, day(stay.departure.as_ref())?);
    let (first, last) = (arrival.day_number(), departure.day_number());
    if last <= first {
        return Err(Refusal::Order);
    }
    if first < today {
        return Err(Refusal::Past);
    }
    let adults = stay
        .adults
        .filter(|adults| (1..=i64::from(page.max_adults)).contains(adults))
        .ok_or(Refusal::Adults)?;
    let is_age = |age: &i64| (0..=OLDEST_CHILD).contains(age);
    if stay.children.len() > MOST_CHILDREN || !stay.children.iter().all(is_age) {
        return Err(Refusal::Children);
    }
    let children: Vec<String> = stay.children.iter().map(i64::to_string).collect();
    let needs = |name: &str| page.url.contains(&place(name));
    let category = code(&page.categories, stay.category.as_ref(), needs("category"))
        .ok_or(Refusal::Category)?;
    let programme = code(
        &page.programmes,
        stay.programme.as_ref(),
        needs("programme"),
    )
    .ok_or(Refusal::Programme)?;
    let values = [
        ("arrival", arrival.to_string()),
        ("departure", departure.to_string()),
        ("nights", (last - first).to_string()),
        ("adults", adults.to_string()),
        ("children", children.join(",")),
        ("category", category),
        ("programme", programme),
    ];
    // Encoded values hold no braces.
    let filled = values
        .into_iter()
        .fold(page.url.clone(), |url, (name, value)| {
            url.replace(&place(name), &utf8_percent_encode(&value, KEPT).to_string())
        });
    Ok(filled)
}

/// The place for a value in the policy's address.
pub(crate) fn place(name: &str) -> String {
    format!("{{{name}}}")
}

fn day(text: Option<&String>) -> Result<Date, Refusal> {
    text.and_then(|text| text.parse().ok())
        .ok_or(Refusal::Dates)
}

/// What the address calls one of the policy's names; empty for none that nothing needs. `None`: there is no such name.
fn code(
    names: &BTreeMap<String, String>,
    said: Option<&String>,
    is_needed: bool,
) -> Option<String> {
    let Some(said) = said.filter(|said| !said.trim().is_empty()) else {
        return (!is_needed).then(String::new);
    };
    if names.is_empty() && !is_needed {
        return Some(String::new());
    }
    let said = said.trim().to_lowercase();
    let mut known = names.iter();
    known
        .find(|(name, _)| name.trim().to_lowercase() == said)
        .map(|(_, code)| code.clone())
}

/// The host of an https address in good order, lower case.
pub fn host(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://")?;
    let end = rest.find(['/', '?', '#', ':']).unwrap_or(rest.len());
    let host = &rest[..end];
    let is_label =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    (host.contains('.') && host.split('.').all(is_label)).then(|| host.to_lowercase())
}

/// For which deal the guest was sent a link; `None` = of a deal that was not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linked {
    /// The deal.
    pub deal: Option<DealId>,
}

/// Whether the guest has a link for the deal at hand, or needs none: a link on its way or sent, also in an earlier
/// episode, or a deal that stands where a link takes it, or beyond. Then only a person makes one.
pub fn is_linked(policy: &Policy, dialog: &Dialog) -> bool {
    let on_its_way = dialog
        .in_flight
        .values()
        .any(|sent| sent.done.contains(&BotDone::PaymentLinkSent));
    let in_episode = dialog.episode.as_ref().is_some_and(|e| e.link_sent);
    let for_this_deal = |linked: Linked| {
        linked.deal.is_none() || dialog.deal.is_none() || linked.deal == dialog.deal
    };
    let stage = dialog.stage().and_then(|key| policy.stage(key));
    let is_booked = stage.is_some_and(|stage| {
        let mut all = policy.stages.iter();
        stage.booking || all.any(|other| other.payment_link_to.as_ref() == Some(&stage.key))
    });
    on_its_way || in_episode || dialog.linked.is_some_and(for_this_deal) || is_booked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> BookingPage {
        BookingPage {
            url: "https://booking.example.org/?date={arrival}&out={departure}&nights={nights}&adults={adults}\
                  &children={children}&room={category}&p={programme}"
                .to_owned(),
            max_adults: 4,
            categories: [("Люкс", "lux 1"), ("Стандарт", "std&x=1")]
                .map(|(name, code)| (name.to_owned(), code.to_owned()))
                .into(),
            programmes: [("treatment".to_owned(), "med".to_owned())].into(),
        }
    }

    fn stay() -> Stay {
        Stay {
            arrival: Some("2027-03-10".to_owned()),
            departure: Some("2027-03-17".to_owned()),
            adults: Some(2),
            children: vec![0, 17],
            category: Some(" люкс".to_owned()),
            programme: Some("treatment".to_owned()),
        }
    }

    fn today(text: &str) -> i64 {
        text.parse::<Date>().unwrap().day_number()
    }

    fn made(change: impl FnOnce(&mut Stay)) -> Result<String, Refusal> {
        let mut stay = stay();
        change(&mut stay);
        link(&page(), &stay, today("2027-03-10"))
    }

    #[test]
    fn issue_9_5_a_stay_becomes_a_link() {
        assert_eq!(
            made(|_| ()).unwrap(),
            "https://booking.example.org/?date=2027-03-10&out=2027-03-17&nights=7&adults=2&children=0%2C17&room=lux%201&p=med"
        );
        let standard = made(|stay| {
            stay.category = Some("СТАНДАРТ".to_owned());
            stay.children.clear();
        });
        let standard = standard.unwrap();
        assert!(
            standard.ends_with("&children=&room=std%26x%3D1&p=med"),
            "{standard}"
        );
    }

    #[test]
    fn issue_9_5_every_parameter_is_checked() {
        type Row = (Refusal, fn(&mut Stay));
        let rows: &[Row] = &[
            (Refusal::Dates, |stay| stay.arrival = None),
            (Refusal::Dates, |stay| stay.departure = None),
            (Refusal::Dates, |stay| {
                stay.arrival = Some("2027-02-30".to_owned());
            }),
            (Refusal::Dates, |stay| {
                stay.departure = Some("17.03.2027".to_owned());
            }),
            (Refusal::Order, |stay| {
                stay.departure.clone_from(&stay.arrival);
            }),
            (Refusal::Order, |stay| {
                stay.departure = Some("2027-03-09".to_owned());
            }),
            (Refusal::Past, |stay| {
                stay.arrival = Some("2027-03-09".to_owned());
            }),
            (Refusal::Adults, |stay| stay.adults = None),
            (Refusal::Adults, |stay| stay.adults = Some(0)),
            (Refusal::Adults, |stay| stay.adults = Some(5)),
            (Refusal::Children, |stay| stay.children = vec![18]),
            (Refusal::Children, |stay| stay.children = vec![-1]),
            (Refusal::Children, |stay| stay.children = vec![5; 11]),
            (Refusal::Category, |stay| stay.category = None),
            (Refusal::Category, |stay| {
                stay.category = Some("люкс&room=2".to_owned());
            }),
            (Refusal::Programme, |stay| stay.programme = None),
            (Refusal::Programme, |stay| {
                stay.programme = Some("rest".to_owned());
            }),
        ];
        for (refusal, change) in rows {
            assert_eq!(made(change), Err(*refusal), "{refusal:?}");
        }
    }

    #[test]
    fn issue_9_5_what_the_address_does_not_name_may_be_left_out_but_not_made_up() {
        let page = BookingPage {
            url: "https://booking.example.org/?date={arrival}&nights={nights}&adults={adults}"
                .to_owned(),
            programmes: BTreeMap::new(),
            ..page()
        };
        let bare = Stay {
            category: None,
            programme: None,
            ..stay()
        };
        let day = today("2026-11-18");
        let expected = "https://booking.example.org/?date=2027-03-10&nights=7&adults=2";
        assert_eq!(link(&page, &bare, day).as_deref(), Ok(expected));
        let rest = Stay {
            programme: Some("rest".to_owned()),
            ..bare.clone()
        };
        assert_eq!(
            link(&page, &rest, day).as_deref(),
            Ok(expected),
            "no list to hold it against"
        );
        let odd = Stay {
            category: Some("пентхаус".to_owned()),
            ..bare
        };
        assert_eq!(link(&page, &odd, day), Err(Refusal::Category));
    }

    #[test]
    fn issue_9_5_nothing_that_a_bot_says_leaves_its_place_in_the_address() {
        for odd in ["{adults}", "x y", "a#b", "../..", "\u{202e}", "?q=1&r=2"] {
            let page = BookingPage {
                categories: [("люкс".to_owned(), odd.to_owned())].into(),
                ..page()
            };
            let made = link(&page, &stay(), today("2027-03-10")).unwrap();
            let (before, after) = made.split_once("&room=").unwrap();
            assert!(
                before.starts_with("https://booking.example.org/?date="),
                "{made}"
            );
            let (value, rest) = after.split_once('&').unwrap();
            assert_eq!(rest, "p=med", "{made}");
            let kept = |c: char| c.is_ascii_alphanumeric() || "%-_.".contains(c);
            assert!(value.chars().all(kept), "{made}");
        }
    }

    #[test]
    fn hosts() {
        for (url, expected) in [
            (
                "https://Booking.example.org/x?y",
                Some("booking.example.org"),
            ),
            (
                "https://booking.example.org:8443",
                Some("booking.example.org"),
            ),
            ("http://booking.example.org", None),
            ("https://localhost/x", None),
            ("https://user@booking.example.org", None),
            ("https://{arrival}.example.org", None),
            ("https://", None),
        ] {
            assert_eq!(host(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn every_refusal_is_listed_with_a_name_of_its_own() {
        let names: std::collections::BTreeSet<&str> = Refusal::ALL.map(Refusal::name).into();
        assert_eq!(names.len(), Refusal::ALL.len());
    }
}
