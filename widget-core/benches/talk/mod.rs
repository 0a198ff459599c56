//! Made-up conversations, decided by the real rules: material for benches and for the test of the replay.
//!
//! A talk plays the guest, the CRM, the bot and the managers around one dialog, by a fixed seed.

use std::collections::{BTreeSet, VecDeque};
use widget_core::action::Action;
use widget_core::decide::{decide, implied};
use widget_core::dialog::Dialog;
use widget_core::event::{
    Author, Booking, BotAnswer, BotDone, BotHandoff, Changer, ContactFacts, CrmSnapshot, DealFacts,
    Done, Event, Failure, FieldValue, GuestMessage, Kb, Listed,
};
use widget_core::ids::{
    AccountId, ActionKey, ContactId, ConversationId, DealId, DialogId, MessageId, TaskId, TextRef,
    UserId,
};
use widget_core::owner::Owner;
use widget_core::policy::Policy;
use widget_core::replay::Row;
use widget_core::time::{HOUR, MINUTE, Now, SECOND, Zone};
use widget_core::understand::{AttachmentKind, Understood, understand};

/// Every talk begins within a year from here: 2026-01-01 00:00 UTC.
const START: i64 = 1_767_225_600_000;
const MANAGERS: [UserId; 3] = [UserId(9001), UserId(9002), UserId(9003)];

/// What guests write.
const TEXTS: [&str; 16] = [
    "Добрый день! Хотим приехать в санаторий на две недели, подскажите, пожалуйста, цены и наличие",
    "Здравствуйте",
    "нас двое взрослых и ребёнок 7 лет",
    "нас будет 6 человек, нужны места рядом",
    "Сколько стоит двухместный номер с лечением с 10 по 24 декабря?",
    "А какие процедуры входят в путёвку и нужна ли санаторно-курортная карта?",
    "Спасибо большое!",
    "Позовите, пожалуйста, менеджера",
    "Хочу поговорить с живым человеком",
    "до скольки заезд в день прибытия",
    "У вас есть бассейн и тренажёрный зал? И можно ли заехать раньше расчётного часа",
    "Я оплатила, проверьте, пожалуйста",
    "Как до вас добраться от вокзала",
    "можно ли оплатить частями",
    "5 взрослых, 10 ночей",
    "ок, жду",
];

/// A small generator of numbers: the same seed tells the same story on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 ≤ … < `limit`
    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn span(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.below(u64::try_from(to - from).expect("a span")))
            .expect("a small number")
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    fn one_of<T: Copy>(&mut self, choice: &[T]) -> T {
        let index = self.below(choice.len() as u64);
        choice[usize::try_from(index).expect("an index")]
    }
}

/// A conversation under way.
pub struct Talk {
    /// The state now.
    pub dialog: Dialog,
    now: i64,
    /// When a person does something next.
    person_at: i64,
    results: VecDeque<Event>,
    random: Random,
    contact: Option<ContactId>,
    deals: Vec<DealFacts>,
    numbers: i64,
}

impl Talk {
    /// A conversation before its first event.
    pub fn new(account: AccountId, seed: u64) -> Self {
        let mut random = Random(seed ^ 0x0065_7374_6166_6574);
        let now = START + random.span(0, 365 * 24 * HOUR);
        Self {
            dialog: begin(account, seed),
            now,
            person_at: now,
            results: VecDeque::new(),
            contact: random.percent(60).then_some(ContactId(7_000)),
            random,
            deals: Vec::new(),
            numbers: 0,
        }
    }

    /// The journal's next row.
    pub fn row(&mut self, policy: &Policy, policy_version: i64, zone: &Zone) -> Row {
        let event = self.happens(policy);
        let now = Now {
            at: self.now.max(self.dialog.last_at),
            zone: zone.clone(),
        };
        let decision = decide(policy, &self.dialog, &event, &now);
        let seq = self.dialog.seq + 1;
        self.dialog.seq = seq;
        self.dialog.last_at = now.at;
        for change in &decision.changes {
            self.dialog.apply(change);
        }
        if matches!(event, Event::CrmRead(_))
            && let Some(implied) = implied(&self.dialog)
        {
            self.results.push_front(implied);
        }
        for (index, action) in decision.actions.iter().enumerate() {
            let key = ActionKey::new(&self.dialog.id, seq, index);
            self.carry_out(key, action, policy);
        }
        Row {
            seq,
            at: now.at,
            policy_version,
            judged: Some((event, decision.actions)),
            changes: decision.changes,
            trace: decision.trace,
        }
    }

    fn number(&mut self) -> i64 {
        self.numbers += 1;
        self.numbers
    }

    fn text(&mut self) -> TextRef {
        TextRef(self.number())
    }

    fn message(&mut self) -> MessageId {
        MessageId(format!("{}", 40_000_000 + self.number()))
    }

    /// What comes first: the result of an action, a timer, or a person.
    fn happens(&mut self, policy: &Policy) -> Event {
        if let Some(result) = self.results.pop_front() {
            self.now += self.random.span(80, 900);
            return result;
        }
        let timer = self.dialog.timers.iter().min_by_key(|(_, armed)| armed.due);
        if let Some((timer, armed)) = timer
            && armed.due <= self.person_at
        {
            self.now = self.now.max(armed.due);
            return Event::TimerFired {
                timer: *timer,
                generation: armed.generation,
            };
        }
        self.now = self.now.max(self.person_at);
        let pause = match self.random.below(10) {
            0..=2 => self.random.span(SECOND, 8 * SECOND),
            3..=7 => self.random.span(20 * SECOND, 20 * MINUTE),
            8 => self.random.span(20 * MINUTE, 3 * HOUR),
            _ => self.random.span(3 * HOUR, 40 * HOUR),
        };
        self.person_at = self.now + pause;
        self.person_acts(policy)
    }

    fn person_acts(&mut self, policy: &Policy) -> Event {
        let user = self.random.one_of(&MANAGERS);
        let chance = self.random.below(100);
        match (&self.dialog.view.owner, chance) {
            (Owner::Bot, 0) | (Owner::Waiting { .. }, 15..=44) => Event::ManagerTook { user },
            (Owner::Bot, 1..=3) | (Owner::Waiting { .. }, 45..=54) => Event::CardOpened {
                user,
                responsible: true,
            },
            (Owner::Bot, 4..=5)
            | (Owner::Waiting { .. }, 0..=14)
            | (Owner::Manager { .. }, 0..=29) => Event::OutgoingSeen {
                message: self.message(),
                author: Author::Person { user: Some(user) },
                at: self.now,
                text: Some(self.text()),
            },
            (Owner::Bot, 6) if !self.deals.is_empty() => self.deal_moved_by_hand(policy, user),
            (Owner::Waiting { .. }, 55..=59) => Event::Dismissed { user },
            (Owner::Manager { .. }, 30..=59) => Event::Returned {
                user,
                note: Some(self.text()).filter(|_| chance < 40),
            },
            _ => self.guest_writes(),
        }
    }

    fn guest_writes(&mut self) -> Event {
        let voice = self.random.percent(4);
        let words = self.random.one_of(&TEXTS);
        let understood = if voice {
            understand(None, &[AttachmentKind::Voice], 20_775)
        } else {
            self.with_facts(understand(Some(words), &[], 20_775))
        };
        Event::GuestWrote(GuestMessage {
            id: self.message(),
            at: self.now - self.random.span(0, 2 * SECOND),
            text: (!voice).then(|| self.text()),
            understood,
            listed: Listed::default(),
            window_until: None,
        })
    }

    /// A guest now and then says more than the rules of `understand` see.
    fn with_facts(&mut self, mut understood: Understood) -> Understood {
        match self.random.below(20) {
            0 => {
                understood.facts.guests =
                    Some(u32::try_from(self.random.below(8)).unwrap_or(0) + 1);
            }
            1 => understood.facts.pet = Some(true),
            2 => understood.facts.youngest_child = Some(2),
            3 => understood.facts.new_booking = Some(true),
            _ => {}
        }
        understood
    }

    fn deal_moved_by_hand(&mut self, policy: &Policy, user: UserId) -> Event {
        let to = policy.stages.get(2).map(|stage| stage.key.clone());
        let deal = self.deals[0].id;
        self.deals[0].stage.clone_from(&to);
        Event::DealChanged {
            deal,
            by: Changer::Person(user),
            field: None,
            stage: to,
        }
    }

    fn carry_out(&mut self, key: ActionKey, action: &Action, policy: &Policy) {
        if self.random.percent(1) && !matches!(action, Action::AskBot { .. }) {
            self.results.push_back(Event::ActionFailed {
                action: key,
                what: Box::new(action.clone()),
                failure: Failure::Unreachable,
            });
            return;
        }
        let done = match action {
            Action::ReadCrm => {
                let snapshot = self.snapshot(key, policy);
                self.results.push_back(Event::CrmRead(snapshot));
                return;
            }
            Action::AskBot { turn, .. } => {
                let turn = turn.clone();
                let answered = if self.random.percent(3) {
                    Event::BotFailed { turn }
                } else {
                    Event::BotAnswered {
                        turn,
                        answer: self.answer(),
                    }
                };
                self.results.push_back(answered);
                return;
            }
            Action::Send { kind, .. } => Done::Sent {
                kind: *kind,
                message: self.message(),
                at: self.now,
                text: self.text(),
            },
            Action::CreateTask { .. } => Done::TaskCreated {
                task: TaskId(self.number()),
            },
            Action::CreateContact => {
                let contact = ContactId(self.number());
                self.contact = Some(contact);
                Done::ContactCreated { contact }
            }
            Action::CreateDeal { .. } => {
                let deal = self.new_deal(policy);
                Done::DealCreated { deal }
            }
            Action::MoveDeal { deal, to, .. } => {
                for known in self.deals.iter_mut().filter(|known| known.id == *deal) {
                    known.stage = Some(to.clone());
                }
                Done::DealMoved {
                    deal: *deal,
                    to: to.clone(),
                }
            }
            Action::SetOwnerField { deal, value } => {
                for known in self.deals.iter_mut().filter(|known| known.id == *deal) {
                    known.field = *value;
                }
                Done::FieldSet {
                    deal: *deal,
                    value: *value,
                }
            }
            _ => Done::Plain,
        };
        self.results
            .push_back(Event::ActionDone { action: key, done });
    }

    fn snapshot(&mut self, action: ActionKey, policy: &Policy) -> CrmSnapshot {
        if self.contact.is_some() && self.deals.is_empty() && self.random.percent(70) {
            self.new_deal(policy);
        }
        if let Some(deal) = self.deals.first_mut()
            && self.random.percent(2)
        {
            deal.field = FieldValue::Manager;
        }
        CrmSnapshot {
            at: self.now,
            action,
            contact: self.contact.map(|id| ContactFacts {
                id,
                name: Some(TextRef(1)),
                patronymic: None,
                notes: Vec::new(),
                tags: Vec::new(),
            }),
            deals: self.deals.clone(),
        }
    }

    fn new_deal(&mut self, policy: &Policy) -> DealId {
        let id = DealId(30_000_000 + self.number());
        let stage = policy.first_stage();
        self.deals.push(DealFacts {
            id,
            stage: stage.map(|stage| stage.key.clone()),
            stage_name: stage.map_or_else(String::new, |stage| stage.name.clone()),
            closed: false,
            responsible: Some(MANAGERS[0]),
            responsible_active: true,
            field: FieldValue::Empty,
            created_at: self.now,
            amount: None,
            booking: Booking::default(),
            has_task: false,
        });
        id
    }

    fn answer(&mut self) -> BotAnswer {
        let gives_up = self.random.percent(4);
        BotAnswer {
            replies: vec![self.text()],
            silent: false,
            confidence: u8::try_from(self.random.below(50)).unwrap_or(0) + 50,
            kb: if self.random.percent(92) {
                Kb::Hit
            } else {
                Kb::Miss
            },
            done: BTreeSet::from([BotDone::Consulted]),
            handoff: gives_up.then_some(BotHandoff {
                reason: None,
                note: None,
            }),
            ..BotAnswer::default()
        }
    }
}

/// The dialog of a talk before its first event.
pub fn begin(account: AccountId, seed: u64) -> Dialog {
    Dialog::new(
        DialogId(format!("{account}:{seed}")),
        account,
        ConversationId(format!("{seed}")),
    )
}

/// The first `events` rows of a talk.
pub fn journal(policy: &Policy, zone: &Zone, seed: u64, events: usize) -> Vec<Row> {
    let mut talk = Talk::new(AccountId(1), seed);
    (0..events).map(|_| talk.row(policy, 1, zone)).collect()
}
