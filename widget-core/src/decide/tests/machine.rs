//! Random lives of a dialog: whatever happens in whatever order, the promises hold after each step.

use super::*;
use crate::dialog::{Claim, DealWork};
use crate::ids::TurnId;
use crate::policy::TakeOnOpen;
use crate::time::MINUTE;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
enum Step {
    Guest(Saying),
    GuestLate(i64),
    GuestAgain(usize),
    Edited(usize, Saying),
    Deleted(usize),
    Person(Option<UserId>),
    PersonLate(i64),
    Echo,
    Took(UserId),
    Returned(UserId),
    Dismissed,
    Undone(UserId),
    Opened(UserId),
    FieldInCrm(FieldValue, Changer),
    Field(FieldValue, Changer),
    StageInCrm(usize, Changer),
    DealAppears,
    DealsVanish,
    CrmUp(bool),
    TaskClosed(Changer),
    BotAnswers(usize, Answering),
    CarryOut(usize),
    CarryOutAll,
    Fails(usize, Failure),
    Repeated(usize),
    StaleTimer(Timer),
    Wait(i64),
}

#[derive(Debug, Clone, Copy)]
enum Saying {
    Question,
    Five,
    Six,
    Pet,
    Thanks,
    OptOut,
    Payment,
}

#[derive(Debug, Clone, Copy)]
enum Answering {
    Well,
    Twice,
    Silently,
    Unsure,
    Five,
}

const STAGES: [&str; 6] = ["new", "consulted", "prepaid", "refused", "won", "Партнёры"];

fn understood(saying: Saying) -> Understood {
    match saying {
        Saying::Question => nothing(),
        Saying::Five => five(),
        Saying::Six => facts(Facts {
            guests: Some(6),
            ..Facts::default()
        }),
        Saying::Pet => facts(Facts {
            pet: Some(true),
            ..Facts::default()
        }),
        Saying::Thanks => wants(Intent::ThanksOnly),
        Saying::OptOut => wants(Intent::OptOut),
        Saying::Payment => wants(Intent::PaymentStatus),
    }
}

fn answer(answering: Answering) -> BotAnswer {
    let mut answer = good();
    match answering {
        Answering::Well => {}
        Answering::Twice => answer.replies.push(TextRef(2)),
        Answering::Silently => {
            answer.replies.clear();
            answer.silent = true;
        }
        Answering::Unsure => answer.confidence = 10,
        Answering::Five => answer.facts.guests = Some(5),
    }
    answer
}

/// A scene, and what is needed to repeat and to judge what happened in it.
struct Life {
    scene: Scene,
    guests: Vec<GuestMessage>,
    turns: Vec<TurnId>,
    outcomes: Vec<Event>,
    /// «WhatsApp» tasks that stand open in the CRM.
    open: Vec<TaskId>,
    /// Deals that we made, by episode.
    made: BTreeMap<u64, usize>,
    /// A write to the CRM failed for good: a task may be missing until the guest's next message.
    lost_writes: bool,
}

impl Life {
    fn new(known: bool, take: TakeOnOpen) -> Self {
        let scene = if known {
            Scene::at_stage("new")
        } else {
            Scene::new_guest()
        };
        Self {
            scene: scene.with(|policy| {
                policy.ownership.take_on_open = take;
                policy.tasks.escalate_to = Some(IGOR);
            }),
            guests: Vec::new(),
            turns: Vec::new(),
            outcomes: Vec::new(),
            open: Vec::new(),
            made: BTreeMap::new(),
            lost_writes: false,
        }
    }

    fn step(&mut self, step: &Step) {
        let now = self.scene.now;
        match step.clone() {
            Step::Guest(saying) => self.guest(saying, now),
            Step::GuestLate(age) => self.guest(Saying::Question, now - age),
            Step::GuestAgain(n) => {
                if let Some(message) = self.earlier(n) {
                    self.scene.event(Event::GuestWrote(message));
                }
            }
            Step::Edited(n, saying) => {
                if let Some(message) = self.earlier(n) {
                    self.scene.event(Event::GuestEdited(GuestMessage {
                        understood: understood(saying),
                        ..message
                    }));
                }
            }
            Step::Deleted(n) => {
                if let Some(GuestMessage { id, .. }) = self.earlier(n) {
                    self.scene.event(Event::GuestDeleted { message: id });
                }
            }
            Step::Person(user) => {
                self.scene.person(user);
            }
            Step::PersonLate(age) => {
                let n = self.scene.id();
                self.scene.event(Event::OutgoingSeen {
                    message: format!("p{n}").as_str().into(),
                    author: Author::Person { user: Some(ANNA) },
                    at: now - age,
                    text: None,
                });
            }
            Step::Echo => {
                let action = ActionKey::new(&self.scene.state.id, 1, 0);
                self.scene.event(Event::OutgoingSeen {
                    message: "echo".into(),
                    author: Author::Bot { action },
                    at: now,
                    text: None,
                });
            }
            Step::Took(user) => {
                self.scene.took(user);
            }
            Step::Returned(user) => {
                self.scene.returned(user);
            }
            Step::Dismissed => {
                self.scene.event(Event::Dismissed { user: ANNA });
            }
            Step::Undone(user) => {
                self.scene.event(Event::TakeUndone { user });
            }
            Step::Opened(user) => {
                self.scene.event(Event::CardOpened {
                    user,
                    responsible: true,
                });
            }
            Step::FieldInCrm(value, by) => self.in_crm(by, |deal| deal.field = value),
            Step::Field(value, by) => {
                self.scene.event(Event::FieldChanged { value, by });
            }
            Step::StageInCrm(n, by) => {
                let there = self.scene.deal(DEAL, STAGES[n % STAGES.len()]);
                self.in_crm(by, |deal| {
                    deal.stage.clone_from(&there.stage);
                    deal.closed = there.closed;
                });
            }
            Step::DealAppears => {
                let id = DealId(self.scene.id());
                self.scene.contact = Some(CONTACT);
                let deal = self.scene.deal(id, "new");
                self.scene.deals.insert(0, deal);
            }
            Step::DealsVanish => self.scene.deals.clear(),
            Step::CrmUp(up) => self.scene.crm_is_up = up,
            Step::TaskClosed(by) => {
                if let Some(task) = self.scene.open_task() {
                    self.open.retain(|open| *open != task);
                    let done = true;
                    self.scene.event(Event::TaskChanged { task, done, by });
                }
            }
            Step::BotAnswers(n, answering) => self.bot(n, answer(answering)),
            Step::CarryOut(n) => self.carry_out(n),
            Step::CarryOutAll => {
                for _ in 0..50 {
                    let bot = |action: &Action| matches!(action, Action::AskBot { .. });
                    let Some(n) = self.scene.pending.iter().position(|(_, a)| !bot(a)) else {
                        return;
                    };
                    self.carry_out(n);
                }
            }
            Step::Fails(n, failure) => self.fails(n, failure),
            Step::Repeated(n) => {
                if !self.outcomes.is_empty() {
                    let outcome = self.outcomes[n % self.outcomes.len()].clone();
                    self.scene.event(outcome);
                }
            }
            Step::StaleTimer(timer) => {
                self.scene.event(Event::TimerFired {
                    timer,
                    generation: 0,
                });
            }
            Step::Wait(ms) => self.scene.wait(ms),
        }
    }

    fn guest(&mut self, saying: Saying, at: i64) {
        let n = self.scene.id();
        let message = GuestMessage {
            id: format!("g{n}").as_str().into(),
            at,
            text: Some(TextRef(n)),
            understood: Understood {
                chars: 10,
                ..understood(saying)
            },
        };
        self.guests.push(message.clone());
        self.scene.event(Event::GuestWrote(message));
    }

    fn earlier(&self, n: usize) -> Option<GuestMessage> {
        // Only what the dialog still remembers: the store keeps older duplicates away.
        let from = self.guests.len().saturating_sub(5);
        let recent = &self.guests[from..];
        let message = recent.get(n % recent.len().max(1))?;
        let remembered = self.scene.state.recent.iter().any(|m| m.id == message.id);
        remembered.then(|| message.clone())
    }

    fn in_crm(&mut self, by: Changer, change: impl FnOnce(&mut DealFacts)) {
        if let Some(deal) = self.scene.deals.first_mut() {
            change(deal);
            let id = deal.id;
            self.scene.event(Event::DealChanged {
                deal: id,
                by,
                field: None,
                stage: None,
            });
        }
    }

    fn bot(&mut self, n: usize, answer: BotAnswer) {
        for (_, action) in &self.scene.pending {
            if let Action::AskBot { turn, .. } = action
                && !self.turns.contains(turn)
            {
                self.turns.push(turn.clone());
            }
        }
        if self.turns.is_empty() {
            return;
        }
        // The newest most often; sometimes one of long ago.
        let turn = self.turns[self.turns.len() - 1 - n % self.turns.len().min(3)].clone();
        let asks = |action: &Action| matches!(action, Action::AskBot { turn: t, .. } if *t == turn);
        self.scene.pending.retain(|(_, action)| !asks(action));
        self.scene.event(Event::BotAnswered { turn, answer });
    }

    fn carry_out(&mut self, n: usize) {
        let Some((key, action)) = self.taken(n) else {
            return;
        };
        let deal_is_there = match &action {
            Action::MoveDeal { deal, .. } | Action::SetOwnerField { deal, .. } => {
                self.scene.deals.iter().any(|known| known.id == *deal)
            }
            _ => true,
        };
        let outcome = if deal_is_there {
            self.scene.carry_out(&key, &action)
        } else {
            failed(&key, &action, Failure::Refused)
        };
        if let (
            Action::CreateTask {
                kind: TaskKind::Whatsapp,
                ..
            },
            Event::ActionDone {
                done: Done::TaskCreated { task },
                ..
            },
        ) = (&action, &outcome)
        {
            self.open.push(*task);
        }
        self.happened(&action, outcome);
    }

    fn fails(&mut self, n: usize, failure: Failure) {
        if let Some((key, action)) = self.taken(n) {
            let outcome = failed(&key, &action, failure);
            self.happened(&action, outcome);
        }
    }

    fn taken(&mut self, n: usize) -> Option<(ActionKey, Action)> {
        let len = self.scene.pending.len();
        (len > 0).then(|| self.scene.pending.remove(n % len))
    }

    fn happened(&mut self, action: &Action, outcome: Event) {
        let failed = matches!(outcome, Event::ActionFailed { .. });
        let writes = matches!(
            action,
            Action::CreateTask { .. } | Action::CreateContact | Action::CreateDeal { .. }
        );
        self.lost_writes |= failed && writes;
        if !failed && matches!(action, Action::CreateDeal { .. }) {
            *self.made.entry(self.scene.state.episodes).or_default() += 1;
        }
        self.outcomes.push(outcome.clone());
        self.scene.event(outcome);
    }

    // --- what must hold

    fn check(&self) {
        self.check_never_silent();
        self.check_one_task();
        assert!(
            self.made.values().all(|made| *made == 1),
            "promise 3: a second deal in an episode"
        );
        self.check_timers();
        self.check_waiting_has_its_task();
    }

    /// Promise 4: every unanswered message in the bot's hands is on its way.
    fn check_never_silent(&self) {
        let state = &self.scene.state;
        let is_asked = |key: &ActionKey| self.scene.pending.iter().any(|(k, _)| k == key);
        for key in state.in_flight.keys().chain(&state.reading) {
            assert!(is_asked(key), "{key} is awaited, but nobody is at it");
        }
        if state.view.owner != Owner::Bot {
            return;
        }
        let turn = state.turn.as_ref().filter(|turn| !turn.stale);
        if let Some(turn) = turn {
            let asks =
                |action: &Action| matches!(action, Action::AskBot { turn: t, .. } if *t == turn.id);
            assert!(
                self.scene.pending.iter().any(|(_, a)| asks(a)),
                "the bot is at it"
            );
        }
        let collecting = state.timers.contains_key(&Timer::Burst);
        let awaited = state.reading.is_some() || !state.in_flight.is_empty();
        for message in &state.unanswered {
            let answered = state
                .in_flight
                .values()
                .any(|sent| sent.answers.contains(&message.id));
            assert!(
                answered || turn.is_some() || collecting || (state.route_wanted && awaited),
                "promise 4: {} is left alone in {state:#?}",
                message.id
            );
        }
    }

    /// Promise 3: one open «WhatsApp» task.
    fn check_one_task(&self) {
        let closing = |task: &TaskId| {
            let closes = |action: &Action| matches!(action, Action::CompleteTask { task: t, .. } if t == task);
            self.scene.asked.iter().any(closes)
        };
        let open = self.open.iter().filter(|task| !closing(task)).count();
        let making = |action: &Action| matches!(action, Action::CreateTask { kind, .. } if *kind == TaskKind::Whatsapp);
        let making = self.scene.pending.iter().filter(|(_, a)| making(a)).count();
        assert!(
            open + making <= 1,
            "promise 3: {open} open, {making} in the making"
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
        if matches!(state.claim, Claim::Grace { .. }) {
            assert!(
                armed(Timer::ClaimGrace) || state.reading.is_some(),
                "a claim goes on"
            );
        }
        for timer in state.timers.values() {
            assert!(timer.generation <= state.generation);
        }
    }

    /// Promise 4: a waiting guest is known to people.
    fn check_waiting_has_its_task(&self) {
        let state = &self.scene.state;
        if let Owner::Waiting { .. } = state.view.owner {
            assert!(state.handoff.is_some());
            let asked_for = state.task != TaskState::None
                || (state.deferred.contains(&DealWork::Task) && state.claim != Claim::Idle);
            assert!(
                asked_for || self.lost_writes,
                "promise 4: no task for a waiting guest: {state:#?}"
            );
        }
    }

    fn check_fold(&self) {
        let rows = self.scene.journal.iter();
        let journal = rows.map(|(seq, at, changes)| (*seq, *at, changes.as_slice()));
        let folded = Dialog::new("d1".into(), AccountId(1), "c1".into()).fold(journal);
        assert_eq!(
            folded, self.scene.state,
            "promise 7: the state is the fold of the journal"
        );
    }
}

fn user() -> impl Strategy<Value = UserId> {
    prop_oneof![Just(ANNA), Just(IGOR)]
}

fn changer() -> impl Strategy<Value = Changer> {
    prop_oneof![
        user().prop_map(Changer::Person),
        Just(Changer::Robot),
        Just(Changer::Unknown)
    ]
}

fn field() -> impl Strategy<Value = FieldValue> {
    use FieldValue::{Bot, Empty, Manager, Waiting};
    prop_oneof![Just(Empty), Just(Bot), Just(Waiting), Just(Manager)]
}

fn failure() -> impl Strategy<Value = Failure> {
    prop_oneof![
        Just(Failure::Fenced),
        Just(Failure::Refused),
        Just(Failure::Unreachable)
    ]
}

fn saying() -> impl Strategy<Value = Saying> {
    use Saying::{Five, OptOut, Payment, Pet, Question, Six, Thanks};
    prop_oneof![
        4 => Just(Question),
        1 => prop_oneof![Just(Five), Just(Six), Just(Pet), Just(Thanks), Just(OptOut), Just(Payment)],
    ]
}

fn answering() -> impl Strategy<Value = Answering> {
    use Answering::{Five, Silently, Twice, Unsure, Well};
    prop_oneof![4 => Just(Well), 2 => Just(Twice), 1 => Just(Silently), 1 => Just(Unsure), 1 => Just(Five)]
}

fn timer() -> impl Strategy<Value = Timer> {
    use Timer::{AutoReturn, Burst, ClaimGrace, EpisodeIdle};
    prop_oneof![
        Just(Burst),
        Just(ClaimGrace),
        Just(AutoReturn),
        Just(EpisodeIdle)
    ]
}

fn pause() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => 0..seconds(5),
        3 => seconds(5)..seconds(60),
        2 => MINUTE..HOUR,
        1 => HOUR..30 * HOUR,
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => saying().prop_map(Step::Guest),
        1 => (0..30 * HOUR).prop_map(Step::GuestLate),
        1 => any::<usize>().prop_map(Step::GuestAgain),
        1 => (any::<usize>(), saying()).prop_map(|(n, saying)| Step::Edited(n, saying)),
        1 => any::<usize>().prop_map(Step::Deleted),
        2 => proptest::option::of(user()).prop_map(Step::Person),
        1 => (0..2 * MINUTE).prop_map(Step::PersonLate),
        1 => Just(Step::Echo),
        3 => user().prop_map(Step::Took),
        3 => user().prop_map(Step::Returned),
        1 => Just(Step::Dismissed),
        1 => user().prop_map(Step::Undone),
        1 => user().prop_map(Step::Opened),
        2 => (field(), changer()).prop_map(|(value, by)| Step::FieldInCrm(value, by)),
        1 => (field(), changer()).prop_map(|(value, by)| Step::Field(value, by)),
        2 => (any::<usize>(), changer()).prop_map(|(n, by)| Step::StageInCrm(n, by)),
        1 => Just(Step::DealAppears),
        1 => Just(Step::DealsVanish),
        1 => any::<bool>().prop_map(Step::CrmUp),
        1 => changer().prop_map(Step::TaskClosed),
        6 => (any::<usize>(), answering()).prop_map(|(n, a)| Step::BotAnswers(n, a)),
        10 => any::<usize>().prop_map(Step::CarryOut),
        4 => Just(Step::CarryOutAll),
        2 => (any::<usize>(), failure()).prop_map(|(n, failure)| Step::Fails(n, failure)),
        1 => any::<usize>().prop_map(Step::Repeated),
        1 => timer().prop_map(Step::StaleTimer),
        10 => pause().prop_map(Step::Wait),
    ]
}

fn take_on_open() -> impl Strategy<Value = TakeOnOpen> {
    prop_oneof![Just(TakeOnOpen::Waiting), Just(TakeOnOpen::Always)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn promises_hold_whatever_happens(
        known in any::<bool>(),
        take in take_on_open(),
        steps in proptest::collection::vec(step(), 1..100),
    ) {
        let mut life = Life::new(known, take);
        for step in &steps {
            life.step(step);
            life.check();
        }
        life.check_fold();
    }
}
