//! Actions to carry out, and the fence before a send.

use super::super::common::{Held, deliver, from_big, from_json, to_big};
use super::changes::end;
use super::dialect::{Connection, DbRow, LOOKS_FIRST, for_update, hold, hold_fence};
use super::inbox::wake;
use super::{SqlStore, budget};
use crate::error::StoreError;
use crate::ports::{
    ActClaim, Again, ClaimedAct, Class, Duty, Finish, Instances, Lane, Outbox, Phase, Rank, Wanted,
};
use async_trait::async_trait;
use sqlx::Row;
use widget_core::action::Action;
use widget_core::ids::{AccountId, ActionKey, DialogId, TextRef};

/// An action that this version cannot read is looked at again so much later, ms: an upgrade may read it.
const UNREADABLE_PAUSE: i64 = 60_000;
/// After a crash, a send's first check comes so long after its claim, ms.
const FIRST_CHECK: i64 = 5_000;

/// What is read of a send, with what its fence needs.
macro_rules! send {
    () => {
        "SELECT o.id, o.account, o.dialog, o.key, o.lane, o.action, o.text, o.phase, o.checks, o.tries, \
                o.claimed_at, o.created_at, o.sought_from, o.failing_since, o.token, o.account_epoch, \
                d.epoch AS dialog_epoch, d.owner_kind, a.epoch AS epoch_of_account \
         FROM outbox o \
         JOIN dialog d ON d.account = o.account AND d.id = o.dialog \
         JOIN account a ON a.id = o.account \
         WHERE o.state = 'open' AND o.claimed = 0 AND o.account = $1 AND o.lane = 'send'"
    };
}

/// No earlier open action of its dialog and lane stands before it.
macro_rules! is_first {
    () => {
        " AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.state = 'open' AND p.account = o.account \
              AND p.dialog = o.dialog AND p.lane = o.lane AND p.id < o.id)"
    };
}

/// A dialog's lane is as urgent as the most urgent text in it.
macro_rules! urgency {
    () => {
        "(SELECT MIN(p.rank) FROM outbox p WHERE p.state = 'open' AND p.account = o.account \
          AND p.dialog = o.dialog AND p.lane = o.lane)"
    };
}

/// Claims the actions of a lane that `$choice` leaves, the longest due first, and answers them as claimed.
macro_rules! claiming {
    ($choice:expr) => {
        concat!(
            "UPDATE outbox SET claimed = 1, token = token + 1, holder = $5, \
             claimed_at = CASE WHEN phase = 'call' THEN $3 ELSE claimed_at END \
             WHERE id IN (SELECT o.id FROM outbox o \
                 WHERE o.state = 'open' AND o.claimed = 0 AND o.account = $1 AND o.lane = $2 AND o.not_before <= $3",
            $choice,
            " ORDER BY o.not_before, o.id LIMIT $4",
            for_update!(),
            ") RETURNING id, account, dialog, key, lane, action, text, phase, checks, tries, claimed_at, created_at, \
             sought_from, failing_since, token, not_before"
        )
    };
}

/// The next runnable actions of a lane.
pub(super) const CLAIM_NEXT: &str = claiming!(is_first!());

/// The next questions to the bot: a new turn does not wait for the answer to an old one.
const CLAIM_QUESTIONS: &str = claiming!("");

/// The next runnable send. A parked row stands before a call, but not before a check: that is what may explain the row.
/// `$3` is the last rank that there is a place for. Of equally urgent dialogs that one goes first which got less lately.
pub(super) const NEXT_SEND: &str = concat!(
    send!(),
    " AND o.not_before <= $2",
    is_first!(),
    " AND (o.phase <> 'call' OR (",
    urgency!(),
    " <= $3 AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.state = 'new' AND i.dialog IS NOT NULL \
           AND i.account = o.account AND i.dialog = o.dialog AND i.holds_sends = 1))) \
      ORDER BY ",
    urgency!(),
    ", (SELECT COUNT(*) FROM place b WHERE b.account = o.account AND b.class = 'send' \
        AND b.at > $2 - 60000 AND b.dialog = o.dialog), o.not_before, o.id LIMIT 1",
    hold_fence!()
);

/// A send that may not leave any more: it is refused whatever it waits for, since what is decided under the new epoch
/// stands behind it. Only one that was never tried keeps its pause: this version may be unable to read it.
const NEXT_FENCED: &str = concat!(
    send!(),
    " AND o.phase = 'call' AND (d.epoch <> o.epoch OR a.epoch <> o.account_epoch) \
          AND (o.not_before <= $2 OR o.tries > 0) ORDER BY o.id LIMIT 1",
    hold_fence!()
);

/// What a look for the next send found.
enum Next {
    Nothing,
    Send(ActClaim),
    Unreadable,
}

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
        let store = self.clone();
        let claim = async move {
            let claims = if wanted.lane == Lane::Send {
                store
                    .write(store.holder(), move |db, holder| {
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
            Ok(Some(claims).filter(|claims| !claims.is_empty()))
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
        if !LOOKS_FIRST && wanted.lane != Lane::Send {
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
) -> Result<Vec<ActClaim>, StoreError> {
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
        .fetch_all(&mut *db)
        .await?;
    rows.sort_by_key(|row| (row.get::<i64, _>("not_before"), row.get::<i64, _>("id")));
    let mut claims = Vec::with_capacity(rows.len());
    for row in &rows {
        match read_act(row) {
            Ok(act) => claims.push(ActClaim::Run(Box::new(act))),
            Err(error) => put_off(db, row.try_get("id")?, now, &error).await?,
        }
    }
    Ok(claims)
}

/// An upgrade may be able to read it.
async fn put_off(
    db: &mut Connection,
    id: i64,
    now: i64,
    error: &StoreError,
) -> Result<(), StoreError> {
    tracing::error!(%error, "an action is put off: an upgrade may be able to read it");
    sqlx::query("UPDATE outbox SET claimed = 0, not_before = $2 WHERE id = $1")
        .bind(id)
        .bind(now + UNREADABLE_PAUSE)
        .execute(db)
        .await?;
    Ok(())
}

/// The row of the next send to claim.
async fn look_up(
    db: &mut Connection,
    wanted: Wanted,
    now: i64,
) -> Result<Option<DbRow>, StoreError> {
    let account = wanted.account.0;
    let fenced = sqlx::query(NEXT_FENCED).bind(account).bind(now);
    if let Some(row) = fenced.fetch_optional(&mut *db).await? {
        return Ok(Some(row));
    }
    let last_rank = if wanted.limited {
        budget::last_rank(db, wanted.account, now).await?
    } else {
        Some(Rank::Touch)
    };
    let last_rank = last_rank.map_or(-1, Rank::number);
    let next = sqlx::query(NEXT_SEND).bind(account).bind(now);
    Ok(next.bind(last_rank).fetch_optional(db).await?)
}

/// Claims sends, each with what its fence and its limit say at that moment.
async fn claim_sends(
    db: &mut Connection,
    holder: i64,
    wanted: Wanted,
    most: usize,
    now: i64,
) -> Result<Vec<ActClaim>, StoreError> {
    let mut claims = Vec::new();
    while claims.len() < most {
        match claim_next(db, holder, wanted, now).await? {
            Next::Send(claim) => claims.push(claim),
            Next::Unreadable => {}
            Next::Nothing => break,
        }
    }
    Ok(claims)
}

async fn claim_next(
    db: &mut Connection,
    holder: i64,
    wanted: Wanted,
    now: i64,
) -> Result<Next, StoreError> {
    let Some(row) = look_up(db, wanted, now).await? else {
        return Ok(Next::Nothing);
    };
    let id: i64 = row.try_get("id")?;
    let mut act = match read_act(&row) {
        Ok(act) => act,
        Err(error) => {
            put_off(db, id, now, &error).await?;
            return Ok(Next::Unreadable);
        }
    };
    if act.phase == Phase::Call {
        act.claimed_at = now;
    }
    act.token += 1;
    let fenced = act.phase == Phase::Call && is_fenced(&row, &act.action)?;
    sqlx::query(
        "UPDATE outbox SET claimed = $2, token = $3, claimed_at = $4, holder = $5 WHERE id = $1",
    )
    .bind(id)
    .bind(if fenced { 2_i64 } else { 1_i64 })
    .bind(act.token)
    .bind(act.claimed_at)
    .bind(holder)
    .execute(&mut *db)
    .await?;
    if fenced {
        return Ok(Next::Send(ActClaim::Refused(Box::new(act))));
    }
    if act.phase == Phase::Call {
        expect_echo(db, &act).await?;
        if wanted.limited {
            budget::occupy(db, act.account, Class::Send, Some(&act.dialog), now).await?;
        }
    }
    Ok(Next::Send(ActClaim::Run(Box::new(act))))
}

/// Promise 1: whether a send may not leave, by what the transaction that claims it sees.
fn is_fenced(row: &DbRow, action: &Action) -> Result<bool, StoreError> {
    let Action::Send { kind, epoch, .. } = action else {
        return Ok(false);
    };
    let owner: String = row.try_get("owner_kind")?;
    let same_epoch = row.try_get::<i64, _>("dialog_epoch")? == to_big(*epoch)?
        && row.try_get::<i64, _>("epoch_of_account")? == row.try_get::<i64, _>("account_epoch")?;
    let allowed = match owner.as_str() {
        "bot" => true,
        "waiting" => !kind.needs_bot(),
        _ => false,
    };
    Ok(!same_epoch || !allowed)
}

/// Writes the pending ledger row of a send.
async fn expect_echo(db: &mut Connection, act: &ClaimedAct) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO ledger (account, dialog, key, kind, state, text_hash, claimed_at) VALUES \
         ($1, $2, $3, 'send', 'pending', \
          (SELECT echo FROM text WHERE account = $1 AND dialog = $2 AND id = $4), $5) \
         ON CONFLICT (account, key) DO UPDATE SET \
         state = 'pending', text_hash = excluded.text_hash, claimed_at = excluded.claimed_at",
    )
    .bind(act.account.0)
    .bind(&act.dialog.0)
    .bind(&act.key.0)
    .bind(act.text.map(|text| text.0))
    .bind(act.claimed_at)
    .execute(db)
    .await?;
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
        unpark(db, act, act.claimed_at).await?;
    }
    Ok(())
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
    let outcome = if act.sought_from.is_some() {
        "UPDATE ledger SET state = 'lost' WHERE account = $1 AND key = $2"
    } else {
        "DELETE FROM ledger WHERE account = $1 AND key = $2"
    };
    sqlx::query(outcome)
        .bind(act.account.0)
        .bind(&act.key.0)
        .execute(db)
        .await?;
    Ok(())
}

/// The parked rows of the dialog need not wait longer for this send. They go on holding back the next one until they
/// are handled: one of them may be a manager's.
pub(super) async fn unpark(
    db: &mut Connection,
    act: &ClaimedAct,
    at: i64,
) -> Result<(), StoreError> {
    let unparked = sqlx::query(
        "UPDATE inbox SET parked_until = NULL \
         WHERE account = $1 AND dialog = $2 AND state = 'new' AND parked_until IS NOT NULL",
    )
    .bind(act.account.0)
    .bind(&act.dialog.0)
    .execute(&mut *db)
    .await?;
    if unparked.rows_affected() > 0 {
        wake(db, act.account.0, &act.dialog.0, at).await?;
    }
    Ok(())
}

fn read_act(row: &DbRow) -> Result<ClaimedAct, StoreError> {
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
    })
}
