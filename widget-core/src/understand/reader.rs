//! Reads a guest's text, offline and in microseconds.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `words` | the words of a text, spelled in one way, with their places |
//! | `numbers`, `spelling` | numbers in digits and words; slips of the pen |
//! | `slots` | facts: a small grammar, one kind of fact a file |
//! | `lexicon`, `features`, `model`, `second`, `intents` | what the guest wants: a linear model in two steps, and when its word is taken |
//! | [`train`], [`measure`] | how the model came about, and how well all of it reads |
//!
//! A text is hostile until read: of a very long one the beginning counts, and every loop over its words is bounded.

mod coding;
mod explain;
mod facts;
mod features;
mod intents;
mod lexicon;
pub mod measure;
mod model;
mod numbers;
mod sample;
mod second;
mod slots;
mod spelling;
#[cfg(test)]
mod tests;
mod thanks;
#[cfg(feature = "train")]
pub mod train;
mod weights;
mod words;

pub use explain::{Explanation, Reason, explain};
pub(crate) use features::stem;
#[cfg(feature = "weights")]
pub use model::WEIGHTS;
pub use model::take_in;
pub use sample::Sample;
pub(crate) use slots::days_alone;

use super::{AttachmentKind, Facts, Intent, Understood};

/// So many characters of a text are read.
const READ_CHARS: usize = 8_000;

/// What a message says. `text` is the guest's text as it came; of a very long one the beginning is read. `today`: the
/// guest's day, in days since 1970-01-01, from which ages and dates are reckoned.
pub fn understand(text: Option<&str>, attachments: &[AttachmentKind], today: i64) -> Understood {
    understand_with(model::model(), text, attachments, today)
}

fn understand_with(
    model: &model::Model,
    text: Option<&str>,
    attachments: &[AttachmentKind],
    today: i64,
) -> Understood {
    let text = text.unwrap_or_default();
    let mut understood = Understood {
        attachments: attachments.to_vec(),
        chars: u32::try_from(text.trim().chars().count()).unwrap_or(u32::MAX),
        ..Understood::default()
    };
    let tokens = words::tokens(beginning(text));
    let corrected = spelling::corrected(&tokens);
    understood.facts = slots::read(&corrected, today, &mut understood.spans);
    let stickers = attachments
        .iter()
        .all(|kind| *kind == AttachmentKind::Sticker);
    if tokens.is_empty() {
        if stickers && !attachments.is_empty() {
            understood.intents.insert(Intent::ThanksOnly);
        }
    } else if stickers && let Some(span) = thanks::thanks_only(&tokens) {
        understood.intents.insert(Intent::ThanksOnly);
        understood.spans.insert("thanks_only".to_owned(), span);
    } else {
        let said = intents::Said::of(&tokens);
        let judged = model.judge(&tokens, &understood.facts, &said);
        let Understood { facts, spans, .. } = &mut understood;
        facts::add(facts, &corrected, model, &judged, spans);
        let says_more = !stickers || understood.facts != Facts::default();
        understood.intents = intents::read(
            &tokens,
            model,
            &judged,
            &said,
            says_more,
            &mut understood.spans,
        );
    }
    understood
}

/// The words, numbers and marks of a text, spelled in one way.
pub(crate) fn words(text: &str) -> Vec<String> {
    let tokens = words::tokens(beginning(text)).into_iter();
    tokens.map(|token| token.word).collect()
}

/// As much of a text as is read.
fn beginning(text: &str) -> &str {
    let end = text
        .char_indices()
        .nth(READ_CHARS)
        .map_or(text.len(), |(end, _)| end);
    &text[..end]
}
