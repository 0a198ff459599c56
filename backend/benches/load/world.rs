//! The real binary twice, as sandbox and as backend, with the relay between them.

use crate::process::{self, Process, free_port};
use crate::relay::Relay;
use crate::{Failure, store};
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use tempfile::TempDir;
use tokio::net::TcpListener;
use toml_edit::{DocumentMut, value};
use widget_core::ids::AccountId;

/// Journal rows of each dialog that lies in the store beforehand.
const EVENTS: u64 = 12;
/// Where nobody answers.
const NOWHERE: &str = "http://127.0.0.1:9";

/// The account's mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The bot answers.
    On,
    /// Webhooks are stored and looked through, nothing follows.
    Off,
}

/// Where the backend keeps its data.
#[derive(Debug, Clone)]
pub enum Kept {
    /// In a file, for one instance.
    File,
    /// On a server, for so many.
    Server { url: String, instances: u16 },
}

impl Kept {
    /// What is to be measured, as far as it is there: a server is one that `ESTAFETA_TEST_POSTGRES` names.
    pub fn all(names: &[String]) -> Result<Vec<Self>, Failure> {
        let server = std::env::var("ESTAFETA_TEST_POSTGRES").ok();
        let mut all = Vec::new();
        for name in names {
            match (name.split_once(':'), &server) {
                (None, _) if name == "sqlite" => all.push(Self::File),
                (Some(("postgres", instances)), Some(url)) => all.push(Self::Server {
                    url: url.clone(),
                    instances: instances.parse()?,
                }),
                (Some(("postgres", _)), None) => {}
                _ => return Err(format!("{name}: neither sqlite nor postgres:2").into()),
            }
        }
        Ok(all)
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("SQLite"),
            Self::Server { instances, .. } => write!(f, "PostgreSQL × {instances}"),
        }
    }
}

/// What rests beside the load.
#[derive(Debug, Clone, Copy)]
pub struct Beside {
    /// Dialogs of the account that is measured.
    pub dialogs: u64,
    /// Accounts in the settings, that one among them. Nobody writes to the others, and their providers do not answer.
    pub accounts: i64,
}

impl Beside {
    /// Nothing.
    pub const NOTHING: Self = Self {
        dialogs: 0,
        accounts: 1,
    };
}

/// A sandbox and a backend.
pub struct World {
    // Dropped in this order: the backend before what it talks to, the folder last.
    serve: Vec<Process>,
    _sandbox: Process,
    pub relay: Relay,
    pub client: reqwest::Client,
    /// Base URL of the backend itself, not through the relay.
    pub backend: String,
    sandbox_url: String,
    data: Data,
    _folder: TempDir,
}

/// How the data are looked into.
enum Data {
    Sqlite(SqliteConnectOptions),
    Postgres(PgConnectOptions),
}

impl World {
    /// Starts both. The sandbox keeps everything in memory.
    pub async fn new(mode: Mode, beside: Beside, kept: &Kept) -> Result<Self, Failure> {
        let folder = TempDir::new()?;
        let program = Path::new(env!("CARGO_BIN_EXE_estafeta"));
        let between = TcpListener::bind("127.0.0.1:0").await?;
        let relay_url = format!("http://{}", between.local_addr()?);
        let instances = match kept {
            Kept::File => 1,
            Kept::Server { instances, .. } => *instances,
        };
        let ports = (0..instances).map(|_| free_port());
        let ports: Vec<u16> = ports.collect::<Result<_, _>>()?;
        let (sandbox_port, backend_port) = (free_port()?, ports[0]);
        let relay = Relay::start(between, &ports, sandbox_port)?;
        let config = folder.path().join("estafeta.toml");
        let config_name = config.display().to_string();
        let port = sandbox_port.to_string();
        let arguments = [
            "sandbox",
            "--port",
            &port,
            "--backend",
            &relay_url,
            "--limits",
            "off",
            "--write-config",
            &config_name,
        ];
        let mut sandbox = Process::start("sandbox", program, &arguments, folder.path())?;
        sandbox.ready().await?;
        let (data, account) = settle(&config, mode, &relay_url, backend_port, beside.accounts)?;
        if beside.dialogs > 0 {
            furnish(&data, account, beside.dialogs).await?;
        }
        let (data, database) = lie(kept, &data).await?;
        let mut serve = Vec::new();
        for (number, port) in ports.iter().enumerate() {
            let listen = format!("127.0.0.1:{port}");
            let folder_of = folder.path().join(format!("instance-{number}"));
            let mut environment = vec![("ESTAFETA_SERVER__LISTEN", listen)];
            if let Some(url) = &database {
                environment.push(("ESTAFETA_SERVER__DATABASE", url.clone()));
                environment.push(("ESTAFETA_SERVER__DATA", folder_of.display().to_string()));
            }
            let arguments = ["serve", "--config", &config_name];
            let name = ["serve", "second"][number.min(1)];
            let mut process =
                Process::start_in(name, program, &arguments, &environment, folder.path())?;
            process.ready().await?;
            serve.push(process);
        }
        Ok(Self {
            serve,
            _sandbox: sandbox,
            relay,
            client: reqwest::Client::builder().no_proxy().build()?,
            backend: format!("http://127.0.0.1:{backend_port}"),
            sandbox_url: format!("http://127.0.0.1:{sandbox_port}"),
            data,
            _folder: folder,
        })
    }

    /// `POST /sandbox/…`.
    pub async fn play(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        play(&self.client, &self.sandbox_url(path), body).await
    }

    /// The address of a verb of the control surface.
    pub fn sandbox_url(&self, path: &str) -> String {
        format!("{}/sandbox/{path}", self.sandbox_url)
    }

    /// What the backend's database holds, bytes; free pages do not count.
    pub async fn database_bytes(&self) -> Result<u64, Failure> {
        let bytes: i64 = match &self.data {
            Data::Sqlite(options) => {
                let query = "SELECT (page_count - freelist_count) * page_size \
                             FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()";
                let mut db = options.connect().await?;
                sqlx::query_scalar(query).fetch_one(&mut db).await?
            }
            Data::Postgres(options) => {
                let query = "SELECT SUM(pg_total_relation_size(c.oid))::bigint FROM pg_class c \
                             JOIN pg_namespace n ON n.oid = c.relnamespace \
                             WHERE n.nspname = current_schema() AND c.relkind = 'r'";
                let mut db = options.connect().await?;
                sqlx::query_scalar(query).fetch_one(&mut db).await?
            }
        };
        Ok(u64::try_from(bytes)?)
    }

    /// Whether no event and no action waits.
    pub async fn has_nothing_to_do(&self) -> bool {
        let look = async || -> Result<i64, sqlx::Error> {
            let waiting = "SELECT (SELECT COUNT(*) FROM inbox WHERE state = 'new') \
                                + (SELECT COUNT(*) FROM outbox WHERE state = 'open')";
            match &self.data {
                Data::Sqlite(options) => {
                    let mut db = options.connect().await?;
                    sqlx::query_scalar(waiting).fetch_one(&mut db).await
                }
                Data::Postgres(options) => {
                    let mut db = options.connect().await?;
                    sqlx::query_scalar(waiting).fetch_one(&mut db).await
                }
            }
        };
        look().await.is_ok_and(|waiting| waiting == 0)
    }

    /// The processor time that was used so far, ms: by all instances, and by the database's server.
    pub async fn processor_ms(&self) -> Result<(u64, Option<u64>), Failure> {
        let instances = self.serve.iter().map(Process::processor_ms);
        let instances = instances.sum::<Result<u64, Failure>>()?;
        let Data::Postgres(options) = &self.data else {
            return Ok((instances, None));
        };
        let mut db = options.connect().await?;
        let session: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
            .fetch_one(&mut db)
            .await?;
        let server = process::server_ms(u32::try_from(session)?)?;
        Ok((instances, Some(server)))
    }

    /// Resident memory of the backend now and at most, MB.
    pub fn memory_mb(&self) -> Result<(u64, u64), Failure> {
        Ok((
            self.serve[0].memory_mb("VmRSS")?,
            self.serve[0].memory_mb("VmHWM")?,
        ))
    }
}

/// Makes the place for the data. How they are looked into, and the database's URL for the backend.
async fn lie(kept: &Kept, folder: &Path) -> Result<(Data, Option<String>), Failure> {
    let Kept::Server { url, .. } = kept else {
        let options = SqliteConnectOptions::new()
            .filename(folder.join("estafeta.sqlite"))
            .pragma("query_only", "ON");
        return Ok((Data::Sqlite(options), None));
    };
    let schema = format!("bench_{}", uuid::Uuid::new_v4().simple());
    let options = PgConnectOptions::from_str(url)?;
    let create = AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
    options.connect().await?.execute(create).await?;
    let url = format!("{url}?options=-csearch_path%3D{schema}");
    Ok((Data::Postgres(PgConnectOptions::from_str(&url)?), Some(url)))
}

/// A call of the control surface.
pub async fn play(client: &reqwest::Client, url: &str, body: &Value) -> Result<Value, Failure> {
    let answer = client.post(url).json(body).send().await?;
    Ok(answer.error_for_status()?.json().await?)
}

/// Puts the relay on both ways, and has a burst wait for nobody. The backend's folder, and its account.
fn settle(
    config: &Path,
    mode: Mode,
    relay_url: &str,
    port: u16,
    accounts: i64,
) -> Result<(PathBuf, AccountId), Failure> {
    let mut settings: DocumentMut = std::fs::read_to_string(config)?.parse()?;
    settings["server"]["listen"] = value(format!("127.0.0.1:{port}"));
    let account = &mut settings["accounts"][0];
    account["pact"]["endpoint"] = value(format!("{relay_url}/api/p2"));
    let id = account["amocrm"]["account_id"]
        .as_integer()
        .ok_or("the settings name no account")?;
    let policy_file = account["policy"].as_str().ok_or("no policy file")?;
    let mut policy: DocumentMut = std::fs::read_to_string(policy_file)?.parse()?;
    policy["timers"]["burst_quiet"] = value("0s");
    policy["mode"] = value(if mode == Mode::On { "on" } else { "off" });
    std::fs::write(policy_file, policy.to_string())?;
    let data = settings["server"]["data"]
        .as_str()
        .ok_or("no data folder")?;
    let data = PathBuf::from(data);
    let text = settings.to_string() + &resting(&settings, accounts - 1)?;
    std::fs::write(config, text)?;
    Ok((data, AccountId(id)))
}

/// The tables of so many accounts that rest. Each is written by itself: tables that are copies of one another would be
/// written among each other.
fn resting(settings: &DocumentMut, accounts: i64) -> Result<String, Failure> {
    let mut one = DocumentMut::new();
    one["accounts"] = settings["accounts"].clone();
    let other = &mut one["accounts"][0];
    other.as_table_mut().ok_or("no account")?.remove("policy");
    other["amocrm"]["endpoint"] = value(NOWHERE);
    other["pact"]["endpoint"] = value(NOWHERE);
    let mut text = String::new();
    for number in 1..=accounts {
        let other = &mut one["accounts"][0];
        other["name"] = value(format!("rests-{number}"));
        other["amocrm"]["account_id"] = value(40_000_000 + number);
        other["pact"]["company_id"] = value(600_000 + number);
        text += "\n";
        text += &one.to_string();
    }
    Ok(text)
}

async fn furnish(data: &Path, account: AccountId, dialogs: u64) -> Result<(), Failure> {
    let mut key = [0; 32];
    let text = std::fs::read_to_string(data.join("master.key"))?;
    hex::decode_to_slice(text.trim(), &mut key)?;
    let policy = widget_core::policy::parse(backend::config::DEFAULT_POLICY)
        .map_err(|findings| format!("{findings:?}"))?;
    let file = data.join("estafeta.sqlite");
    let filled = store::fill(&file, &key, account, (dialogs, EVENTS), &policy).await;
    filled.map_err(|error| error.to_string())?;
    rest(&file).await
}

/// What lies in the store is not to be worked on: nothing of it is due, waits for a person, or has a deal that somebody
/// would look at again after a restart.
async fn rest(file: &Path) -> Result<(), Failure> {
    let mut db = SqliteConnectOptions::new().filename(file).connect().await?;
    for sql in [
        "UPDATE dialog SET due_at = NULL, ready_at = NULL, deal = NULL, contact = NULL, owner_kind = 'bot', \
         state = json_set(state, '$.view.owner', json('{\"kind\":\"bot\"}'))",
        "UPDATE inbox SET state = 'done'",
        "UPDATE outbox SET state = 'done'",
    ] {
        sqlx::query(sql).execute(&mut db).await?;
    }
    db.close().await?;
    Ok(())
}
