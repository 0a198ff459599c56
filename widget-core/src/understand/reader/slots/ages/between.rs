//! What stands between a child and its age.

use super::whose::Who;
use super::{FAR, Text, looks_like_verb, who_at};
use crate::understand::reader::slots::{back, months, word};
use crate::understand::reader::words::Token;
use crate::understand::reader::words::list::{List, list};

/// What stands between a child and its age.
#[expect(clippy::struct_excessive_bools, reason = "each is seen on its own")]
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Between {
    /// The child's word.
    pub(super) owner: Option<usize>,
    /// The age belongs to somebody or something else.
    pub(super) other: bool,
    /// Words that say nothing of ages.
    pub(super) strange: usize,
    /// One of them is a verb.
    pub(super) verb: bool,
    /// The age is to come: «скоро», «в апреле будет».
    pub(super) to_come: bool,
    /// The age is reached: «исполнилось».
    pub(super) reached: bool,
    /// «двое», «трое», «мои»
    pub(super) several: bool,
    /// «в возрасте», «aged»
    pub(super) aged: bool,
}

impl Between {
    /// Notes what the word between says of the time of the age.
    pub(super) fn note(&mut self, tokens: &[Token], at: usize) {
        let here = word(tokens, at);
        match here {
            "скоро"
            | "почти"
            | "вот-вот"
            | "через"
            | "исполнится"
            | "исполняется"
            | "исполниться"
            | "стукнет"
            | "сравняется"
            | "turning"
            | "turns"
            | "becomes"
            | "almost"
            | "nearly"
            | "soon"
            | "who'll"
            | "she'll"
            | "he'll"
            | "they'll"
            | "become"
            | "turn"
            | "станет" => {
                self.to_come = true;
            }
            "будет" | "be" | "будут" => self.to_come = true,
            "aged" | "age" | "ages" | "возраст" | "возрасте" | "возраста" => {
                self.aged = true;
            }
            "нет" if matches!(word(tokens, at + 1), "еще" | "и") => self.to_come = true,
            "исполнилось" | "стукнуло" | "turned" | "исполнился" | "исполнилась" | "became" =>
            {
                self.reached = true;
            }
            "двое" | "трое" | "четверо" | "пятеро" | "двоих" | "троих" | "мои" | "наши" =>
            {
                self.several = true;
            }
            _ => {}
        }
        if here == "днях" && back(tokens, at, 1) == "на" && !self.reached {
            self.to_come = true;
        }
    }

    /// «Скоро сыну 4», «в апреле дочке 5»: what stands right before the child.
    pub(super) fn note_before(&mut self, tokens: &[Token], owner: usize) {
        let before = [back(tokens, owner, 1), back(tokens, owner, 2)];
        let soon = before
            .iter()
            .any(|word| matches!(*word, "скоро" | "будет" | "исполнится" | "стукнет"));
        let reached = before
            .iter()
            .any(|word| matches!(*word, "исполнилось" | "стукнуло"));
        let month = months::spoken_of(before[0]).is_some() && before[1] == "в";
        self.reached |= reached;
        self.to_come |= soon || (month && self.strange == 0);
    }

    /// The words before say that an age comes.
    pub(super) fn is_said_of_ages(&self) -> bool {
        self.to_come || self.reached || self.aged
    }
}

impl Text<'_> {
    /// Looks back from an age for its child.
    pub(super) fn between(&self, from: usize) -> Between {
        let mut between = Between::default();
        let mut pronoun = None;
        for index in (from.saturating_sub(FAR)..from).rev() {
            let here = self.word(index);
            if matches!(here, "!" | "?" | "\n" | ";" | "…") || self.is_full_stop(index) {
                break;
            }
            between.note(self.tokens, index);
            match who_at(self.tokens, index) {
                _ if months::spoken_of(here).is_some() => {
                    // «В апреле 5» is to come, if nothing says that it has been.
                    between.to_come |= back(self.tokens, index, 1) == "в" && between.strange == 0;
                }
                Some(Who::Child) => {
                    between.owner = Some(index);
                    between.note_before(self.tokens, index);
                    return between;
                }
                Some(Who::Other) => {
                    between.other = pronoun.is_none();
                    break;
                }
                Some(Who::Pronoun | Who::OneOfThem) if between.strange == 0 => {
                    pronoun = pronoun.or(Some(index));
                }
                _ if is_gap(here) || is_denied(self.tokens, index) => {}
                _ if pronoun.is_some() => break,
                _ => {
                    between.strange += 1;
                    between.verb |= looks_like_verb(here);
                }
            }
        }
        if let Some(pronoun) = pronoun {
            between.other = self.is_of_other_thing(pronoun);
            between.strange = 0;
            between.verb = false;
            between.owner = (!between.other).then_some(pronoun);
        }
        between
    }

    /// A full stop that ends a sentence.
    pub(super) fn is_full_stop(&self, at: usize) -> bool {
        self.word(at) == "." && !matches!(back(self.tokens, at, 1), "г" | "р" | "л" | "д")
    }
}

/// May stand between a child and its age.
#[rustfmt::skip]
pub(super) const GAP: &List = list![
    ",", "(", ":", "-", "–", "—", "=", "\"", "«", "»", ")", "нам", "нас", "нами", "у", "наш", "наша", "наше", "нашей",
    "нашему", "наши", "мой", "моя", "моей", "моему", "мои", "моих", "твой", "ее", "его", "их", "уже", "еще", "только",
    "всего", "лишь", "сейчас", "пока", "почти", "скоро", "примерно", "где-то", "около", "ровно", "полных", "целых",
    "возраст", "возраста", "возрасте", "возрастом", "по", "исполнилось", "исполнился", "исполнится", "исполняется",
    "исполниться", "минуло", "миновало", "being", "будет", "было", "стукнуло", "стукнет", "сравняется", "станет", "в", "на", "днях", "недавно",
    "летом", "осенью", "зимой", "весной", "вот", "вот-вот", "это", "лет", "месяц", "месяца", "месяцев", "неделю",
    "через", "тоже", "двое", "трое", "четверо", "пятеро", "двоих", "троих", "них", "из", "из", "том", "числе", "нем",
    "будущем", "следующем", "этом", "году", "ну", "а", "же", "да", "то", "там", "теперь", "как", "раз", "вроде", "с",
    "is", "are", "of", "aged", "age", "ages", "of", "turned", "turning", "turns", "becomes", "become", "turn", "will",
    "be", "just", "only", "about", "almost", "nearly", "now", "soon", "years", "our", "my", "her", "his", "was", "were",
    "'s", "a", "and", "he", "г", "р", ".", "год", "года",
    "нет", "и", "до",
];

/// «не 7», before «а 5»
pub(super) fn is_denied(tokens: &[Token], at: usize) -> bool {
    let is_digits = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let (here, before, next) = (word(tokens, at), back(tokens, at, 1), word(tokens, at + 1));
    (is_digits(here) && before == "не") || (here == "не" && is_digits(next))
}

/// Whether the word may stand between a child and its age.
pub(super) fn is_gap(word: &str) -> bool {
    GAP.contains(word) || word.chars().all(|c| !c.is_alphanumeric())
}
