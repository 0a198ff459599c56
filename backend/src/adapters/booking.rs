//! A booking page that takes its stay from the address, as `TravelLine`'s does: nobody is called, the policy's address is
//! filled in.

use crate::ports::Booking;
use widget_core::booking::{Refusal, Stay, link};
use widget_core::policy::BookingPage;

/// The page whose address the policy names.
#[derive(Debug, Clone, Copy, Default)]
pub struct PageLink;

impl Booking for PageLink {
    fn link(&self, page: &BookingPage, stay: &Stay, today: i64) -> Result<String, Refusal> {
        link(page, stay, today)
    }
}
