//! `cargo +nightly fuzz run backbone_answer`, see `fuzz_entries::backbone_answer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_entries::backbone_answer(data));
