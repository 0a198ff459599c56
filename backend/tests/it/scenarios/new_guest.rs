//! Сценарий 1: новое обращение клиента.

use super::PHONE;
use crate::harness::{ANNA, HANDOFF, INTRO, World, has_its_task, has_note};
use reqwest::Method;
use serde_json::json;
use widget_core::owner::ReasonId;

const CLARIFY: &str = "вопрос по вашей текущей брони или вы хотите забронировать новую поездку?";

#[tokio::test]
async fn scenario_1_a_new_guest_is_consulted_and_gets_the_link() {
    let world = World::new().await;
    world
        .bot_knows(
            json!([{"contains": "Пришлите ссылку", "reply": "Вот ссылка на предоплату",
            "done": ["payment_link_sent"]}]),
        )
        .await;
    let guest = world.guest(PHONE);
    guest.asks("Сколько стоит номер на двоих?").await;
    let answer = guest.hears(1).await;
    assert!(
        answer.contains(INTRO),
        "the bot introduces itself: {answer}"
    );
    assert!(answer.contains("Ответ на «Сколько"), "{answer}");
    let deal = world
        .deal_where(PHONE, "consulted", |deal| {
            deal["stage"] == "Проведена консультация"
        })
        .await;
    assert!(
        world.count("amocrm", "GET", "/contacts").await > 0,
        "the contact was looked up"
    );
    assert_eq!(
        world.count("amocrm", "POST", "/leads").await,
        0,
        "amoCRM's own deal was adopted"
    );
    world
        .sees_deal(&deal, "the move is noted", |deal| {
            has_note(
                deal,
                "Бот перевёл сделку: «Новая заявка» → «Проведена консультация»",
            )
        })
        .await;

    guest.asks("Подходит. Пришлите ссылку").await;
    assert_eq!(guest.hears(2).await, "Вот ссылка на предоплату");
    world.deal_comes_to(&deal, "Предварительная бронь").await;
    // From here on only the account's own robot moves the deal.
    guest.asks("А во сколько заезд?").await;
    guest.hears(3).await;
    world.comes_to_rest().await;
    let deal = world.deal_of(PHONE).await.expect("still the one deal");
    assert_eq!(deal["stage"], "Предварительная бронь");
    assert_eq!(deal["owner_field"], "Бот");
}

#[tokio::test]
async fn scenario_1_with_a_prepaid_deal_it_is_a_question_about_the_booking() {
    for stage in ["Предоплата получена", "Заезд", "Проживающие"] {
        let world = World::new().await;
        world
            .bot_knows(
                json!([{"contains": "", "reply": "Паспорт и санаторно-курортную карту",
                "done": ["consulted", "payment_link_sent"]}]),
            )
            .await;
        let deal = world.has_a_deal_at(PHONE, stage).await;
        let guest = world.guest(PHONE);
        guest.asks("Какие документы взять?").await;
        let answer = guest.hears(1).await;
        assert!(answer.ends_with("Паспорт и санаторно-курортную карту"));
        world
            .sees_deal(&deal, "bound", |deal| deal["owner_field"] == "Бот")
            .await;
        world.comes_to_rest().await;
        let deal = world.deal_of(PHONE).await.expect("no second deal");
        assert_eq!(deal["stage"], stage, "answered, not moved");
        assert_eq!(deal["tasks"], json!([]));
    }
}

#[tokio::test]
async fn scenario_1_the_bot_is_told_what_the_deal_and_the_contact_say() {
    let world = World::new().await;
    let booking = json!({"fields": {
        "Дата заезда": "2027-02-02", "Дата выезда": "2027-02-12",
        "Категория номера": "Полулюкс", "Состав гостей": 2,
    }});
    let deal = world
        .has_a_deal_with(PHONE, "Предоплата получена", booking)
        .await;
    let contact = &deal["contact"]["id"];
    let names = json!([{"id": contact, "name": "Анна Петровна", "first_name": "Анна Петровна"}]);
    world.asks_amocrm(Method::PATCH, "contacts", &names).await;
    let note = json!([{"note_type": "common", "params": {"text": "Любит тишину"}}]);
    world
        .asks_amocrm(Method::POST, &format!("contacts/{contact}/notes"), &note)
        .await;
    let guest = world.guest(PHONE);
    guest.asks("Во сколько заезд?").await;
    let answer = guest.hears(1).await;
    assert!(answer.contains("Анна Петровна"), "{answer}");
    let asked = world.last_question().await;
    assert_eq!(asked["introduce"], true);
    assert_eq!(
        asked["contact"],
        json!({"name": "Анна", "patronymic": "Петровна", "notes": ["Любит тишину"]})
    );
    let triggers = asked["policy"]["triggers"].as_array().expect("a list");
    assert!(
        triggers.contains(&json!("guests_over_4")),
        "masterplan: «есть в инструкции бота»"
    );
    assert!(asked["policy"]["texts"]["handoff"].is_string());
    let known = &asked["deal"];
    assert_eq!(
        (&known["id"], &known["stage"]),
        (&deal["id"], &json!("prepaid"))
    );
    assert_eq!(
        (&known["arrival"], &known["departure"]),
        (&json!("2027-02-02"), &json!("2027-02-12"))
    );
    assert_eq!(
        (&known["category"], &known["guests"]),
        (&json!("Полулюкс"), &json!("2"))
    );
}

#[tokio::test]
async fn scenario_1_without_active_deals_it_is_a_new_inquiry() {
    let world = World::new().await;
    let old = world.has_a_deal_at(PHONE, "Успешно реализовано").await;
    let guest = world.guest(PHONE);
    guest.asks("Есть места на май?").await;
    assert!(guest.hears(1).await.contains(INTRO));
    let new = world.new_deal_beside(PHONE, &old).await;
    world.deal_comes_to(&new, "Проведена консультация").await;
    world.comes_to_rest().await;
    world.new_deal_beside(PHONE, &old).await;
    let old = world.now(&old).await;
    assert_eq!(old["stage"], "Успешно реализовано");
    assert_eq!(old["notes"], json!([]));
}

#[tokio::test]
async fn scenario_1_when_unclear_the_bot_asks_back_and_then_a_manager_answers() {
    let world = World::new().await;
    world
        .bot_knows(json!([
            {"contains": "по поводу", "intents": ["unclear"]},
            {"contains": "ну то самое", "intents": ["unclear"]},
        ]))
        .await;
    let guest = world.guest(PHONE);
    guest.asks("Я по поводу того").await;
    let asked = guest.hears(1).await;
    assert!(asked.contains(INTRO), "{asked}");
    assert!(asked.ends_with(CLARIFY), "{asked}");
    guest.asks("ну то самое").await;
    assert_eq!(guest.hears(2).await, HANDOFF);
    world
        .manager(ANNA)
        .sees_waiting(PHONE, ReasonId::UnclearTwice)
        .await;
    world.deal_where(PHONE, "its task", has_its_task).await;
}

#[tokio::test]
async fn scenario_1_an_answer_to_the_question_back_goes_on() {
    let world = World::new().await;
    world
        .bot_knows(json!([{"contains": "по поводу", "intents": ["unclear"]}]))
        .await;
    let guest = world.guest(PHONE);
    guest.asks("Я по поводу того").await;
    assert!(guest.hears(1).await.ends_with(CLARIFY));
    let question = guest.asks("Хочу номер на май").await;
    let answer = guest.hears(2).await;
    assert!(!answer.contains(INTRO), "{answer}");
    assert_eq!(guest.answers_to(question).await, 1);
    world
        .deal_where(PHONE, "consulted", |deal| {
            deal["stage"] == "Проведена консультация"
        })
        .await;
}

#[tokio::test]
async fn refused_opens_a_new_deal() {
    let world = World::new().await;
    // amoCRM makes no deal by itself here: ours is the only one.
    world.lasting_fault("amocrm", "never_deal").await;
    let old = world.has_a_deal_at(PHONE, "Отказ").await;
    let guest = world.guest(PHONE);
    guest.asks("Всё-таки хочу приехать").await;
    guest.hears(1).await;
    let new = world.new_deal_beside(PHONE, &old).await;
    world.deal_comes_to(&new, "Проведена консультация").await;
    guest.asks("Сколько стоит номер?").await;
    guest.hears(2).await;
    world.comes_to_rest().await;
    world.new_deal_beside(PHONE, &old).await;
    assert_eq!(world.now(&old).await["stage"], "Отказ");
    assert_eq!(world.count("amocrm", "POST", "/leads").await, 1);
    assert_eq!(world.count("amocrm", "POST", "/contacts").await, 0);
}
