//! The settings for those who see little or hear them read: an automated audit of every tab and of what else the page shows.

use crate::harness::{OLGA, Tab, World, browse, until};
use crate::settings::{BOOKING_URL, PAGE, TABS, asks, fills_in, goes_to, page_url};
use serde_json::json;

const LOOKS: [(&str, &str); 4] = [
    ("ru", "light"),
    ("ru", "dark"),
    ("en", "light"),
    ("en", "dark"),
];

/// Looks, and remembers what is wrong.
async fn audit(tab: &Tab, found: &mut Vec<String>, look: (&str, &str), place: &str) {
    for violation in tab.audit(&[PAGE], 4).await {
        found.push(format!("{look:?}, {place}: {violation}"));
    }
}

#[tokio::test]
async fn an_audit_finds_nothing_against_wcag_in_any_tab_of_the_settings() {
    let world = World::demo_with(&["--bot", "faq"]).await;
    world
        .guest("79000000001")
        .asks("Есть ли у вас вертолётная площадка?")
        .await;
    world.guest("79000000001").hears(1).await;
    browse("settings-audit", async |tab| {
        let mut found = vec![];
        for look in LOOKS {
            let (lang, theme) = look;
            let more = format!("&lang={lang}&theme={theme}");
            tab.opens(&page_url(&world, OLGA, &more).await).await;
            until("the rules", async || {
                tab.counts("[data-tab=work]").await == 1
            })
            .await;
            tab.brings_the_auditor().await;
            for name in TABS {
                goes_to(tab, name).await;
                let open = format!("[data-tab={name}].estafeta-set-open");
                until(name, async || tab.counts(&open).await == 1).await;
                audit(tab, &mut found, look, name).await;
            }
            // A decision, a mistake, a version that is looked at.
            asks(tab, "text", "Нас будет пятеро").await;
            until("a decision", async || {
                tab.counts("[data-answer=now] .estafeta-set-action").await == 1
            })
            .await;
            audit(tab, &mut found, look, "what if").await;
            goes_to(tab, "timers").await;
            fills_in(tab, "timers.undo_for", "x").await;
            until("a mistake", async || {
                tab.counts(".estafeta-set-bad").await == 1
            })
            .await;
            audit(tab, &mut found, look, "a mistake").await;
            tab.presses("[data-do=discard]").await;
            // Of the booking page: what is wrong with it, and the link that comes of it.
            goes_to(tab, "work").await;
            fills_in(tab, "booking.url", BOOKING_URL).await;
            until("a mistake", async || {
                tab.counts(".estafeta-set-bad").await == 1
            })
            .await;
            audit(tab, &mut found, look, "a mistake in the booking page").await;
            fills_in(tab, "booking.categories", "люкс = lux").await;
            until("a link", async || {
                tab.counts("[data-path='booking.url'] .estafeta-set-preview")
                    .await
                    == 1
            })
            .await;
            audit(tab, &mut found, look, "a booking link").await;
            tab.presses("[data-do=discard]").await;
            // Of the knowledge base: an open file with an entry that is begun, and what a question finds.
            goes_to(tab, "knowledge").await;
            tab.presses("[data-do=start]").await;
            until("an entry", async || {
                tab.counts("#estafeta-set-base-text").await == 1
            })
            .await;
            audit(tab, &mut found, look, "an entry").await;
            tab.presses("[data-do=discard]").await;
            tab.types("[name=question]", "бассейн").await;
            tab.presses("[data-do=find]:enabled").await;
            until("passages", async || tab.counts("[data-passage]").await > 0).await;
            audit(tab, &mut found, look, "passages").await;
            is_not_blind(tab).await;
        }
        assert!(found.is_empty(), "{}", found.join("\n"));
    })
    .await;
}

/// Finds what is wrong on purpose: a text that is too pale, and a field without a name.
async fn is_not_blind(tab: &Tab) {
    let spoil = "const css = (one) => document.querySelector('.estafeta-set ' + one); \
        css('[data-do=find]').style.cssText = 'color: #888; background: #999'; css('[name=question]').removeAttribute('aria-labelledby'); \
        css('[name=question]').removeAttribute('placeholder'); return 1";
    assert_eq!(tab.asks(spoil).await, json!(1));
    let found = tab.audit(&[PAGE], 4).await.join("\n");
    for rule in ["color-contrast", "label"] {
        assert!(found.contains(rule), "{rule} is not found: {found}");
    }
}
