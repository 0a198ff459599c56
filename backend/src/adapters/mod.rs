//! The outside world behind `ports`.

pub mod alert_hook;
pub mod amocrm;
pub mod api_log;
pub mod booking;
pub mod bot;
#[cfg(test)]
mod fake;
pub mod hooks;
mod http;
mod json;
pub mod knowledge;
pub mod pact;
mod phone;
pub mod store;
