//! Settings: a documented default file, the operator's file, the environment, in this order; then checked as a whole,
//! so that the operator learns everything that is wrong at once.

mod check;
mod knowledge;
mod mode;
mod raw;
mod secret;
mod setup;

pub use knowledge::base_in;
pub use mode::{mode_of, with_mode};
pub use secret::MasterKey;
pub use setup::{
    BotKeys, BotMaker, PactKeys, SetUp, amocrm_address, is_on_this_machine, pages_of,
    service_address,
};

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use secrecy::SecretString;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use widget_core::knowledge::BaseFile;

/// The default file, which is also the documentation of every key.
pub const DEFAULTS: &str = include_str!("../../config.default.toml");
/// The rules of an account that names none.
pub const DEFAULT_POLICY: &str = include_str!("../../policies/sanatorium.toml");
/// Which edition of those rules it is. Accounts that follow them have the latest edition that any instance brought.
pub const DEFAULT_EDITION: i64 = 1;
/// The prompt of models whose settings name none.
pub const DEFAULT_PROMPT: &str = include_str!("../../policies/assistant.md");

/// Checked settings.
#[derive(Debug)]
pub struct Config {
    /// How the server is reached.
    pub server: Server,
    /// Seals what is kept.
    pub master_key: MasterKey,
    /// Where the business clock is read from; `None` = the machine's clock.
    pub clock_source: Option<String>,
    /// The providers' limits hold; `false` only where all of them are stand-ins on this machine.
    pub limited: bool,
    /// The accounts.
    pub accounts: Vec<Account>,
}

/// How the server is reached.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Scheme, host and port for browsers and providers, without a slash at the end.
    pub public_url: String,
    /// Folder of everything kept on this machine.
    pub data: PathBuf,
    /// URL of the `PostgreSQL` database that several instances share; `None` = a file in `data`. It may hold a password.
    pub database: Option<SecretString>,
    /// How long raw bodies, handled actions and the log of calls are kept, days.
    pub retention_days: u16,
}

/// One account.
#[derive(Debug, Clone)]
pub struct Account {
    /// Our id.
    pub id: i64,
    /// For people.
    pub name: String,
    /// Its CRM.
    pub amocrm: Amocrm,
    /// Its channel.
    pub pact: Pact,
    /// Its bot.
    pub bot: Bot,
    /// Who learns of what is wrong with it.
    pub alerts: Alerts,
    /// Its rules, TOML, known to be good: of its file, or the default ones in the mode of new accounts.
    pub policy: String,
    /// Where its rules are read from; `None` = it has the default ones.
    pub policy_file: Option<PathBuf>,
    /// Its knowledge base, known to be good, of its folder; `None` = it names none.
    pub knowledge: Option<Vec<BaseFile>>,
}

/// An account of amoCRM.
#[derive(Debug, Clone)]
pub struct Amocrm {
    /// Base URL of the API.
    pub endpoint: String,
    /// Its own number.
    pub account_id: i64,
    /// Addresses of its pages.
    pub origins: Vec<String>,
    /// Long-lived token; `None` = it is connected by OAuth.
    pub token: Option<SecretString>,
    /// Id of the integration.
    pub client_id: String,
    /// Secret key of the integration.
    pub client_secret: SecretString,
    /// Last part of the webhook's path.
    pub webhook_secret: SecretString,
    /// Name of the pipeline with the policy's stages; `None` = the main one.
    pub pipeline: Option<String>,
}

/// A company of Pact.
#[derive(Debug, Clone)]
pub struct Pact {
    /// Base URL of the API.
    pub endpoint: String,
    /// Its number.
    pub company_id: i64,
    /// Ids of the WABA templates that the final touch goes as when the provider's window of 24 h is closed.
    pub touch_templates: Vec<i64>,
    /// Its token.
    pub token: SecretString,
    /// Last part of the webhook's path.
    pub webhook_secret: SecretString,
}

/// Who learns of what is wrong with an account's connections.
#[derive(Debug, Clone)]
pub struct Alerts {
    /// The user of amoCRM who gets a task; `None` = nobody.
    pub tech_user: Option<i64>,
    /// The operator's webhook.
    pub webhook: Option<Webhook>,
    /// The channel is suspiciously silent after so many minutes of working time; `None` = never.
    pub silence_minutes: Option<u16>,
}

impl Default for Alerts {
    /// Nobody is told, and a silent channel is noticed all the same: cards show it.
    fn default() -> Self {
        Self {
            tech_user: None,
            webhook: None,
            silence_minutes: Some(check::SILENCE_MINUTES),
        }
    }
}

/// A webhook of the operator's.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Where it is.
    pub url: String,
    /// Key of the signature.
    pub secret: SecretString,
}

/// A bot.
#[derive(Debug, Clone)]
pub struct Bot {
    /// Of an http bot: turns are posted to `{url}/turns`. Of a model: base of `{url}/chat/completions`. Of a bot that is
    /// none of these: empty.
    pub url: String,
    /// What it is.
    pub kind: BotKind,
    /// Time for an answer, the second try included, ms.
    pub timeout_ms: u64,
    /// A try that failed within this time is made once more, ms; 0 = never.
    pub retry_within_ms: u64,
}

/// What a bot is.
#[derive(Debug, Clone)]
pub enum BotKind {
    /// A program of somebody's behind HTTP (`backend/BOT.md`).
    Http {
        /// Key of the signature.
        secret: SecretString,
        /// Its answers name their turns on purpose: the sandbox's.
        marks_turns: bool,
    },
    /// A language model behind an OpenAI-compatible endpoint.
    OpenAi {
        /// The key.
        key: SecretString,
        /// The model's name.
        model: String,
        /// The prompt.
        prompt: String,
    },
    /// The one that answers from the knowledge base alone, within this process.
    Faq,
}

/// One thing wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where, such as `accounts[0].pact.token`; empty = the whole file.
    pub path: String,
    /// What is wrong and what to do, a sentence. Never holds a value of a secret.
    pub problem: String,
}

/// Everything wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings(pub Vec<Finding>);

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("The settings need a correction:")?;
        for finding in &self.0 {
            if finding.path.is_empty() {
                write!(f, "\n  {}", finding.problem)?;
            } else {
                write!(f, "\n  {}: {}", finding.path, finding.problem)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Findings {}

impl Config {
    /// Reads and checks the operator's file and the environment.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn load(file: &Path) -> Result<Self, Findings> {
        let text = std::fs::read_to_string(file).map_err(|error| {
            Findings(vec![Finding {
                path: String::new(),
                problem: format!("{} cannot be read: {error}.", file.display()),
            }])
        })?;
        let folder = file.parent().unwrap_or(Path::new(""));
        Self::from_layers(&layers(&text).merge(environment()), folder)
    }

    /// Checks settings that were made, not written by an operator: the environment is not asked. Paths are relative to
    /// `folder`.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn parse(toml: &str, folder: &Path) -> Result<Self, Findings> {
        Self::from_layers(&layers(toml), folder)
    }

    fn from_layers(layers: &Figment, folder: &Path) -> Result<Self, Findings> {
        check::checked(layers, folder).map_err(Findings)
    }
}

fn layers(toml: &str) -> Figment {
    Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(toml))
}

/// Sections only: other programs and other purposes use names that begin with `ESTAFETA_` too.
fn environment() -> Env {
    Env::prefixed("ESTAFETA_")
        .filter_map(|key| {
            let key = key.as_str().to_ascii_lowercase();
            if key == "master_key" {
                return Some("secrets.master_key".into());
            }
            let (section, name) = key.split_once("__")?;
            ["server", "secrets", "clock", "limits"]
                .contains(&section)
                .then(|| format!("{section}.{name}").into())
        })
        .split(".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use sha2::{Digest, Sha256};

    const GOOD: &str = r#"
        [server]
        public_url = "http://127.0.0.1:8080/"
        [secrets]
        master_key = "0101010101010101010101010101010101010101010101010101010101010101"
        [[accounts]]
        name = "Санаторий"
        [accounts.amocrm]
        subdomain = "example"
        account_id = 31
        token = "amo-token-value"
        client_id = "client"
        client_secret = "client-secret-value"
        [accounts.pact]
        company_id = 52
        token = "pact-token-value"
        [accounts.bot]
        url = "http://127.0.0.1:9000/bot"
        secret = "bot-secret-value"
    "#;

    fn parse(toml: &str) -> Result<Config, Vec<Finding>> {
        Config::parse(toml, Path::new("/etc/estafeta")).map_err(|findings| findings.0)
    }

    fn paths(toml: &str) -> Vec<String> {
        let findings = parse(toml).expect_err("there is something wrong");
        assert!(findings.iter().all(|finding| !finding.problem.is_empty()));
        findings.into_iter().map(|finding| finding.path).collect()
    }

    #[test]
    fn what_is_handled_is_kept_for_three_days_at_least() {
        let days = |days: &str| {
            let line = format!("[server]\n        retention_days = {days}");
            GOOD.replacen("[server]", &line, 1)
        };
        assert_eq!(parse(&days("3")).unwrap().server.retention_days, 3);
        for wrong in ["2", "366", "-1", "'week'"] {
            assert_eq!(paths(&days(wrong)), ["server.retention_days"], "{wrong}");
        }
    }

    #[test]
    fn a_database_on_a_server_is_named_by_its_url() {
        let with = |line: &str| GOOD.replacen("[server]", &format!("[server]\n        {line}"), 1);
        assert!(parse(GOOD).unwrap().server.database.is_none());
        let url = "postgres://estafeta:password@db.example.org/estafeta";
        let config = parse(&with(&format!("database = '{url}'"))).unwrap();
        assert_eq!(config.server.database.unwrap().expose_secret(), url);
        for wrong in ["mysql://db/estafeta", "estafeta.sqlite", ""] {
            let line = format!("database = '{wrong}'");
            assert_eq!(paths(&with(&line)), ["server.database"], "{wrong}");
        }
    }

    #[test]
    fn default_rules_that_changed_are_a_new_edition() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/edition.txt");
        let hash = hex::encode(Sha256::digest(DEFAULT_POLICY));
        let seen = format!("edition {DEFAULT_EDITION}\n{hash}\n");
        let known = || std::fs::read_to_string(&path).unwrap();
        // What accounts have under this number stays what it is.
        let is_new = !known().starts_with(&format!("edition {DEFAULT_EDITION}\n"));
        if is_new && std::env::var_os("GOLDEN_WRITE").is_some() {
            std::fs::write(&path, &seen).unwrap();
        }
        assert_eq!(
            known(),
            seen,
            "accounts that have the rules of before would keep them: raise DEFAULT_EDITION, and GOLDEN_WRITE=1 writes \
             the file anew"
        );
    }

    #[test]
    fn the_least_that_is_needed_gets_defaults() {
        let config = parse(GOOD).unwrap();
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.server.public_url, "http://127.0.0.1:8080");
        assert_eq!(config.server.data, Path::new("/etc/estafeta/data"));
        assert_eq!(config.server.retention_days, 7);
        assert_eq!(config.master_key.bytes(), &[1; 32]);
        assert_eq!(config.clock_source, None);
        assert!(config.limited);
        let account = &config.accounts[0];
        assert_eq!(account.id, 31);
        assert_eq!(account.policy, with_mode(DEFAULT_POLICY, "trial").unwrap());
        assert_eq!(account.amocrm.endpoint, "https://example.amocrm.ru");
        assert_eq!(account.amocrm.origins[0], "https://example.amocrm.ru");
        assert_eq!(account.pact.endpoint, "https://api.pact.im/api/p2");
        let hooks = [&account.amocrm.webhook_secret, &account.pact.webhook_secret];
        let [amocrm, pact] = hooks.map(|secret| secret.expose_secret().to_owned());
        assert_ne!(amocrm, pact);
        assert!(amocrm.len() >= 32 && pact.len() >= 32);
        assert_eq!(
            amocrm,
            parse(GOOD).unwrap().accounts[0]
                .amocrm
                .webhook_secret
                .expose_secret()
        );
    }

    #[test]
    fn who_learns_of_what_is_wrong_is_named_in_a_table_of_its_own() {
        let with = |lines: &str| format!("{GOOD}\n        [accounts.alerts]\n        {lines}");
        let none = parse(GOOD).unwrap().accounts.remove(0).alerts;
        assert!(none.tech_user.is_none() && none.webhook.is_none());
        assert_eq!(none.silence_minutes, Some(240));
        let some = parse(&with(
            "tech_user = 9001\nwebhook = 'https://ops.example.org/alerts'\nwebhook_secret = 'alert-secret-value'\nsilence_minutes = 0",
        ));
        let some = some.unwrap().accounts.remove(0).alerts;
        assert_eq!((some.tech_user, some.silence_minutes), (Some(9001), None));
        let webhook = some.webhook.unwrap();
        assert_eq!(webhook.url, "https://ops.example.org/alerts");
        assert_eq!(webhook.secret.expose_secret(), "alert-secret-value");
        let at = |key: &str| vec![format!("accounts[0].alerts.{key}")];
        for (wrong, expected) in [
            ("tech_user = 0", at("tech_user")),
            ("tech_user = 'Ольга'", at("tech_user")),
            ("silence_minutes = 5", at("silence_minutes")),
            ("webhook = 'https://ops.example.org'", at("webhook_secret")),
            ("webhook_secret = 'alert-secret-value'", at("webhook")),
            ("telegram = 'x'", at("telegram")),
        ] {
            assert_eq!(paths(&with(wrong)), expected, "{wrong}");
        }
    }

    #[test]
    fn ssrf_alerts_leave_by_https_to_a_plain_address_alone() {
        for wrong in [
            "http://ops.example.org/alerts",
            "http://169.254.169.254/latest",
            "https://user:password@ops.example.org/alerts",
            "https://ops.example.org/alerts?token=1",
            "file:///etc/passwd",
            "ops.example.org",
        ] {
            let lines = format!("webhook = '{wrong}'\nwebhook_secret = 'alert-secret-value'");
            let toml = format!("{GOOD}\n        [accounts.alerts]\n        {lines}");
            assert_eq!(paths(&toml), ["accounts[0].alerts.webhook"], "{wrong}");
        }
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let wrong = paths(
            r#"
            [server]
            listen = "somewhere"
            public_url = "http://bot.example.org/path"
            [secrets]
            master_key = "short"
            [clock]
            source = "http://203.0.113.1/clock"
            [[accounts]]
            [accounts.amocrm]
            account_id = 31
            endpoint = "http://203.0.113.1"
            token = ""
            client_id = "client"
            [accounts.pact]
            company_id = 52
            token = "pact-token"
            webhook_secret = "short"
            "#,
        );
        for path in [
            "server.listen",
            "server.public_url",
            "secrets.master_key",
            "clock.source",
            "accounts[0].amocrm.endpoint",
            "accounts[0].amocrm.origins",
            "accounts[0].amocrm.token",
            "accounts[0].amocrm.client_secret",
            "accounts[0].pact.webhook_secret",
            "accounts[0].bot.url",
            "accounts[0].bot.secret",
        ] {
            assert!(wrong.contains(&path.to_owned()), "{path} not in {wrong:?}");
        }
    }

    #[test]
    fn the_providers_limits_are_off_only_beside_a_sandbox() {
        let off = format!("[limits]\nhold = false\n{GOOD}");
        assert_eq!(paths(&off), ["limits.hold"]);
        let beside = format!("[clock]\nsource = \"http://127.0.0.1:9/clock\"\n{off}");
        assert!(!parse(&beside).unwrap().limited);
    }

    #[test]
    fn an_empty_file_says_what_is_needed() {
        assert_eq!(paths(""), ["server.public_url", "secrets.master_key"]);
    }

    #[test]
    fn accounts_may_be_left_to_the_page() {
        let (server, _) = GOOD.split_once("[[accounts]]").unwrap();
        assert!(parse(server).unwrap().accounts.is_empty());
    }

    #[test]
    fn a_misspelled_key_is_found_where_it_stands() {
        let misspelled = GOOD.replace("company_id", "companyid");
        assert_eq!(paths(&misspelled), ["accounts[0].pact.companyid"]);
        let section = format!("[sever]\nlisten = \"127.0.0.1:1\"\n{GOOD}");
        assert_eq!(paths(&section), ["sever"]);
    }

    #[test]
    fn a_number_in_quotes_is_a_finding_of_its_section() {
        let quoted = GOOD.replace("account_id = 31", "account_id = \"31\"");
        assert_eq!(paths(&quoted), ["accounts[0].amocrm.account_id"]);
    }

    #[test]
    fn a_file_with_a_secret_is_read_and_trimmed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("pact.token"), "from-file\n").unwrap();
        let with_file = GOOD.replace(
            "token = \"pact-token-value\"",
            "token_file = \"pact.token\"",
        );
        let config = Config::parse(&with_file, folder.path()).unwrap();
        assert_eq!(config.accounts[0].pact.token.expose_secret(), "from-file");
        let both = GOOD.replace(
            "token = \"pact-token-value\"",
            "token = \"x\"\ntoken_file = \"pact.token\"",
        );
        assert_eq!(paths(&both), ["accounts[0].pact.token"]);
        assert_eq!(paths(&with_file), ["accounts[0].pact.token_file"]);
    }

    #[test]
    fn an_account_without_a_token_is_connected_by_oauth() {
        let with_token = parse(GOOD).unwrap();
        assert!(with_token.accounts[0].amocrm.token.is_some());
        let without = GOOD.replace("token = \"amo-token-value\"", "");
        assert!(parse(&without).unwrap().accounts[0].amocrm.token.is_none());
        let without_key = without.replace("client_secret = ", "# ");
        let wrong = paths(&without_key);
        assert_eq!(wrong, ["accounts[0].amocrm.client_secret"]);
    }

    #[test]
    fn a_bot_is_a_program_behind_http_or_a_model_and_has_its_own_keys() {
        let bot = |lines: &str| {
            let (before, _) = GOOD.split_once("[accounts.bot]").unwrap();
            format!("{before}[accounts.bot]\nurl = \"http://127.0.0.1:9000/v1\"\n{lines}\n")
        };
        let model = bot("kind = \"openai\"\nkey = \"model-key-value\"\nmodel = \"m\"");
        let config = parse(&model).unwrap();
        let BotKind::OpenAi {
            prompt,
            model: name,
            ..
        } = &config.accounts[0].bot.kind
        else {
            panic!("a model");
        };
        assert_eq!((prompt.as_str(), name.as_str()), (DEFAULT_PROMPT, "m"));
        assert!(!format!("{config:?}").contains("model-key-value"));
        for (lines, wrong) in [
            (
                "kind = \"rules\"\nsecret = \"x\"",
                vec!["accounts[0].bot.kind"],
            ),
            (
                "kind = \"faq\"\nmodel = \"m\"\nsecret = \"x\"\ntimeout_ms = 5",
                vec![
                    "accounts[0].bot.model",
                    "accounts[0].bot.secret",
                    "accounts[0].bot.timeout_ms",
                    "accounts[0].bot.url",
                ],
            ),
            (
                "secret = \"x\"\nmodel = \"m\"",
                vec!["accounts[0].bot.model"],
            ),
            (
                "kind = \"openai\"\nsecret = \"x\"",
                vec![
                    "accounts[0].bot.key",
                    "accounts[0].bot.model",
                    "accounts[0].bot.secret",
                ],
            ),
            (
                "kind = \"openai\"\nkey = \"k\"\nmodel = \"m\"\nprompt = \"none.md\"",
                vec!["accounts[0].bot.prompt"],
            ),
        ] {
            let mut found = paths(&bot(lines));
            found.sort();
            assert_eq!(found, wrong, "{lines}");
        }
    }

    #[test]
    fn a_bot_that_needs_no_network_needs_no_address_and_a_base_is_checked_with_its_lines() {
        let folder = tempfile::tempdir().unwrap();
        let (before, _) = GOOD.split_once("[accounts.bot]").unwrap();
        let named = before.replace("[[accounts]]", "[[accounts]]\nknowledge = \"base\"");
        let toml = format!("{named}[accounts.bot]\nkind = \"faq\"\n");
        let found = |toml: &str| Config::parse(toml, folder.path()).map_err(|found| found.0);
        assert_eq!(
            found(&toml).unwrap_err()[0].path,
            "accounts[0].knowledge",
            "there is no such folder"
        );
        let base = folder.path().join("base");
        std::fs::create_dir(&base).unwrap();
        std::fs::write(base.join("pool.md"), "## Бассейн\n- Есть?\n").unwrap();
        let empty = found(&toml).unwrap_err();
        assert_eq!(empty[0].path, "accounts[0].knowledge: pool.md:1");
        std::fs::write(base.join("pool.md"), "## Бассейн\nЕсть.\n").unwrap();
        let account = found(&toml).unwrap().accounts.remove(0);
        assert!(matches!(account.bot.kind, BotKind::Faq));
        assert_eq!(account.knowledge.unwrap()[0].name, "pool.md");
    }

    #[test]
    fn only_a_bot_on_this_machine_may_name_its_turns() {
        let marked = GOOD.replace(
            "secret = \"bot-secret-value\"",
            "secret = \"bot-secret-value\"\nmarks_turns = true",
        );
        assert!(parse(&marked).is_ok());
        let far = marked.replace("http://127.0.0.1:9000/bot", "https://bot.example.org");
        assert_eq!(paths(&far), ["accounts[0].bot.marks_turns"]);
    }

    #[test]
    fn a_bad_policy_is_a_finding() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("policy.toml"), "schema = 1\n").unwrap();
        let named = GOOD.replace("[[accounts]]", "[[accounts]]\npolicy = \"policy.toml\"");
        let findings = Config::parse(&named, folder.path()).unwrap_err().0;
        assert!(
            findings
                .iter()
                .all(|finding| finding.path.starts_with("accounts[0].policy"))
        );
        assert!(!findings.is_empty());
    }

    #[test]
    fn a_new_account_starts_in_its_mode_unless_a_file_says() {
        let account = |lines: &str, folder: &Path| {
            let named = GOOD.replace("[[accounts]]", &format!("[[accounts]]\n{lines}"));
            let config = Config::parse(&named, folder).map_err(|findings| findings.0)?;
            Ok::<_, Vec<Finding>>(config.accounts.into_iter().next().unwrap())
        };
        let folder = tempfile::tempdir().unwrap();
        let people = account("mode = \"people\"", folder.path()).unwrap();
        assert_eq!(mode_of(&people.policy).as_deref(), Some("people"));
        assert_eq!(people.policy_file, None);
        let wrong = account("mode = \"no\"", folder.path()).unwrap_err();
        let paths: Vec<_> = wrong.iter().map(|finding| &finding.path).collect();
        assert_eq!(paths, ["accounts[0].mode"]);

        let off = with_mode(DEFAULT_POLICY, "off").unwrap();
        std::fs::write(folder.path().join("policy.toml"), &off).unwrap();
        let of_file = "policy = \"policy.toml\"\nmode = \"people\"";
        let of_file = account(of_file, folder.path()).unwrap();
        assert_eq!(of_file.policy, off);
        let file = folder.path().join("policy.toml");
        assert_eq!(of_file.policy_file, Some(file));
    }

    #[test]
    fn accounts_do_not_share_what_must_tell_them_apart() {
        let second = GOOD.split_once("[[accounts]]").unwrap().1;
        let twice = format!("{GOOD}[[accounts]]{second}");
        let wrong = paths(&twice);
        assert!(wrong.contains(&"accounts[1].id".to_owned()), "{wrong:?}");
    }

    #[test]
    fn secrets_are_never_printed() {
        let config = parse(GOOD).unwrap();
        let printed = format!("{config:?}");
        for secret in [
            "amo-token",
            "client-secret",
            "pact-token",
            "bot-secret",
            "0101",
            "1, 1, 1",
        ] {
            assert!(!printed.contains(secret), "{secret} in {printed}");
        }
        let hook = config.accounts[0].pact.webhook_secret.expose_secret();
        assert!(!printed.contains(hook));
    }

    #[test]
    fn a_finding_does_not_repeat_a_secret() {
        let wrong = GOOD.replace("token = \"amo-token-value\"", "token = 12345678");
        let findings = parse(&wrong).unwrap_err();
        assert!(
            !format!("{findings:?}").contains("12345678"),
            "{findings:?}"
        );
    }
}
