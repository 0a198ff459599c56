//! Bots.

mod answer;
pub mod check;
pub mod faq;
pub mod http;
pub(crate) mod mailbox;
pub mod openai;
pub(super) mod sign;
