//! amoCRM connected by OAuth, from nothing to the end of a grant, over real HTTP.

use crate::harness::{Fleet, Guest, HANDOFF, Server, World, until};
use serde_json::json;
use std::net::TcpListener;

const PHONE: &str = "79000000001";
const OTHER: &str = "79000000002";
const THIRD: &str = "79000000003";
const HOUR_S: i64 = 3_600;
const SIGABRT: i32 = 6;
/// amoCRM has exchanged something once, so often.
fn accepted(times: usize) -> Vec<Option<u64>> {
    vec![Some(200); times]
}

/// A backend whose account an administrator has connected, and a guest with a deal.
async fn connected() -> World {
    let world = World::without_a_token().await;
    world.serve(&[]).await;
    world.has_a_deal(PHONE).await;
    world.is_connected_by_an_administrator().await;
    world
}

async fn is_answered(guest: Guest<'_>, n: usize) {
    guest.asks("Сколько стоит номер?").await;
    let heard = guest.hears(n).await;
    assert!(heard.contains("Ответ на «Сколько стоит номер?»"), "{heard}");
}

async fn is_handed_over(guest: Guest<'_>) {
    guest.asks("Сколько стоит номер?").await;
    assert!(guest.hears(1).await.contains(HANDOFF));
}

#[tokio::test]
async fn from_nothing_an_account_is_connected_by_a_code_and_its_guests_are_answered() {
    let world = World::without_a_token().await;
    world.serve(&[]).await;
    assert_eq!(world.standing().await["connection"], "not_connected");
    until("the link is told", async || {
        world.log().contains("/oauth?client_id=")
    })
    .await;
    is_handed_over(world.guest(OTHER)).await;
    assert!(
        world.calls("amocrm").await.is_empty(),
        "nobody may be called"
    );

    let link = world.link();
    assert_eq!(world.presses("deny", &link).await, 200);
    assert_eq!(world.presses("allow", &link).await, 200);
    world.stands("connected").await;
    world.has_a_deal(PHONE).await;
    is_answered(world.guest(PHONE), 1).await;
    assert_eq!(
        world.presses("allow", &link).await,
        403,
        "a link is good once"
    );
    world.comes_to_rest().await;
    assert_eq!(world.exchanges().await, accepted(1));
}

#[tokio::test]
async fn tokens_are_renewed_in_time_and_once_and_nothing_is_lost() {
    let world = connected().await;
    is_answered(world.guest(PHONE), 1).await;
    // Ahead of their end.
    world.advance_s(19 * HOUR_S).await;
    until("the tokens are renewed", async || {
        world.exchanges().await == accepted(2)
    })
    .await;
    // In the middle of a call.
    world.fault("amocrm", "token_revoked").await;
    is_answered(world.guest(OTHER), 1).await;
    until("a refused key is renewed", async || {
        world.exchanges().await == accepted(3)
    })
    .await;
    world.comes_to_rest().await;
    assert_eq!(world.exchanges().await, accepted(3));
    assert_eq!(world.standing().await["connection"], "connected");
}

#[tokio::test]
async fn guests_who_write_after_the_tokens_end_are_answered_with_one_renewal() {
    let world = connected().await;
    world.kills_the_backend();
    world.advance_s(30 * HOUR_S).await;
    for phone in [PHONE, OTHER, THIRD] {
        world.guest(phone).writes("Сколько стоит номер?").await;
    }
    world.serve(&[]).await;
    world.advance_s(61).await;
    for phone in [PHONE, OTHER, THIRD] {
        world.guest(phone).hears(1).await;
    }
    assert_eq!(world.exchanges().await, accepted(2));
}

#[tokio::test]
async fn promise_3_nothing_twice_two_instances_renew_a_pair_once() {
    let server = Server::started();
    let world = World::for_a_fleet_without_a_token(&server).await;
    let fleet = Fleet::of(&world, 2).await;
    for instance in 0..fleet.len() {
        fleet.serves(instance).await;
    }
    world.is_connected_by_an_administrator().await;
    for url in fleet.urls() {
        world.stands_at(&url, "connected").await;
    }
    let phones: Vec<String> = (1..=6).map(|n| format!("7900000000{n}")).collect();
    world.advance_s(30 * HOUR_S).await;
    for phone in &phones {
        world.guest(phone).writes("Сколько стоит номер?").await;
    }
    for phone in &phones {
        world.guest(phone).hears(1).await;
    }
    for url in fleet.urls() {
        world.stands_at(&url, "connected").await;
    }
    assert_eq!(world.exchanges().await, accepted(2));
    assert!(fleet.are_alive());
}

#[tokio::test]
async fn a_refused_grant_sends_guests_to_people_and_a_new_code_heals_without_a_restart() {
    let world = connected().await;
    is_answered(world.guest(PHONE), 1).await;
    world.lasting_fault("amocrm", "token_revoked").await;
    is_handed_over(world.guest(OTHER)).await;
    let standing = world.stands("needs_reauth").await;
    assert!(standing["to_do"].to_string().contains("estafeta connect"));
    assert!(world.log().contains("amoCRM has to be connected anew"));
    let metrics = format!("{}/metrics", world.serve_url);
    let metrics = world.client.get(metrics).send().await.expect("metrics");
    let metrics = metrics.text().await.expect("words");
    assert!(
        metrics.contains("estafeta_needs_reauth{account=\"31000001\"} 1"),
        "{metrics}"
    );

    // Once it is known, nobody goes on calling.
    until("nothing is called any more", async || {
        world.standing().await["works_until"].is_null()
    })
    .await;
    world.clears_faults().await;
    let before = world.calls("amocrm").await.len();
    is_handed_over(world.guest(THIRD)).await;
    world.comes_to_rest().await;
    assert_eq!(world.calls("amocrm").await.len(), before);

    world.is_connected_by_an_administrator().await;
    let guest = world.guest("79000000004");
    world.has_a_deal("79000000004").await;
    is_answered(guest, 1).await;
}

#[tokio::test]
async fn a_code_from_a_hostile_host_makes_no_request() {
    let world = World::without_a_token().await;
    world.serve(&[]).await;
    let link = world.link();
    let state = World::state_in(&link);
    let trap = TcpListener::bind("127.0.0.1:0").expect("a port");
    trap.set_nonblocking(true).expect("a listener");
    let port = trap.local_addr().expect("a port").port();
    for host in [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        format!("127.0.0.1:{port}%2F.amocrm.ru"),
        format!("127.0.0.1:{port}%23.amocrm.ru"),
        format!("amocrm.ru%40127.0.0.1:{port}"),
    ] {
        let path = format!("/oauth/amocrm/callback?code=c&referer={host}&state={state}");
        assert_eq!(world.amocrm_calls(&path).await, 403, "{host}");
        let path = format!("/oauth/amocrm/callback?code=c&referer={host}&from_widget=1");
        assert_eq!(world.amocrm_calls(&path).await, 403, "{host}");
    }
    world.comes_to_rest().await;
    assert!(trap.accept().is_err(), "somebody was called");
    assert!(world.exchanges().await.is_empty());
    // The link was not used up.
    assert_eq!(world.presses("allow", &link).await, 200);
    world.stands("connected").await;
}

#[tokio::test]
async fn a_signed_farewell_disconnects_and_an_installation_connects_again() {
    let world = connected().await;
    let client = world.setting("accounts.0.amocrm.client_id");
    let client = client.as_str().expect("an id");
    let account = world.account();
    for signature in ["", "00", &"0".repeat(64)] {
        let path = format!(
            "/oauth/amocrm/disconnect?account_id={account}&client_uuid={client}&signature={signature}"
        );
        assert_eq!(world.amocrm_calls(&path).await, 404);
    }
    assert_eq!(world.standing().await["connection"], "connected");
    is_answered(world.guest(PHONE), 1).await;

    let shown = world.integration(json!({"installed": false})).await;
    assert_eq!(shown["hook"], 200);
    world.stands("not_connected").await;
    is_handed_over(world.guest(OTHER)).await;

    let shown = world.integration(json!({"installed": true})).await;
    assert_eq!(shown["hook"], 200);
    world.stands("connected").await;
    world.has_a_deal(THIRD).await;
    is_answered(world.guest(THIRD), 1).await;
}

#[tokio::test]
async fn an_account_that_was_renamed_is_found_again() {
    let world = connected().await;
    let new = world.sandbox_url.replace("http://127.0.0.1", "localhost");
    world
        .integration(json!({"host": new, "refusal": 401}))
        .await;
    is_answered(world.guest(PHONE), 1).await;
    let moved = format!("at=\"http://{new}\"");
    until("it is told", async || world.log().contains(&moved)).await;
    assert_eq!(world.standing().await["connection"], "connected");
    world.kills_the_backend();
    world.serve(&[]).await;
    is_answered(world.guest(OTHER), 1).await;
}

#[tokio::test]
async fn promise_2_a_death_before_new_tokens_are_stored_leaves_the_old_key_to_its_end() {
    if !cfg!(feature = "failpoints") {
        eprintln!("not tested: run with --features backend/failpoints");
        return;
    }
    let world = connected().await;
    is_answered(world.guest(PHONE), 1).await;
    world.kills_the_backend();
    world
        .serve(&[("ESTAFETA_FAILPOINT", "after_refresh@tokens:abort")])
        .await;
    world.advance_s(19 * HOUR_S).await;
    assert_eq!(world.dies().await, Some(SIGABRT));
    world.serve(&[]).await;
    let standing = world.stands("needs_reauth").await;
    assert!(standing["works_until"].is_i64(), "{standing}");
    is_answered(world.guest(OTHER), 1).await;
    world.is_connected_by_an_administrator().await;
    world.advance_s(6 * HOUR_S).await;
    is_answered(world.guest(THIRD), 1).await;
}

#[tokio::test]
async fn privacy_codes_and_tokens_are_in_no_log_and_not_readable_in_the_data() {
    let world = World::without_a_token().await;
    world.serve(&[("ESTAFETA_LOG", "debug")]).await;
    world.has_a_deal(PHONE).await;
    world.is_connected_by_an_administrator().await;
    is_answered(world.guest(PHONE), 1).await;
    world
        .amocrm_calls("/oauth/amocrm/callback?code=code-of-a-stranger&referer=x&state=y")
        .await;
    world.fault("amocrm", "token_revoked").await;
    is_answered(world.guest(OTHER), 1).await;
    world.lasting_fault("amocrm", "token_revoked").await;
    world.stands("needs_reauth").await;
    let mut secrets = world.given();
    assert!(secrets.len() >= 5, "{secrets:?}");
    secrets.push("code-of-a-stranger".to_owned());
    let key = world.setting("accounts.0.amocrm.client_secret");
    secrets.push(key.as_str().expect("a secret").to_owned());
    let log = world.log();
    let data = world.setting("server.data");
    let data = crate::privacy::bytes_below(std::path::Path::new(data.as_str().expect("a folder")));
    for secret in &secrets {
        assert!(!log.contains(secret), "{secret}");
        assert!(!crate::privacy::holds(&data, secret.as_bytes()), "{secret}");
    }
}

#[tokio::test]
async fn an_account_with_a_token_needs_no_link() {
    let world = World::without_backend().await;
    let said = world.asks(&["connect"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("long-lived token"), "{}", said.err);
}
