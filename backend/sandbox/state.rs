//! Everything the stand-ins remember, in one value behind one lock; the snapshot file is this value as JSON.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::amocrm::limits::Patience;
use crate::amocrm::model::Crm;
use crate::bot::Bot;
use crate::faults::{Fault, Faults, Kind, Service};
use crate::gates::Gates;
use crate::pact::model::Pact;
use crate::webhooks::{Queue, When};

/// A jump of the clock is remembered for so long, ms of the machine: callers learn of it within this.
const JUMP_KEPT: i64 = 10_000;
/// Calls kept for `GET /sandbox/calls`.
const CALLS_KEPT: usize = 10_000;

#[derive(Serialize, Deserialize)]
pub(crate) struct State {
    /// Business time of the current access, Unix ms.
    pub now: i64,
    pub speed: f64,
    pub secrets: Secrets,
    pub crm: Crm,
    pub pact: Pact,
    pub bot: Bot,
    pub faults: Faults,
    pub queue: Queue,
    pub scheduled: Vec<Scheduled>,
    #[serde(skip)]
    pub env: Env,
    #[serde(skip)]
    pub calls: VecDeque<CallRecord>,
    #[serde(skip)]
    pub calls_seen: u64,
    #[serde(skip)]
    pub gates: Gates,
    #[serde(skip)]
    pub patience: Patience,
    #[serde(skip)]
    pub rates: BTreeMap<String, VecDeque<i64>>,
    /// Grows with every access that may have changed something.
    #[serde(skip)]
    pub revision: u64,
    /// When, by the machine's clock, the business clock was last set forward, and from where.
    #[serde(skip)]
    pub jumped: Option<(i64, i64)>,
}

/// What a state needs to know about where it runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Env {
    pub public: String,
    pub backend: String,
    pub limited: bool,
}

/// Throw-away secrets, the same for the life of a data folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Secrets {
    pub amocrm_token: String,
    pub client_id: String,
    pub client_secret: String,
    pub pact_token: String,
    pub bot_secret: String,
    pub widget_code: String,
}

impl Secrets {
    /// Secrets derived from a seed, so that a lost folder made anew has them again.
    pub(crate) fn derived(seed: &str) -> Self {
        let secret =
            |name: &str| hex::encode(&Sha256::digest(format!("{name} of {seed}").as_bytes())[..20]);
        let id = secret("client id");
        Self {
            amocrm_token: lasting_token(&secret("amocrm token")),
            client_id: format!(
                "{}-{}-4{}-8{}-{}",
                &id[..8],
                &id[8..12],
                &id[12..15],
                &id[15..18],
                &id[18..30]
            ),
            client_secret: secret("client secret"),
            pact_token: secret("pact token"),
            bot_secret: secret("bot secret"),
            widget_code: format!("estafeta{}", &secret("widget")[..16]),
        }
    }
}

/// When the long-lived token of amoCRM ends: five years after the sandbox's first day, unix s.
pub(crate) const LASTING_TOKEN_ENDS: i64 = 1_952_769_600;

/// A long-lived token is a JWT, whose claims say when it ends.
fn lasting_token(secret: &str) -> String {
    let claims = serde_json::json!({"exp": LASTING_TOKEN_ENDS, "scopes": ["crm", "notifications"]});
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    jsonwebtoken::encode(&header, &claims, &key).unwrap_or_default()
}

/// Something that happens by itself later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Scheduled {
    pub due: When,
    pub what: Happening,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Happening {
    /// Pact's amoCRM integration brings a conversation into the CRM.
    Mirror { conversation: i64, insist: bool },
}

#[derive(Clone, Debug)]
pub(crate) struct CallRecord {
    pub number: u64,
    pub service: Service,
    pub at: i64,
    pub method: String,
    pub path: String,
    pub query: String,
    /// None until answered, and for ever if the connection was cut.
    pub status: Option<u16>,
}

impl State {
    pub(crate) fn new(now: i64, speed: f64, seed: &str) -> Self {
        Self {
            now,
            speed,
            secrets: Secrets::derived(seed),
            crm: Crm::furnished(),
            pact: Pact::default(),
            bot: Bot::default(),
            faults: Faults::default(),
            queue: Queue::default(),
            scheduled: Vec::new(),
            env: Env::default(),
            calls: VecDeque::new(),
            calls_seen: 0,
            gates: Gates::default(),
            patience: Patience::default(),
            rates: BTreeMap::new(),
            revision: 0,
            jumped: None,
        }
    }

    /// The clock is being set forward from `from`, business ms.
    pub(crate) fn jumps(&mut self, from: i64) {
        let from = from.min(self.jumped_from());
        self.jumped = Some((crate::clock::machine_ms(), from));
    }

    /// The business time from which a caller that reads the clock now and then may still be on its way.
    pub(crate) fn jumped_from(&self) -> i64 {
        let recent = |at: i64| crate::clock::machine_ms() - at < JUMP_KEPT;
        self.jumped
            .filter(|(at, _)| recent(*at))
            .map_or(self.now, |(_, from)| from)
    }

    /// What passes on the business clock while a caller's own reading of it grows old, ms.
    pub(crate) fn lag_ms(&self) -> i64 {
        const READ_EVERY_S: f64 = 2.0;
        #[expect(clippy::cast_possible_truncation, reason = "speeds are below 100,000")]
        let lag = (self.speed * READ_EVERY_S * 1000.0) as i64;
        lag
    }

    /// Business time, Unix seconds.
    pub(crate) fn now_s(&self) -> i64 {
        self.now / 1000
    }

    pub(crate) fn strike(&mut self, service: Service, kinds: &[Kind]) -> Option<Fault> {
        let now = self.now;
        self.faults.strike(service, kinds, now)
    }

    /// Since when (business ms) a fault of amoCRM's is on.
    pub(crate) fn fault_since(&self, kind: Kind) -> Option<i64> {
        self.faults.since(kind, self.now)
    }

    pub(crate) fn schedule(&mut self, due: When, what: Happening) {
        self.scheduled.push(Scheduled { due, what });
    }

    /// Lets happen what is due, in order of its time.
    pub(crate) fn run_scheduled(&mut self) {
        let machine = crate::clock::machine_ms();
        while let Some(index) = self
            .scheduled
            .iter()
            .position(|s| s.due.is_due(self.now, machine))
        {
            self.revision += 1;
            match self.scheduled.remove(index).what {
                Happening::Mirror {
                    conversation,
                    insist,
                } => self.mirror_into_crm(conversation, insist),
            }
        }
    }

    /// Business time of the next thing that waits for it.
    pub(crate) fn next_business_due(&self) -> Option<i64> {
        let scheduled = self.scheduled.iter().filter_map(|s| {
            if let When::Business(at) = s.due {
                Some(at)
            } else {
                None
            }
        });
        scheduled.chain(self.queue.next_business_due()).min()
    }

    pub(crate) fn next_machine_due(&self) -> Option<i64> {
        let scheduled = self.scheduled.iter().filter_map(|s| {
            if let When::Machine(at) = s.due {
                Some(at)
            } else {
                None
            }
        });
        scheduled.chain(self.queue.next_machine_due()).min()
    }

    /// Records a request; the number is for [`State::answered`].
    pub(crate) fn called(&mut self, service: Service, call: &crate::http::Call) -> u64 {
        self.calls_seen += 1;
        self.calls.push_back(CallRecord {
            number: self.calls_seen,
            service,
            at: self.now,
            method: call.method.to_string(),
            path: call.whole_path.clone(),
            query: call.raw_query.clone(),
            status: None,
        });
        if self.calls.len() > CALLS_KEPT {
            self.calls.pop_front();
        }
        self.calls_seen
    }

    pub(crate) fn answered(&mut self, number: u64, status: u16) {
        if let Some(call) = self
            .calls
            .iter_mut()
            .rev()
            .find(|call| call.number == number)
        {
            call.status = Some(status);
        }
    }

    /// Takes one of `most` places per `window_ms` under this name. `Err` = business ms until the next place.
    pub(crate) fn take_place(
        &mut self,
        name: &str,
        most: usize,
        window_ms: i64,
    ) -> Result<(), i64> {
        if !self.env.limited {
            return Ok(());
        }
        let now = self.now;
        let taken = self.rates.entry(format!("{name}/{window_ms}")).or_default();
        while taken.front().is_some_and(|at| at + window_ms <= now) {
            taken.pop_front();
        }
        if taken.len() >= most {
            return Err(taken.front().map_or(window_ms, |at| at + window_ms - now));
        }
        taken.push_back(now);
        Ok(())
    }
}
