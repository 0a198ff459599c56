//! Spans of time and numbers that are no ages, by the words around them.

use super::between::Between;
use super::said::{Ages, Unit};
use super::{Text, is_nominative};
use crate::understand::reader::slots::{back, begins};
use crate::understand::reader::words::list::{List, list};

impl Text<'_> {
    /// Ages that are none, by the words around them.
    pub(super) fn is_ruled_out(&self, ages: &Ages, between: &Between) -> bool {
        let (from, to) = (ages.from(), ages.to());
        let before = back(self.tokens, from, 1);
        let next = self.word(to);
        if PASSED.contains(next) || begins(next, COUNTED_IN_YEARS) {
            return true;
        }
        if ages.unit() != Unit::Bare && begins(next, LASTING) && !between.is_said_of_ages() {
            return true;
        }
        if next == "не" && self.did_not(to, between) {
            return ages.unit() == Unit::Time;
        }
        if ages.unit() == Unit::Adjective {
            return false;
        }
        if before == "до" || before == "under" {
            return !self.is_own_child_below(between);
        }
        if matches!(
            before,
            "новый" | "этот" | "прошлый" | "целый" | "каждый" | "весь" | "один"
        ) {
            return ages.list[0].unit != Unit::Bare && ages.list[0].months == 12;
        }
        if matches!(before, "в" | "во") && back(self.tokens, from, 2) == "раз" {
            return true;
        }
        if matches!(before, "на") && ages.unit() == Unit::Fond {
            return true;
        }
        BLOCKING.contains(before)
    }

    /// «3 года не были», «мы с сыном 3 года не отдыхали»
    fn did_not(&self, to: usize, between: &Between) -> bool {
        let stay = begins(self.word(to + 1), &["отдых", "был", "виде", "езд"]);
        let does = |owner: usize| is_nominative(self.word(owner));
        stay || between.owner.is_none_or(does)
    }

    /// «У нас ребёнок до трёх лет»: not a rule, but a child.
    pub(super) fn is_own_child_below(&self, between: &Between) -> bool {
        let Some(owner) = between.owner.filter(|_| between.strange == 0) else {
            return false;
        };
        let first = owner.saturating_sub(6);
        (first..owner).any(|index| {
            begins(
                self.word(index),
                &[
                    "мо",
                    "наш",
                    "еду",
                    "едем",
                    "поед",
                    "приед",
                    "бер",
                    "буд",
                    "вез",
                    "our",
                ],
            ) || matches!(
                self.word(index),
                "нас" | "нами" | "мной" | "я" | "мы" | "меня" | "my" | "have"
            )
        })
    }
}

/// Before a span of time these make it no age.
#[rustfmt::skip]
const BLOCKING: &List = list![
    "с", "со", "от", "до", "за", "через", "на", "в", "во", "не", "после", "раз", "старше", "младше", "более", "менее",
    "свыше", "больше", "меньше", "последние", "каждые", "каждый", "номер", "номера", "корпус", "комната", "№", "+",
    "from", "over", "until", "till", "above", "below", "for", "in", "last", "past", "within", "every", "not", "room",
];

/// Behind a span of time these say that it passed.
#[rustfmt::skip]
const PASSED: &List = list![
    "назад", "тому", "подряд", "спустя", "вместе", "стажа", "ago", "experience", "minutes",
];

/// Things that are counted in years, by their beginnings.
const COUNTED_IN_YEARS: &List = list![
    "беремен",
    "гарант",
    "опыт",
    "стаж",
    "руб",
    "тысяч",
    "процент",
];

/// What goes on for years, by its beginning: «дочка 3 года занимается танцами».
#[rustfmt::skip]
const LASTING: &List = list![
    "боле", "кашля", "ходи", "занима", "страда", "муча", "мечтает", "мечтал", "ждет", "ждем", "жду", "лечит", "лечу",
    "езди", "работа", "учи", "живе", "женат", "замуж", "копил", "отдыхал", "собира", "танц", "married", "waiting",
];
