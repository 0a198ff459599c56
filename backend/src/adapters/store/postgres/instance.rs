//! The instances that share a database, and what each of them holds.
//!
//! One row says until when an instance lives, by the database's clock; everything it holds (dialogs, actions, duties)
//! names that row. So one statement every few seconds renews all of it, and when an instance is silent for too long
//! another one takes all of it back, with the fencing tokens raised: what the silent one writes late bounces. An instance
//! that finds itself dead, or that does not know whether a commit took effect, begins a new life under a new number.

use super::dialect::{Connection, db_now};
use super::lent::Lent;
use super::outbox::{forget_failures, take_back};
use super::seat::Seat;
use crate::clock::{Clock, CorrectedClock};
use crate::error::StoreError;
use crate::ports::{Duty, Lease};
use sha2::{Digest, Sha256};
use sqlx::{Connection as _, PgPool};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::timeout;
use widget_core::dialog::FORMAT;
use widget_core::ids::{AccountId, DialogId};

/// How long an instance lives after its last beat, ms of the database's clock.
const LIFE: i64 = 10_000;
/// How often it beats.
const BEAT: Duration = Duration::from_secs(3);
/// How long after a renewal nobody can have taken over: less than a life.
const CERTAIN: Duration = Duration::from_secs(8);
/// How soon it tries again after a failure.
const AGAIN: Duration = Duration::from_millis(500);
/// How often it is looked for what waits for a newer version.
const LOOK_FOR_NEWER: Duration = Duration::from_secs(30);
/// While something does, it is said again so much later.
const SAY_AGAIN: Duration = Duration::from_mins(10);

/// This process among the instances.
pub(super) struct Instance {
    /// The machine's clock, set right by the database's: all instances go by the same time.
    clock: CorrectedClock,
    /// Its number; 0 = it has none yet.
    number: AtomicI64,
    /// It does not know what it holds: it has to begin anew.
    unsure: AtomicBool,
    /// Which format of dialogs it tells that it writes; 0 = it carries out nothing yet.
    format: AtomicI64,
    /// Those that live, as the last beat saw them.
    alive: RwLock<Vec<Living>>,
    /// Leases under which somebody of this process works.
    held: Mutex<HashSet<Lease>>,
    /// Leases of this life that nobody worked under at the last beat.
    idle: Mutex<HashSet<Lease>>,
    /// What this life has taken on.
    duties: RwLock<HashSet<Duty>>,
    /// When its last renewal was asked for, by a clock that goes on while the process stands still.
    renewed: RwLock<Option<Instant>>,
    hurry: Notify,
    /// Where its mark is kept for whoever comes after a crash.
    seat: Mutex<Option<Seat>>,
}

/// An instance that lives.
struct Living {
    number: i64,
    /// Which format of dialogs it writes; 0 = it carries out nothing yet, or is of before instances told.
    format: i64,
}

impl Instance {
    pub(super) fn new(machine: Arc<dyn Clock>) -> Self {
        Self {
            clock: CorrectedClock::new(machine),
            number: AtomicI64::default(),
            unsure: AtomicBool::default(),
            format: AtomicI64::default(),
            alive: RwLock::default(),
            held: Mutex::default(),
            idle: Mutex::default(),
            duties: RwLock::default(),
            renewed: RwLock::default(),
            hurry: Notify::default(),
            seat: Mutex::default(),
        }
    }

    /// The time by which all instances go.
    pub(super) fn clock(&self) -> CorrectedClock {
        self.clock.clone()
    }

    /// The number that new leases and claims get.
    pub(super) fn number(&self) -> i64 {
        self.number.load(Ordering::Acquire)
    }

    /// Nobody knows whether a commit took effect: what it may have leased is nobody's until this life is over.
    pub(super) fn doubt(&self) {
        self.unsure.store(true, Ordering::Release);
        self.hurry.notify_one();
    }

    /// Whether it may hold less than it believes.
    pub(super) fn is_unsure(&self) -> bool {
        self.unsure.load(Ordering::Acquire)
    }

    /// From now on it carries out what is decided in dialogs up to `format`. The next beat tells the others, and that one
    /// is not waited for long.
    pub(super) fn serves(&self, format: i64) {
        self.format.store(format, Ordering::Release);
        self.hurry.notify_one();
    }

    fn format(&self) -> i64 {
        self.format.load(Ordering::Acquire)
    }

    /// Whether this instance is the one to do `duty`: all instances agree on it without asking each other, and each has
    /// about as many duties as the others. While versions are replaced, those of the newest format have them all: what one
    /// of them has decided the others may be unable to read, and what the others decide they can. One that has only joined
    /// has none beside those that serve: it may never come so far.
    pub(super) fn is_first_for(&self, duty: Duty) -> bool {
        self.is_first_for_named(&duty.to_string())
    }

    fn is_first_for_named(&self, duty: &str) -> bool {
        let alive = self.alive.read().unwrap_or_else(PoisonError::into_inner);
        let first = alive
            .iter()
            .max_by_key(|living| (living.format, weight(duty, living.number)));
        first.is_none_or(|first| first.number == self.number())
    }

    /// Takes a seat. Whoever sat there before is gone: what it held need not wait until its time is over.
    pub(super) async fn sit(&self, mut seat: Seat, db: &PgPool) -> Result<(), StoreError> {
        let before = seat.read();
        let gone: Option<i64> =
            sqlx::query_scalar("UPDATE instance SET alive_until = 0 WHERE mark = $1 RETURNING id")
                .bind(before)
                .fetch_optional(db)
                .await?;
        if let Some(gone) = gone {
            bury(db, gone).await?;
        }
        *self.seat() = Some(seat);
        Ok(())
    }

    fn seat(&self) -> MutexGuard<'_, Option<Seat>> {
        self.seat.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn lose_seat(&self) {
        *self.seat() = None;
    }

    /// Whether this life has taken `duty` on and is certainly not over.
    pub(super) fn has(&self, duty: Duty) -> bool {
        let renewed = *self.renewed.read().unwrap_or_else(PoisonError::into_inner);
        let duties = self.duties.read().unwrap_or_else(PoisonError::into_inner);
        renewed.is_some_and(|at| at.elapsed() < CERTAIN) && duties.contains(&duty)
    }

    /// It has taken `duty` on.
    pub(super) fn takes_on(&self, duty: Duty) {
        let mut duties = self.duties.write().unwrap_or_else(PoisonError::into_inner);
        duties.insert(duty);
    }

    /// From the moment when the renewal was asked for.
    fn lives_on(&self, since: Instant) {
        *self.renewed.write().unwrap_or_else(PoisonError::into_inner) = Some(since);
    }

    fn drops(&self, is_dropped: impl Fn(&Duty) -> bool) {
        let mut duties = self.duties.write().unwrap_or_else(PoisonError::into_inner);
        duties.retain(|duty| !is_dropped(duty));
    }

    /// Begins a life.
    pub(super) async fn begin(&self, db: &PgPool) -> Result<(), StoreError> {
        let asked = Instant::now();
        self.drops(|_| true);
        let mark = uuid::Uuid::new_v4().to_string();
        let number = sqlx::query_scalar(concat!(
            "INSERT INTO instance (mark, alive_until, format) VALUES ($1, ",
            db_now!(),
            " + $2, $3) RETURNING id"
        ))
        .bind(&mark)
        .bind(LIFE)
        .bind(self.format())
        .fetch_one(db)
        .await?;
        if let Some(seat) = self.seat().as_mut() {
            seat.write(&mark);
        }
        self.unsure.store(false, Ordering::Release);
        self.lives_on(asked);
        self.number.store(number, Ordering::Release);
        tracing::info!(instance = number, "serving under this number");
        Ok(())
    }

    /// Renews this life or begins a new one, and takes back what the dead have left.
    pub(super) async fn beat(&self, db: &PgPool) -> Result<(), StoreError> {
        if self.is_unsure() || !self.renew(db).await? {
            self.begin(db).await?;
        }
        cut_short(db).await?;
        let before = self.clock.machine_ms();
        let all: Vec<(i64, bool, i64, i64)> = sqlx::query_as(concat!(
            "SELECT id, alive_until > ",
            db_now!(),
            ", format, ",
            db_now!(),
            " FROM instance ORDER BY id"
        ))
        .fetch_all(db)
        .await?;
        if let Some((.., right)) = all.first() {
            let between = before + (self.clock.machine_ms() - before) / 2;
            self.clock.correct(between, *right);
        }
        let living = all
            .iter()
            .filter(|(_, lives, ..)| *lives)
            .map(|(number, _, format, _)| Living {
                number: *number,
                format: *format,
            });
        *self.alive.write().unwrap_or_else(PoisonError::into_inner) = living.collect();
        for (dead, ..) in all.iter().filter(|(_, lives, ..)| !lives) {
            bury(db, *dead).await?;
        }
        bury_orphans(db).await?;
        self.give_back_idle(db).await?;
        self.hand_over(db).await
    }

    async fn renew(&self, db: &PgPool) -> Result<bool, StoreError> {
        let asked = Instant::now();
        let renewed = sqlx::query(concat!(
            "UPDATE instance SET alive_until = ",
            db_now!(),
            " + $2, format = $3 WHERE id = $1 AND alive_until > ",
            db_now!()
        ))
        .bind(self.number())
        .bind(LIFE)
        .bind(self.format())
        .execute(db)
        .await?;
        let is_renewed = renewed.rows_affected() == 1;
        if is_renewed {
            self.lives_on(asked);
        }
        Ok(is_renewed)
    }

    /// Leases under which somebody of this process works.
    pub(super) fn held(&self) -> MutexGuard<'_, HashSet<Lease>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives back what is leased to this life and nobody has worked under for two beats: the answer to a claim was lost.
    async fn give_back_idle(&self, db: &PgPool) -> Result<(), StoreError> {
        let leased: Vec<(i64, String, i64)> =
            sqlx::query_as("SELECT account, id, token FROM dialog WHERE leased = $1")
                .bind(self.number())
                .fetch_all(db)
                .await?;
        let leased = leased.into_iter().map(|(account, dialog, token)| Lease {
            account: AccountId(account),
            dialog: DialogId(dialog),
            token,
        });
        let idle: HashSet<Lease> = {
            let held = self.held();
            leased.filter(|lease| !held.contains(lease)).collect()
        };
        let before = {
            let mut kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *kept, idle.clone())
        };
        for lease in idle.intersection(&before) {
            tracing::warn!(dialog = %lease.dialog, "a lease that nobody works under is given back");
            sqlx::query(
                "UPDATE dialog SET leased = 0, token = token + 1 \
                 WHERE account = $1 AND id = $2 AND token = $3 AND leased = $4",
            )
            .bind(lease.account.0)
            .bind(&lease.dialog.0)
            .bind(lease.token)
            .bind(self.number())
            .execute(db)
            .await?;
        }
        Ok(())
    }

    /// Gives up the duties that another instance is the one for, once nothing of them is under way.
    async fn hand_over(&self, db: &PgPool) -> Result<(), StoreError> {
        // From now on nothing new of them is begun.
        self.drops(|duty| !self.is_first_for(*duty));
        let duties: Vec<String> = sqlx::query_scalar("SELECT duty FROM leader WHERE holder = $1")
            .bind(self.number())
            .fetch_all(db)
            .await?;
        for duty in duties.iter().filter(|duty| !self.is_first_for_named(duty)) {
            sqlx::query(
                "DELETE FROM leader WHERE duty = $1 AND holder = $2 AND NOT EXISTS ( \
                     SELECT 1 FROM outbox WHERE state = 'open' AND claimed <> 0 AND holder = $2 \
                     AND $1 = 'account/' || account)",
            )
            .bind(duty)
            .bind(self.number())
            .execute(db)
            .await?;
        }
        Ok(())
    }

    /// Ends this life: what it held is free at once.
    pub(super) async fn end(&self, db: &PgPool) -> Result<(), StoreError> {
        let number = self.number();
        sqlx::query("UPDATE instance SET alive_until = 0 WHERE id = $1")
            .bind(number)
            .execute(db)
            .await?;
        bury(db, number).await
    }

    /// Whether somebody else lives on: it beats while this waits. One that was killed has run out by then.
    pub(super) async fn somebody_beats(&self, db: &PgPool) -> Result<bool, StoreError> {
        let first = self.others(db).await?;
        let mut others = first.clone();
        while !others.is_empty() {
            let beats = |(id, until): &(i64, i64)| {
                first.iter().any(|(one, then)| one == id && until > then)
            };
            if others.iter().any(beats) {
                return Ok(true);
            }
            tokio::time::sleep(AGAIN).await;
            others = self.others(db).await?;
        }
        self.beat(db).await?;
        Ok(false)
    }

    /// The others that live, and until when.
    async fn others(&self, db: &PgPool) -> Result<Vec<(i64, i64)>, StoreError> {
        let others = sqlx::query_as(concat!(
            "SELECT id, alive_until FROM instance WHERE id <> $1 AND alive_until > ",
            db_now!()
        ));
        Ok(others.bind(self.number()).fetch_all(db).await?)
    }

    /// How many dialogs that are ready, and open actions, nobody who lives can read: a newer version was here and is gone.
    /// One instance looks for all.
    pub(super) async fn left_by_newer(&self, db: &PgPool) -> Result<(i64, i64), StoreError> {
        if !self.is_first_for(Duty::Chores) {
            return Ok((0, 0));
        }
        let left = sqlx::query_as(
            "SELECT (SELECT COUNT(*) FROM dialog WHERE leased = 0 AND ready_at <= $1 AND format > $2), \
             (SELECT COUNT(*) FROM outbox o JOIN dialog d ON d.account = o.account AND d.id = o.dialog \
              WHERE o.state = 'open' AND d.format > $2)",
        );
        let left = left.bind(self.clock.now_ms()).bind(self.newest_format());
        Ok(left.fetch_one(db).await?)
    }

    /// The newest format of dialogs that somebody who lives can read.
    fn newest_format(&self) -> i64 {
        let alive = self.alive.read().unwrap_or_else(PoisonError::into_inner);
        let formats = alive.iter().map(|living| living.format);
        formats.fold(FORMAT, i64::max)
    }

    /// Whether nobody else lives.
    pub(super) fn is_alone(&self) -> bool {
        let alive = self.alive.read().unwrap_or_else(PoisonError::into_inner);
        alive.iter().all(|living| living.number == self.number())
    }
}

/// Beats for ever; whoever joins has just beaten.
pub(super) async fn keep_alive(instance: Arc<Instance>, db: PgPool) {
    let mut rest = BEAT;
    loop {
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            () = instance.hurry.notified() => {}
        }
        let beat = timeout(BEAT, instance.beat(&db)).await;
        let unanswered = |_| Err(StoreError::Database("it does not answer".to_owned()));
        rest = match beat.unwrap_or_else(unanswered) {
            Ok(()) => BEAT,
            Err(error) => {
                tracing::error!(%error, "the instance's lease could not be renewed; it is tried again");
                AGAIN
            }
        };
    }
}

/// Says for ever what waits for a newer version: after a way back to an older one nothing else would tell of it.
pub(super) async fn keep_looking_for_newer(instance: Arc<Instance>, db: PgPool) {
    let mut said: Option<Instant> = None;
    loop {
        tokio::time::sleep(LOOK_FOR_NEWER).await;
        match instance.left_by_newer(&db).await {
            Ok((0, 0)) => {}
            Ok((dialogs, actions)) => {
                if said.is_none_or(|at| at.elapsed() >= SAY_AGAIN) {
                    tracing::error!(
                        dialogs,
                        actions,
                        "what a newer version has written waits: no instance that runs can read it until that version is back"
                    );
                    said = Some(Instant::now());
                }
            }
            Err(error) => {
                tracing::warn!(%error, "it could not be looked for what waits for a newer version");
            }
        }
    }
}

/// Nobody lives longer than a life from now on. Where the database's clock steps back (another server takes over, and its
/// clock is behind), those who live renew it, and those who died before are not waited for until the clock has caught up.
async fn cut_short(db: &PgPool) -> Result<(), StoreError> {
    sqlx::query(concat!(
        "UPDATE instance SET alive_until = ",
        db_now!(),
        " + $1 WHERE alive_until > ",
        db_now!(),
        " + $1"
    ))
    .bind(LIFE)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes back what was leased or claimed under the number of an instance that is gone and buried: by a statement that was
/// on its way while its process stood still.
async fn bury_orphans(db: &PgPool) -> Result<(), StoreError> {
    let orphaned: Vec<i64> = sqlx::query_scalar(
        "SELECT leased FROM dialog WHERE leased > 0 AND NOT EXISTS (SELECT 1 FROM instance WHERE id = leased) \
         UNION SELECT holder FROM outbox WHERE state = 'open' AND claimed <> 0 \
         AND NOT EXISTS (SELECT 1 FROM instance WHERE id = holder)",
    )
    .fetch_all(db)
    .await?;
    for gone in orphaned {
        let mut lent = Lent::by(db).await?;
        let mut transaction = lent.db.begin().await?;
        take_all_back(&mut transaction, gone).await?;
        transaction.commit().await?;
        lent.is_clean = true;
        tracing::warn!(
            instance = gone,
            "a late claim of a gone instance is taken back"
        );
    }
    Ok(())
}

/// Its dialogs, its renewals of tokens and its actions.
async fn take_all_back(db: &mut Connection, gone: i64) -> Result<(), StoreError> {
    for held in [
        "UPDATE dialog SET leased = 0, token = token + 1 WHERE leased = $1",
        "UPDATE crm_grant SET renewing = 0 WHERE holder = $1 AND renewing <> 0",
        "UPDATE telling SET held_until = 0, token = token + 1 WHERE holder = $1 AND held_until <> 0",
    ] {
        sqlx::query(held).bind(gone).execute(&mut *db).await?;
    }
    take_back(db, gone).await
}

/// Takes back everything that a dead instance held. Two may try it at once.
async fn bury(db: &PgPool, dead: i64) -> Result<(), StoreError> {
    let mut lent = Lent::by(db).await?;
    let mut transaction = lent.db.begin().await?;
    let found = sqlx::query(concat!(
        "SELECT 1 FROM instance WHERE id = $1 AND alive_until <= ",
        db_now!(),
        " FOR UPDATE SKIP LOCKED"
    ))
    .bind(dead)
    .fetch_optional(&mut *transaction)
    .await?;
    if found.is_none() {
        transaction.rollback().await?;
        lent.is_clean = true;
        return Ok(());
    }
    take_all_back(&mut transaction, dead).await?;
    for sql in [
        "DELETE FROM leader WHERE holder = $1",
        "DELETE FROM instance WHERE id = $1",
    ] {
        sqlx::query(sql)
            .bind(dead)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    lent.is_clean = true;
    tracing::info!(instance = dead, "what a gone instance held is taken back");
    Ok(())
}

/// Whether `holder` has the duty; takes it if nobody has it. It stays so until the transaction is over.
pub(super) async fn leads(
    db: &mut Connection,
    holder: i64,
    duty: Duty,
) -> Result<bool, StoreError> {
    let duty = duty.to_string();
    let leader: Option<i64> =
        sqlx::query_scalar("SELECT holder FROM leader WHERE duty = $1 FOR SHARE")
            .bind(&duty)
            .fetch_optional(&mut *db)
            .await?;
    if let Some(leader) = leader {
        return Ok(leader == holder);
    }
    // An instance that is gone may take nothing: its row is not there.
    let taken = sqlx::query(concat!(
        "INSERT INTO leader (duty, holder) SELECT $1, id FROM instance WHERE id = $2 AND alive_until > ",
        db_now!(),
        " ON CONFLICT (duty) DO NOTHING"
    ))
    .bind(duty)
    .bind(holder)
    .execute(db)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// After an outage of all of them, patience with what failed before begins anew.
pub(super) async fn begin_patience_anew(db: &PgPool) -> Result<(), StoreError> {
    let mut db = db.acquire().await?;
    forget_failures(&mut db).await
}

fn weight(duty: &str, number: i64) -> [u8; 32] {
    Sha256::new()
        .chain_update(number.to_le_bytes())
        .chain_update(duty)
        .finalize()
        .into()
}
