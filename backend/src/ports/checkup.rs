//! What a look at a part of the connection came to: a line for the operator, and what of it a person has to do something
//! about, for which the setup page has words in every language.

use async_trait::async_trait;
use widget_core::ids::AccountId;

macro_rules! text {
    ($what:ident) => {
        String
    };
}

macro_rules! findings {
    ($($(#[$doc:meta])* $name:ident $(($what:ident))?),* $(,)?) => {
        /// What is wrong, as far as a person can do something about it.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Finding {
            $($(#[$doc])* $name $((text!($what)))?),*
        }

        impl Finding {
            /// One of each.
            #[cfg(test)]
            pub fn samples() -> Vec<Self> {
                vec![$(Self::$name $((stringify!($what).to_owned()))?),*]
            }
        }
    };
}

findings! {
    /// Something of the server itself: for whoever runs it.
    OfServer,
    /// What is stored of the account does not open.
    DataShut,
    /// The account's rules cannot be read.
    RulesUnread,
    /// Nobody has connected amoCRM.
    NotConnected,
    /// amoCRM has to be connected anew.
    ConnectAgain,
    /// The access token is over, and is renewed by itself.
    TokenOver,
    /// amoCRM takes not the token.
    AmocrmToken,
    /// amoCRM is not paid, or its tariff has no API.
    AmocrmUnpaid,
    /// amoCRM refuses every call.
    AmocrmBanned,
    /// amoCRM does not answer.
    AmocrmSilent,
    /// A part of amoCRM could not be read.
    AmocrmUnread,
    /// Who has connected amoCRM is no administrator.
    NotAdmin,
    /// There is no such pipeline: its name.
    NoPipeline(name),
    /// The pipeline lacks stages of the rules: their names.
    StagesMissing(names),
    /// There is no such task type: its name.
    NoTaskType(name),
    /// amoCRM has no webhook of ours.
    AmocrmHookMissing,
    /// amoCRM has switched our webhook off.
    AmocrmHookOff,
    /// Our webhook in amoCRM lacks events: which.
    AmocrmHookLacks(events),
    /// Pact takes not the token.
    PactToken,
    /// Pact says that the company is not paid.
    PactUnpaid,
    /// The token has no right to the company.
    PactCompany,
    /// Pact does not answer.
    PactSilent,
    /// Pact has switched our webhook off.
    PactHookOff,
    /// The company has as many webhooks of others as Pact takes.
    PactHooksFull,
    /// Pact has no webhook of ours.
    PactHookMissing,
    /// The company has no `WhatsApp`.
    WhatsappMissing,
    /// `WhatsApp` is switched off in Pact.
    WhatsappOff,
    /// The bot does not answer.
    BotSilent,
    /// The widget was never seen at work in amoCRM.
    WidgetUnseen,
    /// The widget in amoCRM is of another version: which one is needed.
    WidgetOther(wanted),
    /// Somebody else answers guests by himself: what he says.
    Stranger(said),
}

/// Looks at whole accounts, and changes nothing.
#[async_trait]
pub trait Checkups: Send + Sync {
    /// Everything of an account: of which part (`data`, `amocrm`, `pact`, `bot`), and what was found. `None`: the account
    /// is not served here.
    async fn examine(&self, account: AccountId) -> Option<Vec<(String, Checked)>>;
}

/// One look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What was looked at, such as `webhook`.
    pub what: &'static str,
    /// What has to be done something about; `None` = nothing.
    pub finding: Option<Finding>,
    /// What was found, and where something has to be done, what. Never a secret.
    pub words: String,
}

impl Checked {
    /// Nothing has to be done.
    pub fn well(what: &'static str, words: impl Into<String>) -> Self {
        Self {
            what,
            finding: None,
            words: words.into(),
        }
    }

    /// Somebody has to do what the words say.
    pub fn wrong(what: &'static str, finding: Finding, words: impl Into<String>) -> Self {
        Self {
            what,
            finding: Some(finding),
            words: words.into(),
        }
    }

    /// Nothing has to be done.
    pub const fn is_well(&self) -> bool {
        self.finding.is_none()
    }
}
