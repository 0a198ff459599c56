//! The texts of `widget-shell/i18n/<language>.json`, part `card`: flat keys, `{name}` placeholders, and
//! `{n/гость/гостя/гостей}` for a number with its noun.

use std::collections::BTreeMap;

/// A language of the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// Russian.
    Ru,
    /// English.
    En,
}

/// The card's texts in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    lang: Lang,
    by_key: BTreeMap<String, String>,
}

impl Texts {
    /// Texts by key; the key `lang` says which language they are in (Russian unless `en`).
    pub fn new(by_key: BTreeMap<String, String>) -> Self {
        let lang = match by_key.get("lang").map(String::as_str) {
            Some("en") => Lang::En,
            _ => Lang::Ru,
        };
        Self { lang, by_key }
    }

    /// The language of these texts.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// Whether there is a text for `key`.
    pub fn has(&self, key: &str) -> bool {
        self.by_key.contains_key(key)
    }

    /// The text of `key` without placeholders. A key without a text shows itself, so that a gap is seen at once.
    pub fn get(&self, key: &str) -> String {
        self.fill(key, &[])
    }

    /// The text of `key` as it stands, for one that tells of placeholders itself; `None` if there is none.
    #[cfg(feature = "settings")]
    pub fn verbatim(&self, key: &str) -> Option<&str> {
        self.by_key.get(key).map(String::as_str)
    }

    /// The text of `key` with its placeholders filled from `values`; an unknown placeholder becomes «…».
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        let Some(text) = self.by_key.get(key) else {
            return key.to_owned();
        };
        let mut filled = String::with_capacity(text.len() + 16);
        let mut rest = text.as_str();
        while let Some(open) = rest.find('{') {
            let Some(length) = rest[open..].find('}') else {
                break;
            };
            filled.push_str(&rest[..open]);
            filled.push_str(&self.placeholder(&rest[open + 1..open + length], values));
            rest = &rest[open + length + 1..];
        }
        filled.push_str(rest);
        filled
    }

    /// The placeholders that the text of `key` needs.
    pub fn placeholders(&self, key: &str) -> Vec<&str> {
        let text = self.by_key.get(key).map_or("", String::as_str);
        text.split('{')
            .skip(1)
            .filter_map(|part| part.split_once('}'))
            .map(|(inside, _)| inside.split('/').next().unwrap_or(inside))
            .collect()
    }

    fn placeholder(&self, inside: &str, values: &[(&str, &str)]) -> String {
        let mut parts = inside.split('/');
        let name = parts.next().unwrap_or_default();
        let value = values
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("…", |(_, value)| value);
        let forms: Vec<&str> = parts.collect();
        if forms.is_empty() {
            return value.to_owned();
        }
        let form = plural_form(self.lang, value.parse().unwrap_or(0)).min(forms.len() - 1);
        format!("{value}\u{a0}{}", forms[form])
    }
}

/// Which form follows `n`: Russian has three (1, 2, 5), English two (1, other).
pub fn plural_form(lang: Lang, n: u64) -> usize {
    match lang {
        Lang::En => usize::from(n != 1),
        Lang::Ru if (11..=14).contains(&(n % 100)) => 2,
        Lang::Ru => match n % 10 {
            1 => 0,
            2..=4 => 1,
            _ => 2,
        },
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use widget_core::owner::ReasonId;

    fn file(json: &str) -> BTreeMap<String, String> {
        let whole: serde_json::Value = serde_json::from_str(json).unwrap();
        serde_json::from_value(whole["card"].clone()).unwrap()
    }

    pub(crate) fn ru() -> Texts {
        Texts::new(file(include_str!("../../widget-shell/i18n/ru.json")))
    }

    pub(crate) fn en() -> Texts {
        Texts::new(file(include_str!("../../widget-shell/i18n/en.json")))
    }

    fn one(text: &str, lang: &str) -> Texts {
        Texts::new(BTreeMap::from([
            ("lang".to_owned(), lang.to_owned()),
            ("key".to_owned(), text.to_owned()),
        ]))
    }

    #[test]
    fn placeholders_are_filled_and_gaps_are_seen() {
        let texts = one("{name}: {x}, {name}", "ru");
        assert_eq!(texts.fill("key", &[("name", "Анна")]), "Анна: …, Анна");
        assert_eq!(texts.get("no.such.key"), "no.such.key");
        assert_eq!(one("50 % {", "ru").get("key"), "50 % {");
    }

    #[test]
    fn russian_has_three_plural_forms() {
        let texts = one("{n/гость/гостя/гостей}", "ru");
        let cases = [
            (0, "гостей"),
            (1, "гость"),
            (2, "гостя"),
            (4, "гостя"),
            (5, "гостей"),
            (11, "гостей"),
            (12, "гостей"),
            (21, "гость"),
            (22, "гостя"),
            (111, "гостей"),
            (101, "гость"),
        ];
        for (n, noun) in cases {
            let n = n.to_string();
            assert_eq!(texts.fill("key", &[("n", &n)]), format!("{n}\u{a0}{noun}"));
        }
    }

    #[test]
    fn english_has_two_plural_forms() {
        let texts = one("{n/guest/guests}", "en");
        for (n, noun) in [(0, "guests"), (1, "guest"), (2, "guests"), (21, "guests")] {
            let n = n.to_string();
            assert_eq!(texts.fill("key", &[("n", &n)]), format!("{n}\u{a0}{noun}"));
        }
    }

    #[test]
    fn both_languages_have_the_same_keys_and_placeholders() {
        let (ru, en) = (ru(), en());
        let keys = |texts: &Texts| texts.by_key.keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&ru), keys(&en));
        for key in ru.by_key.keys() {
            let sorted = |texts: &Texts| {
                let mut names: Vec<String> = texts
                    .placeholders(key)
                    .into_iter()
                    .map(str::to_owned)
                    .collect();
                names.sort();
                names
            };
            assert_eq!(sorted(&ru), sorted(&en), "placeholders of {key}");
        }
        assert_eq!((ru.lang(), en.lang()), (Lang::Ru, Lang::En));
    }

    #[test]
    fn every_reason_has_a_text_that_needs_no_values() {
        for texts in [ru(), en()] {
            for reason in ReasonId::ALL {
                let key = format!("reason.{}", reason.as_str());
                assert!(texts.has(&key), "{key}");
                assert!(texts.placeholders(&key).is_empty(), "{key}");
            }
        }
    }

    #[test]
    fn no_text_is_left_empty_or_untranslated() {
        let english = en();
        for (key, text) in ru().by_key.iter().chain(&english.by_key) {
            assert!(!text.trim().is_empty(), "{key}");
        }
        for (key, text) in &english.by_key {
            let cyrillic = text
                .chars()
                .any(|c| ('а'..='я').contains(&c.to_ascii_lowercase()));
            assert!(!cyrillic, "{key}: {text}");
        }
    }
}
