//! Texts with placeholders. The settings page previews with the same code.
//!
//! `{name}` stands for a value; `{, name}` for a comma, a space and the value, and vanishes whole when the value is
//! empty: «Здравствуйте{, name}!» greets a stranger as «Здравствуйте!».

use crate::trace::Lang;
use std::collections::BTreeMap;
use std::fmt;

/// Every placeholder that a text of the policy may have.
pub const PLACEHOLDERS: &[&str] = &[
    "name",
    "patronymic",
    "bot_name",
    "organisation",
    "deal_list",
    "review_url",
    "duty_phone",
    "next_open",
    "hours_text",
    "stage",
    "deal_field",
];

/// A rendered text is cut to so many characters: more does not surely fit into one message of the channel.
pub const MAX_TEXT: usize = 1_000;

/// A value is cut to so many characters before it enters a text.
pub const MAX_VALUE: usize = 400;

/// Why a template cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextError {
    /// A `{` without its `}`; the character's position from 0.
    Unclosed(usize),
    /// A `}` without its `{`.
    Stray(usize),
    /// What stands between the braces is no name.
    BadName(String),
}

impl TextError {
    /// The sentence.
    pub fn text(&self, lang: Lang) -> String {
        match self {
            Self::Unclosed(at) => {
                let (of, end) = lang.of(
                    ("Скобка «{» на месте", "не закрыта"),
                    ("The brace «{» at place", "is not closed"),
                );
                format!("{of} {} {end}", at + 1)
            }
            Self::Stray(at) => {
                let (of, end) = lang.of(
                    ("Скобка «}» на месте", "ничего не закрывает"),
                    ("The brace «}» at place", "closes nothing"),
                );
                format!("{of} {} {end}", at + 1)
            }
            Self::BadName(name) => {
                let end = lang.of("не имя подстановки", "no placeholder's name");
                format!("«{{{name}}}» — {end}")
            }
        }
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::Ru))
    }
}

impl std::error::Error for TextError {}

/// A template is a row of these.
enum Piece<'a> {
    Plain(&'a str),
    Value { name: &'a str, comma: bool },
}

/// The names of a template's placeholders, in order, repeated ones repeatedly.
///
/// # Errors
/// The first thing that is no proper placeholder.
pub fn placeholders(template: &str) -> Result<Vec<&str>, TextError> {
    let mut names = Vec::new();
    for piece in pieces(template) {
        if let Piece::Value { name, .. } = piece? {
            names.push(name);
        }
    }
    Ok(names)
}

/// The template with its values. A value is plain text: braces in it mean nothing, control characters are dropped.
/// A placeholder without a value counts as empty; braces that are no placeholder stay as they are. At most
/// [`MAX_TEXT`] characters.
pub fn render(template: &str, values: &BTreeMap<&str, String>) -> String {
    let mut out = String::new();
    for piece in pieces(template) {
        match piece {
            Ok(Piece::Plain(text)) => out.push_str(text),
            Ok(Piece::Value { name, comma }) => {
                let value = values.get(name).map(|value| one_line(value));
                let value = value.unwrap_or_default();
                if comma && !value.is_empty() {
                    out.push_str(", ");
                }
                out.push_str(&value);
            }
            Err(TextError::Unclosed(_)) => out.push('{'),
            Err(TextError::Stray(_)) => out.push('}'),
            Err(TextError::BadName(name)) => {
                out.push('{');
                out.push_str(&name);
                out.push('}');
            }
        }
    }
    out.retain(|c| c == '\n' || !is_unseen(c));
    excerpt(out.trim(), MAX_TEXT)
}

/// At most `chars` characters of a text; what is left out shows as «…», which counts as one of them.
pub fn excerpt(text: &str, chars: usize) -> String {
    if text.chars().nth(chars).is_none() {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(chars.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    if chars > 0 {
        short.push('…');
    }
    short
}

fn one_line(value: &str) -> String {
    let flat: String = value
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !is_unseen(*c))
        .collect();
    excerpt(flat.trim(), MAX_VALUE)
}

/// A bot's words for staff: on one line, without what cannot be seen, at most `chars` characters.
pub fn for_staff(text: &str, chars: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut line = words.join(" ");
    line.retain(|c| !is_unseen(c));
    excerpt(&line, chars)
}

/// Control characters, and the marks that turn the direction of writing and so can make a text read otherwise.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn pieces(template: &str) -> impl Iterator<Item = Result<Piece<'_>, TextError>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let position = || template[..template.len() - rest.len()].chars().count();
        match first {
            '{' => {
                let inside = &rest[1..];
                let Some(end) = inside
                    .find(['{', '}'])
                    .filter(|end| inside[*end..].starts_with('}'))
                else {
                    let error = TextError::Unclosed(position());
                    rest = inside;
                    return Some(Err(error));
                };
                rest = &inside[end + 1..];
                Some(value(&inside[..end]))
            }
            '}' => {
                let error = TextError::Stray(position());
                rest = &rest[1..];
                Some(Err(error))
            }
            _ => {
                let (plain, after) = rest.split_at(rest.find(['{', '}']).unwrap_or(rest.len()));
                rest = after;
                Some(Ok(Piece::Plain(plain)))
            }
        }
    })
}

fn value(inside: &str) -> Result<Piece<'_>, TextError> {
    let (comma, name) = match inside.strip_prefix(',') {
        Some(name) => (true, name.trim()),
        None => (false, inside.trim()),
    };
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if is_name {
        Ok(Piece::Value { name, comma })
    } else {
        Err(TextError::BadName(inside.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTRO: &str = "Здравствуйте{, name}! Я {bot_name} {organisation}.";

    fn values<'a>(pairs: &[(&'a str, &str)]) -> BTreeMap<&'a str, String> {
        pairs
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect()
    }

    #[test]
    fn masterplan_scenario_1_the_bot_greets_with_and_without_a_name() {
        let mut known = values(&[
            ("bot_name", "виртуальный помощник"),
            ("organisation", "санатория «Лаванда»"),
        ]);
        assert_eq!(
            render(INTRO, &known),
            "Здравствуйте! Я виртуальный помощник санатория «Лаванда».",
            "masterplan: Сценарий 1, «виртуальный помощник»"
        );
        known.insert("name", "Мария".into());
        assert_eq!(
            render(INTRO, &known),
            "Здравствуйте, Мария! Я виртуальный помощник санатория «Лаванда»."
        );
        known.insert("name", "  ".into());
        assert!(render(INTRO, &known).starts_with("Здравствуйте! "));
    }

    #[test]
    fn a_value_is_plain_text() {
        let hostile = values(&[("name", "{bot_name}\u{7}\n\u{202e}x"), ("bot_name", "бот")]);
        assert_eq!(render("Это {name}", &hostile), "Это {bot_name} x");
        let long = values(&[("name", &"я".repeat(5_000))]);
        assert_eq!(render("{name}", &long).chars().count(), MAX_VALUE);
        assert_eq!(render(&"а".repeat(5_000), &long).chars().count(), MAX_TEXT);
    }

    #[test]
    fn placeholders_are_named_in_order() {
        assert_eq!(
            placeholders(INTRO),
            Ok(vec!["name", "bot_name", "organisation"])
        );
        assert_eq!(placeholders("без подстановок"), Ok(vec![]));
        assert_eq!(placeholders("{ name }{,name}"), Ok(vec!["name", "name"]));
    }

    #[test]
    fn broken_templates_are_told_and_still_render() {
        for (template, error, rendered) in [
            ("Я {name", TextError::Unclosed(2), "Я {name"),
            ("Я }", TextError::Stray(2), "Я }"),
            ("Я {Имя}", TextError::BadName("Имя".into()), "Я {Имя}"),
            ("Я {}", TextError::BadName(String::new()), "Я {}"),
            ("{{name}", TextError::Unclosed(0), "{Ия"),
        ] {
            assert_eq!(placeholders(template), Err(error), "{template}");
            assert_eq!(render(template, &values(&[("name", "Ия")])), rendered);
        }
    }

    #[test]
    fn a_missing_value_is_empty_and_lines_stay() {
        assert_eq!(render("а{, name}\n{stage}б", &BTreeMap::new()), "а\nб");
    }

    #[test]
    fn an_excerpt_counts_characters_and_not_bytes() {
        assert_eq!(excerpt("приём", 5), "приём");
        assert_eq!(excerpt("приёмная", 5), "приё…");
        assert_eq!(excerpt("при ёмная", 5), "при…");
        assert_eq!(excerpt("приём", 0), "");
        assert_eq!(excerpt("", 3), "");
    }
}
