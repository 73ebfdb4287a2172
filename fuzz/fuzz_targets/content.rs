//! `cargo +nightly fuzz run content`: whatever text is read as content, written content reads as itself.
#![no_main]

use content::Reader;
use core_types::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let reader = Reader::new(Timestamp::from_millis(1_780_000_000_000));
    if let Ok(content) = reader.read_text(text) {
        let again = reader.read_text(&content.to_json()).expect("written content can be read");
        assert_eq!(again.to_json(), content.to_json());
    }
});
