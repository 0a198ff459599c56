//! Whatever fails around the card, in a real Chromium: it ends in a sentence that tells the manager what to do, or in a
//! card that works all the same; never in a white box.

use crate::harness::{ANNA, OLGA, Tab, World, browse, until};
use serde_json::json;

const PHONE: &str = "79000000001";
const CARD: &str = ".estafeta-card";
/// The place of the card, whatever stands in it.
const BLOCK: &str = ".estafeta";

/// Where the page's scripts come from: `redirect(url)` answers another address, or the same.
pub(crate) const REDIRECTED: &str = r"
  const src = Object.getOwnPropertyDescriptor(HTMLScriptElement.prototype, 'src');
  Object.defineProperty(HTMLScriptElement.prototype, 'src', {
    ...src,
    set(url) { src.set.call(this, redirect(String(url))); }
  });
";

/// A guest whom somebody has to answer, in a deal that nobody takes by a look.
async fn handed_over(world: &World) -> i64 {
    let deal = json!({"phone": PHONE, "name": "Заезд на май", "stage": "Новая заявка", "responsible": OLGA});
    let deal = world.play("deals", &deal).await["id"].as_i64();
    world.guest(PHONE).asks("Нас будет пятеро").await;
    world.guest(PHONE).hears(1).await;
    deal.expect("an id")
}

/// The card of a guest who waits, on a page on which `script` ran first.
async fn card_after(name: &str, script: &str, story: impl AsyncFnOnce(&Tab, &World)) {
    let world = World::new().await;
    let deal = handed_over(&world).await;
    browse(name, async |tab| {
        tab.tells("Page.enable", json!({})).await;
        let source = json!({ "source": script });
        tab.tells("Page.addScriptToEvaluateOnNewDocument", source)
            .await;
        tab.opens(&url(&world, deal)).await;
        story(tab, &world).await;
        tab.photographs(&format!("robust-{name}")).await;
    })
    .await;
}

fn url(world: &World, deal: i64) -> String {
    let page = &world.sandbox_url;
    format!("{page}/leads/detail/{deal}?user={ANNA}&panel=1")
}

/// It works: a click takes the dialog.
async fn works(tab: &Tab) {
    tab.sees(CARD, &["Ждёт менеджера"]).await;
    tab.clicks(".estafeta-button", "Взять диалог").await;
    tab.sees(CARD, &["Ведёте вы"]).await;
}

/// Scripts whose address contains all of `parts` come from `instead`.
fn from_elsewhere(parts: &[&str], instead: &str) -> String {
    let is_it: Vec<String> = parts
        .iter()
        .map(|part| format!("url.includes({part:?})"))
        .collect();
    let is_it = is_it.join(" && ");
    format!("const redirect = (url) => {is_it} ? {instead:?} : url; {REDIRECTED}")
}

#[tokio::test]
async fn a_card_that_amocrm_does_not_serve_comes_from_the_backend() {
    // Not there; another page in its place; there, and forbidden.
    let forbidden = a_server_that_forbids_everything().await;
    for (name, instead) in [
        ("card-404", "/no-such-file"),
        ("card-html", "/leads"),
        ("card-403", &forbidden),
    ] {
        let script = from_elsewhere(&["/card-", "/upl/"], instead);
        card_after(name, &script, async |tab, _| works(tab).await).await;
    }
}

/// Answers 403 to whatever it is asked for; its address.
async fn a_server_that_forbids_everything() -> String {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await;
    let listener = listener.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let refuses = axum::Router::new().fallback(|| async { axum::http::StatusCode::FORBIDDEN });
    tokio::spawn(async { axum::serve(listener, refuses).await });
    format!("http://{address}/card.js")
}

#[tokio::test]
async fn a_card_that_nobody_serves_says_so_and_is_tried_again_by_hand() {
    let script = format!(
        "window.broken = true; const redirect = (url) => broken && url.includes('/card-') ? '/no-such-file' : url; {REDIRECTED}"
    );
    card_after("card-nowhere", &script, async |tab, _| {
        tab.sees(
            BLOCK,
            &[
                "Карточка не загрузилась. Отвечать гостю можно.",
                "Повторить",
            ],
        )
        .await;
        tab.photographs("robust-card-nowhere-error").await;
        tab.asks("broken = false; return 1").await;
        tab.clicks(".estafeta-button", "Повторить").await;
        works(tab).await;
    })
    .await;
}

#[tokio::test]
async fn a_browser_that_cannot_unpack_the_card_gets_it_unpacked() {
    let script = "delete window.DecompressionStream;";
    card_after("no-unpacking", script, async |tab, _| works(tab).await).await;
}

#[tokio::test]
async fn a_page_that_forbids_webassembly_says_so() {
    let csp = "new MutationObserver((_, watch) => { if (!document.head) return; watch.disconnect(); \
        const rule = document.createElement('meta'); rule.httpEquiv = 'Content-Security-Policy'; \
        rule.content = \"script-src * 'unsafe-inline' data: blob:\"; document.head.prepend(rule); \
        }).observe(document, { childList: true, subtree: true });";
    for (name, script) in [("csp", csp), ("no-wasm", "delete window.WebAssembly;")] {
        card_after(name, script, async |tab, _| {
            let words = "Браузер устарел. Обновите его, отвечать гостю можно.";
            tab.sees(BLOCK, &[words]).await;
        })
        .await;
    }
}

#[tokio::test]
async fn a_backend_that_is_down_from_the_start_is_said_and_the_card_heals_by_itself() {
    let world = World::new().await;
    let deal = handed_over(&world).await;
    world.kills_the_backend();
    browse("down", async |tab| {
        tab.opens(&url(&world, deal)).await;
        tab.sees(
            BLOCK,
            &["Сервер не отвечает. Отвечать гостю можно.", "Повторить"],
        )
        .await;
        tab.photographs("robust-down").await;
        world.serve(&[]).await;
        works(tab).await;
    })
    .await;
}

/// The session of the backend's answers, changed by `change(session)`.
fn session_changed(change: &str) -> String {
    format!(
        "const text = Object.getOwnPropertyDescriptor(XMLHttpRequest.prototype, 'responseText'); \
         Object.defineProperty(XMLHttpRequest.prototype, 'responseText', {{ get() {{ \
           const real = text.get.call(this); \
           if (!this.responseURL.includes('/api/v1/session') || this.status !== 200) return real; \
           const session = JSON.parse(real); {change}; return JSON.stringify(session); }} }});"
    )
}

#[tokio::test]
async fn an_older_card_at_a_newer_backend_works_and_says_that_there_is_a_newer_one() {
    let script = session_changed("session.protocol += 1; session.brand_new = [1]");
    card_after("older-card", &script, async |tab, _| {
        tab.sees(
            CARD,
            &["Вышла новая версия карточки", "Обновить страницу", "Позже"],
        )
        .await;
        tab.photographs("robust-older-card-news").await;
        tab.clicks(".estafeta-link", "Позже").await;
        until("the news is put off", async || {
            !tab.reads(CARD).await.contains("новая версия")
        })
        .await;
        works(tab).await;
    })
    .await;
}

/// What the backend answers to a `fetch` of the dialogs, or tells over the stream, without all that came later.
const OLDER_BACKEND: &str = r"
  const real = window.fetch;
  const LATER = ['facts', 'asked_back', 'touch_at', 'mute', 'excluded', 'stage', 'deal_closed'];
  window.fetch = async (url, options) => {
    if (/\/(events|history)$/.test(url)) return new Response('{}', { status: 404 });
    const answer = await real(url, options);
    if (!String(url).includes('/dialogs')) return answer;
    const body = await answer.json();
    for (const dialog of [...(body.dialogs || []), body.dialog || {}]) for (const field of LATER) delete dialog[field];
    return new Response(JSON.stringify(body), { status: answer.status });
  };
";

#[tokio::test]
async fn a_newer_card_at_an_older_backend_works() {
    card_after("newer-card", OLDER_BACKEND, async |tab, _| {
        works(tab).await;
        tab.clicks(".estafeta-link", "Ещё").await;
        tab.clicks(".estafeta-link", "История").await;
        tab.sees(
            CARD,
            &["Ошибка на сервере. Отвечать гостю можно как обычно."],
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_backend_that_serves_this_card_no_more_asks_to_reload() {
    let script = r"
      const real = window.fetch;
      window.fetch = (url, options) => String(url).includes('/api/v1/deals')
        ? Promise.resolve(new Response(JSON.stringify({ code: 'version_mismatch', title: '', status: 426 }), { status: 426 }))
        : real(url, options);
    ";
    card_after("mismatch", script, async |tab, _| {
        tab.sees(
            CARD,
            &["Карточка устарела. Обновите страницу.", "Обновить страницу"],
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn an_entry_that_amocrm_does_not_confirm_is_said() {
    let script = r"
      const set = XMLHttpRequest.prototype.setRequestHeader;
      XMLHttpRequest.prototype.setRequestHeader = function (name, value) {
        set.call(this, name, name === 'X-Auth-Token' ? value.slice(0, -4) + 'AAAA' : value);
      };
    ";
    card_after("refused", script, async |tab, _| {
        tab.sees(
            CARD,
            &[
                "amoCRM не подтверждает вход. Обновите страницу.",
                "Повторить",
            ],
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_token_that_was_used_already_is_replaced_without_a_word() {
    let script = r"
      const set = XMLHttpRequest.prototype.setRequestHeader;
      const open = XMLHttpRequest.prototype.open;
      let used = 0;
      XMLHttpRequest.prototype.open = function (method, url, ...rest) {
        this.where = url;
        open.call(this, method, url, ...rest);
      };
      XMLHttpRequest.prototype.setRequestHeader = function (name, value) {
        set.call(this, name, value);
        if (name !== 'X-Auth-Token' || (used += 1) > 1) return;
        const quicker = new XMLHttpRequest();
        open.call(quicker, 'POST', this.where, false);
        set.call(quicker, name, value);
        quicker.send();
        window.quicker = quicker.status;
      };
    ";
    card_after("replayed", script, async |tab, _| {
        works(tab).await;
        assert_eq!(tab.asks("return window.quicker").await, json!(200));
    })
    .await;
}

#[tokio::test]
async fn forbidden_storage_changes_nothing() {
    // To the widget: amoCRM's own page has ways of its own.
    let script = r"
      for (const name of ['localStorage', 'sessionStorage', 'indexedDB', 'caches']) {
        const real = window[name];
        Object.defineProperty(window, name, { get() {
          if (/widget.*(script|card-)/.test(new Error().stack)) throw new DOMException('', 'SecurityError');
          return real;
        } });
      }
    ";
    card_after("storage", script, async |tab, _| works(tab).await).await;
}

#[tokio::test]
async fn another_widget_that_spoils_the_prototypes_changes_nothing() {
    // Enumerable ones of all objects break jQuery itself, and so amoCRM's page: those come when the card is there.
    let script = r"
      Object.defineProperty(Object.prototype, 'evil', { value: () => 'evil' });
      Array.prototype.last = function () { return this[this.length - 1]; };
      Array.prototype.toJSON = function () { return 'evil'; };
      String.prototype.text = () => 'evil';
      Function.prototype.evil = 1;
    ";
    card_after("prototypes", script, async |tab, world| {
        works(tab).await;
        let worse = "Object.prototype.dialog = 'evil'; Object.prototype.kind = 'evil'; return 1";
        assert_eq!(tab.asks(worse).await, json!(1));
        tab.clicks(".estafeta-link", "С заметкой").await;
        tab.types(".estafeta-input", "Ждём дату").await;
        tab.clicks(".estafeta-button", "Вернуть").await;
        tab.sees(CARD, &["Ведёт бот"]).await;
        world.guest(PHONE).hears(2).await;
    })
    .await;
}

#[tokio::test]
async fn a_page_without_the_globals_of_jquery_changes_nothing() {
    // amoCRM names it for its modules; the globals are another matter.
    let script = r"
      for (const name of ['$', 'jQuery', '_']) Object.defineProperty(window, name, { get: () => undefined, set() {} });
    ";
    card_after("no-jquery", script, async |tab, _| works(tab).await).await;
}

#[tokio::test]
async fn a_card_that_is_begun_twice_and_never_left_stands_there_once() {
    let script = r"
      const patch = () => {
        const define = window.define;
        if (!define || define.patched) return;
        window.define = Object.assign(function (...given) {
          const made = given.at(-1);
          if (!String(made).includes('estafeta-badge')) return define(...given);
          return define(...given.slice(0, -1), (...parts) => {
            const Widget = made(...parts);
            return function () {
              Widget.call(this);
              const { init } = this.callbacks;
              this.callbacks.init = () => (window.begun = (window.begun || 0) + 1) && init() && init();
              this.callbacks.destroy = () => true;
              return this;
            };
          });
        }, define, { patched: true });
      };
      new MutationObserver(patch).observe(document, { childList: true, subtree: true });
    ";
    card_after("twice", script, async |tab, world| {
        tab.sees(CARD, &["Ждёт менеджера"]).await;
        let deal = world.deal_of(PHONE).await.expect("the deal");
        let link = format!("#work-area a[href^='/leads/detail/{}']", deal["id"]);
        tab.presses("#breadcrumbs a").await;
        tab.presses(&link).await;
        works(tab).await;
        assert_eq!(tab.counts(CARD).await, 1);
        assert_eq!(tab.asks("return window.begun").await, json!(2));
    })
    .await;
}
