//! What the flow needs of the world: small traits, no driver types in their signatures. Only `app.rs` knows who
//! implements them.

mod alerts;
mod booking;
mod bot;
mod budget;
mod catchup;
mod checkup;
mod grants;
mod instances;
mod knowledge;
mod privacy;
mod probe;
mod setup;
mod write_first;

use crate::error::{CallError, StoreError};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use widget_core::action::{Action, SendKind, TaskKind};
use widget_core::dialog::Dialog;
use widget_core::event::{DealFacts, FieldValue, Timer};
use widget_core::ids::{
    AccountId, ActionKey, ContactId, ConversationId, DealId, DialogId, MessageId, StageKey, TaskId,
    TextRef, UserId,
};
use widget_core::owner::ReasonId;
use widget_core::understand::AttachmentKind;

pub use crate::clock::Clock;
pub use alerts::{
    AlertHook, AlertKind, CauseSeen, ChannelState, HookFound, Incident, Incidents, Part, Pulse,
    Pulses, Telling, Told, Way,
};
pub use booking::Booking;
pub use bot::{
    Bot, BotAnswerBody, BotBooking, BotContact, BotDeal, BotHistory, BotMessage, BotPassage,
    BotPolicy, BotReply, BotRequest, BotSaid, BotText, BotWish, LateCall, LateRefusal,
};
pub use budget::{Budgets, Class, Rank, Window};
pub use catchup::{Page, Reach, Reaches, Thread, Watch, Written};
pub use checkup::{Checked, Checkups, Finding};
pub use grants::{Connection, Grant, Grants, Pair, Setback, Standing};
pub use instances::{Duty, Instances, News};
pub use knowledge::{
    BaseVersion, Candidates, Hit, Hits, Knowledge, Librarian, Missed, NewBase, StoredBase,
};
pub use privacy::{ApiLog, Erasure, Known, Privacy, Progress, Wish};
pub use probe::{Answer, Probe, Question};
pub use setup::{
    Draft, Filled, Hours, Install, Installed, KeptSetup, People, SeenField, SeenPipeline,
    SeenStage, SeenWidget, Service, SetupDesk, SetupLine, Setups, Step, Survey, Tick, TrialNews,
    Trouble, Voices, Widgets,
};
pub use write_first::WriteFirst;

// ---------------------------------------------------------------- store: inbox

/// Where an inbox row came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Pact's webhook, raw body of one event.
    Pact,
    /// amoCRM's webhook, one item of a body, as JSON.
    Amocrm,
    /// A result of an action of ours, JSON of `flow::inbox::Outcome`.
    Act,
}

/// A row to store in the inbox. The body is sealed at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRow {
    /// The tenant.
    pub account: AccountId,
    /// The dialog it belongs to; `None` when that has to be looked up (an amoCRM item).
    pub dialog: Option<DialogId>,
    /// The conversation, so that the first event of a guest can make the dialog.
    pub conversation: Option<ConversationId>,
    /// Where it came from.
    pub source: Source,
    /// A second row with this key for the same account and source is a duplicate and not stored.
    pub dedup_key: String,
    /// The body.
    pub body: Vec<u8>,
    /// Arrival, unix ms of the business clock.
    pub at: i64,
}

/// A stored inbox row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxRow {
    /// Its id; ids grow in the order of arrival.
    pub id: i64,
    /// What was stored.
    pub row: NewRow,
    /// How often handling it failed.
    pub tries: u32,
    /// It was parked as a possible echo until this unix ms.
    pub parked_until: Option<i64>,
    /// Its body does not open, or is of no source that this version knows: the body is empty.
    pub damaged: bool,
}

/// Raw input, durable before it is acknowledged.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Stores rows in one commit, with fsync. Answers for each whether it is new (`false` = duplicate, not stored).
    async fn ingest(&self, rows: Vec<NewRow>) -> Result<Vec<bool>, StoreError>;

    /// Stores a row of which nothing follows, in the same way: it is done, and wakes nobody. Whether it is new.
    async fn file(&self, row: NewRow) -> Result<bool, StoreError>;

    /// Up to `limit` rows without a dialog, oldest first.
    async fn unrouted(&self, limit: u32) -> Result<Vec<InboxRow>, StoreError>;

    /// Replaces rows without a dialog, each by rows that have one (or by none), all in one commit.
    ///
    /// [`StoreError::LeaseLost`]: somebody was faster with one of them; nothing changed.
    async fn route(&self, routed: Vec<(i64, Vec<NewRow>)>) -> Result<(), StoreError>;
}

// ---------------------------------------------------------------- store: dialogs

/// The right to change one dialog. Every write under it carries the token; a stale token changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The tenant.
    pub account: AccountId,
    /// The dialog.
    pub dialog: DialogId,
    /// The fencing token: grows with every lease of this dialog.
    pub token: i64,
}

/// A leased dialog with its work.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The lease.
    pub lease: Lease,
    /// The state; [`Dialog::new`] for a guest's first event.
    pub state: Dialog,
    /// Rows that are ready, in order of arrival, at most 50. Parked rows whose time has not come are left out.
    pub rows: Vec<InboxRow>,
    /// Timers that are due, earliest first.
    pub due: Vec<DueTimer>,
    /// Its guest, once anybody has named one.
    pub guest: Option<Guest>,
    /// Whether another dialog was ready at the same moment.
    pub another_is_ready: bool,
}

/// A timer that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueTimer {
    /// Which.
    pub timer: Timer,
    /// Its arming.
    pub generation: u64,
    /// When it was due, unix ms.
    pub due: i64,
}

/// One journal row, ready to store: `{seq, at, event, policy_version, core_version, changes, actions, trace}` as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRow {
    /// Sequence number within the dialog, from 1 without gaps.
    pub seq: u64,
    /// Unix ms.
    pub at: i64,
    /// Version of the policy it was decided under.
    pub policy_version: i64,
    /// Version of widget-core.
    pub core_version: String,
    /// JSON of the event.
    pub event: String,
    /// JSON of the changes.
    pub changes: String,
    /// JSON of the actions.
    pub actions: String,
    /// JSON of the trace.
    pub trace: String,
}

/// An action for the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAct {
    /// Its idempotency key.
    pub key: ActionKey,
    /// What to do.
    pub action: Action,
    /// For a send: the sealed text as it will be sent, and its HMAC for the ledger is made by the store.
    pub text: Option<TextRef>,
}

/// All that one or several decisions on a leased dialog change, in one commit.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The lease it was decided under.
    pub lease: Lease,
    /// The account's epoch of the rules it was decided under: its texts leave only while that is the account's.
    pub account_epoch: i64,
    /// The state after it. Its `timers` replace the stored ones, its `deal` is indexed.
    pub state: Dialog,
    /// Rows to append to the journal.
    pub journal: Vec<JournalRow>,
    /// Actions for the outbox.
    pub acts: Vec<NewAct>,
    /// Inbox rows handled.
    pub consumed: Vec<i64>,
    /// Inbox rows parked until the given unix ms: possible echoes of a send in flight.
    pub parked: Vec<(i64, i64)>,
    /// Give the lease back with this commit.
    pub release: bool,
}

/// Leased, fenced access to dialogs.
#[async_trait]
pub trait Dialogs: Send + Sync {
    /// Leases the dialog that has been ready longest at business time `now`: an inbox row is ready, or a timer due.
    async fn claim(&self, now: i64) -> Result<Option<Claimed>, StoreError>;

    /// Leases this dialog if nobody holds it; `Ok(None)` while somebody does. For an absent dialog
    /// `Err(StoreError::LeaseLost)`. The claim's `rows` and `due` are those ready at `now`.
    async fn lease(
        &self,
        account: AccountId,
        dialog: &DialogId,
        now: i64,
    ) -> Result<Option<Claimed>, StoreError>;

    /// Applies a commit, and answers when the dialog is ready the next time, unix ms. [`StoreError::LeaseLost`] if the
    /// token is stale; then nothing was written.
    async fn commit(&self, commit: Commit) -> Result<Option<i64>, StoreError>;

    /// Gives a lease back without a commit; the dialog is not claimed again before `again_at` (business unix ms).
    /// `failed` counts one failed try on these inbox rows; a row that failed three times is taken out of the way
    /// (kept as poison), and its ids are answered.
    async fn release(
        &self,
        lease: &Lease,
        failed: &[i64],
        again_at: i64,
    ) -> Result<Vec<i64>, StoreError>;

    /// Reads a dialog without a lease.
    async fn dialog(
        &self,
        account: AccountId,
        dialog: &DialogId,
    ) -> Result<Option<Dialog>, StoreError>;

    /// The dialogs bound to a deal, newest first.
    async fn dialogs_of_deal(
        &self,
        account: AccountId,
        deal: DealId,
    ) -> Result<Vec<Dialog>, StoreError>;
}

/// The dialogs that wait for a person.
#[async_trait]
pub trait Waiting: Send + Sync {
    /// Dialogs that nobody took, longest first; with a reason, those that wait for it.
    async fn waiting(
        &self,
        account: AccountId,
        reason: Option<ReasonId>,
    ) -> Result<Vec<Dialog>, StoreError>;
}

/// Dialogs that have something in common, and what waits for one of them.
#[async_trait]
pub trait Kin: Send + Sync {
    /// The dialogs of a contact, newest first.
    async fn dialogs_of_contact(
        &self,
        account: AccountId,
        contact: ContactId,
    ) -> Result<Vec<Dialog>, StoreError>;

    /// Keeps an inbox row without a dialog until a dialog is bound to `deal`: the commit that binds it makes the row
    /// ready there, unless the CRM was read for the dialog after the row had arrived. Nothing happens if a dialog is
    /// bound to the deal already.
    async fn keep_for_deal(&self, row: i64, deal: DealId) -> Result<(), StoreError>;

    /// Whether `action` was decided before `other`, both known.
    async fn is_older(
        &self,
        account: AccountId,
        action: &ActionKey,
        other: &ActionKey,
    ) -> Result<bool, StoreError>;
}

/// The journal of a dialog.
#[async_trait]
pub trait Journal: Send + Sync {
    /// The newest `limit` rows, newest first.
    async fn newest(
        &self,
        account: AccountId,
        dialog: &DialogId,
        limit: u32,
    ) -> Result<Vec<JournalRow>, StoreError>;
}

/// Which part of the journals is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// One tenant, or all.
    pub account: Option<AccountId>,
    /// Dialogs in which something was decided at this time or later, unix ms.
    pub since: i64,
}

/// A dialog that has a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The tenant.
    pub account: AccountId,
    /// The dialog.
    pub dialog: DialogId,
    /// The channel's thread.
    pub conversation: ConversationId,
}

/// All journals, to read through while the backend runs. Only ever reads.
#[async_trait]
pub trait History: Send + Sync {
    /// How many dialogs there are.
    async fn count(&self, scope: Scope) -> Result<u64, StoreError>;

    /// Up to `limit` dialogs after `after`, or the first ones, in the order of account and id.
    async fn dialogs(
        &self,
        scope: Scope,
        after: Option<&Recorded>,
        limit: u32,
    ) -> Result<Vec<Recorded>, StoreError>;

    /// A dialog's whole journal, oldest row first.
    async fn rows(&self, dialog: &Recorded) -> Result<Vec<JournalRow>, StoreError>;
}

// ---------------------------------------------------------------- store: outbox

/// How an action is to be carried out now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Make the call.
    Call,
    /// The outcome of the call is unknown: look for its effect, for the n-th time (from 0).
    Check(u32),
}

/// A claimed action.
#[derive(Debug, Clone)]
pub struct ClaimedAct {
    /// The tenant.
    pub account: AccountId,
    /// The dialog.
    pub dialog: DialogId,
    /// The action's key.
    pub key: ActionKey,
    /// What to do.
    pub action: Action,
    /// The text of a send.
    pub text: Option<TextRef>,
    /// Call or check.
    pub phase: Phase,
    /// How many calls were made before this one.
    pub tries: u32,
    /// When the (last) call was claimed, business unix ms.
    pub claimed_at: i64,
    /// When the first call of unknown outcome was claimed, if there was one.
    pub sought_from: Option<i64>,
    /// Since when nothing of it succeeds, business unix ms; waiting for a place is no failure.
    pub failing_since: Option<i64>,
    /// When the action was decided, business unix ms.
    pub created_at: i64,
    /// Fencing token of this claim.
    pub token: i64,
    /// What carrying it out needs, as of the claim.
    pub at_hand: Arc<AtHand>,
}

/// What carrying out an action needs of the store.
#[derive(Debug, Clone)]
pub struct AtHand {
    /// The dialog.
    pub dialog: Dialog,
    /// Its guest, once anybody has named one.
    pub guest: Option<Guest>,
    /// The words of a send; `None` = they were erased.
    pub words: Option<String>,
}

impl ClaimedAct {
    /// From when on an effect of this action may be found, business unix ms: an earlier call than the last one may
    /// have taken effect.
    pub fn sought_since(&self) -> i64 {
        self.sought_from.unwrap_or(self.claimed_at)
    }
}

/// How a claimed action ended.
#[derive(Debug, Clone)]
pub enum Finish {
    /// Over: the result goes into the inbox in the same commit, and for a send the ledger row gets `message`
    /// (or is dropped when the send failed). Parked rows of the dialog become ready.
    Over {
        /// The inbox row with the result; `dedup_key` = the action's key.
        result: NewRow,
        /// The channel's id of a text that was accepted.
        message: Option<MessageId>,
    },
    /// Try again: in this phase, not before this business unix ms.
    Again {
        /// Call or check.
        phase: Phase,
        /// Business unix ms.
        not_before: i64,
        /// Why it is not over.
        why: Again,
    },
}

/// Why an action is not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It failed, or nobody knows: patience with it runs from the first such time.
    Failing {
        /// When, business unix ms.
        at: i64,
    },
    /// It waits for its turn, which is no failure.
    Waiting,
    /// The provider has enough of the whole account for now: nothing of its lane leaves before `not_before`.
    Paused,
    /// The provider refuses the whole account: when that is over, patience begins anew.
    Held,
}

/// What the claim of an action came to.
#[derive(Debug, Clone)]
pub enum ActClaim {
    /// Carry it out.
    Run(Box<ClaimedAct>),
    /// A send whose epoch is over, or whose owner does not allow it: it was refused, nothing left, and it must be
    /// reported ([`Outbox::finish_act`] with [`Finish::Over`]).
    Refused(Box<ClaimedAct>),
}

/// Which actions a claim is for: those of one account and lane, so that no account and no service waits for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The tenant.
    pub account: AccountId,
    /// The lane.
    pub lane: Lane,
    /// The provider's limits hold: a send is claimed only when there is a place for it, in the order of [`Rank`],
    /// and takes the place.
    pub limited: bool,
}

/// Actions to carry out.
///
/// Order: within one dialog and lane (sends · CRM writes · CRM reads) by key order of their decision, one at a time;
/// questions to the bot don't wait for each other; a row in `Check` keeps its lane. A send waits while an outgoing row of its dialog is parked.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Claims the next runnable actions at business time `now`, `most` of them at most. For a send in phase `Call` the
    /// same transaction checks the dialog's owner and epoch (promise 1) and writes the pending ledger row. A send that may
    /// not leave any more is refused at once, whatever it waits for. One that this version cannot read is put off.
    async fn claim_acts(
        &self,
        wanted: Wanted,
        most: usize,
        now: i64,
    ) -> Result<Vec<ActClaim>, StoreError>;

    /// Ends a claim. [`StoreError::LeaseLost`] if the token is stale.
    async fn finish_act(&self, act: &ClaimedAct, finish: Finish) -> Result<(), StoreError>;

    /// The send of this dialog with an epoch below `epoch` that is claimed and not finished, if there is one.
    async fn send_in_flight(
        &self,
        account: AccountId,
        dialog: &DialogId,
        epoch: u64,
    ) -> Result<Option<ActionKey>, StoreError>;

    /// Whether a send was accepted by the channel.
    async fn has_left(&self, account: AccountId, send: &ActionKey) -> Result<bool, StoreError>;

    /// In which lanes of which accounts there may be something for this instance to claim at `now`: one look for all
    /// accounts, however many there are.
    async fn open_lanes(&self, now: i64) -> Result<Vec<(AccountId, Lane)>, StoreError>;

    /// After a crash: every action that the gone process had claimed becomes `Check(0)`, due 5 s (a send) or at once
    /// (others) after its claim. Reads and questions to the bot become `Call` again. Called once, before anything is
    /// claimed.
    async fn recover(&self) -> Result<(), StoreError>;
}

// ---------------------------------------------------------------- store: ledger, texts, small things

/// What the ledger knows of an outgoing message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Echo {
    /// Ours: sent by this action.
    Ours(ActionKey),
    /// A send of this dialog is in flight and has no id yet: park the message.
    Pending,
    /// Nothing of ours fits.
    Foreign,
}

/// What of ours can echo, and which texts stand for what.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Whether the outgoing `message` of `dialog` is ours by its id. `by_text`: decide by equal text too (after the
    /// parking time, or for amoCRM's hook, where the id is foreign): a row matches once per `source`.
    async fn echo(
        &self,
        account: AccountId,
        dialog: &DialogId,
        source: Source,
        message: Option<&MessageId>,
        by_text: Option<&str>,
        now: i64,
    ) -> Result<Echo, StoreError>;

    /// Ids of the channel's messages of this dialog that the ledger has already given to a send.
    async fn used_messages(
        &self,
        account: AccountId,
        dialog: &DialogId,
    ) -> Result<Vec<MessageId>, StoreError>;

    /// Seals a text (a guest's message, a name, a note, a text to send). The same text of the same dialog keeps its
    /// reference.
    async fn put_text(
        &self,
        account: AccountId,
        dialog: &DialogId,
        text: &str,
    ) -> Result<TextRef, StoreError>;

    /// Opens texts, in the order asked; `None` for one that was erased. Another account's text is never opened.
    async fn texts(
        &self,
        account: AccountId,
        refs: &[TextRef],
    ) -> Result<Vec<Option<String>>, StoreError>;
}

/// Who the guest of a dialog is. Sealed at rest; looked up by HMAC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guest {
    /// Digits with the country code, no `+`.
    pub phone: String,
    /// The name that the channel shows.
    pub name: Option<String>,
    /// The channel's provider, such as `whatsapp`.
    pub provider: String,
}

/// Accounts' small facts.
#[async_trait]
pub trait Registry: Send + Sync {
    /// Remembers who the guest of a dialog is.
    async fn put_guest(
        &self,
        account: AccountId,
        dialog: &DialogId,
        guest: &Guest,
    ) -> Result<(), StoreError>;

    /// The same of a guest whom an action has found, as long as its claim stands: whoever was erased meanwhile stays so.
    async fn put_found_guest(&self, act: &ClaimedAct, guest: &Guest) -> Result<(), StoreError>;

    /// Who the guest of a dialog is.
    async fn guest(
        &self,
        account: AccountId,
        dialog: &DialogId,
    ) -> Result<Option<Guest>, StoreError>;

    /// Remembers the contact of a phone that an action has found or made (the CRM's index lags behind), as long as its claim
    /// stands and the guest of its dialog is known: whoever was erased meanwhile stays so.
    async fn put_contact(
        &self,
        act: &ClaimedAct,
        phone: &str,
        contact: ContactId,
    ) -> Result<(), StoreError>;

    /// The contact of a phone that we know of.
    async fn contact(
        &self,
        account: AccountId,
        phone: &str,
    ) -> Result<Option<ContactId>, StoreError>;

    /// The accounts that have a dialog of this id: one, or none.
    async fn accounts_of(&self, dialog: &DialogId) -> Result<Vec<AccountId>, StoreError>;

    /// `true` once for a one-time token's id, across instances; forgets it after `until` (unix ms).
    async fn use_once(
        &self,
        account: AccountId,
        token_id: &str,
        until: i64,
        now: i64,
    ) -> Result<bool, StoreError>;
}

/// Where a version of a policy came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The default policy, of an account that names no file.
    Default,
    /// The account's policy file.
    File,
    /// The command line.
    Cli,
    /// The HTTP API.
    Api,
}

impl Origin {
    /// Its stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Cli => "cli",
            Self::Api => "api",
        }
    }
}

/// A version of a policy, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyVersion {
    /// From 1 without gaps.
    pub version: i64,
    /// Since when, business unix ms.
    pub at: i64,
    /// Where it came from.
    pub origin: Origin,
    /// The mode that it names, if it can be read.
    pub mode: Option<String>,
    /// The user of the CRM who stored it, where it came from one.
    pub user: Option<UserId>,
}

/// What became of a policy that was to replace a certain version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// It is the newest; its number.
    Stored(i64),
    /// Somebody else has stored another version since, the newest now; nothing was stored. 0 = there is none at all.
    Stale(i64),
}

/// A version of a policy with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPolicy {
    /// From 1 without gaps.
    pub version: i64,
    /// The text, TOML.
    pub toml: String,
    /// The account's epoch at this moment.
    pub account_epoch: i64,
}

/// The accounts' policies: versions that only ever grow.
#[async_trait]
pub trait Policies: Send + Sync {
    /// Stores a policy (TOML, known to be good) as the account's newest version; answers the newest version's number.
    ///
    /// Nothing is stored when there is nothing new: a file's text that is that of the file's last import; anybody else's
    /// that equals the newest version.
    ///
    /// Another `mode` than that of the version before raises the account's epoch in the same commit: texts that were
    /// decided before and have not left are refused.
    async fn put_policy(
        &self,
        account: AccountId,
        toml: &str,
        origin: Origin,
        now: i64,
    ) -> Result<i64, StoreError>;

    /// Stores the default policy as [`Self::put_policy`] does, where the account has none or an earlier edition of it.
    /// Versions of anybody else, and later editions, stand: an older version of Estafeta that starts beside a newer one
    /// does not bring its own rules back.
    async fn put_default(
        &self,
        account: AccountId,
        toml: &str,
        edition: i64,
        now: i64,
    ) -> Result<i64, StoreError>;

    /// Stores a policy (TOML, known to be good) in the name of a user, provided that `over` is still the account's newest
    /// version. The text of `over` itself is no new version. A changed `mode` counts as in [`Self::put_policy`].
    async fn replace_policy(
        &self,
        account: AccountId,
        over: i64,
        toml: &str,
        user: UserId,
        now: i64,
    ) -> Result<Replaced, StoreError>;

    /// The newest version of every account that has one: one look for all accounts.
    async fn newest_versions(&self) -> Result<BTreeMap<AccountId, i64>, StoreError>;

    /// All versions, newest first.
    async fn policies(&self, account: AccountId) -> Result<Vec<PolicyVersion>, StoreError>;

    /// One version; `None` = the newest. `Ok(None)` when there is none.
    async fn policy(
        &self,
        account: AccountId,
        version: Option<i64>,
    ) -> Result<Option<StoredPolicy>, StoreError>;
}

/// Everything the flow keeps.
pub trait Store:
    Inbox
    + Dialogs
    + Waiting
    + Kin
    + Journal
    + Outbox
    + Budgets
    + Ledger
    + Registry
    + Policies
    + Reaches
    + Privacy
    + Instances
    + Grants
    + Incidents
    + Pulses
    + Setups
    + Widgets
    + Knowledge
{
}
impl<T> Store for T where
    T: Inbox
        + Dialogs
        + Waiting
        + Kin
        + Journal
        + Outbox
        + Budgets
        + Ledger
        + Registry
        + Policies
        + Reaches
        + Privacy
        + Instances
        + Grants
        + Incidents
        + Pulses
        + Setups
        + Widgets
        + Knowledge
{
}

// ---------------------------------------------------------------- CRM

/// Whom to look up.
#[derive(Debug, Clone)]
pub struct GuestLookup {
    /// Digits with the country code, no `+`.
    pub phone: String,
    /// The contact, if we know it already.
    pub contact: Option<ContactId>,
    /// Read the contact's notes too.
    pub with_notes: bool,
    /// Names of the deals' fields to read.
    pub fields: Vec<String>,
    /// The contact's tags that are of interest.
    pub tags: Vec<String>,
}

/// What the CRM has of a guest. Names are plain here; the flow seals them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CrmFound {
    /// The contact.
    pub contact: Option<CrmContact>,
    /// The contact's deals that are not deleted, newest first.
    pub deals: Vec<DealFacts>,
    /// What the fields that were asked for say, of each deal, by the name that was asked for. Pairs, since this is
    /// stored as JSON within a tagged enum, where a map's keys cannot be numbers.
    #[serde(default)]
    pub fields: Vec<(DealId, BTreeMap<String, FieldText>)>,
}

/// The value of a deal's field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldText {
    /// A date, as unix ms.
    Date(i64),
    /// Any other, as the CRM shows it.
    Text(String),
}

/// A contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmContact {
    /// Its id.
    pub id: ContactId,
    /// Given name.
    pub name: Option<String>,
    /// Patronymic.
    pub patronymic: Option<String>,
    /// Newest notes, at most five, each at most 500 characters.
    pub notes: Vec<String>,
    /// Its tags, as far as they were asked for.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// A write to the CRM with its texts rendered. `marker` is the last line `#e-<8 chars>` that names the action; the
/// adapter appends it to the text and looks for it after an unknown outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CrmWrite {
    /// A task on a deal.
    CreateTask {
        /// The deal.
        deal: DealId,
        /// The kind.
        kind: TaskKind,
        /// Its text.
        text: String,
        /// Names the action.
        marker: String,
        /// Unix ms.
        due_at: i64,
        /// For whom; `None` = the deal's responsible is left to the CRM.
        assignee: Option<UserId>,
    },
    /// A task for whoever sees to our own connections; it stands on no deal.
    CreateAlert {
        /// For whom.
        to: UserId,
        /// Its text.
        text: String,
        /// Names the incident.
        marker: String,
        /// Unix ms.
        due_at: i64,
    },
    /// The whole text of a task (the adapter keeps the marker line).
    SetTaskText {
        /// The task.
        task: TaskId,
        /// Its text.
        text: String,
        /// The marker of the action that made the task, if it has one.
        marker: String,
    },
    /// Close a task with a result.
    CompleteTask {
        /// The task.
        task: TaskId,
        /// The result's text.
        result: String,
    },
    /// Give a task to a user.
    AssignTask {
        /// The task.
        task: TaskId,
        /// The user.
        to: UserId,
    },
    /// Re-read and, only from `from`, move within a second.
    MoveDeal {
        /// The deal.
        deal: DealId,
        /// Where it must stand.
        from: StageKey,
        /// Where it goes.
        to: StageKey,
        /// Why it is lost, by the CRM's name of the reason.
        loss_reason: Option<String>,
    },
    /// A contact with this phone.
    CreateContact {
        /// Digits with the country code, no `+`.
        phone: String,
        /// The name the channel shows.
        name: Option<String>,
    },
    /// A deal at the policy's first stage.
    CreateDeal {
        /// The contact.
        contact: ContactId,
        /// The deal's name.
        name: String,
    },
    /// The field «Ведёт диалог».
    SetOwnerField {
        /// The deal.
        deal: DealId,
        /// The value.
        value: FieldValue,
    },
    /// Tags of a contact, by name. The others stay.
    TagContact {
        /// The contact.
        contact: ContactId,
        /// To put on.
        add: Vec<String>,
        /// To take off.
        remove: Vec<String>,
    },
    /// A note on a deal.
    AddNote {
        /// The deal.
        deal: DealId,
        /// Its text.
        text: String,
        /// Names the action.
        marker: String,
    },
}

/// A user of the CRM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrmUser {
    /// Its id.
    pub id: UserId,
    /// As the CRM shows it.
    pub name: String,
    /// May log in.
    pub active: bool,
    /// An administrator.
    pub admin: bool,
}

/// One item of an amoCRM webhook, understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "hook", rename_all = "snake_case")]
pub enum CrmHook {
    /// A deal was added or changed.
    Deal {
        /// The deal.
        deal: DealId,
        /// Who changed it: > 0 a user, 0 a robot, absent unknown.
        by: Option<i64>,
        /// The field «Ведёт диалог» as the hook says; empty too when the hook names no field at all. Absent while
        /// the account's fields are not known.
        field: Option<FieldValue>,
        /// The policy's stage that the hook names.
        stage: Option<StageKey>,
        /// The deal moved, by the hook.
        left: Option<Left>,
    },
    /// A task was changed.
    Task {
        /// The task.
        task: TaskId,
        /// Its deal.
        deal: Option<DealId>,
        /// Closed.
        done: bool,
        /// Who changed it.
        by: Option<i64>,
    },
    /// A message left towards a guest.
    Outgoing {
        /// amoCRM's own id of the message.
        message: String,
        /// The deal, when the hook names one.
        deal: Option<DealId>,
        /// The contact.
        contact: Option<ContactId>,
        /// > 0 a user; 0 a bot, a connector or the phone.
        user: i64,
        /// `Salesbot` and the like.
        author: String,
        /// The text.
        text: String,
        /// Unix ms.
        at: i64,
    },
    /// Something that needs nothing of us.
    Other,
}

/// The stage that a deal left; `None` = one that is not mapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left(pub Option<StageKey>);

/// amoCRM, or another CRM.
#[async_trait]
pub trait Crm: Send + Sync {
    /// Once at start, and again after a failure: reads pipelines, stages, task types and users; makes the owner
    /// field if it is missing; subscribes `hook_url` to the webhooks. Answers how the webhook was found.
    async fn prepare(&self, hook_url: &str) -> Result<HookFound, CallError>;

    /// Contact by phone and the contact's deals. At most two requests for a known contact.
    async fn read(&self, lookup: &GuestLookup) -> Result<CrmFound, CallError>;

    /// Carries out a write.
    async fn write(&self, write: &CrmWrite) -> Result<widget_core::event::Done, CallError>;

    /// After an unknown outcome: the result, if the write took effect at or after `since` (unix ms).
    async fn find(
        &self,
        write: &CrmWrite,
        since: i64,
    ) -> Result<Option<widget_core::event::Done>, CallError>;

    /// The users, cached for 5 min.
    async fn users(&self) -> Result<Vec<CrmUser>, CallError>;

    /// Whether `user` may see `deal`, cached for 5 min, and who is the deal's active responsible.
    async fn access(&self, user: UserId, deal: DealId) -> Result<DealAccess, CallError>;
}

/// A user's access to a deal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DealAccess {
    /// May see it.
    pub allowed: bool,
    /// The deal exists.
    pub exists: bool,
    /// The deal's responsible, if active.
    pub responsible: Option<UserId>,
    /// The deal's contacts.
    pub contacts: Vec<ContactId>,
}

// ---------------------------------------------------------------- channel

/// One Pact webhook, understood. Phones are digits with the country code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "hook", rename_all = "snake_case")]
pub enum ChannelHook {
    /// The guest wrote.
    Guest(ChannelMessage),
    /// The guest changed a message.
    GuestEdited(ChannelMessage),
    /// The guest deleted a message.
    GuestDeleted(ChannelMessage),
    /// A message of the company's side.
    Outgoing(ChannelMessage),
    /// The channel's verdict on a message of ours: it could not be delivered.
    Undelivered(ChannelMessage),
    /// Nothing to do, and why: a counter's label.
    Ignored(String),
}

/// Why a webhook is [`ChannelHook::Ignored`] that says that the channel itself was switched off.
pub const CHANNEL_OFF: &str = "auth_disabled";
/// The same, on.
pub const CHANNEL_ON: &str = "auth_enabled";
/// The same of a new message that does not say whether a guest wrote it, or somebody in a group: nobody is answered on its
/// word, and the channel is asked.
pub const UNTOLD: &str = "untold";

/// A message of the channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelMessage {
    /// The channel's id.
    pub id: MessageId,
    /// The thread.
    pub conversation: ConversationId,
    /// The guest wrote it.
    pub income: bool,
    /// The text; `None` for none or blank.
    pub text: Option<String>,
    /// Kinds of the attachments.
    pub attachments: Vec<AttachmentKind>,
    /// The provider's time, unix ms.
    pub at: i64,
    /// Sent by the bulk mailing.
    pub bulk: bool,
    /// The guest, as far as the event names it.
    pub guest: Option<Guest>,
}

/// What must be known of a webhook before it is acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The tenant that the body names, in the provider's own numbering; `None` = none named.
    pub tenant: Option<i64>,
    /// The duplicate key.
    pub dedup_key: String,
    /// The conversation, for a message.
    pub conversation: Option<ConversationId>,
    /// The body to store: the raw one, or for amoCRM one item of it.
    pub body: Vec<u8>,
}

/// Pact, or another channel to the guest.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Makes sure that the webhook to `hook_url` exists and is active. Answers how it was found.
    async fn prepare(&self, hook_url: &str) -> Result<HookFound, CallError>;

    /// Sends a text; the channel's id of the accepted message.
    async fn send(&self, conversation: &ConversationId, text: &str)
    -> Result<MessageId, CallError>;

    /// The conversation's newest messages, any order; those of ours that could not be delivered are left out.
    async fn messages(
        &self,
        conversation: &ConversationId,
    ) -> Result<Vec<ChannelMessage>, CallError>;

    /// The guest of a conversation, when no event named it; `None` for a group chat.
    async fn guest(&self, conversation: &ConversationId) -> Result<Option<Guest>, CallError>;

    /// A page of the company's conversations, counted from 1.
    async fn threads(&self, page: u32) -> Result<Page<Thread>, CallError>;

    /// A page of a conversation's messages, counted from 1.
    async fn written(&self, thread: &Thread, page: u32) -> Result<Page<Written>, CallError>;
}

/// Reads raw webhooks. Pure.
pub trait Hooks: Send + Sync {
    /// Pact: what to store. `Err` = malformed; stored as it is, under its hash.
    fn pact_envelope(&self, body: &[u8]) -> Result<Envelope, String>;

    /// Pact: what a stored body says.
    fn pact(&self, body: &[u8]) -> ChannelHook;

    /// amoCRM: the items of a form-encoded body. `Err` = malformed.
    fn amocrm_envelopes(&self, body: &[u8]) -> Result<Vec<Envelope>, String>;

    /// amoCRM: what a stored item says.
    fn amocrm(&self, item: &[u8]) -> CrmHook;
}

// ---------------------------------------------------------------- lanes

/// The lane in which an action keeps its order within a dialog, and in which its account has places of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Texts to the guest.
    Send,
    /// Reads of the CRM: an answer waits for them.
    Read,
    /// Writes to the CRM.
    Crm,
    /// Questions to the bot.
    Bot,
}

impl Lane {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Send, Self::Read, Self::Crm, Self::Bot];

    /// The lane of an action.
    pub fn of(action: &Action) -> Self {
        match action {
            Action::Send { .. } => Self::Send,
            Action::ReadCrm => Self::Read,
            Action::AskBot { .. } => Self::Bot,
            _ => Self::Crm,
        }
    }

    /// Its name in the store and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Read => "read",
            Self::Crm => "crm",
            Self::Bot => "bot",
        }
    }
}

/// The kind of a send, if the action is one.
pub fn send_kind(action: &Action) -> Option<SendKind> {
    match action {
        Action::Send { kind, .. } => Some(*kind),
        _ => None,
    }
}
