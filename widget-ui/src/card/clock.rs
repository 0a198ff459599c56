//! The page's own clock and its seconds.

use super::Card;
use crate::store::Msg;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use yew::html::Scope;

const TICK_MS: i32 = 1_000;

/// Milliseconds since the page was opened; never goes back.
pub fn page_clock() -> i64 {
    let now = web_sys::window()
        .and_then(|window| window.performance())
        .map_or(0.0, |performance| performance.now());
    #[allow(clippy::cast_possible_truncation)] // far below 2^53
    let now = now as i64;
    now
}

/// Reloads the page.
pub fn reload_page() {
    if let Some(window) = web_sys::window() {
        // A page that refuses stays as it is; the manager sees that.
        let _ = window.location().reload();
    }
}

/// Sends a tick every second until dropped.
pub struct Ticker {
    id: i32,
    _callback: Closure<dyn FnMut()>,
}

impl Ticker {
    /// Starts the ticks.
    pub fn start(link: Scope<Card>) -> Self {
        let callback = Closure::<dyn FnMut()>::new(move || {
            let hidden = web_sys::window()
                .and_then(|window| window.document())
                .is_some_and(|document| document.hidden());
            link.send_message(Msg::Tick {
                clock: page_clock(),
                visible: !hidden,
            });
        });
        let id = web_sys::window()
            .and_then(|window| {
                window
                    .set_interval_with_callback_and_timeout_and_arguments_0(
                        callback.as_ref().unchecked_ref(),
                        TICK_MS,
                    )
                    .ok()
            })
            .unwrap_or_default();
        Self {
            id,
            _callback: callback,
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        if let Some(window) = web_sys::window() {
            window.clear_interval_with_handle(self.id);
        }
    }
}
