//! A card that is open shows what is true without being asked, in a real Chromium: over its stream, and where there is
//! none, by asking.

use crate::harness::{ANNA, IGOR, OLGA, Tab, World, browse, until};
use serde_json::{Value, json};

const PHONE: &str = "79000000001";
const CARD: &str = ".estafeta-card";

/// What the page's `fetch` meets, before the widget is loaded: `asked` lists the calls, `refuse` is what they must not
/// contain, and `deaf` gives a stream that lives and says nothing.
const WATCHED: &str = r"
  window.asked = [];
  window.refuse = null;
  const real = window.fetch;
  window.fetch = (url, options) => {
    asked.push(String(url));
    if (window.refuse && String(url).includes(window.refuse)) return Promise.reject(new TypeError('Failed to fetch'));
    if (window.deaf && String(url).includes('/events')) return Promise.resolve(new Response(new ReadableStream({
      start(stream) {
        const alive = () => stream.enqueue(new TextEncoder().encode(': \n\n'));
        alive();
        setInterval(alive, 1000);
      }
    })));
    return real(url, options);
  };
";

/// A guest whom somebody has to answer, in a deal that nobody takes by a look.
pub async fn handed_over(world: &World) -> i64 {
    let deal = json!({"phone": PHONE, "name": "Заезд на май", "stage": "Новая заявка", "responsible": OLGA});
    let deal = world.play("deals", &deal).await["id"].as_i64();
    world.guest(PHONE).asks("Нас будет пятеро").await;
    world.guest(PHONE).hears(1).await;
    deal.expect("an id")
}

async fn before_the_page(tab: &Tab, script: &str) {
    let source = json!({ "source": script });
    tab.tells("Page.enable", json!({})).await;
    tab.tells("Page.addScriptToEvaluateOnNewDocument", source)
        .await;
}

async fn opens_card(tab: &Tab, world: &World, deal: i64, user: i64) {
    tab.opens(&url(world, deal, user)).await;
}

fn url(world: &World, deal: i64, user: i64) -> String {
    let page = &world.sandbox_url;
    format!("{page}/leads/detail/{deal}?user={user}&panel=1")
}

/// How many cards listen, as the backend counts them.
async fn streams(world: &World) -> i64 {
    let url = format!("{}/metrics", world.serve_url);
    let answer = world.client.get(url).send().await.expect("an answer");
    let text = answer.text().await.expect("a text");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("estafeta_card_streams "));
    line.map_or(0, |count| count.trim().parse().expect("a number"))
}

async fn listens(world: &World, count: i64) {
    let what = format!("{count} cards listen");
    until(&what, async || streams(world).await == count).await;
}

#[tokio::test]
async fn a_take_shows_in_the_windows_of_two_managers_without_being_asked_for() {
    let world = World::new().await;
    let deal = handed_over(&world).await;
    browse("live", async |tab| {
        before_the_page(tab, WATCHED).await;
        opens_card(tab, &world, deal, ANNA).await;
        tab.sees(CARD, &["Ждёт менеджера"]).await;
        listens(&world, 1).await;
        let annas = tab.opens_beside("about:blank").await;
        before_the_page(tab, WATCHED).await;
        opens_card(tab, &world, deal, IGOR).await;
        tab.sees(CARD, &["Ждёт менеджера"]).await;
        listens(&world, 2).await;
        // From now on nobody can ask: what is shown was told.
        let igors = tab.turns_to(annas).await;
        tab.asks("refuse = '/dialogs'; return 1").await;
        let annas = tab.turns_to(igors).await;
        tab.clicks(".estafeta-button", "Взять диалог").await;
        tab.sees(CARD, &["Ведёте вы"]).await;
        tab.turns_to(annas).await;
        tab.sees(CARD, &["Ведёт Игорь", "Перехватить"]).await;
        // The guest writes on, and the colleague sees it.
        world.guest(PHONE).writes("А бассейн есть?").await;
        tab.sees(CARD, &["«А бассейн есть?»", "без ответа"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_card_heals_when_the_backend_was_killed_and_started_again() {
    let world = World::new().await;
    let deal = handed_over(&world).await;
    browse("heals", async |tab| {
        opens_card(tab, &world, deal, ANNA).await;
        tab.sees(CARD, &["Ждёт менеджера"]).await;
        listens(&world, 1).await;
        world.kills_the_backend();
        tab.sees(
            CARD,
            &["Нет связи. Данные на", "Отвечать гостю можно", "Повторить"],
        )
        .await;
        tab.photographs("card-offline").await;
        world.serve(&[]).await;
        world.manager(IGOR).takes(PHONE).await;
        tab.sees(CARD, &["Ведёт Игорь"]).await;
        until("the bar is gone", async || {
            !tab.reads(CARD).await.contains("Нет связи")
        })
        .await;
        listens(&world, 1).await;
    })
    .await;
}

#[tokio::test]
async fn ten_tabs_all_show_the_truth_and_leave_the_connection_free() {
    const TABS: usize = 10;
    let world = World::new().await;
    let deal = handed_over(&world).await;
    browse("ten-tabs", async |tab| {
        let mut windows = Vec::new();
        for _ in 0..TABS {
            windows.push(tab.opens_beside(&url(&world, deal, ANNA)).await);
            tab.sees(CARD, &["Ждёт менеджера"]).await;
        }
        // A click gets through, and with one connection fewer than the browser has the card would not even be there.
        listens(&world, 3).await;
        tab.clicks(".estafeta-button", "Взять диалог").await;
        tab.sees(CARD, &["Ведёте вы", "Диалог у вас. Бот молчит."])
            .await;
        // The first of them is the browser's own empty window.
        for window in windows.into_iter().skip(1) {
            tab.turns_to(window).await;
            tab.sees(CARD, &["Ведёте вы"]).await;
        }
        assert_eq!(streams(&world).await, 3);
    })
    .await;
}

#[tokio::test]
async fn a_laptop_that_slept_shows_the_truth_when_it_wakes() {
    let world = World::new().await;
    let deal = handed_over(&world).await;
    browse("slept", async |tab| {
        // The connection of before died without a word, and nobody asks while it seems to live.
        let deaf = format!("{WATCHED} window.deaf = true;");
        before_the_page(tab, &deaf).await;
        opens_card(tab, &world, deal, ANNA).await;
        tab.sees(CARD, &["Ждёт менеджера"]).await;
        until("the card listens", async || asked(tab, "/events").await > 0).await;
        world.manager(IGOR).takes(PHONE).await;
        let (before, streams) = (asked(tab, "/dialogs").await, asked(tab, "/events").await);
        let slept = "const real = Date.now; Date.now = () => real() + 3600e3; return 1";
        assert_eq!(tab.asks(slept).await, json!(1));
        tab.sees(CARD, &["Ведёт Игорь"]).await;
        assert!(asked(tab, "/dialogs").await > before, "it has asked");
        until("it listens anew", async || {
            asked(tab, "/events").await > streams
        })
        .await;
    })
    .await;
}

async fn asked(tab: &Tab, what: &str) -> u64 {
    let script = format!("return asked.filter((url) => url.includes({what:?})).length");
    tab.asks(&script).await.as_u64().unwrap_or_default()
}

#[tokio::test]
async fn a_hidden_tab_listens_to_nothing_and_one_seen_again_shows_the_truth() {
    let world = World::new().await;
    let deal = handed_over(&world).await;
    browse("hidden", async |tab| {
        opens_card(tab, &world, deal, ANNA).await;
        tab.sees(CARD, &["Ждёт менеджера"]).await;
        listens(&world, 1).await;
        let hide = "window.away = true; \
            Object.defineProperty(document, 'hidden', { get: () => window.away }); \
            document.dispatchEvent(new Event('visibilitychange')); return 1";
        assert_eq!(tab.asks(hide).await, json!(1));
        listens(&world, 0).await;
        world.manager(IGOR).takes(PHONE).await;
        let show = "window.away = false; \
            document.dispatchEvent(new Event('visibilitychange')); return 1";
        assert_eq!(tab.asks(show).await, json!(1));
        tab.sees(CARD, &["Ведёт Игорь"]).await;
        listens(&world, 1).await;
    })
    .await;
}

#[tokio::test]
async fn where_streams_cannot_be_had_the_card_asks() {
    let world = World::new().await;
    let deal = handed_over(&world).await;
    browse("no-streams", async |tab| {
        before_the_page(tab, &format!("{WATCHED} window.refuse = '/events';")).await;
        opens_card(tab, &world, deal, ANNA).await;
        tab.sees(CARD, &["Ждёт менеджера"]).await;
        world.manager(IGOR).takes(PHONE).await;
        tab.sees(CARD, &["Ведёт Игорь"]).await;
        assert_eq!(streams(&world).await, 0);
        // Nor where the browser does not say which tab may have one.
        before_the_page(
            tab,
            "Object.defineProperty(navigator, 'locks', { value: undefined });",
        )
        .await;
        opens_card(tab, &world, deal, ANNA).await;
        tab.sees(CARD, &["Ведёт Игорь"]).await;
        world.manager(IGOR).returns(PHONE).await;
        tab.sees(CARD, &["Ведёт бот"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_click_without_a_connection_is_kept_until_there_is_one() {
    let world = World::new().await;
    let deal = handed_over(&world).await;
    browse("queued", async |tab| {
        before_the_page(tab, WATCHED).await;
        opens_card(tab, &world, deal, ANNA).await;
        tab.sees(CARD, &["Ждёт менеджера"]).await;
        listens(&world, 1).await;
        world.kills_the_backend();
        tab.sees(CARD, &["Нет связи"]).await;
        tab.asks("refuse = '/api/'; return 1").await;
        world.serve(&[]).await;
        tab.clicks(".estafeta-button", "Взять диалог").await;
        tab.sees(CARD, &["Ведёте вы", "Сохраняем…"]).await;
        tab.asks("refuse = null; return 1").await;
        tab.sees(CARD, &["Диалог у вас. Бот молчит."]).await;
        let taken: Value = world.deal_of(PHONE).await.expect("the deal");
        assert_eq!(taken["id"], json!(deal));
        let dialog = world.manager(ANNA).dialog_of(PHONE).await;
        assert!(dialog.is_led_by(widget_core::ids::UserId(ANNA)));
    })
    .await;
}

#[tokio::test]
async fn who_led_and_the_dialog_of_another_deal_are_read_in_the_card() {
    let world = World::new().await;
    let deal = handed_over(&world).await;
    let past =
        json!({"phone": PHONE, "name": "Прошлый заезд", "stage": "Выезд", "responsible": OLGA});
    let past = world.play("deals", &past).await["id"]
        .as_i64()
        .expect("an id");
    browse("history", async |tab| {
        opens_card(tab, &world, deal, ANNA).await;
        tab.clicks(".estafeta-link", "Ещё").await;
        tab.clicks(".estafeta-link", "История").await;
        tab.sees(
            ".estafeta-history",
            &["Передано: Гостей: 5, больше 4", "Бот"],
        )
        .await;
        tab.clicks(".estafeta-button", "Взять диалог").await;
        tab.sees(".estafeta-history", &["Анна: кнопка"]).await;
        tab.photographs("card-history").await;
        tab.clicks(".estafeta-link", "История").await;
        until("it closes", async || {
            tab.counts(".estafeta-history").await == 0
        })
        .await;
        opens_card(tab, &world, past, ANNA).await;
        tab.sees(
            CARD,
            &["Диалог в другой сделке: «Новая заявка»", "Ведёте вы"],
        )
        .await;
        tab.photographs("card-elsewhere").await;
        tab.clicks(".estafeta-link", "Открыть сделку").await;
        tab.sees(".deal-id", &[&format!("#{deal}")]).await;
    })
    .await;
}
