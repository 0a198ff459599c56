//! The settings: amoCRM's window with the state of the connection, and the page with the rules.
//!
//! | module | what |
//! | --- | --- |
//! | [`doc`] | the policy's text, edited in place; pure |
//! | [`fields`] | which fields there are, how their values are written and read; pure |
//! | [`naming`] | what places and values of the policy are called; pure |
//! | [`knowledge`] | the page of the knowledge base: what happens there and what follows from it; pure |
//! | [`state`] | everything that happens and what follows from it; pure |
//! | [`whatif`] | a message judged by the decision core under any policy; pure |
//! | [`zone`] | a time zone as the core wants it; pure |
//! | [`words`] | the texts in Russian and English; pure |
//! | [`wire`] | the answers of the backend, read; pure |
//! | `api`, `app`, `view` | the browser: HTTP, the Yew component, what it draws |
//!
//! What a policy may say is known to `widget_core::policy` alone, here as in the backend: whatever is typed goes into the
//! text of the policy, and the same check says what is wrong, by the path of the field.

pub mod doc;
pub mod fields;
pub mod knowledge;
pub mod naming;
pub mod state;
pub mod whatif;
pub mod wire;
pub mod words;
pub mod zone;

#[cfg(target_arch = "wasm32")]
mod api;
#[cfg(target_arch = "wasm32")]
pub mod app;
#[cfg(target_arch = "wasm32")]
mod view;

#[cfg(test)]
pub(crate) mod tests {
    /// The default policy.
    pub(crate) const SANATORIUM: &str = include_str!("../../../backend/policies/sanatorium.toml");
}
