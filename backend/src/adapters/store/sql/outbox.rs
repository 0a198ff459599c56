//! Actions to carry out, and the fence before a send.

use super::super::common::{Held, claimed_columns, deliver, from_big, from_json, is_first, to_big};
use super::super::seal::AccountKeys;
use super::changes::end;
use super::dialect::{Connection, DbRow, LOOKS_FIRST, for_update, hold};
use super::inbox::wake;
use super::registry::{if_readable, read_guest};
use super::sends::claim_sends;
use super::{SqlStore, budget};
use crate::error::StoreError;
use crate::ports::{
    ActClaim, Again, AtHand, ClaimedAct, Class, Duty, Finish, Instances, Lane, Outbox, Phase,
    Wanted,
};
use async_trait::async_trait;
use sqlx::Row;
use std::sync::Arc;
use std::time::Duration;
use widget_core::action::Action;
use widget_core::dialog::FORMAT;
use widget_core::ids::{AccountId, ActionKey, DialogId, TextRef};

/// An action that this version cannot read is looked at again so much later, ms: an upgrade may read it.
const UNREADABLE_PAUSE: i64 = 60_000;
/// Where such an action could not be put off, it is tried again after this.
const PUT_OFF_AGAIN: Duration = Duration::from_secs(1);
/// After a crash, a send's first check comes so long after its claim, ms.
const FIRST_CHECK: i64 = 5_000;
/// How the database marks a claim that refused its send.
pub(super) const REFUSED: i64 = 2;

/// Claims the actions of a lane that `$choice` leaves, the longest due first, and answers them as claimed. What is decided
/// under a newer format of dialogs is left to an instance that knows it.
macro_rules! claiming {
    ($choice:expr) => {
        concat!(
            "UPDATE outbox SET claimed = 1, token = token + 1, holder = $5, \
             claimed_at = CASE WHEN phase = 'call' THEN $3 ELSE claimed_at END \
             WHERE id IN (SELECT o.id FROM outbox o \
                 WHERE o.state = 'open' AND o.claimed = 0 AND o.account = $1 AND o.lane = $2 AND o.not_before <= $3 \
                 AND EXISTS (SELECT 1 FROM dialog d WHERE d.account = o.account AND d.id = o.dialog AND d.format <= $6)",
            $choice,
            " ORDER BY o.not_before, o.id LIMIT $4",
            for_update!(),
            ") RETURNING ",
            claimed_columns!()
        )
    };
}

/// The next runnable actions of a lane.
pub(super) const CLAIM_NEXT: &str = claiming!(is_first!());

/// The next questions to the bot: a new turn does not wait for the answer to an old one.
const CLAIM_QUESTIONS: &str = claiming!("");

#[async_trait]
impl Outbox for SqlStore {
    async fn claim_acts(
        &self,
        wanted: Wanted,
        most: usize,
        now: i64,
    ) -> Result<Vec<ActClaim>, StoreError> {
        if !self.may_find(wanted, now).await? || !self.has(Duty::Account(wanted.account)).await? {
            return Ok(Vec::new());
        }
        // Before anything is claimed: what is, must be told.
        let Some(keys) = self.known_keys(wanted.account).await? else {
            return Ok(Vec::new());
        };
        let store = self.clone();
        let claim = async move {
            let rows = if wanted.lane == Lane::Send {
                store
                    .write_at_once(store.holder(), move |db, holder| {
                        Box::pin(claim_sends(db, *holder, wanted, most, now))
                    })
                    .await?
            } else {
                store
                    .write_at_once(store.holder(), move |db, holder| {
                        Box::pin(claim_unfenced(db, *holder, wanted, most, now))
                    })
                    .await?
            };
            let (claims, unread) = open_acts(&keys, &rows)?;
            let putting_off = store.clone().put_off_acts(unread, now);
            if claims.is_empty() {
                putting_off.await;
                return Ok(None);
            }
            // What can be carried out does not wait for that.
            tokio::spawn(putting_off);
            Ok(Some(claims))
        };
        let store = self.clone();
        let claims = deliver(claim, move |claims: Vec<ActClaim>| {
            Box::pin(async move {
                for claim in claims {
                    store.give_back(&claim, now).await?;
                }
                Ok(())
            })
        });
        Ok(claims.await?.unwrap_or_default())
    }

    async fn finish_act(&self, act: &ClaimedAct, finish: Finish) -> Result<(), StoreError> {
        let act = act.clone();
        match finish {
            Finish::Over { result, message } => {
                if result.account != act.account || result.dialog.as_ref() != Some(&act.dialog) {
                    return Err(StoreError::Database(
                        "the result of an action belongs to its own dialog".to_owned(),
                    ));
                }
                let result = self.seal_row(result).await?;
                let ended = (act, result, message);
                self.write_passing(ended, |db, (act, result, message)| {
                    Box::pin(end(db, act, result, message.as_ref()))
                })
                .await
            }
            Finish::Again {
                phase,
                not_before,
                why,
            } => {
                self.write(act, move |db, act| {
                    Box::pin(try_again(db, act, phase, not_before, why))
                })
                .await
            }
        }
    }

    async fn send_in_flight(
        &self,
        account: AccountId,
        dialog: &DialogId,
        epoch: u64,
    ) -> Result<Option<ActionKey>, StoreError> {
        // A send whose outcome is unknown may have left, claimed at this moment or not.
        let found: Option<String> = sqlx::query_scalar(
            "SELECT key FROM outbox WHERE state = 'open' AND account = $1 AND dialog = $2 \
             AND lane = 'send' AND epoch < $3 AND (claimed = 1 OR phase = 'check') LIMIT 1",
        )
        .bind(account.0)
        .bind(&dialog.0)
        .bind(to_big(epoch)?)
        .fetch_optional(self.readers())
        .await?;
        Ok(found.map(ActionKey))
    }

    async fn has_left(&self, account: AccountId, send: &ActionKey) -> Result<bool, StoreError> {
        let found = sqlx::query(
            "SELECT 1 FROM ledger WHERE account = $1 AND key = $2 AND state = 'done' LIMIT 1",
        )
        .bind(account.0)
        .bind(&send.0)
        .fetch_optional(self.readers())
        .await?;
        Ok(found.is_some())
    }

    async fn open_lanes(&self, now: i64) -> Result<Vec<(AccountId, Lane)>, StoreError> {
        // A send that may not leave any more is refused whatever it waits for.
        let open: Vec<(i64, String)> = sqlx::query_as(
            "SELECT DISTINCT account, lane FROM outbox WHERE state = 'open' AND claimed = 0 \
             AND (not_before <= $1 OR lane = 'send')",
        )
        .bind(now)
        .fetch_all(self.readers())
        .await?;
        let open = open.into_iter().filter_map(|(account, lane)| {
            let lane = Lane::ALL.into_iter().find(|known| known.name() == lane)?;
            Some((AccountId(account), lane))
        });
        Ok(open.filter(|(account, _)| self.serves(*account)).collect())
    }

    async fn recover(&self) -> Result<(), StoreError> {
        self.take_up().await
    }
}

impl SqlStore {
    /// Whether there is anything that a claim might find: most looks find nothing, and should cost little.
    async fn may_find(&self, wanted: Wanted, now: i64) -> Result<bool, StoreError> {
        if !LOOKS_FIRST {
            return Ok(true);
        }
        let found = sqlx::query(
            "SELECT 1 FROM outbox WHERE state = 'open' AND claimed = 0 AND account = $1 AND lane = $2 \
             AND (not_before <= $3 OR $2 = 'send') LIMIT 1",
        )
        .bind(wanted.account.0)
        .bind(wanted.lane.name())
        .bind(now)
        .fetch_optional(self.readers())
        .await?;
        Ok(found.is_some())
    }

    /// Undoes the claims of actions that could not be read. Where that fails at first, it is not waited for.
    pub(super) async fn put_off_acts(self, unread: Vec<Unread>, now: i64) {
        for unread in unread {
            if !self.is_put_off(&unread, now).await {
                tokio::spawn(self.clone().put_off_at_last(unread, now));
            }
        }
    }

    /// Tries until the claim is undone, or this store is closed: what stays claimed keeps the account from going to another
    /// instance.
    async fn put_off_at_last(self, unread: Unread, now: i64) {
        loop {
            tokio::time::sleep(PUT_OFF_AGAIN).await;
            if self.readers().is_closed() || self.is_put_off(&unread, now).await {
                return;
            }
        }
    }

    async fn is_put_off(&self, unread: &Unread, now: i64) -> bool {
        let put = self.write(unread.clone(), move |db, unread| {
            Box::pin(put_off(db, unread, now))
        });
        match put.await {
            Ok(()) | Err(StoreError::LeaseLost) => true,
            Err(error) => {
                tracing::error!(%error, "an action could not be put off; it is tried again");
                false
            }
        }
    }

    /// Gives back a claim that nobody took: nothing was done under it.
    async fn give_back(&self, claim: &ActClaim, now: i64) -> Result<(), StoreError> {
        let (ActClaim::Run(act) | ActClaim::Refused(act)) = claim;
        let again = Finish::Again {
            phase: act.phase,
            not_before: now,
            why: Again::Waiting,
        };
        self.finish_act(act, again).await
    }
}

/// A claim of an action that this version cannot read.
#[derive(Clone)]
pub(super) struct Unread {
    pub(super) account: AccountId,
    pub(super) dialog: DialogId,
    pub(super) id: i64,
    pub(super) token: i64,
}

/// Opens what a claim found. What this version cannot read is to be put off: an upgrade may be able to.
fn open_acts(
    keys: &AccountKeys,
    rows: &[DbRow],
) -> Result<(Vec<ActClaim>, Vec<Unread>), StoreError> {
    let mut claims = Vec::with_capacity(rows.len());
    let mut unread = Vec::new();
    for row in rows {
        match read_act(row, keys).map(Box::new) {
            Ok(act) if row.try_get::<i64, _>("claimed")? == REFUSED => {
                claims.push(ActClaim::Refused(act));
            }
            Ok(act) => claims.push(ActClaim::Run(act)),
            Err(error) => {
                tracing::error!(%error, "an action is put off: an upgrade may be able to read it");
                unread.push(Unread {
                    account: AccountId(row.try_get("account")?),
                    dialog: DialogId(row.try_get("dialog")?),
                    id: row.try_get("id")?,
                    token: row.try_get("token")?,
                });
            }
        }
    }
    Ok((claims, unread))
}

/// Nobody tried while no process was up, so patience begins anew.
pub(super) async fn forget_failures(db: &mut Connection) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE outbox SET failing_since = NULL WHERE state = 'open' AND failing_since IS NOT NULL",
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes back what an instance that is gone has claimed. What it has called may have taken effect.
pub(super) async fn take_back(db: &mut Connection, holder: i64) -> Result<(), StoreError> {
    // Nothing left: what reads may be read again, what was refused is refused again.
    sqlx::query(
        "UPDATE outbox SET tries = tries + CASE WHEN claimed = 1 AND phase = 'call' THEN 1 ELSE 0 END, \
         claimed = 0, token = token + 1, phase = 'call', checks = 0, not_before = claimed_at \
         WHERE state = 'open' AND holder = $1 AND claimed <> 0 AND (claimed = 2 OR lane IN ('read', 'bot'))",
    )
    .bind(holder)
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "UPDATE outbox SET tries = tries + CASE WHEN phase = 'call' THEN 1 ELSE 0 END, \
         sought_from = COALESCE(sought_from, claimed_at), \
         claimed = 0, token = token + 1, phase = 'check', checks = 0, \
         not_before = CASE WHEN lane = 'send' THEN claimed_at + $2 ELSE claimed_at END \
         WHERE state = 'open' AND holder = $1 AND claimed = 1",
    )
    .bind(holder)
    .bind(FIRST_CHECK)
    .execute(db)
    .await?;
    Ok(())
}

/// Claims actions that no fence stands before: whatever was decided since, they do no harm.
async fn claim_unfenced(
    db: &mut Connection,
    holder: i64,
    wanted: Wanted,
    most: usize,
    now: i64,
) -> Result<Vec<DbRow>, StoreError> {
    let claiming = match wanted.lane {
        Lane::Bot => CLAIM_QUESTIONS,
        Lane::Read | Lane::Crm | Lane::Send => CLAIM_NEXT,
    };
    let mut rows = sqlx::query(claiming)
        .bind(wanted.account.0)
        .bind(wanted.lane.name())
        .bind(now)
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .bind(holder)
        .bind(FORMAT)
        .fetch_all(db)
        .await?;
    rows.sort_by_key(|row| (row.get::<i64, _>("not_before"), row.get::<i64, _>("id")));
    Ok(rows)
}

/// Undoes the claim of an action that could not be read. It was no try, and a place that it took is soon free.
pub(super) async fn put_off(db: &mut Connection, act: &Unread, now: i64) -> Result<(), StoreError> {
    hold(db, Held::Dialog(act.account, &act.dialog)).await?;
    let freed: Option<(String, String, String, Option<i64>)> = sqlx::query_as(
        "UPDATE outbox SET claimed = 0, not_before = $3 \
         WHERE id = $1 AND token = $2 AND state = 'open' AND claimed <> 0 \
         RETURNING key, lane, phase, sought_from",
    )
    .bind(act.id)
    .bind(act.token)
    .bind(now + UNREADABLE_PAUSE)
    .fetch_optional(&mut *db)
    .await?;
    if let Some((key, lane, phase, sought_from)) = freed
        && (lane.as_str(), phase.as_str()) == (Lane::Send.name(), "call")
    {
        nothing_leaves(db, act.account.0, &key, sought_from.is_some()).await?;
        unpark(db, act.account, &act.dialog, now).await?;
    }
    Ok(())
}

async fn try_again(
    db: &mut Connection,
    act: &ClaimedAct,
    phase: Phase,
    not_before: i64,
    why: Again,
) -> Result<(), StoreError> {
    let (name, checks) = match phase {
        Phase::Call => ("call", 0),
        Phase::Check(n) => ("check", i64::from(n)),
    };
    hold(db, Held::Dialog(act.account, &act.dialog)).await?;
    let (word, failed_at) = match why {
        Again::Failing { at } => ("failing", Some(at)),
        Again::Held => ("held", None),
        Again::Waiting | Again::Paused => ("waiting", None),
    };
    let ended = sqlx::query(
        "UPDATE outbox SET claimed = 0, phase = $4, checks = $5, not_before = $6, \
         sought_from = CASE WHEN phase = 'call' AND $4 = 'check' THEN COALESCE(sought_from, claimed_at) \
                       ELSE sought_from END, \
         failing_since = CASE $7 WHEN 'failing' THEN COALESCE(failing_since, $8) WHEN 'held' THEN NULL \
                         ELSE failing_since END, \
         tries = tries + CASE WHEN phase = 'call' AND claimed = 1 THEN 1 ELSE 0 END \
         WHERE account = $1 AND key = $2 AND token = $3 AND state = 'open' AND claimed <> 0",
    )
    .bind(act.account.0)
    .bind(&act.key.0)
    .bind(act.token)
    .bind(name)
    .bind(checks)
    .bind(not_before)
    .bind(word)
    .bind(failed_at)
    .execute(&mut *db)
    .await?;
    still_held(ended.rows_affected())?;
    if why == Again::Paused && matches!(act.action, Action::Send { .. }) {
        budget::pause(db, act.account, Class::Send, not_before).await?;
    }
    let nothing_left = act.phase == Phase::Call && phase == Phase::Call;
    if nothing_left && matches!(act.action, Action::Send { .. }) {
        forget_echo(db, act).await?;
        unpark(db, act.account, &act.dialog, act.claimed_at).await?;
    }
    Ok(())
}

/// Whether the claim of an action stands. An erasure of its guest ends it.
pub(super) async fn stands(db: &mut Connection, act: &ClaimedAct) -> Result<bool, StoreError> {
    let found = sqlx::query(
        "SELECT 1 FROM outbox \
         WHERE account = $1 AND key = $2 AND token = $3 AND state = 'open' AND claimed <> 0",
    )
    .bind(act.account.0)
    .bind(&act.key.0)
    .bind(act.token)
    .fetch_optional(db)
    .await?;
    Ok(found.is_some())
}

pub(super) fn still_held(rows: u64) -> Result<(), StoreError> {
    if rows == 1 {
        Ok(())
    } else {
        Err(StoreError::LeaseLost)
    }
}

/// A text that certainly did not leave has no echo. One that was given up with its fate unknown may still have one, and
/// that must not be taken for a person's words.
pub(super) async fn forget_echo(db: &mut Connection, act: &ClaimedAct) -> Result<(), StoreError> {
    nothing_leaves(db, act.account.0, &act.key.0, act.sought_from.is_some()).await
}

async fn nothing_leaves(
    db: &mut Connection,
    account: i64,
    key: &str,
    may_have_left: bool,
) -> Result<(), StoreError> {
    let outcome = if may_have_left {
        "UPDATE ledger SET state = 'lost' WHERE account = $1 AND key = $2"
    } else {
        "DELETE FROM ledger WHERE account = $1 AND key = $2"
    };
    sqlx::query(outcome)
        .bind(account)
        .bind(key)
        .execute(db)
        .await?;
    Ok(())
}

/// The parked rows of the dialog need not wait longer for this send. They go on holding back the next one until they
/// are handled: one of them may be a manager's.
pub(super) async fn unpark(
    db: &mut Connection,
    account: AccountId,
    dialog: &DialogId,
    at: i64,
) -> Result<(), StoreError> {
    let unparked = sqlx::query(
        "UPDATE inbox SET parked_until = NULL \
         WHERE account = $1 AND dialog = $2 AND state = 'new' AND parked_until IS NOT NULL",
    )
    .bind(account.0)
    .bind(&dialog.0)
    .execute(&mut *db)
    .await?;
    if unparked.rows_affected() > 0 {
        wake(db, account.0, &dialog.0, at).await?;
    }
    Ok(())
}

fn read_act(row: &DbRow, keys: &AccountKeys) -> Result<ClaimedAct, StoreError> {
    let phase = match row.try_get("phase")? {
        "call" => Phase::Call,
        _ => Phase::Check(from_big("checks of an action", row.try_get("checks")?)?),
    };
    Ok(ClaimedAct {
        account: AccountId(row.try_get("account")?),
        dialog: DialogId(row.try_get("dialog")?),
        key: ActionKey(row.try_get("key")?),
        action: from_json("an action", row.try_get("action")?)?,
        text: row.try_get::<Option<_>, _>("text")?.map(TextRef),
        phase,
        tries: from_big("tries of an action", row.try_get("tries")?)?,
        claimed_at: row.try_get("claimed_at")?,
        sought_from: row.try_get("sought_from")?,
        failing_since: row.try_get("failing_since")?,
        created_at: row.try_get("created_at")?,
        token: row.try_get("token")?,
        at_hand: Arc::new(read_at_hand(row, keys)?),
    })
}

fn read_at_hand(row: &DbRow, keys: &AccountKeys) -> Result<AtHand, StoreError> {
    let open = |sealed: Option<Vec<u8>>| sealed.map(|sealed| keys.open_text(&sealed)).transpose();
    let state: Option<String> = row.try_get("dialog_state")?;
    Ok(AtHand {
        dialog: from_json("state of a dialog", &state.unwrap_or_default())?,
        guest: if_readable(read_guest(keys, row.try_get("guest")?))?,
        words: if_readable(open(row.try_get("words")?))?,
    })
}
