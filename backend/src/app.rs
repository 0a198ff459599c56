//! The composition root: the only module that knows which adapter stands behind which port.

mod checkups;
mod desk;
mod doctor;
mod grants;
mod knowledge;
mod probe;
mod rules;
mod setup;

pub mod bot_check;
pub mod bot_eval;
pub mod moving;
pub mod replay;

#[cfg(test)]
mod outcomes;

use crate::adapters::alert_hook::SignedHook;
use crate::adapters::amocrm::{Access, AmoConfig, AmoCrm, Keyring, token_ends};
use crate::adapters::api_log::{CallLog, CallLogs};
use crate::adapters::booking::PageLink;
use crate::adapters::bot::faq::FaqBot;
use crate::adapters::bot::http::{BotConfig, HttpBot};
use crate::adapters::bot::openai::{OpenAiBot, OpenAiConfig};
use crate::adapters::hooks::WebhookReader;
use crate::adapters::knowledge::Library;
use crate::adapters::pact::{Pact, PactConfig, Reads};
use crate::adapters::store::{Database, Place};
use crate::clock::Clock;
use crate::config::{Account, BotKind, Config};
use crate::error::{CallError, StoreError};
use crate::flow::{
    AlertSettings, Alerts, Bells, BotHealth, Chores, CrmHealth, Flow, InForce, LaneBells, Lines,
    Provider, Rules, Tenant, failpoint,
};
use crate::http::{self, InvitationKey, SessionKey, Setup, SetupKey, Site, Sites, Web, WidgetFile};
use crate::lifecycle::Stop;
use crate::ports::{
    AlertHook, ApiLog, Bot, Budgets, ChannelState, Connection, Crm, Instances, Knowledge,
    Librarian, Privacy, Store, Watch, WriteFirst,
};
use crate::telemetry;
use axum::Router;
use grants::Kept;
use rules::Keeper;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use widget_core::ids::{AccountId, UserId};
use widget_core::time::{DAY, MINUTE};

pub use desk::{Desk, Erasure};
pub use doctor::{Examined, examine};
pub use grants::{link, redirect_uri};
pub use probe::{Probed, Verdict, probe};
pub use setup::{set_up, setup_link};

/// The version of the widget that the setup page hands out.
const WIDGET: &str = env!("CARGO_PKG_VERSION");
/// Where in the data folder calls are logged.
const API_LOG: &str = "api-log";
/// CRM and channel are prepared again so often: hooks may have been disabled meanwhile.
const PREPARE_EVERY: Duration = Duration::from_mins(10);
/// After a failure: at first after a second, at last after half a minute.
const PREPARE_AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// The first preparation delays the start no longer than this.
const FIRST_PREPARATION: Duration = Duration::from_secs(10);
/// It is looked so often whether the setup page has changed the accounts at work.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Old values leave the metrics' summaries so often.
const UPKEEP: Duration = Duration::from_secs(5);

/// Why the backend could not be put together.
#[derive(Debug, Error)]
pub enum AppError {
    /// The data folder cannot be used.
    #[error(
        "the data folder {folder} cannot be used: {cause}; check that it can be written and that no other Estafeta uses it"
    )]
    Store {
        /// Which folder.
        folder: String,
        /// What the store says.
        cause: StoreError,
    },
    /// A running backend holds the data folder.
    #[error("{folder} is in use by a running backend; stop it first")]
    InUse {
        /// Which folder.
        folder: String,
    },
    /// The backend has never run.
    #[error("{folder} holds no data yet; start the backend once")]
    NoData {
        /// Which folder.
        folder: String,
    },
    /// The account's rules cannot be used.
    #[error("account {account}: the policy cannot be used: {problem}")]
    Policy {
        /// Which account.
        account: String,
        /// What is wrong.
        problem: String,
    },
    /// An adapter refuses its settings.
    #[error("account {account}: {cause}; correct its table in the settings")]
    Settings {
        /// Which account.
        account: String,
        /// What the adapter says.
        cause: CallError,
    },
    /// Nothing opens the account.
    #[error("account {account}: {problem}")]
    NotConnected {
        /// Which account.
        account: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The server ended by itself.
    #[error("the server failed: {0}")]
    Serve(#[from] std::io::Error),
}

/// How a backend ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It was asked to stop.
    Stopped,
    /// The accounts are others now: it is to be put together anew.
    Changed,
}

/// One backend, put together and ready to run.
pub struct App {
    flow: Arc<Flow>,
    web: Arc<Web>,
    keepers: Vec<Arc<Keeper>>,
    keyrings: Vec<Kept>,
    /// Rings when an account stands otherwise with its CRM.
    bell: Arc<Notify>,
    database: Database,
    chores: Chores,
    /// The accounts of the setup page that were at work when it was put together.
    at_work: Vec<(i64, i64)>,
    /// Rings when they are others.
    changed: Arc<Notify>,
}

impl AppError {
    fn store(config: &Config) -> impl Fn(StoreError) -> Self {
        let folder = config.server.data.display().to_string();
        move |cause| Self::Store {
            folder: folder.clone(),
            cause,
        }
    }
}

impl App {
    /// Opens the store, takes up what a crash left behind, and builds the accounts. Calls nobody.
    ///
    /// # Errors
    /// A data folder, policy or setting that cannot be used.
    pub async fn build(config: &Config, clock: Arc<dyn Clock>) -> Result<Self, AppError> {
        let database = Database::open(&place(config), config.master_key.bytes())
            .await
            .map_err(AppError::store(config))?;
        let built = Self::build_on(database.clone(), config, clock).await;
        if built.is_err() {
            // The other instances do not wait for one that will never serve.
            database.close().await;
        }
        built
    }

    async fn build_on(
        database: Database,
        config: &Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AppError> {
        let folder = &config.server.data;
        let unusable = AppError::store(config);
        let key = config.master_key.bytes();
        // A sandbox's clock is shared already.
        let clock = match config.clock_source {
            None => database.clock(clock),
            Some(_) => clock,
        };
        let store = database.store();
        let library = Library::new(Arc::clone(&store) as Arc<dyn Knowledge>);
        let library = Arc::new(library) as Arc<dyn Librarian>;
        let logs = CallLogs::open(folder.join(API_LOG), Arc::clone(&clock));
        let at_work = store.at_work().await.map_err(&unusable)?;
        let of_page = setup::accounts(&*store, config).await.map_err(&unusable)?;
        let accounts = || config.accounts.iter().chain(&of_page);
        let served = accounts().map(|account| AccountId(account.id)).collect();
        let chores = chores(config, served, &store, &logs, &clock);
        if database.is_alone() {
            chores.finish_accounts().await.map_err(&unusable)?;
        }
        store.recover().await.map_err(&unusable)?;
        let mut sites = Vec::with_capacity(config.accounts.len());
        let mut maps = Vec::with_capacity(config.accounts.len());
        let mut keepers = Vec::with_capacity(config.accounts.len());
        let mut keyrings = Vec::new();
        let mut served_here = Vec::with_capacity(config.accounts.len());
        let bell = Arc::<Notify>::default();
        for (place, account) in accounts().enumerate() {
            let made = make(account, config, (&store, &clock, &logs, &library), &bell).await;
            let (tenant, crm, keyring) = match made {
                Ok(made) => made,
                // What a person can mend on the page must not keep the others from their work.
                Err(error) if place >= config.accounts.len() => {
                    tracing::error!(account = account.id, %error, "an account of the setup page is left out");
                    continue;
                }
                Err(error) => return Err(error),
            };
            let site = Arc::new(site(account, tenant, keyring.clone()));
            maps.push(crm.map());
            served_here.push((account.clone(), Arc::clone(&crm)));
            let keeper = Arc::new(Keeper::new(
                account,
                Arc::clone(&site.tenant),
                crm,
                Arc::clone(&store),
                Arc::clone(&clock),
            ));
            if let Some(keyring) = keyring {
                keyrings.push(Kept::new(account, keyring, &keeper, &site.tenant));
            }
            keepers.push(keeper);
            sites.push(site);
        }
        let flow = Arc::new(Flow {
            store,
            hooks: Arc::new(WebhookReader::new(maps)),
            clock,
            booking: Arc::new(PageLink),
            tenants: sites
                .iter()
                .map(|site| (site.tenant.account, Arc::clone(&site.tenant)))
                .collect(),
            bells: Bells::default(),
            limited: config.limited,
            making: crate::flow::Making::default(),
            hurry: crate::flow::Hurry::default(),
            workers_down: std::sync::atomic::AtomicU32::new(0),
        });
        let changed = Arc::<Notify>::default();
        let served = served_here.iter();
        let served = served.map(|(account, crm)| (account.id, Arc::clone(crm)));
        let served = served.collect();
        let desk = setup::Workbench::new(config, &flow.store, &flow.clock, &logs, &changed, served);
        let mut web = Web::new(
            Arc::clone(&flow),
            Sites::new(sites),
            config.server.public_url.clone(),
            (SessionKey::derive(key), InvitationKey::derive(key)),
            telemetry::metrics(),
            widget_files(),
        );
        web.librarian = Some(library);
        web.setup = Some(Setup {
            desk: Arc::new(desk),
            key: SetupKey::derive(key),
            archive: archive(&config.server.public_url),
        });
        let checker = checkups::Checker::new(
            served_here,
            &config.server.public_url,
            Arc::clone(&flow.store),
            Arc::clone(&flow.clock),
        );
        web.checkups = Some(Arc::new(checker));
        Ok(Self {
            flow,
            web: Arc::new(web),
            keepers,
            keyrings,
            bell,
            database,
            chores,
            at_work,
            changed,
        })
    }

    /// Whether it has no account yet: then somebody has to set one up.
    pub fn is_empty(&self) -> bool {
        self.web.sites.all().is_empty()
    }

    /// All routes, without a fallback.
    pub fn router(&self) -> Router {
        http::router(Arc::clone(&self.web))
    }

    /// Serves on `listener`, together with the routes `beside` if there are any, until `stop`, or until the setup page
    /// has changed the accounts; then finishes what was begun, after a wish to stop in at most 10 s. `ready` is called
    /// once, when requests are answered and CRM and channel were tried.
    ///
    /// # Errors
    /// The server ended by itself.
    pub async fn run(
        mut self,
        listener: TcpListener,
        beside: Option<Router>,
        stop: Stop,
        ready: impl FnOnce() + Send + 'static,
    ) -> Result<Ended, AppError> {
        let alone = beside.is_none();
        // Of this backend alone: another one may follow it in this process.
        let soft = stop.soft().child_token();
        let routes = self.router().merge(beside.unwrap_or_default());
        let closing = CancellationToken::new();
        let server = axum::serve(listener, routes.fallback(http::not_found))
            .with_graceful_shutdown(closing.clone().cancelled_owned());
        let mut server = tokio::spawn(server.into_future());
        let mut chores = self.preparations(&soft, ready);
        let keyrings: Vec<Keyring> = self
            .keyrings
            .iter()
            .map(|kept| kept.keyring.clone())
            .collect();
        chores.spawn(grants::keep_current(
            std::mem::take(&mut self.keyrings),
            Arc::clone(&self.flow.store),
            Arc::clone(&self.flow.clock),
            (self.web.invitation_key.clone(), self.bell),
            soft.clone(),
        ));
        chores.spawn(self.chores.run(soft.clone()));
        let flow = tokio::spawn(Arc::clone(&self.flow).run(soft.clone()));

        let mut is_changed = false;
        let ended = tokio::select! {
            () = soft.cancelled() => None,
            ended = &mut server => Some(ended),
            () = other_accounts(&*self.flow.store, &self.at_work, &self.changed), if alone => {
                is_changed = true;
                None
            }
        };
        if let Some(ended) = ended {
            stop.soft().cancel();
            stop.finish(quietly(flow)).await;
            return ended
                .map_err(std::io::Error::other)?
                .map(|()| Ended::Stopped)
                .map_err(AppError::from);
        }
        tracing::info!(is_changed, "stopping");
        soft.cancel();
        let web = Arc::clone(&self.web);
        let work = async {
            // Stand-ins on the same listener answer what the flow has begun, so they go last; and so does the server
            // where another one takes its place: what arrives meanwhile is stored.
            if alone && !is_changed {
                web.closing.cancel();
                closing.cancel();
            }
            quietly(flow).await;
            // A stream has no end of its own that could be waited for.
            web.closing.cancel();
            closing.cancel();
            quietly(server).await;
            for keyring in keyrings {
                keyring.idle().await;
            }
            self.database.close().await;
        };
        let mut work = std::pin::pin!(work);
        // Who makes place for another one finishes everything, unless the whole is to stop.
        let wish = stop.soft();
        let finished = tokio::select! {
            () = &mut work, if is_changed => true,
            () = wish.cancelled() => stop.finish(&mut work).await,
        };
        if finished {
            tracing::info!("stopped");
        } else {
            tracing::warn!("stopped with work unfinished; it goes on at the next start");
        }
        drop(chores);
        Ok(if is_changed && finished && !wish.is_cancelled() {
            Ended::Changed
        } else {
            Ended::Stopped
        })
    }

    /// Preparations and upkeep; they end with the returned set.
    fn preparations(
        &self,
        stop: &CancellationToken,
        ready: impl FnOnce() + Send + 'static,
    ) -> JoinSet<()> {
        let mut chores = JoinSet::new();
        let mut first = JoinSet::new();
        for (site, keeper) in self.web.sites.all().iter().zip(&self.keepers) {
            let (tried, waits) = tokio::sync::oneshot::channel::<()>();
            let (site, keeper) = (Arc::clone(site), Arc::clone(keeper));
            chores.spawn(keep_prepared(
                site,
                Arc::clone(&keeper),
                tried,
                stop.clone(),
            ));
            first.spawn(waits);
        }
        chores.spawn(rules::keep_current(
            self.keepers.clone(),
            Arc::clone(&self.flow),
            stop.clone(),
        ));
        let public_url = self.web.public_url.clone();
        chores.spawn(async move {
            let all_tried = async { while first.join_next().await.is_some() {} };
            if timeout(FIRST_PREPARATION, all_tried).await.is_err() {
                tracing::warn!("amoCRM or Pact have not answered yet; serving all the same");
            }
            tracing::info!(at = public_url, "serving");
            ready();
        });
        let metrics = self.web.metrics.clone();
        chores.spawn(async move {
            loop {
                sleep(UPKEEP).await;
                metrics.run_upkeep();
            }
        });
        chores
    }
}

/// Where the database lies.
fn place(config: &Config) -> Place {
    Place::of(&config.server.data, config.server.database.as_ref())
}

/// The chores of a data folder.
fn chores(
    config: &Config,
    served: Vec<AccountId>,
    store: &Arc<dyn Store>,
    logs: &Arc<CallLogs>,
    clock: &Arc<dyn Clock>,
) -> Chores {
    Chores {
        store: Arc::clone(store) as Arc<dyn Privacy>,
        instances: Arc::clone(store) as Arc<dyn Instances>,
        log: Arc::clone(logs) as Arc<dyn ApiLog>,
        clock: Arc::clone(clock),
        keep: i64::from(config.server.retention_days) * DAY,
        served,
    }
}

/// Waits until the accounts of the setup page that are at work are others than `at_work`, here or on another instance.
async fn other_accounts(store: &dyn Store, at_work: &[(i64, i64)], bell: &Notify) {
    loop {
        tokio::select! {
            () = bell.notified() => {}
            () = sleep(LOOK_EVERY) => {}
        }
        match store.at_work().await {
            Ok(now) if now == at_work => {}
            Ok(_) => return,
            Err(error) => {
                tracing::error!(%error, "the accounts of the setup page could not be looked at; they are looked at again");
            }
        }
    }
}

/// Waits for a task; what it may have panicked about is in the log already.
async fn quietly<T>(task: JoinHandle<T>) {
    if task.await.is_err() {
        tracing::error!("a task of the server ended badly");
    }
}

/// Prepares an account's CRM and channel until that succeeds, and then again and again: also when the rules call things
/// otherwise. `tried` hears of the first try.
async fn keep_prepared(
    site: Arc<Site>,
    keeper: Arc<Keeper>,
    tried: tokio::sync::oneshot::Sender<()>,
    stop: CancellationToken,
) {
    let mut tried = Some(tried);
    let mut pause = PREPARE_AGAIN.0;
    let mut told = Told::default();
    while !stop.is_cancelled() {
        let rest = if prepare(&site, &mut told).await {
            site.mark_prepared();
            pause = PREPARE_AGAIN.0;
            PREPARE_EVERY
        } else {
            let rest = pause;
            pause = (pause * 2).min(PREPARE_AGAIN.1);
            rest
        };
        drop(tried.take());
        tokio::select! {
            () = stop.cancelled() => {}
            () = keeper.renamed() => {}
            () = sleep(rest) => {}
        }
    }
}

/// What was said last of CRM and channel that could not be prepared: the same is not said again and again.
type Told = [Option<CallError>; 2];

async fn prepare(site: &Site, told: &mut Told) -> bool {
    let tenant = &site.tenant;
    let (crm_hook, channel_hook) = &tenant.hook_urls;
    let (crm, channel) = tokio::join!(
        tenant.crm.prepare(crm_hook),
        tenant.channel.prepare(channel_hook)
    );
    tenant.alerts.prepared(Provider::Amocrm, &crm);
    tenant.alerts.prepared(Provider::Pact, &channel);
    if crm.is_ok() {
        failpoint::hit("after_refresh");
    }
    let account = tenant.account;
    let is_prepared = crm.is_ok() && channel.is_ok();
    let now = [("amoCRM", crm.err()), ("Pact", channel.err())];
    for ((who, cause), told) in now.into_iter().zip(told) {
        if let Some(cause) = cause.as_ref().filter(|cause| told.as_ref() != Some(cause)) {
            tracing::warn!(%account, who, %cause, "not prepared, trying again");
        }
        *told = cause;
    }
    is_prepared
}

/// What accounts share.
type Shared<'a> = (
    &'a Arc<dyn Store>,
    &'a Arc<dyn Clock>,
    &'a Arc<CallLogs>,
    &'a Arc<dyn Librarian>,
);

/// One account behind the ports, with its rules in force.
async fn make(
    account: &Account,
    config: &Config,
    (store, clock, logs, library): Shared<'_>,
    bell: &Arc<Notify>,
) -> Result<(Tenant, Arc<AmoCrm>, Option<Keyring>), AppError> {
    rules::take_in(&**store, account, clock.now_ms())
        .await
        .map_err(AppError::store(config))?;
    let rules = rules::newest(&**store, account).await?;
    knowledge::take_in(&**store, account, clock.now_ms())
        .await
        .map_err(AppError::store(config))?;
    let keyring = grants::keyring(account, config, store, clock, logs, bell)?;
    let parts = (store, clock, logs, library);
    let (tenant, crm) = tenant(account, keyring.as_ref(), rules, config, parts)?;
    Ok((tenant, crm, keyring))
}

/// One account behind the ports, and its CRM once more as what it is.
fn tenant(
    account: &Account,
    keyring: Option<&Keyring>,
    rules: Rules,
    config: &Config,
    (store, clock, logs, library): Shared<'_>,
) -> Result<(Tenant, Arc<AmoCrm>), AppError> {
    let refused = |cause| AppError::Settings {
        account: account.name.clone(),
        cause,
    };
    let mut crm = AmoCrm::new(
        amo_config(account, keyring.cloned(), &rules, config.limited)?,
        Arc::clone(clock),
    )
    .map_err(refused)?;
    let mut channel = Pact::new(PactConfig {
        endpoint: account.pact.endpoint.clone(),
        company: account.pact.company_id,
        token: account.pact.token.clone(),
    })
    .map_err(refused)?;
    let templates = account.pact.touch_templates.as_slice();
    channel = channel.with_touch_templates(templates);
    if config.limited {
        channel = channel.within(Reads {
            budgets: Arc::clone(store) as Arc<dyn Budgets>,
            account: AccountId(account.id),
            clock: Arc::clone(clock),
        });
    }
    let id = AccountId(account.id);
    let log = logs.of(id, "bot");
    let bot = bot(account, clock, Some(log), library).map_err(refused)?;
    crm.log_to(logs.of(id, "amocrm"));
    channel.log_to(logs.of(id, "pact"));
    let crm = Arc::new(crm);
    let channel = Arc::new(channel);
    let state = Arc::clone(&channel) as Arc<dyn ChannelState>;
    let alerts = alerts(account, keyring, state, logs).map_err(refused)?;
    let write_first = (!templates.is_empty()).then(|| Arc::clone(&channel) as Arc<dyn WriteFirst>);
    let tenant = Tenant {
        account: id,
        pact_company: account.pact.company_id,
        amocrm_account: account.amocrm.account_id,
        in_force: InForce::new(rules),
        crm: Arc::clone(&crm) as Arc<dyn Crm>,
        watch: Arc::clone(&crm) as Arc<dyn Watch>,
        crm_health: CrmHealth::default(),
        channel,
        write_first,
        bot,
        bot_health: BotHealth::default(),
        lines: Lines::default(),
        alerts,
        lane_bells: LaneBells::default(),
        hook_urls: hook_urls(account, &config.server.public_url),
    };
    Ok((tenant, crm))
}

/// What is wrong with the account, and who learns of it.
fn alerts(
    account: &Account,
    keyring: Option<&Keyring>,
    channel: Arc<dyn ChannelState>,
    logs: &Arc<CallLogs>,
) -> Result<Alerts, CallError> {
    let settings = &account.alerts;
    let hook = match &settings.webhook {
        None => None,
        Some(webhook) => {
            let mut hook = SignedHook::new(&webhook.url, webhook.secret.clone())?;
            hook.log_to(logs.of(AccountId(account.id), "alerts"));
            Some(Arc::new(hook) as Arc<dyn AlertHook>)
        }
    };
    let connection = keyring.map(|keyring| Arc::new(keyring.clone()) as Arc<dyn Connection>);
    Ok(Alerts::new(AlertSettings {
        name: account.name.clone(),
        tech_user: settings.tech_user.map(UserId),
        hook,
        silence_after: settings
            .silence_minutes
            .map(|minutes| i64::from(minutes) * MINUTE),
        token_ends: account.amocrm.token.as_ref().and_then(token_ends),
        connection,
        channel: Some(channel),
    }))
}

/// The account's bot. Its calls are noted in `log`, if there is one.
fn bot(
    account: &Account,
    clock: &Arc<dyn Clock>,
    log: Option<CallLog>,
    library: &Arc<dyn Librarian>,
) -> Result<Arc<dyn Bot>, CallError> {
    let settings = &account.bot;
    Ok(match &settings.kind {
        BotKind::Http {
            secret,
            marks_turns,
        } => {
            let config = BotConfig {
                url: settings.url.clone(),
                secret: secret.clone(),
                timeout_ms: settings.timeout_ms,
                retry_within_ms: settings.retry_within_ms,
                marks_turns: *marks_turns,
            };
            let mut bot = HttpBot::new(config, Arc::clone(clock))?;
            if let Some(log) = log {
                bot.log_to(log);
            }
            Arc::new(bot)
        }
        BotKind::OpenAi { key, model, prompt } => {
            let mut bot = OpenAiBot::new(OpenAiConfig {
                url: settings.url.clone(),
                key: key.clone(),
                model: model.clone(),
                prompt: prompt.clone(),
                timeout_ms: settings.timeout_ms,
                retry_within_ms: settings.retry_within_ms,
            })?;
            bot.read_in(AccountId(account.id), Arc::clone(library));
            if let Some(log) = log {
                bot.log_to(log);
            }
            Arc::new(bot)
        }
        BotKind::Faq => Arc::new(FaqBot::new(AccountId(account.id), Arc::clone(library))),
    })
}

fn amo_config(
    account: &Account,
    keyring: Option<Keyring>,
    rules: &Rules,
    limited: bool,
) -> Result<AmoConfig, AppError> {
    let token = account.amocrm.token.clone().map(Access::Token);
    let access = token.or(keyring.map(Access::Keyring));
    Ok(AmoConfig {
        endpoint: account.amocrm.endpoint.clone(),
        account: account.amocrm.account_id,
        access: access.ok_or_else(|| AppError::Settings {
            account: account.name.clone(),
            cause: CallError::refused(0, "amoCRM: there is no token"),
        })?,
        pipeline: account.amocrm.pipeline.clone(),
        names: rules::names(&rules.policy).ok_or_else(|| AppError::Policy {
            account: account.name.clone(),
            problem: "it has no stages".to_owned(),
        })?,
        limited,
    })
}

/// `(amoCRM's, Pact's)`.
fn hook_urls(account: &Account, public_url: &str) -> (String, String) {
    use secrecy::ExposeSecret;
    let amocrm = account.amocrm.webhook_secret.expose_secret();
    let pact = account.pact.webhook_secret.expose_secret();
    (
        format!("{public_url}/hooks/amocrm/{amocrm}"),
        format!("{public_url}/hooks/pact/{pact}"),
    )
}

fn site(account: &Account, tenant: Tenant, keyring: Option<Keyring>) -> Site {
    Site {
        tenant: Arc::new(tenant),
        pact_secret: account.pact.webhook_secret.clone(),
        amocrm_secret: account.amocrm.webhook_secret.clone(),
        client_id: account.amocrm.client_id.clone(),
        client_secret: account.amocrm.client_secret.clone(),
        origins: account.amocrm.origins.clone(),
        connection: keyring.map(|keyring| Arc::new(keyring) as Arc<dyn Connection>),
        policy_file: account.policy_file.is_some(),
        prepared: AtomicBool::new(false),
    }
}

/// The archive for the backend at this address; `None` in a build without the widget.
fn archive(public_url: &str) -> Option<axum::body::Bytes> {
    let made = widget_archive::personalise(public_url, WIDGET, false);
    made.ok().map(axum::body::Bytes::from)
}

/// The widget's parts for browsers that cannot use the archive's; none in a build without the widget.
fn widget_files() -> Vec<WidgetFile> {
    use widget_archive::{
        CARD_JS, CARD_NAME, CARD_WASM, READER_JS, READER_NAME, SETTINGS_JS, SETTINGS_NAME,
        SETTINGS_WASM,
    };
    [
        (CARD_NAME, "js", CARD_JS),
        (CARD_NAME, "wasm", CARD_WASM),
        (SETTINGS_NAME, "js", SETTINGS_JS),
        (SETTINGS_NAME, "wasm", SETTINGS_WASM),
        (READER_NAME, "js", READER_JS),
    ]
    .into_iter()
    .filter(|(_, _, bytes)| !bytes.is_empty())
    .map(|(name, ending, bytes)| WidgetFile {
        name: format!("{name}.{ending}"),
        bytes: axum::body::Bytes::from_static(bytes),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::store::url_of_a_new_schema;
    use crate::clock::SystemClock;
    use secrecy::ExposeSecret;
    use sqlx::postgres::PgConnectOptions;
    use sqlx::{ConnectOptions, Executor};
    use std::str::FromStr;
    use tempfile::TempDir;

    #[tokio::test]
    async fn a_backend_that_cannot_be_put_together_is_no_instance_any_more() {
        let folder = TempDir::new().unwrap();
        let url = url_of_a_new_schema().await;
        let url = url.expose_secret();
        let settings = format!(
            "[server]\npublic_url = 'http://127.0.0.1:8080'\ndatabase = '{url}'\n\
             [secrets]\nmaster_key = '{}'\n",
            "01".repeat(32)
        );
        let config = Config::parse(&settings, folder.path()).unwrap();
        let app = App::build(&config, Arc::new(SystemClock)).await.unwrap();
        app.database.close().await;
        let mut db = PgConnectOptions::from_str(url)
            .unwrap()
            .connect()
            .await
            .unwrap();
        db.execute("DROP TABLE setup").await.unwrap();
        let built = App::build(&config, Arc::new(SystemClock)).await;
        assert!(matches!(built, Err(AppError::Store { .. })));
        let instances: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM instance")
            .fetch_one(&mut db)
            .await
            .unwrap();
        assert_eq!(instances, 0);
    }
}
