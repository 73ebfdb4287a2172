//! `cargo +nightly fuzz run timestamp`, see `fuzz_entries::timestamp`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_entries::timestamp(data));
