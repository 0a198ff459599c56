//! The pipeline of the archive, as plain functions: `build.rs` calls them, this library tests them.
//!
//! [`cargo`] compiles card and settings → `bindgen` (only in `build.rs`) makes glue and module of each → [`module`] joins
//! them into one file each → [`files`] lays everything out as amoCRM wants it → [`zip`] packs it, byte for byte the same every time.

#[cfg(test)]
pub mod cargo;
#[cfg(test)]
pub mod files;
#[cfg(test)]
pub mod lzma;
#[cfg(test)]
pub mod module;
#[cfg(test)]
pub mod sizes;
pub mod zip;
