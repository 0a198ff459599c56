//! Every state of the card as the manager reads it.

use super::*;
use crate::i18n::tests::{en, ru};
use crate::store::tests::{dialog, failure, fresh, led_by, waiting};
use crate::store::{Act, Fresh, Msg};
use widget_core::ids::{DealId, UserId};
use widget_core::owner::ReasonId;
use widget_core::time::{HOUR, MINUTE};
use widget_core::understand::Facts;
use widget_core::wire::{Unfinished, WhyLine};

const ME: UserId = UserId(9002);
const IGOR: UserId = UserId(9003);
const NOW: i64 = 1_794_988_800_000;

fn loaded(result: Result<Fresh, Failure>) -> State {
    let (state, _) = State::enter(DealId(7), 1, 0);
    on(
        state,
        Msg::Loaded {
            entry: 1,
            clock: 0,
            result: Box::new(result),
        },
    )
}

fn on(state: State, msg: impl Into<Msg>) -> State {
    state.on(msg.into()).0
}

fn view(state: &State) -> CardView {
    present(state, &ru())
}

fn one(dialog: DialogView) -> DialogCard {
    view(&loaded(Ok(fresh(vec![dialog])))).dialogs.remove(0)
}

fn plain(text: &str) -> String {
    text.replace('\u{a0}', " ")
}

fn labels(links: &[Link]) -> Vec<&str> {
    links.iter().map(|link| link.label.as_str()).collect()
}

#[test]
fn each_owner_has_its_status_line_and_button() {
    let unknown = Owner::Manager {
        user: None,
        since: NOW,
    };
    let returning = |owner| DialogView {
        return_at: Some(NOW + 34 * MINUTE),
        ..dialog(owner, 1)
    };
    let cases = [
        (
            dialog(Owner::Bot, 1),
            "Ведёт бот",
            "Последний ответ в 10:42",
            "Взять диалог",
            Dot::Bot,
        ),
        (
            DialogView {
                bot_busy: true,
                ..dialog(Owner::Bot, 1)
            },
            "Бот готовит ответ",
            "Сообщение гостя в 10:48",
            "Взять диалог",
            Dot::Bot,
        ),
        (
            dialog(waiting(), 1),
            "Ждёт менеджера",
            "Гость ждёт 12 мин, с 10:48",
            "Взять диалог",
            Dot::Waiting,
        ),
        (
            DialogView {
                off_hours: true,
                ..dialog(waiting(), 1)
            },
            "Ждёт менеджера",
            "Гостю обещан ответ в рабочее время",
            "Взять диалог",
            Dot::Waiting,
        ),
        (
            DialogView {
                unanswered_since: Some(NOW - 6 * MINUTE),
                ..returning(led_by(ME))
            },
            "Ведёте вы",
            "Гость ждёт ответа 6 мин",
            "Вернуть боту",
            Dot::Me,
        ),
        (
            returning(led_by(ME)),
            "Ведёте вы",
            "К боту в 11:34, через 34 мин",
            "Вернуть боту",
            Dot::Me,
        ),
        (
            DialogView {
                undo_until: Some(NOW + MINUTE),
                ..returning(led_by(ME))
            },
            "Ведёте вы",
            "У вас, потому что вы открыли сделку",
            "Вернуть боту",
            Dot::Me,
        ),
        (
            returning(led_by(IGOR)),
            "Ведёт Игорь Лис",
            "К боту в 11:34, через 34 мин",
            "Перехватить",
            Dot::Other,
        ),
        (
            returning(led_by(UserId(1))),
            "Ведёт другой менеджер",
            "К боту в 11:34, через 34 мин",
            "Перехватить",
            Dot::Other,
        ),
        (
            returning(unknown),
            "Отвечает менеджер",
            "К боту в 11:34, через 34 мин",
            "Взять диалог",
            Dot::Other,
        ),
    ];
    for (dialog, status, line, button, dot) in cases {
        let card = one(dialog);
        let got = (
            &*card.status,
            &*plain(&card.line),
            &*card.primary.label,
            card.dot,
        );
        assert_eq!(got, (status, line, button, dot));
    }
}

#[test]
fn links_follow_the_owner() {
    let undo = DialogView {
        undo_until: Some(NOW + 1),
        ..dialog(led_by(ME), 1)
    };
    let expired = DialogView {
        undo_until: Some(NOW),
        ..dialog(led_by(ME), 1)
    };
    let links = |dialog| {
        let links = one(dialog).links.into_iter();
        links.map(|link| link.label).collect::<Vec<_>>()
    };
    assert_eq!(links(dialog(waiting(), 1)), ["Ответ не нужен", "Ещё"]);
    assert_eq!(links(dialog(led_by(ME), 1)), ["С заметкой", "Ещё"]);
    assert_eq!(links(undo), ["Отменить", "Ещё"]);
    assert_eq!(links(expired), ["С заметкой", "Ещё"]);
    assert_eq!(links(dialog(led_by(IGOR), 1)), ["История", "Ещё"]);
    let unknown = Owner::Manager {
        user: None,
        since: NOW,
    };
    assert_eq!(links(dialog(unknown, 1)), ["Вернуть боту", "История"]);
}

#[test]
fn more_opens_what_is_needed_seldom() {
    let opened = |dialog| {
        let state = loaded(Ok(fresh(vec![dialog])));
        let open = on(state, Click::Pressed("d1".into(), Press::More));
        let card = view(&open).dialogs.remove(0);
        let more = card.links.iter().find(|link| link.label == "Ещё");
        assert_eq!(more.and_then(|link| link.expanded), Some(true));
        let links = card.links.into_iter();
        links.map(|link| link.label).collect::<Vec<_>>()
    };
    let excluded = |by, owner| DialogView {
        excluded: Some(by),
        ..dialog(owner, 1)
    };
    assert_eq!(
        opened(dialog(Owner::Bot, 1)),
        ["Ещё", "История", "Не отвечать ботом"]
    );
    assert_eq!(
        opened(dialog(led_by(IGOR), 1)),
        ["История", "Ещё", "Не отвечать ботом"]
    );
    assert_eq!(
        opened(excluded(ExcludedBy::Hand, led_by(ME))),
        ["С заметкой", "Ещё", "История", "Включить бота"]
    );
    assert_eq!(
        opened(excluded(ExcludedBy::List, led_by(ME))),
        ["С заметкой", "Ещё", "История"],
        "the policy's list is the administrator's"
    );
}

#[test]
fn an_excluded_guest_has_no_bot_and_a_button_to_turn_it_on() {
    let muted = |by| {
        one(DialogView {
            mute: Some(Mute::Excluded),
            excluded: Some(by),
            ..dialog(Owner::Bot, 1)
        })
    };
    let by_hand = muted(ExcludedBy::Hand);
    assert_eq!(by_hand.status, "Без бота");
    assert_eq!(by_hand.line, "Этому гостю бот не отвечает");
    assert_eq!(by_hand.primary.label, "Включить бота");
    assert_eq!(labels(&by_hand.links), ["История"]);
    let by_list = muted(ExcludedBy::List);
    assert_eq!(by_list.primary.label, "Взять диалог");
}

#[test]
fn who_leads_an_excluded_guest_reads_that_the_bot_will_not() {
    let mine = one(DialogView {
        excluded: Some(ExcludedBy::Hand),
        ..dialog(led_by(ME), 1)
    });
    assert_eq!(mine.notes, ["Этому гостю бот не отвечает"]);
    assert_eq!(
        mine.primary.tip.as_deref(),
        Some("Этому гостю бот не отвечает"),
        "«Вернуть боту» promises no answer of the bot"
    );
    // In a trial the button would turn nothing on.
    let trial = one(DialogView {
        mute: Some(Mute::Trial),
        excluded: Some(ExcludedBy::Hand),
        ..dialog(Owner::Bot, 1)
    });
    assert_eq!(trial.primary.label, "Взять диалог");
}

#[test]
fn after_an_hour_the_line_is_red() {
    let long = Owner::Waiting {
        since: NOW - 80 * MINUTE,
        reason: ReasonId::Pet.into(),
    };
    let card = one(dialog(long, 1));
    assert_eq!(plain(&card.line), "Гость ждёт 1 ч 20 мин, с 09:40");
    assert!(card.overdue && !one(dialog(waiting(), 1)).overdue);
}

#[test]
fn the_reason_carries_its_values_and_the_guests_words() {
    let reason = Reason::from(ReasonId::GuestsOver4);
    let with = |reason: Reason| {
        let owner = Owner::Waiting {
            since: NOW - MINUTE,
            reason,
        };
        one(DialogView {
            guest_text: Some("Нас будет пятеро".to_owned()),
            unanswered_since: Some(NOW - MINUTE),
            ..dialog(owner, 1)
        })
    };
    let card = with(reason.clone().with("n", 5).with("max", 4));
    assert_eq!(
        card.reason,
        Some(("Причина".to_owned(), "Гостей: 5, больше 4".to_owned()))
    );
    assert_eq!(card.quote.as_deref(), Some("«Нас будет пятеро»"));
    assert_eq!(
        card.quote_meta.as_deref(),
        Some("Гость, 10:48 · без ответа")
    );
    assert_eq!(
        with(reason.with("n", 5)).reason.unwrap().1,
        "Гостей больше, чем бронирует бот"
    );
    let voice = Reason::from(ReasonId::AttachmentOnly)
        .with("kind", "voice")
        .with("length", "0:12");
    assert_eq!(with(voice).reason.unwrap().1, "Голосовое сообщение, 0:12");
    let odd = Reason::from(ReasonId::AttachmentOnly).with("kind", "contact");
    assert_eq!(with(odd).reason.unwrap().1, "Вложение без текста");
}

#[test]
fn what_the_bot_wanted_to_answer_stands_under_the_reason_until_the_bot_leads_again() {
    let blocked = Reason::from(ReasonId::ReplyBlocked).with("kind", "price");
    let shown = |owner: Owner| {
        one(DialogView {
            bot_wanted: Some("Люкс — 900 ₽".to_owned()),
            handoff: Some(blocked.clone()),
            ..dialog(owner, 1)
        })
    };
    let card = shown(Owner::Waiting {
        since: NOW - MINUTE,
        reason: blocked.clone(),
    });
    assert_eq!(
        card.reason.unwrap().1,
        "Ответ бота не прошёл проверку: сумма ниоткуда"
    );
    let wanted = ("Бот хотел ответить".to_owned(), "«Люкс — 900 ₽»".to_owned());
    assert_eq!(card.wanted, Some(wanted));
    assert_eq!(shown(Owner::Bot).wanted, None);
}

#[test]
fn every_reason_is_a_sentence_in_both_languages() {
    for texts in [ru(), en()] {
        for id in ReasonId::ALL {
            let owner = Owner::Waiting {
                since: NOW,
                reason: (*id).into(),
            };
            let state = loaded(Ok(fresh(vec![dialog(owner, 1)])));
            let (_, sentence) = present(&state, &texts).dialogs[0].reason.clone().unwrap();
            assert!(
                !sentence.contains("reason.") && !sentence.contains('…'),
                "{sentence}"
            );
        }
    }
}

#[test]
fn a_pending_click_shows_the_result_and_that_it_is_being_saved() {
    let state = loaded(Ok(fresh(vec![dialog(waiting(), 1)])));
    let card = view(&on(state, Click::Pressed("d1".into(), Press::Take)))
        .dialogs
        .remove(0);
    assert_eq!(
        (&*card.status, &*card.line, card.busy),
        ("Ведёте вы", "Сохраняем…", true)
    );
    assert_eq!(card.primary.label, "Вернуть боту");
    assert_eq!(labels(&card.links), [""; 0]);
}

#[test]
fn questions_say_what_will_happen() {
    let ask = |owner, press| {
        let state = loaded(Ok(fresh(vec![dialog(owner, 1)])));
        let mut card = view(&on(state, Click::Pressed("d1".into(), press)));
        card.dialogs.remove(0).form.unwrap()
    };
    let intercept = ask(led_by(IGOR), Press::AskIntercept);
    assert_eq!(
        intercept.text,
        "Диалог ведёт Игорь Лис. Забрать себе? Игорь Лис увидит это сразу."
    );
    assert_eq!(
        (&*intercept.yes.label, &*intercept.no.label),
        ("Забрать", "Отмена")
    );
    let note = ask(led_by(ME), Press::AskNote);
    assert_eq!(note.text, "Бот представится и будет ждать вопросов.");
    assert_eq!(note.note.unwrap().hint, "Гость этого не увидит");
    assert_eq!(ask(waiting(), Press::AskDismiss).yes.label, "Закрыть");
}

#[test]
fn several_dialogs_each_have_a_row_and_the_neediest_colours_the_dot() {
    let other = DialogView {
        id: "d2".into(),
        deal: Some(DealId(8)),
        phone: "+7 900 … 02".to_owned(),
        ..dialog(waiting(), 1)
    };
    let card = view(&loaded(Ok(fresh(vec![dialog(Owner::Bot, 1), other]))));
    assert_eq!(card.title.as_deref(), Some("Диалоги: 2"));
    let phones: Vec<_> = card
        .dialogs
        .iter()
        .map(|row| row.phone.as_deref().unwrap())
        .collect();
    assert_eq!(phones, ["+7 900 … 01", "+7 900 … 02"]);
    assert_eq!(card.dialogs[0].notes, [""; 0]);
    assert_eq!(card.dialogs[1].notes, ["Диалог в другой сделке"]);
    assert_eq!(
        labels(&card.dialogs[1].links),
        ["Ответ не нужен", "Открыть сделку", "Ещё"]
    );
    assert_eq!(card.badge.dot, Dot::Waiting);
    assert_eq!(plain(&card.badge.title), "Эстафета: гость ждёт 12 мин");
}

#[test]
fn places_without_a_dialog_say_why() {
    let empty = |state: &State| {
        let empty = view(state).empty.unwrap();
        (
            empty.status,
            empty.hint.is_some(),
            empty.button.map(|button| button.label),
        )
    };
    let (connecting, _) = State::enter(DealId(7), 1, 0);
    assert!(view(&connecting).empty.unwrap().skeleton);
    let failed = |code| loaded(Err(failure(code)));
    let cases = [
        (
            loaded(Ok(fresh(vec![]))),
            "Переписки в WhatsApp нет",
            true,
            None,
        ),
        (failed("forbidden"), "Нет доступа к диалогу", true, None),
        (
            failed("account_unknown"),
            "Эстафета не настроена",
            true,
            None,
        ),
        (
            loaded(Err(Failure {
                setup: Some(Box::new(Unfinished {
                    left: 2,
                    page: "https://bot.example.org/setup/31/trial".to_owned(),
                })),
                ..failure("account_unknown")
            })),
            "Настройка не закончена",
            true,
            Some("Продолжить настройку"),
        ),
        (
            failed("version_mismatch"),
            "Карточка устарела. Обновите страницу.",
            true,
            Some("Обновить страницу"),
        ),
        (
            failed("token_refused"),
            "amoCRM не подтверждает вход. Обновите страницу.",
            false,
            Some("Повторить"),
        ),
        (
            failed("unreachable"),
            "Сервер не отвечает. Отвечать гостю можно.",
            false,
            Some("Повторить"),
        ),
        (
            failed("unavailable"),
            "Сервер не отвечает. Отвечать гостю можно.",
            false,
            Some("Повторить"),
        ),
        (
            failed("deal_not_found"),
            "Сделка удалена или недоступна",
            false,
            None,
        ),
        (
            failed("brand_new_code"),
            "Ошибка на сервере. Отвечать гостю можно как обычно.",
            false,
            Some("Повторить"),
        ),
    ];
    for (state, status, hint, button) in cases {
        assert_eq!(
            empty(&state),
            (status.to_owned(), hint, button.map(str::to_owned))
        );
    }
}

#[test]
fn losing_the_server_dims_what_is_known_and_offers_a_retry() {
    let mut state = loaded(Ok(fresh(vec![dialog(Owner::Bot, 1)])));
    for _ in 0..2 {
        state = on(
            state,
            Msg::Loaded {
                entry: 1,
                clock: 2 * HOUR,
                result: Box::new(Err(failure(Failure::UNREACHABLE))),
            },
        );
    }
    let card = view(&state);
    assert!(card.dimmed);
    assert_eq!(
        plain(&card.bars[0].text),
        "Нет связи. Данные на 11:00. Отвечать гостю можно."
    );
    assert_eq!(labels(&card.bars[0].links), ["Повторить"]);
    assert_eq!(card.announce, card.bars[0].text);
}

#[test]
fn the_live_region_speaks_of_owners_and_errors_only() {
    let state = loaded(Ok(fresh(vec![dialog(Owner::Bot, 1)])));
    assert_eq!(view(&state).announce, "");
    let again = |state, dialog| {
        on(
            state,
            Msg::Loaded {
                entry: 1,
                clock: 0,
                result: Box::new(Ok(fresh(vec![dialog]))),
            },
        )
    };
    let state = again(state, dialog(waiting(), 2));
    assert_eq!(view(&state).announce, "Кто ведёт диалог: Ждёт менеджера");
    let later = on(
        state.clone(),
        Msg::Tick {
            clock: MINUTE,
            visible: true,
        },
    );
    assert_ne!(
        view(&later).dialogs[0].line,
        view(&state).dialogs[0].line,
        "the countdown moves"
    );
    assert_eq!(
        view(&later).announce,
        view(&state).announce,
        "and is not spoken"
    );
    let busy = DialogView {
        bot_busy: true,
        ..dialog(Owner::Bot, 3)
    };
    assert_eq!(
        view(&again(state, busy)).announce,
        "Кто ведёт диалог: Ведёт бот"
    );
}

#[test]
fn why_opens_in_the_managers_language() {
    let explained = DialogView {
        why: vec![WhyLine {
            mark: WhyMark::Decided,
            ru: "гости: 5, порог 4".to_owned(),
            en: "guests: 5, limit 4".to_owned(),
        }],
        ..dialog(Owner::Bot, 1)
    };
    let state = loaded(Ok(fresh(vec![explained])));
    assert_eq!(view(&state).dialogs[0].why, None);
    assert_eq!(
        labels(&view(&state).dialogs[0].links),
        ["Почему так", "Ещё"]
    );
    let open = on(state, Click::Pressed("d1".into(), Press::Why));
    assert_eq!(
        view(&open).dialogs[0].why.as_ref().unwrap().1,
        [(WhyMark::Decided, "гости: 5, порог 4".to_owned())]
    );
    let english = present(&open, &en()).dialogs.remove(0);
    assert_eq!(english.why.unwrap().1[0].1, "guests: 5, limit 4");
    let closed = on(open, Click::Pressed("d1".into(), Press::Why));
    assert_eq!(view(&closed).dialogs[0].why, None);
}

#[test]
fn the_guests_facts_are_one_line() {
    let told = Facts {
        guests: Some(5),
        youngest_child: Some(3),
        rooms: Some(2),
        dates: "2026-12-12/2026-12-15".parse().ok(),
        nights: Some(3),
        programme: Some(Programme::Treatment),
        pet: Some(true),
        ..Facts::default()
    };
    let facts = |facts: Facts| {
        let card = one(DialogView {
            facts,
            ..dialog(waiting(), 1)
        });
        card.facts.map(|facts| plain(&facts))
    };
    assert_eq!(
        facts(told).as_deref(),
        Some("5 гостей · ребёнок: 3 · с питомцем · 2 номера · 12–15 дек. · программа: лечение")
    );
    assert_eq!(facts(Facts::default()), None);
    let no_pet = Facts {
        pet: Some(false),
        dates: "2026-12-12".parse().ok(),
        ..Facts::default()
    };
    assert_eq!(facts(no_pet).as_deref(), Some("12 дек."));
    let over_new_year = Facts {
        dates: "2026-12-30/2027-01-03".parse().ok(),
        ..Facts::default()
    };
    assert_eq!(facts(over_new_year).as_deref(), Some("30 дек. — 3 янв."));
    let some_nights = Facts {
        nights: Some(3),
        ..Facts::default()
    };
    assert_eq!(facts(some_nights).as_deref(), Some("3 ночи"));
}

#[test]
fn what_keeps_the_bot_silent_is_said_instead_of_who_leads() {
    for (mute, status, line) in [
        (Mute::Excluded, "Без бота", "Этому гостю бот не отвечает"),
        (Mute::Off, "Без бота", "Этому гостю бот не отвечает"),
        (
            Mute::Trial,
            "Пробный режим",
            "Бот отвечает только тестовым номерам",
        ),
        (
            Mute::Paused,
            "Бот на паузе",
            "Все новые сообщения ждут менеджера",
        ),
    ] {
        let card = one(DialogView {
            mute: Some(mute),
            bot_busy: true,
            ..dialog(Owner::Bot, 1)
        });
        assert_eq!((&*card.status, &*card.line), (status, line), "{mute:?}");
    }
}

#[test]
fn a_question_of_the_bot_a_touch_and_a_closed_deal_have_their_lines() {
    let asks = |asked_back| {
        one(DialogView {
            asked_back: Some(asked_back),
            ..dialog(Owner::Bot, 1)
        })
        .line
    };
    assert_eq!(asks(AskedBack::Deal), "Уточняет, о какой сделке речь");
    assert_eq!(asks(AskedBack::Kind), "Уточняет, чем помочь");
    let touched = one(DialogView {
        touch_at: Some(NOW + 23 * HOUR),
        ..dialog(Owner::Bot, 1)
    });
    assert_eq!(plain(&touched.line), "Последний ответ в 10:42");
    assert_eq!(plain(&touched.notes[0]), "Финальное касание завтра в 10:00");
    assert_eq!(labels(&touched.links), ["Не отправлять", "Ещё"]);
    let closed = one(DialogView {
        deal_closed: true,
        ..dialog(waiting(), 1)
    });
    assert_eq!(closed.line, "Сделка закрыта, а гость ждёт ответа");
}

#[test]
fn the_history_is_read_from_the_newest_change_down() {
    let entry = |how, user| HistoryEntry {
        at: NOW - MINUTE,
        how,
        user,
        reason: None,
        minutes: None,
    };
    let came = History {
        entries: vec![
            HistoryEntry {
                minutes: Some(40),
                ..entry(How::Auto, None)
            },
            entry(How::Button, Some(ME)),
            entry(How::Wrote, Some(UserId(1))),
            HistoryEntry {
                reason: Some(ReasonId::Complaint.into()),
                ..entry(How::Waiting, None)
            },
            entry(How::Bot, None),
        ],
        users: fresh(vec![]).data.users,
    };
    let state = loaded(Ok(fresh(vec![dialog(Owner::Bot, 1)])));
    let asked = on(state, Click::Pressed("d1".into(), Press::History));
    let shown = |state: &State| view(state).dialogs[0].history.clone();
    assert_eq!(shown(&asked), Some(("История".to_owned(), vec![])));
    let open = on(
        asked,
        Msg::HistoryCame {
            entry: 1,
            dialog: "d1".into(),
            result: Box::new(Ok(came)),
        },
    );
    let lines: Vec<_> = shown(&open)
        .unwrap()
        .1
        .iter()
        .map(|line| plain(line))
        .collect();
    assert_eq!(
        lines,
        [
            "10:59 Бот: 40 мин без ответа",
            "10:59 Анна Ким: кнопка",
            "10:59 другой менеджер: ответ гостю",
            "10:59 Передано: Жалоба",
            "10:59 Бот",
        ]
    );
    let closed = on(open, Click::Pressed("d1".into(), Press::History));
    assert_eq!(shown(&closed), None);
}

#[test]
fn every_way_to_an_owner_has_its_words() {
    for texts in [ru(), en()] {
        for how in How::ALL {
            let key = format!("hist.{}", how.as_str());
            assert!(texts.has(&key), "{key}");
        }
    }
}

#[test]
fn every_outcome_of_an_action_has_its_words() {
    let texts = ru();
    for code in [
        "epoch_stale",
        "dialog_not_found",
        "deal_not_found",
        "forbidden",
        "admin_only",
        "session_expired",
        "token_refused",
        "clock_skew",
        "account_unknown",
        "needs_reauth",
        "channel_off",
        "rate_limited",
        "crm_unavailable",
        "unavailable",
        "unreachable",
        "timeout",
        "version_mismatch",
        "too_long",
        "internal",
        "asset_failed",
        "wasm_unsupported",
    ] {
        assert!(texts.has(&format!("error.{code}")), "{code}");
    }
    let state = loaded(Ok(fresh(vec![dialog(led_by(ME), 1)])));
    let state = on(state, Click::Pressed("d1".into(), Press::Return));
    assert_eq!(
        state.pending.as_ref().map(|pending| &pending.act),
        Some(&Act::Return(None))
    );
    let state = on(
        state,
        Msg::Acted {
            entry: 1,
            clock: 0,
            result: Box::new(Err(failure("internal"))),
        },
    );
    let bars = view(&state).bars;
    assert_eq!(
        (bars[0].tone, &*bars[0].text),
        (
            Tone::Bad,
            "Ошибка на сервере. Отвечать гостю можно как обычно."
        )
    );
    assert_eq!(labels(&bars[0].links), ["Повторить"]);
}

#[test]
fn behaviour_5_alerts_what_is_wrong_with_the_account_is_said_in_the_cards_language() {
    let mut given = fresh(vec![dialog(Owner::Bot, 1)]);
    given.data.alerts = vec![WhyLine {
        mark: WhyMark::Decided,
        ru: "Бот недоступен с 10:42.".to_owned(),
        en: "The bot is down since 10:42.".to_owned(),
    }];
    let state = loaded(Ok(given));
    for (texts, said) in [
        (ru(), "Бот недоступен с 10:42."),
        (en(), "The bot is down since 10:42."),
    ] {
        let bars = present(&state, &texts).bars;
        assert_eq!(
            (bars.len(), bars[0].tone, &*bars[0].text),
            (1, Tone::Bad, said)
        );
    }
}

/// Texts are looked up by key, so a misspelled key would only be seen on the screen.
#[test]
fn every_key_in_the_source_has_a_text() {
    let texts = ru();
    let prefixes = [
        "owner.", "line.", "guest.", "do.", "ask.", "ok.", "info.", "none.", "state.", "badge.",
        "a11y.", "tip.", "time.", "caption.", "name.", "error.", "fact.", "hist.", "mode.",
    ];
    let sources = [
        include_str!("present.rs"),
        include_str!("format.rs"),
        include_str!("card/view.rs"),
        include_str!("../../widget-shell/script.js"),
    ];
    let mut seen = 0;
    for word in sources.iter().flat_map(|source| source.split(['"', '\''])) {
        let is_key = prefixes
            .iter()
            .any(|prefix| word.len() > prefix.len() && word.starts_with(prefix));
        if is_key && !word.contains(['{', ' ', '(']) {
            assert!(texts.has(word), "{word}");
            seen += 1;
        }
    }
    assert!(seen > 60, "{seen} keys seen");
    for dot in ["waiting", "me", "other", "bot", "none"] {
        assert!(texts.has(&format!("caption.{dot}")));
    }
}
