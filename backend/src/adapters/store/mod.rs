//! The store behind `ports`: what is durable, and how it is sealed.
//!
//! [`SqliteStore`] is for one process. `contract` is the test suite that every store has to pass; it knows the traits
//! alone.

#[cfg(test)]
mod contract;
mod seal;
mod sqlite;

pub use sqlite::{SqliteHistory, SqliteStore};

/// The mode that a policy names.
fn mode_of(toml: &str) -> Option<String> {
    let policy = toml.parse::<toml_edit::DocumentMut>().ok()?;
    policy.get("mode")?.as_str().map(str::to_owned)
}
