//! A policy that somebody uploads: findings, or rules that check clean and survive being written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/fuzzed/mod.rs"]
mod fuzzed;

fuzz_target!(|data: &[u8]| {
    fuzzed::policy(data);
});
