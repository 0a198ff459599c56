//! Whose animal it is, and whether it is in company: «с собакой», «нас двое и такса», «у нас кошка».

use super::MAY_I;
use crate::understand::reader::numbers::number_at;
use crate::understand::reader::slots::{back, begins, has, has_word, word};
use crate::understand::reader::words::Token;
use crate::understand::reader::words::list::{List, list};

#[rustfmt::skip]
const PEOPLE: &List = list![
    "нас", "нам", "двое", "трое", "четверо", "пятеро", "вдвоем", "втроем", "муж", "жен", "супруг", "мам",
    "пап", "дет", "доч", "сын", "ребен", "ребят", "взросл", "человек", "чел", "одна", "один", "подруг", "друг",
    "сестр", "брат", "внук", "внуч", "малыш", "teen", "husband", "wife", "me", "us", "two", "adult", "kid", "child",
    "son", "daughter", "малой", "бабушк", "дедушк", "баб", "дед", "тещ", "свекр", "семь",
];

#[rustfmt::skip]
const ATTRIBUTES: &List = list![
    "наш", "мо", "сво", "маленьк", "небольш", "крупн", "больш", "стар", "пожил", "карликов", "домашн", "small",
    "little", "old", "два", "двумя", "двух", "одн", "служебн", "тих", "любим", "какими", "люб", "йоркшир", "немец",
    "декорат", "морск", "старень", "тремя", "дв", "мелк", "собак", "guide", "рыж", "кг", "джек", "tom", "fluffy",
];

#[rustfmt::skip]
const SUBJECTS: &List = list![
    "сосед", "гост", "люди", "человек", "женщин", "мужчин", "кто", "живут", "гуля", "постояльц", "отдыхающ", "тетк",
    "номер", "guests", "people", "neighb", "парень", "девушк", "домик",
];

#[rustfmt::skip]
const STAYED: &List = list![
    "была", "были", "был", "отдыхал", "приезжал", "ездил", "stayed",
];

#[rustfmt::skip]
const OWN: &List = list![
    "наш", "мой", "моя", "мою", "моего", "нашу", "my", "our", "своего", "свою",
];

#[rustfmt::skip]
const POSSESSIVES: &List = list![
    "ее", "его", "их", "one", "my", "our", "a", "the", "any", "her", "his", "two",
];

#[rustfmt::skip]
const ACCOMPANY: &List = list![
    "сопровождении", "породы", "собакой", "ее", "его", "elderly", "with",
];

#[rustfmt::skip]
const FRIENDS: &List = list![
    "подруга", "друзья", "знакомые", "знакомая", "friend", "туристка", "туристы",
];

#[rustfmt::skip]
const JOINS: &List = list![
    "и", "плюс", "+", "да", "and", "&", ",", "plus",
];

#[rustfmt::skip]
const EXACT_PEOPLE: &List = list![
    "я", "мы", "нас", "me", "us", "чел",
];

/// May stand between a preposition and its animal.
pub(super) fn is_attribute(word: &str) -> bool {
    begins(word, ATTRIBUTES)
        || POSSESSIVES.contains(word)
        || word.starts_with(|c: char| c.is_ascii_digit())
        || [
            "ой", "ои", "ей", "еи", "им", "ым", "ими", "ыми", "ых", "ою", "ею",
        ]
        .iter()
        .any(|ending| word.ends_with(ending) && word.chars().count() > 4)
}

/// «С собакой», «со старенькой таксой», "with a dog".
pub(super) fn is_accompanied(sentence: &[Token], at: usize) -> bool {
    let here = word(sentence, at);
    if begins(here, &["хвостик"]) {
        return false;
    }
    let before = (at.saturating_sub(4)..at).rev().find(|index| {
        !is_attribute(word(sentence, *index)) && !ACCOMPANY.contains(word(sentence, *index))
    });
    let before = before
        .filter(|index| matches!(word(sentence, *index), "с" | "со" | "with" | "w" | "в"))
        .or_else(|| {
            (at.saturating_sub(4)..at)
                .rev()
                .find(|index| word(sentence, *index) == "with")
        });
    let Some(before) = before else { return false };
    if word(sentence, before) == "в" {
        return word(sentence, before + 1) == "сопровождении";
    }
    let preposition = matches!(word(sentence, before), "с" | "со" | "with" | "w");
    let subject = back(sentence, before, 1);
    let of_others =
        begins(subject, SUBJECTS) && subject != "номер" && !begins(subject, &["человека"]);
    // «С собаками у вас проблем нет?» still asks for one's own.
    let friend = (before.saturating_sub(9)..before)
        .any(|index| FRIENDS.contains(word(sentence, index)))
        && has(&sentence[before.saturating_sub(9)..before], STAYED);
    preposition && !of_others && !friend
}

/// «Можно собаку?», «кошек принимаете?», "are pets allowed?"
pub(super) fn may_it_come(sentence: &[Token], part: &[Token]) -> bool {
    let asks = has(part, MAY_I) || has(sentence, MAY_I) && part.len() <= 4;
    let house = has_word(
        part,
        &["гладить", "погладить", "покормить", "завести", "увидеть"],
    );
    let have = has_word(part, &["take", "bring"]);
    (asks || have) && !house
}

/// «Нас двое и такса», «я, муж и собака», «плюс кот».
pub(super) fn is_listed(sentence: &[Token], at: usize) -> bool {
    let before = (at.saturating_sub(4)..at).rev().find(|index| {
        !is_attribute(word(sentence, *index)) && !begins(word(sentence, *index), &["еще"])
    });
    let Some(before) = before else { return false };
    let joined = JOINS.contains(word(sentence, before));
    let people = (0..before).any(|index| {
        let here = word(sentence, index);
        let exact = EXACT_PEOPLE.contains(here);
        exact
            || (here.chars().count() > 2 && begins(here, PEOPLE))
            || number_at(sentence, index).is_some()
    });
    let house = has_word(sentence, &["дома", "вас", "пугает"])
        || has(sentence, &["покормлен"])
        || has(sentence, &["ресторан", "кафе"]);
    // «В салоне ещё шпиц»
    let one_more = back(sentence, at, 1) == "еще" && !asked_of_the_house(sentence);
    // «Плюс хомяк»: an answer to who travels.
    let whole = before == 0 && joined && sentence.len() <= at + 2;
    (joined && people || one_more || whole) && !house
}

/// «Ещё собаки бывают?»
fn asked_of_the_house(sentence: &[Token]) -> bool {
    has(
        sentence,
        &["бывают", "быва", "живут", "живет", "держите", "других"],
    )
}

/// «У нас кошка», «наш пёс», "we have a dog".
pub(super) fn is_ours(sentence: &[Token], at: usize) -> bool {
    let from = at.saturating_sub(4);
    let near = &sentence[from..at];
    let owned = (0..near.len()).any(|index| {
        matches!(
            (word(near, index), word(near, index + 1)),
            ("у", "нас" | "меня") | ("we" | "i", "have")
        )
    }) || near.last().is_some_and(|token| begins(&token.word, OWN));
    let after = matches!(
        (word(sentence, at + 1), word(sentence, at + 2)),
        ("у", "нас" | "меня") | ("наш" | "наша" | "моя" | "мой", _)
    );
    let home = has_word(
        sentence,
        &["дома", "умер", "умерла", "home", "когда-то", "похож"],
    ) || has(sentence, &["снил", "скуча"]);
    (owned || after) && !home
}
