//! How much the running service carries: `cargo bench -p backend --bench load -- [OPTIONS]`, `--help` names them.
//!
//! The real binary runs twice, as sandbox and as backend; this process stands between them and sees both directions. The
//! load is open: requests leave at their scheduled moment whatever the answers do, and latency counts from the schedule,
//! so that a stall is felt by all who would have come meanwhile. Everything shares one machine: what the stand-ins, the
//! relay and the clients take is missing to the backend.

#[path = "load/acks.rs"]
mod acks;
#[path = "load/baseline.rs"]
mod baseline;
#[path = "load/guests.rs"]
mod guests;
#[path = "load/pace.rs"]
mod pace;
#[path = "load/process.rs"]
mod process;
#[path = "load/relay.rs"]
mod relay;
mod store;
#[path = "load/table.rs"]
mod table;
#[path = "load/world.rs"]
mod world;

use clap::Parser;
use guests::Guests;
use std::path::PathBuf;
use std::time::Duration;
use table::{Row, Table};
use world::{Beside, Kept, World};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A target that does less than this part of what it is offered no longer keeps up.
const KEEPS_UP: f64 = 0.9;

#[derive(Parser)]
#[command(about = "Measures acks and the whole path under an open load.")]
struct Args {
    /// Guests' messages a second through the whole path, rising.
    #[arg(long, value_delimiter = ',', default_value = "25,50,100,150,200,300")]
    rates: Vec<u32>,
    /// Webhooks a second, rising.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "500,1000,2000,3000,4000,6000"
    )]
    acks: Vec<u32>,
    /// Dialogs in the store, for the curve.
    #[arg(long, value_delimiter = ',', default_value = "1000,10000")]
    dialogs: Vec<u64>,
    /// Accounts in the settings, for the curve over those: nobody writes to any but one. It is not measured unless told.
    #[arg(long, value_delimiter = ',')]
    accounts: Vec<i64>,
    /// Messages a second at each point of the curve.
    #[arg(long, default_value_t = 25)]
    curve_rate: u32,
    /// Where the whole path is measured: in a file, and on a server with so many instances.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "sqlite,postgres:1,postgres:2"
    )]
    on: Vec<String>,
    /// How long the load is held at each point of the curve, s; otherwise as long as each rate.
    #[arg(long)]
    curve_seconds: Option<u32>,
    /// How long each rate is held, s.
    #[arg(long, default_value_t = 4)]
    seconds: u32,
    /// Guests who write.
    #[arg(long, default_value_t = 150)]
    guests: usize,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
    /// Serves a baseline instead: bare or insert.
    #[arg(long, hide = true, requires_all = ["port", "folder"])]
    baseline: Option<baseline::Kind>,
    #[arg(long, hide = true)]
    port: Option<u16>,
    #[arg(long, hide = true)]
    folder: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let args = Args::parse();
    if let (Some(kind), Some(port), Some(folder)) = (args.baseline, args.port, &args.folder) {
        return baseline::serve(kind, port, folder).await;
    }
    let mut table = Table::new();
    measure_acks(&args, &mut table).await?;
    for kept in Kept::all(&args.on)? {
        measure_path(&kept, &args, &mut table).await?;
    }
    for dialogs in &args.dialogs {
        let beside = Beside {
            dialogs: *dialogs,
            ..Beside::NOTHING
        };
        let name = format!("{dialogs} dialogs");
        measure_beside(beside, &name, &args, &mut table).await?;
    }
    for accounts in &args.accounts {
        let beside = Beside {
            accounts: *accounts,
            ..Beside::NOTHING
        };
        let name = format!("{accounts} accounts");
        measure_beside(beside, &name, &args, &mut table).await?;
    }
    table.show();
    Ok(())
}

/// Acks alone: a bare handler, a durable insert each, and the backend; the same client, bodies and rates.
async fn measure_acks(args: &Args, table: &mut Table) -> Result<(), Failure> {
    for target in acks::Target::ALL {
        for rate in &args.acks {
            let rung = acks::run(target, *rate, args.seconds).await?;
            let does = rung.done_per_s();
            table.add(&Row {
                name: format!("ack: {target}"),
                offered: *rate,
                done: does,
                spread: rung.spread(),
                budget: target.budget(),
            });
            table.failed(rung.failed);
            if does < KEEPS_UP * f64::from(*rate) {
                break;
            }
        }
    }
    Ok(())
}

/// The whole path, faster and faster until the backend no longer keeps up.
async fn measure_path(kept: &Kept, args: &Args, table: &mut Table) -> Result<(), Failure> {
    let world = World::new(world::Mode::On, Beside::NOTHING, kept).await?;
    let mut guests = Guests::new(args.guests);
    guests.are_known(&world).await?;
    let (before, mut messages) = (world.database_bytes().await?, 0);
    for rate in &args.rates {
        let used = world.processor_ms().await?;
        let rung = guests.write(&world, *rate, args.seconds).await?;
        rung.tell(&format!(", {kept}"), *rate, table);
        tell_processor(&world, used, rung.answered, &kept.to_string(), table).await?;
        messages += rung.answered;
        if rung.done < KEEPS_UP * f64::from(*rate) {
            break;
        }
    }
    let bytes = world.database_bytes().await?.saturating_sub(before);
    table.fact(
        &format!("database, kB per 1,000 messages, {kept}"),
        bytes / u64::max(messages, 1),
        "",
    );
    let (now, most) = world.memory_mb()?;
    table.fact(&format!("RSS after this, {kept}, MB"), now, "≤ 64 MB");
    table.fact(&format!("RSS at most, {kept}, MB"), most, "");
    table.fact("answers out of order", guests.out_of_order, "0");
    table.fact("answered twice", guests.twice, "0");
    table.fact("never answered", guests.unanswered, "0");
    Ok(())
}

/// One point of a curve: the same load beside what rests.
async fn measure_beside(
    beside: Beside,
    name: &str,
    args: &Args,
    table: &mut Table,
) -> Result<(), Failure> {
    let world = World::new(world::Mode::On, beside, &Kept::File).await?;
    let mut guests = Guests::new(args.guests.min(50));
    guests.are_known(&world).await?;
    let seconds = args.curve_seconds.unwrap_or(args.seconds);
    let used = world.processor_ms().await?;
    let rung = guests.write(&world, args.curve_rate, seconds).await?;
    rung.tell(&format!(", {name}"), args.curve_rate, table);
    tell_processor(&world, used, rung.answered, name, table).await?;
    let (_, most) = world.memory_mb()?;
    table.fact(&format!("RSS at most, {name}, MB"), most, "≤ 64 MB");
    Ok(())
}

/// What a message took of the processor since `before`, by the instances and by the database's server.
async fn tell_processor(
    world: &World,
    before: (u64, Option<u64>),
    messages: u64,
    name: &str,
    table: &mut Table,
) -> Result<(), Failure> {
    let after = world.processor_ms().await?;
    let each = |used: u64| used * 1_000 / u64::max(messages, 1);
    let instances = each(after.0.saturating_sub(before.0));
    table.fact(&format!("  processor, µs a message, {name}"), instances, "");
    if let (Some(before), Some(after)) = (before.1, after.1) {
        let server = each(after.saturating_sub(before));
        table.fact("  the same of the database's server", server, "");
    }
    Ok(())
}

/// Waits for something that is about to be; fails after a while.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> Result<T, Failure> {
    for _ in 0..3_000 {
        if let Some(found) = look().await {
            return Ok(found);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err(format!("it never came to this: {what}").into())
}
