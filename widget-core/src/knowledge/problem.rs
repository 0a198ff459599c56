//! What can be wrong with a knowledge base, and its sentences in Russian and English.

use super::{LONGEST_ID, LONGEST_TEXT, MOST_BYTES, MOST_PASSAGES};
use crate::trace::Lang;
use std::fmt;

/// Something wrong with a file of the base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseFinding {
    /// Where, such as `rooms.md:12`; empty = the whole base.
    pub place: String,
    /// What is wrong and what to do.
    pub problem: BaseProblem,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaseProblem {
    /// The name ends neither with `.md` nor with `.csv`.
    Ending,
    /// A table without the columns of questions and answers.
    Columns,
    /// An entry without a text.
    NoAnswer,
    /// A text of so many characters.
    TooLong(usize),
    /// A name that is none.
    Name(String),
    /// A name that an entry has already.
    Taken {
        /// The name.
        name: String,
        /// Where it stands first.
        first: String,
    },
    /// More than [`MOST_BYTES`].
    TooLarge,
    /// So many entries.
    TooMany(usize),
}

impl BaseProblem {
    /// The sentence.
    pub fn text(&self, lang: Lang) -> String {
        let (ru, en) = match self {
            Self::Ending => (
                "Файл базы знаний — это .md или .csv.".to_owned(),
                "A file of the knowledge base is .md or .csv.".to_owned(),
            ),
            Self::Columns => (
                "В первой строке таблицы назовите столбцы: «вопрос» и «ответ».".to_owned(),
                "Name the columns in the first line of the table: “question” and “answer”."
                    .to_owned(),
            ),
            Self::NoAnswer => (
                "Под заголовком нет ответа: напишите его или удалите запись.".to_owned(),
                "There is no answer under the heading: write it, or remove the entry.".to_owned(),
            ),
            Self::TooLong(length) => (
                format!(
                    "В ответе {length} знаков, а одно сообщение гостю — до {LONGEST_TEXT}: сократите или разделите запись."
                ),
                format!(
                    "The answer has {length} characters, one message to a guest at most {LONGEST_TEXT}: shorten or divide the entry."
                ),
            ),
            Self::Name(name) => (
                format!(
                    "Имя записи «{name}» не подходит: до {LONGEST_ID} букв, цифр и знаков - _ . /."
                ),
                format!(
                    "“{name}” cannot name an entry: at most {LONGEST_ID} letters, digits and - _ . /."
                ),
            ),
            Self::Taken { name, first } => (
                format!(
                    "Имя записи «{name}» уже занято в {first}: дайте другое, например «## Заголовок {{#imya}}»."
                ),
                format!(
                    "An entry in {first} is named “{name}” already: give another name, such as “## Heading {{#name}}”."
                ),
            ),
            Self::TooLarge => (
                format!(
                    "База больше {} КиБ: сократите или уберите файлы.",
                    MOST_BYTES / 1024
                ),
                format!(
                    "The base is larger than {} KiB: shorten or remove files.",
                    MOST_BYTES / 1024
                ),
            ),
            Self::TooMany(count) => (
                format!("Записей {count}, а поместится {MOST_PASSAGES}."),
                format!("There are {count} entries, at most {MOST_PASSAGES} fit."),
            ),
        };
        lang.of(ru, en)
    }
}

impl fmt::Display for BaseProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::Ru))
    }
}
