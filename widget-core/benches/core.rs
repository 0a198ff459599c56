//! How fast the core thinks (DESIGN §9), beside baselines of the same run: what merely copying a dialog costs, and what
//! writing and reading a journal row costs. `scripts/bench` runs it.

mod base;
mod talk;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;
use widget_core::action::Action;
use widget_core::change::Change;
use widget_core::decide::decide;
use widget_core::dialog::Dialog;
use widget_core::event::Event;
use widget_core::ids::AccountId;
use widget_core::knowledge::Index;
use widget_core::knowledge::measure::{by_search, by_words_alone};
use widget_core::owner::Owner;
use widget_core::policy::{Policy, parse};
use widget_core::replay::{Row, replay};
use widget_core::time::{Now, Zone};
use widget_core::trace::Check;
use widget_core::understand::understand;

fn policy() -> Policy {
    parse(include_str!("../../backend/policies/sanatorium.toml"))
        .expect("the default policy is good")
}

fn zone() -> Zone {
    Zone::fixed(10_800)
}

fn after(seed: u64, rows: &[Row]) -> Dialog {
    let journal = rows.iter().map(|row| (row.seq, row.at, &row.changes[..]));
    talk::begin(AccountId(1), seed).fold(journal)
}

/// The state before, the event and the time of the first row beyond the 40th that is wanted.
fn case(wanted: impl Fn(&Event, &Row, &Dialog) -> bool) -> (Dialog, Event, Now) {
    for seed in 0..1_000 {
        let rows = talk::journal(&policy(), &zone(), seed, 100);
        for at in 40..rows.len() {
            let before = after(seed, &rows[..at]);
            let (event, _) = rows[at]
                .judged
                .as_ref()
                .expect("every row of a talk is judged");
            if wanted(event, &rows[at], &before) {
                let now = Now {
                    at: rows[at].at,
                    zone: zone(),
                };
                return (before, event.clone(), now);
            }
        }
    }
    panic!("no such event in a thousand conversations");
}

fn hands_over(row: &Row) -> bool {
    let waits = |change: &Change| matches!(change, Change::OwnerSet(view) if matches!(view.owner, Owner::Waiting { .. }));
    row.changes.iter().any(waits)
}

fn decisions(c: &mut Criterion) {
    let policy = policy();
    let cases = [
        (
            "decide: guest's message",
            case(|event, _, before| {
                matches!(event, Event::GuestWrote(_))
                    && before.view.owner == Owner::Bot
                    && before.recent.len() == 20
            }),
        ),
        (
            "decide: bot's answer",
            case(|event, row, _| matches!(event, Event::BotAnswered { .. }) && !hands_over(row)),
        ),
        ("decide: handoff", case(|_, row, _| hands_over(row))),
    ];
    for (name, (dialog, event, now)) in &cases {
        c.bench_function(name, |b| {
            b.iter(|| decide(&policy, black_box(dialog), event, now));
        });
    }
    let (dialog, ..) = &cases[0].1;
    c.bench_function("baseline: clone of the dialog", |b| {
        b.iter(|| black_box(dialog).clone());
    });
}

fn journals(c: &mut Criterion) {
    let policy = policy();
    let rows = talk::journal(&policy, &zone(), 7, 200);
    c.bench_function("fold: 200 rows", |b| b.iter(|| after(7, black_box(&rows))));

    let first = rows[..20].to_vec();
    c.bench_function("replay: dialog of 20 events", |b| {
        b.iter_batched(
            || first.clone(),
            |rows| {
                replay(
                    talk::begin(AccountId(1), 7),
                    rows,
                    i64::MIN,
                    &policy,
                    &zone(),
                )
            },
            BatchSize::SmallInput,
        );
    });
    c.bench_function("baseline: JSON of 20 rows, both ways", |b| {
        b.iter(|| {
            first
                .iter()
                .map(|row| there_and_back(black_box(row)))
                .sum::<usize>()
        });
    });
}

/// What the store keeps of a row as JSON.
type Stored = (Option<(Event, Vec<Action>)>, Vec<Change>, Vec<Check>);

fn there_and_back(row: &Row) -> usize {
    let json =
        serde_json::to_string(&(&row.judged, &row.changes, &row.trace)).expect("it serialises");
    let (_, changes, _): Stored = serde_json::from_str(&json).expect("it reads back");
    changes.len()
}

fn texts(c: &mut Criterion) {
    let text = "Добрый день! Хотим приехать на две недели в декабре, нас двое взрослых и ребёнок 7 лет. \
                Подскажите, пожалуйста, сколько стоит номер с лечением и можно ли оплатить частями?";
    c.bench_function("understand: typical message", |b| {
        b.iter(|| understand(black_box(Some(text)), &[], 20_775));
    });
    c.bench_function("baseline: lower case of the message", |b| {
        b.iter(|| black_box(text).to_lowercase());
    });
}

/// Each message of the voices held aside, timed by itself.
fn voices(_: &mut Criterion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let read =
        |name: &str| std::fs::read_to_string(folder.join(name)).expect("a file of the repository");
    let texts: Vec<String> = read("held.txt")
        .lines()
        .filter(|voice| !voice.is_empty())
        .flat_map(|voice| {
            read(&format!("{voice}.jsonl"))
                .lines()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(&line).expect("JSON")["text"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    each("understand: held voices", &texts, |text| {
        black_box(understand(black_box(Some(text)), &[], 20_775));
    });
}

/// Times each text by itself, and prints the middle one and the hundredth part's.
fn each(name: &str, texts: &[String], work: impl Fn(&str)) {
    let mut took: Vec<f64> = Vec::new();
    for round in 0..4 {
        for text in texts {
            let begun = Instant::now();
            work(text);
            let micros = begun.elapsed().as_secs_f64() * 1e6;
            // The first round warms up.
            if round > 0 {
                took.push(micros);
            }
        }
    }
    took.sort_by(f64::total_cmp);
    for (share, per_mille) in [("p50", 500), ("p99", 990)] {
        let micros = took[took.len() * per_mille / 1_000];
        println!("{name}, {share}        time:   [{micros:.1} µs {micros:.1} µs {micros:.1} µs]");
    }
}

/// The labelled questions, each asked of the sample and of a base many times as large; beside it a plain search that holds
/// the question's whole words against those of every passage.
fn searches(_: &mut Criterion) {
    let questions = base::questions();
    for passages in [base::sample(), base::of(2_000)] {
        let count = passages.len();
        let begun = Instant::now();
        let index = Index::new(&passages);
        let ms = begun.elapsed().as_secs_f64() * 1e3;
        println!(
            "knowledge: {count} passages made ready        time:   [{ms:.1} ms {ms:.1} ms {ms:.1} ms]"
        );
        each(
            &format!("knowledge: search in {count}"),
            &questions,
            |question| {
                black_box(by_search(&index, black_box(question)));
            },
        );
        each(
            &format!("baseline: whole words in {count}"),
            &questions,
            |question| {
                black_box(by_words_alone(&passages, black_box(question)));
            },
        );
    }
}

criterion_group!(core, decisions, journals, texts, voices, searches);
criterion_main!(core);
