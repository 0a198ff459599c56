//! Whom the bot answers at all: lists and modes of the account.

use super::PHONE;
use crate::harness::{HANDOFF, INTRO, World, whatsapp_tasks};
use serde_json::json;

const OTHER: &str = "79000000002";

#[tokio::test]
async fn excluded_by_tag() {
    let world = World::new().await;
    let deal = world
        .has_a_deal_with(PHONE, "Новая заявка", json!({"tags": ["без бота"]}))
        .await;
    let before = world.writes_to_crm().await;
    let guest = world.guest(PHONE);
    guest.is_not_answered("Сколько стоит номер?").await;
    guest.is_not_answered("Нас будет пятеро").await;
    assert_eq!(world.writes_to_crm().await, before);
    let deal = world.now(&deal).await;
    assert_eq!((&deal["tasks"], &deal["notes"]), (&json!([]), &json!([])));
    // Everybody else is answered.
    world.guest(OTHER).asks("Сколько стоит номер?").await;
    assert!(world.guest(OTHER).hears(1).await.contains(INTRO));
}

#[tokio::test]
async fn trial_answers_only_listed_phones() {
    let trial = [
        ("mode = \"on\"", "mode = \"trial\""),
        ("trial_phones = []", "trial_phones = [\"+7 900 000-00-01\"]"),
    ];
    let world = World::with_policy(&trial).await;
    world.has_a_deal_at(OTHER, "Новая заявка").await;
    let before = world.writes_to_crm().await;
    world
        .guest(OTHER)
        .is_not_answered("Сколько стоит номер?")
        .await;
    world.guest(OTHER).is_not_answered("Нас будет пятеро").await;
    assert_eq!(world.writes_to_crm().await, before);

    world.guest(PHONE).asks("Сколько стоит номер?").await;
    assert!(world.guest(PHONE).hears(1).await.contains(INTRO));
    world.guest(PHONE).asks("Нас будет пятеро").await;
    assert_eq!(world.guest(PHONE).hears(2).await, HANDOFF);
    world
        .deal_where(PHONE, "its task", |deal| whatsapp_tasks(deal).len() == 1)
        .await;
}

#[tokio::test]
async fn watch_writes_nothing() {
    let world = World::with_policy(&[("mode = \"on\"", "mode = \"watch\"")]).await;
    let deals = [PHONE, OTHER];
    for phone in deals {
        world.has_a_deal_at(phone, "Новая заявка").await;
    }
    let before = world.writes_to_crm().await;
    world.guest(PHONE).asks("Сколько стоит номер?").await;
    world.guest(OTHER).asks("Нас будет пятеро").await;
    world
        .eventually("the bot is asked all the same", async || {
            (world.turns().await == 1).then_some(())
        })
        .await;
    world.comes_to_rest().await;
    assert_eq!(world.writes_to_crm().await, before);
    assert_eq!(world.count("pact", "POST", "/messages").await, 0);
    for phone in deals {
        assert_eq!(world.guest(phone).heard_from_bot().await.len(), 0);
        let deal = world.deal_of(phone).await.expect("the deal");
        assert_eq!(deal["stage"], "Новая заявка");
        assert_eq!((&deal["tasks"], &deal["notes"]), (&json!([]), &json!([])));
    }
}
