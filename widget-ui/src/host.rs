//! The object that `script.js` hands over: what only amoCRM's page can do. And how its values are read.

use crate::read::Node;
use js_sys::{Array, Object, Reflect};
use std::collections::BTreeMap;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The shell's side of one card.
    #[derive(Clone)]
    pub type Host;

    /// Resolves to the wire `Session`, shared by the whole page. `stale` is a bearer that was refused: a new session is
    /// opened unless somebody else has opened one since. Rejects with `{status, code}`.
    #[wasm_bindgen(method, catch)]
    pub async fn session(this: &Host, stale: Option<&str>) -> Result<JsValue, JsValue>;

    /// Resolves to one of the few places that this browser has for streams: a function that gives it back. Undefined:
    /// other tabs have them all.
    #[wasm_bindgen(method, catch)]
    pub async fn place(this: &Host) -> Result<JsValue, JsValue>;

    /// Colours the dot on the caption and sets its words.
    #[wasm_bindgen(method)]
    pub fn badge(this: &Host, dot: &str, title: &str);
}

#[cfg(feature = "settings")]
#[wasm_bindgen]
extern "C" {
    /// Resolves to the weights of the reader of texts, a `Uint8Array`. Rejects where nobody serves them.
    #[wasm_bindgen(method, catch)]
    pub async fn reader(this: &Host) -> Result<JsValue, JsValue>;
}

impl Node for JsValue {
    fn get(&self, name: &str) -> Option<Self> {
        let field = Reflect::get(self, &name.into()).ok()?;
        (!field.is_null() && !field.is_undefined()).then_some(field)
    }

    fn text(&self) -> Option<String> {
        self.as_string()
    }

    fn number(&self) -> Option<f64> {
        self.as_f64()
    }

    fn flag(&self) -> Option<bool> {
        self.as_bool()
    }

    fn items(&self) -> Option<Vec<Self>> {
        Array::is_array(self).then(|| Array::from(self).iter().collect())
    }

    fn texts(&self) -> BTreeMap<String, String> {
        let Some(object) = self.dyn_ref::<Object>() else {
            return BTreeMap::new();
        };
        // Not `collect`: it would bring a sort of its own along, which weighs more than this loop.
        let mut texts = BTreeMap::new();
        for entry in Object::entries(object) {
            let entry = Array::from(&entry);
            if let (Some(name), Some(text)) = (entry.get(0).as_string(), entry.get(1).as_string()) {
                texts.insert(name, text);
            }
        }
        texts
    }
}
