//! Children whose age is said but who do not travel: who stay at home, who are those of others, who were so old once.

use super::{Child, Text};
use crate::understand::reader::slots::{begins, word};
use crate::understand::reader::words::Token;

impl Text<'_> {
    /// Whether the child stays at home, or is that of others, or was so old once.
    pub(super) fn stays_away(&self, child: &Child) -> bool {
        let from = child.owner.unwrap_or(child.from).min(child.from);
        let start = self.clause_start(from);
        let end = self.clause_end(child.to);
        let clause = &self.tokens[start..end];
        let once = (child.from.saturating_sub(6)..child.from)
            .any(|index| matches!(self.word(index), "когда" | "тогда" | "when"))
            && (child.from.saturating_sub(3)..child.to + 2)
                .any(|index| matches!(self.word(index), "был" | "было" | "была" | "were" | "was"))
            && !(start..child.from).any(|index| matches!(self.word(index), "теперь" | "сейчас"));
        once || is_left_behind(clause)
            || self.goes_on_to_stay(end)
            || self.is_aside_of_who_stays(self.clause_start(child.from), end)
            || self.is_with_who_stays(start)
            || self.is_of_others(from)
    }

    pub(super) fn clause_start(&self, at: usize) -> usize {
        (at.saturating_sub(9)..at)
            .rev()
            .find(|index| ends_clause(self.word(*index)))
            .map_or(at.saturating_sub(9), |index| index + 1)
    }

    pub(super) fn clause_end(&self, at: usize) -> usize {
        let last = (at + 9).min(self.tokens.len());
        (at..last)
            .find(|index| ends_clause(self.word(*index)))
            .unwrap_or(last)
    }

    /// «Сын, 5 лет, остаётся с бабушкой».
    pub(super) fn goes_on_to_stay(&self, end: usize) -> bool {
        if !matches!(self.word(end), "," | ")") {
            return false;
        }
        let next = end + 1;
        let to = self.clause_end(next);
        let first = self.word(next);
        (begins(first, &["остан", "остае", "остал", "дома", "сид", "stay"])
            || (first == "не" && begins(self.word(next + 1), &["ед", "поед", "бер"])))
            && is_left_behind(&self.tokens[next..to.max(next)])
    }

    /// «Дочку, ей 4, оставляем дома»
    pub(super) fn is_aside_of_who_stays(&self, start: usize, end: usize) -> bool {
        let pronoun = matches!(
            self.word(start),
            "ей" | "ему" | "она" | "он" | "которой" | "которому"
        );
        let aside = pronoun && self.word(start.saturating_sub(1)) == "," && self.word(end) == ",";
        aside && is_left_behind(&self.tokens[end + 1..self.clause_end(end + 1)])
    }

    /// «Жена дома остаётся, с нею две внучки, трёх и пяти лет»
    pub(super) fn is_with_who_stays(&self, start: usize) -> bool {
        let with = matches!(self.word(start), "с" | "и" | "а")
            && matches!(self.word(start + 1), "нею" | "ней" | "ним" | "ними");
        if !with || self.word(start.saturating_sub(1)) != "," {
            return false;
        }
        let before = self.clause_start(start - 1);
        is_left_behind(&self.tokens[before..start - 1])
    }

    /// «Подруга отдыхала у вас с внуком трёх лет»
    pub(super) fn is_of_others(&self, at: usize) -> bool {
        let ends = |index: &usize| matches!(self.word(*index), "." | "!" | "?" | "\n");
        let start = (at.saturating_sub(60)..at)
            .rev()
            .find(ends)
            .map_or(at.saturating_sub(60), |index| index + 1);
        let said = &self.tokens[start..at];
        let has = |stems: &[&str]| said.iter().any(|token| begins(&token.word, stems));
        has(&[
            "подруг",
            "подруж",
            "сосед",
            "коллег",
            "знаком",
            "сослужив",
            "приятел",
            "friend",
            "neighbo",
            "colleague",
        ]) && has(&[
            "отдых",
            "рассказ",
            "была",
            "были",
            "был",
            "ездил",
            "лечил",
            "хвалил",
            "совет",
            "рекоменд",
            "stayed",
            "were",
            "told",
        ]) && !has(&["едем", "еду", "поед", "приед", "хотим", "с нами"])
    }
}

pub(super) fn ends_clause(word: &str) -> bool {
    matches!(word, "," | "." | "!" | "?" | "\n" | ";" | "(" | ")")
}

/// «Остаётся дома», «оставляем бабушке», «не едет».
pub(super) fn is_left_behind(clause: &[Token]) -> bool {
    (0..clause.len()).any(|at| {
        let here = word(clause, at);
        let next = word(clause, at + 1);
        let stays = begins(here, &["остае", "остан", "остал", "остают"]);
        let with = (at.saturating_sub(2)..(at + 4).min(clause.len()))
            .any(|near| matches!(word(clause, near), "дома" | "с" | "у" | "без"));
        (stays && with)
            || begins(here, &["оставл", "остави", "сдаем", "сдадим", "отправля"])
            || (here == "не" && begins(next, &["едет", "едут", "поед", "берем", "беру", "возьм"]))
            || (begins(here, &["stay"]) && (matches!(next, "home" | "with" | "at" | "behind")))
            || (matches!(here, "not" | "isn't" | "won't" | "aren't")
                && begins(next, &["com", "join", "travel"]))
            || (begins(here, &["leav"]) && clause.iter().any(|token| token.word == "home"))
    })
}
