//! `cargo +nightly fuzz run encoding`, see `fuzz_entries::encoding`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_entries::encoding(data));
