//! What a guest wants at «Выезд» (masterplan: «Особая логика для этапа "Выезд"»; BEHAVIOUR §3).

use super::Draft;
use super::handoff::Cause;
use super::triggers::{Said, holds};
use crate::action::{Note, SendKind, TextPart};
use crate::change::Change;
use crate::dialog::{DealWork, SentText, Turn};
use crate::event::{BotAnswer, BotDone};
use crate::ids::MessageId;
use crate::owner::ReasonId;
use crate::policy::{DepartureAct, DepartureRow};
use crate::trace::Check;
use crate::understand::Intent;

/// The question that finds out what a guest at «Выезд» wants.
const CLARIFY: &str = "clarify_departure";
/// What is added to the thanks for a review where the policy has a link.
const LINK: &str = "review_link";

impl Draft<'_> {
    /// The first row of the table that holds.
    pub(super) fn departure_row(&mut self, said: &Said) -> Option<DepartureRow> {
        let row = self
            .policy
            .departure
            .iter()
            .find(|row| holds(&row.when, said).is_some())
            .cloned();
        match &row {
            Some(row) => self.check(Check::passed("departure.row").with("id", &row.id)),
            None => self.check(Check::passed("departure.none")),
        }
        row
    }

    /// What the row says, before the bot is asked. A row of a new deal has made its deal by now.
    pub(super) fn by_departure_row(&mut self, row: Option<DepartureRow>, said: &Said) {
        let Some(row) = row else {
            self.ask_bot();
            return;
        };
        if row.then == DepartureAct::AcceptReview && !asks_beside_a_review(&row, said) {
            let messages = self.unanswered_ids();
            self.accept_review(&row, messages, true);
        } else if let Some(cause) = cause_of(&row) {
            self.hand_off(cause);
        } else if row.then == DepartureAct::Clarify {
            self.clarify_or_hand_off(CLARIFY, "clarify.departure", ReasonId::UnclearTwice);
        } else {
            self.ask_bot();
        }
    }

    /// What the row says of the bot's answer; `true` when that settles it.
    pub(super) fn answer_at_departure(
        &mut self,
        row: &DepartureRow,
        said: &Said,
        turn: &Turn,
        answer: &BotAnswer,
    ) -> bool {
        match row.then {
            DepartureAct::AcceptReview => {
                // A bot that gave the link itself has thanked already; and what the guest asks beside is answered.
                let speaks = answer.done.contains(&BotDone::ReviewLinkSent)
                    || asks_beside_a_review(row, said);
                let bot_speaks = speaks && !answer.replies.is_empty() && row.reason.is_none();
                self.accept_review(row, turn.messages.clone(), !bot_speaks);
                !bot_speaks
            }
            DepartureAct::Clarify => {
                self.clarify_or_hand_off(CLARIFY, "clarify.departure", ReasonId::UnclearTwice);
                true
            }
            DepartureAct::Answer | DepartureAct::NewDeal => match cause_of(row) {
                Some(cause) => {
                    self.hand_off(cause);
                    true
                }
                None => false,
            },
        }
    }

    /// The review is taken, as a note; the guest is thanked, or told that a person will see to it.
    fn accept_review(&mut self, row: &DepartureRow, messages: Vec<MessageId>, thank: bool) {
        self.check(Check::decided("review.accepted"));
        let note = Note::Review {
            messages: messages.clone(),
        };
        self.work_on_deal(DealWork::Note(note));
        if let Some(cause) = cause_of(row) {
            self.hand_off(cause);
            return;
        }
        if !thank {
            return;
        }
        let mut parts = self.intro_part();
        let text = row
            .text
            .clone()
            .unwrap_or_else(|| "review_thanks".to_owned());
        parts.push(TextPart::Policy(text));
        if self.policy.review_url.is_some() && self.policy.text(LINK).is_some() {
            parts.push(TextPart::Policy(LINK.to_owned()));
        }
        self.send(SendKind::Answer, parts, |kind, epoch| SentText {
            answers: messages,
            ..SentText::plain(kind, epoch)
        });
    }

    /// The guest wants a new booking: a new deal, and the one at «Выезд» stays where it is.
    pub(super) fn want_new_deal(&mut self) {
        let made_before = |e: &crate::dialog::Episode| e.deal_made;
        if self.state.episode.as_ref().is_some_and(made_before) {
            self.end_episode();
        }
        self.check(Check::passed("deal.wanted"));
        self.change(Change::NewDealWanted);
        self.unbind();
        self.claim_deal();
    }
}

/// Whether the guest wants something else too, which thanks for the review would leave without an answer.
fn asks_beside_a_review(row: &DepartureRow, said: &Said) -> bool {
    use Intent::{Complaint, Greeting, Review, ThanksOnly, Unclear};
    let review = [Review, Complaint, Greeting, ThanksOnly, Unclear];
    row.reason.is_none() && said.intents.iter().any(|intent| !review.contains(intent))
}

fn cause_of(row: &DepartureRow) -> Option<Cause> {
    let cause = Cause::from(row.reason?);
    Some(Cause {
        text: row.text.clone(),
        ..cause
    })
}
