//! How a message was understood, in full: for the command line and the settings' what-if. Unlike [`Understood`] it
//! quotes the guest, so it is shown and never stored.

use super::features::Kind;
use super::intents::Said;
use super::model::{Class, model};
use super::slots::{self, span};
use super::spelling;
use super::words::tokens;
use super::{AttachmentKind, Intent, Understood, beginning, understand};
use std::collections::BTreeMap;

/// Features named for each intent.
const REASONS: usize = 5;

/// What a message says, how sure that is, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What is stored with the message.
    pub understood: Understood,
    /// How probable the model holds each intent, 0..=100.
    pub sure: BTreeMap<Intent, u8>,
    /// The features that spoke most for an intent that was taken, the weightiest first.
    pub reasons: BTreeMap<Intent, Vec<Reason>>,
    /// The words that each fact and intent was read from.
    pub quotes: BTreeMap<String, String>,
}

/// A feature that spoke for an intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The words that it was read from.
    pub words: String,
    /// What was looked at: «word», «notions» …
    pub kind: &'static str,
    /// How much it weighs, 1..=127.
    pub weight: i8,
}

/// [`understand`], with its reasons.
pub fn explain(text: &str, attachments: &[AttachmentKind], today: i64) -> Explanation {
    let understood = understand(Some(text), attachments, today);
    let read = beginning(text);
    let tokens = tokens(read);
    let facts = slots::read(&spelling::corrected(&tokens), today, &mut BTreeMap::new());
    let judged = model().judge(&tokens, &facts, &Said::of(&tokens));
    let cut = |span: (u32, u32)| -> String {
        read.chars()
            .skip(span.0 as usize)
            .take(span.1 as usize)
            .collect()
    };
    let quotes = understood
        .spans
        .iter()
        .map(|(name, span)| (name.clone(), cut(*span)))
        .collect();
    let reasons = understood
        .intents
        .iter()
        .map(|intent| {
            let reasons = model().reasons(&judged, Class::Intent(*intent), REASONS);
            let reasons = reasons.into_iter().map(|reason| Reason {
                words: cut(span(&tokens, reason.tokens.start, reason.tokens.end)),
                kind: kind(reason.kind),
                weight: reason.weight,
            });
            (*intent, reasons.collect())
        })
        .collect();
    Explanation {
        sure: judged.intents().collect(),
        understood,
        reasons,
        quotes,
    }
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Word => "word",
        Kind::Stem => "stem",
        Kind::Pair => "pair of stems",
        Kind::Skip => "stems around a word",
        Kind::Piece => "piece of a word",
        Kind::Notion => "notion",
        Kind::Notions => "pair of notions",
        Kind::Asked => "notion in a question",
        Kind::First => "first word",
        Kind::Length => "length",
        Kind::Amount => "number and its neighbour",
    }
}
