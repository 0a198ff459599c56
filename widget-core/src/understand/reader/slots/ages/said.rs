//! How an age is said: «3 года», «полтора», «8 месяцев», «двухлетний», «5 и 7 лет».

use crate::understand::reader::numbers::{Form, word_number};
use crate::understand::reader::slots::{back, begins, word};
use crate::understand::reader::words::Token;
use crate::understand::reader::words::list::{List, list};

/// What an age is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Unit {
    /// No unit: «сыну 7».
    Bare,
    /// «3 года», «8 месяцев».
    Time,
    /// Days and weeks, which mostly measure something else.
    Days,
    /// «годик», «3 годика»: said of the small only.
    Fond,
    /// «двухлетний», «3-year-old».
    Adjective,
}

/// One age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Age {
    pub months: u32,
    pub unit: Unit,
    pub from: usize,
    pub to: usize,
}

/// Ages said in a row, and whether they stand as «лет пять», which is mostly a guess at something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Ages {
    pub list: Vec<Age>,
    pub turned_round: bool,
}

impl Ages {
    pub(super) fn from(&self) -> usize {
        self.list.first().map_or(0, |age| age.from)
    }

    pub(super) fn to(&self) -> usize {
        self.list.last().map_or(0, |age| age.to)
    }

    /// What the ages are counted in; a row without any unit is [`Unit::Bare`].
    pub(super) fn unit(&self) -> Unit {
        let mut units = self.list.iter().map(|age| age.unit);
        units.find(|unit| *unit != Unit::Bare).unwrap_or(Unit::Bare)
    }
}

/// The ages said from `at` on: «5 и 7 лет», «12, 8 и 4», «6 лет и 1 год 2 мес».
pub(in super::super) fn ages_at(tokens: &[Token], at: usize) -> Option<Ages> {
    if let Some(age) = turned_round(tokens, at) {
        return Some(Ages {
            list: vec![age],
            turned_round: true,
        });
    }
    let mut list = vec![age_at(tokens, at)?];
    let mut to = list[0].to;
    while is_between_ages(word(tokens, to))
        && let Some(next) = age_at(tokens, after_separators(tokens, to))
    {
        to = next.to;
        list.push(next);
    }
    drop_counted_things(tokens, &mut list);
    let turned_round = false;
    (!list.is_empty()).then_some(Ages { list, turned_round })
}

fn is_between_ages(word: &str) -> bool {
    matches!(
        word,
        "," | "и" | "/" | "-" | "–" | "—" | "and" | "&" | "+" | "да" | "или" | "or"
    )
}

/// «5, и 7»
fn after_separators(tokens: &[Token], at: usize) -> usize {
    at + 1 + usize::from(word(tokens, at) == "," && matches!(word(tokens, at + 1), "и" | "and"))
}

/// A last number that counts something else is no age: «сын 5, 2 номера»; «5 и 6 мая» are none at all.
fn drop_counted_things(tokens: &[Token], list: &mut Vec<Age>) {
    while let Some(last) = list.last().copied() {
        if last.unit != Unit::Bare || may_follow_a_number(word(tokens, last.to)) {
            return;
        }
        list.pop();
        let tied = word(tokens, last.from.saturating_sub(1)) != ",";
        if tied && list.last().is_some_and(|before| before.unit == Unit::Bare) {
            list.pop();
        }
    }
}

/// «лет пять», «месяцев 8», «годика три».
fn turned_round(tokens: &[Token], at: usize) -> Option<Age> {
    let unit = word(tokens, at);
    let months = match unit {
        "лет" | "годика" | "годиков" | "годков" | "года" => 12,
        "месяцев" | "месяца" => 1,
        _ => return None,
    };
    let number = whole_at(tokens, at + 1)?;
    let counts_on = is_unit(word(tokens, number.to));
    (!counts_on && may_follow_a_number(word(tokens, number.to))).then_some(Age {
        months: number.value * months,
        unit: Unit::Time,
        from: at,
        to: number.to,
    })
}

/// One age: «3», «3 года», «2 г. 7 мес», «год и восемь», «полтора», «двухлетний».
fn age_at(tokens: &[Token], at: usize) -> Option<Age> {
    let age = |months, unit, to| {
        Some(Age {
            months,
            unit,
            from: at,
            to,
        })
    };
    let here = word(tokens, at);
    if let Some((months, to)) = adjective_at(tokens, at) {
        // «Двухлетка» is a noun, and a child.
        let noun = word(tokens, to - 1).contains("летк");
        let unit = if noun { Unit::Fond } else { Unit::Adjective };
        return age(months, unit, to);
    }
    if let Some(unit) = year_alone(here) {
        let (months, to) = with_months(tokens, at + 1);
        return age(12 + months, unit, to);
    }
    if begins(here, &["полгод", "полугод"]) {
        return age(6, Unit::Time, at + 1);
    }
    if matches!(
        here,
        "полтора" | "полторы" | "полутора" | "полторашка" | "полторашке"
    ) {
        return match unit_at(tokens, at + 1) {
            Some(Measure { months: 1, to, .. }) => age(1, Unit::Time, to),
            Some(Measure { months: 0, .. }) => None,
            Some(Measure { unit, to, .. }) => age(18, unit, to),
            None => age(18, Unit::Bare, at + 1),
        };
    }
    let number = whole_at(tokens, at)?;
    let mut end = number.to;
    let mut half = number.half;
    if let Some(to) = and_a_half(tokens, end) {
        half = true;
        end = to;
    }
    let half_year = if half { 6 } else { 0 };
    match unit_at(tokens, end) {
        Some(Measure {
            months: 12,
            unit,
            to,
        }) => {
            let (half_after, to) = match and_a_half(tokens, to) {
                Some(to) => (6, to),
                None => (half_year, to),
            };
            let (months, to) = with_months(tokens, to);
            age(number.value * 12 + half_after + months, unit, to)
        }
        Some(Measure { months, unit, to }) => age(number.value * months, unit, to),
        // «2 и 3 месяца», said of one child, is two years and three months: see `years_and_months`.
        None if is_an_article(here) && !half => None,
        None => age(number.value * 12 + half_year, Unit::Bare, end),
    }
}

/// «Одна», «one» mean other things without a unit.
fn is_an_article(word: &str) -> bool {
    word == "one" || word.starts_with("одн") || word == "один"
}

/// «2 и 3 месяца» of one child.
pub(super) fn years_and_months(list: &[Age]) -> Option<u32> {
    let [years, months] = list else { return None };
    let fits = years.unit == Unit::Bare && months.unit != Unit::Bare && months.months < 12;
    fits.then_some(years.months + months.months)
}

/// «год», «годик» without a number.
fn year_alone(word: &str) -> Option<Unit> {
    match word {
        "год" => Some(Unit::Time),
        "годик" | "годика" | "годику" | "годок" | "годочек" | "годк" => {
            Some(Unit::Fond)
        }
        _ => None,
    }
}

/// «и восемь», «2 мес», «и 2 месяца» behind years, in months; «с небольшим» and the like add nothing.
fn with_months(tokens: &[Token], at: usize) -> (u32, usize) {
    if let Some(to) = and_a_half(tokens, at) {
        return (6, to);
    }
    let skipped = match word(tokens, at) {
        "и" | "." | "," | "and" => 1,
        _ => 0,
    };
    let Some(number) = whole_at(tokens, at + skipped).filter(|number| number.value < 12) else {
        return (0, at);
    };
    let next = word(tokens, number.to);
    match unit_at(tokens, number.to) {
        Some(Measure { months: 1, to, .. }) => (number.value, to),
        None if next == "м" => (number.value, number.to + 1),
        None if word(tokens, at) == "и"
            && year_alone(back(tokens, at, 1)).is_some()
            && whole_at(tokens, at.saturating_sub(2)).is_none()
            && may_follow_a_number(next) =>
        {
            (number.value, number.to)
        }
        _ => (0, at),
    }
}

/// «с половиной», «с хвостиком», «and a half».
fn and_a_half(tokens: &[Token], at: usize) -> Option<usize> {
    match (word(tokens, at), word(tokens, at + 1)) {
        ("½", _) => Some(at + 1),
        ("с" | "и" | "со", more)
            if begins(
                more,
                &["половин", "хвост", "небольшим", "лишним", "копейк", "гаком"],
            ) =>
        {
            Some(at + 2)
        }
        ("and", "half") => Some(at + 2),
        ("and", "a") if word(tokens, at + 2) == "half" => Some(at + 3),
        _ => None,
    }
}

struct Measure {
    /// 12 for years, 1 for months, 0 for less.
    months: u32,
    unit: Unit,
    to: usize,
}

fn is_unit(word: &str) -> bool {
    matches!(
        word,
        "год" | "года" | "годов" | "лет" | "years" | "year" | "yrs"
    ) || begins(word, &["месяц", "month"])
}

/// The unit behind a number, with what belongs to it: «г.», «y.o.», «years old», «лет от роду».
fn unit_at(tokens: &[Token], at: usize) -> Option<Measure> {
    let at = at + usize::from(word(tokens, at) == "-" && tokens[at].glued);
    // «Трёх полных лет»
    let at = at + usize::from(matches!(word(tokens, at), "полных" | "полные" | "full"));
    let here = word(tokens, at);
    let measure = |months, unit, to| Some(Measure { months, unit, to });
    let old = |to: usize| to + usize::from(word(tokens, to) == "old");
    match here {
        "years" | "year" | "yrs" | "yr" if word(tokens, at + 1) == "old" => {
            measure(12, Unit::Adjective, at + 2)
        }
        "годик" | "годика" | "годиков" | "годику" | "годка" | "годков" | "годочка" | "годочков"
        | "летика" | "летик" => measure(12, Unit::Fond, at + 1),
        "years" | "year" | "yrs" | "yr" | "год" | "года" | "годов" | "лет" | "годы" | "летов"
        | "роки" | "років" | "рочки" | "рочків" | "жаста" | "жашта" | "жас" | "яшь" | "ешда"
        | "yoshda" => measure(12, Unit::Time, at + 1),
        "г" | "л" => measure(12, Unit::Time, after_stop(tokens, at + 1)),
        "year-old" | "years-old" | "yr-old" | "yrs-old" | "yo" | "y-o" | "year-olds" | "y" => {
            measure(12, Unit::Adjective, after_yo(tokens, at + 1))
        }
        "mo" | "mos" | "month-old" | "months-old" | "айлык" | "айлық" | "ойлик" => {
            measure(1, Unit::Time, at + 1)
        }
        "month" | "months" if word(tokens, at + 1) == "old" => measure(1, Unit::Adjective, at + 2),
        _ if here == "мес" || begins(here, &["месяц", "месец", "месяч", "month"]) => {
            measure(1, Unit::Time, old(at + 1))
        }
        _ if begins(here, &["недел", "week"])
            || matches!(here, "нед" | "дней" | "дня" | "день" | "days" | "day") =>
        {
            measure(0, Unit::Days, old(at + 1))
        }
        _ => None,
    }
}

/// Behind the full stop of «г.», unless a new sentence begins there.
fn after_stop(tokens: &[Token], at: usize) -> usize {
    let stop = word(tokens, at) == "." && tokens[at].glued;
    at + usize::from(stop && at + 1 < tokens.len())
}

/// «y.o.», «y/o»
fn after_yo(tokens: &[Token], at: usize) -> usize {
    let written_out = matches!(word(tokens, at), "." | "/") && word(tokens, at + 1) == "o";
    if written_out {
        at + 2 + usize::from(word(tokens, at + 2) == ".")
    } else {
        at + usize::from(word(tokens, at) == "old")
    }
}

struct Whole {
    value: u32,
    half: bool,
    to: usize,
}

/// A number that may be an age: «3», «3,5», «3-х», «трёх», «двадцать пять».
fn whole_at(tokens: &[Token], at: usize) -> Option<Whole> {
    let here = word(tokens, at);
    if !here.starts_with(|c: char| c.is_ascii_digit()) {
        let first = word_number(here).filter(|number| number.form == Form::Cardinal)?;
        let tens = first.value >= 20 && first.value % 10 == 0;
        let second = word_number(word(tokens, at + 1))
            .filter(|unit| tens && unit.form == Form::Cardinal && unit.value < 10);
        return Some(Whole {
            value: first.value + second.map_or(0, |unit| unit.value),
            half: false,
            to: at + 1 + usize::from(second.is_some()),
        });
    }
    let value: u32 = here.parse().ok().filter(|value| *value < 100)?;
    if here.len() > 1 && here.starts_with('0') || matches!(back(tokens, at, 1), "№" | "#" | "+") {
        return None;
    }
    let is_glued = |index: usize| tokens.get(index).is_some_and(|token| token.glued);
    let is_digits = |index: usize| word(tokens, index).starts_with(|c: char| c.is_ascii_digit());
    let mark = word(tokens, at + 1);
    let inner = is_glued(at + 1) && is_glued(at + 2) && is_digits(at + 2);
    let longer = word(tokens, at + 3) == mark && is_glued(at + 3) && is_digits(at + 4);
    let decimal = inner && matches!(mark, "." | ",") && word(tokens, at + 2).len() == 1 && !longer;
    if decimal && value >= 18 {
        return None;
    }
    if decimal && value < 7 {
        let half = word(tokens, at + 2) >= "5";
        return Some(Whole {
            value,
            half,
            to: at + 3,
        });
    }
    // A date, a time; but «12,9,5» is a row.
    if inner && matches!(mark, "." | ":" | "/") {
        return None;
    }
    let dash = usize::from(mark == "-" && is_glued(at + 1));
    let ending = word(tokens, at + 1 + dash);
    let ended = is_glued(at + 1 + dash)
        && matches!(
            ending,
            "х" | "ех" | "ух" | "ти" | "и" | "ми" | "м" | "ем" | "ум"
        )
        && !(dash == 0 && ending == "м");
    if is_glued(at + 1 + dash)
        && matches!(
            ending,
            "го" | "й"
                | "ый"
                | "ий"
                | "ая"
                | "я"
                | "му"
                | "ое"
                | "ой"
                | "е"
                | "ро"
                | "th"
                | "st"
                | "nd"
                | "rd"
                | "%"
                | "ом"
        )
    {
        return None;
    }
    Some(Whole {
        value,
        half: false,
        to: at + 1 + if ended { dash + 1 } else { 0 },
    })
}

/// The numbers in words that adjectives begin with: «двухлетний», «пятимесячная».
#[rustfmt::skip]
const BEGINNINGS: [(&str, u32); 20] = [
    ("одно", 1), ("годовал", 1), ("двух", 2), ("дву", 2), ("трех", 3), ("четырех", 4), ("пяти", 5),
    ("шести", 6), ("семи", 7), ("восьми", 8), ("девяти", 9), ("десяти", 10), ("одиннадцати", 11),
    ("двенадцати", 12), ("тринадцати", 13), ("четырнадцати", 14), ("пятнадцати", 15), ("шестнадцати", 16),
    ("семнадцати", 17), ("полутора", 0),
];

/// «двухлетний», «3-летний», «5 летним», «8-месячная», «годовалый», «трёхлетка».
fn adjective_at(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    let here = word(tokens, at);
    if here.starts_with(|c: char| c.is_ascii_digit()) {
        let value: u32 = here.parse().ok().filter(|value| *value < 100)?;
        let mut end = at + 1;
        if matches!(word(tokens, end), "-" | "–") {
            end += 1;
        }
        if matches!(word(tokens, end), "х" | "ти" | "ми" | "и") {
            end += 1;
            end += usize::from(word(tokens, end) == "-");
        }
        let (months, ending) = aged(word(tokens, end))?;
        return matches!(ending, "" | "х" | "ти" | "ми" | "и" | "ех" | "ух")
            .then_some((value * months, end + 1));
    }
    if begins(here, &["годовал"]) {
        return Some((12, at + 1));
    }
    if here.starts_with("полугодов") {
        return Some((6, at + 1));
    }
    if begins(here, &["полуторагод", "полуторогод", "полуторалет"])
    {
        return Some((18, at + 1));
    }
    if let Some(months) = english_adjective(here) {
        return Some((months, at + 1));
    }
    // «Сынок-трёхлетка»
    let last = here
        .rsplit('-')
        .next()
        .filter(|last| last.chars().count() > 6);
    let (months, number) = aged(last.unwrap_or(here))?;
    let number = number.trim_end_matches('-');
    let value = BEGINNINGS.iter().find(|(said, _)| *said == number)?.1;
    Some((value * months, at + 1))
}

/// "five-month-old", "three-year-olds"
fn english_adjective(word: &str) -> Option<u32> {
    let (number, unit) = word
        .strip_suffix("-old")
        .or(word.strip_suffix("-olds"))?
        .split_once('-')?;
    let months = match unit {
        "year" | "years" | "yr" => 12,
        "month" | "months" => 1,
        _ => return None,
    };
    Some(word_number(number)?.value * months)
}

/// Splits «двухлетний» into the months of its unit and «двух».
fn aged(word: &str) -> Option<(u32, &str)> {
    const ALL: &List = list!["летн", "летк", "годовал", "годичн", "месячн"];
    // Most words hold none of them.
    if !word.char_indices().any(|(at, _)| begins(&word[at..], ALL)) {
        return None;
    }
    [
        ("летн", 12),
        ("летк", 12),
        ("годовал", 12),
        ("годичн", 12),
        ("месячн", 1),
    ]
    .iter()
    .find_map(|(stem, months)| Some((*months, &word[..word.find(stem)?])))
}

/// Words that a number without a unit may stand before, if it counts nothing.
#[rustfmt::skip]
const FOLLOWERS: &List = list![
    "и", "а", "но", "да", "с", "со", "в", "во", "на", "по", "у", "к", "без", "для", "за", "из", "от", "или", "то",
    "что", "чтобы", "как", "так", "ему", "ей", "им", "он", "она", "они", "мы", "я", "нам", "нас", "мне", "наш",
    "будет", "исполнится", "исполнилось", "исполняется", "стукнуло", "стукнет", "скоро", "уже", "еще", "только",
    "всего", "полных", "полностью", "едет", "едут", "поедет", "поедут", "если", "когда", "можно", "нужна", "нужен",
    "нужно", "надо", "другой", "другому", "второй", "второму", "одна", "один", "младшему", "младшей", "старшему",
    "старшей", "хотим", "хочу", "сколько", "есть", "это", "не", "плюс", "вместе", "тоже", "бесплатно", "скидка",
    "was", "is", "are", "and", "in", "on", "with", "we", "i", "he", "she", "they", "but", "so", "for", "or", "at",
    "do", "can", "will", "now", "soon", "who", "next", "last", "пять", "мама", "муж", "дочке", "сыну", "дочь",
    "сын", "внуку", "внучке", "полный", "почти", "пойдет", "весной", "летом", "осенью", "зимой", "недавно",
];

/// Whether a number without a unit, followed by this word, stands for itself.
pub(in super::super) fn may_follow_a_number(word: &str) -> bool {
    let mark = !word.starts_with(char::is_alphanumeric)
        && !matches!(word, "%" | "₽" | "$" | "€" | "*" | "№" | "/");
    mark || FOLLOWERS.contains(word)
}
