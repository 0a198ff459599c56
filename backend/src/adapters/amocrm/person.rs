//! Given name and patronymic out of what people type into a contact.

/// Given name and patronymic. Placeholders and bare phones are no names.
pub(super) fn given_name(name: &str, first_name: &str) -> (Option<String>, Option<String>) {
    let words: Vec<&str> = name.split_whitespace().collect();
    let (given, patronymic) = match words[..] {
        [_, given, last] if is_patronymic(last) => (given, Some(last)),
        [given, middle, ..] if is_patronymic(middle) => (given, Some(middle)),
        [first, ..] => match first_name.split_whitespace().next() {
            Some(given) => (given, None),
            None => (first, None),
        },
        [] => (
            first_name.split_whitespace().next().unwrap_or_default(),
            None,
        ),
    };
    if is_name(given) {
        (Some(given.to_owned()), patronymic.map(str::to_owned))
    } else {
        (None, None)
    }
}

fn is_patronymic(word: &str) -> bool {
    let word = word.to_lowercase();
    let endings = [
        "вич",
        "вна",
        "ична",
        "инична",
        "ьич",
        "мич",
        "кич",
        "оглы",
        "кызы",
    ];
    word.chars().count() > 4 && endings.iter().any(|ending| word.ends_with(ending))
}

fn is_name(word: &str) -> bool {
    let plain = word.to_lowercase();
    word.chars().count() > 1
        && word
            .chars()
            .all(|c| c.is_alphabetic() || c == '-' || c == '\'')
        && !["гость", "клиент", "контакт", "whatsapp", "guest", "без"].contains(&plain.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_every_order() {
        for (name, first, given, patronymic) in [
            ("Петрова Анна Ивановна", "Петрова", "Анна", Some("Ивановна")),
            ("Анна Ивановна Петрова", "Анна", "Анна", Some("Ивановна")),
            ("Анна Ивановна", "Анна", "Анна", Some("Ивановна")),
            ("Анна Петрова", "Анна", "Анна", None),
            ("Петрова Анна", "Анна", "Анна", None),
            ("Анна", "", "Анна", None),
            ("Ильин Пётр Лукич", "", "Пётр", Some("Лукич")),
            ("Anna Petrova", "Anna", "Anna", None),
        ] {
            let expected = (Some(given.to_owned()), patronymic.map(str::to_owned));
            assert_eq!(given_name(name, first), expected, "{name}");
        }
    }

    #[test]
    fn a_placeholder_is_nobody() {
        for name in [
            "",
            "79000000001",
            "Гость +79000000001",
            "+7 900 000-00-01",
            "WhatsApp",
            "А",
        ] {
            assert_eq!(given_name(name, ""), (None, None), "{name}");
        }
    }
}
