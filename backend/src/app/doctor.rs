//! Everything that can be reached, looked at once, and changed in nothing.

use super::{API_LOG, AppError, Desk, hook_urls, place, rules};
use crate::adapters::amocrm::{Access, AmoConfig, AmoCrm};
use crate::adapters::bot::http::{BotConfig, HttpBot};
use crate::adapters::pact::{Pact, PactConfig};
use crate::clock::Clock;
use crate::config::{Account, BotKind, Config};
use crate::error::CallError;
use crate::ports::{Checked, Finding, Grant, Store};
use std::sync::Arc;
use std::time::{Duration, Instant};
use widget_core::ids::AccountId;
use widget_core::policy;

/// Our own address answers within this time.
const PATIENCE: Duration = Duration::from_secs(10);

/// What of the backend or an account was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// Which part, such as `amoCRM of Санаторий`.
    pub of: String,
    /// What was found.
    pub checked: Checked,
}

/// Looks at everything. `now`: business unix ms.
pub async fn examine(config: &Config, now: i64) -> Vec<Examined> {
    let mut all = Vec::new();
    let mut of = |of: &str, checked: Checked| {
        let of = of.to_owned();
        all.push(Examined { of, checked });
    };
    of("server", address(config));
    of("server", answers(config).await);
    of("server", folder(config));
    let opened = Desk::to_read(config).await;
    of("server", database(config, &opened));
    let desk = opened.ok();
    let store = desk.as_ref().map(|desk| &desk.store);
    for account in &config.accounts {
        let public_url = &config.server.public_url;
        let way = Way::Own {
            limited: config.limited,
        };
        all.extend(examine_account(account, public_url, store, way, now).await);
    }
    if let Some(desk) = desk {
        desk.close().await;
    }
    all
}

/// How an account's CRM is reached. Either way a look takes its turn: the CRM bans whoever asks too much.
#[derive(Clone, Copy)]
pub(super) enum Way<'a> {
    /// By the connection at work here, among everything else that goes out.
    Served(&'a Arc<AmoCrm>),
    /// By a connection of the look's own, as another process has one. Its requests are counted apart from those of a
    /// backend that runs meanwhile: together they stay within what the CRM takes before it bans.
    Own {
        /// Whether they are counted: not beside a sandbox without limits.
        limited: bool,
    },
}

/// Looks at everything of one account. `now`: business unix ms.
pub(super) async fn examine_account(
    account: &Account,
    public_url: &str,
    store: Option<&Arc<dyn Store>>,
    way: Way<'_>,
    now: i64,
) -> Vec<Examined> {
    let mut all = Vec::new();
    let mut of = |of: &str, checked: Checked| {
        let of = of.to_owned();
        all.push(Examined { of, checked });
    };
    let name = &account.name;
    let granted = match store {
        Some(store) => {
            let (checked, granted) = stored(account, store).await;
            of(&format!("data of {name}"), checked);
            granted
        }
        None => None,
    };
    let (crm_hook, channel_hook) = hook_urls(account, public_url);
    let part = format!("amoCRM of {name}");
    match (access(account, granted, now), way) {
        (Ok(_), Way::Served(crm)) => {
            for checked in crm.inspect(&crm_hook).await {
                of(&part, checked);
            }
        }
        (Ok((access, endpoint)), Way::Own { limited }) => {
            let crm = amocrm(account, access, endpoint, clock(now), limited);
            for checked in inspect_amocrm(crm, &crm_hook).await {
                of(&part, checked);
            }
        }
        (Err(checked), _) => of(&part, checked),
    }
    for checked in inspect_pact(account, &channel_hook).await {
        of(&format!("Pact of {name}"), checked);
    }
    of(&format!("bot of {name}"), inspect_bot(account, now).await);
    all
}

fn address(config: &Config) -> Checked {
    let url = &config.server.public_url;
    if url.starts_with("https://") {
        return Checked::well("public_url", format!("{url} is https"));
    }
    let words = format!("{url} is of this machine only: good beside a sandbox, and nowhere else");
    Checked::well("public_url", words)
}

/// Whether the backend is reached at its public address.
async fn answers(config: &Config) -> Checked {
    const WHAT: &str = "reachable";
    let url = format!("{}/healthz", config.server.public_url);
    let client = reqwest::Client::builder().timeout(PATIENCE).build();
    let asked = match client {
        Ok(client) => client.get(&url).send().await,
        Err(error) => Err(error),
    };
    match asked {
        Ok(answer) if answer.status().is_success() => Checked::well(WHAT, format!("{url} answers")),
        Ok(answer) => {
            let status = answer.status().as_u16();
            let words = format!(
                "{url} answers {status}: whatever stands before the backend has to hand requests on to {}",
                config.server.listen
            );
            Checked::wrong(WHAT, Finding::OfServer, words)
        }
        Err(error) => {
            let why = if error.is_timeout() {
                "does not answer in time"
            } else {
                "cannot be reached"
            };
            let words = format!(
                "{url} {why}: start the backend, and look at the DNS, the certificate and what stands before the backend"
            );
            Checked::wrong(WHAT, Finding::OfServer, words)
        }
    }
}

fn folder(config: &Config) -> Checked {
    const WHAT: &str = "data folder";
    let folder = &config.server.data;
    let shown = folder.display();
    if !folder.exists() {
        let words = format!("{shown} is not there yet: the backend makes it at its first start");
        return Checked::well(WHAT, words);
    }
    match std::fs::metadata(folder.join(API_LOG)).or_else(|_| std::fs::metadata(folder)) {
        Ok(data) if data.permissions().readonly() => Checked::wrong(
            WHAT,
            Finding::OfServer,
            format!("{shown} cannot be written: correct its rights"),
        ),
        Ok(_) => Checked::well(WHAT, format!("{shown} is there")),
        Err(error) => Checked::wrong(
            WHAT,
            Finding::OfServer,
            format!("{shown} cannot be looked at: {error}"),
        ),
    }
}

fn database(config: &Config, opened: &Result<Desk, AppError>) -> Checked {
    const WHAT: &str = "database";
    match opened {
        Ok(_) => Checked::well(WHAT, format!("{} opens", place(config))),
        Err(AppError::NoData { .. }) => Checked::well(
            WHAT,
            "it is not there yet: the backend makes it at its first start",
        ),
        Err(error) => Checked::wrong(WHAT, Finding::OfServer, error.to_string()),
    }
}

/// Whether what is stored of an account opens, and what its CRM gave it.
pub(super) async fn stored(account: &Account, store: &Arc<dyn Store>) -> (Checked, Option<Grant>) {
    const WHAT: &str = "master key";
    let id = AccountId(account.id);
    // Everything is sealed with the account's key, and that one with the master key.
    let opened = store.policy(id, None).await;
    match (opened, store.grant(id).await) {
        (Ok(Some(_)), Ok(granted)) => (Checked::well(WHAT, "it opens what is stored"), granted),
        (Ok(None), Ok(granted)) => {
            let words = "nothing is stored of the account yet: the backend does that at its start";
            (Checked::well(WHAT, words), granted)
        }
        (Err(error), _) | (_, Err(error)) => {
            let shut = Checked::wrong(WHAT, Finding::DataShut, error.to_string());
            (shut, None)
        }
    }
}

/// What opens the account, and where it is.
pub(super) fn access(
    account: &Account,
    granted: Option<Grant>,
    now: i64,
) -> Result<(Access, String), Checked> {
    const WHAT: &str = "connection";
    const LINK: &str = "open the link that `estafeta connect` prints, as an administrator of the account, while the backend runs";
    if let Some(token) = &account.amocrm.token {
        let endpoint = account.amocrm.endpoint.clone();
        return Ok((Access::Token(token.clone()), endpoint));
    }
    match granted {
        None
        | Some(Grant {
            pair: None,
            trouble: None,
            ..
        }) => Err(Checked::wrong(
            WHAT,
            Finding::NotConnected,
            format!("it is not connected: {LINK}"),
        )),
        Some(Grant {
            trouble: Some(why), ..
        }) => Err(Checked::wrong(
            WHAT,
            Finding::ConnectAgain,
            format!("it has to be connected anew ({why}): {LINK}"),
        )),
        Some(Grant {
            pair: Some(pair), ..
        }) if now >= pair.expires_at => Err(Checked::wrong(
            WHAT,
            Finding::TokenOver,
            "the access token is over: the backend renews it when it runs; if it runs, see its log",
        )),
        Some(Grant {
            pair: Some(pair), ..
        }) => Ok((Access::Token(pair.access), pair.endpoint)),
    }
}

async fn inspect_amocrm(crm: Result<AmoCrm, String>, hook_url: &str) -> Vec<Checked> {
    match crm {
        Ok(crm) => crm.inspect(hook_url).await,
        Err(words) => vec![Checked::wrong("account", Finding::RulesUnread, words)],
    }
}

/// The account behind its settings, to be looked at; or why there is none.
pub(super) fn amocrm(
    account: &Account,
    access: Access,
    endpoint: String,
    clock: Arc<dyn Clock>,
    limited: bool,
) -> Result<AmoCrm, String> {
    let policy = policy::parse(&account.policy);
    let policy = policy.map_err(|_| "its policy cannot be read".to_owned())?;
    let names = rules::names(&policy).ok_or("its policy has no stages")?;
    let config = AmoConfig {
        endpoint,
        account: account.amocrm.account_id,
        access,
        pipeline: account.amocrm.pipeline.clone(),
        names,
        limited,
    };
    AmoCrm::new(config, clock).map_err(|error| error.to_string())
}

async fn inspect_pact(account: &Account, hook_url: &str) -> Vec<Checked> {
    match pact(account) {
        Ok(pact) => pact.inspect(hook_url).await,
        Err(error) => vec![Checked::wrong(
            "token, company and webhook",
            Finding::PactToken,
            error.to_string(),
        )],
    }
}

/// The account's company in Pact.
pub(super) fn pact(account: &Account) -> Result<Pact, CallError> {
    Pact::new(PactConfig {
        endpoint: account.pact.endpoint.clone(),
        company: account.pact.company_id,
        token: account.pact.token.clone(),
    })
}

async fn inspect_bot(account: &Account, now: i64) -> Checked {
    const WHAT: &str = "reachable";
    // Whether there is an answer at all needs no key, and so is the same for a model.
    let (secret, marks_turns) = match &account.bot.kind {
        BotKind::Http {
            secret,
            marks_turns,
        } => (secret, *marks_turns),
        BotKind::OpenAi { key, .. } => (key, false),
        BotKind::Faq => {
            let words = "answers within this process, from the knowledge base";
            return Checked::well(WHAT, words.to_owned());
        }
    };
    let made = HttpBot::new(
        BotConfig {
            url: account.bot.url.clone(),
            secret: secret.clone(),
            timeout_ms: account.bot.timeout_ms,
            retry_within_ms: account.bot.retry_within_ms,
            marks_turns,
        },
        clock(now),
    );
    let reached = match made {
        Ok(bot) => bot.reach().await,
        Err(error) => Err(error),
    };
    match reached {
        Ok(()) => Checked::well(WHAT, format!("{} answers", account.bot.url)),
        Err(error) => {
            let words = format!(
                "{} does not answer ({error}): start the bot, and check `url`; until then guests go to people",
                account.bot.url
            );
            Checked::wrong(WHAT, Finding::BotSilent, words)
        }
    }
}

/// The business clock, going on from when a look began.
struct Since {
    began: Instant,
    from: i64,
}

impl Clock for Since {
    fn now_ms(&self) -> i64 {
        let passed = i64::try_from(self.began.elapsed().as_millis());
        self.from.saturating_add(passed.unwrap_or(i64::MAX))
    }
}

fn clock(now: i64) -> Arc<dyn Clock> {
    Arc::new(Since {
        began: Instant::now(),
        from: now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Requests that are counted by a clock that stands still would wait for ever.
    #[test]
    fn the_clock_of_a_look_goes_on() {
        let clock = clock(1_794_988_800_000);
        std::thread::sleep(Duration::from_millis(20));
        let passed = clock.now_ms() - 1_794_988_800_000;
        assert!((20..10_000).contains(&passed), "{passed}");
    }
}
