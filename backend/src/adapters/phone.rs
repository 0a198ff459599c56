//! Phones as digits with the country code.

/// The digits of one phone in the form `7…` for Russian spellings; `None` when they are too few or too many to be one.
///
/// A `+` says that the country code is there already; without it, `8` before ten digits and ten bare digits are the
/// Russian habits.
pub(super) fn digits(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_international = text.trim_start().starts_with('+');
    let digits = match digits.len() {
        11 if !is_international && digits.starts_with('8') => format!("7{}", &digits[1..]),
        10 if !is_international => format!("7{digits}"),
        _ => digits,
    };
    (7..=15).contains(&digits.len()).then_some(digits)
}

/// All phones in a field that people fill by hand, `+7 900 000-00-01, 8 (900) 000-00-02`.
pub(super) fn all(text: &str) -> impl Iterator<Item = String> {
    text.split([',', ';', '/', '\n']).filter_map(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn russian_spellings_are_one_phone() {
        for spelled in [
            "+7 900 000-00-01",
            "8 (900) 000-00-01",
            "79000000001",
            "9000000001",
            " +79000000001 ",
        ] {
            assert_eq!(digits(spelled).as_deref(), Some("79000000001"), "{spelled}");
        }
    }

    #[test]
    fn a_foreign_phone_keeps_its_country() {
        assert_eq!(digits("+84 900 000 001").as_deref(), Some("84900000001"));
        assert_eq!(digits("+375 29 000-00-01").as_deref(), Some("375290000001"));
    }

    #[test]
    fn what_is_no_phone_is_none() {
        for none in ["", "abc", "12345", "1234567890123456"] {
            assert_eq!(digits(none), None, "{none}");
        }
    }

    #[test]
    fn one_field_may_hold_several() {
        let found: Vec<_> = all("+7 900 000-00-01, 8 900 000 00 02;нет").collect();
        assert_eq!(found, ["79000000001", "79000000002"]);
    }
}
