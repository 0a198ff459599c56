//! Plays a case on the machine, and reads the outcome off its decisions.

use super::{Case, Effect, HoursText, Judged, Leader, Subject, Verb, Verdict, days};
use crate::action::{Action, Note, SendKind, TextPart};
use crate::change::Change;
use crate::decide::{decide, implied};
use crate::dialog::{Dialog, TaskState};
use crate::event::{
    Author, Booking, Changer, ContactFacts, CrmSnapshot, DealFacts, Done, Event, FieldValue,
    GuestMessage, Listed, Timer,
};
use crate::ids::{AccountId, ActionKey, ContactId, DealId, TaskId, TextRef, UserId};
use crate::owner::{Owner, ReasonId};
use crate::policy::{Mode, Policy, Stage};
use crate::time::{DAY, Days, HOUR, MINUTE, Now, Zone};
use crate::trace::Check;

const CONTACT: ContactId = ContactId(1);
/// Some manager: 0 names nobody in a trace.
const MANAGER: UserId = UserId(0);
const TASK: TaskId = TaskId(1);
/// The policy's texts that the verdict tells of.
const INTRO: &str = "intro";
const WORK_HOURS: &str = "work_hours";
const OFF_HOURS: &str = "off_hours";
/// Stages at which amoCRM closes a deal, beside those that the policy calls `reopen`.
const CLOSED: [&str; 3] = ["отказ", "успешно реализовано", "закрыто и не реализовано"];
/// More deals than these change nothing.
const MOST_DEALS: u32 = 50;
/// A case is played in no more steps than these of each kind.
const MOST_STEPS: usize = 20;

pub(super) fn judge(policy: &Policy, case: &Case, zone: &impl Fn(i64) -> Zone) -> Judged {
    let mut decided = policy.clone();
    if decided.mode == Mode::Watch {
        decided.mode = Mode::On;
    }
    let mut play = Play::new(&decided, case, zone);
    play.past(case);
    let bot_led = play.state.view.owner == Owner::Bot;
    play.guest_writes(case);
    play.bot_answers(case);
    let why: Vec<_> = play.trace.iter().map(Check::sentence).collect();
    let trace = why.iter().map(|line| line.ru.clone()).collect();
    play.make_the_deal();
    let outcome = Outcome {
        bot_led,
        state: &play.state,
        asked: &play.asked,
    };
    let mut verdict = outcome.verdict(case, trace);
    if policy.mode == Mode::Watch {
        verdict.effects.clear();
    }
    let said = play.asked.iter().filter_map(|action| match action {
        Action::Send { kind, parts, .. } => Some((*kind, parts.clone())),
        _ => None,
    });
    Judged {
        said: said.collect(),
        verdict,
        why,
    }
}

/// The dialog of a case, its clock, and the CRM around it.
struct Play<'a> {
    policy: &'a Policy,
    zone: Zone,
    /// When the message comes, unix ms.
    message_at: i64,
    now: i64,
    state: Dialog,
    contact: Option<ContactId>,
    deals: Vec<DealFacts>,
    /// Asked for and not carried out.
    pending: Vec<(ActionKey, Action)>,
    asked: Vec<Action>,
    trace: Vec<Check>,
}

impl<'a> Play<'a> {
    fn new(policy: &'a Policy, case: &Case, zone: &impl Fn(i64) -> Zone) -> Self {
        let at = case.context.local_time.unwrap_or_default().unix_ms(zone);
        let zone = zone(at);
        let today = zone.local(at).day;
        let deals: Vec<_> = deals_of(policy, case, today)
            .into_iter()
            .enumerate()
            .map(|(n, (stage, days))| deal(policy, n, &stage, days, at))
            .collect();
        let known = case.context.contact_known == Some(true) || !deals.is_empty();
        Self {
            policy,
            zone,
            message_at: at,
            now: at,
            state: Dialog::new("case".into(), AccountId(1), "case".into()),
            contact: known.then_some(CONTACT),
            deals,
            pending: Vec::new(),
            asked: Vec::new(),
            trace: Vec::new(),
        }
    }

    // --- the case, act by act

    /// Who leads, and since when.
    fn past(&mut self, case: &Case) {
        let context = &case.context;
        let wrote = context.last_manager_message_min_ago;
        match context.owner {
            Leader::Waiting => self.handed_over(),
            Leader::Manager => self.manager_wrote(wrote.unwrap_or(0)),
            Leader::Bot if wrote.is_some() || context.just_returned => {
                self.manager_wrote(wrote.unwrap_or(0));
                if self.state.view.owner != Owner::Bot {
                    self.event(&Event::Returned {
                        user: MANAGER,
                        note: None,
                    });
                }
            }
            Leader::Bot => {}
        }
        if context.open_whatsapp_task {
            self.state
                .apply(&Change::TaskSet(TaskState::Open { id: TASK }));
        }
        self.asked.clear();
    }

    /// A person has set the field «Ведёт диалог» to «Ждёт менеджера», and the handoff has its deal.
    fn handed_over(&mut self) {
        let grace = self.policy.timers.claim_grace.0;
        self.now = self.message_at.saturating_sub(grace) - MINUTE;
        self.event(&Event::FieldChanged {
            value: FieldValue::Waiting,
            by: Changer::Person(MANAGER),
        });
        self.make_the_deal();
        self.now = self.message_at;
        self.trace.clear();
    }

    fn manager_wrote(&mut self, minutes_ago: u32) {
        self.now = self.message_at - i64::from(minutes_ago) * MINUTE;
        self.event(&Event::OutgoingSeen {
            message: "manager".into(),
            author: Author::Person {
                user: Some(MANAGER),
            },
            at: self.now,
            text: Some(TextRef(3)),
        });
        self.run();
        self.trace.clear();
        self.wait_for_the_message();
    }

    /// What falls due before the message happens before it.
    fn wait_for_the_message(&mut self) {
        for _ in 0..MOST_STEPS {
            let due = |(timer, armed): (&Timer, &crate::dialog::Armed)| (armed.due, *timer);
            let next = self.state.timers.iter().map(due).min();
            let Some((_, timer)) = next.filter(|(due, _)| *due <= self.message_at) else {
                break;
            };
            self.fire(timer);
        }
        self.now = self.message_at;
    }

    /// The message comes, and no other follows it.
    fn guest_writes(&mut self, case: &Case) {
        let understood = case.understood(self.zone.local(self.message_at).day);
        self.event(&Event::GuestWrote(GuestMessage {
            id: "guest".into(),
            at: self.now,
            text: (understood.chars > 0).then_some(TextRef(1)),
            understood,
            listed: Listed {
                trial: true,
                excluded: false,
            },
            window_until: None,
        }));
        self.run();
        self.fire_all(Timer::Burst);
    }

    fn bot_answers(&mut self, case: &Case) {
        if let (Some(turn), Some(answer)) = (self.state.turn.clone(), case.bot_answer()) {
            let turn = turn.id;
            self.event(&Event::BotAnswered { turn, answer });
            self.run();
        }
    }

    /// The CRM makes no deal by itself, so that we make one where one is needed.
    fn make_the_deal(&mut self) {
        self.fire_all(Timer::ClaimGrace);
    }

    // --- the machine

    fn event(&mut self, event: &Event) {
        let now = Now {
            at: self.now,
            zone: self.zone.clone(),
        };
        let decision = decide(self.policy, &self.state, event, &now);
        self.state.seq += 1;
        self.state.last_at = self.now;
        for change in &decision.changes {
            self.state.apply(change);
        }
        for (n, action) in decision.actions.into_iter().enumerate() {
            let key = ActionKey::new(&self.state.id, self.state.seq, n);
            self.asked.push(action.clone());
            self.pending.push((key, action));
        }
        self.trace.extend(decision.trace);
    }

    fn fire_all(&mut self, timer: Timer) {
        for _ in 0..MOST_STEPS {
            if !self.state.timers.contains_key(&timer) {
                return;
            }
            self.fire(timer);
        }
    }

    fn fire(&mut self, timer: Timer) {
        let Some(armed) = self.state.timers.get(&timer).copied() else {
            return;
        };
        self.now = self.now.max(armed.due);
        self.event(&Event::TimerFired {
            timer,
            generation: armed.generation,
        });
        self.run();
    }

    /// What the CRM is asked for until a deal stands is carried out. What becomes of texts, tasks and notes decides
    /// nothing here.
    fn run(&mut self) {
        for _ in 0..MOST_STEPS {
            if self.pending.is_empty() {
                return;
            }
            for (key, action) in std::mem::take(&mut self.pending) {
                let Some(outcome) = self.carry_out(key, &action) else {
                    continue;
                };
                self.event(&outcome);
                if matches!(outcome, Event::CrmRead(_))
                    && let Some(implied) = implied(&self.state)
                {
                    self.event(&implied);
                }
            }
        }
    }

    fn carry_out(&mut self, key: ActionKey, action: &Action) -> Option<Event> {
        let done = match action {
            Action::ReadCrm => return Some(Event::CrmRead(self.snapshot(key))),
            Action::CreateContact => {
                self.contact = Some(CONTACT);
                Done::ContactCreated { contact: CONTACT }
            }
            Action::CreateDeal { .. } => {
                let first = self.policy.first_stage()?.name.clone();
                let made = DealFacts {
                    created_at: self.now,
                    ..deal(self.policy, self.deals.len(), &first, None, self.now)
                };
                let id = made.id;
                self.deals.insert(0, made);
                Done::DealCreated { deal: id }
            }
            _ => return None,
        };
        Some(Event::ActionDone { action: key, done })
    }

    fn snapshot(&self, action: ActionKey) -> CrmSnapshot {
        CrmSnapshot {
            at: self.now,
            action,
            contact: self.contact.map(|id| ContactFacts {
                id,
                name: None,
                patronymic: None,
                notes: Vec::new(),
                tags: Vec::new(),
            }),
            deals: self.deals.clone(),
        }
    }
}

// --- the guest's deals

/// Stage and dates of the guest's deals, the current one first.
fn deals_of(policy: &Policy, case: &Case, today: i64) -> Vec<(String, Option<Days>)> {
    let context = &case.context;
    let mut deals: Vec<(String, Option<Days>)> = context
        .deals
        .iter()
        .flatten()
        .map(|text| {
            let (stage, dates) = text.split_once(':').unwrap_or((text, ""));
            (stage.trim().to_owned(), days::read(dates, today))
        })
        .collect();
    let listed = !deals.is_empty();
    let stage = case
        .stage
        .as_deref()
        .map(str::trim)
        .filter(|s| !s.is_empty());
    if let Some(stage) = stage {
        let current = deals
            .iter()
            .position(|(name, _)| plain(name) == plain(stage));
        let current = current.map_or((stage.to_owned(), None), |at| deals.remove(at));
        deals.insert(0, current);
    }
    let open = context.open_deals.unwrap_or(0).min(MOST_DEALS);
    if listed || open < 2 {
        return deals;
    }
    let first = policy.first_stage().map(|stage| stage.name.as_str());
    let (like, further) = match stage {
        // Beside a closed deal it is not known where others would stand.
        Some(stage) if is_closed(stage) => return deals,
        Some(stage) => (stage, open - 1),
        None => (first.unwrap_or_default(), open),
    };
    deals.extend((0..further).map(|_| (like.to_owned(), None)));
    deals
}

fn deal(policy: &Policy, n: usize, stage: &str, days: Option<Days>, at: i64) -> DealFacts {
    let n = i64::try_from(n).unwrap_or(i64::MAX);
    let known = stage_named(policy, stage);
    DealFacts {
        id: DealId(n + 1),
        stage: known.map(|stage| stage.key.clone()),
        stage_name: stage.to_owned(),
        closed: is_closed(stage),
        responsible: Some(MANAGER),
        responsible_active: true,
        field: FieldValue::Empty,
        created_at: at - DAY - n * HOUR,
        amount: None,
        booking: Booking {
            days,
            ..Booking::default()
        },
        has_task: false,
    }
}

fn stage_named<'a>(policy: &'a Policy, name: &str) -> Option<&'a Stage> {
    policy
        .stages
        .iter()
        .find(|stage| plain(&stage.name) == plain(name))
}

fn is_closed(stage: &str) -> bool {
    CLOSED.contains(&plain(stage).as_str())
}

/// A stage's name as people spell it.
fn plain(name: &str) -> String {
    let name = name.trim().trim_matches(['«', '»', '"']);
    name.to_lowercase().replace('ё', "е")
}

// --- the outcome

/// What was decided on the message, and where that left the dialog.
struct Outcome<'a> {
    /// The bot led when the message came.
    bot_led: bool,
    state: &'a Dialog,
    asked: &'a [Action],
}

impl Outcome<'_> {
    fn verdict(&self, case: &Case, trace: Vec<String>) -> Verdict {
        let said = self.said();
        let handed_over = said == Verb::Handoff;
        let (action, then) = if self.any(is_review) {
            (Verb::AcceptReview, handed_over.then_some(said))
        } else if self.bot_led && self.begins_anew() {
            (
                Verb::NewDeal,
                Some(said).filter(|said| *said != Verb::Silent),
            )
        } else {
            (said, None)
        };
        let reason = match &self.state.view.owner {
            Owner::Waiting { reason, .. } if handed_over => Some(reason.id),
            _ => None,
        };
        Verdict {
            id: case.id.clone(),
            action,
            reason,
            then,
            deal: self.subject(action),
            effects: self.effects(),
            text_variant: self.hours_text(),
            introduce: (said != Verb::Silent).then(|| self.introduces()),
            trace,
        }
    }

    /// What becomes of the message, whichever deal it belongs to.
    fn said(&self) -> Verb {
        let waits = matches!(self.state.view.owner, Owner::Waiting { .. });
        if !self.bot_led {
            Verb::Silent
        } else if waits {
            Verb::Handoff
        } else if self.sends(|kind, _| kind == SendKind::Clarify) {
            Verb::Clarify
        } else if self.bot_is_asked() || self.sends(|_, _| true) {
            Verb::Answer
        } else {
            Verb::Silent
        }
    }

    fn subject(&self, action: Verb) -> Subject {
        let episode = self.state.episode.as_ref();
        let which_one = action == Verb::Clarify && episode.is_some_and(|e| e.several);
        if action == Verb::Silent || which_one {
            Subject::Any
        } else if self.begins_anew() {
            Subject::New
        } else if self.state.deal.is_some() && !self.any(is_new_deal) {
            Subject::Current
        } else {
            Subject::Any
        }
    }

    fn effects(&self) -> Vec<Effect> {
        let is_task = |action: &Action| matches!(action, Action::CreateTask { .. });
        let says = self.bot_is_asked() || self.sends(|_, _| true);
        [
            (self.begins_anew(), Effect::CreateDeal),
            (says, Effect::SendMessage),
            (self.any(is_task), Effect::CreateTask),
        ]
        .into_iter()
        .filter_map(|(happens, effect)| happens.then_some(effect))
        .collect()
    }

    fn hours_text(&self) -> Option<HoursText> {
        if self.says(OFF_HOURS) {
            Some(HoursText::OffHours)
        } else {
            self.says(WORK_HOURS).then_some(HoursText::WorkHours)
        }
    }

    fn introduces(&self) -> bool {
        let turn = self.state.turn.as_ref();
        turn.is_some_and(|turn| turn.introduce) || self.says(INTRO)
    }

    /// A deal is made for a new inquiry. One that only carries the task of a booking nobody found is none.
    fn begins_anew(&self) -> bool {
        let not_found = matches!(
            &self.state.view.owner,
            Owner::Waiting { reason, .. } if reason.id == ReasonId::BookingNotFound
        );
        self.any(is_new_deal) && !not_found
    }

    /// The question stands: the answer will be sent.
    fn bot_is_asked(&self) -> bool {
        self.state.turn.is_some()
    }

    fn any(&self, which: impl Fn(&Action) -> bool) -> bool {
        self.asked.iter().any(which)
    }

    fn says(&self, text: &str) -> bool {
        let said = |part: &TextPart| matches!(part, TextPart::Policy(key) if key == text);
        self.sends(|_, parts| parts.iter().any(said))
    }

    fn sends(&self, which: impl Fn(SendKind, &[TextPart]) -> bool) -> bool {
        self.any(|action| matches!(action, Action::Send { kind, parts, .. } if which(*kind, parts)))
    }
}

fn is_new_deal(action: &Action) -> bool {
    matches!(action, Action::CreateDeal { .. })
}

fn is_review(action: &Action) -> bool {
    matches!(
        action,
        Action::AddNote {
            note: Note::Review { .. },
            ..
        }
    )
}
