//! Trains the model of intents. Without a word it writes the model; `held` measures it on the voices held aside,
//! `parts` each sixth of the other voices with a model that has not heard that sixth (one training, and the misses are
//! told), `voices` each voice with a model that has not heard it.

#[path = "../tests/messages/mod.rs"]
mod messages;

use messages::corpus;
use std::path::Path;
use widget_core::understand::Sample;
use widget_core::understand::measure::Measured;
use widget_core::understand::train::{Trained, learn, parted, train};

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
        Some("held") => {
            let model = learn(&messages.heard);
            for set in &messages.held {
                println!("{:<16} {HEADINGS}", "voice");
                for voice in set.chunk_by(|one, next| one.voice == next.voice) {
                    println!("{:<16} {}", voice[0].voice, row(&measure(&model, voice)));
                }
                println!("\n{}\n", measure(&model, set));
            }
        }
        Some("parts") => {
            let mut all = Measured::default();
            for (model, unheard) in parted(&messages.heard) {
                for sample in &unheard {
                    all.look_at(sample, &model.understand(&sample.text, TODAY));
                }
            }
            println!("{all}\n\n{}\n", all.confusion_table());
            for miss in &all.misses {
                let (missed, invented) = (miss.missed.join(", "), miss.invented.join(", "));
                let text = miss.sample.text.replace('\n', " ⏎ ");
                println!(
                    "{}: {text}\n    missed: {missed}; invented: {invented}",
                    miss.sample.voice
                );
            }
        }
        Some("voices") => leave_one_out(&messages.heard, measure),
        Some(other) => panic!("`{other}` is none of `held`, `parts` and `voices`"),
    }
}

/// Above [`row`].
const HEADINGS: &str = "a person: precision, recall   all triggers: precision, recall";

fn row(measured: &Measured) -> String {
    let (person, all) = (measured.person(), measured.triggers());
    format!(
        "{:>19.3} {:>7.3} {:>23.3} {:>7.3}",
        person.precision(),
        person.recall(),
        all.precision(),
        all.recall()
    )
}

fn leave_one_out(samples: &[Sample], measure: impl Fn(&Trained, &[Sample]) -> Measured) {
    let mut voices: Vec<&str> = samples.iter().map(|sample| sample.voice.as_str()).collect();
    voices.dedup();
    println!(
        "each voice by a model that has not heard it\n{:<16} {HEADINGS}",
        "voice"
    );
    let mut all = Measured::default();
    for voice in voices {
        let (left_out, heard): (Vec<Sample>, Vec<Sample>) = samples
            .iter()
            .cloned()
            .partition(|sample| sample.voice == voice);
        let model = learn(&heard);
        for sample in &left_out {
            all.look_at(sample, &model.understand(&sample.text, TODAY));
        }
        println!("{voice:<16} {}", row(&measure(&model, &left_out)));
    }
    println!("\n{all}");
}
