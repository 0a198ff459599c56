//! The number of guests.
//!
//! A text is cut into groups of people that belong together: «двое взрослых и 3 ребёнка», «мы с мужем и двое детей».
//! Each group is summed up on its own, and the largest wins: a guest who counts too many is handed to a person, one
//! who counts too few would be booked wrong.

mod counts;
mod links;
mod people;

use super::ages::whose::is_name;
use super::{Found, back, begins, is_stop, span, word};
use crate::understand::reader::numbers::number_at;
use crate::understand::reader::words::Token;
use crate::understand::reader::words::list::{List, list};
pub(super) use counts::counts_things;
use counts::{after_its_noun, children_by_age, counted, couple, is_stop_or_end, sum_of_figures};
use links::{Link, begins_anew, is_detail, joins, link};
use people::{Role, is_adult, is_any_child, is_headed, is_writer_in_passing, role};
use std::ops::Range;

/// People named at the tokens `from..to`.
struct People {
    role: Role,
    count: u32,
    from: usize,
    to: usize,
}

impl People {
    fn of(role: Role, count: u32, tokens: Range<usize>) -> Self {
        Self {
            role,
            count,
            from: tokens.start,
            to: tokens.end,
        }
    }
}

/// The writer's own journey: only with it «с мужем» counts.
#[rustfmt::skip]
const JOURNEY: &List = list![
    "еду", "едем", "поеду", "поедем", "приеду", "приедем", "заеду", "заедем", "поехать", "приехать",
    "заехать", "отдохнуть", "отдыхать", "заселиться", "хочу", "хотим", "хотела", "хотел", "хотелось", "собираемся",
    "собираюсь", "планирую", "планируем", "планировали", "думаем", "думаю", "ищем", "ищу", "мечтаю", "мечтаем", "рвануть", "свозить",
    "приехала", "прибыть", "намереваемся", "намереваюсь", "забронировать", "бронирую", "бронируем", "возьмете",
    "примете", "пустите", "путевка", "путевку", "буду", "будем", "жаждем", "желаем", "желаю", "обдумываем",
    "поселите", "запишите", "забронируйте", "подумываю", "подумываем", "сабираюсь", "едет", "выезжаем", "берем",
    "coming", "come", "travel", "planning", "plan", "want", "book", "visit", "stay", "надо", "нужен", "нужно",
    "нужны", "нужна", "привезу", "везу", "рассматриваем", "решили", "ждем", "оформите", "room", "номер",
];

/// Speaks of something else than this journey.
#[rustfmt::skip]
const ELSEWHERE: &List = list![
    "посоветовали", "советовали", "рекомендовали", "сказали",
    "было", "были", "был", "была", "очереди", "очередь", "вмещает", "вмещаются", "вместимость", "рассчитан",
    "рассчитана", "раньше", "персонал", "персонала", "were", "was", "отдыхали", "отдыхал", "отдыхала", "ездили",
    "лечились", "лечился", "лечилась", "штате", "работе", "очередь", "посчитали", "насчитали", "щитали", "счете",
    "выставлен", "вместо", "значатся", "записаны", "поименованы", "рассчитали", "подруга", "знакомые", "соседи",
    "застряли", "посчитано", "прошлый", "посоветуюсь", "спрошу", "выписались", "оплатили", "оформлялись",
    "гуляли", "ходили", "ходил", "ходила", "летали", "приезжали", "жили", "гуляем", "провожать", "навестить", "навещать", "ужин", "банкет", "сказал", "сказала", "говорит",
];

/// No group is longer than this.
const MOST_PEOPLE: usize = 24;

/// For each token, whether its clause speaks of something else than this journey.
pub(super) fn elsewhere(tokens: &[Token]) -> Vec<bool> {
    marked_clauses(tokens, ELSEWHERE, |word| {
        is_stop(word) || matches!(word, "а" | "но" | "теперь" | "сейчас")
    })
}

/// The number of guests that the text states.
pub(super) fn guests(tokens: &[Token]) -> Option<Found<u32>> {
    let elsewhere = elsewhere(tokens);
    let journey = marked_clauses(tokens, JOURNEY, |word| is_stop(word) && word != ",");
    let mut best: Option<Found<u32>> = None;
    let mut group: Vec<(Link, People)> = Vec::new();
    let mut settle = |group: &[(Link, People)]| {
        if let Some(value) = sum(tokens, group, &journey)
            && best.as_ref().is_none_or(|best| best.value < value)
        {
            let to = group.last().map_or(1, |(_, people)| people.to);
            let from = group.first().map_or(0, |(_, people)| people.from);
            best = Some(Found {
                value,
                span: span(tokens, from, to),
            });
        }
    };
    let mut at = 0;
    while at < tokens.len() {
        let Some(people) = people_at(tokens, at).filter(|people| !elsewhere[people.from]) else {
            at += 1;
            continue;
        };
        at = people.to;
        let link = group.last().and_then(|(_, before)| {
            link(
                tokens.get(before.to..people.from)?,
                before.role == Role::Writer,
            )
        });
        let link =
            link.filter(|link| group.len() < MOST_PEOPLE && !begins_anew(tokens, *link, &people));
        if link.is_none() {
            settle(&group);
            group.clear();
        }
        group.push((link.unwrap_or(Link::And), people));
    }
    settle(&group);
    best
}

fn sum(tokens: &[Token], group: &[(Link, People)], journey: &[bool]) -> Option<u32> {
    let first = &group.first()?.1;
    let has = |role: Role| group.iter().any(|(_, people)| people.role == role);
    let count = |roles: &[Role]| -> u32 {
        group
            .iter()
            .filter(|(_, people)| roles.contains(&people.role))
            .map(|(_, people)| people.count)
            .sum()
    };
    // «Несколько» is at least two.
    let several = if has(Role::Several) { 2 } else { 0 };
    if let Some(all) = group
        .iter()
        .position(|(_, people)| people.role == Role::All)
    {
        let more: u32 = group[all + 1..]
            .iter()
            .take_while(|(link, _)| *link == Link::And)
            .filter(|(_, people)| people.role != Role::Writer)
            .map(|(_, people)| people.count)
            .sum();
        // «Дети пятеро и мы двое»
        let joined = group[all].0 == Link::And && all > 0;
        let children: u32 = group[..all]
            .iter()
            .filter(|(_, people)| joined && people.role == Role::Child)
            .map(|(_, people)| people.count)
            .sum();
        let more = more + children;
        let whole = group[all].1.count;
        // «Нас четверо я муж и двое детей»: the rest says who they are.
        let rest = sum(tokens, &group[all + 1..], journey);
        let told = rest == Some(whole) || sum(tokens, &group[..all], journey) == Some(whole);
        return Some(if told { whole } else { whole + more });
    }
    if has(Role::Adult) {
        // «Двое взрослых, я и муж» names the two; «двое взрослых и бабушка» are three.
        let beside: u32 = group
            .iter()
            .filter(|(link, people)| *link == Link::And && people.role == Role::Companion)
            .map(|(_, people)| people.count)
            .sum();
        let beside = if has(Role::Writer) { 0 } else { beside };
        return Some(count(&[Role::Adult, Role::Child]) + several + beside);
    }
    if has(Role::Several) {
        return None;
    }
    let company: u32 = group
        .iter()
        .filter(|(link, people)| {
            *link != Link::Among && matches!(people.role, Role::Companion | Role::Child)
        })
        .map(|(_, people)| people.count)
        .sum();
    let alone = has(Role::Alone);
    let described = is_detail(back(tokens, first.from, 1));
    let with = |steps| matches!(back(tokens, first.from, steps), "с" | "со" | "with");
    let travels_with = journey[first.from] && (with(1) || (described && with(2)));
    // «Мама, бабушка и ребёнок»: a party that somebody else books for.
    let party = group.len() >= 3 && company >= 3 && has(Role::Companion);
    if party && !has(Role::Writer) && !alone && !travels_with {
        return Some(company);
    }
    let speaks_for_himself = has(Role::Writer) || alone || travels_with;
    (speaks_for_himself && (company > 0 || alone)).then_some(company + 1)
}

/// Whom the tokens from `at` on name, if anybody.
fn people_at(tokens: &[Token], at: usize) -> Option<People> {
    if let Some(to) = couple(tokens, at) {
        return Some(People::of(Role::Adult, 2, at..to));
    }
    if let Some((count, to)) = sum_of_figures(tokens, at) {
        return Some(People::of(Role::All, count, at..to));
    }
    if let Some(number) = number_at(tokens, at) {
        return counted(tokens, at, number);
    }
    if matches!(word(tokens, at), "alone" | "solo" | "соло" | "single")
        && word(tokens, at + 1) != "room"
    {
        return Some(People::of(Role::Alone, 1, at..at + 1));
    }
    let english = matches!(word(tokens, at), "just" | "only")
        && matches!(word(tokens, at + 1), "me" | "myself");
    let russian =
        matches!(word(tokens, at), "только" | "ток" | "тока") && word(tokens, at + 1) == "я";
    if english || (russian && is_stop_or_end(word(tokens, at + 2))) {
        return Some(People::of(Role::Alone, 1, at..at + 2));
    }
    let here = word(tokens, at);
    if let Some((count, to)) = after_its_noun(tokens, at) {
        let role = if is_any_child(here) {
            Role::Child
        } else if is_adult(here) || !is_headed(here) {
            Role::Adult
        } else {
            Role::All
        };
        return Some(People::of(role, count, at..to));
    }
    let (role, count) = role(here)?;
    if is_writer_in_passing(here) && !is_joined(tokens, at) {
        return None;
    }
    // «Сын второклассник», «в другом»
    let same_child = role == Role::Child && is_any_child(back(tokens, at, 1));
    if same_child || (here == "другом" && back(tokens, at, 1) == "в") {
        return None;
    }
    if let Some(count) = children_by_age(tokens, at).filter(|_| role == Role::Several) {
        return Some(People::of(Role::Child, count, at..at + 1));
    }
    let named_again = is_name(here) && !joins(back(tokens, at, 1));
    if named_again || (role != Role::Writer && stays_away(tokens, at)) {
        return None;
    }
    Some(People::of(role, count, at..at + 1))
}

/// «Без детей», «муж не едет», «у сына», «сын остаётся».
fn stays_away(tokens: &[Token], at: usize) -> bool {
    let before = match back(tokens, at, 1) {
        "моего" | "моей" | "моих" | "нашего" | "нашей" | "наших" => {
            back(tokens, at, 2)
        }
        before => before,
    };
    let (next, after) = (word(tokens, at + 1), word(tokens, at + 2));
    matches!(before, "без" | "у" | "от" | "к" | "про" | "не" | "without")
        || (next == "не" && begins(after, &["ед", "поед", "мо", "смож", "бер"]))
        || begins(
            next,
            &[
                "остан",
                "остае",
                "остаю",
                "сказал",
                "говор",
                "просил",
                "перев",
            ],
        )
}

/// «Мне и жене», «нам с мужем», «бабушку и меня».
fn is_joined(tokens: &[Token], at: usize) -> bool {
    let with = |word: &str| matches!(word, "с" | "со" | "with");
    let and = |word: &str| matches!(word, "и" | "and" | "+" | "плюс");
    let (before, next) = (back(tokens, at, 1), word(tokens, at + 1));
    let english = word(tokens, at) == "me" && (next == "," || role(next).is_some());
    let listed = english || (word(tokens, at) == "себя" && next == ",");
    let before = if matches!(before, "на" | "для" | "for") {
        back(tokens, at, 2)
    } else {
        before
    };
    let us = matches!(word(tokens, at), "нас" | "нам" | "us");
    with(next) || listed || (!us && (and(next) || and(before) || matches!(before, "с" | "со")))
}

/// For each token, whether its clause holds one of `words`; a clause ends where `ends` says.
fn marked_clauses(tokens: &[Token], words: &List, ends: impl Fn(&str) -> bool) -> Vec<bool> {
    let mut marked = Vec::with_capacity(tokens.len());
    for clause in tokens.split_inclusive(|token| ends(&token.word)) {
        let holds = clause.iter().any(|token| words.contains(&token.word));
        marked.resize(marked.len() + clause.len(), holds);
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::super::super::words::tokens;
    use super::*;

    fn number(text: &str) -> Option<u32> {
        guests(&tokens(text)).map(|found| found.value)
    }

    #[test]
    fn the_number_of_guests_is_read() {
        for (text, value) in [
            ("нас шестеро, два номера", 6),
            ("нас шесть, три комнаты", 6),
            ("шестером едем", 6),
            ("дюжина гостей", 12),
            ("два взрослых, ребёнок 5", 3),
            ("two adults, kids 9 and 13", 4),
            ("муж, я, сын 13 дочка 8", 4),
            ("вшестером, два номера", 6),
            ("нас экипаж - пять бортпроводниц", 5),
            ("Нас будет 7 программистов", 7),
            ("нас шесть девченок", 6),
            ("нас семь штук вместе со мной", 7),
            ("девять баб, пять номеров", 9),
            ("номера для шести совершеннолетних", 6),
            ("надо разместить семерых с одной роты", 7),
            ("примете пятерых?", 5),
            ("команда из девяти человек", 9),
            ("My team of eight", 8),
            ("Six altogether", 6),
            ("nine, counting my twins", 9),
            ("я с бабкой, дочь, зять и двое внучат", 6),
            ("в одном номере мы с женой и сын, в другом родители", 5),
            (
                "two rooms: in one my wife and I, in the other our son and daughter",
                4,
            ),
            ("жена, сват и я", 3),
            ("я, сестра, её муж и двое их детей", 5),
            ("взр 3 дет 2", 5),
            ("шесть мест надо", 6),
            ("Пятеро нас", 5),
            ("Итого шестеро", 6),
            ("нас7", 7),
            ("Семь человек нас", 7),
            ("восемь рыл на выходные", 8),
            ("9 душ", 9),
            ("девять врачей, четыре номера", 9),
            ("трое подруг", 3),
            ("Двое, без животных", 2),
            ("двое и такса", 2),
            ("двоих примете?", 2),
            ("5 человек по 4 человека", 20),
            ("2+1, кроватка нужна", 3),
            ("2+2", 4),
            ("мне и жене", 2),
            ("на меня и мужа", 2),
            ("на бабушку и меня", 2),
            ("для себя, мужа и внучки", 3),
            ("нам с мужем номер", 2),
            ("Собираемся с женой и тёщей", 3),
            ("хочу к вам с сыном-первоклашкой", 2),
            ("возьмёте меня с мамой?", 2),
            ("я, жена и двойняшки", 4),
            ("я, муж, мама и годовалый Лёва", 4),
            ("мы с мужем и дети 5 и 7 лет", 4),
            ("Состав: я, жена, дети — 9 и 3 лет", 4),
            ("я, жена, сын с невесткой и внучка 2 года", 5),
            ("нас четверо я муж и двое детей", 4),
            ("дети пятеро и мы двое", 7),
            ("мы с женой и наши двое (10 и 6 лет)", 4),
            ("папа, мама, девочка 6 лет и младенец", 4),
            ("мама, бабушка и ребенок 2023 г.р.", 3),
            ("я сын 8 лет второклассник и дочь", 3),
            ("мы вдвоём и мелкий", 3),
            ("Один, без процедур", 1),
            ("еду один", 1),
            ("один еду", 1),
            ("только я", 1),
            ("на одного", 1),
            ("для себя одной", 1),
            ("одно лицо, шесть ночей", 1),
            ("пара с йорком", 2),
            ("just me and my husband", 2),
            ("just me this time", 1),
            ("we'll be 6", 6),
            ("a room for us four", 4),
            ("my wife, me and four children", 6),
            ("нас было двое, а теперь пятеро", 5),
            ("посчитали на троих, а едем вдвоём", 2),
            ("муж не едет, только я и сын", 2),
        ] {
            assert_eq!(number(text), Some(value), "{text}");
        }
    }

    #[test]
    fn what_counts_others_states_none() {
        for text in [
            "Отец слёг, мы отказались",
            "Отменяем мы поездку, муж ногу сломал",
            "мне муж сказал",
            "у меня сын аллергик",
            "у меня трое детей",
            "муж не едет",
            "ребёнок ест за троих",
            "дома семеро по лавкам",
            "верните за 10 рабочих дней",
            "перенесите на 11-е",
            "до 10-го обещали, сегодня 18-е",
            "в номер 402 нас поселили",
            "врача 305!!",
            "номер один",
            "один номер",
            "одна кровать",
            "пара вопросов",
            "a couple of questions",
            "без детей",
            "приедут меня навестить четверо",
            "Дети разные",
            "дети 5 и 7 лет",
            "сестра звонила",
            "сыну 25, работает со мной",
            "моя дочь звонила вам вчера",
            "Трансфер от вокзала на шестерых сколько?",
            "зал для 30 человек есть?",
            "столик на шестерых в столовой бывает?",
            "вчера ходили вшестером на экскурсию",
            "в зале шесть мест",
            "кофе на двенадцать человек",
            "нас 10 процентов устроит",
            "бабки на бочку",
            "двухместный номер",
            "люкс на 2 этаже",
            "на двое суток",
            "10 процедур",
            "душ не работает",
            "лицо обгорело",
            "гостиница далеко?",
            "нас вчера залило",
            "я оплатила",
            "мы довольны",
            "со мной свяжитесь",
            "бронь 4512",
            "трое суток жду ответа",
            "вас двое там?",
            "двое из нас не едут",
            "+7 900 000-00-12",
            "room 12",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
    }
    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_count(text in "([0-9]{1,2}|нас|двое|по|человек|дети|сын|с|и|я|муж|один|на|[,.:(+-]| ){0,40}") {
            let _ = guests(&tokens(&text));
        }
    }
}
