//! The owner table of BEHAVIOUR §1 once more, as a few lines that know nothing of deals, texts or turns, beside
//! `decide`: whatever people do in whatever order, both say the same of who leads.

use super::*;
use crate::policy::{OnTaskDone, TakeOnOpen};
use crate::time::MINUTE;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// What people and time do.
#[derive(Debug, Clone, Copy)]
enum Signal {
    /// Something that the bot answers.
    GuestWrites,
    /// Something that the bot must not answer.
    GuestNeedsPerson,
    BotFails,
    Took(UserId),
    Opened(UserId, bool),
    PersonWrote(Option<UserId>),
    RobotWrote,
    WroteBeforeLead,
    Field(FieldValue, Changer),
    Returned(UserId),
    Dismissed(UserId),
    TaskClosed(Changer),
    TakeUndone(UserId),
    Wait(i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leader {
    Bot,
    Waiting,
    Manager(Option<UserId>),
}

/// Who leads, by the table alone.
struct Model {
    leader: Leader,
    /// Changes of the leader so far.
    epoch: u64,
    /// Nobody has answered the guest since the handoff.
    unanswered_handoff: bool,
    /// The lead began by itself, then, and may be undone to this.
    undo: Option<(Leader, i64)>,
    undone_by: Vec<UserId>,
    /// When a lead ends by itself, unix ms, and whether a guest's message has moved that.
    due: i64,
    deferred: bool,
    take_on_open: TakeOnOpen,
    on_task_done: OnTaskDone,
}

const AUTO_RETURN: i64 = 40 * MINUTE;
const GRACE: i64 = 10 * MINUTE;
const UNDO_FOR: i64 = 10 * MINUTE;

impl Model {
    fn becomes(&mut self, leader: Leader) {
        self.epoch += u64::from(self.leader != leader);
        self.leader = leader;
    }

    fn hand_off(&mut self) {
        if self.leader == Leader::Bot {
            self.wait_for_manager();
        }
    }

    fn wait_for_manager(&mut self) {
        self.becomes(Leader::Waiting);
        self.unanswered_handoff = true;
        self.undone_by.clear();
        self.undo = None;
    }

    fn lead(&mut self, user: Option<UserId>, now: i64) {
        self.becomes(Leader::Manager(user));
        self.undo = None;
        self.due = now + AUTO_RETURN;
        self.deferred = false;
    }

    fn back(&mut self) {
        if self.leader != Leader::Bot {
            self.becomes(Leader::Bot);
            self.unanswered_handoff = false;
            self.undone_by.clear();
            self.undo = None;
        }
    }

    fn took(&mut self, user: Option<UserId>, now: i64) {
        if self.leader != Leader::Manager(user) {
            self.lead(user, now);
        }
    }

    fn hears(&mut self, signal: Signal, now: i64) {
        match signal {
            Signal::GuestWrites => {
                let led = matches!(self.leader, Leader::Manager(_));
                if led && !self.deferred && self.due - now <= GRACE {
                    self.due += GRACE;
                    self.deferred = true;
                }
            }
            Signal::GuestNeedsPerson | Signal::BotFails => self.hand_off(),
            Signal::Took(user) => self.took(Some(user), now),
            Signal::Opened(user, responsible) => {
                let takes = match self.leader {
                    Leader::Bot => self.take_on_open == TakeOnOpen::Always,
                    Leader::Waiting => self.take_on_open != TakeOnOpen::Off,
                    Leader::Manager(_) => false,
                };
                if takes && responsible && !self.undone_by.contains(&user) {
                    let before = self.leader;
                    self.lead(Some(user), now);
                    self.undo = Some((before, now));
                }
            }
            Signal::PersonWrote(user) => {
                self.unanswered_handoff = false;
                match self.leader {
                    Leader::Manager(Some(leader)) => {
                        self.lead(Some(leader), now);
                    }
                    Leader::Manager(None) | Leader::Bot | Leader::Waiting => self.lead(user, now),
                }
            }
            Signal::RobotWrote
            | Signal::WroteBeforeLead
            | Signal::Wait(_)
            | Signal::Field(_, Changer::Robot)
            | Signal::TaskClosed(Changer::Robot) => {}
            Signal::Field(FieldValue::Manager, by) => {
                let unnamed = by.user().is_none() && matches!(self.leader, Leader::Manager(_));
                if !unnamed {
                    self.took(by.user(), now);
                }
            }
            Signal::Field(FieldValue::Waiting, _) => {
                if self.leader != Leader::Waiting {
                    self.wait_for_manager();
                }
            }
            Signal::Field(FieldValue::Bot | FieldValue::Empty, _)
            | Signal::Returned(_)
            | Signal::Dismissed(_) => self.back(),
            Signal::TaskClosed(by) => match self.leader {
                Leader::Waiting => {
                    self.unanswered_handoff = false;
                    self.lead(by.user(), now);
                }
                Leader::Manager(_) if self.on_task_done == OnTaskDone::Return => self.back(),
                Leader::Bot | Leader::Manager(_) => {}
            },
            Signal::TakeUndone(user) => {
                if let Some((before, at)) = self.undo
                    && now - at <= UNDO_FOR
                {
                    self.becomes(before);
                    self.undo = None;
                    self.undone_by.push(user);
                }
            }
        }
    }

    /// The auto-return falls due on the way to `until`.
    fn waits(&mut self, until: i64) {
        let led = matches!(self.leader, Leader::Manager(_));
        if !led || self.due > until {
            return;
        }
        if self.unanswered_handoff {
            self.becomes(Leader::Waiting);
            self.undo = None;
        } else {
            self.back();
        }
    }
}

fn leader(scene: &Scene) -> Leader {
    match scene.state.view.owner {
        Owner::Bot => Leader::Bot,
        Owner::Waiting { .. } => Leader::Waiting,
        Owner::Manager { user, .. } => Leader::Manager(user),
    }
}

/// The same signal for `decide`; `false` where it cannot happen now.
fn happens(scene: &mut Scene, signal: Signal) -> bool {
    match signal {
        Signal::GuestWrites => {
            scene.guest("Есть ли Wi-Fi?", nothing());
        }
        Signal::GuestNeedsPerson => {
            if !scene.bot_leads() {
                return false;
            }
            scene.guest("Позовите менеджера", wants(Intent::HumanRequest));
            scene.burst_ends();
        }
        Signal::BotFails => {
            if !scene.bot_leads() {
                return false;
            }
            scene.guest("Есть ли Wi-Fi?", nothing());
            scene.burst_ends();
            let turn = scene.state.turn.clone().expect("the bot was asked").id;
            scene.event(Event::BotFailed { turn });
        }
        Signal::Took(user) => {
            scene.took(user);
        }
        Signal::Opened(user, responsible) => {
            scene.event(Event::CardOpened { user, responsible });
        }
        Signal::PersonWrote(user) => {
            scene.person(user);
        }
        Signal::RobotWrote => {
            let message = format!("r{}", scene.id()).as_str().into();
            scene.event(Event::OutgoingSeen {
                message,
                author: Author::Robot,
                at: scene.now,
                text: None,
            });
        }
        Signal::WroteBeforeLead => {
            let (Owner::Waiting { since, .. } | Owner::Manager { since, .. }) =
                scene.state.view.owner
            else {
                return false;
            };
            let n = scene.id();
            scene.event(Event::OutgoingSeen {
                message: format!("late{n}").as_str().into(),
                author: Author::Person { user: Some(IGOR) },
                at: since - seconds(6),
                text: Some(TextRef(n)),
            });
        }
        Signal::Field(value, by) => {
            scene.field_by(value, by);
        }
        Signal::Returned(user) => {
            scene.returned(user);
        }
        Signal::Dismissed(user) => {
            scene.event(Event::Dismissed { user });
        }
        Signal::TaskClosed(by) => {
            let Some(task) = scene.open_task() else {
                return false;
            };
            let done = true;
            scene.event(Event::TaskChanged { task, done, by });
        }
        Signal::TakeUndone(user) => {
            scene.event(Event::TakeUndone { user });
        }
        Signal::Wait(ms) => scene.wait(ms),
    }
    true
}

fn user() -> impl Strategy<Value = UserId> {
    prop_oneof![Just(ANNA), Just(IGOR)]
}

fn changer() -> impl Strategy<Value = Changer> {
    prop_oneof![
        3 => user().prop_map(Changer::Person),
        1 => Just(Changer::Robot),
        1 => Just(Changer::Unknown)
    ]
}

fn field() -> impl Strategy<Value = FieldValue> {
    use FieldValue::{Bot, Empty, Manager, Waiting};
    prop_oneof![Just(Empty), Just(Bot), Just(Waiting), Just(Manager)]
}

fn signal() -> impl Strategy<Value = Signal> {
    prop_oneof![
        2 => Just(Signal::GuestWrites),
        4 => Just(Signal::GuestNeedsPerson),
        1 => Just(Signal::BotFails),
        3 => user().prop_map(Signal::Took),
        4 => (user(), proptest::bool::weighted(0.8)).prop_map(|(user, r)| Signal::Opened(user, r)),
        3 => proptest::option::of(user()).prop_map(Signal::PersonWrote),
        1 => Just(Signal::RobotWrote),
        1 => Just(Signal::WroteBeforeLead),
        3 => (field(), changer()).prop_map(|(value, by)| Signal::Field(value, by)),
        2 => user().prop_map(Signal::Returned),
        1 => user().prop_map(Signal::Dismissed),
        2 => changer().prop_map(Signal::TaskClosed),
        3 => user().prop_map(Signal::TakeUndone),
        4 => prop_oneof![seconds(1)..MINUTE, MINUTE..50 * MINUTE].prop_map(Signal::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        rng_seed: RngSeed::Fixed(0x0e57_afe7),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn behaviour_1_decide_and_the_owner_table_say_the_same_of_who_leads(
        take_on_open in prop_oneof![Just(TakeOnOpen::Always), Just(TakeOnOpen::Waiting), Just(TakeOnOpen::Off)],
        on_task_done in prop_oneof![Just(OnTaskDone::Keep), Just(OnTaskDone::Return)],
        signals in proptest::collection::vec(signal(), 1..60),
    ) {
        let mut scene = Scene::talking().with(|policy| {
            policy.ownership.take_on_open = take_on_open;
            policy.ownership.on_task_done = on_task_done;
        });
        let mut model = Model {
            leader: Leader::Bot,
            epoch: 0,
            unanswered_handoff: false,
            undo: None,
            undone_by: Vec::new(),
            due: 0,
            deferred: false,
            take_on_open,
            on_task_done,
        };
        for signal in signals {
            scene.wait(seconds(1));
            scene.run();
            model.waits(scene.now);
            // The bot has answered what it was asked before anybody does anything.
            scene.burst_ends();
            if scene.state.turn.is_some() {
                scene.answers();
            }
            scene.run();
            model.waits(scene.now);
            if !happens(&mut scene, signal) {
                continue;
            }
            model.waits(scene.now);
            model.hears(signal, scene.now);
            prop_assert_eq!(leader(&scene), model.leader, "after {:?}", signal);
            prop_assert_eq!(scene.state.view.epoch, model.epoch, "the epoch after {:?}", signal);
            scene.run();
            prop_assert_eq!(leader(&scene), model.leader, "once all is done after {:?}", signal);
        }
    }
}
