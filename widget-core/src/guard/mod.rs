//! What stands in the bot's texts that a guest should not read, measured before anything is decided: like
//! [`crate::understand`], once, where the texts are open. [`crate::decide`] obeys the policy with it, and a replay under
//! another policy judges the same measures anew.

mod amounts;
mod internal;
mod links;
mod personal;
#[cfg(test)]
mod tests;

pub use internal::Internal;
pub use personal::Personal;

use crate::ids::TurnId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A reply with fewer letters is in no language: «Ок», «18:00», an address.
const LETTERS: usize = 12;

/// What the bot's texts of one answer hold. No text, name or phone of a guest.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts of an answer"
)]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Measured {
    /// Characters of the longest text.
    pub chars: u32,
    /// The guest writes in Cyrillic, and a text of the bot is mostly in other letters.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub other_letters: bool,
    /// Hosts that https links lead to, lower case.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub hosts: BTreeSet<String>,
    /// A link without https, to a bare number, with a name before the host, or with letters of two scripts in it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub odd_link: bool,
    /// What is not meant for guests.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub internal: BTreeSet<Internal>,
    /// The bot says which passages it answers from.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub has_passages: bool,
    /// Amounts of money and percents that nothing known holds.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub amounts: BTreeSet<String>,
    /// Those of the policy's words of promise that neither passages nor deal nor people used.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub promises: BTreeSet<String>,
    /// The bot said the same in this episode.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub repeated: bool,
    /// Data of a person that nobody gave in this dialog: of another guest, or made up.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub personal: BTreeSet<Personal>,
}

/// What the bot's texts are held against. Texts are plain here and stay in the caller's hands.
#[derive(Debug, Clone, Default)]
pub struct Ground<'a> {
    /// The guest's messages that this answers.
    pub asked: Vec<&'a str>,
    /// All that the guest wrote, as far as it is kept.
    pub guest: Vec<&'a str>,
    /// What the bot said in this episode.
    pub said: Vec<&'a str>,
    /// What people of the account said to the guest, the deal's fields, the policy's texts.
    pub known: Vec<&'a str>,
    /// What is known of the guest: phone, names, notes, numbers of the own deals. No ground for a price.
    pub own: Vec<&'a str>,
    /// The passages that the bot names.
    pub passages: Vec<&'a str>,
    /// The policy's words of promise, as beginnings of words, lower case.
    pub promises: Vec<&'a str>,
}

/// Measures the texts of one answer to `turn`; `None` = its bot names its turns on purpose.
pub fn measure(replies: &[String], turn: Option<&TurnId>, ground: &Ground<'_>) -> Measured {
    let mut measured = Measured {
        has_passages: !ground.passages.is_empty(),
        ..Measured::default()
    };
    let cyrillic = writes_cyrillic(&ground.asked).or_else(|| writes_cyrillic(&ground.guest));
    let priced = [&ground.guest, &ground.known, &ground.passages];
    let priced = amounts::numbers(priced.into_iter().flatten().copied());
    let sources = [&ground.guest, &ground.known, &ground.own, &ground.passages];
    let sources: Vec<&str> = sources.into_iter().flatten().copied().collect();
    let quoted = ground.guest.iter();
    let quoted: BTreeSet<Internal> = quoted
        .flat_map(|text| internal::found(text, turn))
        .collect();
    let mut said: BTreeSet<String> = ground.said.iter().flat_map(|text| spoken(text)).collect();
    for reply in replies {
        let chars = u32::try_from(reply.chars().count()).unwrap_or(u32::MAX);
        measured.chars = measured.chars.max(chars);
        let found = links::links(reply, &ground.guest);
        measured.odd_link |= found.odd;
        measured.hosts.extend(found.hosts);
        let words = links::without(reply);
        measured.other_letters |=
            cyrillic == Some(true) && is_in_other_letters(&words, &ground.guest);
        let internal = internal::found(reply, turn).into_iter();
        measured
            .internal
            .extend(internal.filter(|kind| !(kind.may_be_quoted() && quoted.contains(kind))));
        let unfounded = amounts::of_money(&words)
            .into_iter()
            .filter(|n| !priced.contains(n));
        measured.amounts.extend(unfounded);
        let promised = promises(&words, ground);
        measured.promises.extend(promised.map(str::to_owned));
        measured.personal.extend(personal::found(&words, &sources));
        let plain = normal(reply);
        measured.repeated |= !plain.is_empty() && !said.insert(plain);
    }
    measured
}

/// Whether most letters are Cyrillic; `None` = there are none.
fn writes_cyrillic(texts: &[&str]) -> Option<bool> {
    let (cyrillic, all) = letters(texts.iter().flat_map(|text| words_of(text)));
    (all > 0).then_some(cyrillic * 2 > all)
}

/// What the guest wrote may be quoted in any letters.
fn is_in_other_letters(text: &str, guest: &[&str]) -> bool {
    let quoted: BTreeSet<&str> = guest.iter().flat_map(|text| words_of(text)).collect();
    let own = words_of(text).filter(|word| !quoted.contains(word));
    let (cyrillic, all) = letters(own);
    all >= LETTERS && cyrillic * 2 < all
}

/// Words without digits: an id is in no language.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.contains(|c: char| c.is_ascii_digit()))
}

/// Cyrillic letters, and all letters.
fn letters<'a>(words: impl Iterator<Item = &'a str>) -> (usize, usize) {
    let letters = words.flat_map(str::chars).filter(|c| c.is_alphabetic());
    letters.fold((0, 0), |(cyrillic, all), letter| {
        let is_cyrillic = ('\u{400}'..='\u{52f}').contains(&letter);
        (cyrillic + usize::from(is_cyrillic), all + 1)
    })
}

/// The policy's words of promise in a text that nobody else has used.
fn promises<'a>(text: &str, ground: &'a Ground<'_>) -> impl Iterator<Item = &'a str> {
    let text = padded(text);
    let known = [&ground.known, &ground.passages];
    let known: Vec<String> = known
        .into_iter()
        .flatten()
        .map(|text| padded(text))
        .collect();
    let promises = ground.promises.iter().copied();
    promises.filter(move |promise| {
        let promise = format!(" {}", normal(promise));
        promise.len() > 1
            && text.contains(&promise)
            && !known.iter().any(|known| known.contains(&promise))
    })
}

fn padded(text: &str) -> String {
    format!(" {} ", normal(text))
}

/// What of a text of ours may be the bot's own words: all of it, or what stands after the intro's line.
fn spoken(text: &str) -> Vec<String> {
    let after_intro = text.split_once('\n').map(|(_, rest)| normal(rest));
    let mut spoken = vec![normal(text)];
    spoken.extend(after_intro.filter(|rest| !rest.is_empty()));
    spoken
}

/// A text as it is compared: words in lower case, ё as е, without signs.
fn normal(text: &str) -> String {
    let lower = text.to_lowercase().replace('ё', "е");
    let words = lower.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
