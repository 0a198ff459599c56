//! Rooms where a text names them: «два номера», «2-х местный», «номеров 4».

use super::{WISH, is_kind, is_plain};
use crate::understand::reader::numbers::{Form, Number, number_at};
use crate::understand::reader::slots::{back, begins, has, word};
use crate::understand::reader::words::Token;
use crate::understand::reader::words::list::{List, list};

/// Rooms named at the tokens `from..to` of a sentence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub count: u32,
    /// The number is said, not only the room.
    pub counted: bool,
    /// «Номер», «комната», without its kind.
    pub plain: bool,
    pub from: usize,
    pub to: usize,
}

/// May stand between a number and its rooms.
#[rustfmt::skip]
const BETWEEN: &List = list![
    "рядом", "рядышком", "подряд", "порознь", "на", "разных", "x", "х", "*", "та", "adjacent", "adjoining", "interconnecting", "separate",
    "connecting", "neighbouring", "neighboring", "double", "single", "twin", "triple", "standard", "family", "extra",
    "more", "additional", "nice", "small", "big", "good", "твоих", "ваших", "штуки", "шт", "-",
];

/// What «номера» may be of, when they are no rooms.
#[rustfmt::skip]
const NUMBERS_OF: &List = list![
    "телефон", "брон", "заказ", "карт", "счет", "договор", "заявк", "whatsapp", "ватсап", "вотсап", "вайбер",
    "паспорт", "поезд", "рейс", "машин", "авто", "путев", "квитанц", "чек", "мобил", "журнал",
];

#[rustfmt::skip]
const ADJECTIVE_PARTS: &List = list![
    "местн", "комнатн", "спальн", "этаж", "звезд", "разов", "ярус", "корпус", "bed", "x",
];

#[rustfmt::skip]
const ONES_OWN: &List = list![
    "как", "друг", "этот", "тот", "наш", "мой", "в", "сво", "без",
];

#[rustfmt::skip]
const BEDS: &List = list![
    "кроват", "диван", "постел", "bed", "размещ", "проживан", "мест",
];

#[rustfmt::skip]
const NO_ATTRIBUTES: &List = list![
    "котор", "взросл", "кажд", "друг", "дет", "перв", "втор", "трет",
];

#[rustfmt::skip]
const INSIDE: &List = list![
    "номере", "люкс", "полулюкс", "апарт", "suite", "стандарт", "нем", "вашем", "этом", "семейн",
];

#[rustfmt::skip]
const APART: &List = list![
    "отдельны", "раздельны", "разны", "одноместны", "двухместны", "соседни",
];

#[rustfmt::skip]
const GOES_ON: &List = list![
    "на", "для", "не", "рядом", "рядыш", "желательн", "надо", "нуж", "в", "с", "по", "будет", "хот", "min", "шт", "минимум",
];

#[rustfmt::skip]
const TOLD_APART: &List = list![
    "один", "одно", "все", "всего", "тот", "же",
];

#[rustfmt::skip]
const ORDINALS: &List = list![
    "номер", "комната", "комнату", "номере", "комнате", "номером", "room",
];

#[rustfmt::skip]
const NO_COUNT: &List = list![
    "не", "not", "из", "с", "со", "with", "номер", "№", "комната", "комнате", "корпус", "этаж", "of",
];

#[rustfmt::skip]
const WITHIN: &List = list![
    "в", "во", "in", "вашем", "этом", "каждом", "the",
];

#[rustfmt::skip]
const BEFORE_NUMBER: &List = list![
    "нужен", "нужно", "нужны", "надо", "будет", "нам", "бы", ":", "-", "–", "—", "=", ",", "хотим", "порознь",
    "рядом", "всего", "понадобится", "возьмем", "берем", "взять", "полагаю", "просим", "же", "все", "так", "сделайте", "дайте", "найдите", "забронируйте", "понадобятся", "надобно",
];

#[rustfmt::skip]
const SEVERAL: &List = list![
    "номера", "номеров", "комнаты", "комнат", "комнатки", "номерочков", "номерков", "номерки", "номерочки", "номерочка", "номерка", "rooms",
];

#[rustfmt::skip]
const ENDS: &List = list![
    "мы", "я", "чтобы", "чтоб", "тот", "так", "потому", "а", "но", "или", "общий", "большой", "есть", "нам", "еще", "штука",
    "штуки",
];

/// «Двухместный», also «2-х местный» and «двух местный»: the token behind it.
fn kind_at(sentence: &[Token], at: usize) -> Option<usize> {
    if let Some(number) = number_at(sentence, at) {
        let hyphen = usize::from(word(sentence, at + number.tokens) == "-");
        let end = at + number.tokens + hyphen;
        return begins(word(sentence, end), &["местн", "мест"]).then_some(end + 1);
    }
    is_kind(word(sentence, at)).then_some(at + 1)
}

/// A number that makes a word with what follows: «2-х местный», «2 комнатный», «двух спальная».
fn makes_an_adjective(sentence: &[Token], end: usize) -> bool {
    let hyphen = usize::from(word(sentence, end) == "-");
    begins(word(sentence, end + hyphen), ADJECTIVE_PARTS) && word(sentence, end + hyphen) != "x"
}

/// An adjective by its ending.
fn is_adjective(word: &str) -> bool {
    [
        "ых", "их", "ый", "ий", "ой", "ую", "ая", "ые", "ие", "ное", "ыи", "ии", "ои", "ую", "ыми",
        "ими", "ым",
    ]
    .iter()
    .any(|ending| word.ends_with(ending) && word.chars().count() > 3)
}

/// The rooms that begin at token `at`, with or without a number.
pub(super) fn item_at(sentence: &[Token], at: usize) -> Option<Item> {
    if let Some(item) = counted_at(sentence, at).or_else(|| counted_behind(sentence, at)) {
        return Some(item);
    }
    let here = word(sentence, at);
    let uncounted = |plain, to| {
        Some(Item {
            count: 1,
            counted: false,
            plain,
            from: at,
            to,
        })
    };
    if let Some(end) = kind_at(sentence, at) {
        let to = end + usize::from(is_plain(word(sentence, end)));
        let single = !begins(here, &["стандартн", "семейн"]) && !is_plural(here);
        let denied = matches!(back(sentence, at, 1), "без" | "не" | "в" | "из");
        return if single && !denied && is_room_still(sentence, to) {
            uncounted(false, to)
        } else {
            None
        };
    }
    if !matches!(here, "номер" | "номерок" | "номерочек" | "комнату" | "room")
    {
        return None;
    }
    let of_a_number =
        number_at(sentence, at + 1).is_some() || begins(word(sentence, at + 1), NUMBERS_OF);
    let kind = kind_at(sentence, at + 1).unwrap_or(at + 1);
    let told_apart = TOLD_APART.contains(word(sentence, at + 1));
    if !told_apart && !of_a_number && !begins(back(sentence, at, 1), ONES_OWN) {
        return uncounted(true, kind);
    }
    None
}

fn is_plural(word: &str) -> bool {
    ["ых", "их", "ые", "ие", "ов", "ы", "ах", "ми"]
        .iter()
        .any(|ending| word.ends_with(ending))
}

/// Behind «двухместные» no bed follows, behind «номера» no telephone.
fn is_room_still(sentence: &[Token], to: usize) -> bool {
    let next = word(sentence, to);
    !begins(next, NUMBERS_OF) && !begins(next, BEDS)
}

/// «Два номера», «2 рядом стоящих номера», «один двухместный».
fn counted_at(sentence: &[Token], at: usize) -> Option<Item> {
    let number = number_at(sentence, at).or_else(|| other_number(word(sentence, at)))?;
    let end = at + number.tokens;
    if makes_an_adjective(sentence, end) || is_no_count(sentence, at) {
        return None;
    }
    let mut noun = end;
    while noun < end + 4 && is_between(sentence, noun) {
        noun += 1;
    }
    let (to, plain) = room_at(sentence, noun)?;
    let named = word(sentence, noun);
    // «Семейная пара, номер с балконом»
    if begins(word(sentence, at), &["пар", "couple"]) && !is_plural(named) {
        return None;
    }
    // «Двоих номер ждёт», «втроём комната нужна»
    let people = number.form == Form::Adverb
        || number.form == Form::Oblique && word(sentence, at).starts_with(char::is_alphabetic);
    // «Двадцать восьмой номер», «в 12-м номере»; but «нужен 21 номер» counts, as 21 takes the singular.
    let one_more = number.value % 10 == 1 && number.value % 100 != 11 && has(sentence, WISH);
    let nth = number.value > 1 && matches!(named, "номере" | "комнате")
        || number.value > 10 && matches!(named, "номер" | "комната") && !one_more;
    // «2 номер» is the second one, «в 2 номере» too.
    let ordinal = number.form == Form::Digits
        && number.value > 1
        && ORDINALS.contains(named)
        && !has(sentence, WISH);
    let mut inner =
        plain && begins(named, &["комнат", "room"]) && is_within_a_room(sentence, at, to);
    inner |= begins(word(sentence, to), &["inside"]);
    inner |= matches!(named, "room") && begins(word(sentence, to), &["suite", "apart"]);
    if people || nth || ordinal || inner || !is_room_still(sentence, to) {
        return None;
    }
    // «Один номер» is counted, «однушка на одного» is not.
    Some(Item {
        count: number.value,
        counted: true,
        plain,
        from: at,
        to,
    })
}

/// «Адин номер», «пара номеров».
fn other_number(word: &str) -> Option<Number> {
    let value = match word {
        "адин" | "адну" | "адна" => 1,
        "пара" | "пару" | "парочку" | "парочка" | "couple" => 2,
        _ => return None,
    };
    Some(Number {
        value,
        form: Form::Cardinal,
        tokens: 1,
    })
}

/// The room named at `at`: the token behind it, and whether its kind is left open.
fn room_at(sentence: &[Token], at: usize) -> Option<(usize, bool)> {
    if let Some(end) = kind_at(sentence, at) {
        return Some((end + usize::from(is_plain(word(sentence, end))), false));
    }
    if !is_plain(word(sentence, at)) {
        return None;
    }
    // «Два номера стандарт»
    let end = kind_at(sentence, at + 1).unwrap_or(at + 1);
    Some((end, true))
}

fn is_between(sentence: &[Token], at: usize) -> bool {
    let here = word(sentence, at);
    let comma =
        here == "," && is_plain(word(sentence, at + 1)) && BETWEEN.contains(back(sentence, at, 1));
    comma
        || (!is_plain(here)
            && kind_at(sentence, at).is_none()
            && (is_adjective(here) && !begins(here, NO_ATTRIBUTES) || BETWEEN.contains(here)))
}

/// «Из двух комнат», «с двумя комнатами», «не два номера», «по одному номеру».
fn is_no_count(sentence: &[Token], at: usize) -> bool {
    let before = back(sentence, at, 1);
    NO_COUNT.contains(before)
        || (matches!(before, "и" | "," | "-")
            && number_at(sentence, at).is_some_and(|n| n.form == Form::Digits)
            && begins(back(sentence, at, 3), &["номер", "комнат"]))
}

/// «В номере 2 комнаты», «2 комнаты в номере?», «люкс: две комнаты и балкон».
fn is_within_a_room(sentence: &[Token], from: usize, to: usize) -> bool {
    let around = &sentence[from.saturating_sub(5)..(to + 6).min(sentence.len())];
    around.iter().enumerate().any(|(at, token)| {
        let inside = WITHIN.contains(back(around, at, 1));
        inside
            && begins(&token.word, INSIDE)
            && !matches!(token.word.as_str(), "люкс" | "апартаменты")
    })
}

/// «Номеров 4», «комнаты две», «номера: 2», «номер нужен один».
fn counted_behind(sentence: &[Token], at: usize) -> Option<Item> {
    let here = word(sentence, at);
    if !is_plain(here) || begins(back(sentence, at, 1), &["№", "в", "из"]) {
        return None;
    }
    let mut next = at + 1;
    while next < at + 4
        && (begins(word(sentence, next), APART) || BEFORE_NUMBER.contains(word(sentence, next)))
    {
        next += 1;
    }
    let number = number_at(sentence, next)?;
    let end = next + number.tokens;
    let several = SEVERAL.contains(here);
    let marked = matches!(word(sentence, at + 1), ":" | "=" | "-" | "–" | "—");
    let agrees = match (number.value, number.form) {
        (1, Form::Cardinal) => {
            !matches!(word(sentence, end), "и") || word(sentence, end + 1) != "тот"
        }
        (1, _) => marked && several,
        (_, Form::Digits | Form::Cardinal) => several && number.value < 20,
        _ => false,
    };
    if !agrees || makes_an_adjective(sentence, end) || !ends_there(sentence, end) {
        return None;
    }
    Some(Item {
        count: number.value,
        counted: true,
        plain: true,
        from: at,
        to: end,
    })
}

/// Behind «номера 2» the sentence does not go on with what is counted.
fn ends_there(sentence: &[Token], end: usize) -> bool {
    let next = word(sentence, end);
    !next.starts_with(char::is_alphanumeric)
        || (matches!(next, "и") && number_at(sentence, end + 1).is_none())
        || is_kind(next)
        || ENDS.contains(next)
        || begins(next, GOES_ON)
            && !begins(next, &["недел", "ноч", "сут", "взросл", "воскр", "спальн"])
}
