//! `cargo +nightly fuzz run odd_json`, see `fuzz_entries::odd_json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_entries::odd_json(data));
