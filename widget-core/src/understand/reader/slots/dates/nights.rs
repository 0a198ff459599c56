//! The length of a stay: «на 7 ночей», «на неделю», «10 дней».

use super::super::{Found, back, begins, is_stop, span, word};
use super::meaning::is_done;
use crate::understand::reader::numbers::number_at;
use crate::understand::reader::words::Token;
use crate::understand::reader::words::list::{List, list};

/// How many words on either side of a length tell what it is of.
const NEAR: usize = 6;

/// No stay is longer, nights.
const LONGEST: u32 = 90;

/// In what a length is counted; what is further up is more exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    Nights,
    Days,
    Weeks,
}

/// A length that the tokens `from..to` name.
struct Length {
    nights: u32,
    unit: Unit,
    from: usize,
    to: usize,
}

/// Stems of words by which a length is not that of a stay to come.
#[rustfmt::skip]
const OTHER: &List = list![
    "жду", "ждем", "ждал", "жда", "ожида", "отвеча", "ответ", "молч", "назад", "прошл", "прошел", "прошед", "прош", "спустя", "продл",
    "продолж", "сдвин", "подвин", "смест", "смещ", "стоянк", "парков", "прокат", "автомоб", "перенес", "перенос", "передвин", "осталось", "остается", "болит", "болел", "болеет", "болею", "заболе", "температур",
    "опозд", "задерж", "верн", "возврат", "деньги", "действ", "раньше", "позже", "позднее", "дольше", "подольше", "лишн",
    "доплат", "дополнительн", "дополнит", "рабоч", "отдыхал", "был", "провел", "прожил", "пробыл", "пролеж", "лежал", "ездил", "лечил", "гостил",
    "жил", "беремен", "последни", "кажд", "сломан", "дозвон", "звон", "пиш", "писал", "обеща", "идет", "идут", "шли", "дойд", "поступ",
    "зачисл", "рассм", "операц", "исполн", "родил", "сгор", "extend", "extra", "wait", "refund", "reply", "answer", "ago", "within",
    "earlier", "later", "longer", "more", "stayed", "were", "was", "been", "already", "опаздыва", "застря", "пропал", "обрабат", "оформля", "миним", "добир", "пути", "дорог", "добав", "накин", "прихват", "увелич", "экстенд",
    "extens", "add", "takes", "lived", "needs", "lost", "hear", "working", "срок",
];

/// Before a length these bound, repeat or add: «через 10 дней», «ещё на 2 дня», «от 7 ночей».
#[rustfmt::skip]
const BOUNDS: &List = list![
    "через", "каждые", "каждую", "каждый", "раз", "от", "до", "минимум", "максимум", "больше", "более", "менее", "меньше", "не",
    "еще", "плюс", "+", "уже", "после", "прошло", "эту", "эти", "этой", "этих", "прошлую", "следующую", "всю", "последние",
    "первые", "первых", "вторые", "третьи", "in", "another", "every", "after", "next", "this", "last", "past", "least",
    "over", "течение", "течении", "since", "by", "of", "заезда", "takes", "ту", "вторую", "первую", "третью", "последнюю",
];

/// Behind a length these say that it is no length of a stay: «за 3 дня до», «5 дней назад».
const AFTER: &List = list![
    "до",
    "назад",
    "как",
    "спустя",
    "подряд",
    "before",
    "ago",
    "прошло",
    "прошла",
    "от",
    "отроду",
    "old",
    "перед",
    "после",
    "after",
    "попозже",
    "позже",
    "уже",
    "раньше",
    "пораньше",
    "вперед",
    "later",
    "earlier",
    "это",
    "ехать",
    "of",
];

/// May stand between «на» and the number.
#[rustfmt::skip]
const ABOUT: &List = list![
    "примерно", "около", "где-то", "целых", "всего", "ровно", "дней", "about", "around", "только", "хотя", "бы", "a", "the", "эдак",
    "полных", "одну", "full",
];

/// The number of nights.
pub(super) fn nights(tokens: &[Token]) -> Option<Found<u32>> {
    let mut best: Option<Length> = None;
    let mut at = 0;
    while at < tokens.len() {
        let Some(length) = length_at(tokens, at) else {
            at += 1;
            continue;
        };
        at = length.to;
        let better = best.as_ref().is_none_or(|best| length.unit < best.unit);
        if better && is_of_a_stay(tokens, &length) {
            best = Some(length);
        }
    }
    best.map(|length| Found {
        value: length.nights,
        span: span(tokens, length.from, length.to),
    })
}

/// The length that is named from token `at` on, if any.
fn length_at(tokens: &[Token], at: usize) -> Option<Length> {
    let here = word(tokens, at);
    let length = |count: u32, unit: Unit, to: usize| {
        let nights = match unit {
            Unit::Nights => count,
            Unit::Days => count - 1,
            Unit::Weeks => count * 7,
        };
        (1..=LONGEST).contains(&nights).then_some(Length {
            nights,
            unit,
            from: at,
            to,
        })
    };
    if let Some((count, end)) = count_at(tokens, at) {
        let noun = end + usize::from(matches!(word(tokens, end), "полных" | "целых" | "full"));
        let (unit, to) = unit_at(tokens, noun)?;
        return length(count, unit, to);
    }
    let (unit, end) = unit_at(tokens, at)?;
    // «Ночей пять», «дней на 10», «ночек 12».
    let plural = matches!(
        here,
        "ночей"
            | "ночек"
            | "дней"
            | "деньков"
            | "денечков"
            | "суток"
            | "недель"
            | "недельки"
            | "дня"
            | "ночи"
            | "ночки"
            | "ночеи"
            | "днеи"
    );
    let count_after = end
        + usize::from(matches!(
            word(tokens, end),
            "на" | ":" | "-" | "–" | "—" | "так"
        ));
    let count_after = count_after + usize::from(word(tokens, count_after) == "на");
    if plural
        && let Some((count, to)) = count_at(tokens, count_after)
        && unit_at(tokens, to).is_none()
        && !counts_people(word(tokens, to))
    {
        return length(count, unit, to);
    }
    let one = match unit {
        Unit::Weeks => matches!(
            here,
            "неделю"
                | "недельку"
                | "неделя"
                | "неделька"
                | "недельку-другую"
                | "ниделю"
                | "неделечку"
                | "week"
        ),
        Unit::Nights => matches!(here, "сутки" | "ночку") || here == "night" && onto(tokens, at),
        Unit::Days => false,
    };
    let wanted = matches!(
        back(tokens, at, 1),
        "нужна" | "любая" | "любую" | "хотя" | "нужно" | "надо"
    );
    (one && (onto(tokens, at) || wanted || says_only_this(tokens, at, end)))
        .then(|| length(1, unit, end))
        .flatten()
}

/// A number of days; no range of them, which names no length.
fn count_at(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    let here = word(tokens, at);
    let dash = |at: usize| matches!(word(tokens, at), "-" | "–" | "—");
    let is_number = |at: usize| number_at(tokens, at).is_some();
    if dash(at.wrapping_sub(1))
        && at >= 2
        && tokens[at].glued
        && word(tokens, at - 2).starts_with(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    if matches!(here, "пару" | "пара" | "couple") {
        let of = usize::from(word(tokens, at + 1) == "of");
        // «Пара дней» are some days.
        let exact = begins(
            word(tokens, at + 1 + of),
            &["ноч", "сут", "недел", "night", "week"],
        );
        return exact.then_some((2, at + 1 + of));
    }
    let number = number_at(tokens, at)?;
    let end = at + number.tokens;
    // «2 или 3 ночи», «две-три ночи» (one word, and no number).
    let either = matches!(word(tokens, end), "или" | "либо" | "or") && is_number(end + 1);
    let or = matches!(back(tokens, at, 1), "или" | "либо" | "or") && at >= 2 && is_number(at - 2);
    (!either && !or).then_some((number.value, end))
}

/// What is counted, and where its name ends.
fn unit_at(tokens: &[Token], at: usize) -> Option<(Unit, usize)> {
    let here = word(tokens, at);
    let is_nights = begins(
        here,
        &[
            "ночь",
            "ночи",
            "ночей",
            "ночий",
            "ноче",
            "ночк",
            "сутк",
            "суток",
            "суточ",
            "night",
        ],
    ) && !here.contains("ва")
        && !here.ends_with("ам");
    let is_days = matches!(
        here,
        "день"
            | "дня"
            | "дней"
            | "дни"
            | "дн"
            | "деньков"
            | "денька"
            | "денечков"
            | "денечка"
            | "днeй"
            | "деней"
            | "днеи"
            | "days"
            | "day"
    );
    let is_weeks = begins(here, &["недел", "нидел", "неделечк", "week"])
        && !matches!(here, "неделе" | "недельный" | "weekend" | "weekends")
        || here == "нед";
    let unit = if is_nights {
        Unit::Nights
    } else if is_days {
        Unit::Days
    } else if is_weeks {
        Unit::Weeks
    } else {
        return None;
    };
    Some((unit, at + 1))
}

fn counts_people(word: &str) -> bool {
    begins(
        word,
        &[
            "чел",
            "взр",
            "дет",
            "реб",
            "гост",
            "номер",
            "комн",
            "мая",
            "июн",
            "июл",
            "авг",
            "янв",
            "фев",
            "мар",
            "апр",
            "сен",
            "окт",
            "ноя",
            "дек",
        ],
    )
}

/// «На», «for», and what may stand behind them.
fn onto(tokens: &[Token], at: usize) -> bool {
    (1..=4)
        .map(|steps| back(tokens, at, steps))
        .find(|word| !ABOUT.contains(word))
        .is_some_and(|word| matches!(word, "на" | "for"))
}

/// A part of the sentence that says hardly more: «неделя, без лечения», «да, недельку».
fn says_only_this(tokens: &[Token], from: usize, to: usize) -> bool {
    let stops = |word: &str| word.is_empty() || is_stop(word);
    stops(back(tokens, from, 1))
        && (stops(word(tokens, to))
            || matches!(word(tokens, to), "с" | "без" | "бы" | "в" | "на" | "для"))
}

/// Whether the length is that of a stay to come.
fn is_of_a_stay(tokens: &[Token], length: &Length) -> bool {
    let bounded = (1..=2).any(|steps| {
        let before = back(tokens, length.from, steps);
        let between = back(tokens, length.from, 1);
        let reaches =
            steps == 1 || between == "на" || ABOUT.contains(between) || begins(between, &["чем"]);
        reaches && BOUNDS.contains(before)
    });
    let before = back(tokens, length.from, 1);
    // «За неделю» is ahead of something; «3 раза в день» repeats.
    let ahead = before == "за" && !about_price(tokens, length);
    let repeats = matches!(before, "в" | "per") && length.to == length.from + 1;
    let next = word(tokens, length.to);
    // «В 2 ночи», «два ночи»: an hour.
    let hour = word(tokens, length.to - 1) == "ночи"
        && (matches!(before, "в" | "к" | "около" | "с" | "часа")
            || word(tokens, length.from) == "два");
    // «Десять дней терпели»
    let lasted = !onto(tokens, length.from) && around(tokens, length).any(is_done);
    let pregnancy = begins(next, &["берем", "жизн"]);
    let bounded =
        bounded || hour || lasted || ahead || repeats || pregnancy || AFTER.contains(next);
    !bounded && !around(tokens, length).any(|word| begins(word, OTHER))
}

fn about_price(tokens: &[Token], length: &Length) -> bool {
    around(tokens, length).any(|word| {
        begins(
            word,
            &[
                "сколько",
                "стои",
                "цен",
                "почем",
                "руб",
                "выйдет",
                "price",
                "cost",
            ],
        )
    })
}

/// The words near the length in its part of the sentence.
fn around<'a>(tokens: &'a [Token], length: &Length) -> impl Iterator<Item = &'a str> {
    let furthest = length.from.saturating_sub(NEAR);
    let first = (furthest..length.from)
        .rev()
        .find(|at| is_stop(word(tokens, *at)))
        .map_or(furthest, |at| at + 1);
    let last = (length.to..tokens.len().min(length.to + NEAR))
        .find(|at| is_stop(word(tokens, *at)))
        .unwrap_or(tokens.len().min(length.to + NEAR));
    (first..length.from)
        .chain(length.to..last)
        .map(|at| word(tokens, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::reader::words::tokens;

    fn read(text: &str) -> Option<u32> {
        nights(&tokens(text)).map(|found| found.value)
    }

    #[test]
    fn the_length_of_a_stay_is_read() {
        let mut wrong = Vec::new();
        for (text, nights) in [
            ("на 7 ночей", 7),
            ("7 ночей", 7),
            ("номер на семь ночей", 7),
            ("ночей пять", 5),
            ("ночек 12", 12),
            ("ночей: 6", 6),
            ("на три ночки", 3),
            ("на одну ночь", 1),
            ("на пару ночей", 2),
            ("14 ночь", 14),
            ("на4 ночи", 4),
            ("шесть ночей хватит", 6),
            ("на неделю", 7),
            ("на недельку в апреле", 7),
            ("неделя", 7),
            ("Недельку, не больше", 7),
            ("два стандарта, неделя", 7),
            ("на две недели", 14),
            ("2 недели", 14),
            ("на 3 нед", 21),
            ("на пару недель", 14),
            ("10 дней", 9),
            ("да, 10 дней", 9),
            ("на десять дней", 9),
            ("дней на 10", 9),
            ("дней десять", 9),
            ("на примерно 10 дней", 9),
            ("10 дней с лечением", 9),
            ("21 день", 20),
            ("5 суток", 5),
            ("на двое суток", 2),
            ("на сутки", 1),
            ("3 ночи/4 дня", 3),
            ("4 дня/3 ночи", 3),
            ("5 дней, 4 ночи", 4),
            ("на неделю без одного дня, то есть шесть ночей", 6),
            ("на 2 дня с одной ночевкой", 1),
            ("сколько стоит за 7 ночей?", 7),
            ("for a week", 7),
            ("for two weeks", 14),
            ("10 nights", 10),
            ("about 10 days", 9),
            ("for one night", 1),
            ("nedelyu, na 7 nochei", 7),
            ("с 10 мая на 10 дней", 9),
            ("дня на три", 2),
            ("нужна неделя без процедур", 7),
            ("путёвка на 14 дней", 13),
        ] {
            let read = read(text);
            if read != Some(nights) {
                wrong.push(format!("{text}: {read:?}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn what_is_no_length_of_a_stay_states_none() {
        let mut wrong = Vec::new();
        for text in [
            "",
            "через 10 дней",
            "через неделю приедем",
            "за 3 дня до заезда",
            "за неделю до заезда",
            "10 дней назад",
            "неделю назад",
            "третий день не отвечаете",
            "3 дня не отвечаете",
            "сутки не отвечают",
            "жду уже 2 дня",
            "неделю жду",
            "деньги идут 5 дней",
            "возврат в течение 10 дней",
            "10 рабочих дней",
            "продлить на 2 дня",
            "продлите нам на сутки",
            "можно ещё на 2 ночи?",
            "ещё 3 дня",
            "перенести на неделю",
            "сдвиньте на 2 дня",
            "на 2 дня позже",
            "останемся на день дольше",
            "на следующей неделе",
            "на этой неделе",
            "прошлую неделю",
            "2-3 дня",
            "7-10 дней",
            "7 или 8 ночей",
            "от 7 ночей скидка?",
            "минимум 3 ночи?",
            "каждые 2 дня",
            "3 раза в день",
            "раз в неделю",
            "отдыхали у вас 10 дней",
            "были у вас неделю",
            "болит 5 дней",
            "20 недель беременности",
            "малышу 10 дней от роду",
            "температура 3 дня",
            "осталось 5 дней",
            "ссылка действует 3 дня",
            "добрый день",
            "спокойной ночи",
            "весь день",
            "до заезда 5 дней",
            "2 days ago",
            "in 3 days",
            "we have been waiting for a week",
            "extend for 2 nights",
            "next week",
            "have a nice day",
            "заселят в два ночи?",
            "два ночи, я на улице",
            "десять дней терпели",
            "двое суток ехать к вам",
            "двое суток это минимум?",
            "since 2 days",
            "add two nights",
            "5 мая",
        ] {
            if let Some(nights) = read(text) {
                wrong.push(format!("{text}: {nights}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
