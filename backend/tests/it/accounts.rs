//! Accounts of amoCRM differ where its reference says "unknown" or tells of two ways. The same four things have to go well
//! in each: an answer with its move, a handoff with task and field, a manager who takes or simply writes, and catching up
//! after an outage.

use crate::harness::{ANNA, HANDOFF, IGOR, World, has_its_task, whatsapp_tasks};
use serde_json::{Value, json};

const NEW: &str = "79000000001";
const KNOWN: &str = "79000000002";
const AWAY: &str = "79000000003";
/// Longer than any of the providers repeats what nobody took.
const BEYOND_BOTH: i64 = 25 * 60;

/// An account that is so, and a backend.
async fn account(ways: &Value, limits: &str) -> World {
    let world = World::with_limits(limits).await;
    world.play("amocrm", ways).await;
    world.serve(&[]).await;
    world
}

/// The four things.
async fn everything_goes_well(world: &World, name: Option<&str>) {
    a_new_guest_is_answered(world, name).await;
    a_guest_is_handed_over_and_taken(world).await;
    a_manager_simply_writes(world).await;
    what_came_during_an_outage_is_answered_once(world).await;
}

async fn a_new_guest_is_answered(world: &World, name: Option<&str>) {
    let guest = world.guest(NEW);
    let asked = guest
        .sends(&json!({"text": "Сколько стоит номер на двоих?", "name": name}))
        .await;
    guest.hears(1).await;
    assert_eq!(guest.answers_to(asked).await, 1);
    world
        .deal_where(NEW, "consulted", |deal| {
            deal["stage"] == "Проведена консультация" && deal["owner_field"] == "Бот"
        })
        .await;
}

async fn a_guest_is_handed_over_and_taken(world: &World) {
    let guest = world.guest(NEW);
    guest.asks("Нас будет пятеро").await;
    assert_eq!(guest.hears(2).await, HANDOFF);
    let deal = world.deal_where(NEW, "its task", has_its_task).await;
    world
        .sees_deal(&deal, "waiting", |deal| {
            deal["owner_field"] == "Ждёт менеджера"
        })
        .await;
    world.manager(IGOR).takes(NEW).await;
    world
        .sees_deal(&deal, "taken", |deal| {
            deal["owner_field"] == "Менеджер" && whatsapp_tasks(deal)[0]["responsible"] == IGOR
        })
        .await;
    guest.is_not_answered("А с питанием?").await;
}

async fn a_manager_simply_writes(world: &World) {
    let deal = world.has_a_deal_at(KNOWN, "Новая заявка").await;
    let guest = world.guest(KNOWN);
    guest.asks("Есть ли бассейн?").await;
    guest.hears(1).await;
    world.deal_comes_to(&deal, "Проведена консультация").await;
    world.comes_to_rest().await;
    let answered = world.now(&deal).await;
    assert_eq!(answered["owner_field"], "Бот", "our own text took nobody");
    let manager = world.manager(ANNA);
    manager
        .writes(KNOWN, "Добрый день, это Анна", "amocrm")
        .await;
    manager.sees_a_person(KNOWN).await;
    world
        .sees_deal(&deal, "a person's", |deal| {
            deal["owner_field"] == "Менеджер"
        })
        .await;
    guest.is_not_answered("Спасибо, а цена?").await;
}

async fn what_came_during_an_outage_is_answered_once(world: &World) {
    let deal = world.has_a_deal_at(AWAY, "Новая заявка").await;
    let guest = world.guest(AWAY);
    guest.asks("Есть ли парковка?").await;
    guest.hears(1).await;
    world.deal_comes_to(&deal, "Проведена консультация").await;
    world.comes_to_rest().await;
    world.kills_the_backend();
    let asked = guest.writes("А завтрак?").await;
    world.advance_s(10 * 60).await;
    world.serve(&[]).await;
    guest.hears(2).await;
    world.comes_to_rest().await;
    assert_eq!(guest.answers_to(asked).await, 1);
    world.kills_the_backend();
    world
        .edits_deal(&deal, json!({"owner_field": "Менеджер"}), IGOR)
        .await;
    world.advance_s(BEYOND_BOTH).await;
    world.serve(&[]).await;
    world.manager(ANNA).sees_a_person(AWAY).await;
}

/// A test for each account that differs.
macro_rules! accounts {
    ($($name:ident: $ways:tt;)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                let world = account(&json!($ways), "off").await;
                everything_goes_well(&world, None).await;
            }
        )*
    };
}

accounts! {
    account_that_refuses_a_big_limit_and_filters_by_fields_and_subscribes_with_200:
        {"big_limit": "refuse", "api_filter": true, "subscribed_status": 200};
    account_that_lists_newest_deals_first_and_calls_a_code_enum_and_has_short_pages:
        {"leads_of_contact": "new_first", "enum_is_code": true, "fields_on_page": 4};
    account_whose_chats_name_the_deal_as_element: {"chat_deal": "element"};
    account_whose_chats_name_the_deal_as_entity: {"chat_deal": "entity"};
    account_whose_hooks_have_old_shapes: {"bare_message": true, "nested_index": true, "plain_values": true};
    account_that_echoes_our_texts_as_a_users: {"echo": "user"};
    account_that_echoes_none_of_our_texts: {"echo": "none"};
    account_whose_index_lags_three_seconds: {"index_lag_ms": 3_000};
    account_whose_index_lags_half_a_minute: {"index_lag_ms": 30_000};
    account_whose_query_finds_everybody: {"query": "ignored"};
    account_without_hooks_of_messages_and_tasks:
        {"unknown_hooks": ["add_message", "add_outgoing_message", "update_task"]};
    account_that_keeps_an_unnamed_guest_unsorted: {"unsorted": true};
    account_that_keeps_guests_unsorted_and_lets_them_be_moved: {"unsorted": true, "unsorted_move": true};
}

#[tokio::test]
async fn account_that_keeps_a_named_guest_unsorted_and_shows_the_contact() {
    let ways = json!({"unsorted": true, "unsorted_contact": true});
    let world = account(&ways, "off").await;
    everything_goes_well(&world, Some("Анна")).await;
    assert_eq!(world.count("amocrm", "POST", "/accept").await, 1);
    assert_eq!(
        world.count("amocrm", "POST", "/leads").await,
        0,
        "none was made anew"
    );
    assert_eq!(world.count("amocrm", "POST", "/contacts").await, 0);
}

#[tokio::test]
async fn account_whose_limit_is_shared_with_others_and_says_so_in_html() {
    let ways = json!({"too_many": "html", "others_per_s": 2, "retry_after_s": 2});
    let world = account(&ways, "real").await;
    everything_goes_well(&world, None).await;
    let refused = world.calls("amocrm").await.into_iter();
    let banned = refused.filter(|(_, status)| *status == Some(403)).count();
    assert_eq!(banned, 0, "nobody was shut out");
}

#[tokio::test]
async fn account_whose_hooks_come_twice_under_one_name() {
    let world = account(&json!({"same_request_id": true}), "off").await;
    world.lasting_fault("amocrm", "hook_dup").await;
    everything_goes_well(&world, None).await;
}

#[tokio::test]
async fn account_whose_hooks_come_several_at_once() {
    let world = account(&json!({}), "off").await;
    world.lasting_fault("amocrm", "hook_batch").await;
    everything_goes_well(&world, None).await;
}

#[tokio::test]
async fn account_that_wants_fields_filled_before_a_move_is_not_asked_again_and_again() {
    let ways = json!({"required": {"Проведена консультация": ["ARRIVAL"]}});
    let world = account(&ways, "off").await;
    let deal = world.has_a_deal_at(KNOWN, "Новая заявка").await;
    let guest = world.guest(KNOWN);
    let asked = guest.asks("Есть ли бассейн?").await;
    guest.hears(1).await;
    assert_eq!(guest.answers_to(asked).await, 1);
    world.comes_to_rest().await;
    world.minutes_pass(30).await;
    world.comes_to_rest().await;
    let lead = format!("PATCH /api/v4/leads/{}", deal["id"]);
    let calls = world.calls("amocrm").await.into_iter();
    let refused = calls
        .filter(|(name, status)| *name == lead && *status == Some(400))
        .count();
    assert_eq!(refused, 1, "a refusal is final");
    let deal = world.now(&deal).await;
    assert_eq!(deal["stage"], "Новая заявка");
}

#[tokio::test]
async fn account_whose_unsorted_chat_comes_late_has_one_deal_in_the_end() {
    let world = account(&json!({"unsorted": true}), "off").await;
    world.fault("amocrm", "late_deal").await;
    let guest = world.guest(NEW);
    guest.asks("Сколько стоит номер на двоих?").await;
    guest.hears(1).await;
    world
        .eventually("a deal of our own", async || {
            (world.count("amocrm", "POST", "/leads").await == 1).then_some(())
        })
        .await;
    // The chat comes at last, and then somebody looks after it.
    world.minutes_pass(10).await;
    world
        .eventually("the chat is linked", async || {
            (world.count("amocrm", "POST", "/link").await == 1).then_some(())
        })
        .await;
    world.comes_to_rest().await;
    let deal = world.deal_of(NEW).await.expect("one deal");
    assert_eq!(deal["stage"], "Проведена консультация");
    assert_eq!(world.count("amocrm", "POST", "/leads").await, 1);
}
