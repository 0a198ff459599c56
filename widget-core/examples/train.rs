//! Trains the model of intents. Without a word it writes the model; `held` measures it on the voices held aside,
//! `voices` measures each voice with a model that has not heard it.

#[path = "../tests/messages/mod.rs"]
mod messages;

use messages::corpus;
use std::path::Path;
use widget_core::understand::Sample;
use widget_core::understand::measure::Measured;
use widget_core::understand::train::{Trained, learn, train};

/// Wed 2026-11-18, the day of the labels.
const TODAY: i64 = 20_775;

fn main() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR"));
    let messages = corpus(&core.join("data"));
    let measure = |model: &Trained, samples: &[Sample]| {
        Measured::of(samples, |sample| model.understand(&sample.text, TODAY))
    };
    match std::env::args().nth(1).as_deref() {
        None => {
            let bytes = train(&messages.heard);
            std::fs::write(core.join("src/understand/reader/weights.bin"), &bytes)
                .expect("the file is ours");
            println!("{} messages, {} bytes", messages.heard.len(), bytes.len());
        }
        Some("held") => println!("{}", measure(&learn(&messages.heard), &messages.held)),
        Some("voices") => leave_one_out(&messages.heard, measure),
        Some(other) => panic!("`{other}` is neither `held` nor `voices`"),
    }
}

fn leave_one_out(samples: &[Sample], measure: impl Fn(&Trained, &[Sample]) -> Measured) {
    let mut voices: Vec<&str> = samples.iter().map(|sample| sample.voice.as_str()).collect();
    voices.dedup();
    println!(
        "{:<16} {:>9} {:>9}   all triggers, by a model that has not heard the voice",
        "voice", "precision", "recall"
    );
    let mut all = Measured::default();
    for voice in voices {
        let (left_out, heard): (Vec<Sample>, Vec<Sample>) = samples
            .iter()
            .cloned()
            .partition(|sample| sample.voice == voice);
        let model = learn(&heard);
        let triggers = measure(&model, &left_out).triggers();
        for sample in &left_out {
            all.look_at(sample, &model.understand(&sample.text, TODAY));
        }
        println!(
            "{voice:<16} {:>9.3} {:>9.3}",
            triggers.precision(),
            triggers.recall()
        );
    }
    println!("\n{all}");
}
