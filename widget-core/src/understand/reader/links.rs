//! Links to pay by, that were there before.

use super::lexicon;
use super::model::Model;
use super::slots::{has, has_word};
use super::words::Token;
use super::words::list::{List, list};

/// What a link is called.
const LINK: &List = list!["ссыл", "сылк", "сцыл", "линк", "кьюар", "link", "qr"];
/// What a link to pay by does when it no longer works, and how another one is asked for.
#[rustfmt::skip]
const GONE: &List = list![
    "протух", "погас", "угас", "утрат", "холост", "дохл", "сдох", "умер", "мертв", "профук", "прохлоп", "снес", "дубл", "перевыпуст", "реаним",
    "просроч", "прасроч", "истек", "сгорел", "недейств", "битая", "битую", "слетел", "свеж", "нераб", "ещераз", "еще", "ище", "ищо", "исче", "ишо",
    "заново", "снова", "повтор", "павтор", "новую", "навую", "новеньк", "другую", "провалил", "пропал", "потер", "стер", "удал", "крутит", "виснет",
    "зависа", "kaputt", "spin", "dead", "died", "dies", "timed", "expired", "invalid", "broken", "again", "resend", "reissue", "fresh", "another",
];
/// What is said of a link before, beside that.
#[rustfmt::skip]
const BEFORE: &List = list![
    "срок", "время", "стар", "тот", "та", "ту", "прежн", "прошл", "предыдущ", "присыл", "прислан", "кинут", "белый", "белая", "белую", "пуст",
    "висит", "ошибк", "закрыл", "кончил", "рабоч", "жив", "sent", "previous", "earlier",
];
/// Other links, and other things to have once more.
#[rustfmt::skip]
const OTHER: &List = list![
    "возврат", "вазврат", "возрат", "рефанд", "refund", "return", "сайт", "меню", "презентац", "карту", "карта", "проезд", "геометк", "локац", "location", "map",
    "маршрут", "прайс", "отзыв", "фото", "вайбер", "телеграм", "канал",
];

/// Words by which nothing is asked for yet.
const REFUSED: &List = list!["если", "пока", "вдруг", "когда", "if", "when"];

/// A link «again»: one that was there before, is gone, or does not work. «Пришлите ссылку» asks for the first, which is
/// the bot's to send (masterplan: «Проведена консультация»).
pub(super) fn speaks_of_a_link_before(model: &Model, tokens: &[Token]) -> bool {
    let words: Vec<&str> = tokens.iter().map(|token| token.word.as_str()).collect();
    let notions = model.lexicon.read(&words);
    let told =
        |notion: &usize| matches!(lexicon::name(*notion), "again" | "broken" | "works" | "not");
    notions.iter().flatten().any(told) || has(tokens, GONE) || has(tokens, BEFORE)
}

/// Whether the words plainly say so: «ссылка протухла», «another link please».
pub(super) fn link_again(tokens: &[Token]) -> bool {
    let refused = has_word(tokens, REFUSED);
    has(tokens, LINK) && has(tokens, GONE) && !has(tokens, OTHER) && !refused
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::reader::words::tokens;

    #[test]
    fn a_link_that_is_gone_is_told_from_a_first_one() {
        for text in [
            "Ссылка протухла",
            "сылку ищё раз",
            "another link please",
            "Ссылка, увы, утратила силу",
        ] {
            assert!(link_again(&tokens(text)), "{text}");
        }
        for text in [
            "Готов оплатить, пришлите ссылку",
            "ссылка на меню битая",
            "ссылка на возврат протухла",
            "если ссылка истечёт, что делать?",
        ] {
            assert!(!link_again(&tokens(text)), "{text}");
        }
    }
}
