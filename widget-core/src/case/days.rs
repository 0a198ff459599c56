//! The dates of a booking, as people write them in a case.

use crate::time::{Date, Days, Local};

/// A stay that ended no longer ago than this is still meant by dates without a year, days.
const LATELY: i64 = 31;

/// Beginnings of the months' names in every case.
#[rustfmt::skip]
const MONTHS: [&[&str]; 12] = [
    &["янв"], &["фев"], &["мар"], &["апр"], &["май", "мая", "мае"], &["июн"], &["июл"], &["авг"], &["сен"], &["окт"],
    &["ноя"], &["дек"],
];

/// Words that say nothing of when.
#[rustfmt::skip]
const FILLERS: &[&str] = &["с", "со", "по", "до", "в", "во", "на", "от", "и", "г", "год", "года", "заезд", "выезд"];

/// One end of a stay, as far as it is said.
#[derive(Debug, Clone, Copy, Default)]
struct End {
    day: Option<i64>,
    month: Option<i64>,
    year: Option<i64>,
}

/// The days that a text names: `2027-03-10/2027-03-20`, `10.03.2027–20.03.2027`, `10–20 марта`, `в мае`. Without a year
/// it is the next such stay after `today` (days since 1970-01-01), or one that has just ended. `None`: they cannot be
/// told.
pub(super) fn read(text: &str, today: i64) -> Option<Days> {
    let (first, last) = match ends(text)?.as_slice() {
        [one] => (*one, *one),
        [first, last] => (*first, *last),
        _ => return None,
    };
    let this_year = Local {
        day: today,
        minute: 0,
    }
    .date()
    .year;
    match (first.year, last.year) {
        (None, None) => (this_year - 1..=this_year + 1)
            .filter_map(|year| stay(first, year, last, None))
            .find(|days| days.last >= today - LATELY),
        (Some(year), last_year) => stay(first, year, last, last_year),
        (None, Some(year)) => {
            stay(first, year, last, Some(year)).or_else(|| stay(first, year - 1, last, Some(year)))
        }
    }
}

/// The stay that begins in `year`. One whose end names no year ends within the twelve months that follow.
fn stay(first: End, year: i64, last: End, last_year: Option<i64>) -> Option<Days> {
    let begins = first.first_day(year)?;
    let ends = match last_year {
        Some(year) => last.last_day(year)?,
        None => last
            .last_day(year)
            .filter(|ends| *ends >= begins)
            .or_else(|| last.last_day(year + 1))?,
    };
    (begins <= ends).then_some(Days {
        first: begins,
        last: ends,
    })
}

impl End {
    fn first_day(self, year: i64) -> Option<i64> {
        number_of(year, self.month?, self.day.unwrap_or(1))
    }

    fn last_day(self, year: i64) -> Option<i64> {
        let month = self.month?;
        match self.day {
            Some(day) => number_of(year, month, day),
            None if month == 12 => number_of(year, 12, 31),
            None => Some(number_of(year, month + 1, 1)? - 1),
        }
    }
}

/// Days since 1970-01-01 of a date that the calendar has.
fn number_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let date: Date = format!("{year:04}-{month:02}-{day:02}").parse().ok()?;
    Some(date.day_number())
}

/// The ends that a text names, in order. `None`: it says something else as well.
fn ends(text: &str) -> Option<Vec<End>> {
    let mut ends: Vec<End> = Vec::new();
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() {
            let (piece, after) = number(rest);
            rest = after;
            take_number(piece, &mut ends)?;
        } else if first.is_alphabetic() {
            let end = rest
                .find(|c: char| !c.is_alphabetic())
                .unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            rest = after;
            take_word(&word.to_lowercase(), &mut ends)?;
        } else if first.is_whitespace() || "-–—/.,…()".contains(first) {
            rest = &rest[first.len_utf8()..];
        } else {
            return None;
        }
    }
    Some(ends)
}

/// A number with what belongs to it: `2027-03-10`, `10.03.2027`, `10.03`, `10`.
fn number(text: &str) -> (&str, &str) {
    const ISO: usize = "2027-03-10".len();
    let whole_date = text
        .get(..ISO)
        .is_some_and(|date| date.parse::<Date>().is_ok());
    if whole_date {
        return text.split_at(ISO);
    }
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let dotted = text[..end].trim_end_matches('.');
    // `10..20` are two numbers.
    let end = dotted.find("..").unwrap_or(dotted.len());
    text.split_at(end)
}

fn take_number(piece: &str, ends: &mut Vec<End>) -> Option<()> {
    let separator = if piece.contains('-') { '-' } else { '.' };
    let numbers: Vec<i64> = piece
        .split(separator)
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let full_year = |year: i64| if year < 100 { 2_000 + year } else { year };
    match numbers.as_slice() {
        // The year of the last end tells that of the first.
        [year] if *year >= 1_000 => {
            let last = ends.last_mut().filter(|end| end.year.is_none())?;
            last.year = Some(*year);
        }
        [day] => ends.push(End {
            day: Some(*day),
            ..End::default()
        }),
        [day, month] => ends.push(End {
            day: Some(*day),
            month: Some(*month),
            year: None,
        }),
        [year, month, day] if separator == '-' => ends.push(End {
            day: Some(*day),
            month: Some(*month),
            year: Some(*year),
        }),
        [day, month, year] => ends.push(End {
            day: Some(*day),
            month: Some(*month),
            year: Some(full_year(*year)),
        }),
        _ => return None,
    }
    Some(())
}

/// A month belongs to the days before it: «10–20 марта».
fn take_word(word: &str, ends: &mut Vec<End>) -> Option<()> {
    if FILLERS.contains(&word) {
        return Some(());
    }
    let is_it = |stems: &&[&str]| stems.iter().any(|stem| word.starts_with(stem));
    let month = (1..).zip(MONTHS).find(|(_, stems)| is_it(stems))?.0;
    let mut days = ends.iter_mut().filter(|end| end.month.is_none()).peekable();
    if days.peek().is_some() {
        days.for_each(|end| end.month = Some(month));
    } else {
        ends.push(End {
            month: Some(month),
            ..End::default()
        });
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wed 2026-11-18.
    const TODAY: i64 = 20_775;

    #[test]
    fn the_dates_of_a_booking_are_read_in_every_spelling() {
        for (text, days) in [
            ("2027-03-10/2027-03-20", "2027-03-10/2027-03-20"),
            ("2027-03-10 – 2027-03-20", "2027-03-10/2027-03-20"),
            ("10.03.2027–20.03.2027", "2027-03-10/2027-03-20"),
            ("10.03.27-20.03.27", "2027-03-10/2027-03-20"),
            ("10.03–20.03.2027", "2027-03-10/2027-03-20"),
            ("10.03 - 20.03", "2027-03-10/2027-03-20"),
            ("10–20 марта", "2027-03-10/2027-03-20"),
            ("10-20 марта 2028 г.", "2028-03-10/2028-03-20"),
            ("с 10 по 20 марта", "2027-03-10/2027-03-20"),
            ("10 марта", "2027-03-10"),
            ("28 марта – 5 апреля", "2027-03-28/2027-04-05"),
            ("28 декабря – 8 января", "2026-12-28/2027-01-08"),
            ("28 декабря – 8 января 2028", "2027-12-28/2028-01-08"),
            ("в мае", "2027-05-01/2027-05-31"),
            ("Май 2028", "2028-05-01/2028-05-31"),
            ("в декабре", "2026-12-01/2026-12-31"),
            ("февраль", "2027-02-01/2027-02-28"),
            ("май–июнь", "2027-05-01/2027-06-30"),
            ("10–20 ноября", "2026-11-10/2026-11-20"),
            ("1–10 ноября", "2026-11-01/2026-11-10"),
            ("1–10 октября", "2027-10-01/2027-10-10"),
            ("29 февраля 2028", "2028-02-29"),
        ] {
            let read = read(text, TODAY).map(|days| days.to_string());
            assert_eq!(read.as_deref(), Some(days), "{text}");
        }
    }

    #[test]
    fn what_names_no_days_is_unknown() {
        for text in [
            "",
            "не знаю",
            "летом",
            "10–20",
            "31 февраля",
            "10, 15 и 20 марта",
            "2 номера, 10 марта",
            "20.03.2027–10.03.2027",
            "10.13",
            "10.03.2027.1",
            "10:30",
            "99999999999999999999 мая",
        ] {
            assert_eq!(read(text, TODAY), None, "{text}");
        }
    }
}
