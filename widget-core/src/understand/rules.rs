//! What a message says, by rules: the number of guests, the wish for a person, thanks. Each rule rather stays silent
//! than guesses; what they don't see yet, the bot may still report.

mod guests;
mod human;
#[cfg(test)]
mod table;
mod thanks;

use super::numbers::{Token, tokens};
use super::{AttachmentKind, Intent, Understood};

/// Rules read so many characters of a text.
const READ_CHARS: usize = 4_000;

/// What a message says. `text` is the guest's text as it came; of a very long one the beginning is read.
pub fn understand(text: Option<&str>, attachments: &[AttachmentKind]) -> Understood {
    let text = text.unwrap_or_default();
    let mut understood = Understood {
        attachments: attachments.to_vec(),
        chars: u32::try_from(text.trim().chars().count()).unwrap_or(u32::MAX),
        ..Understood::default()
    };
    let end = text
        .char_indices()
        .nth(READ_CHARS)
        .map_or(text.len(), |(end, _)| end);
    let tokens = tokens(&text[..end]);
    if let Some(found) = guests::guests(&tokens) {
        understood.facts.guests = Some(found.value);
        understood.spans.insert("guests".to_owned(), found.span);
    }
    if let Some(span) = human::wants_person(&tokens) {
        understood.intents.insert(Intent::HumanRequest);
        understood.spans.insert("human_request".to_owned(), span);
    }
    let stickers = attachments
        .iter()
        .all(|kind| *kind == AttachmentKind::Sticker);
    if stickers && tokens.is_empty() && !attachments.is_empty() {
        understood.intents.insert(Intent::ThanksOnly);
    } else if stickers && let Some(span) = thanks::thanks_only(&tokens) {
        understood.intents.insert(Intent::ThanksOnly);
        understood.spans.insert("thanks_only".to_owned(), span);
    }
    understood
}

/// Where in the text the tokens `from..to` stand: `(first, length)` in characters.
fn span(tokens: &[Token], from: usize, to: usize) -> (u32, u32) {
    let first = &tokens[from];
    let last = &tokens[to - 1];
    (first.from, last.from + last.len - first.from)
}
