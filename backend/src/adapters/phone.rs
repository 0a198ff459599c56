//! Phones in fields that people fill by hand.

use widget_core::phone::digits;

/// All phones of such a field, `+7 900 000-00-01, 8 (900) 000-00-02`, as digits with the country code.
pub(super) fn all(text: &str) -> impl Iterator<Item = String> {
    text.split([',', ';', '/', '\n']).filter_map(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_field_may_hold_several() {
        let found: Vec<_> = all("тел. +7 900 000-00-01 доб. 12, 8 900 000 00 02;нет").collect();
        assert_eq!(found, ["79000000001", "79000000002"]);
    }
}
