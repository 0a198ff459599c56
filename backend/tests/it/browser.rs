//! The card as a manager sees it, and the demo as a customer sees it, in a real Chromium.

use crate::harness::{ANNA, HANDOFF, IGOR, INTRO, MOVES, Tab, World, browse};
use serde_json::{Value, json};

const PHONE: &str = "79000000001";
const CARD: &str = ".estafeta-card";
/// Ольга: so that no card of Анна or Игорь takes the dialog by being looked at.
const OLGA: i64 = 9001;

async fn deal_of_olga(world: &World, phone: &str, name: &str) -> i64 {
    let deal = json!({"phone": phone, "name": name, "stage": "Новая заявка", "responsible": OLGA});
    world.play("deals", &deal).await["id"]
        .as_i64()
        .expect("an id")
}

fn card_url(world: &World, deal: i64, user: i64) -> String {
    format!(
        "{}/leads/detail/{deal}?user={user}&panel=1",
        world.sandbox_url
    )
}

async fn no_errors(tab: &Tab) {
    assert_eq!(tab.console().await, Vec::<String>::new());
}

#[tokio::test]
async fn points_2_and_3_clicked_through_in_the_card() {
    let world = World::demo().await;
    let guest = world.guest(PHONE);
    let deal = deal_of_olga(&world, PHONE, "Заезд на май").await;
    browse("points", async |tab| {
        tab.opens(&card_url(&world, deal, ANNA)).await;
        tab.sees(CARD, &["Переписки в WhatsApp нет"]).await;
        tab.photographs("card-none").await;

        // 2. Handed over, with the reason and the guest's words.
        guest.asks("Нас будет пятеро").await;
        assert_eq!(guest.hears(1).await, HANDOFF);
        tab.sees(
            CARD,
            &[
                "Ждёт менеджера",
                "Гостей: 5, больше 4",
                "«Нас будет пятеро»",
                "Взять диалог",
                "Ответ не нужен",
            ],
        )
        .await;
        tab.sees(".task[data-task]", &["WhatsApp", "Нас будет пятеро"])
            .await;
        assert_eq!(tab.counts(".task[data-task]").await, 1);
        assert_eq!(owner_field(tab, "Ждёт менеджера").await, "Ждёт менеджера");
        tab.clicks(".estafeta-link", "Почему так").await;
        tab.sees(".estafeta-why", &["5"]).await;
        tab.photographs("card-waiting").await;
        tab.clicks(".estafeta-link", "Почему так").await;

        // 3. Taken in one tab, seen in the other.
        let annas = tab.opens_beside(&card_url(&world, deal, IGOR)).await;
        tab.sees(CARD, &["Ждёт менеджера", "Взять диалог"]).await;
        let igors = tab.turns_to(annas).await;
        tab.clicks(".estafeta-button", "Взять диалог").await;
        tab.sees(CARD, &["Ведёте вы", "Вернуть боту", "Гость ждёт ответа"])
            .await;
        tab.photographs("card-mine").await;
        let annas = tab.turns_to(igors).await;
        tab.sees(CARD, &["Ведёт Анна", "Перехватить"]).await;
        tab.photographs("card-other").await;
        tab.turns_to(annas).await;

        // The manager answers from the deal; the next message stays with her.
        tab.types(".composer textarea", "Поселим всех пятерых")
            .await;
        tab.clicks(".composer button", "Отправить").await;
        tab.sees(
            ".feed-message[data-from=manager]",
            &["Поселим всех пятерых"],
        )
        .await;
        tab.sees(CARD, &["К боту в"]).await;
        let question = guest.asks("А бассейн есть?").await;
        tab.sees(CARD, &["Гость ждёт ответа", "«А бассейн есть?»"])
            .await;
        world.comes_to_rest().await;
        assert_eq!(guest.heard_from_bot().await, [HANDOFF], "the bot is silent");

        tab.clicks(".estafeta-button", "Вернуть боту").await;
        let answer = guest.hears(2).await;
        assert!(
            answer.starts_with("Здравствуйте") && answer.contains(INTRO),
            "{answer}"
        );
        assert_eq!(guest.answers_to(question).await, 1);
        tab.sees(CARD, &["Ведёт бот", "Последний ответ в", "Взять диалог"])
            .await;
        tab.sees(".feed-message[data-from=bot]", &[INTRO, "А бассейн есть?"])
            .await;
        assert_eq!(owner_field(tab, "Бот").await, "Бот");
        tab.photographs("card-bot").await;
        world.comes_to_rest().await;
        assert_eq!(
            guest.heard_from_bot().await.len(),
            2,
            "answered exactly once"
        );
        no_errors(tab).await;
    })
    .await;
}

/// The field «Ведёт диалог» of the open card, once it shows `wanted`.
async fn owner_field(tab: &Tab, wanted: &str) -> String {
    crate::harness::until_some("the field of the deal", async || {
        let value = tab
            .asks("return document.querySelector('#f-owner').value")
            .await;
        value
            .as_str()
            .filter(|value| *value == wanted)
            .map(str::to_owned)
    })
    .await
}

#[tokio::test]
async fn the_field_of_the_deal_takes_and_returns_in_the_card() {
    let world = World::demo().await;
    let guest = world.guest(PHONE);
    let deal = deal_of_olga(&world, PHONE, "Заезд на май").await;
    browse("field", async |tab| {
        guest.asks("Сколько стоит номер?").await;
        guest.hears(1).await;
        tab.opens(&card_url(&world, deal, IGOR)).await;
        tab.sees(CARD, &["Ведёт бот"]).await;
        choose_owner(tab, "Менеджер").await;
        tab.sees(CARD, &["Ведёте вы"]).await;
        choose_owner(tab, "Бот").await;
        tab.sees(CARD, &["Ведёт бот"]).await;
        no_errors(tab).await;
    })
    .await;
}

async fn choose_owner(tab: &Tab, value: &str) {
    let script = format!(
        "const field = document.querySelector('#f-owner'); field.value = {value:?}; \
         field.dispatchEvent(new Event('change', {{ bubbles: true }})); return field.value"
    );
    assert_eq!(tab.asks(&script).await, json!(value));
}

#[tokio::test]
async fn the_card_is_readable_in_the_dark_and_in_english() {
    let world = World::demo().await;
    let deal = deal_of_olga(&world, PHONE, "Заезд на май").await;
    world.guest(PHONE).asks("Нас будет пятеро").await;
    world.guest(PHONE).hears(1).await;
    browse("dark", async |tab| {
        tab.opens(&format!("{}&theme=dark", card_url(&world, deal, ANNA))).await;
        tab.sees(CARD, &["Ждёт менеджера", "Взять диалог"]).await;
        tab.photographs("card-waiting-dark").await;
        let colours = tab
            .asks(
                "const of = (e) => getComputedStyle(e); const light = (c) => { const n = c.match(/[\\d.]+/g).map(Number); \
                 return (n[0] * 299 + n[1] * 587 + n[2] * 114) / 1000 }; \
                 const card = document.querySelector('.estafeta-status'); let behind = card; \
                 while (behind && /rgba\\(0, 0, 0, 0\\)|transparent/.test(of(behind).backgroundColor)) behind = behind.parentElement; \
                 return [light(of(card).color), light(of(behind || document.body).backgroundColor)]",
            )
            .await;
        let (text, ground) = (colours[0].as_f64(), colours[1].as_f64());
        assert!(text.zip(ground).is_some_and(|(text, ground)| text > ground + 80.0), "{colours}");
        tab.clicks(".estafeta-button", "Взять диалог").await;
        tab.sees(CARD, &["Ведёте вы"]).await;
        tab.photographs("card-mine-dark").await;
        tab.opens(&format!("{}&lang=en", card_url(&world, deal, IGOR))).await;
        tab.sees(CARD, &["Led by", "Take over"]).await;
        tab.photographs("card-other-en").await;
        no_errors(tab).await;
    })
    .await;
}

#[tokio::test]
async fn a_tab_whose_card_is_old_is_corrected_not_obeyed() {
    let world = World::demo().await;
    let deal = deal_of_olga(&world, PHONE, "Заезд на май").await;
    world.guest(PHONE).asks("Нас будет пятеро").await;
    world.guest(PHONE).hears(1).await;
    browse("stale", async |tab| {
        tab.opens(&card_url(&world, deal, IGOR)).await;
        tab.sees(CARD, &["Взять диалог"]).await;
        // Анна takes, and Игорь clicks before his card has heard of it.
        let script = "const click = () => { const button = document.querySelector('.estafeta-button'); \
             if (button.innerText.trim() === 'Взять диалог') button.click(); }; \
             const real = window.fetch; let held = []; let hold = true; \
             window.fetch = (...a) => hold && String(a[0]).includes('/dialogs') && !String(a[0]).includes('/take') \
               ? new Promise((go) => held.push(() => go(real(...a)))) : real(...a); \
             window.clickAndRelease = () => { click(); hold = false; held.forEach((go) => go()); }; return 1";
        assert_eq!(tab.asks(script).await, json!(1));
        world.manager(ANNA).takes(PHONE).await;
        tab.asks("window.clickAndRelease(); return 1").await;
        tab.sees(CARD, &["Ведёт Анна", "Перехватить"]).await;
        let leads = world.manager(ANNA).dialog_of(PHONE).await;
        assert!(leads.is_led_by(widget_core::ids::UserId(ANNA)));
        // A 409 is an answer that the browser logs as an error of the network.
        let errors = tab.console().await;
        assert!(errors.iter().all(|error| error.contains("409")), "{errors:#?}");
    })
    .await;
}

#[tokio::test]
async fn going_500_times_from_card_to_card_leaves_one_app_and_nothing_that_grows() {
    const ROUNDS: i64 = 500 / MOVES;
    let world = World::demo().await;
    let first = deal_of_olga(&world, PHONE, "Первая").await;
    let second = deal_of_olga(&world, "79000000002", "Вторая").await;
    for phone in [PHONE, "79000000002"] {
        world.guest(phone).asks("Сколько стоит номер?").await;
        world.guest(phone).hears(1).await;
    }
    browse("rounds", async |tab| {
        tab.will_be_weighed().await;
        tab.opens(&card_url(&world, first, ANNA)).await;
        tab.sees(CARD, &["Ведёт бот"]).await;
        tab.goes_to_and_fro(5, first, second).await;
        let before = tab.weighs().await;
        tab.goes_to_and_fro(ROUNDS, first, second).await;
        let after = tab.weighs().await;
        eprintln!("{ROUNDS} rounds: from {before:?} to {after:?}");
        // What is left behind in each round, or in each fifth, would show as that many.
        assert!(
            after.listeners - before.listeners < ROUNDS / 5,
            "{before:?}, {after:?}"
        );
        assert!(
            after.nodes - before.nodes < ROUNDS / 5,
            "{before:?}, {after:?}"
        );
        assert_eq!(after.wasm, before.wasm, "{before:?}, {after:?}");
        assert!(before.wasm > 0, "{before:?}");
        // The app lives: it still shows who leads.
        tab.sees(CARD, &["Ведёт бот"]).await;
        assert_eq!(tab.counts(CARD).await, 1, "one app on the page");
        no_errors(tab).await;
    })
    .await;
}

#[tokio::test]
async fn the_demo_tells_its_story_on_one_page() {
    let world = World::demo().await;
    browse("demo", async |tab| {
        tab.opens(&format!(
            "{}/?guest={PHONE}&manager={IGOR}",
            world.sandbox_url
        ))
        .await;
        tab.sees(
            "body",
            &[
                "Телефон гостя",
                "Карточка в amoCRM",
                "Здесь откроется карточка сделки",
            ],
        )
        .await;
        tab.photographs("demo-start").await;

        // The guest asks, the bot answers, the deal appears beside.
        tab.clicks(
            "#chips button",
            "Здравствуйте! Сколько стоит номер на двоих?",
        )
        .await;
        tab.sees("#messages .row[data-from=bot]", &[INTRO]).await;
        tab.enters_frame("#screen iframe").await;
        tab.sees(CARD, &["Ведёт бот"]).await;
        tab.leaves_frame().await;
        tab.photographs("demo-bot").await;

        // The manager takes in the right half, the guest writes on in the left one: silence.
        tab.enters_frame("#screen iframe").await;
        tab.clicks(".estafeta-button", "Взять диалог").await;
        tab.sees(CARD, &["Ведёте вы", "Вернуть боту"]).await;
        tab.leaves_frame().await;
        tab.sees("#owner", &["Ведёт менеджер"]).await;
        tab.enters_frame("#screen iframe").await;
        tab.types(".composer textarea", "Здравствуйте, это Игорь")
            .await;
        tab.clicks(".composer button", "Отправить").await;
        tab.sees(".feed-message[data-from=manager]", &["это Игорь"])
            .await;
        tab.leaves_frame().await;
        tab.sees("#messages .row[data-from=manager]", &["это Игорь"])
            .await;
        tab.photographs("demo-manager").await;

        // Forty minutes later the bot leads again.
        tab.presses("[data-advance='2400']").await;
        tab.sees("#owner", &["Ведёт бот"]).await;
        tab.enters_frame("#screen iframe").await;
        tab.sees(CARD, &["Ведёт бот"]).await;
        tab.leaves_frame().await;
        tab.sees("#messages", &["Снова на связи"]).await;

        // And hands over what it must not decide.
        tab.types("#text", "Нас будет пятеро").await;
        tab.presses("#write .send").await;
        tab.sees("#messages", &[HANDOFF]).await;
        tab.sees("#owner", &["Ждёт менеджера"]).await;
        tab.enters_frame("#screen iframe").await;
        tab.sees(CARD, &["Ждёт менеджера", "Гостей: 5, больше 4"])
            .await;
        tab.leaves_frame().await;
        tab.photographs("demo-handoff").await;
        // The leap of the clock ends the card's session: the card opens another one.
        let errors = tab.console().await;
        assert!(
            errors.iter().all(|error| error.contains("401")),
            "{errors:#?}"
        );
    })
    .await;
    let heard = world.guest(PHONE).heard_from_bot().await;
    assert_eq!(heard.len(), 3, "an answer, an intro, a handoff: {heard:#?}");
    let deal: Value = world.deal_of(PHONE).await.expect("one deal");
    assert_eq!(deal["stage"], "Проведена консультация");
}
