//! A text → the terms that it is found by: lower case, undisguised, without endings (as the model of intents sees words),
//! without what every question holds. A term is letters alone, so that any index of words keeps it whole.

use super::lexicon;
use crate::understand::{stem, words};

/// No more terms than these are read of a text.
const MOST_TERMS: usize = 400;
/// Parts of a hyphenated word up to this long are one word: «вай-фай», «чек-ин».
const SHORT_PART: usize = 4;
/// What stands behind this word is a term of its own too.
const WITHOUT: &str = "без";

/// Words that tell nothing of what a question is about.
#[rustfmt::skip]
const SAID_ANYWAY: &[&str] = &[
    // the language's own
    "и", "в", "во", "не", "что", "он", "на", "я", "с", "со", "как", "а", "то", "все", "она", "так", "его", "но", "да", "ты", "к",
    "у", "же", "вы", "за", "бы", "по", "только", "ее", "мне", "было", "вот", "от", "меня", "еще", "нет", "о", "из", "ему", "когда",
    "даже", "ну", "ли", "если", "уже", "или", "ни", "быть", "был", "него", "до", "вас", "уж", "вам", "ведь", "там", "потом", "себя",
    "ей", "может", "они", "тут", "где", "есть", "надо", "для", "мы", "тебя", "их", "чем", "была", "сам", "чтоб", "без", "чего",
    "раз", "тоже", "себе", "под", "будет", "ж", "тогда", "кто", "этот", "того", "этого", "какой", "ним", "здесь", "этом", "мой",
    "тем", "чтобы", "сейчас", "были", "куда", "зачем", "всех", "можно", "при", "об", "хоть", "после", "над", "больше", "тот",
    "через", "эти", "нас", "про", "всего", "них", "какая", "много", "эту", "моя", "свою", "этой", "перед", "лучше", "том",
    "нельзя", "такой", "им", "всегда", "конечно", "всю", "между", "это", "эта", "нам", "наш", "наша", "наши", "нашей", "вами", "ваш",
    "ваша", "ваше", "ваши", "вашем", "вашей", "ваших", "вашего", "нами", "мной", "моей", "моего", "моем", "свой", "свои", "своей",
    "своего", "своих", "оно", "какие", "какое", "каких", "какую", "каким", "какова", "каков", "который", "которые", "сколько",
    "скока", "скок", "сколко", "также", "например", "вообще", "просто", "именно", "либо", "ещё", "очень", "самый", "самое", "тк",
    "те", "та", "ко", "нибудь", "собой", "себе", "каком", "какому", "вашему", "вашими", "пока", "один", "одна", "одни", "два", "две",
    "двое", "двоих", "двоем", "три", "трое", "троих", "четверо", "пять", "лет", "год", "года", "году", "годика", "часа", "часов", "час", "кого", "кому", "туда", "сюда", "оттуда", "откуда", "почему", "иначе", "значит", "типа", "блин", "короче", "ок",
    // how one asks
    "подскажите", "подскажи", "подскажете", "скажите", "скажи", "расскажите", "пожалуйста", "пожалста", "плиз", "пж", "пжл",
    "пжлст", "плз", "здравствуйте", "здрасте", "здрасьте", "здрасти", "привет", "приветствую", "добрый", "доброе", "доброго",
    "день", "дня", "дней", "вечер", "вечера", "утро", "утра", "суток", "времени", "хотел", "хотела", "хотели", "хочу", "хотим",
    "хотелось", "хочет", "хотят", "хотите", "узнать", "уточнить", "уточните", "интересует", "интересно", "вопрос", "вопросик", "можете", "могли", "могу",
    "можем", "имеется", "бывает", "нужно", "нужен", "нужна", "нужны", "буду", "будем", "будете", "спасибо", "спс", "заранее",
    "благодарю", "девушка", "девушки", "люди", "ребята", "господа", "ответьте", "напишите", "знаете", "случайно", "вроде",
    "делать", "делают", "делаете", "делает", "бывают", "смогу", "сможем", "сможете", "смогут", "получить", "взять", "дать", "дают",
    "даете", "дадите", "дадут", "дает", "планируется", "планируем", "нету", "имеются", "существует", "рассказать", "посоветуете",
    "кстати", "насчет", "насчёт", "поводу", "касаемо", "относительно", "плане", "санаторий", "санатории", "санатория", "санаторию",
];

/// The terms of a text, in its order, with repetitions.
pub fn terms(text: &str) -> Vec<String> {
    let mut terms: Vec<String> = Vec::new();
    let mut is_without = false;
    for word in words(text) {
        if terms.len() >= MOST_TERMS {
            break;
        }
        if !word.starts_with(char::is_alphabetic) {
            continue;
        }
        let parts: Vec<&str> = word
            .split(|c: char| !c.is_alphabetic())
            .filter(|part| !part.is_empty())
            .collect();
        let is_one = parts.len() > 1 && parts.iter().all(|part| is_short(part));
        let from = terms.len();
        if is_one {
            terms.extend(term(&parts.concat()));
        } else {
            terms.extend(parts.iter().copied().filter_map(term));
        }
        // «Без машины» asks for another thing than «на машине».
        if std::mem::replace(&mut is_without, parts == [WITHOUT])
            && let Some(missing) = terms.get(from)
        {
            let without = format!("{WITHOUT}{missing}");
            terms.push(without);
        }
    }
    terms
}

fn is_short(part: &str) -> bool {
    part.chars().count() <= SHORT_PART
}

/// The term of a word; `None` = it tells nothing.
fn term(word: &str) -> Option<String> {
    if SAID_ANYWAY.contains(&word) {
        return None;
    }
    if let Some(one) = lexicon::one_word(word) {
        return Some(one.to_owned());
    }
    let stem = stem(word);
    (stem.chars().count() > 1).then(|| stem.to_owned())
}

/// The sentences of a message, each of which may ask something else. Blank ones are left out.
pub fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut from = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let ends = match c {
            '?' | '!' | '\n' => next.is_none_or(|next| !matches!(next, '?' | '!')),
            // Not «10.12» and not «руб.».
            '.' => next.is_none_or(char::is_whitespace) && text[from..at].contains(' '),
            _ => false,
        };
        if ends {
            let end = at + c.len_utf8();
            sentences.push(text[from..end].trim());
            from = end;
        }
    }
    sentences.push(text[from..].trim());
    sentences.retain(|sentence| sentence.chars().any(char::is_alphanumeric));
    sentences
}
