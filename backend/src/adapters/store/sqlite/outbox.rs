//! Actions to carry out, and the fence before a send.

use super::inbox::{SealedRow, store, wake};
use super::{SqliteStore, deliver, from_big, from_json, to_big};
use crate::error::StoreError;
use crate::ports::{ActClaim, ClaimedAct, Finish, Outbox, Phase};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use widget_core::action::Action;
use widget_core::ids::{AccountId, ActionKey, DialogId, MessageId, TextRef};

/// An action that this version cannot read is looked at again so much later, ms: an upgrade may read it.
const UNREADABLE_PAUSE: i64 = 60_000;
/// After a crash, a send's first check comes so long after its claim, ms.
const FIRST_CHECK: i64 = 5_000;

/// The next runnable action, with what its fence needs. An earlier open action of its lane stands before it, but for
/// questions to the bot: a new turn does not wait for the answer to an old one. A parked
/// row stands before a call of a send, but not before a check: that is what may explain the row.
macro_rules! next {
    () => {
        "\
    SELECT o.id, o.account, o.dialog, o.key, o.lane, o.action, o.text, o.phase, o.checks, o.tries, \
           o.claimed_at, o.created_at, o.token, o.account_epoch, \
           d.epoch AS dialog_epoch, d.owner_kind, a.epoch AS epoch_of_account \
    FROM outbox o \
    JOIN dialog d ON d.account = o.account AND d.id = o.dialog \
    JOIN account a ON a.id = o.account \
    WHERE o.state = 'open' AND o.claimed = 0 AND o.not_before <= $1 \
      AND (o.lane = 'bot' OR NOT EXISTS (SELECT 1 FROM outbox p WHERE p.state = 'open' AND p.account = o.account \
                      AND p.dialog = o.dialog AND p.lane = o.lane AND p.id < o.id)) \
      AND (o.lane <> 'send' OR o.phase <> 'call' OR NOT EXISTS ( \
           SELECT 1 FROM inbox i WHERE i.state = 'new' AND i.dialog IS NOT NULL \
           AND i.account = o.account AND i.dialog = o.dialog AND i.holds_sends = 1)) \
    ORDER BY o.not_before, o.id LIMIT 1"
    };
}
#[cfg(test)]
pub(super) use next;

/// What a look for the next action found.
enum Next {
    Nothing,
    Act(ActClaim),
    Unreadable(StoreError),
}

#[async_trait]
impl Outbox for SqliteStore {
    async fn claim_act(&self, now: i64) -> Result<Option<ActClaim>, StoreError> {
        let store = self.clone();
        let claim = async move {
            let next = store
                .write(move |db| Box::pin(async move { claim_next(db, now).await }))
                .await?;
            match next {
                Next::Nothing => Ok(None),
                Next::Act(claim) => Ok(Some(claim)),
                Next::Unreadable(error) => Err(error),
            }
        };
        let store = self.clone();
        deliver(claim, move |claim| {
            Box::pin(async move { store.give_back(&claim, now).await })
        })
        .await
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
                let at = result.at;
                let result = self.seal_row(result).await?;
                self.write(move |db| {
                    Box::pin(async move { end(db, &act, &result, message.as_ref(), at).await })
                })
                .await
            }
            Finish::Again { phase, not_before } => {
                self.write(move |db| {
                    Box::pin(async move { try_again(db, &act, phase, not_before).await })
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
    ) -> Result<bool, StoreError> {
        // A send whose outcome is unknown may have left, claimed at this moment or not.
        let found = sqlx::query(
            "SELECT 1 FROM outbox WHERE state = 'open' AND account = $1 AND dialog = $2 \
             AND lane = 'send' AND epoch < $3 AND (claimed = 1 OR phase = 'check') LIMIT 1",
        )
        .bind(account.0)
        .bind(&dialog.0)
        .bind(to_big(epoch)?)
        .fetch_optional(self.readers())
        .await?;
        Ok(found.is_some())
    }

    async fn recover(&self, now: i64) -> Result<(), StoreError> {
        self.write(move |db| {
            Box::pin(async move {
                // Nothing left: what reads may be read again, what was refused is refused again.
                sqlx::query(
                    "UPDATE outbox SET tries = tries + CASE WHEN claimed = 1 AND phase = 'call' THEN 1 ELSE 0 END, \
                     claimed = 0, token = token + 1, phase = 'call', checks = 0, not_before = $1 \
                     WHERE state = 'open' AND claimed <> 0 AND (claimed = 2 OR lane IN ('read', 'bot'))",
                )
                .bind(now)
                .execute(&mut *db)
                .await?;
                sqlx::query(
                    "UPDATE outbox SET tries = tries + CASE WHEN phase = 'call' THEN 1 ELSE 0 END, \
                     claimed = 0, token = token + 1, phase = 'check', checks = 0, \
                     not_before = CASE WHEN lane = 'send' THEN claimed_at + $2 ELSE $1 END \
                     WHERE state = 'open' AND claimed = 1",
                )
                .bind(now)
                .bind(FIRST_CHECK)
                .execute(&mut *db)
                .await?;
                Ok(())
            })
        })
        .await
    }
}

impl SqliteStore {
    /// Gives back a claim that nobody took: nothing was done under it.
    async fn give_back(&self, claim: &ActClaim, now: i64) -> Result<(), StoreError> {
        let (ActClaim::Run(act) | ActClaim::Refused(act)) = claim;
        let again = Finish::Again {
            phase: act.phase,
            not_before: now,
        };
        self.finish_act(act, again).await
    }
}

async fn claim_next(db: &mut SqliteConnection, now: i64) -> Result<Next, StoreError> {
    let Some(row) = sqlx::query(next!())
        .bind(now)
        .fetch_optional(&mut *db)
        .await?
    else {
        return Ok(Next::Nothing);
    };
    let id: i64 = row.try_get("id")?;
    let mut act = match read_act(&row) {
        Ok(act) => act,
        Err(error) => {
            sqlx::query("UPDATE outbox SET not_before = $2 WHERE id = $1")
                .bind(id)
                .bind(now + UNREADABLE_PAUSE)
                .execute(db)
                .await?;
            return Ok(Next::Unreadable(error));
        }
    };
    if act.phase == Phase::Call {
        act.claimed_at = now;
    }
    act.token += 1;
    let fenced = act.phase == Phase::Call && is_fenced(&row, &act.action)?;
    sqlx::query("UPDATE outbox SET claimed = $2, token = $3, claimed_at = $4 WHERE id = $1")
        .bind(id)
        .bind(if fenced { 2_i64 } else { 1_i64 })
        .bind(act.token)
        .bind(act.claimed_at)
        .execute(&mut *db)
        .await?;
    if fenced {
        return Ok(Next::Act(ActClaim::Refused(Box::new(act))));
    }
    if act.phase == Phase::Call && matches!(act.action, Action::Send { .. }) {
        expect_echo(db, &act).await?;
    }
    Ok(Next::Act(ActClaim::Run(Box::new(act))))
}

/// Promise 1: whether a send may not leave, by what the transaction that claims it sees.
fn is_fenced(row: &SqliteRow, action: &Action) -> Result<bool, StoreError> {
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
async fn expect_echo(db: &mut SqliteConnection, act: &ClaimedAct) -> Result<(), StoreError> {
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

async fn end(
    db: &mut SqliteConnection,
    act: &ClaimedAct,
    result: &SealedRow,
    message: Option<&MessageId>,
    at: i64,
) -> Result<(), StoreError> {
    let ended = sqlx::query(
        "UPDATE outbox SET state = 'done', claimed = 0 \
         WHERE account = $1 AND key = $2 AND token = $3 AND state = 'open' AND claimed <> 0",
    )
    .bind(act.account.0)
    .bind(&act.key.0)
    .bind(act.token)
    .execute(&mut *db)
    .await?;
    still_held(ended.rows_affected())?;
    store(db, result, 0).await?;
    if !matches!(act.action, Action::Send { .. }) {
        return Ok(());
    }
    match message {
        Some(message) => {
            sqlx::query(
                "UPDATE ledger SET state = 'done', message = $3 WHERE account = $1 AND key = $2",
            )
            .bind(act.account.0)
            .bind(&act.key.0)
            .bind(&message.0)
            .execute(&mut *db)
            .await?;
        }
        None => forget_echo(db, act).await?,
    }
    unpark(db, act, at).await
}

async fn try_again(
    db: &mut SqliteConnection,
    act: &ClaimedAct,
    phase: Phase,
    not_before: i64,
) -> Result<(), StoreError> {
    let (name, checks) = match phase {
        Phase::Call => ("call", 0),
        Phase::Check(n) => ("check", i64::from(n)),
    };
    let ended = sqlx::query(
        "UPDATE outbox SET claimed = 0, phase = $4, checks = $5, not_before = $6, \
         tries = tries + CASE WHEN phase = 'call' AND claimed = 1 THEN 1 ELSE 0 END \
         WHERE account = $1 AND key = $2 AND token = $3 AND state = 'open' AND claimed <> 0",
    )
    .bind(act.account.0)
    .bind(&act.key.0)
    .bind(act.token)
    .bind(name)
    .bind(checks)
    .bind(not_before)
    .execute(&mut *db)
    .await?;
    still_held(ended.rows_affected())?;
    let nothing_left = act.phase == Phase::Call && phase == Phase::Call;
    if nothing_left && matches!(act.action, Action::Send { .. }) {
        forget_echo(db, act).await?;
        unpark(db, act, act.claimed_at).await?;
    }
    Ok(())
}

fn still_held(rows: u64) -> Result<(), StoreError> {
    if rows == 1 {
        Ok(())
    } else {
        Err(StoreError::LeaseLost)
    }
}

/// Nothing of this send can come back. If the outcome of an earlier call is not known, its text still can: that is
/// remembered, and no longer waited for.
async fn forget_echo(db: &mut SqliteConnection, act: &ClaimedAct) -> Result<(), StoreError> {
    let may_have_left = act.phase != Phase::Call || act.tries > 0;
    let how = if may_have_left {
        "UPDATE ledger SET state = 'lost' WHERE account = $1 AND key = $2"
    } else {
        "DELETE FROM ledger WHERE account = $1 AND key = $2"
    };
    sqlx::query(how)
        .bind(act.account.0)
        .bind(&act.key.0)
        .execute(db)
        .await?;
    Ok(())
}

/// The parked rows of the dialog need not wait longer for this send. They go on holding back the next one until they
/// are handled: one of them may be a manager's.
async fn unpark(db: &mut SqliteConnection, act: &ClaimedAct, at: i64) -> Result<(), StoreError> {
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

fn read_act(row: &SqliteRow) -> Result<ClaimedAct, StoreError> {
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
        created_at: row.try_get("created_at")?,
        token: row.try_get("token")?,
    })
}
