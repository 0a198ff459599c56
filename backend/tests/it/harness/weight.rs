//! What a page of cards weighs, and going from card to card as a manager does, without the driver's hands: elements
//! that it has touched are held by it, and would weigh on the page.

use super::Tab;
use serde_json::{Value, json};

/// Keeps the memory of the WebAssembly that the page starts.
const WASM: &str = r"
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const real = WebAssembly[name];
    WebAssembly[name] = async (...given) => {
      const made = await real.apply(WebAssembly, given);
      const { memory } = (made.instance || made).exports;
      window.wasm = memory || window.wasm;
      return made;
    };
  }
";

/// `rounds(n, least, first, second)`: from the card of `first` to the list, to the card of `second`, back to the list by the
/// browser's button, and to the first card again; each time until the card says who leads. A browser follows no more than
/// 200 moves in 10 s and drops the others without a word, so each takes [`A_MOVE_MS`] at least.
const ROUNDS: &str = r"
  async (n, least, first, second) => {
    const until = (what, holds) => new Promise((done, failed) => {
      const began = performance.now();
      const look = () => {
        if (holds()) return done();
        if (performance.now() - began > 20e3) return failed(new Error('waited in vain: ' + what));
        setTimeout(look, 5);
      };
      look();
    });
    const all = (css) => document.querySelectorAll(css);
    const follow = async (css) => {
      await until(css, () => all(css).length);
      all(css)[0].click();
    };
    const list = () => until('the list', () => !all('.estafeta-card').length && all('#work-area .list').length === 1);
    const card = (deal) => until('the card of ' + deal, () => {
      const [id] = all('.deal-id');
      const [shown] = all('.estafeta-card');
      return id?.innerText === '#' + deal && shown?.querySelector('.estafeta-button') && all('.estafeta-card').length === 1;
    });
    const move = async (go, there) => {
      const slow = new Promise((done) => setTimeout(done, least));
      await go();
      await there();
      await slow;
    };
    const open = (deal) => move(() => follow(`#work-area a[href^='/leads/detail/${deal}']`), () => card(deal));
    for (let round = 0; round < n; round += 1) {
      await move(() => follow('#breadcrumbs a'), list);
      await open(second);
      await move(() => history.back(), list);
      await open(first);
    }
  }
";

/// The least that a move takes, ms.
const A_MOVE_MS: u32 = 60;

/// Moves of a round.
pub const MOVES: i64 = 4;
/// Rounds that the browser is asked for at a time.
const AT_A_TIME: i64 = 25;

/// What a page weighs when its garbage is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weight {
    pub listeners: i64,
    pub nodes: i64,
    /// Bytes.
    pub heap: i64,
    /// Bytes of WebAssembly's memory.
    pub wasm: i64,
}

impl Tab {
    /// Makes ready for [`Self::weighs`], before the page is opened.
    pub async fn will_be_weighed(&self) {
        for domain in ["Page", "Performance", "HeapProfiler"] {
            self.tells(&format!("{domain}.enable"), json!({})).await;
        }
        let source = json!({ "source": WASM });
        self.tells("Page.addScriptToEvaluateOnNewDocument", source)
            .await;
    }

    /// What the page weighs.
    pub async fn weighs(&self) -> Weight {
        for _ in 0..3 {
            self.tells("HeapProfiler.collectGarbage", json!({})).await;
        }
        let metrics = self.metrics().await;
        let wasm = self.asks("return window.wasm ? wasm.buffer.byteLength : 0");
        Weight {
            listeners: whole(&metrics, "JSEventListeners"),
            nodes: whole(&metrics, "Nodes"),
            heap: whole(&metrics, "JSHeapUsedSize"),
            wasm: wasm.await.as_i64().expect("a size"),
        }
    }

    /// What the browser measures of the page, by name.
    pub async fn metrics(&self) -> Value {
        let metrics = self.tells("Performance.getMetrics", json!({})).await;
        let list = metrics["metrics"].as_array().into_iter().flatten();
        let pair =
            |metric: &Value| Some((metric["name"].as_str()?.to_owned(), metric["value"].clone()));
        list.filter_map(pair)
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    /// Goes so many rounds of [`MOVES`] moves between two cards, from the card of `first`.
    pub async fn goes_to_and_fro(&self, rounds: i64, first: i64, second: i64) {
        let mut left = rounds;
        while left > 0 {
            let now = left.min(AT_A_TIME);
            let script = format!("({ROUNDS})({now}, {A_MOVE_MS}, {first}, {second})");
            self.awaits(&script).await.expect("the rounds");
            left -= now;
        }
    }
}

fn whole(metrics: &Value, name: &str) -> i64 {
    let value = metrics[name].as_f64().expect("a metric");
    #[expect(
        clippy::cast_possible_truncation,
        reason = "counts and bytes of a page"
    )]
    let value = value as i64;
    value
}
