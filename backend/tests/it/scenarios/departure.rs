//! «Особая логика для этапа "Выезд"».

use super::PHONE;
use crate::harness::{ANNA, HANDOFF, INTRO, World, has_its_task, has_note, open_tasks};
use serde_json::{Value, json};
use widget_core::owner::ReasonId;

const CLARIFY: &str = "вопрос по прошедшему отдыху, отзыв или новая поездка?";

/// A guest at «Выезд» writes, and the bot reports this of it; the deal.
async fn writes_at_departure(world: &World, words: &str, report: Value) -> Value {
    let mut rule = report;
    rule["contains"] = json!("");
    world.bot_knows(json!([rule])).await;
    let deal = world.has_a_deal_at(PHONE, "Выезд").await;
    world.guest(PHONE).asks(words).await;
    deal
}

/// The deal at «Выезд» is as it was, and the only one.
async fn stays_in_its_deal(world: &World, deal: &Value) -> Value {
    world.comes_to_rest().await;
    let only = world.deal_of(PHONE).await.expect("no second deal");
    assert_eq!(
        (&only["id"], &only["stage"]),
        (&deal["id"], &json!("Выезд"))
    );
    only
}

/// The guest's new deal; the one at «Выезд» stays where it is, without a task.
async fn new_deal_beside(world: &World, old: &Value) -> Value {
    let new = world.new_deal_beside(PHONE, old).await;
    world.comes_to_rest().await;
    world.new_deal_beside(PHONE, old).await;
    let old = world.now(old).await;
    assert_eq!(old["stage"], "Выезд");
    assert_eq!(old["tasks"], json!([]), "{old:#}");
    assert_eq!(world.count("amocrm", "POST", "/leads").await, 1);
    world.now(&new).await
}

#[tokio::test]
async fn departure_table_a_past_visit_is_answered_in_its_deal() {
    let world = World::new().await;
    let report = json!({"intents": ["past_visit"], "reply": "Счёт пришлём на почту"});
    let deal = writes_at_departure(&world, "Пришлите счёт за проживание", report).await;
    let answer = world.guest(PHONE).hears(1).await;
    assert!(answer.ends_with("Счёт пришлём на почту"), "{answer}");
    let deal = stays_in_its_deal(&world, &deal).await;
    assert_eq!(deal["tasks"], json!([]));
}

#[tokio::test]
async fn departure_table_a_past_visit_that_the_bot_does_not_know_goes_to_a_manager() {
    let world = World::new().await;
    let report = json!({"intents": ["past_visit"], "kb": "miss"});
    let deal = writes_at_departure(&world, "Я забыла у вас очки", report).await;
    assert_eq!(world.guest(PHONE).hears(1).await, HANDOFF);
    world
        .manager(ANNA)
        .sees_waiting(PHONE, ReasonId::DeparturePastVisit)
        .await;
    world.sees_deal(&deal, "its task", has_its_task).await;
    stays_in_its_deal(&world, &deal).await;
}

#[tokio::test]
async fn departure_table_a_review_is_accepted() {
    let with_link = [(
        "# review_url = \"https://…\"",
        "review_url = \"https://example.org/review\"",
    )];
    let world = World::with_policy(&with_link).await;
    let report = json!({"intents": ["review"]});
    let deal = writes_at_departure(&world, "Всё было чудесно!", report).await;
    let thanks = world.guest(PHONE).hears(1).await;
    assert!(thanks.contains("Спасибо за отзыв!"), "{thanks}");
    assert!(thanks.ends_with("https://example.org/review"), "{thanks}");
    world
        .sees_deal(&deal, "the review is kept", |deal| {
            has_note(deal, "Отзыв гостя: «Всё было чудесно!»")
        })
        .await;
    let deal = stays_in_its_deal(&world, &deal).await;
    assert_eq!(deal["tasks"], json!([]));
}

#[tokio::test]
async fn departure_table_a_bad_review_is_accepted_and_goes_to_a_manager() {
    let world = World::new().await;
    let report = json!({"intents": ["review", "complaint"]});
    let deal =
        writes_at_departure(&world, "Мой отзыв: было холодно, а еда невкусная", report).await;
    let heard = world.guest(PHONE).hears(1).await;
    assert!(heard.starts_with("Спасибо, что написали."), "{heard}");
    assert!(
        heard.contains("Передаю ваше обращение менеджеру."),
        "{heard}"
    );
    world
        .manager(ANNA)
        .sees_waiting(PHONE, ReasonId::Complaint)
        .await;
    world
        .sees_deal(&deal, "the review and its task", |deal| {
            has_its_task(deal) && has_note(deal, "Отзыв гостя: «Мой отзыв: было холодно")
        })
        .await;
    stays_in_its_deal(&world, &deal).await;
}

#[tokio::test]
async fn departure_table_a_new_booking_opens_a_new_deal() {
    let world = World::new().await;
    let report = json!({"intents": ["new_booking"], "facts": {"new_booking": true},
        "reply": "На май есть номера"});
    let old = writes_at_departure(&world, "Хотим ещё раз на май", report).await;
    let guest = world.guest(PHONE);
    assert!(guest.hears(1).await.ends_with("На май есть номера"));
    let new = new_deal_beside(&world, &old).await;
    let new = world.deal_comes_to(&new, "Проведена консультация").await;
    assert_eq!(new["owner_field"], "Бот");
    // The scenario of a booking goes on there.
    world
        .bot_knows(json!([{"contains": "", "reply": "Вот ссылка", "done": ["payment_link_sent"]}]))
        .await;
    guest.asks("Давайте").await;
    guest.hears(2).await;
    world.deal_comes_to(&new, "Предварительная бронь").await;
    assert_eq!(world.now(&old).await["stage"], "Выезд");
    assert_eq!(world.deals_of(PHONE).await.len(), 2);
}

#[tokio::test]
async fn departure_table_a_new_booking_that_relies_on_the_past_stay_goes_to_a_manager() {
    let world = World::new().await;
    let report =
        json!({"intents": ["new_booking"], "facts": {"new_booking": true, "past_stay": true}});
    let old = writes_at_departure(&world, "Хотим тот же номер на май", report).await;
    assert_eq!(world.guest(PHONE).hears(1).await, HANDOFF);
    let new = new_deal_beside(&world, &old).await;
    let new = world
        .sees_deal(&new, "its task", |deal| {
            has_its_task(deal) && deal["owner_field"] == "Ждёт менеджера"
        })
        .await;
    assert_eq!(new["stage"], "Новая заявка");
    world
        .manager(ANNA)
        .sees_waiting(PHONE, ReasonId::PastStays)
        .await;
}

#[tokio::test]
async fn departure_table_what_is_unclear_is_asked_and_then_a_manager_answers() {
    let world = World::new().await;
    let report = json!({"intents": ["unclear"]});
    let deal = writes_at_departure(&world, "Я насчёт того вопроса", report).await;
    let guest = world.guest(PHONE);
    let asked = guest.hears(1).await;
    assert!(asked.contains(INTRO), "{asked}");
    assert!(asked.ends_with(CLARIFY), "{asked}");
    guest.asks("Ну про то").await;
    assert_eq!(guest.hears(2).await, HANDOFF);
    world
        .manager(ANNA)
        .sees_waiting(PHONE, ReasonId::UnclearTwice)
        .await;
    let deal = world.sees_deal(&deal, "its task", has_its_task).await;
    assert_eq!(open_tasks(&deal).len(), 1);
    stays_in_its_deal(&world, &deal).await;
}
