//! What the setup page keeps: accounts that a person connects step by step, instead of writing them into the operator's
//! file.

use super::{Checked, CrmUser};
use crate::error::StoreError;
use async_trait::async_trait;
use secrecy::SecretString;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use widget_core::ids::{AccountId, StageKey, UserId};
use widget_core::policy::{DealFields, Policy};

/// An account that is being set up, or was.
#[derive(Debug, Clone)]
pub struct KeptSetup {
    /// Its number: random, so that nobody guesses it.
    pub id: i64,
    /// The tenant, once the CRM has told which it is.
    pub account: Option<AccountId>,
    /// The account is at work.
    pub served: bool,
    /// Grows with every change; 0 = it was never kept.
    pub version: i64,
    /// What was filled in, as the settings write it. Sealed at rest with the master key.
    pub body: SecretString,
}

/// The accounts of the setup page. Durable, sealed, and the same for all instances.
#[async_trait]
pub trait Setups: Send + Sync {
    /// All of them, oldest first. One that cannot be opened is left out.
    async fn setups(&self) -> Result<Vec<KeptSetup>, StoreError>;

    /// One of them.
    async fn setup(&self, id: i64) -> Result<Option<KeptSetup>, StoreError>;

    /// Keeps one in the place of its version. `false`: somebody else was faster, or another one has this tenant.
    async fn put_setup(&self, setup: &KeptSetup) -> Result<bool, StoreError>;

    /// `(id, version)` of those at work, by id: something else here, and the accounts are other ones than before.
    async fn at_work(&self) -> Result<Vec<(i64, i64)>, StoreError>;

    /// `true` once for a link's id, across instances; forgets it after `until` (business unix ms).
    async fn use_link(&self, id: &str, until: i64, now: i64) -> Result<bool, StoreError>;
}

/// The widget in the pages of an account's CRM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenWidget {
    /// When it was last noted, business unix ms.
    pub at: i64,
    /// Which one; `None` = it did not say.
    pub version: Option<String>,
}

/// Whether an account's widget has talked to us: then it is uploaded, and installed.
#[async_trait]
pub trait Widgets: Send + Sync {
    /// It was seen. Nothing older takes the place of what is kept.
    async fn widget_seen(&self, account: AccountId, seen: &SeenWidget) -> Result<(), StoreError>;

    /// How it was last noted; `None` = never.
    async fn widget(&self, account: AccountId) -> Result<Option<SeenWidget>, StoreError>;
}

/// An account that amoCRM lets us into and that is not at work yet: its pages may show the widget already.
#[derive(Debug, Clone)]
pub struct Install {
    /// The tenant, by amoCRM's number of it.
    pub account: AccountId,
    /// The integration.
    pub client_id: String,
    /// Key of the one-time tokens.
    pub client_secret: SecretString,
    /// Where its pages live.
    pub origins: Vec<String>,
    /// The number of its setup.
    pub setup: i64,
    /// The steps that are left, in order; not what can be seen to be done.
    pub left: Vec<Step>,
}

/// Whether the widget runs in the CRM's pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Installed {
    /// It was never seen there.
    Unseen,
    /// It was, and is ours of today: its version, and when it was last noted (business unix ms).
    Current(String, i64),
    /// It was, in another version: which, if it said so, and which one this backend hands out.
    Other(Option<String>, String),
}

/// A step of the page, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The integration in amoCRM.
    Integration,
    /// The account's address and the integration's keys.
    Keys,
    /// An administrator lets us in.
    Access,
    /// The archive is uploaded.
    Widget,
    /// Pact's token and company.
    Pact,
    /// The bot of before, and automatic answers, are off.
    OldBot,
    /// The bot.
    Bot,
    /// Pipeline and stages.
    Stages,
    /// The deal's fields.
    Fields,
    /// People, hours, tasks, the owner field.
    People,
    /// A message of a person's own phone.
    Trial,
    /// The mode.
    On,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Self; 12] = [
        Self::Integration,
        Self::Keys,
        Self::Access,
        Self::Widget,
        Self::Pact,
        Self::OldBot,
        Self::Bot,
        Self::Stages,
        Self::Fields,
        Self::People,
        Self::Trial,
        Self::On,
    ];

    /// Its stable name, as in the page's address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Integration => "integration",
            Self::Keys => "keys",
            Self::Access => "access",
            Self::Widget => "widget",
            Self::Pact => "pact",
            Self::OldBot => "old-bot",
            Self::Bot => "bot",
            Self::Stages => "stages",
            Self::Fields => "fields",
            Self::People => "people",
            Self::Trial => "trial",
            Self::On => "on",
        }
    }

    /// The step of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    /// The step after it.
    pub fn next(self) -> Option<Self> {
        Self::ALL.into_iter().find(|step| *step > self)
    }
}

/// Why a step is not done. The page has words for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The store does not answer.
    Store,
    /// There is no such setup.
    Gone,
    /// Somebody else has changed it meanwhile.
    Changed,
    /// The account is that of the operator's file, or of another setup.
    AccountTaken,
    /// The company of Pact is another account's.
    CompanyTaken,
    /// A field is empty: its name on the page.
    Empty(&'static str),
    /// A value cannot be used: its name on the page.
    Odd(&'static str),
    /// amoCRM takes neither id nor key of the integration, or not the code.
    KeyRefused,
    /// amoCRM takes not the token.
    TokenRefused,
    /// The administrator has chosen another account than before.
    OtherAccount,
    /// amoCRM is not connected yet.
    NotConnected,
    /// Whoever connected it is no administrator.
    NotAdmin,
    /// The account is not paid, or its tariff has no API.
    Tariff,
    /// It does not answer: who, and what was seen.
    Silent(Service, String),
    /// It answers otherwise than expected: who, and what was seen.
    Refused(Service, String),
    /// Pact takes not the token.
    PactToken,
    /// The token has no right to this company, or Pact has not switched the API on.
    PactCompany,
    /// The company is not paid.
    PactTariff,
    /// The company has no `WhatsApp`, or it is off.
    WhatsappOff,
    /// The bot does not take our signature or key.
    BotKey,
    /// A stage of the rules has no stage in amoCRM: its name.
    StageMissing(String),
    /// Two stages of amoCRM were given the same meaning: their names.
    StageTwice(String, String),
    /// There is no such pipeline or stage any more.
    StageGone,
    /// A field is of another kind: its name.
    FieldKind(String),
    /// A user is switched off in amoCRM, or gone.
    UserOff,
    /// A phone cannot be read: as it was written.
    Phone(String),
    /// Steps are missing before this one.
    StepsLeft(Vec<Step>),
    /// The rules cannot be kept: what they say themselves.
    Rules(String),
}

/// Who answers, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// amoCRM.
    Amocrm,
    /// Pact.
    Pact,
    /// The bot.
    Bot,
}

/// What amoCRM has of the things that are to be mapped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// Its pipelines, in its order.
    pub pipelines: Vec<SeenPipeline>,
    /// The deals' fields.
    pub fields: Vec<SeenField>,
    /// Its users.
    pub users: Vec<CrmUser>,
    /// Names of its task types.
    pub task_types: Vec<String>,
}

/// A pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenPipeline {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// New deals begin there.
    pub is_main: bool,
    /// Its stages, in order, without the one for what is unsorted.
    pub stages: Vec<SeenStage>,
}

/// A stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenStage {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
}

/// A field of a deal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenField {
    /// Its name.
    pub name: String,
    /// amoCRM's word for its kind, such as `date`.
    pub kind: String,
}

/// An account as the page lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupLine {
    /// Its number on the page; `None` = it stands in the operator's file.
    pub id: Option<i64>,
    /// For people.
    pub name: String,
    /// The mode, once it has rules.
    pub mode: Option<String>,
    /// It is at work.
    pub served: bool,
    /// amoCRM lets us in, and the widget was never seen there.
    pub lacks_widget: bool,
}

/// What was filled in, without a secret.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says of one thing whether it is there"
)]
pub struct Draft {
    /// Its number.
    pub id: i64,
    /// For people.
    pub name: String,
    /// It is at work.
    pub served: bool,
    /// Steps that are done.
    pub done: BTreeSet<Step>,
    /// Base URL of the account.
    pub address: Option<String>,
    /// Id of the integration.
    pub client_id: String,
    /// The integration's key was given.
    pub has_secret: bool,
    /// A long-lived token was given.
    pub has_token: bool,
    /// amoCRM lets us in, as far as is known.
    pub connected: bool,
    /// Where an administrator lets us in.
    pub connect_link: Option<String>,
    /// Why the last try to connect failed.
    pub refused: Option<Trouble>,
    /// Whether the widget runs in amoCRM.
    pub widget: Installed,
    /// Name of the pipeline.
    pub pipeline: Option<String>,
    /// Pact: endpoint and company.
    pub pact: Option<(String, i64)>,
    /// The bot: its address, and the model's name if it is one.
    pub bot: Option<(String, Option<String>)>,
    /// Who learns when a connection has failed.
    pub tech_user: Option<UserId>,
    /// The rules: the account's newest, or those of a new account.
    pub policy: Policy,
    /// The newest version of the rules; `None` = there are none yet.
    pub rules_version: Option<i64>,
    /// Versions that stood there before this setup: somebody has used the account already.
    pub earlier_rules: bool,
}

/// Hours of a day as they are written, such as `09:00-18:00`; empty = a day off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// Monday to Friday.
    pub weekdays: String,
    /// Saturday and Sunday.
    pub weekend: String,
    /// Such as `Europe/Moscow`.
    pub timezone: String,
}

/// Who does what, and what things are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    /// Has the tasks of deals whose responsible is not active.
    pub fallback: UserId,
    /// Learns of a guest whom nobody answered.
    pub escalate_to: Option<UserId>,
    /// Sees to what is urgent.
    pub duty_user: Option<UserId>,
    /// Sees to the connections: learns when amoCRM, the channel or the bot has failed.
    pub tech_user: Option<UserId>,
    /// A phone for guests, day and night.
    pub duty_phone: String,
    /// Name of the task type.
    pub task_type: String,
    /// Name of the owner field.
    pub field: String,
    /// Working hours.
    pub hours: Hours,
}

/// What a person has filled in.
#[derive(Debug, Clone)]
pub enum Filled {
    /// A step that only a person can vouch for.
    Confirmed(Step),
    /// The account and the integration. A secret that is `None` stays as it is.
    Keys {
        /// As it was written.
        address: String,
        /// Id of the integration.
        client_id: String,
        /// Its key.
        client_secret: Option<SecretString>,
        /// A long-lived token; an empty one = by OAuth from now on.
        token: Option<SecretString>,
    },
    /// Pact.
    Pact {
        /// Base URL as it was written; empty = Pact's own.
        endpoint: String,
        /// The company's number, as it was written.
        company: String,
        /// The token; `None` = as it is.
        token: Option<SecretString>,
    },
    /// The bot.
    Bot {
        /// Its address.
        url: String,
        /// The model's name, if it is one.
        model: Option<String>,
        /// Its key; `None` = as it is.
        secret: Option<SecretString>,
    },
    /// What the stages of a pipeline mean.
    Stages {
        /// The pipeline.
        pipeline: i64,
        /// amoCRM's stage → stage of the rules.
        meaning: BTreeMap<i64, StageKey>,
    },
    /// Which fields hold the booking.
    Fields(DealFields),
    /// People and hours.
    People(Box<People>),
    /// The phones of the trial, as they were written; the account goes to work.
    Trial(Vec<String>),
    /// The mode.
    Mode(String),
    /// The rules of a new account instead of those that were found.
    FreshRules,
    /// The account is not served any more.
    Disconnect,
}

/// How far the message of the trial has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tick {
    /// It came.
    Arrived,
    /// Its contact is known.
    Contact,
    /// Its deal is known.
    Deal,
    /// It was decided.
    Decided,
    /// The task stands.
    Task,
    /// The owner field is set.
    Field,
    /// The guest has an answer.
    Answered,
}

/// What came of the trial so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrialNews {
    /// What was seen, in the order of [`Tick`].
    pub ticks: BTreeSet<Tick>,
    /// What was decided last, in Russian and in English.
    pub why: Option<(String, String)>,
    /// Who else has spoken.
    pub voices: Voices,
}

/// Who speaks to the guest of the trial beside us.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Voices {
    /// Nobody can tell yet.
    #[default]
    Unknown,
    /// Nobody has, for long enough.
    OursAlone,
    /// Somebody by himself: what he said; empty = it was no text.
    Stranger(String),
}

/// Behind the page: checks what was filled in against the services themselves, and keeps it.
#[async_trait]
pub trait SetupDesk: Send + Sync {
    /// All accounts, those of the operator's file first.
    async fn accounts(&self) -> Result<Vec<SetupLine>, Trouble>;

    /// Begins a new one; its number.
    async fn begin(&self) -> Result<i64, Trouble>;

    /// What was filled in so far.
    async fn draft(&self, id: i64) -> Result<Draft, Trouble>;

    /// What the CRM has.
    async fn survey(&self, id: i64) -> Result<Survey, Trouble>;

    /// Checks what was filled in and keeps it. What is wrong is not kept.
    async fn fill_in(&self, id: i64, filled: Filled) -> Result<(), Trouble>;

    /// Exchanges a code that came from the CRM's `host` for the right to an account. `None`: nothing may be sent there.
    async fn connect(&self, id: i64, host: &str, code: SecretString)
    -> Option<Result<(), Trouble>>;

    /// Everything that can be looked at: which part, and what was found.
    async fn examine(&self, id: i64) -> Result<Vec<(String, Checked)>, Trouble>;

    /// How far the message of the trial has come.
    async fn trial(&self, id: i64) -> Result<TrialNews, Trouble>;

    /// The accounts that amoCRM lets us into and that are not at work yet. Anybody may make us ask, so it is cheap.
    async fn installs(&self) -> Arc<Vec<Install>>;
}
