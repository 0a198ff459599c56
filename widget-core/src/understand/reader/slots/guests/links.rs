//! What joins people to those named before them.

use super::People;
use super::people::Role;
use crate::understand::reader::numbers::number_at;
use crate::understand::reader::slots::ages::looks_like_verb;
use crate::understand::reader::slots::ages::whose::is_name;
use crate::understand::reader::slots::{is_stop, word};
use crate::understand::reader::words::Token;
use crate::understand::reader::words::list::{List, list};

/// How people are joined to those named before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// They come on top: «и», «плюс».
    And,
    /// They may be among them: a comma, «с».
    Perhaps,
    /// They are among them: «из них», a colon.
    Among,
}

/// What joins people to those before them; `None`: nothing does.
pub(super) fn link(between: &[Token], after_writer: bool) -> Option<Link> {
    let mut link = if between.is_empty() {
        Link::And
    } else {
        Link::Perhaps
    };
    if begins_another_room(between) {
        return Some(Link::And);
    }
    let mut open = false;
    let mut strange = 0;
    for (index, token) in between.iter().enumerate() {
        match token.word.as_str() {
            "и" | "да" | "плюс" | "+" | "and" | "plus" | "также" | "еще" | "&" | "тоже" => {
                if link != Link::Among {
                    link = Link::And;
                }
            }
            ":" | "из" | "включая" | "числе" | "including" | "них" | "–" | "—" =>
            {
                link = Link::Among;
            }
            "(" => open = true,
            ")" => open = false,
            "." | "!" | "?" | ";" | "\n" => return None,
            here if is_detail(here) => {}
            _ if number_at(between, index).is_some() => {}
            here if looks_like_verb(here) || here.chars().count() < 4 => return None,
            _ => strange += 1,
        }
    }
    let last = between.last().map_or("", |token| token.word.as_str());
    let tolerable = strange <= 2 && !after_writer && (joins(last) || link == Link::And);
    if strange > 0 && !tolerable {
        return None;
    }
    Some(if open { Link::Among } else { link })
}

/// «В одном мы с женой, в другом родители»: who sleeps in the other room comes on top.
fn begins_another_room(between: &[Token]) -> bool {
    let words = |at: usize| word(between, at);
    between.len() <= 8
        && (0..between.len()).any(|at| {
            let other = match words(at) {
                "в" | "во" => words(at + 1),
                "in" if words(at + 1) == "the" => words(at + 2),
                _ => return false,
            };
            matches!(
                other,
                "другом"
                    | "втором"
                    | "третьем"
                    | "другой"
                    | "второй"
                    | "other"
                    | "second"
            )
        })
}

/// «Отец слёг, мы отказались»: the writer begins a sentence of his own.
pub(super) fn begins_anew(tokens: &[Token], link: Link, people: &People) -> bool {
    let next = word(tokens, people.to);
    let goes_on =
        matches!(next, "и" | "с" | "со" | "and" | "with" | "+" | "плюс" | "") || is_stop(next);
    people.role == Role::Writer && link == Link::Perhaps && !goes_on
}

/// Says more of those named before: ages, names, whose they are.
#[rustfmt::skip]
const DETAILS: &List = list![
    ",", "-", "с", "со", "а", "том", "в", "with", "мой", "моя", "мои", "моим", "моей", "моими", "моего", "наш",
    "наша", "наши", "нашим", "нашей", "нашего", "его", "ее", "их", "своей", "своим", "маленький", "маленьким",
    "маленькая", "my", "our", "a", "the", "his", "her", "лет", "год", "года", "годик", "годика", "месяцев",
    "месяца", "мес", "г", "years", "old", "year", "months", "month", "of", "aged", "age", "ему", "ей", "им",
    "она", "он", "ну", "то", "есть", "по", "полтора", "полгода", "половиной", "взрослый", "взрослая",
    "пожилая", "совсем", "же", "на", "для", "старший", "старшая", "младший", "младшая", "year-old", "=",
    "годовалый", "грудной", "лучшая",
];

/// Whether the word says more of those named before.
pub(super) fn is_detail(word: &str) -> bool {
    DETAILS.contains(word)
        || word.contains("летн")
        || word.contains("месячн")
        || word.starts_with("годовал")
        || is_name(word)
        || word.starts_with(|c: char| c.is_ascii_digit())
}

pub(super) fn joins(word: &str) -> bool {
    matches!(
        word,
        "и" | "с" | "со" | "плюс" | "+" | "да" | "and" | "with"
    ) || word.contains("летн")
        || word.contains("годовал")
}
