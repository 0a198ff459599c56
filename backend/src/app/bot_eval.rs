//! How well a bot answers labelled questions: any bot of the settings, or the one that needs no network over a folder.

use super::{AppError, Desk, bot};
use crate::adapters::bot::faq::FaqBot;
use crate::adapters::bot::http::{BotConfig, HttpBot};
use crate::adapters::bot::mailbox::Mailbox;
use crate::adapters::knowledge::Shelf;
use crate::clock::Clock;
use crate::config::{Account, BotKind, Config};
use crate::error::CallError;
use crate::ports::{
    Bot, BotContact, BotMessage, BotPolicy, BotReply, BotRequest, BotSaid, LateCall, Librarian,
};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use widget_core::event::Kb;
use widget_core::ids::{AccountId, DialogId, MessageId, TurnId};
use widget_core::knowledge::measure::Seen;
use widget_core::knowledge::{BaseFile, Passage, read};
use widget_core::understand::Facts;

/// The policy's limit: a bot that is less sure hands over.
const SURE_ENOUGH: u8 = 70;

/// A program behind HTTP has so long for both tries of a question, and a promised answer as long as in a dialog, ms.
const TOTAL_MS: u64 = 60_000;
const RETRY_WITHIN_MS: u64 = 30_000;
const LATE: Duration = Duration::from_mins(2);

/// A bot to be asked, and the base that it may read in.
pub struct Examinee {
    bot: Arc<dyn Bot>,
    /// Which kind of bot it is, as the settings call it.
    pub kind: &'static str,
    /// Names this examination: a bot may remember what it answered to a turn.
    run: String,
    mailbox: Option<Mailbox>,
    /// The passages of its base, if there is one.
    pub passages: Vec<Passage>,
}

/// What a bot said to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Which passages it cites, and whether it answers.
    pub seen: Seen,
    /// `answer`, `silent`, `handoff`, or `miss`: handed over because the base holds no answer.
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

    /// Whether that is the expected decision. A person gets the dialog after a `miss` too.
    pub fn is_decided(&self, expected: &str) -> bool {
        expected == self.decision || expected == "handoff" && self.decision == "miss"
    }
}

impl Examinee {
    /// The bot that needs no network, over these files, known to be good.
    pub fn of_files(files: &[BaseFile]) -> Self {
        let passages = read(files).unwrap_or_default();
        let shelf = Arc::new(Shelf::new(passages.clone()));
        let bot = Arc::new(FaqBot::new(AccountId(0), shelf));
        Self::new(bot, "faq", passages)
    }

    /// The program behind an address, which keeps to the contract of `backend/BOT.md`. `files`: what its answers may be held
    /// against beside it.
    ///
    /// # Errors
    /// The address is neither https nor on this machine.
    pub fn behind(
        url: String,
        secret: SecretString,
        clock: Arc<dyn Clock>,
        files: &[BaseFile],
    ) -> Result<Self, CallError> {
        let config = BotConfig {
            url,
            secret,
            timeout_ms: TOTAL_MS,
            retry_within_ms: RETRY_WITHIN_MS,
            marks_turns: false,
        };
        let bot = Arc::new(HttpBot::new(config, clock)?);
        let passages = read(files).unwrap_or_default();
        Ok(Self::new(bot, "http", passages))
    }

    fn new(bot: Arc<dyn Bot>, kind: &'static str, passages: Vec<Passage>) -> Self {
        let mut number = [0_u8; 8];
        let _ = getrandom::fill(&mut number);
        Self {
            bot,
            kind,
            run: hex::encode(number),
            mailbox: None,
            passages,
        }
    }

    /// From now on answers that the bot brings later are taken here.
    pub fn listen(&mut self, listener: TcpListener) {
        self.mailbox = Some(Mailbox::open(listener));
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
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AppError> {
        let files = match files {
            Some(files) => files,
            None => stored(config, account).await?,
        };
        let passages = read(&files).unwrap_or_default();
        let shelf = Arc::new(Shelf::new(passages.clone())) as Arc<dyn Librarian>;
        let bot = bot(account, &clock, None, &shelf).map_err(|cause| AppError::Settings {
            account: account.name.clone(),
            cause,
        })?;
        let kind = match account.bot.kind {
            BotKind::Http { .. } => "http",
            BotKind::OpenAi { .. } => "openai",
            BotKind::Faq => "faq",
        };
        Ok(Self::new(bot, kind, passages))
    }

    /// Asks a question, as the first message of a guest of whom nothing is known. `number` names the turn.
    ///
    /// # Errors
    /// The bot does not answer, or later than anybody waits for it.
    pub async fn ask(&self, question: &str, number: usize) -> Result<Said, CallError> {
        let request = self.turn(question, number);
        match self.bot.turn(&request).await? {
            BotSaid::Answer(reply) => Ok(said(&reply)),
            BotSaid::Later => self.brought(&request.turn_id).await,
        }
    }

    /// The bot itself.
    pub(super) fn bot(&self) -> &dyn Bot {
        &*self.bot
    }

    /// A question as a turn of this run.
    pub(super) fn turn(&self, question: &str, number: usize) -> BotRequest {
        turn(&self.run, question, number)
    }

    async fn brought(&self, turn: &TurnId) -> Result<Said, CallError> {
        let Some(mailbox) = &self.mailbox else {
            return Err(CallError::unknown(
                "it answers late, and nobody listens: give --listen ADDRESS, where it brings its answers",
            ));
        };
        let late = mailbox.wait_for(&turn.0, LATE).await;
        let late = late.ok_or_else(|| CallError::unknown("a promised answer did not come"))?;
        let call = LateCall {
            timestamp: &late.timestamp,
            signature: &late.signature,
            body: &late.body,
        };
        let reply = self.bot.late(call);
        reply.map(|reply| said(&reply)).map_err(|_| {
            CallError::unknown("a promised answer came unsigned or unreadable; ask `bot-check`")
        })
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
            (false, false) if reply.kb == Kb::Miss => "miss",
            (false, false) => "handoff",
        },
    }
}

fn turn(run: &str, question: &str, number: usize) -> BotRequest {
    BotRequest {
        turn_id: TurnId(format!("{run}-t{number}")),
        dialog: DialogId(format!("{run}-{number}")),
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
