//! Delivery of webhooks: a queue on two clocks, retries as each provider does them, one lane per object so that
//! its events do not overtake each other by chance.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Sandbox;
use crate::clock::machine_ms;
use crate::faults::{Kind, Service};
use crate::http::{form, parse_pairs};
use crate::state::State;

/// A response is wanted soon after the call that caused a hook; the hook follows it by this many machine ms.
const AFTER_RESPONSE_MS: i64 = 20;
const HOOK_DELAY_MS: u64 = 3000;
const HOOK_REORDER_MS: u64 = 1500;

/// When something falls due, Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum When {
    Business(i64),
    Machine(i64),
}

impl When {
    pub(crate) fn is_due(self, business_ms: i64, machine_ms: i64) -> bool {
        match self {
            Self::Business(at) => at <= business_ms,
            Self::Machine(at) => at <= machine_ms,
        }
    }

    pub(crate) fn after_response() -> Self {
        Self::Machine(machine_ms() + AFTER_RESPONSE_MS)
    }
}

/// One POST to a subscriber, with its place in the retry ladder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub service: Service,
    /// Id of the subscription.
    pub hook: i64,
    pub url: String,
    pub body: String,
    /// Deliveries of one lane go one after another.
    pub lane: String,
    pub due: When,
    /// Attempts made.
    pub attempts: u32,
    #[serde(skip)]
    pub flying: bool,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Queue {
    next: u64,
    waiting: BTreeMap<u64, Delivery>,
}

impl Queue {
    pub(crate) fn push(&mut self, delivery: Delivery) -> u64 {
        self.next += 1;
        self.waiting.insert(self.next, delivery);
        self.next
    }

    /// Marks what is due as flying and hands it out, in order of arrival.
    pub(crate) fn take_due(&mut self, business_ms: i64, machine_ms: i64) -> Vec<(u64, Delivery)> {
        let mut busy: BTreeSet<(i64, String)> = self
            .waiting
            .values()
            .filter(|d| d.flying)
            .map(|d| (d.hook, d.lane.clone()))
            .collect();
        let mut taken = Vec::new();
        for (id, delivery) in &mut self.waiting {
            if !delivery.flying
                && delivery.due.is_due(business_ms, machine_ms)
                && busy.insert((delivery.hook, delivery.lane.clone()))
            {
                delivery.flying = true;
                taken.push((*id, delivery.clone()));
            }
        }
        taken
    }

    /// Puts the items of a form into one of the same kind that has not left yet. `false` where there is none.
    pub(crate) fn joins(&mut self, hook: i64, body: &str) -> bool {
        let pairs = parse_pairs(body);
        let Some(kind) = pairs.first().and_then(|(key, _)| kind_of(key)) else {
            return false;
        };
        let mut waiting = self.waiting.values_mut();
        let other = waiting.find(|other| {
            let same = parse_pairs(&other.body);
            let same = same.first().and_then(|(key, _)| kind_of(key));
            other.hook == hook && !other.flying && other.attempts == 0 && same == Some(kind.clone())
        });
        let Some(other) = other else {
            return false;
        };
        let mut all = parse_pairs(&other.body);
        let is_free = |n: &usize| {
            let item = format!("{kind}[{n}]");
            !all.iter().any(|(key, _)| key.starts_with(&item))
        };
        let count = (0..=all.len()).find(is_free).unwrap_or_default();
        let (first, next) = (format!("{kind}[0]"), format!("{kind}[{count}]"));
        let items = pairs.into_iter().filter(|(key, _)| key.starts_with(&first));
        all.extend(items.map(|(key, value)| (key.replacen(&first, &next, 1), value)));
        other.body = form(&all);
        true
    }

    pub(crate) fn next_business_due(&self) -> Option<i64> {
        self.waiting
            .values()
            .filter_map(|d| {
                if let When::Business(at) = d.due {
                    Some(at)
                } else {
                    None
                }
            })
            .min()
    }

    pub(crate) fn next_machine_due(&self) -> Option<i64> {
        let due = |d: &Delivery| {
            if let When::Machine(at) = d.due {
                Some(at)
            } else {
                None
            }
        };
        self.waiting
            .values()
            .filter(|d| !d.flying)
            .filter_map(due)
            .min()
    }

    /// Whether something flies or is due.
    pub(crate) fn is_busy(&self, business_ms: i64, machine_ms: i64) -> bool {
        self.waiting
            .values()
            .any(|d| d.flying || d.due.is_due(business_ms, machine_ms))
    }

    pub(crate) fn has(&self, id: u64) -> bool {
        self.waiting.get(&id).is_some_and(|d| d.attempts == 0)
    }

    /// Lets these leave at once.
    pub(crate) fn hurry(&mut self, ids: &[u64]) {
        for id in ids {
            if let Some(delivery) = self.waiting.get_mut(id) {
                delivery.due = When::Machine(0);
            }
        }
    }
}

/// `leads[update]` of `leads[update][0][id]`.
fn kind_of(key: &str) -> Option<String> {
    let (kind, _) = key.split_once(']')?;
    Some(format!("{kind}]"))
}

/// What became of an attempt: the HTTP status, 499 for a timeout, 0 for no connection.
type Outcome = u16;

impl State {
    /// Queues a delivery, obeying the hook faults that are on. Returns the queue's ids.
    pub(crate) fn enqueue(&mut self, mut delivery: Delivery, may_fail: bool) -> Vec<u64> {
        let service = delivery.service;
        let mut copies = 1;
        if may_fail {
            if self.strike(service, &[Kind::HookDrop]).is_some() {
                return Vec::new();
            }
            if let Some(fault) = self.strike(service, &[Kind::HookDelay]) {
                delivery.due = later(fault.ms.unwrap_or(HOOK_DELAY_MS));
                delivery.lane.push_str(" delayed");
            } else if let Some(fault) = self.strike(service, &[Kind::HookReorder]) {
                delivery.due = later(fault.ms.unwrap_or(HOOK_REORDER_MS));
                delivery.lane.push_str(" overtaken");
            }
            if self.strike(service, &[Kind::HookDup]).is_some() {
                copies = 2;
            }
        }
        (0..copies)
            .map(|_| self.queue.push(delivery.clone()))
            .collect()
    }

    /// Books the outcome of an attempt: done, or the next one as the provider's ladder says.
    fn booked(&mut self, id: u64, outcome: Outcome) {
        let now = self.now;
        self.revision += 1;
        let Some(delivery) = self.queue.waiting.get_mut(&id) else {
            return;
        };
        delivery.flying = false;
        delivery.attempts += 1;
        let (service, hook, attempts) = (delivery.service, delivery.hook, delivery.attempts);
        let pause_s = match service {
            Service::Pact => pact_pause_s(attempts, outcome),
            _ => amocrm_pause_s(attempts, outcome),
        };
        match pause_s {
            Some(pause_s) => delivery.due = When::Business(now + pause_s * 1000),
            None => {
                self.queue.waiting.remove(&id);
            }
        }
        if service == Service::Amocrm {
            self.crm
                .note_hook_answer(hook, now, (200..300).contains(&outcome));
        }
    }
}

pub(crate) fn later(ms: u64) -> When {
    When::Machine(machine_ms() + i64::try_from(ms).unwrap_or(i64::MAX / 2))
}

/// Pact wants a 200, else comes again after a minute, five times.
fn pact_pause_s(attempts: u32, outcome: Outcome) -> Option<i64> {
    (outcome != 200 && attempts <= 5).then_some(60)
}

/// amoCRM: 5 and 15 minutes after any failure, then 15 minutes and an hour after a timeout or a 5xx only.
fn amocrm_pause_s(attempts: u32, outcome: Outcome) -> Option<i64> {
    if (100..300).contains(&outcome) {
        return None;
    }
    let grave = outcome == 499 || outcome >= 500;
    match attempts {
        1 => Some(5 * 60),
        2 => Some(15 * 60),
        3 if grave => Some(15 * 60),
        4 if grave => Some(60 * 60),
        _ => None,
    }
}

impl Sandbox {
    /// Does what is due now: scheduled happenings, then deliveries, each in a task of its own.
    pub(crate) fn pump(&self) {
        let due = self.with(|state| {
            state.run_scheduled();
            let now = state.now;
            state.queue.take_due(now, machine_ms())
        });
        for (id, delivery) in due {
            let sandbox = self.clone();
            tokio::spawn(async move {
                let outcome = sandbox.post(&delivery).await;
                sandbox.with(|state| state.booked(id, outcome));
                sandbox.wake();
            });
        }
    }

    /// Waits until nothing flies or is due, but not longer than `patience` of the machine, from which it takes what
    /// it has waited.
    pub(crate) async fn settle(&self, patience: &mut Duration) {
        const LOOK_EVERY: Duration = Duration::from_millis(5);
        loop {
            self.pump();
            let is_busy = self.with(|state| state.queue.is_busy(state.now, machine_ms()));
            if !is_busy || patience.is_zero() {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
            *patience = patience.saturating_sub(LOOK_EVERY);
        }
    }

    /// Delivers these before returning (or gives up waiting after three seconds of the machine).
    pub(crate) async fn deliver_first(&self, ids: &[u64]) {
        self.with(|state| state.queue.hurry(ids));
        for _ in 0..600 {
            self.pump();
            if !self.with(|state| ids.iter().any(|id| state.queue.has(*id))) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Whether it is the same on every attempt, the reference cannot say.
    fn request_id(&self, delivery: &Delivery) -> String {
        if !self.with(|state| state.crm.ways.same_request_id) {
            return uuid::Uuid::new_v4().to_string();
        }
        let digest = Sha256::digest(format!("{} {}", delivery.hook, delivery.body).as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        uuid::Uuid::from_bytes(bytes).to_string()
    }

    async fn post(&self, delivery: &Delivery) -> Outcome {
        let (kind, timeout_ms) = match delivery.service {
            Service::Pact => {
                let timeout_ms = self.with(|state| state.pact.ways.hook_timeout_ms);
                ("application/json", timeout_ms)
            }
            _ => ("application/x-www-form-urlencoded", 2000),
        };
        let mut request = self
            .client()
            .post(&delivery.url)
            .header("Content-Type", kind)
            .timeout(Duration::from_millis(timeout_ms))
            .body(delivery.body.clone());
        if delivery.service == Service::Amocrm {
            request = request
                .header("User-Agent", "amoCRM-Webhooks/3.0")
                .header("X-Amocrm-Requestid", self.request_id(delivery));
        }
        match request.send().await {
            Ok(response) => response.status().as_u16(),
            Err(error) if error.is_timeout() => 499,
            Err(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{amocrm_pause_s, pact_pause_s};

    /// Pauses after each attempt while the subscriber always answers `outcome`.
    fn ladder(pause_s: fn(u32, u16) -> Option<i64>, outcome: u16) -> Vec<i64> {
        (1..)
            .map_while(|attempts| pause_s(attempts, outcome))
            .collect()
    }

    #[test]
    fn the_ladders_are_those_of_the_providers() {
        assert_eq!(ladder(pact_pause_s, 503), [60; 5]);
        assert_eq!(ladder(pact_pause_s, 204), [60; 5]);
        assert!(ladder(pact_pause_s, 200).is_empty());
        assert_eq!(ladder(amocrm_pause_s, 404), [300, 900]);
        assert_eq!(ladder(amocrm_pause_s, 0), [300, 900]);
        assert_eq!(ladder(amocrm_pause_s, 503), [300, 900, 900, 3600]);
        assert_eq!(ladder(amocrm_pause_s, 499), [300, 900, 900, 3600]);
        assert!(ladder(amocrm_pause_s, 204).is_empty());
    }
}
