//! What must hold, promise by promise (DESIGN §1), as far as it is about one dialog.
//!
//! Promise 6, *separate*, is not: a decision sees one dialog and names no other, so there is nothing here that it could
//! touch. Promise 2 is here about a guest's message; that an acknowledged event takes effect is the store's.

use super::*;
use crate::dialog::{Claim, DealWork};
use crate::replay::{Replayed, replay};
use crate::trace::{Lang, reason_text};
use std::collections::BTreeSet;

/// What was written so far, as the world sees it.
#[derive(Default)]
pub(super) struct Ledger {
    /// The account's epoch in which each text was decided.
    account_epochs: BTreeMap<ActionKey, usize>,
    /// Texts that begin with the intro and did not fail, with the span they were decided in.
    intros: BTreeMap<ActionKey, usize>,
    /// How many episodes began, and how often the dialog came back to the bot.
    spans: usize,
    /// Final touches asked for, by episode.
    touches: BTreeMap<u64, usize>,
    /// Deals that we made, by episode.
    made: BTreeMap<u64, usize>,
    /// The bot's replies that were asked to be sent.
    replies: BTreeSet<TextRef>,
    /// Which messages the texts that left answer, by text.
    answered: BTreeMap<MessageId, ActionKey>,
    /// «WhatsApp» tasks that stand open in the CRM, with their deals.
    open: Vec<(DealId, TaskId)>,
    /// Messages of which a change said that they wait for an answer, and none that they don't.
    waiting: BTreeSet<MessageId>,
    /// In this waiting a write to the CRM failed for good or was withheld: a task may be missing until the guest's next
    /// message.
    lost_writes: bool,
}

impl Ledger {
    pub fn account_epoch(&self, key: &ActionKey) -> usize {
        self.account_epochs.get(key).copied().unwrap_or_default()
    }

    pub fn task_closed(&mut self, task: TaskId) {
        self.open.retain(|(_, open)| *open != task);
    }
}

/// The rules by which a guest's message may stop waiting for an answer.
const SETTLED_BY: [&str; 13] = [
    "send.accepted",
    "bot.silent",
    "deleted",
    "owner.wrote",
    "owner.dismissed",
    "owner.task_closed",
    "review.accepted",
    // The bot may not answer this guest, or only watches.
    "watch.skipped",
    "mode.off",
    "mode.trial",
    "guest.excluded",
    "mode.people",
    "nothing",
];

/// The rules by which a guest's message never waits for one.
const NEEDS_NOTHING: [&str; 8] = [
    "thanks",
    "opt_out",
    "owner.manager",
    "owner.waiting",
    "message.too_old",
    "mode.off",
    "mode.trial",
    "guest.excluded",
];

impl Life {
    // --- of each decision

    pub(super) fn check_decision(&mut self, before: &Dialog, event: &Event, decision: &Decision) {
        let after = self.scene.state.clone();
        self.check_quiet_where_it_must_be(before, &after, event, decision);
        self.check_nothing_lost(before, &after, event, decision);
        self.check_nothing_twice(before, &after, event, decision);
        self.check_in_doubt_a_person(before, &after, event);
        Self::check_explained(&after, decision);
    }

    /// An account that watches writes nothing; a guest whom the bot may not answer is left alone.
    fn check_quiet_where_it_must_be(
        &self,
        before: &Dialog,
        after: &Dialog,
        event: &Event,
        decision: &Decision,
    ) {
        let mode = self.scene.policy.mode;
        let writes = |action: &Action| !matches!(action, Action::ReadCrm | Action::AskBot { .. });
        let written: Vec<_> = decision.actions.iter().filter(|a| writes(a)).collect();
        if matches!(mode, Mode::Watch | Mode::Off) {
            assert!(
                written.is_empty(),
                "{mode:?} writes {written:?} at {event:?}"
            );
        }
        if self.is_muted(after) {
            let bot_leads = before.view.owner == Owner::Bot && after.view.owner == Owner::Bot;
            // Only what a person did shows in the field: a word of ours that is no longer true is taken back.
            let field = after.deal_facts().map(|deal| deal.field);
            let untrue = matches!(field, Some(FieldValue::Waiting | FieldValue::Manager));
            let mut unwanted = written;
            unwanted.retain(|action| match action {
                Action::Send { .. }
                | Action::CreateContact
                | Action::CreateDeal { .. }
                | Action::CreateTask { .. }
                | Action::MoveDeal { .. } => true,
                Action::SetOwnerField { .. } => bot_leads && !untrue,
                // What became of a text of before is told, and a task of before is put away.
                Action::AddNote { .. }
                | Action::CompleteTask { .. }
                // A manager said so.
                | Action::TagContact { .. } => false,
                _ => bot_leads,
            });
            assert!(
                unwanted.is_empty(),
                "a guest whom the bot leaves alone, and yet {unwanted:?} at {event:?}"
            );
            let asks = |action: &Action| matches!(action, Action::AskBot { .. });
            assert!(
                !decision.actions.iter().any(asks),
                "the bot is asked about a guest whom it leaves alone: {event:?}"
            );
        }
    }

    /// Whether the bot may not answer this guest, by BEHAVIOUR §5.
    fn is_muted(&self, state: &Dialog) -> bool {
        let tags = state.crm.iter().filter_map(|crm| crm.contact.as_ref());
        let tagged = tags.flat_map(|contact| &contact.tags).next().is_some();
        match self.scene.policy.mode {
            Mode::Off => true,
            Mode::Trial if !state.listed.trial => true,
            _ => state.listed.excluded || state.exclusion.as_ref().map_or(tagged, |e| e.on),
        }
    }

    /// Promise 2: a message stops waiting only for a reason that a manager would accept.
    fn check_nothing_lost(
        &mut self,
        before: &Dialog,
        after: &Dialog,
        event: &Event,
        decision: &Decision,
    ) {
        let rules: Vec<_> = decision.trace.iter().map(|c| c.rule.as_str()).collect();
        for change in &decision.changes {
            match change {
                Change::Unanswered(message) => {
                    self.ledger.waiting.insert(message.id.clone());
                }
                Change::Answered { messages } => {
                    for id in messages {
                        let waited = self.ledger.waiting.remove(id);
                        let why = rules.iter().any(|rule| SETTLED_BY.contains(rule));
                        assert!(
                            !waited || why,
                            "promise 2: {id} waits no more by {rules:?}, at {event:?}"
                        );
                    }
                }
                _ => {}
            }
        }
        let known: BTreeSet<_> = after.unanswered.iter().map(|m| m.id.clone()).collect();
        assert_eq!(known, self.ledger.waiting, "promise 2: at {event:?}");
        let left_bot = before.view.owner == Owner::Bot && after.view.owner != Owner::Bot;
        if left_bot {
            self.ledger.lost_writes = false;
        }
        let withheld = ["watch.skipped", "mode.off", "mode.trial", "guest.excluded"];
        self.ledger.lost_writes |= rules.iter().any(|rule| withheld.contains(rule));
    }

    /// Promise 2: each message waits for an answer, or it is said why it needs none.
    pub(super) fn check_taken_note_of(&self, id: &MessageId, saying: Saying) {
        let row = self.rows.last().expect("the message is an event");
        let waits = |change: &Change| matches!(change, Change::Unanswered(m) if m.id == *id);
        let settled = row.changes.iter().any(waits);
        let why = row
            .trace
            .iter()
            .any(|check| NEEDS_NOTHING.contains(&check.rule.as_str()));
        let late = |check: &crate::trace::Check| {
            [
                "message.too_old",
                "mode.off",
                "mode.trial",
                "guest.excluded",
            ]
            .contains(&check.rule.as_str())
        };
        let stopped = row.trace.iter().any(late);
        assert!(
            settled || (why && (saying.needs_nothing() || stopped)),
            "promise 2: {id} ({saying:?}) is lost: {:?}",
            row.trace
        );
    }

    fn check_nothing_twice(
        &mut self,
        before: &Dialog,
        after: &Dialog,
        event: &Event,
        decision: &Decision,
    ) {
        let ledger = &mut self.ledger;
        for change in &decision.changes {
            if matches!(
                change,
                Change::EpisodeOpened { .. } | Change::BackToBot { .. }
            ) {
                ledger.spans += 1;
            }
        }
        for (n, action) in decision.actions.iter().enumerate() {
            let key = ActionKey::new(&after.id, after.seq, n);
            match action {
                Action::Send { kind, parts, .. } => {
                    ledger
                        .account_epochs
                        .insert(key.clone(), self.account_epoch);
                    for part in parts {
                        if let TextPart::Stored(text) = part {
                            assert!(
                                ledger.replies.insert(*text),
                                "promise 3: the bot's reply {text} is sent twice, at {event:?}"
                            );
                        }
                    }
                    let intro = TextPart::Policy("intro".to_owned());
                    if *kind == SendKind::Intro || parts.contains(&intro) {
                        let second = ledger.intros.values().any(|span| *span == ledger.spans);
                        assert!(!second, "promise 3: a second intro, at {event:?}");
                        ledger.intros.insert(key.clone(), ledger.spans);
                    }
                    if *kind == SendKind::Touch {
                        let touches = ledger.touches.entry(before.episodes).or_default();
                        *touches += 1;
                        assert_eq!(*touches, 1, "promise 3: a second touch, at {event:?}");
                    }
                }
                Action::CompleteTask { task, .. } => ledger.task_closed(*task),
                _ => {}
            }
        }
    }

    /// Promise 4: what fails or cannot be read ends with a person.
    fn check_in_doubt_a_person(&self, before: &Dialog, after: &Dialog, event: &Event) {
        let bot_may = before.view.owner == Owner::Bot && !self.is_muted(after);
        let failed = match event {
            Event::Unreadable => true,
            Event::BotFailed { turn } => {
                let asked = before.turn.as_ref();
                asked.is_some_and(|asked| asked.id == *turn && !asked.stale)
            }
            Event::ActionFailed { what, failure, .. } => {
                matches!(**what, Action::Send { .. }) && *failure != Failure::Fenced
            }
            Event::DeliveryFailed { message } => {
                let ours = |seen: &SeenMessage| {
                    seen.id == *message && seen.from == crate::dialog::From::Bot
                };
                before.recent.iter().any(ours)
            }
            _ => false,
        };
        if bot_may && failed {
            assert!(
                matches!(after.view.owner, Owner::Waiting { .. }),
                "promise 4: {event:?} leaves the dialog to the bot"
            );
        }
    }

    /// Promise 5: a manager can read why, in both languages.
    fn check_explained(after: &Dialog, decision: &Decision) {
        assert!(!decision.trace.is_empty(), "promise 5: nothing is said");
        let readable = |text: &str, of: &dyn std::fmt::Debug| {
            assert!(
                !text.trim().is_empty() && !text.contains(['{', '}']),
                "promise 5: {of:?} reads «{text}»"
            );
        };
        for check in &decision.trace {
            let known = crate::trace::RULES.contains(&check.rule.as_str());
            assert!(known, "promise 5: no sentence for {}", check.rule);
            let line = check.sentence();
            readable(&line.ru, check);
            readable(&line.en, check);
        }
        if let Owner::Waiting { reason, .. } = &after.view.owner {
            readable(&reason_text(reason, Lang::Ru), reason);
            readable(&reason_text(reason, Lang::En), reason);
        }
    }

    // --- of each act

    /// Promise 1 where it is kept in the end: at the claim of a text. And what the acts leave behind.
    pub(super) fn admit(&mut self, key: &ActionKey, action: &Action, outcome: &Event) {
        let state = &self.scene.state;
        let Event::ActionDone { done, .. } = outcome else {
            let failed = matches!(outcome, Event::ActionFailed { .. });
            self.ledger.lost_writes |= failed
                && matches!(
                    action,
                    Action::CreateTask { .. } | Action::CreateContact | Action::CreateDeal { .. }
                );
            if failed {
                self.ledger.intros.remove(key);
            }
            if let (Action::SetTaskText { task, .. }, Event::ActionFailed { failure, .. }) =
                (action, outcome)
                && *failure == Failure::Gone
            {
                self.ledger.task_closed(*task);
            }
            return;
        };
        match (action, done) {
            (Action::Send { kind, epoch, .. }, _) => {
                assert_eq!(*epoch, state.view.epoch, "promise 1: an old epoch");
                let may = match state.view.owner {
                    Owner::Bot => true,
                    Owner::Waiting { .. } => !kind.needs_bot(),
                    Owner::Manager { .. } => false,
                };
                assert!(may, "promise 1: {kind:?} is admitted in {:?}", state.view);
                let answers = state.in_flight.get(key).map(|sent| sent.answers.clone());
                for id in answers.into_iter().flatten() {
                    let before = self.ledger.answered.insert(id.clone(), key.clone());
                    assert_eq!(before, None, "promise 3: {id} is answered twice");
                }
            }
            (
                Action::CreateTask {
                    kind: TaskKind::Whatsapp,
                    deal,
                    ..
                },
                Done::TaskCreated { task },
            ) => self.ledger.open.push((*deal, *task)),
            (Action::CreateDeal { .. }, _) => {
                let made = self.ledger.made.entry(state.episodes).or_default();
                *made += 1;
                assert_eq!(*made, 1, "promise 3: a second deal in an episode");
            }
            _ => {}
        }
    }

    // --- after each step

    pub(super) fn check(&self) {
        self.check_under_way();
        self.check_one_task();
        self.check_timers();
        self.check_waiting_is_known();
    }

    /// Promise 2: every unanswered message in the bot's hands is on its way.
    fn check_under_way(&self) {
        let state = &self.scene.state;
        let is_asked = |key: &ActionKey| self.scene.pending.iter().any(|(k, _)| k == key);
        for key in state.in_flight.keys().chain(&state.reading) {
            assert!(
                is_asked(key),
                "promise 2: {key} is awaited, but nobody is at it"
            );
        }
        if state.view.owner != Owner::Bot {
            return;
        }
        let turn = state.turn.as_ref().filter(|turn| !turn.stale);
        if let Some(turn) = turn {
            let asks =
                |action: &Action| matches!(action, Action::AskBot { turn: t, .. } if *t == turn.id);
            assert!(
                turn.promised || self.scene.pending.iter().any(|(_, a)| asks(a)),
                "promise 2: the bot is at it"
            );
        }
        let collecting = state.timers.contains_key(&Timer::Burst);
        if state.exclusion.as_ref().is_some_and(|e| e.on) {
            // A manager has said that managers answer this guest.
            return;
        }
        let awaited = state.reading.is_some() || !state.in_flight.is_empty();
        for message in &state.unanswered {
            let answered = state
                .in_flight
                .values()
                .any(|sent| sent.answers.contains(&message.id));
            assert!(
                answered || turn.is_some() || collecting || (state.route_wanted && awaited),
                "promise 2: {} is left alone in {state:#?}",
                message.id
            );
        }
    }

    /// Promise 3: one open «WhatsApp» task per deal.
    fn check_one_task(&self) {
        let mut on_deals: Vec<DealId> = self.ledger.open.iter().map(|(deal, _)| *deal).collect();
        for (_, action) in &self.scene.pending {
            if let Action::CreateTask {
                kind: TaskKind::Whatsapp,
                deal,
                ..
            } = action
            {
                on_deals.push(*deal);
            }
        }
        let deals: BTreeSet<_> = on_deals.iter().collect();
        assert_eq!(
            deals.len(),
            on_deals.len(),
            "promise 3: two «WhatsApp» tasks on one deal: {on_deals:?}"
        );
    }

    fn check_timers(&self) {
        let state = &self.scene.state;
        let armed = |timer| state.timers.contains_key(&timer);
        let led = matches!(state.view.owner, Owner::Manager { .. });
        assert_eq!(armed(Timer::AutoReturn), led, "a lead ends by itself");
        assert_eq!(state.lead.is_some(), led);
        assert_eq!(armed(Timer::EpisodeIdle), state.episode.is_some());
        assert!(!armed(Timer::Burst) || state.view.owner == Owner::Bot);
        let promised = state
            .turn
            .as_ref()
            .is_some_and(|turn| turn.promised && !turn.stale);
        assert_eq!(armed(Timer::LateAnswer), promised, "a promise has an end");
        if matches!(state.claim, Claim::Grace { .. }) {
            assert!(
                armed(Timer::ClaimGrace) || state.reading.is_some(),
                "a claim goes on"
            );
        }
        let waits = matches!(state.view.owner, Owner::Waiting { .. });
        for timer in [Timer::WaitingReminder, Timer::WaitingEscalation] {
            assert!(!armed(timer) || waits, "{timer:?} while nobody waits");
        }
        for timer in [Timer::FinalTouch, Timer::AfterTouch] {
            let may = state.view.owner == Owner::Bot && state.episode.is_some();
            assert!(!armed(timer) || may, "{timer:?} where nobody is touched");
        }
        assert!(
            !state.touch_wanted || state.reading.is_some(),
            "a touch waits for a read"
        );
        for timer in state.timers.values() {
            assert!(timer.generation <= state.generation);
        }
    }

    /// Promise 4: a waiting guest is known to people.
    fn check_waiting_is_known(&self) {
        let state = &self.scene.state;
        if let Owner::Waiting { .. } = state.view.owner {
            assert!(state.handoff.is_some());
            let asked_for = state.task != TaskState::None
                || (state.deferred.contains(&DealWork::Task) && state.claim != Claim::Idle);
            assert!(
                asked_for || self.ledger.lost_writes,
                "promise 4: no task for a waiting guest: {state:#?}"
            );
        }
    }

    /// Promise 2: once everything is carried out, no guest waits for the bot, and nothing is half done.
    pub(super) fn check_settled(&self) {
        let state = &self.scene.state;
        let for_managers = state.exclusion.as_ref().is_some_and(|e| e.on);
        assert!(
            state.view.owner != Owner::Bot || state.unanswered.is_empty() || for_managers,
            "promise 2: stuck: {state:#?}"
        );
        assert!(state.in_flight.is_empty() && state.reading.is_none());
        assert_eq!(state.moving, None, "a move goes on that nobody makes");
        assert!(!state.field.pending, "a write goes on that nobody makes");
        assert_ne!(state.task, TaskState::Making);
        assert!(
            !matches!(state.claim, Claim::MakingContact | Claim::MakingDeal),
            "a deal is made that nobody makes"
        );
    }

    // --- of the whole life

    /// Promise 7: the journal, as it is stored, makes the state again; and judged again under the policies in force then
    /// it says the same.
    pub(super) fn check_journal(&self) {
        let begin = || Dialog::new("d1".into(), AccountId(1), "c1".into());
        let rows: Vec<Row> = self.rows.iter().map(stored).collect();
        let journal = rows.iter().map(|row| (row.seq, row.at, &row.changes[..]));
        let folded = begin().fold(journal);
        assert_eq!(folded, self.scene.state, "promise 7: the fold is the state");
        assert_eq!(
            there_and_back(&folded),
            folded,
            "promise 7: the state survives JSON"
        );
        for (version, policy) in (0..).zip(&self.policies) {
            let mut of_version = rows.clone();
            let mut judged = 0;
            for row in &mut of_version {
                if row.policy_version == version {
                    judged += 1;
                } else {
                    row.judged = None;
                }
            }
            if judged == 0 {
                continue;
            }
            let skipped = of_version.len() as u64 - judged;
            let replayed = replay(begin(), of_version, i64::MIN, policy, &self.scene.zone);
            let same = Replayed {
                events: judged,
                skipped,
                ..Replayed::default()
            };
            assert_eq!(replayed, same, "promise 7: the replay says something else");
        }
    }
}

fn stored(row: &Row) -> Row {
    let read = Row {
        judged: row
            .judged
            .as_ref()
            .map(|(event, actions)| (there_and_back(event), there_and_back(actions))),
        changes: there_and_back(&row.changes),
        trace: there_and_back(&row.trace),
        ..*row
    };
    assert_eq!(read, *row, "promise 7: a row survives JSON");
    read
}

fn there_and_back<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    let json = serde_json::to_string(value).expect("it serialises");
    serde_json::from_str(&json).expect("it reads back")
}
