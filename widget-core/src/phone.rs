//! Phone numbers as people write them, reduced to digits.

/// Fewest and most digits of a number with its country code (E.164 allows 15).
const LENGTH: std::ops::RangeInclusive<usize> = 7..=15;

/// The digits of a phone number with its country code, without `+`: `8 (900) 000-00-01`, `+7 900 000 00 01` and
/// `900 000-00-01` all give `79000000001`. Numbers of other countries keep their digits. `None`: no phone number.
pub fn digits(text: &str) -> Option<String> {
    // «тел. +7 900 000-00-01 доб. 12»: the number ends at the first word after its beginning.
    let number = &text[text.find(|c: char| c == '+' || c.is_ascii_digit())?..];
    let end = number.find(char::is_alphabetic).unwrap_or(number.len());
    let all: String = number[..end].chars().filter(char::is_ascii_digit).collect();
    let international = number.starts_with('+') || all.starts_with("00");
    let all = all.trim_start_matches("00");
    let full = match (international, all.len()) {
        (false, 11) if all.starts_with('8') => format!("7{}", &all[1..]),
        (false, 10) => format!("7{all}"),
        _ => all.to_owned(),
    };
    LENGTH.contains(&full.len()).then_some(full)
}

/// Whether two spellings name the same number. Two texts that are no numbers are not the same.
pub fn same(a: &str, b: &str) -> bool {
    digits(a).is_some_and(|a| digits(b) == Some(a))
}

/// `79000000001` as `+7 900 … 01`: enough to recognise a guest, not enough to call.
pub fn masked(digits: &str) -> String {
    let shown: Vec<char> = digits.chars().filter(char::is_ascii_digit).collect();
    let part = |from: usize, to: usize| shown[from..to].iter().collect::<String>();
    let end = shown.len();
    match shown.first() {
        Some('7') if end == 11 => format!("+7 {} … {}", part(1, 4), part(end - 2, end)),
        Some(_) if end >= 9 => format!("+{} … {}", part(0, 3), part(end - 2, end)),
        Some(_) if end >= 4 => format!("+… {}", part(end - 2, end)),
        _ => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masterplan_l198_a_contact_is_found_however_its_number_is_spelled() {
        for spelling in [
            "+79000000001",
            "79000000001",
            "89000000001",
            "8 (900) 000-00-01",
            "+7 (900) 000 00 01",
            "9000000001",
            "900 000-00-01",
            "007 900 000 00 01",
            " +7-900-000-00-01 доб. 12",
            "8.900.000.00.01 (жена)",
            "тел.: 8-900-000-00-01",
        ] {
            assert_eq!(
                digits(spelling).as_deref(),
                Some("79000000001"),
                "{spelling}"
            );
            assert!(same(spelling, "79000000001"), "{spelling}");
        }
    }

    #[test]
    fn numbers_of_other_countries_keep_their_digits() {
        assert_eq!(digits("+375 29 000-00-01").as_deref(), Some("375290000001"));
        assert_eq!(digits("+1 (200) 000-0001").as_deref(), Some("12000000001"));
        assert_eq!(digits("+81 00 0000 001").as_deref(), Some("81000000001"));
        assert_eq!(digits("+372 000 0001").as_deref(), Some("3720000001"));
        assert!(!same("+375290000001", "79000000001"));
    }

    #[test]
    fn what_is_no_number_is_none_and_equals_nothing() {
        for text in [
            "",
            "нет",
            "123456",
            "+7 900",
            "1234567890123456",
            "доб. 12",
            "+",
        ] {
            assert_eq!(digits(text), None, "{text}");
        }
        assert!(!same("", ""));
    }

    #[test]
    fn a_masked_number_hides_its_middle() {
        assert_eq!(masked("79000000001"), "+7 900 … 01");
        assert_eq!(masked("375290000001"), "+375 … 01");
        assert_eq!(masked("1234567"), "+… 67");
        assert_eq!(masked(""), "…");
    }
}
