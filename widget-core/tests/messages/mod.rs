//! Reads the messages of `widget-core/data`: for the trainer (`examples/train.rs`) and for the tests of the model.

use std::collections::BTreeSet;
use std::path::Path;
use widget_core::understand::Sample;

/// The messages of `widget-core/data`.
pub struct Messages {
    /// Those that the model learns from.
    pub heard: Vec<Sample>,
    /// Those that only measure.
    pub held: Vec<Sample>,
}

/// Reads the messages of a folder: a file a voice, and `held.txt` with the names of those that only measure.
///
/// # Panics
///
/// On a line that is no message: the folder is part of the source.
pub fn corpus(folder: &Path) -> Messages {
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    let held = read(&folder.join("held.txt"));
    let held: BTreeSet<&str> = held.lines().collect();
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("a folder")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"))
        .collect();
    files.sort();
    let mut messages = Messages {
        heard: Vec::new(),
        held: Vec::new(),
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
            if held.contains(voice.as_str()) {
                messages.held.push(sample);
            } else {
                messages.heard.push(sample);
            }
        }
    }
    messages
}
