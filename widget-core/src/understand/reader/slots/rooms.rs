//! How many rooms are wanted.
//!
//! A sentence is cut into groups of rooms that are named together: «один люкс и два стандарта», «1 SGL + 2 DBL». Each
//! group is summed up, and the largest wins: a guest who counts too many is handed to a person, one who counts too
//! few would be booked wrong.

mod apart;
mod named;

use super::{Found, begins, has, sentences, span, word};
use crate::understand::reader::numbers::number_at;
use crate::understand::reader::words::Token;
use crate::understand::reader::words::list::{List, list};
use apart::{a_room_each, a_second_one, bare_number};
use named::{Item, item_at};

/// How rooms are joined to those named before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    /// They come on top: «и», «плюс».
    And,
    /// They may be among them: a comma, a colon.
    Perhaps,
}

/// No guest books more; a larger number speaks of the house.
const MOST_ROOMS: u32 = 30;

/// Between two rooms that are named together stand no more words: «номер на двоих и номер на троих».
const LONGEST_LINK: usize = 6;

const PLAIN: &List = list!["номер", "комнат", "room", "бөлме", "помещен"];

#[rustfmt::skip]
const KINDS: &List = list![
    "люкс", "полулюкс", "делюкс", "джуниор", "стандарт", "апартамент", "студи", "сьют", "сюит", "suite", "апарт",
    "одноместн", "двухместн", "двуместн", "двухмест", "трехместн", "четырехместн", "одномест", "семейник", "сингл",
    "дабл", "двушк", "однушк", "трешк", "одинарн", "studio", "apartment", "коттедж",
];

/// Kinds that are whole words, as other words begin so.
#[rustfmt::skip]
const SHORT_KINDS: &List = list![
    "sgl", "dbl", "twn", "двушку", "двушка", "trpl", "tpl", "twin", "single", "double", "triple", "singles",
    "doubles", "triples", "сгл", "дбл", "твин", "твина",
];

/// The number is about the house, the past, or something that is no room.
#[rustfmt::skip]
const ELSEWHERE: &List = list![
    "занят", "сломан", "остались", "убира", "убра", "шум", "орут", "орал", "кричат", "затоп", "теч", "горит", "жили",
    "были", "было", "прожива", "отдыхали", "заселили", "поселили", "снимали", "брали", "посмотрел", "смотрел",
    "обещали", "предлага", "предложили", "показ", "отлича", "разниц", "различ", "этажност", "were", "stayed",
    "difference", "соедин", "обзвон", "бронировали", "сдаете", "располага", "насчит", "телефон",
];

/// The writer wants something.
#[rustfmt::skip]
const WISH: &List = list![
    "хоч", "хотим", "хотел", "хотя", "нуж", "надо", "надобн", "возьм", "берем", "беру", "брать", "взять", "заброн",
    "брон", "застолб", "дайте", "дадите", "просим", "прош", "желаем", "желаю", "желал", "понадоб", "требу", "подбер",
    "оформ", "закаж", "заказать", "хватит", "нам", "мне", "ищем", "ищу", "планир", "едем", "поедем", "приедем",
    "резерв", "сним", "собира", "предпочт", "рассматрива", "want", "need", "book", "reserve", "like", "looking",
    "take", "please", "можно", "добав", "докуп", "посели", "размест", "засел", "сделайте", "интересу",
];

/// A question about prices or kinds names rooms that nobody wants yet.
#[rustfmt::skip]
const ASKS: &List = list![
    "отлич", "разниц", "стои", "стоя", "цен", "почем", "лучше", "или", "чем", "сравн", "фото", "покаж", "бывают",
    "price", "cost", "difference", "versus", "or", "входит", "площад",
];

#[rustfmt::skip]
const NOW: &List = list![
    "теперь", "хоч", "хотим", "берем", "возьм", "нуж", "надо", "сейчас", "would", "now",
];

#[rustfmt::skip]
const SEVERAL_IN_ONE: &List = list![
    "двухкомнатн", "трехкомнатн", "двукомнатн", "two-room", "three-room",
];

#[rustfmt::skip]
const ADDED: &List = list![
    "и", "плюс", "+", "and", "plus", "&", "еще", "да", "also",
];

#[rustfmt::skip]
const LISTED: &List = list![
    ",", ":", "-", "–", "—", "(",
];

/// The number of rooms in one booking.
pub(super) fn rooms(tokens: &[Token]) -> Option<Found<u32>> {
    let mut best: Option<Found<u32>> = None;
    let mut talked_of_rooms = false;
    for sentence in sentences(tokens) {
        let found = if speaks_of_something_else(sentence) {
            None
        } else {
            largest([
                in_groups(sentence),
                a_second_one(sentence),
                a_room_each(sentence),
                several_rooms_in_one(sentence),
                bare_number(sentence, talked_of_rooms),
            ])
        };
        talked_of_rooms |= (0..sentence.len()).any(|at| is_plain(word(sentence, at)));
        best = largest([best, found]);
    }
    best
}

fn largest<const N: usize>(found: [Option<Found<u32>>; N]) -> Option<Found<u32>> {
    // Of equals the first.
    found
        .into_iter()
        .flatten()
        .reduce(|best, next| if next.value > best.value { next } else { best })
}

fn speaks_of_something_else(sentence: &[Token]) -> bool {
    // «На сайте осталось два номера», not «четыре номера на новый год осталось?»
    let left_over = (0..sentence.len()).any(|at| {
        begins(word(sentence, at), &["остал"])
            && (at + 1..at + 4).any(|next| number_at(sentence, next).is_some())
    });
    if left_over {
        return true;
    }
    // «Были у вас дважды, теперь берём два номера»
    has(sentence, ELSEWHERE) && !has(sentence, NOW)
}

fn is_plain(word: &str) -> bool {
    begins(word, PLAIN) && !begins(word, &["комнатн", "номерн"])
}

fn is_kind(word: &str) -> bool {
    begins(word, KINDS) || SHORT_KINDS.contains(word)
}

/// Sums up each group of rooms in a sentence.
fn in_groups(sentence: &[Token]) -> Option<Found<u32>> {
    let mut best = None;
    let mut group: Vec<(Link, Item)> = Vec::new();
    let mut at = 0;
    while at < sentence.len() {
        let Some(item) = item_at(sentence, at) else {
            at += 1;
            continue;
        };
        at = item.to;
        let link = group
            .last()
            .and_then(|(_, before)| link(&sentence[before.to..item.from]));
        if link.is_none() {
            best = largest([best, sum(sentence, &group)]);
            group.clear();
        }
        group.push((link.unwrap_or(Link::And), item));
    }
    largest([best, sum(sentence, &group)])
}

fn sum(sentence: &[Token], group: &[(Link, Item)]) -> Option<Found<u32>> {
    let (first, last) = (&group.first()?.1, &group.last()?.1);
    let counted = group.iter().any(|(_, item)| item.counted);
    let wanted =
        !has(sentence, ASKS) && (has(sentence, WISH) || word(sentence, sentence.len() - 1) != "?");
    if !counted && (group.len() < 2 || !wanted) {
        return None;
    }
    let mut value = 0;
    for (index, (link, item)) in group.iter().enumerate() {
        // «Два номера, люкс и стандарт» are the same two.
        let among = index > 0 && *link == Link::Perhaps && first.plain && first.count > 1;
        // «Один номер, двухместный», «номера два, одноместных»
        let described = index > 0 && *link == Link::Perhaps && !item.counted;
        if among {
            break;
        }
        value += if described { 0 } else { item.count };
    }
    // «Влезем в один или брать два?»
    let around = &sentence[first.from.saturating_sub(5)..(last.to + 5).min(sentence.len())];
    let undecided = value == 1
        && counted
        && around
            .iter()
            .any(|token| matches!(token.word.as_str(), "или" | "or"));
    (!undecided && (1..=MOST_ROOMS).contains(&value)).then(|| Found {
        value,
        span: span(sentence, first.from, last.to),
    })
}

/// What joins rooms to those before them; `None`: nothing does.
fn link(between: &[Token]) -> Option<Link> {
    let words: Vec<&str> = between.iter().map(|token| token.word.as_str()).collect();
    if words.len() > LONGEST_LINK || words.is_empty() {
        return None;
    }
    let added = words.iter().any(|word| ADDED.contains(word));
    let listed = words.iter().any(|word| LISTED.contains(word));
    match (added, listed) {
        (true, _) => Some(Link::And),
        (false, true) => Some(Link::Perhaps),
        _ => None,
    }
}

/// «Двухкомнатный люкс хочу» is one room.
fn several_rooms_in_one(sentence: &[Token]) -> Option<Found<u32>> {
    let at = (0..sentence.len()).find(|at| {
        let here = word(sentence, *at);
        begins(here, SEVERAL_IN_ONE) || (begins(here, &["комнатн"]) && *at > 0)
    })?;
    let wanted = has(sentence, WISH) || has(sentence, &["пустят"]);
    (wanted && !has(sentence, ASKS)).then(|| Found {
        value: 1,
        span: span(sentence, at, at + 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::reader::words::tokens;

    #[rustfmt::skip]
    const COUNTED: &[(&str, u32)] = &[
        ("Нам нужно два номера", 2), ("2 номера рядом", 2), ("номера 2", 2), ("Хотим три комнаты на июнь", 3), ("надо бы комнатки две рядышком на майские", 2),
        ("номера нужны два желательно рядом", 2), ("и комнатки сделайте две", 2), ("Two adjoining rooms", 2),
        ("одну комнату нам, другую молодым", 2), ("номерочков два", 2), ("разведите нас с тёщей по разным номерам", 2), ("номер нам, второй тёще", 2),
        ("номеров 4, заезд 5 мая", 4), ("комнаты две, пожалуйста", 2), ("Номера: 3", 3),
        ("по номеру на каждую семью", 2), ("нас три семьи, по номеру на каждую", 3),
        ("нужен отдельный номер для родителей", 2), ("мы с мужем, а маме отдельный номер", 2),
        ("one more room please", 2), ("we need another room for my parents", 2),
        ("можно ещё один номер добавить?", 2), ("2 двухместных", 2), ("люкс и стандарт", 2),
        ("нужны люкс и стандарт на 5 человек", 2), ("два люкса с 1 по 8 июля", 2), ("номер нам и номер маме", 2),
        ("хотим номер на двоих и номер на троих", 2), ("1 SGL + 2 DBL", 3), ("один двухместный и два одноместных", 3),
        ("два номера: люкс и стандарт", 2), ("два номера, один двухместный, другой одноместный", 2),
        ("два стандарта и один люкс", 3), ("два 2-х местных номера", 2), ("два соседних номера", 2),
        ("нужны 2 отдельных двухместных номера", 2), ("один номер на троих", 1), ("одну комнату на неделю", 1),
        ("номер нужен один", 1), ("двухкомнатный люкс хочу на май", 1), ("We need 2 rooms next to each other", 2),
        ("two double rooms", 2), ("three suites please", 3), ("one double and one single room", 2),
        ("В одну комнату не влезем, надо две", 2), ("хотели бы жить в разных номерах", 2),
        ("нам с женой номер, и второй родителям", 2), ("Были у вас летом, теперь берём 2 номера", 2),
        ("dva nomera ryadom", 2), ("нужно три одноместных", 3), ("забронируйте пять номеров", 5),
        ("Сколько стоят два номера на неделю?", 2), ("нам с женой номер и ещё один маме", 2),
        ("хотим, чтобы у каждой был свой номер", 2), ("каждому своя комната", 2), ("пара стандартов рядом", 2),
        ("нам не один номер, а два", 2), ("давайте ей отдельный номер, а мы в двухместном", 2),
        ("мы с мужем в один номер, а свекровь в отдельный одноместный", 2), ("нас трое, каждому отдельный номер", 3),
        ("нужна пара номеров на июль", 2), ("номер нам и ещё один для тёщи", 2), ("a room each, please", 2),
        ("расселите нас по отдельным комнатам", 2), ("детей в отдельную комнату", 2), ("отцу отдельный люкс", 2),
    ];

    #[rustfmt::skip]
    const NOT_COUNTED: &[&str] = &[
        "двухкомнатный номер есть?", "двухкомнатный люкс какой площади?", "2-х местный номер",
        "2х местный сколько стоит?", "двухместный номер на июнь", "2 комнаты в номере?", "в номере 2 комнаты",
        "номер из двух комнат", "люкс с двумя комнатами", "номер 2", "мы в номере 2", "номер 305", "номера 214 и 216",
        "номер с двумя кроватями", "две кровати в номере", "2 номера занято?", "осталось два номера",
        "дала вам два номера телефона", "номера броней 511 и 512", "номер на двоих", "номер на 2 ночи",
        "нужен номер на 3 человека", "чем отличаются люкс и стандарт?", "люкс или стандарт?",
        "сколько стоит люкс и стандарт?", "другой номер дайте", "переселите нас в другой номер",
        "второй день без воды в номере", "номер на втором этаже", "номер два дня не убирали", "детская комната есть?",
        "is there a kettle in the room?", "Two room suite, what is the difference?", "мой номер телефона 9000000000",
        "в двух номерах шумят всю ночь", "жили в двух номерах", "не два номера", "трёхместный номер это три кровати?",
        "комната 419", "в комнатах есть чайник?", "двое взрослых и один ребёнок", "нас двое",
        "семейная пара, номер с балконом", "мы пара, номер на двоих", "у каждого номера свой балкон?",
        "номер и ещё один вопрос", "первый брат занял номер, второй брат нет", "в номере отдельная комната для детей есть?", "у меня свой чайник в номер",
        "не один день, а два", "каждый номер с балконом?", "для нас двоих комната нужна", "едем втроём, комната нужна",
        "хочу забрать зарядку, забыл в 12-м номере", "нам бы двадцать восьмой номер",
    ];

    fn read(text: &str) -> Option<u32> {
        rooms(&tokens(text)).map(|found| found.value)
    }

    #[test]
    fn rooms_are_counted() {
        for (text, number) in COUNTED {
            assert_eq!(read(text), Some(*number), "{text}");
        }
    }

    #[test]
    fn what_is_no_count_of_rooms_is_none() {
        for text in NOT_COUNTED {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
