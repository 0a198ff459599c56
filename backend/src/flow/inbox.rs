//! Inbox rows into events: what a stored body means for its dialog. Texts are sealed and understood here, once,
//! before anything is decided; no network is touched.

use super::panics::contained;
use super::{Flow, Tenant, booking, booking_link, guard, render, window};
use crate::error::{StoreError, unquoted};
use crate::ports::{
    AlertKind, BotReply, ChannelHook, ChannelMessage, CrmFound, CrmHook, Duty, Echo, Erasure,
    Guest, InboxRow, Missed, NewRow, Source,
};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use widget_core::action::{Action, SendKind};
use widget_core::dialog::Dialog;
use widget_core::event::{
    Author, BotAnswer, BotHandoff, CRM_MESSAGE, Changer, ContactFacts, CrmSnapshot, Done, Event,
    Failure, GuestMessage, Kb, Listed, Service,
};
use widget_core::guard::is_for_staff;
use widget_core::ids::{
    AccountId, ActionKey, ContactId, DealId, MessageId, TextRef, TurnId, UserId,
};
use widget_core::owner::ReasonId;
use widget_core::policy::Policy;
use widget_core::understand::understand;

/// A possible echo of a send in flight is parked for so long, then its text decides (DESIGN §5.5), ms.
const ECHO_PATIENCE: i64 = 30_000;
/// How amoCRM names the author of its own robot's messages.
const SALESBOT: &str = "Salesbot";
/// How many unrouted rows are looked at in one go.
pub(super) const ROUTE_BATCH: u32 = 100;

/// The result of an action, as it enters the inbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done {
        /// Which action.
        action: ActionKey,
        /// With what result.
        done: Done,
    },
    /// A text was accepted by the channel.
    Sent {
        /// Which action.
        action: ActionKey,
        /// What kind of text.
        kind: SendKind,
        /// The channel's id.
        message: MessageId,
        /// When, unix ms.
        at: i64,
        /// The text.
        text: TextRef,
    },
    /// It failed for good.
    Failed {
        /// Which action.
        action: ActionKey,
        /// What it was.
        what: Box<Action>,
        /// Why.
        failure: Failure,
    },
    /// The CRM was read.
    Read {
        /// Which action.
        action: ActionKey,
        /// When the read began, unix ms.
        at: i64,
        /// What it found.
        found: CrmFound,
    },
    /// The bot answered.
    Answered {
        /// Which turn.
        turn: TurnId,
        /// What.
        reply: BotReply,
        /// By a call of its own, after it had promised to.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        late: bool,
    },
    /// The bot took the turn and answers later.
    Promised {
        /// Which turn.
        turn: TurnId,
        /// When it said so, unix ms.
        at: i64,
    },
    /// The bot did not answer.
    Unanswered {
        /// Which turn.
        turn: TurnId,
    },
    /// The working day begins, and guests have waited since before.
    Morning {
        /// How many wait.
        waiting: u32,
    },
    /// What a handoff was blamed on works again.
    Back {
        /// What.
        service: Service,
    },
    /// All that was known of the guest was erased.
    Erased,
}

/// What a hint of the CRM names.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Concern {
    account: AccountId,
    deal: Option<DealId>,
    contact: Option<ContactId>,
}

/// What becomes of a row.
pub(super) enum Meaning {
    /// These events, in order; none = nothing to decide.
    Events(Vec<Event>),
    /// It may be the echo of a send in flight: look again at this unix ms, or when that send is settled.
    Park(i64),
    /// A version newer than this one wrote it.
    Newer,
    /// It cannot be read.
    Unreadable(String),
}

impl Flow {
    /// Gives rows without a dialog to the dialogs that they concern. Answers how many there were.
    pub(super) async fn route_hints(&self) -> Result<usize, StoreError> {
        if !self.store.has(Duty::Hints).await? {
            return Ok(0);
        }
        let rows = self.store.unrouted(ROUTE_BATCH).await?;
        let mut known: HashMap<Concern, Vec<Dialog>> = HashMap::new();
        let mut routed = Vec::new();
        for row in &rows {
            let concern = self.concern(row);
            if !known.contains_key(&concern) {
                let concerned = contained(Box::pin(self.concerned(&concern))).await;
                let concerned = concerned.unwrap_or_else(|| {
                    tracing::error!(
                        row = row.id,
                        "a hint could not be handled, and concerns nobody"
                    );
                    Ok(Vec::new())
                })?;
                known.insert(concern.clone(), concerned);
            }
            let dialogs = &known[&concern];
            match concern.deal {
                Some(deal) if dialogs.is_empty() => {
                    self.store.keep_for_deal(row.id, deal).await?;
                }
                _ => routed.push((row.id, copies(row, dialogs))),
            }
        }
        if !routed.is_empty() {
            self.store.route(routed).await?;
        }
        let woken: HashSet<_> = known.values().flatten().map(|dialog| &dialog.id).collect();
        for _ in woken {
            self.bells.dialog_is_ready();
        }
        Ok(rows.len())
    }

    /// What a hint names.
    fn concern(&self, row: &InboxRow) -> Concern {
        let (deal, contact) = match row.row.source {
            Source::Amocrm => match self.hooks.amocrm(&row.row.body) {
                CrmHook::Deal { deal, .. } => (Some(deal), None),
                CrmHook::Task { deal, .. } => (deal, None),
                CrmHook::Outgoing { deal, contact, .. } => (deal, contact),
                CrmHook::Other => (None, None),
            },
            Source::Pact | Source::Act => (None, None),
        };
        Concern {
            account: row.row.account,
            deal,
            contact,
        }
    }

    /// The dialogs that a hint concerns.
    async fn concerned(&self, concern: &Concern) -> Result<Vec<Dialog>, StoreError> {
        let account = concern.account;
        let mut dialogs = match concern.deal {
            Some(deal) => self.store.dialogs_of_deal(account, deal).await?,
            None => Vec::new(),
        };
        if let Some(contact) = concern.contact.filter(|_| dialogs.is_empty()) {
            dialogs = self.store.dialogs_of_contact(account, contact).await?;
        }
        Ok(dialogs)
    }

    /// What a row of `dialog` means.
    pub(super) async fn meaning(
        &self,
        tenant: &Tenant,
        dialog: &Dialog,
        guest: &mut Option<Guest>,
        row: &InboxRow,
    ) -> Result<Meaning, StoreError> {
        if row.damaged {
            return Ok(Meaning::Unreadable("its body does not open".to_owned()));
        }
        match row.row.source {
            Source::Pact => self.pact_meaning(tenant, dialog, guest, row).await,
            Source::Amocrm => self.amocrm_meaning(tenant, dialog, row).await,
            Source::Act => match serde_json::from_slice(&row.row.body) {
                Ok(outcome) => Ok(Meaning::Events(vec![
                    self.outcome_event(tenant, dialog, outcome).await?,
                ])),
                Err(error) if is_newer(&error) => Ok(Meaning::Newer),
                Err(error) => Ok(Meaning::Unreadable(unquoted("result", &error))),
            },
        }
    }

    async fn pact_meaning(
        &self,
        tenant: &Tenant,
        dialog: &Dialog,
        guest: &mut Option<Guest>,
        row: &InboxRow,
    ) -> Result<Meaning, StoreError> {
        let event = match self.hooks.pact(&row.row.body) {
            ChannelHook::Guest(message) => {
                let wrote = self.guest_message(tenant, dialog, guest, row, &message);
                Event::GuestWrote(wrote.await?)
            }
            ChannelHook::GuestEdited(message) => {
                let edited = self.guest_message(tenant, dialog, guest, row, &message);
                let edited = edited.await?;
                // Reactions and read marks come as updates too, with the text as it was.
                if !changes_a_known_text(dialog, &edited) {
                    return Ok(Meaning::Events(Vec::new()));
                }
                Event::GuestEdited(edited)
            }
            ChannelHook::GuestDeleted(message) => {
                // Its text goes once this is decided.
                let erasure = Erasure::Message(dialog.id.clone(), message.id.clone());
                let now = self.clock.now_ms();
                self.store.wish(tenant.account, &erasure, now).await?;
                Event::GuestDeleted {
                    message: message.id,
                }
            }
            ChannelHook::Outgoing(message) => {
                let outgoing = self.outgoing_meaning(tenant, dialog, guest, row, &message);
                return outgoing.await;
            }
            ChannelHook::Undelivered(message)
                if dialog.recent.iter().any(|seen| seen.id == message.id) =>
            {
                self.is_wrong(tenant, AlertKind::SendFailed, String::new())
                    .await;
                Event::DeliveryFailed {
                    message: message.id,
                }
            }
            ChannelHook::Undelivered(message) => {
                let echo = self
                    .store
                    .echo(
                        tenant.account,
                        &dialog.id,
                        Source::Pact,
                        Some(&message.id),
                        None,
                        self.clock.now_ms(),
                    )
                    .await?;
                let patience_ends = row.row.at + ECHO_PATIENCE;
                let action = match echo {
                    // The verdict has outrun what the channel said of the send: that stands after it in the inbox.
                    Echo::Ours(action) if dialog.in_flight.contains_key(&action) => {
                        return Ok(Meaning::Park(patience_ends));
                    }
                    Echo::Ours(action) => action,
                    Echo::Pending if self.clock.now_ms() < patience_ends => {
                        return Ok(Meaning::Park(patience_ends));
                    }
                    Echo::Pending | Echo::Foreign => return Ok(Meaning::Events(Vec::new())),
                };
                self.is_wrong(tenant, AlertKind::SendFailed, String::new())
                    .await;
                Event::ActionFailed {
                    action,
                    what: Box::new(Action::Send {
                        kind: SendKind::Answer,
                        parts: Vec::new(),
                        epoch: dialog.view.epoch,
                    }),
                    failure: Failure::Refused,
                }
            }
            ChannelHook::Ignored(why) => {
                metrics::counter!("estafeta_hooks_ignored_total", "why" => why).increment(1);
                return Ok(Meaning::Events(Vec::new()));
            }
        };
        Ok(Meaning::Events(vec![event]))
    }

    async fn guest_message(
        &self,
        tenant: &Tenant,
        dialog: &Dialog,
        known: &mut Option<Guest>,
        row: &InboxRow,
        message: &ChannelMessage,
    ) -> Result<GuestMessage, StoreError> {
        self.meet(tenant, dialog, known, message).await?;
        let at = own_time(message, row);
        let window_until = window::open_until(tenant, known.as_ref(), at);
        Ok(GuestMessage {
            id: message.id.clone(),
            at,
            text: self.seal(tenant, dialog, message.text.as_deref()).await?,
            understood: understand(
                message.text.as_deref(),
                &message.attachments,
                tenant.rules().zone(at).local(at).day,
            ),
            listed: known.as_ref().map_or(Listed::default(), |guest| {
                listed(&tenant.rules().policy, &guest.phone)
            }),
            window_until,
        })
    }

    /// Remembers whom a message names as its dialog's guest. Every one does, and most say nothing new.
    async fn meet(
        &self,
        tenant: &Tenant,
        dialog: &Dialog,
        known: &mut Option<Guest>,
        message: &ChannelMessage,
    ) -> Result<(), StoreError> {
        if let Some(guest) = &message.guest
            && known.as_ref() != Some(guest)
        {
            self.store
                .put_guest(tenant.account, &dialog.id, guest)
                .await?;
            *known = Some(guest.clone());
        }
        Ok(())
    }

    async fn seal(
        &self,
        tenant: &Tenant,
        dialog: &Dialog,
        text: Option<&str>,
    ) -> Result<Option<TextRef>, StoreError> {
        match text {
            Some(text) => Ok(Some(
                self.store
                    .put_text(tenant.account, &dialog.id, text)
                    .await?,
            )),
            None => Ok(None),
        }
    }

    /// Who wrote a message of the company's side: the ledger says what is ours; what it does not know is a person's.
    async fn outgoing_meaning(
        &self,
        tenant: &Tenant,
        dialog: &Dialog,
        known: &mut Option<Guest>,
        row: &InboxRow,
        message: &ChannelMessage,
    ) -> Result<Meaning, StoreError> {
        if message.bulk && dialog.seq == 0 {
            return Ok(Meaning::Events(Vec::new()));
        }
        let now = self.clock.now_ms();
        let patience_ends = row.row.at + ECHO_PATIENCE;
        let echo = self
            .echo_of(tenant, dialog, message, now >= patience_ends)
            .await?;
        let author = match echo {
            Echo::Ours(action) => Author::Bot { action },
            Echo::Pending if now < patience_ends => return Ok(Meaning::Park(patience_ends)),
            Echo::Pending | Echo::Foreign if message.bulk => Author::Bulk,
            Echo::Pending | Echo::Foreign if is_robots(tenant, message.text.as_deref()) => {
                Author::Robot
            }
            Echo::Pending | Echo::Foreign => Author::Person { user: None },
        };
        self.meet(tenant, dialog, known, message).await?;
        Ok(Meaning::Events(vec![Event::OutgoingSeen {
            message: message.id.clone(),
            author,
            at: own_time(message, row),
            text: self.seal(tenant, dialog, message.text.as_deref()).await?,
        }]))
    }

    /// Whether a message of the company's side is ours. `by_text`: its text may decide, though a send is on its way.
    async fn echo_of(
        &self,
        tenant: &Tenant,
        dialog: &Dialog,
        message: &ChannelMessage,
        by_text: bool,
    ) -> Result<Echo, StoreError> {
        let (account, now) = (tenant.account, self.clock.now_ms());
        let look = |text| {
            let (store, id) = (&self.store, Some(&message.id));
            store.echo(account, &dialog.id, Source::Pact, id, text, now)
        };
        let text = message.text.as_deref();
        match look(text.filter(|_| by_text)).await? {
            // It may be a text that was given up as not sent, and left all the same.
            Echo::Foreign if text.is_some() && !by_text => look(text).await,
            echo => Ok(echo),
        }
    }

    async fn amocrm_meaning(
        &self,
        tenant: &Tenant,
        dialog: &Dialog,
        row: &InboxRow,
    ) -> Result<Meaning, StoreError> {
        let events = match self.hooks.amocrm(&row.row.body) {
            CrmHook::Deal {
                deal,
                by,
                field,
                stage,
                left,
            } => {
                let moved = left.map(|left| Event::DealMoved {
                    deal,
                    from: left.0,
                    to: stage.clone(),
                });
                let changed = Event::DealChanged {
                    deal,
                    by: changer(by),
                    field,
                    stage,
                };
                [Some(changed), moved].into_iter().flatten().collect()
            }
            CrmHook::Task { task, done, by, .. } => vec![Event::TaskChanged {
                task,
                done,
                by: changer(by),
            }],
            CrmHook::Outgoing {
                message,
                user,
                text,
                at,
                ..
            } if user > 0 => {
                self.amocrm_outgoing(tenant, dialog, &message, UserId(user), &text, at)
                    .await?
            }
            CrmHook::Outgoing {
                message,
                author,
                text,
                at,
                ..
            } if author == SALESBOT => vec![Event::OutgoingSeen {
                message: MessageId(format!("{CRM_MESSAGE}{message}")),
                author: Author::Robot,
                at,
                text: self.seal(tenant, dialog, Some(&text)).await?,
            }],
            // Without a user Pact's own hook decides who wrote. If it is our echo, the next equal text is not.
            CrmHook::Outgoing { message, text, .. } => {
                self.crm_echo(tenant, dialog, &message, &text).await?;
                Vec::new()
            }
            CrmHook::Other => Vec::new(),
        };
        Ok(Meaning::Events(events))
    }

    async fn amocrm_outgoing(
        &self,
        tenant: &Tenant,
        dialog: &Dialog,
        message: &str,
        user: UserId,
        text: &str,
        at: i64,
    ) -> Result<Vec<Event>, StoreError> {
        let (message, echo) = self.crm_echo(tenant, dialog, message, text).await?;
        let author = match echo {
            Echo::Ours(action) => Author::Bot { action },
            Echo::Pending | Echo::Foreign => Author::Person { user: Some(user) },
        };
        Ok(vec![Event::OutgoingSeen {
            message,
            author,
            at,
            text: self.seal(tenant, dialog, Some(text)).await?,
        }])
    }

    /// The message of amoCRM under its id among ours, and whether it is our echo. A text of ours matches once.
    async fn crm_echo(
        &self,
        tenant: &Tenant,
        dialog: &Dialog,
        message: &str,
        text: &str,
    ) -> Result<(MessageId, Echo), StoreError> {
        let message = MessageId(format!("{CRM_MESSAGE}{message}"));
        let echo = self
            .store
            .echo(
                tenant.account,
                &dialog.id,
                Source::Amocrm,
                Some(&message),
                Some(text),
                self.clock.now_ms(),
            )
            .await?;
        Ok((message, echo))
    }

    async fn outcome_event(
        &self,
        tenant: &Tenant,
        dialog: &Dialog,
        outcome: Outcome,
    ) -> Result<Event, StoreError> {
        Ok(match outcome {
            Outcome::Done { action, done } => Event::ActionDone { action, done },
            Outcome::Sent {
                action,
                kind,
                message,
                at,
                text,
            } => Event::ActionDone {
                action,
                done: Done::Sent {
                    kind,
                    message,
                    at,
                    text,
                },
            },
            Outcome::Failed {
                action,
                what,
                failure,
            } => Event::ActionFailed {
                action,
                what,
                failure,
            },
            Outcome::Read { action, at, found } => {
                Event::CrmRead(self.snapshot(tenant, dialog, action, at, found).await?)
            }
            Outcome::Answered { turn, reply, late } => {
                if late {
                    Box::pin(self.bot_has_answered(tenant)).await?;
                }
                let answer = Box::pin(self.bot_answer(tenant, dialog, &turn, reply)).await?;
                Event::BotAnswered { turn, answer }
            }
            Outcome::Promised { turn, at } => Event::BotPromised { turn, at },
            Outcome::Unanswered { turn } => Event::BotFailed { turn },
            Outcome::Morning { waiting } => Event::DayOpened { waiting },
            Outcome::Back { service } => Event::ServiceBack { service },
            Outcome::Erased => Event::Erased,
        })
    }

    async fn snapshot(
        &self,
        tenant: &Tenant,
        dialog: &Dialog,
        action: ActionKey,
        at: i64,
        found: CrmFound,
    ) -> Result<CrmSnapshot, StoreError> {
        let contact = match found.contact {
            None => None,
            Some(contact) => {
                let mut notes = Vec::new();
                for note in &contact.notes {
                    notes.extend(self.seal(tenant, dialog, Some(note)).await?);
                }
                if notes.is_empty() {
                    // Only the first read of a dialog asks for the notes.
                    notes = known_notes(dialog, contact.id);
                }
                Some(ContactFacts {
                    id: contact.id,
                    name: self.seal(tenant, dialog, contact.name.as_deref()).await?,
                    patronymic: self
                        .seal(tenant, dialog, contact.patronymic.as_deref())
                        .await?,
                    notes,
                    tags: contact.tags,
                })
            }
        };
        let mut deals = found.deals;
        for deal in &mut deals {
            let fields = found.fields.iter().find(|(id, _)| *id == deal.id);
            if let Some((_, fields)) = fields {
                deal.booking = booking::read(self, tenant, dialog, fields).await?;
            }
        }
        Ok(CrmSnapshot {
            at,
            action,
            contact,
            deals,
        })
    }

    async fn bot_answer(
        &self,
        tenant: &Tenant,
        dialog: &Dialog,
        turn: &TurnId,
        mut reply: BotReply,
    ) -> Result<BotAnswer, StoreError> {
        if reply.kb == Kb::Miss {
            self.remember_miss(tenant, dialog, turn).await?;
        }
        let rules = tenant.rules();
        let link = booking_link::fill(self, &rules, dialog, &mut reply);
        let measured = guard::measured(self, tenant, &rules, dialog, turn, &reply);
        let measured = Box::pin(measured).await?;
        let mut replies = Vec::new();
        for text in &reply.replies {
            replies.extend(self.seal(tenant, dialog, Some(text)).await?);
        }
        let summary = reply.summary.filter(|text| is_for_staff(text));
        let summary = self.seal(tenant, dialog, summary.as_deref()).await?;
        let handoff = match reply.handoff {
            None => None,
            Some((reason, note)) => Some(BotHandoff {
                reason: ReasonId::ALL
                    .iter()
                    .copied()
                    .find(|known| known.as_str() == reason),
                note: self.seal(tenant, dialog, note.as_deref()).await?,
            }),
        };
        Ok(BotAnswer {
            replies,
            silent: reply.silent,
            confidence: reply.confidence,
            kb: reply.kb,
            intents: reply.intents.into_iter().collect(),
            facts: reply.facts,
            done: reply.done.into_iter().collect(),
            cited: reply.cited,
            handoff,
            measured,
            summary,
            link,
        })
    }

    /// Remembers what the guest asked in a turn that found nothing, for those who write the knowledge base.
    async fn remember_miss(
        &self,
        tenant: &Tenant,
        dialog: &Dialog,
        turn: &TurnId,
    ) -> Result<(), StoreError> {
        let Some(current) = dialog.turn.as_ref().filter(|current| current.id == *turn) else {
            return Ok(());
        };
        let asked = dialog.recent.iter();
        let asked = asked.filter(|message| current.messages.contains(&message.id));
        let texts: Vec<TextRef> = asked.filter_map(|message| message.text).collect();
        if texts.is_empty() {
            return Ok(());
        }
        let missed = Missed {
            account: tenant.account,
            dialog: dialog.id.clone(),
            turn: turn.clone(),
            texts,
            at: self.clock.now_ms(),
        };
        self.store.miss(&missed).await
    }

    /// Dialogs bound to a deal, newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the store fails.
    pub async fn dialogs_of_deal(
        &self,
        tenant: &Tenant,
        deal: DealId,
    ) -> Result<Vec<Dialog>, StoreError> {
        self.store.dialogs_of_deal(tenant.account, deal).await
    }
}

/// A hint for each of the dialogs.
fn copies(hint: &InboxRow, dialogs: &[Dialog]) -> Vec<NewRow> {
    let copy = |dialog: &Dialog| NewRow {
        dialog: Some(dialog.id.clone()),
        conversation: Some(dialog.conversation.clone()),
        dedup_key: format!("{}:{}", hint.row.dedup_key, dialog.id),
        ..hint.row.clone()
    };
    dialogs.iter().map(copy).collect()
}

/// Whether the account's lists name this phone.
fn listed(policy: &Policy, phone: &str) -> Listed {
    let named = |list: &[String]| {
        list.iter()
            .any(|other| widget_core::phone::same(other, phone))
    };
    Listed {
        trial: named(&policy.trial_phones),
        excluded: named(&policy.exclude.phones),
    }
}

/// Whether this is what another robot of the account writes.
fn is_robots(tenant: &Tenant, text: Option<&str>) -> bool {
    let Some(text) = text.map(render::plain) else {
        return false;
    };
    let rules = tenant.rules();
    let texts = &rules.policy.robot_zone.texts;
    texts.iter().any(|own| render::plain(own) == text)
}

/// Whether a stored result is of a kind that this version does not know.
fn is_newer(error: &serde_json::Error) -> bool {
    error.is_data() && error.to_string().starts_with("unknown variant")
}

fn known_notes(dialog: &Dialog, contact: ContactId) -> Vec<TextRef> {
    let known = dialog.crm.as_ref().and_then(|crm| crm.contact.as_ref());
    known
        .filter(|known| known.id == contact)
        .map(|known| known.notes.clone())
        .unwrap_or_default()
}

/// A message's own time, or its arrival when the channel names none that can be read.
fn own_time(message: &ChannelMessage, row: &InboxRow) -> i64 {
    if message.at > 0 {
        message.at
    } else {
        row.row.at
    }
}

fn changes_a_known_text(dialog: &Dialog, edited: &GuestMessage) -> bool {
    dialog
        .recent
        .iter()
        .any(|seen| seen.id == edited.id && seen.text != edited.text)
}

fn changer(by: Option<i64>) -> Changer {
    match by {
        Some(0) => Changer::Robot,
        Some(user) if user > 0 => Changer::Person(UserId(user)),
        _ => Changer::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::FieldText;
    use std::collections::BTreeMap;

    #[test]
    fn what_a_read_found_is_read_back_as_it_was_stored() {
        let said = BTreeMap::from([("Дата заезда".to_owned(), FieldText::Date(1))]);
        let outcome = Outcome::Read {
            action: ActionKey("c1/7/0".to_owned()),
            at: 2,
            found: CrmFound {
                fields: vec![(DealId(3), said), (DealId(4), BTreeMap::new())],
                ..CrmFound::default()
            },
        };
        let stored = serde_json::to_vec(&outcome).expect("JSON");
        let read: Outcome = serde_json::from_slice(&stored).expect("the same JSON");
        assert_eq!(read, outcome);
    }
}
