//! Estafeta's decision core.
pub mod action;
pub mod change;
pub mod decide;
pub mod dialog;
pub mod event;
pub mod hours;
pub mod ids;
pub mod owner;
pub mod phone;
pub mod policy;
pub mod text;
pub mod time;
pub mod trace;
pub mod understand;
pub mod wire;

/// Version of [`wire`]. The backend serves this version and the one before.
pub const PROTOCOL_VERSION: u32 = 1;
