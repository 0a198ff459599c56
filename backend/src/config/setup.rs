//! An account as the setup page keeps it: filled in step by step, and an [`Account`] once it is whole.

use super::check::{
    AMO_DOMAINS, BOT_RETRY_WITHIN, BOT_TIMEOUT, PACT_ENDPOINT, base_url, is_loopback,
};
use super::{
    Account, Alerts, Amocrm, Bot, BotKind, DEFAULT_POLICY, DEFAULT_PROMPT, MasterKey, Pact, mode,
};
use axum::http::Uri;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What was filled in so far. Holds secrets: it is kept sealed and never printed.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SetUp {
    /// For people: what amoCRM calls the account.
    pub name: String,
    /// Base URL of the account in amoCRM.
    pub address: Option<String>,
    /// amoCRM's number of the account, once amoCRM has told it; our id of it too.
    pub account_id: Option<i64>,
    /// Id of the integration.
    pub client_id: String,
    /// Secret key of the integration.
    pub client_secret: String,
    /// Long-lived token; `None` = it is connected by OAuth.
    pub token: Option<String>,
    /// Name of the pipeline with the policy's stages; `None` = the main one.
    pub pipeline: Option<String>,
    /// Its channel.
    pub pact: Option<PactKeys>,
    /// Its bot.
    pub bot: Option<BotKeys>,
    /// The user of amoCRM who sees to the connections; `None` = nobody.
    pub tech_user: Option<i64>,
    /// Steps that are done: their check has passed, or a person has confirmed them.
    pub done: BTreeSet<String>,
    /// When the trial began, business unix ms.
    pub trial_since: Option<i64>,
    /// Why the last try to connect amoCRM failed: a word of the page's.
    pub refused: Option<String>,
}

/// What opens a company of Pact.
#[derive(Clone, Serialize, Deserialize)]
pub struct PactKeys {
    /// Base URL of the API.
    pub endpoint: String,
    /// The company's number.
    pub company_id: i64,
    /// The token.
    pub token: String,
}

/// What opens a bot.
#[derive(Clone, Serialize, Deserialize)]
pub struct BotKeys {
    /// Its address.
    pub url: String,
    /// Key of the signature, or of the model's endpoint.
    pub secret: String,
    /// Who made it.
    pub maker: BotMaker,
}

/// What a bot is.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BotMaker {
    /// A program behind HTTP.
    Http,
    /// A language model of this name.
    Model(String),
}

impl SetUp {
    /// The account, as settings of the operator's file would make it; `None` = something is still to be filled in.
    pub fn account(&self, key: &MasterKey) -> Option<Account> {
        let id = self.account_id?;
        let address = self.address.clone()?;
        let (pact, bot) = (self.pact.as_ref()?, self.bot.as_ref()?);
        let kind = match &bot.maker {
            BotMaker::Http => BotKind::Http {
                secret: SecretString::from(bot.secret.as_str()),
                marks_turns: false,
            },
            BotMaker::Model(model) => BotKind::OpenAi {
                key: SecretString::from(bot.secret.as_str()),
                model: model.clone(),
                prompt: DEFAULT_PROMPT.to_owned(),
            },
        };
        Some(Account {
            id,
            name: self.name.clone(),
            amocrm: Amocrm {
                origins: pages_of(&address),
                endpoint: address,
                account_id: id,
                token: self.token.as_deref().map(SecretString::from),
                client_id: self.client_id.clone(),
                client_secret: SecretString::from(self.client_secret.as_str()),
                webhook_secret: SecretString::from(key.amocrm_hook(id)),
                pipeline: self.pipeline.clone(),
            },
            pact: Pact {
                endpoint: pact.endpoint.clone(),
                company_id: pact.company_id,
                token: SecretString::from(pact.token.as_str()),
                webhook_secret: SecretString::from(key.pact_hook(pact.company_id)),
                touch_templates: Vec::new(),
            },
            bot: Bot {
                url: bot.url.clone(),
                kind,
                timeout_ms: BOT_TIMEOUT,
                retry_within_ms: BOT_RETRY_WITHIN,
            },
            policy: mode::with_mode(DEFAULT_POLICY, mode::NEW_ACCOUNT).ok()?,
            policy_file: None,
            knowledge: None,
            alerts: Alerts {
                tech_user: self.tech_user,
                ..Alerts::default()
            },
        })
    }
}

/// Base URL of an account from what a person writes: `hotel`, `hotel.amocrm.ru` or its address. Only amoCRM's own hosts;
/// with `locally` stand-ins on this machine too. `None` = it is none of these.
pub fn amocrm_address(said: &str, locally: bool) -> Option<String> {
    let said = said.trim().trim_end_matches('/').to_ascii_lowercase();
    let url = if said.contains("://") {
        said
    } else if said.contains('.') {
        format!("https://{said}")
    } else {
        format!("https://{said}.{}", AMO_DOMAINS[0])
    };
    let url = base_url(&url).ok()?;
    let uri = url.parse::<Uri>().ok()?;
    let is_plain = uri.path() == "/" && uri.query().is_none() && !url.contains('@');
    let is_ours =
        (uri.scheme_str() == Some("https") && uri.port().is_none() && of_amocrm(&uri).is_some())
            || (locally && is_loopback(&uri));
    (is_plain && is_ours).then_some(url)
}

/// Base URL of another service from what a person writes; nothing = Pact's own.
pub fn service_address(said: &str) -> Option<String> {
    match said.trim() {
        "" => Some(PACT_ENDPOINT.to_owned()),
        said => base_url(said).ok(),
    }
}

/// Whether a URL is of this machine.
pub fn is_on_this_machine(url: &str) -> bool {
    url.parse::<Uri>().is_ok_and(|uri| is_loopback(&uri))
}

/// The account's name in a host of amoCRM's.
fn of_amocrm(uri: &Uri) -> Option<&str> {
    let host = uri.host()?;
    let below = |domain: &&str| host.strip_suffix(*domain)?.strip_suffix('.');
    let name = AMO_DOMAINS.iter().find_map(below)?;
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    (!name.is_empty() && name != "www" && name.chars().all(is_word)).then_some(name)
}

/// Where the pages of the account at this address live.
pub fn pages_of(address: &str) -> Vec<String> {
    let uri = address.parse::<Uri>().unwrap_or_default();
    match of_amocrm(&uri) {
        Some(name) => AMO_DOMAINS
            .iter()
            .map(|domain| format!("https://{name}.{domain}"))
            .collect(),
        None => vec![address.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    fn whole() -> SetUp {
        SetUp {
            name: "Санаторий".to_owned(),
            address: Some("https://hotel.amocrm.ru".to_owned()),
            account_id: Some(31),
            client_id: "client".to_owned(),
            client_secret: "secret".to_owned(),
            pact: Some(PactKeys {
                endpoint: PACT_ENDPOINT.to_owned(),
                company_id: 52,
                token: "pact".to_owned(),
            }),
            bot: Some(BotKeys {
                url: "https://bot.example.org".to_owned(),
                secret: "key".to_owned(),
                maker: BotMaker::Http,
            }),
            ..SetUp::default()
        }
    }

    #[test]
    fn who_sees_to_the_connections_gets_the_alerts() {
        let key = MasterKey::read(&"01".repeat(32)).unwrap();
        let set_up = SetUp {
            tech_user: Some(9001),
            ..whole()
        };
        assert_eq!(set_up.account(&key).unwrap().alerts.tech_user, Some(9001));
        assert_eq!(whole().account(&key).unwrap().alerts.tech_user, None);
    }

    #[test]
    fn an_account_that_is_whole_is_that_of_a_file() {
        let key = MasterKey::read(&"01".repeat(32)).unwrap();
        let made = whole().account(&key).unwrap();
        let file = r#"
            [server]
            public_url = "https://bot.example.org"
            [secrets]
            master_key = "0101010101010101010101010101010101010101010101010101010101010101"
            [[accounts]]
            name = "Санаторий"
            [accounts.amocrm]
            subdomain = "hotel"
            account_id = 31
            client_id = "client"
            client_secret = "secret"
            [accounts.pact]
            company_id = 52
            token = "pact"
            [accounts.bot]
            url = "https://bot.example.org"
            secret = "key"
        "#;
        let read = super::super::Config::parse(file, std::path::Path::new("")).unwrap();
        let of_file = &read.accounts[0];
        assert_eq!(format!("{made:?}"), format!("{of_file:?}"));
        for (one, other) in [
            (&made.amocrm.webhook_secret, &of_file.amocrm.webhook_secret),
            (&made.pact.webhook_secret, &of_file.pact.webhook_secret),
            (&made.amocrm.client_secret, &of_file.amocrm.client_secret),
            (&made.pact.token, &of_file.pact.token),
        ] {
            assert_eq!(one.expose_secret(), other.expose_secret());
        }
    }

    #[test]
    fn nothing_may_be_missing() {
        let key = MasterKey::read(&"01".repeat(32)).unwrap();
        let without: [fn(&mut SetUp); 4] = [
            |it| it.account_id = None,
            |it| it.address = None,
            |it| it.pact = None,
            |it| it.bot = None,
        ];
        for take in without {
            let mut set_up = whole();
            take(&mut set_up);
            assert!(set_up.account(&key).is_none());
        }
    }

    #[test]
    fn an_account_is_at_amocrm_and_nowhere_else() {
        for (said, url) in [
            ("hotel", "https://hotel.amocrm.ru"),
            (" Hotel.amoCRM.ru/ ", "https://hotel.amocrm.ru"),
            ("https://hotel.kommo.com", "https://hotel.kommo.com"),
        ] {
            assert_eq!(amocrm_address(said, false).as_deref(), Some(url), "{said}");
        }
        for said in [
            "",
            "www",
            "amocrm.ru",
            "http://hotel.amocrm.ru",
            "https://hotel.amocrm.ru:8443",
            "https://hotel.amocrm.ru/path",
            "https://user@hotel.amocrm.ru",
            "https://hotel.amocrm.ru.example.org",
            "https://example.org",
            "http://127.0.0.1:9000",
            "169.254.169.254",
            "a.b.amocrm.ru",
        ] {
            assert_eq!(amocrm_address(said, false), None, "{said}");
        }
        let stand_in = "http://127.0.0.1:9000";
        assert_eq!(amocrm_address(stand_in, true).as_deref(), Some(stand_in));
        assert_eq!(amocrm_address("http://192.0.2.1:9000", true), None);
    }

    #[test]
    fn pages_of_an_account_are_those_of_all_its_domains() {
        assert_eq!(pages_of("https://hotel.amocrm.com").len(), 3);
        let stand_in = "http://127.0.0.1:9000";
        assert_eq!(pages_of(stand_in), [stand_in]);
    }
}
