//! Trains the model of intents. Without a word it writes the model and measures it on the voices held aside; `held` tells
//! the same voice by voice, `voices` measures each of the others with a model that has heard neither it nor the rest of
//! its third, and tells the misses.

#[path = "../tests/messages/mod.rs"]
mod messages;

use messages::corpus;
use std::collections::BTreeMap;
use std::path::Path;
use widget_core::understand::Sample;
use widget_core::understand::measure::{Measured, Miss};
use widget_core::understand::train::{TODAY, Trained, learn, parted, train};

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
            let model = Trained::read(&bytes).expect("what is written can be read");
            println!("{:<21} {HEADINGS}", "held aside");
            for set in &messages.held {
                println!("{:<21} {}", set[0].voice, row(&measure(&model, set)));
            }
            let all = messages.held.concat();
            println!("\n{}", measure(&model, &all));
        }
        Some("held") => {
            let model = learn(&messages.heard);
            for set in &messages.held {
                println!("{:<21} {HEADINGS}", "voice");
                for voice in set.chunk_by(|one, next| one.voice == next.voice) {
                    println!("{:<21} {}", voice[0].voice, row(&measure(&model, voice)));
                }
                println!("\n{}\n", measure(&model, set));
            }
        }
        Some("voices") => leave_out(&messages.heard),
        Some(other) => panic!("`{other}` is neither `held` nor `voices`"),
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

/// Each voice by a model that has heard neither it nor the rest of its part.
fn leave_out(samples: &[Sample]) {
    let mut voices: BTreeMap<String, Measured> = BTreeMap::new();
    let mut all = Measured::default();
    for (model, unheard) in parted(samples) {
        for sample in &unheard {
            let seen = model.understand(&sample.text, TODAY);
            let voice = voices.entry(sample.voice.clone()).or_default();
            voice.look_at(sample, &seen);
            all.look_at(sample, &seen);
        }
    }
    println!(
        "each voice by a model that has not heard it\n{:<21} {HEADINGS}",
        "voice"
    );
    for (voice, measured) in &voices {
        println!("{voice:<21} {}", row(measured));
    }
    println!("\n{all}\n\n{}\n", all.confusion_table());
    for Miss {
        sample,
        missed,
        invented,
    } in &all.misses
    {
        let text = sample.text.replace('\n', " ⏎ ");
        let (missed, invented) = (missed.join(", "), invented.join(", "));
        println!(
            "{}: {text}\n    missed: {missed}; invented: {invented}",
            sample.voice
        );
    }
}
