//! Whether a message means several bookings of the writer at once.
//!
//! They are counted («обе брони», «заказов у меня два»), numbered («брони 4471 и 4480»), told apart by order, time or
//! owner («первую … вторую», «мартовскую … июльскую», «мою и мамину»), or to be made one («объедините брони»).

use super::{Found, around, back, begins, has, has_word, span, word};
use crate::understand::reader::numbers::{Form, number_at};
use crate::understand::reader::words::Token;
use crate::understand::reader::words::list::{List, list};

/// Bookings by the beginning of the word.
#[rustfmt::skip]
const DEALS: &List = list![
    "брон", "заявк", "заявок", "заявоч", "заказ", "заезд", "путевк", "путевок", "поездк", "поездок", "резерв", "ваучер",
    "договор", "booking", "reservation", "order",
];

/// Words that begin like bookings.
#[rustfmt::skip]
const NOT_DEALS: &List = list![
    "бронх", "бронз", "бронир-", "заказать", "заказыва", "заказал", "резервн", "бронирую", "бронировать", "бронировал",
    "бронируем", "договорил", "договарив", "договорн",
];

/// One booking for a family may have several of these.
const TICKETS: &List = list!["путев", "ваучер", "поезд"];

/// Bookings that are surely one.
#[rustfmt::skip]
const ONE_DEAL: &List = list![
    "бронь", "бронью", "заявку", "заявка", "заказ", "заезд", "путевку", "поездку", "booking", "reservation", "order",
];

#[rustfmt::skip]
const MANY_DEALS: &List = list![
    "брони", "бронь-", "броней", "броням", "бронях", "бронями", "броньки", "бронек", "заявки", "заявок", "заявкам", "заявками", "заявках",
    "заказы", "заказов", "заказа", "заказам", "заезды", "заездов", "заезда", "путевки", "путевок", "путевкам", "поездки",
    "бронирования", "бронирований", "бронированиям", "bookings", "reservations", "orders",
];

#[rustfmt::skip]
const BOTH: &List = list![
    "обе", "оба", "обеим", "обеих", "обеими", "обоих", "обоим", "обоими", "обеи", "both",
];

/// Stand between a number and its bookings.
#[rustfmt::skip]
const ATTRIBUTES: &List = list![
    "мои", "моих", "моим", "моя", "мою", "моей", "наш", "ваш", "эт", "сво", "my", "our", "of", "the", "these", "их", "существ",
    "перечисл", "разн", "отдельн", "действующ", "активн", "оплаченн",
];

const OWN: &List = list!["мои", "моих", "моим", "наш", "my", "our"];

/// Behind «обе» the bookings are meant, not what follows.
#[rustfmt::skip]
const BOTH_GOES_ON: &List = list![
    "отмен", "перенес", "перенос", "оплач", "на", "оплат", "нуж", "надо", "хоч", "подтвер", "сразу", "одним", "считаются",
    "дошли", "прошли", "высыл", "продл", "измен", "сдвин",
];

/// Things and people of whom there may be two as well.
#[rustfmt::skip]
const BOTH_OF_OTHERS: &List = list![
    "чек", "скрин", "мам", "подруг", "сестр", "дочк", "дочер", "руки", "ноги", "кроват", "мы", "они",
];

/// What «вторую» is, when it is no booking.
#[rustfmt::skip]
const OTHER_THINGS: &List = list![
    "раз", "ноч", "день", "дня", "сут", "номер", "платеж", "половин", "недел", "комнат", "чек", "этаж", "корпус", "одн",
    "чел", "двое", "двои", "трое", "трои", "двух", "трех", "перс", "строк", "очеред",
];

/// When a booking is, each with the beginnings that say so.
#[rustfmt::skip]
const TIMES: &[&List] = &[
    list!["январ"], list!["феврал"], list!["март"], list!["апрел"], list!["майск", "май", "мая", "мае"], list!["июн"],
    list!["июл"], list!["август"], list!["сентябр"], list!["октябр"], list!["ноябр"], list!["декабр"], list!["весенн"],
    list!["летн"], list!["осенн"], list!["зимн"], list!["новогодн"], list!["нынешн", "теперешн", "текущ"],
];

/// What is done to a booking.
#[rustfmt::skip]
const ACTS: &List = list![
    "отмен", "аннул", "снима", "сними", "остав", "остае", "перен", "сдвин", "двига", "продл", "подтвер", "измен", "помен", "объедин",
    "оплат", "оплач", "доплат", "переоформ", "перепиш", "убер", "cancel", "keep", "move", "extend",
];

/// Makes one booking of several, or exchanges them.
#[rustfmt::skip]
const MERGES: &List = list![
    "объедин", "обьедин", "соедин", "совмест", "слейт", "слить", "солье", "склей", "merge", "combine",
];

#[rustfmt::skip]
const MINE: &List = list![
    "мой", "моя", "мое", "мою", "моей", "моего", "моему", "моем", "мои", "моим", "свой", "свою", "своей", "своя", "my", "наша", "нашу", "нашей",
];

/// Owners of another booking, as adjectives.
#[rustfmt::skip]
const OWNERS: &List = list![
    "мамин", "папин", "сестрин", "мужнин", "мужин", "женин", "дочкин", "дочерин", "бабушкин", "дедушкин", "тещин", "свекров",
    "подружкин", "родительск", "братов", "тетин",
];

/// Owners of another booking, in the genitive.
#[rustfmt::skip]
const OWNERS_OF: &List = list![
    "мам", "пап", "сестр", "брат", "муж", "жен", "супруг", "доч", "сын", "подруг", "друг", "родител", "бабушк", "дедушк",
    "тещ", "свекр", "коллег", "сослуж", "кореш", "прияте", "тет", "дяд", "сосед", "внук", "внучк",
];

/// Whether several bookings are meant at once.
pub(super) fn several_deals(tokens: &[Token]) -> Option<Found<bool>> {
    let plural = has_word(tokens, MANY_DEALS);
    let mut deals = 0;
    let at = (0..tokens.len()).find(|at| {
        deals += usize::from(is_deal(word(tokens, *at)));
        is_counted(tokens, *at)
            || is_counted_behind(tokens, *at)
            || is_both_of_them(tokens, *at, deals > 1 || plural)
            || is_first_of_two(tokens, *at)
            || is_one_of_two(tokens, *at)
            || has_another_time(tokens, *at)
            || has_another_owner(tokens, *at)
            || is_numbered(tokens, *at)
            || is_merged(tokens, *at)
    })?;
    Some(Found {
        value: true,
        span: span(tokens, at, at + 1),
    })
}

fn is_deal(word: &str) -> bool {
    begins(word, DEALS) && !begins(word, NOT_DEALS)
}

fn has_deal(words: &[Token]) -> bool {
    words.iter().any(|token| is_deal(&token.word))
}

fn is_a_word(word: &str) -> bool {
    word.starts_with(char::is_alphanumeric)
}

/// «Обе брони», «две мои заявки», «всем моим броням», "both of our reservations".
fn is_counted(tokens: &[Token], at: usize) -> bool {
    let here = word(tokens, at);
    if !is_deal(here) {
        return false;
    }
    let from = at.saturating_sub(5);
    let is_attribute =
        |index: usize| begins(word(tokens, index), ATTRIBUTES) || time_at(tokens, index).is_some();
    let Some(head) = (from..at).rev().find(|index| !is_attribute(*index)) else {
        return false;
    };
    let owned = has(&tokens[head + 1..at], OWN);
    let before = word(tokens, head);
    let all = owned && matches!(before, "все" | "всем" | "всех" | "all");
    if BOTH.contains(before) || all && (here == "брони" || !ONE_DEAL.contains(here)) {
        return true;
    }
    let Some((first, form)) = (head.saturating_sub(2)..=head).find_map(|index| {
        let number = number_at(tokens, index).filter(|number| (2..10).contains(&number.value))?;
        (index + number.tokens == head + 1).then_some((index, number.form))
    }) else {
        return false;
    };
    let ours = owned || begins(back(tokens, first, 1), OWN);
    let ticket =
        !ours && begins(here, TICKETS) && !has(around(tokens, at, 12, 12), &["разны", "разн"]);
    let agrees = !ONE_DEAL.contains(here) || here == "бронь" && form != Form::Digits;
    !ticket && agrees && !matches!(back(tokens, first, 1), "№" | "не" | "номер" | "до")
}

/// «Заказов на мою фамилию два», «брони у меня две», «у меня их две».
fn is_counted_behind(tokens: &[Token], at: usize) -> bool {
    let here = word(tokens, at);
    if here == "их" {
        let mine = has_word(around(tokens, at, 2, 3), &["меня", "нас"]);
        let near = has_deal(around(tokens, at, 15, 15));
        return mine && near && number_of(tokens, at + 1).is_some();
    }
    MANY_DEALS.contains(here)
        && (at + 1..(at + 7).min(tokens.len())).any(|index| {
            let ends = !is_a_word(word(tokens, index + 1))
                || matches!(word(tokens, index + 1), "на" | "и" | "моя" | "одна" | "обе");
            number_of(tokens, index).is_some()
                && ends
                && has_only(&tokens[at + 1..index], BETWEEN)
                && back(tokens, index, 1) != "на"
        })
}

/// May stand between the bookings and their number.
#[rustfmt::skip]
const BETWEEN: &List = list![
    "у", "мен", "нас", "на", "мо", "наш", "фамил", "выходит", ":", ",", "-", "—", "вас", "ест", "всего", "имя", "имен", "оплачены",
    "все", "получ", "сейчас", "теперь", "котор", "коих",
];

fn has_only(words: &[Token], stems: &List) -> bool {
    words.iter().all(|token| begins(&token.word, stems))
}

/// «Две», «обе», «2».
fn number_of(tokens: &[Token], at: usize) -> Option<()> {
    let here = word(tokens, at);
    (BOTH.contains(here) || matches!(here, "две" | "два" | "три" | "четыре" | "2" | "3" | "4"))
        .then_some(())
}

/// «За обе», «обе отмените», in a message about bookings.
fn is_both_of_them(tokens: &[Token], at: usize, several: bool) -> bool {
    let next = word(tokens, at + 1);
    BOTH.contains(word(tokens, at))
        && several
        && (!is_a_word(next) || begins(next, BOTH_GOES_ON))
        && !has(around(tokens, at, 4, 0), BOTH_OF_OTHERS)
}

/// «Первую бронь отмените, вторую оставьте», «по первой и по второй брони».
fn is_first_of_two(tokens: &[Token], at: usize) -> bool {
    let here = word(tokens, at);
    if !begins(here, &["первая", "первую", "первой", "первый", "first"])
        || is_other_thing(tokens, at)
    {
        return false;
    }
    (at + 1..(at + 16).min(tokens.len())).any(|second| {
        begins(word(tokens, second), &["втор", "second"])
            && !is_other_thing(tokens, second)
            && (has_deal(around(tokens, at, 3, 3)) || has_deal(around(tokens, second, 1, 2)))
    })
}

fn is_other_thing(tokens: &[Token], at: usize) -> bool {
    begins(word(tokens, at + 1), OTHER_THINGS) || begins(word(tokens, at + 2), OTHER_THINGS)
}

/// «Одна бронь на меня, другая на мужа», "one booking … another".
fn is_one_of_two(tokens: &[Token], at: usize) -> bool {
    let opens = matches!(
        word(tokens, at),
        "одна" | "одну" | "одной" | "один" | "одно" | "one"
    ) && has_deal(around(tokens, at, 8, 3))
        && !is_other_thing(tokens, at);
    let next = word(tokens, at + 1);
    let goes_on =
        matches!(next, "на" | "моя" | "мою" | "с" | "наша" | "в" | "for") || is_deal(next);
    opens
        && goes_on
        && (at + 1..(at + 12).min(tokens.len())).any(|other| {
            let next = word(tokens, other + 1);
            let ends = !is_a_word(next)
                || matches!(
                    next,
                    "на" | "мужа" | "с" | "в" | "для" | "мамы" | "for" | "еще" | "нет"
                )
                || begins(next, OWNERS)
                || begins(next, ACTS)
                || is_deal(next);
            begins(
                word(tokens, other),
                &["втор", "втар", "друг", "another", "other"],
            ) && ends
                && !is_other_thing(tokens, other)
        })
}

/// Which of the times is named at `at`.
fn time_at(tokens: &[Token], at: usize) -> Option<usize> {
    let here = word(tokens, at);
    TIMES.iter().position(|stems| begins(here, *stems))
}

/// «Мартовскую», «нынешний»: a time that tells which booking is meant.
fn is_adjective(word: &str) -> bool {
    word.contains("ск")
        || begins(
            word,
            &[
                "весенн",
                "летн",
                "осенн",
                "зимн",
                "новогодн",
                "нынешн",
                "теперешн",
                "текущ",
            ],
        )
}

/// «Майскую бронь перенесите, а июльскую отмените», «март отменяем, а июль оставьте».
fn has_another_time(tokens: &[Token], at: usize) -> bool {
    let Some(here) = time_at(tokens, at) else {
        return false;
    };
    let first = at.saturating_sub(12);
    let Some(before) = (first..at)
        .rev()
        .find(|index| time_at(tokens, *index).is_some_and(|other| other != here))
    else {
        return false;
    };
    let adjectives = usize::from(is_adjective(word(tokens, at)))
        + usize::from(is_adjective(word(tokens, before)));
    let words = &tokens[first.max(before.saturating_sub(6))..(at + 6).min(tokens.len())];
    let between = &tokens[before + 1..at];
    let choice = has_word(words, &["или", "либо"])
        || has(
            words,
            &["праздн", "каникул", "тариф", "цен", "дешевл", "лучше"],
        );
    let moved = matches!(back(tokens, at, 1), "на" | "по" | "до") && adjectives < 2
        || back(tokens, at, 1) == "на" && has(words, &["перен", "помен", "замен"]);
    if choice || moved && !has(words, &["наоборот"]) {
        return false;
    }
    let deals = has_deal(words);
    let acts = has(words, ACTS);
    let exchanged = has(words, &["наоборот", "местами"]);
    let counted_in = has(words, &["засчит", "зачт", "зачес", "перекин", "перевес"]);
    match adjectives {
        2 => {
            deals
                && (acts
                    || has(
                        words,
                        &["мо", "наш", "у", "счет", "провер", "дошл", "сравн", "my"],
                    ))
                || (acts && is_feminine(tokens, at) && is_feminine(tokens, before))
        }
        1 => counted_in,
        _ => {
            exchanged
                || each_is_acted_on(tokens, before, at) && has_word(between, &["а", "и", "но", ","])
        }
    }
}

/// «Мартовскую», with «бронь» left out or not.
fn is_feminine(tokens: &[Token], at: usize) -> bool {
    ["ую", "ая", "ой", "юю", "яя", "ей"]
        .iter()
        .any(|ending| word(tokens, at).ends_with(ending))
}

/// «Март отменяем, июль оставьте»: each time has its own verb right beside it.
fn each_is_acted_on(tokens: &[Token], first: usize, second: usize) -> bool {
    let acted = |at: usize| begins(word(tokens, at + 1), ACTS) || begins(back(tokens, at, 1), ACTS);
    acted(first) && acted(second) && second - first > 1
}

/// «Мою и мамину заявки», «по моей брони и по брони сослуживца», «у меня своя бронь, у неё своя».
fn has_another_owner(tokens: &[Token], at: usize) -> bool {
    if !MINE.contains(word(tokens, at)) && !begins(word(tokens, at), OWNERS)
        || !has_deal(around(tokens, at, 8, 8))
    {
        return false;
    }
    let end = (at + 10).min(tokens.len());
    let own = word(tokens, at).starts_with("сво");
    (at + 1..end).any(|other| {
        let here = word(tokens, other);
        let beside = is_deal(word(tokens, other + 1)) || !is_a_word(word(tokens, other + 1));
        let between = &tokens[at + 1..other];
        let joined = has_word(between, &["и", "and", "+", "плюс", "&"]) && between.len() <= 4;
        let owner = begins(here, OWNERS) || MINE.contains(here) && !own;
        let of_owner = begins(here, OWNERS_OF)
            && (is_deal(back(tokens, other, 1)) || is_deal(word(tokens, other + 1)));
        let theirs = begins(here, &["сво"])
            && own
            && beside
            && between.len() > 1
            && has_deal(around(tokens, at, 1, 2));
        joined && (owner && beside && has_deal(around(tokens, other, 8, 1)) || of_owner) || theirs
    })
}

/// «Брони 4471 и 4480», «по броням № 2381 и № 2390», "bookings 511 and 512".
fn is_numbered(tokens: &[Token], at: usize) -> bool {
    if !is_deal(word(tokens, at)) || begins(word(tokens, at), &["заезд", "поезд"]) {
        return false;
    }
    let first = (at + 1..at + 4).find(|index| {
        !matches!(
            word(tokens, *index),
            "№" | "#" | ":" | "номер" | "с" | "номерами" | "номера"
        )
    });
    let Some(first) = first else { return false };
    let second = first + 2 + usize::from(matches!(word(tokens, first + 2), "№" | "#"));
    is_long_number(word(tokens, first))
        && matches!(word(tokens, first + 1), "и" | "," | "and" | "+" | "&")
        && is_long_number(word(tokens, second))
        && !tokens[second].glued
        && !begins(word(tokens, second + 1), &["руб", "₽"])
}

fn is_long_number(word: &str) -> bool {
    let year = word.len() == 4 && word.starts_with("202");
    word.len() >= 3 && !year && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// «Объедините наши брони».
fn is_merged(tokens: &[Token], at: usize) -> bool {
    if !begins(word(tokens, at), MERGES) {
        return false;
    }
    let near = around(tokens, at, 5, 5);
    let a_person =
        matches!(word(tokens, at + 1), "меня" | "с" | "me" | "нас") || has(near, &["номер"]);
    let deals = near.iter().filter(|token| is_deal(&token.word)).count();
    !a_person && (deals > 1 || has_word(near, MANY_DEALS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::reader::words::tokens;

    #[rustfmt::skip]
    const SEVERAL: &[&str] = &[
        "по обеим броням", "у меня две брони: март и июнь", "по всем моим заявкам", "обе поездки перенесите",
        "первая бронь на меня, вторая на маму", "What is with both my bookings?",
        "хочу перенести майскую бронь и отменить июльскую", "Отмените обе мои брони", "у нас 2 бронирования",
        "I have two reservations with you", "all my bookings please", "both of our reservations", "брони у меня две",
        "Заказов на моё имя два", "брони 4471 и 4480", "bookings 511 and 512", "одна бронь на меня, другая на мужа",
        "оплатила за обе брони", "в обеих бронях ошибка в фамилии", "по двум заявкам нужен один счёт",
        "три брони на нашу семью, объедините", "обе наши путёвки перенесите", "две заявки делала, обе подтвердите",
        "по моей брони и по брони сестры", "осенний и весенний заезд наши отмените",
        "отмените первую бронь, вторую оставьте", "по обоим заказам деньги дошли?", "oba moih zaezda",
        "po obeim bronyam", "имею у вас две брони", "две брони, обе оплачены",
        "бронь на март и бронь на май, мои, обе отмените", "я сделал два заказа, проверьте",
        "все наши брони отмените", "у меня у вас две брони", "по броням № 2381 и № 2390",
        "январская бронь и февральская у меня, обе оплачены", "there are two bookings under my name",
        "both reservations should be moved", "обе заявки на меня", "по первой и по второй брони измените",
        "мартовскую отмените, а декабрьскую продлите", "объедините декабрьскую и февральскую бронь",
        "что по обеим путёвкам, моей и маминой?", "март отменяем, а июль оставьте",
        "хочу декабрьскую бронь объединить с февральской",
        "что на меня оформлено в марте, пусть будет в июле, и наоборот",
        "можно предоплату за февраль засчитать в нынешнее проживание?", "сравните мой нынешний заезд и майскую бронь",
        "соедините наши брони в одну", "июнь отменяю, август оставляю", "апрельскую снимите, а осеннюю подтвердите",
        "по моей и маминой путёвке чеки", "у меня своя бронь, у сестры своя", "сольём мою бронь с бронью сестры?",
        "что там по моим двум поездкам", "и летнюю, и зимнюю бронь переоформите на мужа",
    ];

    #[rustfmt::skip]
    const ONE: &[&str] = &[
        "два номера в одной брони", "в двух словах про бронь", "обе кровати отдельно?", "моя бронь на двоих",
        "бронь на 2 человека", "бронь с 5 по 12 мая", "бронь на два дня", "забронируйте два номера",
        "перенесите бронь с мая на июнь", "обе дочки едут, впишите в бронь", "мы оба пенсионеры",
        "первый раз бронирую, второй день жду", "номер брони 4471", "два чека, оба за мою бронь", "заезд 5 мая",
        "одна ночь, другая дата", "две путёвки на июнь", "сколько стоят две путёвки?",
        "майские или июньские заезды дешевле?", "какие заезды есть: летние, осенние?",
        "по брони внесла 20000 и 15000", "заказ на двоих, оба взрослые", "бронхи лечите?", "заявка 2 дня без ответа",
        "бронь 12345", "вторую ночь не сплю", "мою бронь проверьте", "заезд в два часа можно?", "до заезда два дня",
        "one booking for two people", "a booking with two rooms", "обеим сёстрам нужен массаж",
        "один номер на меня, другой на маму", "бронь на меня и на мужа", "в брони два взрослых",
        "в брони одна ошибка", "нужен договор и счёт", "заезд 12.05 и выезд 19.05", "и бронь, и оплата прошли?",
        "все брони заняты?", "март или апрель, как дешевле?", "с марта по май есть места?",
        "майскую бронь на июньскую поменяйте", "бронь в марте, оплата в апреле",
        "первый этаж или второй, в брони не видно", "едем в июне, вернёмся в июле", "моя бронь и мой паспорт",
        "отменяем март, хотим июль", "майские праздники и новогодние почём?", "объедините номера в брони",
    ];

    fn read(texts: &[&'static str]) -> Vec<&'static str> {
        let is_read = |text: &&&str| several_deals(&tokens(text)).is_some();
        texts.iter().filter(is_read).copied().collect()
    }

    #[test]
    fn several_bookings_are_read() {
        assert_eq!(read(SEVERAL), SEVERAL);
    }

    #[test]
    fn one_booking_is_not_several() {
        assert_eq!(read(ONE), [""; 0]);
    }
}
