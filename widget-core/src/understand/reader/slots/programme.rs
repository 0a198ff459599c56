//! Which kind of programme is wanted.

use super::{Found, back, begins, clause, has, is_stop, sentences, span, word};
use crate::understand::Programme;
use crate::understand::reader::words::Token;
use crate::understand::reader::words::list::{List, list};

/// Asks how programmes differ and what belongs to them.
#[rustfmt::skip]
const ASKS_ABOUT: &List = list![
    "отлича", "разниц", "различ", "чем", "или", "либо", "difference", "versus", "входит", "входят",
];

/// The writer wants something.
#[rustfmt::skip]
const WISH: &List = list![
    "хоч", "хот", "нуж", "надо", "надобн", "возьм", "берем", "беру", "взять", "заброн", "брон", "желаю", "желаем",
    "желал", "поехать", "поехали", "приехать", "еду", "едем", "поед", "приед", "вез", "собира", "планир", "намер",
    "интересу", "предпоч", "купить", "приобрес", "оформ", "закаж", "нам", "мне", "прош", "рассчит", "подбер",
    "посовет", "запиш", "лучше", "выбра", "выбир", "мечта", "ищу", "ищем", "want", "need", "book", "like",
    "interested", "prefer", "from", "come", "coming", "looking", "switch", "take", "thinking",
];

#[rustfmt::skip]
const PAINS: &List = list![
    "болит", "болят", "ноет", "ноют", "скрип", "hurt", "ache", "болен", "больн", "хрип", "остеохондр", "артроз",
    "грыж", "сустав", "колен",
];

#[rustfmt::skip]
const REST_VERBS: &List = list![
    "отдых", "отдохнуть", "отаспаться", "отоспаться", "отоспат", "отдохнут", "поспат", "полежат", "валят", "лежат",
    "гулят", "погулят", "выспат", "спать", "расслаб", "подышат", "воздух", "покой", "тишин", "relax", "rest", "лес",
];

#[rustfmt::skip]
const CURES: &List = list![
    "лечен", "лечит", "лечиц", "процедур", "уколов", "treatment", "treatments", "procedures", "лечебн", "медицин",
    "medical",
];

#[rustfmt::skip]
const QUESTIONS: &List = list![
    "или", "можно", "чем", "отлича", "разниц", "обязательн", "осталис", "почему", "сид",
];

#[rustfmt::skip]
const REFUSED_BEHIND: &List = list![
    "нуж", "надо", "надоб", "планир", "интерес", "буд", "хоч", "хот", "не", "треб",
];

#[rustfmt::skip]
const REFUSED_BEFORE: &List = list![
    "нуж", "надо", "хоч", "хот", "буд", "планир", "треб", "want", "need",
];

#[rustfmt::skip]
const ONLY: &List = list![
    "просто", "только", "тока", "токо", "чисто", "лишь", "обычный", "only", "just", "тупо", "just",
];

#[rustfmt::skip]
const HEALTH: &List = list![
    "оздоров", "общеоздоров", "аздаров", "оздаров", "wellness", "велнес", "веллнес", "детокс", "detox",
];

#[rustfmt::skip]
const PLACES: &List = list![
    "центр", "комплекс", "отел", "зон", "салон", "корпус", "площадк", "лагер",
];

#[rustfmt::skip]
const CURIOUS: &List = list![
    "отлича", "разниц", "различ", "или", "либо", "вместо", "почем", "входит", "скольк", "врем", "difference",
    "спасиб", "поклон", "есть",
];

#[rustfmt::skip]
const SERIOUS: &List = list![
    "хоч", "хот", "запиш", "интересу", "надо", "нужн", "want", "брон", "едем", "берем", "возьм",
];

#[rustfmt::skip]
const OVER: &List = list![
    "справк", "прошл", "проходил", "налог", "понравил", "спасиб", "за", "были", "оплат", "certificate", "tax",
    "назначение",
];

#[rustfmt::skip]
const WANTED: &List = list![
    "нуж", "хоч", "хот", "интересу", "надо", "полн", "желаю", "рекоменд", "именно", "совет",
];

#[rustfmt::skip]
const CURE_VERBS: &List = list![
    "подлечи", "полечи", "пролечи", "лечиться", "лечица", "лечим", "лечили", "лечить",
];

#[rustfmt::skip]
const PUT_OFF: &List = list![
    "старост", "потом", "рано", "детей", "берет", "берёт", "умеете", "можете",
];

#[rustfmt::skip]
const ADVISES: &List = list![
    "посовет", "лучше", "подойдет", "порекоменд", "подбер", "advise", "recommend", "предлож",
];

#[rustfmt::skip]
const COMPARES: &List = list![
    "отлича", "разниц", "или", "почем", "скольк", "стоит", "входит", "какие",
];

#[rustfmt::skip]
const DENIALS: &List = list![
    "не", "без", "ни", "нет", "никакого", "никаких", "no", "without", "not", "вместо",
];

#[rustfmt::skip]
const WITHOUT: &List = list![
    "без", "бес", "никакого", "никаких", "no", "without",
];

#[rustfmt::skip]
const SPA: &List = list![
    "спа", "spa", "спа-программу", "спа-программа", "спа-отдых", "спа-пакет", "спа-программы", "похудение",
    "антистресс",
];

#[rustfmt::skip]
const CURE_NAMES: &List = list![
    "лечение", "лечения", "реабилитации", "реабилитация", "реабилитацию", "личение",
];

#[rustfmt::skip]
const BEFORE_TREATMENT: &List = list![
    "for", "with", "medical", "full", "need", "the", "want",
];

/// The kind of programme.
pub(super) fn programme(tokens: &[Token]) -> Option<Found<Programme>> {
    let mut wellness = None;
    let mut treatment = None;
    let mut rest = None;
    for sentence in sentences(tokens) {
        for at in 0..sentence.len() {
            let found = |value| {
                Some(Found {
                    value,
                    span: span(sentence, at, at + 1),
                })
            };
            if is_rest(sentence, at) {
                rest = rest.or_else(|| found(Programme::Rest));
            }
            if is_wellness(sentence, at) {
                wellness = found(Programme::Wellness);
            }
            if is_treatment(sentence, at) {
                treatment = found(Programme::Treatment);
            }
        }
    }
    match (wellness, treatment) {
        // «Была оздоровительная, теперь хочет лечение»: what is said last.
        (Some(wellness), Some(treatment)) if rest.is_none() => {
            Some(if treatment.span.0 > wellness.span.0 {
                treatment
            } else {
                wellness
            })
        }
        // «Без лечения, оздоровительную»
        (Some(wellness), _) => Some(wellness),
        (None, treatment) => rest.or(treatment),
    }
}

fn near(sentence: &[Token], at: usize) -> &[Token] {
    &sentence[at.saturating_sub(8)..(at + 8).min(sentence.len())]
}

fn part(sentence: &[Token], at: usize) -> &[Token] {
    clause(sentence, at, 8)
}

fn asks(sentence: &[Token]) -> bool {
    word(sentence, sentence.len() - 1) == "?"
}

fn is_denied(sentence: &[Token], at: usize) -> bool {
    (1..3).any(|steps| DENIALS.contains(back(sentence, at, steps)))
        || matches!(word(sentence, at + 1), "не" | "нет")
            && begins(
                word(sentence, at + 2),
                &["н", "план", "инт", "хо", "треб", "бу", "об"],
            )
}

/// «Без лечения», «лечиться не буду», «просто отдохнуть».
fn is_rest(sentence: &[Token], at: usize) -> bool {
    let here = word(sentence, at);
    if begins(here, CURES) && is_refused(sentence, at) {
        let question = has(near(sentence, at), QUESTIONS)
            || begins(here, &["лечебн"]) && has(part(sentence, at), &["оздоров"]);
        let needles_only =
            begins(here, &["уколов"]) && !has(sentence, &["валять", "отдых", "процедур", "лежать"]);
        let curious = asks(sentence)
            && has(sentence, &["сколько", "есть", "почем", "дешевле", "стоит"])
            && !has(sentence, WISH);
        return !(question || needles_only || curious);
    }
    let only = begins(back(sentence, at, 1), ONLY)
        || (begins(back(sentence, at, 2), &["просто", "только", "only", "just"])
            && begins(
                back(sentence, at, 1),
                &["хотим", "хочу", "полн", "to", "хорош"],
            ));
    let nothing = begins(here, &["лежат", "валят"]) && has(near(sentence, at), &["ничего"]);
    (only
        && begins(here, REST_VERBS)
        && !has(
            near(sentence, at),
            &["оздоров", "спа", "бассейн", "уколов", "лечен", "плавать"],
        ))
        || nothing
}

/// «Без всякого лечения», «лечиться не хотим», «не хотим лечиться».
fn is_refused(sentence: &[Token], at: usize) -> bool {
    let without = (1..4).any(|steps| WITHOUT.contains(back(sentence, at, steps)))
        && !has(
            &sentence[at.saturating_sub(3)..at],
            &["него", "врач", "очеред", "доплат"],
        );
    let refused = matches!(word(sentence, at + 1), "не" | "нам" | "мне")
        && begins(word(sentence, at + 2), REFUSED_BEHIND)
        || back(sentence, at, 2) == "не" && begins(back(sentence, at, 1), REFUSED_BEFORE);
    without || refused
}

/// «Оздоровительную», «спа», "wellness".
fn is_wellness(sentence: &[Token], at: usize) -> bool {
    let here = word(sentence, at);
    let health = begins(here, HEALTH)
        || (here == "здоровья"
            && back(sentence, at, 1) == "для"
            && has(sentence, &["без", "уколов"]));
    let spa = SPA.contains(here);
    if !health && !spa || is_denied(sentence, at) && !begins(back(sentence, at, 1), &["не,"]) {
        return false;
    }
    let thing = begins(word(sentence, at + 1), PLACES);
    if thing
        || has(near(sentence, at), CURIOUS)
            && !has(sentence, &["возьм", "берем", "хоч", "хотим", "надо", "can"])
    {
        return false;
    }
    let wish = has(sentence, WISH) || !asks(sentence);
    // A spa is a thing too: «хочу спа», «спа и бассейн и никаких врачей».
    let serious = !spa
        || has(sentence, SERIOUS)
        || part(sentence, at).len() <= 3
        || here.starts_with("спа-")
        || (!asks(sentence)
            && has(
                sentence,
                &["ноч", "выходн", "дня", "дней", "nights", "недел"],
            ));
    wish && serious && !(spa && has(sentence, &["были", "был", "отказ"]))
}

/// «С лечением», «на лечение», «хочу подлечиться», "treatment package".
fn is_treatment(sentence: &[Token], at: usize) -> bool {
    speaks_of_treatment(sentence, at)
        && !is_denied(sentence, at)
        && (!has(near(sentence, at), ASKS_ABOUT)
            || has(sentence, &["хоч", "хотим", "надо", "беру", "берем"]))
}

fn speaks_of_treatment(sentence: &[Token], at: usize) -> bool {
    let here = word(sentence, at);
    let before = back(sentence, at, 1);
    let wished = || {
        has(sentence, WISH)
            || !asks(sentence)
            || has(
                sentence,
                &["ночей", "ночи", "дней", "двоих", "одного", "место"],
            )
    };
    let past = || has(part(sentence, at), OVER);
    if matches!(here, "повторить" | "повтор") && begins(word(sentence, at + 1), &["курс", "лечен"])
    {
        return true;
    }
    let word_of_cure = begins(
        here,
        &["лечен", "личен", "реабилитац", "восстановлен", "procedur"],
    );
    if word_of_cure {
        let adverb = matches!(before, "с" | "со")
            || (1..3).any(|steps| back(sentence, at, steps) == "с")
                && begins(before, &["полн", "интенс", "комплекс"]);
        if adverb {
            return here.ends_with('м') && wished() && !past();
        }
        let aim = before == "на" || (back(sentence, at, 2) == "на" && is_adjective(before));
        if aim {
            return has(sentence, WISH) && !begins(here, &["лечении"]) && !past();
        }
        if is_in_answer(sentence, at) {
            return true;
        }
        let wanted = has(part(sentence, at), WANTED) && CURE_NAMES.contains(here);
        return wanted
            && !past()
            && !asks(sentence)
            && !has(near(sentence, at), &["понравил", "обязат"]);
    }
    if begins(here, &["процедурами"]) {
        return before == "с"
            && wished()
            && !past()
            && !has(sentence, &["выписк", "список", "график"]);
    }
    if begins(here, CURE_VERBS)
        && !begins(
            here,
            &["лечитель", "полечил", "подлечил", "пролечил", "лечились"],
        )
    {
        let aim = has(part(sentence, at), WISH)
            || has(part(sentence, at), &["чтоб", "бы", "везу", "маму", "мне"]);
        let put_off = has(part(sentence, at), PUT_OFF);
        return aim && !put_off && !has(sentence, &["возраст"]);
    }
    if begins(here, &["лечебн", "личебн"]) {
        return wants_a_treating_programme(sentence, at);
    }
    if begins(here, &["treatment", "treatments"]) {
        let aim = BEFORE_TREATMENT.contains(before);
        let package = begins(word(sentence, at + 1), &["package", "program"]);
        return (aim || package)
            && !past()
            && has(sentence, WISH)
            && !has(sentence, &["asthma", "difference", "which", "or"])
            && !begins(before, &["the"]) | package;
    }
    // «Спина болит, какую программу посоветуете?»
    begins(here, &["программ", "program"]) && has(sentence, ADVISES) && has_a_reason(sentence)
}

/// Somebody is ill, or says «лечение».
fn has_a_reason(sentence: &[Token]) -> bool {
    has(sentence, PAINS) && !has(sentence, &["подойдет"])
        || has(sentence, &["лечен", "treatment", "specialists"])
}

/// An adjective by its ending.
fn is_adjective(word: &str) -> bool {
    ["ое", "ую", "ой", "ый", "ее"]
        .iter()
        .any(|ending| word.ends_with(ending))
}

/// «Июнь, лечение, двое»: a part of a list by itself.
fn is_in_answer(sentence: &[Token], at: usize) -> bool {
    let before = back(sentence, at, 1);
    let next = word(sentence, at + 1);
    let begins_part = before.is_empty() || is_stop(before);
    let ends_part = next.is_empty()
        || is_stop(next)
        || ((begins(next, &["полное"]) || next == "по")
            && !begins(word(sentence, at + 2), &["омс", "дмс"]));
    begins_part
        && ends_part
        && !asks(sentence)
        && word(sentence, at) == "лечение"
        && !has(&sentence[at..(at + 3).min(sentence.len())], &["—"])
}

/// «Лечебную программу хотим», «лечебная, на двоих».
fn wants_a_treating_programme(sentence: &[Token], at: usize) -> bool {
    let near_by = near(sentence, at);
    let thing = begins(
        word(sentence, at + 1),
        &["программ", "путевк", "тариф", "пакет", "курс"],
    );
    let alone = matches!(word(sentence, at), "лечебную" | "лечебная")
        && !word(sentence, at + 1).starts_with(char::is_alphabetic);
    let curious = has(near_by, COMPARES);
    !curious
        && (thing && has(sentence, WISH)
            || alone && !asks(sentence)
            || thing
                && !asks(sentence)
                && has(sentence, &["одна", "один", "двое", "вдвоем", "ноч", "нас"])
            || thing && !asks(sentence) && sentence.len() <= 6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::reader::words::tokens;
    use Programme::{Rest, Treatment, Wellness};

    #[rustfmt::skip]
    const KINDS_: &[(&str, Programme)] = &[
        ("Хотим с лечением, на 10 дней", Treatment), ("с лечением", Treatment), ("Еду на лечение одна", Treatment),
        ("хочу маму привезти на лечение", Treatment), ("нужна лечебная программа", Treatment),
        ("Хотим подлечить спину", Treatment), ("хочу полечиться в мае", Treatment), ("лечебную", Treatment),
        ("путёвка с лечением на двоих, июнь", Treatment), ("июнь, лечение, двое", Treatment),
        ("we would like to come for treatment", Treatment),
        ("I would like to book a room with the treatment package", Treatment),
        ("спина болит, какую программу посоветуете?", Treatment), ("хочу с процедурами", Treatment),
        ("мне нужна реабилитация", Treatment), ("с лечением, пожалуйста", Treatment), ("без лечения", Rest),
        ("Едем без процедур", Rest), ("лечение не нужно", Rest), ("лечение нам не надо", Rest),
        ("лечиться не буду", Rest), ("никакого лечения", Rest), ("хотим просто отдохнуть", Rest),
        ("только отдых", Rest), ("просто поспать и погулять", Rest),
        ("we are coming with no treatment, only rest", Rest), ("without treatment please", Rest),
        ("не хотим лечения", Rest), ("лечение не планируем", Rest), ("bez lecheniya", Rest), ("Обычный отдых", Rest),
        ("Хотим оздоровительную", Wellness), ("оздоровительную программу берём", Wellness),
        ("оздоровление на неделю", Wellness), ("хочу спа на выходные", Wellness),
        ("без лечения, оздоровительную", Wellness),
        ("лечение не надо, оздоровительный какой есть, надо на неделю", Wellness),
        ("we want the wellness package", Wellness), ("не лечебную, а оздоровительную", Wellness),
        ("ozdorovitelnuyu", Wellness), ("хотим детокс", Wellness),
    ];

    #[rustfmt::skip]
    const NO_KIND: &[&str] = &[
        "чем отличается лечебная от оздоровительной?", "с лечением или без?",
        "какая разница между лечением и отдыхом?", "лечебная программа «Сердце» почём?", "лечение обязательно?",
        "с какого возраста берёте на лечение?", "справка за лечение", "лечение понравилось", "спа-центр до скольки?",
        "процедуры входят в стоимость?", "лечебный корпус далеко?", "сколько лет вашей лечебной базе?",
        "вы лечите бронхи?", "лечебные ванны отдельно от путёвки почём?", "какие программы лечения есть?",
        "лечащий врач кто?", "оздоровительные программы какие есть?", "спа есть?", "spasibo", "отдохнуть хочется",
        "на процедуру ждали сорок минут", "what treatment do you offer?",
        "what is the difference between wellness and treatment?", "врач порекомендовал приехать",
        "проходил у вас лечение в 2025", "график процедур пришлите", "отзывы о лечении где?", "бассейн есть?",
        "сколько стоит массаж?", "принимаете детей на лечение?", "оплата за лечение прошла?",
        "назначение платежа: лечение?", "уколы делают?", "спасибо за лечение", "нет спасибо, спа-пакет не надо",
        "можно без завтрака?", "лечебная физкультура есть?", "Были в спа-отеле в Сочи", "отдых у вас только летом?",
        "есть ли лечебный бассейн?",
    ];

    fn read(text: &str) -> Option<Programme> {
        programme(&tokens(text)).map(|found| found.value)
    }

    #[test]
    fn the_kind_of_programme_is_read() {
        for (text, kind) in KINDS_ {
            assert_eq!(read(text), Some(*kind), "{text}");
        }
    }

    #[test]
    fn questions_about_programmes_want_none() {
        for text in NO_KIND {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
