//! `cargo +nightly fuzz run webhook_configuration`, see `fuzz_entries::webhook_configuration`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_entries::webhook_configuration(data));
