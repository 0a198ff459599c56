//! Judges a case: a dialog and a guest's message in a few words, in; what becomes of the message, out.
//!
//! `estafeta decide` and the settings' what-if panel are this function. It has no rules of its own: [`judge`] plays the
//! case's past and then the message on the real machine, [`mod@crate::decide`], and reads the outcome off its decisions.
//! Examples: `backend/policies/cases.jsonl`, what becomes of them: `cases.expected.jsonl` beside it.
//!
//! # The case
//!
//! | field | meaning |
//! | --- | --- |
//! | `id` | text or number, given back with the verdict |
//! | `stage` | where the guest's current deal stands, as the CRM names it; null: no such deal. A stage that the policy does not list is an unmapped one. «Отказ» and «Успешно реализовано» are closed |
//! | `text` | the guest's message; null or empty: only attachments |
//! | `context.owner` | `bot`, `waiting`, `manager`: who leads before the message |
//! | `context.local_time` | when it comes, on the account's clock ([`LocalTime`]); without it Wed 2026-11-18 11:00 |
//! | `context.kb` | `none`: the bot has not been asked, so `answer` means *ask it* · `hit`: it answers, confidence 90 · `miss`: it found nothing |
//! | `context.open_deals` | how many are open in all; those beyond `stage` stand at the same stage |
//! | `context.deals` | all open deals instead: `"<stage>: <dates>"`, such as `"Заезд: 10–20 марта"`. Dates that cannot be read are unknown |
//! | `context.attachments` | `{type, name?, seconds?}`; type as the channel names it (`image/jpeg`, `ptt` …) or plainly (`voice`, `photo`, `pdf` …) |
//! | `context.open_whatsapp_task` | the deal has an open task «WhatsApp» |
//! | `context.contact_known` | the CRM has the guest's contact; so it has where there are deals |
//! | `context.just_returned` | a manager has just given the dialog back, and the bot has not spoken since |
//! | `context.last_manager_message_min_ago` | so many minutes ago a manager wrote. An auto-return that fell due since has happened |
//! | `test` | `{facts, intents, bot}`: what else was understood, and what the bot reports ([`TestField`]) |
//!
//! Only `id` must be there. A field with another name is refused. The guest counts as one of `trial_phones`; under the
//! mode `watch` the verdict is what would be decided, and its `effects` are empty, as nothing is written.
//!
//! # The verdict
//!
//! | action | when | effects |
//! | --- | --- | --- |
//! | `answer` | the bot answers | `send_message` |
//! | `clarify` | the bot asks back | `send_message` |
//! | `handoff` | a manager answers, for `reason` | `send_message`, `create_task` unless one is open |
//! | `accept_review` | a review at «Выезд»; `then: handoff` when it is a bad one | `send_message`, and those of `then` |
//! | `new_deal` | a deal has to be made: none is open, all are closed, or a new booking is wanted at «Выезд»; `then` says what becomes of the message | `create_deal`, and those of `then` |
//! | `silent` | nothing is said: thanks, or people lead | none |
//!
//! `deal` is the deal that it is about: `current`, `new`, or `any` where it is about none in particular (nothing is said,
//! or the guest is asked which one). `reason` is the first rule that fires, in the policy's order. `text_variant` tells
//! which text of the working hours the guest reads; `introduce`, whether the bot introduces itself. `trace` holds all
//! checks in order.
//!
//! What is urgent does not wait for whoever leads: then `silent` comes with the effects that it has.

mod days;
mod moment;
mod play;
#[cfg(test)]
mod tests;

pub use moment::LocalTime;

use crate::action::{SendKind, TextPart};
use crate::event::{BotAnswer, BotHandoff, Kb};
use crate::ids::TextRef;
use crate::owner::ReasonId;
use crate::policy::Policy;
use crate::time::{Days, Zone};
use crate::understand::{AttachmentKind, Facts, Intent, Programme, Understood, understand};
use crate::wire::WhyLine;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Confidence of an answer that stands on the knowledge base, 0..=100.
const SURE: u8 = 90;

/// A dialog and a guest's message, in a few words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Given back with the verdict.
    pub id: CaseId,
    /// Where the current deal stands, as the CRM names it.
    #[serde(default)]
    pub stage: Option<String>,
    /// The guest's message.
    #[serde(default)]
    pub text: Option<String>,
    /// Everything around it.
    #[serde(default)]
    pub context: Context,
    /// What else is known of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<TestField>,
}

/// The name of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CaseId {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
}

/// What there is around a guest's message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Context {
    /// Who leads before the message.
    pub owner: Leader,
    /// When it comes.
    pub local_time: Option<LocalTime>,
    /// What the knowledge base has.
    pub kb: Kb,
    /// How many deals are open in all.
    pub open_deals: Option<u32>,
    /// All open deals, `"<stage>: <dates>"`.
    pub deals: Option<Vec<String>>,
    /// What came with the message.
    pub attachments: Vec<Attachment>,
    /// The deal has an open task «WhatsApp».
    pub open_whatsapp_task: bool,
    /// The CRM has the guest's contact.
    pub contact_known: Option<bool>,
    /// A manager has just given the dialog back.
    pub just_returned: bool,
    /// So many minutes ago a manager wrote.
    pub last_manager_message_min_ago: Option<u32>,
}

/// Who leads before the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leader {
    /// The bot.
    #[default]
    Bot,
    /// Nobody yet: handed over.
    Waiting,
    /// A manager.
    Manager,
}

/// Something that came with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// What it is: a MIME type or a plain word.
    #[serde(rename = "type")]
    pub kind: String,
    /// The file's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Length of a sound or video.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
}

/// What is known of a message besides its text: the tests of a policy need not rest on what the rules for texts see.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TestField {
    /// Facts stated; they win over those of the text.
    #[serde(with = "CaseFacts")]
    pub facts: Facts,
    /// What the guest wants, besides what the text says.
    pub intents: BTreeSet<Intent>,
    /// What the bot answers, where it is asked.
    pub bot: Option<TestBot>,
}

/// A bot's answer in part; the rest follows from `kb`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TestBot {
    /// Intents that the bot sees.
    pub intents: BTreeSet<Intent>,
    /// Facts that the bot sees.
    #[serde(with = "CaseFacts")]
    pub facts: Facts,
    /// 0..=100.
    pub confidence: Option<u8>,
    /// The bot finds that nothing needs to be said.
    pub silent: bool,
    /// The bot asks for a person.
    pub handoff: Option<TestHandoff>,
}

/// The bot asks for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TestHandoff {
    /// Why; without it the bot names a reason of its own.
    pub reason: Option<ReasonId>,
}

/// [`Facts`] of a case: there a name that is not known is an error.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Facts", deny_unknown_fields)]
struct CaseFacts {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    guests: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    youngest_child: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rooms: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pet: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    past_stay: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    new_booking: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dates: Option<Days>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nights: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    programme: Option<Programme>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    several_deals: Option<bool>,
}

/// What becomes of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Of which case.
    pub id: CaseId,
    /// What is done.
    pub action: Verb,
    /// Why a manager answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonId>,
    /// What is done besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<Verb>,
    /// On which deal.
    pub deal: Subject,
    /// What is written.
    pub effects: Vec<Effect>,
    /// Which text of the working hours the guest reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_variant: Option<HoursText>,
    /// Whether the bot introduces itself; absent where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduce: Option<bool>,
    /// Why: all checks in order, in Russian.
    pub trace: Vec<String>,
}

/// What is done with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// The bot answers.
    Answer,
    /// A manager answers.
    Handoff,
    /// The bot asks back.
    Clarify,
    /// A deal is made.
    NewDeal,
    /// A review is taken.
    AcceptReview,
    /// Nothing is said.
    Silent,
}

/// Which deal a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// One that is there.
    Current,
    /// One that has to be made.
    New,
    /// None in particular.
    Any,
}

/// What is written because of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// A deal is made, unless the CRM makes it first.
    CreateDeal,
    /// The guest reads something.
    SendMessage,
    /// A manager gets a task.
    CreateTask,
}

/// A text of the working hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoursText {
    /// Within them.
    WorkHours,
    /// Outside of them.
    OffHours,
}

/// A verdict with what led to it and what the guest reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What becomes of the case.
    pub verdict: Verdict,
    /// All checks in order, in both languages.
    pub why: Vec<WhyLine>,
    /// What is sent to the guest, in order: by which kind, made of which texts. The bot's own words are no text of the
    /// policy.
    pub said: Vec<(SendKind, Vec<TextPart>)>,
}

/// What becomes of the case under this policy. `zone` answers the account's UTC offsets around a moment, unix ms.
pub fn judge(policy: &Policy, case: &Case, zone: impl Fn(i64) -> Zone) -> Verdict {
    judge_and_tell(policy, case, zone).verdict
}

/// The same, with what led to it and what the guest reads.
pub fn judge_and_tell(policy: &Policy, case: &Case, zone: impl Fn(i64) -> Zone) -> Judged {
    play::judge(policy, case, &zone)
}

impl Case {
    /// What the message says; `today`: the day on which it comes, in days since 1970-01-01.
    fn understood(&self, today: i64) -> Understood {
        let kinds: Vec<_> = self
            .context
            .attachments
            .iter()
            .map(Attachment::kind)
            .collect();
        let mut understood = understand(self.text.as_deref(), &kinds, today);
        if let Some(test) = &self.test {
            understood.facts.learn(&test.facts);
            if !test.intents.is_empty() {
                // That a text is nothing in particular, or unclear, gives way to what is known of it.
                understood.intents.remove(&Intent::General);
                understood.intents.remove(&Intent::Unclear);
            }
            understood.intents.extend(&test.intents);
        }
        understood
    }

    /// What the bot answers, if it has been asked.
    fn bot_answer(&self) -> Option<BotAnswer> {
        let kb = self.context.kb;
        let report = self.test.as_ref().and_then(|test| test.bot.clone());
        if kb == Kb::None && report.is_none() {
            return None;
        }
        let report = report.unwrap_or_default();
        let found = kb != Kb::Miss;
        let says = found && !report.silent;
        Some(BotAnswer {
            replies: says.then_some(TextRef(2)).into_iter().collect(),
            silent: report.silent,
            confidence: report.confidence.unwrap_or(if found { SURE } else { 0 }),
            kb,
            intents: report.intents,
            facts: report.facts,
            done: BTreeSet::new(),
            handoff: report.handoff.map(|handoff| BotHandoff {
                reason: handoff.reason,
                note: None,
            }),
            cited: Vec::new(),
            measured: None,
            summary: None,
            link: None,
        })
    }
}

impl Attachment {
    /// Its kind, by its MIME type or a plain word.
    fn kind(&self) -> AttachmentKind {
        let named = self.kind.trim().to_lowercase();
        let name = self.name.as_deref().unwrap_or_default().to_lowercase();
        let family = named.split([';', '/']).next().unwrap_or_default().trim();
        match (family, named.as_str()) {
            ("sticker", _) => AttachmentKind::Sticker,
            (_, "image/webp") if name.contains("sticker") => AttachmentKind::Sticker,
            ("contact" | "vcard", _) | (_, "text/vcard" | "text/x-vcard" | "text/directory") => {
                AttachmentKind::Contact
            }
            ("image" | "photo" | "picture", _) => AttachmentKind::Image,
            ("voice" | "audio" | "ptt" | "sound" | "music", _) => AttachmentKind::Voice,
            ("video", _) => AttachmentKind::Video,
            ("location" | "geo", _) => AttachmentKind::Location,
            (_, "application/octet-stream") => AttachmentKind::Other,
            ("document" | "file" | "pdf" | "application" | "text", _) => AttachmentKind::Document,
            _ => AttachmentKind::Other,
        }
    }
}
