//! A config for a backend beside a sandbox: what `--write-config` writes and what the demo runs with.

use super::Failure;
use crate::config::{DEFAULT_POLICY, with_mode};
use sandbox::Connection;
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use toml_edit::{DocumentMut, value};

/// The backend's side of the connection.
pub(super) struct Side<'a> {
    /// Where it listens.
    pub(super) listen: SocketAddr,
    /// Where it is reached.
    pub(super) public_url: &'a str,
    /// Its data folder; its master key lies in it.
    pub(super) data: &'a Path,
    /// Where it reads its clock; `None` = it shares the process's.
    pub(super) clock: Option<&'a str>,
    /// The providers' limits hold.
    pub(super) limited: bool,
    /// The account is connected by OAuth: no token is written.
    pub(super) oauth: bool,
    /// The bot answers from the sample knowledge base; otherwise it is the sandbox's.
    pub(super) faq: bool,
}

impl Side<'_> {
    /// The account's policy: the default one, in force at once, with people of the sandbox where it needs some.
    fn policy_file(&self) -> PathBuf {
        self.data.join("policy.toml")
    }

    /// The account's knowledge base: the sample, which whoever tries it out may change.
    fn knowledge_folder(&self) -> PathBuf {
        self.data.join("knowledge")
    }

    /// Writes the sample knowledge base where it is asked for, unless there is one.
    pub(super) fn write_knowledge(&self) -> Result<(), Failure> {
        let folder = self.knowledge_folder();
        if !self.faq || folder.exists() {
            return Ok(());
        }
        private_folder(&folder)?;
        for (name, text) in SAMPLE_BASE {
            private_file(&folder.join(name), text)?;
        }
        Ok(())
    }

    /// Writes the policy unless there is one: whoever edits it keeps what they wrote.
    pub(super) fn write_policy(&self) -> Result<(), Failure> {
        let file = self.policy_file();
        if file.exists() {
            return Ok(());
        }
        let mut policy: DocumentMut = with_mode(DEFAULT_POLICY, "on")?.parse()?;
        for (key, user) in [
            ("fallback", ADMIN),
            ("escalate_to", ADMIN),
            ("duty_user", ADMIN),
        ] {
            policy["tasks"][key] = value(user);
        }
        policy["tasks"]["duty_phone"] = value(DUTY_PHONE);
        private_file(&file, &policy.to_string())
    }
}

/// The settings, TOML. Holds secrets.
pub(super) fn config(connection: &Connection, side: &Side<'_>) -> String {
    let mut toml = String::new();
    let mut line = |text: &str| {
        toml.push_str(text);
        toml.push('\n');
    };
    let key_file = side.data.join(KEY_FILE);
    line("# Made for a sandbox: its secrets are throw-away strings.");
    line("[server]");
    line(&pair("listen", &side.listen.to_string()));
    line(&pair("public_url", side.public_url));
    line(&pair("data", &side.data.to_string_lossy()));
    line("\n[secrets]");
    line(&pair("master_key_file", &key_file.to_string_lossy()));
    if let Some(source) = side.clock {
        line("\n[clock]");
        line(&pair("source", source));
    }
    if !side.limited {
        line("\n[limits]");
        line("hold = false");
    }
    line("\n[[accounts]]");
    line(&pair("name", &connection.amocrm_subdomain));
    line(&pair("policy", &side.policy_file().to_string_lossy()));
    if side.faq {
        line(&pair(
            "knowledge",
            &side.knowledge_folder().to_string_lossy(),
        ));
    }
    line("\n[accounts.amocrm]");
    line(&pair("endpoint", &connection.amocrm_endpoint));
    line(&pair("subdomain", &connection.amocrm_subdomain));
    line(&format!(
        "origins = [{}]",
        quoted(&connection.amocrm_endpoint)
    ));
    line(&format!("account_id = {}", connection.amocrm_account_id));
    if !side.oauth {
        line(&pair("token", &connection.amocrm_token));
    }
    line(&pair("client_id", &connection.client_id));
    line(&pair("client_secret", &connection.client_secret));
    line("\n[accounts.pact]");
    line(&pair("endpoint", &connection.pact_endpoint));
    line(&format!("company_id = {}", connection.pact_company_id));
    line(&pair("token", &connection.pact_token));
    line("\n[accounts.bot]");
    if side.faq {
        line(&pair("kind", "faq"));
    } else {
        line(&pair("url", &connection.bot_url));
        line(&pair("secret", &connection.bot_secret));
        line("marks_turns = true");
    }
    toml
}

const KEY_FILE: &str = "master.key";
/// The sample knowledge base, of a sanatorium that there is not.
const SAMPLE_BASE: [(&str, &str); 8] = [
    ("arrival.md", include_str!("../../knowledge/arrival.md")),
    ("family.md", include_str!("../../knowledge/family.md")),
    ("food.md", include_str!("../../knowledge/food.md")),
    ("leisure.md", include_str!("../../knowledge/leisure.md")),
    ("payment.md", include_str!("../../knowledge/payment.md")),
    ("rooms.md", include_str!("../../knowledge/rooms.md")),
    ("treatment.md", include_str!("../../knowledge/treatment.md")),
    ("way.csv", include_str!("../../knowledge/way.csv")),
];
/// The sandbox's administrator.
const ADMIN: i64 = 9001;
/// The sandbox's phone for what is urgent.
const DUTY_PHONE: &str = "+7 900 000-00-99";

/// Makes the data folder and, once, the master key in it. Nobody else may read them.
pub(super) fn prepare_data(folder: &Path) -> Result<(), Failure> {
    private_folder(folder)?;
    let key_file = folder.join(KEY_FILE);
    if !key_file.exists() {
        let mut key = [0_u8; 32];
        getrandom::fill(&mut key)?;
        private_file(&key_file, &hex::encode(key))?;
    }
    Ok(())
}

/// Makes a folder and those above it.
fn private_folder(folder: &Path) -> Result<(), Failure> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| format!("the folder {} cannot be made: {error}", folder.display()).into())
}

/// Writes a file that holds secrets, whole or not at all: readers may be waiting for it.
pub(super) fn private_file(file: &Path, text: &str) -> Result<(), Failure> {
    let mut name = file.file_name().unwrap_or_default().to_os_string();
    name.push(".new");
    let fresh = file.with_file_name(name);
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)
        .and_then(|mut open| {
            open.write_all(text.as_bytes())?;
            open.sync_all()
        })
        .and_then(|()| fs::rename(&fresh, file));
    written.map_err(|error| format!("{} cannot be written: {error}", file.display()).into())
}

fn pair(key: &str, value: &str) -> String {
    format!("{key} = {}", quoted(value))
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, mode_of};
    use secrecy::ExposeSecret;

    fn connection() -> Connection {
        Connection {
            amocrm_endpoint: "http://127.0.0.1:9000".to_owned(),
            amocrm_subdomain: "sanatorium".to_owned(),
            amocrm_account_id: 31,
            amocrm_token: "token \"with\" \\ \n odd letters".to_owned(),
            client_id: "client".to_owned(),
            client_secret: "secret".to_owned(),
            pact_endpoint: "http://127.0.0.1:9000/api/p2".to_owned(),
            pact_company_id: 52,
            pact_token: "pact".to_owned(),
            bot_url: "http://127.0.0.1:9000/bot".to_owned(),
            bot_secret: "bot".to_owned(),
            clock_url: "http://127.0.0.1:9000/sandbox/clock".to_owned(),
        }
    }

    #[test]
    fn what_is_written_for_a_backend_is_what_it_reads() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("a \"b\"");
        prepare_data(&data).unwrap();
        let connection = connection();
        let side = Side {
            listen: "127.0.0.1:9001".parse().unwrap(),
            public_url: "http://localhost:9001",
            data: &data,
            clock: Some(&connection.clock_url),
            limited: false,
            oauth: false,
            faq: false,
        };
        side.write_policy().unwrap();
        let by_base = Side { faq: true, ..side };
        by_base.write_knowledge().unwrap();
        let text = super::config(&connection, &by_base);
        let mut by_base = Config::parse(&text, Path::new("")).unwrap();
        let account = by_base.accounts.remove(0);
        assert!(matches!(account.bot.kind, crate::config::BotKind::Faq));
        assert_eq!(account.knowledge.unwrap().len(), SAMPLE_BASE.len());
        let by_oauth = Side {
            oauth: true,
            ..side
        };
        let text = super::config(&connection, &by_oauth);
        let by_oauth = Config::parse(&text, Path::new("")).unwrap();
        assert!(by_oauth.accounts[0].amocrm.token.is_none());
        let config = Config::parse(&config(&connection, &side), Path::new("")).unwrap();
        assert_eq!(config.server.listen, side.listen);
        assert!(!config.limited);
        assert_eq!(config.server.public_url, side.public_url);
        assert_eq!(config.server.data, data);
        assert_eq!(config.clock_source.as_deref(), side.clock);
        let account = &config.accounts[0];
        let token = account.amocrm.token.as_ref().unwrap();
        assert_eq!(token.expose_secret(), connection.amocrm_token);
        assert_eq!(account.amocrm.origins, ["http://127.0.0.1:9000"]);
        assert_eq!(account.bot.url, connection.bot_url);
        assert_eq!(mode_of(&account.policy).as_deref(), Some("on"));
        let policy = widget_core::policy::parse(&account.policy).unwrap();
        assert_eq!(policy.tasks.fallback, Some(widget_core::ids::UserId(ADMIN)));
    }

    #[test]
    fn a_data_folder_keeps_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let key = || fs::read_to_string(folder.path().join(KEY_FILE)).unwrap();
        prepare_data(folder.path()).unwrap();
        let first = key();
        prepare_data(folder.path()).unwrap();
        assert_eq!((key(), first.len()), (first.clone(), 64));
    }
}
