//! `cargo +nightly fuzz run reference`, see `fuzz_entries::reference`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_entries::reference(data));
