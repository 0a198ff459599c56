//! Bots.

mod answer;
pub mod check;
pub mod faq;
pub mod http;
pub mod openai;
pub(super) mod sign;
