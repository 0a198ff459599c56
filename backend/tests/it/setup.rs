//! The setup page, from an empty database to a guest who is answered, over real HTTP; and everybody whom it keeps out.

use crate::harness::{
    ANNA, Fleet, HANDOFF, OLGA, Person, Server, Tab, World, browse, chosen, said, until,
};
use serde_json::{Value, json};

const PHONE: &str = "79000000001";
const OTHER: &str = "79000000002";
/// What guests ask, and what the bot answers: nothing twice in one episode.
const QUESTIONS: [(&str, &str); 2] = [
    ("Во сколько завтрак?", "Завтрак с восьми до десяти."),
    ("Во сколько обед?", "Обед с часу до трёх."),
];

/// A backend without an account, and what its account would have been.
async fn empty() -> (World, Value) {
    let world = World::without_backend().await;
    let account = world.has_no_account();
    world.serve(&[]).await;
    has_a_bot(&world).await;
    (world, account)
}

fn text<'a>(account: &'a Value, path: &str) -> &'a str {
    account
        .pointer(path)
        .and_then(Value::as_str)
        .expect("a text")
}

/// Keys, and a token if `with_token`.
async fn fills_in_keys(person: &Person<'_>, at: &str, account: &Value, with_token: bool) {
    person.does(&format!("{at}/integration"), &[]).await;
    let mut keys = vec![
        ("address", text(account, "/amocrm/endpoint")),
        ("client_id", text(account, "/amocrm/client_id")),
        ("client_secret", text(account, "/amocrm/client_secret")),
    ];
    if with_token {
        keys.push(("token", text(account, "/amocrm/token")));
    }
    let to = person.does(&format!("{at}/keys"), &keys).await;
    assert_eq!(to, format!("{at}/access"));
}

/// The widget step, from nothing to its mark.
async fn shows_itself(world: &World, person: &Person<'_>, at: &str) {
    let widget = format!("{at}/widget");
    let green = format!("<li class=\"good\"><a href=\"{widget}\"");
    let before = person.opens(&widget).await.text;
    for words in [
        "Откройте любую сделку: здесь появится отметка",
        "Виджет пока не виден в amoCRM",
    ] {
        assert!(before.contains(words), "{before}");
    }
    assert!(before.contains("http-equiv=\"refresh\""), "it looks again");
    assert!(!before.contains(&green), "{before}");
    let overview = person.opens("/setup").await.text;
    assert!(
        overview.contains("Виджет пока не виден в amoCRM"),
        "{overview}"
    );
    // A word of somebody else is no mark, and nobody gets a session yet.
    let forged = world.manager(ANNA).opens_session("a.b.c").await;
    assert_eq!(forged.expect_err("no session").status, 401);
    assert!(!person.opens(&widget).await.text.contains(&green));
    is_opened(world, person, at).await;
}

/// Somebody opens a deal in amoCRM: the widget's script asks for a session.
async fn is_opened(world: &World, person: &Person<'_>, at: &str) {
    let widget = format!("{at}/widget");
    let token = world.manager(ANNA).one_time_token().await;
    let url = format!(
        "{}/api/v1/session?v={}",
        world.serve_url,
        env!("CARGO_PKG_VERSION")
    );
    let request = world.client.post(url).header("X-Auth-Token", token);
    let refused = request.send().await.expect("an answer");
    assert_eq!(refused.status(), 403, "the account is not at work");
    let after = person.opens(&widget).await.text;
    let said = format!("Виджет установлен, версия {}", env!("CARGO_PKG_VERSION"));
    assert!(after.contains(&said), "{after}");
    let green = format!("<li class=\"good\"><a href=\"{widget}\"");
    assert!(after.contains(&green), "{after}");
    assert!(!after.contains("http-equiv=\"refresh\""), "{after}");
    let overview = person.opens("/setup").await.text;
    assert!(!overview.contains("Виджет пока не виден"), "{overview}");
}

/// Everything between the access and the trial.
async fn fills_in_the_rest(person: &Person<'_>, at: &str, account: &Value) {
    let step = |name: &str| format!("{at}/{name}");
    // Whoever has not opened a deal yet may go on.
    person.does(&step("widget"), &[]).await;
    let company = account["pact"]["company_id"].to_string();
    let pact = [
        ("company", company.as_str()),
        ("token", text(account, "/pact/token")),
        ("endpoint", text(account, "/pact/endpoint")),
    ];
    person.does(&step("pact"), &pact).await;
    person.does(&step("old-bot"), &[]).await;
    let bot = [
        ("url", text(account, "/bot/url")),
        ("secret", text(account, "/bot/secret")),
    ];
    person.does(&step("bot"), &bot).await;
    person.does(&step("stages"), &[]).await;
    person.does(&step("fields"), &[]).await;
    person
        .does(
            &step("people"),
            &[
                ("fallback", "9001"),
                ("escalate_to", "9001"),
                ("tech_user", "9002"),
            ],
        )
        .await;
    let page = person.opens(&step("people")).await.text;
    let told = page.split("name=\"tech_user\"").nth(1).unwrap_or_default();
    let told = told.split("</select>").next().unwrap_or_default();
    assert!(told.contains("value=\"9002\" selected"), "{told}");
}

async fn has_a_bot(world: &World) {
    let rule = |(question, reply): (&str, &str)| json!({"contains": question, "reply": reply});
    world.bot(&json!({"rules": QUESTIONS.map(rule)})).await;
}

/// The n-th text that a guest gets is the bot's n-th answer.
async fn is_answered(world: &World, phone: &str, n: usize) {
    let (question, reply) = QUESTIONS[n - 1];
    world.guest(phone).asks(question).await;
    let heard = world.guest(phone).hears(n).await;
    assert!(heard.contains(reply), "{heard}");
}

#[tokio::test]
async fn from_an_empty_database_the_page_leads_to_a_guest_who_is_answered() {
    let (world, account) = empty().await;
    let printed = world.printed();
    let link = printed.lines().find_map(|line| line.strip_prefix("setup "));
    let person = world.person("ru");
    assert_eq!(
        person
            .enters(link.expect("a link at the start"))
            .await
            .status,
        303
    );
    let overview = person.opens("/setup").await.text;
    for need in ["тариф", "Pact", "техподдержка", "Salesbot", "Начать"] {
        assert!(
            overview.to_lowercase().contains(&need.to_lowercase()),
            "{need}: {overview}"
        );
    }
    let at = person.begins().await;
    let integration = person.opens(&format!("{at}/integration")).await.text;
    for path in ["/oauth/amocrm/callback", "/oauth/amocrm/disconnect"] {
        assert!(integration.contains(path), "{integration}");
    }
    fills_in_keys(&person, &at, &account, true).await;
    let access = person.opens(&format!("{at}/access")).await.text;
    assert!(access.contains("Подключено: Санаторий"), "{access}");
    shows_itself(&world, &person, &at).await;
    fills_in_the_rest(&person, &at, &account).await;

    let stages = chosen(&person.opens(&format!("{at}/stages")).await.text);
    let mapped: Vec<&str> = stages
        .iter()
        .filter(|(name, _)| name.starts_with("stage-"))
        .map(|(_, key)| key.as_str())
        .collect();
    assert_eq!(mapped.len(), 9, "{stages:?}");
    assert!(
        !mapped.contains(&""),
        "all are guessed by their names: {stages:?}"
    );
    let fields = chosen(&person.opens(&format!("{at}/fields")).await.text);
    assert_eq!(fields["arrival"], "Дата заезда");
    assert_eq!(fields["refund"], "");

    // Nobody is at work yet.
    let trial = format!("{at}/trial");
    assert_eq!(
        person.does(&trial, &[("phones", "+7 900 000-00-01")]).await,
        trial
    );
    world.has_at_work(&world.serve_url, 1).await;
    is_answered(&world, PHONE, 1).await;
    until("the ticks", async || {
        let page = person.opens(&trial).await.text;
        [
            "Сообщение пришло",
            "Контакт найден",
            "Сделка найдена",
            "Решение",
            "Гость получил ответ",
        ]
        .iter()
        .all(|tick| page.contains(&format!("<li class=\"good\">{tick}")))
    })
    .await;

    // Nobody else has answered, which is known after a while.
    assert!(
        person
            .opens(&trial)
            .await
            .text
            .contains("Слушаем, не ответит ли кто-то ещё")
    );
    world.advance_s(31).await;
    until("nobody else answers", async || {
        let page = person.opens(&trial).await.text;
        page.contains("больше никто гостю не написал")
    })
    .await;

    // Whoever is not of the trial is left alone, until it is on for all.
    world.guest(OTHER).asks(QUESTIONS[0].0).await;
    world.comes_to_rest().await;
    assert_eq!(
        world.guest(OTHER).heard_from_bot().await,
        Vec::<String>::new()
    );
    let on = format!("{at}/on");
    let checks = person.opens(&on).await.text;
    assert!(!checks.contains("class=\"bad\""), "{checks}");
    person.does(&on, &[("mode", "on")]).await;
    until("the mode is in force", async || {
        world.log().contains("in force for account")
    })
    .await;
    assert!(person.opens(&on).await.text.contains("Готово."));
    is_answered(&world, OTHER, 1).await;

    // The command line knows the account.
    let listed = world.asks(&["account", "list"]);
    assert!(
        listed.out.contains("Санаторий: mode on"),
        "{}{}",
        listed.out,
        listed.err
    );
    let doctor = world.asks(&["doctor"]);
    assert_eq!(doctor.code, Some(0), "{}{}", doctor.out, doctor.err);
    assert!(doctor.out.contains("Pact of Санаторий"), "{}", doctor.out);
    // And so does the backend when it starts anew.
    world.kills_the_backend();
    world.serve(&[]).await;
    assert!(!world.printed().contains("setup "), "somebody is set up");
    is_answered(&world, PHONE, 2).await;
    let id = account["amocrm"]["account_id"].to_string();
    let paused = world.asks(&["account", "mode", &id, "people"]);
    assert_eq!(paused.code, Some(0), "{}{}", paused.out, paused.err);
    until("the mode is in force", async || {
        world.log().contains("in force for account")
    })
    .await;
    world.guest(PHONE).asks(QUESTIONS[0].0).await;
    assert!(world.guest(PHONE).hears(3).await.contains(HANDOFF));
}

#[tokio::test]
async fn an_administrator_connects_disconnects_and_connects_again() {
    let (world, account) = empty().await;
    let person = world.administrator().await;
    let at = person.begins().await;
    fills_in_keys(&person, &at, &account, false).await;
    let access = format!("{at}/access");
    let connect = async || {
        let page = person.opens(&access).await.text;
        let (_, rest) = page
            .split_once("class=\"button\" href=\"")
            .expect("the button");
        let link = rest
            .split('"')
            .next()
            .unwrap_or_default()
            .replace("&amp;", "&");
        assert_eq!(world.presses("deny", &link).await, 200);
        assert_eq!(world.presses("allow", &link).await, 200);
        assert_eq!(
            world.presses("allow", &link).await,
            403,
            "a link is good once"
        );
        let page = person.opens(&access).await.text;
        assert!(page.contains("Подключено: Санаторий"), "{page}");
        page
    };
    let first = connect().await;
    assert!(!first.contains("Прежние настройки"), "{first}");
    fills_in_the_rest(&person, &at, &account).await;
    let trial = format!("{at}/trial");
    person.does(&trial, &[("phones", PHONE)]).await;
    world.has_at_work(&world.serve_url, 1).await;
    is_answered(&world, PHONE, 1).await;

    let gone = person
        .presses(&format!("{at}/on"), &format!("{at}/disconnect"))
        .await;
    assert_eq!(gone.status, 303, "{}", gone.text);
    world.has_at_work(&world.serve_url, 0).await;
    for service in ["amocrm", "pact"] {
        let taken = world.count(service, "DELETE", "").await;
        assert_eq!(taken, 1, "the webhook at {service} is taken away");
    }
    assert!(!person.opens(&access).await.text.contains("Подключено"));
    let refused = person.fills_in(&trial, &[("phones", PHONE)]).await;
    assert!(
        refused.text.contains("Сначала пройдите шаги: Доступ"),
        "{}",
        refused.text
    );

    connect().await;
    person.does(&trial, &[("phones", PHONE)]).await;
    world.has_at_work(&world.serve_url, 1).await;
    is_answered(&world, PHONE, 2).await;
}

#[tokio::test]
async fn what_is_wrong_is_said_in_words_and_not_kept() {
    let (world, account) = empty().await;
    let person = world.administrator().await;
    let at = person.begins().await;
    let says = async |step: &str, values: &[(&str, &str)], words: &str| {
        let answer = person.fills_in(&format!("{at}/{step}"), values).await;
        assert_eq!(answer.status, 422, "{step}: {}", answer.text);
        assert!(
            answer.text.contains(words),
            "{step} {words}: {}",
            answer.text
        );
    };
    let key = ("client_secret", text(&account, "/amocrm/client_secret"));
    let id = ("client_id", text(&account, "/amocrm/client_id"));
    let here = ("address", text(&account, "/amocrm/endpoint"));
    says(
        "keys",
        &[("address", "https://example.org"), id, key],
        "Не подходит: Адрес аккаунта",
    )
    .await;
    says(
        "keys",
        &[here, ("client_id", "a b"), key],
        "Не подходит: ID интеграции",
    )
    .await;
    says("keys", &[here, id], "Заполните: Секретный ключ").await;
    says(
        "keys",
        &[here, id, key, ("token", "wrong")],
        "amoCRM не принимает токен",
    )
    .await;
    says(
        "trial",
        &[("phones", PHONE)],
        "Сначала пройдите шаги: Ключи, Доступ, Pact, Адрес бота",
    )
    .await;
    fills_in_keys(&person, &at, &account, true).await;

    let company = account["pact"]["company_id"].to_string();
    let company = ("company", company.as_str());
    let pact = ("token", text(&account, "/pact/token"));
    let pacts = ("endpoint", text(&account, "/pact/endpoint"));
    says(
        "pact",
        &[company, pacts, ("token", "wrong")],
        "Pact не принимает токен",
    )
    .await;
    says(
        "pact",
        &[("company", "1"), pacts, pact],
        "нет доступа к этой компании",
    )
    .await;
    says(
        "pact",
        &[("company", "наша"), pacts, pact],
        "Не подходит: Номер компании",
    )
    .await;
    says(
        "pact",
        &[company, ("endpoint", "https://example.org"), pact],
        "Не подходит: Адрес API",
    )
    .await;
    let url = ("url", text(&account, "/bot/url"));
    says("bot", &[url, ("secret", "wrong")], "Бот не принимает ключ").await;
    says(
        "bot",
        &[("url", "http://example.org"), ("secret", "x")],
        "Не подходит: Адрес бота",
    )
    .await;

    let stages = chosen(&person.opens(&format!("{at}/stages")).await.text);
    let name_of = |key: &str| {
        let found = stages.iter().find(|(_, meaning)| *meaning == key);
        found.expect("it is guessed").0.as_str()
    };
    let missing = [(name_of("consulted"), "")];
    says(
        "stages",
        &missing,
        "Не размечен этап «Проведена консультация»",
    )
    .await;
    let twice = [(name_of("arrival"), "staying")];
    says("stages", &twice, "размечены одинаково").await;
    says(
        "fields",
        &[("arrival", "Состав гостей")],
        "Поле «Состав гостей» другого типа: нужна дата",
    )
    .await;
    says(
        "people",
        &[("fallback", "")],
        "Заполните: Кому ставить задачу",
    )
    .await;
    let fallback = ("fallback", "9002");
    says(
        "people",
        &[fallback, ("weekdays", "с девяти")],
        "Время пишется в виде 09:00-18:00",
    )
    .await;
    says(
        "people",
        &[fallback, ("timezone", "Москва")],
        "Не подходит: Часовой пояс",
    )
    .await;
    world.play("users/9002", &json!({"is_active": false})).await;
    let page = person.opens(&format!("{at}/people")).await.text;
    assert!(!page.contains("Анна"), "{page}");
    says("people", &[fallback], "отключён в amoCRM").await;

    let draft = person.opens(&format!("{at}/pact")).await.text;
    assert_eq!(chosen(&draft)["company"], "", "nothing wrong was kept");
    assert!(
        person
            .opens("/setup")
            .await
            .text
            .contains("Ещё не работает")
    );
}

#[tokio::test]
async fn promise_6_separate_nobody_comes_in_without_a_link_of_ours_and_secrets_are_never_shown() {
    let (world, account) = empty().await;
    let link = world.setup_link();
    let person = world.person("ru");
    // Programs that look at links in messages use none up.
    assert_eq!(person.opens(&link).await.status, 200);
    assert_eq!(world.person("ru").opens(&link).await.status, 200);
    assert_eq!(person.enters(&link).await.status, 303);
    let again = world.person("ru");
    assert_eq!(again.enters(&link).await.status, 403, "used twice");
    let forged = format!("{link}0");
    assert_eq!(again.opens(&forged).await.status, 403);
    assert_eq!(
        again
            .sends("/setup/enter", &[("link", "1.2.3")])
            .await
            .status,
        403
    );

    let at = person.begins().await;
    fills_in_keys(&person, &at, &account, true).await;
    fills_in_the_rest(&person, &at, &account).await;
    let steps = [
        "integration",
        "keys",
        "access",
        "widget",
        "pact",
        "old-bot",
        "bot",
        "stages",
        "fields",
        "people",
        "trial",
        "on",
    ];
    let word = chosen(&person.opens("/setup").await.text)["form_word"].clone();
    let stranger = world.person("ru");
    let other = world.administrator().await;
    let others_word = chosen(&other.opens("/setup").await.text)["form_word"].clone();
    for step in steps {
        let path = format!("{at}/{step}");
        assert_eq!(
            stranger.opens(&path).await.status,
            403,
            "{step} without a cookie"
        );
        let sent = [("form_word", word.as_str())];
        assert_eq!(
            stranger.sends(&path, &sent).await.status,
            403,
            "{step} without a cookie"
        );
        for forged in ["", "0", &others_word] {
            let sent = [("form_word", forged)];
            assert_eq!(
                person.sends(&path, &sent).await.status,
                403,
                "{step} with a forged form"
            );
        }
        let made = person.is_made_to_send(&path, &sent).await;
        assert_eq!(made.status, 403, "{step} from another site");
    }
    for path in ["/setup", "/setup/1/widget.zip"] {
        assert_eq!(stranger.opens(path).await.status, 403, "{path}");
    }
    for path in [
        "/setup/new",
        &format!("{at}/disconnect"),
        &format!("{at}/fresh-rules"),
    ] {
        assert_eq!(
            stranger.sends(path, &[("form_word", &word)]).await.status,
            403,
            "{path}"
        );
        assert_eq!(person.sends(path, &[]).await.status, 403, "{path}");
    }
    assert_eq!(person.opens("/setup/1/keys").await.status, 404);

    // Another account may not take what is the first one's, and shows nothing of it.
    let second = other.begins().await;
    let refused = other
        .fills_in(
            &format!("{second}/keys"),
            &[
                ("address", text(&account, "/amocrm/endpoint")),
                ("client_id", text(&account, "/amocrm/client_id")),
                ("client_secret", text(&account, "/amocrm/client_secret")),
                ("token", text(&account, "/amocrm/token")),
            ],
        )
        .await;
    assert!(refused.text.contains("уже подключён"), "{}", refused.text);
    let company = account["pact"]["company_id"].to_string();
    let taken = [
        ("company", company.as_str()),
        ("token", text(&account, "/pact/token")),
        ("endpoint", text(&account, "/pact/endpoint")),
    ];
    let refused = other.fills_in(&format!("{second}/pact"), &taken).await;
    assert!(refused.text.contains("уже подключена"), "{}", refused.text);
    let secrets = [
        "/amocrm/client_secret",
        "/amocrm/token",
        "/pact/token",
        "/bot/secret",
    ];
    let secrets = secrets.map(|path| text(&account, path));
    let mut shown = vec![refused.text, person.opens("/setup").await.text];
    for step in steps {
        shown.push(person.opens(&format!("{at}/{step}")).await.text);
        shown.push(other.opens(&format!("{second}/{step}")).await.text);
    }
    shown.push(world.log());
    for secret in secrets {
        assert!(secret.len() > 8);
        assert!(
            shown.iter().all(|page| !page.contains(secret)),
            "a secret is shown"
        );
    }
    for page in &shown[2..] {
        let is_of_first = page.contains(text(&account, "/amocrm/client_id"));
        assert!(
            !is_of_first || page.contains(&at) || !page.contains(&second),
            "{page}"
        );
    }
}

#[tokio::test]
async fn the_page_keeps_pages_of_others_out() {
    let (world, _) = empty().await;
    let url = format!("{}/setup", world.serve_url);
    let answer = world.client.get(url).send().await.expect("the page");
    let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    for (name, holds) in [
        ("content-security-policy", "default-src 'none'"),
        ("content-security-policy", "frame-ancestors 'none'"),
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert!(header(name).contains(holds), "{name}: {}", header(name));
    }
    let person = world.person("en-GB,en;q=0.9");
    assert!(
        person
            .opens("/setup")
            .await
            .text
            .contains("The link is over")
    );
    let to = person
        .opens("/setup/language/ru?to=https://example.org")
        .await
        .to;
    assert_eq!(to, "/setup");
    assert!(
        person
            .opens("/setup")
            .await
            .text
            .contains("Ссылка устарела")
    );
}

#[tokio::test]
async fn the_archive_of_the_page_is_for_this_backend_and_is_as_amocrm_wants_it() {
    let (world, account) = empty().await;
    let person = world.administrator().await;
    let at = person.begins().await;
    fills_in_keys(&person, &at, &account, true).await;
    let page = person.opens(&format!("{at}/widget")).await.text;
    let path = format!("{at}/widget.zip");
    assert!(
        page.contains(&format!("href=\"{path}\" download=\"widget.zip\"")),
        "{page}"
    );
    let archive = person.downloads(&path).await;
    assert_eq!(&archive[..2], b"PK");
    let files = widget_archive::unpack(&archive).expect("a zip");
    let text = |name: &str| String::from_utf8(files[name].clone()).expect("text");
    let origin = world.setting("server.public_url");
    let origin = origin.as_str().expect("an address");
    let script = text("script.js");
    assert!(
        script.contains(&format!("const ORIGIN = '{origin}';")),
        "{script}"
    );
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(text("manifest.json").contains(&version));
    let kept = tempfile::tempdir().expect("a folder");
    let file = kept.path().join("widget.zip");
    std::fs::write(&file, &archive).expect("a file");
    let checked = said(&["check", file.to_str().expect("a path")], None);
    assert_eq!(checked.code, Some(0), "{}{}", checked.out, checked.err);
}

#[tokio::test]
async fn the_widget_of_an_account_that_is_being_set_up_may_show_itself_and_no_other() {
    let (world, account) = empty().await;
    let person = world.administrator().await;
    let at = person.begins().await;
    let page = text(&account, "/amocrm/endpoint").to_owned();
    let may_call = async |page: &str| {
        let url = format!("{}/api/v1/session", world.serve_url);
        let request = world.client.request(reqwest::Method::OPTIONS, url);
        let request = request.header("origin", page);
        let request = request.header("access-control-request-method", "POST");
        let request = request.header("access-control-request-headers", "x-auth-token");
        let answer = request.send().await.expect("an answer");
        answer.headers().contains_key("access-control-allow-origin")
    };
    assert!(!may_call(&page).await, "nobody has connected it");
    fills_in_keys(&person, &at, &account, true).await;
    until("its pages may call", async || may_call(&page).await).await;
    assert!(!may_call("https://evil.amocrm.ru").await);
    // An older widget, or one of another version, is no mark.
    let token = world.manager(ANNA).one_time_token().await;
    let url = format!("{}/api/v1/session?v=0.0.1", world.serve_url);
    let request = world.client.post(url).header("X-Auth-Token", &token);
    assert_eq!(request.send().await.expect("an answer").status(), 403);
    let shown = person.opens(&format!("{at}/widget")).await.text;
    assert!(
        shown.contains("Установлен виджет версии 0.0.1, нужна"),
        "{shown}"
    );
    is_opened(&world, &person, &at).await;
    // Whom to ask is said to everybody, what is left only to those who can do it.
    let opens = async |user| {
        let token = world.manager(user).one_time_token().await;
        let url = format!("{}/api/v1/session", world.serve_url);
        let request = world.client.post(url).header("X-Auth-Token", token);
        let refusal = request.send().await.expect("an answer").json::<Value>();
        refusal.await.expect("a problem")
    };
    let anna = opens(ANNA).await;
    assert_eq!(
        (&anna["code"], &anna["setup"]),
        (&json!("account_unknown"), &Value::Null)
    );
    let olga = opens(OLGA).await;
    let here = world.serve_url.replace("127.0.0.1", "localhost");
    let next = format!("{here}{at}/pact");
    assert_eq!(olga["setup"], json!({"left": 8, "page": next}), "{olga}");
    browse("setup-unfinished", async |tab| {
        let deal = json!({"phone": "79000000001", "name": "Заезд на май", "stage": "Новая заявка", "responsible": OLGA});
        let deal = &world.play("deals", &deal).await["id"];
        let card = format!("{}/leads/detail/{deal}?panel=1&user=", world.sandbox_url);
        tab.opens(&format!("{card}{ANNA}")).await;
        tab.sees(".estafeta-card", &["Эстафета не настроена", "Обратитесь к администратору amoCRM"])
            .await;
        // Somebody of this browser has begun the setup: the button leads to where it goes on.
        tab.opens(&world.setup_link()).await;
        tab.clicks("header a", "Русский").await;
        tab.clicks("button", "Открыть настройку").await;
        tab.sees("main", &["Что понадобится"]).await;
        tab.opens(&format!("{card}{OLGA}")).await;
        tab.sees(".estafeta-card", &["Настройка не закончена", "Осталось: 8\u{a0}шагов"])
            .await;
        tab.presses(".estafeta-button").await;
        tab.turns_to_what_opened().await;
        tab.sees("main", &["app.pact.im → Аккаунт → токен"]).await;
        assert_eq!(tab.asks("return location.href").await, next);
        assert_eq!(tab.asks("return window.opener").await, Value::Null);
    })
    .await;
}

#[tokio::test]
async fn whoever_else_answers_the_guest_of_the_trial_is_named() {
    let (world, account) = empty().await;
    let person = world.administrator().await;
    let at = person.begins().await;
    fills_in_keys(&person, &at, &account, true).await;
    fills_in_the_rest(&person, &at, &account).await;
    let trial = format!("{at}/trial");
    person.does(&trial, &[("phones", PHONE)]).await;
    world.has_at_work(&world.serve_url, 1).await;
    world.guest(PHONE).writes(QUESTIONS[0].0).await;
    let greeting = "Здравствуйте! Я Salesbot, оставьте заявку";
    let said = json!({"phone": PHONE, "text": greeting, "via": "salesbot"});
    world.play("managers/9002/messages", &said).await;
    let words = format!("Гостям отвечает ещё кто-то: «{greeting}»");
    until("the other voice is named", async || {
        person.opens(&trial).await.text.contains(&words)
    })
    .await;
    let checks = person.opens(&format!("{at}/on")).await.text;
    assert!(checks.contains(&words), "{checks}");
    // It is off, and the trial begins anew.
    world.advance_s(60).await;
    person.does(&trial, &[("phones", PHONE)]).await;
    until("it is forgotten", async || {
        let page = person.opens(&trial).await.text;
        !page.contains("Гостям отвечает ещё кто-то")
    })
    .await;
}

#[tokio::test]
async fn red_checks_are_said_in_the_language_of_the_page() {
    let (world, account) = empty().await;
    let person = world.administrator().await;
    let at = person.begins().await;
    fills_in_keys(&person, &at, &account, true).await;
    fills_in_the_rest(&person, &at, &account).await;
    let trial = format!("{at}/trial");
    person.does(&trial, &[("phones", PHONE)]).await;
    world.has_at_work(&world.serve_url, 1).await;
    world.play("pact", &json!({"channel": "disabled"})).await;
    world.lasting_fault("bot", "refuse").await;
    let on = format!("{at}/on");
    for (language, said) in [
        (
            "ru",
            [
                "Виджет пока не виден в amoCRM",
                "WhatsApp отключён в Pact. Откройте Pact",
                "Бот не отвечает. Запустите его",
            ],
        ),
        (
            "en",
            [
                "The widget is not seen in amoCRM yet",
                "WhatsApp is off in Pact. Open Pact",
                "The bot does not answer. Start it",
            ],
        ),
    ] {
        person.opens(&format!("/setup/language/{language}")).await;
        let page = person.opens(&on).await.text;
        for words in said {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert_eq!(
            page.matches("<span class=\"bad\">").count(),
            said.len(),
            "{page}"
        );
        // What was seen stands in the details alone.
        for seen in page.split("<span lang=\"en\">").skip(1) {
            assert!(!seen.split("</span>").next().unwrap_or_default().is_empty());
        }
    }
}

#[tokio::test]
async fn what_one_instance_has_set_up_all_instances_serve() {
    let server = Server::started();
    let world = World::for_a_fleet(&server).await;
    let account = world.has_no_account();
    let fleet = Fleet::of(&world, 2).await;
    for instance in 0..fleet.len() {
        fleet.serves(instance).await;
    }
    has_a_bot(&world).await;
    let person = world.administrator().await;
    let at = person.begins().await;
    fills_in_keys(&person, &at, &account, true).await;
    fills_in_the_rest(&person, &at, &account).await;
    person
        .does(&format!("{at}/trial"), &[("phones", PHONE)])
        .await;
    for url in fleet.urls() {
        world.has_at_work(&url, 1).await;
    }
    is_answered(&world, PHONE, 1).await;
    fleet.kills(0);
    is_answered(&world, PHONE, 2).await;
}

/// Nothing stands out to the right at the width of a phone.
async fn fits(tab: &Tab, name: &str) {
    let wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
    for width in [390, 1280] {
        let metrics =
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        tab.tells("Emulation.setDeviceMetricsOverride", metrics)
            .await;
        assert_eq!(
            tab.asks(wide).await.as_i64(),
            Some(0),
            "{name} at {width} px"
        );
        if width == 390 {
            tab.photographs(&format!("{name}-390")).await;
        }
    }
    tab.photographs(name).await;
}

#[tokio::test]
async fn the_page_in_a_browser_in_both_languages_and_on_a_phone() {
    let (world, account) = empty().await;
    let person = world.administrator().await;
    let at = person.begins().await;
    fills_in_keys(&person, &at, &account, true).await;
    fills_in_the_rest(&person, &at, &account).await;
    person
        .does(&format!("{at}/trial"), &[("phones", PHONE)])
        .await;
    world.has_at_work(&world.serve_url, 1).await;
    is_answered(&world, PHONE, 1).await;
    browse("setup", async |tab| {
        tab.opens(&world.setup_link()).await;
        tab.clicks("header a", "Русский").await;
        tab.clicks("button", "Открыть настройку").await;
        tab.sees("main", &["Что понадобится", "Санаторий", "Пробный"])
            .await;
        for lang in ["ru", "en"] {
            tab.opens(&format!(
                "{}/setup",
                world.serve_url.replace("127.0.0.1", "localhost")
            ))
            .await;
            if lang == "en" {
                tab.clicks("header a", "English").await;
                tab.sees("main", &["What you need", "Trial"]).await;
            }
            fits(tab, &format!("setup-{lang}-overview")).await;
            for step in [
                "integration",
                "keys",
                "access",
                "widget",
                "pact",
                "old-bot",
                "bot",
                "stages",
                "fields",
                "people",
                "trial",
                "on",
            ] {
                let url = format!(
                    "{}{at}/{step}",
                    world.serve_url.replace("127.0.0.1", "localhost")
                );
                tab.opens(&url).await;
                tab.sees("h1", &["."]).await;
                fits(tab, &format!("setup-{lang}-{step}")).await;
            }
        }
        // What is wrong is said where it was filled in.
        let url = format!(
            "{}{at}/people",
            world.serve_url.replace("127.0.0.1", "localhost")
        );
        tab.opens(&url).await;
        tab.asks("document.querySelector('[name=weekdays]').value = 'from nine'")
            .await;
        tab.clicks("main button", "Save").await;
        tab.sees(".trouble", &["Times are written as 09:00-18:00"])
            .await;
        fits(tab, "setup-en-wrong").await;
        assert_eq!(
            tab.asks("return document.scripts.length").await.as_u64(),
            Some(0)
        );
    })
    .await;
}
