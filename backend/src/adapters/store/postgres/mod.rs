//! The store on `PostgreSQL`, for several instances that share one database.
//!
//! Every change is a transaction of its own, at `READ COMMITTED`; the database shares their fsyncs. See `dialect` for how
//! they keep out of each other's way, and `instance` for what happens to what a dead instance held.
//!
//! What is done again if it is lost does not wait for the disk ([`PostgresStore::write_passing`]), and so holds up no other
//! change of its dialog for so long: leases, decisions on what lies in the inbox, whom a hint of the CRM concerns, results of
//! actions. A server that fails may forget the last moment of those, from some point on: never one without all that came
//! after it, and nothing that somebody outside was told or asked. For acks, claims of actions and answers to people last,
//! and take everything before them to the disk. Whoever loses the connection does not know what it still holds, and begins a
//! new life.

mod changes;
mod dialect;
mod instance;
mod lent;
mod news;
mod seat;
mod sends;
#[cfg(test)]
pub(super) mod tests;

// The statements stand in `../sql`, once for both databases, and are compiled for each.
#[path = "../sql/budget.rs"]
mod budget;
#[path = "../sql/dialogs.rs"]
mod dialogs;
#[path = "../sql/erase.rs"]
mod erase;
#[path = "../sql/grants.rs"]
mod grants;
#[path = "../sql/history.rs"]
mod history;
#[path = "../sql/inbox.rs"]
mod inbox;
#[path = "../sql/incidents.rs"]
mod incidents;
#[path = "../sql/journal.rs"]
mod journal;
#[path = "../sql/keys.rs"]
mod keys;
#[path = "../sql/kin.rs"]
mod kin;
#[path = "../sql/knowledge.rs"]
mod knowledge;
#[path = "../sql/ledger.rs"]
mod ledger;
#[path = "../sql/outbox.rs"]
mod outbox;
#[path = "../sql/policies.rs"]
mod policies;
#[path = "../sql/prune.rs"]
mod prune;
#[path = "../sql/reach.rs"]
mod reach;
#[path = "../sql/registry.rs"]
mod registry;
#[path = "../sql/setups.rs"]
mod setups;

use super::common::{Work, migrations};
use super::seal::{AccountKeys, MasterKey};
use crate::clock::{Clock, CorrectedClock, SystemClock};
use crate::error::StoreError;
use crate::ports::{Duty, Instances, Lane, Lease, News};
use async_trait::async_trait;
use instance::Instance;
use lent::Lent;
use news::Newspaper;
use seat::Seat;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor, PgPool};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::timeout;
use widget_core::dialog::FORMAT;
use widget_core::ids::AccountId;

use PostgresStore as SqlStore;
pub use history::SqlHistory as PostgresHistory;

/// The table that stands while data are moved here from a file.
pub(super) const MOVING: &str = "moving";

/// Connections for our own work that lasts, and for reading.
const OWN: u32 = 8;
/// Connections for what is done again if it is lost.
const PASSING: u32 = 8;
/// Connections for what arrives from outside: a backlog of our own work keeps no provider waiting.
const ARRIVALS: u32 = 4;
/// How long a statement waits for a connection.
const WAIT: Duration = Duration::from_secs(10);
/// How long an arrival does; then the provider is told to come again.
const ARRIVAL_WAIT: Duration = Duration::from_secs(3);
/// A transaction that waits for us so long is undone: a process that was stopped must not hold what others need.
const IDLE: &str = "5s";
/// A statement that waits so long for another transaction fails.
const LOCKED: &str = "10s";
/// How long a change may take in all: where nothing comes back, it is not waited for.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often a change is tried that stood in another one's way.
const TRIES: usize = 5;

/// `(number, name, statements)`, oldest first. One that was released never changes, and none takes away or renames what
/// the version before it uses: while instances are replaced one by one, both serve the same database.
const MIGRATIONS: [(i64, &str, &str); 15] = [
    (
        8,
        "start",
        include_str!("../../../../migrations/postgres/0008_start.sql"),
    ),
    (
        9,
        "grants",
        include_str!("../../../../migrations/postgres/0009_grants.sql"),
    ),
    (
        11,
        "dialog_ids",
        include_str!("../../../../migrations/postgres/0011_dialog_ids.sql"),
    ),
    (
        12,
        "format",
        include_str!("../../../../migrations/postgres/0012_format.sql"),
    ),
    (
        13,
        "setup",
        include_str!("../../../../migrations/postgres/0013_setup.sql"),
    ),
    (
        17,
        "alerts",
        include_str!("../../../../migrations/postgres/0017_alerts.sql"),
    ),
    (
        19,
        "changes",
        include_str!("../../../../migrations/postgres/0019_changes.sql"),
    ),
    (
        20,
        "fewer_ways",
        include_str!("../../../../migrations/postgres/0020_fewer_ways.sql"),
    ),
    (
        21,
        "widget",
        include_str!("../../../../migrations/postgres/0021_widget.sql"),
    ),
    (
        25,
        "policy_user",
        include_str!("../../../../migrations/postgres/0025_policy_user.sql"),
    ),
    (
        26,
        "knowledge",
        include_str!("../../../../migrations/postgres/0026_knowledge.sql"),
    ),
    (
        30,
        "route",
        include_str!("../../../../migrations/postgres/0030_route.sql"),
    ),
    (
        31,
        "sends",
        include_str!("../../../../migrations/postgres/0031_sends.sql"),
    ),
    (
        40,
        "edition",
        include_str!("../../../../migrations/postgres/0040_edition.sql"),
    ),
    (
        41,
        "versions",
        include_str!("../../../../migrations/postgres/0041_versions.sql"),
    ),
];

/// Estafeta's store in a `PostgreSQL` database. Clones share it.
#[derive(Clone)]
pub struct PostgresStore(Arc<Shared>);

struct Shared {
    own: PgPool,
    passing: PgPool,
    arrivals: PgPool,
    master: MasterKey,
    keys: Mutex<HashMap<AccountId, Arc<AccountKeys>>>,
    instance: Arc<Instance>,
    news: Arc<Newspaper>,
    /// What goes on beside the calls, until the store is closed.
    beating: Mutex<Option<JoinSet<()>>>,
}

impl PostgresStore {
    /// Connects, brings the database up to date, and joins the instances that serve it. In `folder` it finds what a
    /// crashed process before it was. `machine`: the clock of this machine.
    ///
    /// `master_key` opens the accounts' keys; the database cannot be read without it.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the database cannot be reached. [`StoreError::Unreadable`] when `master_key` is not
    /// the one that it was made with. [`StoreError::InUse`] when another process has the folder.
    pub async fn join(
        options: &PgConnectOptions,
        master_key: &[u8; 32],
        folder: &Path,
        machine: Arc<dyn Clock>,
    ) -> Result<Self, StoreError> {
        let seat = Seat::take(folder)?;
        Self::prepare(options).await?;
        let store = Self::open(options, master_key, machine);
        let mut db = store.0.own.acquire().await?;
        keys::check_master_key(&mut db, &store.0.master).await?;
        drop(db);
        store.is_whole().await?;
        store.0.instance.sit(seat, &store.0.own).await?;
        store.0.instance.begin(&store.0.own).await?;
        store.0.instance.beat(&store.0.own).await?;
        let mut beating = JoinSet::new();
        let shared = &store.0;
        beating.spawn(instance::keep_alive(
            Arc::clone(&shared.instance),
            shared.own.clone(),
        ));
        beating.spawn(instance::keep_looking_for_newer(
            Arc::clone(&shared.instance),
            shared.own.clone(),
        ));
        beating.spawn(news::keep_told(
            Arc::clone(&shared.news),
            shared.own.clone(),
        ));
        *store.beating() = Some(beating);
        Ok(store)
    }

    /// As [`Self::join`], where no instance serves the database.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while one does.
    pub async fn join_alone(
        options: &PgConnectOptions,
        master_key: &[u8; 32],
        folder: &Path,
    ) -> Result<Self, StoreError> {
        let machine = Arc::new(SystemClock);
        let store = Self::join(options, master_key, folder, machine).await?;
        if !store.0.instance.somebody_beats(&store.0.own).await? {
            return Ok(store);
        }
        store.close().await;
        let why = "the database is served by a running backend";
        Err(StoreError::InUse(why.to_owned()))
    }

    /// Connects beside the instances, to read or to leave a wish. It leases nothing and claims nothing.
    ///
    /// # Errors
    /// As [`Self::join`].
    pub async fn connect(
        options: &PgConnectOptions,
        master_key: &[u8; 32],
    ) -> Result<Self, StoreError> {
        let store = Self::open(options, master_key, Arc::new(SystemClock));
        check_version(&store.0.own).await?;
        Ok(store)
    }

    /// Brings a database up to date.
    pub(super) async fn prepare(options: &PgConnectOptions) -> Result<(), StoreError> {
        let mut db = options.connect().await?;
        migrations(&MIGRATIONS)
            // A newer instance may have been here: an older one that begins anew beside it goes on.
            .set_ignore_missing(true)
            .run_direct(None, &mut db, false)
            .await
            .map_err(|error| StoreError::Database(format!("migration: {error}")))?;
        Ok(db.close().await?)
    }

    fn open(options: &PgConnectOptions, master_key: &[u8; 32], machine: Arc<dyn Clock>) -> Self {
        let options = options
            .clone()
            .application_name("estafeta")
            .statement_cache_capacity(256)
            .options([
                ("idle_in_transaction_session_timeout", IDLE),
                ("lock_timeout", LOCKED),
            ]);
        let master = MasterKey::new(master_key);
        let pool = |most, wait| {
            PgPoolOptions::new()
                .max_connections(most)
                .acquire_timeout(wait)
                // A ping would be one more way to the server and back. A broken connection shows itself soon enough.
                .test_before_acquire(false)
        };
        Self(Arc::new(Shared {
            own: pool(OWN, WAIT).connect_lazy_with(options.clone()),
            passing: pool(PASSING, WAIT)
                .connect_lazy_with(options.clone().options([("synchronous_commit", "off")])),
            arrivals: pool(ARRIVALS, ARRIVAL_WAIT).connect_lazy_with(options),
            master,
            keys: Mutex::new(HashMap::new()),
            instance: Arc::new(Instance::new(machine)),
            news: Arc::default(),
            beating: Mutex::new(None),
        }))
    }

    /// Refuses a database to which a move from a file has not ended.
    async fn is_whole(&self) -> Result<(), StoreError> {
        let is_moving: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
            .bind(MOVING)
            .fetch_one(&self.0.own)
            .await?;
        if is_moving {
            let why = "a move to this database has not ended: run `estafeta migrate` again";
            return Err(StoreError::Refused(why.to_owned()));
        }
        Ok(())
    }

    /// All journals.
    pub(super) fn history(&self) -> PostgresHistory {
        history::SqlHistory(self.0.own.clone())
    }

    /// The time by which all instances go, whatever their machines' clocks show.
    pub fn clock(&self) -> CorrectedClock {
        self.0.instance.clock()
    }

    /// Whether no other instance lived at the last beat.
    pub fn is_alone(&self) -> bool {
        self.0.instance.is_alone()
    }

    /// Leaves the instances and closes the connections. Later calls fail.
    pub async fn close(&self) {
        let beating = self.beating().take();
        if let Some(beating) = beating {
            drop(beating);
            if let Err(error) = self.0.instance.end(&self.0.own).await {
                tracing::warn!(%error, "the instance's lease was not given back; it runs out by itself");
            }
        }
        self.0.news.close().await;
        self.0.arrivals.close().await;
        self.0.passing.close().await;
        self.0.own.close().await;
    }

    fn beating(&self) -> std::sync::MutexGuard<'_, Option<JoinSet<()>>> {
        let beating = self.0.beating.lock();
        beating.unwrap_or_else(PoisonError::into_inner)
    }

    /// Does `work` on `input` in a transaction; answers after its commit. It may be done again, when another transaction
    /// stood in its way.
    async fn write<I, T, F>(&self, input: I, work: F) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'c> Fn(&'c mut PgConnection, &'c I) -> Work<'c, T> + Send + 'static,
    {
        self.write_on(&self.0.own, input, work).await
    }

    /// The same for what arrives from outside; it waits behind nothing else.
    async fn write_arrival<I, T, F>(&self, input: I, work: F) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'c> Fn(&'c mut PgConnection, &'c I) -> Work<'c, T> + Send + 'static,
    {
        self.write_on(&self.0.arrivals, input, work).await
    }

    async fn write_on<I, T, F>(&self, pool: &PgPool, input: I, work: F) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'c> Fn(&'c mut PgConnection, &'c I) -> Work<'c, T> + Send + 'static,
    {
        let changed = timeout(PATIENCE, self.change(pool, &input, work)).await;
        changed.unwrap_or_else(|_| {
            // It may have been committed.
            self.0.instance.doubt();
            Err(StoreError::Database("it does not answer".to_owned()))
        })
    }

    async fn change<I, T, F>(&self, pool: &PgPool, input: &I, work: F) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'c> Fn(&'c mut PgConnection, &'c I) -> Work<'c, T> + Send + 'static,
    {
        let mut tries = 1;
        loop {
            let mut lent = Lent::by(pool).await?;
            let mut transaction = lent.db.begin().await?;
            match work(&mut transaction, input).await {
                Ok(done) => {
                    if let Err(error) = transaction.commit().await.map_err(StoreError::from) {
                        if matches!(error, StoreError::Database(_)) {
                            self.0.instance.doubt();
                        }
                        return Err(error);
                    }
                    lent.is_clean = true;
                    return Ok(done);
                }
                Err(error) => {
                    lent.is_clean = transaction.rollback().await.is_ok();
                    if !matches!(error, StoreError::Collided) || tries == TRIES {
                        return Err(error);
                    }
                    tries += 1;
                }
            }
        }
    }

    /// As [`Self::write`], for one change with nothing but reads after it: it needs no transaction, which is two ways to
    /// the server and back.
    async fn write_at_once<I, T, F>(&self, input: I, work: F) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'c> Fn(&'c mut PgConnection, &'c I) -> Work<'c, T> + Send + 'static,
    {
        self.change_at_once(&self.0.own, input, work).await
    }

    /// As [`Self::write_at_once`], and answers before the change is on the disk: for what is done again if it is lost.
    /// Refused while this instance does not know what it holds, and when it has begun anew meanwhile.
    async fn write_passing<I, T, F>(&self, input: I, work: F) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'c> Fn(&'c mut PgConnection, &'c I) -> Work<'c, T> + Send + 'static,
    {
        let instance = Arc::clone(&self.0.instance);
        let life = instance.number();
        self.change_at_once(&self.0.passing, input, move |db, input| {
            if instance.is_unsure() || instance.number() != life {
                let why = "this instance may hold less than it believes: it begins anew".to_owned();
                return Box::pin(std::future::ready(Err(StoreError::Database(why))));
            }
            work(db, input)
        })
        .await
    }

    /// As [`Self::write_arrival`], for one change.
    async fn write_arrival_at_once<I, T, F>(&self, input: I, work: F) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'c> Fn(&'c mut PgConnection, &'c I) -> Work<'c, T> + Send + 'static,
    {
        self.change_at_once(&self.0.arrivals, input, work).await
    }

    async fn change_at_once<I, T, F>(
        &self,
        pool: &PgPool,
        input: I,
        work: F,
    ) -> Result<T, StoreError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        F: for<'c> Fn(&'c mut PgConnection, &'c I) -> Work<'c, T> + Send + 'static,
    {
        let change = async {
            let mut tries = 1;
            loop {
                let mut db = pool.acquire().await?;
                match work(&mut db, &input).await {
                    Err(StoreError::Collided) if tries < TRIES => tries += 1,
                    Err(error @ StoreError::Database(_)) => {
                        // It may have been committed.
                        self.0.instance.doubt();
                        return Err(error);
                    }
                    changed => return changed,
                }
            }
        };
        let changed = timeout(PATIENCE, change).await;
        changed.unwrap_or_else(|_| {
            self.0.instance.doubt();
            Err(StoreError::Database("it does not answer".to_owned()))
        })
    }

    fn readers(&self) -> &PgPool {
        &self.0.own
    }

    /// The number of this instance.
    fn holder(&self) -> i64 {
        self.0.instance.number()
    }

    /// Whether this instance is the one to carry out the account's actions.
    fn serves(&self, account: AccountId) -> bool {
        self.0.instance.is_first_for(Duty::Account(account))
    }

    /// Somebody of this process works under this lease from now on.
    fn holds(&self, lease: Option<&Lease>) {
        if let Some(lease) = lease {
            self.0.instance.held().insert(lease.clone());
        }
    }

    /// Nobody works under this lease any more.
    fn lets_go(&self, lease: Option<&Lease>) {
        if let Some(lease) = lease {
            self.0.instance.held().remove(lease);
        }
    }

    /// Tells the instance that carries out the account's actions that there are some in these lanes. It may be one that
    /// should not be it: whoever has it gives it up.
    fn tell_of_acts(&self, account: AccountId, lanes: &[Lane]) {
        let instance = &self.0.instance;
        let is_it = instance.is_alone() || instance.has(Duty::Account(account));
        if !lanes.is_empty() && !is_it {
            self.0
                .news
                .tell(lanes.iter().map(|lane| News::Acts(account, *lane)));
        }
    }

    /// Takes up what was left behind: what dead instances held is taken back with every beat.
    async fn take_up(&self) -> Result<(), StoreError> {
        if self.0.instance.is_alone() {
            instance::begin_patience_anew(&self.0.own).await?;
        }
        Ok(())
    }

    /// Lets the database overwrite what was erased: dead rows are given free. What a backup or an archived log holds is
    /// for whoever keeps those; texts in them are sealed.
    async fn empty_log(&self) -> Result<bool, StoreError> {
        let vacuum = "VACUUM text, inbox, outbox, ledger, contact_phone, dialog, journal, policy";
        self.0.own.execute(vacuum).await?;
        Ok(true)
    }
}

#[async_trait]
impl Instances for PostgresStore {
    fn serve(&self) {
        self.0.instance.serves(FORMAT);
    }

    async fn has(&self, duty: Duty) -> Result<bool, StoreError> {
        if !self.0.instance.is_first_for(duty) {
            return Ok(false);
        }
        if self.0.instance.has(duty) {
            return Ok(true);
        }
        let leads = self
            .write((self.holder(), duty), |db, (holder, duty)| {
                Box::pin(instance::leads(db, *holder, *duty))
            })
            .await?;
        if leads {
            self.0.instance.takes_on(duty);
        }
        Ok(leads)
    }

    async fn hear(&self) -> News {
        let is_lost = || self.0.instance.doubt();
        self.0.news.hear(&self.0.own, is_lost).await
    }

    fn tell(&self, news: Vec<News>) {
        // Who has joined since the last beat is not known yet: of rules, which change seldom, it is told all the same.
        let is_alone = self.0.instance.is_alone();
        let told = |news: &News| !is_alone || matches!(news, News::Rules(_));
        let told: Vec<News> = news.into_iter().filter(told).collect();
        if !told.is_empty() {
            self.0.news.tell(told);
        }
    }
}

impl PostgresHistory {
    /// Connects beside the instances. Up to `readers` read at once.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the database cannot be reached or is of another version of Estafeta.
    pub async fn open(options: &PgConnectOptions, readers: u32) -> Result<Self, StoreError> {
        let pool = PgPoolOptions::new()
            .max_connections(readers)
            .acquire_timeout(WAIT)
            .connect_with(
                options
                    .clone()
                    .options([("default_transaction_read_only", "on")]),
            )
            .await?;
        check_version(&pool).await?;
        Ok(Self(pool))
    }
}

/// Whoever only looks cannot bring the database up to date.
async fn check_version(db: &PgPool) -> Result<(), StoreError> {
    let was_served = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL");
    let was_served: bool = was_served.fetch_one(db).await?;
    if !was_served {
        return Err(StoreError::Empty);
    }
    let theirs: Option<i64> = sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations")
        .fetch_one(db)
        .await?;
    if theirs == MIGRATIONS.last().map(|(version, _, _)| *version) {
        return Ok(());
    }
    let why = "the data are of another version of Estafeta: start this version's backend once";
    Err(StoreError::Database(why.to_owned()))
}
