//! `cargo +nightly fuzz run request_body`, see `fuzz_entries::request_body`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_entries::request_body(data));
