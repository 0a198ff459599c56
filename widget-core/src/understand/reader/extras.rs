//! What something beside the stay costs: plain questions are read by their words, the rest by the model.
//!
//! Guests name services that no author of the messages named; what asks for a price, and what is part of a stay, they
//! say in few ways.

use super::slots::{begins, has, has_word, sentences, word};
use super::words::Token;
use super::words::list::{List, list};

/// What the words of a message say about the price of something beside the stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Price {
    /// Asked.
    Asked,
    /// Another price is asked, or something that is no price.
    Another,
    /// The words do not tell.
    Open,
}

/// Words that name a price.
#[rustfmt::skip]
const PRICED: &List = list![
    "почем", "пачем", "почом", "стоимост", "цена", "цену", "цены", "ценник", "прайс", "тариф", "расценк", "плата", "доплат",
    "надбавк", "price", "cost", "charge", "tariff", "чардж", "кошту",
];
/// The same, whole words: other words begin like them.
const FEES: &List = list!["fee", "fees", "rate", "rates"];
/// Verbs that ask a price beside «сколько», «во что», «дорого ли».
#[rustfmt::skip]
const TAKES: &List = list![
    "стоит", "стоят", "стоить", "обойдет", "обойдут", "выйдет", "встанет", "берете", "возьмете", "возьмут", "берут", "просите",
    "просят", "будет", "is", "are", "would", "do",
];
const HOW_MUCH: &List = list![
    "сколько",
    "скок",
    "скока",
    "скоко",
    "чего",
    "дорого",
    "скільки",
    "much",
];
/// Beginnings of what is beside the stay.
#[rustfmt::skip]
const EXTRAS: &List = list![
    "массаж", "масаж", "саун", "баня", "баню", "бани", "баньк", "хамам", "хаммам", "парилк", "обертыв", "грязи", "грязев", "жемчужн",
    "радонов", "шарко", "пилинг", "косметолог", "лимфодренаж", "прессотерап", "барокамер", "криокамер", "криосаун", "солярий",
    "пещер", "ингаляц", "озонотерап", "электрофорез", "иглоукал", "иглорефлекс", "гирудо", "пиявк", "мануальн", "остеопат", "маникюр",
    "педикюр", "стрижк", "укол", "капельниц", "блокад", "узи", "мрт", "экг", "рентген", "кардиограмм", "плазмолифт", "логопед",
    "трансфер", "такси", "довез", "отвез", "подвез", "подброс", "шаттл", "экскурс", "прогулк", "квадроцикл", "снегоход", "лошад",
    "катани", "прокат", "напрокат", "аренд", "сноуборд", "ватрушк", "тюбинг", "самокат", "катамаран", "рыбалк", "бильярд", "боулинг", "караоке",
    "теннис", "фотосесс", "мангал", "беседк", "барбекю", "банкет", "кофе-брейк", "стирк", "постират", "прачечн", "химчистк", "парковк", "парковочн", "паркинг",
    "стоянк", "машиномест", "ноготоч", "спа-", "поездк", "компрессор", "шиномонтаж", "кроватк", "раскладушк", "коляск", "нян", "сейф", "передержк", "доставк", "выселен", "апгрейд",
    "massage", "sauna", "facial", "physio", "transfer", "taxi", "shuttle", "excursion", "rental", "laundry", "parking", "babysit",
    "checkout", "barbecue",
];
/// The same, whole words: other words begin like them.
const SHORT_EXTRAS: &List = list![
    "спа", "spa", "wrap", "ski", "skis", "cot", "crib", "bike", "bikes", "tour", "horse", "pickup"
];
/// Beginnings of what a stay is made of.
#[rustfmt::skip]
const STAY: &List = list![
    "номер", "комнат", "путевк", "программ", "проживан", "размещен", "сутк", "суток", "ночь", "ночи", "ночей", "неделя", "неделю", "недел", "отдых",
    "отдохнуть", "лечени", "питани", "люкс", "полулюкс", "стандарт", "одноместн", "двухместн", "двуместн", "трехместн",
    "апартамент", "коттедж", "домик", "койк", "заезд", "однушк", "двоих", "троих", "room", "night", "week", "stay", "suite",
];
/// What says that no price is asked of the thing itself.
const INCLUDED: &List = list![
    "входит",
    "входят",
    "включ",
    "бесплатн",
    "учтен",
    "included",
    "include",
    "free",
];
/// «Сколько» of what is no money.
#[rustfmt::skip]
const COUNTED: &List = list![
    "минут", "мест", "раз", "времени", "лет", "процедур", "идти", "ехать", "доехат", "длит", "длятся", "идет", "километр", "метров", "лежать", "этаж",
    "машиномест", "дней", "часов", "человек", "народу", "вещей", "градус",
];
const HOW_MANY: &List = list![
    "сколько",
    "скок",
    "скока",
    "скоко",
    "much",
    "long",
    "far",
    "many"
];

/// Beside what a stay is made of, or without it.
const APART: &List = list![
    "отдельно",
    "без",
    "вне",
    "кроме",
    "помимо",
    "сверх",
    "separately",
    "without"
];
/// A sentence of so many words asks about the one before: «Маникюр делаете? Почём?»
const SHORT: usize = 4;

/// What the words say about it.
pub(super) fn price_of_an_extra(tokens: &[Token]) -> Price {
    let (mut another, mut open, mut named) = (false, false, false);
    for sentence in sentences(tokens) {
        let how_many = sentence
            .iter()
            .position(|token| HOW_MANY.contains(&token.word));
        let priced = has(sentence, PRICED)
            || has_word(sentence, FEES)
            || has_word(sentence, HOW_MUCH) && has(sentence, TAKES);
        let extra = has(sentence, EXTRAS) || has_word(sentence, SHORT_EXTRAS);
        let before = named && sentence.len() <= SHORT;
        named = extra;
        if !priced && how_many.is_none() {
            open |= extra;
            continue;
        }
        let counted = how_many
            .is_some_and(|at| (at + 1..at + 4).any(|near| begins(word(sentence, near), COUNTED)));
        let stay = has(sentence, STAY) && !has_word(sentence, APART);
        let included = has(sentence, INCLUDED);
        if (extra || before) && priced && !counted && !stay && !included {
            return Price::Asked;
        }
        if !extra && (counted && !priced || priced && stay) {
            another = true;
        } else {
            open = true;
        }
    }
    if another && !open {
        Price::Another
    } else {
        Price::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::reader::words::tokens;

    #[test]
    fn a_price_of_something_beside_the_stay_is_told_from_other_prices() {
        use Price::{Another, Asked, Open};
        for (text, price) in [
            ("Почём массаж?", Asked),
            ("Сколько стоит прокат лыж?", Asked),
            ("ноготочки делаете? ценник?", Asked),
            ("Стоимость иглоукалывания без путёвки интересует", Asked),
            ("What do you charge for a massage?", Asked),
            ("How much is a cot?", Asked),
            ("Сколько стоит номер на двоих?", Another),
            ("почем путевка с лечением", Another),
            ("Сколько минут ехать от города?", Another),
            ("Сколько стоит номер с массажем?", Open),
            ("Массаж входит в стоимость?", Open),
            ("Массаж стоит у меня на пять", Open),
            ("Спасибо, а цена какая?", Open),
            ("Здравствуйте", Open),
            ("I feel fine", Open),
        ] {
            assert_eq!(price_of_an_extra(&tokens(text)), price, "{text}");
        }
    }
}
