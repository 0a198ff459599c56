//! Incidents, what is to be told of them, and the pulse of accounts by which some are noticed.

use super::SqlStore;
use super::dialect::{Connection, db_now};
use crate::error::StoreError;
use crate::ports::{
    AlertKind, CauseSeen, Incident, Incidents, Part, Pulse, Pulses, Telling, Told, Way,
};
use async_trait::async_trait;
use std::collections::BTreeMap;
use widget_core::ids::{AccountId, TaskId};

/// An incident as the database has it: id, account, kind, detail, begun, seen, calm, ended.
type IncidentRow = (i64, i64, String, String, i64, i64, i64, Option<i64>);

/// `None`: of a kind that only another version knows.
fn read(row: IncidentRow) -> Option<Incident> {
    let (id, account, kind, detail, begun, seen, calm, ended) = row;
    Some(Incident {
        id,
        account: AccountId(account),
        kind: AlertKind::of_name(&kind)?,
        detail,
        begun,
        seen,
        calm,
        ended,
    })
}

/// A claimed telling as the database has it: id, token, part, tries, unsure, task of the begin.
type ClaimedRow = (i64, i64, String, i64, Option<i64>, Option<i64>);

#[async_trait]
impl Incidents for SqlStore {
    async fn incidents(&self, since: i64) -> Result<Vec<Incident>, StoreError> {
        let rows: Vec<IncidentRow> = sqlx::query_as(
            "SELECT id, account, kind, detail, begun, seen, calm, ended FROM incident \
             WHERE ended IS NULL OR ended > $1 ORDER BY id",
        )
        .bind(since)
        .fetch_all(self.readers())
        .await?;
        Ok(rows.into_iter().filter_map(read).collect())
    }

    async fn cause_seen(&self, seen: &CauseSeen, now: i64) -> Result<bool, StoreError> {
        // The account's row has to stand before the one that names it.
        self.keys(seen.account).await?;
        self.write(seen.clone(), move |db, seen| {
            Box::pin(async move {
                let new: Option<i64> = sqlx::query_scalar(
                    "INSERT INTO incident (account, kind, detail, begun, seen, calm) VALUES ($1, $2, $3, $4, $4, $5) \
                     ON CONFLICT (account, kind, open) DO NOTHING RETURNING id",
                )
                .bind(seen.account.0)
                .bind(seen.kind.name())
                .bind(&seen.detail)
                .bind(now)
                .bind(seen.calm)
                .fetch_optional(&mut *db)
                .await?;
                let Some(id) = new else {
                    sqlx::query(
                        "UPDATE incident SET seen = $3 WHERE account = $1 AND kind = $2 AND ended IS NULL AND seen < $3",
                    )
                    .bind(seen.account.0)
                    .bind(seen.kind.name())
                    .bind(now)
                    .execute(db)
                    .await?;
                    return Ok(false);
                };
                for way in &seen.ways {
                    to_tell(&mut *db, (seen.account.0, id), (*way, Part::Begin), now).await?;
                }
                Ok(true)
            })
        })
        .await
    }

    async fn cause_gone(&self, incident: &Incident, now: i64) -> Result<bool, StoreError> {
        let of = (incident.account.0, incident.id);
        self.write(of, move |db, of| {
            Box::pin(async move {
                let ended = sqlx::query(
                    "UPDATE incident SET ended = $3, open = NULL WHERE account = $1 AND id = $2 AND ended IS NULL",
                )
                .bind(of.0)
                .bind(of.1)
                .bind(now)
                .execute(&mut *db)
                .await?;
                if ended.rows_affected() == 0 {
                    return Ok(false);
                }
                for way in Way::ALL {
                    let is_told = sqlx::query(
                        "SELECT 1 FROM telling WHERE account = $1 AND incident = $2 AND way = $3",
                    )
                    .bind(of.0)
                    .bind(of.1)
                    .bind(way.name())
                    .fetch_optional(&mut *db)
                    .await?;
                    if is_told.is_some() {
                        to_tell(&mut *db, *of, (way, Part::End), now).await?;
                    }
                }
                Ok(true)
            })
        })
        .await
    }

    async fn to_tell(&self, now: i64) -> Result<Vec<(AccountId, Way)>, StoreError> {
        let rows: Vec<(i64, String)> = sqlx::query_as(
            "SELECT DISTINCT account, way FROM telling WHERE state = 'open' AND not_before <= $1",
        )
        .bind(now)
        .fetch_all(self.readers())
        .await?;
        let read = rows.into_iter().filter_map(|(account, way)| {
            let way = Way::ALL.into_iter().find(|known| known.name() == way)?;
            Some((AccountId(account), way))
        });
        Ok(read.collect())
    }

    async fn claim_telling(
        &self,
        account: AccountId,
        way: Way,
        now: i64,
        ms: i64,
    ) -> Result<Option<Telling>, StoreError> {
        let holder = self.holder();
        self.write((), move |db, ()| {
            Box::pin(async move { claim(db, (account, way), now, (ms, holder)).await })
        })
        .await
    }

    async fn told(&self, telling: &Telling, told: Told) -> Result<(), StoreError> {
        let of = (
            telling.incident.account.0,
            telling.id,
            telling.token,
            telling.incident.id,
        );
        let way = telling.way;
        self.write(of, move |db, of| {
            Box::pin(async move {
                let (state, task, not_before, unsure) = match told {
                    Told::Done(task) | Told::Whole(task) => ("done", task, None, None),
                    Told::Later { not_before, unsure } => ("open", None, Some(not_before), unsure),
                };
                let told_now = sqlx::query(
                    "UPDATE telling SET state = $4, task = $5, not_before = COALESCE($6, not_before), unsure = $7, \
                     held_until = 0 WHERE account = $1 AND id = $2 AND token = $3 AND state = 'open'",
                )
                .bind(of.0)
                .bind(of.1)
                .bind(of.2)
                .bind(state)
                .bind(task.map(|task| task.0))
                .bind(not_before)
                .bind(unsure)
                .execute(&mut *db)
                .await?;
                if told_now.rows_affected() == 0 {
                    return Err(StoreError::LeaseLost);
                }
                if matches!(told, Told::Whole(_)) {
                    sqlx::query(
                        "UPDATE telling SET state = 'done' WHERE account = $1 AND incident = $2 AND way = $3",
                    )
                    .bind(of.0)
                    .bind(of.3)
                    .bind(way.name())
                    .execute(db)
                    .await?;
                }
                Ok(())
            })
        })
        .await
    }
}

/// One telling to be done, `of` an account's incident.
async fn to_tell(
    db: &mut Connection,
    of: (i64, i64),
    (way, part): (Way, Part),
    now: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO telling (account, incident, way, part, not_before) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (incident, way, part) DO NOTHING",
    )
    .bind(of.0)
    .bind(of.1)
    .bind(way.name())
    .bind(part.name())
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

async fn claim(
    db: &mut Connection,
    (account, way): (AccountId, Way),
    now: i64,
    (ms, holder): (i64, i64),
) -> Result<Option<Telling>, StoreError> {
    // Whoever loses the race for a row finds its token changed.
    let next: Option<(i64, i64, i64)> = sqlx::query_as(concat!(
        "SELECT t.id, t.token, t.incident FROM telling t WHERE t.account = $1 AND t.way = $2 AND t.state = 'open' \
         AND t.not_before <= $3 AND t.held_until <= ",
        db_now!(),
        " AND (t.part = 'begin' OR NOT EXISTS (SELECT 1 FROM telling b WHERE b.incident = t.incident AND b.way = t.way \
         AND b.part = 'begin' AND b.state = 'open')) ORDER BY t.id LIMIT 1"
    ))
    .bind(account.0)
    .bind(way.name())
    .bind(now)
    .fetch_optional(&mut *db)
    .await?;
    let Some((id, token, incident)) = next else {
        return Ok(None);
    };
    let claimed: Option<ClaimedRow> = sqlx::query_as(concat!(
        "UPDATE telling SET token = token + 1, tries = tries + 1, holder = $3, held_until = ",
        db_now!(),
        " + $4 WHERE id = $1 AND token = $2 AND state = 'open' RETURNING id, token, part, tries, unsure, \
         (SELECT b.task FROM telling b WHERE b.incident = telling.incident AND b.way = telling.way AND b.part = 'begin')"
    ))
    .bind(id)
    .bind(token)
    .bind(holder)
    .bind(ms)
    .fetch_optional(&mut *db)
    .await?;
    let row: Option<IncidentRow> = sqlx::query_as(
        "SELECT id, account, kind, detail, begun, seen, calm, ended FROM incident WHERE id = $1",
    )
    .bind(incident)
    .fetch_optional(&mut *db)
    .await?;
    let (Some((id, token, part, tries, unsure, task)), Some(incident)) =
        (claimed, row.and_then(read))
    else {
        return Ok(None);
    };
    // Until it is known what became of it, it may have been told.
    sqlx::query("UPDATE telling SET unsure = COALESCE(unsure, $2) WHERE id = $1")
        .bind(id)
        .bind(now)
        .execute(db)
        .await?;
    Ok(Some(Telling {
        id,
        token,
        incident,
        way,
        part: if part == Part::Begin.name() {
            Part::Begin
        } else {
            Part::End
        },
        task: task.map(TaskId),
        tries: u32::try_from(tries - 1).unwrap_or(0),
        unsure,
    }))
}

#[async_trait]
impl Pulses for SqlStore {
    async fn heard(&self, account: AccountId, at: i64) -> Result<(), StoreError> {
        self.keys(account).await?;
        self.write((), move |db, ()| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO reach (account, activated_at, caught_up_to, heard_at) VALUES ($1, $2, $2, $2) \
                     ON CONFLICT (account) DO UPDATE SET heard_at = excluded.heard_at \
                     WHERE reach.heard_at IS NULL OR reach.heard_at < excluded.heard_at",
                )
                .bind(account.0)
                .bind(at)
                .execute(db)
                .await?;
                Ok(())
            })
        })
        .await
    }

    async fn pulses(&self) -> Result<BTreeMap<AccountId, Pulse>, StoreError> {
        let reaches: Vec<(i64, i64, Option<i64>)> =
            sqlx::query_as("SELECT account, activated_at, heard_at FROM reach")
                .fetch_all(self.readers())
                .await?;
        let oldest: Vec<(i64, String, i64)> = sqlx::query_as(
            "SELECT account, lane, MIN(created_at) FROM outbox WHERE state = 'open' AND lane IN ('send', 'crm') \
             GROUP BY account, lane",
        )
        .fetch_all(self.readers())
        .await?;
        let mut pulses: BTreeMap<AccountId, Pulse> = BTreeMap::new();
        for (account, activated_at, heard_at) in reaches {
            let pulse = pulses.entry(AccountId(account)).or_default();
            (pulse.activated_at, pulse.heard_at) = (Some(activated_at), heard_at);
        }
        for (account, lane, at) in oldest {
            let pulse = pulses.entry(AccountId(account)).or_default();
            if pulse.oldest.is_none_or(|(oldest, _)| at < oldest) {
                pulse.oldest = Some((at, lane == "send"));
            }
        }
        Ok(pulses)
    }
}
