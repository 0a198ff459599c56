//! How well messages are understood: precision and recall of each class, what is taken for what, and the worst misses.

use super::{Facts, Intent, Sample, Understood};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

/// Hits and misses of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Seen, and there.
    pub hits: usize,
    /// Seen, and not there.
    pub false_alarms: usize,
    /// There, and not seen.
    pub misses: usize,
}

impl Tally {
    /// The share of what was seen that is there, 0..=1; 1 where nothing was seen.
    pub fn precision(self) -> f64 {
        share(self.hits, self.hits + self.false_alarms)
    }

    /// The share of what is there that was seen, 0..=1; 1 where nothing is there.
    pub fn recall(self) -> f64 {
        share(self.hits, self.hits + self.misses)
    }

    /// The harmonic mean of both.
    pub fn f1(self) -> f64 {
        share(
            2 * self.hits,
            2 * self.hits + self.false_alarms + self.misses,
        )
    }

    fn add(&mut self, other: Tally) {
        self.hits += other.hits;
        self.false_alarms += other.false_alarms;
        self.misses += other.misses;
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of messages")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}

/// What was measured on a set of messages.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// By class: intents by their name, facts as `guests > 4`, `child <= 3` and so on, and `= guests` where the number
    /// itself must be right.
    pub classes: BTreeMap<String, Tally>,
    /// `(there, seen instead)` and how often.
    pub confusion: BTreeMap<(Intent, Intent), usize>,
    /// Messages that were understood wrong.
    pub misses: Vec<Miss>,
    /// How many messages.
    pub messages: usize,
    /// How many were understood without any mistake in an intent or a trigger's fact.
    pub right: usize,
}

/// A message that was understood wrong.
#[derive(Debug, Clone)]
pub struct Miss {
    /// The message.
    pub sample: Sample,
    /// What is there and was not seen.
    pub missed: Vec<String>,
    /// What was seen and is not there.
    pub invented: Vec<String>,
}

/// The classes that hand a dialog over (masterplan: Сценарий 2).
pub const TRIGGERS: [&str; 18] = [
    "payment_status",
    "refund_status",
    "payment_check",
    "payment_link_again",
    "refund_link_again",
    "paid_notice",
    "receipt_sent",
    "extension_cost",
    "extra_service_cost",
    "human_request",
    "complaint",
    "urgent",
    "guests > 4",
    "child <= 3",
    "rooms > 1",
    "pet",
    "past_stay",
    "several_deals",
];

/// The class of a message that holds any of the [`TRIGGERS`].
const PERSON: &str = "a person";

impl Measured {
    /// Measures what `understand` makes of the messages.
    pub fn of<'a>(
        samples: impl IntoIterator<Item = &'a Sample>,
        understand: impl Fn(&Sample) -> Understood,
    ) -> Self {
        let mut measured = Self::default();
        for sample in samples {
            measured.look_at(sample, &understand(sample));
        }
        measured
    }

    /// Adds a message.
    pub fn look_at(&mut self, sample: &Sample, seen: &Understood) {
        let there = classes(&sample.facts, &sample.intents);
        let found = classes(&seen.facts, &seen.intents);
        let list = |set: BTreeSet<String>| set.into_iter().collect::<Vec<_>>();
        for class in there.union(&found) {
            let tally = self.classes.entry(class.clone()).or_default();
            match (there.contains(class), found.contains(class)) {
                (true, true) => tally.hits += 1,
                (false, _) => tally.false_alarms += 1,
                (true, false) => tally.misses += 1,
            }
        }
        self.count_numbers(&sample.facts, &seen.facts);
        for intent in &sample.intents {
            for other in &seen.intents {
                if other == intent || !sample.intents.contains(other) {
                    *self.confusion.entry((*intent, *other)).or_default() += 1;
                }
            }
        }
        self.messages += 1;
        let missed = list(&there - &found);
        let invented = list(&found - &there);
        if missed.is_empty() && invented.is_empty() {
            self.right += 1;
        } else {
            self.misses.push(Miss {
                sample: sample.clone(),
                missed,
                invented,
            });
        }
    }

    fn count_numbers(&mut self, there: &Facts, seen: &Facts) {
        let mut count = |name: &str, there: Option<String>, seen: Option<String>| {
            let tally = self.classes.entry(name.to_owned()).or_default();
            match (there, seen) {
                (None, None) => {}
                (Some(there), Some(seen)) if there == seen => tally.hits += 1,
                (Some(_), Some(_)) => {
                    tally.misses += 1;
                    tally.false_alarms += 1;
                }
                (Some(_), None) => tally.misses += 1,
                (None, Some(_)) => tally.false_alarms += 1,
            }
        };
        let text = |number: Option<u32>| number.map(|number| number.to_string());
        count("= guests", text(there.guests), text(seen.guests));
        count(
            "= youngest_child",
            text(there.youngest_child),
            text(seen.youngest_child),
        );
        count("= rooms", text(there.rooms), text(seen.rooms));
        count("= nights", text(there.nights), text(seen.nights));
        count(
            "= dates",
            there.dates.map(|d| d.to_string()),
            seen.dates.map(|d| d.to_string()),
        );
        let programme = |facts: &Facts| facts.programme.map(|kind| format!("{kind:?}"));
        count("= programme", programme(there), programme(seen));
    }

    /// Messages for which a person must come, for whatever reason.
    pub fn person(&self) -> Tally {
        self.classes.get(PERSON).copied().unwrap_or_default()
    }

    /// The classes that hand a dialog over, together.
    pub fn triggers(&self) -> Tally {
        let mut all = Tally::default();
        for class in TRIGGERS {
            all.add(self.classes.get(class).copied().unwrap_or_default());
        }
        all
    }

    /// A table of what is taken for what: a row for each intent that is there, in columns those seen instead.
    pub fn confusion_table(&self) -> String {
        let names: Vec<Intent> = self
            .confusion
            .keys()
            .flat_map(|(one, other)| [*one, *other])
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let mut table = String::new();
        let _ = write!(table, "{:<22}", "there \\ seen");
        for (n, _) in names.iter().enumerate() {
            let _ = write!(table, "{:>5}", n + 1);
        }
        for (n, there) in names.iter().enumerate() {
            let _ = write!(table, "\n{:>2} {:<19}", n + 1, there.name());
            for seen in &names {
                match self.confusion.get(&(*there, *seen)) {
                    Some(times) => {
                        let _ = write!(table, "{times:>5}");
                    }
                    None => table.push_str("    ."),
                }
            }
        }
        table
    }
}

/// What is there of intents and of facts that hand a dialog over.
fn classes(facts: &Facts, intents: &BTreeSet<Intent>) -> BTreeSet<String> {
    let mut classes: BTreeSet<String> = intents
        .iter()
        .map(|intent| intent.name().to_owned())
        .collect();
    let mut add = |holds: bool, name: &str| {
        if holds {
            classes.insert(name.to_owned());
        }
    };
    add(facts.guests.is_some_and(|n| n > 4), "guests > 4");
    add(
        facts.youngest_child.is_some_and(|age| age <= 3),
        "child <= 3",
    );
    add(facts.rooms.is_some_and(|n| n > 1), "rooms > 1");
    add(facts.pet == Some(true), "pet");
    add(facts.past_stay == Some(true), "past_stay");
    add(facts.several_deals == Some(true), "several_deals");
    if TRIGGERS.iter().any(|trigger| classes.contains(*trigger)) {
        classes.insert(PERSON.to_owned());
    }
    classes
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<22} {:>9} {:>9} {:>9} {:>7}",
            "class", "precision", "recall", "F1", "there"
        )?;
        let mut row = |name: &str, tally: Tally| {
            let (precision, recall, f1) = (tally.precision(), tally.recall(), tally.f1());
            let there = tally.hits + tally.misses;
            writeln!(
                f,
                "{name:<22} {precision:>9.3} {recall:>9.3} {f1:>9.3} {there:>7}"
            )
        };
        for (name, tally) in &self.classes {
            row(name, *tally)?;
        }
        row("all triggers", self.triggers())?;
        write!(
            f,
            "{} of {} messages without a mistake",
            self.right, self.messages
        )
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.3} {:.3} {:.3}",
            self.precision(),
            self.recall(),
            self.f1()
        )
    }
}
