//! Bots.

pub mod http;
