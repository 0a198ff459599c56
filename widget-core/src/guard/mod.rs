//! What stands in the bot's texts that a guest should not read, measured before anything is decided: like
//! [`crate::understand`], once, where the texts are open. [`crate::decide`] obeys the policy with it, and a replay under
//! another policy judges the same measures anew.

mod amounts;
mod internal;
mod links;
mod personal;
mod secrets;
#[cfg(test)]
mod tests;

pub use internal::Internal;
pub use personal::Personal;

use crate::ids::TurnId;
use secrets::Secrets;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A reply with fewer letters is in no language: «Ок», «18:00», an address.
const LETTERS: usize = 12;
/// After this heading a prompt says what guests may be told; before it, how the model is to behave.
pub const FOR_GUESTS: &str = "# Сведения";

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
    /// A text of the bot is mostly in letters that the guest does not use: not in Cyrillic for one who does, in neither
    /// Cyrillic nor Latin for one who writes in Latin.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub other_letters: bool,
    /// Hosts that https links lead to, lower case, but for links of the passages.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub hosts: BTreeSet<String>,
    /// Hosts of https links that stand in the named passages, letter by letter.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub cited_hosts: BTreeSet<String>,
    /// A link without https, to a bare number, with a name before the host, or with letters of two scripts in it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub odd_link: bool,
    /// What is not meant for guests.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub internal: BTreeSet<Internal>,
    /// The bot says which passages it answers from.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub has_passages: bool,
    /// A language model wrote it: it may have been talked into anything, so a price, a promise or a link has to stand on
    /// what the house wrote, whatever the guest says.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub by_model: bool,
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
    /// What is known of the guest: phone, numbers of the own deals. No ground for a price.
    pub own: Vec<&'a str>,
    /// The passages that the bot names.
    pub passages: Vec<&'a str>,
    /// What staff noted for each other about the guest.
    pub notes: Vec<&'a str>,
    /// What a manager told the bot when giving the dialog back. The bot may go by it, prices and promises included, but
    /// the guest does not read it.
    pub return_note: Option<&'a str>,
    /// The prompt, where a language model answers.
    pub prompt: Option<&'a str>,
    /// The policy's words of promise, as beginnings of words, lower case.
    pub promises: Vec<&'a str>,
}

/// Measures the texts of one answer to `turn`; `None` = its bot names its turns on purpose.
pub fn measure(replies: &[String], turn: Option<&TurnId>, ground: &Ground<'_>) -> Measured {
    let by_model = ground.prompt.is_some();
    let mut measured = Measured {
        has_passages: !ground.passages.is_empty(),
        by_model,
        ..Measured::default()
    };
    let script = script_of(&ground.asked).or_else(|| script_of(&ground.guest));
    let cited = good_passages(ground);
    let public = stated(ground, &cited);
    // A price that a manager named to the bot is agreed on.
    let stated: Vec<&str> = public.iter().copied().chain(ground.return_note).collect();
    // What a guest says is no ground for what a model may be talked into.
    let named: &[&str] = if by_model { &[] } else { &ground.guest };
    let priced = amounts::numbers(named.iter().chain(&stated).copied());
    let secrets = Secrets::of(ground, &public, named);
    let sources = named.iter().chain(&public).chain(&ground.own);
    let sources: Vec<&str> = sources.copied().collect();
    let quoted = ground.guest.iter();
    let quoted: BTreeSet<Internal> = quoted
        .flat_map(|text| internal::found(text, turn))
        .collect();
    let mut said: BTreeSet<String> = ground.said.iter().flat_map(|text| spoken(text)).collect();
    for reply in replies {
        let chars = u32::try_from(reply.chars().count()).unwrap_or(u32::MAX);
        measured.chars = measured.chars.max(chars);
        let found = links::links(reply, named, &cited);
        measured.odd_link |= found.odd;
        measured.hosts.extend(found.hosts);
        measured.cited_hosts.extend(found.cited);
        let words = links::without(reply);
        measured.other_letters |= is_in_other_letters(&words, script, &ground.guest);
        let internal = internal::found(reply, turn).into_iter();
        measured
            .internal
            .extend(internal.filter(|kind| !(kind.may_be_quoted() && quoted.contains(kind))));
        measured.internal.extend(secrets.found(reply));
        let unfounded = amounts::of_money(&words)
            .into_iter()
            .filter(|n| !priced.contains(n));
        measured.amounts.extend(unfounded);
        let promised = promises(&words, &ground.promises, &stated);
        measured.promises.extend(promised.map(str::to_owned));
        measured.personal.extend(personal::found(&words, &sources));
        let plain = normal(reply);
        measured.repeated |= !plain.is_empty() && !said.insert(plain);
    }
    measured
}

/// Whether a bot's words to staff are plain words: no link to follow, nothing of machinery or prompts.
pub fn is_for_staff(text: &str) -> bool {
    links::links(text, &[], &[]) == links::Links::default()
        && internal::found(text, None).is_empty()
}

/// The passages but for those that speak like a prompt: they are no ground for anything.
fn good_passages<'a>(ground: &Ground<'a>) -> Vec<&'a str> {
    let is_good = |text: &&str| !internal::found(text, None).contains(&Internal::Prompt);
    ground.passages.iter().copied().filter(is_good).collect()
}

/// What the house itself says to guests: what people wrote, the passages, and the part of a prompt that is for guests.
fn stated<'a>(ground: &Ground<'a>, passages: &[&'a str]) -> Vec<&'a str> {
    let told = ground
        .prompt
        .and_then(|prompt| prompt.split_once(FOR_GUESTS));
    let all = ground.known.iter().chain(passages).copied();
    all.chain(told.map(|(_, told)| told)).collect()
}

/// The letters that a guest uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Cyrillic,
    Latin,
    Other,
}

/// Which letters most are; `None` = there are none.
fn script_of(texts: &[&str]) -> Option<Script> {
    let letters = Letters::of(texts.iter().flat_map(|text| words_of(text)));
    if letters.all == 0 {
        None
    } else if letters.cyrillic * 2 > letters.all {
        Some(Script::Cyrillic)
    } else if letters.latin * 2 > letters.all {
        Some(Script::Latin)
    } else {
        Some(Script::Other)
    }
}

/// What the guest wrote may be quoted in any letters.
fn is_in_other_letters(text: &str, script: Option<Script>, guest: &[&str]) -> bool {
    let quoted: BTreeSet<&str> = guest.iter().flat_map(|text| words_of(text)).collect();
    let own = words_of(text).filter(|word| !quoted.contains(word));
    let letters = Letters::of(own);
    let read = match script {
        Some(Script::Cyrillic) => letters.cyrillic,
        Some(Script::Latin) => letters.cyrillic + letters.latin,
        Some(Script::Other) | None => return false,
    };
    letters.all >= LETTERS && read * 2 < letters.all
}

/// Words without digits: an id is in no language.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.contains(|c: char| c.is_ascii_digit()))
}

/// How many letters of which kind.
#[derive(Default)]
struct Letters {
    cyrillic: usize,
    latin: usize,
    all: usize,
}

impl Letters {
    fn of<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let letters = words.flat_map(str::chars).filter(|c| c.is_alphabetic());
        letters.fold(Self::default(), |found, letter| Self {
            cyrillic: found.cyrillic + usize::from(('\u{400}'..='\u{52f}').contains(&letter)),
            latin: found.latin + usize::from(letter < '\u{250}'),
            all: found.all + 1,
        })
    }
}

/// The policy's words of promise in a text that nobody else has used.
fn promises<'a>(
    text: &str,
    promises: &'a [&'a str],
    stated: &[&str],
) -> impl Iterator<Item = &'a str> {
    let text = padded(text);
    let stated: Vec<String> = stated.iter().map(|text| padded(text)).collect();
    promises.iter().copied().filter(move |promise| {
        let promise = format!(" {}", normal(promise));
        promise.len() > 1
            && text.contains(&promise)
            && !stated.iter().any(|stated| stated.contains(&promise))
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
