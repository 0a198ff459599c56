//! Telling of incidents: once each, whatever crashes. What may have been told is looked for before it is told again; the
//! webhook's receiver knows a second delivery by its id.

use super::words;
use crate::error::{CallError, StoreError};
use crate::flow::{Flow, Provider, Tenant};
use crate::ports::{CrmWrite, Part, Telling, Told, Way};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::time::Duration;
use widget_core::event::Done;
use widget_core::ids::UserId;
use widget_core::time::{DAY, HOUR, MINUTE, SECOND, Zone};

/// A call may take so long.
const CALL: Duration = Duration::from_secs(40);
/// Longer than a call: until then nobody else tells the same, ms of the database's clock.
const HOLD: i64 = 60_000;
/// The CRM may show what was made only after so long, ms.
const SHOWN_AFTER: i64 = 45 * SECOND;
/// The pause after the first failure, and the longest one, ms.
const PAUSE: (i64, i64) = (5 * SECOND, 15 * MINUTE);
/// What could not be told for so long, ms, in so many tries, is given up. While the CRM refuses everything, none is made.
const GIVEN_UP_AFTER: i64 = 2 * DAY;
const GIVEN_UP_TRIES: u32 = 20;

/// What the webhook is sent.
#[derive(Serialize)]
struct Body<'a> {
    /// The same in every delivery of the same news.
    id: String,
    account: i64,
    name: &'a str,
    kind: &'static str,
    part: &'static str,
    /// RFC 3339.
    begun: String,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<String>,
    detail: &'a str,
    problem: Both<'a>,
    fix: Both<'a>,
}

#[derive(Serialize)]
struct Both<'a> {
    ru: &'a str,
    en: &'a str,
}

impl Flow {
    /// Tells all that is to be told of an account in this way.
    pub(super) async fn tell_all(&self, tenant: &Tenant, way: Way) {
        while may_tell(tenant, way) {
            match self.tell_next(tenant, way).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    let account = tenant.account;
                    tracing::error!(%account, way = way.name(), %error, "what is wrong is not told yet");
                    return;
                }
            }
        }
    }

    /// `false` = there is nothing to tell now.
    async fn tell_next(&self, tenant: &Tenant, way: Way) -> Result<bool, StoreError> {
        let now = self.clock.now_ms();
        let claimed = self.store.claim_telling(tenant.account, way, now, HOLD);
        let Some(telling) = claimed.await? else {
            return Ok(false);
        };
        let told = match way {
            Way::Task => self.tell_by_task(tenant, &telling, now).await,
            Way::Webhook => self.tell_by_webhook(tenant, &telling, now).await,
        };
        let told = given_up(&telling, told, now);
        if !matches!(told, Told::Later { .. }) {
            metrics::counter!("estafeta_alerts_told_total", "way" => way.name()).increment(1);
        }
        match self.store.told(&telling, told).await {
            // Somebody else tells it by now, and looks for what was told here.
            Err(StoreError::LeaseLost) => Ok(true),
            other => other.map(|()| true),
        }
    }

    async fn tell_by_task(&self, tenant: &Tenant, telling: &Telling, now: i64) -> Told {
        let zone = tenant.rules().zone(now);
        let Some(write) = written(telling, tenant.alerts.settings.tech_user, &zone, now) else {
            return Told::Done(None);
        };
        let done = |task| match telling.incident.ended {
            Some(_) if telling.part == Part::Begin => Told::Whole(task),
            _ => Told::Done(task),
        };
        if let (Part::Begin, Some(since)) = (telling.part, telling.unsure) {
            match tenant.crm.find(&write, since).await {
                Ok(Some(Done::TaskCreated { task })) => return done(Some(task)),
                Ok(_) if now - since < SHOWN_AFTER => {
                    return Told::Later {
                        not_before: since + SHOWN_AFTER,
                        unsure: Some(since),
                    };
                }
                Ok(_) => {}
                Err(why) => return later(telling, &why, now, Some(since)),
            }
        }
        match tokio::time::timeout(CALL, tenant.crm.write(&write)).await {
            Ok(Ok(Done::TaskCreated { task })) => done(Some(task)),
            Ok(Ok(_)) => done(telling.task),
            Ok(Err(why @ CallError::Unknown { .. })) => later(telling, &why, now, Some(now)),
            // The task is gone, or is closed already.
            Ok(Err(CallError::Refused { status, .. }))
                if telling.part == Part::End && !matches!(status, 401..=403) =>
            {
                Told::Done(telling.task)
            }
            Ok(Err(why)) => later(telling, &why, now, None),
            Err(_) => later(
                telling,
                &CallError::unknown("no answer in time"),
                now,
                Some(now),
            ),
        }
    }

    async fn tell_by_webhook(&self, tenant: &Tenant, telling: &Telling, now: i64) -> Told {
        let settings = &tenant.alerts.settings;
        let Some(hook) = &settings.hook else {
            return Told::Done(None);
        };
        let body = body(telling, &settings.name);
        match tokio::time::timeout(CALL, hook.tell(body, now)).await {
            Ok(Ok(())) => Told::Done(None),
            Ok(Err(why)) => later(telling, &why, now, None),
            Err(_) => later(telling, &CallError::retry("no answer in time"), now, None),
        }
    }
}

/// A CRM that refuses everything is told of itself when it is back.
fn may_tell(tenant: &Tenant, way: Way) -> bool {
    let settings = &tenant.alerts.settings;
    match way {
        Way::Webhook => settings.hook.is_some(),
        Way::Task => {
            settings.tech_user.is_some() && tenant.lines.to(Provider::Amocrm).shut().is_none()
        }
    }
}

/// What is written into the CRM; `None` = nothing is to be.
fn written(telling: &Telling, to: Option<UserId>, zone: &Zone, now: i64) -> Option<CrmWrite> {
    let incident = &telling.incident;
    match telling.part {
        Part::Begin => Some(CrmWrite::CreateAlert {
            to: to?,
            text: words::task(incident, zone),
            marker: marker(telling),
            due_at: now + HOUR,
        }),
        Part::End => telling.task.map(|task| CrmWrite::CompleteTask {
            task,
            result: words::over(incident, zone).ru,
        }),
    }
}

fn later(telling: &Telling, why: &CallError, now: i64, unsure: Option<i64>) -> Told {
    let (account, kind) = (telling.incident.account, telling.incident.kind.name());
    let (way, part) = (telling.way.name(), telling.part.name());
    tracing::warn!(%account, kind, way, part, %why, "what is wrong is not told yet");
    let asked = match why {
        CallError::Retry { after_ms, .. } => after_ms.unwrap_or(0),
        _ => 0,
    };
    let pause = (PAUSE.0 << telling.tries.min(10)).min(PAUSE.1).max(asked);
    Told::Later {
        not_before: now + pause,
        unsure,
    }
}

/// What could not be told for long is not tried any more; the log says so.
fn given_up(telling: &Telling, told: Told, now: i64) -> Told {
    let since = match telling.part {
        Part::Begin => telling.incident.begun,
        Part::End => telling.incident.ended.unwrap_or(telling.incident.begun),
    };
    let is_young = now - since < GIVEN_UP_AFTER || telling.tries < GIVEN_UP_TRIES;
    if !matches!(told, Told::Later { .. }) || is_young {
        return told;
    }
    let (account, kind) = (telling.incident.account, telling.incident.kind.name());
    tracing::error!(%account, kind, way = telling.way.name(), "what is wrong could not be told for two days: check tech_user and webhook of the alerts");
    Told::Done(telling.task)
}

fn body(telling: &Telling, name: &str) -> Vec<u8> {
    let incident = &telling.incident;
    let (problem, fix) = (
        words::problem(incident.kind, &incident.detail),
        words::fix(incident.kind, &incident.detail),
    );
    let body = Body {
        id: format!(
            "{}-{}-{}",
            incident.account,
            incident.id,
            telling.part.name()
        ),
        account: incident.account.0,
        name,
        kind: incident.kind.name(),
        part: telling.part.name(),
        begun: rfc3339(incident.begun),
        ended: match telling.part {
            Part::Begin => None,
            Part::End => incident.ended.map(rfc3339),
        },
        detail: &incident.detail,
        problem: Both {
            ru: &problem.ru,
            en: &problem.en,
        },
        fix: Both {
            ru: &fix.ru,
            en: &fix.en,
        },
    };
    serde_json::to_vec(&body).unwrap_or_default()
}

fn rfc3339(at: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
    at.to_string()
}

/// The line that names the incident in the CRM: `#e-` and eight characters of a hash.
fn marker(telling: &Telling) -> String {
    let (account, id) = (telling.incident.account, telling.incident.id);
    let digest = hex::encode(Sha256::digest(format!("incident/{account}/{id}")));
    format!("#e-{}", &digest[..8])
}
