//! Estafeta's backend.
//!
//! The way of the data stands at the head of [`flow`]; who may use whom: `cli` → `app` → {`http`, `flow`, `adapters`} →
//! `ports`. Only [`app`] knows the adapters.
//!
//! [`scale`]: what an instance carries, and where the next wall stands. [`threats`]: who may want what, what holds them
//! off, and the test of each.

pub mod adapters;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod error;
pub mod flow;
pub mod http;
pub mod lifecycle;
pub mod ports;
#[doc = include_str!("scale.md")]
pub mod scale {}
pub mod telemetry;
#[doc = include_str!("threats.md")]
pub mod threats {}
