//! `card-<hash>.js`: what `script.js` calls.

#[cfg(target_arch = "wasm32")]
mod exports {
    use std::cell::RefCell;
    use std::rc::Rc;
    use wasm_bindgen::prelude::*;
    use widget_core::ids::DealId;
    use widget_ui::api::Client;
    use widget_ui::card::{Card, Props};
    use widget_ui::host::Host;
    use widget_ui::i18n::Texts;
    use widget_ui::read::Node;

    thread_local! {
        static APP: RefCell<Option<(yew::AppHandle<Card>, Props)>> = const { RefCell::new(None) };
    }

    /// Shows the deal `deal` in `root`. The first call makes the app; `root` must be the same element ever after.
    /// `texts` is the part `card` of the i18n file.
    #[wasm_bindgen]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "wasm-bindgen hands JavaScript's values over"
    )]
    pub fn show(root: web_sys::Element, host: Host, origin: String, deal: f64, texts: JsValue) {
        #[allow(clippy::cast_possible_truncation)] // ids of deals are whole and below 2^53
        let deal = DealId(deal as i64);
        APP.with_borrow_mut(|app| {
            let entry = app.as_ref().map_or(1, |(_, props)| props.entry + 1);
            let props = Props {
                entry,
                shown: true,
                deal,
                client: Client { host, origin },
                texts: Rc::new(Texts::new(texts.texts())),
            };
            tell(app, root, props);
        });
    }

    /// The card left the page: nothing is loaded until the next [`show`].
    #[wasm_bindgen]
    pub fn hide() {
        APP.with_borrow_mut(|app| {
            if let Some((handle, props)) = app {
                props.shown = false;
                handle.update(props.clone());
            }
        });
    }

    fn tell(app: &mut Option<(yew::AppHandle<Card>, Props)>, root: web_sys::Element, props: Props) {
        if let Some((handle, old)) = app {
            handle.update(props.clone());
            *old = props;
        } else {
            let handle = yew::Renderer::<Card>::with_root_and_props(root, props.clone()).render();
            *app = Some((handle, props));
        }
    }
}

fn main() {}
