//! One guest, one manager: the whole path, point by point.

use crate::harness::{
    ANNA, COMPANY, From, HANDOFF, IGOR, INTRO, RETURN_INTRO, World, open_tasks, until,
    whatsapp_tasks,
};
use serde_json::{Value, json};
use widget_core::ids::UserId;
use widget_core::owner::{Owner, ReasonId};
use widget_core::wire::DialogView;

const PHONE: &str = "79000000001";

fn is_led_by_bot(dialog: &DialogView) -> bool {
    dialog.view.owner == Owner::Bot
}

fn is_led_by_somebody(dialog: &DialogView) -> bool {
    matches!(dialog.view.owner, Owner::Manager { .. })
}

fn is_waiting(dialog: &DialogView) -> bool {
    matches!(dialog.view.owner, Owner::Waiting { .. })
}

/// A guest who was handed over by «Нас будет пятеро»; the id of that message.
async fn handed_over(world: &World) -> i64 {
    let message = world.guest(PHONE).asks("Нас будет пятеро").await;
    assert_eq!(world.guest(PHONE).hears(1).await, HANDOFF);
    message
}

// --- the path ---------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_raw_webhook_of_pact_is_answered_and_moves_the_deal() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    // Pact's own delivery is lost, so that what takes effect is the body below and nothing else.
    world.fault("pact", "hook_drop").await;
    let message = guest
        .sends(&json!({"text": "Есть места на май?", "name": "Анна"}))
        .await;
    let known = guest.in_pact().await;
    let body = raw_message(&known, message, "Есть места на май?");
    let path = format!("guests/{PHONE}/raw");
    assert_eq!(world.play(&path, &body).await["status"], 200);

    let answer = guest.hears(1).await;
    assert!(answer.starts_with("Здравствуйте"), "{answer}");
    assert!(answer.contains(INTRO), "{answer}");
    assert!(answer.contains("Ответ на «Есть места на май?»"), "{answer}");
    let deal = world
        .deal_where(PHONE, "consulted", |deal| {
            deal["stage"] == "Проведена консультация"
        })
        .await;
    assert_eq!(deal["pipeline"], "Бронирования");
    world
        .deal_where(PHONE, "led by the bot", |deal| deal["owner_field"] == "Бот")
        .await;
    assert!(open_tasks(&deal).is_empty(), "{deal:#}");
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await.len(), 1);
}

/// A Pact v2 webhook body as the reference shows it (reference/pact-api.md §6.5).
fn raw_message(known: &Value, id: i64, text: &str) -> Value {
    let (conversation, contact) = (&known["conversation_id"], &known["contact_id"]);
    json!({"event": "create", "type": "message", "object": {
        "id": id, "external_id": "3EB0AA11BB22", "company_id": COMPANY, "conversation_id": conversation,
        "contact_id": contact, "replied_to_id": null,
        "created_at": "2026-11-18T08:00:00.514Z", "external_created_at": "2026-11-18T08:00:00.000Z",
        "income": true, "status": "created", "message": text,
        "reactions": [], "details": null, "delivery": false, "deleted": false,
        "contact": {"id": contact, "external_id": PHONE, "external_public_id": PHONE, "name": "Анна",
                    "avatar_url": null, "phone": PHONE},
        "conversation": {"id": conversation, "company_id": COMPANY, "sender_name": "Анна", "sender_phone": PHONE,
                    "sender_external_id": PHONE, "sender_external_public_id": PHONE, "provider": "whatsapp",
                    "avatar_url": null, "created_at": "2026-11-18T08:00:00.120Z",
                    "last_updated_at": "2026-11-18T08:00:00.000Z", "last_message_id": id,
                    "operational_state": "open", "replied_state": "unreplied", "group": false},
        "attachments": []}})
}

#[tokio::test]
async fn the_intro_stands_once_in_an_episode() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    guest.asks("Сколько стоит номер?").await;
    assert!(guest.hears(1).await.contains(INTRO));
    guest.asks("А с питанием?").await;
    let second = guest.hears(2).await;
    assert!(!second.contains(INTRO), "{second}");
    assert!(second.starts_with("Ответ на «А с питанием?»"), "{second}");
}

#[tokio::test]
async fn several_messages_of_a_burst_get_one_answer() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    world.freezes_the_clock().await;
    let first = guest.writes("Здравствуйте").await;
    let second = guest.writes("Сколько стоит номер?").await;
    guest.hears(1).await;
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await.len(), 1);
    assert_eq!(
        (
            guest.answers_to(first).await,
            guest.answers_to(second).await
        ),
        (1, 1)
    );
}

// --- 1: a new guest, and whose deal it is -------------------------------------------------------------------------------

#[tokio::test]
async fn point_1_the_answer_does_not_wait_for_a_deal_and_one_within_the_grace_is_adopted() {
    let world = World::new().await;
    world.freezes_the_clock().await;
    // amoCRM's own integration makes the deal after 2 s: later than the answer would be, were the clock not stopped.
    let guest = world.guest(PHONE);
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    world
        .deal_where(PHONE, "adopted", |deal| {
            deal["stage"] == "Проведена консультация"
        })
        .await;
    world.comes_to_rest().await;
    assert!(world.deal_of(PHONE).await.is_some());
    assert_eq!(
        world.count("amocrm", "POST", "/leads").await,
        0,
        "it was adopted, not made"
    );
}

#[tokio::test]
async fn point_1_without_a_deal_the_guest_is_answered_first_and_then_we_make_one() {
    let world = World::new().await;
    world.freezes_the_clock().await;
    world.lasting_fault("amocrm", "never_deal").await;
    let guest = world.guest(PHONE);
    guest.writes("Сколько стоит номер?").await;
    until("the CRM is read", async || {
        !world.calls("amocrm").await.is_empty()
    })
    .await;
    reads_are_done(&world).await;
    // The quiet time of the burst, far less than the grace of 20 s: the clock stands still after it.
    world.advance_s(5).await;
    until("the answer", async || {
        guest.heard_from_bot().await.len() == 1
    })
    .await;
    assert_eq!(world.deals_of(PHONE).await, Vec::<Value>::new());

    let deal = world
        .deal_where(PHONE, "made and moved", |deal| {
            deal["stage"] == "Проведена консультация"
        })
        .await;
    assert_eq!(
        deal["contact"]["phone"].as_str().map(digits).as_deref(),
        Some(PHONE)
    );
    world.comes_to_rest().await;
    world.deal_of(PHONE).await.expect("still the one deal");
    assert_eq!(world.count("amocrm", "POST", "/leads").await, 1);
    assert_eq!(world.count("amocrm", "POST", "/contacts").await, 1);
    assert_eq!(guest.heard_from_bot().await.len(), 1);
}

/// No request to the CRM is unanswered.
async fn reads_are_done(world: &World) {
    until("the CRM has answered", async || {
        world
            .calls("amocrm")
            .await
            .iter()
            .all(|(_, status)| status.is_some())
    })
    .await;
}

fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

#[tokio::test]
async fn promise_3_a_deal_that_comes_too_late_does_not_make_us_make_a_second_one() {
    let world = World::new().await;
    world.fault("amocrm", "late_deal").await;
    let guest = world.guest(PHONE);
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    world
        .deal_where(PHONE, "ours", |deal| {
            deal["stage"] == "Проведена консультация"
        })
        .await;
    let ours = world.deal_of(PHONE).await.expect("our deal")["id"].clone();
    // After 90 s amoCRM's integration insists on a deal of its own; the guest writes on.
    world.advance_s(120).await;
    until("the late deal", async || {
        world.deals_of(PHONE).await.len() == 2
    })
    .await;
    guest.asks("А с питанием?").await;
    world.comes_to_rest().await;
    assert_eq!(
        world.count("amocrm", "POST", "/leads").await,
        1,
        "we made one deal"
    );
    let deals = world.deals_of(PHONE).await;
    assert_eq!(deals.len(), 2);
    let late = deals
        .iter()
        .find(|deal| deal["id"] != ours)
        .expect("the late deal");
    assert_eq!(
        late["stage"], "Новая заявка",
        "a foreign deal is left alone"
    );
}

#[tokio::test]
async fn point_1_a_contact_of_another_spelling_is_the_same_guest() {
    let world = World::new().await;
    let made = json!({"phone": "8 (900) 000-00-01", "name": "Бронь", "stage": "Новая заявка"});
    let deal = world.play("deals", &made).await;
    world.guest(PHONE).asks("Сколько стоит номер?").await;
    world.guest(PHONE).hears(1).await;
    let moved = world
        .deal_where(PHONE, "moved", |deal| {
            deal["stage"] == "Проведена консультация"
        })
        .await;
    assert_eq!(moved["id"], deal["id"]);
    world.comes_to_rest().await;
    world.deal_of(PHONE).await.expect("still the one deal");
}

// --- 2: handoff ---------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn point_2_five_guests_are_handed_over_with_one_text_one_task_the_field_and_a_note() {
    let world = World::new().await;
    handed_over(&world).await;
    let deal = world
        .deal_where(PHONE, "handed over", |deal| {
            deal["owner_field"] == "Ждёт менеджера"
                && whatsapp_tasks(deal).len() == 1
                && deal["notes"]
                    .as_array()
                    .is_some_and(|notes| !notes.is_empty())
        })
        .await;
    let task = open_tasks(&deal)[0];
    let text = task["text"].as_str().expect("a text");
    assert!(text.contains("Нас будет пятеро"), "{text}");
    assert!(text.starts_with("Гостей: 5, больше 4"), "{text}");
    let note = deal["notes"][0].as_str().expect("a note");
    assert!(
        note.starts_with("Передано менеджеру: Гостей: 5, больше 4"),
        "{note}"
    );
    assert!(note.contains("Известно: гостей: 5"), "{note}");
    assert!(note.contains("Гость: «Нас будет пятеро»"), "{note}");
    // The bot was not asked, the deal was not moved, and there was no intro before the handoff.
    assert_eq!(world.turns().await, 0);
    assert_eq!(deal["stage"], "Новая заявка");

    let card = world.manager(ANNA).dialog_of(PHONE).await;
    let Owner::Waiting { reason, .. } = &card.view.owner else {
        panic!("{card:#?}")
    };
    assert_eq!(reason.id, ReasonId::GuestsOver4);
    assert_eq!(card.guest_text.as_deref(), Some("Нас будет пятеро"));
    assert!(
        !card.why.is_empty(),
        "promise 5: every outcome is explained"
    );
}

#[tokio::test]
async fn point_2_a_second_message_while_waiting_makes_no_second_task_and_no_answer() {
    let world = World::new().await;
    handed_over(&world).await;
    world
        .deal_where(PHONE, "its task", |deal| whatsapp_tasks(deal).len() == 1)
        .await;
    world.guest(PHONE).asks("И ещё собака").await;
    let deal = world
        .deal_where(PHONE, "both messages in the task", |deal| {
            let task = whatsapp_tasks(deal);
            let text = task[0]["text"].as_str().unwrap_or_default();
            text.contains("сообщений: 2") && text.contains("И ещё собака")
        })
        .await;
    assert_eq!(whatsapp_tasks(&deal).len(), 1, "{deal:#}");
    world.comes_to_rest().await;
    let deal = world.deal_of(PHONE).await.expect("the deal");
    assert_eq!(whatsapp_tasks(&deal).len(), 1, "{deal:#}");
    assert_eq!(world.guest(PHONE).heard_from_bot().await, [HANDOFF]);
    assert_eq!(world.turns().await, 0);
}

#[tokio::test]
async fn point_2_a_second_message_at_once_is_in_the_one_task_too() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    world.has_a_deal(PHONE).await;
    handed_over(&world).await;
    // No wait for the task: it may still be being made.
    guest.writes("И ещё собака").await;
    let text_names_it = |deal: &Value| {
        let tasks = whatsapp_tasks(deal);
        tasks.iter().any(|task| {
            task["text"]
                .as_str()
                .is_some_and(|t| t.contains("И ещё собака"))
        })
    };
    world
        .deal_where(PHONE, "the second message in the task", text_names_it)
        .await;
    world.comes_to_rest().await;
    let deal = world.deal_of(PHONE).await.expect("the deal");
    assert_eq!(whatsapp_tasks(&deal).len(), 1, "{deal:#}");
    assert_eq!(guest.heard_from_bot().await, [HANDOFF]);
}

#[tokio::test]
async fn point_2_off_hours_the_guest_is_told_so_once() {
    let world = World::new().await;
    world
        .play("clock", &json!({"set": "2026-11-18T22:00:00+03:00"}))
        .await;
    let guest = world.guest(PHONE);
    guest.asks("Нас будет пятеро").await;
    let handoff = "Передаю ваше обращение менеджеру. В рабочее время вам ответит менеджер.";
    assert_eq!(guest.hears(1).await, handoff);
    guest.asks("Вы тут?").await;
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await, [handoff]);
}

#[tokio::test]
async fn promise_4_a_guest_who_asks_for_a_person_gets_one() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    guest.asks("Позовите человека").await;
    assert_eq!(guest.hears(1).await, HANDOFF);
    let card = world
        .manager(ANNA)
        .sees_where(PHONE, "waiting", is_waiting)
        .await;
    assert!(
        matches!(&card.view.owner, Owner::Waiting { reason, .. } if reason.id == ReasonId::HumanRequest),
        "{card:#?}"
    );
}

#[tokio::test]
async fn promise_4_a_bot_that_fails_or_doubts_hands_over() {
    for (rule, reason) in [
        (
            json!({"contains": "", "status": 500}),
            ReasonId::BotUnavailable,
        ),
        (json!({"contains": "", "kb": "miss"}), ReasonId::NoKb),
        (
            json!({"contains": "", "confidence": 0.5}),
            ReasonId::BotUnsure,
        ),
    ] {
        let world = World::new().await;
        world.bot(&json!({"rules": [rule]})).await;
        let guest = world.guest(PHONE);
        guest.asks("Какая погода?").await;
        assert_eq!(guest.hears(1).await, HANDOFF, "{reason:?}");
        let card = world
            .manager(ANNA)
            .sees_where(PHONE, "waiting", is_waiting)
            .await;
        let is_so =
            matches!(&card.view.owner, Owner::Waiting { reason: why, .. } if why.id == reason);
        assert!(is_so, "{reason:?}: {card:#?}");
    }
}

// --- 3: take and return -------------------------------------------------------------------------------------------------

#[tokio::test]
async fn promise_1_a_take_silences_an_answer_that_is_being_generated() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    let anna = world.manager(ANNA);
    world.has_a_deal(PHONE).await;
    world.bot(&json!({"delay_ms": 3000})).await;
    let message = guest.asks("Сколько стоит номер?").await;
    world
        .eventually("the bot thinks", async || {
            (world.turns().await == 1).then_some(())
        })
        .await;
    let taken = anna.takes(PHONE).await;
    assert!(!taken.left_meanwhile);
    until("the bot has answered", async || {
        world
            .calls("bot")
            .await
            .iter()
            .all(|(_, status)| *status == Some(200))
    })
    .await;
    world.comes_to_rest().await;
    assert_eq!(
        guest.heard_from_bot().await,
        Vec::<String>::new(),
        "the late answer was sent"
    );
    let deal = world.deal_of(PHONE).await.expect("the deal");
    assert_eq!(deal["owner_field"], "Менеджер");
    assert_eq!(
        deal["stage"], "Новая заявка",
        "an answer not sent moves nothing"
    );

    // Back to the bot: the message that nobody has answered is answered once, with the intro.
    world.bot(&json!({"delay_ms": 0})).await;
    anna.returns(PHONE).await;
    let answer = guest.hears(1).await;
    assert!(
        answer.starts_with("Здравствуйте") && answer.contains(INTRO),
        "{answer}"
    );
    assert_eq!(guest.answers_to(message).await, 1);
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await.len(), 1);
    assert_eq!(
        world.deal_of(PHONE).await.expect("the deal")["owner_field"],
        "Бот"
    );
}

#[tokio::test]
async fn point_3_a_dialog_in_a_managers_hands_stays_silent_and_comes_back_with_one_answer() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    let anna = world.manager(ANNA);
    let first = handed_over(&world).await;
    world
        .deal_where(PHONE, "its task", |deal| whatsapp_tasks(deal).len() == 1)
        .await;
    anna.takes(PHONE).await;
    world
        .deal_where(PHONE, "led by a manager", |deal| {
            deal["owner_field"] == "Менеджер"
        })
        .await;
    let second = guest.asks("Какие есть процедуры?").await;
    anna.sees_where(PHONE, "the message without an answer", |dialog| {
        dialog.guest_text.as_deref() == Some("Какие есть процедуры?")
            && dialog.unanswered_since.is_some()
    })
    .await;
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await, [HANDOFF]);

    // The manager answered the handoff's matter; then the guest asked on.
    anna.writes(PHONE, "Поселим всех", "pact").await;
    anna.sees_where(PHONE, "answered", |dialog| {
        dialog.unanswered_since.is_none()
    })
    .await;
    let third = guest.asks("А бассейн есть?").await;
    anna.sees_where(PHONE, "unanswered again", |dialog| {
        dialog.unanswered_since.is_some()
    })
    .await;
    anna.returns(PHONE).await;
    let answer = guest.hears(2).await;
    assert!(
        answer.starts_with("Здравствуйте") && answer.contains(INTRO),
        "{answer}"
    );
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await.len(), 2);
    assert_eq!(guest.answers_to(third).await, 1);
    assert_eq!(
        guest.answers_to(first).await + guest.answers_to(second).await,
        0
    );
    let deal = world.deal_of(PHONE).await.expect("the deal");
    assert_eq!(deal["owner_field"], "Бот");
    assert!(
        open_tasks(&deal).is_empty(),
        "the task is closed with the return: {deal:#}"
    );
}

#[tokio::test]
async fn point_3_a_return_with_nothing_unanswered_introduces_the_bot_alone() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    let anna = world.manager(ANNA);
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    anna.takes(PHONE).await;
    anna.returns(PHONE).await;
    let intro = guest.hears(2).await;
    assert!(intro.starts_with(RETURN_INTRO), "{intro}");
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await.len(), 2);
}

#[tokio::test]
async fn point_3_the_task_goes_to_whoever_takes() {
    let world = World::new().await;
    handed_over(&world).await;
    world
        .deal_where(PHONE, "its task", |deal| whatsapp_tasks(deal).len() == 1)
        .await;
    world.manager(IGOR).takes(PHONE).await;
    world
        .deal_where(PHONE, "the task is Игорь's", |deal| {
            open_tasks(deal)
                .iter()
                .all(|task| task["responsible"] == IGOR)
        })
        .await;
}

#[tokio::test]
async fn point_3_no_answer_is_needed_and_the_guest_gets_none() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    let anna = world.manager(ANNA);
    handed_over(&world).await;
    world
        .deal_where(PHONE, "its task", |deal| whatsapp_tasks(deal).len() == 1)
        .await;
    let dialog = anna.dialog_of(PHONE).await;
    anna.clicks("dismiss", &dialog, Some(dialog.view.epoch))
        .await
        .expect("accepted");
    world
        .deal_where(PHONE, "its task is closed", |deal| {
            open_tasks(deal).is_empty()
        })
        .await;
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await, [HANDOFF]);
    let card = anna.dialog_of(PHONE).await;
    assert!(
        is_led_by_bot(&card) && card.unanswered_since.is_none(),
        "{card:#?}"
    );
}

// --- 4: who wrote it ----------------------------------------------------------------------------------------------------

#[tokio::test]
async fn point_4_a_person_who_writes_takes_the_dialog_wherever_from() {
    for via in ["pact", "phone", "amocrm"] {
        let world = World::new().await;
        let guest = world.guest(PHONE);
        let anna = world.manager(ANNA);
        guest.asks("Сколько стоит номер?").await;
        guest.hears(1).await;
        world
            .deal_where(PHONE, "bound", |deal| deal["owner_field"] == "Бот")
            .await;
        anna.writes(PHONE, "Добрый день, это Анна", via).await;
        let card = anna.sees_where(PHONE, via, is_led_by_somebody).await;
        if via == "amocrm" {
            anna.sees_where(PHONE, "amoCRM names the user", |d| {
                d.is_led_by(UserId(ANNA))
            })
            .await;
        } else {
            assert!(
                matches!(card.view.owner, Owner::Manager { user: None, .. }),
                "{via} does not say who: {card:#?}"
            );
        }
        world
            .deal_where(PHONE, via, |deal| deal["owner_field"] == "Менеджер")
            .await;
        guest.asks("А с питанием?").await;
        world.comes_to_rest().await;
        assert_eq!(
            guest.heard_from_bot().await.len(),
            1,
            "{via}: the bot is silent"
        );
    }
}

#[tokio::test]
async fn point_4_our_own_echo_takes_nothing() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    let anna = world.manager(ANNA);
    world.has_a_deal(PHONE).await;
    for (service, kind) in [
        ("amocrm", "echo_as_user"),
        ("pact", "hook_before_response"),
        ("amocrm", "echo_none"),
        ("pact", "v1_twin"),
    ] {
        world.fault(service, kind).await;
        let before = guest.heard_from_bot().await.len();
        guest.asks("Сколько стоит номер?").await;
        guest.hears(before + 1).await;
        world.comes_to_rest().await;
        let card = anna.dialog_of(PHONE).await;
        assert!(is_led_by_bot(&card), "{kind}: {card:#?}");
        assert_eq!(guest.heard_from_bot().await.len(), before + 1, "{kind}");
    }
    assert_eq!(
        world.deal_of(PHONE).await.expect("the deal")["owner_field"],
        "Бот"
    );
}

#[tokio::test]
async fn point_4_the_echo_of_a_handoff_leaves_it_waiting() {
    let world = World::new().await;
    world.has_a_deal(PHONE).await;
    world.fault("amocrm", "echo_as_user").await;
    world.fault("pact", "hook_before_response").await;
    handed_over(&world).await;
    world.comes_to_rest().await;
    let card = world.manager(ANNA).dialog_of(PHONE).await;
    assert!(is_waiting(&card), "{card:#?}");
}

#[tokio::test]
async fn point_4_a_person_who_writes_first_leads_and_the_return_is_silent() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    let anna = world.manager(ANNA);
    world.has_a_deal(PHONE).await;
    anna.writes(PHONE, "Добрый день, вы оставляли заявку", "pact")
        .await;
    anna.sees_where(PHONE, "a dialog led by a person", is_led_by_somebody)
        .await;
    world.advance_s(41 * 60).await;
    anna.sees_where(PHONE, "back at the bot", is_led_by_bot)
        .await;
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await, Vec::<String>::new());
}

#[tokio::test]
async fn bulk_mailings_create_nothing() {
    let world = World::new().await;
    let body = json!({"phone": PHONE, "text": "Скидка 10 %", "via": "bulk"});
    world
        .play(&format!("managers/{ANNA}/messages"), &body)
        .await;
    world.comes_to_rest().await;
    assert_eq!(world.deals_of(PHONE).await, Vec::<Value>::new());
    let guest = world.guest(PHONE);
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
}

// --- 5: auto-return -----------------------------------------------------------------------------------------------------

#[tokio::test]
async fn point_5_forty_minutes_without_a_sign_of_the_manager_give_the_dialog_back() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    let anna = world.manager(ANNA);
    handed_over(&world).await;
    world
        .deal_where(PHONE, "its task", |deal| whatsapp_tasks(deal).len() == 1)
        .await;
    anna.takes(PHONE).await;
    world.advance_s(30 * 60).await;
    anna.writes(PHONE, "Поселим всех пятерых", "pact").await;
    anna.sees_where(PHONE, "answered", |dialog| {
        dialog.unanswered_since.is_none()
    })
    .await;
    // 40 min after the take, but not after the message.
    world.advance_s(15 * 60).await;
    let card = anna.dialog_of(PHONE).await;
    assert!(
        is_led_by_somebody(&card),
        "the deadline counts from the last human signal: {card:#?}"
    );
    world.advance_s(26 * 60).await;
    anna.sees_where(PHONE, "back at the bot", is_led_by_bot)
        .await;
    world
        .deal_where(PHONE, "the field", |deal| deal["owner_field"] == "Бот")
        .await;
    let intro = guest.hears(2).await;
    assert!(intro.starts_with(RETURN_INTRO), "{intro}");
    let question = guest.asks("А бассейн есть?").await;
    let answer = guest.hears(3).await;
    assert!(!answer.contains(INTRO), "one intro a return: {answer}");
    assert_eq!(guest.answers_to(question).await, 1);
}

#[tokio::test]
async fn point_5_a_dialog_taken_and_never_answered_waits_again_with_the_same_task() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    let anna = world.manager(ANNA);
    handed_over(&world).await;
    let deal = world
        .deal_where(PHONE, "its task", |deal| whatsapp_tasks(deal).len() == 1)
        .await;
    let task = whatsapp_tasks(&deal)[0]["id"].clone();
    let before = anna.sees_where(PHONE, "waiting", is_waiting).await;
    let Owner::Waiting { since, .. } = before.view.owner else {
        panic!("{before:#?}")
    };
    anna.takes(PHONE).await;
    world
        .deal_where(PHONE, "taken", |deal| deal["owner_field"] == "Менеджер")
        .await;
    world.advance_s(41 * 60).await;
    let card = anna.sees_where(PHONE, "waiting again", is_waiting).await;
    assert!(
        matches!(card.view.owner, Owner::Waiting { since: again, .. } if again == since),
        "the guest waits since the handoff: {card:#?}"
    );
    world
        .deal_where(PHONE, "the field", |deal| {
            deal["owner_field"] == "Ждёт менеджера"
        })
        .await;
    world.comes_to_rest().await;
    let deal = world.deal_of(PHONE).await.expect("the deal");
    let tasks = whatsapp_tasks(&deal);
    assert_eq!(tasks.len(), 1, "{deal:#}");
    assert_eq!((&tasks[0]["id"], &tasks[0]["done"]), (&task, &json!(false)));
    assert_eq!(
        guest.heard_from_bot().await,
        [HANDOFF],
        "no text to the guest"
    );
}

// --- 6: the field by hand -----------------------------------------------------------------------------------------------

#[tokio::test]
async fn point_6_the_field_set_by_hand_takes_and_returns() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    let igor = world.manager(IGOR);
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    let deal = world
        .deal_where(PHONE, "bound", |deal| deal["owner_field"] == "Бот")
        .await;
    world.comes_to_rest().await;

    world
        .edits_deal(&deal, json!({"owner_field": "Менеджер"}), IGOR)
        .await;
    igor.sees_where(PHONE, "taken by the field", |dialog| {
        dialog.is_led_by(UserId(IGOR))
    })
    .await;
    let question = guest.asks("А с питанием?").await;
    igor.sees_where(PHONE, "unanswered", |dialog| {
        dialog.unanswered_since.is_some()
    })
    .await;
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await.len(), 1);

    world
        .edits_deal(&deal, json!({"owner_field": "Бот"}), IGOR)
        .await;
    let answer = guest.hears(2).await;
    assert!(answer.contains(INTRO), "{answer}");
    assert_eq!(guest.answers_to(question).await, 1);
    world.comes_to_rest().await;
    assert_eq!(
        world.deal_of(PHONE).await.expect("the deal")["owner_field"],
        "Бот"
    );
}

#[tokio::test]
async fn point_6_an_emptied_field_means_the_bot() {
    let world = World::new().await;
    let anna = world.manager(ANNA);
    world.guest(PHONE).asks("Сколько стоит номер?").await;
    world.guest(PHONE).hears(1).await;
    let deal = world
        .deal_where(PHONE, "bound", |deal| deal["owner_field"] == "Бот")
        .await;
    anna.takes(PHONE).await;
    world
        .deal_where(PHONE, "taken", |deal| deal["owner_field"] == "Менеджер")
        .await;
    world.comes_to_rest().await;
    world
        .edits_deal(&deal, json!({"owner_field": ""}), ANNA)
        .await;
    anna.sees_where(PHONE, "back at the bot", is_led_by_bot)
        .await;
}

#[tokio::test]
async fn point_6_waiting_set_by_hand_hands_over_a_dialog_of_the_bot() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    let deal = world
        .deal_where(PHONE, "bound", |deal| deal["owner_field"] == "Бот")
        .await;
    world.comes_to_rest().await;
    world
        .edits_deal(&deal, json!({"owner_field": "Ждёт менеджера"}), ANNA)
        .await;
    let card = world
        .manager(ANNA)
        .sees_where(PHONE, "waiting", is_waiting)
        .await;
    assert!(
        matches!(&card.view.owner, Owner::Waiting { reason, .. } if reason.id == ReasonId::ByHand),
        "{card:#?}"
    );
    assert_eq!(guest.hears(2).await, HANDOFF);
    world
        .deal_where(PHONE, "its task", |deal| whatsapp_tasks(deal).len() == 1)
        .await;
}

#[tokio::test]
async fn point_6_waiting_set_by_hand_by_a_manager_says_nothing_to_the_guest() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    let anna = world.manager(ANNA);
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    let deal = world
        .deal_where(PHONE, "bound", |deal| deal["owner_field"] == "Бот")
        .await;
    anna.takes(PHONE).await;
    world
        .deal_where(PHONE, "taken", |deal| deal["owner_field"] == "Менеджер")
        .await;
    world.comes_to_rest().await;
    world
        .edits_deal(&deal, json!({"owner_field": "Ждёт менеджера"}), ANNA)
        .await;
    anna.sees_where(PHONE, "waiting", is_waiting).await;
    world
        .deal_where(PHONE, "its task", |deal| whatsapp_tasks(deal).len() == 1)
        .await;
    world.comes_to_rest().await;
    assert_eq!(guest.heard_from_bot().await.len(), 1);
}

#[tokio::test]
async fn point_6_a_robot_that_sets_the_field_takes_nothing() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    let deal = world
        .deal_where(PHONE, "bound", |deal| deal["owner_field"] == "Бот")
        .await;
    world.comes_to_rest().await;
    let path = format!("deals/{}", deal["id"]);
    world
        .play(&path, &json!({"owner_field": "Менеджер", "by": "robot"}))
        .await;
    world.comes_to_rest().await;
    let card = world.manager(ANNA).dialog_of(PHONE).await;
    assert!(is_led_by_bot(&card), "{card:#?}");
}

#[tokio::test]
async fn a_task_closed_by_a_person_counts_as_a_take() {
    let world = World::new().await;
    handed_over(&world).await;
    let deal = world
        .deal_where(PHONE, "its task", |deal| whatsapp_tasks(deal).len() == 1)
        .await;
    let path = format!("tasks/{}", whatsapp_tasks(&deal)[0]["id"]);
    world.comes_to_rest().await;
    world
        .play(&path, &json!({"done": true, "by": "user", "user": ANNA}))
        .await;
    world
        .manager(ANNA)
        .sees_where(PHONE, "taken by the task", |dialog| {
            dialog.is_led_by(UserId(ANNA))
        })
        .await;
}

#[tokio::test]
async fn a_deal_moved_by_a_person_is_not_moved_by_the_bot() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    world.has_a_deal(PHONE).await;
    world
        .bot(&json!({"rules": [{"contains": "ссылку", "done": ["payment_link_sent"]}]}))
        .await;
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    let deal = world
        .deal_where(PHONE, "consulted", |deal| {
            deal["stage"] == "Проведена консультация"
        })
        .await;
    world.comes_to_rest().await;
    world
        .edits_deal(&deal, json!({"stage": "Новая заявка"}), ANNA)
        .await;
    world.comes_to_rest().await;
    guest.asks("Пришлите ссылку").await;
    guest.hears(2).await;
    world.comes_to_rest().await;
    assert_eq!(
        world.deal_of(PHONE).await.expect("the deal")["stage"],
        "Новая заявка"
    );
}

#[tokio::test]
async fn thanks_are_not_answered() {
    let world = World::new().await;
    let guest = world.guest(PHONE);
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    guest.asks("Спасибо").await;
    world.comes_to_rest().await;
    let lines = guest.transcript().await;
    assert_eq!(lines.last().map(|line| line.from), Some(From::Guest));
    assert_eq!(world.turns().await, 1);
}
