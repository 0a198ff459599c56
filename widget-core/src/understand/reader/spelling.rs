//! Slips of the pen in the words that facts are read from: «челвоек», «ребнок», «взросых».
//!
//! Only the grammar of facts needs it: the model of intents looks at pieces of words and forgives slips by itself.

use super::words::Token;
use super::words::list::{List, list};

/// Words that are worth a correction, the longer ones of the grammar of facts.
#[rustfmt::skip]
const WORTH_IT: &List = list![
    "человек", "человека", "взрослых", "взрослые", "взрослый", "взрослого", "взрослым", "взрослыми", "ребенок", "ребенка", "ребенком",
    "ребеночек", "детьми", "девочка", "девочки", "мальчик", "мальчика", "малыша", "малышом", "подросток", "родители", "родителей",
    "родителями", "бабушка", "бабушкой", "дедушка", "дедушкой", "супруга", "супругом", "супругой", "внучка", "внучкой",
    "дочкой", "сестра", "сестрой", "подруга", "подругой", "четверо", "пятеро", "шестеро", "семеро", "восьмеро", "девятеро", "четверых", "пятерых",
    "шестерых", "впятером", "вшестером", "вчетвером", "вдвоем", "втроем", "четыре", "восемь", "девять", "десять",
    "двенадцать", "пятнадцать", "двадцать", "полтора", "годика", "годиков", "месяцев", "месяца", "комната", "комнаты", "комнату",
    "комнат", "номера", "номеров", "номером", "собака", "собаку", "собакой", "собачка", "собачку", "собачкой", "собаками",
    "кошкой", "питомец", "питомца", "питомцем", "питомцами", "животное", "животные", "животных", "животными", "животным",
    "недели", "неделю", "недель", "отдыхали", "отдыхала", "отдыхал", "прошлом", "прошлый", "прошлого", "января", "январе",
    "февраля", "феврале", "апреля", "апреле", "августа", "августе", "сентября", "сентябре", "октября", "октябре", "ноября",
    "ноябре", "декабря", "декабре",
];

/// Words that end in «ь» and are often written without it.
#[rustfmt::skip]
const SOFT: &List = list!["пять", "шесть", "семь", "восемь", "девять", "десять", "двадцать", "тридцать", "день", "ночь", "дочь"];

/// Words of this length at least are corrected, characters; in shorter ones a slip makes another word.
const LONG_ENOUGH: usize = 6;

/// The tokens with their slips mended.
pub(super) fn corrected(tokens: &[Token]) -> Vec<Token> {
    let mend = |token: &Token| Token {
        word: correction(&token.word).unwrap_or(&token.word).to_owned(),
        from: token.from,
        len: token.len,
        glued: token.glued,
    };
    tokens.iter().map(mend).collect()
}

/// The word that was meant, if this one is a slip.
fn correction(word: &str) -> Option<&'static str> {
    let soft = |full: &&&str| full.strip_suffix('ь') == Some(word);
    if let Some(full) = SOFT.of_letter(word).iter().find(soft) {
        return Some(full);
    }
    let letters = word.chars().count();
    if letters + 1 < LONG_ENOUGH || WORTH_IT.contains(word) {
        return None;
    }
    let (first, last) = (word.chars().next(), word.chars().last());
    let near = |meant: &&&str| {
        // A word's ending may differ without a slip: the rules know the endings that they want.
        if meant.chars().next() != first || meant.chars().last() != last {
            return false;
        }
        let length = meant.chars().count();
        length.abs_diff(letters) <= 1
            && length.max(letters) >= LONG_ENOUGH
            && strsim::osa_distance(meant, word) == 1
    };
    WORTH_IT.of_letter(word).iter().find(near).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_mended_and_words_are_left_alone() {
        for (slip, meant) in [
            ("челвоек", "человек"),
            ("ребнок", "ребенок"),
            ("взросых", "взрослых"),
            ("собкой", "собакой"),
            ("пят", "пять"),
            ("четвреро", "четверо"),
            ("мальчк", "мальчик"),
        ] {
            assert_eq!(correction(slip), Some(meant), "{slip}");
        }
        for word in [
            "человек",
            "номер",
            "мама",
            "детали",
            "ноль",
            "внучке",
            "хорошо",
            "подпись",
            "недолго",
        ] {
            assert_eq!(correction(word), None, "{word}");
        }
    }
}
