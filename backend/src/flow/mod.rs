//! The way of the data.
//!
//! ```text
//! webhook · card · timer ─▶ ingest ─▶ [inbox] ─▶ claim dialog ─▶ decide (widget-core) ─▶ one commit: journal + state
//!                                        ▲                                              + timers + outbox + inbox done
//!                                        └── result ◀─ act ◀─ [outbox] ◀───────────────────────────┘
//!                                                   amoCRM · Pact · bot
//! ```
//!
//! Everything that happens, results of our own calls included, enters through the inbox; `decide` is the only place
//! where a dialog changes.

mod act;
mod alerts;
mod bells;
mod booking;
mod booking_link;
mod catchup;
mod chores;
mod claim;
mod creation;
mod decide;
pub mod failpoint;
mod guard;
mod hurry;
mod inbox;
mod ingest;
mod late;
mod line;
mod listing;
mod morning;
mod open_cards;
mod outbox;
mod owners;
mod pace;
mod panics;
mod patience;
mod press;
mod recovery;
mod render;
mod replay;
mod rules;
mod shared_task;
mod window;
mod zone;

pub use alerts::{AlertSettings, Alerts, Sentence};
pub use bells::{Bells, LaneBells};
pub use chores::Chores;
pub use creation::Making;
pub use hurry::Hurry;
pub use ingest::dialog_id;
pub use late::LateAnswer;
pub use line::{Line, Lines, Provider, Shut};
pub use open_cards::OpenCard;
pub use recovery::{BotHealth, CrmHealth};
pub use replay::{Judged, Trial};
pub use rules::{InForce, Rules};

use crate::error::StoreError;
use crate::ports::{Booking, Bot, Channel, Clock, Crm, Hooks, News, Store, Watch, WriteFirst};
use claim::{POLL, SELDOM};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::futures::Notified;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use widget_core::dialog::Dialog;
use widget_core::ids::{AccountId, DialogId};
use widget_core::trace::Check;

/// How many dialogs are worked on at once. Each waits for two commits, which all those that wait share.
const WORKERS: usize = 32;
/// How many journal rows are looked through for the last decision worth showing.
const TRACE_DEPTH: u32 = 30;

/// One account with everything that belongs to it alone.
pub struct Tenant {
    /// The account.
    pub account: AccountId,
    /// Pact's number of the company: a webhook that names another is not ours.
    pub pact_company: i64,
    /// amoCRM's number of the account.
    pub amocrm_account: i64,
    /// Its policy.
    pub in_force: InForce,
    /// The account's CRM.
    pub crm: Arc<dyn Crm>,
    /// What the account's CRM has of the things we watch over.
    pub watch: Arc<dyn Watch>,
    /// How the CRM has answered lately.
    pub crm_health: CrmHealth,
    /// The account's channel.
    pub channel: Arc<dyn Channel>,
    /// The channel once more, where it has a text that is approved for guests who are silent for long.
    pub write_first: Option<Arc<dyn WriteFirst>>,
    /// The account's bot.
    pub bot: Arc<dyn Bot>,
    /// How it has answered lately.
    pub bot_health: BotHealth,
    /// Whether CRM and channel take its calls.
    pub lines: Lines,
    /// What is wrong with it.
    pub alerts: Alerts,
    /// Wakes those who carry out its actions.
    pub lane_bells: LaneBells,
    /// Where providers send their webhooks: `(amoCRM's URL, Pact's URL)`, secrets included.
    pub hook_urls: (String, String),
}

/// The engine. One per process; cheap to clone through `Arc`.
pub struct Flow {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Reads raw webhooks.
    pub hooks: Arc<dyn Hooks>,
    /// The business clock.
    pub clock: Arc<dyn Clock>,
    /// Where guests book.
    pub booking: Arc<dyn Booking>,
    /// The accounts.
    pub tenants: BTreeMap<AccountId, Arc<Tenant>>,
    /// Wakes the workers.
    pub bells: Bells,
    /// The providers' limits hold; without them only stand-ins can be served.
    pub limited: bool,
    /// For which guests something is being made in the CRM.
    pub making: Making,
    /// Who is to be caught up with at once.
    pub hurry: Hurry,
    /// Workers that a panic has stopped and that have not begun anew.
    pub workers_down: AtomicU32,
}

/// What became of a webhook body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// Stored.
    Stored,
    /// Known already.
    Duplicate,
    /// Names another tenant: nothing stored.
    Foreign,
    /// Malformed or unknown: stored for a look, without effect.
    Unreadable,
}

/// A click in the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press {
    /// «Взять диалог».
    Take,
    /// «Вернуть боту», with a note for the bot.
    Return(Option<String>),
    /// «Отменить».
    Undo,
    /// «Ответ не нужен».
    Dismiss,
    /// «Не отправлять»: no final touch.
    NoTouch,
    /// «Не отвечать ботом».
    Exclude,
    /// «Включить бота».
    Include,
}

/// What a click came to.
#[derive(Debug, Clone)]
pub struct Pressed {
    /// The dialog after it.
    pub dialog: Dialog,
    /// A text of the bot was on its way and could not be held back within 2 s.
    pub left_meanwhile: bool,
}

/// Why a click was not carried out.
#[derive(Debug)]
pub enum PressError {
    /// No such dialog in this account.
    NotFound,
    /// The dialog is not as the card showed it: `If-Match` is stale and the wanted state is not there yet.
    Stale(Box<Dialog>),
    /// The store failed; nothing changed.
    Store(StoreError),
}

impl Tenant {
    /// The rules in force at this moment.
    pub fn rules(&self) -> Arc<Rules> {
        self.in_force.rules()
    }
}

impl Flow {
    /// The account, if it is configured.
    pub fn tenant(&self, account: AccountId) -> Option<Arc<Tenant>> {
        self.tenants.get(&account).cloned()
    }

    /// Runs all workers until `stop`; returns when they have finished what they began.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let workers = TaskTracker::new();
        for worker in 0..WORKERS {
            let look_every = if worker == 0 { POLL } else { SELDOM };
            let work = move |flow: Arc<Self>, stop| flow.work_on_dialogs(look_every, stop);
            workers.spawn(self.kept_up(&stop, work));
        }
        workers.spawn(self.kept_up(&stop, Self::hear_news));
        workers.spawn(self.kept_up(&stop, Self::route_all_hints));
        workers.spawn(self.kept_up(&stop, Self::greet_mornings));
        workers.spawn(self.kept_up(&stop, Self::watch_lines));
        workers.spawn(self.kept_up(&stop, Self::dispatch_acts));
        workers.spawn(self.kept_up(&stop, Self::keep_caught_up));
        workers.spawn(self.kept_up(&stop, Self::watch_over_accounts));
        workers.close();
        workers.wait().await;
    }

    /// Rings for what other instances tell, until `stop`.
    async fn hear_news(self: Arc<Self>, stop: CancellationToken) {
        loop {
            let news = tokio::select! {
                news = self.store.hear() => news,
                () = stop.cancelled() => return,
            };
            match news {
                News::Acts(account, lane) => {
                    if let Some(tenant) = self.tenant(account)
                        && !tenant.lane_bells.ring(lane)
                    {
                        self.bells.lane_is_needed();
                    }
                }
                News::Deal(account, deal) => self.bells.cards.deal_changed(account, deal),
                News::Rules(_) => self.bells.rules_are_stored(),
            }
        }
    }

    /// A worker that begins anew after a panic; until then the process says that it is not ready.
    fn kept_up<W: Future<Output = ()> + Send + 'static>(
        self: &Arc<Self>,
        stop: &CancellationToken,
        work: impl Fn(Arc<Self>, CancellationToken) -> W + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (flow, stop) = (Arc::clone(self), stop.clone());
        async move {
            while panics::contained(Box::pin(work(Arc::clone(&flow), stop.clone())))
                .await
                .is_none()
            {
                flow.workers_down.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(claim::REST).await;
                flow.workers_down.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    /// Whether all workers of [`Self::run`] are at work.
    pub fn is_at_work(&self) -> bool {
        self.workers_down.load(Ordering::Relaxed) == 0
    }

    /// The checks of the last decision that says something about who leads and why.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn last_trace(
        &self,
        tenant: &Tenant,
        dialog: &DialogId,
    ) -> Result<Vec<Check>, StoreError> {
        let rows = self
            .store
            .newest(tenant.account, dialog, TRACE_DEPTH)
            .await?;
        for row in rows {
            let trace: Vec<Check> = serde_json::from_str(&row.trace)
                .map_err(|error| StoreError::Unreadable(error.to_string()))?;
            if trace.iter().any(says_something) {
                return Ok(trace);
            }
        }
        Ok(Vec::new())
    }
}

/// Whether a check belongs to a decision about who speaks, not to its bookkeeping.
fn says_something(check: &Check) -> bool {
    const FAMILIES: [&str; 21] = [
        "owner.",
        "trigger",
        "handoff",
        "bot.answer",
        "bot.handoff",
        "bot.promised",
        "bot.failed",
        "bot.silent",
        "guard.",
        "clarify.",
        "mode.",
        "guest.excluded",
        "thanks",
        "opt_out",
        "payment.",
        "review.",
        "urgent.",
        "waiting.",
        "service.",
        "touch.sent",
        "no_reply.",
    ];
    const BOOKKEEPING: [&str; 3] = ["trigger.none", "owner.field", "owner.bot"];
    FAMILIES.iter().any(|family| check.rule.starts_with(family))
        && !BOOKKEEPING.contains(&check.rule.as_str())
}

/// Waits until the bell rings, or `stop`.
async fn rung(bell: Notified<'_>, stop: &CancellationToken) {
    tokio::select! {
        () = bell => {}
        () = stop.cancelled() => {}
    }
}

/// Rests until the bell rings, the poll is due (with a jitter, so that workers don't march in step), or `stop`.
async fn rest(bell: Notified<'_>, poll: Duration, stop: &CancellationToken) {
    let mut byte = [0_u8; 1];
    let _ = getrandom::fill(&mut byte);
    let jitter = poll.mul_f32(f32::from(byte[0]) / 1024.0);
    tokio::select! {
        () = bell => {}
        () = tokio::time::sleep(poll + jitter) => {}
        () = stop.cancelled() => {}
    }
}
