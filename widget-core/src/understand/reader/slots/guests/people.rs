//! Words for those who travel.

use crate::understand::reader::slots::ages::whose::{is_child, is_counted, is_name};
use crate::understand::reader::slots::begins;
use crate::understand::reader::words::list::{List, list};

/// Whom a word or number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
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

/// People of whatever kind; with a number they are all who travel.
#[rustfmt::skip]
const ALL: &List = list![
    "человек", "чел", "люд", "гост", "персон", "отдыхающ", "people", "person", "guest", "pax", "heads", "сотрудни",
    "врач", "медсест", "инженер", "монтаж", "студент", "спортсмен", "ветеран", "мужик", "ребят", "красот",
    "девчат", "девчен", "девиц", "турист", "участник", "водител", "специалист", "педагог", "учител", "одногруппн", "командиров",
    "проводни", "бухгалтер", "воспитател", "дизайнер", "подружек", "подруж", "рыл", "душ", "лица", "лиц", "лицо", "engineer", "friends", "player", "colleague", "ladies",
    "страдальц", "отпускник", "постояльц", "адам", "кеше", "киши", "нафар", "nəfər", "kişi", "հոգի", "школьник",
];

#[rustfmt::skip]
const ADULT: &List = list![
    "взрос", "пенсионер", "женщин", "мужчин", "девуш", "adult", "бабулек", "вз", "совершеннолет",
];

const ADULT_EXACT: &List = list![
    "взр",
    "взросл",
    "баб",
    "parents",
    "men",
    "women",
    "grown-ups"
];

/// Each is one more beside the writer.
#[rustfmt::skip]
const COMPANION: &List = list![
    "муж", "жен", "жин", "супруг", "мам", "пап", "отец", "отц", "отча", "брат", "бро", "сестр", "сеструх", "сестриц", "подруг",
    "подружк", "бабушк", "бабул", "бабк", "дедул", "дедушк", "жон", "тещ", "свекр", "свекор", "тест", "зять", "зятем", "невест",
    "снох", "кум", "сват", "золовк", "деверь", "тет", "няня", "няне", "няню", "няней", "девушкой", "парнем", "друг",
    "коллег", "сосед", "любим", "husband", "wife", "mother", "father", "mom", "mum", "dad", "friend", "sister",
    "brother", "partner", "girlfriend", "boyfriend", "nanny", "grandmother", "grandfather", "granny", "grandma",
    "grandpa", "aunt", "uncle", "spouse", "подопечн", "сноха", "старух", "кассирш", "сиделк", "бат",
];

/// Not companions, though they begin as such.
#[rustfmt::skip]
const NO_COMPANION: &List = list![
    "мужчин", "мужик", "женщин", "женск", "мужск", "друго", "други", "другу", "друга", "мамин", "папин", "папк",
    "женат", "женил", "женит", "тестир", "тестов", "братс", "бронь", "брон", "брос", "материал", "сестрин", "жень", "кумыс",
    "соседн", "любимый", "любимая", "любимое", "любимую", "любимого", "бата", "батон", "батар", "батут", "отцеп",
    "дружно", "дружес", "бабки", "бабок", "бабками", "сосед", "тетрад", "тест-", "мамоч",
];

#[rustfmt::skip]
const COMPANION_EXACT: &List = list![
    "мать", "матерью", "дед", "дедом", "дядя", "дядей", "баба", "бабой", "маман", "другом", "другу", "друга",
    "мамой", "мамочка", "мамочкой",
];

/// Companions whose number is not said.
#[rustfmt::skip]
const COMPANIONS: &List = list![
    "друзья", "друзей", "друзьями", "подруг", "подругами", "подружками", "сестер", "сестрами", "братьев", "братьями",
    "братья", "коллег", "коллегами", "бабушек", "мамы", "деды", "дедами", "кумовья", "кумовьями", "friends", "sisters",
    "brothers", "colleagues", "мужьями", "женами",
];

#[rustfmt::skip]
const PARENTS: &List = list![
    "родители", "родителями", "родителей", "родителям", "предки", "предками", "родаки", "родаками", "parents",
    "grandparents", "in-laws", "супруги", "супругов", "супругами", "чета",
];

const TWINS: &List = list!["двойняш", "близнец", "близняш", "twins"];

/// Children by what also says which one: an adjective, not a child of its own where a noun follows.
#[rustfmt::skip]
const WHICH_CHILD: &List = list![
    "старш", "средн", "младш", "маленьк", "youngest", "younger", "oldest", "eldest", "elder", "little", "minor",
];

/// The role of a word, and how many people it names by itself.
pub(super) fn role(word: &str) -> Option<(Role, u32)> {
    let word = word.split('-').next().unwrap_or(word);
    if matches!(word, "я" | "мы" | "i" | "we") || is_writer_in_passing(word) {
        return Some((Role::Writer, 1));
    }
    if begins(word, TWINS) || matches!(word, "двойня" | "двойней" | "двойню" | "двойне")
    {
        return Some((Role::Child, 2));
    }
    if PARENTS.contains(word) {
        return Some((Role::Companion, 2));
    }
    if is_several_children(word) || COMPANIONS.contains(word) {
        return Some((Role::Several, 0));
    }
    if is_companion(word) {
        return Some((Role::Companion, 1));
    }
    let one =
        (is_child(word) && word.chars().count() > 1 && !begins(word, WHICH_CHILD)) || is_name(word);
    one.then_some((Role::Child, 1))
}

/// «Мне и жене», «меня с мамой»: the writer, if somebody is joined to them.
pub(super) fn is_writer_in_passing(word: &str) -> bool {
    matches!(
        word,
        "мне"
            | "меня"
            | "мной"
            | "мною"
            | "нам"
            | "нас"
            | "себя"
            | "себе"
            | "me"
            | "myself"
            | "us"
    )
}

/// Whom a number before this noun counts.
pub(super) fn counted_role(word: &str) -> Option<Role> {
    if is_companion(word) || COMPANIONS.contains(word) {
        return Some(Role::Companion);
    }
    if is_adult(word) {
        return Some(Role::Adult);
    }
    if is_anybody(word) {
        return Some(Role::All);
    }
    is_any_child(word).then_some(Role::Child)
}

/// People whose number may stand behind their noun: «гостей 5».
pub(super) fn is_headed(word: &str) -> bool {
    begins(
        word,
        &[
            "человек",
            "чел",
            "гост",
            "персон",
            "отдыхающ",
            "guest",
            "people",
            "pax",
        ],
    ) && is_anybody(word)
}

pub(super) fn is_anybody(word: &str) -> bool {
    begins(word, ALL)
        && !begins(
            word,
            &[
                "гостин",
                "гостев",
                "душев",
                "лицев",
                "лицен",
                "психот",
                "душно",
            ],
        )
}

pub(super) fn is_adult(word: &str) -> bool {
    ADULT_EXACT.contains(word) || (begins(word, ADULT) && word != "девушка" && word != "вз")
}

pub(super) fn is_any_child(word: &str) -> bool {
    is_child(word) && !begins(word, WHICH_CHILD) && !is_companion(word)
}

pub(super) fn is_companion(word: &str) -> bool {
    COMPANION_EXACT.contains(word) || (begins(word, COMPANION) && !begins(word, NO_COMPANION))
}

fn is_several_children(word: &str) -> bool {
    let many = ["ами", "ями", "ьми"]
        .iter()
        .any(|ending| word.ends_with(ending));
    is_counted(word)
        || (is_child(word) && many)
        || begins(
            word,
            &[
                "детиш",
                "ребятиш",
                "детвор",
                "grandchildren",
                "grandkids",
                "teenagers",
            ],
        )
        || matches!(
            word,
            "детям" | "внукам" | "детки" | "мелкими" | "мелкие" | "мелких" | "детми"
        )
}
