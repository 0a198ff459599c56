//! Whether a date is one of a stay to come, or of a payment, an illness, a birth, a stay that is over.

use super::super::{back, begins, is_stop, months, word};
use super::written::is_departure;
use crate::understand::reader::numbers::number_at;
use crate::understand::reader::words::Token;
use crate::understand::reader::words::list::{List, list};

/// No more words than these are looked at on either side of a date.
const NEAR: usize = 10;

/// What the words around a date speak of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    /// A stay to come.
    Stay,
    /// Money: its day is no day of a stay, but it may be paid for one.
    Money,
    /// Something done: its day is over, but it may be done for a stay: «купили путёвку на май».
    Deed,
    /// Anything else.
    Other,
}

/// Stems of words that speak of a stay to come.
#[rustfmt::skip]
const STAY: &List = list![
    "заезд", "заезж", "заед", "заехат", "приезд", "приезж", "приед", "приехат", "прибы", "прибу", "еду", "едем",
    "едет", "поед", "поехат", "ехат", "хочу", "хочет", "хоти", "хотел", "план", "собира", "брон", "заброн", "свобод",
    "мест", "номер", "комнат", "путев", "люкс", "отдохнуть", "отдохнут", "отдохнем", "останов", "остан", "пожит", "погост", "засел", "заказ",
    "запис", "заявк", "нужн", "надо", "ищ", "возьм", "берем", "беру", "прим", "приют", "размест", "подсел", "перенес",
    "перенос", "передвин", "сдвин", "двига", "переселите", "ночев", "переноч", "ночь", "ночей", "ночи", "сутк", "сколько",
    "почем", "стоит", "стоимост", "цен", "рассчит", "посчит", "дата", "даты", "датам", "датах", "период", "повтор",
    "вырват", "выбрат", "реши", "надума", "собрал", "мечта", "night", "влез", "сбеж", "провест", "встретит", "arriv", "come", "coming", "stay", "room", "avail", "check-in", "checkin", "need", "want", "look",
    "vacan", "visit", "like", "plan", "reserv", "book", "free", "spots", "places",
];

/// Stems of words that speak of a journey to come and of nothing else.
#[rustfmt::skip]
const TRAVELS: &List = list![
    "едем", "еду", "едет", "поед", "приед", "заедем", "заеду", "заезжа", "прибу", "прибыва", "хотим", "хочу", "заезд",
];

/// Stems of words that speak of money.
#[rustfmt::skip]
const MONEY: &List = list![
    "оплат", "оплач", "плат", "заплат", "перевел", "перевод", "перевед", "внес", "внос", "скинул", "деньг", "списа",
    "чек", "квитанц", "возврат", "верн", "счет", "договор", "перечисл", "погас", "предоплат", "аванс", "заплач", "упла", "рассчитаюсь", "рассчитаем", "сумм", "акт", "справк", "вычет", "tax", "deposit", "зарплат", "пенси", "получк", "salary", "закрывающ", "датир", "paid", "pay",
    "transferred", "refund", "receipt", "invoice",
];

/// Stems of words by which a date is of something else.
#[rustfmt::skip]
const OTHER: &List = list![
    "отдыхал", "бывал", "ездил", "прожил", "лежал", "лечил", "гостил", "приезжал", "заезжал", "приехал", "заехал",
    "выехал", "уехал", "вернул", "провел", "провод", "съезди", "останавливал", "посещал", "познаком", "жил", "родил",
    "рожден", "рожд", "исполн", "стукн", "день-рождени", "болит", "боле", "заболе", "операц", "инсульт", "инфаркт",
    "травм", "сломал", "перелом", "прооперир", "обостр", "выписал", "погод", "тепл", "холодн", "купа", "снег",
    "работает", "работаете", "открыт", "цвет", "концерт", "отвечу", "ответим", "жду", "ждем", "ждал", "отвеча", "ответ", "молч", "дозвон",
    "звони", "позвон", "перезвон", "напиш", "писал", "написал", "отправ", "присла", "пришл", "обещал", "отзыв", "заявлен", "подан", "поздрав", "отмен", "отказ", "аннулир", "продл", "задерж", "вышл", "конча", "законч", "сравня", "ходит", "турнир", "соревнован", "cancel", "extend", "extens", "works", "tournament", "depart", "taken", "rather", "longer",
    "наступающ", "скажу", "сказал", "решу", "решим", "узна", "свяж", "действ", "сгор", "born", "birthday",
    "surgery", "turn", "waiting", "call", "answer", "reply", "send", "sent", "visited", "wrote",
];

/// Whole words of the same.
const OTHERS: &List = list![
    "был",
    "была",
    "были",
    "было",
    "др",
    "д.р",
    "праздником",
    "праздничком",
    "were",
    "was",
    "been",
    "stayed",
    "left",
];

/// Before a date these make it a bound, a repetition or a past: «до 5 мая», «от 5 мая», «прошлым летом».
#[rustfmt::skip]
const BOUNDS: &List = list![
    "до", "по", "от", "после", "перед", "кроме", "позже", "раньше", "вместо", "не", "улица", "улице", "улицы", "ул",
    "площадь", "until", "till", "by", "before", "after", "since", "last", "past", "every", "not", "instead", "каждое",
    "каждый", "каждую", "каждого", "следующую", "следующие", "следующих", "следующий", "следующее", "кабинет", "дом", "корпус",
];

/// Before a date these say that it is of what is paid for: «оплатил за 5 мая».
#[rustfmt::skip]
const PAID_FOR: &List = list!["на", "с", "со", "за", "c", "from", "for", "заезд", "заезда", "заездом", "прибытие"];

/// Whether the date at the tokens `from..to` may be one of a stay. `range`: it has a beginning and an end.
pub(super) fn is_of_a_stay(tokens: &[Token], from: usize, to: usize, range: bool) -> bool {
    let before = match back(tokens, from, 1) {
        "the" | "самого" | "самый" | "самом" => back(tokens, from, 2),
        before => before,
    };
    let bound = BOUNDS.contains(before) && !(range && before == "по");
    if bound || is_past(before) || is_past(back(tokens, from, 2)) || tells_an_age(tokens, from, to)
    {
        return false;
    }
    if wishes_well(tokens, from, to) {
        return false;
    }
    match nearest(tokens, from, to) {
        None | Some(About::Stay) => true,
        Some(About::Money | About::Deed) => range || PAID_FOR.contains(before),
        Some(About::Other) => false,
    }
}

/// Whether «завтра», «в субботу» and the like are of a stay, which they mostly are not: the sentence speaks of a stay
/// and of nothing else, or has no more than `most` words beside.
pub(super) fn is_surely_of_a_stay(tokens: &[Token], from: usize, to: usize, most: usize) -> bool {
    if !is_of_a_stay(tokens, from, to, true) {
        return false;
    }
    let first = start(tokens, from, ends_sentence);
    let last = end(tokens, to, ends_sentence);
    // «Едем в августе»
    if begins(back(tokens, from, 2), TRAVELS) {
        return true;
    }
    // «Есть что на завтра?»
    let offered =
        back(tokens, from, 1) == "на" && (first..from).any(|at| word(tokens, at) == "есть");
    let asks = word(tokens, last) == "?";
    let said = || (first..from).chain(to..last);
    let about = |about: About| said().any(|at| about_at(tokens, at) == Some(about));
    let words = said()
        .filter(|at| word(tokens, *at).starts_with(char::is_alphanumeric))
        .count();
    let only = !about(About::Money) && !about(About::Other);
    only && (about(About::Stay) || words <= most && !asks || offered)
}

/// Whether the date is that of the departure: «выезд 12 мая».
pub(super) fn departs(tokens: &[Token], from: usize) -> bool {
    (1..=3).any(|steps| is_departure(back(tokens, from, steps)))
}

/// The nearest word that tells, before the date or else after it, within its part of the sentence.
fn nearest(tokens: &[Token], from: usize, to: usize) -> Option<About> {
    let first = start(tokens, from, is_stop);
    let last = end(tokens, to, is_stop);
    (first..from)
        .rev()
        .chain(to..last)
        .find_map(|at| about_at(tokens, at))
}

fn about_at(tokens: &[Token], at: usize) -> Option<About> {
    let wished = [back(tokens, at, 1), word(tokens, at + 1)]
        .iter()
        .any(|near| matches!(*near, "бы" | "б"));
    let about = about(word(tokens, at));
    // «Приехали бы».
    if wished && matches!(about, Some(About::Other | About::Deed)) {
        return Some(About::Stay);
    }
    about
}

fn about(word: &str) -> Option<About> {
    if begins(word, &["чек-ин", "чекин"]) {
        Some(About::Stay)
    } else if OTHERS.contains(word) || begins(word, OTHER) {
        Some(About::Other)
    } else if begins(word, MONEY) {
        Some(About::Money)
    } else if begins(word, STAY) {
        Some(About::Stay)
    } else if is_done(word) {
        Some(About::Deed)
    } else {
        None
    }
}

/// Where the part of the text that `at` stands in begins; no further than the words nearby.
fn start(tokens: &[Token], at: usize, is_end: fn(&str) -> bool) -> usize {
    let furthest = at.saturating_sub(NEAR);
    (furthest..at)
        .rev()
        .find(|index| is_end(word(tokens, *index)))
        .map_or(furthest, |index| index + 1)
}

/// Where it ends.
fn end(tokens: &[Token], at: usize, is_end: fn(&str) -> bool) -> usize {
    let furthest = tokens.len().min(at + NEAR);
    (at..furthest)
        .find(|index| is_end(word(tokens, *index)))
        .unwrap_or(furthest)
}

fn ends_sentence(word: &str) -> bool {
    is_stop(word) && !matches!(word, "," | "(" | ")")
}

fn is_past(word: &str) -> bool {
    begins(word, &["прошл", "позапрошл", "минувш", "прошед"]) || word == "last"
}

/// Stems of verbs whose past is a wish: «хотели бы», «решили».
#[rustfmt::skip]
const WISHES: &List = list!["хоте", "дума", "надума", "плани", "реши", "мечта", "собира", "собра", "жела"];

/// Words that end like a verb of the past.
#[rustfmt::skip]
const NO_VERBS: &List = list![
    "если", "зала", "села", "дела", "неужели", "материал", "персонал", "недели", "филиала", "сначала", "начала", "школа",
    "вокзал", "вокзала", "канал", "журнал", "скала", "автомобили", "угла", "зла",
];

/// A verb of the past, by its ending: «терпели», «оставила».
pub(super) fn is_done(word: &str) -> bool {
    const ENDINGS: [&str; 3] = ["л", "ла", "ли"];
    let stem = word.strip_suffix("сь").or(word.strip_suffix("ся"));
    let stem = stem.unwrap_or(word);
    let ends = |ending: &str| {
        let before = stem.strip_suffix(ending);
        before
            .is_some_and(|stem| stem.ends_with(['а', 'е', 'и', 'о', 'у', 'ы', 'я', 'г', 'ш', 'з']))
    };
    let verb = word.chars().count() > 3
        && word.starts_with(crate::understand::reader::words::is_cyrillic)
        && ENDINGS.iter().any(|ending| ends(ending));
    verb && !begins(word, WISHES) && !NO_VERBS.contains(word)
}

/// «В апреле будет 5», «три будет в марте», «им три в августе было».
fn tells_an_age(tokens: &[Token], from: usize, to: usize) -> bool {
    let first = start(tokens, from, is_stop);
    let last = end(tokens, to, is_stop);
    let ours = (first..last).any(|at| matches!(word(tokens, at), "нас" | "we" | "us"));
    let turns = |at: usize| {
        matches!(
            word(tokens, at),
            "будет"
                | "было"
                | "стукнет"
                | "стукнуло"
                | "станет"
                | "be"
                | "becomes"
                | "будут"
        )
    };
    let child = begins(
        back(tokens, from, 3),
        &[
            "сын",
            "доч",
            "внук",
            "внуч",
            "реб",
            "малыш",
            "ему",
            "ей",
            "скоро",
            "двойняш",
            "младш",
            "старш",
            "мелк",
        ],
    );
    if child && is_age(tokens, from.saturating_sub(2)) {
        return true;
    }
    !ours
        && (first..last)
            .any(|at| turns(at) && (is_age(tokens, at + 1) || at > 0 && is_age(tokens, at - 1)))
}

/// A number that counts no people and nights, and is none of the date.
fn is_age(tokens: &[Token], at: usize) -> bool {
    number_at(tokens, at).is_some_and(|number| {
        let next = word(tokens, at + number.tokens);
        let counts = begins(
            next,
            &[
                "чел",
                "взр",
                "гост",
                "люд",
                "ноч",
                "сут",
                "дн",
                "номер",
                "pe",
                "guest",
                "adult",
            ],
        );
        number.value < 18 && !counts && months::named(next).is_none()
    })
}

/// «С 8 марта вас!»
fn wishes_well(tokens: &[Token], from: usize, to: usize) -> bool {
    let with = matches!(back(tokens, from, 1), "с" | "со");
    let addressed = matches!(
        word(tokens, to),
        "вас" | "тебя" | "девочки" | "девушки" | "всех"
    );
    let alone = from <= 1 && word(tokens, to) == "!";
    let congratulates = begins(back(tokens, from, 2), &["поздрав", "праздник"]);
    with && (addressed || alone || congratulates)
}
