//! A small world for each test: a sandbox, a backend, and verbs that read like the story they tell.

mod audit;
mod book;
mod bots;
mod browser;
mod clicks;
mod connect;
mod data;
mod events;
mod fleet;
mod gates;
mod guest;
mod inside;
mod manager;
mod ops;
mod oracle;
mod page;
mod process;
mod relay;
mod signals;
mod story;
mod wait;
mod weight;

pub use bots::BOOKING_PAGE;
pub use browser::{Tab, browse};
pub(crate) use data::on;
pub use data::{Data, Kept, Server};
pub use events::Events;
pub use fleet::Fleet;
pub use gates::At;
pub use guest::{From, Guest};
pub use manager::{Manager, answer};
pub use ops::Ops;
pub use oracle::Expected;
pub use page::{Person, chosen};
pub use process::{Process, Said, free_port, said};
pub use story::{
    HANDOFF_OFF_HOURS, OLGA, contact_tasks, has_its_task, has_note, seconds, waits_since,
};
pub use wait::{together, until, until_some};
pub use weight::MOVES;

use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What the bot says of itself in the intro.
pub const INTRO: &str = "Я виртуальный помощник санатория";
/// The first words of the intro that stands alone after a return.
pub const RETURN_INTRO: &str = "Снова на связи виртуальный помощник";
/// What a guest reads at a handoff in working hours.
pub const HANDOFF: &str =
    "Передаю ваше обращение менеджеру. Вам ответит первый освободившийся менеджер.";
/// Анна, a manager.
pub const ANNA: i64 = 9002;
/// Игорь, a manager.
pub const IGOR: i64 = 9003;
/// Pact's number of the sandbox's company.
pub const COMPANY: i64 = 5001;

/// A sandbox and a backend of a test's own.
pub struct World {
    // Dropped in this order: the backend before what it talks to, the folder last.
    serve: RefCell<Option<Process>>,
    sandbox: Process,
    /// Base URL of the sandbox as the managers' browser knows it.
    pub sandbox_url: String,
    /// Base URL of the backend, by number: no look-up of names.
    pub serve_url: String,
    config: PathBuf,
    kept: Kept,
    starts: Cell<u32>,
    pub client: reqwest::Client,
    folder: TempDir,
}

impl World {
    /// A sandbox and a backend that serves.
    pub async fn new() -> Self {
        let world = Self::without_backend().await;
        world.serve(&[]).await;
        world
    }

    /// A sandbox, and a backend's settings.
    pub async fn without_backend() -> Self {
        Self::with_limits("off").await
    }

    /// The same; whether the providers' limits hold: `real` or `off`.
    pub async fn with_limits(limits: &str) -> Self {
        Self::that_keeps(Kept::by_environment().await, limits, &[]).await
    }

    /// A sandbox, and settings of a backend that keeps its data in a file.
    pub async fn in_a_file() -> Self {
        Self::that_keeps(Kept::InAFile, "off", &[]).await
    }

    /// A sandbox, and settings without a token: amoCRM is to be connected by OAuth.
    pub async fn without_a_token() -> Self {
        Self::that_keeps(Kept::by_environment().await, "off", &["--oauth"]).await
    }

    /// The same world, with a backend whose data lie there.
    pub fn that_moved(self, there: Kept) -> Self {
        Self {
            kept: there,
            ..self
        }
    }

    async fn that_keeps(kept: Kept, limits: &str, more: &[&str]) -> Self {
        Self::of_program(&process::ours(), kept, limits, more).await
    }

    async fn of_program(program: &Path, kept: Kept, limits: &str, more: &[&str]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let (port, backend_port) = (process::free_port(), process::free_port());
        let config = folder.path().join("estafeta.toml");
        let data = folder.path().join("sandbox");
        let (port_text, config_text) = (port.to_string(), text_of(&config));
        let (backend, data) = (format!("http://localhost:{backend_port}"), text_of(&data));
        let mut arguments = vec![
            "sandbox",
            "--port",
            &port_text,
            "--backend",
            &backend,
            "--data",
            &data,
            "--limits",
            limits,
            "--write-config",
            &config_text,
        ];
        arguments.extend(more);
        let mut sandbox = Process::start_of(program, "sandbox", &arguments, &[], folder.path());
        sandbox.ready().await;
        Self {
            serve: RefCell::new(None),
            sandbox,
            sandbox_url: format!("http://127.0.0.1:{port}"),
            serve_url: format!("http://127.0.0.1:{backend_port}"),
            config,
            kept,
            starts: Cell::new(0),
            client: client(),
            folder,
        }
    }

    /// The demo: both in one process.
    pub async fn demo() -> Self {
        Self::demo_with(&[]).await
    }

    /// The same, started with more arguments.
    pub async fn demo_with(more: &[&str]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let port = process::free_port();
        let data = folder.path().join("demo");
        let (port_text, data) = (port.to_string(), text_of(&data));
        let mut arguments = vec!["demo", "--port", &port_text, "--data", &data];
        arguments.extend(more);
        let mut sandbox = Process::start("demo", &arguments, &[], folder.path());
        sandbox.ready().await;
        let url = format!("http://127.0.0.1:{port}");
        Self {
            serve: RefCell::new(None),
            sandbox,
            sandbox_url: url.clone(),
            serve_url: url,
            config: PathBuf::new(),
            kept: Kept::InAFile,
            starts: Cell::new(0),
            client: client(),
            folder,
        }
    }

    // --- the backend's life ---------------------------------------------------------------------------------------

    /// Starts the backend and waits until it serves.
    pub async fn serve(&self, environment: &[(&str, &str)]) {
        self.start(environment);
        let mut serve = self.serve.borrow_mut().take().expect("it was started");
        serve.ready().await;
        *self.serve.borrow_mut() = Some(serve);
    }

    /// Starts the backend without waiting: it may die at once.
    pub fn start(&self, environment: &[(&str, &str)]) {
        assert!(self.serve.borrow().is_none(), "the backend runs already");
        self.starts.set(self.starts.get() + 1);
        let name = format!("serve-{}", self.starts.get());
        let arguments = ["serve", "--config", &text_of(&self.config)];
        let kept = self.kept.setting();
        let mut environment = environment.to_vec();
        environment.extend(kept.iter().map(|(name, value)| (*name, value.as_str())));
        let serve = Process::start(&name, &arguments, &environment, self.folder.path());
        *self.serve.borrow_mut() = Some(serve);
    }

    /// Waits until the backend has died by itself; the signal that killed it.
    pub async fn dies(&self) -> Option<i32> {
        let mut serve = self.serve.borrow_mut().take().expect("the backend runs");
        let signal = serve.dies().await;
        self.sandbox.remember(serve);
        signal
    }

    /// Whether the backend runs now.
    pub fn is_alive(&self) -> bool {
        self.serve
            .borrow_mut()
            .as_mut()
            .is_some_and(Process::is_alive)
    }

    /// `kill -9`.
    pub fn kills_the_backend(&self) {
        let mut serve = self.serve.borrow_mut().take().expect("the backend runs");
        serve.kill();
        self.sandbox.remember(serve);
    }

    /// The only account of the backend's settings.
    pub fn account(&self) -> i64 {
        let id = self.setting("accounts.0.amocrm.account_id");
        id.as_i64().expect("a number")
    }

    /// Puts another policy into the file that the backend's settings name; where it lies.
    pub fn has_a_policy_file(&self, policy: &str) -> PathBuf {
        let named = self.setting("accounts.0.policy");
        let file = PathBuf::from(named.as_str().expect("a policy file"));
        std::fs::write(&file, policy).expect("a policy file");
        file
    }

    /// Changes the policy before the backend starts: each `from` stands there once.
    pub fn has_a_policy_with(&self, changes: &[(&str, &str)]) {
        let named = self.setting("accounts.0.policy");
        let file = PathBuf::from(named.as_str().expect("a policy file"));
        let mut policy = std::fs::read_to_string(&file).expect("a policy file");
        for (from, to) in changes {
            assert_eq!(policy.matches(from).count(), 1, "{from}");
            policy = policy.replace(from, to);
        }
        std::fs::write(&file, policy).expect("a policy file");
    }

    /// Runs `estafeta … --config` with the backend's settings, to its end.
    pub fn asks(&self, arguments: &[&str]) -> Said {
        self.asks_with(arguments, &self.kept)
    }

    /// The same, with settings that say that the data are kept there.
    pub fn asks_with(&self, arguments: &[&str], kept: &Kept) -> Said {
        let config = text_of(&self.config);
        let mut all = arguments.to_vec();
        all.extend(["--config", &config]);
        process::said(&all, kept.setting())
    }

    /// Versions of the policy under which a journal's rows were decided, oldest row first; of all dialogs.
    pub async fn policy_versions(&self) -> Vec<i64> {
        let query = "SELECT policy_version FROM journal ORDER BY account, dialog, seq";
        on!(self.data().await, database => {
            sqlx::query_scalar(query).fetch_all(&mut database).await
        })
        .expect("a journal")
    }

    /// The backend's log since its last start.
    pub fn log(&self) -> String {
        let serve = self.serve.borrow();
        serve.as_ref().expect("the backend runs").log()
    }

    /// What the backend has printed since its last start.
    pub fn printed(&self) -> String {
        let serve = self.serve.borrow();
        serve.as_ref().expect("the backend runs").printed()
    }

    /// The file of the backend's settings.
    pub fn settings(&self) -> &Path {
        &self.config
    }

    /// A value of the backend's settings, such as `accounts.0.pact.token`.
    pub fn setting(&self, path: &str) -> Value {
        let text = std::fs::read_to_string(&self.config).expect("the sandbox wrote the settings");
        let all: Value = toml::from_str(&text).expect("the settings are TOML");
        let pointer = format!("/{}", path.replace('.', "/"));
        all.pointer(&pointer)
            .unwrap_or_else(|| panic!("no {path} in {text}"))
            .clone()
    }

    // --- the control surface --------------------------------------------------------------------------------------

    /// `GET /sandbox/…`; `None` for 404.
    pub async fn look(&self, path: &str) -> Option<Value> {
        let url = format!("{}/sandbox/{path}", self.sandbox_url);
        let answer = self
            .client
            .get(url)
            .send()
            .await
            .expect("the sandbox answers");
        if answer.status() == 404 {
            return None;
        }
        assert_eq!(answer.status(), 200, "GET {path}");
        Some(answer.json().await.expect("JSON"))
    }

    /// `POST /sandbox/…`.
    pub async fn play(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}/sandbox/{path}", self.sandbox_url);
        let answer = self
            .client
            .post(url)
            .json(body)
            .send()
            .await
            .expect("the sandbox answers");
        let status = answer.status();
        let answer: Value = answer.json().await.expect("JSON");
        assert_eq!(status, 200, "POST {path} {body}: {answer}");
        answer
    }

    /// Moves the business clock.
    pub async fn advance_s(&self, seconds: i64) {
        self.play("clock", &json!({"advance_s": seconds})).await;
    }

    /// Stops the business clock: from now on only [`Self::advance_s`] moves it.
    pub async fn freezes_the_clock(&self) {
        self.play("clock", &json!({"speed": 0})).await;
    }

    /// The next request of the kind concerned meets this.
    pub async fn fault(&self, service: &str, kind: &str) {
        self.play(
            "faults",
            &json!({"service": service, "kind": kind, "count": 1}),
        )
        .await;
    }

    /// From now on, until [`Self::clears_faults`].
    pub async fn lasting_fault(&self, service: &str, kind: &str) {
        self.play(
            "faults",
            &json!({"service": service, "kind": kind, "count": 1_000_000}),
        )
        .await;
    }

    /// Good weather again.
    pub async fn clears_faults(&self) {
        let url = format!("{}/sandbox/faults", self.sandbox_url);
        let answer = self
            .client
            .delete(url)
            .send()
            .await
            .expect("the sandbox answers");
        assert_eq!(answer.status(), 200);
    }

    /// How the bot behaves: `{delay_ms?, rules?}`.
    pub async fn bot(&self, behaviour: &Value) {
        self.play("bot", behaviour).await;
    }

    /// Requests that a service has received: `METHOD path`, with the status once answered.
    pub async fn calls(&self, service: &str) -> Vec<(String, Option<u64>)> {
        let calls = self
            .look(&format!("calls?service={service}"))
            .await
            .expect("calls");
        let calls = calls.as_array().expect("a list").iter();
        calls
            .map(|call| {
                let (method, path) = (call["method"].as_str(), call["path"].as_str());
                let name = format!(
                    "{} {}",
                    method.unwrap_or_default(),
                    path.unwrap_or_default()
                );
                (name, call["status"].as_u64())
            })
            .collect()
    }

    /// How many requests of this beginning and end a service has carried out.
    pub async fn count(&self, service: &str, begins: &str, ends: &str) -> usize {
        let calls = self.calls(service).await;
        let carried_out = |(name, status): &&(String, Option<u64>)| {
            name.starts_with(begins)
                && name.ends_with(ends)
                && status.is_some_and(|status| status < 300)
        };
        calls.iter().filter(carried_out).count()
    }

    /// Turns that the bot was asked.
    pub async fn turns(&self) -> usize {
        self.calls("bot").await.len()
    }

    // --- the CRM --------------------------------------------------------------------------------------------------

    /// The deals of a phone, oldest first.
    pub async fn deals_of(&self, phone: &str) -> Vec<Value> {
        let deals = self
            .look(&format!("deals?phone={phone}"))
            .await
            .expect("deals");
        deals.as_array().expect("a list").clone()
    }

    /// The only deal of a phone; fails if there are several.
    pub async fn deal_of(&self, phone: &str) -> Option<Value> {
        let mut deals = self.deals_of(phone).await;
        assert!(deals.len() <= 1, "one episode, several deals: {deals:#?}");
        deals.pop()
    }

    /// Waits for the only deal of a phone to be so.
    pub async fn deal_where(
        &self,
        phone: &str,
        what: &str,
        holds: impl Fn(&Value) -> bool,
    ) -> Value {
        self.eventually(&format!("the deal: {what}"), async || {
            self.deal_of(phone).await.filter(&holds)
        })
        .await
    }

    /// A deal on an early stage, made by hand before anybody writes; its id.
    pub async fn has_a_deal(&self, phone: &str) -> i64 {
        let deal = json!({"phone": phone, "name": "Бронирование", "stage": "Новая заявка"});
        self.play("deals", &deal).await["id"]
            .as_i64()
            .expect("an id")
    }

    /// Changes a deal as a person in amoCRM does.
    pub async fn edits_deal(&self, deal: &Value, mut change: Value, user: i64) {
        change["by"] = json!("user");
        change["user"] = json!(user);
        self.play(&format!("deals/{}", deal["id"]), &change).await;
    }

    // --- people ---------------------------------------------------------------------------------------------------

    /// A guest by phone, digits only.
    pub fn guest<'a>(&'a self, phone: &'a str) -> Guest<'a> {
        Guest { world: self, phone }
    }

    /// A user of amoCRM who looks at the card.
    pub fn manager(&self, user: i64) -> Manager<'_> {
        Manager::new(self, user)
    }

    // --- waiting --------------------------------------------------------------------------------------------------

    /// Waits for something, and moves the business clock a little now and then: bursts, retries and looks after an
    /// unknown outcome go by it.
    pub async fn eventually<T>(&self, what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
        wait::until_nudged(what, look, async || self.advance_s(5).await).await
    }

    /// Waits until nothing moves any more: no request to any stand-in for a while, although the clock goes on. For
    /// the claim that something does *not* happen; what should have happened is waited for otherwise.
    pub async fn comes_to_rest(&self) {
        let began = std::time::Instant::now();
        let mut seen = (usize::MAX, 0);
        let mut quiet = 0;
        while quiet < 3 {
            assert!(began.elapsed() < wait::LIMIT, "it never comes to rest");
            self.advance_s(20).await;
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            let calls = self.look("calls").await.expect("calls");
            let calls = calls.as_array().expect("a list");
            // A request of a backend that was killed stays unanswered for ever.
            let unanswered = calls.iter().filter(|call| call["status"].is_null()).count();
            let now = (calls.len(), unanswered);
            quiet = if now == seen { quiet + 1 } else { 0 };
            seen = now;
        }
    }
}

/// The open tasks of a deal.
pub fn open_tasks(deal: &Value) -> Vec<&Value> {
    let tasks = deal["tasks"].as_array().expect("tasks");
    tasks.iter().filter(|task| task["done"] == false).collect()
}

/// All tasks of a deal of type «WhatsApp», closed ones too.
pub fn whatsapp_tasks(deal: &Value) -> Vec<&Value> {
    let tasks = deal["tasks"].as_array().expect("tasks");
    tasks
        .iter()
        .filter(|task| task["type"] == "WhatsApp")
        .collect()
}

fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client")
}

fn text_of(path: &Path) -> String {
    path.display().to_string()
}
