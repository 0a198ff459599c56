//! The number of guests.
//!
//! A text is cut into groups of people that belong together: «двое взрослых и 3 ребёнка», «мы с мужем и двое детей».
//! Each group is summed up on its own, and the largest wins: a guest who counts too many is handed to a person, one
//! who counts too few would be booked wrong.

use super::super::numbers::{Form, Number, Token, number_at};
use super::span;

/// A number of guests, and where it was read.
pub(super) struct Guests {
    pub value: u32,
    pub span: (u32, u32),
}

/// Whom a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Everybody: «пятеро», «5 человек».
    All,
    Adult,
    Child,
    /// Somebody beside the writer: «с мужем».
    Companion,
    /// The writer: «я», «мы».
    Writer,
    /// The writer without company, unless some is named: «еду один».
    Alone,
    /// Several of whom the number is not said: «с детьми».
    Several,
}

/// People named at the tokens `from..to`.
struct People {
    role: Role,
    count: u32,
    from: usize,
    to: usize,
}

/// How people are joined to those named before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    /// They come on top: «и», «плюс».
    And,
    /// They may be among them: a comma, «с».
    Perhaps,
    /// They are among them: «из них», a colon.
    Among,
}

#[rustfmt::skip]
const ALL: &[&str] = &[
    "человек", "человека", "чел", "людей", "гость", "гостя", "гостей", "персон", "персоны", "персона",
    "отдыхающих", "отдыхающий", "people", "persons", "person", "guests", "guest", "pax",
];

#[rustfmt::skip]
const ADULT: &[&str] = &[
    "взрослых", "взрослые", "взрослый", "взрослого", "взрослыми", "взр", "пенсионера", "пенсионеров",
    "женщины", "женщин", "женщина", "мужчины", "мужчин", "мужчина", "девушки", "девушек", "adults", "adult",
];

#[rustfmt::skip]
const CHILD: &[&str] = &[
    "девочка", "девочкой", "мальчик", "мальчика", "мальчиком",
    "ребенок", "ребенка", "ребенком", "малыш", "малыша", "малышом", "подросток", "подростка", "подростком",
    "младенец", "младенца", "младенцем", "сын", "сына", "сыном", "дочь", "дочка", "дочери", "дочки",
    "дочерью", "дочкой", "внук", "внука", "внуком", "внучка", "внучки", "внучкой", "реб", "child", "kid",
    "baby", "infant",
];

/// With a number they count; without one nobody knows how many they are.
#[rustfmt::skip]
const CHILDREN: &[&str] = &[
    "девочки", "девочек", "девочками", "мальчики", "мальчиков", "мальчиками",
    "детей", "дети", "детьми", "деток", "детки", "детками", "дет", "малышей", "малышами", "подростков",
    "подростками", "сыновей", "сыновьями", "дочерей", "дочками", "внуков", "внуками", "внучек", "внучками",
    "children", "kids",
];

#[rustfmt::skip]
const COMPANION: &[&str] = &[
    "муж", "мужем", "мужа", "жена", "женой", "супруг", "супругом", "супруга", "супругой", "мама", "мамой",
    "папа", "папой", "отец", "отцом", "мать", "матерью", "брат", "братом", "брата", "сестра", "сестрой",
    "сестры", "подруга", "подругой", "подруги", "друг", "другом", "друга", "бабушка", "бабушкой", "бабушки",
    "дедушка", "дедушкой", "теща", "тещей", "свекровь", "свекровью", "тетя", "тетей",
];

#[rustfmt::skip]
const COMPANIONS: &[&str] = &[
    "друзья", "друзей", "друзьями", "подруг", "подругами", "сестер", "сестрами", "братьев", "братьями",
    "коллег", "коллегами", "бабушек",
];

const PAIRS: &[&str] = &["пары", "пар", "парами", "couples"];

const PARENTS: &[&str] = &["родители", "родителями", "родителей"];

/// May stand between «нас» and its number.
#[rustfmt::skip]
const FILLERS: &[&str] = &[
    "будет", "будем", "будут", "всего", "едет", "едем", "поедет", "поедем", "приедет", "приедем", "станет",
    "теперь", "сейчас", "уже", "примерно", "около", "где-то", "может", "быть", "наверное", "планируется",
    "итого", "получается", "вместе", "это", "нас", "да", "ну", "а", "-", "–", "—", ":",
];

/// May stand between a number and whom it counts.
#[rustfmt::skip]
const KINDS: &[&str] = &[
    "семейные", "семейных",
    "маленьких", "маленькими", "наших", "моих", "моими", "нашими", "пожилых", "полных", "еще", "старших",
    "младших", "маленький", "наш", "мой", "small", "young", "little",
];

/// The writer's own journey: only with it «с мужем» counts.
#[rustfmt::skip]
const JOURNEY: &[&str] = &[
    "еду", "едем", "поеду", "поедем", "приеду", "приедем", "заеду", "заедем", "поехать", "приехать",
    "заехать", "отдохнуть", "отдыхать", "заселиться",
];

/// What a bare number counts when it does not count people, by its beginning.
#[rustfmt::skip]
const THINGS: &[&str] = &[
    "январ", "феврал", "март", "апрел", "мая", "май", "мае", "июн", "июл", "август", "сентябр", "октябр",
    "ноябр", "декабр", "ноч", "сут", "дн", "день", "недел", "лет", "год", "мес", "тыс", "руб", "р", "т",
    "км", "м", "мин", "час", "утр", "вечер", "номер", "комнат", "раз", "этаж", "звезд", "процедур", "местн",
    "спальн", "кроват", "мест", "путев", "корпус", "люкс", "%", "₽", "night", "day", "week", "room", "year",
    "month", "may", "star", "bed",
];

/// Speaks of something else than this journey.
#[rustfmt::skip]
const ELSEWHERE: &[&str] = &[
    "посоветовали", "советовали", "рекомендовали", "сказали",
    "было", "были", "был", "была", "очереди", "очередь", "вмещает", "вмещаются", "вместимость", "рассчитан",
    "рассчитана", "раньше", "персонал", "персонала", "were", "was",
];

/// The number of guests that the text states.
pub(super) fn guests(tokens: &[Token]) -> Option<Guests> {
    let elsewhere = marked_clauses(tokens, ELSEWHERE, is_stop);
    let journey = marked_clauses(tokens, JOURNEY, |word| is_stop(word) && word != ",");
    let mut best: Option<Guests> = None;
    let mut group: Vec<(Link, People)> = Vec::new();
    let mut settle = |group: &[(Link, People)]| {
        if let Some(value) = sum(tokens, group, &journey)
            && best.as_ref().is_none_or(|best| best.value < value)
        {
            let to = group.last().map_or(1, |(_, people)| people.to);
            let from = group.first().map_or(0, |(_, people)| people.from);
            best = Some(Guests {
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
        let link = group
            .last()
            .and_then(|(_, before)| link(&tokens[before.to..people.from]));
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
            .map(|(_, people)| people.count)
            .sum();
        return Some(group[all].1.count + more);
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
    let company = count(&[Role::Companion, Role::Child]);
    let speaks_for_himself = matches!(first.role, Role::Writer | Role::Alone)
        || (first.from > 0
            && matches!(word(tokens, first.from - 1), "с" | "со")
            && journey[first.from]);
    (speaks_for_himself && (company > 0 || first.role == Role::Alone)).then_some(company + 1)
}

/// Whom the tokens from `at` on name, if anybody.
fn people_at(tokens: &[Token], at: usize) -> Option<People> {
    let people = |role, count, to| {
        Some(People {
            role,
            count,
            from: at,
            to,
        })
    };
    if let Some(number) = number_at(tokens, at) {
        return counted(tokens, at, number);
    }
    let here = word(tokens, at);
    if let Some((count, to)) = after_its_noun(tokens, at) {
        let role = if is_one_of(here, &[CHILD, CHILDREN]) {
            Role::Child
        } else if ADULT.contains(&here) {
            Role::Adult
        } else {
            Role::All
        };
        return people(role, count, to);
    }
    match here {
        "я" | "мы" => people(Role::Writer, 1, at + 1),
        _ if is_one_of(here, &[CHILDREN, COMPANIONS]) => people(Role::Several, 0, at + 1),
        _ if PARENTS.contains(&here) => people(Role::Companion, 2, at + 1),
        _ if COMPANION.contains(&here) => people(Role::Companion, 1, at + 1),
        _ if CHILD.contains(&here) => people(Role::Child, 1, at + 1),
        _ => None,
    }
}

/// A number and whom it counts.
fn counted(tokens: &[Token], at: usize, number: Number) -> Option<People> {
    let Number { value, form, .. } = number;
    let end = at + number.tokens;
    if is_denied(tokens, at) {
        return None;
    }
    let people = |role, to| {
        Some(People {
            role,
            count: value,
            from: at,
            to,
        })
    };
    let noun = (end..tokens.len())
        .find(|next| !KINDS.contains(&word(tokens, *next)))
        .unwrap_or(tokens.len());
    let named = word(tokens, noun);
    let before = at.checked_sub(1).map_or("", |before| word(tokens, before));
    if PAIRS.contains(&named) {
        return Some(People {
            role: Role::Adult,
            count: value * 2,
            from: at,
            to: noun + 1,
        });
    }
    if before == "по" {
        // «2 семьи по 4 человека»
        let groups = at.checked_sub(3).and_then(|at| number_at(tokens, at));
        return groups
            .filter(|groups| groups.tokens == 1 && ALL.contains(&named))
            .map(|groups| People {
                role: Role::All,
                count: value * groups.value,
                from: at - 3,
                to: noun + 1,
            });
    }
    if ALL.contains(&named) {
        // «Один человек сказал» is no booking.
        let one = value == 1
            && !matches!(
                before,
                "на" | "для" | "за" | "for" | "будет" | "only" | "только"
            );
        return if one {
            None
        } else {
            people(Role::All, noun + 1)
        };
    }
    if ADULT.contains(&named) {
        return people(Role::Adult, noun + 1);
    }
    if is_one_of(named, &[CHILD, CHILDREN]) {
        return people(Role::Child, noun + 1);
    }
    if is_one_of(named, &[COMPANION, COMPANIONS]) {
        return people(Role::Companion, noun + 1);
    }
    if value == 1 && form == Form::Cardinal {
        let goes = matches!(before, "буду" | "еду" | "поеду" | "приеду" | "я");
        let stops = !word(tokens, end).starts_with(char::is_alphanumeric)
            || matches!(word(tokens, end), "с" | "со" | "и" | "на");
        return (goes && stops && matches!(word(tokens, at), "один" | "одна")).then_some(People {
            role: Role::Alone,
            count: 1,
            from: at,
            to: end,
        });
    }
    if counts_things(tokens, end) {
        return None;
    }
    let of_us = word(tokens, end) == "of" && word(tokens, end + 1) == "us";
    if of_us {
        return people(Role::All, end + 2);
    }
    let stated = match form {
        Form::Adverb => true,
        Form::Oblique => matches!(before, "на" | "для" | "за" | "из"),
        Form::Collective => is_ours(tokens, at) || stands_alone(tokens, at, end),
        Form::Digits | Form::Cardinal => {
            (is_ours(tokens, at) && ends_there(tokens, end)) || is_a_family(tokens, at)
        }
    };
    if stated { people(Role::All, end) } else { None }
}

/// «Взрослых: 2», «гостей 5», «детей — 1»: the number behind its noun. Ages are no number of children.
fn after_its_noun(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    let here = word(tokens, at);
    let child = is_one_of(here, &[CHILD, CHILDREN]);
    if !(child || is_one_of(here, &[ADULT, ALL])) {
        return None;
    }
    let marked = matches!(word(tokens, at + 1), ":" | "-" | "–" | "—" | "=");
    let number_at_ = at + 1 + usize::from(marked);
    if child && !marked {
        return None;
    }
    let number = number_at(tokens, number_at_)?;
    let end = number_at_ + number.tokens;
    let next = word(tokens, end);
    let counts_others = is_one_of(next, &[ALL, ADULT, CHILD, CHILDREN]) && !marked;
    let ages = matches!(next, "и" | ",") && number_at(tokens, end + 1).is_some();
    let counts_no_guests = counts_others || (child && ages) || counts_things(tokens, end);
    (!counts_no_guests).then_some((number.value, end))
}

/// «Нас 5», «нас будет пятеро», «мы впятером», «we are five», «there are 5».
fn is_ours(tokens: &[Token], at: usize) -> bool {
    let first = (0..at)
        .rev()
        .find(|before| {
            let said = word(tokens, *before);
            // «Нас с детьми пятеро»
            let company = matches!(said, "с" | "со" | "with")
                || is_one_of(said, &[CHILD, CHILDREN, COMPANION, COMPANIONS, PARENTS]);
            !FILLERS.contains(&said) && !company
        })
        .map_or(0, |other| other + 1);
    let said: Vec<&str> = (first..at).map(|index| word(tokens, index)).collect();
    let of = first
        .checked_sub(1)
        .map_or("", |before| word(tokens, before));
    let digits = word(tokens, at).starts_with(|c: char| c.is_ascii_digit());
    let ours = said.contains(&"нас") && !(digits && of == "у");
    let back = |steps: usize| {
        at.checked_sub(steps)
            .map_or("", |index| word(tokens, index))
    };
    ours || of == "мы" && !digits || matches!((back(2), back(1)), ("we", "are") | (_, "we're"))
}

/// «Пятеро», «едем вшестером», «теперь шестеро»: the sentence says nothing else.
fn stands_alone(tokens: &[Token], at: usize, end: usize) -> bool {
    let inner = |index: usize| FILLERS.contains(&word(tokens, index));
    let from = (0..at).rev().find(|before| !inner(*before));
    let begins = from.is_none_or(|from| is_stop(word(tokens, from)));
    begins && (end >= tokens.len() || is_stop(word(tokens, end)))
}

/// «Семья из пяти», «family of five».
fn is_a_family(tokens: &[Token], at: usize) -> bool {
    let back = |steps: usize| {
        at.checked_sub(steps)
            .map_or("", |index| word(tokens, index))
    };
    matches!(
        (back(2), back(1)),
        (
            "семья" | "семьи" | "семьей" | "семьи," | "компания" | "компанией" | "группа",
            "из"
        ) | ("family" | "party" | "group", "of")
    )
}

/// After «нас 5» the sentence must not go on with what is counted.
fn ends_there(tokens: &[Token], end: usize) -> bool {
    let next = word(tokens, end);
    !next.starts_with(char::is_alphanumeric)
        || matches!(
            next,
            "и" | "с"
                | "со"
                | "на"
                | "в"
                | "плюс"
                | "из"
                | "включая"
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
fn counts_things(tokens: &[Token], end: usize) -> bool {
    let is_thing = |index: usize| {
        let word = word(tokens, index);
        THINGS.iter().any(|thing| {
            word.strip_prefix(thing)
                .is_some_and(|rest| thing.chars().count() > 2 || rest.is_empty() || *thing == "дн")
        })
    };
    let hyphen = usize::from(word(tokens, end) == "-");
    if is_thing(end + hyphen) {
        return true;
    }
    matches!(word(tokens, end), "и" | "," | "-" | "–" | "—" | "по")
        && number_at(tokens, end + 1).is_some_and(|number| is_thing(end + 1 + number.tokens))
}

/// «Не пятеро», «не 5 человек».
fn is_denied(tokens: &[Token], at: usize) -> bool {
    at > 0 && matches!(word(tokens, at - 1), "не" | "not")
}

/// What joins people to those before them; `None`: nothing does.
fn link(between: &[Token]) -> Option<Link> {
    let words: Vec<&str> = between.iter().map(|token| token.word.as_str()).collect();
    let mut link = if words.is_empty() {
        Link::And
    } else {
        Link::Perhaps
    };
    let mut open = false;
    for word in &words {
        match *word {
            "и" | "да" | "плюс" | "+" | "and" | "plus" | "также" | "еще" => {
                if link != Link::Among {
                    link = Link::And;
                }
            }
            ":" | "из" | "включая" | "числе" | "including" | "них" | "–" | "—" => {
                link = Link::Among;
            }
            "(" => {
                open = true;
            }
            ")" => open = false,
            "," | "-" | "с" | "со" | "а" | "том" | "в" | "with" | "мой" | "моя" | "моим" | "моей"
            | "наш" | "наша" | "нашим" | "нашей" | "его" | "ее" | "их" | "маленький"
            | "маленьким" | "маленькая" | "my" | "our" | "a"
            // Ages, as in «ребёнок 5 лет и муж».
            | "лет" | "год" | "года" | "годика" | "месяцев" | "мес" | "years" | "old" => {}
            aged if aged.contains("летн") || aged.contains("месячн") || aged.starts_with("годовал") => {}
            number if number.starts_with(|c: char| c.is_ascii_digit()) => {}
            _ => return None,
        }
    }
    Some(if open { Link::Among } else { link })
}

/// For each token, whether its clause holds one of `words`; a clause ends where `ends` says.
fn marked_clauses(tokens: &[Token], words: &[&str], ends: impl Fn(&str) -> bool) -> Vec<bool> {
    let mut marked = Vec::with_capacity(tokens.len());
    for clause in tokens.split_inclusive(|token| ends(&token.word)) {
        let holds = clause
            .iter()
            .any(|token| words.contains(&token.word.as_str()));
        marked.resize(marked.len() + clause.len(), holds);
    }
    marked
}

fn is_stop(word: &str) -> bool {
    matches!(word, "." | "!" | "?" | ";" | "\n" | "," | "…" | "(" | ")")
}

fn is_one_of(word: &str, lists: &[&[&str]]) -> bool {
    lists.iter().any(|list| list.contains(&word))
}

fn word(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| token.word.as_str())
}
