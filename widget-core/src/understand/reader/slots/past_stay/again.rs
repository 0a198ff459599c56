//! Guests who come again: «снова к вам», «третий раз еду», «тот же номер, что и летом».

use super::traces::STAY;
use super::{ELSEWHERE, clause, is_here, is_ours, is_room_number, near};
use crate::understand::reader::slots::{around, back, begins, has, word};
use crate::understand::reader::words::Token;
use crate::understand::reader::words::list::{List, list};

/// No journey: «третий раз пишу».
#[rustfmt::skip]
const ASKS_AGAIN: &List = list![
    "вопрос", "обраща", "пишу", "пишем", "звон", "стуч", "пристаю", "спрашива", "прошу", "просим", "плач", "оплач", "оплат", "напомин", "присыл",
    "присла", "отправ", "повторя", "пыта", "писа", "списа", "скида", "обеща", "перенос", "страниц", "ответ", "говори",
];

/// Coming to us.
#[rustfmt::skip]
const COMES: &List = list![
    "еду", "едем", "приед", "приех", "поед", "поех", "собира", "буду", "будем", "хот", "хоч", "отдых", "отдох", "заед", "заезж", "езжу",
    "ездим", "приезж", "бываем", "бываю", "леч", "план", "соскуч", "тян", "побыва", "вернут",
];

/// «Четвёртый раз к вам».
const NTH: &List = list![
    "втор",
    "трет",
    "четверт",
    "пят",
    "шест",
    "седьм",
    "восьм",
    "девят",
    "десят",
    "енн",
    "какой-то",
];

/// «В тот же корпус»; what we do for a guest now may stay the same as well.
#[rustfmt::skip]
const SAME_THINGS: &List = list![
    "номер", "комнат", "корпус", "врач", "доктор", "массажист", "люкс", "программ", "домик", "лечебн",
];

#[rustfmt::skip]
const SAME_NOW: &List = list![
    "показ", "фото", "сайт", "остан", "переезж", "цен", "брон", "сейчас", "остат", "продл", "сумм", "даты",
];

const RETURNS: &List = list![
    "приед",
    "приех",
    "поед",
    "поех",
    "едем",
    "еду",
    "отдохн",
    "побыва",
];

/// «Снова к вам», «третий раз еду», «постоянные гости», «тот же номер, что и летом».
pub(super) fn comes_again(sentence: &[Token], at: usize) -> bool {
    let here = word(sentence, at);
    let next = word(sentence, at + 1);
    let nearby = near(sentence, at);
    let part = || clause(sentence, at);
    let asks_only = || has(part(), ASKS_AGAIN);
    match here {
        _ if begins(here, &["постоянн", "бывш", "давни", "давнишн", "старые"]) => {
            begins(here, &["постоянник", "постоянщ"])
                || begins(next, &["гост", "клиент", "отдыхающ", "посетит", "пациент"])
                    && (is_here(nearby) || is_ours(nearby) || has(nearby, &["ваш"]))
        }
        _ if begins(here, &["завсегдат"]) => true,
        _ if begins(here, &["соскучил"]) => {
            has(sentence, &["вам", "вас", "сосн", "санатор"])
        }
        "каждый" | "каждое" | "каждую" | "ежегодно" => {
            let year =
                here == "ежегодно" || matches!(next, "год" | "лето" | "весну" | "осень" | "зиму");
            year && (has(part(), COMES) || part().len() <= 5)
                && (is_here(part()) || has(part(), &["приезжа"]))
                && !has(nearby, ELSEWHERE)
        }
        "раз" => times_with_us(sentence, at),
        "опять" | "снова" | "вновь" | "апять" | "заново" => {
            let returns = has(around(sentence, at, 3, 3), RETURNS) && leans_on_it(sentence);
            !asks_only()
                && (returns || is_here(part()) && (matches!(next, "к" | "у") || has(part(), COMES)))
        }
        "подряд" => {
            begins(back(sentence, at, 2), NTH)
                && begins(back(sentence, at, 1), &["год", "раз", "лет"])
                && is_here(nearby)
                && !asks_only()
        }
        "повторить" | "возобновить" => {
            has(nearby, COMES) && !has(nearby, &["попытк", "платеж", "оплат", "заказ"])
        }
        "как" => like_last_time(sentence, at),
        "тот" | "том" | "той" | "ту" | "тому" | "туже" | "тотже" | "та" => {
            the_same(sentence, at)
        }
        "помните" | "узнали" => {
            matches!(next, "нас" | "меня") && !has(nearby, &["ответ", "писал", "звон"])
        }
        _ => begins(here, &["прошло", "прошлы", "предыдущ"]) && begins(next, STAY) && !asks_only(),
    }
}

/// «Хотим приехать ещё раз» alone leans on no past stay: whoever writes so at «Выезд» wants a new booking like any other
/// (masterplan: «Особая логика для этапа "Выезд"»).
fn leans_on_it(part: &[Token]) -> bool {
    part.iter().any(|token| {
        matches!(
            token.word.as_str(),
            "как" | "той" | "тот" | "ту" | "том" | "тому" | "те" | "тех" | "так" | "прошлый"
        )
    })
}

/// «Не первый раз», «третий раз к вам», «ещё раз приехать».
fn times_with_us(sentence: &[Token], at: usize) -> bool {
    let before = back(sentence, at, 1);
    let part = clause(sentence, at);
    let nearby = near(sentence, at);
    let not_first =
        before == "первый" && (back(sentence, at, 2) == "не" || back(sentence, at, 3) == "не");
    let again = before == "еще" && has(part, RETURNS) && leans_on_it(sentence);
    let to_us = is_here(nearby) && has(nearby, COMES);
    let unrelated = has(part, ASKS_AGAIN);
    !unrelated
        && (again
            || not_first && (to_us || has(part, COMES) || part.len() <= 5)
            || begins(before, NTH)
                && (to_us || is_here(part) && part.len() <= 6)
                && !has(sentence, &["плат", "оплат"]))
}

/// «Как в прошлый раз», «как прошлым летом», «как и в том году».
fn like_last_time(sentence: &[Token], at: usize) -> bool {
    let after = around(sentence, at, 0, 4);
    let last = has(after, &["прошл", "том", "тот"])
        && matches!(word(sentence, at + 1), "в" | "и" | "прошлым" | "прошлой");
    let when = has(
        after,
        &[
            "раз",
            "год",
            "приезд",
            "заезд",
            "визит",
            "отпуск",
            "летом",
            "зимой",
            "весной",
            "осенью",
        ],
    );
    let year = word(sentence, at + 1) == "в" && word(sentence, at + 2).starts_with("20");
    (last && when || year)
        && !has(
            near(sentence, at),
            &["обеща", "писал", "звони", "говори", "отвеча", "присл"],
        )
}

/// «Тот же номер, что и летом», «в тот же 412 номер», «к тому же врачу».
fn the_same(sentence: &[Token], at: usize) -> bool {
    let same = matches!(word(sentence, at + 1), "же" | "самый" | "самую");
    let thing = at + 2 + usize::from(is_room_number(word(sentence, at + 2)));
    same && begins(word(sentence, thing), SAME_THINGS)
        && !has(around(sentence, at, 0, 7), SAME_NOW)
        && back(sentence, at, 1) != "и"
}
