//! What the server decides, the browser decides: 10,000 seeded cases of `decide` and as many of `owner::next`, judged
//! here and by the same core compiled as the card is and run by Node (DESIGN §9).

#[path = "pack/bindgen.rs"]
mod bindgen;
#[allow(dead_code)] // only the places and the clean environment of the card's build are needed here
#[path = "pack/cargo.rs"]
mod cargo;
#[path = "../widget-core/tests/judge/mod.rs"]
mod judge;
#[allow(dead_code)]
#[path = "../widget-core/benches/talk/mod.rs"]
mod talk;

use judge::{Case, Told};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use widget_core::dialog::Dialog;
use widget_core::event::{Changer, Event, FieldValue, Service, Timer};
use widget_core::ids::{AccountId, DealId, TaskId, TextRef, UserId};
use widget_core::owner::{Owner, OwnerView, Reason, ReasonId};
use widget_core::policy::{InquiryAct, Mode, Policy, TakeOnOpen, parse};
use widget_core::time::Zone;

/// Lives, and events in each; every event is followed by one that only might have happened.
const LIVES: u64 = 100;
const EVENTS: usize = 50;
const SIGNALS: u64 = 10_000;
/// 2026-01-01 00:00 UTC.
const NEW_YEAR: i64 = 1_767_225_600_000;
const HALF_A_YEAR: i64 = 182 * 86_400_000;

/// What Node does with the glue and the module.
const RUN: &str = r"
const fs = require('fs');
const [wasm, cases, results] = process.argv.slice(2);
estafeta_part.initSync({ module: fs.readFileSync(wasm) });
const lines = fs.readFileSync(cases, 'utf8').split('\n');
fs.writeFileSync(results, lines.map((line) => estafeta_part.judge(line)).join('\n'));
";

#[test]
fn server_is_wasm_for_decide_and_for_the_owner() {
    let cases: Vec<String> = lives()
        .chain((0..SIGNALS).map(signal))
        .map(|case| serde_json::to_string(&case).expect("a case is JSON"))
        .collect();
    let events = cases.iter().filter(|case| case.starts_with(r#"{"Event"#));
    assert!(events.count() >= 10_000 && cases.len() >= 20_000);
    let in_browser = judged_by_wasm(&cases);
    assert_eq!(in_browser.len(), cases.len(), "one result per case");
    let mut kinds = std::collections::BTreeSet::new();
    for (n, (case, browser)) in cases.iter().zip(&in_browser).enumerate() {
        let server = judge::judge(case);
        assert_eq!(server, *browser, "case {n}: {case}");
        kinds.insert(server);
    }
    assert!(
        kinds.len() > 5_000,
        "only {} different results",
        kinds.len()
    );
}

/// Made-up conversations under policies of all kinds, and beside each event one that comes out of nowhere.
fn lives() -> impl Iterator<Item = Case> {
    (0..LIVES).flat_map(|seed| {
        let policy = policy(seed);
        let zone = if seed % 2 == 0 {
            Zone::fixed(10_800)
        } else {
            // Summer begins and ends.
            Zone {
                transitions: vec![
                    (NEW_YEAR, 3_600),
                    (NEW_YEAR + HALF_A_YEAR / 2, 7_200),
                    (NEW_YEAR + HALF_A_YEAR * 3 / 2, 3_600),
                ],
            }
        };
        let rows = talk::journal(&policy, &zone, seed, EVENTS);
        let begin = Case::Life {
            policy: Box::new(policy),
            zone,
            dialog: Box::new(talk::begin(AccountId(1), seed)),
        };
        let mut cases = vec![begin];
        let mut dialog = talk::begin(AccountId(1), seed);
        for row in rows {
            let seq = row.seq;
            let at = row.at;
            let n = seed + seq;
            cases.push(Case::Event {
                event: Box::new(out_of_nowhere(n, &dialog)),
                at: at + i64::try_from(n % 7).expect("a few") * 600_000,
                happens: false,
            });
            dialog = dialog.fold([(seq, at, &row.changes[..])]);
            let (event, _) = row.judged.expect("every row of a talk is judged");
            cases.push(Case::Event {
                event: Box::new(event),
                at,
                happens: true,
            });
        }
        cases.push(Case::State);
        cases
    })
}

fn policy(seed: u64) -> Policy {
    let mut policy = parse(include_str!("../backend/policies/sanatorium.toml"))
        .expect("the default policy is good");
    policy.tasks.escalate_to = Some(UserId(9001));
    match seed % 10 {
        1 => policy.mode = Mode::Watch,
        2 => policy.mode = Mode::People,
        3 => policy.mode = Mode::Trial,
        4 => policy.mode = Mode::Off,
        5 => policy.ownership.take_on_open = TakeOnOpen::Always,
        6 => policy.inquiry.early = InquiryAct::Table,
        7 => policy.inquiry.none = InquiryAct::Clarify,
        8 => policy.tasks.duty_phone = Some("+7 900 000-00-99".to_owned()),
        _ => {}
    }
    policy
}

fn out_of_nowhere(n: u64, dialog: &Dialog) -> Event {
    let user = UserId(9_002);
    let by = [Changer::Person(user), Changer::Robot, Changer::Unknown][pick(n, 3)];
    let value = [
        FieldValue::Empty,
        FieldValue::Bot,
        FieldValue::Waiting,
        FieldValue::Manager,
    ][pick(n / 3, 4)];
    let timers: Vec<_> = dialog.timers.iter().collect();
    let message = || dialog.recent.last().map_or("none".into(), |m| m.id.clone());
    match n % 14 {
        0 => Event::ManagerTook { user },
        1 => Event::TakeUndone { user },
        2 => Event::CardOpened {
            user,
            responsible: true,
        },
        3 => Event::Returned {
            user,
            note: Some(TextRef(5)),
        },
        4 => Event::Dismissed { user },
        5 => Event::FieldChanged { value, by },
        6 => Event::DealChanged {
            deal: dialog.deal.unwrap_or(DealId(1)),
            by,
            field: Some(value),
            stage: None,
        },
        7 => Event::TaskChanged {
            task: TaskId(1),
            done: true,
            by,
        },
        8 => Event::TouchDeclined { user },
        9 => Event::DeliveryFailed { message: message() },
        10 => Event::ServiceBack {
            service: [Service::Bot, Service::Crm][pick(n, 2)],
        },
        11 => Event::Unreadable,
        12 => Event::GuestDeleted { message: message() },
        _ if timers.is_empty() => Event::TimerFired {
            timer: Timer::Burst,
            generation: n,
        },
        _ => {
            let (timer, armed) = timers[pick(n, timers.len())];
            Event::TimerFired {
                timer: *timer,
                generation: armed.generation,
            }
        }
    }
}

/// Any owner, any signal, by anybody.
fn signal(n: u64) -> Case {
    let mut n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
    let mut choose = |limit: usize| {
        let chosen = pick(n, limit);
        n /= limit as u64;
        chosen
    };
    let users = [None, Some(UserId(9_002)), Some(UserId(9_003))];
    let reason = Reason::from(ReasonId::ALL[choose(ReasonId::ALL.len())]).with("n", choose(9));
    let at = NEW_YEAR + i64::try_from(choose(1_000)).expect("small");
    let mut owner = || match choose(3) {
        0 => Owner::Bot,
        1 => Owner::Waiting {
            since: at - 50,
            reason: reason.clone(),
        },
        _ => Owner::Manager {
            user: users[choose(3)],
            since: at - 60,
        },
    };
    let view = OwnerView {
        owner: owner(),
        epoch: 7,
    };
    let previous = owner();
    let signal = match choose(11) {
        0 => Told::HandedOff(reason),
        1 => Told::Took,
        2 => Told::PersonWrote,
        3 => Told::Opened,
        4 => Told::TaskClosed,
        5 => Told::Returned,
        6 => Told::Dismissed,
        7 => Told::Requeued(reason.id),
        8 => Told::TakeUndone(previous),
        9 => Told::AutoReturnDue(None),
        _ => Told::AutoReturnDue(Some((at - 70, reason))),
    };
    let me = users[choose(3)];
    Case::Owner {
        view,
        signal,
        me,
        at,
    }
}

fn pick(n: u64, limit: usize) -> usize {
    usize::try_from(n % limit as u64).expect("below the limit")
}

fn judged_by_wasm(cases: &[String]) -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("server_is_wasm");
    fs::create_dir_all(&folder).expect("a folder for the cases");
    let place = |name: &str| folder.join(name);
    let (glue, module) = bindgen::bind(&compiled()).expect("glue of the module");
    fs::write(place("run.cjs"), glue + RUN).expect("written");
    fs::write(place("judge.wasm"), module).expect("written");
    fs::write(place("cases"), cases.join("\n")).expect("written");
    let files = ["run.cjs", "judge.wasm", "cases", "results"].map(place);
    let run = Command::new("node").args(&files).output();
    let run = run.expect("Node runs: install Node 20 or newer");
    let words = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "Node: {words}");
    let results = fs::read_to_string(&files[3]).expect("results");
    results.split('\n').map(str::to_owned).collect()
}

/// The core for the browser, in the profile and beside the files of the card.
fn compiled() -> PathBuf {
    let target_dir = cargo::target_dir(Path::new(env!("OUT_DIR")));
    let mut command = Command::new(env!("CARGO"));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(cargo::is_scrubbed) {
            command.env_remove(name);
        }
    }
    let build = command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--locked", "--package", "widget-ui"])
        .args(["--example", "judge", "--target", cargo::TARGET])
        .args(["--profile", cargo::PROFILE, "--target-dir"])
        .arg(&target_dir)
        .output()
        .expect("cargo runs");
    let words = String::from_utf8_lossy(&build.stderr);
    assert!(
        build.status.success(),
        "the core does not compile:\n{words}"
    );
    let folder = target_dir.join(cargo::TARGET).join(cargo::PROFILE);
    folder.join("examples").join("judge.wasm")
}
