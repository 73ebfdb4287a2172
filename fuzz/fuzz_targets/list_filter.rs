//! `cargo +nightly fuzz run list_filter`, see `fuzz_entries::list_filter`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_entries::list_filter(data));
