//! Moving all data from a file to a server.

pub use crate::adapters::store::{Move, Moved, is_fold};
