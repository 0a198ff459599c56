//! What a stay leaves behind: papers, things in the room, a judgement.

use super::{
    ELSEWHERE, PAST_TIMES, clause, is_here, is_own_deed, is_past, is_room_number, is_with_you, near,
};
use crate::understand::reader::slots::{around, back, begins, has, has_word, word};
use crate::understand::reader::words::Token;
use crate::understand::reader::words::list::{List, list};

/// A stay as a thing.
#[rustfmt::skip]
pub(super) const STAY: &List = list![
    "отдых", "отпуск", "прожива", "пребыва", "лечен", "курс", "поездк", "поездоч", "заезд", "визит", "приезд", "путевк", "тур",
    "выезд", "выписк", "командировк", "посещ",
];

#[rustfmt::skip]
const MONTHS: &List = list![
    "январск", "февральск", "мартовск", "апрельск", "майск", "июньск", "июльск", "августовск", "сентябрьск", "октябрьск",
    "ноябрьск", "декабрьск", "весенн", "осенн", "летн", "зимн", "новогодн", "прошлогодн",
];

/// Papers that are made out after a stay.
#[rustfmt::skip]
pub(super) const PAPERS: &List = list![
    "справк", "справочк", "налог", "налаг", "фнс", "ифнс", "акт", "закрывающ", "закрывашк", "эпикриз", "отрывн", "обратн",
    "талон", "фактур", "выписк", "чек", "бухгалт", "счет", "щет", "отчет", "инвойс", "книжк", "вычет",
];

/// Papers are wanted for somebody else, or for a stay to come.
#[rustfmt::skip]
const FOR_OTHERS: &List = list![
    "моему", "отцу", "матер", "маме", "туристк", "сотрудник", "employee", "коллег", "делегац", "заранее", "будущ",
];

/// Where things are left behind.
#[rustfmt::skip]
const PLACES: &List = list![
    "номере", "комнате", "шкаф", "тумбочк", "столов", "раздевалк", "бассейн", "ванной", "ванне", "душе", "сейф", "вешалк",
    "кроват", "холодильник", "балкон", "ресторан", "корпус", "гардероб", "палате", "сауне", "бане", "подушк", "полк",
    "санатори", "ресепшен", "рецепшен", "регистратур", "спортзал", "кабинете", "розетк", "room", "drawer", "safe", "bathroom", "pool",
];

/// What one leaves with us before a stay.
#[rustfmt::skip]
const NOT_THINGS: &List = list![
    "заявк", "предоплат", "запрос", "сообщен", "отзыв", "сайт", "коммент", "контакт", "анкет", "телефон", "обращен",
    "сказать", "спросить", "указать", "предупредить", "пароль", "оплатить", "уточнить", "написать", "депозит", "задаток",
    "добавить", "приложить", "резюме", "ребен", "дочк", "сына", "бабушк", "ключ", "сейчас", "живем", "осталось", "мест",
    "days", "дней", "ссылк", "переписк", "request", "message", "review", "tell", "ask", "say", "mention",
];

/// «Найдите мою куртку» needs a thing or a place.
#[rustfmt::skip]
const THINGS: &List = list![
    "кепк", "купальник", "телефон", "заряд", "сереж", "серьг", "кольц", "куртк", "очк", "шапк", "зонт", "халат", "тапк",
];

const LOST: &List = list![
    "забыл",
    "позабыл",
    "оставил",
    "остал",
    "потерял",
    "обронил",
    "посеял",
    "забыла-то",
];

#[rustfmt::skip]
const GIVEN: &List = list!["отдал", "отдат", "получ", "выдал", "присл", "дали", "обещал", "остал"];

/// At the departure.
#[rustfmt::skip]
const CHARGED: &List = list![
    "взял", "выставил", "пробил", "оставлен", "нашел", "списал", "удержал", "насчитал", "снял",
];

/// «Справка за наше лечение», «закрывающие за август», «после отдыха не отдали выписку».
/// `of_papers`: the sentence speaks of papers, and of no other place.
pub(super) fn wants_papers(sentence: &[Token], at: usize, of_papers: bool) -> bool {
    let here = word(sentence, at);
    let part = near(sentence, at);
    let own = begins(word(sentence, at + 1), &["наш", "мо"]);
    if here == "после" && own && begins(word(sentence, at + 2), STAY) && is_here(part) {
        return true;
    }
    if !of_papers || has(part, FOR_OTHERS) {
        return false;
    }
    let after = around(sentence, at, 0, 4);
    let stay = after.iter().position(|token| begins(&token.word, STAY));
    let told = |to: usize| {
        has(&after[1..to], MONTHS)
            || has(
                &after[1..to],
                &["прош", "наш", "мо", "минувш", "тот", "то", "тако", "том"],
            )
    };
    let not_given = has(sentence, &["не", "нет", "забыл", "обещал"]) && has(sentence, GIVEN);
    match here {
        "за" | "про" | "о" | "об" | "по" | "с" => {
            let over = stay.is_some_and(|to| told(to) || has(&after[to..], PAST_TIMES));
            over && !has(
                part,
                &["оплат", "заплат", "внес", "перев", "выставьте", "будет"],
            )
        }
        "после" => stay.is_some_and(|to| told(to) || not_given),
        "выезде" | "отъезде" | "отъезда" | "выезда" => {
            not_given || has(sentence, CHARGED)
        }
        "закрывающие" | "эпикриз" | "выписка" | "выписку" => {
            not_given
                && !has_word(part, &["нужен", "брать", "взять"])
                && has_word(part, &["не", "нет", "где"])
        }
        _ => begins(here, &["прошл", "прошедш"]) && begins(word(sentence, at + 1), STAY),
    }
}

/// «Забыл у вас куртку», «зарядка осталась в номере», «забыл куртку, 305».
pub(super) fn left_something(sentence: &[Token], at: usize) -> bool {
    let here = word(sentence, at);
    let lost =
        is_past(here, LOST) || matches!(here, "забыто" | "оставлен" | "forgot" | "left" | "lost");
    let found = begins(here, &["нашли", "находили", "найдите", "найдете"]);
    let part = near(sentence, at);
    let spoken = matches!(
        word(sentence, at + 1),
        "ли" | "вы" | "вам" | "arm" | "leg" | "hand" | "knee" | "side" | "shoulder"
    );
    if !(lost || found) || spoken || has(part, NOT_THINGS) || back(sentence, at, 1) == "не" {
        return false;
    }
    let numbered = (0..part.len()).any(|index| {
        is_room_number(word(part, index))
            && matches!(
                back(part, index, 1),
                "," | "в" | "room" | "номер" | "№" | "номере"
            )
    });
    let place = has(part, PLACES) || numbered || is_with_you(part);
    if found {
        return has(part, &["мой", "мою", "мои", "моя", "my"]) && (place || has(sentence, THINGS));
    }
    let own = begins(here, &["остал", "left"]) || is_own_deed(sentence, at);
    let in_chat = has_word(part, &["этом"]);
    own && place && !in_chat
}

/// «Отдыхом доволен», «отдых испорчен», «спасибо за отдых», «больше не приедем», «ставлю двойку».
pub(super) fn judges_a_stay(sentence: &[Token], at: usize) -> bool {
    let here = word(sentence, at);
    let next = word(sentence, at + 1);
    let part = || clause(sentence, at);
    match here {
        "оценка" | "итог" | "итоги" => has(part(), STAY),
        "отзыв" | "отзыф" | "фидбек" => {
            has(part(), STAY)
                || begins(back(sentence, at, 1), &["мой"])
                || matches!(next, ":" | "такой" | "мой")
        }
        "понравилось" => {
            matches!(back(sentence, at, 1), "все" | "очень")
                && !has(part(), &["фото", "видео", "сайт"])
        }
        "раз" => {
            begins(back(sentence, at, 1), &["втор", "больше"])
                && next == "не"
                && begins(word(sentence, at + 2), &["поед", "приед"])
        }
        "больше" | "больше-то" => {
            matches!(next, "не" | "ни")
                && begins(word(sentence, at + 2), &["приед", "поед", "ногой"])
        }
        "ставлю" => {
            begins(
                next,
                &[
                    "вам",
                    "двойк",
                    "единиц",
                    "тройк",
                    "пят",
                    "две",
                    "одну",
                    "отличн",
                    "неуд",
                ],
            ) && !has(part(), &["вопрос"])
        }
        "впервые" | "впервой" => back(sentence, at, 1) == "не" && is_here(part()),
        "курс" => begins(next, &["закончен", "окончен", "пройден", "завершен"]),
        _ => is_judged(sentence, at),
    }
}

fn is_judged(sentence: &[Token], at: usize) -> bool {
    const JUDGED: &List = list![
        "испор",
        "тянет",
        "удался",
        "доволен",
        "довольн",
        "прошел",
        "понравил",
        "супер",
        "незабываем",
        "волшебн",
    ];
    let stay = begins(
        word(sentence, at),
        &[
            "отдых",
            "отпуск",
            "пребыван",
            "лечени",
            "проживани",
            "поездк",
        ],
    );
    if !stay {
        return false;
    }
    let part = clause(sentence, at);
    let thanked = (1..5).any(|steps| back(sentence, at, steps) == "за")
        && has(part, &["спасиб", "спосиб", "благодар", "рахмет"]);
    let unreal = has_word(part, &["будет", "хочу", "хотим", "ли", "чтобы"])
        || has(part, ELSEWHERE)
        || has(part, &["бабушкин", "мамин"]);
    (thanked || has(part, JUDGED)) && !unreal
}
