//! The rules of BEHAVIOUR.md as tests, one family a file, played on a [`Scene`].

mod booking;
mod bursts;
mod calendar;
mod clarify;
mod departure;
mod edges;
mod erased;
mod field;
mod found_late;
mod guard;
mod hostile;
mod inquiry;
mod late_answer;
mod machine;
mod model;
mod modes;
mod owner;
mod payment;
mod peers;
mod promises;
mod scenarios;
mod stages;
mod task;
mod touch;
mod triggers;
mod urgent;
mod waiting;
mod witnesses;

use super::{Decision, decide, implied};
use crate::action::{Action, SendKind, TaskKind, TextPart};
use crate::change::Change;
use crate::dialog::{Dialog, TaskState};
use crate::event::{
    Author, BotAnswer, Changer, ContactFacts, CrmSnapshot, DealFacts, Done, Event, Failure,
    FieldValue, GuestMessage, Kb, Listed, Timer,
};
use crate::ids::{AccountId, ActionKey, ContactId, DealId, StageKey, TaskId, TextRef, UserId};
use crate::owner::{Owner, ReasonId};
use crate::policy::Policy;
use crate::time::{HOUR, Now, SECOND, Zone};
use crate::understand::{Facts, Intent, Understood};
use std::collections::BTreeSet;

const ANNA: UserId = UserId(9002);
const IGOR: UserId = UserId(9003);
const CONTACT: ContactId = ContactId(500);
const DEAL: DealId = DealId(700);
/// Wednesday 2026-11-18 11:00 in Moscow: working hours.
const NOON: i64 = 1_794_988_800_000;
/// The same day 19:00 in Moscow: after hours, and not yet quiet hours.
const EVENING: i64 = NOON + 8 * HOUR;

fn policy() -> Policy {
    crate::policy::parse(include_str!("../../../../backend/policies/sanatorium.toml")).unwrap()
}

fn moscow() -> Zone {
    Zone::fixed(10_800)
}

/// A dialog, its clock, and the world around it: a CRM and a channel that carry out what is asked when told to.
struct Scene {
    policy: Policy,
    state: Dialog,
    now: i64,
    zone: Zone,
    /// The CRM's contact and deals.
    contact: Option<ContactId>,
    tags: Vec<String>,
    listed: Listed,
    window_until: Option<i64>,
    deals: Vec<DealFacts>,
    crm_is_up: bool,
    /// Asked for and not carried out yet.
    pending: Vec<(ActionKey, Action)>,
    /// Everything that was ever asked for.
    asked: Vec<Action>,
    journal: Vec<(u64, i64, Vec<Change>)>,
    traces: Vec<String>,
    ids: i64,
}

impl Scene {
    /// A guest nobody knows.
    fn new_guest() -> Self {
        Self {
            policy: policy(),
            state: Dialog::new("d1".into(), AccountId(1), "c1".into()),
            now: NOON,
            zone: moscow(),
            contact: None,
            tags: Vec::new(),
            listed: Listed::default(),
            window_until: None,
            deals: Vec::new(),
            crm_is_up: true,
            pending: Vec::new(),
            asked: Vec::new(),
            journal: Vec::new(),
            traces: Vec::new(),
            ids: 1_000,
        }
    }

    /// A guest with one deal at this stage.
    fn at_stage(stage: &str) -> Self {
        let mut scene = Self::new_guest();
        scene.contact = Some(CONTACT);
        scene.deals = vec![scene.deal(DEAL, stage)];
        scene
    }

    /// The bot has answered this guest's first message, and everything is done.
    fn talking() -> Self {
        let mut scene = Self::at_stage("prepaid");
        scene.guest("Есть ли Wi-Fi?", Understood::default());
        scene.burst_ends();
        scene.bot_answers();
        scene.run();
        scene
    }

    /// «Нас будет пятеро»: handed over, with its task open.
    fn handed_over() -> Self {
        let mut scene = Self::at_stage("prepaid");
        scene.guest("Нас будет пятеро", five());
        scene.burst_ends();
        scene.run();
        scene
    }

    /// Handed over because the knowledge base had nothing, with its task open.
    fn unanswerable() -> Self {
        let mut scene = Self::at_stage("prepaid");
        scene.guest("Какой у вас радиус Wi-Fi?", Understood::default());
        scene.burst_ends();
        scene.bot(BotAnswer {
            kb: Kb::Miss,
            ..good()
        });
        scene.run();
        scene
    }

    fn with(mut self, change: impl FnOnce(&mut Policy)) -> Self {
        change(&mut self.policy);
        self
    }

    fn deal(&self, id: DealId, stage: &str) -> DealFacts {
        let known = self.policy.stage(&stage.into());
        DealFacts {
            id,
            stage: known.map(|stage| stage.key.clone()),
            stage_name: known.map_or(stage.to_owned(), |stage| stage.name.clone()),
            closed: stage == "refused" || stage == "won",
            responsible: Some(ANNA),
            responsible_active: true,
            field: FieldValue::Empty,
            created_at: self.now - 24 * HOUR,
            amount: None,
            booking: crate::event::Booking::default(),
            has_task: false,
        }
    }

    // --- what happens

    #[expect(
        clippy::needless_pass_by_value,
        reason = "events are made where they happen"
    )]
    fn event(&mut self, event: Event) -> Decision {
        let decision = self.decided(&event);
        if matches!(event, Event::CrmRead(_))
            && let Some(implied) = implied(&self.state)
        {
            self.decided(&implied);
        }
        decision
    }

    fn decided(&mut self, event: &Event) -> Decision {
        let now = Now {
            at: self.now,
            zone: self.zone.clone(),
        };
        let decision = decide(&self.policy, &self.state, event, &now);
        self.check_decision(event, &decision, &now);
        let seq = self.state.seq + 1;
        for change in &decision.changes {
            self.state.apply(change);
        }
        self.state.seq = seq;
        self.state.last_at = self.now;
        self.journal.push((seq, self.now, decision.changes.clone()));
        for (n, action) in decision.actions.iter().enumerate() {
            self.asked.push(action.clone());
            self.pending
                .push((ActionKey::new(&self.state.id, seq, n), action.clone()));
        }
        self.traces
            .extend(decision.trace.iter().map(|check| check.rule.clone()));
        decision
    }

    /// What holds of every decision.
    fn check_decision(&self, event: &Event, decision: &Decision, now: &Now) {
        assert!(
            !decision.trace.is_empty(),
            "promise 5, explained: {event:?}"
        );
        for check in &decision.trace {
            let known = crate::trace::RULES.contains(&check.rule.as_str());
            assert!(known, "promise 5, no sentence for {}", check.rule);
        }
        let again = decide(&self.policy, &self.state, event, now);
        assert_eq!(&again, decision, "deterministic");
        let mut after = self.state.clone();
        let renews = matches!(
            event,
            Event::GuestExcluded { .. } | Event::GuestIncluded { .. }
        );
        for change in &decision.changes {
            let before = after.view.clone();
            after.apply(change);
            let renewed = renews && matches!(change, Change::OwnerSet(_));
            let grown = u64::from(renewed || after.view.owner != before.owner);
            assert_eq!(
                after.view.epoch,
                before.epoch + grown,
                "the epoch counts owner changes: {event:?}"
            );
        }
        for action in &decision.actions {
            if let Action::Send { kind, epoch, .. } = action {
                assert_eq!(
                    *epoch, after.view.epoch,
                    "promise 1: sent under the present epoch: {event:?}"
                );
                match after.view.owner {
                    Owner::Bot => {}
                    Owner::Waiting { .. } => {
                        assert!(!kind.needs_bot(), "promise 1: {kind:?} in Waiting");
                    }
                    Owner::Manager { .. } => panic!("promise 1: {kind:?} in Manager, at {event:?}"),
                }
            }
        }
    }

    fn id(&mut self) -> i64 {
        self.ids += 1;
        self.ids
    }

    /// The guest writes now. The text is for the reader; what counts is what was understood.
    fn guest(&mut self, text: &str, understood: Understood) -> Decision {
        self.guest_at(text, understood, self.now)
    }

    fn guest_at(&mut self, text: &str, mut understood: Understood, at: i64) -> Decision {
        let n = self.id();
        understood.chars = u32::try_from(text.chars().count()).unwrap();
        self.event(Event::GuestWrote(GuestMessage {
            id: format!("g{n}").as_str().into(),
            at,
            text: Some(TextRef(n)),
            understood,
            listed: self.listed,
            window_until: self.window_until,
        }))
    }

    /// A person writes to the guest.
    fn person(&mut self, user: Option<UserId>) -> Decision {
        let n = self.id();
        self.event(Event::OutgoingSeen {
            message: format!("p{n}").as_str().into(),
            author: Author::Person { user },
            at: self.now,
            text: Some(TextRef(n)),
        })
    }

    fn took(&mut self, user: UserId) -> Decision {
        self.event(Event::ManagerTook { user })
    }

    fn returned(&mut self, user: UserId) -> Decision {
        self.event(Event::Returned { user, note: None })
    }

    fn field_by(&mut self, value: FieldValue, by: Changer) -> Decision {
        for deal in &mut self.deals {
            deal.field = value;
        }
        self.event(Event::FieldChanged { value, by })
    }

    /// Time goes by; what falls due on the way fires in order.
    fn wait(&mut self, ms: i64) {
        let until = self.now + ms;
        while let Some((timer, armed)) = self
            .state
            .timers
            .iter()
            .map(|(timer, armed)| (*timer, *armed))
            .filter(|(_, armed)| armed.due <= until)
            .min_by_key(|(_, armed)| armed.due)
        {
            self.now = self.now.max(armed.due);
            self.event(Event::TimerFired {
                timer,
                generation: armed.generation,
            });
        }
        self.now = until;
    }

    /// The guest writes, the burst ends, and everything but the bot's answer is carried out.
    fn hears(&mut self, text: &str, understood: Understood) {
        self.guest(text, understood);
        self.burst_ends();
        self.run();
    }

    /// The bot answers well, and everything is carried out.
    fn answers(&mut self) {
        self.bot_answers();
        self.run();
    }

    /// The time passes in which the CRM may make a deal by itself; then we make ours.
    fn grace_ends(&mut self) {
        self.wait(seconds(5));
        self.run();
        self.wait(seconds(15));
        self.run();
    }

    /// Time goes by, and what is asked for on the way is carried out at its end.
    fn passes(&mut self, ms: i64) {
        self.wait(ms);
        self.run();
    }

    /// The CRM is read, and the quiet after the last message passes.
    fn burst_ends(&mut self) {
        self.run_reads();
        self.wait(self.policy.timers.burst_quiet.0);
        self.run_reads();
    }

    // --- the world carries out what was asked

    /// Everything but the bot, again and again until nothing is left.
    fn run(&mut self) {
        self.run_if(|action| !matches!(action, Action::AskBot { .. }));
    }

    fn run_reads(&mut self) {
        self.run_if(|action| matches!(action, Action::ReadCrm));
    }

    fn run_sends(&mut self) {
        self.run_if(|action| matches!(action, Action::Send { .. }));
    }

    /// All but the making of tasks.
    fn run_but_tasks(&mut self) {
        self.run_if(|action| !matches!(action, Action::AskBot { .. } | Action::CreateTask { .. }));
    }

    fn run_if(&mut self, which: impl Fn(&Action) -> bool) {
        for _ in 0..100 {
            let Some(at) = self.pending.iter().position(|(_, action)| which(action)) else {
                return;
            };
            let (key, action) = self.pending.remove(at);
            let outcome = self.carry_out(&key, &action);
            self.event(outcome);
        }
        panic!("what is asked for never ends: {:?}", self.pending);
    }

    fn carry_out(&mut self, key: &ActionKey, action: &Action) -> Event {
        let needs_crm = !matches!(action, Action::Send { .. } | Action::AskBot { .. });
        if needs_crm && !self.crm_is_up {
            return failed(key, action, Failure::Unreachable);
        }
        let done = match action {
            Action::ReadCrm => return Event::CrmRead(self.snapshot(key)),
            Action::AskBot { turn, .. } => return Event::BotFailed { turn: turn.clone() },
            Action::Send { kind, epoch, .. } => {
                let led = !kind.needs_bot() || self.state.view.owner == Owner::Bot;
                if *epoch != self.state.view.epoch || !led {
                    return failed(key, action, Failure::Fenced);
                }
                let n = self.id();
                Done::Sent {
                    kind: *kind,
                    message: format!("b{n}").as_str().into(),
                    at: self.now,
                    text: TextRef(n),
                }
            }
            Action::CreateTask { .. } => Done::TaskCreated {
                task: TaskId(self.id()),
            },
            Action::CreateContact => {
                self.contact = Some(CONTACT);
                Done::ContactCreated { contact: CONTACT }
            }
            Action::CreateDeal { .. } => {
                let id = DealId(self.id());
                let mut deal = self.deal(id, "new");
                deal.created_at = self.now;
                self.deals.insert(0, deal);
                Done::DealCreated { deal: id }
            }
            Action::MoveDeal { deal, from, to, .. } => self.move_deal(*deal, from, to),
            Action::SetOwnerField { deal, .. } => {
                let value = self.state.field.value;
                self.at(*deal).field = value;
                Done::FieldSet { deal: *deal, value }
            }
            Action::TagContact { add, remove, .. } => {
                self.tags.retain(|tag| !remove.contains(tag));
                self.tags.extend(add.iter().cloned());
                Done::Plain
            }
            Action::SetTaskText { .. }
            | Action::CompleteTask { .. }
            | Action::AssignTask { .. }
            | Action::AddNote { .. } => Done::Plain,
        };
        Event::ActionDone {
            action: key.clone(),
            done,
        }
    }

    fn at(&mut self, id: DealId) -> &mut DealFacts {
        self.deals.iter_mut().find(|deal| deal.id == id).unwrap()
    }

    fn move_deal(&mut self, id: DealId, from: &StageKey, to: &StageKey) -> Done {
        let name = self.policy.stage(to).unwrap().name.clone();
        let deal = self.at(id);
        if deal.stage.as_ref() != Some(from) {
            let now = deal.stage.clone();
            return Done::MoveStale { deal: id, now };
        }
        deal.stage = Some(to.clone());
        deal.stage_name = name;
        Done::DealMoved {
            deal: id,
            to: to.clone(),
        }
    }

    fn snapshot(&self, key: &ActionKey) -> CrmSnapshot {
        CrmSnapshot {
            at: self.now,
            action: key.clone(),
            contact: self.contact.map(|id| ContactFacts {
                id,
                name: None,
                patronymic: None,
                notes: Vec::new(),
                tags: self.tags.clone(),
            }),
            deals: self.deals.clone(),
        }
    }

    /// Somebody moves the deal in the CRM, and the CRM hints at it.
    fn moved_by(&mut self, id: DealId, stage: &str, by: Changer) {
        let moved = self.deal(id, stage);
        let deal = self.at(id);
        deal.stage.clone_from(&moved.stage);
        deal.stage_name.clone_from(&moved.stage_name);
        deal.closed = moved.closed;
        self.event(Event::DealChanged {
            deal: id,
            by,
            field: None,
            stage: moved.stage,
        });
        self.run_reads();
    }

    /// The bot answers the question it was asked last, well.
    fn bot_answers(&mut self) -> Decision {
        self.bot(good())
    }

    fn bot(&mut self, answer: BotAnswer) -> Decision {
        let at = self
            .pending
            .iter()
            .rposition(|(_, action)| matches!(action, Action::AskBot { .. }))
            .expect("the bot was asked");
        let (_, Action::AskBot { turn, .. }) = self.pending.remove(at) else {
            unreachable!()
        };
        self.event(Event::BotAnswered { turn, answer })
    }

    /// The oldest text on its way fails.
    fn send_fails(&mut self, failure: Failure) {
        let at = self
            .pending
            .iter()
            .position(|(_, action)| matches!(action, Action::Send { .. }))
            .expect("a text is on its way");
        let (key, action) = self.pending.remove(at);
        self.event(failed(&key, &action, failure));
    }

    // --- what is to be seen

    /// The texts decided so far: kind and parts.
    fn texts(&self) -> Vec<(SendKind, String)> {
        self.asked
            .iter()
            .filter_map(|action| match action {
                Action::Send { kind, parts, .. } => Some((*kind, said(parts))),
                _ => None,
            })
            .collect()
    }

    /// The texts that reached the guest.
    fn delivered(&self) -> usize {
        let seen = |change: &Change| matches!(change, Change::Seen(message) if message.from == crate::dialog::From::Bot);
        let changes = self.journal.iter().flat_map(|(_, _, changes)| changes);
        changes.filter(|change| seen(change)).count()
    }

    fn count(&self, which: impl Fn(&Action) -> bool) -> usize {
        self.asked.iter().filter(|action| which(action)).count()
    }

    fn questions(&self) -> usize {
        self.count(|action| matches!(action, Action::AskBot { .. }))
    }

    fn tasks(&self) -> usize {
        self.count(|action| {
            matches!(action, Action::CreateTask { kind, .. } if *kind == TaskKind::Whatsapp)
        })
    }

    /// «Связаться» tasks: why, when due, for whom.
    fn contacts(&self) -> Vec<(ReasonId, i64, Option<UserId>)> {
        let asked = self.asked.iter();
        let contact = asked.filter_map(|action| match action {
            Action::CreateTask {
                kind: TaskKind::Contact,
                text,
                due_at,
                assignee,
                ..
            } => Some((text.reason.id, *due_at, *assignee)),
            _ => None,
        });
        contact.collect()
    }

    /// The deals on which «WhatsApp» tasks were put.
    fn task_deals(&self) -> Vec<DealId> {
        let asked = self.asked.iter();
        let whatsapp = asked.filter_map(|action| match action {
            Action::CreateTask {
                kind: TaskKind::Whatsapp,
                deal,
                ..
            } => Some(*deal),
            _ => None,
        });
        whatsapp.collect()
    }

    /// The moves of deals that were asked for.
    fn moves(&self) -> Vec<(String, String)> {
        let asked = self.asked.iter();
        let moves = asked.filter_map(|action| match action {
            Action::MoveDeal { from, to, .. } => Some((from.to_string(), to.to_string())),
            _ => None,
        });
        moves.collect()
    }

    /// Everything asked for that writes something.
    fn writes(&self) -> Vec<&'static str> {
        let asked = self.asked.iter();
        let writes = asked.filter(|a| !matches!(a, Action::ReadCrm | Action::AskBot { .. }));
        writes.map(Action::name).collect()
    }

    fn due(&self, timer: Timer) -> Option<i64> {
        self.state.timers.get(&timer).map(|armed| armed.due)
    }

    fn new_deals(&self) -> usize {
        self.count(|action| matches!(action, Action::CreateDeal { .. }))
    }

    fn rewrites(&self) -> usize {
        self.count(|action| matches!(action, Action::SetTaskText { .. }))
    }

    /// What the CRM shows in the deal's field.
    fn field(&self) -> FieldValue {
        self.deals[0].field
    }

    fn reason(&self) -> Option<ReasonId> {
        match &self.state.view.owner {
            Owner::Waiting { reason, .. } => Some(reason.id),
            _ => None,
        }
    }

    fn led_by(&self, user: impl Into<Option<UserId>>) -> bool {
        let wanted = user.into();
        matches!(self.state.view.owner, Owner::Manager { user, .. } if user == wanted)
    }

    fn bot_leads(&self) -> bool {
        self.state.view.owner == Owner::Bot
    }

    fn open_task(&self) -> Option<TaskId> {
        match self.state.task {
            TaskState::Open { id } => Some(id),
            _ => None,
        }
    }

    fn traced(&self, rule: &str) -> bool {
        self.traces.iter().any(|known| known == rule)
    }

    /// Forgets what was decided so far, so that a test sees only what follows.
    fn forget(&mut self) {
        self.asked.clear();
        self.traces.clear();
    }
}

fn said(parts: &[TextPart]) -> String {
    let words: Vec<_> = parts
        .iter()
        .map(|part| match part {
            TextPart::Policy(key) | TextPart::PolicyWith { key, .. } => key.clone(),
            TextPart::Stored(_) => "reply".to_owned(),
        })
        .collect();
    words.join("+")
}

fn failed(key: &ActionKey, action: &Action, failure: Failure) -> Event {
    Event::ActionFailed {
        action: key.clone(),
        what: Box::new(action.clone()),
        failure,
    }
}

fn good() -> BotAnswer {
    BotAnswer {
        replies: vec![TextRef(1)],
        confidence: 90,
        kb: Kb::Hit,
        ..BotAnswer::default()
    }
}

fn nothing() -> Understood {
    Understood::default()
}

fn five() -> Understood {
    facts(Facts {
        guests: Some(5),
        ..Facts::default()
    })
}

fn facts(facts: Facts) -> Understood {
    Understood {
        facts,
        ..Understood::default()
    }
}

fn wants(intent: Intent) -> Understood {
    Understood {
        intents: BTreeSet::from([intent]),
        ..Understood::default()
    }
}

fn seconds(n: i64) -> i64 {
    n * SECOND
}

/// Unix ms of a wall-clock moment in Moscow, such as `2026-11-18 09:00`.
fn msk(moment: &str) -> i64 {
    let (date, time) = moment.split_once(' ').unwrap();
    let date: crate::time::Date = date.parse().unwrap();
    let time: crate::hours::DayTime = time.parse().unwrap();
    date.day_number() * crate::time::DAY + time.ms() - 3 * HOUR
}

fn both(facts: Facts, intent: Intent) -> Understood {
    Understood {
        facts,
        ..wants(intent)
    }
}

fn past_stay() -> Facts {
    Facts {
        past_stay: Some(true),
        ..Facts::default()
    }
}

/// The text with which a dialog is handed over within working hours.
const HANDOFF: &str = "handoff+work_hours";
/// The timers that a dialog in the bot's hands has between messages.
const ASLEEP: [Timer; 1] = [Timer::EpisodeIdle];
