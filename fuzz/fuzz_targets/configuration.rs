//! `cargo +nightly fuzz run configuration`, see `fuzz_entries::configuration`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_entries::configuration(data));
