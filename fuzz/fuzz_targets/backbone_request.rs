//! `cargo +nightly fuzz run backbone_request`, see `fuzz_entries::backbone_request`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_entries::backbone_request(data));
