//! `cargo +nightly fuzz run sealed_object`, see `fuzz_entries::sealed_object`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_entries::sealed_object(data));
