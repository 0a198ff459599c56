//! Where a guest books: how the link to a stay comes about.

use widget_core::booking::{Refusal, Stay};
use widget_core::policy::BookingPage;

/// The system in which guests book. It is asked while the dialog is leased, so it calls nobody.
pub trait Booking: Send + Sync {
    /// The link under which a guest finds this stay. `today`: days since 1970-01-01, by the account's wall clock.
    ///
    /// # Errors
    /// What keeps the stay from being booked so.
    fn link(&self, page: &BookingPage, stay: &Stay, today: i64) -> Result<String, Refusal>;
}
