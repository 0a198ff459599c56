//! Сценарий 4: возврат диалога боту.

use super::PHONE;
use crate::harness::{ANNA, HANDOFF, RETURN_INTRO, World, has_its_task, whatsapp_tasks};
use serde_json::{Value, json};
use widget_core::owner::{Owner, ReasonId};

/// Анна has answered a guest who was handed over; the deal.
async fn led_by_anna(world: &World) -> Value {
    let deal = world.has_a_deal_at(PHONE, "Новая заявка").await;
    let guest = world.guest(PHONE);
    guest.asks("Нас будет пятеро").await;
    assert_eq!(guest.hears(1).await, HANDOFF);
    world.sees_deal(&deal, "handed over", has_its_task).await;
    let anna = world.manager(ANNA);
    anna.takes(PHONE).await;
    anna.writes(PHONE, "Да, найдём два номера рядом", "amocrm")
        .await;
    world
        .sees_deal(&deal, "taken", |deal| deal["owner_field"] == "Менеджер")
        .await
}

/// The bot is back: it introduces itself, answers, and hands over again what it does not know.
async fn the_bot_goes_on(world: &World, deal: &Value) {
    let guest = world.guest(PHONE);
    let intro = guest.hears(2).await;
    assert!(intro.starts_with(RETURN_INTRO), "{intro}");
    let deal = world
        .sees_deal(deal, "the bot's, the task closed", |deal| {
            deal["owner_field"] == "Бот" && whatsapp_tasks(deal)[0]["done"] == true
        })
        .await;
    world
        .bot_knows(json!([{"contains": "бювет", "kb": "miss"}]))
        .await;
    let question = guest.asks("Какие документы взять?").await;
    let answer = guest.hears(3).await;
    assert!(!answer.contains("помощник"), "one intro a return: {answer}");
    assert_eq!(guest.answers_to(question).await, 1);
    guest.asks("А бювет далеко?").await;
    assert_eq!(guest.hears(4).await, HANDOFF);
    world
        .manager(ANNA)
        .sees_waiting(PHONE, ReasonId::NoKb)
        .await;
    world
        .sees_deal(&deal, "a task of its own", |deal| {
            let tasks = whatsapp_tasks(deal);
            tasks.len() == 2 && tasks.iter().filter(|task| task["done"] == false).count() == 1
        })
        .await;
}

#[tokio::test]
async fn scenario_4_by_the_button() {
    let world = World::new().await;
    let deal = led_by_anna(&world).await;
    world.manager(ANNA).returns(PHONE).await;
    the_bot_goes_on(&world, &deal).await;
}

#[tokio::test]
async fn scenario_4_forty_minutes_after_the_managers_last_message() {
    let world = World::new().await;
    let deal = led_by_anna(&world).await;
    let anna = world.manager(ANNA);
    world.minutes_pass(30).await;
    anna.writes(PHONE, "Номера держу до вечера", "phone").await;
    world.minutes_pass(35).await;
    let card = anna.dialog_of(PHONE).await;
    assert!(
        matches!(card.view.owner, Owner::Manager { .. }),
        "counted from the last message: {card:#?}"
    );
    world.minutes_pass(6).await;
    anna.sees_the_bot(PHONE).await;
    the_bot_goes_on(&world, &deal).await;
}

#[tokio::test]
async fn scenario_4_what_the_guest_asked_meanwhile_is_answered_once_with_the_intro() {
    let world = World::new().await;
    let deal = led_by_anna(&world).await;
    let guest = world.guest(PHONE);
    let question = guest.is_not_answered("А парковка есть?").await;
    world.manager(ANNA).returns(PHONE).await;
    let answer = guest.hears(2).await;
    assert!(answer.contains("виртуальный помощник"), "{answer}");
    world
        .sees_deal(&deal, "the bot's", |deal| deal["owner_field"] == "Бот")
        .await;
    world.comes_to_rest().await;
    assert_eq!(guest.answers_to(question).await, 1);
    assert_eq!(guest.heard_from_bot().await.len(), 2);
}
