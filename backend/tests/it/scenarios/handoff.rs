//! Сценарий 2: передача менеджеру.

use super::PHONE;
use crate::harness::{
    ANNA, HANDOFF, HANDOFF_OFF_HOURS, IGOR, INTRO, OLGA, World, contact_tasks, has_its_task,
    seconds, waits_since, whatsapp_tasks,
};
use serde_json::{Value, json};
use widget_core::owner::ReasonId;

/// A guest says something at which the bot hands over, for this reason; the deal with its task.
async fn is_handed_over(world: &World, words: &str, why: ReasonId) -> Value {
    let guest = world.guest(PHONE);
    let heard = guest.heard_from_bot().await.len();
    guest.asks(words).await;
    assert_eq!(guest.hears(heard + 1).await, HANDOFF, "{words}");
    world.manager(ANNA).sees_waiting(PHONE, why).await;
    world.deal_where(PHONE, "its task", has_its_task).await
}

#[tokio::test]
async fn scenario_2_in_working_hours_the_first_free_manager_answers() {
    let world = World::new().await;
    world
        .has_a_deal_with(PHONE, "Новая заявка", json!({"responsible": IGOR}))
        .await;
    let deal = is_handed_over(&world, "Нас будет пятеро", ReasonId::GuestsOver4).await;
    let task = whatsapp_tasks(&deal)[0].clone();
    let card = world.manager(ANNA).dialog_of(PHONE).await;
    assert_eq!(seconds(&task["due"]), waits_since(&card) + 30 * 60);
    assert_eq!(task["responsible"], IGOR, "the deal's responsible");
    world
        .sees_deal(&deal, "waiting", |deal| {
            deal["owner_field"] == "Ждёт менеджера"
        })
        .await;
    // The bot waits.
    world.guest(PHONE).is_not_answered("Вы тут?").await;
    let deal = world.now(&deal).await;
    assert_eq!(whatsapp_tasks(&deal).len(), 1, "{deal:#}");
    assert_eq!(deal["stage"], "Новая заявка");
}

#[tokio::test]
async fn scenario_2_off_hours_a_manager_answers_in_working_hours() {
    let world = World::new().await;
    world.it_is("2026-11-18T22:00:00+03:00").await;
    let guest = world.guest(PHONE);
    guest.asks("Нас будет пятеро").await;
    assert_eq!(guest.hears(1).await, HANDOFF_OFF_HOURS);
    let deal = world.deal_where(PHONE, "its task", has_its_task).await;
    let task = whatsapp_tasks(&deal)[0].clone();
    // Half an hour of working time, which begins at nine.
    assert_eq!(task["due"], "2026-11-19T09:30:00+03:00");
    assert_eq!(task["responsible"], ANNA);
    guest.is_not_answered("Вы тут?").await;
}

#[tokio::test]
async fn scenario_2_the_task_of_somebody_who_left_goes_to_the_fallback() {
    let world = World::new().await;
    world
        .play(&format!("users/{IGOR}"), &json!({"is_active": false}))
        .await;
    // Longer than a list of users is kept.
    world.minutes_pass(6).await;
    world
        .has_a_deal_with(PHONE, "Новая заявка", json!({"responsible": IGOR}))
        .await;
    let deal = is_handed_over(&world, "Нас будет пятеро", ReasonId::GuestsOver4).await;
    assert_eq!(whatsapp_tasks(&deal)[0]["responsible"], OLGA);
}

#[tokio::test]
async fn scenario_2_what_the_bot_does_not_know_goes_to_a_manager() {
    for (rule, why) in [
        (json!({"contains": "", "kb": "miss"}), ReasonId::NoKb),
        (
            json!({"contains": "", "confidence": 0.6}),
            ReasonId::BotUnsure,
        ),
        (
            json!({"contains": "", "handoff": {"reason": "unknown", "note": "Спрашивает про бювет"}}),
            ReasonId::Unknown,
        ),
    ] {
        let world = World::new().await;
        world.bot_knows(json!([rule])).await;
        let deal = is_handed_over(&world, "Бювет далеко?", why).await;
        let text = whatsapp_tasks(&deal)[0]["text"].clone();
        assert!(
            text.as_str()
                .is_some_and(|text| text.contains("Бювет далеко?")),
            "{text}"
        );
        assert_eq!(deal["stage"], "Новая заявка", "nobody was consulted");
    }
}

#[tokio::test]
async fn scenario_2_every_topic_of_the_list_goes_to_a_manager() {
    let world = World::new().await;
    let topics = [
        ("payment_status", ReasonId::PaymentStatus),
        ("refund_status", ReasonId::RefundStatus),
        ("payment_check", ReasonId::PaymentCheck),
        ("payment_link_again", ReasonId::PaymentLinkAgain),
        ("refund_link_again", ReasonId::RefundLinkAgain),
        ("extension_cost", ReasonId::ExtensionCost),
        ("extra_service_cost", ReasonId::ExtraServiceCost),
        ("paid_notice", ReasonId::PaidNotice),
        ("receipt_sent", ReasonId::ReceiptSent),
    ];
    let facts = [
        (json!({"guests": 5}), ReasonId::GuestsOver4),
        (json!({"youngest_child": 3}), ReasonId::ChildLe3),
        (json!({"rooms": 2}), ReasonId::MultiRoom),
        (json!({"pet": true}), ReasonId::Pet),
        (
            json!({"past_stay": true, "new_booking": true}),
            ReasonId::PastStays,
        ),
        (json!({"several_deals": true}), ReasonId::MultiDeal),
    ];
    let by_intent = topics.map(|(intent, why)| (json!({"intents": [intent]}), why));
    let by_fact = facts.map(|(facts, why)| (json!({"facts": facts}), why));
    for (n, (mut rule, why)) in by_intent.into_iter().chain(by_fact).enumerate() {
        rule["contains"] = json!("");
        world.bot_knows(json!([rule])).await;
        let phone = format!("790000000{:02}", n + 10);
        let guest = world.guest(&phone);
        guest.asks("Подскажите, пожалуйста").await;
        assert_eq!(guest.hears(1).await, HANDOFF, "{why:?}");
        world.manager(ANNA).sees_waiting(&phone, why).await;
        world.deal_where(&phone, "its task", has_its_task).await;
    }
}

#[tokio::test]
async fn scenario_2_within_the_limits_the_bot_goes_on() {
    let world = World::new().await;
    let facts =
        json!({"guests": 4, "youngest_child": 4, "rooms": 1, "pet": false, "new_booking": true});
    world
        .bot_knows(json!([{"contains": "", "reply": "Есть номер", "facts": facts}]))
        .await;
    let guest = world.guest(PHONE);
    guest.asks("Нас четверо, ребёнку 4 года, один номер").await;
    assert!(guest.hears(1).await.ends_with("Есть номер"));
}

#[tokio::test]
async fn scenario_2_of_several_deals_the_guest_is_asked_which_one_and_then_a_manager_answers() {
    let world = World::new().await;
    let dates = |from: &str, to: &str| json!({"fields": {"Дата заезда": from, "Дата выезда": to}});
    for (from, to) in [("2027-02-02", "2027-02-12"), ("2027-05-01", "2027-05-10")] {
        world
            .has_a_deal_with(PHONE, "Предоплата получена", dates(from, to))
            .await;
    }
    let guest = world.guest(PHONE);
    guest.asks("Во сколько заезд?").await;
    let asked = guest.hears(1).await;
    assert!(asked.contains(INTRO), "{asked}");
    assert!(asked.contains("У вас несколько бронирований"), "{asked}");
    for dates in ["02.02.2027–12.02.2027", "01.05.2027–10.05.2027"] {
        assert!(asked.contains(dates), "{asked}");
    }
    guest.asks("Ну та самая").await;
    assert_eq!(guest.hears(2).await, HANDOFF);
    world
        .eventually("one task", async || {
            let deals = world.deals_of(PHONE).await;
            let tasks: usize = deals.iter().map(|deal| whatsapp_tasks(deal).len()).sum();
            (tasks == 1).then_some(())
        })
        .await;
    assert_eq!(world.deals_of(PHONE).await.len(), 2, "no third deal");
}

#[tokio::test]
async fn urgent_reaches_the_duty_user_at_night() {
    let world = World::new().await;
    world.it_is("2026-11-18T23:30:00+03:00").await;
    world
        .bot_knows(json!([{"contains": "затопило", "intents": ["urgent"]}]))
        .await;
    world
        .has_a_deal_with(PHONE, "Проживающие", json!({"responsible": IGOR}))
        .await;
    let guest = world.guest(PHONE);
    guest.asks("У нас в номере затопило ванную!").await;
    let heard = guest.hears(1).await;
    assert!(heard.contains("дежурному"), "{heard}");
    assert!(heard.contains("+7 900 000-00-99"), "{heard}");
    assert!(!heard.contains("рабочее время"), "{heard}");
    let card = world
        .manager(OLGA)
        .sees_waiting(PHONE, ReasonId::Urgent)
        .await;
    let deal = world.deal_where(PHONE, "its task", has_its_task).await;
    let task = whatsapp_tasks(&deal)[0].clone();
    assert_eq!(task["responsible"], OLGA, "whoever is on duty");
    assert_eq!(seconds(&task["due"]), waits_since(&card), "due at once");

    // Nobody comes: five minutes later it is brought up, at night too.
    world.minutes_pass(6).await;
    let deal = world
        .sees_deal(&deal, "escalated", |deal| contact_tasks(deal).len() == 1)
        .await;
    assert_eq!(contact_tasks(&deal)[0]["responsible"], OLGA);
}

#[tokio::test]
async fn waiting_is_escalated_after_an_hour_of_work() {
    let world = World::new().await;
    // Half an hour before the end of the working day.
    world.it_is("2026-11-18T17:30:00+03:00").await;
    let deal = is_handed_over(&world, "Нас будет пятеро", ReasonId::GuestsOver4).await;
    let task = whatsapp_tasks(&deal)[0].clone();
    world.it_is("2026-11-19T09:20:00+03:00").await;
    world.comes_to_rest().await;
    assert_eq!(contact_tasks(&world.now(&deal).await).len(), 0, "not yet");
    world.it_is("2026-11-19T09:32:00+03:00").await;
    let deal = world
        .sees_deal(&deal, "escalated", |deal| contact_tasks(deal).len() == 1)
        .await;
    assert_eq!(contact_tasks(&deal)[0]["responsible"], OLGA);
    assert_eq!(whatsapp_tasks(&deal)[0]["id"], task["id"]);
    // Once, and never a text to the guest.
    world.it_is("2026-11-19T15:00:00+03:00").await;
    world.comes_to_rest().await;
    assert_eq!(contact_tasks(&world.now(&deal).await).len(), 1);
    assert_eq!(world.guest(PHONE).heard_from_bot().await, [HANDOFF]);
}

#[tokio::test]
async fn payment_status_is_repeated_from_a_mapped_field() {
    let mapped = [(
        "# payment = \"Статус оплаты\"",
        "payment = \"Статус оплаты\"",
    )];
    let world = World::with_policy(&mapped).await;
    world
        .bot_knows(json!([{"contains": "оплат", "intents": ["payment_status"]}]))
        .await;
    let says = "предоплата 30 000 ₽ получена 15.11.2026";
    let filled = json!({"fields": {"Статус оплаты": says}});
    let deal = world
        .has_a_deal_with(PHONE, "Предоплата получена", filled)
        .await;
    let guest = world.guest(PHONE);
    guest.asks("Дошла ли моя оплата?").await;
    let heard = guest.hears(1).await;
    assert!(
        heard.ends_with(&format!("По вашей брони в нашей системе отмечено: {says}.")),
        "{heard}"
    );
    world.comes_to_rest().await;
    assert_eq!(world.now(&deal).await["tasks"], json!([]));
    // Once in an episode; who asks again gets a person.
    guest.asks("Точно дошла оплата?").await;
    assert_eq!(guest.hears(2).await, HANDOFF);
    world
        .manager(ANNA)
        .sees_waiting(PHONE, ReasonId::PaymentStatus)
        .await;
}

/// BEHAVIOUR §4, waiting: at opening one list task, oldest first.
#[tokio::test]
async fn at_opening_one_task_names_those_who_wait_since_the_night() {
    let world = World::new().await;
    world.it_is("2026-11-18T22:00:00+03:00").await;
    for (phone, responsible) in [(PHONE, IGOR), ("79000000002", ANNA)] {
        let theirs = json!({"responsible": responsible});
        world.has_a_deal_with(phone, "Новая заявка", theirs).await;
        let guest = world.guest(phone);
        guest.asks("Нас будет пятеро").await;
        assert_eq!(guest.hears(1).await, HANDOFF_OFF_HOURS);
        world.deal_where(phone, "its task", has_its_task).await;
        world.minutes_pass(5).await;
    }
    world.it_is("2026-11-19T09:01:00+03:00").await;
    let first = world
        .deal_where(PHONE, "the list", |deal| contact_tasks(deal).len() == 1)
        .await;
    let list = contact_tasks(&first)[0].clone();
    assert_eq!(list["responsible"], OLGA);
    let text = list["text"].as_str().expect("a text");
    assert!(text.starts_with("Ждут ответа с ночи: 2."), "{text}");
    world.minutes_pass(5).await;
    world.comes_to_rest().await;
    let second = world.deal_of("79000000002").await.expect("a deal");
    assert!(contact_tasks(&second).is_empty(), "one list: {second:#}");
    assert_eq!(contact_tasks(&world.now(&first).await).len(), 1, "once");
}

/// BEHAVIOUR §4, bot: three failures in a row; on recovery an untaken dialog goes back to the bot.
#[tokio::test]
async fn a_bot_that_works_again_takes_back_whom_nobody_took() {
    let world = World::new().await;
    let phones = ["79000000001", "79000000002", "79000000003"];
    world.lasting_fault("bot", "http_500").await;
    for phone in phones {
        world.has_a_deal_at(phone, "Заезд").await;
        world.guest(phone).asks("Во сколько заезд?").await;
        assert_eq!(world.guest(phone).hears(1).await, HANDOFF);
        world
            .manager(ANNA)
            .sees_waiting(phone, ReasonId::BotUnavailable)
            .await;
        world.deal_where(phone, "its task", has_its_task).await;
    }
    world.manager(ANNA).takes(phones[0]).await;
    world.clears_faults().await;
    world.minutes_pass(1).await;

    let fourth = world.guest("79000000004");
    fourth.asks("Есть ли Wi-Fi?").await;
    assert!(fourth.hears(1).await.contains("Ответ на «Есть ли Wi-Fi?»"));
    for phone in &phones[1..] {
        let answer = world.guest(phone).hears(2).await;
        assert!(answer.contains("Ответ на «Во сколько заезд?»"), "{answer}");
        world.manager(ANNA).sees_the_bot(phone).await;
        world
            .deal_where(phone, "its task is closed", |deal| {
                whatsapp_tasks(deal).iter().all(|task| task["done"] == true)
            })
            .await;
    }
    world.comes_to_rest().await;
    let taken = world.guest(phones[0]).heard_from_bot().await;
    assert_eq!(taken.len(), 1, "a taken dialog stays with its manager");
}
