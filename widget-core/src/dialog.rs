//! The aggregate: one conversation with its owner, deal and timers. Its state is the fold of its journal.

use crate::action::{Note, SendKind};
use crate::booking::Linked;
use crate::change::Change;
use crate::event::{BotDone, Changer, CrmSnapshot, DealFacts, FieldValue, Listed, Timer};
use crate::ids::{
    AccountId, ActionKey, ContactId, ConversationId, DealId, DialogId, MessageId, StageKey, TaskId,
    TextRef, TurnId, UserId,
};
use crate::owner::{Owner, OwnerView, Reason};
use crate::understand::{Facts, Understood};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How many recent messages a dialog keeps: the bot's history.
pub const RECENT_MESSAGES: usize = 20;

/// The shape of a stored [`Dialog`] and of its actions. It grows with every field more: an older version that read such a
/// state and wrote it back would lose that field, and it could not carry out such an action, so while two versions serve the
/// same accounts the older one leaves the dialog alone.
/// What a state does not use it does not have: [`Dialog::format`].
pub const FORMAT: i64 = 4;

/// A dialog's whole state.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts of a dialog"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialog {
    /// Its id.
    pub id: DialogId,
    /// Its tenant.
    pub account: AccountId,
    /// The channel's thread.
    pub conversation: ConversationId,
    /// Sequence number of the last journal row; 0 = none.
    pub seq: u64,
    /// Time of the last decision, unix ms; no later decision happens before it.
    pub last_at: i64,
    /// Who leads, and the epoch of owner changes.
    pub view: OwnerView,
    /// The episode that is open, if one is.
    pub episode: Option<Episode>,
    /// How many episodes there were.
    pub episodes: u64,
    /// The next answer of the bot begins with the intro.
    pub introduce: bool,
    /// The last messages of all sides, oldest first.
    pub recent: Vec<SeenMessage>,
    /// Guest's messages that nobody answered, oldest first.
    pub unanswered: Vec<Unanswered>,
    /// The handoff that began the present waiting, kept while a manager leads.
    pub handoff: Option<Handoff>,
    /// The present manager's lead.
    pub lead: Option<Lead>,
    /// Users who undid an automatic take in this span: opening the deal takes it for them no more.
    pub undone_by: Vec<UserId>,
    /// When a dialog last went back to the bot, unix ms: an older human signal comes too late.
    pub last_return_at: Option<i64>,
    /// The question that the bot is working on.
    pub turn: Option<Turn>,
    /// How many turns there were.
    pub turns: u64,
    /// What a manager wants the bot to know at its next turn.
    pub manager_note: Option<TextRef>,
    /// The unanswered messages wait for the CRM to be read, or for our texts in flight.
    pub route_wanted: bool,
    /// The read of the CRM under way.
    pub reading: Option<ActionKey>,
    /// What the CRM had when last read.
    pub crm: Option<CrmSnapshot>,
    /// The contact.
    pub contact: Option<ContactId>,
    /// The deal.
    pub deal: Option<DealId>,
    /// Who, by a hint of the CRM, changed the deal since it was last read, and the journal row of the hint.
    pub hint: Option<(Changer, u64)>,
    /// Where a move of ours that is under way takes the deal.
    pub moving: Option<StageKey>,
    /// The last move of ours that the CRM has not reported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_move: Option<OwnMove>,
    /// The journal row that last knew the stage from a move: a read decided before it says nothing of the stage.
    pub stage_settled: u64,
    /// How far the making of a deal is.
    pub claim: Claim,
    /// Work for a deal that is not bound yet.
    pub deferred: Vec<DealWork>,
    /// Texts of ours on their way.
    pub in_flight: BTreeMap<ActionKey, SentText>,
    /// What the field «Ведёт диалог» should say.
    pub field: FieldWish,
    /// The «WhatsApp» task.
    pub task: TaskState,
    /// The action that makes the «WhatsApp» task, while it does.
    pub task_action: Option<ActionKey>,
    /// How many messages the text of that task names.
    pub task_messages: usize,
    /// Tasks that could not be closed while the CRM was away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_open: Vec<TaskId>,
    /// What the account's lists say of the guest.
    #[serde(default)]
    pub listed: Listed,
    /// A manager's click that the CRM does not show yet: it says who talks to the guest, whatever the contact's tags say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclusion: Option<Exclusion>,
    /// Unix ms until which the channel takes free text for the guest; `None` = without end.
    #[serde(default)]
    pub window_until: Option<i64>,
    /// The guest asked not to be reminded.
    #[serde(default)]
    pub opted_out: bool,
    /// How the dialog stood before the message that took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_take: Option<BeforeTake>,
    /// The guest was sent a booking link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked: Option<Linked>,
    /// The final touch waits for the CRM to be read.
    #[serde(default)]
    pub touch_wanted: bool,
    /// Timers that run.
    pub timers: BTreeMap<Timer, Armed>,
    /// Counts the armings of timers.
    pub generation: u64,
}

/// An episode: from the guest's first message until the deal closes or 24 h of silence (BEHAVIOUR §3).
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts of an episode"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Episode {
    /// 1 for the first.
    pub number: u64,
    /// Unix ms.
    pub opened_at: i64,
    /// Facts stated in it.
    pub facts: Facts,
    /// How often the bot asked back.
    pub clarified: u32,
    /// The bot consulted the guest: the deal may move on.
    pub consulted: bool,
    /// The bot sent a payment link: the deal may move on.
    pub link_sent: bool,
    /// The deal that this episode is about.
    pub deal: Option<DealId>,
    /// We made a deal in it.
    pub deal_made: bool,
    /// Several deals were open when it began, and it was not clear which one is meant.
    pub several: bool,
    /// Somebody else moved the deal: the bot moves it no more.
    pub moved_by_others: bool,
    /// Reasons whose handoff a person answered: they don't fire again for the same value.
    pub settled: BTreeSet<String>,
    /// The guest wants a new booking beside the deal at «Выезд».
    #[serde(default)]
    pub new_deal_wanted: bool,
    /// A person wrote to the guest in it.
    #[serde(default)]
    pub person_wrote: bool,
    /// Its final touch is on its way, was sent, or will never be.
    #[serde(default)]
    pub touched: bool,
    /// Triggers for which a field of the deal was repeated.
    #[serde(default)]
    pub repeated: BTreeSet<String>,
}

/// A message of any side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenMessage {
    /// The channel's id.
    pub id: MessageId,
    /// Whose.
    pub from: From,
    /// Unix ms.
    pub at: i64,
    /// The text, if there is one.
    pub text: Option<TextRef>,
}

/// Whose message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// The guest's.
    Guest,
    /// Ours.
    Bot,
    /// A person's.
    Manager,
    /// A bulk mailing's.
    Bulk,
    /// Another robot's.
    Robot,
}

/// A guest's message without an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unanswered {
    /// The channel's id.
    pub id: MessageId,
    /// When we learned of it, unix ms.
    pub at: i64,
    /// What it says.
    pub understood: Understood,
    /// A person was given it and left it to the bot: it hands over no more by itself.
    #[serde(default)]
    pub handed_back: bool,
}

/// A handoff that nobody settled yet.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts of a handoff"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handoff {
    /// Unix ms.
    pub since: i64,
    /// Why.
    pub reason: Reason,
    /// Key under which the reason is settled when a person answers: reason and value.
    pub settles: String,
    /// The guest's messages that the task names.
    pub messages: Vec<MessageId>,
    /// The guest was told the off-hours text in this span.
    pub told_off_hours: bool,
    /// A person answered the guest since.
    pub answered: bool,
    /// The responsible was reminded.
    #[serde(default)]
    pub reminded: bool,
    /// Somebody else learned of it.
    #[serde(default)]
    pub escalated: bool,
    /// The trigger that fired, if one did: its task may be due at another time and for somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
    /// What the bot wanted to say, where that was the cause.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wanted: Vec<TextRef>,
    /// The bot's summary of the dialog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<TextRef>,
}

/// A manager's «Не отвечать ботом» or «Включить бота», until the CRM shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// Only managers talk to the guest.
    pub on: bool,
    /// The contact whose tags are to say it; `None` = there was none.
    pub contact: Option<ContactId>,
    /// The action that writes it into the CRM; `None` = there is no contact yet, or nothing to write.
    pub action: Option<ActionKey>,
    /// When that action was done, unix ms.
    pub done_at: Option<i64>,
}

/// A manager's lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    /// The last human signal, unix ms.
    pub signal_at: i64,
    /// A guest's message moved the auto-return once.
    pub deferred_once: bool,
    /// The take was automatic and can be undone: who led before.
    pub undo: Option<Owner>,
}

/// How a dialog stood before somebody's message took it: what is to be restored should it turn out a robot's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeforeTake {
    /// The message that took it.
    pub message: MessageId,
    /// Who led.
    pub owner: Owner,
    /// What waited for an answer.
    pub unanswered: Vec<Unanswered>,
    /// The handoff.
    pub handoff: Option<Handoff>,
    /// A person had written in the episode.
    pub person_wrote: bool,
    /// The lead of the manager who led already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<Lead>,
    /// When that lead was to end, unix ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_due: Option<i64>,
}

/// A question to the bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Its id.
    pub id: TurnId,
    /// The messages it answers.
    pub messages: Vec<MessageId>,
    /// When the first of the turns that superseded each other was asked, unix ms.
    pub first_asked_at: i64,
    /// How many turns this one superseded.
    pub superseded: u32,
    /// The answer begins with the intro.
    pub introduce: bool,
    /// Superseded by a newer message that is still being collected.
    pub stale: bool,
    /// The bot took it and promised to answer by a call of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub promised: bool,
}

/// A text of ours on its way to the guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentText {
    /// What kind.
    pub kind: SendKind,
    /// The epoch under which it may leave.
    pub epoch: u64,
    /// The guest's messages that it answers.
    pub answers: Vec<MessageId>,
    /// What the bot reports done with it.
    pub done: BTreeSet<BotDone>,
    /// It begins with the intro.
    #[serde(default)]
    pub intro: bool,
}

impl SentText {
    /// A text that answers nothing by itself.
    pub fn plain(kind: SendKind, epoch: u64) -> Self {
        Self {
            kind,
            epoch,
            answers: Vec::new(),
            done: BTreeSet::new(),
            intro: false,
        }
    }
}

/// A move of the deal that we asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnMove {
    /// Which deal.
    pub deal: DealId,
    /// Where it stood when we looked.
    pub from: StageKey,
    /// Where we take it.
    pub to: StageKey,
}

/// How far the making of a deal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// No deal is to be made.
    #[default]
    Idle,
    /// The CRM has time to make one until this unix ms.
    Grace {
        /// End of the grace time.
        until: i64,
    },
    /// A contact is being made.
    MakingContact,
    /// A deal is being made.
    MakingDeal,
}

/// Work for the deal, named before the deal is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "snake_case")]
pub enum DealWork {
    /// The «WhatsApp» task of the present handoff.
    Task,
    /// A note.
    Note(Note),
}

/// What the field «Ведёт диалог» should say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldWish {
    /// The value last decided.
    pub value: FieldValue,
    /// Its write is under way.
    pub pending: bool,
    /// The journal row at which the write was known to be done: a read decided before it says nothing of the field.
    pub settled: u64,
    /// What the CRM is known to show: while it shows this, a write of ours has not arrived, and nobody changed it.
    pub shown: FieldValue,
    /// A value wanted before this one may have been written, or not: what the CRM shows meanwhile tells of nobody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overtaken: bool,
}

/// Where the «WhatsApp» task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum TaskState {
    /// There is none.
    #[default]
    None,
    /// It is being made.
    Making,
    /// It is open.
    Open {
        /// Its id in the CRM.
        id: TaskId,
    },
}

/// A running timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Armed {
    /// Unix ms.
    pub due: i64,
    /// The arming it belongs to.
    pub generation: u64,
}

impl Dialog {
    /// The least format that holds this state: beside a newer version an older one goes on with all dialogs in which there is
    /// nothing that it does not know, and managers who click there are answered.
    pub const fn format(&self) -> i64 {
        if self.exclusion.is_some() { 4 } else { 3 }
    }

    /// A dialog before its first event: the bot leads.
    pub fn new(id: DialogId, account: AccountId, conversation: ConversationId) -> Self {
        Self {
            id,
            account,
            conversation,
            seq: 0,
            last_at: 0,
            view: OwnerView {
                owner: Owner::Bot,
                epoch: 0,
            },
            episode: None,
            episodes: 0,
            introduce: false,
            recent: Vec::new(),
            unanswered: Vec::new(),
            handoff: None,
            lead: None,
            undone_by: Vec::new(),
            last_return_at: None,
            turn: None,
            turns: 0,
            manager_note: None,
            route_wanted: false,
            reading: None,
            crm: None,
            contact: None,
            deal: None,
            hint: None,
            moving: None,
            own_move: None,
            stage_settled: 0,
            claim: Claim::Idle,
            deferred: Vec::new(),
            in_flight: BTreeMap::new(),
            field: FieldWish {
                value: FieldValue::Empty,
                pending: false,
                settled: 0,
                shown: FieldValue::Empty,
                overtaken: false,
            },
            task: TaskState::None,
            task_action: None,
            task_messages: 0,
            left_open: Vec::new(),
            listed: Listed::default(),
            exclusion: None,
            window_until: None,
            opted_out: false,
            before_take: None,
            linked: None,
            touch_wanted: false,
            timers: BTreeMap::new(),
            generation: 0,
        }
    }

    /// The state after the journal rows `(seq, at, changes)`, in order.
    #[must_use]
    pub fn fold<'a>(mut self, journal: impl IntoIterator<Item = (u64, i64, &'a [Change])>) -> Self {
        for (seq, at, changes) in journal {
            self.seq = seq;
            self.last_at = at;
            for change in changes {
                self.apply(change);
            }
        }
        self
    }

    /// The bound deal as the CRM had it when last read.
    pub fn deal_facts(&self) -> Option<&DealFacts> {
        let id = self.deal?;
        self.crm.as_ref()?.deals.iter().find(|deal| deal.id == id)
    }

    /// The stage of the bound deal.
    pub fn stage(&self) -> Option<&StageKey> {
        self.deal_facts()?.stage.as_ref()
    }

    /// The only place where a dialog changes. Knows no policy.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::EpisodeOpened { at } => {
                self.episodes = self.episodes.saturating_add(1);
                self.episode = Some(Episode {
                    number: self.episodes,
                    opened_at: *at,
                    facts: Facts::default(),
                    clarified: 0,
                    consulted: false,
                    link_sent: false,
                    deal: None,
                    deal_made: false,
                    several: false,
                    moved_by_others: false,
                    settled: BTreeSet::new(),
                    new_deal_wanted: false,
                    person_wrote: false,
                    touched: false,
                    repeated: BTreeSet::new(),
                });
                self.introduce = true;
            }
            Change::EpisodeEnded => self.episode = None,
            Change::IntroIssued => self.introduce = false,
            Change::IntroWanted => self.introduce = true,
            Change::Clarified => {
                self.in_episode(|episode| episode.clarified = episode.clarified.saturating_add(1));
            }
            Change::Seen(message) => {
                self.recent.retain(|seen| seen.id != message.id);
                self.recent.push(message.clone());
                if self.recent.len() > RECENT_MESSAGES {
                    self.recent.remove(0);
                }
            }
            Change::Blanked { message } => {
                for seen in self.recent.iter_mut().filter(|seen| seen.id == *message) {
                    seen.text = None;
                }
            }
            Change::Unanswered(message) => {
                match self
                    .unanswered
                    .iter_mut()
                    .find(|known| known.id == message.id)
                {
                    Some(known) => known.clone_from(message),
                    None => self.unanswered.push(message.clone()),
                }
            }
            Change::HandedBack { messages } => {
                for message in &mut self.unanswered {
                    message.handed_back |= messages.contains(&message.id);
                }
            }
            Change::Answered { messages } => {
                self.unanswered
                    .retain(|message| !messages.contains(&message.id));
            }
            Change::FactsLearned(facts) => self.in_episode(|episode| episode.facts.learn(facts)),
            Change::OwnerSet(view) => {
                self.view.clone_from(view);
                self.before_take = None;
            }
            Change::TakenByMessage(before) => self.before_take = Some(before.clone()),
            Change::TakenByRobot => {
                if let Some(before) = self.before_take.take() {
                    let since = std::mem::replace(&mut self.unanswered, before.unanswered);
                    self.unanswered.extend(since);
                    self.handoff = before.handoff;
                    self.in_episode(|episode| episode.person_wrote = before.person_wrote);
                }
            }
            Change::HandoffSet(handoff) => {
                if let (Some(old), Some(episode)) = (&self.handoff, &mut self.episode)
                    && old.answered
                {
                    episode.settled.insert(old.settles.clone());
                }
                if let (Some(new), Some(episode)) = (handoff, &mut self.episode)
                    && new.answered
                {
                    episode.settled.insert(new.settles.clone());
                }
                let known = self.handoff.as_ref().map(|handoff| handoff.since);
                if handoff.is_some() && handoff.as_ref().map(|handoff| handoff.since) != known {
                    self.undone_by.clear();
                }
                self.handoff.clone_from(handoff);
            }
            Change::LeadSet(lead) => self.lead.clone_from(lead),
            Change::TakeUndoneBy { user } => self.undone_by.push(*user),
            Change::BackToBot { at } => {
                self.last_return_at = Some(*at);
                self.undone_by.clear();
            }
            Change::TurnSet(turn) => {
                if let Some(turn) = turn
                    && self.turn.as_ref().is_none_or(|known| known.id != turn.id)
                {
                    self.turns = self.turns.saturating_add(1);
                }
                self.turn.clone_from(turn);
            }
            Change::RouteWanted(wanted) => self.route_wanted = *wanted,
            Change::Reading(action) => self.reading.clone_from(action),
            Change::CrmKnown(snapshot) => self.crm = Some(snapshot.clone()),
            Change::Bound { contact, deal } => {
                self.contact = *contact;
                self.deal = *deal;
                let deal = *deal;
                self.in_episode(|episode| episode.deal = deal);
                if let Some(linked) = &mut self.linked {
                    linked.deal = linked.deal.or(deal);
                }
            }
            Change::Hinted(hint) => self.hint = *hint,
            Change::Moving(to) => self.moving.clone_from(to),
            Change::MoveAwaited(own) => self.own_move.clone_from(own),
            Change::ClaimStep(claim) => self.claim = *claim,
            Change::DealMade => self.in_episode(|episode| episode.deal_made = true),
            Change::StageKnown { stage, seq } => {
                self.stage_settled = *seq;
                self.in_bound_deal(|deal| deal.stage = Some(stage.clone()));
            }
            Change::MovedByOthers => self.in_episode(|episode| episode.moved_by_others = true),
            Change::SeveralDeals => self.in_episode(|episode| episode.several = true),
            Change::DealMeant => self.in_episode(|episode| episode.several = false),
            Change::NewDealWanted => self.in_episode(|episode| episode.new_deal_wanted = true),
            Change::GuestListed(listed) => self.listed = *listed,
            Change::ExclusionSet(exclusion) => self.exclusion.clone_from(exclusion),
            Change::WindowKnown(until) => self.window_until = *until,
            Change::OptedOut => self.opted_out = true,
            Change::PersonWrote => self.in_episode(|episode| episode.person_wrote = true),
            Change::Repeated { rule } => {
                self.in_episode(|episode| _ = episode.repeated.insert(rule.clone()));
            }
            Change::TouchWanted(wanted) => self.touch_wanted = *wanted,
            Change::TouchSettled => self.in_episode(|episode| episode.touched = true),
            Change::Reminded => self.in_handoff(|handoff| handoff.reminded = true),
            Change::Escalated => self.in_handoff(|handoff| handoff.escalated = true),
            Change::Consulted => self.in_episode(|episode| episode.consulted = true),
            Change::PaymentLinkSent => self.in_episode(|episode| episode.link_sent = true),
            Change::Linked(linked) => self.linked = Some(*linked),
            Change::SendIssued { action, sent } => {
                self.in_flight.insert(action.clone(), sent.clone());
            }
            Change::SendSettled { action } => {
                self.in_flight.remove(action);
            }
            Change::FieldWanted { value, pending } => {
                let was = self.field;
                self.field.overtaken |= was.value != *value && was.value != was.shown;
                self.field.value = *value;
                self.field.pending = *pending;
            }
            Change::FieldSettled { value, seq } => {
                self.field = FieldWish {
                    value: *value,
                    pending: false,
                    settled: *seq,
                    shown: *value,
                    overtaken: false,
                };
                self.in_bound_deal(|deal| deal.field = *value);
            }
            Change::FieldShown { value } => self.field.shown = *value,
            Change::TaskAsked { action, messages } => {
                self.task = TaskState::Making;
                self.task_messages = *messages;
                self.task_action = Some(action.clone());
            }
            Change::TaskSet(task) => {
                self.task = *task;
                self.task_action = None;
            }
            Change::TasksLeftOpen { tasks } => self.left_open.clone_from(tasks),
            Change::Deferred(work) => self.deferred.push(work.clone()),
            Change::DeferredCleared => self.deferred.clear(),
            Change::ManagerNote(note) => self.manager_note = *note,
            Change::TimerArmed {
                timer,
                due,
                generation,
            } => {
                self.generation = self.generation.max(*generation);
                self.timers.insert(
                    *timer,
                    Armed {
                        due: *due,
                        generation: *generation,
                    },
                );
            }
            Change::TimerCancelled { timer } => {
                self.timers.remove(timer);
            }
            Change::Forgotten { at } => *self = self.forgotten(*at),
        }
    }

    /// What is left when the guest is erased: ids, counters, fences, and which messages were seen, without their texts.
    /// That the guest wants no reminders, or that a manager keeps the bot from them, stays too.
    fn forgotten(&self, at: i64) -> Self {
        let new = Self::new(self.id.clone(), self.account, self.conversation.clone());
        let blank = |seen: &SeenMessage| SeenMessage {
            text: None,
            ..seen.clone()
        };
        let taken_back = u64::from(self.view.owner != Owner::Bot);
        Self {
            seq: self.seq,
            last_at: self.last_at,
            view: OwnerView {
                owner: Owner::Bot,
                epoch: self.view.epoch.saturating_add(taken_back),
            },
            episodes: self.episodes,
            recent: self.recent.iter().map(blank).collect(),
            last_return_at: Some(at),
            turns: self.turns,
            generation: self.generation,
            opted_out: self.opted_out,
            exclusion: self.exclusion.clone(),
            ..new
        }
    }

    /// What the CRM had of the bound deal is corrected by what we know.
    fn in_bound_deal(&mut self, change: impl FnOnce(&mut DealFacts)) {
        let bound = self.deal;
        if let Some(deal) = self
            .crm
            .iter_mut()
            .flat_map(|crm| &mut crm.deals)
            .find(|deal| Some(deal.id) == bound)
        {
            change(deal);
        }
    }

    fn in_handoff(&mut self, change: impl FnOnce(&mut Handoff)) {
        if let Some(handoff) = &mut self.handoff {
            change(handoff);
        }
    }

    fn in_episode(&mut self, change: impl FnOnce(&mut Episode)) {
        if let Some(episode) = &mut self.episode {
            change(episode);
        }
    }
}
