//! Whether an age is a child's, by how it is said and what stands before it.

use super::between::{Between, is_gap};
use super::said::{Ages, may_follow_a_number};
use super::whose::{Who, implied, is_child, is_counted, who};
use super::{Text, is_nominative};
use crate::understand::reader::slots::{back, begins};

impl Text<'_> {
    /// A number alone is an age only right beside its child.
    pub(super) fn is_bare_age(&self, ages: &Ages, between: &Between) -> bool {
        if self.is_reached(ages) {
            return !between.other && !self.is_of_other(ages.from());
        }
        let row = ages.list.len() > 1;
        let before = back(self.tokens, ages.from(), 1);
        let half = !ages.list[0].months.is_multiple_of(12);
        let whole = half && self.is_whole_message(ages);
        let opened = matches!(before, "(" | ":" | "–" | "—" | "-");
        let Some(owner) = between.owner else {
            return whole || (row && opened && between.several && !between.other);
        };
        let named = self.word(owner);
        if who(named) == Some(Who::OneOfThem) && !self.has_child {
            return begins(named, &["наш", "мо"])
                && (half || between.to_come || self.is_to_come_behind(ages.to()));
        }
        let counts = !row && !half && is_counted(named) && !between.is_said_of_ages();
        let one_child = !row && ages.list[0].months == 12 && is_nominative(named);
        let near = between.strange == 0
            || (half && between.strange <= 4)
            || (between.strange == 1 && !between.verb);
        near && !counts && !one_child || (row && opened && between.strange <= 5 && !between.other)
    }

    /// «В декабре исполнится три», «четыре ему будет»: of children one need not be named.
    fn is_reached(&self, ages: &Ages) -> bool {
        let reaches = |word: &str| begins(word, &["исполн", "стукн"]);
        let him = matches!(self.word(ages.to()), "ему" | "ей")
            && (reaches(self.word(ages.to() + 1)) || self.word(ages.to() + 1) == "будет");
        let small = ages.list.iter().all(|age| age.months <= 12 * 12);
        small && (him || reaches(back(self.tokens, ages.from(), 1)))
    }

    pub(super) fn is_age_in_years(&self, ages: &Ages, between: &Between) -> bool {
        let before = back(self.tokens, ages.from(), 1);
        let parenthesis = before == "(";
        if let Some(owner) = between.owner {
            if who(self.word(owner)) == Some(Who::OneOfThem) && !self.has_child {
                return false;
            }
            // «Дочка, 6 лет», «мальчик синяя куртка 4 года»
            let apposed = matches!(before, "," | "(" | ":" | "–" | "—" | "-");
            let awaited = between.is_said_of_ages() && between.strange <= 5;
            return between.strange == 0
                || awaited
                || (apposed && !ages.turned_round && between.strange <= 6)
                || (between.strange <= 3 && !between.verb && !ages.turned_round);
        }
        if ages.turned_round {
            return false;
        }
        if between.several && between.strange == 0 {
            return true;
        }
        if between.other {
            return false;
        }
        if (parenthesis && self.has_child) || between.is_said_of_ages() {
            return !self.is_of_other(ages.from());
        }
        self.opens_message(ages)
    }

    /// «14 лет, сколиоз»: the first words answer the question of the age.
    pub(super) fn opens_message(&self, ages: &Ages) -> bool {
        let opened = (0..ages.from()).all(|index| {
            is_gap(self.word(index))
                || begins(self.word(index), &["здравствуй", "добр", "привет", "день"])
        });
        let next = self.word(ages.to());
        let closed = next.is_empty() || !next.starts_with(char::is_alphanumeric);
        opened && closed && next != "?"
    }

    pub(super) fn is_whole_message(&self, ages: &Ages) -> bool {
        let rest = self.tokens[..ages.from()]
            .iter()
            .chain(&self.tokens[ages.to()..]);
        rest.map(|token| token.word.as_str())
            .all(|word| !word.starts_with(char::is_alphanumeric) || is_gap(word))
    }

    pub(super) fn is_adjective_of_child(&self, ages: &Ages, between: &Between) -> bool {
        let next = self.word(ages.to());
        let mark = !next.starts_with(char::is_alphanumeric);
        let after_next = who(self.word(ages.to() + 1)) == Some(Who::Child);
        if mark || may_follow_a_number(next) {
            let before = back(self.tokens, ages.from(), 1);
            let one = matches!(
                before,
                "один"
                    | "одна"
                    | "одного"
                    | "одной"
                    | "and"
                    | "our"
                    | "наш"
                    | "с"
                    | "a"
                    | "plus"
                    | "my"
                    | "with"
            );
            let known = self.has_child || one || self.opens_message(ages);
            return known && (!between.other || !self.is_of_other(ages.from()));
        }
        match who(next) {
            Some(Who::Child | Who::Pronoun) => true,
            Some(Who::Other) => false,
            // «С годовалым тираном»: so small is only a child, or what `who` knows to be none.
            _ => {
                // «С двухмесячным пустите?»
                let asked = back(self.tokens, ages.from(), 1) == "с"
                    && begins(
                        next,
                        &[
                            "пуст",
                            "пуск",
                            "прим",
                            "прин",
                            "возьм",
                            "бер",
                            "можно",
                            "посел",
                        ],
                    );
                after_next || between.owner.is_some() || asked || self.is_a_baby(ages)
            }
        }
    }

    /// «Годовалый», «полуторагодовалая».
    fn is_a_baby(&self, ages: &Ages) -> bool {
        begins(
            self.word(ages.from()),
            &["годовал", "полуторагод", "полуторалет"],
        )
    }

    /// «Малышу», «ей»: the one to whom days are given as an age.
    pub(super) fn is_given(&self, owner: usize) -> bool {
        let named = self.word(owner);
        implied(named).is_some()
            || matches!(named, "ему" | "ей" | "baby")
            || named.ends_with('у')
            || (named.ends_with("ке") && is_child(named))
    }
}
