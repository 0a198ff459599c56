//! The decision core as the browser runs it, for `widget-shell/server_is_wasm.rs`. Compiled for wasm32 only.

#[cfg(target_arch = "wasm32")]
#[path = "../../widget-core/tests/judge/mod.rs"]
mod cases;

/// Judges one case, and answers the result.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn judge(case: &str) -> String {
    cases::judge(case)
}

fn main() {}
