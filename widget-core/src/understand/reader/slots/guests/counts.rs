//! Numbers and whom they count.

use super::People;
use super::people::{Role, counted_role, is_adult, is_any_child, is_anybody, is_headed, role};
use crate::understand::reader::numbers::{Form, Number, number_at};
use crate::understand::reader::slots::ages::said::{ages_at, may_follow_a_number};
use crate::understand::reader::slots::{back, begins, is_stop, word};
use crate::understand::reader::words::Token;
use crate::understand::reader::words::list::{List, Stems, list};

pub(super) const PAIRS: &List = list!["пары", "пар", "парами", "couples"];

/// May stand between «нас» and its number.
#[rustfmt::skip]
pub(super) const FILLERS: &List = list![
    "будет", "будем", "будут", "всего", "едет", "едем", "поедет", "поедем", "приедет", "приедем", "станет",
    "теперь", "сейчас", "уже", "примерно", "около", "где-то", "может", "быть", "наверное", "планируется",
    "итого", "получается", "вместе", "это", "нас", "да", "ну", "а", "-", "–", "—", ":", "собирается", "сумме", "в",
    "стало", "тогда", "то", "есть", "ровно", "соберется", "мужиков", "взрослых", "девочек", "мы", "и", "же",
    "только", "просто", "снова", "опять", "тут", "аж", "целых", "экипаж", "компания", "группа", "команда", "бригада", "семья",
    "семейство",
];

/// May stand between a number and whom it counts.
#[rustfmt::skip]
pub(super) const KINDS: &List = list![
    "семейные", "семейных",
    "маленьких", "маленькими", "их", "ее", "его", "своих", "наших", "моих", "моими", "нашими", "пожилых", "полных", "еще", "старших",
    "младших", "маленький", "наш", "мой", "small", "young", "little", "школьных", "лучших", "близких", "old",
];

/// What a bare number counts when it does not count people, by its beginning.
#[rustfmt::skip]
pub(super) const THINGS: &List = list![
    "январ", "феврал", "март", "апрел", "мая", "май", "мае", "июн", "июл", "август", "сентябр", "октябр",
    "ноябр", "декабр", "ноч", "сут", "дн", "день", "недел", "лет", "год", "мес", "тыс", "руб", "р", "т",
    "км", "м", "мин", "час", "утр", "вечер", "номер", "комнат", "раз", "этаж", "звезд", "процедур", "местн",
    "спальн", "кроват", "мест", "путев", "корпус", "люкс", "%", "₽", "night", "day", "week", "room", "year",
    "month", "may", "star", "bed",
];

/// A child; a number behind it is its age.
#[rustfmt::skip]
const ONE_CHILD: &List = list![
    "ребенок", "подросток", "малыш", "девочка", "мальчик", "сын", "дочь", "дочка", "внук", "внучка", "пацан", "школьник",
    "несовершеннолетний", "child", "kid", "son", "daughter", "boy", "girl",
];

/// A number and whom it counts.
pub(super) fn counted(tokens: &[Token], at: usize, number: Number) -> Option<People> {
    let Number { value, form, .. } = number;
    let end = at + number.tokens;
    if counts_no_travellers(tokens, at, number) {
        return None;
    }
    let noun = (end..tokens.len())
        .find(|next| !KINDS.contains(word(tokens, *next)))
        .unwrap_or(tokens.len());
    let named = word(tokens, noun);
    if form == Form::Collective && counts_our_children(tokens, at, end) {
        return Some(People::of(Role::Child, value, at..end));
    }
    if PAIRS.contains(named) {
        return Some(People::of(Role::Adult, value * 2, at..noun + 1));
    }
    if back(tokens, at, 1) == "по" {
        return in_groups(tokens, at, value, noun);
    }
    if is_anybody(named) {
        return travels(tokens, at, value, noun)
            .then(|| People::of(Role::All, value, at..noun + 1));
    }
    let one = value == 1 && form == Form::Cardinal;
    let role = counted_role(named)
        // «Один друг советовал»
        .filter(|role| !(one && *role == Role::Companion && word(tokens, at).starts_with("од")));
    if let Some(role) = role {
        let apart = form == Form::Collective && !has_writer_before(tokens, at);
        let whole = apart && role == Role::Companion;
        return Some(People::of(
            if whole { Role::All } else { role },
            value,
            at..noun + 1,
        ));
    }
    if one {
        return is_alone(tokens, at, end).then(|| People::of(Role::Alone, 1, at..end));
    }
    if counts_us_behind(tokens, at, end, value) {
        return Some(People::of(Role::All, value, at..end + 1));
    }
    let of_people = matches!(form, Form::Adverb | Form::Collective | Form::Oblique);
    let places = begins(word(tokens, end), &["мест"]) && is_in_all(tokens, end);
    if counts_things(tokens, end) && !places && !(of_people && is_stop_or_end(word(tokens, end))) {
        return None;
    }
    if (word(tokens, end), word(tokens, end + 1)) == ("of", "us") {
        return Some(People::of(Role::All, value, at..end + 2));
    }
    if counts_everybody(tokens, at, number) || is_in_all(tokens, end) {
        return Some(People::of(Role::All, value, at..end));
    }
    (is_ours(tokens, at) && is_a_trade(word(tokens, end)))
        .then(|| People::of(Role::All, value, at..end + 1))
}

/// "Six altogether", "seven in total", "nine, counting my twins".
fn is_in_all(tokens: &[Token], end: usize) -> bool {
    match (word(tokens, end), word(tokens, end + 1)) {
        ("altogether", _) | ("in", "total" | "all") => true,
        (",", next) => matches!(next, "counting" | "including" | "incl"),
        // «Шесть мест надо»
        ("мест" | "места", next) => {
            begins(next, &["надо", "нуж", "найд", "потреб", "остав"])
        }
        _ => false,
    }
}

/// «Нас пять бортпроводниц», «нас 7 программистов»: people by what they do, in the form that numbers want.
fn is_a_trade(word: &str) -> bool {
    [
        "ниц",
        "щиц",
        "иков",
        "телей",
        "еров",
        "оров",
        "истов",
        "нтов",
    ]
    .iter()
    .any(|ending| word.ends_with(ending) && word.chars().count() > ending.chars().count() + 2)
        && !begins(
            word,
            &[
                "процент",
                "страниц",
                "единиц",
                "метр",
                "литр",
                "размер",
                "номер",
            ],
        )
}

/// «Не пятеро», «ест за троих», «семеро по лавкам», «двое из нас не едут», «номер 305».
fn counts_no_travellers(tokens: &[Token], at: usize, number: Number) -> bool {
    let end = at + number.tokens;
    let digits = number.form == Form::Digits;
    // «Муж, я, сын 13 дочка 8»
    let age = number.value > 1
        && matches!(number.form, Form::Digits | Form::Cardinal)
        && ONE_CHILD.contains(back(tokens, at, 1))
        && is_any_child(word(tokens, end));
    let eats = begins(back(tokens, at, 2), &["ест", "едят", "ем", "пьет", "работ"]);
    is_denied(tokens, at)
        || age
        || serves(tokens, at)
        || (number.value >= 100 && digits && !is_headed(word(tokens, end)))
        || (eats && back(tokens, at, 1) == "за")
        || (word(tokens, end), word(tokens, end + 1)) == ("по", "лавкам")
        || (!digits && goes_not(tokens, end))
}

/// «Трансфер на шестерых», «зал для 30 человек»: for how many a thing is wanted, beside the stay.
fn serves(tokens: &[Token], at: usize) -> bool {
    const SERVICES: [&str; 12] = [
        "стол",
        "трансфер",
        "минив",
        "автобус",
        "такси",
        "зал",
        "кофе",
        "банкет",
        "экскурс",
        "transfer",
        "minivan",
        "taxi",
    ];
    matches!(back(tokens, at, 1), "на" | "для" | "for")
        && (2..6)
            .map(|steps| back(tokens, at, steps))
            .take_while(|word| !is_stop(word))
            .any(|word| {
                begins(word, &SERVICES) && !begins(word, &["залез", "залож", "столько", "столовая"])
            })
}

/// «2 семьи по 4 человека»
fn in_groups(tokens: &[Token], at: usize, value: u32, noun: usize) -> Option<People> {
    let from = at.checked_sub(3)?;
    let groups = number_at(tokens, from).filter(|groups| groups.tokens == 1)?;
    is_anybody(word(tokens, noun))
        .then(|| People::of(Role::All, value * groups.value, from..noun + 1))
}

/// «Один человек сказал» is no booking; «на одного человека» is.
fn travels(tokens: &[Token], at: usize, value: u32, noun: usize) -> bool {
    let before = back(tokens, at, 1);
    let alone = is_stop_or_end(before) && is_stop_or_end(word(tokens, noun + 1));
    value != 1
        || alone
        || matches!(
            before,
            "на" | "для" | "за" | "for" | "будет" | "only" | "только"
        )
}

/// «Пятеро нас»
fn counts_us_behind(tokens: &[Token], at: usize, end: usize, value: u32) -> bool {
    let before = back(tokens, at, 1);
    let of_other =
        begins(before, &["номер", "комнат", "корпус"]) || matches!(before, "в" | "до" | "с");
    let us = word(tokens, end) == "нас" && number_at(tokens, end + 1).is_none();
    us && value < 50 && !of_other
}

/// Whether a number without a noun counts all who travel.
fn counts_everybody(tokens: &[Token], at: usize, number: Number) -> bool {
    let end = at + number.tokens;
    let (before, next) = (back(tokens, at, 1), word(tokens, end));
    match number.form {
        Form::Adverb => true,
        Form::Oblique => {
            matches!(before, "на" | "для" | "за" | "из" | "нас" | "of")
                || begins(
                    before,
                    &[
                        "размест",
                        "посел",
                        "прим",
                        "прин",
                        "приют",
                        "засел",
                        "запиш",
                        "запис",
                    ],
                )
                || begins(next, &["прим", "возьм", "посел", "размест"])
        }
        Form::Collective => {
            let digits = word(tokens, at).starts_with(|c: char| c.is_ascii_digit());
            let told = matches!(
                before,
                "всего" | "итого" | "теперь" | "стало" | "уже" | "получается"
            );
            is_ours(tokens, at) || (!digits && (told || may_follow_a_number(next)))
        }
        Form::Digits | Form::Cardinal => {
            let total = matches!(before, "итого" | "total" | "=") && number.value < 50;
            ((total || is_ours(tokens, at)) && ends_there(tokens, end))
                || is_a_family(tokens, at)
                || (before == "нас" && tokens[at].glued)
        }
    }
}

/// «Взрослых: 2», «гостей 5», «детей — 1»: the number behind its noun. Ages are no number of children.
pub(super) fn after_its_noun(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    let here = word(tokens, at);
    let child = is_any_child(here);
    let marked = matches!(word(tokens, at + 1), ":" | "-" | "–" | "—" | "=");
    let companions =
        || role(here).is_some_and(|(role, _)| matches!(role, Role::Companion | Role::Several));
    if !(child || is_adult(here) || is_headed(here) || (marked && companions())) {
        return None;
    }
    let number_at_ = at + 1 + usize::from(marked);
    // «Взрослых 3, детей 2»; «дети 2» alone may be an age.
    let listed = (1..4).any(|steps| is_adult(back(tokens, at, steps)));
    if child && !marked && !listed {
        return None;
    }
    let number = number_at(tokens, number_at_)?;
    let end = number_at_ + number.tokens;
    let next = word(tokens, end);
    // «Взрослых 3, детей 2»: each noun has its own number behind it.
    let counts_others =
        counted_role(next).is_some() && !marked && number_at(tokens, end + 1).is_none();
    let ages = matches!(next, "и" | "and" | ",") && number_at(tokens, end + 1).is_some();
    // «Двое взрослых, ребёнок 5»; «ребёнок: 2» is a form that was filled in.
    let age = ONE_CHILD.contains(here) && number.value > 1 && word(tokens, at + 1) != ":";
    let counts_no_guests = age || counts_others || (child && ages) || counts_things(tokens, end);
    (!counts_no_guests).then_some((number.value, end))
}

/// «Нас 5», «нас будет пятеро», «мы впятером», «we are five», «there are 5».
pub(super) fn is_ours(tokens: &[Token], at: usize) -> bool {
    let first = (0..at)
        .rev()
        .find(|before| {
            let said = word(tokens, *before);
            // «Нас с детьми пятеро»
            let company = matches!(said, "с" | "со" | "with")
                || role(said).is_some_and(|(role, _)| role != Role::Writer);
            !FILLERS.contains(said) && !company
        })
        .map_or(0, |other| other + 1);
    let said: Vec<&str> = (first..at).map(|index| word(tokens, index)).collect();
    let of = first
        .checked_sub(1)
        .map_or("", |before| word(tokens, before));
    let digits = word(tokens, at).starts_with(|c: char| c.is_ascii_digit());
    let ours = said.contains(&"нас") && !(digits && of == "у");
    ours || of == "мы" && !digits
        || matches!(
            (back(tokens, at, 2), back(tokens, at, 1)),
            ("we", "are" | "r") | ("we'll", "be") | (_, "we're" | "us")
        )
}

/// «Двое из нас не едут».
pub(super) fn goes_not(tokens: &[Token], end: usize) -> bool {
    (end..end + 5)
        .take_while(|index| !is_stop_or_end(word(tokens, *index)))
        .any(|index| {
            word(tokens, index) == "не" && begins(word(tokens, index + 1), &["ед", "поед"])
        })
}

/// «Детей двое», «наши двое (10 и 6 лет)», «у меня трое (12, 9)».
pub(super) fn counts_our_children(tokens: &[Token], at: usize, end: usize) -> bool {
    let before = back(tokens, at, 1);
    let ours = matches!(
        before,
        "наши" | "мои" | "наших" | "моих" | "младшие" | "старшие"
    ) || (before == "меня" && word(tokens, end) == "(");
    ours || (!before.ends_with("ми")
        && is_any_child(before)
        && role(before).is_some_and(|(role, _)| role == Role::Several))
}

/// «Семья из пяти», «family of five».
pub(super) fn is_a_family(tokens: &[Token], at: usize) -> bool {
    matches!(
        (back(tokens, at, 2), back(tokens, at, 1)),
        (
            "семья"
                | "семьи"
                | "семьей"
                | "семьи,"
                | "компания"
                | "компанией"
                | "группа"
                | "команда"
                | "коллектив"
                | "бригада"
                | "экипаж",
            "из"
        ) | (
            "family" | "party" | "group" | "team" | "crew" | "bunch",
            "of"
        )
    )
}

/// After «нас 5» the sentence must not go on with what is counted.
pub(super) fn ends_there(tokens: &[Token], end: usize) -> bool {
    let next = word(tokens, end);
    may_follow_a_number(next)
        || matches!(
            next,
            "и" | "с"
                | "со"
                | "на"
                | "в"
                | "плюс"
                | "из"
                | "включая"
                | "штук"
                | "ртов"
                | "но"
                | "а"
                | "вместе"
                | "будет"
                | "едет"
                | "поедет"
                | "приедет"
                | "and"
                | "with"
                | "in"
        )
}

/// Nights, roubles, dates and the like, also behind a second number: «5 и 6 мая».
pub(in super::super) fn counts_things(tokens: &[Token], end: usize) -> bool {
    let is_thing = |index: usize| {
        let word = word(tokens, index);
        THINGS.any(word, |thing, rest| {
            thing.chars().count() > 2 || rest.is_empty() || thing == "дн"
        })
    };
    let hyphen = usize::from(word(tokens, end) == "-");
    if is_thing(end + hyphen) {
        return true;
    }
    let mark = word(tokens, end);
    // «Нас шесть, три комнаты»
    let apart =
        |index: usize| mark == "," && begins(word(tokens, index), &["номер", "комнат", "room"]);
    matches!(mark, "и" | "," | "-" | "–" | "—" | "по")
        && number_at(tokens, end + 1).is_some_and(|number| {
            let noun = end + 1 + number.tokens;
            is_thing(noun) && !apart(noun)
        })
}

/// «Не пятеро», «не 5 человек».
pub(super) fn is_denied(tokens: &[Token], at: usize) -> bool {
    at > 0 && matches!(word(tokens, at - 1), "не" | "not")
}

/// «Дети 5 и 7 лет», «с детьми (12, 9)»: as many as there are ages.
pub(super) fn children_by_age(tokens: &[Token], at: usize) -> Option<u32> {
    if !is_any_child(word(tokens, at)) {
        return None;
    }
    let marks = (at + 1..at + 4)
        .take_while(|index| {
            matches!(
                word(tokens, *index),
                "," | "(" | ":" | "-" | "–" | "—" | "наши" | "aged"
            )
        })
        .count();
    let ages = ages_at(tokens, at + 1 + marks)?;
    u32::try_from(ages.list.len())
        .ok()
        .filter(|count| *count > 1)
}

/// «2+1»: grown-ups and children.
pub(super) fn sum_of_figures(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    let small = |index: usize| {
        let here = word(tokens, index);
        (here.len() == 1)
            .then(|| here.parse::<u32>().ok())
            .flatten()
    };
    let first = small(at).filter(|_| back(tokens, at, 1) != "+" && word(tokens, at + 1) == "+")?;
    let second = small(at + 2)?;
    (!word(tokens, at + 3).starts_with(char::is_alphanumeric)).then_some((first + second, at + 3))
}

/// «Еду один», «на одного», «для одной», «один, без процедур».
pub(super) fn is_alone(tokens: &[Token], at: usize, end: usize) -> bool {
    let (before, next) = (back(tokens, at, 1), word(tokens, end));
    let stops = !next.starts_with(char::is_alphanumeric);
    let goes_on = stops
        || matches!(
            next,
            "с" | "со"
                | "и"
                | "на"
                | "без"
                | "в"
                | "я"
                | "от"
                | "дней"
                | "взрослый"
                | "гость"
                | "хочу"
                | "то"
                | "плюс"
        )
        || begins(next, &["ед", "поед", "приед", "буд", "заед"]);
    match word(tokens, at) {
        "один" | "одна" => {
            let starts = before.is_empty() || is_stop(before);
            let mine = matches!(
                before,
                "я" | "еду"
                    | "поеду"
                    | "приеду"
                    | "буду"
                    | "только"
                    | "ток"
                    | "тока"
                    | "опять"
                    | "снова"
                    | "едет"
                    | "всех"
                    | "себе"
                    | "хочу"
                    | "совсем"
                    | "поедет"
                    | "заеду"
                    | "взрослый"
                    | "приехать"
                    | "поехать"
            );
            let mine_behind = matches!(next, "я")
                || begins(next, &["еду", "поеду", "приеду", "буду", "едет", "поедет"]);
            let whole = starts && (stops || (at < 2 && matches!(next, "с" | "без" | "на" | "+")));
            (mine && goes_on) || mine_behind || whole
        }
        "одного" | "одной" | "одну" | "одному" => {
            (matches!(
                before,
                "на" | "для" | "себя" | "меня" | "мне" | "себе" | "сопровождения"
            ) && goes_on)
                || (matches!(next, "мне") && before.is_empty())
                || (word(tokens, at) == "одному" && is_stop_or_end(before) && stops)
        }
        _ => false,
    }
}

/// «Пара с йорком», «a couple with a toddler»; not «пара вопросов».
pub(super) fn couple(tokens: &[Token], at: usize) -> Option<usize> {
    let next = word(tokens, at + 1);
    let couple = matches!(
        word(tokens, at),
        "пара" | "паре" | "пару" | "парой" | "couple"
    );
    (couple && matches!(next, "с" | "со" | "из" | "with" | "," | "и" | "and")).then_some(at + 1)
}

pub(super) fn has_writer_before(tokens: &[Token], at: usize) -> bool {
    (1..=4).any(|steps| {
        matches!(
            back(tokens, at, steps),
            "я" | "мы" | "с" | "мне" | "меня" | "i" | "me" | "we"
        )
    })
}

pub(super) fn is_stop_or_end(word: &str) -> bool {
    word.is_empty() || !word.starts_with(char::is_alphanumeric)
}
