//! The page of the knowledge base, in a real Chromium beside a backend that runs.

use crate::harness::{ANNA, HANDOFF, OLGA, Tab, World, browse, until};
use crate::settings::{BAR, goes_to, no_errors, opens, page_url};
use serde_json::json;

const PHONE: &str = "79000000001";
const FORM: &str = ".estafeta-set-form";
const TEXT: &str = "#estafeta-set-base-text";
const FILES: &str = ".estafeta-set-files";
const MISSED: &str = ".estafeta-set-missed";
const FOUND: &str = ".estafeta-set-found";
/// The sample has nothing of it.
const QUESTION: &str = "Есть ли у вас вертолётная площадка?";
const ANSWER: &str = "Вертолётная площадка в 300 м от корпуса, предупредите за сутки.";

async fn value_of(tab: &Tab, css: &str) -> String {
    let script = format!("return document.querySelector({css:?})?.value");
    let value = tab.asks(&script).await;
    value.as_str().unwrap_or_default().to_owned()
}

async fn finds(tab: &Tab, question: &str) {
    tab.fills("[name=question]", question).await;
    tab.presses("[data-do=find]:enabled").await;
}

async fn saves(tab: &Tab, version: i64) {
    tab.presses("[data-do=save]:enabled").await;
    tab.sees(BAR, &[&format!("Сохранено, версия {version},")])
        .await;
}

/// The page of the knowledge base, for this user.
async fn opens_base(tab: &Tab, world: &World, user: i64) {
    opens(tab, world, user).await;
    goes_to(tab, "knowledge").await;
    tab.sees(FORM, &["База знаний", "Что найдёт вопрос"]).await;
}

#[tokio::test]
async fn issue_9_4_a_question_that_found_nothing_becomes_an_entry_that_is_found() {
    let world = World::demo_with(&["--bot", "faq"]).await;
    let guest = world.guest(PHONE);
    guest.asks(QUESTION).await;
    assert_eq!(guest.hears(1).await, HANDOFF);
    browse("knowledge", async |tab| {
        opens_base(tab, &world, OLGA).await;
        tab.sees(MISSED, &[QUESTION, "вопросов: 1"]).await;
        finds(tab, QUESTION).await;
        tab.sees(FOUND, &["диалог получит менеджер"]).await;
        tab.photographs("knowledge").await;

        tab.presses("[data-do=start]").await;
        until(
            "the entry is begun, and the keyboard is there",
            async || {
                let script = "return document.activeElement.id";
                tab.asks(script).await == json!(&TEXT[1..])
            },
        )
        .await;
        let begun = value_of(tab, TEXT).await;
        assert!(
            begun.ends_with(&format!("## {QUESTION}\n- {QUESTION}\n\n")),
            "{begun}"
        );
        tab.sees(FORM, &["Под заголовком нет ответа"]).await;
        assert_eq!(tab.counts("[data-do=save]:enabled").await, 0);
        tab.fills(TEXT, &format!("{begun}{ANSWER}\n")).await;
        tab.sees(BAR, &["Изменений: 1. Показать"]).await;
        tab.presses("[data-do=changes]").await;
        tab.sees(".estafeta-set-changes", &[QUESTION, "добавлено", ANSWER])
            .await;
        // Already before it is saved.
        finds(tab, "вертолетная площадка есть?").await;
        tab.sees(FORM, &["оно ещё не сохранено"]).await;
        tab.sees(FOUND, &["Бот ответит первой записью", ANSWER])
            .await;
        tab.photographs("knowledge-entry").await;
        saves(tab, 2).await;
        tab.sees(FORM, &["Версия 2", "Ольга", "Таких вопросов нет"])
            .await;
        finds(tab, QUESTION).await;
        tab.sees(FOUND, &["Бот ответит первой записью", ANSWER])
            .await;
        tab.photographs("knowledge-saved").await;
        no_errors(tab).await;
    })
    .await;
    // The backend has run all the time.
    let other = world.guest("79000000002");
    other.asks(QUESTION).await;
    assert!(other.hears(1).await.ends_with(ANSWER));
}

#[tokio::test]
async fn issue_9_4_files_are_uploaded_and_what_is_wrong_with_them_is_told() {
    let world = World::demo().await;
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path.display().to_string()
    };
    let upload = "[data-do=upload]";
    browse("knowledge-upload", async |tab| {
        opens_base(tab, &world, OLGA).await;
        tab.sees(FORM, &["Базы знаний ещё нет", "Таких вопросов нет"])
            .await;
        let pool = file(
            "pool.md",
            "\u{feff}## Бассейн\n- Есть бассейн?\n\nЕсть, до 22.\n".as_bytes(),
        );
        let table = file("table.csv", "вопрос;ответ\nЕсть сауна?;Есть.\n".as_bytes());
        tab.types(upload, &format!("{pool}\n{table}")).await;
        tab.sees(FILES, &["pool.md", "table.csv", "записей: 1"])
            .await;
        for (name, bytes, words) in [
            ("price.docx", &b"PK"[..], "нужен .md или .csv"),
            ("old.csv", &[0xE2, 0xEE, 0xEF][..], "это не текст в UTF-8"),
            ("huge.md", &vec![b'x'; 1_048_577][..], "больше целой базы"),
        ] {
            tab.types(upload, &file(name, bytes)).await;
            tab.sees(FORM, &[&format!("Файл {name} не взят: "), words])
                .await;
        }
        tab.types(upload, &file("odd.csv", b"a;b\n1;2\n")).await;
        tab.sees(FORM, &["odd.csv:1", "назовите столбцы"]).await;
        tab.sees(BAR, &["Не сохранить, пока есть ошибки: 1"]).await;
        assert_eq!(
            tab.counts("[data-tab=knowledge].estafeta-set-wrong").await,
            1
        );
        tab.photographs("knowledge-wrong").await;
        tab.presses("[data-file='odd.csv'] [data-do=remove]").await;
        // Pasted, under a name of its own.
        tab.presses("[data-do=new]").await;
        tab.fills("#estafeta-set-base-name", "lift.md").await;
        tab.fills(TEXT, "## Лифт\n\nЕсть в обоих корпусах.\n").await;
        tab.sees(FILES, &["lift.md"]).await;
        saves(tab, 1).await;
        tab.sees(FORM, &["Версия 1", "записей: 3"]).await;
        finds(tab, "лифт есть?").await;
        tab.sees(FOUND, &["Есть в обоих корпусах."]).await;
        no_errors(tab).await;
    })
    .await;
}

async fn put(world: &World, text: &str, over: i64) -> u16 {
    let bearer = world.manager(OLGA).bearer().await;
    let url = format!("{}/api/v1/knowledge", world.serve_url);
    let request = world.client.put(url).bearer_auth(bearer);
    let files = json!({"files": [{"name": "base.md", "text": text}]});
    let request = request.header("If-Match", over.to_string()).json(&files);
    request.send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn issue_9_4_of_two_administrators_the_second_sees_what_changed_and_an_old_version_comes_back()
 {
    let world = World::demo().await;
    assert_eq!(put(&world, "## Бассейн\nДо 22.\n", 0).await, 200);
    browse("knowledge-two", async |tab| {
        opens_base(tab, &world, OLGA).await;
        tab.presses("[data-file='base.md'] .estafeta-set-link")
            .await;
        tab.fills(TEXT, "## Бассейн\nДо 20.\n").await;
        assert_eq!(put(&world, "## Бассейн\nДо 21.\n", 1).await, 200);
        tab.presses("[data-do=save]").await;
        tab.sees(
            BAR,
            &["Пока вы меняли базу знаний, её сохраняет Ольга: версия 2"],
        )
        .await;
        tab.sees(
            "[data-changes=theirs]",
            &["Бассейн — было: «До 22.», стало: «До 21.»"],
        )
        .await;
        tab.sees(
            "[data-changes=mine]",
            &["Бассейн — было: «До 22.», стало: «До 20.»"],
        )
        .await;
        tab.photographs("knowledge-conflict").await;
        tab.presses("[data-do=mine]").await;
        tab.sees(BAR, &["Сохранено, версия 3,"]).await;
        tab.presses("[data-version='1'] .estafeta-set-link").await;
        tab.sees(
            "[data-version='1']",
            &["Вернуть версию 1 от", "было: «До 20.», стало: «До 22.»"],
        )
        .await;
        tab.presses("[data-do=restore]").await;
        tab.sees(BAR, &["Сохранено, версия 4,"]).await;
        until("the old text is there", async || {
            value_of(tab, TEXT).await == "## Бассейн\nДо 22.\n"
        })
        .await;
        // The 409 above is an answer.
        let errors = tab.console().await;
        assert!(
            errors.iter().all(|error| error.contains("409")),
            "{errors:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn issue_9_4_a_manager_reads_the_base_and_changes_nothing() {
    let world = World::demo_with(&["--bot", "faq"]).await;
    browse("knowledge-manager", async |tab| {
        opens_base(tab, &world, ANNA).await;
        tab.presses(&format!("{FILES} .estafeta-set-link")).await;
        until("the file is open", async || {
            !value_of(tab, TEXT).await.is_empty()
        })
        .await;
        let open = format!("{FORM} :is(input, textarea):not([readonly], [name=question])");
        assert_eq!(tab.counts(&open).await, 0);
        for button in ["save", "upload", "new", "remove", "start"] {
            assert_eq!(
                tab.counts(&format!("[data-do={button}]")).await,
                0,
                "{button}"
            );
        }
        finds(tab, "До скольки работает бассейн?").await;
        tab.sees(FOUND, &["Бот ответит первой записью"]).await;
        // Guests' words were not even asked for: the server refuses them.
        no_errors(tab).await;
    })
    .await;
}

#[tokio::test]
async fn issue_9_4_a_backend_that_is_down_is_said_and_the_page_comes_when_it_is_back() {
    let world = World::new().await;
    browse("knowledge-down", async |tab| {
        tab.opens(&page_url(&world, OLGA, "").await).await;
        tab.sees(".estafeta-set", &["Эстафета: правила"]).await;
        world.kills_the_backend();
        goes_to(tab, "knowledge").await;
        tab.sees(FORM, &["сервер недоступен", "Повторить"]).await;
        tab.photographs("knowledge-down").await;
        world.serve(&[]).await;
        tab.presses("[data-do=again]").await;
        tab.sees(FORM, &["Базы знаний ещё нет"]).await;
        // It goes again while a question is asked.
        world.kills_the_backend();
        finds(tab, "Есть бассейн?").await;
        tab.sees(FOUND, &["сервер недоступен"]).await;
    })
    .await;
}
