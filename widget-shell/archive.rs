//! The widget's archive for amoCRM.
//!
//! `build.rs` makes it ([`ARCHIVE`]); [`personalise`] writes an account's backend into it; [`check`] holds any archive
//! against amoCRM's rules. The pipeline itself is in `pack/`.

mod check;
mod pack;
mod personalise;

pub use check::{Finding, check};
pub use personalise::{PersonaliseError, personalise, unpack};

/// The archive without an origin: what [`personalise`] starts from. Empty in a build with `WIDGET_SKIP=1`.
pub const ARCHIVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/widget.zip"));

/// SHA-256 of [`ARCHIVE`], hexadecimal: equal sources give an equal archive.
pub const ARCHIVE_SHA256: &str = env!("WIDGET_SHA256");

/// The card's file name without its ending, `card-<hash>`. The backend serves it at `/widget/<name>.js` and
/// `/widget/<name>.wasm` for cards that amoCRM's storage does not give out.
pub const CARD_NAME: &str = env!("WIDGET_CARD");

/// The card's script, `text/javascript`.
pub const CARD_JS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/card.js"));

/// The card's module, `application/wasm`.
pub const CARD_WASM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/card.wasm"));

/// The settings' file name without its ending, `settings-<hash>`; served as the card is.
pub const SETTINGS_NAME: &str = env!("WIDGET_SETTINGS");

/// The settings' script, `text/javascript`.
pub const SETTINGS_JS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/settings.js"));

/// The settings' module, `application/wasm`.
pub const SETTINGS_WASM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/settings.wasm"));

/// The file name of the weights by which the settings read texts, without its ending, `reader-<hash>`.
pub const READER_NAME: &str = env!("WIDGET_READER");

/// The weights, `text/javascript`.
pub const READER_JS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/reader.js"));

#[cfg(test)]
mod tests;
