//! The page's own clock and its seconds.

use super::Card;
use crate::read::Node;
use crate::store::Msg;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::EventTarget;
use yew::html::Scope;

const TICK_MS: i32 = 1_000;
const ONLINE: &str = "online";
/// Between two ticks so much by the calendar, ms: the machine slept, or the tab was put on ice.
const SLEPT: i64 = 5_000;

/// Milliseconds since the page was opened; never goes back.
pub fn page_clock() -> i64 {
    let now = web_sys::window()
        .and_then(|window| window.performance())
        .map_or(0.0, |performance| performance.now());
    #[allow(clippy::cast_possible_truncation)] // far below 2^53
    let now = now as i64;
    now
}

/// Goes to another page of amoCRM; what is elsewhere opens beside it.
pub fn open(page: &str) {
    let (place, how) = if page.starts_with('/') {
        ("_self", "")
    } else {
        ("_blank", "noopener")
    };
    if let Some(window) = web_sys::window() {
        // A page that refuses stays as it is; the manager sees that.
        let _ = window.open_with_url_and_target_and_features(page, place, how);
    }
}

/// Reloads the page.
pub fn reload_page() {
    if let Some(window) = web_sys::window() {
        // A page that refuses stays as it is; the manager sees that.
        let _ = window.location().reload();
    }
}

/// Milliseconds by the machine's calendar clock, which goes on while the machine sleeps.
fn calendar() -> i64 {
    #[allow(clippy::cast_possible_truncation)] // far below 2^53
    let now = js_sys::Date::now() as i64;
    now
}

fn is_visible() -> bool {
    let document = web_sys::window().and_then(|window| window.document());
    document.is_some_and(|document| !document.hidden())
}

/// Sends a tick every second until dropped, and tells when the tab is seen or hidden, the machine wakes, or the network
/// comes back.
pub struct Ticker {
    timer: i32,
    heard: Vec<(EventTarget, &'static str)>,
    callback: Closure<dyn FnMut(JsValue)>,
}

impl Ticker {
    /// Starts the ticks.
    pub fn start(link: Scope<Card>) -> Self {
        let mut before = calendar();
        let mut was_visible = is_visible();
        // The timer hands over nothing, the listeners an event.
        let callback = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            let is_online =
                event.get("type").and_then(|kind| kind.text()) == Some(ONLINE.to_owned());
            let (clock, now, visible) = (page_clock(), calendar(), is_visible());
            let slept = now - before > SLEPT;
            let came_back = visible && !was_visible;
            (before, was_visible) = (now, visible);
            if visible && (slept || came_back || is_online) {
                link.send_message(Msg::Woke { clock });
            } else {
                link.send_message(Msg::Tick { clock, visible });
            }
        });
        let function: &js_sys::Function = callback.as_ref().unchecked_ref();
        let window = web_sys::window();
        let timer = window.as_ref().and_then(|window| {
            window
                .set_interval_with_callback_and_timeout_and_arguments_0(function, TICK_MS)
                .ok()
        });
        let mut heard: Vec<(EventTarget, &str)> = vec![];
        if let Some(window) = window {
            heard.extend(window.document().map(|it| (it.into(), "visibilitychange")));
            heard.push((window.into(), ONLINE));
        }
        for (target, event) in &heard {
            // Without them the ticks tell the same, later.
            let _ = target.add_event_listener_with_callback(event, function);
        }
        Self {
            timer: timer.unwrap_or_default(),
            heard,
            callback,
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        let function = self.callback.as_ref().unchecked_ref();
        for (target, event) in &self.heard {
            let _ = target.remove_event_listener_with_callback(event, function);
        }
        if let Some(window) = web_sys::window() {
            window.clear_interval_with_handle(self.timer);
        }
    }
}
