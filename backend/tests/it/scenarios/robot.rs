//! «Конфликт с существующим роботом amoCRM».

use super::PHONE;
use crate::harness::{HANDOFF, World, whatsapp_tasks};
use serde_json::json;

#[tokio::test]
async fn robot_conflict_a_deal_moved_while_the_bot_answers_stays_where_the_robot_put_it() {
    let world = World::new().await;
    let deal = world.has_a_deal_at(PHONE, "Новая заявка").await;
    world.bot(&json!({"delay_ms": 2000})).await;
    let guest = world.guest(PHONE);
    guest.asks("Сколько стоит номер?").await;
    world
        .eventually("the bot thinks", async || {
            (world.turns().await == 1).then_some(())
        })
        .await;
    world
        .robot_edits(&deal, json!({"stage": "Предоплата получена"}))
        .await;
    let theirs = world.robot_sets_task(&deal, "Проверить оплату").await;
    guest.hears(1).await;
    world
        .sees_deal(&deal, "bound", |deal| deal["owner_field"] == "Бот")
        .await;
    world.comes_to_rest().await;
    let now = world.now(&deal).await;
    assert_eq!(now["stage"], "Предоплата получена", "not moved back");
    assert_eq!(
        now["tasks"],
        json!([theirs]),
        "the robot's task is left alone"
    );

    // A handoff has a task of its own beside the robot's.
    guest.asks("Нас будет пятеро").await;
    assert_eq!(guest.hears(2).await, HANDOFF);
    let now = world
        .sees_deal(&deal, "its task", |deal| whatsapp_tasks(deal).len() == 1)
        .await;
    assert!(
        now["tasks"]
            .as_array()
            .is_some_and(|tasks| tasks.contains(&theirs))
    );
    assert_eq!(now["stage"], "Предоплата получена");
}

#[tokio::test]
async fn robot_conflict_in_the_robots_zone_the_bot_moves_nothing() {
    let world = World::new().await;
    world
        .bot_knows(
            json!([{"contains": "", "reply": "Вот ссылка ещё раз", "done": ["payment_link_sent"]}]),
        )
        .await;
    let deal = world.has_a_deal_at(PHONE, "Предварительная бронь").await;
    let guest = world.guest(PHONE);
    guest.asks("Где посмотреть бронь?").await;
    guest.hears(1).await;
    world.comes_to_rest().await;
    assert_eq!(world.now(&deal).await["stage"], "Предварительная бронь");
    // The robot sees the payment; the bot goes on answering there.
    world
        .robot_edits(&deal, json!({"stage": "Предоплата получена"}))
        .await;
    guest.asks("Спасибо, а что взять с собой?").await;
    guest.hears(2).await;
    world.comes_to_rest().await;
    assert_eq!(world.now(&deal).await["stage"], "Предоплата получена");
}

#[tokio::test]
async fn robot_conflict_a_message_of_the_robot_takes_nothing() {
    let texts = [("texts = []  ", "texts = [\"Спасибо за оплату!\"]  ")];
    let world = World::with_policy(&texts).await;
    let guest = world.guest(PHONE);
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    world.comes_to_rest().await;
    // Sent through Pact by the robot's service: only its text tells it from a person's.
    world
        .manager(crate::harness::IGOR)
        .writes(PHONE, "Спасибо за оплату!", "pact")
        .await;
    world.comes_to_rest().await;
    let question = guest.asks("А с питанием?").await;
    guest.hears(2).await;
    assert_eq!(guest.answers_to(question).await, 1);
}
