//! How old the youngest child is.
//!
//! A text is searched for ages ([`said`]) and births ([`births`]). Each must be a child's: the word that it belongs to
//! ([`whose`]) is looked for right before and behind it. What only may be an age — three years that something took,
//! the age from which a house takes children — is left alone.

mod absence;
mod between;
mod births;
mod judged;
mod ruled_out;
pub(super) mod said;
pub(super) mod whose;

use super::{Found, back, begins, months, span, word};
use crate::time::{Date, Local};
use crate::understand::reader::words::Token;
use between::Between;
use births::{Birth, birth_at, year_of_life};
use said::{Ages, Unit, ages_at, years_and_months};
use whose::{Who, implied, is_animal, is_child, is_counted, is_said_of_animals, is_thing, who};

/// So many tokens before an age its child is looked for.
const FAR: usize = 14;
/// Whoever is as old as this is no child.
const GROWN_UP: u32 = 18;

/// The completed years of the youngest child who travels.
pub(super) fn youngest_child(tokens: &[Token], today: i64) -> Option<Found<u32>> {
    let text = Text::of(tokens);
    let now = Local {
        day: today,
        minute: 0,
    }
    .date();
    let mut found: Vec<Child> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let (child, to) = text.read(at, now);
        found.extend(child.filter(|child| !text.stays_away(child)));
        at = to;
    }
    found.extend(text.implied(&found));
    let youngest = found.iter().min_by_key(|child| child.years)?;
    Some(Found {
        value: youngest.years,
        span: span(tokens, youngest.from, youngest.to),
    })
}

/// A child of known age, at the tokens `from..to`.
#[derive(Debug, Clone, Copy)]
struct Child {
    years: u32,
    from: usize,
    to: usize,
    /// The word that names the child, if any does.
    owner: Option<usize>,
}

/// A text and the nearest bearer of an age before each of its tokens.
struct Text<'a> {
    tokens: &'a [Token],
    bearers: Vec<Option<usize>>,
    has_child: bool,
}

impl<'a> Text<'a> {
    fn of(tokens: &'a [Token]) -> Self {
        let mut bearers = Vec::with_capacity(tokens.len() + 1);
        let mut last = None;
        let mut has_child = false;
        for index in 0..tokens.len() {
            bearers.push(last);
            let speaks_of = who_at(tokens, index);
            if matches!(speaks_of, Some(Who::Child | Who::Other)) {
                last = Some(index);
            }
            has_child |= speaks_of == Some(Who::Child);
        }
        bearers.push(last);
        Self {
            tokens,
            bearers,
            has_child,
        }
    }

    fn word(&self, at: usize) -> &str {
        word(self.tokens, at)
    }

    /// The child whose age is said at `at`, and where to read on.
    fn read(&self, at: usize, now: Date) -> (Option<Child>, usize) {
        if let Some((years, to)) = year_of_life(self.tokens, at) {
            let child = Child {
                years,
                from: at,
                to,
                owner: None,
            };
            return (Some(child).filter(|_| !self.is_of_other(at)), to);
        }
        if let Some(birth) = birth_at(self.tokens, at, now) {
            return (self.born(&birth), birth.to);
        }
        if let Some(to) = self.figures_of_no_age(at) {
            return (None, to);
        }
        match ages_at(self.tokens, at) {
            Some(ages) => (self.aged(&ages), ages.to()),
            None => (None, at + 1),
        }
    }

    /// Behind a date, a time or a phone number: their figures are no ages.
    fn figures_of_no_age(&self, at: usize) -> Option<usize> {
        let is_digits = |index: usize| self.word(index).starts_with(|c: char| c.is_ascii_digit());
        let glued = |index: usize| self.tokens.get(index).is_some_and(|token| token.glued);
        if !is_digits(at) {
            return None;
        }
        let short = self.word(at + 2).len() == 1;
        let joined = |mark: usize| {
            glued(mark)
                && glued(mark + 1)
                && is_digits(mark + 1)
                && (matches!(self.word(mark), ":" | "/") || (self.word(mark) == "." && !short))
        };
        let mut to = at + 1;
        while joined(to) {
            to += 2;
        }
        (to > at + 1).then_some(to)
    }

    /// The child that was born then.
    fn born(&self, birth: &Birth) -> Option<Child> {
        let between = self.between(birth.from);
        let child = Child {
            years: birth.years,
            from: birth.from,
            to: birth.to,
            owner: between.owner,
        };
        let named = between.owner.is_some() && between.strange == 0 && !between.verb;
        let stayed = |word: &str| {
            matches!(
                word,
                "не" | "были"
                    | "была"
                    | "был"
                    | "отдыхали"
                    | "ездили"
                    | "заезд"
                    | "приедем"
            )
        };
        let goes_on = stayed(self.word(birth.to))
            || (birth.from.saturating_sub(4)..birth.from).any(|index| stayed(self.word(index)));
        let is_child = if birth.said {
            !between.other && (between.owner.is_some() || !self.is_of_other(birth.from))
        } else {
            named && !goes_on
        };
        is_child.then_some(child)
    }

    /// The youngest of the children whose ages these are.
    fn aged(&self, ages: &Ages) -> Option<Child> {
        let (from, to) = (ages.from(), ages.to());
        let unit = ages.unit();
        let between = self.between(from);
        if self.is_ruled_out(ages, &between) {
            return None;
        }
        let behind = self.owner_behind(to).filter(|_| unit != Unit::Bare);
        let owner = behind.or(between.owner);
        let belongs = match unit {
            _ if behind.is_some() => true,
            Unit::Bare => self.is_bare_age(ages, &between),
            Unit::Time => self.is_age_in_years(ages, &between),
            Unit::Days => {
                between.owner.is_some_and(|owner| self.is_given(owner)) && between.strange == 0
            }
            Unit::Fond => between.owner.is_some() || !self.is_of_other_thing(from),
            Unit::Adjective => self.is_adjective_of_child(ages, &between),
        };
        if !belongs {
            return None;
        }
        let years = self.completed_years(ages, &between)?;
        Some(Child {
            years,
            from,
            to,
            owner,
        })
    }

    /// The smallest age of a row, as of today.
    fn completed_years(&self, ages: &Ages, between: &Between) -> Option<u32> {
        let one = between
            .owner
            .is_none_or(|owner| !is_counted(self.word(owner)));
        if let Some(months) = years_and_months(&ages.list).filter(|_| one) {
            return Some(months / 12);
        }
        let to_come_behind = self.is_to_come_behind(ages.to());
        let last = ages.list.len() - 1;
        ages.list
            .iter()
            .enumerate()
            .map(|(index, age)| {
                let of_month = age.unit != Unit::Bare
                    || ages.unit() != Unit::Time
                    || ages.list[last].months >= 12;
                // «3 и 8 месяцев»: the unit of the last is that of the first.
                let months = if of_month {
                    age.months
                } else {
                    age.months / 12
                };
                let to_come = between.to_come || (to_come_behind && index == last);
                if to_come && !between.reached {
                    months.saturating_sub(1) / 12
                } else {
                    months / 12
                }
            })
            .filter(|years| *years < GROWN_UP)
            .min()
    }

    /// Whether the nearest bearer of an age before `at` is no child.
    fn is_of_other(&self, at: usize) -> bool {
        let bearer = self.bearers.get(at).copied().flatten();
        bearer.is_some_and(|bearer| who_at(self.tokens, bearer) == Some(Who::Other))
    }

    /// The same, but for grown-ups, of whom small ages are not said: «с мужем, ей 3 года».
    fn is_of_other_thing(&self, at: usize) -> bool {
        let bearer = self.bearers.get(at).copied().flatten();
        bearer.is_some_and(|bearer| {
            // «Аллергия на кошек, ему 7»
            let object = matches!(
                back(self.tokens, bearer, 1),
                "на" | "от" | "к" | "по" | "без"
            );
            !object
                && who_at(self.tokens, bearer) == Some(Who::Other)
                && (is_thing(self.word(bearer)) || is_child(self.word(bearer)))
        })
    }

    /// «8 месяцев малышу», «3 года ему», «3-year-old son».
    fn owner_behind(&self, to: usize) -> Option<usize> {
        let skipped = matches!(
            self.word(to),
            "моему"
                | "моей"
                | "нашему"
                | "нашей"
                | "моим"
                | "нашим"
                | "old"
                | "уже"
                | "мой"
                | "моя"
        );
        let at = to + usize::from(skipped);
        let child = matches!(who(self.word(at)), Some(Who::Child));
        let pronoun = matches!(self.word(at), "ему" | "ей" | "им") && !self.is_of_other_thing(at);
        (child || pronoun).then_some(at)
    }

    fn is_to_come_behind(&self, to: usize) -> bool {
        let mut at = to;
        while at < to + 3 {
            match self.word(at) {
                "будет"
                | "исполнится"
                | "исполняется"
                | "стукнет"
                | "скоро"
                | "soon"
                | "исполниться"
                | "сравняется"
                | "испонится" => return true,
                "ему" | "ей" | "только" | "в" | "нам" | "лет" | "года" => {
                    at += 1;
                }
                // «Сыну пять в феврале.»
                here if months::spoken_of(here).is_some() && is_mark(self.word(at + 1)) => {
                    return at > to;
                }
                here if months::spoken_of(here).is_some() => at += 1,
                _ => return false,
            }
        }
        false
    }

    /// Words that imply an age, of children whose age is not said otherwise.
    fn implied(&self, found: &[Child]) -> Vec<Child> {
        let aged: Vec<usize> = found.iter().filter_map(|child| child.owner).collect();
        let asks_of_rule = self.tokens.windows(2).any(|pair| {
            matches!(
                pair[0].word.as_str(),
                "какого" | "скольки" | "скольких" | "каких" | "what"
            ) && begins(&pair[1].word, &["возраст", "лет", "месяц", "age"])
        });
        if asks_of_rule {
            return Vec::new();
        }
        let children = (0..self.tokens.len()).filter_map(|at| {
            let likened = matches!(back(self.tokens, at, 1), "как" | "словно" | "like");
            let years = implied(self.word(at))
                .or_else(|| self.suckling(at))
                .or_else(|| self.is_under_one(at).then_some(0))
                .filter(|_| !likened)?;
            Some(Child {
                years,
                from: at,
                to: at + 1,
                owner: Some(at),
            })
        });
        children
            .filter(|child| !aged.contains(&child.from) && !self.stays_away(child))
            .collect()
    }

    /// «Ребёнку нет ещё и года», «малышу года нет».
    fn is_under_one(&self, at: usize) -> bool {
        let year = |word: &str| matches!(word, "года" | "годика");
        is_child(self.word(at))
            && (at + 1..at + 5)
                .take_while(|index| !is_mark(self.word(*index)))
                .any(|index| {
                    let (here, next) = (self.word(index), self.word(index + 1));
                    let behind = (index + 1..index + 4).any(|index| year(self.word(index)));
                    (here == "нет" && behind) || (year(here) && next == "нет")
                })
    }

    /// «Грудной ребёнок», «с грудным», but not «грудной отдел».
    fn suckling(&self, at: usize) -> Option<u32> {
        let here = self.word(at);
        if !matches!(
            here,
            "грудной" | "грудного" | "грудному" | "грудным" | "грудная"
        ) {
            return None;
        }
        let next = self.word(at + 1);
        let child = is_child(next) || !next.starts_with(char::is_alphanumeric);
        child.then_some(0)
    }
}

/// Of whom the word at `at` speaks; «щенок, мальчик» is no child.
fn who_at(tokens: &[Token], at: usize) -> Option<Who> {
    let here = word(tokens, at);
    if !is_said_of_animals(here) {
        return who(here);
    }
    let comma = usize::from(matches!(back(tokens, at, 1), "," | "(" | "-" | "—"));
    let beside = [back(tokens, at, 1 + comma), word(tokens, at + 1)];
    if beside.iter().any(|word| is_animal(word)) {
        return Some(Who::Other);
    }
    who(here)
}

fn is_mark(word: &str) -> bool {
    !word.starts_with(char::is_alphanumeric)
}

pub(super) fn looks_like_verb(word: &str) -> bool {
    const ENDINGS: [&str; 22] = [
        "ет", "ит", "ут", "ют", "ат", "ят", "ем", "им", "ла", "ло", "ли", "ал", "ел", "ил", "ыл",
        "ул", "ся", "сь", "ть", "ешь", "аю", "ею",
    ];
    word.chars().count() > 3 && ENDINGS.iter().any(|ending| word.ends_with(ending))
}

/// «Сын», «ребёнок»: the one who does something, or is counted.
fn is_nominative(word: &str) -> bool {
    matches!(
        word,
        "реб"
            | "ребенок"
            | "сын"
            | "дочь"
            | "дочка"
            | "внук"
            | "внучка"
            | "дети"
            | "детей"
            | "мальчик"
            | "девочка"
            | "малыш"
            | "child"
            | "infant"
            | "kid"
            | "baby"
            | "внуки"
            | "дочки"
            | "chd"
            | "inf"
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::words::tokens;
    use super::*;

    /// Wed 2026-11-18.
    const TODAY: i64 = 20_775;

    fn age(text: &str) -> Option<u32> {
        youngest_child(&tokens(text), TODAY).map(|found| found.value)
    }

    #[test]
    fn ages_of_children_are_read() {
        for (text, years) in [
            ("ребёнку 3 года", 3),
            ("Ребенок 3года", 3),
            ("сыну полтора года", 1),
            ("малышке 8 месяцев", 0),
            ("малышу 8мес.", 0),
            ("дочери годик", 1),
            ("с двухлетним сыном", 2),
            ("с 2-летним сыном", 2),
            ("с 3 летней дочкой", 3),
            ("дочка 3,5 года", 3),
            ("внук 3г", 3),
            ("внучка 2.5 годика", 2),
            ("дети 5 и 7 лет", 5),
            ("двое детей (7, 4)", 4),
            ("дети: 10, 6, 2", 2),
            ("у нас ребёнок (2 года)", 2),
            ("внуку скоро 4", 3),
            ("внуку скоро будет 4 годика", 3),
            ("дочке 3 исполнилось в сентябре", 3),
            ("сыну в апреле будет 5", 4),
            ("сыну будет 5 в апреле", 4),
            ("дочке 4 года исполнится в декабре", 3),
            ("через месяц ребёнку исполнится 4", 3),
            ("сыну через 2 месяца 3 года", 2),
            ("дочка родилась 12.03.2023", 3),
            ("дочка родилась 12 марта 2023 года", 3),
            ("сын 2023 г.р.", 3),
            ("ребёнок, дата рождения 12.03.23", 3),
            ("ребёнок 23 г.р.", 3),
            ("сын родился в декабре 2022", 3),
            ("сын двадцать второго года рождения", 4),
            ("едем с новорождённым", 0),
            ("с нами грудничок", 0),
            ("едем с младенцем", 0),
            ("с грудным ребёнком пустите?", 0),
            ("двойняшки по 2 года", 2),
            ("двойняшкам 4", 4),
            ("сыну год", 1),
            ("сыну год и четыре месяца", 1),
            ("дочке 3,5", 3),
            ("дочке два с половиной", 2),
            ("baby 8 months", 0),
            ("our kid is 3 y.o.", 3),
            ("my son is 2", 2),
            ("we come with twins, 4", 4),
            ("with a toddler", 2),
            ("малыш ясельного возраста", 2),
            ("у нас ребёнок до трёх лет", 3),
            ("мы с мужем и Мишей, ему 6", 6),
            ("Соне 4, Егору 9", 4),
            ("сын 17 лет", 17),
            ("годовалый малыш", 1),
            ("с полуторагодовалым карапузом", 1),
            ("с 10-месячной дочкой", 0),
            ("8 месяцев ребёнку", 0),
            ("7 и 12 лет детям", 7),
            ("младшему три, старшей девять", 3),
            ("я и сынок-трёхлетка", 3),
            ("несовершеннолетний трёх полных лет", 3),
            ("двое нас и погодки: 1 и 2 года", 1),
            ("малому два рочки", 2),
            ("с внуком, коему минуло два года и четыре месяца", 2),
            ("крошка Варенька, двух лет и девяти месяцев", 2),
            ("с полуторагодовалой бандиткой", 1),
            ("Нас шестеро, включая годовалого тирана", 1),
            ("the youngest being a five-month-old", 0),
            ("Three of us incl. a 1 year old, need a cot", 1),
            ("me and my partner plus a one year old", 1),
            ("our lad's 3", 3),
            ("with our three-year-old", 3),
            ("бейбику 5 месяцев", 0),
            ("в декабре исполнится три", 2),
            ("четыре ему будет только в феврале", 3),
            ("с двухмесячным пустите?", 0),
            ("we travel with a 20 month old", 1),
            ("ребёнку нет ещё и года", 0),
            ("племянник шести лет", 6),
            ("ребенок в возрасте 4 лет", 4),
            ("дочке третий годик пошёл", 2),
            ("2 года", 2),
            ("5 лет и 3 года", 3),
            ("with our 4-year-old daughter", 4),
            ("two kids aged 3 and 7", 3),
            ("our daughter turns 4 in January", 3),
            ("our daughter turned 4 in May", 4),
            ("she was born on 12.03.2023", 3),
            ("son born in 2022", 4),
            ("boy of eleven", 11),
            (
                "старший (8 лет) остаётся дома, младший (2 года) едет с нами",
                2,
            ),
            ("Маме 70, дочке 4", 4),
            ("сыну 25, внуку 3", 3),
            ("дочке полгода", 0),
            ("малышу 6 недель", 0),
            ("2 взрослых, ребёнок 3 года, заезд 5 мая на 7 ночей", 3),
        ] {
            assert_eq!(age(text), Some(years), "{text}");
        }
    }

    #[test]
    fn what_is_no_childs_age_states_none() {
        for text in [
            "",
            "сыну 25",
            "маме 70",
            "мама, 70 лет",
            "нам по 35 лет",
            "с какого возраста пускают детей?",
            "со скольки лет лечите детей?",
            "С какого месяца младенцев берёте?",
            "дети до 3 лет бесплатно?",
            "детям до 5 лет скидка?",
            "детей с 4 лет берёте?",
            "от 3 до 7 лет сколько стоит?",
            "children under 3 free?",
            "from age 4?",
            "мы женаты 3 года",
            "отдыхали у вас 3 года назад",
            "были с дочкой 2 года назад",
            "3 года не были у вас",
            "дочка 2 года занимается плаванием",
            "мы с сыном 3 года не отдыхали",
            "сколько лет санаторию?",
            "санаторию 5 лет?",
            "собака, 3 года",
            "с нами пёс, ему 5 лет",
            "кошке 2 года",
            "щенок 8 месяцев",
            "котёнок, мальчик, 4 месяца",
            "младший, 3 года, остаётся с бабушкой",
            "дочку, ей 4, оставляем дома",
            "Сын (5 лет) не едет",
            "подруга отдыхала у вас с внуком трёх лет",
            "жена дома остаётся, с нею две внучки, трёх и пяти лет",
            "когда сыну было 3 года, мы у вас отдыхали",
            "с ребёнком на 5 дней",
            "дети 2",
            "2 взрослых 2 ребёнка",
            "взрослых 2, детей 1",
            "детей: 2",
            "ребёнок 1",
            "мы с дочкой, 5 мая заезд",
            "приедем с сыном 12.06",
            "с детьми с 5 по 12 мая",
            "были с сыном 12.07.2024",
            "жду возврат 2 месяца",
            "Полтора месяца возврат обещаете",
            "грудной отдел позвоночника болит",
            "грудной остеохондроз",
            "стаж 15 лет",
            "спина болит лет пять",
            "жена беременна, 6 месяцев",
            "Новый годик хотим у вас",
            "гарантия 3 года",
            "двухлетняя гарантия",
            "нас двое",
            "сплю как младенец",
            "номер 3, сын потерял мяч",
            "дочке 2 процедуры назначили",
            "+7 900 000-00-05, сын",
            "married for 3 years",
            "our dog is 4",
            "with a 10 year old car",
            "годовалый щенок с нами",
            "санаторию исполнится 10",
            "мужу исполнилось 60",
            "двухмесячный курс есть?",
            "с двухмесячным отпуском",
            "года нет как не были у вас",
            "2 kids",
            "room 5 for my son",
            "my mother is 70",
        ] {
            assert_eq!(age(text), None, "{text}");
        }
    }
    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_ages(text in "([0-9]{1,4}|лет|мес|год|сын|ей|до|не|с|и|года|р|мая|остаётся|,|[.:(-]| ){0,40}") {
            let _ = youngest_child(&tokens(&text), TODAY);
        }
    }
}
