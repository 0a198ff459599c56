//! What arrives from the guest, and what leaves towards the guest.

use super::Draft;
use super::handoff::Cause;
use super::triggers::Said;
use super::turns::INTRO;
use crate::action::{Action, Note, SendKind, TaskKind, TaskText, TextPart};
use crate::change::Change;
use crate::dialog::{DealWork, From, Handoff, SeenMessage, SentText, Unanswered};
use crate::event::{Author, CRM_MESSAGE, Failure, GuestMessage, Timer};
use crate::ids::{ActionKey, MessageId, TextRef, UserId};
use crate::owner::{Owner, ReasonId};
use crate::time::{HOUR, MINUTE, SECOND};
use crate::trace::Check;
use crate::understand::{AttachmentKind, Intent, Understood};

/// A message this old is answered by a person, not by the bot (DESIGN §5.6).
pub(super) const LATE_AFTER: i64 = 30 * MINUTE;
/// A message this old is context only.
const TOO_OLD_AFTER: i64 = 24 * HOUR;
/// A signal may be this much older than the present owner's lead and still count (BEHAVIOUR §1, late signals).
const SIGNAL_TOLERANCE: i64 = 5 * SECOND;
/// Two reports of one human message lie no further apart, ms.
const SAME_REPORT_WITHIN: u64 = 120_000;

impl Draft<'_> {
    pub(super) fn guest_wrote(&mut self, message: &GuestMessage) {
        if self.knows(message) {
            self.check(Check::decided("nothing"));
            return;
        }
        self.see(&message.id, From::Guest, message.at, message.text);
        self.know_guest(message);
        let age = self.at().saturating_sub(message.at);
        if age > TOO_OLD_AFTER {
            self.check(Check::decided("message.too_old"));
            self.no_more_touches();
            return;
        }
        if self.state.view.owner == Owner::Bot && self.stopped_by_mute_for_sure() {
            self.keep_while_excluded(message);
            return;
        }
        self.no_more_touches();
        if self.state.episode.is_none() {
            let at = self.at();
            self.change(Change::EpisodeOpened { at });
        }
        self.change(Change::FactsLearned(message.understood.facts.clone()));
        self.stay_awake();
        if message.understood.intents.contains(&Intent::OptOut) && !self.state.opted_out {
            self.change(Change::OptedOut);
        }
        let opt_out = is_only(&message.understood, Intent::OptOut);
        let thanks = is_thanks(&message.understood);
        if !thanks && !opt_out {
            let at = self.at();
            self.change(Change::Unanswered(Unanswered {
                id: message.id.clone(),
                at,
                understood: message.understood.clone(),
                handed_back: false,
            }));
        }
        match self.state.view.owner.clone() {
            Owner::Manager { user, .. } => {
                self.guest_wrote_to_manager(user, message, thanks || opt_out);
            }
            Owner::Waiting { .. } => self.guest_wrote_while_waiting(message, thanks || opt_out),
            Owner::Bot if opt_out => self.acknowledge_opt_out(),
            Owner::Bot if thanks => self.check(Check::decided("thanks")),
            Owner::Bot => self.collect_burst(),
        }
    }

    /// Whether one of the messages that wait was found so late that a person is to answer it.
    pub(super) fn came_late(&self) -> bool {
        let late = |message: &Unanswered| {
            let seen = self.state.recent.iter().find(|seen| seen.id == message.id);
            seen.is_some_and(|seen| message.at.saturating_sub(seen.at) > LATE_AFTER)
        };
        let mut waiting = self.state.unanswered.iter();
        waiting.any(|message| !message.handed_back && late(message))
    }

    /// The same message, delivered again.
    fn knows(&self, message: &GuestMessage) -> bool {
        let seen = |seen: &SeenMessage| seen.id == message.id && seen.from == From::Guest;
        let unanswered = |known: &Unanswered| known.id == message.id;
        self.state.recent.iter().any(seen) || self.state.unanswered.iter().any(unanswered)
    }

    /// What came with the message: the account's lists, and until when the channel takes free text.
    fn know_guest(&mut self, message: &GuestMessage) {
        if message.listed != self.state.listed {
            self.change(Change::GuestListed(message.listed));
        }
        if message.window_until != self.state.window_until {
            self.change(Change::WindowKnown(message.window_until));
        }
    }

    fn acknowledge_opt_out(&mut self) {
        self.check(Check::decided("opt_out"));
        self.send(
            SendKind::Ack,
            vec![TextPart::Policy("opt_out_ack".to_owned())],
            SentText::plain,
        );
    }

    fn guest_wrote_to_manager(
        &mut self,
        user: Option<UserId>,
        message: &GuestMessage,
        needs_nothing: bool,
    ) {
        self.check(Check::decided("owner.manager").with("user", user.map_or(0, |user| user.0)));
        if needs_nothing {
            return;
        }
        self.raise_if_urgent(message);
        let grace = self.policy.timers.auto_return_grace.0;
        let due = self.state.timers.get(&Timer::AutoReturn).map(|t| t.due);
        if let (Some(due), Some(lead)) = (due, self.state.lead.clone())
            && !lead.deferred_once
            && due.saturating_sub(self.at()) <= grace
        {
            self.arm(Timer::AutoReturn, due.saturating_add(grace));
            self.change(Change::LeadSet(Some(crate::dialog::Lead {
                deferred_once: true,
                ..lead
            })));
        }
    }

    fn guest_wrote_while_waiting(&mut self, message: &GuestMessage, needs_nothing: bool) {
        self.check(Check::decided("owner.waiting"));
        if needs_nothing {
            return;
        }
        let urgent = self.raise_if_urgent(message);
        let Some(mut handoff) = self.state.handoff.clone() else {
            return;
        };
        handoff.messages.push(message.id.clone());
        let may_tell = !urgent && self.muted().is_none();
        let tell_hours = may_tell && !self.open_now() && !handoff.told_off_hours;
        handoff.told_off_hours |= tell_hours;
        self.change(Change::HandoffSet(Some(handoff)));
        self.work_on_deal(DealWork::Task);
        if tell_hours {
            self.check(Check::passed("hours.off"));
            self.send(
                SendKind::Hours,
                vec![TextPart::Policy("off_hours".to_owned())],
                SentText::plain,
            );
        }
    }

    /// An urgent message does not wait for whoever leads: a task at once for whoever is on duty, and, while no person
    /// leads, the duty phone for the guest (BEHAVIOUR §3, urgent). Once until somebody answers. Answers whether the guest
    /// was told of it.
    fn raise_if_urgent(&mut self, message: &GuestMessage) -> bool {
        let Some(cause) = self.urgent(&Said::of([&message.understood])) else {
            return false;
        };
        let mut before = self.state.unanswered.iter();
        if before.any(|m| m.id != message.id && self.urgent(&Said::of([&m.understood])).is_some()) {
            return false;
        }
        self.check(Check::decided("urgent.raised").with("reason", cause.reason.id.as_str()));
        self.hasten(&cause);
        if let Some(deal) = self.state.deal {
            let due_at = self.at();
            let tasks = &self.policy.tasks;
            let assignee = tasks.duty_user.or(tasks.escalate_to).or(self.assignee());
            self.write(Action::CreateTask {
                deal,
                kind: TaskKind::Contact,
                text: TaskText {
                    reason: cause.reason,
                    messages: vec![message.id.clone()],
                },
                due_at,
                assignee,
            });
        }
        let waits = matches!(self.state.view.owner, Owner::Waiting { .. });
        let Some(text) = cause
            .text
            .filter(|_| waits && self.policy.tasks.duty_phone.is_some())
        else {
            return false;
        };
        self.send(SendKind::Ack, vec![TextPart::Policy(text)], SentText::plain);
        true
    }

    /// What waits already is brought up as soon as an urgent handoff would be. A task that is still to be made becomes
    /// the urgent one.
    fn hasten(&mut self, cause: &Cause) {
        let waits = matches!(self.state.view.owner, Owner::Waiting { .. });
        let Some(handoff) = self.state.handoff.clone().filter(|_| waits) else {
            return;
        };
        let armed = self.state.timers.get(&Timer::WaitingEscalation).copied();
        let after = self.trigger(cause.trigger.as_deref());
        if let (Some(armed), Some(after)) = (armed, after.and_then(|t| t.escalate_after)) {
            self.arm(Timer::WaitingEscalation, armed.due.min(self.later(after)));
        }
        if self.state.deal.is_none() {
            self.change(Change::HandoffSet(Some(Handoff {
                trigger: cause.trigger.clone(),
                ..handoff
            })));
        }
    }

    /// Nobody knows what the guest said: a person looks (promise 4).
    pub(super) fn unreadable(&mut self) {
        self.check(Check::decided("event.unreadable"));
        if self.state.view.owner == Owner::Bot {
            self.hand_off(ReasonId::EventUnreadable);
        }
    }

    /// Nothing of the guest is left to decide about.
    pub(super) fn erased(&mut self) {
        self.check(Check::decided("erased"));
        self.change(Change::Forgotten { at: self.at() });
    }

    pub(super) fn guest_edited(&mut self, message: &GuestMessage) {
        self.see(&message.id, From::Guest, message.at, message.text);
        let Some(known) = self
            .state
            .unanswered
            .iter()
            .find(|known| known.id == message.id)
            .cloned()
        else {
            self.check(Check::decided("edited.after"));
            return;
        };
        self.check(Check::decided("edited.before"));
        self.change(Change::FactsLearned(message.understood.facts.clone()));
        self.change(Change::Unanswered(Unanswered {
            understood: message.understood.clone(),
            ..known
        }));
        if self.state.view.owner == Owner::Bot {
            self.ask_again();
        }
    }

    pub(super) fn guest_deleted(&mut self, message: &MessageId) {
        self.check(Check::decided("deleted"));
        self.change(Change::Blanked {
            message: message.clone(),
        });
        let pending = self.state.unanswered.iter().any(|m| m.id == *message);
        self.change(Change::Answered {
            messages: vec![message.clone()],
        });
        if self.state.unanswered.is_empty() {
            self.stop_bot();
        } else if pending && self.state.view.owner == Owner::Bot {
            self.ask_again();
        }
    }

    pub(super) fn outgoing_seen(
        &mut self,
        message: &MessageId,
        author: &Author,
        at: i64,
        text: Option<TextRef>,
    ) {
        match author {
            Author::Bot { .. } => self.check(Check::decided("echo.ours")),
            Author::Bulk => {
                self.see(message, From::Bulk, at, text);
                self.check(Check::decided("outgoing.bulk"));
            }
            Author::Robot => self.robot_reported(message, at, text),
            Author::Person { .. }
                if self.state.view.owner == Owner::Bot && self.muted().is_some() =>
            {
                self.see(message, From::Manager, at, text);
                self.check(Check::decided(self.muted().unwrap_or("nothing")));
                self.answered_until(at);
            }
            Author::Person { user } => self.person_reported(message, *user, at, text),
        }
    }

    /// The other report of a message: the channel and the CRM report one message each under an id of its own. Two equal
    /// texts from one of them are two messages.
    fn twin(&self, message: &MessageId, at: i64, text: Option<TextRef>) -> Option<&SeenMessage> {
        let by_crm = |id: &MessageId| id.0.starts_with(CRM_MESSAGE);
        self.state.recent.iter().rev().find(|seen| {
            let same_text = text.is_some()
                && seen.text == text
                && seen.at.abs_diff(at) <= SAME_REPORT_WITHIN
                && by_crm(&seen.id) != by_crm(message);
            matches!(seen.from, From::Manager | From::Robot) && (seen.id == *message || same_text)
        })
    }

    fn robot_reported(&mut self, message: &MessageId, at: i64, text: Option<TextRef>) {
        let twin = self.twin(message, at, text).map(|seen| seen.id.clone());
        self.see(message, From::Robot, at, text);
        self.check(Check::decided("outgoing.robot"));
        if let Some(twin) = twin {
            self.robot_did_not_take(&twin);
        }
    }

    fn person_reported(
        &mut self,
        message: &MessageId,
        user: Option<UserId>,
        at: i64,
        text: Option<TextRef>,
    ) {
        let twin = self.twin(message, at, text).map(|seen| seen.from);
        if twin == Some(From::Robot) && user.is_none() {
            self.check(Check::decided("outgoing.robot"));
            return;
        }
        let reported_before = twin.is_some();
        let since = match self.state.view.owner {
            Owner::Bot => i64::MIN,
            Owner::Waiting { since, .. } | Owner::Manager { since, .. } => since,
        };
        let returned_at = self.state.last_return_at.unwrap_or(i64::MIN);
        let too_old = self.at().saturating_sub(at) > TOO_OLD_AFTER;
        let late = at < since.max(returned_at).saturating_sub(SIGNAL_TOLERANCE);
        if !reported_before {
            self.see(message, From::Manager, at, text);
        }
        if late {
            self.check(Check::decided("owner.late_signal"));
        } else if too_old {
            self.check(Check::decided("message.too_old"));
        } else if reported_before {
            self.check(Check::decided("outgoing.noted"));
            self.name_leader(user);
        } else {
            self.person_wrote(user, message, at);
        }
    }

    /// Sends a text under the present epoch. `purpose` says what it answers.
    pub(super) fn send(
        &mut self,
        kind: SendKind,
        parts: Vec<TextPart>,
        purpose: impl FnOnce(SendKind, u64) -> SentText,
    ) {
        let epoch = self.state.view.epoch;
        let intro = kind == SendKind::Intro || parts.contains(&TextPart::Policy(INTRO.to_owned()));
        let sent = SentText {
            intro,
            ..purpose(kind, epoch)
        };
        match self.write(Action::Send { kind, parts, epoch }) {
            Some(action) => self.change(Change::SendIssued { action, sent }),
            // Only watched: what the text would have answered waits no longer.
            None if !sent.answers.is_empty() => self.change(Change::Answered {
                messages: sent.answers,
            }),
            None => {}
        }
    }

    pub(super) fn sent(
        &mut self,
        action: &ActionKey,
        kind: SendKind,
        message: &MessageId,
        at: i64,
        text: TextRef,
    ) {
        let purpose = self.state.in_flight.get(action).cloned();
        self.check(Check::decided("send.accepted").with("kind", kind.name()));
        self.change(Change::SendSettled {
            action: action.clone(),
        });
        self.see(message, From::Bot, at, Some(text));
        self.stay_awake();
        if let Some(purpose) = purpose {
            if !purpose.answers.is_empty() {
                self.change(Change::Answered {
                    messages: purpose.answers.clone(),
                });
            }
            if kind == SendKind::Answer {
                self.answer_accepted(&purpose.done);
            }
        }
        if kind == SendKind::Touch {
            self.touch_accepted(at, text);
        }
        self.review_touch();
        self.resume();
    }

    pub(super) fn send_failed(&mut self, action: &ActionKey, kind: SendKind, failure: Failure) {
        let failed = self.state.in_flight.get(action).filter(|sent| sent.intro);
        // A return since then has an intro of its own.
        let epoch = self.state.view.epoch;
        let returned = |sent: &SentText| sent.epoch != epoch && self.state.view.owner == Owner::Bot;
        let intro = failed.is_some_and(|sent| !returned(sent));
        self.change(Change::SendSettled {
            action: action.clone(),
        });
        if intro && self.state.episode.is_some() {
            self.change(Change::IntroWanted);
        }
        let rule = match failure {
            Failure::Fenced => "send.fenced",
            Failure::Refused | Failure::Unreachable | Failure::Gone => "send.failed",
        };
        self.check(Check::decided(rule).with("kind", kind.name()));
        if failure != Failure::Fenced && self.state.view.owner == Owner::Bot {
            self.hand_off(ReasonId::SendFailed);
        } else {
            self.resume();
        }
    }

    /// The channel had accepted a text, and says now that it did not arrive (BEHAVIOUR §1, send failed for good).
    pub(super) fn delivery_failed(&mut self, message: &MessageId) {
        let ours = |seen: &SeenMessage| seen.id == *message && seen.from == From::Bot;
        if !self.state.recent.iter().any(ours) {
            self.check(Check::decided("nothing"));
            return;
        }
        self.check(Check::decided("send.undelivered"));
        self.work_on_deal(DealWork::Note(Note::Undelivered {
            message: message.clone(),
        }));
        if self.state.view.owner == Owner::Bot && self.muted().is_none() {
            self.hand_off(ReasonId::SendFailed);
        }
    }

    fn see(&mut self, id: &MessageId, from: From, at: i64, text: Option<TextRef>) {
        self.change(Change::Seen(SeenMessage {
            id: id.clone(),
            from,
            at,
            text,
        }));
    }

    /// A message of either side keeps the episode awake.
    pub(super) fn stay_awake(&mut self) {
        if self.state.episode.is_some() {
            let due = self.later(self.policy.timers.episode_idle);
            self.arm(Timer::EpisodeIdle, due);
        }
    }
}

/// Thanks, a sticker or a reaction alone: never "unanswered".
/// Whether a message waits for no answer.
pub(super) fn needs_nothing(understood: &Understood) -> bool {
    is_thanks(understood) || is_only(understood, Intent::OptOut)
}

fn is_thanks(understood: &Understood) -> bool {
    let only_sticker = understood.chars == 0
        && !understood.attachments.is_empty()
        && understood
            .attachments
            .iter()
            .all(|kind| *kind == AttachmentKind::Sticker);
    is_only(understood, Intent::ThanksOnly) || only_sticker
}

/// A message that says this one thing, and brings nothing along.
fn is_only(understood: &Understood, intent: Intent) -> bool {
    understood.intents.len() == 1
        && understood.intents.contains(&intent)
        && understood.attachments.is_empty()
}
