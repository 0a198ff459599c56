//! When: days of a stay, and nights.

mod calendar;
mod meaning;
mod names;
mod nights;
mod spoken;
mod written;

use super::{Found, Span, back, begins, is_stop, span, word};
use crate::time::Days;
use crate::understand::reader::words::list::{List, list};
use crate::understand::reader::words::{Token, tokens};
use spoken::spoken_at;
use written::{Written, written_at};

/// Dates without a year that are further ahead have mostly just been, in days.
const FAR: i64 = 275;

/// No stay is longer, in days: «с 5 мая по 4 мая» is a slip.
const LONGEST: i64 = 200;

/// Moves a booking to another date.
#[rustfmt::skip]
const MOVES: &List = list![
    "перенес", "перенос", "передвин", "подвин", "смест", "смещ", "сдвин", "двига", "переброн", "переселите", "измен", "поменя", "смен", "resched",
    "move", "change", "shift", "postpone",
];

/// Says nothing of when, beside a date.
#[rustfmt::skip]
const FILLERS: &List = list![
    "с", "со", "по", "до", "в", "во", "на", "от", "и", "г", "год", "года", "заезд", "выезд", "-", "–", "—", "/", ".", ",",
    "…", "(", ")", "\n",
];

/// Days that may be those of the stay.
struct Candidate {
    days: Days,
    /// The dates as they are written, where they are.
    written: Option<Written>,
    span: Span,
    /// One that is said more exactly is meant rather: days, a month, «летом».
    rank: u8,
    departs: bool,
    /// «На 5 мая»: where a booking is moved to.
    onto: bool,
}

/// The days that the text names; one day with a length of the stay is as many days.
pub(super) fn days(tokens: &[Token], today: i64) -> Option<Found<Days>> {
    let candidates = candidates(tokens, today);
    let chosen = chosen(tokens, &candidates)?;
    let stay = leaving(&candidates, chosen, today);
    if stay.is_none() && chosen.departs {
        return None;
    }
    let mut days = stay.unwrap_or(chosen.days);
    if days.first == days.last
        && let Some(nights) = nights::nights(tokens)
    {
        days.last += i64::from(nights.value);
    }
    Some(Found {
        value: days,
        span: chosen.span,
    })
}

/// The number of nights.
pub(super) fn nights(tokens: &[Token], _today: i64) -> Option<Found<u32>> {
    nights::nights(tokens)
}

/// The days that a text names which says nothing else: `10.03.2027–20.03.2027`, `10–20 марта`, `в мае`. Without a year
/// it is the next such stay that is not over at `since`. `None`: they cannot be told.
pub(crate) fn days_alone(text: &str, today: i64, since: i64) -> Option<Days> {
    let tokens = tokens(text);
    let skip = |from: usize| {
        (from..tokens.len())
            .find(|at| !FILLERS.contains(word(&tokens, *at)))
            .unwrap_or(tokens.len())
    };
    let named = written_at(&tokens, skip(0))?;
    let dated = named.first.month.or(named.last.month).is_some();
    if !dated || skip(named.to) < tokens.len() {
        return None;
    }
    calendar::days(named.first, named.last, today, since)
}

/// All days of a coming stay that the text may name.
fn candidates(tokens: &[Token], today: i64) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let (candidate, to) = if let Some(written) = written_at(tokens, at) {
            (written_candidate(tokens, &written, today), written.to)
        } else if let Some(spoken) = spoken_at(tokens, at, today) {
            let fits = if spoken.weak {
                meaning::is_surely_of_a_stay(tokens, at, spoken.to, 4)
                    && !meaning::departs(tokens, at)
                    && !written::is_departure(word(tokens, spoken.to))
            } else {
                meaning::is_of_a_stay(tokens, at, spoken.to, true)
            };
            let candidate = fits.then(|| Candidate {
                days: spoken.days,
                written: None,
                span: span(tokens, at, spoken.to),
                rank: if spoken.weak { 1 } else { 2 },
                departs: meaning::departs(tokens, at),
                onto: is_onto(back(tokens, at, 1)),
            });
            (candidate, spoken.to)
        } else {
            (None, at + 1)
        };
        candidates.extend(candidate);
        at = to;
    }
    candidates
}

fn written_candidate(tokens: &[Token], written: &Written, today: i64) -> Option<Candidate> {
    let Written {
        first,
        last,
        from,
        to,
        sure,
    } = *written;
    let days = calendar::days(first, last, today, today)
        .filter(|days| days.last >= today && days.last - days.first < LONGEST)?;
    let range = first != last;
    let far = days.first - today > FAR && first.year.or(last.year).is_none();
    let month_paid = !first.is_day() && back(tokens, from, 1) == "за";
    let stay = meaning::is_of_a_stay(tokens, from, to, range)
        && !month_paid
        && (!far || meaning::is_surely_of_a_stay(tokens, from, to, 2));
    let bare = first.month.is_none() && !range;
    let fits = sure && stay && (!bare || names_a_day(tokens, written));
    let rank = match (range, first.is_day()) {
        (true, true) => 4,
        (false, true) => 3,
        _ => 2,
    };
    fits.then(|| Candidate {
        days,
        written: Some(*written),
        span: span(tokens, from, to),
        rank,
        departs: meaning::departs(tokens, from),
        onto: is_onto(back(tokens, from, 1)),
    })
}

/// «5-го», «на одиннадцатое»: a day of the month, and not «пятого корпуса».
fn names_a_day(tokens: &[Token], written: &Written) -> bool {
    let counted = word(tokens, written.to - 1).starts_with("числ");
    let next = word(tokens, written.to);
    let ends = next.is_empty()
        || is_stop(next)
        || matches!(
            next,
            "в" | "на" | "и" | "утром" | "с" | "можно" | "мы" | "а" | "или"
        );
    let before = back(tokens, written.from, 1);
    let prepared = matches!(before, "с" | "со" | "на" | "к");
    let near = (1..=4).any(|steps| begins(back(tokens, written.from, steps), ARRIVAL))
        || begins(next, ARRIVAL);
    counted
        || (ends || begins(next, ARRIVAL))
            && (near || prepared && begins_with_digit(tokens, written) || moves(tokens))
}

/// Stems of words that speak of coming, going and booking.
#[rustfmt::skip]
const ARRIVAL: &List = list![
    "заезд", "заезж", "заед", "приезд", "приезж", "приед", "прибы", "прибу", "едем", "еду", "брон", "выезд", "выезж",
    "уезж", "засел", "arriv", "come", "coming", "check",
];

fn begins_with_digit(tokens: &[Token], written: &Written) -> bool {
    word(tokens, written.from).starts_with(|c: char| c.is_ascii_digit())
}

fn is_onto(before: &str) -> bool {
    matches!(before, "на" | "в" | "к" | "to" | "for")
}

fn moves(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| begins(&token.word, MOVES))
}

/// The days that are meant: of a booking that is moved where it goes to, else those said most exactly.
fn chosen<'a>(tokens: &[Token], candidates: &'a [Candidate]) -> Option<&'a Candidate> {
    if moves(tokens)
        && let Some(target) = candidates.iter().rev().find(|found| found.onto)
    {
        return Some(target);
    }
    // The first of those with the same rank.
    let best = candidates
        .iter()
        .rev()
        .max_by_key(|found| (found.rank, !found.departs))?;
    // «Январь и март»: two bookings, or nobody knows.
    let is_month = |found: &Candidate| found.rank == 2 && found.written.is_some();
    let torn = is_month(best)
        && candidates
            .iter()
            .any(|found| is_month(found) && found.days != best.days);
    (!torn).then_some(best)
}

/// «Заезд 3 мая … выезд 12-го»: both dates of a stay, said apart.
fn leaving(candidates: &[Candidate], arrival: &Candidate, today: i64) -> Option<Days> {
    let first = arrival.written.filter(|_| !arrival.departs)?.first;
    let departure = candidates.iter().find(|found| found.departs)?;
    let last = departure.written?.last;
    (first.is_day() && last.is_day())
        .then(|| calendar::days(first, last, today, today))
        .flatten()
        .filter(|days| days.last - days.first < LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wed 2026-11-18.
    const TODAY: i64 = 20_775;

    fn read(text: &str) -> Option<String> {
        days(&tokens(text), TODAY).map(|found| found.value.to_string())
    }

    #[test]
    fn the_days_of_a_stay_are_read_in_every_spelling() {
        let mut wrong = Vec::new();
        for (text, days) in [
            ("с 3 по 12 мая", "2027-05-03/2027-05-12"),
            (
                "Здравствуйте! Есть места с 3 по 12 мая на двоих?",
                "2027-05-03/2027-05-12",
            ),
            ("3-12 мая", "2027-05-03/2027-05-12"),
            ("3–12мая", "2027-05-03/2027-05-12"),
            ("с 3-го по 12-е мая", "2027-05-03/2027-05-12"),
            ("с 3 мая по 12 мая", "2027-05-03/2027-05-12"),
            ("с 3 мая до 12-го", "2027-05-03/2027-05-12"),
            ("с 3 мая по 12", "2027-05-03/2027-05-12"),
            ("03.05–12.05", "2027-05-03/2027-05-12"),
            ("03.05 - 12.05.2027", "2027-05-03/2027-05-12"),
            ("с 03.05 по 12.05", "2027-05-03/2027-05-12"),
            ("с 3.05 до 12.05", "2027-05-03/2027-05-12"),
            ("03/05-12/05", "2027-05-03/2027-05-12"),
            ("2027-05-03 - 2027-05-12", "2027-05-03/2027-05-12"),
            ("с17 по24апреля", "2027-04-17/2027-04-24"),
            ("с 28 декабря по 8 января", "2026-12-28/2027-01-08"),
            ("с 28 по 5 января", "2026-12-28/2027-01-05"),
            ("с 28 мая по 5-е", "2027-05-28/2027-06-05"),
            ("с третьего по двенадцатое мая", "2027-05-03/2027-05-12"),
            (
                "со второго по двадцать первое июля",
                "2027-07-02/2027-07-21",
            ),
            ("с пятого по десятое", "2026-12-05/2026-12-10"),
            ("с 20 по 25 хотим приехать", "2026-11-20/2026-11-25"),
            ("третьего мая", "2027-05-03"),
            ("двадцать пятого декабря приедем", "2026-12-25"),
            (
                "заезд 20 февраля, выезд 24 февраля",
                "2027-02-20/2027-02-24",
            ),
            (
                "двадцатого февраля заезд двадцать четвертого выезд",
                "2027-02-20/2027-02-24",
            ),
            (
                "заезд 20 февраля в обед, нас двое, выезд 24-го",
                "2027-02-20/2027-02-24",
            ),
            ("5 и 6 мая", "2027-05-05/2027-05-06"),
            ("в ночь с 5 на 6 мая", "2027-05-05/2027-05-06"),
            ("перенесите с 5 мая на 10 мая", "2027-05-10"),
            ("Бронь с 5 мая сдвиньте, пожалуйста, на 11-е", "2026-12-11"),
            ("на майские", "2027-05-01/2027-05-10"),
            ("есть номера на майские праздники?", "2027-05-01/2027-05-10"),
            ("на новогодние", "2026-12-30/2027-01-08"),
            ("в новогодние каникулы", "2026-12-30/2027-01-08"),
            ("на Новый год есть места?", "2026-12-30/2027-01-08"),
            ("в мае", "2027-05-01/2027-05-31"),
            ("на май 2028", "2028-05-01/2028-05-31"),
            ("Июль, двое", "2027-07-01/2027-07-31"),
            ("май-июнь", "2027-05-01/2027-06-30"),
            ("в середине мая", "2027-05-11/2027-05-20"),
            ("в начале июня", "2027-06-01/2027-06-10"),
            ("на конец февраля", "2027-02-21/2027-02-28"),
            ("в конце мая - начале июня", "2027-05-21/2027-06-10"),
            ("на следующей неделе", "2026-11-23/2026-11-29"),
            ("есть номер на след. неделе?", "2026-11-23/2026-11-29"),
            ("завтра", "2026-11-19"),
            ("послезавтра", "2026-11-20"),
            ("места на завтра есть?", "2026-11-19"),
            ("заезжаем сегодня", "2026-11-18"),
            ("в субботу", "2026-11-21"),
            ("мы к вам приедем в среду", "2026-11-25"),
            ("номер с пятницы по воскресенье", "2026-11-20/2026-11-22"),
            ("на выходные", "2026-11-21/2026-11-22"),
            ("найдется номер на эти выходные?", "2026-11-21/2026-11-22"),
            ("5-го числа", "2026-12-05"),
            ("заезжаем 28-го, во сколько можно?", "2026-11-28"),
            ("летом", "2027-06-01/2027-08-31"),
            ("хотим к вам на лето", "2027-06-01/2027-08-31"),
            ("приедем зимой", "2026-12-01/2027-02-28"),
            ("3 мая на 10 дней", "2027-05-03/2027-05-12"),
            ("3 мая на 10 ночей", "2027-05-03/2027-05-13"),
            ("На 4 ночи, с 15 июля", "2027-07-15/2027-07-19"),
            ("5 мая 2027", "2027-05-05"),
            ("5 мая 2028 года", "2028-05-05"),
            ("с 10 февраля хочу на недельку", "2027-02-10/2027-02-17"),
            ("бронь на 9 мая", "2027-05-09"),
            ("оплатила путевку с 3 по 12 мая", "2027-05-03/2027-05-12"),
            ("внёс за 23 февраля", "2027-02-23"),
            ("from May 3 to 12", "2027-05-03/2027-05-12"),
            ("from 3 to 12 May", "2027-05-03/2027-05-12"),
            ("May 3 - May 12, 2027", "2027-05-03/2027-05-12"),
            ("3rd of May", "2027-05-03"),
            ("arriving on the 3rd of May", "2027-05-03"),
            ("a room for next week", "2026-11-23/2026-11-29"),
            ("a room in July please", "2027-07-01/2027-07-31"),
            ("we come friday", "2026-11-20"),
            ("4 nights, from tomorrow", "2026-11-19/2026-11-23"),
            ("в мае, с 3 по 12", "2027-05-03/2027-05-12"),
            ("сдвинуть путёвку на апрель, с 4 числа", "2027-04-04"),
            (
                "from 3. May until 17. May 2027 for two people",
                "2027-05-03/2027-05-17",
            ),
            ("change my booking from 5 Dec to 6 Dec", "2026-12-06"),
            ("21 декабря приехали бы", "2026-12-21"),
            ("едем в августе, жена и я", "2027-08-01/2027-08-31"),
            ("есть что на завтра?", "2026-11-19"),
            ("бронь на 5 декабря, подвинете на 6-е?", "2026-12-06"),
            ("мы решились на апрель", "2027-04-01/2027-04-30"),
            ("Мы у вас с 20 декабря записаны", "2026-12-20"),
            ("hochu s 5 po 12 maya", "2027-05-05/2027-05-12"),
        ] {
            let read = read(text);
            if read.as_deref() != Some(days) {
                wrong.push(format!("{text}: {read:?}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn what_names_no_days_of_a_stay_to_come_states_none() {
        let mut wrong = Vec::new();
        for text in [
            "",
            "2500 рублей",
            "10.50 руб",
            "4.05 тыс",
            "+7 900 000-00-05",
            "8 (900) 000-10-12",
            "в 12.30",
            "10:30",
            "поезд в 10.05",
            "до 12:00 нас не будет",
            "номер 305",
            "в номере 12 холодно",
            "до 3 лет",
            "ребенку 1.5 года",
            "от 3 до 5 лет",
            "с 3 до 5 лет",
            "24/7",
            "2-3 дня",
            "с 9 до 18 часов",
            "с 8 по 10 этаж",
            "5-го корпуса",
            "на втором этаже",
            "первое и второе блюдо",
            "родилась 12.03.2020",
            "сын, 12.03.2020 г.р.",
            "2023 г.р.",
            "сыну в апреле будет 5",
            "дочке в мае исполнится 3",
            "оплатил 5 мая",
            "5 декабря оплатил, а ответа нет",
            "чек от 5 декабря",
            "договор от 05.12",
            "отдыхали в августе",
            "были у вас в мае",
            "прошлым летом",
            "в прошлом мае у вас было лучше",
            "лечился у вас в марте",
            "9 мая 1945",
            "в мае 2024",
            "чек от 10.11.2026",
            "31 февраля",
            "завтра оплачу",
            "перезвоните завтра",
            "отвечу на следующей неделе",
            "в субботу перевёл деньги",
            "до завтра",
            "до конца мая скидка",
            "ответьте до 5 мая",
            "после 10 мая",
            "с 8 марта вас!",
            "поздравляю с 8 марта",
            "С Новым годом!",
            "завтрак входит?",
            "июньский заезд",
            "Марина",
            "майка",
            "улица 8 марта",
            "may I ask a question?",
            "we paid on May 5",
            "call me tomorrow",
            "second room",
            "5 или 6 мая",
            "акты за август",
            "отменила бронь 2 ноября",
            "мама оставила у вас в июле зонт",
            "дочке пять будет в апреле",
            "сыну пять в феврале",
            "заявление подано 28 октября",
            "выезд сдвигаем с 10 на 13 января",
            "по январю и марту две брони: январь и март",
            "оценка 10/10",
            "выезд 9-го, можно позже?",
            "продлить с 3-го по 6-е",
        ] {
            if let Some(days) = read(text) {
                wrong.push(format!("{text}: {days}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
