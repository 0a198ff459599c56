//! What the card may ask of the backend, and what it may not.

use crate::harness::{ANNA, Fleet, HANDOFF, IGOR, Manager, Server, World, answer};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Method;
use serde_json::{Value, json};
use widget_core::ids::UserId;
use widget_core::owner::{Owner, ReasonId};
use widget_core::wire::{DealDialogs, ExcludedBy, History, HistoryEntry, How, Mute};

const PHONE: &str = "79000000001";

/// The claims of a one-time token, as they stand in it.
pub(crate) fn claims_of(token: &str) -> Value {
    use base64::Engine as _;
    let middle = token.split('.').nth(1).expect("a JWT");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(middle)
        .expect("base64");
    serde_json::from_slice(&bytes).expect("JSON")
}

pub(crate) fn signed(claims: &Value, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::new(Algorithm::HS256), claims, &key).expect("a JWT")
}

pub(crate) fn secret(world: &World) -> String {
    world
        .setting("accounts.0.amocrm.client_secret")
        .as_str()
        .expect("a text")
        .to_owned()
}

async fn refused(manager: &Manager<'_>, token: &str) -> (u16, String) {
    let refusal = manager
        .opens_session(token)
        .await
        .expect_err("the token is refused");
    (refusal.status.as_u16(), refusal.problem.code)
}

fn code(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

// --- sessions -----------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_one_time_token_opens_one_session() {
    let world = World::new().await;
    let anna = world.manager(ANNA);
    let token = anna.one_time_token().await;
    let session = anna.opens_session(&token).await.expect("a session");
    assert_eq!((session.user, session.admin), (UserId(ANNA), false));
    assert_eq!(session.protocol, widget_core::PROTOCOL_VERSION);
    assert_eq!(refused(&anna, &token).await, code(401, "token_replayed"));
    // Used once means once, whatever dies between.
    world.kills_the_backend();
    world.serve(&[]).await;
    assert_eq!(refused(&anna, &token).await, code(401, "token_replayed"));
}

#[tokio::test]
async fn of_many_that_use_a_token_at_once_one_gets_in() {
    let world = World::new().await;
    let anna = world.manager(ANNA);
    let token = anna.one_time_token().await;
    let tries = (0..8).map(|_| async { anna.opens_session(&token).await.is_ok() });
    let mut admitted = 0;
    let mut tries: Vec<_> = tries.map(Box::pin).collect();
    // Polled in turn: all are under way before the first is answered.
    let outcomes = std::future::poll_fn(|context| {
        tries.retain_mut(|one| match one.as_mut().poll(context) {
            std::task::Poll::Ready(is_in) => {
                admitted += usize::from(is_in);
                false
            }
            std::task::Poll::Pending => true,
        });
        if tries.is_empty() {
            std::task::Poll::Ready(admitted)
        } else {
            std::task::Poll::Pending
        }
    });
    assert_eq!(outcomes.await, 1);
}

#[tokio::test]
async fn promise_3_a_token_used_at_one_instance_opens_nothing_at_another() {
    let server = Server::started();
    let world = World::for_a_fleet(&server).await;
    let fleet = Fleet::of(&world, 2).await;
    fleet.serves(0).await;
    fleet.serves(1).await;
    let anna = world.manager(ANNA);
    let opens_at = async |instance: usize, token: &str| {
        let url = format!("{}/api/v1/session", fleet.url(instance));
        let request = world.client.post(url).header("X-Auth-Token", token);
        request.send().await.expect("an answer").status().as_u16()
    };
    for (first, second) in [(0, 1), (1, 0)] {
        let token = anna.one_time_token().await;
        assert_eq!(opens_at(first, &token).await, 200);
        assert_eq!(opens_at(second, &token).await, 401, "used at {first}");
        assert_eq!(opens_at(first, &token).await, 401);
    }
    // At once, at both.
    let token = anna.one_time_token().await;
    let both = [0, 1, 0, 1].map(|instance| opens_at(instance, &token));
    let statuses = futures_util::future::join_all(both).await;
    let opened = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!(opened, 1, "{statuses:?}");
}

#[tokio::test]
async fn a_token_that_amocrm_has_not_signed_is_refused() {
    let world = World::new().await;
    let anna = world.manager(ANNA);
    let genuine = anna.one_time_token().await;
    let claims = claims_of(&genuine);
    let refusal = code(401, "token_refused");
    assert_eq!(
        refused(&anna, &signed(&claims, "another secret")).await,
        refusal
    );
    let without_signature = format!("{}.", genuine.rsplit_once('.').expect("a JWT").0);
    assert_eq!(refused(&anna, &without_signature).await, refusal);
    let head = genuine.split('.').next().expect("a JWT");
    let none = genuine.replacen(head, "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0", 1);
    assert_eq!(refused(&anna, &none).await, refusal);
    for nonsense in ["", "x", "a.b.c", &"a".repeat(4_000)] {
        assert_eq!(refused(&anna, nonsense).await, refusal);
    }
    // An admin by the claims, but not by the signature.
    let mut promoted = claims.clone();
    promoted["is_admin"] = json!(true);
    let (head, tail) = (genuine.split('.').next(), genuine.rsplit('.').next());
    let middle = signed(&promoted, "x");
    let forged = format!(
        "{}.{}.{}",
        head.unwrap_or_default(),
        middle.split('.').nth(1).unwrap_or_default(),
        tail.unwrap_or_default()
    );
    assert_eq!(refused(&anna, &forged).await, refusal);
    // The genuine one has not been used up by all that.
    anna.opens_session(&genuine).await.expect("a session");
}

#[tokio::test]
async fn promise_6_a_token_for_another_account_server_or_time_is_refused() {
    let world = World::new().await;
    let anna = world.manager(ANNA);
    let secret = secret(&world);
    let claims = claims_of(&anna.one_time_token().await);
    let with = |key: &str, value: Value| {
        let mut claims = claims.clone();
        claims[key] = value;
        signed(&claims, &secret)
    };
    let account = claims["account_id"].as_i64().expect("an id");
    let foreign = with("account_id", json!(account + 1));
    assert_eq!(refused(&anna, &foreign).await, code(403, "account_unknown"));
    let past = claims["iat"].as_i64().expect("a time") - 3_600;
    let future = past + 7_200;
    for (key, value, status) in [
        (
            "client_uuid",
            json!("00000000-0000-0000-0000-000000000000"),
            "token_refused",
        ),
        (
            "aud",
            json!("https://elsewhere.example.org"),
            "token_refused",
        ),
        (
            "iss",
            json!("https://elsewhere.example.org"),
            "token_refused",
        ),
        ("exp", json!(past), "token_refused"),
        ("nbf", json!(future), "clock_skew"),
    ] {
        let token = with(key, value);
        assert_eq!(refused(&anna, &token).await, code(401, status), "{key}");
    }
}

#[tokio::test]
async fn promise_6_without_a_bearer_of_this_account_nothing_is_shown() {
    let world = World::new().await;
    let other = World::new().await;
    let guest = world.guest(PHONE);
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    let anna = world.manager(ANNA);
    let dialog = anna.dialog_of(PHONE).await;
    let deal = world.deal_of(PHONE).await.expect("the deal");
    let genuine = anna.bearer().await;
    // The other world has the same account, users and ids: only its key differs.
    let foreign = other.manager(ANNA).bearer().await;
    let (said, tag) = genuine.split_once('.').expect("two parts");
    let forged = [
        String::new(),
        "x".to_owned(),
        foreign,
        format!("{said}."),
        format!("{said}.{}", tag.chars().rev().collect::<String>()),
        format!("{}x.{tag}", &said[..said.len() - 1]),
    ];
    for bearer in forged {
        for (method, path) in [
            (Method::GET, format!("deals/{}/dialogs", deal["id"])),
            (Method::POST, format!("dialogs/{}/take", dialog.id)),
        ] {
            let url = format!("{}/api/v1/{path}", world.serve_url);
            let request = world.client.request(method, url).bearer_auth(&bearer);
            let refusal = answer::<Value>(request).await.expect_err("refused");
            assert_eq!(
                (refusal.status.as_u16(), refusal.problem.code.as_str()),
                (401, "session_expired")
            );
        }
    }
    assert_eq!(anna.dialog_of(PHONE).await.view.epoch, dialog.view.epoch);
}

#[tokio::test]
async fn a_session_is_over_after_a_quarter_of_an_hour_of_the_business_clock() {
    let world = World::new().await;
    let anna = world.manager(ANNA);
    world.has_a_deal(PHONE).await;
    let deal = world.deal_of(PHONE).await.expect("the deal");
    assert!(anna.sees(&deal).await.expect("seen").dialogs.is_empty());
    world.advance_s(16 * 60).await;
    let over = world
        .eventually("the session is over", async || anna.sees(&deal).await.err())
        .await;
    assert_eq!(
        (over.status.as_u16(), over.problem.code.as_str()),
        (401, "session_expired")
    );
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let world = World::new().await;
    let anna = world.manager(ANNA);
    let missing = anna
        .sees(&json!({"id": 1}))
        .await
        .expect_err("no such deal");
    assert_eq!(
        (missing.status.as_u16(), missing.problem.code.as_str()),
        (404, "deal_not_found")
    );
    let url = format!("{}/api/v1/dialogs/0123456789abcdef/take", world.serve_url);
    let request = world.client.post(url).bearer_auth(anna.bearer().await);
    let missing = answer::<Value>(request).await.expect_err("no such dialog");
    assert_eq!(
        (missing.status.as_u16(), missing.problem.code.as_str()),
        (404, "dialog_not_found")
    );
}

// --- taking -------------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn who_takes_with_an_old_card_learns_who_leads_now() {
    let world = World::new().await;
    let (anna, igor) = (world.manager(ANNA), world.manager(IGOR));
    world.guest(PHONE).asks("Нас будет пятеро").await;
    world.guest(PHONE).hears(1).await;
    let seen = igor
        .sees_where(PHONE, "waiting", |d| {
            matches!(d.view.owner, Owner::Waiting { .. })
        })
        .await;
    let taken = anna.takes(PHONE).await;
    let refusal = igor
        .clicks("take", &seen, Some(seen.view.epoch))
        .await
        .expect_err("too late");
    assert_eq!(
        (refusal.status.as_u16(), refusal.problem.code.as_str()),
        (409, "owner_changed")
    );
    let now = refusal.problem.dialog.expect("the dialog as it is now");
    assert!(now.is_led_by(UserId(ANNA)));
    assert_eq!(now.view.epoch, taken.dialog.view.epoch);
    // Having seen that, he may.
    let taken = igor
        .clicks("take", &now, Some(now.view.epoch))
        .await
        .expect("taken over");
    assert!(taken.dialog.is_led_by(UserId(IGOR)));
}

#[tokio::test]
async fn a_double_click_is_one_click() {
    let world = World::new().await;
    let anna = world.manager(ANNA);
    let guest = world.guest(PHONE);
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    let seen = anna.dialog_of(PHONE).await;
    for (action, epochs) in [("take", 1), ("return", 2)] {
        let before = anna.dialog_of(PHONE).await;
        let epoch = Some(before.view.epoch);
        let first = anna.clicks(action, &before, epoch).await.expect("accepted");
        let second = anna
            .clicks(action, &before, epoch)
            .await
            .expect("so it is already");
        assert_eq!(first.dialog.view, second.dialog.view, "{action}");
        assert_eq!(
            first.dialog.view.epoch,
            seen.view.epoch + epochs,
            "{action}"
        );
    }
    world.comes_to_rest().await;
    let heard = guest.heard_from_bot().await;
    assert_eq!(heard.len(), 2, "one intro after the return: {heard:#?}");
}

#[tokio::test]
async fn without_if_match_a_take_is_unconditional() {
    let world = World::new().await;
    let (anna, igor) = (world.manager(ANNA), world.manager(IGOR));
    world.guest(PHONE).asks("Нас будет пятеро").await;
    world.guest(PHONE).hears(1).await;
    anna.takes(PHONE).await;
    let dialog = igor.dialog_of(PHONE).await;
    let taken = igor.clicks("take", &dialog, None).await.expect("taken");
    assert!(taken.dialog.is_led_by(UserId(IGOR)));
    let deal = world.deal_of(PHONE).await.expect("the deal");
    let seen: DealDialogs = anna.sees(&deal).await.expect("seen");
    assert!(
        seen.users
            .iter()
            .any(|user| user.id == UserId(IGOR) && user.name.contains("Игорь")),
        "{:?}",
        seen.users
    );
}

#[tokio::test]
async fn of_two_who_take_at_once_one_leads_and_the_other_learns_it() {
    let world = World::new().await;
    let (anna, igor) = (world.manager(ANNA), world.manager(IGOR));
    world.guest(PHONE).asks("Нас будет пятеро").await;
    world.guest(PHONE).hears(1).await;
    let seen = anna
        .sees_where(PHONE, "waiting", |d| {
            matches!(d.view.owner, Owner::Waiting { .. })
        })
        .await;
    igor.bearer().await;
    let epoch = Some(seen.view.epoch);
    let (annas, igors) = tokio::join!(
        anna.clicks("take", &seen, epoch),
        igor.clicks("take", &seen, epoch)
    );
    assert!(annas.is_ok() != igors.is_ok(), "{annas:?} {igors:?}");
    let leader = UserId(if annas.is_ok() { ANNA } else { IGOR });
    let refusal = annas.err().or(igors.err()).expect("one is refused");
    assert_eq!(refusal.status, 409);
    assert!(
        refusal
            .problem
            .dialog
            .expect("the dialog")
            .is_led_by(leader)
    );
}

// --- the card's page ----------------------------------------------------------------------------------------------------

/// What a browser may do from `origin`: the answer's `Access-Control-Allow-Origin`.
async fn preflight(world: &World, path: &str, origin: &str) -> Option<String> {
    let url = format!("{}{path}", world.serve_url);
    let request = world
        .client
        .request(Method::OPTIONS, url)
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "POST")
        .header(
            "Access-Control-Request-Headers",
            "authorization,content-type,if-match,last-event-id,x-auth-token",
        );
    let answer = request.send().await.expect("the backend answers");
    let allowed = answer.headers().get("access-control-allow-origin");
    allowed.map(|value| value.to_str().expect("ASCII").to_owned())
}

#[tokio::test]
async fn only_the_cards_own_page_may_call() {
    let world = World::new().await;
    let page = world.sandbox_url.clone();
    for path in [
        "/api/v1/session",
        "/api/v1/deals/1/dialogs",
        "/api/v1/deals/1/events",
        "/api/v1/dialogs/x/take",
    ] {
        assert_eq!(
            preflight(&world, path, &page).await,
            Some(page.clone()),
            "{path}"
        );
        let port = page.rsplit_once(':').expect("a port").1;
        for stranger in [
            "https://evil.example.org".to_owned(),
            "null".to_owned(),
            format!("http://localhost:{port}"),
            format!("https://127.0.0.1:{port}"),
            format!("{page}.evil.example.org"),
            world.serve_url.clone(),
        ] {
            assert_eq!(
                preflight(&world, path, &stranger).await,
                None,
                "{stranger} {path}"
            );
        }
    }
    // Webhooks and the operator's routes are for no page at all.
    for path in ["/hooks/pact/x", "/metrics", "/healthz"] {
        assert_eq!(preflight(&world, path, &page).await, None, "{path}");
    }
}

#[tokio::test]
async fn opening_the_card_takes_a_waiting_dialog_for_its_responsible_and_can_be_undone() {
    let world = World::new().await;
    let (anna, igor) = (world.manager(ANNA), world.manager(IGOR));
    world.has_a_deal(PHONE).await;
    world.guest(PHONE).asks("Нас будет пятеро").await;
    world.guest(PHONE).hears(1).await;
    let waiting = anna
        .sees_where(PHONE, "waiting", |d| {
            matches!(d.view.owner, Owner::Waiting { .. })
        })
        .await;
    let deal = world.deal_of(PHONE).await.expect("the deal");
    assert_eq!(deal["responsible"], ANNA);
    // Not his deal: a look changes nothing.
    opens(&world, &igor, &deal).await;
    assert_eq!(anna.dialog_of(PHONE).await.view, waiting.view);
    opens(&world, &anna, &deal).await;
    let taken = anna
        .sees_where(PHONE, "taken", |d| d.is_led_by(UserId(ANNA)))
        .await;
    assert!(taken.undo_until.is_some(), "{taken:#?}");
    let undone = anna
        .clicks("undo", &taken, Some(taken.view.epoch))
        .await
        .expect("undone");
    assert_eq!(
        undone.dialog.view.owner, waiting.view.owner,
        "the same wait as before"
    );
    opens(&world, &anna, &deal).await;
    world.comes_to_rest().await;
    assert_eq!(
        anna.dialog_of(PHONE).await.view.owner,
        waiting.view.owner,
        "not taken again in this span"
    );
    assert_eq!(world.guest(PHONE).heard_from_bot().await, [HANDOFF]);
}

async fn opens(world: &World, manager: &Manager<'_>, deal: &Value) {
    let url = format!("{}/api/v1/deals/{}/opened", world.serve_url, deal["id"]);
    let request = world.client.post(url).bearer_auth(manager.bearer().await);
    let answer = request.send().await.expect("the backend answers");
    assert!(answer.status().is_success(), "{}", answer.status());
}

// --- what the card shows ------------------------------------------------------------------------------------------------

#[tokio::test]
async fn who_led_is_told_to_whoever_may_see_the_deal() {
    let world = World::new().await;
    let (anna, igor) = (world.manager(ANNA), world.manager(IGOR));
    world.guest(PHONE).asks("Нас будет пятеро").await;
    world.guest(PHONE).hears(1).await;
    anna.takes(PHONE).await;
    igor.takes(PHONE).await;
    igor.writes(PHONE, "Поселим всех пятерых", "amocrm").await;
    anna.returns(PHONE).await;
    let dialog = anna.dialog_of(PHONE).await;
    let url = format!("{}/api/v1/dialogs/{}/history", world.serve_url, dialog.id);
    let request = || world.client.get(&url);
    let asked = request().bearer_auth(anna.bearer().await);
    let told: History = answer(asked).await.expect("a history");
    let who = |entry: &HistoryEntry| (entry.how, entry.user.map(|user| user.0));
    let led: Vec<_> = told.entries.iter().map(who).collect();
    assert_eq!(
        led,
        [
            (How::Return, Some(ANNA)),
            (How::Button, Some(IGOR)),
            (How::Button, Some(ANNA)),
            (How::Waiting, None),
            (How::Bot, None),
        ]
    );
    let reason = told.entries[3].reason.as_ref();
    assert_eq!(reason.map(|reason| reason.id), Some(ReasonId::GuestsOver4));
    let names: Vec<_> = told.users.iter().map(|user| user.id.0).collect();
    assert_eq!(names, [ANNA, IGOR]);
    let refusal = answer::<Value>(request()).await.expect_err("refused");
    assert_eq!(refusal.status, 401);
    world
        .play(&format!("users/{IGOR}"), &json!({"is_active": false}))
        .await;
    let gone = request().bearer_auth(igor.bearer().await);
    // What the CRM said of him is kept for five minutes.
    world.advance_s(6 * 60).await;
    let refusal = answer::<Value>(gone).await.expect_err("refused");
    assert_eq!(refusal.problem.code, "forbidden");
}

#[tokio::test]
async fn a_deal_shows_its_contacts_dialogs_of_other_deals_too() {
    let world = World::new().await;
    let anna = world.manager(ANNA);
    world.guest(PHONE).asks("Сколько стоит номер?").await;
    world.guest(PHONE).hears(1).await;
    let own = world.deal_of(PHONE).await.expect("the deal");
    anna.dialog_of(PHONE).await;
    let other = json!({"phone": PHONE, "name": "Прошлый заезд", "stage": "Выезд"});
    let other = world.play("deals", &other).await;
    let seen = anna.sees(&other).await.expect("seen");
    assert_eq!(seen.dialogs.len(), 1, "{seen:#?}");
    assert_eq!(seen.dialogs[0].deal.map(|deal| deal.0), own["id"].as_i64());
    assert!(seen.dialogs[0].stage.is_some());
    // A deal of somebody else's.
    let stranger = world.has_a_deal("79000000002").await;
    let seen = anna.sees(&json!({"id": stranger})).await.expect("seen");
    assert!(seen.dialogs.is_empty() && !seen.no_contact);
}

#[tokio::test]
async fn behaviour_5_a_manager_excludes_a_guest_in_the_card_and_includes_them_again() {
    let world = World::new().await;
    let deal = world.has_a_deal_at(PHONE, "Новая заявка").await;
    let guest = world.guest(PHONE);
    let tags = async || world.now(&deal).await["contact"]["tags"].clone();
    guest.asks("Сколько стоит номер?").await;
    guest.hears(1).await;
    let anna = world.manager(ANNA);
    let led = anna.sees_where(PHONE, "an answer", |d| !d.bot_busy).await;
    assert_eq!(led.excluded, None);
    let excluded = anna
        .clicks("exclude", &led, Some(led.view.epoch))
        .await
        .expect("excluded")
        .dialog;
    assert_eq!(excluded.mute, Some(Mute::Excluded));
    assert_eq!(excluded.excluded, Some(ExcludedBy::Hand));
    world.comes_to_rest().await;
    assert_eq!(tags().await, json!(["без бота"]));
    guest.is_not_answered("А бассейн есть?").await;
    // A second click of somebody who saw the card as it was is no error.
    let again = anna.clicks("exclude", &led, Some(led.view.epoch)).await;
    assert_eq!(again.expect("as it is").dialog.view, excluded.view);
    let included = anna
        .clicks("include", &excluded, Some(excluded.view.epoch))
        .await
        .expect("included")
        .dialog;
    assert_eq!((included.mute, included.excluded), (None, None));
    world.comes_to_rest().await;
    assert_eq!(tags().await, json!([]));
    guest.asks("А сауна есть?").await;
    guest.hears(2).await;
    // Who did it stands in the history.
    let url = format!("{}/api/v1/dialogs/{}/history", world.serve_url, led.id);
    let asked = world.client.get(url).bearer_auth(anna.bearer().await);
    let told: History = answer(asked).await.expect("a history");
    let ways: Vec<_> = told
        .entries
        .iter()
        .map(|entry| (entry.how, entry.user))
        .collect();
    let by = |how| (how, Some(UserId(ANNA)));
    assert!(
        ways.starts_with(&[by(How::Include), by(How::Exclude)]),
        "{ways:?}"
    );
    // A tag that somebody puts on in amoCRM does the same, and one who takes it off lets the bot speak.
    let path = format!("deals/{}", deal["id"]);
    world.play(&path, &json!({"tags": ["без бота"]})).await;
    world.advance_s(2 * 60).await;
    guest.is_not_answered("Вы тут?").await;
    let shown = anna
        .sees_where(PHONE, "no bot", |d| d.excluded.is_some())
        .await;
    assert_eq!(shown.excluded, Some(ExcludedBy::Hand));
    world.play(&path, &json!({"tags": []})).await;
    world.advance_s(2 * 60).await;
    guest.asks("Есть ли баня?").await;
    guest.hears(3).await;
}

#[tokio::test]
async fn a_final_touch_is_shown_and_can_be_declined() {
    let world = World::new().await;
    let anna = world.manager(ANNA);
    world.guest(PHONE).asks("Сколько стоит номер?").await;
    world.guest(PHONE).hears(1).await;
    let planned = anna
        .sees_where(PHONE, "a touch", |d| d.touch_at.is_some())
        .await;
    let declined = anna
        .clicks("no_touch", &planned, Some(planned.view.epoch))
        .await
        .expect("declined");
    assert_eq!(declined.dialog.touch_at, None);
    assert_eq!(declined.dialog.view, planned.view);
    world.advance_s(3 * 24 * 3600).await;
    world.comes_to_rest().await;
    assert_eq!(world.guest(PHONE).heard_from_bot().await.len(), 1);
}
