//! Every state of the card (`ui-texts.md` §1 and what else it can show), as data that bring it about.

use crate::harness::{ANNA, IGOR};
use serde_json::{Value, json};
use widget_core::ids::{DealId, UserId};
use widget_core::owner::{Owner, OwnerView, Reason, ReasonId};
use widget_core::time::{Days, HOUR, MINUTE};
use widget_core::understand::{Facts, Programme};
use widget_core::wire::{
    AskedBack, DealDialogs, DialogView, ExcludedBy, History, HistoryEntry, How, Mute, UserName,
    WhyLine, WhyMark,
};

/// 2026-11-18 11:00 in Moscow.
const NOW: i64 = 1_794_988_800_000;
/// As `widget_core::summary` puts it together for a guest who has told much.
const SUMMARY: &str = "Спросили: «Здравствуйте! Нас будет пятеро, с нами ребёнок трёх лет и собака», «Сколько будет \
    стоить, если взять два номера рядом?». Известно: гостей: 5, младшему ребёнку: 3, номеров: 2, с питомцем, 12–15 \
    декабря. Не хватает: программа, категория номера.";
const LONG_NAME: &str = "Константина Владимировна Рождественская-Преображенская";

/// One state of the card and the way to it from the one before.
#[derive(Debug, Default)]
pub struct Shown {
    /// Its name.
    pub name: String,
    /// What the backend answers from now on.
    pub given: Option<Value>,
    /// What it answers to who led.
    pub past: Option<Value>,
    /// A script that changes something.
    pub change: Option<&'static str>,
    /// Buttons pressed then, by the keys of their texts.
    pub presses: &'static [&'static str],
    /// What the Russian card says then.
    pub words: &'static [&'static str],
}

impl Shown {
    fn of(name: &str, dialogs: Vec<DialogView>, words: &'static [&'static str]) -> Self {
        // A dialog of its own: what was open in the state before is closed.
        let named = dialogs
            .into_iter()
            .enumerate()
            .map(|(n, dialog)| DialogView {
                id: format!("{name}-{n}").as_str().into(),
                ..dialog
            });
        Self {
            name: name.to_owned(),
            given: Some(given(named.collect())),
            words,
            ..Self::default()
        }
    }

    fn refused(name: &str, code: &str, status: u16, words: &'static [&'static str]) -> Self {
        Self {
            name: name.to_owned(),
            given: Some(json!({"code": code, "status": status})),
            words,
            ..Self::default()
        }
    }

    fn after(name: &str, script: &'static str, words: &'static [&'static str]) -> Self {
        Self {
            name: name.to_owned(),
            change: Some(script),
            words,
            ..Self::default()
        }
    }

    fn pressed(self, presses: &'static [&'static str]) -> Self {
        Self { presses, ..self }
    }
}

/// Every state of the card of `deal`, to be shown in this order: some follow from the one before.
pub fn states(deal: i64) -> Vec<Shown> {
    let mut all = vec![Shown {
        name: "connecting".to_owned(),
        words: &["Подключаемся…"],
        ..Shown::default()
    }];
    all.extend(led_by_the_bot(deal));
    all.extend(waiting_for_a_manager(deal));
    all.extend(led_by_people(deal));
    all.extend(without_a_bot(deal));
    all.extend(places(deal));
    all.extend(questions(deal));
    all.extend(opened(deal));
    all.extend(account(deal));
    all.extend(clicked(deal));
    all
}

fn led_by_the_bot(deal: i64) -> Vec<Shown> {
    let bot = || bot(deal);
    vec![
        Shown::of(
            "bot",
            vec![bot()],
            &["Ведёт бот", "Последний ответ в 10:42", "Взять диалог"],
        ),
        Shown::of(
            "bot-writing",
            vec![DialogView {
                bot_busy: true,
                ..bot()
            }],
            &["Бот готовит ответ", "Сообщение гостя в 10:48"],
        ),
        Shown::of(
            "bot-asked-back",
            vec![DialogView {
                asked_back: Some(AskedBack::Deal),
                ..bot()
            }],
            &["Уточняет, о какой сделке речь"],
        ),
        Shown::of(
            "bot-touch",
            vec![DialogView {
                touch_at: Some(NOW + 23 * HOUR),
                ..bot()
            }],
            &["Финальное касание завтра в 10:00", "Не отправлять"],
        ),
    ]
}

fn waiting_for_a_manager(deal: i64) -> Vec<Shown> {
    let waits = |minutes| waits(deal, minutes);
    vec![
        Shown::of(
            "waiting",
            vec![waits(12)],
            &[
                "Ждёт менеджера",
                "Гость ждёт 12 мин, с 10:48",
                "Гостей: 5, больше 4",
                "5 гостей",
                "с питомцем",
                "без ответа",
                "Ответ не нужен",
                "Ещё",
            ],
        ),
        Shown::of(
            "waiting-overdue",
            vec![waits(80)],
            &["Гость ждёт 1 ч 20 мин, с 09:40"],
        ),
        Shown::of(
            "waiting-off-hours",
            vec![DialogView {
                off_hours: true,
                ..waits(12)
            }],
            &["Гостю обещан ответ в рабочее время"],
        ),
        Shown::of(
            "waiting-closed",
            vec![DialogView {
                deal_closed: true,
                ..waits(12)
            }],
            &["Сделка закрыта, а гость ждёт ответа"],
        ),
        Shown::of(
            "waiting-summary",
            vec![DialogView {
                summary: Some(SUMMARY.to_owned()),
                ..waits(12)
            }],
            &["Не хватает: программа"],
        ),
        Shown::of(
            "waiting-blocked",
            vec![blocked(deal)],
            &[
                "Ответ бота не прошёл проверку: сумма ниоткуда",
                "Бот хотел ответить",
                "«Номер стоит 3 000 ₽ в сутки»",
            ],
        ),
    ]
}

fn led_by_people(deal: i64) -> Vec<Shown> {
    let mine = || led(Some(ANNA), deal);
    vec![
        Shown::of(
            "mine-unanswered",
            vec![DialogView {
                unanswered_since: Some(NOW - 6 * MINUTE),
                ..mine()
            }],
            &[
                "Ведёте вы",
                "Гость ждёт ответа 6 мин",
                "Вернуть боту",
                "С заметкой",
            ],
        ),
        Shown::of(
            "mine-answered",
            vec![mine()],
            &["Ведёте вы", "К боту в 11:34, через 34 мин"],
        ),
        Shown::of(
            "mine-opened",
            vec![DialogView {
                undo_until: Some(NOW + 4 * MINUTE),
                ..mine()
            }],
            &["У вас, потому что вы открыли сделку", "Отменить"],
        ),
        Shown::of(
            "other",
            vec![led(Some(IGOR), deal)],
            &["Ведёт Константина", "Перехватить", "История"],
        ),
        Shown::of(
            "person-unknown",
            vec![led(None, deal)],
            &["Отвечает менеджер", "Взять диалог", "Вернуть боту"],
        ),
    ]
}

fn without_a_bot(deal: i64) -> Vec<Shown> {
    let muted = |mute| DialogView {
        mute: Some(mute),
        ..bot(deal)
    };
    vec![
        Shown::of(
            "excluded",
            vec![DialogView {
                excluded: Some(ExcludedBy::Hand),
                ..muted(Mute::Excluded)
            }],
            &[
                "Без бота",
                "Этому гостю бот не отвечает",
                "Включить бота",
                "История",
            ],
        ),
        Shown::of(
            "excluded-by-list",
            vec![DialogView {
                excluded: Some(ExcludedBy::List),
                ..muted(Mute::Excluded)
            }],
            &["Без бота", "Взять диалог"],
        ),
        Shown::of(
            "paused",
            vec![muted(Mute::Paused)],
            &["Бот на паузе", "Все новые сообщения ждут менеджера"],
        ),
        Shown::of(
            "trial",
            vec![muted(Mute::Trial)],
            &["Пробный режим", "Бот отвечает только тестовым номерам"],
        ),
    ]
}

fn places(deal: i64) -> Vec<Shown> {
    let nobody = Shown::of("no-contact", vec![], &["В сделке нет контакта"]);
    let mut without = nobody.given.unwrap_or_default();
    without["no_contact"] = true.into();
    vec![
        Shown::of(
            "elsewhere",
            vec![led(Some(IGOR), deal + 1)],
            &[
                "Диалог в другой сделке: «Проведена консультация»",
                "Открыть сделку",
            ],
        ),
        Shown::of(
            "several",
            vec![
                waits(deal, 12),
                DialogView {
                    phone: "+7 912 … 67".to_owned(),
                    ..bot(deal)
                },
            ],
            &["Диалоги: 2", "+7 912 … 67"],
        ),
        Shown::of(
            "none",
            vec![],
            &["Переписки в WhatsApp нет", "Напишите гостю"],
        ),
        Shown {
            given: Some(without),
            ..nobody
        },
    ]
}

fn questions(deal: i64) -> Vec<Shown> {
    vec![
        Shown::of(
            "ask-dismiss",
            vec![waits(deal, 12)],
            &["Гость ничего не получит, задача закроется.", "Закрыть"],
        )
        .pressed(&["do.dismiss"]),
        Shown::of(
            "ask-exclude",
            vec![bot(deal)],
            &["Бот больше не ответит этому гостю.", "Отключить"],
        )
        .pressed(&["do.more", "do.exclude"]),
        Shown::of(
            "ask-intercept",
            vec![led(Some(IGOR), deal)],
            &["Забрать себе?", "Забрать", "Отмена"],
        )
        .pressed(&["do.intercept"]),
        Shown::of(
            "ask-note",
            vec![led(Some(ANNA), deal)],
            &["Что учесть боту", "Гость этого не увидит", "Вернуть"],
        )
        .pressed(&["do.return_note"]),
    ]
}

fn opened(deal: i64) -> Vec<Shown> {
    let line = |mark, ru: &str, en: &str| WhyLine {
        mark,
        ru: ru.to_owned(),
        en: en.to_owned(),
    };
    let traced = DialogView {
        why: vec![
            line(
                WhyMark::Passed,
                "режим: бот отвечает всем",
                "mode: the bot answers all",
            ),
            line(WhyMark::Skipped, "срочное: нет", "urgent: no"),
            line(
                WhyMark::Decided,
                "гости: 5, порог 4. Нужен менеджер",
                "guests: 5, limit 4. A manager is needed",
            ),
        ],
        ..waits(deal, 12)
    };
    vec![
        Shown::of("why", vec![traced], &["гости: 5, порог 4. Нужен менеджер"]).pressed(&["do.why"]),
        Shown {
            past: Some(past()),
            ..Shown::of(
                "history",
                vec![waits(deal, 12)],
                &["Передано: Гостей: 5, больше 4", "Анна Ким: возврат боту"],
            )
            .pressed(&["do.more", "do.history"])
        },
        Shown::of(
            "more",
            vec![waits(deal, 12)],
            &["История", "Не отвечать ботом"],
        )
        .pressed(&["do.more"]),
    ]
}

/// What concerns the whole account or the connection.
fn account(deal: i64) -> Vec<Shown> {
    let alert = Shown::of(
        "alert",
        vec![bot(deal)],
        &["WhatsApp отключён в Pact. Гости не получают сообщений."],
    );
    let mut alerted = alert.given.unwrap_or_default();
    alerted["alerts"] = json!([{
        "mark": "decided",
        "ru": "WhatsApp отключён в Pact. Гости не получают сообщений.",
        "en": "WhatsApp is off in Pact. Guests get no messages.",
    }]);
    vec![
        Shown {
            given: Some(alerted),
            ..alert
        },
        Shown::refused(
            "offline",
            "unavailable",
            503,
            &["Нет связи. Данные на 11:00. Отвечать гостю можно."],
        ),
        Shown::refused("no-rights", "forbidden", 403, &["Нет доступа к диалогу"]),
        Shown::refused(
            "not-connected",
            "account_unknown",
            403,
            &["Эстафета не настроена"],
        ),
        Shown {
            given: Some(json!({
                "code": "account_unknown",
                "status": 403,
                "setup": {"left": 2, "page": "https://bot.example.org/setup/31/trial"},
            })),
            ..Shown::of(
                "setup-unfinished",
                vec![],
                &[
                    "Настройка не закончена",
                    "Осталось: 2 шага",
                    "Продолжить настройку",
                ],
            )
        },
        Shown::refused(
            "deal-gone",
            "deal_not_found",
            404,
            &["Сделка удалена или недоступна"],
        ),
        Shown::refused(
            "outdated",
            "version_mismatch",
            426,
            &["Карточка устарела. Обновите страницу."],
        ),
    ]
}

/// A click that is under way, that fails, that is repeated and succeeds; and a newer version meanwhile.
fn clicked(deal: i64) -> Vec<Shown> {
    let waiting = || waits(deal, 12);
    vec![
        Shown::of("pending", vec![waiting()], &["Ведёте вы", "Сохраняем…"]).pressed(&["do.take"]),
        Shown::after(
            "failed",
            "answers({ status: 503, code: 'unavailable' })",
            &["Сервер не отвечает. Действие не сохранено.", "Повторить"],
        ),
        Shown::after(
            "taken",
            "const dialog = { ...window.given.dialogs[0], owner: { kind: 'manager', user: 9002, since: window.given.now }, epoch: 4 }; \
             window.outcome = { dialog, left_meanwhile: false }; \
             document.querySelector('.estafeta-bar .estafeta-link').click()",
            &["Ведёте вы", "Диалог у вас. Бот молчит."],
        ),
    ]
}

fn given(dialogs: Vec<DialogView>) -> Value {
    let given = DealDialogs {
        now: NOW,
        utc_offset: 10_800,
        dialogs,
        users: users(),
        no_contact: false,
        alerts: vec![],
    };
    serde_json::to_value(given).expect("JSON")
}

fn users() -> Vec<UserName> {
    let user = |id, name: &str| UserName {
        id: UserId(id),
        name: name.to_owned(),
    };
    vec![user(ANNA, "Анна Ким"), user(IGOR, LONG_NAME)]
}

fn past() -> Value {
    let entry = |minutes, how, user: Option<i64>| HistoryEntry {
        at: NOW - minutes * MINUTE,
        how,
        user: user.map(UserId),
        reason: (how == How::Waiting).then(reason),
        minutes: None,
    };
    let past = History {
        entries: vec![
            entry(12, How::Waiting, None),
            entry(95, How::Return, Some(ANNA)),
            entry(130, How::Button, Some(ANNA)),
            entry(26 * 60, How::Bot, None),
        ],
        users: users(),
    };
    serde_json::to_value(past).expect("JSON")
}

fn bot(deal: i64) -> DialogView {
    dialog(Owner::Bot, deal)
}

fn waits(deal: i64, minutes: i64) -> DialogView {
    let owner = Owner::Waiting {
        since: NOW - minutes * MINUTE,
        reason: reason(),
    };
    DialogView {
        unanswered_since: Some(NOW - minutes * MINUTE),
        ..dialog(owner, deal)
    }
}

/// The guard has held back what the bot wanted to say.
fn blocked(deal: i64) -> DialogView {
    let reason = Reason::from(ReasonId::ReplyBlocked).with("kind", "price");
    let owner = Owner::Waiting {
        since: NOW - 12 * MINUTE,
        reason: reason.clone(),
    };
    DialogView {
        unanswered_since: Some(NOW - 12 * MINUTE),
        handoff: Some(reason),
        bot_wanted: Some("Номер стоит 3 000 ₽ в сутки".to_owned()),
        ..dialog(owner, deal)
    }
}

fn led(user: Option<i64>, deal: i64) -> DialogView {
    let owner = Owner::Manager {
        user: user.map(UserId),
        since: NOW - 6 * MINUTE,
    };
    DialogView {
        return_at: Some(NOW + 34 * MINUTE),
        handoff: Some(reason()),
        ..dialog(owner, deal)
    }
}

fn reason() -> Reason {
    Reason::from(ReasonId::GuestsOver4)
        .with("n", 5)
        .with("max", 4)
}

fn dialog(owner: Owner, deal: i64) -> DialogView {
    DialogView {
        id: "d1".into(),
        deal: Some(DealId(deal)),
        phone: "+7 900 … 01".to_owned(),
        view: OwnerView { owner, epoch: 3 },
        bot_busy: false,
        bot_last: Some(NOW - 18 * MINUTE),
        guest_last: Some(NOW - 12 * MINUTE),
        unanswered_since: None,
        return_at: None,
        undo_until: None,
        handoff: None,
        off_hours: false,
        guest_text: Some(
            "Здравствуйте! Нас будет пятеро, с нами ребёнок трёх лет и собака".to_owned(),
        ),
        bot_wanted: None,
        summary: None,
        excluded: None,
        why: vec![WhyLine {
            mark: WhyMark::Decided,
            ru: "гости: 5, порог 4. Нужен менеджер".to_owned(),
            en: "guests: 5, limit 4. A manager is needed".to_owned(),
        }],
        facts: Facts {
            guests: Some(5),
            youngest_child: Some(3),
            rooms: Some(2),
            dates: Some(Days {
                first: 20_799,
                last: 20_802,
            }),
            nights: Some(3),
            programme: Some(Programme::Treatment),
            pet: Some(true),
            ..Facts::default()
        },
        asked_back: None,
        touch_at: None,
        mute: None,
        stage: Some("Проведена консультация".to_owned()),
        deal_closed: false,
        reminded: None,
    }
}
