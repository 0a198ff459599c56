//! What the widget costs the manager's browser: `cargo bench -p backend --bench widget -- [OPTIONS]`, `--help` names
//! them. In a real Chromium, on the page that treats widgets as amoCRM does, with the backend behind it; beside it, in
//! the same run, the same block without the card: `script.js` alone, whose plain error box has a button too.

#[allow(dead_code, unused_imports)] // a part of what the tests need is needed here
#[path = "../tests/it/harness/mod.rs"]
mod harness;
#[path = "widget/look.rs"]
mod look;

use clap::Parser;
use harness::{ANNA, MOVES, OLGA, Tab, World, browse};
use look::{Block, Look};
use serde_json::json;

/// The button, after the block was first seen, with a CPU four times slower (issue «The card and the settings, as a
/// product», 6).
const BUTTON_AT_MOST: &str = "≤ 200 at 4x";

#[derive(Parser)]
#[command(about = "Measures the card in a real browser.")]
struct Args {
    /// Page loads of each kind; the table shows the median and the worst.
    #[arg(long, default_value_t = 9)]
    loads: usize,
    /// How many times slower the CPU is.
    #[arg(long, value_delimiter = ',', default_value = "1,4")]
    slower: Vec<u32>,
    /// Moves from card to card.
    #[arg(long, default_value_t = 500)]
    moves: i64,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() {
    let args = Args::parse();
    let world = World::new().await;
    let deals = [
        deal_of(&world, "79000000001").await,
        deal_of(&world, "79000000002").await,
    ];
    let mut lines = vec![];
    browse("bench", async |tab| {
        look::prepare(tab).await;
        let mut files = vec![];
        for slower in &args.slower {
            let mut looks = [vec![], vec![]];
            for _ in 0..args.loads {
                // By turns, so that what else the machine does falls on both.
                for (block, looks) in [Block::Card, Block::ErrorBox].into_iter().zip(&mut looks) {
                    looks.push(Look::take(tab, &world, deals[0], block, *slower).await);
                }
            }
            files.clone_from(&looks[0][0].files);
            lines.extend(rows(&looks, *slower));
        }
        for (name, bytes) in files {
            let name = format!("{name}, bytes, not packed");
            lines.push(format!("{name:<48} {bytes:>9}"));
        }
        lines.extend(moves(tab, &world, deals, args.moves).await);
    })
    .await;
    show(&lines);
}

/// A guest whom the bot has answered, in a deal that nobody takes by a look.
async fn deal_of(world: &World, phone: &str) -> i64 {
    let deal =
        json!({"phone": phone, "name": "Заезд", "stage": "Новая заявка", "responsible": OLGA});
    let deal = world.play("deals", &deal).await["id"].as_i64();
    world.guest(phone).asks("Сколько стоит номер?").await;
    world.guest(phone).hears(1).await;
    deal.expect("an id")
}

/// A figure of a look.
type Figure = fn(&Look) -> f64;

fn rows([card, baseline]: &[Vec<Look>; 2], slower: u32) -> Vec<String> {
    let figures: [(&str, &str, Figure); 7] = [
        ("seen to the button, ms", BUTTON_AT_MOST, |look| look.button),
        ("seen to the button on the screen, ms", "", |look| {
            look.painted
        }),
        ("main thread, all work, ms", "", |look| look.work),
        ("main thread, scripts, ms", "", |look| look.scripts),
        ("main thread, longest task, ms", "", |look| look.longest),
        ("memory of JavaScript, kB", "", |look| look.heap),
        ("memory of WebAssembly, kB", "", |look| look.wasm),
    ];
    let row = |(name, budget, figure): &(&str, &str, Figure)| {
        let (card, baseline) = (spread(card, *figure), spread(baseline, *figure));
        let name = format!("{slower}x: {name}");
        format!(
            "{name:<48} {:>9.0} {:>9.0} {:>9.0} {:>9.0}  {budget}",
            card.0, card.1, baseline.0, baseline.1
        )
    };
    figures.iter().map(row).collect()
}

/// The median and the worst.
fn spread(looks: &[Look], figure: Figure) -> (f64, f64) {
    let mut values: Vec<f64> = looks.iter().map(figure).collect();
    values.sort_by(f64::total_cmp);
    let worst = values.last().copied().unwrap_or_default();
    (values[values.len() / 2], worst)
}

async fn moves(tab: &Tab, world: &World, [first, second]: [i64; 2], moves: i64) -> Vec<String> {
    look::hurries(tab, 1).await;
    let page = &world.sandbox_url;
    tab.opens(&format!("{page}/leads/detail/{first}?user={ANNA}&panel=1"))
        .await;
    tab.sees(".estafeta-card", &["Ведёт бот"]).await;
    tab.goes_to_and_fro(5, first, second).await;
    let before = tab.weighs().await;
    let began = std::time::Instant::now();
    tab.goes_to_and_fro(moves / MOVES, first, second).await;
    let each = began.elapsed().as_millis() / u128::try_from(moves.max(1)).expect("a few");
    let after = tab.weighs().await;
    let grown = |name: &str, before: i64, after: i64, most: &str| {
        let name = format!("after {moves} moves: {name}");
        let grown = after - before;
        format!("{name:<48} {after:>9} {grown:>+9} {:>19}  {most}", "")
    };
    vec![
        grown("listeners, more", before.listeners, after.listeners, "0"),
        grown("nodes, more", before.nodes, after.nodes, "0"),
        grown(
            "WebAssembly, kB, more",
            before.wasm / 1000,
            after.wasm / 1000,
            "0",
        ),
        grown(
            "JavaScript, kB, more",
            before.heap / 1000,
            after.heap / 1000,
            "",
        ),
        format!("{:<48} {each:>9}", "a move, its pause included, ms"),
    ]
}

fn show(lines: &[String]) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("\nmeasured on {cores} cores, load average after it {load}");
    println!(
        "{:<48} {:>9} {:>9} {:>9} {:>9}  budget",
        "", "card", "worst", "baseline", "worst"
    );
    for line in lines {
        println!("{}", line.trim_end());
    }
}
