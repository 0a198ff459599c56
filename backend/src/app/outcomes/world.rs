//! One account on a real store, with a clock set by hand and other sides that answer what the test tells them.

use crate::adapters::hooks::WebhookReader;
use crate::adapters::store::SqliteStore;
use crate::clock::{Clock, SetClock};
use crate::error::CallError;
use crate::flow::{
    Alerts, Bells, BotHealth, CrmHealth, Flow, InForce, LaneBells, Lines, Making, Provider, Rules,
    Tenant,
};
use crate::ports::{
    Bot, BotReply, BotRequest, BotSaid, Channel, ChannelMessage, Commit, Crm, CrmFound, CrmUser,
    CrmWrite, DealAccess, Dialogs, Envelope, Guest, GuestLookup, HookFound, Inbox, JournalRow,
    Lane, LateCall, LateRefusal, Ledger, NewAct, NewRow, Outbox, Page, Registry, Source, Thread,
    Wanted, Watch, Written,
};
use async_trait::async_trait;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use widget_core::action::{Action, SendKind};
use widget_core::change::Change;
use widget_core::event::Done;
use widget_core::ids::{
    AccountId, ActionKey, ConversationId, DealId, DialogId, MessageId, TaskId, TextRef, TurnId,
    UserId,
};

const ACCOUNT: AccountId = AccountId(31);
const BEGIN: i64 = 1_800_000_000_000;
const SECOND: i64 = 1_000;
/// So long the clock goes by seconds, then by steps of ten.
const CLOSELY: i64 = 120 * SECOND;

/// The calls of the other sides, when they came, and at which one they never answer.
#[derive(Clone)]
struct Calls {
    clock: SetClock,
    log: Arc<Mutex<Vec<(i64, &'static str)>>>,
    hangs_at: Arc<Mutex<Option<&'static str>>>,
}

impl Calls {
    fn new(clock: &SetClock) -> Self {
        Self {
            clock: clock.clone(),
            log: Arc::default(),
            hangs_at: Arc::default(),
        }
    }

    async fn comes(&self, call: &'static str) {
        self.log.lock().unwrap().push((self.clock.now_ms(), call));
        if *self.hangs_at.lock().unwrap() == Some(call) {
            std::future::pending::<()>().await;
        }
    }

    fn count(&self) -> usize {
        self.log.lock().unwrap().len()
    }

    /// Waits until this call has come after so many others.
    async fn come_to(&self, call: &'static str, others: usize) {
        let has_come = || {
            let log = self.log.lock().unwrap();
            log[others..].iter().any(|(_, known)| *known == call)
        };
        while !has_come() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// What the other side always does.
#[derive(Debug, Clone, Copy)]
pub enum Answer {
    Accepts,
    Unknown,
    /// It has enough for so many ms.
    Busy(i64),
    /// Everything, with this status.
    Refuses(u16),
}

impl Answer {
    fn given<T>(self, value: T) -> Result<T, CallError> {
        match self {
            Self::Accepts => Ok(value),
            Self::Unknown => Err(CallError::unknown("the answer was lost")),
            Self::Busy(ms) => Err(CallError::Retry {
                after_ms: Some(ms),
                why: "enough".to_owned(),
            }),
            Self::Refuses(status) => Err(CallError::refused(status, "nothing is taken")),
        }
    }
}

pub struct World {
    pub began: i64,
    pub channel: Arc<FakeChannel>,
    pub crm: Arc<FakeCrm>,
    pub bot: Arc<FakeBot>,
    clock: SetClock,
    calls: Calls,
    store: SqliteStore,
    flow: Arc<Flow>,
    decisions: AtomicUsize,
    _folder: TempDir,
}

impl World {
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("store.sqlite");
        let store = SqliteStore::open(&path, &[7; 32]).await.unwrap();
        let clock = SetClock::new(BEGIN);
        let calls = Calls::new(&clock);
        let channel = Arc::new(FakeChannel::new(&calls));
        let crm = Arc::new(FakeCrm::new(&calls));
        let bot = Arc::new(FakeBot::new(&calls));
        let tenant = tenant(channel.clone(), crm.clone(), bot.clone());
        let flow = flow(&store, &clock, tenant);
        Self {
            began: BEGIN,
            channel,
            crm,
            bot,
            clock,
            calls,
            store,
            flow,
            decisions: AtomicUsize::new(0),
            _folder: folder,
        }
    }

    /// A decision of dialog `name` asks for an action.
    pub async fn asks_for(&self, name: &str, action: Action) {
        self.decides(name, &[], vec![(action, None)]).await;
    }

    /// A decision changes dialog `name`.
    pub async fn becomes(&self, name: &str, changes: &[Change]) {
        self.decides(name, changes, Vec::new()).await;
    }

    /// A decision of dialog `name` asks for a text.
    pub async fn says(&self, name: &str, kind: SendKind, text: &str) {
        let dialog = DialogId::from(name);
        let text = self.store.put_text(ACCOUNT, &dialog, text).await.unwrap();
        let action = Action::Send {
            kind,
            parts: Vec::new(),
            epoch: 0,
        };
        self.decides(name, &[], vec![(action, Some(text))]).await;
    }

    async fn decides(
        &self,
        name: &str,
        changes: &[Change],
        actions: Vec<(Action, Option<TextRef>)>,
    ) {
        let (dialog, now) = (DialogId::from(name), self.clock.now_ms());
        let row = NewRow {
            account: ACCOUNT,
            dialog: Some(dialog.clone()),
            conversation: Some(ConversationId(format!("thread of {name}"))),
            source: Source::Pact,
            dedup_key: format!("{name} {}", self.decisions.fetch_add(1, Ordering::Relaxed)),
            body: Vec::new(),
            at: now,
        };
        self.store.ingest(vec![row]).await.unwrap();
        let guest = Guest {
            phone: "79000000001".to_owned(),
            name: None,
            provider: "whatsapp".to_owned(),
        };
        let put = self.store.put_guest(ACCOUNT, &dialog, &guest).await;
        put.unwrap();
        let claimed = self.store.lease(ACCOUNT, &dialog, now).await.unwrap();
        let claimed = claimed.expect("free");
        let mut state = claimed.state;
        for change in changes {
            state.apply(change);
        }
        state.seq += 1;
        state.last_at = now;
        let journal = JournalRow {
            seq: state.seq,
            at: now,
            policy_version: 1,
            core_version: String::new(),
            event: "{}".to_owned(),
            changes: serde_json::to_string(changes).unwrap(),
            actions: "[]".to_owned(),
            trace: "[]".to_owned(),
        };
        let acts = actions.into_iter().enumerate();
        let acts = acts.map(|(index, (action, text))| NewAct {
            key: ActionKey::new(&dialog, state.seq, index),
            action,
            text,
        });
        let acts = acts.collect();
        let commit = Commit {
            lease: claimed.lease,
            account_epoch: 0,
            state,
            journal: vec![journal],
            acts,
            consumed: claimed.rows.iter().map(|row| row.id).collect(),
            parked: Vec::new(),
            release: true,
        };
        self.store.commit(commit).await.unwrap();
    }

    /// The clock goes on, and what is due is carried out at its second.
    pub async fn passes(&self, ms: i64) {
        let from = self.clock.now_ms();
        self.carries_out_what_is_due().await;
        let mut gone = 0;
        while gone < ms {
            gone += if gone < CLOSELY { SECOND } else { 10 * SECOND };
            self.clock.set(from + gone.min(ms));
            self.carries_out_what_is_due().await;
        }
    }

    /// The clock goes on while nothing runs; then the process starts again.
    pub async fn is_down_for(&mut self, ms: i64) {
        self.clock.set(self.clock.now_ms() + ms);
        let sides = (self.channel.clone(), self.crm.clone(), self.bot.clone());
        self.flow = flow(&self.store, &self.clock, tenant(sides.0, sides.1, sides.2));
        self.store.recover().await.unwrap();
    }

    /// The process dies when this call has come and its answer has not, and starts again.
    pub async fn dies_in(&mut self, lane: Lane, call: &'static str) {
        let before = self.calls.count();
        *self.calls.hangs_at.lock().unwrap() = Some(call);
        tokio::select! {
            _ = self.flow.carry_out_one(wanted(lane)) => panic!("the call has ended"),
            () = self.calls.come_to(call, before) => {}
        }
        *self.calls.hangs_at.lock().unwrap() = None;
        self.is_down_for(0).await;
    }

    pub async fn carries_out_what_is_due(&self) {
        for lane in Lane::ALL {
            // As the dispatcher does: a shut line is left alone.
            while !(lane != Lane::Read && self.is_shut(lane))
                && self.flow.carry_out_one(wanted(lane)).await.unwrap()
            {}
        }
    }

    /// The clock goes on, and somebody asks behind shut lines.
    pub async fn lines_are_watched(&self, ms: i64) {
        self.clock.set(self.clock.now_ms() + ms);
        self.flow.ask_where_shut().await;
    }

    pub fn is_shut(&self, lane: Lane) -> bool {
        let provider = match lane {
            Lane::Send => Provider::Pact,
            Lane::Read | Lane::Crm => Provider::Amocrm,
            Lane::Bot => return false,
        };
        let mut tenants = self.flow.tenants.values();
        tenants.any(|tenant| tenant.lines.to(provider).shut().is_some())
    }

    /// Calls so far: ms since the beginning, and what.
    pub fn log(&self) -> Vec<(i64, &'static str)> {
        let log = self.calls.log.lock().unwrap();
        log.iter().map(|(at, call)| (at - BEGIN, *call)).collect()
    }

    /// What the dialog was told of its actions since the last time.
    pub async fn results(&self, name: &str) -> Vec<String> {
        self.told(name, "outcome").await
    }

    /// The same, of actions that failed: why.
    pub async fn failures(&self, name: &str) -> Vec<String> {
        self.told(name, "failure").await
    }

    async fn told(&self, name: &str, what: &str) -> Vec<String> {
        let (dialog, now) = (DialogId::from(name), self.clock.now_ms());
        let claimed = self.store.lease(ACCOUNT, &dialog, now).await.unwrap();
        let claimed = claimed.expect("free");
        let told = claimed.rows.iter().map(|row| {
            let body: serde_json::Value = serde_json::from_slice(&row.row.body).unwrap();
            body[what].as_str().unwrap().to_owned()
        });
        let told = told.collect();
        let commit = Commit {
            lease: claimed.lease,
            account_epoch: 0,
            state: claimed.state,
            journal: Vec::new(),
            acts: Vec::new(),
            consumed: claimed.rows.iter().map(|row| row.id).collect(),
            parked: Vec::new(),
            release: true,
        };
        self.store.commit(commit).await.unwrap();
        told
    }
}

fn wanted(lane: Lane) -> Wanted {
    Wanted {
        account: ACCOUNT,
        lane,
        limited: true,
    }
}

fn tenant(channel: Arc<FakeChannel>, crm: Arc<FakeCrm>, bot: Arc<FakeBot>) -> Tenant {
    let policy = include_str!("../../../policies/sanatorium.toml");
    Tenant {
        account: ACCOUNT,
        pact_company: 1,
        amocrm_account: ACCOUNT.0,
        in_force: InForce::new(Rules {
            version: 1,
            account_epoch: 0,
            policy: widget_core::policy::parse(policy).unwrap(),
        }),
        crm: crm.clone(),
        watch: crm,
        crm_health: CrmHealth::default(),
        channel,
        bot,
        write_first: None,
        bot_health: BotHealth::default(),
        lines: Lines::default(),
        alerts: Alerts::default(),
        lane_bells: LaneBells::default(),
        hook_urls: (String::new(), String::new()),
    }
}

/// What a process knows only as long as it lives is new in each.
fn flow(store: &SqliteStore, clock: &SetClock, tenant: Tenant) -> Arc<Flow> {
    Arc::new(Flow {
        store: Arc::new(store.clone()),
        hooks: Arc::new(WebhookReader::new(Vec::new())),
        clock: Arc::new(clock.clone()),
        booking: Arc::new(crate::adapters::booking::PageLink),
        tenants: [(tenant.account, Arc::new(tenant))].into(),
        bells: Bells::default(),
        limited: true,
        making: Making::default(),
        hurry: crate::flow::Hurry::default(),
        workers_down: AtomicU32::new(0),
    })
}

/// A message of ours in the channel.
pub fn message(id: &str, text: &str, at: i64) -> ChannelMessage {
    ChannelMessage {
        id: MessageId::from(id),
        conversation: ConversationId("thread of a".to_owned()),
        income: false,
        text: Some(text.to_owned()),
        attachments: Vec::new(),
        at,
        bulk: false,
        guest: None,
    }
}

pub struct FakeChannel {
    calls: Calls,
    answers: Mutex<VecDeque<Result<MessageId, CallError>>>,
    always: Mutex<Answer>,
    shown: Mutex<Result<Vec<ChannelMessage>, CallError>>,
}

impl FakeChannel {
    fn new(calls: &Calls) -> Self {
        Self {
            calls: calls.clone(),
            answers: Mutex::default(),
            always: Mutex::new(Answer::Accepts),
            shown: Mutex::new(Ok(Vec::new())),
        }
    }

    pub fn answers<const N: usize>(&self, answers: [Result<MessageId, CallError>; N]) {
        *self.answers.lock().unwrap() = answers.into();
    }

    pub fn answers_for_ever(&self, answer: Answer) {
        *self.always.lock().unwrap() = answer;
    }

    pub fn shows(&self, messages: &[ChannelMessage]) {
        *self.shown.lock().unwrap() = Ok(messages.to_vec());
    }

    pub fn cannot_be_read(&self) {
        *self.shown.lock().unwrap() = Err(CallError::retry("down"));
    }
}

#[async_trait]
impl Channel for FakeChannel {
    async fn prepare(&self, _: &str) -> Result<HookFound, CallError> {
        match *self.always.lock().unwrap() {
            Answer::Refuses(status) => Answer::Refuses(status).given(HookFound::Active),
            _ => Ok(HookFound::Active),
        }
    }

    async fn send(&self, _: &ConversationId, _: &str) -> Result<MessageId, CallError> {
        self.calls.comes("send").await;
        let next = self.answers.lock().unwrap().pop_front();
        let id = format!("n{}", self.calls.count());
        next.unwrap_or_else(|| self.always.lock().unwrap().given(MessageId(id)))
    }

    async fn messages(&self, _: &ConversationId) -> Result<Vec<ChannelMessage>, CallError> {
        self.calls.comes("look").await;
        self.shown.lock().unwrap().clone()
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

pub struct FakeCrm {
    calls: Calls,
    written: Mutex<Vec<CrmWrite>>,
    writes: Mutex<VecDeque<Result<Done, CallError>>>,
    reads: Mutex<VecDeque<Result<CrmFound, CallError>>>,
    found: Mutex<Result<Option<Done>, CallError>>,
    always: Mutex<Answer>,
}

impl FakeCrm {
    fn new(calls: &Calls) -> Self {
        Self {
            calls: calls.clone(),
            written: Mutex::default(),
            writes: Mutex::default(),
            reads: Mutex::default(),
            found: Mutex::new(Ok(None)),
            always: Mutex::new(Answer::Accepts),
        }
    }

    pub fn writes<const N: usize>(&self, answers: [Result<Done, CallError>; N]) {
        *self.writes.lock().unwrap() = answers.into();
    }

    /// What was asked to be written, again and again if it was.
    pub fn written(&self) -> Vec<CrmWrite> {
        self.written.lock().unwrap().clone()
    }

    pub fn reads<const N: usize>(&self, answers: [Result<CrmFound, CallError>; N]) {
        *self.reads.lock().unwrap() = answers.into();
    }

    /// From now on a look finds this, 30 s after it was made.
    pub fn finds(&self, done: &Done) {
        *self.found.lock().unwrap() = Ok(Some(done.clone()));
    }

    /// From now on a look finds nothing.
    pub fn finds_nothing(&self) {
        *self.found.lock().unwrap() = Ok(None);
    }

    /// From now on no look is answered.
    pub fn cannot_be_searched(&self) {
        *self.found.lock().unwrap() = Err(CallError::retry("down"));
    }

    pub fn never_answers(&self) {
        *self.always.lock().unwrap() = Answer::Unknown;
    }

    pub fn cannot_be_read(&self) {
        self.never_answers();
    }
}

#[async_trait]
impl Crm for FakeCrm {
    async fn prepare(&self, _: &str) -> Result<HookFound, CallError> {
        Ok(HookFound::Active)
    }

    async fn read(&self, _: &GuestLookup) -> Result<CrmFound, CallError> {
        self.calls.comes("read").await;
        let next = self.reads.lock().unwrap().pop_front();
        let always = *self.always.lock().unwrap();
        match (next, always) {
            (Some(next), _) => next,
            (None, Answer::Accepts) => Ok(CrmFound::default()),
            (None, _) => Err(CallError::retry("down")),
        }
    }

    async fn write(&self, write: &CrmWrite) -> Result<Done, CallError> {
        self.written.lock().unwrap().push(write.clone());
        self.calls.comes("write").await;
        let next = self.writes.lock().unwrap().pop_front();
        next.unwrap_or_else(|| self.always.lock().unwrap().given(Done::Plain))
    }

    async fn find(&self, _: &CrmWrite, _: i64) -> Result<Option<Done>, CallError> {
        self.calls.comes("find").await;
        let found = self.found.lock().unwrap().clone()?;
        Ok(found.filter(|_| self.calls.clock.now_ms() >= BEGIN + 30 * SECOND))
    }

    async fn users(&self) -> Result<Vec<CrmUser>, CallError> {
        Ok(Vec::new())
    }

    async fn access(&self, _: UserId, _: DealId) -> Result<DealAccess, CallError> {
        Err(CallError::retry("nobody asks"))
    }
}

#[async_trait]
impl Watch for FakeCrm {
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

pub struct FakeBot {
    calls: Calls,
    asked: Mutex<Vec<TurnId>>,
}

impl FakeBot {
    fn new(calls: &Calls) -> Self {
        Self {
            calls: calls.clone(),
            asked: Mutex::default(),
        }
    }

    /// The turns that it was asked.
    pub fn asked(&self) -> Vec<TurnId> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Bot for FakeBot {
    async fn turn(&self, request: &BotRequest) -> Result<BotSaid, CallError> {
        self.asked.lock().unwrap().push(request.turn_id.clone());
        self.calls.comes("ask").await;
        Ok(BotSaid::Answer(Box::default()))
    }

    fn late(&self, _: LateCall<'_>) -> Result<BotReply, LateRefusal> {
        Err(LateRefusal::NotSigned)
    }
}
