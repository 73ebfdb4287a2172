//! `cargo +nightly fuzz run event_stream`, see `fuzz_entries::event_stream`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_entries::event_stream(data));
