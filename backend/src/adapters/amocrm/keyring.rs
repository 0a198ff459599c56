//! The keys of an account that is connected by OAuth: the pair in force, its renewal, its trouble.
//!
//! The store says which pair is in force; what stands here is what was read last. A pair is saved before it is used, and
//! renewed by one at a time: by one task of this process, and by one instance, which holds the store's lease. Whoever
//! comes too late reads the pair of whoever was first. A renewal goes on when its caller is gone: a pair that is on its
//! way to us exists nowhere else.

use super::door::Doors;
use super::oauth::{self, Exchanged, Integration};
use crate::adapters::api_log::CallLog;
use crate::adapters::http::{Http, secret_value};
use crate::error::{CallError, StoreError};
use crate::ports::{Clock, Connection, Grant, Grants, Pair, Setback, Standing};
use reqwest::header::AUTHORIZATION;
use secrecy::SecretString;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::task::TaskTracker;
use widget_core::ids::AccountId;

#[cfg(test)]
mod tests;

/// A renewal holds the lease no longer: its calls take less, ms.
const LEASE_MS: i64 = 60_000;
/// How often it is looked whether another instance has renewed the pair, and how long.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOOK_FOR: Duration = Duration::from_secs(15);
/// The store is asked again so soon.
const STORE_AGAIN: Duration = Duration::from_millis(500);
/// A renewal ahead of time that failed is tried again after this, doubled each time.
const AGAIN: (Duration, Duration) = (Duration::from_secs(5), Duration::from_mins(5));
/// How often a code is tried whose exchange did not come to an end, and how soon again.
const CODE_TRIES: u32 = 4;
const CODE_AGAIN: Duration = Duration::from_secs(2);
/// Of codes without an invitation one in so long is tried.
const UNINVITED_EVERY: Duration = Duration::from_mins(1);
/// What people have to do about it.
const WHAT_TO_DO: &str =
    "an administrator of the account has to open the link that `estafeta connect` prints";

/// Whose keys these are.
pub struct KeyringConfig {
    /// The tenant.
    pub account: AccountId,
    /// amoCRM's number of it: a pair of another account is refused.
    pub amocrm_account: i64,
    /// The endpoint of the settings.
    pub endpoint: String,
    /// What amoCRM knows us by.
    pub integration: Integration,
    /// Where calls are noted.
    pub log: CallLog,
    /// Called between amoCRM's answer to a renewal and its save: a crash point of the tests.
    pub answered: fn(),
}

/// The keys of one account. Clones share them.
#[derive(Clone)]
pub struct Keyring(Arc<Inner>);

struct Inner {
    config: KeyringConfig,
    doors: Doors,
    store: Arc<dyn Grants>,
    clock: Arc<dyn Clock>,
    /// Rings when the account stands otherwise than before.
    bell: Arc<Notify>,
    key: Mutex<Option<Arc<Key>>>,
    /// One renewal at a time.
    renewing: tokio::sync::Mutex<()>,
    /// One code at a time.
    connecting: tokio::sync::Mutex<()>,
    /// When a code without an invitation was tried last.
    uninvited_at: Mutex<Option<Instant>>,
    ahead: Mutex<Ahead>,
    under_way: TaskTracker,
}

/// Renewals ahead of time.
#[derive(Default)]
struct Ahead {
    is_under_way: bool,
    failures: u32,
    again_at: Option<Instant>,
}

/// What opens the API.
pub(super) struct Key {
    /// The pair's version; 0 = there never was one.
    version: i64,
    open: Option<Open>,
    trouble: Option<String>,
}

struct Open {
    http: Arc<Http>,
    pair: Pair,
}

/// A client with the key in force.
pub(super) struct Opened {
    pub(super) http: Arc<Http>,
    version: i64,
}

impl Keyring {
    /// Nothing is read or called yet.
    ///
    /// # Errors
    /// The endpoint is neither https nor loopback.
    pub fn new(
        config: KeyringConfig,
        store: Arc<dyn Grants>,
        clock: Arc<dyn Clock>,
        bell: Arc<Notify>,
    ) -> Result<Self, CallError> {
        Http::new(&config.endpoint, oauth::TOTAL, None)?;
        let doors = Doors::new(&config.endpoint)
            .ok_or_else(|| CallError::refused(0, "endpoint: not a URL"))?;
        Ok(Self(Arc::new(Inner {
            config,
            doors,
            store,
            clock,
            bell,
            key: Mutex::default(),
            renewing: tokio::sync::Mutex::default(),
            connecting: tokio::sync::Mutex::default(),
            uninvited_at: Mutex::default(),
            ahead: Mutex::default(),
            under_way: TaskTracker::new(),
        })))
    }

    /// Whose keys these are.
    pub fn account(&self) -> AccountId {
        self.0.config.account
    }

    /// Takes what the store says of the account, and renews the pair in time.
    pub fn look(&self, grant: Option<Grant>) {
        self.adopt(grant);
        self.renew_ahead();
    }

    /// What is in force: the pair's version, whether there is one, and whether a person has to connect the account anew.
    /// Another value is news.
    pub fn state(&self) -> (i64, bool, bool) {
        let key = self.key();
        key.as_ref().map_or((0, false, false), |key| {
            (key.version, key.open.is_some(), key.trouble.is_some())
        })
    }

    /// Waits until nothing is under way that must not be cut off.
    pub async fn idle(&self) {
        self.0.under_way.close();
        self.0.under_way.wait().await;
    }

    /// A client with the key in force; one that is over is renewed first.
    pub(super) async fn open(&self) -> Result<Opened, CallError> {
        let key = self.known().await?;
        if let Some(opened) = self.opened(&key) {
            return Ok(opened);
        }
        if key.to_renew(key.version).is_some() {
            self.renew(key.version).await?;
        }
        // Another instance may have brought a pair meanwhile.
        let key = self.read().await.map_err(|_| store_is_down())?;
        self.opened(&key).ok_or_else(|| key.refusal())
    }

    /// A client with this key, unless it is over.
    fn opened(&self, key: &Key) -> Option<Opened> {
        let open = key.open.as_ref()?;
        (self.0.clock.now_ms() < open.pair.expires_at).then(|| Opened {
            http: Arc::clone(&open.http),
            version: key.version,
        })
    }

    /// amoCRM has refused a key: the next one, if there is one.
    pub(super) async fn after_refusal(
        &self,
        refused: &Opened,
    ) -> Result<Option<Opened>, CallError> {
        let key = self.known().await?;
        if key.version == refused.version {
            if key.trouble.is_some() {
                self.is_dead(refused, "amoCRM takes neither token any more")
                    .await;
                return Ok(None);
            }
            self.renew(key.version).await?;
        }
        let next = self.open().await?;
        Ok((next.version != refused.version).then_some(next))
    }

    /// This key opens nothing: nobody tries it again.
    pub(super) async fn is_dead(&self, refused: &Opened, why: &str) {
        let dead = Setback::Dead(why.to_owned());
        self.set_back(refused.version, dead).await;
    }

    async fn set_back(&self, version: i64, setback: Setback) {
        let account = self.account();
        let told = self.0.store.set_back(account, version, setback).await;
        if let Err(error) = told.and(self.read().await.map(|_| ())) {
            tracing::error!(%account, %error, "what became of its tokens could not be stored");
        }
    }

    // ------------------------------------------------------------ what is in force

    async fn known(&self) -> Result<Arc<Key>, CallError> {
        if let Some(key) = self.key().clone() {
            return Ok(key);
        }
        self.read().await.map_err(|_| store_is_down())
    }

    /// Reads the store anew.
    async fn read(&self) -> Result<Arc<Key>, StoreError> {
        let grant = self.0.store.grant(self.account()).await?;
        self.adopt(grant);
        let nothing = || {
            Arc::new(Key {
                version: 0,
                open: None,
                trouble: None,
            })
        };
        Ok(self.key().get_or_insert_with(nothing).clone())
    }

    fn key(&self) -> std::sync::MutexGuard<'_, Option<Arc<Key>>> {
        self.0.key.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the store says is in force from now on, unless it is older than what is known.
    fn adopt(&self, grant: Option<Grant>) {
        let grant = grant.unwrap_or(Grant {
            version: 0,
            pair: None,
            trouble: None,
        });
        let mut key = self.key();
        if key.as_ref().is_some_and(|key| !key.is_older_than(&grant)) {
            return;
        }
        let open = grant.pair.map(|pair| self.client(pair)).transpose();
        let open = open.unwrap_or_else(|error| {
            tracing::error!(account = %self.account(), %error, "its tokens cannot be used");
            None
        });
        let before = key.replace(Arc::new(Key {
            version: grant.version,
            open,
            trouble: grant.trouble,
        }));
        let now = key.clone();
        drop(key);
        if let Some(now) = now {
            self.tell(before.as_deref(), &now);
        }
        self.0.bell.notify_one();
    }

    fn client(&self, pair: Pair) -> Result<Open, CallError> {
        let bearer = secret_value("Bearer ", &pair.access)?;
        let below = format!("{}/api/v4", pair.endpoint);
        let mut http = Http::new(&below, oauth::TOTAL, Some((AUTHORIZATION, bearer)))?;
        http.log_to(self.0.config.log.clone());
        Ok(Open {
            http: Arc::new(http),
            pair,
        })
    }

    /// Says aloud how the account stands, when it stands otherwise than before.
    fn tell(&self, before: Option<&Key>, now: &Key) {
        let account = self.account();
        let needs = f64::from(u8::from(now.trouble.is_some()));
        metrics::gauge!("estafeta_needs_reauth", "account" => account.to_string()).set(needs);
        let was_open = before.is_some_and(|key| key.open.is_some());
        match (&now.trouble, &now.open) {
            (Some(why), Some(_)) => {
                tracing::error!(%account, why, "amoCRM has to be connected anew before the last token is over: {WHAT_TO_DO}");
            }
            (Some(why), None) => {
                tracing::error!(%account, why, "amoCRM has to be connected anew; until then guests go to people: {WHAT_TO_DO}");
            }
            (None, None) if was_open => {
                tracing::warn!(%account, "amoCRM was disconnected; until it is connected guests go to people: {WHAT_TO_DO}");
            }
            (None, None) => tracing::warn!(%account, "amoCRM is not connected: {WHAT_TO_DO}"),
            (None, Some(open)) => {
                let at = &open.pair.endpoint;
                tracing::info!(%account, at, version = now.version, "amoCRM is connected");
                if *at != self.0.doors.configured() {
                    tracing::warn!(%account, at, "the account's address is not that of the settings: correct `subdomain`, or `endpoint` and `origins`, so that its cards may call");
                }
            }
        }
    }

    // ------------------------------------------------------------ renewal

    /// Renews this version, or waits until somebody else has. The call goes on when the caller does not.
    async fn renew(&self, version: i64) -> Result<(), CallError> {
        let renewal = self.clone().renewal(version);
        let done = self.0.under_way.spawn(renewal).await;
        done.unwrap_or_else(|_| Err(CallError::retry("the renewal of tokens broke off")))
    }

    /// Renews the pair ahead of its end, when its time has come.
    fn renew_ahead(&self) {
        let now = self.0.clock.now_ms();
        let due = self.key().as_ref().and_then(|key| {
            let open = key.open.as_ref()?;
            (key.trouble.is_none() && now >= open.pair.renew_at).then_some(key.version)
        });
        let Some(version) = due else { return };
        let mut ahead = self.ahead();
        let may_try = ahead.again_at.is_none_or(|at| Instant::now() >= at);
        if ahead.is_under_way || !may_try {
            return;
        }
        ahead.is_under_way = true;
        drop(ahead);
        let keyring = self.clone();
        self.0.under_way.spawn(async move {
            let outcome = keyring.clone().renewal(version).await;
            let mut ahead = keyring.ahead();
            ahead.is_under_way = false;
            match outcome {
                Ok(()) => *ahead = Ahead::default(),
                Err(why) => {
                    let pause = (AGAIN.0 * (1 << ahead.failures.min(10))).min(AGAIN.1);
                    ahead.failures += 1;
                    ahead.again_at = Some(Instant::now() + pause);
                    tracing::warn!(account = %keyring.account(), %why, "the tokens are not renewed yet, trying again");
                }
            }
        });
    }

    fn ahead(&self) -> std::sync::MutexGuard<'_, Ahead> {
        self.0.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn renewal(self, version: i64) -> Result<(), CallError> {
        let _one_task = self.0.renewing.lock().await;
        let key = self.read().await.map_err(|_| store_is_down())?;
        let Some(open) = key.to_renew(version) else {
            return Ok(());
        };
        let begun = self
            .0
            .store
            .begin_renewal(self.account(), version, LEASE_MS);
        if !begun.await.map_err(|_| store_is_down())? {
            return self.wait_for_another(version).await;
        }
        match self.ask_for_next(&open.pair).await {
            Ok(pair) => {
                (self.0.config.answered)();
                self.save(&pair, Some(version)).await;
                Ok(())
            }
            Err(CallError::Refused { status, why }) if is_the_end(status) => {
                let why = format!("the tokens are not renewed: {why}");
                self.set_back(version, Setback::NotRenewed(why)).await;
                Ok(())
            }
            Err(error) => {
                self.set_back(version, Setback::Later).await;
                Err(match error {
                    CallError::Retry { .. } => error,
                    // Nothing of the caller's has left.
                    error => CallError::retry(error.to_string()),
                })
            }
        }
    }

    /// The next pair; where the account has moved, from where it is now.
    async fn ask_for_next(&self, pair: &Pair) -> Result<Pair, CallError> {
        let Inner { config, doors, .. } = &*self.0;
        let refused = match self.refresh(pair, &pair.endpoint).await {
            Err(CallError::Refused { status, why }) if matches!(status, 401 | 404) => {
                CallError::Refused { status, why }
            }
            outcome => return outcome,
        };
        match oauth::moved(pair, doors, &config.log).await {
            Ok(Some(door)) => {
                tracing::warn!(account = %self.account(), at = door, "the account has moved");
                self.refresh(pair, &door).await
            }
            Ok(None) | Err(CallError::Refused { .. }) => Err(refused),
            Err(error) => Err(error),
        }
    }

    async fn refresh(&self, pair: &Pair, door: &str) -> Result<Pair, CallError> {
        let config = &self.0.config;
        let exchanged = Exchanged::Refresh(&pair.refresh);
        let now = self.0.clock.now_ms();
        let integration = &config.integration;
        integration
            .exchange(door, exchanged, now, &config.log)
            .await
    }

    /// Another instance renews the pair.
    async fn wait_for_another(&self, version: i64) -> Result<(), CallError> {
        let began = Instant::now();
        while began.elapsed() < LOOK_FOR {
            let key = self.read().await.map_err(|_| store_is_down())?;
            if key.to_renew(version).is_none() {
                return Ok(());
            }
            sleep(LOOK_EVERY).await;
        }
        Err(CallError::retry("another instance renews the tokens"))
    }

    /// Keeps a pair, however long the store takes: it exists nowhere else. Then it is in force.
    async fn save(&self, pair: &Pair, after: Option<i64>) {
        let account = self.account();
        loop {
            match self.0.store.put_grant(account, pair, after).await {
                Ok(Some(_)) => break,
                Ok(None) => {
                    tracing::warn!(%account, "somebody else has brought tokens meanwhile; these are dropped");
                    break;
                }
                Err(error) => {
                    tracing::error!(%account, %error, "the tokens could not be stored; it is tried again");
                    sleep(STORE_AGAIN).await;
                }
            }
        }
        while let Err(error) = self.read().await {
            tracing::error!(%account, %error, "the tokens could not be read; it is tried again");
            sleep(STORE_AGAIN).await;
        }
    }

    // ------------------------------------------------------------ connecting

    fn may_try_uninvited(&self) -> bool {
        let mut last = self
            .0
            .uninvited_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let may = last.is_none_or(|at| at.elapsed() >= UNINVITED_EVERY);
        if may {
            *last = Some(Instant::now());
        }
        may
    }

    async fn take_code(self, door: String, code: SecretString) {
        let account = self.account();
        let Ok(_one_code) = self.0.connecting.try_lock() else {
            tracing::warn!(%account, "a code came while another one was being exchanged: it is not used");
            return;
        };
        let pair = match self.exchange_code(&door, &code).await {
            Ok(pair) => pair,
            Err(why) => {
                tracing::error!(%account, %why, "amoCRM is not connected: the code was not taken; {WHAT_TO_DO}");
                return;
            }
        };
        let expected = self.0.config.amocrm_account;
        if oauth::account_of(&pair).is_some_and(|named| named != expected) {
            tracing::error!(%account, "amoCRM is not connected: another account was chosen; {WHAT_TO_DO}");
            return;
        }
        self.save(&pair, None).await;
    }

    async fn exchange_code(&self, door: &str, code: &SecretString) -> Result<Pair, CallError> {
        let config = &self.0.config;
        let integration = &config.integration;
        let mut tries = 1;
        loop {
            let now = self.0.clock.now_ms();
            let exchanged = Exchanged::Code(code);
            match integration
                .exchange(door, exchanged, now, &config.log)
                .await
            {
                Err(error) if !matches!(error, CallError::Refused { .. }) && tries < CODE_TRIES => {
                    tries += 1;
                    sleep(CODE_AGAIN).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn forget(self) {
        let account = self.account();
        while let Err(error) = self.0.store.forget_grant(account).await {
            tracing::error!(%account, %error, "its tokens could not be forgotten; it is tried again");
            sleep(STORE_AGAIN).await;
        }
        if let Err(error) = self.read().await {
            tracing::error!(%account, %error, "the store does not answer");
        }
    }
}

impl Key {
    /// Whether the store says something newer. Of one version a pair only gets worse.
    fn is_older_than(&self, grant: &Grant) -> bool {
        let is_worse = (self.trouble.is_none() && grant.trouble.is_some())
            || (self.open.is_some() && grant.pair.is_none());
        self.version < grant.version || (self.version == grant.version && is_worse)
    }

    /// What is to be renewed, if this version still is.
    fn to_renew(&self, version: i64) -> Option<&Open> {
        let open = self.open.as_ref()?;
        (self.version == version && self.trouble.is_none()).then_some(open)
    }

    /// Why nothing can be called.
    fn refusal(&self) -> CallError {
        let why = match &self.trouble {
            Some(why) => format!("amoCRM has to be connected anew ({why}): {WHAT_TO_DO}"),
            None => format!("amoCRM is not connected: {WHAT_TO_DO}"),
        };
        CallError::refused(401, why)
    }
}

impl Connection for Keyring {
    fn door(&self, host: &str, invited: bool) -> Option<String> {
        let door = self.0.doors.at(host)?;
        let key = self.key().clone();
        let at = key.as_ref().and_then(|key| key.open.as_ref());
        let is_own =
            door == self.0.doors.configured() || at.is_some_and(|open| open.pair.endpoint == door);
        (invited || is_own).then_some(door)
    }

    fn connect(&self, door: String, code: SecretString, invited: bool) {
        if !invited && !self.may_try_uninvited() {
            tracing::warn!(account = %self.account(), "a code came without an invitation so soon after another one: it is not used");
            return;
        }
        self.0.under_way.spawn(self.clone().take_code(door, code));
    }

    fn disconnect(&self) {
        self.0.under_way.spawn(self.clone().forget());
    }

    fn standing(&self) -> Standing {
        let key = self.key().clone();
        let open = key.as_ref().and_then(|key| key.open.as_ref());
        match key.as_ref().and_then(|key| key.trouble.as_ref()) {
            Some(why) => Standing::NeedsReauth {
                why: why.clone(),
                until: open
                    .map(|open| open.pair.expires_at)
                    .filter(|until| self.0.clock.now_ms() < *until),
            },
            None if open.is_some() => Standing::Connected,
            None => Standing::NotConnected,
        }
    }
}

/// Whether a refused renewal is for good. A ban (403) and an unpaid account (402) say nothing of the token.
const fn is_the_end(status: u16) -> bool {
    matches!(status, 400 | 401 | 404)
}

fn store_is_down() -> CallError {
    CallError::retry("the store does not answer")
}

/// Where an administrator gives us the rights to an account: with `state`, amoCRM sends the code to us.
pub fn invitation(endpoint: &str, client_id: &str, state: &str) -> Option<String> {
    let mut page = Doors::new(endpoint)?.authorisation();
    page.query_pairs_mut()
        .append_pair("client_id", client_id)
        .append_pair("state", state)
        .append_pair("mode", "popup");
    Some(page.into())
}
