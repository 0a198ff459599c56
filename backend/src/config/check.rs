//! From what is written to what is meant. Every check goes on after a fault, so that all faults are told together.

use super::{
    Account, Alerts, Amocrm, Bot, BotKind, Config, DEFAULT_POLICY, DEFAULT_PROMPT, Finding,
    MasterKey, Pact, Server, Webhook, base_in,
};
use super::{mode, raw};
use axum::http::Uri;
use figment::Figment;
use figment::error::Kind;
use figment::value::{Dict, Value};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use widget_core::knowledge::BaseFile;
use widget_core::policy;

const SECTIONS: [&str; 5] = ["server", "secrets", "clock", "limits", "accounts"];
const ACCOUNT_KEYS: [&str; 9] = [
    "id",
    "name",
    "policy",
    "knowledge",
    "mode",
    "amocrm",
    "pact",
    "bot",
    "alerts",
];
pub(super) const PACT_ENDPOINT: &str = "https://api.pact.im/api/p2";
pub(super) const AMO_DOMAINS: [&str; 3] = ["amocrm.ru", "amocrm.com", "kommo.com"];
/// A webhook's secret has at least so many characters.
const HOOK_SECRET_MIN: usize = 16;
/// The kinds of bots, as the settings name them.
const HTTP_BOT: &str = "http";
const OPENAI_BOT: &str = "openai";
const FAQ_BOT: &str = "faq";
/// The bot's time for an answer, both tries together, ms; also the most that a turn may take.
pub(super) const BOT_TIMEOUT: u64 = 60_000;
/// A try that failed within this time is made once more, ms.
pub(super) const BOT_RETRY_WITHIN: u64 = 30_000;
/// How long raw bodies and the log of calls may be kept, days: amoCRM asks for three, privacy for an end.
const RETENTION_DAYS: RangeInclusive<u16> = 3..=365;
/// A channel that brings nothing in so much working time is suspicious, minutes.
pub(super) const SILENCE_MINUTES: u16 = 240;
/// A shorter silence is everyday life.
const SILENCE_AT_LEAST: u16 = 15;

/// What is meant, or everything that is wrong.
pub(super) fn checked(layers: &Figment, folder: &Path) -> Result<Config, Vec<Finding>> {
    let mut check = Check {
        folder,
        findings: Vec::new(),
    };
    let config = check.config(layers);
    match config {
        Some(config) if check.findings.is_empty() => Ok(config),
        _ => Err(check.findings),
    }
}

struct Check<'a> {
    folder: &'a Path,
    findings: Vec<Finding>,
}

impl Check<'_> {
    fn found(&mut self, path: impl Into<String>, problem: impl Into<String>) {
        self.findings.push(Finding {
            path: path.into(),
            problem: problem.into(),
        });
    }

    /// A value that must be there: a finding and `None` when it is not.
    fn need<T>(&mut self, value: Option<T>, path: &str, what: &str) -> Option<T> {
        if value.is_none() {
            self.found(path, format!("is missing: {what}."));
        }
        value
    }

    fn config(&mut self, layers: &Figment) -> Option<Config> {
        let whole: Dict = match layers.extract() {
            Ok(whole) => whole,
            Err(error) => {
                self.found("", format!("the file is not TOML: {}.", error.kind));
                return None;
            }
        };
        for key in whole.keys().filter(|key| !SECTIONS.contains(&key.as_str())) {
            self.found(
                key,
                format!(
                    "there is no such section; there are {}.",
                    SECTIONS.join(", ")
                ),
            );
        }
        let server = self.section(whole.get("server"), "server");
        let server = server.and_then(|server| self.server(server));
        let secrets = self.section(whole.get("secrets"), "secrets");
        let master_key = secrets.and_then(|secrets| self.master_key(secrets));
        let clock: Option<raw::Clock> = self.section(whole.get("clock"), "clock");
        let clock_source = clock.and_then(|clock| clock.source);
        self.clock_source(clock_source.as_deref());
        let limits: Option<raw::Limits> = self.section(whole.get("limits"), "limits");
        let limited = limits.and_then(|limits| limits.hold).unwrap_or(true);
        if !limited && clock_source.is_none() {
            self.found(
                "limits.hold",
                "may be false only beside a sandbox, whose clock is followed.",
            );
        }
        let accounts = self.accounts(whole.get("accounts"), master_key.as_ref());
        Some(Config {
            server: server?,
            master_key: master_key?,
            clock_source,
            limited,
            accounts: accounts?,
        })
    }

    /// A table's shape; empty where there is none, `None` after a finding. The finding names the field where it can; the
    /// value is never repeated, it may be a secret.
    fn section<T: DeserializeOwned + Default>(
        &mut self,
        value: Option<&Value>,
        path: &str,
    ) -> Option<T> {
        let Some(value) = value else {
            return Some(T::default());
        };
        match value.deserialize() {
            Ok(section) => Some(section),
            Err(error) => {
                let place = std::iter::once(path.to_owned()).chain(error.path.clone());
                let place = place.collect::<Vec<_>>().join(".");
                self.found(place, shape_problem(&error.kind));
                None
            }
        }
    }

    fn server(&mut self, raw: raw::Server) -> Option<Server> {
        let listen = self.need(
            raw.listen,
            "server.listen",
            "an address such as 127.0.0.1:8080",
        );
        let listen = listen.and_then(|text| {
            let address = text.parse().ok();
            if address.is_none() {
                self.found(
                    "server.listen",
                    "is not an address with a port, such as 127.0.0.1:8080.",
                );
            }
            address
        });
        let public_url = self.need(
            raw.public_url,
            "server.public_url",
            "the address at which browsers and providers reach this server, such as https://bot.example.org",
        );
        let public_url = public_url.and_then(|url| self.origin(&url, "server.public_url"));
        let data = self.need(raw.data, "server.data", "a folder");
        let database = self.database(raw.database, raw.database_file);
        let retention_days = self.need(raw.retention_days, "server.retention_days", "days");
        if retention_days.is_some_and(|days| !RETENTION_DAYS.contains(&days)) {
            let (least, most) = (RETENTION_DAYS.start(), RETENTION_DAYS.end());
            self.found(
                "server.retention_days",
                format!("must be between {least} and {most} days."),
            );
        }
        Some(Server {
            listen: listen?,
            public_url: public_url?,
            data: self.folder.join(data?),
            database: database.ok()?,
            retention_days: retention_days?,
        })
    }

    /// `Ok(None)`: a file in the data folder. `Err`: there is a finding.
    fn database(
        &mut self,
        url: Option<SecretString>,
        file: Option<PathBuf>,
    ) -> Result<Option<SecretString>, ()> {
        let what =
            "the URL of a PostgreSQL database, such as postgres://user:password@host/estafeta";
        let Some(url) = self.choice(url, file, "server.database", what)? else {
            return Ok(None);
        };
        let scheme = url.expose_secret().split_once("://");
        if !matches!(scheme, Some(("postgres" | "postgresql", _))) {
            self.found("server.database", format!("must be {what}."));
            return Err(());
        }
        Ok(Some(url))
    }

    fn master_key(&mut self, raw: raw::Secrets) -> Option<MasterKey> {
        let text = self.secret(
            raw.master_key,
            raw.master_key_file,
            "secrets.master_key",
            "32 random bytes in hex or base64; `openssl rand -hex 32` makes them",
        )?;
        let key = MasterKey::read(text.expose_secret());
        if key.is_none() {
            self.found(
                "secrets.master_key",
                "is not 32 bytes in hex or base64; `openssl rand -hex 32` makes them.",
            );
        }
        key
    }

    fn clock_source(&mut self, source: Option<&str>) {
        let Some(source) = source else { return };
        let uri = source.parse::<Uri>().ok();
        if !uri.is_some_and(|uri| uri.scheme_str() == Some("http") && is_loopback(&uri)) {
            self.found("clock.source", "must be an http address on this machine: only a sandbox beside the server sets its clock.");
        }
    }

    fn accounts(&mut self, value: Option<&Value>, key: Option<&MasterKey>) -> Option<Vec<Account>> {
        let list = match value {
            Some(Value::Array(_, list)) if !list.is_empty() => list.as_slice(),
            // Accounts may also be set up on the page of the backend.
            None | Some(Value::Array(..)) => return Some(Vec::new()),
            Some(_) => {
                self.found(
                    "accounts",
                    "is a list: write [[accounts]], with two brackets.",
                );
                return None;
            }
        };
        let read: Vec<_> = list
            .iter()
            .enumerate()
            .map(|(index, value)| self.account(value, &format!("accounts[{index}]"), key))
            .collect();
        let accounts: Vec<Account> = read.into_iter().collect::<Option<_>>()?;
        self.told_apart(&accounts);
        Some(accounts)
    }

    /// Nothing by which a request finds its account may belong to two.
    fn told_apart(&mut self, accounts: &[Account]) {
        for (index, account) in accounts.iter().enumerate() {
            let before = &accounts[..index];
            let at = |field: &str| format!("accounts[{index}].{field}");
            if before.iter().any(|other| other.id == account.id) {
                self.found(at("id"), "is the id of another account too.");
            }
            if before
                .iter()
                .any(|other| other.amocrm.account_id == account.amocrm.account_id)
            {
                self.found(at("amocrm.account_id"), "is connected twice.");
            }
            if before.iter().any(|other| {
                other.amocrm.client_id == account.amocrm.client_id
                    && !same(&other.amocrm.client_secret, &account.amocrm.client_secret)
            }) {
                self.found(
                    at("amocrm.client_secret"),
                    "differs from that of another account with the same client_id.",
                );
            }
            if before
                .iter()
                .any(|other| same(&other.amocrm.webhook_secret, &account.amocrm.webhook_secret))
            {
                self.found(
                    at("amocrm.webhook_secret"),
                    "is that of another account too.",
                );
            }
            if before
                .iter()
                .any(|other| same(&other.pact.webhook_secret, &account.pact.webhook_secret))
            {
                self.found(at("pact.webhook_secret"), "is that of another account too.");
            }
        }
    }

    fn account(&mut self, value: &Value, at: &str, key: Option<&MasterKey>) -> Option<Account> {
        let Value::Dict(_, table) = value else {
            self.found(at, "is not a table.");
            return None;
        };
        for key in table
            .keys()
            .filter(|key| !ACCOUNT_KEYS.contains(&key.as_str()))
        {
            let known = ACCOUNT_KEYS.join(", ");
            self.found(
                format!("{at}.{key}"),
                format!("there is no such key; there are {known}."),
            );
        }
        let raw: Option<raw::Account> = self.section(Some(value), at);
        let amocrm = self.section(table.get("amocrm"), &format!("{at}.amocrm"));
        let amocrm = amocrm.and_then(|raw| self.amocrm(raw, &format!("{at}.amocrm"), key));
        let pact = self.section(table.get("pact"), &format!("{at}.pact"));
        let pact = pact.and_then(|raw| self.pact(raw, &format!("{at}.pact"), key));
        let bot = self.section(table.get("bot"), &format!("{at}.bot"));
        let bot = bot.and_then(|raw| self.bot(raw, &format!("{at}.bot")));
        let alerts = self.section(table.get("alerts"), &format!("{at}.alerts"));
        let alerts = alerts.and_then(|raw| self.alerts(raw, &format!("{at}.alerts")));
        let raw = raw?;
        let policy = match &raw.policy {
            Some(file) => self.policy(file, &format!("{at}.policy")),
            None => self.default_policy(raw.mode.as_deref(), &format!("{at}.mode")),
        };
        let knowledge = raw.knowledge.as_ref();
        let knowledge = knowledge.map(|folder| self.knowledge(folder, &format!("{at}.knowledge")));
        let amocrm = amocrm?;
        let id = raw.id.unwrap_or(amocrm.account_id);
        Some(Account {
            id,
            name: raw.name.unwrap_or_else(|| id.to_string()),
            amocrm,
            pact: pact?,
            bot: bot?,
            alerts: alerts?,
            policy: policy?,
            policy_file: raw.policy.map(|file| self.folder.join(file)),
            knowledge: match knowledge {
                Some(read) => Some(read?),
                None => None,
            },
        })
    }

    fn amocrm(&mut self, raw: raw::Amocrm, at: &str, key: Option<&MasterKey>) -> Option<Amocrm> {
        let account_id = self.need(
            raw.account_id,
            &format!("{at}.account_id"),
            "the account's number",
        );
        let by_subdomain = |domain: &str| {
            let name = raw.subdomain.as_deref()?;
            Some(format!("https://{name}.{domain}"))
        };
        let endpoint = raw.endpoint.or_else(|| by_subdomain(AMO_DOMAINS[0]));
        let endpoint = self.need(
            endpoint,
            &format!("{at}.endpoint"),
            "the API's address, or `subdomain`",
        );
        let endpoint = endpoint.and_then(|url| self.url(&url, &format!("{at}.endpoint")));
        let origins = raw.origins.or_else(|| {
            AMO_DOMAINS
                .iter()
                .map(|domain| by_subdomain(domain))
                .collect()
        });
        let origins = self.need(
            origins,
            &format!("{at}.origins"),
            "addresses of the account's pages, or `subdomain`",
        );
        let origins = origins.map(|origins| {
            let each = origins.iter().enumerate();
            each.filter_map(|(index, origin)| {
                self.origin(origin, &format!("{at}.origins[{index}]"))
            })
            .collect()
        });
        let token = self.choice(
            raw.token,
            raw.token_file,
            &format!("{at}.token"),
            "a long-lived token of the integration; leave it out to connect the account by OAuth",
        );
        let client_id = self.need(
            raw.client_id,
            &format!("{at}.client_id"),
            "the integration's id",
        );
        let client_secret = self.secret(
            raw.client_secret,
            raw.client_secret_file,
            &format!("{at}.client_secret"),
            "the integration's secret key",
        );
        let webhook_secret = self.hook_secret(
            raw.webhook_secret,
            raw.webhook_secret_file,
            &format!("{at}.webhook_secret"),
            key.zip(account_id).map(|(key, id)| key.amocrm_hook(id)),
        );
        Some(Amocrm {
            endpoint: endpoint?,
            account_id: account_id?,
            origins: origins?,
            token: token.ok()?,
            client_id: client_id?,
            client_secret: client_secret?,
            webhook_secret: webhook_secret?,
            pipeline: raw.pipeline,
        })
    }

    fn pact(&mut self, raw: raw::Pact, at: &str, key: Option<&MasterKey>) -> Option<Pact> {
        let company_id = self.need(
            raw.company_id,
            &format!("{at}.company_id"),
            "the company's number in Pact",
        );
        let endpoint = raw.endpoint.unwrap_or_else(|| PACT_ENDPOINT.to_owned());
        let endpoint = self.url(&endpoint, &format!("{at}.endpoint"));
        let token = self.secret(
            raw.token,
            raw.token_file,
            &format!("{at}.token"),
            "Pact's API token",
        );
        let webhook_secret = self.hook_secret(
            raw.webhook_secret,
            raw.webhook_secret_file,
            &format!("{at}.webhook_secret"),
            key.zip(company_id).map(|(key, id)| key.pact_hook(id)),
        );
        Some(Pact {
            endpoint: endpoint?,
            company_id: company_id?,
            touch_templates: raw.touch_templates.unwrap_or_default(),
            token: token?,
            webhook_secret: webhook_secret?,
        })
    }

    fn alerts(&mut self, raw: raw::Alerts, at: &str) -> Option<Alerts> {
        if raw.tech_user.is_some_and(|user| user <= 0) {
            self.found(
                format!("{at}.tech_user"),
                "is not the number of a user: it stands in the address of the user's page in amoCRM.",
            );
        }
        let silence_minutes = raw.silence_minutes.unwrap_or(SILENCE_MINUTES);
        if (1..SILENCE_AT_LEAST).contains(&silence_minutes) {
            self.found(
                format!("{at}.silence_minutes"),
                format!("must be at least {SILENCE_AT_LEAST}, or 0: then silence is never told."),
            );
        }
        let secret = self.choice(
            raw.webhook_secret,
            raw.webhook_secret_file,
            &format!("{at}.webhook_secret"),
            "the key of the signature",
        );
        let secret = secret.ok()?;
        let webhook = match (raw.webhook, secret) {
            (None, None) => None,
            (Some(url), Some(secret)) => Some(Webhook {
                url: self.plain_url(&url, &format!("{at}.webhook"))?,
                secret,
            }),
            (Some(_), None) => {
                let path = format!("{at}.webhook_secret");
                return self.need(None, &path, "the key with which alerts are signed");
            }
            (None, Some(_)) => {
                let path = format!("{at}.webhook");
                return self.need(None, &path, "where alerts are sent");
            }
        };
        Some(Alerts {
            tech_user: raw.tech_user,
            webhook,
            silence_minutes: (silence_minutes > 0).then_some(silence_minutes),
        })
    }

    fn bot(&mut self, raw: raw::Bot, at: &str) -> Option<Bot> {
        if raw.kind.as_deref() == Some(FAQ_BOT) {
            return self.faq_bot(&raw, at);
        }
        let url = self.need(
            raw.url.clone(),
            &format!("{at}.url"),
            "the bot's address; turns are posted to {url}/turns, a model is asked at {url}/chat/completions",
        );
        let url = url.and_then(|url| self.url(&url, &format!("{at}.url")));
        let timeout_ms = raw.timeout_ms.unwrap_or(BOT_TIMEOUT);
        if !(1..=BOT_TIMEOUT).contains(&timeout_ms) {
            self.found(
                format!("{at}.timeout_ms"),
                format!("must be between 1 and {BOT_TIMEOUT}."),
            );
        }
        let retry_within_ms = raw.retry_within_ms.unwrap_or(BOT_RETRY_WITHIN);
        let kind = self.bot_kind(raw, at);
        Some(Bot {
            url: url?,
            kind: kind?,
            timeout_ms,
            retry_within_ms,
        })
    }

    /// The bot within this process: nothing else is to be said of it.
    fn faq_bot(&mut self, raw: &raw::Bot, at: &str) -> Option<Bot> {
        let misplaced = [
            (raw.url.is_some(), "url"),
            (raw.secret.is_some(), "secret"),
            (raw.secret_file.is_some(), "secret_file"),
            (raw.marks_turns.is_some(), "marks_turns"),
            (raw.key.is_some(), "key"),
            (raw.key_file.is_some(), "key_file"),
            (raw.model.is_some(), "model"),
            (raw.prompt.is_some(), "prompt"),
            (raw.timeout_ms.is_some(), "timeout_ms"),
            (raw.retry_within_ms.is_some(), "retry_within_ms"),
        ];
        let misplaced = misplaced.into_iter().filter(|(is_there, _)| *is_there);
        let mut is_plain = true;
        for (_, key) in misplaced {
            is_plain = false;
            self.found(
                format!("{at}.{key}"),
                format!("has no meaning for a bot of kind {FAQ_BOT}: it answers from `knowledge` within this process."),
            );
        }
        is_plain.then_some(Bot {
            url: String::new(),
            kind: BotKind::Faq,
            timeout_ms: BOT_TIMEOUT,
            retry_within_ms: BOT_RETRY_WITHIN,
        })
    }

    /// The files of a knowledge base, after their own check.
    fn knowledge(&mut self, folder: &Path, at: &str) -> Option<Vec<BaseFile>> {
        let folder = self.folder.join(folder);
        let findings = match base_in(&folder) {
            Ok(files) => return Some(files),
            Err(findings) => findings,
        };
        for (place, problem) in findings {
            let mark = if place.is_empty() { "" } else { ": " };
            self.found(format!("{at}{mark}{place}"), problem);
        }
        None
    }

    fn bot_kind(&mut self, raw: raw::Bot, at: &str) -> Option<BotKind> {
        let is_there = |there: bool, key: &'static str| there.then_some(key);
        let of_http = [
            is_there(raw.secret.is_some(), "secret"),
            is_there(raw.secret_file.is_some(), "secret_file"),
            is_there(raw.marks_turns.is_some(), "marks_turns"),
        ];
        let of_a_model = [
            is_there(raw.key.is_some(), "key"),
            is_there(raw.key_file.is_some(), "key_file"),
            is_there(raw.model.is_some(), "model"),
            is_there(raw.prompt.is_some(), "prompt"),
        ];
        let kind = raw.kind.as_deref().unwrap_or(HTTP_BOT);
        let misplaced: &[Option<&str>] = match kind {
            HTTP_BOT => &of_a_model,
            OPENAI_BOT => &of_http,
            _ => {
                self.found(format!("{at}.kind"), "is none of http, openai and faq.");
                return None;
            }
        };
        for key in misplaced.iter().flatten() {
            self.found(
                format!("{at}.{key}"),
                format!("has no meaning for a bot of kind {kind}."),
            );
        }
        if kind == HTTP_BOT {
            let path = format!("{at}.secret");
            let secret = self.secret(
                raw.secret,
                raw.secret_file,
                &path,
                "the key of the signature",
            )?;
            let marks_turns = raw.marks_turns.unwrap_or(false);
            let is_near = raw
                .url
                .is_some_and(|url| url.parse().is_ok_and(|uri| is_loopback(&uri)));
            if marks_turns && !is_near {
                self.found(
                    format!("{at}.marks_turns"),
                    "may be true only for the sandbox's bot, on this machine.",
                );
            }
            return Some(BotKind::Http {
                secret,
                marks_turns,
            });
        }
        let key = self.secret(
            raw.key,
            raw.key_file,
            &format!("{at}.key"),
            "the key of the endpoint",
        );
        let model = self.need(raw.model, &format!("{at}.model"), "the model's name");
        let prompt = match &raw.prompt {
            Some(file) => self.read(file, &format!("{at}.prompt")),
            None => Some(DEFAULT_PROMPT.to_owned()),
        };
        Some(BotKind::OpenAi {
            key: key?,
            model: model?,
            prompt: prompt?,
        })
    }

    /// The policy's text, after its own check.
    fn policy(&mut self, file: &Path, at: &str) -> Option<String> {
        let text = self.read(file, at)?;
        match policy::parse(&text) {
            Ok(_) => Some(text),
            Err(findings) => {
                for finding in findings {
                    let place = if finding.path.is_empty() { "" } else { ": " };
                    self.found(
                        format!("{at}{place}{}", finding.path),
                        finding.problem.to_string(),
                    );
                }
                None
            }
        }
    }

    /// The default policy in the mode of new accounts. It is good but for a mode that there is not.
    fn default_policy(&mut self, mode: Option<&str>, at: &str) -> Option<String> {
        let mode = mode.unwrap_or(mode::NEW_ACCOUNT);
        let text = mode::with_mode(DEFAULT_POLICY, mode).map_err(|problem| self.found(at, problem));
        let text = text.ok()?;
        match policy::parse(&text) {
            Ok(_) => Some(text),
            Err(findings) => {
                for finding in findings {
                    self.found(at, finding.problem.to_string());
                }
                None
            }
        }
    }

    /// A webhook's secret: a part of a path, hard to guess; `made` when none is given.
    fn hook_secret(
        &mut self,
        value: Option<SecretString>,
        file: Option<PathBuf>,
        at: &str,
        made: Option<String>,
    ) -> Option<SecretString> {
        if value.is_none() && file.is_none() {
            return made.map(SecretString::from);
        }
        let secret = self.secret(value, file, at, "a secret")?;
        let text = secret.expose_secret();
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        if text.len() < HOOK_SECRET_MIN || !text.chars().all(plain) {
            self.found(at, format!("needs at least {HOOK_SECRET_MIN} letters or digits; leave it out to have one made."));
            return None;
        }
        Some(secret)
    }

    /// A secret that need not be given. `Err`: there is a finding.
    fn choice(
        &mut self,
        value: Option<SecretString>,
        file: Option<PathBuf>,
        at: &str,
        what: &str,
    ) -> Result<Option<SecretString>, ()> {
        if value.is_none() && file.is_none() {
            return Ok(None);
        }
        self.secret(value, file, at, what).map(Some).ok_or(())
    }

    /// A secret given as it stands or as a file.
    fn secret(
        &mut self,
        value: Option<SecretString>,
        file: Option<PathBuf>,
        at: &str,
        what: &str,
    ) -> Option<SecretString> {
        let secret = match (value, file) {
            (Some(_), Some(_)) => {
                self.found(at, "is given twice: here and as a file.");
                return None;
            }
            (Some(value), None) => value,
            (None, Some(file)) => {
                let text = self.read(&file, &format!("{at}_file"))?;
                SecretString::from(text.trim())
            }
            (None, None) => return self.need(None, at, what),
        };
        if secret.expose_secret().trim().is_empty() {
            self.found(at, format!("is empty: {what}."));
            return None;
        }
        Some(secret)
    }

    fn read(&mut self, file: &Path, at: &str) -> Option<String> {
        let file = self.folder.join(file);
        std::fs::read_to_string(&file)
            .map_err(|error| self.found(at, format!("{} cannot be read: {error}.", file.display())))
            .ok()
    }

    /// A base URL without its last slash: https, or http on this machine.
    fn url(&mut self, text: &str, at: &str) -> Option<String> {
        base_url(text)
            .map_err(|problem| self.found(at, problem))
            .ok()
    }

    /// A URL of scheme, host, port and path alone: nothing secret stands in it.
    fn plain_url(&mut self, text: &str, at: &str) -> Option<String> {
        let url = self.url(text, at)?;
        let uri = url.parse::<Uri>().ok()?;
        let has_user = uri
            .authority()
            .is_some_and(|host| host.as_str().contains('@'));
        if has_user || uri.query().is_some() {
            self.found(
                at,
                "is scheme, host, port and path alone: alerts are signed, so nothing secret has to stand in it.",
            );
            return None;
        }
        Some(url)
    }

    /// A URL of scheme, host and port alone.
    fn origin(&mut self, text: &str, at: &str) -> Option<String> {
        let url = self.url(text, at)?;
        let uri = url.parse::<Uri>().ok()?;
        if uri.path() != "/" || uri.query().is_some() {
            self.found(at, "is scheme, host and port alone: take the path away.");
            return None;
        }
        Some(url.to_ascii_lowercase())
    }
}

/// A base URL without its last slash, or what is wrong with it.
pub(super) fn base_url(text: &str) -> Result<String, &'static str> {
    let uri = text.parse::<Uri>().ok().filter(|uri| uri.host().is_some());
    match uri.as_ref().map(|uri| (uri.scheme_str(), is_loopback(uri))) {
        Some((Some("https"), _) | (Some("http"), true)) => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        Some((Some("http"), false)) => {
            Err("needs https: only this machine may be reached without it.")
        }
        _ => Err("is not an address such as https://example.org."),
    }
}

fn same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

pub(super) fn is_loopback(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// What is wrong with a value's shape, without the value.
fn shape_problem(kind: &Kind) -> String {
    match kind {
        Kind::UnknownField(name, known) => {
            format!("there is no key `{name}`; there are {}.", known.join(", "))
        }
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => {
            format!("must be {expected}.")
        }
        _ => "has a value of a wrong kind.".to_owned(),
    }
}
