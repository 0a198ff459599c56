//! One look at the block: the page of a deal with its panel closed, which is then opened.

use crate::harness::{ANNA, Tab, World, until};
use serde_json::{Value, json};

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub enum Block {
    /// The card.
    Card,
    /// What `script.js` draws by itself when there is no card to be had.
    ErrorBox,
}

impl Block {
    /// The button that ends the wait.
    fn button(self) -> &'static str {
        match self {
            Self::Card => ".estafeta-dialog .estafeta-button",
            Self::ErrorBox => ".estafeta > .estafeta-button",
        }
    }
}

/// What a look has cost. Milliseconds and kilobytes.
pub struct Look {
    /// From the moment in which the block is seen until the button is there.
    pub button: f64,
    /// Until the frame with it is drawn.
    pub painted: f64,
    /// Of the main thread, from that moment until all is quiet.
    pub work: f64,
    pub scripts: f64,
    /// The longest time for which nothing else could happen; below 50 ms the browser does not say.
    pub longest: f64,
    pub heap: f64,
    pub wasm: f64,
    /// The widget's files and their size.
    pub files: Vec<(String, u64)>,
}

/// `look(button)` opens the panel and ends when the button is drawn. The cookie would open it by itself the next time.
const LOOK: &str = r"
  window.longest = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
  }).observe({ type: 'longtask' });
  if (location.search.includes('without')) {
    const src = Object.getOwnPropertyDescriptor(HTMLScriptElement.prototype, 'src');
    Object.defineProperty(HTMLScriptElement.prototype, 'src', {
      ...src,
      set(url) { src.set.call(this, String(url).includes('/card-') ? '/no-such-file' : url); }
    });
  }
  window.look = (button) => new Promise((done) => {
    const began = performance.now();
    window.longest = 0;
    const watch = new MutationObserver(() => {
      if (!document.querySelector(button)) return;
      watch.disconnect();
      const there = performance.now() - began;
      requestAnimationFrame(() => setTimeout(() => done({ button: there, painted: performance.now() - began })));
    });
    watch.observe(document.querySelector('.estafeta'), { childList: true, subtree: true });
    document.querySelector('#widgets_toggle').click();
  });
  window.files = () => performance.getEntriesByType('resource')
    .filter(({ name }) => name.includes('/widget/') && /(script|card-\w+)\.js|\.json|\.css/.test(name))
    .map(({ name, decodedBodySize }) => [new URL(name).pathname.split('/').pop(), decodedBodySize]);
";

/// Prepares a tab, once.
pub async fn prepare(tab: &Tab) {
    tab.will_be_weighed().await;
    let source = json!({ "source": LOOK });
    tab.tells("Page.addScriptToEvaluateOnNewDocument", source)
        .await;
    tab.tells("Network.enable", json!({})).await;
    let cold = json!({"cacheDisabled": true});
    tab.tells("Network.setCacheDisabled", cold).await;
}

/// How many times slower the CPU is from now on.
pub async fn hurries(tab: &Tab, slower: u32) {
    let rate = json!({ "rate": slower });
    tab.tells("Emulation.setCPUThrottlingRate", rate).await;
}

impl Look {
    /// Opens the page anew and looks.
    pub async fn take(tab: &Tab, world: &World, deal: i64, block: Block, slower: u32) -> Self {
        tab.tells("Network.clearBrowserCookies", json!({})).await;
        let page = &world.sandbox_url;
        let without = match block {
            Block::Card => "",
            Block::ErrorBox => "&without",
        };
        hurries(tab, 1).await;
        tab.opens(&format!("{page}/leads/detail/{deal}?user={ANNA}{without}"))
            .await;
        // Long before somebody opens the panel: the dot says who leads.
        until("the dot", async || {
            tab.counts(".estafeta-badge.estafeta-dot-bot").await == 1
        })
        .await;
        hurries(tab, slower).await;
        let before = tab.metrics().await;
        let script = format!("look({:?})", block.button());
        let seen = tab.awaits(&script).await.expect("a look");
        until("quiet", async || is_quiet(tab).await).await;
        let after = tab.metrics().await;
        let ms = |name: &str| (number(&after[name]) - number(&before[name])) * 1000.0;
        let (work, scripts) = (ms("TaskDuration"), ms("ScriptDuration"));
        let longest = number(&tab.asks("return longest").await);
        hurries(tab, 1).await;
        let weight = tab.weighs().await;
        let files = tab.asks("return files()").await;
        let files = files.as_array().into_iter().flatten();
        Self {
            button: number(&seen["button"]),
            painted: number(&seen["painted"]),
            work,
            scripts,
            longest,
            heap: kb(weight.heap),
            wasm: kb(weight.wasm),
            files: files
                .map(|file| {
                    (
                        file[0].as_str().unwrap_or_default().to_owned(),
                        file[1].as_u64().unwrap_or_default(),
                    )
                })
                .collect(),
        }
    }
}

/// Nothing long has been done for a while.
async fn is_quiet(tab: &Tab) -> bool {
    let before = number(&tab.metrics().await["TaskDuration"]);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    number(&tab.metrics().await["TaskDuration"]) - before < 0.05
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_default()
}

fn kb(bytes: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let bytes = bytes as f64;
    bytes / 1000.0
}
