//! What is erased is gone for good, what is kept goes in time, and the log of calls tells nobody's story.

use crate::harness::{ANNA, COMPANY, INTRO, Ops, World, until};
use serde_json::{Value, json};
use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};
use std::path::{Path, PathBuf};
use widget_core::change::Change;
use widget_core::dialog::Dialog;
use widget_core::ids::{AccountId, DialogId};

const PHONE: &str = "79000000042";
const NAME: &str = "Аполлинария Образцова";
const TEXT: &str = "Есть ли у вас соляная шахта?";
const OTHER: &str = "79000000043";

fn folder(world: &World) -> PathBuf {
    let data = world.setting("server.data");
    PathBuf::from(data.as_str().expect("a folder"))
}

async fn database(world: &World) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(folder(world).join("estafeta.sqlite"))
        .pragma("query_only", "ON")
        .connect()
        .await
        .expect("the backend's data")
}

async fn count(world: &World, sql: &'static str) -> i64 {
    let mut database = database(world).await;
    let count = sqlx::query_scalar(sql).fetch_one(&mut database).await;
    count.expect("a number")
}

/// All that is kept, byte by byte.
pub(crate) fn bytes_below(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            bytes.extend(bytes_below(&path));
        } else {
            bytes.extend(std::fs::read(&path).unwrap_or_default());
        }
    }
    bytes
}

pub(crate) fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The ends of all sealed values of a guest's dialog: texts, name and phone, raw bodies.
async fn sealed_of(world: &World, phone: &str) -> Vec<Vec<u8>> {
    let dialog = dialog_of(world, phone).await;
    let mut database = database(world).await;
    let sealed: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT body FROM text WHERE dialog = $1 \
         UNION ALL SELECT body FROM inbox WHERE dialog = $1 AND length(body) > 0",
    )
    .bind(dialog)
    .fetch_all(&mut database)
    .await
    .expect("sealed values");
    let end = |value: Vec<u8>| value[value.len().saturating_sub(40)..].to_vec();
    sealed.into_iter().map(end).collect()
}

async fn dialog_of(world: &World, phone: &str) -> String {
    let known = world.guest(phone).in_pact().await;
    let mut database = database(world).await;
    sqlx::query_scalar("SELECT id FROM dialog WHERE conversation = $1")
        .bind(known["conversation_id"].to_string())
        .fetch_one(&mut database)
        .await
        .expect("a dialog")
}

/// How many of these values stand in the files.
fn left(world: &World, sealed: &[Vec<u8>]) -> usize {
    let bytes = bytes_below(&folder(world));
    sealed.iter().filter(|value| holds(&bytes, value)).count()
}

/// The settings' own files lie beside the data and may say what they like.
fn holds_nothing_plain(world: &World) {
    let folder = folder(world);
    let mut bytes = bytes_below(&folder.join("api-log"));
    for file in ["estafeta.sqlite", "estafeta.sqlite-wal"] {
        bytes.extend(std::fs::read(folder.join(file)).expect("a file"));
    }
    for plain in [TEXT, NAME, PHONE, "000-00-77"] {
        assert!(!holds(&bytes, plain.as_bytes()), "{plain}");
    }
}

/// Promise 7 after an erasure.
async fn states_are_folds(world: &World) {
    let mut database = database(world).await;
    let dialogs: Vec<(i64, String, String, String)> = sqlx::query_as(
        "SELECT account, id, conversation, state FROM dialog WHERE state IS NOT NULL",
    )
    .fetch_all(&mut database)
    .await
    .expect("dialogs");
    assert!(!dialogs.is_empty());
    for (account, id, conversation, state) in dialogs {
        let rows: Vec<(i64, i64, String)> = sqlx::query_as(
            "SELECT seq, at, changes FROM journal WHERE account = $1 AND dialog = $2 ORDER BY seq",
        )
        .bind(account)
        .bind(&id)
        .fetch_all(&mut database)
        .await
        .expect("a journal");
        let rows: Vec<(u64, i64, Vec<Change>)> = rows
            .into_iter()
            .map(|(seq, at, changes)| {
                let changes = serde_json::from_str(&changes).expect("changes");
                (seq.try_into().expect("positive"), at, changes)
            })
            .collect();
        let new = Dialog::new(
            DialogId(id),
            AccountId(account),
            conversation.as_str().into(),
        );
        let folded = new.fold(
            rows.iter()
                .map(|(seq, at, all)| (*seq, *at, all.as_slice())),
        );
        let state: Dialog = serde_json::from_str(&state).expect("a state");
        assert_eq!(folded, state);
    }
}

/// A guest with a name asks and is answered, and nothing is on its way any more.
async fn has_talked(world: &World, phone: &str) {
    let guest = world.guest(phone);
    guest.sends(&json!({"text": TEXT, "name": NAME})).await;
    world.advance_s(6).await;
    guest.hears(1).await;
    world.comes_to_rest().await;
}

/// Comes back like somebody new.
async fn begins_anew(world: &World, phone: &str) {
    let guest = world.guest(phone);
    let heard = guest.heard_from_bot().await.len();
    guest.asks("Есть ли Wi-Fi?").await;
    assert!(guest.hears(heard + 1).await.contains(INTRO));
}

#[tokio::test]
async fn privacy_an_erased_guest_leaves_no_trace_while_the_backend_runs() {
    let listed = "trial_phones = [\"+7 900 000-00-77\"]";
    let world = World::with_policy(&[("trial_phones = []", listed)]).await;
    has_talked(&world, PHONE).await;
    has_talked(&world, OTHER).await;
    let (sealed, others) = (
        sealed_of(&world, PHONE).await,
        sealed_of(&world, OTHER).await,
    );
    assert!(sealed.len() > 3, "{sealed:?}");
    assert_eq!(left(&world, &sealed), sealed.len());
    holds_nothing_plain(&world);

    let nobody = world.asks(&["guest", "erase", "--phone", "79000000099"]);
    assert_eq!(nobody.code, Some(1), "{nobody:?}");
    let erased = world.asks(&["guest", "erase", "--phone", "8 (900) 000-00-42"]);
    assert_eq!(erased.code, Some(0), "{erased:?}");
    assert!(erased.out.ends_with("erased, dialogs: 1\n"), "{erased:?}");

    assert_eq!(left(&world, &sealed), 0);
    assert_eq!(left(&world, &others), others.len());
    holds_nothing_plain(&world);
    assert!(!world.log().contains(PHONE) && !world.log().contains(NAME));
    begins_anew(&world, PHONE).await;
    states_are_folds(&world).await;
    let shown = world.asks(&["replay", "--policy", policy(&world).as_str()]);
    assert_eq!(shown.code, Some(0), "an erased dialog replays: {shown:?}");
}

fn policy(world: &World) -> String {
    let named = world.setting("accounts.0.policy");
    named.as_str().expect("a policy file").to_owned()
}

#[tokio::test]
async fn privacy_a_guest_and_an_account_are_erased_while_no_backend_runs() {
    let world = World::new().await;
    has_talked(&world, PHONE).await;
    let sealed = sealed_of(&world, PHONE).await;
    let known = world.guest(PHONE).in_pact().await;
    world.kills_the_backend();
    let conversation = known["conversation_id"].to_string();
    let erased = world.asks(&["guest", "erase", "--conversation", &conversation]);
    assert_eq!(erased.code, Some(0), "{erased:?}");
    assert_eq!(left(&world, &sealed), 0);
    world.serve(&[]).await;
    begins_anew(&world, PHONE).await;
    states_are_folds(&world).await;
    world.comes_to_rest().await;

    let account = world.account().to_string();
    let sealed = sealed_of(&world, PHONE).await;
    let asked = world.asks(&["account", "erase", &account]);
    assert_eq!(asked.code, Some(1), "{asked:?}");
    assert!(asked.err.contains("dialogs: 1"), "{asked:?}");
    assert_eq!(left(&world, &sealed), sealed.len());
    world.kills_the_backend();
    let erased = world.asks(&["account", "erase", &account, "--yes"]);
    assert_eq!(erased.code, Some(0), "{erased:?}");
    assert!(erased.out.contains("take it out"), "{erased:?}");
    assert_eq!(left(&world, &sealed), 0);
    for table in [
        "SELECT COUNT(*) FROM account",
        "SELECT COUNT(*) FROM dialog",
        "SELECT COUNT(*) FROM journal",
        "SELECT COUNT(*) FROM policy",
        "SELECT COUNT(*) FROM erasure",
    ] {
        assert_eq!(count(&world, table).await, 0, "{table}");
    }
    assert!(!folder(&world).join("api-log").join(&account).exists());
    world.serve(&[]).await;
    begins_anew(&world, PHONE).await;
}

#[tokio::test]
async fn privacy_an_account_that_is_served_is_erased_at_the_next_start() {
    let world = World::new().await;
    has_talked(&world, PHONE).await;
    let sealed = sealed_of(&world, PHONE).await;
    let account = world.account().to_string();
    let asked = world.asks(&["account", "erase", &account, "--yes"]);
    assert_eq!(asked.code, Some(0), "{asked:?}");
    assert!(
        asked.out.contains("when the backend starts next"),
        "{asked:?}"
    );
    assert_eq!(left(&world, &sealed), sealed.len());
    world.kills_the_backend();
    world.serve(&[]).await;
    assert_eq!(left(&world, &sealed), 0);
    begins_anew(&world, PHONE).await;
}

#[tokio::test]
async fn behaviour_1_guest_deleted_blanks_the_text_for_good() {
    let world = World::new().await;
    world.has_a_deal(PHONE).await;
    let guest = world.guest(PHONE);
    let deleted = guest.writes("Вот номер моего паспорта").await;
    guest.asks(TEXT).await;
    guest.hears(1).await;
    world.comes_to_rest().await;
    let sealed = sealed_of(&world, PHONE).await;
    let texts = "SELECT COUNT(*) FROM text WHERE id IN (SELECT json_extract(event, '$.text') FROM journal \
                 WHERE json_extract(event, '$.type') = 'guest_wrote')";
    assert_eq!(count(&world, texts).await, 2);

    let known = guest.in_pact().await;
    let gone = json!({"type": "message", "event": "delete", "object": {
        "id": deleted, "company_id": COMPANY, "conversation_id": known["conversation_id"],
        "income": true, "message": "Вот номер моего паспорта", "deleted": true,
        "conversation": {"id": known["conversation_id"], "company_id": COMPANY, "sender_phone": PHONE,
                         "sender_name": NAME, "provider": "whatsapp", "group": false},
        "attachments": []}});
    let told = world.play(&format!("guests/{PHONE}/raw"), &gone).await;
    assert_eq!(told["status"], 200);
    let mut last = 2;
    until("the text is erased", async || {
        last = count(&world, texts).await;
        last == 1
    })
    .await;
    until("it is off the disk", async || {
        count(&world, "SELECT COUNT(*) FROM erasure").await == 0
    })
    .await;
    assert!(left(&world, &sealed) < sealed.len());
    states_are_folds(&world).await;
}

#[tokio::test]
async fn privacy_raw_bodies_and_the_log_of_calls_go_after_seven_days_and_what_was_said_stays() {
    let world = World::new().await;
    has_talked(&world, PHONE).await;
    let old = "SELECT COUNT(*) FROM inbox WHERE at < (SELECT MIN(at) + 3600000 FROM journal)";
    let said = "SELECT COUNT(*) FROM text";
    let first = first_log(&world).expect("calls are logged");
    let (before, texts) = (count(&world, old).await, count(&world, said).await);
    assert!(before > 3);
    world.advance_s(6 * 86_400).await;
    world.comes_to_rest().await;
    assert_eq!(count(&world, old).await, before, "six days are not seven");
    world.advance_s(2 * 86_400).await;
    until("old bodies go", async || count(&world, old).await == 0).await;
    until("old logs go", async || {
        first_log(&world) != Some(first.clone())
    })
    .await;
    let acts =
        "SELECT COUNT(*) FROM outbox WHERE created_at < (SELECT MIN(at) + 3600000 FROM journal)";
    until("old acts go", async || count(&world, acts).await == 0).await;
    assert!(count(&world, said).await >= texts);
    states_are_folds(&world).await;
}

fn first_log(world: &World) -> Option<PathBuf> {
    let account = world.account().to_string();
    let logs = std::fs::read_dir(folder(world).join("api-log").join(account));
    logs.ok()?.flatten().map(|entry| entry.path()).min()
}

#[tokio::test]
async fn privacy_the_log_of_calls_tells_which_calls_were_made_and_nothing_of_the_guest() {
    let world = World::new().await;
    world.fault("pact", "http_429").await;
    has_talked(&world, PHONE).await;
    let shown = world.asks(&["log", "--lines", "1000"]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    let calls: Vec<Value> = shown
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let made = |service: &str, call: &str, status: u64| {
        let of = |key: &str, value: &Value| *value == calls_at(key, service, call, status);
        calls.iter().any(|line| {
            ["service", "call", "status"]
                .iter()
                .all(|key| of(key, &line[key]))
        })
    };
    assert!(made("pact", "send", 429), "{calls:#?}");
    assert!(made("pact", "send", 200), "{calls:#?}");
    assert!(made("bot", "bot", 200), "{calls:#?}");
    assert!(made("amocrm", "GET account", 200), "{calls:#?}");
    let bytes = bytes_below(&folder(&world).join("api-log"));
    let token = world.setting("accounts.0.amocrm.token");
    for secret in [PHONE, NAME, TEXT, token.as_str().expect("a token")] {
        assert!(!holds(&bytes, secret.as_bytes()), "{secret}");
    }
    let two = world.asks(&["log", "--lines", "2"]);
    assert_eq!(two.out.lines().count(), 2);
    let failed = world.asks(&[
        "log",
        "--service",
        "pact",
        "--errors",
        "--since",
        "2026-11-18",
    ]);
    let failed: Vec<&str> = failed.out.lines().collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(failed[0].contains("\"status\":429"), "{failed:?}");
    let none = world.asks(&["log", "--since", "2031-01-01"]);
    assert_eq!(none.out, "");
    let wrong = world.asks(&["log", "--service", "smtp"]);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
}

/// Everything secret in a backend's settings.
fn secrets_of(world: &World) -> Vec<String> {
    let secrets = [
        "accounts.0.amocrm.token",
        "accounts.0.amocrm.client_secret",
        "accounts.0.pact.token",
        "accounts.0.bot.secret",
    ];
    let secrets = secrets.map(|path| world.setting(path));
    let key = world.setting("secrets.master_key_file");
    let key = std::fs::read_to_string(key.as_str().expect("a file")).expect("a key");
    let secrets = secrets.iter().filter_map(|secret| secret.as_str());
    secrets.chain([key.trim()]).map(str::to_owned).collect()
}

#[tokio::test]
async fn privacy_neither_secrets_nor_what_was_said_are_in_the_log_however_talkative_it_is() {
    const WROTE: &str = "Отвечаю сама: шахта открыта";
    let world = World::without_backend().await;
    let ops = Ops::listening().await;
    world.tells(&ops, "");
    world.serve(&[("ESTAFETA_LOG", "trace,sqlx=debug")]).await;
    let deal = world.has_a_deal_at(PHONE, "Новая заявка").await;
    let anna = world.manager(ANNA);
    let one_time = anna.one_time_token().await;
    anna.opens_session(&one_time).await.expect("a session");
    // The whole way: an answer, a handoff, a take, a person's answer, a return; and what goes wrong on it.
    world.fault("pact", "http_429").await;
    world.fault("amocrm", "http_500").await;
    world.fault("bot", "http_500").await;
    has_talked(&world, PHONE).await;
    world.guest(PHONE).asks("Нас будет пятеро").await;
    world.guest(PHONE).hears(2).await;
    anna.takes(PHONE).await;
    anna.writes(PHONE, WROTE, "amocrm").await;
    anna.returns(PHONE).await;
    let _ = anna.sees(&deal).await.expect("the card");
    let hostile = format!(
        "{}/hooks/pact/guessed-secret-of-a-stranger",
        world.serve_url
    );
    let _ = world.client.post(hostile).body(TEXT).send().await;
    world.lasting_fault("bot", "http_500").await;
    for phone in [OTHER, "79000000044", "79000000045"] {
        world.guest(phone).asks(TEXT).await;
        world.guest(phone).hears(1).await;
    }
    world
        .alert_begins(&ops, "bot_down", "бот не отвечает")
        .await;
    let bearer = anna.bearer().await;
    let log = world.log();
    assert!(
        log.contains("TRACE") && log.len() > 100_000,
        "{} bytes",
        log.len()
    );
    let mut never = secrets_of(&world);
    assert_eq!(never.len(), 5);
    never.extend([one_time, bearer, "guessed-secret-of-a-stranger".to_owned()]);
    never.extend(
        [
            PHONE,
            OTHER,
            "79000000044",
            NAME,
            TEXT,
            WROTE,
            "Нас будет пятеро",
        ]
        .map(str::to_owned),
    );
    never.push("alert-secret-value".to_owned());
    // As the phone and the text stand in a URL, too.
    never.push("+79000000042".to_owned());
    for secret in &never {
        let line = log.lines().find(|line| line.contains(secret.as_str()));
        assert_eq!(line, None, "{secret} is in the log");
    }
    let hooks = world.look("calls?service=pact").await.expect("calls");
    assert!(hooks.as_array().is_some_and(|calls| calls.len() > 3));
}

fn calls_at(key: &str, service: &str, call: &str, status: u64) -> Value {
    match key {
        "service" => json!(service),
        "call" => json!(call),
        _ => json!(status),
    }
}
