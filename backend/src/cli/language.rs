//! The language of the sentences about a house's own files.

use clap::ValueEnum;
use widget_core::trace::Lang;

/// A language, as far as one is named.
#[derive(clap::Args)]
pub(super) struct Language {
    /// Language of the sentences; without this that of $LANG: Russian, unless it is English.
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<Name>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Name {
    Ru,
    En,
}

impl Language {
    /// The one that is named, else the terminal's.
    pub(super) fn get(&self) -> Lang {
        match self.lang {
            Some(Name::Ru) => Lang::Ru,
            Some(Name::En) => Lang::En,
            None => of_terminal(),
        }
    }
}

/// The terminal's.
pub(super) fn of_terminal() -> Lang {
    of(&std::env::var("LANG").unwrap_or_default())
}

fn of(locale: &str) -> Lang {
    if locale.starts_with("en") {
        Lang::En
    } else {
        Lang::Ru
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_english_terminal_is_spoken_to_in_english() {
        for (locale, lang) in [
            ("en_US.UTF-8", Lang::En),
            ("ru_RU.UTF-8", Lang::Ru),
            ("C.UTF-8", Lang::Ru),
            ("", Lang::Ru),
        ] {
            assert_eq!(of(locale), lang, "{locale}");
        }
    }
}
