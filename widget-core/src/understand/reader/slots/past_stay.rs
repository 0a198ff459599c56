//! Whether the guest stayed here before.
//!
//! They tell of the stay («отдыхали у вас»), of its end («выписались вчера»), come again («снова к вам»), want its
//! papers («справка за наше лечение»), left something behind, or judge it («отдых испорчен»).

mod again;
mod english;
mod traces;

use super::{Found, Span, around, back, begins, has, has_word, is_stop, sentences, span, word};
use crate::understand::reader::numbers::number_at;
use crate::understand::reader::words::Token;
use crate::understand::reader::words::list::{List, Stems, list};
use again::comes_again;
use english::says_so_in_english;
use traces::{PAPERS, judges_a_stay, left_something, wants_papers};

/// As many words on each side of a verb tell whose stay it is.
const NEAR: usize = 9;

/// Past forms that alone say that a stay is over: «отдохнули отлично».
const RESTED: &List = list![
    "отдохнул",
    "атдохнул",
    "отдахнул",
    "пролечил",
    "погостил",
    "отгулял",
];

/// Past forms of staying: they need a place, which is ours, or a time.
#[rustfmt::skip]
const STAYED: &List = list![
    "отдыхал", "атдыхал", "отдыхла", "лечил", "подлечил", "гостил", "останавливал", "проживал", "прожил", "пожил", "побывал",
    "приезжал", "заезжал", "наведывал", "проводил", "провел", "отлежал", "восстанавливал", "оздоравливал", "поправлял",
    "отжигал", "съездил", "проходил", "бывал", "пробыл",
];

/// Of these, the ones that say a stay only together with our place.
#[rustfmt::skip]
const CAME: &List = list![
    "приезжал", "заезжал", "проводил", "провел", "прожил", "проживал", "бывал", "поправлял", "останавливал", "проходил",
];

/// Past forms of being or going, which mean a stay only together with our place.
const WAS: &List = list!["был", "жил", "ездил", "стоял", "лежал", "ездел", "побыл"];

/// Past forms of leaving.
#[rustfmt::skip]
const LEFT: &List = list![
    "выехал", "съехал", "выписал", "уехал", "уезжал", "выезжал", "убыл", "отбыл", "выбыл", "вернул", "выселил", "съезжал",
    "выписывал", "вехал",
];

/// Somebody else's stay, as long as neither «я» nor «мы» is said.
#[rustfmt::skip]
const OTHERS: &List = list![
    "подруга", "подруги", "подружка", "подружки", "друг", "друзья", "приятель", "приятельница", "приятели", "знакомые",
    "знакомая", "знакомый", "коллега", "коллеги", "соседка", "соседи", "сосед", "родители", "мама", "папа", "сестра",
    "брат", "тетя", "бабушка", "муж", "жена", "дочь", "дочка", "сын", "свекровь", "теща", "кума", "кум", "он", "она",
    "они", "кто-то", "кто-нибудь", "кто", "сотрудник", "сотрудники", "пациентов", "пациенты", "родственники",
    "родственница", "кореш", "ба", "деда", "такси", "автобус", "водитель", "сослуживец", "шеф", "шефа", "начальник",
    "начальница", "товарищ", "товарищи", "менеджер", "администратор", "врач", "гости", "туристы", "туристка", "турист",
    "клиенты", "клиентка", "баба", "юбиляр", "деньги", "оплата", "платеж", "скидка", "скидки", "акция", "цены", "цена",
    "бассейн", "номера", "ссылка", "внук", "внучка", "дед", "дедушка", "дядя", "племянница", "невестка", "зять",
    "одноклассница", "крестная", "отец", "мать", "случаи", "отзывы", "места", "friend", "friends", "sister", "brother",
    "parents", "colleague", "colleagues", "mother", "neighbor", "neighbour",
];

/// Another place.
#[rustfmt::skip]
const ELSEWHERE: &List = list![
    "кисловодск", "пятигорск", "ессентук", "железноводск", "сочи", "сочах", "анап", "геленджик", "ялт", "крым", "турци",
    "египт", "карлов", "белокурих", "трускав", "паланг", "друскининк", "юрмал", "абхази", "адлер", "евпатори",
    "минеральн", "светлогорск", "янган", "усть-кач", "джермук", "иссык", "боровое", "хосте", "другом", "другой", "других",
    "соседнем", "больниц", "госпитал", "стационар", "роддом", "дубае", "таиланд", "грузи", "чужом", "подмосков", "алуш",
    "судак", "сукко", "лоо", "горячем", "нальчик", "another", "elsewhere", "hospital",
];

/// No stay that was: wishes, conditions and questions.
const UNREAL: &List = list!["чтобы", "чтоб", "штоб", "бы", "если", "ли", "якобы"];

#[rustfmt::skip]
const PAST_TIMES: &List = list![
    "прошл", "позапрошл", "назад", "вчера", "позавчера", "летом", "летам", "зимой", "осенью", "весной", "январ", "феврал",
    "марте", "марта", "апрел", "мае", "июне", "июня", "июле", "июля", "август", "сентябр", "октябр", "ноябр", "декабр",
    "недавно", "раньше", "давно", "когда-то", "дважды", "трижды", "неоднократно", "раз", "однажды", "ежегодно", "каждый",
    "каждое", "каждую", "тогда", "недел", "той", "минувш", "месяц", "year", "ago",
];

/// Praise and blame: who stayed somewhere and says this stayed here.
#[rustfmt::skip]
const REVIEW: &List = list![
    "отзыв", "отзыф", "благодар", "спасиб", "поклон", "единиц", "двойк", "тройк", "пятерк", "звезд", "неуд", "отличн", "молодц",
    "респект", "жалоб", "ужас", "чест",
];

/// Not gone yet: on the way to us.
#[rustfmt::skip]
const ON_THE_WAY: &List = list![
    "будем", "прибуд", "приедем", "едем", "встреч", "встрет", "дорог", "пробк", "заселит", "заедем", "доедем", "опозда",
    "опаздыва", "трасс",
];

/// Between «были» and «у вас», or the other way round, stands nothing else.
#[rustfmt::skip]
const PLAIN_BETWEEN: &List = list![
    "уж", "мы", "я", "с", "муж", "жен", "сам", "вас", "вам", "у", "не", "перв", "втор", "трет", "год", "в", "2", "два", "три",
    "один", "еще", "тоже", "мам", "дет", "семь", "всей", "вместе", "сем",
];

/// Behind «были у вас» comes no subject.
#[rustfmt::skip]
const GOES_ON: &List = list![
    "в", "на", "с", "со", "по", "до", "за", "из", "и", "а", "но", "уже", "теперь", "мы", "все", "всей", "это", "когда", "как",
    "раньше", "ребята", "одна", "один", "еще", "очень", "отдыхали", "понравилось", "тоже", "сейчас", "хотим", "хочу", "две",
    "первый", "третий", "второй", "целую", "прям", "ежегодно", "около", "лет", "почти", "о", "семьей", "оч",
];

/// Before «был у вас» stands no subject.
#[rustfmt::skip]
const BEFORE_WAS: &List = list![
    "уже", "и", "раз", "не", "что", "которые", "тоже", "когда", "здравствуйте", "день", "раньше", "привет", "сами", "вечер",
    "утро",
];

/// What the whole message tells about each of its sentences.
struct Message {
    first_time: bool,
    /// Judges a stay, or asks for its papers.
    looks_back: bool,
    on_the_way: bool,
}

/// Whether the guest stayed here before.
pub(super) fn past_stay(tokens: &[Token]) -> Option<Found<bool>> {
    let message = Message {
        first_time: (0..tokens.len()).any(|at| is_the_first_time(tokens, at)),
        looks_back: has(tokens, REVIEW) || has(tokens, PAPERS),
        on_the_way: has(tokens, ON_THE_WAY),
    };
    let span = sentences(tokens).find_map(|sentence| says_so(sentence, &message))?;
    Some(Found { value: true, span })
}

fn says_so(sentence: &[Token], message: &Message) -> Option<Span> {
    let of_papers = has(sentence, PAPERS) && !has(sentence, ELSEWHERE);
    let at = (0..sentence.len()).find(|at| {
        tells_of_a_stay(sentence, *at, message)
            || tells_of_its_end(sentence, *at, message)
            || !message.first_time && comes_again(sentence, *at)
            || wants_papers(sentence, *at, of_papers)
            || left_something(sentence, *at)
            || judges_a_stay(sentence, *at)
            || says_so_in_english(sentence, *at)
    })?;
    Some(span(sentence, at, at + 1))
}

fn near(sentence: &[Token], at: usize) -> &[Token] {
    around(sentence, at, NEAR, NEAR - 1)
}

fn clause(sentence: &[Token], at: usize) -> &[Token] {
    super::clause(sentence, at, NEAR)
}

/// A past form of one of these verbs: «отдыхал», «отдыхала», «отдыхали», «лечилась».
fn is_past(word: &str, verbs: &(impl Stems + ?Sized)) -> bool {
    const ENDINGS: &[&str] = &[
        "",
        "а",
        "и",
        "ся",
        "ась",
        "ись",
        "ась-то",
        "ися",
        "ася",
        "ос",
    ];
    verbs.any(word, |_, ending| ENDINGS.contains(&ending))
}

/// «У вас», «к вам», «от вас», «в вашем санатории», «тут».
fn is_here(words: &[Token]) -> bool {
    has(words, &["вашем", "вашей", "вашего", "здесь", "тут"])
        || (0..words.len()).any(|at| {
            matches!(
                (word(words, at), word(words, at + 1)),
                ("у" | "к" | "от" | "с" | "до", "вас" | "вам" | "вами")
            )
        })
}

fn is_with_you(words: &[Token]) -> bool {
    (0..words.len()).any(|at| matches!((word(words, at), word(words, at + 1)), ("у", "вас")))
}

fn is_ours(words: &[Token]) -> bool {
    has_word(
        words,
        &[
            "я", "мы", "мною", "нами", "i", "we", "нас", "мне", "нам", "my", "our", "we're",
            "we've", "i've",
        ],
    )
}

/// Nobody else is named right before the verb or behind it: «подруга у вас отдыхала», «была у вас подруга».
fn is_own_deed(sentence: &[Token], at: usize) -> bool {
    let to = (at + 1..at + 5)
        .find(|index| is_stop(word(sentence, *index)))
        .unwrap_or(at + 5);
    let around = &sentence[at.saturating_sub(8)..to.min(sentence.len())];
    let others = (0..around.len()).any(|index| {
        OTHERS.contains(word(around, index))
            && !matches!(back(around, index, 1), "и" | "с" | "а" | "спасибо")
    });
    (has_word(around, &["я", "мы", "i", "we"]) || !others) && !has_word(sentence, &["кроме"])
}

/// «Чтобы отдохнули», «если были», «были ли».
fn is_unreal(sentence: &[Token], at: usize) -> bool {
    has_word(around(sentence, at, 3, 2), UNREAL)
}

/// «Не были», «ни разу у вас не отдыхали».
fn is_denied(sentence: &[Token], at: usize) -> bool {
    let before = back(sentence, at, 1);
    matches!(before, "не" | "not" | "никогда")
        || has_word(clause(sentence, at), &["никогда", "never"])
        || has_word(around(sentence, at, 6, 0), &["разу"])
        || back(sentence, at, 2) == "не" && matches!(before, "у" | "еще")
}

/// A verb in the past that is the writer's own deed, and happened here.
fn is_true_here(sentence: &[Token], at: usize) -> bool {
    !is_denied(sentence, at)
        && !is_unreal(sentence, at)
        && is_own_deed(sentence, at)
        && !has(clause(sentence, at), ELSEWHERE)
}

/// The verb at `at` says that the writer stayed with us.
fn tells_of_a_stay(sentence: &[Token], at: usize, message: &Message) -> bool {
    let here = word(sentence, at);
    let (rested, stayed) = (is_past(here, RESTED), is_past(here, STAYED));
    if !(rested || stayed || is_past(here, WAS)) || !is_true_here(sentence, at) {
        return false;
    }
    let part = clause(sentence, at);
    if is_past(here, &["провел", "проводил"])
        && has(part, &["оплат", "плат", "деньг", "перевод", "проце"])
    {
        return false;
    }
    let time = has(part, PAST_TIMES) || has_year_or_room(part);
    if rested || stayed {
        return rested
            || is_here(near(sentence, at))
            || !is_past(here, CAME) && (time || message.looks_back);
    }
    let told = begins(word(sentence, at + 1), PAST_TIMES)
        || begins(back(sentence, at, 1), PAST_TIMES)
        || matches!(word(sentence, at + 1), "с" | "у") && time;
    message.looks_back && is_past(here, &["был", "ездил", "жил"]) && told
        || was_with_us(sentence, at, part)
}

/// «Был у вас», «мы у вас жили», «к вам ездили»; not «у вас была акция».
fn was_with_us(sentence: &[Token], at: usize, part: &[Token]) -> bool {
    let here = word(sentence, at);
    if is_past(here, &["жил", "ездил"]) && (is_here(part) || has_room(part)) {
        return true;
    }
    if has_room(part) && (is_ours(part) || at == 0) {
        return true;
    }
    if !is_here(part) {
        // «За то лето, когда мы были»
        return is_ours(part)
            && is_past(here, &["был", "жил"])
            && has_word(part, &["когда", "када"]);
    }
    // Behind «у вас были» something else may be what was.
    let place = (at.saturating_sub(6)..at + 7).find(|place| {
        matches!(
            (word(sentence, *place), word(sentence, place + 1)),
            ("у" | "к", "вас" | "вам")
        )
    });
    let Some(place) = place else {
        return is_ours(part) || at == 0;
    };
    let after = if place > at { place + 2 } else { at + 1 };
    let next = word(sentence, after);
    let between = &sentence[place.min(at) + 1..place.max(at)];
    let plain = between.iter().all(|token| {
        begins(&token.word, PAST_TIMES)
            || begins(&token.word, PLAIN_BETWEEN)
            || token.word.starts_with(|c: char| c.is_ascii_digit())
    });
    let goes_on = !next.starts_with(char::is_alphabetic)
        || GOES_ON.contains(next)
        || begins(next, PAST_TIMES)
        || number_at(sentence, after).is_some();
    let before = back(sentence, at, 1);
    let thing_before = place > at
        && !is_ours(part)
        && !begins(before, PAST_TIMES)
        && before.starts_with(char::is_alphabetic)
        && !BEFORE_WAS.contains(before);
    let asked = word(sentence, sentence.len() - 1) == "?" && !is_ours(part) && place < at;
    goes_on && plain && !thing_before && (!asked || has(part, PAST_TIMES))
}

/// «В 2023», «в 21 году», «в 305».
fn has_year_or_room(part: &[Token]) -> bool {
    let is_year = |word: &str| {
        word.len() == 4 && begins(word, &["20", "19"]) && word.bytes().all(|b| b.is_ascii_digit())
    };
    has_room(part)
        || (0..part.len()).any(|at| {
            let here = word(part, at);
            is_year(here)
                || (here.len() == 2 || begins(here, &["двадцат"]))
                    && begins(word(part, at + 1), &["год", "г"])
        })
}

/// «В 305», «в 214-м», «room 118».
fn has_room(part: &[Token]) -> bool {
    (0..part.len()).any(|at| {
        is_room_number(word(part, at + 1))
            && matches!(
                word(part, at),
                "в" | "room" | "номере" | "комнате" | "№" | "номер"
            )
            && !begins(word(part, at + 2), &["руб", "км", "тыс", "метр"])
    })
}

fn is_room_number(word: &str) -> bool {
    word.len() == 3 && word.bytes().all(|b| b.is_ascii_digit())
}

/// «Уехали от вас вчера», «выписались неделю назад», «вернулись домой».
fn tells_of_its_end(sentence: &[Token], at: usize, message: &Message) -> bool {
    let here = word(sentence, at);
    if is_past(here, &["приехал"]) {
        let from_us = (at + 1..at + 4)
            .any(|index| word(sentence, index) == "от" && word(sentence, index + 1) == "вас");
        return is_own_deed(sentence, at) && (word(sentence, at + 1) == "домой" || from_us);
    }
    if here == "дома" {
        return back(sentence, at, 1) == "уже"
            && is_own_deed(sentence, at)
            && !has(sentence, &["забуд", "был", "нача"]);
    }
    if !is_past(here, LEFT) || !is_true_here(sentence, at) || has(near(sentence, at), ELSEWHERE) {
        return false;
    }
    let part = clause(sentence, at);
    let reflexive = here.ends_with("сь") || here.ends_with("ся");
    let from_us = is_from_us(near(sentence, at)) || has(part, &["домой", "человек"]);
    match here {
        _ if begins(here, &["вернул"]) => {
            reflexive && from_us && !has(part, &["деньг", "оплат"])
        }
        _ if begins(here, &["выехал", "выезжал"]) => from_us || !message.on_the_way,
        _ if begins(here, &["выписал"]) => reflexive,
        _ if begins(here, &["уехал", "уезжал"]) => {
            let elsewhere = has(sentence, NOT_FROM_US) || message.on_the_way;
            from_us
                || !elsewhere
                    && (has(part, PAST_TIMES) || has(part, LEAVING_DAYS) || message.looks_back)
        }
        _ => true,
    }
}

#[rustfmt::skip]
const NOT_FROM_US: &List = list![
    "командировк", "работ", "отпуск", "дачу", "друг", "стоим", "забор", "заперт", "мерзн", "темн",
];

#[rustfmt::skip]
const LEAVING_DAYS: &List = list![
    "субботу", "воскресенье", "понедельник", "вторник", "среду", "четверг", "пятницу", "утром", "сегодня",
];

fn is_from_us(words: &[Token]) -> bool {
    (0..words.len()).any(|at| {
        matches!((word(words, at), word(words, at + 1)), ("от" | "у", "вас"))
            || begins(word(words, at), &["санатори"])
                && matches!(back(words, at, 1), "из" | "вашего")
    })
}

/// «К вам первый раз», «впервые едем», «ни разу не были».
fn is_the_first_time(tokens: &[Token], at: usize) -> bool {
    let here = word(tokens, at);
    let next = word(tokens, at + 1);
    let denied = matches!(back(tokens, at, 1), "не") || matches!(back(tokens, at, 2), "не");
    let first =
        matches!((here, next), ("первый", "раз") | ("first", "time")) || begins(here, &["вперв"]);
    let never = here == "ни"
        && next == "разу"
        && has(near(tokens, at), &["был", "езди", "приезж", "отдых"]);
    first && !denied || never
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::reader::words::tokens;

    #[rustfmt::skip]
    const TOLD: &[&str] = &[
        "Отдыхали у вас в прошлом году", "мы ваши постоянные гости", "Приезжаем к вам каждый год",
        "приезжаем каждый год", "едем к вам не первый раз", "хотим номер как в прошлый раз",
        "тот же номер что и летом", "можно в тот же номер?", "были у вас в 2023", "Мы были у вас два года назад",
        "я у вас уже была", "вернулись от вас неделю назад", "выехали вчера, забыли зарядку",
        "жили в 305, очень понравилось", "ваш бывший гость", "we stayed with you last year", "same room as last time",
        "Лечилась у вас в октябре", "снова к вам хотим", "третий раз к вам собираемся", "Отдохнули отлично, спасибо!",
        "отдых испорчен", "спасибо за чудесный отдых", "забыла в номере очки", "Забыл у вас куртку",
        "справка для налоговой за прошлое лето, за наше лечение",
        "закрывающие за наш август пришлите, отдыхали у вас", "Мы у вас гостили прошлой осенью",
        "съехал неделю назад", "выписались в субботу, не отдали выписку", "Ездили к вам с детьми позапрошлым летом",
        "останавливались у вас трижды", "был у вас дважды", "мы с мужем были у вас в мае",
        "I was with you 2 years ago", "we left on Sunday and forgot a jacket in the room",
        "I need an invoice for my stay in September", "we are regular guests", "byli u vas letom",
        "otdyhali u vas v mae", "Проходил у вас лечение в 2025", "помните нас? мы прошлым летом у вас отжигали",
        "хочу снова приехать, как в марте, в тот же 412 номер",
        "можно ещё раз приехать в июне по той же цене, что мы сейчас платили?",
        "как в том году, в тот же корпус", "были у вас в прошлом мае, хотим опять", "вернулись домой, спасибо за всё",
        "едем снова, как летом", "я у вас третий год подряд", "уже третий раз к вам", "каждый год у вас",
        "second time with you, same dates please",
    ];

    #[rustfmt::skip]
    const UNTOLD: &[&str] = &[
        "хотим приехать ещё раз осенью", "хотим снова приехать", "подруга отдыхала у вас летом", "друзья были у вас и советуют", "Отдыхали в Кисловодске",
        "отдыхали в другом санатории в прошлом году", "были ли у вас случаи отравления?", "мы у вас отдыхаем сейчас",
        "заехали вчера, номер холодный", "писал вам в прошлом году", "ни разу не были у вас", "мы у вас ещё не были",
        "едем впервые", "к вам первый раз", "не был доступен", "сайт был недоступен", "у вас была акция?",
        "раньше у вас были скидки", "вы писали что вернёте деньги", "вернули деньги?", "мне вернули оплату вчера",
        "забыл указать отчество", "забыла сказать: едем с собакой", "оставил заявку у вас на сайте",
        "хочу отдохнуть у вас", "чтобы мы отдохнули", "хотели бы лечиться у вас", "какие справки нужны для лечения?",
        "выписку из карты брать?", "опять к вам с вопросом", "в третий раз прошу прислать ссылку",
        "пятый раз пишу вам", "муж уехал в командировку", "мы уже выехали, будем через два часа",
        "выписалась из больницы вчера", "my friend stayed with you in spring", "is it the first time discount?",
        "было бы хорошо", "деньги были списаны вчера", "сколько дней осталось до заезда?", "живём у вас в 305",
        "дайте справку для бассейна", "он был у вас?", "у вас есть отзывы?", "можно ещё раз прислать ссылку?",
        "снова пишу вам", "по той же цене, что на сайте?", "хотим приехать в марте, как друзья",
        "тот же номер, что сейчас, на два дня дольше", "третий раз к вам обращаюсь", "второй раз к вам с вопросом",
        "каждый год у вас цены растут?",
    ];

    fn read(texts: &[&'static str]) -> Vec<&'static str> {
        let is_read = |text: &&&str| past_stay(&tokens(text)).is_some();
        texts.iter().filter(is_read).copied().collect()
    }

    #[test]
    fn a_stay_in_the_past_is_read() {
        assert_eq!(read(TOLD), TOLD);
    }

    #[test]
    fn what_is_no_stay_here_is_none() {
        assert_eq!(read(UNTOLD), [""; 0]);
    }
}
