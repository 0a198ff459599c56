//! Stand-ins of amoCRM, Pact v2 and a bot over real HTTP, for the demo and the tests.
//!
//! Every answer is computed from one in-memory [`state`] under one lock, never held across an await; what follows
//! later (webhooks and their retries, a deal that appears by itself) waits in queues on the business [`Clock`].
//! [`control`] is the surface by which people and tests play the guests, the managers and the weather.

mod amocrm;
mod bot;
mod clock;
mod control;
mod details;
mod faults;
mod gates;
mod http;
mod pact;
mod page;
mod sample;
mod serve;
mod snapshot;
mod state;
#[cfg(test)]
mod tests;
mod webhooks;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::Request;
use axum::routing::{any, get};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use clock::Clock;

use crate::clock::{machine_ms, parse_rfc3339};
use crate::faults::Service;
use crate::state::{Env, State};

/// Wed 2026-11-18 11:00 in Moscow.
const DEFAULT_NOW: &str = "2026-11-18T11:00:00+03:00";
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// Whether the providers' rate limits hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limits {
    /// 7 requests a second for amoCRM, Pact's limits per endpoint.
    Real,
    /// None.
    Off,
}

/// How a sandbox is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Base URL where the sandbox is reached, e.g. `http://127.0.0.1:8080`.
    pub public: String,
    /// Base URL of the backend as amoCRM's browser and hooks know it, e.g. `http://localhost:8080`: the audience of
    /// the one-time token and the host of the redirect URI.
    pub backend: String,
    /// Folder for clock and data (one JSON file, written atomically); `None` = memory only.
    pub data: Option<PathBuf>,
    /// RFC 3339; by default 2026-11-18T11:00:00+03:00; ignored if `data` holds a later clock.
    pub now: Option<String>,
    /// The providers' rate limits.
    pub limits: Limits,
    /// `widget.zip`, already personalised; may be empty.
    pub archive: Vec<u8>,
    /// The folder `node_modules` that the card page's libraries are served from.
    pub assets: PathBuf,
    /// A handful of believable deals for the demo; guests +7 900 000-01-01 and on.
    pub sample_data: bool,
}

/// What a backend is configured with to talk to this sandbox. The secrets are throw-away strings, the same for the
/// life of a data folder.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Base URL of the account; the API lies under `/api/v4`, tokens under `/oauth2/access_token`.
    pub amocrm_endpoint: String,
    /// Subdomain of the account, as in the one-time token and in webhooks.
    pub amocrm_subdomain: String,
    /// Id of the account.
    pub amocrm_account_id: i64,
    /// Long-lived access token; it acts as the admin who granted it.
    pub amocrm_token: String,
    /// Id of the integration, `client_uuid` of the one-time token.
    pub client_id: String,
    /// Key of the one-time token (HS256).
    pub client_secret: String,
    /// Base URL of Pact's API v2, `…/api/p2`.
    pub pact_endpoint: String,
    /// Id of the company in Pact.
    pub pact_company_id: i64,
    /// `X-Private-Api-Token`.
    pub pact_token: String,
    /// Base URL of the bot; turns are posted to `{bot_url}/turns`.
    pub bot_url: String,
    /// Key of the bot's HMAC signature.
    pub bot_secret: String,
    /// `GET` answers `{now, speed}`.
    pub clock_url: String,
}

/// The stand-ins; clones share everything.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    clock: Clock,
    state: Mutex<State>,
    wake: Notify,
    client: reqwest::Client,
    saver: tokio::sync::Mutex<snapshot::Saver>,
    archive: page::Archive,
    assets: PathBuf,
    advancing: tokio::sync::Mutex<()>,
}

impl Sandbox {
    /// Reads the data folder, or furnishes a new account.
    ///
    /// # Errors
    /// The folder cannot be read or written, `now` is not RFC 3339, or the archive is not a zip.
    pub fn new(options: Options) -> std::io::Result<Self> {
        let wanted = options.now.as_deref().unwrap_or(DEFAULT_NOW);
        let wanted_ms =
            parse_rfc3339(wanted).ok_or_else(|| invalid(format!("not RFC 3339: {wanted}")))?;
        let mut saver = snapshot::Saver::new(options.data.as_deref())?;
        let kept = saver.load()?;
        let is_new = kept.is_none();
        let seed = options
            .data
            .as_ref()
            .map_or_else(|| "memory".to_owned(), |path| path.display().to_string());
        let mut state = kept.unwrap_or_else(|| State::new(wanted_ms, 1.0, &seed));
        state.env = Env {
            public: options.public.trim_end_matches('/').to_owned(),
            backend: options.backend.trim_end_matches('/').to_owned(),
            limited: options.limits == Limits::Real,
        };
        state.now = state.now.max(wanted_ms);
        if is_new && options.sample_data {
            sample::furnish(&mut state);
        }
        saver.save(&state)?;
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(std::io::Error::other)?;
        Ok(Self(Arc::new(Inner {
            clock: Clock::new(state.now, state.speed),
            state: Mutex::new(state),
            wake: Notify::new(),
            client,
            saver: tokio::sync::Mutex::new(saver),
            archive: page::Archive::unzipped(options.archive)?,
            assets: options.assets,
            advancing: tokio::sync::Mutex::new(()),
        })))
    }

    /// All routes, without a fallback, to be merged with the backend's router.
    pub fn router(&self) -> Router {
        let service = |service: Service, below: &'static str| {
            any(
                move |Shared(sandbox): Shared<Self>, request: Request<Body>| {
                    serve::handle(service, below, sandbox, request)
                },
            )
        };
        Router::new()
            .route("/sandbox/{*path}", any(control::handle))
            .route("/api/v4/{*path}", service(Service::Amocrm, "/api/v4"))
            .route("/oauth2/{*path}", service(Service::Amocrm, ""))
            .route("/api/p2/{*path}", service(Service::Pact, "/api/p2"))
            .route("/bot/{*path}", service(Service::Bot, "/bot"))
            .route("/openai/{*path}", service(Service::Bot, "/openai"))
            .route("/cdn/{*path}", get(pact::cdn::download))
            .merge(amocrm::consent::routes())
            .merge(page::routes(&self.0.assets))
            .with_state(self.clone())
    }

    /// What a backend needs to be configured with.
    pub fn connection(&self) -> Connection {
        self.with(|state| {
            let public = state.env.public.clone();
            let secrets = state.secrets.clone();
            Connection {
                amocrm_subdomain: amocrm::model::SUBDOMAIN.to_owned(),
                amocrm_account_id: amocrm::model::ACCOUNT_ID,
                amocrm_token: secrets.amocrm_token,
                client_id: secrets.client_id,
                client_secret: secrets.client_secret,
                pact_endpoint: format!("{public}/api/p2"),
                pact_company_id: pact::model::COMPANY_ID,
                pact_token: secrets.pact_token,
                bot_url: format!("{public}/bot"),
                bot_secret: secrets.bot_secret,
                clock_url: format!("{public}/sandbox/clock"),
                amocrm_endpoint: public,
            }
        })
    }

    /// The business clock.
    pub fn clock(&self) -> Clock {
        self.0.clock.clone()
    }

    /// Delivers what falls due and saves, until `stop`; a last save at the end.
    pub async fn run(&self, stop: CancellationToken) {
        let mut saved = tokio::time::Instant::now();
        while !stop.is_cancelled() {
            self.pump();
            if saved.elapsed() >= SAVE_EVERY {
                self.save_in_turn().await;
                saved = tokio::time::Instant::now();
            }
            let pause = self
                .with(|state| state.next_machine_due())
                .map_or(50, |due| (due - machine_ms()).clamp(1, 50));
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.0.wake.notified() => {}
                () = tokio::time::sleep(Duration::from_millis(pause.unsigned_abs())) => {}
            }
        }
        self.save_quietly().await;
    }

    /// One access to the state, at the business clock's present.
    pub(crate) fn with<T>(&self, access: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.now = state.now.max(self.0.clock.now_ms());
        access(&mut state)
    }

    /// One access that may change something: it is saved soon, and what it queued leaves at once.
    pub(crate) fn change<T>(&self, access: impl FnOnce(&mut State) -> T) -> T {
        let result = self.with(|state| {
            state.revision += 1;
            access(state)
        });
        self.wake();
        result
    }

    pub(crate) fn wake(&self) {
        self.0.wake.notify_one();
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.0.client
    }

    pub(crate) fn archive(&self) -> &page::Archive {
        &self.0.archive
    }

    /// Goes forward to `to_ms` in steps, stopping at everything that falls due, with short pauses of the machine so
    /// that a backend which polls the clock sees the way and not only the end.
    pub(crate) async fn advance(&self, to_ms: i64) {
        const STEPS: i64 = 60;
        const PAUSE: Duration = Duration::from_millis(25);
        let _alone = self.0.advancing.lock().await;
        // For subscribers that do not answer, over the whole way.
        let mut patience = Duration::from_secs(5);
        let from_ms = self.0.clock.now_ms();
        self.with(|state| state.jumps(from_ms));
        let steps = ((to_ms - from_ms) / 1000).clamp(1, STEPS);
        for step in 1..=steps {
            let edge = from_ms + (to_ms - from_ms) * step / steps;
            while let Some(due) = self
                .with(|state| state.next_business_due())
                .filter(|due| *due <= edge)
            {
                self.0.clock.forward_to(due);
                self.settle(&mut patience).await;
                if self
                    .with(|state| state.next_business_due())
                    .is_some_and(|next| next <= due)
                {
                    break; // a subscriber that holds the line: do not wait for it for ever
                }
            }
            self.0.clock.forward_to(edge);
            self.settle(&mut patience).await;
            if steps > 1 {
                tokio::time::sleep(PAUSE).await;
            }
        }
        self.with(|state| state.jumps(from_ms));
    }
}

fn invalid(message: String) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidInput, message)
}
