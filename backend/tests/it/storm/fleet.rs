//! The same over two instances on one database: either is killed, stands still for longer than its lease, or is cut off
//! from the database, and the database itself is killed.

use super::plan::{Dice, fault, part};
use super::{Tally, count, found_wrong, lives, number, phone};
use crate::harness::{Expected, Fleet, Server, World, together};
use serde_json::json;
use std::cell::RefCell;
use std::time::Duration;
use tokio::time::sleep;

/// The storm of `scripts/test`.
const SEED: u64 = 20_261_129;
const MISFORTUNES: u64 = 8;
const GUESTS: u64 = 60;
/// An instance that stood still goes on before all looks for what it may have sent are over: 45 s of this clock.
const SPEED: i64 = 2;

/// What happens to an instance.
#[derive(Debug, Clone, Copy)]
enum Misfortune {
    Killed {
        down: Duration,
    },
    StandsStill {
        for_so_long: Duration,
    },
    CutOff {
        for_so_long: Duration,
    },
    /// Not the instance but the database dies, and is started again.
    DatabaseCrashes,
}

fn misfortune(dice: &mut Dice) -> Misfortune {
    // A lease lasts for 10 s, and what was leased is taken back within 3 s more.
    let for_so_long = dice.ms(11_000, 15_000);
    match dice.between(0, 5) {
        0 | 1 => Misfortune::Killed {
            down: dice.ms(0, 2_500),
        },
        2 => Misfortune::StandsStill { for_so_long },
        3 => Misfortune::CutOff { for_so_long },
        _ => Misfortune::DatabaseCrashes,
    }
}

#[tokio::test]
async fn promises_hold_in_a_storm_over_two_instances() {
    let (seed, misfortunes) = (
        number("ESTAFETA_SEED", SEED),
        number("ESTAFETA_KILLS", MISFORTUNES),
    );
    let guests = number("ESTAFETA_GUESTS", GUESTS);
    let server = Server::started();
    let world = World::for_a_fleet(&server).await;
    world.bot(&json!({"delay_ms": 150})).await;
    let mut dice = Dice::of(seed, 0);
    for guest in 0..guests {
        if dice.is(50) {
            world.has_a_deal(&phone(guest)).await;
        }
    }
    let fleet = Fleet::of(&world, 2).await;
    for instance in 0..fleet.len() {
        fleet.serves(instance).await;
    }
    world.play("clock", &json!({"speed": SPEED})).await;

    let tally = Tally::default();
    let plan: Vec<Misfortune> = (0..misfortunes).map(|_| misfortune(&mut dice)).collect();
    let lasts = plan.iter().map(|one| lasts(*one)).sum();
    let phones: Vec<String> = (0..guests).map(phone).collect();
    let expected: Vec<RefCell<Expected>> = phones.iter().map(|_| RefCell::default()).collect();
    let parts = (1..).zip(&phones).zip(&expected);
    let parts = parts.map(|((who, phone), expected)| {
        let steps = part(&mut Dice::of(seed, who), lasts);
        let (world, tally) = (&world, &tally);
        async move { *expected.borrow_mut() = lives(world, phone, steps, tally).await }
    });
    let weather = async {
        for one in plan {
            let instance = usize::from(dice.is(50));
            for _ in 0..dice.between(0, 3) {
                world.play("faults", &fault(&mut dice)).await;
                count(&tally.faults);
            }
            strikes(&server, &fleet, instance, one).await;
            sleep(dice.ms(500, 2_000)).await;
        }
        world.clears_faults().await;
        assert!(fleet.are_alive(), "an instance does not live");
    };
    tokio::join!(together(parts), weather);
    found_wrong(&world, (seed, misfortunes), &phones, &expected, &tally).await;
}

fn lasts(one: Misfortune) -> Duration {
    match one {
        Misfortune::Killed { down } => down + Duration::from_secs(2),
        Misfortune::DatabaseCrashes => Duration::from_secs(3),
        Misfortune::StandsStill { for_so_long } | Misfortune::CutOff { for_so_long } => for_so_long,
    }
}

async fn strikes(server: &Server, fleet: &Fleet<'_>, instance: usize, one: Misfortune) {
    match one {
        Misfortune::DatabaseCrashes => server.crashes(),
        Misfortune::Killed { down } => {
            fleet.kills(instance);
            sleep(down).await;
            fleet.serves(instance).await;
        }
        Misfortune::StandsStill { for_so_long } => {
            fleet.stops(instance);
            sleep(for_so_long).await;
            fleet.goes_on(instance);
        }
        Misfortune::CutOff { for_so_long } => {
            fleet.cuts(instance);
            sleep(for_so_long).await;
            fleet.mends(instance);
        }
    }
}
