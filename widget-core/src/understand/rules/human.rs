//! The wish for a person.

use super::super::numbers::Token;
use super::span;

/// Beginnings of the words for a person who answers guests.
#[rustfmt::skip]
const STAFF: &[&str] = &[
    "отдел",
    "менеджер", "оператор", "администратор", "сотрудник", "специалист", "консультант", "диспетчер",
    "manager", "operator", "agent", "representative", "receptionist",
];

/// The person as such. «Человек» is also what a room is booked for: it needs a call, and no «на» before it.
#[rustfmt::skip]
const PERSON: &[&str] = &[
    "старшего", "старшим", "руководителя", "руководителем", "директора", "директором", "начальника", "начальником", "управляющего", "управляющим",
    "человек", "человека", "человеку", "человеком", "кого-нибудь", "кем-нибудь", "кого-то", "human",
    "person", "someone",
];

#[rustfmt::skip]
const LIVING: &[&str] = &[
    "нормального", "нормальным", "нормальному",
    "живой", "живого", "живому", "живым", "живые", "живых", "живыми", "реального", "реальному", "реальным",
    "настоящего", "настоящим", "настоящему", "live", "real", "actual",
];

/// Calls for somebody.
#[rustfmt::skip]
const CALLS: &[&str] = &[
    "позовите", "позови", "позвать", "соедините", "соедини", "соединить", "переключите", "переключи",
    "переключить", "переведите", "переведи", "перевести", "свяжите", "связать", "дайте", "дай",
    "пригласите", "пригласить", "подключите", "подключить", "передайте", "попросите", "call", "get",
    "connect", "transfer", "put", "give",
];

/// Needs somebody: with the nominative in Russian, as «нужен менеджеру паспорт» needs a passport.
const NEEDS: &[&str] = &["нужен", "нужна", "need", "want"];

/// «Нужна помощь менеджера»
const HELP: &[&str] = &["помощь", "консультация"];

/// Wishes that somebody did something: only with one of [`ANSWERS`].
const WISHES: &[&str] = &["пусть", "чтобы", "чтоб"];

#[rustfmt::skip]
const ANSWERS: &[&str] = &[
    "ответит", "ответил", "перезвонит", "перезвонил", "позвонит", "позвонил", "напишет", "написал",
    "свяжется", "связался",
];

#[rustfmt::skip]
const TALKS: &[&str] = &[
    "поговорить", "говорить", "пообщаться", "общаться", "связаться", "побеседовать", "переговорить",
    "созвониться", "speak", "talk", "chat",
];

/// May stand between the call and the person.
#[rustfmt::skip]
const BETWEEN: &[&str] = &[
    "телефону",
    "мне", "меня", "нас", "нам", "пожалуйста", "плиз", "срочно", "уже", "с", "со", "на", "к", "вашего",
    "вашим", "вашему", "ваш", "любого", "любым", "какого-нибудь", "каким-нибудь", "другого", "другим",
    "наконец", "лучше", "просто", "именно", "сюда", "можно", "хочу", "хотел", "хотела", "хотелось", "бы",
    "надо", "нужно", "могу", "me", "us", "to", "with", "a", "an", "the", "your", "through", "please", "any",
    "now",
];

/// What else a message may hold that calls for a person by naming one.
const POLITE: &[&str] = &["пожалуйста", "плиз", "мне", "срочно", "please", "a", "the"];

/// Phrases that need a person: a call back, or anybody but a bot.
const PHRASES: &[&[&str]] = &[
    &["перезвоните", "мне"],
    &["перезвоните", "пожалуйста"],
    &["позвоните", "мне"],
    &["свяжитесь", "со", "мной"],
    &["call", "me", "back"],
    &["не", "с", "ботом"],
    &["не", "с", "роботом"],
    &["с", "ботом", "не"],
    &["с", "роботом", "не"],
    &["хватит", "ботов"],
    &["уберите", "бота"],
    &["отключите", "бота"],
    &["кто", "живой"],
    &["кто-нибудь", "живой"],
];

/// Where the message asks for a person, if it does.
pub(super) fn wants_person(tokens: &[Token]) -> Option<(u32, u32)> {
    (0..tokens.len())
        .find_map(|at| {
            called(tokens, at)
                .or_else(|| called_from_behind(tokens, at))
                .or_else(|| living_one(tokens, at))
                .or_else(|| awaited(tokens, at))
                .or_else(|| phrase(tokens, at))
        })
        .or_else(|| named_alone(tokens))
        .map(|(from, to)| span(tokens, from, to))
}

/// «Позовите [мне] [живого] человека», «хочу поговорить с [вашим] менеджером», «не хочу общаться с ботом».
fn called(tokens: &[Token], at: usize) -> Option<(usize, usize)> {
    let verb = word(tokens, at);
    let person = skip(tokens, at + 1, |word| {
        BETWEEN.contains(&word)
            || LIVING.contains(&word)
            || (is_wish(verb) && ANSWERS.contains(&word))
            || (CALLS.contains(&verb) && word == ",")
            || (NEEDS.contains(&verb) && HELP.contains(&word))
    });
    let named = word(tokens, person);
    let before = word(tokens, person - 1);
    let negated = is_negated(tokens, at);
    let fits = if TALKS.contains(&verb) && matches!(named, "ботом" | "роботом") {
        return negated.then_some((at, person + 1));
    } else if TALKS.contains(&verb) {
        is_staff(named) || PERSON.contains(&named)
    } else if matches!(verb, "хочу" | "можно") {
        ending(named) == Some("а") || (PERSON.contains(&named) && LIVING.contains(&before))
    } else if matches!(verb, "дай" | "дайте") {
        // «Дайте менеджеру время» calls nobody.
        ending(named) == Some("а") || (PERSON.contains(&named) && before != "на")
    } else if CALLS.contains(&verb) {
        let moved_to = verb.starts_with("перев") || verb.starts_with("переключ");
        is_staff(named) || (PERSON.contains(&named) && (before != "на" || moved_to))
    } else if NEEDS.contains(&verb) {
        // «Нужен номер на человека» is stopped by its «номер», «нужен на человека» by its «на».
        ending(named) == Some("")
            || (ending(named) == Some("а") && HELP.contains(&before))
            || (PERSON.contains(&named) && before != "на")
    } else if is_wish(verb) {
        let mut near = (at + 1)..(person + 3);
        (is_staff(named) || PERSON.contains(&named))
            && near.any(|near| ANSWERS.contains(&word(tokens, near)))
    } else {
        false
    };
    (fits && !negated).then_some((at, person + 1))
}

/// «С менеджером можно поговорить?», «оператора позовите», «нужно, менеджер нужен».
fn called_from_behind(tokens: &[Token], at: usize) -> Option<(usize, usize)> {
    let named = word(tokens, at);
    let with = at > 0 && matches!(word(tokens, at - 1), "с" | "со");
    let person = is_staff(named) || (PERSON.contains(&named) && with);
    let verb_at = skip(tokens, at + 1, |word| BETWEEN.contains(&word));
    let verb = word(tokens, verb_at);
    let fits = (with && TALKS.contains(&verb))
        || (CALLS.contains(&verb) && ending(named) != Some("у"))
        || (NEEDS.contains(&verb) && ending(named) == Some(""));
    (person && fits && !is_negated(tokens, verb_at)).then_some((at, verb_at + 1))
}

/// «Живой человек есть?», «можно живого менеджера?», «real person please». Not «это живой человек?».
fn living_one(tokens: &[Token], at: usize) -> Option<(usize, usize)> {
    let next = word(tokens, at + 1);
    let is_person = PERSON.contains(&next) || is_staff(next) || matches!(next, "люди" | "людей");
    if !LIVING.contains(&word(tokens, at)) || !is_person {
        return None;
    }
    let asks = |word: &str| {
        matches!(
            word,
            "есть" | "можно" | "хочу" | "где" | "нужно" | "please" | "пожалуйста"
        )
    };
    let before = at > 0 && asks(word(tokens, at - 1)) && !is_negated(tokens, at - 1);
    (before || asks(word(tokens, at + 2))).then_some((at, at + 2))
}

/// «Когда мне ответит менеджер?», «почему менеджер не отвечает?», «где менеджер?»
fn awaited(tokens: &[Token], at: usize) -> Option<(usize, usize)> {
    let asks = word(tokens, at);
    let near = at + 1..tokens.len().min(at + 6);
    let staff = near
        .clone()
        .find(|near| ending(word(tokens, *near)) == Some(""))?;
    let answers = near
        .map(|near| word(tokens, near))
        .any(|word| ANSWERS.contains(&word) || word == "отвечает");
    let nothing_after = !word(tokens, staff + 1).starts_with(char::is_alphanumeric);
    let awaits = match asks {
        "когда" | "почему" => answers,
        "где" => staff <= at + 2 && nothing_after,
        _ => false,
    };
    awaits.then_some((at, staff + 1))
}

fn phrase(tokens: &[Token], at: usize) -> Option<(usize, usize)> {
    PHRASES
        .iter()
        .find(|phrase| {
            (at..)
                .zip(**phrase)
                .all(|(at, said)| word(tokens, at) == *said)
        })
        .filter(|_| !is_negated(tokens, at))
        .map(|phrase| (at, at + phrase.len()))
}

/// «Оператор!», «менеджера, пожалуйста», «живого человека».
fn named_alone(tokens: &[Token]) -> Option<(usize, usize)> {
    let words: Vec<&str> = tokens
        .iter()
        .map(|token| token.word.as_str())
        .filter(|word| word.starts_with(char::is_alphanumeric) && !POLITE.contains(word))
        .collect();
    let asks = tokens.iter().any(|token| token.word == "?");
    let named = match words.as_slice() {
        [named] => is_staff(named) || matches!(*named, "human" | "человека"),
        [living, named] => LIVING.contains(living) && (PERSON.contains(named) || is_staff(named)),
        _ => false,
    };
    (named && !asks).then_some((0, tokens.len()))
}

fn is_staff(word: &str) -> bool {
    ending(word).is_some()
}

/// What follows the stem of a word for a person who answers guests.
fn ending(word: &str) -> Option<&str> {
    const ENDINGS: &[&str] = &["", "а", "у", "ом", "ы", "и", "ов", "ами", "s"];
    STAFF
        .iter()
        .filter_map(|stem| word.strip_prefix(stem))
        .find(|ending| ENDINGS.contains(ending))
}

fn is_wish(verb: &str) -> bool {
    WISHES.contains(&verb)
}

/// «Не зовите», «менеджер не нужен», «не хочу говорить»; but «не могу связаться» is a wish.
fn is_negated(tokens: &[Token], at: usize) -> bool {
    let back = |steps: usize| {
        at.checked_sub(steps)
            .map_or("", |index| word(tokens, index))
    };
    let negation = |word: &str| matches!(word, "не" | "don't" | "dont" | "not" | "no");
    negation(back(1))
        || (negation(back(2))
            && back(1).starts_with(char::is_alphabetic)
            && !matches!(back(1), "могу" | "можем" | "получается" | "удается"))
}

fn skip(tokens: &[Token], from: usize, over: impl Fn(&str) -> bool) -> usize {
    (from..tokens.len())
        .find(|at| !over(word(tokens, *at)))
        .unwrap_or(tokens.len())
}

fn word(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| token.word.as_str())
}
