//! The JSON of every wire type, against `tests/golden/*.json`: backend and card are built from the same types, but an
//! archive in amoCRM may be older than the backend it talks to. A file that changes is a change of the protocol.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::path::Path;
use widget_core::ids::{DealId, DialogId, UserId};
use widget_core::owner::{Owner, OwnerView, Reason, ReasonId};
use widget_core::time::Days;
use widget_core::understand::{Facts, Programme};
use widget_core::wire::{
    ActionAnswer, AskedBack, DealDialogs, DialogView, ExcludedBy, History, HistoryEntry, How, Mute,
    Problem, ReturnRequest, Session, Unfinished, UserName, WhyLine, WhyMark,
};

/// 2026-11-18 11:00 in Moscow.
const NOW: i64 = 1_794_988_800_000;
const MINUTE: i64 = 60_000;

/// `value` is written as the file says, and the file is read as `value`.
fn golden<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, value: &T) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.json"));
    let written = serde_json::to_string_pretty(value).unwrap() + "\n";
    if std::env::var_os("GOLDEN_WRITE").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        written, checked_in,
        "{name}: GOLDEN_WRITE=1 writes the files anew"
    );
    assert_eq!(&serde_json::from_str::<T>(&checked_in).unwrap(), value);
}

fn dialog(id: &str, owner: Owner, epoch: u64) -> DialogView {
    DialogView {
        id: DialogId::from(id),
        deal: Some(DealId(4_100_001)),
        phone: "+7 900 … 01".to_owned(),
        view: OwnerView { owner, epoch },
        bot_busy: false,
        bot_last: None,
        guest_last: None,
        unanswered_since: None,
        return_at: None,
        undo_until: None,
        handoff: None,
        off_hours: false,
        guest_text: None,
        bot_wanted: None,
        summary: None,
        why: vec![],
        facts: Facts::default(),
        asked_back: None,
        touch_at: None,
        mute: None,
        excluded: None,
        stage: None,
        deal_closed: false,
        reminded: None,
    }
}

fn five_guests() -> Reason {
    Reason::from(ReasonId::GuestsOver4)
        .with("n", 5)
        .with("max", 4)
}

fn by_bot() -> DialogView {
    DialogView {
        deal: None,
        bot_busy: true,
        bot_last: Some(NOW - 18 * MINUTE),
        guest_last: Some(NOW - 12 * MINUTE),
        guest_text: Some("Есть ли номера на 12–15 декабря?".to_owned()),
        asked_back: Some(AskedBack::Deal),
        touch_at: Some(NOW + 1_380 * MINUTE),
        mute: Some(Mute::Paused),
        excluded: Some(ExcludedBy::Hand),
        ..dialog("dialog-bot", Owner::Bot, 0)
    }
}

fn waiting() -> DialogView {
    let since = NOW - 12 * MINUTE;
    let line = |mark, ru: &str, en: &str| WhyLine {
        mark,
        ru: ru.to_owned(),
        en: en.to_owned(),
    };
    DialogView {
        guest_last: Some(since),
        unanswered_since: Some(since),
        handoff: Some(five_guests()),
        off_hours: true,
        guest_text: Some("Нас будет пятеро".to_owned()),
        facts: Facts {
            guests: Some(5),
            youngest_child: Some(3),
            rooms: Some(2),
            pet: Some(true),
            dates: Some(Days {
                first: 20_799,
                last: 20_802,
            }),
            nights: Some(3),
            programme: Some(Programme::Treatment),
            ..Facts::default()
        },
        stage: Some("Проведена консультация".to_owned()),
        deal_closed: true,
        reminded: Some(UserId(9002)),
        why: vec![
            line(WhyMark::Passed, "Ведёт бот", "The bot leads"),
            line(WhyMark::Skipped, "дети: не названо", "children: not stated"),
            line(WhyMark::Decided, "гости: 5, порог 4", "guests: 5, limit 4"),
        ],
        ..dialog(
            "dialog-waiting",
            Owner::Waiting {
                since,
                reason: five_guests(),
            },
            1,
        )
    }
}

fn led_by(user: Option<UserId>) -> DialogView {
    DialogView {
        return_at: Some(NOW + 34 * MINUTE),
        undo_until: Some(NOW + 4 * MINUTE),
        handoff: Some(ReasonId::Pet.into()),
        ..dialog(
            "dialog-manager",
            Owner::Manager {
                user,
                since: NOW - 6 * MINUTE,
            },
            2,
        )
    }
}

#[test]
fn session() {
    golden(
        "session",
        &Session {
            token: "bearer".to_owned(),
            expires_at: NOW + 15 * MINUTE,
            user: UserId(9002),
            admin: false,
            protocol: 1,
        },
    );
}

#[test]
fn deal_dialogs() {
    golden(
        "deal_dialogs",
        &DealDialogs {
            now: NOW,
            utc_offset: 10_800,
            dialogs: vec![
                by_bot(),
                waiting(),
                led_by(Some(UserId(9002))),
                led_by(None),
            ],
            users: vec![UserName {
                id: UserId(9002),
                name: "Анна Ким".to_owned(),
            }],
            no_contact: false,
            alerts: vec![WhyLine {
                mark: WhyMark::Decided,
                ru: "Бот недоступен с 10:42. Диалоги идут менеджерам.".to_owned(),
                en: "The bot is down since 10:42. Dialogs go to managers.".to_owned(),
            }],
        },
    );
}

#[test]
fn history() {
    let entry = |how| HistoryEntry {
        at: NOW,
        how,
        user: None,
        reason: None,
        minutes: None,
    };
    golden(
        "history",
        &History {
            entries: vec![
                HistoryEntry {
                    minutes: Some(40),
                    ..entry(How::Auto)
                },
                HistoryEntry {
                    user: Some(UserId(9002)),
                    ..entry(How::Button)
                },
                HistoryEntry {
                    reason: Some(five_guests()),
                    ..entry(How::Waiting)
                },
                entry(How::Bot),
            ],
            users: vec![UserName {
                id: UserId(9002),
                name: "Анна Ким".to_owned(),
            }],
        },
    );
}

#[test]
fn no_dialogs() {
    golden(
        "deal_dialogs_empty",
        &DealDialogs {
            now: NOW,
            utc_offset: -12_600,
            dialogs: vec![],
            users: vec![],
            no_contact: true,
            alerts: vec![],
        },
    );
}

#[test]
fn return_request() {
    golden(
        "return_request",
        &ReturnRequest {
            note: Some("Цену назвали, ждём дату заезда".to_owned()),
        },
    );
    assert_eq!(
        serde_json::from_str::<ReturnRequest>("{}").unwrap(),
        ReturnRequest::default()
    );
}

#[test]
fn action_answer() {
    golden(
        "action_answer",
        &ActionAnswer {
            dialog: led_by(Some(UserId(9002))),
            left_meanwhile: true,
        },
    );
}

#[test]
fn problem_with_the_present_dialog() {
    golden(
        "problem_conflict",
        &Problem {
            code: "owner_changed".to_owned(),
            title: "Another manager leads the dialog".to_owned(),
            status: 409,
            detail: Some("epoch 1, now 2".to_owned()),
            dialog: Some(Box::new(led_by(Some(UserId(9003))))),
            setup: None,
        },
    );
}

#[test]
fn problem_of_an_account_that_is_being_set_up() {
    golden(
        "problem_setup",
        &Problem {
            code: "account_unknown".to_owned(),
            title: "This account is not connected.".to_owned(),
            status: 403,
            detail: None,
            dialog: None,
            setup: Some(Unfinished {
                left: 2,
                page: "https://bot.example.org/setup/31/trial".to_owned(),
            }),
        },
    );
}

#[test]
fn plain_problem() {
    golden(
        "problem",
        &Problem {
            code: "session_expired".to_owned(),
            title: "The session has expired".to_owned(),
            status: 401,
            detail: None,
            dialog: None,
            setup: None,
        },
    );
}

/// A field that a newer backend adds must not break an older card.
#[test]
fn unknown_fields_are_passed_over() {
    let json = r#"{"code": "internal", "title": "", "status": 500, "instance": "urn:x", "brand_new": [1]}"#;
    assert_eq!(
        serde_json::from_str::<Problem>(json).unwrap().code,
        "internal"
    );
}
