//! What differs at one place of two policies, and its sentences in Russian and English.

use crate::trace::Lang;

/// One difference. Values stand as in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Another value.
    Changed {
        /// What was there.
        old: String,
        /// What is there.
        new: String,
    },
    /// There was nothing.
    Added(String),
    /// There is nothing any more.
    Removed(String),
    /// The row stands elsewhere among the others: places from 1.
    Moved {
        /// Where it stood.
        from: usize,
        /// Where it stands.
        to: usize,
    },
}

impl Difference {
    /// The sentence, for readers who call the place `place` and a value what `value` answers; an empty answer leaves it
    /// out.
    pub fn sentence(&self, place: &str, lang: Lang, value: impl Fn(&str) -> String) -> String {
        let with = |words: &str, said: &str| match value(said).as_str() {
            "" => words.to_owned(),
            said => format!("{words}: {said}"),
        };
        let told = match self {
            Self::Changed { old, new } => {
                let (was, is) = lang.of(("было", "стало"), ("was", "now"));
                format!("{}, {}", with(was, old), with(is, new))
            }
            Self::Added(new) => with(lang.of("добавлено", "added"), new),
            Self::Removed(old) => match value(old).as_str() {
                "" => lang.of("убрано", "removed").to_owned(),
                old => format!("{}: {old}", lang.of("убрано, было", "removed, was")),
            },
            Self::Moved { from, to } => match lang {
                Lang::Ru => format!("было место {from}, стало {to}"),
                Lang::En => format!("moved from place {from} to {to}"),
            },
        };
        format!("{place} — {told}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_has_a_sentence_in_both_languages() {
        let text = |text: &str| text.to_owned();
        for (what, ru, en) in [
            (
                Difference::Changed {
                    old: text("4"),
                    new: text("5"),
                },
                "x — было: [4], стало: [5]",
                "x — was: [4], now: [5]",
            ),
            (
                Difference::Added(text("5")),
                "x — добавлено: [5]",
                "x — added: [5]",
            ),
            (
                Difference::Removed(text("5")),
                "x — убрано, было: [5]",
                "x — removed, was: [5]",
            ),
            (
                Difference::Moved { from: 3, to: 2 },
                "x — было место 3, стало 2",
                "x — moved from place 3 to 2",
            ),
        ] {
            let said = |value: &str| format!("[{value}]");
            assert_eq!(what.sentence("x", Lang::Ru, said), ru);
            assert_eq!(what.sentence("x", Lang::En, said), en);
        }
        let row = Difference::Removed(text("{ id = \"pet\" }"));
        assert_eq!(row.sentence("x", Lang::Ru, |_| String::new()), "x — убрано");
    }
}
