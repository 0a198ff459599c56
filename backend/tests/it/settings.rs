//! The settings, in a real Chromium on a page that treats widgets as amoCRM does, beside a backend that runs.

use crate::harness::{ANNA, Fleet, HANDOFF, OLGA, Server, Tab, World, browse, until};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use widget_core::owner::{Owner, ReasonId};
use widget_core::policy::{Policy, parse};
use widget_core::time::MINUTE;
use widget_core::wire::policy::PolicyView;

const PHONE: &str = "79000000001";
pub(crate) const PAGE: &str = ".estafeta-set";
pub(crate) const BAR: &str = ".estafeta-set-bar";

/// Fields and buttons that a screen reader could not name, and ids that stand twice.
pub(crate) const NAMELESS: &str = "
    const all = [...document.querySelectorAll('.estafeta-set :is(input, select, textarea, button)')];
    const named = (one) => one.labels?.length || one.ariaLabel || one.getAttribute('aria-labelledby') || one.innerText?.trim();
    const ids = [...document.querySelectorAll('.estafeta-set [id]')].map(({ id }) => id);
    const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
    const lost = [...document.querySelectorAll('.estafeta-set [aria-describedby], .estafeta-set [aria-labelledby]')]
      .filter((one) => !document.getElementById(one.getAttribute('aria-describedby') || one.getAttribute('aria-labelledby')));
    return [...all.filter((one) => !named(one)), ...lost].map((one) => one.outerHTML).concat(twice)";

async fn code(world: &World) -> String {
    let page = format!("{}/ajax/state/0?user={OLGA}", world.sandbox_url);
    let page = world.client.get(page).send().await.expect("an answer");
    let page: Value = page.json().await.expect("JSON");
    page["widget"]["code"].as_str().expect("a code").to_owned()
}

pub(crate) async fn page_url(world: &World, user: i64, more: &str) -> String {
    let code = code(world).await;
    format!(
        "{}/settings/widgets/{code}/?user={user}{more}",
        world.sandbox_url
    )
}

pub(crate) async fn opens(tab: &Tab, world: &World, user: i64) {
    tab.opens(&page_url(world, user, "").await).await;
    tab.sees(PAGE, &["Эстафета: правила"]).await;
}

pub(crate) async fn no_errors(tab: &Tab) {
    assert_eq!(tab.console().await, Vec::<String>::new());
}

/// Goes to a tab of the page.
pub(crate) async fn goes_to(tab: &Tab, name: &str) {
    tab.presses(&format!("[data-tab={name}]")).await;
}

/// Writes into the field of a path, in the place of what stands there; a box to tick is ticked.
pub(crate) async fn fills_in(tab: &Tab, path: &str, text: &str) {
    let within = ["input", "textarea", "select"].map(|kind| format!("[data-path='{path}'] {kind}"));
    tab.fills(&within.join(", "), text).await;
}

/// Asks the panel «Что будет, если» otherwise.
pub(crate) async fn asks(tab: &Tab, name: &str, value: &str) {
    let script = format!(
        "const field = document.querySelector('.estafeta-set-question [name={name}]'); field.value = {value:?}; \
         field.dispatchEvent(new Event(field.tagName === 'SELECT' ? 'change' : 'input', {{ bubbles: true }})); \
         return field.value"
    );
    assert_eq!(tab.asks(&script).await, json!(value), "{name}");
}

/// What has the keyboard is pressed by it.
async fn presses_enter(tab: &Tab) {
    for (kind, text) in [("keyDown", "\r"), ("keyUp", "")] {
        let key = json!({"type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": text});
        tab.tells("Input.dispatchKeyEvent", key).await;
    }
}

async fn value_of(tab: &Tab, path: &str) -> String {
    let script = format!(
        "return document.querySelector('[data-path={path:?}]').querySelector('input, textarea, select').value"
    );
    tab.asks(&script)
        .await
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

async fn saves(tab: &Tab, version: i64) {
    tab.presses("[data-do=save]").await;
    tab.sees(BAR, &[&format!("Сохранено, версия {version}.")])
        .await;
}

async fn policy(world: &World, user: i64) -> PolicyView {
    policy_at(world, &world.serve_url, user).await
}

async fn policy_at(world: &World, base: &str, user: i64) -> PolicyView {
    let bearer = world.manager(user).bearer().await;
    let url = format!("{base}/api/v1/policy");
    let answer = world.client.get(url).bearer_auth(bearer).send().await;
    answer.expect("an answer").json().await.expect("a policy")
}

async fn put(world: &World, user: i64, toml: &str, over: i64) -> (u16, Value) {
    put_at(world, &world.serve_url, user, toml, over).await
}

async fn put_at(world: &World, base: &str, user: i64, toml: &str, over: i64) -> (u16, Value) {
    let bearer = world.manager(user).bearer().await;
    let url = format!("{base}/api/v1/policy");
    let request = world.client.put(url).bearer_auth(bearer);
    let request = request.header("If-Match", over.to_string());
    let answer = request
        .json(&json!({"toml": toml}))
        .send()
        .await
        .expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.json().await.expect("JSON"))
}

#[tokio::test]
async fn settings_an_administrator_changes_a_timer_and_the_next_decision_obeys() {
    let world = World::demo().await;
    let guest = world.guest(PHONE);
    browse("settings-timer", async |tab| {
        opens(tab, &world, OLGA).await;
        goes_to(tab, "timers").await;
        fills_in(tab, "timers.auto_return_after", "25m").await;
        tab.sees(BAR, &["Изменений: 1. Показать"]).await;
        tab.presses("[data-do=changes]").await;
        tab.sees(
            ".estafeta-set-changes",
            &["Возвращать боту через", "было: «40m», стало: «25m»"],
        )
        .await;
        tab.photographs("settings-timers").await;
        saves(tab, 2).await;

        // The backend has run all the time.
        guest.asks("Нас будет пятеро").await;
        assert_eq!(guest.hears(1).await, HANDOFF);
        world.manager(ANNA).takes(PHONE).await;
        let dialog = world.manager(ANNA).dialog_of(PHONE).await;
        let Owner::Manager { since, .. } = dialog.view.owner else {
            panic!("{dialog:#?}");
        };
        assert_eq!(dialog.return_at, Some(since + 25 * MINUTE));

        // A threshold, too: five are no longer too many.
        goes_to(tab, "handoff").await;
        fills_in(tab, "triggers[13].when.guests_over", "6").await;
        saves(tab, 3).await;
        let other = world.guest("79000000002");
        other.asks("Нас будет пятеро").await;
        assert_ne!(other.hears(1).await, HANDOFF);
        let is = policy(&world, OLGA).await;
        assert_eq!((is.about.version, is.in_force), (3, 3));
        assert!(
            is.toml.contains("# back to the bot so long after"),
            "comments stay"
        );
        no_errors(tab).await;
    })
    .await;
}

#[tokio::test]
async fn settings_what_if_shows_both_decisions() {
    let world = World::demo().await;
    browse("settings-whatif", async |tab| {
        opens(tab, &world, OLGA).await;
        tab.types(".estafeta-set-question [name=text]", "Нас будет пятеро")
            .await;
        tab.sees(
            "[data-answer=now]",
            &["Создаст сделку, затем: передаст менеджеру"],
        )
        .await;
        asks(tab, "stage", "Новая заявка").await;
        let (now, after) = ("[data-answer=now]", "[data-answer=after]");
        for column in [now, after] {
            tab.sees(
                column,
                &[
                    "Передаст менеджеру",
                    "Гостей больше, чем бронирует бот",
                    "больше 4",
                    "Передаю ваше обращение",
                ],
            )
            .await;
        }
        goes_to(tab, "handoff").await;
        fills_in(tab, "triggers[13].when.guests_over", "6").await;
        tab.sees(after, &["Бот ответит"]).await;
        tab.sees(now, &["Передаст менеджеру"]).await;
        tab.sees(".estafeta-set-differs", &["Решение изменится"])
            .await;
        tab.photographs("settings-whatif").await;

        // The stage and the local time count, and a text that is being edited.
        goes_to(tab, "texts").await;
        fills_in(tab, "texts.off_hours", "Ответим утром, {name}.").await;
        tab.sees(
            "[data-path='texts.off_hours'] .estafeta-set-preview",
            &["Ответим утром, Мария."],
        )
        .await;
        asks(tab, "time", "2026-11-18T23:30").await;
        asks(tab, "text", "Позовите менеджера").await;
        tab.sees(after, &["Ответим утром"]).await;
        tab.sees(now, &["В рабочее время вам ответит менеджер."])
            .await;
        assert_eq!(
            policy(&world, OLGA).await.about.version,
            1,
            "nothing was saved"
        );
        no_errors(tab).await;
    })
    .await;
}

#[tokio::test]
async fn settings_a_wrong_value_is_told_at_its_field_and_not_saved() {
    let world = World::demo().await;
    browse("settings-wrong", async |tab| {
        opens(tab, &world, OLGA).await;
        goes_to(tab, "timers").await;
        fills_in(tab, "timers.auto_return_after", "скоро").await;
        tab.sees(
            "[data-path='timers.auto_return_after'] .estafeta-set-error",
            &["скоро"],
        )
        .await;
        assert_eq!(
            tab.counts(".estafeta-set-field .estafeta-set-error").await,
            1
        );
        tab.sees(BAR, &["Не сохранить, пока есть ошибки: 1"]).await;
        assert_eq!(tab.counts("[data-do=save]:disabled").await, 1);
        assert_eq!(tab.counts("[data-tab=timers].estafeta-set-wrong").await, 1);
        tab.photographs("settings-wrong").await;
        fills_in(tab, "timers.auto_return_after", "5m").await;
        tab.sees(
            "[data-path='timers.auto_return_grace'] .estafeta-set-error",
            &["auto_return_after"],
        )
        .await;
        goes_to(tab, "texts").await;
        fills_in(tab, "texts.handoff", "Передаю, {naem}").await;
        tab.sees("[data-path='texts.handoff'] .estafeta-set-error", &["naem"])
            .await;
        tab.presses("[data-do=discard]").await;
        until("nothing is wrong", async || {
            tab.counts(".estafeta-set-error").await == 0
        })
        .await;

        // The server says the same of what does not come from this page.
        let is = policy(&world, OLGA).await;
        let wrong = is.toml.replace(
            "auto_return_after = \"40m\"",
            "auto_return_after = \"soon\"",
        );
        let (status, problem) = put(&world, OLGA, &wrong, 1).await;
        assert_eq!(
            (status, &problem["findings"][0]["path"]),
            (422, &json!("timers.auto_return_after"))
        );
        assert_eq!(policy(&world, OLGA).await.about.version, 1);
    })
    .await;
}

/// The address of a booking page, and the link that the form shows as an example.
pub(crate) const BOOKING_URL: &str =
    "https://booking.example.org/?a={arrival}&n={nights}&g={adults}&r={category}";
const BOOKING_LINK: &str = "https://booking.example.org/?a=2027-03-10&n=7&g=2&r=lux";

#[tokio::test]
async fn issue_9_5_an_administrator_sets_up_the_booking_page_and_the_next_guest_gets_a_link() {
    let world = World::demo().await;
    browse("settings-booking", async |tab| {
        opens(tab, &world, OLGA).await;
        let wrong = |path: &str| format!("[data-path='{path}'] .estafeta-set-error");
        let is_wrong = async |path: &str| {
            until(path, async || tab.counts(&wrong(path)).await > 0).await;
        };
        // What the core's own check says stands at the field.
        let hint = "[data-path='booking.url'] .estafeta-set-hint";
        tab.sees(hint, &["{arrival} {departure} {nights}"]).await;
        fills_in(tab, "booking.url", &BOOKING_URL.replace("{nights}", "7")).await;
        tab.sees(&wrong("booking.url"), &["{departure}"]).await;
        is_wrong("booking.categories").await;
        fills_in(tab, "booking.url", BOOKING_URL).await;
        fills_in(tab, "booking.categories", "люкс = lux\nЛюкс = lux2").await;
        is_wrong("booking.categories").await;
        assert_eq!(tab.counts(&wrong("booking.categories")).await, 1, "said once");
        assert_eq!(tab.counts(&wrong("booking.url")).await, 0);
        fills_in(tab, "booking.max_adults", "0").await;
        is_wrong("booking.max_adults").await;
        assert_eq!(tab.counts("[data-do=save]:enabled").await, 0);
        let shows = "document.querySelector(\"[data-path='booking.max_adults']\").scrollIntoView({ block: 'center' }); return 1";
        assert_eq!(tab.asks(shows).await, json!(1));
        tab.photographs("settings-booking-wrong").await;
        // An example of the link, as a guest would get it.
        fills_in(tab, "booking.categories", "люкс = lux\nстандарт = std").await;
        fills_in(tab, "booking.max_adults", "3").await;
        tab.sees(
            "[data-path='booking.url'] .estafeta-set-preview",
            &[BOOKING_LINK],
        )
        .await;
        assert_eq!(tab.asks(NAMELESS).await, json!([]));
        tab.photographs("settings-booking").await;
        saves(tab, 2).await;
        no_errors(tab).await;
    })
    .await;
    let saved: Policy = parse(&policy(&world, OLGA).await.toml).expect("a policy");
    let page = saved.booking.expect("a booking page");
    assert_eq!((page.url.as_str(), page.max_adults), (BOOKING_URL, 3));
    assert_eq!(page.categories["стандарт"], "std");

    let stay = json!({"arrival": "2027-03-10", "departure": "2027-03-17", "adults": 2, "category": "люкс"});
    world
        .bot_knows(json!([{"contains": "люкс", "reply": "Бронь: {booking_link}", "booking": stay}]))
        .await;
    world.has_a_deal_at(PHONE, "Проведена консультация").await;
    let guest = world.guest(PHONE);
    guest.asks("Берём люкс с 10 по 17 марта").await;
    let heard = guest.hears(1).await;
    assert!(
        heard.ends_with(&format!("Бронь: {BOOKING_LINK}")),
        "{heard}"
    );

    browse("settings-booking-off", async |tab| {
        opens(tab, &world, OLGA).await;
        for path in ["url", "max_adults", "categories"] {
            fills_in(tab, &format!("booking.{path}"), "").await;
        }
        saves(tab, 3).await;
    })
    .await;
    let saved: Policy = parse(&policy(&world, OLGA).await.toml).expect("a policy");
    assert_eq!(saved.booking, None);
}

#[tokio::test]
async fn settings_of_two_administrators_the_second_sees_what_changed() {
    let world = World::demo().await;
    browse("settings-two", async |tab| {
        opens(tab, &world, OLGA).await;
        goes_to(tab, "timers").await;
        let first = tab.opens_beside(&page_url(&world, OLGA, "").await).await;
        tab.sees(PAGE, &["Эстафета: правила"]).await;
        goes_to(tab, "people").await;
        fills_in(tab, "tasks.duty_phone", "+7 900 000-00-98").await;
        saves(tab, 2).await;
        let second = tab.turns_to(first).await;
        fills_in(tab, "timers.auto_return_after", "20m").await;
        tab.presses("[data-do=save]").await;
        tab.sees(BAR, &["их сохраняет Ольга: версия 2"]).await;
        tab.sees(
            "[data-changes=theirs]",
            &["Круглосуточный телефон — было: «+7 900 000-00-99», стало: «+7 900 000-00-98»"],
        )
        .await;
        tab.sees(
            "[data-changes=mine]",
            &["Возвращать боту через", "было: «40m», стало: «20m»"],
        )
        .await;
        let focused = "return document.activeElement.className";
        assert_eq!(
            tab.asks(focused).await,
            json!("estafeta-set-conflict"),
            "the keyboard is where the question is"
        );
        assert_eq!(
            policy(&world, OLGA).await.about.version,
            2,
            "nothing was overwritten"
        );
        tab.photographs("settings-conflict").await;
        tab.presses("[data-do=theirs]").await;
        tab.sees(".estafeta-set-version", &["Версия 2", "Ольга"])
            .await;
        assert_eq!(value_of(tab, "timers.auto_return_after").await, "40m");
        fills_in(tab, "timers.auto_return_after", "20m").await;
        saves(tab, 3).await;
        let is = policy(&world, OLGA).await;
        assert!(
            is.toml.contains("+7 900 000-00-98") && is.toml.contains("auto_return_after = \"20m\"")
        );
        tab.turns_to(second).await;
    })
    .await;
}

#[tokio::test]
async fn settings_a_manager_reads_everything_and_changes_nothing() {
    let world = World::demo().await;
    browse("settings-manager", async |tab| {
        opens(tab, &world, ANNA).await;
        tab.sees(PAGE, &["Менять может администратор"]).await;
        assert_eq!(tab.counts("[data-do=save]").await, 0);
        for name in [
            "work", "stages", "handoff", "hours", "texts", "timers", "people", "fields", "robots",
        ] {
            goes_to(tab, name).await;
            until(name, async || tab.counts(".estafeta-set-open").await == 1).await;
            let open = ".estafeta-set-form :is(input, select, textarea):not(:disabled)";
            assert!(
                tab.counts(".estafeta-set-form :is(input, select, textarea)")
                    .await
                    > 0,
                "{name}"
            );
            assert_eq!(tab.counts(open).await, 0, "{name}");
        }
        tab.photographs("settings-readonly").await;
        // What-if is hers, too.
        tab.types(".estafeta-set-question [name=text]", "Позовите менеджера")
            .await;
        tab.sees("[data-answer=now]", &["затем: передаст менеджеру"])
            .await;
        no_errors(tab).await;

        // The server refuses her, whatever the page shows.
        let is = policy(&world, ANNA).await;
        assert!(!is.may_change);
        let people = is.toml.replace("mode = \"on\"", "mode = \"people\"");
        let (status, problem) = put(&world, ANNA, &people, is.about.version).await;
        assert_eq!((status, &problem["code"]), (403, &json!("admins_only")));
        assert_eq!(policy(&world, OLGA).await.about.version, is.about.version);
    })
    .await;
}

#[tokio::test]
async fn settings_an_old_version_is_restored() {
    let world = World::demo().await;
    let guest = world.guest(PHONE);
    browse("settings-versions", async |tab| {
        opens(tab, &world, OLGA).await;
        fills_in(tab, "mode", "people").await;
        saves(tab, 2).await;
        guest.asks("Сколько стоит номер?").await;
        guest.hears(1).await;
        world
            .manager(ANNA)
            .sees_waiting(PHONE, ReasonId::BotPaused)
            .await;

        goes_to(tab, "versions").await;
        tab.sees(
            ".estafeta-set-versions",
            &["Версия 2", "Ольга", "Версия 1", "файл на сервере"],
        )
        .await;
        tab.presses("[data-version='1'] .estafeta-set-link").await;
        tab.sees(
            "[data-version='1']",
            &[
                "Вернуть версию 1 от",
                "Режим — было: Пауза: все сообщения ждут менеджера, стало: Бот отвечает всем гостям",
            ],
        )
        .await;
        tab.photographs("settings-rollback").await;
        tab.presses("[data-do=restore]").await;
        tab.sees(BAR, &["Сохранено, версия 3."]).await;
        tab.sees(".estafeta-set-versions", &["Версия 3"]).await;
        let other = world.guest("79000000002");
        other.asks("Сколько стоит номер?").await;
        assert!(
            other.hears(1).await.contains("Ответ на"),
            "the bot answers again"
        );
        no_errors(tab).await;
    })
    .await;
}

#[tokio::test]
async fn settings_amocrms_window_says_whether_it_is_connected_and_leads_to_the_rules() {
    let world = World::demo().await;
    browse("settings-window", async |tab| {
        tab.opens(&format!(
            "{}/leads/list?view=settings&user={OLGA}",
            world.sandbox_url
        ))
        .await;
        let window = ".widget_settings_block .estafeta-set";
        tab.sees(
            window,
            &[
                "Подключено к серверу http",
                "Правила: версия 1",
                "Бот отвечает всем гостям",
            ],
        )
        .await;
        tab.photographs("settings-window").await;
        tab.clicks(".estafeta-set-window a", "Открыть правила")
            .await;
        tab.sees(
            "#list_page_holder .estafeta-set",
            &["Эстафета: правила", "Работа бота"],
        )
        .await;
        assert_eq!(tab.counts(".estafeta-set").await, 1);
        no_errors(tab).await;
    })
    .await;
}

#[tokio::test]
async fn settings_the_checklist_says_what_to_put_right() {
    let world = World::demo().await;
    browse("settings-checks", async |tab| {
        // Rules that name a task type which amoCRM does not have.
        let is = policy(&world, OLGA).await;
        let other = is
            .toml
            .replace("type = \"WhatsApp\"", "type = \"Нет такого\"");
        assert_eq!(put(&world, OLGA, &other, 1).await.0, 200);
        opens(tab, &world, OLGA).await;
        goes_to(tab, "check").await;
        tab.sees(
            "[data-check='amocrm task type']",
            &["Тип задачи", "нужно исправить", "Создайте его в amoCRM"],
        )
        .await;
        tab.sees(
            "[data-check='bot reachable']",
            &["Бот отвечает", "в порядке"],
        )
        .await;
        tab.photographs("settings-checks").await;
        let anna = world.manager(ANNA).bearer().await;
        let url = format!("{}/api/v1/checks", world.serve_url);
        let refused = world
            .client
            .get(url)
            .bearer_auth(anna)
            .send()
            .await
            .expect("an answer");
        assert_eq!(refused.status(), 403);
        no_errors(tab).await;
    })
    .await;
}

/// All tabs of an administrator.
pub(crate) const TABS: [&str; 13] = [
    "work",
    "stages",
    "handoff",
    "hours",
    "texts",
    "timers",
    "people",
    "fields",
    "robots",
    "text",
    "versions",
    "knowledge",
    "check",
];

#[tokio::test]
async fn settings_every_tab_by_day_and_by_night_in_both_languages() {
    let world = World::demo().await;
    browse("settings-tabs", async |tab| {
        for (more, title, name) in [
            ("", "Эстафета: правила", "ru"),
            ("&lang=en&theme=dark", "Estafeta: rules", "en-dark"),
        ] {
            tab.opens(&page_url(&world, OLGA, more).await).await;
            tab.sees(PAGE, &[title]).await;
            for section in TABS {
                goes_to(tab, section).await;
                until(section, async || tab.counts(&format!("[data-tab={section}].estafeta-set-open")).await == 1).await;
                let words = tab.reads(".estafeta-set-form").await;
                let has_keys = [".handoff", "stages.role", "timers.", "group.", "day.0", "kb."].iter().any(|key| words.contains(key));
                assert!(!has_keys, "{section}: {words}");
                let wide = "const form = document.querySelector('.estafeta-set-form'); return form.scrollWidth - form.clientWidth";
                assert_eq!(tab.asks(wide).await, json!(0), "{section} is too wide");
                assert_eq!(tab.asks(NAMELESS).await, json!([]), "{section}");
                tab.photographs(&format!("settings-{name}-{section}")).await;
            }
            // 200 % of a window of 1280 × 900 px, and the width of amoCRM's own window.
            for (width, height, scale) in [(640, 450, 2), (480, 900, 1)] {
                let size = json!({"width": width, "height": height, "deviceScaleFactor": scale, "mobile": false});
                tab.tells("Emulation.setDeviceMetricsOverride", size).await;
                for section in TABS {
                    goes_to(tab, section).await;
                    let wide = "const all = document.querySelector('.estafeta-set'); return all.scrollWidth - all.clientWidth";
                    assert_eq!(tab.asks(wide).await, json!(0), "{section} at {width}");
                }
                tab.photographs(&format!("settings-{name}-{width}")).await;
            }
            tab.tells("Emulation.clearDeviceMetricsOverride", json!({})).await;
        }
        no_errors(tab).await;
    })
    .await;
}

#[tokio::test]
async fn settings_stages_and_triggers_come_go_and_move_without_a_mouse() {
    let world = World::demo().await;
    let guest = world.guest(PHONE);
    browse("settings-rows", async |tab| {
        opens(tab, &world, OLGA).await;
        goes_to(tab, "handoff").await;
        let rows = ".estafeta-set-form fieldset[data-row]";
        let before = tab.counts(rows).await;

        // A new one asks for what nobody can guess, at its place, and has the keyboard.
        tab.presses("[data-do=add]").await;
        let new = format!("triggers[{before}]");
        until("the new row has the keyboard", async || {
            let script = "return document.activeElement.closest('[data-row]')?.dataset.row";
            tab.asks(script).await == json!(new)
        })
        .await;
        let list = format!("[data-path='{new}.when.intent_in']");
        tab.sees(&list, &["Пустой список"]).await;
        assert_eq!(tab.counts("[data-do=save]:disabled").await, 1);
        fills_in(tab, &format!("{new}.when"), "text_at_most").await;
        fills_in(tab, &format!("{new}.when.text_at_most"), "3").await;
        fills_in(tab, &format!("{new}.reason"), "complaint").await;

        // It goes up by the keyboard alone, and takes the keyboard along.
        tab.asks(&format!(
            "document.querySelector(\"[data-row='{new}'] [data-do=up]\").focus(); return 1"
        ))
        .await;
        for place in (before - 3..before).rev() {
            presses_enter(tab).await;
            until("it went up", async || {
                let script = "const has = document.activeElement; return has.dataset.do + ' ' + has.closest('[data-row]')?.dataset.row";
                tab.asks(script).await == json!(format!("up triggers[{place}]"))
            })
            .await;
        }
        tab.photographs("settings-rows").await;
        // Conditions made of others are told, and lead to the whole text.
        tab.sees(
            "[data-group=past_stays] .estafeta-set-told",
            &["и", "Изменить на вкладке «Весь текст»"],
        )
        .await;

        // A stage goes, and whatever leans on it says so until it comes again.
        goes_to(tab, "stages").await;
        tab.presses("[data-group=refused] [data-do=remove]").await;
        tab.sees(BAR, &["Не сохранить, пока есть ошибки"]).await;
        tab.presses("[data-do=discard]").await;
        goes_to(tab, "handoff").await;
        until("everything is as before", async || tab.counts(rows).await == before).await;
        tab.presses("[data-do=add]").await;
        fills_in(tab, &format!("{new}.when"), "text_at_most").await;
        fills_in(tab, &format!("{new}.when.text_at_most"), "3").await;
        fills_in(tab, &format!("{new}.reason"), "complaint").await;
        saves(tab, 2).await;
        guest.asks("Ну").await;
        assert_eq!(guest.hears(1).await, HANDOFF);
        world
            .manager(ANNA)
            .sees_waiting(PHONE, ReasonId::Complaint)
            .await;
        no_errors(tab).await;
    })
    .await;
}

#[tokio::test]
async fn settings_saved_at_one_instance_are_in_force_at_the_other() {
    let server = Server::started();
    let world = World::for_a_fleet(&server).await;
    let fleet = Fleet::of(&world, 2).await;
    fleet.serves(0).await;
    fleet.serves(1).await;
    let (one, other) = (fleet.url(0), fleet.url(1));
    let before = policy_at(&world, &other, OLGA).await;
    let version = before.about.version;
    let six = before.toml.replace("guests_over = 4", "guests_over = 6");
    let began = Instant::now();
    assert_eq!(put_at(&world, &one, OLGA, &six, version).await.0, 200);
    until("the other decides under it", async || {
        policy_at(&world, &other, OLGA).await.in_force == version + 1
    })
    .await;
    let took = began.elapsed();
    assert!(took < Duration::from_secs(3), "{took:?}: found, not told");

    // At once, at both: one is stored, the other says what changed.
    let twenty = six.replace("auto_return_after = \"40m\"", "auto_return_after = \"20m\"");
    let thirty = six.replace("auto_return_after = \"40m\"", "auto_return_after = \"30m\"");
    let over = version + 1;
    let (here, there) = tokio::join!(
        put_at(&world, &one, OLGA, &twenty, over),
        put_at(&world, &other, OLGA, &thirty, over)
    );
    let ((_, problem), stored) = match (here.0, there.0) {
        (200, 409) => (there, "20m"),
        (409, 200) => (here, "30m"),
        statuses => panic!("{statuses:?}: {here:?} {there:?}"),
    };
    assert_eq!(problem["code"], "policy_stale");
    assert_eq!(problem["newest"]["version"], json!(over + 1));
    let change = &problem["changes"][0];
    assert_eq!(change["path"], "timers.auto_return_after");
    assert_eq!(change["new"], json!(format!("\"{stored}\"")));

    // Decided by the one at which nothing was saved first.
    fleet.kills(0);
    let guest = world.guest(PHONE);
    guest.asks("Нас будет пятеро").await;
    assert_ne!(guest.hears(1).await, HANDOFF);
}
