//! The card for those who have no mouse, see little or hear it read: an automated audit of every state, and a walk by
//! keyboard alone.

use crate::card_live::handed_over;
use crate::harness::{ANNA, IGOR, Tab, World, browse};
use crate::shown::{LOOKS, Page, SHELL, empty_deal, is_narrow, prepare, states};
use serde_json::{Value, json};
use thirtyfour::Key;

/// The block, and the dot on its caption.
const PARTS: [&str; 2] = [".estafeta", ".estafeta-badge"];

#[tokio::test]
async fn an_audit_finds_nothing_against_wcag_in_any_state() {
    let world = World::new().await;
    let deal = empty_deal(&world).await;
    browse("audit", async |tab| {
        prepare(tab).await;
        let mut found = vec![];
        for look in LOOKS {
            let page = Page::open(tab, &world, deal, look).await;
            tab.brings_the_auditor().await;
            for state in states(deal) {
                page.shows(&state).await;
                for violation in tab.audit(&PARTS, 4).await {
                    found.push(format!("{look:?}, {}: {violation}", state.name));
                }
            }
            is_not_blind(tab).await;
            for shell in SHELL {
                shell.opens(tab, &world, deal, look).await;
                tab.brings_the_auditor().await;
                for violation in tab.audit(&PARTS, 1).await {
                    found.push(format!("{look:?}, {}: {violation}", shell.name));
                }
            }
        }
        assert!(found.is_empty(), "{}", found.join("\n"));
    })
    .await;
}

/// Finds what is wrong on purpose: a text that is too pale, and a button without a name.
async fn is_not_blind(tab: &Tab) {
    let spoil = "const css = (one) => document.querySelector('.estafeta ' + one); \
        css('.estafeta-status').style.color = '#888'; css('.estafeta-button').textContent = ''; \
        css('.estafeta-button').removeAttribute('title'); return 1";
    assert_eq!(tab.asks(spoil).await, json!(1));
    let found = tab.audit(&PARTS, 4).await.join("\n");
    for rule in ["color-contrast", "button-name"] {
        assert!(found.contains(rule), "{rule} is not found: {found}");
    }
}

/// A window of 1280 × 900 at 200 %.
#[tokio::test]
async fn at_twice_the_size_no_state_scrolls_sideways() {
    let world = World::new().await;
    let deal = empty_deal(&world).await;
    browse("twice", async |tab| {
        prepare(tab).await;
        let size = json!({"width": 640, "height": 450, "deviceScaleFactor": 2, "mobile": false});
        tab.tells("Emulation.setDeviceMetricsOverride", size).await;
        for look in LOOKS {
            let page = Page::open(tab, &world, deal, look).await;
            for state in states(deal) {
                page.shows(&state).await;
                is_narrow(tab, &format!("{} {look:?}", state.name)).await;
            }
        }
        tab.photographs("card-twice").await;
    })
    .await;
}

const PHONE: &str = "79000000001";
const CARD: &str = ".estafeta-card";

#[tokio::test]
async fn the_keyboard_alone_takes_asks_and_returns_and_is_always_seen() {
    let world = World::new().await;
    let deal = handed_over(&world).await;
    let guest = world.guest(PHONE);
    browse("keyboard", async |tab| {
        let page = &world.sandbox_url;
        tab.opens(&format!("{page}/leads/detail/{deal}?user={ANNA}&panel=1"))
            .await;
        tab.sees(CARD, &["Ждёт менеджера"]).await;
        // From the caption, which is amoCRM's own, through the whole card and back.
        tab.asks("document.querySelector('.card-widgets__widget__caption').focus(); return 1")
            .await;
        for label in ["Взять диалог", "Ответ не нужен", "Почему так", "Ещё"]
        {
            tab.strikes(Key::Tab).await;
            is_at(tab, label).await;
        }
        // What opens is the next thing that the keyboard comes to.
        tab.strikes(Key::Enter).await;
        is_at(tab, "Ещё").await;
        tab.strikes(Key::Tab).await;
        is_at(tab, "История").await;
        tab.strikes(Key::Enter).await;
        tab.sees(".estafeta-history", &["Передано"]).await;
        is_at(tab, "История").await;
        for label in ["Ещё", "Почему так", "Ответ не нужен"] {
            tab.tabs_back().await;
            is_at(tab, label).await;
        }
        // A question: it takes the keyboard, Esc closes it, and nothing has happened.
        tab.strikes(Key::Enter).await;
        is_at(tab, "Закрыть").await;
        tab.strikes(Key::Tab).await;
        is_at(tab, "Отмена").await;
        tab.strikes(Key::Escape).await;
        is_at(tab, "Взять диалог").await;
        tab.sees(CARD, &["Ждёт менеджера"]).await;
        // A link that its own action takes away hands the keyboard to the button.
        for label in [
            "Ответ не нужен",
            "Почему так",
            "Ещё",
            "История",
            "Не отвечать ботом",
        ] {
            tab.strikes(Key::Tab).await;
            is_at(tab, label).await;
        }
        tab.strikes(Key::Enter).await;
        is_at(tab, "Отключить").await;
        tab.strikes(Key::Enter).await;
        is_at(tab, "Взять диалог").await;
        tab.sees(CARD, &["Включить бота"]).await;
        for label in [
            "Ответ не нужен",
            "Почему так",
            "Ещё",
            "История",
            "Включить бота",
        ] {
            tab.strikes(Key::Tab).await;
            is_at(tab, label).await;
        }
        tab.strikes(Key::Enter).await;
        is_at(tab, "Взять диалог").await;
        tab.sees(CARD, &["Ждёт менеджера", "Не отвечать ботом"])
            .await;
        // The space bar takes; the keyboard stays where it was.
        tab.strikes(" ").await;
        tab.sees(CARD, &["Ведёте вы", "Диалог у вас. Бот молчит."])
            .await;
        is_at(tab, "Вернуть боту").await;
        tab.strikes(Key::Tab).await;
        is_at(tab, "С заметкой").await;
        tab.strikes(Key::Enter).await;
        is_at(tab, "TEXTAREA").await;
        tab.strikes("Ждём дату").await;
        tab.strikes(Key::Tab).await;
        is_at(tab, "Вернуть").await;
        tab.strikes(Key::Enter).await;
        tab.sees(CARD, &["Ведёт бот"]).await;
        is_at(tab, "Взять диалог").await;
        guest.hears(2).await;
    })
    .await;
}

#[tokio::test]
async fn a_question_that_closes_by_itself_leaves_the_keyboard_to_who_types_elsewhere() {
    let world = World::new().await;
    let deal = handed_over(&world).await;
    browse("keyboard-elsewhere", async |tab| {
        let page = &world.sandbox_url;
        tab.opens(&format!("{page}/leads/detail/{deal}?user={ANNA}&panel=1"))
            .await;
        tab.sees(CARD, &["Ждёт менеджера"]).await;
        tab.clicks(".estafeta-link", "Ответ не нужен").await;
        tab.sees(CARD, &["Отмена"]).await;
        tab.presses(".composer textarea").await;
        tab.strikes("Добрый").await;
        world.manager(IGOR).takes(PHONE).await;
        tab.sees(CARD, &["Перехватить"]).await;
        tab.strikes(" день").await;
        let typed = "const it = document.activeElement; return [it.tagName, it.value]";
        assert_eq!(tab.asks(typed).await, json!(["TEXTAREA", "Добрый день"]));
    })
    .await;
}

/// Waits until the keyboard is at the element with this label (or of this kind), and is seen there.
async fn is_at(tab: &Tab, label: &str) {
    let script = "const it = document.activeElement, style = getComputedStyle(it); \
        return [(it.innerText || it.tagName).trim(), it.matches(':focus-visible') && style.outlineStyle !== 'none' \
          && parseFloat(style.outlineWidth) >= 2, it.className]";
    let mut found = Value::Null;
    for _ in 0..200 {
        found = tab.asks(script).await;
        if found[0] == label && found[1] == true {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the keyboard is not seen at «{label}», but: {found}");
}
