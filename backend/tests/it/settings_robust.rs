//! What reads texts in «Что будет, если» is a file of its own, loaded when the first text is written: where it does not come,
//! the panel says so and decides nothing.

use crate::card_robust::REDIRECTED;
use crate::harness::{OLGA, Tab, World, browse, until};
use crate::settings::{PAGE, page_url};
use serde_json::json;

const PANEL: &str = ".estafeta-set-try";
const TEXT: &str = ".estafeta-set-question [name=text]";
const DECISION: &str = "[data-answer=now]";

/// The files with the weights that the page has asked for.
const ASKED: &str = "return performance.getEntriesByType('resource').filter(({ name }) => /reader-[0-9a-f]{12}\\.js/.test(name)).length";

/// The page of the rules, on which `script` ran first.
async fn page_after(name: &str, script: &str, story: impl AsyncFnOnce(&Tab)) {
    let world = World::demo().await;
    browse(name, async |tab| {
        tab.tells("Page.enable", json!({})).await;
        let source = json!({ "source": script });
        tab.tells("Page.addScriptToEvaluateOnNewDocument", source)
            .await;
        tab.opens(&page_url(&world, OLGA, "").await).await;
        tab.sees(PAGE, &["Эстафета: правила"]).await;
        story(tab).await;
    })
    .await;
}

#[tokio::test]
async fn what_reads_texts_is_loaded_once_and_only_when_a_text_is_written() {
    page_after("reader", "", async |tab| {
        assert_eq!(tab.asks(ASKED).await, json!(0));
        tab.types(TEXT, "Нас будет пятеро").await;
        tab.sees(DECISION, &["затем: передаст менеджеру"]).await;
        assert_eq!(tab.asks(ASKED).await, json!(1));
    })
    .await;
}

#[tokio::test]
async fn what_reads_texts_comes_from_the_backend_where_amocrm_does_not_serve_it() {
    let script = format!(
        "const redirect = (url) => url.includes('/reader-') && url.includes('/upl/') ? '/no-such-file' : url; {REDIRECTED}"
    );
    page_after("reader-elsewhere", &script, async |tab| {
        tab.types(TEXT, "Нас будет пятеро").await;
        tab.sees(DECISION, &["затем: передаст менеджеру"]).await;
    })
    .await;
}

#[tokio::test]
async fn where_nobody_serves_what_reads_texts_nothing_is_decided_until_it_comes() {
    let script = format!(
        "window.broken = true; const redirect = (url) => broken && url.includes('/reader-') ? '/no-such-file' : url; {REDIRECTED}"
    );
    page_after("reader-nowhere", &script, async |tab| {
        tab.types(TEXT, "Нас будет пятеро").await;
        tab.sees(
            PANEL,
            &["не загрузилось, и решение не показать", "Повторить"],
        )
        .await;
        assert_eq!(tab.counts(DECISION).await, 0);
        tab.photographs("settings-reader-nowhere").await;
        tab.asks("broken = false; return 1").await;
        tab.presses("[data-do=read]").await;
        tab.sees(DECISION, &["затем: передаст менеджеру"]).await;
        until("nothing is said any more", async || {
            !tab.reads(PANEL).await.contains("не загрузилось")
        })
        .await;
    })
    .await;
}
