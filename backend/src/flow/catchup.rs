//! Catching up (DESIGN §5.6): after the start and every few minutes, what the channel has and its webhooks did not tell,
//! and what became of the deals and tasks of open dialogs.
//!
//! What is found enters the inbox as if its webhook had brought it, under the same key: a webhook that comes late is a
//! duplicate, and how old a message may be is decided where all messages are.

use super::line::Provider;
use super::listing::Listing;
use super::pace::Pace;
use super::panics::contained;
use super::{Flow, Received, Tenant, dialog_id};
use crate::error::{CallError, StoreError};
use crate::ports::{CrmHook, Duty, Envelope, Reach, Source, Thread, Written};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use widget_core::decide::is_news;
use widget_core::dialog::{Dialog, TaskState};
use widget_core::ids::{AccountId, ConversationId, MessageId};
use widget_core::time::{DAY, MINUTE, SECOND};

/// The pause between two rounds, ms; up to a quarter longer, so that accounts don't march in step.
const EVERY: i64 = 5 * MINUTE;
/// The pause after a round that failed, ms.
const AGAIN: i64 = 2 * MINUTE;
/// How many accounts are caught up with at once.
const ROUNDS_AT_ONCE: usize = 256;
/// How often an instance looks whether an account has become its to catch up with, ms.
const LOOK_WHETHER_OURS: i64 = 20 * SECOND;
/// Another clock and a list that lags behind are forgiven so much, ms.
const OVERLAP: i64 = 10 * MINUTE;
/// A dialog of the bot in which nothing was decided for so long before is not looked at, ms.
const QUIET_FOR: i64 = DAY;
/// Half of what Pact allows for its lists of conversations (10 a minute): who looks for a text of ours goes first.
const THREADS_A_MINUTE: usize = 5;
/// … of messages.
const MESSAGES_A_MINUTE: usize = 10;
/// Requests to the CRM, of the 5 that it takes a second.
const CRM_A_SECOND: usize = 1;
/// Deals and tasks in one request.
const IDS_AT_ONCE: usize = 50;
/// A page is asked for so often before the round is given up.
const TRIES: u32 = 5;
/// The business clock is looked at so often.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Why a round ended before its end.
#[derive(Debug, Error)]
enum Broken {
    #[error("the backend stops")]
    Stopping,
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the list of conversations moved while it was read")]
    Moved,
}

/// One account being caught up with.
struct CatchUp {
    flow: Arc<Flow>,
    tenant: Arc<Tenant>,
    stop: CancellationToken,
    threads: Pace,
    messages: Pace,
    crm: Pace,
    /// The newest message of each conversation when it was last read through.
    read_to: HashMap<ConversationId, MessageId>,
}

impl Flow {
    /// Catches up with every account, again and again, until `stop`. An account that rests has no task of its own.
    pub(super) async fn keep_caught_up(self: Arc<Self>, stop: CancellationToken) {
        let now = self.clock.now_ms();
        let accounts = self.tenants.values();
        let accounts = accounts.map(|tenant| CatchUp::new(&self, tenant, &stop));
        let mut resting: BTreeMap<(i64, AccountId), CatchUp> = accounts
            .map(|catch_up| ((now, catch_up.tenant.account), catch_up))
            .collect();
        let mut rounds = JoinSet::new();
        while !stop.is_cancelled() {
            let now = self.clock.now_ms();
            self.let_hurry(&mut resting, now);
            while rounds.len() < ROUNDS_AT_ONCE
                && let Some(next) = resting.first_entry()
                && next.key().0 <= now
            {
                rounds.spawn(next.remove().turn());
            }
            for tenant in self.tenants.values() {
                self.tell_if_crm_is_back(tenant).await;
            }
            let look = tokio::time::sleep(LOOK_EVERY);
            tokio::pin!(look);
            loop {
                tokio::select! {
                    () = &mut look => break,
                    () = stop.cancelled() => break,
                    Some(Ok((catch_up, pause))) = rounds.join_next() => {
                        let next = self.clock.now_ms() + jittered(pause);
                        resting.insert((next, catch_up.tenant.account), catch_up);
                    }
                }
            }
        }
        while rounds.join_next().await.is_some() {}
    }

    /// Whoever is in a hurry rests no longer; in the middle of a round it is first ended.
    fn let_hurry(&self, resting: &mut BTreeMap<(i64, AccountId), CatchUp>, now: i64) {
        for account in self.hurry.all() {
            let place = resting.keys().find(|(_, resting)| *resting == account);
            if let Some(place) = place.copied()
                && let Some(catch_up) = resting.remove(&place)
            {
                self.hurry.take(account);
                resting.insert((place.0.min(now), account), catch_up);
            }
        }
    }
}

impl CatchUp {
    fn new(flow: &Arc<Flow>, tenant: &Arc<Tenant>, stop: &CancellationToken) -> Self {
        Self {
            flow: Arc::clone(flow),
            tenant: Arc::clone(tenant),
            stop: stop.clone(),
            threads: Pace::new(THREADS_A_MINUTE, MINUTE),
            messages: Pace::new(MESSAGES_A_MINUTE, MINUTE),
            crm: Pace::new(CRM_A_SECOND, SECOND),
            read_to: HashMap::new(),
        }
    }

    /// A round, if it is this instance's to do, and the pause until the next.
    async fn turn(mut self) -> (Self, i64) {
        let turn = contained(Box::pin(async {
            if self.is_ours().await {
                self.round().await
            } else {
                LOOK_WHETHER_OURS
            }
        }));
        let pause = turn.await.unwrap_or(AGAIN);
        (self, pause)
    }

    fn now(&self) -> i64 {
        self.flow.clock.now_ms()
    }

    /// Whether this instance is the one to do it.
    async fn is_ours(&self) -> bool {
        let duty = Duty::Account(self.tenant.account);
        self.flow.store.has(duty).await.unwrap_or_else(|error| {
            tracing::error!(account = %self.tenant.account, %error, "catching up waits for the store");
            false
        })
    }

    /// One round over channel and CRM, neither of which holds up the other. Answers the pause until the next.
    async fn round(&mut self) -> i64 {
        let reach = match self.reach().await {
            Ok(reach) => reach,
            Err(why) => {
                self.tell("the store", &why);
                return AGAIN;
            }
        };
        let mut pause = EVERY;
        if self.is_open(Provider::Pact)
            && let Err(why) = self.catch_up_with_channel(&reach).await
        {
            self.tell("Pact", &why);
            pause = AGAIN;
        }
        if self.is_open(Provider::Amocrm)
            && let Err(why) = self.catch_up_with_crm(&reach).await
        {
            self.tell("amoCRM", &why);
            pause = AGAIN;
        }
        pause
    }

    /// Whoever refuses the whole account is not asked; what is missed meanwhile is found when that is over.
    fn is_open(&self, provider: Provider) -> bool {
        self.tenant.lines.to(provider).shut().is_none()
    }

    async fn reach(&self) -> Result<Reach, Broken> {
        let (account, now) = (self.tenant.account, self.now());
        Ok(self.flow.store.reach(account, now).await?)
    }

    fn tell(&self, who: &str, why: &Broken) {
        if !matches!(why, Broken::Stopping) {
            let account = self.tenant.account;
            tracing::warn!(%account, who, %why, "not caught up, trying again");
            metrics::counter!("estafeta_catch_up_failed_total", "who" => who.to_owned())
                .increment(1);
        }
    }

    // --- the channel ----------------------------------------------------------------------------------------------

    /// Reads all conversations that changed since the last time.
    async fn catch_up_with_channel(&mut self, reach: &Reach) -> Result<(), Broken> {
        let began = self.now();
        let since = reach.caught_up_to.saturating_sub(OVERLAP);
        let tenant = Arc::clone(&self.tenant);
        let mut listing = Listing::since(since);
        while let Some(page) = listing.next_page() {
            let ask = || tenant.channel.threads(page);
            listing.add(self.paced(|this| &mut this.threads, ask).await?);
        }
        let moved = listing.may_lack_some(began);
        let mut threads = listing.rows();
        threads.retain(|thread| thread.changed_at >= since && !thread.group);
        // Those whom the bot can still answer in time come first.
        threads.sort_by_key(|thread| std::cmp::Reverse(thread.changed_at));
        for thread in &threads {
            self.read_through(thread, since, reach).await?;
        }
        self.read_to
            .retain(|id, _| threads.iter().any(|thread| thread.id == *id));
        if moved {
            return Err(Broken::Moved);
        }
        let account = self.tenant.account;
        self.flow.store.caught_up(account, began).await?;
        Ok(())
    }

    /// Takes in what a conversation has since then, unless it was read through already.
    async fn read_through(
        &mut self,
        thread: &Thread,
        since: i64,
        reach: &Reach,
    ) -> Result<(), Broken> {
        if thread.newest.is_some() && self.read_to.get(&thread.id) == thread.newest.as_ref() {
            return Ok(());
        }
        let tenant = Arc::clone(&self.tenant);
        let mut listing = Listing::since(since);
        while let Some(page) = listing.next_page() {
            let ask = || tenant.channel.written(thread, page);
            listing.add(self.paced(|this| &mut this.messages, ask).await?);
        }
        let dialog = dialog_id(tenant.account, &thread.id);
        let known = self.flow.store.dialog(tenant.account, &dialog).await?;
        let newest = known.as_ref().and_then(newest_journaled);
        let mut found = listing.rows();
        found.retain(|written| is_missed(written, since, reach, newest));
        found.sort_by_key(|written| (written.at, written.came_at));
        self.take_in(&tenant, found).await?;
        if let Some(newest) = &thread.newest {
            self.read_to.insert(thread.id.clone(), newest.clone());
        }
        Ok(())
    }

    /// All that was found in a conversation enters the inbox in one commit: so it is decided in order.
    async fn take_in(&self, tenant: &Tenant, found: Vec<Written>) -> Result<(), Broken> {
        let told = found.into_iter().flat_map(|written| written.told);
        let envelopes: Vec<Envelope> = told
            .filter_map(|body| self.flow.hooks.pact_envelope(&body).ok())
            .collect();
        if self.store(tenant, Source::Pact, envelopes).await? {
            let account = tenant.account;
            tracing::info!(%account, "found messages of a conversation that no webhook had told of");
        }
        Ok(())
    }

    /// Whether anything of it was new.
    async fn store(
        &self,
        tenant: &Tenant,
        source: Source,
        envelopes: Vec<Envelope>,
    ) -> Result<bool, Broken> {
        if envelopes.is_empty() {
            return Ok(false);
        }
        let stored = self.flow.store_envelopes(tenant, source, envelopes, true);
        let new = stored.await? == Received::Stored;
        if new {
            metrics::counter!("estafeta_caught_up_total").increment(1);
        }
        Ok(new)
    }

    // --- the CRM --------------------------------------------------------------------------------------------------

    /// Compares the deals and tasks of open dialogs with what we know; what differs is told as its webhook would.
    async fn catch_up_with_crm(&mut self, reach: &Reach) -> Result<(), Broken> {
        let tenant = Arc::clone(&self.tenant);
        let since = reach.caught_up_to.saturating_sub(QUIET_FOR);
        let open = self.flow.store.open_dialogs(tenant.account, since).await?;
        let deals: BTreeSet<_> = open.iter().filter_map(|dialog| dialog.deal).collect();
        let tasks: BTreeSet<_> = open.iter().filter_map(open_task).collect();
        let (deals, tasks) = (Vec::from_iter(deals), Vec::from_iter(tasks));
        let mut told = Vec::new();
        for some in deals.chunks(IDS_AT_ONCE) {
            let ask = || tenant.watch.deals(some);
            told.extend(self.paced(|this| &mut this.crm, ask).await?);
            let link = async || match tenant.watch.link_late(some).await {
                Err(error @ CallError::Retry { .. }) => Err(error),
                // Nothing is lost by it: a chat that stays where it is does not hold up the rest.
                Err(error) => {
                    let account = tenant.account;
                    tracing::warn!(%account, %error, "late chats could not be linked");
                    Ok(0)
                }
                linked => linked,
            };
            self.paced(|this| &mut this.crm, link).await?;
        }
        for some in tasks.chunks(IDS_AT_ONCE) {
            let ask = || tenant.watch.closed_tasks(some);
            told.extend(self.paced(|this| &mut this.crm, ask).await?);
        }
        if !deals.is_empty() {
            tenant.crm_health.answered();
        }
        told.retain(|envelope| {
            let hook = self.flow.hooks.amocrm(&envelope.body);
            open.iter().any(|dialog| tells_news(&hook, dialog))
        });
        self.store(&tenant, Source::Amocrm, told).await?;
        Ok(())
    }

    // --- limits and waits -----------------------------------------------------------------------------------------

    /// Asks within the pace, and again after the pause that the other side wants.
    async fn paced<T, A>(
        &mut self,
        pace: fn(&mut Self) -> &mut Pace,
        ask: impl Fn() -> A,
    ) -> Result<T, Broken>
    where
        A: Future<Output = Result<T, CallError>>,
    {
        let mut tries = 0;
        loop {
            loop {
                let now = self.now();
                let Err(at) = pace(self).take(now) else { break };
                self.wait_until(at).await?;
            }
            match ask().await {
                Ok(answer) => return Ok(answer),
                Err(CallError::Retry { after_ms, .. }) if tries + 1 < TRIES => {
                    let pause = after_ms.unwrap_or(SECOND << tries);
                    tries += 1;
                    self.wait_until(self.now() + pause).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits for unix ms `at` of the business clock.
    async fn wait_until(&self, at: i64) -> Result<(), Broken> {
        while self.now() < at {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = self.stop.cancelled() => return Err(Broken::Stopping),
            }
        }
        if self.stop.is_cancelled() {
            return Err(Broken::Stopping);
        }
        Ok(())
    }
}

/// Whether a message belongs to what may have been missed: it came to the channel since then, was written after the
/// account's activation, and is no piece of imported history, which lies before what the dialog knows.
fn is_missed(written: &Written, since: i64, reach: &Reach, newest: Option<i64>) -> bool {
    // The provider's times are whole seconds.
    let is_ours = written.at.saturating_add(SECOND) > reach.activated_at;
    let is_history = written.at < since && newest.is_some_and(|newest| written.at <= newest);
    written.came_at >= since && is_ours && !is_history
}

/// The own time of the newest message that the dialog knows, unix ms.
fn newest_journaled(dialog: &Dialog) -> Option<i64> {
    dialog.recent.iter().map(|seen| seen.at).max()
}

fn open_task(dialog: &Dialog) -> Option<widget_core::ids::TaskId> {
    match dialog.task {
        TaskState::Open { id } => Some(id),
        TaskState::None | TaskState::Making => None,
    }
}

/// Whether what the CRM has is news to a dialog. What we are writing at the moment is not looked at.
fn tells_news(hook: &CrmHook, dialog: &Dialog) -> bool {
    match hook {
        CrmHook::Deal {
            deal, field, stage, ..
        } => {
            let writing = dialog.field.pending || dialog.moving.is_some();
            dialog.deal == Some(*deal) && !writing && is_news(dialog, *field, stage.as_ref())
        }
        CrmHook::Task { task, done, .. } => *done && open_task(dialog) == Some(*task),
        CrmHook::Outgoing { .. } | CrmHook::Other => false,
    }
}

fn jittered(pause: i64) -> i64 {
    let mut byte = [0_u8; 1];
    let _ = getrandom::fill(&mut byte);
    pause + pause / 4 * i64::from(byte[0]) / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_794_988_800_000;

    fn written(at: i64, came_at: i64) -> Written {
        Written {
            id: MessageId("1".to_owned()),
            at,
            came_at,
            told: Vec::new(),
        }
    }

    #[test]
    fn design_5_6_what_counts_as_missed() {
        let reach = Reach {
            activated_at: NOW - 10 * DAY + 500,
            caught_up_to: NOW - DAY,
        };
        let since = NOW - DAY;
        let holds = |at, came_at, newest| is_missed(&written(at, came_at), since, &reach, newest);
        assert!(holds(NOW - 1, NOW, None), "a new guest");
        assert!(
            holds(NOW - MINUTE, NOW, Some(NOW)),
            "a later message may have been told already"
        );
        assert!(!holds(NOW - 2 * DAY, NOW - 2 * DAY, None), "told long ago");
        assert!(
            holds(NOW - 2 * DAY, NOW, Some(NOW - 3 * DAY)),
            "the channel itself had no connection"
        );
        assert!(
            !holds(NOW - 2 * DAY, NOW, Some(NOW - 2 * DAY)),
            "imported history"
        );
        assert!(!holds(NOW - 11 * DAY, NOW, None), "before the activation");
        let same_second = NOW - 10 * DAY;
        assert!(holds(same_second, NOW, None), "times without ms");
    }

    #[test]
    fn the_pause_is_at_most_a_quarter_longer() {
        for _ in 0..50 {
            let pause = jittered(EVERY);
            assert!((EVERY..=EVERY / 4 * 5).contains(&pause), "{pause}");
        }
    }
}
