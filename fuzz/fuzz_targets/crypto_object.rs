//! `cargo +nightly fuzz run crypto_object`, see `fuzz_entries::crypto_object`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_entries::crypto_object(data));
