//! `settings-<hash>.js`: what `script.js` calls.

#[cfg(target_arch = "wasm32")]
mod exports {
    use js_sys::{Function, Reflect};
    use std::cell::RefCell;
    use std::rc::Rc;
    use wasm_bindgen::prelude::*;
    use web_sys::Element;
    use widget_ui::api::Client;
    use widget_ui::host::Host;
    use widget_ui::read::Node;
    use widget_ui::settings::app::{App, Props};
    use widget_ui::settings::words;

    thread_local! {
        static APP: RefCell<Option<(yew::AppHandle<App>, Element, Props)>> = const { RefCell::new(None) };
    }

    /// Shows the settings: a few words in amoCRM's window `window` (a jQuery of it), or, without one, the page with the
    /// rules. `host.open(widget, stale)` opens sessions.
    ///
    /// # Errors
    /// The page has no place for them.
    #[wasm_bindgen]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "wasm-bindgen hands JavaScript's values over"
    )]
    pub fn show(
        widget: JsValue,
        host: JsValue,
        origin: String,
        window: JsValue,
    ) -> Result<(), JsValue> {
        shown(&widget, host, origin, &window).ok_or_else(|| "no place for the settings".into())
    }

    fn shown(widget: &JsValue, host: JsValue, origin: String, window: &JsValue) -> Option<()> {
        let params = widget.get("params");
        let code = params.and_then(|params| params.get("widget_code")?.text());
        let code = code.unwrap_or_default();
        let window = window.get("0").and_then(|window| window.dyn_into().ok());
        let place = match &window {
            Some(window) => within(window),
            None => page(&code)?,
        };
        let lang = widget
            .get("langs")
            .and_then(|langs| langs.get("card")?.get("lang")?.text());
        let open: Function = host.get("open")?.dyn_into().ok()?;
        let session = open.bind1(&JsValue::NULL, widget);
        Reflect::set(&host, &"session".into(), &session).ok()?;
        APP.with_borrow_mut(|app| {
            let entry = app.as_ref().map_or(1, |(_, _, props)| props.entry + 1);
            let props = Props {
                entry,
                client: Client {
                    host: host.unchecked_into::<Host>(),
                    origin,
                },
                texts: Rc::new(words::texts(lang.as_deref().unwrap_or("ru"))),
                link: window.map(|_| format!("/settings/widgets/{code}/")),
            };
            draw(app, &place, props)
        })
    }

    /// Where amoCRM lets a widget draw in its window.
    fn within(window: &Element) -> Element {
        let own = window.query_selector("[id$='_custom_content']");
        own.ok().flatten().unwrap_or_else(|| window.clone())
    }

    /// The page of the widget's own settings.
    fn page(code: &str) -> Option<Element> {
        let document = web_sys::window()?.document()?;
        let own = document.get_element_by_id(&format!("work-area-{code}"));
        own.or_else(|| document.get_element_by_id("list_page_holder"))
    }

    fn draw(
        app: &mut Option<(yew::AppHandle<App>, Element, Props)>,
        place: &Element,
        props: Props,
    ) -> Option<()> {
        if let Some((handle, root, known)) = app {
            place.append_child(root).ok()?;
            handle.update(props.clone());
            *known = props;
            return Some(());
        }
        let root = web_sys::window()?.document()?.create_element("div").ok()?;
        place.append_child(&root).ok()?;
        let renderer = yew::Renderer::<App>::with_root_and_props(root.clone(), props.clone());
        *app = Some((renderer.render(), root, props));
        Some(())
    }

    /// The settings left the page: nothing to do, they keep no connection.
    #[wasm_bindgen]
    pub fn hide() {}
}

fn main() {}
