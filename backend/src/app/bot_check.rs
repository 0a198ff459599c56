//! Whether somebody's bot keeps to the contract.

pub use crate::adapters::bot::check::{BotCheck, CHECKS, CheckLine, Verdict};
