//! Alerts (BEHAVIOUR §5): each kind made to happen, seen once as banner, task and webhook, and once at its end.

use crate::harness::{ANNA, Fleet, HANDOFF, Ops, Server, World, until};
use serde_json::{Value, json};

const PHONE: &str = "79000000001";
const PHONES: [&str; 3] = ["79000000001", "79000000002", "79000000003"];
const MINUTE_S: i64 = 60;
const QUESTION: &str = "Сколько стоит номер?";

/// A backend that tells of what is wrong, and a guest's deal whose card Анна has open.
async fn watched(more: &str) -> (World, Ops, Value) {
    let world = World::without_backend().await;
    let ops = Ops::listening().await;
    world.tells(&ops, more);
    world.serve(&[]).await;
    let deal = world.has_a_deal_at(PHONE, "Новая заявка").await;
    assert!(banners(&world, &deal).await.is_empty());
    (world, ops, deal)
}

/// What the card of a deal says of the account, in Russian.
async fn banners(world: &World, deal: &Value) -> Vec<String> {
    let seen = world.manager(ANNA).sees(deal).await.expect("the card");
    let said = seen.alerts.into_iter();
    said.map(|alert| {
        assert!(!alert.en.is_empty());
        alert.ru
    })
    .collect()
}

async fn shows(world: &World, deal: &Value, words: &str) {
    until(&format!("the card says: {words}"), async || {
        banners(world, deal)
            .await
            .iter()
            .any(|said| said.contains(words))
    })
    .await;
}

async fn shows_nothing(world: &World, deal: &Value) {
    until("the card says nothing", async || {
        banners(world, deal).await.is_empty()
    })
    .await;
}

#[tokio::test]
async fn behaviour_5_alerts_a_pact_that_refuses_everything() {
    for (fault, status) in [("http_403", "403"), ("token_revoked", "401")] {
        let (world, ops, deal) = watched("").await;
        world.lasting_fault("pact", fault).await;
        world.guest(PHONE).asks(QUESTION).await;
        let words = "Pact отклоняет все запросы";
        let task = world.alert_begins(&ops, "pact_refused", words).await;
        let text = task["text"].as_str().expect("a text");
        assert!(
            text.contains(status) && text.contains("Что сделать: "),
            "{text}"
        );
        shows(&world, &deal, "Pact не принимает запросы").await;
        // Whoever asks now and then whether it is over tells nobody again.
        let refused = async || {
            let calls = world.calls("pact").await.into_iter();
            calls
                .filter(|(_, answer)| answer.is_some_and(|answer| answer > 400))
                .count()
        };
        let before = refused().await;
        world
            .eventually("it is asked again", async || {
                world.advance_s(MINUTE_S).await;
                (refused().await > before).then_some(())
            })
            .await;
        assert_eq!(ops.told_of("pact_refused").len(), 1, "once");
        world.clears_faults().await;
        world.advance_s(MINUTE_S + 1).await;
        world.guest(PHONE).hears(1).await;
        world.advance_s(5 * MINUTE_S).await;
        world.alert_ends(&ops, "pact_refused", words).await;
        shows_nothing(&world, &deal).await;
        assert_eq!(ops.kinds(), ["pact_refused"], "and nothing else");
    }
}

#[tokio::test]
async fn behaviour_5_alerts_a_channel_that_is_switched_off_in_pact() {
    let (world, ops, deal) = watched("").await;
    let company = world.setting("accounts.0.pact.company_id");
    let channel = async |state: &str, provider: &str| {
        let told = json!({"event": "update", "type": "auth", "object": {
            "id": 77, "company_id": company, "provider": provider, "state": state}});
        world.play(&format!("guests/{PHONE}/raw"), &told).await;
    };
    channel("disabled", "telegram").await;
    world.comes_to_rest().await;
    assert!(ops.kinds().is_empty(), "another channel");
    world.play("pact", &json!({"channel": "disabled"})).await;
    let words = "WhatsApp отключён в Pact";
    world.alert_begins(&ops, "channel_off", words).await;
    shows(&world, &deal, "WhatsApp отключён в Pact").await;
    channel("disabled", "whatsapp").await;
    world.comes_to_rest().await;
    assert_eq!(ops.told_of("channel_off").len(), 1, "once");
    world.play("pact", &json!({"channel": "enabled"})).await;
    world.advance_s(6 * MINUTE_S).await;
    world.alert_ends(&ops, "channel_off", words).await;
    shows_nothing(&world, &deal).await;
}

#[tokio::test]
async fn behaviour_5_alerts_a_channel_that_is_switched_off_and_on_without_a_webhook() {
    let (world, ops, deal) = watched("").await;
    world.lasting_fault("pact", "hook_drop").await;
    world.play("pact", &json!({"channel": "disabled"})).await;
    world.advance_s(6 * MINUTE_S).await;
    let words = "WhatsApp отключён в Pact";
    world.alert_begins(&ops, "channel_off", words).await;
    shows(&world, &deal, "WhatsApp отключён в Pact").await;
    world.advance_s(12 * MINUTE_S).await;
    world.comes_to_rest().await;
    assert_eq!(ops.told_of("channel_off").len(), 1, "once");
    world.play("pact", &json!({"channel": "enabled"})).await;
    // It is asked, and then calm for long enough.
    for _ in 0..4 {
        world.advance_s(5 * MINUTE_S + 5).await;
        world.comes_to_rest().await;
    }
    world.alert_ends(&ops, "channel_off", words).await;
    shows_nothing(&world, &deal).await;
    assert_eq!(ops.kinds(), ["channel_off"]);
}

#[tokio::test]
async fn behaviour_5_alerts_of_several_instances_one_tells_that_the_channel_is_off_and_on_again() {
    let server = Server::started();
    let world = World::for_a_fleet(&server).await;
    let ops = Ops::listening().await;
    world.tells(&ops, "");
    let fleet = Fleet::of(&world, 2).await;
    for instance in 0..fleet.len() {
        fleet.serves(instance).await;
    }
    // The webhook comes to one of them, and whoever has heard it dies.
    world.play("pact", &json!({"channel": "disabled"})).await;
    let words = "WhatsApp отключён в Pact";
    world.alert_begins(&ops, "channel_off", words).await;
    for instance in 0..fleet.len() {
        fleet.kills(instance);
        fleet.serves(instance).await;
    }
    // That it is on again nobody hears.
    world.lasting_fault("pact", "hook_drop").await;
    world.play("pact", &json!({"channel": "enabled"})).await;
    for _ in 0..5 {
        world.advance_s(5 * MINUTE_S + 5).await;
        world.comes_to_rest().await;
    }
    world.alert_ends(&ops, "channel_off", words).await;
    assert_eq!(ops.told_of("channel_off").len(), 2, "its begin and its end");
}

#[tokio::test]
async fn behaviour_5_alerts_amocrm_has_to_be_connected_anew() {
    let world = World::without_a_token().await;
    let ops = Ops::listening().await;
    world.tells(&ops, "");
    world.serve(&[]).await;
    world.is_connected_by_an_administrator().await;
    let deal = world.has_a_deal_at(PHONE, "Новая заявка").await;
    assert!(banners(&world, &deal).await.is_empty());
    world.lasting_fault("amocrm", "token_revoked").await;
    world.guest(PHONE).asks(QUESTION).await;
    assert!(world.guest(PHONE).hears(1).await.contains(HANDOFF));
    world.stands("needs_reauth").await;
    until("the webhook is told at once", async || {
        !ops.told_of("needs_reauth").is_empty()
    })
    .await;
    shows(&world, &deal, "Подключение к amoCRM закончилось").await;
    let words = "подключение к amoCRM закончилось";
    assert!(
        world.alert_tasks(words).await.is_empty(),
        "amoCRM takes no task now"
    );
    world.clears_faults().await;
    world.is_connected_by_an_administrator().await;
    world.alert_begins(&ops, "needs_reauth", words).await;
    world.advance_s(5 * MINUTE_S).await;
    world.alert_ends(&ops, "needs_reauth", words).await;
    assert!(
        !ops.kinds().contains(&"amocrm_refused".to_owned()),
        "it is one cause"
    );
}

#[tokio::test]
async fn behaviour_5_alerts_an_amocrm_that_refuses_everything_is_told_when_it_is_back() {
    let (world, ops, deal) = watched("").await;
    world.lasting_fault("amocrm", "http_403").await;
    world.guest(PHONE).asks("Нас будет пятеро").await;
    world.guest(PHONE).hears(1).await;
    until("the webhook is told at once", async || {
        !ops.told_of("amocrm_refused").is_empty()
    })
    .await;
    shows(&world, &deal, "amoCRM не принимает запросы").await;
    let words = "amoCRM отклоняет все запросы";
    assert!(world.alert_tasks(words).await.is_empty());
    world.clears_faults().await;
    world.advance_s(15 * MINUTE_S + 1).await;
    let task = world.alert_begins(&ops, "amocrm_refused", words).await;
    assert!(task["text"].as_str().expect("a text").contains("403"));
    world.advance_s(5 * MINUTE_S).await;
    world.alert_ends(&ops, "amocrm_refused", words).await;
}

#[tokio::test]
async fn behaviour_5_alerts_a_bot_that_does_not_answer() {
    let (world, ops, deal) = watched("").await;
    world.lasting_fault("bot", "http_500").await;
    for phone in PHONES {
        world.guest(phone).asks(QUESTION).await;
        assert!(world.guest(phone).hears(1).await.contains(HANDOFF));
    }
    let words = "бот не отвечает";
    world.alert_begins(&ops, "bot_down", words).await;
    shows(&world, &deal, "Бот недоступен с ").await;
    world.comes_to_rest().await;
    assert_eq!(ops.told_of("bot_down").len(), 1, "once");
    world.clears_faults().await;
    // A trial that succeeds.
    world.guest("79000000004").asks(QUESTION).await;
    world.guest("79000000004").hears(1).await;
    world.advance_s(6 * MINUTE_S).await;
    world.alert_ends(&ops, "bot_down", words).await;
    shows_nothing(&world, &deal).await;
    assert_eq!(ops.kinds(), ["bot_down"]);
}

#[tokio::test]
async fn behaviour_5_alerts_a_cause_that_comes_and_goes_is_told_once() {
    let (world, ops, _) = watched("").await;
    let words = "бот не отвечает";
    for round in 0..4 {
        world.lasting_fault("bot", "http_500").await;
        for n in 0..3 {
            let phone = format!("790000000{round}{n}");
            world.guest(&phone).asks(QUESTION).await;
            world.guest(&phone).hears(1).await;
        }
        world.alert_begins(&ops, "bot_down", words).await;
        world.clears_faults().await;
        world.advance_s(5).await;
        let phone = format!("790000000{round}9");
        world.guest(&phone).asks(QUESTION).await;
        world.guest(&phone).hears(1).await;
        world.advance_s(2 * MINUTE_S).await;
    }
    assert_eq!(ops.told_of("bot_down").len(), 1);
    world.advance_s(6 * MINUTE_S).await;
    world.alert_ends(&ops, "bot_down", words).await;
}

#[tokio::test]
async fn behaviour_5_alerts_texts_that_wait_for_long_and_then_fail() {
    let (world, ops, deal) = watched("").await;
    world.lasting_fault("pact", "http_500").await;
    world.guest(PHONE).asks(QUESTION).await;
    until("the answer is tried", async || {
        let calls = world.calls("pact").await;
        calls
            .iter()
            .any(|(name, status)| name.ends_with("/messages") && *status == Some(500))
    })
    .await;
    world.advance_s(5 * MINUTE_S).await;
    let late = "сообщения гостям ждут отправки";
    world.alert_begins(&ops, "outbox_late", late).await;
    shows(&world, &deal, "Сообщения гостям уходят с задержкой").await;
    assert_eq!(ops.kinds(), ["outbox_late"]);
    world.advance_s(6 * MINUTE_S).await;
    let failed = "сообщение гостю не доставлено";
    world.alert_begins(&ops, "send_failed", failed).await;
    shows(&world, &deal, "не все сообщения доходят до гостей").await;
    world.clears_faults().await;
    world.advance_s(MINUTE_S).await;
    assert!(
        world.guest(PHONE).hears(1).await.contains(HANDOFF),
        "a person answers"
    );
    world.advance_s(6 * MINUTE_S).await;
    world.alert_ends(&ops, "outbox_late", late).await;
    assert_eq!(
        ops.told_of("send_failed").len(),
        1,
        "an hour has not passed"
    );
    world.advance_s(60 * MINUTE_S).await;
    world.alert_ends(&ops, "send_failed", failed).await;
    shows_nothing(&world, &deal).await;
}

#[tokio::test]
async fn behaviour_5_alerts_a_handoff_that_the_guest_never_hears_of() {
    let (world, ops, deal) = watched("").await;
    world.lasting_fault("pact", "http_500").await;
    world.guest(PHONE).asks("Нас будет пятеро").await;
    until("the handoff is tried", async || {
        let calls = world.calls("pact").await;
        calls
            .iter()
            .any(|(name, status)| name.ends_with("/messages") && *status == Some(500))
    })
    .await;
    world.advance_s(11 * MINUTE_S).await;
    let failed = "при передаче менеджеру не создана задача или не ушло сообщение";
    world.alert_begins(&ops, "handoff_failed", failed).await;
    shows(&world, &deal, "есть передача без задачи").await;
    assert!(
        !ops.kinds().contains(&"send_failed".to_owned()),
        "it is told as what it is"
    );
    world.clears_faults().await;
    world.advance_s(61 * MINUTE_S).await;
    world.alert_ends(&ops, "handoff_failed", failed).await;
}

#[tokio::test]
async fn behaviour_5_alerts_writes_to_amocrm_that_wait_for_long() {
    let (world, ops, _) = watched("").await;
    world.guest(PHONE).asks(QUESTION).await;
    world.guest(PHONE).hears(1).await;
    world.lasting_fault("amocrm", "http_500").await;
    world.guest(PHONE).asks("Нас будет пятеро").await;
    world.guest(PHONE).hears(2).await;
    world.advance_s(6 * MINUTE_S).await;
    until("the webhook is told at once", async || {
        !ops.told_of("outbox_late").is_empty()
    })
    .await;
    world.clears_faults().await;
    world.advance_s(15 * MINUTE_S).await;
    let late = "записи в amoCRM ждут";
    world.alert_begins(&ops, "outbox_late", late).await;
    world.advance_s(6 * MINUTE_S).await;
    world.alert_ends(&ops, "outbox_late", late).await;
}

#[tokio::test]
async fn behaviour_5_alerts_a_text_that_the_channel_could_not_deliver() {
    let (world, ops, deal) = watched("").await;
    world.guest(PHONE).asks(QUESTION).await;
    world.guest(PHONE).hears(1).await;
    let names = world
        .look(&format!("guests/{PHONE}"))
        .await
        .expect("the guest");
    let heard = world.look(&format!("guests/{PHONE}/transcript")).await;
    let heard = heard.expect("a transcript");
    let sent = heard.as_array().expect("a list").last().expect("an answer");
    let verdict = json!({"event": "update", "type": "message", "object": {
        "id": sent["id"], "company_id": names["company_id"], "conversation_id": names["conversation_id"],
        "income": false, "status": "error", "details": {"reason": "blocked"}, "message": sent["text"]}});
    world.play(&format!("guests/{PHONE}/raw"), &verdict).await;
    let words = "сообщение гостю не доставлено";
    world.alert_begins(&ops, "send_failed", words).await;
    shows(&world, &deal, "не все сообщения доходят до гостей").await;
    world.advance_s(61 * MINUTE_S).await;
    world.alert_ends(&ops, "send_failed", words).await;
}

#[tokio::test]
async fn behaviour_5_alerts_a_webhook_that_was_switched_off() {
    let (world, ops, deal) = watched("").await;
    let endpoint = world.setting("accounts.0.pact.endpoint");
    let company = world.setting("accounts.0.pact.company_id");
    let token = world.setting("accounts.0.pact.token");
    let (endpoint, token) = (
        endpoint.as_str().expect("a URL"),
        token.as_str().expect("a token"),
    );
    let hooks = format!("{endpoint}/companies/{company}/webhooks");
    let call = |request: reqwest::RequestBuilder| async move {
        let answer = request.header("X-Private-Api-Token", token).send().await;
        answer.expect("Pact").json::<Value>().await.expect("JSON")
    };
    let list = call(world.client.get(&hooks)).await;
    let list = list
        .get("webhooks")
        .or_else(|| list["data"].get("webhooks"))
        .cloned();
    let id = list.expect("webhooks")[0]["id"].clone();
    let off = world.client.put(format!("{hooks}/{id}"));
    call(off.json(&json!({"active": false}))).await;
    world.kills_the_backend();
    world.serve(&[]).await;
    let words = "Pact отключал уведомления";
    world.alert_begins(&ops, "hook_off", words).await;
    shows(&world, &deal, "Уведомления были отключены").await;
    // Looked at once more, it is on: the backend had switched it on.
    world.kills_the_backend();
    world.serve(&[]).await;
    world.advance_s(6 * MINUTE_S).await;
    world.alert_ends(&ops, "hook_off", words).await;
    shows_nothing(&world, &deal).await;
}

#[tokio::test]
async fn behaviour_5_alerts_a_channel_that_has_fallen_silent_in_working_hours() {
    let (world, ops, deal) = watched("silence_minutes = 30").await;
    world.guest(PHONE).asks(QUESTION).await;
    world.guest(PHONE).hears(1).await;
    world.advance_s(20 * MINUTE_S).await;
    world.comes_to_rest().await;
    assert!(ops.kinds().is_empty(), "{:?}", ops.kinds());
    world.advance_s(12 * MINUTE_S).await;
    let words = "из Pact давно нет ни одного сообщения";
    world.alert_begins(&ops, "no_events", words).await;
    shows(&world, &deal, "Из Pact давно нет сообщений").await;
    world.kills_the_backend();
    world.serve(&[]).await;
    world.guest("79000000002").asks(QUESTION).await;
    world.guest("79000000002").hears(1).await;
    world.advance_s(6 * MINUTE_S).await;
    world.alert_ends(&ops, "no_events", words).await;
}

#[tokio::test]
async fn behaviour_5_alerts_a_token_that_ends_in_fourteen_days() {
    let (world, ops, deal) = watched("silence_minutes = 0").await;
    assert!(ops.kinds().is_empty());
    // The sandbox's token ends on the 18th of November 2031.
    world.it_is("2031-11-05T12:00:00+03:00").await;
    let words = "токен amoCRM действует до 18.11.2031";
    world.alert_begins(&ops, "token_ends", words).await;
    shows(&world, &deal, "Скоро закончится доступ к amoCRM").await;
    world.comes_to_rest().await;
    assert_eq!(ops.told_of("token_ends").len(), 1, "once");
    // A token by OAuth has no such end.
    world.kills_the_backend();
    let settings = std::fs::read_to_string(world.settings()).expect("the settings");
    let of_amocrm = world.setting("accounts.0.amocrm.token");
    let line = format!("token = \"{}\"\n", of_amocrm.as_str().expect("a token"));
    assert_eq!(settings.matches(&line).count(), 1);
    std::fs::write(world.settings(), settings.replace(&line, "")).expect("the settings");
    world.serve(&[]).await;
    world.is_connected_by_an_administrator().await;
    world.advance_s(6 * MINUTE_S).await;
    world.alert_ends(&ops, "token_ends", words).await;
}

#[tokio::test]
async fn promise_3_nothing_twice_an_alert_is_told_once_although_instances_die() {
    let server = Server::started();
    let world = World::for_a_fleet(&server).await;
    let ops = Ops::listening().await;
    world.tells(&ops, "");
    let fleet = Fleet::of(&world, 2).await;
    for instance in 0..fleet.len() {
        fleet.serves(instance).await;
    }
    // Nobody can be told at first, and whoever tries dies.
    ops.answers(503);
    world.lasting_fault("bot", "http_500").await;
    for phone in PHONES {
        world.guest(phone).asks(QUESTION).await;
        world.guest(phone).hears(1).await;
    }
    let words = "бот не отвечает";
    world
        .eventually("the task is there", async || {
            world.alert_tasks(words).await.pop()
        })
        .await;
    fleet.kills(0);
    fleet.serves(0).await;
    fleet.kills(1);
    fleet.serves(1).await;
    ops.answers(204);
    world.alert_begins(&ops, "bot_down", words).await;
    world.comes_to_rest().await;
    assert_eq!(ops.told_of("bot_down").len(), 1);
    world.clears_faults().await;
    // Each that may be asked to answer knows by then that the bot is well.
    for n in 0..4 {
        let phone = format!("7900000001{n}");
        world.guest(&phone).asks(QUESTION).await;
        world.guest(&phone).hears(1).await;
    }
    world.advance_s(6 * MINUTE_S).await;
    world.alert_ends(&ops, "bot_down", words).await;
}

#[tokio::test]
async fn promise_6_separate_an_account_without_alerts_settings_shows_them_in_its_cards_alone() {
    let world = World::new().await;
    let deal = world.has_a_deal_at(PHONE, "Новая заявка").await;
    world.lasting_fault("bot", "http_500").await;
    for phone in PHONES {
        world.guest(phone).asks(QUESTION).await;
        world.guest(phone).hears(1).await;
    }
    shows(&world, &deal, "Бот недоступен с ").await;
    assert!(world.alert_tasks("").await.is_empty());
}
