//! Reads the messages of `widget-core/data`: for the trainer (`examples/train.rs`) and for the tests of the model.

use std::collections::BTreeSet;
use std::path::Path;
use widget_core::understand::Sample;

/// The messages of `widget-core/data`.
pub struct Messages {
    /// Those that the model learns from.
    pub heard: Vec<Sample>,
    /// Those that only measure: sets of voices, each measured by itself.
    pub held: Vec<Vec<Sample>>,
}

/// Reads the messages of a folder: a file a voice, and `held.txt` with the names of those that only measure, an empty
/// line between two sets of them.
///
/// # Panics
///
/// On a line that is no message: the folder is part of the source.
pub fn corpus(folder: &Path) -> Messages {
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    let held = read(&folder.join("held.txt"));
    let sets: Vec<BTreeSet<&str>> = held
        .split("\n\n")
        .map(|set| set.lines().collect())
        .collect();
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"))
        .collect();
    files.sort();
    let mut messages = Messages {
        heard: Vec::new(),
        held: vec![Vec::new(); sets.len()],
    };
    for file in files {
        let voice = file
            .file_stem()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        for (at, line) in read(&file).lines().enumerate() {
            let sample: Sample = serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("{voice}.jsonl, line {}: {error}", at + 1));
            let sample = Sample {
                voice: voice.clone(),
                ..sample
            };
            match sets.iter().position(|set| set.contains(voice.as_str())) {
                Some(set) => messages.held[set].push(sample),
                None => messages.heard.push(sample),
            }
        }
    }
    messages
}
