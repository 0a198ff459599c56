//! The dates of a booking, as people write them in a case.

use crate::time::Days;
use crate::understand::days_alone;

/// A stay that ended no longer ago than this is still meant by dates without a year, days.
const LATELY: i64 = 31;

/// The days that a text names: `2027-03-10/2027-03-20`, `10.03.2027–20.03.2027`, `10–20 марта`, `в мае`. Without a year
/// it is the next such stay after `today` (days since 1970-01-01), or one that has just ended. `None`: they cannot be
/// told.
pub(super) fn read(text: &str, today: i64) -> Option<Days> {
    days_alone(text, today, today - LATELY)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wed 2026-11-18.
    const TODAY: i64 = 20_775;

    #[test]
    fn the_dates_of_a_booking_are_read_in_every_spelling() {
        for (text, days) in [
            ("2027-03-10/2027-03-20", "2027-03-10/2027-03-20"),
            ("2027-03-10 – 2027-03-20", "2027-03-10/2027-03-20"),
            ("10.03.2027–20.03.2027", "2027-03-10/2027-03-20"),
            ("10.03.27-20.03.27", "2027-03-10/2027-03-20"),
            ("10.03–20.03.2027", "2027-03-10/2027-03-20"),
            ("10.03 - 20.03", "2027-03-10/2027-03-20"),
            ("10–20 марта", "2027-03-10/2027-03-20"),
            ("10-20 марта 2028 г.", "2028-03-10/2028-03-20"),
            ("с 10 по 20 марта", "2027-03-10/2027-03-20"),
            ("10 марта", "2027-03-10"),
            ("28 марта – 5 апреля", "2027-03-28/2027-04-05"),
            ("28 декабря – 8 января", "2026-12-28/2027-01-08"),
            ("28 декабря – 8 января 2028", "2027-12-28/2028-01-08"),
            ("в мае", "2027-05-01/2027-05-31"),
            ("Май 2028", "2028-05-01/2028-05-31"),
            ("в декабре", "2026-12-01/2026-12-31"),
            ("февраль", "2027-02-01/2027-02-28"),
            ("май–июнь", "2027-05-01/2027-06-30"),
            ("10–20 ноября", "2026-11-10/2026-11-20"),
            ("1–10 ноября", "2026-11-01/2026-11-10"),
            ("1–10 октября", "2027-10-01/2027-10-10"),
            ("29 февраля 2028", "2028-02-29"),
        ] {
            let read = read(text, TODAY).map(|days| days.to_string());
            assert_eq!(read.as_deref(), Some(days), "{text}");
        }
    }

    #[test]
    fn what_names_no_days_is_unknown() {
        for text in [
            "",
            "не знаю",
            "летом",
            "10–20",
            "31 февраля",
            "10, 15 и 20 марта",
            "2 номера, 10 марта",
            "20.03.2027–10.03.2027",
            "10.13",
            "10.03.2027.1",
            "10:30",
            "99999999999999999999 мая",
        ] {
            assert_eq!(read(text, TODAY), None, "{text}");
        }
    }
}
