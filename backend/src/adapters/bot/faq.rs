//! The bot that needs no network: it answers from the knowledge base by search alone, asks for what a booking needs, one
//! thing at a time, and leaves everything else to a person.
//!
//! Deterministic: the same turn over the same base is the same answer. It never makes up a word: what it says is a passage as
//! the house wrote it, or one of the few sentences in `words`.

mod asked;
mod booking;
#[cfg(test)]
mod tests;
mod words;

use crate::error::{CallError, StoreError};
use crate::ports::{Bot, BotReply, BotRequest, BotSaid, Hit, LateCall, LateRefusal, Librarian};
use asked::{Asked, Sentence};
use async_trait::async_trait;
use std::sync::Arc;
use widget_core::event::{BotDone, Kb};
use widget_core::ids::AccountId;
use widget_core::knowledge::{confidence, is_sure, terms};
use widget_core::understand::Intent;

/// No more passages than these are sent at once: who asks for more gets a person.
const MOST_ANSWERS: usize = 3;
/// So many of the best passages are looked at.
const LOOKED_AT: usize = 3;
/// How sure it is of its own sentences: they state nothing.
const OF_ITSELF: u8 = 95;
/// A question with fewer terms than this may go on with what was asked before: «а сколько стоит?».
const GOES_ON: usize = 3;

/// The bot of one account.
pub struct FaqBot {
    account: AccountId,
    librarian: Arc<dyn Librarian>,
}

impl FaqBot {
    /// A bot that answers from this account's base.
    pub fn new(account: AccountId, librarian: Arc<dyn Librarian>) -> Self {
        Self { account, librarian }
    }

    async fn answer(&self, request: &BotRequest) -> Result<BotReply, StoreError> {
        let asked = Asked::read(request);
        if asked.is_thanks() {
            return Ok(BotReply {
                silent: true,
                confidence: OF_ITSELF,
                ..BotReply::default()
            });
        }
        let we_asked = booking::we_asked(request);
        let mut answers: Vec<Hit> = Vec::new();
        let mut is_missed = false;
        for sentence in asked.questions() {
            match self.look_up(&asked, sentence).await? {
                Some(hit)
                    if answers
                        .iter()
                        .any(|known| known.passage.id == hit.passage.id) => {}
                Some(hit) => answers.push(hit),
                None => is_missed |= sentence.needs_an_answer(we_asked),
            }
        }
        let next = booking::next(request, &asked);
        if is_missed || answers.len() > MOST_ANSWERS {
            return Ok(missed(&answers));
        }
        if !answers.is_empty() {
            return Ok(answered(answers, next));
        }
        Ok(match next {
            Some(next) => next.reply(),
            None if asked.is_greeting() => of_itself(words::HOW_TO_HELP),
            None => missed(&[]),
        })
    }

    /// The passage that answers a sentence: by itself, else together with what was said just before it.
    async fn look_up(&self, asked: &Asked, sentence: &Sentence) -> Result<Option<Hit>, StoreError> {
        if let Some(hit) = self.best(&sentence.text).await? {
            return Ok(Some(hit));
        }
        let own = terms(&sentence.text);
        if own.len() >= GOES_ON {
            return Ok(None);
        }
        let Some(before) = asked.before(sentence) else {
            return Ok(None);
        };
        let together = self.best(&format!("{before} {}", sentence.text)).await?;
        // It has to be about what this sentence asks too, not only about what was answered already.
        Ok(together.filter(|hit| {
            let theirs = terms(&format!(
                "{} {} {}",
                hit.passage.title,
                hit.passage.questions.join(" "),
                hit.passage.text
            ));
            !own.is_empty() && own.iter().all(|term| theirs.contains(term))
        }))
    }

    async fn best(&self, question: &str) -> Result<Option<Hit>, StoreError> {
        let found = self
            .librarian
            .find(self.account, question, LOOKED_AT)
            .await?;
        let is_sure = is_sure(found.hits.iter().map(|hit| hit.value));
        Ok(found.hits.into_iter().next().filter(|_| is_sure))
    }
}

#[async_trait]
impl Bot for FaqBot {
    async fn turn(&self, request: &BotRequest) -> Result<BotSaid, CallError> {
        let reply = self
            .answer(request)
            .await
            .map_err(|error| CallError::unknown(format!("faq: {error}")))?;
        Ok(BotSaid::Answer(Box::new(reply)))
    }

    fn late(&self, _: LateCall<'_>) -> Result<BotReply, LateRefusal> {
        Err(LateRefusal::NotSigned)
    }
}

fn answered(answers: Vec<Hit>, next: Option<booking::Next>) -> BotReply {
    let least = answers.iter().map(|hit| confidence(hit.value)).min();
    let mut reply = BotReply {
        confidence: least.unwrap_or(0),
        kb: Kb::Hit,
        done: vec![BotDone::Consulted],
        ..BotReply::default()
    };
    for hit in answers {
        reply.replies.push(hit.passage.text.clone());
        reply.cited.push(hit.passage.id);
        reply.passages.push(hit.passage.text);
    }
    match next {
        Some(booking::Next::Ask(question)) => reply.replies.push(question),
        Some(booking::Next::Offer(stay)) => {
            reply.replies.push(words::link());
            reply.booking = Some(Box::new(stay));
        }
        Some(booking::Next::Person(note)) => reply.handoff = Some((String::new(), Some(note))),
        None => {}
    }
    reply
}

/// Nothing, or not enough: what was found all the same goes to the manager by name.
fn missed(found: &[Hit]) -> BotReply {
    let titles: Vec<&str> = found.iter().map(|hit| hit.passage.title.as_str()).collect();
    let note = (!titles.is_empty()).then(|| words::found_a_part(&titles));
    BotReply {
        kb: Kb::Miss,
        handoff: note.map(|note| (NO_KB.to_owned(), Some(note))),
        ..BotReply::default()
    }
}

/// The reason of a handoff for want of words in the base.
const NO_KB: &str = "no_kb";

fn of_itself(text: &str) -> BotReply {
    BotReply {
        replies: vec![text.to_owned()],
        confidence: OF_ITSELF,
        intents: vec![Intent::Greeting],
        ..BotReply::default()
    }
}
