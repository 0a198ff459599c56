//! Text that is not meant for guests: of our own machinery, or of the bot's.

use crate::ids::TurnId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A kind of text that is not meant for guests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Internal {
    /// The id of a turn or a dialog.
    TurnId,
    /// The line that names an action in the CRM.
    Mark,
    /// JSON, or a block of code.
    Json,
    /// Words of a prompt, or of a model about itself.
    Prompt,
    /// A placeholder that nobody filled.
    Placeholder,
    /// What staff noted for each other about the guest.
    Note,
}

impl Internal {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::TurnId,
        Self::Mark,
        Self::Json,
        Self::Prompt,
        Self::Placeholder,
        Self::Note,
    ];

    /// Its name in policies and traces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TurnId => "turn_id",
            Self::Mark => "mark",
            Self::Json => "json",
            Self::Prompt => "prompt",
            Self::Placeholder => "placeholder",
            Self::Note => "note",
        }
    }
}

impl Internal {
    /// A guest may write such signs, and the bot may quote them.
    pub(super) const fn may_be_quoted(self) -> bool {
        matches!(self, Self::Json | Self::Placeholder)
    }
}

/// How models and their prompts speak, lower case.
const PROMPTS: &[&str] = &[
    "<|",
    "|>",
    "[inst]",
    "system prompt",
    "системный промпт",
    "системного промпта",
    "системные инструкции",
    "мои инструкции",
    "моих инструкц",
    "my instructions",
    "ignore previous",
    "игнорируй предыдущ",
    "языковая модель",
    "языковой моделью",
    "языковую модель",
    "language model",
    "as an ai",
    "knowledge cutoff",
    "assistant:",
    "system:",
    "user:",
];
/// What programs write where they have no word.
const NO_WORDS: [&str; 3] = ["undefined", "null", "nan"];
/// Hex digits of the mark of an action.
const MARK: usize = 8;
/// Hex digits of a dialog's id.
const DIALOG: usize = 16;

pub(super) fn found(text: &str, turn: Option<&TurnId>) -> BTreeSet<Internal> {
    let lower = text.to_lowercase();
    let holds = |kind: Internal| match kind {
        Internal::TurnId => turn.is_some_and(|turn| has_turn_id(&lower, turn)),
        Internal::Mark => after(&lower, "#e-").any(|rest| begins_hex(rest, MARK)),
        Internal::Json => text.contains("```") || has_key(text),
        Internal::Prompt => PROMPTS.iter().any(|words| lower.contains(words)),
        Internal::Placeholder => has_placeholder(&lower),
        // Known by its words alone: `super::secrets`.
        Internal::Note => false,
    };
    Internal::ALL
        .into_iter()
        .filter(|kind| holds(*kind))
        .collect()
}

/// This turn's id, its dialog's, or whatever looks like one: 16 hex digits, `-t`, a number.
fn has_turn_id(text: &str, turn: &TurnId) -> bool {
    let id = turn.0.to_lowercase();
    let dialog = turn.dialog().map(|dialog| dialog.0.to_lowercase());
    let is_long = |id: &str| id.len() >= DIALOG;
    text.contains(&id) && !id.is_empty()
        || dialog.is_some_and(|dialog| is_long(&dialog) && text.contains(&dialog))
        || text.match_indices("-t").any(|(at, _)| {
            let before = text[..at]
                .bytes()
                .rev()
                .take_while(u8::is_ascii_hexdigit)
                .count();
            before >= DIALOG && text[at + 2..].starts_with(|c: char| c.is_ascii_digit())
        })
}

/// The texts after each place where `sign` stands.
fn after<'a>(text: &'a str, sign: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(sign)
        .map(move |(at, _)| &text[at + sign.len()..])
}

fn begins_hex(text: &str, digits: usize) -> bool {
    text.bytes().take_while(u8::is_ascii_hexdigit).count() >= digits
}

/// `"replies":`, a key of JSON.
fn has_key(text: &str) -> bool {
    text.match_indices("\":").any(|(end, _)| {
        let key = text[..end].rsplit('"').next().unwrap_or_default();
        !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

/// `{name}`, `[имя гостя]`, `<имя>`, `%s`, «undefined».
fn has_placeholder(text: &str) -> bool {
    let in_signs = |open: char, close: char| {
        text.match_indices(open).any(|(at, _)| {
            let inside = &text[at + open.len_utf8()..];
            inside.find(close).is_some_and(|end| {
                let name = &inside[..end];
                !name.trim().is_empty()
                    && name
                        .chars()
                        .all(|c| c.is_alphabetic() || c == '_' || c == ' ')
            })
        })
    };
    let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    text.contains(['{', '}'])
        || in_signs('[', ']')
        || in_signs('<', '>')
        || text.contains("%s")
        || words.any(|word| NO_WORDS.contains(&word))
}
