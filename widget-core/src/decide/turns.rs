//! Bursts, routing, questions to the bot and what becomes of its answers (BEHAVIOUR §3, §4).

use super::handoff::Cause;
use super::inquiry::Inquiry;
use super::triggers::{Fired, Said, confidence_asked, holds};
use super::{Draft, implied};
use crate::action::{Action, SendKind, TextPart};
use crate::booking::Filled;
use crate::change::Change;
use crate::dialog::{SentText, Turn, Unanswered};
use crate::event::{BotAnswer, BotDone, DealFacts, Event, Kb, Timer};
use crate::ids::{MessageId, TextRef, TurnId};
use crate::owner::{Owner, ReasonId};
use crate::policy::{DepartureAct, DepartureRow, InquiryAct, Mode, StageRole};
use crate::text::MAX_TEXT;
use crate::time::SECOND;
use crate::trace::Check;
use crate::understand::Intent;
use std::collections::BTreeSet;

/// The policy's text that introduces the bot.
pub(super) const INTRO: &str = "intro";
/// What names and the like may add to it, characters.
const VALUES: usize = 100;

/// How old a snapshot of the CRM may be for routing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// Within its life.
    Fresh,
    /// The CRM is down: what was known not long ago serves.
    Recent,
}

impl Draft<'_> {
    /// A guest's message while the bot leads: several make one turn.
    pub(super) fn collect_burst(&mut self) {
        self.check(Check::passed("owner.bot"));
        if let Some(turn) = self.state.turn.clone()
            && !turn.stale
        {
            let timers = &self.policy.timers;
            let may_supersede = turn.superseded < timers.supersede_max
                && self.at().saturating_sub(turn.first_asked_at) <= timers.supersede_for.0;
            if !may_supersede {
                // The answer under way goes out; this message has its own turn after it.
                self.check(Check::decided("burst").with("messages", 1));
                return;
            }
            self.set_turn(Some(Turn {
                stale: true,
                ..turn
            }));
        }
        self.arm_burst();
        self.read_crm_ahead();
    }

    fn arm_burst(&mut self) {
        let asked: &[MessageId] = self.state.turn.as_ref().map_or(&[], |turn| &turn.messages);
        let fresh: Vec<i64> = self
            .to_answer()
            .filter(|message| !asked.contains(&message.id))
            .map(|message| message.at)
            .collect();
        let count = fresh.len();
        let first = fresh.into_iter().min().unwrap_or(self.at());
        let timers = &self.policy.timers;
        let due = self
            .later(timers.burst_quiet)
            .min(first.saturating_add(timers.burst_max.0));
        self.check(Check::decided("burst").with("messages", count));
        self.arm(Timer::Burst, due.max(self.at()));
    }

    /// The question changed before its answer: it is asked again at once.
    pub(super) fn ask_again(&mut self) {
        if let Some(turn) = self.state.turn.clone().filter(|turn| !turn.stale) {
            self.set_turn(Some(Turn {
                stale: true,
                ..turn
            }));
            let at = self.at();
            self.arm(Timer::Burst, at);
        }
    }

    /// The unanswered messages are decided: handed over, asked back, or put to the bot.
    pub(super) fn route(&mut self, freshness: Freshness) {
        if self.state.view.owner != Owner::Bot || self.state.unanswered.is_empty() {
            self.want_route(false);
            return;
        }
        let stopped = match freshness {
            Freshness::Fresh => self.stopped_by_mute_for_sure(),
            // There is nothing newer to be had.
            Freshness::Recent => self.stopped_by_mute(),
        };
        if stopped {
            return;
        }
        if self.state.turn.as_ref().is_some_and(|turn| !turn.stale) {
            self.want_route(false);
            return;
        }
        // A text of ours may already answer these messages: its fate comes first (promise 3).
        if !self.state.in_flight.is_empty() {
            self.want_route(true);
            return;
        }
        if !self.snapshot_serves(freshness) {
            self.want_route(true);
            self.start_reading();
            return;
        }
        self.want_route(false);
        self.begin_episode();
        let new = self.state.unanswered.iter().filter(|m| !m.handed_back);
        let mut said = Said::of(new.map(|m| &m.understood));
        let inquiry = self.find_deal(&said);
        if self.field_took_it() {
            return;
        }
        if self.policy.mode == Mode::People {
            self.check(Check::decided("mode.people"));
            self.hand_off(ReasonId::BotPaused);
            return;
        }
        if self.came_late() {
            self.hand_off(ReasonId::Late);
            return;
        }
        self.place(&mut said);
        // What is wanted at «Выезд» says which deal it belongs to, and so comes before what hands it over.
        let row = match inquiry {
            Inquiry::Departure => self.departure_row(&said),
            _ => None,
        };
        if row
            .as_ref()
            .is_some_and(|row| row.then == DepartureAct::NewDeal)
        {
            self.want_new_deal();
            said.stage = self.policy.first_stage().map(|stage| stage.key.clone());
        }
        if self.stopped_by_trigger(&said) {
            return;
        }
        match inquiry {
            Inquiry::Departure => self.by_departure_row(row, &said),
            Inquiry::Bot if said.is_unclear() => {
                self.clarify_or_hand_off("clarify_kind", "clarify.kind", ReasonId::UnclearTwice);
            }
            Inquiry::Bot => self.ask_bot(),
            Inquiry::Several => {
                let text = self.which_deal_text();
                self.clarify_or_hand_off(text, "clarify.deal", ReasonId::MultiDeal);
            }
            Inquiry::People(reason) => self.hand_off(reason),
        }
    }

    /// How the guest is asked which deal is meant: by their days, where the deals have them.
    fn which_deal_text(&self) -> &'static str {
        let dated = |deal: &DealFacts| deal.booking.days.is_some();
        if self.open_deals().iter().all(dated) || self.policy.text("clarify_deal_plain").is_none() {
            "clarify_deal"
        } else {
            "clarify_deal_plain"
        }
    }

    /// Adds to what was said where the dialog stands.
    fn place(&self, said: &mut Said) {
        said.stage = self.state.stage().cloned();
        said.open_deals = u32::try_from(self.open_deals().len()).unwrap_or(u32::MAX);
    }

    /// Whether a trigger fires: the dialog is handed over, or the bot repeats what the deal says.
    fn stopped_by_trigger(&mut self, said: &Said) -> bool {
        match self.first_trigger(said) {
            None => return false,
            Some(Fired::HandOff(cause)) => self.hand_off(cause),
            Some(Fired::Repeat { rule, text, value }) => self.repeat_field(rule, text, value),
        }
        true
    }

    /// The bot says what a field of the deal says, and nothing of its own (masterplan: Сценарий 2, «статус оплаты»).
    /// A message that asks for more than that goes to a person, and other messages get their own turn.
    fn repeat_field(&mut self, rule: String, text: &str, value: TextRef) {
        let Some(trigger) = self.trigger(Some(&rule)) else {
            return;
        };
        let reason = trigger.reason;
        let asking: Vec<_> = self
            .state
            .unanswered
            .iter()
            .filter(|m| holds(&trigger.when, &Said::of([&m.understood])).is_some())
            .collect();
        let small_talk = [Intent::Greeting, Intent::OwnBooking, Intent::ThanksOnly];
        let asks_more = asking.iter().any(|message| {
            let intents = &message.understood.intents;
            intents.iter().filter(|i| !small_talk.contains(i)).count() > 1
        });
        let mut answers: Vec<_> = asking.iter().map(|m| m.id.clone()).collect();
        if asks_more {
            self.check(
                Check::decided("trigger")
                    .with("id", rule)
                    .with("reason", reason.as_str()),
            );
            self.hand_off(reason);
            return;
        }
        if answers.is_empty() {
            // The bot alone saw it in them.
            answers = self.unanswered_ids();
        }
        self.check(Check::decided("payment.repeated"));
        self.change(Change::Repeated { rule });
        if self.state.turn.is_some() {
            self.set_turn(None);
        }
        let mut parts = self.intro_part();
        parts.push(TextPart::PolicyWith {
            key: text.to_owned(),
            deal_field: value,
        });
        self.send(SendKind::Answer, parts, |kind, epoch| SentText {
            answers,
            ..SentText::plain(kind, epoch)
        });
        self.next_turn();
    }

    /// Whether the field of the deal, as the CRM was just read, gives the dialog to people: a person set it there.
    fn field_took_it(&mut self) -> bool {
        if let Some(Event::FieldChanged { value, by }) = implied(&self.state) {
            self.field_changed(value, by);
        }
        self.state.view.owner != Owner::Bot
    }

    pub(super) fn want_route(&mut self, wanted: bool) {
        if self.state.route_wanted != wanted {
            self.change(Change::RouteWanted(wanted));
        }
    }

    /// Goes on with messages that wait for a text in flight or for a read, or whose answer never left.
    pub(super) fn resume(&mut self) {
        let asked = self.state.turn.as_ref().is_some_and(|turn| !turn.stale);
        let collecting = self.state.timers.contains_key(&Timer::Burst);
        if self.state.view.owner != Owner::Bot || asked || collecting {
            self.want_route(false);
        } else if self.state.reading.is_some() || !self.state.in_flight.is_empty() {
            let waits = self.to_answer().next().is_some();
            self.want_route(self.state.route_wanted || waits);
        } else {
            self.route(Freshness::Fresh);
        }
    }

    /// The guest's messages that no text of ours in flight answers.
    pub(super) fn to_answer(&self) -> impl Iterator<Item = &Unanswered> {
        let answered = |message: &&Unanswered| {
            let mut sent = self.state.in_flight.values();
            sent.any(|sent| sent.answers.contains(&message.id))
        };
        self.state.unanswered.iter().filter(move |m| !answered(m))
    }

    /// Asks the guest back with a text of the policy; once asked often enough, a person sees to it.
    pub(super) fn clarify_or_hand_off(&mut self, text: &str, rule: &str, reason: ReasonId) {
        let asked = self.state.episode.as_ref().map_or(0, |e| e.clarified);
        if asked >= self.policy.bot.clarify_max {
            self.check(Check::passed("clarify.enough").with("n", asked));
            self.hand_off(reason);
            return;
        }
        self.check(Check::decided(rule));
        self.change(Change::Clarified);
        if self.state.turn.is_some() {
            self.set_turn(None);
        }
        let mut parts = self.intro_part();
        parts.push(TextPart::Policy(text.to_owned()));
        let answers = self.unanswered_ids();
        self.send(SendKind::Clarify, parts, |kind, epoch| SentText {
            answers,
            ..SentText::plain(kind, epoch)
        });
    }

    pub(super) fn ask_bot(&mut self) {
        let superseded = self
            .state
            .turn
            .as_ref()
            .map(|turn| turn.superseded.saturating_add(1));
        let first_asked_at = self
            .state
            .turn
            .as_ref()
            .map_or(self.at(), |turn| turn.first_asked_at);
        if let Some(n) = superseded {
            self.check(Check::passed("bot.superseded").with("n", n));
        }
        let messages = self.unanswered_ids();
        let turn = TurnId::new(&self.state.id, self.state.turns.saturating_add(1));
        let introduce = self.state.introduce;
        self.check(Check::decided("bot.asked").with("messages", messages.len()));
        self.set_turn(Some(Turn {
            id: turn.clone(),
            messages: messages.clone(),
            first_asked_at,
            superseded: superseded.unwrap_or(0),
            introduce,
            stale: false,
            promised: false,
        }));
        let manager_note = self.state.manager_note;
        self.act(Action::AskBot {
            turn,
            messages,
            introduce,
            manager_note,
        });
    }

    pub(super) fn unanswered_ids(&self) -> Vec<MessageId> {
        self.state.unanswered.iter().map(|m| m.id.clone()).collect()
    }

    pub(super) fn bot_answered(&mut self, id: &TurnId, answer: &BotAnswer) {
        let Some(turn) = self.current_turn(id) else {
            return;
        };
        self.set_turn(None);
        self.summary = answer.summary;
        if self.stopped_by_mode() {
            return;
        }
        let asked: Vec<_> = self
            .state
            .unanswered
            .iter()
            .filter(|m| turn.messages.contains(&m.id) && !m.handed_back)
            .map(|m| m.understood.clone())
            .collect();
        let mut said = Said::of(&asked);
        if asked.is_empty() {
            // A person was given all of it and left it to the bot: what the bot sees in it hands over no more.
            said.bot = Some((answer.kb, answer.confidence));
        } else {
            for difference in said.differences(answer) {
                self.check(difference);
            }
            said.hear(answer);
        }
        if said.intents.contains(&Intent::OptOut) && !self.state.opted_out {
            self.change(Change::OptedOut);
        }
        self.place(&mut said);
        self.change(Change::FactsLearned(said.facts.clone()));

        self.weigh(answer);
        // What is wanted at «Выезд» says which deal a handoff belongs to as well.
        let row = self.row_at_departure(&said);
        if row
            .as_ref()
            .is_some_and(|row| row.then == DepartureAct::NewDeal)
        {
            self.want_new_deal();
            said.stage = self.policy.first_stage().map(|stage| stage.key.clone());
        }
        if let Some(handoff) = &answer.handoff {
            let reason = handoff.reason.unwrap_or(ReasonId::Unknown);
            self.check(Check::decided("bot.handoff").with("reason", reason.as_str()));
            self.hand_off(Cause {
                bot_note: handoff.note,
                ..reason.into()
            });
            return;
        }
        if self.stopped_by_trigger(&said) {
            return;
        }
        if let Some(row) = &row
            && self.answer_at_departure(row, &said, &turn, answer)
        {
            self.next_turn();
            return;
        }
        if said.is_unclear() && row.is_none() {
            self.clarify_or_hand_off("clarify_kind", "clarify.kind", ReasonId::UnclearTwice);
            return;
        }
        if answer.silent && answer.replies.is_empty() {
            self.check(Check::decided("bot.silent"));
            self.change(Change::Answered {
                messages: turn.messages,
            });
            self.next_turn();
            return;
        }
        if answer.replies.is_empty() {
            self.check(Check::decided("bot.empty"));
            self.hand_off(ReasonId::Unknown);
            return;
        }
        self.send_answer(&turn, answer);
        self.next_turn();
    }

    /// The row of the table that the bot's own report makes hold, at «Выезд».
    fn row_at_departure(&mut self, said: &Said) -> Option<DepartureRow> {
        let stage = self.state.stage().and_then(|key| self.policy.stage(key))?;
        let by_table = self.policy.inquiry.departure == InquiryAct::Table;
        (stage.role == StageRole::Intent && by_table)
            .then(|| self.departure_row(said))
            .flatten()
    }

    /// Whether the account stopped the bot while it was working on its answer.
    fn stopped_by_mode(&mut self) -> bool {
        if self.policy.mode == Mode::People {
            self.check(Check::decided("mode.people"));
            self.hand_off(ReasonId::BotPaused);
            return true;
        }
        self.stopped_by_mute()
    }

    /// The turn that `id` answers, if it still counts.
    fn current_turn(&mut self, id: &TurnId) -> Option<Turn> {
        let current = self
            .state
            .turn
            .clone()
            .filter(|turn| turn.id == *id && !turn.stale)
            .filter(|_| self.state.view.owner == Owner::Bot);
        if current.is_none() {
            self.check(Check::decided("reply.stale"));
        }
        current
    }

    /// What speaks for the answer and against it; the triggers decide (promise 4: in doubt, a person).
    fn weigh(&mut self, answer: &BotAnswer) {
        match answer.kb {
            Kb::Hit => self.check(Check::passed("kb.hit")),
            Kb::Miss => self.check(Check::passed("kb.miss")),
            Kb::None => {}
        }
        if !answer.cited.is_empty() {
            self.check(Check::passed("kb.cited").with("passages", answer.cited.join(", ")));
        }
        if let Some(limit) = confidence_asked(self.policy) {
            let rule = if answer.confidence < limit {
                "confidence.low"
            } else {
                "confidence.ok"
            };
            self.check(
                Check::passed(rule)
                    .with("value", answer.confidence)
                    .with("limit", limit),
            );
        }
    }

    /// Each reply is a message; the intro is the first line of the first, unless that leaves no room for it, and the last
    /// one counts as the answer.
    fn send_answer(&mut self, turn: &Turn, answer: &BotAnswer) {
        if self.has_no_link(answer) || self.stopped_by_guard(answer) {
            return;
        }
        self.check(Check::decided("bot.answer"));
        if self.state.manager_note.is_some() {
            self.change(Change::ManagerNote(None));
        }
        let mut intro = self.intro_part();
        if !intro.is_empty() && self.leaves_no_room_for_intro(answer) {
            self.send(SendKind::Intro, std::mem::take(&mut intro), SentText::plain);
        }
        for (n, reply) in answer.replies.iter().enumerate() {
            let mut parts = std::mem::take(&mut intro);
            parts.push(TextPart::Stored(*reply));
            let (answers, mut done) = if n + 1 == answer.replies.len() {
                (turn.messages.clone(), answer.done.clone())
            } else {
                (Vec::new(), BTreeSet::new())
            };
            if answer.link == Some(Filled::Made { reply: n }) {
                done.insert(BotDone::PaymentLinkSent);
            }
            self.send(SendKind::Answer, parts, |kind, epoch| SentText {
                answers,
                done,
                ..SentText::plain(kind, epoch)
            });
        }
    }

    /// Whether intro and reply may not fit into one message of the channel.
    fn leaves_no_room_for_intro(&self, answer: &BotAnswer) -> bool {
        let template = self.policy.text(INTRO).unwrap_or_default();
        let reply = answer
            .measured
            .as_ref()
            .map_or(0, |measured| measured.chars);
        let reply = usize::try_from(reply).unwrap_or(usize::MAX);
        reply.saturating_add(template.chars().count() + VALUES) > MAX_TEXT
    }

    /// The intro, when it is due; from then on it is not.
    pub(super) fn intro_part(&mut self) -> Vec<TextPart> {
        if !self.state.introduce {
            return Vec::new();
        }
        self.change(Change::IntroIssued);
        vec![TextPart::Policy(INTRO.to_owned())]
    }

    /// Messages that came while an answer was on its way get their own turn.
    fn next_turn(&mut self) {
        if self.state.view.owner == Owner::Bot && self.to_answer().next().is_some() {
            self.arm_burst();
        }
    }

    /// The answer comes later, by a call of the bot's own (DESIGN §5.8). The guest does not wait for ever.
    pub(super) fn bot_promised(&mut self, id: &TurnId, at: i64) {
        let Some(turn) = self.current_turn(id) else {
            return;
        };
        let patience = self.policy.timers.late_answer;
        self.check(Check::decided("bot.promised").with("seconds", patience.0 / SECOND));
        self.set_turn(Some(Turn {
            promised: true,
            ..turn
        }));
        let due = at.saturating_add(patience.0).max(self.at());
        self.arm(Timer::LateAnswer, due);
    }

    pub(super) fn late_answer_is_overdue(&mut self) {
        let overdue = self.state.turn.clone().filter(|turn| turn.promised);
        match overdue {
            Some(turn) => self.bot_failed(&turn.id),
            None => self.check(Check::decided("timer.stale")),
        }
    }

    /// Another question, or none: nobody waits any more for a late answer to the one before.
    pub(super) fn set_turn(&mut self, turn: Option<Turn>) {
        self.change(Change::TurnSet(turn));
        self.cancel(Timer::LateAnswer);
    }

    pub(super) fn bot_failed(&mut self, id: &TurnId) {
        if self.current_turn(id).is_some() {
            self.check(Check::decided("bot.failed"));
            self.hand_off(ReasonId::BotUnavailable);
        }
    }

    /// The intro standing alone after a return, unless it would disturb.
    pub(super) fn introduce_alone(&mut self, last_was_thanks: bool) {
        let why = if self.is_silenced() {
            Some("mode")
        } else if self.policy.timers.quiet.contains(self.at(), &self.now.zone) {
            Some("quiet")
        } else if self.state.deal_facts().is_some_and(|deal| deal.closed) {
            Some("closed")
        } else if self.is_window_closed() {
            Some("window")
        } else if last_was_thanks {
            Some("thanks")
        } else {
            None
        };
        if let Some(why) = why {
            self.check(Check::passed("intro.skipped").with("why", why));
            return;
        }
        self.change(Change::IntroIssued);
        self.send(
            SendKind::Intro,
            vec![TextPart::Policy("return_intro".to_owned())],
            SentText::plain,
        );
    }
}
