//! `cargo +nightly fuzz run envelope`, see `fuzz_entries::envelope`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_entries::envelope(data));
