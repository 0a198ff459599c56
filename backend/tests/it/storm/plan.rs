//! What a seed makes of a storm: who writes what and when, what managers do, when the backend dies, what goes wrong.
//! Two storms of one seed have the same plan; how the machine interleaves it is its own.

use crate::harness::{ANNA, IGOR};
use serde_json::{Value, json};
use std::time::Duration;

/// Dice that fall the same way for the same seed (`SplitMix64`).
pub struct Dice(u64);

impl Dice {
    /// Dice of a seed, others for each `who`.
    pub fn of(seed: u64, who: u64) -> Self {
        let mut dice = Self(seed ^ who.wrapping_mul(0xA076_1D64_78BD_642F));
        dice.roll();
        dice
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From `low` up to and without `high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.roll() % (high - low)
    }

    /// Whether a thing of so many per cent happens.
    pub fn is(&mut self, percent: u64) -> bool {
        self.between(0, 100) < percent
    }

    /// So many milliseconds.
    pub fn ms(&mut self, low: u64, high: u64) -> Duration {
        Duration::from_millis(self.between(low, high))
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        let place = usize::try_from(self.roll() % of.len() as u64).unwrap_or(0);
        of[place]
    }
}

const QUESTIONS: [&str; 6] = [
    "Сколько стоит номер?",
    "Есть места на май?",
    "А с питанием?",
    "Во сколько заезд?",
    "Есть ли Wi-Fi?",
    "Какие документы взять?",
];
const FOR_A_PERSON: [&str; 3] = [
    "Нас будет пятеро",
    "Позовите, пожалуйста, менеджера",
    "Хочу два номера",
];
const THANKS: &str = "Спасибо!";

/// What happens to a guest, one after the other.
#[derive(Debug, Clone)]
pub enum Step {
    /// Nothing, for so long.
    Pause(Duration),
    /// The guest writes; the second is whether it wants an answer.
    Write(&'static str, bool),
    /// A manager takes the dialog.
    Take(i64),
    /// The manager writes to the guest.
    Reply(i64, &'static str),
    /// The manager returns the dialog.
    Return(i64),
}

/// A guest's part. It begins after a pause of at most `begins_within`.
pub fn part(dice: &mut Dice, begins_within: Duration) -> Vec<Step> {
    let latest = u64::try_from(begins_within.as_millis()).unwrap_or(u64::MAX);
    let mut steps = vec![
        Step::Pause(dice.ms(0, latest.max(1))),
        Step::Write(dice.one_of(&QUESTIONS), true),
    ];
    for _ in 0..dice.between(1, 4) {
        burst(dice, &mut steps);
        steps.push(Step::Pause(dice.ms(50, 4_000)));
        if dice.is(25) {
            lead(dice, &mut steps);
        }
    }
    steps
}

fn burst(dice: &mut Dice, steps: &mut Vec<Step>) {
    for _ in 0..dice.between(1, 4) {
        let step = match dice.between(0, 10) {
            0 => Step::Write(THANKS, false),
            1 | 2 => Step::Write(dice.one_of(&FOR_A_PERSON), true),
            _ => Step::Write(dice.one_of(&QUESTIONS), true),
        };
        steps.push(step);
        steps.push(Step::Pause(dice.ms(0, 300)));
    }
}

/// A manager takes the dialog, perhaps writes, perhaps hears the guest, perhaps gives it back.
fn lead(dice: &mut Dice, steps: &mut Vec<Step>) {
    let user = dice.one_of(&[ANNA, IGOR]);
    steps.push(Step::Take(user));
    steps.push(Step::Pause(dice.ms(0, 1_500)));
    if dice.is(60) {
        steps.push(Step::Reply(user, dice.one_of(&["amocrm", "pact", "phone"])));
        steps.push(Step::Pause(dice.ms(300, 1_500)));
    }
    if dice.is(50) {
        burst(dice, steps);
    }
    if dice.is(60) {
        steps.push(Step::Return(user));
    }
}

/// How the backend dies.
#[derive(Debug, Clone, Copy)]
pub struct Death {
    /// It lives so long before.
    pub lives: Duration,
    /// It dies while it starts.
    pub while_starting: bool,
    /// It is down for so long.
    pub down: Duration,
}

pub fn death(dice: &mut Dice) -> Death {
    let while_starting = dice.is(20);
    Death {
        lives: if while_starting {
            dice.ms(20, 600)
        } else {
            dice.ms(200, 3_000)
        },
        while_starting,
        down: if dice.is(80) {
            dice.ms(0, 200)
        } else {
            dice.ms(200, 2_500)
        },
    }
}

/// Something that goes wrong at a provider, in the control surface's words. A hook that is dropped without the
/// provider trying again is not among them: only reading the conversations again would find what it said.
pub fn fault(dice: &mut Dice) -> Value {
    const FAULTS: [(&str, &str); 20] = [
        ("pact", "lost_response"),
        ("pact", "lost_response"),
        ("pact", "hook_before_response"),
        ("pact", "hook_before_response"),
        ("pact", "http_429"),
        ("pact", "http_500"),
        ("pact", "slow"),
        ("pact", "refuse"),
        ("pact", "hook_dup"),
        ("pact", "hook_reorder"),
        ("pact", "hook_delay"),
        ("amocrm", "lost_response"),
        ("amocrm", "http_429"),
        ("amocrm", "http_500"),
        ("amocrm", "slow"),
        ("amocrm", "refuse"),
        ("amocrm", "hook_dup"),
        ("amocrm", "hook_reorder"),
        ("bot", "http_500"),
        ("bot", "refuse"),
    ];
    let (service, kind) = dice.one_of(&FAULTS);
    let ms = if kind == "http_429" {
        dice.between(1, 5) * 1_000
    } else {
        // Of the machine's time. A send that is held longer than the last look for it (45 s of the business clock, which
        // runs twenty times as fast) could be told from a lost one by nobody.
        dice.between(200, 1_500)
    };
    json!({"service": service, "kind": kind, "count": dice.between(1, 9), "ms": ms})
}
