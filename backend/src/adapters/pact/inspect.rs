//! How the connection to Pact is, in words.

use super::{Pact, json, rows};
use crate::error::CallError;
use crate::ports::{ChannelState, Checked, Finding};
use async_trait::async_trait;
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeSet;

/// Webhooks that a company may have.
const MOST_HOOKS: usize = 5;
/// The state of a channel that works.
const ENABLED: &str = "enabled";

/// A channel of a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Such as `whatsapp`.
    pub(super) provider: String,
    /// Such as `enabled`; an open set.
    pub(super) state: String,
}

impl Pact {
    /// The company's channels.
    pub(super) async fn lines(&self) -> Result<Vec<Line>, CallError> {
        let company = self.company.to_string();
        let request = self
            .http
            .request(Method::GET, &["companies", &company, "auths"]);
        let answer = self.read("channels", request).await?;
        let word = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let lines = rows(&answer, "auths").iter().map(|row| Line {
            provider: word(row, "provider"),
            state: word(row, "state"),
        });
        Ok(lines.collect())
    }

    async fn inspect_channel(&self) -> Checked {
        const WHAT: &str = "channel";
        let lines = match self.lines().await {
            Ok(lines) => lines,
            Err(error) => return Checked::wrong(WHAT, Finding::PactSilent, error.to_string()),
        };
        let whatsapp: Vec<&Line> = lines.iter().filter(|line| line.is_whatsapp()).collect();
        let working = whatsapp.iter().filter(|line| line.works()).count();
        match (whatsapp.len(), working) {
            (0, _) => {
                let words = "WhatsApp is not connected in Pact: connect it there";
                Checked::wrong(WHAT, Finding::WhatsappMissing, words)
            }
            (_, 0) => {
                let states: BTreeSet<&str> =
                    whatsapp.iter().map(|line| line.state.as_str()).collect();
                let states: Vec<&str> = states.into_iter().collect();
                let words = format!(
                    "WhatsApp is switched off in Pact ({}): no guest can be written to; connect it there anew",
                    states.join(", ")
                );
                Checked::wrong(WHAT, Finding::WhatsappOff, words)
            }
            (1, _) => Checked::well(WHAT, format!("{} is connected", whatsapp[0].provider)),
            (n, working) => Checked::well(
                WHAT,
                format!(
                    "{working} of {n} numbers are connected; Pact does not tell to which of them a guest wrote"
                ),
            ),
        }
    }

    /// Whether token, company, webhook and channel are as they have to be: looked at, and changed in nothing.
    pub async fn inspect(&self, hook_url: &str) -> Vec<Checked> {
        vec![
            self.inspect_hook(hook_url).await,
            self.inspect_channel().await,
        ]
    }

    async fn inspect_hook(&self, hook_url: &str) -> Checked {
        const WHAT: &str = "token, company and webhook";
        let company = self.company.to_string();
        let path = ["companies", &company, "webhooks"];
        let list = self.http.request(Method::GET, &path);
        let list = match self.read("list webhooks", list).await {
            Ok(list) => list,
            Err(CallError::Refused { status: 401, .. }) => {
                let words = "the token is refused: take it anew from app.pact.im → Аккаунт";
                return Checked::wrong(WHAT, Finding::PactToken, words);
            }
            Err(CallError::Refused { status: 402, .. }) => {
                let words = "Pact says that the company is not paid";
                return Checked::wrong(WHAT, Finding::PactUnpaid, words);
            }
            Err(CallError::Refused {
                status: 403 | 404, ..
            }) => {
                let words = format!(
                    "the token has no right to company {company}: check `company_id`, and that Pact has switched the API on"
                );
                return Checked::wrong(WHAT, Finding::PactCompany, words);
            }
            Err(error) => return Checked::wrong(WHAT, Finding::PactSilent, error.to_string()),
        };
        let known = rows(&list, "webhooks");
        let mine = known
            .iter()
            .find(|hook| hook["url"].as_str() == Some(hook_url));
        match mine {
            Some(hook) if json::is_true(&hook["active"]) => {
                Checked::well(WHAT, format!("company {company} sends its events here"))
            }
            Some(_) => Checked::wrong(
                WHAT,
                Finding::PactHookOff,
                "the webhook is switched off: the backend switches it on within ten minutes; see whether Pact reaches server.public_url",
            ),
            None if known.len() >= MOST_HOOKS => Checked::wrong(
                WHAT,
                Finding::PactHooksFull,
                "the company has five webhooks of others, and Pact takes no sixth: remove one in Pact",
            ),
            None => Checked::wrong(
                WHAT,
                Finding::PactHookMissing,
                "there is no webhook: the backend makes it at its start; if it runs, see its log",
            ),
        }
    }
}

#[async_trait]
impl ChannelState for Pact {
    async fn is_on(&self) -> Result<bool, CallError> {
        Ok(self.lines().await?.iter().any(Line::works))
    }
}

impl Line {
    fn is_whatsapp(&self) -> bool {
        self.provider.starts_with("whatsapp")
    }

    fn works(&self) -> bool {
        self.is_whatsapp() && self.state == ENABLED
    }
}
