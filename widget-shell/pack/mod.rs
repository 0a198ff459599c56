//! The pipeline of the archive, as plain functions: `build.rs` calls them, this library tests them.
//!
//! [`cargo`] compiles the card → `bindgen` (only in `build.rs`) makes glue and module of it → [`card`] joins them into
//! one file → [`files`] lays everything out as amoCRM wants it → [`zip`] packs it, byte for byte the same every time.

#[cfg(test)]
pub mod card;
#[cfg(test)]
pub mod cargo;
#[cfg(test)]
pub mod files;
#[cfg(test)]
pub mod sizes;
pub mod zip;
