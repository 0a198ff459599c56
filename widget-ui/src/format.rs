//! Clock times and spans as the card writes them. Local time comes from the account's UTC offset, never from the
//! browser.

use crate::i18n::Texts;
use widget_core::time::{Days, HOUR, Local, MINUTE, Zone};

/// What is needed to write a moment down.
#[derive(Debug, Clone, Copy)]
pub struct Moments<'a> {
    /// The texts in the manager's language.
    pub texts: &'a Texts,
    /// The business clock, unix ms.
    pub now: i64,
    /// The account's UTC offset, seconds.
    pub utc_offset: i32,
}

impl Moments<'_> {
    /// `14:20`; «вчера 23:40»; within a week «пн 09:15»; else «12 нояб.».
    pub fn time(&self, at: i64) -> String {
        let (moment, today) = (self.local(at), self.local(self.now));
        let clock = format!("{:02}:{:02}", moment.minute / 60, moment.minute % 60);
        match today.day - moment.day {
            0 => clock,
            1 => self.texts.fill("time.yesterday", &[("time", &clock)]),
            -6..=6 => {
                let day = word(self.texts, "days", moment.weekday());
                self.texts
                    .fill("time.weekday", &[("day", &day), ("time", &clock)])
            }
            _ => date(self.texts, moment.day),
        }
    }

    /// A moment to come: «сегодня в 14:20», «завтра в 10:00», «пн в 10:00», «12 нояб. в 10:00».
    pub fn when(&self, at: i64) -> String {
        let (moment, today) = (self.local(at), self.local(self.now));
        let clock = format!("{:02}:{:02}", moment.minute / 60, moment.minute % 60);
        let day = match moment.day - today.day {
            0 => return self.texts.fill("time.today_at", &[("time", &clock)]),
            1 => return self.texts.fill("time.tomorrow_at", &[("time", &clock)]),
            2..=6 => word(self.texts, "days", moment.weekday()),
            _ => date(self.texts, moment.day),
        };
        let values = [("day", &*day), ("time", &*clock)];
        self.texts.fill("time.day_at", &values)
    }

    /// How long ago `at` was: «меньше минуты», «12 мин», «1 ч 20 мин», «2 дн.».
    pub fn ago(&self, at: i64) -> String {
        self.span((self.now - at) / MINUTE)
    }

    /// How long until `at`; a minute that has begun counts whole.
    pub fn left(&self, at: i64) -> String {
        self.span((at - self.now + MINUTE - 1).div_euclid(MINUTE))
    }

    /// Whether `at` is over an hour ago.
    pub fn is_overdue(&self, at: i64) -> bool {
        self.now - at > HOUR
    }

    fn span(&self, minutes: i64) -> String {
        let unit = |key: &str, n: i64| self.texts.fill(key, &[("n", &n.to_string())]);
        match (minutes / 60, minutes % 60) {
            _ if minutes < 1 => self.texts.get("time.moment"),
            (0, minutes) => unit("time.min", minutes),
            (hours, 0) if hours < 24 => unit("time.hour", hours),
            (hours, minutes) if hours < 24 => {
                format!("{} {}", unit("time.hour", hours), unit("time.min", minutes))
            }
            (hours, _) => unit("time.day", hours / 24),
        }
    }

    fn local(&self, at: i64) -> Local {
        Zone::fixed(self.utc_offset).local(at)
    }
}

/// A day, as days since 1970-01-01: «12 нояб.».
pub fn date(texts: &Texts, day: i64) -> String {
    let date = Local { day, minute: 0 }.date();
    let month = word(texts, "months", date.month as usize - 1);
    let values = [("day", &*date.day.to_string()), ("month", &*month)];
    texts.fill("time.date", &values)
}

/// The number of the first day, where both ends lie in one month.
pub fn day_of_same_month(days: Days) -> Option<u32> {
    let date = |day| Local { day, minute: 0 }.date();
    let (first, last) = (date(days.first), date(days.last));
    let is_same = (first.year, first.month) == (last.year, last.month);
    is_same.then_some(first.day)
}

/// The `index`-th word of a list that stands in one text.
fn word(texts: &Texts, key: &str, index: usize) -> String {
    let list = texts.get(key);
    list.split(' ').nth(index).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::tests::{en, ru};
    use widget_core::time::{DAY, SECOND};

    /// 2026-11-18 11:00 in Moscow, a Wednesday.
    const NOON: i64 = 1_794_988_800_000;

    fn at(texts: &Texts) -> Moments<'_> {
        Moments {
            texts,
            now: NOON,
            utc_offset: 10_800,
        }
    }

    fn plain(text: &str) -> String {
        text.replace('\u{a0}', " ")
    }

    #[test]
    fn a_moment_is_as_short_as_it_can_be() {
        let (ru, en) = (ru(), en());
        let cases = [
            (NOON - 18 * MINUTE, "10:42", "10:42"),
            (NOON + 3 * HOUR + 20 * MINUTE, "14:20", "14:20"),
            (NOON - 11 * HOUR, "00:00", "00:00"),
            (
                NOON - 11 * HOUR - 20 * MINUTE,
                "вчера 23:40",
                "yesterday 23:40",
            ),
            (NOON - 2 * DAY - 105 * MINUTE, "пн 09:15", "Mon 09:15"),
            (NOON + DAY, "чт 11:00", "Thu 11:00"),
            (NOON - 6 * DAY, "чт 11:00", "Thu 11:00"),
            (NOON - 7 * DAY, "11 нояб.", "11 Nov"),
            (NOON - 320 * DAY, "2 янв.", "2 Jan"),
        ];
        for (moment, russian, english) in cases {
            assert_eq!(plain(&at(&ru).time(moment)), russian);
            assert_eq!(plain(&at(&en).time(moment)), english);
        }
    }

    #[test]
    fn a_moment_to_come_names_its_day() {
        let (ru, en) = (ru(), en());
        let cases = [
            (HOUR, "сегодня в 12:00", "today at 12:00"),
            (DAY, "завтра в 11:00", "tomorrow at 11:00"),
            (2 * DAY, "пт в 11:00", "Fri at 11:00"),
            (14 * DAY, "2 дек. в 11:00", "2 Dec at 11:00"),
        ];
        for (after, russian, english) in cases {
            assert_eq!(plain(&at(&ru).when(NOON + after)), russian);
            assert_eq!(plain(&at(&en).when(NOON + after)), english);
        }
    }

    #[test]
    fn the_accounts_zone_decides_the_day() {
        let texts = ru();
        let vladivostok = Moments {
            utc_offset: 36_000,
            ..at(&texts)
        };
        assert_eq!(vladivostok.time(NOON), "18:00");
    }

    #[test]
    fn spans_round_the_past_down_and_the_future_up() {
        let texts = ru();
        let moments = at(&texts);
        let cases = [
            (0, "меньше минуты", "меньше минуты"),
            (59 * SECOND, "меньше минуты", "1 мин"),
            (MINUTE, "1 мин", "1 мин"),
            (12 * MINUTE + SECOND, "12 мин", "13 мин"),
            (HOUR, "1 ч", "1 ч"),
            (HOUR + 20 * MINUTE, "1 ч 20 мин", "1 ч 20 мин"),
            (26 * HOUR, "1 дн.", "1 дн."),
            (49 * HOUR, "2 дн.", "2 дн."),
        ];
        for (span, ago, left) in cases {
            assert_eq!(plain(&moments.ago(NOON - span)), ago);
            assert_eq!(plain(&moments.left(NOON + span)), left);
        }
        assert_eq!(plain(&moments.left(NOON - HOUR)), "меньше минуты");
    }

    #[test]
    fn after_an_hour_a_guest_waits_too_long() {
        let texts = ru();
        assert!(!at(&texts).is_overdue(NOON - HOUR));
        assert!(at(&texts).is_overdue(NOON - HOUR - 1));
    }
}
