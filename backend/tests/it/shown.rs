//! A card that is given what it shows: every state of it, in both languages, by day and by night, on one page each.

pub mod picture;
pub mod sheet;
mod states;

pub use states::{Shown, states};

use crate::harness::{ANNA, OLGA, Tab, World};
use serde_json::{Value, json};

/// The languages and themes of the card.
pub const LOOKS: [Look; 4] = [
    Look::new("ru", "light"),
    Look::new("ru", "dark"),
    Look::new("en", "light"),
    Look::new("en", "dark"),
];

/// How a page looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// `ru` or `en`.
    pub lang: &'static str,
    /// `light` or `dark`.
    pub theme: &'static str,
}

impl Look {
    const fn new(lang: &'static str, theme: &'static str) -> Self {
        Self { lang, theme }
    }
}

/// The card gets `window.given` instead of its dialogs, `window.past` instead of a history and `window.outcome` instead
/// of what came of an action; each is a body, or `{status, code}`, or nothing: then there is no answer at all. What is
/// `given` with a `setup` refuses the session itself.
/// `show`, `press` and `change` end when the card has drawn. The caret does not blink. With `&broken` in the address nobody
/// serves the card, with `&old` the browser knows no WebAssembly, with `&unsaved` the deal is
/// one that amoCRM has not kept yet.
const GIVEN: &str = r"
  const real = window.fetch;
  const answer = (given) => {
    if (!given) return new Promise((answered) => { window.answers = (given) => answered(answer(given)); });
    const body = given.code ? { title: 'Words of the server', ...given } : given;
    return Promise.resolve(new Response(JSON.stringify(body), { status: given.code ? given.status : 200 }));
  };
  window.fetch = (url, options) => {
    url = String(url);
    if (!url.includes('/api/v1/')) return real(url, options);
    if (url.endsWith('/events')) return Promise.reject(new TypeError('no streams here'));
    if (url.endsWith('/opened')) return Promise.resolve(new Response());
    if (url.endsWith('/history')) return answer(window.past);
    if (options.method === 'POST') return answer(window.outcome);
    return answer(window.unopened ? { code: 'session_expired', status: 401 } : window.given);
  };
  const session = (field, changed) => {
    const real = Object.getOwnPropertyDescriptor(XMLHttpRequest.prototype, field);
    Object.defineProperty(XMLHttpRequest.prototype, field, { get() {
      const value = real.get.call(this);
      return this.responseURL.includes('/api/v1/session') ? changed(value) : value;
    } });
  };
  session('status', (status) => window.unopened?.status || status);
  session('responseText', (text) => {
    if (window.unopened) return JSON.stringify(window.unopened);
    if (!window.newer) return text;
    const session = JSON.parse(text);
    return JSON.stringify({ ...session, protocol: session.protocol + 1 });
  });
  const src = Object.getOwnPropertyDescriptor(HTMLScriptElement.prototype, 'src');
  if (location.search.includes('&broken')) Object.defineProperty(HTMLScriptElement.prototype, 'src', {
    ...src,
    set(url) { src.set.call(this, String(url).includes('/card-') ? '/no-such-file' : url); }
  });
  if (location.search.includes('&old')) delete window.WebAssembly;
  if (location.search.includes('&unsaved')) {
    let app, card;
    const data = { get: () => card, set: (given) => { card = given && { ...given, id: 0 }; } };
    const set = (given) => {
      app = given;
      Object.defineProperty(app.data, 'current_card', data);
    };
    Object.defineProperty(window, 'APP', { get: () => app, set });
  }
  const drawn = (change) => new Promise((done, failed) => {
    const late = setTimeout(() => failed(new Error('the card draws nothing')), 20e3);
    const watch = new MutationObserver(() => {
      watch.disconnect();
      clearTimeout(late);
      requestAnimationFrame(() => done());
    });
    const all = { childList: true, subtree: true, characterData: true, attributes: true };
    watch.observe(document.querySelector('.estafeta'), all);
    change();
  });
  window.press = (label) => drawn(() => {
    const buttons = Array.from(document.querySelectorAll('.estafeta button'));
    const it = buttons.find((button) => button.innerText.trim() === label);
    if (!it) throw new Error(`no «${label}» among ${buttons.map((button) => button.innerText)}`);
    it.click();
  });
  window.show = (given) => drawn(() => {
    window.unopened = given?.setup && given;
    window.given = given;
    window.dispatchEvent(new Event('online'));
  });
  window.change = (script) => drawn(script);
  document.addEventListener('DOMContentLoaded', () => document.head.append(Object.assign(
    document.createElement('style'), { textContent: '* { caret-color: transparent !important }' })));
";

/// The page of a deal whose card shows what it is given.
pub struct Page<'a> {
    tab: &'a Tab,
    look: Look,
    texts: Value,
}

/// A deal without a dialog, for a card that is given everything.
pub async fn empty_deal(world: &World) -> i64 {
    let deal = json!({"phone": "79000000001", "name": "Заезд на май", "stage": "Новая заявка", "responsible": OLGA});
    world.play("deals", &deal).await["id"]
        .as_i64()
        .expect("an id")
}

/// Prepares a tab for [`Page::open`], once.
pub async fn prepare(tab: &Tab) {
    tab.tells("Page.enable", json!({})).await;
    let source = json!({ "source": GIVEN });
    tab.tells("Page.addScriptToEvaluateOnNewDocument", source)
        .await;
    let still = json!({"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]});
    tab.tells("Emulation.setEmulatedMedia", still).await;
}

impl<'a> Page<'a> {
    /// The page of a deal, whose card still waits for an answer.
    pub async fn open(tab: &'a Tab, world: &World, deal: i64, look: Look) -> Page<'a> {
        let (page, Look { lang, theme }) = (&world.sandbox_url, look);
        tab.opens(&format!(
            "{page}/leads/detail/{deal}?user={ANNA}&panel=1&lang={lang}&theme={theme}"
        ))
        .await;
        crate::harness::until("the card", async || {
            tab.counts(".estafeta-card .estafeta-empty").await == 1
        })
        .await;
        let texts = texts(lang);
        Page { tab, look, texts }
    }

    /// The text of `key` in the language of the page.
    pub fn text(&self, key: &str) -> &str {
        self.texts[key]
            .as_str()
            .unwrap_or_else(|| panic!("no text {key}"))
    }

    /// Brings the card into a state and waits until it is drawn.
    pub async fn shows(&self, shown: &Shown) {
        if let Some(past) = &shown.past {
            self.does(&shown.name, &format!("window.past = {past}"))
                .await;
        }
        if let Some(given) = &shown.given {
            self.does(&shown.name, &format!("show({given})")).await;
        }
        if let Some(script) = shown.change {
            let script = format!("change(() => {{ {script} }})");
            self.does(&shown.name, &script).await;
        }
        for key in shown.presses {
            let script = format!("press({:?})", self.text(key));
            self.does(&shown.name, &script).await;
        }
        if self.look.lang == "ru" {
            self.says(&shown.name, shown.words).await;
        }
    }

    async fn does(&self, name: &str, script: &str) {
        let outcome = self.tab.awaits(script).await;
        assert!(outcome.is_ok(), "{name}, {script}: {outcome:?}");
    }

    /// Waits until the card says all this; spaces that do not break count as spaces.
    async fn says(&self, state: &str, words: &[&str]) {
        crate::harness::until(&format!("{state} says {words:?}"), async || {
            let text = self.tab.reads(".estafeta-card").await;
            let text = text.replace('\u{a0}', " ");
            words.iter().all(|word| text.contains(word))
        })
        .await;
    }
}

/// What `script.js` shows by itself.
pub struct Shell {
    /// Its name.
    pub name: &'static str,
    /// What stands in the page's address for it.
    query: &'static str,
    /// The key of what it says.
    text: &'static str,
}

/// What `script.js` shows by itself where the card does not come.
pub const SHELL: [Shell; 3] = [
    Shell {
        name: "shell-not-loaded",
        query: "&broken",
        text: "error.asset_failed",
    },
    Shell {
        name: "shell-old-browser",
        query: "&old",
        text: "error.wasm_unsupported",
    },
    Shell {
        name: "shell-unsaved",
        query: "&unsaved",
        text: "none.unsaved",
    },
];

impl Shell {
    /// The page on which it stands.
    pub async fn opens(&self, tab: &Tab, world: &World, deal: i64, look: Look) {
        let (page, Look { lang, theme }) = (&world.sandbox_url, look);
        tab.opens(&format!(
            "{page}/leads/detail/{deal}?user={ANNA}&panel=1&lang={lang}&theme={theme}{}",
            self.query
        ))
        .await;
        let texts = texts(lang);
        let words = texts[self.text].as_str().expect("a text");
        tab.sees(".estafeta .estafeta-status", &[words]).await;
    }
}

/// Nothing of the block is wider than amoCRM's panel.
pub async fn is_narrow(tab: &Tab, state: &str) {
    let script = "const card = document.querySelector('.estafeta'); \
        const wide = Array.from(card.querySelectorAll('*')).filter((e) => e.getBoundingClientRect().right > card.getBoundingClientRect().right + 0.5 \
          && !e.closest('.estafeta-live') && getComputedStyle(e.parentNode).overflow !== 'hidden'); \
        return [card.getBoundingClientRect().width, card.scrollWidth - card.clientWidth, wide.map((e) => e.className + ': ' + e.innerText).join('; ')]";
    let found = tab.asks(script).await;
    assert!(
        found[0].as_f64().is_some_and(|width| width <= 245.0),
        "{state}: {found}"
    );
    assert_eq!((&found[1], &found[2]), (&json!(0), &json!("")), "{state}");
}

/// The card's texts in a language, by key.
pub fn texts(lang: &str) -> Value {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../widget-shell/i18n");
    let text = std::fs::read_to_string(format!("{folder}/{lang}.json")).expect("texts");
    let mut texts: Value = serde_json::from_str(&text).expect("JSON");
    texts["card"].take()
}
