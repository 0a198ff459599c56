//! Pact as the reference leaves it open (reference/pact-api.md): the stories that matter to a guest, under each way in
//! which a company may be, and what is special about Pact's channels.

use crate::harness::{
    ANNA, HANDOFF, IGOR, World, has_its_task, has_note, open_tasks, whatsapp_tasks,
};
use serde_json::{Value, json};
use widget_core::owner::{Owner, ReasonId};

const PHONE: &str = "79000000001";
const ANSWERED: &str = "79000000002";
const HANDED_OVER: &str = "79000000003";
const FROM_PHONE: &str = "79000000004";
const LOST: &str = "79000000005";
const MISSED: &str = "79000000006";
/// Longer than Pact repeats a webhook.
const OUTAGE_S: i64 = 10 * 60;
const HOUR_S: i64 = 60 * 60;

async fn company(ways: &Value) -> World {
    let world = World::without_backend().await;
    world.play("pact", ways).await;
    world.serve(&[]).await;
    world
}

/// A guest of a deal of Анна's asks and is answered; the deal.
async fn is_answered(world: &World, phone: &str) -> Value {
    let deal = world.has_a_deal_at(phone, "Новая заявка").await;
    let guest = world.guest(phone);
    let message = guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    assert_eq!(guest.answers_to(message).await, 1);
    world.deal_comes_to(&deal, "Проведена консультация").await
}

/// A guest is answered, handed over, led by people of every way, told of what is lost, and found after an outage:
/// nothing twice, nothing lost, one voice.
async fn every_story(ways: Value) {
    let world = company(&ways).await;
    let anna = world.manager(ANNA);

    is_answered(&world, PHONE).await;
    world.comes_to_rest().await;
    let card = anna.dialog_of(PHONE).await;
    assert_eq!(card.view.owner, Owner::Bot, "our own text is no person's");
    anna.writes(PHONE, "Здравствуйте, это Анна", "pact").await;
    anna.sees_a_person(PHONE).await;

    is_answered(&world, ANSWERED).await;
    world
        .manager(IGOR)
        .writes(ANSWERED, "Это Игорь", "amocrm")
        .await;
    anna.sees_a_person(ANSWERED).await;

    let deal = world.has_a_deal_at(HANDED_OVER, "Новая заявка").await;
    let guest = world.guest(HANDED_OVER);
    guest.asks("Нас будет пятеро").await;
    assert_eq!(guest.hears(1).await, HANDOFF);
    world.sees_deal(&deal, "handed over", has_its_task).await;

    is_answered(&world, FROM_PHONE).await;
    anna.writes(FROM_PHONE, "Это снова Анна", "phone").await;
    // Where no webhook tells of it, the list does.
    world.minutes_pass(7).await;
    anna.sees_a_person(FROM_PHONE).await;

    let deal = world.has_a_deal_at(LOST, "Новая заявка").await;
    world.fault("pact", "undelivered").await;
    world.guest(LOST).asks("Есть ли места?").await;
    anna.sees_waiting(LOST, ReasonId::SendFailed).await;
    world
        .sees_deal(&deal, "a person is called", has_its_task)
        .await;

    world.comes_to_rest().await;
    world.kills_the_backend();
    let missed = world.guest(MISSED).writes("А парковка есть?").await;
    world.advance_s(OUTAGE_S).await;
    world.serve(&[]).await;
    world.guest(MISSED).hears(1).await;
    world.comes_to_rest().await;
    assert_eq!(world.guest(MISSED).answers_to(missed).await, 1);

    for (phone, texts) in [
        (PHONE, 1),
        (ANSWERED, 1),
        (HANDED_OVER, 1),
        (FROM_PHONE, 1),
        (MISSED, 1),
    ] {
        let heard = world.guest(phone).heard_from_bot().await;
        assert_eq!(heard.len(), texts, "{phone}: {heard:#?}");
    }
    for phone in [PHONE, ANSWERED, FROM_PHONE] {
        world.guest(phone).is_not_answered("А с питанием?").await;
    }
    let deal = world.deal_of(HANDED_OVER).await.expect("one deal");
    assert_eq!(whatsapp_tasks(&deal).len(), 1);
}

macro_rules! companies {
    ($($name:ident: $ways:tt;)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                every_story(json!($ways)).await;
            }
        )*
    };
}

companies! {
    pact_way_lists_begin_with_the_oldest: {"order": "old_first"};
    pact_way_sends_are_201_updates_are_full_and_reading_is_told:
        {"sent_status": 201, "update": "full", "read_marks": true};
    pact_way_our_texts_go_as_the_company_and_managers_as_users:
        {"api_sender": "company", "amocrm_sender": "user"};
    pact_way_nobody_is_named: {"api_sender": "none", "amocrm_sender": "none"};
    pact_way_the_hotels_phone_is_silent: {"phone_app": "untold"};
    pact_way_old_events_come_too_and_pact_is_impatient: {"v1_twins": true, "hook_timeout_ms": 1000};
    pact_way_what_is_empty_is_null: {"noise": "null", "details": null};
    pact_way_what_is_empty_is_absent: {"noise": "absent", "details": [{"code": 470}]};
    pact_way_spellings_are_odd: {"noise": "odd", "details": "not registered"};
    pact_way_of_whatsapp_business: {"provider": "whatsapp_business"};
    pact_way_of_whatsapp_business_that_refuses_in_html:
        {"provider": "whatsapp_business", "late_text": "refused", "refusal": "html"};
    pact_way_history_is_silent_and_refusals_are_old: {"history_told": false, "refusal": "first", "deal_after_s": null};
    pact_way_everything_is_otherwise: {
        "provider": "whatsapp_business", "order": "old_first", "sent_status": 201, "update": "full",
        "read_marks": true, "api_sender": "none", "amocrm_sender": "user", "phone_app": "untold", "v1_twins": true,
        "noise": "odd", "deletion": "delete", "edits_told": false, "late_text": "refused", "refusal": "html",
        "history_told": false, "deal_after_s": 0
    };
}

// --- what guests do to their messages -----------------------------------------------------------------------------------

#[tokio::test]
async fn pact_a_deleted_message_is_not_answered_by_whatever_event_it_is_told() {
    for deletion in ["update", "delete"] {
        let world = company(&json!({"deletion": deletion})).await;
        world.freezes_the_clock().await;
        let guest = world.guest(PHONE);
        let gone = guest.writes("Сколько стоит люкс?").await;
        let kept = guest.writes("Сколько стоит номер?").await;
        let path = format!("guests/{PHONE}/messages/{gone}");
        world.play(&path, &json!({"deleted": true})).await;
        guest.hears(1).await;
        world.comes_to_rest().await;
        assert_eq!(guest.answers_to(kept).await, 1, "{deletion}");
        assert_eq!(guest.answers_to(gone).await, 0, "{deletion}");
    }
}

#[tokio::test]
async fn pact_an_edit_counts_where_it_is_told_and_a_reaction_never() {
    for (told, answer) in [
        (true, "Сколько стоит люкс?"),
        (false, "Сколько стоит номер?"),
    ] {
        let world = company(&json!({"edits_told": told})).await;
        world.freezes_the_clock().await;
        let guest = world.guest(PHONE);
        let message = guest.writes("Сколько стоит номер?").await;
        let path = format!("guests/{PHONE}/messages/{message}");
        world
            .play(&path, &json!({"text": "Сколько стоит люкс?"}))
            .await;
        let heard = guest.hears(1).await;
        assert!(heard.contains(answer), "{told}: {heard}");
        world.play(&path, &json!({"reaction": "🙏"})).await;
        world.comes_to_rest().await;
        assert_eq!(guest.heard_from_bot().await.len(), 1);
        assert_eq!(world.turns().await, 1);
    }
}

// --- who is not answered ------------------------------------------------------------------------------------------------

#[tokio::test]
async fn pact_a_group_is_silent_also_when_it_is_caught_up_with() {
    let world = company(&json!({})).await;
    is_answered(&world, ANSWERED).await;
    world.comes_to_rest().await;
    let group = json!({"text": "Сколько стоит номер?", "group": "Семья"});
    world.guest(PHONE).sends(&group).await;
    world.comes_to_rest().await;
    world.kills_the_backend();
    world.guest(PHONE).sends(&group).await;
    world.advance_s(OUTAGE_S).await;
    world.serve(&[]).await;
    world.minutes_pass(7).await;
    world.comes_to_rest().await;
    assert_eq!(world.turns().await, 1, "only the guest before was answered");
    assert_eq!(world.count("pact", "POST", "/messages").await, 1);
    assert!(world.deals_of(PHONE).await.is_empty());
}

/// A message of a guest as Pact's webhook would tell it without a word about its conversation; its own webhook is lost.
async fn is_told_without_its_conversation(world: &World, phone: &str, message: &Value) {
    world.lasting_fault("pact", "hook_drop").await;
    let id = world.guest(phone).sends(message).await;
    world.clears_faults().await;
    let is_group = !message["group"].is_null();
    let conversation = newest_conversation(world, is_group).await;
    let company = world.setting("accounts.0.pact.company_id");
    let told = json!({"event": "create", "type": "message", "object": {
        "id": id, "external_id": format!("3EB0{id}"), "company_id": company, "conversation_id": conversation,
        "contact_id": 440_010, "created_at": "2026-11-18T08:00:00.514Z",
        "external_created_at": "2026-11-18T08:00:00.000Z", "income": true, "status": "created",
        "message": message["text"], "delivery": false, "deleted": false, "attachments": [],
        "contact": {"id": 440_010, "external_id": phone, "name": "Анна", "phone": phone}}});
    world.play(&format!("guests/{phone}/raw"), &told).await;
}

/// The youngest group chat that Pact has, or talk with a guest.
async fn newest_conversation(world: &World, is_group: bool) -> Value {
    let endpoint = world.setting("accounts.0.pact.endpoint");
    let token = world.setting("accounts.0.pact.token");
    let company = world.setting("accounts.0.pact.company_id");
    let endpoint = endpoint.as_str().expect("a URL");
    let url = format!("{endpoint}/conversations?company_id={company}");
    let request = world.client.get(url);
    let request = request.header("X-Private-Api-Token", token.as_str().expect("a token"));
    let answer = request.send().await.expect("Pact answers");
    let answer: Value = answer.json().await.expect("JSON");
    let rows = answer
        .get("conversations")
        .or_else(|| answer["data"].get("conversations"));
    let rows = rows.and_then(Value::as_array).expect("a list");
    let of_kind = rows.iter().filter(|row| row["group"] == is_group);
    let youngest = of_kind.max_by_key(|row| row["id"].as_i64());
    youngest.expect("a conversation")["id"].clone()
}

#[tokio::test]
async fn pact_of_a_message_that_may_be_of_a_group_pact_itself_is_asked_first() {
    let world = company(&json!({})).await;
    is_answered(&world, ANSWERED).await;
    world.comes_to_rest().await;
    let before = world.count("pact", "POST", "/messages").await;
    let group = json!({"text": "Сколько стоит номер?", "group": "Семья"});
    is_told_without_its_conversation(&world, PHONE, &group).await;
    let guests = json!({"text": "Сколько стоит номер?"});
    is_told_without_its_conversation(&world, LOST, &guests).await;
    // Long before the next round would be due.
    world.guest(LOST).hears(1).await;
    world.minutes_pass(7).await;
    world.comes_to_rest().await;
    assert_eq!(world.guest(LOST).heard_from_bot().await.len(), 1, "once");
    let sent = world.count("pact", "POST", "/messages").await;
    assert_eq!(sent, before + 1, "nobody in the group is answered");
    assert!(world.deals_of(PHONE).await.is_empty());
}

#[tokio::test]
async fn pact_imported_history_is_never_answered() {
    for told in [true, false] {
        let world = company(&json!({"history_told": told})).await;
        is_answered(&world, ANSWERED).await;
        world.comes_to_rest().await;
        let old =
            json!({"text": "Сколько стоит номер?", "provider_time": "2026-11-10T11:00:00+03:00"});
        world.guest(PHONE).sends(&old).await;
        world.minutes_pass(7).await;
        world.comes_to_rest().await;
        assert!(
            world.guest(PHONE).heard_from_bot().await.is_empty(),
            "{told}"
        );
        assert!(world.deals_of(PHONE).await.is_empty(), "{told}");
    }
}

#[tokio::test]
async fn pact_a_guest_with_odd_ids_is_found_by_the_phone() {
    for shown in [
        json!({"phone": "+7 900 000-00-01"}),
        json!({"external_id": "4f1c-guest"}),
    ] {
        let world = company(&json!({})).await;
        world.play(&format!("guests/{PHONE}"), &shown).await;
        is_answered(&world, PHONE).await;
        world.comes_to_rest().await;
        assert_eq!(world.deals_of(PHONE).await.len(), 1, "{shown}");
    }
}

#[tokio::test]
async fn pact_what_else_comes_to_the_url_changes_nothing() {
    let world = company(&json!({})).await;
    is_answered(&world, PHONE).await;
    world.comes_to_rest().await;
    let before = world.look("calls").await.expect("calls");
    for kind in [
        "v1_conversation",
        "v1_ack",
        "v1_group",
        "job",
        "system",
        "qr_code",
        "unknown_type",
        "foreign",
        "malformed",
    ] {
        world.play("pact/events", &json!({"kind": kind})).await;
    }
    world.comes_to_rest().await;
    assert_eq!(
        world.look("calls").await,
        Some(before),
        "nobody was asked or told anything"
    );
    let next = world.guest(PHONE).asks("А с питанием?").await;
    world.guest(PHONE).hears(2).await;
    assert_eq!(world.guest(PHONE).answers_to(next).await, 1);
}

// --- files --------------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn pact_voice_and_photos_are_named_in_task_and_note() {
    for (kind, named) in [
        ("voice", "голосовое сообщение"),
        ("image", "фото"),
        ("pdf", "файл"),
    ] {
        let world = company(&json!({})).await;
        let deal = world.has_a_deal_at(PHONE, "Новая заявка").await;
        let guest = world.guest(PHONE);
        guest.sends(&json!({"attachments": [{"type": kind}]})).await;
        guest.hears(1).await;
        let deal = world.sees_deal(&deal, "handed over", has_its_task).await;
        let task = whatsapp_tasks(&deal)[0]["text"].clone();
        assert!(
            task.as_str().is_some_and(|text| text.contains(named)),
            "{task}"
        );
        let is_note = |note: &Value| {
            let lines = note.as_str().unwrap_or_default().lines();
            lines
                .filter(|line| line.ends_with(&format!("Гость: {named}")))
                .count()
                == 2
        };
        world
            .sees_deal(&deal, "noted", |deal| {
                deal["notes"]
                    .as_array()
                    .is_some_and(|notes| notes.iter().any(is_note))
            })
            .await;
    }
}

// --- the window of 24 hours ---------------------------------------------------------------------------------------------

#[tokio::test]
async fn pact_in_a_window_the_touch_comes_before_it_closes() {
    let world = company(&json!({"provider": "whatsapp_business"})).await;
    is_answered(&world, PHONE).await;
    world.comes_to_rest().await;
    world.it_is("2026-11-19T09:55:00+03:00").await;
    world.comes_to_rest().await;
    world.it_is("2026-11-19T10:03:00+03:00").await;
    let touch = world.guest(PHONE).hears(2).await;
    assert!(touch.contains("Удалось подумать над датами?"), "{touch}");
    assert_eq!(
        world.count("pact", "POST", "/api/p2/messages").await,
        0,
        "as a free text"
    );
}

#[tokio::test]
async fn pact_with_a_template_the_touch_goes_out_of_the_window_as_it() {
    for (body, goes) in [
        ("Здравствуйте! Удалось подумать над датами? {{1}}.", true),
        ("Совсем другие слова", false),
    ] {
        let world = World::without_backend().await;
        let templates = json!([{"id": 8101, "body": body}]);
        world
            .play(
                "pact",
                &json!({"provider": "whatsapp_business", "templates": templates}),
            )
            .await;
        let settings = std::fs::read_to_string(world.settings()).expect("settings");
        let section = "[accounts.pact]\n";
        assert_eq!(settings.matches(section).count(), 1);
        let settings = settings.replace(section, &format!("{section}touch_templates = [8101]\n"));
        std::fs::write(world.settings(), settings).expect("settings");
        world.serve(&[]).await;
        let deal = is_answered(&world, PHONE).await;
        world.comes_to_rest().await;
        world.it_is("2026-11-19T10:30:00+03:00").await;
        world.comes_to_rest().await;
        assert_eq!(
            world.guest(PHONE).heard_from_bot().await.len(),
            1,
            "not before a day"
        );
        world.it_is("2026-11-19T11:05:00+03:00").await;
        if goes {
            let touch = world.guest(PHONE).hears(2).await;
            assert!(touch.contains("Удалось подумать над датами?"), "{touch}");
            assert_eq!(world.count("pact", "POST", "/api/p2/messages").await, 1);
            world
                .sees_deal(&deal, "noted", |deal| {
                    has_note(deal, "Финальное касание: «Здравствуйте")
                })
                .await;
            world.comes_to_rest().await;
            assert_eq!(
                world.manager(ANNA).dialog_of(PHONE).await.view.owner,
                Owner::Bot
            );
        } else {
            world
                .manager(ANNA)
                .sees_waiting(PHONE, ReasonId::SendFailed)
                .await;
            world
                .sees_deal(&deal, "a person is called", has_its_task)
                .await;
            world.comes_to_rest().await;
            assert_eq!(
                world.guest(PHONE).heard_from_bot().await.len(),
                1,
                "nothing has left"
            );
        }
        assert_eq!(world.count("pact", "POST", "/conversations").await, 0);
    }
}

#[tokio::test]
async fn pact_behind_a_closed_window_nothing_is_sent_that_would_be_lost() {
    let world = World::without_backend().await;
    // A person leads the dialog beyond the window.
    let leads_long = (
        "auto_return_after = \"40m\" ",
        "auto_return_after = \"48h\" ",
    );
    world.has_a_policy_with(&[leads_long]);
    world
        .play("pact", &json!({"provider": "whatsapp_business"}))
        .await;
    world.serve(&[]).await;
    let deal = is_answered(&world, PHONE).await;
    world.comes_to_rest().await;
    let anna = world.manager(ANNA);
    anna.takes(PHONE).await;
    world.advance_s(25 * HOUR_S).await;
    world.comes_to_rest().await;
    anna.sees_a_person(PHONE).await;
    let sent = world.count("pact", "POST", "/messages").await;
    // Given back then, the bot does not introduce itself to nobody.
    world
        .edits_deal(&deal, json!({"owner_field": "Бот"}), ANNA)
        .await;
    anna.sees_the_bot(PHONE).await;
    world.comes_to_rest().await;
    assert_eq!(world.count("pact", "POST", "/messages").await, sent);
    assert!(open_tasks(&world.now(&deal).await).is_empty());
    // The guest writes, and the window is open again.
    let message = world.guest(PHONE).asks("Я надумал, есть ли места?").await;
    world
        .eventually("answered", async || {
            (world.guest(PHONE).answers_to(message).await == 1).then_some(())
        })
        .await;
}

// --- the channel --------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn pact_a_channel_that_is_off_is_said() {
    let world = company(&json!({})).await;
    let line = || {
        let said = world.asks(&["doctor"]);
        let line = said
            .out
            .lines()
            .find(|line| line.contains(", channel:") || line.contains("channel:"));
        (line.unwrap_or_default().to_owned(), said.code)
    };
    let (on, code) = line();
    assert!(
        on.starts_with("ok") && on.contains("whatsapp is connected"),
        "{on}"
    );
    assert_eq!(code, Some(0));
    world.play("pact", &json!({"channel": "disabled"})).await;
    let (off, code) = line();
    assert!(
        off.starts_with("FAIL") && off.contains("switched off in Pact (disabled)"),
        "{off}"
    );
    assert_eq!(code, Some(1));
    world.play("pact", &json!({"channel": "enabled"})).await;
    assert_eq!(line().1, Some(0));
}
