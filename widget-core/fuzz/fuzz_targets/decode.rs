//! Events, changes, actions and dialogs as they are read from the store: refused, or decided and folded.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/fuzzed/mod.rs"]
mod fuzzed;

fuzz_target!(|data: &[u8]| {
    fuzzed::decode(data);
});
