//! The store behind `ports`: what is durable, and how it is sealed.
//!
//! [`SqliteStore`] is for one process, [`PostgresStore`] for several. Their statements are the same text and stand in
//! `sql`, which is compiled once for each database against its `dialect`. `contract` is the test suite that every store
//! has to pass; it knows the traits alone.

mod common;
#[cfg(test)]
mod contract;
mod database;
mod moving;
#[allow(
    clippy::duplicate_mod,
    reason = "the statements are compiled once for each database"
)]
mod postgres;
mod seal;
#[allow(
    clippy::duplicate_mod,
    reason = "the statements are compiled once for each database"
)]
mod sqlite;

pub use database::{Database, Place, history};
pub use moving::{Move, Moved, is_fold};
#[cfg(test)]
pub(crate) use postgres::tests::url_of_a_new_schema;
pub use postgres::{PostgresHistory, PostgresStore};
pub use sqlite::{SqliteHistory, SqliteStore};

/// The mode that a policy names.
fn mode_of(toml: &str) -> Option<String> {
    let policy = toml.parse::<toml_edit::DocumentMut>().ok()?;
    policy.get("mode")?.as_str().map(str::to_owned)
}
