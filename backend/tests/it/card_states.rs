//! Every state of the card as the manager sees it, in Russian and English, by day and by night: nothing is wider than
//! amoCRM's panel, what counts stands at the top, and all of it looks as it did. `scripts/pictures` draws anew what is
//! kept; what a test has drawn lies in `target/screenshots`.

use crate::harness::{Tab, World, browse};
use crate::shown::picture::Picture;
use crate::shown::sheet::Sheet;
use crate::shown::{LOOKS, Page, SHELL, empty_deal, is_narrow, prepare, states};

#[tokio::test]
async fn every_state_fits_the_panel_by_day_and_night_in_both_languages_and_looks_as_it_did() {
    let world = World::new().await;
    let deal = empty_deal(&world).await;
    browse("states", async |tab| {
        prepare(tab).await;
        let mut differences = vec![];
        for look in LOOKS {
            let page = Page::open(tab, &world, deal, look).await;
            let mut sheet = Sheet::new(look);
            for state in states(deal) {
                page.shows(&state).await;
                is_narrow(tab, &format!("{} {look:?}", state.name)).await;
                if state.name == "waiting" {
                    stands_at_the_top(tab).await;
                }
                let picture = Picture::from_png(&tab.pictures(".estafeta").await);
                if state.name == "waiting" {
                    is_not_blind(tab, &picture).await;
                }
                sheet.add(&state.name, picture);
            }
            for shell in SHELL {
                shell.opens(tab, &world, deal, look).await;
                is_narrow(tab, &format!("{} {look:?}", shell.name)).await;
                sheet.add(
                    shell.name,
                    Picture::from_png(&tab.pictures(".estafeta").await),
                );
            }
            differences.extend(sheet.compare());
        }
        assert!(
            differences.is_empty(),
            "the card looks different; see target/screenshots, and if it is as it should be, run scripts/pictures:\n{}",
            differences.join("\n")
        );
    })
    .await;
}

/// A margin two pixels wider, a colour and a size that are not ours are seen.
async fn is_not_blind(tab: &Tab, picture: &Picture) {
    for wrong in [
        ".estafeta .estafeta-button { margin-top: 9px }",
        ".estafeta .estafeta-message { border-left-color: #f0332b }",
        ".estafeta .estafeta-dot-waiting { background: #2f9e5b }",
        ".estafeta .estafeta-status { font-size: 16px }",
    ] {
        let script = format!(
            "window.wrong = document.createElement('style'); wrong.textContent = {wrong:?}; \
             document.head.append(wrong); return 1"
        );
        tab.asks(&script).await;
        let spoiled = Picture::from_png(&tab.pictures(".estafeta").await);
        assert!(
            spoiled.differs_from(picture).is_some(),
            "{wrong} is not seen"
        );
        tab.asks("wrong.remove(); return 1").await;
    }
}

/// «Reason, status and button fit into 200 px of height.»
async fn stands_at_the_top(tab: &Tab) {
    let script = "const card = document.querySelector('.estafeta-card').getBoundingClientRect(); \
        return ['.estafeta-status', '.estafeta-reason', '.estafeta-button'].map((css) => \
        document.querySelector('.estafeta-card ' + css).getBoundingClientRect().bottom - card.top)";
    let bottoms = tab.asks(script).await;
    let bottoms = bottoms.as_array().expect("heights").iter();
    for bottom in bottoms {
        let bottom = bottom.as_f64().expect("a height");
        assert!(bottom <= 200.0, "{bottom} px");
    }
}
