//! The backend was away for longer than the providers repeat their webhooks: nothing is missed, nothing is answered
//! twice, and old history is never answered (DESIGN §5.6).

use crate::harness::{
    ANNA, COMPANY, HANDOFF, World, has_its_task, has_note, open_tasks, whatsapp_tasks,
};
use serde_json::{Value, json};
use widget_core::owner::{Owner, ReasonId};

const PHONE: &str = "79000000001";
const OTHER: &str = "79000000002";
const THIRD: &str = "79000000003";
/// Pact gives a webhook up after 5 min, amoCRM after 20 min where nobody listens.
const BEYOND_PACT: i64 = 10 * 60;
const BEYOND_BOTH: i64 = 25 * 60;
const HOUR: i64 = 60 * 60;

/// A guest whom the bot has answered, with a deal.
async fn talking(world: &World, phone: &str) -> Value {
    let deal = world.has_a_deal_at(phone, "Новая заявка").await;
    let guest = world.guest(phone);
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    world.deal_comes_to(&deal, "Проведена консультация").await;
    deal
}

/// Everything is done, and then the backend dies.
async fn goes_away(world: &World) {
    world.comes_to_rest().await;
    world.kills_the_backend();
}

/// The webhook of a message comes after all.
async fn its_hook_comes_late(world: &World, phone: &str, message: i64, text: &str) {
    let known = world.guest(phone).in_pact().await;
    let hook = json!({"event": "create", "type": "message", "object": {
        "id": message, "company_id": COMPANY, "conversation_id": known["conversation_id"], "income": true,
        "status": "created", "message": text, "attachments": [],
        "conversation": {"id": known["conversation_id"], "company_id": COMPANY, "sender_phone": phone,
            "provider": "whatsapp", "group": false},
    }});
    let path = format!("guests/{phone}/raw");
    assert_eq!(world.play(&path, &hook).await["status"], 200);
}

#[tokio::test]
async fn promise_2_what_guests_wrote_during_an_outage_is_answered_once() {
    let world = World::new().await;
    talking(&world, PHONE).await;
    goes_away(&world).await;
    let known = world.guest(PHONE).writes("А парковка есть?").await;
    let new = world.guest(OTHER).writes("Есть ли места?").await;
    world.advance_s(BEYOND_PACT).await;
    world.serve(&[]).await;
    world.guest(PHONE).hears(2).await;
    world.guest(OTHER).hears(1).await;
    its_hook_comes_late(&world, PHONE, known, "А парковка есть?").await;
    its_hook_comes_late(&world, OTHER, new, "Есть ли места?").await;
    world.comes_to_rest().await;
    for (phone, message, texts) in [(PHONE, known, 2), (OTHER, new, 1)] {
        let guest = world.guest(phone);
        assert_eq!(guest.answers_to(message).await, 1, "{phone}");
        assert_eq!(guest.heard_from_bot().await.len(), texts, "{phone}");
        world.deal_of(phone).await.expect("one deal");
    }
}

#[tokio::test]
async fn promise_2_an_earlier_message_is_found_although_a_later_one_came_by_its_webhook() {
    let world = World::new().await;
    talking(&world, PHONE).await;
    world.comes_to_rest().await;
    let guest = world.guest(PHONE);
    world.fault("pact", "hook_drop").await;
    let lost = guest.writes("А парковка есть?").await;
    let told = guest.asks("И завтрак?").await;
    guest.hears(2).await;
    assert_eq!(
        (guest.answers_to(lost).await, guest.answers_to(told).await),
        (0, 1)
    );
    world.minutes_pass(7).await;
    guest.hears(3).await;
    world.comes_to_rest().await;
    assert_eq!(
        (guest.answers_to(lost).await, guest.answers_to(told).await),
        (1, 1)
    );
}

#[tokio::test]
async fn design_5_6_a_message_found_hours_later_is_handed_over_once() {
    let world = World::new().await;
    let deal = talking(&world, PHONE).await;
    goes_away(&world).await;
    let message = world.guest(PHONE).writes("А парковка есть?").await;
    world.advance_s(3 * HOUR).await;
    world.serve(&[]).await;
    assert_eq!(world.guest(PHONE).hears(2).await, HANDOFF);
    let card = world
        .manager(ANNA)
        .sees_waiting(PHONE, ReasonId::Late)
        .await;
    assert!(matches!(card.view.owner, Owner::Waiting { .. }));
    world
        .sees_deal(&deal, "it has its task", has_its_task)
        .await;
    its_hook_comes_late(&world, PHONE, message, "А парковка есть?").await;
    world.comes_to_rest().await;
    assert_eq!(world.guest(PHONE).heard_from_bot().await.len(), 2);
    assert_eq!(whatsapp_tasks(&world.now(&deal).await).len(), 1);
}

#[tokio::test]
async fn design_5_6_a_message_older_than_a_day_is_context_only() {
    let world = World::new().await;
    goes_away(&world).await;
    world.guest(PHONE).writes("Есть ли места?").await;
    world.advance_s(25 * HOUR).await;
    world.serve(&[]).await;
    world.comes_to_rest().await;
    assert!(world.guest(PHONE).heard_from_bot().await.is_empty());
    assert_eq!(world.turns().await, 0);
}

#[tokio::test]
async fn design_5_6_history_from_before_the_activation_is_never_answered() {
    let world = World::without_backend().await;
    let old = world.guest(PHONE).writes("Есть ли места?").await;
    world.advance_s(60).await;
    world.serve(&[]).await;
    world.comes_to_rest().await;
    assert_eq!(world.turns().await, 0);
    assert!(world.guest(PHONE).heard_from_bot().await.is_empty());
    // Nor later, when the same conversation is read again.
    let new = world.guest(PHONE).asks("Сколько стоит номер?").await;
    world.guest(PHONE).hears(1).await;
    world.minutes_pass(12).await;
    world.comes_to_rest().await;
    let guest = world.guest(PHONE);
    assert_eq!(
        (guest.answers_to(new).await, guest.answers_to(old).await),
        (1, 0)
    );
    assert_eq!(guest.heard_from_bot().await.len(), 1);
}

#[tokio::test]
async fn promise_1_a_manager_who_wrote_during_an_outage_leads() {
    let world = World::new().await;
    talking(&world, PHONE).await;
    goes_away(&world).await;
    world.guest(PHONE).writes("А парковка есть?").await;
    world.advance_s(60).await;
    let anna = world.manager(ANNA);
    anna.writes(PHONE, "Парковка есть, бесплатная", "phone")
        .await;
    world.advance_s(BEYOND_BOTH).await;
    world.serve(&[]).await;
    let card = anna.sees_a_person(PHONE).await;
    assert_eq!(card.unanswered_since, None, "the manager answered it");
    world.comes_to_rest().await;
    assert_eq!(world.guest(PHONE).heard_from_bot().await.len(), 1);
}

#[tokio::test]
async fn design_5_6_what_people_did_in_the_crm_during_an_outage_is_seen() {
    let world = World::new().await;
    let by_field = talking(&world, PHONE).await;
    let by_task = world.has_a_deal_at(OTHER, "Новая заявка").await;
    world.guest(OTHER).asks("Нас будет пятеро").await;
    assert_eq!(world.guest(OTHER).hears(1).await, HANDOFF);
    let by_task = world
        .sees_deal(&by_task, "it has its task", has_its_task)
        .await;
    goes_away(&world).await;
    let task = &whatsapp_tasks(&by_task)[0]["id"];
    let closed = json!({"done": true, "by": "user", "user": ANNA});
    world.play(&format!("tasks/{task}"), &closed).await;
    let taken = json!({"owner_field": "Менеджер"});
    world.edits_deal(&by_field, taken, ANNA).await;
    world.advance_s(BEYOND_BOTH).await;
    world.serve(&[]).await;
    let anna = world.manager(ANNA);
    anna.sees_a_person(PHONE).await;
    anna.sees_a_person(OTHER).await;
    world.guest(PHONE).is_not_answered("А парковка?").await;
}

#[tokio::test]
async fn design_5_6_a_lost_webhook_is_made_good_while_the_backend_runs() {
    let world = World::new().await;
    talking(&world, PHONE).await;
    world.comes_to_rest().await;
    world.fault("pact", "hook_drop").await;
    let message = world.guest(PHONE).writes("А парковка есть?").await;
    world.comes_to_rest().await;
    world.minutes_pass(7).await;
    world.guest(PHONE).hears(2).await;
    assert_eq!(world.guest(PHONE).answers_to(message).await, 1);
}

#[tokio::test]
async fn design_5_6_a_provider_that_is_overrun_is_asked_again() {
    let world = World::new().await;
    talking(&world, PHONE).await;
    goes_away(&world).await;
    let message = world.guest(PHONE).writes("А парковка есть?").await;
    world.advance_s(BEYOND_PACT).await;
    let refused = json!({"service": "pact", "kind": "http_429", "count": 4});
    world.play("faults", &refused).await;
    world.serve(&[]).await;
    world.guest(PHONE).hears(2).await;
    assert_eq!(world.guest(PHONE).answers_to(message).await, 1);
}

#[tokio::test]
async fn promise_2_a_death_in_the_middle_of_catching_up_loses_and_repeats_nothing() {
    if !cfg!(feature = "failpoints") {
        eprintln!("not tested: run with --features backend/failpoints");
        return;
    }
    let world = World::new().await;
    goes_away(&world).await;
    let mut messages = Vec::new();
    for phone in [PHONE, OTHER, THIRD] {
        messages.push((phone, world.guest(phone).writes("Есть ли места?").await));
    }
    world.advance_s(BEYOND_PACT).await;
    // The first conversation is in, the others are not.
    world.start(&[("ESTAFETA_FAILPOINT", "after_ack:abort")]);
    assert_eq!(world.dies().await, Some(6));
    world.serve(&[]).await;
    for (phone, message) in &messages {
        world.guest(phone).hears(1).await;
        assert_eq!(world.guest(phone).answers_to(*message).await, 1);
    }
    world.comes_to_rest().await;
    for (phone, _) in &messages {
        assert_eq!(
            world.guest(phone).heard_from_bot().await.len(),
            1,
            "{phone}"
        );
    }
}

#[tokio::test]
async fn behaviour_4_guests_who_wait_because_of_the_crm_go_back_to_the_bot_when_it_answers() {
    let world = World::new().await;
    let deal = world.has_a_deal_at(PHONE, "Новая заявка").await;
    world.lasting_fault("amocrm", "http_500").await;
    let guest = world.guest(PHONE);
    let message = guest.asks("Сколько стоит номер?").await;
    assert_eq!(guest.hears(1).await, HANDOFF);
    world.advance_s(90).await;
    world.clears_faults().await;
    world
        .eventually("the bot answers", async || {
            (guest.answers_to(message).await == 1).then_some(())
        })
        .await;
    world.manager(ANNA).sees_the_bot(PHONE).await;
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await.len(), 2);
    let deal = world.now(&deal).await;
    assert_eq!(open_tasks(&deal).len(), 0, "{deal:#}");
}

#[tokio::test]
async fn design_5_4_a_move_that_crossed_a_persons_move_is_noted_and_handed_over() {
    let world = World::new().await;
    // What amoCRM itself reports of our move is not what it would have, had a person been between.
    world.lasting_fault("amocrm", "hook_drop").await;
    let deal = talking(&world, PHONE).await;
    world.comes_to_rest().await;
    let stage = async |name: &str| {
        let path = "leads/pipelines";
        let all = world
            .asks_amocrm(reqwest::Method::GET, path, &json!({}))
            .await;
        let pipelines = all["_embedded"]["pipelines"].as_array().expect("pipelines");
        let mut statuses = pipelines
            .iter()
            .filter(|pipeline| pipeline["is_main"] == true)
            .filter_map(|pipeline| pipeline["_embedded"]["statuses"].as_array())
            .flatten();
        let found = statuses.find(|status| status["name"] == name);
        let found = found.unwrap_or_else(|| panic!("no stage {name}"));
        (found["pipeline_id"].clone(), found["id"].clone())
    };
    let (pipeline, now) = stage("Проведена консультация").await;
    let (_, theirs) = stage("Предварительная бронь").await;
    let lead = "leads[status][0]";
    let body = [
        (format!("{lead}[id]"), deal["id"].to_string()),
        (format!("{lead}[pipeline_id]"), pipeline.to_string()),
        (format!("{lead}[status_id]"), now.to_string()),
        (format!("{lead}[old_status_id]"), theirs.to_string()),
        (format!("{lead}[modified_user_id]"), ANNA.to_string()),
        (
            "account[id]".to_owned(),
            world.setting("accounts.0.amocrm.account_id").to_string(),
        ),
    ];
    let hooks = world
        .asks_amocrm(reqwest::Method::GET, "webhooks", &json!({}))
        .await;
    let hook = hooks["_embedded"]["webhooks"][0]["destination"].as_str();
    let hook = hook.expect("our webhook");
    let answer = world.client.post(hook).form(&body).send().await;
    assert!(answer.expect("an answer").status().is_success());
    assert_eq!(world.guest(PHONE).hears(2).await, HANDOFF);
    let deal = world
        .sees_deal(&deal, "it is noted", |deal| {
            has_note(deal, "Сотрудник и бот перевели сделку одновременно") && has_its_task(deal)
        })
        .await;
    assert_eq!(deal["stage"], "Проведена консультация", "not moved back");
    world
        .manager(ANNA)
        .sees_waiting(PHONE, ReasonId::StageMoved)
        .await;
}
