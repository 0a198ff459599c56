//! The storm: guests write bursts and managers take and return, while the backend is killed and everything goes wrong
//! at every provider, at the moments of a seeded plan. At the end every promise holds for every guest.
//!
//! `ESTAFETA_SEED` and `ESTAFETA_KILLS` choose the storm; `scripts/soak` runs many.

mod fleet;
mod plan;

use crate::harness::{Expected, From, Manager, World, together};
use plan::{Dice, Step, death, fault, part};
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// The storm of `scripts/test`.
const SEED: u64 = 20_261_118;
const KILLS: u64 = 20;
const GUESTS: u64 = 200;
/// So much faster goes the business clock: retries and bursts have their time between two deaths.
const SPEED: i64 = 20;
/// A death comes about so often.
const LIFE: Duration = Duration::from_secs(2);
/// Who clicks without an answer clicks again, for so long.
const PATIENCE: Duration = Duration::from_mins(3);

/// What a storm was.
#[derive(Default)]
struct Tally {
    faults: Cell<u64>,
    messages: Cell<u64>,
    takes: Cell<u64>,
    violations: RefCell<Vec<String>>,
}

fn count(of: &Cell<u64>) {
    of.set(of.get() + 1);
}

fn number(name: &str, usual: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.map_or(usual, |text| text.parse().expect(name))
}

fn phone(guest: u64) -> String {
    format!("7900001{guest:04}")
}

#[tokio::test]
async fn promises_hold_in_a_storm() {
    let (seed, kills) = (
        number("ESTAFETA_SEED", SEED),
        number("ESTAFETA_KILLS", KILLS),
    );
    let guests = number("ESTAFETA_GUESTS", GUESTS);
    let world = World::without_backend().await;
    world.bot(&json!({"delay_ms": 150})).await;
    let mut dice = Dice::of(seed, 0);
    // In every other storm the CRM makes no deals by itself.
    let we_make_deals = seed % 2 == 1;
    if we_make_deals {
        world.lasting_fault("amocrm", "never_deal").await;
    }
    for guest in 0..guests {
        if dice.is(50) {
            world.has_a_deal(&phone(guest)).await;
        }
    }
    world.serve(&[]).await;
    world.play("clock", &json!({"speed": SPEED})).await;

    let tally = Tally::default();
    let lasts = LIFE * u32::try_from(kills).unwrap_or(u32::MAX);
    let phones: Vec<String> = (0..guests).map(phone).collect();
    let parts = (1..).zip(&phones).map(|(who, phone)| {
        let steps = part(&mut Dice::of(seed, who), lasts);
        lives(&world, phone, steps, &tally)
    });
    let expected: Vec<RefCell<Expected>> = phones.iter().map(|_| RefCell::default()).collect();
    let parts = parts.zip(&expected).map(|(part, expected)| async move {
        *expected.borrow_mut() = part.await;
    });
    let weather = rages(&world, dice, kills, we_make_deals, &tally);
    tokio::join!(together(parts), weather);

    found_wrong(&world, (seed, kills), &phones, &expected, &tally).await;
}

/// Waits until everything is at rest, and fails with what is wrong then. Prints what the storm was.
async fn found_wrong(
    world: &World,
    (seed, kills): (u64, u64),
    phones: &[String],
    expected: &[RefCell<Expected>],
    tally: &Tally,
) {
    world.play("clock", &json!({"speed": 1})).await;
    // Pact repeats for five minutes what was not acknowledged, amoCRM once more after five.
    world.advance_s(330).await;
    world.settles().await;
    for (phone, expected) in phones.iter().zip(expected) {
        let expected = expected.take();
        let wrongs = world.wrongs(phone, &expected).await;
        if !wrongs.is_empty() {
            let told = format!("{phone}, seed {seed}:\n{}", wrongs.join("\n"));
            tally.violations.borrow_mut().push(told);
        }
    }
    let violations = tally.violations.borrow();
    println!(
        "storm\t{seed}\t{kills}\t{}\t{}\t{}\t{}",
        tally.faults.get(),
        tally.messages.get(),
        tally.takes.get(),
        violations.len()
    );
    assert!(violations.is_empty(), "{}", violations.join("\n\n"));
}

/// The backend dies so often, and things go wrong; then good weather.
async fn rages(world: &World, mut dice: Dice, kills: u64, we_make_deals: bool, tally: &Tally) {
    for _ in 0..kills {
        let death = death(&mut dice);
        for _ in 0..dice.between(0, 4) {
            sleep(death.lives / 4).await;
            world.play("faults", &fault(&mut dice)).await;
            count(&tally.faults);
        }
        if death.while_starting {
            world.kills_the_backend();
            world.start(&[]);
        }
        sleep(death.lives).await;
        world.kills_the_backend();
        sleep(death.down).await;
        if dice.is(50) {
            world.serve(&[]).await;
        } else {
            world.start(&[]);
        }
    }
    world.clears_faults().await;
    if we_make_deals {
        world.lasting_fault("amocrm", "never_deal").await;
    }
    assert!(world.is_alive(), "the backend does not live");
}

/// A guest's part in the storm; what is to be expected of it.
async fn lives(world: &World, phone: &str, steps: Vec<Step>, tally: &Tally) -> Expected {
    let guest = world.guest(phone);
    let mut expected = Expected {
        deals: 1,
        ..Expected::default()
    };
    let mut lead: Option<Lead> = None;
    for step in steps {
        match step {
            Step::Pause(pause) => sleep(pause).await,
            Step::Write(words, wants_answer) => {
                let message = guest.writes(words).await;
                count(&tally.messages);
                if !wants_answer {
                    expected.need_nothing.insert(message);
                }
            }
            Step::Take(user) => {
                is_silent(world, phone, lead.take(), tally).await;
                let manager = world.manager(user);
                let (taken, times) = insists(world, &manager, "take", phone).await;
                count(&tally.takes);
                let left_meanwhile = taken.left_meanwhile || times > 1;
                lead = Some(Lead {
                    since: last_line(world, phone).await,
                    left_meanwhile,
                });
            }
            Step::Reply(user, via) => {
                world
                    .manager(user)
                    .writes(phone, "Сейчас посмотрю", via)
                    .await;
            }
            Step::Return(user) => {
                is_silent(world, phone, lead.take(), tally).await;
                insists(world, &world.manager(user), "return", phone).await;
            }
        }
    }
    is_silent(world, phone, lead, tally).await;
    expected
}

/// A manager leads, and the bot says nothing.
struct Lead {
    /// The last line before it.
    since: i64,
    /// A text was on its way and may still arrive.
    left_meanwhile: bool,
}

/// Promise 1: nothing of the bot has reached the guest since the take was answered.
async fn is_silent(world: &World, phone: &str, lead: Option<Lead>, tally: &Tally) {
    let Some(lead) = lead else { return };
    let lines = world.guest(phone).transcript().await;
    let said = lines
        .iter()
        .filter(|line| line.from == From::Bot && line.id > lead.since)
        .count();
    if said > usize::from(lead.left_meanwhile) {
        let told = format!(
            "{phone}: {said} texts of the bot after the take at {}: {lines:#?}",
            lead.since
        );
        tally.violations.borrow_mut().push(told);
    }
}

async fn last_line(world: &World, phone: &str) -> i64 {
    let lines = world.guest(phone).transcript().await;
    lines.iter().map(|line| line.id).max().unwrap_or(0)
}

/// Clicks until it is answered; the answer, and how many clicks it took.
async fn insists(
    world: &World,
    manager: &Manager<'_>,
    action: &str,
    phone: &str,
) -> (widget_core::wire::ActionAnswer, u32) {
    let dialog = world.dialog_id(phone).await;
    let began = Instant::now();
    let mut times = 0;
    loop {
        times += 1;
        if let Some(answer) = manager.tries(action, &dialog).await {
            return (answer, times);
        }
        assert!(
            began.elapsed() < PATIENCE,
            "{phone}: nobody answers the {action}"
        );
        sleep(Duration::from_millis(150)).await;
    }
}
