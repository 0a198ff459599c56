//! A small world for the tests of this module: two accounts, one dialog, a CRM that can be switched off.

use super::bearer::{Claims, SessionKey};
use super::{InvitationKey, Site, Sites, Web, router};
use crate::clock::SetClock;
use crate::error::{CallError, StoreError};
use crate::flow::{
    Alerts, Bells, BotHealth, CrmHealth, Flow, InForce, LaneBells, Lines, Rules, Tenant,
};
use crate::ports::{
    ActClaim, BaseVersion, Booking, Bot, BotReply, BotRequest, BotSaid, Budgets, Candidates,
    CauseSeen, Channel, ChannelHook, ChannelMessage, Claimed, ClaimedAct, Class, Commit,
    Connection, Crm, CrmFound, CrmHook, CrmUser, CrmWrite, DealAccess, Dialogs, Duty, Echo,
    Envelope, Erasure, Finish, Grant, Grants, Guest, GuestLookup, HookFound, Hooks, Inbox,
    InboxRow, Incident, Incidents, Instances, Journal, JournalRow, KeptSetup, Kin, Knowledge,
    Known, Lane, LateCall, LateRefusal, Lease, Ledger, Missed, NewBase, NewRow, News, Origin,
    Outbox, Page, Pair, Policies, PolicyVersion, Privacy, Progress, Pulse, Pulses, Reach, Reaches,
    Registry, Replaced, SeenWidget, Setback, Setups, Source, Standing, StoredBase, StoredPolicy,
    Telling, Thread, Told, Waiting, Wanted, Watch, Way, Widgets, Wish, Written,
};
use async_trait::async_trait;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request};
use axum::response::Response;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use metrics_exporter_prometheus::PrometheusBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tower::ServiceExt as _;
use widget_core::booking::{Refusal, Stay};
use widget_core::dialog::{Armed, Dialog, Turn};
use widget_core::event::{Done, Timer};
use widget_core::ids::{
    AccountId, ActionKey, ContactId, ConversationId, DealId, DialogId, MessageId, TaskId, TextRef,
    TurnId, UserId,
};
use widget_core::knowledge::FORMAT;
use widget_core::owner::ReasonId;
use widget_core::policy::BookingPage;

/// The account that owns [`DIALOG`].
pub const OURS: i64 = 31;
/// Another account on the same server.
pub const OTHER: i64 = 32;
/// A dialog of [`OURS`], bound to [`DEAL`].
pub const DIALOG: &str = "dialog-1";
/// Its deal.
pub const DEAL: i64 = 501;
/// A deal that does not exist.
pub const NO_DEAL: i64 = 404;
/// A user without rights to the deal.
pub const STRANGER: i64 = 9_009;
/// Where the account's pages live.
pub const PAGE: &str = "https://ours.amocrm.ru";
/// Pact's webhook of [`OURS`].
pub const PACT_HOOK: &str = "/hooks/pact/pact-hook-secret-0001";
/// amoCRM's webhook of [`OURS`].
pub const AMO_HOOK: &str = "/hooks/amocrm/amo-hook-secret-0001";
/// [`DIALOG`]'s bot has promised to answer its second turn for so long, ms.
pub const LATE_ANSWER: i64 = 120_000;
/// The clock shows this at first, unix ms.
pub const NOW: i64 = 1_794_988_800_000;

/// The world.
pub struct World {
    pub web: Arc<Web>,
    pub clock: SetClock,
    pub store: Arc<FakeStore>,
    pub crm: Arc<FakeCrm>,
    pub connection: Arc<FakeConnection>,
}

impl World {
    pub fn new() -> Self {
        let clock = SetClock::new(NOW);
        let store = Arc::new(FakeStore::default());
        let crm = Arc::new(FakeCrm::default());
        let connection = Arc::new(FakeConnection::default());
        let sites: Vec<_> = [(OURS, 1), (OTHER, 2)]
            .into_iter()
            .map(|(account, number)| Arc::new(site(account, number, &crm, &connection)))
            .collect();
        let flow = Flow {
            store: store.clone(),
            hooks: Arc::new(Nothing),
            clock: Arc::new(clock.clone()),
            booking: Arc::new(Nothing),
            tenants: sites
                .iter()
                .map(|site| (site.tenant.account, site.tenant.clone()))
                .collect(),
            bells: Bells::default(),
            limited: true,
            making: crate::flow::Making::default(),
            hurry: crate::flow::Hurry::default(),
            workers_down: std::sync::atomic::AtomicU32::new(0),
        };
        let web = Arc::new(Web::new(
            Arc::new(flow),
            Sites::new(sites),
            "https://bot.example.org:8443".to_owned(),
            (
                SessionKey::derive(&[1; 32]),
                InvitationKey::derive(&[1; 32]),
            ),
            PrometheusBuilder::new().build_recorder().handle(),
            Vec::new(),
        ));
        Self {
            web,
            clock,
            store,
            crm,
            connection,
        }
    }

    /// `Authorization` of a session of `user`.
    pub fn bearer(&self, account: i64, user: i64) -> String {
        self.bearer_of(account, user, false)
    }

    /// The same of an administrator.
    pub fn admins_bearer(&self, account: i64, user: i64) -> String {
        self.bearer_of(account, user, true)
    }

    fn bearer_of(&self, account: i64, user: i64, admin: bool) -> String {
        let claims = Claims::new(AccountId(account), UserId(user), admin, self.web.now());
        format!("Bearer {}", self.web.session_key.sign(&claims))
    }
}

fn site(account: i64, number: i64, crm: &Arc<FakeCrm>, connection: &Arc<FakeConnection>) -> Site {
    let tenant = Tenant {
        account: AccountId(account),
        pact_company: number,
        amocrm_account: account,
        in_force: InForce::new(Rules {
            version: 1,
            account_epoch: 0,
            policy: policy(),
        }),
        crm: crm.clone(),
        watch: Arc::new(Nothing),
        crm_health: CrmHealth::default(),
        channel: Arc::new(Nothing),
        bot: Arc::new(Signer(format!("bot-{number}"))),
        write_first: None,
        bot_health: BotHealth::default(),
        lines: Lines::default(),
        alerts: Alerts::default(),
        lane_bells: LaneBells::default(),
        hook_urls: (String::new(), String::new()),
    };
    let page = if account == OURS {
        PAGE.to_owned()
    } else {
        "https://other.amocrm.ru".to_owned()
    };
    Site {
        tenant: Arc::new(tenant),
        pact_secret: SecretString::from(format!("pact-hook-secret-{number:04}")),
        amocrm_secret: SecretString::from(format!("amo-hook-secret-{number:04}")),
        client_id: format!("client-{number}"),
        client_secret: SecretString::from(format!("client-secret-{number}")),
        origins: vec![page],
        connection: (account == OURS).then(|| connection.clone() as Arc<dyn Connection>),
        policy_file: account == OTHER,
        prepared: AtomicBool::new(false),
    }
}

/// An account of amoCRM that takes every code; it lives at `ours.amocrm.ru`.
#[derive(Default)]
pub struct FakeConnection {
    taken: Mutex<Vec<(String, String)>>,
    farewells: AtomicU32,
}

impl FakeConnection {
    /// Codes, and the doors they were exchanged at.
    pub fn taken(&self) -> Vec<(String, String)> {
        self.taken.lock().expect("no panic before").clone()
    }

    /// How often it was disconnected.
    pub fn farewells(&self) -> u32 {
        self.farewells.load(Ordering::SeqCst)
    }
}

impl Connection for FakeConnection {
    fn door(&self, host: &str, invited: bool) -> Option<String> {
        let is_its_own = host == "ours.amocrm.ru";
        let may = is_its_own || (invited && host == "hotel.amocrm.ru");
        may.then(|| format!("https://{host}"))
    }

    fn connect(&self, door: String, code: SecretString, _: bool) {
        let code = code.expose_secret().to_owned();
        self.taken
            .lock()
            .expect("no panic before")
            .push((door, code));
    }

    fn disconnect(&self) {
        self.farewells.fetch_add(1, Ordering::SeqCst);
    }

    fn standing(&self) -> Standing {
        if self.farewells() > 0 {
            return Standing::NotConnected;
        }
        Standing::NeedsReauth {
            why: "it was revoked".to_owned(),
            until: None,
        }
    }
}

/// The policy that every account begins with.
pub const SANATORIUM: &str = include_str!("../../policies/sanatorium.toml");

fn policy() -> widget_core::policy::Policy {
    widget_core::policy::parse(SANATORIUM).expect("the default policy is good")
}

/// Claims of a good one-time token of [`OURS`].
pub fn claims() -> Value {
    let now = NOW / 1_000;
    json!({
        "iss": PAGE, "aud": "https://bot.example.org", "jti": "one", "iat": now, "nbf": now,
        "exp": now + 1_800, "account_id": OURS, "user_id": 9_002, "client_uuid": "client-1",
        "subdomain": "ours",
    })
}

/// The token that says `claims`, signed with `secret`.
pub fn token(claims: &Value, secret: &str, algorithm: Algorithm) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::new(algorithm), claims, &key).expect("a token")
}

/// A `POST`.
pub fn post(path: &str, body: Vec<u8>) -> Request<Body> {
    Request::post(path)
        .body(Body::from(body))
        .expect("a request")
}

/// A `GET`.
pub fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).expect("a request")
}

/// The same request with one more header.
pub fn with(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    request.headers_mut().insert(
        HeaderName::from_static(name),
        HeaderValue::from_str(value).expect("a header"),
    );
    request
}

/// The whole router's answer.
pub async fn call(world: &World, request: Request<Body>) -> Response {
    router(world.web.clone())
        .oneshot(request)
        .await
        .expect("an answer")
}

/// A response's body.
pub async fn json(response: Response) -> Value {
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .expect("a body");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// Keeps one dialog, and the ids of used tokens.
#[derive(Default)]
pub struct FakeStore {
    pub broken: AtomicBool,
    stored: Mutex<HashSet<(i64, String)>>,
    used: Mutex<HashSet<(i64, String)>>,
    /// Versions by account, the oldest first.
    policies: Mutex<HashMap<i64, Versions>>,
    /// Knowledge bases by account, the oldest version first.
    bases: Mutex<HashMap<i64, Vec<NewBase>>>,
}

/// Versions of a policy, the oldest first: text, and who stored it.
type Versions = Vec<(String, Option<UserId>)>;

/// The first version of every account.
fn first_policy() -> Versions {
    vec![(SANATORIUM.to_owned(), None)]
}

impl FakeStore {
    fn check(&self) -> Result<(), StoreError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(StoreError::Database("disk full".to_owned()));
        }
        Ok(())
    }
}

#[async_trait]
impl Inbox for FakeStore {
    async fn ingest(&self, rows: Vec<NewRow>) -> Result<Vec<bool>, StoreError> {
        self.check()?;
        let mut stored = self.stored.lock().expect("no panic before");
        let keys = rows.into_iter().map(|row| (row.account.0, row.dedup_key));
        Ok(keys.map(|key| stored.insert(key)).collect())
    }

    async fn file(&self, row: NewRow) -> Result<bool, StoreError> {
        Ok(self.ingest(vec![row]).await? == [true])
    }

    async fn unrouted(&self, _: u32) -> Result<Vec<InboxRow>, StoreError> {
        Ok(Vec::new())
    }

    async fn route(&self, _: Vec<(i64, Vec<NewRow>)>) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl Dialogs for FakeStore {
    async fn claim(&self, _: i64) -> Result<Option<Claimed>, StoreError> {
        Ok(None)
    }

    async fn lease(
        &self,
        _: AccountId,
        _: &DialogId,
        _: i64,
    ) -> Result<Option<Claimed>, StoreError> {
        Err(StoreError::LeaseLost)
    }

    async fn commit(&self, _: Commit) -> Result<Option<i64>, StoreError> {
        Ok(None)
    }

    async fn release(&self, _: &Lease, _: &[i64], _: i64) -> Result<Vec<i64>, StoreError> {
        Ok(Vec::new())
    }

    async fn dialog(
        &self,
        account: AccountId,
        id: &DialogId,
    ) -> Result<Option<Dialog>, StoreError> {
        self.check()?;
        if account.0 != OURS || id.0 != DIALOG {
            return Ok(None);
        }
        let mut dialog = Dialog::new(id.clone(), account, "conversation-1".into());
        dialog.deal = Some(DealId(DEAL));
        dialog.turns = 2;
        dialog.turn = Some(Turn {
            id: TurnId::new(id, 2),
            messages: Vec::new(),
            first_asked_at: NOW,
            superseded: 0,
            introduce: false,
            stale: false,
            promised: true,
        });
        let deadline = Armed {
            due: NOW + LATE_ANSWER,
            generation: 1,
        };
        dialog.timers.insert(Timer::LateAnswer, deadline);
        Ok(Some(dialog))
    }

    async fn dialogs_of_deal(&self, _: AccountId, _: DealId) -> Result<Vec<Dialog>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Waiting for FakeStore {
    async fn waiting(&self, _: AccountId, _: Option<ReasonId>) -> Result<Vec<Dialog>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Kin for FakeStore {
    async fn dialogs_of_contact(
        &self,
        _: AccountId,
        _: ContactId,
    ) -> Result<Vec<Dialog>, StoreError> {
        Ok(Vec::new())
    }

    async fn keep_for_deal(&self, _: i64, _: DealId) -> Result<(), StoreError> {
        Ok(())
    }

    async fn is_older(
        &self,
        _: AccountId,
        _: &ActionKey,
        _: &ActionKey,
    ) -> Result<bool, StoreError> {
        Ok(false)
    }
}

#[async_trait]
impl Journal for FakeStore {
    async fn newest(
        &self,
        _: AccountId,
        _: &DialogId,
        _: u32,
    ) -> Result<Vec<JournalRow>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Outbox for FakeStore {
    async fn claim_acts(&self, _: Wanted, _: usize, _: i64) -> Result<Vec<ActClaim>, StoreError> {
        Ok(Vec::new())
    }

    async fn finish_act(&self, _: &ClaimedAct, _: Finish) -> Result<(), StoreError> {
        Ok(())
    }

    async fn send_in_flight(
        &self,
        _: AccountId,
        _: &DialogId,
        _: u64,
    ) -> Result<Option<ActionKey>, StoreError> {
        Ok(None)
    }

    async fn has_left(&self, _: AccountId, _: &ActionKey) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn open_lanes(&self, _: i64) -> Result<Vec<(AccountId, Lane)>, StoreError> {
        Ok(Vec::new())
    }

    async fn recover(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl Budgets for FakeStore {
    async fn take(&self, _: AccountId, _: Class, _: i64) -> Result<Option<i64>, StoreError> {
        Ok(None)
    }

    async fn pause(&self, _: AccountId, _: Class, _: i64) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl Ledger for FakeStore {
    async fn echo(
        &self,
        _: AccountId,
        _: &DialogId,
        _: Source,
        _: Option<&MessageId>,
        _: Option<&str>,
        _: i64,
    ) -> Result<Echo, StoreError> {
        Ok(Echo::Foreign)
    }

    async fn used_messages(
        &self,
        _: AccountId,
        _: &DialogId,
    ) -> Result<Vec<MessageId>, StoreError> {
        Ok(Vec::new())
    }

    async fn put_text(&self, _: AccountId, _: &DialogId, _: &str) -> Result<TextRef, StoreError> {
        Ok(TextRef(1))
    }

    async fn texts(
        &self,
        _: AccountId,
        refs: &[TextRef],
    ) -> Result<Vec<Option<String>>, StoreError> {
        Ok(vec![None; refs.len()])
    }
}

#[async_trait]
impl Registry for FakeStore {
    async fn accounts_of(&self, dialog: &DialogId) -> Result<Vec<AccountId>, StoreError> {
        self.check()?;
        let is_ours = dialog.0 == DIALOG;
        Ok(is_ours.then_some(AccountId(OURS)).into_iter().collect())
    }

    async fn put_guest(&self, _: AccountId, _: &DialogId, _: &Guest) -> Result<(), StoreError> {
        Ok(())
    }

    async fn guest(&self, _: AccountId, _: &DialogId) -> Result<Option<Guest>, StoreError> {
        Ok(None)
    }

    async fn put_found_guest(&self, _: &ClaimedAct, _: &Guest) -> Result<(), StoreError> {
        Ok(())
    }

    async fn put_contact(&self, _: &ClaimedAct, _: &str, _: ContactId) -> Result<(), StoreError> {
        Ok(())
    }

    async fn contact(&self, _: AccountId, _: &str) -> Result<Option<ContactId>, StoreError> {
        Ok(None)
    }

    async fn use_once(
        &self,
        account: AccountId,
        token_id: &str,
        _: i64,
        _: i64,
    ) -> Result<bool, StoreError> {
        self.check()?;
        let mut used = self.used.lock().expect("no panic before");
        Ok(used.insert((account.0, token_id.to_owned())))
    }
}

#[async_trait]
impl Reaches for FakeStore {
    async fn reach(&self, _: AccountId, now: i64) -> Result<Reach, StoreError> {
        Ok(Reach {
            activated_at: now,
            caught_up_to: now,
        })
    }

    async fn caught_up(&self, _: AccountId, _: i64) -> Result<(), StoreError> {
        Ok(())
    }

    async fn open_dialogs(&self, _: AccountId, _: i64) -> Result<Vec<Dialog>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Policies for FakeStore {
    async fn put_policy(
        &self,
        _: AccountId,
        _: &str,
        _: Origin,
        _: i64,
    ) -> Result<i64, StoreError> {
        Ok(1)
    }

    async fn put_default(&self, _: AccountId, _: &str, _: i64, _: i64) -> Result<i64, StoreError> {
        Ok(1)
    }

    async fn replace_policy(
        &self,
        account: AccountId,
        over: i64,
        toml: &str,
        user: UserId,
        _: i64,
    ) -> Result<Replaced, StoreError> {
        self.check()?;
        let mut policies = self.policies.lock().expect("no panic before");
        let versions = policies.entry(account.0).or_insert_with(first_policy);
        let newest = i64::try_from(versions.len()).expect("few versions");
        if over != newest {
            return Ok(Replaced::Stale(newest));
        }
        versions.push((toml.to_owned(), Some(user)));
        Ok(Replaced::Stored(newest + 1))
    }

    async fn newest_versions(&self) -> Result<BTreeMap<AccountId, i64>, StoreError> {
        Ok(BTreeMap::new())
    }

    async fn policies(&self, account: AccountId) -> Result<Vec<PolicyVersion>, StoreError> {
        self.check()?;
        let mut policies = self.policies.lock().expect("no panic before");
        let versions = policies.entry(account.0).or_insert_with(first_policy);
        let numbered = (1..).zip(versions.iter());
        let mut all: Vec<_> = numbered
            .map(|(version, (_, user))| PolicyVersion {
                version,
                at: NOW,
                origin: user.map_or(Origin::File, |_| Origin::Api),
                mode: Some("on".to_owned()),
                user: *user,
            })
            .collect();
        all.reverse();
        Ok(all)
    }

    async fn policy(
        &self,
        account: AccountId,
        version: Option<i64>,
    ) -> Result<Option<StoredPolicy>, StoreError> {
        self.check()?;
        let mut policies = self.policies.lock().expect("no panic before");
        let versions = policies.entry(account.0).or_insert_with(first_policy);
        let newest = i64::try_from(versions.len()).expect("few versions");
        let version = version.unwrap_or(newest);
        let found = usize::try_from(version - 1)
            .ok()
            .and_then(|at| versions.get(at));
        Ok(found.map(|(toml, _)| StoredPolicy {
            version,
            toml: toml.clone(),
            account_epoch: 0,
        }))
    }
}

#[async_trait]
impl Knowledge for FakeStore {
    async fn put_base(
        &self,
        account: AccountId,
        base: NewBase,
        _: i64,
    ) -> Result<Replaced, StoreError> {
        self.check()?;
        let mut bases = self.bases.lock().expect("no panic before");
        let versions = bases.entry(account.0).or_default();
        let newest = i64::try_from(versions.len()).expect("few versions");
        if base.over.is_some_and(|over| over != newest) {
            return Ok(Replaced::Stale(newest));
        }
        versions.push(base);
        Ok(Replaced::Stored(newest + 1))
    }

    async fn bases(&self, account: AccountId) -> Result<Vec<BaseVersion>, StoreError> {
        self.check()?;
        let bases = self.bases.lock().expect("no panic before");
        let versions = bases.get(&account.0).into_iter().flatten();
        let mut all: Vec<_> = (1..)
            .zip(versions)
            .map(|(version, base)| BaseVersion {
                version,
                at: NOW,
                origin: base.origin,
                user: base.user,
                passages: u32::try_from(base.passages.len()).expect("few passages"),
            })
            .collect();
        all.reverse();
        Ok(all)
    }

    async fn base(
        &self,
        account: AccountId,
        version: Option<i64>,
    ) -> Result<Option<StoredBase>, StoreError> {
        self.check()?;
        let bases = self.bases.lock().expect("no panic before");
        let versions = bases.get(&account.0).into_iter().flatten();
        let mut numbered = (1..).zip(versions);
        let found = match version {
            Some(version) => numbered.find(|(number, _)| *number == version),
            None => numbered.last(),
        };
        Ok(found.map(|(version, base)| StoredBase {
            version,
            format: FORMAT,
            files: base.files.clone(),
        }))
    }

    async fn passages_with(&self, _: AccountId, _: &[String]) -> Result<Candidates, StoreError> {
        Ok(Candidates {
            version: 0,
            names: Vec::new(),
        })
    }

    async fn miss(&self, _: &Missed) -> Result<(), StoreError> {
        Ok(())
    }

    async fn missed(&self, _: AccountId, _: u32) -> Result<Vec<Missed>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Instances for FakeStore {
    fn serve(&self) {}

    async fn has(&self, _: Duty) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn hear(&self) -> News {
        std::future::pending().await
    }

    fn tell(&self, _: Vec<News>) {}
}

#[async_trait]
impl Grants for FakeStore {
    async fn grant(&self, _: AccountId) -> Result<Option<Grant>, StoreError> {
        Ok(None)
    }

    async fn grants(&self) -> Result<BTreeMap<AccountId, Grant>, StoreError> {
        Ok(BTreeMap::new())
    }

    async fn put_grant(
        &self,
        _: AccountId,
        _: &Pair,
        _: Option<i64>,
    ) -> Result<Option<i64>, StoreError> {
        Ok(None)
    }

    async fn begin_renewal(&self, _: AccountId, _: i64, _: i64) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn set_back(&self, _: AccountId, _: i64, _: Setback) -> Result<(), StoreError> {
        Ok(())
    }

    async fn forget_grant(&self, _: AccountId) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl Incidents for FakeStore {
    async fn incidents(&self, _: i64) -> Result<Vec<Incident>, StoreError> {
        Ok(Vec::new())
    }

    async fn cause_seen(&self, _: &CauseSeen, _: i64) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn cause_gone(&self, _: &Incident, _: i64) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn to_tell(&self, _: i64) -> Result<Vec<(AccountId, Way)>, StoreError> {
        Ok(Vec::new())
    }

    async fn claim_telling(
        &self,
        _: AccountId,
        _: Way,
        _: i64,
        _: i64,
    ) -> Result<Option<Telling>, StoreError> {
        Ok(None)
    }

    async fn told(&self, _: &Telling, _: Told) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl Pulses for FakeStore {
    async fn heard(&self, _: AccountId, _: i64) -> Result<(), StoreError> {
        Ok(())
    }

    async fn pulses(&self) -> Result<BTreeMap<AccountId, Pulse>, StoreError> {
        Ok(BTreeMap::new())
    }
}

#[async_trait]
impl Setups for FakeStore {
    async fn setups(&self) -> Result<Vec<KeptSetup>, StoreError> {
        Ok(Vec::new())
    }

    async fn setup(&self, _: i64) -> Result<Option<KeptSetup>, StoreError> {
        Ok(None)
    }

    async fn put_setup(&self, _: &KeptSetup) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn at_work(&self) -> Result<Vec<(i64, i64)>, StoreError> {
        Ok(Vec::new())
    }

    async fn use_link(&self, id: &str, _: i64, _: i64) -> Result<bool, StoreError> {
        self.check()?;
        let mut used = self.used.lock().expect("no panic before");
        Ok(used.insert((0, id.to_owned())))
    }
}

#[async_trait]
impl Widgets for FakeStore {
    async fn widget_seen(&self, _: AccountId, _: &SeenWidget) -> Result<(), StoreError> {
        Ok(())
    }

    async fn widget(&self, _: AccountId) -> Result<Option<SeenWidget>, StoreError> {
        Ok(None)
    }
}

#[async_trait]
impl Privacy for FakeStore {
    async fn prune(&self, _: i64) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn wish(&self, _: AccountId, _: &Erasure, _: i64) -> Result<(), StoreError> {
        Ok(())
    }

    async fn wishes(&self) -> Result<Vec<Wish>, StoreError> {
        Ok(Vec::new())
    }

    async fn erase(&self, _: &Wish, _: NewRow, _: bool) -> Result<Progress, StoreError> {
        Ok(Progress::Done)
    }

    async fn settle(&self) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn known(&self, _: AccountId) -> Result<Vec<Known>, StoreError> {
        Ok(Vec::new())
    }
}

/// Knows one deal; everybody but [`STRANGER`] may see it.
#[derive(Default)]
pub struct FakeCrm {
    pub down: AtomicBool,
}

#[async_trait]
impl Crm for FakeCrm {
    async fn prepare(&self, _: &str) -> Result<HookFound, CallError> {
        Ok(HookFound::Active)
    }

    async fn read(&self, _: &GuestLookup) -> Result<CrmFound, CallError> {
        Ok(CrmFound::default())
    }

    async fn write(&self, _: &CrmWrite) -> Result<Done, CallError> {
        Ok(Done::Plain)
    }

    async fn find(&self, _: &CrmWrite, _: i64) -> Result<Option<Done>, CallError> {
        Ok(None)
    }

    async fn users(&self) -> Result<Vec<CrmUser>, CallError> {
        Ok(Vec::new())
    }

    async fn access(&self, user: UserId, deal: DealId) -> Result<DealAccess, CallError> {
        if self.down.load(Ordering::SeqCst) {
            return Err(CallError::retry("the CRM is down"));
        }
        Ok(DealAccess {
            allowed: user.0 != STRANGER,
            exists: deal.0 != NO_DEAL,
            responsible: None,
            contacts: Vec::new(),
        })
    }
}

/// Answers nothing. As a reader of webhooks: a body is its own key, `foreign` names another company, `broken` is
/// malformed.
struct Nothing;

#[async_trait]
impl Channel for Nothing {
    async fn prepare(&self, _: &str) -> Result<HookFound, CallError> {
        Ok(HookFound::Active)
    }

    async fn send(&self, _: &ConversationId, _: &str) -> Result<MessageId, CallError> {
        Err(CallError::refused(0, "nothing"))
    }

    async fn messages(&self, _: &ConversationId) -> Result<Vec<ChannelMessage>, CallError> {
        Ok(Vec::new())
    }

    async fn guest(&self, _: &ConversationId) -> Result<Option<Guest>, CallError> {
        Ok(None)
    }

    async fn threads(&self, _: u32) -> Result<Page<Thread>, CallError> {
        Err(CallError::refused(0, "nothing"))
    }

    async fn written(&self, _: &Thread, _: u32) -> Result<Page<Written>, CallError> {
        Err(CallError::refused(0, "nothing"))
    }
}

#[async_trait]
impl Watch for Nothing {
    async fn deals(&self, _: &[DealId]) -> Result<Vec<Envelope>, CallError> {
        Ok(Vec::new())
    }

    async fn closed_tasks(&self, _: &[TaskId]) -> Result<Vec<Envelope>, CallError> {
        Ok(Vec::new())
    }

    async fn link_late(&self, _: &[DealId]) -> Result<usize, CallError> {
        Ok(0)
    }
}

/// A bot whose signature is its name; `0` is the timestamp of long ago.
struct Signer(String);

#[async_trait]
impl Bot for Signer {
    async fn turn(&self, _: &BotRequest) -> Result<BotSaid, CallError> {
        Err(CallError::refused(0, "nothing"))
    }

    fn late(&self, call: LateCall<'_>) -> Result<BotReply, LateRefusal> {
        if call.signature != self.0 {
            return Err(LateRefusal::NotSigned);
        }
        if call.timestamp == "0" {
            return Err(LateRefusal::Stale);
        }
        let is_object = call.body.starts_with(b"{");
        is_object
            .then(BotReply::default)
            .ok_or(LateRefusal::Unreadable)
    }
}

impl Booking for Nothing {
    fn link(&self, _: &BookingPage, _: &Stay, _: i64) -> Result<String, Refusal> {
        Err(Refusal::Off)
    }
}

impl Hooks for Nothing {
    fn pact_envelope(&self, body: &[u8]) -> Result<Envelope, String> {
        if body == b"broken" {
            return Err("not JSON".to_owned());
        }
        Ok(Envelope {
            tenant: Some(if body == b"foreign" { 99 } else { 1 }),
            dedup_key: hex::encode(body),
            conversation: Some("conversation-1".into()),
            body: body.to_vec(),
        })
    }

    fn pact(&self, _: &[u8]) -> ChannelHook {
        ChannelHook::Ignored("test".to_owned())
    }

    fn amocrm_envelopes(&self, _: &[u8]) -> Result<Vec<Envelope>, String> {
        Ok(Vec::new())
    }

    fn amocrm(&self, _: &[u8]) -> CrmHook {
        CrmHook::Other
    }
}
