//! Knowledge bases to search in, and questions to search with: the sample of the repository, and made-up bases as large as
//! wanted.

use std::path::Path;
use widget_core::knowledge::measure::Labelled;
use widget_core::knowledge::{BaseFile, Passage, read};

/// The files of the sample, which the binary of the backend holds too.
const FILES: [&str; 8] = [
    "arrival.md",
    "family.md",
    "food.md",
    "leisure.md",
    "payment.md",
    "rooms.md",
    "treatment.md",
    "way.csv",
];

fn file(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../backend/knowledge");
    std::fs::read_to_string(folder.join(name)).expect("a file of the repository")
}

/// The sample.
pub fn sample() -> Vec<Passage> {
    let files = FILES.map(|name| BaseFile {
        name: name.to_owned(),
        text: file(name),
    });
    read(&files).expect("the sample is good")
}

/// The labelled questions over the sample.
pub fn questions() -> Vec<String> {
    let lines = file("questions.jsonl");
    let read = |line| serde_json::from_str::<Labelled>(line).expect("a labelled question");
    lines.lines().map(|line| read(line).question).collect()
}

/// A base of so many passages: the sample, and others of its shape in words that are its own or look like them, so that it
/// has a larger vocabulary as well.
pub fn of(passages: usize) -> Vec<Passage> {
    let sample = sample();
    let words: Vec<&str> = sample
        .iter()
        .flat_map(|passage| passage.text.split_whitespace())
        .collect();
    let mut dice = 7_u64;
    let mut roll = move |sides: usize| {
        dice = dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(dice >> 33).unwrap_or_default() % sides
    };
    let mut other = |text: &str| -> String {
        let swapped = text.split_whitespace().map(|_| {
            let word = words[roll(words.len())];
            // One word in four is of this base alone.
            if roll(4) == 0 {
                let mut letters: Vec<char> = word.chars().collect();
                let (from, to) = (roll(letters.len()), roll(letters.len()));
                letters.swap(from, to);
                letters.into_iter().collect()
            } else {
                word.to_owned()
            }
        });
        swapped.collect::<Vec<_>>().join(" ")
    };
    let made = (sample.len()..passages).map(|number| {
        let like = &sample[number % sample.len()];
        Passage {
            id: format!("made-{number}"),
            title: other(&like.title),
            questions: like.questions.iter().map(|one| other(one)).collect(),
            text: other(&like.text),
        }
    });
    let made: Vec<Passage> = made.collect();
    sample.iter().cloned().chain(made).collect()
}
