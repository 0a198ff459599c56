//! Сценарий 3: менеджер берёт диалог.

use super::PHONE;
use crate::harness::{ANNA, HANDOFF, IGOR, World, has_its_task, whatsapp_tasks};
use serde_json::{Value, json};
use widget_core::ids::UserId;
use widget_core::owner::{Owner, ReasonId};

/// A guest of Анна's deal who was handed over; the deal.
async fn handed_over(world: &World) -> Value {
    let deal = world.has_a_deal_at(PHONE, "Новая заявка").await;
    let guest = world.guest(PHONE);
    guest.asks("Нас будет пятеро").await;
    assert_eq!(guest.hears(1).await, HANDOFF);
    world.sees_deal(&deal, "handed over", has_its_task).await
}

/// A guest who talks with the bot; the deal.
async fn answered(world: &World) -> Value {
    let deal = world.has_a_deal_at(PHONE, "Новая заявка").await;
    let guest = world.guest(PHONE);
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    world.deal_comes_to(&deal, "Проведена консультация").await;
    world.comes_to_rest().await;
    deal
}

/// The dialog is a person's: the field says so, and the bot is silent meanwhile.
async fn a_person_leads(world: &World, deal: &Value) {
    world.manager(ANNA).sees_a_person(PHONE).await;
    world
        .sees_deal(deal, "taken", |deal| deal["owner_field"] == "Менеджер")
        .await;
    world.guest(PHONE).is_not_answered("А с питанием?").await;
    let deal = world.now(deal).await;
    assert_eq!(deal["owner_field"], "Менеджер");
}

#[tokio::test]
async fn scenario_3_by_the_button() {
    let world = World::new().await;
    let deal = handed_over(&world).await;
    world.manager(IGOR).takes(PHONE).await;
    a_person_leads(&world, &deal).await;
    let deal = world
        .sees_deal(&deal, "the task moves", |deal| {
            whatsapp_tasks(deal)[0]["responsible"] == IGOR
        })
        .await;
    assert_eq!(whatsapp_tasks(&deal)[0]["done"], false);
}

#[tokio::test]
async fn scenario_3_by_the_field() {
    let world = World::new().await;
    let deal = handed_over(&world).await;
    // A hint of our own that is still on its way may see the field first, and nobody knows then who set it.
    world.comes_to_rest().await;
    world
        .edits_deal(&deal, json!({"owner_field": "Менеджер"}), IGOR)
        .await;
    a_person_leads(&world, &deal).await;
    let card = world.manager(IGOR).dialog_of(PHONE).await;
    assert!(card.is_led_by(UserId(IGOR)), "{card:#?}");
}

#[tokio::test]
async fn scenario_3_when_the_responsible_opens_the_deal() {
    let world = World::new().await;
    let deal = handed_over(&world).await;
    let (anna, igor) = (world.manager(ANNA), world.manager(IGOR));
    igor.opens(&deal).await;
    anna.sees_waiting(PHONE, ReasonId::GuestsOver4).await;
    anna.opens(&deal).await;
    anna.sees_where(PHONE, "taken by opening", |dialog| {
        dialog.is_led_by(UserId(ANNA)) && dialog.undo_until.is_some()
    })
    .await;
    a_person_leads(&world, &deal).await;
}

#[tokio::test]
async fn scenario_3_a_glance_at_a_dialog_of_the_bot_takes_nothing() {
    let world = World::new().await;
    let deal = answered(&world).await;
    let anna = world.manager(ANNA);
    anna.opens(&deal).await;
    let card = anna.dialog_of(PHONE).await;
    assert_eq!(card.view.owner, Owner::Bot);
}

#[tokio::test]
async fn scenario_3_by_opening_always_as_the_masterplan_reads() {
    let world =
        World::with_policy(&[("take_on_open = \"waiting\"", "take_on_open = \"always\"")]).await;
    let deal = answered(&world).await;
    let anna = world.manager(ANNA);
    anna.opens(&deal).await;
    anna.sees_where(PHONE, "taken by opening", |dialog| {
        dialog.is_led_by(UserId(ANNA))
    })
    .await;
    a_person_leads(&world, &deal).await;
}

#[tokio::test]
async fn scenario_3_by_a_message_from_amocrm() {
    let world = World::new().await;
    let deal = handed_over(&world).await;
    let igor = world.manager(IGOR);
    igor.writes(PHONE, "Здравствуйте, сейчас посмотрю", "amocrm")
        .await;
    igor.sees_where(PHONE, "taken by a message", |dialog| {
        dialog.is_led_by(UserId(IGOR))
    })
    .await;
    a_person_leads(&world, &deal).await;
}

#[tokio::test]
async fn scenario_3_by_a_message_from_pact_or_the_phone() {
    for via in ["pact", "phone"] {
        let world = World::new().await;
        let deal = answered(&world).await;
        world
            .manager(IGOR)
            .writes(PHONE, "Здравствуйте, это менеджер", via)
            .await;
        a_person_leads(&world, &deal).await;
    }
}

#[tokio::test]
async fn scenario_3_a_robot_or_a_mailing_takes_nothing() {
    let world = World::new().await;
    answered(&world).await;
    let guest = world.guest(PHONE);
    for via in ["salesbot", "bulk"] {
        let text = format!("Скидки на май, {via}");
        world.manager(IGOR).writes(PHONE, &text, via).await;
        world.comes_to_rest().await;
        let card = world.manager(ANNA).dialog_of(PHONE).await;
        assert_eq!(card.view.owner, Owner::Bot, "{via}");
    }
    let question = guest.asks("А с питанием?").await;
    guest.hears(2).await;
    assert_eq!(guest.answers_to(question).await, 1);
}
