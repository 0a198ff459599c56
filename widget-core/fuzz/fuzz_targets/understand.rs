//! A guest's text: understood, within bounds and with spans that lie in it.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/fuzzed/mod.rs"]
mod fuzzed;

fuzz_target!(|data: &[u8]| {
    fuzzed::understand(data);
});
