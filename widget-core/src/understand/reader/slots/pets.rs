//! Whether a pet travels.
//!
//! An animal alone says nothing: it may belong to the house, to neighbours, or stay at home. Something must tell that
//! it comes along («с собакой», «кота везём») or does not («без животных», «собаку оставим дома»). Who asks whether
//! one may come with an animal plans to.

mod company;

use super::{Found, back, begins, clause, has, has_word, is_stop, sentences, span, word};
use crate::understand::reader::words::Token;
use crate::understand::reader::words::list::{List, list};
use company::{is_accompanied, is_attribute, is_listed, is_ours, may_it_come};

/// As many words on each side of an animal speak of it, where no comma ends them.
const NEAR: usize = 8;

/// Animals by the beginning of the word.
#[rustfmt::skip]
const ANIMALS: &List = list![
    "собак", "собачк", "собачон", "собачен", "сабак", "сабачк", "собач", "псин", "песик", "песел", "пёсел", "песель",
    "щенк", "щенок", "щенят", "кошк", "кошеч", "кошар", "кошак", "котик", "котейк", "котяр", "котен", "котят",
    "котофе", "кисул", "кисонь", "питом", "животн", "живност", "ахатин", "улитк", "budgi", "whippet", "spaniel",
    "dackel", "hund", "мурлык", "мурлыч", "той-тер", "тойтер", "джекрас", "пикинес", "samoyed", "животин", "жывотн", "звер", "зверюш", "зверуш", "четверон", "мохнат", "хвостат", "попуга",
    "папуга", "кролик", "крольч", "хомяк", "хомяч", "хорек", "хорьк", "хореч", "черепах", "черепаш", "шиншил",
    "свинк", "канаре", "кобел", "щегол", "щегла", "птиц", "хунд", "хаустир", "игуан", "енот", "поводыр", "шпиц", "йорк", "лабрадор", "мейн-кун", "мейнкун", "чихуа",
    "чихухуа", "корги", "хаски", "пудел", "мопс", "бульдог", "терьер", "ретривер", "овчарк", "ротвейлер", "доберман",
    "алабай", "акит", "шарпе", "чау-чау", "мальтез", "болонк", "бигл", "джек-рас", "самоед", "сенбернар", "ши-тцу",
    "пекинес", "папильон", "шнауцер", "цвергшн", "спаниел", "сеттер", "сфинкс", "британск", "дворняж", "дворняг",
    "метис", "пинчер", "левретк", "далматин", "маламут", "кокер", "боксерш", "таксик", "таксочк", "мурзик", "мурк",
    "барсик", "бобик", "вислоух", "волнист", "пушист", "канис", "дегу", "labrador", "corgi", "chihuahua", "spitz",
    "husky", "poodle", "dachshund", "terrier", "puppy", "puppies", "kitten", "parrot", "rabbit", "hamster", "ferret",
    "turtle", "tortoise", "animal", "doggy", "doggie", "kitty", "retriever", "bulldog", "yorkie", "guinea",
];

/// Animals whose names begin other words too.
#[rustfmt::skip]
const WHOLE: &List = list![
    "кот", "кота", "коту", "котом", "коте", "котя", "котю", "котей", "коты", "котов", "котами", "котэ", "кошь", "пес", "пса", "псу", "псом",
    "псы", "псов", "псами", "дог", "дога", "догом", "такса", "таксу", "таксой", "таксе", "таксою", "таксы", "таксои",
    "лайка", "лайку", "лайкой", "ежик", "ежиком", "ежика", "крысой", "крысу", "крыску", "крыса", "кошара", "киса",
    "кису", "кисой", "киска", "киску", "киской", "колли", "ерк", "ерком", "ерка", "еркшир", "хвостик", "хвостика",
    "птичка", "птичку", "птичкой", "рыбка", "рыбку", "перс", "персом", "dog", "dogs", "cat", "cats", "pet", "pets",
    "pug", "beagle", "bird", "🐶", "🐕", "🐩", "🐱", "🐈", "🐹", "🐰", "🐇", "🦜", "🐾", "🦮", "🐢",
];

/// Words that only look like animals.
#[rustfmt::skip]
const NOT_ANIMALS: &List = list![
    "собачий", "собачья", "собачьего", "собачье", "собачьи", "собачат", "собачиться", "зверск", "зверев", "зверобо",
    "звереют", "зверею", "котлет", "питомник", "хвостатск", "акита-", "животны-", "пушистые", "мохнатые", "собачьей",
    "собачьим",
];

/// Speaks of animals of others, or of fear and illness.
#[rustfmt::skip]
const OF_OTHERS: &List = list![
    "аллерг", "алерг", "боюсь", "боится", "боятся", "боимся", "баюсь", "побаив", "бояз", "чихает", "страх", "пугает",
    "испуг", "бездомн", "бродяч", "территор", "тиритор", "сосед", "посторонн", "лает", "лают", "лаем", "воет", "воют",
    "кусан", "кусал", "укусил", "кусают", "злые", "злая", "бегают", "бегает", "гуляют", "гоня", "местн", "ваши",
    "вашей", "ваша", "ваших", "вашими", "фото", "видео", "рецепт", "allerg", "afraid", "fear", "stray", "barking",
    "neighbo", "прежн", "постояльц", "задыха", "астма", "зоопарк", "контактн", "подкармл", "прикорм", "кормить",
];

/// Whoever asks this wants to come with an animal.
#[rustfmt::skip]
const MAY_I: &List = list![
    "можно", "мона", "нельзя", "разреш", "пуска", "пуст", "принима", "примет", "прими", "примут", "допуска",
    "допустим", "возмож", "найдет", "дарф", "darf", "mitbring", "митбринг", "заселя", "засел", "посел", "размещ", "размест", "прожива", "проживан", "прогон", "позвол",
    "запрещ", "против", "дозвол", "реально", "льзя", "берете", "возьмете", "пропуст", "провез", "allow", "accept",
    "welcome", "permit", "friendly", "bring", "charge", "fee", "okay", "ok",
];

/// The animal moves with the writer.
#[rustfmt::skip]
const TRAVELS: &List = list![
    "еду", "едем", "едет", "едут", "поеду", "поедем", "поедет", "поедут", "приеду", "приедем", "приедет", "приедут",
    "приехать", "возьму", "возьмем", "беру", "берем", "взять", "везу", "везем", "привез", "повез", "захвач", "захват",
    "прихва", "прилет", "впиш", "впис", "припиш", "допиш", "добав", "дополн", "укаж", "учтите", "забыл", "забыла",
    "travel", "comes", "coming", "take", "add", "along", "собира", "планир", "намере", "хоти", "хоче", "хочу",
    "желал", "пожив",
];

/// Belongings of a travelling animal.
#[rustfmt::skip]
const BELONGINGS: &List = list![
    "доплат", "переноск", "переносоч", "клетк", "контейнер", "клеточ", "намордн", "лоток", "лотк", "ветпаспорт",
    "ветеринар", "привит", "прививк", "поводк", "выгул", "мисоч", "миск", "кг", "сбор", "сумочк", "сумк", "стерилиз",
    "воспитан", "смирн", "cage", "vaccin", "kg", "leash", "quiet", "barks", "доплачив", "лежанк", "лапы", "паспорт",
    "килограмм", "кило", "чипир", "ручной", "ручная", "доплачив",
];

/// What one says of an animal that stays at home.
#[rustfmt::skip]
const LEFT_BEHIND: &List = list![
    "оставля", "оставит", "оставим", "оставлю", "оставил", "остаетс", "остаютс", "останет", "остался", "осталас",
    "отдаем", "отдадим", "отдам", "отдал", "отвез", "пристро", "присмотрит", "побудет", "leave", "leaving", "stays",
    "вычерк", "приглядит", "посидит",
];

#[rustfmt::skip]
const MOVES: &List = list![
    "возьму", "возьмем", "беру", "берем", "везу", "везем", "привез", "захвач", "прихва", "захват", "впиш", "припиш",
    "допиш", "дополн", "добав", "повез",
];

#[rustfmt::skip]
const NOT_COMING: &List = list![
    "вез", "возьм", "бер", "берем", "будет", "буд", "едет", "поедет", "планир", "плонир", "имее", "держ", "bring",
    "have", "привез", "приве", "захват", "брать", "беру",
];

#[rustfmt::skip]
const WITHOUT: &List = list![
    "без", "бес", "without", "no", "ни", "нет", "вместо", "никаких",
];

/// Only animals have these.
#[rustfmt::skip]
const GEAR: &List = list![
    "миску", "миски", "мисоч", "клетк", "клеточ", "переноск", "переносоч", "намордн", "поводк", "поводок", "ветпаспорт",
    "лежанк", "когтеточ", "аквариум", "террариум",
];

/// Of a child, of the body or of a house.
const NO_GEAR: &List = list![
    "дет",
    "груд",
    "лестн",
    "ребен",
    "малыш",
    "коляск",
    "болит",
    "ребр",
    "слинг",
];

/// Whether an animal is to travel along.
pub(super) fn pet(tokens: &[Token]) -> Option<Found<bool>> {
    let strong = says_it_cannot_stay(tokens);
    let mut said: Option<Found<bool>> = None;
    let mut weak: Option<Found<bool>> = None;
    let mut of_others = false;
    for sentence in sentences(tokens) {
        let animals: Vec<usize> = (0..sentence.len())
            .filter(|at| is_animal(sentence, *at))
            .collect();
        of_others |= has(sentence, &["аллерг", "алерг", "allerg"]);
        for at in animals {
            let found = |value| {
                Some(Found {
                    value,
                    span: span(sentence, at, at + 1),
                })
            };
            match verdict(sentence, at, of_others, strong) {
                Some(true) if weak.is_none() => weak = found(true),
                Some(false) if said.is_none() => said = found(false),
                _ => {}
            }
        }
    }
    if weak.is_none() && said.is_none() {
        return brings_its_things(tokens);
    }
    let left = said.is_some() && !strong && leaves_it(tokens);
    if left { said } else { weak.or(said) }
}

/// «Жульку оставить не с кем, миску привезём»: an animal that only its things tell.
fn brings_its_things(tokens: &[Token]) -> Option<Found<bool>> {
    sentences(tokens).find_map(|sentence| {
        let at = (0..sentence.len()).find(|at| begins(word(sentence, *at), GEAR))?;
        let moves = has(sentence, MOVES) || has(sentence, MAY_I);
        (moves && !has(sentence, NO_GEAR) && !has(sentence, OF_OTHERS)).then(|| Found {
            value: true,
            span: span(sentence, at, at + 1),
        })
    })
}

fn is_animal(sentence: &[Token], at: usize) -> bool {
    let here = word(sentence, at);
    let hot_dog = begins(here, &["дог", "dog"]) && matches!(back(sentence, at, 1), "хот" | "hot");
    // "The dog's coming"
    let here = here.strip_suffix("'s").unwrap_or(here);
    (begins(here, ANIMALS) || WHOLE.contains(here))
        && !begins(here, NOT_ANIMALS)
        && !hot_dog
        && !is_a_comparison(sentence, at)
}

/// «Как попугай», «борзыми щенками».
fn is_a_comparison(sentence: &[Token], at: usize) -> bool {
    matches!(back(sentence, at, 1), "как" | "словно" | "будто" | "точно")
        && !matches!(word(sentence, at + 1), "с" | "член")
        || back(sentence, at, 2) == "как" && back(sentence, at, 1) == "с"
        || begins(back(sentence, at, 1), &["борз", "плюшев", "игрушечн"])
}

/// «Без неё не поеду», «оставить не с кем», «куда девать собаку».
fn says_it_cannot_stay(tokens: &[Token]) -> bool {
    (0..tokens.len()).any(|at| {
        let next = |steps: usize| word(tokens, at + steps);
        match word(tokens, at) {
            "не" | "ни" => {
                let cannot = begins(next(1), &["мож", "могу", "хо", "получ"])
                    && (2..5).any(|steps| begins(next(steps), &["остав", "бросит"]));
                next(1) == "с" && next(2) == "кем" || next(1) == "скем" || cannot
            }
            "едет" | "поедет" | "едут" | "поедут" => {
                next(1) == "с" && matches!(next(2), "нами" | "мной" | "мною")
            }
            "некому" | "некуда" | "несчем" => true,
            "куда" => begins(next(1), &["деть", "деват", "мне", "его", "ее"]),
            "без" => {
                let it = begins(next(1), &["нее", "него", "ево", "ней", "них"])
                    || (at + 1..at + 4).any(|index| is_animal(tokens, index));
                it && (2..6)
                    .map(next)
                    .take_while(|word| !is_stop(word))
                    .any(|word| matches!(word, "не" | "никуда" | "ни" | "никак"))
                    && !(2..5).any(|steps| begins(next(steps), &["будет"]))
            }
            "without" => begins(next(1), &["him", "her", "it"]),
            "впишите" | "допишите" | "припишите" | "добавьте" | "возьмете" | "возьмем"
            | "взять" | "take" | "брать" | "берем" | "берете" => {
                begins(next(1), &["его", "ее", "him", "her"])
            }
            _ => false,
        }
    })
}

/// «Собаку оставим у сестры», said once for all.
fn leaves_it(tokens: &[Token]) -> bool {
    (0..tokens.len()).any(|at| begins(word(tokens, at), LEFT_BEHIND) && back(tokens, at, 1) != "не")
}

/// What the sentence says of the animal at `at`.
fn verdict(sentence: &[Token], at: usize, of_others: bool, strong: bool) -> Option<bool> {
    let mut part = clause(sentence, at, NEAR);
    // «Собаку, как договаривались, берём»
    if part.len() < 2 {
        part = sentence;
    }
    if is_accompanied_here(sentence, at) && has(part, LEFT_BEHIND) {
        return None;
    }
    if goes_along(part) {
        return Some(true);
    }
    let may_come = is_accompanied(sentence, at) && has(part, MAY_I);
    let avoided = has(sentence, &["аллерг", "алерг", "allerg", "чихает"]);
    if !avoided && !strong && stays_away(sentence, at, part) {
        return Some(false);
    }
    if (has(part, OF_OTHERS) || of_others || has(sentence, &["бродяч", "бездомн"])) && !may_come
    {
        return None;
    }
    let planned = strong
        || is_accompanied(sentence, at)
        || may_it_come(sentence, part)
        || is_listed(sentence, at)
        || is_ours(sentence, at)
        || has(part, BELONGINGS)
        || (has(sentence, BELONGINGS) && has(sentence, TRAVELS))
        || has_word(part, &["едет", "поедет"]);
    planned.then_some(true)
}

/// «Кота берём», «с нами такса», «собака при мне», "my dog must come".
fn goes_along(part: &[Token]) -> bool {
    let denied = part.iter().enumerate().any(|(index, token)| {
        matches!(token.word.as_str(), "не" | "not" | "don't")
            && (begins(word(part, index + 1), TRAVELS) || begins(word(part, index + 1), NOT_COMING))
            || matches!(token.word.as_str(), "no" | "нет" | "нету")
            || (matches!(token.word.as_str(), "без" | "бес" | "without" | "вместо")
                && !matches!(word(part, index + 1), "меня" | "нас"))
    });
    if denied || has(part, LEFT_BEHIND) && !has_word(part, &["не"]) {
        return false;
    }
    let with_us = (0..part.len()).any(|index| {
        matches!(
            (word(part, index), word(part, index + 1)),
            ("с" | "со", "нами" | "мной" | "мною" | "собой" | "собою")
                | ("при", "мне" | "нас" | "ней" | "нем")
                | ("with", "us" | "me")
        )
    });
    let house = has(part, OF_OTHERS);
    // «Соседка возьмёт» is no journey, «допишите собачку» is one.
    let moves = has(part, MOVES);
    let comes = has(part, &["едет", "поедет", "едут", "поедут", "приедет"])
        && !has(part, &["сосед", "гост", "друз"])
        || has_word(part, &["comes", "come", "coming"])
            && has_word(part, &["my", "our", "must", "will"]);
    !house && (with_us || moves || comes)
}

/// «Без животных», «питомцев нет», «собаку не берём», «кот остаётся дома».
fn stays_away(sentence: &[Token], at: usize, part: &[Token]) -> bool {
    let house = has_word(
        part,
        &["вас", "вами", "you", "номерах", "номере", "корпусе"],
    ) || has(part, &["территор"]);
    let question = word(sentence, sentence.len() - 1) == "?";
    let first = (0..at)
        .rev()
        .find(|index| !is_attribute(word(sentence, *index)))
        .map_or("", |index| word(sentence, index));
    let without = WITHOUT.contains(first);
    let absent = part.iter().enumerate().any(|(index, token)| {
        let here = token.word.as_str();
        let next = word(part, index + 1);
        (matches!(here, "нет" | "нету" | "none") && begins_near(part, index))
            || (matches!(here, "не" | "not" | "don't" | "won't") && begins(next, NOT_COMING))
    });
    let left = has(part, LEFT_BEHIND) && !has_word(part, &["не", "нельзя", "могу", "не-с-кем"]);
    (without || absent) && !(house && (question || !without))
        || left && is_a_word(word(sentence, at)) && !is_accompanied_here(sentence, at)
}

/// «Свекровь дома с котом остаётся»: it is she who stays.
fn is_accompanied_here(sentence: &[Token], at: usize) -> bool {
    matches!(back(sentence, at, 1), "с" | "со" | "with")
}

fn is_a_word(word: &str) -> bool {
    word.starts_with(char::is_alphabetic)
}

/// An animal stands within three words before, or two behind: «животных у нас нет».
fn begins_near(part: &[Token], at: usize) -> bool {
    (at.saturating_sub(3)..at + 3).any(|index| is_animal(part, index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::reader::words::tokens;

    #[rustfmt::skip]
    const COMES: &[&str] = &[
        "можно с животными?", "с собакой пускаете?", "А с кошкой принимаете?", "Едем с маленькой собачкой",
        "едем вдвоём со шпицем", "нас двое и йорк", "я, муж и собака породы такса", "двое взрослых + кот",
        "Кота берём с собой", "с нами мейн-кун, спокойный", "возьмём с собой попугая в клетке", "везём хомячка",
        "можно ли взять кролика?", "С нами будет собака-поводырь", "у нас чихуахуа, пустите?",
        "наш пёсель поедет тоже", "питомца разрешаете?", "Разрешено ли проживание с питомцами?",
        "домашних животных принимаете?", "собаку не с кем оставить", "без собаки не поедем",
        "кошка останется одна, не можем её оставить, возьмём с собой", "Сколько доплата за собаку?",
        "Забыла указать: корги 10 кг", "мы с мужем и 🐶", "можно с 🐕?", "с хорьком пустите?", "черепашка с нами едет",
        "Do you accept dogs?", "are pets allowed?", "we travel with a small dog", "two adults and a cat",
        "hello, can we bring our cat to your hotel?", "is it a pet friendly place?", "mozhno s sobakoi?",
        "edem s kotom", "впишите в бронь кошку", "Едем с двумя собаками", "с лабрадором можно?",
        "мы с таксой к вам в мае",
        "не с кем оставить Жульку, возьмём её с собой, миску привезём",
        "маму без её попугая не вытащить, клетку разрешите поставить?", "в салоне ещё шпиц, ему место найдётся?",
        "Guten Tag, darf ich meinen kleinen Hund mitbringen?", "переноску привезём свою", "клетку можно поставить?",
        "Псина наша тоже едет", "везу с собой двух канареек", "со мной будет птичка в клетке", "лоток и лежанку для кошки везём",
        "без нашего старого пса не поеду", "намордник наденем, пустите?", "плюс ещё йорк", "Hund darf mit?", "плюс хомяк", "мой той-терьер размером с ладонь, можно?", "А мурлыку нашу можно с собой в номер?", "two of us and our old tom cat",
        "my dog's coming too", "я, муж и котя",
    ];

    #[rustfmt::skip]
    const STAYS: &[&str] = &[
        "Животных у нас нет", "питомцев у нас нет, едем вдвоём", "без животных", "Едем без питомцев", "питомцев нет", "животных не везём", "собаку оставим дома",
        "кота оставляем у мамы", "кошку не берём", "we are two people and no pets", "we come without animals",
        "двое взрослых, без собаки", "собаку пристроили к друзьям", "животных не будет", "Нет, животных с нами не будет.",
        "Кот остаётся с соседкой дома",
    ];

    #[rustfmt::skip]
    const OTHERS_: &[&str] = &[
        "собаки на территории есть?", "у вас бездомные собаки бегают?", "аллергия на кошек",
        "у сына аллергия на собак, есть у вас животные?", "боюсь собак", "соседи с собакой, лает всю ночь",
        "собачий холод в номере", "хот-дог на завтрак бывает?", "хот дог есть?", "кошки у вас живут?",
        "Животные в номерах бывают?", "живот болит", "которая комната свободна?", "котлеты на пару есть?",
        "кошелёк забыл", "такси до вокзала сколько?", "договор пришлите", "ребёнку 2 года с хвостиком",
        "do you have stray dogs?", "my wife is allergic to cats", "песок на пляже?", "какая у вас такса за парковку?",
        "Собаки злые у вас?", "котельная рядом?", "рассылка пищит и пугает кошку",
        "грудная клетка болит, примете?", "детскую переноску можно взять?", "миска супа на обед?", "птицу на обед подают?",
        "поводок забыл у вас на вешалке сосед", "кошки ещё бывают у вас?", "можно дочку не с кем оставить, возьмём её",
        "аквариум в холле красивый", "на лестничной клетке можно курить?",
    ];

    fn read(text: &str) -> Option<bool> {
        pet(&tokens(text)).map(|found| found.value)
    }

    #[test]
    fn a_travelling_animal_is_read() {
        for text in COMES {
            assert_eq!(read(text), Some(true), "{text}");
        }
    }

    #[test]
    fn an_animal_left_at_home_is_read() {
        for text in STAYS {
            assert_eq!(read(text), Some(false), "{text}");
        }
    }

    #[test]
    fn animals_of_others_are_none() {
        for text in OTHERS_ {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
