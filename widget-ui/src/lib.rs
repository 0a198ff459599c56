//! The card in the amoCRM deal, and the settings.
//!
//! | module | what |
//! | --- | --- |
//! | [`store`] | everything that happens and what follows from it; pure |
//! | [`stream`], [`sse`] | when the card listens and when it asks; the stream's bytes; pure |
//! | [`present`] | what is shown: state and texts in, sentences and buttons out; pure |
//! | [`focus`] | where the keyboard goes; pure |
//! | [`i18n`], [`format`] | texts with placeholders and plurals; clock times and spans; pure |
//! | [`read`] | the wire types from JSON; pure |
//! | `host`, `api`, `card` | the browser: the shell's object, HTTP, the Yew view |
//! | `settings` | the settings, with all their own parts; not in the card |
//!
//! A click goes through [`store::State::on`], is shown in the same frame as `widget_core::owner::next` predicts it, and
//! is confirmed or corrected by the server's answer.

pub mod focus;
pub mod format;
pub mod i18n;
pub mod present;
pub mod read;
pub mod sse;
pub mod store;
pub mod stream;

#[cfg(feature = "settings")]
pub mod settings;

#[cfg(target_arch = "wasm32")]
pub mod api;
#[cfg(target_arch = "wasm32")]
pub mod card;
#[cfg(target_arch = "wasm32")]
pub mod host;
