//! Сценарий 5: финальное касание.

use super::PHONE;
use crate::harness::{ANNA, World, contact_tasks, has_note, open_tasks};
use serde_json::{Value, json};

const TOUCH: &str = "Удалось подумать над датами?";
const TOUCH_LINK: &str = "Ссылка на предоплату ещё ждёт вас.";

/// A guest of a deal at this stage asks on Wednesday at eleven, is answered, and falls silent; the deal.
async fn falls_silent(world: &World, stage: &str) -> Value {
    let deal = world.has_a_deal_at(PHONE, stage).await;
    let guest = world.guest(PHONE);
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    world
        .sees_deal(&deal, "bound", |deal| deal["owner_field"] == "Бот")
        .await;
    world.comes_to_rest().await;
    deal
}

/// A day later the guest is written to once more.
async fn is_touched(world: &World, text: &str) {
    world.it_is("2026-11-19T10:50:00+03:00").await;
    world.comes_to_rest().await;
    let guest = world.guest(PHONE);
    assert_eq!(guest.heard_from_bot().await.len(), 1, "not yet");
    world.it_is("2026-11-19T11:03:00+03:00").await;
    let touch = guest.hears(2).await;
    assert!(touch.contains(text), "{touch}");
}

#[tokio::test]
async fn scenario_5_who_does_not_answer_the_touch_is_refused_at_an_early_stage() {
    let world = World::new().await;
    let deal = falls_silent(&world, "Новая заявка").await;
    world.deal_comes_to(&deal, "Проведена консультация").await;
    is_touched(&world, TOUCH).await;
    world
        .sees_deal(&deal, "the touch is noted", |deal| {
            has_note(deal, "Финальное касание: «Здравствуйте")
        })
        .await;

    // Two days after the touch, and no second one.
    world.it_is("2026-11-21T10:55:00+03:00").await;
    world.comes_to_rest().await;
    assert_eq!(world.now(&deal).await["stage"], "Проведена консультация");
    world.it_is("2026-11-21T11:10:00+03:00").await;
    let deal = world.deal_comes_to(&deal, "Отказ").await;
    assert_eq!(deal["loss_reason"], "Не отвечает");
    let deal = world
        .sees_deal(&deal, "the move is noted", |deal| {
            has_note(
                deal,
                "Бот перевёл сделку: «Проведена консультация» → «Отказ»",
            )
        })
        .await;
    assert!(open_tasks(&deal).is_empty(), "{deal:#}");
    world.it_is("2026-11-24T12:00:00+03:00").await;
    world.comes_to_rest().await;
    assert_eq!(world.guest(PHONE).heard_from_bot().await.len(), 2, "once");
}

#[tokio::test]
async fn scenario_5_with_the_link_sent_a_manager_follows_up() {
    let world = World::new().await;
    let deal = falls_silent(&world, "Предварительная бронь").await;
    is_touched(&world, TOUCH_LINK).await;
    world.it_is("2026-11-21T11:10:00+03:00").await;
    let deal = world
        .sees_deal(&deal, "followed up", |deal| contact_tasks(deal).len() == 1)
        .await;
    assert_eq!(contact_tasks(&deal)[0]["responsible"], ANNA);
    assert_eq!(deal["stage"], "Предварительная бронь");
    world.comes_to_rest().await;
    let deal = world.now(&deal).await;
    assert_eq!(contact_tasks(&deal).len(), 1);
    assert_eq!(deal["stage"], "Предварительная бронь");
}

#[tokio::test]
async fn scenario_5_the_touch_waits_for_the_end_of_the_quiet_hours() {
    let world = World::new().await;
    world.it_is("2026-11-18T21:00:00+03:00").await;
    falls_silent(&world, "Новая заявка").await;
    let guest = world.guest(PHONE);
    world.it_is("2026-11-20T09:50:00+03:00").await;
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await.len(), 1, "it is quiet");
    world.it_is("2026-11-20T10:02:00+03:00").await;
    assert!(guest.hears(2).await.contains(TOUCH));
}

#[tokio::test]
async fn scenario_5_who_answers_the_touch_stays_in_the_funnel() {
    let world = World::new().await;
    let deal = falls_silent(&world, "Новая заявка").await;
    is_touched(&world, TOUCH).await;
    let guest = world.guest(PHONE);
    world.it_is("2026-11-20T12:00:00+03:00").await;
    guest.asks("Да, возьмём на май").await;
    guest.hears(3).await;
    world.it_is("2026-11-21T11:30:00+03:00").await;
    world.comes_to_rest().await;
    let deal = world.now(&deal).await;
    assert_eq!(deal["stage"], "Проведена консультация");
    assert_eq!(contact_tasks(&deal).len(), 0);
    assert_eq!(guest.heard_from_bot().await.len(), 3, "no second touch");
}

#[tokio::test]
async fn scenario_5_whom_a_person_has_written_to_is_not_touched() {
    let world = World::new().await;
    let deal = falls_silent(&world, "Новая заявка").await;
    let anna = world.manager(ANNA);
    anna.writes(PHONE, "Здравствуйте, помогу с датами", "phone")
        .await;
    anna.sees_a_person(PHONE).await;
    world.minutes_pass(41).await;
    anna.sees_the_bot(PHONE).await;
    let guest = world.guest(PHONE);
    let heard = guest.heard_from_bot().await.len();
    world.it_is("2026-11-22T12:00:00+03:00").await;
    world.comes_to_rest().await;
    let after = guest.heard_from_bot().await;
    assert!(after.iter().all(|text| !text.contains(TOUCH)), "{after:#?}");
    assert!(after.len() <= heard + 1, "at most the intro: {after:#?}");
    assert_eq!(world.now(&deal).await["stage"], "Проведена консультация");
}

#[tokio::test]
async fn scenario_5_who_opted_out_is_not_touched() {
    let world = World::new().await;
    world
        .bot_knows(json!([{"contains": "не пишите", "reply": "Хорошо", "intents": ["opt_out"]}]))
        .await;
    falls_silent(&world, "Новая заявка").await;
    let guest = world.guest(PHONE);
    guest.asks("Я сам решу, вы мне больше не пишите").await;
    guest.hears(2).await;
    world.it_is("2026-11-22T12:00:00+03:00").await;
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await.len(), 2);
}

#[tokio::test]
async fn scenario_5_with_a_task_of_a_person_the_guest_is_left_to_them() {
    let world = World::new().await;
    let deal = falls_silent(&world, "Новая заявка").await;
    let task = json!({"deal": deal["id"], "type": "Встреча", "by": "user", "user": ANNA});
    world.play("tasks", &task).await;
    world.it_is("2026-11-22T12:00:00+03:00").await;
    world.comes_to_rest().await;
    assert_eq!(world.guest(PHONE).heard_from_bot().await.len(), 1);
    assert_eq!(world.now(&deal).await["stage"], "Проведена консультация");
}
