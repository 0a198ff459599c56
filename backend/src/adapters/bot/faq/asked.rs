//! What a turn asks: its messages, sentence by sentence.

use super::booking::named_category;
use crate::ports::BotRequest;
use widget_core::knowledge::{sentences, terms};
use widget_core::time::Date;
use widget_core::understand::{Facts, Intent, Understood, understand};

/// Words by which a sentence asks, whether it ends with a question mark or not.
#[rustfmt::skip]
const ASKING: &[&str] = &[
    "где", "когда", "куда", "откуда", "как", "какой", "какая", "какое", "какие", "каких", "какую", "сколько", "скока", "скок",
    "почем", "почём", "чем", "что", "кто", "можно", "нужно", "нужна", "нужен", "нужны", "есть", "ли", "подскажите", "скажите",
    "расскажите", "интересует", "узнать", "хотел", "хотела", "хотим", "хочу", "бывает", "дайте", "скиньте", "пришлите", "надо",
    "работает", "входит",
];

/// A turn, read.
pub(super) struct Asked {
    sentences: Vec<Sentence>,
    /// What the guest asked before this turn.
    earlier: Option<String>,
    understood: Vec<Understood>,
}

/// A sentence of the guest's, or a question of several in one.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts of a sentence"
)]
pub(super) struct Sentence {
    /// Its words.
    pub(super) text: String,
    /// Its place among the turn's.
    at: usize,
    /// It stands in a sentence with a question mark.
    outright: bool,
    /// It asks.
    is_question: bool,
    /// It states something about the stay.
    states: bool,
    /// It says that the guest wants to book.
    books: bool,
    /// It names a programme or a category of rooms.
    chooses: bool,
}

impl Sentence {
    /// Whether a person has to see to it when nothing answers it. «Хочу номер с 10 по 17 марта» only looks like a question,
    /// and «люкс» is none where `we_asked` for it.
    pub(super) fn needs_an_answer(&self, we_asked: bool) -> bool {
        self.outright || !(self.states || self.books || we_asked && self.chooses)
    }
}

impl Asked {
    pub(super) fn read(request: &BotRequest) -> Self {
        let mut all = Vec::new();
        let mut understood = Vec::new();
        for message in &request.messages {
            let today = day(&message.at);
            let mut said = understand(Some(&message.text), &message.attachments, today);
            if asks_for_a_rule(&message.text, &said.facts) {
                said.intents.remove(&Intent::NewBooking);
                said.facts.new_booking = None;
            }
            understood.push(said);
            for whole in sentences(&message.text) {
                let outright = whole.ends_with('?');
                for text in parts(whole) {
                    let said = understand(Some(text), &[], today);
                    all.push(Sentence {
                        text: text.to_owned(),
                        at: all.len(),
                        outright,
                        is_question: outright || asks(text),
                        states: is_of_a_stay(&said.facts),
                        books: said.intents.contains(&Intent::NewBooking),
                        chooses: said.facts.programme.is_some() || named_category(text).is_some(),
                    });
                }
            }
        }
        let earlier = request
            .history
            .iter()
            .rev()
            .find(|line| line.from == "guest");
        Self {
            sentences: all,
            earlier: earlier.map(|line| line.text.clone()),
            understood,
        }
    }

    /// The sentences to look up: those that ask; where none does, those that say something and state nothing of the stay.
    pub(super) fn questions(&self) -> impl Iterator<Item = &Sentence> {
        let says_something = |sentence: &&Sentence| !terms(&sentence.text).is_empty();
        let any_asks = self
            .sentences
            .iter()
            .filter(says_something)
            .any(|one| one.is_question);
        self.sentences
            .iter()
            .filter(says_something)
            .filter(move |one| {
                if any_asks {
                    one.is_question
                } else {
                    !one.states
                }
            })
    }

    /// What was said before a sentence: in this turn, else the guest's last message before it.
    pub(super) fn before(&self, sentence: &Sentence) -> Option<&str> {
        let in_turn = self.sentences[..sentence.at]
            .iter()
            .rev()
            .find(|before| !terms(&before.text).is_empty());
        in_turn
            .map(|before| before.text.as_str())
            .or(self.earlier.as_deref())
    }

    /// Nothing but thanks.
    pub(super) fn is_thanks(&self) -> bool {
        self.all(Intent::ThanksOnly)
    }

    /// Nothing but a greeting.
    pub(super) fn is_greeting(&self) -> bool {
        self.sentences.iter().all(|one| terms(&one.text).is_empty()) && self.any(Intent::Greeting)
    }

    /// The guest wants to book.
    pub(super) fn wants_to_book(&self) -> bool {
        self.any(Intent::NewBooking)
            || self
                .understood
                .iter()
                .any(|one| one.facts.new_booking == Some(true))
    }

    /// What the turn states about the stay, after what was known.
    pub(super) fn facts(&self, known: &Facts) -> Facts {
        let mut facts = known.clone();
        for one in &self.understood {
            facts.learn(&one.facts);
        }
        facts
    }

    /// Whether it states anything about the stay.
    pub(super) fn states(&self) -> bool {
        self.understood.iter().any(|one| is_of_a_stay(&one.facts))
    }

    /// The guest's words of this turn.
    pub(super) fn text(&self) -> String {
        let texts: Vec<&str> = self.sentences.iter().map(|one| one.text.as_str()).collect();
        texts.join("\n")
    }

    fn any(&self, intent: Intent) -> bool {
        self.understood
            .iter()
            .any(|one| one.intents.contains(&intent))
    }

    fn all(&self, intent: Intent) -> bool {
        !self.understood.is_empty()
            && self
                .understood
                .iter()
                .all(|one| one.intents.contains(&intent))
    }
}

/// Words with which a second question of a sentence begins, after «и» or «а».
#[rustfmt::skip]
const ASKING_TOO: &[&str] = &[
    "есть", "можно", "сколько", "скока", "скок", "почем", "где", "когда", "как", "какой", "какая", "какие", "во", "нужна", "нужно",
    "нужен",
];

/// The questions of a sentence: «сколько стоит сауна и есть ли парковка» asks two.
fn parts(sentence: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, _) in sentence.match_indices(' ') {
        let mut words = sentence[at..].split_whitespace();
        let joins = matches!(words.next(), Some("и" | "а"));
        let asks = words.next().is_some_and(|word| ASKING_TOO.contains(&word));
        if joins && asks {
            parts.push(sentence[from..at].trim());
            from = at;
        }
    }
    parts.push(sentence[from..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// Whether somebody who says this is planning a stay. «С собакой можно?» is only a question.
/// «И можно с собакой?» asks what the house allows. The reader hears a guest in it who wants to come, as it should for
/// whoever decides who answers; here it is no reason to ask for dates.
fn asks_for_a_rule(text: &str, facts: &Facts) -> bool {
    text.trim_end().ends_with('?') && facts.pet == Some(true) && !is_of_a_stay(facts)
}

fn is_of_a_stay(facts: &Facts) -> bool {
    facts.dates.is_some()
        || facts.nights.is_some()
        || facts.guests.is_some()
        || facts.rooms.is_some()
}

fn asks(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    words.any(|word| ASKING.contains(&word))
}

/// The day of a message, in days since 1970-01-01; 0 = it names none.
fn day(at: &str) -> i64 {
    let date = at.get(..10).and_then(|date| date.parse::<Date>().ok());
    date.map_or(0, Date::day_number)
}
