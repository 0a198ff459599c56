//! How well a bot answers labelled questions: any bot of the settings, or the one that needs no network over a folder.

use super::{AppError, Desk, bot};
use crate::adapters::bot::faq::FaqBot;
use crate::adapters::knowledge::Shelf;
use crate::clock::{Clock, SystemClock};
use crate::config::{Account, Config};
use crate::error::CallError;
use crate::ports::{
    Bot, BotContact, BotMessage, BotPolicy, BotReply, BotRequest, BotSaid, Librarian,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use widget_core::event::Kb;
use widget_core::ids::{AccountId, DialogId, MessageId, TurnId};
use widget_core::knowledge::measure::Seen;
use widget_core::knowledge::{BaseFile, Passage, read};
use widget_core::understand::Facts;

/// The policy's limit: a bot that is less sure hands over.
const SURE_ENOUGH: u8 = 70;

/// A bot to be asked, and the base that it may read in.
pub struct Examinee {
    bot: Arc<dyn Bot>,
    /// The passages of its base, if there is one.
    pub passages: Vec<Passage>,
}

/// What a bot said to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Which passages it cites, and whether it answers.
    pub seen: Seen,
    /// `answer`, `handoff` or `silent`.
    pub decision: &'static str,
}

impl Said {
    /// Of a bot that did not answer: a person gets the dialog.
    pub fn nothing() -> Self {
        Self {
            seen: Seen::default(),
            decision: "handoff",
        }
    }
}

impl Examinee {
    /// The bot that needs no network, over these files, known to be good.
    pub fn of_files(files: &[BaseFile]) -> Self {
        let passages = read(files).unwrap_or_default();
        let shelf = Arc::new(Shelf::new(passages.clone()));
        Self {
            bot: Arc::new(FaqBot::new(AccountId(0), shelf)),
            passages,
        }
    }

    /// The bot of an account. Its base is `files`, else the account's: the newest version in its data, or the folder of its
    /// settings before the backend's first start.
    ///
    /// # Errors
    /// The bot's settings cannot be used, or the data cannot be read.
    pub async fn of_account(
        config: &Config,
        account: &Account,
        files: Option<Vec<BaseFile>>,
    ) -> Result<Self, AppError> {
        let files = match files {
            Some(files) => files,
            None => stored(config, account).await?,
        };
        let passages = read(&files).unwrap_or_default();
        let shelf = Arc::new(Shelf::new(passages.clone())) as Arc<dyn Librarian>;
        let clock = Arc::new(SystemClock) as Arc<dyn Clock>;
        let bot = bot(account, &clock, None, &shelf).map_err(|cause| AppError::Settings {
            account: account.name.clone(),
            cause,
        })?;
        Ok(Self { bot, passages })
    }

    /// Asks a question, as the first message of a guest of whom nothing is known. `number` names the turn.
    ///
    /// # Errors
    /// The bot does not answer, or only later.
    pub async fn ask(&self, question: &str, number: usize) -> Result<Said, CallError> {
        match self.bot.turn(&turn(question, number)).await? {
            BotSaid::Answer(reply) => Ok(said(&reply)),
            BotSaid::Later => Err(CallError::unknown(
                "it answers late; ask a bot that answers at once",
            )),
        }
    }
}

async fn stored(config: &Config, account: &Account) -> Result<Vec<BaseFile>, AppError> {
    let of_settings = || account.knowledge.clone().unwrap_or_default();
    let desk = match Desk::to_read(config).await {
        Ok(desk) => desk,
        Err(AppError::NoData { .. }) => return Ok(of_settings()),
        Err(error) => return Err(error),
    };
    let base = desk
        .base(account.id)
        .await
        .map_err(AppError::store(config))?;
    Ok(base.map_or_else(of_settings, |base| base.files))
}

fn said(reply: &BotReply) -> Said {
    let answers = !reply.replies.is_empty()
        && reply.handoff.is_none()
        && reply.kb != Kb::Miss
        && reply.confidence >= SURE_ENOUGH;
    let is_silent = reply.silent && reply.replies.is_empty() && reply.handoff.is_none();
    Said {
        seen: Seen {
            ranked: reply.cited.clone(),
            answers,
        },
        decision: match (answers, is_silent) {
            (true, _) => "answer",
            (false, true) => "silent",
            (false, false) => "handoff",
        },
    }
}

fn turn(question: &str, number: usize) -> BotRequest {
    BotRequest {
        turn_id: TurnId(format!("eval-t{number}")),
        dialog: DialogId(format!("eval-{number}")),
        introduce: false,
        manager_note: None,
        messages: vec![BotMessage {
            id: MessageId(number.to_string()),
            text: question.to_owned(),
            attachments: Vec::new(),
            at: "2026-11-18T08:00:00Z".to_owned(),
        }],
        contact: BotContact::default(),
        deal: None,
        facts: Facts::default(),
        history: Vec::new(),
        policy: BotPolicy {
            texts: BTreeMap::new(),
            triggers: Vec::new(),
            collect: Vec::new(),
            bot_name: "виртуальный помощник".to_owned(),
            organisation: "санатория".to_owned(),
            booking: None,
        },
    }
}
